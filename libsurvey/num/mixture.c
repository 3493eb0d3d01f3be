/* Tails of sums of chi-squared variables with coefficients, over 1 or over a chi-squared of their own: exact, saddlepoint, Satterthwaite. */
#include "num/mixture.h"

#include <float.h>
#include <math.h>

#include "num/distribution.h"

static const double NOTHING = 1e-13, TOGETHER = 1e-5, NEGATIVE = 1e-8, HUGE_TERM = 1e200, NEVER = -690, WHOLE = 1e-12;     /* 196.99999999999997 is 197 */
enum { STEPS_MAX = 20000000, REFRESH = 500, ROOT_STEPS = 300 };

/* The largest coefficient; NaN when there is none or the sum is not a mixture of positive ones. */
static double largest(const double *lambda, size_t n)
{
    double most = 0, least = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(lambda[i]))
            return nan("");
        most = fmax(most, lambda[i]);
        least = fmin(least, lambda[i]);
    }
    return most > 0 && least >= -NEGATIVE * most ? most : nan("");
}

/* ---- Ruben's series ---- */

/* The coefficients a_k of the series: those of the product of (1 - gamma_i z)^(-df_i / 2), times exp(log_scale). Each is the mean of
   b_i = sum over j <= k of gamma_i^(k - j) a_j, which is carried along. */
typedef struct series {
    double *gamma, *df, *b;
    size_t n;
    double beta;             /* the smallest coefficient: so all terms are positive */
    double total_df;
    double a, before;        /* a_k, a_(k-1) */
    double log_scale;
} series;

static int series_begin(series *s, svyi_arena *scratch, const double *lambda, size_t n, double most)
{
    double together = 0;
    *s = (series){ .beta = most };
    s->gamma = svyi_arena_get(scratch, (n + 1) * sizeof *s->gamma);
    s->df = svyi_arena_get(scratch, (n + 1) * sizeof *s->df);
    s->b = svyi_arena_get(scratch, (n + 1) * sizeof *s->b);
    if (s->gamma == NULL || s->df == NULL || s->b == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (lambda[i] >= TOGETHER * most) {
            s->gamma[s->n] = lambda[i];
            s->df[s->n++] = 1;
            s->beta = fmin(s->beta, lambda[i]);
        } else if (lambda[i] > NOTHING * most)
            together += lambda[i];
    }
    if (together > 0) {
        s->beta = TOGETHER * most;
        s->gamma[s->n] = s->beta;
        s->df[s->n++] = together / s->beta;
    }
    for (size_t i = 0; i < s->n; i++) {
        s->log_scale -= s->df[i] / 2 * log(s->gamma[i] / s->beta);
        s->gamma[i] = 1 - s->beta / s->gamma[i];
        s->total_df += s->df[i];
        s->b[i] = 1;
    }
    s->a = 1;
    return 0;
}

static void series_next(series *s, int k)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->df[i] / 2 * s->gamma[i] * s->b[i];
    s->before = s->a;
    s->a = sum / k;
    for (size_t i = 0; i < s->n; i++)
        s->b[i] = s->gamma[i] * s->b[i] + s->a;
}

static void series_shrink(series *s, double by)
{
    s->a *= by;
    s->before *= by;
    for (size_t i = 0; i < s->n; i++)
        s->b[i] *= by;
    s->log_scale -= log(by);
}

/* P(chi^2_(2 shape) > 2 ratio), or with a denominator P(chi^2_(2 shape) / chi^2_ddf > ratio): as shape grows by 1 it grows by `step`. */
typedef struct tails { double ddf, ratio, value, step; int started; } tails;

static double log_step(const tails *t, double shape)
{
    double front = isinf(t->ddf) ? svyi_gamma_log_front(shape, t->ratio)
                                 : svyi_beta_log_front(t->ddf / 2, shape, 1 / (1 + t->ratio), t->ratio / (1 + t->ratio));
    return front - log(shape);
}

static void tail_start(tails *t, double shape)
{
    double log_of_step = log_step(t, shape);
    if (log_of_step < NEVER && t->ratio > (isinf(t->ddf) ? shape : 2 * shape / t->ddf))
        return;             /* so far out that this term and those before it are nothing */
    t->started = 1;
    t->step = exp(log_of_step);
    t->value = isinf(t->ddf) ? svyi_chi2_upper(2 * t->ratio, 2 * shape) : svyi_f_upper(t->ratio * t->ddf / (2 * shape), 2 * shape, t->ddf);
}

/* From `shape` to shape + 1. */
static void tail_next(tails *t, double shape, int k)
{
    if (!t->started)
        return;
    t->value = fmin(t->value + t->step, 1);
    t->step *= isinf(t->ddf) ? t->ratio / (shape + 1) : t->ratio / (1 + t->ratio) * (t->ddf / 2 + shape) / (shape + 1);
    if (k % REFRESH == 0)
        t->step = exp(log_step(t, shape + 1));
}

