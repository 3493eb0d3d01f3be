/* Replicate weights: made ones agree with linearised variances where they must, given ones with made ones, and what cannot be is refused. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <survey/quantile.h>

#include "../base/watched_alloc.h"
#include "base/number.h"
#include "design/replicate.h"

/* Four strata of six PSUs, three units in each, four rows in those; the rows stand in no order. */
enum { STRATA = 4, PSUS = 6, UNITS = 3, EACH = 4, ROWS = STRATA * PSUS * UNITS * EACH, COLUMNS = 400 };

static void add(svy_frame *f, const char *name, const double *x)
{
    svy_error err = SVY_ERROR_INIT;
    double *copy = svy_frame_get(f, ROWS, sizeof *copy);
    memcpy(copy, x, ROWS * sizeof *x);
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, copy, NULL, &err), SVY_OK, "%s", err.message);
}

static svy_frame *frame_of(size_t rows)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, rows, &f, &err), SVY_OK);
    return f;
}

static svy_frame *sample(void)
{
    static double x[10][ROWS];
    svy_frame *f = frame_of(ROWS);
    svyi_random r;
    svyi_random_seed(&r, 11);
    for (size_t i = 0; i < ROWS; i++) {
        size_t at = i * 101 % ROWS, h = at / (PSUS * UNITS * EACH), p = at / (UNITS * EACH), u = at / EACH;
        x[0][i] = (double)h;
        x[1][i] = (double)p;
        x[2][i] = (double)u;
        x[3][i] = (double)at;
        x[4][i] = 20 + (double)h;
        x[5][i] = 9;
        x[6][i] = 2 + svyi_random_unit(&r);
        x[7][i] = 10 + (double)(h * 5 + p % 6) + 4 * svyi_random_unit(&r);
        x[8][i] = 1 + svyi_random_unit(&r) + (double)(u % 3);
        x[9][i] = svyi_random_below(&r, 3);
    }
    static const char *const NAMES[] = { "h", "p", "u", "row", "n1", "n2", "w", "y", "x", "g" };
    for (size_t k = 0; k < 10; k++)
        add(f, NAMES[k], x[k]);
    return f;
}

typedef enum shape { ONE_STAGE, WITH_FPC, TWO_STAGES, ELEMENTS, NO_STRATA } shape;
static const char *const STRATUM[] = { "h" }, *const CLUSTER[] = { "p", "u" }, *const FPC[] = { "n1", "n2" };

static svy_design_spec spec_of(shape s, svy_replicate_type type)
{
    svy_design_spec spec = SVY_DESIGN_INIT;
    spec.weights = "w";
    spec.strata = STRATUM;
    spec.n_strata = s != NO_STRATA;
    spec.clusters = CLUSTER;
    spec.n_clusters = s == TWO_STAGES ? 2 : s != ELEMENTS;
    spec.fpc = FPC;
    spec.n_fpc = s == TWO_STAGES ? 2 : s == WITH_FPC;
    spec.replicates.type = type;
    return spec;
}

static svy_design *design_of(const svy_frame *f, const svy_design_spec *spec)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design *d;
    cr_assert_eq(svy_design_new(NULL, f, spec, &d, &err), SVY_OK, "%s", err.message);
    return d;
}

static svy_estimates *estimates_of(const svy_frame *f, const svy_design *d, svy_statistic statistic, const char *variable, const char *by, unsigned threads)
{
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    svy_estimates *e;
    spec.statistic = statistic;
    spec.variables = &variable;
    spec.n_variables = 1;
    spec.by = &by;
    spec.n_by = by != NULL;
    spec.covariance = 1;
    spec.threads = threads;
    cr_assert_eq(svy_estimate(NULL, f, d, &spec, &e, &err), SVY_OK, "%s", err.message);
    return e;
}

static double se_of_total(const svy_frame *f, const svy_design_spec *spec)
{
    svy_design *d = design_of(f, spec);
    svy_estimates *e = estimates_of(f, d, SVY_STAT_TOTAL, "y", NULL, 1);
    double se = svy_estimates_row(e, 0)->se;
    svy_estimates_free(e);
    svy_design_free(d);
    return se;
}

