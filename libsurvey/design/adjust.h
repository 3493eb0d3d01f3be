/* Adjustments of the weights of a design, as recorded transformations: the full sample's result, and what is needed to do the same to any weights.
   Internal. */
#ifndef SVY_DESIGN_ADJUST_H
#define SVY_DESIGN_ADJUST_H
#include "design/auxiliary.h"
#include "design/tree.h"
#include "num/matrix.h"

/* What the influence of rows becomes: z_i - s_i x_i'B, where B is a regression of the z on x.
   STARTING  B = (sum of d/sigma^2 x x')^-1 sum of x z / (g sigma^2), s = g d      (d: weights before, g d: after)
   FINAL     B = (sum of g d/sigma^2 x x')^-1 sum of x z / sigma^2,   s = g d
   SWEEPS    B = the sum of ten sweeps of means of z / (g d) by cell of each margin, s = g d
   SHARED    B as FINAL, s = g d - d: the totals of the cells are estimated by the same sample */
typedef enum svyi_projection { SVYI_PROJECT_NOT, SVYI_PROJECT_STARTING, SVYI_PROJECT_FINAL, SVYI_PROJECT_SWEEPS, SVYI_PROJECT_SHARED } svyi_projection;

typedef struct svyi_adjustment {
    struct svyi_adjustment *next;         /* the step after it */
    const char *name;
    const double *before, *after;         /* weights of the full sample, by row */
    /* Solves for weights w of all rows (those before the step): writes `n_kept` numbers that make `apply` fast. Memory from d->arena.alloc, freed again.
       NULL: nothing needs to be solved. `iterations` may be NULL. */
    svy_status (*solve)(const struct svyi_adjustment *a, const svy_design *d, const double *w, double *kept, unsigned *iterations, svy_error *err);
    /* w becomes the weights after the step. Threads may call it at once. */
    void (*apply)(const struct svyi_adjustment *a, size_t rows, const double *kept, double *w);
    const void *user;                     /* of the kind of step */
    size_t n_kept;
    double *full, *kept;                  /* n_kept numbers of the full sample, and of each replicate */
    unsigned iterations;                  /* of the full sample */
    svyi_projection projection;
    int first_first;                      /* 1: R's order of projections, the first step first */
    const svyi_auxiliary *x;              /* NULL when projection is NOT */
} svyi_adjustment;

/* Sampling weights before any step: what factors of replicates are multiplied with. */
static inline const double *svyi_weights_before(const svy_design *d)
{
    return d->adjustments != NULL ? d->adjustments->before : d->weights;
}

/* Sum of weight x x' over units, and its factor; of a single margin only the diagonal. */
typedef struct svyi_gram {
    size_t n;
    int diagonal;
    double *a;
    uint32_t *columns; double *values;    /* scratch for svyi_auxiliary_row */
} svyi_gram;
svy_status svyi_gram_get(svyi_arena *arena, const svyi_auxiliary *x, svyi_gram *g, svy_error *err);
void svyi_gram_clear(svyi_gram *g);
void svyi_gram_add(svyi_gram *g, svyi_sparse e, double weight);
size_t svyi_gram_factor(svyi_gram *g);                      /* in place; @return the rank */
void svyi_gram_solve(const svyi_gram *g, double *b);        /* in place; 0 for columns that depend on others */

/* Applies a step to the full sample and to every replicate and puts it last. `a` and all it points to live in the design's arena. */
svy_status svyi_adjustment_add(svy_design *d, svyi_adjustment *a, svy_error *err);
/* Weights of replicate r before any step become those after all. Nothing happens in a design without steps. Threads may call it at once. */
void svyi_adjustments_replay(const svy_design *d, size_t r, double *w);

/* The steps, each added to the design; the report's part is filled by the caller but for what stands here. */
typedef struct svyi_step_hits { svy_margin_hit *hits; size_t n; } svyi_step_hits;
svy_status svyi_calibrate_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svyi_step_hits *hits, svy_error *err);
/* Post-stratification of x, one margin in all, to `totals`: both live in the design's arena. */
svy_status svyi_poststratify(svy_design *d, const svyi_auxiliary *x, const double *totals, svyi_adjustment *a, svyi_step_hits *hits, svy_error *err);
svy_status svyi_cells_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err);
svy_status svyi_propensity_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err);
svy_status svyi_standardize_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svyi_step_hits *hits, svy_error *err);
svy_status svyi_base_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err);
svy_status svyi_trim_step(svy_design *d, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err);
svy_status svyi_scale_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err);
#endif
