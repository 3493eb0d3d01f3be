/* Files beside the questionnaire: reading them within limits, and which paths a questionnaire may name. */
#define _POSIX_C_SOURCE 200809L
#include "exchange/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { FIRST_READ = 1 << 16, MOST_TRANSLATIONS = 1000 };

static const char *reason(int error)
{
    switch (error) {
    case ENOENT: case ENOTDIR: return "there is no such file";
    case EACCES: case EPERM: return "reading it is not allowed";
    case EISDIR: return "it is a folder";
    case ENAMETOOLONG: return "its name is too long";
    case ELOOP: return "links lead from it in a circle";
    case EMFILE: case ENFILE: return "too many files are open";
    default: return "the system reports an error while reading it";
    }
}

static svy_status read_all(svyi_arena *arena, int fd, size_t expected, size_t limit, const char **bytes, size_t *len, const char **why)
{
    const svy_alloc *alloc = &arena->alloc;
    size_t room = expected > 0 && expected <= limit ? expected + 1 : FIRST_READ, n = 0;
    svy_status st = SVY_E_NOMEM;
    char *text = svyi_get(alloc, room);
    while (text != NULL) {
        if (n == room) {
            char *more = n > limit ? NULL : svyi_resize(alloc, text, room, room * 2);
            if (more == NULL) {
                st = n > limit ? SVY_E_LIMIT : SVY_E_NOMEM;
                break;
            }
            text = more;
            room *= 2;
        }
        const ssize_t got = read(fd, text + n, room - n);
        if (got > 0) {
            n += (size_t)got;
        } else if (got == 0) {
            *bytes = svyi_arena_text(arena, text, n);
            st = n > limit ? SVY_E_LIMIT : *bytes != NULL ? SVY_OK : SVY_E_NOMEM;
            *len = n;
            break;
        } else if (errno != EINTR) {
            *why = reason(errno);
            st = SVY_E_IO;
            break;
        }
    }
    svyi_release(alloc, text, room);
    return st;
}

svy_status svyi_file_read(svyi_arena *arena, const char *path, size_t limit, int regular, const char **bytes, size_t *len, const char **why)
{
    struct stat about;
    svy_status st;
    *bytes = "";
    *len = 0;
    *why = "out of memory";
    const int fd = open(path, O_RDONLY | O_CLOEXEC | (regular ? O_NONBLOCK : 0));
    if (fd < 0) {
        *why = reason(errno);
        return SVY_E_IO;
    }
    if (fstat(fd, &about) != 0) {
        *why = reason(errno);
        st = SVY_E_IO;
    } else if (S_ISDIR(about.st_mode) || (regular && !S_ISREG(about.st_mode))) {
        *why = S_ISDIR(about.st_mode) ? reason(EISDIR) : "it is not an ordinary file";
        st = SVY_E_IO;
    } else if (S_ISREG(about.st_mode) && about.st_size > 0 && (uintmax_t)about.st_size > limit) {
        st = SVY_E_LIMIT;
    } else {
        st = read_all(arena, fd, S_ISREG(about.st_mode) ? (size_t)about.st_size : 0, limit, bytes, len, why);
    }
    close(fd);
    if (st == SVY_E_LIMIT)
        *why = "it is too large";
    return st;
}

int svyi_file_there(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, R_OK) == 0;
}

svy_status svyi_file_read_alone(svyi_arena *arena, const char *path, const char *what, size_t limit, const char **bytes, size_t *len, svy_error *err)
{
    const char *why;
    const svy_status st = svyi_file_read(arena, path, limit, 0, bytes, len, &why);
    return st == SVY_OK ? st : svyi_fail_at(err, st, path, 0, 0, 0, "%s cannot be read: %s", what, why);
}

/* ---- paths ---- */

char *svyi_path_folder(svyi_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return svyi_arena_text(arena, path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
}

char *svyi_path_join(svyi_arena *arena, const char *folder, const char *name)
{
    const size_t n = strlen(folder), m = strlen(name);
    char *out = svyi_arena_get(arena, n + m + 2);
    if (out == NULL)
        return NULL;
    memcpy(out, folder, n);
    const size_t slash = n > 0 && folder[n - 1] != '/';
    if (slash)
        out[n] = '/';
    memcpy(out + n + slash, name, m + 1);
    return out;
}

int svyi_path_ends(const char *path, const char *end)
{
    const size_t n = strlen(path), m = strlen(end);
    if (n < m)
        return 0;
    for (size_t i = 0; i < m; i++) {
        const char c = path[n - m + i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != end[i])
            return 0;
    }
    return 1;
}

const char *svyi_path_refuse(const char *path)
{
    const size_t word = strcspn(path, "/:\\");
    if (path[0] == '\0')
        return "it is empty";
    if (path[word] == ':')
        return "it is an address, and nothing but files beside the questionnaire is read";
    if (strchr(path, '\\') != NULL)
        return "it has a backslash: folders are separated by /";
    if (path[0] == '/')
        return "it does not begin at the questionnaire: give the path from its folder";
    if (strncmp(path, "../", 3) == 0)
        path += 3;
    for (; *path != '\0'; path += strspn(path, "/")) {
        const size_t n = strcspn(path, "/");
        if (n == 2 && path[0] == '.' && path[1] == '.')
            return "it leaves the folder above the questionnaire's";
        path += n;
    }
    return NULL;
}

/* ---- translations ---- */

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int svyi_is_tag(const char *text, size_t len)
{
    size_t run = 0, part = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '-') {
            if (run == 0 || (part == 0 && run < 2))
                return 0;
            part++;
            run = 0;
        } else if (is_letter(text[i]) || (part > 0 && text[i] >= '0' && text[i] <= '9')) {
            if (++run > (part == 0 ? 3u : 8u))
                return 0;
        } else {
            return 0;
        }
    }
    return len >= 2 && len <= 64 && run > 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const svyi_translation *)a)->file, ((const svyi_translation *)b)->file);
}

static svy_status add_translation(svyi_arena *arena, const char *name, const char *prefix, svyi_translation *files, size_t *n)
{
    const size_t len = strlen(name), before = strlen(prefix), after = sizeof ".xlf" - 1;
    if (len <= before + after || strncmp(name, prefix, before) != 0 || strcmp(name + len - after, ".xlf") != 0 ||
        !svyi_is_tag(name + before, len - before - after))
        return SVY_OK;
    if (*n == MOST_TRANSLATIONS)
        return SVY_E_LIMIT;
    files[*n].file = svyi_arena_text(arena, name, len);
    files[*n].lang = svyi_arena_text(arena, name + before, len - before - after);
    if (files[*n].file == NULL || files[*n].lang == NULL)
        return SVY_E_NOMEM;
    ++*n;
    return SVY_OK;
}

svy_status svyi_file_translations(svyi_arena *arena, const char *folder, const char *prefix, svyi_translation **files, size_t *n)
{
    svy_status st = SVY_OK;
    *n = 0;
    *files = svyi_arena_get(arena, MOST_TRANSLATIONS * sizeof **files);
    if (*files == NULL)
        return SVY_E_NOMEM;
    DIR *d = opendir(folder[0] != '\0' ? folder : ".");
    if (d == NULL)
        return errno == ENOMEM ? SVY_E_NOMEM : SVY_OK;
    for (const struct dirent *e = readdir(d); e != NULL && st == SVY_OK; e = readdir(d))
        st = add_translation(arena, e->d_name, prefix, *files, n);
    closedir(d);
    qsort(*files, *n, sizeof **files, by_name);
    return st;
}
