/* A small reader of JSON from outside: a tree in an arena. */
#ifndef SVY_EXCHANGE_JSON_H
#define SVY_EXCHANGE_JSON_H
#include "base/arena.h"

typedef enum svyi_json_kind {
    SVYI_JSON_NULL, SVYI_JSON_FALSE, SVYI_JSON_TRUE, SVYI_JSON_NUMBER, SVYI_JSON_TEXT, SVYI_JSON_ARRAY, SVYI_JSON_OBJECT
} svyi_json_kind;

typedef struct svyi_json {
    svyi_json_kind kind;
    const char *key;             /* in an object; else NULL */
    const char *text;            /* of a text; of a number as it is written; else NULL */
    int line;
    struct svyi_json *first, *next;
} svyi_json;

/* @param why what is wrong in `*line`, a sentence. @return SVY_OK, SVY_E_SYNTAX, SVY_E_LIMIT (depth 64, 4,000,000 values), SVY_E_NOMEM */
svy_status svyi_json_parse(svyi_arena *arena, const char *bytes, size_t len, const svyi_json **out, int *line, const char **why);
/* The member of an object; NULL when `object` is none (also NULL) or has none of that name. */
const svyi_json *svyi_json_find(const svyi_json *object, const char *key);
#endif
