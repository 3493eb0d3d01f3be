/* Bodies that come in chunks: put together while they stream, without extensions and trailers. */
#include "server/http/gate.h"

#include <string.h>

enum { SIZE = 0, SIZE_END, DATA, DATA_RETURN, DATA_END, LAST_RETURN, LAST_END, WHOLE };
enum { BAD = 400, DIGITS = 8 };

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A byte between the contents of two chunks. 0, or minus a status. */
static int take_frame(svyi_chunks *c, char byte)
{
    const int digit = hex(byte);

    switch (c->state) {
    case SIZE:
        if (digit >= 0 && c->digits < DIGITS) {
            c->left = c->left * 16 + (unsigned)digit;
            c->digits++;
            return 0;
        }
        if (byte != '\r' || c->digits == 0)
            return -BAD;
        c->state = SIZE_END;
        return 0;
    case SIZE_END:
        c->state = c->left > 0 ? DATA : LAST_RETURN;
        break;
    case DATA_RETURN:
        c->state = DATA_END;
        return byte == '\r' ? 0 : -BAD;
    case DATA_END:
        c->state = SIZE;
        c->digits = 0;
        break;
    case LAST_RETURN:
        c->state = LAST_END;
        return byte == '\r' ? 0 : -BAD;
    default:
        c->state = WHOLE;
        break;
    }
    return byte == '\n' ? 0 : -BAD;
}

int svyi_chunks_take(svyi_chunks *c, char *bytes, size_t n, size_t *used, size_t *content)
{
    size_t at = 0;
    int status;

    *content = 0;
    while (at < n && c->state != WHOLE) {
        if (c->state != DATA) {
            if ((status = take_frame(c, bytes[at++])) < 0)
                return status;
            continue;
        }
        const size_t piece = c->left < n - at ? (size_t)c->left : n - at;
        memmove(bytes + *content, bytes + at, piece);
        *content += piece;
        at += piece;
        c->left -= piece;
        if (c->left == 0)
            c->state = DATA_RETURN;
    }
    *used = at;
    return c->state == WHOLE;
}
