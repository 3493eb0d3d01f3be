/* Auxiliary variables of calibration: indicators of the cells of margins, and numbers, as sparse rows. Internal. */
#ifndef SVY_DESIGN_AUXILIARY_H
#define SVY_DESIGN_AUXILIARY_H
#include <survey/weighting.h>

#include "base/arena.h"

#define SVYI_NO_UNIT UINT32_MAX
enum { SVYI_COLUMNS_MAX = 3000 };          /* the matrix of the equations is dense */

/* A margin of the data: every row is in one of its lines. */
typedef struct svyi_margin_codes {
    const char *name;                     /* "stype", "age:sex" */
    const char *source;
    uint32_t n_lines;
    const char *const *lines;             /* text of each */
    const uint32_t *codes;                /* by row; SVYI_NO_UNIT in rows of weight 0 that are in no line */
    const double *totals;                 /* NULL: none */
} svyi_margin_codes;

/* Rows with the same x are one unit: cells of the cross-classification of margins, or clusters with the mean of their rows, or every row is its own.
   The columns of x are the lines of all margins, then the numbers. */
typedef struct svyi_auxiliary {
    size_t rows, columns;
    size_t n_margins; const svyi_margin_codes *margins;
    size_t *first;                        /* column of the first line of each margin */
    size_t n_numbers; const double *const *numbers; const char *const *number_names;
    const double *sigma2;                 /* by unit; NULL: 1 */
    size_t n_units;
    const uint32_t *unit;                 /* by row, SVYI_NO_UNIT: in none; NULL: rows are the units */
    const uint32_t *size;                 /* rows by unit; only where units are clusters */
    const size_t *start;                  /* entries of unit u: start[u] .. start[u+1]; NULL: made from the codes of row u */
    const uint32_t *column; const double *value;
    size_t longest;                       /* most entries of a unit */
} svyi_auxiliary;

typedef struct svyi_sparse { size_t n; const uint32_t *column; const double *value; } svyi_sparse;
/* The x of a unit. `columns` and `values` have room for `longest`; the result may or may not point there. n is 0 for a row in no line. */
svyi_sparse svyi_auxiliary_row(const svyi_auxiliary *x, size_t unit, uint32_t *columns, double *values);
static inline size_t svyi_auxiliary_unit(const svyi_auxiliary *x, size_t row)
{
    return x->unit == NULL ? row : x->unit[row];
}

/* Name of a column for messages: "stype = E", "the total of api99". */
void svyi_auxiliary_name(const svyi_auxiliary *x, size_t column, char *out, size_t size);

/* Finds the line of each row in a margin and checks both against each other: `weights` are those of the rows, which decide whom it must have. */
svy_status svyi_margin_codes_make(svyi_arena *arena, const svy_frame *f, const svy_margin *m, const double *weights, svyi_margin_codes *out,
                                  svy_error *err);
/* The combinations of variables that the data have, as a margin without totals. `keep` (by row, NULL: weight > 0): rows that must not be missing. */
svy_status svyi_margin_cells(svyi_arena *arena, const svy_frame *f, const char *const *variables, size_t n, const double *weights, const uint8_t *keep,
                             svyi_margin_codes *out, svy_error *err);
/* Joins margins and numbers to units. `cluster` and `sigma2` may be NULL. `by_row`: never more than one row in a unit.
   x->margins, numbers and number_names are set by the caller. */
svy_status svyi_auxiliary_make(svyi_arena *arena, size_t rows, const svy_column *cluster, const double *sigma2, int by_row, svyi_auxiliary *x,
                               svy_error *err);
#endif
