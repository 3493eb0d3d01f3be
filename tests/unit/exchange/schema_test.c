/* The schema check: every fault is told once and in words that help, and its verdict is that of libxml2's RELAX NG. */
#include "collect.h"
#include "failing.h"
#include "base/number.h"
#include "exchange/schema/priv.h"
#include <criterion/criterion.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>

#define HEAD "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"1\" xml:lang=\"en\">\n"
#define TITLE "<title>T</title>\n"
#define TAIL "</questionnaire>"
#define BODY(text) HEAD TITLE text TAIL

static svy_status check_file(const svyi_schema *schema, const char *text, size_t len, collected *c, svyi_xml_file *file, svyi_faults *faults)
{
    svy_diags diags = { .report = collect, .user = c };
    svy_error err = SVY_ERROR_INIT;
    c->len = 0;
    c->text[0] = '\0';
    svy_status st = svyi_xml_parse(file, NULL, "q.xml", text, len, "urn:libsurvey:questionnaire:1", 0, NULL, &diags, &err);
    if (st != SVY_OK)
        return SVY_E_SYNTAX;
    st = svyi_schema_check(schema, file, faults, &diags, &err);
    if (st != SVY_OK)
        cr_expect(err.code == SVY_E_INVALID && err.message[0] != '\0');
    return st;
}

static svy_status check(const char *text, collected *c)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_schema *schema = NULL;
    svyi_xml_file file;
    svyi_faults faults;
    cr_assert_eq(svyi_schema_new(NULL, &schema, &err), SVY_OK, "%s", err.message);
    svyi_faults_init(&faults, NULL);
    const svy_status st = check_file(schema, text, strlen(text), c, &file, &faults);
    svyi_faults_clear(&faults);
    svyi_xml_clear(&file);
    svyi_schema_free(schema);
    return st;
}

/* Every element and attribute once. */
static const char ALL[] =
    HEAD TITLE
    "<description>D</description>\n"
    "<parameter id=\"p\" type=\"single\" value=\"1\" choices=\"yn\"><label>P</label></parameter>\n"
    "<parameter id=\"p2\" type=\"decimal\"/>\n"
    "<choices id=\"yn\" order=\"rotate\">\n"
    "<choice code=\"1\" parent=\"a\" relevant=\"1 = 1\" exclusive=\"true\" other=\"false\" missing=\"refused\" valid-from=\"2026-01-01\" valid-to=\"2026-12-31\">Yes</choice>\n"
    "<choice code=\"2\"/>\n"
    "</choices>\n"
    "<choices id=\"shared\" source=\"../codelists/x.xml\"/>\n"
    "<choices id=\"more\" source=\"../codelists/x.xml\" order=\"fixed\"><choice code=\"1\"/></choices>\n"
    "<section id=\"s\" relevant=\"1 = 1\" page=\"all\">\n"
    "<title>S</title>\n"
    "<question id=\"a\" type=\"single\" choices=\"yn\" filter=\"1\" relevant=\"1\" required=\"true\" certain=\"true\" appearance=\"search\" sensitive=\"true\" readonly=\"false\" default=\"1\" unit=\"h\">\n"
    "<label>A</label>\n"
    "<hint>H</hint>\n"
    "<instruction>I</instruction>\n"
    "<check id=\"c\" that=\". = 1\" severity=\"soft\">C</check>\n"
    "<check that=\". = 1\">C</check>\n"
    "</question>\n"
    "<grid id=\"g\" type=\"single\" choices=\"yn\" required=\"1 = 2\">\n"
    "<label>G</label>\n"
    "<row id=\"g1\" relevant=\"1\" required=\"true\">R</row>\n"
    "<row id=\"g2\"><label>R</label><check that=\"1\">C</check></row>\n"
    "</grid>\n"
    "<roster id=\"r\" count=\"3\" page=\"each\"><label>R</label><question id=\"ra\" type=\"text\"><label>A</label></question></roster>\n"
    "<roster id=\"r2\" for=\"${a}\" relevant=\"1\"/>\n"
    "<roster id=\"r3\" min=\"0\" max=\"5\"/>\n"
    "<roster id=\"r4\"/>\n"
    "<note id=\"n\" relevant=\"1\" appearance=\"x\">N</note>\n"
    "<note id=\"n2\"><label>N</label><hint>H</hint></note>\n"
    "<compute id=\"c1\" type=\"integer\" value=\"1\" choices=\"yn\" sensitive=\"true\"><label>C</label></compute>\n"
    "<check that=\"1 = 1\">S</check>\n"
    "<end id=\"e\" when=\"1 = 2\" outcome=\"21\" keep=\"s s2\">E</end>\n"
    "</section>\n"
    "<section id=\"s2\"/>\n"
    TAIL;

