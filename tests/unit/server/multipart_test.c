/* Posted forms: what is taken, what is refused, and that it does not matter how the bytes are cut. */
#include "server/http/multipart.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "multipart/form-data; boundary=x-Y"
#define PART(name, content) "--x-Y\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" content "\r\n"
#define END "--x-Y--\r\n"

typedef struct heard { char text[4096]; size_t len; } heard;

static void say(heard *h, const char *text, size_t n)
{
    cr_assert_lt(h->len + n, sizeof h->text);
    memcpy(h->text + h->len, text, n);
    h->text[h->len += n] = '\0';
}

static svy_status begin(void *user, const svyi_form_part *p, svy_error *err)
{
    char line[1200];
    (void)err;
    say(user, line, (size_t)snprintf(line, sizeof line, "[%s|%s|%s|%s:", p->name, p->file, p->type, p->charset));
    return SVY_OK;
}

static svy_status bytes(void *user, const void *b, size_t n, svy_error *err)
{
    (void)err;
    say(user, b, n);
    return SVY_OK;
}

static svy_status end(void *user, svy_error *err)
{
    (void)err;
    say(user, "]", 1);
    return SVY_OK;
}

static svy_status read_cut(const char *type, const char *body, size_t len, size_t piece, heard *h, svy_error *err)
{
    svyi_multipart m;
    const svyi_multipart_to to = { begin, bytes, end, h };
    svy_status st = svyi_multipart_begin(&m, type, &to, err);
    h->len = 0;
    h->text[0] = '\0';
    for (size_t at = 0; at < len && st == SVY_OK; at += piece)
        st = svyi_multipart_feed(&m, body + at, len - at < piece ? len - at : piece, err);
    return st == SVY_OK ? svyi_multipart_end(&m, err) : st;
}

static const struct { const char *what, *type, *body, *heard; } TAKEN[] = {
    { "one part", TYPE, PART("a", "b") END, "[a||text/plain|:b]" },
    { "no line end at the very end", TYPE, PART("a", "b") "--x-Y--", "[a||text/plain|:b]" },
    { "an empty part", TYPE, PART("a", "") END, "[a||text/plain|:]" },
    { "as ODK Collect sends it", "multipart/form-data; boundary=9f-1",
      "--9f-1\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; filename=\"s.xml\"\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-Length: 4\r\n\r\n<a/>\r\n"
      "--9f-1\r\nContent-Disposition: form-data; name=\"*isIncomplete*\"\r\nContent-Length: 3\r\n\r\nyes\r\n--9f-1--\r\n",
      "[xml_submission_file|s.xml|text/xml|utf-8:<a/>][*isIncomplete*||text/plain|:yes]" },
    { "a quoted boundary, other case", "Multipart/Form-Data; BOUNDARY=\"x-Y\"", PART("a", "b") END, "[a||text/plain|:b]" },
    { "almost a boundary in the content", TYPE, PART("a", "\r\n--x-Z\r\n\r\r\n--x\r\n-\r") END, "[a||text/plain|:\r\n--x-Z\r\n\r\r\n--x\r\n-\r]" },
    { "quotes in a name", TYPE, PART("a\\\"b\\\\c\\d", "1") END, "[a\"b\\c\\d||text/plain|:1]" },
    { "names in UTF-8", TYPE, PART("снимка.jpg", "1") END, "[снимка.jpg||text/plain|:1]" },
    { "no part at all", TYPE, "--x-Y--\r\n", "" },
};

