/* The 64-bit hash of byte strings: XXH64 with seed 0, after its published specification (Collet, xxHash, "XXH64 algorithm"). */
#include "base/map.h"

static const uint64_t P1 = 0x9E3779B185EBCA87u, P2 = 0xC2B2AE3D27D4EB4Fu, P3 = 0x165667B19E3779F9u,
                      P4 = 0x85EBCA77C2B2AE63u, P5 = 0x27D4EB2F165667C5u;

/* Bytes are put together by value, so that the hash is the same on big-endian machines. */
static uint64_t load32(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}

static uint64_t load64(const unsigned char *p)
{
    return load32(p) | load32(p + 4) << 32;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t mix_lane(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * P2, 31) * P1;
}

static uint64_t merge_lane(uint64_t h, uint64_t lane)
{
    return (h ^ mix_lane(0, lane)) * P1 + P4;
}

/* Four lanes of 8 bytes; `*at` moves behind the last whole stripe. */
static uint64_t hash_stripes(const unsigned char **at, const unsigned char *end)
{
    uint64_t a = P1 + P2, b = P2, c = 0, d = 0 - P1;
    const unsigned char *p = *at;

    for (; end - p >= 32; p += 32) {
        a = mix_lane(a, load64(p));
        b = mix_lane(b, load64(p + 8));
        c = mix_lane(c, load64(p + 16));
        d = mix_lane(d, load64(p + 24));
    }
    *at = p;
    uint64_t h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    h = merge_lane(h, a);
    h = merge_lane(h, b);
    h = merge_lane(h, c);
    return merge_lane(h, d);
}

uint64_t svyi_hash(const void *bytes, size_t len)
{
    static const unsigned char NONE[1] = { 0 };
    const unsigned char *p = len > 0 ? bytes : NONE, *end = p + len;
    uint64_t h = (len >= 32 ? hash_stripes(&p, end) : P5) + len;

    for (; end - p >= 8; p += 8)
        h = rotate(h ^ mix_lane(0, load64(p)), 27) * P1 + P4;
    if (end - p >= 4) {
        h = rotate(h ^ load32(p) * P1, 23) * P2 + P3;
        p += 4;
    }
    for (; p < end; p++)
        h = rotate(h ^ *p * P5, 11) * P1;
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P3;
    return h ^ h >> 32;
}
