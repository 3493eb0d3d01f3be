/* How far fieldwork is, what interviews there are, their answers as tables, and erasing one. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <survey/dataio.h>
#include <survey/reception.h>

#include "base/error.h"
#include "server/core.h"

enum { LIST_MAX = 1 << 30, KEPT_MAX = 1000 };

typedef struct page { svyi_buffer b; size_t n; } page;

static void add_text(svyi_buffer *b, const char *text) { svyi_buffer_json(b, text, strlen(text)); }

static void count_form(void *user, const svy_study_count *c)
{
    page *p = user;

    svyi_buffer_text(&p->b, p->n++ > 0 ? ",\n{\"form\":" : "{\"form\":");
    add_text(&p->b, c->form);
    svyi_buffer_text(&p->b, ",\"version\":");
    add_text(&p->b, c->version);
    svyi_buffer_format(&p->b, ",\"open\":%llu,\"suspended\":%llu,\"complete\":%llu,\"endedEarly\":%llu,\"submissions\":%llu,\"last\":%lld}",
                       (unsigned long long)c->open, (unsigned long long)c->suspended, (unsigned long long)c->complete, (unsigned long long)c->ended_early,
                       (unsigned long long)c->submissions, (long long)c->last_utc_ms);
}

/* Counts of the study as whole: only for who sees all of it. */
static svy_status add_counts(page *p, svy_study *study, svy_error *err)
{
    svy_attention a;
    svy_status st;

    svyi_buffer_text(&p->b, ",\"forms\":[");
    if ((st = svy_study_status(study, count_form, NULL, p, err)) != SVY_OK || (st = svy_study_attention(study, &a, err)) != SVY_OK)
        return st;
    svyi_buffer_format(&p->b, "],\"attention\":{\"keptAside\":%llu,\"sealed\":%llu,\"conflicts\":%llu,\"cases\":%llu,\"uploads\":%llu,\"looseFiles\":%llu}",
                       (unsigned long long)a.kept_aside, (unsigned long long)a.sealed, (unsigned long long)a.conflicts, (unsigned long long)a.cases,
                       (unsigned long long)a.uploads, (unsigned long long)a.loose_files);
    return SVY_OK;
}

/* Interviews that somebody of an organisation may see, counted. */
typedef struct tally { uint64_t open, suspended, complete, early; } tally;

static svy_status count_line(void *user, const svy_interview_line *line)
{
    tally *t = user;

    if (line->phase == SVY_COMPLETE)
        *(line->outcome[0] != '\0' ? &t->early : &t->complete) += 1;
    else
        *(line->phase == SVY_SUSPENDED ? &t->suspended : &t->open) += 1;
    return SVY_OK;
}

static svy_status add_own_counts(page *p, svyi_request *rq, svy_study *study, svy_error *err)
{
    tally t = { 0, 0, 0, 0 };
    const svy_status st = svy_study_interviews(study, rq->who, NULL, count_line, &t, err);

    svyi_buffer_format(&p->b, ",\"interviews\":{\"open\":%llu,\"suspended\":%llu,\"complete\":%llu,\"endedEarly\":%llu}", (unsigned long long)t.open,
                       (unsigned long long)t.suspended, (unsigned long long)t.complete, (unsigned long long)t.early);
    return st;
}

static void status(svyi_request *rq, svy_study *study)
{
    svy_server *s = rq->server;
    svy_error err = SVY_ERROR_INIT;
    page p = { .n = 0 };

    svyi_buffer_init(&p.b, NULL);
    svyi_buffer_format(&p.b, "{\"works\":%s,\"time\":%lld,\"started\":%lld,\"received\":{\"stored\":%llu,\"already\":%llu,\"aside\":%llu}",
                       svy_server_works(s, NULL) ? "true" : "false", (long long)svyi_moment_now().utc_ms, (long long)s->started_utc_ms, atomic_load(&s->n_stored),
                       atomic_load(&s->n_already), atomic_load(&s->n_aside));
    const svy_status st = rq->who->organisation[0] == '\0' ? add_counts(&p, study, &err) : add_own_counts(&p, rq, study, &err);
    svyi_buffer_text(&p.b, "}\n");
    if (st != SVY_OK) {
        svyi_buffer_clear(&p.b);
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_answer_json(rq, 200, &p.b);
}

/* Whether the server can store: for programs that watch it, without signing in. It says nothing else. */
static void health(svyi_request *rq, svy_study *study)
{
    static const char WELL[] = "{\"works\":true}\n";

    (void)study;
    if (svy_server_works(rq->server, NULL))
        svyi_answer_borrowed(rq, 200, "application/json", WELL, sizeof WELL - 1);
    else
        svyi_answer_error(rq, 503, "the server cannot store: it must be started again");
}

/* ---- interviews ---- */

static svy_status add_interview(void *user, const svy_interview_line *line)
{
    static const char *const PHASES[] = { "open", "suspended", "complete" };
    page *p = user;
    const struct { const char *name, *value; } TEXTS[] = {
        { "uuid", line->uuid }, { "form", line->form }, { "version", line->version }, { "case", line->case_id }, { "interviewer", line->interviewer },
        { "organisation", line->organisation }, { "outcome", line->outcome }, { "language", line->language },
    };

    svyi_buffer_text(&p->b, p->n++ > 0 ? ",\n{" : "{");
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        svyi_buffer_format(&p->b, "%s\"%s\":", i > 0 ? "," : "", TEXTS[i].name);
        add_text(&p->b, TEXTS[i].value);
    }
    svyi_buffer_format(&p->b, ",\"phase\":\"%s\",\"erased\":%s,\"started\":%lld,\"ended\":%lld}", (unsigned)line->phase < 3 ? PHASES[line->phase] : "",
                       line->erased ? "true" : "false", (long long)line->started_utc_ms, (long long)line->ended_utc_ms);
    return p->b.failed || p->b.len > LIST_MAX ? SVY_E_NOMEM : SVY_OK;
}

