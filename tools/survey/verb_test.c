/* The verb test: t, rank and log-rank tests between groups. */
#include <survey/test.h>

#include "formula.h"
#include "testing.h"

typedef struct test_options { int kind, ties, missing; double mu, level, rho, gamma; } test_options;

typedef struct settings {
    analysis_options analysis;
    test_options test;
    tool_output_options output;
} settings;

static const tool_option TEST_OPTIONS[] = {
    TOOL_CHOICE_OPTION(test_options, kind, "kind", 0, "t|wilcoxon|vanderwaerden|median|kruskal|logrank", "which test", "t"),
    TOOL_NUMBER_OPTION(test_options, mu, "mu", 0, "X", "the mean, or difference of means, that t tests for", "0", -1e300, 1e300),
    TOOL_NUMBER_OPTION(test_options, level, "level", 0, "P", "confidence level", "0.95", 0.01, 0.9999999),
    TOOL_CHOICE_OPTION(test_options, missing, "missing", 0, "omit|fail", "leave rows with a missing value out, or stop", "omit"),
    TOOL_NUMBER_OPTION(test_options, rho, "rho", 0, "X", "log-rank: weights S^rho (1 - S)^gamma, S the survival of all before the event", "0", 0, 100),
    TOOL_NUMBER_OPTION(test_options, gamma, "gamma", 0, "X", "see --rho", "0", 0, 100),
    TOOL_CHOICE_OPTION(test_options, ties, "ties", 0, "order|middle", "ranks of equal values: as R survey, which depends on the order of the rows when their weights differ; or the middle of what they span", "order"),
    TOOL_END
};

static int test(const settings *s, const char *formula, const svy_frame *f, const svy_design *d)
{
    svy_error err = SVY_ERROR_INIT;
    svy_test_spec spec = SVY_TEST_INIT;
    svy_tests *t = NULL;
    spec.kind = (svy_test_kind)s->test.kind;
    spec.formula = formula;
    spec.mu = s->test.mu;
    spec.level = s->test.level;
    spec.rho = s->test.rho;
    spec.gamma = s->test.gamma;
    spec.ties = (svy_rank_ties)s->test.ties;
    spec.by = s->analysis.by.items;
    spec.n_by = s->analysis.by.count;
    spec.where = s->analysis.where;
    spec.threads = (unsigned)s->analysis.threads;
    if (svy_test(NULL, f, d, &spec, &t, &err) != SVY_OK)
        return tool_fail_formula(&err, &s->analysis);
    int status = tool_print_tests(t, 1, d, &s->output);
    svy_tests_free(t);
    return status;
}

static int run(void *options, int argc, char **argv)
{
    const settings *s = options;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    (void)argc;
    if (s->analysis.data == NULL)
        return tool_usage("test", "there are no data: give --data FILE");
    int status = tool_load_formula(&s->analysis, argv[0], NULL, NULL, s->test.missing, &f, &d);
    if (status == EXIT_DONE)
        status = test(s, argv[0], f, d);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

const verb verb_test = { .name = "test", .group = FOR_ANALYSTS, .arguments = "FORMULA", .min_arguments = 1, .max_arguments = 1,
    .summary = "compare means, ranks or survival between groups",
    .detail = "The formula is y ~ g for groups; y ~ 0 for one mean (against --mu) and I(a - b) ~ 0 for pairs, by a t test; Surv(time, status) ~ g for the "
              "log-rank test, status 1 for an event. A number as group variable stands for its values. Tests of tables: survey table --test.",
    .example = "survey test 'api00 ~ comp.imp' --data apistrat.csv --weights pw --strata stype --fpc fpc\n"
               "survey test 'I(api00 - api99) ~ 0' --data apistrat.csv --weights pw --strata stype --fpc fpc\n"
               "survey test 'enroll ~ stype' --kind kruskal --data apiclus1.csv --weights pw --clusters dnum --fpc fpc",
    .settings_size = sizeof(settings),
    .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { TEST_OPTIONS, offsetof(settings, test) }, { TOOL_OUTPUT, offsetof(settings, output) } },
    .run = run };
