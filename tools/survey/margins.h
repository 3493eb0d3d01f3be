/* Margins of calibration from CSV files. */
#ifndef SURVEY_TOOL_MARGINS_H
#define SURVEY_TOOL_MARGINS_H
#include <survey/weighting.h>

/* A file of population counts: the last column is the count, the others name the variables of the margin; or two columns, variable and total:
   numeric totals. Owns all texts. Start from zeros. */
typedef struct margin_file {
    char *source;
    int numeric;
    char **variables; size_t n_variables;
    char **levels; size_t n_levels, levels_room;
    double *totals; size_t n_lines, totals_room;
    svy_auxiliary_total *numbers;          /* of a numeric file */
} margin_file;

/* @return an exit status; errors are printed */
int margins_read(const char *path, margin_file *m);
svy_margin margins_view(const margin_file *m);
void margins_clear(margin_file *m);
#endif
