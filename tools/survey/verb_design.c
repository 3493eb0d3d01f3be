/* The verb design: what a sample looks like before anything is estimated from it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <survey/report.h>
#include <survey/strata.h>

#include "design.h"
#include "sheet.h"
#include "tool.h"

enum { SUMMARY, STRATA, LONELY };
typedef struct design_options { int show; } design_options;
typedef struct settings {
    analysis_options analysis;
    design_options design;
    tool_output_options output;
} settings;

static const tool_option DESIGN_OPTIONS[] = {
    TOOL_CHOICE_OPTION(design_options, show, "show", 0, "summary|strata|lonely", "counts of the whole design, all strata, or strata of one sampling unit", "summary"),
    TOOL_END
};

/* ---- the summary ---- */

static void line(svy_sheet *s, const char *name, double whole, double here, int domain)
{
    svy_sheet_text(s, name);
    svy_sheet_number(s, whole);
    svy_sheet_number(s, domain ? here : nan(""));
}

typedef struct counts { double strata, psus, rows, weight, lonely; } counts;

static void add_strata(const svy_strata *r, counts *whole, counts *here)
{
    for (size_t h = 0; h < svy_strata_count(r); h++) {
        const svy_stratum *s = svy_strata_row(r, h);
        whole->psus += (double)s->psus;
        here->strata += s->psus_here > 0;
        here->psus += (double)s->psus_here;
        here->rows += (double)s->rows_here;
        here->weight += s->weight;
        here->lonely += s->state == SVY_STRATUM_LONELY_HERE || (s->state == SVY_STRATUM_LONELY && s->rows_here > 0);
    }
}

static svy_status summary(const settings *o, const svy_design *d, const svy_strata *r, svy_sheet **out, svy_error *err)
{
    static const svy_sheet_column COLUMNS[] = { { "property", SVY_SHEET_TEXT }, { "design", SVY_SHEET_NUMBER }, { "domain", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL } };
    svy_status st = svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], out, err);
    counts whole = { 0 }, here = { 0 };
    int domain = o->analysis.where != NULL;
    char name[64];
    if (st != SVY_OK)
        return st;
    add_strata(r, &whole, &here);
    for (size_t i = 0; i < svy_design_rows(d); i++)
        whole.weight += svy_design_weights(d)[i];
    line(*out, "rows", (double)svy_design_rows(d), here.rows, domain);
    line(*out, "sum of weights", whole.weight, here.weight, domain);
    line(*out, "stages", svy_design_stages(d), svy_design_stages(d), domain);
    line(*out, "strata", (double)svy_strata_count(r), here.strata, domain);
    line(*out, "PSUs", whole.psus, here.psus, domain);
    line(*out, "degrees of freedom", svy_strata_df(r), svy_strata_df_here(r), domain);
    line(*out, "strata with one PSU", (double)svy_strata_lonely(r, 0), here.lonely, domain);
    for (int stage = 1; stage < svy_design_stages(d); stage++) {
        snprintf(name, sizeof name, "strata with one unit, stage %d", stage + 1);
        line(*out, name, (double)svy_strata_lonely(r, stage), nan(""), 0);
    }
    line(*out, "replicates", (double)svy_design_replicates(d), nan(""), 0);
    return SVY_OK;
}

/* ---- strata ---- */

static const char *state_name(svy_stratum_state s)
{
    static const char *const NAMES[] = { "", "lonely", "census", "lonely in domain", "not in domain" };
    return NAMES[s];
}

static void stratum_row(svy_sheet *sheet, const svy_stratum *s, int variables)
{
    svy_sheet_text(sheet, s->name);
    svy_sheet_number(sheet, (double)s->psus);
    svy_sheet_number(sheet, (double)s->psus_here);
    svy_sheet_number(sheet, (double)s->rows);
    svy_sheet_number(sheet, (double)s->rows_here);
    svy_sheet_number(sheet, s->weight);
    svy_sheet_number(sheet, s->fraction);
    svy_sheet_text(sheet, state_name(s->state));
    for (int k = 0; k < variables; k++)
        svy_sheet_number(sheet, s->share[k]);
    svy_sheet_text(sheet, s->join != NULL ? s->join : "");
}

