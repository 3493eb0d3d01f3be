/* A form of 250 questions and packages of its interviews, sealed as a device seals them: what the benches of reception and of the server send. */
#ifndef SURVEY_BENCH_MAKE_PACKAGES_H
#define SURVEY_BENCH_MAKE_PACKAGES_H
#include <fcntl.h>
#include <survey/reception.h>
#include <time.h>
#include <unistd.h>

#include "../unit/interview/make_form.h"

enum { QUESTIONS = 250, ON_A_PAGE = 5 };

typedef struct package { uint8_t *bytes; size_t n, room; } package;

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
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

/* How often a second this disk confirms 4 KB at the end of a file. */
static void disk(const char *folder)
{
    static char block[4096];
    char path[512];
    int n = 0;

    snprintf(path, sizeof path, "%s/bench.sync", folder);
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

#endif
