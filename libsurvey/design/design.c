/* Compiling a design: columns become a tree of strata and units, and rows are grouped by its leaves. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "design/intern.h"
#include "design/phase.h"
#include "design/pps.h"
#include "design/replicate.h"
#include "design/tree.h"

/* What compiling needs besides the design: arrays by row, and numbers in order of first appearance until a stage is ranked. */
typedef struct build {
    svy_design *d;
    const svy_frame *f;
    const svy_design_spec *spec;
    svy_alloc alloc;
    int given_stages;              /* as many as clusters, at least 1 */
    int fractions;                 /* fpc are sampling fractions */
    const svy_column *fpc[SVYI_STAGES];
    uint32_t *unit, *stratum;      /* by row: of the stage at hand, then their ranks */
    uint32_t *column;              /* by row: a column's numbers */
    uint32_t n_units, n_strata;
    double *own_weights;
    svy_error *err;
} build;

/* ---- checks of the columns ---- */

/* A value of a column as text, for messages. */
static void column_text(const svy_column *c, size_t row, char *out, size_t size)
{
    char number[32];
    if (c->codes != NULL) {
        snprintf(out, size, "%s", c->levels[c->codes[row]]);
        return;
    }
    svyi_number_format(c->numbers[row], number);
    snprintf(out, size, "%s", number);
}

static svy_status take_column(build *b, const char *role, const char *name, const svy_column **out)
{
    const svy_column *c = svy_frame_find(b->f, name);
    *out = c;
    if (c == NULL)
        return svyi_fail(b->err, SVY_E_NAME, "there is no column '%s' for %s: name a column of the data", name, role);
    for (size_t i = 0; c->missing != NULL && i < b->d->rows; i++)
        if (c->missing[i] != SVY_PRESENT)
            return svyi_fail(b->err, SVY_E_VALUE, "'%s' (%s) is missing in row %zu: fill it in, or leave the row out of the data", name,
                             role, i + 1);
    return SVY_OK;
}

static svy_status take_numbers(build *b, const char *role, const char *name, const svy_column **out)
{
    svy_status st = take_column(b, role, name, out);
    if (st == SVY_OK && (*out)->numbers == NULL)
        return svyi_fail(b->err, SVY_E_TYPE, "'%s' (%s) is text: give a column of numbers", name, role);
    return st;
}

static svy_status take_weights(build *b)
{
    const svy_column *c;
    svy_status st;
    b->d->weighted = b->spec->weights != NULL || b->spec->n_fpc > 0;
    if (b->spec->weights != NULL) {
        if ((st = take_numbers(b, "weights", b->spec->weights, &c)) != SVY_OK)
            return st;
        for (size_t i = 0; i < b->d->rows; i++)
            if (!(c->numbers[i] >= 0 && c->numbers[i] <= 1e300))
                return svyi_fail(b->err, SVY_E_VALUE, "'%s' (weights) is %g in row %zu: a weight is 0 or more, and at most 1e300", c->name, c->numbers[i], i + 1);
        b->d->weights = c->numbers;
        return SVY_OK;
    }
    b->own_weights = svyi_arena_get(&b->d->arena, (b->d->rows + 1) * sizeof(double));
    if (b->own_weights == NULL)
        return svyi_nomem(b->err);
    for (size_t i = 0; i < b->d->rows; i++)
        b->own_weights[i] = 1;
    b->d->weights = b->own_weights;
    return SVY_OK;
}

/* Unequal probabilities: one column per stage. */
static svy_status take_probabilities(build *b)
{
    if (b->spec->n_fpc != (size_t)b->given_stages)
        return svyi_fail(b->err, SVY_E_NAME, "there are %d stages and %zu columns of probabilities: unequal probabilities (--pps) need one fpc column per "
                         "stage", b->given_stages, b->spec->n_fpc);
    for (int s = 0; s < b->given_stages; s++) {
        svy_status st = take_numbers(b, "fpc", b->spec->fpc[s], &b->fpc[s]);
        if (st != SVY_OK)
            return st;
    }
    return SVY_OK;
}

