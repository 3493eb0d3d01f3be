/* Limits of quantiles by inverting a test: values at which the share below does not differ from the probability. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/quantile_priv.h"
#include "estimate/share.h"

/* Where a limit is sought among the sorted rows of its domain: the first row that passes, which lies in low .. high (high passes). */
typedef struct search { size_t low, high; double t; } search;

/* All limits at once, the lower ones of a domain's probabilities before its upper ones. */
typedef struct searches {
    svyi_quantiles *q;
    search *all;
    double *at, *variance;        /* domains * 2 width */
} searches;

static size_t middle_of(const search *s) { return s->low + (s->high - s->low) / 2; }

/* A value passes when its share exceeds the probability by more than `t` (lower: -t) standard errors; ties pass or fail together. */
static void start(searches *s)
{
    const svyi_quantiles *q = s->q;
    for (size_t d = 0; d < q->request->domains.count; d++)
        for (size_t k = 0; k < 2 * q->width; k++) {
            size_t n = q->order.start[d + 1] - q->order.start[d];
            double t = svyi_quantiles_t(q, d);
            s->all[d * 2 * q->width + k] = (search){ 0, n > 0 ? n - 1 : 0, k < q->width ? -t : t };
        }
}

/* @return how many are not finished */
static size_t set_thresholds(searches *s)
{
    const svyi_quantiles *q = s->q;
    size_t open = 0;
    for (size_t d = 0; d < q->request->domains.count; d++) {
        svyi_sorted sorted = svyi_quantiles_sorted(q, d);
        for (size_t k = 0; k < 2 * q->width; k++) {
            const search *a = &s->all[d * 2 * q->width + k];
            s->at[d * 2 * q->width + k] = sorted.n > 0 ? sorted.x[sorted.row[middle_of(a)]] : nan("");
            open += a->low < a->high;
        }
    }
    return open;
}

static void narrow(searches *s, const double *share)
{
    const svyi_quantiles *q = s->q;
    for (size_t d = 0; d < q->request->domains.count; d++)
        for (size_t k = 0; k < 2 * q->width; k++) {
            size_t at = d * 2 * q->width + k;
            search *a = &s->all[at];
            if (a->low == a->high)
                continue;
            double off = share[at] - q->spec->probs[k % q->width], limit = a->t * sqrt(s->variance[at]);
            if (a->t < 0 ? off >= limit : off > limit) a->high = middle_of(a); else a->low = middle_of(a) + 1;
        }
}

static void set_limits(searches *s)
{
    svyi_quantiles *q = s->q;
    for (size_t d = 0; d < q->request->domains.count; d++) {
        int known = q->order.start[d + 1] > q->order.start[d] && !isnan(svyi_quantiles_t(q, d));
        for (size_t k = 0; k < q->width && known; k++) {
            q->lower[d * q->width + k] = s->at[d * 2 * q->width + k];
            q->upper[d * q->width + k] = s->at[d * 2 * q->width + q->width + k];
        }
    }
}

svy_status svyi_quantiles_score(svyi_quantiles *q)
{
    svyi_request *r = q->request;
    size_t count = r->domains.count * 2 * q->width + 1;
    searches s = { .q = q };
    s.all = svyi_arena_get(&r->scratch, count * sizeof *s.all);
    s.at = svyi_arena_get(&r->scratch, count * sizeof *s.at);
    s.variance = svyi_arena_get(&r->scratch, count * sizeof *s.variance);
    if (s.all == NULL || s.at == NULL || s.variance == NULL)
        return svyi_nomem(r->err);
    start(&s);
    svyi_shares shares = { .x = q->x, .width = 2 * q->width, .at = s.at };
    while (set_thresholds(&s) > 0) {
        svy_status st = svyi_shares_set(&shares, r);
        if (st != SVY_OK)
            return st;
        svyi_estimator e = svyi_shares_estimator(&shares);
        if ((st = svyi_request_variance(r, &e, shares.share, s.variance)) != SVY_OK)
            return st;
        narrow(&s, shares.share);
    }
    set_limits(&s);
    return SVY_OK;
}
