/* The variance of both phases as quadratic forms in the influence of the rows of the second: exact, or one phase after the other. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "design/intern.h"
#include "design/phase_priv.h"

static const double EXHAUSTED = 1e-7;     /* as in a stratum of one phase */

/* Rows that share a code have a covariance together. codes NULL: every row is alone. */
typedef struct partition { const uint32_t *codes; uint32_t n; } partition;

/* Covariances divided by probabilities, of one stage of one phase: constant within strata and within units. */
typedef struct factor { partition by[2]; const double *coefficient[2]; int n; } factor;

/* ---- the tree of the first phase, from the rows up ---- */

/* Last i with start[i] <= x. */
static uint32_t range_of(const uint32_t *start, uint32_t n, uint32_t x)
{
    uint32_t low = 0, high = n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (start[middle] <= x) low = middle; else high = middle;
    }
    return low;
}

/* Unit of every stage and its stratum, by row of the second phase. */
static int climb(svyi_two *t, uint32_t *unit[], uint32_t *stratum[])
{
    const svy_design *d = t->d;
    uint32_t *at = svyi_two_get(t, d->rows, sizeof *at);
    for (int s = 0; s < d->n_stages; s++)
        if ((unit[s] = svyi_two_get(t, t->n, sizeof **unit)) == NULL || (stratum[s] = svyi_two_get(t, t->n, sizeof **stratum)) == NULL)
            return -1;
    if (at == NULL)
        return -1;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (uint32_t place = d->group_start[g]; place < d->group_start[g + 1]; place++)
            at[d->order != NULL ? d->order[place] : place] = d->elements ? place : g;
    for (uint32_t k = 0; k < t->n; k++) {
        uint32_t u = at[t->row[k]];
        for (int s = d->n_stages - 1; s >= 0; s--) {
            const svyi_stage *stage = &d->stages[s];
            unit[s][k] = u;
            stratum[s][k] = range_of(stage->unit_start, stage->n_strata, u);
            if (s > 0)
                u = range_of(stage->stratum_start, d->stages[s - 1].n_units, stratum[s][k]);
        }
    }
    return 0;
}

/* ---- forms ---- */

/* Rows of the second phase sorted by code, as a form. */
static int add_form(svyi_two *t, partition p, const double *coefficient, const double *scale)
{
    svyi_quadratic *q = &t->forms[t->n_forms++];
    uint32_t n = p.codes != NULL ? p.n : t->n, *start = svyi_two_keep(t, (size_t)n + 1, sizeof *start), *order = svyi_two_keep(t, t->n, sizeof *order);
    double *c = svyi_two_keep(t, t->n, sizeof *c), *s = scale != NULL ? svyi_two_keep(t, t->n, sizeof *s) : NULL;
    if (start == NULL || order == NULL || c == NULL || (scale != NULL && s == NULL))
        return -1;
    for (uint32_t k = 0; k < t->n; k++)
        start[(p.codes != NULL ? p.codes[k] : k) + 1]++;
    for (uint32_t g = 0; g < n; g++)
        start[g + 1] += start[g];
    for (uint32_t k = 0; k < t->n; k++) {
        uint32_t place = start[p.codes != NULL ? p.codes[k] : k]++;
        order[place] = t->row[k];
        c[place] = coefficient[k];
        if (s != NULL)
            s[place] = scale[k];
    }
    for (uint32_t g = n; g > 0; g--)
        start[g] = start[g - 1];
    start[0] = 0;
    *q = (svyi_quadratic){ n, start, order, c, s };
    return 0;
}

