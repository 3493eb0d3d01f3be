/* Variances from the influence of rows: the same bits for any number of threads, quadratic forms against the matrix they stand for, joint probabilities
   against the approximation they come from, Bell and McCaffrey's adjustment against its definition, the report of strata, and memory that runs out. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <survey/estimate.h>
#include <survey/strata.h>

#include "../base/watched_alloc.h"
#include "base/number.h"
#include "estimate/bell_mccaffrey.h"
#include "estimate/influence.h"
#include "num/matrix.h"

/* ---- data ---- */

static double *add(svy_frame *f, const char *name)
{
    svy_error err = SVY_ERROR_INIT;
    double *x = svy_frame_get(f, svy_frame_rows(f), sizeof *x);
    cr_assert_not_null(x);
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, NULL, &err), SVY_OK, "%s", err.message);
    return x;
}

/* Strata of PSUs of rows; p is an inclusion probability that is the same in a PSU, q one by row; two: the second phase; g: four domains. */
static svy_frame *make_frame(size_t rows, size_t per_psu, size_t psus_per_stratum, uint64_t seed)
{
    svyi_random r;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, rows, &f, &err), SVY_OK);
    double *h = add(f, "h"), *psu = add(f, "psu"), *p = add(f, "p"), *q = add(f, "q"), *two = add(f, "two"), *k = add(f, "k"), *g = add(f, "g");
    double *w = add(f, "w"), *y = add(f, "y"), *size = add(f, "N");
    svyi_random_seed(&r, seed);
    for (size_t i = 0; i < rows; i++) {
        psu[i] = (double)(i / per_psu);
        h[i] = floor(psu[i] / (double)psus_per_stratum);
        p[i] = i % per_psu == 0 ? .1 + .8 * svyi_random_unit(&r) : p[i - 1];
        q[i] = .1 + .8 * svyi_random_unit(&r);
        k[i] = svyi_random_below(&r, 3);
        two[i] = i < 6 || svyi_random_below(&r, 2);
        g[i] = svyi_random_below(&r, 4);
        w[i] = 1 + 9 * svyi_random_unit(&r);
        y[i] = 10 * h[i] + 3 * svyi_random_unit(&r) + psu[i];
        size[i] = 100;
    }
    return f;
}

static svy_design *make_design(const svy_frame *f, const svy_design_spec *spec)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design *d = NULL;
    cr_assert_eq(svy_design_new(NULL, f, spec, &d, &err), SVY_OK, "%s", err.message);
    return d;
}

/* Influence w y and w (and more of the same kind) in the domain g, or everywhere. */
typedef struct source { const double *w, *y, *g; size_t width; } source;
static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const source *s = user;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < s->width; k++)
            *z++ = s->w[rows[i]] * (k == 0 ? s->y[rows[i]] : 1 / (double)k);
        if (domain != NULL)
            domain[i] = s->g[rows[i]] == 3 ? SVYI_NO_DOMAIN : (uint32_t)s->g[rows[i]];
    }
}
static source source_of(const svy_frame *f, const svy_design *d, size_t width)
{
    return (source){ svy_design_weights(d), svy_frame_find(f, "y")->numbers, svy_frame_find(f, "g")->numbers, width };
}

/* ---- threads ---- */

static void expect_same_bits(const svy_frame *f, const svy_design_spec *spec, const char *what)
{
    enum { N = 6 };
    double variance[3][N], covariance[3][N * N];
    static const unsigned THREADS[] = { 1, 2, 8 };
    svy_error err = SVY_ERROR_INIT;
    svy_design *d = make_design(f, spec);
    source s = source_of(f, d, 2);
    svyi_influence z = { .width = 2, .domains = 3, .fill = fill, .user = &s };
    svyi_arena arena;
    svyi_arena_init(&arena, NULL);
    for (size_t t = 0; t < 3; t++)
        cr_assert_eq(svyi_influence_variance(&arena, d, &z, THREADS[t], variance[t], covariance[t], &err), SVY_OK, "%s: %s", what, err.message);
    for (size_t t = 1; t < 3; t++) {
        cr_expect_eq(memcmp(variance[t], variance[0], sizeof variance[0]), 0, "%s: variances with %u threads", what, THREADS[t]);
        cr_expect_eq(memcmp(covariance[t], covariance[0], sizeof covariance[0]), 0, "%s: covariances with %u threads", what, THREADS[t]);
    }
    for (size_t k = 0; k < N; k++)
        cr_expect(variance[0][k] > 0 && fabs(covariance[0][k * N + k] / variance[0][k] - 1) < 1e-12, "%s: variance %zu", what, k);
    svyi_arena_clear(&arena);
    svy_design_free(d);
}

