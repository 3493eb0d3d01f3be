/* The verb table: counts and shares by the levels of variables, tests of association and of fit, and measures of two-by-two tables. */
#include <string.h>
#include <survey/table.h>
#include <survey/test.h>

#include "estimation.h"
#include "testing.h"

enum { EXPECTED_MAX = TOOL_LIST_MAX };

typedef struct table_options {
    int deff, deff_replace, percent, stream;
    tool_list tests, expected, measures;
} table_options;

typedef struct settings {
    analysis_options analysis;
    estimation_options estimation;
    table_options table;
    tool_output_options output;
} settings;

#define TESTS "pearson-f|pearson-chisq|wald|adj-wald|lincom|saddlepoint"
static const tool_option TABLE_OPTIONS[] = {
    TOOL_CHOICE_OPTION(table_options, percent, "percent", 0, "none|total|row|column", "shares instead of counts: of the whole, of each level of the first variable, or of the last", "none"),
    TOOL_NAMES_OPTION(table_options, tests, "test", 0, TESTS, "test independence of two variables, or with --expected the fit of one; several separated by commas"),
    TOOL_NAMES_OPTION(table_options, expected, "expected", 0, "P[,P...]", "expected shares of the levels of one variable, in their order, for --test"),
    TOOL_NAMES_OPTION(table_options, measures, "measure", 0, "or|rr|rd", "odds ratio, risk ratios, risk differences of a two-by-two table; several separated by commas"),
    TOOL_FLAG_OPTION(table_options, stream, "stream", 0, "counts: sum the rows piece by piece in little memory; chosen by itself for large files and pipes"),
    TOOL_FLAG_OPTION(table_options, deff, "deff", 0, "add design effects, against sampling without replacement"),
    TOOL_FLAG_OPTION(table_options, deff_replace, "deff-replace", 0, "add design effects, against sampling with replacement"),
    TOOL_END
};

/* ---- choices that may be repeated ---- */

typedef const char *name_of(int index);
static const char *test_name(int i) { return svy_table_test_name((svy_table_test_kind)i); }
static const char *measure_name(int i) { return (const char *const[]){ "or", "rr", "rd", "" }[i < SVY_MEASURES ? i : SVY_MEASURES]; }

/* The numbers of the names of a list. @return an exit status */
static int find_choices(const tool_list *list, const char *option, const char *all, name_of *name, int *out)
{
    for (size_t k = 0; k < list->count; k++) {
        int i = 0;
        while (name(i)[0] != '\0' && strcmp(name(i), list->items[k]) != 0)
            i++;
        if (name(i)[0] == '\0')
            return tool_usage("table", "--%s: there is no '%s': give %s", option, list->items[k], all);
        out[k] = i;
    }
    return EXIT_DONE;
}

/* ---- tests ---- */

