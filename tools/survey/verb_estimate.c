/* The verbs mean, total, ratio and proportion. */
#include <survey/estimate.h>

#include "estimation.h"
#include "standard.h"

typedef struct estimate_options { int deff, deff_replace, ci, stream, errors; } estimate_options;

typedef struct settings {
    analysis_options analysis;
    estimation_options estimation;
    estimate_options estimate;
    standard_options standard;
    tool_output_options output;
} settings;

static const tool_option ESTIMATE_OPTIONS[] = {
    TOOL_FLAG_OPTION(estimate_options, deff, "deff", 0, "add design effects, against sampling without replacement"),
    TOOL_FLAG_OPTION(estimate_options, deff_replace, "deff-replace", 0, "add design effects, against sampling with replacement"),
    TOOL_FLAG_OPTION(estimate_options, stream, "stream", 0, "sum the rows piece by piece in little memory; chosen by itself for large files and pipes"),
    TOOL_END
};

/* Limits of a share; a mean has the ordinary ones unless said, a proportion those that stay between 0 and 1. */
#define INTERVAL_OPTION(preset) TOOL_CHOICE_OPTION(estimate_options, ci, "ci", 0, "normal|mean|logit|beta|xlogit|asin|wilson|likelihood", \
    "how the limits of a share are made; normal: as for a mean", preset)
#define ERRORS_OPTION TOOL_CHOICE_OPTION(estimate_options, errors, "se", 0, "linearized|bell-mccaffrey|bell-mccaffrey-2", \
    "standard errors; Bell-McCaffrey's suit few sampling units and bring degrees of freedom of their own", "linearized")
static const tool_option MEAN_INTERVAL[] = { INTERVAL_OPTION("normal"), ERRORS_OPTION, TOOL_END };
static const tool_option SHARE_INTERVAL[] = { INTERVAL_OPTION("logit"), ERRORS_OPTION, TOOL_END };

static svy_status estimate(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    (void)user;
    return svy_estimate(NULL, f, d, spec, out, err);
}

static int run(const settings *s, svy_statistic statistic, int argc, char **argv)
{
    const svy_deff deff = s->estimate.deff_replace ? SVY_DEFF_REPLACE : s->estimate.deff ? SVY_DEFF_WITHOUT : SVY_DEFF_NONE;
    const estimation e = { .verb = svy_statistic_name(statistic), .analysis = &s->analysis, .options = &s->estimation, .output = &s->output, .parse_as = statistic,
                           .variables = (const char *const *)argv, .count = argc, .estimate = estimate, .streams = 1, .stream_asked = s->estimate.stream,
                           .deff = deff, .interval = (svy_interval)s->estimate.ci, .bell_mccaffrey = s->estimate.errors };
    return tool_standard_asked(&s->standard) ? tool_standardize(&e, &s->standard) : tool_estimate(&e);
}

static int run_mean(void *s, int argc, char **argv) { return run(s, SVY_STAT_MEAN, argc, argv); }
static int run_total(void *s, int argc, char **argv) { return run(s, SVY_STAT_TOTAL, argc, argv); }
static int run_ratio(void *s, int argc, char **argv) { return run(s, SVY_STAT_RATIO, argc, argv); }
static int run_proportion(void *s, int argc, char **argv) { return run(s, SVY_STAT_PROPORTION, argc, argv); }

#define COMMON_TABLES { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { ESTIMATION_OPTIONS, offsetof(settings, estimation) }, \
                      { ESTIMATE_OPTIONS, offsetof(settings, estimate) }, { COVARIANCE_OPTIONS, offsetof(settings, estimation) }
#define TABLES { COMMON_TABLES, { TOOL_OUTPUT, offsetof(settings, output) } }
#define TABLES_WITH(interval) { COMMON_TABLES, { interval, offsetof(settings, estimate) }, { STANDARD_OPTIONS, offsetof(settings, standard) }, \
                               { TOOL_OUTPUT, offsetof(settings, output) } }

const verb verb_mean = { .name = "mean", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "weighted means with design-based standard errors",
    .detail = "A text or labelled variable gives the share of each level; factor(x) takes a number as one. Rows on which any of the variables "
              "is missing are left out of all. Limits are normal unless --df design.",
    .example = "survey mean api00 enroll --data apistrat.csv --weights pw --strata stype --fpc fpc --by stype",
    .settings_size = sizeof(settings), .tables = TABLES_WITH(MEAN_INTERVAL), .run = run_mean };
const verb verb_total = { .name = "total", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "weighted totals with design-based standard errors",
    .detail = "A text or labelled variable gives the number in each level; factor(x) takes a number as one.",
    .example = "survey total enroll --data apiclus1.csv --weights pw --clusters dnum --fpc fpc",
    .settings_size = sizeof(settings), .tables = TABLES, .run = run_total };
const verb verb_ratio = { .name = "ratio", .group = FOR_ANALYSTS, .arguments = "NUMERATOR/DENOMINATOR...", .min_arguments = 1, .max_arguments = -1,
    .summary = "ratios of two totals with design-based standard errors",
    .example = "survey ratio api.stu/enroll --data apiclus2.csv --weights pw --clusters dnum,snum --fpc fpc1,fpc2",
    .settings_size = sizeof(settings), .tables = TABLES, .run = run_ratio };
const verb verb_proportion = { .name = "proportion", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "shares of the levels of variables, with limits that suit shares",
    .detail = "Every variable is taken as a factor. Limits are those of --ci logit unless said: they stay between 0 and 1. --ci mean, logit, beta, xlogit, asin are R's svyciprop and use t; wilson and likelihood use the "
              "effective sample size.",
    .example = "survey proportion sch.wide --data apistrat.csv --weights pw --strata stype --fpc fpc --ci logit",
    .settings_size = sizeof(settings), .tables = TABLES_WITH(SHARE_INTERVAL), .run = run_proportion };
