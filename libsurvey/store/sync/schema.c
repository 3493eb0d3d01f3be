/* What two files of one study need to agree: when a case was last given to somebody or returned, digests of interviews, what came and became something else, whose interview
   was erased, and what was submitted under a uuid that another version has now. */
#include "store/store_priv.h"

#define NOW "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"

static const char TABLES[] =
    "ALTER TABLE cases ADD COLUMN assigned_utc_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE cases ADD COLUMN returned_utc_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE sync_digests(interview INTEGER PRIMARY KEY REFERENCES interviews, state INTEGER NOT NULL, events INTEGER NOT NULL, files INTEGER NOT NULL,"
    " digest BLOB NOT NULL) STRICT;"
    "ALTER TABLE erasures ADD COLUMN organisation TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX erasures_of ON erasures(interview, utc_ms);"
    "CREATE TABLE submissions_moved(submission INTEGER PRIMARY KEY REFERENCES submissions, interview INTEGER NOT NULL REFERENCES interviews) STRICT;"
    "CREATE TABLE sync_seen(digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;";

/* Whatever changes a case, its moment moves on; a merge sets moments itself. */
static const char TRIGGERS[] =
    "CREATE TRIGGER cases_listed_when AFTER INSERT ON cases WHEN NEW.listed = 1 AND NEW.assigned_utc_ms = 0"
    " BEGIN UPDATE cases SET assigned_utc_ms = " NOW " WHERE form = NEW.form AND id = NEW.id; END;"
    "CREATE TRIGGER cases_given_when AFTER UPDATE OF assigned, organisation, listed ON cases WHEN NEW.assigned_utc_ms = OLD.assigned_utc_ms"
    " AND (NEW.assigned <> OLD.assigned OR NEW.organisation <> OLD.organisation OR NEW.listed <> OLD.listed)"
    " BEGIN UPDATE cases SET assigned_utc_ms = max(OLD.assigned_utc_ms + 1, " NOW ") WHERE form = NEW.form AND id = NEW.id; END;"
    "CREATE TRIGGER cases_returned_when AFTER UPDATE OF returned, comment ON cases WHEN NEW.returned_utc_ms = OLD.returned_utc_ms"
    " AND (NEW.returned <> OLD.returned OR NEW.comment <> OLD.comment)"
    " BEGIN UPDATE cases SET returned_utc_ms = max(OLD.returned_utc_ms + 1, " NOW ") WHERE form = NEW.form AND id = NEW.id; END;"
    "CREATE TRIGGER contacts_added_when AFTER INSERT ON case_contacts"
    " BEGIN UPDATE cases SET assigned_utc_ms = max(assigned_utc_ms + 1, " NOW ") WHERE form = NEW.form AND id = NEW.id; END;"
    "CREATE TRIGGER contacts_changed_when AFTER UPDATE ON case_contacts WHEN NEW.value <> OLD.value"
    " BEGIN UPDATE cases SET assigned_utc_ms = max(assigned_utc_ms + 1, " NOW ") WHERE form = NEW.form AND id = NEW.id; END;"
    "CREATE TRIGGER contacts_gone_when AFTER DELETE ON case_contacts"
    " BEGIN UPDATE cases SET assigned_utc_ms = max(assigned_utc_ms + 1, " NOW ") WHERE form = OLD.form AND id = OLD.id; END;";

svy_status svyi_sync_tables(svy_study *s, svy_error *err)
{
    const svy_status st = svyi_db_exec(s, TABLES, err);

    return st == SVY_OK ? svyi_db_exec(s, TRIGGERS, err) : st;
}
