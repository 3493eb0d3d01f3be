/* Taking what is left of an interview: of one that was erased elsewhere the mark, by which it is erased here and never comes; of one that ended early the answers that were
   kept. */
#include <stdio.h>
#include <string.h>

#include "store/people/people_priv.h"
#include "store/sync/priv.h"

typedef struct remnant {
    const char *uuid, *form, *version, *corrects;
    int erased;
    const uint8_t *frames; size_t n;
    const char *case_id, *reason, *interviewer, *language;
    svy_moment started;
    const char *organisation;
    svyi_fields sittings;
} remnant;

static remnant read_remnant(const svyi_frame_read *frame)
{
    svyi_fields id = frame->identity, rest = frame->rest;
    remnant r = { .uuid = svyi_get_text(&id) };

    r.form = svyi_get_text(&id);
    r.version = svyi_get_text(&id);
    r.corrects = svyi_get_text(&id);
    r.erased = svyi_get_number(&id) != 0;
    r.frames = svyi_get_bytes(&id, &r.n);
    r.case_id = svyi_get_text(&rest);
    r.reason = svyi_get_text(&rest);
    r.interviewer = svyi_get_text(&rest);
    r.language = svyi_get_text(&rest);
    (void)svyi_get_text(&rest);
    r.started.utc_ms = svyi_get_signed(&rest);
    r.started.zone_minutes = (int32_t)svyi_get_signed(&rest);
    (void)svyi_get_text(&rest);
    (void)svyi_get_text(&rest);
    (void)svyi_get_signed(&rest);
    r.organisation = svyi_get_text(&rest);
    r.sittings = rest;
    return r;
}

/* ---- is it here? ---- */

typedef struct here { int64_t number; char uuid[SVYI_UUID]; int phase; uint64_t events; } here;

