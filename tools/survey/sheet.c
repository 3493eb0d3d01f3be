/* Sheets as the output of a verb. */
#include "sheet.h"

int tool_write_sheet(const svy_sheet *s, const tool_output_options *o)
{
    svy_error err = SVY_ERROR_INIT;
    char *text = NULL;
    size_t len = 0;
    if (svy_sheet_write(s, (svy_report_format)o->format, &text, &len, &err) != SVY_OK)
        return tool_fail(&err);
    int status = tool_write(o->path, text, len);
    svy_report_release(NULL, text, len);
    return status;
}
