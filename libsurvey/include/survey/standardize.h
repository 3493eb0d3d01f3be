/** Directly standardised means and proportions. */
#ifndef SURVEY_STANDARDIZE_H
#define SURVEY_STANDARDIZE_H
#include <survey/estimate.h>
SVY_BEGIN_DECLS

/** A standard population: its share or count in each cell of some variables. Borrowed for the duration of the call. */
typedef struct svy_standard {
    const char *const *variables; size_t n_variables;
    const char *const *levels;     /**< n_cells * n_variables texts: the levels of each cell */
    const double *counts; size_t n_cells;
} svy_standard;

/** Means and proportions as they would be if every domain were composed like the standard population.
 *
 *  Estimand: sum over cells c of P_c m_c / sum of P_c, with P_c the standard's share and m_c the mean (share) of the variable in cell c of the domain; cells
 *  without a row of positive weight in the domain are left out of both sums.
 *  Formula of the variance: influence P_c / P * w (y - m_c) / W_c of a row in cell c (W_c: sum of the weights there); the shares P_c are known. With
 *  replicate weights the means are computed anew in each. This is what R's svystandardize(by =, over = the domains, excluding.missing = the variables)
 *  gives: a post-stratification of each domain to the standard.
 *  Missing: a row on which any of the variables or of the standard's variables is missing is left out (R without excluding.missing keeps it in the cells'
 *  weights).
 *  Degrees of freedom, limits, rows of the result: as svy_estimate. No design effects.
 *  @param spec   statistic MEAN or PROPORTION.
 *  @param empty  receives the number of cells of domains that had no row although the standard has a share there; may be NULL.
 *  @return as svy_estimate; SVY_E_VALUE for a row whose cell the standard does not have, a cell twice, a negative count, or counts that add up to 0. */
SVY_API SVY_NODISCARD svy_status svy_standardize(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                                                 const svy_standard *standard, svy_estimates **out, size_t *empty, svy_error *err);
SVY_END_DECLS
#endif
