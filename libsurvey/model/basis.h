/* Splines and polynomials as columns of a model: ns(), bs() and poly() of R. Internal. */
#ifndef SVY_MODEL_BASIS_H
#define SVY_MODEL_BASIS_H
#include "base/arena.h"

enum { SVYI_BASIS_MAX = 64, SVYI_BASIS_DEGREE = 8 };

typedef enum svyi_basis_kind { SVYI_BASIS_NATURAL, SVYI_BASIS_SPLINE, SVYI_BASIS_POLYNOMIAL, SVYI_BASIS_POWERS } svyi_basis_kind;

/* What was asked for, then what follows from the values it is made for. */
typedef struct svyi_basis {
    svyi_basis_kind kind;
    size_t width;                        /* columns */
    int degree, intercept;               /* of the pieces of a spline; of a polynomial */
    size_t df;                           /* 0: not given, then knots are */
    double knots[SVYI_BASIS_MAX]; size_t n_knots;          /* inner ones */
    double boundary[2]; int boundary_given;
    double all_knots[SVYI_BASIS_MAX + 2 * SVYI_BASIS_DEGREE + 2]; size_t n_all;
    double *transform;                   /* natural: from B-splines to columns, n_all - 4 by width */
    double alpha[SVYI_BASIS_MAX], norm[SVYI_BASIS_MAX + 1];    /* polynomial: three-term recurrence */
} svyi_basis;

/* Finishes a basis from the values x (sorted in place). @return NULL, or what is wrong with them (a constant text); *nomem: 1 when out of memory. */
const char *svyi_basis_make(svyi_arena *arena, svyi_basis *b, double *x, size_t n, int *nomem);
/* The columns at one value. */
void svyi_basis_at(const svyi_basis *b, double x, double *out);
/* Their derivatives by x. */
void svyi_basis_slope(const svyi_basis *b, double x, double *out);
#endif
