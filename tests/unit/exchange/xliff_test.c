/* XLIFF 1.2: what counts as a translation, what is left out, what is warned about. */
#include "collect.h"
#include <criterion/criterion.h>
#include <stdlib.h>

#define FILE_TAG(attributes) "<xliff version=\"1.2\" xmlns=\"urn:oasis:names:tc:xliff:document:1.2\">\n<file " attributes "><body>\n"
#define TAIL "</body></file></xliff>"
#define BG(units) FILE_TAG("original=\"q.xml\" source-language=\"en\" target-language=\"bg\"") units TAIL

static svy_builder *build(void)
{
    static const svy_attribute FORM[] = { { "id", "q", 1, 1 }, { "version", "1", 1, 1 }, { "xml:lang", "en", 1, 1 } };
    static const svy_attribute ASK[] = { { "id", "a", 2, 1 }, { "type", "integer", 2, 1 } };
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b = NULL;
    uint32_t form, ask;
    cr_assert_eq(svy_builder_new(NULL, "q.xml", &b, &err), SVY_OK);
    cr_assert_eq(svy_builder_add(b, 0, SVY_EL_QUESTIONNAIRE, FORM, 3, NULL, 1, &form, &err), SVY_OK);
    cr_assert_eq(svy_builder_text(b, form, SVY_TITLE, "Title", 1, &err), SVY_OK);
    cr_assert_eq(svy_builder_add(b, form, SVY_EL_QUESTION, ASK, 2, NULL, 2, &ask, &err), SVY_OK);
    cr_assert_eq(svy_builder_text(b, ask, SVY_LABEL, "How old?", 2, &err), SVY_OK);
    return b;
}

typedef struct result { svy_status status; collected said; char label[256]; uint32_t languages; } result;

/* Reads a translation, compiles, and looks at the label of `a` in Bulgarian ("" when the form is not in Bulgarian). */
static void translate_bytes(const char *xliff, size_t len, result *r)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { .report = collect, .user = &r->said };
    svy_builder *b = build();
    svy_form *f = NULL;
    void *block = NULL;
    size_t size;
    uint32_t item;
    r->said.len = 0;
    r->said.text[0] = r->label[0] = '\0';
    r->languages = 0;
    r->status = svy_xliff_read_memory(b, xliff, len, "bg.xlf", NULL, &diags, &err);
    cr_assert(r->status == SVY_OK || (err.code == r->status && err.message[0] != '\0'));
    if (r->status == SVY_OK) {
        const size_t before = r->said.len;
        svy_diags quiet = { .report = NULL };
        cr_assert_eq(svy_builder_compile(b, &quiet, &block, &size, &err), SVY_OK, "%s", err.message);
        r->said.text[before] = '\0';
        cr_assert_eq(svy_form_open(NULL, block, size, &f, &err), SVY_OK);
        r->languages = svy_form_languages(f);
        const int lang = svy_form_find_language(f, "bg");
        cr_assert(svy_form_find(f, "a", 1, &item));
        if (lang > 0)
            snprintf(r->label, sizeof r->label, "%s", svy_form_text(f, item, SVY_LABEL, (uint32_t)lang));
        svy_form_free(f);
        svy_block_free(NULL, block, size);
    }
    svy_builder_free(b);
}

static void translate(const char *xliff, result *r) { translate_bytes(xliff, strlen(xliff), r); }

#define UNIT(rest) "<trans-unit id=\"a/label\"><source>How old?</source>" rest "</trans-unit>\n"

static const struct { const char *xliff, *label, *said; } CASES[] = {
    { BG(UNIT("<target>На колко?</target>")), "На колко?", "" },
    { BG(UNIT("<target>\n   На\n   колко? </target>")), "На колко?", "" },
    { BG(UNIT("<target state=\"translated\">На колко?</target>")), "На колко?", "" },
    { BG(UNIT("<target state=\"final\">На колко?</target>")), "На колко?", "" },
    { BG("<group><group>" UNIT("<target>На колко?</target>") "</group></group>"), "На колко?", "" },
    { BG("<trans-unit id=\"a/label\"><note>n</note><source>\n How  old? </source><target>На колко?</target></trans-unit>"), "На колко?", "" },
    /* inline mark-up */
    { BG(UNIT("<target>На <g id=\"1\">колко <g id=\"2\">сте</g></g>?</target>")), "На колко сте?", "" },
    { BG(UNIT("<target><bpt id=\"1\">[</bpt>На<ept id=\"1\">]</ept> <ph id=\"2\">колко</ph><x id=\"3\"/>?</target>")), "[На] колко?", "" },
    { BG(UNIT("<target><mrk mtype=\"term\">На</mrk> <mrk mtype=\"term\">колко</mrk></target>")), "На колко", "" },
    { BG(UNIT("<target>На колко<x id=\"1\" equiv-text=\" години\"/>?</target>")), "На колко години?", "" },
    /* not translated */
    { BG(UNIT("")), "", "" },
    { BG(UNIT("<target/>")), "", "" },
    { BG(UNIT("<target>  \n </target>")), "", "" },
    { BG(UNIT("<target state=\"new\">How old?</target>")), "", "" },
    { BG(UNIT("<target state=\"needs-translation\">How old?</target>")), "", "" },
    { BG(UNIT("<alt-trans><target>Отдругаде</target></alt-trans>")), "", "" },
    /* warnings */
    { BG("<trans-unit><source>How old?</source><target>x</target></trans-unit>\n" UNIT("<target>На колко?</target>")), "На колко?",
      "warning 3:1 [] a trans-unit has no id and is not used: give it the id of the text that it translates\n" },
    { BG(UNIT("<target>На колко?</target>") UNIT("<target>Друго</target>")), "На колко?",
      "warning 4:1 [a/label] a trans-unit stands twice in the file: remove one; the first is used\n" },
    { "<xliff version=\"1.2\" xmlns=\"urn:oasis:names:tc:xliff:document:1.2\"/>", "", "warning 1:1 [] there is no <file> in it: add one with the translations\n" },
    /* other namespaces are no concern of ours */
    { BG("<o:x xmlns:o=\"urn:o\"/>" UNIT("<o:target xmlns:o=\"urn:o\">x</o:target><target>На колко?</target>")), "На колко?", "" },
};

