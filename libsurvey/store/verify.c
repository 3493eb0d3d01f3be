/* Verifying a study: the hash chain, and that every submission's payload, typed rows and journal are what was submitted. */
#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>

typedef struct checking {
    svy_study *s;
    svy_diags *diags;
    int64_t sequence;                    /* of the submission before */
    uint8_t head[SVYI_HASH];
    unsigned wrong;
    svyi_arena arena;
    svy_error *err;
} checking;

static void complain(checking *c, const char *element, const char *advice, const char *found)
{
    const svyi_where where = { c->s->path, 0, 0, element };

    c->wrong++;
    svyi_report(c->diags, SVY_PROBLEM, SVY_E_FORMAT, &where, advice, "%s", found);
}

static const char BACKUP[] = "restore the file from a backup and find out who changed it";

static const void *blob(sqlite3_stmt *stmt, int column, size_t *len)
{
    const void *bytes = sqlite3_column_blob(stmt, column);

    *len = (size_t)sqlite3_column_bytes(stmt, column);
    return bytes != NULL ? bytes : "";
}

static void read_submission(sqlite3_stmt *stmt, svyi_submission *m)
{
    *m = (svyi_submission){ .sequence = sqlite3_column_int64(stmt, 0), .revision = sqlite3_column_int64(stmt, 4), .form = sqlite3_column_int64(stmt, 5),
                            .utc_ms = sqlite3_column_int64(stmt, 8), .zone = sqlite3_column_int64(stmt, 9), .uuid = svyi_db_text(stmt, 1),
                            .interview = svyi_db_text(stmt, 2), .journal = svyi_db_text(stmt, 3), .actor = svyi_db_text(stmt, 6),
                            .reason = svyi_db_text(stmt, 7) };
    m->rows_digest = blob(stmt, 10, &m->rows_digest_len);
    m->journal_digest = blob(stmt, 11, &m->journal_digest_len);
    m->nonce = blob(stmt, 12, &m->nonce_len);
    m->payload = blob(stmt, 13, &m->payload_len);
    m->previous = blob(stmt, 14, &m->previous_len);
    m->hash = blob(stmt, 15, &m->hash_len);
}

static void check_link(checking *c, const svyi_submission *m, const svyi_version *v)
{
    uint8_t hash[SVYI_HASH];
    char found[160];

    if (m->sequence != c->sequence + 1) {
        snprintf(found, sizeof found, "submission %lld follows submission %lld: those between are missing", (long long)m->sequence, (long long)c->sequence);
        complain(c, m->uuid, BACKUP, found);
    } else if (m->previous_len != SVYI_HASH || !svyi_same_bytes(m->previous, c->head, SVYI_HASH)) {
        complain(c, m->uuid, BACKUP, "the hash of the submission before it is not the one it was chained to");
    }
    svyi_submission_hash(m, v->form, hash);
    if (m->hash_len != SVYI_HASH || !svyi_same_bytes(m->hash, hash, SVYI_HASH))
        complain(c, m->uuid, BACKUP, "its content is not what its hash says");
    c->sequence = m->sequence;
    if (m->hash_len == SVYI_HASH)
        memcpy(c->head, m->hash, SVYI_HASH);
}

/* 1 and the key of a submission, 0 when it was destroyed, -1 failed. */
static int get_key(checking *c, int64_t submission, uint8_t key[SVYI_KEY])
{
    sqlite3_stmt *stmt;

    if (svyi_db_query(c->s, Q_KEY_GET, SVYI_ARGS(svyi_arg_int(submission)), &stmt, c->err) != SVY_OK)
        return -1;
    int found = svyi_db_step(c->s, stmt, c->err);
    if (found != 1)
        return found;
    found = sqlite3_column_bytes(stmt, 0) == SVYI_KEY;
    if (found)
        memcpy(key, sqlite3_column_blob(stmt, 0), SVYI_KEY);
    sqlite3_reset(stmt);
    return found;
}

static svy_status check_payload(checking *c, const svyi_submission *m, const uint8_t *key)
{
    void *plain = svyi_get(&c->s->alloc, m->payload_len);

    if (plain == NULL)
        return svyi_nomem(c->err);
    if (m->nonce_len != SVYI_NONCE || !svyi_unseal(key, m->nonce, m->payload, m->payload_len, plain))
        complain(c, m->uuid, BACKUP, "its payload does not open with its key");
    svyi_wipe(plain, m->payload_len);
    svyi_release(&c->s->alloc, plain, m->payload_len);
    return SVY_OK;
}

/* The interview that a submission is of, and the journal that led to it. Of one that was made under a uuid that another version has now (`moved` 1) it is kept beside it.
   1 found, 0 not, -1 failed. */