/* Adds what the chosen parts of the chosen factors have together: pick[i] is 0 for none, otherwise the part + 1. */
static int add_product(svyi_two *t, const factor *factors, const int *pick, int n)
{
    partition p = { NULL, 0 };
    double *c = svyi_two_get(t, t->n, sizeof *c), sign = -1;
    int alone = 0, first = 1;
    if (c == NULL)
        return -1;
    for (uint32_t k = 0; k < t->n; k++)
        c[k] = 1;
    for (int i = 0; i < n; i++) {
        if (pick[i] == 0)
            continue;
        const partition *q = &factors[i].by[pick[i] - 1];
        for (uint32_t k = 0; k < t->n; k++)
            c[k] *= factors[i].coefficient[pick[i] - 1][k];
        sign = -sign;
        alone |= q->codes == NULL;
        if (alone || first) {
            p = *q;
        } else {
            uint32_t *codes = svyi_two_get(t, t->n, sizeof *codes);
            if (codes == NULL || svyi_intern_pairs(&t->scratch.alloc, t->n, p.codes, p.n, q->codes, q->n, codes, &p.n, NULL) != SVY_OK)
                return -1;
            p.codes = codes;
        }
        first = 0;
    }
    alone |= p.n == t->n;
    for (uint32_t k = 0; k < t->n; k++)
        c[k] *= sign;
    for (uint32_t k = 0; alone && k < t->n; k++)
        t->alone[k] += c[k];
    return alone ? 0 : add_form(t, p, c, NULL);
}

/* With D the covariances of inclusion over the probabilities of inclusion, 1 - D is the product of the 1 - D of all stages of both phases. */
static int add_products(svyi_two *t, const factor *factors, int n)
{
    int pick[SVYI_STAGES + 1] = { 0 };
    for (;;) {
        int i = 0;
        while (i < n && pick[i] == factors[i].n)
            pick[i++] = 0;
        if (i == n)
            return 0;
        pick[i]++;
        if (add_product(t, factors, pick, n) != 0)
            return -1;
    }
}

/* The covariances of simple random sampling of units in strata: 1 - p on the same unit, -(1 - p)/(n - 1) on another of its stratum. */
static int make_factor(svyi_two *t, factor *out, partition strata, partition units, const double *p, const double *n, int replacement)
{
    double *between = svyi_two_get(t, t->n, sizeof *between), *within = svyi_two_get(t, t->n, sizeof *within);
    if (between == NULL || within == NULL)
        return -1;
    for (uint32_t k = 0; k < t->n; k++) {
        between[k] = replacement || n[k] < 2 ? 0 : -(1 - p[k]) / (n[k] - 1);
        within[k] = 1 - p[k] - between[k];
    }
    *out = replacement ? (factor){ { units }, { within }, 1 } : (factor){ { units, strata }, { within, between }, 2 };
    return 0;
}

static int rows_alone(svyi_two *t, factor *out)
{
    double *one = svyi_two_get(t, t->n, sizeof *one);
    for (uint32_t k = 0; one != NULL && k < t->n; k++)
        one[k] = 1;
    *out = (factor){ { { NULL, 0 } }, { one }, 1 };
    return one != NULL ? 0 : -1;
}

/* One stage of the first phase. */
static int first_phase(svyi_two *t, int s, factor *out, uint32_t *unit, uint32_t *stratum)
{
    const svyi_stage *stage = &t->d->stages[s];
    double *p = svyi_two_get(t, t->n, sizeof *p), *n = svyi_two_get(t, t->n, sizeof *n);
    int rows = t->d->elements && s == t->d->n_stages - 1;
    if (p == NULL || n == NULL)
        return -1;
    for (uint32_t k = 0; k < t->n; k++) {
        n[k] = stage->unit_start[stratum[k] + 1] - stage->unit_start[stratum[k]];
        p[k] = t->d->n_stages == 1 ? t->p1[k] : n[k] / stage->population[stratum[k]];
    }
    partition units = { rows ? NULL : unit, stage->n_units }, strata = { stratum, stage->n_strata };
    return make_factor(t, out, strata, units, p, n, stage->population == NULL);
}

