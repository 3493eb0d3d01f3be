/* Any bytes as a weighting plan: a clean refusal with a problem that names its place, or steps whose parts are all there. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *user, const svy_diag *d)
{
    unsigned *count = user;
    if (d->found == NULL || d->found[0] == '\0' || strchr(d->found, '\n') != NULL || d->line < 0 || d->column < 0)
        abort();
    *count += d->severity == SVY_PROBLEM;
}

static size_t check_names(const char *const *names, size_t n)
{
    size_t bytes = 0;
    for (size_t k = 0; k < n; k++) {
        if (names[k][0] == '\0')
            abort();
        bytes += strlen(names[k]);
    }
    return bytes;
}

static void check_margin(const svy_margin *m)
{
    size_t bytes = strlen(m->source) + check_names(m->variables, m->n_variables);
    if ((m->n_lines == 0) != (m->n_variables == 0) || bytes == 0)
        abort();
    for (size_t k = 0; k < m->n_lines * m->n_variables; k++)
        bytes += strlen(m->levels[k]);
    for (size_t k = 0; k < m->n_lines; k++)
        if (!isfinite(m->totals[k]))
            abort();
}

static void check_plan(const svy_weighting_plan *p)
{
    if (p->n_steps == 0)
        abort();
    for (size_t i = 0; i < p->n_steps; i++) {
        const svy_weighting_step *s = &p->steps[i];
        if (s->size != sizeof *s || !isfinite(s->lower) || !isfinite(s->upper) || s->classes > 1000)
            abort();
        check_names(s->variables, s->n_variables);
        check_names(s->over, s->n_over);
        for (size_t m = 0; m < s->n_margins; m++)
            check_margin(&s->margins[m]);
        for (size_t k = 0; k < s->n_totals; k++)
            if (!isfinite(s->totals[k].total) || s->totals[k].variable == NULL)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const svy_xml_limits limits = { sizeof limits, 1u << 20, 32, 5000, 4096 };
    svy_error err = SVY_ERROR_INIT;
    unsigned problems = 0;
    svy_diags diags = { .report = report, .user = &problems };
    svy_weighting_file *f = NULL;
    const svy_status st = svy_weighting_file_read_memory(NULL, (const char *)data, size, "plans/plan.xml", &limits, &diags, &f, &err);
    if ((st == SVY_OK) != (f != NULL) || (st == SVY_E_INVALID) != (problems > 0) || problems != diags.problems)
        abort();
    if (st != SVY_OK && (err.code != st || err.message[0] == '\0'))
        abort();
    if (st != SVY_OK && st != SVY_E_INVALID && st != SVY_E_LIMIT)
        abort();
    if (st == SVY_OK)
        check_plan(svy_weighting_file_plan(f));
    svy_weighting_file_free(f);
    return 0;
}
