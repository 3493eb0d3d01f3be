/* The verb weight: a weighting plan carried out, the weighted data written, and a report of every step. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <survey/dataio.h>
#include <survey/report.h>

#include "design.h"
#include "sheet.h"

typedef struct weight_options {
    const char *plan, *output, *report, *name, *replicate_prefix;
    int format, quiet;
} weight_options;

typedef struct settings {
    analysis_options analysis;
    weight_options weight;
} settings;

static const tool_option WEIGHT_OPTIONS[] = {
    TOOL_TEXT_OPTION(weight_options, plan, "plan", 0, "PLAN.xml", "the weighting plan: steps in their order", NULL),
    TOOL_TEXT_OPTION(weight_options, output, "output", 'o', "FILE", "write the data with the weights there, as CSV; - is standard output", NULL),
    TOOL_TEXT_OPTION(weight_options, name, "name", 0, "NAME", "what the column of weights is called", "weight"),
    TOOL_TEXT_OPTION(weight_options, replicate_prefix, "replicate-prefix", 0, "TEXT", "also write the replicate weights, as columns of this name and a number", NULL),
    TOOL_TEXT_OPTION(weight_options, report, "report", 0, "FILE", "also write the report there, as CSV", NULL),
    TOOL_CHOICE_OPTION(weight_options, format, "format", 0, "table|csv|json", "how the report is printed", "table"),
    TOOL_FLAG_OPTION(weight_options, quiet, "quiet", 'q', "no notes"),
    TOOL_END
};

/* ---- the data ---- */

static svy_status add_column(svy_frame *f, const char *name, const double *values, svy_error *err)
{
    size_t n = svy_frame_rows(f);
    double *own = svy_frame_get(f, n, sizeof *own);
    if (own == NULL) {
        err->code = SVY_E_NOMEM;
        snprintf(err->message, sizeof err->message, "out of memory");
        return SVY_E_NOMEM;
    }
    memcpy(own, values, n * sizeof *own);
    return svy_frame_add_numbers(f, name, SVY_T_DECIMAL, own, NULL, err);
}

static svy_status add_replicates(const settings *s, svy_frame *f, const svy_design *d, svy_error *err)
{
    char name[300];
    svy_status st = SVY_OK;
    double *w = malloc((svy_design_rows(d) + 1) * sizeof *w);
    if (w == NULL)
        return SVY_E_NOMEM;
    for (size_t r = 0; r < svy_design_replicates(d) && st == SVY_OK; r++) {
        svy_design_replicate_weights(d, r, w);
        snprintf(name, sizeof name, "%.250s%zu", s->weight.replicate_prefix, r + 1);
        st = add_column(f, name, w, err);
    }
    free(w);
    return st;
}

static svy_status to_stdout(void *user, const void *bytes, size_t len, svy_error *err)
{
    if (fwrite(bytes, 1, len, user) == len)
        return SVY_OK;
    err->code = SVY_E_IO;
    snprintf(err->message, sizeof err->message, "standard output: cannot write: %s", strerror(errno));
    return SVY_E_IO;
}

static int write_data(const settings *s, svy_frame *f, const svy_design *d)
{
    svy_error err = SVY_ERROR_INIT;
    svy_status st = add_column(f, s->weight.name, svy_design_weights(d), &err);
    if (st == SVY_OK && s->weight.replicate_prefix != NULL)
        st = add_replicates(s, f, d, &err);
    if (st == SVY_OK)
        st = strcmp(s->weight.output, "-") == 0 ? svy_csv_write(f, NULL, to_stdout, stdout, &err) : svy_csv_write_file(f, s->weight.output, NULL, &err);
    if (st == SVY_E_NAME)
        return tool_usage("weight", "%s: choose another name by --name or --replicate-prefix", err.message);
    return st == SVY_OK ? EXIT_DONE : tool_fail(&err);
}

/* ---- the report ---- */

