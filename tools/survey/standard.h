/* Standardised means and proportions: the options of --standardize for verbs that have them. */
#ifndef SURVEY_TOOL_STANDARD_H
#define SURVEY_TOOL_STANDARD_H
#include <survey/estimate.h>

#include "design.h"
#include "tool.h"

typedef struct standard_options { tool_list variables; const char *file; } standard_options;
extern const tool_option STANDARD_OPTIONS[];

static inline int tool_standard_asked(const standard_options *o) { return o->file != NULL || o->variables.count > 0; }

/* Loads, estimates as `spec` says and prints; `vcov` may be NULL. @return an exit status; errors are printed. */
int tool_standardize(const analysis_options *analysis, const standard_options *o, const svy_estimate_spec *spec, const char *vcov,
                     const tool_output_options *output);
#endif
