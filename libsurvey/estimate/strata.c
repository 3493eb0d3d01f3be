/* Strata of the first stage: their PSUs, the lonely ones, and each one's part of a variance. */
#include <survey/strata.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/influence.h"
#include "estimate/parallel.h"
#include "estimate/project.h"

static const double EXHAUSTED = 1e-7;     /* as in the variance */

struct svy_strata {
    svyi_arena arena;
    size_t count;
    svy_stratum *rows;
    double df, df_here;
    size_t lonely[SVYI_STAGES];
};

typedef struct describe {
    svy_strata *s;
    svyi_arena scratch;
    const svy_frame *f;
    const svy_design *d;
    svyi_domains domains;
    size_t n_variables;
    const svy_column **columns;
    uint32_t *stratum, *psu;       /* by row */
    double *mean, *total;          /* of the variables: means, sum of weights */
    double *by_stratum;            /* means by stratum and variable, for joining */
    const svyi_influence *influence;    /* with stratum as domain: what these give is attributed to strata */
    svy_error *err;
} describe;

/* ---- rows and PSUs ---- */

static int is_here(const describe *q, size_t row) { return q->d->weights[row] > 0 && svyi_domain_of(&q->domains, row) != SVYI_NO_DOMAIN; }

static int used(const describe *q, size_t row)
{
    for (size_t k = 0; k < q->n_variables; k++)
        if (q->columns[k]->missing != NULL && q->columns[k]->missing[row] != SVY_PRESENT)
            return 0;
    return is_here(q, row);
}

static void number_rows(describe *q)
{
    const svy_design *d = q->d;
    const svyi_stage *first = &d->stages[0];
    uint32_t h = 0;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            size_t row = d->order != NULL ? d->order[place] : place;
            q->psu[row] = svyi_design_psu(d, g, place);
            while (first->unit_start[h + 1] <= q->psu[row])
                h++;
            q->stratum[row] = h;
        }
}

static svy_status count_rows(describe *q)
{
    uint8_t *seen = svyi_arena_get(&q->scratch, q->d->n_psus + 1);
    if (seen == NULL)
        return svyi_nomem(q->err);
    for (size_t i = 0; i < q->d->rows; i++) {
        svy_stratum *s = &q->s->rows[q->stratum[i]];
        s->rows++;
        if (!is_here(q, i))
            continue;
        s->rows_here++;
        s->weight += q->d->weights[i];
        s->psus_here += !seen[q->psu[i]];
        seen[q->psu[i]] = 1;
    }
    return SVY_OK;
}

/* Share of a stratum's units that was sampled; NaN when it is not known. */
static double sampled(const svyi_stage *stage, uint32_t h)
{
    double n = stage->unit_start[h + 1] - stage->unit_start[h], least = 1;
    if (stage->probability == NULL)
        return stage->population == NULL ? nan("") : n / stage->population[h];
    for (uint32_t u = stage->unit_start[h]; u < stage->unit_start[h + 1]; u++)
        least = fmin(least, stage->probability[u]);
    return least < 1 ? nan("") : 1;
}

static int is_lonely(const svyi_stage *stage, uint32_t h)
{
    double f = sampled(stage, h);
    return stage->unit_start[h + 1] - stage->unit_start[h] == 1 && !(1 - f < EXHAUSTED);
}

static svy_status describe_strata(describe *q)
{
    const svyi_stage *first = &q->d->stages[0];
    char name[512];
    for (uint32_t h = 0; h < first->n_strata; h++) {
        svy_stratum *s = &q->s->rows[h];
        svyi_design_stratum_name(q->d, 0, h, name, sizeof name);
        if ((s->name = svyi_arena_text(&q->s->arena, name, strlen(name))) == NULL)
            return svyi_nomem(q->err);
        s->psus = first->unit_start[h + 1] - first->unit_start[h];
        s->fraction = sampled(first, h);
        s->state = is_lonely(first, h) ? SVY_STRATUM_LONELY : 1 - s->fraction < EXHAUSTED ? SVY_STRATUM_CENSUS
                 : s->rows_here == 0 ? SVY_STRATUM_ABSENT : s->psus_here == 1 ? SVY_STRATUM_LONELY_HERE : SVY_STRATUM_SEVERAL;
    }
    for (int stage = 0; stage < q->d->n_stages; stage++)
        for (uint32_t h = 0; h < q->d->stages[stage].n_strata; h++)
            q->s->lonely[stage] += (size_t)is_lonely(&q->d->stages[stage], h);
    return SVY_OK;
}

