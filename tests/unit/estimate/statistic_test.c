/* Second moments, contrasts, multiple response, standardised estimates: definitions, properties, messages, memory; figures of R are in tests/reference. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <survey/contrast.h>
#include <survey/moments.h>
#include <survey/multiple.h>
#include <survey/standardize.h>

#include "../base/watched_alloc.h"
#include "made_frame.h"

static const char *const YX[] = { "y", "x" }, *const YY[] = { "y", "y" }, *const BY[] = { "domain" }, *const UV[] = { "u", "v" }, *const SET[] = { "set" };

static svy_estimate_spec spec_of(const char *const *variables, size_t n, int by)
{
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    spec.variables = variables;
    spec.n_variables = n;
    spec.by = BY;
    spec.n_by = by ? 1 : 0;
    spec.covariance = 1;
    return spec;
}

/* ---- one call for all of them ---- */

typedef enum what { VARIANCES, DEVIATIONS, CORRELATIONS, COLUMNS, SETS, STANDARDISED, CONTRASTS, WHATS } what;

static const char *const STANDARD_VARIABLES[] = { "set" }, *const STANDARD_LEVELS[] = { "p q", "q", "r p" };
static const double STANDARD_COUNTS[] = { 5, 3, 2 };
static const svy_standard STANDARD = { STANDARD_VARIABLES, 1, STANDARD_LEVELS, STANDARD_COUNTS, 3 };
static const char *const EXPRESSIONS[] = { "y[a] - y[b]", "log(`x`[c] / x[d]) ^ 2", "(y[a] + y[b]) / 2" };

static svy_status contrasts(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, svy_estimate_spec spec, svy_estimates **out, svy_error *err)
{
    svy_contrast_spec c = SVY_CONTRAST_INIT;
    svy_wald wald;
    svy_estimates *from;
    c.expressions = EXPRESSIONS;
    c.n_expressions = sizeof EXPRESSIONS / sizeof EXPRESSIONS[0];
    svy_status st = svy_estimate(alloc, f, d, &spec, &from, err);
    *out = NULL;
    if (st == SVY_OK)
        st = svy_degrees_of_freedom(alloc, f, d, NULL, &c.design_df, err);
    if (st == SVY_OK)
        st = svy_contrast(alloc, from, &c, out, &wald, err);
    svy_estimates_free(from);
    return st;
}

static svy_status make(what k, const svy_alloc *alloc, const svy_frame *f, const svy_design *d, svy_estimates **out, svy_error *err)
{
    svy_estimate_spec spec = spec_of(YX, 2, 1), answers = spec_of(k == SETS ? SET : UV, k == SETS ? 1 : 2, 1);
    switch (k) {
    case VARIANCES: return svy_variance(alloc, f, d, &spec, 0, out, err);
    case DEVIATIONS: return svy_variance(alloc, f, d, &spec, 1, out, err);
    case CORRELATIONS: return svy_correlation(alloc, f, d, &spec, SVY_CORRELATION_FISHER, out, err);
    case COLUMNS: case SETS: return svy_multiple(alloc, f, d, &answers, SVY_MULTIPLE_ANSWERED, " ", out, NULL, err);
    case STANDARDISED: return svy_standardize(alloc, f, d, &spec, &STANDARD, out, NULL, err);
    case CONTRASTS: return contrasts(alloc, f, d, spec, out, err);
    case WHATS: break;
    }
    return SVY_E_ARG;
}

