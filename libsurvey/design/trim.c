/* Base weights from selection probabilities, limits on weights, and weights of a given mean or total. */
#include <math.h>

#include "base/error.h"
#include "design/adjust.h"

enum { ROUNDS_MAX = 10000 };

/* ---- base weights ---- */

typedef struct probabilities { const svy_column *const *columns; size_t n; } probabilities;

static void apply_base(const svyi_adjustment *a, size_t rows, const double *kept, double *w)
{
    const probabilities *p = a->user;
    (void)kept;
    for (size_t k = 0; k < p->n; k++)
        for (size_t i = 0; i < rows; i++)
            if (w[i] != 0)
                w[i] /= p->columns[k]->numbers[i];
}

static svy_status check_probability(const svy_column *c, const double *weights, size_t rows, svy_error *err)
{
    if (c->numbers == NULL)
        return svyi_fail(err, SVY_E_TYPE, "'%s' (selection probability) is text: give a column of numbers", c->name);
    for (size_t i = 0; i < rows; i++) {
        if (c->missing != NULL && c->missing[i] != SVY_PRESENT && weights[i] > 0)
            return svyi_fail(err, SVY_E_VALUE, "'%s' (selection probability) is missing in row %zu: fill it in", c->name, i + 1);
        if (!(c->numbers[i] > 0 && c->numbers[i] <= 1) && weights[i] > 0)
            return svyi_fail(err, SVY_E_VALUE, "'%s' (selection probability) is %g in row %zu: a probability is above 0 and at most 1", c->name, c->numbers[i],
                             i + 1);
    }
    return SVY_OK;
}

svy_status svyi_base_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err)
{
    probabilities *p = svyi_arena_get(&d->arena, sizeof *p);
    const svy_column **columns = svyi_arena_get(&d->arena, (s->n_variables + 1) * sizeof *columns);
    if (p == NULL || columns == NULL)
        return svyi_nomem(err);
    if (s->n_variables == 0)
        return svyi_fail(err, SVY_E_VALUE, "base weights need columns of selection probabilities: name them");
    for (size_t k = 0; k < s->n_variables; k++) {
        if ((columns[k] = svy_frame_find(f, s->variables[k])) == NULL)
            return svyi_fail(err, SVY_E_NAME, "there is no column '%s' (selection probability): name columns of the data", s->variables[k]);
        svy_status st = check_probability(columns[k], d->weights, d->rows, err);
        if (st != SVY_OK)
            return st;
    }
    *p = (probabilities){ columns, s->n_variables };
    a->user = p;
    a->apply = apply_base;
    return svyi_adjustment_add(d, a, err);
}

/* ---- limits ---- */

/* Clips once and gives what was cut off, in equal amounts, to those that were inside. @return 0 when nobody was outside, 1, -1 when nobody was inside. */
static int trim_once(double *w, size_t rows, double lower, double upper)
{
    double cut = 0, inside = 0;
    int outside = 0;
    for (size_t i = 0; i < rows; i++) {
        if (w[i] == 0)
            continue;
        if (w[i] < lower || w[i] > upper) {
            cut += w[i] - (w[i] < lower ? lower : upper);
            outside = 1;
        } else {
            inside++;
        }
    }
    double each = inside > 0 ? cut / inside : 0;
    for (size_t i = 0; i < rows && outside; i++)
        if (w[i] != 0)
            w[i] = w[i] < lower ? lower : w[i] > upper ? upper : w[i] + each;
    return outside ? inside > 0 ? 1 : -1 : 0;
}

static void apply_trim(const svyi_adjustment *a, size_t rows, const double *kept, double *w)
{
    const svy_weighting_step *s = a->user;
    (void)kept;
    for (int round = 0; round < (s->strict ? ROUNDS_MAX : 1); round++)
        if (trim_once(w, rows, s->lower, s->upper) <= 0)
            return;
}

/* No weight above `cap` means: cut, and all scaled to the old total, until that changes nothing. */
static void apply_cap(const svyi_adjustment *a, size_t rows, const double *kept, double *w)
{
    const svy_weighting_step *s = a->user;
    double total = 0, n = 0, above = 1;
    (void)kept;
    for (size_t i = 0; i < rows; i++) {
        total += w[i];
        n += w[i] != 0;
    }
    double limit = n > 0 ? s->cap * total / n : 0;
    for (int round = 0; round < ROUNDS_MAX && above > 0; round++) {
        double sum = 0;
        above = 0;
        for (size_t i = 0; i < rows; i++) {
            above += w[i] > limit * (1 + 1e-14);
            w[i] = w[i] > limit ? limit : w[i];
            sum += w[i];
        }
        for (size_t i = 0; i < rows && sum > 0; i++)
            w[i] *= total / sum;
    }
}

