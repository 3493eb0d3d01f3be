/* The verb survival. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <survey/survival.h>

#include "estimation.h"
#include "formula.h"
#include "sheet.h"
#include "tool.h"

typedef struct survival_options { tool_list at, quantiles; int estimator, ci, df, missing; double level; } survival_options;

typedef struct settings {
    analysis_options analysis;
    survival_options survival;
    tool_output_options output;
} settings;

static const tool_option SURVIVAL_OPTIONS[] = {
    TOOL_NAMES_OPTION(survival_options, at, "at", 0, "T[,T...]", "times; without, and without --quantile: all event times of each group"),
    TOOL_NAMES_OPTION(survival_options, quantiles, "quantile", 0, "P[,P...]", "when survival has fallen to these shares; 0.5: the median"),
    TOOL_CHOICE_OPTION(survival_options, estimator, "estimator", 0, "kaplan-meier|hazard", "a product over event times, as R's svykm; or exp of minus the cumulative hazard, as R's svykm(se = TRUE)", "kaplan-meier"),
    TOOL_CHOICE_OPTION(survival_options, ci, "ci", 0, "log|log-log|plain", "limits symmetric for the logarithm of survival, for the logarithm of the hazard, or for survival itself", "log"),
    TOOL_NUMBER_OPTION(survival_options, level, "level", 0, "P", "confidence level", "0.95", 0.01, 0.9999999),
    TOOL_CHOICE_OPTION(survival_options, df, "df", 0, "normal|design", "limits from the normal distribution, or from t with the design's degrees of freedom", "normal"),
    TOOL_CHOICE_OPTION(survival_options, missing, "missing", 0, "omit|fail", "leave rows with a missing value out, or stop", "omit"),
    TOOL_END
};

static void say_unknown(const svy_survival *r)
{
    size_t errors = 0, quantiles = 0, limits = 0;
    for (size_t i = 0; i < svy_survival_count(r); i++) {
        const svy_survival_row *row = svy_survival_row_at(r, i);
        int point = isnan(row->prob);
        errors += point && !isfinite(row->se);
        quantiles += !point && !isfinite(row->estimate);
        limits += !point && isfinite(row->estimate) && !(isfinite(row->lower) && isfinite(row->upper));
    }
    if (svy_survival_dropped(r) > 0)
        tool_say("%zu %s left out of a variance: a group has no rows with these weights", svy_survival_dropped(r),
                 svy_survival_dropped(r) == 1 ? "replicate was" : "replicates were");
    if (svy_survival_missing(r) > 0)
        tool_say("%llu %s left out because a variable is missing", (unsigned long long)svy_survival_missing(r), svy_survival_missing(r) == 1 ? "row was" : "rows were");
    if (errors > 0)
        tool_say("%zu of the points have no standard error: survival is 0, or the group has too few sampling units", errors);
    if (quantiles > 0)
        tool_say("%zu of the quantiles do not exist: survival does not fall so far", quantiles);
    if (limits > 0)
        tool_say("%zu of the quantiles have a limit that does not exist: the limit of the curve does not fall so far", limits);
}

static int print(const settings *o, const svy_survival *r)
{
    static const svy_sheet_column COLUMNS[] = { { "statistic", SVY_SHEET_TEXT }, { "variable", SVY_SHEET_TEXT }, { "level", SVY_SHEET_TEXT | SVY_SHEET_OPTIONAL },
        { "prob", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "time", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "estimate", SVY_SHEET_NUMBER }, { "se", SVY_SHEET_NUMBER },
        { "ci_lower", SVY_SHEET_NUMBER }, { "ci_upper", SVY_SHEET_NUMBER }, { "df", SVY_SHEET_NUMBER }, { "n", SVY_SHEET_NUMBER } };
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *s;
    if (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &s, &err) != SVY_OK)
        return tool_fail(&err);
    for (size_t i = 0; i < svy_survival_count(r); i++) {
        const svy_survival_row *row = svy_survival_row_at(r, i);
        const double numbers[] = { row->prob, row->time, row->estimate, row->se, row->lower, row->upper, row->df, (double)row->n };
        svy_sheet_text(s, row->statistic);
        svy_sheet_text(s, row->variable);
        svy_sheet_text(s, row->level);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            svy_sheet_number(s, numbers[k]);
    }
    int status = tool_write_sheet(s, &o->output);
    svy_sheet_free(s);
    if (!o->output.quiet)
        say_unknown(r);
    return status;
}

static int survive(const settings *o, const char *formula, const svy_frame *f, const svy_design *d, const double *at, const double *quantiles)
{
    svy_error err = SVY_ERROR_INIT;
    svy_survival_spec spec = SVY_SURVIVAL_INIT;
    svy_survival *r = NULL;
    spec.formula = formula;
    spec.where = o->analysis.where;
    spec.at = at;
    spec.n_at = o->survival.at.count;
    spec.quantiles = quantiles;
    spec.n_quantiles = o->survival.quantiles.count;
    spec.estimator = (svy_survival_estimator)o->survival.estimator;     /* the choices stand in the order of the enumerations */
    spec.interval = (svy_survival_interval)o->survival.ci;
    spec.level = o->survival.level;
    spec.design_df = o->survival.df;
    spec.threads = (unsigned)o->analysis.threads;
    if (svy_survival_estimate(NULL, f, d, &spec, &r, &err) != SVY_OK)
        return tool_fail_formula(&err, &o->analysis);
    int status = print(o, r);
    if (!o->output.quiet && !svy_design_weighted(d))
        tool_say("there are no weights, so every row counts once: name them by --weights");
    svy_survival_free(r);
    return status;
}

static int run(void *options, int argc, char **argv)
{
    const settings *o = options;
    double at[TOOL_LIST_MAX], quantiles[TOOL_LIST_MAX];
    svy_frame *f = NULL;
    svy_design *d = NULL;
    (void)argc;
    if (o->analysis.data == NULL)
        return tool_usage("survival", "there are no data: give --data FILE");
    int status = tool_numbers("survival", "at", &o->survival.at, at);
    if (status == EXIT_DONE)
        status = tool_numbers("survival", "quantile", &o->survival.quantiles, quantiles);
    if (status == EXIT_DONE && o->analysis.by.count > 0)
        status = tool_usage("survival", "groups stand in the formula: write Surv(time, status) ~ %s", o->analysis.by.items[0]);
    if (status == EXIT_DONE)
        status = tool_load_formula(&o->analysis, argv[0], NULL, NULL, o->survival.missing, &f, &d);
    if (status == EXIT_DONE)
        status = survive(o, argv[0], f, d, at, quantiles);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

const verb verb_survival = { .name = "survival", .group = FOR_ANALYSTS, .arguments = "FORMULA", .min_arguments = 1, .max_arguments = 1,
    .summary = "survival curves by group, and their quantiles",
    .detail = "The formula is Surv(time, status) ~ group, or ~ 1 for all together; status is 1 for an event and 0 for none. Surv(start, stop, status) has times of "
              "entry. Variables right of ~ make the groups. To compare groups: survey test --kind logrank, survey regress --family cox.",
    .example = "survey survival 'Surv(time, status) ~ sex' --at 90,180,365 --data lung.csv --weights w --strata stratum --clusters psu\n"
               "survey survival 'Surv(time, status) ~ 1' --quantile 0.75,0.5,0.25 --data lung.csv --weights w --strata stratum --clusters psu",
    .settings_size = sizeof(settings),
    .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { SURVIVAL_OPTIONS, offsetof(settings, survival) }, { TOOL_OUTPUT, offsetof(settings, output) } },
    .run = run };
