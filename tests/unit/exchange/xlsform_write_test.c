/* XForms as workbooks: what stands in which column, and that a workbook made from an XForm gives the same XForm again. */
#define _POSIX_C_SOURCE 200809L
#include "collect.h"
#include "exchange/workbook/workbook.h"
#include "exchange/xlsform/xlsform.h"
#include "exchange/xlsform/write.h"
#include "exchange/xml/xml.h"
#include "failing.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "<h:html xmlns='http://www.w3.org/2002/xforms' xmlns:h='http://www.w3.org/1999/xhtml' xmlns:jr='http://openrosa.org/javarosa' xmlns:odk='http://www.opendatakit.org/xforms'>" \
    "<h:head><h:title>T</h:title><model>"

typedef struct written { svy_status status; collected said; svy_error err; svyi_workbook *w; } written;

static void scratch(char *path, size_t size) { snprintf(path, size, "xlsform_write_test.%ld.xlsx", (long)getpid()); }

static written make(const char *xform, size_t len)
{
    written r = { .err = SVY_ERROR_INIT };
    char path[64];
    svy_diags diags = { .report = collect, .user = &r.said };
    scratch(path, sizeof path);
    r.status = svyi_xlsform_write(NULL, xform, len, "form.xml", path, &diags, &r.err);
    if (r.status == SVY_OK)
        cr_assert_eq(svyi_workbook_read(NULL, path, NULL, &r.w, &r.err), SVY_OK, "%s", r.err.message);
    unlink(path);
    return r;
}

/* The cell of a column in the first row with this name; NULL when there is none. */
static const char *cell(const svyi_workbook *w, const char *sheet, const char *name, const char *column)
{
    for (uint32_t i = 0; i < w->n_sheets; i++) {
        const svyi_sheet *s = &w->sheets[i];
        uint32_t names = UINT32_MAX, wanted = UINT32_MAX;
        if (strcmp(s->name, sheet) != 0)
            continue;
        for (uint32_t c = 0; c < s->n_columns; c++) {
            if (strcmp(s->cells[c], "name") == 0)
                names = c;
            if (strcmp(s->cells[c], column) == 0)
                wanted = c;
        }
        for (uint32_t row = 1; row < s->n_rows && wanted != UINT32_MAX; row++)
            if (name == NULL || (names != UINT32_MAX && strcmp(s->cells[row * s->n_columns + names], name) == 0))
                return s->cells[row * s->n_columns + wanted];
    }
    return NULL;
}

#define expect(w, sheet, name, column, text) do { const char *found_ = cell(w, sheet, name, column); \
    cr_expect(found_ != NULL && strcmp(found_, text) == 0, "%s %s: %s, not %s", name != NULL ? (const char *)name : "", column, found_ != NULL ? found_ : "(none)", text); } while (0)

/* What other tools for XForms write and XLSForm has another way for. */
Test(xlsform_write, paths_in_texts_and_choices_twice)
{
    static const char FORM[] = HEAD
        "<instance><d id='f'><r><x/><y/></r><s/></d></instance><instance id='__last-saved' src='jr://instance/last-saved'/>"
        "<bind nodeset='/d/r/x' type='int'/><bind nodeset='/d/s' calculate=\"instance('__last-saved')/d/s\"/></model></h:head>"
        "<h:body><group ref='/d/r'><label>R</label><repeat nodeset='/d/r'><input ref='/d/r/x'><label>X</label></input>"
        "<input ref='/d/r/y'><label>You said <output value='/d/r/x'/> to <output value=\"instance('__last-saved')/d/s\"/></label></input></repeat></group>"
        "<select1 ref='/d/s'><label>S</label><item><label>A</label><value>1</value></item><item><label>B</label><value>1</value></item></select1></h:body></h:html>";
    written r = make(FORM, sizeof FORM - 1);
    cr_assert_eq(r.status, SVY_OK, "%s %s", r.err.message, r.said.text);
    expect(r.w, "survey", "y", "label", "You said ${x} to ${last-saved#s}");
    expect(r.w, "survey", "s", "calculation", "${last-saved#s}");
    expect(r.w, "settings", NULL, "allow_choice_duplicates", "yes");
    svyi_workbook_free(r.w);
}

