/* The network thread: takes connections in, waits for what happens on them, and gives answers back.
 *
 * Why this is not a library's. libmicrohttpd 0.9.75, the fastest maintained one, was measured with 27 hostile requests: it takes Content-Length together with
 * Transfer-Encoding, two lengths (the first counts), bare LF, bare CR, folded lines, a blank before the colon and two Hosts, cuts values at a NUL without a word, and of
 * 60 connections that dripped a byte a second 50 were still served after 8 seconds with a timeout of 3. What it hides (which bytes ended a line, where a value
 * was cut) no handler can check afterwards, and under TLS nobody can look before it. evhttp and civetweb take more still. So the bytes pass our own gate
 * (gate.c, chunk.c, target.c: pure functions, fuzzed in random pieces), and what is left of HTTP/1.1 behind so strict a gate is connection.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "server/core.h"

enum { EVENTS = 256, TICK_MS = 250, STOP_MS = 10000, ACCEPTS = 64 };

int64_t svyi_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

svy_moment svyi_moment_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (svy_moment){ .utc_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000, .mono_ms = svyi_now_ms() };
}

/* ---- connections come and go ---- */

void svyi_connection_watch(svyi_connection *c, unsigned events)
{
    struct epoll_event event = { .events = events, .data.ptr = c };

    if (c->dead || c->events == events)
        return;
    c->events = events;
    epoll_ctl(c->server->epoll, EPOLL_CTL_MOD, c->wire.fd, &event);
}

void svyi_connection_close(svyi_connection *c)
{
    svy_server *s = c->server;

    if (c->dead)
        return;
    c->dead = 1;
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, c->wire.fd, NULL);
    svyi_wire_close(&c->wire);
    if (c->state == SVYI_WAITS && c->request != NULL)
        c->request->exchange->connection = NULL;       /* somebody works on it: freed when it comes back */
    else
        svyi_request_free(c->request);
    c->request = NULL;
    svyi_release(NULL, c->out, c->out_capacity);
    c->out = NULL;
    if (c->before != NULL)
        c->before->next = c->next;
    else
        s->connections = c->next;
    if (c->next != NULL)
        c->next->before = c->before;
    s->n_connections--;
    c->next = s->closed;
    s->closed = c;
}

static void free_closed(svy_server *s)
{
    while (s->closed != NULL) {
        svyi_connection *c = s->closed;
        s->closed = c->next;
        explicit_bzero(c->in, sizeof c->in);
        svyi_release(NULL, c, sizeof *c);
    }
}

/* Makes room by ending the connection that has been idle longest; of those that came in the same millisecond the one that came first, which stands last in the list. */
static int evict(svy_server *s)
{
    svyi_connection *oldest = NULL;

    for (svyi_connection *c = s->connections; c != NULL; c = c->next)
        if (c->state == SVYI_READS_HEAD && c->have == 0 && (oldest == NULL || c->since_ms <= oldest->since_ms))
            oldest = c;
    if (oldest == NULL)
        return 0;
    svyi_connection_close(oldest);
    return 1;
}

static int too_many(svy_server *s, const char *address, int local)
{
    unsigned same = 0;

    if (!local && !s->options.behind_proxy)
        for (svyi_connection *c = s->connections; c != NULL; c = c->next)
            same += strcmp(c->address, address) == 0;
    return same >= s->options.connections_address || (s->n_connections >= s->options.connections && !evict(s));
}

svyi_connection *svyi_connection_open(svy_server *s, int fd, const char *address, int local)
{
    struct epoll_event event = { .events = EPOLLIN };
    svyi_connection *c = svyi_get(NULL, sizeof *c);

    if (c == NULL) {
        close(fd);
        return NULL;
    }
    memset(c, 0, sizeof *c - sizeof c->in);
    c->server = s;
    c->wire = (svyi_wire){ .fd = fd };
    c->state = s->tls != NULL ? SVYI_HANDSHAKE : SVYI_READS_HEAD;
    c->opened_ms = c->since_ms = svyi_now_ms();
    c->local = local;
    c->events = EPOLLIN;
    snprintf(c->address, sizeof c->address, "%s", address);
    event.data.ptr = c;
    if ((s->tls != NULL && (c->wire.tls = svyi_tls_session(s->tls, fd)) == NULL) || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        svyi_wire_close(&c->wire);
        svyi_release(NULL, c, sizeof *c);
        return NULL;
    }
    c->next = s->connections;
    if (c->next != NULL)
        c->next->before = c;
    s->connections = c;
    s->n_connections++;
    return c;
}

