/* The verb describe: the overview of variables. */
#include <stdlib.h>
#include <survey/describe.h>

#include "estimation.h"
#include "sheet.h"

typedef struct settings {
    analysis_options analysis;
    tool_output_options output;
} settings;

/* Names of all columns, each a text of its own. */
typedef struct all_names { char **items; size_t count, room; int failed; } all_names;

/* A name as it is written on the command line: in backquotes when it could be read as something else. */
static void take_name(void *user, const char *name, size_t len)
{
    all_names *a = user;
    if (a->failed || len == 0)
        return;
    if (a->count == a->room) {
        size_t room = a->room > 0 ? 2 * a->room : 64;
        char **items = realloc(a->items, room * sizeof *items);
        if (items == NULL) {
            a->failed = 1;
            return;
        }
        a->items = items;
        a->room = room;
    }
    char *text = malloc(2 * len + 3), *at = text;
    if (text == NULL) {
        a->failed = 1;
        return;
    }
    *at++ = '`';
    for (size_t i = 0; i < len; i++) {
        *at++ = name[i];
        if (name[i] == '`')
            *at++ = '`';
    }
    *at++ = '`';
    *at = '\0';
    a->items[a->count++] = text;
}

static void free_names(all_names *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->items[i]);
    free(a->items);
}

static int describe(const settings *s, char **variables, int count)
{
    const estimation_options none = { 0 };
    const estimation e = { .verb = "describe", .analysis = &s->analysis, .options = &none, .output = &s->output, .parse_as = SVY_STAT_MEAN,
                           .variables = (const char *const *)variables, .count = count };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    svy_sheet *sheet = NULL;
    if (s->analysis.by.count > 0)
        return tool_usage("describe", "an overview has no domains: use --where for a part, or survey mean --by");
    int status = tool_estimate_load(&e, &f, &d);
    if (status == EXIT_DONE)
        status = svy_describe(NULL, f, d, e.variables, (size_t)count, s->analysis.where, (unsigned)s->analysis.threads, &sheet, &err) == SVY_OK
            ? tool_write_sheet(sheet, &s->output) : tool_estimate_fail(&e, &err);
    if (status == EXIT_DONE && !s->output.quiet && !svy_design_weighted(d))
        tool_say("there are no weights, so every row counts once: name them by --weights");
    svy_sheet_free(sheet);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

static int run(void *options, int argc, char **argv)
{
    const settings *s = options;
    all_names all = { NULL, 0, 0, 0 };
    int status = EXIT_SYSTEM;
    if (argc > 0 || s->analysis.data == NULL)
        return describe(s, argv, argc);
    tool_data_header(s->analysis.data, take_name, &all);
    if (all.failed)
        tool_say("out of memory");
    else if (all.count == 0)
        status = tool_usage("describe", "name the variables: their names cannot be read ahead from %s", s->analysis.data);
    else
        status = describe(s, all.items, (int)all.count);
    free_names(&all);
    return status;
}

const verb verb_describe = { .name = "describe", .group = FOR_ANALYSTS, .arguments = "[VARIABLE...]", .min_arguments = 0, .max_arguments = -1,
    .summary = "an overview of variables: counts, missing values, means and quartiles, shares",
    .detail = "Every variable, or all of a CSV file when none is named, is described with all rows that have a value of it. A number has its mean, standard deviation and quartiles; a text or labelled variable, or factor(x), "
              "the share of every level. Works without weights too.",
    .example = "survey describe api00 stype awards --data apistrat.csv --weights pw --strata stype --fpc fpc",
    .settings_size = sizeof(settings), .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { TOOL_OUTPUT, offsetof(settings, output) } }, .run = run };
