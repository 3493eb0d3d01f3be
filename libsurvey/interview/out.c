/* Writing into a buffer of the caller's, counting what is needed: canonical states, answers, texts. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "interview/interview_priv.h"

void svyi_out_bytes(svyi_out *o, const void *bytes, size_t len)
{
    if (o->len < o->size && len > 0)
        memcpy(o->out + o->len, bytes, len < o->size - o->len ? len : o->size - o->len);
    o->len += len;
}

void svyi_out_text(svyi_out *o, const char *text)
{
    svyi_out_bytes(o, text, strlen(text));
}

void svyi_out_u32(svyi_out *o, uint32_t x)
{
    unsigned char bytes[4];

    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(x >> (8 * i) & 0xFF);
    svyi_out_bytes(o, bytes, sizeof bytes);
}

void svyi_out_u64(svyi_out *o, uint64_t x)
{
    svyi_out_u32(o, (uint32_t)(x & 0xFFFFFFFFu));
    svyi_out_u32(o, (uint32_t)(x >> 32));
}

void svyi_out_value(svyi_out *o, const svy_value *value)
{
    char text[40];
    const size_t len = value->len > 0 ? value->len : svy_value_format(value, text, sizeof text);

    svyi_out_bytes(o, value->len > 0 ? value->text : text, len);
}

void svyi_out_json(svyi_out *o, const char *text, size_t len)
{
    static const char ESCAPED[] = "\"\\\b\f\n\r\t", LETTER[] = "\"\\bfnrt";
    static const char HEX[] = "0123456789abcdef";

    size_t plain = 0;                    /* what is written as it is, up to here */

    svyi_out_bytes(o, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        const char *known = c != '\0' ? strchr(ESCAPED, c) : NULL;
        svyi_out_bytes(o, text + plain, i - plain);
        plain = i + 1;
        if (known != NULL) {
            svyi_out_bytes(o, (const char[]){ '\\', LETTER[known - ESCAPED] }, 2);
        } else {
            svyi_out_bytes(o, "\\u00", 4);
            svyi_out_bytes(o, (const char[]){ HEX[c >> 4], HEX[c & 15] }, 2);
        }
    }
    if (plain < len)
        svyi_out_bytes(o, text + plain, len - plain);
    svyi_out_bytes(o, "\"", 1);
}

size_t svyi_out_end(svyi_out *o)
{
    if (o->size > 0)
        o->out[o->len < o->size ? o->len : o->size - 1] = '\0';
    return o->len;
}

void svyi_start_text(uint64_t seed, const char *language, char *out, size_t size)
{
    (void)snprintf(out, size, "seed=%llu lang=%.100s", (unsigned long long)seed, language);
}
