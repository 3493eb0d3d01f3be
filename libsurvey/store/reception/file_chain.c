/* The chain of files: that a name of an interview stands for a content is an entry in it, sealed together with the one before, so that a photo that was swapped shows. An entry holds
 * a digest keyed with a random key of the interview, which an erasure destroys: nobody can tell afterwards what was there. Entries are only added: that a name stands for a content no
 * more is one, too. */
#include "store/people/people_priv.h"
#include "store/reception/priv.h"

#include <string.h>

static const char TABLES[] =
    "CREATE TABLE file_keys(interview INTEGER PRIMARY KEY REFERENCES interviews, key BLOB NOT NULL) STRICT;"
    "CREATE TABLE file_links(sequence INTEGER PRIMARY KEY, interview INTEGER NOT NULL REFERENCES interviews, link BLOB NOT NULL, gone INTEGER NOT NULL, previous BLOB NOT NULL,"
    " hash BLOB NOT NULL) STRICT;"
    "CREATE INDEX file_links_of ON file_links(interview, link);"
    "CREATE TABLE file_chain(one INTEGER PRIMARY KEY CHECK(one = 1), length INTEGER NOT NULL, head BLOB NOT NULL) STRICT;"
    "INSERT INTO file_chain VALUES(1, 0, zeroblob(32));"
    "CREATE TRIGGER file_links_are_kept BEFORE DELETE ON file_links BEGIN SELECT raise(ABORT, 'links of files are only added'); END;"
    "CREATE TRIGGER file_links_stay BEFORE UPDATE ON file_links BEGIN SELECT raise(ABORT, 'links of files are only added'); END;";

/* Files as they are linked now: of one that is sealed still the hash it came with stands for its content. */
#define LINKED "SELECT f.interview, f.name, f.media_type, coalesce(a.digest, a.hash), k.key FROM interview_files f JOIN attachments a ON a.number = f.attachment" \
               " LEFT JOIN file_keys k ON k.interview = f.interview"

static int is_blob(sqlite3_stmt *stmt, int column, int size) { return sqlite3_column_bytes(stmt, column) == size; }

/* What an entry says of the file that a statement of LINKED stands on. */
static void make_link(sqlite3_stmt *stmt, const uint8_t *key, uint8_t link[SVYI_HASH])
{
    svyi_hasher h;

    svyi_hasher_init(&h, key);
    svyi_hasher_number(&h, sqlite3_column_int64(stmt, 0));
    svyi_hasher_text(&h, svyi_db_text(stmt, 1));
    svyi_hasher_text(&h, svyi_db_text(stmt, 2));
    svyi_hasher_bytes(&h, sqlite3_column_blob(stmt, 3), (size_t)sqlite3_column_bytes(stmt, 3));
    svyi_hasher_final(&h, link);
}

static void make_hash(const void *previous, int64_t sequence, int64_t interview, const void *link, int64_t gone, uint8_t hash[SVYI_HASH])
{
    svyi_hasher h;

    svyi_hasher_init(&h, NULL);
    svyi_hasher_bytes(&h, previous, SVYI_HASH);
    svyi_hasher_number(&h, sequence);
    svyi_hasher_number(&h, interview);
    svyi_hasher_bytes(&h, link, SVYI_HASH);
    svyi_hasher_number(&h, gone);
    svyi_hasher_final(&h, hash);
}

/* ---- adding ---- */

