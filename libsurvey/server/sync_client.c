/* The client side of synchronising with a server: many requests, each complete by itself; what was acknowledged before a cut is not sent again. */
#define _POSIX_C_SOURCE 200809L
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <survey/sync.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "exchange/json.h"

enum { TRIES = 5, CONNECT_SECONDS = 20, SILENT_SECONDS = 120 };

typedef struct client {
    CURL *curl;
    struct curl_slist *headers;
    const svy_url_options *o;
    svyi_buffer answer;
    char csrf[64], why[CURL_ERROR_SIZE];
    int reached;                         /* it answered once: from then on a cut is tried again */
    svy_error *err;
} client;

static pthread_once_t ONCE = PTHREAD_ONCE_INIT;
static void start_curl(void) { (void)curl_global_init(CURL_GLOBAL_DEFAULT); }

static size_t receive(char *bytes, size_t size, size_t n, void *user)
{
    client *c = user;

    if (c->answer.len + size * n > SVY_BUNDLE_MAX)
        return 0;
    svyi_buffer_add(&c->answer, bytes, size * n);
    return c->answer.failed ? 0 : size * n;
}

/* ---- what went wrong, in words ---- */

static svy_status unreachable(client *c, CURLcode code)
{
    const char *url = c->o->url;

    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CONNECT_ERROR)
        return svyi_fail(c->err, SVY_E_IO, "'%.200s' is not trusted: its certificate is not one that this machine knows; give the server's own with --certificate", url);
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        return svyi_fail(c->err, SVY_E_VALUE, "'%.200s' is no address: give https://HOST[:PORT]", url);
    if (code == CURLE_WRITE_ERROR)
        return svyi_fail(c->err, SVY_E_LIMIT, "'%.200s' answers with more than %d MiB", url, (int)(SVY_BUNDLE_MAX >> 20));
    return svyi_fail(c->err, SVY_E_IO, "'%.200s' cannot be reached (%.100s): see whether there is a network and whether the server runs; nothing is lost, do the same again later", url,
                     c->why[0] != '\0' ? c->why : curl_easy_strerror(code));
}

/* The sentence of {"error":"..."}. */
static const char *sentence_of(const client *c, svyi_arena *arena)
{
    const svyi_json *json, *text;
    const char *why;
    int line;

    if (c->answer.data == NULL || svyi_json_parse(arena, c->answer.data, c->answer.len, &json, &line, &why) != SVY_OK)
        return "";
    text = svyi_json_find(json, "error");
    return text != NULL && text->kind == SVYI_JSON_TEXT ? text->text : "";
}

static svy_status refused(client *c, long status)
{
    svyi_arena arena;
    svyi_arena_init(&arena, NULL);
    const char *said = sentence_of(c, &arena);
    svy_status st;

    if (status == 401)
        st = svyi_fail(c->err, SVY_E_STATE, "'%.200s' does not let this in: the token, or the name and password, is not one it knows, or was locked out", c->o->url);
    else if (status == 404 && said[0] == '\0')
        st = svyi_fail(c->err, SVY_E_STATE, "'%.200s' is no server of a study, or of an older version", c->o->url);
    else if (status == 507 || status == 503 || status == 429)
        st = svyi_fail(c->err, SVY_E_IO, "'%.200s' cannot take this now: %.300s; do the same again later", c->o->url, said);
    else
        st = svyi_fail(c->err, SVY_E_STATE, "'%.200s' says: %.300s", c->o->url, said[0] != '\0' ? said : "something else than a server of a study does");
    svyi_arena_clear(&arena);
    return st;
}

/* ---- one request ---- */

static void wait_a_while(int try)
{
    const struct timespec pause = { 1L << try, 0 };

    nanosleep(&pause, NULL);
}

static int worth_another_try(const client *c, CURLcode code, long status)
{
    if (code == CURLE_OK)
        return status == 503 || status == 429;
    return c->reached && code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_WRITE_ERROR;
}

