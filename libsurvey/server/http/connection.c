/* One connection: bytes become requests, requests go to their handlers one at a time, answers go back. Runs on the network thread. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "server/core.h"

enum { LINGER_MS = 2000, IDLE_MS = 60000, LINGER_BYTES = 1 << 20, ROUNDS = 16, WAIT_MS = 900000 };

/* ---- answering ---- */

static void finished(svyi_connection *c);
static void read_more(svyi_connection *c);

static void write_answer(svyi_connection *c)
{
    svyi_request *rq = c->request;
    const svyi_exchange *x = rq->exchange;
    const size_t body = rq->method == SVYI_HEAD || x->status == 304 || x->status == 204 ? 0 : x->n_bytes, all = c->out_len + body;

    for (int round = 0; c->out_at < all && round < ROUNDS; round++) {
        const size_t in_head = c->out_at < c->out_len ? c->out_len - c->out_at : 0, in_body = c->out_at > c->out_len ? c->out_at - c->out_len : 0;
        const long n = svyi_wire_write(&c->wire, c->out + c->out_at * (in_head > 0), in_head, body > 0 ? x->borrowed + in_body : NULL, body - in_body);
        if (n == SVYI_WIRE_GONE) {
            svyi_connection_close(c);
            return;
        }
        if (n == SVYI_WIRE_AGAIN)
            break;
        c->out_at += (size_t)n;
    }
    if (c->out_at < all)
        svyi_connection_watch(c, EPOLLOUT);
    else
        finished(c);
}

static void log_request(const svyi_connection *c, const svyi_request *rq)
{
    const svyi_exchange *x = rq->exchange;

    if (c->server->options.log != NULL)
        svyi_log(c->server, "%s %d %s %zu %zu %lldms", x->address, x->status, rq->route != NULL ? rq->route->pattern : "-", rq->body_size, x->n_bytes,
                 (long long)(svyi_now_ms() - x->started_ms));
}

static void begin_answer(svyi_connection *c)
{
    svyi_request *rq = c->request;

    rq->exchange->close |= c->last || rq->exchange->body_waits || atomic_load(&c->server->stops);
    if (rq->exchange->borrowed == NULL)
        rq->exchange->n_bytes = 0;
    if (!svyi_answer_head(c, rq)) {
        svyi_connection_close(c);
        return;
    }
    log_request(c, rq);
    c->state = SVYI_WRITES;
    c->since_ms = svyi_now_ms();
    write_answer(c);
}

void svyi_connection_refuse(svyi_connection *c, int status)
{
    static const struct { int status; const char *sentence; } SENTENCES[] = {
        { 404, "there is nothing at this address" }, { 405, "this address does not take that method" }, { 408, "the request took too long" },
        { 413, "the request is too large" }, { 414, "the address is too long" }, { 431, "the headers are too large" }, { 501, "the method or coding is unknown here" },
        { 503, "the server is busy: try again in a minute" },
    };
    const char *sentence = "the request is malformed";

    for (size_t i = 0; i < sizeof SENTENCES / sizeof SENTENCES[0]; i++)
        if (SENTENCES[i].status == status)
            sentence = SENTENCES[i].sentence;
    atomic_fetch_add(&c->server->n_refused, 1);
    if (c->request == NULL && (c->request = svyi_request_new(c)) == NULL) {
        svyi_connection_close(c);
        return;
    }
    c->request->exchange->close = 1;
    if (status == 503)
        svyi_answer_header(c->request, "Retry-After", "30");
    svyi_answer_error(c->request, status, sentence);
    begin_answer(c);
}

/* ---- reading ---- */

static void dispatch(svyi_connection *c)
{
    svyi_request *rq = c->request;
    svyi_exchange *x = rq->exchange;

    if (x->body != NULL) {
        x->body[x->body_size] = '\0';
        rq->body = x->body;
        rq->body_size = x->body_size;
    }
    c->state = SVYI_WAITS;
    x->body_waits = 0;
    atomic_fetch_add(&c->server->n_requests, 1);
    x->step = SVYI_STEP_NONE;
    if (rq->route->place == SVYI_ON_NETWORK)
        svyi_handle(rq, NULL);
    else {
        svyi_then(rq, rq->route->place, rq->route->handler);
        svyi_go_on(rq);
    }
}

