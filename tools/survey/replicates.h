/* Replicate weights from options: their type, the columns a pattern names, and their scales. */
#ifndef SURVEY_TOOL_REPLICATES_H
#define SURVEY_TOOL_REPLICATES_H
#include <survey/estimate.h>

#include "design.h"

typedef struct replicate_columns {
    const char *pattern;           /* of --replicates, without the type; NULL: none are given */
    name_list names;               /* what it stands for, in order */
    char **copies; size_t n_copies, room;
    int failed;                    /* 1: out of memory */
    double *rscales;
} replicate_columns;

/* What the options say but for the columns, into spec->replicates. @return an exit status; errors are printed. */
int tool_replicates_begin(const analysis_options *o, replicate_columns *c, svy_replicate_spec *spec);
/* Before the data are read: adds the columns to `names`. @return 1 when only the data tell which they are, so that all columns must be read. */
int tool_replicates_name(const char *source, replicate_columns *c, name_list *names);
/* After: the columns into spec->replicates. */
int tool_replicates_find(const svy_frame *f, replicate_columns *c, svy_replicate_spec *spec);
/* What the replicates of estimates give cause to say, on standard error. */
void tool_replicates_say(const svy_estimates *e);
void tool_replicates_clear(replicate_columns *c);
#endif
