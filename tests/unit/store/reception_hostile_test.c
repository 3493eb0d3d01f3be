/* Arrivals made to break things: cut at every byte, flipped bits, floods of events, memory that runs out. Nothing crashes, nothing is half stored, every
 * package that cannot be taken is kept aside with a reason. */
#define _POSIX_C_SOURCE 200809L
#include "failing_memory.h"
#include "study_scratch.h"
#include "study_device.h"
#include "store/reception/priv.h"

TestSuite(reception_hostile, .init = enter, .fini = leave);

static const char U1[] = "11111111-1111-4111-8111-111111111111";

static void whole(device *d)
{
    *d = device_open("tcn-study", 0, U1, "c1");
    device_start(d);
    device_say_all(d, "hello");
    device_complete(d);
    device_end(d);
}

static svy_received receive(svy_study *s, const svy_reception *r, const void *bytes, size_t n)
{
    svy_error err = SVY_ERROR_INIT;
    svy_arrival *a;
    svy_received out;

    OK(svy_arrival_prepare(r, bytes, n, 0, NULL, fixture_now(), &a, &err));
    OK(svy_study_receive(s, &a, 1, &out, &err));
    svy_arrival_free(a);
    return out;
}

static void verified(svy_study *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };

    OK(svy_study_verify(s, &diags, &err));
}

/* While others wait, running journals again has a limit, which ends with the arrival: others than that are not hurried. */
Test(reception_hostile, nothing_holds_the_writer)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;
    svy_reception *r;
    device d;

    whole(&d);
    OK(svy_reception_new(s, &r, &err));
    cr_expect_eq(receive(s, r, d.bytes, d.n).receipt, SVY_STORED);
    s->until_ns = 1;                          /* long over */
    FAILS(svyi_journal_replay(s, 1, r->versions->form, NULL, &iv, &err), SVY_E_LIMIT, "takes too long");
    s->until_ns = 0;
    OK(svyi_journal_replay(s, 1, r->versions->form, NULL, &iv, &err));
    svy_interview_free(iv);
    device_close(&d);
    svy_reception_free(r);
    svy_study_close(s);
}

Test(reception_hostile, cut_at_every_byte)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_reception *r;
    device d;

    whole(&d);
    OK(svy_reception_new(s, &r, &err));
    for (size_t n = 0; n < d.n; n++) {
        svy_arrival *a;
        OK(svy_arrival_prepare(r, d.bytes, n, 0, NULL, fixture_now(), &a, &err));
        cr_assert_neq(svy_arrival_reason(a)[0], '\0', "%zu of %zu bytes are taken", n, d.n);
        svy_arrival_free(a);
    }
    cr_expect_eq(receive(s, r, d.bytes, d.n / 2).receipt, SVY_KEPT_ASIDE);
    cr_expect_eq(receive(s, r, d.bytes, d.n).receipt, SVY_STORED);
    SAYS("SELECT count(*) FROM interviews", "1");
    verified(s);
    svy_reception_free(r);
    device_close(&d);
    svy_study_close(s);
}

/* A device that lies: completed without an answer that is required. */
Test(reception_hostile, completed_before_its_end)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_reception *r;

    OK(svy_reception_new(s, &r, &err));
    for (int mode = SVY_MODE_TERMINAL; mode <= SVY_MODE_SIMULATION; mode++) {
        device d = device_open("tcn-study", 0, U1, "c1");
        const svy_sender from = { .mode = (svy_mode)mode };
        svy_arrival *a;
        device_start(&d);
        device_say(&d, "centre", "", "Sofia");
        const svy_event end = { .sequence = d.events + 1, .moment = fixture_now(), .action = SVY_DID_COMPLETE, .item = "", .entry = "", .value = "", .reason = "" };
        (void)!device_write(&d, &end, &err);
        DEVICE_FRAME(&d, svy_package_write_end, d.events, SVY_COMPLETE);
        OK(svy_arrival_prepare(r, d.bytes, d.n, 0, &from, fixture_now(), &a, &err));
        cr_expect_neq(svy_arrival_reason(a)[0], '\0', "%s", svy_mode_name((svy_mode)mode));
        svy_arrival_free(a);
        device_close(&d);
    }
    svy_reception_free(r);
    svy_study_close(s);
}

