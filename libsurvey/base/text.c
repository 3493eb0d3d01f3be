/* UTF-8: validation, walking, simple letter case and display width. */
#include "base/text.h"
#include <string.h>

#include "base/text_priv.h"
#include "base/text_table.h"

enum { REPLACEMENT = 0xFFFD };

/* Bytes that a first byte announces; 0 for one that cannot be first. */
static size_t announced(unsigned char lead)
{
    if (lead < 0xC2)
        return lead < 0x80;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

static int is_character(uint32_t c)
{
    return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
}

/* Bytes of the sequence that starts at text[0], or 0 if it is not well formed (Unicode 15, table 3-7). */
static size_t sequence(const unsigned char *text, size_t len, uint32_t *code)
{
    static const uint32_t SMALLEST[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const size_t n = announced(text[0]);

    *code = text[0];
    if (n <= 1 || n > len)
        return n == 1;
    uint32_t c = text[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (text[i] & 0x3Fu);
    }
    *code = c;
    return c >= SMALLEST[n] && is_character(c) ? n : 0;
}

uint32_t svyi_utf8_next(const char *text, size_t len, size_t *at)
{
    uint32_t c;
    const size_t n = sequence((const unsigned char *)text + *at, len - *at, &c);

    *at += n > 0 ? n : 1;
    return n > 0 ? c : REPLACEMENT;
}

size_t svyi_utf8_put(uint32_t c, char *out)
{
    if (!is_character(c))
        c = REPLACEMENT;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00u >> n & 0xFFu) | c);
    return n;
}

/* 1 when eight bytes are ASCII and none is zero. */
static int plain(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

int svyi_utf8_valid(const char *text, size_t len)
{
    uint32_t c;

    for (size_t at = 0; at < len;) {
        while (len - at >= 8 && plain(text + at))
            at += 8;
        while (at < len && (unsigned char)text[at] - 1u < 0x7F)
            at++;
        if (at == len)
            break;
        const size_t n = sequence((const unsigned char *)text + at, len - at, &c);
        if (n == 0 || c == 0)
            return 0;
        at += n;
    }
    return 1;
}

size_t svyi_utf8_length(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t at = 0; at < len; count++)
        (void)svyi_utf8_next(text, len, &at);
    return count;
}

size_t svyi_utf8_offset(const char *text, size_t len, size_t index)
{
    size_t at = 0;

    for (; at < len && index > 0; index--)
        (void)svyi_utf8_next(text, len, &at);
    return at;
}

static uint32_t map_case(const case_range *ranges, size_t count, uint32_t c)
{
    size_t low = 0, high = count;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const case_range *r = &ranges[middle];
        if (c < r->first)
            high = middle;
        else if (c > r->last)
            low = middle + 1;
        else
            return (c - r->first) % r->step == 0 ? c + (uint32_t)r->delta : c;
    }
    return c;
}

uint32_t svyi_upper(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    return map_case(UPPER, sizeof UPPER / sizeof UPPER[0], c);
}

uint32_t svyi_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return map_case(LOWER, sizeof LOWER / sizeof LOWER[0], c);
}

int svyi_in_ranges(const code_range *ranges, size_t count, uint32_t c)
{
    size_t low = 0, high = count;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (c < ranges[middle].first)
            high = middle;
        else if (c > ranges[middle].last)
            low = middle + 1;
        else
            return 1;
    }
    return 0;
}

int svyi_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

int svyi_width(uint32_t c)
{
    if (c >= 0x20 && c < 0x7F)
        return 1;
    if (svyi_in_ranges(ZERO_WIDTH, sizeof ZERO_WIDTH / sizeof ZERO_WIDTH[0], c))
        return 0;
    return svyi_in_ranges(WIDE, sizeof WIDE / sizeof WIDE[0], c) ? 2 : 1;
}
