/* From a file with a standard population to standardised estimates. */
#include "standard.h"

#include <stdlib.h>
#include <string.h>
#include <survey/standardize.h>

#include "margins.h"

const tool_option STANDARD_OPTIONS[] = {
    TOOL_NAMES_OPTION(standard_options, variables, "standardize", 0, "VAR[,VAR...]", "as if every domain were composed like a standard population in these variables"),
    TOOL_TEXT_OPTION(standard_options, file, "standard", 0, "FILE.csv", "the standard population: a column per variable of --standardize, then its count or share", NULL),
    TOOL_END
};

typedef struct job { const margin_file *population; int quiet; } job;

static svy_status standardize(const void *user, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_estimates **out, svy_error *err)
{
    const job *j = user;
    const svy_margin m = margins_view(j->population);
    const svy_standard s = { m.variables, m.n_variables, m.levels, m.totals, m.n_lines };
    size_t empty = 0;
    svy_status st = svy_standardize(NULL, f, d, spec, &s, out, &empty, err);
    if (st == SVY_OK && empty > 0 && !j->quiet)
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

int tool_standardize(const estimation *e, const standard_options *o)
{
    margin_file population = { 0 };
    if (o->file == NULL || o->variables.count == 0)
        return tool_usage(e->verb, "--standardize VAR,... and --standard FILE.csv go together");
    if (e->deff != SVY_DEFF_NONE)
        return tool_usage(e->verb, "a standardised estimate has no design effect: leave out --deff");
    int status = margins_read(o->file, &population);
    if (status == EXIT_DONE)
        status = check_variables(o, &population);
    if (status == EXIT_DONE) {
        const job j = { &population, e->output->quiet };
        estimation all = *e;
        all.more = &o->variables;
        all.estimate = standardize;
        all.user = &j;
        all.streams = 0;
        status = tool_estimate(&all);
    }
    margins_clear(&population);
    return status;
}
