/* Quantiles: what must hold for any data, and rules and limits against their definitions; figures of R are in tests/reference. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <survey/quantile.h>

#include "../base/watched_alloc.h"
#include "made_frame.h"

static const double PROBS[] = { 0.05, 0.1, 0.25, 0.5, 0.75, 0.9 };
enum { N_PROBS = sizeof PROBS / sizeof PROBS[0] };
static const char *const Y[] = { "y" }, *const X[] = { "x" }, *const BY[] = { "domain" };

static svy_quantile_spec spec_of(svy_quantile_rule rule, svy_quantile_interval interval, int by)
{
    svy_quantile_spec q = SVY_QUANTILE_INIT;
    q.estimate.variables = Y;
    q.estimate.n_variables = 1;
    q.estimate.by = BY;
    q.estimate.n_by = by ? 1 : 0;
    q.probs = PROBS;
    q.n_probs = N_PROBS;
    q.rule = rule;
    q.interval = interval;
    return q;
}

static svy_estimates *quantiles_of(const svy_frame *f, int clusters, const svy_quantile_spec *q)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design *d = made_design(NULL, f, clusters);
    svy_estimates *e;
    cr_assert_eq(svy_quantile(NULL, f, d, q, &e, &err), SVY_OK, "%s", err.message);
    svy_design_free(d);
    return e;
}

/* ---- against the definition ---- */

typedef struct pair { double y, w; } pair;
static int by_value(const void *a, const void *b)
{
    const pair *p = a, *q = b;
    return (p->y > q->y) - (p->y < q->y);
}

/* The smallest value that has at least a share p of the weight at or below it. */
static double definition(const made *m, uint32_t domain, int by, double p)
{
    pair *rows = made_get(m->rows, sizeof *rows);
    size_t n = 0;
    double total = 0, sum = 0, found = nan("");
    for (size_t i = 0; i < m->rows; i++)
        if (m->w[i] > 0 && !m->y_missing[i] && (!by || m->domain[i] == domain)) {
            rows[n++] = (pair){ m->y[i], m->w[i] };
            total += m->w[i];
        }
    qsort(rows, n, sizeof *rows, by_value);
    for (size_t i = 0; i < n && isnan(found); i++)
        if ((sum += rows[i].w) >= p * total)
            found = rows[i].y;
    free(rows);
    return found;
}

/* Weights are quarters, so that all sums are exact; sizes around those of the runs and merges of the sort. */
Test(quantile, is_the_smallest_value_with_enough_weight)
{
    static const size_t ROWS[] = { 1, 15, 16, 17, 300, 2049, 30000, 131072, 300001 };
    for (size_t k = 0; k < sizeof ROWS / sizeof ROWS[0]; k++) {
        made m = made_new(ROWS[k], 5 + k);
        m.w[0] = 1;
        m.y_missing[0] = 0;
        svy_frame *f = made_frame(&m);
        for (int by = 0; by < 1 + (ROWS[k] > 100); by++)
            for (unsigned threads = 1; threads <= 8; threads *= 8) {
                svy_quantile_spec q = spec_of(SVY_QUANTILE_MATH, SVY_QUANTILE_MEAN, by);
                q.estimate.threads = threads;
                svy_design *d = made_design(NULL, f, 0);
                svy_error err = SVY_ERROR_INIT;
                svy_estimates *e = NULL;
                svy_status st = svy_quantile(NULL, f, d, &q, &e, &err);
                cr_assert(st == SVY_OK || ROWS[k] < 20, "%s", err.message);      /* few rows: a lonely PSU */
                for (size_t i = 0; e != NULL && i < svy_estimates_count(e); i++) {
                    const svy_estimate_row *r = svy_estimates_row(e, i);
                    double want = definition(&m, (uint32_t)(i % MADE_DOMAINS), by, r->prob);
                    cr_expect(r->estimate == want, "%zu rows, by %d, p %g: %g, not %g", ROWS[k], by, r->prob, r->estimate, want);
                }
                svy_estimates_free(e);
                svy_design_free(d);
            }
        svy_frame_free(f);
        made_free(&m);
    }
}

/* ---- properties ---- */

