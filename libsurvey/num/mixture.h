/* Sums of chi-squared variables with coefficients: what quadratic forms of estimates are distributed as. Internal. */
#ifndef SVY_NUM_MIXTURE_H
#define SVY_NUM_MIXTURE_H
#include "base/arena.h"

/* With Q = sum of lambda_k chi^2_1 (independent): P(Q > x) when ddf is infinite, otherwise P(Q / (chi^2_ddf / ddf) > x), the denominator independent and
   ddf any positive number. Coefficients below 1e-13 of the largest, and negative ones as small as rounding leaves them, count as 0. NaN when there is no
   positive one, one is really negative, or ddf is not positive. */

/* Exactly, by Ruben's series of chi-squared tails, all of whose terms are positive: relative error about 1e-13, 1e-12 when the
   smallest is a thousandth of the largest, also in the tail. Coefficients below 1e-5
   of the largest are taken together as one with their mean. NaN also when out of memory.
   H. Ruben, Ann. Math. Stat. 33 (1962) 542-570, doi:10.1214/aoms/1177704580; R. W. Farebrother, Appl. Stat. 33 (1984) 332-339, doi:10.2307/2347721. */
double svyi_mixture_upper(svyi_arena *scratch, const double *lambda, size_t n, double ddf, double x);
/* The approximation of R survey: Lugannani and Rice's saddlepoint in Barndorff-Nielsen's form, of which that package takes the whole part of ddf; close to
   the mean, where the formula is 0/0, Satterthwaite's.   D. Kuonen, Biometrika 86 (1999) 929-935, doi:10.1093/biomet/86.4.929. */
double svyi_mixture_saddlepoint(const double *lambda, size_t n, double ddf, double x);
/* By a scaled chi-squared (or F) with the same mean and variance. */
double svyi_mixture_satterthwaite(const double *lambda, size_t n, double ddf, double x);
#endif
