/** The sampling design of a data set: weights, strata, clusters and population sizes of any number of stages, unequal probabilities, two phases,
 *  replicate weights. */
#ifndef SURVEY_DESIGN_H
#define SURVEY_DESIGN_H
#include <survey/frame.h>
SVY_BEGIN_DECLS

/** What to do with a stratum of which only one PSU was sampled although there are more (a "lonely" PSU): its variance cannot be
 *  estimated from the sample. */
typedef enum svy_lonely_psu {
    SVY_LONELY_FAIL = 0,      /**< an error that names the stratum */
    SVY_LONELY_REMOVE = 1,    /**< it contributes nothing */
    SVY_LONELY_ADJUST = 2,    /**< its PSU is centred on the mean of all PSUs of the stage (R survey since 4.2; 4.1 and before: on 0,
                                   which differs for totals, not for means) */
    SVY_LONELY_AVERAGE = 3,   /**< it contributes what the other strata contribute on average */
    SVY_LONELY_CERTAINTY = 4  /**< taken with certainty: it contributes nothing */
} svy_lonely_psu;

/** Sampling PSUs with unequal probabilities and without replacement; the fpc of the first stage are then inclusion probabilities (docs/methods/pps.md). */
typedef enum svy_pps {
    SVY_PPS_NONE = 0,
    SVY_PPS_BREWER = 1,       /**< with-replacement form with a correction by PSU; further stages allowed */
    SVY_PPS_OVERTON = 2,      /**< joint probabilities by Overton's approximation */
    SVY_PPS_HARTLEY_RAO = 3,  /**< by Hartley and Rao's, from the population's sum of squared probabilities */
    SVY_PPS_JOINT = 4,        /**< given as a matrix */
    SVY_PPS_POISSON = 5       /**< units drawn independently of each other */
} svy_pps;
typedef enum svy_pps_variance { SVY_PPS_HORVITZ_THOMPSON = 0, SVY_PPS_YATES_GRUNDY = 1 } svy_pps_variance;

/** Kinds of replicate weights: how their variance is scaled and, when they are not given, how they are made (docs/methods/replicates.md). */
typedef enum svy_replicate_type {
    SVY_REPLICATE_NONE = 0,         /**< no replicates: variances by linearisation */
    SVY_REPLICATE_OTHER = 1,        /**< given, with `scale` and `rscales` */
    SVY_REPLICATE_JK1 = 2, SVY_REPLICATE_JKN = 3, SVY_REPLICATE_JK2 = 4,
    SVY_REPLICATE_BRR = 5, SVY_REPLICATE_FAY = 6,
    SVY_REPLICATE_BOOTSTRAP = 7,    /**< Canty & Davison, as R's type "bootstrap" */
    SVY_REPLICATE_RAO_WU = 8,       /**< n - 1 of n PSUs, R's "subbootstrap" */
    SVY_REPLICATE_PRESTON = 9,      /**< multistage rescaled bootstrap, R's "mrbbootstrap" */
    SVY_REPLICATE_GENERALIZED = 10, /**< normal factors with the covariance of the design's variance form */
    SVY_REPLICATE_SDR = 11,         /**< successive differences in the order of the rows */
    SVY_REPLICATE_ACS = 12          /**< given successive differences, centred on the estimate: scale 4/R, mse */
} svy_replicate_type;

/** Replicate weights. */
typedef struct svy_replicate_spec {
    svy_replicate_type type;
    const char *const *columns; size_t n_columns;   /**< given ones, in order; none: they are made from the design */
    int uncombined;                   /**< 1: given columns are factors on the sampling weights, not weights */
    double scale;                     /**< 0: that of the type */
    const double *rscales; size_t n_rscales;        /**< none: those of the type; one: the same for all */
    int mse;                          /**< 1: deviations from the estimate, not from the replicates' mean */
    double fay_rho;                   /**< of FAY: 0 <= rho < 1 */
    size_t count;                     /**< of random replicates and SDR; 0: 200 (SDR: 80, or as many as it needs) */
    uint64_t seed;                    /**< of random replicates */
} svy_replicate_spec;

/** How the second of two phases was drawn from the first. All of the first phase stand in the data. */
typedef struct svy_phase_spec {
    const char *subset;               /**< 0/1 or boolean: the row is in the second phase; NULL: one phase only */
    const char *strata, *clusters, *fpc, *probabilities;   /**< of the second phase; NULL: none */
    int method;                       /**< 0 full, 1 approx, 2 simple, as R's twophase() */
} svy_phase_spec;

