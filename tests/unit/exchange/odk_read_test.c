/* Questionnaire files of ODK forms: record, instances, properties, actions and texts by id arrive; the schema says what is wrong with them. */
#define _POSIX_C_SOURCE 200809L
#include "collect.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"1\" xml:lang=\"en\" expressions=\"odk\">\n"
#define TAIL "</questionnaire>"

typedef struct loaded { void *block; size_t size; svy_form *form; svy_status status; svy_error err; collected said; svy_diags diags; } loaded;

static void read_text(loaded *l, const char *xml)
{
    const svy_error fresh = SVY_ERROR_INIT;
    memset(l, 0, sizeof *l);
    l->err = fresh;
    l->diags = (svy_diags){ .report = collect, .user = &l->said };
    l->status = svy_questionnaire_read_memory(NULL, xml, strlen(xml), NULL, NULL, &l->diags, &l->block, &l->size, &l->err);
    if (l->status == SVY_OK)
        cr_assert_eq(svy_form_open(NULL, l->block, l->size, &l->form, &l->err), SVY_OK, "%s", l->err.message);
}

static void finish(loaded *l)
{
    svy_form_free(l->form);
    svy_block_free(NULL, l->block, l->size);
}

/* A tree as "name=text" with its depth as blanks. */
static const char *tree(const svy_form *f, uint32_t number)
{
    static char out[4096];
    uint32_t n;
    const svy_tree_node *nodes = svy_form_tree(f, number, &n);
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t p = nodes[i].parent; p != UINT32_MAX; p = nodes[p].parent)
            len += (size_t)snprintf(out + len, sizeof out - len, " ");
        len += (size_t)snprintf(out + len, sizeof out - len, "%s=%s\n", svy_form_name(f, nodes[i].name), svy_form_string(f, nodes[i].text));
    }
    return out;
}

Test(odk_read, record_as_it_stands)
{
    loaded l;
    read_text(&l, HEAD "<record>\n  <data id=\"f\" xmlns:orx=\"http://openrosa.org/xforms\" xmlns:jr=\"http://openrosa.org/javarosa\">\n"
                  "    <a> two  words </a><b><![CDATA[<x> & y]]></b><empty/>\n    <blank>   </blank>\n"
                  "    <r jr:template=\"\"><x>0</x></r><r><x>1</x></r><r><x>2</x></r>\n"
                  "    <orx:meta><orx:instanceID/></orx:meta>\n  </data>\n</record>\n"
                  "<question id=\"a\" type=\"text\"><label>A</label></question>\n<roster id=\"r\"><question id=\"x\" type=\"integer\"/></roster>\n"
                  "<section id=\"meta\" node=\"orx:meta\"><compute id=\"instanceID\" node=\"orx:instanceID\" type=\"text\" preload=\"uid\"/></section>\n" TAIL);
    cr_assert_eq(l.status, SVY_OK, "%s", l.said.text);
    cr_expect_str_eq(tree(l.form, 0), "data=\n @id=f\n @xmlns:orx=http://openrosa.org/xforms\n @xmlns:jr=http://openrosa.org/javarosa\n"
                     " a= two  words \n b=<x> & y\n empty=\n blank=\n r=\n  @jr:template=\n  x=0\n r=\n  x=1\n r=\n  x=2\n orx:meta=\n  orx:instanceID=\n");
    uint32_t x;
    cr_assert(svy_form_find(l.form, "x", 1, &x));
    uint32_t n;
    const svy_tree_node *nodes = svy_form_tree(l.form, 0, &n);
    cr_expect_str_eq(svy_form_string(l.form, nodes[svy_form_odk_item(l.form, x)->record].text), "1", "of the first entry that is no template");
    finish(&l);
}

