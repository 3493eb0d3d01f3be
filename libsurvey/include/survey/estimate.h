/** Means, totals, ratios, proportions and tables from a complex sample, with design-based standard errors, in any number of domains. */
#ifndef SURVEY_ESTIMATE_H
#define SURVEY_ESTIMATE_H
#include <survey/design.h>
#include <survey/frame.h>
SVY_BEGIN_DECLS

typedef enum svy_statistic {
    SVY_STAT_MEAN = 0,        /**< sum of w y / sum of w; of a factor: the share of each level */
    SVY_STAT_TOTAL = 1,       /**< sum of w y; of a factor: the number in each level */
    SVY_STAT_RATIO = 2,       /**< sum of w y / sum of w x */
    SVY_STAT_PROPORTION = 3,  /**< share of each level; any variable is taken as a factor */
    SVY_STAT_TABLE = 4,       /**< number in each cell of the cross-classification of all variables, all taken as factors */
    SVY_STAT_QUANTILE = 5,    /**< this and the following are not for svy_estimate(): see survey/quantile.h, survey/moments.h, survey/contrast.h */
    SVY_STAT_CDF = 6,
    SVY_STAT_VARIANCE = 7,
    SVY_STAT_SD = 8,
    SVY_STAT_CORRELATION = 9,
    SVY_STAT_CONTRAST = 10,
    SVY_STAT_MULTIPLE = 11
} svy_statistic;

/** How confidence limits of a proportion are made. The named ones are those of R's svyciprop and use the t distribution unless `df` says otherwise. */
typedef enum svy_interval {
    SVY_INTERVAL_DEFAULT = 0, /**< estimate +- quantile * se */
    SVY_INTERVAL_MEAN = 1,    /**< the same, as svyciprop does it: with the t distribution */
    SVY_INTERVAL_LOGIT = 2,   /**< symmetric on the logit, by the delta method; what logistic regression on a constant gives */
    SVY_INTERVAL_BETA = 3,    /**< Korn & Graubard 1998: Clopper-Pearson with the effective sample size */
    SVY_INTERVAL_XLOGIT = 4,  /**< the same numbers as logit (R computes them in two ways) */
    SVY_INTERVAL_ASIN = 5,    /**< symmetric on the arcsine of the square root */
    SVY_INTERVAL_WILSON = 6,  /**< Wilson's score interval with the effective sample size */
    SVY_INTERVAL_LIKELIHOOD = 7 /**< binomial likelihood with the effective sample size */
} svy_interval;

typedef enum svy_df { SVY_DF_AUTO = 0, SVY_DF_NORMAL = 1, SVY_DF_DESIGN = 2 } svy_df;
typedef enum svy_deff { SVY_DEFF_NONE = 0, SVY_DEFF_WITHOUT = 1, SVY_DEFF_REPLACE = 2 } svy_deff;

/** What to estimate. Start from SVY_ESTIMATE_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_estimate_spec {
    unsigned size;                    /**< sizeof(svy_estimate_spec) as the caller compiled it */
    svy_statistic statistic;
    const char *const *variables;     /**< see svy_variable_parse */
    size_t n_variables;
    const char *const *by;            /**< domains: every combination of values that occurs with a positive weight */
    size_t n_by;
    const char *where;                /**< a subpopulation, an expression; NULL: everybody */
    double level;                     /**< of confidence, 0 < level < 1 */
    svy_df df;                        /**< AUTO: normal quantiles, as R's confint(); t for a named interval, as svyciprop() */
    svy_deff deff;                    /**< design effect against sampling without or with replacement */
    svy_interval interval;            /**< shares only (proportion, mean of a factor) */
    int fail_missing;                 /**< 1: a missing value in a row of positive weight of a domain is an error, not left out */
    int covariance;                   /**< 1: also covariances between all estimates, across variables and domains */
    unsigned threads;                 /**< 0: one per processor, at most 8; results do not depend on it, to the last bit */
    int bell_mccaffrey;               /**< means and shares, linearised: 1 for Bell-McCaffrey standard errors and degrees of freedom (limits are then from t),
                                           2 with degrees of freedom for residuals correlated within PSUs; docs/methods/bell-mccaffrey.md */
} svy_estimate_spec;
#define SVY_ESTIMATE_INIT { sizeof(svy_estimate_spec), SVY_STAT_MEAN, NULL, 0, NULL, 0, NULL, 0.95, SVY_DF_AUTO, SVY_DEFF_NONE, \
                            SVY_INTERVAL_DEFAULT, 0, 0, 1, 0 }

/** One estimate. Texts are borrowed from the estimates. A number that cannot be computed (a mean of no rows) is NaN. */
typedef struct svy_estimate_row {
    const char *statistic;            /**< svy_statistic_name(), or what a multiple response estimates in this row */
    const char *variable;             /**< "api00"; "y/x" for a ratio; "a:b" for a table or a covariance of a and b */
    const char *level;                /**< of a factor; "Yes:E" for a cell; "" when there is none */
    double prob;                      /**< of a quantile; NaN otherwise */
    const char *const *by;            /**< value of each by-variable */
    double estimate, se, lower, upper;
    double df;                        /**< of the domain: PSUs minus strata that have a row of positive weight in it */
    double cv;                        /**< se / estimate */
    double deff;                      /**< NaN unless asked for */
    uint64_t n;                       /**< rows used, of positive weight; for a cell of a table those in the cell */
    uint64_t missing;                 /**< rows of positive weight left out because a variable is missing */
} svy_estimate_row;

