/* The verbs mean, total, ratio and proportion. */
#include <stdlib.h>
#include <string.h>
#include <survey/estimate.h>
#include <survey/report.h>

#include "design.h"
#include "standard.h"
#include "stream.h"
#include "replicates.h"
#include "tool.h"

typedef struct estimate_options {
    double level;
    int deff, deff_replace, df, missing, ci, stream, errors;
    const char *vcov;
} estimate_options;

typedef struct settings {
    analysis_options analysis;
    estimate_options estimate;
    standard_options standard;
    tool_output_options output;
} settings;

static const tool_option ESTIMATE_OPTIONS[] = {
    TOOL_NUMBER_OPTION(estimate_options, level, "level", 0, "P", "confidence level", "0.95", 0.01, 0.9999999),
    TOOL_CHOICE_OPTION(estimate_options, df, "df", 0, "auto|normal|design|full", "limits from the normal distribution, or from t with the degrees of freedom of the domain, or of the whole design; auto: normal, but t with --ci", "auto"),
    TOOL_FLAG_OPTION(estimate_options, deff, "deff", 0, "add design effects, against sampling without replacement"),
    TOOL_FLAG_OPTION(estimate_options, deff_replace, "deff-replace", 0, "add design effects, against sampling with replacement"),
    TOOL_CHOICE_OPTION(estimate_options, missing, "missing", 0, "omit|fail", "leave rows with a missing value out, or stop", "omit"),
    TOOL_FLAG_OPTION(estimate_options, stream, "stream", 0, "sum the rows piece by piece in little memory; chosen by itself for large files and pipes"),
    TOOL_TEXT_OPTION(estimate_options, vcov, "vcov", 0, "FILE", "also write the covariances of all estimates there, as CSV", NULL),
    TOOL_END
};

/* Limits of a share; a mean has the ordinary ones unless said, a proportion those that stay between 0 and 1. */
#define INTERVAL_OPTION(preset) TOOL_CHOICE_OPTION(estimate_options, ci, "ci", 0, "normal|mean|logit|beta|xlogit|asin|wilson|likelihood", \
    "how the limits of a share are made; normal: as for a mean", preset)
#define ERRORS_OPTION TOOL_CHOICE_OPTION(estimate_options, errors, "se", 0, "linearized|bell-mccaffrey|bell-mccaffrey-2", \
    "standard errors; Bell-McCaffrey's suit few sampling units and bring degrees of freedom of their own", "linearized")
static const tool_option MEAN_INTERVAL[] = { INTERVAL_OPTION("normal"), ERRORS_OPTION, TOOL_END };
static const tool_option SHARE_INTERVAL[] = { INTERVAL_OPTION("logit"), ERRORS_OPTION, TOOL_END };

/* The columns of all variables. The names are written into `copies`, which has room for all texts. */
static int add_variables(name_list *names, svy_statistic statistic, char **variables, int count, char *copies)
{
    svy_error err = SVY_ERROR_INIT;
    const char *found[2];
    for (int i = 0; i < count; i++) {
        if (svy_variable_parse(statistic, variables[i], copies, found, NULL, &err) != SVY_OK)
            return tool_usage(svy_statistic_name(statistic), "%s", err.message);
        names_add(names, found[0]);
        if (found[1] != NULL)
            names_add(names, found[1]);
        copies += strlen(variables[i]) + 1;
    }
    return EXIT_DONE;
}

static int print(const settings *s, const svy_estimates *e)
{
    svy_error err = SVY_ERROR_INIT;
    char *text = NULL;
    size_t len = 0;
    if (svy_report_estimates(NULL, e, (svy_report_format)s->output.format, &text, &len, &err) != SVY_OK)
        return tool_fail(&err);
    int status = tool_write(s->output.path, text, len);
    svy_report_release(NULL, text, len);
    if (s->estimate.vcov == NULL || status != EXIT_DONE)
        return status;
    if (svy_report_covariance(NULL, e, &text, &len, &err) != SVY_OK)
        return tool_fail(&err);
    status = tool_write(s->estimate.vcov, text, len);
    svy_report_release(NULL, text, len);
    return status;
}

/* What was left out, said on standard error. Missing values are the same for all variables: the first one's rows are counted. */
static void print_notes(const settings *s, int weighted, const svy_estimates *e)
{
    uint64_t missing = 0;
    const char *variable = svy_estimates_row(e, 0)->variable, *level = svy_estimates_row(e, 0)->level;
    if (s->output.quiet)
        return;
    if (!weighted)
        tool_say("there are no weights, so every row counts once: name them by --weights");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        const svy_estimate_row *r = svy_estimates_row(e, i);
        if (strcmp(r->variable, variable) != 0 || strcmp(r->level, level) != 0)
            break;
        missing += r->missing;
    }
    if (missing > 0)
        tool_say("%llu %s left out because a variable is missing", (unsigned long long)missing, missing == 1 ? "row was" : "rows were");
    uint64_t left_out = svy_estimates_left_out(e);
    if (left_out > 0)
        tool_say("%llu %s in no domain because a by-variable is missing", (unsigned long long)left_out, left_out == 1 ? "row is" : "rows are");
    tool_replicates_say(e);
}

