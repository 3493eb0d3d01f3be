/* What a route of the server needs: the request, how its handler answers, and on which thread a handler runs.
 *
 * Where things are: http/ takes requests in and sends answers out, routes/ are the handlers, odk/ is what ODK's clients speak (OpenRosa) with handlers of its own;
 * here is what is between: who may (admit, session, limit), which handler (route), on which thread (lane, writer).
 *
 * To add routes: a file in routes/ with one constant table of svyi_route that ends with a row of zeros, its name in the list in route.c, and handlers.
 * A handler ends by calling exactly one of svyi_answer*(), svyi_then() and svyi_receive(); after that call the request is no longer its own. */
#ifndef SVY_SERVER_SERVER_PRIV_H
#define SVY_SERVER_SERVER_PRIV_H
#include <survey/server.h>
#include <survey/store.h>

#include "base/arena.h"
#include "base/buffer.h"

typedef struct svyi_request svyi_request;
typedef struct svy_principal svy_principal;      /* survey/account.h */
typedef struct svy_arrival svy_arrival;          /* survey/reception.h */
typedef struct svy_received svy_received;

typedef enum svyi_method { SVYI_GET = 1, SVYI_HEAD = 2, SVYI_POST = 4, SVYI_PUT = 8, SVYI_DELETE = 16 } svyi_method;

/* Where a handler runs, and which study it gets. */
typedef enum svyi_place {
    SVYI_ON_NETWORK,   /* the network thread; no study. Only what takes microseconds and waits for nothing */
    SVYI_ON_WORKER,    /* one of the workers, side by side; no study. Parsing, unsealing, checking */
    SVYI_ON_READER,    /* one of the readers: a study opened for reading, as of the last commit. Milliseconds */
    SVYI_ON_SLOW,      /* as a reader; few at a time. Passwords, exports: what takes longer than 50 ms */
    SVYI_ON_WRITER     /* the one writer: the study opened for writing. What it did is on disk when the store's call returned SVY_OK. Milliseconds */
} svyi_place;

typedef void svyi_handler(svyi_request *rq, svy_study *study);

enum {
    SVYI_PARTS = 6,          /* most * in a pattern */
    SVYI_BODY = 1 << 20      /* bytes of a body, unless the route says otherwise */
};

/* Who may use a route beside those with an svy_right. */
enum { SVYI_ANYBODY = -1, SVYI_SIGNED_IN = -2 };

enum {
    SVYI_TOKEN_IN_PATH = 1,  /* the first * is a device's token, as ODK's clients have it: /odk/key/TOKEN/... */
    SVYI_BASIC = 2,          /* also takes Authorization: Basic, and asks for it with a 401 */
    SVYI_NO_ORIGIN_CHECK = 4,/* what changes something may come without a token against cross-site requests (login: there is none yet) */
    SVYI_OPEN = 8            /* for anybody, and does not matter for whom: cookies are not looked at */
};

typedef struct svyi_route {
    unsigned methods;        /* svyi_method, added up; HEAD is answered wherever GET is */
    const char *pattern;     /* "/api/forms/ * / * /block" without the blanks: a * stands for one segment that is not empty */
    int right;               /* svy_right, SVYI_ANYBODY or SVYI_SIGNED_IN */
    svyi_place place;
    svyi_handler *handler;
    size_t body;             /* most bytes of a body: more is answered 413; 0: a body is refused */
    unsigned flags;
} svyi_route;

struct svyi_request {
    svy_server *server;
    svyi_method method;
    const svyi_route *route;
    const char *path;                 /* decoded, without the query: checked UTF-8, no control characters, no . or .. segments */
    const char *part[SVYI_PARTS];     /* what stood for each *, decoded; "" beyond */
    const char *body; size_t body_size;   /* as it came, chunks put together; a NUL follows that is not counted */
    const svy_principal *who;         /* NULL: nobody signed in */
    const char *device;               /* of a device's token; "" otherwise */
    svy_moment received;
    const char *address;              /* of the client: as text, without a port; of a trusted proxy: the client that names */
    int secure;                       /* nobody between can have read it: TLS, a trusted proxy that says https, or this machine itself */
    int tls;                          /* the client speaks https */
    svyi_arena arena;                 /* lives as long as the request; only for the thread that has it */
    struct svyi_exchange *exchange;   /* the server's own */
    void *own;                        /* the handler's, from one step to the next; when not in the arena, `own_free` frees it */
    void (*own_free)(void *own);
};

