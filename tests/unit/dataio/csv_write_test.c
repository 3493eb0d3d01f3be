/* Writing CSV: the bytes, reading them back, and files that are whole or not there. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <survey/dataio.h>

/* Collects what is written. */
typedef struct text { char *data; size_t len; } text;

static svy_status collect(void *user, const void *bytes, size_t len, svy_error *err)
{
    text *t = user;

    (void)err;
    t->data = realloc(t->data, t->len + len + 1);
    cr_assert_not_null(t->data);
    memcpy(t->data + t->len, bytes, len);
    t->len += len;
    t->data[t->len] = '\0';
    return SVY_OK;
}

static void add_numbers(svy_frame *f, const char *name, svy_type type, const double *numbers, const uint8_t *missing)
{
    const size_t rows = svy_frame_rows(f);
    double *n = svy_frame_get(f, rows, sizeof *n);
    uint8_t *m = missing != NULL ? svy_frame_get(f, rows, 1) : NULL;

    memcpy(n, numbers, rows * sizeof *n);
    if (m != NULL)
        memcpy(m, missing, rows);
    cr_assert_eq(svy_frame_add_numbers(f, name, type, n, m, NULL), SVY_OK);
}

static void add_factor(svy_frame *f, const char *name, const uint32_t *codes, const uint8_t *missing, const char *const *levels,
                       const char *const *labels, uint32_t n)
{
    const size_t rows = svy_frame_rows(f);
    uint32_t *c = svy_frame_get(f, rows, sizeof *c);
    uint8_t *m = missing != NULL ? svy_frame_get(f, rows, 1) : NULL;

    memcpy(c, codes, rows * sizeof *c);
    if (m != NULL)
        memcpy(m, missing, rows);
    cr_assert_eq(svy_frame_add_factor(f, name, SVY_T_SINGLE, c, m, levels, labels, n, NULL), SVY_OK);
}

static const double NUMBERS[] = { 0.1, 0, -3 };
static const uint8_t REASONS[] = { SVY_PRESENT, SVY_REFUSED, SVY_PRESENT }, STATED[] = { SVY_PRESENT, SVY_NOT_STATED, SVY_PRESENT };
static const uint32_t CODES[] = { 1, 0, 0 };
static const char *const LEVELS[] = { "NA", "a,\"b\"" }, *const LABELS[] = { "Namibia", "two\nlines" };

static svy_frame *example(void)
{
    static const double DAYS[] = { 0, 20779, -1 }, YES[] = { 1, 0, 1 };
    svy_frame *f = NULL;

    cr_assert_eq(svy_frame_new(NULL, 3, &f, NULL), SVY_OK);
    add_numbers(f, "income", SVY_T_DECIMAL, NUMBERS, REASONS);
    add_factor(f, "cit", CODES, STATED, LEVELS, LABELS, 2);
    add_numbers(f, "day", SVY_T_DATE, DAYS, NULL);
    add_numbers(f, "works;now", SVY_T_BOOLEAN, YES, NULL);
    return f;
}

static void check_text(const svy_frame *f, const svy_csv_write_options *options, const char *expected)
{
    svy_error err = SVY_ERROR_INIT;
    text t = { NULL, 0 };

    cr_assert_eq(svy_csv_write(f, options, collect, &t, &err), SVY_OK, "%s", err.message);
    cr_expect_str_eq(t.data, expected, "%s", t.data);
    free(t.data);
}

Test(csv_write, bytes)
{
    svy_frame *f = example();
    svy_csv_write_options o = SVY_CSV_WRITE_INIT;

    check_text(f, NULL, "income,income_missing,cit,day,\"works;now\"\n"
                        "0.1,,\"a,\"\"b\"\"\",1970-01-01,true\n"
                        ",refused,,2026-11-22,false\n"
                        "-3,,\"NA\",1969-12-31,true\n");
    o.separator = ';';
    o.labels = 1;
    o.companions = SVY_CSV_COMPANIONS_NONE;
    check_text(f, &o, "income;cit;day;\"works;now\"\n"
                      "0.1;\"two\nlines\";1970-01-01;true\n"
                      ";;2026-11-22;false\n"
                      "-3;Namibia;1969-12-31;true\n");
    o = (svy_csv_write_options)SVY_CSV_WRITE_INIT;
    o.companions = SVY_CSV_COMPANIONS_ALL;
    check_text(f, &o, "income,income_missing,cit,cit_missing,day,day_missing,\"works;now\",\"works;now_missing\"\n"
                      "0.1,,\"a,\"\"b\"\"\",,1970-01-01,,true,\n"
                      ",refused,,not-stated,2026-11-22,,false,\n"
                      "-3,,\"NA\",,1969-12-31,,true,\n");
    svy_frame_free(f);
}

