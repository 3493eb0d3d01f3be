/* Estimates: what must hold for any design, checked on data made here; figures are in tests/reference. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <survey/estimate.h>

#include "../base/watched_alloc.h"
#include "base/number.h"

/* ---- data: 5 strata, 8 PSUs in each, 4 secondary units in each, rows in them ---- */

typedef struct sample {
    size_t rows;
    double *w, *y, *x, *stratum, *psu, *unit, *n1, *n2, *n3;
    uint32_t *domain, *level;
    uint8_t *y_missing;
} sample;
enum { DOMAINS = 7, LEVELS = 3 };

static void *get(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    cr_assert_not_null(p);
    return p;
}

static sample make_sample(size_t rows, uint64_t seed)
{
    svyi_random r;
    sample s = { .rows = rows };
    double **columns[] = { &s.w, &s.y, &s.x, &s.stratum, &s.psu, &s.unit, &s.n1, &s.n2, &s.n3 };
    svyi_random_seed(&r, seed);
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
        *columns[k] = get(rows, sizeof **columns[k]);
    s.domain = get(rows, sizeof *s.domain);
    s.level = get(rows, sizeof *s.level);
    s.y_missing = get(rows, 1);
    for (size_t i = 0; i < rows; i++) {
        double h = svyi_random_below(&r, 5), p = svyi_random_below(&r, 8), u = svyi_random_below(&r, 4);
        s.stratum[i] = h;
        s.psu[i] = 100 * h + p;
        s.unit[i] = u;
        s.n1[i] = 40 + h;
        s.n2[i] = 10;
        s.n3[i] = 1e6;
        s.w[i] = 1 + 20 * svyi_random_unit(&r);
        s.x[i] = 1 + svyi_random_unit(&r);
        s.y[i] = 30 * h + p + 10 * svyi_random_unit(&r) + 5 * s.x[i];
        s.domain[i] = svyi_random_below(&r, DOMAINS);
        s.level[i] = svyi_random_below(&r, LEVELS);
        s.y_missing[i] = svyi_random_below(&r, 20) == 0 ? SVY_REFUSED : SVY_PRESENT;
        if (s.y_missing[i])
            s.y[i] = 0;
    }
    return s;
}

static void free_sample(sample *s)
{
    double *columns[] = { s->w, s->y, s->x, s->stratum, s->psu, s->unit, s->n1, s->n2, s->n3 };
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
        free(columns[k]);
    free(s->domain);
    free(s->level);
    free(s->y_missing);
}

static void add_numbers(svy_frame *f, const char *name, const double *x, const uint8_t *missing)
{
    svy_error err = SVY_ERROR_INIT;
    size_t rows = svy_frame_rows(f);
    double *copy = svy_frame_get(f, rows, sizeof *copy);
    uint8_t *mask = missing != NULL ? svy_frame_get(f, rows, 1) : NULL;
    memcpy(copy, x, rows * sizeof *x);
    if (mask != NULL)
        memcpy(mask, missing, rows);
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, copy, mask, &err), SVY_OK, "%s", err.message);
}

static void add_factor(svy_frame *f, const char *name, const uint32_t *codes, uint32_t n)
{
    static const char *const LETTERS[] = { "a", "b", "c", "d", "e", "f", "g" };
    svy_error err = SVY_ERROR_INIT;
    uint32_t *copy = svy_frame_get(f, svy_frame_rows(f), sizeof *copy);
    memcpy(copy, codes, svy_frame_rows(f) * sizeof *codes);
    cr_assert_eq(svy_frame_add_factor(f, name, SVY_T_TEXT, copy, NULL, LETTERS, NULL, n, &err), SVY_OK, "%s", err.message);
}

static svy_frame *frame_of(const sample *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, s->rows, &f, &err), SVY_OK);
    add_numbers(f, "w", s->w, NULL);
    add_numbers(f, "y", s->y, s->y_missing);
    add_numbers(f, "x", s->x, NULL);
    add_numbers(f, "stratum", s->stratum, NULL);
    add_numbers(f, "psu", s->psu, NULL);
    add_numbers(f, "unit", s->unit, NULL);
    add_numbers(f, "n1", s->n1, NULL);
    add_numbers(f, "n2", s->n2, NULL);
    add_numbers(f, "n3", s->n3, NULL);
    add_factor(f, "domain", s->domain, DOMAINS);
    add_factor(f, "level", s->level, LEVELS);
    return f;
}

