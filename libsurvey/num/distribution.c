/* Tails and quantiles of the t, F, chi-squared, normal and beta distributions, from one incomplete beta function that keeps x and 1 - x apart, and one gamma function. */
#include "num/distribution.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

enum { FRACTION_STEPS = 100000, ROOT_STEPS = 200 };

static const double LARGE_DF = 1e4;     /* from here the expansion of t_large is exact to rounding, and the fraction is not */

/* The continued fraction of the incomplete beta function in its contracted form (Didonato & Morris, ACM Trans. Math. Softw. 18 (1992) 360-373,
   doi:10.1145/131766.131776, eq. 9), where x and y = 1 - x stand side by side: nothing cancels when one of them is tiny. By Lentz's method. */
static double fraction(double a, double b, double x, double y)
{
    const double tiny = 1e-300;
    double f = a * (a * y - b * x + 1) / (a + 1), c = f, d = 0;
    for (int m = 1; m < FRACTION_STEPS; m++) {
        double odd = a + 2 * m - 1;
        double above = (a + m - 1) / odd * (a + b + m - 1) / odd * m * (b - m) * x * x;
        double below = m + m * (b - m) * x / odd + (a + m) * (a * y - b * x + 1 + m * (1 + y)) / (a + 2 * m + 1);
        d = below + above * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = below + above / c;
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON)
            break;
    }
    return 1 / f;
}

/* ln Gamma(x) minus Stirling's formula for it, x >= 10 (DLMF 5.11.1). */
static double stirling_rest(double x)
{
    double s = 1 / (x * x);
    return (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * 691.0 / 360360))))) / x;
}

/* ln(1 + u) - u, keeping its digits near 0, where it is -u^2/2. */
static double log1p_rest(double u)
{
    if (fabs(u) > 0.2)
        return log1p(u) - u;
    double r = u / (2 + u), s = r * r, sum = 0, power = s;      /* ln(1 + u) = 2 (r + r^3/3 + r^5/5 + ...) and u = 2 r / (1 - r) */
    for (int k = 3; k < 40 && power > 1e-18; k += 2, power *= s)
        sum += power / k;
    return r * (2 * sum - u);
}

double svyi_log1p_rest(double u) { return log1p_rest(u); }

/* n ln(x sum / n) - off, where off = n (x sum / n - 1) is known better than the difference says. */
static double power_rest(double n, double off, double x, double sum)
{
    return fabs(off) <= 0.2 * n ? n * log1p_rest(off / n) : n * log(x * (sum / n)) - off;
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
        double off = x * b - y * a;       /* the terms linear in it cancel */
        return stirling_rest(a + b) - stirling_rest(a) - stirling_rest(b) + 0.5 * log(a / (a + b) * b / two_pi)
            + power_rest(a, off, x, a + b) + power_rest(b, -off, y, a + b);
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
        lower = front * fraction(a, b, x, y);
        *upper = 1 - lower;
    } else {
        *upper = front * fraction(b, a, y, x);
        lower = 1 - *upper;
    }
    return lower;
}

