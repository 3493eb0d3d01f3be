/* Printing tests, for the verbs table and test. */
#ifndef SURVEY_TOOL_TESTING_H
#define SURVEY_TOOL_TESTING_H
#include <survey/test.h>

#include "tool.h"

/* The tests as a sheet, and what must be said about them. `estimates`: with what is tested. @return an exit status; errors are printed. */
int tool_print_tests(const svy_tests *t, int estimates, const svy_design *d, const tool_output_options *o);
#endif
