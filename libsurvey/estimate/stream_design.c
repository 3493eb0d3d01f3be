/* Strata and PSUs of rows that come in pieces. */
#include "estimate/stream_design.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/intern.h"

/* What a piece needs while its design is made. */
typedef struct piece {
    svyi_stream_design *s;
    svyi_arena *arena;
    const svy_frame *f;
    svy_design *d;
    const svy_column *strata, *clusters, *fpc;
    uint32_t *stratum, n_strata;   /* by row: numbers in the piece */
    uint32_t *unit, n_units;
    uint32_t *first_of_stratum, *first_of_unit;
    uint32_t *global_stratum;      /* by number in the piece */
    svy_error *err;
} piece;

void svyi_stream_design_init(svyi_stream_design *s, const svy_alloc *alloc, const svy_design_spec *spec)
{
    *s = (svyi_stream_design){ .spec = spec, .alloc = svyi_alloc_or_default(alloc), .elements = spec->n_clusters == 0 };
    svyi_values_init(&s->stratum_values, alloc);
    svyi_values_init(&s->cluster_values, alloc);
    svyi_keys_init(&s->unit_keys, alloc);
}

void svyi_stream_design_clear(svyi_stream_design *s)
{
    svyi_values_clear(&s->stratum_values);
    svyi_values_clear(&s->cluster_values);
    svyi_keys_clear(&s->unit_keys);
    svyi_release(&s->alloc, s->strata, s->strata_room * sizeof *s->strata);
    svyi_release(&s->alloc, s->units, s->units_room * sizeof *s->units);
    s->strata = NULL;
    s->units = NULL;
    s->strata_room = s->units_room = 0;
}

/* ---- checks of the columns ---- */

static svy_status take_column(const piece *p, const char *role, const char *name, int number, const svy_column **out)
{
    const svy_column *c = *out = svy_frame_find(p->f, name);
    if (c == NULL)
        return svyi_fail(p->err, SVY_E_NAME, "there is no column '%s' for %s: name a column of the data", name, role);
    for (size_t i = 0; c->missing != NULL && i < p->d->rows; i++)
        if (c->missing[i] != SVY_PRESENT)
            return svyi_fail(p->err, SVY_E_VALUE, "'%s' (%s) is missing in row %llu: fill it in, or leave the row out of the data", name, role,
                             (unsigned long long)(p->s->rows + i + 1));
    if (number && c->numbers == NULL)
        return svyi_fail(p->err, SVY_E_TYPE, "'%s' (%s) is text: give a column of numbers", name, role);
    return SVY_OK;
}

static svy_status take_weights(piece *p)
{
    const svy_design_spec *spec = p->s->spec;
    const svy_column *c;
    svy_status st = SVY_OK;
    if (spec->weights == NULL) {
        double *ones = svyi_arena_get(p->arena, (p->d->rows + 1) * sizeof *ones);
        for (size_t i = 0; ones != NULL && i < p->d->rows; i++)
            ones[i] = 1;
        p->d->weights = ones;
        return ones != NULL ? SVY_OK : svyi_nomem(p->err);
    }
    if ((st = take_column(p, "weights", spec->weights, 1, &c)) != SVY_OK)
        return st;
    for (size_t i = 0; i < p->d->rows; i++)
        if (!(c->numbers[i] >= 0 && c->numbers[i] <= 1e300))
            return svyi_fail(p->err, SVY_E_VALUE, "'%s' (weights) is %g in row %llu: a weight is 0 or more, and at most 1e300", c->name,
                             c->numbers[i], (unsigned long long)(p->s->rows + i + 1));
    p->d->weights = c->numbers;
    return SVY_OK;
}

