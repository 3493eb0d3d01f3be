/* Targets of requests: path and query, decoded once, and checked after decoding. */
#include "server/http/gate.h"

#include <string.h>

#include "base/text.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes %XX (and + as a blank in queries) in place. 0 when it is malformed, or has a control character or a NUL, or is not UTF-8. */
static int decode(char *text, int plus)
{
    char *out = text;

    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (*c == '%') {
            const int high = hex_digit(c[1]), low = high < 0 ? -1 : hex_digit(c[2]);
            if (low < 0)
                return 0;
            byte = (unsigned char)(high * 16 + low);
            c += 2;
        } else if (plus && *c == '+') {
            byte = ' ';
        }
        if (byte < ' ' || byte == 0x7F)
            return 0;
        *out++ = (char)byte;
    }
    *out = '\0';
    return svyi_utf8_valid(text, (size_t)(out - text));
}

/* What may stand in a target as it is: RFC 3986, nothing else. */
static int characters_allowed(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7F || strchr("\"<>\\^`{|}#", *c) != NULL)
            return 0;
    return 1;
}

/* No segment is empty (but the last), "." or ".."; an encoded slash or backslash is none of ours. */
static int segments_allowed(const char *path)
{
    while (*path == '/') {
        const size_t n = strcspn(++path, "/");
        if ((n == 0 && path[0] == '/') || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
            return 0;
        path += n;
    }
    return 1;
}

static int hides_slash(const char *path)
{
    for (const char *c = strchr(path, '%'); c != NULL; c = strchr(c + 1, '%'))
        if ((c[1] == '2' && (c[2] == 'f' || c[2] == 'F')) || (c[1] == '5' && (c[2] == 'c' || c[2] == 'C')))
            return 1;
    return 0;
}

int svyi_target_read(char *text, svyi_target *target)
{
    char *query = strchr(text, '?');

    target->path = text;
    target->query = text + strlen(text);
    if (text[0] != '/' || !characters_allowed(text))
        return 400;
    if (query != NULL) {
        *query = '\0';
        target->query = query + 1;
    }
    return hides_slash(text) || !decode(text, 0) || !segments_allowed(text) ? 400 : 0;
}

int svyi_query_next(char **query, const char **name, const char **value)
{
    char *start = *query;

    if (*start == '\0')
        return 0;
    const size_t n = strcspn(start, "&");
    *query = start + n + (start[n] == '&');
    start[n] = '\0';
    char *equal = strchr(start, '=');
    char *text = equal != NULL ? equal + 1 : start + n;
    if (equal != NULL)
        *equal = '\0';
    *name = start;
    *value = text;
    return start[0] != '\0' && decode(start, 1) && (equal == NULL || decode(text, 1)) ? 1 : -1;
}
