/* The tables of what arrives from elsewhere, which version 2 of the study file added: sittings, packed journals, attachments, uploads, what is kept aside. */
#include "store/store_priv.h"

/* TEMP: "" or "TEMP ". */
#define TABLES(TEMP) \
    "CREATE " TEMP "TABLE sittings(interview INTEGER NOT NULL REFERENCES interviews, first INTEGER NOT NULL, mode INTEGER NOT NULL, actor TEXT NOT NULL," \
    " organisation TEXT NOT NULL, device TEXT NOT NULL, agent TEXT NOT NULL, clock_known INTEGER NOT NULL, clock_offset_ms INTEGER NOT NULL," \
    " PRIMARY KEY(interview, first)) STRICT, WITHOUT ROWID;" \
    "CREATE " TEMP "TABLE journals(interview INTEGER PRIMARY KEY REFERENCES interviews, events INTEGER NOT NULL, last_utc_ms INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;" \
    "CREATE " TEMP "TABLE attachments(number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, digest BLOB, size INTEGER NOT NULL, received_utc_ms INTEGER NOT NULL," \
    " sender TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;" \
    "CREATE " TEMP "TABLE interview_files(interview INTEGER NOT NULL REFERENCES interviews, name TEXT NOT NULL, media_type TEXT NOT NULL," \
    " attachment INTEGER NOT NULL REFERENCES attachments, PRIMARY KEY(interview, name)) STRICT, WITHOUT ROWID;" \
    "CREATE " TEMP "TABLE uploads(number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, have INTEGER NOT NULL, sender TEXT NOT NULL," \
    " started_utc_ms INTEGER NOT NULL) STRICT;" \
    "CREATE " TEMP "TABLE upload_parts(upload INTEGER NOT NULL REFERENCES uploads, offset INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(upload, offset)) STRICT;" \
    "CREATE " TEMP "TABLE kept_aside(number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, uuid TEXT NOT NULL, form TEXT NOT NULL, version TEXT NOT NULL," \
    " reason TEXT NOT NULL, waits_for TEXT NOT NULL, actor TEXT NOT NULL, organisation TEXT NOT NULL, mode INTEGER NOT NULL, device TEXT NOT NULL, agent TEXT NOT NULL," \
    " case_allowed TEXT, form_allowed TEXT, touch INTEGER NOT NULL, received_utc_ms INTEGER NOT NULL, received_zone INTEGER NOT NULL, boxed INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;" \
    "CREATE " TEMP "TABLE kept_files(kept INTEGER NOT NULL REFERENCES kept_aside, name TEXT NOT NULL, media_type TEXT NOT NULL," \
    " attachment INTEGER NOT NULL REFERENCES attachments, PRIMARY KEY(kept, name)) STRICT, WITHOUT ROWID;"

static const char COLUMNS[] =
    "ALTER TABLE interviews ADD COLUMN organisation TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE interviews ADD COLUMN mode INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE interviews ADD COLUMN device TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE interviews ADD COLUMN received_utc_ms INTEGER;"
    "ALTER TABLE interviews ADD COLUMN conflicts TEXT;";

static const char INDEXES[] =
    "CREATE INDEX interviews_conflicts ON interviews(conflicts) WHERE conflicts IS NOT NULL;"
    "CREATE INDEX interview_files_of ON interview_files(attachment);"
    "CREATE INDEX kept_aside_waiting ON kept_aside(waits_for) WHERE waits_for <> '';"
    "CREATE INDEX kept_files_of ON kept_files(attachment);";

static const char TRIGGERS[] =
    /* A packed journal only grows at its end; an erasure and an early end blank what it says. */
    "CREATE TRIGGER journals_are_kept BEFORE DELETE ON journals BEGIN SELECT raise(ABORT, 'events are only added'); END;"
    "CREATE TRIGGER journals_stay BEFORE UPDATE ON journals WHEN NEW.interview <> OLD.interview OR NOT ((OLD.interview IN (SELECT interview FROM erasing)"
    " AND NEW.events = OLD.events) OR (NEW.events > OLD.events AND substr(NEW.bytes, 1, length(OLD.bytes)) = OLD.bytes))"
    " BEGIN SELECT raise(ABORT, 'events are only added'); END;"
    "CREATE TRIGGER sittings_are_kept BEFORE DELETE ON sittings BEGIN SELECT raise(ABORT, 'sittings are only added'); END;"
    "CREATE TRIGGER sittings_stay BEFORE UPDATE ON sittings BEGIN SELECT raise(ABORT, 'sittings are only added'); END;"
    "CREATE TRIGGER interview_files_are_kept BEFORE DELETE ON interview_files WHEN OLD.interview NOT IN (SELECT interview FROM erasing)"
    " BEGIN SELECT raise(ABORT, 'files of interviews are kept'); END;"
    "CREATE TRIGGER interview_files_stay BEFORE UPDATE ON interview_files BEGIN SELECT raise(ABORT, 'files of interviews are kept'); END;"
    "CREATE TRIGGER attachments_are_kept BEFORE DELETE ON attachments WHEN OLD.number IN (SELECT attachment FROM interview_files)"
    " OR OLD.number IN (SELECT attachment FROM kept_files) BEGIN SELECT raise(ABORT, 'files of interviews are kept'); END;";

svy_status svyi_reception_tables(svy_study *s, svy_error *err)
{
    static const char KEYS[] = "INSERT INTO secrets(name, value) VALUES('project-public', ?), ('project-secret', ?)";
    uint8_t open[SVYI_KEY], secret[SVYI_KEY];
    svy_status st;

    if ((st = svyi_db_exec(s, COLUMNS, err)) != SVY_OK || (st = svyi_db_exec(s, TABLES(""), err)) != SVY_OK || (st = svyi_db_exec(s, INDEXES, err)) != SVY_OK ||
        (st = svyi_db_exec(s, TRIGGERS, err)) != SVY_OK)
        return st;
    svyi_box_keys(open, secret);
    st = svyi_db_once(s, KEYS, SVYI_ARGS(svyi_arg_blob(open, sizeof open), svyi_arg_blob(secret, sizeof secret)), err);
    svyi_wipe(secret, sizeof secret);
    return st;
}

svy_status svyi_reception_stand_ins(svy_study *s, svy_error *err)
{
    static const char VIEW[] = "CREATE TEMP VIEW interviews AS SELECT *, '' AS organisation, 0 AS mode, '' AS device, NULL AS received_utc_ms, NULL AS conflicts"
                               " FROM main.interviews";
    static const char MOVED[] = "CREATE TEMP TABLE submissions_moved(submission INTEGER PRIMARY KEY, interview INTEGER NOT NULL) STRICT";
    svy_status st = svyi_db_exec(s, TABLES("TEMP "), err);

    if (st == SVY_OK)
        st = svyi_db_exec(s, MOVED, err);
    return st == SVY_OK ? svyi_db_exec(s, VIEW, err) : st;
}
