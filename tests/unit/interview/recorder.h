/* A journal in memory, which can fail on demand; and comparing whole states. */
#ifndef SVY_TEST_RECORDER_H
#define SVY_TEST_RECORDER_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/interview.h>

typedef struct kept_event { svy_event e; char *item, *entry, *value, *reason; } kept_event;
typedef struct recorder { kept_event *events; size_t n, capacity; long writes_left; /* -1: all succeed */ } recorder;

static inline char *rec_copy(const char *text, size_t len)
{
    char *copy = malloc(len + 1);

    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static inline svy_status rec_write(void *user, const svy_event *e, svy_error *err)
{
    recorder *r = user;

    (void)err;
    if (r->writes_left == 0)
        return SVY_E_IO;
    if (r->writes_left > 0)
        r->writes_left--;
    if (r->n == r->capacity) {
        r->capacity = r->capacity > 0 ? 2 * r->capacity : 64;
        r->events = realloc(r->events, r->capacity * sizeof *r->events);
        if (r->events == NULL)
            abort();
    }
    kept_event *k = &r->events[r->n++];
    k->e = *e;
    k->e.item = k->item = rec_copy(e->item, strlen(e->item));
    k->e.entry = k->entry = rec_copy(e->entry, strlen(e->entry));
    k->e.value = k->value = rec_copy(e->value, e->value_len);
    k->e.reason = k->reason = rec_copy(e->reason, strlen(e->reason));
    return SVY_OK;
}

static inline void rec_free(recorder *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->events[i].item);
        free(r->events[i].entry);
        free(r->events[i].value);
        free(r->events[i].reason);
    }
    free(r->events);
    *r = (recorder){ .writes_left = -1 };
}

typedef struct state { unsigned char *bytes; size_t len; } state;

static inline state state_of(const svy_interview *iv)
{
    state s = { .len = svy_interview_state(iv, NULL, 0) };

    s.bytes = malloc(s.len > 0 ? s.len : 1);
    if (s.bytes == NULL || svy_interview_state(iv, s.bytes, s.len) != s.len)
        abort();
    return s;
}

static inline int state_same(const state *a, const state *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Rebuilds an interview from the first `n` events. NULL when one does not fit. */
static inline svy_interview *rec_replay(const recorder *r, size_t n, const svy_form *form, svy_error *err)
{
    svy_interview *iv = NULL;

    if (svy_interview_replay_begin(NULL, form, NULL, &iv, err) != SVY_OK)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (svy_interview_replay(iv, &r->events[i].e, err) != SVY_OK) {
            svy_interview_free(iv);
            return NULL;
        }
    return iv;
}
#endif
