/* Calibration: the step that multiplies weights by F(x'eta) so that totals are hit, by Newton's method on cells, clusters or rows. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"
#include "design/calfun.h"

enum { STEPS_MAX = 400, HALVINGS_MAX = 60, NAME_MAX_BYTES = 160 };
static const double RESCALED_FROM = 20;      /* R's: totals that far above the sample's are reached by first scaling all weights */

/* What a calibration step is, for all weights it will see. */
typedef struct calibration {
    svy_calibration method;
    int bounded, on_weights, cells;          /* cells: what is kept is g by unit, otherwise the scale and eta */
    double lower, upper;
    const svyi_auxiliary *x;
    const double *totals;                    /* by column */
} calibration;

/* One solution being found. */
typedef struct solver {
    const calibration *c;
    const svyi_auxiliary *x;
    const double *weight;                    /* by unit: sums */
    double *own;                             /* the same where units are not rows */
    double scale;
    double *eta, *trial, *misfit, *size, *step, *next;
    svyi_gram gram;
    unsigned iterations;
} solver;

/* ---- evaluating ---- */

static double factor(const calibration *c, double scale, double weight, double u, double *slope)
{
    double lower = c->bounded ? c->lower : -HUGE_VAL, upper = c->bounded ? c->upper : HUGE_VAL;
    if (c->on_weights && weight > 0) {
        lower /= weight;
        upper /= weight;
    }
    return scale * svyi_calibration_factor(c->method, lower, upper, u, slope);
}

static double linear_part(const svyi_auxiliary *x, size_t unit, svyi_sparse e, const double *eta)
{
    double u = 0;
    for (size_t k = 0; k < e.n; k++)
        u += e.value[k] * eta[e.column[k]];
    return x->sigma2 != NULL ? u / x->sigma2[unit] : u;
}

/* misfit = totals - what they are at eta; size = what is added up for them, against which rounding is judged; and the matrix of the slopes, not yet
   factored. @return 0, -1: not finite. */
static int evaluate(solver *s, const double *eta, double *misfit)
{
    double slope;
    svyi_gram_clear(&s->gram);
    memcpy(misfit, s->c->totals, s->x->columns * sizeof *misfit);
    for (size_t k = 0; k < s->x->columns; k++)
        s->size[k] = fabs(misfit[k]);
    for (size_t u = 0; u < s->x->n_units; u++) {
        double w = s->weight[u];
        if (w == 0)
            continue;
        svyi_sparse e = svyi_auxiliary_row(s->x, u, s->gram.columns, s->gram.values);
        double g = w * factor(s->c, s->scale, w, linear_part(s->x, u, e, eta), &slope);
        for (size_t k = 0; k < e.n; k++) {
            misfit[e.column[k]] -= g * e.value[k];
            s->size[e.column[k]] += fabs(g * e.value[k]);
        }
        if (slope > 0)
            svyi_gram_add(&s->gram, e, s->scale * w * slope / (s->x->sigma2 != NULL ? s->x->sigma2[u] : 1));
    }
    for (size_t k = 0; k < s->x->columns; k++)
        if (!isfinite(misfit[k]))
            return -1;
    return 0;
}

/* The largest misfit relative to what is added up. */
static double worst(const solver *s, const double *misfit, size_t *column)
{
    double most = 0;
    *column = 0;
    for (size_t k = 0; k < s->x->columns; k++)
        if (s->size[k] > 0 && fabs(misfit[k]) / s->size[k] > most) {
            most = fabs(misfit[k]) / s->size[k];
            *column = k;
        }
    return most;
}

/* Matrix of the slopes at eta where a slope of less than `floor` counts as that: for where bounds leave too few rows to move. @return its rank. */
static size_t floored_slopes(solver *s, const double *eta, double floor)
{
    svyi_gram_clear(&s->gram);
    for (size_t u = 0; u < s->x->n_units; u++) {
        double w = s->weight[u], slope = 1;
        if (w == 0)
            continue;
        svyi_sparse e = svyi_auxiliary_row(s->x, u, s->gram.columns, s->gram.values);
        factor(s->c, s->scale, w, linear_part(s->x, u, e, eta), &slope);
        if (slope < floor)
            slope = floor;
        svyi_gram_add(&s->gram, e, s->scale * w * slope / (s->x->sigma2 != NULL ? s->x->sigma2[u] : 1));
    }
    return svyi_gram_factor(&s->gram);
}

