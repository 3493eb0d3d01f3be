/* Adjustments of the weights of a design, as recorded transformations: the full sample's result, and what is needed to do the same to any weights.
   Internal. */
#ifndef SVY_DESIGN_ADJUST_H
#define SVY_DESIGN_ADJUST_H
#include "design/auxiliary.h"
#include "design/tree.h"

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
    /* Solves for weights w of all rows (those before the step): writes `n_kept` numbers that make `apply` fast. Memory from d->arena.alloc, freed again. */
    svy_status (*solve)(const struct svyi_adjustment *a, const svy_design *d, const double *w, double *kept, svy_error *err);
    /* w becomes the weights after the step. Threads may call it at once. */
    void (*apply)(const struct svyi_adjustment *a, size_t rows, const double *kept, double *w);
    const void *user;                     /* of the kind of step */
    size_t n_kept;
    double *full, *kept;                  /* n_kept numbers of the full sample, and of each replicate */
    unsigned iterations;                  /* of the full sample */
    svyi_projection projection;
    const svyi_auxiliary *x;              /* NULL when projection is NOT */
} svyi_adjustment;

/* Applies a step to the full sample and to every replicate and puts it last. `a` and all it points to live in the design's arena. */
svy_status svyi_adjustment_add(svy_design *d, svyi_adjustment *a, svy_error *err);
/* Weights of replicate r before any step become those after all. Nothing happens in a design without steps. Threads may call it at once. */
void svyi_adjustments_replay(const svy_design *d, size_t r, double *w);
#endif