/* All fpc are sizes, or all are fractions: decided over all stages together. */
static svy_status take_fpc(build *b)
{
    const svy_column *small = NULL, *large = NULL;
    size_t small_row = 0, large_row = 0;
    if (b->spec->n_fpc == 0)
        return SVY_OK;
    if (b->spec->n_fpc != (size_t)b->given_stages)
        return svyi_fail(b->err, SVY_E_NAME, "there are %d stages and %zu fpc columns: give one per stage (a stage drawn with replacement ends "
                         "the list of clusters)", b->given_stages, b->spec->n_fpc);
    for (int s = 0; s < b->given_stages; s++) {
        svy_status st = take_numbers(b, "fpc", b->spec->fpc[s], &b->fpc[s]);
        if (st != SVY_OK)
            return st;
        for (size_t i = 0; i < b->d->rows; i++) {
            double x = b->fpc[s]->numbers[i];
            if (!(x > 0))
                return svyi_fail(b->err, SVY_E_VALUE, "'%s' (fpc) is %g in row %zu: give a population size or a sampling fraction above 0",
                                 b->spec->fpc[s], x, i + 1);
            if (x > 1 && large == NULL) { large = b->fpc[s]; large_row = i; }
            if (x < 1 && small == NULL) { small = b->fpc[s]; small_row = i; }
        }
    }
    if (small != NULL && large != NULL)
        return svyi_fail(b->err, SVY_E_VALUE, "fpc mixes population sizes and sampling fractions ('%s' is %g in row %zu, '%s' is %g in row %zu): "
                         "give one kind everywhere", large->name, large->numbers[large_row], large_row + 1, small->name,
                         small->numbers[small_row], small_row + 1);
    b->fractions = large == NULL;
    return SVY_OK;
}

static svy_status take_columns(build *b)
{
    svy_design *d = b->d;
    svy_status st;
    for (size_t s = 0; s < b->spec->n_strata; s++)
        if ((st = take_column(b, "strata", b->spec->strata[s], &d->stratum_columns[s])) != SVY_OK)
            return st;
    for (size_t s = 0; s < b->spec->n_clusters; s++)
        if ((st = take_column(b, "clusters", b->spec->clusters[s], &d->cluster_columns[s])) != SVY_OK)
            return st;
    if ((st = b->spec->pps != SVY_PPS_NONE ? take_probabilities(b) : take_fpc(b)) != SVY_OK)
        return st;
    return take_weights(b);
}

static svy_status check_spec(const svy_frame *f, const svy_design_spec *spec, svy_error *err)
{
    SVY_REQUIRE(f != NULL && spec != NULL, err);
    SVY_REQUIRE(spec->size >= sizeof *spec, err);
    size_t stages = spec->n_clusters > 1 ? spec->n_clusters : 1;
    if (stages > SVYI_STAGES)
        return svyi_fail(err, SVY_E_LIMIT, "there are %zu stages of clusters: the limit is %d", stages, SVYI_STAGES);
    if (spec->n_strata > stages)
        return svyi_fail(err, SVY_E_VALUE, "there are %zu strata columns and %zu stages: give at most one per stage (cross several columns "
                         "into one before)", spec->n_strata, stages);
    if (svy_frame_rows(f) >= UINT32_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "the data have %zu rows: the limit is 4294967294", svy_frame_rows(f));
    if (svy_frame_rows(f) == 0)
        return svyi_fail(err, SVY_E_VALUE, "the data have no rows: a design needs some");
    return SVY_OK;
}

/* ---- one stage: numbers by first appearance, then ranks in the order of the tree ---- */

static void *get(build *b, size_t items, size_t size) { return svyi_arena_get(&b->d->arena, (items + 1) * size); }

/* Which of `n` things row i is, when `by_row` numbers them: the first row of each. */
static uint32_t *first_rows(build *b, const uint32_t *by_row, uint32_t n)
{
    uint32_t *first = get(b, n, sizeof *first), next = 0;
    for (size_t i = 0; first != NULL && i < b->d->rows && next < n; i++)
        if (by_row[i] == next)
            first[next++] = (uint32_t)i;
    return first;
}

