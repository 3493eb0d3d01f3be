/* Sheets as the output of a verb: aligned for reading, CSV, JSON. */
#ifndef SURVEY_TOOL_SHEET_H
#define SURVEY_TOOL_SHEET_H
#include <survey/report.h>

#include "tool.h"

/* Writes a sheet where `o` says, in the format it says. @return an exit status; errors are printed. */
int tool_write_sheet(const svy_sheet *s, const tool_output_options *o);
#endif
