/* The verb contrast: functions of estimates. */
#include <survey/contrast.h>
#include <survey/moments.h>
#include <survey/report.h>

#include "estimation.h"
#include "sheet.h"

typedef struct contrast_options { int of, test; tool_list variables; } contrast_options;

typedef struct settings {
    analysis_options analysis;
    estimation_options estimation;
    contrast_options contrast;
    tool_output_options output;
} settings;

enum { OF_VARIANCE = 5, OF_SD, OF_CORRELATION };

static const tool_option CONTRAST_OPTIONS[] = {
    TOOL_CHOICE_OPTION(contrast_options, of, "of", 0, "mean|total|ratio|proportion|table|variance|sd|correlation", "what is estimated before", "mean"),
    TOOL_NAMES_OPTION(contrast_options, variables, "variables", 'v', "VAR[,VAR...]", "of which variables, written as for that verb"),
    TOOL_FLAG_OPTION(contrast_options, test, "test", 0, "print the joint Wald test that all contrasts are 0 in place of the contrasts"),
    TOOL_END
};

static svy_status estimate(const settings *s, const svy_frame *f, const svy_design *d, svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    spec->covariance = 1;
    if (s->contrast.of == OF_VARIANCE || s->contrast.of == OF_SD)
        return svy_variance(NULL, f, d, spec, s->contrast.of == OF_SD, out, err);
    if (s->contrast.of == OF_CORRELATION)
        return svy_correlation(NULL, f, d, spec, SVY_CORRELATION_NORMAL, out, err);
    spec->statistic = (svy_statistic)s->contrast.of;     /* the choices stand in the order of the enumeration */
    return svy_estimate(NULL, f, d, spec, out, err);
}

static int print_test(const settings *s, const svy_wald *w)
{
    static const svy_sheet_column COLUMNS[] = { { "test", SVY_SHEET_TEXT }, { "statistic", SVY_SHEET_NUMBER }, { "ndf", SVY_SHEET_NUMBER },
                                                { "ddf", SVY_SHEET_NUMBER }, { "p_value", SVY_SHEET_NUMBER } };
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *sheet;
    if (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &sheet, &err) != SVY_OK)
        return tool_fail(&err);
    svy_sheet_text(sheet, "wald");
    svy_sheet_number(sheet, w->statistic);
    svy_sheet_number(sheet, w->ndf);
    svy_sheet_number(sheet, w->ddf);
    svy_sheet_number(sheet, w->p_value);
    int status = tool_write_sheet(sheet, &s->output);
    svy_sheet_free(sheet);
    if (!(w->p_value >= 0))
        tool_say("the test cannot be made: a contrast or its variance cannot be computed, or no contrast varies");
    return status;
}

static int contrast(const settings *s, const estimation *e, char **expressions, int count, const svy_frame *f, const svy_design *d)
{
    svy_error err = SVY_ERROR_INIT;
    svy_contrast_spec spec = SVY_CONTRAST_INIT;
    svy_estimate_spec before = tool_estimate_spec(e);
    svy_estimates *from = NULL, *made = NULL;
    svy_wald wald;
    spec.expressions = (const char *const *)expressions;
    spec.n_expressions = (size_t)count;
    spec.level = s->estimation.level;
    spec.df = (svy_df)s->estimation.df;
    int status = EXIT_DONE;
    if (estimate(s, f, d, &before, &from, &err) != SVY_OK ||
        svy_degrees_of_freedom(NULL, f, d, s->analysis.where, &spec.design_df, &err) != SVY_OK)
        status = tool_estimate_fail(e, &err);
    else if (svy_contrast(NULL, from, &spec, &made, &wald, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = s->contrast.test ? print_test(s, &wald) : tool_estimate_print(e, made);
    if (status == EXIT_DONE && !s->output.quiet && !svy_design_weighted(d))
        tool_say("there are no weights, so every row counts once: name them by --weights");
    svy_estimates_free(made);
    svy_estimates_free(from);
    return status;
}

static int run(void *options, int argc, char **argv)
{
    settings *s = options;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    if (s->contrast.variables.count == 0)
        return tool_usage("contrast", "there are no variables: give --variables VAR,...");
    estimation e = { .verb = "contrast", .analysis = &s->analysis, .options = &s->estimation, .output = &s->output,
                     .parse_as = s->contrast.of < OF_VARIANCE ? (svy_statistic)s->contrast.of : SVY_STAT_MEAN, .variables = s->contrast.variables.items,
                     .count = (int)s->contrast.variables.count };
    int status = tool_estimate_load(&e, &f, &d);
    if (status == EXIT_DONE)
        status = contrast(s, &e, argv, argc, f, d);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

const verb verb_contrast = { .name = "contrast", .group = FOR_ANALYSTS, .arguments = "EXPRESSION...", .min_arguments = 1, .max_arguments = -1,
    .summary = "differences, ratios and other functions of estimates, with standard errors",
    .detail = "Estimates are named by their level, by a value of a by-variable or by the variable, whichever tells one from all others, or in full: variable[level,by]. "
              "Names that are no plain words stand in backquotes. There are + - * / ^ and log exp sqrt logit expit asin sin cos tan. The covariances of the estimates enter.",
    .example = "survey contrast 'E - M' 'log(E / H)' --of mean --variables api00 --by stype --data apistrat.csv --weights pw --strata stype --fpc fpc",
    .settings_size = sizeof(settings),
    .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { CONTRAST_OPTIONS, offsetof(settings, contrast) },
                { ESTIMATION_OPTIONS, offsetof(settings, estimation) }, { COVARIANCE_OPTIONS, offsetof(settings, estimation) },
                { TOOL_OUTPUT, offsetof(settings, output) } },
    .run = run };
