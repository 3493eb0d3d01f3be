/** Weighting as a recorded pipeline: base weights, non-response, calibration to population totals, trimming; every step replayed on every replicate
 *  and known to the variances. */
#ifndef SURVEY_WEIGHTING_H
#define SURVEY_WEIGHTING_H
#include <survey/design.h>
SVY_BEGIN_DECLS

/** What a step does to the weights w of rows. */
typedef enum svy_weighting_kind {
    SVY_WEIGHTING_BASE = 0,        /**< w / product of selection probabilities */
    SVY_WEIGHTING_CELLS = 1,       /**< those who do not count hand their weight to those who do, within cells: unknown eligibility, non-response */
    SVY_WEIGHTING_PROPENSITY = 2,  /**< the same by the propensity to respond: its inverse, or classes of it */
    SVY_WEIGHTING_CALIBRATE = 3,   /**< to population totals: post-stratification, raking, calibration */
    SVY_WEIGHTING_TRIM = 4,        /**< limits on weights; what is cut off goes to the others */
    SVY_WEIGHTING_SCALE = 5,   /**< to a mean or a total */
    SVY_WEIGHTING_STANDARDIZE = 6  /**< to a standard distribution of cells within every group */
} svy_weighting_kind;

/** The function F of g = F(x'eta / sigma^2). */
typedef enum svy_calibration {
    SVY_CALIBRATE_LINEAR = 0,      /**< 1 + u: the generalised regression estimator; clipped to bounds when there are some */
    SVY_CALIBRATE_RAKING = 1,      /**< exp(u): what iterative proportional fitting converges to */
    SVY_CALIBRATE_LOGIT = 2,       /**< between bounds L < 1 < U, which it needs */
    SVY_CALIBRATE_SINH = 3,        /**< (p + sqrt(p^2 + 4)) / 2, p = arcsinh(2u): R's cal.sinh; positive, with a lighter tail than raking */
    SVY_CALIBRATE_POSTSTRATIFY = 4 /**< one margin: total / sum of weights by cell */
} svy_calibration;

/** What a linearised variance makes of calibrated weights (docs/methods/calibration.md). */
typedef enum svy_calibration_variance {
    SVY_CALIBRATED_GREG = 0,       /**< residuals of a regression with the weights before the step: R's calibrate() and postStratify() */
    SVY_CALIBRATED_STATA = 1,      /**< the same regression with the calibrated weights */
    SVY_CALIBRATED_RAKE = 2,       /**< R's rake(): ten sweeps of centring in the cells of every margin */
    SVY_CALIBRATED_FIXED = 3       /**< as if the calibrated weights were sampling weights */
} svy_calibration_variance;

/** Population totals of the cells of one or more variables, from one source. */
typedef struct svy_margin {
    const char *source;                                    /**< for messages: a file, "line 12" */
    const char *const *variables; size_t n_variables;
    const char *const *levels;                             /**< n_lines * n_variables, line after line; of a numeric column: numbers */
    const double *totals; size_t n_lines;                  /**< 0 or more each */
} svy_margin;

/** Population total of a numeric variable. */
typedef struct svy_auxiliary_total { const char *variable; double total; } svy_auxiliary_total;

/** A step. Fill in from SVY_WEIGHTING_STEP_INIT; what the kind does not use is ignored. */
typedef struct svy_weighting_step {
    unsigned size;
    svy_weighting_kind kind;
    const char *name;                                      /**< for the report; NULL: made from the kind */
    /** BASE: probabilities. CELLS: variables whose combinations are the cells (none: one cell). PROPENSITY: variables of the logistic model, factors by
        level. STANDARDIZE: the variables with a standard distribution. */
    const char *const *variables; size_t n_variables;
    /** CELLS, PROPENSITY: an expression, true for the rows that keep and take weight (known eligibility, respondents). */
    const char *takes;
    /** CELLS, PROPENSITY: an expression, true for the rows the step is about; the others keep their weight. NULL: all. */
    const char *among;
    unsigned classes;                                      /**< PROPENSITY: classes of equal size by propensity; 0: inverse propensity */
    const svy_margin *margins; size_t n_margins;           /**< CALIBRATE; STANDARDIZE: one, the standard distribution */
    const svy_auxiliary_total *totals; size_t n_totals;    /**< CALIBRATE */
    svy_calibration method;
    int bounded; double lower, upper;                      /**< CALIBRATE: bounds on g; TRIM: on weights */
    int bounds_on_weights;                                 /**< CALIBRATE: 1: lower and upper bound the weight itself */
    svy_calibration_variance variance;
    const char *cluster;                                   /**< CALIBRATE: one weight for all rows with this value (households); NULL */
    const char *sigma2;                                    /**< CALIBRATE: column of variances sigma^2 > 0; NULL: 1 */
    int scale_margins;                                     /**< CALIBRATE: 1: margins whose totals differ are scaled to the first one's */
    int strict;                                            /**< TRIM: repeated until no weight is outside */
    double cap;                                            /**< TRIM: > 0: no weight above `cap` means of the weights, instead of bounds; the total is kept by scaling */
    double to_mean, to_total;                              /**< SCALE: one of them, the other 0 */
    const char *const *over; size_t n_over;                /**< STANDARDIZE: groups that each get the standard distribution; none: one group */
    int first_projected_first;                             /**< 1 in any step: of several steps, linearised variances project the first one first, as R does */
} svy_weighting_step;
#define SVY_WEIGHTING_STEP_INIT { sizeof(svy_weighting_step), SVY_WEIGHTING_CALIBRATE, NULL, NULL, 0, NULL, NULL, 0, NULL, 0, NULL, 0, \
    SVY_CALIBRATE_LINEAR, 0, 0, 0, 0, SVY_CALIBRATED_GREG, NULL, NULL, 0, 0, 0, 0, 0, NULL, 0, 0 }

