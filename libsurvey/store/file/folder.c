/* Where a study file may lie: a local file system, in a folder whose entries are made durable. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/store_priv.h"

/* File systems whose locks and flushes cannot be relied on, by the magic numbers of statfs(2). */
static const struct { unsigned long magic; const char *name; } NETWORK[] = {
    { 0x6969, "NFS" }, { 0x517B, "SMB" }, { 0xFE534D42, "SMB" }, { 0xFF534D42, "CIFS" }, { 0x01021997, "9P" }, { 0x65735546, "FUSE, such as sshfs" },
    { 0x5346414F, "AFS" }, { 0x6B414653, "AFS" }, { 0x73757245, "Coda" }, { 0x00C36400, "Ceph" }, { 0x0BD00BD0, "Lustre" }, { 0x47504653, "GPFS" },
    { 0x7461636F, "OCFS2" }, { 0x564C, "NCP" },
};

/* The folder of a path, in `folder` of `size` bytes; 0 when it is too long. */
static int folder_of(const char *path, char *folder, size_t size)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);

    if (len >= size)
        return 0;
    memcpy(folder, slash == NULL ? "." : path, len);
    folder[len] = '\0';
    return 1;
}

static svy_status too_long(svy_error *err)
{
    return svyi_fail(err, SVY_E_IO, "the path of the study is longer than 4,000 bytes");
}

svy_status svyi_folder_local(const char *path, svy_error *err)
{
    char folder[4096];
    struct statfs fs;

    if (!folder_of(path, folder, sizeof folder))
        return too_long(err);
    if (statfs(folder, &fs) != 0)
        return svyi_fail(err, SVY_E_IO, "cannot look into the folder '%.200s': %s", folder, strerror(errno));
    for (size_t i = 0; i < sizeof NETWORK / sizeof NETWORK[0]; i++)
        if (((unsigned long)fs.f_type & 0xFFFFFFFF) == NETWORK[i].magic)
            return svyi_fail(err, SVY_E_IO, "'%.200s' lies on a network file system (%s), where answers can be lost: put it on a local disk", path,
                             NETWORK[i].name);
    return SVY_OK;
}

int svyi_folder_writable(const char *path)
{
    char folder[4096];

    return folder_of(path, folder, sizeof folder) && access(folder, W_OK) == 0;
}

int svyi_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

svyi_stamp svyi_file_stamp(const char *path)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return (svyi_stamp){ 0, 0, 0, 0 };
    return (svyi_stamp){ (uint64_t)about.st_dev, (uint64_t)about.st_ino, (uint64_t)about.st_size, 1 };
}

int svyi_file_same(const char *path, const svyi_stamp *stamp)
{
    const svyi_stamp now = svyi_file_stamp(path);

    return now.there && now.device == stamp->device && now.number == stamp->number && now.size >= stamp->size;
}

svy_status svyi_file_new(const char *path, svy_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST ? svyi_fail(err, SVY_E_IO, "'%.200s' is there already, and nothing is overwritten: give another name", path)
                               : svyi_fail(err, SVY_E_IO, "cannot make '%.200s': %s", path, strerror(errno));
    close(fd);
    return SVY_OK;
}

void svyi_file_remove(const char *path)
{
    (void)unlink(path);
}

svy_status svyi_folder_sync(const char *path, svy_error *err)
{
    char folder[4096];

    if (!folder_of(path, folder, sizeof folder))
        return too_long(err);
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    int bad = fd < 0 || (fsync(fd) != 0 && errno != EINVAL);
    svy_status st = bad ? svyi_fail(err, SVY_E_IO, "cannot write the folder '%.200s' to disk: %s", folder, strerror(errno)) : SVY_OK;
    if (fd >= 0)
        close(fd);
    return st;
}
