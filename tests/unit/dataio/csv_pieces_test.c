/* Reading in pieces gives the rows, values and levels of reading at once, whatever the size of a piece. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <survey/dataio.h>

static char path[] = "csv-pieces-XXXXXX";

static void make_file(void)
{
    const int fd = mkstemp(path);
    cr_assert(fd >= 0);
    (void)close(fd);
}
static void remove_file(void) { (void)unlink(path); }
TestSuite(csv_pieces, .init = make_file, .fini = remove_file);

static void write_text(const char *text, int packed)
{
    gzFile f = gzopen(path, packed ? "wb" : "wbT");
    cr_assert(f != NULL);
    cr_assert(gzwrite(f, text, (unsigned)strlen(text)) == (int)strlen(text));
    cr_assert(gzclose(f) == Z_OK);
}

typedef struct check { const svy_frame *whole; uint64_t next; size_t pieces, starts; } check;

static void compare_column(const svy_column *a, const svy_column *b, size_t from, size_t rows)
{
    cr_expect((a->codes == NULL) == (b->codes == NULL), "%s", a->name);
    for (size_t i = 0; i < rows; i++) {
        const int gone = a->missing != NULL && a->missing[from + i] != SVY_PRESENT;
        cr_expect_eq(gone ? a->missing[from + i] : SVY_PRESENT, b->missing != NULL ? b->missing[i] : SVY_PRESENT, "%s row %zu", a->name, from + i);
        if (gone)
            continue;
        if (a->codes != NULL)
            cr_expect_str_eq(a->levels[a->codes[from + i]], b->levels[b->codes[i]], "%s row %zu", a->name, from + i);
        else
            cr_expect(a->numbers[from + i] == b->numbers[i], "%s row %zu", a->name, from + i);
    }
}

static svy_status take(void *user, const svy_frame *piece, const svy_csv_position *at, svy_error *err)
{
    check *c = user;
    (void)err;
    if (at->first_row == 0) {
        c->next = 0;
        c->starts++;
    }
    cr_expect_eq(at->first_row, c->next);
    c->next += svy_frame_rows(piece);
    c->pieces++;
    cr_assert(c->next <= svy_frame_rows(c->whole));
    cr_assert_eq(svy_frame_columns(piece), svy_frame_columns(c->whole));
    for (size_t k = 0; k < svy_frame_columns(piece) && c->starts > 0; k++) {
        const svy_column *a = svy_frame_column(c->whole, k), *b = svy_frame_column(piece, k);
        cr_expect_str_eq(a->name, b->name);
        if ((a->codes == NULL) == (b->codes == NULL))
            compare_column(a, b, (size_t)at->first_row, svy_frame_rows(piece));
    }
    return SVY_OK;
}

/* All sizes of a piece that matter for a short text. */
static void check_text(const char *text, size_t starts)
{
    static const size_t PIECES[] = { 16, 17, 19, 23, 31, 64, 100, 1000, 0 };
    for (int packed = 0; packed < 2; packed++) {
        svy_frame *whole;
        svy_error err = SVY_ERROR_INIT;
        write_text(text, packed);
        cr_assert(svy_csv_read(NULL, path, NULL, NULL, &whole, &err) == SVY_OK, "%s", err.message);
        for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
            check c = { .whole = whole };
            cr_assert(svy_csv_read_pieces(NULL, path, NULL, PIECES[i], take, &c, NULL, &err) == SVY_OK, "%s", err.message);
            cr_expect_eq(c.next, svy_frame_rows(whole), "%zu bytes: %zu rows", PIECES[i], (size_t)c.next);
            cr_expect(c.starts <= starts, "%zu bytes: %zu beginnings", PIECES[i], c.starts);
        }
        svy_frame_free(whole);
    }
}

Test(csv_pieces, numbers_and_texts)
{
    check_text("id,name,x\n1,a,1.5\n2,b,\n3,\"c, d\",-2e3\n4,a,7\n5,zz,8\n6,a,9\n7,b,10\n", 1);
}