Test(schema, everything_of_the_language_is_accepted)
{
    static collected c;
    cr_expect_eq(check(ALL, &c), SVY_OK, "%s", c.text);
    cr_expect_eq(check("<choices xmlns=\"urn:libsurvey:questionnaire:1\" id=\"x\" version=\"1\" xml:lang=\"en\" order=\"fixed\"><title>T</title>"
                       "<origin>O</origin><licence>L</licence><choice code=\"1\">A</choice></choices>", &c), SVY_OK, "%s", c.text);
}

/* Each document has one fault (or as many as lines are given), told in exactly these words. */
#define QUESTION(attributes, content) BODY("<question id=\"a\" type=\"text\" " attributes ">" content "</question>\n")
static const struct { const char *text, *said; } FAULTS[] = {
    { "<html/>", "error 1:1 [] the element 'html' is not in the namespace of the questionnaire language: write xmlns=\"urn:libsurvey:questionnaire:1\" in the first tag\n" },
    { "<form xmlns=\"urn:libsurvey:questionnaire:1\"/>", "error 1:1 [] the file begins with 'form', not with questionnaire or choices: check that it is the right file\n" },
    { HEAD TAIL, "error 1:1 [q] 'questionnaire' has no title: add <title>...</title>\n" },
    { BODY("<question id=\"a\" typ=\"text\"><label>A</label></question>"), "error 3:18 [a] 'question' has no attribute 'typ': did you mean 'type'?\n" },
    { QUESTION("relevent=\"1\"", "<label>A</label>"), "error 3:30 [a] 'question' has no attribute 'relevent': did you mean 'relevant'?\n" },
    { BODY("<section id=\"s\" colour=\"red\"/>"), "error 3:17 [s] 'section' has no attribute 'colour': remove it; allowed are id, relevant or page\n" },
    { BODY("<question id=\"a\"><label>A</label></question>"),
      "error 3:1 [a] 'question' has no attribute 'type': add type=\"...\": single, multiple, ranking, integer, decimal, text, date, month, year, time, "
      "datetime, boolean, geopoint, photo, audio, file, barcode, signature or key\n" },
    { BODY("<question id=\"a\" type=\"sigle\"><label>A</label></question>"),
      "error 3:24 [a] the attribute 'type' is 'sigle': did you mean 'single'? Allowed are single, multiple, ranking, integer, decimal, text, date, "
      "month, year, time, datetime, boolean, geopoint, photo, audio, file, barcode, signature or key\n" },
    { BODY("<section id=\"s\" page=\"none\"/>"), "error 3:23 [s] the attribute 'page' is 'none': write each or all\n" },
    { BODY("<section id=\"1s\"/>"),
      "error 3:14 [1s] the attribute 'id' is '1s': write a name of letters (A to Z), digits, _ and -, at most 64, the first a letter or _\n" },
    { BODY("<section id=\"s\" relevant=\"\"/>"), "error 3:27 [s] the attribute 'relevant' of 'section' is empty: write an expression\n" },
    { QUESTION("required=\"\"", "<label>A</label>"), "error 3:40 [a] the attribute 'required' of 'question' is empty: write true or false or an expression\n" },
    { BODY("<choices id=\"l\"><choice code=\"a b\">A</choice></choices>"),
      "error 3:31 [l] the attribute 'code' is 'a b': write a code without blanks, at most 64 characters\n" },
    { BODY("<choices id=\"l\"><choice code=\"1\" valid-from=\"1.2.2026\">A</choice></choices>"),
      "error 3:46 [l] the attribute 'valid-from' is '1.2.2026': write a date such as 2026-11-30\n" },
    { BODY("<roster id=\"r\" max=\"0\"/>"), "error 3:21 [r] the attribute 'max' is '0': write a whole number, 1 or more\n" },
    { BODY("<roster id=\"r\" min=\"-1\"/>"), "error 3:21 [r] the attribute 'min' is '-1': write a whole number, 0 or more\n" },
    { BODY("<roster id=\"r\" count=\"2\" for=\"${x}\"/>"), "error 3:1 [r] the attributes of 'roster' do not go together: keep only one of count or for\n" },
    { BODY("<roster id=\"r\" count=\"2\" max=\"5\" min=\"1\"/>"), "error 3:1 [r] the attributes of 'roster' do not go together: remove count\n" },
    { BODY("<choices id=\"l\"/>"), "error 3:1 [l] 'choices' has no choice: add <choice>...</choice>\n" },
    { BODY("<sektion id=\"s\"/>"), "error 3:1 [s] there is no element 'sektion' in 'questionnaire': did you mean 'section'?\n" },
    { BODY("<section id=\"s\"><page/></section>"),
      "error 3:17 [s] there is no element 'page' in 'section': here may stand title, section, question, grid, roster, note, compute, check or end\n" },
    { BODY("<section id=\"s\"><choices id=\"l\"><choice code=\"1\"/></choices></section>"),
      "error 3:17 [l] 'choices' cannot stand in 'section': it stands in 'questionnaire'; here may stand title, section, question, grid, roster, note, "
      "compute, check or end\n" },
    { QUESTION("", "<hint>H</hint><label>A</label>"), "error 3:31 [a] 'hint' stands before 'label': move it behind 'label'\n" },
    { QUESTION("", "<hint>H</hint>"), "error 3:31 [a] 'question' has no 'label' before its 'hint': add <label>...</label>\n" },
    { QUESTION("", ""), "error 3:1 [a] 'question' has no label: add <label>...</label>\n" },
    { QUESTION("", "<label>A</label><label>B</label>"), "error 3:47 [a] 'question' has a second 'label': keep one\n" },
    { QUESTION("", "<label>A</label><check that=\"1\">C</check><hint>H</hint>"), "error 3:72 [a] 'hint' stands behind 'check': move it before 'check'\n" },
    { QUESTION("", "What is it?"),
      "error 3:31 [a] the text 'What is it?' cannot stand in 'question': write <label>...</label> around it\nerror 3:1 [a] 'question' has no label: add <label>...</label>\n" },
    { BODY("<note id=\"n\">N<label>L</label></note>"), "error 3:15 [n] 'label' stands behind a text: write either a text or elements\n" },
    { BODY("<section id=\"s\"><check>C</check></section>"), "error 3:17 [s] 'check' has no attribute 'that': add that=\"...\": an expression\n" },
    { BODY("<x:section xmlns:x=\"urn:x\"/>"), "error 3:1 [q] the element 'section' is of another namespace than the questionnaire: remove it, or its xmlns\n" },
    { BODY("<group><section id=\"s\" pge=\"all\"/></group>"),
      "error 3:1 [q] there is no element 'group' in 'questionnaire': here may stand title, description, parameter, choices, section, question, grid, roster, "
      "note, compute, check or end\nerror 3:24 [s] 'section' has no attribute 'pge': did you mean 'page'?\n" },
    { "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"1\" xml:lang=\"english language\" style=\"self paper\"><title/></questionnaire>",
      "error 1:83 [q] the attribute 'xml:lang' is 'english language': write a language such as en, bg or ar\n"
      "error 1:108 [q] the attribute 'style' is 'self paper': write interviewer or self\n" },
};
enum { N_FAULTS = sizeof FAULTS / sizeof FAULTS[0] };

