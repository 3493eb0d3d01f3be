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
} svyi_stage;

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
    const svy_column *stratum_columns[SVYI_STAGES];   /* for messages; NULL where there is none */
    const svy_column *cluster_columns[SVYI_STAGES];
};

/* Name of a stratum for messages, e.g. "stype = E": at most `size` bytes with the NUL. */
void svyi_design_stratum_name(const svy_design *d, int stage, uint32_t stratum, char *out, size_t size);
#endif