/* ---- Newton's method ---- */

/* Goes along `step` as far as the misfit along it does not turn around (the equations are the slope of a convex function). @return 1 when eta has moved. */
static int search(solver *s, double before)
{
    size_t n = s->x->columns, column;
    double along = 0, length = 1;
    for (size_t k = 0; k < n; k++)
        along += s->misfit[k] * s->step[k];
    for (int half = 0; half < HALVINGS_MAX; half++, length /= 2) {
        double now = 0;
        for (size_t k = 0; k < n; k++)
            s->trial[k] = s->eta[k] + length * s->step[k];
        if (evaluate(s, s->trial, s->next) != 0)
            continue;
        for (size_t k = 0; k < n; k++)
            now += s->next[k] * s->step[k];
        if (now >= -0.9 * fabs(along) || worst(s, s->next, &column) < before) {
            memcpy(s->eta, s->trial, n * sizeof *s->eta);
            memcpy(s->misfit, s->next, n * sizeof *s->misfit);
            return 1;
        }
    }
    return 0;
}

static svy_status give_up(const solver *s, size_t column, svy_error *err)
{
    char name[NAME_MAX_BYTES];
    svyi_auxiliary_name(s->x, column, name, sizeof name);
    return svyi_fail(err, SVY_E_NUMERIC, "the totals cannot be hit%s: %s comes to %.6g instead of %.6g: %s", s->c->bounded ? " within the bounds" : "", name,
                     s->c->totals[column] - s->misfit[column], s->c->totals[column],
                     s->c->bounded ? "widen the bounds, or join levels" : "join levels with few rows, or check that the totals of all margins agree");
}

/* Newton's steps until rounding is all that is left. */
static svy_status solve_equations(solver *s, svy_error *err)
{
    size_t n = s->x->columns, column, full = s->c->bounded ? floored_slopes(s, s->eta, 1) : 0;
    if (evaluate(s, s->eta, s->misfit) != 0)
        return svyi_fail(err, SVY_E_NUMERIC, "the weighted totals of the sample are not finite: check the auxiliary variables");
    double now = worst(s, s->misfit, &column);
    for (s->iterations = 0; now > 2 * DBL_EPSILON; s->iterations++) {
        double before = now;
        if (s->iterations >= STEPS_MAX)
            return give_up(s, column, err);
        if (svyi_gram_factor(&s->gram) < full)
            (void)floored_slopes(s, s->eta, 0.01);
        memcpy(s->step, s->misfit, n * sizeof *s->step);
        svyi_gram_solve(&s->gram, s->step);
        int moved = search(s, before);
        now = worst(s, s->misfit, &column);
        if (before <= 1e-9 && (!moved || now > before / 4))
            break;
        if (!moved)
            return give_up(s, column, err);
    }
    return SVY_OK;
}

/* A total that nobody in the sample can add to. */
static svy_status check_reachable(const solver *s, svy_error *err)
{
    char name[NAME_MAX_BYTES];
    for (size_t u = 0; u < s->x->n_units; u++) {
        svyi_sparse e = svyi_auxiliary_row(s->x, u, s->gram.columns, s->gram.values);
        for (size_t k = 0; k < e.n && s->weight[u] != 0; k++)
            s->size[e.column[k]] += fabs(s->weight[u] * e.value[k]);
    }
    for (size_t k = 0; k < s->x->columns; k++)
        if (s->size[k] <= 0 && fabs(s->c->totals[k]) > 0) {
            svyi_auxiliary_name(s->x, k, name, sizeof name);
            return svyi_fail(err, SVY_E_VALUE, "no row of positive weight adds to %s, whose total is %.6g: join it with another level", name, s->c->totals[k]);
        }
    return SVY_OK;
}

