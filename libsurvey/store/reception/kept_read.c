/* Looking at what was kept aside: lists, bytes, and the counts that ask for somebody's attention. */
#include "store/reception/priv.h"

#include <string.h>

svy_status svy_study_kept(svy_study *s, svy_status (*each)(void *user, const svy_kept *kept), void *user, svy_error *err)
{
    static const char SQL[] = "SELECT number, uuid, form, version, reason, actor, organisation, device, received_utc_ms, length(bytes) FROM kept_aside ORDER BY number";
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    st = svyi_db_prepare(s, SQL, &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const svy_kept one = { sqlite3_column_int64(stmt, 0), svyi_db_text(stmt, 1), svyi_db_text(stmt, 2), svyi_db_text(stmt, 3), svyi_db_text(stmt, 4), svyi_db_text(stmt, 5),
                               svyi_db_text(stmt, 6), svyi_db_text(stmt, 7), sqlite3_column_int64(stmt, 8), (uint64_t)sqlite3_column_int64(stmt, 9) };
        st = each(user, &one);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* Hands over what the box holds when the key is here and fits, else the box. */
static svy_status take_opened(svy_study *s, const void *bytes, size_t n, svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err)
{
    uint8_t open[SVYI_KEY], secret[SVYI_KEY];
    const int has = svyi_secret_load(s, "project-public", open, err) == 1 && svyi_secret_load(s, "project-secret", secret, err) == 1;
    void *plain = svyi_get(&s->alloc, n);
    svy_status st;

    if (plain == NULL)
        return svyi_nomem(err);
    const int opened = has && svyi_box_open(open, secret, bytes, n, plain);
    st = opened ? take(user, plain, n - SVYI_BOX) : take(user, bytes, n);
    svyi_wipe(secret, sizeof secret);
    svyi_release(&s->alloc, plain, n);
    return st;
}

svy_status svy_study_kept_bytes(svy_study *s, int64_t number, svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && take != NULL, err);
    if ((st = svyi_db_prepare(s, "SELECT bytes, boxed FROM kept_aside WHERE number = ?", &stmt, err)) == SVY_OK)
        st = svyi_db_bind(s, stmt, 1, svyi_arg_int(number), err);
    if (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) != 1)
        st = found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "nothing with the number %lld is kept aside", (long long)number);
    if (st == SVY_OK) {
        const void *bytes = sqlite3_column_blob(stmt, 0);
        const size_t n = (size_t)sqlite3_column_bytes(stmt, 0);
        st = bytes != NULL && sqlite3_column_int(stmt, 1) ? take_opened(s, bytes, n, take, user, err) : take(user, bytes != NULL ? bytes : "", n);
    }
    sqlite3_finalize(stmt);
    return st;
}

svy_status svy_study_kept_files(svy_study *s, int64_t number, svy_status (*take)(void *user, const char *name, const char *media_type, const void *bytes, size_t n),
                                void *user, svy_error *err)
{
    static const char SQL[] = "SELECT f.name, f.media_type, a.bytes FROM kept_files f JOIN attachments a ON a.number = f.attachment WHERE f.kept = ? ORDER BY f.name";
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && take != NULL, err);
    if ((st = svyi_db_prepare(s, SQL, &stmt, err)) == SVY_OK)
        st = svyi_db_bind(s, stmt, 1, svyi_arg_int(number), err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const void *bytes = sqlite3_column_blob(stmt, 2);
        st = take(user, svyi_db_text(stmt, 0), svyi_db_text(stmt, 1), bytes != NULL ? bytes : "", (size_t)sqlite3_column_bytes(stmt, 2));
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_attention(svy_study *s, svy_attention *out, svy_error *err)
{
    static const char SQL[] =
        "SELECT (SELECT count(*) FROM kept_aside WHERE reason <> ''), (SELECT count(*) FROM kept_aside WHERE reason = ''),"
        " (SELECT count(*) FROM interviews WHERE conflicts IS NOT NULL AND erased_utc_ms IS NULL), (SELECT count(*) FROM cases WHERE disposition = 'conflict'),"
        " (SELECT count(*) FROM uploads),"
        " (SELECT count(*) FROM attachments a WHERE a.number NOT IN (SELECT attachment FROM interview_files) AND a.number NOT IN (SELECT attachment FROM kept_files))";
    sqlite3_stmt *stmt = NULL;
    svy_status st;

    SVY_REQUIRE(s != NULL && out != NULL, err);
    *out = (svy_attention){ 0, 0, 0, 0, 0, 0 };
    if ((st = svyi_db_prepare(s, SQL, &stmt, err)) != SVY_OK)
        return st;
    if (svyi_db_step(s, stmt, err) != 1)
        st = svyi_db_failed(err);
    else
        *out = (svy_attention){ (uint64_t)sqlite3_column_int64(stmt, 0), (uint64_t)sqlite3_column_int64(stmt, 1), (uint64_t)sqlite3_column_int64(stmt, 2),
                                (uint64_t)sqlite3_column_int64(stmt, 3), (uint64_t)sqlite3_column_int64(stmt, 4), (uint64_t)sqlite3_column_int64(stmt, 5) };
    sqlite3_finalize(stmt);
    return st;
}