/* ---- against linearisation ---- */

static void expect_linearised(shape s, svy_replicate_type type, double tolerance)
{
    svy_frame *f = sample();
    svy_design_spec plain = spec_of(s, SVY_REPLICATE_NONE), made = spec_of(s, type);
    if (type == SVY_REPLICATE_FAY)
        made.replicates.fay_rho = 0.4;
    if (tolerance > 1e-6)
        made.replicates.count = 4000;
    double linear = se_of_total(f, &plain), replicated = se_of_total(f, &made);
    cr_expect(fabs(replicated / linear - 1) < tolerance, "shape %d type %d: %.17g, linearised %.17g", (int)s, (int)type, replicated, linear);
    svy_frame_free(f);
}

/* The jackknife of a total is its linearised variance. */
Test(replicates, jackknife_of_totals)
{
    expect_linearised(ONE_STAGE, SVY_REPLICATE_JKN, 1e-11);
    expect_linearised(WITH_FPC, SVY_REPLICATE_JKN, 1e-11);
    expect_linearised(ELEMENTS, SVY_REPLICATE_JKN, 1e-11);
    expect_linearised(NO_STRATA, SVY_REPLICATE_JK1, 1e-11);
}

/* Random replicates: within five standard errors of the simulation (the relative one of a standard error is 1/sqrt(2R) = 0.011). Canty and Davison's of a
   stratum with fpc is (N - n)/(N - 1) where the formula has (N - n)/N. */
Test(replicates, bootstraps_have_the_expected_variance)
{
    static const svy_replicate_type TYPES[] = { SVY_REPLICATE_BOOTSTRAP, SVY_REPLICATE_RAO_WU, SVY_REPLICATE_PRESTON, SVY_REPLICATE_GENERALIZED };
    for (size_t k = 0; k < 4; k++) {
        expect_linearised(ONE_STAGE, TYPES[k], 0.055);
        expect_linearised(WITH_FPC, TYPES[k], 0.055 + (k == 0) * 0.025);
    }
    expect_linearised(ELEMENTS, SVY_REPLICATE_BOOTSTRAP, 0.055);
    expect_linearised(TWO_STAGES, SVY_REPLICATE_PRESTON, 0.055);
    expect_linearised(TWO_STAGES, SVY_REPLICATE_GENERALIZED, 0.055);
}

/* Pairs are the six PSUs of a stratum, two by two: half the squared differences within pairs, summed. */
static double pair_variance(const svy_frame *f, const svy_design *d)
{
    double total[STRATA * PSUS] = { 0 }, sum = 0;
    const double *w = svy_frame_find(f, "w")->numbers, *y = svy_frame_find(f, "y")->numbers;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++)
            total[g] += w[d->order[place]] * y[d->order[place]];
    for (size_t k = 0; k < STRATA * PSUS; k += 2)
        sum += (total[k] - total[k + 1]) * (total[k] - total[k + 1]);
    return sum;
}

Test(replicates, balanced_and_paired)
{
    svy_frame *f = sample();
    static const svy_replicate_type TYPES[] = { SVY_REPLICATE_BRR, SVY_REPLICATE_FAY, SVY_REPLICATE_JK2 };
    for (size_t k = 0; k < 3; k++) {
        svy_design_spec spec = spec_of(ONE_STAGE, TYPES[k]);
        spec.replicates.fay_rho = 0.3 * (TYPES[k] == SVY_REPLICATE_FAY);
        svy_design *d = design_of(f, &spec);
        double expected = sqrt(pair_variance(f, d)), se = se_of_total(f, &spec);
        cr_expect_eq(svy_design_replicates(d), k < 2 ? 16 : 12);       /* twelve pairs need rows 1 .. 12 of a matrix */
        cr_expect(fabs(se / expected - 1) < 1e-11, "type %d: %.17g, pairs %.17g", (int)TYPES[k], se, expected);
        svy_design_free(d);
    }
    svy_frame_free(f);
}

