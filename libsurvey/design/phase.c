/* Sampling in two phases: the second is numbered, its probabilities found, and the variance of both written as quadratic forms. */
#include "design/phase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/intern.h"

enum { FULL, APPROX, SIMPLE };
static const double EXHAUSTED = 1e-7;     /* as in a stratum of one phase */

/* Rows that share a code have a covariance together. codes NULL: every row is alone. */
typedef struct partition { const uint32_t *codes; uint32_t n; } partition;

/* Covariances divided by probabilities, of one stage of one phase: constant within strata and within units. */
typedef struct factor { partition by[2]; const double *coefficient[2]; int n; } factor;

typedef struct two {
    svy_design *d;
    const svy_frame *f;
    const svy_phase_spec *spec;
    const char *weights;
    svyi_arena scratch;
    uint8_t *in;                   /* by row: in the second phase */
    uint32_t n;                    /* rows of the second phase */
    uint32_t *row;                 /* those rows */
    const svy_column *strata, *clusters;
    uint32_t *stratum, *psu;       /* of the second phase, by row of the data */
    uint32_t n_strata, n_psus;
    double *sampled, *population;  /* PSUs by stratum of the second phase; population NaN: not known */
    double *p1, *p2;               /* probabilities by row of the second phase */
    svyi_quadratic *forms; size_t n_forms;
    double *alone;                 /* coefficient of every row's square, the sum of all forms of single rows */
    svy_error *err;
} two;

static void *get(two *t, size_t items, size_t size) { return svyi_arena_get(&t->scratch, (items + 1) * size); }
static void *keep(two *t, size_t items, size_t size) { return svyi_arena_get(&t->d->arena, (items + 1) * size); }

/* ---- who is in the second phase, its strata and PSUs ---- */

static int is_true(const svy_column *c, size_t row)
{
    static const char *const TRUE_WORDS[] = { "1", "true", "TRUE", "True", "T", "yes" };
    if (c->numbers != NULL)
        return c->numbers[row] != 0;
    for (size_t i = 0; i < sizeof TRUE_WORDS / sizeof TRUE_WORDS[0]; i++)
        if (strcmp(c->levels[c->codes[row]], TRUE_WORDS[i]) == 0)
            return 1;
    return 0;
}

static svy_status take_subset(two *t)
{
    const svy_column *c = svy_frame_find(t->f, t->spec->subset);
    if (c == NULL)
        return svyi_fail(t->err, SVY_E_NAME, "there is no column '%s' for the second phase: name a column that is 1 in its rows and 0 in the others", t->spec->subset);
    t->in = get(t, t->d->rows, 1);
    t->row = get(t, t->d->rows, sizeof *t->row);
    if (t->in == NULL || t->row == NULL)
        return svyi_nomem(t->err);
    for (size_t i = 0; i < t->d->rows; i++) {
        if (c->missing != NULL && c->missing[i] != SVY_PRESENT)
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (second phase) is missing in row %zu: write 0 or 1", c->name, i + 1);
        if (c->numbers != NULL && c->numbers[i] != 0 && c->numbers[i] != 1)
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (second phase) is %g in row %zu: write 1 for a row of the second phase, otherwise 0", c->name, c->numbers[i], i + 1);
        if (is_true(c, i)) {
            t->in[i] = 1;
            t->row[t->n++] = (uint32_t)i;
        }
    }
    return t->n > 0 ? SVY_OK : svyi_fail(t->err, SVY_E_VALUE, "no row is in the second phase: '%s' is 0 everywhere", c->name);
}

/* A column of the second phase; it may be missing outside when its population is told otherwise. */
static svy_status take_column(two *t, const char *role, const char *name, const svy_column **out)
{
    *out = NULL;
    if (name == NULL)
        return SVY_OK;
    const svy_column *c = *out = svy_frame_find(t->f, name);
    if (c == NULL)
        return svyi_fail(t->err, SVY_E_NAME, "there is no column '%s' for %s of the second phase: name a column of the data", name, role);
    for (size_t i = 0; c->missing != NULL && i < t->d->rows; i++)
        if (t->in[i] && c->missing[i] != SVY_PRESENT)
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (%s of the second phase) is missing in row %zu: fill it in", name, role, i + 1);
    return SVY_OK;
}

