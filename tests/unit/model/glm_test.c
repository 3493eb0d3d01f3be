/* Generalised linear models: what must hold of any fit; figures are in tests/reference. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <survey/model.h>

#include "../base/watched_alloc.h"
#include "base/number.h"
#include "design/replicate.h"
#include "model/family.h"
#include "model/model_priv.h"

typedef struct sample { svy_frame *f; svy_design *d; } sample;

static double *add(svy_frame *f, const char *name, size_t rows)
{
    svy_error err = SVY_ERROR_INIT;
    double *x = svy_frame_get(f, rows, sizeof *x);
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, NULL, &err), SVY_OK);
    return x;
}

/* y 0/1, n a count, z positive; x, t numbers; f a factor; w, psu, h the design; `order` turns the rows around. */
static sample make_sample(size_t rows, int order, double scale)
{
    static const char *const LEVELS[] = { "a", "b", "c" };
    svy_error err = SVY_ERROR_INIT;
    svyi_random r;
    sample s;
    svyi_random_seed(&r, 11);
    cr_assert_eq(svy_frame_new(NULL, rows, &s.f, &err), SVY_OK);
    double *y = add(s.f, "y", rows), *n = add(s.f, "n", rows), *z = add(s.f, "z", rows), *x = add(s.f, "x", rows), *t = add(s.f, "t", rows), *w = add(s.f, "w", rows),
        *psu = add(s.f, "psu", rows), *h = add(s.f, "h", rows);
    uint32_t *f = svy_frame_get(s.f, rows, sizeof *f);
    for (size_t k = 0; k < rows; k++) {
        const size_t i = order ? rows - 1 - k : k;
        x[i] = svyi_random_unit(&r) * 3;
        t[i] = 2000 + svyi_random_below(&r, 30);
        f[i] = svyi_random_below(&r, 3);
        w[i] = (1 + 4 * svyi_random_unit(&r)) * scale;
        psu[i] = svyi_random_below(&r, 40);
        h[i] = floor(psu[i] / 10);
        const double e = -1 + 0.6 * x[i] + 0.3 * (f[i] == 1) + 0.02 * (psu[i] - 20) / 4;
        y[i] = svyi_random_unit(&r) < 1 / (1 + exp(-e));
        n[i] = floor(-log(svyi_random_unit(&r) + 1e-9) * exp(0.3 * e) * 2);
        z[i] = exp(e / 2) * (0.2 + svyi_random_unit(&r));
    }
    cr_assert_eq(svy_frame_add_factor(s.f, "f", SVY_T_TEXT, f, NULL, LEVELS, NULL, 3, &err), SVY_OK);
    static const char *const CLUSTERS[] = { "psu" }, *const STRATA[] = { "h" };
    svy_design_spec spec = SVY_DESIGN_INIT;
    spec.weights = "w";
    spec.clusters = CLUSTERS;
    spec.strata = STRATA;
    spec.n_clusters = spec.n_strata = 1;
    cr_assert_eq(svy_design_new(NULL, s.f, &spec, &s.d, &err), SVY_OK, "%s", err.message);
    return s;
}

static void free_sample(sample *s)
{
    svy_design_free(s->d);
    svy_frame_free(s->f);
}

static svy_status fit(const sample *s, const char *formula, svy_family family, svy_link link, unsigned threads, svy_model **m, svy_error *err)
{
    svy_model_spec spec = SVY_MODEL_INIT;
    spec.formula = formula;
    spec.family = family;
    spec.link = link;
    spec.threads = threads;
    return svy_model_fit(NULL, s->f, s->d, &spec, m, err);
}

