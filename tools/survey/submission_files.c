/* Photos and other files of ODK submissions that were imported: as ODK's tools lay them down, beside NAME/submission.xml. */
#define _POSIX_C_SOURCE 200809L
#include "submissions.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/reception.h>
#include <sys/stat.h>

/* An imported submission and its interview; a file that an answer names and that is not in the study. */
typedef struct imported { char interview[37]; const char *path; } imported;
typedef struct wanted { char interview[37]; char *name; } wanted;
typedef struct attaching {
    svy_study *study;
    const char *form, *media;
    imported *all; size_t n;
    wanted *wanted; size_t n_wanted, room;
    size_t attached, missing;
} attaching;

static int by_interview(const void *a, const void *b) { return strcmp(((const imported *)a)->interview, ((const imported *)b)->interview); }

static svy_status find_interviews(attaching *a, const submissions *s, svy_error *err)
{
    svy_status st = SVY_OK;
    a->all = calloc(s->n + 1, sizeof *a->all);
    if (a->all == NULL)
        return SVY_E_NOMEM;
    for (size_t i = 0; i < s->n && st == SVY_OK; i++) {
        int found;
        imported *one = &a->all[a->n];
        one->path = s->files[i].path;
        st = svy_study_imported(a->study, a->form, s->files[i].id, one->interview, &found, err);
        a->n += st == SVY_OK && found;
    }
    qsort(a->all, a->n, sizeof *a->all, by_interview);
    return st;
}

static svy_status want(void *user, const svy_answer_file *f)
{
    attaching *a = user;
    imported key = { .path = NULL };
    snprintf(key.interview, sizeof key.interview, "%s", f->interview);
    if (f->state != SVY_FILE_MISSING || bsearch(&key, a->all, a->n, sizeof key, by_interview) == NULL)
        return SVY_OK;
    if (a->n_wanted == a->room) {
        wanted *more = realloc(a->wanted, (a->room * 2 + 64) * sizeof *more);
        if (more == NULL)
            return SVY_E_NOMEM;
        a->wanted = more;
        a->room = a->room * 2 + 64;
    }
    wanted *w = &a->wanted[a->n_wanted];
    memcpy(w->interview, key.interview, sizeof w->interview);
    if ((w->name = strdup(f->name)) == NULL)
        return SVY_E_NOMEM;
    a->n_wanted++;
    return SVY_OK;
}

/* The bytes of FOLDER/NAME; NULL when there is no such file. A name with a folder in it is none. */
static char *read_beside(const char *folder, size_t folder_len, const char *name, size_t *len)
{
    char path[4400];
    struct stat about;
    if (strchr(name, '/') != NULL || (size_t)snprintf(path, sizeof path, "%.*s%s", (int)folder_len, folder, name) >= sizeof path ||
        lstat(path, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > (64 << 20))
        return NULL;
    FILE *in = fopen(path, "rb");
    char *bytes = in != NULL ? malloc((size_t)about.st_size + 1) : NULL;
    *len = bytes != NULL ? fread(bytes, 1, (size_t)about.st_size, in) : 0;
    if (bytes != NULL && (ferror(in) || *len != (size_t)about.st_size)) {
        free(bytes);
        bytes = NULL;
    }
    if (in != NULL)
        fclose(in);
    return bytes;
}

static svy_status attach(attaching *a, const wanted *w, svy_moment now, svy_error *err)
{
    char media[4200];
    imported key = { .path = NULL };
    size_t len = 0;
    memcpy(key.interview, w->interview, sizeof key.interview);
    const imported *one = bsearch(&key, a->all, a->n, sizeof key, by_interview);
    const char *slash = strrchr(one->path, '/');
    char *bytes = read_beside(one->path, slash != NULL ? (size_t)(slash - one->path) + 1 : 0, w->name, &len);
    if (bytes == NULL && a->media != NULL && (size_t)snprintf(media, sizeof media, "%s/", a->media) < sizeof media)
        bytes = read_beside(media, strlen(media), w->name, &len);
    const svy_status st = bytes != NULL ? svy_study_attach_file(a->study, w->interview, w->name, NULL, bytes, len, now, err) : SVY_OK;
    a->attached += st == SVY_OK && bytes != NULL;
    a->missing += bytes == NULL;
    free(bytes);
    return st;
}

int submissions_attach(const submissions *s, svy_study *study, const char *form, const char *media, int quiet)
{
    attaching a = { .study = study, .form = form, .media = media };
    svy_error err = SVY_ERROR_INIT;
    svy_status st = find_interviews(&a, s, &err);
    if (st == SVY_OK && a.n > 0)
        st = svy_study_answer_files(study, form, 1, want, &a, &err);
    for (size_t i = 0; i < a.n_wanted && st == SVY_OK; i++) {
        st = attach(&a, &a.wanted[i], s->now, &err);
        tool_progress("files", i + 1, a.n_wanted, quiet);
    }
    for (size_t i = 0; i < a.n_wanted; i++)
        free(a.wanted[i].name);
    free(a.wanted);
    free(a.all);
    if (!quiet && a.attached > 0)
        tool_say("%zu %s of these submissions stored", a.attached, a.attached == 1 ? "file" : "files");
    if (a.missing > 0)
        tool_say("%zu %s named by answers and not beside the submission: put what is missing there (of encrypted ones: name a folder with --media) and import again", a.missing,
                 a.missing == 1 ? "file is" : "files are");
    if (st == SVY_E_NOMEM && err.message[0] == '\0')
        tool_say("out of memory");
    return st == SVY_OK ? EXIT_DONE : st == SVY_E_NOMEM && err.message[0] == '\0' ? EXIT_SYSTEM : tool_fail(&err);
}
