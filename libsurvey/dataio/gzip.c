/* Inflating gzip: whole into memory, size limited, every check of the format made. */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "dataio/source.h"

enum { INPUT = 1 << 18, OUTPUT = 1 << 20, GZIP_ONLY = 16 + MAX_WBITS };

/* An inflation under way: where the input stands, and the output in a source of its own. */
typedef struct inflation {
    const svyi_source *from;
    svyi_source to;
    z_stream z;
    char *input;
    uint64_t at;                 /* bytes of the input handed to zlib */
    size_t have;                 /* bytes of output */
    int members;                 /* gzip members that ended */
} inflation;

static svy_status damaged(const inflation *n, svy_error *err, const char *how)
{
    return svyi_fail_at(err, SVY_E_FORMAT, n->from->name, 0, 0, 0, "the gzip data %s", how);
}

static svy_status more_input(inflation *n, svy_error *err)
{
    const uint64_t left = n->from->size - n->at;
    const size_t len = left < INPUT ? (size_t)left : INPUT;
    const svy_status st = svyi_source_read(n->from, n->at, len, n->input, err);

    n->z.next_in = (unsigned char *)n->input;
    n->z.avail_in = (uInt)len;
    n->at += len;
    return st;
}

static svy_status more_room(inflation *n, uint64_t max_bytes, svy_error *err)
{
    /* One byte over the limit tells a file that is too large from one that just fits. */
    uint64_t want = n->have + (uint64_t)OUTPUT;
    if (want > max_bytes)
        want = max_bytes + 1;
    if (want > SIZE_MAX / 2)
        return svyi_nomem(err);
    if (n->have >= want)
        return svyi_fail_at(err, SVY_E_LIMIT, n->from->name, 0, 0, 0, "the file inflates to more than %llu bytes", (unsigned long long)max_bytes);
    const svy_status st = svyi_source_reserve(&n->to, (size_t)want, max_bytes + 1, err);
    if (st != SVY_OK)
        return st;
    n->z.next_out = (unsigned char *)n->to.owned + n->have;
    n->z.avail_out = (uInt)((size_t)want - n->have);
    return SVY_OK;
}

/* After a member: another may follow, anything else is damage. */
static svy_status next_member(inflation *n, int *ended, svy_error *err)
{
    svy_status st = SVY_OK;

    n->members++;
    if (n->z.avail_in == 0 && n->at < n->from->size)
        st = more_input(n, err);
    *ended = n->z.avail_in == 0;
    if (st == SVY_OK && !*ended && inflateReset(&n->z) != Z_OK)
        return damaged(n, err, "cannot be read");
    return st;
}

/* What to do after a call of inflate() that ended with `result`; `stuck` when it neither took nor gave a byte. */
static svy_status judge(inflation *n, int result, int stuck, int *ended, svy_error *err)
{
    if (result == Z_MEM_ERROR)
        return svyi_nomem(err);
    if (result == Z_STREAM_END)
        return next_member(n, ended, err);
    if (result != Z_OK && result != Z_BUF_ERROR)
        return damaged(n, err, n->members > 0 && n->z.total_out == 0 ? "are followed by something else" : "are damaged");
    if (n->z.avail_out > 0 && n->z.avail_in == 0 && n->at == n->from->size)
        return damaged(n, err, "end too early: the file was cut");
    return stuck && n->z.avail_out > 0 ? damaged(n, err, "are damaged") : SVY_OK;
}

static svy_status inflate_all(inflation *n, uint64_t max_bytes, svy_error *err)
{
    svy_status st = SVY_OK;

    for (int ended = 0; st == SVY_OK && !ended;) {
        if (n->z.avail_in == 0 && n->at < n->from->size)
            st = more_input(n, err);
        if (st == SVY_OK && n->z.avail_out == 0)
            st = more_room(n, max_bytes, err);
        if (st != SVY_OK)
            break;
        const uInt room = n->z.avail_out, input = n->z.avail_in;
        const int result = inflate(&n->z, Z_NO_FLUSH);
        const size_t made = room - n->z.avail_out;
        st = svyi_source_text(n->from->name, n->to.owned + n->have, made, n->have, err);
        n->have += made;
        if (st != SVY_OK)
            break;
        st = judge(n, result, room == n->z.avail_out && input == n->z.avail_in, &ended, err);
    }
    return st;
}

svy_status svyi_source_inflate(svyi_source *s, uint64_t max_bytes, svy_error *err)
{
    unsigned char magic[2] = { 0, 0 };
    svy_status st = s->size >= 2 ? svyi_source_read(s, 0, 2, (char *)magic, err) : SVY_OK;

    if (st != SVY_OK || magic[0] != 0x1f || magic[1] != 0x8b)
        return st;
    inflation n = { .from = s, .to = { .alloc = s->alloc, .name = s->name, .fd = -1 }, .input = svyi_get(&s->alloc, INPUT) };
    if (n.input == NULL || inflateInit2(&n.z, GZIP_ONLY) != Z_OK) {
        svyi_release(&s->alloc, n.input, INPUT);
        return svyi_nomem(err);
    }
    if (max_bytes > UINT64_MAX / 4)
        max_bytes = UINT64_MAX / 4;
    st = inflate_all(&n, max_bytes, err);
    (void)inflateEnd(&n.z);
    svyi_release(&s->alloc, n.input, INPUT);
    if (st != SVY_OK) {
        svyi_source_close(&n.to);
        return st;
    }
    n.to.bytes = n.to.owned;
    n.to.size = n.have;
    svyi_source_close(s);
    *s = n.to;
    return SVY_OK;
}
