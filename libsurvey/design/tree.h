/* A compiled design as estimators see it: strata and units as contiguous ranges, rows grouped by the innermost of them. Internal. */
#ifndef SVY_DESIGN_TREE_H
#define SVY_DESIGN_TREE_H
#include <survey/design.h>

#include "base/arena.h"

enum { SVYI_STAGES = 20 };

/* One stage. Units of stratum h are unit_start[h] .. unit_start[h+1]-1, strata inside unit u of the stage before are stratum_start[u] ..
   stratum_start[u+1]-1 (first stage: one range). Where rows are the units (the last stage of an element design) a unit is a place in `order`. */
typedef struct svyi_stage {
    uint32_t n_strata;
    uint32_t n_units;
    const uint32_t *stratum_start;
    const uint32_t *unit_start;
    const uint32_t *row;          /* a row of each stratum, for messages */
    const double *population;     /* N by stratum; NULL: without replacement is not known, so no correction */
    /* Units drawn with unequal probabilities: by unit, the probability, and the coefficient of its squared deviation from the mean of its stratum;
       then `population` is NULL. */
    const double *probability, *spread;
} svyi_stage;

struct svyi_replicates;      /* design/replicate.h */
struct svyi_adjustment;      /* design/adjust.h */
struct svyi_pps;             /* design/pps.h */
struct svyi_phase2;          /* design/phase.h */

struct svy_design {
    svyi_arena arena;
    size_t rows;
    int n_stages;                 /* those that contribute: 1 without fpc */
    int elements;                 /* 1: units of the last stage are rows */
    svyi_stage stages[SVYI_STAGES];
    /* Groups are the units of the last stage, or its strata when units are rows. Rows of group g: order[group_start[g]] .. */
    uint32_t n_groups;
    const uint32_t *group_start;
    const uint32_t *order;        /* NULL: rows come in group order already */
    const uint32_t *group_psu;    /* unit of the first stage by group; NULL: the group itself, or the row in an element design of one stage */
    const double *weights;
    int weighted;
    uint32_t n_psus;
    svy_lonely_psu lonely;
    int lonely_domains;           /* ADJUST and AVERAGE also where a domain has rows in only one PSU of several */
    const svy_column *stratum_columns[SVYI_STAGES];   /* for messages; NULL where there is none */
    const svy_column *cluster_columns[SVYI_STAGES];
    double given_df;                              /* 0: computed */
    /* What makes a design more than stages; NULL where it does not. */
    const struct svyi_replicates *replicates;     /* then variances are those of replicates */
    struct svyi_adjustment *adjustments;          /* calibration and its kin, in order; `weights` are those after them */
    const struct svyi_pps *pps;
    const struct svyi_phase2 *phase2;
};

/* 1: variances are those of PSU sums of the influence, stage by stage, and nothing else. */
static inline int svyi_design_plain(const svy_design *d)
{
    return d->replicates == NULL && d->adjustments == NULL && d->pps == NULL && d->phase2 == NULL;
}

/* 1: the variance needs the influence of every unit, also where units are rows. */
static inline int svyi_design_by_unit(const svy_design *d) { return d->elements && d->pps != NULL; }

/* Unit of the first stage of the k-th row in design order, which lies in group g. */
static inline uint32_t svyi_design_psu(const svy_design *d, uint32_t g, size_t place)
{
    return d->group_psu != NULL ? d->group_psu[g] : d->elements && d->n_stages == 1 ? (uint32_t)place : g;
}

/* Name of a stratum for messages, e.g. "stype = E": at most `size` bytes with the NUL. */
void svyi_design_stratum_name(const svy_design *d, int stage, uint32_t stratum, char *out, size_t size);
/* The group of a place in the order. */
static inline uint32_t svyi_group_at(const svy_design *d, size_t place)
{
    uint32_t low = 0, high = d->n_groups;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (d->group_start[middle] <= place) low = middle; else high = middle;
    }
    return low;
}
#endif
