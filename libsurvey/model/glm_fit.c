/* Generalised linear models from complex samples: the fit, and its design variance by linearisation or replicates.
   D. A. Binder, "On the variances of asymptotically normal estimators from complex surveys", Int. Stat. Rev. 51 (1983) 279-292, doi:10.2307/1402588. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/replicate.h"
#include "estimate/influence.h"
#include "model/fit.h"
#include "model/glm.h"
#include "model/glm_replicates.h"
#include "num/matrix.h"

/* Influence of a row: map * information^-1 * x * score; and what a refit starts from. */
typedef struct influence { const svyi_glm *g; const double *spread, *score; const svyi_glm_fit *fit; } influence;

static void fill_influence(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const influence *f = user;
    const size_t p = f->g->p;
    (void)domain;
    enum { SMALL = 64, LIMIT = SVYI_MATRIX_COLUMNS };
    double few[SMALL * 64], *x = few;
    const size_t block = p <= 64 ? SMALL : 1;
    double one[LIMIT];
    if (block == 1)
        x = one;
    for (size_t at = 0; at < count; at += block) {
        const size_t n = count - at < block ? count - at : block;
        svyi_glm_columns(f->g, rows + at, n, x);
        for (size_t i = 0; i < n; i++) {
            double *row = z + (at + i) * p;
            const double score = f->score[rows[at + i]];
            for (size_t k = 0; k < p; k++) {
                double sum = 0;
                for (size_t j = 0; score != 0 && j < p; j++)
                    sum += f->spread[k * p + j] * x[j * n + i];
                row[k] = sum * score;
            }
        }
    }
}

/* The coefficients under other weights, from those of the sample. */
static svy_status refit_values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const influence *r = user;
    const size_t p = r->g->p;
    svyi_arena arena;
    svyi_arena_init(&arena, svyi_matrix_alloc(r->g->matrix));
    svyi_glm_fit fit = { .theta = r->fit->theta };
    size_t wanted = 0;
    svy_status st = SVY_OK;
    fit.gamma = svyi_arena_get(&arena, (p + 1) * sizeof *fit.gamma);
    fit.information = svyi_arena_get(&arena, (p * p + 1) * sizeof *fit.information);
    if (fit.gamma == NULL || fit.information == NULL) {
        st = svyi_nomem(err);
    } else {
        memcpy(fit.gamma, r->fit->gamma, p * sizeof *fit.gamma);
        st = svyi_glm_solve(&arena, r->g, weights, 1, 1, &fit, err);
    }
    for (size_t k = 0; k < p; k++)
        wanted += !r->g->aliased[k];
    if (st == SVY_OK && svyi_cholesky(fit.information, p, 1e-13, NULL) == wanted)
        svyi_glm_beta(r->g, fit.gamma, theta);
    else
        for (size_t k = 0; k < p; k++)
            theta[k] = (double)NAN;
    for (size_t k = 0; k < p && st == SVY_OK; k++)
        if (r->g->aliased[k])
            theta[k] = 0;
    svyi_arena_clear(&arena);
    return st == SVY_E_NOMEM ? st : SVY_OK;      /* a replicate without a fit is left out and counted */
}

/* ---- the response ---- */

