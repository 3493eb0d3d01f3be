/* A table of typed columns: its memory, and finding columns by name. */
#include "frame/frame_priv.h"

#include <string.h>

svy_status svy_frame_new(const svy_alloc *alloc, size_t rows, svy_frame **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    if (rows > SIZE_MAX / 64)
        return svyi_fail(err, SVY_E_LIMIT, "a table of %zu rows does not fit in memory", rows);
    svy_frame *f = svyi_get(alloc, sizeof *f);
    if (f == NULL)
        return svyi_nomem(err);
    *f = (svy_frame){ .alloc = svyi_alloc_or_default(alloc), .rows = rows };
    svyi_arena_init(&f->texts, alloc);
    svyi_map_init(&f->names, alloc);
    *out = f;
    return SVY_OK;
}

/* A byte count that the allocator is told again when the array is freed. */
static size_t array_bytes(size_t items, size_t size)
{
    return items * size;
}

void *svy_frame_get(const svy_frame *f, size_t items, size_t size)
{
    if (size != 0 && items > SIZE_MAX / 2 / size)
        return NULL;
    const size_t bytes = array_bytes(items, size);
    void *array = svyi_get(&f->alloc, bytes);
    return array != NULL ? memset(array, 0, bytes) : NULL;
}

/* The arrays of a column are const to everybody but their owner; freeing takes a plain pointer. */
static void release_const(const svy_frame *f, const void *array, size_t size)
{
    void *plain;

    memcpy(&plain, &array, sizeof plain);
    svyi_release(&f->alloc, plain, array_bytes(f->rows, size));
}

void svy_frame_release(const svy_frame *f, void *array, size_t items, size_t size)
{
    svyi_release(&f->alloc, array, array_bytes(items, size));
}

void svy_frame_free(svy_frame *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->count; i++) {
        const svy_column *c = f->columns[i];
        release_const(f, c->numbers, sizeof *c->numbers);
        release_const(f, c->codes, sizeof *c->codes);
        release_const(f, c->missing, sizeof *c->missing);
    }
    const svy_alloc alloc = f->alloc;
    svyi_release(&alloc, f->columns, f->capacity * sizeof *f->columns);
    svyi_map_clear(&f->names);
    svyi_arena_clear(&f->texts);
    svyi_release(&alloc, f, sizeof *f);
}

size_t svy_frame_rows(const svy_frame *f)
{
    return f->rows;
}

size_t svy_frame_columns(const svy_frame *f)
{
    return f->count;
}

const svy_column *svy_frame_column(const svy_frame *f, size_t index)
{
    return index < f->count ? f->columns[index] : NULL;
}

const svy_column *svy_frame_find(const svy_frame *f, const char *name)
{
    uint32_t index;

    return svyi_map_find(&f->names, name, strlen(name), &index) ? f->columns[index] : NULL;
}

/* A column with its name entered, but not counted until the caller has filled it in. */
static svy_status new_column(svy_frame *f, const char *name, svy_column **out, svy_error *err)
{
    uint32_t index = (uint32_t)f->count;

    if (name[0] == '\0')
        return svyi_fail(err, SVY_E_NAME, "a column has no name");
    if (f->count >= SVYI_FRAME_COLUMNS)
        return svyi_fail(err, SVY_E_LIMIT, "more than %d columns", SVYI_FRAME_COLUMNS);
    if (svy_frame_find(f, name) != NULL)
        return svyi_fail(err, SVY_E_NAME, "there are two columns named '%s'", name);
    svy_column *c = svyi_arena_get(&f->texts, sizeof *c);
    char *copy = svyi_arena_text(&f->texts, name, strlen(name));
    if (c == NULL || copy == NULL ||
        svyi_grow(&f->alloc, &f->columns, &f->capacity, f->count + 1, sizeof *f->columns) != 0 ||
        svyi_map_add(&f->names, copy, strlen(copy), &index) != 0)
        return svyi_nomem(err);
    *c = (svy_column){ .name = copy, .label = "" };
    *out = c;
    return SVY_OK;
}

svy_status svy_frame_add_numbers(svy_frame *f, const char *name, svy_type type, double *numbers, uint8_t *missing, svy_error *err)
{
    svy_column *c = NULL;
    svy_status st = new_column(f, name, &c, err);

    if (st != SVY_OK) {
        release_const(f, numbers, sizeof *numbers);
        release_const(f, missing, sizeof *missing);
        return st;
    }
    c->type = type;
    c->numbers = numbers;
    c->missing = missing;
    f->columns[f->count++] = c;
    return SVY_OK;
}

/* Copies of `n` texts; NULL when out of memory. */
static const char *const *copy_texts(svy_frame *f, const char *const *texts, uint32_t n)
{
    const char **copy = svyi_arena_get(&f->texts, ((size_t)n + 1) * sizeof *copy);

    for (uint32_t i = 0; copy != NULL && i < n; i++)
        if ((copy[i] = svyi_arena_text(&f->texts, texts[i], strlen(texts[i]))) == NULL)
            return NULL;
    return copy;
}

svy_status svy_frame_add_factor(svy_frame *f, const char *name, svy_type type, uint32_t *codes, uint8_t *missing,
                                const char *const *levels, const char *const *labels, uint32_t n_levels, svy_error *err)
{
    svy_column *c = NULL;
    const char *const *own_levels = copy_texts(f, levels, n_levels);
    const char *const *own_labels = labels != NULL ? copy_texts(f, labels, n_levels) : own_levels;
    svy_status st = own_levels != NULL && own_labels != NULL ? new_column(f, name, &c, err) : svyi_nomem(err);

    if (st != SVY_OK) {
        release_const(f, codes, sizeof *codes);
        release_const(f, missing, sizeof *missing);
        return st;
    }
    c->type = type;
    c->codes = codes;
    c->missing = missing;
    c->levels = own_levels;
    c->labels = own_labels;
    c->n_levels = n_levels;
    f->columns[f->count++] = c;
    return SVY_OK;
}

svy_status svy_frame_set_label(svy_frame *f, const char *name, const char *label, svy_error *err)
{
    uint32_t index;

    if (!svyi_map_find(&f->names, name, strlen(name), &index))
        return svyi_fail(err, SVY_E_NAME, "there is no column named '%s'", name);
    char *copy = svyi_arena_text(&f->texts, label, strlen(label));
    if (copy == NULL)
        return svyi_nomem(err);
    f->columns[index]->label = copy;
    return SVY_OK;
}