Test(schema, faults_are_told_once_and_say_what_to_do)
{
    static collected c;
    for (size_t i = 0; i < N_FAULTS; i++) {
        cr_expect_eq(check(FAULTS[i].text, &c), SVY_E_INVALID, "%s", FAULTS[i].text);
        cr_expect_str_eq(c.text, FAULTS[i].said, "%s\n-- expected\n%s-- got\n%s", FAULTS[i].text, FAULTS[i].said, c.text);
    }
}

Test(schema, what_is_likely_meant_is_mended)
{
    static const char TEXT[] = BODY("<sectoin id=\"s\"><question id=\"a\" tpye=\"Single\" colour=\"x\"><label>A</label></question></sectoin>");
    static collected c;
    svy_error err = SVY_ERROR_INIT;
    svyi_schema *schema = NULL;
    svyi_xml_file file;
    svyi_faults faults;
    cr_assert_eq(svyi_schema_new(NULL, &schema, &err), SVY_OK);
    svyi_faults_init(&faults, NULL);
    cr_assert_eq(check_file(schema, TEXT, sizeof TEXT - 1, &c, &file, &faults), SVY_E_INVALID);
    const svyi_xml *section = file.root->last;
    cr_expect_str_eq(section->name, "section");
    cr_expect_str_eq(svyi_xml_get(section->first, "type"), "single");
    cr_expect_eq(section->first->n, 2);
    cr_expect_eq(svyi_faults_has(&faults, "q.xml", 3, "a"), 0, "nothing is left that could be told twice");
    svyi_faults_clear(&faults);
    svyi_xml_clear(&file);
    svyi_schema_free(schema);
}

