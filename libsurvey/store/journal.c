/* The journal in the study file: adding events, rebuilding an interview from them, blanking what is not kept, reading them out. */
#include "store/store_priv.h"

#include <string.h>

svy_status svyi_event_add(svy_study *s, int64_t number, const svy_form *form, const svy_event *e, svy_error *err)
{
    char hashed[SVYI_HASHED_KEY];
    const char *item = e->item != NULL ? e->item : "";
    svyi_arg value = svyi_arg_text_n(e->value, e->value_len);
    uint32_t index;

    /* What a participant key was made of never reaches the file. */
    if (e->action == SVY_DID_ANSWER && e->missing == SVY_PRESENT && svy_form_find(form, item, strlen(item), &index) &&
        svy_form_item(form, index)->type == SVY_T_KEY) {
        svyi_keyed_hex(s->key, e->value, e->value_len, hashed);
        value = svyi_arg_text(hashed);
    }
    return svyi_db_run(s, Q_EVENT_ADD, SVYI_ARGS(svyi_arg_int(number), svyi_arg_int((int64_t)e->sequence), svyi_arg_int(e->moment.utc_ms), svyi_arg_int(e->moment.zone_minutes),
                                              svyi_arg_int(e->moment.mono_ms), svyi_arg_int(e->action), svyi_arg_text(item), svyi_arg_text(e->entry != NULL ? e->entry : ""), value,
                                              svyi_arg_int(e->missing), svyi_arg_text(e->reason != NULL ? e->reason : "")), err);
}

svy_event svyi_event_read(sqlite3_stmt *stmt, int *erased)
{
    svy_event e = { .sequence = (uint64_t)sqlite3_column_int64(stmt, 0) };

    e.moment.utc_ms = sqlite3_column_int64(stmt, 1);
    e.moment.zone_minutes = (int32_t)sqlite3_column_int64(stmt, 2);
    e.moment.mono_ms = sqlite3_column_int64(stmt, 3);
    e.action = (svy_action)sqlite3_column_int(stmt, 4);
    e.item = svyi_db_text(stmt, 5);
    e.entry = svyi_db_text(stmt, 6);
    e.value = svyi_db_text(stmt, 7);
    e.value_len = (uint32_t)sqlite3_column_bytes(stmt, 7);
    e.missing = (svy_missing)sqlite3_column_int(stmt, 8);
    e.reason = svyi_db_text(stmt, 9);
    if (erased != NULL)
        *erased = sqlite3_column_int(stmt, 10);
    return e;
}

svy_status svyi_journal_replay(svy_study *s, int64_t number, const svy_form *form, const svy_journal *journal, svy_interview **out, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    svy_interview *iv;
    int found = 0;
    svy_status st = svy_interview_replay_begin(&s->alloc, form, journal, &iv, err);

    *out = NULL;
    if (st != SVY_OK)
        return st;
    st = svyi_db_query(s, Q_EVENTS, SVYI_ARGS(svyi_arg_int(number)), &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        svy_event event = svyi_event_read(stmt, NULL);
        st = svy_interview_replay(iv, &event, err);
    }
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    if (st != SVY_OK) {
        sqlite3_reset(stmt);
        svy_interview_free(iv);
        return st;
    }
    *out = iv;
    return SVY_OK;
}

