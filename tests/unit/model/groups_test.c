/* Tests of means, ranks and survival between groups: what must hold for any data; figures of R are in tests/reference. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <survey/test.h>

#include "../base/watched_alloc.h"
#include "../estimate/made_frame.h"
#include "num/distribution.h"

static svy_test_spec spec_of(svy_test_kind kind, const char *formula)
{
    svy_test_spec s = SVY_TEST_INIT;
    s.kind = kind;
    s.formula = formula;
    return s;
}

static svy_tests *test_of(const svy_frame *f, int clusters, const svy_test_spec *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design *d = made_design(NULL, f, clusters);
    svy_tests *t;
    cr_assert_eq(svy_test(NULL, f, d, s, &t, &err), SVY_OK, "%s", err.message);
    svy_design_free(d);
    return t;
}

static void expect_same(const svy_tests *a, const svy_tests *b, double tolerance, const char *what)
{
    cr_assert_eq(svy_tests_count(a), svy_tests_count(b));
    for (size_t i = 0; i < svy_tests_count(a); i++) {
        const svy_test_row *p = svy_tests_row(a, i), *q = svy_tests_row(b, i);
        cr_expect(made_near(p->statistic, q->statistic, tolerance), "%s: %.17g, %.17g", what, p->statistic, q->statistic);
        cr_expect(made_near(p->p_value, q->p_value, tolerance), "%s: %.17g, %.17g", what, p->p_value, q->p_value);
        cr_expect(made_near(p->ddf, q->ddf, 0) && made_near(p->ndf, q->ndf, 0), "%s", what);
    }
}

/* ---- t ---- */

/* Two means and their covariance say the same as the difference's influence. */
Test(t, of_two_groups_is_that_of_two_means)
{
    static const char *const Y[] = { "x" }, *const BY[] = { "u" };
    svy_error err = SVY_ERROR_INIT;
    made m = made_new(900, 3);
    svy_frame *f = made_frame(&m);
    for (int clusters = 0; clusters < 2; clusters++) {
        svy_design *d = made_design(NULL, f, clusters);
        svy_estimate_spec e = SVY_ESTIMATE_INIT;
        svy_estimates *means;
        e.variables = Y;
        e.n_variables = 1;
        e.by = BY;
        e.n_by = 1;
        e.covariance = 1;
        cr_assert_eq(svy_estimate(NULL, f, d, &e, &means, &err), SVY_OK);
        svy_test_spec s = spec_of(SVY_TEST_T, "x ~ u");
        svy_tests *t = test_of(f, clusters, &s);
        const svy_test_row *r = svy_tests_row(t, 0);
        double se = sqrt(svy_estimates_covariance(means, 0, 0) + svy_estimates_covariance(means, 1, 1) - 2 * svy_estimates_covariance(means, 0, 1));
        double difference = svy_estimates_row(means, 1)->estimate - svy_estimates_row(means, 0)->estimate;
        cr_expect(made_near(r->estimate, difference, 1e-11));
        cr_expect(made_near(r->se, se, 1e-11));
        cr_expect(made_near(r->statistic, difference / se, 1e-11));
        cr_expect(isnan(r->ndf));
        svy_tests_free(t);
        svy_estimates_free(means);
        svy_design_free(d);
    }
    svy_frame_free(f);
    made_free(&m);
}

/* Against a mean one interval's end away p is 5 %; pairs are the mean of differences. */
Test(t, of_one_sample_agrees_with_its_interval)
{
    made m = made_new(500, 4);
    svy_frame *f = made_frame(&m);
    svy_test_spec s = spec_of(SVY_TEST_T, "I(y - x) ~ 1");
    svy_tests *t = test_of(f, 1, &s);
    s.mu = svy_tests_row(t, 0)->upper;
    svy_tests *edge = test_of(f, 1, &s);
    cr_expect(made_near(svy_tests_row(edge, 0)->p_value, 0.05, 1e-10), "%.17g", svy_tests_row(edge, 0)->p_value);
    cr_expect(svy_tests_row(edge, 0)->estimate == svy_tests_row(t, 0)->estimate);
    svy_tests_free(t);
    svy_tests_free(edge);
    svy_frame_free(f);
    made_free(&m);
}

/* ---- ranks ---- */

static const svy_test_kind RANKS[] = { SVY_TEST_WILCOXON, SVY_TEST_VAN_DER_WAERDEN, SVY_TEST_MEDIAN, SVY_TEST_KRUSKAL };

