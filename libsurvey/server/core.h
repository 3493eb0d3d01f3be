/* The inside of the server: connections, the way of a request through its threads, and what they share. For files of the server itself;
 * files with routes need only server_priv.h. */
#ifndef SVY_SERVER_CORE_H
#define SVY_SERVER_CORE_H
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <survey/account.h>
#include <survey/reception.h>

#include "server/http/gate.h"
#include "server/server_priv.h"

enum {
    SVYI_QUERY = 16,                  /* names in a query */
    SVYI_LANE_THREADS = 16,
    SVYI_QUEUED = 1000,               /* requests that may wait for a place */
    SVYI_GROUP = 64,                  /* arrivals in one commit */
    SVYI_GROUP_BYTES = 4 << 20,
    SVYI_BODIES = 256 << 20,          /* bytes of all bodies in memory together */
    SVYI_ADDRESS = 64,
    SVYI_CREDENTIAL = 32              /* bytes of the digest that stands for a cookie or token in memory */
};

/* ---- wire.c: bytes to and from a client, with or without TLS ---- */
typedef struct svyi_wire { int fd; void *tls; int wants_write; } svyi_wire;
enum { SVYI_WIRE_AGAIN = -1, SVYI_WIRE_GONE = -2 };
/* Bytes, 0 at the end, SVYI_WIRE_AGAIN or SVYI_WIRE_GONE. */
long svyi_wire_read(svyi_wire *w, void *bytes, size_t n);
long svyi_wire_write(svyi_wire *w, const void *head, size_t n_head, const void *body, size_t n_body);
int svyi_wire_pending(const svyi_wire *w);      /* bytes came that the socket does not show any more */
/* 1 done, or SVYI_WIRE_AGAIN or SVYI_WIRE_GONE. */
int svyi_wire_handshake(svyi_wire *w);
void svyi_wire_finish(svyi_wire *w);      /* says that nothing more will be written */
void svyi_wire_close(svyi_wire *w);

/* ---- tls.c ---- */
struct svyi_tls;
svy_status svyi_tls_new(const svy_server_options *o, const char *study, struct svyi_tls **out, svy_error *err);
void svyi_tls_free(struct svyi_tls *t);
void *svyi_tls_session(struct svyi_tls *t, int fd);      /* NULL when it cannot be made */

/* ---- the answer, and how a request goes on ---- */
typedef enum svyi_step { SVYI_STEP_NONE, SVYI_STEP_ANSWER, SVYI_STEP_ADMIT, SVYI_STEP_THEN, SVYI_STEP_RECEIVE } svyi_step;

/* What belongs to a request and is none of its handler's business. */
typedef struct svyi_exchange {
    struct svyi_connection *connection;       /* NULL when the client is gone; only the network thread looks at it */
    svyi_request *next;                       /* in a lane, or in what is done */
    svyi_step step;                           /* what the handler asked for */
    svyi_place place; svyi_handler *handler;  /* where it goes on */
    svy_arrival *arrival; svyi_received_handler *received;
    struct svyi_waiting *waiting;             /* waiting.c */
    struct svyi_snapshot *snapshot;           /* what arrivals of this request were prepared with; NULL: none yet */
    svyi_head head;                           /* headers: point into `text` */
    char *text; size_t text_size;
    svyi_header query[SVYI_QUERY]; size_t n_query;
    char *body; size_t body_size, body_capacity; int body_waits;   /* waits: its body was not read yet */
    svyi_chunks chunks;
    svy_principal principal; char device[SVY_ACCOUNT_TEXT];
    char credential[256];                     /* what the client showed, to be looked up */
    int credential_kind;                      /* svyi_credential */
    int status;                               /* of the answer */
    svyi_buffer headers; int says_cache;      /* those that a handler added; whether Cache-Control is among them */
    const char *type;
    char *bytes; size_t n_bytes, bytes_capacity; const char *borrowed;
    int close;                                /* the connection ends with it */
    int64_t started_ms;
    char address[SVYI_ADDRESS], base[300];
} svyi_exchange;

