/* Reading CSV: what is accepted, what is refused and where, options, missing codes. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <survey/dataio.h>

#define TEXT(t) t, sizeof(t) - 1

/* Inputs that break a rule: status, line, part of the message. */
static const struct { const char *what, *text; size_t len; svy_status st; int line; const char *message; } BAD[] = {
    { "nothing", TEXT(""), SVY_E_FORMAT, 1, "empty" },
    { "only a byte order mark", TEXT("\xEF\xBB\xBF"), SVY_E_FORMAT, 1, "empty" },
    { "UTF-16, little-endian", TEXT("\xFF\xFE" "a\0\n\0"), SVY_E_FORMAT, 1, "UTF-16" },
    { "UTF-16, big-endian", TEXT("\xFE\xFF" "\0a\0\n"), SVY_E_FORMAT, 1, "UTF-16" },
    { "NUL in the header", TEXT("a\0b\n1\n"), SVY_E_FORMAT, 1, "NUL" },
    { "NUL in a cell", TEXT("a,b\n1,2\n3,\0\n"), SVY_E_FORMAT, 3, "NUL" },
    { "Latin-1 in the header", TEXT("caf\xE9\n1\n"), SVY_E_FORMAT, 1, "UTF-8" },
    { "Latin-1 in a cell", TEXT("a,b\n1,2\n\"x\n\",2\ncaf\xE9,2\n"), SVY_E_FORMAT, 5, "UTF-8" },
    { "a cut sequence", TEXT("a\nx\nab\xD0\n"), SVY_E_FORMAT, 3, "UTF-8" },
    { "a surrogate", TEXT("a\n\xED\xA0\x80\n"), SVY_E_FORMAT, 2, "UTF-8" },
    { "a short row", TEXT("a,b\n1,2\n3\n"), SVY_E_FORMAT, 3, "1 cells, the first row has 2" },
    { "a long row", TEXT("a,b\n1,2\n\n3,4,5\n"), SVY_E_FORMAT, 3, "1 cells" },
    { "a longer row", TEXT("a,b\n1,2\n3,4,5\n"), SVY_E_FORMAT, 3, "more than 2 cells" },
    { "a blank line inside", TEXT("a,b\n1,2\n\n3,4\n"), SVY_E_FORMAT, 3, "1 cells" },
    { "a blank first line", TEXT("\na,b\n1,2\n"), SVY_E_NAME, 1, "column 1 has no name" },
    { "a name that is blank", TEXT("a,,c\n1,2,3\n"), SVY_E_NAME, 1, "column 2 has no name" },
    { "row names of R", TEXT("\"\",\"x\"\n\"1\",2\n"), SVY_E_NAME, 1, "row.names = FALSE" },
    { "a name there twice", TEXT("a,b,a\n1,2,3\n"), SVY_E_NAME, 1, "columns 1 and 3 are both named 'a'" },
    { "a quote inside a cell", TEXT("a,b\n1,2\n5\" pipe,2\n"), SVY_E_FORMAT, 3, "column 'a'" },
    { "a blank before a quote", TEXT("a,b\n1, \"2\"\n"), SVY_E_FORMAT, 2, "column 'b'" },
    { "text after a quote", TEXT("a,b\n1,\"2\"x\n"), SVY_E_FORMAT, 2, "closing quote" },
    { "a quote in the header", TEXT("a\"b,c\n1,2\n"), SVY_E_FORMAT, 1, "quote" },
    { "a quote never closed", TEXT("a,b\n1,2\n1,\"2\n3,4\n"), SVY_E_FORMAT, 3, "never closed" },
    { "a quote never closed at the end", TEXT("a\n\""), SVY_E_FORMAT, 2, "never closed" },
    { "lines that end in CR", TEXT("a,b\r1,2\r3,4"), SVY_E_FORMAT, 1, "carriage return" },
    { "a CR inside a cell", TEXT("a,b\n1,2\nx\ry,2\n"), SVY_E_FORMAT, 3, "carriage return" },
    { "the first of two errors", TEXT("a,b\n1,2\n3\n4,\"5\n"), SVY_E_FORMAT, 3, "1 cells" },
    { "a value and a reason", TEXT("a,a_missing\n1,\n2,refused\n"), SVY_E_VALUE, 0, "row 2: 'a' has a value" },
    { "gzip cut after its head", TEXT("\x1f\x8b\x08\0\0\0\0\0\0\x03"), SVY_E_FORMAT, 0, "cut" },
    { "gzip cut in its head", TEXT("\x1f\x8b"), SVY_E_FORMAT, 0, "cut" },
    { "gzip of another method", TEXT("\x1f\x8b\x07\0\0\0\0\0\0\x03"), SVY_E_FORMAT, 0, "damaged" },
};
enum { N_BAD = sizeof BAD / sizeof BAD[0] };

