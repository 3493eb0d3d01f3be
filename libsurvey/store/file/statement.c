/* The statements a study runs again and again: their text, binding values, stepping through rows. */
#include "store/store_priv.h"

#include <string.h>

#define INTERVIEW_COLUMNS "SELECT number, uuid, form, coalesce(case_id, ''), interviewer, language, seed, phase, outcome, started_utc_ms, started_zone," \
                          " coalesce(ended_utc_ms, 0), coalesce(ended_zone, 0), coalesce(corrects, 0), reason, blanked, imported," \
                          " erased_utc_ms IS NOT NULL FROM interviews "
/* What the interview of a uuid, or of a correction, is known by everywhere. */
#define KNOWN_AS "(SELECT coalesce(p.conflicts, p.uuid) FROM interviews i JOIN interviews p ON p.number = coalesce(i.corrects, i.number) WHERE i.uuid = ?1 OR i.conflicts = ?1)"

static const char *const TEXTS[Q_COUNT] = {
    [Q_BEGIN] = "BEGIN IMMEDIATE", [Q_COMMIT] = "COMMIT", [Q_ROLLBACK] = "ROLLBACK",
    [Q_SAVE] = "SAVEPOINT one", [Q_RELEASE] = "RELEASE one", [Q_BACK] = "ROLLBACK TO one",

    [Q_EVENT_ADD] = "INSERT INTO events(interview, sequence, utc_ms, zone, mono_ms, action, item, entry, value, missing, reason) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
    [Q_EVENTS] = "SELECT sequence, utc_ms, zone, mono_ms, action, item, entry, value, missing, reason, erased FROM events WHERE interview = ? ORDER BY sequence",
    [Q_EVENTS_COPY] = "INSERT INTO events SELECT ?1, sequence, utc_ms, zone, mono_ms, action, item, entry, value, missing, reason, erased FROM events"
                      " WHERE interview = ?2 AND action <> 13",
    [Q_EVENT_BLANK] = "UPDATE events SET item = '', entry = '', value = '', missing = 0, reason = '', erased = 1 WHERE interview = ? AND sequence = ?",
    [Q_EVENT_BLANK_ALL] = "UPDATE events SET item = '', entry = '', value = '', missing = 0, reason = '', erased = 1 WHERE interview = ?",

    [Q_JOURNAL] = "SELECT bytes FROM journals WHERE interview = ?",
    [Q_JOURNAL_ADD] = "INSERT INTO journals(interview, events, last_utc_ms, bytes) VALUES(?,?,?,?)",
    [Q_JOURNAL_BLANK] = "UPDATE journals SET bytes = ? WHERE interview = ?",
    [Q_SITTING_ADD] = "INSERT INTO sittings(interview, first, mode, actor, organisation, device, agent, clock_known, clock_offset_ms) VALUES(?,?,?,?,?,?,?,?,?)",
    [Q_SITTINGS] = "SELECT first, mode, actor, organisation, device, agent, clock_known, clock_offset_ms FROM sittings WHERE interview = ? ORDER BY first",
    [Q_SITTINGS_COPY] = "INSERT INTO sittings SELECT ?1, first, mode, actor, organisation, device, agent, clock_known, clock_offset_ms FROM sittings WHERE interview = ?2"
                        " AND first <= max(coalesce((SELECT max(sequence) FROM events WHERE interview = ?1), 0), coalesce((SELECT events FROM journals WHERE interview = ?1), 0))",

    [Q_EVENT_ROWS] = "SELECT count(*) FROM events WHERE interview = ?",
    [Q_INTERVIEW_OWNED] = "SELECT 1 FROM interviews WHERE number = ? AND interviewer = ? AND organisation = ?",
    [Q_JOURNAL_GROW] = "UPDATE journals SET events = ?2, last_utc_ms = ?3, bytes = ?4 WHERE interview = ?1",
    [Q_ARRIVAL_ADD] = "INSERT INTO interviews(uuid, form, case_id, interviewer, language, seed, phase, outcome, started_utc_ms, started_zone, ended_utc_ms, ended_zone,"
                      " corrects, reason, blanked, imported, organisation, mode, device, received_utc_ms, conflicts) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,?,?,?,?)",
    [Q_ARRIVAL_GOES_ON] = "UPDATE interviews SET phase = ?, language = ?, organisation = ?, mode = ?, device = ?, received_utc_ms = ? WHERE number = ?",
    [Q_INTERVIEW_CONFLICTS] = INTERVIEW_COLUMNS "WHERE uuid = ?1 OR conflicts = ?1 ORDER BY conflicts IS NOT NULL, number",
    [Q_CASE_COUNT] = "SELECT count(*) FROM interviews i WHERE i.case_id = ? AND i.corrects IS NULL AND i.erased_utc_ms IS NULL"
                     " AND EXISTS(SELECT 1 FROM forms f WHERE f.number = i.form AND f.id = ?)",

    [Q_ATTACHMENT_FIND] = "SELECT number, digest FROM attachments WHERE hash = ?",
    [Q_ATTACHMENT_ADD] = "INSERT INTO attachments(hash, digest, size, received_utc_ms, sender, bytes) VALUES(?,?,?,?,?,?) ON CONFLICT(hash) DO NOTHING",
    [Q_ATTACHMENT_SIZE] = "SELECT size + CASE WHEN digest IS NULL OR digest = hash THEN 0 ELSE 48 END FROM attachments WHERE hash = ?1 AND (?2 IS NULL OR sender = ?2)",
    [Q_ATTACHMENT_LOAD] = "SELECT bytes FROM attachments WHERE number = ?",
    [Q_ATTACHMENT_OPENED] = "UPDATE attachments SET digest = ?, size = ?, bytes = ? WHERE number = ?",
    [Q_FILE_FIND] = "SELECT coalesce(a.digest, a.hash) FROM interview_files f JOIN attachments a ON a.number = f.attachment WHERE f.interview = ? AND f.name = ?",
    [Q_FILES_OF] = "SELECT f.name, f.media_type, a.size, a.digest, a.hash FROM interview_files f JOIN attachments a ON a.number = f.attachment WHERE f.interview = ? ORDER BY f.name",
    /* Whatever it is called here, an interview travels under the uuid that it was begun with. */
    [Q_THING_INTERVIEW] = "SELECT coalesce(i.conflicts, i.uuid), coalesce(p.conflicts, p.uuid, ''), i.uuid, coalesce(i.corrects, 0), f.id, f.version, coalesce(i.case_id, ''), i.reason, i.interviewer,"
    " i.language, i.organisation, i.started_utc_ms, i.started_zone FROM interviews i JOIN forms f ON f.number = i.form LEFT JOIN interviews p ON p.number = i.corrects"
    " WHERE i.number = ?",
    [Q_SYNC_DIGEST_PUT] = "INSERT OR REPLACE INTO sync_digests(interview, state, events, files, digest) VALUES(?,?,?,?,?)",
    [Q_FILE_ADD] = "INSERT INTO interview_files(interview, name, media_type, attachment) VALUES(?,?,?,?)",

    [Q_FILES_DROP] = "DELETE FROM interview_files WHERE interview = ?",
    [Q_ATTACHMENT_DROP] = "DELETE FROM attachments WHERE number = ?1 AND NOT EXISTS(SELECT 1 FROM interview_files WHERE attachment = ?1)"
                          " AND NOT EXISTS(SELECT 1 FROM kept_files WHERE attachment = ?1)",

    [Q_UPLOAD_FIND] = "SELECT number, size, have FROM uploads WHERE hash = ?1 AND (?2 IS NULL OR sender = ?2)",
    [Q_UPLOAD_ADD] = "INSERT INTO uploads(hash, size, have, sender, started_utc_ms) VALUES(?,?,0,?,?)",
    [Q_UPLOAD_PART] = "INSERT INTO upload_parts(upload, offset, bytes) VALUES(?,?,?)",
    [Q_UPLOAD_HAVE] = "UPDATE uploads SET have = ? WHERE number = ?",
    [Q_UPLOAD_PARTS] = "SELECT offset, bytes FROM upload_parts WHERE upload = ? ORDER BY offset",
    [Q_UPLOAD_PARTS_DROP] = "DELETE FROM upload_parts WHERE upload = ?",
    [Q_UPLOAD_DROP] = "DELETE FROM uploads WHERE number = ?",
    [Q_UPLOAD_SURPLUS] = "SELECT number FROM uploads WHERE started_utc_ms < ?1 UNION SELECT number FROM (SELECT number, sum(max(size, 1048576)) OVER (ORDER BY number DESC)"
                         " AS until FROM uploads WHERE sender = ?2) WHERE until > ?3 LIMIT 1",

    [Q_KEPT_ADD] = "INSERT INTO kept_aside(hash, uuid, form, version, reason, waits_for, actor, organisation, mode, device, agent, case_allowed, form_allowed, touch,"
                   " received_utc_ms, received_zone, boxed, bytes) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(hash) DO UPDATE SET reason = excluded.reason, waits_for = excluded.waits_for,"
                   " uuid = excluded.uuid, form = excluded.form, version = excluded.version",
    [Q_KEPT_FIND] = "SELECT number FROM kept_aside WHERE hash = ?",
    [Q_KEPT_LOAD] = "SELECT hash, bytes, actor, organisation, mode, device, agent, case_allowed, received_utc_ms, received_zone, boxed, form_allowed, touch FROM kept_aside WHERE number = ?",
    [Q_KEPT_WAITING] = "SELECT number FROM kept_aside WHERE waits_for = ? AND waits_for <> '' AND number > ? ORDER BY number LIMIT 1",
    [Q_KEPT_DROP] = "DELETE FROM kept_aside WHERE number = ?",
    [Q_KEPT_FILE_ADD] = "INSERT INTO kept_files(kept, name, media_type, attachment) VALUES(?,?,?,?) ON CONFLICT DO NOTHING",
    [Q_KEPT_FILES_DROP] = "DELETE FROM kept_files WHERE kept = ?",

    [Q_INTERVIEW_ADD] = "INSERT INTO interviews(uuid, form, case_id, interviewer, language, seed, phase, outcome, started_utc_ms, started_zone, corrects, reason,"
                        " imported, mode) VALUES(?,?,?,?,?,?,0,'',?,?,?,?,?,?)",
    [Q_INTERVIEW_PHASE] = "UPDATE interviews SET phase = ? WHERE number = ?",
    [Q_INTERVIEW_LANGUAGE] = "UPDATE interviews SET language = ? WHERE number = ?",
    [Q_INTERVIEW_DONE] = "UPDATE interviews SET phase = 2, outcome = ?, ended_utc_ms = ?, ended_zone = ?, blanked = ? WHERE number = ?",
    [Q_INTERVIEW_OF_CASE] = INTERVIEW_COLUMNS "WHERE case_id = ? AND corrects IS NULL AND form IN (SELECT number FROM forms WHERE id = ?)"
                            " ORDER BY phase DESC, number DESC LIMIT 1",
    [Q_INTERVIEW_OF_PERSON] = INTERVIEW_COLUMNS "WHERE case_id IS NULL AND corrects IS NULL AND phase < 2 AND erased_utc_ms IS NULL AND interviewer = ?"
                              " AND form IN (SELECT number FROM forms WHERE id = ?) ORDER BY number DESC LIMIT 1",
    [Q_INTERVIEW_COMMON] = "SELECT coalesce(conflicts, uuid) FROM interviews WHERE number = ?",
    [Q_INTERVIEW_FIND] = INTERVIEW_COLUMNS "WHERE uuid = ?",
    /* All versions of one interview, by the uuid of any of them; and of the interview that is corrected, by that of a correction. */
    [Q_INTERVIEW_VERSIONS] = INTERVIEW_COLUMNS "WHERE corrects IS NULL AND (uuid IN " KNOWN_AS " OR conflicts IN " KNOWN_AS ") ORDER BY number",
    [Q_INTERVIEW_REVISIONS] = INTERVIEW_COLUMNS "WHERE number = ?1 OR corrects = ?1 ORDER BY number",
    [Q_INTERVIEW_ERASED] = "UPDATE interviews SET erased_utc_ms = ?, case_id = NULL, seed = 0, outcome = '', reason = '' WHERE number = ?",

    [Q_CASE_FIND] = "SELECT 1 FROM cases WHERE form = ? AND id = ?",
    [Q_CASE_ADD] = "INSERT INTO cases(form, id, assigned, disposition, listed) VALUES(?,?,?,'',?)",
    [Q_CASE_LISTED] = "SELECT 1 FROM cases INDEXED BY cases_listed WHERE form = ? AND listed = 1 LIMIT 1",
    /* Mostly it was not returned: then without the trigger of those that were. */
    [Q_CASE_DISPOSITION] = "UPDATE cases SET disposition = ? WHERE form = ? AND id = ? AND returned = 0",
    [Q_CASE_DISPOSITION_RETURNED] = "UPDATE cases SET disposition = ?, returned = 0 WHERE form = ? AND id = ? AND returned <> 0",
    [Q_CASE_DROP] = "DELETE FROM cases WHERE form = ?1 AND id = ?2 AND listed = 0 AND NOT EXISTS (SELECT 1 FROM interviews i JOIN forms f ON f.number = i.form"
                  " WHERE i.case_id = ?2 AND f.id = ?1)",

    [Q_CASE_PUT] = "INSERT INTO cases(form, id, assigned, organisation, disposition, listed) VALUES(?1,?2,?3,?4,'',1)"
                   " ON CONFLICT(form, id) DO UPDATE SET assigned = excluded.assigned, organisation = excluded.organisation, listed = 1",
    [Q_CONTACTS_DROP] = "DELETE FROM case_contacts WHERE form = ? AND id = ?",
    [Q_CONTACT_ADD] = "INSERT INTO case_contacts(form, id, name, value) VALUES(?,?,?,?)",

    [Q_FORM_ADD] = "INSERT INTO forms(id, version, checksum, block, actor, utc_ms, zone) VALUES(?,?,?,?,?,?,?)",
    [Q_FORM_NEWEST] = "SELECT number FROM forms WHERE id = ? ORDER BY utc_ms DESC, number DESC LIMIT 1",
    [Q_FORM_FIND] = "SELECT number, block FROM forms WHERE id = ? AND version = ?",
    [Q_FORM_LOAD] = "SELECT block FROM forms WHERE number = ?",
    [Q_FORM_IDS] = "SELECT DISTINCT id FROM forms ORDER BY id",
    [Q_FORM_VERSIONS] = "SELECT number FROM forms WHERE id = ? ORDER BY utc_ms DESC, number DESC",
    [Q_SOURCE_ADD] = "INSERT INTO form_sources(form, name, bytes) VALUES(?,?,?)",

    [Q_PARAMETER_ADD] = "INSERT INTO parameters(form, id, value, actor, utc_ms, zone) VALUES(?1,?2,?3,?4,"
                        "max(?5, coalesce((SELECT max(utc_ms) + 1 FROM parameters WHERE form = ?1 AND id = ?2), ?5)),?6)",
    [Q_PARAMETER_GET] = "SELECT value FROM parameters WHERE form = ? AND id = ? ORDER BY utc_ms DESC, number DESC LIMIT 1",

    [Q_CHAIN_GET] = "SELECT length, head FROM chain",
    [Q_CHAIN_SET] = "UPDATE chain SET length = ?, head = ? WHERE one = 1",
    [Q_SUBMISSION_ADD] = "INSERT INTO submissions(sequence, uuid, interview, journal, revision, form, actor, reason, utc_ms, zone, rows_digest, journal_digest,"
                         " nonce, payload, previous, hash) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [Q_SUBMISSION_LAST] = "SELECT max(revision) FROM submissions WHERE interview = ?",
    [Q_SUBMISSIONS] = "SELECT sequence, uuid, interview, journal, revision, form, actor, reason, utc_ms, zone, rows_digest, journal_digest, nonce, payload,"
                      " previous, hash FROM submissions ORDER BY sequence",
    [Q_SUBMISSION_MOVED] = "SELECT interview FROM submissions_moved WHERE submission = ?",
    [Q_KEY_ADD] = "INSERT INTO payload_keys(submission, key) VALUES(?,?)",
    [Q_KEY_GET] = "SELECT key FROM payload_keys WHERE submission = ?",
    /* Also those of submissions that were made while it had another uuid. */
    [Q_KEY_DROP] = "DELETE FROM payload_keys WHERE submission IN (SELECT sequence FROM submissions WHERE interview = ?1)"
                   " OR submission IN (SELECT submission FROM submissions_moved WHERE interview IN (SELECT number FROM interviews WHERE number = ?2 OR corrects = ?2))",

    [Q_ERASING_ADD] = "INSERT INTO erasing(interview) VALUES(?)",
    [Q_ERASING_DROP] = "DELETE FROM erasing",
    /* Asked for every arrival, and almost never so: without sorting. The next only after it. */
    [Q_ERASED] = "SELECT 1 WHERE EXISTS(SELECT 1 FROM erasures WHERE interview = ?1) OR EXISTS(SELECT 1 FROM interviews WHERE uuid = ?1 AND erased_utc_ms IS NOT NULL)"
                 " OR (?2 IS NOT NULL AND (EXISTS(SELECT 1 FROM erasures WHERE interview = ?2) OR EXISTS(SELECT 1 FROM interviews WHERE uuid = ?2 AND erased_utc_ms IS NOT NULL)))",
    [Q_ERASED_WHEN] = "SELECT utc_ms FROM erasures WHERE interview IN (?1, ?2) UNION ALL SELECT erased_utc_ms FROM interviews WHERE uuid IN (?1, ?2) AND erased_utc_ms IS NOT NULL"
                      " ORDER BY 1 LIMIT 1",

    [Q_TABLE_ADD] = "INSERT INTO typed_tables(name, form, level, sensitive, part) VALUES(?,?,?,?,?)",
    [Q_TABLES] = "SELECT name, level, sensitive, part, (SELECT count(*) FROM variables v WHERE v.typed_table = t.name) FROM typed_tables t WHERE form = ?"
                 " ORDER BY number",
    [Q_TABLE_TAKEN] = "SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE",
    [Q_VARIABLE_ADD] = "INSERT INTO variables(form, name, level, type, sensitive, typed_table, typed_column) VALUES(?,?,?,?,?,?,?)",
    [Q_VARIABLES] = "SELECT name, level, type, sensitive, typed_table, typed_column FROM variables WHERE form = ? ORDER BY number",
    [Q_VARIABLE_TYPE] = "UPDATE variables SET type = ? WHERE form = ? AND name = ?",

    [Q_AUDIT_END] = "SELECT length, mac FROM audit_end",
    [Q_AUDIT_ADD] = "INSERT INTO audit(sequence, utc_ms, actor, action, object, detail, mac) VALUES(?,?,?,?,?,?,?)",
    [Q_AUDIT_MOVE] = "UPDATE audit_end SET length = ?, mac = ? WHERE one = 1",
    [Q_TOKEN_FIND] = "SELECT t.kind, t.device, a.id, a.name, a.role, a.organisation, l.id, l.form, l.case_id, l.organisation FROM tokens t"
                     " LEFT JOIN accounts a ON a.id = t.account LEFT JOIN links l ON l.id = t.link WHERE t.hash = ?1 AND t.revoked_utc_ms IS NULL"
                     " AND (t.expires_utc_ms = 0 OR t.expires_utc_ms > ?2) AND (a.disabled = 0 OR (a.id IS NULL AND l.id IS NOT NULL AND l.closed_utc_ms IS NULL))",

    [Q_SECRET] = "SELECT value FROM secrets WHERE name = ?",
    [Q_IMPORT_FIND] = "SELECT 1 FROM imports WHERE form = ? AND row_key = ?",
    [Q_IMPORT_ADD] = "INSERT INTO imports(form, row_key, interview) VALUES(?,?,?)",
    [Q_STATUS] = "SELECT f.id, f.version, total(i.corrects IS NULL AND i.phase = 0), total(i.corrects IS NULL AND i.phase = 1),"
                 " total(i.corrects IS NULL AND i.phase = 2 AND i.outcome = ''), total(i.corrects IS NULL AND i.phase = 2 AND i.outcome <> ''),"
                 " (SELECT count(*) FROM submissions s WHERE s.form = f.number),"
                 " coalesce(max(coalesce((SELECT e.utc_ms FROM events e WHERE e.interview = i.number ORDER BY e.sequence DESC LIMIT 1),"
                 " (SELECT j.last_utc_ms FROM journals j WHERE j.interview = i.number))), 0)"
                 " FROM forms f LEFT JOIN interviews i ON i.form = f.number AND i.erased_utc_ms IS NULL GROUP BY f.number ORDER BY f.number",
    [Q_OUTCOMES] = "SELECT f.id, i.outcome, count(*) FROM interviews i JOIN forms f ON f.number = i.form"
                   " WHERE i.phase = 2 AND i.outcome <> '' AND i.corrects IS NULL AND i.erased_utc_ms IS NULL GROUP BY f.id, i.outcome ORDER BY min(f.number), i.outcome",
};

