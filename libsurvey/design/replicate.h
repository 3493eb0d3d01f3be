/* Replicate weights: given by row, or made from the design as factors of its units. Internal. */
#ifndef SVY_DESIGN_REPLICATE_H
#define SVY_DESIGN_REPLICATE_H
#include "design/tree.h"

/* A jackknife replicate: `unit` (of the first stage) counts 0, the other units first .. end-1 of its stratum `inside`, all others `outside`. */
typedef struct svyi_left_out { uint32_t unit, first, end; double inside, outside; } svyi_left_out;

/* Exactly one of `columns`, `factor` and `left_out` is there. */
typedef struct svyi_replicates {
    svy_replicate_type type;
    size_t count;
    double scale;
    const double *rscales;            /* by replicate */
    int mse;
    const char *note;                 /* what the user should know; NULL: nothing */
    /* Given: weights (or factors on the sampling weights, when uncombined) by row. */
    const double *const *columns;
    int uncombined;
    /* Made: factors on the sampling weights, by unit (svyi_replicate_unit); the replicate varies fastest. */
    const double *factor;
    size_t units;
    int by_leaf;                      /* 1: units are the groups of the design or, where units are rows, places in its order; 0: PSUs */
    /* A jackknife: by replicate. */
    const svyi_left_out *left_out;
} svyi_replicates;

size_t svyi_replicates_count(const svyi_replicates *r);
/* Makes or takes replicates for a design whose tree is built; they live in its arena. */
svy_status svyi_replicates_make(svy_design *d, const svy_frame *f, const svy_replicate_spec *spec, svy_error *err);

/* 1: replicates are factors of units and nothing follows, so that sums by unit are enough for all of them. */
static inline int svyi_replicates_by_unit(const svy_design *d) { return d->replicates->columns == NULL && d->adjustments == NULL; }
/* Unit of made replicates of the row at a place of the order, which lies in group g. */
static inline uint32_t svyi_replicate_unit(const svy_design *d, uint32_t g, size_t place)
{
    return !d->replicates->by_leaf ? svyi_design_psu(d, g, place) : d->elements ? (uint32_t)place : g;
}
/* 1: that unit is the row, so that sums by group are not enough. */
static inline int svyi_replicate_unit_is_row(const svy_design *d)
{
    return d->elements && (d->replicates->by_leaf || d->n_stages == 1);
}
/* Factors of a unit in replicates first .. first+count-1 of made ones. */
void svyi_replicate_factors(const svyi_replicates *r, uint32_t unit, size_t first, size_t count, double *out);

/* Weights of all rows (in the order of the data) in replicate r, after every adjustment of the design, each replayed on the replicate.
   Callable by several threads at once. @param out  `rows` items. */
void svyi_replicate_weights(const svy_design *d, size_t r, double *out);
/* Degrees of freedom by domain: rank of the replicate weights of its rows minus 1. `domain` has the domain of each row, UINT32_MAX for none; NULL: one
   domain has them all. */
svy_status svyi_replicates_df(const svy_design *d, const uint32_t *domain, size_t n_domains, double *df, svy_error *err);
#endif
