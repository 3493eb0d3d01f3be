/* The rules that turn a share of the weight into a value. Internal. */
#ifndef SVY_ESTIMATE_QUANTILE_RULE_H
#define SVY_ESTIMATE_QUANTILE_RULE_H
#include <survey/quantile.h>

/* Rows of one domain, sorted, of positive weight. */
typedef struct svyi_sorted {
    const double *x, *weight;       /* by row */
    const uint32_t *row;            /* in order */
    const double *cumulative;       /* in order */
    size_t n;                       /* > 0 */
    double total;                   /* of the weights, as summed in the order of the data */
    const svy_alloc *alloc;         /* for SHAHVAISH_R */
} svyi_sorted;

/* NaN for a p outside 0..1, and when memory runs out for SHAHVAISH_R (which sorts again). */
double svyi_quantile_read(svy_quantile_rule rule, const svyi_sorted *s, double p);
/* Share of the weight at or below a value, and the number of such rows. */
double svyi_sorted_share(const svyi_sorted *s, double value, size_t *rows);
#endif
