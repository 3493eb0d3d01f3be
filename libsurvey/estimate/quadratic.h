/* Variances that are quadratic forms in the influence of rows, and those from a matrix of joint probabilities. Internal. */
#ifndef SVY_ESTIMATE_QUADRATIC_H
#define SVY_ESTIMATE_QUADRATIC_H
#include "design/quadratic.h"
#include "estimate/influence.h"

/* Adds up the forms; one pass over the rows of each, no more memory than a group's domains. `variance` and `covariance` as svyi_influence_variance. */
svy_status svyi_quadratic_variance(svyi_arena *scratch, const svyi_influence *f, const svyi_quadratic *forms, size_t n_forms, double *variance,
                                   double *covariance, svy_error *err);
/* With d->pps->joint: time in the square of the rows. */
svy_status svyi_joint_variance(svyi_arena *scratch, const svy_design *d, const svyi_influence *f, double *variance, double *covariance,
                               svy_error *err);
#endif