Test(csv_write, refusals)
{
    svy_frame *f = example();
    svy_csv_write_options o = SVY_CSV_WRITE_INIT;
    svy_error err = SVY_ERROR_INIT;
    text t = { NULL, 0 };
    static const double BAD[] = { 1, HUGE_VAL, 2 };

    o.separator = '"';
    cr_expect_eq(svy_csv_write(f, &o, collect, &t, &err), SVY_E_ARG);
    add_numbers(f, "income_missing", SVY_T_DECIMAL, NUMBERS, NULL);
    cr_expect_eq(svy_csv_write(f, NULL, collect, &t, &err), SVY_E_NAME);
    svy_frame_free(f);
    cr_assert_eq(svy_frame_new(NULL, 3, &f, NULL), SVY_OK);
    cr_expect_eq(svy_csv_write(f, NULL, collect, &t, &err), SVY_E_ARG, "a frame without columns");
    add_numbers(f, "x", SVY_T_DECIMAL, BAD, NULL);
    cr_expect_eq(svy_csv_write(f, NULL, collect, &t, &err), SVY_E_VALUE);
    cr_expect_not_null(strstr(err.message, "row 2"));
    svy_frame_free(f);
    free(t.data);
}

static uint64_t state = 7;

static uint32_t below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % n);
}

