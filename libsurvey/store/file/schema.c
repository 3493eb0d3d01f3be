/* The tables of a study file (docs/formats/study.md): making them, and checking that a file has them. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

static const char TABLES[] =
    "CREATE TABLE study(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE secrets(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE forms(number INTEGER PRIMARY KEY, id TEXT NOT NULL, version TEXT NOT NULL, checksum TEXT NOT NULL, block BLOB NOT NULL,"
    " actor TEXT NOT NULL, utc_ms INTEGER NOT NULL, zone INTEGER NOT NULL, UNIQUE(id, version)) STRICT;"
    "CREATE TABLE form_sources(form INTEGER NOT NULL REFERENCES forms, name TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(form, name)) STRICT;"
    "CREATE TABLE parameters(number INTEGER PRIMARY KEY, form TEXT NOT NULL, id TEXT NOT NULL, value TEXT, actor TEXT NOT NULL,"
    " utc_ms INTEGER NOT NULL, zone INTEGER NOT NULL) STRICT;"
    "CREATE INDEX parameters_by_id ON parameters(form, id);"
    "CREATE TABLE cases(form TEXT NOT NULL, id TEXT NOT NULL, assigned TEXT NOT NULL DEFAULT '', disposition TEXT NOT NULL DEFAULT '',"
    " listed INTEGER NOT NULL DEFAULT 1, PRIMARY KEY(form, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX cases_listed ON cases(form) WHERE listed = 1;"

    "CREATE TABLE interviews(number INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, form INTEGER NOT NULL REFERENCES forms, case_id TEXT,"
    " interviewer TEXT NOT NULL, language TEXT NOT NULL, seed INTEGER NOT NULL, phase INTEGER NOT NULL, outcome TEXT NOT NULL,"
    " started_utc_ms INTEGER NOT NULL, started_zone INTEGER NOT NULL, ended_utc_ms INTEGER, ended_zone INTEGER,"
    " corrects INTEGER REFERENCES interviews, reason TEXT NOT NULL DEFAULT '', blanked INTEGER NOT NULL DEFAULT 0,"
    " imported INTEGER NOT NULL DEFAULT 0, erased_utc_ms INTEGER) STRICT;"
    "CREATE INDEX interviews_by_case ON interviews(case_id) WHERE case_id IS NOT NULL;"
    "CREATE INDEX interviews_open ON interviews(interviewer, form) WHERE phase < 2;"
    "CREATE INDEX interviews_by_form ON interviews(form);"
    "CREATE INDEX interviews_corrections ON interviews(corrects) WHERE corrects IS NOT NULL;"
    "CREATE TABLE events(interview INTEGER NOT NULL REFERENCES interviews, sequence INTEGER NOT NULL, utc_ms INTEGER NOT NULL, zone INTEGER NOT NULL,"
    " mono_ms INTEGER NOT NULL, action INTEGER NOT NULL, item TEXT NOT NULL, entry TEXT NOT NULL, value TEXT NOT NULL, missing INTEGER NOT NULL,"
    " reason TEXT NOT NULL, erased INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(interview, sequence)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE submissions(sequence INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, interview TEXT NOT NULL, journal TEXT NOT NULL,"
    " revision INTEGER NOT NULL, form INTEGER NOT NULL REFERENCES forms, actor TEXT NOT NULL, reason TEXT NOT NULL, utc_ms INTEGER NOT NULL,"
    " zone INTEGER NOT NULL, rows_digest BLOB NOT NULL, journal_digest BLOB NOT NULL, nonce BLOB NOT NULL, payload BLOB NOT NULL,"
    " previous BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE(interview, revision)) STRICT;"
    "CREATE INDEX submissions_by_form ON submissions(form);"
    "CREATE TABLE payload_keys(submission INTEGER PRIMARY KEY REFERENCES submissions, key BLOB NOT NULL) STRICT;"
    "CREATE TABLE chain(one INTEGER PRIMARY KEY CHECK(one = 1), length INTEGER NOT NULL, head BLOB NOT NULL) STRICT;"
    "INSERT INTO chain VALUES(1, 0, zeroblob(32));"
    "CREATE TABLE erasing(interview INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE erasures(number INTEGER PRIMARY KEY, interview TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, utc_ms INTEGER NOT NULL,"
    " zone INTEGER NOT NULL) STRICT;"

    "CREATE TABLE typed_tables(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, form TEXT NOT NULL, level TEXT NOT NULL, sensitive INTEGER NOT NULL, part INTEGER NOT NULL,"
    " UNIQUE(form, level, sensitive, part)) STRICT;"
    "CREATE TABLE variables(number INTEGER PRIMARY KEY, form TEXT NOT NULL, name TEXT NOT NULL, level TEXT NOT NULL, type INTEGER NOT NULL,"
    " sensitive INTEGER NOT NULL, typed_table TEXT NOT NULL REFERENCES typed_tables(name), typed_column TEXT NOT NULL, UNIQUE(form, name),"
    " UNIQUE(typed_table, typed_column)) STRICT;"
    "CREATE TABLE imports(form TEXT NOT NULL, row_key TEXT NOT NULL, interview TEXT NOT NULL, PRIMARY KEY(form, row_key)) STRICT, WITHOUT ROWID;";

static const char TRIGGERS[] =
    /* Nothing that was said is changed or taken away, but by an erasure, which names its interview in `erasing` for the time of its transaction. */
    "CREATE TRIGGER events_are_kept BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'events are only added'); END;"
    "CREATE TRIGGER events_stay BEFORE UPDATE ON events WHEN NOT (OLD.interview IN (SELECT interview FROM erasing) AND NEW.erased = 1 AND NEW.value = ''"
    " AND NEW.reason = '' AND NEW.interview = OLD.interview AND NEW.sequence = OLD.sequence AND NEW.utc_ms = OLD.utc_ms AND NEW.zone = OLD.zone"
    " AND NEW.mono_ms = OLD.mono_ms AND NEW.action = OLD.action) BEGIN SELECT raise(ABORT, 'events are only added'); END;"
    "CREATE TRIGGER submissions_are_kept BEFORE DELETE ON submissions BEGIN SELECT raise(ABORT, 'submissions are only added'); END;"
    "CREATE TRIGGER submissions_stay BEFORE UPDATE ON submissions BEGIN SELECT raise(ABORT, 'submissions are only added'); END;"
    "CREATE TRIGGER parameters_are_kept BEFORE DELETE ON parameters BEGIN SELECT raise(ABORT, 'parameters keep their history'); END;"
    "CREATE TRIGGER parameters_stay BEFORE UPDATE ON parameters BEGIN SELECT raise(ABORT, 'parameters keep their history'); END;"
    "CREATE TRIGGER forms_are_kept BEFORE DELETE ON forms BEGIN SELECT raise(ABORT, 'versions are kept'); END;"
    "CREATE TRIGGER forms_stay BEFORE UPDATE ON forms BEGIN SELECT raise(ABORT, 'versions are kept'); END;";

