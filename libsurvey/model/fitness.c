/* How well a model fits: Lumley and Scott's AIC and BIC, pseudo R squared. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/model_priv.h"
#include "num/matrix.h"

/* Trace of a^-1 b over the coefficients behind the intercept that are not aliased. */
static svy_status trace_of(const svy_model *m, double *out, svy_error *err)
{
    const svyi_model_result *r = &m->result;
    const size_t p = r->count;
    size_t n = 0;
    svyi_arena scratch;
    svyi_arena_init(&scratch, &m->arena.alloc);
    double *a = svyi_arena_get(&scratch, (p * p + 1) * sizeof *a), *b = svyi_arena_get(&scratch, (p + 1) * sizeof *b);
    size_t *index = svyi_arena_get(&scratch, (p + 1) * sizeof *index);
    svy_status st = a != NULL && b != NULL && index != NULL ? SVY_OK : svyi_nomem(err);
    *out = 0;
    for (size_t k = svyi_matrix_intercept(m->matrix) ? 1 : 0; st == SVY_OK && k < p; k++)
        if (!isnan(r->beta[k]))
            index[n++] = k;
    for (size_t i = 0; st == SVY_OK && i < n; i++)
        for (size_t j = 0; j < n; j++)
            a[i * n + j] = r->naive[index[i] * p + index[j]];
    if (st == SVY_OK)
        svyi_cholesky(a, n, 1e-15, NULL);
    for (size_t j = 0; st == SVY_OK && j < n; j++) {
        for (size_t i = 0; i < n; i++)
            b[i] = r->covariance[index[i] * p + index[j]];
        svyi_cholesky_solve(a, n, b);
        *out += b[j];
    }
    svyi_arena_clear(&scratch);
    return st;
}

/* With the identity link a normal distribution's variance is a parameter of its own (R survey 4.5). */
static void gaussian_aic(const svy_model *m, double trace, svy_model_fitness *out)
{
    const svyi_glm *g = &m->glm;
    const double *weights = svy_design_weights(m->task.design);
    double total = 0, meat = 0;
    for (size_t i = 0; i < g->n; i++)
        total += weights[g->rows[i]] * g->scale;
    const double s2 = m->result.deviance / total;
    for (size_t i = 0; i < g->n; i++) {
        const double w = weights[g->rows[i]] * g->scale;
        const double r = w > 0 ? m->result.score[g->rows[i]] / w : 0;
        const double u = -1 / (2 * s2) + r * r / (2 * s2 * s2);
        meat += w * u * u;
    }
    if (!(s2 > 0))
        return;                          /* everything is explained: the likelihood has no maximum */
    out->effective = trace / s2 + total / (2 * s2 * s2) / meat;
    out->aic = total * (log(s2) + 1 + log(2 * 3.14159265358979323846)) + 2 * out->effective;
}

static double weight_sum(const svy_model *m)
{
    const double *weights = svy_design_weights(m->task.design);
    double total = 0;
    for (size_t i = 0; i < m->task.n; i++)
        total += weights[m->task.rows[i]] * m->glm.scale;
    return total;
}

/* ---- BIC within a maximal model ---- */

static int has_coefficient(const svyi_model_result *r, const char *name)
{
    for (size_t k = 0; k < r->count; k++)
        if (!isnan(r->beta[k]) && strcmp(r->names[k], name) == 0)
            return 1;
    return 0;
}

static svy_status check_nested(const svy_model *m, const svy_model *maximal, svy_error *err)
{
    const svyi_model_result *r = &m->result;
    if (!m->linear || !maximal->linear)
        return svyi_fail(err, SVY_E_TYPE, "BIC within a maximal model is for generalised linear models");
    if (m->glm.family.family != maximal->glm.family.family || m->glm.family.link != maximal->glm.family.link)
        return svyi_fail(err, SVY_E_VALUE, "the model and the maximal model have different families or links");
    if (m->task.n != maximal->task.n || memcmp(m->task.rows, maximal->task.rows, m->task.n * sizeof *m->task.rows) != 0)
        return svyi_fail(err, SVY_E_VALUE, "the model uses %zu rows and the maximal model %zu, which differ because of missing values: keep to the rows that have all "
                         "variables by --where", m->task.n, maximal->task.n);
    for (size_t k = 0; k < r->count; k++)
        if (!isnan(r->beta[k]) && !has_coefficient(&maximal->result, r->names[k]))
            return svyi_fail(err, SVY_E_VALUE, "the maximal model has no coefficient '%s', which the model has: add its term", r->names[k]);
    return SVY_OK;
}

/* Log of the determinant of the matrix that a Cholesky factor belongs to. */
static double log_determinant(const double *factor, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += 2 * log(factor[k * n + k]);
    return sum;
}