static svy_status append(svy_study *s, int64_t interview, const uint8_t link[SVYI_HASH], int gone, svy_error *err)
{
    uint8_t head[SVYI_HASH], hash[SVYI_HASH];
    sqlite3_stmt *stmt = NULL;
    int64_t sequence = 0;
    svy_status st = svyi_once(s, "SELECT length, head FROM file_chain", NULL, 0, &stmt, err);

    if (st == SVY_OK && svyi_db_step(s, stmt, err) == 1 && is_blob(stmt, 1, SVYI_HASH)) {
        sequence = sqlite3_column_int64(stmt, 0) + 1;
        memcpy(head, sqlite3_column_blob(stmt, 1), sizeof head);
    } else if (st == SVY_OK)
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the end of its chain of files is missing; restore it from a backup", s->path);
    sqlite3_finalize(stmt);
    if (st != SVY_OK)
        return st;
    make_hash(head, sequence, interview, link, gone, hash);
    st = svyi_db_once(s, "INSERT INTO file_links(sequence, interview, link, gone, previous, hash) VALUES(?,?,?,?,?,?)",
                      SVYI_ARGS(svyi_arg_int(sequence), svyi_arg_int(interview), svyi_arg_blob(link, SVYI_HASH), svyi_arg_int(gone), svyi_arg_blob(head, sizeof head),
                                svyi_arg_blob(hash, sizeof hash)), err);
    return st == SVY_OK ? svyi_db_once(s, "UPDATE file_chain SET length = ?, head = ?", SVYI_ARGS(svyi_arg_int(sequence), svyi_arg_blob(hash, sizeof hash)), err) : st;
}

static svy_status need_key(svy_study *s, int64_t interview, svy_error *err)
{
    uint8_t key[SVYI_KEY];

    svyi_random_bytes(key, sizeof key);
    const svy_status st = svyi_db_once(s, "INSERT OR IGNORE INTO file_keys(interview, key) VALUES(?,?)", SVYI_ARGS(svyi_arg_int(interview), svyi_arg_blob(key, sizeof key)), err);
    svyi_wipe(key, sizeof key);
    return st;
}

svy_status svyi_file_linked(svy_study *s, int64_t interview, const char *name, int gone, svy_error *err)
{
    uint8_t link[SVYI_HASH];
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = need_key(s, interview, err);

    if (st == SVY_OK)
        st = svyi_once(s, LINKED " WHERE f.interview = ? AND f.name = ?", SVYI_ARGS(svyi_arg_int(interview), svyi_arg_text(name)), &stmt, err);
    if (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        if (is_blob(stmt, 4, SVYI_KEY))
            make_link(stmt, sqlite3_column_blob(stmt, 4), link);
        else
            st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the key of an interview's files is none; restore it from a backup", s->path);
    }
    sqlite3_finalize(stmt);
    if (st == SVY_OK && found < 0)
        return svyi_db_failed(err);
    return st == SVY_OK && found == 1 ? append(s, interview, link, gone, err) : st;
}

/* The links that a query tells, each with its interview and name. */
static svy_status each_linked(svy_study *s, const char *sql, svyi_arg arg, int gone, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_once(s, sql, &arg, 1, &stmt, err);

    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1)
        st = svyi_file_linked(s, sqlite3_column_int64(stmt, 0), svyi_db_text(stmt, 1), gone, err);
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svyi_attachment_linked(svy_study *s, int64_t attachment, int gone, svy_error *err)
{
    return each_linked(s, "SELECT interview, name FROM interview_files WHERE attachment = ? ORDER BY interview, name", svyi_arg_int(attachment), gone, err);
}

svy_status svyi_file_chain_tables(svy_study *s, svy_error *err)
{
    const svy_status st = svyi_db_exec(s, TABLES, err);

    return st == SVY_OK ? each_linked(s, "SELECT interview, name FROM interview_files WHERE ?1 IS NULL ORDER BY interview, name", svyi_arg_text(NULL), 0, err) : st;
}

/* ---- verifying ---- */

