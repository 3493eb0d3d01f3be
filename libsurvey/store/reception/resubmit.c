/* Submitting again what is in the file: a correction that counts from now on, an interview that has another uuid, answers that an early end kept and that came without the others. */
#include <string.h>

#include "interview/ended.h"
#include "store/store_priv.h"

/* ---- of an early end ---- */

/* The early end of this outcome that keeps only some sections; 0 when there is none. */
static uint32_t find_end(const svy_form *form, const svy_event *completed)
{
    for (uint32_t i = 1; i < svy_form_items(form); i++) {
        const char *outcome = svy_form_outcome(form, i);
        uint32_t n = 0;
        (void)svy_form_keep(form, i, &n);
        if (n > 0 && strlen(outcome) == completed->value_len && memcmp(outcome, completed->value, completed->value_len) == 0)
            return i;
    }
    return 0;
}

/* An event that was kept, numbered as if the others had never been. */
static svy_status replay_one(svy_interview *iv, const svy_form *form, const svy_event *event, uint64_t *sequence, svy_error *err)
{
    svy_event e = *event;
    svy_status st;

    e.sequence = ++*sequence;
    if (e.action == SVY_DID_COMPLETE) {
        const uint32_t end = find_end(form, &e);
        if (end == 0)
            return svyi_fail(err, SVY_E_INVALID, "the questionnaire has no early end of its outcome");
        if ((st = svyi_end_given(iv, end, e.moment, err)) != SVY_OK)
            return st;
    }
    return svy_interview_replay(iv, &e, err);
}

/* The answers that were kept, run through the engine without those that were not. */
static svy_status replay_kept(svy_study *s, int64_t number, const svy_form *form, svy_interview **out, svy_moment *last, svy_error *err)
{
    svyi_events it;
    uint64_t sequence = 0, n = 0;
    int found = 0;
    svy_status st = svy_interview_replay_begin(&s->alloc, form, NULL, out, err);

    if (st != SVY_OK || (st = svyi_events_open(s, &it, 1, err)) != SVY_OK)
        return st;
    st = svyi_events_of(&it, number, err);
    while (st == SVY_OK && (st = svyi_in_time(s, n++, err)) == SVY_OK && (found = svyi_events_next(&it, err)) == 1) {
        *last = it.event.moment;
        if (!it.erased)
            st = replay_one(*out, form, &it.event, &sequence, err);
    }
    svyi_events_close(&it);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* ---- any ---- */

/* The row of that number. It is the first of its revisions, because corrections come after what they correct. */
static svy_status find_row(svy_study *s, int64_t number, svyi_arena *arena, svyi_row *row, svyi_version **v, svy_error *err)
{
    const int found = svyi_row_read(s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(number)), arena, row, err);

    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: an interview is missing; restore it from a backup", s->path);
    return svyi_version_load(s, row->form, v, err);
}

svy_status svyi_submit_kept(svy_study *s, int64_t number, svy_error *err)
{
    svyi_arena arena;
    svyi_row row;
    svyi_version *v;
    svy_interview *iv = NULL;
    svy_moment last = { 0, 0, 0 };

    svyi_arena_init(&arena, &s->alloc);
    svy_status st = find_row(s, number, &arena, &row, &v, err);
    if (st == SVY_OK && (st = replay_kept(s, number, v->form, &iv, &last, err)) == SVY_OK)
        st = svy_interview_phase(iv) == SVY_COMPLETE ? svyi_submit(s, v, iv, &row, last, err) : svyi_fail(err, SVY_E_INVALID, "it kept no answers, and is not complete");
    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE interviews SET blanked = 1, seed = ? WHERE number = ?", SVYI_ARGS(svyi_arg_int((int64_t)svy_interview_seed(iv)), svyi_arg_int(number)), err);
    svy_interview_free(iv);
    svyi_arena_clear(&arena);
    return st;
}

/* ---- under another uuid ---- */

/* Seals what the submission that a statement stands on says under a key of its own. 0 when it cannot be opened. */
static int seal_again(svy_study *s, sqlite3_stmt *stmt, svyi_prepared *p)
{
    const size_t sealed = (size_t)sqlite3_column_bytes(stmt, 2), n = sealed >= SVYI_TAG ? sealed - SVYI_TAG : 0;
    uint8_t *plain = svyi_get(&s->alloc, n);

    if (plain == NULL || sqlite3_column_bytes(stmt, 1) != SVYI_NONCE || sqlite3_column_bytes(stmt, 3) != SVYI_KEY || (p->payload = svyi_get(&s->alloc, sealed)) == NULL) {
        svyi_release(&s->alloc, plain, n);
        return 0;
    }
    p->len = sealed;
    svyi_random_bytes(p->key, sizeof p->key);
    svyi_random_bytes(p->nonce, sizeof p->nonce);
    const int opened = svyi_unseal(sqlite3_column_blob(stmt, 3), sqlite3_column_blob(stmt, 1), sqlite3_column_blob(stmt, 2), sealed, plain);
    if (opened)
        svyi_seal(p->key, p->nonce, plain, n, p->payload);
    svyi_wipe(plain, n);
    svyi_release(&s->alloc, plain, n);
    return opened;
}