static void take_in(svy_server *s, int fd, const struct sockaddr_storage *from)
{
    static const char BUSY[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    char address[SVYI_ADDRESS];
    int local, one = 1;

    svyi_address_text(from, address, &local);
    if (too_many(s, address, local)) {
        if (s->tls == NULL)
            (void)!send(fd, BUSY, sizeof BUSY - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    svyi_connection_open(s, fd, address, local);
}

static void accept_some(svy_server *s)
{
    for (int i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage from = { 0 };
        socklen_t size = sizeof from;
        const int fd = accept4(s->listener, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                evict(s);
            return;
        }
        take_in(s, fd, &from);
    }
}

/* ---- what comes back from the other threads ---- */

void svyi_network_hand(svyi_request *rq)
{
    svy_server *s = rq->server;
    const uint64_t one = 1;

    rq->exchange->next = NULL;
    pthread_mutex_lock(&s->done_lock);
    const int first = s->done_first == NULL;
    if (first)
        s->done_first = rq;
    else
        s->done_last->exchange->next = rq;
    s->done_last = rq;
    pthread_mutex_unlock(&s->done_lock);
    if (first && !pthread_equal(pthread_self(), s->network))
        (void)!write(s->wake, &one, sizeof one);
}

static int take_done(svy_server *s)
{
    pthread_mutex_lock(&s->done_lock);
    svyi_request *rq = s->done_first;
    s->done_first = s->done_last = NULL;
    pthread_mutex_unlock(&s->done_lock);
    const int some = rq != NULL;
    while (rq != NULL) {
        svyi_request *next = rq->exchange->next;
        if (rq->exchange->connection == NULL)
            svyi_request_free(rq);
        else
            svyi_connection_go_on(rq->exchange->connection);
        rq = next;
    }
    return some;
}

/* ---- the loop ---- */

static void look_at_all(svy_server *s, int64_t now, int stopping)
{
    for (svyi_connection *c = s->connections, *next; c != NULL; c = next) {
        next = c->next;
        if (stopping && c->state != SVYI_WAITS && c->state != SVYI_WRITES)
            svyi_connection_close(c);
        else
            svyi_connection_check(c, now);
    }
}

static void stop_listening(svy_server *s)
{
    if (s->listener < 0)
        return;
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->listener, NULL);
    close(s->listener);
    s->listener = -1;
}

static void events_happen(svy_server *s, const struct epoll_event *events, int n)
{
    uint64_t count;

    for (int i = 0; i < n; i++)
        if (events[i].data.ptr == &s->listener)
            accept_some(s);
        else if (events[i].data.ptr == &s->wake)
            (void)!read(s->wake, &count, sizeof count);
        else
            svyi_connection_event(events[i].data.ptr, events[i].events);
}

void svyi_network_turn(svy_server *s, int wait_ms)
{
    struct epoll_event events[EVENTS];

    events_happen(s, events, epoll_wait(s->epoll, events, EVENTS, wait_ms));
    while (take_done(s))
        ;
    free_closed(s);
}

void *svyi_network_run(void *server)
{
    svy_server *s = server;
    int64_t looked = 0, stopping = 0;

    for (;;) {
        svyi_network_turn(s, stopping > 0 ? 20 : TICK_MS);
        const int64_t now = svyi_now_ms();
        if (atomic_load(&s->stops) && stopping == 0) {
            stopping = now;
            stop_listening(s);
        }
        if (stopping > 0 || now - looked >= TICK_MS) {
            looked = now;
            look_at_all(s, now, stopping > 0);
        }
        free_closed(s);
        if (stopping > 0 && (s->connections == NULL || now - stopping > STOP_MS))
            break;
    }
    while (s->connections != NULL)
        svyi_connection_close(s->connections);
    free_closed(s);
    return NULL;
}

/* ---- opening ---- */

static int listen_on(svy_server *s)
{
    const int one = 1, off = 0;
    const int fd = socket(s->listen.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (s->listen.address.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (s->listen.path[0] != '\0')
        unlink(s->listen.path);
    if (bind(fd, (const struct sockaddr *)&s->listen.address, s->listen.size) == 0 && listen(fd, 1024) == 0)
        return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static int watch(svy_server *s, int fd, void *what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

svy_status svyi_network_open(svy_server *s, svy_error *err)
{
    if ((s->listener = listen_on(s)) < 0)
        return svyi_fail(err, SVY_E_IO, "cannot listen on %.100s (%s): choose another with --listen", s->options.listen, strerror(errno));
    if (s->listen.path[0] != '\0')
        chmod(s->listen.path, 0660);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->epoll < 0 || s->wake < 0 || !watch(s, s->listener, &s->listener) || !watch(s, s->wake, &s->wake))
        return svyi_fail(err, SVY_E_IO, "the system gives no more files to this program (%s)", strerror(errno));
    s->listen.size = sizeof s->listen.address;
    getsockname(s->listener, (struct sockaddr *)&s->listen.address, &s->listen.size);
    svyi_addresses_find(s);
    return SVY_OK;
}

void svyi_network_close(svy_server *s)
{
    for (svyi_request *rq = s->done_first, *next; rq != NULL; rq = next) {
        next = rq->exchange->next;
        svyi_request_free(rq);
    }
    s->done_first = NULL;
    if (s->listener >= 0)
        close(s->listener);
    if (s->epoll >= 0)
        close(s->epoll);
    if (s->wake >= 0)
        close(s->wake);
    if (s->listen.path[0] != '\0')
        unlink(s->listen.path);
}
