/* The XML tree: positions, white space, encodings, and refusal of everything hostile in bounded time and memory. */
#define _POSIX_C_SOURCE 200809L
#include "collect.h"
#include "failing.h"
#include "exchange/xml/xml.h"
#include <criterion/criterion.h>
#include <libxml/xmlmemory.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define NS "urn:test"
#define ROOT "<r xmlns=\"" NS "\">"

static svy_status parse_bytes(svyi_xml_file *file, const char *bytes, size_t len, collected *c, svy_error *err)
{
    svy_diags diags = { .report = collect, .user = c };
    c->len = 0;
    c->text[0] = '\0';
    return svyi_xml_parse(file, NULL, "f.xml", bytes, len, NS, 0, NULL, &diags, err);
}

static svy_status parse(svyi_xml_file *file, const char *text, collected *c, svy_error *err)
{
    return parse_bytes(file, text, strlen(text), c, err);
}

Test(xml, positions_are_those_of_the_file)
{
    static collected c;
    svy_error err = SVY_ERROR_INIT;
    svyi_xml_file file;
    cr_assert_eq(parse(&file, "<?xml version=\"1.0\"?>\n<!-- é -->\n" ROOT "\n  <a\n    x = 'é'  y=\"2\">\n   text</a>é<b z='1'/>\n</r>", &c, &err), SVY_OK, "%s", c.text);
    svyi_xml *a = file.root->first, *text = a->next, *b = text->next;
    cr_assert_str_eq(a->name, "a");
    cr_expect_eq(a->line, 4);
    cr_expect_eq(a->column, 3);
    cr_expect_eq(a->n, 2);
    cr_expect_str_eq(a->attributes[0].name, "x");
    cr_expect_eq(a->attributes[0].line, 5);
    cr_expect_eq(a->attributes[0].column, 10);
    cr_expect_eq(a->attributes[0].name_column, 5);
    cr_expect_eq(a->attributes[1].column, 17, "columns are characters, not bytes: %d", a->attributes[1].column);
    cr_expect_str_eq(a->first->text, "\n   text");
    cr_expect_eq(a->first->line, 6);
    cr_expect_eq(a->first->column, 4);
    cr_expect_null(text->name);
    cr_expect_str_eq(text->text, "é");
    cr_expect_eq(b->line, 6);
    cr_expect_eq(b->column, 13);
    cr_expect_eq(b->attributes[0].column, 19);
    cr_expect_eq(file.elements, 3);
    svyi_xml_clear(&file);
}

Test(xml, a_line_number_has_no_limit)
{
    enum { LINES = 200000 };
    static collected c;
    svy_error err = SVY_ERROR_INIT;
    svyi_xml_file file;
    char *text = malloc(LINES + 100);
    cr_assert_not_null(text);
    size_t n = (size_t)sprintf(text, ROOT);
    memset(text + n, '\n', LINES);
    strcpy(text + n + LINES, "<a b='1'/></r>");
    cr_assert_eq(parse(&file, text, &c, &err), SVY_OK);
    cr_expect_eq(file.root->first->line, LINES + 1);
    cr_expect_eq(file.root->first->attributes[0].line, LINES + 1);
    svyi_xml_clear(&file);
    free(text);
}

Test(xml, entities_comments_cdata)
{
    static collected c;
    svy_error err = SVY_ERROR_INIT;
    svyi_xml_file file;
    cr_assert_eq(parse(&file, ROOT "<a b='&lt;&#x416;&quot;'>1 &amp; 2<!-- no --><?x no?> <![CDATA[<3>]]></a></r>", &c, &err), SVY_OK, "%s", c.text);
    cr_expect_str_eq(svyi_xml_get(file.root->first, "b"), "<Ж\"");
    cr_expect_str_eq(file.root->first->first->text, "1 & 2 <3>");
    svyi_xml_clear(&file);
}

Test(xml, foreign_names_are_told)
{
    static collected c;
    svy_error err = SVY_ERROR_INIT;
    svyi_xml_file file;
    cr_assert_eq(parse(&file, "<r xmlns='" NS "' xmlns:o='urn:other' xml:lang='en' o:x='1'><o:a/><b xmlns=''/><c/></r>", &c, &err), SVY_OK, "%s", c.text);
    cr_expect_eq(file.root->foreign, 0);
    cr_expect_str_eq(svyi_xml_get(file.root, "xml:lang"), "en");
    cr_expect_str_eq(svyi_xml_get(file.root, "o:x"), "1");
    cr_expect_eq(file.root->first->foreign, 1);
    cr_expect_eq(file.root->first->next->foreign, 1);
    cr_expect_null(svyi_xml_child(file.root, "b"));
    cr_expect_not_null(svyi_xml_child(file.root, "c"));
    svyi_xml_clear(&file);
}

