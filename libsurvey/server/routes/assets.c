/* The files of the web form: read once at the start into a fixed table; nothing is opened by a name that a client sends. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/media_type.h"
#include "server/core.h"

enum { FILES_MAX = 400, FILE_MAX = 8 << 20, NAME = 128, ETAG = 35 };

typedef struct file { char *bytes; size_t n; } file;
typedef struct asset { char name[NAME], etag[ETAG]; file plain, br, gz; const char *type; } asset;
struct svyi_assets { asset *all; size_t n, capacity; };

/* 1 read, 0 not there, -1 cannot be read. */
static int read_file(const char *path, file *out)
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t have = 0;

    *out = (file){ NULL, 0 };
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > FILE_MAX || (out->bytes = svyi_get(NULL, (size_t)info.st_size)) == NULL) {
        close(fd);
        return -1;
    }
    out->n = (size_t)info.st_size;
    while (have < out->n) {
        const ssize_t n = read(fd, out->bytes + have, out->n - have);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    close(fd);
    if (have == out->n)
        return 1;
    svyi_release(NULL, out->bytes, out->n);
    out->bytes = NULL;
    return -1;
}

static int add_file(svyi_assets *a, const char *path, const char *name)
{
    unsigned char digest[SVYI_DIGEST];
    char beside[4300];
    asset it = { .type = svyi_media_type(name) };

    if (it.type == NULL || strlen(name) >= sizeof it.name)
        return 1;                                   /* .br and .gz come with what they are made of */
    if (a->n >= FILES_MAX || svyi_grow(NULL, &a->all, &a->capacity, a->n + 1, sizeof *a->all) != 0 || read_file(path, &it.plain) != 1)
        return 0;
    memcpy(it.name, name, strlen(name) + 1);
    svyi_digest("SHA-256", 7, it.plain.bytes, it.plain.n, digest);
    it.etag[0] = '"';
    for (int i = 0; i < 16; i++)
        snprintf(it.etag + 1 + 2 * i, 3, "%02x", digest[i]);
    it.etag[33] = '"';
    snprintf(beside, sizeof beside, "%s.br", path);
    read_file(beside, &it.br);
    snprintf(beside, sizeof beside, "%s.gz", path);
    read_file(beside, &it.gz);
    a->all[a->n++] = it;
    return 1;
}

/* Files of the folder, and of the folders in it (`prefix` "controls/"). */
static int add_folder(svyi_assets *a, const char *folder, const char *prefix)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int good = dir != NULL;

    while (good && (entry = readdir(dir)) != NULL) {
        char path[4200], name[300];
        struct stat info;
        if (entry->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
            continue;
        snprintf(name, sizeof name, "%s%s", prefix, entry->d_name);
        if (stat(path, &info) != 0)
            continue;
        if (S_ISREG(info.st_mode)) {
            good = add_file(a, path, name);
        } else if (S_ISDIR(info.st_mode) && prefix[0] == '\0') {
            snprintf(name, sizeof name, "%s/", entry->d_name);
            good = add_folder(a, path, name);
        }
    }
    if (dir != NULL)
        closedir(dir);
    return good;
}

svy_status svyi_assets_load(const char *folder, svyi_assets **out, svy_error *err)
{
    svyi_assets *a = svyi_get(NULL, sizeof *a);

    if (a == NULL)
        return svyi_nomem(err);
    memset(a, 0, sizeof *a);
    *out = a;
    if (folder != NULL && !add_folder(a, folder, ""))
        return svyi_fail(err, SVY_E_IO, "the folder of the web form '%.200s' cannot be read: build it with tools/form/build, or say where it is with --form-folder", folder);
    return SVY_OK;
}

static void file_free(file *f)
{
    svyi_release(NULL, f->bytes, f->n);
}

void svyi_assets_free(svyi_assets *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->n; i++) {
        file_free(&a->all[i].plain);
        file_free(&a->all[i].br);
        file_free(&a->all[i].gz);
    }
    svyi_release(NULL, a->all, a->capacity * sizeof *a->all);
    svyi_release(NULL, a, sizeof *a);
}

/* ---- answering ---- */

/* Whether a list of codings takes this one: "gzip, br;q=0.9"; q=0 says no. */
static int takes(const char *list, const char *coding)
{
    const size_t n = strlen(coding);

    while (list != NULL && *list != '\0') {
        list += strspn(list, " ,");
        const size_t len = strcspn(list, " ;,"), whole = strcspn(list, ",");
        if (len == n && strncmp(list, coding, n) == 0) {
            const char *q = memchr(list, '=', whole);
            return q == NULL || strtod(q + 1, NULL) > 0;
        }
        list += whole;
    }
    return 0;
}

int svyi_request_takes(const svyi_request *rq, const char *coding) { return takes(svyi_request_header(rq, "accept-encoding"), coding); }

static void answer_asset(svyi_request *rq, const asset *it)
{
    const char *known = svyi_request_header(rq, "if-none-match");
    const file *f = &it->plain;

    svyi_answer_header(rq, "ETag", it->etag);
    svyi_answer_header(rq, "Vary", "Accept-Encoding");
    svyi_answer_header(rq, "Cache-Control", "no-cache");
    if (known != NULL && strstr(known, it->etag) != NULL) {
        svyi_answer_borrowed(rq, 304, NULL, "", 0);
        return;
    }
    if (it->br.n > 0 && svyi_request_takes(rq, "br")) {
        f = &it->br;
        svyi_answer_header(rq, "Content-Encoding", "br");
    } else if (it->gz.n > 0 && svyi_request_takes(rq, "gzip")) {
        f = &it->gz;
        svyi_answer_header(rq, "Content-Encoding", "gzip");
    }
    svyi_answer_borrowed(rq, 200, it->type, f->bytes, f->n);
}

static void answer_named(svyi_request *rq, svy_study *study)
{
    const svyi_assets *a = rq->server->assets;
    const char *name = rq->path + strlen("/form/");

    (void)study;
    if (name[0] == '\0')
        name = "index.html";
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->all[i].name, name) == 0) {
            answer_asset(rq, &a->all[i]);
            return;
        }
    svyi_answer_error(rq, 404, a->n == 0 ? "this server was started without the files of the web form" : "there is nothing at this address");
}

static void to_form(svyi_request *rq, svy_study *study)
{
    (void)study;
    svyi_answer_header(rq, "Location", "/form/");
    svyi_answer_borrowed(rq, 302, NULL, "", 0);
}

const svyi_route SVYI_ROUTES_FORM[] = {
    { SVYI_GET, "/", SVYI_ANYBODY, SVYI_ON_NETWORK, to_form, 0, 0 },
    { SVYI_GET, "/form", SVYI_ANYBODY, SVYI_ON_NETWORK, to_form, 0, 0 },
    { SVYI_GET, "/form/", SVYI_ANYBODY, SVYI_ON_NETWORK, answer_named, 0, SVYI_OPEN },
    { SVYI_GET, "/form/*", SVYI_ANYBODY, SVYI_ON_NETWORK, answer_named, 0, SVYI_OPEN },
    { SVYI_GET, "/form/*/*", SVYI_ANYBODY, SVYI_ON_NETWORK, answer_named, 0, SVYI_OPEN },
    { 0 },
};
