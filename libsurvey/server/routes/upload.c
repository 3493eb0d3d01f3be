/* Uploads: packages and their files, whole or in pieces, by the SHA-256 of their bytes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "server/core.h"

/* One PUT, from thread to thread. */
typedef struct upload {
    const char *hash;
    uint64_t size, offset;
    int is_file;
    svy_arrival *arrival; svy_attachment *file;   /* until somebody takes them */
    svy_received received;
    void *bytes; size_t n;                        /* of an upload that came in pieces */
} upload;

static void upload_free(void *own)
{
    upload *u = own;

    svy_arrival_free(u->arrival);
    svy_attachment_free(u->file);
    svyi_release(NULL, u->bytes, u->n);
}

static int is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* ---- the receipt ---- */

static void add_lacking(void *user, const uint8_t hash[SVY_HASH_BYTES])
{
    svyi_buffer *b = user;

    svyi_buffer_text(b, b->data[b->len - 1] == '[' ? "\"" : ",\"");
    for (size_t i = 0; i < SVY_HASH_BYTES; i++)
        svyi_buffer_format(b, "%02x", hash[i]);
    svyi_buffer_text(b, "\"");
}

static void answer_lacking(svyi_request *rq, svy_study *study)
{
    upload *u = rq->own;
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_text(&b, "{\"receipt\":\"needs-files\",\"files\":[");
    if (svy_study_lacks_files(study, u->arrival, add_lacking, &b, &err) != SVY_OK) {
        svyi_buffer_clear(&b);
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_buffer_text(&b, "]}\n");
    svyi_answer_json(rq, 409, &b);
}

static void answer_stored(svyi_request *rq)
{
    const svy_received *received = &((const upload *)rq->own)->received;
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_format(&b, "{\"receipt\":\"%s\",\"uuid\":\"%s\",\"sentence\":", svy_receipt_name(received->receipt), received->uuid);
    svyi_buffer_json(&b, received->sentence, strlen(received->sentence));
    svyi_buffer_text(&b, "}\n");
    svyi_answer_json(rq, received->receipt == SVY_STORED ? 201 : 200, &b);
}

static void answer_receipt(svyi_request *rq, const svy_received *received)
{
    upload *u = rq->own;

    if (received->receipt == SVY_NEEDS_FILES) {
        u->arrival = rq->exchange->arrival;       /* which it lacks is asked with the study at hand */
        rq->exchange->arrival = NULL;
        svyi_then(rq, SVYI_ON_WRITER, answer_lacking);
        return;
    }
    u->received = *received;
    if (received->waiting)
        svyi_try_waiting(rq, svy_arrival_uuid(rq->exchange->arrival), answer_stored);
    else
        answer_stored(rq);
}

/* Respondents have no names: those of one link share the room for what is not whole. */
static const char *sender_name(const svyi_request *rq)
{
    return rq->who->role == SVY_ROLE_RESPONDENT ? rq->who->account : rq->who->name;
}

/* ---- whole ---- */

static void attach(svyi_request *rq, svy_study *study)
{
    upload *u = rq->own;
    svy_error err = SVY_ERROR_INIT;
    static const char STORED[] = "{\"receipt\":\"stored\"}\n";

    if (svy_study_attach(study, &u->file, 1, sender_name(rq), rq->received, &err) == SVY_OK)
        svyi_answer_borrowed(rq, 201, "application/json", STORED, sizeof STORED - 1);
    else
        svyi_answer_failed(rq, &err);
}

/* Who it comes from, as the server knows: whoever is signed in, whatever the package says. */
static svy_sender sender_of(const svyi_request *rq)
{
    const svy_principal *who = rq->who;
    svy_sender from = { .actor = who->name, .organisation = who->organisation, .mode = SVY_MODE_WEB, .patience_ms = SVYI_PATIENCE_MS };

    if (who->role == SVY_ROLE_RESPONDENT) {
        from.mode = SVY_MODE_SELF;
        from.case_allowed = who->case_id;         /* "" by a public link: none */
        from.form_allowed = who->form;
        from.touch = SVY_TOUCH_NEW;
    } else if (who->organisation[0] != '\0' || !svy_allowed(who, SVY_RIGHT_CASES_ORGANISATION)) {
        from.touch = SVY_TOUCH_OWN;
    }
    if (rq->device[0] != '\0')
        from.device = rq->device;
    return from;
}

static svy_status prepare(svyi_request *rq, upload *u, const void *bytes, size_t n, svy_error *err)
{
    const svy_sender from = sender_of(rq);
    const svy_reception *r = svyi_request_reception(rq);
    const int64_t began = svyi_processor_ms();
    const svy_status st = u->is_file ? svy_attachment_prepare(r, bytes, n, 1, &u->file, err)
                                     : svy_arrival_prepare(r, bytes, n, 1, &from, rq->received, &u->arrival, err);

    svyi_sending_cost(rq, svyi_processor_ms() - began);
    return st;
}

static void drop_wrong(svyi_request *rq, svy_study *study)
{
    upload *u = rq->own;
    svy_error err = SVY_ERROR_INIT;

    if (svy_study_upload_drop(study, u->hash, &err) != SVY_OK && err.code != SVY_E_NAME)
        svyi_answer_failed(rq, &err);
    else
        svyi_answer_error(rq, 422, "what arrived is not what its hash says: send it again from the beginning");
}

/* The bytes are not those that their name says: what came in pieces is forgotten. */
static void refuse_wrong(svyi_request *rq, const upload *u)
{
    if (u->bytes != NULL)
        svyi_then(rq, SVYI_ON_WRITER, drop_wrong);
    else
        svyi_answer_error(rq, 422, "what arrived is not what its hash says: send it again");
}

/* On a worker: all bytes are there. Preparing a package finds its hash anyway, so it is looked at behind that. */
static void take_whole(svyi_request *rq, svy_study *study)
{
    upload *u = rq->own;
    const void *bytes = u->bytes != NULL ? u->bytes : rq->body;
    const size_t n = u->bytes != NULL ? u->n : rq->body_size;
    svy_error err = SVY_ERROR_INIT;

    (void)study;
    if (u->is_file && !svy_hash_fits(bytes, n, u->hash)) {
        refuse_wrong(rq, u);
    } else if (prepare(rq, u, bytes, n, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
    } else if (!u->is_file && !svy_arrival_has_hash(u->arrival, u->hash)) {
        refuse_wrong(rq, u);
    } else if (u->is_file) {
        svyi_then(rq, SVYI_ON_WRITER, attach);
    } else {
        svy_arrival *arrival = u->arrival;
        u->arrival = NULL;
        svyi_receive(rq, arrival, answer_receipt);
    }
}

/* ---- in pieces ---- */

static void answer_offset(svyi_request *rq, int status, uint64_t offset)
{
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_format(&b, "{\"offset\":%llu}\n", (unsigned long long)offset);
    svyi_answer_json(rq, status, &b);
}

static void take_piece(svyi_request *rq, svy_study *study)
{
    upload *u = rq->own;
    svy_error err = SVY_ERROR_INIT;
    uint64_t have = 0;
    svy_status st = svy_study_upload_part(study, u->hash, u->size, u->offset, rq->body, rq->body_size, sender_name(rq), rq->received, &have, &err);

    if (st == SVY_E_STATE) {
        answer_offset(rq, 409, have);
        return;
    }
    if (st == SVY_OK && have < u->size) {
        answer_offset(rq, 202, have);
        return;
    }
    if (st == SVY_OK)
        st = svy_study_upload_bytes(study, u->hash, NULL, &u->bytes, &u->n, &err);
    if (st == SVY_OK)
        svyi_then(rq, SVYI_ON_WORKER, take_whole);
    else
        svyi_answer_failed(rq, &err);
}

/* Reads what the query says. 0 when it was answered. */
static int read_upload(svyi_request *rq, upload *u)
{
    const char *kind = svyi_request_query(rq, "kind");
    const int size = svyi_request_number(rq, "size", &u->size), offset = svyi_request_number(rq, "offset", &u->offset);
    const int package = kind != NULL && strcmp(kind, "package") == 0;

    u->hash = rq->part[0];
    u->is_file = kind != NULL && strcmp(kind, "file") == 0;
    if (!is_hash(u->hash) || (!package && !u->is_file) || size != 1 || offset < 0)
        svyi_answer_error(rq, 400, "an upload is PUT /api/uploads/SHA256?kind=package|file&size=BYTES&offset=BYTES");
    else if (u->size > (u->is_file ? SVY_UPLOAD_MAX : (uint64_t)16 << 20))
        svyi_answer_error(rq, 413, u->is_file ? "a file has at most 64 MiB" : "a package has at most 16 MiB");
    else if (u->offset > u->size || rq->body_size > u->size - u->offset)
        svyi_answer_error(rq, 400, "this is more than the size that was said");
    else
        return 1;
    return 0;
}

static void put(svyi_request *rq, svy_study *study)
{
    upload *u = svyi_arena_get(&rq->arena, sizeof *u);

    if (u == NULL) {
        svyi_answer_error(rq, 503, "the server is short of memory");
        return;
    }
    rq->own = u;
    rq->own_free = upload_free;
    if (!read_upload(rq, u))
        return;
    const unsigned wait = svyi_sending_wait(rq);
    if (wait > 0) {
        svyi_answer_wait(rq, wait);
        return;
    }
    if (u->offset == 0 && rq->body_size == u->size)
        take_whole(rq, study);
    else
        svyi_then(rq, SVYI_ON_WRITER, take_piece);
}

/* What others sent is not there for this one: nobody finds out by its hash whether a file is in the study. A device that asks under another name sends from the
 * beginning, and hears how much is there. */
static void head(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    uint64_t have = 0, size = 0;
    char text[24];

    if (!is_hash(rq->part[0])) {
        svyi_answer_error(rq, 400, "a hash has 64 hexadecimal digits in lower case");
        return;
    }
    if (svy_study_upload_offset(study, rq->part[0], sender_name(rq), &have, &size, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)have);
    svyi_answer_header(rq, "X-Survey-Offset", text);
    snprintf(text, sizeof text, "%llu", (unsigned long long)size);
    svyi_answer_header(rq, "X-Survey-Size", text);
    svyi_answer_borrowed(rq, 200, NULL, "", 0);
}

const svyi_route SVYI_ROUTES_UPLOAD[] = {
    { SVYI_HEAD, "/api/uploads/*", SVY_RIGHT_SUBMIT, SVYI_ON_READER, head, 0, 0 },
    { SVYI_PUT, "/api/uploads/*", SVY_RIGHT_SUBMIT, SVYI_ON_WORKER, put, SVYI_BODY, 0 },
    { 0 },
};
