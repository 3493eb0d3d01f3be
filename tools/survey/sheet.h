/* Sheets as the output of a verb: aligned for reading, CSV, JSON. */
#ifndef SURVEY_TOOL_SHEET_H
#define SURVEY_TOOL_SHEET_H
#include <survey/report.h>
#include <survey/store.h>

#include "tool.h"

/* Writes a sheet where `o` says, in the format it says. @return an exit status; errors are printed. */
int tool_write_sheet(const svy_sheet *s, const tool_output_options *o);

/* Opens the study at `path` for reading, lets `fill` add the rows to a sheet of these columns, and writes it. @return an exit status; errors are printed. */
typedef svy_status tool_rows(svy_study *study, svy_sheet *sheet, const void *settings, svy_error *err);
int tool_list_study(const char *path, const svy_sheet_column *columns, size_t n, tool_rows *fill, const void *settings, const tool_output_options *o);
#endif
