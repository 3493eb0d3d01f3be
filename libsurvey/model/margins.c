/* Predictive margins and average effects of a fitted generalised linear model, with the delta method. Kinds of margins as in B. I. Graubard and
   E. L. Korn, "Predictive margins with survey data", Biometrics 55 (1999) 652-659, doi:10.1111/j.0006-341X.1999.00652.x. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/influence.h"
#include "model/matrix_priv.h"
#include "model/model_priv.h"
#include "num/distribution.h"
#include "num/matrix.h"

/* A mean over rows: of the response with the matrix `at`, minus that with `less` (may be NULL); or of its derivative by a number (`slopes`). */
typedef struct margin {
    const char *variable, *level;
    svyi_matrix *at, *less;
    svyi_matrix **slopes; size_t n_slopes;
} margin;

typedef struct margins {
    svy_model *m;
    margin *items; size_t count, room;
    double *estimate, *gradient;         /* by margin; by margin and coefficient */
    double total;                        /* of the weights */
} margins;

/* ---- one block ---- */

typedef struct block { const margins *all; const uint32_t *rows; size_t n; double *x, *dx; const double *w; } block;

static void predictors(const block *b, const double *x, const double *offset, double *eta)
{
    const svyi_model_result *r = &b->all->m->result;
    for (size_t i = 0; i < b->n; i++)
        eta[i] = offset != NULL ? offset[b->rows[i]] : 0;
    for (size_t k = 0; k < r->count; k++)
        for (size_t i = 0; !isnan(r->beta[k]) && i < b->n; i++)
            eta[i] += r->beta[k] * x[k * b->n + i];
}

/* gradient += sum of v x, column by column. */
static void add_gradient(const block *b, const double *x, const double *v, double *gradient)
{
    for (size_t k = 0; gradient != NULL && k < b->all->m->result.count; k++)
        for (size_t i = 0; i < b->n; i++)
            gradient[k] += b->w[i] * v[i] * x[k * b->n + i];
}

static void mean_block(const block *b, const svyi_matrix *at, double sign, double *values, double *gradient)
{
    double eta[SVYI_BLOCK], mu[SVYI_BLOCK], slope[SVYI_BLOCK];
    const svyi_glm *g = &b->all->m->glm;
    svyi_matrix_fill_columns(at, b->rows, b->n, b->x);
    predictors(b, b->x, g->offset, eta);
    svyi_link_block(g->family.link, eta, b->n, mu, slope);
    for (size_t i = 0; i < b->n; i++) {
        values[i] += sign * mu[i];
        slope[i] *= sign;
    }
    add_gradient(b, b->x, slope, gradient);
}

static void slope_block(const block *b, const margin *m, double *values, double *gradient)
{
    double eta[SVYI_BLOCK], mu[SVYI_BLOCK], slope[SVYI_BLOCK], curve[SVYI_BLOCK], change[SVYI_BLOCK], part[SVYI_BLOCK];
    const svyi_glm *g = &b->all->m->glm;
    svyi_matrix_fill_columns(b->all->m->matrix, b->rows, b->n, b->x);
    predictors(b, b->x, g->offset, eta);
    svyi_link_block(g->family.link, eta, b->n, mu, slope);
    svyi_link_curve_block(g->family.link, eta, b->n, curve);
    memset(change, 0, sizeof change);
    for (size_t s = 0; s < m->n_slopes; s++) {
        svyi_matrix_fill_columns(m->slopes[s], b->rows, b->n, b->dx);
        predictors(b, b->dx, NULL, part);
        for (size_t i = 0; i < b->n; i++)
            change[i] += part[i];
        add_gradient(b, b->dx, slope, gradient);
    }
    for (size_t i = 0; i < b->n; i++) {
        values[i] += slope[i] * change[i];
        curve[i] *= change[i];
    }
    add_gradient(b, b->x, curve, gradient);
}

static void margin_block(const block *b, const margin *m, double *values, double *gradient)
{
    memset(values, 0, b->n * sizeof *values);
    if (m->slopes != NULL) {
        slope_block(b, m, values, gradient);
        return;
    }
    mean_block(b, m->at, 1, values, gradient);
    if (m->less != NULL)
        mean_block(b, m->less, -1, values, gradient);
}