/* With more replicates than PSUs: half the squared differences of neighbours, the last one's to the first included. */
Test(replicates, successive_differences)
{
    svy_frame *f = sample();
    svy_design_spec spec = spec_of(NO_STRATA, SVY_REPLICATE_SDR);
    svy_design *d = design_of(f, &spec);
    const double *w = svy_frame_find(f, "w")->numbers, *y = svy_frame_find(f, "y")->numbers, *p = svy_frame_find(f, "p")->numbers;
    double order[STRATA * PSUS], total[STRATA * PSUS] = { 0 }, sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        size_t k = 0;
        while (k < n && order[k] != p[i])
            k++;
        if (k == n)
            order[n++] = p[i];
        total[k] += w[i] * y[i];
    }
    for (size_t k = 0; k < n; k++)
        sum += (total[k] - total[(k + 1) % n]) * (total[k] - total[(k + 1) % n]) / 2;
    cr_expect_eq(svy_design_replicates(d), 80);
    double se = se_of_total(f, &spec);
    cr_expect(fabs(se / sqrt(sum) - 1) < 1e-11, "%.17g, differences %.17g", se, sqrt(sum));
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- made weights given back as columns: the same numbers by another way ---- */

static void give_back(const svy_frame *f, const svy_design *made, svy_frame *out, const char **names, char (*texts)[24])
{
    svy_error err = SVY_ERROR_INIT;
    for (size_t r = 0; r < svy_design_replicates(made); r++) {
        double *w = svy_frame_get(out, ROWS, sizeof *w);
        svyi_replicate_weights(made, r, w);
        snprintf(texts[r], sizeof texts[r], "r%zu", r);
        names[r] = texts[r];
        cr_assert_eq(svy_frame_add_numbers(out, texts[r], SVY_T_DECIMAL, w, NULL, &err), SVY_OK, "%s", err.message);
    }
    (void)f;
}

static void expect_same(const svy_frame *f, const svy_design *a, const svy_design *b, svy_statistic statistic, const char *variable, const char *by)
{
    svy_estimates *x = estimates_of(f, a, statistic, variable, by, 1), *y = estimates_of(f, b, statistic, variable, by, 2);
    cr_assert_eq(svy_estimates_count(x), svy_estimates_count(y));
    for (size_t i = 0; i < svy_estimates_count(x); i++) {
        const svy_estimate_row *r = svy_estimates_row(x, i), *s = svy_estimates_row(y, i);
        cr_expect(fabs(r->se - s->se) <= 1e-11 * fabs(r->se), "%s of %s, row %zu: %.17g %.17g", svy_statistic_name(statistic), variable, i, r->se, s->se);
        cr_expect_eq(r->df, s->df, "df of %s, row %zu: %g %g", variable, i, r->df, s->df);
        for (size_t j = 0; j < svy_estimates_count(x); j++) {
            double c = svy_estimates_covariance(x, i, j), e = svy_estimates_covariance(y, i, j);
            cr_expect(fabs(c - e) <= 1e-10 * r->se * svy_estimates_row(x, j)->se, "covariance of %s, %zu and %zu: %.17g %.17g", variable, i, j, c, e);
        }
    }
    svy_estimates_free(x);
    svy_estimates_free(y);
}

static void both_ways(shape s, svy_replicate_type type)
{
    static char texts[COLUMNS][24];
    static const char *names[COLUMNS];
    svy_frame *f = sample();
    svy_design_spec spec = spec_of(s, type), given;
    spec.replicates.count = 40;
    spec.replicates.fay_rho = type == SVY_REPLICATE_FAY ? 0.3 : 0;
    svy_design *made = design_of(f, &spec);
    size_t count = svy_design_replicates(made);
    give_back(f, made, f, names, texts);
    given = spec_of(s, SVY_REPLICATE_OTHER);
    given.replicates.columns = names;
    given.replicates.n_columns = count;
    given.replicates.scale = made->replicates->scale;
    given.replicates.rscales = made->replicates->rscales;
    given.replicates.n_rscales = count;
    given.replicates.mse = made->replicates->mse;
    svy_design *d = design_of(f, &given);
    expect_same(f, made, d, SVY_STAT_MEAN, "y", NULL);
    expect_same(f, made, d, SVY_STAT_MEAN, "y", "g");
    expect_same(f, made, d, SVY_STAT_TOTAL, "x", "h");
    expect_same(f, made, d, SVY_STAT_RATIO, "y/x", "g");
    expect_same(f, made, d, SVY_STAT_PROPORTION, "g", NULL);
    expect_same(f, made, d, SVY_STAT_TABLE, "g", "h");
    svy_design_free(d);
    svy_design_free(made);
    svy_frame_free(f);
}