typedef struct svy_estimates svy_estimates;

/** The columns that a variable of a request names: "x", "factor(x)" (a number taken as a factor), "y/x" for a ratio. A name in backquotes may hold
 *  any character, a backquote in it is written twice: "`a/b`/c" is the ratio of a/b and c. Without them only a ratio restricts names.
 *  @param copy   room for strlen(text) + 1 bytes, for the names.
 *  @param names  receives one name, or two for a ratio (otherwise the second is NULL); they lie in `copy`. Both are NULL on failure.
 *  @param factor receives 1 for "factor(x)", otherwise 0; may be NULL.
 *  @return SVY_OK; SVY_E_ARG when a ratio is not one. */
SVY_API SVY_NODISCARD svy_status svy_variable_parse(svy_statistic statistic, const char *text, char *copy, const char *names[2], int *factor,
                                                    svy_error *err);

/** Estimates with linearised standard errors, all domains in one pass over the rows.
 *
 *  Estimands: population mean, total, ratio of totals, share, count, of the subpopulation and of each domain in it.
 *  Formulas: with u the rows' influence (w y for a total; w (y - mean)/W for a mean; w (y - R x)/X for a ratio) and t its sums by PSU,
 *      V = sum over strata of (1 - n/N) n/(n-1) * sum over PSUs of (t - mean t)^2,
 *  plus, when population sizes of later stages are known, n/N times the same expression inside every PSU, and so on. n counts the PSUs of the
 *  whole design, so a PSU without rows in the domain counts with t = 0. A stratum with 1 - n/N < 1e-7 contributes nothing.
 *  Missing: a row on which any of the variables is missing is left out of all of them, as if it were outside the domain (R's
 *  svymean(~a + b, na.rm = TRUE)); it still counts for `df`, as in R. A row whose by-variable is missing is in no domain (svy_estimates_left_out).
 *  Zero weights: such rows add nothing and are not counted.
 *  Lonely PSUs: see svy_lonely_psu; the adjustment by AVERAGE is made by domain; between two domains its geometric mean is taken.
 *  Design effect: V / (s2 (W - n)/(W n)) of a mean, times W^2 of a total, (W - n)/W left out with REPLACE; s2 = n/(n-1) sum w (y - mean)^2 / W;
 *  NaN for a mean without replacement when W < n.
 *  Arithmetic: sums of shifted values in fixed pieces of 65,536 rows, joined in order: results agree with exact ones to about 1e-13 relative.
 *  Cost: O(rows * columns + PSUs * domains); memory for the non-empty combinations of PSU and domain; (estimates)^2 * 8 bytes for covariances.
 *  Source: Binder, Int. Stat. Rev. 51 (1983) 279-292, doi:10.2307/1402588; Saerndal, Swensson & Wretman, Model Assisted Survey Sampling (1992),
 *  doi:10.1007/978-1-4612-4378-6, ch. 4-5; intervals: Korn & Graubard, Surv. Methodol. 24 (1998) 193-201.
 *  Tests: tests/command/estimate_reference_test.py holds figures from R survey and from textbooks.
 *
 *  @param alloc NULL for malloc; otherwise only one thread is used.
 *  @param f     the frame the design was made from; must outlive `*out`, which borrows texts of levels.
 *  @param out   receives new estimates (svy_estimates_free), NULL on failure.
 *  @return SVY_OK; SVY_E_NAME; SVY_E_TYPE (a ratio of texts; `interval` and a variable that is no factor); SVY_E_VALUE (nobody satisfies `where`; a missing
 *          value with `fail_missing`); what svy_frame_where returns; SVY_E_NUMERIC (a lonely PSU); SVY_E_LIMIT (16,777,216 combinations of
 *          by-variables, 10,000 levels of a factor or cells of a table, 8,192 estimates with covariances); SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_estimate(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                                              svy_estimates **out, svy_error *err);
/** Releases `e`. NULL is allowed. */
SVY_API void svy_estimates_free(svy_estimates *e);

/** Rows in order: by variable as given, by level, by domain with the first by-variable varying fastest. */
SVY_API size_t svy_estimates_count(const svy_estimates *e);
SVY_API const svy_estimate_row *svy_estimates_row(const svy_estimates *e, size_t index);
SVY_API size_t svy_estimates_by_count(const svy_estimates *e);
SVY_API const char *svy_estimates_by_name(const svy_estimates *e, size_t k);
SVY_API int svy_estimates_has_deff(const svy_estimates *e);
SVY_API int svy_estimates_has_prob(const svy_estimates *e);   /**< 1: quantiles */
/** Covariance of two estimates; NaN unless `covariance` was asked for. */
SVY_API double svy_estimates_covariance(const svy_estimates *e, size_t i, size_t j);
/** Rows of the subpopulation with positive weight that are in no domain because a by-variable is missing. */
SVY_API uint64_t svy_estimates_left_out(const svy_estimates *e);
/** Replicates that gave no number for some estimate: the variances are those of the others. */
SVY_API size_t svy_estimates_dropped(const svy_estimates *e);
/** What the user should know about given replicate weights (a scale that was assumed, weights that look like factors), a sentence; "" when nothing. */
SVY_API const char *svy_estimates_note(const svy_estimates *e);
/** "mean", "total", "ratio", "proportion", "table", "quantile", "cdf", "variance", "sd", "correlation", "contrast", "multiple". */
SVY_API const char *svy_statistic_name(svy_statistic s);

SVY_END_DECLS
#endif
