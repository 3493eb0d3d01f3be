/* The request gate: first line, headers and chunks, taken strictly or not at all. */
#include "server/http/gate.h"
#include "server/server_priv.h"

#include <string.h>

enum { BAD = 400, LONG_TARGET = 414, LARGE_HEAD = 431, UNKNOWN = 501, NOT_ALLOWED = 405, TOO_LARGE = 413 };

static int is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static char lower(char c) { return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

/* ---- where the head ends ---- */

/* One byte more. 1: the head ends with it; 0: go on; minus a status. */
static int scan_byte(svyi_scan *scan, unsigned char c)
{
    if (scan->after_return) {
        if (c != '\n')
            return -BAD;
        scan->after_return = 0;
        scan->lines++;
        const size_t length = scan->line_length;
        scan->line_length = 0;
        if (length == 0)
            return scan->lines == 1 ? -BAD : 1;
        return scan->lines > SVYI_FIELDS + 1 ? -LARGE_HEAD : 0;
    }
    if (c == '\r') {
        scan->after_return = 1;
        return 0;
    }
    if ((c < ' ' && c != '\t') || c == 0x7F)
        return -BAD;
    scan->line_length++;
    return scan->lines == 0 && scan->line_length > SVYI_TARGET_BYTES + 32 ? -LONG_TARGET : 0;
}

long svyi_gate_scan(const char *bytes, size_t n, svyi_scan *scan)
{
    while (scan->at < n && scan->at < SVYI_HEAD_BYTES) {
        const int result = scan_byte(scan, (unsigned char)bytes[scan->at++]);
        if (result < 0)
            return result;
        if (result > 0)
            return (long)scan->at;
    }
    return scan->at >= SVYI_HEAD_BYTES ? -(scan->lines == 0 ? LONG_TARGET : LARGE_HEAD) : 0;
}

/* ---- the first line ---- */

static int read_method(const char *word, unsigned *method)
{
    static const struct { const char *name; unsigned method; } METHODS[] = {
        { "GET", SVYI_GET }, { "HEAD", SVYI_HEAD }, { "POST", SVYI_POST }, { "PUT", SVYI_PUT }, { "DELETE", SVYI_DELETE },
        { "TRACE", 0 }, { "CONNECT", 0 }, { "OPTIONS", 0 }, { "PATCH", 0 },
    };

    for (const char *c = word; *c != '\0'; c++)
        if (!is_token((unsigned char)*c))
            return BAD;
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
        if (strcmp(METHODS[i].name, word) == 0) {
            *method = METHODS[i].method;
            return *method != 0 ? 0 : NOT_ALLOWED;
        }
    return word[0] == '\0' ? BAD : UNKNOWN;
}

static int read_first_line(char *line, svyi_head *head, int *minor)
{
    char *target = strchr(line, ' '), *version;
    int status;

    if (target == NULL || (version = strchr(target + 1, ' ')) == NULL)
        return BAD;
    *target++ = '\0';
    *version++ = '\0';
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return BAD;
    *minor = version[7] - '0';
    if ((status = read_method(line, &head->method)) != 0)
        return status;
    if (target[0] != '/')
        return BAD;
    head->target = target;
    return strlen(target) > SVYI_TARGET_BYTES ? LONG_TARGET : 0;
}

/* ---- headers ---- */

/* Takes one line apart. The scan has made sure that it has no control characters but tabs. */
static int read_field(char *line, svyi_head *head)
{
    char *c = line, *value, *end;

    for (; is_token((unsigned char)*c); c++)
        *c = lower(*c);
    if (c == line || *c != ':')
        return BAD;
    *c = '\0';
    for (value = c + 1; *value == ' ' || *value == '\t'; value++)
        ;
    for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t'); end--)
        ;
    *end = '\0';
    if (head->n_fields == SVYI_FIELDS)
        return LARGE_HEAD;
    head->fields[head->n_fields++] = (svyi_header){ line, value };
    return 0;
}

const char *svyi_head_find(const svyi_head *head, const char *name)
{
    for (size_t i = 0; i < head->n_fields; i++)
        if (strcmp(head->fields[i].name, name) == 0)
            return head->fields[i].value;
    return NULL;
}

/* Headers that say who, what or how long must not come twice: two programs could believe different ones. */
static int check_single(const svyi_head *head)
{
    static const char *const SINGLE[] = { "host", "content-length", "transfer-encoding", "content-type", "authorization", "cookie", "origin", "expect",
                                          "x-survey-csrf", "sec-fetch-site", "x-forwarded-proto", "if-none-match", "range" };

    for (size_t k = 0; k < sizeof SINGLE / sizeof SINGLE[0]; k++) {
        int seen = 0;
        for (size_t i = 0; i < head->n_fields; i++)
            seen += strcmp(head->fields[i].name, SINGLE[k]) == 0;
        if (seen > 1)
            return BAD;
    }
    return 0;
}

static int check_host(const svyi_head *head, int minor)
{
    const char *host = svyi_head_find(head, "host");

    if (host == NULL)
        return minor == 0 ? 0 : BAD;
    if (host[0] == '\0' || strlen(host) > 255)
        return BAD;
    for (const char *c = host; *c != '\0'; c++)
        if (!is_digit(*c) && !(lower(*c) >= 'a' && lower(*c) <= 'z') && strchr(".-:[]_", *c) == NULL)
            return BAD;
    return 0;
}

static int same_word(const char *text, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (word[i] == '\0' || lower(text[i]) != word[i])
            return 0;
    return word[n] == '\0';
}

static int check_length(svyi_head *head, int minor)
{
    const char *length = svyi_head_find(head, "content-length"), *coding = svyi_head_find(head, "transfer-encoding");

    if (length != NULL && coding != NULL)
        return BAD;
    if (coding != NULL) {
        if (minor == 0)
            return BAD;
        head->chunked = same_word(coding, strlen(coding), "chunked");
        return head->chunked ? 0 : UNKNOWN;
    }
    if (length == NULL)
        return 0;
    for (const char *c = length; *c != '\0'; c++)
        if (!is_digit(*c))
            return BAD;
    if (length[0] == '\0')
        return BAD;
    if (strlen(length) > 18)
        return TOO_LARGE;
    for (const char *c = length; *c != '\0'; c++)
        head->length = head->length * 10 + (uint64_t)(*c - '0');
    return 0;
}

/* Whether a list of words in a header has this one. */
static int has_word(const char *list, const char *word)
{
    while (list != NULL && *list != '\0') {
        const size_t n = strcspn(list, " \t,");
        if (n > 0 && same_word(list, n, word))
            return 1;
        list += n + strspn(list + n, " \t,");
    }
    return 0;
}

static int check_connection(svyi_head *head, int minor)
{
    const char *expect = svyi_head_find(head, "expect");

    /* Several Connection headers are one list. */
    head->keep_alive = minor == 1;
    for (size_t i = 0; i < head->n_fields; i++)
        if (strcmp(head->fields[i].name, "connection") == 0 && has_word(head->fields[i].value, "close"))
            head->keep_alive = 0;
    if (expect == NULL)
        return 0;
    head->expects = same_word(expect, strlen(expect), "100-continue");
    return head->expects ? 0 : 417;
}

int svyi_gate_head(char *bytes, size_t n, svyi_head *head)
{
    char *line = bytes;
    const char *const end = bytes + n - 2;            /* the blank line */
    int minor = 1, status = 0, first = 1;

    memset(head, 0, sizeof *head);
    while (line < end && status == 0) {
        char *stop = memchr(line, '\r', (size_t)(bytes + n - line));
        if (stop == NULL)
            return BAD;
        *stop = '\0';
        status = first ? read_first_line(line, head, &minor) : read_field(line, head);
        first = 0;
        line = stop + 2;
    }
    if (status == 0 && head->target == NULL)
        status = BAD;
    if (status == 0 && (status = check_single(head)) == 0 && (status = check_host(head, minor)) == 0 && (status = check_length(head, minor)) == 0)
        status = check_connection(head, minor);
    return status;
}
