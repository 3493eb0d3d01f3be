/* Domains, subpopulations and factors: which cell of the sums a row belongs to. */
#include "estimate/domain.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "design/intern.h"

/* ---- factors ---- */

typedef struct distinct { double value; uint32_t number; int used; } distinct;

static int by_value(const void *a, const void *b)
{
    const distinct *x = a, *y = b;
    if (x->used != y->used)
        return y->used - x->used;          /* what only missing rows have goes last */
    return (x->value > y->value) - (x->value < y->value);
}

static const char *value_text(svyi_arena *arena, const svy_column *c, double number)
{
    char text[64];
    svy_kind kind = svy_type_kind(c->type);
    svy_value v = { .kind = (uint8_t)(kind == SVY_K_NONE || kind == SVY_K_TEXT ? SVY_K_NUMBER : kind), .text = "", .number = number };
    size_t len = svy_value_format(&v, text, sizeof text);
    return svyi_arena_text(arena, text, len < sizeof text ? len : sizeof text - 1);
}

/* Sorts the distinct numbers of a column and renumbers the rows. */
static svy_status rank_numbers(svyi_arena *arena, const svy_column *c, size_t rows, uint32_t *codes, uint32_t n, svyi_factor *out,
                               svy_error *err)
{
    distinct *values = svyi_arena_get(arena, (n + 1) * sizeof *values);
    uint32_t *rank = svyi_arena_get(arena, (n + 1) * sizeof *rank), used = 0;
    const char **levels = svyi_arena_get(arena, (n + 1) * sizeof *levels);
    if (values == NULL || rank == NULL || levels == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < rows; i++)
        if (c->missing == NULL || c->missing[i] == SVY_PRESENT)
            values[codes[i]] = (distinct){ c->numbers[i], codes[i], 1 };
    for (uint32_t k = 0; k < n; k++)
        values[k].number = k;
    qsort(values, n, sizeof *values, by_value);
    for (uint32_t k = 0; k < n; k++)
        rank[values[k].number] = k;
    for (; used < n && values[used].used; used++)
        if ((levels[used] = value_text(arena, c, values[used].value)) == NULL)
            return svyi_nomem(err);
    for (size_t i = 0; i < rows; i++)
        codes[i] = rank[codes[i]];
    *out = (svyi_factor){ codes, levels, used };
    return SVY_OK;
}

svy_status svyi_factor_make(svyi_arena *arena, const svy_column *c, size_t rows, svyi_factor *out, svy_error *err)
{
    uint32_t n = c->n_levels;
    svy_status st = SVY_OK;
    *out = (svyi_factor){ c->codes, c->levels, n };
    if (c->codes == NULL) {
        uint32_t *codes = svyi_arena_get(arena, (rows + 1) * sizeof *codes);
        if (codes == NULL)
            return svyi_nomem(err);
        st = svyi_intern_column(&arena->alloc, c, rows, codes, &n, err);
        if (st == SVY_OK && n <= SVYI_LEVELS_MAX)
            return rank_numbers(arena, c, rows, codes, n, out, err);
    }
    if (st == SVY_OK && n > SVYI_LEVELS_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "'%s' has %u different values: the limit for a factor is %d", c->name, (unsigned)n, SVYI_LEVELS_MAX);
    return st;
}

static const char *cross_text(svyi_arena *arena, const svyi_factor *factors, size_t n, uint32_t cell)
{
    size_t len = 0, used = 0;
    uint32_t rest = cell;
    for (size_t k = 0; k < n; k++, rest /= factors[k - 1].n_levels)
        len += strlen(factors[k].levels[rest % factors[k].n_levels]) + 1;
    char *text = svyi_arena_get(arena, len + 1);
    rest = cell;
    for (size_t k = 0; text != NULL && k < n; k++) {
        const char *level = factors[k].levels[rest % factors[k].n_levels];
        if (k > 0)
            text[used++] = ':';
        memcpy(text + used, level, strlen(level));
        used += strlen(level);
        rest /= factors[k].n_levels;
    }
    return text;
}

svy_status svyi_factor_cross(svyi_arena *arena, const svyi_factor *factors, size_t n, size_t rows, svyi_factor *out, svy_error *err)
{
    size_t cells = 1;
    if (n == 1) {
        *out = factors[0];
        return SVY_OK;
    }
    for (size_t k = 0; k < n && cells > 0; k++) {
        cells *= factors[k].n_levels;
        if (cells > SVYI_LEVELS_MAX)
            return svyi_fail(err, SVY_E_LIMIT, "the table has more than %d cells: use fewer variables or levels", SVYI_LEVELS_MAX);
    }
    uint32_t *codes = svyi_arena_get(arena, (rows + 1) * sizeof *codes);
    const char **levels = svyi_arena_get(arena, (cells + 1) * sizeof *levels);
    if (codes == NULL || levels == NULL)
        return svyi_nomem(err);
    for (size_t k = n; k-- > 0;)
        for (size_t i = 0; i < rows; i++)
            codes[i] = codes[i] * factors[k].n_levels + factors[k].codes[i];
    for (uint32_t cell = 0; cell < cells; cell++)
        if ((levels[cell] = cross_text(arena, factors, n, cell)) == NULL)
            return svyi_nomem(err);
    *out = (svyi_factor){ codes, levels, (uint32_t)cells };
    return SVY_OK;
}

/* ---- domains ---- */