static const struct { const char *what, *type, *body, *sentence; } REFUSED[] = {
    { "another type", "application/json", "{}", "not a form with files" },
    { "no type", NULL, "", "not a form with files" },
    { "mixed", "multipart/mixed; boundary=x-Y", END, "not a form with files" },
    { "no boundary", "multipart/form-data", END, "not a form with files" },
    { "an empty boundary", "multipart/form-data; boundary=\"\"", END, "not a form with files" },
    { "two boundaries", TYPE "; boundary=z", END, "not a form with files" },
    { "a boundary of 71 letters", "multipart/form-data; boundary=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg1", "", "not a form with files" },
    { "a line end in a boundary", "multipart/form-data; boundary=\"a\r\nb\"", "", "not a form with files" },
    { "nothing", TYPE, "", "ends before" },
    { "no last boundary", TYPE, PART("a", "b"), "ends before" },
    { "cut in the last boundary", TYPE, PART("a", "b") "--x-Y-", "ends before" },
    { "something before the first boundary", TYPE, "hello\r\n" PART("a", "b") END, "does not begin" },
    { "something behind the last boundary", TYPE, PART("a", "b") END "more", "goes on behind" },
    { "blanks behind a boundary", TYPE, "--x-Y \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n" END, "something behind it" },
    { "line ends without carriage return", TYPE, "--x-Y\nContent-Disposition: form-data; name=\"a\"\n\nb\n--x-Y--\n", "something behind it" },
    { "a header that ends in a line feed only", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"\nX: 1\r\n\r\nb\r\n" END, "bytes that are no text" },
    { "no disposition", TYPE, "--x-Y\r\nContent-Type: text/xml\r\n\r\nb\r\n" END, "does not say what it is" },
    { "no headers", TYPE, "--x-Y\r\n\r\nb\r\n" END, "does not say what it is" },
    { "two dispositions", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"\r\ncontent-disposition: form-data; name=\"b\"\r\n\r\nb\r\n" END, "twice" },
    { "a folded header", TYPE, "--x-Y\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\nb\r\n" END, "" },
    { "an attachment", TYPE, "--x-Y\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nb\r\n" END, "not form-data" },
    { "no name", TYPE, "--x-Y\r\nContent-Disposition: form-data\r\n\r\nb\r\n" END, "no name" },
    { "two names", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nb\r\n" END, "no name" },
    { "a name without end", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"a\r\n\r\nb\r\n" END, "no name" },
    { "a second file name", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"; filename*=utf-8''..%2Fc\r\n\r\nb\r\n" END, "second file name" },
    { "parts in a part", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z--\r\n" END, "parts of its own" },
    { "base64", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n" END, "is encoded" },
    { "no text", TYPE, "--x-Y\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nb\r\n" END, "bytes that are no text" },
    { "blanks before a colon", TYPE, "--x-Y\r\nContent-Disposition : form-data; name=\"a\"\r\n\r\nb\r\n" END, "header line that is none" },
};

static void check_refused(size_t i, size_t piece)
{
    static heard h;
    svy_error err = SVY_ERROR_INIT;
    const svy_status st = read_cut(REFUSED[i].type, REFUSED[i].body, strlen(REFUSED[i].body), piece, &h, &err);
    cr_expect_eq(st, SVY_E_FORMAT, "%s in pieces of %zu: %d %s", REFUSED[i].what, piece, st, h.text);
    cr_expect(strstr(err.message, REFUSED[i].sentence) != NULL, "%s: %s", REFUSED[i].what, err.message);
}

Test(multipart, a_form_is_the_same_however_it_is_cut)
{
    static heard h;
    for (size_t i = 0; i < sizeof TAKEN / sizeof TAKEN[0]; i++)
        for (size_t piece = 1; piece < 80; piece++) {
            svy_error err = SVY_ERROR_INIT;
            const svy_status st = read_cut(TAKEN[i].type, TAKEN[i].body, strlen(TAKEN[i].body), piece, &h, &err);
            cr_assert_eq(st, SVY_OK, "%s in pieces of %zu: %s", TAKEN[i].what, piece, err.message);
            cr_expect_str_eq(h.text, TAKEN[i].heard, "%s in pieces of %zu: %s", TAKEN[i].what, piece, h.text);
        }
}

Test(multipart, what_is_no_form_is_refused_however_it_is_cut)
{
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++)
        for (size_t piece = 1; piece < 200; piece += 13)
            check_refused(i, piece);
}

Test(multipart, a_nul_in_a_name_is_refused)
{
    static const char BODY[] = "--x-Y\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\nb\r\n" END;
    static heard h;
    svy_error err = SVY_ERROR_INIT;
    cr_expect_eq(read_cut(TYPE, BODY, sizeof BODY - 1, 5, &h, &err), SVY_E_FORMAT);
}

Test(multipart, there_are_limits)
{
    static heard h;
    static char body[64000];
    svy_error err = SVY_ERROR_INIT;
    char *at = body;
    for (int i = 0; i < 300; i++)
        at += sprintf(at, PART("a", "b"));
    strcat(at, END);
    svyi_multipart m;
    const svyi_multipart_to nobody = { NULL, NULL, NULL, NULL };
    cr_assert_eq(svyi_multipart_begin(&m, TYPE, &nobody, &err), SVY_OK);
    cr_expect_eq(svyi_multipart_feed(&m, body, strlen(body), &err), SVY_E_LIMIT);
    cr_expect_neq(svyi_multipart_feed(&m, body, 1, &err), SVY_OK, "it stays refused");

    at = body + sprintf(body, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"\r\nX: ");
    memset(at, 'x', 5000);
    strcpy(at + 5000, "\r\n\r\nb\r\n" END);
    cr_expect_eq(read_cut(TYPE, body, strlen(body), 100, &h, &err), SVY_E_LIMIT);

    at = body + sprintf(body, "--x-Y\r\nContent-Disposition: form-data; name=\"a\"\r\n");
    for (int i = 0; i < 20; i++)
        at += sprintf(at, "X-%d: y\r\n", i);
    strcpy(at, "\r\nb\r\n" END);
    cr_expect_eq(read_cut(TYPE, body, strlen(body), 100, &h, &err), SVY_E_LIMIT);
}

Test(multipart, what_a_listener_says_ends_it)
{
    svyi_multipart m;
    heard h = { .len = 0 };
    svy_error err = SVY_ERROR_INIT;
    const svyi_multipart_to nobody = { begin, bytes, NULL, &h };
    cr_assert_eq(svyi_multipart_begin(&m, TYPE, &nobody, &err), SVY_OK);
    cr_expect_eq(svyi_multipart_feed(&m, PART("a", "b") END, strlen(PART("a", "b") END), &err), SVY_OK);
    cr_expect_eq(svyi_multipart_end(&m, &err), SVY_OK);
    cr_expect_str_eq(h.text, "[a||text/plain|:b");
}

Test(multipart, names_of_files)
{
    static const char *const GOOD[] = { "1.jpg", "a b.mp4", "снимка.jpg", ".hidden", "..a" }, *const BAD[] = { "", ".", "..", "../a", "a/b", "a\\b", "a\nb", "\xff", "a\tb" };
    char large[300];
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
        cr_expect_null(svyi_file_name_refuse(GOOD[i]), "%s", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        cr_expect_not_null(svyi_file_name_refuse(BAD[i]), "%s", BAD[i]);
    memset(large, 'a', sizeof large);
    large[256] = '\0';
    cr_expect_not_null(svyi_file_name_refuse(large));
}
