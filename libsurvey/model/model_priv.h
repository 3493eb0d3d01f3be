/* A fitted model. Private to the model station. */
#ifndef SVY_MODEL_PRIV_H
#define SVY_MODEL_PRIV_H
#include "model/fit.h"
#include "model/glm.h"

struct svy_model {
    svyi_arena arena;
    const svy_frame *frame;
    svyi_matrix *matrix;
    svy_model_spec spec;
    svyi_model_task task;
    svyi_model_result result;
    int linear;                  /* 1: a generalised linear model, kept in glm and fit */
    svyi_glm glm; svyi_glm_fit fit;
    svy_model_row *rows;
    double df;                   /* residual; infinite with `normal` */
    uint64_t missing;
    int as_r;                    /* 1: what is no generalised linear model has normal limits, although degrees of freedom are known */
};

/* A row of the table: test and limits of an estimate. */
svy_model_row svyi_model_row_make(const svy_model *m, const char *term, double b, double se, double df);
#endif