Test(xliff, what_counts_as_a_translation)
{
    static result r;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        translate(CASES[i].xliff, &r);
        cr_expect_eq(r.status, SVY_OK, "%s: %s", CASES[i].xliff, r.said.text);
        const char *expected = CASES[i].label[0] != '\0' || r.languages < 2 ? CASES[i].label : "How old?";
        cr_expect_str_eq(r.label, expected, "%s", CASES[i].xliff);
        cr_expect_str_eq(r.said.text, CASES[i].said, "%s", CASES[i].xliff);
    }
}

#define BAD(text, said) { text, sizeof(text) - 1, said }
static const struct { const char *xliff; size_t len; const char *said; } REFUSED[] = {
    BAD("", "the file is empty"),
    BAD("<xliff/>", "this is not an XLIFF 1.2 file"),
    BAD("<xliff version=\"2.0\" xmlns=\"urn:oasis:names:tc:xliff:document:2.0\"/>", "this is not an XLIFF 1.2 file"),
    BAD("<!DOCTYPE xliff PUBLIC \"-//XLIFF//DTD XLIFF//EN\" \"http://127.0.0.1:9/xliff.dtd\"><xliff/>", "a DOCTYPE is not allowed"),
    BAD(FILE_TAG("source-language=\"en\"") TAIL, "does not say which language"),
    BAD(FILE_TAG("target-language=\"\"") TAIL, "does not say which language"),
    BAD(FILE_TAG("target-language=\"Bulgarian\"") TAIL, "is not a language"),
    BAD(BG(UNIT("<target>a</target")), "not closed"),
    BAD(BG(UNIT("<target>a\0b</target>")), "zero byte"),
    BAD(BG(UNIT("<target>\xFE</target>")), "not UTF-8"),
    BAD(BG(UNIT("<target>&nbsp;</target>")), "only &lt;"),
};

Test(xliff, refused)
{
    static result r;
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        translate_bytes(REFUSED[i].xliff, REFUSED[i].len, &r);
        cr_expect_eq(r.status, SVY_E_INVALID, "%s", REFUSED[i].said);
        cr_expect(strncmp(r.said.text, "error ", 6) == 0 && strchr(r.said.text, '\n') == r.said.text + r.said.len - 1, "%s", r.said.text);
        cr_expect(strstr(r.said.text, REFUSED[i].said) != NULL, "%s: %s", REFUSED[i].said, r.said.text);
    }
}

Test(xliff, cut_anywhere)
{
    static const char TEXT[] = BG(UNIT("<target>На <g id=\"1\">колко</g>?</target>"));
    static result r;
    for (size_t n = 0; n < sizeof TEXT - 1; n++) {
        translate_bytes(TEXT, n, &r);
        cr_expect_eq(r.status, SVY_E_INVALID, "at %zu", n);
    }
}

Test(xliff, limits)
{
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b = build();
    const svy_xml_limits limits = { sizeof limits, 10000, 8, 6, 50 };
    static const char DEEP[] = BG("<group><group><group><group><group><group></group></group></group></group></group></group>");
    static const char LONG[] = BG(UNIT("<target>01234567890123456789012345678901234567890123456789x</target>"));
    cr_expect_eq(svy_xliff_read_memory(b, DEEP, sizeof DEEP - 1, "f", &limits, NULL, &err), SVY_E_LIMIT, "%s", err.message);
    cr_expect_eq(svy_xliff_read_memory(b, LONG, sizeof LONG - 1, "f", &limits, NULL, &err), SVY_E_LIMIT, "%s", err.message);
    cr_expect_eq(svy_xliff_read_memory(NULL, LONG, sizeof LONG - 1, "f", &limits, NULL, &err), SVY_E_ARG);
    svy_builder_free(b);
}
