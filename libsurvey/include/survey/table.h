/** Shares of tables and measures of association of two-by-two tables. */
#ifndef SURVEY_TABLE_H
#define SURVEY_TABLE_H
#include <survey/design.h>
#include <survey/estimate.h>
#include <survey/frame.h>
SVY_BEGIN_DECLS

/** What the cells of a table are shares of. */
typedef enum svy_share {
    SVY_SHARE_TOTAL = 0,      /**< the whole table */
    SVY_SHARE_ROW = 1,        /**< the level of the first variable: they sum to 1 over all others */
    SVY_SHARE_COLUMN = 2      /**< the level of the last variable */
} svy_share;

/** Shares of the cells of a table of any number of variables, all taken as factors, in every domain. The spec's `statistic` is not read; limits as
 *  svy_estimate makes those of shares.
 *
 *  A row share is w(cell) / w(level of the first variable), a mean in the domain of that level: with its linearised or replicate variance, degrees of freedom,
 *  n and missing. A row on which any of the variables is missing is left out. docs/methods/table.md.
 *  Rows: statistic "total-share", "row-share" or "column-share"; variable "a:b"; level "Yes:E", the first variable fastest. A level without rows gives no
 *  number (NaN, n = 0).
 *  @return as svy_estimate. */
SVY_API SVY_NODISCARD svy_status svy_table_shares(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                                                  svy_share share, svy_estimates **out, svy_error *err);

/** Measures of a two-by-two table with shares p11, p12 (first level of the first variable), p21, p22. */
typedef enum svy_measure {
    SVY_MEASURE_ODDS_RATIO = 0,       /**< (p11 p22) / (p12 p21) */
    SVY_MEASURE_RISK_RATIO = 1,       /**< p1j/p1. over p2j/p2., for each level j of the second variable */
    SVY_MEASURE_RISK_DIFFERENCE = 2   /**< p1j/p1. - p2j/p2. */
} svy_measure;
enum { SVY_MEASURES = 3 };
/** "odds-ratio", "risk-ratio", "risk-difference"; "" for another number. */
SVY_API const char *svy_measure_name(svy_measure m);

/** Measures of association of two variables of two levels each, in every domain, by the delta method from the covariance of the shares. Ratios have limits
 *  that are symmetric on the logarithm, exp(log r +- q se / r). Quantiles are t with the design's degrees of freedom unless `df` is NORMAL.
 *  Rows: variable "a:b", level that of the second variable ("" for the odds ratio), as SAS PROC SURVEYFREQ defines them.
 *  Source: Rao & Thomas, in Skinner, Holt & Smith (eds.), Analysis of Complex Surveys (1989) ch. 4. docs/methods/two-by-two.md.
 *  @param measures  which, in order.
 *  @return as svy_estimate; SVY_E_VALUE when a variable has not two levels with rows of positive weight (with domains: NaN there). */
SVY_API SVY_NODISCARD svy_status svy_table_measures(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                                                    const svy_measure *measures, size_t n_measures, svy_estimates **out, svy_error *err);

SVY_END_DECLS
#endif
