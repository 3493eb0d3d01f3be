/* An allocator for tests: fails on demand, and knows the size of everything it gave out. */
#ifndef SVY_TEST_WATCHED_ALLOC_H
#define SVY_TEST_WATCHED_ALLOC_H
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <survey/base.h>

typedef struct watched {
    long calls_left;              /* allocations that still succeed; -1: all */
    size_t bytes;                 /* in use */
    unsigned calls, wrong_sizes;
} watched;

typedef union watched_head { size_t size; max_align_t align; } watched_head;

static void *watched_fn(void *user, void *ptr, size_t old_size, size_t new_size)
{
    watched *w = user;
    watched_head *head = ptr != NULL ? (watched_head *)ptr - 1 : NULL;

    if ((head != NULL ? head->size : 0) != old_size)
        w->wrong_sizes++;
    if (new_size == 0) {
        w->bytes -= old_size;
        free(head);
        return NULL;
    }
    w->calls++;
    if (w->calls_left == 0)
        return NULL;
    if (w->calls_left > 0)
        w->calls_left--;
    watched_head *fresh = malloc(sizeof *fresh + new_size);   /* always moves: a stale pointer is found by ASan */
    if (fresh == NULL)
        return NULL;
    memset(fresh + 1, 0xA5, new_size);
    if (head != NULL)
        memcpy(fresh + 1, ptr, old_size < new_size ? old_size : new_size);
    free(head);
    fresh->size = new_size;
    w->bytes += new_size - old_size;
    return fresh + 1;
}

static inline svy_alloc watched_alloc(watched *w, long calls_left)
{
    *w = (watched){ .calls_left = calls_left };
    return (svy_alloc){ .fn = watched_fn, .user = w };
}

static inline void watched_end(const watched *w)
{
    cr_expect_eq(w->bytes, 0, "%zu bytes were not released", w->bytes);
    cr_expect_eq(w->wrong_sizes, 0, "%u calls gave a wrong old size", w->wrong_sizes);
}
#endif
