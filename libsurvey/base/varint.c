/* Numbers of any size in few bytes. There is one way to write each number, so that one thing has one digest. */
#include "base/varint.h"

svyi_varint svyi_varint_read_long(const uint8_t **at, const uint8_t *end, uint64_t *x)
{
    uint64_t number = 0;

    *x = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (*at == end)
            return SVYI_VARINT_CUT;
        const uint8_t byte = *(*at)++;
        if ((shift == 63 && byte > 1) || (byte == 0 && shift > 0))
            return SVYI_VARINT_WRONG;
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            break;
    }
    *x = number;
    return SVYI_VARINT_READ;
}

size_t svyi_varint_write(uint64_t x, uint8_t out[SVYI_VARINT_BYTES])
{
    size_t n = 0;

    for (; x >= 0x80; x >>= 7)
        out[n++] = (uint8_t)((x & 0x7F) | 0x80);
    out[n++] = (uint8_t)x;
    return n;
}
