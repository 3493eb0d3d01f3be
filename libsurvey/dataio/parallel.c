/* Work shared out to threads item by item. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <string.h>

#include "base/error.h"
#include "dataio/csv_priv.h"

typedef struct job {
    pthread_mutex_t lock;        /* for all below but n, fn, user */
    size_t next, failed;
    svy_status status;
    svy_error error;
    size_t n;
    svyi_item_fn *fn;
    void *user;
} job;

typedef struct worker { job *job; unsigned number; pthread_t thread; } worker;

static int take(job *j, size_t *item)
{
    pthread_mutex_lock(&j->lock);
    const int more = j->status == SVY_OK && j->next < j->n;
    if (more)
        *item = j->next++;
    pthread_mutex_unlock(&j->lock);
    return more;
}

static void note_failure(job *j, size_t item, svy_status st, const svy_error *err)
{
    pthread_mutex_lock(&j->lock);
    if (j->status == SVY_OK || item < j->failed) {
        j->status = st;
        j->failed = item;
        j->error = *err;
    }
    pthread_mutex_unlock(&j->lock);
}

static void *work(void *argument)
{
    const worker *w = argument;
    size_t item = 0;

    while (take(w->job, &item)) {
        svy_error err = SVY_ERROR_INIT;
        const svy_status st = w->job->fn(w->job->user, w->number, item, &err);
        if (st != SVY_OK)
            note_failure(w->job, item, st, &err);
    }
    return NULL;
}

svy_status svyi_parallel(size_t n, unsigned threads, svyi_item_fn *fn, void *user, svy_error *err)
{
    job j = { .n = n, .fn = fn, .user = user, .error = SVY_ERROR_INIT };
    worker workers[SVYI_THREADS];
    unsigned started = 1;

    if (threads > SVYI_THREADS)
        threads = SVYI_THREADS;
    if (threads > n)
        threads = (unsigned)n;
    if (pthread_mutex_init(&j.lock, NULL) != 0)
        return svyi_fail(err, SVY_E_IO, "no lock can be made for threads");
    workers[0] = (worker){ .job = &j };
    for (; started < threads; started++) {
        workers[started] = (worker){ .job = &j, .number = started };
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;               /* fewer threads do the same work */
    }
    (void)work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        (void)pthread_join(workers[i].thread, NULL);
    (void)pthread_mutex_destroy(&j.lock);
    if (j.status != SVY_OK)
        return svyi_fail_at(err, j.status, j.error.source, j.error.line, j.error.column, j.error.length, "%s", j.error.message);
    return SVY_OK;
}