/** A design as columns of a frame. Start from SVY_DESIGN_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_design_spec {
    unsigned size;                    /**< sizeof(svy_design_spec) as the caller compiled it */
    const char *weights;              /**< sampling weights; NULL: products of N/n when there is fpc, otherwise 1 */
    const char *const *strata; size_t n_strata;      /**< by stage; fewer than stages: the later stages have none */
    const char *const *clusters; size_t n_clusters;  /**< one per stage; none: every row is a PSU */
    const char *const *fpc; size_t n_fpc;            /**< population sizes (all >= 1) or sampling fractions (all <= 1), one per stage; or none */
    int nest;                         /**< 1: the same cluster number in another stratum is another cluster */
    svy_lonely_psu lonely;
    svy_pps pps;
    svy_pps_variance pps_variance;
    const svy_frame *joint;           /**< PPS_JOINT: joint inclusion probabilities, a row and a column per row of the data */
    double joint_tolerance;           /**< covariances (pi_ij - pi_i pi_j) / pi_ij below it count as 0, as R's ppsmat() does it */
    const char *pps_sum;              /**< PPS_HARTLEY_RAO: the population's sum of squared probabilities over the sample size, a number or a column
                                           that has it by stratum; NULL: the sample's mean probability */
    svy_replicate_spec replicates;
    svy_phase_spec phase2;
    int lonely_domains;               /**< 1: ADJUST and AVERAGE hold also for a stratum with several PSUs of which only one has rows in the domain */
    double df;                        /**< degrees of freedom to use instead of computed ones; 0: compute them by domain; -1: those of the whole design */
} svy_design_spec;
#define SVY_DESIGN_INIT { sizeof(svy_design_spec), NULL, NULL, 0, NULL, 0, NULL, 0, 0, SVY_LONELY_FAIL, SVY_PPS_NONE, SVY_PPS_HORVITZ_THOMPSON, NULL, 1e-4, NULL, \
                          { SVY_REPLICATE_NONE, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 1 }, { NULL, NULL, NULL, NULL, NULL, 0 }, 0, 0 }

/** A compiled design: every row belongs to a path of strata and units. Immutable, so threads may share it. */
typedef struct svy_design svy_design;

/** Compiles a design. Clusters of a later stage are told apart by all earlier ones, strata of a later stage by the cluster around them. How
 *  many PSUs a stratum has is counted here, over all rows, so that subpopulations keep the design they came from.
 *
 *  Time and memory are linear in rows: 4 bytes a row when rows do not come sorted by cluster, a few bytes per unit otherwise.
 *  Stages without fpc contribute nothing after the first and are not kept.
 *
 *  @param f    must outlive `*out`, which borrows the column of weights.
 *  @param out  receives a new design (svy_design_free), NULL on failure.
 *  @return SVY_OK; SVY_E_NAME (no such column, or fewer fpc than stages); SVY_E_TYPE (weights or fpc are not numbers); SVY_E_VALUE with the
 *          column and the row: a design variable is missing, a weight is negative, sizes and fractions are mixed, a population is smaller than
 *          its sample, an fpc varies within a stratum, a cluster lies in two strata without `nest`, there are more columns of
 *          strata than stages, or no rows; SVY_E_LIMIT (4,294,967,294 rows, 20 stages); SVY_E_NOMEM.
 *
 *  Rules as in R survey's svydesign: T. Lumley, "Complex Surveys", Wiley 2010, doi:10.1002/9780470580066; docs/methods/design.md. */
SVY_API SVY_NODISCARD svy_status svy_design_new(const svy_alloc *alloc, const svy_frame *f, const svy_design_spec *spec,
                                                svy_design **out, svy_error *err);
/** Releases `d`. NULL is allowed. */
SVY_API void svy_design_free(svy_design *d);

SVY_API size_t svy_design_rows(const svy_design *d);
SVY_API const double *svy_design_weights(const svy_design *d);   /**< by row */
SVY_API int svy_design_weighted(const svy_design *d);            /**< 0: neither weights nor fpc were given, so every row counts 1 */
SVY_API size_t svy_design_psus(const svy_design *d);             /**< sampled PSUs */
SVY_API size_t svy_design_strata(const svy_design *d);           /**< strata of the first stage */
/** Factor of replicate r in a variance: scale times its rscale. */
SVY_API double svy_design_replicate_scale(const svy_design *d, size_t r);
/** 1: replicates deviate from the estimate, not from their mean. */
SVY_API int svy_design_replicate_mse(const svy_design *d);
SVY_API size_t svy_design_replicates(const svy_design *d);       /**< replicate weights; 0: variances are linearised */

SVY_END_DECLS
#endif