Test(replicates, given_back_as_columns)
{
    static const svy_replicate_type TYPES[] = { SVY_REPLICATE_JKN, SVY_REPLICATE_JK2, SVY_REPLICATE_BRR, SVY_REPLICATE_FAY, SVY_REPLICATE_BOOTSTRAP,
                                                SVY_REPLICATE_RAO_WU, SVY_REPLICATE_PRESTON, SVY_REPLICATE_GENERALIZED, SVY_REPLICATE_SDR,
                                                SVY_REPLICATE_ACS };
    for (size_t k = 0; k < sizeof TYPES / sizeof TYPES[0]; k++)
        both_ways(ONE_STAGE, TYPES[k]);
    both_ways(TWO_STAGES, SVY_REPLICATE_PRESTON);
    both_ways(TWO_STAGES, SVY_REPLICATE_GENERALIZED);
    both_ways(TWO_STAGES, SVY_REPLICATE_JKN);
    both_ways(ELEMENTS, SVY_REPLICATE_BOOTSTRAP);
    both_ways(ELEMENTS, SVY_REPLICATE_JKN);
    both_ways(NO_STRATA, SVY_REPLICATE_JK1);
}

/* ---- reproducible ---- */

Test(replicates, a_replicate_depends_on_seed_and_number_only)
{
    svy_frame *f = sample();
    svy_design_spec few = spec_of(TWO_STAGES, SVY_REPLICATE_GENERALIZED), many = few;
    few.replicates.count = 5;
    many.replicates.count = 60;
    svy_design *a = design_of(f, &few), *b = design_of(f, &many);
    many.replicates.seed = 2;
    svy_design *c = design_of(f, &many);
    double x[ROWS], y[ROWS], z[ROWS];
    for (size_t r = 0; r < 5; r++) {
        svyi_replicate_weights(a, r, x);
        svyi_replicate_weights(b, r, y);
        svyi_replicate_weights(c, r, z);
        cr_expect_arr_eq(x, y, sizeof x);
        cr_expect_arr_neq(x, z, sizeof x);
    }
    svy_design_free(a);
    svy_design_free(b);
    svy_design_free(c);
    svy_frame_free(f);
}

Test(replicates, same_bits_for_any_number_of_threads)
{
    svy_frame *f = sample();
    static const shape SHAPES[] = { ONE_STAGE, ELEMENTS };
    for (size_t k = 0; k < 2; k++) {
        svy_design_spec spec = spec_of(SHAPES[k], SVY_REPLICATE_BOOTSTRAP);
        svy_design *d = design_of(f, &spec);
        svy_estimates *a = estimates_of(f, d, SVY_STAT_MEAN, "y", "g", 1), *b = estimates_of(f, d, SVY_STAT_MEAN, "y", "g", 8);
        for (size_t i = 0; i < svy_estimates_count(a); i++)
            cr_expect_eq(svy_estimates_row(a, i)->se, svy_estimates_row(b, i)->se);
        svy_estimates_free(a);
        svy_estimates_free(b);
        svy_design_free(d);
    }
    svy_frame_free(f);
}

/* ---- replicates without a number ---- */

