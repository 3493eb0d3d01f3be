/* Tests and shares of tables: what must hold for any data; figures of R are in tests/reference. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <survey/table.h>
#include <survey/test.h>

#include "../base/watched_alloc.h"
#include "made_frame.h"
#include "num/distribution.h"

static const svy_table_test_kind ALL[] = { SVY_TABLE_PEARSON_F, SVY_TABLE_PEARSON_CHISQ, SVY_TABLE_WALD, SVY_TABLE_ADJ_WALD, SVY_TABLE_LINCOM,
                                           SVY_TABLE_SADDLEPOINT };
static const char *const PAIR[] = { "set", "u" }, *const TWO[] = { "u", "v" }, *const BY[] = { "domain" }, *const ONE[] = { "set" };
static const double EXPECTED[] = { 2, 1, 1 };

static svy_table_test_spec spec_of(const char *const *variables, size_t n, int by)
{
    svy_table_test_spec s = SVY_TABLE_TEST_INIT;
    s.variables = variables;
    s.n_variables = n;
    s.tests = ALL;
    s.n_tests = SVY_TABLE_TESTS;
    s.by = BY;
    s.n_by = by ? 1 : 0;
    if (n == 1) {
        s.expected = EXPECTED;
        s.n_expected = 3;
    }
    return s;
}

static svy_tests *tests_of(const svy_frame *f, int clusters, const svy_table_test_spec *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design *d = made_design(NULL, f, clusters);
    svy_tests *t;
    cr_assert_eq(svy_table_tests(NULL, f, d, s, &t, &err), SVY_OK, "%s", err.message);
    svy_design_free(d);
    return t;
}

static int same_row(const svy_test_row *a, const svy_test_row *b, double tolerance)
{
    return made_near(a->statistic, b->statistic, tolerance) && made_near(a->ndf, b->ndf, tolerance) && made_near(a->ddf, b->ddf, tolerance) &&
           made_near(a->p_value, b->p_value, tolerance);
}

Test(association, has_the_same_bits_for_any_number_of_threads)
{
    made m = made_new(200000, 5);
    svy_frame *f = made_frame(&m);
    for (int kind = 0; kind < 4; kind++) {
        svy_table_test_spec s = spec_of(kind % 2 == 0 ? PAIR : ONE, kind % 2 == 0 ? 2 : 1, 1);
        svy_tests *one = tests_of(f, kind / 2, &s);
        for (s.threads = 2; s.threads <= 8; s.threads += 6) {
            svy_tests *more = tests_of(f, kind / 2, &s);
            cr_assert_eq(svy_tests_count(more), svy_tests_count(one));
            for (size_t i = 0; i < svy_tests_count(one); i++)
                cr_expect(same_row(svy_tests_row(one, i), svy_tests_row(more, i), 0));
            svy_tests_free(more);
        }
        svy_tests_free(one);
    }
    svy_frame_free(f);
    made_free(&m);
}

/* A domain is the subpopulation of its level. */
Test(association, of_a_domain_is_that_of_the_subpopulation)
{
    static const char *const WHERE[] = { "domain = \"a\"", "domain = \"b\"", "domain = \"c\"", "domain = \"d\"" };
    made m = made_new(3000, 11);
    svy_frame *f = made_frame(&m);
    for (int kind = 0; kind < 4; kind++) {
        svy_table_test_spec s = spec_of(kind % 2 == 0 ? PAIR : ONE, kind % 2 == 0 ? 2 : 1, 1);
        svy_tests *all = tests_of(f, kind / 2, &s);
        cr_assert_eq(svy_tests_count(all), (size_t)MADE_DOMAINS * SVY_TABLE_TESTS);
        s.n_by = 0;
        for (size_t d = 0; d < MADE_DOMAINS; d++) {
            s.where = WHERE[d];
            svy_tests *own = tests_of(f, kind / 2, &s);
            for (size_t i = 0; i < SVY_TABLE_TESTS; i++)
                cr_expect(same_row(svy_tests_row(own, i), svy_tests_row(all, d * SVY_TABLE_TESTS + i), 1e-11), "kind %d, domain %zu, test %zu", kind, d, i);
            svy_tests_free(own);
        }
        svy_tests_free(all);
    }
    svy_frame_free(f);
    made_free(&m);
}