static svy_status number(two *t, const svy_column *c, uint32_t *out, uint32_t *n)
{
    svy_status st = SVY_OK;
    *n = 1;
    if (c != NULL)
        st = svyi_intern_column(&t->scratch.alloc, c, t->d->rows, out, n, t->err);
    return st;
}

/* PSUs of the second phase are numbered within its strata; a PSU in two strata is refused, as in the first phase. */
static svy_status number_units(two *t)
{
    uint32_t *cluster = get(t, t->d->rows, sizeof *cluster), n = 0;
    t->stratum = get(t, t->d->rows, sizeof *t->stratum);
    t->psu = get(t, t->d->rows, sizeof *t->psu);
    if (cluster == NULL || t->stratum == NULL || t->psu == NULL)
        return svyi_nomem(t->err);
    svy_status st = number(t, t->strata, t->stratum, &t->n_strata);
    if (st != SVY_OK)
        return st;
    if (t->clusters == NULL) {
        for (size_t i = 0; i < t->d->rows; i++)
            t->psu[i] = (uint32_t)i;
        t->n_psus = (uint32_t)t->d->rows;
        return SVY_OK;
    }
    if ((st = number(t, t->clusters, cluster, &n)) != SVY_OK)
        return st;
    st = svyi_intern_pairs(&t->scratch.alloc, t->d->rows, t->stratum, t->n_strata, cluster, n, t->psu, &t->n_psus, t->err);
    uint32_t *first = get(t, n, sizeof *first);
    if (first == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; st == SVY_OK && k < t->n; k++) {
        uint32_t i = t->row[k], other = first[cluster[i]];
        if (other > 0 && t->stratum[other - 1] != t->stratum[i])
            return svyi_fail(t->err, SVY_E_VALUE, "a cluster of the second phase ('%s') lies in two of its strata ('%s'), in rows %u and %u: number the clusters "
                             "differently in each", t->clusters->name, t->strata->name, other, i + 1);
        first[cluster[i]] = i + 1;
    }
    return st;
}

/* ---- probabilities ---- */

static int complete(const two *t, const svy_column *c)
{
    for (size_t i = 0; c != NULL && c->missing != NULL && i < t->d->rows; i++)
        if (c->missing[i] != SVY_PRESENT)
            return 0;
    return 1;
}

static void stratum_name(const two *t, size_t row, char *out, size_t size)
{
    const svy_column *c = t->strata;
    if (c == NULL)
        snprintf(out, size, "the only stratum");
    else if (c->codes != NULL)
        snprintf(out, size, "%s = %s", c->name, c->levels[c->codes[row]]);
    else
        snprintf(out, size, "%s = %g", c->name, c->numbers[row]);
}

/* Sampled PSUs by stratum, and those of the whole first phase when the columns are there for all its rows. */
static svy_status count_units(two *t)
{
    uint8_t *seen = get(t, t->n_psus, 1);
    int known = complete(t, t->strata) && complete(t, t->clusters);
    char name[128];
    t->sampled = get(t, t->n_strata, sizeof *t->sampled);
    t->population = get(t, t->n_strata, sizeof *t->population);
    if (seen == NULL || t->sampled == NULL || t->population == NULL)
        return svyi_nomem(t->err);
    for (size_t i = 0; i < t->d->rows; i++) {
        if (!(seen[t->psu[i]] & 1))
            t->population[t->stratum[i]]++;
        if (t->in[i] && !(seen[t->psu[i]] & 2))
            t->sampled[t->stratum[i]]++;
        seen[t->psu[i]] |= t->in[i] ? 3 : 1;
    }
    for (size_t i = 0; known && i < t->d->rows; i++)
        if (t->sampled[t->stratum[i]] == 0) {
            stratum_name(t, i, name, sizeof name);
            return svyi_fail(t->err, SVY_E_VALUE, "no row of stratum %s is in the second phase (row %zu is in the first only): join it with another stratum", name, i + 1);
        }
    for (uint32_t g = 0; !known && g < t->n_strata; g++)
        t->population[g] = nan("");
    return SVY_OK;
}

