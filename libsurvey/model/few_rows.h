/* Variances and degrees of freedom of domains in which few rows of the design lie, without a pass of all rows for each. Internal. */
#ifndef SVY_MODEL_FEW_ROWS_H
#define SVY_MODEL_FEW_ROWS_H
#include "estimate/influence.h"

/* Where in the design each row lies; made once for all domains. Only of designs that svyi_units_suit. */
typedef struct svyi_units {
    uint32_t *group, *psu, *stratum;             /* by row: innermost unit (or stratum of rows), PSU and its stratum */
    uint32_t *psu_seen, *stratum_seen, seen;     /* the last domain that had a row in it */
} svyi_units;

/* 1: variances are those of sums by unit, and degrees of freedom PSUs minus strata. */
static inline int svyi_units_suit(const svy_design *d) { return svyi_design_plain(d) && svyi_df_by_units(d); }
svy_status svyi_units_make(svyi_arena *arena, const svy_design *d, svyi_units *out, svy_error *err);
/* svyi_influence_variance for one domain whose influence is 0 outside of `rows`. Time: these rows, and units of the design. */
svy_status svyi_few_rows_variance(svyi_arena *arena, const svy_design *d, const svyi_units *units, const svyi_influence *f, const uint32_t *rows, size_t n,
                                  double *variance, double *covariance, svy_error *err);
double svyi_few_rows_df(svyi_units *units, const uint32_t *rows, size_t n);
#endif
