/* A device that carries out interviews without a study file and packs them, as the web form does. Include after study_form.h. */
#ifndef SVY_TEST_STUDY_DEVICE_H
#define SVY_TEST_STUDY_DEVICE_H
#include <survey/reception.h>

#include "study_form.h"

typedef struct device {
    fixture_block block;
    svy_form *form;
    svy_interview *iv;
    uint8_t *bytes; size_t n, room;
    const char *uuid, *case_id, *corrects, *reason;
    uint64_t events;
} device;

static inline void device_add(device *d, const void *bytes, size_t n)
{
    while (d->n + n > d->room) {
        d->room = d->room * 2 + 4096;
        d->bytes = realloc(d->bytes, d->room);
        if (d->bytes == NULL)
            abort();
    }
    memcpy(d->bytes + d->n, bytes, n);
    d->n += n;
}

#define DEVICE_FRAME(d, write, ...) \
    do { \
        const size_t need_ = write(__VA_ARGS__, NULL, 0); \
        uint8_t *frame_ = malloc(need_); \
        write(__VA_ARGS__, frame_, need_); \
        device_add(d, frame_, need_); \
        free(frame_); \
    } while (0)

static inline svy_status device_write(void *user, const svy_event *event, svy_error *err)
{
    device *d = user;

    (void)err;
    DEVICE_FRAME(d, svy_package_write_event, event);
    d->events = event->sequence;
    return SVY_OK;
}

static inline void device_sit(device *d, const char *actor, svy_mode mode)
{
    const svy_sitting sitting = { d->events + 1, mode, actor, "", "tablet-7", "form/1", 1, -250 };

    DEVICE_FRAME(d, svy_package_write_sitting, &sitting);
}

/* Begins an interview of the fixture's form `id`. */
static inline device device_open(const char *id, int extra, const char *uuid, const char *case_id)
{
    device d = { .block = fixture_form(id, extra), .uuid = uuid, .case_id = case_id, .corrects = "", .reason = "" };
    svy_error err = SVY_ERROR_INIT;

    if (svy_form_open(NULL, d.block.bytes, d.block.size, &d.form, &err) != SVY_OK)
        abort();
    return d;
}

static inline void device_start(device *d)
{
    svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    const svy_package_head head = { d->uuid, svy_form_id(d->form), svy_form_version(d->form), svy_form_checksum(d->form), d->case_id, d->corrects, d->reason };

    DEVICE_FRAME(d, svy_package_write_head, &head);
    device_sit(d, "ana", SVY_MODE_WEB);
    options.seed = 7;
    options.journal = (svy_journal){ device_write, d };
    if (svy_interview_new(NULL, d->form, &options, fixture_now(), &d->iv, &err) != SVY_OK)
        abort();
}

static inline void device_say(device *d, const char *id, const char *entry, const char *text)
{
    svy_error err = SVY_ERROR_INIT;

    if (fixture_answer(d->iv, id, entry, text, &err) != SVY_OK) {
        fprintf(stderr, "device: %s = %s: %s\n", id, text, err.message);
        abort();
    }
}

static inline void device_say_all(device *d, const char *words)
{
    static const char *const SAID[][3] = {
        { "centre", "", "Sofia" }, { "pkey", "", "AN05771" }, { "consent", "", "1" }, { "age", "", "34" }, { "wage", "", "300.25" }, { "status", "", "1" },
        { "helped", "", "1 3" }, { "born", "", "1991-12-24" }, { "household", "", "2" }, { "m_age", "member:1", "8" }, { "m_name", "member:1", "Ada" },
        { "m_age", "member:2", ":dk" } };
    svy_error err = SVY_ERROR_INIT;

    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++)
        device_say(d, SAID[i][0], SAID[i][1], SAID[i][2]);
    device_say(d, "words", "", words);
    for (int i = 1; i <= 2; i++) {
        char entry[16];
        snprintf(entry, sizeof entry, "member:%d", i);
        if (svy_interview_close_roster(d->iv, fixture_place(d->iv, "job", entry), fixture_now(), &err) != SVY_OK)
            abort();
    }
}

static inline void device_file(device *d, const char *name, const void *content, size_t n)
{
    static const uint8_t NONE[32];
    char hex[65];
    uint8_t digest[32];

    svy_hash_hex(content, n, hex);
    for (int i = 0; i < 32; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        digest[i] = (uint8_t)byte;
    }
    const svy_package_file file = { name, "image/jpeg", n, digest, NONE };
    DEVICE_FRAME(d, svy_package_write_file, &file);
}

static inline void device_complete(device *d)
{
    svy_error err = SVY_ERROR_INIT;

    if (svy_interview_complete(d->iv, fixture_now(), &err) != SVY_OK) {
        fprintf(stderr, "device: %s\n", err.message);
        abort();
    }
}

static inline void device_end(device *d)
{
    DEVICE_FRAME(d, svy_package_write_end, d->events, svy_interview_phase(d->iv));
}

static inline void device_close(device *d)
{
    svy_interview_free(d->iv);
    svy_form_free(d->form);
    svy_block_free(NULL, d->block.bytes, d->block.size);
    free(d->bytes);
}
#endif