/* Calls for all rows: sums of w values, and gradients unless NULL. */
static svy_status sum_margins(const margins *a, const double *weights, double *sums, double *gradient, double *total, svy_error *err)
{
    const svyi_model_task *t = &a->m->task;
    const size_t p = a->m->result.count, bytes = 2 * (p + 1) * SVYI_BLOCK * sizeof(double);
    double *x = svyi_get(&a->m->arena.alloc, bytes), values[SVYI_BLOCK], w[SVYI_BLOCK];
    if (x == NULL)
        return svyi_nomem(err);
    *total = 0;
    memset(sums, 0, a->count * sizeof *sums);
    for (size_t at = 0; at < t->n; at += SVYI_BLOCK) {
        const block b = { a, t->rows + at, t->n - at < SVYI_BLOCK ? t->n - at : SVYI_BLOCK, x, x + (p + 1) * SVYI_BLOCK, w };
        double sum = 0;
        for (size_t i = 0; i < b.n; i++)
            sum += w[i] = weights[b.rows[i]];
        *total += sum;
        for (size_t k = 0; k < a->count; k++) {
            margin_block(&b, &a->items[k], values, gradient != NULL ? gradient + k * p : NULL);
            double part = 0;
            for (size_t i = 0; i < b.n; i++)
                part += w[i] * values[i];
            sums[k] += part;
        }
    }
    svyi_release(&a->m->arena.alloc, x, bytes);
    return SVY_OK;
}

/* ---- the sampling of the covariates ---- */

static void fill_means(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const margins *a = user;
    const double *weights = svy_design_weights(a->m->task.design);
    const uint8_t *used = svyi_matrix_used(a->m->matrix);
    const size_t p = a->m->result.count;
    enum { SMALL = 32 };
    double values[SMALL], w[SMALL] = { 0 }, stack[2 * SMALL * 64];
    const size_t bytes = 2 * (p + 1) * SMALL * sizeof(double);
    double *own = p + 1 > 64 ? svyi_get(&a->m->arena.alloc, bytes) : NULL, *x = p + 1 > 64 ? own : stack;
    (void)domain;
    for (size_t at = 0; at < count; at += SMALL) {
        const block b = { a, rows + at, count - at < SMALL ? count - at : SMALL, x, x != NULL ? x + (p + 1) * SMALL : NULL, w };
        for (size_t k = 0; k < a->count; k++) {
            if (x != NULL)
                margin_block(&b, &a->items[k], values, NULL);
            for (size_t i = 0; i < b.n; i++) {
                const uint32_t row = b.rows[i];
                const int counts = used[row] && weights[row] != 0;
                z[(at + i) * a->count + k] = x == NULL ? (double)NAN : counts ? weights[row] * (values[i] - a->estimate[k]) / a->total : 0;
            }
        }
    }
    svyi_release(&a->m->arena.alloc, own, bytes);
}

static svy_status mean_values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const margins *a = user;
    double total;
    svy_status st = sum_margins(a, weights, theta, NULL, &total, err);
    for (size_t k = 0; k < a->count; k++)
        theta[k] /= total;
    return st;
}

/* ---- which margins ---- */

static svy_status add_margin(margins *a, const margin *item, svy_error *err)
{
    if (a->count == a->room) {
        margin *more = svyi_arena_get(&a->m->arena, (2 * a->room + 8) * sizeof *more);
        if (more == NULL)
            return svyi_nomem(err);
        if (a->count > 0)
            memcpy(more, a->items, a->count * sizeof *more);
        a->items = more;
        a->room = 2 * a->room + 8;
    }
    a->items[a->count++] = *item;
    return SVY_OK;
}

static svy_status add_factor(margins *a, const char *variable, const svyi_regressor *r, int effects, svy_error *err)
{
    svyi_matrix *reference = NULL;
    svy_status st = SVY_OK;
    for (uint32_t l = 0; st == SVY_OK && l < r->n_levels; l++) {
        margin item = { .variable = variable, .level = r->levels[l], .less = reference };
        st = svyi_matrix_fix(a->m->matrix, variable, l, &item.at, err);
        if (effects && l == 0)
            reference = item.at;
        else if (st == SVY_OK)
            st = add_margin(a, &item, err);
    }
    return st;
}

static svy_status add_variable(margins *a, const char *variable, int effects, svy_error *err)
{
    const svyi_regressor *r = svyi_matrix_factor(a->m->matrix, variable);
    if (r != NULL)
        return add_factor(a, variable, r, effects, err);
    margin item = { .variable = variable, .level = "" };
    svy_status st = svyi_matrix_slopes(a->m->matrix, variable, &item.slopes, &item.n_slopes, err);
    if (st == SVY_OK && !effects)
        return svyi_fail(err, SVY_E_TYPE, "'%s' is a number in the model: predictive margins need a factor, so use factor(%s) in the formula or ask for effects", variable,
                         variable);
    return st == SVY_OK ? add_margin(a, &item, err) : st;
}

typedef struct names { svyi_arena *arena; const char **items; size_t count; int failed; } names;

