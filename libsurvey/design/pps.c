/* Sampling with unequal probabilities: coefficients of units, quadratic forms, and the matrix of joint probabilities. */
#include "design/pps.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

enum { JOINT_MAX = 10000 };

static void *get(svy_design *d, size_t items, size_t size) { return svyi_arena_get(&d->arena, (items + 1) * size); }
static size_t row_at(const svy_design *d, size_t place) { return d->order != NULL ? d->order[place] : place; }

/* ---- probabilities ---- */

static svy_status check_probability(const svy_column *c, size_t row, svy_error *err)
{
    double p = c->numbers[row];
    if (p > 0 && p <= 1)
        return SVY_OK;
    return svyi_fail(err, SVY_E_VALUE, "'%s' (probability) is %g in row %zu: an inclusion probability is above 0 and at most 1", c->name, p, row + 1);
}

svy_status svyi_pps_stage(svy_design *d, int stage, const svy_column *c, const uint32_t *unit_of_row, svy_error *err)
{
    svyi_stage *s = &d->stages[stage];
    double *p = get(d, s->n_units, sizeof *p);
    if (p == NULL)
        return svyi_nomem(err);
    s->probability = p;
    for (size_t place = 0; place < d->rows; place++) {
        size_t row = unit_of_row != NULL ? place : row_at(d, place), unit = unit_of_row != NULL ? unit_of_row[row] : place;
        double x = c->numbers[row];
        svy_status st = check_probability(c, row, err);
        if (st != SVY_OK)
            return st;
        if (p[unit] != 0 && p[unit] != x)
            return svyi_fail(err, SVY_E_VALUE, "'%s' (probability of stage %d) is %g in row %zu and %g in another row of the same cluster: it must be "
                             "the same in a cluster", c->name, stage + 1, x, row + 1, p[unit]);
        p[unit] = x;
    }
    return SVY_OK;
}

/* ---- coefficients: pi_ij as a_i + a_j + b off the diagonal ---- */

typedef struct approximation { const svy_column *column; double number; int given; svy_pps method; } approximation;

/* The mean of squared probabilities that Hartley and Rao's approximation needs: given, or estimated by the mean of the sample's probabilities. */
static svy_status find_sum(const svy_frame *f, const svy_design_spec *spec, approximation *a, svy_error *err)
{
    char *end;
    *a = (approximation){ .method = spec->pps };
    if (spec->pps_sum == NULL)
        return SVY_OK;
    a->given = 1;
    a->column = svy_frame_find(f, spec->pps_sum);
    a->number = strtod(spec->pps_sum, &end);
    if (a->column != NULL && a->column->numbers == NULL)
        return svyi_fail(err, SVY_E_TYPE, "'%s' (sum of squared probabilities) is text: give a number or a column of numbers", spec->pps_sum);
    if (a->column == NULL && (*end != '\0' || end == spec->pps_sum || !(a->number >= 0 && a->number <= 1)))
        return svyi_fail(err, SVY_E_VALUE, "'%s' is no sum of squared probabilities: give a number from 0 to 1, the population's sum of p^2 divided by the "
                         "sample size, or a column that has it for every stratum", spec->pps_sum);
    return SVY_OK;
}

/* a_i = slope * p_i, and b, of stratum h of the first stage. */
static void coefficients(const svy_design *d, const approximation *a, uint32_t h, double *slope, double *b)
{
    const svyi_stage *s = &d->stages[0];
    double n = s->unit_start[h + 1] - s->unit_start[h], sum = 0;
    for (uint32_t u = s->unit_start[h]; u < s->unit_start[h + 1]; u++)
        sum += s->probability[u];
    double mean_square = a->given ? (a->column != NULL ? a->column->numbers[s->row[h]] : a->number) : sum / n;
    *slope = n < 2 ? 0 : a->method == SVY_PPS_OVERTON ? 0.5 / (n - 1) : 1 / (n - 1);
    *b = n < 2 ? 0 : a->method == SVY_PPS_OVERTON ? -1 / (n - 1) : -(1 + mean_square) / (n - 1);
}

/* ---- Brewer, Yates-Grundy: a coefficient for every unit's squared deviation ---- */

