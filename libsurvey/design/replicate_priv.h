/* Making replicates: what the files of design/replicate*.c share. */
#ifndef SVY_DESIGN_REPLICATE_PRIV_H
#define SVY_DESIGN_REPLICATE_PRIV_H
#include "design/replicate.h"

/* Replicates in the making; `r` is what the design gets. */
typedef struct svyi_replicates_build {
    svy_design *d;
    const svy_frame *f;
    const svy_replicate_spec *spec;
    svyi_replicates *r;
    double *rscales;         /* r->rscales, count items once they are got */
    svy_error *err;
} svyi_replicates_build;

/* r->rscales, all `value`. */
svy_status svyi_replicates_rscales(svyi_replicates_build *b, double value);
/* Room for count * units factors, zeroed; SVY_E_LIMIT when that is too much. */
svy_status svyi_replicates_room(svyi_replicates_build *b, size_t units, double **factor);
/* N of a stratum of the first stage, infinity when it is not known. */
static inline double svyi_stratum_population(const svyi_stage *s, uint32_t h)
{
    return s->population != NULL ? s->population[h] : (double)INFINITY;
}

svy_status svyi_replicates_given(svyi_replicates_build *b);
svy_status svyi_replicates_jackknife(svyi_replicates_build *b);          /* JK1, JKn */
svy_status svyi_replicates_balanced(svyi_replicates_build *b);           /* BRR, Fay */
svy_status svyi_replicates_paired_jackknife(svyi_replicates_build *b);   /* JK2 */
svy_status svyi_replicates_successive(svyi_replicates_build *b);         /* SDR, ACS */
svy_status svyi_replicates_redrawn(svyi_replicates_build *b);            /* bootstrap, Rao-Wu */
svy_status svyi_replicates_walked(svyi_replicates_build *b);             /* Preston, generalized */
#endif