/* b' V^-1 b and log det(V0^-1 V) of the coefficients that only the maximal model has, *n of them. */
static svy_status extra_coefficients(const svy_model *m, const svy_model *maximal, size_t *n, double *wald, double *log_ratio, svy_error *err)
{
    const svyi_model_result *r = &maximal->result;
    const size_t p = r->count;
    svyi_arena scratch;
    svyi_arena_init(&scratch, &m->arena.alloc);
    double *v = svyi_arena_get(&scratch, (p * p + 1) * sizeof *v), *naive = svyi_arena_get(&scratch, (p * p + 1) * sizeof *naive);
    double *b = svyi_arena_get(&scratch, (p + 1) * sizeof *b);
    size_t *index = svyi_arena_get(&scratch, (p + 1) * sizeof *index);
    svy_status st = v != NULL && naive != NULL && b != NULL && index != NULL ? SVY_OK : svyi_nomem(err);
    *n = 0;
    *wald = *log_ratio = 0;
    for (size_t k = 0; st == SVY_OK && k < p; k++)
        if (!isnan(r->beta[k]) && !has_coefficient(&m->result, r->names[k]))
            index[(*n)++] = k;
    for (size_t i = 0; st == SVY_OK && i < *n; i++) {
        b[i] = r->beta[index[i]];
        for (size_t j = 0; j < *n; j++) {
            v[i * *n + j] = r->covariance[index[i] * p + index[j]];
            naive[i * *n + j] = r->naive[index[i] * p + index[j]];
        }
    }
    if (st == SVY_OK && (svyi_cholesky(v, *n, 1e-14, NULL) < *n || svyi_cholesky(naive, *n, 1e-15, NULL) < *n))
        st = svyi_fail(err, SVY_E_NUMERIC, "the covariance of the %zu coefficients that only the maximal model has is singular: the design has too few clusters for them", *n);
    if (st == SVY_OK) {
        svyi_cholesky_solve(v, *n, b);
        for (size_t i = 0; i < *n; i++)
            *wald += b[i] * r->beta[index[i]];
        *log_ratio = log_determinant(v, *n) - log_determinant(naive, *n);
    }
    svyi_arena_clear(&scratch);
    return st;
}

svy_status svy_model_bic(const svy_model *m, const svy_model *maximal, double *bic, double *effective_n, svy_error *err)
{
    size_t extra;
    double wald, log_ratio;
    SVY_REQUIRE(m != NULL && maximal != NULL && bic != NULL, err);
    *bic = (double)NAN;
    if (effective_n != NULL)
        *effective_n = (double)NAN;
    svy_status st = check_nested(m, maximal, err);
    if (st == SVY_OK)
        st = extra_coefficients(m, maximal, &extra, &wald, &log_ratio, err);
    if (st != SVY_OK)
        return st;
    const double n = (double)m->task.n;
    *bic = wald + (double)m->result.parameters * log(n) + log_ratio + maximal->result.deviance;
    if (effective_n != NULL && extra > 0)
        *effective_n = n * exp(-log_ratio / (double)extra);
    return SVY_OK;
}

/* ---- all measures ---- */

svy_status svy_model_fitness_make(const svy_model *m, svy_model_fitness *out, svy_error *err)
{
    const double none = (double)NAN;
    SVY_REQUIRE(m != NULL && out != NULL, err);
    const svyi_model_result *r = &m->result;
    *out = (svy_model_fitness){ .n = m->task.n, .missing = m->missing, .df_residual = m->df, .deviance = r->deviance, .null_deviance = r->null_deviance,
        .dispersion = r->dispersion, .theta = r->theta, .effective = none, .aic = none, .bic = none, .cox_snell = none, .nagelkerke = none,
        .dropped = r->dropped, .iterations = r->iterations };
    if (!m->linear)
        return SVY_OK;
    double trace;
    svy_status st = trace_of(m, &trace, err);
    if (st != SVY_OK)
        return st;
    const svy_family family = m->glm.family.family;
    if (family == SVY_FAMILY_GAUSSIAN && m->glm.family.link == SVY_LINK_IDENTITY) {
        gaussian_aic(m, trace, out);
    } else {
        out->effective = trace;
        out->aic = r->deviance + 2 * trace;
    }
    out->bic = r->deviance + (double)r->parameters * log((double)m->task.n);
    if (family == SVY_FAMILY_BINOMIAL || family == SVY_FAMILY_POISSON) {
        const double total = weight_sum(m);
        out->cox_snell = 1 - exp((r->deviance - r->null_deviance) / total);
        out->nagelkerke = out->cox_snell / (1 - exp(-r->null_deviance / total));
    }
    return st;
}