/* Things are sorted by the parent that `parent_of_row` gives their first row, in order of appearance within it: start[parent] .. are the ranks
   of its things, rank[] maps number to rank. */
static int rank_by_parent(build *b, const uint32_t *first, uint32_t n, const uint32_t *parent_of_row, uint32_t n_parents,
                          uint32_t **start_out, uint32_t **rank_out)
{
    uint32_t *start = get(b, (size_t)n_parents + 1, sizeof *start), *rank = get(b, n, sizeof *rank);
    *start_out = start;
    *rank_out = rank;
    if (start == NULL || rank == NULL)
        return -1;
    for (uint32_t k = 0; k < n; k++)
        start[parent_of_row[first[k]] + 1]++;
    for (uint32_t p = 0; p < n_parents; p++)
        start[p + 1] += start[p];
    for (uint32_t k = 0; k < n; k++)
        rank[k] = start[parent_of_row[first[k]]]++;
    for (uint32_t p = n_parents; p > 0; p--)
        start[p] = start[p - 1];
    start[0] = 0;
    return 0;
}

static void apply_rank(uint32_t *by_row, size_t rows, const uint32_t *rank)
{
    for (size_t i = 0; i < rows; i++)
        by_row[i] = rank[by_row[i]];
}

/* Strata of stage s inside the units of the stage before (b->unit, ranked). */
static svy_status number_strata(build *b, int s)
{
    svy_design *d = b->d;
    const svy_column *c = d->stratum_columns[s];
    svy_status st;
    uint32_t n = 1;
    if (c == NULL) {
        memcpy(b->stratum, b->unit, d->rows * sizeof *b->stratum);
        b->n_strata = b->n_units;
        if (s == 0)
            return SVY_OK;
        return svyi_intern_pairs(&b->alloc, d->rows, NULL, 1, b->unit, b->n_units, b->stratum, &b->n_strata, b->err);
    }
    if ((st = svyi_intern_column(&b->alloc, c, d->rows, b->stratum, &n, b->err)) != SVY_OK)
        return st;
    return svyi_intern_pairs(&b->alloc, d->rows, b->unit, b->n_units, b->stratum, n, b->stratum, &b->n_strata, b->err);
}

static svy_status split_cluster(build *b, int s, size_t row, size_t other)
{
    char cluster[64], one[64], two[64];
    const svy_column *c = b->d->stratum_columns[s];
    column_text(b->d->cluster_columns[s], row, cluster, sizeof cluster);
    column_text(c, row, one, sizeof one);
    column_text(c, other, two, sizeof two);
    return svyi_fail(b->err, SVY_E_VALUE, "cluster %s = %s lies in two strata, %s = %s (row %zu) and %s (row %zu): use --nest if these are "
                     "different clusters with the same number", b->d->cluster_columns[s]->name, cluster, c->name, one, row + 1, two, other + 1);
}

/* Units of stage s: numbers within the unit of the stage before, and within the stratum when nested. */
static svy_status number_units(build *b, int s)
{
    svy_design *d = b->d;
    uint32_t n = 0;
    svy_status st = svyi_intern_column(&b->alloc, d->cluster_columns[s], d->rows, b->column, &n, b->err);
    if (st != SVY_OK)
        return st;
    if (n == d->rows) {            /* every row is a unit of its own, whatever is around it */
        memcpy(b->unit, b->column, d->rows * sizeof *b->unit);
        b->n_units = n;
        return SVY_OK;
    }
    const uint32_t *around = b->spec->nest ? b->stratum : b->unit;
    st = svyi_intern_pairs(&b->alloc, d->rows, around, b->spec->nest ? b->n_strata : b->n_units, b->column, n, b->unit, &b->n_units, b->err);
    if (st != SVY_OK || b->spec->nest || d->stratum_columns[s] == NULL)
        return st;
    uint32_t *first = first_rows(b, b->unit, b->n_units);
    if (first == NULL)
        return svyi_nomem(b->err);
    for (size_t i = 0; i < d->rows; i++)
        if (b->stratum[i] != b->stratum[first[b->unit[i]]])
            return split_cluster(b, s, first[b->unit[i]], i);
    return SVY_OK;
}

