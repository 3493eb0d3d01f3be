/* Numbering distinct values, and distinct pairs of numbers, in order of their first row. Internal. */
#ifndef SVY_DESIGN_INTERN_H
#define SVY_DESIGN_INTERN_H
#include <survey/frame.h>

#include "base/arena.h"

/* out[i] = number of the value of row i, 0..*count-1. Missing rows count as their stored value: check before. */
svy_status svyi_intern_column(const svy_alloc *a, const svy_column *c, size_t rows, uint32_t *out, uint32_t *count, svy_error *err);
/* out[i] = number of the pair (first[i], second[i]); out may be either. */
svy_status svyi_intern_pairs(const svy_alloc *a, size_t rows, const uint32_t *first, uint32_t n_first, const uint32_t *second,
                             uint32_t n_second, uint32_t *out, uint32_t *count, svy_error *err);
#endif
