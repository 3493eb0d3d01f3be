/* Sums of influence by unit of the design and domain, gathered on threads. Internal. */
#ifndef SVY_ESTIMATE_SCORES_H
#define SVY_ESTIMATE_SCORES_H
#include "estimate/finish.h"
#include "estimate/influence.h"

/* One pass over the rows in the order of the design, in fixed pieces joined in order: the same bits for any number of threads. Memory for the pairs of
   unit and domain that occur. In an element design the scores are by stratum, with scatter, unless `by_unit`.
   @param pairs  1: the scatter of all pairs of outputs, not of each alone.   Memory of `out` is of `arena`. */
svy_status svyi_scores_gather(svyi_arena *arena, const svy_design *d, const svyi_influence *f, int by_unit, int pairs, unsigned threads,
                              svyi_scores *out, svy_error *err);
#endif
