/* Submitting: one transaction that adds the sealed answers to the hash chain, writes the typed rows and closes the interview. */
#include "store/store_priv.h"

#include <string.h>

void svyi_submission_hash(const svyi_submission *m, const svy_form *form, uint8_t hash[SVYI_HASH])
{
    const int64_t numbers[] = { m->sequence, m->revision, m->form, m->utc_ms, m->zone };
    const char *const texts[] = { m->uuid, m->interview, m->journal, m->actor, m->reason, svy_form_id(form), svy_form_version(form) };
    svyi_hasher h;

    svyi_hasher_init(&h, NULL);
    svyi_hasher_bytes(&h, m->previous, m->previous_len);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        svyi_hasher_number(&h, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        svyi_hasher_text(&h, texts[i]);
    svyi_hasher_number(&h, (int64_t)svy_form_checksum(form));
    svyi_hasher_bytes(&h, m->rows_digest, m->rows_digest_len);
    svyi_hasher_bytes(&h, m->journal_digest, m->journal_digest_len);
    svyi_hasher_bytes(&h, m->nonce, m->nonce_len);
    svyi_hasher_bytes(&h, m->payload, m->payload_len);
    svyi_hasher_final(&h, hash);
}

/* The ordinary and the sensitive answers as JSON, one line each. 1 when there was room for them; `plain` receives how many bytes they take. */
static int write_answers(const svy_interview *iv, char *text, size_t room, size_t *plain)
{
    const size_t ordinary = svy_interview_json(iv, 0, text, room), rest = ordinary + 1 < room ? room - ordinary - 1 : 0;
    const size_t sensitive = svy_interview_json(iv, 1, rest > 0 ? text + ordinary + 1 : NULL, rest);

    if (ordinary < room)
        text[ordinary] = '\n';
    *plain = ordinary + 1 + sensitive;
    return *plain < room;
}

static svy_status seal_payload(const svy_alloc *alloc, const svy_interview *iv, svyi_prepared *p, svy_error *err)
{
    size_t room = 16384, plain;
    char *text = svyi_get(alloc, room);

    if (text != NULL && !write_answers(iv, text, room, &plain)) {        /* most answers fit at the first try */
        svyi_release(alloc, text, room);
        room = plain + 1;
        if ((text = svyi_get(alloc, room)) != NULL)
            (void)write_answers(iv, text, room, &plain);
    }
    if (text != NULL && (p->payload = svyi_get(alloc, plain + SVYI_TAG)) != NULL) {
        p->len = plain + SVYI_TAG;
        svyi_seal(p->key, p->nonce, text, plain, p->payload);
        svyi_wipe(text, plain);
    }
    svyi_release(alloc, text, room);
    return p->payload != NULL ? SVY_OK : svyi_nomem(err);
}

svy_status svyi_submission_prepare(const svy_alloc *alloc, const svyi_version *v, const svy_interview *iv, const svyi_row *row, svyi_prepared *p, svy_error *err)
{
    *p = (svyi_prepared){ .payload = NULL };
    svyi_random_bytes(p->key, sizeof p->key);
    svyi_random_bytes(p->nonce, sizeof p->nonce);
    const svy_status st = svyi_rows_make(alloc, v, iv, row, &p->made, err);
    return st == SVY_OK ? seal_payload(alloc, iv, p, err) : st;
}

void svyi_prepared_clear(const svy_alloc *alloc, svyi_prepared *p)
{
    svyi_wipe(p->key, sizeof p->key);
    svyi_made_clear(&p->made);
    svyi_release(alloc, p->payload, p->len);
    p->payload = NULL;
}

static svy_status chain_end(svy_study *s, int64_t *length, uint8_t head[SVYI_HASH], svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(s, Q_CHAIN_GET, NULL, 0, &stmt, err);

    if (st != SVY_OK)
        return st;
    int found = svyi_db_step(s, stmt, err);
    if (found < 0)
        return svyi_db_failed(err);
    if (found == 0 || sqlite3_column_bytes(stmt, 1) != SVYI_HASH) {
        sqlite3_reset(stmt);
        return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the end of its hash chain is missing; restore it from a backup", s->path);
    }
    *length = sqlite3_column_int64(stmt, 0);
    memcpy(head, sqlite3_column_blob(stmt, 1), SVYI_HASH);
    sqlite3_reset(stmt);
    return SVY_OK;
}

/* Adds the submission to the table and to the chain. The rest of `m` is filled in. */
static svy_status append(svy_study *s, svyi_submission *m, const svy_form *form, const uint8_t *key, svy_error *err)
{
    uint8_t head[SVYI_HASH], hash[SVYI_HASH];
    svy_status st = chain_end(s, &m->sequence, head, err);

    if (st != SVY_OK)
        return st;
    m->sequence++;
    m->previous = head;
    m->previous_len = sizeof head;
    svyi_submission_hash(m, form, hash);
    st = svyi_db_run(s, Q_SUBMISSION_ADD, SVYI_ARGS(svyi_arg_int(m->sequence), svyi_arg_text(m->uuid), svyi_arg_text(m->interview), svyi_arg_text(m->journal), svyi_arg_int(m->revision),
                  svyi_arg_int(m->form), svyi_arg_text(m->actor), svyi_arg_text(m->reason), svyi_arg_int(m->utc_ms), svyi_arg_int(m->zone), svyi_arg_blob(m->rows_digest, m->rows_digest_len),
                  svyi_arg_blob(m->journal_digest, m->journal_digest_len), svyi_arg_blob(m->nonce, m->nonce_len), svyi_arg_blob(m->payload, m->payload_len),
                  svyi_arg_blob(head, sizeof head), svyi_arg_blob(hash, sizeof hash)), err);
    if (st == SVY_OK)
        st = svyi_db_run(s, Q_KEY_ADD, SVYI_ARGS(svyi_arg_int(m->sequence), svyi_arg_blob(key, SVYI_KEY)), err);
    return st == SVY_OK ? svyi_db_run(s, Q_CHAIN_SET, SVYI_ARGS(svyi_arg_int(m->sequence), svyi_arg_blob(hash, sizeof hash)), err) : st;
}

svy_status svyi_first_row(svy_study *s, const svyi_row *row, svyi_arena *arena, svyi_row *first, svy_error *err)
{
    *first = *row;
    if (row->corrects == 0)
        return SVY_OK;
    int found = svyi_row_read(s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(row->corrects)), arena, first, err);
    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: a corrected interview is missing; restore it from a backup", s->path);
    first->ended = row->ended;
    first->outcome = row->outcome;
    first->language = row->language;
    return SVY_OK;
}