/* The answer is in c->answer. `body` NULL: GET. */
static svy_status ask(client *c, const char *path, const void *body, size_t n)
{
    char url[600];
    long status = 0;
    CURLcode code = CURLE_OK;
    const size_t len = strlen(c->o->url);

    snprintf(url, sizeof url, "%.*s%s", (int)(len > 0 && c->o->url[len - 1] == '/' ? len - 1 : len), c->o->url, path);
    for (int try = 0; try < TRIES; try++) {
        c->answer.len = 0;
        c->why[0] = '\0';
        curl_easy_setopt(c->curl, CURLOPT_URL, url);
        curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
        curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
        if (body != NULL) {
            curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
            curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
            curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
        }
        code = curl_easy_perform(c->curl);
        curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
        if (!worth_another_try(c, code, status) || try + 1 == TRIES)
            break;
        wait_a_while(try);
    }
    if (code != CURLE_OK)
        return unreachable(c, code);
    c->reached = 1;
    return status == 200 ? SVY_OK : refused(c, status);
}

/* ---- coming in ---- */

static svy_status add_header(client *c, const char *name, const char *value)
{
    char line[300];

    snprintf(line, sizeof line, "%s: %.200s", name, value);
    struct curl_slist *more = curl_slist_append(c->headers, line);
    if (more == NULL)
        return svyi_nomem(c->err);
    c->headers = more;
    return SVY_OK;
}

static svy_status login(client *c)
{
    svyi_buffer body;
    svyi_arena arena;
    const svyi_json *json;
    const char *why;
    int line;

    svyi_buffer_init(&body, NULL);
    svyi_arena_init(&arena, NULL);
    svyi_buffer_text(&body, "{\"name\":");
    svyi_buffer_json(&body, c->o->name, strlen(c->o->name));
    svyi_buffer_text(&body, ",\"password\":");
    svyi_buffer_json(&body, c->o->password, strlen(c->o->password));
    svyi_buffer_text(&body, "}");
    svy_status st = body.failed ? svyi_nomem(c->err) : ask(c, "/api/login", body.data, body.len);
    if (st == SVY_OK && svyi_json_parse(&arena, c->answer.data, c->answer.len, &json, &line, &why) == SVY_OK) {
        const svyi_json *csrf = svyi_json_find(json, "csrf");
        if (csrf != NULL && csrf->kind == SVYI_JSON_TEXT)
            st = add_header(c, "X-Survey-CSRF", csrf->text);
    }
    volatile char *wipe = body.data;
    for (size_t i = 0; i < body.len && wipe != NULL; i++)
        wipe[i] = 0;
    svyi_buffer_clear(&body);
    svyi_arena_clear(&arena);
    return st;
}

static svy_status client_open(client *c, const svy_url_options *o, svy_error *err)
{
    char bearer[200];
    svy_status st;

    *c = (client){ .o = o, .err = err };
    (void)pthread_once(&ONCE, start_curl);
    svyi_buffer_init(&c->answer, NULL);
    if ((c->curl = curl_easy_init()) == NULL)
        return svyi_nomem(err);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, (long)SILENT_SECONDS);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->why);
    curl_easy_setopt(c->curl, CURLOPT_COOKIEFILE, "");        /* cookies in memory */
    if (o->certificate != NULL)
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, o->certificate);
    if ((st = add_header(c, "Content-Type", o->token != NULL ? "application/x-survey-bundle" : "application/json")) != SVY_OK || (st = add_header(c, "Expect", "")) != SVY_OK)
        return st;
    if (o->token == NULL)
        return login(c);
    snprintf(bearer, sizeof bearer, "Bearer %.100s", o->token);
    return add_header(c, "Authorization", bearer);
}

static void client_close(client *c)
{
    curl_slist_free_all(c->headers);
    curl_easy_cleanup(c->curl);
    svyi_buffer_clear(&c->answer);
}

/* ---- both ways ---- */

typedef struct exchange {
    client c;
    svy_study *s;
    const char *actor;
    svy_moment now;
    svy_merged *ours, *theirs;
    const svy_sync_report *report;
    const svy_sync_progress *progress;
    uint64_t done, total, groups;
    svyi_buffer have_ours, have_theirs, bundle;
    svy_error *err;
} exchange;

