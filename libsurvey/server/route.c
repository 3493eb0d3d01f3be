/* Which handler answers which address: exact patterns in constant tables, nothing else. */
#define _GNU_SOURCE
#include <string.h>

#include "server/core.h"
#include "server/http/gate.h"

/* Every table of routes. A path is in one of them, or there is nothing at it. */
static const svyi_route *const TABLES[] = { SVYI_ROUTES_FORM, SVYI_ROUTES_LOGIN, SVYI_ROUTES_PROJECT, SVYI_ROUTES_CASE_LIST, SVYI_ROUTES_UPLOAD, SVYI_ROUTES_PEOPLE, SVYI_ROUTES_STATUS,
                                            SVYI_ROUTES_ODK, SVYI_ROUTES_SYNC };

int svyi_route_match(const char *pattern, char *path, const char *part[SVYI_PARTS])
{
    char *begins[SVYI_PARTS] = { NULL }, *ends[SVYI_PARTS] = { NULL };
    size_t n = 0;

    while (*pattern != '\0' && *path != '\0') {
        if (*pattern != '*') {
            if (*pattern++ != *path++)
                return 0;
            continue;
        }
        const size_t len = strcspn(path, "/");
        if (len == 0 || n == SVYI_PARTS)
            return 0;
        part[n] = begins[n] = path;
        path += len;
        ends[n++] = path;
        pattern++;
    }
    if (*pattern != '\0' || *path != '\0')
        return 0;
    for (size_t i = 0; i < n; i++) {       /* only when all of it fits: the path is in pieces now */
        *ends[i] = '\0';
        svyi_target_reveal(begins[i]);
    }
    return 1;
}

int svyi_route_find(svyi_request *rq)
{
    const unsigned method = rq->method;
    char *path = svyi_arena_text(&rq->arena, rq->path, strlen(rq->path));
    int there = 0;

    if (path == NULL)
        return 503;
    for (size_t t = 0; t < sizeof TABLES / sizeof TABLES[0]; t++)
        for (const svyi_route *r = TABLES[t]; r->pattern != NULL; r++) {
            const char *part[SVYI_PARTS] = { "", "", "", "", "", "" };
            if (!(r->methods & method) && !(method == SVYI_HEAD && (r->methods & SVYI_GET))) {
                char *probe = there ? NULL : svyi_arena_text(&rq->arena, rq->path, strlen(rq->path));
                there |= probe != NULL && svyi_route_match(r->pattern, probe, part);
                continue;
            }
            if (svyi_route_match(r->pattern, path, part)) {
                rq->route = r;
                memcpy(rq->part, part, sizeof part);
                return 0;
            }
        }
    return there ? 405 : 404;
}
