/* Numbering things that come in pieces, in the order they come. */
#include "estimate/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

enum { FIRST = 64 };

void svyi_keys_init(svyi_keys *k, const svy_alloc *alloc)
{
    *k = (svyi_keys){ .alloc = svyi_alloc_or_default(alloc) };
}

void svyi_keys_clear(svyi_keys *k)
{
    svyi_release(&k->alloc, k->keys, k->capacity * sizeof *k->keys);
    svyi_release(&k->alloc, k->numbers, k->capacity * sizeof *k->numbers);
    svyi_keys_init(k, &k->alloc);
}

static size_t spread(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return (size_t)(x * 0xd6e8feb86659fd93u >> 16);
}

/* The slot of a key: its own, or a free one (number SVYI_NO_NUMBER). */
static size_t find_slot(const uint64_t *keys, const uint32_t *numbers, size_t capacity, uint64_t key)
{
    size_t at = spread(key) & (capacity - 1);
    while (numbers[at] != SVYI_NO_NUMBER && keys[at] != key)
        at = (at + 1) & (capacity - 1);
    return at;
}

static int enlarge(svyi_keys *k)
{
    size_t capacity = k->capacity > 0 ? 2 * k->capacity : FIRST;
    if (capacity > SIZE_MAX / 2 / sizeof(uint64_t))
        return -1;
    uint64_t *keys = svyi_get(&k->alloc, capacity * sizeof *keys);
    uint32_t *numbers = svyi_get(&k->alloc, capacity * sizeof *numbers);
    if (keys == NULL || numbers == NULL) {
        svyi_release(&k->alloc, keys, capacity * sizeof *keys);
        svyi_release(&k->alloc, numbers, capacity * sizeof *numbers);
        return -1;
    }
    memset(numbers, 0xFF, capacity * sizeof *numbers);
    for (size_t i = 0; i < k->capacity; i++)
        if (k->numbers[i] != SVYI_NO_NUMBER) {
            size_t at = find_slot(keys, numbers, capacity, k->keys[i]);
            keys[at] = k->keys[i];
            numbers[at] = k->numbers[i];
        }
    uint32_t count = k->count;
    svyi_keys_clear(k);
    k->keys = keys;
    k->numbers = numbers;
    k->capacity = capacity;
    k->count = count;
    return 0;
}

uint32_t svyi_keys_add(svyi_keys *k, uint64_t key)
{
    if (k->count >= k->capacity / 2 && enlarge(k) != 0)
        return SVYI_NO_NUMBER;
    size_t at = find_slot(k->keys, k->numbers, k->capacity, key);
    if (k->numbers[at] == SVYI_NO_NUMBER && k->count < SVYI_NO_NUMBER) {
        k->keys[at] = key;
        k->numbers[at] = k->count++;
    }
    return k->numbers[at];
}

void svyi_texts_init(svyi_texts *t, const svy_alloc *alloc)
{
    *t = (svyi_texts){ .count = 0 };
    svyi_arena_init(&t->arena, alloc);
    svyi_map_init(&t->map, alloc);
}

void svyi_texts_clear(svyi_texts *t)
{
    svyi_release(&t->arena.alloc, t->items, t->capacity * sizeof *t->items);
    svyi_map_clear(&t->map);
    svyi_arena_clear(&t->arena);
    t->items = NULL;
    t->count = t->capacity = 0;
}

uint32_t svyi_texts_add(svyi_texts *t, const char *bytes, size_t len)
{
    uint32_t number = (uint32_t)t->count;
    if (svyi_map_find(&t->map, bytes, len, &number))
        return number;
    number = (uint32_t)t->count;
    const char *copy = t->count < SVYI_NO_NUMBER ? svyi_arena_text(&t->arena, bytes, len) : NULL;
    if (copy == NULL || svyi_grow(&t->arena.alloc, &t->items, &t->capacity, t->count + 1, sizeof *t->items) != 0 ||
        svyi_map_add(&t->map, copy, len, &number) != 0)
        return SVYI_NO_NUMBER;
    t->items[t->count++] = copy;
    return number;
}

void svyi_values_init(svyi_values *v, const svy_alloc *alloc)
{
    *v = (svyi_values){ .numbers = NULL };
    svyi_texts_init(&v->texts, alloc);
    svyi_keys_init(&v->bits, alloc);
}

void svyi_values_clear(svyi_values *v)
{
    svyi_release(&v->bits.alloc, v->numbers, v->capacity * sizeof *v->numbers);
    svyi_texts_clear(&v->texts);
    svyi_keys_clear(&v->bits);
    v->numbers = NULL;
    v->capacity = 0;
}

uint32_t svyi_values_add(svyi_values *v, const svy_column *c, size_t row)
{
    v->is_text = c->codes != NULL;
    if (c->codes != NULL) {
        const char *level = c->levels[c->codes[row]];
        return svyi_texts_add(&v->texts, level, strlen(level));
    }
    double x = c->numbers[row] + 0.0;      /* -0 becomes 0 */
    uint64_t bits;
    uint32_t before = v->bits.count;
    memcpy(&bits, &x, sizeof bits);
    uint32_t number = svyi_keys_add(&v->bits, bits);
    if (number == before) {
        if (svyi_grow(&v->bits.alloc, &v->numbers, &v->capacity, (size_t)number + 1, sizeof *v->numbers) != 0)
            return SVYI_NO_NUMBER;
        v->numbers[number] = x;
    }
    return number;
}

void svyi_values_text(const svyi_values *v, uint32_t number, char *out, size_t size)
{
    char text[32];
    if (v->is_text) {
        snprintf(out, size, "%s", v->texts.items[number]);
        return;
    }
    svyi_number_format(v->numbers[number], text);
    snprintf(out, size, "%s", text);
}
