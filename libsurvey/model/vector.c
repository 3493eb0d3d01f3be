/* Exponential and logarithm of many numbers at once, in a form that compilers vectorise. */
#include <stdint.h>

#include "model/family.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))    /* without fused operations, so the bits are the same */
#else
#define WIDE
#endif

typedef union number { double d; uint64_t u; } number;

WIDE void svyi_exp_block(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        number cut = { .d = x[i] };                             /* |x| <= 708, by its bits, as comparing numbers could trap */
        const int64_t size = (int64_t)(cut.u & INT64_MAX), limit = 0x4086200000000000;
        cut.u = (cut.u & ((uint64_t)1 << 63)) | (uint64_t)(size < limit ? size : limit);
        const double a = cut.d;
        number k = { .d = a * 0x1.71547652b82fep0 + 0x1.8p52 };
        const double whole = k.d - 0x1.8p52, r = (a - whole * 0x1.62e42fefa38p-1) - whole * 0x1.ef35793c7673p-45;
        double p = 0x1.6124613a86d09p-33;                       /* 1 / 13! and so on: Taylor's series is enough for |r| <= 0.347 */
        p = p * r + 0x1.1eed8eff8d898p-29;
        p = p * r + 0x1.ae64567f544e4p-26;
        p = p * r + 0x1.27e4fb7789f5cp-22;
        p = p * r + 0x1.71de3a556c734p-19;
        p = p * r + 0x1.a01a01a01a01ap-16;
        p = p * r + 0x1.a01a01a01a01ap-13;
        p = p * r + 0x1.6c16c16c16c17p-10;
        p = p * r + 0x1.1111111111111p-7;
        p = p * r + 0x1.5555555555555p-5;
        p = p * r + 0x1.5555555555555p-3;
        p = p * r + 0.5;
        p = (p * r) * r + r;                                    /* exp(r) - 1 */
        const number scale = { .u = (k.u + 1023) << 52 };
        x[i] = scale.d + scale.d * p;
    }
}

WIDE void svyi_ln_block(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const number a = { .d = x[i] };
        const uint64_t shift = a.u - 0x3fe6a09e00000000u;       /* so that the mantissa lies around 1: from sqrt(1/2) to sqrt(2) */
        const number exponent = { .u = ((shift + 0x4000000000000000u) >> 52) | 0x4330000000000000u };
        const double k = exponent.d - 4503599627370496.0 - 1024.0;
        const number m = { .u = a.u - (shift & 0xfff0000000000000u) };
        const double f = m.d - 1, s = f / (m.d + 1), z = s * s;
        double p = 2.0 / 21 + z * (2.0 / 23);      /* 2 atanh(s) = 2 s (1 + z / 3 + z^2 / 5 + ...) */
        p = p * z + 2.0 / 19;
        p = p * z + 2.0 / 17;
        p = p * z + 2.0 / 15;
        p = p * z + 2.0 / 13;
        p = p * z + 2.0 / 11;
        p = p * z + 2.0 / 9;
        p = p * z + 2.0 / 7;
        p = p * z + 2.0 / 5;
        p = p * z + 2.0 / 3;
        const double half = 0.5 * f * f;                        /* ln(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + z p)) */
        x[i] = k * 0x1.62e42fefa38p-1 - ((half - (s * (half + z * p) + k * 0x1.ef35793c7673p-45)) - f);
    }
}

/* Eight sums side by side, so that the order of the additions does not depend on how wide the processor is. */
#define DOT(a, b, n, sum)                                                                                                                     \
    do {                                                                                                                                      \
        double lane[8] = { 0 };                                                                                                               \
        size_t at = 0;                                                                                                                        \
        for (; at + 8 <= (n); at += 8)                                                                                                        \
            for (size_t l = 0; l < 8; l++)                                                                                                    \
                lane[l] += (a)[at + l] * (b)[at + l];                                                                                         \
        (sum) = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));                                    \
        for (; at < (n); at++)                                                                                                                \
            (sum) += (a)[at] * (b)[at];                                                                                                       \
    } while (0)

WIDE void svyi_gram_block(const double *x, const double *w, size_t p, size_t n, double *scratch, double *sums)
{
    for (size_t j = 0; j < p; j++) {
        const double *xj = x + j * n;
        for (size_t i = 0; i < n; i++)
            scratch[i] = w[i] * xj[i];
        for (size_t k = 0; k <= j; k++) {
            const double *xk = x + k * n;
            double sum;
            DOT(scratch, xk, n, sum);
            *sums++ += sum;
        }
    }
}

WIDE void svyi_dot_block(const double *x, const double *v, size_t p, size_t n, double *sums)
{
    for (size_t j = 0; j < p; j++) {
        const double *xj = x + j * n;
        double sum;
        DOT(xj, v, n, sum);
        sums[j] += sum;
    }
}

WIDE void svyi_combine_block(const double *x, const double *gamma, size_t p, size_t n, double *eta)
{
    for (size_t j = 0; j < p; j++) {
        const double *xj = x + j * n, c = gamma[j];
        for (size_t i = 0; c != 0 && i < n; i++)
            eta[i] += c * xj[i];
    }
}

/* Sixteen columns at a time stay in registers; `wide` is a multiple of 16. */
enum { LANES = 16 };

WIDE void svyi_expand_block(const double *x, const double *gamma, size_t p, size_t n, size_t wide, double *eta)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < wide; c += LANES) {
            double lane[LANES];
            for (size_t l = 0; l < LANES; l++)
                lane[l] = eta[i * wide + c + l];
            for (size_t j = 0; j < p; j++) {
                const double by = x[j * n + i], *row = gamma + j * wide + c;
                for (size_t l = 0; l < LANES; l++)
                    lane[l] += by * row[l];
            }
            for (size_t l = 0; l < LANES; l++)
                eta[i * wide + c + l] = lane[l];
        }
}

WIDE void svyi_collect_block(const double *x, const double *s, size_t p, size_t n, size_t wide, double *sums)
{
    for (size_t j = 0; j < p; j++)
        for (size_t c = 0; c < wide; c += LANES) {
            double lane[LANES];
            for (size_t l = 0; l < LANES; l++)
                lane[l] = sums[j * wide + c + l];
            for (size_t i = 0; i < n; i++) {
                const double by = x[j * n + i], *row = s + i * wide + c;
                for (size_t l = 0; l < LANES; l++)
                    lane[l] += by * row[l];
            }
            for (size_t l = 0; l < LANES; l++)
                sums[j * wide + c + l] = lane[l];
        }
}
