/* Quantiles of the t (so of the normal) and beta distributions, from one incomplete beta function that keeps x and 1 - x apart. */
#include "num/distribution.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

enum { FRACTION_STEPS = 100000, ROOT_STEPS = 200 };

static const double LARGE_DF = 1e4;     /* from here the expansion of t_large is exact to rounding, and the fraction is not */

/* The continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22). */
static double fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < FRACTION_STEPS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int half = 0; half < 2; half++) {
            double term = half ? odd : even;
            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            c = fabs(c) < tiny ? tiny : c;
            f *= c * d;
        }
        if (fabs(c * d - 1) < DBL_EPSILON)
            break;
    }
    return f;
}

/* ln Gamma(x) minus Stirling's formula for it, x >= 10 (DLMF 5.11.1). */
static double stirling_rest(double x)
{
    double s = 1 / (x * x);
    return (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * 691.0 / 360360))))) / x;
}

/* ln B(a, b) for a >= 10 > b, without the difference of two large logarithms. */
static double log_beta_mixed(double a, double b)
{
    return lgamma(b) + stirling_rest(a) - stirling_rest(a + b) - (a + b - 0.5) * log1p(b / a) - b * log(a) + b;
}

static double log_beta(double a, double b)
{
    if (a >= 10 && b < 10)
        return log_beta_mixed(a, b);
    return b >= 10 && a < 10 ? log_beta_mixed(b, a) : gsl_sf_lnbeta(a, b);
}

/* ln of x^a y^b / B(a, b) where x + y = 1; the smaller of the two is the exact one. */
static double log_front(double a, double b, double x, double y)
{
    static const double two_pi = 6.283185307179586476925;
    if (a >= 10 && b >= 10) {
        double off = x * b - y * a;
        return stirling_rest(a + b) - stirling_rest(a) - stirling_rest(b) + 0.5 * log(a / (a + b) * b / two_pi)
            + a * log1p(off / a) + b * log1p(-off / b);
    }
    double log_x = x < y ? log(x) : log1p(-y), log_y = x < y ? log1p(-x) : log(y);
    return a * log_x + b * log_y - log_beta(a, b);
}

/* I_x(a, b), and 1 - I_x(a, b) in *upper; y = 1 - x. */
static double beta_lower(double a, double b, double x, double y, double *upper)
{
    double lower;
    if (x <= 0 || y <= 0) {
        *upper = x <= 0;
        return y <= 0;
    }
    double front = exp(log_front(a, b, x, y));
    if (x < (a + 1) / (a + b + 2)) {
        lower = front * fraction(a, b, x) / a;
        *upper = 1 - lower;
    } else {
        *upper = front * fraction(b, a, y) / b;
        lower = 1 - *upper;
    }
    return lower;
}

/* P(T > t) for t >= 0. */
static double t_upper(double t, double df)
{
    double upper, square = t * t, sum = df + square;
    return 0.5 * beta_lower(df / 2, 0.5, df / sum, square / sum, &upper);
}

/* Fisher's expansion around the normal quantile (Abramowitz & Stegun 26.7.5). */
static double t_large(double p, double df)
{
    double x = gsl_cdf_ugaussian_Pinv(p), s = x * x;
    double g1 = (s + 1) / 4, g2 = ((5 * s + 16) * s + 3) / 96, g3 = (((3 * s + 19) * s + 17) * s - 15) / 384;
    double g4 = ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 92160;
    return x * (1 + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df);
}

double svyi_t_quantile(double p, double df)
{
    if (!(p > 0 && p < 1) || !(df > 0))
        return nan("");
    if (df >= LARGE_DF)
        return t_large(p, df);
    if (p == 0.5)
        return 0;
    double tail = p < 0.5 ? p : 1 - p, low = 0, high = 1;
    while (high < 1e300 && t_upper(high, df) > tail) {
        low = high;
        high *= 2;
    }
    double t = (low + high) / 2, log_scale = -log_beta(df / 2, 0.5) - 0.5 * log(df);
    for (int step = 0; step < ROOT_STEPS; step++) {
        double excess = t_upper(t, df) - tail;
        if (excess > 0) low = t; else high = t;
        double density = exp(log_scale - (df + 1) / 2 * log1p(t * t / df)), next = t + excess / density;
        if (!(next > low && next < high))
            next = (low + high) / 2;
        double change = fabs(next - t);
        t = next;
        if (change <= 2 * DBL_EPSILON * t)
            break;
    }
    return p < 0.5 ? -t : t;
}

/* The root is sought below one half, where x itself carries the precision: the caller swaps otherwise. */
static double beta_root(double p, double a, double b, int upper_tail)
{
    double low = 0, high = 1, x = a / (a + b);
    for (int step = 0; step < ROOT_STEPS; step++) {
        double upper, lower = beta_lower(a, b, x, 1 - x, &upper);
        double excess = upper_tail ? p - upper : lower - p;
        if (excess > 0) high = x; else low = x;
        double density = exp(log_front(a, b, x, 1 - x)) / (x * (1 - x)), next = x - excess / density;
        if (!(next > low && next < high))
            next = low > 0 ? (high / low > 4 ? sqrt(low * high) : (low + high) / 2) : high / 16;
        double change = fabs(next - x);
        x = next;
        if (change <= 2 * DBL_EPSILON * x || high - low <= DBL_EPSILON * low)
            break;
    }
    return x;
}

double svyi_beta_quantile(double p, double a, double b)
{
    double upper;
    if (!(p >= 0 && p <= 1) || !(a >= 0) || !(b >= 0) || (a == 0 && b == 0))
        return nan("");
    if (a == 0 || p == 0)
        return a == 0 ? 0 : b == 0 && p > 0 ? 1 : 0;
    if (b == 0 || p == 1)
        return 1;
    return beta_lower(a, b, 0.5, 0.5, &upper) >= p ? beta_root(p, a, b, 0) : 1 - beta_root(p, b, a, 1);
}
