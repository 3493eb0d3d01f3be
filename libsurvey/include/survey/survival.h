/** Survival curves by group from a complex sample, and the times at which survival has fallen to given shares. */
#ifndef SURVEY_SURVIVAL_H
#define SURVEY_SURVIVAL_H
#include <survey/design.h>
#include <survey/frame.h>
SVY_BEGIN_DECLS

typedef enum svy_survival_estimator {
    SVY_SURVIVAL_KAPLAN_MEIER = 0,   /**< product of 1 - D/Y over event times; R's svykm() */
    SVY_SURVIVAL_HAZARD = 1          /**< exp(-sum of D/Y) (Nelson-Aalen, Fleming-Harrington); R's svykm(se = TRUE) */
} svy_survival_estimator;

typedef enum svy_survival_interval {
    SVY_SURVIVAL_LOG = 0,            /**< symmetric for ln S, at most 1; R's confint() of svykm */
    SVY_SURVIVAL_LOG_LOG = 1,        /**< symmetric for ln(-ln S) */
    SVY_SURVIVAL_PLAIN = 2           /**< symmetric for S */
} svy_survival_interval;

/** What to estimate. Start from SVY_SURVIVAL_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_survival_spec {
    unsigned size;                    /**< sizeof(svy_survival_spec) as the caller compiled it */
    const char *formula;              /**< "Surv(time, status) ~ group", "~ 1" for all together, "Surv(start, stop, status)" with times of entry */
    const char *where;                /**< a subpopulation, an expression; NULL: everybody */
    const double *at; size_t n_at;    /**< times; none, and no quantiles: all event times of each group */
    const double *quantiles; size_t n_quantiles;   /**< shares still surviving, 0 < p < 1 */
    svy_survival_estimator estimator;
    svy_survival_interval interval;
    double level;                     /**< of confidence, 0 < level < 1 */
    int design_df;                    /**< 1: t with the design's degrees of freedom instead of the normal distribution */
    unsigned threads;                 /**< 0: one per processor, at most 8; results do not depend on it, to the last bit */
} svy_survival_spec;
#define SVY_SURVIVAL_INIT { sizeof(svy_survival_spec), NULL, NULL, NULL, 0, NULL, 0, SVY_SURVIVAL_KAPLAN_MEIER, SVY_SURVIVAL_LOG, 0.95, 0, 1 }

/** A point of a curve, or a quantile. Texts are borrowed from the result. A number that does not exist is NaN. */
typedef struct svy_survival_row {
    const char *statistic;            /**< "survival" or "quantile" */
    const char *variable;             /**< the response as written */
    const char *level;                /**< of the group; "" when there are none */
    double prob, time;                /**< of a quantile: the share; of a point: the time. The other is NaN */
    double estimate, se, lower, upper;
    double df;                        /**< of the design in the group */
    uint64_t n;                       /**< rows of positive weight in the group that are used */
} svy_survival_row;

typedef struct svy_survival svy_survival;

/** Survival curves by group.
 *
 *  Estimand: the share of the population that has had no event by time t, censoring being independent of it.
 *  With D(t) the weight of events at t and Y(t) the weight under observation just before, S = prod (1 - D/Y) or exp(-sum D/Y). The influence of a row is
 *  w times the derivative: for the product -S [sum of dN/(Y - D) - sum of R D / (Y (Y - D))] over its times until t, dN and R saying whether it has the
 *  event and is under observation then; for exp(-H), -S [sum of dN/Y - sum of R D/Y^2]. With replicates the curve is computed anew from each.
 *  A quantile is the first event time at which S <= p; its limits those at which the limits of the curve are, as R's quantile(svykm, ci = TRUE); it
 *  has no standard error. NaN: the curve does not get there. The limits need the whole curve.
 *  Missing: rows with a missing time, status or group are left out but stay in the design. Times of entry: Y counts rows after their entry.
 *  Cost: a sort of the rows, then O(rows * times) for standard errors, with memory for 16 times at once.
 *  Source: Kaplan & Meier, JASA 53 (1958) 457-481, doi:10.1080/01621459.1958.10501452; Williams, Biometrics 51 (1995) 1391-1404; docs/methods/kaplan-meier.md.
 *  Tests: tests/reference/survival.csv holds figures from R.
 *
 *  @param out receives a new result (svy_survival_free), NULL on failure.
 *  @return SVY_OK; SVY_E_SYNTAX, SVY_E_NAME, SVY_E_TYPE of the formula; SVY_E_VALUE with the row (a status that is neither 0 nor 1, a time that cannot be,
 *          nobody satisfies `where`); SVY_E_NUMERIC (no events; a lonely PSU); SVY_E_LIMIT (10,000 groups); SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_survival_estimate(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_survival_spec *spec,
                                                       svy_survival **out, svy_error *err);
/** Releases `s`. NULL is allowed. */
SVY_API void svy_survival_free(svy_survival *s);
/** Rows in order: by group, first the points in order of time, then the quantiles. */
SVY_API size_t svy_survival_count(const svy_survival *s);
SVY_API const svy_survival_row *svy_survival_row_at(const svy_survival *s, size_t index);
/** Rows of positive weight in the subpopulation that were left out because a variable is missing. */
SVY_API uint64_t svy_survival_missing(const svy_survival *s);
/** Replicates in which a group has no rows and so no curve; they are left out of its variance. The most of any point. */
SVY_API size_t svy_survival_dropped(const svy_survival *s);

SVY_END_DECLS
#endif
