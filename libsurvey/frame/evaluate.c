/* Expressions over the columns of a frame: conditions on rows, and derived numbers. */
#include "frame/frame_priv.h"

#include <survey/expr.h>

#include "base/number.h"

#include <string.h>

enum { CHUNK = 1 << 18 };        /* rows at a time: what depends on levels is worked out once for so many */

/* A code may stand where a number may when every code of its list is a number. */
static int all_numbers(const svy_column *c)
{
    double value;

    for (uint32_t i = 0; i < c->n_levels; i++)
        if (!svyi_number_parse(c->levels[i], strlen(c->levels[i]), &value))
            return 0;
    return c->n_levels > 0;
}

static int find_symbol(void *user, const char *name, size_t len, svy_symbol *symbol)
{
    const svy_frame *f = user;
    uint32_t index;

    if (!svyi_map_find(&f->names, name, len, &index))
        return 0;
    const svy_column *c = f->columns[index];
    *symbol = (svy_symbol){ .id = index, .kind = (uint8_t)svy_type_kind(c->type), .optional = c->missing != NULL };
    if (c->codes != NULL) {
        symbol->kind = (uint8_t)(symbol->kind == SVY_K_CODES ? SVY_K_CODES : SVY_K_CODE);
        symbol->list = index + 1;
        symbol->numeric = (uint8_t)all_numbers(c);
    }
    return 1;
}

static void load_rows(void *user, uint32_t symbol, size_t first, size_t count, svy_vector *out)
{
    const svy_frame *f = user;
    const svy_column *c = f->columns[symbol];

    (void)count;
    *out = (svy_vector){ .levels = c->levels, .n_levels = c->n_levels };
    out->numbers = c->numbers != NULL ? c->numbers + first : NULL;
    out->codes = c->codes != NULL ? c->codes + first : NULL;
    out->missing = c->missing != NULL ? c->missing + first : NULL;
}

static svy_status compile(const svy_frame *f, const char *text, svy_kind want, svy_expr **out, svy_error *err)
{
    svy_frame *user;

    memcpy(&user, &f, sizeof user);   /* callbacks take a plain pointer; the frame is only read */
    const svy_scope scope = { .user = user, .find = find_symbol };
    const svy_expr_place place = { .source = "expression", .line = 1, .column = 1, .element = "", .want = want, .bare_names = 1 };

    return svy_expr_compile(&f->alloc, text, strlen(text), &scope, &place, NULL, out, err);
}

/* Where results go: into arrays of all rows, or into `keep` through a chunk of working memory. */
typedef struct target {
    double *values;
    uint8_t *missing, *keep;
} target;

static svy_status run_chunk(svy_code code, const svy_column_source *source, size_t first, size_t count,
                            const target *to, svy_scratch *scratch, svy_error *err)
{
    double *values = to->keep != NULL ? to->values : to->values + first;
    uint8_t *missing = to->keep != NULL ? to->missing : to->missing + first;
    const svy_status st = svy_code_run_columns(code, source, first, count, values, missing, scratch, err);

    for (size_t i = 0; st == SVY_OK && to->keep != NULL && i < count; i++)
        to->keep[first + i] = missing[i] == SVY_PRESENT && values[i] != 0;
    return st;
}

static svy_status evaluate(const svy_frame *f, const svy_expr *e, const target *to, svy_error *err)
{
    svy_frame *user;
    svy_scratch *scratch = NULL;
    svy_status st = svy_scratch_new(&f->alloc, &scratch, err);

    memcpy(&user, &f, sizeof user);
    const svy_column_source source = { .user = user, .load = load_rows };
    for (size_t first = 0; st == SVY_OK && first < f->rows; first += CHUNK)
        st = run_chunk(svy_expr_code(e), &source, first, f->rows - first < CHUNK ? f->rows - first : CHUNK, to, scratch, err);
    svy_scratch_free(scratch);
    return st;
}

svy_status svy_frame_where(const svy_frame *f, const char *text, uint8_t *keep, svy_error *err)
{
    svy_expr *e = NULL;

    SVY_REQUIRE(f != NULL && text != NULL && (keep != NULL || f->rows == 0), err);
    const size_t chunk = f->rows < CHUNK ? f->rows : CHUNK;
    double *values = svyi_get(&f->alloc, chunk * sizeof *values);
    uint8_t *missing = svyi_get(&f->alloc, chunk), none = 0;
    const target to = { values, missing, keep != NULL ? keep : &none };
    svy_status st = values != NULL && missing != NULL ? compile(f, text, SVY_K_BOOLEAN, &e, err) : svyi_nomem(err);

    if (st == SVY_OK)
        st = evaluate(f, e, &to, err);
    svy_expr_free(e);
    svyi_release(&f->alloc, values, chunk * sizeof *values);
    svyi_release(&f->alloc, missing, chunk);
    for (size_t i = 0; st != SVY_OK && i < f->rows; i++)
        keep[i] = 0;
    return st;
}

svy_status svy_frame_derive(const svy_frame *f, const char *text, double *values, uint8_t *missing, svy_error *err)
{
    svy_expr *e = NULL;

    SVY_REQUIRE(f != NULL && text != NULL && ((values != NULL && missing != NULL) || f->rows == 0), err);
    const target to = { values, missing, NULL };
    svy_status st = compile(f, text, SVY_K_NONE, &e, err);
    if (st == SVY_OK && svy_expr_kind(e) == SVY_K_CODE) {   /* a code that is a number can be taken as one */
        svy_expr_free(e);
        st = compile(f, text, SVY_K_NUMBER, &e, err);
    }
    if (st == SVY_OK)
        st = evaluate(f, e, &to, err);
    svy_expr_free(e);
    for (size_t i = 0; st != SVY_OK && i < f->rows; i++) {
        values[i] = 0;
        missing[i] = SVY_NOT_STATED;
    }
    return st;
}