double svyi_mixture_upper(svyi_arena *scratch, const double *lambda, size_t n, double ddf, double x)
{
    series s;
    double most = largest(lambda, n), sum = 0;
    if (isnan(most) || isnan(x) || !(ddf > 0))
        return nan("");
    if (x <= 0 || isinf(x))
        return x <= 0;
    if (series_begin(&s, scratch, lambda, n, most) != 0)
        return nan("");
    tails t = { .ddf = ddf, .ratio = isinf(ddf) ? x / s.beta / 2 : x / s.beta / ddf };
    for (int k = 1; k < STEPS_MAX; k++) {
        double shape = s.total_df / 2 + k - 1;
        if (!t.started)
            tail_start(&t, shape);
        sum += s.a * t.value;
        tail_next(&t, shape, k);
        series_next(&s, k);
        double ratio = s.a / s.before;                /* from here the rest is less than a geometric series */
        if (s.a == 0 || (ratio < 1 && s.a < sum * (DBL_EPSILON / 16) * (1 - ratio)))
            break;
        if (s.a > HUGE_TERM) {
            sum /= HUGE_TERM;
            series_shrink(&s, 1 / HUGE_TERM);
        }
    }
    return fmin(sum * exp(s.log_scale), 1);
}

/* ---- approximations ---- */

double svyi_mixture_satterthwaite(const double *lambda, size_t n, double ddf, double x)
{
    double sum = 0, squares = 0;
    if (isnan(largest(lambda, n)) || isnan(x) || !(ddf > 0))
        return nan("");
    for (size_t i = 0; i < n; i++) {
        sum += lambda[i];
        squares += lambda[i] * lambda[i];
    }
    double df = sum * sum / squares;
    return svyi_f_upper(x / sum, df, ddf);
}

/* The cumulant generating function K at z of sum lambda chi^2_1 - c chi^2_m, its first two derivatives, and z K' - K without cancellation. */
typedef struct cumulants { double k0, k1, k2, gap; } cumulants;

static void add_cumulants(cumulants *c, double lambda, double df, double z)
{
    double q = 1 - 2 * z * lambda;
    c->k0 -= df / 2 * log(q);
    c->gap -= df / 2 * svyi_log1p_rest(2 * z * lambda / q);
    c->k1 += df * lambda / q;
    c->k2 += 2 * df * lambda * lambda / (q * q);
}

typedef struct saddle { const double *lambda; size_t n; double most, minus, df; } saddle;

static cumulants cumulants_at(const saddle *s, double z)
{
    cumulants c = { 0, 0, 0, 0 };
    for (size_t i = 0; i < s->n; i++)
        if (s->lambda[i] > NOTHING * s->most)
            add_cumulants(&c, s->lambda[i] / s->most, 1, z);
    if (s->df > 0)
        add_cumulants(&c, -s->minus / s->most, s->df, z);
    return c;
}

/* Where the first derivative, which increases, is x: by Newton's steps inside a shrinking bracket. */
static double saddle_root(const saddle *s, double x)
{
    double high = 0.5, low = s->df > 0 ? -s->most / (2 * s->minus) : -1;
    while (s->df <= 0 && cumulants_at(s, low).k1 > x)
        low *= 2;
    double z = 0;
    for (int step = 0; step < ROOT_STEPS; step++) {
        cumulants c = cumulants_at(s, z);
        if (c.k1 > x) high = z; else low = z;
        double next = z - (c.k1 - x) / c.k2;
        if (!(next > low && next < high))
            next = (low + high) / 2;
        double change = fabs(next - z);
        z = next;
        if (change <= 4 * DBL_EPSILON * fabs(z))
            break;
    }
    return z;
}

double svyi_mixture_saddlepoint(const double *lambda, size_t n, double ddf, double x)
{
    saddle s = { .lambda = lambda, .n = n, .most = largest(lambda, n) };
    if (isnan(s.most) || isnan(x) || !(ddf > 0))
        return nan("");
    if (x <= 0 || isinf(x))
        return x <= 0;
    if (!isinf(ddf)) {
        s.minus = x / ddf;
        s.df = fmax(floor(ddf * (1 + WHOLE)), 1);
    }
    double goal = s.df > 0 ? 0 : x / s.most;
    double z = saddle_root(&s, goal);
    if (fabs(z) < 1e-4)
        return svyi_mixture_satterthwaite(lambda, n, ddf, x);
    cumulants c = cumulants_at(&s, z);
    /* Close to the mean z x - K cancels; far from it z K' - K feels the rounding of z, at which z x - K is stationary. */
    double w = copysign(sqrt(2 * (c.gap < 1 ? c.gap : z * goal - c.k0)), z), v = z * sqrt(c.k2);
    return svyi_normal_upper(w + log(v / w) / w);
}