/* ---- designs ---- */

typedef enum kind { ROWS_ALONE, CLUSTERS, TWO_STAGES, THREE_STAGES, KINDS } kind;

static svy_design *design_of(const svy_alloc *alloc, const svy_frame *f, kind k)
{
    static const char *const STRATA[] = { "stratum" }, *const UNITS[] = { "psu", "unit", "id" }, *const SIZES[] = { "n1", "n2", "n3" };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d;
    spec.weights = "w";
    spec.strata = STRATA;
    spec.n_strata = 1;
    spec.clusters = UNITS;
    spec.n_clusters = k == THREE_STAGES ? 3 : k == TWO_STAGES ? 2 : k == CLUSTERS;
    spec.fpc = SIZES;
    spec.n_fpc = k >= TWO_STAGES ? spec.n_clusters : 0;
    svy_status st = svy_design_new(alloc, f, &spec, &d, &err);
    cr_assert(st == SVY_OK || alloc != NULL, "%s", err.message);
    return d;
}

static svy_frame *frame_with_id(const sample *s)
{
    svy_frame *f = frame_of(s);
    double *id = get(s->rows, sizeof *id);
    for (size_t i = 0; i < s->rows; i++)
        id[i] = (double)i;
    add_numbers(f, "id", id, NULL);
    free(id);
    return f;
}

typedef struct request { svy_statistic statistic; const char *variables[3]; const char *by; svy_deff deff; int covariance; unsigned threads; } request;

static svy_status try_estimate(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, request q, svy_estimates **e, svy_error *err)
{
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    spec.statistic = q.statistic;
    spec.variables = q.variables;
    while (spec.n_variables < 3 && q.variables[spec.n_variables] != NULL)
        spec.n_variables++;
    spec.by = &q.by;
    spec.n_by = q.by != NULL;
    spec.deff = q.deff;
    spec.covariance = q.covariance;
    spec.threads = q.threads;
    return svy_estimate(alloc, f, d, &spec, e, err);
}

static svy_estimates *estimates_of(const svy_frame *f, kind k, request q)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design *d = design_of(NULL, f, k);
    svy_estimates *e;
    cr_assert_eq(try_estimate(NULL, f, d, q, &e, &err), SVY_OK, "%s", err.message);
    svy_design_free(d);
    return e;
}

static int near(double a, double b, double tolerance) { return fabs(a - b) <= tolerance * (fabs(a) + fabs(b)) / 2; }

static void expect_same(const svy_estimates *a, const svy_estimates *b, double tolerance, const char *what)
{
    cr_assert_eq(svy_estimates_count(a), svy_estimates_count(b));
    for (size_t i = 0; i < svy_estimates_count(a); i++) {
        const svy_estimate_row *p = svy_estimates_row(a, i), *q = svy_estimates_row(b, i);
        cr_expect(near(p->estimate, q->estimate, tolerance), "%s: estimate %zu: %.17g, %.17g", what, i, p->estimate, q->estimate);
        cr_expect(near(p->se, q->se, tolerance), "%s: se %zu: %.17g, %.17g", what, i, p->se, q->se);
        cr_expect(p->df == q->df && p->n == q->n && p->missing == q->missing, "%s: counts of %zu", what, i);
    }
}

static const request REQUESTS[] = {
    { SVY_STAT_MEAN, { "y", "x" }, "domain", SVY_DEFF_WITHOUT, 1, 1 },
    { SVY_STAT_MEAN, { "y" }, NULL, SVY_DEFF_NONE, 0, 1 },
    { SVY_STAT_TOTAL, { "y" }, "domain", SVY_DEFF_REPLACE, 1, 1 },
    { SVY_STAT_RATIO, { "y/x" }, "domain", SVY_DEFF_WITHOUT, 1, 1 },
    { SVY_STAT_MEAN, { "level" }, "domain", SVY_DEFF_WITHOUT, 1, 1 },
    { SVY_STAT_TABLE, { "level", "domain" }, NULL, SVY_DEFF_NONE, 0, 1 },
    { SVY_STAT_MEAN, { "y", "level", "x" }, "domain", SVY_DEFF_NONE, 1, 1 },
};
enum { N_REQUESTS = sizeof REQUESTS / sizeof REQUESTS[0] };

/* ---- the properties ---- */

