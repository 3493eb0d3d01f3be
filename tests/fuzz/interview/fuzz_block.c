/* Holds interviews on compiled forms that come from anywhere: what opens can be started, walked and answered, however odd it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <survey/interview.h>

#include "base/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void go_through(svy_interview *iv)
{
    const svy_moment now = { .utc_ms = 1774958400000, .zone_minutes = 120 };
    char text[200];
    svy_place p = { 0, 0 };

    for (int i = 0; i < 200 && (p = svy_interview_step(iv, p, 1)).item != 0; i++) {
        svy_interview_text(iv, p, SVY_LABEL, 1, text, sizeof text);
        svy_interview_choices(iv, p, NULL, 0);
        const char *answers[] = { "1", "2", "a", "2026-01-02", "true", "x y" };
        for (size_t k = 0; k < sizeof answers / sizeof answers[0]; k++)
            if (svy_interview_answer(iv, p, answers[k], strlen(answers[k]), "", now, NULL, NULL) == SVY_OK)
                break;
    }
    svy_interview_json(iv, 0, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t kept = size / 8 * 8;
    uint64_t *block = malloc(kept + 8);
    svy_error err = SVY_ERROR_INIT;
    svy_form *form = NULL;

    if (block == NULL || size > 60000) {
        free(block);
        return 0;
    }
    memcpy(block, data, kept);
    if (kept >= 32) {                                /* a checksum that fits, so that what lies behind it is reached */
        const uint64_t total = kept, checksum = svyi_hash((const char *)block + 32, kept - 32);
        memcpy((char *)block + 16, &total, sizeof total);
        memcpy((char *)block + 24, &checksum, sizeof checksum);
    }
    if (svy_form_open(NULL, block, kept, &form, &err) == SVY_OK) {
        svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;
        svy_interview *iv = NULL;
        o.seed = 7;
        if (svy_interview_new(NULL, form, &o, (svy_moment){ .utc_ms = 1774958400000, .zone_minutes = 120 }, &iv, &err) == SVY_OK)
            go_through(iv);
        svy_interview_free(iv);
    }
    svy_form_free(form);
    free(block);
    return 0;
}
