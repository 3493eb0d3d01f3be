/* Quantiles in all domains: one sort per variable, then rules and Woodruff's limits on the sorted rows. */
#include <math.h>

#include "base/error.h"
#include "design/tree.h"
#include "estimate/interval.h"
#include "estimate/quantile_priv.h"
#include "estimate/share.h"
#include "num/distribution.h"

svyi_sorted svyi_quantiles_sorted(const svyi_quantiles *q, size_t domain)
{
    const svyi_order *o = &q->order;
    size_t first = o->start[domain];
    return (svyi_sorted){ q->x, q->request->design->weights, o->row + first, o->cumulative + first, o->start[domain + 1] - first,
                          o->total[domain], q->request->alloc };
}

double svyi_quantiles_t(const svyi_quantiles *q, size_t domain)
{
    return -svyi_t_quantile((1 - q->request->spec->level) / 2, svyi_request_limit_df(q->request, domain, 1));
}

/* ---- limits ---- */

/* Limits of a share, as limits of the quantile. */
static void read_limits(svyi_quantiles *q, const svyi_shares *s, size_t domain, size_t k, double variance)
{
    static const svy_interval KINDS[] = { SVY_INTERVAL_MEAN, SVY_INTERVAL_BETA, SVY_INTERVAL_XLOGIT, SVY_INTERVAL_ASIN };
    svyi_request *r = q->request;
    size_t at = domain * q->width + k;
    double low, high;
    svyi_sorted sorted = svyi_quantiles_sorted(q, domain);
    svyi_interval_input in = { s->share[at], variance, svyi_request_limit_df(r, domain, 1), r->df[domain], (double)r->complete[domain],
                               (double)r->n[domain], r->spec->level };
    svyi_interval(KINDS[q->spec->interval], &in, &low, &high);
    q->lower[at] = svyi_quantile_read(q->spec->rule, &sorted, low);
    q->upper[at] = svyi_quantile_read(q->spec->rule, &sorted, high);
}

static svy_status limits_woodruff(svyi_quantiles *q)
{
    svyi_request *r = q->request;
    svyi_shares s = { .x = q->x, .width = q->width, .at = q->estimate };
    double *variance = svyi_arena_get(&r->scratch, (r->domains.count * q->width + 1) * sizeof *variance);
    svy_status st = variance != NULL ? svyi_shares_set(&s, r) : svyi_nomem(r->err);
    if (st != SVY_OK)
        return st;
    svyi_estimator e = svyi_shares_estimator(&s);
    st = svyi_request_variance(r, &e, s.share, variance);
    for (size_t d = 0; st == SVY_OK && d < r->domains.count; d++)
        for (size_t k = 0; k < q->width && r->n[d] > 0; k++)
            read_limits(q, &s, d, k, variance[d * q->width + k]);
    return st;
}

/* ---- quantiles under other weights ---- */

/* Rows of one domain that have a weight. */
typedef struct weighted { uint32_t *row; double *cumulative; } weighted;

static void quantiles_of(const svyi_quantiles *q, const weighted *room, const double *weights, size_t domain, double *theta)
{
    const svyi_order *o = &q->order;
    size_t n = 0;
    long double sum = 0;
    for (size_t k = o->start[domain]; k < o->start[domain + 1]; k++) {
        double w = weights[o->row[k]];
        if (w == 0)
            continue;
        room->row[n] = o->row[k];
        room->cumulative[n++] = (double)(sum += (long double)w);
    }
    svyi_sorted s = { q->x, weights, room->row, room->cumulative, n, (double)sum, q->request->alloc };
    for (size_t k = 0; k < q->width; k++)
        theta[domain * q->width + k] = n > 0 && sum > 0 ? svyi_quantile_read(q->spec->rule, &s, q->spec->probs[k]) : nan("");
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const svyi_quantiles *q = user;
    const svyi_order *o = &q->order;
    const svy_alloc *alloc = q->request->alloc;
    size_t most = 1;
    for (size_t d = 0; d < q->request->domains.count; d++)
        most = o->start[d + 1] - o->start[d] > most ? o->start[d + 1] - o->start[d] : most;
    weighted room = { svyi_get(alloc, most * sizeof(uint32_t)), svyi_get(alloc, most * sizeof(double)) };
    int failed = room.row == NULL || room.cumulative == NULL;
    for (size_t d = 0; !failed && d < q->request->domains.count; d++)
        quantiles_of(q, &room, weights, d, theta);
    svyi_release(alloc, room.row, most * sizeof(uint32_t));
    svyi_release(alloc, room.cumulative, most * sizeof(double));
    return failed ? svyi_nomem(err) : SVY_OK;
}