static void interviews(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    page p = { .n = 0 };

    svyi_buffer_init(&p.b, NULL);
    svyi_buffer_text(&p.b, "[");
    if (svy_study_interviews(study, rq->who, svyi_request_query(rq, "form"), add_interview, &p, &err) != SVY_OK) {
        svyi_buffer_clear(&p.b);
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_buffer_text(&p.b, "]\n");
    svyi_answer_json(rq, 200, &p.b);
}

/* ---- what was kept aside ---- */

typedef struct aside { page p; const svy_principal *who; int reasons; } aside;

/* The oldest first: they have waited longest. A reason may say what was answered, so it is for who may read answers, and for who sent them. */
static svy_status add_kept(void *user, const svy_kept *kept)
{
    aside *a = user;
    const int own = strcmp(a->who->name, kept->actor) == 0;
    const struct { const char *name, *value; } TEXTS[] = {
        { "form", kept->form }, { "version", kept->version }, { "reason", a->reasons || own ? kept->reason : "" }, { "interviewer", kept->actor },
        { "organisation", kept->organisation }, { "device", kept->device },
    };

    if (kept->reason[0] == '\0' || a->p.n >= KEPT_MAX || !svy_sees(a->who, kept->organisation, kept->actor))
        return SVY_OK;
    svyi_buffer_format(&a->p.b, "%s{\"number\":%lld", a->p.n++ > 0 ? ",\n" : "", (long long)kept->number);
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        svyi_buffer_format(&a->p.b, ",\"%s\":", TEXTS[i].name);
        add_text(&a->p.b, TEXTS[i].value);
    }
    svyi_buffer_format(&a->p.b, ",\"received\":%lld,\"size\":%llu}", (long long)kept->received_utc_ms, (unsigned long long)kept->size);
    return a->p.b.failed ? SVY_E_NOMEM : SVY_OK;
}

