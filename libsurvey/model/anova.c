/* Tests of terms: Wald's, Rao and Scott's likelihood ratio, and the working Wald test.
   J. N. K. Rao and A. J. Scott, "On chi-squared tests for multiway contingency tables", Ann. Stat. 12 (1984) 46-60, doi:10.1214/aos/1176346391;
   T. Lumley and A. Scott, "Tests for regression models fitted to survey data", Aust. N. Z. J. Stat. 56 (2014) 1-14, doi:10.1111/anzs.12065. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/model_priv.h"
#include "num/distribution.h"
#include "num/matrix.h"
#include "num/mixture.h"

/* The coefficients of a term that are not aliased. */
typedef struct subset {
    const svy_model *m;
    svyi_arena scratch;
    size_t *index, n;
    double *beta, *design, *naive, *solved;
} subset;

/* A multinomial model has the coefficients of a term once for each level of the response. */
static int take_subset(subset *s, const svyi_term *t)
{
    const svyi_model_result *r = &s->m->result;
    const size_t every = s->m->spec.family == SVY_FAMILY_MULTINOMIAL ? svyi_matrix_columns(s->m->matrix) : r->count;
    s->index = svyi_arena_get(&s->scratch, (r->count + 1) * sizeof *s->index);
    if (s->index == NULL)
        return -1;
    for (size_t begin = 0; begin < r->count; begin += every)
        for (size_t k = begin + t->first; k < begin + t->first + t->count && k < r->count; k++)
            if (!isnan(r->beta[k]))
                s->index[s->n++] = k;
    s->beta = svyi_arena_get(&s->scratch, (s->n + 1) * sizeof *s->beta);
    s->solved = svyi_arena_get(&s->scratch, (s->n + 1) * sizeof *s->solved);
    s->design = svyi_arena_get(&s->scratch, (s->n * s->n + 1) * sizeof *s->design);
    s->naive = svyi_arena_get(&s->scratch, (s->n * s->n + 1) * sizeof *s->naive);
    if (s->beta == NULL || s->solved == NULL || s->design == NULL || s->naive == NULL)
        return -1;
    for (size_t i = 0; i < s->n; i++) {
        s->beta[i] = s->solved[i] = r->beta[s->index[i]];
        for (size_t j = 0; j < s->n; j++) {
            s->design[i * s->n + j] = r->covariance[s->index[i] * r->count + s->index[j]];
            s->naive[i * s->n + j] = r->naive[s->index[i] * r->count + s->index[j]];
        }
    }
    return 0;
}

/* b' a^-1 b; `a` is replaced by its factor. @return NaN when a is singular. */
static double quadratic(subset *s, double *a)
{
    double sum = 0;
    if (svyi_cholesky(a, s->n, 1e-14, NULL) < s->n)
        return (double)NAN;
    svyi_cholesky_solve(a, s->n, s->solved);
    for (size_t i = 0; i < s->n; i++)
        sum += s->beta[i] * s->solved[i];
    return sum;
}

static void wald(subset *s, svy_model_test *out)
{
    const double df = s->m->spec.normal ? HUGE_VAL : s->m->df;
    out->chisq = quadratic(s, s->design);
    out->statistic = out->chisq / (double)s->n;
    out->p_value = df > 0 ? svyi_f_upper(out->statistic, (double)s->n, df) : (double)NAN;
}

/* Eigenvalues of naive^-1 design. */
static int mixture_weights(subset *s, double *lambda)
{
    const size_t n = s->n;
    double *factor = svyi_arena_get(&s->scratch, (n * n + 1) * sizeof *factor), *inverse = svyi_arena_get(&s->scratch, (n * n + 1) * sizeof *inverse);
    if (factor == NULL || inverse == NULL)
        return -1;
    memcpy(factor, s->naive, n * n * sizeof *factor);
    svyi_cholesky(factor, n, 1e-14, NULL);
    svyi_cholesky_invert(factor, n, inverse);
    return svyi_eigen_product(&s->scratch, inverse, s->design, n, lambda);
}

