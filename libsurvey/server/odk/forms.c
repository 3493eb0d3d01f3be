/* The XForm of every deployed version: as it was given, or written from the compiled form. */
#include "base/digest.h"
#include "base/error.h"
#include "exchange/submission/submission.h"
#include "exchange/xform/write.h"
#include "server/odk/odk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    svy_study *study;
    svyi_odk_forms *made;
    size_t room;
    svyi_odk_form *form;                 /* the one at hand */
    const svy_form *compiled;
    size_t files_room;
    void (*tell)(void *user, const char *line);
    void *user;
    svyi_buffer problem;
    svy_error *err;
} reading;

static char *copy(reading *r, const char *text) { return svyi_arena_text(&r->made->arena, text, strlen(text)); }

static void digest(const void *bytes, size_t n, char out[33])
{
    unsigned char md5[SVYI_DIGEST];
    svyi_digest("MD5", 3, bytes, n, md5);
    for (int i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", md5[i]);
}

/* ---- sources ---- */

static int ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static const char *base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? slash + 1 : name;
}

static int has_file(const svyi_odk_form *f, const char *name)
{
    for (size_t i = 0; i < f->n_files; i++)
        if (strcmp(f->files[i].name, name) == 0)
            return 1;
    return 0;
}

static svy_status add_file(reading *r, const char *name, const char *md5)
{
    svyi_odk_form *f = r->form;
    if (has_file(f, name))
        return SVY_OK;
    if (f->n_files == r->files_room) {
        const size_t room = r->files_room * 2 + 8;
        svyi_odk_file *more = svyi_arena_get(&r->made->arena, room * sizeof *more);
        if (more == NULL)
            return svyi_nomem(r->err);
        if (f->n_files > 0)
            memcpy(more, f->files, f->n_files * sizeof *more);
        f->files = more;
        r->files_room = room;
    }
    svyi_odk_file *file = &f->files[f->n_files];
    file->name = copy(r, name);
    snprintf(file->md5, sizeof file->md5, "%s", md5);
    f->n_files++;
    return file->name != NULL ? SVY_OK : svyi_nomem(r->err);
}

/* Files of which the form itself was made. */
static int is_questionnaire(const svy_source *s)
{
    static const char *const ENDINGS[] = { ".xlsx", ".xls", ".xlsm", ".md", ".xlf" };
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++)
        if (ends_in(s->name, ENDINGS[i]))
            return 1;
    return svy_format_of(NULL, s->bytes, s->size) == SVY_FORMAT_NATIVE;
}

/* An XForm is served as it was given; lists beside it are its files. A questionnaire of our own language has its lists within the XForm. */
static svy_status take_source(void *user, const svy_source *s)
{
    reading *r = user;
    svyi_odk_form *f = r->form;
    if (!svy_form_is_odk(r->compiled) || is_questionnaire(s))
        return SVY_OK;
    if (f->given || svy_format_of(NULL, s->bytes, s->size) != SVY_FORMAT_XFORM) {
        char md5[33];
        digest(s->bytes, s->size, md5);
        return add_file(r, base_name(s->name), md5);
    }
    f->xml = svyi_arena_get(&r->made->arena, s->size + 1);
    if (f->xml == NULL)
        return svyi_nomem(r->err);
    memcpy(f->xml, s->bytes, s->size);
    f->len = s->size;
    f->given = 1;
    return SVY_OK;
}

static svy_status take_medium(void *user, const svy_medium *m) { return add_file(user, m->name, m->md5); }

/* ---- one version ---- */

static void first_problem(void *user, const svy_diag *d)
{
    reading *r = user;
    if (d->severity == SVY_PROBLEM && r->problem.len == 0)
        svyi_buffer_format(&r->problem, "%s%s%s", d->element != NULL ? d->element : "", d->element != NULL && d->element[0] != '\0' ? ": " : "", d->found);
}

/* Why a form cannot be expressed is kept in place of its XForm. */
static svy_status refuse(reading *r, const svy_error *why)
{
    char sentence[256], line[700];
    snprintf(sentence, sizeof sentence, "%.250s", r->problem.len > 0 ? r->problem.data : why->message);
    if ((r->form->why = copy(r, sentence)) == NULL)
        return svyi_nomem(r->err);
    snprintf(line, sizeof line, "ODK's clients do not get %s, version %s: %s", r->form->id, r->form->version, sentence);
    if (r->tell != NULL)
        r->tell(r->user, line);
    return SVY_OK;
}

static svy_status write_xform(reading *r)
{
    svyi_odk_form *f = r->form;
    svyi_buffer out;
    svy_error why = SVY_ERROR_INIT;
    svy_diags diags = { first_problem, r, 0, 0 };
    svyi_buffer_init(&out, NULL);
    svy_status st = svyi_xform_write_set(NULL, r->compiled, (const char *const *)f->parameters, f->n_parameters, f->id, &diags, &out, &why);
    if (st == SVY_OK && diags.problems == 0) {
        f->xml = svyi_arena_text(&r->made->arena, out.data, out.len);
        f->len = out.len;
        st = f->xml != NULL ? SVY_OK : svyi_nomem(r->err);
    } else {
        st = st == SVY_E_NOMEM ? svyi_nomem(r->err) : refuse(r, &why);
    }
    svyi_buffer_clear(&out);
    return st;
}

