/* Loading data and compiling a design from options: the same for every analysis verb. */
#ifndef SURVEY_DATA_H
#define SURVEY_DATA_H
#include <survey/design.h>
#include <survey/frame.h>

#include "tool.h"

/* Options of every analysis verb. */
typedef struct analysis_options {
    const char *data, *weights, *where;
    tool_list strata, clusters, fpc, by;
    int nest, lonely;
    long threads;
} analysis_options;
extern const tool_option ANALYSIS_OPTIONS[];

/* Names of columns a verb needs. Texts are borrowed. */
typedef struct name_list { const char **items; size_t count, capacity; int failed; } name_list;
void names_add(name_list *l, const char *name);
void names_clear(name_list *l);

/* Reads the columns of `names` and those that `where` (may be NULL) mentions. @return an exit status; errors are printed. */
int tool_load_data(const char *source, const name_list *names, const char *where, svy_frame **out);
/* Loads what `o` names, and `names` (to which the design's columns are added), and compiles the design. */
int tool_load_design(const analysis_options *o, name_list *names, svy_frame **frame, svy_design **design);
/* Like tool_fail, for an error about the data: says which when the error does not. */
int tool_fail_data(svy_error *err, const char *source);
#endif
