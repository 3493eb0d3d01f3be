/* Tests as output, for the verbs table and test. */
#include "testing.h"

#include "sheet.h"

int tool_print_tests(const svy_tests *t, int estimates, const svy_design *d, const tool_output_options *o)
{
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *sheet = NULL;
    if (svy_tests_sheet(NULL, t, estimates, &sheet, &err) != SVY_OK)
        return tool_fail(&err);
    int status = tool_write_sheet(sheet, o);
    svy_sheet_free(sheet);
    if (o->quiet)
        return status;
    if (!svy_design_weighted(d))
        tool_say("there are no weights, so every row counts once: name them by --weights");
    for (size_t k = 0; k < svy_tests_notes(t); k++)
        tool_say("%s", svy_tests_note(t, k));
    return status;
}