Test(statistic, order_of_rows_and_scale_of_weights_do_not_matter)
{
    made m = made_new(900, 1), n = made_new(900, 1);
    for (size_t i = 0; i < m.rows; i++) {            /* the other way round, weights times 3 but for counts */
        size_t j = m.rows - 1 - i;
        double *to[] = { n.y, n.x, n.u, n.v, n.stratum, n.psu }, *from[] = { m.y, m.x, m.u, m.v, m.stratum, m.psu };
        for (size_t k = 0; k < sizeof to / sizeof to[0]; k++)
            to[k][i] = from[k][j];
        n.w[i] = m.w[j];
        n.domain[i] = m.domain[j];
        n.level[i] = m.level[j];
        n.y_missing[i] = m.y_missing[j];
    }
    svy_frame *f = made_frame(&m), *g = made_frame(&n);
    for (size_t i = 0; i < n.rows; i++)
        n.w[i] *= 3;
    svy_frame *h = made_frame(&n);
    for (int k = VARIANCES; k < WHATS; k++)
        for (int clusters = 0; clusters < 2; clusters++) {
            svy_error err = SVY_ERROR_INIT;
            const svy_frame *frames[] = { f, g, h };
            svy_estimates *e[3];
            for (size_t i = 0; i < 3; i++) {
                svy_design *d = made_design(NULL, frames[i], clusters);
                cr_assert_eq(make((what)k, NULL, frames[i], d, &e[i], &err), SVY_OK, "%d: %s", k, err.message);
                svy_design_free(d);
            }
            made_same(e[0], e[1], 1e-10, "other order");
            if (k != COLUMNS && k != SETS)
                made_same(e[0], e[2], 1e-10, "other weights");
            for (size_t i = 0; i < 3; i++)
                svy_estimates_free(e[i]);
        }
    svy_frame_free(f);
    svy_frame_free(g);
    svy_frame_free(h);
    made_free(&m);
    made_free(&n);
}

Test(statistic, every_failing_allocation_is_an_error)
{
    made m = made_new(150, 2);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    for (int k = VARIANCES; k < WHATS; k++)
        for (long calls = 0;; calls++) {
            watched w;
            svy_error err = SVY_ERROR_INIT;
            svy_estimates *e;
            svy_alloc alloc = watched_alloc(&w, calls);
            svy_status st = make((what)k, &alloc, f, d, &e, &err);
            cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "%d: %d after %ld: %s", k, (int)st, calls, err.message);
            cr_assert(st == SVY_OK || e == NULL);
            svy_estimates_free(e);
            watched_end(&w);
            if (st == SVY_OK)
                break;
        }
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

/* ---- against other ways to the same number ---- */

