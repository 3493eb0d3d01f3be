/* Times the reading of a CSV file: one line of JSON with rows, columns, seconds and peak memory.
   bench_csv FILE [THREADS] [REPEATS]: the best of the repeats (default 3) counts; THREADS 0 (default) lets the library choose. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <survey/dataio.h>

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    struct rusage usage;
    double best = 0;
    size_t rows = 0, columns = 0;

    if (argc < 2)
        return fprintf(stderr, "usage: bench_csv FILE [THREADS] [REPEATS]\n"), 2;
    options.threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    const long repeats = argc > 3 ? strtol(argv[3], NULL, 10) : 3;
    for (long i = 0; i < repeats; i++) {
        svy_frame *f = NULL;
        const double start = now();
        if (svy_csv_read(NULL, argv[1], &options, NULL, &f, &err) != SVY_OK)
            return fprintf(stderr, "bench_csv: %s:%d: %s\n", err.source, err.line, err.message), 1;
        const double seconds = now() - start;
        if (i == 0 || seconds < best)
            best = seconds;
        rows = svy_frame_rows(f);
        columns = svy_frame_columns(f);
        svy_frame_free(f);
    }
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 1;
    printf("{\"name\":\"csv_read\",\"n\":%zu,\"columns\":%zu,\"threads\":%u,\"seconds\":%.4f,\"peak_kb\":%ld}\n", rows, columns, options.threads,
           best, usage.ru_maxrss);
    return 0;
}
