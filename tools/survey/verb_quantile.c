/* The verbs quantile and cdf. */
#include <survey/quantile.h>

#include "estimation.h"

typedef struct quantile_options { tool_list probs, at; int ci, rule; } quantile_options;

typedef struct settings {
    analysis_options analysis;
    estimation_options estimation;
    quantile_options quantile;
    tool_output_options output;
} settings;

static const tool_option QUANTILE_OPTIONS[] = {
    TOOL_NAMES_OPTION(quantile_options, probs, "probs", 'p', "P[,P...]", "shares of the population below the quantiles; 0.25,0.5,0.75 unless given"),
    TOOL_CHOICE_OPTION(quantile_options, rule, "qrule", 0, "math|school|shahvaish|hf1|hf2|hf3|hf4|hf5|hf6|hf7|hf8|hf9|shahvaish-r", "which value has a share p below it; shahvaish-r: R's mistake in shahvaish", "math"),
    TOOL_CHOICE_OPTION(quantile_options, ci, "ci", 0, "mean|beta|xlogit|asin|score|score-r|quantile", "how the limits are made: by the interval of the share below the estimate, by inverting a test (score), or from replicates (quantile)", "mean"),
    TOOL_END
};
static const tool_option CDF_OPTIONS[] = {
    TOOL_NAMES_OPTION(quantile_options, at, "at", 0, "V[,V...]", "values: the share of the population at or below each is estimated"),
    TOOL_CHOICE_OPTION(quantile_options, ci, "ci", 0, "normal|mean|logit|beta|xlogit|asin|wilson|likelihood", "how the limits of a share are made; normal: as for a mean", "logit"),
    TOOL_END
};

static estimation estimation_of(const settings *s, const char *verb_name, char **variables, int count)
{
    return (estimation){ .verb = verb_name, .analysis = &s->analysis, .options = &s->estimation, .output = &s->output, .parse_as = SVY_STAT_MEAN,
                         .variables = (const char *const *)variables, .count = count, .user = s };
}

static svy_status quantile(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    const settings *s = user;
    svy_quantile_spec q = SVY_QUANTILE_INIT;
    double probs[TOOL_LIST_MAX] = { 0.25, 0.5, 0.75 };
    q.estimate = *spec;
    q.probs = probs;
    q.n_probs = s->quantile.probs.count > 0 ? s->quantile.probs.count : 3;
    q.rule = (svy_quantile_rule)s->quantile.rule;           /* the choices stand in the order of the enumerations */
    q.interval = (svy_quantile_interval)s->quantile.ci;
    if (s->quantile.probs.count > 0 && tool_numbers("quantile", "probs", &s->quantile.probs, probs) != EXIT_DONE)
        return SVY_E_ARG;
    return svy_quantile(NULL, f, d, &q, out, err);
}

static int run_quantile(void *options, int argc, char **argv)
{
    const settings *s = options;
    double probs[TOOL_LIST_MAX];
    estimation e = estimation_of(s, "quantile", argv, argc);
    e.estimate = quantile;
    int status = tool_numbers("quantile", "probs", &s->quantile.probs, probs);
    return status == EXIT_DONE ? tool_estimate(&e) : status;
}

static svy_status cdf(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    const settings *s = user;
    svy_estimate_spec plain = *spec;
    double at[TOOL_LIST_MAX];
    plain.interval = (svy_interval)s->quantile.ci;
    if (tool_numbers("cdf", "at", &s->quantile.at, at) != EXIT_DONE)
        return SVY_E_ARG;
    return svy_cdf(NULL, f, d, &plain, at, s->quantile.at.count, out, err);
}

static int run_cdf(void *options, int argc, char **argv)
{
    const settings *s = options;
    double at[TOOL_LIST_MAX];
    estimation e = estimation_of(s, "cdf", argv, argc);
    e.estimate = cdf;
    if (s->quantile.at.count == 0)
        return tool_usage("cdf", "there are no values: give --at V,...");
    int status = tool_numbers("cdf", "at", &s->quantile.at, at);
    return status == EXIT_DONE ? tool_estimate(&e) : status;
}

#define TABLES_WITH(own) { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { ESTIMATION_OPTIONS, offsetof(settings, estimation) }, \
                           { own, offsetof(settings, quantile) }, { TOOL_OUTPUT, offsetof(settings, output) } }

const verb verb_quantile = { .name = "quantile", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "weighted quantiles with limits",
    .detail = "Limits are Woodruff's unless --ci says otherwise: those of the share below the estimate, at which the quantile is read again; with t and the design's degrees of freedom. "
              "The standard error is the length of the interval over twice the t. Rows on which any of the variables is missing are left out of all.",
    .example = "survey quantile api00 --probs 0.1,0.5,0.9 --data apistrat.csv --weights pw --strata stype --fpc fpc --by stype",
    .settings_size = sizeof(settings), .tables = TABLES_WITH(QUANTILE_OPTIONS), .run = run_quantile };
const verb verb_cdf = { .name = "cdf", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "shares of the population at or below given values",
    .detail = "The distribution function at the values of --at, with the limits of a proportion. The value stands in the column `level`.",
    .example = "survey cdf api00 --at 500,600,700 --data apistrat.csv --weights pw --strata stype --fpc fpc",
    .settings_size = sizeof(settings), .tables = TABLES_WITH(CDF_OPTIONS), .run = run_cdf };
