/* Who asks, and whether that may be: decided when the head is there, before any of the body is taken. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "server/core.h"
#include "store/seal.h"

/* ---- what the client shows ---- */

static int find_cookie(const svyi_request *rq, char out[256])
{
    const char *name = rq->tls ? "__Host-survey=" : "survey=", *at = svyi_request_header(rq, "cookie");
    const size_t n = strlen(name);

    while (at != NULL && *at != '\0') {
        at += strspn(at, " ;");
        const size_t len = strcspn(at, ";");
        if (len > n && len - n < 256 && strncmp(at, name, n) == 0) {
            memcpy(out, at + n, len - n);
            out[len - n] = '\0';
            return 1;
        }
        at += len;
    }
    return 0;
}

/* What the request shows goes into its exchange. */
static void look_for_credential(svyi_request *rq)
{
    svyi_exchange *x = rq->exchange;
    const char *shown = svyi_request_header(rq, "authorization");
    int kind = SVYI_SHOWS_NOTHING;

    x->credential_kind = SVYI_SHOWS_NOTHING;
    if (rq->route->flags & SVYI_OPEN)
        return;
    if (rq->route->flags & SVYI_TOKEN_IN_PATH) {
        kind = SVYI_SHOWS_TOKEN;
        shown = rq->part[0];
    } else if (shown != NULL && strncasecmp(shown, "Bearer ", 7) == 0) {
        kind = SVYI_SHOWS_TOKEN;
        shown += 7;
    } else if (shown != NULL && strncasecmp(shown, "Basic ", 6) == 0 && (rq->route->flags & SVYI_BASIC)) {
        kind = SVYI_SHOWS_PASSWORD;
        shown += 6;
    } else if (shown == NULL && find_cookie(rq, x->credential)) {
        x->credential_kind = SVYI_SHOWS_COOKIE;
        return;
    }
    if (kind != SVYI_SHOWS_NOTHING && strlen(shown) < sizeof x->credential)
        memcpy(x->credential, shown, strlen(shown) + 1);
    else
        kind = SVYI_SHOWS_NOTHING;
    x->credential_kind = kind;
}

/* ---- asking the study, on a reader ---- */

static int found_account(svy_study *study, const char *id, svy_principal *who)
{
    svy_account account;
    int found = 0;

    if (svy_study_account_get(study, id, &account, &found, NULL) != SVY_OK || !found || account.disabled)
        return 0;
    svy_account_principal(&account, who);
    svyi_wipe(&account, sizeof account);
    return 1;
}

/* The rest of an answer that looks somebody up: the network thread goes on with it. */
static void admitted(svyi_request *rq, int found)
{
    if (found)
        rq->who = &rq->exchange->principal;
    else
        rq->exchange->credential_kind = SVYI_SHOWS_NOTHING;
    rq->exchange->step = SVYI_STEP_ADMIT;
}

static void look_up(svyi_request *rq, svy_study *study)
{
    svyi_exchange *x = rq->exchange;
    svyi_sessions *sessions = rq->server->sessions;
    char account[SVY_ACCOUNT_ID];
    svy_token_kind kind;
    int found = 0;

    if (x->credential_kind == SVYI_SHOWS_COOKIE && svyi_sessions_stale(sessions, x->credential, account)) {
        found = found_account(study, account, &x->principal);
        svyi_sessions_refresh(sessions, x->credential, found ? &x->principal : NULL);
        admitted(rq, found);
        return;
    }
    if (svy_study_token_find(study, x->credential, strlen(x->credential), rq->received, &x->principal, &kind, x->device, &found, NULL) != SVY_OK)
        found = 0;
    found = found && (x->credential_kind == SVYI_SHOWS_COOKIE) == (kind == SVY_TOKEN_RESPONDENT);
    if (found)
        svyi_sessions_put(sessions, (svyi_credential)x->credential_kind, x->credential, 0, svyi_now_ms(), &x->principal, x->device);
    admitted(rq, found);
}

/* ---- name and password with every request, as some clients send them ---- */

static void note_password(svyi_request *rq, svy_study *study)
{
    svy_account account;
    int found;

    /* A study that cannot record it lets nobody in either way. */
    if (svy_study_account_find(study, rq->own, &account, &found, NULL) == SVY_OK)
        (void)!svy_study_login_note(study, &account, rq->own, 0, rq->received, NULL);
    rq->own = NULL;
    admitted(rq, 0);
}

static int right_password(svyi_request *rq, svy_study *study, const char *name, const char *password)
{
    svy_account account;
    int found = 0;

    if (svy_study_account_find(study, name, &account, &found, NULL) != SVY_OK)
        found = 0;
    const int right = svy_password_check(found && !account.disabled ? account.password : NULL, password, strlen(password));
    if (right)
        svy_account_principal(&account, &rq->exchange->principal);
    svyi_wipe(&account, sizeof account);
    return right;
}

