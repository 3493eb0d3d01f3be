/* From the sums of a stream to estimates: levels, domains and groups get the order they have when all rows are there at once. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "estimate/stream.h"

typedef struct ending {
    svy_stream *s;
    svyi_arena *arena;             /* of the estimates */
    svyi_arena scratch;
    svy_design design;
    uint32_t *group_rank;
    double *stratum_weight;
    uint32_t *domain_rank;         /* by number; SVYI_NO_NUMBER: no row of positive weight */
    svyi_domains domains;
    svyi_variables variables;
    svyi_pass *passes;
    svy_error *err;
} ending;

/* ---- the order of texts: numbers by value when all are numbers, else by bytes ---- */

typedef struct item { const char *text; double number; uint32_t at; } item;

static int by_bytes(const void *a, const void *b) { return strcmp(((const item *)a)->text, ((const item *)b)->text); }

static int by_number(const void *a, const void *b)
{
    const item *x = a, *y = b;
    return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : by_bytes(a, b);
}

/* rank[number], and copies of the texts in order. */
static svy_status rank_texts(ending *z, const svyi_texts *t, uint32_t **rank, const char ***sorted)
{
    item *items = svyi_arena_get(&z->scratch, (t->count + 1) * sizeof *items);
    int numbers = 1;
    *rank = svyi_arena_get(&z->scratch, (t->count + 1) * sizeof **rank);
    *sorted = svyi_arena_get(z->arena, (t->count + 1) * sizeof **sorted);
    if (items == NULL || *rank == NULL || *sorted == NULL)
        return svyi_nomem(z->err);
    for (size_t i = 0; i < t->count; i++) {
        items[i] = (item){ .text = t->items[i], .at = (uint32_t)i };
        numbers = numbers && svyi_number_parse(t->items[i], strlen(t->items[i]), &items[i].number);
    }
    qsort(items, t->count, sizeof *items, numbers ? by_number : by_bytes);
    for (size_t i = 0; i < t->count; i++) {
        (*rank)[items[i].at] = (uint32_t)i;
        if (((*sorted)[i] = svyi_arena_text(z->arena, items[i].text, strlen(items[i].text))) == NULL)
            return svyi_nomem(z->err);
    }
    return SVY_OK;
}

/* ---- domains ---- */

typedef struct place { uint64_t key; uint32_t number; } place;