Test(xml, collapse)
{
    char text[] = " \n a  b\t\tc\xC2\xA0 d \r\n";
    cr_expect_eq(svyi_xml_collapse(text, strlen(text)), 9);
    cr_expect_str_eq(text, "a b c\xC2\xA0 d", "a no-break space stays");
    char blank[] = "  ";
    cr_expect_eq(svyi_xml_collapse(blank, 2), 0);
}

/* ---- encodings ---- */

static size_t utf16(const char *ascii, int big, int mark, char *out)
{
    size_t n = 0;
    for (const char *p = mark ? ascii - 1 : ascii; p < ascii || *p != '\0'; p++) {
        const unsigned u = p < ascii ? 0xFEFF : (unsigned char)*p;
        out[n++] = (char)(big ? u >> 8 : u & 0xFF);
        out[n++] = (char)(big ? u & 0xFF : u >> 8);
    }
    return n;
}

Test(xml, utf16_both_ways_round)
{
    static collected c;
    static const char TEXT[] = " <?xml version=\"1.0\" encoding=\"UTF-16\"?>" ROOT "<a/></r>";
    char bytes[512];
    for (int i = 0; i < 4; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_xml_file file;
        const size_t n = utf16(TEXT + 1, i & 1, i & 2, bytes);
        cr_expect_eq(parse_bytes(&file, bytes, n, &c, &err), SVY_OK, "%d: %s", i, c.text);
        cr_expect(file.root != NULL && file.root->first != NULL, "%d", i);
        svyi_xml_clear(&file);
        cr_expect_eq(parse_bytes(&file, bytes, n - 1, &c, &err), SVY_E_INVALID, "%d, half a character", i);
        svyi_xml_clear(&file);
    }
}

Test(xml, utf16_surrogates)
{
    static collected c;
    svy_error err = SVY_ERROR_INIT;
    svyi_xml_file file;
    char bytes[256];
    size_t n = utf16(ROOT, 0, 0, bytes);
    memcpy(bytes + n, "\x3D\xD8\x00\xDE", 4);    /* U+1F600 */
    size_t whole = n + 4 + utf16("</r>", 0, 0, bytes + n + 4);
    cr_assert_eq(parse_bytes(&file, bytes, whole, &c, &err), SVY_OK, "%s", c.text);
    cr_expect_str_eq(file.root->first->text, "\xF0\x9F\x98\x80");
    svyi_xml_clear(&file);
    whole = n + 2 + utf16("</r>", 0, 0, bytes + n + 2);
    cr_expect_eq(parse_bytes(&file, bytes, whole, &c, &err), SVY_E_INVALID, "half of it");
    svyi_xml_clear(&file);
}

/* ---- what is refused, and how it is said ---- */

#define BAD(text, where, said) { text, sizeof(text) - 1, where, said }
static const struct { const char *text; size_t len; const char *where, *said; } REFUSED[] = {
    BAD("", "1:1", "the file is empty"),
    BAD(" \n ", "2:2", "this is not XML"),
    BAD("id,name\n", "1:1", "this is not XML"),
    BAD("<!DOCTYPE r [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>" ROOT "&b;</r>", "1:1", "a DOCTYPE is not allowed"),
    BAD("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>" ROOT "&a;</r>", "1:1", "a DOCTYPE is not allowed"),
    BAD("<!DOCTYPE r [<!ENTITY % a SYSTEM \"http://127.0.0.1:9/x\"> %a;]>" ROOT "</r>", "1:1", "a DOCTYPE is not allowed"),
    BAD("<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/x.dtd\">" ROOT "</r>", "1:4", "a DOCTYPE is not allowed"),
    BAD(ROOT "\n<a>\0</a></r>", "2:4", "zero byte"),
    BAD(ROOT "\n<a>\xFF</a></r>", "2:4", "not UTF-8"),
    BAD(ROOT "\n<a>\xC0\x80</a></r>", "2:4", "not UTF-8"),
    BAD(ROOT "\n<a>\xED\xA0\x80</a></r>", "2:4", "not UTF-8"),
    BAD("<?xml version='1.0' encoding='windows-1251'?>" ROOT "</r>", "1:31", "another encoding"),
    BAD("<?xml version='1.0' encoding='UTF-16'?>" ROOT "</r>", "1:31", "another encoding"),
    BAD(ROOT "\n<a>\n<b>\n</a></r>", "4:5", "'b' of line 3 is closed as 'a'"),
    BAD(ROOT "\n<a>\n<b>tex", "3:7", "the file ends inside the element 'b' that begins in line 3"),
    BAD(ROOT "</r><x/>", "1:25", "behind the end of the root"),
    BAD(ROOT "<a>1 & 2</a></r>", "1:2", "not followed by a name"),
    BAD(ROOT "<a>&nbsp;</a></r>", "1:", "only &lt;"),
    BAD(ROOT "<a b='1 < 2'/></r>", "1:2", "contains the character <"),
    BAD(ROOT "<a b=1/></r>", "1:2", "not in quotes"),
    BAD(ROOT "<a b='1' b='2'/></r>", "1:3", "stands twice"),
    BAD(ROOT "<a b/></r>", "1:2", "has no value"),
    BAD(ROOT "<x:a/></r>", "1:2", "prefix that is not declared"),
    BAD(ROOT "<a>&#0;</a></r>", "1:2", "XML does not allow"),
    BAD(ROOT "<a>\x01</a></r>", "1:2", "XML does not allow"),
    BAD(ROOT "<a>]]></a></r>", "1:2", "]]>"),
};
enum { N_REFUSED = sizeof REFUSED / sizeof REFUSED[0] };

