/* The distribution function: shares at or below given values, with the limits of shares. */
#include <math.h>
#include <survey/quantile.h>

#include "base/error.h"
#include "base/number.h"
#include "estimate/interval.h"
#include "estimate/share.h"

enum { VALUE_SIZE = 40 };

static void set_rows(svyi_request *r, const svyi_shares *s, const double *variance, size_t variable, const char *const *levels)
{
    svy_interval kind = r->spec->interval;
    for (size_t k = 0; k < s->width; k++)
        for (size_t d = 0; d < r->domains.count; d++) {
            size_t at = d * s->width + k;
            svy_estimate_row *row = svyi_request_row(r, variable * s->width + k, d, r->plan.variables[variable].name, s->share[at], variance[at]);
            svyi_interval_input in = { row->estimate, variance[at], svyi_request_limit_df(r, d, kind != SVY_INTERVAL_DEFAULT), r->df[d],
                                       (double)r->rows[d], (double)r->n[d], r->spec->level };
            row->level = levels[k];
            svyi_interval(kind, &in, &row->lower, &row->upper);
        }
}

static svy_status estimate_variable(svyi_request *r, const double *at, size_t n_at, size_t variable, const char *const *levels)
{
    size_t count = r->domains.count * n_at + 1;
    double *thresholds = svyi_arena_get(&r->scratch, count * sizeof *thresholds), *variance = svyi_arena_get(&r->scratch, count * sizeof *variance);
    if (thresholds == NULL || variance == NULL)
        return svyi_nomem(r->err);
    for (size_t d = 0; d < r->domains.count; d++)
        for (size_t k = 0; k < n_at; k++)
            thresholds[d * n_at + k] = at[k];
    svyi_shares s = { .x = r->plan.variables[variable].numbers, .width = n_at, .at = thresholds };
    svy_status st = svyi_shares_set(&s, r);
    if (st != SVY_OK)
        return st;
    svyi_estimator e = svyi_shares_estimator(&s);
    st = svyi_request_variance(r, &e, s.share, variance);
    if (st == SVY_OK)
        set_rows(r, &s, variance, variable, levels);
    return st;
}

static const char **value_texts(svyi_arena *arena, const double *at, size_t n_at)
{
    const char **out = svyi_arena_get(arena, n_at * sizeof *out);
    for (size_t k = 0; out != NULL && k < n_at; k++) {
        char *text = svyi_arena_get(arena, VALUE_SIZE);
        if (text == NULL)
            return NULL;
        svyi_number_format(at[k], text);
        out[k] = text;
    }
    return out;
}

svy_status svy_cdf(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, const double *at, size_t n_at,
                   svy_estimates **out, svy_error *err)
{
    svyi_request r;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(at != NULL && n_at > 0, err);
    for (size_t k = 0; k < n_at; k++)
        if (!isfinite(at[k]))
            return svyi_fail(err, SVY_E_VALUE, "%g is no value to compare with: give a number", at[k]);
    svy_status st = svyi_request_begin(&r, alloc, f, d, spec, SVY_STAT_CDF, 0, "a distribution function", err);
    const char **levels = NULL;
    if (st == SVY_OK && (levels = value_texts(&r.e->arena, at, n_at)) == NULL)
        st = svyi_nomem(err);
    if (st == SVY_OK)
        st = svyi_request_rows(&r, r.plan.n_variables * n_at);
    for (size_t i = 0; st == SVY_OK && i < r.plan.n_variables; i++)
        st = estimate_variable(&r, at, n_at, i, levels);
    return svyi_request_end(&r, st, out);
}
