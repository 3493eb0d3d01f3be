/* A submission of an ODK client: from what was posted to an interview of the study, or to what is kept aside.
 *
 * On a worker the parts are found, the XML is read by a process of its own (reader.h) and becomes a package, which is prepared like one of the web form. On
 * the writer's thread it is looked whether it is here already, and it is stored with its files. Clients send the XML again with every part of a submission that
 * they split, so the same instance is the same interview: with the same XML only its files are added. */
#include "server/odk/answer.h"
#include "server/odk/parts.h"
#include <survey/account.h>
#include <survey/reception.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"

enum { UUID = 37, MOST_FILES = 257 };
static const char XML_NAME[] = "submission.xml";

/* What goes from the worker to the writer; texts lie in the request's arena. */
typedef struct submission {
    svyi_odk_parts parts;
    svy_submission_head head;
    char uuid[UUID], replaced[UUID];          /* of the interview, and of the one that it is an edit of ("") */
    svy_submission_file *files;               /* submission.xml first */
    svy_attachment **attachments; size_t n;
    svy_arrival *arrival;                     /* NULL: it is kept aside */
    svy_received received;
    const char *form, *version, *reason;      /* why it is kept aside */
    const char *device, *agent;
    svy_sender sender;
} submission;

static void submission_free(void *own)
{
    submission *s = own;
    svy_arrival_free(s->arrival);
    for (size_t i = 0; i < s->n; i++)
        svy_attachment_free(s->attachments[i]);
}

static const char *keep(svyi_request *rq, const char *text, size_t most)
{
    const size_t n = text != NULL ? strlen(text) : 0;
    const char *copy = svyi_arena_text(&rq->arena, text != NULL ? text : "", n < most ? n : 0);
    return copy != NULL ? copy : "";
}

/* ---- on the writer ---- */

static void answer_received(svyi_request *rq)
{
    const svy_received *received = &((const submission *)rq->own)->received;
    if (received->receipt == SVY_STORED_ALREADY)
        svyi_odk_answer(rq, 202, 1, "this submission was here already");
    else if (received->receipt == SVY_ERASED)
        svyi_odk_answer(rq, 202, 1, received->sentence);
    else
        svyi_odk_answer(rq, received->receipt == SVY_KEPT_BOTH ? 202 : 201, 1, received->sentence[0] != '\0' ? received->sentence : "thank you: it is stored");
}

/* 1 when one may go on; else it was answered. An edit is of the newest revision of an interview that the sender may see. */
static int may_replace(svyi_request *rq, svy_study *study, const submission *s, svy_error *err)
{
    char root[UUID], newest[UUID];
    int seen = 0;
    if (s->replaced[0] == '\0')
        return 1;
    svy_status st = svy_study_correction_of(study, s->replaced, root, newest, err);
    if (st == SVY_E_NAME)
        return 1;                             /* not here yet: kept aside until it comes */
    if (st == SVY_OK)
        st = svy_study_interview_seen(study, rq->who, s->replaced, &seen, err);
    if (st != SVY_OK)
        svyi_odk_answer_failed(rq, err);
    else if (!seen)
        svyi_odk_answer(rq, 403, 0, "you may not change this submission: it is somebody else's");
    else if (strcmp(newest, s->replaced) != 0)
        svyi_odk_answer(rq, 409, 0, "this submission was changed already by another edit: fetch it again and change that");
    else
        return 1;
    return 0;
}

static void store_new(svyi_request *rq, svy_study *study, submission *s, svy_error *err)
{
    if (!may_replace(rq, study, s, err))
        return;
    svy_status st = svy_study_attach(study, s->attachments, s->n, rq->who->name, rq->received, err);
    if (st == SVY_OK)
        st = svy_study_receive(study, &s->arrival, 1, &s->received, err);
    if (st != SVY_OK)
        svyi_odk_answer_failed(rq, err);
    else if (s->received.waiting)
        svyi_try_waiting(rq, svy_arrival_uuid(s->arrival), answer_received);
    else
        answer_received(rq);
}

