/* Maximum likelihood by Newton's method for models whose rows see the data only through linear predictors. Internal. */
#ifndef SVY_MODEL_LIKELIHOOD_H
#define SVY_MODEL_LIKELIHOOD_H
#include "model/fit.h"

/* Columns of the model matrix as they are fitted: without those that depend on others, centred (unless there is no constant to take that up), scaled
   and, where they nearly depend on each other, made orthogonal. */
typedef struct svyi_regressors {
    const svyi_matrix *matrix;
    const uint32_t *rows; size_t n;      /* used rows */
    const double *weights;               /* by row of the data */
    const double *offset;                /* by row; NULL: none */
    size_t all, p, *of;                  /* columns of the matrix; those fitted, and which column each is */
    double *shift, *factor;
    const double *turn;                  /* p * p, model/turn.h; NULL: none */
    int absorbed;                        /* 1: the model has a constant of its own, so the intercept is not fitted */
    double scale;                        /* on the weights, so that their mean over rows is 1 */
} svyi_regressors;

/* `absorbed`: see above. @return SVY_OK, SVY_E_NUMERIC (no rows), SVY_E_NOMEM. */
svy_status svyi_regressors_make(svyi_arena *arena, const svyi_model_task *t, int absorbed, svyi_regressors *out, svy_error *err);
/* Columns of `count` rows: x[k * count + i]; x has room for count * (all + 1). */
void svyi_regressors_fill(const svyi_regressors *r, const uint32_t *rows, size_t count, double *x);
/* What fitted column k has of the matrix's column of[j], and of a constant. */
double svyi_regressors_part(const svyi_regressors *r, size_t k, size_t j);
double svyi_regressors_constant(const svyi_regressors *r, size_t k);
/* The influence of any number of rows without memory of one's own: `fill` is called for each that is used and has a positive weight, z being zeros;
   column k of its regressors is x[k * stride]. */
typedef void (*svyi_influence_filler)(const void *user, uint32_t row, size_t stride, const double *x, double *z);
void svyi_regressors_influence(const svyi_regressors *r, const uint32_t *rows, size_t count, size_t width, svyi_influence_filler fill, const void *user,
                               double *z);
/* Linear predictor of one row, whose column k is x[k * stride]. */
double svyi_regressors_eta(const svyi_regressors *r, const double *theta, uint32_t row, size_t stride, const double *x);

/* Sums over rows of what a likelihood is made of. cells[0]: log likelihood, NaN when theta is impossible; then the score; then the information as the
   model keeps it. Pieces of rows are added by threads and joined in order. */
typedef struct svyi_likelihood {
    size_t rows, parameters, cells, scratch;
    void (*add)(const void *user, const double *theta, size_t first, size_t count, double *scratch, double *cells);
    void (*expand)(const void *user, const double *cells, double *information);    /* to both triangles; NULL: there is nothing to maximise */
    int (*possible)(const void *user, const double *theta);                        /* NULL: always */
    const void *user;
    const svy_alloc *alloc;
} svyi_likelihood;

/* @return 0, -1 out of memory. */
int svyi_likelihood_pass(const svyi_likelihood *l, const double *theta, unsigned threads, double *cells);

typedef struct svyi_maximum {
    double *theta;                       /* start and result */
    double *factor;                      /* parameters^2: Cholesky factor of the information at theta */
    double loglik, start_loglik;
    int iterations;
    size_t worst;                        /* the parameter that runs away when there is no maximum */
} svyi_maximum;

/* A whole pass of a model that is not a sum over independent rows fits, too: `pass` instead of svyi_likelihood_pass. */
typedef int (*svyi_likelihood_passer)(const svyi_likelihood *l, const double *theta, unsigned threads, double *cells);
/* @return SVY_OK; SVY_E_NUMERIC without a message (there is no finite maximum); SVY_E_NOMEM. */
svy_status svyi_likelihood_maximise(const svyi_likelihood *l, svyi_likelihood_passer pass, unsigned threads, svyi_maximum *m);

/* Fills `out` from a fit of standardised parameters: coefficients are map theta (count * parameters, row after row; a row of zeros: aliased).
   Names and count are there already. */
svy_status svyi_likelihood_result(const svyi_model_task *t, const svyi_estimator *e, const svyi_maximum *m, size_t parameters, const double *map,
                                  svyi_model_result *out, svy_error *err);
/* How many threads a task has. */
unsigned svyi_model_threads(const svyi_model_task *t);
#endif