/* Rows cross several pieces of 65,536. */
Test(estimate, same_bits_for_any_number_of_threads)
{
    sample s = make_sample(200000, 1);
    svy_frame *f = frame_with_id(&s);
    for (kind k = ROWS_ALONE; k < KINDS; k++)
        for (size_t i = 0; i < N_REQUESTS; i++) {
            request q = REQUESTS[i];
            svy_estimates *one = estimates_of(f, k, q);
            for (q.threads = 2; q.threads <= 8; q.threads *= 4) {
                svy_estimates *many = estimates_of(f, k, q);
                for (size_t j = 0; j < svy_estimates_count(one); j++) {
                    const svy_estimate_row *a = svy_estimates_row(one, j), *b = svy_estimates_row(many, j);
                    cr_assert(memcmp(&a->estimate, &b->estimate, sizeof(double)) == 0 && memcmp(&a->se, &b->se, sizeof(double)) == 0,
                              "design %d, request %zu, %u threads", (int)k, i, q.threads);
                }
                svy_estimates_free(many);
            }
            svy_estimates_free(one);
        }
    svy_frame_free(f);
    free_sample(&s);
}

static void swap(double *a, size_t i, size_t j) { double x = a[i]; a[i] = a[j]; a[j] = x; }

Test(estimate, order_of_rows_does_not_matter)
{
    sample s = make_sample(3000, 2);
    svy_frame *f = frame_with_id(&s);
    svyi_random r;
    svyi_random_seed(&r, 3);
    for (size_t i = s.rows - 1; i > 0; i--) {
        size_t j = svyi_random_below(&r, (uint32_t)i + 1);
        double *columns[] = { s.w, s.y, s.x, s.stratum, s.psu, s.unit, s.n1, s.n2, s.n3 };
        for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
            swap(columns[k], i, j);
        uint32_t d = s.domain[i], l = s.level[i];
        s.domain[i] = s.domain[j]; s.domain[j] = d;
        s.level[i] = s.level[j]; s.level[j] = l;
        uint8_t m = s.y_missing[i]; s.y_missing[i] = s.y_missing[j]; s.y_missing[j] = m;
    }
    svy_frame *g = frame_with_id(&s);
    for (kind k = ROWS_ALONE; k < KINDS; k++)
        for (size_t i = 0; i < N_REQUESTS; i++) {
            svy_estimates *a = estimates_of(f, k, REQUESTS[i]), *b = estimates_of(g, k, REQUESTS[i]);
            expect_same(a, b, 1e-11, "other order");
            svy_estimates_free(a);
            svy_estimates_free(b);
        }
    svy_frame_free(f);
    svy_frame_free(g);
    free_sample(&s);
}

/* Two rows of half the weight are one row, where rows are not units. */
Test(estimate, a_row_can_be_split)
{
    sample s = make_sample(1000, 4), t = make_sample(2000, 4);
    for (size_t i = 0; i < t.rows; i++) {
        size_t from = i / 2;
        double *to[] = { t.y, t.x, t.stratum, t.psu, t.unit, t.n1, t.n2, t.n3 }, *of[] = { s.y, s.x, s.stratum, s.psu, s.unit, s.n1, s.n2, s.n3 };
        for (size_t k = 0; k < sizeof to / sizeof to[0]; k++)
            to[k][i] = of[k][from];
        t.w[i] = s.w[from] * (i % 2 ? 0.25 : 0.75);
        t.domain[i] = s.domain[from];
        t.level[i] = s.level[from];
        t.y_missing[i] = s.y_missing[from];
    }
    svy_frame *f = frame_of(&s), *g = frame_of(&t);
    for (kind k = CLUSTERS; k <= TWO_STAGES; k++)
        for (size_t i = 0; i < N_REQUESTS; i++) {
            svy_estimates *a = estimates_of(f, k, REQUESTS[i]), *b = estimates_of(g, k, REQUESTS[i]);
            for (size_t j = 0; j < svy_estimates_count(a); j++) {
                cr_expect(near(svy_estimates_row(a, j)->estimate, svy_estimates_row(b, j)->estimate, 1e-11));
                cr_expect(near(svy_estimates_row(a, j)->se, svy_estimates_row(b, j)->se, 1e-10));
            }
            svy_estimates_free(a);
            svy_estimates_free(b);
        }
    svy_frame_free(f);
    svy_frame_free(g);
    free_sample(&s);
    free_sample(&t);
}

