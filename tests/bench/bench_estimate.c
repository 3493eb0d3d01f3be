/* Times estimates on synthetic data of a million rows: one JSON line per case {"name", "rows", "ns", "bytes"}, beside a plain loop in C. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/estimate.h>
#include <time.h>

enum { STRATA = 100, PSUS = 20, REPEATS = 7 };

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

static void factor(svy_frame *f, const char *name, unsigned n_levels)
{
    svy_error err = SVY_ERROR_INIT;
    uint32_t *codes = svy_frame_get(f, svy_frame_rows(f), sizeof *codes);
    char texts[1000][8];
    const char *levels[1000];
    for (unsigned l = 0; l < n_levels; l++) {
        snprintf(texts[l], sizeof texts[l], "%u", l);
        levels[l] = texts[l];
    }
    for (size_t i = 0; codes != NULL && i < svy_frame_rows(f); i++)
        codes[i] = (uint32_t)(unit() * n_levels);
    if (codes == NULL || svy_frame_add_factor(f, name, SVY_T_TEXT, codes, NULL, levels, NULL, n_levels, &err) != SVY_OK)
        die(&err);
}

static svy_frame *make_data(size_t rows)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    if (svy_frame_new(NULL, rows, &f, &err) != SVY_OK)
        die(&err);
    size_t m = rows / (STRATA * PSUS);
    double *w = numbers(f, "w"), *y = numbers(f, "y"), *str = numbers(f, "str"), *psu = numbers(f, "psu");
    double *id = numbers(f, "id"), *n1 = numbers(f, "n1"), *n2 = numbers(f, "n2"), effect = 0;
    for (size_t i = 0; i < rows; i++) {
        if (i % m == 0)
            effect = 0.3 * normal();
        psu[i] = (double)(i / m + 1);
        str[i] = (double)(i / (m * PSUS) + 1);
        id[i] = (double)i;
        w[i] = 5 + 50 * -0.25 * log((1 - unit()) * (1 - unit()) * (1 - unit()) * (1 - unit()));
        y[i] = 100 + 10 * effect + 5 * normal() + 20 * normal();
        n1[i] = 200;
        n2[i] = (double)m * 40;
    }
    factor(f, "dom", 30);
    factor(f, "small", 1000);
    return f;
}

/* ---- the clock ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t peak_bytes(void)
{
    char line[256];
    size_t kilobytes = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtoul(line + 6, NULL, 10);
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
static void report(const char *name, size_t rows, double *times)
{
    qsort(times, REPEATS, sizeof *times, by_size);
    printf("{\"name\": \"%s\", \"rows\": %zu, \"ns\": %.0f, \"bytes\": %zu}\n", name, rows, times[REPEATS / 2], peak_bytes());
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

typedef struct bench_case {
    const char *name;
    const char *strata[2], *clusters[2], *fpc[2];
    size_t stages;                 /* of clusters and fpc; 0: rows are PSUs */
    svy_statistic statistic;
    const char *variable, *by;
    int covariance;
    unsigned threads;
} bench_case;

static const bench_case CASES[] = {
    { "mean", { "str", NULL }, { "psu", NULL }, { NULL, NULL }, 1, SVY_STAT_MEAN, "y", NULL, 0, 0 },
    { "mean_1_thread", { "str", NULL }, { "psu", NULL }, { NULL, NULL }, 1, SVY_STAT_MEAN, "y", NULL, 0, 1 },
    { "mean_by_30_covariance", { "str", NULL }, { "psu", NULL }, { NULL, NULL }, 1, SVY_STAT_MEAN, "y", "dom", 1, 0 },
    { "mean_by_30_covariance_1_thread", { "str", NULL }, { "psu", NULL }, { NULL, NULL }, 1, SVY_STAT_MEAN, "y", "dom", 1, 1 },
    { "mean_by_1000", { "str", NULL }, { "psu", NULL }, { NULL, NULL }, 1, SVY_STAT_MEAN, "y", "small", 0, 0 },
    { "mean_by_1000_covariance", { "str", NULL }, { "psu", NULL }, { NULL, NULL }, 1, SVY_STAT_MEAN, "y", "small", 1, 0 },
    { "share_of_30_levels", { "str", NULL }, { "psu", NULL }, { NULL, NULL }, 1, SVY_STAT_PROPORTION, "dom", NULL, 0, 0 },
    { "element_mean", { "str", NULL }, { NULL, NULL }, { NULL, NULL }, 0, SVY_STAT_MEAN, "y", NULL, 0, 0 },
    { "element_mean_by_30", { "str", NULL }, { NULL, NULL }, { NULL, NULL }, 0, SVY_STAT_MEAN, "y", "dom", 0, 0 },
    { "two_stage_mean", { "str", NULL }, { "psu", "id" }, { "n1", "n2" }, 2, SVY_STAT_MEAN, "y", NULL, 0, 0 },
    { "two_stage_mean_by_30", { "str", NULL }, { "psu", "id" }, { "n1", "n2" }, 2, SVY_STAT_MEAN, "y", "dom", 0, 0 },
};

static svy_design *design(const svy_frame *f, const bench_case *c)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d;
    spec.weights = "w";
    spec.strata = c->strata;
    spec.n_strata = 1;
    spec.clusters = c->clusters;
    spec.n_clusters = c->stages;
    spec.fpc = c->fpc;
    spec.n_fpc = c->fpc[0] != NULL ? c->stages : 0;
    if (svy_design_new(NULL, f, &spec, &d, &err) != SVY_OK)
        die(&err);
    return d;
}

static void run_case(const svy_frame *f, const bench_case *c)
{
    svy_error err = SVY_ERROR_INIT;
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    double times[REPEATS], design_times[REPEATS];
    char name[64];
    spec.statistic = c->statistic;
    spec.variables = &c->variable;
    spec.n_variables = 1;
    spec.by = &c->by;
    spec.n_by = c->by != NULL;
    spec.covariance = c->covariance;
    spec.threads = c->threads;
    for (int i = 0; i < REPEATS; i++) {
        svy_estimates *e;
        double start = now();
        svy_design *d = design(f, c);
        design_times[i] = now() - start;
        start = now();
        if (svy_estimate(NULL, f, d, &spec, &e, &err) != SVY_OK)
            die(&err);
        times[i] = now() - start;
        svy_estimates_free(e);
        svy_design_free(d);
    }
    report(c->name, svy_frame_rows(f), times);
    snprintf(name, sizeof name, "%s:design", c->name);
    report(name, svy_frame_rows(f), design_times);
}

int main(int argc, char **argv)
{
    size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    double times[REPEATS], se;
    if (rows == 0 || rows % (STRATA * PSUS) != 0) {
        fprintf(stderr, "usage: bench_estimate [ROWS], a multiple of %d\n", STRATA * PSUS);
        return 2;
    }
    svy_frame *f = make_data(rows);
    printf("{\"name\": \"data\", \"rows\": %zu, \"ns\": 0, \"bytes\": %zu}\n", rows, peak_bytes());
    for (int i = 0; i < REPEATS; i++) {
        double start = now();
        plain_mean(f, &se);
        times[i] = now() - start;
    }
    report("plain_loop_mean", rows, times);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        run_case(f, &CASES[i]);
    svy_frame_free(f);
    return 0;
}
