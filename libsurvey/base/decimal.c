/* Doubles and decimal digits, exactly, by whole numbers of any length in base 10^9. The C library's strtod and printf do the same; these bring less with them
   into WebAssembly, and their results are the same bits everywhere. */
#include "base/decimal.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LIMBS = 136, NINE = 9, CHUNK = 29 /* 2^29 < 10^9 */, FIVES = 13 /* 5^13 < 2^31 */, MANTISSA = 53, LEAST = -1022, MOST = 1023, LARGEST = 310, SMALLEST = -330 };
#define BASE 1000000000u

typedef struct big { uint32_t limb[LIMBS]; int n; } big;       /* lowest first, the highest is not 0; n 0: zero */

/* b = b * factor + add. Nothing here grows beyond LIMBS: the digits and exponents that are let in see to that. */
static void multiply(big *b, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;

    for (int i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)(carry % BASE);
        carry /= BASE;
    }
    for (; carry > 0 && b->n < LIMBS; carry /= BASE)
        b->limb[b->n++] = (uint32_t)(carry % BASE);
}

static void shift(big *b, int bits)
{
    for (; bits >= CHUNK; bits -= CHUNK)
        multiply(b, 1u << CHUNK, 0);
    multiply(b, 1u << bits, 0);
}

static int compare(const big *a, const big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* a -= b, which is not larger. */
static void subtract(big *a, const big *b)
{
    uint32_t borrow = 0;

    for (int i = 0; i < a->n; i++) {
        const uint32_t take = (i < b->n ? b->limb[i] : 0) + borrow;
        borrow = a->limb[i] < take;
        a->limb[i] = a->limb[i] + (borrow ? BASE : 0) - take;
    }
    while (a->n > 0 && a->limb[a->n - 1] == 0)
        a->n--;
}

static uint32_t power_of_ten(int n)
{
    uint32_t power = 1;

    while (n-- > 0)
        power *= 10;
    return power;
}

/* digits * 10^zeros */
static void from_digits(big *b, const char *digits, size_t n, long zeros)
{
    b->n = 0;
    while (n > 0) {
        const int take = n % NINE != 0 ? (int)(n % NINE) : NINE;
        uint32_t limb = 0;
        for (int i = 0; i < take; i++)
            limb = limb * 10 + (uint32_t)(*digits++ - '0');
        multiply(b, power_of_ten(take), limb);
        n -= (size_t)take;
    }
    for (; zeros > 0; zeros -= NINE)
        multiply(b, power_of_ten(zeros < NINE ? (int)zeros : NINE), 0);
}

/* Multiplies one of the two by 2 until 1 <= a/b < 2; returns e with a/b as it was = (a/b as it is) * 2^e. */
static int scale(big *a, big *b)
{
    int e = 0;

    for (; a->n > b->n + 1; e += CHUNK)
        shift(b, CHUNK);
    for (; b->n > a->n + 1; e -= CHUNK)
        shift(a, CHUNK);
    for (; compare(a, b) >= 0; e++)
        shift(b, 1);
    for (; compare(a, b) < 0; e--)
        shift(a, 1);
    return e;
}

double svyi_decimal_value(const char *digits, size_t n, long exponent)
{
    big a, b;
    uint64_t mantissa = 0;

    if (n > SVYI_DECIMAL_DIGITS || (long)n + exponent > LARGEST)
        return HUGE_VAL;
    if ((long)n + exponent < SMALLEST)
        return 0;
    from_digits(&a, digits, n, exponent > 0 ? exponent : 0);
    from_digits(&b, "1", 1, exponent < 0 ? -exponent : 0);
    const int e = scale(&a, &b), bits = e >= LEAST ? MANTISSA : MANTISSA + e - LEAST;
    if (e > MOST || bits < 0)
        return e > MOST ? HUGE_VAL : 0;
    for (int i = 0; i < bits; i++) {
        mantissa <<= 1;
        if (compare(&a, &b) >= 0) {
            subtract(&a, &b);
            mantissa |= 1;
        }
        shift(&a, 1);
    }
    const int half = compare(&a, &b);                  /* what is left beside half of the last bit */
    if (half > 0 || (half == 0 && (mantissa & 1) != 0))
        mantissa++;
    return ldexp((double)mantissa, e - bits + 1);
}

/* All digits of b; returns how many. */
static int to_digits(const big *b, char *out)
{
    int n = 0;

    for (int i = b->n - 1; i >= 0; i--) {
        uint32_t limb = b->limb[i];
        const int wide = i == b->n - 1 ? (limb < 10 ? 1 : limb < 100 ? 2 : limb < 1000 ? 3 : limb < 10000 ? 4 : limb < 100000 ? 5 : limb < 1000000 ? 6
                                          : limb < 10000000 ? 7 : limb < 100000000 ? 8 : 9) : NINE;
        for (int k = wide - 1; k >= 0; k--, limb /= 10)
            out[n + k] = (char)('0' + limb % 10);
        n += wide;
    }
    return n;
}

/* 1 when digits[count..n) are more than half of the digit before them, or half and that is odd. */
static int rounds_up(const char *digits, int n, int count)
{
    if (digits[count] != '5')
        return digits[count] > '5';
    for (int i = count + 1; i < n; i++)
        if (digits[i] != '0')
            return 1;
    return (digits[count - 1] - '0') % 2 != 0;
}

size_t svyi_decimal_digits(double value, int count, char *digits, int *exponent)
{
    char all[LIMBS * NINE];
    int two;
    uint64_t mantissa = (uint64_t)ldexp(frexp(value, &two), MANTISSA);
    big b = { .n = 0 };

    for (two -= MANTISSA; two < 0 && mantissa % 2 == 0; two++)
        mantissa /= 2;
    for (; mantissa > 0; mantissa /= BASE)
        b.limb[b.n++] = (uint32_t)(mantissa % BASE);
    shift(&b, two > 0 ? two : 0);
    for (int left = -two; left > 0; left -= FIVES) {         /* m / 2^k = m * 5^k / 10^k */
        uint32_t power = 1;
        for (int i = 0; i < FIVES && i < left; i++)
            power *= 5;
        multiply(&b, power, 0);
    }
    int n = to_digits(&b, all);
    *exponent = n - 1 + (two < 0 ? two : 0);
    if (n > count) {
        const int up = rounds_up(all, n, count);
        n = count;
        while (up && n > 0 && all[n - 1] == '9')
            n--;
        if (up && n > 0)
            all[n - 1] = (char)(all[n - 1] + 1);
        if (n == 0) {                                        /* 999 became 1000 */
            all[n++] = '1';
            ++*exponent;
        }
    }
    while (n > 1 && all[n - 1] == '0')
        n--;
    memcpy(digits, all, (size_t)n);
    return (size_t)n;
}