static svy_estimate_spec make_spec(const settings *s, svy_statistic statistic, char **variables, int count)
{
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    spec.statistic = statistic;
    spec.variables = (const char *const *)variables;
    spec.n_variables = (size_t)count;
    spec.by = s->analysis.by.items;
    spec.n_by = s->analysis.by.count;
    spec.where = s->analysis.where;
    spec.level = s->estimate.level;
    spec.df = (svy_df)s->estimate.df;
    spec.deff = s->estimate.deff_replace ? SVY_DEFF_REPLACE : s->estimate.deff ? SVY_DEFF_WITHOUT : SVY_DEFF_NONE;
    spec.interval = (svy_interval)s->estimate.ci;
    spec.bell_mccaffrey = s->estimate.errors;
    spec.fail_missing = s->estimate.missing;
    spec.covariance = s->estimate.vcov != NULL;
    spec.threads = (unsigned)s->analysis.threads;
    return spec;
}

/* With all rows in memory. */
static int load_and_estimate(const settings *s, name_list *names, const svy_estimate_spec *spec, svy_estimates **e)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    int status = tool_load_design(&s->analysis, names, &f, &d);
    if (status == EXIT_DONE && svy_estimate(NULL, f, d, spec, e, &err) != SVY_OK) {
        if (err.column > 0)              /* a position in the expression */
            snprintf(err.source, sizeof err.source, "--where");
        status = tool_fail_data(&err, s->analysis.data);
    }
    if (status == EXIT_DONE) {
        status = print(s, *e);
        print_notes(s, svy_design_weighted(d), *e);
    }
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

/* --df full: t with the degrees of freedom of the whole design. */
static void full_df(settings *s)
{
    if (s->estimate.df <= SVY_DF_DESIGN)
        return;
    s->estimate.df = SVY_DF_DESIGN;
    if (s->analysis.df == NULL)
        s->analysis.df = "full";
}

static int run(void *options, svy_statistic statistic, int argc, char **argv)
{
    settings *s = options;
    full_df(s);
    const svy_estimate_spec spec = make_spec(s, statistic, argv, argc);
    name_list names = { NULL, 0, 0, 0 };
    svy_estimates *e = NULL;
    size_t room = 0;
    int status = EXIT_DONE, streamed = 0;
    if (s->analysis.data == NULL)
        return tool_usage(svy_statistic_name(statistic), "there are no data: give --data FILE");
    if (tool_standard_asked(&s->standard))
        return tool_standardize(&s->analysis, &s->standard, &spec, s->estimate.vcov, &s->output);
    for (int i = 0; i < argc; i++)
        room += strlen(argv[i]) + 1;
    char *copies = malloc(room);
    names.failed |= copies == NULL;
    if (copies != NULL)
        status = add_variables(&names, statistic, argv, argc, copies);
    if (status == EXIT_DONE)
        status = tool_stream(&s->analysis, &names, &spec, s->estimate.stream, s->output.quiet, &e, &streamed);
    if (status == EXIT_DONE && streamed) {
        status = print(s, e);
        print_notes(s, s->analysis.weights != NULL || s->analysis.fpc.count > 0, e);
    } else if (status == EXIT_DONE) {
        status = load_and_estimate(s, &names, &spec, &e);
    }
    svy_estimates_free(e);
    names_clear(&names);
    free(copies);
    return status;
}

static int run_mean(void *s, int argc, char **argv) { return run(s, SVY_STAT_MEAN, argc, argv); }
static int run_total(void *s, int argc, char **argv) { return run(s, SVY_STAT_TOTAL, argc, argv); }
static int run_ratio(void *s, int argc, char **argv) { return run(s, SVY_STAT_RATIO, argc, argv); }
static int run_proportion(void *s, int argc, char **argv) { return run(s, SVY_STAT_PROPORTION, argc, argv); }

#define TABLES { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { ESTIMATE_OPTIONS, offsetof(settings, estimate) }, \
                 { TOOL_OUTPUT, offsetof(settings, output) } }
#define TABLES_WITH(interval) { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { ESTIMATE_OPTIONS, offsetof(settings, estimate) }, \
                               { interval, offsetof(settings, estimate) }, { STANDARD_OPTIONS, offsetof(settings, standard) }, \
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
