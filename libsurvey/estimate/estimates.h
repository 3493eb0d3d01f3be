/* Estimates from the inside, for everything that makes some. Internal. */
#ifndef SVY_ESTIMATE_ESTIMATES_H
#define SVY_ESTIMATE_ESTIMATES_H
#include <survey/estimate.h>

#include "estimate/domain.h"

enum { SVYI_COVARIANCES_MAX = 8192 };

/* Row r belongs to output r / domains (variable and level, in order) and domain r % domains. */
struct svy_estimates {
    svyi_arena arena;            /* the estimates themselves live in it */
    svy_statistic statistic;
    int has_deff, has_prob;
    size_t count;
    svy_estimate_row *rows;
    size_t domains;
    size_t n_by;
    const char **by_names;
    uint64_t left_out;
    size_t dropped;              /* replicates that gave no number for some estimate */
    const char *note;            /* about the design's replicates; NULL: nothing */
    double *covariance;          /* of estimates numbered by domain, then output; NULL when not asked for */
    size_t outputs;
};

/* Empty estimates, to be released by svy_estimates_free. */
svy_status svyi_estimates_new(const svy_alloc *alloc, svy_statistic statistic, svy_estimates **out, svy_error *err);
/* Takes over the names of by-variables, the number of domains, and the note of the design (which may be NULL). */
svy_status svyi_estimates_keep_by(svy_estimates *e, const svy_design *d, const svyi_domains *domains, svy_error *err);
#endif
