/* Sampling in two phases: what a variance needs to know of the second. Internal. */
#ifndef SVY_DESIGN_PHASE_H
#define SVY_DESIGN_PHASE_H
#include "design/quadratic.h"
#include "design/tree.h"

typedef struct svyi_phase2 {
    const svyi_quadratic *forms;   /* the variance: both phases together */
    size_t n_forms;
    uint32_t rows;                 /* of the second phase */
    const uint32_t *order;         /* those rows, by stratum and PSU of the second phase */
    const uint32_t *psu, *stratum; /* of the second phase, by place in `order` */
    uint32_t n_psus, n_strata;
} svyi_phase2;

/* After the tree of the first phase is built: numbers the second, multiplies the weights by its own (0 outside), and makes the forms. */
svy_status svyi_phase2_make(svy_design *d, const svy_frame *f, const svy_design_spec *spec, svy_error *err);
#endif