static void take_parameter(void *user, const char *id, const char *type, const char *value, int overridden)
{
    reading *r = user;
    svyi_odk_form *f = r->form;
    uint32_t item;
    (void)type;
    if (!overridden || !svy_form_find(r->compiled, id, strlen(id), &item))
        return;                          /* a version from before the parameter */
    char **more = svyi_arena_get(&r->made->arena, (f->n_parameters + 1) * 2 * sizeof *more);
    char *name = copy(r, id), *text = copy(r, value);
    if (more == NULL || name == NULL || text == NULL) {
        r->problem.failed = 1;
        return;
    }
    if (f->n_parameters > 0)
        memcpy(more, f->parameters, f->n_parameters * 2 * sizeof *more);
    more[2 * f->n_parameters] = name;
    more[2 * f->n_parameters + 1] = text;
    f->parameters = more;
    f->n_parameters++;
}

static svy_status fill_in(reading *r, const svy_deployed *v)
{
    svyi_odk_form *f = r->form;
    const char *title = svy_form_text(r->compiled, 0, SVY_TITLE, 0);
    *f = (svyi_odk_form){ .id = copy(r, v->id), .version = copy(r, v->version), .odk_id = copy(r, svyi_record_attribute(r->compiled, "@id")),
                          .odk_version = copy(r, svyi_record_attribute(r->compiled, "@version")), .title = copy(r, title[0] != '\0' ? title : v->id),
                          .newest = v->newest, .why = copy(r, "") };
    r->files_room = 0;
    r->problem.len = 0;
    return f->id == NULL || f->version == NULL || f->odk_id == NULL || f->odk_version == NULL || f->title == NULL || f->why == NULL ? svyi_nomem(r->err) : SVY_OK;
}

static svy_status take_xform(reading *r, const svy_deployed *v)
{
    svy_status st = svy_study_parameters(r->study, v->id, take_parameter, r, r->err);
    if (st == SVY_OK)
        st = svy_study_sources(r->study, v->id, v->version, take_source, r, r->err);
    if (st == SVY_OK)
        st = svy_study_media(r->study, v->id, v->version, take_medium, r, r->err);
    if (st == SVY_OK && r->form->xml == NULL)
        st = write_xform(r);
    if (st == SVY_OK && r->form->xml != NULL)
        digest(r->form->xml, r->form->len, r->form->md5);
    return st == SVY_OK && r->problem.failed ? svyi_nomem(r->err) : st;
}

static svy_status take_version(void *user, const svy_deployed *v)
{
    reading *r = user;
    svy_form *compiled = NULL;
    if (r->made->n == r->room)
        return SVY_OK;                   /* deployed since we counted: the next renewal has it */
    void *block = malloc(v->block_size + 1);      /* a form is read where it lies, at a multiple of 8 bytes */
    if (block == NULL)
        return svyi_nomem(r->err);
    memcpy(block, v->block, v->block_size);
    r->form = &r->made->forms[r->made->n];
    svy_status st = svy_form_open(NULL, block, v->block_size, &compiled, r->err);
    r->compiled = compiled;
    if (st == SVY_OK)
        st = fill_in(r, v);
    if (st == SVY_OK)
        st = take_xform(r, v);
    if (st == SVY_OK)
        r->made->n++;
    svy_form_free(compiled);
    free(block);
    r->compiled = NULL;
    return st;
}

/* ---- all ---- */

static svy_status count(void *user, const svy_deployed *v)
{
    (void)v;
    ++*(size_t *)user;
    return SVY_OK;
}

svy_status svyi_odk_forms_read(svy_study *study, void (*tell)(void *user, const char *line), void *user, svyi_odk_forms **out, svy_error *err)
{
    reading r = { .study = study, .tell = tell, .user = user, .err = err, .made = calloc(1, sizeof *r.made) };
    *out = NULL;
    if (r.made == NULL)
        return svyi_nomem(err);
    svyi_arena_init(&r.made->arena, NULL);
    svyi_buffer_init(&r.problem, NULL);
    svy_status st = svy_study_deployed(study, count, &r.room, err);
    if (st == SVY_OK && (r.made->forms = svyi_arena_get(&r.made->arena, (r.room + 1) * sizeof *r.made->forms)) == NULL)
        st = svyi_nomem(err);
    if (st == SVY_OK)
        st = svy_study_deployed(study, take_version, &r, err);
    svyi_buffer_clear(&r.problem);
    if (st == SVY_OK)
        *out = r.made;
    else
        svyi_odk_forms_free(r.made);
    return st;
}

void svyi_odk_forms_free(svyi_odk_forms *forms)
{
    if (forms == NULL)
        return;
    svyi_arena_clear(&forms->arena);
    free(forms);
}
