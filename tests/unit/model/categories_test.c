/* Ordinal, multinomial and Cox regression and survival curves: what must hold on any data; figures are in tests/reference. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <survey/model.h>
#include <survey/survival.h>

#include "../base/watched_alloc.h"
#include "base/number.h"

enum { ROWS = 40000, FEW = 150 };

/* ---- data: rows in a given order, weights times a factor ---- */

typedef struct shape { size_t rows; int reversed; double scale; } shape;

static svy_frame *frame_of(shape s)
{
    static const char *const LEVELS[] = { "low", "middle", "high" }, *const GROUPS[] = { "a", "b" };
    svy_error err = SVY_ERROR_INIT;
    svyi_random r;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, s.rows, &f, &err), SVY_OK);
    double *x = svy_frame_get(f, s.rows, sizeof *x), *z = svy_frame_get(f, s.rows, sizeof *z), *w = svy_frame_get(f, s.rows, sizeof *w);
    double *psu = svy_frame_get(f, s.rows, sizeof *psu), *time = svy_frame_get(f, s.rows, sizeof *time), *start = svy_frame_get(f, s.rows, sizeof *start);
    double *status = svy_frame_get(f, s.rows, sizeof *status);
    uint32_t *y = svy_frame_get(f, s.rows, sizeof *y), *g = svy_frame_get(f, s.rows, sizeof *g);
    svyi_random_seed(&r, 4711);
    for (size_t k = 0; k < s.rows; k++) {
        size_t i = s.reversed ? s.rows - 1 - k : k;
        x[i] = 50 + 10 * svyi_random_unit(&r);
        z[i] = svyi_random_unit(&r);
        w[i] = s.scale * (1 + 5 * svyi_random_unit(&r));
        psu[i] = svyi_random_below(&r, 60);
        g[i] = svyi_random_below(&r, 2);
        y[i] = (uint32_t)fmin(2, floor(3 * svyi_random_unit(&r) * (0.6 + 0.01 * x[i])));
        start[i] = svyi_random_below(&r, 5);
        time[i] = start[i] + 1 + svyi_random_below(&r, 30) + z[i] * 3;
        status[i] = svyi_random_below(&r, 3) > 0;
    }
    const struct { const char *name; double *numbers; } columns[] = { { "x", x }, { "z", z }, { "w", w }, { "psu", psu }, { "time", time }, { "start", start },
                                                                      { "status", status } };
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
        cr_assert_eq(svy_frame_add_numbers(f, columns[k].name, SVY_T_DECIMAL, columns[k].numbers, NULL, &err), SVY_OK);
    cr_assert_eq(svy_frame_add_factor(f, "y", SVY_T_TEXT, y, NULL, LEVELS, NULL, 3, &err), SVY_OK);
    cr_assert_eq(svy_frame_add_factor(f, "g", SVY_T_TEXT, g, NULL, GROUPS, NULL, 2, &err), SVY_OK);
    return f;
}

static svy_design *design_of(const svy_alloc *alloc, const svy_frame *f, svy_replicate_type type)
{
    static const char *const UNITS[] = { "psu" };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d;
    spec.weights = "w";
    spec.clusters = UNITS;
    spec.n_clusters = 1;
    spec.replicates.type = type;
    cr_assert_eq(svy_design_new(alloc, f, &spec, &d, &err), SVY_OK, "%s", err.message);
    return d;
}

/* ---- the models ---- */

static const svy_model_spec MODELS[] = {
    { sizeof(svy_model_spec), "y ~ x + z*g", SVY_FAMILY_ORDINAL, SVY_LINK_DEFAULT, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_EFRON },
    { sizeof(svy_model_spec), "y ~ x + z", SVY_FAMILY_ORDINAL, SVY_LINK_CLOGLOG, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_EFRON },
    { sizeof(svy_model_spec), "y ~ x + z*g", SVY_FAMILY_MULTINOMIAL, SVY_LINK_DEFAULT, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_EFRON },
    { sizeof(svy_model_spec), "y ~ x + g - 1", SVY_FAMILY_MULTINOMIAL, SVY_LINK_DEFAULT, "z > 0.3", 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_EFRON },
    { sizeof(svy_model_spec), "Surv(time, status) ~ x + z*g", SVY_FAMILY_COX, SVY_LINK_DEFAULT, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_EFRON },
    { sizeof(svy_model_spec), "Surv(start, time, status) ~ x + strata(g)", SVY_FAMILY_COX, SVY_LINK_DEFAULT, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_BRESLOW },
    { sizeof(svy_model_spec), "Surv(start, floor(time) + 1, status) ~ x + g + strata(y)", SVY_FAMILY_COX, SVY_LINK_DEFAULT, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_EFRON },
};
enum { N_MODELS = sizeof MODELS / sizeof MODELS[0] };

