/* The writer of reception: many prepared arrivals in one transaction, each in a savepoint of its own, and what became of each. */
#include "store/people/people_priv.h"
#include "store/reception/priv.h"

#include <survey/account.h>

#include <stdio.h>
#include <string.h>

static void tell(svy_received *out, svy_receipt receipt, const char *uuid, const char *sentence)
{
    out->receipt = receipt;
    out->waiting = 0;
    snprintf(out->uuid, sizeof out->uuid, "%s", uuid);
    snprintf(out->sentence, sizeof out->sentence, "%s", sentence);
}

static svy_status aside(svy_study *s, const svy_arrival *a, const char *reason, const char *waits_for, svy_received *out, svy_error *err)
{
    tell(out, SVY_KEPT_ASIDE, "", reason);
    return svyi_keep_aside(s, a, reason, waits_for, err);
}

/* ---- is it here already? ---- */

typedef enum agreement { SAME_OR_LESS, GOES_ON, DIFFERS } agreement;

static int same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Of an event that was blanked only is known that it happened. */
static int same_event(const svy_event *ours, int erased, const svy_event *theirs)
{
    if (ours->sequence != theirs->sequence || ours->action != theirs->action || ours->moment.utc_ms != theirs->moment.utc_ms ||
        ours->moment.zone_minutes != theirs->moment.zone_minutes || ours->moment.mono_ms != theirs->moment.mono_ms)
        return 0;
    return erased || (ours->missing == theirs->missing && ours->value_len == theirs->value_len && memcmp(ours->value, theirs->value, ours->value_len) == 0 &&
                      same_text(ours->item, theirs->item) && same_text(ours->entry, theirs->entry) && same_text(ours->reason, theirs->reason));
}

/* How the journal of interview `number` and that of the arrival agree; `rest` receives the frames that only the arrival has. */
static svy_status compare(svy_study *s, int64_t number, const svy_arrival *a, agreement *how, const uint8_t **rest, svy_error *err)
{
    const uint8_t *at = (const uint8_t *)a->packed.data, *end = at + a->packed.len;
    svyi_events it;
    svy_event theirs;
    int blank, found = 0;
    svy_status st = svyi_events_open(s, &it, 0, err);

    *how = SAME_OR_LESS;
    if (st == SVY_OK)
        st = svyi_events_of(&it, number, err);
    while (st == SVY_OK && at != end && (found = svyi_events_next(&it, err)) == 1) {
        *rest = at;
        if (svyi_packed_next(&at, end, &theirs, &blank) != 1 || !same_event(&it.event, it.erased, &theirs)) {
            *how = DIFFERS;
            break;
        }
    }
    if (st == SVY_OK && found == 0 && at != end) {
        *how = GOES_ON;
        *rest = at;
    }
    svyi_events_close(&it);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* ---- storing ---- */

static svy_status add_sittings(svy_study *s, int64_t number, const svy_arrival *a, uint64_t from, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < a->n_sittings && st == SVY_OK; i++) {
        const svy_sitting *one = &a->sittings[i];
        if (one->first >= from)
            st = svyi_sitting_add(s, number, one, err);
    }
    return st;
}

svyi_row svyi_arrival_row(const svy_arrival *a, const svyi_version *v)
{
    /* A correction begins with the events that it corrects: it is of who added to them. */
    const svy_sitting *by = &a->sittings[a->head.corrects[0] != '\0' ? a->n_sittings - 1 : 0];

    return (svyi_row){ .form = v->number, .seed = (int64_t)a->seed, .uuid = a->head.uuid, .case_id = a->head.case_id, .interviewer = by->actor,
                       .language = a->language, .outcome = "", .reason = a->head.reason, .started = a->started, .phase = (int)a->phase };
}

