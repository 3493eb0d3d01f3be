/* The start and the end of every estimator: from names to columns, domains and counts, and from estimates and variances to rows of the result. */
#include "estimate/request.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/interval.h"
#include "estimate/parallel.h"

static svy_status count_rows(svyi_request *r)
{
    size_t n = r->domains.count + 1;
    r->n = svyi_arena_get(&r->scratch, n * sizeof *r->n);
    r->missing = svyi_arena_get(&r->scratch, n * sizeof *r->missing);
    r->rows = svyi_arena_get(&r->scratch, n * sizeof *r->rows);
    r->complete = svyi_arena_get(&r->scratch, n * sizeof *r->complete);
    if (r->n == NULL || r->missing == NULL || r->rows == NULL || r->complete == NULL)
        return svyi_nomem(r->err);
    for (size_t i = 0; i < r->design->rows; i++) {
        uint32_t d = svyi_domain_of(&r->domains, i);
        if (d == SVYI_NO_DOMAIN)
            continue;
        int weighted = r->design->weights[i] != 0, left_out = r->plan.missing != NULL && r->plan.missing[i] != 0;
        r->rows[d]++;
        r->complete[d] += !left_out;
        r->n[d] += weighted && !left_out;
        r->missing[d] += weighted && left_out;
    }
    return SVY_OK;
}

/* Of the domains, or of their rows on which nothing is missing. */
static svy_status find_df(svyi_request *r, int complete)
{
    svyi_domains domains = r->domains;
    size_t rows = r->design->rows;
    if ((r->df = svyi_arena_get(&r->scratch, (domains.count + 1) * sizeof *r->df)) == NULL)
        return svyi_nomem(r->err);
    if (complete && r->plan.missing != NULL) {
        if ((domains.keep = svyi_arena_get(&r->scratch, rows + 1)) == NULL)
            return svyi_nomem(r->err);
        for (size_t i = 0; i < rows; i++)
            domains.keep[i] = r->plan.missing[i] == 0 && (r->domains.keep == NULL || r->domains.keep[i]);
    }
    return svyi_degrees_of_freedom(&r->scratch, r->design, &domains, r->df, r->err);
}

static svy_status check(const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_error *err)
{
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL, err);
    SVY_REQUIRE(spec->size >= sizeof *spec, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    SVY_REQUIRE(spec->n_variables > 0, err);
    SVY_REQUIRE(spec->level > 0 && spec->level < 1, err);
    return SVY_OK;
}

static svy_status only_numbers(const svyi_variables *plan, const char *what, svy_error *err)
{
    for (size_t i = 0; what != NULL && i < plan->n_variables; i++)
        if (plan->variables[i].numbers == NULL)
            return svyi_fail(err, SVY_E_TYPE, "'%s' is not a number: %s needs numbers", plan->variables[i].name, what);
    return SVY_OK;
}

svy_status svyi_request_begin(svyi_request *r, const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                              svy_statistic statistic, int complete, const char *numbers, svy_error *err)
{
    *r = (svyi_request){ .alloc = alloc, .frame = f, .design = d, .spec = spec, .err = err };
    svyi_arena_init(&r->scratch, alloc);
    svy_status st = check(f, d, spec, err);
    if (st != SVY_OK || (st = svyi_estimates_new(alloc, statistic, &r->e, err)) != SVY_OK)
        return st;
    r->threads = alloc != NULL ? 1 : spec->threads != 0 ? spec->threads : svyi_threads_default();
    svy_estimate_spec plain = *spec;      /* variables are found as for a mean; limits of shares are a matter of the estimator */
    plain.statistic = SVY_STAT_MEAN;
    plain.interval = SVY_INTERVAL_DEFAULT;
    if ((st = svyi_variables_find(&r->e->arena, f, &plain, &r->plan, err)) == SVY_OK &&
        (st = only_numbers(&r->plan, numbers, err)) == SVY_OK &&
        (st = svyi_domains_make(&r->e->arena, f, d, spec->by, spec->n_by, spec->where, &r->domains, err)) == SVY_OK &&
        (st = spec->fail_missing ? svyi_variables_complete(&r->plan, &r->domains, d->weights, d->rows, err) : SVY_OK) == SVY_OK &&
        (st = svyi_estimates_keep_by(r->e, d, &r->domains, err)) == SVY_OK &&
        (st = count_rows(r)) == SVY_OK)
        st = find_df(r, complete);
    return st;
}

