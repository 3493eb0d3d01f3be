/* What the verbs that print estimates share: their options, loading, printing, and what must be said about the result. */
#ifndef SURVEY_TOOL_ESTIMATION_H
#define SURVEY_TOOL_ESTIMATION_H
#include <survey/estimate.h>

#include "design.h"
#include "tool.h"

typedef struct estimation_options {
    double level;
    int df, missing;
    const char *vcov;
} estimation_options;
extern const tool_option ESTIMATION_OPTIONS[];     /* --level --df --missing */
extern const tool_option COVARIANCE_OPTIONS[];     /* --vcov */

/* One run of such a verb. */
typedef struct estimation {
    const char *verb;
    const analysis_options *analysis;
    const estimation_options *options;
    const tool_output_options *output;
    svy_statistic parse_as;        /* how variables are written */
    const char *const *variables; int count;
    const tool_list *more;         /* further columns to load; may be NULL */
    /* Makes the estimates; spec has the statistic (`parse_as`), variables, domains, level and the like. */
    svy_status (*estimate)(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err);
    const void *user;
    int streams;                   /* 1: large files and pipes are summed piece by piece, as svy_estimate would */
    int stream_asked;              /* 1: others too */
    svy_deff deff;                 /* these go into spec */
    svy_interval interval;
    int bell_mccaffrey;
} estimation;

/* Loads, estimates, prints. @return an exit status; errors are printed. */
int tool_estimate(const estimation *e);
/* The parts of it. */
int tool_estimate_load(const estimation *e, svy_frame **f, svy_design **d);
svy_estimate_spec tool_estimate_spec(const estimation *e);
int tool_estimate_print(const estimation *e, const svy_estimates *r);
/* An error of the estimation, which may have a position in --where. */
int tool_estimate_fail(const estimation *e, svy_error *err);
/* The numbers of an option that takes several. @return an exit status */
int tool_numbers(const char *verb_name, const char *option, const tool_list *texts, double *out);
#endif
