/* Links: how respondents come in without an account, and how the first administrator does. */
#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS "SELECT id, kind, form, case_id, organisation, uses, max_uses, created_utc_ms, expires_utc_ms, closed_utc_ms IS NOT NULL FROM links "

const char *svy_access_name(svy_access_kind kind)
{
    static const char *const NAMES[] = { "", "personal", "public", "setup" };

    return kind >= SVY_ACCESS_PERSONAL && kind <= SVY_ACCESS_SETUP ? NAMES[kind] : "";
}

static svy_status read_link(sqlite3_stmt *stmt, svy_access *link, svy_error *err)
{
    *link = (svy_access){ .kind = (svy_access_kind)sqlite3_column_int(stmt, 1), .uses = (uint64_t)sqlite3_column_int64(stmt, 5),
                          .max_uses = (uint64_t)sqlite3_column_int64(stmt, 6), .created_utc_ms = sqlite3_column_int64(stmt, 7),
                          .expires_utc_ms = sqlite3_column_int64(stmt, 8), .closed = sqlite3_column_int(stmt, 9) };
    if (svyi_take_text(stmt, 0, link->id, sizeof link->id) && svyi_take_text(stmt, 2, link->form, sizeof link->form) &&
        svyi_take_text(stmt, 3, link->case_id, sizeof link->case_id) && svyi_take_text(stmt, 4, link->organisation, sizeof link->organisation))
        return SVY_OK;
    memset(link, 0, sizeof *link);
    return svyi_nomem(err);
}

/* What a link is for must be there. */
static svy_status check_purpose(svy_study *s, const svy_access *what, svy_error *err)
{
    const svy_form *form;
    int64_t there = 0;
    uint64_t accounts;
    svy_status st = svyi_check_text("the name of the organisation", what->organisation, SVY_ACCOUNT_TEXT - 1, 1, err);

    if (st == SVY_OK)
        st = svyi_check_text("the name of the case", what->case_id, SVY_CASE_TEXT - 1, what->kind != SVY_ACCESS_PERSONAL, err);
    if (st != SVY_OK)
        return st;
    if (what->kind == SVY_ACCESS_SETUP) {
        if ((st = svy_study_account_count(s, &accounts, err)) == SVY_OK && accounts > 0)
            st = svyi_fail(err, SVY_E_STATE, "the study has accounts: an administrator adds others");
        return st;
    }
    if ((st = svy_study_form(s, what->form, &form, err)) != SVY_OK || what->kind == SVY_ACCESS_PUBLIC)
        return st;
    int listed = svyi_db_number(s, Q_CASE_LISTED, SVYI_ARGS(svyi_arg_text(what->form)), &there, err);
    if (listed == 1)
        listed = svyi_db_number(s, Q_CASE_FIND, SVYI_ARGS(svyi_arg_text(what->form), svyi_arg_text(what->case_id)), &there, err) == 0 ? 2 : listed;
    return listed < 0 ? svyi_db_failed(err) : listed == 2 ? svyi_fail(err, SVY_E_NAME, "there is no case '%.80s' in the study's list of cases", what->case_id) : SVY_OK;
}

static svy_status add_link(svy_study *s, const svy_access *what, const char *code, svy_error *err)
{
    uint8_t hash[SVYI_SECRET_HASH];

    svyi_secret_hash(code, strlen(code), hash);
    return svyi_db_once(s, "INSERT INTO links(id, hash, kind, form, case_id, organisation, max_uses, created_utc_ms, expires_utc_ms) VALUES(?,?,?,?,?,?,?,?,?)",
                     SVYI_ARGS(svyi_arg_text(what->id), svyi_arg_blob(hash, sizeof hash), svyi_arg_int(what->kind), svyi_arg_text(what->form), svyi_arg_text(what->case_id),
                               svyi_arg_text(what->organisation), svyi_arg_int((int64_t)what->max_uses), svyi_arg_int(what->created_utc_ms), svyi_arg_int(what->expires_utc_ms)), err);
}

svy_status svy_study_link_make(svy_study *s, svy_access *what, const char *actor, svy_moment now, char code[SVY_CODE], svy_error *err)
{
    char detail[200];
    svy_status st;

    SVY_REQUIRE(s != NULL && what != NULL && actor != NULL && code != NULL, err);
    code[0] = '\0';
    SVY_REQUIRE(svy_access_name(what->kind)[0] != '\0' && what->max_uses <= INT64_MAX && (what->kind == SVY_ACCESS_PERSONAL || what->case_id[0] == '\0'), err);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    st = check_purpose(s, what, err);
    svyi_id_make(what->id);
    what->created_utc_ms = now.utc_ms;
    if (st == SVY_OK && what->kind == SVY_ACCESS_SETUP) {
        what->max_uses = 1;
        st = svyi_db_once(s, "UPDATE links SET closed_utc_ms = ? WHERE kind = 3 AND closed_utc_ms IS NULL", SVYI_ARGS(svyi_arg_int(now.utc_ms)), err);
    }
    svyi_code_make(code);
    if (st == SVY_OK)
        st = add_link(s, what, code, err);
    snprintf(detail, sizeof detail, "%s %s", svy_access_name(what->kind), what->form);
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, "link.make", what->id, detail, err);
    if ((st = svyi_db_end(s, st, err)) != SVY_OK)
        code[0] = '\0';
    return st;
}