static svy_status full_forms(svyi_two *t, uint32_t *unit[], uint32_t *stratum[])
{
    const svy_design *d = t->d;
    factor factors[SVYI_STAGES + 1];
    int n = d->n_stages, certain = d->stages[0].population == NULL;
    uint32_t *g = svyi_two_get(t, t->n, sizeof *g), *b = svyi_two_get(t, t->n, sizeof *b);
    double *units = svyi_two_get(t, t->n, sizeof *units);
    if (g == NULL || b == NULL || units == NULL)
        return svyi_nomem(t->err);
    if (n > 5)
        return svyi_fail(t->err, SVY_E_LIMIT, "the first phase has %d stages: the limit with --phase2-method full is 5; approx needs one", n);
    for (uint32_t k = 0; k < t->n; k++) {
        g[k] = t->stratum[t->row[k]];
        b[k] = t->psu[t->row[k]];
        units[k] = t->sampled[g[k]];
        certain &= t->p1[k] == 1;
    }
    size_t most = 1;
    for (int i = 0; i <= n; i++)
        most *= 3;
    t->forms = svyi_two_keep(t, most + 1, sizeof *t->forms);
    partition strata = { g, t->n_strata }, psus = { t->clusters != NULL ? b : NULL, t->n_psus };
    int failed = t->forms == NULL || make_factor(t, &factors[n], strata, psus, t->p2, units, 0) != 0;
    for (int s = 0; s < n && !failed && !certain; s++)
        failed = first_phase(t, s, &factors[s], unit[s], stratum[s]) != 0;
    if (!failed && certain)
        failed = rows_alone(t, &factors[0]) != 0;
    return failed || add_products(t, factors, n + 1) != 0 ? svyi_nomem(t->err) : SVY_OK;
}

/* ---- the shorter method: phases one after another ---- */

static svy_status lonely(const svyi_two *t, size_t row, int phase)
{
    char name[128];
    if (phase == 2)
        svyi_phase2_name(t, row, name, sizeof name);
    else
        snprintf(name, sizeof name, "of row %zu", row + 1);
    return svyi_fail(t->err, SVY_E_NUMERIC, "stratum %s has only one PSU in phase %d, so its variance cannot be estimated: join it with another stratum, or choose "
                     "--lonely-psu remove, adjust, average or certainty", name, phase);
}

/* Share of the PSUs of each cell of `by` (a stratum) whose PSU of the first phase has rows in the second. */
static svy_status find_shares(svyi_two *t, const uint32_t *unit_of_row, uint32_t n_units, const uint32_t *by, uint32_t n_by, double *share)
{
    uint32_t *pair = svyi_two_get(t, t->d->rows, sizeof *pair), n = 0;
    double *all = svyi_two_get(t, n_by, sizeof *all), *some = svyi_two_get(t, n_by, sizeof *some);
    if (pair == NULL || all == NULL || some == NULL)
        return svyi_nomem(t->err);
    svy_status st = svyi_intern_pairs(&t->scratch.alloc, t->d->rows, unit_of_row, n_units, by, n_by, pair, &n, t->err);
    uint8_t *seen = svyi_two_get(t, n, 1);
    if (st != SVY_OK || seen == NULL)
        return st != SVY_OK ? st : svyi_nomem(t->err);
    for (size_t i = 0; i < t->d->rows; i++) {
        all[by[i]] += !(seen[pair[i]] & 1);
        some[by[i]] += t->in[i] && !(seen[pair[i]] & 2);
        seen[pair[i]] |= t->in[i] ? 3 : 1;
    }
    for (uint32_t k = 0; k < t->n; k++)
        share[k] = some[by[t->row[k]]] / all[by[t->row[k]]];
    return SVY_OK;
}

/* Units and strata of the only stage of the first phase by row of the data. */
static void number_first(const svyi_two *t, uint32_t *unit, uint32_t *stratum)
{
    const svy_design *d = t->d;
    uint32_t h = 0;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (uint32_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            size_t row = d->order != NULL ? d->order[place] : place;
            unit[row] = d->elements ? place : g;
            while (d->stages[0].unit_start[h + 1] <= unit[row])
                h++;
            stratum[row] = h;
        }
}