static svy_status keep(void *user, const void *bytes, size_t n)
{
    svyi_buffer *b = user;

    b->len = 0;
    svyi_buffer_add(b, bytes, n);
    return b->failed ? SVY_E_NOMEM : SVY_OK;
}

static svy_status count_things(void *user, const void *wanted, size_t n, uint64_t things)
{
    exchange *x = user;

    (void)wanted;
    (void)n;
    x->total += things;
    return SVY_OK;
}

static void step(exchange *x, uint64_t things)
{
    x->done += things;
    if (x->progress != NULL && x->progress->step != NULL)
        x->progress->step(x->progress->user, x->done < x->total ? x->done : x->total, x->total);
}

static svy_status fetch(void *user, const void *wanted, size_t n, uint64_t things)
{
    exchange *x = user;
    svy_status st = SVY_OK;

    for (uint64_t skip = 0, served; skip < things && st == SVY_OK; skip += served) {
        char path[80];
        served = 0;
        snprintf(path, sizeof path, "/api/sync/lack?skip=%llu", (unsigned long long)skip);
        if ((st = ask(&x->c, path, wanted, n)) != SVY_OK || (st = svy_sync_served(x->c.answer.data, x->c.answer.len, &served, x->err)) != SVY_OK)
            return st;
        if (served == 0)
            return svyi_fail(x->err, SVY_E_FORMAT, "'%.200s' answers with nothing", x->c.o->url);
        st = svy_sync_merge(x->s, NULL, x->c.answer.data, x->c.answer.len, x->actor, x->now, x->ours, x->report, x->err);
        step(x, served);
    }
    return st;
}

static void add_counts(svy_merged *m, const svyi_json *json)
{
    uint64_t *const into[] = { &m->interviews, &m->continued, &m->conflicts, &m->erased, &m->forms, &m->parameters, &m->cases, &m->files, &m->kept, &m->refused };
    static const char *const NAMES[] = { "interviews", "continued", "conflicts", "erased", "questionnaires", "parameters", "cases", "files", "kept", "refused" };

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const svyi_json *one = svyi_json_find(json, NAMES[i]);
        unsigned long long n = 0;
        if (one != NULL && one->kind == SVYI_JSON_NUMBER)
            for (const char *at = one->text; *at >= '0' && *at <= '9'; at++)
                n = n * 10 + (unsigned long long)(*at - '0');
        *into[i] += n;
    }
}

static void hear(exchange *x)
{
    svyi_arena arena;
    const svyi_json *json, *list;
    const char *why;
    int line;

    svyi_arena_init(&arena, NULL);
    if (svyi_json_parse(&arena, x->c.answer.data, x->c.answer.len, &json, &line, &why) == SVY_OK) {
        add_counts(x->theirs, json);
        list = svyi_json_find(json, "sentences");
        for (const svyi_json *one = list != NULL ? list->first : NULL; one != NULL; one = one->next)
            if (one->kind == SVYI_JSON_TEXT && x->report != NULL && x->report->say != NULL)
                x->report->say(x->report->user, one->text);
    }
    svyi_arena_clear(&arena);
}

static svy_status give(void *user, const void *wanted, size_t n, uint64_t things)
{
    exchange *x = user;
    svy_status st = SVY_OK;

    for (uint64_t skip = 0, served; skip < things && st == SVY_OK; skip += served) {
        if ((st = svy_sync_give(x->s, NULL, wanted, n, skip, keep, &x->bundle, &served, x->err)) != SVY_OK || served == 0)
            return st;
        if ((st = ask(&x->c, "/api/sync/bundle", x->bundle.data, x->bundle.len)) == SVY_OK)
            hear(x);
        step(x, served);
    }
    return st;
}

static svy_status keep_answer(exchange *x, svyi_buffer *into)
{
    return keep(into, x->c.answer.data != NULL ? x->c.answer.data : "", x->c.answer.len);
}

