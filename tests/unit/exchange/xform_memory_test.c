/* XForms, lists in files and conversion when memory runs out at any place, and against bounds. */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <survey/exchange.h>

#include "failing.h"

static const char FORM[] =
    "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\" "
    "xmlns:orx=\"http://openrosa.org/xforms\"><h:head><h:title>T</h:title><model><itext><translation lang=\"en\"><text id=\"a\"><value>A <output value=\"/data/b\"/></value>"
    "<value form=\"image\">jr://images/a.png</value></text></translation><translation lang=\"Fran\xC3\xA7" "ais\"><text id=\"a\"><value>B</value></text></translation></itext>"
    "<instance><data id=\"f\" version=\"1\"><a/><b/><r jr:template=\"\"><c/></r><orx:meta><orx:instanceID/></orx:meta></data></instance>"
    "<instance id=\"yn\"><root><item><name>y</name><label>Yes</label><w>1</w></item></root></instance><instance id=\"t\"><x><y z=\"1\">2</y></x></instance>"
    "<instance id=\"csv\" src=\"jr://file-csv/l.csv\"/><instance id=\"geo\" src=\"jr://file/l.geojson\"/>"
    "<bind nodeset=\"/data/a\" required=\"true()\" jr:requiredMsg=\"jr:itext('a')\" constraint=\". = 'y'\" jr:constraintMsg=\"No\"/>"
    "<setvalue event=\"odk-instance-first-load\" ref=\"/data/b\">it's \"b\"</setvalue></model></h:head><h:body>"
    "<select1 ref=\"/data/a\"><label ref=\"jr:itext('a')\"/><itemset nodeset=\"instance('yn')/root/item[w = 1]\"><value ref=\"name\"/><label ref=\"label\"/></itemset></select1>"
    "<group><label>G</label><select ref=\"/data/b\"><item><label>x</label><value>1</value></item></select></group>"
    "<group ref=\"/data/r\"><label>R</label><repeat nodeset=\"/data/r\" jr:count=\"2\"><input ref=\"/data/r/c\"/></repeat></group></h:body></h:html>";

static char folder[64], form[100], list[100], geojson[100], out[100];

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert_neq(f, NULL);
    fputs(text, f);
    fclose(f);
}

static void set_up(void)
{
    strcpy(folder, "/tmp/xform_memory.XXXXXX");
    cr_assert_neq(mkdtemp(folder), NULL);
    snprintf(form, sizeof form, "%s/form.xml", folder);
    snprintf(list, sizeof list, "%s/l.csv", folder);
    snprintf(geojson, sizeof geojson, "%s/l.geojson", folder);
    snprintf(out, sizeof out, "%s/out/q.xml", folder);
    write_file(form, FORM);
    write_file(list, "name,label\na,\"b \"\"c\"\"\"\n");
    write_file(geojson, "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"id\":1,\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]},\"properties\":{\"a\":\"b\"}}]}");
    countdown = SIZE_MAX;
    cr_assert_eq(xmlMemSetup(xml_free, xml_malloc, xml_realloc, xml_strdup), 0);
    xmlInitParser();
    live = 0;
}

static void tear_down(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(xform_memory, .init = set_up, .fini = tear_down);

static int fails_cleanly(svy_status st, size_t n, const svy_error *err, const svy_diags *diags)
{
    countdown = SIZE_MAX;
    cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "failure %zu: %d %s", n, (int)st, err->message);
    cr_assert_eq(diags->problems, 0, "failure %zu is told as a fault of the form", n);
    return st != SVY_OK;
}

Test(xform_memory, reading_fails_cleanly_wherever_memory_runs_out)
{
    const svy_alloc alloc = { failing, NULL };
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        svy_error err = SVY_ERROR_INIT;
        svy_diags diags = { .report = NULL };
        void *block;
        size_t size;
        countdown = n;
        failed = fails_cleanly(svy_questionnaire_read(&alloc, form, NULL, &diags, &block, &size, &err), n, &err, &diags);
        svy_block_free(&alloc, block, size);
        cr_assert_eq(live, 0, "failure %zu leaks", n);
    }
    cr_expect_gt(n, 100);
}

Test(xform_memory, converting_fails_cleanly_and_writes_nothing)
{
    const svy_alloc alloc = { failing, NULL };
    char path[100];
    snprintf(path, sizeof path, "mkdir %s/out", folder);
    cr_assert_eq(system(path), 0);
    for (size_t n = 0, failed = 1; failed; n++) {
        svy_error err = SVY_ERROR_INIT;
        svy_diags diags = { .report = NULL };
        countdown = n;
        failed = (size_t)fails_cleanly(svy_convert(&alloc, form, out, NULL, &diags, &err), n, &err, &diags);
        cr_assert_eq(live, 0, "failure %zu leaks", n);
        cr_assert(!failed || access(out, F_OK) != 0, "failure %zu wrote a file", n);
    }
    cr_expect_eq(access(out, F_OK), 0);
}

/* ---- cost ---- */

static double seconds_of(const char *xml, size_t len, svy_status *st)
{
    struct timespec from, to;
    svy_diags diags = { .report = NULL };
    svy_error err = SVY_ERROR_INIT;
    void *block;
    size_t size;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    *st = svy_questionnaire_read_memory(NULL, xml, len, NULL, NULL, &diags, &block, &size, &err);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    svy_block_free(NULL, block, size);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Many nodes side by side, each with a bind and a control, half of them of one name but for capitals, in one group without a node. */
Test(xform_memory, ten_thousand_nodes_take_no_quadratic_time)
{
    enum { MANY = 10000 };
    char *text = malloc((size_t)MANY * 240 + 2000), *at = text;
    svy_status st;
    cr_assert_not_null(text);
    at += sprintf(at, "<h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:head><h:title>T</h:title><model><instance><data id='f'>");
    for (int i = 0; i < MANY; i++)
        at += sprintf(at, i % 2 ? "<n%d/>" : "<N%d/>", i / 2);
    at += sprintf(at, "</data></instance>");
    for (int i = 0; i < MANY; i++)
        at += sprintf(at, i % 2 ? "<bind nodeset='/data/n%d' type='int'/>" : "<bind nodeset='/data/N%d' type='date'/>", i / 2);
    at += sprintf(at, "</model></h:head><h:body><group>");
    for (int i = MANY; i-- > 0; )
        at += sprintf(at, i % 2 ? "<input ref='/data/n%d'><label>L</label></input>" : "<select1 ref='/data/N%d'><item><label>A</label><value>a</value></item></select1>", i / 2);
    at += sprintf(at, "</group></h:body></h:html>");
    const double seconds = seconds_of(text, (size_t)(at - text), &st);
    free(text);
    cr_expect_eq(st, SVY_OK);
    cr_expect_lt(seconds, 3.0, "%.2f s", seconds);
}
