/* The quick way to read a number in its usual form, eight digits at a time. Private to the row parser, which it is made part of. */
#ifndef SVY_DATAIO_CSV_FAST_H
#define SVY_DATAIO_CSV_FAST_H
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SVYI_EXACT_POWER = 22 };  /* 10^22 is the last power of ten that is a double */

/* Bytes at `at` as digits, the first in the lowest byte; a byte that is no digit becomes 10 or more. */
static inline uint64_t svyi_load_digits(const char *at)
{
    uint64_t x = 0;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&x, at, sizeof x);
#else
    for (int i = 0; i < 8; i++)
        x |= (uint64_t)(unsigned char)at[i] << 8 * i;
#endif
    return x ^ 0x3030303030303030u;
}

/* The top bit of each byte that is no digit. */
static inline uint64_t svyi_mark_others(uint64_t x)
{
    return (((x & 0x7F7F7F7F7F7F7F7Fu) + 0x7676767676767676u) | x) & 0x8080808080808080u;
}

/* Bytes before the first that is marked; there is one. */
static inline int svyi_bytes_before(uint64_t marks)
{
#if defined(__GNUC__)
    return __builtin_ctzll(marks) / 8;
#else
    int n = 0;
    for (; (marks & 0x80) == 0; marks >>= 8)
        n++;
    return n;
#endif
}

/* The number that eight digits make: pairs in every second byte, then fours, then all. */
static inline uint64_t svyi_join_digits(uint64_t x)
{
    x = x * 10 + (x >> 8);
    x = ((x & 0x000000FF000000FFu) * 0x000F424000000064u + ((x >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >> 32;
    return x & 0xFFFFFFFFu;
}

/* Reads a run of digits; m wraps around when there are too many, which the caller sees from their number. */
static inline const char *svyi_take_digits(const char *at, uint64_t *m)
{
    static const uint64_t POWER[8] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
    uint64_t x = svyi_load_digits(at), others = svyi_mark_others(x);

    for (; others == 0; others = svyi_mark_others(x)) {
        *m = *m * 100000000 + svyi_join_digits(x);
        at += 8;                      /* a constant, so that the processor need not wait to see what comes next */
        x = svyi_load_digits(at);
    }
    const int n = svyi_bytes_before(others);
    if (n > 0)                        /* the last digit moves to the last byte; zeros come in before the first */
        *m = *m * POWER[n] + svyi_join_digits(x << (64 - 8 * n));
    return at + n;
}

/* m / 10^power, correctly rounded, or 0 when this way cannot tell: the quotient is kept as a sum of two doubles, and accepted when it
   rounds to the same double at both ends of its error bound (Ziv's test, doi:10.1145/114697.116813). */
static inline int svyi_quotient(uint64_t m, double p, double *value)
{
    const double ERROR = 0x1p-45;     /* relative error of `low`, generously: three operations of 2^-53 */
    const double high_part = (double)(m & ~(uint64_t)0x7FF), low_part = (double)(m & 0x7FF);
    const double high = high_part / p, low = (fma(-high, p, high_part) + low_part) / p;
    const double down = high + low * (1 - ERROR), up = high + low * (1 + ERROR);

    *value = down;
    return down == up;
}

static inline int svyi_decimal_value(uint64_t m, int exponent, double *value)
{
    static const double POWER[SVYI_EXACT_POWER + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };

    if (exponent < -SVYI_EXACT_POWER || exponent > SVYI_EXACT_POWER)
        return 0;
    if (m <= (uint64_t)1 << 53) {     /* two exact doubles and one operation: correctly rounded (Clinger 1990, doi:10.1145/93542.93557) */
        *value = exponent < 0 ? (double)m / POWER[-exponent] : (double)m * POWER[exponent];
        return 1;
    }
    /* Whole numbers of this size are looked at digit by digit: they may be identifiers. */
    return exponent < 0 && svyi_quotient(m, POWER[-exponent], value);
}

static inline int svyi_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number in a plain cell in its usual form: returns where its separator or line feed is; NULL for everything else, which may be a number
   too (svyi_csv_number tells). There must be a line end, and SVYI_CSV_PAD bytes behind it. */
static inline const char *svyi_csv_fast_number(const char *at, char separator, char decimal, double *value)
{
    static const double SIGN[2] = { 1, -1 };   /* a table and not a branch: signs are hard to foretell */
    const int negative = *at == '-';
    const char *first = at + negative;
    double magnitude;
    const char *p = first;
    uint64_t m = 0;

    if (!svyi_digit(*p))
        return NULL;
    if (!svyi_digit(p[1])) {          /* codes, and most of what has a fraction */
        m = (uint64_t)(*p++ - '0');
    } else if (!svyi_digit(p[2])) {
        m = (uint64_t)((p[0] - '0') * 10 + (p[1] - '0'));
        p += 2;
    } else {
        p = svyi_take_digits(p, &m);
    }
    int64_t digits = p - first, exponent = 0;
    if (*p == decimal && svyi_digit(p[1])) {
        const char *fraction = p + 1;
        p = svyi_take_digits(fraction, &m);
        exponent = fraction - p;
        digits -= exponent;
    }
    if (digits > 19)                  /* m may have wrapped around */
        return NULL;
    if (*p == 'e' && (p[1] == '-' || p[1] == '+') && svyi_digit(p[2]) && svyi_digit(p[3])) {
        const int e = (p[2] - '0') * 10 + (p[3] - '0');
        exponent += p[1] == '-' ? -e : e;
        p += 4;
    }
    if ((*p != separator && *p != '\n' && *p != '\r') || !svyi_decimal_value(m, (int)exponent, &magnitude))
        return NULL;
    *value = magnitude * SIGN[negative];
    if (*p == '\r')
        return p[1] == '\n' ? p + 1 : NULL;
    return p;
}
#endif