/* R's grake(): when every total is more than 20 times the sample's, all weights are first scaled by the mean of these ratios, and bounds are relative to
   that. The ratios are those of the columns of a model matrix: the whole, every level but the first, every number. */
static double find_scale(const solver *s)
{
    const svyi_auxiliary *x = s->x;
    double sum = 0, least = HUGE_VAL, n = 0, whole[2] = { 0, 0 };
    if (s->c->method == SVY_CALIBRATE_POSTSTRATIFY || (s->c->method != SVY_CALIBRATE_SINH && !s->c->bounded))
        return 1;
    for (size_t k = 0; k < x->columns; k++)         /* misfit: totals - the sample's */
        if (x->n_margins > 0 && k < (x->n_margins > 1 ? x->first[1] : x->columns - x->n_numbers)) {
            whole[0] += s->c->totals[k];
            whole[1] += s->c->totals[k] - s->misfit[k];
        }
    for (size_t k = 0, m = 0; k <= x->columns; k++) {
        double target = k < x->columns ? s->c->totals[k] : whole[0], sample = k < x->columns ? target - s->misfit[k] : whole[1];
        int first = m < x->n_margins && k == x->first[m];
        m += (size_t)first;
        if (first || (k == x->columns && x->n_margins == 0) || (sample <= 0 && target <= 0))
            continue;
        least = fmin(least, target / sample);
        sum += target / sample;
        n++;
    }
    return least > RESCALED_FROM && isfinite(sum) ? sum / n : 1;
}

/* ---- a step of the pipeline ---- */

static svy_status get_solver(svyi_arena *arena, const calibration *c, const double *w, solver *s, svy_error *err)
{
    const svyi_auxiliary *x = c->x;
    *s = (solver){ .c = c, .x = x, .weight = w, .scale = 1 };
    double *all = svyi_arena_get(arena, 6 * (x->columns + 1) * sizeof *all);
    if (all == NULL || svyi_gram_get(arena, x, &s->gram, err) != SVY_OK)
        return err != NULL && err->code == SVY_E_LIMIT ? SVY_E_LIMIT : svyi_nomem(err);
    double **parts[] = { &s->eta, &s->trial, &s->misfit, &s->size, &s->step, &s->next };
    for (size_t k = 0; k < 6; k++)
        *parts[k] = all + k * (x->columns + 1);
    if (x->unit == NULL)
        return SVY_OK;
    s->weight = s->own = svyi_arena_get(arena, (x->n_units + 1) * sizeof *s->own);
    if (s->own == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < x->rows; i++)
        if (x->unit[i] != SVYI_NO_UNIT)
            s->own[x->unit[i]] += w[i];
    return SVY_OK;
}

static void keep(const solver *s, double *kept)
{
    double slope;
    if (!s->c->cells) {
        kept[0] = s->scale;
        memcpy(kept + 1, s->eta, s->x->columns * sizeof *kept);
        return;
    }
    for (size_t u = 0; u < s->x->n_units; u++) {
        svyi_sparse e = svyi_auxiliary_row(s->x, u, s->gram.columns, s->gram.values);
        kept[u] = factor(s->c, s->scale, 0, linear_part(s->x, u, e, s->eta), &slope);
    }
}

static svy_status solve(const svyi_adjustment *a, const svy_design *d, const double *w, double *kept, unsigned *iterations, svy_error *err)
{
    const calibration *c = a->user;
    svyi_arena scratch;
    solver s;
    svyi_arena_init(&scratch, &d->arena.alloc);
    svy_status st = get_solver(&scratch, c, w, &s, err);
    if (st == SVY_OK)
        st = check_reachable(&s, err);
    if (st == SVY_OK && evaluate(&s, s.eta, s.misfit) == 0)
        s.scale = find_scale(&s);
    if (st == SVY_OK)
        st = solve_equations(&s, err);
    if (st == SVY_OK)
        keep(&s, kept);
    if (iterations != NULL)
        *iterations = s.iterations;
    svyi_arena_clear(&scratch);
    return st;
}

