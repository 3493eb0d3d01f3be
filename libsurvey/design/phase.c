/* Sampling in two phases: the second is numbered, its probabilities are found, and the weights become those of both. */
#include "design/phase_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/intern.h"

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

static svy_status take_subset(svyi_two *t)
{
    const svy_column *c = svy_frame_find(t->f, t->spec->subset);
    if (c == NULL)
        return svyi_fail(t->err, SVY_E_NAME, "there is no column '%s' for the second phase: name a column that is 1 in its rows and 0 in the others", t->spec->subset);
    t->in = svyi_two_get(t, t->d->rows, 1);
    t->row = svyi_two_get(t, t->d->rows, sizeof *t->row);
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
static svy_status take_column(svyi_two *t, const char *role, const char *name, const svy_column **out)
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

static svy_status number(svyi_two *t, const svy_column *c, uint32_t *out, uint32_t *n)
{
    svy_status st = SVY_OK;
    *n = 1;
    if (c != NULL)
        st = svyi_intern_column(&t->scratch.alloc, c, t->d->rows, out, n, t->err);
    return st;
}

/* PSUs of the second phase are numbered within its strata; a PSU in two strata is refused, as in the first phase. */
static svy_status number_units(svyi_two *t)
{
    uint32_t *cluster = svyi_two_get(t, t->d->rows, sizeof *cluster), n = 0;
    t->stratum = svyi_two_get(t, t->d->rows, sizeof *t->stratum);
    t->psu = svyi_two_get(t, t->d->rows, sizeof *t->psu);
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
    uint32_t *first = svyi_two_get(t, n, sizeof *first);
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

static int complete(const svyi_two *t, const svy_column *c)
{
    for (size_t i = 0; c != NULL && c->missing != NULL && i < t->d->rows; i++)
        if (c->missing[i] != SVY_PRESENT)
            return 0;
    return 1;
}

void svyi_phase2_name(const svyi_two *t, size_t row, char *out, size_t size)
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
static svy_status count_units(svyi_two *t)
{
    uint8_t *seen = svyi_two_get(t, t->n_psus, 1);
    int known = complete(t, t->strata) && complete(t, t->clusters);
    char name[128];
    t->sampled = svyi_two_get(t, t->n_strata, sizeof *t->sampled);
    t->population = svyi_two_get(t, t->n_strata, sizeof *t->population);
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
            svyi_phase2_name(t, i, name, sizeof name);
            return svyi_fail(t->err, SVY_E_VALUE, "no row of stratum %s is in the second phase (row %zu is in the first only): join it with another stratum", name, i + 1);
        }
    for (uint32_t g = 0; !known && g < t->n_strata; g++)
        t->population[g] = nan("");
    return SVY_OK;
}

/* Population sizes or sampling fractions that are given. */
static svy_status take_population(svyi_two *t)
{
    const svy_column *c;
    double smallest = (double)INFINITY, largest = 0;
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
            svyi_phase2_name(t, t->row[k], name, sizeof name);
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (fpc of the second phase) says that %s has a population of %g, but %g were sampled: correct it", c->name, name,
                             t->population[g], t->sampled[g]);
        }
    }
    return SVY_OK;
}

static svy_status find_probabilities(svyi_two *t)
{
    const svy_column *c;
    svy_status st = take_column(t, "probabilities", t->spec->probabilities, &c);
    t->p2 = svyi_two_get(t, t->n, sizeof *t->p2);
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

/* ---- all of it ---- */

/* Probabilities of the first phase by row of the second, and the weights of both. */
static svy_status set_weights(svyi_two *t)
{
    double *w = svyi_two_keep(t, t->d->rows, sizeof *w);
    t->p1 = svyi_two_get(t, t->n, sizeof *t->p1);
    if (w == NULL || t->p1 == NULL)
        return svyi_nomem(t->err);
    for (uint32_t k = 0; k < t->n; k++) {
        double first = t->d->weights[t->row[k]];
        t->p1[k] = first > 0 ? 1 / first : 1;
        if (t->weights != NULL && first > 0 && first < 1 && t->spec->method == SVYI_PHASE2_FULL)
            return svyi_fail(t->err, SVY_E_VALUE, "'%s' (weights) is %g in row %u: a weight of the first phase is 1 over a probability, so at least 1", t->weights, first,
                             t->row[k] + 1);
        w[t->row[k]] = first / t->p2[k];
    }
    t->d->weights = w;
    t->d->weighted = 1;
    return SVY_OK;
}

/* Rows of the second phase by its strata and PSUs, for degrees of freedom. */
static svy_status keep_units(svyi_two *t, svyi_phase2 *out)
{
    uint32_t *start = svyi_two_get(t, (size_t)t->n_psus + t->n_strata + 2, sizeof *start), *by_psu = svyi_two_get(t, t->n, sizeof *by_psu);
    uint32_t *order = svyi_two_keep(t, t->n, sizeof *order), *psu = svyi_two_keep(t, t->n, sizeof *psu), *stratum = svyi_two_keep(t, t->n, sizeof *stratum);
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

static svy_status make(svyi_two *t, svyi_phase2 *out)
{
    svy_status st;
    if ((st = take_subset(t)) != SVY_OK || (st = take_column(t, "strata", t->spec->strata, &t->strata)) != SVY_OK ||
        (st = take_column(t, "clusters", t->spec->clusters, &t->clusters)) != SVY_OK || (st = number_units(t)) != SVY_OK ||
        (st = count_units(t)) != SVY_OK || (st = take_population(t)) != SVY_OK || (st = find_probabilities(t)) != SVY_OK ||
        (st = set_weights(t)) != SVY_OK || (st = keep_units(t, out)) != SVY_OK)
        return st;
    if ((st = svyi_phase2_forms(t)) != SVY_OK)
        return st;
    out->forms = t->forms;
    out->n_forms = t->n_forms;
    return SVY_OK;
}

svy_status svyi_phase2_make(svy_design *d, const svy_frame *f, const svy_design_spec *spec, svy_error *err)
{
    svyi_two t = { .d = d, .f = f, .spec = &spec->phase2, .weights = spec->weights, .err = err };
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
