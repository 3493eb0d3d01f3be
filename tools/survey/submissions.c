/* Submissions of ODK's clients as rows of an import: each file is an interview. */
#define _POSIX_C_SOURCE 200809L
#include "submissions.h"
#include "record.h"
#include "tool.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_BYTES = 16 << 20, MOST_FILES = 1000000 };

static int ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static int is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

int submissions_are(const char *path) { return is_folder(path) || ends_with(path, ".xml"); }

/* ---- reading files ---- */

static int cannot(const char *path, const char *why)
{
    tool_say("%s: it cannot be read: %s", path, why);
    return EXIT_SYSTEM;
}

/* The whole file with a NUL behind it. */
static int read_file(const char *path, char **text, size_t *len)
{
    FILE *in = fopen(path, "rb");
    size_t room = 1 << 16;
    if (in == NULL)
        return cannot(path, strerror(errno));
    *len = 0;
    *text = malloc(room);
    while (*text != NULL) {
        *len += fread(*text + *len, 1, room - *len - 1, in);
        if (*len + 1 < room || room > MOST_BYTES)
            break;
        char *more = realloc(*text, room * 2);
        if (more == NULL)
            free(*text);
        *text = more;
        room *= 2;
    }
    const int failed = ferror(in), large = *text != NULL && !feof(in) && *len + 1 >= room;
    fclose(in);
    if (*text == NULL)
        return cannot(path, "out of memory");
    (*text)[*len] = '\0';
    return failed ? cannot(path, "the system reports an error") : large ? cannot(path, "it is too large") : EXIT_DONE;
}

/* ---- what a submission is called ---- */

/* The text of its instanceID; its path when it has none. */
static char *instance_id(const char *xml, const char *path)
{
    const char *at = strstr(xml, "instanceID>"), *end = at != NULL ? strchr(at, '<') : NULL;
    if (end == NULL || end == at + 11)
        return strdup(path);
    return strndup(at + 11, (size_t)(end - at) - 11);
}

static svy_status keep_opened(void *user, const char *bytes, size_t len)
{
    submission_file *f = user;
    char *text = malloc(len + 1);
    if (text == NULL)
        return SVY_E_NOMEM;
    memcpy(text, bytes, len);
    text[len] = '\0';
    free(f->xml);
    f->xml = text;
    f->len = len;
    return SVY_OK;
}

static int is_encrypted(const submission_file *f)
{
    const char *root = strstr(f->xml, "encrypted="), *end = root != NULL ? strchr(f->xml, '>') : NULL;
    while (end != NULL && end[-1] == '?')
        end = strchr(end + 1, '>');
    return end != NULL && root < end;
}

static int open_encrypted(submissions *s, submission_file *f, const char *media)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    const svy_sink to = { keep_opened, f };
    if (s->key == NULL) {
        tool_say("%s: the submission is encrypted: give the private key of the form with --private-key", f->path);
        return EXIT_WRONG;
    }
    const svy_status st = svy_submission_decrypt(NULL, f->path, s->key, s->key_len, media, &to, &diags, &err);
    return st == SVY_OK ? EXIT_DONE : st == SVY_E_INVALID && diags.problems > 0 ? EXIT_WRONG : tool_fail(&err);
}

static int add_file(submissions *s, const char *path, const char *media)
{
    if (s->n >= MOST_FILES)
        return cannot(path, "there are too many submissions");
    if (s->n == s->room) {
        submission_file *more = realloc(s->files, (s->room * 2 + 16) * sizeof *more);
        if (more == NULL)
            return cannot(path, "out of memory");
        s->files = more;
        s->room = s->room * 2 + 16;
    }
    submission_file *f = &s->files[s->n++];
    *f = (submission_file){ .path = strdup(path) };
    int status = f->path != NULL ? read_file(path, &f->xml, &f->len) : cannot(path, "out of memory");
    if (status == EXIT_DONE && is_encrypted(f))
        status = open_encrypted(s, f, media);
    if (status == EXIT_DONE && (f->id = instance_id(f->xml, path)) == NULL)
        status = cannot(path, "out of memory");
    return status;
}

static int is_shown(const struct dirent *e) { return e->d_name[0] != '.'; }

/* NAME.xml, and NAME/submission.xml as ODK's tools lay them down. */
static int add_name(submissions *s, const char *folder, const char *name, const char *media)
{
    char path[4096], inner[4096];
    struct stat about;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path ||
        (size_t)snprintf(inner, sizeof inner, "%s/%s/submission.xml", folder, name) >= sizeof inner)
        return cannot(folder, "a name in it is too long");
    if (ends_with(name, ".xml"))
        return add_file(s, path, media);
    return is_folder(path) && stat(inner, &about) == 0 ? add_file(s, inner, media) : EXIT_DONE;
}

static int add_folder(submissions *s, const char *folder, const char *media)
{
    struct dirent **names = NULL;
    const int n = scandir(folder, &names, is_shown, alphasort);
    int status = n >= 0 ? EXIT_DONE : cannot(folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        if (status == EXIT_DONE)
            status = add_name(s, folder, names[i]->d_name, media);
        free(names[i]);
    }
    free(names);
    return status;
}

int submissions_read(submissions *s, char *const *paths, int n, const char *key_path, const char *media)
{
    int status = key_path != NULL ? read_file(key_path, &s->key, &s->key_len) : EXIT_DONE;
    for (int i = 0; i < n && status == EXIT_DONE; i++)
        status = is_folder(paths[i]) ? add_folder(s, paths[i], media) : add_file(s, paths[i], media);
    return status;
}

void submissions_clear(submissions *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->files[i].path);
        free(s->files[i].xml);
        free(s->files[i].id);
    }
    free(s->files);
    if (s->key != NULL)
        memset(s->key, 0, s->key_len);
    free(s->key);
}

/* ---- as rows ---- */

int submissions_next(void *user, int *line, svy_error *err)
{
    submissions *s = user;
    (void)err;
    if (s->row >= s->n)
        return 0;
    *line = (int)++s->row;
    return 1;
}

int submissions_get(void *user, const char *name, const char **text, size_t *len)
{
    const submissions *s = user;
    if (strcmp(name, "instanceID") != 0 || s->row == 0)
        return 0;
    *text = s->files[s->row - 1].id;
    *len = strlen(*text);
    return 1;
}

const char *submissions_name(void *user, size_t i)
{
    (void)user;
    return i == 0 ? "instanceID" : NULL;
}

svy_status submissions_conduct(void *user, svy_interview *iv, int line, svy_error *err)
{
    submissions *s = user;
    const submission_file *f = &s->files[line - 1];
    svy_status st = svy_submission_read(iv, f->xml, f->len, f->path, s->now, NULL, s->diags, err);
    if (st != SVY_OK)
        return st;
    st = svy_interview_complete(iv, s->now, err);
    if (st == SVY_E_INVALID && s->diags->report != NULL) {
        const svy_diag d = { SVY_PROBLEM, st, f->path, 0, 0, "", err != NULL ? err->message : "the interview is not complete", "" };
        s->diags->problems++;
        s->diags->report(s->diags->user, &d);
    }
    return st;
}