Test(quantile, grows_with_the_probability_under_every_rule)
{
    made m = made_new(700, 2);
    svy_frame *f = made_frame(&m);
    double probs[101];
    for (int k = 0; k <= 100; k++)
        probs[k] = k / 100.0;
    for (int rule = SVY_QUANTILE_MATH; rule <= SVY_QUANTILE_HF9; rule++) {
        svy_quantile_spec q = spec_of((svy_quantile_rule)rule, SVY_QUANTILE_MEAN, 0);
        q.probs = probs;
        q.n_probs = 101;
        svy_estimates *e = quantiles_of(f, 1, &q);
        for (size_t i = 1; i < 101; i++)
            cr_expect(svy_estimates_row(e, i)->estimate >= svy_estimates_row(e, i - 1)->estimate, "rule %d at %g", rule, probs[i]);
        for (size_t i = 0; i < 101; i++) {
            const svy_estimate_row *r = svy_estimates_row(e, i);
            cr_expect(!(r->lower > r->estimate) && !(r->upper < r->estimate), "rule %d: limits at %g", rule, probs[i]);
        }
        svy_estimates_free(e);
    }
    svy_frame_free(f);
    made_free(&m);
}

static void permute(made *m)
{
    svyi_random r;
    svyi_random_seed(&r, 77);
    for (size_t i = m->rows - 1; i > 0; i--) {
        size_t j = svyi_random_below(&r, (uint32_t)i + 1);
        double *numbers[] = { m->w, m->y, m->x, m->u, m->v, m->stratum, m->psu };
        uint32_t *codes[] = { m->domain, m->level };
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            double t = numbers[k][i]; numbers[k][i] = numbers[k][j]; numbers[k][j] = t;
        }
        for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++) {
            uint32_t t = codes[k][i]; codes[k][i] = codes[k][j]; codes[k][j] = t;
        }
        uint8_t t = m->y_missing[i]; m->y_missing[i] = m->y_missing[j]; m->y_missing[j] = t;
    }
}

/* Rules that interpolate take tied rows in the order of the data, as R does: they see x, which has no ties. */
static int order_of_ties_matters(int rule) { return rule >= SVY_QUANTILE_HF4 || rule == SVY_QUANTILE_SHAHVAISH; }

Test(quantile, order_of_rows_and_scale_of_weights_do_not_matter)
{
    made m = made_new(3000, 3);
    svy_frame *f = made_frame(&m);
    permute(&m);
    svy_frame *g = made_frame(&m);
    for (size_t i = 0; i < m.rows; i++)
        m.w[i] *= 1024;
    svy_frame *h = made_frame(&m);
    for (int rule = SVY_QUANTILE_MATH; rule <= SVY_QUANTILE_HF9; rule++)
        for (int ci = SVY_QUANTILE_MEAN; ci <= SVY_QUANTILE_SCORE_R; ci++) {
            svy_quantile_spec q = spec_of((svy_quantile_rule)rule, (svy_quantile_interval)ci, rule % 2);
            q.estimate.variables = order_of_ties_matters(rule) ? X : Y;
            svy_estimates *a = quantiles_of(f, ci % 2, &q), *b = quantiles_of(g, ci % 2, &q), *c = quantiles_of(h, ci % 2, &q);
            made_same(a, b, 1e-12, "other order");
            made_same(a, c, 1e-12, "other weights");
            svy_estimates_free(a);
            svy_estimates_free(b);
            svy_estimates_free(c);
        }
    svy_frame_free(f);
    svy_frame_free(g);
    svy_frame_free(h);
    made_free(&m);
}

/* The score limits are where the share below stops to differ from p: svy_cdf tells the share and its standard error at any value. */
Test(quantile, score_limits_invert_the_test)
{
    made m = made_new(500, 4);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_quantile_spec q = spec_of(SVY_QUANTILE_MATH, SVY_QUANTILE_SCORE, 0);
    svy_estimates *e = quantiles_of(f, 1, &q);
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        const svy_estimate_row *r = svy_estimates_row(e, i);
        double t = (r->upper - r->lower) / (2 * r->se), at[] = { r->lower, r->lower - 0.5, r->upper, r->upper - 0.5 };
        svy_error err = SVY_ERROR_INIT;
        svy_estimates *shares;
        cr_assert_eq(svy_cdf(NULL, f, d, &q.estimate, at, 4, &shares, &err), SVY_OK, "%s", err.message);
        double z[4];
        for (size_t k = 0; k < 4; k++)
            z[k] = (svy_estimates_row(shares, k)->estimate - r->prob) / svy_estimates_row(shares, k)->se;
        cr_expect(z[0] >= -t - 1e-9 && z[1] < -t + 1e-9, "p %g: z %g below the lower limit, %g at it, t %g", r->prob, z[1], z[0], t);
        cr_expect(z[2] > t - 1e-9 && z[3] <= t + 1e-9, "p %g: z %g below the upper limit, %g at it, t %g", r->prob, z[3], z[2], t);
        svy_estimates_free(shares);
    }
    svy_estimates_free(e);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