svy_status svyi_case_settle(svy_study *s, const svyi_version *v, const char *case_id, const char *disposition, svy_error *err)
{
    const char *form = svy_form_id(v->form);
    int64_t interviews;

    if (svyi_db_number(s, Q_CASE_COUNT, SVYI_ARGS(svyi_arg_text(case_id), svyi_arg_text(form)), &interviews, err) < 0)
        return svyi_db_failed(err);
    if (interviews > 1)
        disposition = "conflict";
    if (disposition == NULL)
        return SVY_OK;
    const svy_status st = svyi_db_run(s, Q_CASE_DISPOSITION, SVYI_ARGS(svyi_arg_text(disposition), svyi_arg_text(form), svyi_arg_text(case_id)), err);
    if (st != SVY_OK || sqlite3_changes(s->db) > 0)
        return st;
    return svyi_db_run(s, Q_CASE_DISPOSITION_RETURNED, SVYI_ARGS(svyi_arg_text(disposition), svyi_arg_text(form), svyi_arg_text(case_id)), err);
}

/* The interview's own row and its case. */
static svy_status close_row(svy_study *s, const svyi_version *v, const svyi_row *row, svy_error *err)
{
    svy_status st = svyi_db_run(s, Q_INTERVIEW_DONE, SVYI_ARGS(svyi_arg_text(row->outcome), svyi_arg_int(row->ended.utc_ms), svyi_arg_int(row->ended.zone_minutes),
                                                            svyi_arg_int(row->blanked), svyi_arg_int(row->number)), err);

    if (st == SVY_OK && row->case_id[0] != '\0')
        st = svyi_case_settle(s, v, row->case_id, row->outcome[0] != '\0' ? row->outcome : "complete", err);
    return st;
}