/* The same again: what is new are files. */
static void add_files(svyi_request *rq, svy_study *study, const submission *s, svy_error *err)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < s->parts.n && st == SVY_OK; i++) {
        const svyi_odk_part *p = &s->parts.files[i];
        st = svy_study_attach_file(study, s->uuid, p->name, p->type, p->bytes, p->size, rq->received, err);
    }
    if (st == SVY_E_STATE)
        svyi_odk_answer(rq, 409, 0, "a file of this name with other content is here already");
    else if (st != SVY_OK)
        svyi_odk_answer_failed(rq, err);
    else
        svyi_odk_answer(rq, 202, 1, s->parts.n > 0 ? "the files are stored" : "this submission was here already");
}

static void set_aside(svyi_request *rq, svy_study *study, submission *s, svy_error *err)
{
    svy_kept_file *files = svyi_arena_get(&rq->arena, MOST_FILES * sizeof *files);
    svy_status st = files != NULL ? svy_study_attach(study, s->attachments, s->n, rq->who->name, rq->received, err) : svyi_nomem(err);
    for (size_t i = 1; st == SVY_OK && i <= s->parts.n; i++)
        files[i - 1] = (svy_kept_file){ s->files[i].name, s->files[i].media_type, s->files[i].sha256 };
    if (st == SVY_OK)
        st = svy_study_keep_aside(study, s->uuid, s->form, s->version, s->parts.xml, s->parts.xml_size, files, s->parts.n, &s->sender, s->reason, rq->received, err);
    if (st != SVY_OK)
        svyi_odk_answer_failed(rq, err);
    else
        svyi_odk_answer(rq, 201, 1, s->head.encrypted ? "thank you: it is stored, encrypted" : "thank you: it is stored; somebody has to look at it");
}

/* 1 when the interview, or the one that it is an edit of, was erased, and that was answered: clients take it for done and delete what they have. */
static int is_erased(svyi_request *rq, svy_study *study, const submission *s)
{
    svy_error err = SVY_ERROR_INIT;
    char sentence[384];
    int erased = 0;
    svy_status st = svy_study_was_erased(study, s->uuid, &erased, sentence, sizeof sentence, &err);
    if (st == SVY_OK && !erased && s->replaced[0] != '\0')
        st = svy_study_was_erased(study, s->replaced, &erased, sentence, sizeof sentence, &err);
    if (st == SVY_OK && erased)
        st = svy_study_audit(study, rq->received, rq->who->name, "interview.receive", s->uuid, svy_receipt_name(SVY_ERASED), &err);
    if (st != SVY_OK)
        svyi_odk_answer_failed(rq, &err);
    else if (erased)
        svyi_odk_answer(rq, 202, 1, sentence);
    return st != SVY_OK || erased;
}

static void store(svyi_request *rq, svy_study *study)
{
    submission *s = rq->own;
    svy_error err = SVY_ERROR_INIT;
    uint8_t here[32];
    int found = 0;
    if (is_erased(rq, study, s))
        return;
    const svy_status st = svy_study_file_digest(study, s->uuid, XML_NAME, here, &found, &err);
    if (st != SVY_OK && st != SVY_E_NAME)
        svyi_odk_answer_failed(rq, &err);
    else if (found && memcmp(here, s->files[0].sha256, sizeof here) != 0)
        svyi_odk_answer(rq, 409, 0, "a submission with the same instanceID and other answers is here already: this one was not stored");
    else if (found)
        add_files(rq, study, s, &err);
    else if (s->arrival != NULL)
        store_new(rq, study, s, &err);
    else
        set_aside(rq, study, s, &err);
}

/* ---- on a worker ---- */

