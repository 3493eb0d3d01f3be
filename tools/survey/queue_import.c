/* survey import of a queue that a browser saved: every package and file in it as if the browser had sent it. */
#include "queue_import.h"
#include "record.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/reception.h>

enum { RECEIPTS = SVY_ERASED + 1 };
static const size_t MOST = (size_t)4 << 30;          /* bytes of a queue */

int queue_is(const char *path)
{
    static const char MAGIC[] = { 'S', 'V', 'Y', 'Q', 1 };
    char begin[sizeof MAGIC];
    FILE *in = fopen(path, "rb");
    const int is = in != NULL && fread(begin, 1, sizeof begin, in) == sizeof begin && memcmp(begin, MAGIC, sizeof begin) == 0;
    if (in != NULL)
        fclose(in);
    return is;
}

/* The whole file; NULL when it cannot be read or is too large. */
static void *read_whole(const char *path, size_t *n)
{
    FILE *in = fopen(path, "rb");
    char *bytes = NULL;
    size_t room = 0;
    *n = 0;
    while (in != NULL) {
        if (*n == room) {
            char *more = room < MOST ? realloc(bytes, room = room * 2 + 65536) : NULL;
            if (more == NULL)
                break;
            bytes = more;
        }
        const size_t got = fread(bytes + *n, 1, room - *n, in);
        if (got == 0)
            break;
        *n += got;
    }
    const int whole = in != NULL && feof(in) && !ferror(in);
    if (in != NULL)
        fclose(in);
    if (!whole) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

typedef struct telling { uint64_t counts[RECEIPTS]; } telling;

static void tell(void *user, const svy_received *received)
{
    telling *t = user;
    t->counts[received->receipt]++;
    if (received->receipt == SVY_KEPT_ASIDE)
        tool_say("kept aside: %s", received->sentence);
    else if (received->receipt == SVY_KEPT_BOTH || received->receipt == SVY_ERASED)
        tool_say("%s: %s", received->uuid, received->sentence);
    else if (received->receipt == SVY_NEEDS_FILES)
        tool_say("%s: not stored: a photo or another file of it is not in the queue; save the queue again", received->uuid);
}

int queue_import(svy_study *study, const char *path, int quiet)
{
    svy_error err = SVY_ERROR_INIT;
    telling t = { { 0 } };
    size_t n;
    void *bytes = read_whole(path, &n);
    if (bytes == NULL) {
        tool_say("%s: the file cannot be read", path);
        return EXIT_SYSTEM;
    }
    const svy_status st = svy_study_import_queue(study, bytes, n, NULL, record_now(), tell, &t, &err);
    free(bytes);
    const uint64_t stored = t.counts[SVY_STORED] + t.counts[SVY_KEPT_BOTH];
    if (!quiet || st != SVY_OK)
        tool_say("%llu interview%s stored, %llu were there already, %llu kept aside, %llu not stored", (unsigned long long)stored, stored == 1 ? "" : "s",
                 (unsigned long long)t.counts[SVY_STORED_ALREADY], (unsigned long long)t.counts[SVY_KEPT_ASIDE], (unsigned long long)t.counts[SVY_NEEDS_FILES]);
    if (st != SVY_OK)
        return tool_fail(&err);
    return t.counts[SVY_NEEDS_FILES] > 0 ? EXIT_WRONG : EXIT_DONE;
}
