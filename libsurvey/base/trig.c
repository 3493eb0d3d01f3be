/* Sines by a reduction to an eighth of the circle and their series; angles by halving the tangent and its series. */
#include "base/trig.h"

#include <math.h>

/* pi/2 in three pieces of 33 bits and a rest, so that small multiples of the pieces are exact. */
static const double PI_2_A = 1.57079632673412561417e+00, PI_2_B = 6.07710050630396597660e-11, PI_2_C = 2.02226624871116645580e-21,
                    PI_2_D = 8.47842766036889956997e-32;
static const double PI_2 = 1.57079632679489655800, PI_2_REST = 6.12323399573676603587e-17;    /* pi/2 = their sum */

/* x as quarters of the circle and an angle in -pi/4 to pi/4, which is high + low. */
static int reduce(double x, double *high, double *low)
{
    const double quarters = floor(x * (2 / SVYI_PI) + 0.5);
    const double a = x - quarters * PI_2_A, b = quarters * PI_2_B;
    const double r = a - b, lost = (a - r) - b, rest = quarters * PI_2_C;

    *high = r - rest;
    *low = ((r - *high) - rest) + lost - quarters * PI_2_D;
    return (int)(quarters - 4 * floor(quarters / 4));
}

/* sin(x + e) and cos(x + e) for |x| <= pi/4 and a tiny e: their Taylor series. */
static double sine(double x, double e)
{
    static const double C[] = { 1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6 };
    const double z = x * x;
    double sum = 0;

    for (unsigned i = 0; i < sizeof C / sizeof *C; i++)
        sum = sum * z + C[i];
    return x + (x * z * sum + e * (1 - z / 2));
}

static double cosine(double x, double e)
{
    static const double C[] = { -1.0 / 6402373705728000, 1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24 };
    const double z = x * x, half = z / 2, one = 1 - half;
    double sum = 0;

    for (unsigned i = 0; i < sizeof C / sizeof *C; i++)
        sum = sum * z + C[i];
    return one + (((1 - one) - half) + (z * z * sum - x * e));
}

/* `shift` quarters ahead of the sine. */
static double wave(double x, int shift)
{
    double high, low;

    if (!isfinite(x))
        return (double)NAN;
    const int quarter = (reduce(x, &high, &low) + shift) & 3;
    const double v = (quarter & 1) != 0 ? cosine(high, low) : sine(high, low);
    return (quarter & 2) != 0 ? -v : v;
}

double svyi_sin(double x)
{
    return x == 0 ? x : wave(x, 0);
}

double svyi_cos(double x)
{
    return wave(x, 1);
}

double svyi_tan(double x)
{
    return x == 0 ? x : wave(x, 0) / wave(x, 1);
}

/* For 0 <= x <= 1: the angle whose tangent is x is twice that of x / (1 + sqrt(1 + x^2)); after two halvings the series is short. */
static double small_angle(double x)
{
    double sum = 0;

    x = x / (1 + sqrt(1 + x * x));
    x = x / (1 + sqrt(1 + x * x));
    const double z = x * x;
    for (int k = 25; k >= 3; k -= 2)
        sum = (k % 4 == 1 ? 1.0 : -1.0) / k + z * sum;
    return 4 * (x + x * z * sum);
}

double svyi_atan(double x)
{
    const double size = fabs(x);

    if (isnan(x) || x == 0)
        return x;
    const double angle = size <= 1 ? small_angle(size) : PI_2 - (small_angle(1 / size) - PI_2_REST);
    return x < 0 ? -angle : angle;
}

double svyi_atan2(double y, double x)
{
    const double sign = signbit(y) != 0 ? -1 : 1;

    if (isnan(x) || isnan(y))
        return (double)NAN;
    if (y == 0)
        return signbit(x) != 0 ? sign * SVYI_PI : y;
    if (x == 0)
        return sign * PI_2;
    if (isinf(x))
        return sign * (isinf(y) ? (x > 0 ? SVYI_PI / 4 : 3 * SVYI_PI / 4) : x > 0 ? 0.0 : SVYI_PI);
    if (isinf(y))
        return sign * PI_2;
    const double angle = svyi_atan(fabs(y / x));
    return sign * (x > 0 ? angle : SVYI_PI - (angle - 2 * PI_2_REST));
}

double svyi_asin(double x)
{
    return fabs(x) <= 1 ? (x == 0 ? x : svyi_atan2(x, sqrt((1 - x) * (1 + x)))) : (double)NAN;
}

double svyi_acos(double x)
{
    return fabs(x) <= 1 ? svyi_atan2(sqrt((1 - x) * (1 + x)), x) : (double)NAN;
}