static svy_status check_trim(const svy_design *d, const svy_weighting_step *s, svy_error *err)
{
    double total = 0, n = 0, inside = 0;
    for (size_t i = 0; i < d->rows; i++) {
        total += d->weights[i];
        n += d->weights[i] != 0;
        inside += d->weights[i] != 0 && d->weights[i] >= s->lower && d->weights[i] <= s->upper;
    }
    if (s->cap > 0)
        return s->cap > 1 ? SVY_OK : svyi_fail(err, SVY_E_VALUE, "the cap is %g means of the weights: give one above 1", s->cap);
    if (!(s->lower >= 0 && s->upper > s->lower))
        return svyi_fail(err, SVY_E_VALUE, "the limits of weights, %g and %g, are not in order: give a lower one of 0 or more and a larger upper one", s->lower,
                         s->upper);
    if (n > 0 && inside < 1)
        return svyi_fail(err, SVY_E_VALUE, "every weight is outside the limits %g and %g, so nobody is left to take what is cut off: widen them", s->lower, s->upper);
    if (s->strict && (total < s->lower * n || total > s->upper * n))
        return svyi_fail(err, SVY_E_NUMERIC, "the mean of the weights is %g, outside the limits %g and %g: no trimming keeps the total within them", total / n,
                         s->lower, s->upper);
    return SVY_OK;
}

static svy_status keep_step(svy_design *d, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err)
{
    svy_weighting_step *own = svyi_arena_get(&d->arena, sizeof *own);
    if (own == NULL)
        return svyi_nomem(err);
    *own = *s;
    a->user = own;
    return SVY_OK;
}

svy_status svyi_trim_step(svy_design *d, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err)
{
    svy_weighting_step limits = *s;
    if (!(limits.upper > 0))
        limits.upper = HUGE_VAL;                /* only a lower limit */
    svy_status st = keep_step(d, &limits, a, err);
    if (st == SVY_OK)
        st = check_trim(d, &limits, err);
    a->apply = s->cap > 0 ? apply_cap : apply_trim;
    return st == SVY_OK ? svyi_adjustment_add(d, a, err) : st;
}

/* ---- a given mean or total ---- */

static void apply_scale(const svyi_adjustment *a, size_t rows, const double *kept, double *w)
{
    const svy_weighting_step *s = a->user;
    double total = 0, n = 0;
    (void)kept;
    for (size_t i = 0; i < rows; i++) {
        total += w[i];
        n += w[i] != 0;
    }
    double factor = (s->to_total > 0 ? s->to_total : s->to_mean * n) / total;
    for (size_t i = 0; i < rows && total != 0; i++)
        w[i] *= factor;
}

/* Weights of a fixed total are post-stratified by one cell. */
static svy_status one_cell(svy_design *d, const svy_frame *f, svyi_adjustment *a, svy_error *err)
{
    svyi_auxiliary *x = svyi_arena_get(&d->arena, sizeof *x);
    svyi_margin_codes *all = svyi_arena_get(&d->arena, sizeof *all);
    if (x == NULL || all == NULL)
        return svyi_nomem(err);
    x->margins = all;
    x->n_margins = 1;
    a->x = x;
    a->projection = SVYI_PROJECT_STARTING;
    svy_status st = svyi_margin_cells(&d->arena, f, NULL, 0, d->weights, NULL, all, err);
    return st == SVY_OK ? svyi_auxiliary_make(&d->arena, d->rows, NULL, NULL, 0, x, err) : st;
}

svy_status svyi_scale_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err)
{
    double total = 0;
    for (size_t i = 0; i < d->rows; i++)
        total += d->weights[i];
    if (!(total > 0))
        return svyi_fail(err, SVY_E_VALUE, "all weights are 0: they cannot be scaled");
    if (!((s->to_mean > 0) != (s->to_total > 0)))
        return svyi_fail(err, SVY_E_VALUE, "weights are scaled to a mean or to a total above 0: give one of them");
    svy_status st = keep_step(d, s, a, err);
    if (st == SVY_OK)
        st = one_cell(d, f, a, err);
    a->apply = apply_scale;
    return st == SVY_OK ? svyi_adjustment_add(d, a, err) : st;
}