/* With the rule AVERAGE other strata stand in for the lonely ones. */
static double stand_in(const svyi_two *t, size_t strata, size_t lonely_ones)
{
    return t->d->lonely == SVY_LONELY_AVERAGE ? (double)strata / (double)(strata - lonely_ones) : 1;
}

static double left_in_first(const svyi_stage *stage, uint32_t h)
{
    return stage->population != NULL ? 1 - (stage->unit_start[h + 1] - stage->unit_start[h]) / stage->population[h] : 1;
}

/* Phase one: every PSU stands for 1/share of those of its stratum, the mean is that of all. */
static svy_status approximate_first(svyi_two *t, const uint32_t *unit, const uint32_t *stratum, const double *share)
{
    const svyi_stage *stage = &t->d->stages[0];
    uint32_t *u = svyi_two_get(t, t->n, sizeof *u), *h = svyi_two_get(t, t->n, sizeof *h), *units = svyi_two_get(t, stage->n_strata, sizeof *units);
    double *inverse = svyi_two_get(t, stage->n_strata, sizeof *inverse), *by_unit = svyi_two_get(t, t->n, sizeof *by_unit), *by_stratum = svyi_two_get(t, t->n, sizeof *by_stratum);
    double *of_unit = svyi_two_get(t, stage->n_units, sizeof *of_unit);       /* the share of a PSU is that of its first row, as in R */
    if (u == NULL || h == NULL || units == NULL || inverse == NULL || by_unit == NULL || by_stratum == NULL || of_unit == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; k < t->n; k++) {
        u[k] = unit[t->row[k]];
        h[k] = stratum[t->row[k]];
        if (of_unit[u[k]] == 0) {
            of_unit[u[k]] = share[k];
            units[h[k]]++;
            inverse[h[k]] += 1 / share[k];
        }
    }
    size_t strata_used = 0, lonely_ones = 0;
    for (uint32_t g = 0; g < stage->n_strata; g++) {
        strata_used += units[g] > 0;
        lonely_ones += units[g] == 1 && left_in_first(stage, g) >= EXHAUSTED;
    }
    for (uint32_t k = 0; k < t->n; k++) {
        double n = stage->unit_start[h[k] + 1] - stage->unit_start[h[k]], left = left_in_first(stage, h[k]) * stand_in(t, strata_used, lonely_ones);
        if (left < EXHAUSTED)
            continue;
        if (units[h[k]] < 2 && t->d->lonely == SVY_LONELY_FAIL)
            return lonely(t, t->row[k], 1);
        double c = units[h[k]] < 2 ? (t->d->lonely == SVY_LONELY_ADJUST ? left : 0) : left * n / (n - 1);
        by_unit[k] = c * (units[h[k]] < 2 ? 1 : of_unit[u[k]]);
        by_stratum[k] = units[h[k]] < 2 ? 0 : c * (inverse[h[k]] / (n * n) - 2 / n);
    }
    partition psus = { t->d->elements ? NULL : u, stage->n_units }, strata = { h, stage->n_strata };
    return add_form(t, psus, by_unit, NULL) != 0 || add_form(t, strata, by_stratum, NULL) != 0 ? svyi_nomem(t->err) : SVY_OK;
}

static double left_in_second(const svyi_two *t, uint32_t g) { return isnan(t->population[g]) ? 1 : 1 - t->sampled[g] / t->population[g]; }

