/* Deterministic random numbers: xoshiro256** (Blackman and Vigna 2021, doi:10.1145/3460772), seeded by splitmix64. */
#include "base/number.h"

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

void svyi_random_seed(svyi_random *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9E3779B97F4A7C15u;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        r->s[i] = z ^ z >> 31;
    }
}

uint64_t svyi_random_next(svyi_random *r)
{
    uint64_t *s = r->s;
    const uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double svyi_random_unit(svyi_random *r)
{
    return (double)(svyi_random_next(r) >> 11) * (1.0 / 9007199254740992.0);
}

/* Multiplies into 64 bits and takes the upper half; the few low products that would favour some results are drawn again
   (Lemire 2019, doi:10.1145/3230636). */
uint32_t svyi_random_below(svyi_random *r, uint32_t n)
{
    if (n == 0)
        return 0;
    const uint32_t unfair = (uint32_t)(0 - n) % n;
    uint64_t product;
    do
        product = (svyi_random_next(r) >> 32) * n;
    while ((uint32_t)product < unfair);
    return (uint32_t)(product >> 32);
}
