/* Columns of a model that nearly depend on each other, made orthogonal so that Newton's equations keep their digits. Internal. */
#ifndef SVY_MODEL_TURN_H
#define SVY_MODEL_TURN_H
#include <survey/base.h>

#include "base/arena.h"

/* X'wX, divided by the sum of w, of the columns as `turn` makes them (NULL: as they are), n * n; also of aliased ones. @return 0, -1 out of memory. */
typedef int (*svyi_gram_maker)(void *user, const double *turn, double *a);

/* Row k of `turn` (n * n, a lower triangle) says what the new column k has of each old one; NULL when the columns are far enough from dependence.
   Columns that depend on earlier ones (to about 1e-10 of their size) are added to `aliased`. @return SVY_OK, SVY_E_NOMEM. */
svy_status svyi_turn_columns(svyi_arena *arena, size_t n, unsigned char *aliased, svyi_gram_maker gram, void *user, double **turn, svy_error *err);
#endif
