/* Lanes: threads of one kind with the requests that wait for them, and the way of a request from one to the next. */
#define _GNU_SOURCE
#include <string.h>

#include "base/error.h"
#include "server/core.h"

static svyi_lane *lane_of(svy_server *s, svyi_place place)
{
    switch ((int)place) {
    case SVYI_ON_READER: return &s->readers;
    case SVYI_ON_SLOW: return &s->slow;
    case SVYI_ON_WRITER: return &s->writer;
    default: return &s->workers;
    }
}

int svyi_lane_add(svyi_lane *lane, svyi_request *rq)
{
    rq->exchange->next = NULL;
    pthread_mutex_lock(&lane->lock);
    const int fits = !lane->stops && lane->waiting < SVYI_QUEUED;
    if (fits) {
        if (lane->first == NULL)
            lane->first = rq;
        else
            lane->last->exchange->next = rq;
        lane->last = rq;
        lane->waiting++;
        pthread_cond_signal(&lane->wake);
    }
    pthread_mutex_unlock(&lane->lock);
    return fits;
}

/* With the lock held. */
static svyi_request *take_first(svyi_lane *lane)
{
    svyi_request *rq = lane->first;

    if (rq != NULL) {
        lane->first = rq->exchange->next;
        lane->waiting--;
    }
    return rq;
}

svyi_request *svyi_lane_poll(svyi_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    svyi_request *rq = take_first(lane);
    pthread_mutex_unlock(&lane->lock);
    return rq;
}

svyi_request *svyi_lane_wait(svyi_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->first == NULL && !lane->stops)
        pthread_cond_wait(&lane->wake, &lane->lock);
    svyi_request *rq = take_first(lane);
    pthread_mutex_unlock(&lane->lock);
    return rq;
}

void svyi_then(svyi_request *rq, svyi_place place, svyi_handler *next)
{
    rq->exchange->step = SVYI_STEP_THEN;
    rq->exchange->place = place;
    rq->exchange->handler = next;
}

void svyi_receive(svyi_request *rq, svy_arrival *arrival, svyi_received_handler *then)
{
    svy_arrival_free(rq->exchange->arrival);
    rq->exchange->step = SVYI_STEP_RECEIVE;
    rq->exchange->arrival = arrival;
    rq->exchange->received = then;
}

void svyi_handle(svyi_request *rq, svy_study *study)
{
    svyi_handler *handler = rq->exchange->handler != NULL ? rq->exchange->handler : rq->route->handler;

    rq->exchange->step = SVYI_STEP_NONE;
    rq->exchange->handler = NULL;
    handler(rq, study);
    svyi_go_on(rq);
}

void svyi_go_on(svyi_request *rq)
{
    svyi_exchange *x = rq->exchange;
    svyi_lane *lane = NULL;

    if (x->step == SVYI_STEP_RECEIVE)
        lane = &rq->server->writer;
    else if (x->step == SVYI_STEP_THEN)
        lane = lane_of(rq->server, x->place);
    if (lane != NULL && svyi_lane_add(lane, rq))
        return;
    if (lane != NULL) {
        svyi_answer_header(rq, "Retry-After", "5");
        svyi_answer_error(rq, 503, "the server is busy: nothing is lost here, try again in a few seconds");
    } else if (x->step == SVYI_STEP_NONE) {
        svyi_answer_error(rq, 500, "the server gave no answer");
    }
    svyi_network_hand(rq);
}

static void *run(void *argument)
{
    svyi_lane *lane = argument;
    svyi_request *rq;

    pthread_mutex_lock(&lane->lock);
    svy_study *study = lane->studies[lane->started++];
    pthread_mutex_unlock(&lane->lock);
    while ((rq = svyi_lane_wait(lane)) != NULL)
        svyi_handle(rq, study);
    return NULL;
}

svy_status svyi_lane_threads(svyi_lane *lane, unsigned n, svy_error *err)
{
    static const char *const NAMES[] = { "network", "worker", "reader", "slow", "writer" };

    for (unsigned i = 0; i < n; i++) {
        if (pthread_create(&lane->threads[i], NULL, lane->place == SVYI_ON_WRITER ? svyi_writer_run : run, lane) != 0)
            return svyi_fail(err, SVY_E_IO, "the system gives no more threads to this program");
        pthread_setname_np(lane->threads[i], NAMES[lane->place]);      /* for top and the like */
        lane->n++;
    }
    return SVY_OK;
}

svy_status svyi_lane_start(svyi_lane *lane, svy_server *server, svyi_place place, unsigned n, const char *study, svy_error *err)
{
    svy_status st = SVY_OK;

    lane->server = server;
    lane->place = place;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->wake, NULL);
    for (unsigned i = 0; i < n && study != NULL && st == SVY_OK; i++)
        st = svy_study_open(NULL, study, SVY_STUDY_READ, &lane->studies[i], err);
    return st == SVY_OK ? svyi_lane_threads(lane, n, err) : st;
}

void svyi_lane_stop(svyi_lane *lane)
{
    if (lane->server == NULL)
        return;
    pthread_mutex_lock(&lane->lock);
    lane->stops = 1;
    pthread_cond_broadcast(&lane->wake);
    pthread_mutex_unlock(&lane->lock);
    for (unsigned i = 0; i < lane->n; i++)
        pthread_join(lane->threads[i], NULL);
    for (unsigned i = 0; i < SVYI_LANE_THREADS; i++)
        svy_study_close(lane->studies[i]);
    for (svyi_request *rq = lane->first, *next; rq != NULL; rq = next) {
        next = rq->exchange->next;
        svyi_request_free(rq);
    }
    pthread_mutex_destroy(&lane->lock);
    pthread_cond_destroy(&lane->wake);
}
