/** Regression models from complex samples: linear, generalised linear, ordinal, multinomial, Cox; with design-based variances. */
#ifndef SURVEY_MODEL_H
#define SURVEY_MODEL_H
#include <survey/design.h>
#include <survey/frame.h>
SVY_BEGIN_DECLS

typedef enum svy_family {
    SVY_FAMILY_GAUSSIAN = 0, SVY_FAMILY_BINOMIAL = 1, SVY_FAMILY_POISSON = 2, SVY_FAMILY_GAMMA = 3, SVY_FAMILY_ORDINAL = 4,
    SVY_FAMILY_MULTINOMIAL = 5, SVY_FAMILY_COX = 6, SVY_FAMILY_NEGATIVE_BINOMIAL = 7
} svy_family;

/** DEFAULT: identity, logit, log, inverse (gamma, as R), logit (ordinal, multinomial), log (negative binomial). */
typedef enum svy_link {
    SVY_LINK_DEFAULT = 0, SVY_LINK_IDENTITY = 1, SVY_LINK_LOG = 2, SVY_LINK_LOGIT = 3, SVY_LINK_PROBIT = 4, SVY_LINK_CLOGLOG = 5, SVY_LINK_INVERSE = 6,
    SVY_LINK_CAUCHIT = 7, SVY_LINK_SQRT = 8
} svy_link;

/** Standard errors of linearised fits. BELL_MCCAFFREY also gives each coefficient its own degrees of freedom. */
typedef enum svy_model_se { SVY_SE_LINEARIZED = 0, SVY_SE_BELL_MCCAFFREY = 1, SVY_SE_BELL_MCCAFFREY_2 = 2 } svy_model_se;

/** Deaths at the same time in a Cox model: Efron's or Breslow's likelihood. */
typedef enum svy_ties { SVY_TIES_EFRON = 0, SVY_TIES_BRESLOW = 1 } svy_ties;

/** What to fit. Start from SVY_MODEL_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_model_spec {
    unsigned size;             /**< sizeof(svy_model_spec) as the caller compiled it */
    const char *formula;       /**< as in R: "y ~ a*b + I(x^2) + ns(age, 3)"; "Surv(time, status) ~ x" for Cox */
    svy_family family;
    svy_link link;
    const char *where;         /**< a subpopulation, an expression; NULL: everybody */
    double level;              /**< of confidence, 0 < level < 1 */
    svy_model_se se;
    int normal;                /**< 1: normal distribution instead of t; 2: as R's confint(), for coefficients of ordinal, multinomial and Cox models only */
    unsigned threads;          /**< 0: one per processor, at most 8; results do not depend on it, to the last bit */
    svy_ties ties;             /**< of Cox models */
} svy_model_spec;
#define SVY_MODEL_INIT { sizeof(svy_model_spec), NULL, SVY_FAMILY_GAUSSIAN, SVY_LINK_DEFAULT, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1, SVY_TIES_EFRON }

/** One coefficient. A coefficient whose column depends on those before it is left out (aliased): NaN everywhere. */
typedef struct svy_model_row { const char *term; double estimate, se, t, df, p_value, lower, upper; } svy_model_row;

/** How well a model fits. Weights are rescaled to mean 1 over the subpopulation, as in R. NaN where a family does not have it. */
typedef struct svy_model_fitness {
    uint64_t n;                /**< rows of positive weight used */
    uint64_t missing;          /**< rows of positive weight in the subpopulation that are not, because a variable is missing */
    double df_residual;        /**< degrees of freedom of the design, plus 1, minus the coefficients */
    double deviance, null_deviance;
    double dispersion;         /**< weighted variance of the Pearson residuals, as summary(svyglm) in R */
    double theta;              /**< of the negative binomial */
    double effective;          /**< effective number of parameters: trace of (naive covariance)^-1 (design covariance), without the intercept */
    double aic, bic;           /**< Lumley and Scott's dAIC and dBIC (against the model itself), doi:10.1093/jssam/smu021 */
    double cox_snell, nagelkerke;   /**< pseudo R squared of binomial and Poisson models, doi:10.1111/anzs.12187 */
    size_t dropped;            /**< replicates that gave no fit and were left out */
    int iterations;
} svy_model_fitness;

/** A test of terms. */
typedef enum svy_model_test_kind {
    SVY_MODEL_WALD = 0,          /**< F(k, df) of b'V^-1 b / k */
    SVY_MODEL_LRT = 1,           /**< Rao and Scott's likelihood-ratio test: the difference of deviances against sum lambda_i F(1, df) */
    SVY_MODEL_WORKING_WALD = 2   /**< b' V0^-1 b, V0 the covariance without the design, against the same */
} svy_model_test_kind;
/** statistic: F for WALD; otherwise chisq divided by the mean of lambda, as R prints it. */
typedef struct svy_model_test { const char *term; double statistic, chisq, ndf, ddf, p_value; } svy_model_test;

/** A mean of predictions or of effects over the sample, or a function of coefficients. */
typedef struct svy_model_margin { const char *variable, *level; double estimate, se, df, lower, upper; } svy_model_margin;

