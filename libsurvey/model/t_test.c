/* Design-based t tests of one mean, of pairs, and of the difference of two means. */
#include <math.h>

#include "base/error.h"
#include "model/group_test.h"
#include "num/distribution.h"

svy_status svyi_t_test(const svyi_group_test *t, svy_test_row *row, const char **why)
{
    const double *y = svyi_matrix_response(t->matrix)->numbers;
    double mean[2], weight[4], variance;
    svyi_group_means m = { mean, weight };
    svyi_group_means_of(t, y, t->design->weights, &m);
    svy_status st = svyi_group_covariance(t, y, &m, 0, &variance);
    if (st != SVY_OK)
        return st;
    row->estimate = t->groups == 1 ? mean[0] : mean[1] - mean[0];
    row->se = sqrt(variance);
    row->ddf = t->df - 1;
    double size = 0;
    for (size_t k = 0; k < t->n; k++)
        size = fmax(size, fabs(y[t->rows[k]]));
    if (!(row->se > 1e-13 * size)) {
        *why = "the response does not vary between the sampling units";
        return SVY_OK;
    }
    if (!(row->ddf > 0))
        *why = "the design has too few degrees of freedom";
    double half = svyi_t_quantile(0.5 + t->spec->level / 2, row->ddf) * row->se;
    row->statistic = (row->estimate - t->spec->mu) / row->se;
    row->p_value = svyi_t_two_sided(row->statistic, row->ddf);
    row->lower = row->estimate - half;
    row->upper = row->estimate + half;
    return SVY_OK;
}
