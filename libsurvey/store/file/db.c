/* The connection to the study file: how it is opened, its settings, its transactions, and what its failures mean. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

/* Failures that say the disk did not confirm what was written: what is on it is unknown. */
static int lost_trust(int rc)
{
    return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
}

svy_status svyi_db_fail(svy_study *s, int rc, svy_error *err)
{
    const char *path = s->path, *why = s->db != NULL ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);

    if (lost_trust(rc))
        s->dead = 1;
    if (rc == SQLITE_IOERR_SHMSIZE)              /* the file beside the study that its readers share does not fit on the disk any more */
        rc = SQLITE_FULL;
    s->full |= (rc & 0xFF) == SQLITE_FULL;
    if (rc == SQLITE_IOERR_NOMEM)
        return svyi_nomem(err);
    switch (rc & 0xFF) {
    case SQLITE_NOMEM: return svyi_nomem(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return svyi_fail(err, SVY_E_BUSY, "'%.200s' is in use by another program: try again when that has ended", path);
    case SQLITE_FULL: return svyi_fail(err, SVY_E_IO, "no space is left on the disk of '%.200s': this was not stored; free some space and repeat it", path);
    case SQLITE_READONLY: return svyi_fail(err, SVY_E_IO, "'%.200s' or its folder cannot be written: change the permissions or copy it elsewhere", path);
    case SQLITE_NOTADB: return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is not a study file", path);
    case SQLITE_CORRUPT: return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged (%.80s): restore it from a backup", path, why);
    case SQLITE_CANTOPEN: return svyi_fail(err, SVY_E_IO, "cannot open '%.200s' (%.80s): check that it and its folder can be read and written", path, why);
    case SQLITE_IOERR:
        if (lost_trust(rc))
            return svyi_fail(err, SVY_E_IO, "the disk of '%.200s' did not confirm a write: this was not stored; end the program and check the disk", path);
        return svyi_fail(err, SVY_E_IO, "'%.200s' cannot be read or written (%.80s, %d): check the disk", path, why, rc);
    case SQLITE_TOOBIG: return svyi_fail(err, SVY_E_LIMIT, "'%.200s' cannot hold anything that large (%.80s)", path, why);
    case SQLITE_CONSTRAINT: return svyi_fail(err, SVY_E_STATE, "'%.200s' refuses this: %.120s", path, why);
    default: return svyi_fail(err, SVY_E_IO, "'%.200s' cannot be used: %.120s (%d)", path, why, rc);
    }
}

svy_status svyi_db_failed(const svy_error *err)
{
    return err != NULL && err->code != SVY_OK ? err->code : SVY_E_IO;
}

svy_status svyi_db_exec(svy_study *s, const char *sql, svy_error *err)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? SVY_OK : svyi_db_fail(s, rc, err);
}

svy_status svyi_db_prepare(svy_study *s, const char *sql, sqlite3_stmt **out, svy_error *err)
{
    int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

    if (rc == SQLITE_OK)
        return SVY_OK;
    *out = NULL;
    return svyi_db_fail(s, rc, err);
}

/* A path as a URI that promises nobody is writing: how a study is read in a folder where no file can be made. */
static char *immutable_uri(const svy_study *s, svyi_buffer *b)
{
    svyi_buffer_init(b, &s->alloc);
    svyi_buffer_text(b, "file:");
    for (const char *c = s->path; *c != '\0'; c++)
        if (*c == '%' || *c == '?' || *c == '#')
            svyi_buffer_format(b, "%%%02X", (unsigned)(unsigned char)*c);
        else
            svyi_buffer_add(b, c, 1);
    svyi_buffer_text(b, "?immutable=1");
    return b->failed ? NULL : b->data;
}

/* Whether a reader can share the log with a writer, or must be content with the file itself. */
static int is_frozen(const svy_study *s)
{
    char log[4200];

    if (s->mode == SVY_STUDY_WRITE || svyi_folder_writable(s->path))
        return 0;
    return snprintf(log, sizeof log, "%s-wal", s->path) < (int)sizeof log && !svyi_file_exists(log);
}

static svy_status open_file(svy_study *s, svy_error *err)
{
    const int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
    svyi_buffer uri = { .data = NULL };
    int rc;

    if (is_frozen(s)) {
        const char *name = immutable_uri(s, &uri);
        rc = name != NULL ? sqlite3_open_v2(name, &s->db, common | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) : SQLITE_NOMEM;
        svyi_buffer_clear(&uri);
    } else {
        rc = sqlite3_open_v2(s->path, &s->db, common | (s->mode == SVY_STUDY_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY), NULL);
    }
    return rc == SQLITE_OK ? SVY_OK : svyi_db_fail(s, rc, err);
}

