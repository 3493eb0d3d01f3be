/* Designs in XML: what is read, what is refused and where, memory that runs out. */
#include <criterion/criterion.h>
#include <string.h>
#include <survey/exchange.h>

#include "../base/watched_alloc.h"

#define BEGIN "<design xmlns=\"urn:libsurvey:design:1\""

static svy_status design_of(const svy_alloc *alloc, const char *xml, svy_design_file **out, svy_error *err)
{
    return svy_design_file_read_memory(alloc, xml, strlen(xml), "d.xml", NULL, NULL, out, err);
}

Test(design_file, items_in_order)
{
    static const struct { const char *name, *value; int line; } WANT[] = {
        { "weights", "w", 1 }, { "strata", "h", 2 }, { "clusters", "psu", 2 }, { "clusters", "a b", 3 }, { "nest", "yes", 4 } };
    svy_error err = SVY_ERROR_INIT;
    svy_design_file *f;
    const char *xml = BEGIN " weights=\"w\">\n<stage strata=\"h\" clusters=\"psu\"/>\n<clusters>\ta  b </clusters>\n<nest/><x:note xmlns:x=\"urn:x\">mine</x:note></design>";
    cr_assert_eq(design_of(NULL, xml, &f, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_design_file_count(f), sizeof WANT / sizeof WANT[0]);
    for (size_t i = 0; i < svy_design_file_count(f); i++) {
        const svy_design_item *item = svy_design_file_item(f, i);
        cr_expect_str_eq(item->name, WANT[i].name);
        cr_expect_str_eq(item->value, WANT[i].value);
        cr_expect_eq(item->line, WANT[i].line, "%s: line %d", item->name, item->line);
    }
    svy_design_file_free(f);
    svy_design_file_free(NULL);
}

static const struct { const char *what, *xml; int line; const char *says; } WRONG[] = {
    { "nothing", "", 0, "" },
    { "another root", "<plan xmlns=\"urn:libsurvey:design:1\"/>", 1, "no sampling design" },
    { "another namespace", "<design/>", 1, "no sampling design" },
    { "a text between", BEGIN ">\nw</design>", 0, "outside the elements" },
    { "elements in elements", BEGIN ">\n<a><b/></a></design>", 2, "text or attributes" },
    { "text and attributes", BEGIN ">\n\n<a b=\"c\">d</a></design>", 3, "text or attributes" },
    { "a name that is none", BEGIN " Weights=\"w\"/>", 1, "no name of an option" },
    { "not closed", BEGIN ">", 0, "" },
    { "DOCTYPE", "<!DOCTYPE a>" BEGIN "/>", 1, "DOCTYPE" },
    { "an entity", BEGIN " weights=\"&who;\"/>", 1, "" },
};

Test(design_file, refusals)
{
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_design_file *f = (svy_design_file *)&err;
        cr_expect_eq(design_of(NULL, WRONG[i].xml, &f, &err), SVY_E_INVALID, "%s", WRONG[i].what);
        cr_expect_null(f, "%s", WRONG[i].what);
        cr_expect_not_null(strstr(err.message, WRONG[i].says), "%s: %s", WRONG[i].what, err.message);
        if (WRONG[i].line > 0)
            cr_expect_eq(err.line, WRONG[i].line, "%s: line %d", WRONG[i].what, err.line);
    }
    svy_error err = SVY_ERROR_INIT;
    svy_design_file *f;
    cr_expect_eq(svy_design_file_read(NULL, "/nowhere/design.xml", NULL, NULL, &f, &err), SVY_E_IO);
    cr_expect_not_null(strstr(err.message, "cannot be read"));
}

Test(design_file, too_many_entries)
{
    enum { N = 1100 };
    char *xml = calloc(N + 4, 8);
    svy_error err = SVY_ERROR_INIT;
    svy_design_file *f;
    strcpy(xml, BEGIN ">");
    for (size_t i = 0; i < N; i++)
        strcat(xml, "<a/>");
    strcat(xml, "</design>");
    cr_expect_eq(design_of(NULL, xml, &f, &err), SVY_E_INVALID);
    cr_expect_not_null(strstr(err.message, "1000"), "%s", err.message);
    free(xml);
}

Test(design_file, every_allocation_fails_cleanly)
{
    long n = 0;
    for (svy_status st = SVY_E_NOMEM; st != SVY_OK; n++) {
        watched w;
        svy_alloc alloc = watched_alloc(&w, n);
        svy_error err = SVY_ERROR_INIT;
        svy_design_file *f;
        cr_assert_lt(n, 1000);
        st = design_of(&alloc, BEGIN " weights=\"w\"><stage strata=\"h\"/><nest/></design>", &f, &err);
        cr_assert(st == SVY_OK || (st == SVY_E_NOMEM && f == NULL), "after %ld allocations: %s", n, err.message);
        svy_design_file_free(f);
        watched_end(&w);
    }
    cr_assert_gt(n, 2);
}
