/* Reading CSV when memory runs out, from gzip that is damaged, and with threads. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <survey/dataio.h>

#include "dataio/csv_priv.h"

#include "../base/watched_alloc.h"

static const char TEXT[] = "id,name,late,age,age_missing,x\n1,Ана,1,33,,0.5\n2,\"B,\nb\",2,,refused,NA\n3,,y,21,,1e3\n4,Ана,3,,dont-know,7\n";

Test(csv_memory, every_allocation_can_fail)
{
    for (long calls = 0;; calls++) {
        watched w;
        svy_alloc alloc = watched_alloc(&w, calls);
        svy_error err = SVY_ERROR_INIT;
        svy_frame *f = NULL;
        const svyi_csv_input input = { .bytes = TEXT, .len = sizeof TEXT - 1, .block = 20 };
        const svy_status st = svyi_csv_read_frame(&alloc, &input, NULL, NULL, &f, &err);
        if (st == SVY_OK) {
            cr_expect_eq(svy_frame_columns(f), 5);
            cr_expect_gt(calls, 30);
        } else {
            cr_assert_eq(st, SVY_E_NOMEM, "after %ld allocations: %s", calls, err.message);
            cr_expect_null(f);
            cr_expect_eq(err.code, SVY_E_NOMEM);
        }
        svy_frame_free(f);
        watched_end(&w);
        if (st == SVY_OK)
            break;
    }
}

static svy_status count_rows(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    (void)line;
    (void)cells;
    (void)n;
    (void)err;
    ++*(size_t *)user;
    return SVY_OK;
}

Test(csv_memory, every_allocation_of_text_can_fail)
{
    for (long calls = 0;; calls++) {
        watched w;
        size_t rows = 0;
        svy_alloc alloc = watched_alloc(&w, calls);
        const svy_status st = svy_csv_read_text_bytes(&alloc, TEXT, sizeof TEXT - 1, NULL, count_rows, &rows, NULL);
        watched_end(&w);
        if (st == SVY_OK) {
            cr_expect_eq(rows, 5);
            break;
        }
        cr_assert_eq(st, SVY_E_NOMEM);
    }
}

/* The text as one gzip member. */
static size_t compress_text(const char *text, size_t len, unsigned char *out, size_t size)
{
    z_stream z = { .next_out = out, .avail_out = (uInt)size };
    char copy[65536];

    cr_assert_leq(len, sizeof copy);
    memcpy(copy, text, len);
    z.next_in = (unsigned char *)copy;
    z.avail_in = (uInt)len;
    cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    return size - z.avail_out;
}

static svy_status try_bytes(const void *bytes, size_t len, uint64_t max_bytes, svy_frame **f)
{
    svy_csv_read_options o = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    unsigned char *exact = malloc(len);

    memcpy(exact, bytes, len);
    o.max_bytes = max_bytes;
    const svy_status st = svy_csv_read_bytes(NULL, exact, len, &o, NULL, f, &err);
    free(exact);
    return st;
}

Test(csv_memory, gzip_cut_anywhere)
{
    unsigned char gz[1024];
    const size_t len = compress_text(TEXT, sizeof TEXT - 1, gz, sizeof gz);
    svy_frame *f = NULL;

    for (size_t cut = 2; cut < len; cut++)
        cr_expect_eq(try_bytes(gz, cut, 0, &f), SVY_E_FORMAT, "cut after %zu of %zu bytes", cut, len);
    cr_assert_eq(try_bytes(gz, len, 0, &f), SVY_OK);
    cr_expect_eq(svy_frame_rows(f), 4);
    svy_frame_free(f);
    cr_expect_eq(try_bytes(gz, len, sizeof TEXT - 2, &f), SVY_E_LIMIT);
    cr_assert_eq(try_bytes(gz, len, sizeof TEXT - 1, &f), SVY_OK);
    svy_frame_free(f);
}

Test(csv_memory, gzip_damaged_anywhere)
{
    unsigned char gz[1024];
    const size_t len = compress_text(TEXT, sizeof TEXT - 1, gz, sizeof gz);
    int harmless = 0;                           /* bits behind the end of the compressed data, in its last byte */

    for (size_t at = 10; at < len; at++) {      /* behind the head, where time and system are free to be anything */
        svy_frame *f = NULL;
        gz[at] ^= 0x10;
        const svy_status st = try_bytes(gz, len, 0, &f);
        if (st == SVY_OK && at == len - 9)
            harmless++;
        else
            cr_expect_eq(st, SVY_E_FORMAT, "byte %zu of %zu", at, len);
        svy_frame_free(f);
        gz[at] ^= 0x10;
    }
    cr_expect_leq(harmless, 1);
}

