/* Messages between the server and the process that reads XML: a length in 8 bytes, then the bytes. */
#define _POSIX_C_SOURCE 200809L
#include "server/odk/talk.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

enum { HEADER = 8, FIRST_ROOM = 1 << 16 };

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1 when the socket is ready before the time is over. */
static int wait_for(int fd, short what, int64_t until)
{
    for (;;) {
        struct pollfd p = { fd, what, 0 };
        const int64_t left = until - now_ms();
        const int n = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (n > 0)
            return 1;
        if (n == 0 || errno != EINTR)
            return 0;
    }
}

static svy_status gone(svy_error *err)
{
    return svyi_fail(err, SVY_E_IO, "the process that reads submissions took too long or too much memory");
}

static svy_status send_all(int fd, const unsigned char *bytes, size_t n, int forever, int64_t until, svy_error *err)
{
    while (n > 0) {
        if (!forever && !wait_for(fd, POLLOUT, until))
            return gone(err);
        const ssize_t sent = forever ? write(fd, bytes, n) : send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EINTR && errno != EAGAIN)
            return gone(err);
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
    return SVY_OK;
}

static svy_status receive_all(int fd, unsigned char *bytes, size_t n, int forever, int64_t until, svy_error *err)
{
    while (n > 0) {
        if (!forever && !wait_for(fd, POLLIN, until))
            return gone(err);
        const ssize_t got = forever ? read(fd, bytes, n) : recv(fd, bytes, n, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return gone(err);
        if (got > 0) {
            bytes += got;
            n -= (size_t)got;
        }
    }
    return SVY_OK;
}

svy_status svyi_talk_send(int fd, const void *bytes, size_t n, int milliseconds, svy_error *err)
{
    unsigned char header[HEADER];
    const int forever = milliseconds < 0;
    const int64_t until = forever ? 0 : now_ms() + milliseconds;
    for (int i = 0; i < HEADER; i++)
        header[i] = (unsigned char)((uint64_t)n >> (8 * i));
    const svy_status st = send_all(fd, header, sizeof header, forever, until, err);
    return st == SVY_OK ? send_all(fd, bytes, n, forever, until, err) : st;
}

/* Room grows with what came, not with what was announced. */
svy_status svyi_talk_receive(int fd, size_t most, int milliseconds, svyi_buffer *out, svy_error *err)
{
    unsigned char header[HEADER], piece[4096];
    const int forever = milliseconds < 0;
    const int64_t until = forever ? 0 : now_ms() + milliseconds;
    uint64_t n = 0;
    svy_status st = receive_all(fd, header, sizeof header, forever, until, err);
    for (int i = 0; i < HEADER; i++)
        n |= (uint64_t)header[i] << (8 * i);
    if (st == SVY_OK && n > most)
        return svyi_fail(err, SVY_E_LIMIT, "a message between the server and the process that reads submissions is too long");
    out->len = 0;
    svyi_buffer_text(out, "");
    while (st == SVY_OK && n > 0 && !out->failed) {
        const size_t part = n < sizeof piece ? (size_t)n : sizeof piece;
        st = receive_all(fd, piece, part, forever, until, err);
        if (st == SVY_OK)
            svyi_buffer_add(out, piece, part);
        n -= part;
    }
    return st == SVY_OK && out->failed ? svyi_nomem(err) : st;
}

/* ---- fields ---- */

void svyi_talk_add(svyi_buffer *out, const void *bytes, size_t n)
{
    static const char END[1] = "";
    svyi_buffer_u64(out, n);
    svyi_buffer_add(out, bytes, n);
    svyi_buffer_add(out, END, 1);
}

uint64_t svyi_talk_number(svyi_talk_fields *f)
{
    uint64_t n = 0;
    if (f->failed || (size_t)(f->end - f->at) < 8) {
        f->failed = 1;
        return 0;
    }
    for (int i = 0; i < 8; i++)
        n |= (uint64_t)f->at[i] << (8 * i);
    f->at += 8;
    return n;
}

const void *svyi_talk_bytes(svyi_talk_fields *f, size_t most, size_t *n)
{
    const uint64_t len = svyi_talk_number(f);
    const unsigned char *from = f->at;
    *n = 0;
    if (f->failed || len > most || (size_t)(f->end - f->at) <= len || f->at[len] != 0) {
        f->failed = 1;
        return "";
    }
    f->at += len + 1;
    *n = (size_t)len;
    return from;
}

const char *svyi_talk_text(svyi_talk_fields *f, size_t most)
{
    size_t n;
    const char *text = svyi_talk_bytes(f, most, &n);
    if (f->failed || !svyi_utf8_valid(text, n)) {
        f->failed = 1;
        return "";
    }
    return text;
}
