/* CSV as Python's csv module and float() read it: cases from tests/reference/csv/make_cases.py, in many block sizes and thread counts. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataio/csv_priv.h"

/* A line of the file cut at blanks. */
typedef struct words { char *at; } words;

static char *next_word(words *w)
{
    char *word = w->at;

    if (word == NULL || *word == '\0')
        return NULL;
    w->at = strchr(word, ' ');
    if (w->at != NULL)
        *w->at++ = '\0';
    return word;
}

/* Hex to bytes in place, NUL-terminated; returns the length. "-" is nothing. */
static size_t unhex(char *text)
{
    size_t n = 0;

    for (const char *at = text; *at != '\0' && *at != '-'; at += 2) {
        const char pair[3] = { at[0], at[1], '\0' };
        text[n++] = (char)strtol(pair, NULL, 16);
    }
    text[n] = '\0';
    return n;
}

/* The whole file, line by line, each NUL-terminated. */
static char **read_lines(char **text, size_t *count)
{
    FILE *f = fopen(SVY_TEST_DATA "/reference/csv/cases.txt", "rb");
    cr_assert_not_null(f);
    cr_assert_eq(fseek(f, 0, SEEK_END), 0);
    const size_t size = (size_t)ftell(f);
    rewind(f);
    *text = malloc(size + 1);
    cr_assert_not_null(*text);
    cr_assert_eq(fread(*text, 1, size, f), size);
    fclose(f);
    (*text)[size] = '\0';
    char **lines = malloc((size / 2 + 2) * sizeof *lines);
    cr_assert_not_null(lines);
    *count = 0;
    for (char *at = *text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        lines[(*count)++] = at;
    }
    return lines;
}

/* The rows of a case, checked as the reader delivers them. */
typedef struct expected { char **lines; size_t at, count; } expected;

static svy_status check_row(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    expected *e = user;

    (void)err;
    cr_assert_lt(e->at, e->count);
    char *copy = strdup(e->lines[e->at]);
    words w = { copy };
    cr_assert_str_eq(next_word(&w), "row", "line %zu of the cases: there is one row too many", e->at + 1);
    cr_expect_eq(line, strtoul(next_word(&w), NULL, 10), "line %zu of the cases: row at line %zu", e->at + 1, line);
    for (size_t i = 0; i < n; i++) {
        char *cell = next_word(&w);
        cr_assert_not_null(cell);
        const size_t len = unhex(cell);
        cr_expect(cells[i].len == len && memcmp(cells[i].text, cell, len) == 0, "line %zu of the cases, cell %zu: '%.*s', expected '%s'", e->at + 1,
                  i + 1, (int)cells[i].len, cells[i].text, cell);
    }
    cr_expect_null(next_word(&w));
    free(copy);
    e->at++;
    return SVY_OK;
}

static void check_numbers(const svy_column *c, words *w, size_t rows, size_t at)
{
    cr_assert_not_null(c->numbers, "line %zu of the cases: expected numbers", at + 1);
    for (size_t i = 0; i < rows; i++) {
        const char *value = next_word(w);
        const int missing = strcmp(value, ".") == 0;
        cr_expect_eq(c->missing != NULL ? c->missing[i] : 0, missing ? SVY_NOT_STATED : SVY_PRESENT);
        const double number = missing ? 0 : strtod(value, NULL);
        cr_expect_eq(memcmp(&c->numbers[i], &number, sizeof number), 0, "line %zu of the cases, row %zu: %a, expected %s", at + 1, i + 1,
                     c->numbers[i], value);
    }
    cr_expect_null(next_word(w));
}

static void check_factor(const svy_column *c, words *w, size_t rows, size_t at)
{
    char *list = next_word(w), *comma;
    uint32_t n = 0;

    cr_assert_not_null(c->codes, "line %zu of the cases: expected a factor", at + 1);
    for (; list != NULL; list = comma != NULL ? comma + 1 : NULL) {
        comma = strchr(list, ',');
        if (comma != NULL)
            *comma = '\0';
        unhex(list);
        cr_assert_lt(n, c->n_levels);
        cr_expect_str_eq(c->levels[n], list, "line %zu of the cases", at + 1);
        n++;
    }
    cr_expect_eq(n, c->n_levels);
    for (size_t i = 0; i < rows; i++) {
        const char *code = next_word(w);
        const int missing = strcmp(code, ".") == 0;
        cr_expect_eq(c->missing != NULL ? c->missing[i] : 0, missing ? SVY_NOT_STATED : SVY_PRESENT);
        cr_expect_eq(c->codes[i], missing ? 0 : strtoul(code, NULL, 10), "line %zu of the cases, row %zu: code %u", at + 1, i + 1, c->codes[i]);
    }
}

static void check_columns(const svy_frame *f, char **lines, size_t at)
{
    for (size_t i = 0; i < svy_frame_columns(f); i++, at++) {
        const svy_column *c = svy_frame_column(f, i);
        char *copy = strdup(lines[at]);
        words w = { copy };
        const char *kind = next_word(&w);
        char *name = next_word(&w);
        unhex(name);
        cr_expect_str_eq(c->name, name);
        if (strcmp(kind, "number") == 0)
            check_numbers(c, &w, svy_frame_rows(f), at);
        else
            check_factor(c, &w, svy_frame_rows(f), at);
        free(copy);
    }
    cr_expect_str_eq(lines[at], "end");
}

static void check_case(char **lines, size_t first, size_t count)
{
    static const size_t BLOCKS[] = { 0, 1, 7, 64, 500 };
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    char *copy = strdup(lines[first]);
    words w = { copy };

    next_word(&w);
    char *separator = next_word(&w), *input = next_word(&w);
    unhex(separator);
    const size_t len = unhex(input);
    expected e = { lines, first + 1, count };
    cr_assert_eq(svy_csv_read_text_bytes(NULL, input, len, &options, check_row, &e, &err), SVY_OK, "line %zu: %s", first + 1, err.message);
    for (size_t i = 0; i < sizeof BLOCKS / sizeof BLOCKS[0]; i++)
        for (options.threads = 1; options.threads <= 3; options.threads += 2) {
            const svyi_csv_input in = { .bytes = input, .len = len, .block = BLOCKS[i] };
            svy_frame *f = NULL;
            options.separator = i % 2 ? separator[0] : 0;
            cr_assert_eq(svyi_csv_read_frame(NULL, &in, &options, NULL, &f, &err), SVY_OK, "line %zu, blocks of %zu: %s", first + 1, BLOCKS[i],
                         err.message);
            check_columns(f, lines, e.at);
            svy_frame_free(f);
        }
    free(copy);
}

Test(csv_reference, python)
{
    char *text = NULL;
    size_t count = 0, cases = 0;
    char **lines = read_lines(&text, &count);

    for (size_t i = 0; i < count; i++)
        if (strncmp(lines[i], "case ", 5) == 0) {
            check_case(lines, i, count);
            cases++;
        }
    cr_assert_eq(cases, 120);
    free(lines);
    free(text);
}
