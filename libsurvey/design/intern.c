/* Numbering distinct values in one pass: by a table when they are dense, by hashing otherwise. */
#include "design/intern.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* A row's key: a number minus `low` where numbers are dense integers, its bits where not, or a pair. */
typedef struct keys {
    const double *numbers;
    double low;
    int dense;
    const uint32_t *first, *second;
    uint64_t n_second;
} keys;

static inline uint64_t key_at(const keys *k, size_t row)
{
    if (k->numbers == NULL)
        return (k->first != NULL ? k->first[row] * k->n_second : 0) + k->second[row];
    if (k->dense)
        return (uint64_t)(k->numbers[row] - k->low);
    double x = k->numbers[row] + 0.0;      /* -0 becomes 0 */
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* `seen[key]` holds number + 1. */
static void number_dense(const keys *k, size_t rows, uint32_t *seen, uint32_t *out, uint32_t *count)
{
    uint32_t n = 0;
    for (size_t i = 0; i < rows; i++) {
        uint32_t *s = &seen[key_at(k, i)];
        if (*s == 0)
            *s = ++n;
        out[i] = *s - 1;
    }
    *count = n;
}

typedef struct slot { uint64_t key; uint32_t number; } slot;    /* number + 1; 0: free */

static inline uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

static slot *probe(slot *slots, size_t mask, uint64_t key)
{
    size_t at = (size_t)mix(key) & mask;
    while (slots[at].number != 0 && slots[at].key != key)
        at = (at + 1) & mask;
    return &slots[at];
}

static slot *enlarge(const svy_alloc *a, slot *old, size_t *capacity)
{
    size_t bigger = *capacity * 4;
    slot *slots = svyi_get(a, bigger * sizeof *slots);
    if (slots != NULL) {
        memset(slots, 0, bigger * sizeof *slots);
        for (size_t i = 0; i < *capacity; i++)
            if (old[i].number != 0)
                *probe(slots, bigger - 1, old[i].key) = old[i];
        svyi_release(a, old, *capacity * sizeof *old);
        *capacity = bigger;
    }
    return slots;
}

static svy_status number_hashed(const svy_alloc *a, const keys *k, size_t rows, uint32_t *out, uint32_t *count, svy_error *err)
{
    size_t capacity = 1024;
    slot *slots = svyi_get(a, capacity * sizeof *slots);
    uint32_t n = 0;
    uint64_t last = 0;
    if (slots == NULL)
        return svyi_nomem(err);
    memset(slots, 0, capacity * sizeof *slots);
    for (size_t i = 0; i < rows; i++) {
        uint64_t key = key_at(k, i);
        if (i > 0 && key == last) {             /* files usually come sorted */
            out[i] = out[i - 1];
            continue;
        }
        slot *s = probe(slots, capacity - 1, key);
        if (s->number == 0)
            *s = (slot){ key, ++n };
        out[i] = s->number - 1;
        if (n > capacity / 2) {
            slot *bigger = enlarge(a, slots, &capacity);
            if (bigger == NULL) {
                svyi_release(a, slots, capacity * sizeof *slots);
                return svyi_nomem(err);
            }
            slots = bigger;
        }
        last = key;
    }
    svyi_release(a, slots, capacity * sizeof *slots);
    *count = n;
    return SVY_OK;
}

static svy_status number_keys(const svy_alloc *a, const keys *k, size_t rows, uint64_t range, uint32_t *out, uint32_t *count, svy_error *err)
{
    *count = 0;
    if (range > 4 * (uint64_t)rows + 65536)
        return number_hashed(a, k, rows, out, count, err);
    uint32_t *seen = svyi_get(a, (size_t)range * sizeof *seen);
    if (seen == NULL)
        return svyi_nomem(err);
    memset(seen, 0, (size_t)range * sizeof *seen);
    number_dense(k, rows, seen, out, count);
    svyi_release(a, seen, (size_t)range * sizeof *seen);
    return SVY_OK;
}

/* Range of whole numbers, or one so large that hashing is chosen. */
static uint64_t number_range(const double *numbers, size_t rows, double *low)
{
    double high = *low = rows > 0 ? numbers[0] : 0;
    for (size_t i = 0; i < rows; i++) {
        if (numbers[i] != floor(numbers[i]))
            return UINT64_MAX;
        if (numbers[i] < *low) *low = numbers[i];
        if (numbers[i] > high) high = numbers[i];
    }
    return high - *low < 4e9 ? (uint64_t)(high - *low) + 1 : UINT64_MAX;
}

svy_status svyi_intern_column(const svy_alloc *a, const svy_column *c, size_t rows, uint32_t *out, uint32_t *count, svy_error *err)
{
    keys k = { 0 };
    uint64_t range = c->n_levels;
    if (c->numbers != NULL) {
        k.numbers = c->numbers;
        range = number_range(c->numbers, rows, &k.low);
        k.dense = range <= 4 * (uint64_t)rows + 65536;
    } else {
        k.second = c->codes;
    }
    return number_keys(a, &k, rows, range, out, count, err);
}

svy_status svyi_intern_pairs(const svy_alloc *a, size_t rows, const uint32_t *first, uint32_t n_first, const uint32_t *second,
                             uint32_t n_second, uint32_t *out, uint32_t *count, svy_error *err)
{
    keys k = { .first = first, .second = second, .n_second = n_second };
    return number_keys(a, &k, rows, (uint64_t)n_first * n_second, out, count, err);
}