static const struct { const char *formula; svy_family family; svy_link link; } FITS[] = {
    { "y ~ x + f", SVY_FAMILY_GAUSSIAN, SVY_LINK_DEFAULT }, { "y ~ x * f + t", SVY_FAMILY_BINOMIAL, SVY_LINK_DEFAULT }, { "y ~ ns(x, 3) + f", SVY_FAMILY_BINOMIAL, SVY_LINK_PROBIT },
    { "y ~ x + f", SVY_FAMILY_BINOMIAL, SVY_LINK_CLOGLOG }, { "y ~ x", SVY_FAMILY_BINOMIAL, SVY_LINK_CAUCHIT }, { "y ~ f", SVY_FAMILY_BINOMIAL, SVY_LINK_LOG },
    { "n ~ x + f + t", SVY_FAMILY_POISSON, SVY_LINK_DEFAULT }, { "n ~ f", SVY_FAMILY_POISSON, SVY_LINK_IDENTITY }, { "n ~ x", SVY_FAMILY_POISSON, SVY_LINK_SQRT },
    { "z ~ x + f", SVY_FAMILY_GAMMA, SVY_LINK_DEFAULT }, { "z ~ x + f", SVY_FAMILY_GAMMA, SVY_LINK_LOG }, { "z ~ f", SVY_FAMILY_GAMMA, SVY_LINK_IDENTITY },
    { "n ~ x + f", SVY_FAMILY_NEGATIVE_BINOMIAL, SVY_LINK_DEFAULT }, { "z ~ x + I(x^2) + I(x^3) + t + I(t^2)", SVY_FAMILY_GAUSSIAN, SVY_LINK_DEFAULT } };
enum { N_FITS = sizeof FITS / sizeof FITS[0] };

/* The scores of a fit: X'W residual, in units of their standard deviation. */
Test(glm, scores_are_zero_at_the_estimate)
{
    sample s = make_sample(3000, 0, 1);
    for (size_t k = 0; k < N_FITS; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_model *m = NULL;
        cr_assert_eq(fit(&s, FITS[k].formula, FITS[k].family, FITS[k].link, 1, &m, &err), SVY_OK, "%zu: %s", k, err.message);
        const size_t p = svy_model_count(m);
        double sum[32] = { 0 }, size[32] = { 0 }, x[32];
        for (uint32_t i = 0; i < 3000; i++) {
            svyi_matrix_fill(m->matrix, &i, 1, x);
            for (size_t j = 0; j < p; j++) {
                sum[j] += m->result.score[i] * x[j];
                size[j] += fabs(m->result.score[i] * x[j]);
            }
        }
        for (size_t j = 0; j < p; j++)
            cr_expect_lt(fabs(sum[j]), 1e-11 * size[j], "%s: %s: %g of %g", FITS[k].formula, svyi_matrix_name(m->matrix, j), sum[j], size[j]);
        svy_model_free(m);
    }
    free_sample(&s);
}

static void expect_same(const svy_model *a, const svy_model *b, double scale, const char *what)
{
    for (size_t k = 0; k < svy_model_count(a); k++) {
        const svy_model_row *x = svy_model_row_at(a, k), *y = svy_model_row_at(b, k);
        cr_expect_lt(fabs(x->estimate - y->estimate), scale * x->se, "%s: %s: %.17g, %.17g", what, x->term, x->estimate, y->estimate);
        cr_expect_lt(fabs(x->se - y->se), scale * x->se, "%s: %s: %.17g, %.17g", what, x->term, x->se, y->se);
    }
}

Test(glm, order_of_rows_and_scale_of_weights_do_not_matter)
{
    sample s = make_sample(2000, 0, 1), turned = make_sample(2000, 1, 1), scaled = make_sample(2000, 0, 1000);
    for (size_t k = 0; k < N_FITS; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_model *a = NULL, *b = NULL, *c = NULL;
        cr_assert_eq(fit(&s, FITS[k].formula, FITS[k].family, FITS[k].link, 1, &a, &err), SVY_OK, "%s", err.message);
        cr_assert_eq(fit(&turned, FITS[k].formula, FITS[k].family, FITS[k].link, 1, &b, &err), SVY_OK, "%s", err.message);
        cr_assert_eq(fit(&scaled, FITS[k].formula, FITS[k].family, FITS[k].link, 1, &c, &err), SVY_OK, "%s", err.message);
        expect_same(a, b, 1e-9, FITS[k].formula);
        expect_same(a, c, 1e-9, FITS[k].formula);
        svy_model_free(a);
        svy_model_free(b);
        svy_model_free(c);
    }
    free_sample(&s);
    free_sample(&turned);
    free_sample(&scaled);
}

