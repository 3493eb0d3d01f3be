/* exp, ln and pow from + - * / alone, so that every platform and WebAssembly compute the same bits. */
#include "base/number.h"

#include <math.h>
#include <string.h>

enum { MANTISSA = 52, BIAS = 1023, EXPONENT_MASK = 0x7FF, WHOLE_POWER = 64 };

/* ln 2 in pieces: k * LN2_A is exact for |k| < 2^21, k * LN2_B nearly so; together 118 bits. */
static const double LN2_A = 0x1.62e42feep-1, LN2_B = 0x1.a39ef35793c76p-33, LN2_C = 0x1.cc01f97b57a08p-87;
static const double LN2_INVERSE = 0x1.71547652b82fep+0, SQRT2 = 0x1.6a09e667f3bcdp+0, INF = (double)INFINITY,
                    NONE = (double)NAN;

/* A number as an unevaluated sum, |lo| <= half a unit in the last place of hi (Dekker 1971, doi:10.1007/BF01397083). */
typedef struct twofold { double hi, lo; } twofold;

static double power_of_two(int exponent)       /* -1022..1023 */
{
    const uint64_t bits = (uint64_t)(exponent + BIAS) << MANTISSA;
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x * 2^exponent, rounded once or (subnormal) twice. */
static double scale(double x, int64_t exponent)
{
    for (; exponent > 1023; exponent -= 1023) {
        x *= power_of_two(1023);
        if (isinf(x))
            return x;
    }
    for (; exponent < -969; exponent += 969) { /* leaves 53 bits above the subnormals for the last step */
        x *= power_of_two(-969);
        if (x == 0)
            return x;
    }
    return x * power_of_two((int)exponent);
}

/* x > 0, finite: x = m * 2^exponent with m in [1, 2). */
static double split_exponent(double x, int *exponent)
{
    uint64_t bits;
    int shift = 0;

    if (x < 0x1p-1022) {
        x *= 0x1p54;
        shift = 54;
    }
    memcpy(&bits, &x, sizeof bits);
    *exponent = (int)(bits >> MANTISSA & EXPONENT_MASK) - BIAS - shift;
    bits = (bits & (((uint64_t)1 << MANTISSA) - 1)) | (uint64_t)BIAS << MANTISSA;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static twofold add_exact(double a, double b)
{
    const double sum = a + b, part = sum - a;

    return (twofold){ sum, (a - (sum - part)) + (b - part) };
}

static twofold normal(double hi, double lo)    /* |hi| >= |lo| or hi == 0 */
{
    const double sum = hi + lo;

    return (twofold){ sum, lo - (sum - hi) };
}

static twofold mul_exact(double a, double b)   /* |a|, |b| < 2^500 */
{
    const double ca = 134217729.0 * a, cb = 134217729.0 * b;     /* 2^27 + 1 splits 53 bits into halves */
    const double ah = ca - (ca - a), al = a - ah, bh = cb - (cb - b), bl = b - bh, product = a * b;

    return (twofold){ product, ((ah * bh - product) + ah * bl + al * bh) + al * bl };
}

static twofold add2(twofold a, twofold b)
{
    const twofold s = add_exact(a.hi, b.hi);

    return normal(s.hi, s.lo + (a.lo + b.lo));
}

static twofold mul2(twofold a, twofold b)
{
    const twofold p = mul_exact(a.hi, b.hi);

    return normal(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static twofold div2(twofold a, twofold b)
{
    const double q = a.hi / b.hi;
    const twofold p = mul_exact(q, b.hi);

    return normal(q, ((a.hi - p.hi) - p.lo + a.lo - q * b.lo) / b.hi);
}

/* e^(x + low) for a finite x. With x + low = k ln 2 + r, |r| <= 0.35, the Taylor series to r^14 leaves 2^-62. */
static double exp_sum(double x, double low)
{
    static const double INVERSE_FACTORIAL[] = {
        1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800,
        1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0, 1.0 / 87178291200.0,
    };

    if (x > 710)
        return INF;
    if (x < -746)
        return 0;
    const double k = floor(x * LN2_INVERSE + 0.5);
    const twofold r = add_exact(x - k * LN2_A, low - k * LN2_B);   /* the first difference is exact */
    double series = 0;
    for (size_t i = sizeof INVERSE_FACTORIAL / sizeof INVERSE_FACTORIAL[0]; i-- > 0;)
        series = series * r.hi + INVERSE_FACTORIAL[i];
    const twofold one = add_exact(1, r.hi);
    return scale(one.hi + (one.lo + (series * r.hi * r.hi + r.lo * one.hi)), (int64_t)k);
}

double svyi_exp(double x)
{
    if (isnan(x))
        return x;
    return isinf(x) ? (x > 0 ? x : 0) : exp_sum(x, 0);
}

/* ln x for finite x > 0 to about 100 bits: x = 2^k m, m in [sqrt 1/2, sqrt 2], s = (m - 1)/(m + 1),
   ln m = 2 (s + s^3/3 + s^5/5 + ...) with |s| < 0.172; terms from s^13 on matter only to a double. */
static twofold ln2fold(double x)
{
    enum { LAST = 22, LAST_TWOFOLD = 5 };
    int k;
    double m = split_exponent(x, &k), tail = 0;

    if (m > SQRT2) {
        m *= 0.5;
        k++;
    }
    const twofold s = div2((twofold){ m - 1, 0 }, add_exact(m, 1)), z = mul2(s, s);
    for (int i = LAST; i > LAST_TWOFOLD; i--)
        tail = tail * z.hi + 1.0 / (2 * i + 1);
    twofold sum = { tail, 0 };
    for (int i = LAST_TWOFOLD; i >= 0; i--)
        sum = add2(div2((twofold){ 1, 0 }, (twofold){ 2 * i + 1, 0 }), mul2(z, sum));
    sum = mul2(s, (twofold){ 2 * sum.hi, 2 * sum.lo });
    const twofold ln2k = add2(add_exact(k * LN2_A, k * LN2_B), (twofold){ k * LN2_C, 0 });
    return add2(ln2k, sum);
}

double svyi_ln(double x)
{
    if (isnan(x) || (isinf(x) && x > 0))
        return x;
    if (x < 0)
        return NONE;
    return x == 0 ? -INF : ln2fold(x).hi;
}

/* x^n, x > 0, by repeated squaring of the mantissa at double length: exact whenever the result is a double. */
static double whole_power(double x, int n)
{
    const int count = n < 0 ? -n : n;
    int exponent;
    twofold base = { split_exponent(x, &exponent), 0 }, power = { 1, 0 };

    for (int left = count; left > 0; left >>= 1) {
        if (left & 1)
            power = mul2(power, base);
        base = left > 1 ? mul2(base, base) : base;
    }
    if (n < 0)
        power = div2((twofold){ 1, 0 }, power);
    return scale(power.hi, (int64_t)exponent * n);
}

/* x^y for finite x > 0 and finite y. */
static double positive_power(double x, double y)
{
    if (floor(y) == y && fabs(y) <= WHOLE_POWER)
        return whole_power(x, (int)y);
    if (x == 1)
        return 1;
    const twofold ln = ln2fold(x);
    if (fabs(y) > 0x1p70)         /* keeps the product finite; x is not 1, so |ln x| >= 2^-53 */
        return (ln.hi > 0) == (y > 0) ? INF : 0;
    const twofold product = mul2((twofold){ y, 0 }, ln);
    return exp_sum(product.hi, product.lo);
}

/* 0: not whole, 1: odd, 2: even. */
static int parity(double y)
{
    if (isinf(y) || floor(y) != y)
        return isinf(y) ? 2 : 0;
    return floor(y / 2) * 2 == y ? 2 : 1;
}

double svyi_pow(double x, double y)
{
    if (y == 0 || x == 1)
        return 1;
    if (isnan(x) || isnan(y))
        return NONE;
    const double size = fabs(x);
    const int kind = parity(y), negative = signbit(x) && kind == 1;
    double value;

    if (isinf(y))
        value = size == 1 ? 1 : (size > 1) == (y > 0) ? INF : 0;
    else if (isinf(x) || x == 0)
        value = (x != 0) == (y > 0) ? INF : 0;
    else if (x < 0 && kind == 0)
        return NONE;
    else
        value = positive_power(size, y);
    return negative ? -value : value;
}
