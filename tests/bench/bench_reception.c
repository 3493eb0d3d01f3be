/* Reception: packages of 250 answers made durable interviews, prepared on one thread and stored by one writer in groups; the disk's own rate of
 * fdatasync beside it. Usage: bench_reception [PACKAGES] [FOLDER]; BENCH_PREPARED=1 also times the two steps alone. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sys/resource.h>

#include "make_packages.h"

enum { GROUP = 64, AHEAD = 256 };

/* Of the calling thread: what a busy machine does not change. */
static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the two threads ---- */

typedef struct line { pthread_mutex_t lock; pthread_cond_t moved; svy_arrival *ready[AHEAD]; size_t head, tail; const package *packages; size_t n; const svy_reception *reception; } line;

static svy_arrival *prepare(const svy_reception *r, const package *p)
{
    const svy_sender from = { .actor = "ana", .organisation = "", .mode = SVY_MODE_WEB, .device = "tablet-7" };
    svy_error err = SVY_ERROR_INIT;
    svy_arrival *a;

    if (svy_arrival_prepare(r, p->bytes, p->n, 1, &from, (svy_moment){ 1774958400000, 180, 0 }, &a, &err) != SVY_OK)
        fm_die("prepare", &err);
    if (svy_arrival_reason(a)[0] != '\0') {
        fprintf(stderr, "bench_reception: %s\n", svy_arrival_reason(a));
        exit(1);
    }
    return a;
}

static void *prepare_all(void *user)
{
    line *l = user;

    for (size_t i = 0; i < l->n; i++) {
        svy_arrival *a = prepare(l->reception, &l->packages[i]);
        pthread_mutex_lock(&l->lock);
        while (l->tail - l->head == AHEAD)
            pthread_cond_wait(&l->moved, &l->lock);
        l->ready[l->tail++ % AHEAD] = a;
        pthread_cond_signal(&l->moved);
        pthread_mutex_unlock(&l->lock);
    }
    return NULL;
}

static size_t take(line *l, svy_arrival **group)
{
    size_t n = 0;

    pthread_mutex_lock(&l->lock);
    while (l->tail == l->head)
        pthread_cond_wait(&l->moved, &l->lock);
    while (n < GROUP && l->head < l->tail)
        group[n++] = l->ready[l->head++ % AHEAD];
    pthread_cond_signal(&l->moved);
    pthread_mutex_unlock(&l->lock);
    return n;
}

static void store(svy_study *s, svy_arrival **group, size_t n)
{
    svy_received results[GROUP];
    svy_error err = SVY_ERROR_INIT;

    if (svy_study_receive(s, group, n, results, &err) != SVY_OK)
        fm_die("receive", &err);
    for (size_t i = 0; i < n; i++) {
        if (results[i].receipt != SVY_STORED) {
            fprintf(stderr, "bench_reception: %s: %s\n", svy_receipt_name(results[i].receipt), results[i].sentence);
            exit(1);
        }
        svy_arrival_free(group[i]);
    }
}

static double run_both(svy_study *s, const svy_reception *r, const package *packages, size_t n)
{
    line l = { .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER, .packages = packages, .n = n, .reception = r };
    svy_arrival *group[GROUP];
    pthread_t thread;
    size_t groups = 0;
    const double begin = now_s();

    if (pthread_create(&thread, NULL, prepare_all, &l) != 0)
        exit(1);
    for (size_t done = 0; done < n; groups++) {
        const size_t got = take(&l, group);
        store(s, group, got);
        done += got;
    }
    pthread_join(thread, NULL);
    const double took = now_s() - begin;
    printf("{\"name\":\"received\",\"n\":%zu,\"per_second\":%.0f,\"group\":%.1f}\n", n, (double)n / took, (double)n / (double)groups);
    return took;
}

/* Each step alone, so that it shows which one the line waits for. */
static void run_apart(svy_study *s, const svy_reception *r, const package *packages, size_t n)
{
    svy_arrival **all = malloc(n * sizeof(svy_arrival *));
    double begin = now_s(), cpu = cpu_s();

    if (all == NULL)
        exit(1);
    for (size_t i = 0; i < n; i++)
        all[i] = prepare(r, &packages[i]);
    printf("{\"name\":\"prepared\",\"n\":%zu,\"per_second\":%.0f,\"per_cpu_second\":%.0f}\n", n, (double)n / (now_s() - begin), (double)n / (cpu_s() - cpu));
    begin = now_s();
    cpu = cpu_s();
    for (size_t i = 0; i < n; i += GROUP)
        store(s, all + i, n - i < GROUP ? n - i : GROUP);
    printf("{\"name\":\"stored\",\"n\":%zu,\"per_second\":%.0f,\"per_cpu_second\":%.0f}\n", n, (double)n / (now_s() - begin), (double)n / (cpu_s() - cpu));
    free(all);
}

int main(int argc, char **argv)
{
    const size_t n = argc > 1 ? (size_t)atol(argv[1]) : 20000;
    const char *folder = argc > 2 ? argv[2] : ".";
    svy_error err = SVY_ERROR_INIT;
    char path[512];
    svy_study *s;
    svy_reception *r;
    struct rusage usage;
    form_maker form = fm_begin();

    fill_form(&form);
    fm_end(&form);
    snprintf(path, sizeof path, "%s/bench_reception.study", folder);
    remove_study(path);
    if (svy_study_create(NULL, path, (svy_moment){ 1774944000000, 0, 0 }, &err) != SVY_OK || svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err) != SVY_OK ||
        svy_study_deploy(s, form.block, form.size, NULL, 0, "bench", (svy_moment){ 1774944000000, 0, 0 }, &err) != SVY_OK || svy_reception_new(s, &r, &err) != SVY_OK)
        fm_die("study", &err);
    package *packages = malloc(n * sizeof *packages);
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        packages[i] = make(form.form, svy_reception_public_key(r), (unsigned)i);
        bytes += packages[i].n;
    }
    getrusage(RUSAGE_SELF, &usage);
    const long before = usage.ru_maxrss;
    printf("{\"name\":\"package\",\"answers\":%d,\"bytes\":%zu}\n", QUESTIONS, bytes / n);
    disk(folder);
    if (getenv("BENCH_PREPARED") != NULL)
        run_apart(s, r, packages, n);
    else
        run_both(s, r, packages, n);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"name\":\"memory\",\"packages_kb\":%ld,\"peak_more_kb\":%ld}\n", before, usage.ru_maxrss - before);
    svy_reception_free(r);
    svy_study_close(s);
    remove_study(path);
    for (size_t i = 0; i < n; i++)
        free(packages[i].bytes);
    free(packages);
    fm_free(&form);
    return 0;
}
