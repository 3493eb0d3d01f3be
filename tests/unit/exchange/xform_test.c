/* XForms: what every part of a form becomes, told in native XML; what is told, what is refused; files of lists beside the form. */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/instance/instance.h"
#include "native_text.h"

#define FORM(model, body) \
    "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\" " \
    "xmlns:orx=\"http://openrosa.org/xforms\" xmlns:odk=\"http://www.opendatakit.org/xforms\" xmlns:ev=\"http://www.w3.org/2001/xml-events\">" \
    "<h:head><h:title>T</h:title><model>" model "</model></h:head><h:body>" body "</h:body></h:html>"
#define RECORD(nodes) "<instance><data id=\"f\" version=\"1\">" nodes "</data></instance>"

static native_text t;

static void read_form(const char *xml) { native_text_make(&t, "form.xml", xml, strlen(xml), NULL); }

static void has(const char *text) { cr_assert(strstr(t.native.data, text) != NULL, "no '%s' in:\n%s\n%s", text, t.native.data, t.said.text); }
static void has_not(const char *text) { cr_assert(strstr(t.native.data, text) == NULL, "'%s' in:\n%s", text, t.native.data); }
static void says(const char *text) { cr_assert(strstr(t.said.text, text) != NULL, "no '%s' in:\n%s", text, t.said.text); }