static svy_status take_response(const svyi_model_task *t, const double **y, svy_error *err)
{
    const svyi_response *r = svyi_matrix_response(t->matrix);
    const svy_family family = t->spec->family;
    if (r == NULL)
        return svyi_fail(err, SVY_E_SYNTAX, "the formula has no response: write it left of the ~");
    if (r->kind == SVYI_RESPONSE_SURVIVAL)
        return svyi_fail(err, SVY_E_TYPE, "Surv() is a response of --family cox only");
    if (r->kind == SVYI_RESPONSE_FACTOR && family != SVY_FAMILY_BINOMIAL)
        return svyi_fail(err, SVY_E_TYPE, "'%s' is text: a %s model needs a number", r->name, svyi_family_name(family));
    *y = r->numbers;
    if (r->kind == SVYI_RESPONSE_FACTOR) {           /* as in R: the first level is 0, all others are 1 */
        const size_t rows = svy_design_rows(t->design);
        double *own = svyi_arena_get(t->arena, (rows + 1) * sizeof *own);
        if (own == NULL)
            return svyi_nomem(err);
        for (size_t i = 0; i < rows; i++)
            own[i] = r->codes[i] != 0;
        *y = own;
    }
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (size_t i = 0; i < t->n; i++) {
        const double v = (*y)[t->rows[i]];
        const char *why = svyi_family_refuses(family, v);
        if (why != NULL)
            return svyi_fail(err, SVY_E_VALUE, "'%s' is %g in row %u: %s", r->name, v, (unsigned)t->rows[i] + 1, why);
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    if (family != SVY_FAMILY_GAUSSIAN && family != SVY_FAMILY_GAMMA && !(least < most) && (family == SVY_FAMILY_BINOMIAL ? least == 0 || least == 1 : least == 0))
        return svyi_fail(err, SVY_E_NUMERIC, "'%s' is %g in all rows used, so there is nothing to estimate", r->name, least);
    return SVY_OK;
}

/* Weights of mean 1 over the rows of the subpopulation, as R has them. */
static double weight_scale(const svyi_model_task *t)
{
    double sum = 0, rows = 0;
    const double *w = svy_design_weights(t->design);
    for (size_t i = 0; i < svy_design_rows(t->design); i++)
        if (t->keep == NULL || t->keep[i]) {
            sum += w[i];
            rows++;
        }
    return sum > 0 ? rows / sum : 1;
}

/* ---- what follows from the fit ---- */

/* By row: weight times score; and the design-based variance of Pearson residuals, as R survey's svyvar() has it. */
static svy_status make_scores(const svyi_model_task *t, const svyi_glm *g, const svyi_glm_fit *fit, double *score, double *dispersion, svy_error *err)
{
    const double *weights = svy_design_weights(t->design);
    double *x = svyi_get(&t->arena->alloc, (g->p + 1) * SVYI_BLOCK * sizeof *x), eta[SVYI_BLOCK], mu[SVYI_BLOCK], slope[SVYI_BLOCK], work[SVYI_BLOCK],
        s[SVYI_BLOCK], y[SVYI_BLOCK], total = 0, mean = 0, squares = 0;
    if (x == NULL)
        return svyi_nomem(err);
    for (size_t at = 0; at < g->n; at += SVYI_BLOCK) {
        const uint32_t *rows = g->rows + at;
        const size_t n = g->n - at < SVYI_BLOCK ? g->n - at : SVYI_BLOCK;
        svyi_glm_columns(g, rows, n, x);
        svyi_glm_eta(g, fit->gamma, rows, n, x, eta);
        for (size_t i = 0; i < n; i++)
            y[i] = g->y[rows[i]];
        svyi_link_block(g->family.link, eta, n, mu, slope);
        svyi_family_block(&g->family, y, mu, slope, n, work, s);
        for (size_t i = 0; i < n; i++) {
            const double w = weights[rows[i]] * g->scale, v = svyi_family_variance(&g->family, mu[i]);
            const double pearson = v > 0 ? (y[i] - mu[i]) / sqrt(v) : 0, off = pearson - mean;
            score[rows[i]] = w * s[i];
            total += w;
            mean += off * w / total;
            squares += w * off * (pearson - mean);
        }
    }
    svyi_release(&t->arena->alloc, x, (g->p + 1) * SVYI_BLOCK * sizeof *x);
    *dispersion = squares / total * (double)g->n / (double)(g->n - (g->n > 1));
    return SVY_OK;
}

/* Without an offset every row has the weighted mean of the response, whatever the link. */
static double flat_deviance(const svyi_model_task *t, const svyi_glm *g)
{
    const double *weights = svy_design_weights(t->design);
    double y[SVYI_BLOCK], mu[SVYI_BLOCK], w[SVYI_BLOCK], total = 0, sum = 0, deviance = 0;
    for (size_t i = 0; i < g->n; i++) {
        total += weights[g->rows[i]];
        sum += weights[g->rows[i]] * g->y[g->rows[i]];
    }
    for (size_t at = 0; at < g->n; at += SVYI_BLOCK) {
        const size_t n = g->n - at < SVYI_BLOCK ? g->n - at : SVYI_BLOCK;
        for (size_t i = 0; i < n; i++) {
            y[i] = g->y[g->rows[at + i]];
            w[i] = weights[g->rows[at + i]] * g->scale;
            mu[i] = sum / total;
        }
        deviance += svyi_family_deviance(&g->family, y, mu, w, n);
    }
    return deviance;
}

/* With an offset the intercept is fitted. */
static svy_status fitted_deviance(const svyi_model_task *t, const svyi_glm *g, double *out, svy_error *err)
{
    svyi_glm null = *g;
    const double *weights = svy_design_weights(t->design);
    unsigned char *left_out = svyi_arena_get(t->arena, g->p + 1);
    svyi_glm_fit fit = { .theta = g->family.theta };
    fit.gamma = svyi_arena_get(t->arena, (g->p + 1) * sizeof *fit.gamma);
    fit.information = svyi_arena_get(t->arena, (g->p * g->p + 1) * sizeof *fit.information);
    if (left_out == NULL || fit.gamma == NULL || fit.information == NULL)
        return svyi_nomem(err);
    memset(left_out, 1, g->p);
    left_out[0] = 0;
    null.fixed_theta = 1;
    svy_status st = svyi_glm_prepare(t->arena, &null, weights, left_out, t->threads, err);
    if (st == SVY_OK)
        st = svyi_glm_solve(t->arena, &null, weights, 0, t->threads, &fit, err);
    *out = st == SVY_OK ? fit.deviance : (double)NAN;
    return st == SVY_E_NUMERIC ? SVY_OK : st;       /* no finite fit of it: no null deviance */
}

/* The deviance with the intercept only (and the offset); without an intercept, of the linear predictor 0 (or the offset). */
static svy_status null_deviance(const svyi_model_task *t, const svyi_glm *g, double *out, svy_error *err)
{
    if (g->intercept && g->offset == NULL) {
        *out = flat_deviance(t, g);
        return SVY_OK;
    }
    if (g->intercept)
        return fitted_deviance(t, g, out, err);
    svyi_glm_sums sums = { NULL, NULL, 0, 0 };
    double *zero = svyi_arena_get(t->arena, (g->p + 1) * sizeof *zero);
    if (zero == NULL || svyi_glm_pass(g, zero, svy_design_weights(t->design), t->threads, &sums) != 0)
        return svyi_nomem(err);
    *out = sums.possible ? sums.deviance : (double)NAN;
    return SVY_OK;
}

/* map * information^-1, and from it the covariance of beta by the information alone. */
static svy_status make_spread(const svyi_model_task *t, const svyi_glm *g, const svyi_glm_fit *fit, double *spread, double *naive, svy_error *err)
{
    const size_t p = g->p;
    double *factor = svyi_arena_get(t->arena, (p * p + 1) * sizeof *factor), *inverse = svyi_arena_get(t->arena, (p * p + 1) * sizeof *inverse);
    if (factor == NULL || inverse == NULL)
        return svyi_nomem(err);
    memcpy(factor, fit->information, p * p * sizeof *factor);
    svyi_cholesky(factor, p, 1e-13, NULL);
    svyi_cholesky_invert(factor, p, inverse);
    memset(spread, 0, p * p * sizeof *spread);
    for (size_t i = 0; i < p; i++)
        for (size_t k = 0; k < p; k++)
            for (size_t j = 0; g->map[i * p + k] != 0 && j < p; j++)
                spread[i * p + j] += g->map[i * p + k] * inverse[k * p + j];
    return svyi_sandwich(t->arena, g->map, p, inverse, p, naive) == 0 ? SVY_OK : svyi_nomem(err);
}

/* All replicates together; those that need it alone. */
static svy_status batch_variance(const svyi_model_task *t, const influence *f, const double *theta, double *variance, svyi_model_result *out, svy_error *err)
{
    const size_t p = f->g->p, count = svy_design_replicates(t->design), rows = svy_design_rows(t->design);
    const svy_alloc *alloc = &t->arena->alloc;
    double *thetas = svyi_get(alloc, (count * p + 1) * sizeof *thetas), *weights = NULL;
    svy_status st = thetas != NULL ? svyi_glm_replicates(t->arena, f->g, t->design, f->fit, t->threads, thetas, err) : svyi_nomem(err);
    for (size_t r = 0; st == SVY_OK && r < count; r++) {
        if (!isnan(thetas[r * p]))
            continue;
        if (weights == NULL && (weights = svyi_get(alloc, (rows + 1) * sizeof *weights)) == NULL) {
            st = svyi_nomem(err);
            break;
        }
        svyi_replicate_weights(t->design, r, weights);
        st = refit_values(f, weights, thetas + r * p, err);
    }
    if (st == SVY_OK)
        st = svyi_replicate_variance(t->design, theta, thetas, p, variance, out->covariance, &out->dropped, err);
    svyi_release(alloc, thetas, (count * p + 1) * sizeof *thetas);
    svyi_release(alloc, weights, (rows + 1) * sizeof *weights);
    return st;
}

static svy_status find_variance(const svyi_model_task *t, const svyi_glm *g, const svyi_glm_fit *fit, const double *spread, const double *score,
                                svyi_model_result *out, svy_error *err)
{
    const influence f = { g, spread, score, fit };
    const size_t p = g->p;
    double *variance = svyi_arena_get(t->arena, (p + 1) * sizeof *variance), *theta = svyi_arena_get(t->arena, (p + 1) * sizeof *theta);
    if (variance == NULL || theta == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < p; k++)
        theta[k] = g->aliased[k] ? 0 : out->beta[k];
    if (svy_design_replicates(t->design) == 0) {
        const svyi_influence own = { .width = p, .domains = 1, .fill = fill_influence, .user = &f };
        return svyi_influence_variance(t->arena, t->design, &own, t->threads, variance, out->covariance, err);
    }
    if (svyi_glm_batches(g, t->design))
        return batch_variance(t, &f, theta, variance, out, err);
    const svyi_estimator e = { .influence = { .width = p, .domains = 1, .fill = fill_influence, .user = &f }, .values = refit_values };
    return svyi_estimator_variance(t->arena, t->design, &e, theta, t->threads, variance, out->covariance, &out->dropped, err);
}

/* ---- all together ---- */

static svy_status make_result(const svyi_model_task *t, const svyi_glm *g, svyi_model_result *out, svy_error *err)
{
    const size_t p = g->p;
    *out = (svyi_model_result){ .count = p, .loglik = (double)NAN, .theta = (double)NAN, .df_lost = (double)NAN };
    out->names = svyi_arena_get(t->arena, (p + 1) * sizeof *out->names);
    out->beta = svyi_arena_get(t->arena, (p + 1) * sizeof *out->beta);
    out->covariance = svyi_arena_get(t->arena, (p * p + 1) * sizeof *out->covariance);
    out->naive = svyi_arena_get(t->arena, (p * p + 1) * sizeof *out->naive);
    if (out->names == NULL || out->beta == NULL || out->covariance == NULL || out->naive == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < p; k++)
        out->names[k] = svyi_matrix_name(t->matrix, k);
    return SVY_OK;
}

svy_status svyi_glm_engine(const svyi_model_task *t, const unsigned char *left_out, svyi_glm *g, svyi_glm_fit *fit, svy_error *err)
{
    const double *weights = svy_design_weights(t->design);
    svy_link link = t->spec->link;
    if (!svyi_family_link(t->spec->family, &link))
        return svyi_fail(err, SVY_E_VALUE, "the family %s has no %s link", svyi_family_name(t->spec->family), svyi_link_name(link));
    *g = (svyi_glm){ .matrix = t->matrix, .family = { t->spec->family, link, fit->theta }, .rows = t->rows, .n = t->n, .p = svyi_matrix_columns(t->matrix),
                     .offset = svyi_matrix_offset(t->matrix), .intercept = svyi_matrix_intercept(t->matrix), .scale = weight_scale(t) };
    if (g->p == 0)
        return svyi_fail(err, SVY_E_VALUE, "the model has no coefficient: add a term or an intercept");
    svy_status st = take_response(t, &g->y, err);
    fit->gamma = svyi_arena_get(t->arena, (g->p + 1) * sizeof *fit->gamma);
    fit->information = svyi_arena_get(t->arena, (g->p * g->p + 1) * sizeof *fit->information);
    if (st == SVY_OK && (fit->gamma == NULL || fit->information == NULL))
        st = svyi_nomem(err);
    if (st == SVY_OK)
        st = svyi_glm_prepare(t->arena, g, weights, left_out, t->threads, err);
    g->fixed_theta = left_out != NULL;
    if (st == SVY_OK)
        st = svyi_glm_solve(t->arena, g, weights, 0, t->threads, fit, err);
    if (st == SVY_OK)
        g->family.theta = fit->theta;
    return st;
}

svy_status svyi_glm_fit_model(const svyi_model_task *t, svyi_glm *g, svyi_glm_fit *fit, svyi_model_result *out, svy_error *err)
{
    svy_status st = svyi_glm_engine(t, NULL, g, fit, err);
    if (st == SVY_OK)
        st = make_result(t, g, out, err);
    if (st != SVY_OK)
        return st;
    double *spread = svyi_arena_get(t->arena, (g->p * g->p + 1) * sizeof *spread);
    double *score = svyi_arena_get(t->arena, (svy_design_rows(t->design) + 1) * sizeof *score);
    if (spread == NULL || score == NULL)
        return svyi_nomem(err);
    svyi_glm_beta(g, fit->gamma, out->beta);
    for (size_t k = 0; k < g->p; k++)
        out->parameters += !g->aliased[k];
    out->deviance = fit->deviance;
    out->theta = g->family.family == SVY_FAMILY_NEGATIVE_BINOMIAL ? fit->theta : (double)NAN;
    out->iterations = fit->iterations;
    out->score = score;
    out->spread = spread;
    st = make_spread(t, g, fit, spread, out->naive, err);
    if (st == SVY_OK)
        st = make_scores(t, g, fit, score, &out->dispersion, err);
    if (st == SVY_OK)
        st = null_deviance(t, g, &out->null_deviance, err);
    double *adjusted = score;
    if (st == SVY_OK && t->spec->se != SVY_SE_LINEARIZED) {
        adjusted = svyi_arena_get(t->arena, (svy_design_rows(t->design) + 1) * sizeof *adjusted);
        st = adjusted != NULL ? svyi_glm_bell(t, g, fit, adjusted, &out->df, err) : svyi_nomem(err);
    }
    if (st == SVY_OK)
        st = find_variance(t, g, fit, spread, adjusted, out, err);
    return st;
}