ParameterizedTestParameters(csv_read, refused)
{
    static size_t index[N_BAD];
    for (size_t i = 0; i < N_BAD; i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, N_BAD);
}

ParameterizedTest(size_t *i, csv_read, refused)
{
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    char *exact = malloc(BAD[*i].len + 1);    /* so that an over-read is found; one byte, because nothing may be read of a NULL */

    memcpy(exact, BAD[*i].text, BAD[*i].len);
    options.source = "case.csv";
    const svy_status st = svy_csv_read_bytes(NULL, exact, BAD[*i].len, &options, NULL, &f, &err);
    free(exact);
    cr_assert_eq(st, BAD[*i].st, "%s: status %d, %s", BAD[*i].what, (int)st, err.message);
    cr_expect_null(f);
    cr_expect_eq(err.code, st, "%s", BAD[*i].what);
    cr_expect_eq(err.line, BAD[*i].line, "%s: line %d, %s", BAD[*i].what, err.line, err.message);
    cr_expect_str_eq(err.source, "case.csv");
    cr_expect_not_null(strstr(err.message, BAD[*i].message), "%s: %s", BAD[*i].what, err.message);
}

/* A frame as text: name=cells, numbers as %.17g, levels in [ ], missing codes as their names. */
static void describe(const svy_frame *f, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t k = 0; k < svy_frame_columns(f); k++) {
        const svy_column *c = svy_frame_column(f, k);
        n += (size_t)snprintf(out + n, size - n, "%s%s=", k > 0 ? " | " : "", c->name);
        for (size_t i = 0; i < svy_frame_rows(f); i++) {
            const char *gap = i > 0 ? "," : "";
            if (c->missing != NULL && c->missing[i] != SVY_PRESENT)
                n += (size_t)snprintf(out + n, size - n, "%s<%s>", gap, svy_missing_name((svy_missing)c->missing[i]));
            else if (c->numbers != NULL)
                n += (size_t)snprintf(out + n, size - n, "%s%.17g", gap, c->numbers[i]);
            else
                n += (size_t)snprintf(out + n, size - n, "%s[%s]", gap, c->levels[c->codes[i]]);
        }
    }
}