static int test(const settings *s, const estimation *e)
{
    svy_table_test_spec spec = SVY_TABLE_TEST_INIT;
    svy_table_test_kind kinds[TOOL_LIST_MAX];
    int found[TOOL_LIST_MAX];
    double expected[EXPECTED_MAX];
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    svy_tests *t = NULL;
    int status = find_choices(&s->table.tests, "test", TESTS, test_name, found);
    if (status == EXIT_DONE)
        status = tool_numbers("table", "expected", &s->table.expected, expected);
    for (size_t i = 0; status == EXIT_DONE && i < s->table.tests.count; i++)
        kinds[i] = (svy_table_test_kind)found[i];
    if (status == EXIT_DONE)
        status = tool_estimate_load(e, &f, &d);
    spec.variables = e->variables;
    spec.n_variables = (size_t)e->count;
    spec.expected = expected;
    spec.n_expected = s->table.expected.count;
    spec.tests = kinds;
    spec.n_tests = s->table.tests.count;
    spec.by = s->analysis.by.items;
    spec.n_by = s->analysis.by.count;
    spec.where = s->analysis.where;
    spec.fail_missing = s->estimation.missing;
    spec.threads = (unsigned)s->analysis.threads;
    if (status == EXIT_DONE)
        status = svy_table_tests(NULL, f, d, &spec, &t, &err) == SVY_OK ? tool_print_tests(t, 0, d, &s->output) : tool_estimate_fail(e, &err);
    svy_tests_free(t);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

/* ---- estimates ---- */

static svy_status estimate_counts(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out,
                                  svy_error *err)
{
    const settings *s = user;
    svy_estimate_spec table = *spec;
    table.statistic = SVY_STAT_TABLE;
    table.deff = s->table.deff_replace ? SVY_DEFF_REPLACE : s->table.deff ? SVY_DEFF_WITHOUT : SVY_DEFF_NONE;
    return svy_estimate(NULL, f, d, &table, out, err);
}

static svy_status estimate_shares(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out,
                                  svy_error *err)
{
    const settings *s = user;
    svy_estimate_spec table = *spec;
    table.deff = s->table.deff_replace ? SVY_DEFF_REPLACE : s->table.deff ? SVY_DEFF_WITHOUT : SVY_DEFF_NONE;
    return svy_table_shares(NULL, f, d, &table, (svy_share)(s->table.percent - 1), out, err);
}

typedef struct wanted { svy_measure kinds[TOOL_LIST_MAX]; size_t count; } wanted;

static svy_status estimate_measures(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out,
                                    svy_error *err)
{
    const wanted *w = user;
    return svy_table_measures(NULL, f, d, spec, w->kinds, w->count, out, err);
}

static int measure(const settings *s, estimation *e)
{
    wanted w = { .count = s->table.measures.count };
    int found[TOOL_LIST_MAX], status = find_choices(&s->table.measures, "measure", "or, rr or rd", measure_name, found);
    if (status != EXIT_DONE)
        return status;
    for (size_t i = 0; i < w.count; i++)
        w.kinds[i] = (svy_measure)found[i];
    e->estimate = estimate_measures;
    e->user = &w;
    return tool_estimate(e);
}

static int run(void *options, int argc, char **argv)
{
    const settings *s = options;
    estimation e = { .verb = "table", .analysis = &s->analysis, .options = &s->estimation, .output = &s->output, .parse_as = SVY_STAT_TABLE,
                     .variables = (const char *const *)argv, .count = argc, .estimate = s->table.percent > 0 ? estimate_shares : estimate_counts, .user = s };
    int kinds = (s->table.tests.count > 0) + (s->table.measures.count > 0) + (s->table.percent > 0);
    if (kinds > 1)
        return tool_usage("table", "--test, --measure and --percent give different tables: use one of them at a time");
    if (s->table.expected.count > 0 && s->table.tests.count == 0)
        return tool_usage("table", "--expected is for a test of fit: add --test pearson-f");
    if ((s->table.tests.count > 0 || s->table.measures.count > 0) && (s->estimation.vcov != NULL || s->table.deff || s->table.deff_replace))
        return tool_usage("table", "--vcov and --deff belong to counts and shares, not to %s", s->table.tests.count > 0 ? "--test" : "--measure");
    if (s->table.percent > 0 && s->estimation.vcov != NULL)
        return tool_usage("table", "--vcov belongs to counts, not to --percent");
    if (s->table.stream && kinds > 0)
        return tool_usage("table", "--stream is for counts: leave out --test, --measure and --percent");
    e.streams = kinds == 0;
    e.stream_asked = s->table.stream;
    e.deff = s->table.deff_replace ? SVY_DEFF_REPLACE : s->table.deff ? SVY_DEFF_WITHOUT : SVY_DEFF_NONE;
    return s->table.tests.count > 0 ? test(s, &e) : s->table.measures.count > 0 ? measure(s, &e) : tool_estimate(&e);
}

const verb verb_table = { .name = "table", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "weighted counts and shares by the levels of variables, and tests of association",
    .detail = "Every variable is taken as a factor. A cell of two variables is named Yes:E, the first variable changing fastest; `n` is the number "
              "of rows in the cell. --test prints tests instead: pearson-f is Rao and Scott's with a corrected F, what R's svychisq does by default. Two-way "
              "tables of a third variable's levels: --by.",
    .example = "survey table sch.wide stype --data apistrat.csv --weights pw --strata stype --fpc fpc\n"
               "survey table sch.wide stype --data apistrat.csv --weights pw --strata stype --fpc fpc --test pearson-f,adj-wald\n"
               "survey table sch.wide comp.imp --data apistrat.csv --weights pw --strata stype --fpc fpc --measure or,rr",
    .settings_size = sizeof(settings),
    .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { ESTIMATION_OPTIONS, offsetof(settings, estimation) },
                { COVARIANCE_OPTIONS, offsetof(settings, estimation) }, { TABLE_OPTIONS, offsetof(settings, table) },
                { TOOL_OUTPUT, offsetof(settings, output) } },
    .run = run };