svy_status svyi_request_end(svyi_request *r, svy_status st, svy_estimates **out)
{
    svyi_arena_clear(&r->scratch);
    if (st != SVY_OK) {
        svy_estimates_free(r->e);
        r->e = NULL;
    }
    *out = r->e;
    return st;
}

svy_status svyi_request_rows(svyi_request *r, size_t outputs)
{
    size_t count = outputs * r->domains.count;
    r->e->rows = svyi_arena_get(&r->e->arena, (count + 1) * sizeof *r->e->rows);
    if (r->e->rows == NULL)
        return svyi_nomem(r->err);
    r->e->count = count;
    r->e->outputs = outputs;
    return SVY_OK;
}

double svyi_request_limit_df(const svyi_request *r, size_t domain, int design_by_default)
{
    int design = r->spec->df == SVY_DF_DESIGN || (r->spec->df == SVY_DF_AUTO && design_by_default);
    return design ? r->df[domain] : (double)INFINITY;
}

svy_estimate_row *svyi_request_row(svyi_request *r, size_t output, size_t domain, const char *variable, double estimate, double variance)
{
    svy_estimate_row *row = &r->e->rows[output * r->domains.count + domain];
    *row = (svy_estimate_row){ .statistic = svy_statistic_name(r->e->statistic), .variable = variable, .level = "", .prob = nan(""),
                               .estimate = estimate, .se = sqrt(variance), .df = r->df[domain], .deff = nan(""), .n = r->n[domain],
                               .missing = r->missing[domain] };
    row->by = r->domains.values != NULL ? r->domains.values + domain * r->domains.n_by : NULL;
    if (r->n[domain] == 0)
        row->estimate = row->se = nan("");
    row->cv = row->se / row->estimate;
    svyi_interval_input in = { row->estimate, row->se * row->se, svyi_request_limit_df(r, domain, 0), r->df[domain],
                               (double)r->rows[domain], (double)r->n[domain], r->spec->level };
    svyi_interval(SVY_INTERVAL_DEFAULT, &in, &row->lower, &row->upper);
    return row;
}

svy_status svyi_request_variance(svyi_request *r, const svyi_estimator *estimator, const double *theta, double *variance)
{
    size_t dropped = 0;
    svy_status st = svyi_estimator_variance(&r->scratch, r->design, estimator, theta, r->threads, variance, NULL, &dropped, r->err);
    if (dropped > r->e->dropped)
        r->e->dropped = dropped;
    return st;
}

svy_status svyi_request_fit(svyi_request *r, const svyi_estimator *estimator, const double *theta, const char *const *names, const char *const *levels)
{
    size_t width = estimator->influence.width, count = width * r->domains.count;
    double *variance = svyi_arena_get(&r->scratch, (count + 1) * sizeof *variance);
    if (r->spec->covariance && count <= SVYI_COVARIANCES_MAX)
        r->e->covariance = svyi_arena_get(&r->e->arena, (count * count + 1) * sizeof *r->e->covariance);
    if (r->spec->covariance && count > SVYI_COVARIANCES_MAX)
        return svyi_fail(r->err, SVY_E_LIMIT, "there are %zu estimates: the limit with covariances is %d", count, SVYI_COVARIANCES_MAX);
    if (variance == NULL || (r->spec->covariance && r->e->covariance == NULL))
        return svyi_nomem(r->err);
    svy_status st = svyi_estimator_variance(&r->scratch, r->design, estimator, theta, r->threads, variance, r->e->covariance, &r->e->dropped,
                                            r->err);
    if (st == SVY_OK)
        st = svyi_request_rows(r, width);
    for (size_t k = 0; st == SVY_OK && k < width; k++)
        for (size_t d = 0; d < r->domains.count; d++) {
            svy_estimate_row *row = svyi_request_row(r, k, d, names[k], theta[d * width + k], variance[d * width + k]);
            row->level = levels != NULL ? levels[k] : "";
        }
    return st;
}