/* ---- shares of variances ---- */

static svy_status find_means(describe *q)
{
    size_t m = q->n_variables, strata = q->s->count;
    double *weight = svyi_arena_get(&q->scratch, (strata + 1) * sizeof *weight);
    q->mean = svyi_arena_get(&q->scratch, (m + 1) * sizeof *q->mean);
    q->total = svyi_arena_get(&q->scratch, sizeof *q->total);
    q->by_stratum = svyi_arena_get(&q->scratch, (strata * m + 1) * sizeof *q->by_stratum);
    if (weight == NULL || q->mean == NULL || q->total == NULL || q->by_stratum == NULL)
        return svyi_nomem(q->err);
    for (size_t i = 0; i < q->d->rows; i++) {
        if (!used(q, i))
            continue;
        double w = q->d->weights[i];
        weight[q->stratum[i]] += w;
        *q->total += w;
        for (size_t k = 0; k < m; k++)
            q->by_stratum[q->stratum[i] * m + k] += w * q->columns[k]->numbers[i];
    }
    for (size_t h = 0; h < strata; h++)
        for (size_t k = 0; k < m; k++) {
            q->mean[k] += q->by_stratum[h * m + k] / *q->total;
            q->by_stratum[h * m + k] /= weight[h];
        }
    return SVY_OK;
}

static void mean_influence(const void *user, const uint32_t *row, size_t count, double *z, uint32_t *domain)
{
    const describe *q = user;
    (void)domain;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < q->n_variables; k++)
            *z++ = used(q, row[i]) ? q->d->weights[row[i]] * (q->columns[k]->numbers[row[i]] - q->mean[k]) / *q->total : 0;
}

static void by_stratum(const void *user, const uint32_t *row, size_t count, double *z, uint32_t *domain)
{
    const describe *q = user;
    q->influence->fill(q->influence->user, row, count, z, NULL);
    for (size_t i = 0; domain != NULL && i < count; i++)
        domain[i] = q->stratum[row[i]];
}

/* With strata as domains, the variance of a domain is its stratum's term. */
static svy_status find_shares(describe *q, unsigned threads)
{
    size_t m = q->n_variables, strata = q->s->count;
    double *share = svyi_arena_get(&q->s->arena, (strata * m + 1) * sizeof *share);
    svyi_influence means = { .width = m, .domains = 1, .fill = mean_influence, .user = q }, projected = means;
    svyi_influence split = { .width = m, .domains = strata, .fill = by_stratum, .user = q };
    svy_design known = *q->d;
    known.lonely = SVY_LONELY_CERTAINTY;
    known.adjustments = NULL;
    known.replicates = NULL;
    svy_status st = share != NULL ? SVY_OK : svyi_nomem(q->err);
    if (st == SVY_OK && m > 0 && q->d->adjustments != NULL)
        st = svyi_influence_project(&q->scratch, q->d, &means, &projected, q->err);
    q->influence = &projected;
    if (st == SVY_OK)
        st = svyi_influence_variance(&q->scratch, &known, &split, threads, share, NULL, q->err);
    for (size_t k = 0; st == SVY_OK && k < m; k++) {
        double all = 0;
        for (size_t h = 0; h < strata; h++)
            all += share[h * m + k];
        for (size_t h = 0; h < strata; h++)
            share[h * m + k] = all > 0 && q->d->replicates == NULL ? share[h * m + k] / all : nan("");
    }
    for (size_t h = 0; st == SVY_OK && h < strata; h++)
        q->s->rows[h].share = share + h * m;
    return st;
}

/* ---- lonely strata ---- */

/* How far stratum g is from the lonely stratum h; larger for one that is lonely itself. */
static double distance(const describe *q, size_t h, size_t g)
{
    double far = q->s->rows[g].state == SVY_STRATUM_LONELY ? 1e300 : 0;
    if (q->n_variables == 0)
        return far + fabs((double)g - (double)h) + (g < h ? .5 : 0);
    double off = fabs(q->by_stratum[h * q->n_variables] - q->by_stratum[g * q->n_variables]);
    return isnan(off) ? (double)INFINITY : far + off;
}

static void find_joins(describe *q)
{
    for (size_t h = 0; h < q->s->count; h++) {
        double least = (double)INFINITY;
        for (size_t g = 0; g < q->s->count && q->s->rows[h].state == SVY_STRATUM_LONELY; g++) {
            double x = g == h || q->s->rows[g].state == SVY_STRATUM_CENSUS ? (double)INFINITY : distance(q, h, g);
            if (x < least) {
                least = x;
                q->s->rows[h].join = q->s->rows[g].name;
            }
        }
    }
}