/* Population sizes or sampling fractions that are given. */
static svy_status take_population(two *t)
{
    const svy_column *c;
    double smallest = INFINITY, largest = 0;
    char name[128];
    svy_status st = take_column(t, "fpc", t->spec->fpc, &c);
    if (st != SVY_OK || c == NULL)
        return st;
    if (c->numbers == NULL)
        return svyi_fail(t->err, SVY_E_TYPE, "'%s' (fpc of the second phase) is text: give a column of numbers", c->name);
    for (uint32_t k = 0; k < t->n; k++) {
        smallest = fmin(smallest, c->numbers[t->row[k]]);
        largest = fmax(largest, c->numbers[t->row[k]]);
    }
    if (!(smallest > 0) || (smallest < 1 && largest > 1))
        return svyi_fail(t->err, SVY_E_VALUE, "'%s' (fpc of the second phase) goes from %g to %g: give population sizes, all 1 or more, or sampling fractions, all "
                         "above 0 and at most 1", c->name, smallest, largest);
    for (uint32_t k = 0; k < t->n; k++) {
        uint32_t g = t->stratum[t->row[k]];
        double x = c->numbers[t->row[k]];
        t->population[g] = largest <= 1 ? t->sampled[g] / x : x;
        if (t->population[g] < t->sampled[g]) {
            stratum_name(t, t->row[k], name, sizeof name);
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (fpc of the second phase) says that %s has a population of %g, but %g were sampled: correct it", c->name, name,
                             t->population[g], t->sampled[g]);
        }
    }
    return SVY_OK;
}