Test(csv_pieces, quotes_line_ends_and_blank_cells)
{
    check_text("a,b\r\n\"one\r\ntwo\",1\r\n\"\"\"q\"\"\",NA\r\nx,3\r\ny,4\r\n\r\n\r\n", 1);
    check_text("a\n1\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n2\n\n\n", 1);
}

Test(csv_pieces, no_line_end_at_the_end) { check_text("a,b\n1,2\n3,4\n5,6\n7,8\n9,10\n11,12", 1); }
Test(csv_pieces, no_rows) { check_text("a,b\n", 1); }
Test(csv_pieces, a_number_column_turns_out_to_be_text) { check_text("a,b\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\nlate,8\n9,9\n10,later\n", 3); }
Test(csv_pieces, companions) { check_text("x,x_missing,y\n1,,1\n2,,2\n3,,3\n,refused,4\n,dont-know,5\n6,,6\n7,,7\n", 1); }

Test(csv_pieces, many_rows_in_default_pieces)
{
    enum { ROWS = 60000 };
    char *text = malloc((size_t)ROWS * 40 + 100), *at = text;
    at += sprintf(at, "id,group,x\n");
    for (int i = 0; i < ROWS; i++)
        at += sprintf(at, "%d,g%d,%.17g\n", i, i % 97, i / 7.0);
    svy_frame *whole;
    svy_error err = SVY_ERROR_INIT;
    write_text(text, 1);
    cr_assert(svy_csv_read(NULL, path, NULL, NULL, &whole, &err) == SVY_OK);
    check c = { .whole = whole };
    cr_assert(svy_csv_read_pieces(NULL, path, NULL, 100000, take, &c, NULL, &err) == SVY_OK, "%s", err.message);
    cr_expect_eq(c.next, ROWS);
    cr_expect(c.pieces > 5);
    svy_frame_free(whole);
    free(text);
}

static svy_status stop(void *user, const svy_frame *piece, const svy_csv_position *at, svy_error *err)
{
    (void)user; (void)piece; (void)at; (void)err;
    return SVY_E_STATE;
}

Test(csv_pieces, errors_name_the_line)
{
    svy_error err = SVY_ERROR_INIT;
    check c = { 0 };
    write_text("a,b\n1,2\n3,4\n5,6\n7,8\n9\n1,2\n", 0);
    cr_expect(svy_csv_read_pieces(NULL, path, NULL, 16, stop, &c, NULL, &err) == SVY_E_STATE);
    svy_frame *whole;
    cr_expect(svy_csv_read(NULL, path, NULL, NULL, &whole, &err) == SVY_E_FORMAT);
    const int line = err.line;
    svy_frame *fake;
    write_text("a,b\n1,2\n3,4\n5,6\n7,8\n", 0);
    cr_assert(svy_csv_read(NULL, path, NULL, NULL, &fake, &err) == SVY_OK);
    write_text("a,b\n1,2\n3,4\n5,6\n7,8\n9\n1,2\n", 0);
    c.whole = fake;
    cr_expect(svy_csv_read_pieces(NULL, path, NULL, 16, take, &c, NULL, &err) == SVY_E_FORMAT);
    cr_expect_eq(err.line, line);
    svy_frame_free(fake);
    cr_expect(svy_csv_read_pieces(NULL, "no-such-file.csv", NULL, 16, stop, &c, NULL, &err) == SVY_E_IO);
}

Test(csv_pieces, damaged_gzip)
{
    svy_error err = SVY_ERROR_INIT;
    write_text("a,b\n1,2\n3,4\n5,6\n7,8\n", 1);
    cr_assert(truncate(path, 25) == 0);
    cr_expect(svy_csv_read_pieces(NULL, path, NULL, 0, stop, NULL, NULL, &err) == SVY_E_FORMAT);
    cr_expect(strstr(err.message, "cut") != NULL, "%s", err.message);
}
