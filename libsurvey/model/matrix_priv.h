/* What a model matrix is made of. Private to the model station. */
#ifndef SVY_MODEL_MATRIX_PRIV_H
#define SVY_MODEL_MATRIX_PRIV_H
#include "estimate/domain.h"
#include "model/basis.h"
#include "model/formula.h"
#include "model/matrix.h"

typedef enum svyi_regressor_kind { SVYI_REGRESSOR_NUMBER, SVYI_REGRESSOR_FACTOR, SVYI_REGRESSOR_BASIS } svyi_regressor_kind;

/* A variable of the formula as data. */
typedef struct svyi_regressor {
    svyi_regressor_kind kind;
    const char *name;
    const svyi_node *node;
    const double *numbers;               /* by row; missing is 0 (a column) or NaN (calculated) */
    svyi_factor factor;                  /* by row, all levels of the data */
    const uint8_t *missing;              /* by row; NULL: only NaN is missing, or nothing */
    const char *reference;               /* relevel(); NULL: the first */
    uint32_t *map; const char **levels; uint32_t n_levels;     /* levels in use: from codes of the data, UINT32_MAX for the others */
    svyi_basis *basis;
    uint32_t fixed;                      /* 1 + the level that every row is taken to have; 0: its own */
    int slope; const double *inner;      /* 1: derivatives of the basis, times the number of the row in `inner` (NULL: 1) */
} svyi_regressor;

/* A variable in a term. */
typedef struct svyi_part { const svyi_regressor *of; int full; size_t count, stride; } svyi_part;
typedef struct svyi_product { svyi_part *parts; size_t n_parts, first, count, n_bases; int zero; } svyi_product;   /* zero: its columns are 0 */

struct svyi_matrix {
    svyi_arena arena;
    const svy_frame *f;
    svyi_formula formula;
    const double *weights;
    svyi_regressor *regressors;          /* as formula.variables */
    svyi_response response; svyi_regressor outcome;
    svyi_product *products; svyi_term *terms; size_t n_terms;
    const char **names; size_t columns;
    uint8_t *used;
    double *offset;
    int derivative;                      /* 1: the intercept's column is 0 */
    svyi_factor strata;
};

/* Binds a variable of the formula to data: finds or calculates its values. Levels and knots come later. */
svy_status svyi_regressor_bind(svyi_arena *arena, const svy_frame *f, const char *text, const svyi_node *n, svyi_regressor *out, svy_error *err);
/* A copy of a matrix, for the life of it, in which every row has one level of a factor (its number among those of the variable's regressor), or in which the
   columns are derivatives by a number: several matrices, to be added, *count of them, as a product has more factors that depend on it.
   @return SVY_OK; SVY_E_NAME: no variable of the formula; SVY_E_TYPE: a factor that stands in a calculation; SVY_E_NOMEM. */
svy_status svyi_matrix_fix(svyi_matrix *m, const char *variable, uint32_t level, svyi_matrix **out, svy_error *err);
svy_status svyi_matrix_slopes(svyi_matrix *m, const char *variable, svyi_matrix ***out, size_t *count, svy_error *err);
/* The factor that a variable stands for in the formula; NULL when it is not there as one. */
const svyi_regressor *svyi_matrix_factor(const svyi_matrix *m, const char *variable);
/* 1: it is missing in the row. */
static inline int svyi_regressor_missing(const svyi_regressor *r, size_t row)
{
    if (r->missing != NULL)
        return r->missing[row] != SVY_PRESENT;
    return r->kind != SVYI_REGRESSOR_FACTOR && r->numbers[row] != r->numbers[row];
}
#endif
