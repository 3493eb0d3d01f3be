/* Times statistics on synthetic data: one JSON line per case {"name", "rows", "ns", "bytes"}, beside a plain loop in C. The cases of bench_estimate.R have
   the same names. "bytes" is the peak memory above that of the data: every case has a process of its own.

   bench_estimate [ROWS [CASE]]      1,000,000 rows unless said, a multiple of 2000 */
#define _DEFAULT_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/estimate.h>
#include <survey/model.h>
#include <survey/quantile.h>
#include <survey/test.h>
#include <survey/weighting.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STRATA = 100, PSUS = 20, REPEATS = 7, COLUMNS = 80 };

/* ---- data like those of bench_estimate.R ---- */

static uint64_t state = 20240607;
static double unit(void)          /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double normal(void)
{
    return sqrt(-2 * log(1 - unit())) * cos(6.283185307179586 * unit());
}

static void die(const svy_error *err)
{
    fprintf(stderr, "bench_estimate: %s\n", err->message);
    exit(1);
}

static double *numbers(svy_frame *f, const char *name)
{
    svy_error err = SVY_ERROR_INIT;
    double *x = svy_frame_get(f, svy_frame_rows(f), sizeof *x);
    if (x == NULL || svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, NULL, &err) != SVY_OK)
        die(&err);
    return x;
}

/* Codes of a factor, all 0. */
static uint32_t *factor_codes(svy_frame *f, const char *name, unsigned n_levels)
{
    svy_error err = SVY_ERROR_INIT;
    uint32_t *codes = svy_frame_get(f, svy_frame_rows(f), sizeof *codes);
    char texts[1000][8];
    const char *levels[1000];
    for (unsigned l = 0; l < n_levels; l++) {
        snprintf(texts[l], sizeof texts[l], "%u", l + 1);
        levels[l] = texts[l];
    }
    if (codes == NULL || svy_frame_add_factor(f, name, SVY_T_TEXT, codes, NULL, levels, NULL, n_levels, &err) != SVY_OK)
        die(&err);
    return codes;
}

static uint32_t *factor(svy_frame *f, const char *name, unsigned n_levels)
{
    uint32_t *codes = factor_codes(f, name, n_levels);
    for (size_t i = 0; i < svy_frame_rows(f); i++)
        codes[i] = (uint32_t)(unit() * n_levels);
    return codes;
}

static svy_frame *make_data(size_t rows)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    if (svy_frame_new(NULL, rows, &f, &err) != SVY_OK)
        die(&err);
    size_t m = rows / (STRATA * PSUS);
    double *w = numbers(f, "w"), *y = numbers(f, "y"), *str = numbers(f, "str"), *psu = numbers(f, "psu"), *id = numbers(f, "id"), *n1 = numbers(f, "n1");
    double *n2 = numbers(f, "n2"), *z = numbers(f, "z"), *reg1 = numbers(f, "reg1"), *reg2 = numbers(f, "reg2"), *x[5], effect = 0;
    for (int k = 0; k < 5; k++)
        x[k] = numbers(f, (const char *const[]){ "x1", "x2", "x3", "x4", "x5" }[k]);
    uint32_t *sex = factor(f, "sex", 2), *reg = factor(f, "reg", 12), *cat5 = factor_codes(f, "cat5", 5);
    factor(f, "age", 7);
    factor(f, "cat4", 4);
    factor(f, "dom", 30);
    factor(f, "small", 1000);
    for (size_t i = 0; i < rows; i++) {
        if (i % m == 0)
            effect = 0.3 * normal();
        psu[i] = (double)(i / m + 1);
        str[i] = (double)(i / (m * PSUS) + 1);
        id[i] = (double)i;
        w[i] = 5 + 50 * -0.25 * log((1 - unit()) * (1 - unit()) * (1 - unit()) * (1 - unit()));
        for (int k = 0; k < 5; k++)
            x[k][i] = normal() + (k == 0 ? effect : 0);
        y[i] = 100 + 10 * effect + 5 * x[0][i] + 20 * normal();
        z[i] = unit() < 1 / (1 + exp(0.5 - 0.4 * x[0][i] + 0.2 * x[1][i] - 0.1 * x[2][i] - 0.3 * sex[i] - effect));
        cat5[i] = (uint32_t)fmin(4, fmax(0, round(2 + 0.5 * effect + normal())));
        reg1[i] = reg[i] == 0;
        reg2[i] = reg[i] == 1;
        n1[i] = 200;
        n2[i] = (double)m * 40;
    }
    return f;
}

/* The names of 80 columns of replicate weights; made for the case that needs them. */
static char given_names[COLUMNS][8];
static const char *given[COLUMNS];

