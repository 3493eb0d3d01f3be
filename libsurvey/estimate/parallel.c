/* Independent pieces of work on several threads, handed out one at a time. */
#define _POSIX_C_SOURCE 200809L
#include "estimate/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

typedef struct job {
    atomic_size_t next;
    size_t pieces;
    void (*work)(void *user, unsigned worker, size_t piece);
    void *user;
} job;
typedef struct worker { job *job; unsigned index; } worker;

static void *take_pieces(void *argument)
{
    worker *w = argument;
    for (;;) {
        size_t piece = atomic_fetch_add(&w->job->next, 1);
        if (piece >= w->job->pieces)
            return NULL;
        w->job->work(w->job->user, w->index, piece);
    }
}

void svyi_pieces_run(size_t pieces, unsigned threads, void (*work)(void *user, unsigned worker, size_t piece), void *user)
{
    job j = { .pieces = pieces, .work = work, .user = user };
    worker workers[SVYI_THREADS_MAX];
    pthread_t ids[SVYI_THREADS_MAX];
    unsigned started = 1;
    atomic_init(&j.next, 0);
    if (threads > SVYI_THREADS_MAX)
        threads = SVYI_THREADS_MAX;
    workers[0] = (worker){ &j, 0 };
    for (; started < threads && started < pieces; started++) {
        workers[started] = (worker){ &j, started };
        if (pthread_create(&ids[started], NULL, take_pieces, &workers[started]) != 0)
            break;
    }
    take_pieces(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(ids[i], NULL);
}

unsigned svyi_threads_default(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 8 ? 8 : (unsigned)n;
}
