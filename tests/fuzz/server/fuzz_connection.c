/* Fuzzing a whole connection: bytes in random pieces through gate, routes, bodies and answers, as the network thread does it, over a real socket.
 * Nothing behind the network thread runs: what would go to a worker is answered 503. No answer may be a 500, nothing may stay behind. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/core.h"
#include "store/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static svy_server *make_server(void)
{
    svy_server *s = calloc(1, sizeof *s);

    if (s == NULL || svyi_seal_start(NULL) != SVY_OK || svyi_assets_load(NULL, &s->assets, NULL) != SVY_OK)
        abort();
    s->options = (svy_server_options){ .connections = 10, .connections_address = 10, .request_seconds = 30, .header_seconds = 10, .connection_seconds = 900 };
    s->sessions = svyi_sessions_new();
    s->limits = svyi_limits_new();
    s->epoll = epoll_create1(0);
    s->wake = eventfd(0, EFD_NONBLOCK);
    s->listener = -1;
    s->network = pthread_self();
    s->workers.stops = s->readers.stops = s->slow.stops = s->writer.stops = 1;
    pthread_mutex_init(&s->done_lock, NULL);
    pthread_mutex_init(&s->state_lock, NULL);
    return s;
}

/* Reads what was answered; an answer that says that we are wrong ends the run. */
static void read_answers(int fd)
{
    static char got[65536];
    ssize_t n;

    while ((n = recv(fd, got, sizeof got, MSG_DONTWAIT)) > 0)
        if (memmem(got, (size_t)n, "HTTP/1.1 500", 12) != NULL)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svy_server *s;
    int ends[2];

    if (s == NULL)
        s = make_server();
    if (size < 1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return 0;
    unsigned seed = data[0];
    svyi_connection_open(s, ends[0], "192.0.2.7", seed & 1);
    for (size_t at = 1; at < size;) {
        seed = seed * 1103515245u + 12345u;
        size_t piece = 1 + (seed >> 16) % (seed & 0x800000 ? 7 : 4000);
        piece = piece < size - at ? piece : size - at;
        const ssize_t n = send(ends[1], data + at, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n <= 0 && s->connections == NULL)
            break;
        at += n > 0 ? (size_t)n : 0;
        svyi_network_turn(s, 0);
        read_answers(ends[1]);
    }
    svyi_network_turn(s, 0);
    read_answers(ends[1]);
    close(ends[1]);
    for (int i = 0; i < 8 && s->connections != NULL; i++)
        svyi_network_turn(s, 0);
    if (s->connections != NULL || s->n_connections != 0 || atomic_load(&s->bodies) != 0)
        abort();
    return 0;
}
