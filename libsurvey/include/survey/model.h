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

/** What to fit. Start from SVY_MODEL_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_model_spec {
    unsigned size;             /**< sizeof(svy_model_spec) as the caller compiled it */
    const char *formula;       /**< as in R: "y ~ a*b + I(x^2) + ns(age, 3)"; "Surv(time, status) ~ x" for Cox */
    svy_family family;
    svy_link link;
    const char *where;         /**< a subpopulation, an expression; NULL: everybody */
    double level;              /**< of confidence, 0 < level < 1 */
    svy_model_se se;
    int normal;                /**< 1: normal distribution instead of t */
    unsigned threads;          /**< 0: one per processor, at most 8; results do not depend on it, to the last bit */
} svy_model_spec;
#define SVY_MODEL_INIT { sizeof(svy_model_spec), NULL, SVY_FAMILY_GAUSSIAN, SVY_LINK_DEFAULT, NULL, 0.95, SVY_SE_LINEARIZED, 0, 1 }

/** One coefficient. A coefficient whose column depends on those before it is left out (aliased): NaN everywhere. */
typedef struct svy_model_row { const char *term; double estimate, se, t, df, p_value, lower, upper; } svy_model_row;

typedef struct svy_model svy_model;

/** Fits a model. See docs/methods/regression.md and libsurvey/model. */
SVY_API SVY_NODISCARD svy_status svy_model_fit(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_model_spec *spec,
                                               svy_model **out, svy_error *err);
SVY_API void svy_model_free(svy_model *m);
SVY_API size_t svy_model_count(const svy_model *m);
SVY_API const svy_model_row *svy_model_row_at(const svy_model *m, size_t k);
SVY_API double svy_model_covariance(const svy_model *m, size_t i, size_t j);

SVY_END_DECLS
#endif
