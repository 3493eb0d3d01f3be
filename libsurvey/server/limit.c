/* Token buckets: how often somebody may try, by address and by account. */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "server/core.h"
#include "store/seal.h"

enum { BUCKETS = 4096, NEAR = 16, SENDING_KIB = 1 << 20, SENDING_SECONDS = 86400, KIB_PER_MS = 16 };

typedef struct bucket { uint64_t key; double tokens; int64_t filled_ms; } bucket;
struct svyi_limits { pthread_mutex_t lock; uint8_t key[SVYI_KEY]; bucket buckets[BUCKETS]; };

svyi_limits *svyi_limits_new(void)
{
    svyi_limits *l = svyi_get(NULL, sizeof *l);

    if (l == NULL)
        return NULL;
    memset(l, 0, sizeof *l);
    svyi_random_bytes(l->key, sizeof l->key);
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void svyi_limits_free(svyi_limits *l)
{
    if (l == NULL)
        return;
    pthread_mutex_destroy(&l->lock);
    svyi_release(NULL, l, sizeof *l);
}

/* Keyed, so that nobody can choose names that share a bucket. */
static uint64_t key_of(const svyi_limits *l, const char *what, const char *key)
{
    uint8_t digest[SVYI_HASH];
    uint64_t out;
    svyi_hasher h;

    svyi_hasher_init(&h, l->key);
    svyi_hasher_text(&h, what);
    svyi_hasher_text(&h, key);
    svyi_hasher_final(&h, digest);
    memcpy(&out, digest, sizeof out);
    return out | 1;
}

/* The bucket of a key, or the one among its neighbours that was not used for longest. */
static bucket *find(svyi_limits *l, uint64_t key)
{
    bucket *oldest = NULL;

    for (uint64_t i = 0; i < NEAR; i++) {
        bucket *b = &l->buckets[(key / 2 + i) % BUCKETS];
        if (b->key == key)
            return b;
        if (oldest == NULL || b->filled_ms < oldest->filled_ms)
            oldest = b;
    }
    oldest->key = 0;
    return oldest;
}

unsigned svyi_limit(svyi_limits *l, const char *what, const char *key, unsigned most, unsigned seconds, int64_t now_ms)
{
    return svyi_limit_amount(l, what, key, 1, most, seconds, now_ms);
}

unsigned svyi_limit_amount(svyi_limits *l, const char *what, const char *key, unsigned amount, unsigned most, unsigned seconds, int64_t now_ms)
{
    const uint64_t number = key_of(l, what, key);
    const double each_ms = seconds * 1000.0 / most;
    unsigned wait = 0;

    pthread_mutex_lock(&l->lock);
    bucket *b = find(l, number);
    if (b->key != number)
        *b = (bucket){ .key = number, .tokens = most, .filled_ms = now_ms };
    b->tokens += (double)(now_ms - b->filled_ms) / each_ms;
    b->filled_ms = now_ms;
    if (b->tokens > most)
        b->tokens = most;
    if (b->tokens >= 1)
        b->tokens -= amount;
    else
        wait = (unsigned)((1 - b->tokens) * each_ms / 1000) + 1;
    pthread_mutex_unlock(&l->lock);
    return wait;
}

void svyi_limit_return(svyi_limits *l, const char *what, const char *key)
{
    const uint64_t number = key_of(l, what, key);

    pthread_mutex_lock(&l->lock);
    bucket *b = find(l, number);
    if (b->key == number)
        b->tokens += 1;
    pthread_mutex_unlock(&l->lock);
}

/* ---- what strangers may send ---- */

int64_t svyi_processor_ms(void)
{
    struct timespec t;

    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0 ? t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000 : 0;
}

static unsigned take_kib(svyi_request *rq, uint64_t kib)
{
    if (rq->who->role != SVY_ROLE_RESPONDENT || kib == 0)
        return 0;
    return svyi_limit_amount(rq->server->limits, "sending", rq->address, kib < SENDING_KIB ? (unsigned)kib : SENDING_KIB, SENDING_KIB, SENDING_SECONDS, svyi_now_ms());
}

unsigned svyi_sending_wait(svyi_request *rq)
{
    return take_kib(rq, rq->body_size / 1024 + 1);
}

void svyi_sending_cost(svyi_request *rq, int64_t processor_ms)
{
    (void)take_kib(rq, processor_ms > 0 ? (uint64_t)processor_ms * KIB_PER_MS : 0);
}