/* `r` with its phase: what is complete already, or will be when its submission is made. */
static svy_status add_row(svy_study *s, const svy_arrival *a, svyi_row *r, const char *conflicts, svy_error *err)
{
    const svy_sitting *last = &a->sittings[a->n_sittings - 1];
    const int complete = r->phase == SVY_COMPLETE;
    svy_status st = svyi_db_run(s, Q_ARRIVAL_ADD, SVYI_ARGS(svyi_arg_text(r->uuid), svyi_arg_int(r->form), svyi_arg_text(r->case_id[0] != '\0' ? r->case_id : NULL),
                                                         svyi_arg_text(r->interviewer), svyi_arg_text(r->language), svyi_arg_int(r->seed), svyi_arg_int(r->phase), svyi_arg_text(r->outcome),
                                                         svyi_arg_int(r->started.utc_ms), svyi_arg_int(r->started.zone_minutes),
                                                         complete ? svyi_arg_int(r->ended.utc_ms) : svyi_arg_text(NULL), complete ? svyi_arg_int(r->ended.zone_minutes) : svyi_arg_text(NULL),
                                                         r->corrects != 0 ? svyi_arg_int(r->corrects) : svyi_arg_text(NULL), svyi_arg_text(r->reason), svyi_arg_int(r->blanked),
                                                         svyi_arg_text(last->organisation), svyi_arg_int(last->mode), svyi_arg_text(last->device),
                                                         svyi_arg_int(a->received.utc_ms), svyi_arg_text(conflicts)), err);

    r->number = sqlite3_last_insert_rowid(s->db);
    return st;
}

/* Its uuid, after versions that differ were put in order. */
static svy_status read_uuid(svy_study *s, int64_t number, char out[SVYI_UUID], svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    svy_status st = svyi_once(s, "SELECT uuid FROM interviews WHERE number = ?", SVYI_ARGS(svyi_arg_int(number)), &stmt, err);

    if (st == SVY_OK && svyi_db_step(s, stmt, err) != 1)
        st = svyi_db_failed(err);
    if (st == SVY_OK)
        snprintf(out, SVYI_UUID, "%s", svyi_db_text(stmt, 0));
    sqlite3_finalize(stmt);
    return st;
}

/* Submits an interview that is complete with the arrival, and whose journal is in the file. Only its head is of the file, so what was prepared of it holds: the
 * writer, for which everybody waits, runs nothing through the engine. Unless it was begun with another version than it came with. */
static svy_status submit(svy_study *s, const svy_arrival *a, svyi_version *v, svyi_row *row, svy_error *err)
{
    svy_interview *iv;

    if (v->number == a->v->number) {
        row->outcome = a->outcome;
        row->language = a->language;
        return svyi_submit_prepared(s, v, a->v, &a->submission, row, a->end, a->last, err);
    }
    svy_status st = svyi_journal_replay(s, row->number, v->form, NULL, &iv, err);
    if (st != SVY_OK)
        return st;
    st = svyi_submit(s, v, iv, row, a->last, err);
    svy_interview_free(iv);
    return st;
}

/* Its row, journal, sittings and files. */
static svy_status add_history(svy_study *s, const svy_arrival *a, svyi_row *row, const svyi_buffer *events, const char *conflicts, svy_error *err)
{
    svy_status st = add_row(s, a, row, conflicts, err);

    if (st == SVY_OK)
        st = svyi_db_run(s, Q_JOURNAL_ADD, SVYI_ARGS(svyi_arg_int(row->number), svyi_arg_int((int64_t)a->events), svyi_arg_int(a->last.utc_ms),
                                                  svyi_arg_blob(events->data, events->len)), err);
    if (st == SVY_OK)
        st = add_sittings(s, row->number, a, 0, err);
    return st == SVY_OK ? svyi_files_link(s, row->number, a, err) : st;
}

/* One that is new and complete, as almost all are: everything was made when it was prepared. */
static svy_status add_complete(svy_study *s, svy_arrival *a, svyi_version *v, svyi_row *row, svy_error *err)
{
    row->ended = a->last;
    row->outcome = a->outcome;
    row->blanked = a->blanked;
    svy_status st = add_history(s, a, row, a->blanked ? &a->kept : &a->packed, NULL, err);

    if (st == SVY_OK)
        st = svyi_submission_store(s, v, &a->submission, row, row, 1, a->journal, a->last, err);
    if (st == SVY_OK && row->case_id[0] != '\0')
        st = svyi_case_settle(s, v, row->case_id, row->outcome[0] != '\0' ? row->outcome : "complete", err);
    return st;
}

