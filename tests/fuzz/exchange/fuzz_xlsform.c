/* Any markdown tables as an XLSForm: problems with sheets and rows, or an XForm that is well-formed XML. */
#include "exchange/xlsform/xlsform.h"
#include "exchange/xml/xml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *user, const svy_diag *d)
{
    unsigned *count = user;
    if (d->found == NULL || d->found[0] == '\0' || d->element == NULL || d->element[0] == '\0' || d->line < 0)
        abort();
    *count += d->severity == SVY_PROBLEM;
}

/* Namespaces are not asked for: a name with a prefix that is none may be refused by the parser, nothing else. */
static void check(const svyi_buffer *xform)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_xml_file file;
    const svy_status st = svyi_xml_parse(&file, NULL, "fuzz.xml", xform->data, xform->len, "http://www.w3.org/1999/xhtml", 0, NULL, NULL, &err);

    if (st == SVY_E_INVALID)
        abort();
    svyi_xml_clear(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned problems = 0;
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { report, &problems, 0, 0 };
    svyi_workbook *w = NULL;
    svyi_buffer xform;

    if (svyi_workbook_read_memory(NULL, data, size, "fuzz.md", NULL, &w, &err) != SVY_OK)
        return 0;
    svyi_buffer_init(&xform, NULL);
    const svy_status st = svyi_xlsform_to_xform(w, "fuzz.md", &diags, &xform, &err);
    if ((st == SVY_E_INVALID) != (problems > 0) || (st == SVY_OK) != (xform.len > 0))
        abort();
    if (st == SVY_OK)
        check(&xform);
    svyi_buffer_clear(&xform);
    svyi_workbook_free(w);
    return 0;
}
