/* Estimates of data that are larger than memory, or come through a pipe. */
#ifndef SURVEY_TOOL_STREAM_H
#define SURVEY_TOOL_STREAM_H
#include <survey/estimate.h>

#include "design.h"

/* Makes the estimates piece by piece when `asked`, when the data are a pipe, or when their file is large, and the design allows it: then *done is 1.
   `names` are the columns of the variables, to which those of the design are added. @return an exit status; errors are printed. */
int tool_stream(const analysis_options *o, name_list *names, const svy_estimate_spec *spec, int asked, int quiet, svy_estimates **out, int *done);
#endif
