/* What was kept aside because it waits for an interview (a correction that came before what it corrects), when that interview is here. */
#include "store/reception/priv.h"

enum { WAITING_MS = 250 };   /* of the processor, for all that waited for one interview */

/* Checking an ordinary interview takes a millisecond, and one or two corrections wait: what is over the limit stays kept until somebody who runs the study tries
 * it again. */
svy_status svyi_kept_waiting(svy_study *s, const svy_reception *r, const char *uuid, svy_error *err)
{
    svyi_sequences waiting = { .n = 0 };
    svy_opened ignored = { .tried = 0 };
    svy_status st = svyi_numbers_of(s, "SELECT number FROM kept_aside WHERE waits_for = ? AND waits_for <> '' ORDER BY number", uuid, &waiting, err);
    const int64_t until = svyi_processor_ns() + WAITING_MS * INT64_C(1000000);

    for (size_t i = 0; i < waiting.n && st == SVY_OK; i++) {
        const int64_t left = until - svyi_processor_ns();
        if (left < 1000000)
            break;
        st = svyi_kept_try(s, r, (int64_t)waiting.numbers[i], (unsigned)(left / 1000000), &ignored, err);
    }
    svyi_release(&s->alloc, waiting.numbers, waiting.capacity * sizeof *waiting.numbers);
    return st;
}

svy_status svy_study_waiting(svy_study *s, const svy_reception *r, const char *uuid, int64_t *after, unsigned patience_ms, svy_arrival **out, svy_error *err)
{
    svy_status st = SVY_OK;
    int found = 1;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(s != NULL && r != NULL && uuid != NULL && after != NULL && patience_ms > 0, err);
    while (*out == NULL && st == SVY_OK && (found = svyi_db_number(s, Q_KEPT_WAITING, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_int(*after)), after, err)) == 1)
        st = svyi_kept_load(s, r, *after, patience_ms, out, err);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}
