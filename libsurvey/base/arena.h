/* Bump allocation for objects that are built once and freed together, and plain allocation through svy_alloc. */
#ifndef SVY_BASE_ARENA_H
#define SVY_BASE_ARENA_H
#include <survey/base.h>

typedef struct svyi_arena { svy_alloc alloc; struct svyi_block *head; } svyi_arena;

void svyi_arena_init(svyi_arena *a, const svy_alloc *alloc);
void svyi_arena_clear(svyi_arena *a);            /* frees every block; the arena can be used again, unless it lives in one of its own blocks */
void *svyi_arena_get(svyi_arena *a, size_t size); /* zeroed, max-aligned; NULL when out of memory */
char *svyi_arena_text(svyi_arena *a, const char *text, size_t len); /* NUL-terminated copy */

/* The allocator to use for `alloc`, which may be NULL: malloc. */
svy_alloc svyi_alloc_or_default(const svy_alloc *alloc);
/* `a` may be NULL below. A size of 0 gets one byte. */
void *svyi_get(const svy_alloc *a, size_t size);                               /* not zeroed; NULL when out of memory */
void *svyi_resize(const svy_alloc *a, void *ptr, size_t old_size, size_t size);
void svyi_release(const svy_alloc *a, void *ptr, size_t size);                 /* NULL allowed */
/* Makes room for `need` items of `item` bytes in a growing array; doubles. Returns 0, or -1 when out of memory (array unchanged).
   `array_pointer` is the address of the array (T **); the array must come from this allocator or be NULL with capacity 0. */
int svyi_grow(const svy_alloc *a, void *array_pointer, size_t *capacity, size_t need, size_t item);
#endif