const char *svyi_db_sql(svyi_sql which)
{
    return TEXTS[which];
}

svyi_arg svyi_arg_int(int64_t number)
{
    return (svyi_arg){ .kind = SVYI_ARG_INT, .number = number };
}

svyi_arg svyi_arg_text(const char *text)
{
    return text != NULL ? svyi_arg_text_n(text, strlen(text)) : (svyi_arg){ .kind = SVYI_ARG_NULL };
}

svyi_arg svyi_arg_text_n(const char *text, size_t len)
{
    return (svyi_arg){ .kind = SVYI_ARG_TEXT, .bytes = text, .len = len };
}

svyi_arg svyi_arg_blob(const void *bytes, size_t len)
{
    return (svyi_arg){ .kind = SVYI_ARG_BLOB, .bytes = bytes, .len = len };
}

svy_status svyi_db_bind(svy_study *s, sqlite3_stmt *stmt, int index, svyi_arg arg, svy_error *err)
{
    /* A NULL pointer with length 0 would be bound as NULL, so it becomes an empty text or blob. */
    const void *bytes = arg.bytes != NULL ? arg.bytes : "";
    int rc = SQLITE_MISUSE;

    switch (arg.kind) {
    case SVYI_ARG_NULL: rc = sqlite3_bind_null(stmt, index); break;
    case SVYI_ARG_INT: rc = sqlite3_bind_int64(stmt, index, arg.number); break;
    case SVYI_ARG_REAL: rc = sqlite3_bind_double(stmt, index, arg.real); break;
    case SVYI_ARG_TEXT: rc = sqlite3_bind_text64(stmt, index, bytes, arg.len, SQLITE_STATIC, SQLITE_UTF8); break;
    case SVYI_ARG_BLOB: rc = sqlite3_bind_blob64(stmt, index, bytes, arg.len, SQLITE_STATIC); break;
    }
    return rc == SQLITE_OK ? SVY_OK : svyi_db_fail(s, rc, err);
}