Test(quantile, same_bits_for_any_number_of_threads)
{
    made m = made_new(300000, 6);
    svy_frame *f = made_frame(&m);
    for (int clusters = 0; clusters < 2; clusters++) {
        svy_quantile_spec q = spec_of(SVY_QUANTILE_HF7, SVY_QUANTILE_XLOGIT, 1);
        svy_estimates *one = quantiles_of(f, clusters, &q);
        for (q.estimate.threads = 2; q.estimate.threads <= 8; q.estimate.threads *= 4) {
            svy_estimates *many = quantiles_of(f, clusters, &q);
            for (size_t i = 0; i < svy_estimates_count(one); i++) {
                const svy_estimate_row *a = svy_estimates_row(one, i), *b = svy_estimates_row(many, i);
                cr_expect(memcmp(&a->estimate, &b->estimate, sizeof(double)) == 0 && memcmp(&a->se, &b->se, sizeof(double)) == 0,
                          "%u threads, row %zu", q.estimate.threads, i);
            }
            svy_estimates_free(many);
        }
        svy_estimates_free(one);
    }
    svy_frame_free(f);
    made_free(&m);
}

/* ---- what is refused, and memory ---- */

Test(quantile, says_what_is_wrong)
{
    static const double BAD[] = { 0.5, 1.5 };
    static const char *const TEXT[] = { "domain" };
    made m = made_new(100, 7);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 0);
    svy_error err = SVY_ERROR_INIT;
    svy_estimates *e;
    svy_quantile_spec q = spec_of(SVY_QUANTILE_MATH, SVY_QUANTILE_MEAN, 0);
    q.probs = BAD;
    q.n_probs = 2;
    cr_expect_eq(svy_quantile(NULL, f, d, &q, &e, &err), SVY_E_VALUE);
    cr_expect_null(e);
    cr_expect(strstr(err.message, "1.5") != NULL, "%s", err.message);
    q = spec_of(SVY_QUANTILE_MATH, SVY_QUANTILE_MEAN, 0);
    q.estimate.variables = TEXT;
    cr_expect_eq(svy_quantile(NULL, f, d, &q, &e, &err), SVY_E_TYPE);
    cr_expect(strstr(err.message, "'domain'") != NULL, "%s", err.message);
    q = spec_of(SVY_QUANTILE_MATH, SVY_QUANTILE_REPLICATE, 0);
    cr_expect_eq(svy_quantile(NULL, f, d, &q, &e, &err), SVY_E_STATE);
    q = spec_of(SVY_QUANTILE_MATH, SVY_QUANTILE_MEAN, 0);
    q.estimate.where = "x > 1000000";
    cr_expect_eq(svy_quantile(NULL, f, d, &q, &e, &err), SVY_E_VALUE);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

Test(quantile, every_failing_allocation_is_an_error)
{
    made m = made_new(200, 8);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    for (int ci = SVY_QUANTILE_MEAN; ci <= SVY_QUANTILE_SCORE_R; ci++)
        for (long calls = 0;; calls++) {
            watched w;
            svy_error err = SVY_ERROR_INIT;
            svy_estimates *e;
            svy_alloc alloc = watched_alloc(&w, calls);
            svy_quantile_spec q = spec_of(ci % 2 ? SVY_QUANTILE_HF3 : SVY_QUANTILE_HF8, (svy_quantile_interval)ci, 1);
            svy_status st = svy_quantile(&alloc, f, d, &q, &e, &err);
            cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "%d after %ld: %s", (int)st, calls, err.message);
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