typedef struct svy_model svy_model;

/** Fits a model.
 *
 *  Estimand: the coefficients that solve sum over the population of x dmu/deta (y - mu) / V(mu) = 0. They are estimated by the same sum over the
 *  sample with weights, solved until the score is zero to rounding. Variances: linearised (Binder 1983, doi:10.2307/1402588), the influence of a row being
 *  (X'WX)^-1 x w dmu/deta (y - mu) / V(mu), put through the variance of the design; or refits to each replicate, each converged.
 *  Residual degrees of freedom are degf + 1 - p; t and p-values and limits use them.
 *
 *  Rows with a missing variable are left out but stay in the design. Weights of 0 take no part. Columns that depend on earlier ones (to 1e-10 of their
 *  size) are left out and give NaN.
 *
 *  Cost: about 10 passes over the rows, p^2 / 2 multiplications a row each; memory one number per row and calculated column; no model matrix.
 *
 *  @param f, d  must outlive the model.
 *  @return SVY_OK; SVY_E_SYNTAX, SVY_E_NAME, SVY_E_TYPE, SVY_E_VALUE (the formula, with its place; the response does not suit the family, with the row; no
 *          rows); SVY_E_NUMERIC (separation, with the term; no convergence; a lonely PSU); SVY_E_LIMIT; SVY_E_NOMEM.
 *  See docs/methods/regression.md; checked by tests/reference/regress.R. */
SVY_API SVY_NODISCARD svy_status svy_model_fit(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_model_spec *spec,
                                               svy_model **out, svy_error *err);
SVY_API void svy_model_free(svy_model *m);
SVY_API size_t svy_model_count(const svy_model *m);
SVY_API const svy_model_row *svy_model_row_at(const svy_model *m, size_t k);
SVY_API double svy_model_covariance(const svy_model *m, size_t i, size_t j);
/** Calls `add` for every column that a formula names, more than once when it stands there so. SVY_E_SYNTAX, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_model_variables(const svy_alloc *alloc, const char *formula, void (*add)(void *user, const char *name), void *user,
                                                     svy_error *err);

/** Functions of coefficients: expressions as those of svy_contrast (contrast.h), which name coefficients as the table does: ell + meals,
 *  exp(`stype: H` - `stype: M`). Value f(b) and standard error sqrt(g' V g), g the gradient and V the covariance of the model: the delta method, as R's
 *  svycontrast(). Tests and limits are made as those of coefficients, with the residual degrees of freedom. A function that has no value, as one of a
 *  coefficient that was left out, is NaN. The array of `n` rows lives as long as the model.
 *  @return SVY_OK; SVY_E_SYNTAX, SVY_E_NAME (no such coefficient), SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_model_contrasts(svy_model *m, const char *const *expressions, size_t n, const svy_model_row **out, svy_error *err);

/** Measures of fit. @return SVY_OK or SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_model_fitness_make(const svy_model *m, svy_model_fitness *out, svy_error *err);

/** Lumley and Scott's dBIC of a model within a maximal one, to compare models of the same rows: with b the p' coefficients that only the maximal model has,
 *  V and V0 their covariances by design and by information alone, W = b' V^-1 b and d = det(V0^-1 V), it is W + p log n + log d + the deviance of the
 *  maximal model. `effective_n` (may be NULL) is n / d^(1/p'), NaN when the models are the same.
 *  @return SVY_OK; SVY_E_TYPE (no generalised linear model), SVY_E_VALUE (not within the maximal model; other rows or another family), SVY_E_NUMERIC
 *          (V is singular), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_model_bic(const svy_model *m, const svy_model *maximal, double *bic, double *effective_n, svy_error *err);

/** Tests of every term of a model. `tests` has svy_model_terms() places; names live as long as the model. The tail of
 *  sum lambda_i F is computed exactly, or with `saddlepoint` by R's approximation. See docs/methods/model-tests.md.
 *  @return SVY_OK; SVY_E_TYPE (a likelihood-ratio test of a family without one); SVY_E_NUMERIC; SVY_E_NOMEM. */
SVY_API size_t svy_model_terms(const svy_model *m);
SVY_API SVY_NODISCARD svy_status svy_model_test_terms(const svy_model *m, svy_model_test_kind kind, int saddlepoint, svy_model_test *tests, svy_error *err);

/** Predictive margins: the mean response if everybody had each level of `variable` (a factor of the formula), everything else as it is; or average
 *  effects: the mean change of the response per unit of a number, or from the reference to each other level of a factor (all variables when NULL).
 *  Variances: delta method for the coefficients; covariates are those of the sample, and `sampling` adds the variance of their mean (as R's svypredmeans).
 *  The array lives as long as the model; see docs/methods/margins.md.
 *  @return SVY_OK; SVY_E_NAME (not a variable of the formula), SVY_E_TYPE (margins need a factor; families with one linear predictor only), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_model_margins(svy_model *m, const char *variable, int effects, int sampling, const svy_model_margin **out, size_t *count,
                                                   svy_error *err);

SVY_END_DECLS
#endif