Test(schema, there_is_an_end_to_the_problems)
{
    enum { MANY = 100000 };
    static collected c;
    char *text = malloc(sizeof HEAD + sizeof TITLE + sizeof TAIL + MANY * 24);
    char *at = text + sprintf(text, HEAD TITLE);
    for (int i = 0; i < MANY; i++)
        at += sprintf(at, "<x a='1' b='2'/>");
    strcpy(at, TAIL);
    svy_diags diags = { .report = NULL };
    svy_error err = SVY_ERROR_INIT;
    svyi_schema *schema = NULL;
    svyi_xml_file file;
    svyi_faults faults;
    (void)c;
    cr_assert_eq(svyi_schema_new(NULL, &schema, &err), SVY_OK);
    svyi_faults_init(&faults, NULL);
    cr_assert_eq(svyi_xml_parse(&file, NULL, "q", text, strlen(text), "urn:libsurvey:questionnaire:1", 0, NULL, &diags, &err), SVY_OK);
    cr_expect_eq(svyi_schema_check(schema, &file, &faults, &diags, &err), SVY_E_LIMIT);
    cr_expect_eq(diags.problems, 1001);
    svyi_faults_clear(&faults);
    svyi_xml_clear(&file);
    svyi_schema_free(schema);
    free(text);
}

Test(schema, nearest_name)
{
    static const char *const NAMES[] = { "single", "multiple", "text", "date", "datetime", "time", "id", "key" };
    static const struct { const char *typed, *meant; } CASES[] = {
        { "sigle", "single" }, { "SINGLE", "single" }, { "signle", "single" }, { "mutliple", "multiple" }, { "datetme", "datetime" },
        { "dat", "date" }, { "tmie", "time" }, { "x", NULL }, { "", NULL }, { "string", NULL }, { "integer", NULL },
        { "a name that is much longer than any of those", NULL },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *meant = svyi_near(CASES[i].typed, NAMES, sizeof NAMES / sizeof NAMES[0]);
        cr_expect_str_eq(meant ? meant : "-", CASES[i].meant ? CASES[i].meant : "-", "%s", CASES[i].typed);
    }
}

/* ---- the same verdict as libxml2 ---- */

static void silent(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

typedef struct judge { xmlRelaxNGPtr schema; } judge;

static void judge_open(judge *j)
{
    xmlSetStructuredErrorFunc(NULL, silent);
    xmlRelaxNGParserCtxtPtr parser = xmlRelaxNGNewParserCtxt(SVY_SOURCE_DIR "/questionnaires/questionnaire.rng");
    j->schema = xmlRelaxNGParse(parser);
    cr_assert_not_null(j->schema);
    xmlRelaxNGFreeParserCtxt(parser);
}

/* 1 valid, 0 not, -1 not well-formed */
static int judge_ask(const judge *j, const char *text, size_t len)
{
    xmlDocPtr doc = xmlReadMemory(text, (int)len, "q.xml", NULL, XML_PARSE_NONET);
    if (doc == NULL)
        return -1;
    xmlRelaxNGValidCtxtPtr ctxt = xmlRelaxNGNewValidCtxt(j->schema);
    xmlRelaxNGSetValidStructuredErrors(ctxt, silent, NULL);
    const int verdict = xmlRelaxNGValidateDoc(ctxt, doc) == 0;
    xmlRelaxNGFreeValidCtxt(ctxt);
    xmlFreeDoc(doc);
    return verdict;
}

enum { LINES = 64, ROOM = 8192 };

/* Some lines dropped, doubled or swapped; some names and values of attributes replaced. */
static size_t mutate(svyi_random *random, char *out)
{
    static const char *const WORDS[] = { "id", "type", "choices", "relevant", "count", "for", "min", "max", "source", "code", "that", "label", "required",
                                         "true", "single", "3", "0", "", "x y", "fixed", "all", "2026-02-29", "2026-02-28", "en", "keep", "1a", "note", "row" };
    const char *lines[LINES], *end = ALL + sizeof ALL - 1;
    size_t n = 0, len = 0;
    for (const char *at = ALL; at < end && n < LINES;) {
        lines[n++] = at;
        const char *next = memchr(at, '\n', (size_t)(end - at));
        at = next != NULL ? next + 1 : end;
    }
    const uint32_t kind = svyi_random_below(random, 4), from = 1 + svyi_random_below(random, (uint32_t)n - 2), to = 1 + svyi_random_below(random, (uint32_t)n - 2);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t pick = kind == 2 && i == from ? to : kind == 2 && i == to ? from : i;
        const size_t length = (size_t)((pick + 1 < n ? lines[pick + 1] : end) - lines[pick]);
        const int copies = kind == 0 && i == from ? 0 : kind == 1 && i == from ? 2 : 1;
        for (int k = 0; k < copies; k++) {
            memcpy(out + len, lines[pick], length);
            len += length;
        }
    }
    if (kind != 3)
        return len;
    /* kind 3: one word (a name, or a value) becomes another */
    size_t at = svyi_random_below(random, (uint32_t)len), stop;
    while (at > 0 && strchr(" \"<>/=\n", out[at]) == NULL)
        at--;
    stop = ++at;
    while (stop < len && strchr(" \"<>/=\n", out[stop]) == NULL)
        stop++;
    const char *word = WORDS[svyi_random_below(random, sizeof WORDS / sizeof WORDS[0])];
    memmove(out + at + strlen(word), out + stop, len - stop);
    memcpy(out + at, word, strlen(word));
    return len - (stop - at) + strlen(word);
}

