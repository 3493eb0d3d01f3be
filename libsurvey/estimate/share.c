/* Shares at or below thresholds as an estimator for any design. */
#include "estimate/share.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const svyi_shares *s = user;
    const svyi_request *r = s->request;
    size_t width = s->width;
    for (size_t i = 0; i < count; i++, z += width) {
        size_t row = rows[i];
        uint32_t d = svyi_request_domain(r, row);
        if (domain != NULL)
            domain[i] = d;
        if (d == SVYI_NO_DOMAIN) {
            memset(z, 0, width * sizeof *z);
            continue;
        }
        const double *at = s->at + d * width, *share = s->share + d * width;
        double x = s->x[row], w = r->design->weights[row] / s->weight[d];
        for (size_t k = 0; k < width; k++)
            z[k] = w * ((x <= at[k]) - share[k]);
    }
}

/* Sums of weights by domain, and of those at or below each threshold. */
static void add_up(const svyi_shares *s, const double *weights, double *weight, double *share)
{
    const svyi_request *r = s->request;
    size_t width = s->width;
    memset(weight, 0, r->domains.count * sizeof *weight);
    memset(share, 0, r->domains.count * width * sizeof *share);
    for (size_t i = 0; i < r->design->rows; i++) {
        double w = weights[i];
        uint32_t d = w != 0 ? svyi_request_domain(r, i) : SVYI_NO_DOMAIN;
        if (d == SVYI_NO_DOMAIN)
            continue;
        const double *at = s->at + d * width;
        double *sum = share + d * width, x = s->x[i];
        weight[d] += w;
        for (size_t k = 0; k < width; k++)
            sum[k] += x <= at[k] ? w : 0;
    }
    for (size_t d = 0; d < r->domains.count; d++)
        for (size_t k = 0; k < width; k++)
            share[d * width + k] = weight[d] != 0 && !isnan(s->at[d * width + k]) ? share[d * width + k] / weight[d] : nan("");
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const svyi_shares *s = user;
    size_t bytes = s->request->domains.count * sizeof(double);
    double *weight = svyi_get(s->request->alloc, bytes);
    if (weight == NULL)
        return svyi_nomem(err);
    add_up(s, weights, weight, theta);
    svyi_release(s->request->alloc, weight, bytes);
    return SVY_OK;
}

svyi_estimator svyi_shares_estimator(const svyi_shares *s)
{
    return (svyi_estimator){ { s->width, s->request->domains.count, fill, s }, values };
}

svy_status svyi_shares_set(svyi_shares *s, svyi_request *r)
{
    s->request = r;
    s->weight = svyi_arena_get(&r->scratch, (r->domains.count + 1) * sizeof *s->weight);
    s->share = svyi_arena_get(&r->scratch, (r->domains.count * s->width + 1) * sizeof *s->share);
    if (s->weight == NULL || s->share == NULL)
        return svyi_nomem(r->err);
    add_up(s, r->design->weights, s->weight, s->share);
    return SVY_OK;
}
