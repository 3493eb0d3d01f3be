/* Bytes to and from a client: plain sockets, or TLS over them. Nothing here waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "server/core.h"

static long failed(long n)
{
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? SVYI_WIRE_AGAIN : SVYI_WIRE_GONE;
}

/* What a call of GnuTLS returned, in our words. */
static long tls_result(svyi_wire *w, long n)
{
    w->wants_write = 0;
    if (n >= 0)
        return n;
    if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
        w->wants_write = gnutls_record_get_direction(w->tls) == 1;
        return SVYI_WIRE_AGAIN;
    }
    /* A client that hangs up without saying so has cut nothing of ours: lengths are known from the head. */
    return n == GNUTLS_E_PREMATURE_TERMINATION ? 0 : SVYI_WIRE_GONE;
}

long svyi_wire_read(svyi_wire *w, void *bytes, size_t n)
{
    return w->tls != NULL ? tls_result(w, gnutls_record_recv(w->tls, bytes, n)) : failed(recv(w->fd, bytes, n, 0));
}

long svyi_wire_write(svyi_wire *w, const void *head, size_t n_head, const void *body, size_t n_body)
{
    struct iovec parts[2] = { { .iov_len = n_head }, { .iov_len = n_body } };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

    if (w->tls != NULL)
        return tls_result(w, n_head > 0 ? gnutls_record_send(w->tls, head, n_head) : gnutls_record_send(w->tls, body, n_body));
    memcpy(&parts[0].iov_base, &head, sizeof head);      /* sendmsg() does not write there, though its type says it may */
    memcpy(&parts[1].iov_base, &body, sizeof body);
    return failed(sendmsg(w->fd, &message, MSG_NOSIGNAL));
}

int svyi_wire_pending(const svyi_wire *w) { return w->tls != NULL && gnutls_record_check_pending(w->tls) > 0; }

int svyi_wire_handshake(svyi_wire *w)
{
    if (w->tls == NULL)
        return 1;
    const int result = gnutls_handshake(w->tls);
    if (result == GNUTLS_E_SUCCESS)
        return 1;
    if (result < 0 && gnutls_error_is_fatal(result) != 0)
        return SVYI_WIRE_GONE;
    w->wants_write = gnutls_record_get_direction(w->tls) == 1;
    return SVYI_WIRE_AGAIN;
}

void svyi_wire_finish(svyi_wire *w)
{
    if (w->tls != NULL)
        gnutls_bye(w->tls, GNUTLS_SHUT_WR);
    shutdown(w->fd, SHUT_WR);
}

void svyi_wire_close(svyi_wire *w)
{
    if (w->tls != NULL)
        gnutls_deinit(w->tls);
    w->tls = NULL;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}