/* The answers of the newest submission of an interview and its corrections, when it is that of the row: then the typed rows in the file are those of it, too. */
static svy_status find_answers(svy_study *s, const svyi_row *row, const svyi_row *first, svyi_prepared *p, int *found, svy_error *err)
{
    static const char SQL[] = "SELECT coalesce(o.interview, (SELECT number FROM interviews WHERE uuid = m.journal)), m.nonce, m.payload, k.key FROM submissions m"
                              " JOIN payload_keys k ON k.submission = m.sequence LEFT JOIN submissions_moved o ON o.submission = m.sequence WHERE m.sequence ="
                              " (SELECT max(sequence) FROM (SELECT max(submission) AS sequence FROM submissions_moved WHERE interview IN"
                              " (SELECT number FROM interviews WHERE number = ?1 OR corrects = ?1) UNION ALL SELECT max(n.sequence) FROM submissions n"
                              " WHERE n.interview = ?2 AND n.sequence NOT IN (SELECT submission FROM submissions_moved)))";
    sqlite3_stmt *stmt = NULL;
    int step = 0;
    svy_status st = svyi_db_prepare(s, SQL, &stmt, err);

    *found = 0;
    if (st == SVY_OK && (st = svyi_db_bind(s, stmt, 1, svyi_arg_int(first->number), err)) == SVY_OK && (st = svyi_db_bind(s, stmt, 2, svyi_arg_text(first->uuid), err)) == SVY_OK)
        step = svyi_db_step(s, stmt, err);
    if (step == 1 && sqlite3_column_int64(stmt, 0) == row->number)
        *found = seal_again(s, stmt, p);
    sqlite3_finalize(stmt);
    return st == SVY_OK && step < 0 ? svyi_db_failed(err) : st;
}

/* What was submitted last, under the uuid that the interview has now. It says the same, so the engine need not run: this is done on the writer's thread. */
static svy_status submit_same(svy_study *s, svyi_version *v, const svyi_row *row, const svyi_row *first, const svyi_prepared *p, svy_error *err)
{
    uint8_t rows[SVYI_HASH], journal[SVYI_HASH];
    int64_t revision = 0;
    size_t n;
    svy_status st = svyi_rows_rename(s, v, first->number, first->uuid, err);

    if (st == SVY_OK && (st = svyi_rows_digest(s, v, first->number, p->key, rows, &n, err)) == SVY_OK)
        st = svyi_events_digest(s, row->number, p->key, journal, err);
    if (st == SVY_OK && svyi_db_number(s, Q_SUBMISSION_LAST, SVYI_ARGS(svyi_arg_text(first->uuid)), &revision, err) < 0)
        st = svyi_db_failed(err);
    return st == SVY_OK ? svyi_submission_add(s, v, p, rows, first, row, revision + 1, journal, row->ended, err) : st;
}

/* `done` 0: the engine has to make it. */
static svy_status submit_renamed(svy_study *s, svyi_version *v, const svyi_row *row, svyi_arena *arena, int *done, svy_error *err)
{
    svyi_prepared p = { .payload = NULL };
    svyi_row first;
    svy_status st = svyi_first_row(s, row, arena, &first, err);

    *done = 0;
    if (st == SVY_OK && (st = find_answers(s, row, &first, &p, done, err)) == SVY_OK && *done)
        st = submit_same(s, v, row, &first, &p, err);
    svyi_prepared_clear(&s->alloc, &p);
    return st;
}

svy_status svyi_submit_again(svy_study *s, int64_t number, svy_error *err)
{
    svyi_arena arena;
    svyi_version *v;
    svyi_row row;
    svy_interview *iv = NULL;
    int done = 0;

    svyi_arena_init(&arena, &s->alloc);
    svy_status st = find_row(s, number, &arena, &row, &v, err);
    if (st == SVY_OK)
        st = submit_renamed(s, v, &row, &arena, &done, err);
    if (st == SVY_OK && !done && row.blanked)
        st = svyi_submit_kept(s, number, err);
    else if (st == SVY_OK && !done && (st = svyi_journal_replay(s, number, v->form, NULL, &iv, err)) == SVY_OK)
        st = svyi_submit(s, v, iv, &row, row.ended, err);
    svy_interview_free(iv);
    svyi_arena_clear(&arena);
    return st;
}
