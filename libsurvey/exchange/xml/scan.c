/* A look at the tags of an XML file before it is parsed: how many attributes they have, and how long these are. */
#include "exchange/xml/xml.h"
#include <string.h>

enum { ATTRIBUTES = 64 };

static svy_status too_much(const char *source, const char *bytes, size_t at, const char *what, size_t limit, svy_error *err)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        column = bytes[i] == '\n' ? 1 : column + (((unsigned char)bytes[i] & 0xC0) != 0x80);
        line += bytes[i] == '\n';
    }
    return svyi_fail_at(err, SVY_E_LIMIT, source, line, column, 1, "%s: at most %zu are allowed", what, limit);
}

static int begins(const char *at, const char *end, const char *with)
{
    const size_t n = strlen(with);
    return (size_t)(end - at) >= n && memcmp(at, with, n) == 0;
}

/* Behind the next `mark`, or the end. */
static const char *behind(const char *at, const char *end, const char *mark)
{
    const size_t n = strlen(mark);
    while (at < end && (at = memchr(at, mark[0], (size_t)(end - at))) != NULL) {
        if (begins(at, end, mark))
            return at + n;
        at++;
    }
    return end;
}

svy_status svyi_xml_scan(const char *source, const char *bytes, size_t len, const svy_xml_limits *limits, svy_error *err)
{
    const char *at = bytes, *const end = bytes + len;
    while (at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        if (begins(at, end, "<!--") || begins(at, end, "<![CDATA[") || begins(at, end, "<?")) {
            at = behind(at + 2, end, at[1] == '?' ? "?>" : at[2] == '-' ? "-->" : "]]>");
            continue;
        }
        size_t attributes = 0;
        for (at++; at < end && *at != '>' && *at != '<'; at++) {
            if (*at != '"' && *at != '\'')
                continue;
            const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
            const size_t n = (size_t)((close != NULL ? close : end) - at - 1);
            if (n > limits->attribute)
                return too_much(source, bytes, (size_t)(at - bytes), "an attribute is too long, in bytes", limits->attribute, err);
            if (++attributes > ATTRIBUTES)
                return too_much(source, bytes, (size_t)(at - bytes), "a tag has too many attributes", ATTRIBUTES, err);
            at = close != NULL ? close : end - 1;
        }
    }
    return SVY_OK;
}
