/* Long answers: written to a file without a name beside the study, and sent from there. So an export takes disk while it is sent, not memory, however slowly it is read,
 * and no read transaction stays open for it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "server/core.h"

enum { PIECE = 256 << 10, LOOK_EVERY = 16 << 20 };
static const uint64_t LEAVES_FREE = UINT64_C(256) << 20;      /* for what interviewers send */

struct svyi_spool { int fd; char *piece; size_t in_piece; uint64_t written, looked; void *bytes; };

static svy_status no_room(svy_error *err)
{
    return svyi_fail(err, SVY_E_LIMIT, "the server's disk has no room for this export: use 'survey export' on the machine of the server, or ask whoever runs it to make room");
}

/* A file that nobody else can open, and that is gone when the program ends. */
static int open_nameless(const char *study)
{
    char folder[4096];
    const char *slash = strrchr(study, '/');

    snprintf(folder, sizeof folder - 16, "%.*s", slash != NULL ? (int)(slash - study + 1) : 2, slash != NULL ? study : "./");
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    strcat(folder, ".export-XXXXXX");
    if ((fd = mkostemp(folder, O_CLOEXEC)) >= 0)
        unlink(folder);
    return fd;
}

svy_status svyi_spool_open(const char *study, svyi_spool **out, svy_error *err)
{
    svyi_spool *s = svyi_get(NULL, sizeof *s);

    if ((*out = s) == NULL)
        return svyi_nomem(err);
    *s = (svyi_spool){ .fd = open_nameless(study), .piece = svyi_get(NULL, PIECE) };
    if (s->fd >= 0 && s->piece != NULL)
        return SVY_OK;
    const svy_status st = s->piece == NULL ? svyi_nomem(err) : svyi_fail(err, SVY_E_IO, "no file can be made beside the study: %s", strerror(errno));
    svyi_spool_close(s);
    *out = NULL;
    return st;
}

/* The disk must not become full by what is only on its way. */
static svy_status look_at_room(svyi_spool *s, svy_error *err)
{
    struct statvfs disk;

    if (s->looked != 0 && s->written - s->looked < LOOK_EVERY)
        return SVY_OK;
    s->looked = s->written > 0 ? s->written : 1;
    return fstatvfs(s->fd, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < LEAVES_FREE ? no_room(err) : SVY_OK;
}

static svy_status flush(svyi_spool *s, svy_error *err)
{
    svy_status st = look_at_room(s, err);

    for (size_t at = 0; st == SVY_OK && at < s->in_piece;) {
        const ssize_t n = write(s->fd, s->piece + at, s->in_piece - at);
        if (n < 0 && errno != EINTR)
            st = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? no_room(err) : svyi_fail(err, SVY_E_IO, "a file beside the study cannot be written: %s", strerror(errno));
        at += n > 0 ? (size_t)n : 0;
    }
    s->written += s->in_piece;
    s->in_piece = 0;
    return st;
}

svy_status svyi_spool_put(void *spool, const void *bytes, size_t len, svy_error *err)
{
    svyi_spool *s = spool;
    const char *at = bytes;
    svy_status st = SVY_OK;

    while (len > 0 && st == SVY_OK) {
        const size_t n = len < PIECE - s->in_piece ? len : PIECE - s->in_piece;
        memcpy(s->piece + s->in_piece, at, n);
        s->in_piece += n;
        at += n;
        len -= n;
        if (s->in_piece == PIECE)
            st = flush(s, err);
    }
    return st;
}

svy_status svyi_spool_finish(svyi_spool *s, svy_error *err)
{
    const svy_status st = flush(s, err);

    if (st != SVY_OK || s->written == 0)
        return st;
    void *bytes = mmap(NULL, (size_t)s->written, PROT_READ, MAP_PRIVATE, s->fd, 0);
    if (bytes == MAP_FAILED)
        return svyi_fail(err, SVY_E_IO, "a file beside the study cannot be read: %s", strerror(errno));
    s->bytes = bytes;
    close(s->fd);
    s->fd = -1;
    svyi_release(NULL, s->piece, PIECE);
    s->piece = NULL;
    return SVY_OK;
}

void svyi_spool_answer(svyi_request *rq, const svyi_spool *s, const char *type)
{
    svyi_answer_borrowed(rq, 200, type, s->bytes != NULL ? s->bytes : "", (size_t)s->written);
}

void svyi_spool_close(void *spool)
{
    svyi_spool *s = spool;

    if (s == NULL)
        return;
    if (s->bytes != NULL)
        munmap(s->bytes, (size_t)s->written);
    if (s->fd >= 0)
        close(s->fd);
    svyi_release(NULL, s->piece, PIECE);
    svyi_release(NULL, s, sizeof *s);
}
