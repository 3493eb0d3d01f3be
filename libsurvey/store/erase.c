/* Erasing an interview: its keys, typed rows and what its journal says are destroyed; the hash chain stays. */
#include "store/people_priv.h"

#include <string.h>

/* What became of a case that has another interview: without the one that was erased it may be no conflict any more. */
static svy_status settle_case(svy_study *s, const char *form, const char *id, svy_error *err)
{
    static const char SQL[] = "UPDATE cases SET disposition = d.what FROM (SELECT CASE WHEN count(*) > 1 THEN 'conflict' WHEN max(i.phase) < 2 THEN ''"
                              " WHEN max(i.outcome) <> '' THEN max(i.outcome) ELSE 'complete' END AS what, count(*) AS n FROM interviews i JOIN forms f ON f.number = i.form"
                              " WHERE i.case_id = ?2 AND f.id = ?1 AND i.corrects IS NULL AND i.erased_utc_ms IS NULL) d"
                              " WHERE cases.form = ?1 AND cases.id = ?2 AND d.n > 0 AND cases.disposition <> d.what";

    return svyi_db_once(s, SQL, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(id)), err);
}

static svy_status erase_row(svy_study *s, const svyi_row *row, int64_t first, svy_moment now, svy_error *err)
{
    svyi_version *v;
    svy_status st = svyi_version_load(s, row->form, &v, err);

    if (st == SVY_OK && (st = svyi_rows_erase(s, v, first, err)) == SVY_OK && (st = svyi_db_run(s, Q_ERASING_ADD, SVYI_ARGS(svyi_arg_int(row->number)), err)) == SVY_OK &&
        (st = svyi_db_run(s, Q_EVENT_BLANK_ALL, SVYI_ARGS(svyi_arg_int(row->number)), err)) == SVY_OK && (st = svyi_packed_blank(s, row->number, NULL, err)) == SVY_OK &&
        (st = svyi_files_erase(s, row->number, err)) == SVY_OK && (st = svyi_db_run(s, Q_ERASING_DROP, NULL, 0, err)) == SVY_OK)
        st = svyi_db_run(s, Q_INTERVIEW_ERASED, SVYI_ARGS(svyi_arg_int(now.utc_ms), svyi_arg_int(row->number)), err);
    /* A case that an interview brought along goes with it; a case of the sample stays, without its contact data. */
    if (st == SVY_OK && row->case_id[0] != '\0' && (st = svyi_case_forget(s, svy_form_id(v->form), row->case_id, now, err)) == SVY_OK)
        st = svyi_db_run(s, Q_CASE_DROP, SVYI_ARGS(svyi_arg_text(svy_form_id(v->form)), svyi_arg_text(row->case_id)), err);
    return st == SVY_OK && row->case_id[0] != '\0' ? settle_case(s, svy_form_id(v->form), row->case_id, err) : st;
}

/* The interview and its corrections, oldest first. */
static svy_status erase_revisions(svy_study *s, const svyi_row *first, svy_moment now, svy_error *err)
{
    svyi_arena arena;
    svyi_row *rows = NULL;
    size_t n = 0, capacity = 0;
    sqlite3_stmt *stmt;
    int found = 0, bad = 0;
    svy_status st = svyi_db_query(s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(first->number)), &stmt, err);

    svyi_arena_init(&arena, &s->alloc);
    while (st == SVY_OK && !bad && (found = svyi_db_step(s, stmt, err)) == 1) {
        bad = svyi_grow(&s->alloc, &rows, &capacity, n + 1, sizeof *rows) != 0 || svyi_row_take(stmt, &arena, &rows[n]) < 0;
        n++;
    }
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    if (bad) {
        sqlite3_reset(stmt);
        st = svyi_nomem(err);
    }
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = erase_row(s, &rows[i], first->number, now, err);
    svyi_release(&s->alloc, rows, capacity * sizeof *rows);
    svyi_arena_clear(&arena);
    return st;
}

svy_status svy_study_erase(svy_study *s, const char *interview, const char *actor, const char *reason, svy_moment now, svy_error *err)
{
    svyi_arena arena;
    svyi_row row;
    svy_status st;

    SVY_REQUIRE(s != NULL && interview != NULL && actor != NULL && reason != NULL, err);
    if ((st = svyi_db_writable(s, err)) != SVY_OK)
        return st;
    svyi_arena_init(&arena, &s->alloc);
    int found = svyi_row_read(s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(interview)), &arena, &row, err);
    if (found < 0)
        st = svyi_db_failed(err);
    else if (found == 0)
        st = svyi_fail(err, SVY_E_NAME, "there is no interview '%.64s' in the study", interview);
    else if (row.corrects != 0)
        st = svyi_fail(err, SVY_E_STATE, "'%.64s' is the correction of an interview: erase that", interview);
    else if (s->sessions != NULL)
        st = svyi_fail(err, SVY_E_BUSY, "an interview is being carried out: erase when it has ended");
    if (st == SVY_OK && !row.erased && (st = svyi_db_begin(s, err)) == SVY_OK) {
        if ((st = svyi_db_run(s, Q_KEY_DROP, SVYI_ARGS(svyi_arg_text(interview)), err)) == SVY_OK && (st = erase_revisions(s, &row, now, err)) == SVY_OK &&
            (st = svyi_kept_erase(s, interview, err)) == SVY_OK)
            st = svyi_db_run(s, Q_ERASURE_ADD, SVYI_ARGS(svyi_arg_text(interview), svyi_arg_text(actor), svyi_arg_text(reason), svyi_arg_int(now.utc_ms), svyi_arg_int(now.zone_minutes)), err);
        if (st == SVY_OK)
            st = svy_study_audit(s, now, actor, "interview.erase", interview, "", err);
        st = svyi_db_end(s, st, err);
    }
    svyi_arena_clear(&arena);
    return st == SVY_OK && s->depth == 0 ? svyi_log_empty(s, "the interview was erased", err) : st;     /* within a merge: when that has ended */
}
