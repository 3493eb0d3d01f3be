/* Files that appear whole or not at all. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <survey/dataio.h>

#include "base/arena.h"
#include "base/error.h"

enum { BUFFER = 1 << 16, TRIES = 1000, SUFFIX = 40 };

struct svy_file_out {
    svy_alloc alloc;
    int fd;
    char *path, *temporary;       /* temporary NULL: written directly */
    size_t path_size, temporary_size, used;
    char buffer[BUFFER];
};

static svy_status failed(const svy_file_out *f, const char *what, svy_error *err)
{
    return svyi_fail_at(err, SVY_E_IO, f->path, 0, 0, 0, "%s: %s", what, strerror(errno));
}

/* Pipes and devices cannot be replaced by renaming. */
static int is_special(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

/* A name beside the path that nobody has: the process and a count make it so. */
static svy_status open_temporary(svy_file_out *f, svy_error *err)
{
    f->temporary_size = f->path_size + SUFFIX;
    if ((f->temporary = svyi_get(&f->alloc, f->temporary_size)) == NULL)
        return svyi_nomem(err);
    for (int i = 0; i < TRIES; i++) {
        (void)snprintf(f->temporary, f->temporary_size, "%s.%ld-%d.part", f->path, (long)getpid(), i);
        f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0 || errno != EEXIST)
            break;
    }
    return f->fd >= 0 ? SVY_OK : failed(f, "the file cannot be written", err);
}

static void release(svy_file_out *f)
{
    const svy_alloc alloc = f->alloc;

    svyi_release(&alloc, f->temporary, f->temporary_size);
    svyi_release(&alloc, f->path, f->path_size);
    svyi_release(&alloc, f, sizeof *f);
}

svy_status svy_file_begin(const svy_alloc *alloc, const char *path, svy_file_out **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(path != NULL, err);
    svy_file_out *f = svyi_get(alloc, sizeof *f);
    if (f == NULL)
        return svyi_nomem(err);
    f->alloc = svyi_alloc_or_default(alloc);
    f->fd = -1;
    f->used = f->temporary_size = 0;
    f->temporary = NULL;
    f->path_size = strlen(path) + 1;
    f->path = svyi_get(alloc, f->path_size);
    svy_status st = SVY_OK;
    if (f->path == NULL) {
        st = svyi_nomem(err);
    } else {
        memcpy(f->path, path, f->path_size);
        if (!is_special(path))
            st = open_temporary(f, err);
        else if ((f->fd = open(path, O_WRONLY | O_CLOEXEC)) < 0)
            st = failed(f, "the file cannot be written", err);
    }
    if (st == SVY_OK)
        *out = f;
    else
        release(f);
    return st;
}

static svy_status write_all(svy_file_out *f, const char *bytes, size_t len, svy_error *err)
{
    while (len > 0) {
        const ssize_t done = write(f->fd, bytes, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return failed(f, "the file cannot be written", err);
        bytes += done;
        len -= (size_t)done;
    }
    return SVY_OK;
}

static svy_status flush(svy_file_out *f, svy_error *err)
{
    const size_t used = f->used;

    f->used = 0;
    return write_all(f, f->buffer, used, err);
}

svy_status svy_file_write(void *user, const void *bytes, size_t len, svy_error *err)
{
    svy_file_out *f = user;

    if (len > BUFFER - f->used) {
        const svy_status st = flush(f, err);
        if (st != SVY_OK)
            return st;
    }
    if (len > BUFFER)
        return write_all(f, bytes, len, err);
    if (len > 0)
        memcpy(f->buffer + f->used, bytes, len);
    f->used += len;
    return SVY_OK;
}

/* A rename is on disk when its folder is. */
static svy_status sync_folder(svy_file_out *f, svy_error *err)
{
    char *slash = strrchr(f->path, '/');
    const char *folder = slash == NULL ? "." : slash == f->path ? "/" : f->path;
    svy_status st = SVY_OK;

    if (slash != NULL && slash != f->path)
        *slash = '\0';
    const int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (slash != NULL && slash != f->path)
        *slash = '/';
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        st = failed(f, "its folder cannot be synced", err);
    if (fd >= 0)
        (void)close(fd);
    return st;
}

svy_status svy_file_end(svy_file_out *f, int durable, svy_error *err)
{
    svy_status st = flush(f, err);

    if (st == SVY_OK && durable && f->temporary != NULL && fsync(f->fd) != 0)
        st = failed(f, "the file cannot be written", err);
    const int closed = close(f->fd);   /* network file systems report a full disk here */
    f->fd = -1;
    if (st == SVY_OK && closed != 0)
        st = failed(f, "the file cannot be written", err);
    if (st == SVY_OK && f->temporary != NULL && rename(f->temporary, f->path) != 0)
        st = failed(f, "the file cannot be put in its place", err);
    if (st != SVY_OK) {
        svy_file_cancel(f);
        return st;
    }
    if (durable && f->temporary != NULL)
        st = sync_folder(f, err);
    release(f);
    return st;
}

void svy_file_cancel(svy_file_out *f)
{
    if (f == NULL)
        return;
    if (f->fd >= 0)
        (void)close(f->fd);
    if (f->temporary != NULL)
        (void)unlink(f->temporary);
    release(f);
}
