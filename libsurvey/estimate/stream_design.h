/* A design whose rows come in pieces: what each piece looks like, and what all of them together are. Internal. */
#ifndef SVY_ESTIMATE_STREAM_DESIGN_H
#define SVY_ESTIMATE_STREAM_DESIGN_H
#include "design/tree.h"
#include "estimate/keys.h"

typedef struct svyi_stream_stratum {
    uint64_t rows;
    uint32_t units;
    double fpc; uint64_t fpc_row;         /* of its first row */
} svyi_stream_stratum;
typedef struct svyi_stream_unit { uint32_t stratum; uint64_t row; } svyi_stream_unit;

/* Strata and PSUs so far, numbered in the order they come. */
typedef struct svyi_stream_design {
    const svy_design_spec *spec;
    svy_alloc alloc;
    uint64_t rows;
    int elements;                          /* rows are PSUs */
    svyi_values stratum_values, cluster_values;
    svyi_keys unit_keys;                   /* (stratum, cluster) when nested, (0, cluster) otherwise */
    svyi_stream_stratum *strata; size_t n_strata, strata_room;
    svyi_stream_unit *units; size_t n_units, units_room;
    uint64_t large_row, small_row;         /* of fpc above and below 1, from 1; 0: none */
    double large, small;
} svyi_stream_design;

void svyi_stream_design_init(svyi_stream_design *s, const svy_alloc *alloc, const svy_design_spec *spec);
void svyi_stream_design_clear(svyi_stream_design *s);
/* Takes the rows of a piece: checks them, and makes their design, with one stage and only what sums need. groups[g] is the number of
   group g among all PSUs (strata in an element design) so far. */
svy_status svyi_stream_design_add(svyi_stream_design *s, svyi_arena *arena, const svy_frame *f, svy_design *piece, uint32_t **groups, svy_error *err);
/* The design of all rows, without rows: what the finish step needs. rank[g] is the place of PSU (stratum) g in it; weight[h] what rows of stratum h
   weigh when there are no weights but fpc (by rank), NULL otherwise. Memory from `arena`. */
svy_status svyi_stream_design_finish(const svyi_stream_design *s, svyi_arena *arena, svy_design *out, uint32_t **rank, double **weight, svy_error *err);
#endif