static svy_status find_by(svyi_arena *arena, const svy_frame *f, const char *const *by, size_t n_by, svyi_domains *out, size_t *combinations,
                          svy_error *err)
{
    *combinations = 1;
    if (n_by > SVYI_BY_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "there are %zu by-variables: the limit is %d", n_by, SVYI_BY_MAX);
    for (size_t k = 0; k < n_by; k++) {
        const svy_column *c = svy_frame_find(f, by[k]);
        if (c == NULL)
            return svyi_fail(err, SVY_E_NAME, "there is no column '%s' for the domains: name a column of the data", by[k]);
        svy_status st = svyi_factor_make(arena, c, svy_frame_rows(f), &out->by[k], err);
        if (st != SVY_OK)
            return st;
        out->names[k] = c->name;
        out->missing[k] = c->missing;
        *combinations *= out->by[k].n_levels;
        if (*combinations > SVYI_COMBINATIONS_MAX)
            return svyi_fail(err, SVY_E_LIMIT, "the by-variables have more than %d combinations: use fewer variables or levels",
                             SVYI_COMBINATIONS_MAX);
    }
    out->n_by = n_by;
    return SVY_OK;
}

static int by_missing(const svyi_domains *d, size_t row)
{
    for (size_t k = 0; k < d->n_by; k++)
        if (d->missing[k] != NULL && d->missing[k][row] != SVY_PRESENT)
            return 1;
    return 0;
}

/* map[combination] becomes 1 + the first row of positive weight (weightless: of any weight) that has it; counts the rows left out. */
static void find_present(svyi_domains *out, const svy_design *d, int weightless, uint32_t *map)
{
    const double *weights = svy_design_weights(d);
    size_t rows = svy_design_rows(d);
    out->map = NULL;
    for (size_t i = 0; i < rows; i++) {
        if ((out->keep != NULL && !out->keep[i]) || (weights[i] == 0 && !weightless))
            continue;
        if (by_missing(out, i)) {
            out->left_out += weights[i] != 0;
            continue;
        }
        size_t code = 0;
        for (size_t k = out->n_by; k-- > 0;)
            code = code * out->by[k].n_levels + out->by[k].codes[i];
        if (map[code] == 0)
            map[code] = (uint32_t)i + 1;
    }
}

static svy_status number_domains(svyi_arena *arena, svyi_domains *out, uint32_t *map, size_t combinations, svy_error *err)
{
    for (size_t c = 0; c < combinations; c++)
        out->count += map[c] != 0;
    out->first_row = svyi_arena_get(arena, (out->count + 1) * sizeof *out->first_row);
    out->values = svyi_arena_get(arena, (out->count * out->n_by + 1) * sizeof *out->values);
    if (out->first_row == NULL || out->values == NULL)
        return svyi_nomem(err);
    uint32_t next = 0;
    for (size_t c = 0; c < combinations; c++) {
        if (map[c] == 0) {
            map[c] = SVYI_NO_DOMAIN;
            continue;
        }
        out->first_row[next] = map[c] - 1;
        size_t rest = c;
        for (size_t k = 0; k < out->n_by; k++) {
            out->values[next * out->n_by + k] = out->by[k].levels[rest % out->by[k].n_levels];
            rest /= out->by[k].n_levels;
        }
        map[c] = next++;
    }
    out->map = map;
    return SVY_OK;
}

/* Without by-variables there is one domain: where it begins, 1 when it has a row of positive weight (weightless: any row). */
static int find_first(svyi_domains *out, const svy_design *d, int weightless)
{
    const double *weights = svy_design_weights(d);
    for (size_t i = 0; i < svy_design_rows(d); i++)
        if ((out->keep == NULL || out->keep[i]) && (weights[i] != 0 || weightless)) {
            out->first_row[0] = (uint32_t)i;
            return 1;
        }
    return 0;
}

svy_status svyi_domains_find(svyi_arena *arena, const svy_frame *f, const svy_design *d, const char *const *by, size_t n_by, const char *where,
                             int weightless, svyi_domains *out, svy_error *err)
{
    size_t combinations, rows = svy_frame_rows(f);
    *out = (svyi_domains){ 0 };
    svy_status st = find_by(arena, f, by, n_by, out, &combinations, err);
    if (st != SVY_OK)
        return st;
    if (where != NULL) {
        if ((out->keep = svyi_arena_get(arena, rows + 1)) == NULL)
            return svyi_nomem(err);
        if ((st = svy_frame_where(f, where, out->keep, err)) != SVY_OK)
            return st;
    }
    if (n_by > 0) {
        uint32_t *map = svyi_arena_get(arena, (combinations + 1) * sizeof *map);
        if (map == NULL)
            return svyi_nomem(err);
        find_present(out, d, weightless, map);
        if ((st = number_domains(arena, out, map, combinations, err)) != SVY_OK)
            return st;
    } else {
        if ((out->first_row = svyi_arena_get(arena, sizeof *out->first_row)) == NULL)
            return svyi_nomem(err);
        out->count = (size_t)find_first(out, d, weightless);
    }
    return SVY_OK;
}

svy_status svyi_domains_none(const char *where, size_t n_by, svy_error *err)
{
    return where != NULL ? svyi_fail(err, SVY_E_VALUE, "no row of positive weight satisfies '%s'", where)
                         : svyi_fail(err, SVY_E_VALUE, "no row has a positive weight%s", n_by > 0 ? " and a value of the by-variables" : "");
}

svy_status svyi_domains_make(svyi_arena *arena, const svy_frame *f, const svy_design *d, const char *const *by, size_t n_by, const char *where,
                             svyi_domains *out, svy_error *err)
{
    svy_status st = svyi_domains_find(arena, f, d, by, n_by, where, 0, out, err);
    return st == SVY_OK && out->count == 0 ? svyi_domains_none(where, n_by, err) : st;
}
