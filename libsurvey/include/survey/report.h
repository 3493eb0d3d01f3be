/** Results as text: tables for reading, CSV and JSON for other programs. */
#ifndef SURVEY_REPORT_H
#define SURVEY_REPORT_H
#include <survey/estimate.h>
#include <survey/weighting.h>
#include <survey/test.h>
SVY_BEGIN_DECLS

/** A sheet: rows of texts and numbers under named columns, as every verb prints its results. Filled cell by cell, row after row. */
typedef struct svy_sheet svy_sheet;

typedef enum svy_sheet_kind {
    SVY_SHEET_TEXT = 0,
    SVY_SHEET_NUMBER = 1,
    SVY_SHEET_OPTIONAL = 2    /**< added to either: the column is not shown in a table for reading when it is empty (a number: empty or 0) in all rows */
} svy_sheet_kind;

typedef struct svy_sheet_column { const char *name; int kind; } svy_sheet_column;

typedef enum svy_report_format {
    SVY_REPORT_TABLE = 0,   /**< aligned columns, UTF-8, numbers to six digits: may change between versions */
    SVY_REPORT_CSV = 1,     /**< RFC 4180, LF; numbers in the fewest digits that read back exactly (up to 17); nothing for NaN */
    SVY_REPORT_JSON = 2     /**< an array of objects, one per estimate, keys as the columns of the CSV; null for NaN */
} svy_report_format;

/** An empty sheet; names are copied. SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_sheet_new(const svy_alloc *alloc, const svy_sheet_column *columns, size_t n, svy_sheet **out, svy_error *err);
/** Add the next cell; texts are copied. A number that is not finite is empty (null in JSON). Memory that runs out is reported by svy_sheet_write. */
SVY_API void svy_sheet_text(svy_sheet *s, const char *text);
SVY_API void svy_sheet_number(svy_sheet *s, double x);
/** The sheet as text; see svy_report_estimates for `text` and errors. */
SVY_API SVY_NODISCARD svy_status svy_sheet_write(const svy_sheet *s, svy_report_format format, char **text, size_t *len, svy_error *err);
/** Releases `s`. NULL is allowed. */
SVY_API void svy_sheet_free(svy_sheet *s);

/** Estimates as text. Columns of CSV and keys of JSON, in this order: statistic, variable, level, one per by-variable, estimate, se,
 *  ci_lower, ci_upper, df, cv, deff (only when it was asked for), n, missing.
 *
 *  @param text  receives `*len` bytes and a NUL, to be released by svy_report_release with the same allocator; NULL on failure.
 *  @return SVY_OK or SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_report_estimates(const svy_alloc *alloc, const svy_estimates *e, svy_report_format format,
                                                      char **text, size_t *len, svy_error *err);
/** The covariance matrix as CSV: one row and one column per estimate, named "variable level by...". */
SVY_API SVY_NODISCARD svy_status svy_report_covariance(const svy_alloc *alloc, const svy_estimates *e, char **text, size_t *len, svy_error *err);
/** Tests as a sheet, to be released by svy_sheet_free: columns test, one per by-variable, statistic, ndf, ddf, p_value, and with `estimates` estimate, se,
 *  ci_lower, ci_upper. SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_tests_sheet(const svy_alloc *alloc, const svy_tests *t, int estimates, svy_sheet **out, svy_error *err);
/** Releases a report. NULL is allowed. */
SVY_API void svy_report_release(const svy_alloc *alloc, char *text, size_t len);

/** What a weighting plan did: a row for the weights before it, one for each step, and under it one for each total that it hits. Columns: step, name, margin,
 *  level, target, before, after (of a step: the sum of the weights), then of the weights after the step n, min, max, cv, deff (Kish's 1 + cv^2), the range of
 *  its factors g_min and g_max, the rows it changed, its iterations. */
SVY_API SVY_NODISCARD svy_status svy_weighting_sheet(const svy_alloc *alloc, const svy_weighting_report *r, svy_sheet **out, svy_error *err);

SVY_END_DECLS
#endif