static void add_columns(svy_frame *f)
{
    const double *w = svy_frame_find(f, "w")->numbers, *psu = svy_frame_find(f, "psu")->numbers;
    static double weight[STRATA * PSUS + 1];
    for (int r = 0; r < COLUMNS; r++) {
        snprintf(given_names[r], sizeof given_names[r], "r%d", r);
        given[r] = given_names[r];
        double *x = numbers(f, given[r]);
        for (int p = 0; p <= STRATA * PSUS; p++)
            weight[p] = 2 * unit();
        for (size_t i = 0; i < svy_frame_rows(f); i++)
            x[i] = w[i] * weight[(int)psu[i]];
    }
}

/* ---- the clock ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t memory(const char *which)
{
    char line[256];
    size_t kilobytes = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, which, strlen(which)) == 0)
            kilobytes = strtoul(line + strlen(which), NULL, 10);
    if (f != NULL)
        fclose(f);
    return kilobytes * 1024;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The median of the repeats. */
static void report(const char *name, const char *part, size_t rows, double *times, int repeats, size_t bytes)
{
    qsort(times, (size_t)repeats, sizeof *times, by_size);
    printf("{\"name\": \"%s%s\", \"rows\": %zu, \"ns\": %.0f, \"bytes\": %zu}\n", name, part, rows, times[repeats / 2], bytes);
    fflush(stdout);
}

/* ---- cases ---- */

/* Mean and linearised standard error by hand: sums by PSU, then the formula by stratum. */
static double plain_mean(const svy_frame *f, double *se)
{
    static double sw[STRATA * PSUS], sy[STRATA * PSUS];
    const double *w = svy_frame_find(f, "w")->numbers, *y = svy_frame_find(f, "y")->numbers, *psu = svy_frame_find(f, "psu")->numbers;
    double total_w = 0, total_y = 0, v = 0;
    memset(sw, 0, sizeof sw);
    memset(sy, 0, sizeof sy);
    for (size_t i = 0; i < svy_frame_rows(f); i++) {
        size_t p = (size_t)psu[i] - 1;
        sw[p] += w[i];
        sy[p] += w[i] * y[i];
    }
    for (size_t p = 0; p < STRATA * PSUS; p++) {
        total_w += sw[p];
        total_y += sy[p];
    }
    for (size_t h = 0; h < STRATA; h++) {
        double z[PSUS], mean = 0;
        for (size_t j = 0; j < PSUS; j++)
            mean += z[j] = (sy[h * PSUS + j] - total_y / total_w * sw[h * PSUS + j]) / total_w;
        for (size_t j = 0; j < PSUS; j++)
            v += PSUS / (PSUS - 1.0) * (z[j] - mean / PSUS) * (z[j] - mean / PSUS);
    }
    *se = sqrt(v);
    return total_y / total_w;
}

/* ---- the work of a case: 0 when all went well ---- */

enum { CLUSTERS, ROWS_ARE_PSUS, TWO_STAGES, MADE, GIVEN };        /* designs */
typedef struct bench_case {
    const char *name;
    int design;
    int (*work)(const svy_frame *f, svy_design *d, unsigned threads, svy_error *err);
    unsigned threads;
    int repeats;
} bench_case;

static int ask(const svy_frame *f, svy_design *d, svy_statistic statistic, const char *variable, const char *by, int covariance, unsigned threads,
               svy_error *err)
{
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    svy_estimates *e = NULL;
    spec.statistic = statistic;
    spec.variables = &variable;
    spec.n_variables = 1;
    spec.by = &by;
    spec.n_by = by != NULL;
    spec.covariance = covariance;
    spec.threads = threads;
    int failed = svy_estimate(NULL, f, d, &spec, &e, err) != SVY_OK;
    svy_estimates_free(e);
    return failed;
}
static int mean(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return ask(f, d, SVY_STAT_MEAN, "y", NULL, 0, t, e); }
static int total(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return ask(f, d, SVY_STAT_TOTAL, "y", NULL, 0, t, e); }
static int by_30(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return ask(f, d, SVY_STAT_MEAN, "y", "dom", 0, t, e); }
static int by_30_all(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return ask(f, d, SVY_STAT_MEAN, "y", "dom", 1, t, e); }
static int by_1000(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return ask(f, d, SVY_STAT_MEAN, "y", "small", 0, t, e); }
static int by_1000_all(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return ask(f, d, SVY_STAT_MEAN, "y", "small", 1, t, e); }
static int shares(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return ask(f, d, SVY_STAT_PROPORTION, "dom", NULL, 0, t, e); }

