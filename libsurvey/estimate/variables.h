/* What is asked for, as columns: variables, factors, missing masks. Internal. */
#ifndef SVY_ESTIMATE_VARIABLES_H
#define SVY_ESTIMATE_VARIABLES_H
#include <survey/estimate.h>

#include "estimate/domain.h"

typedef struct svyi_variable {
    const char *name;
    const double *numbers;        /* a number, or the numerator of a ratio */
    const double *denominator;
    svyi_factor factor;           /* n_levels > 0 for a factor */
} svyi_variable;

typedef struct svyi_variables {
    svyi_variable *variables; size_t n_variables;    /* a table has one */
    const svy_column **columns; size_t n_columns;    /* all that are named */
    const uint8_t *missing;       /* by row: some variable is; NULL: none */
    const svyi_factor *crossed; size_t n_crossed;    /* a table: the factors of its variables */
} svyi_variables;

svy_status svyi_variables_find(svyi_arena *arena, const svy_frame *f, const svy_estimate_spec *spec, svyi_variables *out, svy_error *err);
/* The same for some rows of many: a factor may be missing in all of them, then SVYI_NO_LEVELS are its levels. */
svy_status svyi_variables_find_some(svyi_arena *arena, const svy_frame *f, const svy_estimate_spec *spec, svyi_variables *out, svy_error *err);
extern const char *const SVYI_NO_LEVELS[1];
/* SVY_E_VALUE when a variable is missing in a row of positive weight of some domain. */
svy_status svyi_variables_complete(const svyi_variables *v, const svyi_domains *domains, const double *weights, size_t rows, svy_error *err);
#endif