/* A draft, a correction, what differs from what is here. */
static svy_status add_other(svy_study *s, const svy_arrival *a, svyi_version *v, svyi_row *row, const char *conflicts, char uuid[SVYI_UUID], svy_error *err)
{
    svy_status st;

    row->phase = a->phase == SVY_SUSPENDED ? SVY_SUSPENDED : SVY_OPEN;
    if ((st = add_history(s, a, row, &a->packed, conflicts, err)) == SVY_OK && conflicts != NULL && (st = svyi_differing_settle(s, conflicts, err)) == SVY_OK)
        st = read_uuid(s, row->number, uuid, err);
    if (st == SVY_OK && a->phase == SVY_COMPLETE)
        st = submit(s, a, v, row, err);
    if (st == SVY_OK && conflicts != NULL && row->blanked && (st = svyi_differing_settle(s, conflicts, err)) == SVY_OK)
        st = read_uuid(s, row->number, uuid, err);
    if (st == SVY_OK && row->corrects == 0 && row->case_id[0] != '\0')
        st = svyi_case_settle(s, v, row->case_id, NULL, err);
    return st;
}

/* Frames at the end of a journal that is here. */
static svy_status add_events(svy_study *s, int64_t number, const svy_arrival *a, const uint8_t *rest, uint64_t *first, svy_error *err)
{
    const uint8_t *end = (const uint8_t *)a->packed.data + a->packed.len;
    int64_t rows;
    svy_event e = { .sequence = 0 };
    int blank;
    svy_status st = SVY_OK;
    const uint8_t *at = rest;

    if (svyi_packed_next(&at, end, &e, &blank) != 1)
        return SVY_OK;
    *first = e.sequence;
    if (svyi_db_number(s, Q_EVENT_ROWS, SVYI_ARGS(svyi_arg_int(number)), &rows, err) < 0)
        return svyi_db_failed(err);
    if (rows == 0)
        return svyi_db_run(s, Q_JOURNAL_GROW, SVYI_ARGS(svyi_arg_int(number), svyi_arg_int((int64_t)a->events), svyi_arg_int(a->last.utc_ms),
                                                     svyi_arg_blob(a->packed.data, a->packed.len)), err);
    for (at = rest; st == SVY_OK && svyi_packed_next(&at, end, &e, &blank) == 1;)
        st = svyi_event_store(s, number, &e, err);
    return st;
}

/* An interview that is here goes on. */
static svy_status go_on(svy_study *s, const svy_arrival *a, svyi_row *row, const uint8_t *rest, const char *common, svy_error *err)
{
    const svy_sitting *last = &a->sittings[a->n_sittings - 1];
    uint64_t first = 0;
    svyi_version *v;
    svy_status st = svyi_version_load(s, row->form, &v, err);

    if (st == SVY_OK && (st = add_events(s, row->number, a, rest, &first, err)) == SVY_OK && (st = add_sittings(s, row->number, a, first, err)) == SVY_OK &&
        (st = svyi_files_link(s, row->number, a, err)) == SVY_OK)
        st = svyi_db_run(s, Q_ARRIVAL_GOES_ON, SVYI_ARGS(svyi_arg_int(a->phase == SVY_SUSPENDED), svyi_arg_text(a->language), svyi_arg_text(last->organisation), svyi_arg_int(last->mode),
                                                      svyi_arg_text(last->device), svyi_arg_int(a->received.utc_ms), svyi_arg_int(row->number)), err);
    if (st == SVY_OK && a->phase == SVY_COMPLETE)
        st = submit(s, a, v, row, err);
    return st == SVY_OK ? svyi_differing_settle(s, common, err) : st;
}

/* ---- one arrival ---- */

/* Whether the sender may add to an interview that is here. */
static int may_touch(svy_study *s, const svy_arrival *a, int64_t number, int *may, svy_status *st, svy_error *err)
{
    int64_t one;
    const char *actor = a->from.actor != NULL ? a->from.actor : "", *organisation = a->from.organisation != NULL ? a->from.organisation : "";
    const int found = a->from.touch == SVY_TOUCH_ANY ? 1 : svyi_db_number(s, Q_INTERVIEW_OWNED, SVYI_ARGS(svyi_arg_int(number), svyi_arg_text(actor), svyi_arg_text(organisation)), &one, err);

    *may = found == 1;
    *st = found < 0 ? svyi_db_failed(err) : SVY_OK;
    return found >= 0;
}