/* Takes what has come of the body out of `in`. 1: it is whole. */
static int take_body(svyi_connection *c)
{
    svyi_exchange *x = c->request->exchange;
    size_t used = c->have, content = c->have;
    int whole = 0, status;

    if (!x->head.chunked) {
        const uint64_t left = x->head.length - x->body_size;
        used = content = left < c->have ? (size_t)left : c->have;
        whole = x->body_size + used == x->head.length;
    } else if ((whole = svyi_chunks_take(&x->chunks, c->in, c->have, &used, &content)) < 0) {
        svyi_connection_refuse(c, -whole);
        return 0;
    }
    status = x->body_size + content > c->request->route->body ? 413 : svyi_body_room(c->request, x->body_size + content);
    if (status != 0) {
        svyi_connection_refuse(c, status);
        return 0;
    }
    memcpy(x->body + x->body_size, c->in, content);
    x->body_size += content;
    c->have -= used;
    memmove(c->in, c->in + used, c->have);
    return whole;
}

static void begin_body(svyi_connection *c)
{
    static const char GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const svyi_head *head = &c->request->exchange->head;

    if (!head->chunked && head->length == 0) {
        dispatch(c);
        return;
    }
    if (head->expects && c->have == 0 && svyi_wire_write(&c->wire, GO_ON, sizeof GO_ON - 1, NULL, 0) == SVYI_WIRE_GONE) {
        svyi_connection_close(c);
        return;
    }
    c->state = SVYI_READS_BODY;
    svyi_connection_watch(c, EPOLLIN);
    if (take_body(c))
        dispatch(c);
    else if (svyi_wire_pending(&c->wire))
        read_more(c);
}

/* A whole head of `n` bytes stands in `in`. */
static void begin_request(svyi_connection *c, size_t n)
{
    int status;

    if ((c->request = svyi_request_new(c)) == NULL) {
        svyi_connection_close(c);
        return;
    }
    svyi_exchange *x = c->request->exchange;
    x->started_ms = c->since_ms;
    status = svyi_request_read(c->request, c->in, n);
    c->have -= n;
    memmove(c->in, c->in + n, c->have);
    c->scan = (svyi_scan){ 0 };
    if (status == 0)
        status = svyi_route_find(c->request);
    if (status == 0 && (x->head.length > c->request->route->body || (x->head.chunked && c->request->route->body == 0)))
        status = 413;
    if (status != 0) {
        svyi_connection_refuse(c, status);
        return;
    }
    c->state = SVYI_WAITS;
    x->body_waits = x->head.chunked || x->head.length > 0;
    if (svyi_admit(c->request))
        begin_body(c);
}

/* Goes on with what is in `in`. */
static void process(svyi_connection *c)
{
    if (c->state == SVYI_READS_BODY) {
        if (take_body(c))
            dispatch(c);
        return;
    }
    if (c->state != SVYI_READS_HEAD || c->have == 0)
        return;
    const long n = svyi_gate_scan(c->in, c->have, &c->scan);
    if (n < 0)
        svyi_connection_refuse(c, (int)-n);
    else if (n > 0)
        begin_request(c, (size_t)n);
}

/* Reads straight into the body when that is the rest of a known length. */
static long read_some(svyi_connection *c)
{
    svyi_exchange *x = c->state == SVYI_READS_BODY ? c->request->exchange : NULL;

    if (x == NULL || x->head.chunked || c->have > 0 || x->body_capacity <= x->body_size + 1) {
        const long n = svyi_wire_read(&c->wire, c->in + c->have, sizeof c->in - c->have);
        c->have += n > 0 ? (size_t)n : 0;
        return n;
    }
    size_t room = x->body_capacity - 1 - x->body_size;
    if (room > x->head.length - x->body_size)
        room = (size_t)(x->head.length - x->body_size);
    const long n = svyi_wire_read(&c->wire, x->body + x->body_size, room);
    x->body_size += n > 0 ? (size_t)n : 0;
    if (n > 0 && x->body_size < x->head.length && svyi_body_room(c->request, x->body_size + 1) != 0) {
        svyi_connection_refuse(c, 503);
        return SVYI_WIRE_AGAIN;
    }
    return n;
}