/* Quantiles with all their limits, and the distribution function, count them as means do. */
static void expect_dropped_elsewhere(const svy_frame *f, const svy_design *d)
{
    static const char *const OF[] = { "y" }, *const BY[] = { "g" };
    static const double HALF = 0.5, FIVE = 5;
    static const svy_quantile_interval KINDS[] = { SVY_QUANTILE_MEAN, SVY_QUANTILE_SCORE, SVY_QUANTILE_REPLICATE };
    svy_error err = SVY_ERROR_INIT;
    svy_quantile_spec q = SVY_QUANTILE_INIT;
    svy_estimates *e;
    q.estimate.variables = OF;
    q.estimate.n_variables = 1;
    q.estimate.by = BY;
    q.estimate.n_by = 1;
    q.probs = &HALF;
    q.n_probs = 1;
    for (size_t k = 0; k < sizeof KINDS / sizeof KINDS[0]; k++) {
        q.interval = KINDS[k];
        cr_assert_eq(svy_quantile(NULL, f, d, &q, &e, &err), SVY_OK, "%s", err.message);
        cr_expect_eq(svy_estimates_dropped(e), 1, "interval %zu", k);
        svy_estimates_free(e);
    }
    cr_assert_eq(svy_cdf(NULL, f, d, &q.estimate, &FIVE, 1, &e, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_estimates_dropped(e), 1);
    svy_estimates_free(e);
}

Test(replicates, those_without_a_number_are_left_out_and_counted)
{
    static const double Y[] = { 1, 2, 4, 8, 9, 3 }, G[] = { 1, 1, 1, 1, 2, 2 };
    double w[6][6];
    svy_frame *f = frame_of(6);
    svy_error err = SVY_ERROR_INIT;
    const char *names[] = { "a", "b", "c", "d" };
    for (size_t k = 0; k < 6; k++) {
        double *x = svy_frame_get(f, 6, sizeof *x);
        for (size_t i = 0; i < 6; i++)      /* replicate d knows nobody of group 2 */
            x[i] = w[k][i] = k == 0 ? Y[i] : k == 1 ? G[i] : k == 5 && i > 3 ? 0 : 1 + (double)((i + k) % 3);
        cr_assert_eq(svy_frame_add_numbers(f, k == 0 ? "y" : k == 1 ? "g" : names[k - 2], SVY_T_DECIMAL, x, NULL, &err), SVY_OK);
    }
    svy_design_spec spec = SVY_DESIGN_INIT;
    spec.replicates.type = SVY_REPLICATE_BOOTSTRAP;
    spec.replicates.columns = names;
    spec.replicates.n_columns = 4;
    svy_design *d = design_of(f, &spec);
    svy_estimates *e = estimates_of(f, d, SVY_STAT_MEAN, "y", "g", 1);
    double mean[3], centre = 0, sum = 0;
    for (size_t r = 0; r < 3; r++) {
        mean[r] = (w[r + 2][4] * 9 + w[r + 2][5] * 3) / (w[r + 2][4] + w[r + 2][5]);
        centre += mean[r] / 3;
    }
    for (size_t r = 0; r < 3; r++)
        sum += (mean[r] - centre) * (mean[r] - centre) / 3;      /* the scale stays 1/(4 - 1) */
    cr_expect_eq(svy_estimates_dropped(e), 1);
    cr_expect(fabs(svy_estimates_row(e, 1)->se - sqrt(sum)) < 1e-13);
    cr_expect(!isnan(svy_estimates_row(e, 0)->se));
    svy_estimates_free(e);
    expect_dropped_elsewhere(f, d);
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- what is refused ---- */

static void expect_refused(svy_frame *f, const svy_design_spec *spec, svy_status code, const char *words)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design *d;
    cr_expect_eq(svy_design_new(NULL, f, spec, &d, &err), code, "%s", err.message);
    cr_expect_null(d);
    cr_expect(strstr(err.message, words) != NULL, "no '%s' in: %s", words, err.message);
}

Test(replicates, designs_that_cannot_be_replicated)
{
    svy_frame *f = sample();
    svy_design_spec spec = spec_of(ONE_STAGE, SVY_REPLICATE_JK1);
    expect_refused(f, &spec, SVY_E_VALUE, "choose jkn");
    spec = spec_of(ONE_STAGE, SVY_REPLICATE_FAY);
    expect_refused(f, &spec, SVY_E_VALUE, "--fay-rho");
    spec = spec_of(ONE_STAGE, SVY_REPLICATE_OTHER);
    expect_refused(f, &spec, SVY_E_VALUE, "no columns");
    spec = spec_of(ONE_STAGE, SVY_REPLICATE_BRR);
    spec.strata = CLUSTER;                              /* strata of one PSU */
    expect_refused(f, &spec, SVY_E_VALUE, "1 PSUs");
    spec.replicates.type = SVY_REPLICATE_JKN;
    expect_refused(f, &spec, SVY_E_NUMERIC, "only one PSU");
    spec.replicates.type = SVY_REPLICATE_BOOTSTRAP;
    expect_refused(f, &spec, SVY_E_NUMERIC, "only one PSU");
    spec = spec_of(ELEMENTS, SVY_REPLICATE_BOOTSTRAP);
    spec.replicates.count = 1000000;
    expect_refused(f, &spec, SVY_E_LIMIT, "2 GiB");
    spec.replicates.count = 1;
    expect_refused(f, &spec, SVY_E_VALUE, "at least two");
    svy_frame_free(f);
}

static void spoil(svy_frame *f, const char *name, double first, double others)
{
    double x[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        x[i] = i == 7 ? first : others;
    add(f, name, x);
}

Test(replicates, columns_that_are_wrong)
{
    svy_frame *f = sample();
    const char *names[] = { "w", "negative" };
    double rscales[] = { 1, 2, 3 };
    spoil(f, "negative", -1, 2);
    spoil(f, "nothing", 0, 0);
    spoil(f, "endless", (double)INFINITY, 2);
    svy_design_spec spec = spec_of(ONE_STAGE, SVY_REPLICATE_BRR);
    spec.replicates.columns = names;
    spec.replicates.n_columns = 2;
    expect_refused(f, &spec, SVY_E_VALUE, "-1 in row 8");
    spec.replicates.type = SVY_REPLICATE_OTHER;          /* may be negative */
    spec.replicates.n_rscales = 3;
    spec.replicates.rscales = rscales;
    expect_refused(f, &spec, SVY_E_VALUE, "3 rscales and 2 replicates");
    spec.replicates.n_rscales = 0;
    names[1] = "nothing";
    expect_refused(f, &spec, SVY_E_VALUE, "0 in every row");
    names[1] = "endless";
    expect_refused(f, &spec, SVY_E_VALUE, "row 8");
    names[1] = "nowhere";
    expect_refused(f, &spec, SVY_E_NAME, "nowhere");
    names[1] = "w";
    spec.replicates.type = SVY_REPLICATE_SDR;
    spec.replicates.scale = 0.1;
    expect_refused(f, &spec, SVY_E_VALUE, "scale of their own");
    spec.replicates.scale = -1;
    expect_refused(f, &spec, SVY_E_VALUE, "-1");
    spec.replicates.scale = 0;
    spec.replicates.type = SVY_REPLICATE_JKN;
    expect_refused(f, &spec, SVY_E_VALUE, "--rscales");
    spec.replicates.n_columns = 1;
    spec.replicates.type = SVY_REPLICATE_BOOTSTRAP;
    expect_refused(f, &spec, SVY_E_VALUE, "at least two");
    svy_frame_free(f);
}

Test(replicates, memory_that_runs_out)
{
    svy_frame *f = sample();
    static const svy_replicate_type TYPES[] = { SVY_REPLICATE_JKN, SVY_REPLICATE_BRR, SVY_REPLICATE_SDR, SVY_REPLICATE_BOOTSTRAP, SVY_REPLICATE_PRESTON };
    for (size_t k = 0; k < 5; k++) {
        svy_design_spec spec = spec_of(TWO_STAGES, TYPES[k]);
        spec.df = -1;
        svy_status st = SVY_E_NOMEM;
        for (long calls = 0; st == SVY_E_NOMEM && calls < 200; calls++) {
            watched w = { calls, 0, 0, 0 };
            svy_alloc alloc = { watched_fn, &w };
            svy_error err = SVY_ERROR_INIT;
            svy_design *d;
            st = svy_design_new(&alloc, f, &spec, &d, &err);
            svy_design_free(d);
            cr_expect_eq(w.bytes, 0);
            cr_expect_eq(w.wrong_sizes, 0);
        }
        cr_expect_eq(st, SVY_OK, "type %d", (int)TYPES[k]);
    }
    svy_frame_free(f);
}