typedef struct svy_weighting_plan { const svy_weighting_step *steps; size_t n_steps; } svy_weighting_plan;

/** The weights at one moment. */
typedef struct svy_weights_summary {
    uint64_t n;                    /**< rows of weight > 0 or < 0 */
    double sum, min, max;          /**< over those rows */
    double cv;                     /**< standard deviation (divisor n) / mean */
    double deff;                   /**< Kish: 1 + cv^2 */
} svy_weights_summary;

typedef struct svy_margin_hit { const char *margin, *level; double target, before, after; } svy_margin_hit;

typedef struct svy_weighting_report_step {
    const char *name;
    svy_weights_summary before, after;
    double g_min, g_max;           /**< of weight after / weight before, over rows that keep weight */
    uint64_t changed;              /**< rows whose weight changed */
    unsigned iterations;           /**< 0: none were needed */
    int converged;
    const svy_margin_hit *hits; size_t n_hits;
} svy_weighting_report_step;

/** What the steps did. Immutable. */
typedef struct svy_weighting_report svy_weighting_report;
SVY_API size_t svy_weighting_report_steps(const svy_weighting_report *r);
SVY_API const svy_weighting_report_step *svy_weighting_report_get(const svy_weighting_report *r, size_t step);
SVY_API void svy_weighting_report_free(svy_weighting_report *r);

/** Applies a plan to the weights of a design, step after step; with replicates to the weights of each. The design's variances then know the steps. A plan
 *  applied to a design that was weighted before goes on from its weights.
 *
 *  Calibration solves sum of w F(x'eta / sigma^2) x = totals by Newton's method until the totals are hit to rounding; rows of one cell of the
 *  cross-classification of the margins are one. Memory: a weight per row and step, a number per row and margin; never rows times totals.
 *
 *  @param frame   the frame the design was made from; must outlive the design.
 *  @param report  receives a report (svy_weighting_report_free), NULL on failure; may be NULL.
 *  @return SVY_OK; SVY_E_NAME (no such column), SVY_E_TYPE; SVY_E_VALUE: a variable is missing in a row of positive weight, a level of the sample that a
 *          margin lacks or the other way round, margins whose totals differ, a cell without anybody to take its weight; SVY_E_NUMERIC: the totals
 *          cannot be hit within the bounds, a separated propensity model; SVY_E_SYNTAX in an expression; SVY_E_NOMEM. After a failure the
 *          design has the steps before the one that failed and should be freed.
 *
 *  J.-C. Deville, C.-E. Sarndal, JASA 87 (1992) 376-382, doi:10.1080/01621459.1992.10475217; G. Kalton, I. Flores-Cervantes, J. Official Statistics 19
 *  (2003) 81-97; docs/methods/calibration.md, docs/methods/weighting.md. */
SVY_API SVY_NODISCARD svy_status svy_design_weight(svy_design *d, const svy_frame *frame, const svy_weighting_plan *plan, svy_weighting_report **report,
                                                   svy_error *err);
/** Weights of all rows in replicate r (0 ... svy_design_replicates - 1) after all steps. @param out  svy_design_rows items. */
SVY_API void svy_design_replicate_weights(const svy_design *d, size_t r, double *out);

SVY_END_DECLS
#endif