Test(influence, the_same_bits_for_any_number_of_threads)
{
    svy_frame *f = make_frame(300000, 40, 50, 1);
    const char *h[] = { "h" }, *psu[] = { "psu" }, *q[] = { "q" }, *p[] = { "p" };
    svy_design_spec elements = SVY_DESIGN_INIT, clusters, brewer, rows;
    elements.weights = "w";
    elements.strata = h;
    elements.n_strata = 1;
    clusters = elements;
    clusters.clusters = psu;
    clusters.n_clusters = 1;
    brewer = clusters;
    brewer.pps = SVY_PPS_BREWER;
    brewer.fpc = p;
    brewer.n_fpc = 1;
    rows = elements;
    rows.pps = SVY_PPS_OVERTON;
    rows.fpc = q;
    rows.n_fpc = 1;
    expect_same_bits(f, &elements, "elements");
    expect_same_bits(f, &clusters, "clusters");
    expect_same_bits(f, &brewer, "Brewer");
    expect_same_bits(f, &rows, "Overton");
    svy_frame_free(f);
}

/* ---- quadratic forms against matrices ---- */

/* x'Cx by definition, for the total of y over all rows and over domain 1. */
static double by_matrix(const double *x, const double *c, size_t n)
{
    double v = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            v += x[i] * c[i * n + j] * x[j];
    return v;
}

static double variance_of(const svy_frame *f, const svy_design *d, int domain)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_arena arena;
    double v[3];
    source s = source_of(f, d, 1);
    svyi_influence z = { .width = 1, .domains = domain ? 3 : 1, .fill = fill, .user = &s };
    svyi_arena_init(&arena, NULL);
    cr_assert_eq(svyi_influence_variance(&arena, d, &z, 1, v, NULL, &err), SVY_OK, "%s", err.message);
    svyi_arena_clear(&arena);
    return v[domain ? 1 : 0];
}

static void expect_matrix(const svy_frame *f, const svy_design *d, const double *c, const char *what)
{
    size_t n = svy_frame_rows(f);
    const double *y = svy_frame_find(f, "y")->numbers, *g = svy_frame_find(f, "g")->numbers;
    double *x = calloc(n, sizeof *x);
    for (int domain = 0; domain < 2; domain++) {
        for (size_t i = 0; i < n; i++)
            x[i] = domain && g[i] != 1 ? 0 : svy_design_weights(d)[i] * y[i];
        double want = by_matrix(x, c, n), got = variance_of(f, d, domain);
        cr_expect(fabs(got / want - 1) < 1e-10, "%s%s: %.17g instead of %.17g", what, domain ? ", domain" : "", got, want);
    }
    free(x);
}

/* (pi_ij - pi_i pi_j) / pi_ij of Overton's approximation in strata of rows. */
static double *overton_matrix(const svy_frame *f)
{
    size_t n = svy_frame_rows(f);
    const double *h = svy_frame_find(f, "h")->numbers, *q = svy_frame_find(f, "q")->numbers;
    double *c = calloc(n * n, sizeof *c);
    for (size_t i = 0; i < n; i++) {
        double m = 0;
        for (size_t j = 0; j < n; j++)
            m += h[i] == h[j];
        for (size_t j = 0; j < n; j++)
            c[i * n + j] = i == j ? 1 - q[i] : h[i] == h[j] ? 1 - (m - (q[i] + q[j]) / 2) / (m - 1) : 0;
    }
    return c;
}

/* The Yates-Grundy form has the same matrix with rows that sum to 0. */
static void make_yates_grundy(double *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += i != j ? c[i * n + j] : 0;
        c[i * n + i] = -sum;
    }
}

