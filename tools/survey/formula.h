/* What the verbs share whose argument is a formula: loading its columns, and errors that lie in it. */
#ifndef SURVEY_TOOL_FORMULA_H
#define SURVEY_TOOL_FORMULA_H
#include "design.h"

/* Loads the columns of the formula, those of the formula of another option (`other`, which is called `option`; NULL: none), and the design. With
   `complete` (--missing fail) a row of positive weight of the subpopulation in which one of these columns is missing is an error.
   @return an exit status; errors are printed. */
int tool_load_formula(const analysis_options *o, const char *formula, const char *other, const char *option, int complete, svy_frame **f, svy_design **d);
/* Prints an error of the analysis, which may have a position in the formula, in an option that it names, or in --where. @return an exit status */
int tool_fail_formula(svy_error *err, const analysis_options *o);
#endif
