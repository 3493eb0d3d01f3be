/* A submission as it was posted: its XML and the files that came with it, where they lie in the body. */
#ifndef SVY_SERVER_ODK_PARTS_H
#define SVY_SERVER_ODK_PARTS_H
#include "base/arena.h"

typedef struct svyi_odk_part { const char *name, *type; const char *bytes; size_t size; } svyi_odk_part;
typedef struct svyi_odk_parts {
    const char *xml; size_t xml_size;
    svyi_odk_part *files; size_t n;
    int incomplete;                     /* more files come in another request */
} svyi_odk_parts;

/* @return SVY_OK, SVY_E_FORMAT, SVY_E_LIMIT, SVY_E_NOMEM. Texts lie in the arena, contents in the body. */
svy_status svyi_odk_parts_read(svyi_arena *arena, const char *content_type, const char *body, size_t size, svyi_odk_parts *parts, svy_error *err);
/* NULL when there is none of that name. */
const svyi_odk_part *svyi_odk_part_find(const svyi_odk_parts *parts, const char *name);
#endif