static int find_interview(checking *c, const svyi_submission *m, svyi_row *first, svyi_row *own, int *moved)
{
    int64_t number;
    const int there = svyi_db_number(c->s, Q_SUBMISSION_MOVED, SVYI_ARGS(svyi_arg_int(m->sequence)), &number, c->err);

    *moved = there == 1;
    if (there < 0)
        return -1;
    if (there == 0) {
        const int a = svyi_row_read(c->s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(m->interview)), &c->arena, first, c->err);
        const int b = a < 0 ? -1 : svyi_row_read(c->s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(m->journal)), &c->arena, own, c->err);
        return b < 0 ? -1 : a & b;
    }
    const int found = svyi_row_read(c->s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(number)), &c->arena, own, c->err);
    *first = *own;
    return found == 1 && own->corrects != 0 ? svyi_row_read(c->s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(own->corrects)), &c->arena, first, c->err) : found;
}

/* Typed rows follow the last revision; each revision has a journal of its own. */
static svy_status check_agreement(checking *c, const svyi_submission *m, svyi_version *v, const svyi_row *first, const svyi_row *own, int moved, const uint8_t *key)
{
    uint8_t digest[SVYI_HASH];
    int64_t last = 0;
    size_t rows;
    svy_status st = svyi_events_digest(c->s, own->number, key, digest, c->err);

    if (st != SVY_OK)
        return st;
    if (m->journal_digest_len != SVYI_HASH || !svyi_same_bytes(digest, m->journal_digest, SVYI_HASH))
        complain(c, m->uuid, BACKUP, "the journal of its interview is not the one that was submitted");
    if (moved)
        return SVY_OK;                        /* it was submitted again, under the uuid that it has now */
    if (svyi_db_number(c->s, Q_SUBMISSION_LAST, SVYI_ARGS(svyi_arg_text(m->interview)), &last, c->err) < 0)
        return svyi_db_failed(c->err);
    if (last != m->revision)
        return SVY_OK;
    if ((st = svyi_rows_digest(c->s, v, first->number, key, digest, &rows, c->err)) != SVY_OK)
        return st;
    if (m->rows_digest_len != SVYI_HASH || !svyi_same_bytes(digest, m->rows_digest, SVYI_HASH))
        complain(c, m->uuid, "restore the file from a backup, or correct the interview through the program", "the typed rows of its interview are not what was submitted");
    return SVY_OK;
}

static svy_status check_erased(checking *c, const svyi_submission *m, svyi_version *v, const svyi_row *first)
{
    static const uint8_t NO_KEY[SVYI_KEY];
    uint8_t digest[SVYI_HASH];
    size_t rows;
    svy_status st = svyi_rows_digest(c->s, v, first->number, NO_KEY, digest, &rows, c->err);

    if (st == SVY_OK && rows > 0)
        complain(c, m->uuid, "erase the interview again", "its interview was erased, but typed rows of it are there");
    return st;
}

static svy_status check_submission(checking *c, const svyi_submission *m)
{
    uint8_t key[SVYI_KEY];
    svyi_version *v;
    svyi_row first, own;
    svy_status st = svyi_version_load(c->s, m->form, &v, c->err);

    if (st != SVY_OK)
        return st;
    check_link(c, m, v);
    int moved, there = find_interview(c, m, &first, &own, &moved);
    if (there < 0)
        return svyi_db_failed(c->err);
    if (there == 0) {
        complain(c, m->uuid, BACKUP, "its interview is not in the file");
        return SVY_OK;
    }
    int found = get_key(c, m->sequence, key);
    if (found < 0)
        return svyi_db_failed(c->err);
    if (first.erased && found == 0)
        return check_erased(c, m, v, &first);
    if (first.erased || found == 0) {
        complain(c, m->uuid, BACKUP, first.erased ? "its interview was erased, but its key is there" : "its key is missing although nobody erased the interview");
        return SVY_OK;
    }
    if ((st = check_payload(c, m, key)) == SVY_OK)
        st = check_agreement(c, m, v, &first, &own, moved, key);
    svyi_wipe(key, sizeof key);
    return st;
}

static svy_status check_end(checking *c)
{
    sqlite3_stmt *stmt;
    char found[160];
    svy_status st = svyi_db_query(c->s, Q_CHAIN_GET, NULL, 0, &stmt, c->err);

    if (st != SVY_OK)
        return st;
    int row = svyi_db_step(c->s, stmt, c->err);
    if (row < 0)
        return svyi_db_failed(c->err);
    if (row == 0 || sqlite3_column_bytes(stmt, 1) != SVYI_HASH) {
        complain(c, "", BACKUP, "the end of the hash chain is missing");
    } else if (sqlite3_column_int64(stmt, 0) != c->sequence) {
        snprintf(found, sizeof found, "the hash chain ends with submission %lld, but the last one is %lld", (long long)sqlite3_column_int64(stmt, 0), (long long)c->sequence);
        complain(c, "", BACKUP, found);
    } else if (!svyi_same_bytes(sqlite3_column_blob(stmt, 1), c->head, SVYI_HASH)) {
        complain(c, "", BACKUP, "the hash chain does not end with the last submission");
    }
    sqlite3_reset(stmt);
    return SVY_OK;
}

