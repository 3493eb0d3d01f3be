/* What both tests of power cuts share: counting what was lost, ending with a reason, and a study that is gone with all its files. */
#ifndef SVY_TEST_POWER_CUT_H
#define SVY_TEST_POWER_CUT_H
#include <stdio.h>
#include <stdlib.h>
#include <survey/base.h>

typedef struct totals { unsigned long acknowledged, lost, cuts_with_loss, corrupt; } totals;

static inline void die(const char *what, const svy_error *err)
{
    fprintf(stderr, "power cuts: %s: %s\n", what, err->message);
    exit(1);
}

static inline void remove_study(const char *path)
{
    static const char *const ENDINGS[] = { "", "-wal", "-shm", "-journal", ".lock" };
    char name[128];

    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ENDINGS[i]);
        remove(name);
    }
}
#endif
