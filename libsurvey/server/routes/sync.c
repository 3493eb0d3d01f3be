/* Routes for another study file that takes over what it lacks and gives what it has: bundles (docs/formats/bundle.md). Each request is complete by itself, so that a
   cut costs one of them. */
#include "server/server_priv.h"

#include <stdio.h>
#include <string.h>
#include <survey/sync.h>

#include "base/error.h"

static const char BUNDLE[] = "application/x-survey-bundle";

/* ---- answering ---- */

typedef struct answer { svyi_buffer b; } answer;

static svy_status keep(void *user, const void *bytes, size_t n)
{
    answer *a = user;

    svyi_buffer_add(&a->b, bytes, n);
    return SVY_OK;
}

static void finish(svyi_request *rq, answer *a, svy_status st, const svy_error *err)
{
    if (st == SVY_OK) {
        svyi_answer_buffer(rq, 200, BUNDLE, &a->b);
        return;
    }
    svyi_buffer_clear(&a->b);
    svyi_answer_failed(rq, err);
}

/* 1 when the account may synchronise; else it was answered. */
static int may(svyi_request *rq)
{
    if (svy_allowed(rq->who, SVY_RIGHT_SYNC) || (rq->who != NULL && rq->who->organisation[0] != '\0'))
        return 1;
    svyi_answer_error(rq, 403, "this account may not synchronise: ask an administrator for an account of a researcher, or of a supervisor of your organisation");
    return 0;
}

/* ---- what is here ---- */

/* With ?keys=1 what a new file of the study needs; not over a connection that others can read. */
static void hello(svyi_request *rq, svy_study *study)
{
    const char *keys = svyi_request_query(rq, "keys");
    const int wanted = keys != NULL && strcmp(keys, "1") == 0;
    svy_error err = SVY_ERROR_INIT;
    answer a;

    if (!may(rq))
        return;
    if (wanted && !rq->secure) {
        svyi_answer_error(rq, 403, "the keys of a study are sent only over https: start the server with a certificate, or make the new file from the study file itself");
        return;
    }
    svyi_buffer_init(&a.b, NULL);
    svy_status st = wanted ? svy_study_audit(study, rq->received, rq->who->name, "study.copy", rq->who->organisation, rq->device, &err) : SVY_OK;
    if (st == SVY_OK)
        st = svy_sync_hello(study, rq->who, wanted, keep, &a, &err);
    finish(rq, &a, st, &err);
}

static void list_groups(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    answer a;

    svyi_buffer_init(&a.b, NULL);
    finish(rq, &a, svy_sync_groups(study, rq->who, NULL, 0, keep, &a, &err), &err);
}

/* Digests of interviews are kept by the writer, some at a time, so that nobody who sends an interview waits; then a reader lists them. */
static void keep_digests(svyi_request *rq, svy_study *study)
{
    enum { AT_ONCE = 250 };
    svy_error err = SVY_ERROR_INIT;
    int64_t *after = rq->own;

    if (svy_sync_digests(study, after, AT_ONCE, &err) != SVY_OK)
        svyi_answer_failed(rq, &err);
    else
        svyi_then(rq, *after != 0 ? SVYI_ON_WRITER : SVYI_ON_SLOW, *after != 0 ? keep_digests : list_groups);
}

static void groups(svyi_request *rq, svy_study *study)
{
    int64_t *after = svyi_arena_get(&rq->arena, sizeof *after);

    (void)study;
    if (!may(rq))
        return;
    if (after == NULL) {
        svyi_answer_error(rq, 503, "the server is short of memory");
        return;
    }
    *after = 0;
    rq->own = after;
    svyi_then(rq, SVYI_ON_WRITER, keep_digests);
}

static void have(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    answer a;

    if (!may(rq))
        return;
    svyi_buffer_init(&a.b, NULL);
    finish(rq, &a, svy_sync_have(study, rq->who, rq->body, rq->body_size, keep, &a, &err), &err);
}

static void lack(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    uint64_t skip = 0, served;
    answer a;

    if (!may(rq))
        return;
    if (svyi_request_number(rq, "skip", &skip) < 0) {
        svyi_answer_error(rq, 422, "skip is not a number");
        return;
    }
    svyi_buffer_init(&a.b, NULL);
    finish(rq, &a, svy_sync_give(study, rq->who, rq->body, rq->body_size, skip, keep, &a, &served, &err), &err);
}

/* ---- taking ---- */

typedef struct refusals { svyi_buffer b; unsigned n; } refusals;
enum { SENTENCES = 100 };

static void hear(void *user, const char *sentence)
{
    refusals *r = user;

    if (r->n++ >= SENTENCES)
        return;
    svyi_buffer_text(&r->b, r->n > 1 ? "," : "");
    svyi_buffer_json(&r->b, sentence, strlen(sentence));
}

static void answer_merged(svyi_request *rq, const svy_merged *m, const refusals *r)
{
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_format(&b, "{\"interviews\":%llu,\"continued\":%llu,\"conflicts\":%llu,\"erased\":%llu,\"questionnaires\":%llu,\"parameters\":%llu,\"cases\":%llu,\"files\":%llu,"
                           "\"kept\":%llu,\"refused\":%llu,\"sentences\":[",
                       (unsigned long long)m->interviews, (unsigned long long)m->continued, (unsigned long long)m->conflicts, (unsigned long long)m->erased,
                       (unsigned long long)m->forms, (unsigned long long)m->parameters, (unsigned long long)m->cases, (unsigned long long)m->files, (unsigned long long)m->kept,
                       (unsigned long long)m->refused);
    svyi_buffer_text(&b, r->b.data != NULL ? r->b.data : "");
    svyi_buffer_text(&b, "]}\n");
    svyi_answer_json(rq, 200, &b);
}

static void bundle(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    svy_merged merged = { 0 };
    refusals r = { .n = 0 };
    const svy_sync_report report = { hear, &r };

    if (!may(rq))
        return;
    svyi_buffer_init(&r.b, NULL);
    svy_status st = svy_sync_merge(study, rq->who, rq->body, rq->body_size, rq->who->name, rq->received, &merged, &report, &err);
    if (st == SVY_OK && (merged.forms > 0 || merged.parameters > 0))
        st = svyi_server_renew(rq->server, study, &err);
    if (st == SVY_OK)
        answer_merged(rq, &merged, &r);
    else
        svyi_answer_failed(rq, &err);
    svyi_buffer_clear(&r.b);
}

const svyi_route SVYI_ROUTES_SYNC[] = {
    { SVYI_GET, "/api/sync/study", SVY_RIGHT_SYNC_ORGANISATION, SVYI_ON_WRITER, hello, 0, 0 },
    { SVYI_GET, "/api/sync/groups", SVY_RIGHT_SYNC_ORGANISATION, SVYI_ON_READER, groups, 0, 0 },
    { SVYI_POST, "/api/sync/have", SVY_RIGHT_SYNC_ORGANISATION, SVYI_ON_SLOW, have, 24 << 20 /* all groups of 20 bits */, 0 },
    { SVYI_POST, "/api/sync/lack", SVY_RIGHT_SYNC_ORGANISATION, SVYI_ON_SLOW, lack, 256 << 10, 0 },
    { SVYI_POST, "/api/sync/bundle", SVY_RIGHT_SYNC_ORGANISATION, SVYI_ON_WRITER, bundle, SVY_BUNDLE_MAX, 0 },
    { 0 },
};