Test(statistic, covariance_of_a_variable_with_itself_is_its_variance)
{
    made m = made_new(400, 3);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec spec = spec_of(YY, 2, 0);
    svy_estimates *v, *r;
    cr_assert_eq(svy_variance(NULL, f, d, &spec, 0, &v, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_correlation(NULL, f, d, &spec, SVY_CORRELATION_NORMAL, &r, &err), SVY_OK, "%s", err.message);
    cr_expect_str_eq(svy_estimates_row(v, 2)->variable, "y:y");
    cr_expect(made_near(svy_estimates_row(v, 2)->estimate, svy_estimates_row(v, 0)->estimate, 1e-14));
    cr_expect(made_near(svy_estimates_row(v, 2)->se, svy_estimates_row(v, 0)->se, 1e-14));
    cr_expect(made_near(svy_estimates_row(r, 0)->estimate, 1, 1e-14));
    cr_expect(svy_estimates_row(r, 0)->se < 1e-14);
    svy_estimates_free(v);
    svy_estimates_free(r);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

/* A ratio is a contrast of totals; the gradient of any expression is that of small differences. */
Test(statistic, contrasts_follow_the_delta_method)
{
    static const char *const RATIO[] = { "y/x" }, *const ONE[] = { "y / x" };
    static const char *const SAME[][2] = {
        { "y^2 / x", "y * y / x" }, { "exp(log(x))", "x" }, { "sqrt(x) * sqrt(x)", "x" }, { "-x^2", "0 - x*x" }, { "2^(x/x)", "2 * x / x" }, { "x^-1", "1/x" },
        { "expit(logit(0.1 + 0*x))", "0.1 + 0*x" }, { "asin(sin(x/1e9))", "x/1e9" }, { "tan(x/1e9)", "sin(x/1e9)/cos(x/1e9)" }, { "2 - 3 - x", "-1 - x" }
    };
    made m = made_new(500, 4);
    for (size_t i = 0; i < m.rows; i++)
        m.x[i] = 20 + m.u[i] + m.stratum[i];
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec total = spec_of(YX, 2, 0), ratio = spec_of(RATIO, 1, 0);
    svy_contrast_spec c = SVY_CONTRAST_INIT;
    svy_estimates *totals, *wanted, *got;
    total.statistic = SVY_STAT_TOTAL;
    ratio.statistic = SVY_STAT_RATIO;
    cr_assert_eq(svy_estimate(NULL, f, d, &total, &totals, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimate(NULL, f, d, &ratio, &wanted, &err), SVY_OK, "%s", err.message);
    c.expressions = ONE;
    c.n_expressions = 1;
    cr_assert_eq(svy_contrast(NULL, totals, &c, &got, NULL, &err), SVY_OK, "%s", err.message);
    cr_expect(made_near(svy_estimates_row(got, 0)->estimate, svy_estimates_row(wanted, 0)->estimate, 1e-12));
    cr_expect(made_near(svy_estimates_row(got, 0)->se, svy_estimates_row(wanted, 0)->se, 1e-9));
    cr_expect_eq(svy_estimates_row(got, 0)->n, svy_estimates_row(wanted, 0)->n);
    svy_estimates_free(got);
    for (size_t i = 0; i < sizeof SAME / sizeof SAME[0]; i++) {
        c.expressions = SAME[i];
        c.n_expressions = 2;
        cr_assert_eq(svy_contrast(NULL, totals, &c, &got, NULL, &err), SVY_OK, "%s", err.message);
        const svy_estimate_row *a = svy_estimates_row(got, 0), *b = svy_estimates_row(got, 1);
        cr_expect(made_near(a->estimate, b->estimate, 1e-12), "%s: %.17g, %.17g", SAME[i][0], a->estimate, b->estimate);
        cr_expect(fabs(a->se - b->se) <= 1e-9 * fabs(b->se) + 1e-14, "%s: se %.17g, %.17g", SAME[i][0], a->se, b->se);
        svy_estimates_free(got);
    }
    svy_estimates_free(totals);
    svy_estimates_free(wanted);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

/* Shares of answers add up to 1, and counts of columns are totals. */
Test(statistic, answers_add_up)
{
    made m = made_new(400, 5);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec spec = spec_of(UV, 2, 0), set = spec_of(SET, 1, 0);
    svy_estimates *e, *totals;
    uint64_t without = 0, none = 0;
    cr_assert_eq(svy_multiple(NULL, f, d, &spec, SVY_MULTIPLE_ANSWERED, " ", &e, &without, &err), SVY_OK, "%s", err.message);
    spec.statistic = SVY_STAT_TOTAL;
    cr_assert_eq(svy_estimate(NULL, f, d, &spec, &totals, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimates_count(e), 6);
    cr_expect(made_near(svy_estimates_row(e, 2)->estimate + svy_estimates_row(e, 3)->estimate, 1, 1e-14));
    for (size_t i = 0; i < 2; i++) {
        cr_expect_str_eq(svy_estimates_row(e, 4 + i)->statistic, "count");
        cr_expect(made_near(svy_estimates_row(e, 4 + i)->estimate, svy_estimates_row(totals, i)->estimate, 1e-13));
        cr_expect(made_near(svy_estimates_row(e, 4 + i)->se, svy_estimates_row(totals, i)->se, 1e-10));
    }
    for (size_t i = 0; i < m.rows; i++)
        none += m.w[i] != 0 && m.u[i] == 0 && m.v[i] == 0;
    cr_expect_eq(without, none);
    svy_estimates_free(e);
    svy_estimates_free(totals);
    cr_assert_eq(svy_multiple(NULL, f, d, &set, SVY_MULTIPLE_ANSWERED, " ", &e, NULL, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimates_count(e), 9);         /* p, q, r */
    cr_expect_str_eq(svy_estimates_row(e, 0)->level, "p");
    cr_expect_str_eq(svy_estimates_row(e, 2)->level, "r");
    svy_estimates_free(e);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

/* Standardised to its own composition a mean is itself. */
Test(statistic, own_composition_gives_the_mean)
{
    made m = made_new(400, 6);
    double counts[MADE_LEVELS] = { 0 };
    for (size_t i = 0; i < m.rows; i++)
        if (!m.y_missing[i])
            counts[m.level[i]] += m.w[i];
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec spec = spec_of(YX, 2, 0);
    svy_standard own = STANDARD;
    svy_estimates *a, *b;
    own.counts = counts;
    cr_assert_eq(svy_standardize(NULL, f, d, &spec, &own, &a, NULL, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimate(NULL, f, d, &spec, &b, &err), SVY_OK, "%s", err.message);
    for (size_t i = 0; i < 2; i++)
        cr_expect(made_near(svy_estimates_row(a, i)->estimate, svy_estimates_row(b, i)->estimate, 1e-12));
    svy_estimates_free(a);
    svy_estimates_free(b);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

/* ---- messages ---- */

static const struct refusal { const char *expression; svy_status status; const char *says; } REFUSALS[] = {
    { "y", SVY_E_NAME, "'y' names 4 estimates" }, { "a", SVY_E_NAME, "'a' names 2 estimates" }, { "z", SVY_E_NAME, "'z' names no estimate" },
    { "y[z]", SVY_E_NAME, "'y[z]' names no estimate" }, { "y[a,b]", SVY_E_NAME, "names no estimate" }, { "y[a] -", SVY_E_SYNTAX, "ends where" },
    { "y[a] y[b]", SVY_E_SYNTAX, "position 6" }, { "(y[a]", SVY_E_SYNTAX, ")" }, { "`y[a]", SVY_E_SYNTAX, "backquotes" }, { "``[a]", SVY_E_SYNTAX, "backquotes" },
    { "sinh(y[a])", SVY_E_NAME, "no function 'sinh'" }, { "y[a", SVY_E_SYNTAX, "]" }, { "", SVY_E_SYNTAX, "ends where" }, { "1e999", SVY_E_SYNTAX, "a number" },
    { "1.2.3", SVY_E_SYNTAX, "a number" }, { "*", SVY_E_SYNTAX, "position 1" }
};

Test(statistic, contrasts_say_what_is_wrong)
{
    made m = made_new(100, 7);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec spec = spec_of(YX, 2, 1);
    svy_estimates *from, *got;
    char deep[2000];
    cr_assert_eq(svy_estimate(NULL, f, d, &spec, &from, &err), SVY_OK, "%s", err.message);
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        svy_contrast_spec c = SVY_CONTRAST_INIT;
        c.expressions = &REFUSALS[i].expression;
        c.n_expressions = 1;
        cr_expect_eq(svy_contrast(NULL, from, &c, &got, NULL, &err), REFUSALS[i].status, "%s: %s", REFUSALS[i].expression, err.message);
        cr_expect_null(got);
        cr_expect(strstr(err.message, REFUSALS[i].says) != NULL, "%s: %s", REFUSALS[i].expression, err.message);
    }
    for (int sign = 0; sign < 2; sign++) {
        const char *text = deep;
        svy_contrast_spec c = SVY_CONTRAST_INIT;
        memset(deep, sign ? '-' : '(', sizeof deep - 1);
        deep[sizeof deep - 1] = '\0';
        c.expressions = &text;
        c.n_expressions = 1;
        cr_expect_eq(svy_contrast(NULL, from, &c, &got, NULL, &err), SVY_E_LIMIT);
    }
    svy_estimates_free(from);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

Test(statistic, a_standard_must_have_every_cell_once)
{
    static const char *const TWICE[] = { "p q", "q", "q" };
    static const double NEGATIVE[] = { 1, -1, 1 }, ZERO[] = { 0, 0, 0 };
    made m = made_new(100, 8);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec spec = spec_of(YX, 2, 0);
    svy_estimates *e;
    svy_standard few = STANDARD, twice = STANDARD, negative = STANDARD, zero = STANDARD;
    few.n_cells = 2;
    twice.levels = TWICE;
    negative.counts = NEGATIVE;
    zero.counts = ZERO;
    cr_expect_eq(svy_standardize(NULL, f, d, &spec, &few, &e, NULL, &err), SVY_E_VALUE);
    cr_expect(strstr(err.message, "set = r p") != NULL, "%s", err.message);
    cr_expect_eq(svy_standardize(NULL, f, d, &spec, &twice, &e, NULL, &err), SVY_E_VALUE);
    cr_expect(strstr(err.message, "set = q twice") != NULL, "%s", err.message);
    cr_expect_eq(svy_standardize(NULL, f, d, &spec, &negative, &e, NULL, &err), SVY_E_VALUE);
    cr_expect_eq(svy_standardize(NULL, f, d, &spec, &zero, &e, NULL, &err), SVY_E_VALUE);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}
