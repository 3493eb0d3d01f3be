/* Accounts: who works with the study, as what, for which organisation. They are disabled, never deleted, so that the log keeps its meaning. */
#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS "SELECT id, name, role, organisation, password, disabled, created_utc_ms FROM accounts "

static svy_status read_account(sqlite3_stmt *stmt, svy_account *a, svy_error *err)
{
    *a = (svy_account){ .role = (svy_account_role)sqlite3_column_int(stmt, 2), .disabled = sqlite3_column_int(stmt, 5) != 0, .created_utc_ms = sqlite3_column_int64(stmt, 6) };
    if (svyi_take_text(stmt, 0, a->id, sizeof a->id) && svyi_take_text(stmt, 1, a->name, sizeof a->name) &&
        svyi_take_text(stmt, 3, a->organisation, sizeof a->organisation) && svyi_take_text(stmt, 4, a->password, sizeof a->password))
        return SVY_OK;
    memset(a, 0, sizeof *a);
    return svyi_nomem(err);
}

static svy_status find_by(svy_study *s, const char *sql, const char *text, svy_account *account, int *found, svy_error *err)
{
    sqlite3_stmt *stmt;

    memset(account, 0, sizeof *account);
    *found = 0;
    if (!svyi_people_there(s))
        return SVY_OK;
    svy_status st = svyi_once(s, sql, SVYI_ARGS(svyi_arg_text(text)), &stmt, err);
    if (st != SVY_OK)
        return st;
    int step = svyi_db_step(s, stmt, err);
    if (step < 0)
        st = svyi_db_failed(err);
    if (step == 1)
        *found = (st = read_account(stmt, account, err)) == SVY_OK;
    sqlite3_finalize(stmt);
    return st;
}

svy_status svy_study_account_find(svy_study *s, const char *name, svy_account *account, int *found, svy_error *err)
{
    char key[SVYI_NAME_KEY];

    SVY_REQUIRE(s != NULL && name != NULL && account != NULL && found != NULL, err);
    /* A longer name is nobody's, and must not be cut into somebody's. */
    svyi_name_key(strlen(name) < SVY_ACCOUNT_TEXT ? name : "", key);
    return find_by(s, COLUMNS "WHERE name_key = ?", key, account, found, err);
}

svy_status svy_study_account_get(svy_study *s, const char *id, svy_account *account, int *found, svy_error *err)
{
    SVY_REQUIRE(s != NULL && id != NULL && account != NULL && found != NULL, err);
    return find_by(s, COLUMNS "WHERE id = ?", id, account, found, err);
}

static svy_status check_new(const char *name, svy_account_role role, const char *organisation, const char *hash, svy_error *err)
{
    char key[SVYI_NAME_KEY];
    svy_status st = svyi_account_name_check(name, err);

    if (st == SVY_OK)
        st = svyi_check_text("the name of the organisation", organisation, SVY_ACCOUNT_TEXT - 1, 1, err);
    if (st != SVY_OK)
        return st;
    svyi_name_key(name, key);
    if (strcmp(key, "respondent") == 0)
        return svyi_fail(err, SVY_E_VALUE, "'%.100s' is what respondents are recorded as: choose another name", name);
    if (svy_role_name(role)[0] == '\0' || role == SVY_ROLE_RESPONDENT)
        return svyi_fail(err, SVY_E_VALUE, "an account is an administrator, researcher, supervisor, interviewer or analyst: respondents come by links");
    if (strlen(hash) >= SVY_PASSWORD_HASH || (hash[0] != '\0' && strncmp(hash, "$argon2id$", 10) != 0))
        return svyi_fail(err, SVY_E_VALUE, "what is given as the password's hash is none");
    return SVY_OK;
}

