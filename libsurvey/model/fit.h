/* What every kind of model is given and gives back. Internal. */
#ifndef SVY_MODEL_FIT_H
#define SVY_MODEL_FIT_H
#include <survey/model.h>

#include "base/arena.h"
#include "estimate/influence.h"
#include "model/matrix.h"

/* A model to fit: the rows of positive weight that are used, in the order of the data. */
typedef struct svyi_model_task {
    svyi_arena *arena;               /* of the model: for results */
    const svy_design *design;
    const svyi_matrix *matrix;
    const svy_model_spec *spec;
    const uint32_t *rows; size_t n;  /* rows used */
    const uint8_t *keep;             /* by row: in the subpopulation; NULL: all */
    unsigned threads;
} svyi_model_task;

/* Coefficients in the order of the output: those of the matrix, then (ordinal) the cut points, or (multinomial) level by level. */
typedef struct svyi_model_result {
    size_t count;                    /* of parameters, aliased ones included */
    const char **names;
    double *beta;                    /* NaN where aliased */
    double *covariance;              /* design-based, count * count; rows and columns of aliased ones are 0 */
    double *naive;                   /* inverse information of the weighted likelihood with weights of mean 1, scaled by the dispersion where R does; for likelihood-ratio tests */
    double dispersion, loglik, deviance, null_deviance;   /* weights of mean 1; NaN where there is none */
    double theta;                    /* of the negative binomial, else NaN */
    size_t parameters;               /* that are not aliased */
    double df_lost;                  /* residual degrees of freedom are those of the design minus this; NaN: parameters - 1, as for R's svyglm */
    size_t dropped;                  /* replicates that gave no fit */
    int iterations;
    double *df;                      /* by coefficient, where each has its own degrees of freedom; else NULL */
    /* Linearised: what estimators built on the coefficients need. NULL where a family does not give it. */
    double *score;                   /* by row: weight times score of the linear predictor; 0 where the row is not used */
    double *spread;                  /* count * count: influence of a row on the coefficients is spread * x * score, x as fitted */
} svyi_model_result;

/* Each fits to full convergence (the score is zero up to rounding, everything evaluated at the final coefficients) and fills all of `out`.
   @return SVY_OK; SVY_E_NUMERIC with a sentence that names the term or level when there is no finite maximum (separation) or no rows;
   SVY_E_TYPE or SVY_E_VALUE when the response does not suit the family. */
svy_status svyi_ordinal_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err);
svy_status svyi_multinomial_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err);
svy_status svyi_cox_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err);

/* gaussian .. gamma, negative binomial (glm.h): the fit stays with the model, for means and tests built on it. */
struct svyi_glm;
struct svyi_glm_fit;
svy_status svyi_glm_fit_model(const svyi_model_task *t, struct svyi_glm *g, struct svyi_glm_fit *fit, svyi_model_result *out, svy_error *err);
/* Bell-McCaffrey: `score` (by row, zeroed) receives those of adjusted residuals; degrees of freedom by coefficient. SVY_E_VALUE with replicates. */
svy_status svyi_glm_bell(const svyi_model_task *t, const struct svyi_glm *g, const struct svyi_glm_fit *fit, double *score, double **df, svy_error *err);
/* The fit alone, without the columns of `left_out` (may be NULL) and with theta as in *fit when some are left out. */
svy_status svyi_glm_engine(const svyi_model_task *t, const unsigned char *left_out, struct svyi_glm *g, struct svyi_glm_fit *fit, svy_error *err);
#endif