Test(xlsform_write, a_select_without_choices_is_told)
{
    static const char FORM[] = HEAD "<instance><d id='f'><s/></d></instance></model></h:head><h:body><select1 ref='/d/s'><label>S</label></select1></h:body></h:html>";
    written r = make(FORM, sizeof FORM - 1);
    cr_assert_eq(r.status, SVY_OK, "%s %s", r.err.message, r.said.text);
    cr_expect(strstr(r.said.text, "the select has no choices") != NULL, "%s", r.said.text);
    svyi_workbook_free(r.w);
}

Test(xlsform_write, columns)
{
    static const char FORM[] = HEAD
        "<itext><translation lang='English (en)' default='true()'><text id='a:label'><value>How old is <output value='/d/n'/>?</value><value form='image'>jr://images/a.png</value></text>"
        "<text id='c'><value>Too old</value></text></translation><translation lang='fr'><text id='a:label'><value>Quel âge?</value></text><text id='c'><value>-</value></text></translation></itext>"
        "<instance><d id='f' version='3'><n/><a>7</a><r><x/></r><s/><k/><t/><meta><instanceID/></meta></d></instance>"
        "<instance id='L'><root><item><name>1</name><label>One</label><f>p</f></item></root></instance>"
        "<bind nodeset='/d/n' type='string' required='true()'/>"
        "<bind nodeset='/d/a' type='int' relevant=\"/d/n != '' and selected('/d/n', 'x')\" constraint='. &lt; 120' jr:constraintMsg=\"jr:itext('c')\" odk:x='y'/>"
        "<bind nodeset='/d/r/x' type='string' readonly='true()'/><bind nodeset='/d/s' type='string'/><bind nodeset='/d/k' calculate='count(/d/r) + ../a'/>"
        "<bind nodeset='/d/t' type='dateTime' jr:preload='timestamp' jr:preloadParams='end'/><bind nodeset='/d/meta/instanceID' jr:preload='uid'/></model></h:head>"
        "<h:body class='pages'><input ref='/d/n' appearance='multiline'><label>Name</label></input><input ref='/d/a'><label ref=\"jr:itext('a:label')\"/></input>"
        "<group ref='/d/r'><label>R</label><repeat nodeset='/d/r' jr:count='/d/a'><input ref='/d/r/x'><label>X of <output value='../x'/></label></input></repeat></group>"
        "<select1 ref='/d/s'><label>S</label><itemset nodeset=\"randomize(instance('L')/root/item[f = /d/n], 3)\"><value ref='name'/><label ref='label'/></itemset></select1></h:body></h:html>";
    written r = make(FORM, sizeof FORM - 1);
    cr_assert_eq(r.status, SVY_OK, "%s %s", r.err.message, r.said.text);
    expect(r.w, "survey", "n", "type", "text");
    expect(r.w, "survey", "n", "required", "yes");
    expect(r.w, "survey", "n", "appearance", "multiline");
    expect(r.w, "survey", "a", "type", "integer");
    expect(r.w, "survey", "a", "label::English (en)", "How old is ${n}?");
    expect(r.w, "survey", "a", "label::fr", "Quel âge?");
    expect(r.w, "survey", "a", "media::image::English (en)", "a.png");
    expect(r.w, "survey", "a", "relevant", "${n} != '' and selected('/d/n', 'x')");
    expect(r.w, "survey", "a", "constraint_message::English (en)", "Too old");
    cr_expect_null(cell(r.w, "survey", "a", "constraint_message::fr"), "a dash stands for a translation that is missing");
    expect(r.w, "survey", "a", "bind::odk:x", "y");
    expect(r.w, "survey", "a", "default", "7");
    expect(r.w, "survey", "r", "type", "begin repeat");
    expect(r.w, "survey", "r", "repeat_count", "${a}");
    expect(r.w, "survey", "x", "type", "note");
    expect(r.w, "survey", "x", "label", "X of ${x}");
    expect(r.w, "survey", "s", "type", "select_one L");
    expect(r.w, "survey", "s", "choice_filter", "f = ${n}");
    expect(r.w, "survey", "s", "parameters", "randomize=true seed=3");
    expect(r.w, "survey", "k", "calculation", "count(${r}) + ${a}");
    expect(r.w, "survey", "t", "type", "end");
    expect(r.w, "choices", "1", "list_name", "L");
    expect(r.w, "choices", "1", "f", "p");
    const char *none = NULL;
    expect(r.w, "settings", none, "form_id", "f");
    expect(r.w, "settings", none, "version", "3");
    expect(r.w, "settings", none, "name", "d");
    expect(r.w, "settings", none, "style", "pages");
    expect(r.w, "settings", none, "default_language", "English (en)");
    svyi_workbook_free(r.w);
}

