/* Who shows which cookie, token or password: log-ins live only here; what the study said about tokens is remembered for a minute.
 * Nothing that lets somebody in is kept, only a digest of it under a key that dies with the program. */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>

#include "server/core.h"
#include "store/seal.h"

enum { SLOTS = 8192, PROBES = 64, IDLE_MS = 30 * 60000, ABSOLUTE_MS = 12 * 3600000, TOKEN_MS = 60000, PASSWORD_MS = 600000 };

typedef struct slot {
    uint8_t digest[SVYI_CREDENTIAL];
    int used, login, stale;
    svyi_credential kind;
    int64_t made_ms, seen_ms;
    svy_principal who;
    char device[SVY_ACCOUNT_TEXT];
} slot;

struct svyi_sessions { pthread_mutex_t lock; uint8_t key[SVYI_KEY]; slot slots[SLOTS]; };

svyi_sessions *svyi_sessions_new(void)
{
    svyi_sessions *s = svyi_get(NULL, sizeof *s);

    if (s == NULL)
        return NULL;
    memset(s, 0, sizeof *s);
    svyi_random_bytes(s->key, sizeof s->key);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void svyi_sessions_free(svyi_sessions *s)
{
    if (s == NULL)
        return;
    pthread_mutex_destroy(&s->lock);
    svyi_wipe(s, sizeof *s);
    svyi_release(NULL, s, sizeof *s);
}

static void digest_of(const svyi_sessions *s, const char *what, const char *shown, uint8_t out[SVYI_CREDENTIAL])
{
    svyi_hasher h;

    svyi_hasher_init(&h, s->key);
    svyi_hasher_text(&h, what);
    svyi_hasher_text(&h, shown);
    svyi_hasher_final(&h, out);
}

static const char *word_of(svyi_credential kind) { return kind == SVYI_SHOWS_COOKIE ? "cookie" : kind == SVYI_SHOWS_TOKEN ? "token" : "password"; }

static int64_t life_of(const slot *e)
{
    return e->login ? ABSOLUTE_MS : e->kind == SVYI_SHOWS_PASSWORD ? PASSWORD_MS : TOKEN_MS;
}

static int is_over(const slot *e, int64_t now_ms)
{
    return now_ms - e->made_ms > life_of(e) || (e->login && now_ms - e->seen_ms > IDLE_MS);
}

/* The slot of a digest; NULL when there is none. With the lock held. */
static slot *find(svyi_sessions *s, const uint8_t digest[SVYI_CREDENTIAL])
{
    uint32_t at;

    memcpy(&at, digest, sizeof at);
    for (uint32_t i = 0; i < PROBES; i++) {
        slot *e = &s->slots[(at + i) % SLOTS];
        if (e->used && svyi_same_bytes(e->digest, digest, SVYI_CREDENTIAL))
            return e;
    }
    return NULL;
}

/* A slot to write to: free, over, or else the one that can best be done without. */
static slot *make_room(svyi_sessions *s, const uint8_t digest[SVYI_CREDENTIAL], int64_t now_ms)
{
    uint32_t at;
    slot *worst = NULL;

    memcpy(&at, digest, sizeof at);
    for (uint32_t i = 0; i < PROBES; i++) {
        slot *e = &s->slots[(at + i) % SLOTS];
        if (!e->used || is_over(e, now_ms))
            return e;
        if (worst == NULL || e->login < worst->login || (e->login == worst->login && e->seen_ms < worst->seen_ms))
            worst = e;
    }
    return worst;
}

int svyi_sessions_find(svyi_sessions *s, svyi_credential kind, const char *shown, int64_t now_ms, svy_principal *who, char *device)
{
    uint8_t digest[SVYI_CREDENTIAL];
    int found = 0;

    digest_of(s, word_of(kind), shown, digest);
    pthread_mutex_lock(&s->lock);
    slot *e = find(s, digest);
    if (e != NULL && is_over(e, now_ms)) {
        svyi_wipe(e, sizeof *e);
    } else if (e != NULL && !e->stale) {
        e->seen_ms = now_ms;
        *who = e->who;
        memcpy(device, e->device, sizeof e->device);
        found = 1;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

void svyi_sessions_put(svyi_sessions *s, svyi_credential kind, const char *shown, int login, int64_t now_ms, const svy_principal *who, const char *device)
{
    uint8_t digest[SVYI_CREDENTIAL];

    digest_of(s, word_of(kind), shown, digest);
    pthread_mutex_lock(&s->lock);
    slot *e = find(s, digest);
    if (e == NULL)
        e = make_room(s, digest, now_ms);
    memset(e, 0, sizeof *e);
    memcpy(e->digest, digest, sizeof digest);
    e->used = 1;
    e->login = login;
    e->kind = kind;
    e->made_ms = e->seen_ms = now_ms;
    e->who = *who;
    const size_t n = strlen(device) < sizeof e->device ? strlen(device) : sizeof e->device - 1;
    memcpy(e->device, device, n);
    pthread_mutex_unlock(&s->lock);
}

void svyi_sessions_drop(svyi_sessions *s, svyi_credential kind, const char *shown)
{
    uint8_t digest[SVYI_CREDENTIAL];

    digest_of(s, word_of(kind), shown, digest);
    pthread_mutex_lock(&s->lock);
    slot *e = find(s, digest);
    if (e != NULL)
        svyi_wipe(e, sizeof *e);
    pthread_mutex_unlock(&s->lock);
}

void svyi_sessions_forget(svyi_sessions *s)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < SLOTS; i++)
        if (s->slots[i].login)
            s->slots[i].stale = 1;
        else
            svyi_wipe(&s->slots[i], sizeof s->slots[i]);
    pthread_mutex_unlock(&s->lock);
}

int svyi_sessions_stale(svyi_sessions *s, const char *shown, char account[SVY_ACCOUNT_ID])
{
    uint8_t digest[SVYI_CREDENTIAL];

    digest_of(s, word_of(SVYI_SHOWS_COOKIE), shown, digest);
    pthread_mutex_lock(&s->lock);
    const slot *e = find(s, digest);
    const int stale = e != NULL && e->login && e->stale;
    if (stale)
        memcpy(account, e->who.account, SVY_ACCOUNT_ID);
    pthread_mutex_unlock(&s->lock);
    return stale;
}

void svyi_sessions_refresh(svyi_sessions *s, const char *shown, const svy_principal *who)
{
    uint8_t digest[SVYI_CREDENTIAL];

    digest_of(s, word_of(SVYI_SHOWS_COOKIE), shown, digest);
    pthread_mutex_lock(&s->lock);
    slot *e = find(s, digest);
    if (e != NULL && who != NULL) {
        e->who = *who;
        e->stale = 0;
    } else if (e != NULL) {
        svyi_wipe(e, sizeof *e);
    }
    pthread_mutex_unlock(&s->lock);
}

/* 32 bytes as 43 characters of base64url. */
static void base64url(const uint8_t in[32], char out[44])
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int have = 0, n = 0;

    for (int i = 0; i < 32; i++) {
        bits = bits << 8 | in[i];
        for (have += 8; have >= 6; have -= 6)
            out[n++] = DIGITS[bits >> (have - 6) & 63];
    }
    out[n++] = DIGITS[bits << (6 - have) & 63];
    out[n] = '\0';
}

void svyi_sessions_csrf(const svyi_sessions *s, const char *cookie, char out[44])
{
    uint8_t digest[SVYI_CREDENTIAL];

    digest_of(s, "csrf", cookie, digest);
    base64url(digest, out);
}

void svyi_random_token(char out[44])
{
    uint8_t bytes[32];

    svyi_random_bytes(bytes, sizeof bytes);
    base64url(bytes, out);
}