/* What both sides have in those groups of things that differ. */
static svy_status find_difference(exchange *x)
{
    svyi_buffer *theirs = &x->have_theirs, *ours = &x->have_ours, *groups = &x->bundle;
    svy_status st;

    /* Merging a bundle of groups changes nothing, and says whether it is the same study. */
    if ((st = ask(&x->c, "/api/sync/groups", NULL, 0)) != SVY_OK || (st = keep_answer(x, theirs)) != SVY_OK ||
        (st = svy_sync_merge(x->s, NULL, theirs->data, theirs->len, x->actor, x->now, x->ours, x->report, x->err)) != SVY_OK ||
        (st = svy_sync_groups(x->s, NULL, theirs->data, theirs->len, keep, ours, x->err)) != SVY_OK ||
        (st = svy_sync_differ(NULL, ours->data, ours->len, theirs->data, theirs->len, keep, groups, &x->groups, x->err)) != SVY_OK || x->groups == 0)
        return st;
    if ((st = ask(&x->c, "/api/sync/have", groups->data, groups->len)) != SVY_OK || (st = keep_answer(x, theirs)) != SVY_OK)
        return st;
    return svy_sync_have(x->s, NULL, groups->data, groups->len, keep, ours, x->err);
}

static svy_status both_ways(exchange *x)
{
    svy_status st;
    const svy_url_options *o = x->c.o;

    if ((st = find_difference(x)) != SVY_OK || x->groups == 0)
        return st;
    if (o->receive)
        st = svy_sync_lack(NULL, x->have_ours.data, x->have_ours.len, x->have_theirs.data, x->have_theirs.len, count_things, x, x->err);
    if (st == SVY_OK && o->send)
        st = svy_sync_lack(NULL, x->have_theirs.data, x->have_theirs.len, x->have_ours.data, x->have_ours.len, count_things, x, x->err);
    if (st == SVY_OK && o->receive)
        st = svy_sync_lack(NULL, x->have_ours.data, x->have_ours.len, x->have_theirs.data, x->have_theirs.len, fetch, x, x->err);
    if (st == SVY_OK && o->send)
        st = svy_sync_lack(NULL, x->have_theirs.data, x->have_theirs.len, x->have_ours.data, x->have_ours.len, give, x, x->err);
    return st;
}

svy_status svy_sync_url(svy_study *s, const svy_url_options *options, const char *actor, svy_moment now, svy_merged *ours, svy_merged *theirs, const svy_sync_report *report,
                        const svy_sync_progress *progress, svy_error *err)
{
    SVY_REQUIRE(s != NULL && options != NULL && options->url != NULL && (options->token != NULL || (options->name != NULL && options->password != NULL)) && actor != NULL &&
                    ours != NULL && theirs != NULL, err);
    exchange x = { .s = s, .actor = actor, .now = now, .ours = ours, .theirs = theirs, .report = report, .progress = progress, .err = err };
    svy_status st;

    svyi_buffer_init(&x.have_ours, NULL);
    svyi_buffer_init(&x.have_theirs, NULL);
    svyi_buffer_init(&x.bundle, NULL);
    if ((st = client_open(&x.c, options, err)) == SVY_OK)
        st = both_ways(&x);
    client_close(&x.c);
    svyi_buffer_clear(&x.have_ours);
    svyi_buffer_clear(&x.have_theirs);
    svyi_buffer_clear(&x.bundle);
    return st == SVY_E_NOMEM ? svyi_nomem(err) : st;
}

svy_status svy_sync_create_from_url(const svy_alloc *alloc, const char *path, const svy_url_options *options, svy_moment now, svy_error *err)
{
    client c;
    svy_status st;

    SVY_REQUIRE(path != NULL && options != NULL && options->url != NULL && (options->token != NULL || (options->name != NULL && options->password != NULL)), err);
    if ((st = client_open(&c, options, err)) == SVY_OK && (st = ask(&c, "/api/sync/study?keys=1", NULL, 0)) == SVY_OK)
        st = svy_sync_create(alloc, path, c.answer.data != NULL ? c.answer.data : "", c.answer.len, now, err);
    if (c.answer.data != NULL)
        memset(c.answer.data, 0, c.answer.len);
    client_close(&c);
    return st;
}
