/* What the tests of groups share: rows, groups and scores of one domain. Internal. */
#ifndef SVY_MODEL_GROUP_TEST_H
#define SVY_MODEL_GROUP_TEST_H
#include <survey/test.h>

#include "design/tree.h"
#include "estimate/tests.h"
#include "model/few_rows.h"
#include "model/matrix.h"

#define SVYI_NO_GROUP UINT32_MAX

/* One domain's test. The rows used are those of positive weight that are in the domain and complete, in the order of the data. */
typedef struct svyi_group_test {
    svyi_arena *scratch;
    const svy_design *design;
    const svy_test_spec *spec;
    const svyi_matrix *matrix;
    unsigned threads;
    double df;                       /* of the design in this domain: of the rows of the subpopulation for one sample, of those used otherwise */
    uint32_t *rows; size_t n;
    uint32_t *group;                 /* by row of the data: SVYI_NO_GROUP where it is not used */
    uint32_t groups;                 /* 1: one sample */
    const char *variable;            /* the group variable */
    svyi_units *units;               /* NULL: variances take a pass of all rows */
    svy_error *err;
} svyi_group_test;

/* Variance and covariance of an estimator of one domain that has influence from the rows used only. */
svy_status svyi_group_variance(const svyi_group_test *t, const svyi_estimator *e, const double *theta, double *variance, double *covariance);

/* Each fills the numbers of `row`. *why: NULL, or a sentence why there is no test (then SVY_OK). */
svy_status svyi_t_test(const svyi_group_test *t, svy_test_row *row, const char **why);
svy_status svyi_rank_test(const svyi_group_test *t, svy_test_row *row, const char **why);
svy_status svyi_log_rank_test(const svyi_group_test *t, svy_test_row *row, const char **why);

/* Means of a score by group: what t and rank tests compare. */
typedef struct svyi_group_means { double *mean, *weight; } svyi_group_means;
void svyi_group_means_of(const svyi_group_test *t, const double *score, const double *weights, svyi_group_means *m);
/* Covariance of the differences of groups 1, 2, ... from group 0. `fixed`: the scores are taken as known under replicates (ranks); otherwise the means
   are computed anew with each replicate's weights. covariance: (groups - 1)^2 items; one sample: 1. */
svy_status svyi_group_covariance(const svyi_group_test *t, const double *score, const svyi_group_means *m, int fixed, double *covariance);
/* b' V^-1 b by a Cholesky factor, which destroys v; NaN when v is singular. */
double svyi_quadratic_form(svyi_arena *scratch, double *v, const double *b, size_t k);
#endif