/* ---- what was asked ---- */
/* The value of a header ("content-type"), lower or upper case; NULL when there is none. The gate lets no header come twice that says who, what or how long. */
const char *svyi_request_header(const svyi_request *rq, const char *name);
/* The decoded value of ?name=; NULL when there is none, "" when it is empty. */
const char *svyi_request_query(const svyi_request *rq, const char *name);
/* A number in the query: 1 there and a number of at most 15 digits, 0 not there, -1 not a number. */
int svyi_request_number(const svyi_request *rq, const char *name, uint64_t *value);
/* The body as an object in JSON; NULL: it is none, and was answered 400. */
const struct svyi_json *svyi_request_json(svyi_request *rq);
/* A text in it, "" when there is none. */
const char *svyi_request_text(const struct svyi_json *json, const char *key);
/* "https://host:port" as the client knows us, without a slash at the end (behind a proxy: what that says). Lives as long as the request. */
const char *svyi_request_base(svyi_request *rq);

/* ---- the answer ---- */
/* A header of the answer; copied. Before the call that answers. Names and values of ours only: control characters are left out. */
void svyi_answer_header(svyi_request *rq, const char *name, const char *value);
void svyi_answer(svyi_request *rq, int status, const char *type, const void *bytes, size_t n);    /* copies */
/* Bytes that live as long as the server (assets): not copied. */
void svyi_answer_borrowed(svyi_request *rq, int status, const char *type, const void *bytes, size_t n);
/* Takes the buffer, and clears it; a failed one is answered 503. */
void svyi_answer_buffer(svyi_request *rq, int status, const char *type, svyi_buffer *b);
void svyi_answer_json(svyi_request *rq, int status, svyi_buffer *b);
/* {"error":"sentence"} */
void svyi_answer_error(svyi_request *rq, int status, const char *sentence);
/* The status that belongs to the code: 404 name, 409 state and busy, 413 limit, 422 value and format, 507 full disk, 503 memory, else 500 (which says no more than that). */
void svyi_answer_failed(svyi_request *rq, const svy_error *err);

/* ---- going on elsewhere ---- */
/* Goes on with `next` at `place`. A place whose queue is full is answered 503 with Retry-After. */
void svyi_then(svyi_request *rq, svyi_place place, svyi_handler *next);
typedef void svyi_received_handler(svyi_request *rq, const svy_received *received);
/* Stores what came (takes the arrival) together with what else waits, in one commit; then calls `then` on the writer thread, which answers.
 * When it could not be stored the request is answered here: 507 disk full, 503 busy or out of memory. */
void svyi_receive(svyi_request *rq, svy_arrival *arrival, svyi_received_handler *then);
/* After an interview was stored and svy_received.waiting said so: what waits for it is tried again, prepared by a slow thread and not by the writer, and then `done`
 * is called there, which answers. When too much else waits already the request is answered here: 503. */
typedef void svyi_waiting_handler(svyi_request *rq);
void svyi_try_waiting(svyi_request *rq, const char *uuid, svyi_waiting_handler *done);

/* ---- what the server knows ---- */
/* Forgets who is signed in with what: after an account, a token or a link changed. */
void svyi_server_forget(svy_server *server);
/* The processor time that checking one interview may take: ordinary ones take a millisecond. */
enum { SVYI_PATIENCE_MS = 3000 };
/* What a respondent may send, whom nobody knows: so much a day from one address, counted in KiB of bodies and the work of checking them.
 * @return 0, or the seconds to wait; 0 for everybody else. */
unsigned svyi_sending_wait(svyi_request *rq);
void svyi_sending_cost(svyi_request *rq, int64_t processor_ms);
int64_t svyi_processor_ms(void);          /* of this thread */
/* Forms and keys as they are when the request first asks, for svy_arrival_prepare(). They stay as long as the request: what was prepared with them refers to them
 * until it is stored, also when a form is deployed meanwhile. Any thread. */
const struct svy_reception *svyi_request_reception(svyi_request *rq);
/* After a form was deployed or a key changed, on the writer thread. */
svy_status svyi_server_renew(svy_server *server, svy_study *study, svy_error *err);

/* What reads ODK's submissions and knows their forms (odk.h). */
struct svyi_odk *svyi_server_odk(svy_server *server);
/* A line in the server's log, if there is one. Never an answer, a token, a code, a name of a case. */
void svyi_log(svy_server *server, const char *fmt, ...) SVY_PRINTF(2, 3);

/* ---- tables of routes ---- */
extern const svyi_route SVYI_ROUTES_FORM[];      /* routes/assets.c */
extern const svyi_route SVYI_ROUTES_LOGIN[];     /* routes/login.c */
extern const svyi_route SVYI_ROUTES_PROJECT[];   /* routes/project.c */
extern const svyi_route SVYI_ROUTES_CASE_LIST[]; /* routes/case_list.c */
extern const svyi_route SVYI_ROUTES_UPLOAD[];    /* routes/upload.c */
extern const svyi_route SVYI_ROUTES_PEOPLE[];    /* routes/people.c */
extern const svyi_route SVYI_ROUTES_STATUS[];    /* routes/status.c */
extern const svyi_route SVYI_ROUTES_ODK[];       /* odk/routes.c */
extern const svyi_route SVYI_ROUTES_SYNC[];      /* routes/sync.c */
#endif