/* All fpc are sizes, or all are fractions. */
static svy_status take_fpc(piece *p)
{
    svyi_stream_design *s = p->s;
    svy_status st = SVY_OK;
    if (s->spec->n_fpc == 0 || (st = take_column(p, "fpc", s->spec->fpc[0], 1, &p->fpc)) != SVY_OK)
        return st;
    for (size_t i = 0; i < p->d->rows; i++) {
        double x = p->fpc->numbers[i];
        unsigned long long row = s->rows + i + 1;
        if (!(x > 0))
            return svyi_fail(p->err, SVY_E_VALUE, "'%s' (fpc) is %g in row %llu: give a population size or a sampling fraction above 0", p->fpc->name, x,
                             row);
        if (x > 1 && s->large_row == 0) { s->large = x; s->large_row = row; }
        if (x < 1 && s->small_row == 0) { s->small = x; s->small_row = row; }
    }
    if (s->large_row > 0 && s->small_row > 0)
        return svyi_fail(p->err, SVY_E_VALUE, "fpc mixes population sizes and sampling fractions ('%s' is %g in row %llu, '%s' is %g in row %llu): "
                         "give one kind everywhere", p->fpc->name, s->large, (unsigned long long)s->large_row, p->fpc->name, s->small,
                         (unsigned long long)s->small_row);
    return SVY_OK;
}

static svy_status take_columns(piece *p)
{
    const svy_design_spec *spec = p->s->spec;
    const svy_column *later;
    svy_status st = SVY_OK;
    for (size_t k = 0; k < spec->n_strata && st == SVY_OK; k++)
        st = take_column(p, "strata", spec->strata[k], 0, k == 0 ? &p->strata : &later);
    for (size_t k = 0; k < spec->n_clusters && st == SVY_OK; k++)
        st = take_column(p, "clusters", spec->clusters[k], 0, k == 0 ? &p->clusters : &later);
    if (st == SVY_OK)
        st = take_fpc(p);
    return st == SVY_OK ? take_weights(p) : st;
}

/* ---- numbers in the piece, and among all ---- */

static uint32_t *first_rows(const piece *p, const uint32_t *by_row, uint32_t n)
{
    uint32_t *first = svyi_arena_get(p->arena, ((size_t)n + 1) * sizeof *first), next = 0;
    for (size_t i = 0; first != NULL && i < p->d->rows && next < n; i++)
        if (by_row[i] == next)
            first[next++] = (uint32_t)i;
    return first;
}

static svy_status number_strata(piece *p)
{
    svyi_stream_design *s = p->s;
    svy_status st = SVY_OK;
    p->n_strata = 1;
    if (p->strata != NULL)
        st = svyi_intern_column(&s->alloc, p->strata, p->d->rows, p->stratum, &p->n_strata, p->err);
    if (st != SVY_OK)
        return st;
    p->first_of_stratum = first_rows(p, p->stratum, p->n_strata);
    p->global_stratum = svyi_arena_get(p->arena, ((size_t)p->n_strata + 1) * sizeof *p->global_stratum);
    if (p->first_of_stratum == NULL || p->global_stratum == NULL)
        return svyi_nomem(p->err);
    for (uint32_t h = 0; h < p->n_strata; h++) {
        size_t row = p->first_of_stratum[h];
        uint32_t number = p->strata != NULL ? svyi_values_add(&s->stratum_values, p->strata, row) : 0;
        if (number == SVYI_NO_NUMBER || svyi_grow(&s->alloc, &s->strata, &s->strata_room, (size_t)number + 1, sizeof *s->strata) != 0)
            return svyi_nomem(p->err);
        p->global_stratum[h] = number;
        if (number < s->n_strata)
            continue;
        s->strata[number] = (svyi_stream_stratum){ .fpc = p->fpc != NULL ? p->fpc->numbers[row] : 0, .fpc_row = s->rows + row + 1 };
        s->n_strata = (size_t)number + 1;
    }
    for (size_t i = 0; i < p->d->rows; i++)
        s->strata[p->global_stratum[p->stratum[i]]].rows++;
    return SVY_OK;
}

static void stratum_name(const svyi_stream_design *s, uint32_t stratum, char *out, size_t size)
{
    char text[64];
    if (s->spec->n_strata == 0) {
        snprintf(out, size, "the only stratum");
        return;
    }
    svyi_values_text(&s->stratum_values, stratum, text, sizeof text);
    snprintf(out, size, "%s = %s", s->spec->strata[0], text);
}

