/* Decimal numbers to and from text, correctly rounded and independent of the locale. */
#include "base/number.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"

enum {
    KEPT = SVYI_DECIMAL_DIGITS - 1,   /* digits that are looked at; no double needs more than 767 to be told from its neighbours */
    EXPONENT_CAP = 100000,    /* larger exponents mean the same: infinite or zero, also after KEPT digits */
    EXACT_POWER = 22,         /* 10^22 is the last power of ten that is a double */
    LONGEST = 17,             /* digits that always suffice to read a double back */
    POSITIONAL_MAX = 21, POSITIONAL_MIN = -5   /* decimal exponents written without "e" */
};

/* What a text says: digits without point times 10^exponent. */
typedef struct decimal {
    char digits[KEPT + 1];    /* significant ones, no leading zeros; one more as a sticky digit */
    size_t count;
    int64_t exponent;
    int negative, dropped;    /* dropped: a digit other than 0 did not fit */
} decimal;

static int is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* A run of at least one digit; digits of the fraction lower the exponent. NULL when there is none. */
static const char *take_digits(decimal *d, const char *at, const char *end, int fraction)
{
    if (!is_digit(at, end))
        return NULL;
    for (; is_digit(at, end); at++) {
        if (d->count == 0 && *at == '0')
            d->exponent -= fraction;
        else if (d->count < KEPT) {
            d->digits[d->count++] = *at;
            d->exponent -= fraction;
        } else {
            d->dropped |= *at != '0';
            d->exponent += !fraction;
        }
    }
    return at;
}

static const char *take_exponent(decimal *d, const char *at, const char *end)
{
    const int negative = at < end && *at == '-';
    int64_t value = 0;

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (!is_digit(at, end))
        return NULL;
    for (; is_digit(at, end); at++)
        if (value < INT64_MAX / 100)   /* far beyond what the longest text could make up for */
            value = value * 10 + (*at - '0');
    d->exponent += negative ? -value : value;
    return at;
}

static int take_decimal(decimal *d, const char *at, const char *end)
{
    d->count = 0;
    d->exponent = 0;
    d->dropped = 0;
    d->negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if ((at = take_digits(d, at, end, 0)) == NULL)
        return 0;
    if (at < end && *at == '.' && (at = take_digits(d, at + 1, end, 1)) == NULL)
        return 0;
    if (at < end && (*at == 'e' || *at == 'E') && (at = take_exponent(d, at + 1, end)) == NULL)
        return 0;
    return at == end;
}

/* Two exact doubles and one operation: correctly rounded (Clinger 1990, doi:10.1145/93542.93557). 0 when not applicable. */
static int exact_value(const decimal *d, double *value)
{
    static const double POWER[EXACT_POWER + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };
    uint64_t mantissa = 0;

    if (d->count > 19 || d->exponent > EXACT_POWER || d->exponent < -EXACT_POWER)
        return 0;
    for (size_t i = 0; i < d->count; i++)
        mantissa = mantissa * 10 + (uint64_t)(d->digits[i] - '0');
    if (mantissa > (uint64_t)1 << 53)
        return 0;
    *value = d->exponent < 0 ? (double)mantissa / POWER[-d->exponent] : (double)mantissa * POWER[d->exponent];
    return 1;
}

static double rounded_value(decimal *d)
{
    size_t n = d->count;
    int64_t exponent = d->exponent;

    if (d->dropped) {             /* the sum of what was dropped only matters to break a tie upwards */
        d->digits[n++] = '1';
        exponent--;
    }
    if (exponent > EXPONENT_CAP)
        exponent = EXPONENT_CAP;
    if (exponent < -EXPONENT_CAP)
        exponent = -EXPONENT_CAP;
    return svyi_decimal_value(d->digits, n, (long)exponent);
}

int svyi_number_parse(const char *text, size_t len, double *value)
{
    decimal d;
    double v = 0;

    *value = 0;
    if (len == 0 || !take_decimal(&d, text, text + len))
        return 0;
    if (d.count > 0 && !exact_value(&d, &v))
        v = rounded_value(&d);
    if (isinf(v))
        return 0;
    *value = d.negative ? -v : v;
    return 1;
}

static int reads_back(const char *digits, size_t n, int exponent, double value)
{
    decimal d;                    /* its digits are many: only what is used is set */
    double read;

    d.count = n;
    d.exponent = exponent - (int)n + 1;
    d.dropped = 0;
    memcpy(d.digits, digits, n);
    return (exact_value(&d, &read) ? read : rounded_value(&d)) == value;
}

