/* Replicate weights: given by row, or made from the design as factors of PSUs. Internal. */
#ifndef SVY_DESIGN_REPLICATE_H
#define SVY_DESIGN_REPLICATE_H
#include "design/tree.h"

/* Exactly one of `factor` and `columns` is there. */
typedef struct svyi_replicates {
    svy_replicate_type type;
    size_t count;
    double scale;
    const double *rscales;            /* by replicate */
    int mse;
    /* Made: factor on the sampling weights, by group of the design (unit of the last stage kept) or, in an element design of one stage, by place in the
       order of the design; the replicate varies fastest. */
    const double *factor;
    /* Given: weights (or factors, when uncombined) by row. */
    const double *const *columns;
    int uncombined;
} svyi_replicates;

size_t svyi_replicates_count(const svyi_replicates *r);
/* Makes or takes replicates for a design whose tree is built; they live in its arena. */
svy_status svyi_replicates_make(svy_design *d, const svy_frame *f, const svy_replicate_spec *spec, svy_error *err);
/* Weights of all rows (in the order of the data) in replicate r, after every adjustment of the design, each replayed on the replicate.
   Callable by several threads at once. @param out  `rows` items. */
void svyi_replicate_weights(const svy_design *d, size_t r, double *out);
/* Degrees of freedom of the rows where keep[row] is 1 (NULL: all): rank of their replicate weights minus 1. NaN when out of memory. */
double svyi_replicates_df(const svy_design *d, const uint8_t *keep);
#endif