static void add_name(void *user, const char *name)
{
    names *n = user;
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->items[i], name) == 0)
            return;
    const char **more = svyi_arena_get(n->arena, (n->count + 1) * sizeof *more);
    if (more == NULL) {
        n->failed = 1;
        return;
    }
    if (n->count > 0)
        memcpy(more, n->items, n->count * sizeof *more);
    more[n->count++] = name;
    n->items = more;
}

static svy_status choose(margins *a, const char *variable, int effects, svy_error *err)
{
    if (variable != NULL)
        return add_variable(a, variable, effects, err);
    if (!effects)
        return svyi_fail(err, SVY_E_ARG, "predictive margins are of one factor: name it by --of");
    names all = { &a->m->arena, NULL, 0, 0 };
    const svyi_formula *f = &a->m->matrix->formula;
    for (size_t k = 0; k < f->n_variables; k++)
        svyi_formula_columns(f->variables[k], add_name, &all);
    svy_status st = all.failed ? svyi_nomem(err) : SVY_OK;
    for (size_t k = 0; st == SVY_OK && k < all.count; k++)
        if (svy_frame_find(a->m->frame, all.items[k]) != NULL)
            st = add_variable(a, all.items[k], effects, err);
    return st;
}

/* ---- results ---- */

static svy_status find_variance(margins *a, int sampling, double *variance, svy_error *err)
{
    svy_model *m = a->m;
    const size_t p = m->result.count;
    double *own = svyi_arena_get(&m->arena, (a->count + 1) * sizeof *own), *half = svyi_arena_get(&m->arena, (p + 1) * sizeof *half);
    if (own == NULL || half == NULL)
        return svyi_nomem(err);
    const svyi_estimator e = { .influence = { .width = a->count, .domains = 1, .fill = fill_means, .user = a }, .values = mean_values };
    svy_status st = sampling ? svyi_estimator_variance(&m->arena, m->task.design, &e, a->estimate, m->task.threads, own, NULL, NULL, err) : SVY_OK;
    for (size_t k = 0; k < a->count; k++) {
        const double *g = a->gradient + k * p;
        double sum = 0;
        for (size_t i = 0; i < p; i++)
            for (size_t j = 0; j < p; j++)
                sum += g[i] * g[j] * m->result.covariance[i * p + j];
        variance[k] = sum + own[k];
    }
    return st;
}

static svy_status finish(margins *a, int sampling, const svy_model_margin **out, svy_error *err)
{
    svy_model *m = a->m;
    const size_t p = m->result.count;
    svy_model_margin *rows = svyi_arena_get(&m->arena, (a->count + 1) * sizeof *rows);
    double *variance = svyi_arena_get(&m->arena, (a->count + 1) * sizeof *variance);
    a->estimate = svyi_arena_get(&m->arena, (a->count + 1) * sizeof *a->estimate);
    a->gradient = svyi_arena_get(&m->arena, (a->count * p + 1) * sizeof *a->gradient);
    if (rows == NULL || variance == NULL || a->estimate == NULL || a->gradient == NULL)
        return svyi_nomem(err);
    svy_status st = sum_margins(a, svy_design_weights(m->task.design), a->estimate, a->gradient, &a->total, err);
    for (size_t k = 0; k < a->count; k++)
        a->estimate[k] /= a->total;
    for (size_t k = 0; k < a->count * p; k++)
        a->gradient[k] /= a->total;
    if (st == SVY_OK)
        st = find_variance(a, sampling, variance, err);
    const double df = m->spec.normal ? HUGE_VAL : m->df, q = df > 0 ? svyi_t_quantile(0.5 + m->spec.level / 2, df) : (double)NAN;
    for (size_t k = 0; k < a->count; k++) {
        const double se = sqrt(variance[k]), v = a->estimate[k];
        rows[k] = (svy_model_margin){ a->items[k].variable, a->items[k].level, v, se, df, v - q * se, v + q * se };
    }
    *out = rows;
    return st;
}

svy_status svy_model_margins(svy_model *m, const char *variable, int effects, int sampling, const svy_model_margin **out, size_t *count,
                             svy_error *err)
{
    SVY_REQUIRE(m != NULL && out != NULL && count != NULL, err);
    margins a = { .m = m };
    *out = NULL;
    *count = 0;
    if (!m->linear)
        return svyi_fail(err, SVY_E_TYPE, "margins are made for gaussian, binomial, poisson, gamma and negative binomial models");
    svy_status st = choose(&a, variable, effects, err);
    if (st == SVY_OK)
        st = finish(&a, sampling, out, err);
    *count = st == SVY_OK ? a.count : 0;
    return st;
}