Test(schema, libxml2_agrees)
{
    enum { RUNS = 5000 };
    static collected c;
    static char text[ROOM];
    svy_error err = SVY_ERROR_INIT;
    svyi_schema *schema = NULL;
    svyi_random random;
    judge j;
    int asked = 0, invalid = 0;
    judge_open(&j);
    cr_assert_eq(svyi_schema_new(NULL, &schema, &err), SVY_OK);
    for (size_t i = 0; i < N_FAULTS; i++)
        cr_expect_eq(judge_ask(&j, FAULTS[i].text, strlen(FAULTS[i].text)), 0, "%s", FAULTS[i].text);
    cr_expect_eq(judge_ask(&j, ALL, sizeof ALL - 1), 1);
    svyi_random_seed(&random, 20261122);
    for (int i = 0; i < RUNS; i++) {
        svyi_xml_file file;
        svyi_faults faults;
        const size_t len = mutate(&random, text);
        const int verdict = judge_ask(&j, text, len);
        svyi_faults_init(&faults, NULL);
        const svy_status st = check_file(schema, text, len, &c, &file, &faults);
        cr_expect_eq(st == SVY_E_SYNTAX ? -1 : st == SVY_OK, verdict, "run %d: we say '%s', libxml2 %d:\n%.*s", i, c.text, verdict, (int)len, text);
        svyi_faults_clear(&faults);
        svyi_xml_clear(&file);
        asked += verdict >= 0;
        invalid += verdict == 0;
    }
    cr_expect(asked > RUNS / 2 && invalid > RUNS / 10 && invalid < asked, "%d well-formed, %d of them invalid", asked, invalid);
    svyi_schema_free(schema);
    xmlRelaxNGFree(j.schema);
}

/* ---- schemas that are not read, and memory ---- */

Test(schema, a_schema_with_more_than_is_read_is_refused)
{
    static const char *const BAD[] = {
        "", "<grammar/>", "<a/>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"/>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"><start><ref name=\"x\"/></start></grammar>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"><start><interleave><text/></interleave></start></grammar>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"><include href=\"x\"/></grammar>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"><start><text/></start><start><text/></start></grammar>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"><start><data type=\"string\"><param name=\"length\">3</param></data></start></grammar>",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_schema *schema = NULL;
        cr_expect_eq(svyi_schema_read(NULL, BAD[i], strlen(BAD[i]), &schema, &err), SVY_E_FORMAT, "%s", BAD[i]);
        cr_expect_null(schema);
        cr_expect(err.message[0] != '\0', "%s", BAD[i]);
    }
}

static svy_status whole(const svy_alloc *alloc, const char *text)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_schema *schema = NULL;
    svyi_xml_file file;
    svyi_faults faults;
    svyi_faults_init(&faults, alloc);
    svy_status st = svyi_xml_parse(&file, alloc, "q", text, strlen(text), "urn:libsurvey:questionnaire:1", 0, NULL, NULL, &err);
    if (st == SVY_OK)
        st = svyi_schema_new(alloc, &schema, &err);
    if (st == SVY_OK)
        st = svyi_schema_check(schema, &file, &faults, NULL, &err);
    cr_expect(st == SVY_OK || err.message[0] != '\0');
    svyi_schema_free(schema);
    svyi_xml_clear(&file);
    svyi_faults_clear(&faults);
    return st;
}

Test(schema, every_allocation_failure_is_clean)
{
    const svy_alloc alloc = { failing, NULL };
    for (size_t n = 0;; n++) {
        countdown = n;
        const svy_status st = whole(&alloc, BODY("<sction id=\"s\"/><x/><question/>"));
        cr_assert_eq(live, 0, "failure %zu leaks", n);
        if (st == SVY_E_INVALID)
            break;
        cr_assert_eq(st, SVY_E_NOMEM, "failure %zu", n);
        cr_assert(n < 10000);
    }
}
