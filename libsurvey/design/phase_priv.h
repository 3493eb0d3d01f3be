/* The second phase while it is compiled. Private to design/phase*.c. */
#ifndef SVY_DESIGN_PHASE_PRIV_H
#define SVY_DESIGN_PHASE_PRIV_H
#include "design/phase.h"

enum { SVYI_PHASE2_FULL, SVYI_PHASE2_APPROX, SVYI_PHASE2_SIMPLE };     /* svy_phase_spec.method; the last two are the same */

typedef struct svyi_two {
    svy_design *d;
    const svy_frame *f;
    const svy_phase_spec *spec;
    const char *weights;
    svyi_arena scratch;
    uint8_t *in;                   /* by row: in the second phase */
    uint32_t n;                    /* rows of the second phase */
    uint32_t *row;                 /* those rows */
    const svy_column *strata, *clusters;
    uint32_t *stratum, *psu;       /* of the second phase, by row of the data */
    uint32_t n_strata, n_psus;
    double *sampled, *population;  /* PSUs by stratum of the second phase; population NaN: not known */
    double *p1, *p2;               /* probabilities by row of the second phase */
    svyi_quadratic *forms; size_t n_forms;
    double *alone;                 /* coefficient of every row's square, the sum of all forms of single rows */
    svy_error *err;
} svyi_two;

/* Zeroed memory for the time of compiling, and that of the design. */
static inline void *svyi_two_get(svyi_two *t, size_t items, size_t size) { return svyi_arena_get(&t->scratch, (items + 1) * size); }
static inline void *svyi_two_keep(svyi_two *t, size_t items, size_t size) { return svyi_arena_get(&t->d->arena, (items + 1) * size); }

/* Name of the second phase's stratum that a row lies in, for messages. */
void svyi_phase2_name(const svyi_two *t, size_t row, char *out, size_t size);
/* Fills t->forms: the variance of both phases. */
svy_status svyi_phase2_forms(svyi_two *t);
#endif