svy_status svyi_events_digest(svy_study *s, int64_t number, const uint8_t key[SVYI_KEY], uint8_t digest[SVYI_HASH], svy_error *err)
{
    sqlite3_stmt *stmt;
    svyi_hasher h;
    int found;
    svy_status st = svyi_db_query(s, Q_EVENTS, SVYI_ARGS(svyi_arg_int(number)), &stmt, err);

    memset(digest, 0, SVYI_HASH);
    if (st != SVY_OK)
        return st;
    svyi_hasher_init(&h, key);
    while ((found = svyi_db_step(s, stmt, err)) == 1) {
        int erased;
        svy_event e = svyi_event_read(stmt, &erased);
        const int64_t numbers[] = { (int64_t)e.sequence, e.moment.utc_ms, e.moment.zone_minutes, e.moment.mono_ms, (int64_t)e.action, (int64_t)e.missing, erased };
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            svyi_hasher_number(&h, numbers[i]);
        svyi_hasher_text(&h, e.item);
        svyi_hasher_text(&h, e.entry);
        svyi_hasher_bytes(&h, e.value, e.value_len);
        svyi_hasher_text(&h, e.reason);
    }
    svyi_hasher_final(&h, digest);
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

/* What an early end leaves of an event: as the engine does with answers, plus whatever shows the way through questions that are not kept. */
static int is_kept(const svy_form *form, uint32_t end, const svy_event *e)
{
    uint32_t item = 0, n = 0;
    const uint32_t *sections = svy_form_keep(form, end, &n);

    if (e->item[0] == '\0')
        return e->action != SVY_DID_OVERRIDE;
    if (!svy_form_find(form, e->item, strlen(e->item), &item))
        return 0;
    if (svy_form_item(form, item)->kind == SVY_EL_PARAMETER || item == end)
        return 1;
    for (uint32_t i = 0; i < n; i++)
        if (item >= sections[i] && item < svy_form_item(form, sections[i])->end)
            return 1;
    return 0;
}

svy_status svyi_events_blank(svy_study *s, int64_t number, const svy_form *form, uint32_t end, int *blanked, svy_error *err)
{
    sqlite3_stmt *stmt;
    uint64_t *drop = NULL;
    size_t n = 0, capacity = 0;
    uint32_t keeps = 0;
    int found, bad = 0;

    *blanked = 0;
    if (end != 0)
        svy_form_keep(form, end, &keeps);
    if (keeps == 0)
        return SVY_OK;
    svy_status st = svyi_db_query(s, Q_EVENTS, SVYI_ARGS(svyi_arg_int(number)), &stmt, err);
    if (st != SVY_OK)
        return st;
    while (!bad && (found = svyi_db_step(s, stmt, err)) != 0) {
        svy_event e = found == 1 ? svyi_event_read(stmt, NULL) : (svy_event){ .item = "" };
        if (found == 1 && !is_kept(form, end, &e))
            bad = svyi_grow(&s->alloc, &drop, &capacity, n + 1, sizeof *drop) != 0;
        if (found < 0) {
            st = svyi_db_failed(err);
            break;
        }
        if (!bad && !is_kept(form, end, &e))
            drop[n++] = e.sequence;
    }
    sqlite3_reset(stmt);
    if (bad)
        st = svyi_nomem(err);
    if (st == SVY_OK && n > 0)
        st = svyi_db_run(s, Q_ERASING_ADD, SVYI_ARGS(svyi_arg_int(number)), err);
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = svyi_db_run(s, Q_EVENT_BLANK, SVYI_ARGS(svyi_arg_int(number), svyi_arg_int((int64_t)drop[i])), err);
    if (st == SVY_OK && n > 0)
        st = svyi_db_run(s, Q_ERASING_DROP, NULL, 0, err);
    svyi_release(&s->alloc, drop, capacity * sizeof *drop);
    *blanked = n > 0;
    return st;
}

/* The statement is of this call alone, so that `each` may use the study. */
svy_status svy_study_events(svy_study *s, const char *form, const char *interview,
                            svy_status (*each)(void *user, const char *interview, const svy_event *event), void *user, svy_error *err)
{
    static const char SQL[] =
        "SELECT e.sequence, e.utc_ms, e.zone, e.mono_ms, e.action, e.item, e.entry, e.value, e.missing, e.reason, e.erased, i.uuid"
        " FROM interviews i JOIN events e ON e.interview = i.number JOIN forms f ON f.number = i.form"
        " WHERE f.id = ?1 AND (?2 IS NULL OR i.uuid = ?2) ORDER BY i.number, e.sequence";
    sqlite3_stmt *stmt = NULL;
    svyi_version *v;
    int found = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK || (st = svyi_db_prepare(s, SQL, &stmt, err)) != SVY_OK)
        return st;
    if ((st = svyi_db_bind(s, stmt, 1, svyi_arg_text(svy_form_id(v->form)), err)) == SVY_OK)
        st = svyi_db_bind(s, stmt, 2, svyi_arg_text(interview), err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        svy_event event = svyi_event_read(stmt, NULL);
        st = each(user, svyi_db_text(stmt, 11), &event);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}
