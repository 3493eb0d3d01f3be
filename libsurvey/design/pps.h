/* Sampling with unequal probabilities: what a variance needs to know of it. Internal. */
#ifndef SVY_DESIGN_PPS_H
#define SVY_DESIGN_PPS_H
#include "design/quadratic.h"
#include "design/tree.h"

/* Brewer's variance and the Yates-Grundy form of Overton's and of Hartley and Rao's joint probabilities are sums of squared deviations of units with a
   coefficient each (svyi_stage.spread), so they run through the recursion over stages. The Horvitz-Thompson form is a few quadratic forms. Only given
   joint probabilities are a matrix. */
typedef struct svyi_pps {
    svy_pps method;
    svy_pps_variance variance;
    const svyi_quadratic *forms;
    size_t n_forms;
    const double *joint;           /* (pi_ij - pi_i pi_j) / pi_ij by pair of rows in the order of the data; NULL: not given */
} svyi_pps;

/* After the tree is built: `p` has the inclusion probabilities of each stage by unit. */
svy_status svyi_pps_make(svy_design *d, const svy_frame *f, const svy_design_spec *spec, svy_error *err);
/* Probabilities of the units of a stage from a column; unit_of_row is NULL where rows are the units (then the order of the design is used). */
svy_status svyi_pps_stage(svy_design *d, int stage, const svy_column *c, const uint32_t *unit_of_row, svy_error *err);
#endif
