/* Fitting a generalised linear model under any weights: passes over rows, and Newton's method around them. Internal. */
#ifndef SVY_MODEL_GLM_H
#define SVY_MODEL_GLM_H
#include "model/family.h"
#include "model/matrix.h"

/* What is fitted. Columns are shifted, scaled and, when they are nearly dependent, made orthogonal while rows pass; gamma are the coefficients of such
   columns and beta = map gamma those of the model. */
typedef struct svyi_glm {
    const svyi_matrix *matrix;
    svyi_glm_family family;
    const uint32_t *rows; size_t n;      /* of positive weight, used */
    const double *y, *offset;            /* by row; offset may be NULL */
    double scale;                        /* on the weights, so that their mean is 1 */
    size_t p;
    double *shift, *factor;              /* x becomes (x - shift) * factor */
    const double *turn;                  /* p * p lower triangle, applied after that; NULL: none */
    unsigned char *aliased;              /* columns left out */
    double *map;                         /* p * p */
    int intercept;
    int fixed_theta;                     /* 1: family.theta is known */
} svyi_glm;

/* What one pass sums; the pointers may be NULL when they are not wanted. Both triangles. */
typedef struct svyi_glm_sums { double *information, *score, deviance; int possible; } svyi_glm_sums;

typedef struct svyi_glm_fit {       /* start from { 0 } */
    double *gamma;                       /* p */
    double *information;                 /* p * p, of gamma, at the end */
    double deviance, theta;
    int iterations;
} svyi_glm_fit;

/* Memory of the model and its standardisation under weights; finds aliased columns. `left_out` (p bytes, may be NULL): columns not in the model. */
svy_status svyi_glm_prepare(svyi_arena *arena, svyi_glm *g, const double *weights, const unsigned char *left_out, unsigned threads, svy_error *err);
/* Fits to convergence; `fit->gamma` is the start when `warm`. @return SVY_OK, SVY_E_NUMERIC (no finite maximum: the column is named), SVY_E_NOMEM. */
svy_status svyi_glm_solve(svyi_arena *arena, const svyi_glm *g, const double *weights, int warm, unsigned threads, svyi_glm_fit *fit, svy_error *err);
/* Sums at gamma; the linear predictors are those of the family's start when gamma is NULL. @return 0, -1 out of memory. */
int svyi_glm_pass(const svyi_glm *g, const double *gamma, const double *weights, unsigned threads, svyi_glm_sums *sums);
/* Columns of `count` <= SVYI_BLOCK rows as they are fitted: x[k * count + i]. */
void svyi_glm_columns(const svyi_glm *g, const uint32_t *rows, size_t count, double *x);
/* Linear predictors of rows from their columns. */
void svyi_glm_eta(const svyi_glm *g, const double *gamma, const uint32_t *rows, size_t count, const double *x, double *eta);
/* beta from gamma: NaN where aliased. */
void svyi_glm_beta(const svyi_glm *g, const double *gamma, double *beta);
/* Theta of a negative binomial by maximum likelihood at gamma, from `theta`. NaN when there is no finite one. */
double svyi_glm_theta(const svyi_glm *g, const double *gamma, const double *weights, double theta);
/* Why there is no finite maximum: names the column along which the coefficients run away with the step `delta`. */
svy_status svyi_glm_separated(const svyi_glm *g, const double *delta, svy_error *err);
/* The largest change of a row's linear predictor by a step. */
double svyi_glm_reach(const svyi_glm *g, const double *delta);
#endif