static int five_quantiles(const svy_frame *f, svy_design *d, unsigned threads, svy_error *err)
{
    static const double PROBS[] = { 0.1, 0.25, 0.5, 0.75, 0.9 };
    static const char *const Y = "y";
    svy_quantile_spec spec = SVY_QUANTILE_INIT;
    svy_estimates *e = NULL;
    spec.estimate.variables = &Y;
    spec.estimate.n_variables = 1;
    spec.estimate.threads = threads;
    spec.probs = PROBS;
    spec.n_probs = 5;
    int failed = svy_quantile(NULL, f, d, &spec, &e, err) != SVY_OK;
    svy_estimates_free(e);
    return failed;
}

static int table_with_tests(const svy_frame *f, svy_design *d, unsigned threads, svy_error *err)
{
    static const char *const VARIABLES[] = { "cat4", "cat5" };
    static const svy_table_test_kind KINDS[] = { SVY_TABLE_PEARSON_F, SVY_TABLE_PEARSON_CHISQ, SVY_TABLE_WALD };
    svy_estimate_spec counts = SVY_ESTIMATE_INIT;
    svy_table_test_spec spec = SVY_TABLE_TEST_INIT;
    svy_estimates *e = NULL;
    svy_tests *tests = NULL;
    counts.statistic = SVY_STAT_TABLE;
    counts.variables = spec.variables = VARIABLES;
    counts.n_variables = spec.n_variables = 2;
    counts.threads = spec.threads = threads;
    spec.tests = KINDS;
    spec.n_tests = 3;
    int failed = svy_estimate(NULL, f, d, &counts, &e, err) != SVY_OK || svy_table_tests(NULL, f, d, &spec, &tests, err) != SVY_OK;
    svy_estimates_free(e);
    svy_tests_free(tests);
    return failed;
}

static int logistic(const svy_frame *f, svy_design *d, unsigned threads, svy_error *err)
{
    svy_model_spec spec = SVY_MODEL_INIT;
    svy_model *m = NULL;
    spec.formula = "z ~ x1 + x2 + x3 + x4 + x5 + sex + reg1 + reg2";
    spec.family = SVY_FAMILY_BINOMIAL;
    spec.threads = threads;
    int failed = svy_model_fit(NULL, f, d, &spec, &m, err) != SVY_OK;
    svy_model_free(m);
    return failed;
}

/* Margins of sex, age and region, as bench_estimate.R has them. */
static int weigh(const svy_frame *f, svy_design *d, svy_calibration method, svy_error *err)
{
    static const char *const NAMES[] = { "sex", "age", "reg" }, *const LEVELS[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12" };
    static const double SHARES[3][12] = { { 51, 49 }, { 12, 14, 16, 18, 16, 13, 11 }, { 5, 6, 7, 8, 9, 10, 11, 9, 8, 9, 9, 9 } };
    static const size_t COUNTS[] = { 2, 7, 12 };
    const double *w = svy_frame_find(f, "w")->numbers;
    double totals[3][12], all = 0;
    svy_margin margins[3];
    svy_weighting_step step = SVY_WEIGHTING_STEP_INIT;
    svy_weighting_report *report = NULL;
    const svy_weighting_plan plan = { &step, 1 };
    for (size_t i = 0; i < svy_frame_rows(f); i++)
        all += w[i];
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (size_t l = 0; l < COUNTS[k]; l++)
            sum += SHARES[k][l];
        for (size_t l = 0; l < COUNTS[k]; l++)
            totals[k][l] = all * SHARES[k][l] / sum;
        margins[k] = (svy_margin){ "bench", &NAMES[k], 1, LEVELS, totals[k], COUNTS[k] };
    }
    step.margins = margins;
    step.n_margins = 3;
    step.method = method;
    step.variance = method == SVY_CALIBRATE_RAKING ? SVY_CALIBRATED_RAKE : SVY_CALIBRATED_GREG;
    int failed = svy_design_weight(d, f, &plan, &report, err) != SVY_OK;
    svy_weighting_report_free(report);
    return failed;
}
static int rake(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return (void)t, weigh(f, d, SVY_CALIBRATE_RAKING, e); }
static int calibrate(const svy_frame *f, svy_design *d, unsigned t, svy_error *e) { return (void)t, weigh(f, d, SVY_CALIBRATE_LINEAR, e); }