/* P(T > t) for t >= 0, finite df. */
static double t_upper(double t, double df)
{
    double upper, ratio = t > 1e150 ? HUGE_VAL : t * t / df;
    return 0.5 * beta_lower(df / 2, 0.5, ratio < HUGE_VAL ? 1 / (1 + ratio) : df / t / t, ratio < HUGE_VAL ? ratio / (1 + ratio) : 1, &upper);
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

/* ---- t and F ---- */

double svyi_t_upper(double t, double df)
{
    if (isnan(t) || !(df > 0))
        return nan("");
    if (isinf(df))
        return svyi_normal_upper(t);
    return t >= 0 ? t_upper(t, df) : 1 - t_upper(-t, df);
}

double svyi_t_two_sided(double t, double df) { return 2 * svyi_t_upper(fabs(t), df); }

double svyi_f_upper(double x, double ndf, double ddf)
{
    double upper;
    if (isnan(x) || !(ndf > 0) || !(ddf > 0) || isinf(ndf))
        return nan("");
    if (x <= 0)
        return 1;
    if (isinf(ddf) || isinf(x))
        return isinf(x) ? 0 : svyi_chi2_upper(x * ndf, ndf);
    double ratio = x * (ndf / ddf);
    return beta_lower(ddf / 2, ndf / 2, 1 / (1 + ratio), isinf(ratio) ? 1 : ratio / (1 + ratio), &upper);
}

double svyi_f_quantile(double p, double ndf, double ddf)
{
    if (!(p >= 0 && p <= 1) || !(ndf > 0) || !(ddf > 0) || isinf(ndf))
        return nan("");
    if (isinf(ddf))
        return svyi_chi2_quantile(p, ndf) / ndf;
    double x = svyi_beta_quantile(p, ndf / 2, ddf / 2), y = p < 0.5 ? 1 - x : svyi_beta_quantile(1 - p, ddf / 2, ndf / 2);
    return (x < 0.5 ? x / (1 - x) : (1 - y) / y) * (ddf / ndf);
}

double svyi_beta_log_front(double a, double b, double x, double y) { return log_front(a, b, x, y); }

/* ---- chi-squared ---- */

/* ln of x^a e^-x / Gamma(a). */
static double log_gamma_front(double a, double x)
{
    static const double two_pi = 6.283185307179586476925;
    if (a < 10)
        return a * log(x) - x - lgamma(a);
    return 0.5 * log(a / two_pi) - stirling_rest(a) + power_rest(a, x - a, x, 1);
}

double svyi_gamma_log_front(double a, double x) { return log_gamma_front(a, x); }

/* The part of P(a, x) that its front is multiplied with, x < a + 1 (DLMF 8.7.1). */
static double gamma_series(double a, double x)
{
    double term = 1 / a, sum = term;
    for (int n = 1; n < FRACTION_STEPS && term > sum * (DBL_EPSILON / 4); n++) {
        term *= x / (a + n);
        sum += term;
    }
    return sum;
}

/* The same of Q(a, x), x >= a + 1, by Lentz's method (DLMF 8.9.2, contracted). */
static double gamma_fraction(double a, double x)
{
    double below = x + 1 - a, c = 1e300, d = 1 / below, f = d;
    for (int n = 1; n < FRACTION_STEPS; n++) {
        double above = n * (a - n);
        below += 2;
        d = 1 / (above * d + below);
        c = below + above / c;
        f *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON)
            break;
    }
    return f;
}

/* P(chi^2 <= x), and the rest in *upper; 0 < x < infinity. */
static double chi2_lower(double x, double df, double *upper)
{
    double a = df / 2, half = x / 2, front = exp(log_gamma_front(a, half));
    if (half < a + 1) {
        double lower = front * gamma_series(a, half);
        *upper = 1 - lower;
        return lower;
    }
    *upper = front * gamma_fraction(a, half);
    return 1 - *upper;
}

double svyi_chi2_upper(double x, double df)
{
    double upper;
    if (isnan(x) || !(df > 0) || isinf(df))
        return nan("");
    if (x <= 0 || isinf(x))
        return x <= 0;
    chi2_lower(x, df, &upper);
    return upper;
}

double svyi_chi2_quantile(double p, double df)
{
    double upper, low = 0, high = df;
    if (!(p >= 0 && p <= 1) || !(df > 0) || isinf(df))
        return nan("");
    if (p == 0 || p == 1)
        return p == 0 ? 0 : HUGE_VAL;
    while (high < 1e300 && chi2_lower(high, df, &upper) < p)
        high *= 2;
    double x = high / 2;
    for (int step = 0; step < ROOT_STEPS; step++) {
        double lower = chi2_lower(x, df, &upper), excess = p < 0.5 ? lower - p : 1 - p - upper;
        if (excess > 0) high = x; else low = x;
        double density = exp(log_gamma_front(df / 2, x / 2)) / x, next = x - excess / density;
        if (!(next > low && next < high))
            next = low > 0 ? sqrt(low) * sqrt(high) : high / 16;
        double change = fabs(next - x);
        x = next;
        if (change <= 2 * DBL_EPSILON * x)
            break;
    }
    return x;
}

/* ---- normal ---- */

double svyi_normal_upper(double z)
{
    static const double root_half = 0.70710678118654752440, root_half_rest = -4.8336466567264567e-17, two_over_root_pi = 1.1283791670955125739;
    if (isinf(z))
        return z < 0;
    /* erfc magnifies the rounding of its argument by 2 x^2: the rest of z / sqrt(2) is brought in by the derivative. */
    double x = z * root_half, rest = fma(z, root_half, -x) + z * root_half_rest;
    return 0.5 * (erfc(x) - two_over_root_pi * exp(-x * x) * rest);
}

double svyi_normal_quantile(double p)
{
    return p >= 0 && p <= 1 ? gsl_cdf_ugaussian_Pinv(p) : nan("");
}