static svy_model *fit(const svy_frame *f, const svy_design *d, const svy_model_spec *spec)
{
    svy_error err = SVY_ERROR_INIT;
    svy_model *m;
    cr_assert_eq(svy_model_fit(NULL, f, d, spec, &m, &err), SVY_OK, "%s: %s", spec->formula, err.message);
    return m;
}

/* The largest relative difference of estimates and errors; 0: the same bits. */
static double difference(const svy_model *a, const svy_model *b)
{
    double most = 0;
    cr_assert_eq(svy_model_count(a), svy_model_count(b));
    for (size_t k = 0; k < svy_model_count(a); k++) {
        const svy_model_row *p = svy_model_row_at(a, k), *q = svy_model_row_at(b, k);
        cr_expect_str_eq(p->term, q->term);
        cr_expect(isfinite(p->estimate) && p->se > 0, "%s", p->term);
        most = fmax(most, fabs(p->estimate - q->estimate) / p->se);
        most = fmax(most, fabs(p->se - q->se) / p->se);
    }
    return most;
}

static void compare(shape a, shape b, svy_replicate_type type, unsigned threads, double tolerance)
{
    svy_frame *f = frame_of(a), *g = frame_of(b);
    svy_design *d = design_of(NULL, f, type), *e = design_of(NULL, g, type);
    for (size_t k = 0; k < N_MODELS; k++) {
        svy_model_spec more = MODELS[k];
        more.threads = threads;
        svy_model *m = fit(f, d, &MODELS[k]), *n = fit(g, e, &more);
        double off = difference(m, n);
        cr_expect(off <= tolerance, "%s: %g", MODELS[k].formula, off);
        svy_model_free(m);
        svy_model_free(n);
    }
    svy_design_free(d);
    svy_design_free(e);
    svy_frame_free(f);
    svy_frame_free(g);
}

Test(categories, threads_give_the_same_bits)
{
    shape s = { ROWS, 0, 1 };
    compare(s, s, SVY_REPLICATE_NONE, 2, 0);
    compare(s, s, SVY_REPLICATE_NONE, 8, 0);
}

Test(categories, order_of_rows_does_not_matter)
{
    compare((shape){ 5000, 0, 1 }, (shape){ 5000, 1, 1 }, SVY_REPLICATE_NONE, 1, 1e-11);
}

Test(categories, scale_of_weights_does_not_matter)
{
    compare((shape){ 5000, 0, 1 }, (shape){ 5000, 0, 1000 }, SVY_REPLICATE_NONE, 1, 1e-11);
}

Test(categories, replicates_with_threads_give_the_same_bits)
{
    compare((shape){ 1500, 0, 1 }, (shape){ 1500, 0, 1 }, SVY_REPLICATE_JK1, 4, 0);
}

Test(categories, jackknife_is_near_linearisation)
{
    svy_frame *f = frame_of((shape){ 6000, 0, 1 });
    svy_design *d = design_of(NULL, f, SVY_REPLICATE_NONE), *e = design_of(NULL, f, SVY_REPLICATE_JK1);
    for (size_t k = 0; k < N_MODELS; k++) {
        svy_model *m = fit(f, d, &MODELS[k]), *n = fit(f, e, &MODELS[k]);
        for (size_t i = 0; i < svy_model_count(m); i++)
            cr_expect_float_eq(svy_model_row_at(n, i)->se / svy_model_row_at(m, i)->se, 1, 0.05, "%s", MODELS[k].formula);
        svy_model_free(m);
        svy_model_free(n);
    }
    svy_design_free(d);
    svy_design_free(e);
    svy_frame_free(f);
}

/* ---- memory ---- */

