/** The overview of variables that comes before any analysis. */
#ifndef SURVEY_DESCRIBE_H
#define SURVEY_DESCRIBE_H
#include <survey/design.h>
#include <survey/report.h>
SVY_BEGIN_DECLS

/** Describes variables one by one, each with all rows on which it is not missing.
 *
 *  Columns of the sheet: variable, level, n (rows that have a value), missing and why (not_reached, not_asked, dont_know, refused, not_stated: rows),
 *  weight (sum of the weights of the rows that have a value), share and se of a level, or mean, se, sd, min, q25, median, q75, max of a number.
 *  A number has one row; a text or labelled variable, or "factor(x)", has a row without a level and then one per level that occurs, in their order; only the
 *  first one when it has too many levels for a factor (10,000).
 *  Estimates are those of svy_estimate, svy_variance and svy_quantile (rule `math`); min and max are of rows of positive weight.
 *  Rows are counted whatever their weight. Without values a number is empty (NaN).
 *  @param where  a subpopulation, an expression; NULL: everybody.
 *  @param out    receives a sheet (svy_sheet_free), NULL on failure.
 *  @return as svy_estimate. */
SVY_API SVY_NODISCARD svy_status svy_describe(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const char *const *variables, size_t n,
                                              const char *where, unsigned threads, svy_sheet **out, svy_error *err);
SVY_END_DECLS
#endif