Test(ranks, do_not_change_when_values_are_stretched)
{
    made m = made_new(700, 5);
    svy_frame *f = made_frame(&m);
    for (size_t k = 0; k < 4; k++) {
        svy_test_spec a = spec_of(RANKS[k], "x ~ set"), b = spec_of(RANKS[k], "exp(x / 4) ~ set"), two = spec_of(RANKS[k], "x ~ u");
        svy_tests *p = test_of(f, 1, &a), *q = test_of(f, 1, &b), *r = test_of(f, 1, &two);
        expect_same(p, q, 0, "stretched");
        cr_expect(svy_tests_row(p, 0)->ndf == MADE_LEVELS - 1 && isnan(svy_tests_row(r, 0)->ndf));
        svy_tests_free(p);
        svy_tests_free(q);
        svy_tests_free(r);
    }
    svy_frame_free(f);
    made_free(&m);
}

/* Ranks in the middle of ties do not depend on the order of the rows; R's do. */
Test(ranks, of_ties_in_the_middle_do_not_depend_on_row_order)
{
    made m = made_new(400, 6), r = made_new(400, 6);
    for (size_t i = 0; i < m.rows; i++) {
        size_t j = m.rows - 1 - i;
        m.x[i] = floor(m.x[i]);
        r.w[j] = m.w[i];
        r.x[j] = m.x[i];
        r.u[j] = m.u[i];
        r.stratum[j] = m.stratum[i];
        r.psu[j] = m.psu[i];
        r.level[j] = m.level[i];
    }
    svy_frame *f = made_frame(&m), *g = made_frame(&r);
    for (size_t k = 0; k < 4; k++) {
        svy_test_spec s = spec_of(RANKS[k], "x ~ set");
        s.ties = SVY_TIES_MIDDLE;
        svy_tests *a = test_of(f, 1, &s), *b = test_of(g, 1, &s);
        expect_same(a, b, 1e-11, "turned");
        svy_tests_free(a);
        svy_tests_free(b);
    }
    svy_test_spec s = spec_of(SVY_TEST_WILCOXON, "x ~ u");
    svy_tests *a = test_of(f, 1, &s), *b = test_of(g, 1, &s);
    cr_expect(svy_tests_row(a, 0)->statistic != svy_tests_row(b, 0)->statistic);
    svy_tests_free(a);
    svy_tests_free(b);
    svy_frame_free(f);
    svy_frame_free(g);
    made_free(&m);
    made_free(&r);
}

/* ---- log-rank ---- */

/* Without ties and weights the score is observed minus expected deaths of the group. */
Test(log_rank, score_is_observed_minus_expected)
{
    made m = made_new(300, 7);
    double score = 0;
    for (size_t i = 0; i < m.rows; i++) {
        m.w[i] = 1;
        m.x[i] = 1 + 7919.0 * (double)i - 300 * floor(7919.0 * (double)i / 300);       /* 1 .. 300 in another order */
    }
    for (size_t i = 0; i < m.rows; i++) {
        double at_risk = 0, in_group = 0;
        for (size_t j = 0; j < m.rows; j++) {
            at_risk += m.x[j] >= m.x[i];
            in_group += m.x[j] >= m.x[i] && m.u[j] > 0;
        }
        score += m.v[i] > 0 ? m.u[i] - in_group / at_risk : 0;
    }
    svy_frame *f = made_frame(&m);
    svy_test_spec s = spec_of(SVY_TEST_LOG_RANK, "Surv(exp(x), v) ~ u");
    svy_tests *t = test_of(f, 0, &s);
    const svy_test_row *r = svy_tests_row(t, 0);
    cr_expect(made_near(r->estimate, score, 1e-10), "%.17g, %.17g", r->estimate, score);
    cr_expect(made_near(r->statistic, r->estimate * r->estimate / (r->se * r->se), 1e-12));
    cr_expect(made_near(r->p_value, svyi_chi2_upper(r->statistic, 1), 1e-12));
    svy_tests_free(t);
    svy_frame_free(f);
    made_free(&m);
}

/* Strata are risk sets of their own: the score is the sum of theirs. */
Test(log_rank, score_of_strata_is_the_sum_of_theirs)
{
    static const char *const WHERE[] = { "set = \"p q\"", "set = \"q\"", "set = \"r p\"" };
    made m = made_new(600, 8);
    svy_frame *f = made_frame(&m);
    svy_test_spec s = spec_of(SVY_TEST_LOG_RANK, "Surv(exp(x), v) ~ u + strata(set)");
    svy_tests *t = test_of(f, 1, &s);
    double sum = 0;
    for (size_t k = 0; k < MADE_LEVELS; k++) {
        s.formula = "Surv(exp(x), v) ~ u";
        s.where = WHERE[k];
        svy_tests *own = test_of(f, 1, &s);
        sum += svy_tests_row(own, 0)->estimate;
        svy_tests_free(own);
    }
    cr_expect(made_near(svy_tests_row(t, 0)->estimate, sum, 1e-10), "%.17g, %.17g", svy_tests_row(t, 0)->estimate, sum);
    svy_tests_free(t);
    svy_frame_free(f);
    made_free(&m);
}

