/* Every reader of events goes through here: first what arrived packed (frames as in docs/formats/package.md), then the rows that were added one by one. */
#include "store/store_priv.h"

#include <string.h>

#include "base/varint.h"
#include "interview/event_frame.h"

/* ---- frames ---- */

int svyi_packed_next(const uint8_t **at, const uint8_t *end, svy_event *event, int *blank)
{
    uint64_t len = 0;
    uint8_t kind;

    if (*at == end)
        return 0;
    kind = *(*at)++;
    if ((kind != SVYI_JOURNAL_EVENT && kind != SVYI_JOURNAL_BLANK) || svyi_varint_read(at, end, &len) != SVYI_VARINT_READ || len > (uint64_t)(end - *at) ||
        svyi_event_read(*at, *at + len, event, NULL) != SVY_OK)
        return -1;
    *at += len;
    *blank = kind == SVYI_JOURNAL_BLANK;
    return 1;
}

int svyi_packed_skip(const uint8_t *begin, const uint8_t **at, const uint8_t *end, const uint8_t **frame)
{
    static const char MAGIC[] = "SVYP";
    uint64_t len = 0;
    int kind;

    if (*at == begin && end - begin > 5 && memcmp(begin, MAGIC, sizeof MAGIC - 1) == 0)
        *at += sizeof MAGIC;                         /* and the version behind it */
    *frame = *at;
    if (*at == end)
        return 0;
    kind = *(*at)++;
    if (svyi_varint_read(at, end, &len) != SVYI_VARINT_READ || len > (uint64_t)(end - *at))
        *at = end;
    else
        *at += len;
    return kind;
}

uint64_t svyi_packed_sequence(const uint8_t *frame, const uint8_t *end)
{
    uint64_t number;

    frame++;
    return frame < end && svyi_varint_read(&frame, end, &number) == SVYI_VARINT_READ && svyi_varint_read(&frame, end, &number) == SVYI_VARINT_READ ? number : 0;
}

/* ---- events of an interview ---- */

svy_status svyi_events_open(svy_study *s, svyi_events *it, int own, svy_error *err)
{
    svy_status st = SVY_OK;

    *it = (svyi_events){ .study = s, .own = own };
    if (own && (st = svyi_db_prepare(s, svyi_db_sql(Q_JOURNAL), &it->packed, err)) == SVY_OK)
        st = svyi_db_prepare(s, svyi_db_sql(Q_EVENTS), &it->rows, err);
    if (st != SVY_OK)
        svyi_events_close(it);
    return st;
}

static svy_status start(svyi_events *it, sqlite3_stmt **stmt, svyi_sql which, svy_error *err)
{
    if (!it->own)
        return svyi_db_query(it->study, which, SVYI_ARGS(svyi_arg_int(it->number)), stmt, err);
    sqlite3_reset(*stmt);
    return svyi_db_bind(it->study, *stmt, 1, svyi_arg_int(it->number), err);
}

svy_status svyi_events_of(svyi_events *it, int64_t interview, svy_error *err)
{
    svy_status st;

    it->number = interview;
    it->at = it->end = NULL;
    if ((st = start(it, &it->packed, Q_JOURNAL, err)) != SVY_OK || (st = start(it, &it->rows, Q_EVENTS, err)) != SVY_OK)
        return st;
    const int found = svyi_db_step(it->study, it->packed, err);
    if (found < 0)
        return svyi_db_failed(err);
    if (found == 1) {
        it->at = sqlite3_column_blob(it->packed, 0);
        it->end = it->at != NULL ? it->at + sqlite3_column_bytes(it->packed, 0) : NULL;
    }
    return SVY_OK;
}

static void from_row(svyi_events *it)
{
    svy_event *e = &it->event;
    sqlite3_stmt *stmt = it->rows;

    e->sequence = (uint64_t)sqlite3_column_int64(stmt, 0);
    e->moment.utc_ms = sqlite3_column_int64(stmt, 1);
    e->moment.zone_minutes = (int32_t)sqlite3_column_int64(stmt, 2);
    e->moment.mono_ms = sqlite3_column_int64(stmt, 3);
    e->action = (svy_action)sqlite3_column_int(stmt, 4);
    e->item = svyi_db_text(stmt, 5);
    e->entry = svyi_db_text(stmt, 6);
    e->value = svyi_db_text(stmt, 7);
    e->value_len = (uint32_t)sqlite3_column_bytes(stmt, 7);
    e->missing = (svy_missing)sqlite3_column_int(stmt, 8);
    e->reason = svyi_db_text(stmt, 9);
    it->erased = sqlite3_column_int(stmt, 10);
}

int svyi_events_next(svyi_events *it, svy_error *err)
{
    int found;

    if (it->at != it->end) {
        if ((found = svyi_packed_next(&it->at, it->end, &it->event, &it->erased)) < 0)
            (void)!svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the journal of an interview cannot be read; restore it from a backup", it->study->path);
        return found;
    }
    if ((found = svyi_db_step(it->study, it->rows, err)) == 1)
        from_row(it);
    return found;
}

void svyi_events_close(svyi_events *it)
{
    if (it->own) {
        sqlite3_finalize(it->packed);
        sqlite3_finalize(it->rows);
    } else {
        sqlite3_reset(it->packed);
        sqlite3_reset(it->rows);
    }
    it->packed = it->rows = NULL;
}