/* The file becomes one with a write-ahead log; any other answer means that this disk cannot have one. */
static svy_status use_log(svy_study *s, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    svy_status st = svyi_db_prepare(s, "PRAGMA journal_mode=WAL", &stmt, err);

    if (st != SVY_OK)
        return st;
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW)
        st = svyi_db_fail(s, rc, err);
    else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") != 0)
        st = svyi_fail(err, SVY_E_IO, "the file system of '%.200s' cannot share memory between programs: put the study on a local disk", s->path);
    sqlite3_finalize(stmt);
    return st;
}

svy_status svyi_db_open(svy_study *s, int create, svy_error *err)
{
    static const char SAFE[] = "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;";
    /* A group of arrivals must fit into the cache, else its pages go to the log more than once; a log of 16 MB holds several, and the pages of indexes that all
     * of them change go to the file once. */
    static const char WRITER[] = "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA cache_size=-16384;"
                                 "PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864; PRAGMA recursive_triggers=ON;";
    svy_status st = open_file(s, err);

    if (st != SVY_OK)
        return st;
    sqlite3_busy_timeout(s->db, SVYI_PATIENCE_MS_OF_FILE);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    if ((st = svyi_db_exec(s, SAFE, err)) != SVY_OK)
        return st;
    if (s->mode == SVY_STUDY_READ) {
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        if ((st = svyi_study_check(s, err)) == SVY_OK && s->version < 2)
            st = svyi_reception_stand_ins(s, err);
        if (st == SVY_OK && s->version < 3)
            st = svyi_media_stand_ins(s, err);
        return st == SVY_OK ? svyi_db_exec(s, "PRAGMA query_only=ON", err) : st;
    }
    if (sqlite3_db_readonly(s->db, "main") == 1)
        return svyi_db_fail(s, SQLITE_READONLY, err);
    /* Somebody else's database is looked at before anything in it is set. */
    if (!create && (st = svyi_study_check(s, err)) != SVY_OK)
        return st;
    /* Journals and answers take several pages of 4 KB each; fewer and larger ones cost less. */
    if ((create && (st = svyi_db_exec(s, "PRAGMA page_size=8192", err)) != SVY_OK) || (st = use_log(s, err)) != SVY_OK)
        return st;
    s->file = svyi_file_stamp(s->path);
    if ((st = svyi_db_exec(s, WRITER, err)) != SVY_OK || create)
        return st;
    return svyi_study_upgrade(s, err);
}

void svyi_db_close(svy_study *s)
{
    svyi_db_statements_close(s);
    if (s->db != NULL)
        sqlite3_close(s->db);
    s->db = NULL;
}

svy_status svyi_db_writable(svy_study *s, svy_error *err)
{
    if (s->mode != SVY_STUDY_WRITE)
        return svyi_fail(err, SVY_E_STATE, "'%.200s' was opened for reading only", s->path);
    if (s->dead)
        return svyi_fail(err, SVY_E_IO, "the disk of '%.200s' did not confirm an earlier write, so nothing more is stored: end the program and check the disk",
                         s->path);
    return SVY_OK;
}

/* Whether the names of the file and its log still stand for what is written to. SQLite keeps writing to a file that was deleted, moved or replaced,
 * for instance by a program that synchronises folders; what goes there is lost when the program ends, so it must not be acknowledged. */
static svy_status check_place(svy_study *s, svy_error *err)
{
    char log[4200];
    const int fits = snprintf(log, sizeof log, "%s-wal", s->path) < (int)sizeof log;

    if (!s->log.there && fits) {
        s->log = svyi_file_stamp(log);
        s->log.size = 0;                 /* a log may become shorter */
    }
    if (svyi_file_same(s->path, &s->file) && (!fits || svyi_file_same(log, &s->log)))
        return SVY_OK;
    s->dead = 1;
    return svyi_fail(err, SVY_E_IO, "'%.200s' was deleted, moved or replaced while it was in use: this was not stored; end the program and put the file back", s->path);
}

svy_status svyi_db_begin(svy_study *s, svy_error *err)
{
    svy_status st = svyi_db_writable(s, err);

    if (st == SVY_OK && s->depth == 0)
        st = svyi_db_run(s, Q_BEGIN, NULL, 0, err);
    if (st == SVY_OK)
        s->depth++;
    return st;
}

svy_status svyi_db_end(svy_study *s, svy_status st, svy_error *err)
{
    s->depth--;
    if (s->depth > 0)
        return st;
    if (st == SVY_OK)
        st = svyi_db_run(s, Q_COMMIT, NULL, 0, err);
    if (st == SVY_OK)
        st = check_place(s, err);
    if (st == SVY_OK)
        s->full = 0;
    if (st != SVY_OK && sqlite3_get_autocommit(s->db) == 0)
        (void)!svyi_db_run(s, Q_ROLLBACK, NULL, 0, NULL);
    return st;
}

svy_study_health svy_study_condition(const svy_study *s)
{
    return s->dead ? SVY_STUDY_LOST : s->full ? SVY_STUDY_FULL : SVY_STUDY_WELL;
}
