/* Files of interviews: photos, sound, signatures. Stored by the hash of the bytes as they came, given to interviews by name. */
#include "base/media_type.h"
#include "store/reception/priv.h"

#include <stdio.h>
#include <string.h>

struct svy_attachment {
    svy_alloc alloc;
    uint8_t hash[SVYI_HASH], digest[SVYI_HASH];
    int opened;
    void *bytes; size_t n, room;
};

svy_status svy_attachment_prepare(const svy_reception *r, const void *bytes, size_t n, int sealed, svy_attachment **out, svy_error *err)
{
    svy_attachment *a;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(r != NULL && (bytes != NULL || n == 0), err);
    if (n > SVY_UPLOAD_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "a file has %zu bytes: at most 64 MiB are taken", n);
    if ((a = svyi_get(&r->alloc, sizeof *a)) == NULL)
        return svyi_nomem(err);
    *a = (svy_attachment){ .alloc = r->alloc, .room = n, .n = n };
    if ((a->bytes = svyi_get(&r->alloc, n)) == NULL) {
        svyi_release(&r->alloc, a, sizeof *a);
        return svyi_nomem(err);
    }
    svyi_sha256(bytes, n, a->hash);
    if (sealed && r->has_secret && svyi_box_open(r->open, r->secret, bytes, n, a->bytes)) {
        a->n = n - SVYI_BOX;
        a->opened = 1;
    } else if (n > 0) {
        memcpy(a->bytes, bytes, n);
        a->opened = !sealed;
    }
    if (a->opened)
        svyi_sha256(a->bytes, a->n, a->digest);
    *out = a;
    return SVY_OK;
}

void svy_attachment_free(svy_attachment *a)
{
    if (a == NULL)
        return;
    const svy_alloc alloc = a->alloc;
    svyi_release(&alloc, a->bytes, a->room);
    svyi_release(&alloc, a, sizeof *a);
}

int svy_attachment_has_hash(const svy_attachment *a, const char *hash)
{
    uint8_t expected[SVYI_HASH];

    return svyi_hash_read(hash, expected) && memcmp(expected, a->hash, sizeof expected) == 0;
}

int svyi_attachment_find(svy_study *s, const uint8_t hash[SVYI_HASH], int64_t *number, uint8_t digest[SVYI_HASH], int *opened, svy_error *err)
{
    sqlite3_stmt *stmt;

    if (svyi_db_query(s, Q_ATTACHMENT_FIND, SVYI_ARGS(svyi_arg_blob(hash, SVYI_HASH)), &stmt, err) != SVY_OK)
        return -1;
    const int found = svyi_db_step(s, stmt, err);
    if (found != 1)
        return found;
    *number = sqlite3_column_int64(stmt, 0);
    *opened = sqlite3_column_bytes(stmt, 1) == SVYI_HASH;
    if (*opened)
        memcpy(digest, sqlite3_column_blob(stmt, 1), SVYI_HASH);
    sqlite3_reset(stmt);
    return 1;
}

static svy_status attach_one(svy_study *s, const svy_attachment *a, const char *sender, svy_moment now, svy_error *err)
{
    svy_status st = svyi_db_run(s, Q_ATTACHMENT_ADD, SVYI_ARGS(svyi_arg_blob(a->hash, SVYI_HASH), a->opened ? svyi_arg_blob(a->digest, SVYI_HASH) : svyi_arg_text(NULL),
                                                            svyi_arg_int((int64_t)a->n), svyi_arg_int(now.utc_ms), svyi_arg_text(sender), svyi_arg_blob(a->bytes, a->n)), err);

    return st == SVY_OK ? svyi_upload_forget(s, a->hash, err) : st;
}

svy_status svy_study_attach(svy_study *s, svy_attachment *const *files, size_t n, const char *sender, svy_moment now, svy_error *err)
{
    svy_status st;

    SVY_REQUIRE(s != NULL && (files != NULL || n == 0), err);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = attach_one(s, files[i], sender != NULL ? sender : "", now, err);
    return svyi_db_end(s, st, err);
}

/* ---- files of arrivals ---- */