/* Only that something happened is left of some events: when, and what kind of thing. `ours` receives how many events are here, `differs` whether one is another. */
static svy_status compare(svy_study *s, int64_t number, const remnant *r, uint64_t *ours, int *differs, svy_error *err)
{
    const uint8_t *at = r->frames, *end = at + r->n;
    svyi_events it;
    svy_event theirs;
    int blank, found = 0;
    svy_status st = svyi_events_open(s, &it, 1, err);

    *ours = 0;
    *differs = 0;
    if (st == SVY_OK)
        st = svyi_events_of(&it, number, err);
    while (st == SVY_OK && !*differs && (found = svyi_events_next(&it, err)) == 1) {
        ++*ours;
        if (at == end)
            break;
        *differs = svyi_packed_next(&at, end, &theirs, &blank) != 1 || it.event.sequence != theirs.sequence || it.event.action != theirs.action ||
                   it.event.moment.utc_ms != theirs.moment.utc_ms || it.event.moment.zone_minutes != theirs.moment.zone_minutes ||
                   it.event.moment.mono_ms != theirs.moment.mono_ms;
    }
    svyi_events_close(&it);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

static svy_status find(svyi_taker *t, const remnant *r, here *out, svy_error *err)
{
    static const char SQL[] = "SELECT number, uuid, phase FROM interviews WHERE (uuid = ?1 OR conflicts = ?1) AND erased_utc_ms IS NULL AND (?2 IS NULL OR organisation = ?2)"
                              " ORDER BY conflicts IS NOT NULL, number";
    sqlite3_stmt *stmt = NULL;
    int found = 0, differs = 1;
    svy_status st = svyi_once(t->s, SQL, SVYI_ARGS(svyi_arg_text(r->uuid), svyi_arg_text(t->scope.organisation)), &stmt, err);

    *out = (here){ .number = 0 };
    while (st == SVY_OK && differs && (found = svyi_db_step(t->s, stmt, err)) == 1)
        if ((st = compare(t->s, sqlite3_column_int64(stmt, 0), r, &out->events, &differs, err)) == SVY_OK && !differs) {
            out->number = sqlite3_column_int64(stmt, 0);
            out->phase = sqlite3_column_int(stmt, 2);
            snprintf(out->uuid, sizeof out->uuid, "%s", svyi_db_text(stmt, 1));
        }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* ---- adding ---- */

static uint64_t count_events(const remnant *r, svy_moment *last)
{
    const uint8_t *at = r->frames, *end = at + r->n;
    svy_event e;
    uint64_t n = 0;
    int blank;

    while (svyi_packed_next(&at, end, &e, &blank) == 1) {
        *last = e.moment;
        n++;
    }
    return at == end ? n : 0;
}

static svy_status add_sittings(svyi_taker *t, int64_t number, const remnant *r, uint64_t behind, svy_error *err)
{
    svyi_fields f = r->sittings;
    svy_status st = SVY_OK;

    while (st == SVY_OK && svyi_fields_left(&f)) {
        svy_sitting one = { .first = svyi_get_number(&f) };
        const uint64_t mode = svyi_get_number(&f);
        one.mode = mode >= SVY_MODE_TERMINAL && mode <= SVY_MODE_SIMULATION ? (svy_mode)mode : SVY_MODE_IMPORT;
        one.actor = svyi_get_text(&f);
        one.organisation = svyi_get_text(&f);
        one.organisation = t->scope.organisation != NULL ? t->scope.organisation : one.organisation;
        one.device = svyi_get_text(&f);
        one.agent = svyi_get_text(&f);
        one.clock_known = svyi_get_number(&f) != 0;
        one.clock_offset_ms = svyi_get_signed(&f);
        if (one.first > behind)
            st = svyi_sitting_add(t->s, number, &one, err);
    }
    return st;
}

/* Its row, its journal as it is. */
static svy_status add_row(svyi_taker *t, const remnant *r, const svyi_parent *parent, const char *conflicts, int64_t *number, char uuid[SVYI_UUID], svy_error *err)
{
    static const char SQL[] = "INSERT INTO interviews(uuid, form, case_id, interviewer, language, seed, phase, outcome, started_utc_ms, started_zone, corrects, reason, imported, organisation,"
                              " received_utc_ms, conflicts) SELECT ?1, number, ?2, ?3, ?4, 0, 1, '', ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11 FROM forms WHERE id = ?12 AND version = ?13";
    svy_moment last = r->started;
    const uint64_t events = count_events(r, &last);
    svy_status st;

    snprintf(uuid, SVYI_UUID, "%s", r->uuid);
    if (conflicts != NULL)
        svyi_uuid_make(uuid);                 /* until they are put in order */
    st = svyi_db_once(t->s, SQL, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_text(r->case_id[0] != '\0' ? r->case_id : NULL), svyi_arg_text(r->interviewer),
                                        svyi_arg_text(r->language), svyi_arg_int(r->started.utc_ms), svyi_arg_int(r->started.zone_minutes),
                                        parent->number != 0 ? svyi_arg_int(parent->number) : svyi_arg_text(NULL), svyi_arg_text(r->reason),
                                        svyi_arg_text(t->scope.organisation != NULL ? t->scope.organisation : r->organisation), svyi_arg_int(t->now.utc_ms), svyi_arg_text(conflicts),
                                        svyi_arg_text(r->form), svyi_arg_text(r->version)), err);
    *number = sqlite3_last_insert_rowid(t->s->db);
    if (st == SVY_OK && sqlite3_changes(t->s->db) == 0)
        return svyi_fail(err, SVY_E_NAME, "version %.64s of '%.80s' is not deployed here", r->version, r->form);
    if (st == SVY_OK)
        st = svyi_db_run(t->s, Q_JOURNAL_ADD, SVYI_ARGS(svyi_arg_int(*number), svyi_arg_int((int64_t)events), svyi_arg_int(last.utc_ms), svyi_arg_blob(r->frames, r->n)), err);
    if (st == SVY_OK && r->case_id[0] != '\0')
        st = svyi_db_once(t->s, "INSERT OR IGNORE INTO cases(form, id, assigned, disposition, listed) VALUES(?,?,?,'',0)",
                          SVYI_ARGS(svyi_arg_text(r->form), svyi_arg_text(r->case_id), svyi_arg_text(r->interviewer)), err);
    return st == SVY_OK ? add_sittings(t, *number, r, 0, err) : st;
}

/* ---- of an early end ---- */

/* What is here is its beginning: the rest is added. */
static svy_status go_on(svyi_taker *t, const remnant *r, const here *h, svy_error *err)
{
    const uint8_t *at = r->frames, *end = at + r->n;
    svyi_buffer all;
    svy_event e;
    svy_moment last = r->started;
    uint64_t events = 0;
    int64_t rows;
    int blank;
    svy_status st = SVY_OK;

    svyi_buffer_init(&all, &t->s->alloc);
    if (svyi_db_number(t->s, Q_EVENT_ROWS, SVYI_ARGS(svyi_arg_int(h->number)), &rows, err) < 0)
        st = svyi_db_failed(err);
    sqlite3_stmt *own = NULL;
    if (st == SVY_OK && rows == 0 && (st = svyi_once(t->s, "SELECT bytes FROM journals WHERE interview = ?", SVYI_ARGS(svyi_arg_int(h->number)), &own, err)) == SVY_OK &&
        svyi_db_step(t->s, own, err) == 1)
        svyi_buffer_add(&all, sqlite3_column_blob(own, 0), (size_t)sqlite3_column_bytes(own, 0));
    sqlite3_finalize(own);
    while (st == SVY_OK && svyi_packed_next(&at, end, &e, &blank) == 1) {
        last = e.moment;
        if (++events <= h->events)
            continue;
        if (rows == 0)
            svyi_packed_add(&all, &e, blank);
        else if ((st = svyi_event_store(t->s, h->number, &e, err)) == SVY_OK && blank)
            st = svyi_db_run(t->s, Q_ERASING_ADD, SVYI_ARGS(svyi_arg_int(h->number)), err);
        if (st == SVY_OK && rows != 0 && blank && (st = svyi_db_run(t->s, Q_EVENT_BLANK, SVYI_ARGS(svyi_arg_int(h->number), svyi_arg_int((int64_t)e.sequence)), err)) == SVY_OK)
            st = svyi_db_run(t->s, Q_ERASING_DROP, NULL, 0, err);
    }
    if (st == SVY_OK && rows == 0)
        st = all.failed ? svyi_nomem(err) : svyi_db_run(t->s, Q_JOURNAL_GROW, SVYI_ARGS(svyi_arg_int(h->number), svyi_arg_int((int64_t)events), svyi_arg_int(last.utc_ms),
                                                                                    svyi_arg_blob(all.data, all.len)), err);
    svyi_buffer_clear(&all);
    return st == SVY_OK ? add_sittings(t, h->number, r, h->events, err) : st;
}

static svy_status take_early_end(svyi_taker *t, const remnant *r, const here *h, const svyi_parent *parent, const svyi_parent *same, svy_error *err)
{
    char uuid[SVYI_UUID];
    int64_t number = h->number;
    svy_moment last;
    svy_status st;

    if (h->number != 0 && (h->phase == SVY_COMPLETE || h->events >= count_events(r, &last)))
        return SVY_OK;
    st = h->number != 0 ? go_on(t, r, h, err) : add_row(t, r, parent, same->number != 0 ? r->uuid : NULL, &number, uuid, err);
    if (st == SVY_OK && (st = svyi_differing_settle(t->s, r->uuid, err)) == SVY_OK)
        st = svyi_submit_kept(t->s, number, err);
    t->result->interviews += st == SVY_OK && h->number == 0 && same->number == 0;
    t->result->continued += st == SVY_OK && h->number != 0;
    t->result->conflicts += st == SVY_OK && h->number == 0 && same->number != 0;
    return st;
}

static int is_uuid(const char *text)
{
    return strlen(text) == SVYI_UUID - 1 && strspn(text, "0123456789abcdef-") == SVYI_UUID - 1;
}

/* In a savepoint: what cannot be taken leaves no trace. */
static svy_status take(svyi_taker *t, const svyi_frame_read *frame, const remnant *r, svy_error *err)
{
    svy_error why = SVY_ERROR_INIT;
    char sentence[480];
    here h;
    svyi_parent parent = { .number = 0 }, same;
    int64_t when;
    svy_status st = find(t, r, &h, err), done;
    const int erased = st == SVY_OK ? svyi_erased_when(t->s, r->uuid, r->corrects, &when, err) : 0;

    if (erased != 0)
        return erased < 0 ? svyi_db_failed(err) : SVY_OK;       /* the other side gets the mark */
    if (st == SVY_OK && r->corrects[0] != '\0')
        st = svyi_parent_find(t, r->corrects, "", &parent, err);
    if (st != SVY_OK || (st = svyi_parent_find(t, r->uuid, "", &same, err)) != SVY_OK || (st = svyi_db_run(t->s, Q_SAVE, NULL, 0, err)) != SVY_OK)
        return st;
    done = r->corrects[0] != '\0' && (parent.number == 0 || parent.foreign) ? svyi_fail(&why, SVY_E_NAME, "the interview it corrects is not here")
                                                                           : take_early_end(t, r, &h, &parent, &same, &why);
    if (done == SVY_E_NOMEM || done == SVY_E_IO || done == SVY_E_BUSY)
        return svyi_fail(err, done, "%s", why.message);
    if (done != SVY_OK && (st = svyi_db_run(t->s, Q_BACK, NULL, 0, err)) == SVY_OK) {
        snprintf(sentence, sizeof sentence, "interview %s was not taken: %.300s", r->uuid, why.message);
        st = svyi_refuse(t, frame, sentence, err);
    }
    return st == SVY_OK ? svyi_db_run(t->s, Q_RELEASE, NULL, 0, err) : st;
}

svy_status svyi_take_remnant(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    const remnant r = read_remnant(frame);
    svy_moment last;

    if (!is_uuid(r.uuid) || (r.corrects[0] != '\0' && !is_uuid(r.corrects)) || (r.n > 0 && count_events(&r, &last) == 0) || r.n > SVYI_PACKAGE_MAX)
        return svyi_refuse(t, frame, "an interview was not taken: what is left of it is not in form", err);
    return take(t, frame, &r, err);
}

/* ---- of an erasure ---- */

/* Of a partner: 1 when all versions of the interview that are here are its own. */
static int is_own(svyi_taker *t, const char *uuid, svy_error *err)
{
    static const char SQL[] = "SELECT 1 FROM interviews i JOIN interviews p ON p.number = coalesce(i.corrects, i.number) WHERE (i.uuid = ?1 OR i.conflicts = ?1) AND p.organisation <> ?2";
    int64_t one;

    if (t->scope.organisation == NULL)
        return 1;
    const int found = svyi_once_number(t->s, SQL, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_text(t->scope.organisation)), &one, err);
    return found < 0 ? -1 : !found;
}

svy_status svyi_take_erasure(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    svyi_fields id = frame->identity, rest = frame->rest;
    svyi_erasure e = { .uuid = svyi_get_text(&id) };
    uint64_t undone;

    e.actor = svyi_get_text(&id);
    e.reason = svyi_get_text(&id);
    e.when.utc_ms = svyi_get_signed(&id);
    e.when.zone_minutes = (int32_t)svyi_get_signed(&id);
    e.organisation = svyi_get_text(&rest);
    e.organisation = t->scope.organisation != NULL ? t->scope.organisation : e.organisation;
    if (!is_uuid(e.uuid))
        return svyi_refuse(t, frame, "an erasure was not taken: it is not in form", err);
    const int own = is_own(t, e.uuid, err);
    if (own < 0)
        return svyi_db_failed(err);
    if (!t->scope.erases || !own)
        return svyi_refuse(t, frame, "an interview that was erased elsewhere was not erased here: this account may not erase it; ask a researcher", err);
    const svy_status st = svyi_erase(t->s, &e, t->now, &undone, err);
    t->result->erased += st == SVY_OK && undone > 0;
    return st;
}
