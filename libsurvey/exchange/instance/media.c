/* Media of a form: the pictures, sound and film that it shows, found by what it calls them. */
#include <string.h>

#include "base/map.h"
#include "exchange/instance/instance.h"
#include "questionnaire/built.h"

enum { MEDIUM_BYTES = 64 << 20, NAME_BYTES = 255, NAMES_TOLD = 5 };
static const size_t ALL_BYTES = (size_t)512 << 20;

typedef struct media {
    svyi_reader *r;
    svyi_map seen;
    svyi_buffer missing;             /* the first names, for one sentence */
    size_t n_missing, bytes;
    svy_status st;
} media;

static int is_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if (*c == '/' || *c == '\\' || (unsigned char)*c < 0x20 || *c == 0x7f)
            return 0;
    return name[0] != '\0' && name[0] != '.' && strlen(name) <= NAME_BYTES && svyi_path_refuse(name) == NULL;
}

static const char *find(media *m, const char *name)
{
    for (size_t i = 0; i < SVYI_PLACES; i++) {
        const char *folder = svyi_place(m->r, m->r->source, i), *path = folder != NULL ? svyi_path_join(&m->r->arena, folder, name) : NULL;
        if (path == NULL) {
            m->st = svyi_nomem(m->r->err);
            return NULL;
        }
        if (svyi_file_there(path))
            return path;
    }
    return NULL;
}

/* Its bytes are there for the time of the call only: a form may show more than fits into memory at once. */
static void hand_over(media *m, const char *name, const char *path)
{
    const char *bytes, *why;
    size_t len;
    svyi_arena arena;
    svyi_arena_init(&arena, &m->r->alloc);
    m->st = svyi_file_read(&arena, path, MEDIUM_BYTES, 1, &bytes, &len, &why);
    if (m->st == SVY_OK && (m->bytes += len) > ALL_BYTES)
        m->st = svyi_fail_at(m->r->err, SVY_E_LIMIT, path, 0, 0, 0, "what the form shows is too large: all its pictures, sounds and films together have at most 512 MiB");
    else if (m->st == SVY_E_NOMEM)
        m->st = svyi_nomem(m->r->err);
    else if (m->st == SVY_E_LIMIT)
        m->st = svyi_fail_at(m->r->err, SVY_E_LIMIT, path, 0, 0, 0, "the file is too large for a form to show: at most 64 MiB");
    else if (m->st != SVY_OK)
        m->st = svyi_fail_at(m->r->err, m->st, path, 0, 0, 0, "the file, which the form shows, cannot be read: %s", why);
    else
        m->r->watch->medium(m->r->watch->user, name, bytes, len);
    svyi_arena_clear(&arena);
}

static void take(void *user, const char *named)
{
    media *m = user;
    const char *name = svyi_named(named);
    uint32_t number = 0;
    if (m->st != SVY_OK || named[0] == '\0' || strstr(named, "${") != NULL)      /* a name that answers are put into is known when it is asked */
        return;
    const int added = svyi_map_add(&m->seen, name, strlen(name), &number);
    if (added < 0)
        m->st = svyi_nomem(m->r->err);
    if (added != 0)
        return;
    const char *path = is_name(name) ? find(m, name) : NULL;
    if (path != NULL && m->r->watch != NULL && m->r->watch->medium != NULL)
        hand_over(m, name, path);
    if (path == NULL && m->n_missing++ < NAMES_TOLD)
        svyi_buffer_format(&m->missing, "%s'%.60s'", m->missing.len > 0 ? ", " : "", name);
}

static void tell(media *m)
{
    const svyi_where where = { .source = m->r->source };
    if (m->n_missing > NAMES_TOLD)
        svyi_buffer_format(&m->missing, " and %zu more", m->n_missing - NAMES_TOLD);
    if (m->missing.failed)
        m->st = svyi_nomem(m->r->err);
    else if (m->n_missing > 0)
        svyi_report(m->r->diags, SVY_WARNING, SVY_E_IO, &where, "put them beside the form, into 'media', or into a folder called as the form with '-media' behind",
                    "the form shows files that are not there: %s", m->missing.data);
}

/* Most forms show none, and need not be opened to know it. */
static int shows_any(const svy_builder *b)
{
    for (size_t i = 1; i < b->n; i++)
        for (const svyi_q_words *w = b->elements[i].texts; w != NULL; w = w->next)
            if (w->role >= SVY_IMAGE && w->role <= SVY_VIDEO)
                return 1;
    return 0;
}

svy_status svyi_media_read(svyi_reader *r, const void *block, size_t size)
{
    media m = { .r = r };
    svy_form *form = NULL;
    if (r->folder == NULL || !shows_any(r->builder))
        return SVY_OK;
    svyi_map_init(&m.seen, &r->alloc);
    svyi_buffer_init(&m.missing, &r->alloc);
    m.st = svy_form_open(&r->alloc, block, size, &form, r->err);
    if (m.st == SVY_OK)
        svy_form_media(form, take, &m);
    if (m.st == SVY_OK)
        tell(&m);
    svy_form_free(form);
    svyi_map_clear(&m.seen);
    svyi_buffer_clear(&m.missing);
    return m.st;
}
