/* Forms with files as programs post them, read as they arrive: finds the boundaries and hands the bytes between them on. */
#include "server/http/multipart.h"
#include "base/error.h"
#include "server/http/multipart_header.h"
#include <string.h>

/* FIRST: at the first boundary, before which nothing may stand. AFTER: behind a boundary. LINE_END: behind that, its CR LF. HEADERS: up to an empty line. BODY.
   CLOSING: the second "-" of the last boundary. CLOSED: behind it, where only a line end may follow. OVER: something was wrong. */
enum { FIRST, AFTER, LINE_END, HEADERS, BODY, CLOSING, CLOSED, CLOSED_LINE, FINISHED, OVER };

static int is_boundary(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("'()+_,-./:=? ", c) != NULL))
            return 0;
    }
    return len > 0 && len <= SVYI_MULTIPART_BOUNDARY && text[len - 1] != ' ';
}

svy_status svyi_multipart_begin(svyi_multipart *m, const char *content_type, const svyi_multipart_to *to, svy_error *err)
{
    static const char WANTED[] = "multipart/form-data";
    char boundary[SVYI_MULTIPART_BOUNDARY + 2];
    size_t n = 0, len = content_type != NULL ? strlen(content_type) : 0;
    *m = (svyi_multipart){ .to = *to, .state = OVER };
    const int found = len > 0 && len < SVYI_MULTIPART_HEADERS ? svyi_header_parameter(content_type, len, "boundary", boundary, sizeof boundary, &n) : 0;
    int same = n == sizeof WANTED - 1;
    for (size_t i = 0; same && i < n; i++)
        same = (content_type[i] | 0x20) == (WANTED[i] | 0x20);
    if (found != 1 || !same || !is_boundary(boundary, strlen(boundary)))
        return svyi_fail(err, SVY_E_FORMAT, "what was sent is not a form with files (multipart/form-data with a boundary)");
    strcat(strcpy(m->delimiter, "\r\n--"), boundary);
    m->delimiter_len = strlen(m->delimiter);
    m->matched = 2;                       /* the first boundary stands at the beginning, without a line end before it */
    m->state = FIRST;
    return SVY_OK;
}

static svy_status wrong(svyi_multipart *m, svy_error *err, const char *what)
{
    m->state = OVER;
    return svyi_fail(err, SVY_E_FORMAT, "the form that was sent %s", what);
}

static svy_status hand_on(svyi_multipart *m, const char *bytes, size_t n, svy_error *err)
{
    const svy_status st = n > 0 && m->to.bytes != NULL ? m->to.bytes(m->to.user, bytes, n, err) : SVY_OK;
    if (st != SVY_OK)
        m->state = OVER;
    return st;
}

/* The headers are there: a part begins. */
static svy_status begin_part(svyi_multipart *m, svy_error *err)
{
    svy_status st = svyi_multipart_headers(m->headers, m->headers_len, &m->part, err);
    if (st == SVY_OK && ++m->parts > SVYI_MULTIPART_PARTS)
        st = svyi_fail(err, SVY_E_LIMIT, "the form that was sent has more than %d parts", SVYI_MULTIPART_PARTS);
    m->content = m->taken + 1;
    if (st == SVY_OK && m->to.begin != NULL)
        st = m->to.begin(m->to.user, &m->part, err);
    m->state = st == SVY_OK ? BODY : OVER;
    m->matched = 0;
    return st;
}

static svy_status take_header(svyi_multipart *m, char c, svy_error *err)
{
    if (m->headers_len == sizeof m->headers) {
        m->state = OVER;
        return svyi_fail(err, SVY_E_LIMIT, "a part of the form that was sent has too long headers");
    }
    m->headers[m->headers_len++] = c;
    const char *h = m->headers;
    const size_t n = m->headers_len;
    if (c != '\n' || n < 2 || h[n - 2] != '\r' || (n > 2 && (n < 4 || h[n - 3] != '\n' || h[n - 4] != '\r')))
        return SVY_OK;
    m->headers_len -= 2;                  /* the empty line */
    return begin_part(m, err);
}

/* A carriage return can only begin a delimiter, so what began like one and is none is content up to this byte. */
static svy_status take_body(svyi_multipart *m, const char *bytes, size_t n, size_t *used, svy_error *err)
{
    if (m->matched == 0) {
        const char *at = memchr(bytes, '\r', n);
        *used = at != NULL ? (size_t)(at - bytes) : n;
        m->matched = at != NULL;
        const svy_status st = hand_on(m, bytes, *used, err);
        *used += at != NULL;
        return st;
    }
    if (*bytes != m->delimiter[m->matched]) {
        const size_t held = m->matched;
        m->matched = 0;
        *used = 0;
        return hand_on(m, m->delimiter, held, err);
    }
    *used = 1;
    if (++m->matched < m->delimiter_len)
        return SVY_OK;
    const svy_status st = m->to.end != NULL ? m->to.end(m->to.user, err) : SVY_OK;
    m->state = st == SVY_OK ? AFTER : OVER;
    return st;
}

/* One byte between parts. */
static svy_status take_mark(svyi_multipart *m, char c, svy_error *err)
{
    switch (m->state) {
    case FIRST:
        if (c != m->delimiter[m->matched])
            return wrong(m, err, "does not begin with its boundary");
        m->state = ++m->matched == m->delimiter_len ? AFTER : FIRST;
        return SVY_OK;
    case AFTER:
        if (c != '\r' && c != '-')
            return wrong(m, err, "has a boundary with something behind it");
        m->state = c == '\r' ? LINE_END : CLOSING;
        return SVY_OK;
    case LINE_END:
        if (c != '\n')
            return wrong(m, err, "has a boundary without a line end");
        m->headers_len = 0;
        m->state = HEADERS;
        return SVY_OK;
    case CLOSING: case CLOSED: case CLOSED_LINE:
        if (c != (m->state == CLOSING ? '-' : m->state == CLOSED ? '\r' : '\n'))
            return wrong(m, err, "goes on behind its last boundary");
        m->state++;
        return SVY_OK;
    default:
        return wrong(m, err, "goes on behind its last boundary");
    }
}

svy_status svyi_multipart_feed(svyi_multipart *m, const void *bytes, size_t n, svy_error *err)
{
    const char *at = bytes, *end = at + n;
    svy_status st = SVY_OK;
    if (m->state == OVER && n > 0)
        return svyi_fail(err, SVY_E_FORMAT, "the form that was sent cannot be read");
    while (at < end && st == SVY_OK) {
        size_t used = 1;
        if (m->state == BODY)
            st = take_body(m, at, (size_t)(end - at), &used, err);
        else if (m->state == HEADERS)
            st = take_header(m, *at, err);
        else
            st = take_mark(m, *at, err);
        at += used;
        m->taken += used;
    }
    return st;
}

svy_status svyi_multipart_end(svyi_multipart *m, svy_error *err)
{
    if (m->state == CLOSED || m->state == FINISHED)
        return SVY_OK;
    return wrong(m, err, "ends before its last boundary");
}
