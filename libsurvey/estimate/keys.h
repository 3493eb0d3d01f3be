/* Numbering things that come in pieces: pairs of numbers, texts, values of columns. Internal. */
#ifndef SVY_ESTIMATE_KEYS_H
#define SVY_ESTIMATE_KEYS_H
#include <survey/frame.h>

#include "base/arena.h"
#include "base/map.h"

#define SVYI_NO_NUMBER UINT32_MAX

/* Distinct 64-bit keys, numbered from 0 in the order they come. */
typedef struct svyi_keys { svy_alloc alloc; uint64_t *keys; uint32_t *numbers; size_t capacity; uint32_t count; } svyi_keys;
void svyi_keys_init(svyi_keys *k, const svy_alloc *alloc);
void svyi_keys_clear(svyi_keys *k);
/* The number of a key, a new one when it has not come before; SVYI_NO_NUMBER when out of memory. */
uint32_t svyi_keys_add(svyi_keys *k, uint64_t key);
static inline uint64_t svyi_key(uint32_t a, uint32_t b) { return (uint64_t)a << 32 | b; }

/* Distinct byte strings, which are copied. */
typedef struct svyi_texts { svyi_arena arena; svyi_map map; const char **items; size_t count, capacity; } svyi_texts;
void svyi_texts_init(svyi_texts *t, const svy_alloc *alloc);
void svyi_texts_clear(svyi_texts *t);
uint32_t svyi_texts_add(svyi_texts *t, const char *bytes, size_t len);

/* Distinct values of a column: numbers, or levels by their text. */
typedef struct svyi_values { svyi_texts texts; svyi_keys bits; double *numbers; size_t capacity; int is_text; } svyi_values;
void svyi_values_init(svyi_values *v, const svy_alloc *alloc);
void svyi_values_clear(svyi_values *v);
uint32_t svyi_values_add(svyi_values *v, const svy_column *c, size_t row);
/* A value as text; at most `size` bytes with the NUL. */
void svyi_values_text(const svyi_values *v, uint32_t number, char *out, size_t size);
#endif
