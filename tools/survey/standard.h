/* Standardised means and proportions: the options of --standardize for verbs that have them. */
#ifndef SURVEY_TOOL_STANDARD_H
#define SURVEY_TOOL_STANDARD_H
#include <survey/estimate.h>

#include "estimation.h"

typedef struct standard_options { tool_list variables; const char *file; } standard_options;
extern const tool_option STANDARD_OPTIONS[];

static inline int tool_standard_asked(const standard_options *o) { return o->file != NULL || o->variables.count > 0; }

/* Loads, estimates what `e` says (but for its `estimate`) and prints. @return an exit status; errors are printed. */
int tool_standardize(const estimation *e, const standard_options *o);
#endif