static svy_status spread_stage(svy_design *d, const approximation *a, svyi_stage *s, svy_error *err)
{
    double *c = get(d, s->n_units, sizeof *c);
    if (c == NULL)
        return svyi_nomem(err);
    s->spread = c;
    for (uint32_t h = 0; h < s->n_strata; h++) {
        double n = s->unit_start[h + 1] - s->unit_start[h], slope = 0, b = 0, sum = 0;
        if (a->method != SVY_PPS_BREWER)
            coefficients(d, a, h, &slope, &b);
        for (uint32_t u = s->unit_start[h]; u < s->unit_start[h + 1]; u++)
            sum += s->probability[u];
        for (uint32_t u = s->unit_start[h]; u < s->unit_start[h + 1]; u++)
            c[u] = a->method == SVY_PPS_BREWER ? (1 - s->probability[u]) * n / (n - 1) : -(slope * (n * s->probability[u] + sum) + n * b);
    }
    return SVY_OK;
}

/* ---- Horvitz-Thompson: forms over PSUs and strata ---- */

/* The rows of every PSU (or stratum) as ranges of the design's order: numbers of the first rows' places. */
static uint32_t *starts(svy_design *d, int strata)
{
    const svyi_stage *s = &d->stages[0];
    uint32_t n = strata ? s->n_strata : s->n_units, *start = get(d, (size_t)n + 1, sizeof *start);
    for (uint32_t i = 0; start != NULL && i <= n; i++) {
        uint32_t unit = strata ? s->unit_start[i] : i;
        start[i] = d->elements ? unit : d->group_start[unit];
    }
    return start;
}

static svy_status add_form(svy_design *d, svyi_quadratic *q, int strata, const approximation *a, svy_error *err)
{
    const svyi_stage *s = &d->stages[0];
    double *c = get(d, d->rows, sizeof *c);
    *q = (svyi_quadratic){ .n_groups = strata ? s->n_strata : s->n_units, .order = d->order, .start = starts(d, strata), .coefficient = c };
    if (c == NULL || q->start == NULL)
        return svyi_nomem(err);
    for (uint32_t h = 0; h < s->n_strata; h++) {
        double slope = 0, b = 0;
        if (a->method != SVY_PPS_POISSON)
            coefficients(d, a, h, &slope, &b);
        for (uint32_t u = s->unit_start[h]; u < s->unit_start[h + 1]; u++) {
            double p = s->probability[u], pairs = 2 * slope * p + b;
            uint32_t end = d->elements ? u + 1 : d->group_start[u + 1];
            for (uint32_t place = d->elements ? u : d->group_start[u]; place < end; place++)
                c[place] = strata ? pairs : 1 - p - pairs;
        }
    }
    return SVY_OK;
}

static svy_status add_forms(svy_design *d, svyi_pps *pps, const approximation *a, svy_error *err)
{
    svyi_quadratic *forms = get(d, 2, sizeof *forms);
    if (forms == NULL)
        return svyi_nomem(err);
    pps->forms = forms;
    pps->n_forms = a->method == SVY_PPS_POISSON ? 1 : 2;
    svy_status st = add_form(d, &forms[0], 0, a, err);
    return st == SVY_OK && pps->n_forms == 2 ? add_form(d, &forms[1], 1, a, err) : st;
}

/* ---- given joint probabilities ---- */

static svy_status check_joint(const svy_design *d, const svy_frame *joint, size_t *skip, svy_error *err)
{
    size_t rows = svy_frame_rows(joint), columns = svy_frame_columns(joint);
    *skip = columns == rows + 1;                    /* a first column of row names */
    if (rows != d->rows || columns - *skip != rows)
        return svyi_fail(err, SVY_E_VALUE, "the joint probabilities have %zu rows and %zu columns, but the data have %zu rows: give a header line, and a row "
                         "and a column for every row of the data", rows, columns, d->rows);
    if (rows > JOINT_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "there are joint probabilities of %zu rows: the limit is %d; --pps overton or hr needs none", rows, JOINT_MAX);
    for (size_t j = 0; j < rows; j++) {
        const svy_column *c = svy_frame_column(joint, j + *skip);
        if (c->numbers == NULL || c->missing != NULL)
            return svyi_fail(err, SVY_E_TYPE, "column %zu of the joint probabilities has something that is no number: correct it", j + *skip + 1);
    }
    return SVY_OK;
}