/* The interviews that may be this one: that of the uuid, and those that differed from it. */
typedef struct match { svyi_row row; agreement how; const uint8_t *rest; int found, versions; char common[SVYI_UUID]; } match;

/* What an interview is known by everywhere. */
static svy_status read_common(svy_study *s, int64_t number, char out[SVYI_UUID], svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(s, Q_INTERVIEW_COMMON, SVYI_ARGS(svyi_arg_int(number)), &stmt, err);

    if (st == SVY_OK && svyi_db_step(s, stmt, err) != 1)
        return svyi_db_failed(err);
    if (st == SVY_OK) {
        snprintf(out, SVYI_UUID, "%s", svyi_db_text(stmt, 0));
        sqlite3_reset(stmt);
    }
    return st;
}

static svy_status match_row(svy_study *s, const svy_arrival *a, match *m, svy_error *err)
{
    svy_status st;

    m->versions++;
    if ((st = compare(s, m->row.number, a, &m->how, &m->rest, err)) != SVY_OK || m->how == DIFFERS)
        return st;
    int may = 1;
    if (m->how == GOES_ON && !may_touch(s, a, m->row.number, &may, &st, err))
        return st;
    if (!may)
        return SVY_OK;
    m->found = m->how == SAME_OR_LESS || (m->row.phase != SVY_COMPLETE && !svyi_session_has(s, m->row.number));
    return SVY_OK;
}

