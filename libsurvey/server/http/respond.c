/* Answers: what a handler says, and the headers that every answer has. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/error.h"
#include "server/core.h"

static const char SAFETY[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Permissions-Policy: camera=(self), microphone=(self), geolocation=(self)\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Embedder-Policy: require-corp\r\n";

static const char *reason_of(int status)
{
    static const struct { int status; const char *reason; } REASONS[] = {
        { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
        { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" },
        { 409, "Conflict" }, { 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" }, { 417, "Expectation Failed" }, { 422, "Unprocessable Content" },
        { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" }, { 501, "Not Implemented" },
        { 503, "Service Unavailable" }, { 507, "Insufficient Storage" },
    };

    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (REASONS[i].status == status)
            return REASONS[i].reason;
    return "Answer";
}

static void add_clean(svyi_buffer *b, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c >= ' ' && *c != 0x7F)
            svyi_buffer_add(b, c, 1);
}

void svyi_answer_header(svyi_request *rq, const char *name, const char *value)
{
    svyi_buffer *b = &rq->exchange->headers;

    rq->exchange->says_cache |= strcasecmp(name, "cache-control") == 0;
    add_clean(b, name);
    svyi_buffer_text(b, ": ");
    add_clean(b, value);
    svyi_buffer_text(b, "\r\n");
}

/* The answer is there: `bytes` are the exchange's own, or borrowed. */
static void answer(svyi_request *rq, int status, const char *type, const char *borrowed, size_t n)
{
    svyi_exchange *x = rq->exchange;

    x->status = status;
    x->type = type;
    x->borrowed = borrowed;
    x->n_bytes = n;
    x->step = SVYI_STEP_ANSWER;
}

void svyi_answer(svyi_request *rq, int status, const char *type, const void *bytes, size_t n)
{
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_add(&b, bytes, n);
    svyi_answer_buffer(rq, status, type, &b);
}

void svyi_answer_borrowed(svyi_request *rq, int status, const char *type, const void *bytes, size_t n) { answer(rq, status, type, bytes, n); }

void svyi_answer_buffer(svyi_request *rq, int status, const char *type, svyi_buffer *b)
{
    static const char SHORT[] = "{\"error\":\"the server is short of memory: try again in a minute\"}";
    svyi_exchange *x = rq->exchange;

    svyi_release(NULL, x->bytes, x->bytes_capacity);
    x->bytes = NULL;
    x->bytes_capacity = 0;
    if (b->failed) {
        svyi_buffer_clear(b);
        svyi_answer_header(rq, "Retry-After", "30");
        answer(rq, 503, "application/json", SHORT, sizeof SHORT - 1);
        return;
    }
    x->bytes = b->data;
    x->bytes_capacity = b->capacity;
    answer(rq, status, type, b->data, b->len);
    svyi_buffer_init(b, NULL);
}

void svyi_answer_json(svyi_request *rq, int status, svyi_buffer *b) { svyi_answer_buffer(rq, status, "application/json", b); }

void svyi_answer_error(svyi_request *rq, int status, const char *sentence)
{
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_text(&b, "{\"error\":");
    svyi_buffer_json(&b, sentence, strlen(sentence));
    svyi_buffer_text(&b, "}\n");
    svyi_answer_json(rq, status, &b);
}

void svyi_answer_failed(svyi_request *rq, const svy_error *err)
{
    switch ((int)err->code) {
    case SVY_E_NAME: svyi_answer_error(rq, 404, err->message); return;
    case SVY_E_STATE:
    case SVY_E_BUSY: svyi_answer_error(rq, 409, err->message); return;
    case SVY_E_LIMIT: svyi_answer_error(rq, 413, err->message); return;
    case SVY_E_SYNTAX:
    case SVY_E_ARG: svyi_answer_error(rq, 400, err->message); return;
    case SVY_E_VALUE:
    case SVY_E_TYPE:
    case SVY_E_INVALID:
    case SVY_E_FORMAT: svyi_answer_error(rq, 422, err->message); return;
    case SVY_E_NOMEM:
        svyi_answer_header(rq, "Retry-After", "30");
        svyi_answer_error(rq, 503, "the server is short of memory: try again in a minute");
        return;
    default: break;
    }
    svyi_log(rq->server, "failed: %s", err->message);
    if (strstr(err->message, "no space is left") != NULL) {
        svyi_answer_header(rq, "Retry-After", "60");
        svyi_answer_error(rq, 507, "the server's disk is full: nothing was stored, keep it and try again later");
        return;
    }
    svyi_answer_error(rq, err->code == SVY_E_IO ? 503 : 500, "the server could not store or read this: nothing is lost here, try again later and tell whoever runs the server");
}

static void add_date(svyi_buffer *b, int64_t utc_ms)
{
    static const char DAYS[] = "SunMonTueWedThuFriSat", MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const time_t seconds = (time_t)(utc_ms / 1000);
    struct tm t;

    if (gmtime_r(&seconds, &t) != NULL)
        svyi_buffer_format(b, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n", DAYS + 3 * t.tm_wday, t.tm_mday, MONTHS + 3 * t.tm_mon, t.tm_year + 1900,
                           t.tm_hour, t.tm_min, t.tm_sec);
}

int svyi_answer_head(svyi_connection *c, svyi_request *rq)
{
    svyi_exchange *x = rq->exchange;
    const int64_t now = svyi_moment_now().utc_ms;
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_format(&b, "HTTP/1.1 %d %s\r\n", x->status, reason_of(x->status));
    add_date(&b, now);
    svyi_buffer_format(&b, "X-Survey-Time: %lld\r\n", (long long)now);
    if (x->status != 204 && x->status != 304)
        svyi_buffer_format(&b, "Content-Length: %zu\r\n", x->n_bytes);
    if (x->n_bytes > 0 && x->type != NULL)
        svyi_buffer_format(&b, "Content-Type: %s\r\n", x->type);
    if (x->close)
        svyi_buffer_text(&b, "Connection: close\r\n");
    if (!x->says_cache)
        svyi_buffer_text(&b, "Cache-Control: no-store\r\n");
    if (rq->tls)
        svyi_buffer_text(&b, "Strict-Transport-Security: max-age=31536000\r\n");
    svyi_buffer_add(&b, SAFETY, sizeof SAFETY - 1);
    if (x->headers.len > 0)
        svyi_buffer_add(&b, x->headers.data, x->headers.len);
    svyi_buffer_text(&b, "\r\n");
    if (b.failed || x->headers.failed) {
        svyi_buffer_clear(&b);
        return 0;
    }
    c->out = b.data;
    c->out_len = b.len;
    c->out_capacity = b.capacity;
    c->out_at = 0;
    return 1;
}
