/* Quadratic forms in the influence of rows, as variances of unequal probabilities and of two phases are made of them. Internal. */
#ifndef SVY_DESIGN_QUADRATIC_H
#define SVY_DESIGN_QUADRATIC_H
#include <stddef.h>
#include <stdint.h>

/* Sum over groups of (sum of c z)(sum of z)', made symmetric, for the influence z of the rows of each group. A matrix of sampling covariances that is
   constant within strata and within units is a few of these, so that nothing of the size n x n is ever made. */
typedef struct svyi_quadratic {
    uint32_t n_groups;
    const uint32_t *start;         /* rows of group g: order[start[g]] .. order[start[g + 1] - 1] */
    const uint32_t *order;         /* NULL: rows themselves */
    const double *coefficient;     /* c by place in the order */
    const double *scale;           /* by place, what z is multiplied by first; NULL: 1 */
} svyi_quadratic;
#endif
