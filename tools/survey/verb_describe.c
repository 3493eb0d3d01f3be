/* The verb describe: the overview of variables. */
#include <survey/describe.h>

#include "estimation.h"
#include "sheet.h"

typedef struct settings {
    analysis_options analysis;
    tool_output_options output;
} settings;

static int run(void *options, int argc, char **argv)
{
    const settings *s = options;
    const estimation_options none = { 0 };
    const estimation e = { .verb = "describe", .analysis = &s->analysis, .options = &none, .output = &s->output, .parse_as = SVY_STAT_MEAN,
                           .variables = (const char *const *)argv, .count = argc };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    svy_sheet *sheet = NULL;
    if (s->analysis.by.count > 0)
        return tool_usage("describe", "an overview has no domains: use --where for a part, or survey mean --by");
    int status = tool_estimate_load(&e, &f, &d);
    if (status == EXIT_DONE)
        status = svy_describe(NULL, f, d, e.variables, (size_t)argc, s->analysis.where, (unsigned)s->analysis.threads, &sheet, &err) == SVY_OK
            ? tool_write_sheet(sheet, &s->output) : tool_estimate_fail(&e, &err);
    if (status == EXIT_DONE && !s->output.quiet && !svy_design_weighted(d))
        tool_say("there are no weights, so every row counts once: name them by --weights");
    svy_sheet_free(sheet);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

const verb verb_describe = { .name = "describe", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "an overview of variables: counts, missing values, means and quartiles, shares",
    .detail = "Every variable is described with all rows that have a value of it. A number has its mean, standard deviation and quartiles; a text or labelled variable, or factor(x), "
              "the share of every level. Works without weights too.",
    .example = "survey describe api00 stype awards --data apistrat.csv --weights pw --strata stype --fpc fpc",
    .settings_size = sizeof(settings), .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { TOOL_OUTPUT, offsetof(settings, output) } }, .run = run };
