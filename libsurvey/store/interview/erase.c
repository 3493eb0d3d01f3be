/* Erasing an interview for good: its keys, its typed rows, what its journal says, its files; the chain of submissions holds, because only keys go. A mark stays, by which
   whatever carries the interview later is known and not stored. */
#define _POSIX_C_SOURCE 200809L
#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- one interview ---- */

/* What became of a case that has another interview: without the one that was erased it may be no conflict any more. */
static svy_status settle_case(svy_study *s, const char *form, const char *id, svy_error *err)
{
    static const char SQL[] = "UPDATE cases SET disposition = d.what FROM (SELECT CASE WHEN count(*) > 1 THEN 'conflict' WHEN max(i.phase) < 2 THEN ''"
                              " WHEN max(i.outcome) <> '' THEN max(i.outcome) ELSE 'complete' END AS what, count(*) AS n FROM interviews i JOIN forms f ON f.number = i.form"
                              " WHERE i.case_id = ?2 AND f.id = ?1 AND i.corrects IS NULL AND i.erased_utc_ms IS NULL) d"
                              " WHERE cases.form = ?1 AND cases.id = ?2 AND d.n > 0 AND cases.disposition <> d.what";

    /* Nobody gave it to anybody: it is whose interview is left, as where the other one never came. The moment moves and comes back, because it was not given now either. */
    static const char OWNER[] = "UPDATE cases SET assigned_utc_ms = 1, assigned = coalesce((SELECT i.interviewer FROM interviews i JOIN forms f ON f.number = i.form WHERE i.case_id = ?2"
                                " AND f.id = ?1 AND i.corrects IS NULL AND i.erased_utc_ms IS NULL ORDER BY i.started_utc_ms, i.uuid LIMIT 1), assigned)"
                                " WHERE form = ?1 AND id = ?2 AND listed = 0 AND assigned_utc_ms = 0";
    static const char MOMENT[] = "UPDATE cases SET assigned_utc_ms = 0 WHERE form = ? AND id = ? AND assigned_utc_ms = 1";
    const svyi_arg which[] = { svyi_arg_text(form), svyi_arg_text(id) };
    svy_status st = svyi_db_once(s, SQL, which, 2, err);

    if (st == SVY_OK)
        st = svyi_db_once(s, OWNER, which, 2, err);
    return st == SVY_OK ? svyi_db_once(s, MOMENT, which, 2, err) : st;
}

static svy_status erase_row(svy_study *s, const svyi_row *row, int64_t first, svy_moment now, svy_error *err)
{
    const svyi_arg number = svyi_arg_int(row->number);
    svyi_version *v;
    svy_status st = svyi_version_load(s, row->form, &v, err);

    if (st == SVY_OK && (st = svyi_rows_erase(s, v, first, err)) == SVY_OK && (st = svyi_db_run(s, Q_ERASING_ADD, &number, 1, err)) == SVY_OK &&
        (st = svyi_db_run(s, Q_EVENT_BLANK_ALL, &number, 1, err)) == SVY_OK && (st = svyi_packed_blank(s, row->number, NULL, err)) == SVY_OK &&
        (st = svyi_files_erase(s, row->number, err)) == SVY_OK && (st = svyi_db_run(s, Q_ERASING_DROP, NULL, 0, err)) == SVY_OK &&
        (st = svyi_db_once(s, "DELETE FROM sync_digests WHERE interview = ?", &number, 1, err)) == SVY_OK)
        st = svyi_db_run(s, Q_INTERVIEW_ERASED, SVYI_ARGS(svyi_arg_int(now.utc_ms), number), err);
    /* A case that an interview brought along goes with it; a case of the sample stays, without its contact data. */
    if (st == SVY_OK && row->case_id[0] != '\0' && (st = svyi_case_forget(s, svy_form_id(v->form), row->case_id, now, err)) == SVY_OK)
        st = svyi_db_run(s, Q_CASE_DROP, SVYI_ARGS(svyi_arg_text(svy_form_id(v->form)), svyi_arg_text(row->case_id)), err);
    return st == SVY_OK && row->case_id[0] != '\0' ? settle_case(s, svy_form_id(v->form), row->case_id, err) : st;
}

