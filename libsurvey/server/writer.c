/* The writer: one thread that stores. What waits is stored together, so that one sync of the disk serves many. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "server/core.h"

/* What one commit stores. */
typedef struct group { svyi_request *requests[SVYI_GROUP]; svy_arrival *arrivals[SVYI_GROUP]; svy_received results[SVYI_GROUP]; size_t n, bytes; } group;

/* The disk did not confirm a write: what is on it is unknown, so nothing more is acknowledged and the program must start again. */
static void lose(svy_server *s, const char *why)
{
    pthread_mutex_lock(&s->state_lock);
    if (!s->lost) {
        s->lost = 1;
        snprintf(s->why, sizeof s->why, "%s", why);
        pthread_cond_broadcast(&s->state_changed);
    }
    pthread_mutex_unlock(&s->state_lock);
}

static void look_at_disk(svy_server *s, svy_study *study, const svy_error *err)
{
    if (svy_study_condition(study) == SVY_STUDY_LOST)
        lose(s, err->message);
}

static void count(svy_server *s, const svy_received *received)
{
    atomic_ullong *counter = received->receipt == SVY_STORED || received->receipt == SVY_KEPT_BOTH ? &s->n_stored
                           : received->receipt == SVY_STORED_ALREADY ? &s->n_already : &s->n_aside;

    atomic_fetch_add(counter, 1);
}

static void acknowledge(group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        svyi_request *rq = g->requests[i];
        count(rq->server, &g->results[i]);
        rq->exchange->step = SVYI_STEP_NONE;
        rq->exchange->received(rq, &g->results[i]);
        svyi_go_on(rq);
    }
}

static void refuse(group *g, const svy_error *err)
{
    for (size_t i = 0; i < g->n; i++) {
        svyi_answer_failed(g->requests[i], err);
        svyi_go_on(g->requests[i]);
    }
}

static void store(svy_server *s, svy_study *study, group *g)
{
    svy_error err = SVY_ERROR_INIT;

    if (g->n == 0)
        return;
    if (svy_study_receive(study, g->arrivals, g->n, g->results, &err) == SVY_OK) {
        acknowledge(g);
    } else {
        look_at_disk(s, study, &err);
        refuse(g, &err);
    }
    g->n = g->bytes = 0;
}

static void run_handler(svy_server *s, svy_study *study, svyi_request *rq)
{
    static const svy_error UNKNOWN = { sizeof(svy_error), SVY_E_IO, 0, 0, 0, "", "the disk did not confirm a write" };

    svyi_handle(rq, study);
    look_at_disk(s, study, &UNKNOWN);
}

void *svyi_writer_run(void *argument)
{
    svyi_lane *lane = argument;
    svy_server *s = lane->server;
    svy_study *study = lane->studies[0];
    group *g = svyi_get(NULL, sizeof *g);
    svyi_request *rq;

    if (g == NULL) {
        lose(s, "out of memory");
        return NULL;
    }
    g->n = g->bytes = 0;
    while ((rq = svyi_lane_wait(lane)) != NULL) {
        for (; rq != NULL; rq = g->n < SVYI_GROUP && g->bytes < SVYI_GROUP_BYTES ? svyi_lane_poll(lane) : NULL) {
            if (rq->exchange->step != SVYI_STEP_RECEIVE) {
                run_handler(s, study, rq);
                continue;
            }
            g->requests[g->n] = rq;
            g->arrivals[g->n++] = rq->exchange->arrival;
            g->bytes += rq->body_size;
        }
        store(s, study, g);
    }
    svyi_release(NULL, g, sizeof *g);
    return NULL;
}
