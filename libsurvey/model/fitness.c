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
