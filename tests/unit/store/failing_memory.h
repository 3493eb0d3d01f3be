/* Memory that runs out: an allocator for tests that gives nothing from the n-th call on, and knows how much it has given. */
#ifndef SVY_TEST_FAILING_MEMORY_H
#define SVY_TEST_FAILING_MEMORY_H
#include <stddef.h>
#include <stdlib.h>

typedef struct failing { long left; size_t live; } failing;    /* calls before it fails, -1: never; bytes given and not taken back */

static inline void *failing_alloc(void *user, void *ptr, size_t old_size, size_t new_size)
{
    failing *f = user;

    if (new_size == 0) {
        f->live -= ptr != NULL ? old_size : 0;
        free(ptr);
        return NULL;
    }
    if (f->left == 0)
        return NULL;
    f->left -= f->left > 0;
    void *out = realloc(ptr, new_size);
    f->live += out != NULL ? new_size - (ptr != NULL ? old_size : 0) : 0;
    return out;
}
#endif
