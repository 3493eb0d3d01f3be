/* The events of a submission in the order and with the times that the client's log tells. */
#include "base/error.h"
#include "base/map.h"
#include "exchange/submission/audit.h"
#include <stdlib.h>
#include <string.h>

/* How an event is put into order: by time, and what came first stays first. */
typedef struct stamp { int64_t ms; size_t event; int group; } stamp;
enum { BEGINNING, MIDDLE, ENDING };

typedef struct timing {
    const svy_alloc *alloc;
    const svy_form *form;
    svyi_record *record;
    const svyi_visits *audit;
    const svy_submission_options *options;
    stamp *stamps;
    svyi_map last;               /* "entry item" to the last time that the question was left */
    svyi_map first;              /* "entry" to the first time that something in it was shown */
    svyi_arena arena;
    int64_t *left, *entered;     /* by number in `last` and `first` */
    svy_error *err;
} timing;

void svyi_submission_answers(svy_interview *iv, svyi_buffer *out)
{
    out->len = 0;
    for (int sensitive = 0; sensitive < 2; sensitive++) {
        const size_t n = svy_interview_json(iv, sensitive, NULL, 0);
        char *text = svyi_get(&out->alloc, n + 1);
        if (text == NULL) {
            out->failed = 1;
            return;
        }
        svy_interview_json(iv, sensitive, text, n + 1);
        svyi_buffer_add(out, text, n);
        svyi_release(&out->alloc, text, n + 1);
    }
}

/* ---- when a question was left ---- */

static const char *place_key(timing *t, const svy_event *e, size_t *len)
{
    const size_t entry = strlen(e->entry), item = strlen(e->item);
    char *key = svyi_arena_get(&t->arena, entry + item + 2);
    if (key == NULL)
        return NULL;
    memcpy(key, e->entry, entry);
    key[entry] = ' ';
    memcpy(key + entry + 1, e->item, item + 1);
    *len = entry + item + 1;
    return key;
}

/* "a:2/b:1" lies in "a:2": what was shown there was shown in both. */
static svy_status note_entries(timing *t, const svy_event *shown)
{
    for (size_t len = strlen(shown->entry); len > 0; ) {
        uint32_t number = (uint32_t)t->first.count;
        const int there = svyi_map_add(&t->first, shown->entry, len, &number);
        if (there < 0)
            return svyi_nomem(t->err);
        if (there == 0 || t->entered[number] > shown->moment.utc_ms)
            t->entered[number] = shown->moment.utc_ms;
        while (len > 0 && shown->entry[--len] != '/')
            ;
    }
    return SVY_OK;
}

static svy_status note_visit(timing *t, const svy_event *shown, int64_t end)
{
    size_t len = 0;
    uint32_t number = (uint32_t)t->last.count;
    const char *key = place_key(t, shown, &len);
    const int there = key != NULL ? svyi_map_add(&t->last, key, len, &number) : -1;
    if (there < 0)
        return svyi_nomem(t->err);
    if (there == 0 || t->left[number] < end)
        t->left[number] = end;
    return note_entries(t, shown);
}

/* The visits that are left stand in the order of the events "shown". */
static svy_status note_visits(timing *t)
{
    size_t visit = 0;
    svy_status st = SVY_OK;
    for (size_t i = 0; i < t->record->n && st == SVY_OK; i++) {
        while (visit < t->audit->n && t->audit->visits[visit].begins)
            visit++;
        if (t->record->events[i].action == SVY_DID_GO && visit < t->audit->n)
            st = note_visit(t, &t->record->events[i], t->audit->visits[visit++].end);
    }
    return st;
}

static int was_left(timing *t, const svy_event *e, int64_t *ms)
{
    size_t len = 0;
    uint32_t number;
    const char *key = place_key(t, e, &len);
    if (key == NULL || !svyi_map_find(&t->last, key, len, &number))
        return 0;
    *ms = t->left[number];
    return 1;
}

/* ---- stamps ---- */

/* An entry is there before anything in it was shown. */
static int was_entered(const timing *t, const svy_event *e, int64_t *ms)
{
    uint32_t number;
    if (!svyi_map_find(&t->first, e->entry, strlen(e->entry), &number))
        return 0;
    *ms = t->entered[number];
    return 1;
}

/* What the log does not tell happened with what stands before it in the form. */
static void stamp_events(timing *t)
{
    int64_t at = t->audit->first;
    for (size_t i = 0; i < t->record->n; i++) {
        const svy_event *e = &t->record->events[i];
        stamp *s = &t->stamps[i];
        *s = (stamp){ at, i, MIDDLE };
        if (e->action == SVY_DID_START || e->action == SVY_DID_PARAMETER)
            *s = (stamp){ t->audit->first, i, BEGINNING };
        else if (e->action == SVY_DID_GO)
            s->ms = e->moment.utc_ms;
        else if (e->action == SVY_DID_COMPLETE || e->action == SVY_DID_OVERRIDE)
            *s = (stamp){ t->audit->last, i, ENDING };
        else if (e->action == SVY_DID_ADD)
            (void)was_entered(t, e, &s->ms);
        else if ((e->action == SVY_DID_ANSWER || e->action == SVY_DID_CLEAR) && was_left(t, e, &s->ms))
            at = s->ms;
    }
}