/* Inputs that are right, and what they hold. */
static const struct { const char *what, *text; size_t len; const char *expected; } GOOD[] = {
    { "numbers and text", TEXT("a,b\n1,x\n2.5,y\n"), "a=1,2.5 | b=[x],[y]" },
    { "no line end at the end", TEXT("a,b\n1,x"), "a=1 | b=[x]" },
    { "CRLF", TEXT("a,b\r\n1,x\r\n2,y\r\n"), "a=1,2 | b=[x],[y]" },
    { "a byte order mark", TEXT("\xEF\xBB\xBF" "a\n1\n"), "a=1" },
    { "only names", TEXT("a,b"), "a= | b=" },
    { "blank lines at the end", TEXT("a,b\n1,2\n\n\r\n\n"), "a=1 | b=2" },
    { "quotes", TEXT("a,\"b,\"\"c\"\"\"\n\"x,\ny\",\"\"\"\"\n"), "a=[x,\ny] | b,\"c\"=[\"]" },
    { "quoted numbers", TEXT("a\n\"1\"\n\"-2\"\n"), "a=1,-2" },
    { "semicolons", TEXT("a;b,c;d\n1;2;3\n"), "a=1 | b,c=2 | d=3" },
    { "tabs", TEXT("a\tb,c;d\te\n1\t2\t3\n"), "a=1 | b,c;d=2 | e=3" },
    { "separators in quoted names do not count", TEXT("\"a;b;c\",d\n1,2\n"), "a;b;c=1 | d=2" },
    { "missing", TEXT("a,b,c\n,NA,x\n1,2,\n \t,3,NA\n"), "a=<not-stated>,1,<not-stated> | b=<not-stated>,2,3 | c=[x],<not-stated>,<not-stated>" },
    { "a quoted NA is a code", TEXT("a\n\"NA\"\nBG\nNA\n"), "a=[NA],[BG],<not-stated>" },
    { "a quoted blank is text, nothing quoted is missing", TEXT("a\n\" \"\n\"\"\nx\n"), "a=[ ],<not-stated>,[x]" },
    { "all missing", TEXT("a,b\n,1\n,2\n"), "a=<not-stated>,<not-stated> | b=1,2" },
    { "one column with a hole", TEXT("a\n1\n\n3\n"), "a=1,<not-stated>,3" },
    { "blanks around numbers", TEXT("a,b\n 1,2 \n\t3\t, x \n"), "a=1,3 | b=[2 ],[ x ]" },
    { "TRUE is text", TEXT("a\nTRUE\nFALSE\n"), "a=[TRUE],[FALSE]" },
    { "signs and exponents", TEXT("a\n+1\n-0.5e2\n1E3\n5e-324\n1.7976931348623157e308\n"), "a=1,-50,1000,4.9406564584124654e-324,1.7976931348623157e+308" },
    { "too large for a double", TEXT("a\n1\n1e400\n"), "a=[1],[1e400]" },
    { "not numbers", TEXT("a,b,c,d,e\n.5,1.,0x1,inf,1e\n"), "a=[.5] | b=[1.] | c=[0x1] | d=[inf] | e=[1e]" },
    { "long identifiers are kept", TEXT("a\n9007199254740993\n9007199254740992\n"), "a=[9007199254740993],[9007199254740992]" },
    { "whole numbers that a double holds", TEXT("a\n9007199254740992\n100000000000000000000\n-18014398509481984\n"),
      "a=9007199254740992,1e+20,-18014398509481984" },
    { "digits as 17 significant ones", TEXT("a\n0.1\n2.7999999523162842\n505.12345678901234\n-0.30000000000000004\n"),
      "a=0.10000000000000001,2.7999999523162842,505.12345678901232,-0.30000000000000004" },
    { "levels by bytes", TEXT("a\nb\nB\n\xC3\xA9\na\nb\n"), "a=[b],[B],[\xC3\xA9],[a],[b]" },
    { "a companion", TEXT("a,a_missing,b\n1,,x\n,refused,y\n,dont-know,x\n,,x\nNA,not-asked,x\n"),
      "a=1,<refused>,<dont-know>,<not-stated>,<not-asked> | b=[x],[y],[x],[x],[x]" },
    { "a companion of text", TEXT("a_missing,a\n,x\nnot-reached,\n"), "a=[x],<not-reached>" },
    { "a companion that is blank", TEXT("a,a_missing\n1,\n2,\n"), "a=1,2" },
    { "no companion: other words", TEXT("a,a_missing\n1,refused\n,maybe\n"), "a=1,<not-stated> | a_missing=[refused],[maybe]" },
    { "no companion: numbers", TEXT("a,a_missing\n1,0\n,1\n"), "a=1,<not-stated> | a_missing=0,1" },
    { "no companion: nothing it belongs to", TEXT("a_missing\nrefused\n"), "a_missing=[refused]" },
    { "a later cell is no number", TEXT("a,b\n1,1\n2,2\n3,x\n,\n"), "a=1,2,3,<not-stated> | b=[1],[2],[x],<not-stated>" },
};
enum { N_GOOD = sizeof GOOD / sizeof GOOD[0] };

ParameterizedTestParameters(csv_read, accepted)
{
    static size_t index[N_GOOD];
    for (size_t i = 0; i < N_GOOD; i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, N_GOOD);
}

ParameterizedTest(size_t *i, csv_read, accepted)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    char found[2048], *exact = malloc(GOOD[*i].len);

    memcpy(exact, GOOD[*i].text, GOOD[*i].len);
    const svy_status st = svy_csv_read_bytes(NULL, exact, GOOD[*i].len, NULL, NULL, &f, &err);
    free(exact);
    cr_assert_eq(st, SVY_OK, "%s: line %d: %s", GOOD[*i].what, err.line, err.message);
    describe(f, found, sizeof found);
    cr_expect_str_eq(found, GOOD[*i].expected, "%s: %s", GOOD[*i].what, found);
    svy_frame_free(f);
}

/* Reads text with options and compares. */
static void check(const char *text, const svy_csv_read_options *options, const char *expected)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    char found[2048];

    cr_assert_eq(svy_csv_read_bytes(NULL, text, strlen(text), options, NULL, &f, &err), SVY_OK, "%s", err.message);
    describe(f, found, sizeof found);
    cr_expect_str_eq(found, expected);
    svy_frame_free(f);
}

