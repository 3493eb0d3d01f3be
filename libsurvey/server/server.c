/* Starting and stopping the server, and what all of it shares. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "server/core.h"
#include "server/odk/odk.h"

enum { READERS = 2, SLOW = 3, FILES_SPARE = 128 };

void svyi_log(svy_server *server, const char *fmt, ...)
{
    char line[600];
    va_list arguments;

    if (server->options.log == NULL)
        return;
    va_start(arguments, fmt);
    vsnprintf(line, sizeof line, fmt, arguments);
    va_end(arguments);
    server->options.log(server->options.log_user, line);
}

struct svyi_odk *svyi_server_odk(svy_server *server) { return server->odk; }

void svyi_server_forget(svy_server *server) { svyi_sessions_forget(server->sessions); }

/* ---- forms and keys as they are now ---- */

/* With the lock held. The newest snapshot has one user more: the server. */
static void drop_snapshot(svyi_snapshot **list, svyi_snapshot *which)
{
    if (--which->users > 0)
        return;
    for (svyi_snapshot **at = list; *at != NULL; at = &(*at)->next)
        if (*at == which) {
            *at = which->next;
            break;
        }
    svy_reception_free(which->reception);
    svyi_release(NULL, which, sizeof *which);
}

const svy_reception *svyi_request_reception(svyi_request *rq)
{
    svy_server *server = rq->server;
    svyi_exchange *x = rq->exchange;

    if (x->snapshot == NULL) {
        pthread_mutex_lock(&server->snapshot_lock);
        x->snapshot = server->snapshot;
        x->snapshot->users++;
        pthread_mutex_unlock(&server->snapshot_lock);
    }
    return x->snapshot->reception;
}

void svyi_snapshot_done(svy_server *server, svyi_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    pthread_mutex_lock(&server->snapshot_lock);
    drop_snapshot(&server->snapshot, snapshot);
    pthread_mutex_unlock(&server->snapshot_lock);
}

static void tell(void *user, const char *line) { svyi_log(user, "%s", line); }

svy_status svyi_server_renew(svy_server *server, svy_study *study, svy_error *err)
{
    svyi_snapshot *s = svyi_get(NULL, sizeof *s);

    if (s == NULL)
        return svyi_nomem(err);
    *s = (svyi_snapshot){ .users = 1 };
    const svy_status st = svy_reception_new(study, &s->reception, err);
    if (st != SVY_OK) {
        svyi_release(NULL, s, sizeof *s);
        return st;
    }
    pthread_mutex_lock(&server->snapshot_lock);
    svyi_snapshot *before = server->snapshot;
    s->next = before;
    server->snapshot = s;
    if (before != NULL)
        drop_snapshot(&server->snapshot, before);
    pthread_mutex_unlock(&server->snapshot_lock);
    return svyi_odk_renew(server->odk, study, tell, server, err);
}

/* ---- starting ---- */

static unsigned or_else(unsigned value, unsigned otherwise) { return value > 0 ? value : otherwise; }

static void fill_options(svy_server_options *o)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    o->connections = or_else(o->connections, 1000);
    o->connections_address = or_else(o->connections_address, 64);
    o->request_seconds = or_else(o->request_seconds, 30);
    o->header_seconds = or_else(o->header_seconds, 10);
    o->connection_seconds = or_else(o->connection_seconds, 900);
    o->workers = or_else(o->workers, processors > 2 ? (unsigned)processors : 2);
    if (o->workers > SVYI_LANE_THREADS)
        o->workers = SVYI_LANE_THREADS;
}