/* The next decimal above, of the same number of digits; 0 when it would need one more. */
static int step_up(char *digits, size_t n)
{
    for (; n > 0; n--) {
        if (digits[n - 1] < '9') {
            digits[n - 1] = (char)(digits[n - 1] + 1);
            return 1;
        }
        digits[n - 1] = '0';
    }
    return 0;
}

/* The fewest digits that read back. Normal doubles hold any 15 digits, so a shorter answer shows as zeros at the end of 15;
   the doubles near zero have fewer and are tried from 1. Above a power of two the gap is twice that below:
   there the nearest decimal can miss and the one above it fit. */
static size_t shortest_digits(double value, char *digits, int *exponent)
{
    for (int count = value < 2.2250738585072014e-308 ? 1 : 15; count < LONGEST; count++) {
        size_t n = svyi_decimal_digits(value, count, digits, exponent);
        if (reads_back(digits, n, *exponent, value))
            return n;
        for (; n < (size_t)count; n++)
            digits[n] = '0';
        if (step_up(digits, n) && reads_back(digits, n, *exponent, value))
            return n;
    }
    return svyi_decimal_digits(value, LONGEST, digits, exponent);
}

/* A whole number of at least `wide` digits. */
static size_t put_whole(char *out, uint64_t whole, int wide)
{
    char digits[20];
    int n = 0;

    for (; whole > 0 || n < wide; whole /= 10)
        digits[n++] = (char)('0' + whole % 10);
    for (int i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = '\0';
    return (size_t)n;
}

/* Writes 0.000ddd, ddd.ddd, ddd000 or d.ddde-7. */
static size_t lay_out(const char *digits, size_t n, int exponent, char *out)
{
    char *at = out;

    if (exponent < POSITIONAL_MIN || exponent >= POSITIONAL_MAX) {
        *at++ = digits[0];
        if (n > 1)
            *at++ = '.';
        memcpy(at, digits + 1, n - 1);
        at += n - 1;
        *at++ = 'e';
        if (exponent < 0)
            *at++ = '-';
        return (size_t)(at - out) + put_whole(at, (uint64_t)(exponent < 0 ? -exponent : exponent), 1);
    }
    if (exponent < 0) {
        *at++ = '0';
        *at++ = '.';
        for (int i = -1; i > exponent; i--)
            *at++ = '0';
    }
    for (int i = 0; i < (int)n || i <= exponent; i++) {
        if (i > 0 && i == exponent + 1)
            *at++ = '.';
        *at = '0';
        if (i < (int)n)
            *at = digits[i];
        at++;
    }
    *at = '\0';
    return (size_t)(at - out);
}

static size_t put_text(char *out, const char *text)
{
    const size_t n = strlen(text);

    memcpy(out, text, n + 1);
    return n;
}

/* Whole numbers and those with up to six decimals, as most data have them: the quotient of two exact doubles is what reading
   the decimal gives, and at most 15 digits are the shortest when they read back. Returns 0 when not applicable. */
static size_t format_short(double size, char *out)
{
    enum { DECIMALS = 6 };
    static const int64_t POWER[DECIMALS + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };

    if (size < 1e-5 && size > 0)
        return 0;                 /* written with an exponent */
    for (int k = 0; k <= DECIMALS; k++) {
        const double scaled = floor(size * (double)POWER[k] + 0.5);
        if (!(scaled < 1e15))
            return 0;
        if (scaled / (double)POWER[k] != size)
            continue;
        const int64_t n = (int64_t)scaled;
        size_t length = put_whole(out, (uint64_t)(n / POWER[k]), 1);
        if (k > 0) {
            out[length++] = '.';
            length += put_whole(out + length, (uint64_t)(n % POWER[k]), k);
        }
        return length;
    }
    return 0;
}

size_t svyi_number_format(double value, char *out)
{
    char digits[LONGEST + 3];
    int exponent;

    if (isnan(value))
        return put_text(out, "nan");
    const size_t sign = signbit(value) ? put_text(out, "-") : 0;
    const double size = fabs(value);
    if (isinf(size))
        return sign + put_text(out + sign, "inf");
    size_t n = format_short(size, out + sign);
    if (n == 0) {
        const size_t count = shortest_digits(size, digits, &exponent);
        n = lay_out(digits, count, exponent, out + sign);
    }
    return sign + n;
}
