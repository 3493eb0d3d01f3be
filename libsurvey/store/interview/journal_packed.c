/* Journals that arrived whole: one row of frames for an interview. Making frames, blanking what they say, continuing them in a correction. */
#include "store/store_priv.h"

#include <string.h>

void svyi_packed_add(svyi_buffer *b, const svy_event *e, int blank)
{
    const size_t need = svy_package_write_event(e, NULL, 0);
    uint8_t *at;

    if (b->failed || svyi_grow(&b->alloc, &b->data, &b->capacity, b->len + need + 1, 1) != 0) {
        b->failed = 1;
        return;
    }
    at = (uint8_t *)b->data + b->len;
    svy_package_write_event(e, at, need);
    if (blank)
        at[0] = SVYI_JOURNAL_BLANK;
    b->len += need;
    b->data[b->len] = '\0';
}

/* An event of which is left that it happened. */
static svy_event nothing(const svy_event *e)
{
    svy_event left = { .sequence = e->sequence, .moment = e->moment, .action = e->action, .item = "", .entry = "", .value = "", .reason = "" };

    return left;
}

static int is_among(const svyi_sequences *drop, size_t *at, uint64_t sequence)
{
    if (drop == NULL)
        return 1;
    while (*at < drop->n && drop->numbers[*at] < sequence)
        ++*at;
    return *at < drop->n && drop->numbers[*at] == sequence;
}

svy_status svyi_packed_blank(svy_study *s, int64_t number, const svyi_sequences *drop, svy_error *err)
{
    sqlite3_stmt *stmt;
    svyi_buffer packed;
    svy_event e;
    size_t next = 0;
    int blank, found;
    svy_status st = svyi_db_query(s, Q_JOURNAL, SVYI_ARGS(svyi_arg_int(number)), &stmt, err);

    if (st != SVY_OK)
        return st;
    if ((found = svyi_db_step(s, stmt, err)) != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    const uint8_t *at = sqlite3_column_blob(stmt, 0), *end = at + sqlite3_column_bytes(stmt, 0);
    svyi_buffer_init(&packed, &s->alloc);
    while ((found = svyi_packed_next(&at, end, &e, &blank)) == 1) {
        if (is_among(drop, &next, e.sequence)) {
            e = nothing(&e);
            blank = 1;
        }
        svyi_packed_add(&packed, &e, blank);
    }
    sqlite3_reset(stmt);
    if (packed.failed)
        st = svyi_nomem(err);
    else if (found < 0)
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the journal of an interview cannot be read; restore it from a backup", s->path);
    else
        st = svyi_db_run(s, Q_JOURNAL_BLANK, SVYI_ARGS(svyi_arg_blob(packed.data, packed.len), svyi_arg_int(number)), err);
    svyi_buffer_clear(&packed);
    return st;
}

/* The packed events up to the one that completed the interview, which is the last. */
static svy_status copy_packed(svy_study *s, int64_t to, int64_t from, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_event e = { .sequence = 0 };
    int64_t events = 0, last_ms = 0;
    int blank, found;
    svy_status st = svyi_db_query(s, Q_JOURNAL, SVYI_ARGS(svyi_arg_int(from)), &stmt, err);

    if (st != SVY_OK)
        return st;
    if ((found = svyi_db_step(s, stmt, err)) != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    const uint8_t *bytes = sqlite3_column_blob(stmt, 0), *end = bytes + sqlite3_column_bytes(stmt, 0), *stop = bytes;
    for (const uint8_t *at = bytes; (found = svyi_packed_next(&at, end, &e, &blank)) == 1 && e.action != SVY_DID_COMPLETE; stop = at) {
        events++;
        last_ms = e.moment.utc_ms;
    }
    if (found < 0)
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the journal of an interview cannot be read; restore it from a backup", s->path);
    else if (events > 0)
        st = svyi_db_run(s, Q_JOURNAL_ADD, SVYI_ARGS(svyi_arg_int(to), svyi_arg_int(events), svyi_arg_int(last_ms), svyi_arg_blob(bytes, (size_t)(stop - bytes))), err);
    sqlite3_reset(stmt);
    return st;
}

svy_status svyi_journal_copy(svy_study *s, int64_t to, int64_t from, svy_error *err)
{
    svy_status st = copy_packed(s, to, from, err);

    if (st == SVY_OK)
        st = svyi_db_run(s, Q_EVENTS_COPY, SVYI_ARGS(svyi_arg_int(to), svyi_arg_int(from)), err);
    return st == SVY_OK ? svyi_db_run(s, Q_SITTINGS_COPY, SVYI_ARGS(svyi_arg_int(to), svyi_arg_int(from)), err) : st;
}