Test(xform, types_come_from_control_and_bind)
{
    static const struct { const char *control, *bind, *type; } CASES[] = {
        { "<input ref=\"/data/a\"/>", "", "type=\"text\"/>" },
        { "<input ref=\"/data/a\"/>", "type=\"string\"", "type=\"text\"/>" },
        { "<input ref=\"/data/a\"/>", "type=\"int\"", "type=\"integer\"/>" },
        { "<input ref=\"/data/a\"/>", "type=\"xsd:int\"", "type=\"integer\"/>" },
        { "<input ref=\"/data/a\"/>", "type=\"dateTime\"", "type=\"datetime\"/>" },
        { "<input ref=\"/data/a\"/>", "type=\"geotrace\"", "type=\"geotrace\"/>" },
        { "<input ref=\"/data/a\"/>", "type=\"boolean\"", "type=\"text\" bind-type=\"boolean\"/>" },
        { "<input ref=\"/data/a\"/>", "type=\"barcode\"", "type=\"barcode\"/>" },
        { "<upload ref=\"/data/a\" mediatype=\"image/*\"/>", "type=\"binary\"", "type=\"photo\" mediatype=\"image/*\"/>" },
        { "<upload ref=\"/data/a\" mediatype=\"video/*\"/>", "type=\"binary\"", "type=\"video\"" },
        { "<upload ref=\"/data/a\" mediatype=\"osm/*\"/>", "type=\"binary\"", "type=\"file\"" },
        { "<trigger ref=\"/data/a\"/>", "type=\"string\"", "type=\"acknowledge\"/>" },
        { "<range ref=\"/data/a\" start=\"1\" end=\"5\" step=\"1\"/>", "type=\"int\"", "type=\"integer\" start=\"1\" end=\"5\" step=\"1\"/>" },
        { "<odk:rank ref=\"/data/a\"><item><label>x</label><value>x</value></item></odk:rank>", "type=\"odk:rank\"", "type=\"ranking\" choices=\"a_choices\"/>" },
        { "<secret ref=\"/data/a\"/>", "", "type=\"text\"/>" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char form[2000], wanted[200];
        snprintf(form, sizeof form, FORM(RECORD("<a/>") "<bind nodeset=\"/data/a\" %s/>", "%s"), CASES[i].bind, CASES[i].control);
        snprintf(wanted, sizeof wanted, "<question id=\"a\" %s", CASES[i].type);
        read_form(form);
        cr_assert_eq(t.status, SVY_OK);
        has(wanted);
        native_text_clear(&t);
    }
}

Test(xform, a_leaf_without_control_is_a_compute)
{
    read_form(FORM(RECORD("<a/><g><b/></g>") "<bind nodeset=\"/data/a\" type=\"int\" calculate=\"1 + 1\" jr:preload=\"timestamp\" jr:preloadParams=\"end\"/>", ""));
    has("<compute id=\"a\" type=\"integer\" value=\"1 + 1\" preload=\"timestamp end\"/>");
    has("<section id=\"g\">\n    <compute id=\"b\" type=\"text\"/>\n  </section>");
    native_text_clear(&t);
}

Test(xform, binds_become_attributes_checks_and_messages)
{
    read_form(FORM(RECORD("<a/>") "<bind nodeset=\"/data/a\" required=\"true()\" jr:requiredMsg=\"Say it\" readonly=\"1 = 2\" relevant=\"3 &gt; 2\" "
                                  "constraint=\". &lt; 3\" jr:constraintMsg=\"Too much\"/>", "<input ref=\"/data/a\"><label>A</label></input>"));
    has("relevant=\"3 > 2\" required=\"true()\" readonly=\"1 = 2\" type=\"text\"");
    has("<required>Say it</required>");
    has("<check that=\". &lt; 3\">Too much</check>");
    native_text_clear(&t);
    read_form(FORM(RECORD("<a/>") "<bind nodeset=\"/data/zz\" type=\"int\"/>", ""));
    says("warning 1:");
    says("a bind is for a node that the record does not have: /data/zz");
    native_text_clear(&t);
}

Test(xform, nodes_are_found_by_relative_paths_binds_and_attributes)
{
    read_form(FORM(RECORD("<g><a/><b/></g><e x=\"1\"><n/></e>") "<bind id=\"bb\" nodeset=\"/data/g/b\" type=\"int\"/><bind nodeset=\"/data/e/@x\" calculate=\"2\"/>",
                   "<group ref=\"/data/g\"><label>G</label><input ref=\"a\"/><input bind=\"bb\"/></group>"));
    has("<section id=\"g\">\n    <title>G</title>\n    <question id=\"a\" type=\"text\"/>\n    <question id=\"b\" type=\"integer\"/>");
    has("<compute id=\"x\" node=\"@x\" type=\"text\" value=\"2\"/>");
    native_text_clear(&t);
}

Test(xform, items_stand_in_the_order_of_the_body_and_computes_behind_what_they_follow)
{
    read_form(FORM(RECORD("<first/><a/><c1/><b/><c2/>"), "<input ref=\"/data/b\"/><input ref=\"/data/a\"/>"));
    const char *const order[] = { "\"first\"", "id=\"b\"", "\"c2\"", "id=\"a\"", "\"c1\"" };
    for (size_t i = 0; i + 1 < sizeof order / sizeof order[0]; i++)
        cr_assert_lt(strstr(t.native.data, order[i]), strstr(t.native.data, order[i + 1]), "%s", t.native.data);
    has("<record>\n    <data id=\"f\" version=\"1\">\n      <first/>\n      <a/>\n      <c1/>");
    native_text_clear(&t);
}

Test(xform, groups_without_a_node_are_sections_without_one)
{
    read_form(FORM(RECORD("<a/><b/><c/>"), "<group appearance=\"field-list\"><label>G</label><input ref=\"/data/a\"/><input ref=\"/data/b\"/></group><input ref=\"/data/c\"/>"));
    has("<section id=\"group\" node=\"\" appearance=\"field-list\">\n    <title>G</title>\n    <question id=\"a\" type=\"text\"/>\n    <question id=\"b\" type=\"text\"/>\n  </section>\n"
        "  <question id=\"c\"");
    native_text_clear(&t);
}

Test(xform, repeats_are_rosters)
{
    read_form(FORM(RECORD("<r jr:template=\"\"><a>x</a></r><r><a/></r><n/>"),
                   "<group ref=\"/data/r\"><label>R</label><repeat nodeset=\"/data/r\" jr:count=\" /data/n \" jr:noAddRemove=\"true()\"><input ref=\"/data/r/a\"/>"
                   "<setvalue ev:event=\"odk-new-repeat\" ref=\"/data/r/a\" value=\"position(..)\"/></repeat></group>"));
    has("<roster id=\"r\" count=\"/data/n\" fixed=\"true\">\n    <label>R</label>\n    <set node=\"${a}\" on=\"new-entry\" value=\"position(..)\"/>\n    <question id=\"a\"");
    has("<r jr:template=\"\">\n        <a>x</a>\n      </r>\n      <r>\n        <a/>");
    native_text_clear(&t);
    read_form(FORM(RECORD("<r><a/></r>"), "<group><label>R</label><repeat nodeset=\"/data/r\"><input ref=\"/data/r/a\"/></repeat></group>"));
    has("<roster id=\"r\">\n    <label>R</label>\n    <question");
    native_text_clear(&t);
}

Test(xform, a_count_of_entries_by_the_entries_is_told)
{
    read_form(FORM(RECORD("<r><a/></r>"), "<group><repeat nodeset=\"/data/r\" jr:count=\"count(/data/r)\"><input ref=\"/data/r/a\"/></repeat></group>"));
    says("worked out from the entries themselves (/data/r)");
    native_text_clear(&t);
    read_form(FORM(RECORD("<r><a/></r><n/>") "<bind nodeset=\"/data/n\" calculate=\"count(/data/r) + 1\"/>",
                   "<group><repeat nodeset=\"/data/r\" jr:count=\"/data/n\"><input ref=\"/data/r/a\"/></repeat></group>"));
    says("let the number come from a question outside of the repeat");
    native_text_clear(&t);
    read_form(FORM(RECORD("<r><a/></r><r2/>") "<bind nodeset=\"/data/r2\" type=\"int\"/>",
                   "<group><repeat nodeset=\"/data/r\" jr:count=\"/data/r2\"><input ref=\"/data/r/a\"/></repeat></group>"));
    cr_assert(strstr(t.said.text, "entries") == NULL, "%s", t.said.text);
    native_text_clear(&t);
}

Test(xform, ids_are_made_unique_and_legal)
{
    read_form(FORM(RECORD("<a><x/></a><b><x/></b><X/><n.o/><orx:meta><orx:instanceID/></orx:meta><\xC3\xA9/>"), ""));
    has("<compute id=\"x\" type");
    has("<compute id=\"b_x\" node=\"x\"");
    has("<compute id=\"X_2\" node=\"X\"");
    has("<compute id=\"n_o\" node=\"n.o\"");
    has("<section id=\"meta\" node=\"orx:meta\">\n    <compute id=\"instanceID\" node=\"orx:instanceID\"");
    has("node=\"\xC3\xA9\"");
    has("<data id=\"f\" version=\"1\" xmlns:orx=\"http://openrosa.org/xforms\">");
    native_text_clear(&t);
}

Test(xform, texts_have_outputs_line_ends_and_what_only_looks_like_an_expression)
{
    read_form(FORM(RECORD("<a/>"), "<input ref=\"/data/a\"><label> One  two\n three <output value=\" /data/a \"/> <output ref=\"b\"/>, ${no} </label><hint ref=\"/data/a\"/></input>"));
    has("<label>One two&#x2028;three ${/data/a} ${./b}, ${'$'}{no}</label>");
    has("<hint>${/data/a}</hint>");
    native_text_clear(&t);
}

Test(xform, itext_becomes_texts_and_translations)
{
    read_form(FORM("<itext><translation lang=\"Espa\xC3\xB1ol\"><text id=\"a\"><value>Uno</value></text><text id=\"h\"><value>Ayuda</value></text></translation>"
                   "<translation lang=\"English (en)\" default=\"true()\"><text id=\"a\"><value>One</value><value form=\"image\">jr://images/1.png</value></text>"
                   "<text id=\"h\"><value>Help</value><value form=\"guidance\">More</value></text></translation>"
                   "<translation lang=\"Martian\"><text id=\"a\"><value>Xx</value></text></translation></itext>" RECORD("<a/>"),
                   "<input ref=\"/data/a\"><label ref=\"jr:itext('a')\"/><hint ref=\"jr:itext('h')\"/></input>"));
    has("xml:lang=\"en\" expressions=\"odk\" compat=\"strict\" language-names=\"en English (en); es Espa\xC3\xB1ol; qaa-x-martian Martian\"");
    has("<label>One</label>\n    <hint>Help</hint>\n    <guidance>More</guidance>\n    <image>jr://images/1.png</image>");
    cr_assert(strstr(t.xliff.data, "target-language=\"es\"") != NULL && strstr(t.xliff.data, "<target>Ayuda</target>") != NULL, "%s", t.xliff.data);
    cr_assert(strstr(t.xliff.data, "<trans-unit id=\"a/label\">\n        <source>One</source>\n        <target>Xx</target>") != NULL, "%s", t.xliff.data);
    native_text_clear(&t);
}

Test(xform, a_text_that_itext_does_not_have_is_told)
{
    read_form(FORM("<itext><translation lang=\"en\"><text id=\"a\"><value>One</value></text></translation></itext>" RECORD("<a/>"),
                   "<input ref=\"/data/a\"><label ref=\"jr:itext('b')\"/></input>"));
    cr_assert_eq(t.status, SVY_OK);
    says("there is no text 'b' in itext");
    native_text_clear(&t);
}

#define YN "<root><item><name>y</name><label>Yes</label><w>1</w></item><item><name>n</name><label>No</label></item></root>"

Test(xform, plain_instances_are_lists_others_stay)
{
    read_form(FORM(RECORD("<a/>") "<instance id=\"yn\">" YN "</instance><instance id=\"t\"><rows><x y=\"1\">2</x></rows></instance>",
                   "<select1 ref=\"/data/a\"><itemset nodeset=\"randomize(instance('yn')/root/item[w = 1], 7)\"><value ref=\"name\"/><label ref=\"label\"/></itemset></select1>"));
    has("<choices id=\"yn\">\n    <choice code=\"y\">\n      <label>Yes</label>\n      <property name=\"w\">1</property>\n    </choice>\n    <choice code=\"n\">No</choice>");
    has("<instance id=\"t\">\n    <rows>\n      <x y=\"1\">2</x>\n    </rows>");
    has("<question id=\"a\" type=\"single\" choices=\"yn\" itemset=\"randomize(instance('yn')/root/item[w = 1], 7)\"/>");
    native_text_clear(&t);
}

Test(xform, instances_that_no_select_uses_whole_stay_as_they_are)
{
    read_form(FORM(RECORD("<a/>") "<instance id=\"yn\">" YN "</instance>",
                   "<select ref=\"/data/a\"><itemset nodeset=\"instance('yn')/root/item/w\"><value ref=\".\"/></itemset></select>"));
    has("<instance id=\"yn\">");
    has("type=\"multiple\" itemset=\"instance('yn')/root/item/w\" code=\".\" label-from=\"\"/>");
    has_not("<choices");
    native_text_clear(&t);
}

Test(xform, items_in_selects_are_lists_and_the_same_ones_are_one_list)
{
#define ITEMS "<item><label>Yes</label><value>y</value></item><item><label>No</label><value>n</value></item>"
    read_form(FORM(RECORD("<a/><b/><c/>"), "<select1 ref=\"/data/a\">" ITEMS "</select1><select1 ref=\"/data/b\">" ITEMS "</select1>"
                                           "<select ref=\"/data/c\"><item><label>Maybe</label><value>m</value></item></select>"));
    has("<question id=\"a\" type=\"single\" choices=\"a_choices\"/>\n  <question id=\"b\" type=\"single\" choices=\"a_choices\"/>\n  <question id=\"c\" type=\"multiple\" choices=\"c_choices\"/>");
    native_text_clear(&t);
}

Test(xform, actions_say_when_and_what)
{
    read_form(FORM(RECORD("<a/><b/>") "<setvalue event=\"odk-instance-first-load odk-instance-load\" ref=\"/data/a\" value=\"uuid()\"/>"
                                      "<odk:setgeopoint event=\"xforms-ready\" ref=\"/data/b\"/><setvalue event=\"other\" ref=\"/data/a\"/>",
                   "<input ref=\"/data/a\"><setvalue ev:event=\"xforms-value-changed\" ref=\"/data/b\">it's</setvalue><setvalue event=\"xforms-value-changed\" ref=\"/data/b\"/></input>"));
    has("<set node=\"${a}\" on=\"first-load load\" value=\"uuid()\"/>");
    has("<set node=\"${b}\" on=\"first-load\" action=\"geopoint\"/>");
    has("<set node=\"${b}\" on=\"change\" value=\"&quot;it's&quot;\"/>\n    <set node=\"${b}\" on=\"change\"/>");
    says("the event 'other' does not happen here");
    native_text_clear(&t);
}

Test(xform, what_is_no_form_is_refused_in_words)
{
    static const struct { const char *xml, *says; } CASES[] = {
        { "<h:html xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:head/><h:body/></h:html>", "the form has no model" },
        { "<h:html xmlns:h=\"u\"><h:head><model/></h:head><h:body/></h:html>", "the model has no primary instance" },
        { "<h:html xmlns:h=\"u\"><h:head><model><instance><a/></instance></model></h:head></h:html>", "the form has no body" },
        { "<!DOCTYPE html [<!ENTITY a \"b\">]><html/>", "a DOCTYPE is not allowed" },
        { "<h:html xmlns:h=\"u\"><h:head>", "the file ends inside" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        read_form(CASES[i].xml);
        cr_assert_eq(t.status, SVY_E_INVALID);
        says(CASES[i].says);
        native_text_clear(&t);
    }
}

Test(xform, compat_is_read_from_the_model)
{
    read_form("<h:html xmlns:h=\"u\"><h:head><model xmlns:svy=\"urn:libsurvey:questionnaire:1\" svy:compat=\"web\"><instance><a id=\"a\"/></instance></model></h:head><h:body/></h:html>");
    has("compat=\"web\"");
    native_text_clear(&t);
}

/* ---- files beside the form ---- */

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/xform_test.XXXXXX");
    cr_assert_neq(mkdtemp(folder), NULL);
    strcat(folder, "/");
}

static void write_file(const char *name, const char *bytes, size_t len)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", folder, name);
    FILE *f = fopen(path, "wb");
    cr_assert_neq(f, NULL);
    cr_assert_eq(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static void remove_folder(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

/* The list in a file, as the item elements that it becomes; `said` when it is refused. */
static void read_list(const char *name, const char *bytes, size_t len)
{
    svyi_reader r;
    svyi_gate g;
    svy_diags diags = { .report = collect, .user = &t.said };
    svy_error err = SVY_ERROR_INIT;
    t.said.len = 0;
    t.said.text[0] = '\0';
    svyi_buffer_init(&t.native, NULL);
    svyi_buffer_init(&t.xliff, NULL);
    svyi_buffer_text(&t.native, "");
    svyi_reader_begin(&r, NULL, NULL, &g, &diags, &err);
    r.source = "form.xml";
    cr_assert_eq(svy_builder_new(NULL, "form.xml", &r.builder, &err), SVY_OK);
    uint32_t element;
    cr_assert_eq(svy_builder_add(r.builder, 0, SVY_EL_QUESTIONNAIRE, NULL, 0, NULL, 1, &element, &err), SVY_OK);
    cr_assert_eq(svy_builder_tree(r.builder, "l", NULL, 1, &err), SVY_OK);
    t.status = strstr(name, ".geojson") != NULL ? svyi_instance_geojson(&r, name, bytes, len) : svyi_instance_csv(&r, name, bytes, len);
    if (t.status == SVY_OK)
        cr_assert_eq(svyi_native_write(r.builder, &t.native, &err), SVY_OK);
    svyi_reader_clear(&r);
}

static void read_csv(const char *text) { read_list("l.csv", text, strlen(text)); }

#define ITEM(inside) "      <item>\n" inside "      </item>\n"

Test(lists, csv_cells_are_taken_as_they_are)
{
    read_csv("\xEF\xBB\xBFname,label x,2nd,\r\na,\"b,\"\"c\"\"\nd\",e,\r\n\r\nf\n\"g\"h,,i");
    cr_assert_eq(t.status, SVY_OK, "%s", t.said.text);
    has(ITEM("        <name>a</name>\n        <label_x>b,\"c\"\nd</label_x>\n        <_2nd>e</_2nd>\n"));
    has(ITEM("        <name>f</name>\n"));
    has(ITEM("        <name>gh</name>\n        <label_x/>\n        <_2nd>i</_2nd>\n"));
    native_text_clear(&t);
    read_csv("name;label\na;b,c\n");
    has(ITEM("        <name>a</name>\n        <label>b,c</label>\n"));
    native_text_clear(&t);
}

Test(lists, csv_that_is_wrong_is_refused_with_its_line)
{
    static const struct { const char *csv, *says; } CASES[] = {
        { "", "1:0 [] the list is empty" },
        { "a,b\n1,2\n1,2,3\n", "error 3:0 [] a row has more cells than the list has columns" },
        { "a,b\n1,\"2\n3", "error 2:0 [] quotes are opened and not closed" },
        { "a\n1\n\xFF\n", "error 3:0 [] there is a byte that is not UTF-8" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        read_csv(CASES[i].csv);
        cr_assert_eq(t.status, SVY_E_INVALID);
        says(CASES[i].says);
        native_text_clear(&t);
    }
}

static void read_geojson(const char *text) { read_list("l.geojson", text, strlen(text)); }

#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"

Test(lists, geojson_features_are_items)
{
    read_geojson(COLLECTION("{\"type\":\"Feature\",\"id\":\"f1\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[23.5,42.1]},\"properties\":{\"title\":\"\\u0410 \\\"x\\\"\",\"n\":1.50,\"id\":9}},"
                            "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4],[1,2]]]},\"properties\":{\"id\":7,\"ok\":true}}"));
    cr_assert_eq(t.status, SVY_OK, "%s", t.said.text);
    has(ITEM("        <geometry>42.1 23.5 0 0</geometry>\n        <id>f1</id>\n        <title>\xD0\x90 \"x\"</title>\n        <n>1.50</n>\n"));
    has(ITEM("        <geometry>2 1 0 0; 4 3 0 0; 2 1 0 0</geometry>\n        <id>7</id>\n        <ok>true</ok>\n"));
    native_text_clear(&t);
}

Test(lists, geojson_that_is_wrong_is_refused)
{
    static const struct { const char *json, *says; } CASES[] = {
        { "{", "a name in quotes is missing" },
        { "[1, 2", "cut off" },
        { "{\"type\":\"Feature\"}", "this is no FeatureCollection" },
        { COLLECTION("{\"geometry\":{\"type\":\"MultiPoint\",\"coordinates\":[]}}"), "a geometry that is not known" },
        { COLLECTION("{\"geometry\":{\"type\":\"Point\",\"coordinates\":[1]}}"), "a geometry that is not known" },
        { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "more than 64 deep" },
        { "{\"a\":\"\\q\"}", "a backslash" },
        { "{} x", "something follows" },
        { "\"\xFF\"", "not UTF-8" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        read_geojson(CASES[i].json);
        cr_assert_eq(t.status, SVY_E_INVALID, "%s", CASES[i].json);
        says(CASES[i].says);
        native_text_clear(&t);
    }
}

Test(lists, files_lie_beside_the_form_or_in_its_media_folder)
{
    static const char XML[] = "<root><item><name>x</name></item></root>";
    static const char MODEL[] = FORM(RECORD("<a/>") "<instance id=\"c\" src=\"jr://file-csv/c.csv\"/><instance id=\"x\" src=\"jr://file/x.xml\"/>"
                                     "<instance id=\"gone\" src=\"jr://file/gone.xml\"/><instance id=\"up\" src=\"jr://file/../../up.xml\"/>"
                                     "<instance id=\"__last-saved\" src=\"jr://instance/last-saved\"/><bind nodeset=\"/data/a\" calculate=\"pulldata('p', 'a', 'b', 'c')\"/>", "");
    char path[100];
    make_folder();
    write_file("form.xml", MODEL, sizeof MODEL - 1);
    write_file("c.csv", "name\na\n", 7);
    snprintf(path, sizeof path, "%sform-media", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    write_file("form-media/x.xml", XML, sizeof XML - 1);
    snprintf(path, sizeof path, "%sform.xml", folder);
    native_text_make(&t, path, NULL, 0, NULL);
    remove_folder();
    cr_assert_eq(t.status, SVY_OK, "%s", t.said.text);
    has("<instance id=\"c\" source=\"c.csv\"/>");
    has("<instance id=\"x\" source=\"x.xml\"/>");
    has("<instance id=\"p\" source=\"p.csv\"/>");
    says("[gone] the list 'gone' is empty: jr://file/gone.xml: there is no such file");
    says("[up] the list 'up' is empty: jr://file/../../up.xml: it leaves the folder");
    says("note 1:");
    native_text_clear(&t);
}

/* ---- native and back ---- */

static void same_again(const char *path)
{
    native_text again;
    char beside[300];
    snprintf(beside, sizeof beside, "%s", path);
    *(strrchr(beside, '/') + 1) = '\0';
    native_text_make(&t, path, NULL, 0, NULL);
    cr_assert_eq(t.status, SVY_OK, "%s: %s", path, t.said.text);
    native_text_make(&again, "questionnaire.xml", t.native.data, t.native.len, beside);
    cr_expect_eq(again.status, SVY_OK, "%s: %s", path, again.said.text);
    cr_expect_str_eq(again.native.data, t.native.data, "%s", path);
    native_text_clear(&again);
    native_text_clear(&t);
}

Test(native, public_forms_written_natively_read_back_the_same)
{
    static const char *const FOLDERS[] = { SVY_SOURCE_DIR "/../shared/forms/xform", SVY_SOURCE_DIR "/../shared/forms/xlsform" };
    size_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        DIR *d = opendir(FOLDERS[i]);
        if (d == NULL)
            cr_skip_test("the public forms are not there: %s", FOLDERS[i]);
        for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
            char path[600];
            if (e->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", FOLDERS[i], e->d_name);
            same_again(path);
            n++;
        }
        closedir(d);
    }
    cr_assert_gt(n, 50);
}

Test(format, is_told_by_content_then_by_name)
{
    static const struct { const char *path, *bytes; svy_format format; } CASES[] = {
        { "a.xml", "<?xml version='1.0'?><!-- x --><h:html xmlns:h='x'>", SVY_FORMAT_XFORM },
        { "a.xml", "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\">", SVY_FORMAT_NATIVE },
        { "a.xml", "<questionnaire id=\"q\"><questionnaireInfo/></questionnaire>", SVY_FORMAT_QUEXML },
        { "a.xml", "<document><LimeSurveyDocType>Survey</LimeSurveyDocType>", SVY_FORMAT_LSS },
        { "a", "PK\3\4", SVY_FORMAT_XLSFORM },
        { "a", "\xD0\xCF\x11\xE0", SVY_FORMAT_XLSFORM },
        { "a.md", "| survey |", SVY_FORMAT_XLSFORM },
        { "a.txt", "hello", SVY_FORMAT_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        cr_expect_eq(svy_format_of(CASES[i].path, CASES[i].bytes, strlen(CASES[i].bytes)), CASES[i].format, "%s", CASES[i].bytes);
    cr_expect_eq(svy_format_find("xlsform"), SVY_FORMAT_XLSFORM);
    cr_expect_eq(svy_format_find("odt"), SVY_FORMAT_UNKNOWN);
}
