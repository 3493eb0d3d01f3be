/* The writer's lock: one writing connection per study, kept by the kernel so that a dead process leaves nothing behind. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_priv.h"

struct svyi_lock { int fd; size_t size; char path[]; };

/* What stands in the lock file: who holds it, for people. */
static void sign(int fd)
{
    char program[64] = "a program", host[64] = "this machine", line[256];
    int comm = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);

    if (comm >= 0) {
        ssize_t n = read(comm, program, sizeof program - 1);
        if (n > 0) {
            program[n] = '\0';
            program[strcspn(program, "\n")] = '\0';
        }
        close(comm);
    }
    if (gethostname(host, sizeof host) != 0)
        memcpy(host, "this machine", sizeof "this machine");
    host[sizeof host - 1] = '\0';
    int n = snprintf(line, sizeof line, "%s, process %ld on %s\n", program, (long)getpid(), host);
    /* The text is a courtesy: the lock holds without it. */
    if (ftruncate(fd, 0) == 0 && n > 0 && pwrite(fd, line, (size_t)n, 0) != n)
        (void)!ftruncate(fd, 0);
}

static svy_status busy(int fd, const char *path, svy_error *err)
{
    char holder[200] = "";
    ssize_t n = pread(fd, holder, sizeof holder - 1, 0);

    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\r\n")] = '\0';
    return svyi_fail(err, SVY_E_BUSY, "'%.200s' is being written by %s: only one program at a time may write; wait until it has ended, or end it if it is 'survey serve'",
                     path, holder[0] != '\0' ? holder : "another program");
}

/* 1 when `fd` is still the file of that name: the holder before may have removed it while we waited for the lock. */
static int is_current(int fd, const char *path)
{
    struct stat here, there;

    return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

svy_status svyi_lock_take(const svy_alloc *alloc, const char *path, svyi_lock **out, svy_error *err)
{
    const size_t size = sizeof(svyi_lock) + strlen(path) + sizeof ".lock";
    svyi_lock *lock = svyi_get(alloc, size);

    *out = NULL;
    if (lock == NULL)
        return svyi_nomem(err);
    lock->size = size;
    snprintf(lock->path, size - sizeof *lock, "%s.lock", path);
    for (;;) {
        svy_status st;
        lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock->fd < 0) {
            st = svyi_fail(err, SVY_E_IO, "cannot make '%.200s': %s; a study is written in a folder that can be written", lock->path, strerror(errno));
            svyi_release(alloc, lock, size);
            return st;
        }
        if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
            st = errno == EWOULDBLOCK ? busy(lock->fd, path, err) : svyi_fail(err, SVY_E_IO, "cannot lock '%.200s': %s", lock->path, strerror(errno));
            close(lock->fd);
            svyi_release(alloc, lock, size);
            return st;
        }
        if (is_current(lock->fd, lock->path))
            break;
        close(lock->fd);
    }
    sign(lock->fd);
    *out = lock;
    return SVY_OK;
}

void svyi_lock_drop(const svy_alloc *alloc, svyi_lock *lock)
{
    if (lock == NULL)
        return;
    unlink(lock->path);         /* while it is still held, so that nobody's lock on this file goes unseen */
    close(lock->fd);
    svyi_release(alloc, lock, lock->size);
}