/* Rows of a query with one argument, and texts of them in the arena. */
typedef struct rows { svyi_arena arena; svyi_row *items; size_t n, capacity; } rows;

static svy_status read_rows(svy_study *s, svyi_sql which, svyi_arg arg, rows *out, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found = 0, bad = 0;
    svy_status st = svyi_db_query(s, which, &arg, 1, &stmt, err);

    while (st == SVY_OK && !bad && (found = svyi_db_step(s, stmt, err)) == 1) {
        bad = svyi_grow(&s->alloc, &out->items, &out->capacity, out->n + 1, sizeof *out->items) != 0 || svyi_row_take(stmt, &out->arena, &out->items[out->n]) < 0;
        out->n += !bad;
    }
    if (bad) {
        sqlite3_reset(stmt);
        return svyi_nomem(err);
    }
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

static void clear_rows(svy_study *s, rows *r)
{
    svyi_release(&s->alloc, r->items, r->capacity * sizeof *r->items);
    svyi_arena_clear(&r->arena);
}

/* One version with its corrections, oldest first. `undone` counts those that were not erased yet. */
static svy_status erase_version(svy_study *s, const svyi_row *first, svy_moment now, uint64_t *undone, svy_error *err)
{
    rows all = { .n = 0 };

    svyi_arena_init(&all.arena, &s->alloc);
    svy_status st = svyi_db_run(s, Q_KEY_DROP, SVYI_ARGS(svyi_arg_text(first->uuid), svyi_arg_int(first->number)), err);
    if (st == SVY_OK)
        st = read_rows(s, Q_INTERVIEW_REVISIONS, svyi_arg_int(first->number), &all, err);
    for (size_t i = 0; i < all.n && st == SVY_OK; i++) {
        if ((st = svyi_kept_erase(s, all.items[i].uuid, err)) != SVY_OK || all.items[i].erased)
            continue;
        ++*undone;
        st = erase_row(s, &all.items[i], first->number, now, err);
    }
    clear_rows(s, &all);
    return st;
}

/* ---- marks ---- */

/* `made` becomes 1 when it was not there. */
static svy_status add_mark(svy_study *s, const svyi_erasure *e, const char *uuid, int *made, svy_error *err)
{
    static const char SQL[] = "INSERT INTO erasures(interview, actor, reason, utc_ms, zone, organisation) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM erasures"
                              " WHERE interview = ?1 AND actor = ?2 AND reason = ?3 AND utc_ms = ?4 AND zone = ?5)";
    const svy_status st = svyi_db_once(s, SQL, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_text(e->actor), svyi_arg_text(e->reason), svyi_arg_int(e->when.utc_ms),
                                                      svyi_arg_int(e->when.zone_minutes), svyi_arg_text(e->organisation)), err);

    *made |= st == SVY_OK && sqlite3_changes(s->db) > 0;
    return st;
}

svy_status svyi_erase(svy_study *s, const svyi_erasure *e, svy_moment now, uint64_t *undone, svy_error *err)
{
    rows versions = { .n = 0 };
    int made = 0;
    svy_status st;

    *undone = 0;
    if (s->sessions != NULL)
        return svyi_fail(err, SVY_E_BUSY, "an interview is being carried out: erase when it has ended");
    svyi_arena_init(&versions.arena, &s->alloc);
    if ((st = read_rows(s, Q_INTERVIEW_VERSIONS, svyi_arg_text(e->uuid), &versions, err)) == SVY_OK && (st = svyi_kept_erase(s, e->uuid, err)) == SVY_OK)
        st = add_mark(s, e, e->uuid, &made, err);
    for (size_t i = 0; i < versions.n && st == SVY_OK; i++)
        if ((st = erase_version(s, &versions.items[i], now, undone, err)) == SVY_OK && versions.items[i].corrects == 0)
            st = add_mark(s, e, versions.items[i].uuid, &made, err);
    clear_rows(s, &versions);
    return st == SVY_OK && made ? svy_study_audit(s, now, e->actor, "interview.erase", e->uuid, "", err) : st;
}

