/* Times tests of tables and groups on synthetic data of a million rows: one JSON line per case {"name", "rows", "ns"}. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <survey/table.h>
#include <survey/test.h>
#include <time.h>

enum { STRATA = 100, PSUS = 20, REPEATS = 5 };

static uint64_t state = 20240607;
static double unit(void)          /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void die(const svy_error *err)
{
    fprintf(stderr, "bench_tests: %s\n", err->message);
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
    static const char *const LEVELS[] = { "a", "b", "c", "d", "e" };
    svy_error err = SVY_ERROR_INIT;
    uint32_t *codes = svy_frame_get(f, svy_frame_rows(f), sizeof *codes);
    for (size_t i = 0; codes != NULL && i < svy_frame_rows(f); i++)
        codes[i] = (uint32_t)(unit() * n_levels);
    if (codes == NULL || svy_frame_add_factor(f, name, SVY_T_TEXT, codes, NULL, LEVELS, NULL, n_levels, &err) != SVY_OK)
        die(&err);
}

static svy_frame *make_data(size_t rows)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    if (svy_frame_new(NULL, rows, &f, &err) != SVY_OK)
        die(&err);
    size_t m = rows / (STRATA * PSUS);
    double *w = numbers(f, "w"), *y = numbers(f, "y"), *d = numbers(f, "d"), *str = numbers(f, "str"), *psu = numbers(f, "psu");
    for (size_t i = 0; i < rows; i++) {
        psu[i] = (double)(i / m + 1);
        str[i] = (double)(i / (m * PSUS) + 1);
        w[i] = 5 + 50 * unit();
        y[i] = floor(100000 * unit());
        d[i] = unit() < 0.4;
    }
    factor(f, "four", 4);
    factor(f, "five", 5);
    factor(f, "two", 2);
    return f;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void table(const svy_frame *f, const svy_design *d)
{
    static const char *const V[] = { "four", "five" };
    static const svy_table_test_kind KINDS[] = { SVY_TABLE_PEARSON_F, SVY_TABLE_ADJ_WALD, SVY_TABLE_LINCOM };
    svy_error err = SVY_ERROR_INIT;
    svy_table_test_spec s = SVY_TABLE_TEST_INIT;
    svy_tests *t;
    s.variables = V;
    s.n_variables = 2;
    s.tests = KINDS;
    s.n_tests = 3;
    s.threads = 0;
    if (svy_table_tests(NULL, f, d, &s, &t, &err) != SVY_OK)
        die(&err);
    svy_tests_free(t);
}

static void group(const svy_frame *f, const svy_design *d, svy_test_kind kind, const char *formula)
{
    svy_error err = SVY_ERROR_INIT;
    svy_test_spec s = SVY_TEST_INIT;
    svy_tests *t;
    s.kind = kind;
    s.formula = formula;
    s.threads = 0;
    if (svy_test(NULL, f, d, &s, &t, &err) != SVY_OK)
        die(&err);
    svy_tests_free(t);
}

static void mean_difference(const svy_frame *f, const svy_design *d) { group(f, d, SVY_TEST_T, "y ~ two"); }
static void two_ranks(const svy_frame *f, const svy_design *d) { group(f, d, SVY_TEST_WILCOXON, "y ~ two"); }
static void five_ranks(const svy_frame *f, const svy_design *d) { group(f, d, SVY_TEST_KRUSKAL, "y ~ five"); }
static void survival(const svy_frame *f, const svy_design *d) { group(f, d, SVY_TEST_LOG_RANK, "Surv(y, d) ~ five"); }

static void run_case(const char *name, void (*work)(const svy_frame *, const svy_design *), const svy_frame *f, const svy_design *d)
{
    double times[REPEATS];
    for (size_t k = 0; k < REPEATS; k++) {
        double start = now();
        work(f, d);
        times[k] = now() - start;
    }
    qsort(times, REPEATS, sizeof *times, by_size);
    printf("{\"name\": \"%s\", \"rows\": %zu, \"ns\": %.0f}\n", name, svy_frame_rows(f), times[REPEATS / 2]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const char *const STRATUM[] = { "str" }, *const PSU[] = { "psu" };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *clusters, *elements;
    svy_frame *f = make_data(argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000);
    spec.weights = "w";
    spec.strata = STRATUM;
    spec.n_strata = 1;
    if (svy_design_new(NULL, f, &spec, &elements, &err) != SVY_OK)
        die(&err);
    spec.clusters = PSU;
    spec.n_clusters = 1;
    if (svy_design_new(NULL, f, &spec, &clusters, &err) != SVY_OK)
        die(&err);
    run_case("table_4x5_three_tests", table, f, clusters);
    run_case("element_table_4x5_three_tests", table, f, elements);
    run_case("t_two_groups", mean_difference, f, clusters);
    run_case("wilcoxon", two_ranks, f, clusters);
    run_case("kruskal_5_groups", five_ranks, f, clusters);
    run_case("logrank_5_groups", survival, f, clusters);
    svy_design_free(clusters);
    svy_design_free(elements);
    svy_frame_free(f);
    return 0;
}
