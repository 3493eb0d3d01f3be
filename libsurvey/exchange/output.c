/* Several files that are written together: beside their places first, then renamed, all or none. */
#define _POSIX_C_SOURCE 200809L
#include "exchange/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void svyi_output_init(svyi_output *o, const svy_alloc *alloc)
{
    memset(o, 0, sizeof *o);
    svyi_arena_init(&o->arena, alloc);
}

void svyi_output_clear(svyi_output *o)
{
    svyi_release(&o->arena.alloc, o->files, o->capacity * sizeof *o->files);
    svyi_arena_clear(&o->arena);
}

svy_status svyi_output_add(svyi_output *o, const char *path, const char *bytes, size_t len, svy_error *err)
{
    svyi_output_file file = { .path = svyi_arena_text(&o->arena, path, strlen(path)), .bytes = svyi_arena_text(&o->arena, bytes, len), .len = len };
    if (file.path == NULL || file.bytes == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->files[i].path, path) == 0) {
            o->files[i] = file;
            return SVY_OK;
        }
    if (svyi_grow(&o->arena.alloc, &o->files, &o->capacity, o->n + 1, sizeof *o->files) != 0)
        return svyi_nomem(err);
    o->files[o->n++] = file;
    return SVY_OK;
}

static svy_status io_failed(svy_error *err, const char *path)
{
    const int error = errno;
    const char *why = error == ENOENT || error == ENOTDIR ? "there is no such folder" : error == EACCES || error == EPERM || error == EROFS ? "writing there is not allowed"
                    : error == ENOSPC ? "the disk is full" : error == EISDIR ? "it is a folder" : "the system reports an error";
    return svyi_fail_at(err, SVY_E_IO, path, 0, 0, 0, "the file cannot be written: %s", why);
}

/* A new file beside the path, with the mode that any new file has. */
static int create_beside(svyi_output *o, const char *path, char **name)
{
    const size_t room = strlen(path) + 48;
    *name = svyi_arena_get(&o->arena, room);
    for (unsigned i = 0; *name != NULL && i < 1000; i++) {
        snprintf(*name, room, "%s.%ld-%u.new", path, (long)getpid(), i);
        const int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

int svyi_output_special(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

static svy_status write_one(svyi_output *o, svyi_output_file *file, svy_error *err)
{
    char *name = NULL;
    size_t done = 0;
    const int special = svyi_output_special(file->path);
    const int fd = special ? open(file->path, O_WRONLY | O_CLOEXEC) : create_beside(o, file->path, &name);
    if (!special && name == NULL)
        return svyi_nomem(err);
    if (fd < 0)
        return io_failed(err, file->path);
    file->temporary = name;
    while (done < file->len) {
        const ssize_t written = write(fd, file->bytes + done, file->len - done);
        if (written < 0 && errno != EINTR)
            break;
        done += written > 0 ? (size_t)written : 0;
    }
    int failed = done < file->len;
    failed |= !failed && fsync(fd) != 0 && errno != EINVAL;
    const svy_status st = failed ? io_failed(err, file->path) : SVY_OK;
    if (close(fd) != 0 && st == SVY_OK)
        return io_failed(err, file->path);
    return st;
}

svy_status svyi_output_write(svyi_output *o, svy_error *err)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < o->n && st == SVY_OK; i++)
        st = write_one(o, &o->files[i], err);
    for (size_t i = 0; i < o->n && st == SVY_OK; i++) {
        if (o->files[i].temporary == NULL)
            continue;
        if (rename(o->files[i].temporary, o->files[i].path) != 0)
            st = io_failed(err, o->files[i].path);
        else
            o->files[i].temporary = NULL;
    }
    for (size_t i = 0; i < o->n; i++)
        if (o->files[i].temporary != NULL)
            unlink(o->files[i].temporary);
    return st;
}