/* Rows turned around and weights in other units: the same tests. */
Test(association, does_not_depend_on_row_order_or_units_of_weights)
{
    made m = made_new(3000, 12), r = made_new(3000, 12);
    for (size_t i = 0; i < m.rows; i++) {
        size_t j = m.rows - 1 - i;
        r.w[i] = m.w[j] * 1024;
        r.u[i] = m.u[j];
        r.stratum[i] = m.stratum[j];
        r.psu[i] = m.psu[j];
        r.level[i] = m.level[j];
        r.domain[i] = m.domain[j];
    }
    svy_frame *f = made_frame(&m), *g = made_frame(&r);
    svy_table_test_spec s = spec_of(PAIR, 2, 1);
    svy_tests *a = tests_of(f, 1, &s), *b = tests_of(g, 1, &s);
    for (size_t i = 0; i < svy_tests_count(a); i++)
        cr_expect(same_row(svy_tests_row(a, i), svy_tests_row(b, i), 1e-12), "row %zu", i);
    svy_tests_free(a);
    svy_tests_free(b);
    svy_frame_free(f);
    svy_frame_free(g);
    made_free(&m);
    made_free(&r);
}

/* Simple random sampling with replacement and equal weights: the covariance of the shares is (diag p - p p')/(n - 1), so that all lambda are n/(n - 1). */
Test(association, of_a_simple_random_sample_is_pearsons)
{
    enum { N = 60 };
    made m = made_new(N, 3);
    double counts[2][2] = { { 0 } }, x2 = 0;
    svy_error err = SVY_ERROR_INIT;
    for (size_t i = 0; i < N; i++) {
        m.w[i] = 7;
        counts[m.u[i] > 0][m.v[i] > 0]++;
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            double e = (counts[i][0] + counts[i][1]) * (counts[0][j] + counts[1][j]) / N;
            x2 += (counts[i][j] - e) * (counts[i][j] - e) / e;
        }
    svy_frame *f = made_frame(&m);
    svy_design_spec design = SVY_DESIGN_INIT;
    svy_design *d;
    svy_tests *t;
    design.weights = "w";
    cr_assert_eq(svy_design_new(NULL, f, &design, &d, &err), SVY_OK);
    svy_table_test_spec s = spec_of(TWO, 2, 0);
    cr_assert_eq(svy_table_tests(NULL, f, d, &s, &t, &err), SVY_OK, "%s", err.message);
    double f_value = x2 * (N - 1) / N, p = svyi_f_upper(f_value, 1, N - 1);
    const svy_test_row want[] = {
        { .statistic = f_value, .ndf = 1, .ddf = N - 1, .p_value = p },
        { .statistic = x2, .ndf = 1, .ddf = nan(""), .p_value = svyi_chi2_upper(f_value, 1) },
    };
    for (size_t i = 0; i < 2; i++)
        cr_expect(same_row(svy_tests_row(t, i), &want[i], 1e-12), "test %zu", i);
    cr_expect(made_near(svy_tests_row(t, 4)->p_value, p, 1e-11));      /* one lambda: the mixture is an F */
    svy_tests_free(t);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

/* ---- level: 40 clusters in which both variables go together with the cluster, but not with each other ---- */

enum { CLUSTERS = 40, SIZE = 15, SAMPLES = 400 };

static void draw_clusters(svyi_random *r, made *m)
{
    for (size_t c = 0; c < CLUSTERS; c++) {
        double pu = 0.1 + 0.8 * svyi_random_unit(r), pv = 0.1 + 0.8 * svyi_random_unit(r);
        for (size_t k = 0; k < SIZE; k++) {
            size_t i = c * SIZE + k;
            m->w[i] = 1;
            m->stratum[i] = 0;
            m->psu[i] = (double)c;
            m->u[i] = svyi_random_unit(r) < pu;
            m->v[i] = svyi_random_unit(r) < pv;
        }
    }
}

Test(association, holds_its_level_where_pearsons_does_not)
{
    made m = made_new(CLUSTERS * SIZE, 1);
    svyi_random r;
    int rejected[SVY_TABLE_TESTS] = { 0 }, naive = 0;
    svyi_random_seed(&r, 2024);
    for (int sample = 0; sample < SAMPLES; sample++) {
        draw_clusters(&r, &m);
        svy_frame *f = made_frame(&m);
        svy_table_test_spec s = spec_of(TWO, 2, 0);
        svy_tests *t = tests_of(f, 1, &s);
        for (size_t k = 0; k < SVY_TABLE_TESTS; k++)
            rejected[k] += svy_tests_row(t, k)->p_value < 0.05;
        naive += svyi_chi2_upper(svy_tests_row(t, 1)->statistic, 1) < 0.05;
        svy_tests_free(t);
        svy_frame_free(f);
    }
    /* 0.05 +- 3.5 standard errors of 400 samples */
    for (size_t k = 0; k < SVY_TABLE_TESTS; k++)
        cr_expect(rejected[k] > SAMPLES * 0.012 && rejected[k] < SAMPLES * 0.09, "%s rejects %d of %d", svy_table_test_name(ALL[k]), rejected[k], SAMPLES);
    cr_expect(naive > SAMPLES * 0.12, "Pearson's own test rejects %d of %d", naive, SAMPLES);
    made_free(&m);
}

/* ---- shares and measures ---- */

static svy_estimate_spec estimate_spec(const char *const *variables, size_t n, int by)
{
    svy_estimate_spec s = SVY_ESTIMATE_INIT;
    s.variables = variables;
    s.n_variables = n;
    s.by = BY;
    s.n_by = by ? 1 : 0;
    return s;
}

/* A row share is a share in the domain of the row. */
Test(shares, of_rows_are_proportions_in_domains)
{
    static const char *const V[] = { "domain", "set" }, *const SET[] = { "set" };
    svy_error err = SVY_ERROR_INIT;
    made m = made_new(4000, 21);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_estimates *shares, *columns, *domains;
    svy_estimate_spec s = estimate_spec(V, 2, 0), p = estimate_spec(SET, 1, 1);
    p.statistic = SVY_STAT_PROPORTION;
    static const char *const TURNED[] = { "set", "domain" };
    svy_estimate_spec c = estimate_spec(TURNED, 2, 0);
    cr_assert_eq(svy_table_shares(NULL, f, d, &s, SVY_SHARE_ROW, &shares, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_table_shares(NULL, f, d, &c, SVY_SHARE_COLUMN, &columns, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimate(NULL, f, d, &p, &domains, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimates_count(shares), svy_estimates_count(domains));
    for (size_t level = 0; level < MADE_LEVELS; level++)
        for (size_t k = 0; k < MADE_DOMAINS; k++) {
            const svy_estimate_row *a = svy_estimates_row(shares, level * MADE_DOMAINS + k), *b = svy_estimates_row(domains, level * MADE_DOMAINS + k);
            const svy_estimate_row *t = svy_estimates_row(columns, k * MADE_LEVELS + level);
            cr_expect(a->estimate == b->estimate && a->se == b->se && a->df == b->df && a->n == b->n, "%s", a->level);
            cr_expect(t->estimate == b->estimate && t->se == b->se, "%s", t->level);
        }
    svy_estimates_free(shares);
    svy_estimates_free(columns);
    svy_estimates_free(domains);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

/* Turning the first variable around turns ratios upside down. */
Test(measures, turn_with_the_table)
{
    static const svy_measure M[] = { SVY_MEASURE_ODDS_RATIO, SVY_MEASURE_RISK_RATIO, SVY_MEASURE_RISK_DIFFERENCE };
    svy_error err = SVY_ERROR_INIT;
    made m = made_new(2000, 22);
    svy_frame *f = made_frame(&m);
    for (size_t i = 0; i < m.rows; i++)
        m.u[i] = 1 - m.u[i];
    svy_frame *g = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1), *e = made_design(NULL, g, 1);
    svy_estimates *a, *b;
    svy_estimate_spec s = estimate_spec(TWO, 2, 1);
    cr_assert_eq(svy_table_measures(NULL, f, d, &s, M, 3, &a, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_table_measures(NULL, g, e, &s, M, 3, &b, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimates_count(a), 5u * MADE_DOMAINS);
    for (size_t i = 0; i < svy_estimates_count(a); i++) {
        const svy_estimate_row *p = svy_estimates_row(a, i), *q = svy_estimates_row(b, i);
        int ratio = i < 3u * MADE_DOMAINS;
        cr_expect(made_near(p->estimate, ratio ? 1 / q->estimate : -q->estimate, 1e-12), "%zu", i);
        cr_expect(made_near(p->lower, ratio ? 1 / q->upper : -q->upper, 1e-12), "%zu", i);
        cr_expect(made_near(ratio ? p->se / p->estimate : p->se, ratio ? q->se / q->estimate : q->se, 1e-11), "%zu", i);
    }
    svy_estimates_free(a);
    svy_estimates_free(b);
    svy_design_free(d);
    svy_design_free(e);
    svy_frame_free(f);
    svy_frame_free(g);
    made_free(&m);
}

/* ---- memory, and what cannot be ---- */

typedef svy_status attempt(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, svy_error *err);

static svy_status try_tests(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, svy_error *err)
{
    svy_table_test_spec s = spec_of(PAIR, 2, 1);
    svy_tests *t;
    svy_status st = svy_table_tests(alloc, f, d, &s, &t, err);
    cr_expect((st == SVY_OK) == (t != NULL));
    svy_tests_free(t);
    return st;
}

static svy_status try_fit(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, svy_error *err)
{
    svy_table_test_spec s = spec_of(ONE, 1, 0);
    svy_tests *t;
    svy_status st = svy_table_tests(alloc, f, d, &s, &t, err);
    svy_tests_free(t);
    return st;
}

static svy_status try_shares(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, svy_error *err)
{
    svy_estimate_spec s = estimate_spec(PAIR, 2, 1);
    svy_estimates *e;
    svy_status st = svy_table_shares(alloc, f, d, &s, SVY_SHARE_ROW, &e, err);
    svy_estimates_free(e);
    return st;
}

static svy_status try_measures(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, svy_error *err)
{
    static const svy_measure M[] = { SVY_MEASURE_RISK_RATIO };
    svy_estimate_spec s = estimate_spec(TWO, 2, 1);
    svy_estimates *e;
    svy_status st = svy_table_measures(alloc, f, d, &s, M, 1, &e, err);
    svy_estimates_free(e);
    return st;
}

Test(association, without_memory_is_an_error_and_leaks_nothing)
{
    static attempt *const ATTEMPTS[] = { try_tests, try_fit, try_shares, try_measures };
    made m = made_new(300, 31);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    for (size_t k = 0; k < 4; k++) {
        svy_error err = SVY_ERROR_INIT;
        svy_status st = SVY_E_NOMEM;
        for (long calls = 0; st != SVY_OK && calls < 5000; calls++) {
            watched w = { .calls_left = calls };
            svy_alloc alloc = { watched_fn, &w };
            st = ATTEMPTS[k](&alloc, f, d, &err);
            cr_expect(st == SVY_OK || st == SVY_E_NOMEM, "%s", err.message);
            cr_expect(w.bytes == 0 && w.wrong_sizes == 0, "attempt %zu, %ld calls: %zu bytes left, %u wrong sizes", k, calls, w.bytes, w.wrong_sizes);
        }
        cr_expect(st == SVY_OK);
    }
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

Test(association, of_what_cannot_be_tested_says_why)
{
    static const char *const THREE[] = { "u", "v", "set" };
    svy_error err = SVY_ERROR_INIT;
    made m = made_new(500, 32);
    for (size_t i = 0; i < m.rows; i++)
        m.v[i] = 1;
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_tests *t;
    svy_table_test_spec s = spec_of(TWO, 2, 0);
    cr_expect_eq(svy_table_tests(NULL, f, d, &s, &t, &err), SVY_E_VALUE);
    cr_expect(strstr(err.message, "'v' has fewer than two levels") != NULL, "%s", err.message);
    cr_expect_null(t);
    s = spec_of(TWO, 2, 1);                       /* with domains: rows without numbers, and notes */
    cr_assert_eq(svy_table_tests(NULL, f, d, &s, &t, &err), SVY_OK);
    cr_expect(isnan(svy_tests_row(t, 0)->p_value));
    cr_expect_eq(svy_tests_notes(t), (size_t)MADE_DOMAINS);
    svy_tests_free(t);
    s = spec_of(THREE, 3, 0);
    cr_expect_eq(svy_table_tests(NULL, f, d, &s, &t, &err), SVY_E_VALUE);
    s = spec_of(THREE, 1, 0);                     /* two levels, three shares */
    cr_expect_eq(svy_table_tests(NULL, f, d, &s, &t, &err), SVY_E_VALUE);
    cr_expect(strstr(err.message, "2 levels") != NULL, "%s", err.message);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}
