/* The whole way: hundreds of simulated interviewers on keep-alive connections send packages of 250 answers to `survey serve` and wait for each receipt, which
 * says that it is on disk. Prints the rate, the waiting times, what was lost or stored twice (the study is opened again and every uuid looked for), and the
 * disk's own rate of fdatasync beside it.
 * Usage: bench_server SURVEY [PACKAGES] [CONNECTIONS] [FOLDER] [RATE]
 * Without RATE every connection sends its next package when it has the receipt: as many a second as the server can. With it so many a second become due, whatever the
 * server does, and a package waits from the moment it was due, also while all connections are busy: what interviewers feel at that load. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <survey/account.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "make_packages.h"

enum { ANSWER = 8192, PREPARING = 2000 };

typedef struct request { char *bytes; size_t n; } request;
typedef struct client { int fd; size_t now, sent, have; double began; char answer[ANSWER]; } client;
typedef struct load {
    const request *requests; size_t n, next, done, stored, other; int epoll, port;
    client *clients; size_t n_clients;
    client **idle; size_t first_idle, n_idle;      /* wait until something is due: a ring, so that all take their turn */
    double rate, begin;                /* packages that become due in a second; 0: at once */
    double *waits;
    char (*uuids)[37];
} load;

static void die(const char *what)
{
    fprintf(stderr, "bench_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- what is sent ---- */

static request make_request(const package *p, const char *token)
{
    char hash[65], head[600];
    request r;

    svy_hash_hex(p->bytes, p->n, hash);
    const int n = snprintf(head, sizeof head,
                           "PUT /api/uploads/%s?kind=package&size=%zu&offset=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                           "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n", hash, p->n, token, p->n);
    r.n = (size_t)n + p->n;
    if ((r.bytes = malloc(r.n)) == NULL)
        die("memory");
    memcpy(r.bytes, head, (size_t)n);
    memcpy(r.bytes + n, p->bytes, p->n);
    return r;
}

/* ---- the clients ---- */

static void send_some(load *l, client *c)
{
    const request *r = &l->requests[c->now];

    while (c->sent < r->n) {
        const ssize_t n = send(c->fd, r->bytes + c->sent, r->n - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0)
            die("send");
        c->sent += (size_t)n;
    }
    struct epoll_event e = { .events = EPOLLIN | (c->sent < r->n ? EPOLLOUT : 0u), .data.ptr = c };
    if (c->sent < r->n)
        epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static double due(const load *l) { return l->rate > 0 ? l->begin + (double)l->next / l->rate : now_s(); }

/* Takes the next package, when there is one and it is due. */
static void start(load *l, client *c)
{
    if (l->next == l->n || due(l) > now_s()) {
        l->idle[(l->first_idle + l->n_idle++) % l->n_clients] = c;
        return;
    }
    c->began = due(l);
    c->now = l->next++;
    c->sent = c->have = 0;
    send_some(l, c);
}

static void start_due(load *l)
{
    while (l->n_idle > 0 && l->next < l->n && due(l) <= now_s()) {
        client *c = l->idle[l->first_idle];
        l->first_idle = (l->first_idle + 1) % l->n_clients;
        l->n_idle--;
        start(l, c);
    }
}

static void connect_one(load *l, client *c)
{
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)l->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
    const int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
}

/* 1 when the whole answer is there. */
static int is_whole(const client *c)
{
    const char *end = memmem(c->answer, c->have, "\r\n\r\n", 4), *length = memmem(c->answer, c->have, "Content-Length: ", 16);

    return end != NULL && length != NULL && c->have >= (size_t)(end + 4 - c->answer) + strtoul(length + 16, NULL, 10);
}

static void take_answer(load *l, client *c)
{
    const char *uuid = memmem(c->answer, c->have, "\"uuid\":\"", 8);

    l->waits[l->done++] = now_s() - c->began;
    if (memcmp(c->answer, "HTTP/1.1 201", 12) == 0 && uuid != NULL) {
        memcpy(l->uuids[l->stored], uuid + 8, 36);
        l->uuids[l->stored++][36] = '\0';
    } else if (l->other++ == 0) {
        fprintf(stderr, "bench_server: an answer was %.*s\n", (int)c->have, c->answer);
    }
}

static void turn(load *l)
{
    struct epoll_event events[64];
    const int waits = l->n_idle > 0 && l->next < l->n, n = epoll_wait(l->epoll, events, 64, waits ? 1 : 10000);

    if (n < 0 || (n == 0 && !waits))
        die("the server does not answer");
    for (int i = 0; i < n; i++) {
        client *c = events[i].data.ptr;
        if ((events[i].events & EPOLLOUT) != 0)
            send_some(l, c);
        if ((events[i].events & EPOLLIN) == 0)
            continue;
        const ssize_t got = recv(c->fd, c->answer + c->have, sizeof c->answer - c->have, MSG_DONTWAIT);
        if (got == 0)
            die("the server hung up");
        c->have += got > 0 ? (size_t)got : 0;
        if (is_whole(c)) {
            take_answer(l, c);
            start(l, c);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of this program, all threads. */
static double own_cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_load(load *l)
{
    double cpu;

    l->epoll = epoll_create1(0);
    for (size_t i = 0; i < l->n_clients; i++)
        connect_one(l, &l->clients[i]);
    l->begin = now_s();
    cpu = own_cpu_s();
    for (size_t i = 0; i < l->n_clients; i++)
        start(l, &l->clients[i]);
    while (l->done < l->n) {
        start_due(l);
        turn(l);
    }
    const double took = now_s() - l->begin;
    cpu = own_cpu_s() - cpu;
    qsort(l->waits, l->done, sizeof *l->waits, by_size);
    printf("{\"name\":\"server\",\"n\":%zu,\"connections\":%zu,\"offered_per_second\":%.0f,\"per_second\":%.0f,\"p50_ms\":%.1f,\"p90_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f,\"stored\":%zu,\"other\":%zu}\n",
           l->n, l->n_clients, l->rate, (double)l->n / took, l->waits[l->done / 2] * 1e3, l->waits[l->done * 9 / 10] * 1e3, l->waits[l->done * 99 / 100] * 1e3,
           l->waits[l->done - 1] * 1e3, l->stored, l->other);
    printf("{\"name\":\"client_cpu\",\"microseconds_each\":%.1f}\n", cpu * 1e6 / (double)l->n);
}

/* ---- the server ---- */

static pid_t start_server(const char *survey, const char *path, size_t connections, int *port)
{
    int ends[2];
    char line[200] = "", most[24];

    snprintf(most, sizeof most, "%zu", connections + 10);
    if (pipe(ends) != 0)
        die("pipe");
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);      /* not left behind when this program dies */
        dup2(ends[1], 1);
        close(ends[0]);
        execl(survey, survey, "serve", path, "--listen", "127.0.0.1:0", "--quiet", "--connections", most, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    if (pid < 0 || out == NULL || fgets(line, sizeof line, out) == NULL || strrchr(line, ':') == NULL)
        die("the server did not start");
    *port = atoi(strrchr(line, ':') + 1);
    return pid;
}

/* The most memory it had since it started: not ru_maxrss, which also counts what this program had when it forked. */
static long peak_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = atol(line + 6);
    if (f != NULL)
        fclose(f);
    return kb;
}

/* One thread of the server: its name and the processor time it has had, in seconds. */
static double thread_cpu(pid_t pid, const char *thread, char name[32])
{
    char path[400];
    double ns = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%.32s/comm", (int)pid, thread);
    FILE *f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%31s", name) != 1)
        name[0] = '\0';
    if (f != NULL)
        fclose(f);
    snprintf(path, sizeof path, "/proc/%d/task/%.32s/schedstat", (int)pid, thread);
    if ((f = fopen(path, "r")) != NULL) {
        if (fscanf(f, "%lf", &ns) != 1)
            ns = 0;
        fclose(f);
    }
    return ns / 1e9;
}

/* What a busy machine does not change: the processor time of each kind of thread for one submission. */
static void print_threads(pid_t pid, size_t n)
{
    static const char *const KINDS[] = { "network", "worker", "writer" };
    double seconds[sizeof KINDS / sizeof KINDS[0]] = { 0 };
    char path[64], name[32];

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        const double one = e->d_name[0] != '.' ? thread_cpu(pid, e->d_name, name) : 0;
        for (size_t i = 0; one > 0 && i < sizeof KINDS / sizeof KINDS[0]; i++)
            seconds[i] += strcmp(name, KINDS[i]) == 0 ? one : 0;
    }
    if (d != NULL)
        closedir(d);
    printf("{\"name\":\"server_cpu\",\"network_us\":%.1f,\"workers_us\":%.1f,\"writer_us\":%.1f}\n", seconds[0] * 1e6 / (double)n, seconds[1] * 1e6 / (double)n,
           seconds[2] * 1e6 / (double)n);
}

static void stop_server(pid_t pid)
{
    struct rusage usage;
    const long peak = peak_kb(pid);
    int status;

    kill(pid, SIGTERM);
    if (wait4(pid, &status, 0, &usage) != pid || status != 0)
        die("the server ended badly");
    printf("{\"name\":\"server_memory\",\"peak_kb\":%ld,\"cpu_s\":%.1f}\n", peak,
           (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

/* ---- afterwards ---- */

typedef struct found { char (*uuids)[37]; size_t n, room; } found;

static svy_status take_line(void *user, const svy_interview_line *line)
{
    found *f = user;

    if (f->n < f->room && line->phase == SVY_COMPLETE)
        memcpy(f->uuids[f->n++], line->uuid, 37);
    return SVY_OK;
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* Every acknowledged interview is there, once. */
static void look_again(const char *path, load *l)
{
    found f = { malloc((l->n + 100) * 37), 0, l->n + 100 };
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;
    size_t lost = 0, twice = 0;

    if (f.uuids == NULL || svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err) != SVY_OK || svy_study_interviews(s, NULL, NULL, take_line, &f, &err) != SVY_OK)
        fm_die("study", &err);
    qsort(f.uuids, f.n, 37, by_text);
    for (size_t i = 0; i < l->stored; i++)
        lost += bsearch(l->uuids[i], f.uuids, f.n, 37, by_text) == NULL;
    for (size_t i = 1; i < f.n; i++)
        twice += strcmp(f.uuids[i - 1], f.uuids[i]) == 0;
    printf("{\"name\":\"study\",\"acknowledged\":%zu,\"there\":%zu,\"lost\":%zu,\"twice\":%zu}\n", l->stored, f.n, lost, twice);
    svy_study_close(s);
    free(f.uuids);
}

static void open_study(const char *path, const form_maker *form, char token[SVY_TOKEN], uint8_t key[SVY_KEY_BYTES])
{
    const svy_moment now = { 1774944000000, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_reception *r;
    svy_study *s;
    char id[SVY_ACCOUNT_ID];

    remove_study(path);
    if (svy_study_create(NULL, path, now, &err) != SVY_OK || svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err) != SVY_OK ||
        svy_study_deploy(s, form->block, form->size, NULL, 0, "bench", now, &err) != SVY_OK || svy_reception_new(s, &r, &err) != SVY_OK ||
        svy_study_account_add(s, "ana", SVY_ROLE_INTERVIEWER, "", NULL, "bench", now, id, &err) != SVY_OK ||
        svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "bench", 0, "bench", now, token, &err) != SVY_OK)
        fm_die("study", &err);
    memcpy(key, svy_reception_public_key(r), SVY_KEY_BYTES);
    svy_reception_free(r);
    svy_study_close(s);
}

int main(int argc, char **argv)
{
    load l = { .n = argc > 2 ? (size_t)atol(argv[2]) : 20000, .n_clients = argc > 3 ? (size_t)atol(argv[3]) : 200 };
    const char *folder = argc > 4 ? argv[4] : ".";
    char path[512], token[SVY_TOKEN];
    uint8_t key[SVY_KEY_BYTES];
    form_maker form = fm_begin();

    if (argc < 2)
        die("usage: bench_server SURVEY [PACKAGES] [CONNECTIONS] [FOLDER] [RATE]");
    fill_form(&form);
    fm_end(&form);
    snprintf(path, sizeof path, "%s/bench_server.study", folder);
    open_study(path, &form, token, key);
    request *requests = malloc(l.n * sizeof *requests);
    l.waits = malloc(l.n * sizeof *l.waits);
    l.uuids = malloc(l.n * 37);
    l.clients = calloc(l.n_clients, sizeof *l.clients);
    l.idle = calloc(l.n_clients, sizeof(client *));
    l.rate = argc > 5 ? atof(argv[5]) : 0;
    if (requests == NULL || l.waits == NULL || l.uuids == NULL || l.clients == NULL || l.idle == NULL)
        die("memory");
    for (size_t i = 0; i < l.n; i++) {
        package p = make(form.form, key, (unsigned)i);
        requests[i] = make_request(&p, token);
        free(p.bytes);
    }
    l.requests = requests;
    disk(folder);
    const pid_t server = start_server(argv[1], path, l.n_clients, &l.port);
    run_load(&l);
    print_threads(server, l.n);
    stop_server(server);
    look_again(path, &l);
    remove_study(path);
    return l.stored == l.n ? 0 : 1;
}