static svy_status find_probabilities(two *t)
{
    const svy_column *c;
    svy_status st = take_column(t, "probabilities", t->spec->probabilities, &c);
    t->p2 = get(t, t->n, sizeof *t->p2);
    if (st != SVY_OK)
        return st;
    if (t->p2 == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; k < t->n; k++) {
        uint32_t g = t->stratum[t->row[k]];
        double p = t->p2[k] = c != NULL && c->numbers != NULL ? c->numbers[t->row[k]] : t->sampled[g] / t->population[g];
        if (c != NULL && !(p > 0 && p <= 1))
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (probability of the second phase) is %g in row %u: it is above 0 and at most 1", c->name, p, t->row[k] + 1);
        if (isnan(p))
            return svyi_fail(t->err, SVY_E_VALUE, "the second phase has strata or clusters that are missing in some rows of the first, so its probabilities cannot be "
                             "counted: give --phase2-fpc or --phase2-probs");
    }
    return SVY_OK;
}

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
static int climb(two *t, uint32_t *unit[], uint32_t *stratum[])
{
    const svy_design *d = t->d;
    uint32_t *at = get(t, d->rows, sizeof *at);
    for (int s = 0; s < d->n_stages; s++)
        if ((unit[s] = get(t, t->n, sizeof **unit)) == NULL || (stratum[s] = get(t, t->n, sizeof **stratum)) == NULL)
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
static int add_form(two *t, partition p, const double *coefficient, const double *scale)
{
    svyi_quadratic *q = &t->forms[t->n_forms++];
    uint32_t n = p.codes != NULL ? p.n : t->n, *start = keep(t, (size_t)n + 1, sizeof *start), *order = keep(t, t->n, sizeof *order);
    double *c = keep(t, t->n, sizeof *c), *s = scale != NULL ? keep(t, t->n, sizeof *s) : NULL;
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
static int add_product(two *t, const factor *factors, const int *pick, int n)
{
    partition p = { NULL, 0 };
    double *c = get(t, t->n, sizeof *c), sign = -1;
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
            uint32_t *codes = get(t, t->n, sizeof *codes);
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
static int add_products(two *t, const factor *factors, int n)
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
static int make_factor(two *t, factor *out, partition strata, partition units, const double *p, const double *n, int replacement)
{
    double *between = get(t, t->n, sizeof *between), *within = get(t, t->n, sizeof *within);
    if (between == NULL || within == NULL)
        return -1;
    for (uint32_t k = 0; k < t->n; k++) {
        between[k] = replacement || n[k] < 2 ? 0 : -(1 - p[k]) / (n[k] - 1);
        within[k] = 1 - p[k] - between[k];
    }
    *out = replacement ? (factor){ { units }, { within }, 1 } : (factor){ { units, strata }, { within, between }, 2 };
    return 0;
}

static int rows_alone(two *t, factor *out)
{
    double *one = get(t, t->n, sizeof *one);
    for (uint32_t k = 0; one != NULL && k < t->n; k++)
        one[k] = 1;
    *out = (factor){ { { NULL, 0 } }, { one }, 1 };
    return one != NULL ? 0 : -1;
}

/* One stage of the first phase. */
static int first_phase(two *t, int s, factor *out, uint32_t *unit, uint32_t *stratum)
{
    const svyi_stage *stage = &t->d->stages[s];
    double *p = get(t, t->n, sizeof *p), *n = get(t, t->n, sizeof *n);
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

static svy_status full_forms(two *t, uint32_t *unit[], uint32_t *stratum[])
{
    const svy_design *d = t->d;
    factor factors[SVYI_STAGES + 1];
    int n = d->n_stages, certain = d->stages[0].population == NULL;
    uint32_t *g = get(t, t->n, sizeof *g), *b = get(t, t->n, sizeof *b);
    double *units = get(t, t->n, sizeof *units);
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
    t->forms = keep(t, most + 1, sizeof *t->forms);
    partition strata = { g, t->n_strata }, psus = { t->clusters != NULL ? b : NULL, t->n_psus };
    int failed = t->forms == NULL || make_factor(t, &factors[n], strata, psus, t->p2, units, 0) != 0;
    for (int s = 0; s < n && !failed && !certain; s++)
        failed = first_phase(t, s, &factors[s], unit[s], stratum[s]) != 0;
    if (!failed && certain)
        failed = rows_alone(t, &factors[0]) != 0;
    return failed || add_products(t, factors, n + 1) != 0 ? svyi_nomem(t->err) : SVY_OK;
}

/* ---- the shorter method: phases one after another ---- */

static svy_status lonely(const two *t, size_t row, int phase)
{
    char name[128];
    if (phase == 2)
        stratum_name(t, row, name, sizeof name);
    else
        snprintf(name, sizeof name, "of row %zu", row + 1);
    return svyi_fail(t->err, SVY_E_NUMERIC, "stratum %s has only one PSU in phase %d, so its variance cannot be estimated: join it with another stratum, or choose "
                     "--lonely-psu remove, adjust or certainty", name, phase);
}

/* Share of the PSUs of each cell of `by` (a stratum) whose PSU of the first phase has rows in the second. */
static svy_status find_shares(two *t, const uint32_t *unit_of_row, uint32_t n_units, const uint32_t *by, uint32_t n_by, double *share)
{
    uint32_t *pair = get(t, t->d->rows, sizeof *pair), n = 0;
    double *all = get(t, n_by, sizeof *all), *some = get(t, n_by, sizeof *some);
    if (pair == NULL || all == NULL || some == NULL)
        return svyi_nomem(t->err);
    svy_status st = svyi_intern_pairs(&t->scratch.alloc, t->d->rows, unit_of_row, n_units, by, n_by, pair, &n, t->err);
    uint8_t *seen = get(t, n, 1);
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
static void number_first(const two *t, uint32_t *unit, uint32_t *stratum)
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

/* Phase one: every PSU stands for 1/share of those of its stratum, the mean is that of all. */
static svy_status approximate_first(two *t, const uint32_t *unit, const uint32_t *stratum, const double *share)
{
    const svyi_stage *stage = &t->d->stages[0];
    uint32_t *u = get(t, t->n, sizeof *u), *h = get(t, t->n, sizeof *h), *units = get(t, stage->n_strata, sizeof *units);
    double *inverse = get(t, stage->n_strata, sizeof *inverse), *by_unit = get(t, t->n, sizeof *by_unit), *by_stratum = get(t, t->n, sizeof *by_stratum);
    uint8_t *seen = get(t, stage->n_units, 1);
    if (u == NULL || h == NULL || units == NULL || inverse == NULL || by_unit == NULL || by_stratum == NULL || seen == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; k < t->n; k++) {
        u[k] = unit[t->row[k]];
        h[k] = stratum[t->row[k]];
        if (!seen[u[k]]) {
            seen[u[k]] = 1;
            units[h[k]]++;
            inverse[h[k]] += 1 / share[k];
        }
    }
    for (uint32_t k = 0; k < t->n; k++) {
        double n = stage->unit_start[h[k] + 1] - stage->unit_start[h[k]];
        double left = stage->population != NULL ? 1 - n / stage->population[h[k]] : 1;
        if (left < EXHAUSTED)
            continue;
        if (units[h[k]] < 2 && t->d->lonely == SVY_LONELY_FAIL)
            return lonely(t, t->row[k], 1);
        double c = units[h[k]] < 2 ? (t->d->lonely == SVY_LONELY_ADJUST ? left : 0) : left * n / (n - 1);
        by_unit[k] = c * (units[h[k]] < 2 ? 1 : share[k]);
        by_stratum[k] = units[h[k]] < 2 ? 0 : c * (inverse[h[k]] / (n * n) - 2 / n);
    }
    partition psus = { t->d->elements ? NULL : u, stage->n_units }, strata = { h, stage->n_strata };
    return add_form(t, psus, by_unit, NULL) != 0 || add_form(t, strata, by_stratum, NULL) != 0 ? svyi_nomem(t->err) : SVY_OK;
}

static svy_status approximate_second(two *t, const double *scale)
{
    uint32_t *b = get(t, t->n, sizeof *b), *g = get(t, t->n, sizeof *g);
    double *by_unit = get(t, t->n, sizeof *by_unit), *by_stratum = get(t, t->n, sizeof *by_stratum);
    if (b == NULL || g == NULL || by_unit == NULL || by_stratum == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; k < t->n; k++) {
        b[k] = t->psu[t->row[k]];
        g[k] = t->stratum[t->row[k]];
        double n = t->sampled[g[k]], left = isnan(t->population[g[k]]) ? 1 : 1 - n / t->population[g[k]];
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
static int subsampled(const two *t, const uint32_t *unit, uint8_t *seen_unit, uint8_t *seen_psu)
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

static svy_status approximate(two *t)
{
    const svyi_stage *stage = &t->d->stages[0];
    uint32_t *unit = get(t, t->d->rows, sizeof *unit), *stratum = get(t, t->d->rows, sizeof *stratum);
    uint8_t *seen_unit = get(t, stage->n_units, 1), *seen_psu = get(t, t->n_psus, 1);
    double *share = get(t, t->n, sizeof *share), *scale = get(t, t->n, sizeof *scale);
    t->forms = keep(t, 5, sizeof *t->forms);
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

/* ---- all of it ---- */

/* Probabilities of the first phase by row of the second, and the weights of both. */
static svy_status set_weights(two *t)
{
    double *w = keep(t, t->d->rows, sizeof *w);
    t->p1 = get(t, t->n, sizeof *t->p1);
    if (w == NULL || t->p1 == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; k < t->n; k++) {
        double first = t->d->weights[t->row[k]];
        t->p1[k] = first > 0 ? 1 / first : 1;
        if (t->weights != NULL && first > 0 && first < 1 && t->spec->method == FULL)
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (weights) is %g in row %u: a weight of the first phase is 1 over a probability, so at least 1", t->weights, first,
                             t->row[k] + 1);
        w[t->row[k]] = first / t->p2[k];
    }
    t->d->weights = w;
    t->d->weighted = 1;
    return SVY_OK;
}

/* Rows of the second phase by its strata and PSUs, for degrees of freedom. */
static svy_status keep_units(two *t, svyi_phase2 *out)
{
    uint32_t *start = get(t, (size_t)t->n_psus + t->n_strata + 2, sizeof *start), *by_psu = get(t, t->n, sizeof *by_psu);
    uint32_t *order = keep(t, t->n, sizeof *order), *psu = keep(t, t->n, sizeof *psu), *stratum = keep(t, t->n, sizeof *stratum);
    if (start == NULL || by_psu == NULL || order == NULL || psu == NULL || stratum == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; k < t->n; k++)
        start[t->psu[t->row[k]] + 1]++;
    for (uint32_t i = 0; i < t->n_psus; i++) {
        out->n_psus += start[i + 1] > 0;
        start[i + 1] += start[i];
    }
    for (uint32_t k = 0; k < t->n; k++)
        by_psu[start[t->psu[t->row[k]]]++] = t->row[k];
    memset(start, 0, ((size_t)t->n_strata + 1) * sizeof *start);
    for (uint32_t k = 0; k < t->n; k++)
        start[t->stratum[t->row[k]] + 1]++;
    for (uint32_t g = 0; g < t->n_strata; g++) {
        out->n_strata += start[g + 1] > 0;
        start[g + 1] += start[g];
    }
    for (uint32_t k = 0; k < t->n; k++) {
        uint32_t place = start[t->stratum[by_psu[k]]]++;
        order[place] = by_psu[k];
        psu[place] = t->psu[by_psu[k]];
        stratum[place] = t->stratum[by_psu[k]];
    }
    out->rows = t->n;
    out->order = order;
    out->psu = psu;
    out->stratum = stratum;
    return SVY_OK;
}

static svy_status make(two *t, svyi_phase2 *out)
{
    uint32_t *unit[SVYI_STAGES], *stratum[SVYI_STAGES];
    svy_status st;
    if ((st = take_subset(t)) != SVY_OK || (st = take_column(t, "strata", t->spec->strata, &t->strata)) != SVY_OK ||
        (st = take_column(t, "clusters", t->spec->clusters, &t->clusters)) != SVY_OK || (st = number_units(t)) != SVY_OK ||
        (st = count_units(t)) != SVY_OK || (st = take_population(t)) != SVY_OK || (st = find_probabilities(t)) != SVY_OK ||
        (st = set_weights(t)) != SVY_OK || (st = keep_units(t, out)) != SVY_OK)
        return st;
    t->alone = get(t, t->n, sizeof *t->alone);
    if (t->alone == NULL || climb(t, unit, stratum) != 0)
        return svyi_nomem(t->err);
    st = t->spec->method == FULL ? full_forms(t, unit, stratum) : approximate(t);
    if (st != SVY_OK)
        return st;
    if (t->spec->method == FULL && add_form(t, (partition){ NULL, 0 }, t->alone, NULL) != 0)
        return svyi_nomem(t->err);
    out->forms = t->forms;
    out->n_forms = t->n_forms;
    return SVY_OK;
}

svy_status svyi_phase2_make(svy_design *d, const svy_frame *f, const svy_design_spec *spec, svy_error *err)
{
    two t = { .d = d, .f = f, .spec = &spec->phase2, .weights = spec->weights, .err = err };
    svyi_phase2 *out = svyi_arena_get(&d->arena, sizeof *out);
    if (out == NULL)
        return svyi_nomem(err);
    if (d->pps != NULL || spec->replicates.type != SVY_REPLICATE_NONE)
        return svyi_fail(err, SVY_E_ARG, "two phases go neither with --pps nor with --replicates: leave one of them out");
    svyi_arena_init(&t.scratch, &d->arena.alloc);
    svy_status st = make(&t, out);
    svyi_arena_clear(&t.scratch);
    d->phase2 = out;
    return st;
}