/* The files under their hashes, the XML itself as the first. */
static svy_status hash_files(svyi_request *rq, submission *s, const svy_reception *reception, svy_error *err)
{
    s->files = svyi_arena_get(&rq->arena, MOST_FILES * sizeof *s->files);
    s->attachments = svyi_arena_get(&rq->arena, MOST_FILES * sizeof(svy_attachment *));
    if (s->files == NULL || s->attachments == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i <= s->parts.n; i++) {
        const svyi_odk_part xml = { XML_NAME, "text/xml", s->parts.xml, s->parts.xml_size }, *p = i == 0 ? &xml : &s->parts.files[i - 1];
        unsigned char digest[SVYI_DIGEST];
        svyi_digest("SHA-256", 7, p->bytes, p->size, digest);
        s->files[i] = (svy_submission_file){ .name = p->name, .media_type = p->type, .size = p->size };
        memcpy(s->files[i].sha256, digest, sizeof s->files[i].sha256);
        const svy_status st = svy_attachment_prepare(reception, p->bytes, p->size, 0, &s->attachments[s->n], err);
        if (st != SVY_OK)
            return st;
        s->n++;
    }
    return SVY_OK;
}

/* A submission without an id is known by its content. */
static void name_it(submission *s)
{
    char hex[65];
    if (s->head.instance[0] == '\0') {
        svy_hash_hex(s->parts.xml, s->parts.xml_size, hex);
        svy_submission_uuid(hex, s->uuid);
    } else {
        svy_submission_uuid(s->head.instance, s->uuid);
    }
    if (s->head.replaces[0] != '\0')
        svy_submission_uuid(s->head.replaces, s->replaced);
}

/* @param reason lines; the last line end is left out */
static svy_status keep_aside(svyi_request *rq, submission *s, const char *reason)
{
    char *copy = svyi_arena_text(&rq->arena, reason, strlen(reason));
    s->reason = copy != NULL && copy[0] != '\0' ? copy : "it could not be read";
    return SVY_OK;
}

/* The package of the XML as an arrival; what cannot become one is kept aside. */
static svy_status prepare(svyi_request *rq, submission *s, const svy_reception *reception, const svyi_buffer *package, svy_error *err)
{
    const int64_t began = svyi_processor_ms();
    svy_status st = svy_arrival_prepare(reception, package->data, package->len, 0, &s->sender, rq->received, &s->arrival, err);
    svyi_sending_cost(rq, svyi_processor_ms() - began);
    if (st == SVY_OK && strcmp(svy_arrival_uuid(s->arrival), s->uuid) != 0)
        st = svyi_fail(err, SVY_E_FORMAT, "the submission could not be read");     /* whoever made that package, it was not our reader */
    return st;
}

static svy_status make_package(svyi_request *rq, submission *s, const svyi_odk_form *form, const svy_reception *reception, svyi_odk_reading *reading, svy_error *err)
{
    const svyi_odk_part *audit = svyi_odk_part_find(&s->parts, "audit.csv");
    svy_submission_options o = SVY_SUBMISSION_OPTIONS_INIT;
    svyi_buffer package, problems;
    const void *block;
    size_t size;
    if (!svy_reception_block(reception, form->id, form->version, &block, &size))
        return keep_aside(rq, s, "its form was deployed a moment ago");
    o.uuid = s->uuid;
    o.corrects = s->replaced;
    o.reason = s->replaced[0] != '\0' ? "edited in an ODK client" : "";
    o.actor = s->sender.actor;
    o.organisation = s->sender.organisation;
    o.device = s->device;
    o.agent = s->agent;
    o.now = rq->received;
    o.parameters = (const char *const *)form->parameters;
    o.n_parameters = form->n_parameters;
    o.audit = audit != NULL ? audit->bytes : NULL;
    o.audit_size = audit != NULL ? audit->size : 0;
    o.files = s->files;
    o.n_files = s->parts.n + 1;
    svyi_buffer_init(&package, NULL);
    svyi_buffer_init(&problems, NULL);
    svy_status st = svyi_odk_reading_package(reading, block, size, &o, &package, &problems, err);
    if (st == SVY_OK)
        st = prepare(rq, s, reception, &package, err);
    else if (st != SVY_E_NOMEM)
        st = keep_aside(rq, s, problems.len > 0 ? problems.data : err->message);
    svyi_buffer_clear(&package);
    svyi_buffer_clear(&problems);
    return st;
}

