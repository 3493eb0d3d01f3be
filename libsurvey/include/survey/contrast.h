/** Functions of estimates: differences, ratios and any smooth expression of them, and joint tests. */
#ifndef SURVEY_CONTRAST_H
#define SURVEY_CONTRAST_H
#include <survey/estimate.h>
SVY_BEGIN_DECLS

/** Start from SVY_CONTRAST_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_contrast_spec {
    unsigned size;                     /**< sizeof(svy_contrast_spec) as the caller compiled it */
    const char *const *expressions; size_t n_expressions;
    double level;
    svy_df df;                         /**< AUTO: normal quantiles, as R's confint() of a contrast */
    double design_df;                  /**< degrees of freedom of the whole subpopulation (svy_degrees_of_freedom); 0: the largest of the estimates */
} svy_contrast_spec;
#define SVY_CONTRAST_INIT { sizeof(svy_contrast_spec), NULL, 0, 0.95, SVY_DF_AUTO, 0 }

/** A joint Wald test that all contrasts are 0: statistic = c' V^- c / ndf on F(ndf, ddf); ndf is the rank of V. */
typedef struct svy_wald { double statistic, ndf, ddf, p_value; } svy_wald;

/** Contrasts of estimates that were made with covariances.
 *
 *  An expression has numbers, + - * / ^, ( ), log exp sqrt logit expit asin sin cos tan, and names of estimates. A name is a level, a value of a
 *  by-variable or a variable, whichever tells one estimate from all others; in full it is variable[level,by,...] (a part that is empty is left out:
 *  api00[E], sch.wide[Yes,E], api00). Names that are no plain words stand in backquotes, a backquote in one is written twice.
 *  Estimand: the same function of the population's values. Formula: value f(estimates); variance g' V g with the gradient g by automatic
 *  differentiation (exact up to rounding) and V the covariances of the estimates, whatever design made them: the delta method, as R's svycontrast.
 *  A value that is not finite (the log of a negative number) is NaN.
 *  `n` and `missing` of a row are those of all domains that the expression names, each counted once; `level` is "", there are no by-variables.
 *  @param wald  receives the joint test, NaN where it cannot be made; may be NULL.
 *  @return SVY_OK; SVY_E_SYNTAX; SVY_E_NAME (a name of no estimate, or of several); SVY_E_STATE (estimates without covariances); SVY_E_LIMIT
 *          (200 levels of brackets, 1,000 contrasts); SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_contrast(const svy_alloc *alloc, const svy_estimates *e, const svy_contrast_spec *spec, svy_estimates **out,
                                              svy_wald *wald, svy_error *err);

/** Degrees of freedom of the design in a subpopulation (an expression; NULL: everybody): PSUs minus strata that have a row of positive weight in it. */
SVY_API SVY_NODISCARD svy_status svy_degrees_of_freedom(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const char *where, double *df,
                                                        svy_error *err);
SVY_END_DECLS
#endif
