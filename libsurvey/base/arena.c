/* Memory through svy_alloc: bump allocation for objects that are freed together, and growing arrays. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = _Alignof(max_align_t), BLOCK_FIRST = 4096, BLOCK_LARGEST = 65536, GROW_FIRST = 8 };

struct svyi_block {
    struct svyi_block *next;
    size_t size, used;            /* bytes, header included */
};

static void *std_alloc(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

svy_alloc svyi_alloc_or_default(const svy_alloc *alloc)
{
    return alloc != NULL && alloc->fn != NULL ? *alloc : (svy_alloc){ .fn = std_alloc };
}

static size_t round_up(size_t n)
{
    return (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

void svyi_arena_init(svyi_arena *a, const svy_alloc *alloc)
{
    a->alloc = svyi_alloc_or_default(alloc);
    a->head = NULL;
}

void svyi_arena_clear(svyi_arena *a)
{
    const svy_alloc alloc = a->alloc;
    struct svyi_block *b = a->head;

    a->head = NULL;               /* the last touch of `a`, which may live in one of the blocks */
    while (b != NULL) {
        struct svyi_block *next = b->next;
        alloc.fn(alloc.user, b, b->size, 0);
        b = next;
    }
}

/* A block with room for `size` bytes. A block made for one large object goes behind the head, whose rest stays in use. */
static struct svyi_block *add_block(svyi_arena *a, size_t size)
{
    const size_t header = round_up(sizeof(struct svyi_block));
    size_t want = BLOCK_FIRST;

    if (a->head != NULL)
        want = a->head->size < BLOCK_LARGEST ? 2 * a->head->size : BLOCK_LARGEST;
    if (want > BLOCK_LARGEST)
        want = BLOCK_LARGEST;
    const int large = size > want - header;
    if (large)
        want = header + size;
    struct svyi_block *b = a->alloc.fn(a->alloc.user, NULL, 0, want);
    if (b == NULL)
        return NULL;
    *b = (struct svyi_block){ .size = want, .used = header };
    if (large && a->head != NULL) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        b->next = a->head;
        a->head = b;
    }
    return b;
}

void *svyi_arena_get(svyi_arena *a, size_t size)
{
    struct svyi_block *b = a->head;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = round_up(size);
    if (b == NULL || b->size - b->used < size)
        b = add_block(a, size);
    if (b == NULL)
        return NULL;
    void *p = (char *)b + b->used;
    b->used += size;
    return memset(p, 0, size);
}

char *svyi_arena_text(svyi_arena *a, const char *text, size_t len)
{
    char *copy = len < SIZE_MAX ? svyi_arena_get(a, len + 1) : NULL;

    if (copy != NULL && len > 0)
        memcpy(copy, text, len);
    return copy;
}

/* A size of 0 would mean "free" to the allocator. */
static size_t at_least_one(size_t size)
{
    return size > 0 ? size : 1;
}

void *svyi_get(const svy_alloc *a, size_t size)
{
    const svy_alloc alloc = svyi_alloc_or_default(a);

    return alloc.fn(alloc.user, NULL, 0, at_least_one(size));
}

void *svyi_resize(const svy_alloc *a, void *ptr, size_t old_size, size_t size)
{
    const svy_alloc alloc = svyi_alloc_or_default(a);

    return alloc.fn(alloc.user, ptr, ptr != NULL ? at_least_one(old_size) : 0, at_least_one(size));
}

void svyi_release(const svy_alloc *a, void *ptr, size_t size)
{
    const svy_alloc alloc = svyi_alloc_or_default(a);

    if (ptr != NULL)
        alloc.fn(alloc.user, ptr, at_least_one(size), 0);
}

int svyi_grow(const svy_alloc *a, void *array_pointer, size_t *capacity, size_t need, size_t item)
{
    void *array;

    if (need <= *capacity)
        return 0;
    if (item == 0 || need > SIZE_MAX / 2 / item)
        return -1;
    size_t wanted = *capacity < GROW_FIRST / 2 ? GROW_FIRST : 2 * *capacity;
    if (wanted < need || wanted > SIZE_MAX / 2 / item)
        wanted = need;
    memcpy(&array, array_pointer, sizeof array);   /* a T ** is not a void **: copying its bytes keeps the aliasing rules */
    array = svyi_resize(a, array, *capacity * item, wanted * item);
    if (array == NULL)
        return -1;
    memcpy(array_pointer, &array, sizeof array);
    *capacity = wanted;
    return 0;
}
