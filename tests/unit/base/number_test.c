/* Numbers in text both ways, random generators against published sequences, and exp, ln, pow against the C library. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* As doubles: the macros of math.h are floats. */
#define INF ((double)INFINITY)
#define NONE ((double)NAN)

enum { TRIES = 100000 };

static int same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Any finite double, all exponents alike. */
static double random_double(svyi_random *r)
{
    double x;

    do {
        const uint64_t bits = svyi_random_next(r);
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

Test(number, accepted_texts)
{
    static const struct { const char *text; double value; } CASES[] = {
        { "0", 0 }, { "-0", -0.0 }, { "+7", 7 }, { "007", 7 }, { "12.50", 12.5 }, { "0.1", 0.1 }, { "1e3", 1000 },
        { "1E-2", 0.01 }, { "1.5e+2", 150 }, { "0e999999999999999999999", 0 }, { "0.000000e-5", 0 },
        { "9007199254740993", 9007199254740992.0 }, { "9007199254740993.00000000000000000000000000000000001", 9007199254740994.0 },
        { "123456789012345678901234567890", 123456789012345678901234567890.0 },
        { "1.7976931348623157e308", DBL_MAX }, { "4.9e-324", 0x1p-1074 }, { "2.4703282292062327e-324", 0 },
        { "2.4703282292062328e-324", 0x1p-1074 }, { "1e-400", 0 }, { "-1e-400", -0.0 },
        { "2.2250738585072011e-308", 0x0.fffffffffffffp-1022 },   /* once hung PHP and Java */
        { "0.1000000000000000055511151231257827021181583404541015625", 0.1 },
        { "100000000000000000000000000000000e-32", 1 }, { "0.00000000000000000000000000000000001e35", 1 },
    };

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        double value = NONE;
        cr_expect_eq(svyi_number_parse(CASES[i].text, strlen(CASES[i].text), &value), 1, "%s", CASES[i].text);
        cr_expect(same_bits(value, CASES[i].value), "%s: %.17g", CASES[i].text, value);
    }
}

Test(number, refused_texts)
{
    static const char *const CASES[] = {
        "", " ", "+", "-", ".", ".5", "5.", "1e", "1e+", "e5", "1 ", " 1", "1,5", "0x10", "inf", "nan", "1e5.5", "--1", "1_000",
        "1.5.2", "\xD9\xA3", "1e309", "-1e309", "1e99999999999999999999", "179769313486231580793e289",
    };

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        double value = 5;
        cr_expect_eq(svyi_number_parse(CASES[i], strlen(CASES[i]), &value), 0, "%s", CASES[i]);
        cr_expect_eq(value, 0, "%s", CASES[i]);
    }
    double value;
    cr_expect_eq(svyi_number_parse("12\0", 3, &value), 0);
    cr_expect_eq(svyi_number_parse("1234", 2, &value), 1);
    cr_expect_eq(value, 12, "only the length counts");
}

/* Texts far longer than a double needs; the C library reads them whole. */
Test(number, long_texts_round_like_the_c_library)
{
    svyi_random r;
    static char text[4000];

    svyi_random_seed(&r, 4);
    for (int i = 0; i < 300; i++) {
        const size_t len = 1 + svyi_random_below(&r, 2000), point = svyi_random_below(&r, 1500);
        size_t n = 0;
        for (size_t k = 0; k < len; k++) {
            if (k == point && k > 0)
                text[n++] = '.';
            text[n++] = (char)('0' + svyi_random_below(&r, 10) * (svyi_random_below(&r, 4) > 0));
        }
        if (text[n - 1] == '.')
            n--;
        n += (size_t)snprintf(text + n, 20, "e%d", (int)svyi_random_below(&r, 1200) - 1100);
        double value;
        const double expected = strtod(text, NULL);
        const int good = svyi_number_parse(text, n, &value);
        cr_assert_eq(good, isfinite(expected), "%s", text);
        cr_assert(!good || same_bits(value, expected), "%s", text);
    }
}