typedef enum svyi_state { SVYI_HANDSHAKE, SVYI_READS_HEAD, SVYI_READS_BODY, SVYI_WAITS, SVYI_WRITES, SVYI_LINGERS } svyi_state;

typedef struct svyi_connection {
    struct svyi_connection *next, *before;
    svy_server *server;
    svyi_wire wire;
    svyi_state state;
    unsigned events;                          /* that epoll watches */
    int dead, last, local;                    /* last: no other request after this one; local: from this machine */
    int64_t opened_ms, since_ms;              /* since: first byte of the request, begin of the answer, or of being idle */
    svyi_request *request;
    svyi_scan scan;
    char *out; size_t out_len, out_capacity, out_at;      /* head of the answer; then the request's bytes */
    size_t drained;
    size_t have;                              /* bytes in `in` */
    char address[SVYI_ADDRESS];
    char in[SVYI_HEAD_BYTES];
} svyi_connection;

/* ---- spool.c: long answers, on disk until they are sent ---- */
typedef struct svyi_spool svyi_spool;
/* A file without a name beside the study. SVY_E_IO. */
svy_status svyi_spool_open(const char *study, svyi_spool **out, svy_error *err);
/* Adds bytes; as svy_csv_write() and the like want it. SVY_E_LIMIT: less than 256 MiB of the disk would stay free. */
svy_status svyi_spool_put(void *spool, const void *bytes, size_t len, svy_error *err);
/* After that only svyi_spool_answer() and svyi_spool_close(), when it was sent. */
svy_status svyi_spool_finish(svyi_spool *s, svy_error *err);
void svyi_spool_answer(svyi_request *rq, const svyi_spool *s, const char *type);
void svyi_spool_close(void *spool);

/* ---- lane.c: threads that run handlers ---- */
typedef struct svyi_lane {
    svy_server *server;
    svyi_place place;
    pthread_mutex_t lock; pthread_cond_t wake;
    svyi_request *first, *last; size_t waiting;
    int stops;
    unsigned n; pthread_t threads[SVYI_LANE_THREADS];
    svy_study *studies[SVYI_LANE_THREADS];
    unsigned started;                         /* how many threads have taken their number */
} svyi_lane;
svy_status svyi_lane_start(svyi_lane *lane, svy_server *server, svyi_place place, unsigned n, const char *study, svy_error *err);
/* More threads; of the writer, whose study is there already, one. */
svy_status svyi_lane_threads(svyi_lane *lane, unsigned n, svy_error *err);
/* Ends the threads when nothing waits any more. */
void svyi_lane_stop(svyi_lane *lane);
/* 0 when it is full or stops. */
int svyi_lane_add(svyi_lane *lane, svyi_request *rq);
/* Takes the first that waits: NULL when none does, or (wait) when it stops. */
svyi_request *svyi_lane_poll(svyi_lane *lane);
svyi_request *svyi_lane_wait(svyi_lane *lane);
/* Runs the handler and sends the request where it asked to go. */
void svyi_handle(svyi_request *rq, svy_study *study);
/* Sends a request on as its step says. */
void svyi_go_on(svyi_request *rq);

/* ---- writer.c ---- */
void *svyi_writer_run(void *lane);

