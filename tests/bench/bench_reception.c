/* Reception: packages of 250 answers made durable interviews, prepared on one thread and stored by one writer in groups; the disk's own rate of
 * fdatasync beside it. Usage: bench_reception [PACKAGES] [FOLDER]; BENCH_PREPARED=1 also times the two steps alone. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <pthread.h>
#include <survey/reception.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../unit/interview/make_form.h"

enum { QUESTIONS = 250, ON_A_PAGE = 5, GROUP = 64, AHEAD = 256 };

typedef struct package { uint8_t *bytes; size_t n, room; } package;

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of the calling thread: what a busy machine does not change. */
static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Half choices, a quarter numbers with a check, some decimals, dates and texts: as questionnaires are. */
static void fill_form(form_maker *m)
{
    static const char *const TYPES[] = { "single", "integer", "single", "decimal", "single", "integer", "single", "date", "single", "text" };
    const uint32_t root = fm_add(m, 0, SVY_EL_QUESTIONNAIRE, "Load", "id", "load", "version", "1", "xml:lang", "en", NULL);
    uint32_t section = root;
    char id[32];

    fm_list(m, root, "five", 5);
    for (int i = 0; i < QUESTIONS; i++) {
        const char *type = TYPES[i % 10];
        if (i % 25 == 0) {
            snprintf(id, sizeof id, "s_%d", i / 25);
            section = fm_add(m, root, SVY_EL_SECTION, "Section", "id", id, NULL);
        }
        snprintf(id, sizeof id, "q_%d", i);
        if (strcmp(type, "single") == 0) {
            fm_add(m, section, SVY_EL_QUESTION, "Question", "id", id, "type", type, "choices", "five", "sensitive", i % 50 == 0 ? "true" : "false", NULL);
            continue;
        }
        const uint32_t q = fm_add(m, section, SVY_EL_QUESTION, "Question", "id", id, "type", type, NULL);
        if (strcmp(type, "integer") == 0)
            fm_add(m, q, SVY_EL_CHECK, "From 0 to 100.", "that", ". >= 0 and . <= 100", NULL);
    }
}

static void add(package *p, const void *bytes, size_t n)
{
    while (p->n + n > p->room) {
        p->room = p->room * 2 + 65536;
        p->bytes = realloc(p->bytes, p->room);
        if (p->bytes == NULL)
            exit(1);
    }
    memcpy(p->bytes + p->n, bytes, n);
    p->n += n;
}

static svy_status write_event(void *user, const svy_event *event, svy_error *err)
{
    uint8_t frame[1024];

    (void)err;
    add(user, frame, svy_package_write_event(event, frame, sizeof frame));
    return SVY_OK;
}

static void answer(svy_interview *iv, int i, unsigned random, svy_moment now)
{
    static const char *const WORDS[] = { "a bakery in Plovdiv", "построява къщи", "none", "with my sister until the spring", "at the market" };
    svy_error err = SVY_ERROR_INIT;
    svy_place place = { 0, 0 };
    char id[32], text[64];

    snprintf(id, sizeof id, "q_%d", i);
    switch (i % 10) {
    case 1: case 5: snprintf(text, sizeof text, "%u", random % 101); break;
    case 3: snprintf(text, sizeof text, "%u.%02u", random % 3000, random % 100); break;
    case 7: snprintf(text, sizeof text, "19%02u-%02u-%02u", random % 100, random % 12 + 1, random % 28 + 1); break;
    case 9: snprintf(text, sizeof text, "%s", WORDS[random % 5]); break;
    default: snprintf(text, sizeof text, "%u", random % 5 + 1); break;
    }
    if (!svy_form_find(svy_interview_form(iv), id, strlen(id), &place.item))
        exit(1);
    if (i % ON_A_PAGE == 0 && svy_interview_go(iv, place, now, &err) != SVY_OK)
        fm_die("go", &err);
    if (svy_interview_answer(iv, place, text, strlen(text), "", now, NULL, &err) != SVY_OK)
        fm_die(id, &err);
}

/* One interview as a device packs and seals it. */
static package make(const svy_form *form, const uint8_t *key, unsigned number)
{
    svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    package p = { NULL, 0, 0 }, sealed = { NULL, 0, 0 };
    uint8_t frame[512];
    char uuid[37], case_id[24];
    svy_moment now = { 1774944000000 + (int64_t)number * 60000, 180, 1000 };
    svy_interview *iv;
    unsigned random = number * 2654435761u + 12345;

    snprintf(uuid, sizeof uuid, "%08x-%04x-4%03x-8%03x-%012x", random, number & 0xFFFF, random >> 20, random >> 8 & 0xFFF, number);
    snprintf(case_id, sizeof case_id, "case-%u", number);
    const svy_package_head head = { uuid, svy_form_id(form), svy_form_version(form), svy_form_checksum(form), case_id, "", "" };
    const svy_sitting sitting = { 1, SVY_MODE_WEB, "ana", "", "tablet-7", "form/1", 1, -250 };
    add(&p, frame, svy_package_write_head(&head, frame, sizeof frame));
    add(&p, frame, svy_package_write_sitting(&sitting, frame, sizeof frame));
    options.seed = number;
    options.journal = (svy_journal){ write_event, &p };
    if (svy_interview_new(NULL, form, &options, now, &iv, &err) != SVY_OK)
        fm_die("interview", &err);
    for (int i = 0; i < QUESTIONS; i++) {
        random = random * 1664525u + 1013904223u;
        now.utc_ms += 3000 + random % 2000;
        now.mono_ms += 3000 + random % 2000;
        answer(iv, i, random >> 8, now);
    }
    if (svy_interview_complete(iv, now, &err) != SVY_OK)
        fm_die("complete", &err);
    add(&p, frame, svy_package_write_end(svy_interview_sequence(iv), SVY_COMPLETE, frame, sizeof frame));
    svy_interview_free(iv);
    sealed.room = sealed.n = svy_seal_to(key, p.bytes, p.n, NULL, 0);
    sealed.bytes = malloc(sealed.room);
    if (sealed.bytes == NULL || svy_seal_to(key, p.bytes, p.n, sealed.bytes, sealed.room) == 0)
        exit(1);
    free(p.bytes);
    return sealed;
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

/* How often a second this disk confirms 4 KB at the end of a file. */
static void disk(const char *folder)
{
    static char block[4096];
    char path[512];
    int n = 0;

    snprintf(path, sizeof path, "%s/bench_reception.sync", folder);
    const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    const double begin = now_s();
    for (; fd >= 0 && now_s() - begin < 1; n++)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) != 0)
            break;
    printf("{\"name\":\"fdatasync\",\"n\":%d,\"per_second\":%.0f}\n", n, n / (now_s() - begin));
    close(fd);
    unlink(path);
}

static void remove_study(const char *path)
{
    static const char *const ENDINGS[] = { "", "-wal", "-shm", ".lock" };
    char name[600];

    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ENDINGS[i]);
        unlink(name);
    }
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
