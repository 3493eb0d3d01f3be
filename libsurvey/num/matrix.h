/* Dense algebra on small symmetric matrices, row after row, both triangles. Internal. */
#ifndef SVY_NUM_MATRIX_H
#define SVY_NUM_MATRIX_H
#include "base/arena.h"

/* Why not GSL: its handler of errors is global state that a library may not touch, and these sizes (a few hundred) need no blocking. */

/* Factor of a positive semidefinite matrix, in place: a = L L' on the columns that are kept. A column whose pivot falls below `tolerance` times its
   own diagonal depends on those before it: it is dropped (aliased[k] = 1, its row and column of the factor are zero), as R's glm() drops it.
   @param aliased  n bytes, or NULL.   @return the rank. */
size_t svyi_cholesky(double *a, size_t n, double tolerance, unsigned char *aliased);
/* Solves L L' x = b in place; the entries of dropped columns become 0. */
void svyi_cholesky_solve(const double *l, size_t n, double *b);
/* The inverse from the factor; rows and columns of dropped columns are 0. `out` is another matrix. */
void svyi_cholesky_invert(const double *l, size_t n, double *out);

/* Eigenvalues in decreasing order and, unless vectors is NULL, eigenvectors as rows, by Jacobi's rotations: accurate to rounding also for small
   eigenvalues of a scaled matrix. @return 0, -1 when out of memory. */
int svyi_eigen(svyi_arena *scratch, const double *a, size_t n, double *values, double *vectors);
/* Moore-Penrose inverse of a symmetric matrix; eigenvalues below tolerance * the largest count as 0. @return the rank, SIZE_MAX when out of memory. */
size_t svyi_pseudo_inverse(svyi_arena *scratch, const double *a, size_t n, double tolerance, double *out);
/* Eigenvalues of the product a b of two symmetric matrices, a positive semidefinite (they are real). @return 0, -1 when out of memory. */
int svyi_eigen_product(svyi_arena *scratch, const double *a, const double *b, size_t n, double *values);
/* out = x m x' for a rows-by-n matrix x and a symmetric m: the covariance of linear functions. `out` is rows by rows. @return 0, -1 when out of memory. */
int svyi_sandwich(svyi_arena *scratch, const double *x, size_t rows, const double *m, size_t n, double *out);
#endif