static void kept_aside(svyi_request *rq, svy_study *study)
{
    aside a = { .who = rq->who, .reasons = svy_allowed(rq->who, SVY_RIGHT_EXPORT_SENSITIVE) };
    svy_error err = SVY_ERROR_INIT;

    svyi_buffer_init(&a.p.b, NULL);
    svyi_buffer_text(&a.p.b, "[");
    if (svy_study_kept(study, add_kept, &a, &err) != SVY_OK) {
        svyi_buffer_clear(&a.p.b);
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_buffer_text(&a.p.b, "]\n");
    svyi_answer_json(rq, 200, &a.p.b);
}

static void erase(svyi_request *rq, svy_study *study)
{
    const char *reason = svyi_request_query(rq, "reason");
    svy_error err = SVY_ERROR_INIT;
    int seen = 0;

    if (svy_study_interview_seen(study, rq->who, rq->part[0], &seen, &err) != SVY_OK)
        svyi_answer_failed(rq, &err);
    else if (!seen)
        svyi_answer_error(rq, 404, "there is no such interview");
    else if (reason == NULL || reason[0] == '\0')
        svyi_answer_error(rq, 400, "say why: ?reason=");
    else if (svy_study_erase(study, rq->part[0], rq->who->name, reason, rq->received, &err) != SVY_OK)
        svyi_answer_failed(rq, &err);
    else
        svyi_answer_borrowed(rq, 204, NULL, "", 0);
}

/* ---- answers ---- */

static void export_noted(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    static const char *const WHAT[2][2] = { { "", "with sensitive answers" }, { "events", "events, with sensitive answers" } };
    const int events = strncmp(rq->path, "/api/events/", strlen("/api/events/")) == 0, sensitive = svyi_request_query(rq, "sensitive") != NULL;

    if (svy_study_audit(study, rq->received, rq->who->name, "export.read", rq->part[0], WHAT[events][sensitive], &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_answer_header(rq, "Content-Disposition", "attachment");
    svyi_spool_answer(rq, rq->own, "text/csv; charset=utf-8");
}

/* Takes `ending` (".csv") off the end of a part of the path. */
static int take_ending(svyi_request *rq, const char *name, const char *ending, char *out, size_t size)
{
    const size_t n = strlen(name), cut = strlen(ending);

    if (n <= cut || n - cut >= size || strcmp(name + n - cut, ending) != 0) {
        svyi_answer_error(rq, 404, "there is nothing at this address");
        return 0;
    }
    memcpy(out, name, n - cut);
    out[n - cut] = '\0';
    return 1;
}

static void export_level(svyi_request *rq, svy_study *study, const char *form, const char *level)
{
    svy_csv_write_options csv = SVY_CSV_WRITE_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *frame = NULL;
    svyi_spool *spool;

    svy_status st = svy_study_frame_for(study, rq->who, form, level, svyi_request_query(rq, "sensitive") != NULL, &frame, &err);
    if (st == SVY_OK && (st = svyi_spool_open(rq->server->path, &spool, &err)) == SVY_OK) {
        rq->own = spool;
        rq->own_free = svyi_spool_close;
        if ((st = svy_csv_write(frame, &csv, svyi_spool_put, spool, &err)) == SVY_OK)
            st = svyi_spool_finish(spool, &err);
    }
    svy_frame_free(frame);
    if (st == SVY_OK)
        svyi_then(rq, SVYI_ON_WRITER, export_noted);
    else
        svyi_answer_failed(rq, &err);
}

static void export_form(svyi_request *rq, svy_study *study)
{
    char form[256];

    if (take_ending(rq, rq->part[0], ".csv", form, sizeof form))
        export_level(rq, study, form, "");
}

static void export_roster(svyi_request *rq, svy_study *study)
{
    char roster[256];

    if (take_ending(rq, rq->part[1], ".csv", roster, sizeof roster))
        export_level(rq, study, rq->part[0], roster);
}

/* An address of its own: a roster may be called events. */
static void export_events(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_spool *spool;
    char form[256];

    if (!take_ending(rq, rq->part[0], ".csv", form, sizeof form))
        return;
    svy_status st = svyi_spool_open(rq->server->path, &spool, &err);
    if (st == SVY_OK) {
        rq->own = spool;
        rq->own_free = svyi_spool_close;
        if ((st = svy_study_events_for(study, rq->who, form, svyi_request_query(rq, "sensitive") != NULL, svyi_spool_put, spool, &err)) == SVY_OK)
            st = svyi_spool_finish(spool, &err);
    }
    if (st == SVY_OK)
        svyi_then(rq, SVYI_ON_WRITER, export_noted);
    else
        svyi_answer_failed(rq, &err);
}

static svy_status put_text(void *spool, const char *bytes, size_t len)
{
    svy_error err = SVY_ERROR_INIT;
    return svyi_spool_put(spool, bytes, len, &err);
}

/* What the variables of the tables are: of the questionnaire, nobody's answers, so it is not recorded. */
static void codebook(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_spool *spool;
    char form[256];

    if (!take_ending(rq, rq->part[0], ".json", form, sizeof form))
        return;
    svy_status st = svyi_spool_open(rq->server->path, &spool, &err);
    if (st == SVY_OK) {
        rq->own = spool;
        rq->own_free = svyi_spool_close;
        if ((st = svy_study_codebook(study, form, put_text, spool, &err)) == SVY_OK)
            st = svyi_spool_finish(spool, &err);
    }
    if (st != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_answer_header(rq, "Content-Disposition", "attachment");
    svyi_spool_answer(rq, spool, "application/json");
}

const svyi_route SVYI_ROUTES_STATUS[] = {
    { SVYI_GET, "/api/health", SVYI_ANYBODY, SVYI_ON_NETWORK, health, 0, SVYI_OPEN },
    { SVYI_GET, "/api/status", SVY_RIGHT_STATUS, SVYI_ON_READER, status, 0, 0 },
    { SVYI_GET, "/status", SVY_RIGHT_INTERVIEWS, SVYI_ON_READER, svyi_status_page, 0, 0 },
    { SVYI_GET, "/api/fieldwork", SVY_RIGHT_INTERVIEWS, SVYI_ON_READER, svyi_fieldwork, 0, 0 },
    { SVYI_GET, "/api/interviews", SVY_RIGHT_INTERVIEWS, SVYI_ON_READER, interviews, 0, 0 },
    { SVYI_GET, "/api/kept", SVY_RIGHT_INTERVIEWS, SVYI_ON_READER, kept_aside, 0, 0 },
    { SVYI_DELETE, "/api/interviews/*", SVY_RIGHT_ERASE, SVYI_ON_WRITER, erase, 0, 0 },
    { SVYI_GET, "/api/export/*", SVY_RIGHT_EXPORT, SVYI_ON_SLOW, export_form, 0, 0 },
    { SVYI_GET, "/api/export/*/*", SVY_RIGHT_EXPORT, SVYI_ON_SLOW, export_roster, 0, 0 },
    { SVYI_GET, "/api/events/*", SVY_RIGHT_EXPORT, SVYI_ON_SLOW, export_events, 0, 0 },
    { SVYI_GET, "/api/codebook/*", SVY_RIGHT_EXPORT, SVYI_ON_SLOW, codebook, 0, 0 },
    { 0 },
};