Test(odk_read, instances_choices_and_texts)
{
    loaded l;
    read_text(&l, HEAD "<choices id=\"fruit\" code-name=\"code\">\n  <choice code=\"a b\">Apple<property name=\"season\"> autumn </property><property name=\"n\"/></choice>\n"
                  "  <choice code=\"c\"><label>Cherry</label><image>c.png</image></choice>\n</choices>\n"
                  "<choices id=\"none\"/>\n"
                  "<instance id=\"p\"><places xmlns=\"\"><place kind=\"town\"><n>Sofia</n>beside</place></places></instance>\n"
                  "<text id=\"/data/a:label\">By id</text><text id=\"b\"><label>B</label><audio>b.mp3</audio></text>\n"
                  "<question id=\"a\" type=\"single\" choices=\"fruit\"><label>A</label><guidance>More</guidance><required>Needed</required><big-image>big.png</big-image>\n"
                  "  <set node=\"${b}\" on=\"change\"/></question>\n<compute id=\"b\" type=\"text\"/>\n" TAIL);
    cr_assert_eq(l.status, SVY_OK, "%s", l.said.text);
    cr_expect_str_eq(l.said.text, "");
    cr_expect_str_eq(tree(l.form, 1), "places=\n @xmlns=\n place=\n  @kind=town\n  n=Sofia\n");
    cr_expect_str_eq(tree(l.form, 2), "root=\n item=\n  code=a b\n  label=Apple\n  season= autumn \n  n=\n item=\n  code=c\n  label=Cherry\n");
    cr_expect_str_eq(tree(l.form, 3), "root=\n");
    cr_expect_str_eq(svy_form_itext(l.form, "/data/a:label", 13, SVY_LABEL, 0), "By id");
    cr_expect_str_eq(svy_form_itext(l.form, "b", 1, SVY_AUDIO, 0), "b.mp3");
    cr_expect_str_eq(svy_form_choice_text(l.form, 1, 1, SVY_IMAGE, 0), "c.png");
    cr_expect_str_eq(svy_form_text(l.form, 1, SVY_BIG_IMAGE, 0), "big.png");
    cr_expect_str_eq(svy_form_text(l.form, 1, SVY_REQUIRED_TEXT, 0), "Needed");
    cr_expect_str_eq(svy_form_text(l.form, 1, SVY_GUIDANCE, 0), "More");
    cr_assert_eq(svy_form_sets(l.form), 1);
    cr_expect_eq(svy_form_set(l.form, 0)->target, 2);
    cr_expect_eq(svy_form_set(l.form, 0)->rule, 0, "clears");
    finish(&l);
}

Test(odk_read, kept_attributes)
{
    loaded l;
    read_text(&l, HEAD "<question id=\"a\" type=\"integer\" start=\"1\" end=\"9\" odk-save-to=\"height\"><label>A</label><set node=\"../b\" on=\"load change\" action=\"geopoint\"/></question>\n"
                  "<compute id=\"b\" type=\"geopoint\"/>\n" TAIL);
    cr_assert_eq(l.status, SVY_OK, "%s", l.said.text);
    cr_expect_str_eq(l.said.text, "note 2:130 [a] the action geopoint is not carried out here: it is kept when the questionnaire is written for other programs\n");
    const char *value;
    cr_expect_str_eq(svy_form_attribute(l.form, 1, "odk-save-to"), "height");
    cr_assert_eq(svy_form_attributes(l.form, 1), 4);
    cr_expect_str_eq(svy_form_attribute_at(l.form, 1, 3, &value), "action");
    cr_expect_str_eq(value, "geopoint b load change");
    cr_expect_str_eq(svy_form_attribute_at(l.form, 1, 4, &value), "");
    cr_expect_eq(svy_form_sets(l.form), 0);
    finish(&l);
}

