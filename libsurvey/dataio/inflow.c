/* Reading a file once in order, inflating what is compressed: memory does not depend on its size. */
#define _POSIX_C_SOURCE 200809L
#include "dataio/inflow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/error.h"

enum { INPUT = 1 << 18, GZIP_ONLY = 16 + MAX_WBITS, OUTPUT_MAX = 1 << 30 };

/* An inflation under way. */
struct svyi_inflow_gzip {
    z_stream z;
    char input[INPUT];
    int at_end;                  /* of the file */
    int members;                 /* gzip members that ended */
    int between;                 /* 1: a member has ended, and nothing of another has come */
};

/* Bytes as they lie on the disk, after those that were looked at. */
static svy_status read_raw(svyi_inflow *f, char *to, size_t room, size_t *got, svy_error *err)
{
    for (*got = 0; *got < room && f->head_at < f->n_head; ++*got)
        to[*got] = f->head[f->head_at++];
    while (*got < room) {
        const ssize_t n = read(f->fd, to + *got, room - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return svyi_fail_at(err, SVY_E_IO, f->name, 0, 0, 0, "the file cannot be read: %s", strerror(errno));
        if (n == 0)
            break;
        *got += (size_t)n;
        f->taken += (uint64_t)n;
    }
    return SVY_OK;
}

static svy_status look(svyi_inflow *f, svy_error *err)
{
    size_t got = 0;
    svy_status st = read_raw(f, f->head, sizeof f->head, &got, err);

    f->n_head = got;
    if (st != SVY_OK || got < 2 || memcmp(f->head, "\x1f\x8b", 2) != 0)
        return st;
    f->gzip = svyi_get(&f->alloc, sizeof *f->gzip);
    if (f->gzip == NULL)
        return svyi_nomem(err);
    memset(f->gzip, 0, sizeof *f->gzip);
    f->gzip->between = 1;
    if (inflateInit2(&f->gzip->z, GZIP_ONLY) == Z_OK)
        return SVY_OK;
    svyi_release(&f->alloc, f->gzip, sizeof *f->gzip);
    f->gzip = NULL;
    return svyi_nomem(err);
}

svy_status svyi_inflow_open(const svy_alloc *alloc, const char *path, const char *name, svyi_inflow *out, svy_error *err)
{
    struct stat about;

    *out = (svyi_inflow){ .alloc = svyi_alloc_or_default(alloc), .name = name, .fd = open(path, O_RDONLY | O_CLOEXEC) };
    if (out->fd < 0 || fstat(out->fd, &about) != 0) {
        svy_status st = svyi_fail_at(err, SVY_E_IO, name, 0, 0, 0, "the file cannot be opened: %s", strerror(errno));
        svyi_inflow_close(out);
        return st;
    }
    out->regular = S_ISREG(about.st_mode);
    out->size = out->regular ? (uint64_t)about.st_size : 0;
    const svy_status st = look(out, err);
    if (st != SVY_OK)
        svyi_inflow_close(out);
    return st;
}

static svy_status damaged(const svyi_inflow *f, svy_error *err, const char *how)
{
    return svyi_fail_at(err, SVY_E_FORMAT, f->name, 0, 0, 0, "the gzip data %s", how);
}

static svy_status refill(svyi_inflow *f, svy_error *err)
{
    struct svyi_inflow_gzip *g = f->gzip;
    size_t got = 0;
    const svy_status st = read_raw(f, g->input, sizeof g->input, &got, err);

    g->z.next_in = (unsigned char *)g->input;
    g->z.avail_in = (uInt)got;
    g->at_end = got < sizeof g->input;
    return st;
}

/* After a call of inflate() that ended with `result`. */
static svy_status judge(svyi_inflow *f, int result, int stuck, svy_error *err)
{
    struct svyi_inflow_gzip *g = f->gzip;

    if (result == Z_MEM_ERROR)
        return svyi_nomem(err);
    if (result == Z_STREAM_END) {
        g->members++;
        g->between = 1;
        return inflateReset(&g->z) == Z_OK ? SVY_OK : damaged(f, err, "cannot be read");
    }
    if (result != Z_OK && result != Z_BUF_ERROR)
        return damaged(f, err, g->members > 0 && g->z.total_out == 0 ? "are followed by something else" : "are damaged");
    return stuck && g->z.avail_in > 0 && g->z.avail_out > 0 ? damaged(f, err, "are damaged") : SVY_OK;
}

static svy_status read_gzip(svyi_inflow *f, char *to, size_t room, size_t *got, svy_error *err)
{
    struct svyi_inflow_gzip *g = f->gzip;
    svy_status st = SVY_OK;

    for (*got = 0; st == SVY_OK && *got < room;) {
        if (g->z.avail_in == 0 && !g->at_end && (st = refill(f, err)) != SVY_OK)
            return st;
        if (g->z.avail_in == 0 && g->between && g->members > 0)
            return SVY_OK;
        if (g->z.avail_in == 0 && g->at_end)
            return damaged(f, err, "end too early: the file was cut");
        const uInt input = g->z.avail_in, output = room - *got < OUTPUT_MAX ? (uInt)(room - *got) : OUTPUT_MAX;
        g->z.next_out = (unsigned char *)to + *got;
        g->z.avail_out = output;
        g->between = 0;
        const int result = inflate(&g->z, Z_NO_FLUSH);
        *got += output - g->z.avail_out;
        st = judge(f, result, input == g->z.avail_in && output == g->z.avail_out, err);
    }
    return st;
}

svy_status svyi_inflow_read(svyi_inflow *f, char *to, size_t room, size_t *got, svy_error *err)
{
    return f->gzip != NULL ? read_gzip(f, to, room, got, err) : read_raw(f, to, room, got, err);
}

void svyi_inflow_close(svyi_inflow *f)
{
    if (f->gzip != NULL) {
        (void)inflateEnd(&f->gzip->z);
        svyi_release(&f->alloc, f->gzip, sizeof *f->gzip);
    }
    if (f->fd >= 0)
        (void)close(f->fd);
    *f = (svyi_inflow){ .fd = -1 };
}