static int by_key(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Domains with a row of positive weight, in order; the first by-variable varies fastest. */
static svy_status sort_domains(ending *z, uint32_t *const *rank)
{
    const svy_stream *s = z->s;
    const svyi_stream_pass *pass = &s->passes[0];
    place *places = svyi_arena_get(&z->scratch, (s->domains.count + 1) * sizeof *places);
    size_t n_by = s->spec->n_by;
    if (places == NULL)
        return svyi_nomem(z->err);
    memset(z->domain_rank, 0xFF, (s->domains.count + 1) * sizeof *z->domain_rank);
    for (size_t k = 0; k < pass->sums.count; k++) {
        const svyi_entry *e = &pass->sums.entries[k];
        if (e->weighted + e->missing > 0)
            z->domain_rank[pass->cell_keys[e->cell] >> 32] = 0;
    }
    for (size_t d = 0; d < s->domains.count; d++) {
        uint64_t key = 0;
        uint32_t number;
        if (z->domain_rank[d] == SVYI_NO_NUMBER)
            continue;
        for (size_t k = n_by; k-- > 0;) {
            memcpy(&number, s->domains.items[d] + k * sizeof number, sizeof number);
            key = key * s->by[k].count + rank[k][number];
        }
        places[z->domains.count++] = (place){ key, (uint32_t)d };
    }
    qsort(places, z->domains.count, sizeof *places, by_key);
    for (size_t i = 0; i < z->domains.count; i++)
        z->domain_rank[places[i].number] = (uint32_t)i;
    return SVY_OK;
}

static svy_status make_domains(ending *z)
{
    svy_stream *s = z->s;
    size_t n_by = s->spec->n_by, combinations = 1;
    uint32_t *rank[SVYI_BY_MAX], number;
    const char **sorted[SVYI_BY_MAX];
    svy_status st = SVY_OK;
    z->domains = (svyi_domains){ .n_by = n_by, .left_out = s->left_out };
    for (size_t k = 0; k < n_by && st == SVY_OK; k++) {
        z->domains.names[k] = svyi_arena_text(z->arena, s->spec->by[k], strlen(s->spec->by[k]));
        combinations *= s->by[k].count;
        if (s->by[k].count > SVYI_LEVELS_MAX)
            return svyi_fail(z->err, SVY_E_LIMIT, "'%s' has %zu different values: the limit for a factor is %d", s->spec->by[k], s->by[k].count,
                             SVYI_LEVELS_MAX);
        if (combinations > SVYI_COMBINATIONS_MAX)
            return svyi_fail(z->err, SVY_E_LIMIT, "the by-variables have more than %d combinations: use fewer variables or levels",
                             SVYI_COMBINATIONS_MAX);
        st = z->domains.names[k] != NULL ? rank_texts(z, &s->by[k], &rank[k], &sorted[k]) : svyi_nomem(z->err);
    }
    z->domain_rank = svyi_arena_get(&z->scratch, (s->domains.count + 1) * sizeof *z->domain_rank);
    z->domains.values = svyi_arena_get(z->arena, (s->domains.count * n_by + 1) * sizeof *z->domains.values);
    if (st == SVY_OK && (z->domain_rank == NULL || z->domains.values == NULL))
        st = svyi_nomem(z->err);
    if (st != SVY_OK || (st = sort_domains(z, rank)) != SVY_OK)
        return st;
    for (size_t d = 0; d < s->domains.count; d++)
        for (size_t k = 0; k < n_by && z->domain_rank[d] != SVYI_NO_NUMBER; k++) {
            memcpy(&number, s->domains.items[d] + k * sizeof number, sizeof number);
            z->domains.values[z->domain_rank[d] * n_by + k] = sorted[k][rank[k][number]];
        }
    return z->domains.count > 0 ? SVY_OK : svyi_domains_none(s->spec->where, n_by, z->err);
}

/* ---- variables ---- */

static const char *cell_text(svyi_arena *arena, const svyi_stream_pass *pass, const char *const *const *sorted, uint32_t cell)
{
    size_t len = 0, used = 0;
    uint32_t rest = cell;
    for (size_t k = 0; k < pass->n_factors; rest /= (uint32_t)pass->levels[k].count, k++)
        len += strlen(sorted[k][rest % pass->levels[k].count]) + 1;
    char *text = svyi_arena_get(arena, len + 1);
    rest = cell;
    for (size_t k = 0; text != NULL && k < pass->n_factors; rest /= (uint32_t)pass->levels[k].count, k++) {
        const char *level = sorted[k][rest % pass->levels[k].count];
        if (k > 0)
            text[used++] = ':';
        memcpy(text + used, level, strlen(level));
        used += strlen(level);
    }
    return text;
}

/* Levels of a variable in order; rank[k][number] is the place of a level of factor k. */
static svy_status make_levels(ending *z, svyi_stream_pass *pass, const char *name, uint32_t **rank, svyi_factor *out)
{
    const char ***sorted = svyi_arena_get(&z->scratch, (pass->n_factors + 1) * sizeof *sorted);
    size_t cells = 1;
    svy_status st = sorted != NULL ? SVY_OK : svyi_nomem(z->err);
    for (size_t k = 0; k < pass->n_factors && st == SVY_OK; k++) {
        size_t n = pass->levels[k].count;
        if (n == 0)
            return svyi_fail(z->err, SVY_E_VALUE, "'%s' has no value in any row", name);
        if (n > SVYI_LEVELS_MAX)
            return svyi_fail(z->err, SVY_E_LIMIT, "'%s' has %zu different values: the limit for a factor is %d", name, n, SVYI_LEVELS_MAX);
        if ((cells *= n) > SVYI_LEVELS_MAX)
            return svyi_fail(z->err, SVY_E_LIMIT, "the table has more than %d cells: use fewer variables or levels", SVYI_LEVELS_MAX);
        st = rank_texts(z, &pass->levels[k], &rank[k], &sorted[k]);
    }
    const char **levels = svyi_arena_get(z->arena, (cells + 1) * sizeof *levels);
    if (st != SVY_OK || levels == NULL)
        return st != SVY_OK ? st : svyi_nomem(z->err);
    for (uint32_t c = 0; c < cells; c++)
        if ((levels[c] = cell_text(z->arena, pass, (const char *const *const *)sorted, c)) == NULL)
            return svyi_nomem(z->err);
    *out = (svyi_factor){ .levels = levels, .n_levels = (uint32_t)cells };
    return SVY_OK;
}

/* ---- sums ---- */

/* Final cell of a cell of the pass. */
static uint32_t final_cell(const ending *z, const svyi_stream_pass *pass, uint32_t *const *rank, uint32_t n_levels, uint32_t cell)
{
    uint64_t key = pass->cell_keys[cell];
    uint32_t domain = z->domain_rank[key >> 32], combination = (uint32_t)key, level = 0, number = combination;
    if (domain == SVYI_NO_NUMBER)
        return SVYI_NO_NUMBER;
    for (size_t k = pass->n_factors; k-- > 0;) {
        if (pass->n_factors > 1)
            memcpy(&number, pass->combinations.items[combination] + k * sizeof number, sizeof number);
        level = level * (uint32_t)pass->levels[k].count + rank[k][number];
    }
    return domain * n_levels + level;
}

/* An entry as if its rows had weighed `f`, and not 1. */
static void weigh(const svyi_sums *s, double *values, double f)
{
    size_t m = s->dimension, scatter = s->stride > s->scatter_at ? 2 * m : 0;
    for (size_t i = 0; i < s->scatter_at + scatter; i++)
        values[i] *= f;
    for (size_t i = s->scatter_at + scatter; i < s->stride; i++)
        values[i] *= f * f;
}

/* The entries in the order of groups, those of a group as they came. */
static svy_status sort_sums(ending *z, svyi_stream_pass *pass, uint32_t *const *rank, uint32_t n_levels, svyi_sums *out)
{
    const svy_stream *s = z->s;
    const svyi_sums *in = &pass->sums;
    size_t groups = z->design.n_groups, kept = 0;
    size_t *start = svyi_arena_get(&z->scratch, (groups + 2) * sizeof *start);
    *out = *in;
    out->count = out->capacity = out->room = in->count;
    out->entries = svyi_get(&in->alloc, in->count * sizeof *out->entries);
    out->values = svyi_get(&in->alloc, in->count * in->stride * sizeof *out->values);
    if (start == NULL || out->entries == NULL || out->values == NULL)
        return svyi_nomem(z->err);
    for (size_t k = 0; k < in->count; k++) {
        int keep = final_cell(z, pass, rank, n_levels, in->entries[k].cell) != SVYI_NO_NUMBER;
        start[z->group_rank[in->entries[k].group] + 1] += (size_t)keep;
        kept += (size_t)keep;
    }
    for (size_t g = 0; g < groups; g++)
        start[g + 1] += start[g];
    for (size_t k = 0; k < in->count; k++) {
        const svyi_entry *e = &in->entries[k];
        uint32_t cell = final_cell(z, pass, rank, n_levels, e->cell);
        if (cell == SVYI_NO_NUMBER)
            continue;
        size_t at = start[z->group_rank[e->group]]++;
        out->entries[at] = *e;
        out->entries[at].group = z->group_rank[e->group];
        out->entries[at].cell = cell;
        memcpy(out->values + at * in->stride, in->values + k * in->stride, in->stride * sizeof *out->values);
        if (z->stratum_weight != NULL)
            weigh(in, out->values + at * in->stride, z->stratum_weight[s->design.elements ? e->group : s->design.units[e->group].stratum]);
    }
    out->count = kept;
    return SVY_OK;
}

static svy_status finish_pass(ending *z, size_t i, svyi_factor *factor)
{
    svy_stream *s = z->s;
    svyi_stream_pass *pass = &s->passes[i];
    svyi_pass *out = &z->passes[i];
    size_t width = pass->width, pairs = pass->form == SVYI_FORM_RATIOS ? width / 2 : 0;
    uint32_t **rank = svyi_arena_get(&z->scratch, (pass->n_factors + 1) * sizeof *rank);
    svy_status st = rank != NULL ? SVY_OK : svyi_nomem(z->err);
    if (st == SVY_OK && pass->n_factors > 0)
        st = make_levels(z, pass, s->names[i], rank, factor);
    out->centre = svyi_arena_get(&z->scratch, (z->domains.count * width + 1) * sizeof *out->centre);
    out->slope = svyi_arena_get(&z->scratch, (z->domains.count * pairs + 1) * sizeof *out->slope);
    if (st == SVY_OK && (out->centre == NULL || out->slope == NULL))
        st = svyi_nomem(z->err);
    for (size_t d = 0; st == SVY_OK && d < s->domains.count && width > 0; d++) {
        size_t to = z->domain_rank[d];
        if (to == SVYI_NO_NUMBER)
            continue;
        memcpy(out->centre + to * width, pass->centre + d * width, width * sizeof *out->centre);
        memcpy(out->slope + to * pairs, pass->slope + d * pairs, pairs * sizeof *out->slope);
    }
    if (st == SVY_OK)
        st = sort_sums(z, pass, rank, factor->n_levels > 0 ? factor->n_levels : 1, &out->sums);
    svyi_sums_clear(&pass->sums);
    return st;
}

static svy_status finish_passes(ending *z)
{
    svy_stream *s = z->s;
    svy_status st = SVY_OK;
    z->passes = svyi_arena_get(&z->scratch, (s->n_passes + 1) * sizeof *z->passes);
    z->variables.n_variables = s->n_variables;
    z->variables.variables = svyi_arena_get(&z->scratch, (s->n_variables + 1) * sizeof *z->variables.variables);
    if (z->passes == NULL || z->variables.variables == NULL)
        return svyi_nomem(z->err);
    for (size_t i = 0; i < s->n_variables && st == SVY_OK; i++)
        if ((z->variables.variables[i].name = svyi_arena_text(z->arena, s->names[i], strlen(s->names[i]))) == NULL)
            st = svyi_nomem(z->err);
    for (size_t i = 0; i < s->n_passes && st == SVY_OK; i++)
        st = finish_pass(z, i, &z->variables.variables[i].factor);
    return st;
}

/* A ratio's variables are known by their denominator. */
static void mark_ratios(ending *z)
{
    static const double NOTHING = 0;
    for (size_t i = 0; i < z->variables.n_variables && z->s->spec->statistic == SVY_STAT_RATIO; i++)
        z->variables.variables[i].denominator = &NOTHING;
}

svy_status svyi_stream_estimates(svy_stream *s, svy_estimates *e, svy_error *err)
{
    ending z = { .s = s, .arena = &e->arena, .err = err };
    svyi_arena_init(&z.scratch, s->user_alloc);
    svy_status st = svyi_stream_design_finish(&s->design, &z.scratch, &z.design, &z.group_rank, &z.stratum_weight, err);
    if (st == SVY_OK && (st = make_domains(&z)) == SVY_OK && (st = finish_passes(&z)) == SVY_OK) {
        mark_ratios(&z);
        st = svyi_estimates_of_passes(e, s->spec, &z.design, &z.domains, &z.variables, z.passes, err);
    }
    for (size_t i = 0; z.passes != NULL && i < s->n_passes; i++)
        svyi_sums_clear(&z.passes[i].sums);
    svyi_arena_clear(&z.scratch);
    return st;
}