static svy_status joint_value(const svy_frame *joint, size_t skip, size_t i, size_t j, double *out, svy_error *err)
{
    double p = svy_frame_column(joint, j + skip)->numbers[i], q = svy_frame_column(joint, i + skip)->numbers[j];
    *out = p;
    if (p == 0)
        return svyi_fail(err, SVY_E_VALUE, "rows %zu and %zu have the joint probability 0: units that can never be drawn together leave the variance without "
                         "an estimate", i + 1, j + 1);
    if (!(p > 0 && p <= 1))
        return svyi_fail(err, SVY_E_VALUE, "the joint probability of rows %zu and %zu is %g: it is above 0 and at most 1", i + 1, j + 1, p);
    if (fabs(p - q) > 1e-9)
        return svyi_fail(err, SVY_E_VALUE, "the joint probability of rows %zu and %zu is %g, but that of %zu and %zu is %g: the matrix must be symmetric",
                         i + 1, j + 1, p, j + 1, i + 1, q);
    return SVY_OK;
}

static svy_status check_diagonal(const svy_design *d, const svy_frame *joint, size_t skip, svy_error *err)
{
    const svyi_stage *s = &d->stages[0];
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (uint32_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            size_t row = row_at(d, place);
            double p = s->probability[svyi_design_psu(d, g, place)], diagonal = svy_frame_column(joint, row + skip)->numbers[row];
            if (!(fabs(diagonal - p) <= 1e-4 * p))
                return svyi_fail(err, SVY_E_VALUE, "the diagonal of the joint probabilities is %g in row %zu, but the probability of that row is %g: give the "
                                 "rows in the same order in both", diagonal, row + 1, p);
        }
    return SVY_OK;
}

static svy_status take_joint(svy_design *d, svyi_pps *pps, const svy_design_spec *spec, svy_error *err)
{
    size_t n = d->rows, skip;
    if (spec->joint == NULL)
        return svyi_fail(err, SVY_E_ARG, "there are no joint probabilities: give their file by --joint");
    svy_status st = check_joint(d, spec->joint, &skip, err);
    if (st == SVY_OK)
        st = check_diagonal(d, spec->joint, skip, err);
    if (st != SVY_OK)
        return st;
    double *out = get(d, n * n, sizeof *out), p;
    if (out == NULL)
        return svyi_nomem(err);
    pps->joint = out;
    for (size_t i = 0; i < n; i++) {
        double pi = svy_frame_column(spec->joint, i + skip)->numbers[i];
        for (size_t j = 0; j < n; j++) {
            if ((st = joint_value(spec->joint, skip, i, j, &p, err)) != SVY_OK)
                return st;
            double c = (p - pi * svy_frame_column(spec->joint, j + skip)->numbers[j]) / p;
            out[i * n + j] = fabs(c) < spec->joint_tolerance ? 0 : c;
        }
    }
    return SVY_OK;
}

/* ---- all of it ---- */

svy_status svyi_pps_make(svy_design *d, const svy_frame *f, const svy_design_spec *spec, svy_error *err)
{
    approximation a;
    svyi_pps *pps = get(d, 1, sizeof *pps);
    if (pps == NULL)
        return svyi_nomem(err);
    d->pps = pps;
    pps->method = spec->pps;
    pps->variance = spec->pps_variance;
    svy_status st = find_sum(f, spec, &a, err);
    if (st != SVY_OK)
        return st;
    if (spec->pps_variance == SVY_PPS_YATES_GRUNDY && (spec->pps == SVY_PPS_BREWER || spec->pps == SVY_PPS_POISSON))
        return svyi_fail(err, SVY_E_ARG, "the Yates-Grundy variance needs joint probabilities of a sample of fixed size: choose --pps overton, hr or joint");
    if (spec->pps != SVY_PPS_BREWER && d->n_stages > 1)
        return svyi_fail(err, SVY_E_ARG, "only --pps brewer goes with more than one stage: give one column of clusters and one of probabilities");
    if (spec->pps == SVY_PPS_JOINT)
        return take_joint(d, pps, spec, err);
    if (spec->pps != SVY_PPS_BREWER && spec->pps_variance == SVY_PPS_HORVITZ_THOMPSON)
        return add_forms(d, pps, &a, err);
    for (int s = 0; s < d->n_stages && st == SVY_OK; s++)
        st = spread_stage(d, &a, &d->stages[s], err);
    return st;
}
