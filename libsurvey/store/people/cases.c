/* Cases of a sample: whose they are, how far they are, and returning one to its interviewer. */
#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>

static const char LIST[] =
    "SELECT c.form, c.id, c.assigned, c.organisation, c.disposition, c.returned, c.comment,"
    " (SELECT i.uuid FROM interviews i JOIN forms f ON f.number = i.form WHERE i.case_id = c.id AND f.id = c.form AND i.corrects IS NULL ORDER BY i.number DESC LIMIT 1)"
    " FROM cases c WHERE (?1 IS NULL OR c.form = ?1) AND (?2 IS NULL OR c.id = ?2) AND (?3 IS NULL OR c.assigned = ?3)"
    " ORDER BY c.form, c.id";

const char *svy_case_state_name(svy_case_state state)
{
    static const char *const NAMES[] = { "", "new", "assigned", "complete", "returned" };

    return state >= SVY_CASE_NEW && state <= SVY_CASE_RETURNED ? NAMES[state] : "";
}

static svy_case_state state_of(const char *assigned, const char *disposition, int returned)
{
    return returned ? SVY_CASE_RETURNED : disposition[0] != '\0' ? SVY_CASE_COMPLETE : assigned[0] != '\0' ? SVY_CASE_ASSIGNED : SVY_CASE_NEW;
}

/* A respondent sees the case of its link, others what rights.c says. */
static int sees_case(const svy_principal *p, const svy_case_line *line)
{
    if (p == NULL)
        return 1;
    if (p->role == SVY_ROLE_RESPONDENT)
        return p->case_id[0] != '\0' && strcmp(p->case_id, line->id) == 0 && strcmp(p->form, line->form) == 0;
    if (strcmp(line->assigned, p->name) == 0 && p->name[0] != '\0')
        return svy_allowed(p, SVY_RIGHT_CASES_OWN);
    return svy_allowed(p, SVY_RIGHT_CASES_ORGANISATION) && svy_sees(p, line->organisation, line->assigned);
}

typedef struct contacts { svyi_arena arena; svy_case_contact *items; size_t n, capacity; } contacts;

static svy_status read_contacts(svy_study *s, sqlite3_stmt *stmt, const svy_case_line *line, contacts *c, svy_error *err)
{
    int found;
    svy_status st = SVY_OK;

    svyi_arena_clear(&c->arena);
    c->n = 0;
    sqlite3_reset(stmt);
    if ((st = svyi_db_bind(s, stmt, 1, svyi_arg_text(line->form), err)) != SVY_OK || (st = svyi_db_bind(s, stmt, 2, svyi_arg_text(line->id), err)) != SVY_OK)
        return st;
    while ((found = svyi_db_step(s, stmt, err)) == 1) {
        const char *name = svyi_db_text(stmt, 0), *value = svyi_db_text(stmt, 1);
        if (svyi_grow(&s->alloc, &c->items, &c->capacity, c->n + 1, sizeof *c->items) != 0)
            return svyi_nomem(err);
        c->items[c->n] = (svy_case_contact){ svyi_arena_text(&c->arena, name, strlen(name)), svyi_arena_text(&c->arena, value, strlen(value)) };
        if (c->items[c->n].name == NULL || c->items[c->n].value == NULL)
            return svyi_nomem(err);
        c->n++;
    }
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

static svy_case_line take_case(sqlite3_stmt *stmt)
{
    const int returned = sqlite3_column_int(stmt, 5);
    svy_case_line line = { .form = svyi_db_text(stmt, 0), .id = svyi_db_text(stmt, 1), .assigned = svyi_db_text(stmt, 2), .organisation = svyi_db_text(stmt, 3),
                           .disposition = svyi_db_text(stmt, 4), .comment = returned ? svyi_db_text(stmt, 6) : "", .interview = svyi_db_text(stmt, 7) };

    line.state = state_of(line.assigned, line.disposition, returned);
    return line;
}

/* The statement's cases that `for_whom` sees, each with its contact data when that is allowed. */
static svy_status each_case(svy_study *s, const svy_principal *for_whom, sqlite3_stmt *stmt, svy_status (*each)(void *user, const svy_case_line *line), void *user, svy_error *err)
{
    const int with_contacts = for_whom == NULL || svy_allowed(for_whom, SVY_RIGHT_CONTACTS);
    sqlite3_stmt *data = NULL;
    contacts c = { .items = NULL };
    int found = 0;
    svy_status st = svyi_db_prepare(s, "SELECT name, value FROM case_contacts WHERE form = ? AND id = ? ORDER BY name", &data, err);

    svyi_arena_init(&c.arena, &s->alloc);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        svy_case_line line = take_case(stmt);
        if (!sees_case(for_whom, &line))
            continue;
        if (with_contacts)
            st = read_contacts(s, data, &line, &c, err);
        line.contacts = c.items;
        line.n_contacts = c.n;
        if (st == SVY_OK)
            st = each(user, &line);
    }
    sqlite3_finalize(data);
    svyi_release(&s->alloc, c.items, c.capacity * sizeof *c.items);
    svyi_arena_clear(&c.arena);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

static svy_status list(svy_study *s, const svy_principal *p, const char *form, const char *id, svy_status (*each)(void *user, const svy_case_line *line), void *user, svy_error *err)
{
    sqlite3_stmt *stmt;
    const int respondent = p != NULL && p->role == SVY_ROLE_RESPONDENT;

    if (!svyi_people_there(s) || (p != NULL && !svy_allowed(p, SVY_RIGHT_CASES_OWN)) || (respondent && p->case_id[0] == '\0'))
        return SVY_OK;
    if (respondent && id == NULL)
        id = p->case_id;
    svy_status st = svyi_once(s, LIST, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(id), svyi_arg_text(p != NULL && p->role == SVY_ROLE_INTERVIEWER ? p->name : NULL)),
                              &stmt, err);
    if (st == SVY_OK)
        st = each_case(s, p, stmt, each, user, err);
    sqlite3_finalize(stmt);
    return st;
}

