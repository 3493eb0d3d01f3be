/* LimeSurvey's .lss as questionnaires: types, lists, grids, conditions, languages, and what is told. The files are hand-made after LimeSurvey's tables. */
#include "collect.h"
#include "exchange/lss/lss.h"
#include "failing.h"
#include <criterion/criterion.h>
#include <stdio.h>

typedef struct result { svy_status status; collected said; svy_error err; svyi_native_files files; } result;

static char bytes[1 << 17];

static size_t load(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/fuzz/corpus/lss/%s", SVY_TEST_DATA, name);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    const size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    return n;
}

static void convert(result *r, const char *text, size_t len)
{
    svy_diags diags = { .report = collect, .user = &r->said };
    *r = (result){ .err = SVY_ERROR_INIT };
    r->status = svyi_lss_to_native(NULL, text, len, "a.lss", NULL, &diags, &r->files, &r->err);
}

static void has(const char *text, const char *part) { cr_expect(strstr(text, part) != NULL, "missing: %s", part); }

Test(lss, texts_in_rows)
{
    result r;
    convert(&r, bytes, load("texts-in-rows.lss"));
    cr_assert_eq(r.status, SVY_OK, "%s\n%s", r.err.message, r.said.text);
    static const char *const PARTS[] = {
        "xml:lang=\"en\"", "<title>Work and help</title>", "<choice code=\"A1\">Yes</choice>", "<choice code=\"b\" exclusive=\"true\">An office</choice>",
        "<choice code=\"-oth-\" other=\"true\">", "<question id=\"Q1\" type=\"single\" choices=\"Q1_answers\" required=\"true\">",
        "<question id=\"hours\" type=\"integer\" relevant=\"((${Q1} = 'A1'))\">", "<check that=\". &lt;= 98\">", "<check that=\". &lt;= 60 or ${Q1} = 'A2'\">Is that so?</check>",
        "<question id=\"help\" type=\"multiple\"", "<label>Who helped you ?</label>", "<check that=\"count-selected(.) &lt;= 2\">",
        "<section id=\"group_2\" relevant=\"${Q1} = 'A1'\">", "<grid id=\"sat\" type=\"single\" choices=\"sat_answers\" relevant=\"selected(${help}, 'b') or not(selected(${help}, 'a'))\">",
        "<row id=\"sat_time\" relevant=\"${hours} > 10\">", "<compute id=\"year\" type=\"decimal\" value=\"${hours} * 52\">", "<note id=\"bye\">",
        "<check that=\"regex(., '^.+@.+$')\">", "<grid id=\"dual_1\"", "<row id=\"nums_r1_c1\">", "<question id=\"rank\" type=\"ranking\"", "<question id=\"day\" type=\"date\"",
        "<choice code=\"x_y\">", "<choice code=\"x_y2\">"
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++)
        has(r.files.xml, PARTS[i]);
    static const char *const SAID[] = { "[late] a condition", "[odd] a question of the kind '?'", "conditions of the old kind", "[none] the question has no answers" };
    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++)
        has(r.said.text, SAID[i]);
    cr_assert_eq(r.files.n, 1);
    cr_expect_str_eq(r.files.translations[0].lang, "bg");
    has(r.files.translations[0].text, "<trans-unit id=\"Q1/label\">\n        <source>Do you work?</source>\n        <target>Работите ли?</target>");
    has(r.files.translations[0].text, "<trans-unit id=\"help_answers/a\">");
    svyi_native_files_clear(&r.files);
}

Test(lss, texts_in_tables_of_their_own)
{
    result r;
    convert(&r, bytes, load("texts-apart.lss"));
    cr_assert_eq(r.status, SVY_OK, "%s\n%s", r.err.message, r.said.text);
    has(r.files.xml, "<label>Arbeiten Sie?</label>");
    has(r.files.xml, "<choice code=\"2\">Nein</choice>");
    has(r.files.xml, "<grid id=\"G1Q2\" type=\"single\" choices=\"G1Q2_answers\" relevant=\"${G1Q1} = '1'\" required=\"true\">");
    has(r.files.xml, "<hint>Ein Kreuz je Zeile</hint>");
    has(r.said.text, "softly mandatory");
    cr_expect_eq(r.files.n, 0);
    svyi_native_files_clear(&r.files);
}

/* A survey of two yes-no questions, a number and a text; the text has the condition that is tried. */
#define SURVEY(relevance, wording) "<document><LimeSurveyDocType>Survey</LimeSurveyDocType><groups><rows><row><gid>1</gid><group_name>G</group_name><language>en</language></row></rows></groups>" \
    "<questions><rows>" QUESTION("1", "Y", "a", "1", "A") QUESTION("2", "N", "n", "1", "N") QUESTION("3", "M", "m", "1", "M") QUESTION("4", "T", "t", relevance, wording) \
    "</rows></questions><subquestions><rows><row><qid>5</qid><parent_qid>3</parent_qid><gid>1</gid><title>x</title><question>X</question><language>en</language></row></rows></subquestions>" \
    "<surveys><rows><row><sid>9</sid><language>en</language></row></rows></surveys></document>"
