/* What waited for an interview that was stored now (a correction that came before it) is tried again before the sender has the receipt: prepared on a thread that
 * reads, for everybody waits for the writer. When the sender does not wait so long and sends again, it is tried again then. */
#include <string.h>

#include "base/error.h"
#include "server/core.h"

/* An interview that something may wait for; each that is stored may be one. */
typedef struct awaited { struct awaited *next; char uuid[37]; int64_t after; } awaited;
struct svyi_waiting { svyi_waiting_handler *done; int64_t processor_ms; awaited *first; };

static void prepare_next(svyi_request *rq, svy_study *study);

static void add(svyi_request *rq, const char *uuid)
{
    struct svyi_waiting *w = rq->exchange->waiting;
    awaited *one = svyi_arena_get(&rq->arena, sizeof *one);

    if (one == NULL || strlen(uuid) >= sizeof one->uuid)
        return;                               /* what waits stays kept */
    *one = (awaited){ .next = w->first };
    memcpy(one->uuid, uuid, strlen(uuid) + 1);
    w->first = one;
}

static void stored_one(svyi_request *rq, const svy_received *received)
{
    if (received->waiting)
        add(rq, svy_arrival_uuid(rq->exchange->arrival));
    svyi_then(rq, SVYI_ON_SLOW, prepare_next);
}

/* All together take no longer than checking one may: what is left over stays kept until somebody who runs the study tries it again. */
static void prepare_next(svyi_request *rq, svy_study *study)
{
    struct svyi_waiting *w = rq->exchange->waiting;
    const int64_t began = svyi_processor_ms();
    svy_error err = SVY_ERROR_INIT;
    svy_arrival *a = NULL;

    while (w->first != NULL && a == NULL && w->processor_ms + svyi_processor_ms() - began < SVYI_PATIENCE_MS)
        if (svy_study_waiting(study, svyi_request_reception(rq), w->first->uuid, &w->first->after, SVYI_PATIENCE_MS, &a, &err) != SVY_OK || a == NULL)
            w->first = w->first->next;
    w->processor_ms += svyi_processor_ms() - began;
    svyi_sending_cost(rq, svyi_processor_ms() - began);
    if (a != NULL)
        svyi_receive(rq, a, stored_one);
    else
        w->done(rq);
}

void svyi_try_waiting(svyi_request *rq, const char *uuid, svyi_waiting_handler *done)
{
    struct svyi_waiting *w = svyi_arena_get(&rq->arena, sizeof *w);

    if (w == NULL) {
        done(rq);
        return;
    }
    *w = (struct svyi_waiting){ .done = done };
    rq->exchange->waiting = w;
    add(rq, uuid);
    svyi_then(rq, SVYI_ON_SLOW, prepare_next);
}
