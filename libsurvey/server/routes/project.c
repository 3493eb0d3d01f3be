/* What a form needs to be filled in: the questionnaires, their files, the cases. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "server/core.h"
#include "server/odk/odk.h"

static void add_text(svyi_buffer *b, const char *text) { svyi_buffer_json(b, text, strlen(text)); }

/* ---- the project ---- */

typedef struct listing { svyi_buffer *b; svyi_request *rq; svy_study *study; size_t n; svy_status st; } listing;

static svy_status add_file(void *user, const svy_medium *medium)
{
    listing *l = user;

    svyi_buffer_text(l->b, l->n++ > 0 ? ",{\"name\":" : "{\"name\":");
    add_text(l->b, medium->name);
    svyi_buffer_format(l->b, ",\"size\":%zu,\"sha256\":\"%s\"}", medium->size, medium->sha256);
    return SVY_OK;
}

static void add_parameter(void *user, const char *id, const char *type, const char *value, int overridden)
{
    listing *l = user;

    (void)type;
    if (!overridden)
        return;
    svyi_buffer_text(l->b, l->n++ > 0 ? "," : "");
    add_text(l->b, id);
    svyi_buffer_text(l->b, ":");
    add_text(l->b, value != NULL ? value : "");
}

/* Whose entries are tables of their own in an export. */
static void add_rosters(svyi_buffer *b, const svy_form *form)
{
    size_t n = 0;

    svyi_buffer_text(b, ",\"rosters\":[");
    for (uint32_t i = 1; i < svy_form_items(form); i++)
        if (svy_form_item(form, i)->kind == SVY_EL_ROSTER) {
            svyi_buffer_text(b, n++ > 0 ? "," : "");
            add_text(b, svy_form_item_id(form, i));
        }
    svyi_buffer_text(b, "]");
}

static void describe_form(svyi_buffer *b, const svy_form *form, svyi_odk *odk)
{
    char why[256] = "";

    svyi_buffer_text(b, ",\"title\":");
    add_text(b, svy_form_text(form, 0, SVY_TITLE, 0));
    svyi_buffer_text(b, ",\"languages\":[");
    for (uint32_t i = 0; i < svy_form_languages(form); i++) {
        svyi_buffer_text(b, i > 0 ? "," : "");
        add_text(b, svy_form_language(form, i));
    }
    svyi_buffer_text(b, "],\"titles\":{");
    for (uint32_t i = 0; i < svy_form_languages(form); i++) {
        svyi_buffer_text(b, i > 0 ? "," : "");
        add_text(b, svy_form_language(form, i));
        svyi_buffer_text(b, ":");
        add_text(b, svy_form_text(form, 0, SVY_TITLE, i));
    }
    svyi_buffer_format(b, "},\"odk\":%s", svy_form_is_odk(form) ? "true" : "false");      /* which of the engines it needs */
    add_rosters(b, form);
    const int collect = svyi_odk_serves(odk, svy_form_id(form), svy_form_version(form), why);
    svyi_buffer_format(b, ",\"collect\":%s,\"why\":", collect ? "true" : "false");         /* whether ODK's clients get it */
    add_text(b, collect ? "" : why);
}