#define QUESTION(qid, type, title, relevance, wording) "<row><qid>" qid "</qid><parent_qid>0</parent_qid><gid>1</gid><type>" type "</type><title>" title "</title><question>" wording \
    "</question><language>en</language><question_order>" qid "</question_order><relevance><![CDATA[" relevance "]]></relevance></row>"

Test(lss, conditions)
{
    static const struct { const char *survey, *relevant; } CASES[] = {
        { SURVEY("a == \"Y\"", "T"), "${a} = 'Y'" },
        { SURVEY("a.NAOK != 'N'", "T"), "not(${a} = 'N')" },
        { SURVEY("n > \"3\" && n le 5", "T"), "${n} > 3 and ${n} &lt;= 5" },
        { SURVEY("n == '3'", "T"), "${n} = 3" },
        { SURVEY("!is_empty(n)", "T"), "not(not(answered(${n})))" },
        { SURVEY("a == ''", "T"), "not(answered(${a}))" },
        { SURVEY("n != \"\"", "T"), "answered(${n})" },
        { SURVEY("m_x == \"Y\" or 9X1X3x == ''", "T"), "selected(${m}, 'x') or not(selected(${m}, 'x'))" },
        { SURVEY("9X1X1 == 'Y'", "T"), "${a} = 'Y'" },
        { SURVEY("sum(n, 2) * 3 - 1 >= 4 / 2", "T"), "(${n} + 2) * 3 - 1 >= 4 div 2" },
        { SURVEY("if(a == 'Y', 1, 2) == 1", "T"), "if(${a} = 'Y', 1, 2) = 1" },
        { SURVEY("n > 1 or (n < 0 and a == 'N')", "T"), "${n} > 1 or (${n} &lt; 0 and ${a} = 'N')" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        result r;
        char part[256];
        convert(&r, CASES[i].survey, strlen(CASES[i].survey));
        cr_assert_eq(r.status, SVY_OK, "case %zu: %s\n%s", i, r.err.message, r.said.text);
        snprintf(part, sizeof part, "<question id=\"t\" type=\"text\" relevant=\"%s\">", CASES[i].relevant);
        cr_expect(strstr(r.files.xml, part) != NULL, "case %zu: %s is not in\n%s\n%s", i, part, r.files.xml, r.said.text);
        svyi_native_files_clear(&r.files);
    }
}

Test(lss, conditions_that_cannot_be_expressed)
{
    static const char *const SURVEYS[] = { SURVEY("unknown == 1", "T"), SURVEY("date('Y') > 2", "T"), SURVEY("n >", "T"), SURVEY("(n > 1", "T"), SURVEY("t == 'x'", "T"),
                                           SURVEY("a == 'no such code'", "T"), SURVEY("n + 1", "T"), SURVEY("a.shown == 'Yes'", "T") };
    for (size_t i = 0; i < sizeof SURVEYS / sizeof SURVEYS[0]; i++) {
        result r;
        convert(&r, SURVEYS[i], strlen(SURVEYS[i]));
        cr_assert_eq(r.status, SVY_OK, "case %zu: %s\n%s", i, r.err.message, r.said.text);
        cr_expect(strstr(r.files.xml, "relevant") == NULL, "case %zu: %s", i, r.files.xml);
        cr_expect(strstr(r.said.text, "warning") != NULL && strstr(r.said.text, "[t]") != NULL, "case %zu: %s", i, r.said.text);
        svyi_native_files_clear(&r.files);
    }
}

Test(lss, answers_in_wordings)
{
    static const char SHOWN[] = SURVEY("1", "You said {n.NAOK}, {TOKEN:NAME}, ${n}, {t}.");
    result r;
    convert(&r, SHOWN, sizeof SHOWN - 1);
    cr_assert_eq(r.status, SVY_OK, "%s\n%s", r.err.message, r.said.text);
    has(r.files.xml, "You said ${n}, {TOKEN:NAME}, $ ${n}, {t}.");
    has(r.said.text, "{TOKEN:NAME}");
    svyi_native_files_clear(&r.files);
}

Test(lss, other_files)
{
    static const char *const FILES[] = { "", "<document/>", "<questionnaire/>", "<!DOCTYPE document []><document/>" };
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        result r;
        convert(&r, FILES[i], strlen(FILES[i]));
        cr_expect_eq(r.status, SVY_E_INVALID, "case %zu", i);
        cr_expect(r.said.len > 0 && r.files.xml == NULL);
        svyi_native_files_clear(&r.files);
    }
}

Test(lss, every_allocation_may_fail)
{
    const svy_alloc alloc = { failing, NULL };
    const size_t len = load("texts-in-rows.lss");
    size_t step = 1;
    for (size_t n = 0;; n += step, step += n / 400) {
        svyi_native_files files;
        svy_error err = SVY_ERROR_INIT;
        countdown = n;
        live = 0;
        const svy_status st = svyi_lss_to_native(&alloc, bytes, len, "a.lss", NULL, NULL, &files, &err);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "after %zu: %d %s", n, (int)st, err.message);
        svyi_native_files_clear(&files);
        cr_assert_eq(live, 0, "after %zu: %zu pieces are left", n, live);
        if (st == SVY_OK)
            break;
    }
}