/* ---- level: clusters that share values, in which everybody is of one group ---- */

enum { CLUSTERS = 30, SIZE = 10, SAMPLES = 400 };

Test(groups, tests_hold_their_level)
{
    static const svy_test_kind KINDS[] = { SVY_TEST_T, SVY_TEST_WILCOXON, SVY_TEST_VAN_DER_WAERDEN, SVY_TEST_LOG_RANK };
    made m = made_new(CLUSTERS * SIZE, 1);
    svyi_random r;
    int rejected[4] = { 0 };
    svyi_random_seed(&r, 77);
    for (int sample = 0; sample < SAMPLES; sample++) {
        for (size_t i = 0; i < m.rows; i++) {
            size_t c = i / SIZE;
            m.w[i] = 1 + svyi_random_unit(&r);
            m.stratum[i] = 0;
            m.psu[i] = (double)c;
            m.u[i] = (double)(c % 2);
            m.x[i] = i % SIZE == 0 ? 10 * svyi_random_unit(&r) : m.x[c * SIZE] + 5 * svyi_random_unit(&r) * (double)(i % SIZE != 0);
            m.v[i] = svyi_random_unit(&r) < 0.7;
        }
        svy_frame *f = made_frame(&m);
        for (size_t k = 0; k < 4; k++) {
            svy_test_spec s = spec_of(KINDS[k], KINDS[k] == SVY_TEST_LOG_RANK ? "Surv(exp(x), v) ~ u" : "x ~ u");
            svy_tests *t = test_of(f, 1, &s);
            rejected[k] += svy_tests_row(t, 0)->p_value < 0.05;
            svy_tests_free(t);
        }
        svy_frame_free(f);
    }
    /* 0.05 +- 3.5 standard errors of 400 samples; log-rank is on a chi-squared, which 30 clusters reach only roughly */
    for (size_t k = 0; k < 4; k++)
        cr_expect(rejected[k] > SAMPLES * 0.012 && rejected[k] < SAMPLES * (k < 3 ? 0.09 : 0.13), "%s rejects %d of %d", svy_test_name(KINDS[k]),
                  rejected[k], SAMPLES);
    made_free(&m);
}

/* With many domains each costs its rows only; alone a domain takes a pass of all rows. @return how many could be tested. */
static size_t compare_domains(const svy_frame *f, int clusters, svy_test_spec s)
{
    static const char *const BY[] = { "domain", "v" };
    svy_test_spec alone = s;
    size_t tested = 0;
    s.by = BY;
    s.n_by = 2;
    svy_tests *all = test_of(f, clusters, &s);
    cr_assert_eq(svy_tests_count(all), 2 * MADE_DOMAINS);
    for (size_t k = 0; k < svy_tests_count(all); k++) {
        char where[80];
        const svy_test_row *p = svy_tests_row(all, k);
        snprintf(where, sizeof where, "domain = '%s' and v = %s", p->by[0], p->by[1]);
        alone.where = where;
        svy_tests *one = test_of(f, clusters, &alone);
        const svy_test_row *q = svy_tests_row(one, 0);
        cr_expect(made_near(p->statistic, q->statistic, 1e-11) && made_near(p->p_value, q->p_value, 1e-9) && made_near(p->se, q->se, 1e-11) &&
                  made_near(p->estimate, q->estimate, 0) && made_near(p->ddf, q->ddf, 0), "%s, %s: %.17g, %.17g", s.formula, where, p->statistic, q->statistic);
        tested += p->statistic == p->statistic;
        svy_tests_free(one);
    }
    svy_tests_free(all);
    return tested;
}

Test(groups, tests_of_many_domains_are_those_of_each)
{
    made m = made_new(2000, 12);
    svy_frame *f = made_frame(&m);
    for (int clusters = 0; clusters < 2; clusters++) {
        cr_expect_eq(compare_domains(f, clusters, spec_of(SVY_TEST_T, "y ~ u")), 8);
        cr_expect_eq(compare_domains(f, clusters, spec_of(SVY_TEST_T, "y ~ 0")), 8);
        cr_expect_eq(compare_domains(f, clusters, spec_of(SVY_TEST_KRUSKAL, "x ~ set")), 8);
        cr_expect_eq(compare_domains(f, clusters, spec_of(SVY_TEST_WILCOXON, "y ~ u")), 8);
        cr_expect_eq(compare_domains(f, clusters, spec_of(SVY_TEST_LOG_RANK, "Surv(w, u) ~ set")), 8);
    }
    svy_frame_free(f);
    made_free(&m);
}