/* Weights times 8 (exact in binary), strata under other names: means and ratios stay to the bit, totals are times 8. */
Test(estimate, scale_of_weights_and_names_of_strata)
{
    sample s = make_sample(2000, 5);
    svy_frame *f = frame_with_id(&s);
    for (size_t i = 0; i < s.rows; i++) {
        s.w[i] *= 8;
        s.stratum[i] = 1e9 - 17.5 * s.stratum[i];
    }
    svy_frame *g = frame_with_id(&s);
    for (kind k = ROWS_ALONE; k < KINDS; k++) {
        request means = { SVY_STAT_MEAN, { "y", "level" }, "domain", SVY_DEFF_NONE, 0, 1 }, totals = { SVY_STAT_TOTAL, { "y" }, NULL, SVY_DEFF_NONE, 0, 1 };
        svy_estimates *a = estimates_of(f, k, means), *b = estimates_of(g, k, means);
        expect_same(a, b, 1e-13, "mean");
        svy_estimates_free(a);
        svy_estimates_free(b);
        a = estimates_of(f, k, totals);
        b = estimates_of(g, k, totals);
        cr_expect(near(8 * svy_estimates_row(a, 0)->se, svy_estimates_row(b, 0)->se, 1e-13));
        cr_expect(near(8 * svy_estimates_row(a, 0)->estimate, svy_estimates_row(b, 0)->estimate, 1e-13));
        svy_estimates_free(a);
        svy_estimates_free(b);
    }
    svy_frame_free(f);
    svy_frame_free(g);
    free_sample(&s);
}

/* Totals of domains add up to the total, and the sum of all their covariances is its variance. */
Test(estimate, domains_add_up)
{
    sample s = make_sample(5000, 6);
    svy_frame *f = frame_with_id(&s);
    for (kind k = ROWS_ALONE; k < KINDS; k++) {
        svy_estimates *all = estimates_of(f, k, (request){ SVY_STAT_TOTAL, { "y" }, NULL, SVY_DEFF_NONE, 0, 1 });
        svy_estimates *parts = estimates_of(f, k, (request){ SVY_STAT_TOTAL, { "y" }, "domain", SVY_DEFF_NONE, 1, 1 });
        double total = 0, variance = 0;
        for (size_t i = 0; i < svy_estimates_count(parts); i++) {
            total += svy_estimates_row(parts, i)->estimate;
            cr_expect(near(sqrt(svy_estimates_covariance(parts, i, i)), svy_estimates_row(parts, i)->se, 1e-12), "diagonal");
            for (size_t j = 0; j < svy_estimates_count(parts); j++)
                variance += svy_estimates_covariance(parts, i, j);
        }
        cr_expect(near(total, svy_estimates_row(all, 0)->estimate, 1e-12));
        cr_expect(near(sqrt(variance), svy_estimates_row(all, 0)->se, 1e-10), "design %d: %.15g, %.15g", (int)k, sqrt(variance),
                  svy_estimates_row(all, 0)->se);
        svy_estimates_free(all);
        svy_estimates_free(parts);
    }
    svy_frame_free(f);
    free_sample(&s);
}

/* Shares add up to one, so every row of their covariance matrix adds up to nothing; one by one they are the same as together. */
Test(estimate, shares_add_up)
{
    sample s = make_sample(4000, 7);
    svy_frame *f = frame_with_id(&s);
    for (kind k = ROWS_ALONE; k < KINDS; k++) {
        svy_estimates *together = estimates_of(f, k, (request){ SVY_STAT_MEAN, { "level", "y" }, NULL, SVY_DEFF_WITHOUT, 1, 1 });
        svy_estimates *alone = estimates_of(f, k, (request){ SVY_STAT_MEAN, { "level", "y" }, NULL, SVY_DEFF_WITHOUT, 0, 1 });
        expect_same(together, alone, 1e-11, "together");
        for (size_t i = 0; i < LEVELS; i++) {
            double sum = 0;
            for (size_t j = 0; j < LEVELS; j++)
                sum += svy_estimates_covariance(together, i, j);
            cr_expect_float_eq(sum / svy_estimates_covariance(together, i, i), 0, 1e-9);
            cr_expect(near(svy_estimates_row(together, i)->deff, svy_estimates_row(alone, i)->deff, 1e-10));
        }
        svy_estimates_free(together);
        svy_estimates_free(alone);
    }
    svy_frame_free(f);
    free_sample(&s);
}