static void apply_cells(const svyi_auxiliary *x, const double *kept, double *w)
{
    for (size_t i = 0; i < x->rows; i++)
        if (x->unit[i] != SVYI_NO_UNIT)
            w[i] *= kept[x->unit[i]];
}

/* A row's entries without memory of its own: at most a margin's line and a number each. */
static double row_part(const svyi_auxiliary *x, size_t unit, const double *eta)
{
    double u = 0;
    if (x->start != NULL)
        return linear_part(x, unit, svyi_auxiliary_row(x, unit, NULL, NULL), eta);
    for (size_t m = 0; m < x->n_margins; m++) {
        uint32_t code = x->margins[m].codes[unit];
        if (code == SVYI_NO_UNIT)
            return 0;
        u += eta[x->first[m] + code];
    }
    for (size_t k = 0; k < x->n_numbers; k++)
        u += x->numbers[k][unit] * eta[x->columns - x->n_numbers + k];
    return x->sigma2 != NULL ? u / x->sigma2[unit] : u;
}

static void apply(const svyi_adjustment *a, size_t rows, const double *kept, double *w)
{
    const calibration *c = a->user;
    double slope;
    if (c->cells) {
        apply_cells(c->x, kept, w);
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        size_t unit = svyi_auxiliary_unit(c->x, i);
        if (unit != SVYI_NO_UNIT && w[i] != 0)
            w[i] *= factor(c, kept[0], w[i], row_part(c->x, unit, kept + 1), &slope);
    }
}

/* ---- from a step to what is solved ---- */

static svy_status check_bounds(const svy_weighting_step *s, svy_error *err)
{
    if (s->method == SVY_CALIBRATE_LOGIT && !s->bounded)
        return svyi_fail(err, SVY_E_VALUE, "logit calibration needs bounds: give them, e.g. 0.5,2");
    if (s->bounded && !s->bounds_on_weights && !(s->lower < 1 && s->upper > 1))
        return svyi_fail(err, SVY_E_VALUE, "the bounds %g,%g are not around 1: the lower one is less than 1, the upper one more", s->lower, s->upper);
    if (s->bounded && s->bounds_on_weights && !(s->lower >= 0 && s->upper > s->lower))
        return svyi_fail(err, SVY_E_VALUE, "the bounds %g,%g of weights are not in order", s->lower, s->upper);
    if (s->bounded && s->bounds_on_weights && s->method == SVY_CALIBRATE_LOGIT)
        return svyi_fail(err, SVY_E_VALUE, "logit calibration bounds factors, not weights: use another method, or bounds of factors");
    if (s->method == SVY_CALIBRATE_POSTSTRATIFY && (s->n_margins != 1 || s->n_totals > 0 || s->bounded || s->cluster != NULL))
        return svyi_fail(err, SVY_E_VALUE, "post-stratification takes one margin, and neither bounds nor numbers nor clusters: use raking or linear "
                         "calibration for more");
    if (s->n_margins + s->n_totals == 0)
        return svyi_fail(err, SVY_E_VALUE, "there are no totals to calibrate to: give a margin");
    if (s->variance == SVY_CALIBRATED_RAKE && (s->n_totals > 0 || s->cluster != NULL))
        return svyi_fail(err, SVY_E_VALUE, "the variance 'rake' is one of margins only: use greg with numeric totals and with clusters");
    return SVY_OK;
}

static double margin_sum(const svy_margin *m)
{
    double sum = 0;
    for (size_t i = 0; i < m->n_lines; i++)
        sum += m->totals[i];
    return sum;
}