Test(xlsform_write, nothing_is_dropped_silently)
{
    static const char FORM[] = HEAD "<instance><d id='f'><a/><meta><timeStart/></meta></d></instance><instance id='odd'><x><y/></x></instance>"
        "<bind nodeset='/d/a'/><bind nodeset='/d/gone' type='int'/><send/></model></h:head>"
        "<h:body><group><label>G</label><input ref='/d/a'><label><output value='1 + 1'/></label><help>h</help></input></group><input ref='/d/none'/></h:body></h:html>";
    static const char *const SAID[] = { "timeStart", "odd", "/d/gone", "send", "group without a node", "1 + 1", "help", "names no node" };
    written r = make(FORM, sizeof FORM - 1);
    cr_assert_eq(r.status, SVY_OK, "%s", r.err.message);
    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++)
        cr_expect(strstr(r.said.text, SAID[i]) != NULL, "nothing is said of %s:\n%s", SAID[i], r.said.text);
    svyi_workbook_free(r.w);
}

Test(xlsform_write, what_is_no_xform)
{
    static const char *const FORMS[] = { "", "<a/>", "<!DOCTYPE a []><a/>", HEAD "</model></h:head><h:body/></h:html>" };
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        written r = make(FORMS[i], strlen(FORMS[i]));
        cr_expect_eq(r.status, SVY_E_INVALID, "%s", FORMS[i]);
        cr_expect(r.said.len > 0 && r.err.message[0] != '\0');
    }
}

Test(xlsform_write, a_folder_that_is_not_there)
{
    static const char FORM[] = HEAD "<instance><d id='f'><a/></d></instance></model></h:head><h:body/></h:html>";
    svy_error err = SVY_ERROR_INIT;
    cr_expect_eq(svyi_xlsform_write(NULL, FORM, sizeof FORM - 1, "f", "no/such/folder/a.xlsx", NULL, &err), SVY_E_IO);
    cr_expect(strstr(err.message, "no such folder") != NULL, "%s", err.message);
}

Test(xlsform_write, every_allocation_may_fail)
{
    static const char FORM[] = HEAD "<itext><translation lang='en'><text id='t'><value>T</value></text></translation></itext><instance><d id='f'><a/><r><b/></r></d></instance>"
        "<instance id='L'><root><item><name>1</name><label>One</label></item></root></instance><bind nodeset='/d/a' relevant='/d/r/b = 1'/></model></h:head><h:body>"
        "<select1 ref='/d/a'><label ref=\"jr:itext('t')\"/><itemset nodeset=\"instance('L')/root/item\"><value ref='name'/><label ref='label'/></itemset></select1>"
        "<group ref='/d/r'><repeat nodeset='/d/r'><input ref='/d/r/b'><label>B</label></input></repeat></group></h:body></h:html>";
    const svy_alloc alloc = { failing, NULL };
    svy_status st = SVY_E_NOMEM;
    char path[64];
    scratch(path, sizeof path);
    for (size_t n = 0; st != SVY_OK; n++) {
        svy_error err = SVY_ERROR_INIT;
        countdown = n;
        live = 0;
        st = svyi_xlsform_write(&alloc, FORM, sizeof FORM - 1, "f.xml", path, NULL, &err);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "after %zu: %s", n, err.message);
        cr_assert_eq(live, 0, "after %zu: %zu pieces are left", n, live);
        cr_assert_lt(n, 2000);
    }
    unlink(path);
}

/* ---- there and back ---- */

typedef struct lines { char **list; size_t n, capacity; } lines;

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* One line for each element: its path, attributes in order of their names, text. In body and record the order counts, so a number stands in front. */
static void describe(const svyi_xml *x, const char *path, int ordered, lines *out)
{
    char *line = NULL, *here = NULL;
    size_t size = 0, here_size = 0;
    FILE *f = open_memstream(&line, &size), *g = open_memstream(&here, &here_size);
    const char *id = svyi_xml_get(x, "id"), *lang = svyi_xml_get(x, "lang"), *nodeset = svyi_xml_get(x, "nodeset");
    fprintf(g, "%s/%s%s%s%s", path, x->name, id != NULL ? id : "", lang != NULL ? lang : "", nodeset != NULL && !ordered ? nodeset : "");
    fclose(g);
    ordered |= strcmp(x->name, "body") == 0 || (strcmp(x->name, "instance") == 0 && id == NULL);
    if (ordered)
        fprintf(f, "%08zu ", out->n);
    fprintf(f, "%s", here);
    const char *names[64];
    size_t n = x->n < 64 ? x->n : 64;
    for (size_t i = 0; i < n; i++)
        names[i] = x->attributes[i].name;
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; i < n; i++)
        fprintf(f, " %s=[%s]", names[i], svyi_xml_get(x, names[i]));
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name == NULL)
            fprintf(f, " text=[%s]", c->text);
    fclose(f);
    if (out->n == out->capacity)
        out->list = realloc(out->list, (out->capacity = out->capacity * 2 + 64) * sizeof *out->list);
    out->list[out->n++] = line;
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name != NULL)
            describe(c, here, ordered, out);
    free(here);
}

