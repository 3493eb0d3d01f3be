/* What every estimator of its own needs before it starts: variables, domains, counts, degrees of freedom, and the rows of its result. Internal. */
#ifndef SVY_ESTIMATE_REQUEST_H
#define SVY_ESTIMATE_REQUEST_H
#include "estimate/estimates.h"
#include "estimate/influence.h"
#include "estimate/variables.h"

typedef struct svyi_request {
    svy_estimates *e;                 /* of the result */
    svyi_arena scratch;               /* of the call */
    const svy_alloc *alloc;
    const svy_frame *frame;
    const svy_design *design;
    const svy_estimate_spec *spec;
    svyi_variables plan;
    svyi_domains domains;
    uint64_t *n, *missing;            /* by domain: rows of positive weight, used and left out */
    uint64_t *rows, *complete;        /* by domain: all rows, and those on which nothing is missing */
    double *df;                       /* by domain */
    unsigned threads;
    svy_error *err;
} svyi_request;

/* @param complete  1: degrees of freedom count only rows on which nothing is missing.
   @param numbers   what needs numbers ("a quantile"): a text among the variables is an error; NULL: texts may be there. */
svy_status svyi_request_begin(svyi_request *r, const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                              svy_statistic statistic, int complete, const char *numbers, svy_error *err);
/* Releases what the call needed and hands over the estimates, or releases them too when `st` is a failure. @return st */
svy_status svyi_request_end(svyi_request *r, svy_status st, svy_estimates **out);
/* Room for the rows of `outputs` estimates in every domain. */
svy_status svyi_request_rows(svyi_request *r, size_t outputs);
/* The row of an output and domain, all filled but the level and the limits, which follow the normal or the t distribution as `df` asks. */
svy_estimate_row *svyi_request_row(svyi_request *r, size_t output, size_t domain, const char *variable, double estimate, double variance);
/* All rows from an estimator that is complete (outputs one after another by `names`): variances, covariances if asked for. theta is domain * width. */
svy_status svyi_request_fit(svyi_request *r, const svyi_estimator *estimator, const double *theta, const char *const *names, const char *const *levels);
/* Variances of an estimator; replicates that gave no number are counted in the result. */
svy_status svyi_request_variance(svyi_request *r, const svyi_estimator *estimator, const double *theta, double *variance);
/* Degrees of freedom that limits use: infinity for the normal distribution. */
double svyi_request_limit_df(const svyi_request *r, size_t domain, int design_by_default);

static inline uint32_t svyi_request_domain(const svyi_request *r, size_t row)
{
    return r->plan.missing != NULL && r->plan.missing[row] != 0 ? SVYI_NO_DOMAIN : svyi_domain_of(&r->domains, row);
}
#endif
