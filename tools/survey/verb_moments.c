/* The verbs variance and correlation. */
#include <survey/moments.h>

#include "estimation.h"

typedef struct moment_options { int sd, ci; } moment_options;

typedef struct settings {
    analysis_options analysis;
    estimation_options estimation;
    moment_options moment;
    tool_output_options output;
} settings;

static const tool_option VARIANCE_OPTIONS[] = {
    TOOL_FLAG_OPTION(moment_options, sd, "sd", 0, "standard deviations instead of variances and covariances"),
    TOOL_END
};
static const tool_option CORRELATION_OPTIONS[] = {
    TOOL_CHOICE_OPTION(moment_options, ci, "ci", 0, "normal|fisher", "how the limits are made; fisher: on Fisher's z, within -1 and 1", "normal"),
    TOOL_END
};

static svy_status variance(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    const settings *s = user;
    return svy_variance(NULL, f, d, spec, s->moment.sd, out, err);
}

static svy_status correlation(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out,
                              svy_error *err)
{
    const settings *s = user;
    return svy_correlation(NULL, f, d, spec, (svy_correlation_interval)s->moment.ci, out, err);
}

static estimation estimation_of(const settings *s, const char *name, char **variables, int count)
{
    return (estimation){ .verb = name, .analysis = &s->analysis, .options = &s->estimation, .output = &s->output, .parse_as = SVY_STAT_MEAN,
                         .variables = (const char *const *)variables, .count = count, .user = s };
}

static int run_variance(void *options, int argc, char **argv)
{
    estimation e = estimation_of(options, "variance", argv, argc);
    e.estimate = variance;
    return tool_estimate(&e);
}

static int run_correlation(void *options, int argc, char **argv)
{
    estimation e = estimation_of(options, "correlation", argv, argc);
    e.estimate = correlation;
    return tool_estimate(&e);
}

#define TABLES_WITH(own) { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { ESTIMATION_OPTIONS, offsetof(settings, estimation) }, \
                           { COVARIANCE_OPTIONS, offsetof(settings, estimation) }, { own, offsetof(settings, moment) }, \
                           { TOOL_OUTPUT, offsetof(settings, output) } }

const verb verb_variance = { .name = "variance", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "variances of variables in the population, and their covariances",
    .detail = "With several variables also the covariance of every pair, named a:b. Rows on which any of the variables is missing are left out of all.",
    .example = "survey variance api00 enroll --data apistrat.csv --weights pw --strata stype --fpc fpc",
    .settings_size = sizeof(settings), .tables = TABLES_WITH(VARIANCE_OPTIONS), .run = run_variance };
const verb verb_correlation = { .name = "correlation", .group = FOR_ANALYSTS, .arguments = "VARIABLE VARIABLE...", .min_arguments = 2, .max_arguments = -1,
    .summary = "correlations of every pair of variables",
    .detail = "Pearson's correlations, each named a:b. Rows on which any of the variables is missing are left out of all.",
    .example = "survey correlation api00 api99 meals --data apistrat.csv --weights pw --strata stype --fpc fpc --ci fisher",
    .settings_size = sizeof(settings), .tables = TABLES_WITH(CORRELATION_OPTIONS), .run = run_correlation };
