/* The tables of accounts, tokens, links, cases and the audit log, which version 2 of the study file added. */
#include "store/store_priv.h"

static const char TABLES[] =
    "CREATE TABLE accounts(id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, role INTEGER NOT NULL, organisation TEXT NOT NULL,"
    " password TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, created_utc_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE tokens(hash BLOB PRIMARY KEY, account TEXT NOT NULL, link TEXT NOT NULL, kind INTEGER NOT NULL, device TEXT NOT NULL,"
    " created_utc_ms INTEGER NOT NULL, expires_utc_ms INTEGER NOT NULL, revoked_utc_ms INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX tokens_by_account ON tokens(account) WHERE account <> '';"
    "CREATE TABLE links(id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL, form TEXT NOT NULL, case_id TEXT NOT NULL,"
    " organisation TEXT NOT NULL, uses INTEGER NOT NULL DEFAULT 0, max_uses INTEGER NOT NULL, created_utc_ms INTEGER NOT NULL,"
    " expires_utc_ms INTEGER NOT NULL, closed_utc_ms INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX links_by_case ON links(form, case_id) WHERE case_id <> '';"
    "CREATE TABLE case_contacts(form TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(form, id, name)) STRICT, WITHOUT ROWID;"
    "ALTER TABLE cases ADD COLUMN organisation TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE cases ADD COLUMN returned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE cases ADD COLUMN comment TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE audit(sequence INTEGER PRIMARY KEY, utc_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,"
    " detail TEXT NOT NULL, mac BLOB NOT NULL) STRICT;"
    "CREATE TABLE audit_end(one INTEGER PRIMARY KEY CHECK(one = 1), length INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;"
    "INSERT INTO audit_end VALUES(1, 0, x'');";

static const char TRIGGERS[] =
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;"
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;"
    "CREATE TRIGGER audit_end_is_kept BEFORE DELETE ON audit_end BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;"
    "CREATE TRIGGER audit_end_moves_on BEFORE UPDATE ON audit_end WHEN NEW.length <> OLD.length + 1"
    " BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;"
    "CREATE TRIGGER accounts_are_kept BEFORE DELETE ON accounts BEGIN SELECT raise(ABORT, 'accounts are disabled, not deleted'); END;"
    "CREATE TRIGGER accounts_stay BEFORE UPDATE ON accounts WHEN NEW.id <> OLD.id OR NEW.name <> OLD.name"
    " BEGIN SELECT raise(ABORT, 'accounts keep their name'); END;";

svy_status svyi_account_tables(svy_study *s, svy_error *err)
{
    uint8_t key[SVYI_KEY];
    svy_status st = svyi_db_exec(s, TABLES, err);

    if (st != SVY_OK || (st = svyi_db_exec(s, TRIGGERS, err)) != SVY_OK)
        return st;
    svyi_random_bytes(key, sizeof key);
    st = svyi_db_once(s, "INSERT INTO secrets(name, value) VALUES('audit-key', ?)", SVYI_ARGS(svyi_arg_blob(key, sizeof key)), err);
    svyi_wipe(key, sizeof key);
    return st;
}
