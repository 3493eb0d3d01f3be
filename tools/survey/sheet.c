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

int tool_list_study(const char *path, const svy_sheet_column *columns, size_t n, tool_rows *fill, const void *settings, const tool_output_options *o)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_sheet *sheet = NULL;
    int status;
    if (svy_study_open(NULL, path, SVY_STUDY_READ, &study, &err) != SVY_OK || svy_sheet_new(NULL, columns, n, &sheet, &err) != SVY_OK ||
        fill(study, sheet, settings, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = tool_write_sheet(sheet, o);
    svy_sheet_free(sheet);
    svy_study_close(study);
    return status;
}