static void look_up_password(svyi_request *rq, svy_study *study)
{
    svyi_exchange *x = rq->exchange;
    unsigned char text[sizeof x->credential + 4];
    size_t n = 0;
    char *colon;

    if (!svyi_base64_decode(x->credential, strlen(x->credential), text, &n)) {
        admitted(rq, 0);
        return;
    }
    text[n] = '\0';
    if ((colon = strchr((char *)text, ':')) == NULL) {
        admitted(rq, 0);
        return;
    }
    *colon = '\0';
    const unsigned wait = svyi_login_wait(rq, (char *)text);
    const int right = wait == 0 && right_password(rq, study, (char *)text, colon + 1);
    if (right) {
        svyi_login_worked(rq, (char *)text);
        svyi_sessions_put(rq->server->sessions, SVYI_SHOWS_PASSWORD, x->credential, 0, svyi_now_ms(), &x->principal, "");
        admitted(rq, 1);
    } else if (wait > 0 || (rq->own = svyi_arena_text(&rq->arena, (char *)text, strlen((char *)text))) == NULL) {
        admitted(rq, 0);
    } else {
        svyi_then(rq, SVYI_ON_WRITER, note_password);
    }
    svyi_wipe(text, sizeof text);
}

/* ---- deciding ---- */

void svyi_ask_to_sign_in(svyi_request *rq)
{
    if (rq->route->flags & SVYI_BASIC)
        svyi_answer_header(rq, "WWW-Authenticate", "Basic realm=\"survey\", charset=\"UTF-8\"");
    if (strncmp(rq->path, "/odk/", 5) == 0)
        svyi_answer_header(rq, "X-OpenRosa-Version", "1.0");
    svyi_answer_error(rq, 401, "sign in first");
}

/* A page of somebody else's that makes the browser send something here: refused by where it says it comes from. */
static int from_elsewhere(svyi_request *rq)
{
    const char *site = svyi_request_header(rq, "sec-fetch-site"), *origin = svyi_request_header(rq, "origin");

    if (rq->method & (SVYI_GET | SVYI_HEAD))
        return 0;
    if (site != NULL && strcasecmp(site, "same-origin") != 0 && strcasecmp(site, "none") != 0)
        return 1;
    return origin != NULL && strcasecmp(origin, svyi_request_base(rq)) != 0;
}

/* What was packed would have to be unpacked within limits, and no client of ours does it. */
static int is_packed(const svyi_request *rq)
{
    const char *how = svyi_request_header(rq, "content-encoding");

    return how != NULL && strcasecmp(how, "identity") != 0;
}

static int lacks_token(const svyi_request *rq)
{
    const char *given = svyi_request_header(rq, "x-survey-csrf");
    char expected[44];

    if (rq->exchange->credential_kind != SVYI_SHOWS_COOKIE || (rq->method & (SVYI_GET | SVYI_HEAD)) || (rq->route->flags & SVYI_NO_ORIGIN_CHECK))
        return 0;
    svyi_sessions_csrf(rq->server->sessions, rq->exchange->credential, expected);
    return given == NULL || strlen(given) != strlen(expected) || !svyi_same_bytes(given, expected, strlen(expected));
}

static int refused(svyi_request *rq)
{
    const int right = rq->route->right;

    if (rq->who == NULL && right != SVYI_ANYBODY)
        svyi_ask_to_sign_in(rq);
    else if (rq->who != NULL && lacks_token(rq))
        svyi_answer_error(rq, 403, "this request does not come from the form itself: load the page again");
    else if (right > 0 && !svy_allowed(rq->who, (svy_right)right))
        svyi_answer_error(rq, 403, "your account may not do this");
    else
        return 0;
    return 1;
}

int svyi_admit(svyi_request *rq)
{
    svyi_exchange *x = rq->exchange;
    const int first = x->step != SVYI_STEP_ADMIT;

    if (first)
        look_for_credential(rq);
    if (first && x->credential_kind != SVYI_SHOWS_TOKEN && from_elsewhere(rq)) {
        svyi_answer_error(rq, 403, "this request comes from another site");
        svyi_go_on(rq);
        return 0;
    }
    if (first && is_packed(rq)) {
        svyi_answer_error(rq, 415, "send the body as it is: compressed ones (Content-Encoding) are not taken");
        svyi_go_on(rq);
        return 0;
    }
    if (first && x->credential_kind == SVYI_SHOWS_PASSWORD && !rq->secure) {
        svyi_answer_error(rq, 403, "passwords are not taken over an open connection: use https");
        svyi_go_on(rq);
        return 0;
    }
    if (first && x->credential_kind != SVYI_SHOWS_NOTHING) {
        if (svyi_sessions_find(rq->server->sessions, (svyi_credential)x->credential_kind, x->credential, svyi_now_ms(), &x->principal, x->device)) {
            rq->who = &x->principal;
        } else {
            svyi_then(rq, x->credential_kind == SVYI_SHOWS_PASSWORD ? SVYI_ON_SLOW : SVYI_ON_READER,
                      x->credential_kind == SVYI_SHOWS_PASSWORD ? look_up_password : look_up);
            svyi_go_on(rq);
            return 0;
        }
    }
    rq->device = x->device;
    if (!refused(rq))
        return 1;
    svyi_go_on(rq);
    return 0;
}
