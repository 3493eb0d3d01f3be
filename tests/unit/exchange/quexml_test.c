/* queXML as questionnaires: questions, grids, skips as conditions, and what is told. */
#include "collect.h"
#include "exchange/lss/quexml.h"
#include <criterion/criterion.h>
#include <stdio.h>

typedef struct result { svy_status status; collected said; svy_error err; svyi_native_files files; } result;

static void convert(result *r, const char *text, size_t len)
{
    svy_diags diags = { .report = collect, .user = &r->said };
    *r = (result){ .err = SVY_ERROR_INIT };
    r->status = svyi_quexml_to_native(NULL, text, len, "a.xml", NULL, &diags, &r->files, &r->err);
}

static void has(const char *text, const char *part) { cr_expect(strstr(text, part) != NULL, "missing: %s", part); }

Test(quexml, whole_file)
{
    static char bytes[1 << 14];
    result r;
    FILE *f = fopen(SVY_TEST_DATA "/fuzz/corpus/quexml/small.xml", "rb");
    cr_assert_not_null(f);
    const size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    convert(&r, bytes, n);
    cr_assert_eq(r.status, SVY_OK, "%s\n%s", r.err.message, r.said.text);
    static const char *const PARTS[] = {
        "<title>Shops and money</title>", "<label>Please tick one box.</label>", "<title>Shops</title>", "<instruction>Read aloud.</instruction>",
        "<question id=\"foot\" type=\"single\" choices=\"foot_answers\">", "<question id=\"where\" type=\"text\" relevant=\"${foot} = '1'\">",
        "<grid id=\"s\" type=\"single\" choices=\"s_answers\" relevant=\"not(${foot} = '2')\">", "<row id=\"s_bread\">",
        "<question id=\"buy\" type=\"multiple\" choices=\"buy_answers\" relevant=\"not(${foot} = '2')\">", "<question id=\"spent\" type=\"decimal\">",
        "<question id=\"when\" type=\"date\">", "<label>When and where? Place</label>", "<hint>not at all ... very much</hint>", "<hint>EUR</hint>"
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++)
        has(r.files.xml, PARTS[i]);
    has(r.said.text, "a skip leads to 'nowhere'");
    has(r.said.text, "investigators");
    svyi_native_files_clear(&r.files);
}

/* Skips over skips: every question between gets both conditions; a question without a name gets one. */
Test(quexml, skips)
{
    static const char FILE_TEXT[] = "<questionnaire id='1'><title>t</title><section>"
        "<question><text>A</text><response varName='a'><fixed><category><label>1</label><value>1</value><skipTo>d</skipTo></category><category><label>2</label><value>2</value></category></fixed></response></question>"
        "<question><text>B</text><response varName='b'><fixed><category><label>1</label><value>1</value><skipTo>d</skipTo></category><category><label>2</label><value>2</value></category></fixed></response></question>"
        "<question><text>C</text><response varName='c'><free><format>integer</format></free></response></question>"
        "<question><text>D</text><response><free><format>longtext</format></free></response><response varName='d'><free><format>text</format></free></response></question>"
        "<question><text>E</text><response varName='e'><fixed><category><label>1</label><value>1</value><skipTo>a</skipTo></category></fixed></response></question></section></questionnaire>";
    result r;
    convert(&r, FILE_TEXT, sizeof FILE_TEXT - 1);
    cr_assert_eq(r.status, SVY_OK, "%s\n%s", r.err.message, r.said.text);
    has(r.files.xml, "<question id=\"b\" type=\"single\" choices=\"b_answers\" relevant=\"not(${a} = '1')\">");
    has(r.files.xml, "<question id=\"c\" type=\"integer\" relevant=\"(not(${a} = '1')) and not(${b} = '1')\">");
    has(r.files.xml, "<question id=\"d\" type=\"text\">");
    has(r.said.text, "[e] a skip leads to 'a', which does not follow");
    svyi_native_files_clear(&r.files);
}

Test(quexml, other_files)
{
    static const char *const FILES[] = { "", "<a/>", "<questionnaire id='1'/>", "<!DOCTYPE questionnaire []><questionnaire/>" };
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        result r;
        convert(&r, FILES[i], strlen(FILES[i]));
        cr_expect_eq(r.status, SVY_E_INVALID, "case %zu", i);
        cr_expect(r.said.len > 0 && r.files.xml == NULL);
        svyi_native_files_clear(&r.files);
    }
}