svy_status svy_study_cases(svy_study *s, const svy_principal *for_whom, const char *form, svy_status (*each)(void *user, const svy_case_line *line), void *user, svy_error *err)
{
    SVY_REQUIRE(s != NULL && each != NULL, err);
    return list(s, for_whom, form, NULL, each, user, err);
}

/* ---- one case ---- */

svy_status svy_study_case(svy_study *s, const svy_principal *for_whom, const char *form, const char *id, svy_status (*each)(void *user, const svy_case_line *line),
                          void *user, svy_error *err)
{
    SVY_REQUIRE(s != NULL && form != NULL && id != NULL && each != NULL, err);
    return list(s, for_whom, form, id, each, user, err);
}

typedef struct one_case { int found; svy_case_state state; char organisation[SVY_ACCOUNT_TEXT]; } one_case;

static svy_status take_one(void *user, const svy_case_line *line)
{
    one_case *one = user;

    one->found = 1;
    one->state = line->state;
    svyi_copy_text(one->organisation, sizeof one->organisation, line->organisation);
    return SVY_OK;
}

/* A case that somebody may see: whether there is another of that name is not told. */
static svy_status need_case(svy_study *s, const svy_principal *for_whom, const char *form, const char *id, one_case *one, svy_error *err)
{
    *one = (one_case){ .found = 0 };
    svy_status st = list(s, for_whom, form, id, take_one, one, err);
    if (st == SVY_OK && for_whom != NULL && !svy_allowed(for_whom, SVY_RIGHT_CASES_ORGANISATION))
        one->found = 0;
    return st == SVY_OK && !one->found ? svyi_fail(err, SVY_E_NAME, "there is no case '%.80s' of '%.80s'", id, form) : st;
}

svy_status svyi_case_owner(svy_study *s, const char *assigned, char name[SVY_ACCOUNT_TEXT], char organisation[SVY_ACCOUNT_TEXT], svy_error *err)
{
    svy_account account;
    uint64_t accounts;
    int found;
    svy_status st = svyi_check_text("the name of the interviewer", assigned, SVY_ACCOUNT_TEXT - 1, 1, err);

    svyi_copy_text(name, SVY_ACCOUNT_TEXT, assigned);
    organisation[0] = '\0';
    if (st != SVY_OK || assigned[0] == '\0' || (st = svy_study_account_count(s, &accounts, err)) != SVY_OK || accounts == 0 ||
        (st = svy_study_account_find(s, assigned, &account, &found, err)) != SVY_OK)
        return st;
    if (!found || account.disabled)
        return svyi_fail(err, SVY_E_NAME, "there is no account '%.100s'%s", assigned, found ? " that is not disabled" : "");
    svyi_copy_text(name, SVY_ACCOUNT_TEXT, account.name);
    svyi_copy_text(organisation, SVY_ACCOUNT_TEXT, account.organisation);
    return SVY_OK;
}