/* ---- session.c: who shows which cookie or token ---- */
typedef enum svyi_credential { SVYI_SHOWS_NOTHING, SVYI_SHOWS_COOKIE, SVYI_SHOWS_TOKEN, SVYI_SHOWS_PASSWORD } svyi_credential;
typedef struct svyi_sessions svyi_sessions;
svyi_sessions *svyi_sessions_new(void);
void svyi_sessions_free(svyi_sessions *s);
/* 1 known and still good: fills in who. 0 not known: ask the study. */
int svyi_sessions_find(svyi_sessions *s, svyi_credential kind, const char *shown, int64_t now_ms, svy_principal *who, char *device);
/* Remembers. `login`: a session of somebody who logged in, which only lives here; else what the study said, for a minute. */
void svyi_sessions_put(svyi_sessions *s, svyi_credential kind, const char *shown, int login, int64_t now_ms, const svy_principal *who, const char *device);
void svyi_sessions_drop(svyi_sessions *s, svyi_credential kind, const char *shown);
/* Asks the study again about all tokens, and about the accounts of all who logged in. */
void svyi_sessions_forget(svyi_sessions *s);
/* An account that logged in and has to be looked up again: copies its id; 0 when this is not one. */
int svyi_sessions_stale(svyi_sessions *s, const char *shown, char account[SVY_ACCOUNT_ID]);
/* Refreshes (who not NULL) or ends it. */
void svyi_sessions_refresh(svyi_sessions *s, const char *shown, const svy_principal *who);
/* The token against cross-site requests that belongs to a cookie: 43 characters and a NUL. */
void svyi_sessions_csrf(const svyi_sessions *s, const char *cookie, char out[44]);
/* 256 random bits as 43 characters. */
void svyi_random_token(char out[44]);

/* ---- limit.c: token buckets ---- */
typedef struct svyi_limits svyi_limits;
svyi_limits *svyi_limits_new(void);
void svyi_limits_free(svyi_limits *l);
/* Takes one from the bucket of `what` and `key`, which holds `most` and is full again after `seconds`. @return 0, or the seconds to wait. */
unsigned svyi_limit(svyi_limits *l, const char *what, const char *key, unsigned most, unsigned seconds, int64_t now_ms);
/* Likewise takes `amount`, of a bucket that is not empty: the next who comes waits until it is made good. */
unsigned svyi_limit_amount(svyi_limits *l, const char *what, const char *key, unsigned amount, unsigned most, unsigned seconds, int64_t now_ms);
void svyi_answer_wait(svyi_request *rq, unsigned seconds);
/* Puts one back: it was none of those that count. */
void svyi_limit_return(svyi_limits *l, const char *what, const char *key);

/* ---- assets.c ---- */
/* Whether the client takes a content coding. */
int svyi_request_takes(const svyi_request *rq, const char *coding);
typedef struct svyi_assets svyi_assets;
svy_status svyi_assets_load(const char *folder, svyi_assets **out, svy_error *err);
void svyi_assets_free(svyi_assets *a);
void svyi_assets_answer(svyi_request *rq, svy_study *study);

/* ---- status_page.c ---- */
void svyi_status_page(svyi_request *rq, svy_study *study);
void svyi_fieldwork(svyi_request *rq, svy_study *study);
void svyi_qr_picture(svyi_request *rq, svy_study *study);

/* ---- block.c ---- */
typedef struct svyi_blocks svyi_blocks;
svyi_blocks *svyi_blocks_new(void);
void svyi_blocks_free(svyi_blocks *b);
/* Answers with the compiled form, compressed as the client takes it; the first time of a version this takes up to a second. */
void svyi_block_answer(svyi_request *rq, const svy_deployed *version);

/* ---- admit.c: who asks, and whether that may be ---- */
/* On the network thread, when the head is there. 1: go on; 0: the request waits for a lookup, or was answered. */
int svyi_admit(svyi_request *rq);
void svyi_ask_to_sign_in(svyi_request *rq);

/* ---- login.c ---- */
/* How many seconds to wait before this name, from this address, may try again; 0: now. Counts the try. */
unsigned svyi_login_wait(svyi_request *rq, const char *name);
void svyi_login_worked(svyi_request *rq, const char *name);

