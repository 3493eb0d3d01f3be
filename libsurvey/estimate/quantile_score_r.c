/* R's score limits: the same test solved by Brent's method in the steps that R's uniroot() takes, so that it stops where R stops. */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "estimate/quantile_priv.h"
#include "estimate/share.h"

enum { STEPS_MAX = 1000 };

/* One root being sought: b is the best value so far, c on the other side of the root, a the value before b. */
typedef struct root { double a, b, c, at_a, at_b, at_c, limit, tolerance; int open, known; } root;

/* All roots at once, those of a domain's lower limits before its upper ones. */
typedef struct roots { svyi_quantiles *q; root *all; svyi_shares shares; double *at, *variance; size_t count; } roots;

/* ---- the test ---- */

static double finite(double x) { return isnan(x) || x > DBL_MAX ? DBL_MAX : x < -DBL_MAX ? -1e308 : x; }

/* (p - share below b) / SE - limit at the b of every root, into `at_b`. */
static svy_status evaluate(roots *r)
{
    const svyi_quantiles *q = r->q;
    for (size_t i = 0; i < r->count; i++)
        r->at[i] = r->all[i].b;
    svy_status st = svyi_shares_set(&r->shares, q->request);
    if (st != SVY_OK)
        return st;
    svyi_estimator e = svyi_shares_estimator(&r->shares);
    st = svyi_request_variance(q->request, &e, r->shares.share, r->variance);
    for (size_t i = 0; st == SVY_OK && i < r->count; i++)
        if (r->all[i].open)
            r->all[i].at_b = finite((q->spec->probs[i % q->width] - r->shares.share[i]) / sqrt(r->variance[i]) - r->all[i].limit);
    return st;
}

/* ---- Brent's method ---- */

/* The step by interpolation when it is a good one, otherwise half of the way to c. */
static double step_of(const root *s, double tolerance)
{
    double half = (s->c - s->b) / 2, before = s->b - s->a, way = s->c - s->b, p, q;
    if (!(fabs(before) >= tolerance && fabs(s->at_a) > fabs(s->at_b)))
        return half;
    if (s->a == s->c) {                    /* a line through two points */
        double t = s->at_b / s->at_a;
        p = way * t;
        q = 1 - t;
    } else {                               /* an inverse parabola through three */
        double t = s->at_a / s->at_c, u = s->at_b / s->at_c, v = s->at_b / s->at_a;
        p = v * (way * t * (t - u) - before * (u - 1));
        q = (t - 1) * (u - 1) * (v - 1);
    }
    if (p > 0) q = -q; else p = -p;
    return p < 0.75 * way * q - fabs(tolerance * q) / 2 && p < fabs(before * q / 2) ? p / q : half;
}

/* Moves b to the next value to try, or closes the root. */
static void advance(root *s)
{
    if (fabs(s->at_c) < fabs(s->at_b)) {
        s->a = s->b; s->b = s->c; s->c = s->a;
        s->at_a = s->at_b; s->at_b = s->at_c; s->at_c = s->at_a;
    }
    double tolerance = 2 * DBL_EPSILON * fabs(s->b) + s->tolerance / 2;
    if (fabs((s->c - s->b) / 2) <= tolerance || s->at_b == 0) {
        s->open = 0;
        return;
    }
    double step = step_of(s, tolerance);
    if (fabs(step) < tolerance)
        step = step > 0 ? tolerance : -tolerance;
    s->a = s->b;
    s->at_a = s->at_b;
    s->b += step;
}

static int same_side(double x, double y) { return (x > 0 && y > 0) || (x < 0 && y < 0); }

static size_t advance_all(roots *r)
{
    size_t open = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->all[i].open)
            advance(&r->all[i]);
        open += (size_t)r->all[i].open;
    }
    return open;
}

