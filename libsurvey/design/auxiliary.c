/* Auxiliary variables as sparse rows of units: cells, clusters or single rows. */
#include "design/auxiliary.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/intern.h"

svyi_sparse svyi_auxiliary_row(const svyi_auxiliary *x, size_t unit, uint32_t *columns, double *values)
{
    if (x->start != NULL)
        return (svyi_sparse){ x->start[unit + 1] - x->start[unit], x->column + x->start[unit], x->value + x->start[unit] };
    size_t n = 0, numbers = x->columns - x->n_numbers;
    for (size_t m = 0; m < x->n_margins; m++, n++) {
        uint32_t code = x->margins[m].codes[unit];
        if (code == SVYI_NO_UNIT)
            return (svyi_sparse){ 0, columns, values };
        columns[n] = (uint32_t)(x->first[m] + code);
        values[n] = 1;
    }
    for (size_t k = 0; k < x->n_numbers; k++, n++) {
        columns[n] = (uint32_t)(numbers + k);
        values[n] = x->numbers[k][unit];
    }
    return (svyi_sparse){ n, columns, values };
}

void svyi_auxiliary_name(const svyi_auxiliary *x, size_t column, char *out, size_t size)
{
    size_t m = 0;
    if (column >= x->columns - x->n_numbers) {
        snprintf(out, size, "the total of %s", x->number_names[column - (x->columns - x->n_numbers)]);
        return;
    }
    while (m + 1 < x->n_margins && column >= x->first[m + 1])
        m++;
    snprintf(out, size, "%s = %s", x->margins[m].name, x->margins[m].lines[column - x->first[m]]);
}

/* ---- cells of the cross-classification of margins ---- */

/* All combinations of lines, whether they occur or not, where these are few. @return how many, 0: too many. */
static uint32_t combine_margins(const svyi_auxiliary *x, uint32_t *unit)
{
    size_t count = 1;
    for (size_t m = 0; m < x->n_margins; m++) {
        if (count > (x->rows / 4 + 16) / (x->margins[m].n_lines + (size_t)1))
            return 0;
        count *= x->margins[m].n_lines + (size_t)1;
    }
    memset(unit, 0, x->rows * sizeof *unit);
    count = 1;
    for (size_t m = 0; m < x->n_margins; m++) {
        const uint32_t *codes = x->margins[m].codes, stride = (uint32_t)count, none = x->margins[m].n_lines;
        for (size_t i = 0; i < x->rows; i++)
            unit[i] += stride * (codes[i] == SVYI_NO_UNIT ? none : codes[i]);
        count *= none + (size_t)1;
    }
    return (uint32_t)count;
}

/* The unit of every row, or NULL in *unit when there would be about as many as rows. */
static svy_status cross_margins(svyi_arena *arena, svyi_auxiliary *x, uint32_t **unit, uint32_t *count, svy_error *err)
{
    size_t bytes = (x->rows + 1) * sizeof **unit;
    svy_status st = SVY_OK;
    *unit = svyi_arena_get(arena, bytes);
    if (*unit == NULL)
        return svyi_nomem(err);
    if ((*count = combine_margins(x, *unit)) > 0)
        return SVY_OK;
    *count = x->margins[0].n_lines + 1;                  /* the last cell of each margin: rows in no line */
    for (size_t i = 0; i < x->rows; i++)
        (*unit)[i] = x->margins[0].codes[i] == SVYI_NO_UNIT ? *count - 1 : x->margins[0].codes[i];
    for (size_t m = 1; m < x->n_margins && st == SVY_OK && *count <= x->rows / 4 + 16; m++) {
        const svyi_margin_codes *c = &x->margins[m];
        uint32_t *more = svyi_get(&arena->alloc, bytes);
        if (more == NULL)
            return svyi_nomem(err);
        for (size_t i = 0; i < x->rows; i++)
            more[i] = c->codes[i] == SVYI_NO_UNIT ? c->n_lines : c->codes[i];
        st = svyi_intern_pairs(&arena->alloc, x->rows, *unit, *count, more, c->n_lines + 1, *unit, count, err);
        svyi_release(&arena->alloc, more, bytes);
    }
    if (*count > x->rows / 4 + 16)
        *unit = NULL;
    return st;
}

