/* Bundles from anywhere. Frames that are in form are put into a bundle with a good end and taken by a study: whatever they say, the study stays one that verifies itself.
   Every input begins from the same study: what was taken is taken back. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_study.h"
#include "store/sync/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static svy_study *the_study(void)
{
    static svy_study *s;

    if (s == NULL) {
        fixture_block block = fixture_form("tcn-study", 0);
        s = fuzz_study(&block);
        svy_block_free(NULL, block.bytes, block.size);
    }
    return s;
}

/* A bundle of the study's own head and the frames in the data, each of which begins where the one before ended. */
static void gather(svy_study *s, svyi_bundle *b, const uint8_t *data, size_t size)
{
    svyi_frame_read frame;

    svyi_bundle_begin(b, NULL);
    if (svyi_sync_head(s, 0, b, NULL) != SVY_OK)
        abort();
    for (size_t at = 0; at < size && svyi_bundle_parse(data + at, size - at, &frame); at += frame.size)
        if (frame.kind != SVYI_B_HEAD && frame.kind != SVYI_B_END)
            svyi_bundle_copy(b, frame.begin, frame.size);
    svyi_bundle_finish(b);
}

static void take(svy_study *s, const svyi_bundle *b, const svy_principal *who)
{
    svy_merged merged = { 0 };
    svy_diags diags = { NULL, NULL, 0, 0 };

    if (svyi_db_begin(s, NULL) != SVY_OK)
        abort();
    const svy_status st = svy_sync_merge(s, who, b->out.data, b->out.len, "fuzz", fixture_now(), &merged, NULL, NULL);
    if (st == SVY_OK && svy_study_verify(s, &diags, NULL) == SVY_E_INVALID)
        abort();
    if (svyi_db_end(s, SVY_E_STATE, NULL) != SVY_E_STATE)
        abort();
    svyi_versions_close(s);              /* those that were taken back */
}

static svy_status ignore(void *user, const void *bytes, size_t n)
{
    (void)user;
    return svyi_bundle_check(bytes, n, NULL) == SVY_OK ? SVY_OK : SVY_E_FORMAT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svy_principal partner = { .role = SVY_ROLE_SUPERVISOR, .name = "pat", .organisation = "NSI" };
    svy_study *s = the_study();
    svyi_bundle b;
    uint64_t served;

    (void)!svyi_bundle_check(data, size, NULL);
    gather(s, &b, data, size);
    if (b.out.failed || svyi_bundle_check(b.out.data, b.out.len, NULL) != SVY_OK)
        abort();
    take(s, &b, NULL);
    take(s, &b, &partner);
    (void)!svy_sync_have(s, NULL, b.out.data, b.out.len, ignore, NULL, NULL);
    (void)!svy_sync_groups(s, &partner, b.out.data, b.out.len, ignore, NULL, NULL);
    (void)!svy_sync_differ(NULL, b.out.data, b.out.len, b.out.data, b.out.len, ignore, NULL, &served, NULL);
    (void)!svy_sync_give(s, &partner, b.out.data, b.out.len, 0, ignore, NULL, &served, NULL);
    svyi_buffer_clear(&b.out);
    return 0;
}
