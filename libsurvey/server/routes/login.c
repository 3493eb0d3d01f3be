/* Coming in and going out: passwords, sessions, links of respondents, tokens of devices, and the first administrator. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "exchange/json.h"
#include "server/core.h"
#include "store/seal.h"

enum { TRIES_ACCOUNT = 10, ACCOUNT_SECONDS = 900, TRIES_ADDRESS = 100, ADDRESS_SECONDS = 900, TRIES_LINK = 60, VISITS = 1000, LINK_SECONDS = 600, TOKEN_DAYS = 180,
       RESPONDENT_DAYS = 30, FOLDED = 512 };

/* ---- what was sent ---- */

const svyi_json *svyi_request_json(svyi_request *rq)
{
    const svyi_json *json = NULL;
    const char *why = "";
    int line = 0;

    if (svyi_json_parse(&rq->arena, rq->body, rq->body_size, &json, &line, &why) == SVY_OK && json->kind == SVYI_JSON_OBJECT)
        return json;
    svyi_answer_error(rq, 400, "the body must be an object in JSON");
    return NULL;
}

const char *svyi_request_text(const svyi_json *json, const char *key)
{
    const svyi_json *member = svyi_json_find(json, key);

    return member != NULL && member->kind == SVYI_JSON_TEXT ? member->text : "";
}

/* ---- how often ---- */

/* A name is the same account however it is written, so all spellings count together. */
static const char *folded(const char *name, char out[FOLDED])
{
    svyi_fold(name, strlen(name), out, FOLDED);
    return out;
}

unsigned svyi_login_wait(svyi_request *rq, const char *name)
{
    svyi_limits *l = rq->server->limits;
    const int64_t now = svyi_now_ms();
    const unsigned wait = svyi_limit(l, "address", rq->address, TRIES_ADDRESS, ADDRESS_SECONDS, now);
    char one[FOLDED];

    return wait > 0 ? wait : svyi_limit(l, "account", folded(name, one), TRIES_ACCOUNT, ACCOUNT_SECONDS, now);
}

void svyi_login_worked(svyi_request *rq, const char *name)
{
    char one[FOLDED];

    svyi_limit_return(rq->server->limits, "address", rq->address);
    svyi_limit_return(rq->server->limits, "account", folded(name, one));
}

void svyi_answer_wait(svyi_request *rq, unsigned seconds)
{
    char text[16];

    snprintf(text, sizeof text, "%u", seconds);
    svyi_answer_header(rq, "Retry-After", text);
    svyi_answer_error(rq, 429, "too many tries: wait a while and try again");
}

/* ---- sessions ---- */

static void set_cookie(svyi_request *rq, const char *value, long seconds)
{
    char text[400];

    snprintf(text, sizeof text, rq->tls ? "__Host-survey=%s; Path=/; Max-Age=%ld; HttpOnly; SameSite=Strict; Secure" : "survey=%s; Path=/; Max-Age=%ld; HttpOnly; SameSite=Strict",
             value, seconds);
    svyi_answer_header(rq, "Set-Cookie", text);
}

/* Somebody, with what the browser needs to go on. `cookie` NULL: no token against cross-site requests belongs to it. */
static void answer_who(svyi_request *rq, int status, const svy_principal *who, const char *cookie)
{
    char csrf[44] = "";
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    if (cookie != NULL)
        svyi_sessions_csrf(rq->server->sessions, cookie, csrf);
    svyi_buffer_text(&b, "{\"account\":");
    svyi_buffer_json(&b, who->name, strlen(who->name));
    svyi_buffer_format(&b, ",\"id\":\"%s\",\"role\":\"%s\",\"organisation\":", who->account, svy_role_name(who->role));
    svyi_buffer_json(&b, who->organisation, strlen(who->organisation));
    svyi_buffer_text(&b, ",\"form\":");
    svyi_buffer_json(&b, who->form, strlen(who->form));
    svyi_buffer_text(&b, ",\"case\":");
    svyi_buffer_json(&b, who->case_id, strlen(who->case_id));
    svyi_buffer_format(&b, ",\"csrf\":\"%s\",\"rights\":[", csrf);
    for (int right = 1, n = 0; right <= SVY_RIGHTS; right++)
        if (svy_allowed(who, (svy_right)right))
            svyi_buffer_format(&b, "%s\"%s\"", n++ > 0 ? "," : "", svy_right_name((svy_right)right));
    svyi_buffer_format(&b, "],\"time\":%lld,\"secure\":%s}\n", (long long)svyi_moment_now().utc_ms, rq->secure ? "true" : "false");
    svyi_answer_json(rq, status, &b);
}

