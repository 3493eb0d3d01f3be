/* The finish step: from sums by group and cell to estimates, influence by PSU, and design variance. Internal. */
#ifndef SVY_ESTIMATE_FINISH_H
#define SVY_ESTIMATE_FINISH_H
#include "estimate/sum.h"

typedef enum svyi_form {
    SVYI_FORM_MEANS,       /* one output per input */
    SVYI_FORM_TOTALS,
    SVYI_FORM_RATIOS,      /* one output per pair of inputs */
    SVYI_FORM_SHARES,      /* one output per level of the factor */
    SVYI_FORM_COUNTS
} svyi_form;

/* Estimates of all domains; output k of domain d is at [d * outputs + k]. */
typedef struct svyi_fit {
    svyi_form form;
    size_t domains, outputs;
    double *estimate, *deff;
    double *variance;            /* by estimate */
    double *covariance;          /* all pairs, when asked for */
    double *weight;              /* by domain: sum of w */
    double *df;                  /* by domain */
    double *own_df;              /* by estimate, where each has its own (Bell-McCaffrey); otherwise NULL */
    uint64_t *n, *missing, *rows;/* by domain: used with positive weight, left out with positive weight, all rows of the domain */
    uint64_t *cell_n;            /* COUNTS, SHARES: by estimate, rows in the cell */
    uint64_t *used;              /* by domain: rows summed, also of weight 0 */
    double *residual;            /* RATIOS with replicates: by estimate, variance of the total of y - R x, for design effects; otherwise NULL */
    size_t dropped;              /* replicates that gave no number */
} svyi_fit;

/* Influence by unit of the last stage and domain (or, where units are rows, by stratum of the last stage): z has `outputs` numbers an item.
   `scatter` (element designs) has the products of deviations of the rows' z from their mean in the item: packed, or only the diagonal. */
typedef struct svyi_scores {
    size_t count, outputs;
    uint32_t *unit, *domain;
    uint32_t *rows;              /* rows with an influence */
    double *z, *scatter;
} svyi_scores;

/* Fills a fit from sums; memory from the arena. `deff` as svy_deff. */
svy_status svyi_fit_make(svyi_arena *arena, const svyi_sum_request *r, const svyi_sums *sums, svyi_form form, int deff, int covariance,
                         svyi_fit *out, svy_error *err);

/* Parts of it: memory; the estimates of numbers in a domain from its totals of x, and what coefficients that gives (see finish.c). */
int svyi_fit_get(svyi_arena *arena, svyi_fit *fit, int covariance);
void svyi_fit_numbers(const svyi_sum_request *r, svyi_fit *fit, const double *total, size_t domain, double *coefficient);
/* Numbers in many domains without sums by PSU and domain: 1 when that suits; the fit. */
int svyi_dense_suits(const svyi_sum_request *r, svyi_form form, int deff, int covariance);
svy_status svyi_dense_fit(svyi_arena *arena, const svyi_sum_request *r, svyi_form form, svyi_fit *out, svy_error *err);

/* The error of a stratum of one PSU. */
svy_status svyi_lonely_error(const svy_design *d, int stage, uint32_t stratum, svy_error *err);
/* The variances of a fit whose estimates are there, in designs that are more than stages. `coefficient` has two numbers per estimate: what a row's
   w u of the estimate's inputs counts for (finish.c). */
svy_status svyi_fit_by_rows(svyi_arena *scratch, const svyi_sum_request *r, const double *coefficient, svyi_fit *fit, svy_error *err);
svy_status svyi_fit_by_replicates(svyi_arena *scratch, const svyi_sum_request *r, const svyi_sums *sums, svyi_fit *fit, svy_error *err);

/* Puts Bell-McCaffrey variances and degrees of freedom into a fit of means or shares. `exchangeable`: for residuals that are correlated within PSUs. */
svy_status svyi_fit_bell(svyi_arena *arena, const svyi_sum_request *r, svyi_fit *fit, int exchangeable, svy_error *err);

/* V(z) by the recursion over stages. variance: domains * outputs; covariance NULL or (domains * outputs)^2. */
svy_status svyi_variance(svyi_arena *arena, const svy_design *d, const svyi_scores *scores, size_t domains, double *variance,
                         double *covariance, svy_error *err);
#endif
