/* A request: its head taken apart, its body put together, and what handlers ask of it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "server/core.h"

typedef struct whole { svyi_request request; svyi_exchange exchange; } whole;

svyi_request *svyi_request_new(svyi_connection *c)
{
    whole *w = svyi_get(NULL, sizeof *w);

    if (w == NULL)
        return NULL;
    memset(w, 0, sizeof *w);
    svyi_request *rq = &w->request;
    rq->exchange = &w->exchange;
    rq->server = c->server;
    rq->device = "";
    rq->path = "";
    rq->body = "";
    rq->received = svyi_moment_now();
    for (size_t i = 0; i < SVYI_PARTS; i++)
        rq->part[i] = "";
    svyi_arena_init(&rq->arena, NULL);
    svyi_buffer_init(&w->exchange.headers, NULL);
    w->exchange.connection = c;
    w->exchange.started_ms = svyi_now_ms();
    snprintf(w->exchange.address, sizeof w->exchange.address, "%s", c->address);
    rq->address = w->exchange.address;
    return rq;
}

static void body_free(svyi_request *rq)
{
    svyi_exchange *x = rq->exchange;

    if (x->body_capacity > 0)
        atomic_fetch_sub(&rq->server->bodies, x->body_capacity);
    svyi_release(NULL, x->body, x->body_capacity);
    x->body = NULL;
    x->body_capacity = 0;
}

void svyi_request_free(svyi_request *rq)
{
    if (rq == NULL)
        return;
    svyi_exchange *x = rq->exchange;
    if (rq->own_free != NULL)
        rq->own_free(rq->own);
    svy_arrival_free(x->arrival);
    svyi_snapshot_done(rq->server, x->snapshot);          /* after all that was prepared with it */
    body_free(rq);
    svyi_buffer_clear(&x->headers);
    svyi_release(NULL, x->bytes, x->bytes_capacity);
    if (x->text != NULL)
        explicit_bzero(x->text, x->text_size);         /* cookies and tokens */
    svyi_release(NULL, x->text, x->text_size);
    explicit_bzero(x->credential, sizeof x->credential);
    svyi_arena_clear(&rq->arena);
    svyi_release(NULL, rq, sizeof(whole));
}

int svyi_body_room(svyi_request *rq, size_t need)
{
    svyi_exchange *x = rq->exchange;
    size_t capacity = x->body_capacity == 0 ? 4096 : x->body_capacity;

    if (need < x->body_capacity)
        return 0;
    while (capacity <= need)
        capacity *= 2;
    if (x->head.length > 0 && capacity > x->head.length + 1)
        capacity = x->head.length + 1;
    const size_t more = capacity - x->body_capacity;
    if (atomic_fetch_add(&rq->server->bodies, more) + more > SVYI_BODIES) {
        atomic_fetch_sub(&rq->server->bodies, more);
        return 503;
    }
    char *body = svyi_resize(NULL, x->body, x->body_capacity, capacity);
    if (body == NULL) {
        atomic_fetch_sub(&rq->server->bodies, more);
        return 503;
    }
    x->body = body;
    x->body_capacity = capacity;
    return 0;
}

static int read_query(svyi_request *rq, char *query)
{
    svyi_exchange *x = rq->exchange;
    const char *name, *value;
    int more;

    while ((more = svyi_query_next(&query, &name, &value)) == 1) {
        for (size_t i = 0; i < x->n_query; i++)
            if (strcmp(x->query[i].name, name) == 0)
                return 400;
        if (x->n_query == SVYI_QUERY)
            return 400;
        x->query[x->n_query++] = (svyi_header){ name, value };
    }
    return more == 0 ? 0 : 400;
}

/* Who the client is and how it came, as far as the socket or a trusted proxy says. */
static void read_origin(svyi_request *rq, int local)
{
    const svy_server_options *o = &rq->server->options;
    const char *from, *protocol;

    rq->tls = rq->server->tls != NULL;
    rq->secure = rq->tls || (local && !o->behind_proxy);
    if (!o->behind_proxy)
        return;
    if ((protocol = svyi_request_header(rq, "x-forwarded-proto")) != NULL)
        rq->tls = rq->secure = strcasecmp(protocol, "https") == 0;
    if ((from = svyi_request_header(rq, "x-forwarded-for")) != NULL) {
        const char *last = strrchr(from, ',');         /* the proxy adds at the end; before it stands what the client says */
        from = last != NULL ? last + 1 : from;
        from += strspn(from, " \t");
        snprintf(rq->exchange->address, sizeof rq->exchange->address, "%.60s", from);
    }
}

int svyi_request_read(svyi_request *rq, const char *text, size_t n)
{
    svyi_exchange *x = rq->exchange;
    svyi_target target;
    int status;

    x->text = svyi_get(NULL, n + 1);
    if (x->text == NULL)
        return 503;
    x->text_size = n + 1;
    memcpy(x->text, text, n);
    x->text[n] = '\0';
    x->close = 1;
    if ((status = svyi_gate_head(x->text, n, &x->head)) != 0 || (status = svyi_target_read(x->head.target, &target)) != 0)
        return status;
    rq->method = (svyi_method)x->head.method;
    rq->path = target.path;
    read_origin(rq, x->connection->local);
    if ((status = read_query(rq, target.query)) != 0)
        return status;
    x->close = !x->head.keep_alive;
    return 0;
}

const char *svyi_request_header(const svyi_request *rq, const char *name)
{
    const svyi_head *head = &rq->exchange->head;

    for (size_t i = 0; i < head->n_fields; i++)
        if (strcasecmp(head->fields[i].name, name) == 0)
            return head->fields[i].value;
    return NULL;
}

const char *svyi_request_query(const svyi_request *rq, const char *name)
{
    const svyi_exchange *x = rq->exchange;

    for (size_t i = 0; i < x->n_query; i++)
        if (strcmp(x->query[i].name, name) == 0)
            return x->query[i].value;
    return NULL;
}

int svyi_request_number(const svyi_request *rq, const char *name, uint64_t *value)
{
    const char *text = svyi_request_query(rq, name);
    size_t n = 0;

    *value = 0;
    if (text == NULL)
        return 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 16; n++)
        *value = *value * 10 + (uint64_t)(text[n] - '0');
    return n > 0 && n <= 15 && text[n] == '\0' ? 1 : -1;
}

const char *svyi_request_base(svyi_request *rq)
{
    svyi_exchange *x = rq->exchange;
    const char *host = svyi_request_header(rq, "host");

    if (x->base[0] == '\0')
        snprintf(x->base, sizeof x->base, "%s://%s", rq->tls ? "https" : "http", host != NULL ? host : "localhost");
    return x->base;
}
