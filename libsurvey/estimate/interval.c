/* Confidence limits of estimates, and of shares by the methods of svyciprop. */
#include "estimate/interval.h"

#include <math.h>

#include "num/distribution.h"

static void symmetric(double estimate, double se, double t, double *lower, double *upper)
{
    *lower = estimate - t * se;
    *upper = estimate + t * se;
}

static double expit(double x) { return 1 / (1 + exp(-x)); }

static void logit(const svyi_interval_input *in, double t, double *lower, double *upper)
{
    double p = in->estimate;
    symmetric(log(p / (1 - p)), sqrt(in->variance) / (p * (1 - p)), t, lower, upper);
    *lower = expit(*lower);
    *upper = expit(*upper);
}

static void arcsine(const svyi_interval_input *in, double t, double *lower, double *upper)
{
    double p = in->estimate;
    symmetric(asin(sqrt(p)), sqrt(in->variance) / (2 * sqrt(p * (1 - p))), t, lower, upper);
    *lower = sin(*lower) * sin(*lower);
    *upper = sin(*upper) * sin(*upper);
}

/* Korn & Graubard's effective sample size keeps the ratio of t quantiles of the sample and of the design. */
static void korn_graubard(const svyi_interval_input *in, double tail, double *lower, double *upper)
{
    double p = in->estimate, ratio = svyi_t_quantile(tail, in->rows - 1) / svyi_t_quantile(tail, in->design_df);
    double n = p * (1 - p) / in->variance * ratio * ratio;
    *lower = svyi_beta_quantile(tail, n * p, n * (1 - p) + 1);
    *upper = svyi_beta_quantile(1 - tail, n * p + 1, n * (1 - p));
}

static void wilson(const svyi_interval_input *in, double t, double *lower, double *upper)
{
    double p = in->estimate, n = p * (1 - p) / in->variance, half = t / (2 * n) * sqrt(4 * n * p * (1 - p) + t * t);
    *lower = (p + t * t / (2 * n) - half) / (1 + t * t / n);
    *upper = (p + t * t / (2 * n) + half) / (1 + t * t / n);
}

/* Twice the log likelihood ratio of p against q, in units of one observation. */
static double deviance(double p, double q)
{
    return 2 * (p * log(p / q) + (1 - p) * log((1 - p) / (1 - q)));
}

/* Where the deviance with a sample of n reaches t^2, between p and `end`. */
static double likelihood_limit(double p, double n, double t, double end)
{
    double near = p, far = end;
    for (int i = 0; i < 200; i++) {
        double middle = near + (far - near) / 2;
        if (middle == near || middle == far)
            break;
        if (n * deviance(p, middle) < t * t) near = middle; else far = middle;
    }
    return near;
}

void svyi_interval(svy_interval kind, const svyi_interval_input *in, double *lower, double *upper)
{
    double tail = (1 - in->level) / 2, t = -svyi_t_quantile(tail, in->df), p = in->estimate;
    int share_inside = p > 0 && p < 1 && in->variance > 0;
    *lower = *upper = p > 0 && p < 1 && in->variance == 0 ? p : nan("");     /* a share that is known */
    switch (kind) {
    case SVY_INTERVAL_DEFAULT: case SVY_INTERVAL_MEAN: symmetric(p, sqrt(in->variance), t, lower, upper); return;
    case SVY_INTERVAL_LOGIT: case SVY_INTERVAL_XLOGIT: if (share_inside) logit(in, t, lower, upper); return;
    case SVY_INTERVAL_BETA: if (share_inside) korn_graubard(in, tail, lower, upper); return;
    case SVY_INTERVAL_ASIN: if (share_inside) arcsine(in, t, lower, upper); return;
    case SVY_INTERVAL_WILSON: if (share_inside) wilson(in, t, lower, upper); return;
    case SVY_INTERVAL_LIKELIHOOD:
        if (share_inside) {
            /* (n - 1)/n: the dispersion that R's quasibinomial fit estimates */
            double n = p * (1 - p) / in->variance * (in->n - 1) / in->n;
            *lower = likelihood_limit(p, n, t, 0);
            *upper = likelihood_limit(p, n, t, 1);
        }
        return;
    }
}