static svy_status set_probabilities(build *b, svyi_stage *stage, int s)
{
    int rows_are_units = stage->unit_start == b->d->group_start && b->d->elements;
    svy_status st = svyi_pps_stage(b->d, s, b->fpc[s], rows_are_units ? NULL : b->unit, b->err);
    for (size_t i = 0; st == SVY_OK && b->spec->weights == NULL && i < b->d->rows; i++)
        b->own_weights[i] /= b->fpc[s]->numbers[i];
    return st;
}

/* Population size by stratum; all rows of a stratum must agree. */
static svy_status set_population(build *b, svyi_stage *stage, int s)
{
    const svy_column *c = b->fpc[s];
    char name[128];
    if (c == NULL)
        return SVY_OK;
    if (b->spec->pps != SVY_PPS_NONE)
        return set_probabilities(b, stage, s);
    double *population = get(b, stage->n_strata, sizeof *population);
    if (population == NULL)
        return svyi_nomem(b->err);
    stage->population = population;
    for (size_t i = 0; i < b->d->rows; i++) {
        uint32_t h = b->stratum[i];
        double first = c->numbers[stage->row[h]];
        if (c->numbers[i] != first) {
            svyi_design_stratum_name(b->d, s, h, name, sizeof name);
            return svyi_fail(b->err, SVY_E_VALUE, "'%s' (fpc of stage %d) is %g in row %zu and %g in row %zu of the same stratum (%s): it must be "
                             "the same in a stratum", c->name, s + 1, first, (size_t)stage->row[h] + 1, c->numbers[i], i + 1, name);
        }
    }
    for (uint32_t h = 0; h < stage->n_strata; h++) {
        double n = stage->unit_start[h + 1] - stage->unit_start[h], x = c->numbers[stage->row[h]];
        population[h] = b->fractions ? n / x : x;
        if (population[h] < n) {
            svyi_design_stratum_name(b->d, s, h, name, sizeof name);
            return svyi_fail(b->err, SVY_E_VALUE, "'%s' (fpc of stage %d) says that %s has a population of %g, but %g were sampled: correct it",
                             c->name, s + 1, name, population[h], n);
        }
    }
    if (b->spec->weights == NULL)
        for (size_t i = 0; i < b->d->rows; i++) {
            uint32_t h = b->stratum[i];
            b->own_weights[i] *= population[h] / (double)(stage->unit_start[h + 1] - stage->unit_start[h]);
        }
    return SVY_OK;
}

void svyi_design_stratum_name(const svy_design *d, int stage, uint32_t stratum, char *out, size_t size)
{
    size_t used = 0, row = d->stages[stage].row[stratum];
    char text[64];
    out[0] = '\0';
    for (int s = 0; s <= stage; s++)
        for (int cluster = 0; cluster < 2; cluster++) {
            const svy_column *c = cluster ? d->cluster_columns[s] : d->stratum_columns[s];
            if (c == NULL || (cluster && s == stage))
                continue;
            column_text(c, row, text, sizeof text);
            int n = snprintf(out + used, size - used, "%s%s = %s", used > 0 ? ", " : "", c->name, text);
            used = n < 0 ? used : used + (size_t)n < size ? used + (size_t)n : size - 1;
        }
    if (used == 0)
        snprintf(out, size, "the only stratum");
}