svy_status svyi_files_here(svy_study *s, const svy_arrival *a, int *complete, int *fit, svy_error *err)
{
    *complete = *fit = 1;
    for (size_t i = 0; i < a->n_files; i++) {
        uint8_t digest[SVYI_HASH];
        int64_t number;
        int opened = 0;
        const int found = svyi_attachment_find(s, a->files[i].hash, &number, digest, &opened, err);
        if (found < 0)
            return svyi_db_failed(err);
        *complete &= found;
        *fit &= !found || !opened || memcmp(digest, a->files[i].content, sizeof digest) == 0;
    }
    return SVY_OK;
}

svy_status svy_study_lacks_files(svy_study *s, const svy_arrival *a, void (*each)(void *user, const uint8_t hash[SVY_HASH_BYTES]), void *user, svy_error *err)
{
    SVY_REQUIRE(s != NULL && a != NULL && each != NULL, err);
    for (size_t i = 0; i < a->n_files; i++) {
        uint8_t digest[SVYI_HASH];
        int64_t number;
        int opened;
        const int found = svyi_attachment_find(s, a->files[i].hash, &number, digest, &opened, err);
        if (found < 0)
            return svyi_db_failed(err);
        if (found == 0)
            each(user, a->files[i].hash);
    }
    return SVY_OK;
}

/* ---- files of interviews ---- */

static svy_status interview_number(svy_study *s, const char *uuid, int64_t *number, svy_error *err)
{
    const int found = svyi_db_number(s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(uuid)), number, err);

    if (found < 0)
        return svyi_db_failed(err);
    return found == 1 ? SVY_OK : svyi_fail(err, SVY_E_NAME, "there is no interview '%.64s' in the study", uuid);
}

svy_status svy_study_attach_file(svy_study *s, const char *interview, const char *name, const char *media_type, const void *bytes, size_t n, svy_moment now, svy_error *err)
{
    svy_attachment a = { .n = n, .opened = 1 };
    int64_t number, attachment;
    int opened;
    svy_status st;

    SVY_REQUIRE(s != NULL && interview != NULL && name != NULL && (bytes != NULL || n == 0), err);
    if (media_type == NULL && (media_type = svyi_media_type(name)) == NULL)
        media_type = "application/octet-stream";
    if (n > SVY_UPLOAD_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "a file has %zu bytes: at most 64 MiB are taken", n);
    svyi_sha256(bytes, n, a.hash);
    memcpy(a.digest, a.hash, sizeof a.digest);
    union { const void *in; void *out; } borrowed = { .in = bytes };     /* only read */
    a.bytes = borrowed.out;
    if ((st = svyi_name_check("a file", name, err)) != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = interview_number(s, interview, &number, err)) == SVY_OK && (st = attach_one(s, &a, "", now, err)) == SVY_OK)
        st = svyi_attachment_find(s, a.hash, &attachment, a.digest, &opened, err) == 1 ? svyi_file_name(s, number, &(svyi_named_file){ name, media_type, attachment, a.digest }, SVYI_NAME_IS_FREE, err) : svyi_db_failed(err);
    return svyi_db_end(s, st, err);
}