static svy_status check_fpc(const piece *p)
{
    char name[128];
    for (size_t i = 0; p->fpc != NULL && i < p->d->rows; i++) {
        const svyi_stream_stratum *h = &p->s->strata[p->global_stratum[p->stratum[i]]];
        if (p->fpc->numbers[i] == h->fpc)
            continue;
        stratum_name(p->s, p->global_stratum[p->stratum[i]], name, sizeof name);
        return svyi_fail(p->err, SVY_E_VALUE, "'%s' (fpc of stage 1) is %g in row %llu and %g in row %llu of the same stratum (%s): it must be the same "
                         "in a stratum", p->fpc->name, h->fpc, (unsigned long long)h->fpc_row, p->fpc->numbers[i],
                         (unsigned long long)(p->s->rows + i + 1), name);
    }
    return SVY_OK;
}

static svy_status split_cluster(const piece *p, size_t row, uint32_t one, uint64_t one_row, uint32_t two, uint64_t two_row)
{
    char cluster[64], first[64], second[64];
    uint32_t value = svyi_values_add(&p->s->cluster_values, p->clusters, row);
    svyi_values_text(&p->s->cluster_values, value, cluster, sizeof cluster);
    svyi_values_text(&p->s->stratum_values, one, first, sizeof first);
    svyi_values_text(&p->s->stratum_values, two, second, sizeof second);
    return svyi_fail(p->err, SVY_E_VALUE, "cluster %s = %s lies in two strata, %s = %s (row %llu) and %s (row %llu): use --nest if these are different "
                     "clusters with the same number", p->clusters->name, cluster, p->strata->name, first, (unsigned long long)one_row + 1, second,
                     (unsigned long long)two_row + 1);
}

/* The number of a unit of the piece among all units. */
static svy_status find_unit(piece *p, uint32_t unit, uint32_t *out)
{
    svyi_stream_design *s = p->s;
    size_t row = p->first_of_unit[unit];
    uint32_t stratum = p->global_stratum[p->stratum[row]], value = svyi_values_add(&s->cluster_values, p->clusters, row);
    uint32_t number = value != SVYI_NO_NUMBER ? svyi_keys_add(&s->unit_keys, svyi_key(s->spec->nest ? stratum : 0, value)) : SVYI_NO_NUMBER;
    *out = number;
    if (number == SVYI_NO_NUMBER || svyi_grow(&s->alloc, &s->units, &s->units_room, (size_t)number + 1, sizeof *s->units) != 0)
        return svyi_nomem(p->err);
    if (number < s->n_units)
        return s->units[number].stratum == stratum ? SVY_OK
            : split_cluster(p, row, s->units[number].stratum, s->units[number].row, stratum, s->rows + row);
    s->units[number] = (svyi_stream_unit){ stratum, s->rows + row };
    s->n_units = (size_t)number + 1;
    s->strata[stratum].units++;
    return SVY_OK;
}

static svy_status number_units(piece *p, uint32_t **global)
{
    svyi_stream_design *s = p->s;
    svy_status st = svyi_intern_column(&s->alloc, p->clusters, p->d->rows, p->unit, &p->n_units, p->err);
    if (st == SVY_OK && s->spec->nest)
        st = svyi_intern_pairs(&s->alloc, p->d->rows, p->stratum, p->n_strata, p->unit, p->n_units, p->unit, &p->n_units, p->err);
    if (st != SVY_OK)
        return st;
    p->first_of_unit = first_rows(p, p->unit, p->n_units);
    *global = svyi_arena_get(p->arena, ((size_t)p->n_units + 1) * sizeof **global);
    if (p->first_of_unit == NULL || *global == NULL)
        return svyi_nomem(p->err);
    for (uint32_t u = 0; u < p->n_units && st == SVY_OK; u++)
        st = find_unit(p, u, &(*global)[u]);
    for (size_t i = 0; i < p->d->rows && st == SVY_OK && p->strata != NULL; i++) {
        size_t first = p->first_of_unit[p->unit[i]];
        if (p->stratum[i] != p->stratum[first])
            st = split_cluster(p, i, p->global_stratum[p->stratum[first]], s->rows + first, p->global_stratum[p->stratum[i]], s->rows + i);
    }
    return st;
}

/* ---- rows in the order of groups ---- */

