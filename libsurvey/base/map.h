/* A hash map from byte strings to a 32-bit number (an index): names, codes. Keys are borrowed and must outlive the map. */
#ifndef SVY_BASE_MAP_H
#define SVY_BASE_MAP_H
#include <survey/base.h>

typedef struct svyi_map { svy_alloc alloc; struct svyi_map_slot *slots; size_t capacity, count; } svyi_map;

void svyi_map_init(svyi_map *m, const svy_alloc *alloc);
void svyi_map_clear(svyi_map *m);
/* 0 added (with *value), 1 the key was there already (*value becomes the value it has), -1 out of memory. */
int svyi_map_add(svyi_map *m, const char *key, size_t len, uint32_t *value);
/* 1 found, 0 not (*value is 0). */
int svyi_map_find(const svyi_map *m, const char *key, size_t len, uint32_t *value);
/* 64-bit hash of bytes (for maps and checksums of our own blocks; not for secrets): XXH64, seed 0. The same on every platform. */
uint64_t svyi_hash(const void *bytes, size_t len);
#endif