/* ---- the call ---- */

static svy_status take_columns(describe *q, const char *const *variables)
{
    q->columns = svyi_arena_get(&q->scratch, (q->n_variables + 1) * sizeof *q->columns);
    if (q->columns == NULL)
        return svyi_nomem(q->err);
    for (size_t k = 0; k < q->n_variables; k++) {
        q->columns[k] = svy_frame_find(q->f, variables[k]);
        if (q->columns[k] == NULL)
            return svyi_fail(q->err, SVY_E_NAME, "there is no column '%s': name a column of the data", variables[k]);
        if (q->columns[k]->numbers == NULL)
            return svyi_fail(q->err, SVY_E_TYPE, "'%s' is text: the part of a variance that a stratum carries needs a column of numbers", variables[k]);
    }
    return SVY_OK;
}

static svy_status find_df(describe *q)
{
    svyi_domains all;
    svy_status st = svyi_domains_make(&q->scratch, q->f, q->d, NULL, 0, NULL, &all, q->err);
    if (st == SVY_OK)
        st = svyi_degrees_of_freedom(&q->scratch, q->d, &all, &q->s->df, q->err);
    return st == SVY_OK ? svyi_degrees_of_freedom(&q->scratch, q->d, &q->domains, &q->s->df_here, q->err) : st;
}

static svy_status make(describe *q, const char *const *variables, const char *where, unsigned threads)
{
    svy_status st = svyi_domains_make(&q->scratch, q->f, q->d, NULL, 0, where, &q->domains, q->err);
    if (st != SVY_OK || (st = take_columns(q, variables)) != SVY_OK)
        return st;
    q->stratum = svyi_arena_get(&q->scratch, (q->d->rows + 1) * sizeof *q->stratum);
    q->psu = svyi_arena_get(&q->scratch, (q->d->rows + 1) * sizeof *q->psu);
    q->s->count = q->d->stages[0].n_strata;
    q->s->rows = svyi_arena_get(&q->s->arena, (q->s->count + 1) * sizeof *q->s->rows);
    if (q->stratum == NULL || q->psu == NULL || q->s->rows == NULL)
        return svyi_nomem(q->err);
    number_rows(q);
    if ((st = count_rows(q)) != SVY_OK || (st = describe_strata(q)) != SVY_OK || (st = find_means(q)) != SVY_OK || (st = find_df(q)) != SVY_OK ||
        (st = find_shares(q, threads)) != SVY_OK)
        return st;
    find_joins(q);
    return SVY_OK;
}

svy_status svy_strata_new(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const char *const *variables, size_t n_variables,
                          const char *where, unsigned threads, svy_strata **out, svy_error *err)
{
    svyi_arena arena;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(f != NULL && d != NULL && (variables != NULL || n_variables == 0) && svy_frame_rows(f) == svy_design_rows(d), err);
    svyi_arena_init(&arena, alloc);
    svy_strata *s = svyi_arena_get(&arena, sizeof *s);
    if (s == NULL)
        return svyi_nomem(err);
    s->arena = arena;
    describe q = { .s = s, .f = f, .d = d, .n_variables = n_variables, .err = err };
    svyi_arena_init(&q.scratch, alloc);
    svy_status st = make(&q, variables, where, alloc != NULL ? 1 : threads != 0 ? threads : svyi_threads_default());
    svyi_arena_clear(&q.scratch);
    if (st != SVY_OK) {
        svy_strata_free(s);
        return st;
    }
    *out = s;
    return SVY_OK;
}

void svy_strata_free(svy_strata *s)
{
    if (s == NULL)
        return;
    svyi_arena arena = s->arena;     /* the report lives in it */
    svyi_arena_clear(&arena);
}

size_t svy_strata_count(const svy_strata *s) { return s->count; }
const svy_stratum *svy_strata_row(const svy_strata *s, size_t index) { return &s->rows[index]; }
double svy_strata_df(const svy_strata *s) { return s->df; }
double svy_strata_df_here(const svy_strata *s) { return s->df_here; }
size_t svy_strata_lonely(const svy_strata *s, int stage) { return stage >= 0 && stage < SVYI_STAGES ? s->lonely[stage] : 0; }
int svy_design_stages(const svy_design *d) { return d->n_stages; }