static const bench_case CASES[] = {
    { "mean", CLUSTERS, mean, 0, REPEATS },
    { "mean_1_thread", CLUSTERS, mean, 1, REPEATS },
    { "total", CLUSTERS, total, 0, REPEATS },
    { "mean_by_30", CLUSTERS, by_30, 0, REPEATS },
    { "mean_by_30_covariance", CLUSTERS, by_30_all, 0, REPEATS },
    { "mean_by_1000", CLUSTERS, by_1000, 0, REPEATS },
    { "mean_by_1000_covariance", CLUSTERS, by_1000_all, 0, 1 },
    { "share_of_30_levels", CLUSTERS, shares, 0, REPEATS },
    { "five_quantiles", CLUSTERS, five_quantiles, 0, REPEATS },
    { "table_with_tests", CLUSTERS, table_with_tests, 0, REPEATS },
    { "logistic_8", CLUSTERS, logistic, 0, 3 },
    { "made_200_mean", MADE, mean, 0, REPEATS },
    { "made_200_logistic_8", MADE, logistic, 0, 1 },
    { "given_80_mean", GIVEN, mean, 0, 3 },
    { "rake_3_margins", CLUSTERS, rake, 0, 3 },
    { "calibrate_linear", CLUSTERS, calibrate, 0, 3 },
    { "two_stage_mean", TWO_STAGES, mean, 0, REPEATS },
    { "two_stage_mean_by_30", TWO_STAGES, by_30, 0, REPEATS },
    { "element_mean", ROWS_ARE_PSUS, mean, 0, REPEATS },
    { "element_mean_by_30", ROWS_ARE_PSUS, by_30, 0, REPEATS },
};

static svy_design *make_design(const svy_frame *f, int kind)
{
    static const char *const STR = "str", *const STAGES[] = { "psu", "id" }, *const SIZES[] = { "n1", "n2" };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d;
    spec.weights = "w";
    spec.strata = &STR;
    spec.n_strata = 1;
    spec.clusters = STAGES;
    spec.n_clusters = kind == ROWS_ARE_PSUS ? 0 : kind == TWO_STAGES ? 2 : 1;
    spec.fpc = SIZES;
    spec.n_fpc = kind == TWO_STAGES ? 2 : 0;
    if (kind == MADE) {
        spec.replicates.type = SVY_REPLICATE_RAO_WU;
        spec.replicates.count = 200;
    } else if (kind == GIVEN) {
        spec.replicates.type = SVY_REPLICATE_OTHER;
        spec.replicates.columns = given;
        spec.replicates.n_columns = COLUMNS;
        spec.replicates.scale = 1.0 / COLUMNS;
    }
    if (svy_design_new(NULL, f, &spec, &d, &err) != SVY_OK)
        die(&err);
    return d;
}

/* Runs in a process of its own. */
static void run_case(svy_frame *f, const bench_case *c)
{
    svy_error err = SVY_ERROR_INIT;
    double times[REPEATS], design_times[REPEATS];
    if (c->design == GIVEN)
        add_columns(f);
    size_t before = memory("VmRSS:");
    for (int i = 0; i < c->repeats; i++) {
        double start = now();
        svy_design *d = make_design(f, c->design);
        design_times[i] = now() - start;
        start = now();
        if (c->work(f, d, c->threads, &err) != 0) {
            fprintf(stderr, "bench_estimate: %s: %s\n", c->name, err.message);
            _exit(1);
        }
        times[i] = now() - start;
        svy_design_free(d);
    }
    size_t peak = memory("VmHWM:"), bytes = peak > before ? peak - before : 0;
    report(c->name, "", svy_frame_rows(f), times, c->repeats, bytes);
    report(c->name, ":design", svy_frame_rows(f), design_times, c->repeats, bytes);
}

static void run_plain(const svy_frame *f)
{
    double times[REPEATS], se;
    for (int i = 0; i < REPEATS; i++) {
        double start = now();
        plain_mean(f, &se);
        times[i] = now() - start;
    }
    report("plain_loop_mean", "", svy_frame_rows(f), times, REPEATS, 0);
}

int main(int argc, char **argv)
{
    size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    if (rows == 0 || rows % (STRATA * PSUS) != 0) {
        fprintf(stderr, "usage: bench_estimate [ROWS [CASE]], ROWS a multiple of %d\n", STRATA * PSUS);
        return 2;
    }
    svy_frame *f = make_data(rows);
    printf("{\"name\": \"data\", \"rows\": %zu, \"ns\": 0, \"bytes\": %zu}\n", rows, memory("VmRSS:"));
    run_plain(f);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        if (argc > 2 && strcmp(argv[2], CASES[i].name) != 0)
            continue;
        pid_t child = fork();
        if (child == 0) {
            run_case(f, &CASES[i]);
            _exit(0);
        }
        waitpid(child, NULL, 0);          /* a case that fails has said why */
    }
    svy_frame_free(f);
    return 0;
}
