/* Routes for ODK's clients (OpenRosa): the list of forms, forms and their files, submissions. With name and password, or with a token in the address. */
#include "server/odk/answer.h"
#include "server/odk/xml.h"
#include <survey/account.h>
#include <string.h>
#include <strings.h>

static const char TEXT_XML[] = "text/xml; charset=utf-8";
enum { MOST_SUBMISSION = 64 << 20 };

/* ---- answering ---- */

int svyi_odk_headers(svyi_request *rq)
{
    const char *version = svyi_request_header(rq, "x-openrosa-version");
    svyi_answer_header(rq, "X-OpenRosa-Version", "1.0");
    svyi_answer_header(rq, "X-OpenRosa-Accept-Content-Length", SVYI_ODK_PIECE);
    if (version == NULL || strcmp(version, "1.0") == 0 || strncmp(version, "1.0.", 4) == 0)
        return 1;
    svyi_odk_answer(rq, 400, 0, "this server speaks version 1.0 of OpenRosa");
    return 0;
}

void svyi_odk_answer(svyi_request *rq, int status, int good, const char *sentence)
{
    svyi_buffer b;
    svyi_buffer_init(&b, NULL);
    svyi_odk_response(&b, good, sentence);
    svyi_answer_buffer(rq, status, TEXT_XML, &b);
}

void svyi_odk_answer_failed(svyi_request *rq, const svy_error *err)
{
    const int status = err->code == SVY_E_NAME ? 404 : err->code == SVY_E_FORMAT || err->code == SVY_E_INVALID || err->code == SVY_E_SYNTAX ? 400
                     : err->code == SVY_E_LIMIT ? 413 : err->code == SVY_E_STATE ? 409 : 0;
    if (status != 0) {
        svyi_odk_answer(rq, status, 0, err->message);
        return;
    }
    svyi_log(rq->server, "a submission could not be taken: %s", err->message);
    if (err->code == SVY_E_NOMEM || err->code == SVY_E_BUSY)
        svyi_answer_header(rq, "Retry-After", "10");
    svyi_odk_answer(rq, err->code == SVY_E_NOMEM || err->code == SVY_E_BUSY ? 503 : 500, 0, "the server could not store it: send it again later");
}

/* ---- forms ---- */

/* What stands in the address behind the token, if there is one. */
static const char *part(const svyi_request *rq, int which)
{
    return rq->part[which + ((rq->route->flags & SVYI_TOKEN_IN_PATH) != 0)];
}

/* "https://host/odk", with the token that the client came with. */
static const char *base_of(svyi_request *rq)
{
    const char *base = svyi_request_base(rq);
    const int token = (rq->route->flags & SVYI_TOKEN_IN_PATH) != 0;
    char *text = svyi_arena_get(&rq->arena, strlen(base) + strlen(rq->part[0]) + 16);
    if (text != NULL)
        strcat(strcat(strcat(strcpy(text, base), "/odk"), token ? "/key/" : ""), token ? rq->part[0] : "");
    return text != NULL ? text : "";
}

static svyi_odk_listed listed(svyi_request *rq, const svyi_odk_form *f)
{
    return (svyi_odk_listed){ f->odk_id, f->odk_version, f->title, f->md5, base_of(rq), f->n_files > 0 };
}

static void answer_list(svyi_request *rq, const svyi_odk_forms *forms)
{
    const char *id = svyi_request_query(rq, "formID"), *all = svyi_request_query(rq, "listAllVersions");
    const int every = all != NULL && strcmp(all, "true") == 0;
    svyi_buffer b;
    svyi_buffer_init(&b, NULL);
    svyi_odk_list_begin(&b);
    for (size_t i = 0; i < forms->n; i++) {
        const svyi_odk_form *f = &forms->forms[i];
        const svyi_odk_listed one = listed(rq, f);
        if (f->xml != NULL && (f->newest || every) && (id == NULL || strcmp(id, f->odk_id) == 0) && svy_sees_form(rq->who, f->id))
            svyi_odk_list_add(&b, &one);
    }
    svyi_odk_list_end(&b);
    svyi_answer_buffer(rq, 200, TEXT_XML, &b);
}

/* The form that the address names; "-" stands for no version. Answers 404 when there is none. */
static const svyi_odk_form *form_in(svyi_request *rq, const svyi_odk_forms *forms)
{
    const char *version = strcmp(part(rq, 1), "-") == 0 ? "" : part(rq, 1);
    const svyi_odk_form *f = forms != NULL ? svyi_odk_form_of(forms, part(rq, 0), version, 0) : NULL;
    if (f == NULL && forms != NULL)
        f = svyi_odk_form_of(forms, part(rq, 0), part(rq, 1), 0);
    if (f != NULL && f->xml != NULL && svy_sees_form(rq->who, f->id))
        return f;
    svyi_odk_answer(rq, 404, 0, "there is no such form");
    return NULL;
}

typedef void answering(svyi_request *rq, svy_study *study, const svyi_odk_form *form);

static void with_form(svyi_request *rq, svy_study *study, answering *answer)
{
    svyi_odk *odk = svyi_server_odk(rq->server);
    const svyi_odk_forms *forms = svyi_odk_forms_now(odk);
    if (svyi_odk_headers(rq)) {
        const svyi_odk_form *f = form_in(rq, forms);
        if (f != NULL)
            answer(rq, study, f);
    }
    svyi_odk_forms_done(odk, forms);
}

