/* malloc for the engine in the browser, a tenth of the C library's in size: blocks come in sizes of four steps to each power of two, what is freed waits in a list
   for the next of its size, and the memory grows at its end. One interview lives in it, for as long as its page is open. */
#ifdef __wasm__
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 16, STEPS = 4, CLASSES = 116 /* up to 4 GiB */, PAGE = 65536 };

typedef struct block { size_t class, unused; } block;      /* 8 bytes before every piece of memory */
typedef struct waiting { struct waiting *next; } waiting;

extern unsigned char __heap_base;
static uintptr_t top, end;
static waiting *lists[CLASSES];

/* The sizes are 16 20 24 28 32 40 48 ..., rounded up to 16: the classes of the small ones coincide in size. */
static size_t size_of(size_t class)
{
    const size_t power = (size_t)SMALLEST << (class / STEPS);

    return (power + power / STEPS * (class % STEPS) + 15) & ~(size_t)15;
}

static size_t class_of(size_t n)
{
    size_t class = 0;

    if (n > SMALLEST) {
        const size_t log = 31 - (size_t)__builtin_clz((uint32_t)(n - 1));      /* 2^log <= n - 1 < 2^(log + 1) */
        class = (log - 4) * STEPS;
    }
    while (size_of(class) < n)
        class++;
    return class;
}

/* Makes the memory reach to `to`. */
static int reach(uintptr_t to)
{
    if (to <= end)
        return 1;
    const size_t pages = (to - end + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1)
        return 0;
    end += pages * PAGE;
    return 1;
}

static void *get(size_t n)
{
    if (n > (size_t)1 << 30)
        return NULL;
    const size_t class = class_of(n);
    waiting *w = lists[class];
    if (w != NULL) {
        lists[class] = w->next;
        return w;
    }
    if (top == 0) {
        top = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
        end = __builtin_wasm_memory_size(0) * PAGE;
    }
    const size_t need = 16 + size_of(class);         /* 16: pieces stay aligned */
    if (!reach(top + need))
        return NULL;
    block *b = (block *)(top + 8);
    top += need;
    b->class = class;
    return b + 1;
}

void *malloc(size_t n) { return get(n); }

void free(void *p)
{
    if (p == NULL)
        return;
    const size_t class = ((block *)p - 1)->class;
    ((waiting *)p)->next = lists[class];
    lists[class] = p;
}

void *calloc(size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    void *p = get(n * size);
    if (p != NULL)
        memset(p, 0, n * size);
    return p;
}

/* The last piece of all grows where it is. */
void *realloc(void *p, size_t n)
{
    if (p == NULL)
        return get(n);
    block *b = (block *)p - 1;
    const size_t has = size_of(b->class);
    if (n <= has)
        return p;
    if ((uintptr_t)p + has == top && n <= (size_t)1 << 30 && reach((uintptr_t)p + size_of(class_of(n)))) {
        b->class = class_of(n);
        top = (uintptr_t)p + size_of(b->class);
        return p;
    }
    void *grown = get(n);
    if (grown != NULL) {
        memcpy(grown, p, has);
        free(p);
    }
    return grown;
}
#endif
