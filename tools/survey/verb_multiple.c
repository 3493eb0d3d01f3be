/* The verb multiple: questions with several answers. */
#include <survey/multiple.h>

#include "estimation.h"

typedef struct multiple_options { int base; const char *separators; } multiple_options;

typedef struct settings {
    analysis_options analysis;
    estimation_options estimation;
    multiple_options multiple;
    tool_output_options output;
} settings;

static const tool_option MULTIPLE_OPTIONS[] = {
    TOOL_CHOICE_OPTION(multiple_options, base, "base", 0, "answered|all", "cases: who gave at least one answer, or everybody who was asked", "answered"),
    TOOL_TEXT_OPTION(multiple_options, separators, "separator", 0, "CHARS", "what parts the codes in a text of several answers: any of these characters", " "),
    TOOL_END
};

static svy_status multiple(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    const settings *s = user;
    uint64_t without = 0;
    svy_status st = svy_multiple(NULL, f, d, spec, (svy_multiple_base)s->multiple.base, s->multiple.separators, out, &without, err);
    if (st == SVY_OK && without > 0 && !s->output.quiet)
        tool_say("%llu %s no answer: %s", (unsigned long long)without, without == 1 ? "row has" : "rows have",
                 s->multiple.base == SVY_MULTIPLE_ALL ? "counted as cases" : "not counted as cases, unless --base all says so");
    return st;
}

static int run(void *options, int argc, char **argv)
{
    const settings *s = options;
    estimation e = { .verb = "multiple", .analysis = &s->analysis, .options = &s->estimation, .output = &s->output, .parse_as = SVY_STAT_MEAN,
                     .variables = (const char *const *)argv, .count = argc, .estimate = multiple, .user = s };
    return tool_estimate(&e);
}

const verb verb_multiple = { .name = "multiple", .group = FOR_ANALYSTS, .arguments = "VARIABLE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "questions with several answers: shares of cases, shares of answers, counts",
    .detail = "One column of 0 and 1 per answer, or a single text column that holds the codes given. The column `statistic` says what a row is: cases (the share of people who gave the answer), "
              "answers (its share of all answers) or count. Rows on which any of the columns is missing are left out.",
    .example = "survey multiple bus car foot --data answers.csv --weights w --strata region --clusters town",
    .settings_size = sizeof(settings),
    .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { MULTIPLE_OPTIONS, offsetof(settings, multiple) },
                { ESTIMATION_OPTIONS, offsetof(settings, estimation) }, { COVARIANCE_OPTIONS, offsetof(settings, estimation) },
                { TOOL_OUTPUT, offsetof(settings, output) } },
    .run = run };