svy_status svy_study_link_find(svy_study *s, const char *code, size_t n, svy_moment now, svy_access *link, int *found, svy_error *err)
{
    uint8_t hash[SVYI_SECRET_HASH];
    char clean[SVY_CODE];
    sqlite3_stmt *stmt;

    SVY_REQUIRE(s != NULL && (code != NULL || n == 0) && link != NULL && found != NULL, err);
    memset(link, 0, sizeof *link);
    *found = 0;
    if (!svyi_people_there(s) || !svyi_code_read(code, n, clean))
        return SVY_OK;
    svyi_secret_hash(clean, strlen(clean), hash);
    svy_status st = svyi_once(s, COLUMNS "WHERE hash = ?1 AND closed_utc_ms IS NULL AND (expires_utc_ms = 0 OR expires_utc_ms > ?2) AND (max_uses = 0 OR uses < max_uses)",
                           SVYI_ARGS(svyi_arg_blob(hash, sizeof hash), svyi_arg_int(now.utc_ms)), &stmt, err);
    if (st != SVY_OK)
        return st;
    int step = svyi_db_step(s, stmt, err);
    if (step < 0)
        st = svyi_db_failed(err);
    if (step == 1)
        *found = (st = read_link(stmt, link, err)) == SVY_OK;
    sqlite3_finalize(stmt);
    return st;
}

static svy_status count_use(svy_study *s, const svy_access *link, svy_error *err)
{
    return svyi_db_once(s, "UPDATE links SET uses = uses + 1 WHERE id = ?", SVYI_ARGS(svyi_arg_text(link->id)), err);
}

svy_status svy_study_link_use(svy_study *s, const char *code, size_t n, int64_t expires_utc_ms, svy_moment now, svy_principal *p, char token[SVY_TOKEN], int *found,
                              svy_error *err)
{
    svy_access link;
    svy_status st;

    SVY_REQUIRE(s != NULL && p != NULL && token != NULL && found != NULL, err);
    memset(p, 0, sizeof *p);
    token[0] = '\0';
    *found = 0;
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    st = svy_study_link_find(s, code, n, now, &link, found, err);
    *found = st == SVY_OK && *found && link.kind != SVY_ACCESS_SETUP;
    if (*found && (st = count_use(s, &link, err)) == SVY_OK && (st = svyi_token_add(s, "", link.id, SVY_TOKEN_RESPONDENT, "", expires_utc_ms, now, token, err)) == SVY_OK)
        st = svy_study_audit(s, now, "respondent", "link.use", link.id, "", err);
    if ((st = svyi_db_end(s, st, err)) != SVY_OK || !*found) {
        token[0] = '\0';
        *found = 0;
        return st;
    }
    *p = (svy_principal){ .role = SVY_ROLE_RESPONDENT, .name = "respondent" };
    memcpy(p->account, link.id, sizeof p->account);
    memcpy(p->form, link.form, sizeof p->form);
    memcpy(p->case_id, link.case_id, sizeof p->case_id);
    memcpy(p->organisation, link.organisation, sizeof p->organisation);
    return SVY_OK;
}

svy_status svy_study_setup(svy_study *s, const char *code, size_t n, const char *name, const char *hash, svy_moment now, char id[SVY_ACCOUNT_ID], int *found, svy_error *err)
{
    svy_access link;
    uint64_t accounts = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && name != NULL && hash != NULL && hash[0] != '\0' && id != NULL && found != NULL, err);
    id[0] = '\0';
    *found = 0;
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = svy_study_link_find(s, code, n, now, &link, found, err)) == SVY_OK)
        st = svy_study_account_count(s, &accounts, err);
    *found = st == SVY_OK && *found && link.kind == SVY_ACCESS_SETUP && accounts == 0;
    if (*found && (st = count_use(s, &link, err)) == SVY_OK)
        st = svy_study_account_add(s, name, SVY_ROLE_ADMINISTRATOR, "", hash, "setup", now, id, err);
    return svyi_db_end(s, st, err);
}

/* The links one may see are those of one's organisation. */
static int sees_link(const svy_principal *for_whom, const svy_access *link)
{
    return for_whom == NULL || (svy_allowed(for_whom, SVY_RIGHT_LINKS) && svy_sees(for_whom, link->organisation, ""));
}

svy_status svy_study_links(svy_study *s, const svy_principal *for_whom, svy_status (*each)(void *user, const svy_access *link), void *user, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_access link;
    int found = 0;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if (!svyi_people_there(s))
        return SVY_OK;
    svy_status st = svyi_once(s, COLUMNS "ORDER BY created_utc_ms, id", NULL, 0, &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        st = read_link(stmt, &link, err);
        if (st == SVY_OK && sees_link(for_whom, &link))
            st = each(user, &link);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_link_close(svy_study *s, const svy_principal *for_whom, const char *id, const char *actor, svy_moment now, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_access link;
    svy_status st;
    int found = 0;

    SVY_REQUIRE(s != NULL && id != NULL && actor != NULL, err);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = svyi_once(s, COLUMNS "WHERE id = ?", SVYI_ARGS(svyi_arg_text(id)), &stmt, err)) == SVY_OK) {
        if ((found = svyi_db_step(s, stmt, err)) == 1)
            st = read_link(stmt, &link, err);
        sqlite3_finalize(stmt);
    }
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK && (found == 0 || !sees_link(for_whom, &link)))
        st = svyi_fail(err, SVY_E_NAME, "there is no link '%.40s'", id);
    if (st == SVY_OK && !link.closed &&
        (st = svyi_db_once(s, "UPDATE links SET closed_utc_ms = ? WHERE id = ?", SVYI_ARGS(svyi_arg_int(now.utc_ms), svyi_arg_text(id)), err)) == SVY_OK)
        st = svy_study_audit(s, now, actor, "link.close", id, "", err);
    return svyi_db_end(s, st, err);
}