static svy_status limits_replicate(svyi_quantiles *q)
{
    svyi_request *r = q->request;
    svyi_estimator e = { { q->width, r->domains.count, NULL, q }, values };
    double *variance = svyi_arena_get(&r->scratch, (r->domains.count * q->width + 1) * sizeof *variance);
    if (variance == NULL)
        return svyi_nomem(r->err);
    svy_status st = svyi_request_variance(r, &e, q->estimate, variance);
    for (size_t d = 0; st == SVY_OK && d < r->domains.count; d++)
        for (size_t k = 0; k < q->width; k++) {
            size_t at = d * q->width + k;
            double se = sqrt(variance[at]), t = svyi_quantiles_t(q, d);
            q->lower[at] = q->estimate[at] - t * se;
            q->upper[at] = q->estimate[at] + t * se;
        }
    return st;
}

/* ---- one variable ---- */

static void read_estimates(svyi_quantiles *q)
{
    for (size_t d = 0; d < q->request->domains.count; d++) {
        svyi_sorted s = svyi_quantiles_sorted(q, d);
        for (size_t k = 0; k < q->width; k++) {
            size_t at = d * q->width + k;
            q->estimate[at] = s.n > 0 ? svyi_quantile_read(q->spec->rule, &s, q->spec->probs[k]) : nan("");
            q->lower[at] = q->upper[at] = nan("");
        }
    }
}

static svy_status find_limits(svyi_quantiles *q)
{
    switch (q->spec->interval) {
    case SVY_QUANTILE_MEAN: case SVY_QUANTILE_BETA: case SVY_QUANTILE_XLOGIT: case SVY_QUANTILE_ASIN: return limits_woodruff(q);
    case SVY_QUANTILE_SCORE: return svyi_quantiles_score(q);
    case SVY_QUANTILE_SCORE_R: return svyi_quantiles_score_r(q);
    case SVY_QUANTILE_REPLICATE: return limits_replicate(q);
    }
    return SVY_OK;
}

static void set_rows(svyi_quantiles *q, const char *name, size_t variable)
{
    svyi_request *r = q->request;
    for (size_t k = 0; k < q->width; k++)
        for (size_t d = 0; d < r->domains.count; d++) {
            size_t at = d * q->width + k;
            double se = (q->upper[at] - q->lower[at]) / (2 * svyi_quantiles_t(q, d));
            svy_estimate_row *row = svyi_request_row(r, variable * q->width + k, d, name, q->estimate[at], se * se);
            row->prob = q->spec->probs[k];
            row->lower = q->lower[at];
            row->upper = q->upper[at];
        }
}

static svy_status estimate_variable(svyi_quantiles *q, size_t variable)
{
    const svyi_variable *v = &q->request->plan.variables[variable];
    q->x = v->numbers;
    svy_status st = svyi_order_make(&q->order, q->request, v->numbers);
    if (st == SVY_OK) {
        read_estimates(q);
        st = find_limits(q);
    }
    if (st == SVY_OK)
        set_rows(q, v->name, variable);
    svyi_order_clear(&q->order);
    return st;
}

/* ---- the call ---- */

static svy_status check_probs(const svy_quantile_spec *spec, const svy_design *d, svy_error *err)
{
    SVY_REQUIRE(spec->n_probs > 0, err);
    for (size_t k = 0; k < spec->n_probs; k++)
        if (!(spec->probs[k] >= 0 && spec->probs[k] <= 1))
            return svyi_fail(err, SVY_E_VALUE, "%g is not a probability: a quantile needs one between 0 and 1", spec->probs[k]);
    if (spec->interval == SVY_QUANTILE_REPLICATE && d->replicates == NULL)
        return svyi_fail(err, SVY_E_STATE, "the design has no replicate weights: limits by replicates need them, others do not");
    return SVY_OK;
}

svy_status svy_quantile(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_quantile_spec *spec, svy_estimates **out,
                        svy_error *err)
{
    svyi_request r;
    SVY_REQUIRE(out != NULL && spec != NULL && d != NULL, err);
    *out = NULL;
    SVY_REQUIRE(spec->size >= sizeof *spec, err);
    svy_status st = check_probs(spec, d, err);
    if (st != SVY_OK)
        return st;
    st = svyi_request_begin(&r, alloc, f, d, &spec->estimate, SVY_STAT_QUANTILE, 1, "a quantile", err);
    svyi_quantiles q = { .request = &r, .spec = spec, .width = spec->n_probs };
    if (st == SVY_OK) {
        double **arrays[] = { &q.estimate, &q.lower, &q.upper };
        for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
            if ((*arrays[k] = svyi_arena_get(&r.scratch, (r.domains.count * q.width + 1) * sizeof(double))) == NULL)
                st = svyi_nomem(err);
        r.e->has_prob = 1;
    }
    if (st == SVY_OK)
        st = svyi_request_rows(&r, r.plan.n_variables * q.width);
    for (size_t i = 0; st == SVY_OK && i < r.plan.n_variables; i++)
        st = estimate_variable(&q, i);
    return svyi_request_end(&r, st, out);
}