/* Units by stratum, in order of appearance within it: rank[unit]. */
static uint32_t *rank_units(const piece *p)
{
    uint32_t *start = svyi_arena_get(p->arena, ((size_t)p->n_strata + 2) * sizeof *start);
    uint32_t *rank = svyi_arena_get(p->arena, ((size_t)p->n_units + 1) * sizeof *rank);
    if (start == NULL || rank == NULL)
        return NULL;
    for (uint32_t u = 0; u < p->n_units; u++)
        start[p->stratum[p->first_of_unit[u]] + 1]++;
    for (uint32_t h = 0; h < p->n_strata; h++)
        start[h + 1] += start[h];
    for (uint32_t u = 0; u < p->n_units; u++)
        rank[u] = start[p->stratum[p->first_of_unit[u]]]++;
    return rank;
}

static svy_status group_rows(piece *p, const uint32_t *group, uint32_t n)
{
    svy_design *d = p->d;
    uint32_t *start = svyi_arena_get(p->arena, ((size_t)n + 2) * sizeof *start);
    int sorted = 1;
    if (start == NULL)
        return svyi_nomem(p->err);
    for (size_t i = 0; i < d->rows; i++) {
        start[group[i] + 1]++;
        sorted &= i == 0 || group[i - 1] <= group[i];
    }
    for (uint32_t g = 0; g < n; g++)
        start[g + 1] += start[g];
    d->n_groups = n;
    d->group_start = start;
    if (sorted)
        return SVY_OK;
    uint32_t *order = svyi_arena_get(p->arena, (d->rows + 1) * sizeof *order);
    if (order == NULL)
        return svyi_nomem(p->err);
    for (size_t i = 0; i < d->rows; i++)
        order[start[group[i]]++] = (uint32_t)i;
    for (uint32_t g = n; g > 0; g--)
        start[g] = start[g - 1];
    start[0] = 0;
    d->order = order;
    return SVY_OK;
}

static svy_status group_units(piece *p, uint32_t **groups)
{
    uint32_t *global, *rank;
    svy_status st = number_units(p, &global);
    if (st != SVY_OK)
        return st;
    *groups = svyi_arena_get(p->arena, ((size_t)p->n_units + 1) * sizeof **groups);
    if (*groups == NULL || (rank = rank_units(p)) == NULL)
        return svyi_nomem(p->err);
    for (uint32_t u = 0; u < p->n_units; u++)
        (*groups)[rank[u]] = global[u];
    for (size_t i = 0; i < p->d->rows; i++)
        p->unit[i] = rank[p->unit[i]];
    return group_rows(p, p->unit, p->n_units);
}

svy_status svyi_stream_design_add(svyi_stream_design *s, svyi_arena *arena, const svy_frame *f, svy_design *out, uint32_t **groups, svy_error *err)
{
    size_t rows = svy_frame_rows(f);
    piece p = { .s = s, .arena = arena, .f = f, .d = out, .err = err };
    *out = (svy_design){ .rows = rows, .n_stages = 1, .elements = s->elements };
    if (rows >= UINT32_MAX - s->rows)
        return svyi_fail(err, SVY_E_LIMIT, "the data have more than 4294967294 rows: that is the limit");
    p.stratum = svyi_arena_get(arena, (rows + 1) * sizeof *p.stratum);
    p.unit = svyi_arena_get(arena, (rows + 1) * sizeof *p.unit);
    svy_status st = p.stratum != NULL && p.unit != NULL ? SVY_OK : svyi_nomem(err);
    if (st == SVY_OK && (st = take_columns(&p)) == SVY_OK && (st = number_strata(&p)) == SVY_OK)
        st = check_fpc(&p);
    if (st == SVY_OK && s->elements) {
        *groups = p.global_stratum;
        st = group_rows(&p, p.stratum, p.n_strata);
    } else if (st == SVY_OK) {
        st = group_units(&p, groups);
    }
    s->rows += st == SVY_OK ? rows : 0;
    return st;
}

/* ---- all pieces together ---- */

