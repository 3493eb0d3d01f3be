/* Variances of means, totals, ratios, shares and counts in designs that are more than stages: by the influence of rows. */
#include "base/error.h"
#include "estimate/finish.h"
#include "estimate/influence.h"

svy_status svyi_fit_by_rows(svyi_arena *scratch, const svyi_sum_request *r, const double *coefficient, svyi_fit *fit, svy_error *err)
{
    (void)scratch; (void)r; (void)coefficient; (void)fit;
    return svyi_fail(err, SVY_E_STATE, "being written");
}
