/* The one study that all inputs of a fuzz target begin from: a file of its own, gone when the target ends. */
#ifndef FUZZ_STUDY_H
#define FUZZ_STUDY_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../unit/store/study_form.h"

static char fuzz_folder[] = "fuzz_study.XXXXXX", fuzz_path[64];

static void fuzz_clean(void)
{
    static const char *const ENDS[] = { "", "-wal", "-shm", ".lock" };

    for (size_t i = 0; i < sizeof ENDS / sizeof ENDS[0]; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", fuzz_path, ENDS[i]);
        (void)!unlink(name);
    }
    (void)!rmdir(fuzz_folder);
}

/* A study with one form, open for writing. */
static svy_study *fuzz_study(const fixture_block *block)
{
    svy_study *s = NULL;

    if (mkdtemp(fuzz_folder) == NULL)
        abort();
    snprintf(fuzz_path, sizeof fuzz_path, "%s/s", fuzz_folder);
    if (svy_study_create(NULL, fuzz_path, fixture_now(), NULL) != SVY_OK || svy_study_open(NULL, fuzz_path, SVY_STUDY_WRITE, &s, NULL) != SVY_OK ||
        svy_study_deploy(s, block->bytes, block->size, NULL, 0, "fuzz", fixture_now(), NULL) != SVY_OK)
        abort();
    atexit(fuzz_clean);
    return s;
}

#endif