Test(influence, unequal_probabilities_are_their_matrix)
{
    enum { ROWS = 60 };
    svy_frame *f = make_frame(ROWS, 5, 4, 2);
    const char *h[] = { "h" }, *q[] = { "q" };
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_error err = SVY_ERROR_INIT;
    spec.strata = h;
    spec.fpc = q;
    spec.n_strata = spec.n_fpc = 1;
    spec.pps = SVY_PPS_OVERTON;
    double *c = overton_matrix(f);
    svy_design *d = make_design(f, &spec);
    expect_matrix(f, d, c, "Overton, Horvitz-Thompson");
    svy_design_free(d);
    /* the same as given probabilities */
    svy_frame *joint;
    char name[16];
    const double *p = svy_frame_find(f, "q")->numbers;
    cr_assert_eq(svy_frame_new(NULL, ROWS, &joint, &err), SVY_OK);
    for (size_t j = 0; j < ROWS; j++) {
        snprintf(name, sizeof name, "c%zu", j);
        double *x = add(joint, name);
        for (size_t i = 0; i < ROWS; i++)
            x[i] = i == j ? p[i] : p[i] * p[j] / (1 - c[i * ROWS + j]);
    }
    spec.pps = SVY_PPS_JOINT;
    spec.joint = joint;
    spec.joint_tolerance = 0;
    d = make_design(f, &spec);
    expect_matrix(f, d, c, "joint, Horvitz-Thompson");
    svy_design_free(d);
    make_yates_grundy(c, ROWS);
    for (int k = 0; k < 2; k++) {
        spec.pps = k ? SVY_PPS_JOINT : SVY_PPS_OVERTON;
        spec.pps_variance = SVY_PPS_YATES_GRUNDY;
        d = make_design(f, &spec);
        expect_matrix(f, d, c, k ? "joint, Yates-Grundy" : "Overton, Yates-Grundy");
        svy_design_free(d);
    }
    free(c);
    svy_frame_free(joint);
    svy_frame_free(f);
}

/* Covariances of inclusion of simple random sampling of units in strata, divided by probabilities of inclusion. */
static double of_stage(double p, double n, int same_unit, int same_stratum) { return same_unit ? 1 - p : same_stratum ? -(1 - p) / (n - 1) : 0; }