Test(csv_read, options)
{
    static const char *const NAMES[] = { "c", "a" }, *const NA[] = { "-9", "." }, *const TEXTS[] = { "a", "nosuch" };
    const char *text = "a;b;c\n1;2,5;x\n-9;.;NA\n02;7;10\n";
    svy_csv_read_options o = SVY_CSV_READ_INIT;

    o.columns = NAMES;
    o.n_columns = 2;
    check(text, &o, "a=1,-9,2 | c=[x],<not-stated>,[10]");
    o = (svy_csv_read_options)SVY_CSV_READ_INIT;
    o.na = NA;
    o.n_na = 2;
    o.decimal = ',';
    check(text, &o, "a=1,<not-stated>,2 | b=2.5,<not-stated>,7 | c=[x],[NA],[10]");
    o.n_na = 0;
    o.text_columns = TEXTS;
    o.n_text_columns = 2;
    check(text, &o, "a=[1],[-9],[02] | b=[2,5],[.],[7] | c=[x],[NA],[10]");
    o = (svy_csv_read_options)SVY_CSV_READ_INIT;
    o.separator = '|';
    check("a|b;c\n1|\n", &o, "a=1 | b;c=<not-stated>");
}

Test(csv_read, levels_that_are_numbers_are_sorted_by_value)
{
    static const char *const TEXTS[] = { "a" };
    svy_csv_read_options o = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    const char *text = "a\n10\n9\n-1\n9.0\n";

    o.text_columns = TEXTS;
    o.n_text_columns = 1;
    cr_assert_eq(svy_csv_read_bytes(NULL, text, strlen(text), &o, NULL, &f, &err), SVY_OK);
    const svy_column *c = svy_frame_find(f, "a");
    cr_assert_eq(c->n_levels, 4);
    cr_expect_str_eq(c->levels[0], "-1");
    cr_expect_str_eq(c->levels[1], "9");
    cr_expect_str_eq(c->levels[2], "9.0");
    cr_expect_str_eq(c->levels[3], "10");
    cr_expect_eq(c->type, SVY_T_TEXT);
    svy_frame_free(f);
}

Test(csv_read, companion_of_wanted_column_is_read)
{
    static const char *const A[] = { "a" }, *const REASON[] = { "a_missing" };
    svy_csv_read_options o = SVY_CSV_READ_INIT;

    o.columns = A;
    o.n_columns = 1;
    check("a,a_missing,b\n,refused,1\n5,,2\n", &o, "a=<refused>,5");
    check("a,a_missing,b\n,perhaps,1\n5,,2\n", &o, "a=<not-stated>,5");
    o.columns = REASON;
    check("a,a_missing,b\n,refused,1\n5,,2\n", &o, "a_missing=[refused],<not-stated>");
}

Test(csv_read, wrong_options)
{
    static const char *const NAMES[] = { "a", "z" };
    svy_csv_read_options o = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;

    o.columns = NAMES;
    o.n_columns = 2;
    cr_expect_eq(svy_csv_read_bytes(NULL, "a\n1\n", 4, &o, NULL, &f, &err), SVY_E_NAME);
    cr_expect_not_null(strstr(err.message, "'z'"));
    o = (svy_csv_read_options)SVY_CSV_READ_INIT;
    for (const char *bad = "\"\n7.-e"; *bad != '\0'; bad++) {
        o.separator = *bad;
        cr_expect_eq(svy_csv_read_bytes(NULL, "a\n1\n", 4, &o, NULL, &f, &err), SVY_E_ARG);
    }
    o = (svy_csv_read_options)SVY_CSV_READ_INIT;
    o.decimal = ',';
    cr_expect_eq(svy_csv_read_bytes(NULL, "a,b\n1,2\n", 8, &o, NULL, &f, &err), SVY_E_ARG);
    o = (svy_csv_read_options)SVY_CSV_READ_INIT;
    o.max_bytes = 7;
    cr_expect_eq(svy_csv_read_bytes(NULL, "a,b\n1,2\n", 8, &o, NULL, &f, &err), SVY_E_LIMIT);
    cr_expect_eq(svy_csv_read(NULL, SVY_TEST_DATA "/nosuch.csv", NULL, NULL, &f, &err), SVY_E_IO);
    cr_expect_eq(svy_csv_read(NULL, SVY_TEST_DATA, NULL, NULL, &f, &err), SVY_E_IO);
    cr_expect_null(f);
}

/* Keeps the last report. */
static void keep(void *user, const svy_diag *d)
{
    (void)snprintf(user, 256, "%s/%s", d->element, d->found);
}

