/* Sums of rows that come in pieces. Internal. */
#ifndef SVY_ESTIMATE_STREAM_H
#define SVY_ESTIMATE_STREAM_H
#include <survey/stream.h>

#include "estimate/pass.h"
#include "estimate/stream_design.h"

/* What is summed for one variable (or for all together). Groups are numbered as svyi_stream_design numbers them, cells as they come. */
typedef struct svyi_stream_pass {
    svyi_form form;
    size_t width;
    svyi_texts *levels; size_t n_factors;        /* of each factor: none for a number, several for a table */
    svyi_texts combinations;                     /* of levels of several factors: their numbers */
    svyi_keys cells;                             /* (domain, combination) */
    uint64_t *cell_keys; size_t cells_room;
    svyi_keys entries;                           /* (group, cell) */
    svyi_sums sums;
    double *centre; size_t centre_room;          /* by domain and input */
    double *slope; size_t slope_room;            /* by domain and pair */
    size_t n_centred;                            /* domains that have them */
} svyi_stream_pass;

struct svy_stream {
    svyi_arena arena;
    svy_alloc alloc;
    const svy_alloc *user_alloc;
    const svy_design_spec *design_spec;
    const svy_estimate_spec *spec;
    unsigned threads;
    int begun, ended;
    svyi_stream_design design;
    svyi_texts *by;                              /* values of each by-variable */
    svyi_texts domains;                          /* numbers of the values */
    uint64_t left_out;
    size_t n_variables;                          /* a table has one */
    const char **names;                          /* of variables */
    svyi_stream_pass *passes; size_t n_passes;
};

/* Estimates from what was summed; clears the sums. */
svy_status svyi_stream_estimates(svy_stream *s, svy_estimates *e, svy_error *err);
#endif