/* What version 2 has beside version 1, for a new file and for one that is upgraded. Within a transaction. */
static svy_status add_version_2(svy_study *s, svy_error *err)
{
    svy_status st = svyi_reception_tables(s, err);

    if (st == SVY_OK)
        st = svyi_account_tables(s, err);
    return st == SVY_OK ? svyi_sync_tables(s, err) : st;
}

/* What version 3 has beside version 2. */
static svy_status add_version_3(svy_study *s, svy_error *err) { return svyi_media_tables(s, err); }

/* What version 4 has beside version 3. */
static svy_status add_version_4(svy_study *s, svy_error *err)
{
    const svy_status st = svyi_media_moments(s, err);

    return st == SVY_OK ? svyi_file_chain_tables(s, err) : st;
}

svy_status svyi_study_upgrade(svy_study *s, svy_error *err)
{
    char identity[64];
    svy_status st;

    if (s->version == SVYI_FILE_VERSION)
        return SVY_OK;
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    snprintf(identity, sizeof identity, "PRAGMA user_version=%d", SVYI_FILE_VERSION);
    if (s->version < 2)
        st = add_version_2(s, err);
    if (st == SVY_OK && s->version < 3)
        st = add_version_3(s, err);
    if (st == SVY_OK && (st = add_version_4(s, err)) == SVY_OK)
        st = svyi_db_exec(s, identity, err);
    if ((st = svyi_db_end(s, st, err)) == SVY_OK)
        s->version = SVYI_FILE_VERSION;
    return st;
}

