/* A pass over the rows: what is summed for a variable, and estimates from sums that were made elsewhere. Internal. */
#ifndef SVY_ESTIMATE_PASS_H
#define SVY_ESTIMATE_PASS_H
#include "estimate/estimates.h"
#include "estimate/finish.h"
#include "estimate/variables.h"

/* One variable has one pass; with covariances all variables together have one, in which every input is a number. */
typedef struct svyi_pass {
    svyi_sums sums;
    double *centre, *slope;       /* by domain */
} svyi_pass;

svyi_form svyi_form_of(svy_statistic s, int factor);
/* Sets what a request of this form sums. */
void svyi_pass_request(const svy_estimate_spec *spec, svyi_form form, double *centre, double *slope, svyi_sum_request *q);
/* Fills new estimates from the sums of all passes. Variables need names and levels, no columns. */
svy_status svyi_estimates_of_passes(svy_estimates *e, const svy_estimate_spec *spec, const svy_design *d, const svyi_domains *domains,
                                    const svyi_variables *variables, const svyi_pass *passes, svy_error *err);
#endif