/* The deviance without the columns of the term, less the deviance. */
static svy_status deviance_change(subset *s, const svyi_term *t, double *out, svy_error *err)
{
    const svy_model *m = s->m;
    svyi_model_task task = m->task;
    unsigned char *left_out = svyi_arena_get(&s->scratch, m->result.count + 1);
    svyi_glm g;
    svyi_glm_fit fit = { .theta = m->fit.theta };
    task.arena = &s->scratch;
    if (left_out == NULL)
        return svyi_nomem(err);
    memset(left_out + t->first, 1, t->count);
    if (t->count == m->result.count) {
        svyi_glm_sums sums = { NULL, NULL, 0, 0 };
        double *zero = svyi_arena_get(&s->scratch, (m->result.count + 1) * sizeof *zero);
        if (zero == NULL || svyi_glm_pass(&m->glm, zero, svy_design_weights(task.design), task.threads, &sums) != 0)
            return svyi_nomem(err);
        *out = sums.deviance - m->result.deviance;
        return SVY_OK;
    }
    svy_status st = svyi_glm_engine(&task, left_out, &g, &fit, err);
    *out = fit.deviance - m->result.deviance;
    return st;
}

static svy_status mixture_test(subset *s, const svyi_term *t, int likelihood, int saddlepoint, svy_model_test *out, svy_error *err)
{
    const double df = s->m->spec.normal ? HUGE_VAL : s->m->df;
    double *lambda = svyi_arena_get(&s->scratch, (s->n + 1) * sizeof *lambda), mean = 0;
    if (lambda == NULL || mixture_weights(s, lambda) != 0)
        return svyi_nomem(err);
    for (size_t k = 0; k < s->n; k++)
        mean += lambda[k] / (double)s->n;
    svy_status st = likelihood ? deviance_change(s, t, &out->chisq, err) : SVY_OK;
    if (!likelihood)
        out->chisq = quadratic(s, s->naive);
    out->statistic = out->chisq / mean;
    const double x = out->chisq > 0 ? out->chisq : 0;
    out->p_value = (double)NAN;
    if (df > 0)
        out->p_value = saddlepoint ? svyi_mixture_saddlepoint(lambda, s->n, df, x) : svyi_mixture_upper(&s->scratch, lambda, s->n, df, x);
    return st;
}

size_t svy_model_terms(const svy_model *m) { return svyi_matrix_terms(m->matrix); }

svy_status svy_model_test_terms(const svy_model *m, svy_model_test_kind kind, int saddlepoint, svy_model_test *tests, svy_error *err)
{
    svy_status st = SVY_OK;
    SVY_REQUIRE(m != NULL && tests != NULL, err);
    if (kind == SVY_MODEL_LRT && !m->linear)
        return svyi_fail(err, SVY_E_TYPE, "the likelihood-ratio test is for generalised linear models: use --anova wald or working-wald");
    for (size_t k = 0; st == SVY_OK && k < svyi_matrix_terms(m->matrix); k++) {
        svyi_term t = *svyi_matrix_term(m->matrix, k);
        subset s = { .m = m };
        if ((m->spec.family == SVY_FAMILY_ORDINAL || m->spec.family == SVY_FAMILY_COX) && svyi_matrix_intercept(m->matrix))
            t.first--;                       /* these models have no intercept among their coefficients */
        svyi_arena_init(&s.scratch, &m->arena.alloc);
        tests[k] = (svy_model_test){ .term = t.name, .ddf = m->spec.normal ? HUGE_VAL : m->df };
        st = take_subset(&s, &t) == 0 ? SVY_OK : svyi_nomem(err);
        tests[k].ndf = (double)s.n;
        if (st == SVY_OK && s.n == 0)
            tests[k].statistic = tests[k].chisq = tests[k].p_value = (double)NAN;
        else if (st == SVY_OK && kind == SVY_MODEL_WALD)
            wald(&s, &tests[k]);
        else if (st == SVY_OK)
            st = mixture_test(&s, &t, kind == SVY_MODEL_LRT, saddlepoint, &tests[k], err);
        svyi_arena_clear(&s.scratch);
    }
    return st;
}