/* ---- memory, and what cannot be ---- */

static const struct { svy_test_kind kind; const char *formula; } ATTEMPTS[] = {
    { SVY_TEST_T, "x ~ u" }, { SVY_TEST_T, "x ~ 0" }, { SVY_TEST_KRUSKAL, "x ~ set" }, { SVY_TEST_WILCOXON, "y ~ u" }, { SVY_TEST_LOG_RANK, "Surv(exp(x), v) ~ set" },
};

Test(groups, without_memory_is_an_error_and_leaks_nothing)
{
    static const char *const BY[] = { "domain", "v" };
    made m = made_new(200, 9);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    for (size_t k = 0; k < sizeof ATTEMPTS / sizeof ATTEMPTS[0]; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_status st = SVY_E_NOMEM;
        for (long calls = 0; st != SVY_OK && calls < 5000; calls++) {
            watched w = { .calls_left = calls };
            svy_alloc alloc = { watched_fn, &w };
            svy_test_spec s = spec_of(ATTEMPTS[k].kind, ATTEMPTS[k].formula);
            svy_tests *t;
            s.by = BY;
            s.n_by = 1 + k % 2;                  /* with 8 domains each takes its rows only */
            st = svy_test(&alloc, f, d, &s, &t, &err);
            cr_expect(st == SVY_OK || st == SVY_E_NOMEM, "%s: %s", ATTEMPTS[k].formula, err.message);
            svy_tests_free(t);
            cr_expect(w.bytes == 0 && w.wrong_sizes == 0, "%s, %ld calls: %zu bytes left, %u wrong sizes", ATTEMPTS[k].formula, calls, w.bytes, w.wrong_sizes);
        }
        cr_expect(st == SVY_OK);
    }
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

static const struct { svy_test_kind kind; const char *formula, *where; svy_status status; const char *part; } REFUSED[] = {
    { SVY_TEST_T, "x ~ set", NULL, SVY_E_VALUE, "3 groups" },
    { SVY_TEST_T, "x ~ u", "u = 1", SVY_E_VALUE, "1 group" },
    { SVY_TEST_T, "set ~ u", NULL, SVY_E_TYPE, "text" },
    { SVY_TEST_T, "I(x * 0) ~ u", NULL, SVY_E_VALUE, "does not vary" },
    { SVY_TEST_T, "x ~ u + v", NULL, SVY_E_VALUE, "one group variable" },
    { SVY_TEST_T, "Surv(exp(x), v) ~ u", NULL, SVY_E_TYPE, "logrank" },
    { SVY_TEST_WILCOXON, "x ~ 1", NULL, SVY_E_VALUE, "compares groups" },
    { SVY_TEST_WILCOXON, "x ~ w", "w > 0 and x > 99", SVY_E_VALUE, "" },
    { SVY_TEST_MEDIAN, "I(u * 0) ~ set", NULL, SVY_E_VALUE, "singular" },
    { SVY_TEST_LOG_RANK, "x ~ u", NULL, SVY_E_TYPE, "Surv" },
    { SVY_TEST_LOG_RANK, "Surv(x, y) ~ u", NULL, SVY_E_VALUE, "status" },
    { SVY_TEST_LOG_RANK, "Surv(exp(x), v) ~ u", "v = 0", SVY_E_VALUE, "no events" },
    { SVY_TEST_LOG_RANK, "Surv(exp(x), v) ~ 1", NULL, SVY_E_VALUE, "no groups" },
    { SVY_TEST_T, "x ~ nothing", NULL, SVY_E_NAME, "nothing" },
};

Test(groups, of_what_cannot_be_tested_say_why)
{
    made m = made_new(300, 10);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    for (size_t k = 0; k < sizeof REFUSED / sizeof REFUSED[0]; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_tests *t;
        svy_test_spec s = spec_of(REFUSED[k].kind, REFUSED[k].formula);
        s.where = REFUSED[k].where;
        svy_status st = svy_test(NULL, f, d, &s, &t, &err);
        cr_expect_eq(st, REFUSED[k].status, "%s: %d %s", REFUSED[k].formula, (int)st, err.message);
        cr_expect(strstr(err.message, REFUSED[k].part) != NULL, "%s: %s", REFUSED[k].formula, err.message);
        cr_expect_null(t);
    }
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}