static svy_status solve(roots *r)
{
    svy_status st = evaluate(r);                             /* at the lower ends */
    for (size_t i = 0; i < r->count; i++) {
        root *s = &r->all[i];
        s->at_a = s->at_b;
        s->b = s->c;
    }
    if (st == SVY_OK)
        st = evaluate(r);                                    /* at the upper ends */
    for (size_t i = 0; i < r->count; i++) {
        root *s = &r->all[i];
        s->known = s->open && s->at_a * s->at_b <= 0;
        s->open = s->known && s->at_a != 0 && s->at_b != 0;
        if (s->known && s->at_a == 0)
            s->b = s->a;
        s->c = s->a;
        s->at_c = s->at_a;
    }
    for (int steps = 0; st == SVY_OK && steps < STEPS_MAX && advance_all(r) > 0; steps++) {
        st = evaluate(r);
        for (size_t i = 0; i < r->count; i++) {
            root *s = &r->all[i];
            if (s->open && same_side(s->at_b, s->at_c)) {
                s->c = s->a;
                s->at_c = s->at_a;
            }
        }
    }
    return st;
}

/* ---- where R begins and what it makes of the roots ---- */

/* The unweighted quantile of type 7. */
static double plain_quantile(const svyi_sorted *s, double p)
{
    double place = (double)(s->n - 1) * p, low = floor(place), part = place - low;
    double x = s->x[s->row[(size_t)low]], y = s->x[s->row[(size_t)ceil(place)]];
    return part > 0 && x != y ? (1 - part) * x + part * y : x;
}

static void start(roots *r)
{
    const svyi_quantiles *q = r->q;
    for (size_t i = 0; i < r->count; i++) {
        size_t domain = i / (2 * q->width);
        svyi_sorted s = svyi_quantiles_sorted(q, domain);
        double t = svyi_quantiles_t(q, domain);
        r->all[i] = (root){ .limit = i % (2 * q->width) < q->width ? t : -t, .open = s.n > 0 && !isnan(t) };
        if (!r->all[i].open)
            continue;
        double range = plain_quantile(&s, 0.75) - plain_quantile(&s, 0.25);
        r->all[i].a = r->all[i].b = s.x[s.row[0]] + range / 100;
        r->all[i].c = s.x[s.row[s.n - 1]] - range / 100;
        r->all[i].tolerance = 1 / (100 * sqrt((double)q->request->complete[domain]));
    }
}

/* The unweighted share of rows below the root goes through the rule. */
static double limit_of(const svyi_quantiles *q, const root *s, size_t domain)
{
    size_t rows;
    svyi_sorted sorted = svyi_quantiles_sorted(q, domain);
    if (!s->known)
        return nan("");
    svyi_sorted_share(&sorted, s->b, &rows);
    return svyi_quantile_read(q->spec->rule, &sorted, (double)rows / (double)sorted.n);
}

svy_status svyi_quantiles_score_r(svyi_quantiles *q)
{
    svyi_request *request = q->request;
    roots r = { .q = q, .count = request->domains.count * 2 * q->width };
    r.all = svyi_arena_get(&request->scratch, (r.count + 1) * sizeof *r.all);
    r.at = svyi_arena_get(&request->scratch, (r.count + 1) * sizeof *r.at);
    r.variance = svyi_arena_get(&request->scratch, (r.count + 1) * sizeof *r.variance);
    if (r.all == NULL || r.at == NULL || r.variance == NULL)
        return svyi_nomem(request->err);
    r.shares = (svyi_shares){ .x = q->x, .width = 2 * q->width, .at = r.at };
    start(&r);
    svy_status st = solve(&r);
    for (size_t i = 0; st == SVY_OK && i < request->domains.count * q->width; i++) {
        size_t domain = i / q->width, first = domain * 2 * q->width + i % q->width;
        q->lower[i] = limit_of(q, &r.all[first], domain);
        q->upper[i] = limit_of(q, &r.all[first + q->width], domain);
    }
    return st;
}