/* Flips one bit at a time, anywhere. What still reads as an interview becomes one, and the file stays whole. */
Test(reception_hostile, flipped_bits)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_reception *r;
    device d;
    unsigned random = 20260331, aside = 0;

    whole(&d);
    OK(svy_reception_new(s, &r, &err));
    for (int i = 0; i < 400; i++) {
        random = random * 1664525u + 1013904223u;
        const size_t at = (random >> 8) % d.n;
        const uint8_t bit = (uint8_t)(1u << (random >> 29));
        d.bytes[at] ^= bit;
        aside += receive(s, r, d.bytes, d.n).receipt == SVY_KEPT_ASIDE;
        d.bytes[at] ^= bit;
    }
    cr_expect_gt(aside, 100);
    verified(s);
    svy_reception_free(r);
    device_close(&d);
    svy_study_close(s);
}

Test(reception_hostile, a_flood_of_events_and_files_that_never_come)
{
    static const uint8_t NONE[32] = { 1 };
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_reception *r;
    device d = device_open("tcn-study", 0, U1, "c1");

    device_start(&d);
    for (int i = 0; i < 50000; i++)
        OK(svy_interview_go(d.iv, fixture_place(d.iv, "centre", ""), (svy_moment){ 1774944000000 + i, 0, i }, &err));
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "photo-%d.jpg", i);
        const svy_package_file file = { name, "image/jpeg", 10, NONE, NONE };
        DEVICE_FRAME(&d, svy_package_write_file, &file);
    }
    device_end(&d);
    OK(svy_reception_new(s, &r, &err));
    const svy_received out = receive(s, r, d.bytes, d.n);
    cr_expect(out.receipt == SVY_NEEDS_FILES || out.receipt == SVY_KEPT_ASIDE, "%s %s", svy_receipt_name(out.receipt), out.sentence);
    SAYS("SELECT count(*) FROM interviews", "0");
    svy_reception_free(r);
    device_close(&d);
    svy_study_close(s);
}

/* ---- memory running out ---- */

/* Prepares and stores with an allocator that fails from the n-th call on. */
static svy_status try_with(svy_study *s, const svy_reception *r, const device *d, svy_error *err)
{
    svy_arrival *a = NULL;
    svy_received out;
    svy_status st = svy_arrival_prepare(r, d->bytes, d->n, 0, NULL, (svy_moment){ 1774944000000, 0, 0 }, &a, err);

    if (st == SVY_OK)
        cr_assert_eq(svy_arrival_reason(a)[0], '\0', "memory that runs out is no reason: %s", svy_arrival_reason(a));
    if (st == SVY_OK)
        st = svy_study_receive(s, &a, 1, &out, err);
    if (st == SVY_OK)
        cr_expect_eq(out.receipt, SVY_STORED, "%s", out.sentence);
    svy_arrival_free(a);
    return st;
}

Test(reception_hostile, memory_running_out_stores_all_or_nothing)
{
    svy_error err = SVY_ERROR_INIT;
    failing f = { -1, 0 };
    const svy_alloc alloc = { failing_alloc, &f };
    svy_study *s;
    svy_reception *r;
    device d;
    long n = 0;
    svy_status st;

    svy_study_close(make());
    whole(&d);
    OK(svy_study_open(&alloc, path, SVY_STUDY_WRITE, &s, &err));
    OK(svy_reception_new(s, &r, &err));
    do {
        f.left = n++;
        st = try_with(s, r, &d, &err);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "after %ld: %d %s", n, (int)st, err.message);
        if (st != SVY_OK) {
            SAYS("SELECT (SELECT count(*) FROM interviews) || (SELECT count(*) FROM submissions) || (SELECT count(*) FROM kept_aside)", "000");
        }
    } while (st != SVY_OK && n < 100000);
    f.left = -1;
    SAYS("SELECT (SELECT count(*) FROM interviews) || (SELECT count(*) FROM submissions) || (SELECT count(*) FROM kept_aside)", "110");
    verified(s);
    svy_reception_free(r);
    svy_study_close(s);
    cr_expect_eq(f.live, 0);
    device_close(&d);
}
