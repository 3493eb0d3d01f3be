/** Results as text: tables for reading, CSV and JSON for other programs. */
#ifndef SURVEY_REPORT_H
#define SURVEY_REPORT_H
#include <survey/estimate.h>
SVY_BEGIN_DECLS

typedef enum svy_report_format {
    SVY_REPORT_TABLE = 0,   /**< aligned columns, UTF-8, numbers to six digits: may change between versions */
    SVY_REPORT_CSV = 1,     /**< RFC 4180, LF; numbers in the fewest digits that read back exactly (up to 17); nothing for NaN */
    SVY_REPORT_JSON = 2     /**< an array of objects, one per estimate, keys as the columns of the CSV; null for NaN */
} svy_report_format;

/** Estimates as text. Columns of CSV and keys of JSON, in this order: statistic, variable, level, one per by-variable, estimate, se,
 *  ci_lower, ci_upper, df, cv, deff (only when it was asked for), n, missing.
 *
 *  @param text  receives `*len` bytes and a NUL, to be released by svy_report_release with the same allocator; NULL on failure.
 *  @return SVY_OK or SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_report_estimates(const svy_alloc *alloc, const svy_estimates *e, svy_report_format format,
                                                      char **text, size_t *len, svy_error *err);
/** The covariance matrix as CSV: one row and one column per estimate, named "variable level by...". */
SVY_API SVY_NODISCARD svy_status svy_report_covariance(const svy_alloc *alloc, const svy_estimates *e, char **text, size_t *len, svy_error *err);
/** Releases a report. NULL is allowed. */
SVY_API void svy_report_release(const svy_alloc *alloc, char *text, size_t len);

SVY_END_DECLS
#endif