static svy_status set_population(const svyi_stream_design *s, svyi_arena *arena, svyi_stage *stage, double **weight, svy_error *err)
{
    char name[128];
    if (s->spec->n_fpc == 0)
        return SVY_OK;
    double *population = svyi_arena_get(arena, (s->n_strata + 1) * sizeof *population);
    if (s->spec->weights == NULL)
        *weight = svyi_arena_get(arena, (s->n_strata + 1) * sizeof **weight);
    if (population == NULL || (s->spec->weights == NULL && *weight == NULL))
        return svyi_nomem(err);
    stage->population = population;
    for (uint32_t h = 0; h < s->n_strata; h++) {
        double n = stage->unit_start[h + 1] - stage->unit_start[h], x = s->strata[h].fpc;
        population[h] = s->large_row == 0 ? n / x : x;
        if (population[h] < n) {
            stratum_name(s, h, name, sizeof name);
            return svyi_fail(err, SVY_E_VALUE, "'%s' (fpc of stage 1) says that %s has a population of %g, but %g were sampled: correct it",
                             s->spec->fpc[0], name, population[h], n);
        }
        if (*weight != NULL)
            (*weight)[h] = population[h] / n;
    }
    return SVY_OK;
}

/* The columns of strata and clusters with a row by stratum, for messages. */
static svy_status name_strata(const svyi_stream_design *s, svyi_arena *arena, svy_design *out, svy_error *err)
{
    uint32_t *code = svyi_arena_get(arena, (s->n_strata + 1) * sizeof *code);
    const char **levels = svyi_arena_get(arena, (s->n_strata + 1) * sizeof *levels);
    svy_column *c = svyi_arena_get(arena, sizeof *c);
    if (code == NULL || levels == NULL || c == NULL)
        return svyi_nomem(err);
    out->stages[0].row = code;
    for (uint32_t h = 0; h < s->n_strata; h++) {
        char text[64];
        code[h] = h;
        if (s->spec->n_strata == 0)
            continue;
        svyi_values_text(&s->stratum_values, h, text, sizeof text);
        if ((levels[h] = svyi_arena_text(arena, text, strlen(text))) == NULL)
            return svyi_nomem(err);
    }
    *c = (svy_column){ .name = s->spec->n_strata > 0 ? s->spec->strata[0] : "", .codes = code, .levels = levels, .n_levels = (uint32_t)s->n_strata };
    out->stratum_columns[0] = s->spec->n_strata > 0 ? c : NULL;
    return SVY_OK;
}

svy_status svyi_stream_design_finish(const svyi_stream_design *s, svyi_arena *arena, svy_design *out, uint32_t **rank, double **weight, svy_error *err)
{
    size_t groups = s->elements ? s->n_strata : s->n_units;
    uint32_t *strata = svyi_arena_get(arena, 2 * sizeof *strata), *start = svyi_arena_get(arena, (s->n_strata + 2) * sizeof *start);
    *rank = svyi_arena_get(arena, (groups + 1) * sizeof **rank);
    *weight = NULL;
    if (strata == NULL || start == NULL || *rank == NULL)
        return svyi_nomem(err);
    strata[1] = (uint32_t)s->n_strata;
    for (size_t h = 0; h < s->n_strata; h++)
        start[h + 1] = start[h] + (s->elements ? (uint32_t)s->strata[h].rows : s->strata[h].units);
    uint32_t units = start[s->n_strata];
    *out = (svy_design){ .rows = (size_t)s->rows, .n_stages = 1, .elements = s->elements, .n_groups = (uint32_t)groups, .n_psus = units,
                         .lonely = s->spec->lonely, .lonely_domains = s->spec->lonely_domains,
                         .given_df = s->spec->df < 0 ? (double)units - (double)s->n_strata : s->spec->df,
                         .weighted = s->spec->weights != NULL || s->spec->n_fpc > 0 };
    out->stages[0] = (svyi_stage){ .n_strata = (uint32_t)s->n_strata, .n_units = units, .stratum_start = strata };
    for (size_t g = 0; g < groups; g++)
        (*rank)[g] = s->elements ? (uint32_t)g : start[s->units[g].stratum]++;
    for (size_t h = s->n_strata; !s->elements && h > 0; h--)
        start[h] = start[h - 1];
    start[0] = 0;
    out->stages[0].unit_start = start;
    svy_status st = set_population(s, arena, &out->stages[0], weight, err);
    return st == SVY_OK ? name_strata(s, arena, out, err) : st;
}
