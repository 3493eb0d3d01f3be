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
    size_t parameters;               /* that are not aliased */
    size_t dropped;                  /* replicates that gave no fit */
    int iterations;
} svyi_model_result;

/* Each fits to full convergence (the score is zero up to rounding, everything evaluated at the final coefficients) and fills all of `out`.
   @return SVY_OK; SVY_E_NUMERIC with a sentence that names the term or level when there is no finite maximum (separation) or no rows;
   SVY_E_TYPE or SVY_E_VALUE when the response does not suit the family. */
svy_status svyi_glm_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err);          /* gaussian .. gamma, negative binomial */
svy_status svyi_ordinal_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err);
svy_status svyi_multinomial_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err);
svy_status svyi_cox_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err);
#endif