Test(odk_read, instance_files)
{
    char folder[] = "survey-odk-XXXXXX", path[64], out[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(out, sizeof out, "%s/p.csv", folder);
    FILE *f = fopen(out, "wb");
    fputs("name,label\n1,One\n", f);
    fclose(f);
    snprintf(path, sizeof path, "%s/questionnaire.xml", folder);
    f = fopen(path, "wb");
    fputs(HEAD "<instance id=\"p\" source=\"p.csv\"/><instance id=\"gone\" source=\"gone.csv\"/>\n<question id=\"a\" type=\"text\"><label>A</label></question>" TAIL, f);
    fclose(f);
    loaded l = { .err = SVY_ERROR_INIT };
    l.diags = (svy_diags){ .report = collect, .user = &l.said };
    l.status = svy_questionnaire_read(NULL, path, NULL, &l.diags, &l.block, &l.size, &l.err);
    unlink(path);
    unlink(out);
    rmdir(folder);
    cr_assert_eq(l.status, SVY_OK, "%s", l.said.text);
    cr_assert_eq(svy_form_open(NULL, l.block, l.size, &l.form, &l.err), SVY_OK, "%s", l.err.message);
    cr_expect_str_eq(tree(l.form, 1), "root=\n item=\n  name=1\n  label=One\n");
    cr_expect_eq(l.diags.warnings, 1, "%s", l.said.text);
    cr_expect_eq(svy_form_trees(l.form), 3, "an empty list");
    finish(&l);
}

Test(odk_read, schema_says_what_is_wrong)
{
    static const struct { const char *inside, *said; } CASES[] = {
        { "<question id=\"a\" type=\"txt\"/>", "error 2:24 [a] the attribute 'type' is 'txt': did you mean 'text'? Allowed are single, multiple, ranking, integer, decimal, text, date, time, "
          "datetime, boolean, geopoint, geotrace, geoshape, photo, audio, video, file, barcode or acknowledge\n" },
        { "<note id=\"a\">N</note>", "error 2:1 [a] there is no element 'note' in 'questionnaire': here may stand title, choices, instance, record, text, section, question, "
          "roster, compute, check or set\n" },
        { "<record/>", "error 2:1 [q] 'record' is empty: put one element of any name into it\n" },
        { "<question id=\"a\" type=\"text\" odd=\"1\"/>", NULL },
        { "<question id=\"a\" type=\"text\"><set node=\"a\" on=\"change\" value=\"1\" action=\"geopoint\"/></question>",
          "error 2:30 [a] the attributes of 'set' do not go together: keep only one of value or action\n" },
        { "<instance id=\"x\"><a/><b/></instance>", NULL },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        static loaded l;
        char xml[2048];
        snprintf(xml, sizeof xml, HEAD "%s" TAIL, CASES[i].inside);
        read_text(&l, xml);
        cr_expect_eq(l.status, SVY_E_INVALID, "%s", CASES[i].inside);
        cr_expect_eq(l.diags.problems, 1, "%s", l.said.text);
        if (CASES[i].said != NULL)
            cr_expect_str_eq(l.said.text, CASES[i].said, "%s\n%s", CASES[i].inside, l.said.text);
        finish(&l);
    }
}

static svy_status add_bytes(void *user, const char *bytes, size_t len)
{
    char *out = user;
    const size_t there = strlen(out);
    memcpy(out + there, bytes, len);
    out[there + len] = '\0';
    return SVY_OK;
}

Test(odk_read, outlines)
{
    static loaded l;
    static char out[16384];
    svy_error err = SVY_ERROR_INIT;
    const svy_sink sink = { .user = out, .write = add_bytes };
    read_text(&l, HEAD "<title>Fruit</title><choices id=\"fruit\"><choice code=\"a\">Apple</choice></choices>\n"
                  "<question id=\"kind\" type=\"single\" choices=\"fruit\" itemset=\"instance('fruit')/root/item[name != 'b']\" readonly=\"${n} = 1\"><label>Which?</label>"
                  "<guidance>Any one</guidance><required>Say one</required><set node=\"${n}\" on=\"change\" value=\"2\"/></question>\n"
                  "<compute id=\"n\" type=\"integer\" preload=\"uid\"/>\n<roster id=\"r\" fixed=\"true\"><label>Trees</label><question id=\"h\" type=\"integer\"/></roster>" TAIL);
    cr_assert_eq(l.status, SVY_OK, "%s", l.said.text);
    cr_assert_eq(svy_form_outline(l.form, 0, &sink, &err), SVY_OK, "%s", err.message);
    cr_expect_str_eq(out, "Fruit\nq, version 1, in en\n\n* required; ${name} is the answer to name\n\n"
                     "kind  single  Which?\n    more help: Any one\n    said when it is missing: Say one\n    shown only when ${n} = 1\n"
                     "    choices: instance('fruit')/root/item[name != 'b']\n    when it changes, n becomes 2\n    list fruit\n      a  Apple\n"
                     "n  integer not asked\n    filled in: uid\n\nr  roster  Trees\n    as many entries as the record has\n  h  integer\n", "%s", out);
    out[0] = '\0';
    cr_assert_eq(svy_form_outline_json(l.form, 0, &sink, &err), SVY_OK, "%s", err.message);
    cr_expect_not_null(strstr(out, "\"node\": \"kind\", \"readonly_when\": \"${n} = 1\", \"itemset\": \"instance('fruit')/root/item[name != 'b']\", "
                                   "\"guidance\": \"Any one\", \"required_text\": \"Say one\", \"sets\": [{\"target\": \"n\", \"change\": true, \"value\": \"2\"}]"), "%s", out);
    finish(&l);
}

Test(odk_read, typed_files_have_none_of_it)
{
    static loaded l;
    read_text(&l, "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"1\" xml:lang=\"en\">\n<title>T</title>\n<record><a/></record>\n"
                  "<question id=\"a\" type=\"geotrace\"><label>A</label></question></questionnaire>");
    cr_expect_eq(l.status, SVY_E_INVALID);
    cr_expect_not_null(strstr(l.said.text, "there is no element 'record' in 'questionnaire'"), "%s", l.said.text);
    cr_expect_not_null(strstr(l.said.text, "the attribute 'type' is 'geotrace'"), "%s", l.said.text);
    finish(&l);
}