static svy_status find_match(svy_study *s, const svy_arrival *a, svyi_arena *arena, match *m, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = svyi_row_read(s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(a->head.uuid)), arena, &m->row, err);
    svy_status st;

    if (found < 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    if ((st = read_common(s, m->row.number, m->common, err)) != SVY_OK ||
        (st = svyi_db_query(s, Q_INTERVIEW_CONFLICTS, SVYI_ARGS(svyi_arg_text(m->common)), &stmt, err)) != SVY_OK)
        return st;
    while (!m->found && st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1)
        st = svyi_row_take(stmt, arena, &m->row) < 0 ? svyi_nomem(err) : match_row(s, a, m, err);
    sqlite3_reset(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* How many events the arrival begins with that are those of interview `number`. */
static svy_status count_common(svy_study *s, int64_t number, const svy_arrival *a, uint64_t *n, svy_error *err)
{
    const uint8_t *at = (const uint8_t *)a->packed.data, *end = at + a->packed.len;
    svyi_events it;
    svy_event theirs;
    int blank, found = 0;
    svy_status st = svyi_events_open(s, &it, 1, err);

    *n = 0;
    if (st == SVY_OK)
        st = svyi_events_of(&it, number, err);
    while (st == SVY_OK && at != end && (found = svyi_events_next(&it, err)) == 1 && svyi_packed_next(&at, end, &theirs, &blank) == 1 && same_event(&it.event, it.erased, &theirs))
        ++*n;
    svyi_events_close(&it);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* Of several versions of an interview a correction is of the one that it begins with: which of them has the uuid may have changed since the device got it. */
static svy_status choose_version(svy_study *s, const svy_arrival *a, svyi_arena *arena, svyi_row *first, svy_error *err)
{
    char common[SVYI_UUID];
    uint64_t most = 0, n;
    svyi_row other;
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = read_common(s, first->number, common, err);

    if (st == SVY_OK && (st = count_common(s, first->number, a, &most, err)) == SVY_OK)
        st = svyi_db_query(s, Q_INTERVIEW_CONFLICTS, SVYI_ARGS(svyi_arg_text(common)), &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        if (svyi_row_take(stmt, arena, &other) < 0)
            st = svyi_nomem(err);
        else if (other.number != first->number && (st = count_common(s, other.number, a, &n, err)) == SVY_OK && n > most) {
            most = n;
            *first = other;
        }
    }
    if (stmt != NULL)
        sqlite3_reset(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* Whether the case of the interview is the sender's now: who got a case that was returned corrects what somebody else asked. */
static int has_case(svy_study *s, const svy_arrival *a, int64_t number, svy_status *st, svy_error *err)
{
    static const char SQL[] = "SELECT 1 FROM interviews i JOIN forms f ON f.number = i.form JOIN cases c ON c.form = f.id AND c.id = i.case_id"
                              " WHERE i.number = ?1 AND c.assigned = ?2 AND c.assigned <> '' AND c.organisation = ?3";
    sqlite3_stmt *stmt = NULL;
    int found = 0;

    *st = svyi_once(s, SQL, SVYI_ARGS(svyi_arg_int(number), svyi_arg_text(a->from.actor != NULL ? a->from.actor : ""),
                                      svyi_arg_text(a->from.organisation != NULL ? a->from.organisation : "")), &stmt, err);
    if (*st == SVY_OK && (found = svyi_db_step(s, stmt, err)) < 0)
        *st = svyi_db_failed(err);
    sqlite3_finalize(stmt);
    return found == 1;
}

/* The interview a correction belongs to; `reason` says why there is none to correct. */
static svy_status find_corrected(svy_study *s, const svy_arrival *a, svyi_arena *arena, svyi_row *first, const char **reason, svy_error *err)
{
    int found = svyi_row_read(s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(a->head.corrects)), arena, first, err);

    *reason = NULL;
    if (found == 1 && first->corrects != 0)
        found = svyi_row_read(s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(first->corrects)), arena, first, err);
    if (found < 0)
        return svyi_db_failed(err);
    svy_status st = found == 1 ? choose_version(s, a, arena, first, err) : SVY_OK;
    if (st != SVY_OK)
        return st;
    if (found == 0)
        *reason = "the interview it corrects is not here";
    else if (first->phase != SVY_COMPLETE || first->blanked)
        *reason = "the interview it corrects is not complete, or kept no answers after its early end";
    int may = 1;
    if (*reason == NULL && may_touch(s, a, first->number, &may, &st, err) && (a->from.touch == SVY_TOUCH_NEW || (!may && !has_case(s, a, first->number, &st, err))))
        *reason = "the interview it corrects is somebody else's";
    return st;
}

typedef enum case_state { CASE_IS_THERE, CASE_IS_NEW, CASE_IS_NOT_LISTED } case_state;

/* Whether the case may have an interview: the study's list of cases says so, when it has one. */
static svy_status find_case(svy_study *s, const svy_arrival *a, const svyi_version *v, case_state *state, svy_error *err)
{
    const char *form = svy_form_id(v->form), *id = a->head.case_id;
    int64_t one;
    int found;

    *state = CASE_IS_THERE;
    if (id[0] == '\0' || (found = svyi_db_number(s, Q_CASE_FIND, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(id)), &one, err)) == 1)
        return SVY_OK;
    if (found < 0 || (found = svyi_db_number(s, Q_CASE_LISTED, SVYI_ARGS(svyi_arg_text(form)), &one, err)) < 0)
        return svyi_db_failed(err);
    *state = found == 0 ? CASE_IS_NEW : CASE_IS_NOT_LISTED;
    return SVY_OK;
}

static svy_status take_new(svy_study *s, svy_arrival *a, svyi_version *v, const match *m, svyi_arena *arena, svy_received *out, svy_error *err)
{
    const char *conflicts = m->versions > 0 ? m->common : NULL;
    svyi_row row = svyi_arrival_row(a, v), first;
    char uuid[SVYI_UUID];
    const char *reason = NULL;
    case_state state;
    svy_status st = find_case(s, a, v, &state, err);

    if (st != SVY_OK)
        return st;
    if (state == CASE_IS_NOT_LISTED)
        return aside(s, a, "its case is not in the study's list of cases", "", out, err);
    if (a->head.corrects[0] != '\0') {
        if ((st = find_corrected(s, a, arena, &first, &reason, err)) != SVY_OK)
            return st;
        if (reason != NULL)
            return aside(s, a, reason, a->head.corrects, out, err);
        row.corrects = first.number;
    }
    if (m->versions == 0 && a->head.uuid[14] == '8' && a->sittings[0].mode != SVY_MODE_ODK)      /* in the way when that version comes; of ODK's instanceIDs such are made, too */
        return aside(s, a, "its uuid is one that a study gives to a version of an interview, and no interview here has it", "", out, err);
    if (m->versions >= SVYI_VERSIONS)
        return aside(s, a, "there are sixteen versions of this interview already", "", out, err);
    if (conflicts != NULL) {
        svyi_uuid_make(uuid);                 /* until they are put in order */
        row.uuid = uuid;
    }
    const int plain = a->phase == SVY_COMPLETE && conflicts == NULL && row.corrects == 0;
    if (state == CASE_IS_NEW && (st = svyi_db_run(s, Q_CASE_ADD, SVYI_ARGS(svyi_arg_text(svy_form_id(v->form)), svyi_arg_text(a->head.case_id), svyi_arg_text(a->sittings[0].actor),
                                                                         svyi_arg_int(0)), err)) != SVY_OK)
        return st;
    st = plain ? add_complete(s, a, v, &row, err) : add_other(s, a, v, &row, conflicts, uuid, err);
    tell(out, conflicts != NULL ? SVY_KEPT_BOTH : SVY_STORED, row.uuid,
         conflicts != NULL ? "another version of this interview is here already, and differs: both are kept" : "");
    return st;
}

/* Where others wait for the writer, what waits for the interview is only told: trying it again runs the engine. */
static svy_status try_waiting(svy_study *s, const svy_arrival *a, svy_received *out, svy_error *err)
{
    int64_t first;
    const int found = out->receipt != SVY_KEPT_ASIDE ? svyi_db_number(s, Q_KEPT_WAITING, SVYI_ARGS(svyi_arg_text(a->head.uuid), svyi_arg_int(0)), &first, err) : 0;

    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    out->waiting = a->others_wait;
    return a->others_wait || out->receipt == SVY_STORED_ALREADY ? SVY_OK : svyi_kept_waiting(s, a->reception, a->head.uuid, err);
}

/* Nothing of it is stored, and what came for it before goes. `erased` 1: it was answered. */
static svy_status refuse_erased(svy_study *s, const svy_arrival *a, int *erased, svy_received *out, svy_error *err)
{
    char sentence[sizeof out->sentence];
    int64_t when, number;
    svy_status st = SVY_OK;
    const int found = a->head.uuid[0] != '\0' ? svyi_erased_when(s, a->head.uuid, a->head.corrects, &when, err) : 0;

    *erased = found == 1;
    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    svyi_erased_say(when, sentence, sizeof sentence);
    tell(out, SVY_ERASED, a->head.uuid, sentence);
    for (size_t i = 0; i < a->n_files && st == SVY_OK; i++) {
        uint8_t digest[SVYI_HASH];
        int opened;
        const int here = svyi_attachment_find(s, a->files[i].hash, &number, digest, &opened, err);
        if (here < 0)
            return svyi_db_failed(err);
        st = here == 1 ? svyi_db_run(s, Q_ATTACHMENT_DROP, SVYI_ARGS(svyi_arg_int(number)), err) : svyi_upload_forget(s, a->files[i].hash, err);
    }
    return st;
}

static svy_status take(svy_study *s, svy_arrival *a, svy_received *out, svy_error *err)
{
    int erased = 0;
    match m = { .found = 0 };
    svyi_arena arena;
    svyi_version *v;
    int complete, fit;
    svy_status st = svyi_upload_forget(s, a->hash, err);

    if (st != SVY_OK)
        return st;
    if (a->unopened) {
        tell(out, SVY_STORED, "", "");
        return svyi_keep_aside(s, a, "", "", err);
    }
    if ((st = refuse_erased(s, a, &erased, out, err)) != SVY_OK || erased)
        return st;
    if (a->reason[0] != '\0')
        return aside(s, a, a->reason, "", out, err);
    if ((st = svyi_files_here(s, a, &complete, &fit, err)) != SVY_OK)
        return st;
    if (!fit)
        return aside(s, a, "a file that came with it is not the one that it names", "", out, err);
    tell(out, SVY_NEEDS_FILES, a->head.uuid, "");
    if (!complete || (st = svyi_version_load(s, a->v->number, &v, err)) != SVY_OK)
        return st;
    svyi_arena_init(&arena, &s->alloc);
    if ((st = find_match(s, a, &arena, &m, err)) == SVY_OK && !m.found)
        st = take_new(s, a, v, &m, &arena, out, err);
    if (st == SVY_OK && m.found) {
        tell(out, m.how == GOES_ON ? SVY_STORED : SVY_STORED_ALREADY, m.row.uuid, "");
        st = m.how == GOES_ON ? go_on(s, a, &m.row, m.rest, m.common, err) : svyi_files_link(s, m.row.number, a, err);
    }
    svyi_arena_clear(&arena);
    return st == SVY_OK ? try_waiting(s, a, out, err) : st;
}

svy_status svyi_receive_one(svy_study *s, svy_arrival *a, svy_received *out, svy_error *err)
{
    const svy_status st = take(s, a, out, err);
    const char *actor = a->from.actor != NULL ? a->from.actor : a->n_sittings > 0 ? a->sittings[0].actor : "";

    if (st != SVY_OK || out->receipt == SVY_STORED_ALREADY || out->receipt == SVY_NEEDS_FILES)
        return st;
    return svy_study_audit(s, a->received, actor, "interview.receive", out->uuid, svy_receipt_name(out->receipt), err);
}

/* ---- many ---- */

/* Nearly all take less than a millisecond. */
static svy_status receive_either(svy_study *s, svy_arrival *a, svy_received *out, svy_error *err)
{
    enum { OTHERS_WAIT_MS = 100 };

    s->until_ns = a->others_wait ? svyi_processor_ns() + OTHERS_WAIT_MS * INT64_C(1000000) : 0;
    const svy_status st = a->kept_as != 0 ? svyi_kept_take(s, a, out, err) : svyi_receive_one(s, a, out, err);
    s->until_ns = 0;
    return st;
}

/* What goes wrong with one arrival and leaves the others be: it is kept aside. */
static int is_of_arrival(svy_status st)
{
    return st == SVY_E_INVALID || st == SVY_E_VALUE || st == SVY_E_NAME || st == SVY_E_STATE || st == SVY_E_LIMIT || st == SVY_E_TYPE || st == SVY_E_FORMAT;
}

static svy_status in_savepoint(svy_study *s, svy_arrival *a, svy_received *out, svy_error *err)
{
    svy_error why = SVY_ERROR_INIT;
    svy_status st = svyi_db_run(s, Q_SAVE, NULL, 0, err), back;

    if (st != SVY_OK)
        return st;
    if ((st = receive_either(s, a, out, &why)) == SVY_OK)
        return svyi_db_run(s, Q_RELEASE, NULL, 0, err);
    if (err != NULL)
        *err = why;
    if (!is_of_arrival(st) || s->dead)
        return st;
    if ((back = svyi_db_run(s, Q_BACK, NULL, 0, err)) != SVY_OK || (back = svyi_db_run(s, Q_RELEASE, NULL, 0, err)) != SVY_OK)
        return back;
    return aside(s, a, why.message, "", out, err);
}

/* `savepoints` 0: the first that goes wrong ends it. */
static svy_status receive_all(svy_study *s, svy_arrival *const *arrivals, size_t n, int savepoints, svy_received *results, svy_error *err)
{
    svy_status st = svyi_db_begin(s, err);

    if (st != SVY_OK)
        return st;
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = savepoints ? in_savepoint(s, arrivals[i], &results[i], err) : receive_either(s, arrivals[i], &results[i], err);
    if ((st = svyi_db_end(s, st, err)) != SVY_OK || s->depth > 0)
        return st;
    for (size_t i = 0; i < n; i++)
        if (results[i].receipt == SVY_ERASED) {
            svyi_log_try_empty(s);            /* files that came before it were in the log */
            break;
        }
    return SVY_OK;
}

svy_status svy_study_receive(svy_study *s, svy_arrival *const *arrivals, size_t n, svy_received *results, svy_error *err)
{
    svy_error why = SVY_ERROR_INIT;
    svy_status st;

    SVY_REQUIRE(s != NULL && (n == 0 || (arrivals != NULL && results != NULL)), err);
    /* Almost always nothing goes wrong, and savepoints cost: so without them first. */
    if (s->depth == 0) {
        if ((st = receive_all(s, arrivals, n, 0, results, &why)) == SVY_OK)
            return SVY_OK;
        if (!is_of_arrival(st) || s->dead) {
            if (err != NULL)
                *err = why;
            return st;
        }
    }
    return receive_all(s, arrivals, n, 1, results, err);
}

const char *svy_receipt_name(svy_receipt receipt)
{
    static const char *const NAMES[] = { "", "stored", "stored-already", "kept-both", "kept-aside", "needs-files", "erased" };

    return receipt >= SVY_STORED && receipt <= SVY_ERASED ? NAMES[receipt] : "";
}
