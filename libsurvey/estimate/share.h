/* Shares of values at or below thresholds: what intervals of quantiles and the distribution function stand on. Internal. */
#ifndef SVY_ESTIMATE_SHARE_H
#define SVY_ESTIMATE_SHARE_H
#include "estimate/request.h"

/* One variable, `width` thresholds in each domain. */
typedef struct svyi_shares {
    const svyi_request *request;
    const double *x;            /* by row */
    size_t width;
    const double *at;           /* thresholds, domains * width; NaN: none */
    double *weight;             /* by domain: its sum */
    double *share;              /* domains * width */
} svyi_shares;

/* The estimator of the shares; `share` and `weight` must be set (svyi_shares_set does). It borrows `s`. */
svyi_estimator svyi_shares_estimator(const svyi_shares *s);
/* Computes `weight` and `share` under the sampling weights; memory from the arena of the request. */
svy_status svyi_shares_set(svyi_shares *s, svyi_request *r);
#endif
