/* What the parts of quantiles share: one variable being worked on. Internal. */
#ifndef SVY_ESTIMATE_QUANTILE_PRIV_H
#define SVY_ESTIMATE_QUANTILE_PRIV_H
#include "estimate/order.h"
#include "estimate/quantile_rule.h"

/* Quantile k of domain d has number d * width + k. */
typedef struct svyi_quantiles {
    svyi_request *request;
    const svy_quantile_spec *spec;
    const double *x;                 /* by row */
    size_t width;                    /* probabilities */
    svyi_order order;
    double *estimate, *lower, *upper;
} svyi_quantiles;

/* The sorted rows of a domain. */
svyi_sorted svyi_quantiles_sorted(const svyi_quantiles *q, size_t domain);
/* t quantile for limits of a domain. */
double svyi_quantiles_t(const svyi_quantiles *q, size_t domain);
/* Each sets lower and upper from the estimates. */
svy_status svyi_quantiles_score(svyi_quantiles *q);
svy_status svyi_quantiles_score_r(svyi_quantiles *q);
#endif
