/* Accounts, links and the audit log: who may come in, and what was done. */
#define _GNU_SOURCE
#include <string.h>

#include "base/error.h"
#include "server/core.h"
#include "store/seal.h"

typedef struct rows { svyi_buffer b; size_t n; } rows;

static void rows_begin(rows *r)
{
    svyi_buffer_init(&r->b, NULL);
    svyi_buffer_text(&r->b, "[");
    r->n = 0;
}

static void row_begin(rows *r) { svyi_buffer_text(&r->b, r->n++ > 0 ? ",\n{" : "{"); }

static void row_text(rows *r, const char *name, const char *value)
{
    svyi_buffer_format(&r->b, "%s\"%s\":", r->b.data[r->b.len - 1] == '{' ? "" : ",", name);
    svyi_buffer_json(&r->b, value, strlen(value));
}

static void row_number(rows *r, const char *name, int64_t value)
{
    svyi_buffer_format(&r->b, "%s\"%s\":%lld", r->b.data[r->b.len - 1] == '{' ? "" : ",", name, (long long)value);
}

static svy_status row_end(rows *r)
{
    svyi_buffer_text(&r->b, "}");
    return r->b.failed ? SVY_E_NOMEM : SVY_OK;
}

static void rows_answer(svyi_request *rq, rows *r, svy_status st, const svy_error *err)
{
    if (st != SVY_OK) {
        svyi_buffer_clear(&r->b);
        svyi_answer_failed(rq, err);
        return;
    }
    svyi_buffer_text(&r->b, "]\n");
    svyi_answer_json(rq, 200, &r->b);
}

static void done(svyi_request *rq, svy_status st, const svy_error *err)
{
    if (st == SVY_OK)
        svyi_answer_borrowed(rq, 204, NULL, "", 0);
    else
        svyi_answer_failed(rq, err);
}

/* ---- accounts ---- */

static const char NO_ROLE[] = "the role is administrator, researcher, supervisor, interviewer or analyst";

static svy_status add_account_row(void *user, const svy_account *a)
{
    rows *r = user;

    row_begin(r);
    row_text(r, "id", a->id);
    row_text(r, "name", a->name);
    row_text(r, "role", svy_role_name(a->role));
    row_text(r, "organisation", a->organisation);
    row_number(r, "disabled", a->disabled);
    row_number(r, "created", a->created_utc_ms);
    return row_end(r);
}

static void accounts(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    rows r;

    rows_begin(&r);
    rows_answer(rq, &r, svy_study_accounts(study, rq->who, add_account_row, &r, &err), &err);
}

typedef struct new_account { const char *name, *organisation; svy_account_role role; char hash[SVY_PASSWORD_HASH]; } new_account;

