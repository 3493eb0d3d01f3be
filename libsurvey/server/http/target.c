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

/* A slash that was written %2F belongs to the name of something (a case K/17, a version 2026/1) and separates nothing: it stays apart until the path is in pieces. */
static char hidden(char byte)
{
    return byte == '/' ? SVYI_HIDDEN_SLASH : byte == '\\' ? SVYI_HIDDEN_BACKSLASH : byte;
}

void svyi_target_reveal(char *part)
{
    for (; *part != '\0'; part++)
        *part = *part == SVYI_HIDDEN_SLASH ? '/' : *part == SVYI_HIDDEN_BACKSLASH ? '\\' : *part;
}

/* Decodes %XX (and + as a blank in queries) in place. 0 when it is malformed, or has a control character or a NUL, or is not UTF-8. */
static int decode(char *text, int query)
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
        } else if (query && *c == '+') {
            byte = ' ';
        }
        if (byte < ' ' || byte == 0x7F)
            return 0;
        *out++ = query || *c == '/' ? (char)byte : hidden((char)byte);
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

/* No segment is empty (but the last), "." or "..", also not between encoded slashes or backslashes. */
static int segments_allowed(const char *path)
{
    static const char SEPARATORS[] = { '/', SVYI_HIDDEN_SLASH, SVYI_HIDDEN_BACKSLASH, '\0' };
    while (*path != '\0') {
        const size_t n = strcspn(++path, SEPARATORS);
        if ((n == 0 && path[0] != '\0') || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
            return 0;
        path += n;
    }
    return 1;
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
    return !decode(text, 0) || !segments_allowed(text) ? 400 : 0;
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