/* Runs a query whose rows name what should not be there. */
static svy_status check_none(checking *c, const char *sql, const char *found)
{
    sqlite3_stmt *stmt = NULL;
    int step;
    svy_status st = svyi_db_prepare(c->s, sql, &stmt, c->err);

    if (st != SVY_OK)
        return st;
    while ((step = svyi_db_step(c->s, stmt, c->err)) == 1)
        complain(c, svyi_db_text(stmt, 0), BACKUP, found);
    sqlite3_finalize(stmt);
    return step < 0 ? svyi_db_failed(c->err) : SVY_OK;
}

/* Typed rows that no submission made. */
static svy_status check_strays(checking *c)
{
    sqlite3_stmt *tables = NULL;
    int step;
    svy_status st = svyi_db_prepare(c->s, "SELECT name FROM typed_tables ORDER BY number", &tables, c->err);

    while (st == SVY_OK && (step = svyi_db_step(c->s, tables, c->err)) != 0) {
        svyi_buffer sql;
        if (step < 0) {
            st = svyi_db_failed(c->err);
            break;
        }
        svyi_buffer_init(&sql, &c->s->alloc);
        svyi_buffer_text(&sql, "SELECT DISTINCT t.interview FROM ");
        svyi_db_quote(&sql, svyi_db_text(tables, 0));
        svyi_buffer_text(&sql, " t WHERE t.interview NOT IN (SELECT interview FROM submissions)");
        st = sql.failed ? svyi_nomem(c->err) : check_none(c, sql.data, "typed rows are there that no submission made");
        svyi_buffer_clear(&sql);
    }
    sqlite3_finalize(tables);
    return st;
}

/* Photos and other files are what was received. */
static svy_status check_attachments(checking *c)
{
    sqlite3_stmt *stmt = NULL;
    int step = 0;
    svy_status st = svyi_db_prepare(c->s, "SELECT number, digest, bytes FROM attachments WHERE digest IS NOT NULL ORDER BY number", &stmt, c->err);

    while (st == SVY_OK && (step = svyi_db_step(c->s, stmt, c->err)) == 1) {
        uint8_t digest[SVYI_HASH];
        char number[24];
        size_t n, len;
        const void *expected = blob(stmt, 1, &len), *bytes = blob(stmt, 2, &n);
        svyi_sha256(bytes, n, digest);
        snprintf(number, sizeof number, "%lld", (long long)sqlite3_column_int64(stmt, 0));
        if (len != SVYI_HASH || !svyi_same_bytes(digest, expected, SVYI_HASH))
            complain(c, number, BACKUP, "a file of an interview is not the one that was received");
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && step < 0 ? svyi_db_failed(c->err) : st;
}

static void complain_of_file(void *user, const char *element, const char *found) { complain(user, element, BACKUP, found); }

static svy_status check_file(checking *c)
{
    return check_none(c, "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'", "the file is damaged");
}

/* The log of who did what. */
static svy_status check_audit(checking *c)
{
    svy_error why = SVY_ERROR_INIT;

    if (!svyi_people_there(c->s))
        return SVY_OK;
    svy_status st = svy_study_audit_verify(c->s, 0, NULL, c->diags, &why);
    c->wrong += st == SVY_E_INVALID;
    if (st == SVY_OK || st == SVY_E_INVALID)
        return SVY_OK;
    return svyi_fail(c->err, st, "%s", why.message);
}

svy_status svy_study_verify(svy_study *s, svy_diags *diags, svy_error *err)
{
    checking c = { .s = s, .diags = diags, .err = err };
    sqlite3_stmt *stmt = NULL;
    int step = 0;

    SVY_REQUIRE(s != NULL, err);
    svyi_arena_init(&c.arena, &s->alloc);
    svy_status st = check_file(&c);
    if (st == SVY_OK)
        st = svyi_db_query(s, Q_SUBMISSIONS, NULL, 0, &stmt, err);
    while (st == SVY_OK && (step = svyi_db_step(s, stmt, err)) == 1) {
        svyi_submission m;
        read_submission(stmt, &m);
        st = check_submission(&c, &m);
        svyi_arena_clear(&c.arena);
    }
    if (stmt != NULL)
        sqlite3_reset(stmt);
    if (st == SVY_OK && step < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK && (st = check_end(&c)) == SVY_OK && (st = check_strays(&c)) == SVY_OK && (st = check_attachments(&c)) == SVY_OK &&
        (st = svyi_file_chain_check(s, complain_of_file, &c, err)) == SVY_OK)
        st = check_none(&c, "SELECT uuid FROM interviews WHERE phase = 2 AND uuid NOT IN (SELECT journal FROM submissions) AND number NOT IN (SELECT interview FROM submissions_moved)",
                        "the interview is complete, but its submission is not there");
    if (st == SVY_OK)
        st = check_audit(&c);
    svyi_arena_clear(&c.arena);
    if (st == SVY_OK && c.wrong > 0)
        st = svyi_fail(err, SVY_E_INVALID, "'%.200s' has %u problems", s->path, c.wrong);
    return st;
}
