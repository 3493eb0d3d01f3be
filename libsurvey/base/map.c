/* A hash map from borrowed byte strings to indices: open addressing with linear probing, at most three quarters full. */
#include "base/map.h"

#include <string.h>

#include "base/arena.h"

enum { FIRST = 16 };              /* slots; always a power of two */

struct svyi_map_slot {
    const char *key;              /* NULL: empty */
    size_t len;
    uint32_t hash, value;
};

void svyi_map_init(svyi_map *m, const svy_alloc *alloc)
{
    *m = (svyi_map){ .alloc = svyi_alloc_or_default(alloc) };
}

void svyi_map_clear(svyi_map *m)
{
    svyi_release(&m->alloc, m->slots, m->capacity * sizeof *m->slots);
    m->slots = NULL;
    m->capacity = m->count = 0;
}

/* The slot that holds the key, or the empty one where it belongs. There is always an empty slot. */
static struct svyi_map_slot *find_slot(const svyi_map *m, const char *key, size_t len, uint32_t hash)
{
    size_t i = hash & (m->capacity - 1);

    for (;; i = (i + 1) & (m->capacity - 1)) {
        struct svyi_map_slot *s = &m->slots[i];
        if (s->key == NULL || (s->hash == hash && s->len == len && memcmp(s->key, key, len) == 0))
            return s;
    }
}

static int enlarge(svyi_map *m)
{
    const svyi_map old = *m;
    const size_t capacity = old.capacity > 0 ? 2 * old.capacity : FIRST;

    if (capacity > SIZE_MAX / 2 / sizeof *m->slots || capacity > UINT32_MAX / 2)
        return -1;                /* the slot is chosen by 32 bits of the hash */
    struct svyi_map_slot *slots = svyi_get(&m->alloc, capacity * sizeof *slots);
    if (slots == NULL)
        return -1;
    for (size_t i = 0; i < capacity; i++)
        slots[i] = (struct svyi_map_slot){ .key = NULL };
    m->slots = slots;
    m->capacity = capacity;
    for (size_t i = 0; i < old.capacity; i++) {
        const struct svyi_map_slot *s = &old.slots[i];
        if (s->key != NULL)
            *find_slot(m, s->key, s->len, s->hash) = *s;
    }
    svyi_release(&m->alloc, old.slots, old.capacity * sizeof *old.slots);
    return 0;
}

int svyi_map_add(svyi_map *m, const char *key, size_t len, uint32_t *value)
{
    const uint32_t hash = (uint32_t)(svyi_hash(key, len) >> 32);

    if (m->count >= m->capacity - m->capacity / 4 && enlarge(m) != 0)
        return -1;
    if (key == NULL)
        key = "";                 /* an empty key is a key */
    struct svyi_map_slot *s = find_slot(m, key, len, hash);
    if (s->key != NULL) {
        *value = s->value;
        return 1;
    }
    *s = (struct svyi_map_slot){ .key = key, .len = len, .hash = hash, .value = *value };
    m->count++;
    return 0;
}

int svyi_map_find(const svyi_map *m, const char *key, size_t len, uint32_t *value)
{
    *value = 0;
    if (m->count == 0)
        return 0;
    const struct svyi_map_slot *s = find_slot(m, key != NULL ? key : "", len, (uint32_t)(svyi_hash(key, len) >> 32));
    if (s->key == NULL)
        return 0;
    *value = s->value;
    return 1;
}
