/* Tokens: what a device shows in place of a password. */
#include "store/people/people_priv.h"

#include <string.h>

svy_status svyi_token_add(svy_study *s, const char *account, const char *link, svy_token_kind kind, const char *device, int64_t expires_utc_ms, svy_moment now,
                          char token[SVY_TOKEN], svy_error *err)
{
    uint8_t hash[SVYI_SECRET_HASH];

    svyi_token_make(token);
    svyi_secret_hash(token, strlen(token), hash);
    return svyi_db_once(s, "INSERT INTO tokens(hash, account, link, kind, device, created_utc_ms, expires_utc_ms) VALUES(?,?,?,?,?,?,?)",
                     SVYI_ARGS(svyi_arg_blob(hash, sizeof hash), svyi_arg_text(account), svyi_arg_text(link), svyi_arg_int(kind), svyi_arg_text(device),
                               svyi_arg_int(now.utc_ms), svyi_arg_int(expires_utc_ms)), err);
}

static void token_id(const uint8_t hash[SVYI_SECRET_HASH], char out[SVY_ACCOUNT_ID])
{
    svyi_hex(hash, (SVY_ACCOUNT_ID - 1) / 2, out);
}

svy_status svy_study_token_make(svy_study *s, const char *account, svy_token_kind kind, const char *device, int64_t expires_utc_ms, const char *actor,
                                svy_moment now, char token[SVY_TOKEN], svy_error *err)
{
    svy_account who;
    svy_status st;
    int found;

    SVY_REQUIRE(s != NULL && account != NULL && device != NULL && actor != NULL && token != NULL && (kind == SVY_TOKEN_DEVICE || kind == SVY_TOKEN_ODK), err);
    token[0] = '\0';
    if ((st = svyi_check_text("the name of the device", device, SVY_ACCOUNT_TEXT - 1, 1, err)) != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = svy_study_account_get(s, account, &who, &found, err)) == SVY_OK && (!found || who.disabled))
        st = found ? svyi_fail(err, SVY_E_STATE, "the account '%.100s' is disabled", who.name) : svyi_fail(err, SVY_E_NAME, "there is no account '%.40s'", account);
    if (st == SVY_OK)
        st = svyi_token_add(s, account, "", kind, device, expires_utc_ms, now, token, err);
    if (st == SVY_OK) {
        uint8_t hash[SVYI_SECRET_HASH];
        char id[SVY_ACCOUNT_ID];
        svyi_secret_hash(token, strlen(token), hash);
        token_id(hash, id);
        st = svy_study_audit(s, now, actor, "token.make", account, id, err);
    }
    if ((st = svyi_db_end(s, st, err)) != SVY_OK)
        token[0] = '\0';
    return st;
}

static int read_principal(sqlite3_stmt *stmt, svy_principal *p)
{
    if (sqlite3_column_type(stmt, 2) != SQLITE_NULL) {
        p->role = (svy_account_role)sqlite3_column_int(stmt, 4);
        return svyi_take_text(stmt, 2, p->account, sizeof p->account) && svyi_take_text(stmt, 3, p->name, sizeof p->name) &&
               svyi_take_text(stmt, 5, p->organisation, sizeof p->organisation);
    }
    p->role = SVY_ROLE_RESPONDENT;
    svyi_copy_text(p->name, sizeof p->name, "respondent");
    return svyi_take_text(stmt, 6, p->account, sizeof p->account) && svyi_take_text(stmt, 7, p->form, sizeof p->form) &&
           svyi_take_text(stmt, 8, p->case_id, sizeof p->case_id) && svyi_take_text(stmt, 9, p->organisation, sizeof p->organisation);
}

svy_status svy_study_token_find(svy_study *s, const char *token, size_t n, svy_moment now, svy_principal *p, svy_token_kind *kind, char *device, int *found, svy_error *err)
{
    uint8_t hash[SVYI_SECRET_HASH];
    sqlite3_stmt *stmt;

    SVY_REQUIRE(s != NULL && (token != NULL || n == 0) && p != NULL && found != NULL, err);
    memset(p, 0, sizeof *p);
    *found = 0;
    if (kind != NULL)
        *kind = SVY_TOKEN_DEVICE;
    if (device != NULL)
        device[0] = '\0';
    if (n != SVY_TOKEN - 1 || !svyi_people_there(s))
        return SVY_OK;
    svyi_secret_hash(token, n, hash);
    svy_status st = svyi_db_query(s, Q_TOKEN_FIND, SVYI_ARGS(svyi_arg_blob(hash, sizeof hash), svyi_arg_int(now.utc_ms)), &stmt, err);
    if (st != SVY_OK)
        return st;
    int step = svyi_db_step(s, stmt, err);
    if (step < 0)
        return svyi_db_failed(err);
    if (step == 0)
        return SVY_OK;
    *found = read_principal(stmt, p);
    if (!*found)
        memset(p, 0, sizeof *p);
    if (kind != NULL)
        *kind = (svy_token_kind)sqlite3_column_int(stmt, 0);
    if (device != NULL)
        svyi_copy_text(device, SVY_ACCOUNT_TEXT, svyi_db_text(stmt, 1));
    sqlite3_reset(stmt);
    return *found ? SVY_OK : svyi_nomem(err);
}

svy_status svy_study_tokens(svy_study *s, const char *account, svy_status (*each)(void *user, const svy_token_info *token), void *user, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found = 0;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if (!svyi_people_there(s))
        return SVY_OK;
    svy_status st = svyi_once(s, "SELECT lower(hex(substr(hash, 1, 8))), account, device, kind, created_utc_ms, expires_utc_ms, revoked_utc_ms IS NOT NULL FROM tokens"
                                 " WHERE account <> '' AND (?1 IS NULL OR account = ?1) ORDER BY created_utc_ms DESC, hash", SVYI_ARGS(svyi_arg_text(account)), &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const svy_token_info token = { svyi_db_text(stmt, 0), svyi_db_text(stmt, 1), svyi_db_text(stmt, 2), (svy_token_kind)sqlite3_column_int(stmt, 3),
                                       sqlite3_column_int64(stmt, 4), sqlite3_column_int64(stmt, 5), sqlite3_column_int(stmt, 6) };
        st = each(user, &token);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_token_revoke(svy_study *s, const char *account, const char *id, const char *actor, svy_moment now, svy_error *err)
{
    static const char ONE[] = "UPDATE tokens SET revoked_utc_ms = coalesce(revoked_utc_ms, ?1) WHERE account = ?2 AND account <> ''"
                              " AND (?3 IS NULL OR substr(hash, 1, 8) = ?3)";
    uint8_t start[(SVY_ACCOUNT_ID - 1) / 2];
    svy_status st;

    SVY_REQUIRE(s != NULL && account != NULL && actor != NULL, err);
    if (id != NULL && !svyi_unhex(id, start, sizeof start))
        return svyi_fail(err, SVY_E_NAME, "there is no device '%.40s'", id);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    st = svyi_db_once(s, ONE, SVYI_ARGS(svyi_arg_int(now.utc_ms), svyi_arg_text(account), id != NULL ? svyi_arg_blob(start, sizeof start) : svyi_arg_text(NULL)), err);
    if (st == SVY_OK && id != NULL && sqlite3_changes(s->db) == 0)
        st = svyi_fail(err, SVY_E_NAME, "there is no device '%.40s'", id);
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, "token.revoke", account, id != NULL ? id : "all", err);
    return svyi_db_end(s, st, err);
}