/* A large common value costs no digits: not everywhere, and not when each stratum has another. */
Test(estimate, offsets)
{
    sample s = make_sample(3000, 8);
    svy_frame *f = frame_with_id(&s);
    for (size_t i = 0; i < s.rows; i++)
        s.y[i] += 0x1p30;                    /* exact up to 2^-22: y is rounded to that first */
    sample t = make_sample(3000, 8);
    for (size_t i = 0; i < t.rows; i++)
        t.y[i] = s.y[i] - 0x1p30;
    svy_frame *g = frame_with_id(&s), *h = frame_with_id(&t);
    for (kind k = ROWS_ALONE; k < KINDS; k++)
        for (int by = 0; by < 2; by++) {
            request q = { SVY_STAT_MEAN, { "y" }, by ? "domain" : NULL, SVY_DEFF_WITHOUT, 0, 1 };
            svy_estimates *a = estimates_of(g, k, q), *b = estimates_of(h, k, q);
            for (size_t j = 0; j < svy_estimates_count(a); j++) {
                const svy_estimate_row *p = svy_estimates_row(a, j), *r = svy_estimates_row(b, j);
                cr_expect_float_eq(p->estimate - 0x1p30, r->estimate, 1e-6);
                cr_expect(near(p->se, r->se, 1e-11), "design %d: %.17g, %.17g", (int)k, p->se, r->se);
                cr_expect(near(p->deff, r->deff, 1e-11));
            }
            svy_estimates_free(a);
            svy_estimates_free(b);
        }
    svy_frame_free(f);
    svy_frame_free(g);
    svy_frame_free(h);
    free_sample(&s);
    free_sample(&t);
}

/* ---- coverage ---- */

/* 800 samples of 3 strata x 6 clusters x 5 from a superpopulation with cluster effects: 95 % limits by t cover the truth in 95 % of them,
   give or take 4 standard errors of that share, and the mean estimated variance is the variance of the estimates. */
Test(estimate, coverage)
{
    enum { SAMPLES = 800, ROWS = 3 * 6 * 5 };
    static const double SHARE[3] = { 0.5, 0.3, 0.2 }, MEAN[3] = { 10, 14, 30 };
    double w[ROWS], y[ROWS], stratum[ROWS], psu[ROWS], truth = 0, sum = 0, square = 0, variance = 0;
    int covered = 0;
    svyi_random r;
    svyi_random_seed(&r, 9);
    for (int h = 0; h < 3; h++)
        truth += SHARE[h] * MEAN[h];
    for (int n = 0; n < SAMPLES; n++) {
        svy_error err = SVY_ERROR_INIT;
        svy_frame *f;
        double effect = 0;
        for (int i = 0; i < ROWS; i++) {
            int h = i / 30;
            if (i % 5 == 0)
                effect = 6 * (svyi_random_unit(&r) + svyi_random_unit(&r) + svyi_random_unit(&r) - 1.5);
            stratum[i] = h;
            psu[i] = i / 5;
            w[i] = SHARE[h] * 1000;
            y[i] = MEAN[h] + effect + 4 * (svyi_random_unit(&r) - 0.5);
        }
        cr_assert_eq(svy_frame_new(NULL, ROWS, &f, &err), SVY_OK);
        add_numbers(f, "w", w, NULL);
        add_numbers(f, "y", y, NULL);
        add_numbers(f, "stratum", stratum, NULL);
        add_numbers(f, "psu", psu, NULL);
        svy_estimate_spec spec = SVY_ESTIMATE_INIT;
        static const char *const Y[] = { "y" };
        spec.variables = Y;
        spec.n_variables = 1;
        spec.df = SVY_DF_DESIGN;
        svy_design *d = design_of(NULL, f, CLUSTERS);
        svy_estimates *e;
        cr_assert_eq(svy_estimate(NULL, f, d, &spec, &e, &err), SVY_OK, "%s", err.message);
        const svy_estimate_row *row = svy_estimates_row(e, 0);
        covered += row->lower <= truth && truth <= row->upper;
        sum += row->estimate;
        square += row->estimate * row->estimate;
        variance += row->se * row->se;
        svy_estimates_free(e);
        svy_design_free(d);
        svy_frame_free(f);
    }
    double share = (double)covered / SAMPLES, spread = square / SAMPLES - sum / SAMPLES * (sum / SAMPLES);
    cr_expect_float_eq(share, 0.95, 4 * sqrt(0.95 * 0.05 / SAMPLES), "%g of the intervals cover", share);
    cr_expect_float_eq(variance / SAMPLES / spread, 1, 4 * sqrt(2.0 / SAMPLES) * 1.2, "estimated variance %g, true %g", variance / SAMPLES, spread);
}