svy_status svyi_study_make(svy_study *s, svy_moment now, svy_error *err)
{
    static const char META[] = "INSERT INTO study(name, value) VALUES('uuid', ?), ('created_utc_ms', ?), ('created_zone', ?)";
    char identity[128], uuid[SVYI_UUID], utc[32], zone[16];
    svy_status st = svyi_db_begin(s, err);

    if (st != SVY_OK)
        return st;
    snprintf(identity, sizeof identity, "PRAGMA application_id=%d; PRAGMA user_version=%d", SVYI_APPLICATION_ID, SVYI_FILE_VERSION);
    svyi_uuid_make(uuid);
    snprintf(utc, sizeof utc, "%lld", (long long)now.utc_ms);
    snprintf(zone, sizeof zone, "%d", (int)now.zone_minutes);
    svyi_random_bytes(s->key, sizeof s->key);
    s->version = SVYI_FILE_VERSION;
    if ((st = svyi_db_exec(s, identity, err)) == SVY_OK && (st = svyi_db_exec(s, TABLES, err)) == SVY_OK && (st = svyi_db_exec(s, TRIGGERS, err)) == SVY_OK &&
        (st = svyi_db_once(s, META, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_text(utc), svyi_arg_text(zone)), err)) == SVY_OK &&
        (st = svyi_db_once(s, "INSERT INTO secrets(name, value) VALUES('participant-key', ?)", SVYI_ARGS(svyi_arg_blob(s->key, sizeof s->key)), err)) == SVY_OK)
        st = add_version_2(s, err);
    if (st == SVY_OK && (st = add_version_3(s, err)) == SVY_OK)
        st = add_version_4(s, err);
    return svyi_db_end(s, st, err);
}

/* One number from a statement without parameters. */
static svy_status pragma(svy_study *s, const char *sql, int64_t *number, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    svy_status st = svyi_db_prepare(s, sql, &stmt, err);

    *number = 0;
    if (st == SVY_OK) {
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            *number = sqlite3_column_int64(stmt, 0);
        else
            st = svyi_db_fail(s, rc, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static svy_status load_key(svy_study *s, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    svy_status st = svyi_db_prepare(s, "SELECT value FROM secrets WHERE name = 'participant-key'", &stmt, err);

    if (st != SVY_OK)
        return st;
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        st = svyi_db_fail(s, rc, err);
    else if (rc == SQLITE_DONE || sqlite3_column_bytes(stmt, 0) != SVYI_KEY)
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: its key for participant keys is missing; restore it from a backup", s->path);
    else
        memcpy(s->key, sqlite3_column_blob(stmt, 0), SVYI_KEY);
    sqlite3_finalize(stmt);
    return st;
}

svy_status svyi_study_check(svy_study *s, svy_error *err)
{
    int64_t application, version;
    svy_status st = pragma(s, "PRAGMA application_id", &application, err);

    if (st == SVY_OK)
        st = pragma(s, "PRAGMA user_version", &version, err);
    if (st != SVY_OK)
        return st;
    if (application != SVYI_APPLICATION_ID)
        return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is not a study file: make one with 'survey study create'", s->path);
    if (version < SVYI_FILE_OLDEST || version > SVYI_FILE_VERSION)
        return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is a study file of version %lld, and this program knows version %d: use a newer program", s->path,
                         (long long)version, SVYI_FILE_VERSION);
    s->version = (int)version;
    return load_key(s, err);
}