/* Groups rows by `leaf` (ranks 0..n-1): group_start, and order unless rows come grouped already. */
static int group_rows(build *b, const uint32_t *leaf, uint32_t n)
{
    svy_design *d = b->d;
    uint32_t *start = get(b, (size_t)n + 1, sizeof *start);
    int sorted = 1;
    if (start == NULL)
        return -1;
    d->n_groups = n;
    d->group_start = start;
    for (size_t i = 0; i < d->rows; i++) {
        start[leaf[i] + 1]++;
        sorted &= i == 0 || leaf[i - 1] <= leaf[i];
    }
    for (uint32_t g = 0; g < n; g++)
        start[g + 1] += start[g];
    if (sorted)
        return 0;
    uint32_t *order = get(b, d->rows, sizeof *order);
    if (order == NULL)
        return -1;
    for (size_t i = 0; i < d->rows; i++)
        order[start[leaf[i]]++] = (uint32_t)i;
    for (uint32_t g = n; g > 0; g--)
        start[g] = start[g - 1];
    start[0] = 0;
    d->order = order;
    return 0;
}

/* The first-stage unit of every group. */
static int link_psus(build *b)
{
    svy_design *d = b->d;
    if (d->n_stages == 1)
        return 0;
    uint32_t *psu = get(b, d->n_groups, sizeof *psu), n = d->n_groups;
    if (psu == NULL)
        return -1;
    for (uint32_t g = 0; g < n; g++)
        psu[g] = g;
    for (int s = d->n_stages - 1; s >= 0; s--) {
        const svyi_stage *stage = &d->stages[s];
        uint32_t h = 0, u = 0;
        for (uint32_t g = 0; g < n; g++) {
            uint32_t at = psu[g];
            if (!(d->elements && s == d->n_stages - 1)) {     /* unit -> stratum */
                if (s == 0)
                    break;
                while (stage->unit_start[h + 1] <= at)
                    h++;
                at = h;
            }
            while (s > 0 && stage->stratum_start[u + 1] <= at)
                u++;
            psu[g] = s > 0 ? u : at;
        }
    }
    d->group_psu = psu;
    return 0;
}

static svy_status build_stage(build *b, int s)
{
    svy_design *d = b->d;
    svyi_stage *stage = &d->stages[s];
    uint32_t n_parents = b->n_units, *first, *start, *rank;
    svy_status st = number_strata(b, s);
    if (st != SVY_OK)
        return st;
    stage->n_strata = b->n_strata;
    if ((first = first_rows(b, b->stratum, b->n_strata)) == NULL ||
        rank_by_parent(b, first, b->n_strata, b->unit, n_parents, &start, &rank) != 0)
        return svyi_nomem(b->err);
    stage->stratum_start = start;
    apply_rank(b->stratum, d->rows, rank);
    uint32_t *row = get(b, b->n_strata, sizeof *row);
    if (row == NULL)
        return svyi_nomem(b->err);
    for (uint32_t h = 0; h < b->n_strata; h++)
        row[rank[h]] = first[h];
    stage->row = row;
    int last = s == d->n_stages - 1;
    if (d->cluster_columns[s] == NULL) {
        b->n_units = (uint32_t)d->rows;
    } else if ((st = number_units(b, s)) != SVY_OK) {
        return st;
    }
    stage->n_units = b->n_units;
    if (s == 0)
        d->n_psus = b->n_units;
    if (last && b->n_units == d->rows) {
        d->elements = 1;
        if (group_rows(b, b->stratum, b->n_strata) != 0)
            return svyi_nomem(b->err);
        stage->unit_start = d->group_start;
        return set_population(b, stage, s);
    }
    if ((first = first_rows(b, b->unit, b->n_units)) == NULL ||
        rank_by_parent(b, first, b->n_units, b->stratum, b->n_strata, &start, &rank) != 0)
        return svyi_nomem(b->err);
    stage->unit_start = start;
    apply_rank(b->unit, d->rows, rank);
    if (last && group_rows(b, b->unit, b->n_units) != 0)
        return svyi_nomem(b->err);
    return set_population(b, stage, s);
}

