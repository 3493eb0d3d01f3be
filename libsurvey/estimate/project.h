/* What calibration makes of the influence of rows. Internal. */
#ifndef SVY_ESTIMATE_PROJECT_H
#define SVY_ESTIMATE_PROJECT_H
#include "estimate/influence.h"

/* The influence of rows on the same estimates when the weights are known to be adjusted (d->adjustments, last step first): every row then has influence in
   every domain, so out->domains is 1 and out->width is in->domains * in->width, in the same order. `*out` is `*in` when no step changes it.
   The rows of the whole design take part. Memory from the arena: columns of x * estimates. `in` must outlive `out`. */
svy_status svyi_influence_project(svyi_arena *arena, const svy_design *d, const svyi_influence *in, svyi_influence *out, svy_error *err);
#endif