static int write_report(const settings *s, const svy_weighting_report *report)
{
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *sheet = NULL;
    const tool_output_options screen = { NULL, s->weight.format, s->weight.quiet }, file = { s->weight.report, FORMAT_CSV, s->weight.quiet };
    int status = svy_weighting_sheet(NULL, report, &sheet, &err) == SVY_OK ? EXIT_DONE : tool_fail(&err);
    if (status == EXIT_DONE && (s->weight.output == NULL || strcmp(s->weight.output, "-") != 0))
        status = tool_write_sheet(sheet, &screen);
    if (status == EXIT_DONE && s->weight.report != NULL)
        status = tool_write_sheet(sheet, &file);
    svy_sheet_free(sheet);
    return status;
}

static void print_notes(const settings *s, const svy_design *d, const svy_weighting_report *report)
{
    for (size_t k = 0; k < svy_weighting_report_steps(report) && !s->weight.quiet; k++) {
        const svy_weighting_report_step *r = svy_weighting_report_get(report, k);
        if (r->after.min < 0)
            tool_say("step %zu (%s) makes weights negative, down to %g: raking, logit or bounds keep them positive", k + 1, r->name, r->after.min);
    }
    if (s->analysis.weights == NULL && s->analysis.fpc.count == 0 && !s->weight.quiet)
        tool_say("there are no weights to start from, so every row counts once: name them by --weights");
    if (svy_design_replicates(d) > 0 && s->weight.replicate_prefix == NULL && s->weight.output != NULL && !s->weight.quiet)
        tool_say("the replicate weights are not written: ask for them by --replicate-prefix");
}

static int run(void *options, int argc, char **argv)
{
    settings *s = options;
    name_list names = { NULL, 0, 0, 0 };
    svy_frame *f = NULL;
    svy_design *d = NULL;
    svy_weighting_report *report = NULL;
    (void)argc; (void)argv;
    if (s->analysis.data == NULL)
        return tool_usage("weight", "there are no data: give --data FILE");
    if (s->weight.plan != NULL && s->analysis.weighting != NULL)
        return tool_usage("weight", "--plan and --weighting are the same here: give one of them");
    if (s->weight.plan != NULL)
        s->analysis.weighting = s->weight.plan;
    if (s->analysis.weighting == NULL && s->analysis.calibrate.count == 0)
        return tool_usage("weight", "there is nothing to do: give --plan PLAN.xml, or --calibrate MARGINS.csv");
    if (s->analysis.where != NULL || s->analysis.by.count > 0)
        return tool_usage("weight", "--where and --by are of analyses: the steps of a plan have their own expressions and cells");
    int status = tool_load_weighted(&s->analysis, &names, &f, &d, &report);
    if (status == EXIT_DONE && s->weight.output != NULL)
        status = write_data(s, f, d);
    if (status == EXIT_DONE)
        status = write_report(s, report);
    if (status == EXIT_DONE)
        print_notes(s, d, report);
    svy_weighting_report_free(report);
    svy_design_free(d);
    svy_frame_free(f);
    names_clear(&names);
    return status;
}

const verb verb_weight = { .name = "weight", .group = FOR_ANALYSTS, .arguments = "", .min_arguments = 0, .max_arguments = 0,
    .summary = "make weights by a plan: non-response, calibration, trimming, with a report of every step",
    .detail = "The plan is an XML file with the steps in their order (docs/formats/weighting-plan.md); --calibrate alone makes one step. The weights of --weights are "
              "what it begins with. The data are written with a column more. Analyses that are given the data, the starting weights and --weighting PLAN.xml "
              "know the steps in their variances; those that are given the new column take it as sampling weights.",
    .example = "survey weight --data eusilc.csv.gz --weights rb050 --plan plan.xml -o weighted.csv",
    .settings_size = sizeof(settings),
    .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { WEIGHT_OPTIONS, offsetof(settings, weight) } }, .run = run };
