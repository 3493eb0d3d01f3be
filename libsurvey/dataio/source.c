/* The bytes of a data file, from disk or memory, in any order and from any thread. */
#define _POSIX_C_SOURCE 200809L
#include "dataio/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"

enum { PIECE = 1 << 18, SMALL = 1 << 24 };

static svy_status too_large(const svyi_source *s, uint64_t max_bytes, svy_error *err)
{
    return svyi_fail_at(err, SVY_E_LIMIT, s->name, 0, 0, 0, "the file holds more than %llu bytes", (unsigned long long)max_bytes);
}

svy_status svyi_source_reserve(svyi_source *s, size_t need, uint64_t max_bytes, svy_error *err)
{
    if (need > max_bytes)
        return too_large(s, max_bytes, err);
    return svyi_grow(&s->alloc, &s->owned, &s->owned_size, need, 1) == 0 ? SVY_OK : svyi_nomem(err);
}

svy_status svyi_source_text(const char *name, const char *bytes, size_t len, uint64_t before, svy_error *err)
{
    if (before >= SMALL && len > 0 && memchr(bytes, '\0', len) != NULL)
        return svyi_fail_at(err, SVY_E_FORMAT, name, 0, 0, 0, "there is a NUL byte: this is not a text file, or not in UTF-8");
    return SVY_OK;
}

/* What is no regular file is read to its end; a device that gives bytes for ever shows early that it is no text. */
static svy_status slurp(svyi_source *s, uint64_t max_bytes, svy_error *err)
{
    size_t have = 0;
    int packed = 0;

    for (;;) {
        svy_status st = svyi_source_reserve(s, have + PIECE, max_bytes + PIECE, err);
        if (st != SVY_OK)
            return st;
        const ssize_t got = read(s->fd, s->owned + have, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return svyi_fail_at(err, SVY_E_IO, s->name, 0, 0, 0, "the file cannot be read: %s", strerror(errno));
        if (got == 0)
            break;
        packed |= have < 2 && have + (size_t)got >= 2 && memcmp(s->owned, "\x1f\x8b", 2) == 0;
        if (!packed && (st = svyi_source_text(s->name, s->owned + have, (size_t)got, have, err)) != SVY_OK)
            return st;
        have += (size_t)got;
    }
    (void)close(s->fd);
    s->fd = -1;
    s->bytes = s->owned;
    s->size = have;
    return SVY_OK;
}

svy_status svyi_source_open(const svy_alloc *alloc, const char *path, const char *name, uint64_t max_bytes, svyi_source *out, svy_error *err)
{
    struct stat about;
    svy_status st = SVY_OK;

    *out = (svyi_source){ .alloc = svyi_alloc_or_default(alloc), .name = name, .fd = open(path, O_RDONLY | O_CLOEXEC) };
    if (out->fd < 0 || fstat(out->fd, &about) != 0) {
        st = svyi_fail_at(err, SVY_E_IO, name, 0, 0, 0, "the file cannot be opened: %s", strerror(errno));
    } else if (!S_ISREG(about.st_mode)) {
        st = slurp(out, max_bytes, err);
    } else {
        out->size = (uint64_t)about.st_size;
    }
    if (st == SVY_OK)
        st = svyi_source_inflate(out, max_bytes, err);
    if (st == SVY_OK && out->size > max_bytes)
        st = too_large(out, max_bytes, err);
    if (st != SVY_OK)
        svyi_source_close(out);
    return st;
}

svy_status svyi_source_memory(const svy_alloc *alloc, const void *bytes, size_t len, const char *name, uint64_t max_bytes, svyi_source *out,
                              svy_error *err)
{
    *out = (svyi_source){ .alloc = svyi_alloc_or_default(alloc), .name = name, .fd = -1, .bytes = bytes, .size = len };
    svy_status st = svyi_source_inflate(out, max_bytes, err);

    if (st == SVY_OK && out->size > max_bytes)
        st = too_large(out, max_bytes, err);
    if (st != SVY_OK)
        svyi_source_close(out);
    return st;
}

svy_status svyi_source_read(const svyi_source *s, uint64_t offset, size_t len, char *to, svy_error *err)
{
    size_t have = 0;

    if (s->fd < 0) {
        if (len > 0)
            memcpy(to, s->bytes + offset, len);
        return SVY_OK;
    }
    while (have < len) {
        const ssize_t got = pread(s->fd, to + have, len - have, (off_t)(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return svyi_fail_at(err, SVY_E_IO, s->name, 0, 0, 0, "the file cannot be read: %s", strerror(errno));
        if (got == 0)
            return svyi_fail_at(err, SVY_E_IO, s->name, 0, 0, 0, "the file became shorter while it was read");
        have += (size_t)got;
    }
    return SVY_OK;
}

void svyi_source_close(svyi_source *s)
{
    if (s->fd >= 0)
        (void)close(s->fd);
    svyi_release(&s->alloc, s->owned, s->owned_size);
    *s = (svyi_source){ .fd = -1 };
}
