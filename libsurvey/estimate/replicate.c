/* Variances from replicate weights: an estimator's values under each of them. */
#include <math.h>

#include "base/error.h"
#include "estimate/finish.h"
#include "estimate/influence.h"

svy_status svyi_estimator_variance(svyi_arena *arena, const svy_design *d, const svyi_estimator *e, const double *theta, unsigned threads,
                                   double *variance, double *covariance, size_t *dropped, svy_error *err)
{
    (void)theta;
    if (dropped != NULL)
        *dropped = 0;
    if (d->replicates == NULL)
        return svyi_influence_variance(arena, d, &e->influence, threads, variance, covariance, err);
    return svyi_fail(err, SVY_E_STATE, "replicate weights are being written");
}

svy_status svyi_fit_by_replicates(svyi_arena *scratch, const svyi_sum_request *r, const svyi_sums *sums, svyi_fit *fit, svy_error *err)
{
    (void)scratch; (void)r; (void)sums; (void)fit;
    return svyi_fail(err, SVY_E_STATE, "replicate weights are being written");
}