/* ---- edges ---- */

Test(estimate, refusals)
{
    static const struct { request q; svy_status st; const char *says; } WRONG[] = {
        { { SVY_STAT_MEAN, { "nothing" }, NULL, SVY_DEFF_NONE, 0, 1 }, SVY_E_NAME, "'nothing'" },
        { { SVY_STAT_MEAN, { "y" }, "nothing", SVY_DEFF_NONE, 0, 1 }, SVY_E_NAME, "'nothing'" },
        { { SVY_STAT_RATIO, { "y" }, NULL, SVY_DEFF_NONE, 0, 1 }, SVY_E_ARG, "numerator/denominator" },
        { { SVY_STAT_RATIO, { "y/level" }, NULL, SVY_DEFF_NONE, 0, 1 }, SVY_E_TYPE, "'level'" },
        { { SVY_STAT_PROPORTION, { "x" }, NULL, SVY_DEFF_NONE, 0, 1 }, SVY_E_LIMIT, "'x'" },
        { { SVY_STAT_TOTAL, { "x" }, "x", SVY_DEFF_NONE, 0, 1 }, SVY_E_LIMIT, "'x'" },
    };
    sample s = make_sample(20000, 10);
    svy_frame *f = frame_with_id(&s);
    svy_design *d = design_of(NULL, f, ROWS_ALONE);
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_estimates *e = (svy_estimates *)d;
        cr_expect_eq(try_estimate(NULL, f, d, WRONG[i].q, &e, &err), WRONG[i].st, "%zu: %s", i, err.message);
        cr_expect_null(e);
        cr_expect_not_null(strstr(err.message, WRONG[i].says), "%zu: %s", i, err.message);
    }
    svy_design_free(d);
    svy_frame_free(f);
    free_sample(&s);
}

Test(estimate, lonely_psu_is_named)
{
    static const double STRATUM[] = { 1, 1, 1, 1, 2, 2 }, PSU[] = { 1, 1, 2, 2, 3, 3 }, W[] = { 1, 2, 3, 4, 5, 6 }, Y[] = { 3, 1, 4, 1, 5, 9 };
    static const uint32_t DOMAIN[] = { 0, 0, 0, 0, 1, 1 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    svy_estimates *e;
    cr_assert_eq(svy_frame_new(NULL, 6, &f, &err), SVY_OK);
    add_numbers(f, "stratum", STRATUM, NULL);
    add_numbers(f, "psu", PSU, NULL);
    add_numbers(f, "w", W, NULL);
    add_numbers(f, "y", Y, NULL);
    add_factor(f, "domain", DOMAIN, 2);
    svy_design *d = design_of(NULL, f, CLUSTERS);
    cr_expect_eq(try_estimate(NULL, f, d, (request){ SVY_STAT_MEAN, { "y" }, NULL, SVY_DEFF_NONE, 0, 1 }, &e, &err), SVY_E_NUMERIC);
    cr_expect_not_null(strstr(err.message, "stratum = 2"), "%s", err.message);
    svy_design_free(d);
    svy_frame_free(f);
}

Test(estimate, every_allocation_fails_cleanly)
{
    sample s = make_sample(2000, 11);
    svy_frame *f = frame_with_id(&s);
    for (kind k = ROWS_ALONE; k < KINDS; k++)
        for (size_t i = 0; i < N_REQUESTS; i++) {
            svy_design *d = design_of(NULL, f, k);
            svy_status st = SVY_E_NOMEM;
            for (long n = 0; st != SVY_OK; n++) {
                watched w;
                svy_alloc alloc = watched_alloc(&w, n);
                svy_error err = SVY_ERROR_INIT;
                svy_estimates *e;
                cr_assert_lt(n, 5000);
                st = try_estimate(&alloc, f, d, REQUESTS[i], &e, &err);
                cr_assert(st == SVY_OK || (st == SVY_E_NOMEM && e == NULL), "design %d, request %zu, %ld allocations: %s", (int)k, i, n, err.message);
                svy_estimates_free(e);
                watched_end(&w);
            }
            svy_design_free(d);
        }
    svy_frame_free(f);
    free_sample(&s);
}