Test(categories, every_failing_allocation_is_an_error)
{
    svy_frame *f = frame_of((shape){ FEW, 0, 1 });
    svy_design *d = design_of(NULL, f, SVY_REPLICATE_NONE);
    for (size_t k = 0; k < N_MODELS; k++)
        for (long calls = 0;; calls++) {
            watched w;
            svy_error err = SVY_ERROR_INIT;
            svy_alloc alloc = watched_alloc(&w, calls);
            svy_model *m;
            svy_status st = svy_model_fit(&alloc, f, d, &MODELS[k], &m, &err);
            svy_model_free(m);
            watched_end(&w);
            if (st == SVY_OK)
                break;
            cr_assert_eq(st, SVY_E_NOMEM, "%s after %ld: %s", MODELS[k].formula, calls, err.message);
            cr_assert(calls < 2000);
        }
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- curves ---- */

static const double AT[] = { 3, 10, 17.5, 33 }, SHARES[] = { 0.75, 0.5 };

static svy_survival_spec curve_spec(const char *formula, unsigned threads)
{
    svy_survival_spec s = SVY_SURVIVAL_INIT;
    s.formula = formula;
    s.at = AT;
    s.n_at = 4;
    s.quantiles = SHARES;
    s.n_quantiles = 2;
    s.threads = threads;
    return s;
}

static void compare_curves(shape a, shape b, unsigned threads, double tolerance)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = frame_of(a), *g = frame_of(b);
    svy_design *d = design_of(NULL, f, SVY_REPLICATE_NONE), *e = design_of(NULL, g, SVY_REPLICATE_NONE);
    svy_survival_spec one = curve_spec("Surv(floor(time), status) ~ g", 1), two = curve_spec("Surv(floor(time), status) ~ g", threads);
    svy_survival *m, *n;
    cr_assert_eq(svy_survival_estimate(NULL, f, d, &one, &m, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_survival_estimate(NULL, g, e, &two, &n, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_survival_count(m), 12);
    cr_assert_eq(svy_survival_count(n), 12);
    for (size_t k = 0; k < 12; k++) {
        const svy_survival_row *p = svy_survival_row_at(m, k), *q = svy_survival_row_at(n, k);
        double pairs[][2] = { { p->estimate, q->estimate }, { p->lower, q->lower }, { p->upper, q->upper }, { p->df, q->df } };
        cr_expect_str_eq(p->level, k < 6 ? "a" : "b");
        for (size_t i = 0; i < 4; i++)
            cr_expect(fabs(pairs[i][0] - pairs[i][1]) <= tolerance * fabs(pairs[i][0]), "%zu %zu: %g %g", k, i, pairs[i][0], pairs[i][1]);
    }
    svy_survival_free(m);
    svy_survival_free(n);
    svy_design_free(d);
    svy_design_free(e);
    svy_frame_free(f);
    svy_frame_free(g);
}

Test(curves, threads_order_and_scale)
{
    compare_curves((shape){ ROWS, 0, 1 }, (shape){ ROWS, 0, 1 }, 2, 0);
    compare_curves((shape){ ROWS, 0, 1 }, (shape){ ROWS, 0, 1 }, 8, 0);
    compare_curves((shape){ 5000, 0, 1 }, (shape){ 5000, 1, 1 }, 1, 1e-12);
    compare_curves((shape){ 5000, 0, 1 }, (shape){ 5000, 0, 0.001 }, 1, 1e-12);
}

Test(curves, every_failing_allocation_is_an_error)
{
    svy_frame *f = frame_of((shape){ FEW, 0, 1 });
    svy_design *d = design_of(NULL, f, SVY_REPLICATE_NONE);
    svy_survival_spec spec = curve_spec("Surv(start, time, status) ~ g + y", 1);
    for (long calls = 0;; calls++) {
        watched w;
        svy_error err = SVY_ERROR_INIT;
        svy_alloc alloc = watched_alloc(&w, calls);
        svy_survival *s;
        svy_status st = svy_survival_estimate(&alloc, f, d, &spec, &s, &err);
        svy_survival_free(s);
        watched_end(&w);
        if (st == SVY_OK)
            break;
        cr_assert_eq(st, SVY_E_NOMEM, "after %ld: %s", calls, err.message);
        cr_assert(calls < 2000);
    }
    svy_design_free(d);
    svy_frame_free(f);
}

/* A group whose rows are all of one PSU has no curve without it. */
Test(curves, replicates_without_a_group_are_counted)
{
    svy_frame *f = frame_of((shape){ FEW, 0, 1 });
    svy_design *d = design_of(NULL, f, SVY_REPLICATE_JK1);
    svy_survival_spec spec = curve_spec("Surv(floor(time), status) ~ I(psu == 7)", 1), all = curve_spec("Surv(floor(time), status) ~ g", 1);
    svy_error err = SVY_ERROR_INIT;
    svy_survival *s;
    cr_assert_eq(svy_survival_estimate(NULL, f, d, &spec, &s, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_survival_dropped(s), 1);
    svy_survival_free(s);
    cr_assert_eq(svy_survival_estimate(NULL, f, d, &all, &s, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_survival_dropped(s), 0);
    svy_survival_free(s);
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- tests of terms ---- */

/* Wald's test of a term of one coefficient is its t squared; of a multinomial model it takes in the coefficient at every level. */
Test(categories, wald_tests_of_terms)
{
    static const struct { const char *formula; svy_family family; } CASES[] = { { "y ~ x + z", SVY_FAMILY_ORDINAL }, { "Surv(time, status) ~ x + z", SVY_FAMILY_COX },
                                                                              { "g ~ x + z", SVY_FAMILY_MULTINOMIAL }, { "y ~ x + z", SVY_FAMILY_MULTINOMIAL } };
    svy_frame *f = frame_of((shape){ 2000, 0, 1 });
    svy_design *d = design_of(NULL, f, SVY_REPLICATE_NONE);
    for (size_t k = 0; k < sizeof CASES / sizeof CASES[0]; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_model_spec spec = SVY_MODEL_INIT;
        svy_model_test tests[2], working[2];
        svy_model *m;
        spec.formula = CASES[k].formula;
        spec.family = CASES[k].family;
        cr_assert_eq(svy_model_fit(NULL, f, d, &spec, &m, &err), SVY_OK, "%s", err.message);
        cr_assert_eq(svy_model_test_terms(m, SVY_MODEL_WALD, 0, tests, &err), SVY_OK, "%s", err.message);
        cr_expect_eq(svy_model_test_terms(m, SVY_MODEL_WORKING_WALD, 0, working, &err), SVY_OK, "%s", err.message);
        cr_expect_eq(svy_model_test_terms(m, SVY_MODEL_LRT, 0, working, &err), SVY_E_TYPE);
        cr_expect_not_null(strstr(err.message, "use --anova wald"), "%s", err.message);
        const size_t p = svy_model_count(m), levels = k == 3 ? 2 : 1, first = k < 2 ? 0 : 1, every = k < 2 ? p : p / levels;
        for (size_t t = 0; t < 2; t++) {
            const size_t a = first + t, b = a + (levels - 1) * every;
            const svy_model_row *one = svy_model_row_at(m, a), *two = svy_model_row_at(m, b);
            const double v = svy_model_covariance(m, a, a), u = svy_model_covariance(m, b, b), c = svy_model_covariance(m, a, b);
            const double pair = (u * one->estimate * one->estimate - 2 * c * one->estimate * two->estimate + v * two->estimate * two->estimate) / (u * v - c * c);
            cr_expect_eq(tests[t].ndf, (double)levels);
            cr_expect_eq(tests[t].ddf, one->df);
            cr_expect_float_eq(tests[t].chisq / (levels == 1 ? one->t * one->t : pair), 1, 1e-10, "%s %zu", spec.formula, t);
        }
        svy_model_free(m);
    }
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- data that allow no fit ---- */

typedef struct refusal { const char *formula; svy_family family; const char *where; svy_status status; const char *says; } refusal;

static const refusal REFUSALS[] = {
    { "x ~ z", SVY_FAMILY_ORDINAL, NULL, SVY_E_TYPE, "'x' is no factor" },
    { "y ~ x", SVY_FAMILY_ORDINAL, "y = \"low\"", SVY_E_NUMERIC, "'low' in all rows" },
    { "g ~ I(x > 55) + z", SVY_FAMILY_MULTINOMIAL, "(x > 55) = (g = \"b\")", SVY_E_NUMERIC, "no finite maximum" },
    { "y ~ x + I(z > 0.5)", SVY_FAMILY_ORDINAL, "(z > 0.5) = (y = \"high\")", SVY_E_NUMERIC, "no finite maximum" },
    { "y ~ x + offset(z)", SVY_FAMILY_MULTINOMIAL, NULL, SVY_E_VALUE, "no offset" },
    { "y ~ x", SVY_FAMILY_COX, NULL, SVY_E_TYPE, "Surv(time, status)" },
    { "Surv(time, x) ~ z", SVY_FAMILY_COX, NULL, SVY_E_VALUE, "row 1 has the status" },
    { "Surv(time, status) ~ z", SVY_FAMILY_COX, "status = 0", SVY_E_NUMERIC, "no events" },
    { "Surv(time, start, status) ~ z", SVY_FAMILY_COX, NULL, SVY_E_VALUE, "not after its start" },
    { "Surv(time - 100, status) ~ z", SVY_FAMILY_COX, NULL, SVY_E_VALUE, "negative time" },
    { "Surv(time, status) ~ 1", SVY_FAMILY_COX, NULL, SVY_E_VALUE, "no regressor" },
    { "Surv(time, status) ~ z + I(status * 1)", SVY_FAMILY_COX, NULL, SVY_E_NUMERIC, "'I(status * 1)'" },
};

Test(categories, refusals)
{
    svy_frame *f = frame_of((shape){ 500, 0, 1 });
    svy_design *d = design_of(NULL, f, SVY_REPLICATE_NONE);
    for (size_t k = 0; k < sizeof REFUSALS / sizeof REFUSALS[0]; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_model_spec spec = SVY_MODEL_INIT;
        svy_model *m;
        spec.formula = REFUSALS[k].formula;
        spec.family = REFUSALS[k].family;
        spec.where = REFUSALS[k].where;
        svy_status st = svy_model_fit(NULL, f, d, &spec, &m, &err);
        cr_expect_eq(st, REFUSALS[k].status, "%s: %d %s", spec.formula, (int)st, err.message);
        cr_expect_not_null(strstr(err.message, REFUSALS[k].says), "%s: %s", spec.formula, err.message);
        svy_model_free(m);
    }
    svy_design_free(d);
    svy_frame_free(f);
}