static svy_status build_tree(build *b)
{
    svy_design *d = b->d;
    size_t bytes = (d->rows + 1) * sizeof *b->unit;
    svy_status st = SVY_OK;
    b->unit = svyi_get(&b->alloc, bytes);
    b->stratum = svyi_get(&b->alloc, bytes);
    b->column = svyi_get(&b->alloc, bytes);
    if (b->unit == NULL || b->stratum == NULL || b->column == NULL) {
        st = svyi_nomem(b->err);
    } else {
        memset(b->unit, 0, bytes);
        b->n_units = 1;
        for (int s = 0; s < d->n_stages && st == SVY_OK; s++)
            st = build_stage(b, s);
        if (st == SVY_OK && link_psus(b) != 0)
            st = svyi_nomem(b->err);
    }
    svyi_release(&b->alloc, b->unit, b->unit != NULL ? bytes : 0);
    svyi_release(&b->alloc, b->stratum, b->stratum != NULL ? bytes : 0);
    svyi_release(&b->alloc, b->column, b->column != NULL ? bytes : 0);
    return st;
}

/* Degrees of freedom of the whole design. */
static svy_status whole_df(const svy_design *d, double *df, svy_error *err)
{
    if (d->replicates != NULL)
        return svyi_replicates_df(d, NULL, 1, df, err);
    *df = d->phase2 != NULL ? (double)d->phase2->n_psus - d->phase2->n_strata : (double)d->n_psus - d->stages[0].n_strata;
    return SVY_OK;
}

/* What makes a design more than stages. */
static svy_status add_parts(build *b)
{
    svy_status st = SVY_OK;
    if (b->spec->pps != SVY_PPS_NONE)
        st = svyi_pps_make(b->d, b->f, b->spec, b->err);
    if (st == SVY_OK && b->spec->phase2.subset != NULL)
        st = svyi_phase2_make(b->d, b->f, b->spec, b->err);
    if (st == SVY_OK && b->spec->replicates.type != SVY_REPLICATE_NONE)
        st = svyi_replicates_make(b->d, b->f, &b->spec->replicates, b->err);
    if (st == SVY_OK && b->spec->df < 0)
        st = whole_df(b->d, &b->d->given_df, b->err);
    return st;
}

svy_status svy_design_new(const svy_alloc *alloc, const svy_frame *f, const svy_design_spec *spec, svy_design **out, svy_error *err)
{
    svyi_arena arena;
    build b = { .f = f, .spec = spec, .err = err };
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = check_spec(f, spec, err);
    if (st != SVY_OK)
        return st;
    svyi_arena_init(&arena, alloc);
    b.alloc = arena.alloc;
    b.d = svyi_arena_get(&arena, sizeof *b.d);
    if (b.d == NULL)
        return svyi_nomem(err);
    b.d->arena = arena;
    b.d->rows = svy_frame_rows(f);
    b.d->lonely = spec->lonely;
    b.d->lonely_domains = spec->lonely_domains;
    b.given_stages = spec->n_clusters > 1 ? (int)spec->n_clusters : 1;
    b.d->n_stages = spec->n_fpc > 0 ? b.given_stages : 1;
    b.d->given_df = spec->df > 0 ? spec->df : 0;
    if ((st = take_columns(&b)) == SVY_OK && (st = build_tree(&b)) == SVY_OK)
        st = add_parts(&b);
    if (st != SVY_OK) {
        svy_design_free(b.d);
        return st;
    }
    *out = b.d;
    return SVY_OK;
}

void svy_design_free(svy_design *d)
{
    if (d == NULL)
        return;
    svyi_arena arena = d->arena;      /* the design lives in it */
    svyi_arena_clear(&arena);
}

size_t svy_design_rows(const svy_design *d) { return d->rows; }
const double *svy_design_weights(const svy_design *d) { return d->weights; }
int svy_design_weighted(const svy_design *d) { return d->weighted; }
size_t svy_design_psus(const svy_design *d) { return d->n_psus; }
size_t svy_design_strata(const svy_design *d) { return d->stages[0].n_strata; }
size_t svy_design_replicates(const svy_design *d) { return d->replicates != NULL ? svyi_replicates_count(d->replicates) : 0; }
