/* From options to estimates and from estimates to output, for the verbs that differ only in what they estimate. */
#include "estimation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <survey/report.h>

#include "replicates.h"
#include "stream.h"

const tool_option ESTIMATION_OPTIONS[] = {
    TOOL_NUMBER_OPTION(estimation_options, level, "level", 0, "P", "confidence level", "0.95", 0.01, 0.9999999),
    TOOL_CHOICE_OPTION(estimation_options, df, "df", 0, "auto|normal|design|full", "limits from the normal distribution, or from t with the degrees of freedom of the domain, or of the whole design; auto: as R survey does for this statistic", "auto"),
    TOOL_CHOICE_OPTION(estimation_options, missing, "missing", 0, "omit|fail", "leave rows with a missing value out, or stop", "omit"),
    TOOL_END
};
const tool_option COVARIANCE_OPTIONS[] = {
    TOOL_TEXT_OPTION(estimation_options, vcov, "vcov", 0, "FILE", "also write the covariances of all estimates there, as CSV", NULL),
    TOOL_END
};

/* The columns of all variables. Names are written into `copies`, which has room for all texts. */
static int add_variables(const estimation *e, name_list *names, char *copies)
{
    svy_error err = SVY_ERROR_INIT;
    const char *found[2];
    for (int i = 0; i < e->count; i++) {
        if (svy_variable_parse(e->parse_as, e->variables[i], copies, found, NULL, &err) != SVY_OK)
            return tool_usage(e->verb, "%s", err.message);
        names_add(names, found[0]);
        if (found[1] != NULL)
            names_add(names, found[1]);
        copies += strlen(e->variables[i]) + 1;
    }
    if (e->more != NULL)
        names_add_all(names, e->more);
    return EXIT_DONE;
}

/* The same, with memory for the copies, to be released by the caller. */
static int find_variables(const estimation *e, name_list *names, char **copies)
{
    size_t room = 1;
    *copies = NULL;
    if (e->analysis->data == NULL)
        return tool_usage(e->verb, "there are no data: give --data FILE");
    for (int i = 0; i < e->count; i++)
        room += strlen(e->variables[i]) + 1;
    *copies = malloc(room);
    names->failed |= *copies == NULL;
    return *copies != NULL ? add_variables(e, names, *copies) : EXIT_DONE;
}

/* --df full: the degrees of freedom of the whole design everywhere. */
enum { DF_FULL = 3 };
static analysis_options analysis_of(const estimation *e)
{
    analysis_options analysis = *e->analysis;
    if (e->options->df == DF_FULL && analysis.df == NULL)
        analysis.df = "full";
    return analysis;
}

int tool_estimate_load(const estimation *e, svy_frame **f, svy_design **d)
{
    const analysis_options analysis = analysis_of(e);
    name_list names = { NULL, 0, 0, 0 };
    char *copies;
    *f = NULL;
    *d = NULL;
    int status = find_variables(e, &names, &copies);
    if (status == EXIT_DONE)
        status = tool_load_design(&analysis, &names, f, d);
    names_clear(&names);
    free(copies);
    return status;
}

svy_estimate_spec tool_estimate_spec(const estimation *e)
{
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    spec.statistic = e->parse_as;
    spec.variables = e->variables;
    spec.n_variables = (size_t)e->count;
    spec.by = e->analysis->by.items;
    spec.n_by = e->analysis->by.count;
    spec.where = e->analysis->where;
    spec.level = e->options->level;
    spec.df = e->options->df == DF_FULL ? SVY_DF_DESIGN : (svy_df)e->options->df;
    spec.fail_missing = e->options->missing;
    spec.deff = e->deff;
    spec.interval = e->interval;
    spec.bell_mccaffrey = e->bell_mccaffrey;
    spec.covariance = e->options->vcov != NULL;
    spec.threads = (unsigned)e->analysis->threads;
    return spec;
}

int tool_estimate_fail(const estimation *e, svy_error *err)
{
    if (err->column > 0)              /* a position in the expression */
        snprintf(err->source, sizeof err->source, "--where");
    return tool_fail_data(err, e->analysis->data);
}

static int write_covariance(const estimation *e, const svy_estimates *r)
{
    svy_error err = SVY_ERROR_INIT;
    char *text = NULL;
    size_t len = 0;
    if (svy_report_covariance(NULL, r, &text, &len, &err) != SVY_OK)
        return tool_fail(&err);
    int status = tool_write(e->options->vcov, text, len);
    svy_report_release(NULL, text, len);
    return status;
}

static const char *rows_were(uint64_t n) { return n == 1 ? "row was" : "rows were"; }

