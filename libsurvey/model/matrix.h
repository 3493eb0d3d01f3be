/* From a formula and a frame to the rows of a model matrix, made block by block and never as a whole. Internal. */
#ifndef SVY_MODEL_MATRIX_H
#define SVY_MODEL_MATRIX_H
#include <survey/frame.h>

#include "base/arena.h"

/* What stands left of ~ : one variable, or Surv(time, status), Surv(start, stop, status). */
typedef enum svyi_response_kind { SVYI_RESPONSE_NUMBER, SVYI_RESPONSE_FACTOR, SVYI_RESPONSE_SURVIVAL } svyi_response_kind;

typedef struct svyi_response {
    svyi_response_kind kind;
    const char *name;                    /* as written */
    const double *numbers;               /* by row: NUMBER; the stop time of SURVIVAL */
    const uint32_t *codes;               /* by row: FACTOR */
    const char *const *levels; uint32_t n_levels;
    const double *start, *status;        /* SURVIVAL: start is NULL without it; status 1: event, 0: censored */
} svyi_response;

/* A term of the right side, e.g. a:b, and its columns first .. first + count - 1 of the matrix. */
typedef struct svyi_term { const char *name; size_t first, count; } svyi_term;

typedef struct svyi_matrix svyi_matrix;

/* Parses R's formula language as far as models use it and binds it to the frame: + - * : / ^ %in% ( ) 0 1 -1 offset(x) factor(x)
   relevel(x, ref = "b") ns() bs() poly() and arithmetic (I(x^2), log(x), I(x > 3), formula.h); strata(x) for survival; names in backquotes.
   Columns are named as commands.md says: `(Intercept)`, `age`, `cit: EU`, `cit: EU * sex: male`, `ns(age, 3): 2`. Contrasts are treatment, the first level
   is the reference; a factor whose margin is absent has a column for each level, by R's rule.
   `keep` (by row, NULL: all): rows of the subpopulation; levels that do not occur in it are dropped: those of rows that are complete and have weight > 0.
   Knots are found, as R does, in rows of the subpopulation (of weight > 0) in which the variable of the spline is there.
   @param weights  by row, NULL: all 1.
   @return SVY_OK; SVY_E_SYNTAX with a column in `text`; SVY_E_NAME; SVY_E_TYPE; SVY_E_VALUE (also: no row is left); SVY_E_LIMIT (SVYI_MATRIX_COLUMNS);
   SVY_E_NOMEM. */
enum { SVYI_MATRIX_COLUMNS = 2000 };
svy_status svyi_matrix_new(const svy_alloc *alloc, const svy_frame *f, const char *text, const double *weights, const uint8_t *keep,
                           svyi_matrix **out, svy_error *err);
void svyi_matrix_free(svyi_matrix *m);
const svy_alloc *svyi_matrix_alloc(const svyi_matrix *m);            /* where it lives */

const svyi_response *svyi_matrix_response(const svyi_matrix *m);     /* NULL for a one-sided formula */
size_t svyi_matrix_columns(const svyi_matrix *m);
const char *svyi_matrix_name(const svyi_matrix *m, size_t column);
size_t svyi_matrix_terms(const svyi_matrix *m);                      /* without the intercept */
const svyi_term *svyi_matrix_term(const svyi_matrix *m, size_t k);
int svyi_matrix_intercept(const svyi_matrix *m);                     /* 1: column 0 is it */
const double *svyi_matrix_offset(const svyi_matrix *m);              /* by row; NULL: none */
const uint32_t *svyi_matrix_strata(const svyi_matrix *m, uint32_t *count);   /* strata(x) of a survival model: by row; NULL: none */
/* By row: 1 when it is in the subpopulation and no variable of the formula is missing in it (weights do not matter). */
const uint8_t *svyi_matrix_used(const svyi_matrix *m);
/* Rows of the matrix: x[i * columns + k] for `count` rows of the data in any order; rows that are not used give zeros. Threads may call it at once. */
void svyi_matrix_fill(const svyi_matrix *m, const uint32_t *rows, size_t count, double *x);
/* The same column after column: x[k * count + i]. */
void svyi_matrix_fill_columns(const svyi_matrix *m, const uint32_t *rows, size_t count, double *x);
#endif