Test(csv_read, warns_of_nearly_numeric_columns)
{
    char text[512] = "a,b\n", report[256] = "";
    svy_diags diags = { keep, report, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;

    for (int i = 0; i < 30; i++)
        (void)snprintf(text + strlen(text), 16, "%d,%s\n", i, i % 2 ? "x" : "1");
    strcat(text, "n/a,1\n");
    cr_assert_eq(svy_csv_read_bytes(NULL, text, strlen(text), NULL, &diags, &f, &err), SVY_OK);
    cr_expect_eq(diags.warnings, 1);
    cr_expect_eq(diags.problems, 0);
    cr_expect_str_eq(report, "a/column 'a' is a factor, because 1 of its 31 values are not numbers, such as 'n/a'");
    svy_frame_free(f);
}

/* A growing text for large inputs. */
typedef struct big { char *text; size_t len, capacity; } big;

static void add(big *b, const char *bytes, size_t len)
{
    if (b->len + len > b->capacity) {
        b->capacity = 2 * (b->len + len);
        b->text = realloc(b->text, b->capacity);
        cr_assert_not_null(b->text);
    }
    memcpy(b->text + b->len, bytes, len);
    b->len += len;
}

Test(csv_read, ten_thousand_columns)
{
    big b = { NULL, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    char cell[32];

    for (int row = 0; row < 4; row++)
        for (int i = 0; i < 10000; i++)
            add(&b, cell, (size_t)snprintf(cell, sizeof cell, row == 0 ? "%sv%d" : "%s%d", i > 0 ? "," : row > 0 ? "\n" : "", i));
    cr_assert_eq(svy_csv_read_bytes(NULL, b.text, b.len, NULL, NULL, &f, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_frame_columns(f), 10000);
    cr_expect_eq(svy_frame_rows(f), 3);
    const svy_column *c = svy_frame_find(f, "v9999");
    cr_assert_not_null(c);
    cr_expect_eq(c->numbers[2], 9999);
    svy_frame_free(f);
    free(b.text);
}

Test(csv_read, more_columns_than_allowed)
{
    big b = { NULL, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    char cell[32];

    for (int i = 0; i <= 100000; i++)
        add(&b, cell, (size_t)snprintf(cell, sizeof cell, "%sv%d", i > 0 ? "," : "", i));
    cr_expect_eq(svy_csv_read_bytes(NULL, b.text, b.len, NULL, NULL, &f, &err), SVY_E_LIMIT);
    cr_expect_null(f);
    free(b.text);
}

Test(csv_read, a_cell_of_ten_megabytes)
{
    big b = { NULL, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;

    add(&b, TEXT("a,b\n1,\""));
    for (int i = 0; i < 1000000; i++)
        add(&b, TEXT("\"\"123,\n67,"));
    add(&b, TEXT("\"\n2,x\n"));
    cr_assert_eq(svy_csv_read_bytes(NULL, b.text, b.len, NULL, NULL, &f, &err), SVY_OK, "%s", err.message);
    const svy_column *c = svy_frame_find(f, "b");
    cr_expect_eq(svy_frame_rows(f), 2);
    cr_expect_eq(strlen(c->levels[c->codes[0]]), 9000000);
    cr_expect_str_eq(c->levels[c->codes[1]], "x");
    svy_frame_free(f);
    free(b.text);
}

Test(csv_read, error_line_far_into_a_file)
{
    big b = { NULL, 0, 0 };
    svy_csv_read_options o = SVY_CSV_READ_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;

    add(&b, TEXT("a,b\n"));
    for (int i = 0; i < 500000; i++)
        add(&b, TEXT("1,\"x\ny\"\n"));
    add(&b, TEXT("1,2\n3\n4,5,6\n"));
    for (o.threads = 1; o.threads < 5; o.threads++) {
        cr_assert_eq(svy_csv_read_bytes(NULL, b.text, b.len, &o, NULL, &f, &err), SVY_E_FORMAT);
        cr_expect_eq(err.line, 1000003, "%d threads: line %d", (int)o.threads, err.line);
        cr_expect_not_null(strstr(err.message, "1 cells"));
    }
    free(b.text);
}

Test(csv_read, datasets)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    double sum = 0;

    cr_assert_eq(svy_csv_read(NULL, SVY_SOURCE_DIR "/datasets/eusilc/eusilc.csv.gz", NULL, NULL, &f, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_frame_rows(f), 14827);
    cr_expect_eq(svy_frame_columns(f), 28);
    const svy_column *c = svy_frame_find(f, "pb220a"), *w = svy_frame_find(f, "rb050");
    cr_expect_eq(c->n_levels, 3);
    cr_expect_str_eq(c->levels[2], "Other");
    for (size_t i = 0; i < 14827; i++)
        sum += w->numbers[i];
    cr_expect_float_eq(sum, 8182222, 0.01, "%.6f", sum);    /* R: sum(eusilc$rb050) */
    svy_frame_free(f);
}