static int by_time(const void *a, const void *b)
{
    const stamp *x = a, *y = b;
    if (x->group != y->group)
        return x->group - y->group;
    return x->ms != y->ms ? (x->ms < y->ms ? -1 : 1) : x->event < y->event ? -1 : x->event > y->event;
}

/* ---- the journal ---- */

/* The events in the order of the stamps, with their times. */
static svy_status arrange(timing *t, svyi_record *out)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < t->record->n && st == SVY_OK; i++) {
        svy_event e = t->record->events[t->stamps[i].event];
        e.moment = (svy_moment){ t->stamps[i].ms, t->options->now.zone_minutes, t->stamps[i].ms - t->audit->first };
        st = svyi_record_add(out, &e, t->err);
    }
    return st;
}

static svy_status check_answers(timing *t, const svyi_buffer *package, const svyi_buffer *answers)
{
    svy_interview *iv = NULL;
    svy_error why = SVY_ERROR_INIT;
    svyi_buffer again;
    svyi_buffer_init(&again, t->alloc);
    svy_status st = svy_package_replay(t->alloc, t->form, package->data, package->len, 0, NULL, &iv, &why);
    if (st == SVY_OK)
        svyi_submission_answers(iv, &again);
    if (st == SVY_OK && again.failed)
        st = svyi_nomem(t->err);
    else if (st == SVY_OK && (again.len != answers->len || memcmp(again.data, answers->data, again.len) != 0))
        st = SVY_E_FORMAT;
    svyi_buffer_clear(&again);
    svy_interview_free(iv);
    return st;
}

/* Each stretch of work begins before the first event from its time on; several people may have worked on one submission. */
static size_t find_spans(const timing *t, const svyi_record *events, svyi_span *spans)
{
    size_t n = 0;
    spans[n++] = (svyi_span){ 0, t->audit->n > 0 ? t->audit->visits[0].user : "" };
    for (size_t v = 1; v < t->audit->n; v++) {
        const svyi_visit *visit = &t->audit->visits[v];
        size_t first = spans[n - 1].first;
        if (!visit->begins && strcmp(visit->user, spans[n - 1].actor) == 0)
            continue;
        while (first < events->n && events->events[first].moment.utc_ms < visit->start)
            first++;
        if (first == events->n)
            break;
        if (first > spans[n - 1].first)
            n++;
        spans[n - 1] = (svyi_span){ first, visit->user };
    }
    return n;
}

static svy_status try_order(timing *t, int by_clock, const svyi_buffer *answers, svyi_buffer *package)
{
    svyi_record events;
    const size_t room = (t->audit->n + 1) * sizeof(svyi_span);
    svyi_span *spans = svyi_get(&t->arena.alloc, room);
    svy_status st = spans != NULL ? SVY_OK : svyi_nomem(t->err);
    svyi_record_init(&events, t->alloc);
    if (by_clock)
        qsort(t->stamps, t->record->n, sizeof *t->stamps, by_time);
    if (st == SVY_OK)
        st = arrange(t, &events);
    if (st == SVY_OK)
        st = svyi_record_package(&events, spans, by_clock ? find_spans(t, &events, spans) : 0, t->form, t->options, package, t->err);
    if (st == SVY_OK)
        st = check_answers(t, package, answers);
    svyi_release(&t->arena.alloc, spans, room);
    svyi_record_clear(&events);
    return st;
}

svy_status svyi_submission_timed(const svy_alloc *alloc, const svy_form *form, svyi_record *record, const svyi_visits *audit, const svy_submission_options *o,
                                 const svyi_buffer *answers, svyi_buffer *package, svy_error *err)
{
    timing t = { .alloc = alloc, .form = form, .record = record, .audit = audit, .options = o, .err = err };
    svy_status st = SVY_E_STATE;
    size_t entries = 1;
    if (audit->n == 0 || audit->first == 0)
        return st;
    svyi_arena_init(&t.arena, alloc);
    svyi_map_init(&t.last, alloc);
    svyi_map_init(&t.first, alloc);
    for (size_t i = 0; i < record->n; i++)
        entries += record->events[i].action == SVY_DID_GO ? 1 + strlen(record->events[i].entry) / 4 : 0;    /* "a:1/" at least */
    t.stamps = svyi_arena_get(&t.arena, (record->n + 1) * sizeof *t.stamps);
    t.left = svyi_arena_get(&t.arena, (audit->n + 1) * sizeof *t.left);
    t.entered = svyi_arena_get(&t.arena, entries * sizeof *t.entered);
    st = t.stamps != NULL && t.left != NULL && t.entered != NULL ? note_visits(&t) : svyi_nomem(err);
    if (st == SVY_OK) {
        stamp_events(&t);
        st = try_order(&t, 1, answers, package);
    }
    if (st != SVY_OK && st != SVY_E_NOMEM) {
        stamp_events(&t);
        st = try_order(&t, 0, answers, package);
    }
    svyi_map_clear(&t.last);
    svyi_map_clear(&t.first);
    svyi_arena_clear(&t.arena);
    return st == SVY_OK || st == SVY_E_NOMEM ? st : SVY_E_STATE;
}
