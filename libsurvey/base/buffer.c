/* A growing run of bytes, with writers for text, little-endian integers and JSON strings. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

void svyi_buffer_init(svyi_buffer *b, const svy_alloc *alloc)
{
    *b = (svyi_buffer){ .alloc = svyi_alloc_or_default(alloc) };
}

void svyi_buffer_clear(svyi_buffer *b)
{
    svyi_release(&b->alloc, b->data, b->capacity);
    b->data = NULL;
    b->len = b->capacity = 0;
    b->failed = 0;
}

/* Room for `len` more bytes and the NUL; 0 on success. */
static int reserve(svyi_buffer *b, size_t len)
{
    if (len < b->capacity - b->len && !b->failed && b->capacity > 0)
        return 0;                 /* nearly always */
    if (!b->failed && (len > SIZE_MAX / 2 - b->len ||
                       svyi_grow(&b->alloc, &b->data, &b->capacity, b->len + len + 1, 1) != 0))
        b->failed = 1;
    return b->failed;
}

void svyi_buffer_room(svyi_buffer *b, size_t len)
{
    (void)reserve(b, len);
}

void svyi_buffer_add(svyi_buffer *b, const void *bytes, size_t len)
{
    if (reserve(b, len) != 0)
        return;
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void svyi_buffer_text(svyi_buffer *b, const char *text)
{
    svyi_buffer_add(b, text, strlen(text));
}

void svyi_buffer_format(svyi_buffer *b, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    const int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0)
        b->failed = 1;
    else if (reserve(b, (size_t)len) == 0) {
        (void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void svyi_buffer_u32(svyi_buffer *b, uint32_t value)
{
    unsigned char bytes[4];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(value >> (8 * i) & 0xFF);
    svyi_buffer_add(b, bytes, sizeof bytes);
}

void svyi_buffer_u64(svyi_buffer *b, uint64_t value)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(value >> (8 * i) & 0xFF);
    svyi_buffer_add(b, bytes, sizeof bytes);
}

/* The letter of a two-character JSON escape, or 0. */
static char short_escape(uint32_t c)
{
    static const char ESCAPED[] = "\"\\\b\f\n\r\t", LETTER[] = "\"\\bfnrt";

    for (size_t i = 0; ESCAPED[i] != '\0'; i++)
        if (c == (unsigned char)ESCAPED[i])
            return LETTER[i];
    return '\0';
}

void svyi_buffer_json(svyi_buffer *b, const char *text, size_t len)
{
    size_t at = 0, plain = 0;     /* text[plain..at) goes out as it is, in one piece */

    svyi_buffer_add(b, "\"", 1);
    while (at < len) {
        const size_t start = at;
        const uint32_t c = svyi_utf8_next(text, len, &at);
        const char letter = short_escape(c);
        const int broken = c == 0xFFFD && at == start + 1;   /* a real U+FFFD has three bytes */

        if (c >= 0x20 && letter == '\0' && !broken)
            continue;
        svyi_buffer_add(b, text + plain, start - plain);
        plain = at;
        if (broken)
            svyi_buffer_text(b, "\xEF\xBF\xBD");
        else if (letter != '\0')
            svyi_buffer_add(b, (const char[]){ '\\', letter }, 2);
        else
            svyi_buffer_format(b, "\\u%04x", (unsigned)c);
    }
    if (len > plain)
        svyi_buffer_add(b, text + plain, len - plain);
    svyi_buffer_add(b, "\"", 1);
}
