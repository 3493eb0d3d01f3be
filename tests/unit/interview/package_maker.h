/* Packages in memory, frame by frame: an interview at random, or anything a test wants to put into one. */
#ifndef SVY_TEST_PACKAGE_MAKER_H
#define SVY_TEST_PACKAGE_MAKER_H
#include <stdlib.h>
#include <string.h>
#include <survey/package.h>

typedef struct package_maker { unsigned char *bytes; size_t n, capacity; uint64_t events; } package_maker;

#define PM_UUID "0f0e0d0c-0b0a-4908-8706-050403020100"

static inline unsigned char *pm_room(package_maker *p, size_t need)
{
    if (p->n + need > p->capacity) {
        p->capacity = 2 * (p->n + need);
        p->bytes = realloc(p->bytes, p->capacity);
        if (p->bytes == NULL)
            abort();
    }
    p->n += need;
    return p->bytes + p->n - need;
}

static inline void pm_head(package_maker *p, const svy_form *form)
{
    const svy_package_head head = { PM_UUID, svy_form_id(form), svy_form_version(form), svy_form_checksum(form), "case 7", "", "" };
    const size_t need = svy_package_write_head(&head, NULL, 0);

    svy_package_write_head(&head, pm_room(p, need), need);
}

static inline void pm_sitting(package_maker *p, svy_mode mode)
{
    const svy_sitting s = { .first = p->events + 1, .mode = mode, .actor = "anna", .organisation = "", .device = "d1", .agent = "test", .clock_known = 1,
                            .clock_offset_ms = -1500 };
    const size_t need = svy_package_write_sitting(&s, NULL, 0);

    svy_package_write_sitting(&s, pm_room(p, need), need);
}

/* The journal of an interview: give it as { pm_event, &maker }. */
static inline svy_status pm_event(void *user, const svy_event *e, svy_error *err)
{
    package_maker *p = user;
    const size_t need = svy_package_write_event(e, NULL, 0);

    (void)err;
    svy_package_write_event(e, pm_room(p, need), need);
    p->events++;
    return SVY_OK;
}

static inline void pm_end(package_maker *p, svy_phase phase)
{
    const size_t need = svy_package_write_end(p->events, phase, NULL, 0);

    svy_package_write_end(p->events, phase, pm_room(p, need), need);
}

static inline void pm_free(package_maker *p)
{
    free(p->bytes);
    *p = (package_maker){ .bytes = NULL };
}
#endif
