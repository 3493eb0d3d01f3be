/* A file of answer distributions: variable, value, share, and columns of variables that a line depends on. */
#ifndef SURVEY_TOOL_DISTRIBUTIONS_H
#define SURVEY_TOOL_DISTRIBUTIONS_H
#include <survey/simulate.h>

/* Reads the file. @return an exit status; errors are printed. `path` NULL: none. */
int tool_distributions_read(const char *path, const svy_form *form, svy_distributions **out);
#endif