static lines described(const svyi_buffer *xform)
{
    svyi_xml_file file;
    svy_error err = SVY_ERROR_INIT;
    lines out = { NULL, 0, 0 };
    cr_assert_eq(svyi_xml_parse(&file, NULL, "x", xform->data, xform->len, "http://www.w3.org/2002/xforms", SVYI_XML_OUTPUTS, NULL, NULL, &err), SVY_OK, "%s", err.message);
    const svyi_xml *body = NULL;
    for (const svyi_xml *c = file.root->first; c != NULL; c = c->next)
        body = c->name != NULL && strcmp(c->name, "body") == 0 ? c : body;
    describe(body, "", 0, &out);                        /* first, so that its numbers do not depend on the model */
    const size_t n = out.n;
    describe(file.root, "", 0, &out);
    svyi_xml_clear(&file);
    (void)n;
    qsort(out.list, out.n, sizeof *out.list, by_text);
    return out;
}

static svy_status to_xform(const svyi_workbook *w, const char *source, svyi_buffer *xform)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer_init(xform, NULL);
    const svy_status st = svyi_xlsform_to_xform(w, source, NULL, xform, &err);
    if (st != SVY_OK)
        cr_log_warn("%s: %s", source, err.message);
    return st;
}

static void there_and_back(const svyi_workbook *w, const char *source)
{
    svyi_buffer first, second;
    if (to_xform(w, source, &first) != SVY_OK) {
        svyi_buffer_clear(&first);
        return;                                          /* no form at all */
    }
    written r = make(first.data, first.len);
    cr_assert_eq(r.status, SVY_OK, "%s: %s", source, r.err.message);
    cr_assert_eq(to_xform(r.w, source, &second), SVY_OK, "%s: the workbook that was written is refused", source);
    lines a = described(&first), b = described(&second);
    for (size_t i = 0; i < a.n && i < b.n; i++)
        cr_assert_str_eq(a.list[i], b.list[i], "%s\n   before: %s\n   after:  %s", source, a.list[i], b.list[i]);
    cr_expect_eq(a.n, b.n, "%s: %zu elements became %zu", source, a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        free(a.list[i]);
    for (size_t i = 0; i < b.n; i++)
        free(b.list[i]);
    free(a.list);
    free(b.list);
    svyi_workbook_free(r.w);
    svyi_buffer_clear(&first);
    svyi_buffer_clear(&second);
}

Test(xlsform_write, a_form_with_everything_comes_back)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_workbook *w = NULL;
    cr_assert_eq(svyi_workbook_read(NULL, SVY_TEST_DATA "/unit/exchange/everything.md", NULL, &w, &err), SVY_OK, "%s", err.message);
    svyi_buffer x;
    cr_assert_eq(to_xform(w, "everything.md", &x), SVY_OK);
    svyi_buffer_clear(&x);
    there_and_back(w, "everything.md");
    svyi_workbook_free(w);
}

Test(xlsform_write, public_workbooks_come_back)
{
    static const char FOLDER[] = SVY_SOURCE_DIR "/../shared/forms/xlsform";
    DIR *folder = opendir(FOLDER);
    if (folder == NULL)
        cr_skip_test("the public workbooks are not there: %s", FOLDER);
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        char path[1024];
        svy_error err = SVY_ERROR_INIT;
        svyi_workbook *w = NULL;
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", FOLDER, e->d_name);
        cr_assert_eq(svyi_workbook_read(NULL, path, NULL, &w, &err), SVY_OK, "%s: %s", e->d_name, err.message);
        there_and_back(w, e->d_name);
        svyi_workbook_free(w);
    }
    closedir(folder);
}