svy_status svy_study_files(svy_study *s, const char *interview, svy_status (*each)(void *user, const svy_study_file *file), void *user, svy_error *err)
{
    static const char SQL[] = "SELECT f.name, f.media_type, a.size, a.digest FROM interviews i JOIN interview_files f ON f.interview = i.number"
                              " JOIN attachments a ON a.number = f.attachment WHERE i.uuid = ? ORDER BY f.name";
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && interview != NULL && each != NULL, err);
    if ((st = svyi_db_prepare(s, SQL, &stmt, err)) == SVY_OK)
        st = svyi_db_bind(s, stmt, 1, svyi_arg_text(interview), err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const svy_study_file one = { svyi_db_text(stmt, 0), svyi_db_text(stmt, 1), (uint64_t)sqlite3_column_int64(stmt, 2),
                                     sqlite3_column_bytes(stmt, 3) == SVYI_HASH ? sqlite3_column_blob(stmt, 3) : NULL };
        st = each(user, &one);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

static const char OF_IT[] = "SELECT a.digest, a.bytes FROM interviews i JOIN interview_files f ON f.interview = i.number JOIN attachments a ON a.number = f.attachment"
                            " WHERE i.uuid = ? AND f.name = ?";
static const char OF_REVISIONS[] = "SELECT a.digest, a.bytes FROM interviews q JOIN interviews i ON i.number = coalesce(q.corrects, q.number) OR i.corrects = coalesce(q.corrects, q.number)"
                                   " JOIN interview_files f ON f.interview = i.number JOIN attachments a ON a.number = f.attachment"
                                   " WHERE q.uuid = ? AND f.name = ? ORDER BY i.number DESC LIMIT 1";

/* A statement that stands on the file's digest and bytes; NULL and *st when there is none. */
static sqlite3_stmt *find_file(svy_study *s, const char *sql, const char *interview, const char *name, int *found, svy_status *st, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;

    *found = 0;
    if ((*st = svyi_db_prepare(s, sql, &stmt, err)) == SVY_OK && (*st = svyi_db_bind(s, stmt, 1, svyi_arg_text(interview), err)) == SVY_OK)
        *st = svyi_db_bind(s, stmt, 2, svyi_arg_text(name), err);
    if (*st == SVY_OK && (*found = svyi_db_step(s, stmt, err)) < 0)
        *st = svyi_db_failed(err);
    return stmt;
}

typedef svy_status (*taking)(void *user, const void *bytes, size_t n);

static svy_status hand_over(svy_study *s, const char *sql, const char *interview, const char *name, taking take, void *user, svy_error *err)
{
    int found;
    svy_status st;

    SVY_REQUIRE(s != NULL && interview != NULL && name != NULL && take != NULL, err);
    sqlite3_stmt *stmt = find_file(s, sql, interview, name, &found, &st, err);
    if (st == SVY_OK && found == 0)
        st = svyi_fail(err, SVY_E_NAME, "interview '%.64s' has no file '%.80s'", interview, name);
    else if (st == SVY_OK && sqlite3_column_bytes(stmt, 0) != SVYI_HASH)
        st = svyi_fail(err, SVY_E_STATE, "the file '%.80s' is sealed, and the key is not in the study", name);
    else if (st == SVY_OK) {
        const void *bytes = sqlite3_column_blob(stmt, 1);
        st = take(user, bytes != NULL ? bytes : "", (size_t)sqlite3_column_bytes(stmt, 1));
    }
    sqlite3_finalize(stmt);
    return st;
}

svy_status svy_study_file_bytes(svy_study *s, const char *interview, const char *name, taking take, void *user, svy_error *err)
{
    return hand_over(s, OF_IT, interview, name, take, user, err);
}

svy_status svy_study_file_shown(svy_study *s, const char *interview, const char *name, taking take, void *user, svy_error *err)
{
    return hand_over(s, OF_REVISIONS, interview, name, take, user, err);
}

svy_status svy_study_file_digest(svy_study *s, const char *interview, const char *name, uint8_t sha256[SVY_HASH_BYTES], int *found, svy_error *err)
{
    svy_status st;

    SVY_REQUIRE(s != NULL && interview != NULL && name != NULL && found != NULL, err);
    sqlite3_stmt *stmt = find_file(s, OF_IT, interview, name, found, &st, err);
    *found = st == SVY_OK && *found == 1 && sqlite3_column_bytes(stmt, 0) == SVYI_HASH;
    if (*found)
        memcpy(sha256, sqlite3_column_blob(stmt, 0), SVYI_HASH);
    sqlite3_finalize(stmt);
    return st;
}

/* ---- erasing ---- */

svy_status svyi_attachments_drop(svy_study *s, const svyi_sequences *numbers, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < numbers->n && st == SVY_OK; i++)
        st = svyi_db_run(s, Q_ATTACHMENT_DROP, SVYI_ARGS(svyi_arg_int((int64_t)numbers->numbers[i])), err);
    return st;
}

svy_status svyi_files_erase(svy_study *s, int64_t interview, svy_error *err)
{
    svyi_sequences files = { .n = 0 };
    char number[24];

    snprintf(number, sizeof number, "%lld", (long long)interview);
    svy_status st = svyi_numbers_of(s, "SELECT attachment FROM interview_files WHERE interview = CAST(?1 AS INTEGER)", number, &files, err);
    if (st == SVY_OK && files.n > 0 && (st = svyi_db_run(s, Q_FILES_DROP, SVYI_ARGS(svyi_arg_int(interview)), err)) == SVY_OK)
        st = svyi_attachments_drop(s, &files, err);
    if (st == SVY_OK)
        st = svyi_db_once(s, "DELETE FROM file_keys WHERE interview = ?", SVYI_ARGS(svyi_arg_int(interview)), err);
    svyi_release(&s->alloc, files.numbers, files.capacity * sizeof *files.numbers);
    return st;
}
