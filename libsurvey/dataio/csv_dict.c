/* Dictionaries of the texts of a column, and their union in order. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "dataio/csv_priv.h"

void svyi_dict_init(svyi_dict *d, const svy_alloc *alloc)
{
    *d = (svyi_dict){ .last = 0 };
    svyi_arena_init(&d->texts, alloc);
    svyi_map_init(&d->map, alloc);
}

void svyi_dict_clear(svyi_dict *d)
{
    svyi_release(&d->texts.alloc, d->entries, d->capacity * sizeof *d->entries);
    svyi_map_clear(&d->map);
    svyi_arena_clear(&d->texts);
    d->entries = NULL;
    d->count = d->capacity = 0;
    d->last = 0;
}

int svyi_dict_add(svyi_dict *d, const char *text, size_t len, uint32_t *code)
{
    if (d->count > 0) {
        const svyi_dict_entry *last = &d->entries[d->last];
        if (last->len == len && memcmp(last->text, text, len) == 0) {
            *code = d->last;
            return 0;
        }
    }
    if (svyi_map_find(&d->map, text, len, code)) {
        d->last = *code;
        return 0;
    }
    *code = (uint32_t)d->count;
    const char *copy = d->count < UINT32_MAX ? svyi_arena_text(&d->texts, text, len) : NULL;
    if (copy == NULL || svyi_grow(&d->texts.alloc, &d->entries, &d->capacity, d->count + 1, sizeof *d->entries) != 0 ||
        svyi_map_add(&d->map, copy, len, code) != 0)
        return -1;
    d->last = *code;
    d->entries[d->count++] = (svyi_dict_entry){ copy, len };
    return 0;
}

/* An entry on its way to its level. */
typedef struct item {
    const char *text;
    size_t len;
    double number;
    uint32_t code;
    uint32_t dict;
} item;

static int by_bytes(const void *a, const void *b)
{
    const item *x = a, *y = b;
    const int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static int by_number(const void *a, const void *b)
{
    const item *x = a, *y = b;

    return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : by_bytes(a, b);
}

static size_t collect(const svyi_dict *dicts, size_t n_dicts, size_t stride, item *items, int *all_numbers)
{
    size_t n = 0;

    for (size_t d = 0; d < n_dicts; d++)
        for (size_t i = 0; i < dicts[d * stride].count; i++) {
            const svyi_dict_entry *e = &dicts[d * stride].entries[i];
            items[n] = (item){ .text = e->text, .len = e->len, .code = (uint32_t)i, .dict = (uint32_t)d };
            *all_numbers = *all_numbers && svyi_number_parse(e->text, e->len, &items[n].number);
            n++;
        }
    return n;
}

svy_status svyi_dict_merge(svyi_arena *arena, const svyi_dict *dicts, size_t n_dicts, size_t stride, const char *const **levels, uint32_t *n_levels,
                           uint32_t **maps, svy_error *err)
{
    size_t total = 0, n = 0;
    int all_numbers = 1;

    for (size_t d = 0; d < n_dicts; d++) {
        total += dicts[d * stride].count;
        if ((maps[d] = svyi_arena_get(arena, (dicts[d * stride].count + 1) * sizeof **maps)) == NULL)
            return svyi_nomem(err);
    }
    item *items = svyi_get(&arena->alloc, total * sizeof *items);
    const char **list = svyi_arena_get(arena, (total + 1) * sizeof *list);
    if (items == NULL || list == NULL) {
        svyi_release(&arena->alloc, items, total * sizeof *items);
        return svyi_nomem(err);
    }
    collect(dicts, n_dicts, stride, items, &all_numbers);
    if (total > 1)
        qsort(items, total, sizeof *items, all_numbers ? by_number : by_bytes);
    for (size_t i = 0; i < total; i++) {
        if (i == 0 || by_bytes(&items[i - 1], &items[i]) != 0)
            list[n++] = items[i].text;
        maps[items[i].dict][items[i].code] = (uint32_t)(n - 1);
    }
    svyi_release(&arena->alloc, items, total * sizeof *items);
    *levels = list;
    *n_levels = (uint32_t)n;
    return SVY_OK;
}
