/* Sessions and token buckets: how long they last, and what forgetting does. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/core.h"

enum { MINUTE = 60000, HOUR = 3600000 };

static svyi_sessions *sessions;
static svy_principal ana, found;
static char device[SVY_ACCOUNT_TEXT];

static void begin(void)
{
    sessions = svyi_sessions_new();
    ana = (svy_principal){ .role = SVY_ROLE_INTERVIEWER, .account = "0123456789abcdef", .name = "ana" };
}
static void end(void) { svyi_sessions_free(sessions); }

static int is_known(svyi_credential kind, const char *shown, int64_t now) { return svyi_sessions_find(sessions, kind, shown, now, &found, device); }

TestSuite(session, .init = begin, .fini = end);

Test(session, a_login_lasts_while_it_is_used_and_twelve_hours_at_most)
{
    svyi_sessions_put(sessions, SVYI_SHOWS_COOKIE, "c1", 1, 0, &ana, "");
    svyi_sessions_put(sessions, SVYI_SHOWS_COOKIE, "c2", 1, 0, &ana, "");
    cr_assert(is_known(SVYI_SHOWS_COOKIE, "c1", 0));
    cr_assert_str_eq(found.name, "ana");
    cr_assert(!is_known(SVYI_SHOWS_COOKIE, "c2", 31 * MINUTE), "half an hour without a request ends it");
    int64_t now = 0;
    for (; now < 12 * (int64_t)HOUR; now += 20 * MINUTE)
        cr_assert(is_known(SVYI_SHOWS_COOKIE, "c1", now));
    cr_assert(!is_known(SVYI_SHOWS_COOKIE, "c1", now + MINUTE), "twelve hours end it, used or not");
    cr_assert(!is_known(SVYI_SHOWS_COOKIE, "c1", 0), "and it does not come back");
}

Test(session, what_is_shown_as_one_thing_is_not_taken_as_another)
{
    svyi_sessions_put(sessions, SVYI_SHOWS_COOKIE, "c1", 1, 0, &ana, "");
    cr_assert(!is_known(SVYI_SHOWS_TOKEN, "c1", 0));
    cr_assert(!is_known(SVYI_SHOWS_COOKIE, "C1", 0));
    cr_assert(!is_known(SVYI_SHOWS_COOKIE, "", 0));
}

Test(session, a_token_is_asked_for_again_after_a_minute)
{
    svyi_sessions_put(sessions, SVYI_SHOWS_TOKEN, "t1", 0, 0, &ana, "tablet");
    cr_assert(is_known(SVYI_SHOWS_TOKEN, "t1", MINUTE - 1));
    cr_assert_str_eq(device, "tablet");
    cr_assert(!is_known(SVYI_SHOWS_TOKEN, "t1", MINUTE + 1));
}

Test(session, forgetting)
{
    char account[SVY_ACCOUNT_ID];
    svyi_sessions_put(sessions, SVYI_SHOWS_TOKEN, "t1", 0, 0, &ana, "");
    svyi_sessions_put(sessions, SVYI_SHOWS_COOKIE, "c1", 1, 0, &ana, "");
    svyi_sessions_put(sessions, SVYI_SHOWS_COOKIE, "c2", 1, 0, &ana, "");
    svyi_sessions_forget(sessions);
    cr_assert(!is_known(SVYI_SHOWS_TOKEN, "t1", 0) && !is_known(SVYI_SHOWS_COOKIE, "c1", 0));
    cr_assert(svyi_sessions_stale(sessions, "c1", account));
    cr_assert_str_eq(account, ana.account);
    ana.role = SVY_ROLE_SUPERVISOR;
    svyi_sessions_refresh(sessions, "c1", &ana);
    cr_assert(is_known(SVYI_SHOWS_COOKIE, "c1", 0) && found.role == SVY_ROLE_SUPERVISOR, "who is still there goes on as what it is now");
    svyi_sessions_refresh(sessions, "c2", NULL);
    cr_assert(!svyi_sessions_stale(sessions, "c2", account) && !is_known(SVYI_SHOWS_COOKIE, "c2", 0), "who is not is out");
}

Test(session, many)
{
    char name[32];
    svyi_sessions_put(sessions, SVYI_SHOWS_COOKIE, "staff", 1, 0, &ana, "");
    for (int i = 0; i < 50000; i++) {
        snprintf(name, sizeof name, "token-%d", i);
        svyi_sessions_put(sessions, SVYI_SHOWS_TOKEN, name, 0, i, &ana, "");
    }
    cr_assert(is_known(SVYI_SHOWS_COOKIE, "staff", 50000), "tokens do not push out who logged in");
    cr_assert(is_known(SVYI_SHOWS_TOKEN, "token-49999", 50000));
}

Test(session, tokens_against_cross_site_requests)
{
    char one[44], again[44], other[44];
    svyi_sessions_csrf(sessions, "c1", one);
    svyi_sessions_csrf(sessions, "c1", again);
    svyi_sessions_csrf(sessions, "c2", other);
    cr_assert_eq(strlen(one), 43);
    cr_assert(strcmp(one, again) == 0 && strcmp(one, other) != 0);
    svyi_random_token(one);
    svyi_random_token(other);
    cr_assert(strlen(one) == 43 && strcmp(one, other) != 0);
}

Test(limit, ten_tries_and_then_one_at_a_time)
{
    svyi_limits *l = svyi_limits_new();
    for (int i = 0; i < 10; i++)
        cr_assert_eq(svyi_limit(l, "account", "ana", 10, 900, 0), 0);
    const unsigned wait = svyi_limit(l, "account", "ana", 10, 900, 0);
    cr_assert(wait >= 90 && wait <= 91, "%u", wait);
    cr_assert_eq(svyi_limit(l, "account", "ivan", 10, 900, 0), 0, "others are not kept waiting");
    cr_assert_eq(svyi_limit(l, "address", "ana", 10, 900, 0), 0);
    cr_assert_gt(svyi_limit(l, "account", "ana", 10, 900, 80000), 0);
    cr_assert_eq(svyi_limit(l, "account", "ana", 10, 900, 91000), 0, "after a while one more");
    cr_assert_gt(svyi_limit(l, "account", "ana", 10, 900, 91000), 0);
    svyi_limit_return(l, "account", "ana");
    cr_assert_eq(svyi_limit(l, "account", "ana", 10, 900, 91000), 0, "one that was right does not count");
    for (int i = 0; i < 10; i++)
        cr_assert_eq(svyi_limit(l, "account", "ana", 10, 900, 10000000), 0, "full again, and not fuller");
    cr_assert_gt(svyi_limit(l, "account", "ana", 10, 900, 10000000), 0);
    svyi_limits_free(l);
}

Test(limit, amounts_are_made_good_before_more_is_taken)
{
    svyi_limits *l = svyi_limits_new();

    cr_assert_eq(svyi_limit_amount(l, "sending", "::1", 90, 100, 1000, 0), 0);
    cr_assert_eq(svyi_limit_amount(l, "sending", "::1", 90, 100, 1000, 0), 0, "what is begun is taken whole");
    cr_assert_eq(svyi_limit_amount(l, "sending", "::1", 1, 100, 1000, 0), 811, "81 must come back, one in ten seconds");
    cr_assert_gt(svyi_limit_amount(l, "sending", "::1", 1, 100, 1000, 805000), 0);
    cr_assert_eq(svyi_limit_amount(l, "sending", "::1", 1, 100, 1000, 811000), 0);
    cr_assert_eq(svyi_limit_amount(l, "sending", "::2", 1, 100, 1000, 0), 0);
    svyi_limits_free(l);
}

Test(route, patterns)
{
    static const struct { const char *pattern, *path; int fits; const char *first, *second; } CASES[] = {
        { "/a", "/a", 1, "", "" }, { "/a", "/a/", 0, "", "" }, { "/a", "/ab", 0, "", "" }, { "/a/*", "/a/b", 1, "b", "" }, { "/a/*", "/a/", 0, "", "" },
        { "/a/*", "/a/b/c", 0, "", "" }, { "/a/*/c", "/a/b/c", 1, "b", "" }, { "/a/*/*", "/a/b/c", 1, "b", "c" }, { "/a/*/c/*", "/a/b/c/d", 1, "b", "d" },
        { "/a/*/c/*", "/a/b/x/d", 0, "", "" }, { "/a/*", "/a/*", 1, "*", "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *part[SVYI_PARTS] = { "", "", "", "", "", "" };
        char path[32];
        snprintf(path, sizeof path, "%s", CASES[i].path);
        const int fits = svyi_route_match(CASES[i].pattern, path, part);
        cr_assert_eq(fits, CASES[i].fits, "%s %s", CASES[i].pattern, CASES[i].path);
        cr_assert(!fits || (strcmp(part[0], CASES[i].first) == 0 && strcmp(part[1], CASES[i].second) == 0), "%s %s", CASES[i].pattern, CASES[i].path);
    }
}

Test(address, what_may_be_listened_on)
{
    static const struct { const char *text; int good; } CASES[] = {
        { "8080", 1 }, { "0", 1 }, { ":8080", 1 }, { "127.0.0.1:80", 1 }, { "[::1]:80", 1 }, { "localhost:80", 1 }, { "unix:/tmp/a", 1 }, { "0.0.0.0:80", 1 }, { "*:80", 1 },
        { "", 0 }, { "80x", 0 }, { "127.0.0.1", 0 }, { "127.0.0.1:", 0 }, { "127.0.0.1:65536", 0 }, { "127.0.0.1:-1", 0 }, { "unix:", 0 }, { "300.1.1.1:80", 0 },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_listen l;
        const svy_status st = svyi_listen_read(CASES[i].text, &l, &err);
        cr_assert_eq(st == SVY_OK, CASES[i].good, "'%s': %s", CASES[i].text, err.message);
    }
}

Test(address, qr_code)
{
    char *qr = svy_server_qr("http://192.0.2.17:8080/");
    cr_assert_not_null(qr);
    size_t lines = 0;
    for (const char *c = qr; *c != '\0'; c++)
        lines += *c == '\n';
    cr_assert(lines >= 13 && lines <= 20, "%zu", lines);
    free(qr);
    cr_assert_null(svy_server_qr(NULL));
}