static void read_more(svyi_connection *c)
{
    for (int round = 0; round < ROUNDS && !c->dead && (c->state == SVYI_READS_HEAD || c->state == SVYI_READS_BODY); round++) {
        const int fresh = c->state == SVYI_READS_HEAD && c->have == 0;
        const size_t asked = sizeof c->in - c->have;
        const long n = read_some(c);
        if (n == SVYI_WIRE_AGAIN)
            return;
        if (n <= 0) {
            svyi_connection_close(c);
            return;
        }
        if (fresh)
            c->since_ms = svyi_now_ms();
        process(c);
        if ((size_t)n < asked && c->wire.tls == NULL)
            return;                        /* nothing more is there now */
        round -= svyi_wire_pending(&c->wire);
    }
}

/* Reads and forgets until the client has hung up, so that it gets to read the answer. */
static void drain(svyi_connection *c)
{
    for (;;) {
        const long n = svyi_wire_read(&c->wire, c->in, sizeof c->in);
        if (n == SVYI_WIRE_AGAIN)
            return;
        c->drained += n > 0 ? (size_t)n : 0;
        if (n <= 0 || c->drained > LINGER_BYTES) {
            svyi_connection_close(c);
            return;
        }
    }
}

static void finished(svyi_connection *c)
{
    const int close = c->request->exchange->close;

    svyi_request_free(c->request);
    c->request = NULL;
    svyi_release(NULL, c->out, c->out_capacity);
    c->out = NULL;
    c->out_capacity = 0;
    c->since_ms = svyi_now_ms();
    svyi_connection_watch(c, EPOLLIN);
    if (close) {
        c->state = SVYI_LINGERS;
        svyi_wire_finish(&c->wire);
        return;
    }
    c->state = SVYI_READS_HEAD;
    process(c);                            /* a request that was sent behind the last one */
    if (svyi_wire_pending(&c->wire))
        read_more(c);
}

void svyi_connection_go_on(svyi_connection *c)
{
    if (c->request->exchange->step == SVYI_STEP_ADMIT) {
        if (svyi_admit(c->request))
            begin_body(c);
        return;
    }
    begin_answer(c);
}

static void shake_hands(svyi_connection *c)
{
    const int done = svyi_wire_handshake(&c->wire);

    if (done == SVYI_WIRE_GONE) {
        svyi_connection_close(c);
        return;
    }
    svyi_connection_watch(c, done == SVYI_WIRE_AGAIN && c->wire.wants_write ? EPOLLOUT : EPOLLIN);
    if (done == 1) {
        c->state = SVYI_READS_HEAD;
        c->since_ms = svyi_now_ms();
        read_more(c);
    }
}

void svyi_connection_event(svyi_connection *c, unsigned events)
{
    if (c->dead)
        return;
    switch ((int)c->state) {
    case SVYI_HANDSHAKE: shake_hands(c); return;
    case SVYI_READS_HEAD:
    case SVYI_READS_BODY: read_more(c); return;
    case SVYI_WRITES: write_answer(c); return;
    case SVYI_LINGERS: drain(c); return;
    default: break;
    }
    if (events & (EPOLLHUP | EPOLLERR))
        svyi_connection_close(c);
    else
        svyi_connection_watch(c, 0);       /* one request at a time: what is sent ahead waits in the socket */
}

void svyi_connection_check(svyi_connection *c, int64_t now_ms)
{
    const svy_server_options *o = &c->server->options;
    const int64_t since = now_ms - c->since_ms, age = now_ms - c->opened_ms, head = (int64_t)o->header_seconds * 1000, whole = (int64_t)o->request_seconds * 1000;

    c->last |= age > (int64_t)o->connection_seconds * 1000;
    switch ((int)c->state) {
    case SVYI_READS_HEAD:
        if (c->have == 0 ? since > IDLE_MS || c->last || (c->opened_ms == c->since_ms && since > head) : 0)
            svyi_connection_close(c);
        else if (c->have > 0 && since > head)
            svyi_connection_refuse(c, 408);
        return;
    case SVYI_READS_BODY:
        if (now_ms - c->request->exchange->started_ms > whole)
            svyi_connection_refuse(c, 408);
        return;
    case SVYI_WRITES:
        if (since > whole + (int64_t)(c->request->exchange->n_bytes / 16))      /* at least 16 KB a second */
            svyi_connection_close(c);
        return;
    default:
        if (since > (c->state == SVYI_LINGERS ? LINGER_MS : c->state == SVYI_HANDSHAKE ? head : WAIT_MS))
            svyi_connection_close(c);
        return;
    }
}