Test(influence, two_phases_are_their_matrix)
{
    enum { ROWS = 60 };
    svy_frame *f = make_frame(ROWS, 3, 5, 3);
    const char *h[] = { "h" }, *psu[] = { "psu" }, *size[] = { "N" };
    const double *a = svy_frame_find(f, "psu")->numbers, *s = svy_frame_find(f, "h")->numbers, *k = svy_frame_find(f, "k")->numbers;
    const double *two = svy_frame_find(f, "two")->numbers;
    svy_design_spec spec = SVY_DESIGN_INIT;
    spec.strata = h;
    spec.clusters = psu;
    spec.fpc = size;
    spec.n_strata = spec.n_clusters = spec.n_fpc = 1;
    spec.phase2 = (svy_phase_spec){ "two", "k", NULL, NULL, NULL, 0 };
    svy_design *d = make_design(f, &spec);
    double *c = calloc(ROWS * ROWS, sizeof *c), in[3] = { 0 }, all[3] = { 0 };
    for (size_t i = 0; i < ROWS; i++) {
        all[(size_t)k[i]]++;
        in[(size_t)k[i]] += two[i];
    }
    for (size_t i = 0; i < ROWS; i++) {
        size_t g = (size_t)k[i];
        cr_expect_float_eq(svy_design_weights(d)[i], two[i] != 0 ? 100.0 / 5 * all[g] / in[g] : 0, 1e-12);
        for (size_t j = 0; j < ROWS; j++) {
            double first = of_stage(5.0 / 100, 5, a[i] == a[j], s[i] == s[j]), second = of_stage(in[g] / all[g], in[g], i == j, k[i] == k[j]);
            c[i * ROWS + j] = first + second - first * second;
        }
    }
    expect_matrix(f, d, c, "two phases");
    free(c);
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- Bell and McCaffrey ---- */

enum { BELL_ROWS = 24, BELL_P = 3, BELL_PSUS = 6 };
typedef struct bell_data { double x[BELL_ROWS][BELL_P], q[BELL_P * BELL_P]; size_t psu[BELL_ROWS]; } bell_data;

static void make_bell(bell_data *b, double *gram)
{
    svyi_random r;
    double l[BELL_P * BELL_P];
    svyi_random_seed(&r, 5);
    memset(gram, 0, BELL_P * BELL_P * sizeof *gram);
    for (size_t i = 0; i < BELL_ROWS; i++) {
        b->psu[i] = i % 5 == 0 ? 0 : i % BELL_PSUS;
        for (size_t k = 0; k < BELL_P; k++)
            b->x[i][k] = k == 0 ? 1 : svyi_random_unit(&r) + (double)b->psu[i];
        for (size_t k = 0; k < BELL_P * BELL_P; k++)
            gram[k] += b->x[i][k / BELL_P] * b->x[i][k % BELL_P];
    }
    memcpy(l, gram, sizeof l);
    svyi_cholesky(l, BELL_P, 1e-14, NULL);
    svyi_cholesky_invert(l, BELL_P, b->q);
}

/* Sums of a PSU. */
static void sums_of(const bell_data *b, size_t psu, double *gram, double *sum)
{
    memset(gram, 0, BELL_P * BELL_P * sizeof *gram);
    memset(sum, 0, BELL_P * sizeof *sum);
    for (size_t i = 0; i < BELL_ROWS; i++)
        for (size_t k = 0; b->psu[i] == psu && k < BELL_P; k++) {
            sum[k] += b->x[i][k];
            for (size_t m = 0; m < BELL_P; m++)
                gram[k * BELL_P + m] += b->x[i][k] * b->x[i][m];
        }
}

/* (I + X_i K X_i')^2 (I - X_i Q X_i') must be I: the adjustment is the root of an inverse. */
Test(bell_mccaffrey, the_adjustment_is_the_root_of_an_inverse)
{
    enum { P = BELL_P, N = BELL_ROWS };
    bell_data b;
    svyi_arena arena;
    svy_error err = SVY_ERROR_INIT;
    svyi_bell *units;
    double gram[P * P], own[P * P], sum[P], k[P * P];
    make_bell(&b, gram);
    svyi_arena_init(&arena, NULL);
    cr_assert_eq(svyi_bell_new(&arena, gram, P, &units, &err), SVY_OK);
    for (size_t psu = 0; psu < BELL_PSUS; psu++) {
        static double a[N][N], h[N][N], t[N][N];
        sums_of(&b, psu, own, sum);
        cr_assert_eq(svyi_bell_unit(units, own, sum, k), 0);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) {
                a[i][j] = h[i][j] = i == j;
                for (size_t m = 0; b.psu[i] == psu && b.psu[j] == psu && m < P * P; m++) {
                    a[i][j] += b.x[i][m / P] * k[m] * b.x[j][m % P];
                    h[i][j] -= b.x[i][m / P] * b.q[m] * b.x[j][m % P];
                }
            }
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) {
                t[i][j] = 0;
                for (size_t m = 0; m < N; m++)
                    t[i][j] += a[i][m] * h[m][j];
            }
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) {
                double x = 0;
                for (size_t m = 0; m < N; m++)
                    x += t[i][m] * a[m][j];
                cr_expect_float_eq(x, i == j, 1e-8, "PSU %zu: %zu, %zu: %g", psu, i, j, x);
            }
    }
    svyi_arena_clear(&arena);
}

/* A row of its own in every PSU and only a constant: n - 1, whatever the correlation. */
Test(bell_mccaffrey, rows_as_units_have_n_minus_1)
{
    svyi_arena arena;
    svy_error err = SVY_ERROR_INIT;
    svyi_bell *units;
    double n = 17, one = 1, k, df;
    svyi_arena_init(&arena, NULL);
    cr_assert_eq(svyi_bell_new(&arena, &n, 1, &units, &err), SVY_OK);
    for (int i = 0; i < 17; i++)
        cr_assert_eq(svyi_bell_unit(units, &one, &one, &k), 0);
    svyi_bell_df(units, 1, 0, &df);
    cr_expect_float_eq(df, 16, 1e-10, "%g", df);
    svyi_bell_df(units, 3, 1, &df);
    cr_expect_float_eq(df, 16, 1e-10, "%g", df);
    svyi_arena_clear(&arena);
}