/* Entries of units being written. */
typedef struct entries { size_t *start; uint32_t *column; double *value; } entries;

static svy_status entries_get(svyi_arena *arena, size_t units, size_t count, entries *e, svy_error *err)
{
    if (e->start == NULL)
        e->start = svyi_arena_get(arena, (units + 1) * sizeof *e->start);
    e->column = svyi_arena_get(arena, (count + 1) * sizeof *e->column);
    e->value = svyi_arena_get(arena, (count + 1) * sizeof *e->value);
    return e->start == NULL || e->column == NULL || e->value == NULL ? svyi_nomem(err) : SVY_OK;
}

static void entries_set(svyi_auxiliary *x, const entries *e)
{
    x->start = e->start;
    x->column = e->column;
    x->value = e->value;
}

static svy_status cells_make(svyi_arena *arena, svyi_auxiliary *x, svy_error *err)
{
    uint32_t *unit, count;
    entries e = { NULL, NULL, NULL };
    svy_status st = cross_margins(arena, x, &unit, &count, err);
    if (st != SVY_OK || unit == NULL)
        return st;
    unsigned char *seen = svyi_arena_get(arena, (size_t)count + 1);
    if (seen == NULL || entries_get(arena, count, (size_t)count * x->n_margins, &e, err) != SVY_OK)
        return svyi_nomem(err);
    for (size_t u = 0; u <= count; u++)
        e.start[u] = u * x->n_margins;
    for (size_t i = 0; i < x->rows; i++) {
        uint32_t u = unit[i];
        if (seen[u] == 0) {
            seen[u] = 1;
            for (size_t m = 0; m < x->n_margins; m++) {
                uint32_t code = x->margins[m].codes[i];
                e.column[e.start[u] + m] = (uint32_t)(x->first[m] + (code == SVYI_NO_UNIT ? 0 : code));
                e.value[e.start[u] + m] = 1;
                if (code == SVYI_NO_UNIT)
                    seen[u] = 2;
            }
        }
        if (seen[u] == 2)
            unit[i] = SVYI_NO_UNIT;
    }
    entries_set(x, &e);
    x->unit = unit;
    x->n_units = count;
    return SVY_OK;
}

/* ---- clusters with the mean of their rows ---- */

typedef struct clusters {
    uint32_t *unit, *size, *place, *order;      /* by row; by unit; where its rows begin; rows by unit */
    uint32_t count;
    uint32_t *stamp, *columns; double *sum, *values;     /* by column: of the unit at hand */
} clusters;

static svy_status clusters_get(svyi_arena *arena, const svyi_auxiliary *x, const svy_column *c, clusters *k, svy_error *err)
{
    k->unit = svyi_arena_get(arena, (x->rows + 1) * sizeof *k->unit);
    k->order = svyi_arena_get(arena, (x->rows + 1) * sizeof *k->order);
    if (k->unit == NULL || k->order == NULL)
        return svyi_nomem(err);
    svy_status st = svyi_intern_column(&arena->alloc, c, x->rows, k->unit, &k->count, err);
    if (st != SVY_OK)
        return st;
    k->size = svyi_arena_get(arena, ((size_t)k->count + 1) * sizeof *k->size);
    k->place = svyi_arena_get(arena, ((size_t)k->count + 2) * sizeof *k->place);
    k->stamp = svyi_arena_get(arena, (x->columns + 1) * sizeof *k->stamp);
    k->sum = svyi_arena_get(arena, (x->columns + 1) * sizeof *k->sum);
    k->columns = svyi_arena_get(arena, (x->columns + 1) * sizeof *k->columns);
    k->values = svyi_arena_get(arena, (x->columns + 1) * sizeof *k->values);
    return k->size == NULL || k->place == NULL || k->stamp == NULL || k->sum == NULL || k->columns == NULL || k->values == NULL ? svyi_nomem(err) : SVY_OK;
}

/* Rows without x are in no cluster. */
static void clusters_sort(const svyi_auxiliary *x, clusters *k)
{
    for (size_t i = 0; i < x->rows; i++) {
        if (svyi_auxiliary_row(x, i, k->columns, k->values).n == 0)
            k->unit[i] = SVYI_NO_UNIT;
        else
            k->size[k->unit[i]]++;
    }
    for (uint32_t u = 0; u < k->count; u++)
        k->place[u + 1] = k->place[u] + k->size[u];
    for (size_t i = 0; i < x->rows; i++)
        if (k->unit[i] != SVYI_NO_UNIT)
            k->order[k->place[k->unit[i]]++] = (uint32_t)i;
}