static svy_status approximate_second(svyi_two *t, const double *scale)
{
    uint32_t *b = svyi_two_get(t, t->n, sizeof *b), *g = svyi_two_get(t, t->n, sizeof *g);
    double *by_unit = svyi_two_get(t, t->n, sizeof *by_unit), *by_stratum = svyi_two_get(t, t->n, sizeof *by_stratum);
    if (b == NULL || g == NULL || by_unit == NULL || by_stratum == NULL)
        return svyi_nomem(t->err);
    size_t strata_used = 0, lonely_ones = 0;
    for (uint32_t s = 0; s < t->n_strata; s++) {
        strata_used += t->sampled[s] > 0;
        lonely_ones += t->sampled[s] == 1 && left_in_second(t, s) >= EXHAUSTED;
    }
    for (uint32_t k = 0; k < t->n; k++) {
        b[k] = t->psu[t->row[k]];
        g[k] = t->stratum[t->row[k]];
        double n = t->sampled[g[k]], left = left_in_second(t, g[k]) * stand_in(t, strata_used, lonely_ones);
        if (left < EXHAUSTED)
            continue;
        if (n < 2 && t->d->lonely == SVY_LONELY_FAIL)
            return lonely(t, t->row[k], 2);
        by_unit[k] = n < 2 ? (t->d->lonely == SVY_LONELY_ADJUST ? left : 0) : left * n / (n - 1);
        by_stratum[k] = n < 2 ? 0 : -left / (n - 1);
    }
    partition psus = { t->clusters != NULL ? b : NULL, t->n_psus }, strata = { g, t->n_strata };
    return add_form(t, psus, by_unit, scale) != 0 || add_form(t, strata, by_stratum, scale) != 0 ? svyi_nomem(t->err) : SVY_OK;
}

/* 1: two PSUs of the second phase lie in one of the first. */
static int subsampled(const svyi_two *t, const uint32_t *unit, uint8_t *seen_unit, uint8_t *seen_psu)
{
    for (uint32_t k = 0; k < t->n; k++) {
        uint32_t i = t->row[k];
        if (seen_psu[t->psu[i]])
            continue;
        if (seen_unit[unit[i]])
            return 1;
        seen_psu[t->psu[i]] = seen_unit[unit[i]] = 1;
    }
    return 0;
}

static svy_status approximate(svyi_two *t)
{
    const svyi_stage *stage = &t->d->stages[0];
    uint32_t *unit = svyi_two_get(t, t->d->rows, sizeof *unit), *stratum = svyi_two_get(t, t->d->rows, sizeof *stratum);
    uint8_t *seen_unit = svyi_two_get(t, stage->n_units, 1), *seen_psu = svyi_two_get(t, t->n_psus, 1);
    double *share = svyi_two_get(t, t->n, sizeof *share), *scale = svyi_two_get(t, t->n, sizeof *scale);
    t->forms = svyi_two_keep(t, 5, sizeof *t->forms);
    if (unit == NULL || stratum == NULL || seen_unit == NULL || seen_psu == NULL || share == NULL || scale == NULL || t->forms == NULL)
        return svyi_nomem(t->err);
    if (t->d->n_stages > 1)
        return svyi_fail(t->err, SVY_E_ARG, "the first phase has %d stages: --phase2-method approx needs one, full takes them", t->d->n_stages);
    number_first(t, unit, stratum);
    svy_status st = t->strata != NULL ? find_shares(t, unit, stage->n_units, t->stratum, t->n_strata, share)
                                      : find_shares(t, unit, stage->n_units, stratum, stage->n_strata, share);
    for (uint32_t k = 0; k < t->n; k++)
        scale[k] = sqrt(t->p1[k]);
    if (st == SVY_OK)
        st = approximate_first(t, unit, stratum, share);
    if (st == SVY_OK)
        st = approximate_second(t, subsampled(t, unit, seen_unit, seen_psu) ? scale : NULL);
    return st;
}

svy_status svyi_phase2_forms(svyi_two *t)
{
    uint32_t *unit[SVYI_STAGES], *stratum[SVYI_STAGES];
    if (t->spec->method != SVYI_PHASE2_FULL)
        return approximate(t);
    t->alone = svyi_two_get(t, t->n, sizeof *t->alone);
    if (t->alone == NULL || climb(t, unit, stratum) != 0)
        return svyi_nomem(t->err);
    svy_status st = full_forms(t, unit, stratum);
    if (st == SVY_OK && add_form(t, (partition){ NULL, 0 }, t->alone, NULL) != 0)
        st = svyi_nomem(t->err);
    return st;
}