static svy_status strata(const settings *o, const svy_strata *r, char **variables, int count, svy_sheet **out, svy_error *err)
{
    static const svy_sheet_column FIRST[] = { { "stratum", SVY_SHEET_TEXT }, { "psus", SVY_SHEET_NUMBER }, { "psus_in_domain", SVY_SHEET_NUMBER },
        { "rows", SVY_SHEET_NUMBER }, { "rows_in_domain", SVY_SHEET_NUMBER }, { "weight", SVY_SHEET_NUMBER },
        { "fraction", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "state", SVY_SHEET_TEXT | SVY_SHEET_OPTIONAL } };
    enum { N_FIRST = sizeof FIRST / sizeof FIRST[0] };
    size_t n = N_FIRST + (size_t)count + 1;
    svy_sheet_column *columns = calloc(n, sizeof *columns);
    char (*names)[160] = calloc((size_t)count + 1, sizeof *names);
    svy_status st = SVY_E_NOMEM;
    *out = NULL;
    if (columns != NULL && names != NULL) {
        for (size_t k = 0; k < N_FIRST; k++)
            columns[k] = FIRST[k];
        for (int k = 0; k < count; k++) {
            snprintf(names[k], sizeof names[k], "share_%s", variables[k]);
            columns[N_FIRST + k] = (svy_sheet_column){ names[k], SVY_SHEET_NUMBER };
        }
        columns[n - 1] = (svy_sheet_column){ "join", SVY_SHEET_TEXT | SVY_SHEET_OPTIONAL };
        st = svy_sheet_new(NULL, columns, n, out, err);
    }
    for (size_t h = 0; st == SVY_OK && h < svy_strata_count(r); h++) {
        const svy_stratum *s = svy_strata_row(r, h);
        if (o->design.show == STRATA || s->state == SVY_STRATUM_LONELY || s->state == SVY_STRATUM_LONELY_HERE)
            stratum_row(*out, s, count);
    }
    free(columns);
    free(names);
    return st;
}

static int print(const settings *o, const svy_design *d, const svy_strata *r, char **variables, int count)
{
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *sheet = NULL;
    svy_status st = o->design.show == SUMMARY ? summary(o, d, r, &sheet, &err) : strata(o, r, variables, count, &sheet, &err);
    int status = st == SVY_OK ? tool_write_sheet(sheet, &o->output) : tool_fail(&err);
    svy_sheet_free(sheet);
    if (!o->output.quiet && status == EXIT_DONE && o->design.show != SUMMARY && count > 0 && svy_design_replicates(d) > 0)
        tool_say("shares of a variance are those of strata; with replicate weights there are none");
    if (!o->output.quiet && status == EXIT_DONE && o->design.show == SUMMARY && svy_strata_lonely(r, 0) > 0)
        tool_say("%zu %s only one PSU: see --show lonely, and --lonely-psu", svy_strata_lonely(r, 0), svy_strata_lonely(r, 0) == 1 ? "stratum has" : "strata have");
    return status;
}

static int run(void *settings_, int argc, char **argv)
{
    const settings *o = settings_;
    svy_error err = SVY_ERROR_INIT;
    name_list names = { NULL, 0, 0, 0 };
    svy_frame *f = NULL;
    svy_design *d = NULL;
    svy_strata *r = NULL;
    if (o->analysis.data == NULL)
        return tool_usage("design", "there are no data: give --data FILE");
    if (o->analysis.by.count > 0)
        return tool_usage("design", "a sample is described as a whole: use --where for a subpopulation");
    for (int i = 0; i < argc; i++)
        names_add(&names, argv[i]);
    int status = tool_load_design(&o->analysis, &names, &f, &d);
    if (status == EXIT_DONE && svy_strata_new(NULL, f, d, (const char *const *)argv, (size_t)argc, o->analysis.where, (unsigned)o->analysis.threads, &r, &err) != SVY_OK) {
        if (err.column > 0)              /* a position in the expression */
            snprintf(err.source, sizeof err.source, "--where");
        status = tool_fail_data(&err, o->analysis.data);
    }
    if (status == EXIT_DONE)
        status = print(o, d, r, argv, argc);
    svy_strata_free(r);
    svy_design_free(d);
    svy_frame_free(f);
    names_clear(&names);
    return status;
}

const verb verb_design = { .name = "design", .group = FOR_ANALYSTS, .arguments = "[VARIABLE...]", .min_arguments = 0, .max_arguments = -1,
    .summary = "strata, sampling units and degrees of freedom of a sample",
    .detail = "--show strata lists every stratum of the first stage; --show lonely those of one sampling unit, with the stratum that is best joined with each. Of every "
              "variable named, the share of the variance of its mean that the stratum carries is added.",
    .example = "survey design api00 --data apistrat.csv --weights pw --strata stype --fpc fpc --show strata",
    .settings_size = sizeof(settings), .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { DESIGN_OPTIONS, offsetof(settings, design) },
                                                   { TOOL_OUTPUT, offsetof(settings, output) } }, .run = run };
