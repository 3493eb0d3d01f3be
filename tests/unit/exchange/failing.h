/* Memory that runs out on demand, ours and libxml2's: `countdown` allocations still succeed, `live` pieces are in use. */
#ifndef SVY_TEST_FAILING_H
#define SVY_TEST_FAILING_H
#include <stdlib.h>
#include <string.h>

static size_t countdown, live;

/* For svy_alloc. */
static void *failing(void *user, void *ptr, size_t old, size_t size)
{
    (void)user;
    (void)old;
    if (size == 0) {
        live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (countdown == 0)
        return NULL;
    countdown--;
    live += ptr == NULL;
    return realloc(ptr, size);
}

/* For xmlMemSetup. */
static inline void *xml_malloc(size_t size) { return countdown == 0 ? NULL : (countdown--, live++, malloc(size)); }
static inline void *xml_realloc(void *ptr, size_t size) { return countdown == 0 ? NULL : (countdown--, live += ptr == NULL, realloc(ptr, size)); }
static inline void xml_free(void *ptr) { live -= ptr != NULL; free(ptr); }
static inline char *xml_strdup(const char *text)
{
    char *out = xml_malloc(strlen(text) + 1);
    return out != NULL ? strcpy(out, text) : NULL;
}
#endif