/* Margins describe one population. Their sums may differ by what rounding of the counts explains, and are then made equal to the first. */
static svy_status make_totals(const svy_weighting_step *s, double *totals, svy_error *err)
{
    double first = s->n_margins > 0 ? margin_sum(&s->margins[0]) : 0;
    size_t k = 0;
    for (size_t m = 0; m < s->n_margins; m++) {
        double sum = margin_sum(&s->margins[m]), ratio = first / sum;
        if (!(sum > 0))
            return svyi_fail(err, SVY_E_VALUE, "%s: the population counts add up to %g: give counts above 0", s->margins[m].source, sum);
        if (fabs(sum - first) > 1e-6 * first && !s->scale_margins)
            return svyi_fail(err, SVY_E_VALUE, "the population counts of %s add up to %.15g, those of %s to %.15g: correct them, or let them be scaled to "
                             "the first", s->margins[m].source, sum, s->margins[0].source, first);
        for (size_t i = 0; i < s->margins[m].n_lines; i++)
            totals[k++] = s->margins[m].totals[i] * (fabs(sum - first) > 4 * DBL_EPSILON * first ? ratio : 1);
    }
    for (size_t i = 0; i < s->n_totals; i++)
        totals[k++] = s->totals[i].total;
    return SVY_OK;
}

static svy_status take_number(const svy_frame *f, const char *name, const double *weights, const svy_column **out, svy_error *err)
{
    const svy_column *c = *out = svy_frame_find(f, name);
    if (c == NULL)
        return svyi_fail(err, SVY_E_NAME, "there is no column '%s': name a column of the data", name);
    if (c->numbers == NULL)
        return svyi_fail(err, SVY_E_TYPE, "'%s' is text: a numeric total needs a column of numbers, a margin the counts of its levels", name);
    for (size_t i = 0; c->missing != NULL && i < svy_frame_rows(f); i++)
        if (c->missing[i] != SVY_PRESENT && weights[i] > 0)
            return svyi_fail(err, SVY_E_VALUE, "'%s' is missing in row %zu, and the weighting needs it: fill it in", name, i + 1);
    return SVY_OK;
}

static svy_status take_margins(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_auxiliary *x, svy_error *err)
{
    svyi_margin_codes *margins = svyi_arena_get(&d->arena, (s->n_margins + 1) * sizeof *margins);
    const double **numbers = svyi_arena_get(&d->arena, (s->n_totals + 1) * sizeof *numbers);
    const char **names = svyi_arena_get(&d->arena, (s->n_totals + 1) * sizeof *names);
    svy_status st = margins == NULL || numbers == NULL || names == NULL ? svyi_nomem(err) : SVY_OK;
    const svy_column *c;
    for (size_t m = 0; m < s->n_margins && st == SVY_OK; m++)
        st = svyi_margin_codes_make(&d->arena, f, &s->margins[m], d->weights, &margins[m], err);
    for (size_t k = 0; k < s->n_totals && st == SVY_OK; k++)
        if ((st = take_number(f, s->totals[k].variable, d->weights, &c, err)) == SVY_OK) {
            numbers[k] = c->numbers;
            names[k] = c->name;
        }
    *x = (svyi_auxiliary){ .margins = margins, .n_margins = s->n_margins, .numbers = numbers, .n_numbers = s->n_totals, .number_names = names };
    return st;
}

static svy_status take_auxiliary(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_auxiliary *x, svy_error *err)
{
    const svy_column *cluster = NULL, *sigma2 = NULL;
    svy_status st = take_margins(d, f, s, x, err);
    if (st == SVY_OK && s->sigma2 != NULL)
        st = take_number(f, s->sigma2, d->weights, &sigma2, err);
    for (size_t i = 0; sigma2 != NULL && st == SVY_OK && i < d->rows; i++)
        if (!(sigma2->numbers[i] > 0) && d->weights[i] > 0)
            st = svyi_fail(err, SVY_E_VALUE, "'%s' (variance) is %g in row %zu: a variance is above 0", s->sigma2, sigma2->numbers[i], i + 1);
    if (st == SVY_OK && s->cluster != NULL) {
        if ((cluster = svy_frame_find(f, s->cluster)) == NULL)
            return svyi_fail(err, SVY_E_NAME, "there is no column '%s' (cluster): name a column of the data", s->cluster);
        for (size_t i = 0; cluster->missing != NULL && i < d->rows; i++)
            if (cluster->missing[i] != SVY_PRESENT)
                return svyi_fail(err, SVY_E_VALUE, "'%s' (cluster) is missing in row %zu: fill it in", s->cluster, i + 1);
    }
    if (st == SVY_OK && s->bounds_on_weights && cluster != NULL)
        return svyi_fail(err, SVY_E_VALUE, "bounds on weights cannot be had together with clusters: bound the factors");
    return st == SVY_OK ? svyi_auxiliary_make(&d->arena, d->rows, cluster, sigma2 != NULL ? sigma2->numbers : NULL, s->bounds_on_weights, x, err) : st;
}