Test(csv_memory, gzip_members)
{
    unsigned char gz[2048];
    size_t len = compress_text("a,b\n1,", 6, gz, sizeof gz);
    svy_frame *f = NULL;

    len += compress_text("2\n3,4\n", 6, gz + len, sizeof gz - len);
    cr_assert_eq(try_bytes(gz, len, 0, &f), SVY_OK);
    cr_expect_eq(svy_frame_rows(f), 2);
    svy_frame_free(f);
    memcpy(gz + len, "rest", 4);
    cr_expect_eq(try_bytes(gz, len + 4, 0, &f), SVY_E_FORMAT);
}

/* A gzip bomb: a gigabyte in about a megabyte must stop at the limit. */
Test(csv_memory, gzip_limit)
{
    enum { SIZE = 200000 };
    unsigned char *gz = malloc(SIZE), zeros[4096];
    z_stream z = { .next_out = gz, .avail_out = SIZE };
    svy_frame *f = NULL;

    memset(zeros, '1', sizeof zeros);
    cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    for (int i = 0; i < 16384; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof zeros;
        cr_assert_eq(deflate(&z, i == 16383 ? Z_FINISH : Z_NO_FLUSH), i == 16383 ? Z_STREAM_END : Z_OK);
    }
    (void)deflateEnd(&z);
    cr_expect_eq(try_bytes(gz, SIZE - z.avail_out, 1 << 20, &f), SVY_E_LIMIT);
    free(gz);
}

/* Zeros are no text: 64 MiB of them end the reading before they are all in memory (the limit of 32 MiB is not reached). */
Test(csv_memory, gzip_of_zeros)
{
    enum { SIZE = 200000 };
    unsigned char *gz = malloc(SIZE), zeros[4096];
    z_stream z = { .next_out = gz, .avail_out = SIZE };
    svy_frame *f = NULL;

    memset(zeros, 0, sizeof zeros);
    cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    for (int i = 0; i < 16384; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof zeros;
        cr_assert_eq(deflate(&z, i == 16383 ? Z_FINISH : Z_NO_FLUSH), i == 16383 ? Z_STREAM_END : Z_OK);
    }
    (void)deflateEnd(&z);
    cr_expect_eq(try_bytes(gz, SIZE - z.avail_out, 1 << 25, &f), SVY_E_FORMAT);
    free(gz);
}

/* The same columns, down to the order of the levels. */
static void expect_equal(const svy_frame *a, const svy_frame *b)
{
    cr_assert_eq(svy_frame_columns(a), svy_frame_columns(b));
    cr_assert_eq(svy_frame_rows(a), svy_frame_rows(b));
    const size_t rows = svy_frame_rows(a);
    for (size_t k = 0; k < svy_frame_columns(a); k++) {
        const svy_column *x = svy_frame_column(a, k), *y = svy_frame_column(b, k);
        cr_assert_str_eq(x->name, y->name);
        cr_assert_eq(x->numbers == NULL, y->numbers == NULL);
        cr_assert_eq(x->missing == NULL, y->missing == NULL);
        cr_assert_eq(x->n_levels, y->n_levels);
        for (uint32_t i = 0; i < x->n_levels; i++)
            cr_assert_str_eq(x->levels[i], y->levels[i]);
        if (x->numbers != NULL)
            cr_assert_eq(memcmp(x->numbers, y->numbers, rows * sizeof *x->numbers), 0);
        else
            cr_assert_eq(memcmp(x->codes, y->codes, rows * sizeof *x->codes), 0);
        if (x->missing != NULL)
            cr_assert_eq(memcmp(x->missing, y->missing, rows), 0);
    }
}

Test(csv_memory, any_number_of_threads)
{
    enum { ROWS = 100000 };
    char *text = malloc((size_t)ROWS * 64 + 64);
    size_t len = (size_t)sprintf(text, "id,group,late,x,note\n");
    svy_csv_read_options o = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *one = NULL;

    for (int i = 0; i < ROWS; i++)
        len += (size_t)sprintf(text + len, "%d,g%d,%s,%.3f,%s\n", i, i * 7919 % 5003, i == ROWS - 2 ? "?" : "3", i % 997 / 7.0,
                               i % 11 == 0 ? "\"a\n\"\"b\"\"\"" : i % 3 == 0 ? "" : "plain");
    o.threads = 1;
    cr_assert_eq(svy_csv_read_bytes(NULL, text, len, &o, NULL, &one, &err), SVY_OK, "%d: %s", err.line, err.message);
    cr_expect_eq(svy_frame_find(one, "group")->n_levels, 5003);
    cr_expect_eq(svy_frame_find(one, "late")->n_levels, 2);
    for (unsigned k = 0; k < 6; k++) {
        const svyi_csv_input input = { .bytes = text, .len = len, .block = k == 0 ? 0 : (size_t)1000 << (2 * k) };
        svy_frame *f = NULL;
        o.threads = k == 5 ? 1000 : k + 1;
        cr_assert_eq(svyi_csv_read_frame(NULL, &input, &o, NULL, &f, &err), SVY_OK, "%s", err.message);
        expect_equal(one, f);
        svy_frame_free(f);
    }
    svy_frame_free(one);
    free(text);
}
