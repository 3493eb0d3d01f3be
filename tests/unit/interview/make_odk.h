/* Small forms with ODK's expressions for tests: elements as in make_form.h, and a record written as XML. */
#ifndef SVY_TEST_MAKE_ODK_H
#define SVY_TEST_MAKE_ODK_H
#include <ctype.h>

#include "make_form.h"

static inline uint32_t odk_root(form_maker *m, const char *compat)
{
    return fm_add(m, 0, SVY_EL_QUESTIONNAIRE, "Form", "id", "form", "version", "1", "xml:lang", "en", "expressions", "odk", "compat", compat, NULL);
}

static inline void odk_must(svy_status st, const svy_error *err)
{
    if (st != SVY_OK)
        fm_die("tree", err);
}

static inline size_t odk_name(const char *at, char *out, size_t size)
{
    size_t n = 0;

    while ((isalnum((unsigned char)at[n]) || strchr("_-:.", at[n]) != NULL) && at[n] != '\0' && n + 1 < size) {
        out[n] = at[n];
        n++;
    }
    out[n] = '\0';
    return n;
}

/* Well-formed XML without entities, comments and white space between elements; attributes in double quotes. */
static inline void odk_tree(form_maker *m, const char *id, const char *xml)
{
    svy_error err = SVY_ERROR_INIT;
    char name[128], value[1024];
    const char *at = xml;

    odk_must(svy_builder_tree(m->b, id, "test.xml", 1, &err), &err);
    while (*at != '\0') {
        if (at[0] == '<' && at[1] == '/') {
            at = strchr(at, '>') + 1;
            odk_must(svy_builder_node_end(m->b, &err), &err);
        } else if (at[0] == '<') {
            at += 1 + odk_name(at + 1, name, sizeof name);
            odk_must(svy_builder_node(m->b, name, NULL, &err), &err);
            while (*at == ' ') {
                at += 1 + odk_name(at + 1, name, sizeof name) + 2;
                const size_t len = strcspn(at, "\"");
                snprintf(value, sizeof value, "%.*s", (int)len, at);
                at += len + 1;
                odk_must(svy_builder_node(m->b, name, value, &err), &err);
            }
            if (*at == '/')
                odk_must(svy_builder_node_end(m->b, &err), &err);
            at = strchr(at, '>') + 1;
        } else {
            const size_t len = strcspn(at, "<");
            odk_must(svy_builder_node_text(m->b, at, len, &err), &err);
            at += len;
        }
    }
}

/* Something of everything: routing, calculations, typed values, choices from a list, an instance and a roster, rosters of every kind, nested
   ones, preloads, actions, labels with values. */
static inline form_maker odk_everything(const char *compat)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, compat), list = fm_add(&m, root, SVY_EL_CHOICES, NULL, "id", "towns", NULL);
    static const char *const TOWNS[][3] = { { "v", "Varna", "1" }, { "b", "Burgas", "1" }, { "s", "Sofia", "2" }, { "p", "Pernik", "2" }, { "r", "Ruse", "3" } };
    svy_error err = SVY_ERROR_INIT;

    for (int i = 0; i < 5; i++) {
        const uint32_t c = fm_add(&m, list, SVY_EL_CHOICE, TOWNS[i][1], "code", TOWNS[i][0], NULL);
        odk_must(svy_builder_text(m.b, fm_add(&m, c, SVY_EL_PROPERTY, NULL, "name", "part", NULL), SVY_TEXT, TOWNS[i][2], 1, &err), &err);
    }
    fm_add(&m, root, SVY_EL_COMPUTE, "Begun", "id", "begun", "type", "datetime", "preload", "timestamp start", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "Ended", "id", "ended", "type", "datetime", "preload", "timestamp end", NULL);
    const uint32_t a = fm_add(&m, root, SVY_EL_QUESTION, "A", "id", "a", "type", "integer", "required", "/data/c != ''", NULL);
    fm_add(&m, a, SVY_EL_SET, NULL, "node", "/data/memo", "on", "change", "value", "concat(/data/a, '-', .)", NULL);
    fm_add(&m, a, SVY_EL_CHECK, "Not ${/data/b}.", "that", ". != /data/b", NULL);
    fm_add(&m, a, SVY_EL_CHECK, "At most 8.", "that", ". < 9", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "B of ${/data/a}", "id", "b", "type", "decimal", "relevant", "/data/a > 1", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "C", "id", "c", "type", "text", "value", "if(/data/a mod 2 = 1, concat('odd ', /data/b), '')", "readonly", "/data/a = 3", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Memo", "id", "memo", "type", "text", NULL);
    fm_add(&m, root, SVY_EL_SET, NULL, "node", "/data/memo", "on", "first-load", "value", "'begun'", NULL);
    static const char ITEMS[] = "instance('towns')/root/item[part = /data/a]";
    fm_add(&m, root, SVY_EL_QUESTION, "One", "id", "one", "type", "single", "choices", "towns", "itemset", ITEMS, NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Some", "id", "some", "type", "multiple", "choices", "towns", "itemset", "instance('towns')/root/item[part != /data/a]", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Order", "id", "order", "type", "ranking", "choices", "towns", "itemset", ITEMS, NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "Name", "id", "label", "type", "text", "value", "jr:choice-name(/data/one, '/data/one')", NULL);
    const uint32_t r = fm_add(&m, root, SVY_EL_ROSTER, "R", "id", "r", "count", "/data/a", NULL);
    fm_add(&m, r, SVY_EL_QUESTION, "X", "id", "x", "type", "integer", NULL);
    fm_add(&m, r, SVY_EL_COMPUTE, "Pos", "id", "pos", "type", "integer", "value", "position(..) + ../x", NULL);
    const uint32_t in = fm_add(&m, r, SVY_EL_ROSTER, "In", "id", "inner", "relevant", "../x > 0", NULL);
    fm_add(&m, in, SVY_EL_SET, NULL, "node", "/data/r/inner/y", "on", "new-entry", "value", "../../x", NULL);
    fm_add(&m, in, SVY_EL_QUESTION, "Y", "id", "y", "type", "integer", NULL);
    const uint32_t o = fm_add(&m, root, SVY_EL_ROSTER, "O", "id", "o", "relevant", "position(.) < 4 or /data/a = 2", NULL);
    fm_add(&m, o, SVY_EL_QUESTION, "Code", "id", "code", "type", "text", "relevant", "/data/a != 5", NULL);
    fm_add(&m, o, SVY_EL_QUESTION, "Last", "id", "last", "type", "text", "value", "/data/o[position() = position(current()/..) - 1]/code", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Which", "id", "which", "type", "single", "itemset", "/data/o[code != '']", "code", "code", "label-from", "code", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "T", "id", "total", "type", "text",
           "value", "concat(count(/data/r), ' ', sum(/data/r/x), ' ', count(/data/r/inner), ' ', sum(/data/r/inner/y), ' ', join(',', /data/o/code))", NULL);
    odk_tree(&m, "", "<data id=\"f\"><begun/><ended/><a>2</a><b>1.5</b><c/><memo/><one>v</one><some>s v</some><order/><label/>"
        "<r jr:template=\"\"><x>1</x><pos/><inner jr:template=\"\"><y>3</y></inner><inner><y>4</y></inner></r><r><x>7</x><pos/><inner><y>5</y></inner></r>"
        "<o><code>first</code><last/></o><which/><total/><meta><instanceID/></meta></data>");
    fm_end(&m);
    return m;
}
#endif