/* Sums of the rows of a unit by column. @return how many columns it has; they stand in `out`. */
static size_t cluster_sum(const svyi_auxiliary *x, clusters *k, uint32_t u, uint32_t *out)
{
    size_t n = 0;
    for (uint32_t at = k->place[u] - k->size[u]; at < k->place[u]; at++) {
        svyi_sparse e = svyi_auxiliary_row(x, k->order[at], k->columns, k->values);
        for (size_t j = 0; j < e.n; j++) {
            uint32_t c = e.column[j];
            if (k->stamp[c] != u + 1) {
                k->stamp[c] = u + 1;
                k->sum[c] = 0;
                out[n++] = c;
            }
            k->sum[c] += e.value[j];
        }
    }
    return n;
}

static svy_status clusters_make(svyi_arena *arena, const svy_column *c, svyi_auxiliary *x, svy_error *err)
{
    clusters k = { 0 };
    entries e = { NULL, NULL, NULL };
    svy_status st = clusters_get(arena, x, c, &k, err);
    uint32_t *touched = svyi_arena_get(arena, (x->columns + 1) * sizeof *touched);
    if (st != SVY_OK || touched == NULL)
        return st != SVY_OK ? st : svyi_nomem(err);
    clusters_sort(x, &k);
    if ((e.start = svyi_arena_get(arena, ((size_t)k.count + 1) * sizeof *e.start)) == NULL)
        return svyi_nomem(err);
    for (uint32_t u = 0; u < k.count; u++)
        e.start[u + 1] = e.start[u] + cluster_sum(x, &k, u, touched);
    memset(k.stamp, 0, x->columns * sizeof *k.stamp);
    if ((st = entries_get(arena, k.count, e.start[k.count], &e, err)) != SVY_OK)
        return st;
    for (uint32_t u = 0; u < k.count; u++) {
        size_t n = cluster_sum(x, &k, u, e.column + e.start[u]);
        for (size_t j = e.start[u]; j < e.start[u] + n; j++)
            e.value[j] = k.sum[e.column[j]] / k.size[u];
        if (n > x->longest)
            x->longest = n;
    }
    entries_set(x, &e);
    x->unit = k.unit;
    x->size = k.size;
    x->n_units = k.count;
    return SVY_OK;
}

/* ---- all ---- */

/* Variances by unit; of a cluster their mean. */
static svy_status take_sigma2(svyi_arena *arena, const double *sigma2, svyi_auxiliary *x, svy_error *err)
{
    x->sigma2 = sigma2;
    if (sigma2 == NULL || x->unit == NULL)
        return SVY_OK;
    double *mean = svyi_arena_get(arena, (x->n_units + 1) * sizeof *mean);
    if (mean == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < x->rows; i++)
        if (x->unit[i] != SVYI_NO_UNIT)
            mean[x->unit[i]] += sigma2[i] / x->size[x->unit[i]];
    x->sigma2 = mean;
    return SVY_OK;
}

svy_status svyi_auxiliary_make(svyi_arena *arena, size_t rows, const svy_column *cluster, const double *sigma2, int by_row, svyi_auxiliary *x,
                               svy_error *err)
{
    svy_status st = SVY_OK;
    x->rows = x->n_units = rows;
    x->columns = 0;
    x->unit = NULL;
    x->start = NULL;
    if ((x->first = svyi_arena_get(arena, (x->n_margins + 1) * sizeof *x->first)) == NULL)
        return svyi_nomem(err);
    for (size_t m = 0; m < x->n_margins; m++) {
        x->first[m] = x->columns;
        x->columns += x->margins[m].n_lines;
    }
    x->columns += x->n_numbers;
    x->longest = x->n_margins + x->n_numbers;
    if (cluster != NULL)
        st = clusters_make(arena, cluster, x, err);
    else if (x->n_numbers == 0 && x->n_margins > 0 && sigma2 == NULL && !by_row)
        st = cells_make(arena, x, err);
    return st == SVY_OK ? take_sigma2(arena, sigma2, x, err) : st;
}