/* ---- request.c ---- */
svyi_request *svyi_request_new(svyi_connection *c);
void svyi_request_free(svyi_request *rq);
/* Reads the head in the connection's buffer. 0, or the status to answer. */
int svyi_request_read(svyi_request *rq, const char *text, size_t n);
/* Room for `need` bytes of the body. 0, or the status to answer. */
int svyi_body_room(svyi_request *rq, size_t need);

/* ---- route.c ---- */
/* Finds the route: 0, or 404 or 405. */
int svyi_route_find(svyi_request *rq);
int svyi_route_match(const char *pattern, char *path, const char *part[SVYI_PARTS]);

/* ---- respond.c ---- */
/* The first line and the headers of the answer into the connection's `out`. 0 when out of memory. */
int svyi_answer_head(svyi_connection *c, svyi_request *rq);

/* ---- connection.c, network.c ---- */
void svyi_connection_event(svyi_connection *c, unsigned events);
/* The request goes on with the body, or has its answer. */
void svyi_connection_go_on(svyi_connection *c);
/* Answers an error and ends the connection. */
void svyi_connection_refuse(svyi_connection *c, int status);
void svyi_connection_close(svyi_connection *c);
void svyi_connection_watch(svyi_connection *c, unsigned events);
/* Looks whether it took too long. */
void svyi_connection_check(svyi_connection *c, int64_t now_ms);
/* A connection on a socket that does not block (taken, closed when it fails). */
svyi_connection *svyi_connection_open(svy_server *s, int fd, const char *address, int local);
/* Waits for what happens, and deals with it. */
void svyi_network_turn(svy_server *s, int wait_ms);
void *svyi_network_run(void *server);
svy_status svyi_network_open(svy_server *s, svy_error *err);
void svyi_network_close(svy_server *s);
/* Hands a request over to the network thread. */
void svyi_network_hand(svyi_request *rq);
int64_t svyi_now_ms(void);                    /* monotonic */
svy_moment svyi_moment_now(void);

/* ---- address.c ---- */
typedef struct svyi_listen { struct sockaddr_storage address; socklen_t size; char path[108]; int any; } svyi_listen;
svy_status svyi_listen_read(const char *text, svyi_listen *out, svy_error *err);
enum { SVYI_ADDRESSES = 8 };
unsigned svyi_addresses_own(char out[SVYI_ADDRESSES][SVYI_ADDRESS]);
/* The addresses a browser may use, from what the socket is bound to. */
void svyi_addresses_find(svy_server *s);
void svyi_address_text(const struct sockaddr_storage *address, char out[SVYI_ADDRESS], int *local);

/* ---- server.c ---- */
typedef struct svyi_snapshot { svy_reception *reception; unsigned users; struct svyi_snapshot *next; } svyi_snapshot;
void svyi_snapshot_done(svy_server *server, svyi_snapshot *snapshot);      /* one user less; NULL allowed */

struct svy_server {
    svy_server_options options;
    char *path, *folder;
    struct svyi_tls *tls;
    svyi_listen listen;
    int listener, epoll, wake;
    char addresses[SVYI_ADDRESSES][96]; unsigned n_addresses;
    pthread_t network; int network_runs;
    atomic_int stops, network_done;
    svyi_connection *connections; unsigned n_connections;     /* network thread only */
    svyi_connection *closed;                                  /* to be freed after the events of this round */
    pthread_mutex_t done_lock; svyi_request *done_first, *done_last;
    svyi_lane workers, readers, slow, writer;
    atomic_size_t bodies;
    svyi_sessions *sessions;
    svyi_limits *limits;
    svyi_assets *assets;
    svyi_blocks *blocks;
    pthread_mutex_t snapshot_lock; svyi_snapshot *snapshot;   /* the newest first */
    pthread_mutex_t state_lock; pthread_cond_t state_changed; int lost; char why[400];
    atomic_ullong n_requests, n_stored, n_already, n_aside, n_refused;
    int64_t started_utc_ms;
    struct svyi_odk *odk;
};
#endif