/* One version in the list of those that can be filled in. */
static svy_status add_version(void *user, const svy_deployed *version)
{
    listing *l = user, files = { .b = l->b }, parameters = { .b = l->b };
    svy_form *form = NULL;
    svy_error err = SVY_ERROR_INIT;

    if (!svy_sees_form(l->rq->who, version->id) || svy_form_open(NULL, version->block, version->block_size, &form, &err) != SVY_OK)
        return SVY_OK;
    svyi_buffer_text(l->b, l->n++ > 0 ? ",{\"id\":" : "{\"id\":");
    add_text(l->b, version->id);
    svyi_buffer_text(l->b, ",\"version\":");
    add_text(l->b, version->version);
    svyi_buffer_format(l->b, ",\"checksum\":\"%016llx\",\"newest\":%s,\"bytes\":%zu", (unsigned long long)version->checksum, version->newest ? "true" : "false",
                       version->block_size);
    describe_form(l->b, form, svyi_server_odk(l->rq->server));
    svy_form_free(form);
    svyi_buffer_text(l->b, ",\"files\":[");
    svy_status st = svy_study_media(l->study, version->id, version->version, add_file, &files, &err);
    svyi_buffer_text(l->b, "],\"parameters\":{");
    if (st == SVY_OK && version->newest)
        st = svy_study_parameters(l->study, version->id, add_parameter, &parameters, &err);
    svyi_buffer_text(l->b, "}}");
    return st;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void project(svyi_request *rq, svy_study *study)
{
    char key[64] = "";
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer b;
    listing l = { .b = &b, .rq = rq, .study = study };
    const svy_reception *r = svyi_request_reception(rq);

    svyi_buffer_init(&b, NULL);
    const size_t n = svyi_base64_encode(svy_reception_public_key(r), SVY_KEY_BYTES, key);
    key[n] = '\0';
    svyi_buffer_text(&b, "{\"study\":");
    add_text(&b, base_name(rq->server->path));
    svyi_buffer_format(&b, ",\"publicKey\":\"%s\",\"role\":\"%s\",\"account\":", key, svy_role_name(rq->who->role));
    add_text(&b, rq->who->name);
    svyi_buffer_text(&b, ",\"forms\":[");
    const svy_status st = svy_study_deployed(study, add_version, &l, &err);
    svyi_buffer_format(&b, "],\"time\":%lld}\n", (long long)svyi_moment_now().utc_ms);
    if (st != SVY_OK) {
        svyi_buffer_clear(&b);
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_answer_json(rq, 200, &b);
}

/* ---- blocks and files ---- */

typedef struct search { svyi_request *rq; int found; } search;

static svy_status take_block(void *user, const svy_deployed *version)
{
    search *s = user;

    if (s->found || strcmp(version->id, s->rq->part[0]) != 0 || strcmp(version->version, s->rq->part[1]) != 0)
        return SVY_OK;
    s->found = 1;
    svyi_block_answer(s->rq, version);
    return SVY_OK;
}

static void block(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    search s = { .rq = rq };

    if (!svy_sees_form(rq->who, rq->part[0]))
        svyi_answer_error(rq, 404, "there is no such form");
    else if (svy_study_deployed(study, take_block, &s, &err) != SVY_OK)
        svyi_answer_failed(rq, &err);
    else if (!s.found)
        svyi_answer_error(rq, 404, "there is no such form");
}

static svy_status take_file(void *user, const svy_medium *medium)
{
    svyi_request *rq = user;

    svyi_answer_header(rq, "Cache-Control", "private, max-age=31536000, immutable");
    svyi_answer(rq, 200, medium->media_type, medium->bytes != NULL ? medium->bytes : "", medium->size);
    return SVY_OK;
}

static void form_file(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;

    if (!svy_sees_form(rq->who, rq->part[0]))
        svyi_answer_error(rq, 404, "there is no such file");
    else if (svy_study_medium(study, rq->part[0], rq->part[1], rq->part[2], take_file, rq, &err) != SVY_OK)
        svyi_answer_failed(rq, &err);
}

/* ---- cases ---- */

static svy_status add_case(void *user, const svy_case_line *line)
{
    listing *l = user;
    svyi_buffer *b = l->b;
    const struct { const char *name, *value; } TEXTS[] = {
        { "form", line->form }, { "case", line->id }, { "state", svy_case_state_name(line->state) }, { "assigned", line->assigned },
        { "organisation", line->organisation }, { "disposition", line->disposition }, { "comment", line->comment }, { "interview", line->interview },
    };

    svyi_buffer_text(b, l->n++ > 0 ? ",\n{" : "{");
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        svyi_buffer_format(b, "%s\"%s\":", i > 0 ? "," : "", TEXTS[i].name);
        add_text(b, TEXTS[i].value);
    }
    svyi_buffer_text(b, ",\"contacts\":{");
    for (size_t i = 0; i < line->n_contacts; i++) {
        svyi_buffer_text(b, i > 0 ? "," : "");
        add_text(b, line->contacts[i].name);
        svyi_buffer_text(b, ":");
        add_text(b, line->contacts[i].value);
    }
    svyi_buffer_text(b, "}}");
    return b->failed ? SVY_E_NOMEM : SVY_OK;
}

static void cases(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer b;
    listing l = { .b = &b };

    if (rq->who->role != SVY_ROLE_RESPONDENT && !svy_allowed(rq->who, SVY_RIGHT_CASES_OWN) && !svy_allowed(rq->who, SVY_RIGHT_CASES_ORGANISATION)) {
        svyi_answer_error(rq, 403, "your account may not do this");
        return;
    }
    svyi_buffer_init(&b, NULL);
    svyi_buffer_text(&b, "[");
    if (svy_study_cases(study, rq->who, svyi_request_query(rq, "form"), add_case, &l, &err) != SVY_OK) {
        svyi_buffer_clear(&b);
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_buffer_text(&b, "]\n");
    svyi_answer_json(rq, 200, &b);
}

typedef struct returned { const char *whose; int found, is; char interview[37], comment[1001]; } returned;

static svy_status take_returned(void *user, const svy_case_line *line)
{
    returned *r = user;

    if (strcmp(line->assigned, r->whose) != 0)
        return SVY_OK;
    r->found = 1;
    r->is = line->state == SVY_CASE_RETURNED;
    snprintf(r->interview, sizeof r->interview, "%s", line->interview);
    snprintf(r->comment, sizeof r->comment, "%s", line->comment);
    return SVY_OK;
}

static svy_status add_head(void *user, const svy_package_head *head, svy_error *err)
{
    svyi_buffer *b = user;

    (void)err;
    svyi_buffer_text(b, "{\"interview\":");
    add_text(b, head->uuid);
    svyi_buffer_text(b, ",\"version\":");
    add_text(b, head->version);
    svyi_buffer_text(b, ",\"package\":\"");
    return SVY_OK;
}

static svy_status add_package(void *user, const void *bytes, size_t n)
{
    svyi_buffer *b = user;
    const svy_package_reader head = { .head = add_head, .user = b };
    svy_error err = SVY_ERROR_INIT;
    const svy_status st = svy_package_read(bytes, n, 1, &head, &err);
    char part[4100];

    for (size_t at = 0; st == SVY_OK && at < n; at += 3072) {      /* whole groups of three bytes, so that parts join */
        const size_t most = n - at < 3072 ? n - at : 3072;
        part[svyi_base64_encode((const uint8_t *)bytes + at, most, part)] = '\0';
        svyi_buffer_text(b, part);
    }
    svyi_buffer_text(b, "\"}\n");
    return b->failed ? SVY_E_NOMEM : st;
}

/* The case that was returned, for whom it is assigned to and for nobody else; 0: the request is answered. */
static int find_returned(svyi_request *rq, svy_study *study, returned *r)
{
    svy_error err = SVY_ERROR_INIT;

    *r = (returned){ .whose = rq->who->name };
    if (rq->who->role != SVY_ROLE_RESPONDENT && svy_study_case(study, rq->who, rq->part[0], rq->part[1], take_returned, r, &err) != SVY_OK)
        svyi_answer_failed(rq, &err);
    else if (!r->found)
        svyi_answer_error(rq, 404, "there is no such case");
    else if (!r->is)
        svyi_answer_error(rq, 409, "the case is not returned any more: nothing has to be corrected");
    else if (r->interview[0] == '\0')
        svyi_answer_error(rq, 409, "the interview of this case cannot be read by the server: the office has to open it with the project's key first, or correct it there");
    else
        return 1;
    return 0;
}

/* Its interview, as a draft. */
static void correction(svyi_request *rq, svy_study *study)
{
    returned r;
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer b;
    char uuid[37];

    if (!find_returned(rq, study, &r))
        return;
    svyi_buffer_init(&b, NULL);
    if (svy_study_package_to_correct(study, r.interview, r.comment, uuid, add_package, &b, &err) == SVY_OK) {
        svyi_answer_json(rq, 200, &b);
        return;
    }
    svyi_buffer_clear(&b);
    svyi_answer_failed(rq, &err);
}

static svy_status take_photo(void *user, const void *bytes, size_t n)
{
    svyi_answer(user, 200, "application/octet-stream", bytes, n);      /* never shown as what somebody sent it as */
    return SVY_OK;
}

/* A photo, a sound of it, which whoever corrects it looks at. */
static void correction_file(svyi_request *rq, svy_study *study)
{
    returned r;
    svy_error err = SVY_ERROR_INIT;

    if (find_returned(rq, study, &r) && svy_study_file_shown(study, r.interview, rq->part[2], take_photo, rq, &err) != SVY_OK)
        svyi_answer_failed(rq, &err);
}

static void assign(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    svy_error err = SVY_ERROR_INIT;

    if (json == NULL)
        return;
    if (svy_study_case_assign(study, rq->who, rq->part[0], rq->part[1], svyi_request_text(json, "assigned"), NULL, rq->who->name, rq->received, &err) == SVY_OK)
        svyi_answer_borrowed(rq, 204, NULL, "", 0);
    else
        svyi_answer_failed(rq, &err);
}

static void send_back(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    svy_error err = SVY_ERROR_INIT;

    if (json == NULL)
        return;
    if (svy_study_case_return(study, rq->who, rq->part[0], rq->part[1], svyi_request_text(json, "comment"), rq->who->name, rq->received, &err) == SVY_OK)
        svyi_answer_borrowed(rq, 204, NULL, "", 0);
    else
        svyi_answer_failed(rq, &err);
}

const svyi_route SVYI_ROUTES_PROJECT[] = {
    { SVYI_GET, "/api/project", SVY_RIGHT_FORMS_READ, SVYI_ON_READER, project, 0, 0 },
    { SVYI_GET, "/api/forms/*/*/block", SVY_RIGHT_FORMS_READ, SVYI_ON_SLOW, block, 0, 0 },
    { SVYI_GET, "/api/forms/*/*/files/*", SVY_RIGHT_FORMS_READ, SVYI_ON_READER, form_file, 0, 0 },
    { SVYI_GET, "/api/cases", SVYI_SIGNED_IN, SVYI_ON_READER, cases, 0, 0 },
    { SVYI_GET, "/api/cases/*/*/correction", SVY_RIGHT_CASES_OWN, SVYI_ON_SLOW, correction, 0, 0 },
    { SVYI_GET, "/api/cases/*/*/correction/*", SVY_RIGHT_CASES_OWN, SVYI_ON_SLOW, correction_file, 0, 0 },
    { SVYI_POST, "/api/cases/*/*/assign", SVY_RIGHT_CASES_ORGANISATION, SVYI_ON_WRITER, assign, 65536, 0 },
    { SVYI_POST, "/api/cases/*/*/return", SVY_RIGHT_CASES_ORGANISATION, SVYI_ON_WRITER, send_back, 65536, 0 },
    { 0 },
};
