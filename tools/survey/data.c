/* Loading the columns that a verb needs from a data or study file. */
#define _POSIX_C_SOURCE 200809L
#include "data.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <survey/dataio.h>
#include <survey/store.h>

void names_add(name_list *l, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i], name) == 0)
            return;
    if (l->count == l->capacity) {
        size_t capacity = l->capacity > 0 ? 2 * l->capacity : 32;
        const char **items = l->failed ? NULL : realloc(l->items, capacity * sizeof *items);
        if (items == NULL) {
            l->failed = 1;
            return;
        }
        l->items = items;
        l->capacity = capacity;
    }
    l->items[l->count++] = name;
}

void names_clear(name_list *l)
{
    free(l->items);
    *l = (name_list){ NULL, 0, 0, 0 };
}

void names_add_all(name_list *l, const tool_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        names_add(l, names->items[i]);
}

int tool_fail_data(svy_error *err, const char *source)
{
    if (err->source[0] == '\0')
        snprintf(err->source, sizeof err->source, "%s", source);
    return tool_fail(err);
}

int tool_mentions(const void *where, const char *name, size_t len)
{
    for (const char *at = where; len > 0 && (at = strchr(at, name[0])) != NULL; at++)
        if (strncmp(at, name, len) == 0)
            return 1;
    return 0;
}

/* A pipe or a device gives its bytes once: nobody may look into it before it is read. */
static int is_pipe(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

/* STUDY, STUDY:FORM or STUDY:FORM:ROSTER: how many bytes of it are the path of a study file; 0 when none are. */
static size_t study_path(const char *source, char *path, size_t size)
{
    size_t len = strlen(source);
    for (int cut = 0; cut < 3 && len > 0 && len < size; cut++) {
        char head[16] = "";
        memcpy(path, source, len);
        path[len] = '\0';
        FILE *f = is_pipe(path) ? NULL : fopen(path, "rb");
        if (f != NULL) {
            size_t n = fread(head, 1, sizeof head, f);
            fclose(f);
            return n == sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0 ? len : 0;
        }
        while (len > 0 && source[len - 1] != ':')
            len--;
        len -= len > 0;
    }
    return 0;
}

typedef struct listener { void (*take)(void *user, const char *name, size_t len); void *user; } listener;

static svy_status hand_over(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    listener *l = user;
    (void)err;
    for (size_t i = 0; i < n; i++)
        l->take(l->user, cells[i].text, cells[i].len);
    (void)line;
    return SVY_E_STATE;                    /* read enough */
}

void tool_data_header(const char *source, void (*take)(void *user, const char *name, size_t len), void *user)
{
    char path[4096];
    svy_error err = SVY_ERROR_INIT;
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    listener l = { take, user };
    if (study_path(source, path, sizeof path) > 0 || is_pipe(source))
        return;
    if (svy_csv_read_text(NULL, source, &options, hand_over, &l, &err) != SVY_OK)
        return;                            /* the ordinary end: a row was enough. A file that cannot be read is reported by who reads its data */
}

int tool_is_study(const char *source)
{
    char path[4096];
    return study_path(source, path, sizeof path) > 0;
}

/* A level of a form. Sensitive variables are there for who names them. */
static int load_study(const char *source, const char *path, const char *rest, svy_frame **out)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    char form[128];
    const char *level = strchr(rest, ':');
    snprintf(form, sizeof form, "%.*s", (int)(level != NULL ? level - rest : (ptrdiff_t)strlen(rest)), rest);
    svy_status st = svy_study_open(NULL, path, SVY_STUDY_READ, &study, &err);
    if (st == SVY_OK)
        st = svy_study_frame(study, form[0] != '\0' ? form : NULL, level != NULL ? level + 1 : "", 1, out, &err);
    if (st == SVY_E_NAME && level != NULL && strcmp(level, ":events") == 0)          /* no roster of that name: what was done when */
        st = svy_study_paradata(study, form[0] != '\0' ? form : NULL, 1, out, &err);
    svy_study_close(study);
    return st == SVY_OK ? EXIT_DONE : tool_fail_data(&err, source);
}

typedef struct copied { char *text; size_t len; } copied;
static svy_status copy_text(void *user, const char *text, size_t len)
{
    copied *c = user;
    if ((c->text = malloc(len + 1)) == NULL)
        return SVY_E_NOMEM;
    memcpy(c->text, text, len + 1);
    c->len = len;
    return SVY_OK;
}

int tool_study_text(const char *source, const char *name, char **text, size_t *len)
{
    char path[4096];
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    copied c = { NULL, 0 };
    if (study_path(source, path, sizeof path) == 0)
        return EXIT_DONE;
    svy_status st = svy_study_open(NULL, path, SVY_STUDY_READ, &study, &err);
    if (st == SVY_OK)
        st = svy_study_text(study, name, copy_text, &c, &err);
    svy_study_close(study);
    *text = c.text;
    *len = c.len;
    return st == SVY_OK ? EXIT_DONE : EXIT_SYSTEM;
}

int tool_load_data(const char *source, const name_list *names, const char *where, svy_frame **out)
{
    char path[4096];
    size_t len = study_path(source, path, sizeof path);
    if (len > 0)
        return load_study(source, path, source[len] == ':' ? source + len + 1 : "", out);
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    *out = NULL;
    options.columns = names->items;                    /* none: all */
    options.n_columns = names->count;
    options.also = where != NULL ? tool_mentions : NULL;
    options.also_user = where;
    svy_status st = names->failed ? SVY_E_NOMEM : svy_csv_read(NULL, source, &options, &diags, out, &err);
    if (st == SVY_E_NOMEM)
        err.code = SVY_E_NOMEM;
    return st == SVY_OK ? EXIT_DONE : tool_fail_data(&err, source);
}