/* Which form it is of, and what becomes of it. */
static svy_status choose(svyi_request *rq, submission *s, const svyi_odk_forms *forms, const svy_reception *reception, svyi_odk_reading *reading, svy_error *err)
{
    const svyi_odk_form *form = svyi_odk_form_of(forms, s->head.form, s->head.version, s->head.version[0] == '\0' || s->head.encrypted);
    if (form == NULL && svyi_odk_form_of(forms, s->head.form, "", 1) == NULL)
        return svyi_fail(err, SVY_E_NAME, "this study has no form '%.80s'", s->head.form);
    s->form = keep(rq, form != NULL ? form->id : svyi_odk_form_of(forms, s->head.form, "", 1)->id, 256);
    s->version = keep(rq, s->head.version, 256);
    if (s->head.encrypted)
        return keep_aside(rq, s, "it is encrypted: survey import --kept --private-key opens it");
    return form != NULL ? make_package(rq, s, form, reception, reading, err) : keep_aside(rq, s, "its version of the form is not deployed here");
}

static svy_status read_submission(svyi_request *rq, submission *s, svyi_odk *odk, svy_error *err)
{
    svyi_odk_reading reading;
    svy_status st = svyi_odk_reading_begin(svyi_odk_reader_of(odk), &reading, s->parts.xml, s->parts.xml_size, &s->head, err);
    const svyi_odk_forms *forms = svyi_odk_forms_now(odk);
    const svy_reception *reception = svyi_request_reception(rq);
    name_it(s);
    if (st == SVY_OK && forms == NULL)
        st = svyi_nomem(err);
    if (st == SVY_OK)
        st = hash_files(rq, s, reception, err);
    if (st == SVY_OK)
        st = choose(rq, s, forms, reception, &reading, err);
    svyi_odk_forms_done(odk, forms);
    svyi_odk_reading_end(&reading);
    return st;
}

static void describe_sender(svyi_request *rq, submission *s)
{
    const char *device = svyi_request_query(rq, "deviceID");
    s->device = keep(rq, device != NULL && device[0] != '\0' ? device : rq->device, 200);
    s->agent = keep(rq, svyi_request_header(rq, "user-agent"), 200);
    s->sender = (svy_sender){ .actor = rq->who->name, .organisation = rq->who->organisation, .mode = SVY_MODE_ODK, .device = s->device, .agent = s->agent,
                               .patience_ms = SVYI_PATIENCE_MS };
    /* As for what the web form sends (routes/upload.c). */
    if (rq->who->role == SVY_ROLE_RESPONDENT) {
        s->sender.case_allowed = rq->who->case_id;
        s->sender.form_allowed = rq->who->form;
        s->sender.touch = SVY_TOUCH_NEW;
    } else if (rq->who->organisation[0] != '\0' || !svy_allowed(rq->who, SVY_RIGHT_CASES_ORGANISATION)) {
        s->sender.touch = SVY_TOUCH_OWN;
    }
}

void svyi_odk_submit(svyi_request *rq, svy_study *study)
{
    submission *s = svyi_arena_get(&rq->arena, sizeof *s);
    svy_error err = SVY_ERROR_INIT;
    (void)study;
    if (!svyi_odk_headers(rq))
        return;
    if (s == NULL) {
        svyi_odk_answer(rq, 503, 0, "the server is short of memory: send it again later");
        return;
    }
    *s = (submission){ .n = 0, .reason = "" };
    rq->own = s;
    rq->own_free = submission_free;
    describe_sender(rq, s);
    if (svyi_sending_wait(rq) > 0) {
        svyi_odk_answer(rq, 429, 0, "too much was sent from this address today: send it again later");
        return;
    }
    svy_status st = svyi_odk_parts_read(&rq->arena, svyi_request_header(rq, "content-type"), rq->body, rq->body_size, &s->parts, &err);
    if (st == SVY_OK)
        st = read_submission(rq, s, svyi_server_odk(rq->server), &err);
    if (st != SVY_OK)
        svyi_odk_answer_failed(rq, &err);
    else
        svyi_then(rq, SVYI_ON_WRITER, store);
}
