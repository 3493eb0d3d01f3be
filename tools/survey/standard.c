/* From a file with a standard population to standardised estimates. */
#include "standard.h"

#include <stdlib.h>
#include <string.h>
#include <survey/standardize.h>

#include "estimation.h"
#include "margins.h"

const tool_option STANDARD_OPTIONS[] = {
    TOOL_NAMES_OPTION(standard_options, variables, "standardize", 0, "VAR[,VAR...]", "as if every domain were composed like a standard population in these variables"),
    TOOL_TEXT_OPTION(standard_options, file, "standard", 0, "FILE.csv", "the standard population: a column per variable of --standardize, then its count or share", NULL),
    TOOL_END
};

typedef struct job { const svy_estimate_spec *spec; const margin_file *population; const tool_output_options *output; } job;

static svy_status standardize(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    const job *j = user;
    const svy_margin m = margins_view(j->population);
    const svy_standard s = { m.variables, m.n_variables, m.levels, m.totals, m.n_lines };
    size_t empty = 0;
    (void)spec;
    svy_status st = svy_standardize(NULL, f, d, j->spec, &s, out, &empty, err);
    if (st == SVY_OK && empty > 0 && !j->output->quiet)
        tool_say("%zu cells of the standard population have no rows in a domain: its standard is made of the others", empty);
    return st;
}

/* The file must name the variables of --standardize, in any order. */
static int check_variables(const standard_options *o, const margin_file *m)
{
    for (size_t k = 0; k < o->variables.count; k++) {
        size_t i = 0;
        while (i < m->n_variables && strcmp(m->variables[i], o->variables.items[k]) != 0)
            i++;
        if (i == m->n_variables || m->n_variables != o->variables.count)
            return tool_usage(NULL, "%s: a standard population has a column for each variable of --standardize and then the count: '%s' %s", o->file,
                              o->variables.items[k], i == m->n_variables ? "is not there" : "is not alone");
    }
    return EXIT_DONE;
}

int tool_standardize(const analysis_options *analysis, const standard_options *o, const svy_estimate_spec *spec, const char *vcov,
                     const tool_output_options *output)
{
    const char *name = svy_statistic_name(spec->statistic);
    margin_file population = { 0 };
    if (o->file == NULL || o->variables.count == 0)
        return tool_usage(name, "--standardize VAR,... and --standard FILE.csv go together");
    if (spec->deff != SVY_DEFF_NONE)
        return tool_usage(name, "a standardised estimate has no design effect: leave out --deff");
    int status = margins_read(o->file, &population);
    if (status == EXIT_DONE)
        status = check_variables(o, &population);
    if (status == EXIT_DONE) {
        const estimation_options options = { spec->level, (int)spec->df, spec->fail_missing, vcov };
        const job j = { spec, &population, output };
        const estimation e = { .verb = name, .analysis = analysis, .options = &options, .output = output, .parse_as = spec->statistic,
                               .variables = spec->variables, .count = (int)spec->n_variables, .more = &o->variables, .estimate = standardize, .user = &j };
        status = tool_estimate(&e);
    }
    margins_clear(&population);
    return status;
}
