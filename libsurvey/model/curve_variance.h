/* Variances of survival curves at all event times from sums by unit of the design that move on with time. Internal. */
#ifndef SVY_MODEL_CURVE_VARIANCE_H
#define SVY_MODEL_CURVE_VARIANCE_H
#include "design/tree.h"
#include "model/risk.h"

/* A curve: numbers by event time of all strata of `risk`. The derivative of its logarithm by the weight of a row at risk is what drift has grown by since
   the row came, and 1/left[e] less once the row has died at event e. */
typedef struct svyi_curve {
    const svy_design *design;            /* svyi_design_plain */
    const svyi_risk *risk;
    const double *survival, *drift, *left;
} svyi_curve;

/* Where a curve is 0 its variance is 0.
   Time: rows, and event times of a stratum times units of the design in it (innermost units, or strata where rows are the units). Memory: units.
   @param variance  by event time.   @return SVY_OK, SVY_E_NUMERIC (a lonely PSU), SVY_E_NOMEM. */
svy_status svyi_curve_variance(const svy_alloc *alloc, const svyi_curve *c, double *variance, svy_error *err);
#endif
