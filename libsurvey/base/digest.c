/* MD5 and the SHA family, as their standards give them: blocks of 64 or 128 bytes through a compression function. */
#include "base/digest.h"

#include <stdint.h>
#include <string.h>

static uint32_t left(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }
static uint32_t right(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }
static uint64_t right64(uint64_t x, unsigned n) { return x >> n | x << (64 - n); }

static uint32_t big(const unsigned char *b) { return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]; }
static uint32_t little(const unsigned char *b) { return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0]; }
static uint64_t big64(const unsigned char *b) { return (uint64_t)big(b) << 32 | big(b + 4); }

/* ---- MD5 ---- */

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t MD5_SINES[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
    0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
    0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
    0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void md5_block(void *state, const unsigned char *block)
{
    static const unsigned char SHIFTS[16] = { 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21 };
    uint32_t *h = state, a = h[0], b = h[1], c = h[2], d = h[3];

    for (unsigned i = 0; i < 64; i++) {
        const unsigned round = i / 16;
        const uint32_t f = round == 0 ? (b & c) | (~b & d) : round == 1 ? (d & b) | (~d & c) : round == 2 ? b ^ c ^ d : c ^ (b | ~d);
        const unsigned at = (round == 0 ? i : round == 1 ? 5 * i + 1 : round == 2 ? 3 * i + 5 : 7 * i) % 16;
        const uint32_t sum = a + f + MD5_SINES[i] + little(block + 4 * at);
        a = d;
        d = c;
        c = b;
        b += left(sum, SHIFTS[4 * round + i % 4]);
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
}

/* ---- SHA-1 ---- */

static void sha1_block(void *state, const unsigned char *block)
{
    static const uint32_t K[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    uint32_t *h = state, w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (unsigned i = 0; i < 80; i++)
        w[i] = i < 16 ? big(block + 4 * i) : left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (unsigned i = 0; i < 80; i++) {
        const uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        const uint32_t sum = left(a, 5) + f + e + K[i / 20] + w[i];
        e = d;
        d = c;
        c = left(b, 30);
        b = a;
        a = sum;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

/* ---- SHA-2: the constants are the fractions of the cube roots of the first 80 primes; of their first 32 bits for SHA-256 ---- */

static const uint64_t SHA2[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b,
    0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1,
    0x9bdc06a725c71235, 0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275,
    0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
    0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8,
    0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec, 0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915,
    0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static void sha256_block(void *state, const unsigned char *block)
{
    uint32_t *h = state, w[64], v[8];

    for (unsigned i = 0; i < 64; i++) {
        if (i < 16) {
            w[i] = big(block + 4 * i);
            continue;
        }
        const uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (right(a, 7) ^ right(a, 18) ^ a >> 3) + w[i - 7] + (right(b, 17) ^ right(b, 19) ^ b >> 10);
    }
    memcpy(v, h, sizeof v);
    for (unsigned i = 0; i < 64; i++) {
        const uint32_t s1 = right(v[4], 6) ^ right(v[4], 11) ^ right(v[4], 25), s0 = right(v[0], 2) ^ right(v[0], 13) ^ right(v[0], 22);
        const uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(SHA2[i] >> 32) + w[i];
        const uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        h[i] += v[i];
}

static void sha512_block(void *state, const unsigned char *block)
{
    uint64_t *h = state, w[80], v[8];

    for (unsigned i = 0; i < 80; i++) {
        if (i < 16) {
            w[i] = big64(block + 8 * i);
            continue;
        }
        const uint64_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (right64(a, 1) ^ right64(a, 8) ^ a >> 7) + w[i - 7] + (right64(b, 19) ^ right64(b, 61) ^ b >> 6);
    }
    memcpy(v, h, sizeof v);
    for (unsigned i = 0; i < 80; i++) {
        const uint64_t s1 = right64(v[4], 14) ^ right64(v[4], 18) ^ right64(v[4], 41), s0 = right64(v[0], 28) ^ right64(v[0], 34) ^ right64(v[0], 39);
        const uint64_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + SHA2[i] + w[i];
        const uint64_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        h[i] += v[i];
}

/* ---- the frame they share ---- */

typedef struct algorithm {
    const char *name;
    size_t size, block;
    int wide, reversed;               /* words of 64 bits; little-endian */
    uint64_t start[8];
    void (*compress)(void *state, const unsigned char *block);
} algorithm;

static const algorithm ALGORITHMS[] = {
    { "MD5", 16, 64, 0, 1, { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 }, md5_block },
    { "SHA-1", 20, 64, 0, 0, { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }, sha1_block },
    { "SHA-256", 32, 64, 0, 0, { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }, sha256_block },
    { "SHA-384", 48, 128, 1, 0, { 0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
                                  0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4 }, sha512_block },
    { "SHA-512", 64, 128, 1, 0, { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                  0x1f83d9abfb41bd6b, 0x5be0cd19137e2179 }, sha512_block },
};

typedef union state { uint32_t narrow[8]; uint64_t wide[8]; } state;

/* What is left over, a one bit, zeros, and the length in bits at the end. */
static void finish(const algorithm *a, state *s, const unsigned char *rest, size_t n_rest, size_t n)
{
    unsigned char block[256] = { 0 };
    const size_t room = a->block - (a->wide ? 16 : 8), blocks = n_rest < room ? 1 : 2;
    const uint64_t bits = (uint64_t)n * 8;

    if (n_rest > 0)
        memcpy(block, rest, n_rest);
    block[n_rest] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        block[blocks * a->block - (a->reversed ? 8 - i : 1 + i)] = (unsigned char)(bits >> 8 * i);
    for (size_t i = 0; i < blocks; i++)
        a->compress(s, block + i * a->block);
}

static void put(const algorithm *a, const state *s, unsigned char *out)
{
    for (size_t i = 0; i < a->size; i++) {
        const size_t word = a->wide ? i / 8 : i / 4, byte = a->wide ? 7 - i % 8 : a->reversed ? i % 4 : 3 - i % 4;
        out[i] = (unsigned char)((a->wide ? s->wide[word] : s->narrow[word]) >> 8 * byte);
    }
}

size_t svyi_digest(const char *algorithm_name, size_t len, const void *bytes, size_t n, unsigned char out[SVYI_DIGEST])
{
    const algorithm *a = ALGORITHMS, *end = ALGORITHMS + sizeof ALGORITHMS / sizeof ALGORITHMS[0];
    const unsigned char *at = bytes;
    state s;

    while (a < end && (strlen(a->name) != len || memcmp(a->name, algorithm_name, len) != 0))
        a++;
    if (a == end)
        return 0;
    for (unsigned i = 0; i < 8; i++) {
        if (a->wide)
            s.wide[i] = a->start[i];
        else
            s.narrow[i] = (uint32_t)a->start[i];
    }
    size_t left_over = n;
    for (; left_over >= a->block; left_over -= a->block, at += a->block)
        a->compress(&s, at);
    finish(a, &s, at, left_over, n);
    put(a, &s, out);
    return a->size;
}

/* ---- base64 ---- */

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t svyi_base64_encode(const void *bytes, size_t n, char *out)
{
    const unsigned char *b = bytes;
    size_t len = 0;

    for (size_t i = 0; i < n; i += 3) {
        const size_t have = n - i < 3 ? n - i : 3;
        const uint32_t three = (uint32_t)b[i] << 16 | (have > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (have > 2 ? b[i + 2] : 0);
        for (unsigned k = 0; k < 4; k++)
            out[len++] = k <= have ? LETTERS[three >> (18 - 6 * k) & 63] : '=';
    }
    return len;
}

int svyi_base64_decode(const char *text, size_t len, unsigned char *out, size_t *n)
{
    uint32_t bits = 0;
    unsigned have = 0;
    int padded = 0;

    *n = 0;
    for (size_t i = 0; i < len; i++) {
        const char *letter = text[i] != '\0' ? strchr(LETTERS, text[i]) : NULL;
        if (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t')
            continue;
        if (text[i] == '=') {
            padded = 1;
            continue;
        }
        if (letter == NULL || padded)
            return 0;
        bits = bits << 6 | (uint32_t)(letter - LETTERS);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[(*n)++] = (unsigned char)(bits >> have);
        }
    }
    return have < 6;
}
