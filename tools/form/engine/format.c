/* printf for the sentences of the library, without the rest of it: %s %c %d %i %u %x %% with width, precision, 0, and l, ll, z. In the browser it takes the
   place of the C library's, which would bring floating point, files and error texts along: a tenth of all that is sent. */
#include "format.h"

#include <string.h>

typedef struct sink { char *out; size_t size, len; } sink;
typedef struct spec { int zero, width, precision /* -1: none */, longs /* 1: long or size_t, 2: long long */; } spec;

static void put(sink *s, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++, s->len++)
        if (s->len + 1 < s->size)
            s->out[s->len] = text[i];
}

static void pad(sink *s, char with, int have, int width)
{
    for (; have < width; have++)
        put(s, &with, 1);
}

static void put_number(sink *s, const spec *f, unsigned long long x, int negative, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits;

    do
        digits[--at] = "0123456789abcdef"[x % base];
    while ((x /= base) != 0);
    const int n = (int)(sizeof digits - at) + negative;
    if (!f->zero)
        pad(s, ' ', n, f->width);
    put(s, "-", (size_t)negative);
    if (f->zero)
        pad(s, '0', n, f->width);
    put(s, digits + at, sizeof digits - at);
}

static void put_text(sink *s, const spec *f, const char *text)
{
    size_t len = 0;

    while ((f->precision < 0 || len < (size_t)f->precision) && text[len] != '\0')
        len++;
    pad(s, ' ', (int)len, f->width);
    put(s, text, len);
}

static int number(const char **at)
{
    int n = 0;

    for (; **at >= '0' && **at <= '9'; ++*at)
        n = n * 10 + (**at - '0');
    return n;
}

int form_format(char *out, size_t size, const char *fmt, va_list ap)
{
    sink s = { out, size, 0 };

    for (const char *at = fmt; *at != '\0'; at++) {
        spec f = { .precision = -1 };
        if (*at != '%') {
            put(&s, at, 1);
            continue;
        }
        for (at++; *at == '0'; at++)
            f.zero = 1;
        f.width = *at == '*' ? (at++, va_arg(ap, int)) : number(&at);
        if (*at == '.')
            f.precision = *++at == '*' ? (at++, va_arg(ap, int)) : number(&at);
        for (; *at == 'l' || *at == 'z'; at++)
            f.longs++;
        if (*at == 's')
            put_text(&s, &f, va_arg(ap, const char *));
        else if (*at == 'c') {
            const char c = (char)va_arg(ap, int);
            put(&s, &c, 1);
        } else if (*at == 'd' || *at == 'i') {
            const long long x = f.longs == 2 ? va_arg(ap, long long) : f.longs == 1 ? va_arg(ap, long) : va_arg(ap, int);
            put_number(&s, &f, x < 0 ? 0 - (unsigned long long)x : (unsigned long long)x, x < 0, 10);
        } else if (*at == 'u' || *at == 'x') {
            const unsigned long long x = f.longs == 2 ? va_arg(ap, unsigned long long) : f.longs == 1 ? va_arg(ap, unsigned long) : va_arg(ap, unsigned);
            put_number(&s, &f, x, 0, *at == 'x' ? 16 : 10);
        } else
            put(&s, at, 1);                          /* %% */
    }
    if (size > 0)
        out[s.len < size ? s.len : size - 1] = '\0';
    return (int)s.len;
}

#ifdef __wasm__
int vsnprintf(char *restrict out, size_t size, const char *restrict fmt, va_list ap) { return form_format(out, size, fmt, ap); }

int snprintf(char *restrict out, size_t size, const char *restrict fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    const int len = form_format(out, size, fmt, ap);
    va_end(ap);
    return len;
}
#endif