/* A name that looks like another's would take its cases, and hide in the audit log. SVY_E_NAME. */
static svy_status refuse_alike(svy_study *s, const char *name, svy_error *err)
{
    sqlite3_stmt *stmt;
    char other[SVY_ACCOUNT_TEXT];
    int found = 0;
    svy_status st = svyi_once(s, "SELECT name FROM accounts ORDER BY name_key", NULL, 0, &stmt, err);

    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1)
        if (!svyi_take_text(stmt, 0, other, sizeof other))
            st = svyi_nomem(err);
        else if (svyi_names_alike(name, other))
            st = svyi_fail(err, SVY_E_NAME, "'%.100s' is easily taken for the account '%.100s': choose a name that differs in more letters", name, other);
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_account_add(svy_study *s, const char *name, svy_account_role role, const char *organisation, const char *hash, const char *actor,
                                 svy_moment now, char id[SVY_ACCOUNT_ID], svy_error *err)
{
    char own[SVY_ACCOUNT_ID], key[SVYI_NAME_KEY], detail[300];
    svy_account other;
    svy_status st;
    int found;

    SVY_REQUIRE(s != NULL && name != NULL && actor != NULL, err);
    organisation = organisation != NULL ? organisation : "";
    hash = hash != NULL ? hash : "";
    if ((st = check_new(name, role, organisation, hash, err)) != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = svy_study_account_find(s, name, &other, &found, err)) == SVY_OK && found)
        st = svyi_fail(err, SVY_E_NAME, "there is an account '%.100s' already%s", other.name, other.disabled ? ", which is disabled" : "");
    if (st == SVY_OK)
        st = refuse_alike(s, name, err);
    svyi_id_make(own);
    svyi_name_key(name, key);
    snprintf(detail, sizeof detail, "%s %s%s%s", svy_role_name(role), name, organisation[0] != '\0' ? " of " : "", organisation);
    if (st == SVY_OK)
        st = svyi_db_once(s, "INSERT INTO accounts(id, name, name_key, role, organisation, password, created_utc_ms) VALUES(?,?,?,?,?,?,?)",
                       SVYI_ARGS(svyi_arg_text(own), svyi_arg_text(name), svyi_arg_text(key), svyi_arg_int(role), svyi_arg_text(organisation), svyi_arg_text(hash),
                                 svyi_arg_int(now.utc_ms)), err);
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, "account.add", own, detail, err);
    if ((st = svyi_db_end(s, st, err)) == SVY_OK && id != NULL)
        memcpy(id, own, sizeof own);
    return st;
}

static svy_status need_account(svy_study *s, const char *id, svy_account *account, svy_error *err)
{
    int found;
    svy_status st = svy_study_account_get(s, id, account, &found, err);

    return st == SVY_OK && !found ? svyi_fail(err, SVY_E_NAME, "there is no account '%.40s'", id) : st;
}

/* Without an administrator nobody could let anybody in any more. */
static svy_status keep_one(svy_study *s, const svy_account *account, svy_error *err)
{
    int64_t others;

    if (account->role != SVY_ROLE_ADMINISTRATOR || account->disabled)
        return SVY_OK;
    if (svyi_once_number(s, "SELECT count(*) FROM accounts WHERE role = 1 AND disabled = 0 AND organisation = '' AND id <> ?", SVYI_ARGS(svyi_arg_text(account->id)), &others, err) < 0)
        return svyi_db_failed(err);
    return others > 0 ? SVY_OK : svyi_fail(err, SVY_E_STATE, "'%.100s' is the last administrator: make another one first", account->name);
}

svy_status svy_study_account_disable(svy_study *s, const char *id, int disabled, const char *actor, svy_moment now, svy_error *err)
{
    svy_account account;
    svy_status st;

    SVY_REQUIRE(s != NULL && id != NULL && actor != NULL, err);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = need_account(s, id, &account, err)) == SVY_OK && disabled)
        st = keep_one(s, &account, err);
    if (st == SVY_OK && account.disabled != (disabled != 0)) {
        st = svyi_db_once(s, "UPDATE accounts SET disabled = ? WHERE id = ?", SVYI_ARGS(svyi_arg_int(disabled != 0), svyi_arg_text(id)), err);
        if (st == SVY_OK && disabled)
            st = svyi_db_once(s, "UPDATE tokens SET revoked_utc_ms = ? WHERE account = ? AND revoked_utc_ms IS NULL", SVYI_ARGS(svyi_arg_int(now.utc_ms), svyi_arg_text(id)), err);
        if (st == SVY_OK)
            st = svy_study_audit(s, now, actor, disabled ? "account.disable" : "account.enable", id, account.name, err);
    }
    return svyi_db_end(s, st, err);
}