/* Numbers of all magnitudes, by their bits. */
static double any_number(void)
{
    double x;

    do {
        const uint64_t bits = (uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX);
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

static void expect_same(const svy_column *a, const svy_column *b, size_t rows)
{
    cr_assert_not_null(b, "%s", a->name);
    cr_assert_eq(a->numbers != NULL, b->numbers != NULL, "%s", a->name);
    for (size_t i = 0; i < rows; i++) {
        cr_assert_eq(a->missing != NULL ? a->missing[i] : 0, b->missing != NULL ? b->missing[i] : 0, "%s, row %zu", a->name, i);
        if (a->numbers != NULL)
            cr_assert_eq(a->numbers[i], b->numbers[i], "%s, row %zu: %.17g, %.17g", a->name, i, a->numbers[i], b->numbers[i]);
        else if (a->missing == NULL || a->missing[i] == 0)
            cr_assert_str_eq(a->levels[a->codes[i]], b->levels[b->codes[i]], "%s, row %zu", a->name, i);
    }
}

Test(csv_write, reads_back_the_same)
{
    static const char *const TEXTS[] = { "NA", " ", "x ", "\"", "a\r\nb", ",", ";", "\t", "\xD0\x91\xD0\x93", "1.", "\"\"", "-" };
    enum { ROWS = 5000 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL, *back = NULL;
    text t = { NULL, 0 };

    cr_assert_eq(svy_frame_new(NULL, ROWS, &f, NULL), SVY_OK);
    for (int k = 0; k < 6; k++) {
        char name[16];
        double *numbers = svy_frame_get(f, ROWS, sizeof *numbers);
        uint32_t *codes = svy_frame_get(f, ROWS, sizeof *codes);
        uint8_t *missing = svy_frame_get(f, ROWS, 1);
        for (size_t i = 0; i < ROWS; i++) {
            missing[i] = below(5) == 0 ? (uint8_t)(1 + below(5)) : 0;
            numbers[i] = missing[i] ? 0 : k < 2 ? any_number() : (double)below(1000) / 8;
            codes[i] = missing[i] ? 0 : below(sizeof TEXTS / sizeof TEXTS[0]);
        }
        (void)snprintf(name, sizeof name, k == 0 ? " name, %d" : "v%d", k);
        if (k < 3)
            cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, numbers, missing, NULL), SVY_OK);
        else
            cr_assert_eq(svy_frame_add_factor(f, name, SVY_T_TEXT, codes, missing, TEXTS, NULL, sizeof TEXTS / sizeof TEXTS[0], NULL), SVY_OK);
        if (k < 3)
            svy_frame_release(f, codes, ROWS, sizeof *codes);
        else
            svy_frame_release(f, numbers, ROWS, sizeof *numbers);
    }
    cr_assert_eq(svy_csv_write(f, NULL, collect, &t, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_csv_read_bytes(NULL, t.data, t.len, NULL, NULL, &back, &err), SVY_OK, "%d: %s", err.line, err.message);
    cr_expect_eq(svy_frame_columns(back), svy_frame_columns(f));
    for (size_t k = 0; k < svy_frame_columns(f); k++)
        expect_same(svy_frame_column(f, k), svy_frame_find(back, svy_frame_column(f, k)->name), ROWS);
    svy_frame_free(f);
    svy_frame_free(back);
    free(t.data);
}

Test(csv_write, one_column_keeps_its_missing_rows)
{
    static const uint8_t LAST[] = { 0, SVY_NOT_STATED, SVY_NOT_STATED };
    static const double X[] = { 1, 0, 0 };
    svy_frame *f = NULL, *back = NULL;
    text t = { NULL, 0 };

    cr_assert_eq(svy_frame_new(NULL, 3, &f, NULL), SVY_OK);
    add_numbers(f, "x", SVY_T_DECIMAL, X, LAST);
    cr_assert_eq(svy_csv_write(f, NULL, collect, &t, NULL), SVY_OK);
    cr_assert_eq(svy_csv_read_bytes(NULL, t.data, t.len, NULL, NULL, &back, NULL), SVY_OK);
    cr_expect_eq(svy_frame_rows(back), 3);
    svy_frame_free(f);
    svy_frame_free(back);
    free(t.data);
}

/* Files in a folder. */
static size_t count_files(const char *folder)
{
    size_t n = 0;
    DIR *d = opendir(folder);

    cr_assert_not_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

Test(csv_write, file_is_whole_or_not_there)
{
    char folder[] = "csv_write_XXXXXX", path[64];
    svy_csv_write_options o = SVY_CSV_WRITE_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = example(), *large = NULL, *back = NULL;
    const struct rlimit small = { 100000, 100000 };
    struct stat about;

    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/out.csv", folder);
    o.durable = 1;
    cr_assert_eq(svy_csv_write_file(f, path, &o, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(count_files(folder), 1);
    cr_assert_eq(svy_frame_new(NULL, 100000, &large, NULL), SVY_OK);
    double *numbers = svy_frame_get(large, 100000, sizeof *numbers);
    cr_assert_eq(svy_frame_add_numbers(large, "x", SVY_T_DECIMAL, numbers, NULL, NULL), SVY_OK);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);   /* as if the disk were full */
    signal(SIGXFSZ, SIG_IGN);
    cr_expect_eq(svy_csv_write_file(large, path, &o, &err), SVY_E_IO);
    cr_expect_eq(err.code, SVY_E_IO);
    cr_expect_str_eq(err.source, path);
    cr_expect_eq(count_files(folder), 1, "nothing is left beside the file");
    cr_assert_eq(svy_csv_read(NULL, path, NULL, NULL, &back, &err), SVY_OK, "the old file is still there: %s", err.message);
    cr_expect_eq(svy_frame_rows(back), 3);
    cr_assert_eq(stat(path, &about), 0);
    const mode_t mask = umask(0);
    cr_expect_eq(about.st_mode & 0777, 0666 & ~mask, "mode %o", about.st_mode & 0777u);
    cr_expect_eq(svy_csv_write_file(f, "no/such/folder.csv", NULL, &err), SVY_E_IO);
    cr_expect_eq(svy_csv_write_file(f, folder, NULL, &err), SVY_E_IO, "a folder is in the way");
    unlink(path);
    cr_expect_eq(rmdir(folder), 0);
    svy_frame_free(f);
    svy_frame_free(large);
    svy_frame_free(back);
}

/* What is no file cannot be replaced: it is written to. */
Test(csv_write, pipes_and_devices)
{
    char folder[] = "csv_pipe_XXXXXX", path[64], found[512] = "";
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = example();
    struct stat about;

    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    cr_assert_geq(reader, 0);
    cr_expect_eq(svy_csv_write_file(f, path, NULL, &err), SVY_OK, "%s", err.message);
    cr_expect_gt(read(reader, found, sizeof found - 1), 0);
    cr_expect_eq(strncmp(found, "income,", 7), 0);
    cr_assert_eq(stat(path, &about), 0);
    cr_expect(S_ISFIFO(about.st_mode));
    cr_expect_eq(count_files(folder), 1);
    close(reader);
    unlink(path);
    rmdir(folder);
    if (stat("/dev/full", &about) == 0 && S_ISCHR(about.st_mode))
        cr_expect_eq(svy_csv_write_file(f, "/dev/full", NULL, &err), SVY_E_IO);
    svy_frame_free(f);
}

/* A sink that refuses. */
static svy_status refuse(void *user, const void *bytes, size_t len, svy_error *err)
{
    (void)user;
    (void)bytes;
    (void)len;
    (void)err;
    return SVY_E_BUSY;
}

Test(csv_write, sink_ends_it)
{
    svy_frame *f = example();

    cr_expect_eq(svy_csv_write(f, NULL, refuse, NULL, NULL), SVY_E_BUSY);
    svy_frame_free(f);
}
