/** Variances, covariances and correlations of the population's values. */
#ifndef SURVEY_MOMENTS_H
#define SURVEY_MOMENTS_H
#include <survey/estimate.h>
SVY_BEGIN_DECLS

/** Variances and covariances of variables in all domains.
 *
 *  Estimand: the variance (covariance) of the values in the population. Rows of the result: variances of all variables in order, then covariances
 *  `a:b` of every pair; each by domain. With `sd` the square roots of the variances instead, without covariances.
 *  Formula: s = n/(n-1) * sum w (y - mean y)(x - mean x) / sum w, n the rows of positive weight on which nothing is missing (as R survey since 4.2).
 *  Standard error: that of the mean of n/(n-1) (y - mean y)(x - mean x) with the means held fixed, which is also the linearisation; with replicate
 *  weights everything but n is computed anew in each. Of a standard deviation se / (2 s). Limits: normal unless `df` says otherwise.
 *  Missing, domains: as svy_estimate. One row: NaN.
 *  Source: R survey's svyvar; Kish, Survey Sampling (1965). Tests: tests/reference/moments.R. Cost: two passes over the rows.
 *  @return as svy_estimate; SVY_E_TYPE for a variable that is no number; SVY_E_LIMIT for more than 64 variables. */
SVY_API SVY_NODISCARD svy_status svy_variance(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, int sd,
                                              svy_estimates **out, svy_error *err);

/** How limits of a correlation are made. */
typedef enum svy_correlation_interval {
    SVY_CORRELATION_NORMAL = 0,   /**< estimate +- quantile * se */
    SVY_CORRELATION_FISHER = 1    /**< symmetric on Fisher's z = atanh r, whose standard error is se / (1 - r^2): they stay within -1 .. 1 */
} svy_correlation_interval;

/** Pearson correlations of every pair of variables (`a:b`), in all domains.
 *  Formula: r = s_ab / sqrt(s_aa s_bb). Influence of a row: w/W (u v - r (u^2 + v^2) / 2), u and v its standardised values (the delta method on
 *  second moments); with replicate weights r is computed anew in each. A variable that does not vary in a domain: NaN.
 *  @return as svy_variance; SVY_E_ARG for fewer than two variables. */
SVY_API SVY_NODISCARD svy_status svy_correlation(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                                                 svy_correlation_interval interval, svy_estimates **out, svy_error *err);
SVY_END_DECLS
#endif
