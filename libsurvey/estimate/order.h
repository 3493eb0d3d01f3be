/* Rows sorted by domain and value with their cumulative weights: what all quantiles of a variable are read from. Internal. */
#ifndef SVY_ESTIMATE_ORDER_H
#define SVY_ESTIMATE_ORDER_H
#include "estimate/request.h"

/* Rows of positive weight on which nothing is missing, by domain, then value, then place in the data. Those of domain d are start[d] .. start[d+1]-1. */
typedef struct svyi_order {
    svyi_arena arena;
    size_t count;          /* of rows */
    size_t *start;
    uint32_t *row;
    double *cumulative;    /* weights from the first row of the domain to this one */
    double *total;         /* by domain, summed in the order of the data */
} svyi_order;

/* Sums go left to right in extended precision, as in R, because a quantile can hang on the last bit of a comparison.
   @return SVY_OK or SVY_E_NOMEM; svyi_order_clear in either case. */
svy_status svyi_order_make(svyi_order *o, const svyi_request *r, const double *x);
void svyi_order_clear(svyi_order *o);
#endif