/* Rows left out are the same for all variables: those of the first are counted. */
static void say_missing(const svy_estimates *r)
{
    uint64_t missing = 0, left_out = svy_estimates_left_out(r);
    const svy_estimate_row *first = svy_estimates_row(r, 0);
    for (size_t i = 0; i < svy_estimates_count(r); i++) {
        const svy_estimate_row *row = svy_estimates_row(r, i);
        if (strcmp(row->variable, first->variable) != 0 || strcmp(row->level, first->level) != 0 || strcmp(row->statistic, first->statistic) != 0 ||
            (row->prob != first->prob && !isnan(first->prob)))
            break;
        missing += row->missing;
    }
    if (missing > 0)
        tool_say("%llu %s left out because a variable is missing", (unsigned long long)missing, rows_were(missing));
    if (left_out > 0)
        tool_say("%llu %s in no domain because a by-variable is missing", (unsigned long long)left_out, left_out == 1 ? "row is" : "rows are");
    tool_replicates_say(r);
}

/* A number that is not there needs a word. */
static void say_unknown(const svy_estimates *r)
{
    size_t estimates = 0, errors = 0, limits = 0, single = 0;
    for (size_t i = 0; i < svy_estimates_count(r); i++) {
        const svy_estimate_row *row = svy_estimates_row(r, i);
        if (!isfinite(row->estimate))
            estimates++;
        else if (!isfinite(row->lower) || !isfinite(row->upper))
            limits++;
        else if (!isfinite(row->se))
            errors++;
        else if (row->df <= 0 && row->se <= 1e-10 * fabs(row->estimate))      /* 0 but for rounding */
            single++;
    }
    if (estimates > 0)
        tool_say("%zu of the estimates cannot be computed: too few rows, or no variation, in the domain, or numbers too large", estimates);
    if (limits > 0)
        tool_say("%zu of the estimates have a limit that does not exist: it lies outside the data, or the domain has too few sampling units", limits);
    if (errors > 0)
        tool_say("%zu of the estimates have no standard error: the domain has too few sampling units", errors);
    if (single > 0)
        tool_say("%zu of the standard errors are 0 for want of sampling units: no stratum of the domain has two, so the true ones are not known", single);
}

int tool_estimate_print(const estimation *e, const svy_estimates *r)
{
    svy_error err = SVY_ERROR_INIT;
    char *text = NULL;
    size_t len = 0;
    if (svy_report_estimates(NULL, r, (svy_report_format)e->output->format, &text, &len, &err) != SVY_OK)
        return tool_fail(&err);
    int status = tool_write(e->output->path, text, len);
    svy_report_release(NULL, text, len);
    if (e->options->vcov != NULL && status == EXIT_DONE)
        status = write_covariance(e, r);
    if (!e->output->quiet && svy_estimates_count(r) > 0) {
        say_missing(r);
        say_unknown(r);
    }
    return status;
}

static void say_unweighted(const estimation *e, int weighted)
{
    if (!e->output->quiet && !weighted)
        tool_say("there are no weights, so every row counts once: name them by --weights");
}

/* Piece by piece, when that is possible and wanted: then *done is 1. */
static int estimate_stream(const estimation *e, const svy_estimate_spec *spec, int *done)
{
    const analysis_options analysis = analysis_of(e);
    name_list names = { NULL, 0, 0, 0 };
    char *copies;
    svy_estimates *r = NULL;
    int status = find_variables(e, &names, &copies);
    if (status == EXIT_DONE)
        status = tool_stream(&analysis, &names, spec, e->stream_asked, e->output->quiet, &r, done);
    if (status == EXIT_DONE && *done)
        status = tool_estimate_print(e, r);
    if (r != NULL)
        say_unweighted(e, e->analysis->weights != NULL || e->analysis->fpc.count > 0);
    svy_estimates_free(r);
    names_clear(&names);
    free(copies);
    return status;
}

int tool_estimate(const estimation *e)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    svy_estimates *r = NULL;
    svy_estimate_spec spec = tool_estimate_spec(e);
    int done = 0, status = e->streams ? estimate_stream(e, &spec, &done) : EXIT_DONE;
    if (done || status != EXIT_DONE)
        return status;
    status = tool_estimate_load(e, &f, &d);
    if (status == EXIT_DONE)
        status = e->estimate(e->user, f, d, &spec, &r, &err) == SVY_OK ? tool_estimate_print(e, r) : tool_estimate_fail(e, &err);
    if (r != NULL)
        say_unweighted(e, svy_design_weighted(d));
    svy_estimates_free(r);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

int tool_numbers(const char *verb_name, const char *option, const tool_list *texts, double *out)
{
    for (size_t i = 0; i < texts->count; i++) {
        char *end;
        out[i] = strtod(texts->items[i], &end);
        if (end == texts->items[i] || *end != '\0' || !isfinite(out[i]))
            return tool_usage(verb_name, "--%s: '%s' is not a number: give numbers separated by commas", option, texts->items[i]);
    }
    return EXIT_DONE;
}