svy_status svy_study_account_change(svy_study *s, const char *id, svy_account_role role, const char *organisation, const char *actor, svy_moment now, svy_error *err)
{
    char detail[300];
    svy_account account;
    svy_status st;

    SVY_REQUIRE(s != NULL && id != NULL && actor != NULL, err);
    organisation = organisation != NULL ? organisation : "";
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = need_account(s, id, &account, err)) == SVY_OK)
        st = check_new(account.name, role, organisation, account.password, err);
    if (st == SVY_OK && (role != SVY_ROLE_ADMINISTRATOR || organisation[0] != '\0'))
        st = keep_one(s, &account, err);
    if (st == SVY_OK && (account.role != role || strcmp(account.organisation, organisation) != 0)) {
        snprintf(detail, sizeof detail, "%s %s%s%s", svy_role_name(role), account.name, organisation[0] != '\0' ? " of " : "", organisation);
        st = svyi_db_once(s, "UPDATE accounts SET role = ?, organisation = ? WHERE id = ?", SVYI_ARGS(svyi_arg_int(role), svyi_arg_text(organisation), svyi_arg_text(id)), err);
        if (st == SVY_OK)
            st = svy_study_audit(s, now, actor, "account.change", id, detail, err);
    }
    return svyi_db_end(s, st, err);
}

svy_status svy_study_account_password(svy_study *s, const char *id, const char *hash, const char *actor, svy_moment now, svy_error *err)
{
    svy_account account;
    svy_status st;

    SVY_REQUIRE(s != NULL && id != NULL && hash != NULL && actor != NULL, err);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = need_account(s, id, &account, err)) == SVY_OK)
        st = check_new(account.name, account.role, account.organisation, hash, err);
    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE accounts SET password = ? WHERE id = ?", SVYI_ARGS(svyi_arg_text(hash), svyi_arg_text(id)), err);
    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE tokens SET revoked_utc_ms = ? WHERE account = ? AND revoked_utc_ms IS NULL", SVYI_ARGS(svyi_arg_int(now.utc_ms), svyi_arg_text(id)), err);
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, "account.password", id, account.name, err);
    return svyi_db_end(s, st, err);
}

svy_status svy_study_accounts(svy_study *s, const svy_principal *for_whom, svy_status (*each)(void *user, const svy_account *account), void *user, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_account account;
    int found = 0;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if (!svyi_people_there(s) || (for_whom != NULL && !svy_allowed(for_whom, SVY_RIGHT_CASES_ORGANISATION)))
        return SVY_OK;
    svy_status st = svyi_once(s, COLUMNS "ORDER BY name_key", NULL, 0, &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        if ((st = read_account(stmt, &account, err)) != SVY_OK)
            break;
        memcpy(account.password, account.password[0] != '\0' ? "set" : "", account.password[0] != '\0' ? sizeof "set" : 1);
        if (for_whom == NULL || svy_sees(for_whom, account.organisation, account.name))
            st = each(user, &account);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_account_count(svy_study *s, uint64_t *n, svy_error *err)
{
    int64_t count = 0;

    SVY_REQUIRE(s != NULL && n != NULL, err);
    *n = 0;
    if (svyi_people_there(s) && svyi_once_number(s, "SELECT count(*) FROM accounts", NULL, 0, &count, err) < 0)
        return svyi_db_failed(err);
    *n = (uint64_t)count;
    return SVY_OK;
}

void svy_account_principal(const svy_account *account, svy_principal *p)
{
    *p = (svy_principal){ .role = account->role };
    memcpy(p->account, account->id, sizeof p->account);
    memcpy(p->name, account->name, sizeof p->name);
    memcpy(p->organisation, account->organisation, sizeof p->organisation);
}

svy_status svy_study_login_note(svy_study *s, const svy_account *account, const char *typed, int succeeded, svy_moment now, svy_error *err)
{
    char digest[SVYI_HASHED_KEY] = "";

    SVY_REQUIRE(s != NULL && account != NULL && typed != NULL, err);
    /* What was typed may be a password in the wrong field. The same text gives the same digest, so that repeated tries can be told from others. */
    if (account->id[0] == '\0')
        svyi_keyed_hex(s->key, typed, strlen(typed), digest);
    return svy_study_audit(s, now, account->name, succeeded ? "login.done" : "login.failed", account->id, digest, err);
}