/* Every connection is a file; the system's usual limit is as many as we allow. */
static void allow_files(unsigned connections)
{
    struct rlimit limit;
    const rlim_t need = connections + FILES_SPARE;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
        return;
    limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static svy_status start_tls(svy_server *s, svy_error *err)
{
    if (s->options.certificate == NULL)
        return s->options.key == NULL ? SVY_OK : svyi_fail(err, SVY_E_VALUE, "a key needs its certificate: give --certificate too");
    return svyi_tls_new(&s->options, s->path, &s->tls, err);
}

static svy_status start_memory(svy_server *s, svy_error *err)
{
    s->sessions = svyi_sessions_new();
    s->limits = svyi_limits_new();
    s->blocks = svyi_blocks_new();
    return s->sessions != NULL && s->limits != NULL && s->blocks != NULL ? svyi_assets_load(s->options.form_folder, &s->assets, err) : svyi_nomem(err);
}

static svy_status start_lanes(svy_server *s, svy_error *err)
{
    svy_status st = svyi_lane_start(&s->writer, s, SVYI_ON_WRITER, 0, s->path, err);

    if (st == SVY_OK && (st = svy_study_open(NULL, s->path, SVY_STUDY_WRITE, &s->writer.studies[0], err)) == SVY_OK)
        st = svyi_server_renew(s, s->writer.studies[0], err);
    if (st == SVY_OK && (st = svyi_lane_threads(&s->writer, 1, err)) == SVY_OK && (st = svyi_lane_start(&s->readers, s, SVYI_ON_READER, READERS, s->path, err)) == SVY_OK &&
        (st = svyi_lane_start(&s->slow, s, SVYI_ON_SLOW, SLOW, s->path, err)) == SVY_OK)
        st = svyi_lane_start(&s->workers, s, SVYI_ON_WORKER, s->options.workers, NULL, err);
    return st;
}

/* What a proxy says is only believed where nobody but a proxy of this machine can connect. */
static svy_status check_proxy(const svy_server *s, svy_error *err)
{
    char text[SVYI_ADDRESS];
    int local;

    svyi_address_text(&s->listen.address, text, &local);
    if (!s->options.behind_proxy || local)
        return SVY_OK;
    return svyi_fail(err, SVY_E_VALUE, "behind a proxy, clients must not reach the server themselves: use --listen 127.0.0.1:PORT or unix:PATH with --behind-proxy");
}

static svy_status start(svy_server *s, svy_error *err)
{
    svy_status st = svyi_odk_open(&s->odk, err);        /* it forks: before there are threads, keys or an open study */

    if (st != SVY_OK || (st = svyi_listen_read(s->options.listen, &s->listen, err)) != SVY_OK || (st = check_proxy(s, err)) != SVY_OK || (st = start_memory(s, err)) != SVY_OK || (st = start_tls(s, err)) != SVY_OK || (st = start_lanes(s, err)) != SVY_OK ||
        (st = svyi_network_open(s, err)) != SVY_OK)
        return st;
    if (pthread_create(&s->network, NULL, svyi_network_run, s) != 0)
        return svyi_fail(err, SVY_E_IO, "the system gives no more threads to this program");
    pthread_setname_np(s->network, "network");
    s->network_runs = 1;
    return SVY_OK;
}

svy_status svy_server_start(const char *path, const svy_server_options *options, svy_server **out, svy_error *err)
{
    svy_server *s;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(path != NULL && options != NULL && options->listen != NULL, err);
    prctl(PR_SET_DUMPABLE, 0);                    /* passwords and answers are in memory: no core file, no debugger of the same user */
    if ((s = svyi_get(NULL, sizeof *s)) == NULL)
        return svyi_nomem(err);
    memset(s, 0, sizeof *s);
    s->options = *options;
    s->listener = s->epoll = s->wake = -1;
    fill_options(&s->options);
    allow_files(s->options.connections);
    pthread_mutex_init(&s->done_lock, NULL);
    pthread_mutex_init(&s->snapshot_lock, NULL);
    pthread_mutex_init(&s->state_lock, NULL);
    pthread_cond_init(&s->state_changed, NULL);
    s->started_utc_ms = svyi_moment_now().utc_ms;
    if ((s->path = svyi_get(NULL, strlen(path) + 1)) != NULL)
        memcpy(s->path, path, strlen(path) + 1);
    const svy_status st = s->path != NULL ? start(s, err) : svyi_nomem(err);
    if (st != SVY_OK)
        svy_server_stop(s);
    else
        *out = s;
    return st;
}

int svy_server_works(const svy_server *server, const char **why)
{
    svy_server *s;

    memcpy(&s, &server, sizeof s);                /* the lock is not part of what is looked at */
    pthread_mutex_lock(&s->state_lock);
    const int works = !s->lost;
    pthread_mutex_unlock(&s->state_lock);
    if (why != NULL)
        *why = works ? "" : s->why;
    return works;
}

int svy_server_wait(svy_server *server, int milliseconds)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&server->state_lock);
    while (!server->lost && pthread_cond_timedwait(&server->state_changed, &server->state_lock, &until) == 0)
        ;
    const int works = !server->lost;
    pthread_mutex_unlock(&server->state_lock);
    return works;
}

void svy_server_stop(svy_server *server)
{
    const uint64_t one = 1;

    if (server == NULL)
        return;
    atomic_store(&server->stops, 1);
    if (server->network_runs) {
        (void)!write(server->wake, &one, sizeof one);
        pthread_join(server->network, NULL);
    }
    svyi_lane_stop(&server->workers);
    svyi_lane_stop(&server->slow);
    svyi_lane_stop(&server->readers);
    svyi_lane_stop(&server->writer);
    svyi_network_close(server);
    svyi_odk_close(server->odk);
    svyi_tls_free(server->tls);
    svyi_assets_free(server->assets);
    svyi_blocks_free(server->blocks);
    svyi_limits_free(server->limits);
    svyi_sessions_free(server->sessions);
    if (server->snapshot != NULL)
        svyi_snapshot_done(server, server->snapshot);
    pthread_mutex_destroy(&server->done_lock);
    pthread_mutex_destroy(&server->snapshot_lock);
    pthread_mutex_destroy(&server->state_lock);
    pthread_cond_destroy(&server->state_changed);
    svyi_release(NULL, server->path, server->path != NULL ? strlen(server->path) + 1 : 0);
    svyi_release(NULL, server, sizeof *server);
}
