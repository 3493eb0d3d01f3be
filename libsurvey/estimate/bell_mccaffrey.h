/* Bell and McCaffrey's reduction of the bias of linearised variances, and their degrees of freedom, PSU by PSU: no matrix of the size of the data is made.
   Internal. */
#ifndef SVY_ESTIMATE_BELL_MCCAFFREY_H
#define SVY_ESTIMATE_BELL_MCCAFFREY_H
#include "base/arena.h"

/* With X the regressors (unweighted: the working model has equal variances, as in R survey), Q = (X'X)^-1 and X_i the rows of PSU i, residuals r_i become
   A_i r_i with A_i = (I - X_i Q X_i')^(-1/2), before they are weighted and go into the variance of the design. Written as A_i = I + X_i K_i X_i' with a
   p x p matrix K_i, so that

       adjusted residual of a row = r + x' K_i (X_i' r_i)

   needs only the sums X_i'X_i and X_i'r_i of the PSU. How to use it: a pass for the sums by PSU; svyi_bell_unit() for every PSU (order of the design);
   a pass for the adjusted residuals; svyi_bell_df().
   Directions that only PSU i has (I - X_i Q X_i' is singular there, e.g. the indicator of the PSU) count as 0: A_i is a pseudo-inverse's root.
   Source: R. M. Bell & D. F. McCaffrey, Surv. Methodol. 28 (2002) 169-181; docs/methods/bell-mccaffrey.md. */
typedef struct svyi_bell svyi_bell;

/* @param gram  X'X, p x p (aliased columns must be left out before). SVY_E_NUMERIC when it is singular. Memory from the arena. */
svy_status svyi_bell_new(svyi_arena *arena, const double *gram, size_t p, svyi_bell **out, svy_error *err);
/* K_i of a PSU with X_i'X_i (p x p) and X_i'1 (p numbers); adds the PSU to what degrees of freedom need. @return 0, -1 when out of memory. */
int svyi_bell_unit(svyi_bell *b, const double *gram, const double *sum, double *k_out);
/* Satterthwaite's degrees of freedom of each of the p coefficients when residuals are uncorrelated (variance 1, covariance 0), or exchangeable in PSUs
   (Bell-McCaffrey-2): `variance` = sum of squared adjusted residuals / rows, `covariance` = (sum over PSUs of (their sum)^2 - sum of squares) /
   (sum of squared sizes - rows). */
void svyi_bell_df(const svyi_bell *b, double variance, double covariance, double *df);
#endif