static void account_made(svyi_request *rq, svy_study *study)
{
    const new_account *a = rq->own;
    svy_error err = SVY_ERROR_INIT;
    char id[SVY_ACCOUNT_ID];
    rows r;

    if (svy_study_account_add(study, a->name, a->role, a->organisation, a->hash[0] != '\0' ? a->hash : NULL, rq->who->name, rq->received, id, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_buffer_init(&r.b, NULL);
    svyi_buffer_format(&r.b, "{\"id\":\"%s\"}\n", id);
    svyi_answer_json(rq, 201, &r.b);
}

static void make_account(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    new_account *a = svyi_arena_get(&rq->arena, sizeof *a);
    svy_error err = SVY_ERROR_INIT;

    (void)study;
    if (json == NULL)
        return;
    const char *password = svyi_request_text(json, "password");
    if (a == NULL || !svy_role_find(svyi_request_text(json, "role"), &a->role)) {
        svyi_answer_error(rq, 422, NO_ROLE);
        return;
    }
    a->name = svyi_request_text(json, "name");
    a->organisation = svyi_request_text(json, "organisation");
    if (password[0] != '\0' && (svy_password_accept(password, strlen(password), a->name, &err) != SVY_OK ||
                                svy_password_hash(password, strlen(password), a->hash, &err) != SVY_OK)) {
        svyi_answer_failed(rq, &err);
        return;
    }
    rq->own = a;
    svyi_then(rq, SVYI_ON_WRITER, account_made);
}

static void set_disabled(svyi_request *rq, svy_study *study, int disabled)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_status st = svy_study_account_disable(study, rq->part[0], disabled, rq->who->name, rq->received, &err);

    svyi_server_forget(rq->server);
    done(rq, st, &err);
}

static void disable(svyi_request *rq, svy_study *study) { set_disabled(rq, study, 1); }
static void enable(svyi_request *rq, svy_study *study) { set_disabled(rq, study, 0); }

static void change_account(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    svy_error err = SVY_ERROR_INIT;
    svy_account_role role;

    if (json == NULL)
        return;
    if (!svy_role_find(svyi_request_text(json, "role"), &role)) {
        svyi_answer_error(rq, 422, NO_ROLE);
        return;
    }
    const svy_status st = svy_study_account_change(study, rq->part[0], role, svyi_request_text(json, "organisation"), rq->who->name, rq->received, &err);
    svyi_server_forget(rq->server);
    done(rq, st, &err);
}

/* ---- devices of an account ---- */

static svy_status add_device_row(void *user, const svy_token_info *token)
{
    rows *r = user;

    row_begin(r);
    row_text(r, "id", token->id);
    row_text(r, "device", token->device);
    row_text(r, "kind", token->kind == SVY_TOKEN_ODK ? "odk" : "form");
    row_number(r, "created", token->created_utc_ms);
    row_number(r, "expires", token->expires_utc_ms);
    row_number(r, "closed", token->revoked);
    return row_end(r);
}

static void account_devices(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    rows r;

    rows_begin(&r);
    rows_answer(rq, &r, svy_study_tokens(study, rq->part[0], add_device_row, &r, &err), &err);
}

static void close_device(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_status st = svy_study_token_revoke(study, rq->part[0], rq->part[1], rq->who->name, rq->received, &err);

    svyi_server_forget(rq->server);
    done(rq, st, &err);
}

typedef struct change { const char *account, *old, *new; char hash[SVY_PASSWORD_HASH]; } change;

static void password_changed(svyi_request *rq, svy_study *study)
{
    const change *c = rq->own;
    svy_error err = SVY_ERROR_INIT;
    const svy_status st = svy_study_account_password(study, c->account, c->hash, rq->who->name, rq->received, &err);

    svyi_server_forget(rq->server);
    done(rq, st, &err);
}

/* One's own password: the old one shows that it is the person and not only an open browser. */
static void change_password(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    change *c = svyi_arena_get(&rq->arena, sizeof *c);
    svy_error err = SVY_ERROR_INIT;
    svy_account account;
    int found = 0;

    if (json == NULL || c == NULL || svyi_login_wait(rq, rq->who->name) > 0) {
        if (json != NULL)
            svyi_answer_error(rq, 429, "too many tries: wait a while and try again");
        return;
    }
    c->old = svyi_request_text(json, "old");
    c->new = svyi_request_text(json, "new");
    if (svy_study_account_get(study, rq->who->account, &account, &found, &err) != SVY_OK || !found || !svy_password_check(account.password, c->old, strlen(c->old))) {
        svyi_answer_error(rq, 403, "the old password is not right");
    } else if (svy_password_accept(c->new, strlen(c->new), account.name, &err) != SVY_OK || svy_password_hash(c->new, strlen(c->new), c->hash, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
    } else {
        svyi_login_worked(rq, rq->who->name);
        c->account = rq->who->account;
        rq->own = c;
        svyi_then(rq, SVYI_ON_WRITER, password_changed);
    }
    svyi_wipe(&account, sizeof account);
}

/* That of somebody else, who has forgotten it. */
static void set_password(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    change *c = svyi_arena_get(&rq->arena, sizeof *c);
    svy_error err = SVY_ERROR_INIT;
    svy_account account;
    int found = 0;

    if (json == NULL)
        return;
    if (c == NULL || svy_study_account_get(study, rq->part[0], &account, &found, &err) != SVY_OK || !found) {
        svyi_answer_error(rq, 404, "there is no such account");
        return;
    }
    c->account = rq->part[0];
    c->new = svyi_request_text(json, "password");
    if (svy_password_accept(c->new, strlen(c->new), account.name, &err) != SVY_OK || svy_password_hash(c->new, strlen(c->new), c->hash, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
    } else {
        rq->own = c;
        svyi_then(rq, SVYI_ON_WRITER, password_changed);
    }
    svyi_wipe(&account, sizeof account);
}

/* ---- links ---- */

static svy_status add_link_row(void *user, const svy_access *link)
{
    rows *r = user;

    row_begin(r);
    row_text(r, "id", link->id);
    row_text(r, "kind", svy_access_name(link->kind));
    row_text(r, "form", link->form);
    row_text(r, "case", link->case_id);
    row_text(r, "organisation", link->organisation);
    row_number(r, "uses", (int64_t)link->uses);
    row_number(r, "maxUses", (int64_t)link->max_uses);
    row_number(r, "created", link->created_utc_ms);
    row_number(r, "expires", link->expires_utc_ms);
    row_number(r, "closed", link->closed);
    return row_end(r);
}

static void links(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    rows r;

    rows_begin(&r);
    rows_answer(rq, &r, svy_study_links(study, rq->who, add_link_row, &r, &err), &err);
}

static int copy_text(char *out, size_t size, const char *text)
{
    const size_t n = strlen(text);

    if (n < size)
        memcpy(out, text, n + 1);
    return n < size;
}

static void make_link(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    svy_access link = { .kind = SVY_ACCESS_PUBLIC };
    svy_error err = SVY_ERROR_INIT;
    char code[SVY_CODE];
    rows r;

    if (json == NULL)
        return;
    if (strcmp(svyi_request_text(json, "kind"), "personal") == 0)
        link.kind = SVY_ACCESS_PERSONAL;
    /* Who belongs to an organisation makes links of that organisation only. */
    const char *organisation = rq->who->organisation[0] != '\0' ? rq->who->organisation : svyi_request_text(json, "organisation");
    if (!copy_text(link.form, sizeof link.form, svyi_request_text(json, "form")) || !copy_text(link.case_id, sizeof link.case_id, svyi_request_text(json, "case")) ||
        !copy_text(link.organisation, sizeof link.organisation, organisation)) {
        svyi_answer_error(rq, 422, "a name is too long");
        return;
    }
    if (svy_study_link_make(study, &link, rq->who->name, rq->received, code, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_buffer_init(&r.b, NULL);
    svyi_buffer_format(&r.b, "{\"id\":\"%s\",\"code\":\"%s\",\"url\":", link.id, code);
    svyi_buffer_text(&r.b, "\"");
    svyi_buffer_text(&r.b, svyi_request_base(rq));
    svyi_buffer_format(&r.b, "/l/%s\"}\n", code);
    svyi_wipe(code, sizeof code);
    svyi_answer_json(rq, 201, &r.b);
}

static void close_link(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_status st = svy_study_link_close(study, rq->who, rq->part[0], rq->who->name, rq->received, &err);

    svyi_server_forget(rq->server);
    done(rq, st, &err);
}

/* ---- the audit log ---- */

static svy_status add_line(void *user, const svy_audit_line *line)
{
    rows *r = user;

    row_begin(r);
    row_number(r, "sequence", line->sequence);
    row_number(r, "utc", line->utc_ms);
    row_text(r, "actor", line->actor);
    row_text(r, "action", line->action);
    row_text(r, "object", line->object);
    row_text(r, "detail", line->detail);
    row_text(r, "mac", line->mac);
    return row_end(r);
}

static void audit(svyi_request *rq, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    uint64_t after, limit;
    rows r;

    if (svyi_request_number(rq, "after", &after) < 0 || svyi_request_number(rq, "limit", &limit) < 0) {
        svyi_answer_error(rq, 400, "after and limit are numbers");
        return;
    }
    if (limit == 0 || limit > 10000)
        limit = 10000;
    rows_begin(&r);
    rows_answer(rq, &r, svy_study_audit_read(study, (int64_t)after, limit, add_line, &r, &err), &err);
}

const svyi_route SVYI_ROUTES_PEOPLE[] = {
    { SVYI_GET, "/api/accounts", SVY_RIGHT_ACCOUNTS, SVYI_ON_READER, accounts, 0, 0 },
    { SVYI_POST, "/api/accounts", SVY_RIGHT_ACCOUNTS, SVYI_ON_SLOW, make_account, 8192, 0 },
    { SVYI_POST, "/api/accounts/*/disable", SVY_RIGHT_ACCOUNTS, SVYI_ON_WRITER, disable, 4096, 0 },
    { SVYI_POST, "/api/accounts/*/enable", SVY_RIGHT_ACCOUNTS, SVYI_ON_WRITER, enable, 4096, 0 },
    { SVYI_POST, "/api/accounts/*/change", SVY_RIGHT_ACCOUNTS, SVYI_ON_WRITER, change_account, 8192, 0 },
    { SVYI_GET, "/api/accounts/*/devices", SVY_RIGHT_ACCOUNTS, SVYI_ON_READER, account_devices, 0, 0 },
    { SVYI_POST, "/api/accounts/*/devices/*/close", SVY_RIGHT_ACCOUNTS, SVYI_ON_WRITER, close_device, 4096, 0 },
    { SVYI_POST, "/api/accounts/*/password", SVY_RIGHT_ACCOUNTS, SVYI_ON_SLOW, set_password, 8192, 0 },
    { SVYI_POST, "/api/password", SVYI_SIGNED_IN, SVYI_ON_SLOW, change_password, 8192, 0 },
    { SVYI_GET, "/api/links", SVY_RIGHT_LINKS, SVYI_ON_READER, links, 0, 0 },
    { SVYI_POST, "/api/links", SVY_RIGHT_LINKS, SVYI_ON_WRITER, make_link, 8192, 0 },
    { SVYI_POST, "/api/links/*/close", SVY_RIGHT_LINKS, SVYI_ON_WRITER, close_link, 4096, 0 },
    { SVYI_POST, "/api/qr", SVY_RIGHT_LINKS, SVYI_ON_READER, svyi_qr_picture, 8192, 0 },
    { SVYI_GET, "/api/audit", SVY_RIGHT_AUDIT, SVYI_ON_READER, audit, 0, 0 },
    { 0 },
};