/* Exactly half way between 1 and the next double, with 2000 zeros and then nothing or something. */
Test(number, a_tie_is_broken_by_the_last_digit)
{
    static const char HALF[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[3000];
    const size_t n = sizeof HALF - 1;
    double value;

    memcpy(text, HALF, n);
    memset(text + n, '0', 2000);
    cr_expect_eq(svyi_number_parse(text, n + 2000, &value), 1);
    cr_expect_eq(value, 1);
    text[n + 1999] = '1';
    cr_expect_eq(svyi_number_parse(text, n + 2000, &value), 1);
    cr_expect_eq(value, 1 + DBL_EPSILON);
}

Test(number, parse_is_correctly_rounded)
{
    svyi_random r;

    svyi_random_seed(&r, 5);
    for (int i = 0; i < TRIES; i++) {
        char text[64];
        double value;
        if (i % 2)
            snprintf(text, sizeof text, "%.*e", (int)svyi_random_below(&r, 20), random_double(&r));
        else
            snprintf(text, sizeof text, "%u.%0*u", svyi_random_below(&r, 1000000), 1 + (int)svyi_random_below(&r, 9),
                     svyi_random_below(&r, 1000));
        const double expected = strtod(text, NULL);
        if (!isfinite(expected))
            continue;
        cr_assert_eq(svyi_number_parse(text, strlen(text), &value), 1, "%s", text);
        cr_assert(same_bits(value, expected), "%s", text);
    }
}

Test(number, formats)
{
    static const struct { double value; const char *text; } CASES[] = {
        { 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { -1, "-1" }, { 100, "100" }, { 0.1, "0.1" }, { -0.5, "-0.5" }, { 12.5, "12.5" },
        { 1.0 / 3, "0.3333333333333333" }, { 0.1 + 0.2, "0.30000000000000004" }, { 1e15, "1000000000000000" }, { 1e20, "100000000000000000000" },
        { 1e21, "1e21" }, { 1.5e300, "1.5e300" }, { 1e-5, "0.00001" }, { 1.5e-6, "1.5e-6" }, { 1e-7, "1e-7" }, { 1e-6, "1e-6" }, { 0.000015, "0.000015" }, { 999999999.999999, "999999999.999999" }, { 123456.789, "123456.789" },
        { 9007199254740993.0, "9007199254740992" }, { 0x1p-1074, "5e-324" }, { DBL_MAX, "1.7976931348623157e308" },
        { -DBL_MIN, "-2.2250738585072014e-308" }, { NONE, "nan" }, { INF, "inf" }, { -INF, "-inf" }, { 5e-5, "0.00005" },
        { 0x1p-44, "5.684341886080802e-14" }, { 0x1p89, "6.189700196426902e26" },   /* the nearest 16 digits of 2^-44 do not read back */
    };

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[32];
        cr_expect_eq(svyi_number_format(CASES[i].value, text), strlen(CASES[i].text), "%s", text);
        cr_expect_str_eq(text, CASES[i].text);
    }
}

/* Significant digits of a formatted number, with the zeros that only hold the place taken off. */
static int digits_used(const char *text)
{
    int count = 0, zeros = 0;

    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        count++;
    }
    return count - zeros;
}

/* Whether a decimal of `digits` digits reads back as x: the nearest, or its neighbour on the other side. */
static int shorter_exists(double x, int digits)
{
    char text[64];

    snprintf(text, sizeof text, "%.*e", digits - 1, fabs(x));
    const double nearest = strtod(text, NULL);
    char *e = strchr(text, 'e');
    const int exponent = atoi(e + 1) - digits + 1;
    long long mantissa = 0;
    for (const char *at = text; at < e; at++)
        if (*at != '.')
            mantissa = mantissa * 10 + (*at - '0');
    for (long long m = mantissa - 1; m <= mantissa + 1; m++) {
        snprintf(text, sizeof text, "%llde%d", m, exponent);
        if (strtod(text, NULL) == fabs(x))
            return 1;
    }
    return nearest == fabs(x);
}

static void check_round_trip(double x)
{
    char text[32];
    double back;
    const size_t n = svyi_number_format(x, text);

    cr_assert_lt(n, sizeof text);
    cr_assert_eq(strlen(text), n);
    cr_assert(svyi_number_parse(text, n, &back), "%s", text);
    cr_assert(same_bits(x, back), "%a -> %s -> %a", x, text, back);
    const int used = digits_used(text);
    cr_assert(used < 2 || !shorter_exists(x, used - 1), "%s is not the shortest", text);
}

Test(number, every_double_reads_back_from_its_shortest_text)
{
    svyi_random r;

    svyi_random_seed(&r, 6);
    for (int i = 0; i < TRIES; i++) {
        check_round_trip(random_double(&r));
        check_round_trip((double)svyi_random_below(&r, 100000000) / 1000);
        check_round_trip((svyi_random_unit(&r) - 0.5) * 1e10);
    }
    for (int e = -1074; e <= 1023; e++) {           /* the gap below a power of two is smaller than that above */
        check_round_trip(ldexp(1, e));
        check_round_trip(-nextafter(ldexp(1, e), INF));
        check_round_trip(nextafter(ldexp(1, e), 0));
    }
}

/* xoshiro256** from the state 1, 2, 3, 4: the first values of the authors' C code, as rand_xoshiro and others publish them. */
Test(random, xoshiro_sequence)
{
    static const uint64_t EXPECTED[] = {
        11520u, 0u, 1509978240u, 1215971899390074240u, 1216172134540287360u, 607988272756665600u, 16172922978634559625u,
        8476171486693032832u, 10595114339597558777u, 2904607092377533576u,
    };
    svyi_random r = { { 1, 2, 3, 4 } };

    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++)
        cr_expect_eq(svyi_random_next(&r), EXPECTED[i], "value %zu", i);
}

