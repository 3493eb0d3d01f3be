/* Estimates from a CSV file larger than memory, beside counting its lines and parsing it: one JSON line per case {"name", "rows", "ns", "bytes"}.

   bench_stream make FILE ROWS     writes the file: about 26 bytes a row, in 100 strata with 20 PSUs each
   bench_stream FILE ROWS          times; every case has a process of its own, so that peak memory is its own */
#define _DEFAULT_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/dataio.h>
#include <survey/stream.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STRATA = 100, PSUS = 20, BUFFER = 1 << 20 };

static uint64_t state = 20240607;
static uint64_t random_bits(void)          /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int make(const char *path, uint64_t rows)
{
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return perror(path), 1;
    fputs("str,psu,w,y,dom\n", f);
    uint64_t per_psu = rows / (STRATA * PSUS);
    for (uint64_t i = 0; i < rows; i++) {
        uint64_t bits = random_bits(), psu = i / per_psu;
        unsigned w = 500 + (unsigned)(bits % 10000), y = 5000 + (unsigned)(bits >> 16) % 10000 + (unsigned)(psu * 37 % 1000), dom = (unsigned)(bits >> 48) % 30;
        fprintf(f, "%u,%u,%u.%02u,%u.%02u,%u\n", (unsigned)(psu / PSUS) + 1, (unsigned)psu + 1, w / 100, w % 100, y / 100, y % 100, dom + 1);
    }
    return fclose(f) == 0 ? 0 : (perror(path), 1);
}

/* ---- cases: 0 when all went well ---- */

/* What wc -l does. */
static int count_lines(const char *path)
{
    static char buffer[BUFFER];
    FILE *f = fopen(path, "r");
    size_t lines = 0, n;
    if (f == NULL)
        return 1;
    setvbuf(f, NULL, _IONBF, 0);
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0)
        for (const char *at = buffer; (at = memchr(at, '\n', (size_t)(buffer + n - at))) != NULL; at++)
            lines++;
    fclose(f);
    return lines == 0;
}

static svy_status ignore(void *user, const svy_frame *piece, const svy_csv_position *at, svy_error *err)
{
    (void)user; (void)piece; (void)at; (void)err;
    return SVY_OK;
}

static int parse(const char *path)
{
    static const char *const COLUMNS[] = { "str", "psu", "w", "y" };
    svy_error err = SVY_ERROR_INIT;
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    options.columns = COLUMNS;
    options.n_columns = 4;
    return svy_csv_read_pieces(NULL, path, &options, 0, ignore, NULL, NULL, &err) != SVY_OK;
}

static svy_status add(void *user, const svy_frame *piece, const svy_csv_position *at, svy_error *err)
{
    (void)at;
    return svy_stream_add(user, piece, err);
}

static int estimate(const char *path, const char *const *columns, size_t n_columns, int clusters, int domains)
{
    static const char *const STR = "str", *const PSU = "psu", *const Y = "y", *const DOM = "dom";
    svy_error err = SVY_ERROR_INIT;
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    svy_design_spec design = SVY_DESIGN_INIT;
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    svy_stream *s = NULL;
    svy_estimates *e = NULL;
    options.columns = columns;
    options.n_columns = n_columns;
    design.weights = "w";
    design.strata = &STR;
    design.n_strata = 1;
    design.clusters = &PSU;
    design.n_clusters = clusters ? 1 : 0;
    spec.variables = &Y;
    spec.n_variables = 1;
    spec.by = &DOM;
    spec.n_by = domains ? 1 : 0;
    spec.threads = 0;
    int failed = svy_stream_new(NULL, &design, &spec, &s, &err) != SVY_OK ||
                 svy_csv_read_pieces(NULL, path, &options, 0, add, s, NULL, &err) != SVY_OK || svy_stream_finish(s, &e, &err) != SVY_OK;
    if (failed)
        fprintf(stderr, "bench_stream: %s\n", err.message);
    svy_estimates_free(e);
    svy_stream_free(s);
    return failed;
}

static int mean(const char *path) { return estimate(path, (const char *const[]){ "str", "psu", "w", "y" }, 4, 1, 0); }
static int mean_by_30(const char *path) { return estimate(path, (const char *const[]){ "str", "psu", "w", "y", "dom" }, 5, 1, 1); }
static int element_mean(const char *path) { return estimate(path, (const char *const[]){ "str", "w", "y" }, 3, 0, 0); }

static void run_case(const char *name, int (*run)(const char *), const char *path, uint64_t rows)
{
    struct timespec from, to;
    struct rusage usage;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t child = fork();
    if (child == 0)
        _exit(run(path));
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench_stream: %s failed\n", name);
        exit(1);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
    printf("{\"name\": \"%s\", \"rows\": %llu, \"ns\": %.0f, \"bytes\": %llu}\n", name, (unsigned long long)rows, ns,
           (unsigned long long)usage.ru_maxrss * 1024);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; int (*run)(const char *); } CASES[] = {
        { "count_lines", count_lines }, { "parse", parse }, { "stream_mean", mean }, { "stream_mean_by_30", mean_by_30 },
        { "stream_element_mean", element_mean },
    };
    int making = argc == 4 && strcmp(argv[1], "make") == 0;
    uint64_t rows = argc > 2 ? strtoull(argv[argc - 1], NULL, 10) : 0;
    if ((argc != 3 && !making) || rows == 0 || rows % (STRATA * PSUS) != 0)
        return fprintf(stderr, "usage: bench_stream [make] FILE ROWS     ROWS: a multiple of %d\n", STRATA * PSUS), 2;
    if (making)
        return make(argv[2], rows);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        run_case(CASES[i].name, CASES[i].run, argv[1], rows);
    return 0;
}
