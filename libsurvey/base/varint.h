/* Numbers of any size in few bytes, as packages, journals, queues and bundles hold them: LEB128 in its shortest form, signed ones by zigzag. */
#ifndef SVY_BASE_VARINT_H
#define SVY_BASE_VARINT_H
#include <stddef.h>
#include <stdint.h>

enum { SVYI_VARINT_BYTES = 10 };          /* at most */

typedef enum svyi_varint { SVYI_VARINT_READ, SVYI_VARINT_CUT, SVYI_VARINT_WRONG /* not in its shortest form, or too large */ } svyi_varint;

svyi_varint svyi_varint_read_long(const uint8_t **at, const uint8_t *end, uint64_t *x);

/* The number at `*at`, which goes behind it; otherwise *x is 0, and `*at` where reading stopped. Here, because most have one byte. */
static inline svyi_varint svyi_varint_read(const uint8_t **at, const uint8_t *end, uint64_t *x)
{
    if (*at == end || **at >= 0x80)
        return svyi_varint_read_long(at, end, x);
    *x = *(*at)++;
    return SVYI_VARINT_READ;
}

/* How many bytes were written. */
size_t svyi_varint_write(uint64_t x, uint8_t out[SVYI_VARINT_BYTES]);

/* 0, -1, 1, -2, 2 ... are 0, 1, 2, 3, 4 ..., so that small numbers of either sign are short. */
static inline uint64_t svyi_zigzag(int64_t x) { return ((uint64_t)x << 1) ^ (x < 0 ? UINT64_MAX : 0); }
static inline int64_t svyi_unzigzag(uint64_t x) { return (x & 1) != 0 ? -(int64_t)(x >> 1) - 1 : (int64_t)(x >> 1); }
#endif