Test(glm, same_bits_for_any_number_of_threads)
{
    sample s = make_sample(30000, 0, 1);
    for (size_t k = 0; k < 3; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_model *a = NULL, *b = NULL;
        cr_assert_eq(fit(&s, FITS[k].formula, FITS[k].family, FITS[k].link, 1, &a, &err), SVY_OK);
        cr_assert_eq(fit(&s, FITS[k].formula, FITS[k].family, FITS[k].link, 8, &b, &err), SVY_OK);
        for (size_t i = 0; i < svy_model_count(a); i++) {
            const svy_model_row *x = svy_model_row_at(a, i), *y = svy_model_row_at(b, i);
            cr_expect(memcmp(&x->estimate, &y->estimate, sizeof x->estimate) == 0 && memcmp(&x->se, &y->se, sizeof x->se) == 0, "%s", x->term);
        }
        svy_model_free(a);
        svy_model_free(b);
    }
    free_sample(&s);
}

/* Replicates fitted together are what they are one by one. */
Test(glm, replicates_together_are_those_alone)
{
    sample s = make_sample(1500, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    static const char *const CLUSTERS[] = { "psu" }, *const STRATA[] = { "h" };
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design_free(s.d);
    spec.weights = "w";
    spec.clusters = CLUSTERS;
    spec.strata = STRATA;
    spec.n_clusters = spec.n_strata = 1;
    spec.replicates.type = SVY_REPLICATE_JKN;
    cr_assert_eq(svy_design_new(NULL, s.f, &spec, &s.d, &err), SVY_OK, "%s", err.message);
    for (size_t k = 0; k < N_FITS; k++) {
        svy_model *m = NULL;
        cr_assert_eq(fit(&s, FITS[k].formula, FITS[k].family, FITS[k].link, 2, &m, &err), SVY_OK, "%s", err.message);
        const size_t p = svy_model_count(m), count = svy_design_replicates(s.d);
        double *sum = calloc(p + 1, sizeof *sum), *weights = calloc(1501, sizeof *weights), *theta = calloc(p + 1, sizeof *theta), *all = calloc(count * p + 1, sizeof *all);
        svyi_arena scratch;
        for (size_t r = 0; r < count; r++) {
            svyi_arena_init(&scratch, NULL);
            svyi_glm_fit own = m->fit;
            svyi_replicate_weights(s.d, r, weights);
            own.gamma = svyi_arena_get(&scratch, p * sizeof *own.gamma);
            own.information = svyi_arena_get(&scratch, p * p * sizeof *own.information);
            memcpy(own.gamma, m->fit.gamma, p * sizeof *own.gamma);
            cr_assert_eq(svyi_glm_solve(&scratch, &m->glm, weights, 1, 1, &own, &err), SVY_OK, "%s", err.message);
            svyi_glm_beta(&m->glm, own.gamma, all + r * p);
            svyi_arena_clear(&scratch);
        }
        cr_assert_eq(svyi_replicate_variance(s.d, m->result.beta, all, p, sum, NULL, NULL, &err), SVY_OK);
        for (size_t j = 0; j < p; j++)
            cr_expect_float_eq(svy_model_row_at(m, j)->se, sqrt(sum[j]), 1e-9 * sqrt(sum[j]), "%s: %s: %.15g, %.15g", FITS[k].formula, svy_model_row_at(m, j)->term,
                               svy_model_row_at(m, j)->se, sqrt(sum[j]));
        free(sum);
        free(weights);
        free(theta);
        free(all);
        svy_model_free(m);
    }
    free_sample(&s);
}

static const struct { const char *formula; svy_family family; const char *where; svy_status status; const char *part; } WRONG[] = {
    { "y ~ factor(x > 1.5 & y > 0) + f", SVY_FAMILY_BINOMIAL, NULL, SVY_E_NUMERIC, "factor(x > 1.5 & y > 0): 1" },
    { "y ~ I(5 * y + x)", SVY_FAMILY_BINOMIAL, NULL, SVY_E_NUMERIC, "I(5 * y + x)" },
    { "n ~ factor(n > 0)", SVY_FAMILY_POISSON, NULL, SVY_E_NUMERIC, "factor(n > 0)" },
    { "I(y * 0) ~ x", SVY_FAMILY_BINOMIAL, NULL, SVY_E_NUMERIC, "nothing to estimate" },
    { "z ~ x", SVY_FAMILY_BINOMIAL, NULL, SVY_E_VALUE, "row" },
    { "y ~ x", SVY_FAMILY_GAMMA, NULL, SVY_E_VALUE, "positive" },
    { "I(-n - 1) ~ x", SVY_FAMILY_POISSON, NULL, SVY_E_VALUE, "not negative" },
    { "f ~ x", SVY_FAMILY_GAUSSIAN, NULL, SVY_E_TYPE, "text" },
    { "~ x", SVY_FAMILY_GAUSSIAN, NULL, SVY_E_SYNTAX, "response" },
    { "y ~ 0", SVY_FAMILY_GAUSSIAN, NULL, SVY_E_VALUE, "no coefficient" },
    { "Surv(x, y) ~ f", SVY_FAMILY_GAUSSIAN, NULL, SVY_E_TYPE, "Surv()" },
    { "y ~ x", SVY_FAMILY_GAUSSIAN, "x > 100", SVY_E_VALUE, "no row" },
};

Test(glm, what_cannot_be_fitted_is_named)
{
    sample s = make_sample(500, 0, 1);
    for (size_t k = 0; k < sizeof WRONG / sizeof WRONG[0]; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_model *m = NULL;
        svy_model_spec spec = SVY_MODEL_INIT;
        spec.formula = WRONG[k].formula;
        spec.family = WRONG[k].family;
        spec.where = WRONG[k].where;
        cr_expect_eq(svy_model_fit(NULL, s.f, s.d, &spec, &m, &err), WRONG[k].status, "%s: %d %s", WRONG[k].formula, (int)err.code, err.message);
        cr_expect_null(m);
        cr_expect(strstr(err.message, WRONG[k].part) != NULL, "%s: %s", WRONG[k].formula, err.message);
    }
    free_sample(&s);
}

Test(glm, a_link_that_a_family_lacks_is_refused)
{
    sample s = make_sample(100, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_model *m = NULL;
    cr_expect_eq(fit(&s, "y ~ x", SVY_FAMILY_POISSON, SVY_LINK_LOGIT, 1, &m, &err), SVY_E_VALUE);
    cr_expect_str_eq(err.message, "the family poisson has no logit link");
    free_sample(&s);
}

Test(glm, dependent_columns_are_left_out)
{
    sample s = make_sample(400, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_model *m = NULL, *without = NULL;
    cr_assert_eq(fit(&s, "z ~ x + I(2 * x + 1e6) + f + factor(f != 'a') + I(0 * x)", SVY_FAMILY_GAMMA, SVY_LINK_LOG, 1, &m, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(fit(&s, "z ~ x + f", SVY_FAMILY_GAMMA, SVY_LINK_LOG, 1, &without, &err), SVY_OK, "%s", err.message);
    static const int GONE[] = { 0, 0, 1, 0, 0, 1, 1 }, SAME[] = { 0, 1, -1, 2, 3, -1, -1 };
    for (size_t k = 0; k < 7; k++) {
        const svy_model_row *r = svy_model_row_at(m, k);
        cr_expect_eq(isnan(r->estimate) && isnan(r->se) && isnan(r->p_value), GONE[k], "%s", r->term);
        if (SAME[k] >= 0)
            cr_expect_float_eq(r->estimate, svy_model_row_at(without, (size_t)SAME[k])->estimate, 1e-12, "%s", r->term);
        if (SAME[k] >= 0)
            cr_expect_float_eq(r->se, svy_model_row_at(without, (size_t)SAME[k])->se, 1e-12, "%s", r->term);
    }
    svy_model_free(m);
    svy_model_free(without);
    free_sample(&s);
}

Test(glm, a_constant_response_has_no_spread)
{
    sample s = make_sample(100, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_model *m = NULL;
    cr_assert_eq(fit(&s, "I(0 * x + 7) ~ x", SVY_FAMILY_GAUSSIAN, SVY_LINK_DEFAULT, 1, &m, &err), SVY_OK, "%s", err.message);
    cr_expect_float_eq(svy_model_row_at(m, 0)->estimate, 7, 1e-13);
    cr_expect_float_eq(svy_model_row_at(m, 1)->estimate, 0, 1e-14);
    cr_expect_lt(svy_model_row_at(m, 0)->se, 1e-13);
    svy_model_free(m);
    free_sample(&s);
}

/* Effects are derivatives of the mean prediction: against differences between two frames. */
Test(glm, average_effects_agree_with_differences)
{
    const double h = 1e-4;
    double mean[2];
    svy_error err = SVY_ERROR_INIT;
    sample s = make_sample(300, 0, 1);
    svy_model *m = NULL;
    const svy_model_margin *rows;
    size_t n;
    cr_assert_eq(fit(&s, "y ~ x * f + I(x^2)", SVY_FAMILY_BINOMIAL, SVY_LINK_CLOGLOG, 1, &m, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_model_margins(m, "x", 1, 1, &rows, &n, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(n, 1);
    const double *x = svy_frame_find(s.f, "x")->numbers, *w = svy_design_weights(s.d);
    const uint32_t *f = svy_frame_find(s.f, "f")->codes;
    for (int side = 0; side < 2; side++) {
        double sum = 0, total = 0;
        for (size_t i = 0; i < 300; i++) {
            const double v = x[i] + (side ? h : -h);
            double eta = 0;
            const double row[] = { 1, v, f[i] == 1, f[i] == 2, v * v, v * (f[i] == 1), v * (f[i] == 2) };
            for (size_t k = 0; k < 7; k++)
                eta += row[k] * svy_model_row_at(m, k)->estimate;
            sum += w[i] * -expm1(-exp(eta));
            total += w[i];
        }
        mean[side] = sum / total;
    }
    cr_expect_float_eq(rows[0].estimate, (mean[1] - mean[0]) / (2 * h), 1e-7);
    cr_expect_gt(rows[0].se, 0);
    cr_expect_eq(svy_model_margins(m, "z", 1, 0, &rows, &n, &err), SVY_E_NAME);
    cr_expect_eq(svy_model_margins(m, "x", 0, 0, &rows, &n, &err), SVY_E_TYPE);
    svy_model_free(m);
    free_sample(&s);
}

/* A linear contrast from the covariances by hand; one that is not linear against differences; a coefficient itself is its row. */
Test(glm, contrasts_are_the_delta_method)
{
    static const char *const EXPRESSIONS[] = { "x", "x - 2 * `f: b`", "exp(x) / `f: b`" };
    const double h = 1e-6;
    sample s = make_sample(400, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_model *m = NULL;
    const svy_model_row *rows;
    cr_assert_eq(fit(&s, "y ~ x + f", SVY_FAMILY_BINOMIAL, SVY_LINK_DEFAULT, 1, &m, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_model_contrasts(m, EXPRESSIONS, 3, &rows, &err), SVY_OK, "%s", err.message);
    const svy_model_row *x = svy_model_row_at(m, 1), *b = svy_model_row_at(m, 2);
    const double vxx = svy_model_covariance(m, 1, 1), vxb = svy_model_covariance(m, 1, 2), vbb = svy_model_covariance(m, 2, 2);
    cr_expect_str_eq(rows[0].term, "x");
    cr_expect(rows[0].estimate == x->estimate && rows[0].df == x->df && rows[0].lower == rows[0].estimate - (x->estimate - x->lower) * (rows[0].se / x->se));
    cr_expect_float_eq(rows[0].p_value, x->p_value, 1e-14);
    cr_expect_float_eq(rows[1].estimate, x->estimate - 2 * b->estimate, 1e-14);
    cr_expect_float_eq(rows[1].se, sqrt(vxx - 4 * vxb + 4 * vbb), 1e-14);
    const double gx = (exp(x->estimate + h) - exp(x->estimate - h)) / (2 * h) / b->estimate;
    const double gb = exp(x->estimate) * (1 / (b->estimate + h) - 1 / (b->estimate - h)) / (2 * h);
    const double se = sqrt(gx * gx * vxx + 2 * gx * gb * vxb + gb * gb * vbb);
    cr_expect_float_eq(rows[2].se / se, 1, 1e-7);
    svy_model_free(m);
    free_sample(&s);
}

Test(glm, contrasts_of_what_is_not_there)
{
    static const char *const LEFT_OUT[] = { "x + `I(2 * x)`" }, *const UNKNOWN[] = { "x + q" }, *const BROKEN[] = { "x +" };
    sample s = make_sample(100, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_model *m = NULL;
    const svy_model_row *rows;
    cr_assert_eq(fit(&s, "z ~ x + I(2 * x)", SVY_FAMILY_GAUSSIAN, SVY_LINK_DEFAULT, 1, &m, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_model_contrasts(m, LEFT_OUT, 1, &rows, &err), SVY_OK, "%s", err.message);
    cr_expect(isnan(rows[0].estimate) && isnan(rows[0].se) && isnan(rows[0].p_value));
    cr_expect_eq(svy_model_contrasts(m, UNKNOWN, 1, &rows, &err), SVY_E_NAME);
    cr_expect_not_null(strstr(err.message, "'q'"), "%s", err.message);
    cr_expect_null(rows);
    cr_expect_eq(svy_model_contrasts(m, BROKEN, 1, &rows, &err), SVY_E_SYNTAX);
    svy_model_free(m);
    free_sample(&s);
}

static svy_status bic_of(const sample *s, const char *formula, const char *maximal, svy_family family, double *bic, svy_error *err)
{
    svy_model *m = NULL, *larger = NULL;
    cr_assert_eq(fit(s, formula, family, SVY_LINK_DEFAULT, 1, &m, err), SVY_OK, "%s", err->message);
    cr_assert_eq(fit(s, maximal, family, SVY_LINK_DEFAULT, 1, &larger, err), SVY_OK, "%s", err->message);
    const svy_status st = svy_model_bic(m, larger, bic, NULL, err);
    svy_model_free(m);
    svy_model_free(larger);
    return st;
}

Test(glm, bic_within_a_maximal_model)
{
    sample s = make_sample(600, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_model_fitness own;
    svy_model *m = NULL;
    double same, noise, needed;
    cr_assert_eq(fit(&s, "y ~ x + f", SVY_FAMILY_BINOMIAL, SVY_LINK_DEFAULT, 1, &m, &err), SVY_OK);
    cr_assert_eq(svy_model_fitness_make(m, &own, &err), SVY_OK);
    svy_model_free(m);
    cr_expect_eq(bic_of(&s, "y ~ x + f", "y ~ x + f", SVY_FAMILY_BINOMIAL, &same, &err), SVY_OK, "%s", err.message);
    cr_expect_float_eq(same, own.bic, 1e-10);
    cr_expect_eq(bic_of(&s, "y ~ x", "y ~ x + t", SVY_FAMILY_BINOMIAL, &noise, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(bic_of(&s, "y ~ t", "y ~ x + t", SVY_FAMILY_BINOMIAL, &needed, &err), SVY_OK, "%s", err.message);
    cr_expect_lt(noise, needed, "the regressor that made the response must be preferred");
    cr_expect_eq(bic_of(&s, "y ~ x", "y ~ t", SVY_FAMILY_BINOMIAL, &same, &err), SVY_E_VALUE);
    cr_expect_not_null(strstr(err.message, "'x'"), "%s", err.message);
    cr_expect(isnan(same));
    cr_expect_eq(bic_of(&s, "z ~ x", "z ~ x + log(ifelse(x > 2, -1, 1))", SVY_FAMILY_GAUSSIAN, &same, &err), SVY_E_VALUE);
    cr_expect_not_null(strstr(err.message, "missing values"), "%s", err.message);
    free_sample(&s);
}

/* log(0) in rows outside the subpopulation, in rows of weight 0 and in rows where another variable is missing. */
Test(glm, calculations_without_a_value_in_rows_that_take_no_part)
{
    sample s = make_sample(200, 0, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_model *m = NULL, *other = NULL;
    svy_model_spec spec = SVY_MODEL_INIT;
    spec.formula = "z ~ log(pmax(x - 1, 0)) + factor(log(pmax(x - 1, 0)) > 0) + offset(log(pmax(x - 1, 0)))";
    cr_expect_eq(svy_model_fit(NULL, s.f, s.d, &spec, &m, &err), SVY_E_VALUE);
    cr_expect_not_null(strstr(err.message, "no finite value in row"), "%s", err.message);
    spec.where = "x > 1";
    cr_assert_eq(svy_model_fit(NULL, s.f, s.d, &spec, &m, &err), SVY_OK, "%s", err.message);
    spec.formula = "z ~ log(pmax(x, 1.0000001) - 1) + factor(log(pmax(x, 1.0000001) - 1) > 0) + offset(log(pmax(x, 1.0000001) - 1))";
    cr_assert_eq(svy_model_fit(NULL, s.f, s.d, &spec, &other, &err), SVY_OK, "%s", err.message);
    for (size_t k = 0; k < svy_model_count(m); k++)
        cr_expect_float_eq(svy_model_row_at(m, k)->estimate, svy_model_row_at(other, k)->estimate, 1e-10);
    svy_model_free(m);
    svy_model_free(other);
    spec.where = NULL;
    spec.formula = "z ~ log(pmax(x - 1, 0)) + ns(log(pmax(x - 1, 0)), 2) + log(ifelse(x > 1, 2 + n, -1))";      /* the last is missing where x <= 1 */
    cr_expect_eq(svy_model_fit(NULL, s.f, s.d, &spec, &m, &err), SVY_OK, "%s", err.message);
    svy_model_free(m);
    spec.formula = "z ~ factor(log(pmax(x - 1, 0)))";
    cr_expect_eq(svy_model_fit(NULL, s.f, s.d, &spec, &m, &err), SVY_E_VALUE);
    cr_expect_not_null(strstr(err.message, "no finite value in row"), "%s", err.message);
    free_sample(&s);
}

Test(glm, running_out_of_memory_is_reported)
{
    static const char *const EXPRESSIONS[] = { "x * `f: b`", "exp(x)" };
    sample s = make_sample(60, 0, 1);
    for (long calls = 0;; calls++) {
        watched w = { .calls_left = calls };
        svy_alloc alloc = { watched_fn, &w };
        svy_error err = SVY_ERROR_INIT;
        svy_model_spec spec = SVY_MODEL_INIT;
        svy_model_fitness fitness;
        svy_model_test tests[4];
        const svy_model_margin *rows;
        const svy_model_row *contrasts;
        double bic;
        size_t n;
        svy_model *m;
        spec.formula = "y ~ x + I(x^2) + f + offset(t / 1000)";
        spec.family = SVY_FAMILY_BINOMIAL;
        svy_status st = svy_model_fit(&alloc, s.f, s.d, &spec, &m, &err);
        if (st == SVY_OK)
            st = svy_model_fitness_make(m, &fitness, &err);
        if (st == SVY_OK)
            st = svy_model_test_terms(m, SVY_MODEL_LRT, 0, tests, &err);
        if (st == SVY_OK)
            st = svy_model_margins(m, NULL, 1, 0, &rows, &n, &err);
        if (st == SVY_OK)
            st = svy_model_contrasts(m, EXPRESSIONS, 2, &contrasts, &err);
        if (st == SVY_OK)
            st = svy_model_bic(m, m, &bic, NULL, &err);
        svy_model_free(m);
        cr_expect_eq(w.bytes, 0, "%ld", calls);
        if (st == SVY_OK)
            break;
        cr_assert_eq(st, SVY_E_NOMEM, "%ld: %s", calls, err.message);
    }
    free_sample(&s);
}

Test(glm, vector_exponentials_and_logarithms_are_exact_to_two_ulp)
{
    double worst_exp = 0, worst_ln = 0;
    svyi_random r;
    svyi_random_seed(&r, 3);
    for (int k = 0; k < 20000; k++) {
        double x[8], y[8];
        for (int i = 0; i < 8; i++)
            x[i] = y[i] = (svyi_random_unit(&r) - 0.5) * (k % 2 ? 1400 : 20);
        svyi_exp_block(x, 8);
        for (int i = 0; i < 8; i++)
            worst_exp = fmax(worst_exp, fabs(x[i] / exp(y[i]) - 1));
        for (int i = 0; i < 8; i++)
            x[i] = y[i] = k % 2 ? exp((svyi_random_unit(&r) - 0.5) * 1000) : 0.3 + 2 * svyi_random_unit(&r);
        svyi_ln_block(x, 8);
        for (int i = 0; i < 8; i++)
            worst_ln = fmax(worst_ln, fabs(x[i] - log(y[i])) / fabs(log(y[i])));
    }
    cr_expect_lt(worst_exp, 5e-16, "%g", worst_exp);
    cr_expect_lt(worst_ln, 5e-16, "%g", worst_ln);
}
