/* Fuzzing of CSV: any bytes are read or refused; blocks and threads make no difference; what was read is written and read back the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataio/csv_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

enum { LARGEST = 1 << 20 };

typedef struct text { char *data; size_t len; } text;

static svy_status collect(void *user, const void *bytes, size_t len, svy_error *err)
{
    text *t = user;

    (void)err;
    t->data = realloc(t->data, t->len + len + 1);
    CHECK(t->data != NULL);
    memcpy(t->data + t->len, bytes, len);
    t->len += len;
    return SVY_OK;
}

static svy_status count_rows(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    size_t *rows = user;

    (void)err;
    CHECK(line > *rows);                    /* every row begins on a line of its own */
    for (size_t i = 0; i < n; i++)
        CHECK(memchr(cells[i].text, '\0', cells[i].len) == NULL);
    ++*rows;
    return SVY_OK;
}

static void expect_same(const svy_frame *a, const svy_frame *b)
{
    const size_t rows = svy_frame_rows(a);

    CHECK(rows == svy_frame_rows(b));
    CHECK(svy_frame_columns(a) == svy_frame_columns(b));
    for (size_t k = 0; k < svy_frame_columns(a); k++) {
        const svy_column *x = svy_frame_column(a, k), *y = svy_frame_column(b, k);
        CHECK(strcmp(x->name, y->name) == 0);
        CHECK((x->numbers == NULL) == (y->numbers == NULL));
        CHECK(x->n_levels == y->n_levels);
        for (uint32_t i = 0; i < x->n_levels; i++) {
            CHECK(strcmp(x->levels[i], y->levels[i]) == 0);
            CHECK(i == 0 || strcmp(x->levels[i - 1], x->levels[i]) != 0);
        }
        for (size_t i = 0; i < rows; i++) {
            CHECK((x->missing != NULL ? x->missing[i] : 0) == (y->missing != NULL ? y->missing[i] : 0));
            CHECK(x->numbers != NULL ? x->numbers[i] == y->numbers[i] : x->codes[i] == y->codes[i]);
            CHECK(x->numbers != NULL || x->n_levels == 0 || x->codes[i] < x->n_levels);
        }
    }
}

static svy_status read_with(const void *data, size_t size, size_t block, unsigned threads, svy_frame **f, svy_error *err)
{
    const svyi_csv_input input = { .bytes = data, .len = size, .block = block };
    svy_csv_read_options options = SVY_CSV_READ_INIT;

    options.max_bytes = LARGEST;
    options.threads = threads;
    return svyi_csv_read_frame(NULL, &input, &options, NULL, f, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT, other = SVY_ERROR_INIT;
    svy_frame *f = NULL, *again = NULL;
    text t = { NULL, 0 };
    size_t rows = 0;

    options.max_bytes = LARGEST;
    const svy_status st = read_with(data, size, 0, 1, &f, &err);
    const svy_status st_text = svy_csv_read_text_bytes(NULL, data, size, &options, count_rows, &rows, &other);
    CHECK((st == SVY_OK) == (f != NULL));
    CHECK(st_text == st || (st == SVY_E_VALUE && st_text == SVY_OK));
    CHECK(st == SVY_E_VALUE || strcmp(err.message, other.message) == 0);
    CHECK(read_with(data, size, 5, size % 3 == 0 ? 2 : 1, &again, &other) == st);
    CHECK(err.line == other.line && strcmp(err.message, other.message) == 0);
    if (st != SVY_OK) {
        CHECK(err.message[0] != '\0' && again == NULL);
        return 0;
    }
    CHECK(rows == svy_frame_rows(f) + 1);
    expect_same(f, again);
    svy_frame_free(again);
    CHECK(svy_csv_write(f, NULL, collect, &t, &err) == SVY_OK);
    CHECK(svy_csv_read_bytes(NULL, t.data, t.len, NULL, NULL, &again, &err) == SVY_OK);
    expect_same(f, again);
    svy_frame_free(again);
    svy_frame_free(f);
    free(t.data);
    return 0;
}