/* ---- the report of strata ---- */

Test(strata, lonely_ones_and_shares)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = make_frame(65, 5, 4, 7);       /* three strata of 4 PSUs and a last one of 1 */
    const char *h[] = { "h" }, *psu[] = { "psu" }, *y[] = { "y" };
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_strata *s;
    double all = 0;
    spec.weights = "w";
    spec.strata = h;
    spec.clusters = psu;
    spec.n_strata = spec.n_clusters = 1;
    svy_design *d = make_design(f, &spec);
    cr_assert_eq(svy_strata_new(NULL, f, d, y, 1, NULL, 1, &s, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_strata_count(s), 4);
    for (size_t k = 0; k < 4; k++) {
        const svy_stratum *row = svy_strata_row(s, k);
        cr_expect_eq(row->psus, k < 3 ? 4 : 1);
        cr_expect_eq(row->state, k < 3 ? SVY_STRATUM_SEVERAL : SVY_STRATUM_LONELY);
        all += row->share[0];
    }
    cr_expect_float_eq(all, 1, 1e-12);
    cr_expect_eq(svy_strata_row(s, 3)->share[0], 0);
    cr_expect_str_eq(svy_strata_row(s, 3)->join, "h = 2", "the stratum with the nearest mean");
    cr_expect_eq(svy_strata_lonely(s, 0), 1);
    cr_expect_float_eq(svy_strata_df(s), 9, 0);
    svy_strata_free(s);
    cr_assert_eq(svy_strata_new(NULL, f, d, NULL, 0, "psu = 0 or psu > 8", 1, &s, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_strata_row(s, 0)->state, SVY_STRATUM_LONELY_HERE);
    cr_expect_eq(svy_strata_row(s, 1)->state, SVY_STRATUM_ABSENT);
    cr_expect_float_eq(svy_strata_df_here(s), 2, 0);
    svy_strata_free(s);
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- memory that runs out ---- */

static svy_status all_of_it(const svy_alloc *alloc, const svy_frame *f, const svy_design_spec *spec, svy_error *err)
{
    const char *y[] = { "y" }, *g[] = { "g" };
    svy_design *d = NULL;
    svy_estimates *e = NULL;
    svy_strata *s = NULL;
    svy_estimate_spec what = SVY_ESTIMATE_INIT;
    what.variables = y;
    what.n_variables = 1;
    what.by = g;
    what.n_by = 1;
    what.bell_mccaffrey = 2;
    svy_status st = svy_design_new(alloc, f, spec, &d, err);
    if (st == SVY_OK)
        st = svy_estimate(alloc, f, d, &what, &e, err);
    if (st == SVY_OK)
        st = svy_strata_new(alloc, f, d, y, 1, NULL, 1, &s, err);
    svy_strata_free(s);
    svy_estimates_free(e);
    svy_design_free(d);
    return st;
}

Test(influence, every_allocation_fails_cleanly)
{
    svy_frame *f = make_frame(60, 3, 5, 8);
    const char *h[] = { "h" }, *psu[] = { "psu" }, *p[] = { "p" };
    svy_design_spec spec = SVY_DESIGN_INIT;
    spec.strata = h;
    spec.clusters = psu;
    spec.n_strata = spec.n_clusters = 1;
    for (int kind = 0; kind < 4; kind++) {
        long n = 0;
        spec.fpc = p;
        spec.n_fpc = kind < 2;
        spec.pps = kind == 0 ? SVY_PPS_BREWER : kind == 1 ? SVY_PPS_HARTLEY_RAO : SVY_PPS_NONE;
        spec.phase2 = (svy_phase_spec){ kind < 2 ? NULL : "two", kind < 2 ? NULL : "k", NULL, NULL, NULL, kind == 3 };
        for (svy_status st = SVY_E_NOMEM; st != SVY_OK; n++) {
            watched w;
            svy_alloc alloc = watched_alloc(&w, n);
            svy_error err = SVY_ERROR_INIT;
            cr_assert_lt(n, 3000);
            st = all_of_it(&alloc, f, &spec, &err);
            cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "kind %d after %ld allocations: %s", kind, n, err.message);
            watched_end(&w);
        }
        cr_assert_gt(n, 10);
    }
    svy_frame_free(f);
}