/* splitmix64 from 0, as published with java.util.SplittableRandom and the authors' code. */
Test(random, seeding)
{
    static const uint64_t EXPECTED[] = { 0xE220A8397B1DCDAFu, 0x6E789E6AA1B965F4u, 0x06C45D188009454Fu, 0xF88BB8A8724C81ECu };
    svyi_random r;

    svyi_random_seed(&r, 0);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(r.s[i], EXPECTED[i]);
}

Test(random, ranges)
{
    svyi_random r;
    int count[6] = { 0 };
    double sum = 0;

    svyi_random_seed(&r, 7);
    for (int i = 0; i < 60000; i++) {
        const double u = svyi_random_unit(&r);
        cr_assert(u >= 0 && u < 1);
        sum += u;
        count[svyi_random_below(&r, 6)]++;
    }
    cr_expect_float_eq(sum / 60000, 0.5, 0.006, "5 standard errors");
    for (int i = 0; i < 6; i++)
        cr_expect(abs(count[i] - 10000) < 460, "face %d: %d (5 standard errors)", i, count[i]);
    cr_expect_eq(svyi_random_below(&r, 1), 0);
    for (int i = 0; i < 1000; i++)
        cr_expect_lt(svyi_random_below(&r, 0xC0000001u), 0xC0000001u);
}

/* Distance in units in the last place of `expected`. */
static double ulps(double value, double expected)
{
    if (value == expected || (isnan(value) && isnan(expected)))
        return 0;
    const double unit = nextafter(fabs(expected), INF) - fabs(expected);
    return isfinite(value) && isfinite(expected) ? fabs(value - expected) / unit : INF;
}

#define EXPECT_NEAR(mine, theirs, fmt, ...) \
    cr_assert_leq(ulps(mine, theirs), 2, fmt ": %a, the C library %a", __VA_ARGS__, mine, theirs)

Test(power, exp_and_ln_agree_with_the_c_library)
{
    svyi_random r;

    svyi_random_seed(&r, 8);
    for (int i = 0; i < TRIES; i++) {
        const double wide = (svyi_random_unit(&r) - 0.5) * 1500, narrow = svyi_random_unit(&r) * 2 - 1;
        EXPECT_NEAR(svyi_exp(wide), exp(wide), "exp %a", wide);
        EXPECT_NEAR(svyi_exp(narrow), exp(narrow), "exp %a", narrow);
        const double any = fabs(random_double(&r)), one = 1 + narrow / 64;
        EXPECT_NEAR(svyi_ln(any), log(any), "ln %a", any);
        EXPECT_NEAR(svyi_ln(one), log(one), "ln %a", one);
    }
}

Test(power, pow_agrees_with_the_c_library)
{
    svyi_random r;

    svyi_random_seed(&r, 9);
    for (int i = 0; i < TRIES; i++) {
        const double x = fabs(random_double(&r)), y = svyi_random_unit(&r) * 4 - 2;
        const double near = svyi_random_unit(&r) * 3, power = (svyi_random_unit(&r) - 0.5) * 1000;
        EXPECT_NEAR(svyi_pow(x, y), pow(x, y), "%a ^ %a", x, y);
        EXPECT_NEAR(svyi_pow(near, power), pow(near, power), "%a ^ %a", near, power);
        const double whole = floor(power / 4);
        EXPECT_NEAR(svyi_pow(-near, whole), pow(-near, whole), "%a ^ %a", -near, whole);
    }
}

Test(power, whole_powers_are_exact)
{
    for (int base = 2; base <= 40; base++) {
        uint64_t exact = 1;
        for (int n = 1; exact <= ((uint64_t)1 << 53) / (unsigned)base; n++) {
            exact *= (unsigned)base;
            cr_expect_eq(svyi_pow(base, n), (double)exact, "%d ^ %d", base, n);
        }
    }
    for (int e = -1074; e <= 1023; e++)
        cr_expect_eq(svyi_pow(2, e), ldexp(1, e), "2 ^ %d", e);
    for (int e = 0; e <= 22; e++)
        cr_expect_eq(svyi_pow(10, e), strtod((char[]){ '1', 'e', (char)('0' + e / 10), (char)('0' + e % 10), '\0' }, NULL));
}

/* C11 Annex F.9.4.4, F.9.3.1, F.9.3.7 */
Test(power, special_values)
{
    static const double S[] = { 0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1e300, -1e300, INF, -INF, NONE, 1e17, 0x1p-1074 };
    enum { N = sizeof S / sizeof S[0] };

    for (size_t i = 0; i < N; i++) {
        cr_expect_leq(ulps(svyi_exp(S[i]), exp(S[i])), 1, "exp %g", S[i]);
        cr_expect_leq(ulps(svyi_ln(S[i]), log(S[i])), 1, "ln %g", S[i]);
        for (size_t j = 0; j < N; j++) {
            const double mine = svyi_pow(S[i], S[j]), theirs = pow(S[i], S[j]);
            cr_expect(ulps(mine, theirs) <= 1 && (isnan(mine) || !signbit(mine) == !signbit(theirs)), "%g ^ %g: %g, expected %g",
                      S[i], S[j], mine, theirs);
        }
    }
}