svy_status svyi_submission_add(svy_study *s, const svyi_version *v, const svyi_prepared *p, const uint8_t rows[SVYI_HASH], const svyi_row *first, const svyi_row *row,
                               int64_t revision, const uint8_t journal[SVYI_HASH], svy_moment now, svy_error *err)
{
    char uuid[SVYI_UUID];

    svyi_uuid_make(uuid);
    svyi_submission m = { .revision = revision, .form = v->number, .utc_ms = now.utc_ms, .zone = now.zone_minutes, .uuid = uuid, .interview = first->uuid,
                          .journal = row->uuid, .actor = row->interviewer, .reason = row->reason, .rows_digest = rows, .rows_digest_len = SVYI_HASH,
                          .journal_digest = journal, .journal_digest_len = SVYI_HASH, .nonce = p->nonce, .nonce_len = sizeof p->nonce, .payload = p->payload,
                          .payload_len = p->len };
    return append(s, &m, v->form, p->key, err);
}

svy_status svyi_submission_store(svy_study *s, svyi_version *v, svyi_prepared *p, const svyi_row *first, const svyi_row *row, int64_t revision,
                                 const uint8_t journal[SVYI_HASH], svy_moment now, svy_error *err)
{
    uint8_t rows[SVYI_HASH];
    const svy_status st = svyi_rows_put(s, v, &p->made, first->number, err);

    if (st != SVY_OK)
        return st;
    svyi_made_digest(&p->made, first->number, p->key, rows);
    return svyi_submission_add(s, v, p, rows, first, row, revision, journal, now, err);
}

/* What of a submission depends on the file: earlier revisions, whose typed rows go, and the journal. */
static svy_status submit_prepared(svy_study *s, svyi_version *v, svyi_prepared *p, const svyi_row *first, const svyi_row *row, svy_moment now, svy_error *err)
{
    uint8_t journal[SVYI_HASH];
    int64_t revision = 0;
    svy_status st = svyi_events_digest(s, row->number, p->key, journal, err);

    if (st == SVY_OK && svyi_db_number(s, Q_SUBMISSION_LAST, SVYI_ARGS(svyi_arg_text(first->uuid)), &revision, err) < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK)
        st = svyi_rows_erase(s, v, first->number, err);
    return st == SVY_OK ? svyi_submission_store(s, v, p, first, row, revision + 1, journal, now, err) : st;
}

svy_status svyi_submit(svy_study *s, svyi_version *v, const svy_interview *iv, svyi_row *row, svy_moment now, svy_error *err)
{
    svyi_prepared p = { .payload = NULL };
    svyi_arena arena;
    svyi_row first;

    svyi_arena_init(&arena, &s->alloc);
    row->ended = now;
    row->outcome = svy_interview_outcome(iv);
    row->language = svy_form_language(v->form, svy_interview_current_language(iv));
    svy_status st = svyi_events_blank(s, row->number, v->form, svy_interview_end(iv), &row->blanked, err);
    if (st == SVY_OK && (st = svyi_typed_levels(s, v, err)) == SVY_OK && (st = svyi_first_row(s, row, &arena, &first, err)) == SVY_OK &&
        (st = svyi_submission_prepare(&s->alloc, v, iv, &first, &p, err)) == SVY_OK && (st = submit_prepared(s, v, &p, &first, row, now, err)) == SVY_OK)
        st = close_row(s, v, row, err);
    svyi_prepared_clear(&s->alloc, &p);
    svyi_arena_clear(&arena);
    return st;
}

svy_status svyi_submit_prepared(svy_study *s, svyi_version *v, const svyi_version *of, const svyi_prepared *p, svyi_row *row, uint32_t end, svy_moment now, svy_error *err)
{
    svyi_prepared again = *p;
    svyi_arena arena;
    svyi_row first;

    again.made.tables = NULL;
    svyi_arena_init(&arena, &s->alloc);
    row->ended = now;
    svy_status st = svyi_events_blank(s, row->number, v->form, end, &row->blanked, err);
    if (st == SVY_OK && (st = svyi_typed_levels(s, v, err)) == SVY_OK && (st = svyi_first_row(s, row, &arena, &first, err)) == SVY_OK &&
        (st = svyi_rows_again(&s->alloc, of, &p->made, &first, &again.made, err)) == SVY_OK && (st = submit_prepared(s, v, &again, &first, row, now, err)) == SVY_OK)
        st = close_row(s, v, row, err);
    svyi_made_clear(&again.made);
    svyi_wipe(again.key, sizeof again.key);
    svyi_arena_clear(&arena);
    return st;
}
