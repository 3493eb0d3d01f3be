/** Quantiles and the distribution function of a complex sample, with intervals. */
#ifndef SURVEY_QUANTILE_H
#define SURVEY_QUANTILE_H
#include <survey/estimate.h>
SVY_BEGIN_DECLS

/** Which value a share p of the weight has below it. With x sorted, C_k the weight of the first k rows and W of all (docs/methods/quantile.md). */
typedef enum svy_quantile_rule {
    SVY_QUANTILE_MATH = 0,        /**< the smallest x with C_k >= p W */
    SVY_QUANTILE_SCHOOL = 1,      /**< the same, but the middle of two values when p W falls between them */
    SVY_QUANTILE_SHAHVAISH = 2,   /**< step function on (C_k - w_k/2 + 0.5)/(n + 1), weights scaled to a mean of 1 */
    SVY_QUANTILE_HF1 = 3, SVY_QUANTILE_HF2 = 4, SVY_QUANTILE_HF3 = 5, SVY_QUANTILE_HF4 = 6, SVY_QUANTILE_HF5 = 7,
    SVY_QUANTILE_HF6 = 8, SVY_QUANTILE_HF7 = 9, SVY_QUANTILE_HF8 = 10, SVY_QUANTILE_HF9 = 11,   /**< the nine types of Hyndman & Fan with weights */
    SVY_QUANTILE_SHAHVAISH_R = 12 /**< what R survey computes under this name: w_k/2 is not scaled */
} svy_quantile_rule;

/** How limits are made. The first four are Woodruff's: limits of the share below the estimate, turned back into values by the rule. */
typedef enum svy_quantile_interval {
    SVY_QUANTILE_MEAN = 0,        /**< share +- t * se */
    SVY_QUANTILE_BETA = 1,        /**< Korn & Graubard */
    SVY_QUANTILE_XLOGIT = 2,      /**< on the logit */
    SVY_QUANTILE_ASIN = 3,        /**< on the arcsine of the square root */
    SVY_QUANTILE_SCORE = 4,       /**< the values x at which the share below x does not differ from p at the level: Francisco & Fuller */
    SVY_QUANTILE_SCORE_R = 5,     /**< what R survey makes of it, step for step: the unweighted share below these values goes through the rule */
    SVY_QUANTILE_REPLICATE = 6    /**< estimate +- t * se of the quantiles under the replicate weights */
} svy_quantile_interval;

/** Start from SVY_QUANTILE_INIT. */
typedef struct svy_quantile_spec {
    unsigned size;                 /**< sizeof(svy_quantile_spec) as the caller compiled it */
    svy_estimate_spec estimate;    /**< variables, domains, level, missing, threads; df AUTO is the t with the design's degrees of freedom */
    const double *probs; size_t n_probs;
    svy_quantile_rule rule;
    svy_quantile_interval interval;
} svy_quantile_spec;
#define SVY_QUANTILE_INIT { sizeof(svy_quantile_spec), SVY_ESTIMATE_INIT, NULL, 0, SVY_QUANTILE_MATH, SVY_QUANTILE_MEAN }

/** Quantiles in all domains: one sort per variable, in threads.
 *
 *  Estimand: the quantile of the population's values of a variable, in each domain.
 *  Formula: the rule above on rows of positive weight; sums go left to right over sorted rows in extended precision as in R, so that ties fall alike.
 *  Limits: of the share of values at or below the estimate by the design (linearised or by replicates), at which the rule is read off again.
 *  se = (upper - lower) / (2 t). A limit outside 0..1 has no value: NaN.
 *  Missing: a row on which any of the variables is missing is left out; unlike for means it does not count for the degrees of freedom (as in R).
 *  Rows of the result: by variable, by probability as given, by domain. No covariances, no design effects.
 *  Cost: O(rows log rows) per variable, 24 bytes a row while sorting; hf3 and shahvaish-r look at all rows for every quantile.
 *  Source: Woodruff, J. Am. Stat. Assoc. 47 (1952) 635-646, doi:10.1080/01621459.1952.10483443; Francisco & Fuller, Ann. Stat. 19 (1991) 454-469,
 *  doi:10.1214/aos/1176347993; Hyndman & Fan, Am. Stat. 50 (1996) 361-365, doi:10.1080/00031305.1996.10473566; Shah & Vaish, JSM Proc. (2006).
 *  Tests: tests/reference/quantiles.R holds figures of R survey.
 *
 *  @return as svy_estimate; SVY_E_VALUE for a probability outside 0..1; SVY_E_TYPE for a variable that is no number; SVY_E_STATE for
 *          SVY_QUANTILE_REPLICATE without replicate weights. */
SVY_API SVY_NODISCARD svy_status svy_quantile(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_quantile_spec *spec,
                                              svy_estimates **out, svy_error *err);

/** Shares of values at or below given ones: the distribution function, with the limits of shares (`interval`; DEFAULT is
 *  estimate +- quantile * se).
 *  `level` of a row is the value. Rows by variable, by value as given, by domain.
 *  Missing, domains, covariances and errors as svy_estimate; SVY_E_VALUE for a value that is not finite. */
SVY_API SVY_NODISCARD svy_status svy_cdf(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                                         const double *at, size_t n_at, svy_estimates **out, svy_error *err);
SVY_END_DECLS
#endif