int svyi_erased_when(svy_study *s, const char *uuid, const char *other, int64_t *utc_ms, svy_error *err)
{
    const int found = svyi_db_number(s, Q_ERASED, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_text(other[0] != '\0' ? other : NULL)), utc_ms, err);

    return found != 1 ? found : svyi_db_number(s, Q_ERASED_WHEN, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_text(other[0] != '\0' ? other : uuid)), utc_ms, err);
}

void svyi_erased_say(int64_t utc_ms, char *out, size_t size)
{
    const time_t seconds = (time_t)(utc_ms / 1000);
    struct tm t = { .tm_year = 70 };

    (void)gmtime_r(&seconds, &t);
    snprintf(out, size, "this interview was erased on %04d-%02d-%02d, and stays erased: nothing of it was stored, and it can be deleted here", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
}

svy_status svy_study_was_erased(svy_study *s, const char *uuid, int *erased, char *sentence, size_t size, svy_error *err)
{
    int64_t when = 0;

    SVY_REQUIRE(s != NULL && uuid != NULL && erased != NULL && (sentence != NULL || size == 0), err);
    const int found = svyi_erased_when(s, uuid, "", &when, err);
    *erased = found == 1;
    if (found < 0)
        return svyi_db_failed(err);
    if (found == 1 && size > 0)
        svyi_erased_say(when, sentence, size);
    return SVY_OK;
}

/* ---- on request ---- */

/* What the interview is known by everywhere, and whose it is. */
static svy_status find_erasure(svy_study *s, const char *interview, svyi_arena *arena, svyi_erasure *e, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found, correction;
    svy_status st = svyi_once(s, "SELECT coalesce(conflicts, uuid), organisation, corrects IS NOT NULL FROM interviews WHERE uuid = ?", SVYI_ARGS(svyi_arg_text(interview)), &stmt, err);

    if (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) != 1)
        st = found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "there is no interview '%.64s' in the study", interview);
    if (st == SVY_OK) {
        const char *uuid = svyi_db_text(stmt, 0), *organisation = svyi_db_text(stmt, 1);
        e->uuid = svyi_arena_text(arena, uuid, strlen(uuid));
        e->organisation = svyi_arena_text(arena, organisation, strlen(organisation));
        correction = sqlite3_column_int(stmt, 2);
        if (e->uuid == NULL || e->organisation == NULL)
            st = svyi_nomem(err);
        else if (correction)
            st = svyi_fail(err, SVY_E_STATE, "'%.64s' is the correction of an interview: erase that", interview);
    }
    sqlite3_finalize(stmt);
    return st;
}

svy_status svy_study_erase(svy_study *s, const char *interview, const char *actor, const char *reason, svy_moment now, svy_error *err)
{
    svyi_erasure e = { .actor = actor, .reason = reason, .when = now };
    svyi_arena arena;
    int64_t when;
    uint64_t undone;
    svy_status st;

    SVY_REQUIRE(s != NULL && interview != NULL && actor != NULL && reason != NULL, err);
    if ((st = svyi_db_writable(s, err)) != SVY_OK)
        return st;
    const int erased = svyi_erased_when(s, interview, "", &when, err);
    if (erased < 0)
        return svyi_db_failed(err);
    svyi_arena_init(&arena, &s->alloc);
    if (!erased && (st = find_erasure(s, interview, &arena, &e, err)) == SVY_OK && (st = svyi_db_begin(s, err)) == SVY_OK)
        st = svyi_db_end(s, svyi_erase(s, &e, now, &undone, err), err);
    svyi_arena_clear(&arena);
    return st == SVY_OK ? svyi_log_empty(s, "the interview was erased", err) : st;
}