/* What the report says about every total; `before` and `after` are added up later. */
static svy_status make_hits(svy_design *d, const svyi_auxiliary *x, const double *totals, svyi_step_hits *out, svy_error *err)
{
    out->hits = svyi_arena_get(&d->arena, (x->columns + 1) * sizeof *out->hits);
    if (out->hits == NULL)
        return svyi_nomem(err);
    for (size_t m = 0; m < x->n_margins; m++)
        for (size_t l = 0; l < x->margins[m].n_lines; l++)
            out->hits[out->n++] = (svy_margin_hit){ x->margins[m].name, x->margins[m].lines[l], totals[x->first[m] + l], 0, 0 };
    for (size_t k = 0; k < x->n_numbers; k++)
        out->hits[out->n++] = (svy_margin_hit){ x->number_names[k], "", totals[x->columns - x->n_numbers + k], 0, 0 };
    return SVY_OK;
}

/* Every replicate may keep a number for each: otherwise it keeps eta. */
static int few_cells(const svyi_auxiliary *x)
{
    return x->start != NULL && x->size == NULL && x->n_units <= 4096 + 4 * x->columns;
}

static svy_status add(svy_design *d, const calibration *c, svyi_adjustment *a, svy_error *err)
{
    a->user = c;
    a->n_kept = c->cells ? c->x->n_units : 1 + c->x->columns;
    a->solve = solve;
    a->apply = apply;
    a->x = c->x;
    return svyi_adjustment_add(d, a, err);
}

svy_status svyi_poststratify(svy_design *d, const svyi_auxiliary *x, const double *totals, svyi_adjustment *a, svyi_step_hits *hits, svy_error *err)
{
    calibration *c = svyi_arena_get(&d->arena, sizeof *c);
    svy_status st = c == NULL ? svyi_nomem(err) : make_hits(d, x, totals, hits, err);
    if (st != SVY_OK)
        return st;
    *c = (calibration){ .method = SVY_CALIBRATE_POSTSTRATIFY, .cells = few_cells(x), .x = x, .totals = totals };
    a->projection = SVYI_PROJECT_STARTING;
    return add(d, c, a, err);
}

svy_status svyi_calibrate_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svyi_step_hits *hits, svy_error *err)
{
    static const svyi_projection PROJECTIONS[] = { SVYI_PROJECT_STARTING, SVYI_PROJECT_FINAL, SVYI_PROJECT_SWEEPS, SVYI_PROJECT_NOT };
    svyi_auxiliary *x = svyi_arena_get(&d->arena, sizeof *x);
    calibration *c = svyi_arena_get(&d->arena, sizeof *c);
    size_t columns = s->n_totals;
    svy_status st = check_bounds(s, err);
    for (size_t m = 0; m < s->n_margins; m++)
        columns += s->margins[m].n_lines;
    double *totals = svyi_arena_get(&d->arena, (columns + 1) * sizeof *totals);
    if (st != SVY_OK || x == NULL || c == NULL || totals == NULL)
        return st != SVY_OK ? st : svyi_nomem(err);
    if ((st = make_totals(s, totals, err)) != SVY_OK || (st = take_auxiliary(d, f, s, x, err)) != SVY_OK ||
        (st = make_hits(d, x, totals, hits, err)) != SVY_OK)
        return st;
    *c = (calibration){ s->method, s->bounded, s->bounds_on_weights, few_cells(x), s->lower, s->upper, x, totals };
    a->projection = PROJECTIONS[s->variance];
    return add(d, c, a, err);
}
