/* A submission as it was posted: the parts that OpenRosa knows, and files with names that can be kept. */
#include "server/odk/parts.h"
#include <string.h>

#include "base/error.h"
#include "server/http/multipart.h"

static const char XML[] = "xml_submission_file", INCOMPLETE[] = "*isIncomplete*";

typedef struct sorting {
    svyi_multipart reader;
    svyi_arena *arena;
    const char *body;
    svyi_odk_parts *parts;
    const char *name, *type;
    size_t size;
    int is_file, xml_seen;
} sorting;

static int has_charset(const svyi_form_part *p)
{
    return p->charset[0] != '\0' && strcmp(p->charset, "utf-8") != 0 && strcmp(p->charset, "utf8") != 0;
}

static svy_status begin(void *user, const svyi_form_part *p, svy_error *err)
{
    sorting *s = user;
    const int is_xml = strcmp(p->name, XML) == 0;
    s->is_file = !is_xml && p->file[0] != '\0';
    s->size = 0;
    if (is_xml && s->xml_seen++)
        return svyi_fail(err, SVY_E_FORMAT, "the submission has two parts %s", XML);
    if (is_xml && has_charset(p))
        return svyi_fail(err, SVY_E_FORMAT, "the XML of the submission says it is %.40s: send UTF-8", p->charset);
    const char *wrong = s->is_file ? svyi_file_name_refuse(p->name) : NULL;
    if (wrong != NULL)
        return svyi_fail(err, SVY_E_FORMAT, "the name of a file that came with the submission %s", wrong);
    if (s->is_file && (svyi_odk_part_find(s->parts, p->name) != NULL || strcmp(p->name, "submission.xml") == 0))
        return svyi_fail(err, SVY_E_FORMAT, "two files of the submission have the same name: %.100s", p->name);
    s->name = svyi_arena_text(s->arena, p->name, strlen(p->name));
    s->type = svyi_arena_text(s->arena, p->type, strlen(p->type));
    return s->name == NULL || s->type == NULL ? svyi_nomem(err) : SVY_OK;
}

static svy_status count(void *user, const void *bytes, size_t n, svy_error *err)
{
    (void)bytes;
    (void)err;
    ((sorting *)user)->size += n;
    return SVY_OK;
}

/* The body came in one piece, so a part lies in one piece in it. */
static svy_status end(void *user, svy_error *err)
{
    sorting *s = user;
    const char *content = s->body + s->reader.content;
    (void)err;
    if (strcmp(s->name, XML) == 0) {
        s->parts->xml = content;
        s->parts->xml_size = s->size;
    } else if (s->is_file) {
        s->parts->files[s->parts->n++] = (svyi_odk_part){ s->name, s->type, content, s->size };
    } else if (strcmp(s->name, INCOMPLETE) == 0) {
        s->parts->incomplete = s->size == 3 && memcmp(content, "yes", 3) == 0;
    }
    return SVY_OK;
}

svy_status svyi_odk_parts_read(svyi_arena *arena, const char *content_type, const char *body, size_t size, svyi_odk_parts *parts, svy_error *err)
{
    sorting s = { .arena = arena, .body = body, .parts = parts };
    const svyi_multipart_to to = { begin, count, end, &s };
    *parts = (svyi_odk_parts){ .files = svyi_arena_get(arena, SVYI_MULTIPART_PARTS * sizeof *parts->files) };
    if (parts->files == NULL)
        return svyi_nomem(err);
    svy_status st = svyi_multipart_begin(&s.reader, content_type, &to, err);
    if (st == SVY_OK)
        st = svyi_multipart_feed(&s.reader, body, size, err);
    if (st == SVY_OK)
        st = svyi_multipart_end(&s.reader, err);
    if (st == SVY_OK && !s.xml_seen)
        return svyi_fail(err, SVY_E_FORMAT, "the submission has no part %s", XML);
    return st;
}

const svyi_odk_part *svyi_odk_part_find(const svyi_odk_parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->n; i++)
        if (strcmp(parts->files[i].name, name) == 0)
            return &parts->files[i];
    return NULL;
}
