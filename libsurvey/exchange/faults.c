/* Remembers where a fault was reported, so that it is not reported again by a later check. */
#include "exchange/schema/schema.h"
#include <stdio.h>

void svyi_faults_init(svyi_faults *f, const svy_alloc *alloc)
{
    svyi_arena_init(&f->arena, alloc);
    svyi_map_init(&f->places, alloc);
}

void svyi_faults_clear(svyi_faults *f)
{
    svyi_map_clear(&f->places);
    svyi_arena_clear(&f->arena);
}

enum { KEY_SIZE = 512 };
static size_t key_of(char key[KEY_SIZE], const char *source, int line, const char *element)
{
    const int n = snprintf(key, KEY_SIZE, "%d:%.70s:%s", line, element, source);
    return n < 0 ? 0 : n < KEY_SIZE ? (size_t)n : KEY_SIZE - 1;
}

svy_status svyi_faults_add(svyi_faults *f, const char *source, int line, const char *element, svy_error *err)
{
    char text[KEY_SIZE];
    uint32_t one = 1;
    const size_t n = key_of(text, source, line, element);
    const char *key = svyi_arena_text(&f->arena, text, n);
    return key == NULL || svyi_map_add(&f->places, key, n, &one) < 0 ? svyi_nomem(err) : SVY_OK;
}

int svyi_faults_has(const svyi_faults *f, const char *source, int line, const char *element)
{
    char key[KEY_SIZE];
    uint32_t one;
    return svyi_map_find(&f->places, key, key_of(key, source, line, element), &one);
}