svy_status svyi_db_query(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, sqlite3_stmt **out, svy_error *err)
{
    sqlite3_stmt **slot = &s->statements[which];
    svy_status st = SVY_OK;

    *out = NULL;
    if (*slot == NULL)
        st = svyi_db_prepare(s, TEXTS[which], slot, err);
    else
        sqlite3_reset(*slot);
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = svyi_db_bind(s, *slot, (int)i + 1, args[i], err);
    if (st == SVY_OK)
        *out = *slot;
    return st;
}

int svyi_db_step(svy_study *s, sqlite3_stmt *stmt, svy_error *err)
{
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        (void)!svyi_db_fail(s, rc, err);
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? 0 : -1;
}

svy_status svyi_db_run(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(s, which, args, n, &stmt, err);

    if (st != SVY_OK)
        return st;
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        st = svyi_db_fail(s, rc, err);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return st;
}

int svyi_db_number(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, int64_t *number, svy_error *err)
{
    sqlite3_stmt *stmt;

    *number = 0;
    if (svyi_db_query(s, which, args, n, &stmt, err) != SVY_OK)
        return -1;
    int found = svyi_db_step(s, stmt, err);
    if (found == 1) {
        *number = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    return found;
}

svy_status svyi_db_once(svy_study *s, const char *sql, const svyi_arg *args, size_t n, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    svy_status st = svyi_db_prepare(s, sql, &stmt, err);

    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = svyi_db_bind(s, stmt, (int)i + 1, args[i], err);
    if (st == SVY_OK && svyi_db_step(s, stmt, err) < 0)
        st = svyi_db_failed(err);
    sqlite3_finalize(stmt);
    return st;
}

const char *svyi_db_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    return text != NULL ? (const char *)text : "";
}

void svyi_db_statements_close(svy_study *s)
{
    for (size_t i = 0; i < Q_COUNT; i++) {
        sqlite3_finalize(s->statements[i]);
        s->statements[i] = NULL;
    }
}

void svyi_db_quote(svyi_buffer *b, const char *name)
{
    svyi_buffer_add(b, "\"", 1);
    for (; *name != '\0'; name++)
        svyi_buffer_add(b, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
    svyi_buffer_add(b, "\"", 1);
}