Test(xml, refused)
{
    static collected c;
    for (size_t i = 0; i < N_REFUSED; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_xml_file file;
        char where[32];
        cr_expect_eq(parse_bytes(&file, REFUSED[i].text, REFUSED[i].len, &c, &err), SVY_E_INVALID, "%zu: %s", i, REFUSED[i].said);
        snprintf(where, sizeof where, "error %s", REFUSED[i].where);
        cr_expect(strncmp(c.text, where, strlen(where)) == 0, "%zu: %s", i, c.text);
        cr_expect(strstr(c.text, REFUSED[i].said) != NULL, "%zu: %s", i, c.text);
        cr_expect(strchr(c.text, '\n') == c.text + c.len - 1, "one problem only: %s", c.text);
        cr_expect_eq(err.code, SVY_E_INVALID);
        svyi_xml_clear(&file);
    }
}

Test(xml, a_file_cut_at_any_byte_is_refused_once)
{
    static const char TEXT[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- é -->" ROOT "<a b=\"1\" c='&lt;&#233;'>é &amp; <![CDATA[x]]><d/></a><?p i?>\n</r>";
    static collected c;
    for (size_t n = 0; n < sizeof TEXT - 1; n++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_xml_file file;
        char *exact = malloc(n ? n : 1);
        memcpy(exact, TEXT, n);
        cr_expect_eq(parse_bytes(&file, exact, n, &c, &err), SVY_E_INVALID, "at %zu", n);
        cr_expect(c.len > 0 && strchr(c.text, '\n') == c.text + c.len - 1, "at %zu: %s", n, c.text);
        svyi_xml_clear(&file);
        free(exact);
    }
}

/* ---- limits ---- */

/* PREFIX, then MIDDLE `times`, then SUFFIX. */
static char *repeat(const char *prefix, const char *middle, size_t times, const char *suffix, size_t *len)
{
    const size_t a = strlen(prefix), b = strlen(middle), d = strlen(suffix);
    char *out = malloc(a + b * times + d + 1);
    cr_assert_not_null(out);
    memcpy(out, prefix, a);
    for (size_t i = 0; i < times; i++)
        memcpy(out + a + i * b, middle, b);
    memcpy(out + a + times * b, suffix, d + 1);
    *len = a + b * times + d;
    return out;
}

static const struct { const char *prefix, *middle; size_t times; const char *suffix, *said; svy_status status; } LARGE[] = {
    { ROOT, "<a>", 200000, "", "too deep", SVY_E_LIMIT },
    { ROOT, "<a>", 62, "", "the file ends inside", SVY_E_INVALID },
    { ROOT, "<a/>", 200001, "</r>", "too many elements", SVY_E_LIMIT },
    { ROOT "<a b='", "x", 100u << 20, "'/></r>", "at most 16777216", SVY_E_LIMIT },
    { ROOT "<a b='", "x", 15u << 20, "'/></r>", "an attribute is too long", SVY_E_LIMIT },
    { ROOT "<a b='", "x", 15u << 20, "", "an attribute is too long", SVY_E_LIMIT },
    { ROOT "<a>", "x", 15u << 20, "</a></r>", "a text is too long", SVY_E_LIMIT },
    { ROOT "<a>", "<![CDATA[x]]>", 1u << 20, "</a></r>", "a text is too long", SVY_E_LIMIT },
    { ROOT "<a ", "b='' ", 1u << 20, "/></r>", "too many attributes", SVY_E_LIMIT },
    { ROOT "<a ", "xmlns:b='u' ", 1u << 20, "/></r>", "too many attributes", SVY_E_LIMIT },
    { ROOT "<", "a", 8u << 20, "/></r>", "", SVY_E_LIMIT },
    { ROOT, "<!-- a=\"1\" \" ' -->", 1u << 19, "</r>", "", SVY_OK },
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);      /* a busy machine does not change it */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

Test(xml, large_inputs_end_soon_and_in_little_memory)
{
    static collected c;
    for (size_t i = 0; i < sizeof LARGE / sizeof LARGE[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_xml_file file;
        size_t len;
        char *text = repeat(LARGE[i].prefix, LARGE[i].middle, LARGE[i].times, LARGE[i].suffix, &len);
        struct rusage before, after;
        getrusage(RUSAGE_SELF, &before);
        const double start = seconds();
        const svy_status st = parse_bytes(&file, text, len, &c, &err);
        const double took = seconds() - start;
        getrusage(RUSAGE_SELF, &after);
        if (LARGE[i].said[0] == '\0' && st == SVY_E_INVALID)
            ;    /* libxml2 has a limit on names of its own */
        else
            cr_expect_eq(st, LARGE[i].status, "%zu: %s%s", i, err.message, c.text);
        cr_expect(strstr(st == SVY_E_LIMIT ? err.message : c.text, LARGE[i].said) != NULL, "%zu: %s %s", i, err.message, c.text);
        cr_expect(took < 5, "%zu took %.2f s", i, took);
        cr_expect(after.ru_maxrss - before.ru_maxrss < 400 << 10, "%zu took %ld KB", i, after.ru_maxrss - before.ru_maxrss);
        svyi_xml_clear(&file);
        free(text);
    }
}

Test(xml, limits_are_the_callers)
{
    const svy_xml_limits limits = { sizeof limits, 100, 2, 3, 4 };
    static const struct { const char *text; svy_status status; } CASES[] = {
        { "<r><a><b/></a></r>", SVY_E_LIMIT }, { "<r><a/><b/></r>", SVY_OK }, { "<r><a/><b/><c/></r>", SVY_E_LIMIT },
        { "<r a='1234'/>", SVY_OK }, { "<r a='12345'/>", SVY_E_LIMIT }, { "<r>1234</r>", SVY_OK }, { "<r>12345</r>", SVY_E_LIMIT },
        { "<r><!--34567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234--></r>", SVY_E_LIMIT },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_xml_file file;
        cr_expect_eq(svyi_xml_parse(&file, NULL, "f", CASES[i].text, strlen(CASES[i].text), "", 0, &limits, NULL, &err), CASES[i].status, "%s: %s",
                     CASES[i].text, err.message);
        svyi_xml_clear(&file);
    }
}

/* ---- running out of memory: ours, and libxml2's ---- */

static const char SMALL[] = ROOT "<a b='1' c='&lt;'>x<b/> y</a><c>z</c></r>";

Test(xml, every_failure_of_our_allocator_is_clean)
{
    const svy_alloc alloc = { failing, NULL };
    for (size_t n = 0;; n++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_xml_file file;
        countdown = n;
        const svy_status st = svyi_xml_parse(&file, &alloc, "f", SMALL, sizeof SMALL - 1, NS, 0, NULL, NULL, &err);
        svyi_xml_clear(&file);
        cr_assert_eq(live, 0, "failure %zu leaks", n);
        if (st == SVY_OK)
            break;
        cr_assert_eq(st, SVY_E_NOMEM, "failure %zu: %s", n, err.message);
        cr_assert(n < 1000);
    }
}

/* libxml2's own memory is global, so this test has a process of its own (as every Criterion test has). */
Test(xml, every_failure_of_libxml2s_allocator_is_clean)
{
    size_t at_rest = 0;
    int succeeded = 0;
    countdown = SIZE_MAX;
    cr_assert_eq(xmlMemSetup(xml_free, xml_malloc, xml_realloc, xml_strdup), 0);
    for (size_t n = 0; !succeeded; n++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_xml_file file;
        countdown = n == 0 ? SIZE_MAX : n - 1;     /* the first run lets libxml2 set up its globals */
        const svy_status st = svyi_xml_parse(&file, NULL, "f", SMALL, sizeof SMALL - 1, NS, 0, NULL, NULL, &err);
        if (st == SVY_OK) {
            cr_assert_eq(file.elements, 4);
            cr_assert_str_eq(svyi_xml_get(file.root->first, "c"), "<");
            succeeded = n > 0;
        } else {
            cr_assert_eq(st, SVY_E_NOMEM, "failure %zu: %d %s", n, (int)st, err.message);
        }
        svyi_xml_clear(&file);
        if (n == 0)
            at_rest = live;
        cr_assert_eq(live, at_rest, "failure %zu leaks", n);
        cr_assert(n < 1000);
    }
}