static svy_status check_links(svy_study *s, svyi_file_complaint *say, void *user, svy_error *err)
{
    uint8_t head[SVYI_HASH] = { 0 }, hash[SVYI_HASH];
    sqlite3_stmt *stmt = NULL;
    int64_t sequence = 0;
    int found = 0, whole = 1;
    svy_status st = svyi_once(s, "SELECT sequence, interview, link, gone, previous, hash FROM file_links ORDER BY sequence", NULL, 0, &stmt, err);

    while (st == SVY_OK && whole && (found = svyi_db_step(s, stmt, err)) == 1) {
        whole = is_blob(stmt, 2, SVYI_HASH) && is_blob(stmt, 4, SVYI_HASH) && is_blob(stmt, 5, SVYI_HASH) && sqlite3_column_int64(stmt, 0) == ++sequence &&
                memcmp(sqlite3_column_blob(stmt, 4), head, sizeof head) == 0;
        if (!whole)
            break;
        make_hash(head, sequence, sqlite3_column_int64(stmt, 1), sqlite3_column_blob(stmt, 2), sqlite3_column_int64(stmt, 3), hash);
        whole = memcmp(sqlite3_column_blob(stmt, 5), hash, sizeof hash) == 0;
        memcpy(head, hash, sizeof head);
    }
    sqlite3_finalize(stmt);
    if (st == SVY_OK && found < 0)
        return svyi_db_failed(err);
    int64_t one;
    const int ends = st != SVY_OK || !whole ? 0 : svyi_once_number(s, "SELECT 1 FROM file_chain WHERE length = ? AND head = ?", SVYI_ARGS(svyi_arg_int(sequence), svyi_arg_blob(head, sizeof head)), &one, err);
    if (st == SVY_OK && ends < 0)
        return svyi_db_failed(err);
    if (st == SVY_OK && !ends)
        say(user, "", whole ? "the chain of files does not end with its last entry" : "an entry of the chain of files was changed, or is missing");
    return st;
}

/* Every file is what its name was linked to. */
static svy_status check_files(svy_study *s, svyi_file_complaint *say, void *user, svy_error *err)
{
    static const char LAST[] = "SELECT 1 FROM file_links WHERE sequence = (SELECT max(sequence) FROM file_links WHERE interview = ? AND link = ?) AND gone = 0";
    uint8_t link[SVYI_HASH];
    sqlite3_stmt *stmt = NULL;
    int64_t one;
    int found = 0;
    svy_status st = svyi_once(s, LINKED " WHERE ?1 IS NULL ORDER BY f.interview, f.name", SVYI_ARGS(svyi_arg_text(NULL)), &stmt, err);

    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        int known = is_blob(stmt, 4, SVYI_KEY);
        if (known) {
            make_link(stmt, sqlite3_column_blob(stmt, 4), link);
            known = svyi_once_number(s, LAST, SVYI_ARGS(svyi_arg_int(sqlite3_column_int64(stmt, 0)), svyi_arg_blob(link, sizeof link)), &one, err);
        }
        if (known < 0)
            st = svyi_db_failed(err);
        else if (!known)
            say(user, svyi_db_text(stmt, 1), "the file of this name is not the one that the interview came with");
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* Every link has its file, but of what was erased. */
static svy_status check_missing(svy_study *s, svyi_file_complaint *say, void *user, svy_error *err)
{
    static const char SQL[] = "SELECT i.uuid FROM interviews i WHERE i.erased_utc_ms IS NULL AND i.number IN (SELECT interview FROM file_links) AND (SELECT count(*) FROM interview_files f"
                              " WHERE f.interview = i.number) <> (SELECT coalesce(sum(CASE WHEN gone = 0 THEN 1 ELSE -1 END), 0) FROM file_links l WHERE l.interview = i.number)";
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_once(s, SQL, NULL, 0, &stmt, err);

    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1)
        say(user, svyi_db_text(stmt, 0), "a file of the interview is missing");
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svyi_file_chain_check(svy_study *s, svyi_file_complaint *say, void *user, svy_error *err)
{
    svy_status st = s->version < 4 ? SVY_OK : check_links(s, say, user, err);

    if (s->version < 4 || st != SVY_OK || (st = check_files(s, say, user, err)) != SVY_OK)
        return st;
    return check_missing(s, say, user, err);
}