/* Cases may be called by what is personal, so the log has a digest of the name: the same for the same case. */
static svy_status note_case(svy_study *s, svy_moment now, const char *actor, const char *action, const char *form, const char *id, const char *detail, svy_error *err)
{
    char digest[SVYI_HASHED_KEY], object[200];

    svyi_keyed_hex(s->key, id, strlen(id), digest);
    snprintf(object, sizeof object, "%.80s/%s", form, digest);
    return svy_study_audit(s, now, actor, action, object, detail, err);
}

svy_status svy_study_case_assign(svy_study *s, const svy_principal *for_whom, const char *form, const char *id, const char *assigned, const char *organisation,
                                 const char *actor, svy_moment now, svy_error *err)
{
    char name[SVY_ACCOUNT_TEXT], own[SVY_ACCOUNT_TEXT];
    one_case one;
    svy_status st;

    SVY_REQUIRE(s != NULL && form != NULL && id != NULL && assigned != NULL && actor != NULL, err);
    if (organisation != NULL && (st = svyi_check_text("the name of the organisation", organisation, SVY_ACCOUNT_TEXT - 1, 1, err)) != SVY_OK)
        return st;
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = need_case(s, for_whom, form, id, &one, err)) == SVY_OK && (st = svyi_case_owner(s, assigned, name, own, err)) == SVY_OK) {
        /* A case that is nobody's becomes one of the organisation that its interviewer belongs to. */
        const char *to = organisation != NULL ? organisation : one.organisation[0] != '\0' ? one.organisation : own;
        /* Somebody of an organisation gives its cases to its own people, and keeps them. */
        if (for_whom != NULL && for_whom->organisation[0] != '\0' && ((assigned[0] != '\0' && strcmp(own, for_whom->organisation) != 0) || strcmp(to, for_whom->organisation) != 0))
            st = svyi_fail(err, SVY_E_NAME, "there is no account '%.100s'", assigned);
        else
            st = svyi_db_once(s, "UPDATE cases SET assigned = ?, organisation = ? WHERE form = ? AND id = ?",
                           SVYI_ARGS(svyi_arg_text(name), svyi_arg_text(to), svyi_arg_text(form), svyi_arg_text(id)), err);
    }
    if (st == SVY_OK)
        st = note_case(s, now, actor, "case.assign", form, id, name, err);
    return svyi_db_end(s, st, err);
}

svy_status svy_study_case_return(svy_study *s, const svy_principal *for_whom, const char *form, const char *id, const char *comment, const char *actor, svy_moment now,
                                 svy_error *err)
{
    one_case one;
    svy_status st;

    SVY_REQUIRE(s != NULL && form != NULL && id != NULL && comment != NULL && actor != NULL, err);
    if ((st = svyi_check_text("the comment", comment, 1000, 0, err)) != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = need_case(s, for_whom, form, id, &one, err)) == SVY_OK && one.state != SVY_CASE_COMPLETE)
        st = svyi_fail(err, SVY_E_STATE, "case '%.80s' is %s: only one that is complete can be returned", id, svy_case_state_name(one.state));
    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE cases SET returned = 1, comment = ? WHERE form = ? AND id = ?", SVYI_ARGS(svyi_arg_text(comment), svyi_arg_text(form), svyi_arg_text(id)), err);
    if (st == SVY_OK)
        st = note_case(s, now, actor, "case.return", form, id, "", err);
    return svyi_db_end(s, st, err);
}

/* What an erasure takes along: contact data of the case, and the links that name it. Within a transaction. */
svy_status svyi_case_forget(svy_study *s, const char *form, const char *id, svy_moment now, svy_error *err)
{
    svy_status st = svyi_db_once(s, "DELETE FROM case_contacts WHERE form = ? AND id = ?", SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(id)), err);

    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE cases SET comment = '' WHERE form = ? AND id = ?", SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(id)), err);
    return st == SVY_OK ? svyi_db_once(s, "UPDATE links SET case_id = '', closed_utc_ms = coalesce(closed_utc_ms, ?) WHERE form = ? AND case_id = ?",
                                    SVYI_ARGS(svyi_arg_int(now.utc_ms), svyi_arg_text(form), svyi_arg_text(id)), err) : st;
}
