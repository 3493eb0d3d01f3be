/* The object that holds estimates. */
#include "estimate/estimates.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/replicate.h"

const char *svy_statistic_name(svy_statistic s)
{
    static const char *const NAMES[] = { "mean", "total", "ratio", "proportion", "table", "quantile", "cdf", "variance", "sd", "correlation",
                                         "contrast", "multiple" };
    return (size_t)s < sizeof NAMES / sizeof NAMES[0] ? NAMES[s] : "";
}

svy_status svyi_estimates_new(const svy_alloc *alloc, svy_statistic statistic, svy_estimates **out, svy_error *err)
{
    svyi_arena arena;
    svyi_arena_init(&arena, alloc);
    svy_estimates *e = *out = svyi_arena_get(&arena, sizeof *e);
    if (e == NULL)
        return svyi_nomem(err);
    e->arena = arena;
    e->statistic = statistic;
    return SVY_OK;
}

svy_status svyi_estimates_keep_by(svy_estimates *e, const svy_design *d, const svyi_domains *domains, svy_error *err)
{
    e->note = d != NULL && d->replicates != NULL ? d->replicates->note : NULL;
    e->by_names = svyi_arena_get(&e->arena, (domains->n_by + 1) * sizeof *e->by_names);
    if (e->by_names == NULL)
        return svyi_nomem(err);
    memcpy(e->by_names, domains->names, domains->n_by * sizeof *e->by_names);
    e->n_by = domains->n_by;
    e->domains = domains->count;
    e->left_out = domains->left_out;
    return SVY_OK;
}

void svy_estimates_free(svy_estimates *e)
{
    if (e == NULL)
        return;
    svyi_arena arena = e->arena;     /* the estimates live in it */
    svyi_arena_clear(&arena);
}

size_t svy_estimates_count(const svy_estimates *e) { return e->count; }
const svy_estimate_row *svy_estimates_row(const svy_estimates *e, size_t index) { return &e->rows[index]; }
size_t svy_estimates_by_count(const svy_estimates *e) { return e->n_by; }
const char *svy_estimates_by_name(const svy_estimates *e, size_t k) { return e->by_names[k]; }
int svy_estimates_has_deff(const svy_estimates *e) { return e->has_deff; }
int svy_estimates_has_prob(const svy_estimates *e) { return e->has_prob; }
size_t svy_estimates_dropped(const svy_estimates *e) { return e->dropped; }
const char *svy_estimates_note(const svy_estimates *e) { return e->note != NULL ? e->note : ""; }
uint64_t svy_estimates_left_out(const svy_estimates *e) { return e->left_out; }

double svy_estimates_covariance(const svy_estimates *e, size_t i, size_t j)
{
    if (e->covariance == NULL || i >= e->count || j >= e->count)
        return nan("");
    size_t a = i % e->domains * e->outputs + i / e->domains, b = j % e->domains * e->outputs + j / e->domains;
    return e->covariance[a * e->domains * e->outputs + b];
}