static void list(svyi_request *rq, svy_study *study)
{
    svyi_odk *odk = svyi_server_odk(rq->server);
    const svyi_odk_forms *forms = svyi_odk_forms_now(odk);
    (void)study;
    if (svyi_odk_headers(rq)) {
        if (forms != NULL)
            answer_list(rq, forms);
        else
            svyi_odk_answer(rq, 503, 0, "the server is not ready yet");
    }
    svyi_odk_forms_done(odk, forms);
}

static void answer_form(svyi_request *rq, svy_study *study, const svyi_odk_form *f)
{
    (void)study;
    svyi_answer(rq, 200, TEXT_XML, f->xml, f->len);
}

static void answer_manifest(svyi_request *rq, svy_study *study, const svyi_odk_form *f)
{
    const svyi_odk_listed form = listed(rq, f);
    svyi_odk_listed_file *files = svyi_arena_get(&rq->arena, (f->n_files + 1) * sizeof *files);
    svyi_buffer b;
    (void)study;
    svyi_buffer_init(&b, NULL);
    for (size_t i = 0; files != NULL && i < f->n_files; i++)
        files[i] = (svyi_odk_listed_file){ f->files[i].name, f->files[i].md5 };
    svyi_odk_manifest(&b, &form, files, files != NULL ? f->n_files : 0);
    svyi_answer_buffer(rq, 200, TEXT_XML, &b);
}

typedef struct wanted { svyi_request *rq; const char *name; int answered; } wanted;

/* Enketo reads a list by its media type, and refuses others. */
static const char *type_of_list(const char *name)
{
    static const struct { const char *end, *type; } TYPES[] = { { ".csv", "text/csv; charset=utf-8" }, { ".xml", TEXT_XML }, { ".geojson", "application/geo+json" } };
    const char *end = strrchr(name, '.');
    for (size_t i = 0; end != NULL && i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcasecmp(end, TYPES[i].end) == 0)
            return TYPES[i].type;
    return "application/octet-stream";
}

static svy_status take_file(void *user, const svy_source *s)
{
    wanted *w = user;
    const char *slash = strrchr(s->name, '/');
    if (w->answered || strcmp(slash != NULL ? slash + 1 : s->name, w->name) != 0)
        return SVY_OK;
    w->answered = 1;
    svyi_answer(w->rq, 200, type_of_list(w->name), s->bytes, s->size);
    return SVY_OK;
}

static svy_status take_medium(void *user, const svy_medium *m)
{
    wanted *w = user;
    w->answered = 1;
    svyi_answer(w->rq, 200, m->media_type, m->bytes != NULL ? m->bytes : "", m->size);
    return SVY_OK;
}

/* A list that the form was compiled with, or a medium. */
static void answer_file(svyi_request *rq, svy_study *study, const svyi_odk_form *f)
{
    wanted w = { rq, part(rq, 2), 0 };
    svy_error err = SVY_ERROR_INIT;
    int there = 0;
    for (size_t i = 0; i < f->n_files && !there; i++)
        there = strcmp(f->files[i].name, w.name) == 0;
    svy_status st = there ? svy_study_sources(study, f->id, f->version, take_file, &w, &err) : SVY_OK;
    if (there && st == SVY_OK && !w.answered)
        st = svy_study_medium(study, f->id, f->version, w.name, take_medium, &w, &err);
    if (!w.answered && st != SVY_OK)
        svyi_odk_answer_failed(rq, &err);
    else if (!w.answered)
        svyi_odk_answer(rq, 404, 0, "the form has no such file");
}

static void form_xml(svyi_request *rq, svy_study *study) { with_form(rq, study, answer_form); }
static void manifest(svyi_request *rq, svy_study *study) { with_form(rq, study, answer_manifest); }
static void form_file(svyi_request *rq, svy_study *study) { with_form(rq, study, answer_file); }

/* What a client asks before it sends anything: whether it may. */
static void probe(svyi_request *rq, svy_study *study)
{
    (void)study;
    if (svyi_odk_headers(rq))
        svyi_answer(rq, 204, TEXT_XML, "", 0);
}

/* ---- routes ---- */

#define BOTH(methods, tail, right, place, handler, body) \
    { methods, "/odk" tail, right, place, handler, body, SVYI_BASIC }, { methods, "/odk/key/*" tail, right, place, handler, body, SVYI_TOKEN_IN_PATH }

const svyi_route SVYI_ROUTES_ODK[] = {
    BOTH(SVYI_GET, "/formList", SVY_RIGHT_FORMS_READ, SVYI_ON_WORKER, list, 0),
    BOTH(SVYI_GET, "/forms/*/*/form.xml", SVY_RIGHT_FORMS_READ, SVYI_ON_WORKER, form_xml, 0),
    BOTH(SVYI_GET, "/forms/*/*/manifest", SVY_RIGHT_FORMS_READ, SVYI_ON_WORKER, manifest, 0),
    BOTH(SVYI_GET, "/forms/*/*/files/*", SVY_RIGHT_FORMS_READ, SVYI_ON_READER, form_file, 0),
    BOTH(SVYI_GET | SVYI_HEAD, "/submission", SVY_RIGHT_SUBMIT, SVYI_ON_NETWORK, probe, 0),
    BOTH(SVYI_POST, "/submission", SVY_RIGHT_SUBMIT, SVYI_ON_WORKER, svyi_odk_submit, MOST_SUBMISSION),
    { 0 }
};