static void session(svyi_request *rq, svy_study *study)
{
    (void)study;
    answer_who(rq, 200, rq->who, rq->exchange->credential_kind == SVYI_SHOWS_COOKIE ? rq->exchange->credential : NULL);
}

static void logout(svyi_request *rq, svy_study *study)
{
    (void)study;
    if (rq->exchange->credential_kind == SVYI_SHOWS_COOKIE)
        svyi_sessions_drop(rq->server->sessions, SVYI_SHOWS_COOKIE, rq->exchange->credential);
    set_cookie(rq, "", 0);
    svyi_answer_borrowed(rq, 204, NULL, "", 0);
}

/* A try to log in, on its way from the thread that checks to the one that records. */
typedef struct try { svy_account account; const char *typed; int right; } try;

static void start_session(svyi_request *rq, const svy_account *account)
{
    svy_principal who;
    char cookie[44];

    svy_account_principal(account, &who);
    svyi_random_token(cookie);
    svyi_sessions_put(rq->server->sessions, SVYI_SHOWS_COOKIE, cookie, 1, svyi_now_ms(), &who, "");
    set_cookie(rq, cookie, 12 * 3600);
    answer_who(rq, 200, &who, cookie);
}

static void login_noted(svyi_request *rq, svy_study *study)
{
    try *t = rq->own;
    svy_error err = SVY_ERROR_INIT;

    if (svy_study_login_note(study, &t->account, t->typed, t->right, rq->received, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    if (t->right) {
        svyi_login_worked(rq, t->typed);
        start_session(rq, &t->account);
    } else {
        svyi_answer_error(rq, 401, "this name and password do not belong together");
    }
}

static void login(svyi_request *rq, svy_study *study)
{
    const svyi_json *json = svyi_request_json(rq);
    try *t = svyi_arena_get(&rq->arena, sizeof *t);
    int found = 0;

    if (json == NULL)
        return;
    const char *password = svyi_request_text(json, "password");
    if (t == NULL) {
        svyi_answer_error(rq, 503, "the server is short of memory");
        return;
    }
    t->typed = svyi_request_text(json, "name");
    const unsigned wait = svyi_login_wait(rq, t->typed);
    if (wait > 0) {
        svyi_answer_wait(rq, wait);
        return;
    }
    if (strlen(t->typed) >= SVY_ACCOUNT_TEXT || svy_study_account_find(study, t->typed, &t->account, &found, NULL) != SVY_OK)
        found = 0;
    t->right = svy_password_check(found && !t->account.disabled ? t->account.password : NULL, password, strlen(password)) && found;
    if (!found)
        memset(&t->account, 0, sizeof t->account);
    rq->own = t;
    svyi_then(rq, SVYI_ON_WRITER, login_noted);
}

/* ---- links ---- */

/* To the form, which reads what stands behind the #: that part never reaches a server again. */
static void to_page(svyi_request *rq, const char *what, const char *code)
{
    char page[100];
    size_t n = (size_t)snprintf(page, sizeof page, "/form/#%s=", what);

    for (const char *c = code; *c != '\0' && n < sizeof page - 1; c++)
        if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '-')
            page[n++] = *c;
    page[n] = '\0';
    svyi_answer_header(rq, "Location", page);
    svyi_answer_borrowed(rq, 302, NULL, "", 0);
    svyi_wipe(page, sizeof page);
}

static void use_link(svyi_request *rq, svy_study *study)
{
    svy_principal who;
    svy_error err = SVY_ERROR_INIT;
    char token[SVY_TOKEN];
    int found = 0;

    if (svy_study_link_use(study, rq->part[0], strlen(rq->part[0]), rq->received.utc_ms + RESPONDENT_DAYS * INT64_C(86400000), rq->received, &who, token, &found,
                           &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
    } else if (!found) {
        to_page(rq, "x", "1");
    } else {
        set_cookie(rq, token, RESPONDENT_DAYS * 86400L);
        to_page(rq, who.case_id[0] != '\0' ? "p" : "o", rq->part[0]);
    }
    svyi_wipe(token, sizeof token);
}

/* The code is exchanged for a cookie at once. */
static void open_link(svyi_request *rq, svy_study *study)
{
    svy_access link;
    svy_error err = SVY_ERROR_INIT;
    int found = 0;
    unsigned wait = svyi_limit(rq->server->limits, "link", rq->address, TRIES_LINK, LINK_SECONDS, svyi_now_ms());

    if (wait > 0) {
        svyi_answer_wait(rq, wait);
    } else if (svy_study_link_find(study, rq->part[0], strlen(rq->part[0]), rq->received, &link, &found, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
    } else if (!found) {
        to_page(rq, "x", "1");
    } else {
        svyi_limit_return(rq->server->limits, "link", rq->address);
        if (link.kind == SVY_ACCESS_SETUP)
            to_page(rq, "setup", rq->part[0]);
        else if ((wait = svyi_limit(rq->server->limits, "visit", rq->address, VISITS, LINK_SECONDS, svyi_now_ms())) > 0)
            svyi_answer_wait(rq, wait);              /* each leaves a line in the study */
        else
            svyi_then(rq, SVYI_ON_WRITER, use_link);
    }
}

/* ---- the first administrator ---- */

typedef struct setup { const char *code, *name; char hash[SVY_PASSWORD_HASH]; } setup;

static void setup_done(svyi_request *rq, svy_study *study)
{
    const setup *s = rq->own;
    svy_error err = SVY_ERROR_INIT;
    svy_account account;
    char id[SVY_ACCOUNT_ID];
    int found = 0;

    if (svy_study_setup(study, s->code, strlen(s->code), s->name, s->hash, rq->received, id, &found, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
    } else if (!found) {
        svyi_answer_error(rq, 404, "this link was used already, or its time is over: start the server again for a new one");
    } else if (svy_study_account_get(study, id, &account, &found, &err) != SVY_OK || !found) {
        svyi_answer_failed(rq, &err);
    } else {
        start_session(rq, &account);
    }
}

static void set_up(svyi_request *rq, svy_study *study)
{
    const svyi_json *json = svyi_request_json(rq);
    setup *s = svyi_arena_get(&rq->arena, sizeof *s);
    svy_error err = SVY_ERROR_INIT;

    (void)study;
    if (json == NULL)
        return;
    const char *password = svyi_request_text(json, "password");
    const unsigned wait = svyi_limit(rq->server->limits, "setup", rq->address, TRIES_ACCOUNT, ACCOUNT_SECONDS, svyi_now_ms());
    if (s == NULL || wait > 0) {
        svyi_answer_wait(rq, wait > 0 ? wait : 1);
        return;
    }
    s->code = svyi_request_text(json, "code");
    s->name = svyi_request_text(json, "name");
    if (svy_password_accept(password, strlen(password), s->name, &err) != SVY_OK || svy_password_hash(password, strlen(password), s->hash, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    rq->own = s;
    svyi_then(rq, SVYI_ON_WRITER, setup_done);
}

/* ---- devices ---- */

static void add_device(svyi_request *rq, svy_study *study)
{
    const svyi_json *json = svyi_request_json(rq);
    svy_error err = SVY_ERROR_INIT;
    char token[SVY_TOKEN];
    svyi_buffer b;

    if (json == NULL)
        return;
    const svy_token_kind kind = strcmp(svyi_request_text(json, "kind"), "odk") == 0 ? SVY_TOKEN_ODK : SVY_TOKEN_DEVICE;
    if (svy_study_token_make(study, rq->who->account, kind, svyi_request_text(json, "name"), rq->received.utc_ms + TOKEN_DAYS * INT64_C(86400000), rq->who->name,
                             rq->received, token, &err) != SVY_OK) {
        svyi_answer_failed(rq, &err);
        return;
    }
    svyi_buffer_init(&b, NULL);
    svyi_buffer_format(&b, "{\"token\":\"%s\",\"days\":%d}\n", token, TOKEN_DAYS);
    svyi_wipe(token, sizeof token);
    svyi_answer_json(rq, 201, &b);
}

const svyi_route SVYI_ROUTES_LOGIN[] = {
    { SVYI_POST, "/api/login", SVYI_ANYBODY, SVYI_ON_SLOW, login, 4096, SVYI_OPEN | SVYI_NO_ORIGIN_CHECK },
    { SVYI_POST, "/api/logout", SVYI_SIGNED_IN, SVYI_ON_NETWORK, logout, 4096, 0 },
    { SVYI_GET, "/api/session", SVYI_SIGNED_IN, SVYI_ON_NETWORK, session, 0, 0 },
    { SVYI_POST, "/api/devices", SVY_RIGHT_DEVICES, SVYI_ON_WRITER, add_device, 4096, 0 },
    { SVYI_POST, "/api/setup", SVYI_ANYBODY, SVYI_ON_SLOW, set_up, 4096, SVYI_OPEN | SVYI_NO_ORIGIN_CHECK },
    { SVYI_GET, "/l/*", SVYI_ANYBODY, SVYI_ON_READER, open_link, 0, SVYI_OPEN },
    { 0 },
};
