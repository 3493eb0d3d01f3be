/* Weighting from options: margins in CSV files, a plan in XML. */
#ifndef SURVEY_TOOL_WEIGHTING_H
#define SURVEY_TOOL_WEIGHTING_H
#include <survey/weighting.h>

#include "design.h"
#include "margins.h"

/* The plan that options ask for, and all that it borrows. Start from zeros; end it after the design is weighted. */
typedef struct tool_weighting {
    svy_weighting_step *steps; size_t n_steps;
    svy_margin **margins;              /* of each step, and numeric totals: our own lists */
    svy_auxiliary_total **totals;
    margin_file *files; size_t n_files;
    struct svy_weighting_file *plan;
    char *where;                       /* --where and the expressions of the steps: the columns they mention are loaded; NULL: none */
} tool_weighting;

/* Reads what the options name and adds the columns it needs. @return an exit status; errors are printed. */
int tool_weighting_begin(const analysis_options *o, name_list *names, tool_weighting *w);
/* Weights the design. `report` may be NULL. @return an exit status; errors are printed. */
int tool_weighting_apply(const tool_weighting *w, const analysis_options *o, const svy_frame *f, svy_design *d, svy_weighting_report **report);
void tool_weighting_end(tool_weighting *w);
#endif
