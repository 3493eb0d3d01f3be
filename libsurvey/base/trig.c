/* Sines by a reduction to an eighth of the circle and their series; angles by halving the tangent and its series. */
#include "base/trig.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

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

/* 2/pi after the point, 32 bits a word. */
static const uint32_t DIGITS[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0,
    0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4,
    0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d,
    0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d,
};

/* Any larger x, after Payne and Hanek (doi:10.1145/1057600.1057602): x = m * 2^e; whole circles of m * 2/pi * 2^e are not computed. */
static int reduce_large(double x, double *high, double *low)
{
    enum { MANTISSA = 52, BIAS = 1075, WORDS = 6 };
    const int accurate = 32 * WORDS;             /* bits that the words left out cannot change */
    uint64_t bits, m;
    uint32_t product[WORDS + 2] = { 0 };
    double turn = 0, rest = 0, unit = 1;
    int quarters = 0;

    memcpy(&bits, &x, sizeof bits);
    const int exponent = (int)(bits >> MANTISSA & 0x7ff) - BIAS, first = exponent > 34 ? (exponent - 2) / 32 : 0;
    m = (bits & (((uint64_t)1 << MANTISSA) - 1)) | (uint64_t)1 << MANTISSA;
    for (int i = WORDS - 1; i >= 0; i--) {             /* m * digits, the most significant word first */
        const uint32_t digit = DIGITS[first + i];
        const uint64_t small = (m & 0xffffffffu) * digit, large = (m >> 32) * digit;
        uint64_t sum = (uint64_t)product[i + 2] + (small & 0xffffffffu);
        product[i + 2] = (uint32_t)sum;
        sum = (sum >> 32) + product[i + 1] + (small >> 32) + (large & 0xffffffffu);
        product[i + 1] = (uint32_t)sum;
        product[i] += (uint32_t)((sum >> 32) + (large >> 32));
    }
    const int point = 64 + exponent - 32 * first;      /* bits of the product before the point */
    for (int i = 0; i < accurate && i < point + 160; i++) {
        const int bit = (int)(product[i / 32] >> (31 - i % 32) & 1);
        if (i < point)
            quarters = (quarters << 1 | bit) & 3;
        else {
            unit /= 2;
            turn += i - point < 53 ? bit * unit : 0;
            rest += i - point >= 53 ? bit * unit : 0;
        }
    }
    if (turn >= 0.5) {
        turn -= 1;
        quarters++;
    }
    const double split = 134217729.0, c = split * turn, h = c - (c - turn), l = turn - h, d = split * PI_2, ph = d - (d - PI_2), pl = PI_2 - ph;
    const double product_high = turn * PI_2, sign = x < 0 ? -1 : 1;
    const double product_low = ((h * ph - product_high) + h * pl + l * ph) + l * pl + turn * PI_2_REST + rest * PI_2;
    *high = sign * (product_high + product_low);
    *low = sign * (product_low - ((product_high + product_low) - product_high));
    return x < 0 ? -quarters : quarters;
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
    const int quarter = ((fabs(x) < 1e6 ? reduce(x, &high, &low) : reduce_large(x, &high, &low)) + shift) & 3;
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
