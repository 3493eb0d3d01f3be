/* The algebra of tests of one table: from shares or totals and their covariance to statistics. Internal. */
#ifndef SVY_ESTIMATE_ASSOCIATION_H
#define SVY_ESTIMATE_ASSOCIATION_H
#include <survey/test.h>

#include "base/arena.h"

/* A table without empty rows and columns; cell (i, j) is [j * rows + i]. */
typedef struct svyi_table {
    size_t rows, columns;
    const double *shares, *shares_covariance;    /* for Pearson's tests of independence and Wald's of fit; otherwise NULL */
    const double *totals, *totals_covariance;    /* for the other two; otherwise NULL */
    const double *expected;                      /* fit: shares that sum to 1, `rows` of them; columns is 1 */
    double n;                                    /* rows of the domain */
    double df;                                   /* of the design */
    int replicates;
} svyi_table;

/* What Pearson's statistic is distributed as: the sum of lambda chi^2_1. */
typedef struct svyi_pearson { double statistic, trace, squares; size_t k; const double *lambda; } svyi_pearson;

/* Fills `out`; lambda only when `eigenvalues`. @return NULL, or why there is no test: a sentence; "" when out of memory. */
const char *svyi_association_pearson(svyi_arena *scratch, const svyi_table *t, int eigenvalues, svyi_pearson *out);
const char *svyi_fit_pearson(svyi_arena *scratch, const svyi_table *t, int eigenvalues, svyi_pearson *out);
/* The quadratic form of the residuals, and how many there are. */
const char *svyi_association_wald(svyi_arena *scratch, const svyi_table *t, double *form, size_t *k);
const char *svyi_fit_wald(svyi_arena *scratch, const svyi_table *t, double *form, size_t *k);

/* The numbers of a test. */
void svyi_pearson_row(svyi_arena *scratch, const svyi_pearson *p, svy_table_test_kind kind, const svyi_table *t, svy_test_row *row);
void svyi_wald_row(double form, size_t k, double df, int adjusted, svy_test_row *row);
#endif
