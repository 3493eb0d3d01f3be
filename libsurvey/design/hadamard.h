/* Hadamard matrices: signs whose rows are orthogonal. Internal. */
#ifndef SVY_DESIGN_HADAMARD_H
#define SVY_DESIGN_HADAMARD_H
#include "base/arena.h"

enum { SVYI_HADAMARD_MAX = 16384 };

/* The first row is all +1. */
typedef struct svyi_hadamard {
    size_t order, core;          /* order = core times a power of two */
    const signed char *rows;     /* of the core */
} svyi_hadamard;

/* The smallest order from `at_least` on that can be made: every multiple of 4 up to 256, and most beyond; 0 above the limit. */
size_t svyi_hadamard_order(size_t at_least);
/* @param order  one that svyi_hadamard_order gave.   @return 0, -1 when out of memory. */
int svyi_hadamard_make(svyi_arena *arena, size_t order, svyi_hadamard *out);
/* +1 or -1. */
int svyi_hadamard_sign(const svyi_hadamard *h, size_t row, size_t column);
#endif
