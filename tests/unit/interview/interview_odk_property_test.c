/* What must hold of forms with ODK's expressions whatever happens: replay, full re-evaluation, failing memory leave the state they should. */
#include <criterion/criterion.h>

#include "base/number.h"
#include "interview/odk_priv.h"
#include "make_odk.h"
#include "recorder.h"
#include "../base/watched_alloc.h"

static const svy_moment START = { .utc_ms = 1774958400000, .zone_minutes = 120 };
static const char *const COMPATS[] = { "strict", "collect", "web" };

/* A random change of a random place; most are refused, which must change nothing. */
static svy_status disturb(svy_interview *iv, const svy_form *form, svyi_random *r, svy_moment *now)
{
    static const char *const ANSWERS[] = { "1", "2", "3", "4", "0", "-5", "17", "v", "b v", "s", "p s", "r b", "v b s p r", "s p", "b v",
                                           "1.5", "first", "2026-01-31", "some words", "", "x" };
    static const char *const REASONS[] = { "", "", "because" };
    enum { N = sizeof ANSWERS / sizeof ANSWERS[0] };
    const uint32_t item = svyi_random_below(r, svy_form_items(form));
    svy_place place = { item, 0 };
    uint32_t made, n = 0, choices[16];
    svy_error err = SVY_ERROR_INIT;
    svy_problem p;
    uint64_t cursor = 0;

    if (svy_form_item(form, item)->roster != 0) {
        const uint32_t wanted = svyi_random_below(r, 6);
        for (uint32_t e = 0; (e = svy_interview_next_entry(iv, svy_form_item(form, item)->roster, 0, e)) != 0 && n++ <= wanted; )
            place.entry = e;
    }
    now->utc_ms += svyi_random_below(r, 50) == 0 ? 50000000u : 700u;
    const char *text = ANSWERS[svyi_random_below(r, N)];
    switch (svyi_random_below(r, 16)) {
    case 0:  return svy_interview_missing(iv, place, SVY_DONT_KNOW, *now, &err);
    case 1:  return svy_interview_clear(iv, place, *now, &err);
    case 2:  return svy_interview_remark(iv, place, text, strlen(text), *now, &err);
    case 3:
    case 4:  return svy_interview_add_entry(iv, place, *now, &made, &err);
    case 5:  return svy_interview_close_roster(iv, place, *now, &err);
    case 6:  return place.entry != 0 ? svy_interview_remove_entry(iv, place.entry, *now, &err) : SVY_E_ARG;
    case 7:  return svy_interview_go(iv, place, *now, &err);
    case 8:  svy_interview_choices(iv, place, choices, 16); return SVY_OK;
    case 9:
        if (!svy_interview_next_problem(iv, &cursor, &p) || !p.soft)
            return SVY_E_STATE;
        return svy_interview_override(iv, p.check, p.entry, "it is so", *now, &err);
    case 10: return svy_interview_put(iv, place, text, strlen(text), *now, &err);
    default: return svy_interview_answer(iv, place, text, strlen(text), REASONS[svyi_random_below(r, 3)], *now, NULL, &err);
    }
}

static void expect_same(const svy_interview *a, const svy_interview *b, const char *what, unsigned seed, int step)
{
    state x = state_of(a), y = state_of(b);

    if (!state_same(&x, &y)) {
        size_t i = 0;
        while (i < x.len && i < y.len && x.bytes[i] == y.bytes[i])
            i++;
        cr_expect_fail("%s: seed %u, step %d: states of %zu and %zu bytes differ at %zu", what, seed, step, x.len, y.len, i);
    }
    free(x.bytes);
    free(y.bytes);
}

/* Settling everything anew must not change anything. */
static void expect_settled(svy_interview *iv, unsigned seed, int step)
{
    svy_error err = SVY_ERROR_INIT;
    state before = state_of(iv);

    cr_assert_eq(svyi_change_begin(iv, iv->s.moment, &err), SVY_OK);
    cr_assert_eq(svyi_settle_all(iv, &err), SVY_OK);
    state after = state_of(iv);
    cr_expect(state_same(&before, &after), "seed %u, step %d: evaluating everything anew gives another state", seed, step);
    svyi_change_back(iv);
    state back = state_of(iv);
    cr_expect(state_same(&before, &back), "seed %u, step %d: taking a change back gives another state", seed, step);
    free(before.bytes);
    free(after.bytes);
    free(back.bytes);
}

static svy_interview *begin(const svy_alloc *alloc, const svy_form *form, recorder *r, uint64_t seed)
{
    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;

    o.seed = seed;
    if (r != NULL)
        o.journal = (svy_journal){ rec_write, r };
    if (svy_interview_new(alloc, form, &o, START, &iv, &err) != SVY_OK)
        cr_assert_null(iv);
    return iv;
}

static void check_walks(int which)
{
    form_maker m = odk_everything(COMPATS[which]);
    int taken = 0;

    for (unsigned seed = 1; seed <= 25; seed++) {
        recorder r = { .writes_left = -1 };
        svyi_random rnd;
        svy_moment now = START;
        svy_error err = SVY_ERROR_INIT;
        svy_interview *iv = begin(NULL, m.form, &r, seed);

        svyi_random_seed(&rnd, seed);
        for (int step = 0; step < 300; step++) {
            state before = state_of(iv);
            const size_t events = r.n;
            const svy_status st = disturb(iv, m.form, &rnd, &now);
            if (st != SVY_OK) {
                state after = state_of(iv);
                cr_expect(state_same(&before, &after) && events == r.n, "seed %u, step %d: refused (%d), but the state changed", seed, step, (int)st);
                free(after.bytes);
            } else
                taken++;
            free(before.bytes);
            if (step % 10 == 9)
                expect_settled(iv, seed, step);
            if (step % 50 == 49) {
                svy_interview *again = rec_replay(&r, r.n, m.form, &err);
                cr_assert_not_null(again, "seed %u, step %d: %s", seed, step, err.message);
                expect_same(iv, again, "replay", seed, step);
                svy_interview_free(again);
            }
        }
        svy_interview_free(iv);
        rec_free(&r);
    }
    cr_expect_gt(taken, 25 * 40, "only %d changes were taken", taken);
    fm_free(&m);
}

static void check_random(int which)
{
    form_maker m = odk_everything(COMPATS[which]);
    svy_error err = SVY_ERROR_INIT;

    for (unsigned seed = 1; seed <= 100; seed++) {
        recorder r = { .writes_left = -1 };
        svy_interview *iv = begin(NULL, m.form, &r, seed);
        cr_assert_eq(svy_interview_randomize(iv, seed, 0.1, START, &err), SVY_OK, "seed %u: %s", seed, err.message);
        cr_expect_eq(svy_interview_phase(iv), SVY_COMPLETE);
        svy_interview *again = rec_replay(&r, r.n, m.form, &err);
        cr_assert_not_null(again, "seed %u: %s", seed, err.message);
        expect_same(iv, again, "replay of a random interview", seed, 0);
        svy_interview_free(again);
        svy_interview_free(iv);
        rec_free(&r);
    }
    fm_free(&m);
}

/* The k-th allocation fails, for every k: a clean error, nothing changed, nothing lost. */
static void check_memory(int which)
{
    form_maker m = odk_everything(COMPATS[which]);
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    long needed = 0;

    for (long k = 0; ; k++, needed = k) {
        w.calls_left = k;
        svy_interview *iv = begin(&alloc, m.form, NULL, 1);
        if (iv != NULL) {
            svy_interview_free(iv);
            break;
        }
    }
    cr_expect_gt(needed, 5);
    watched_end(&w);

    w.calls_left = -1;
    svyi_random rnd, mirror;
    svy_moment now = START;
    svy_interview *iv = begin(&alloc, m.form, NULL, 3);
    int failed = 0;
    svyi_random_seed(&rnd, 5);
    for (int step = 0; step < 600; step++) {
        svy_status st = SVY_E_NOMEM;
        for (long k = 0; st == SVY_E_NOMEM && k < 10000; k++) {
            state before = state_of(iv);
            svy_moment then = now;
            mirror = rnd;
            w.calls_left = k;
            st = disturb(iv, m.form, &mirror, &then);
            w.calls_left = -1;
            if (st == SVY_E_NOMEM) {
                failed++;
                state after = state_of(iv);
                cr_expect(state_same(&before, &after), "step %d, allocation %ld: the state changed", step, k);
                free(after.bytes);
            } else {
                rnd = mirror;
                now = then;
            }
            free(before.bytes);
        }
        if (step % 200 == 0)
            expect_settled(iv, 5, step);
    }
    cr_expect_gt(failed, 100, "only %d allocations failed", failed);
    svy_interview_free(iv);
    watched_end(&w);
    fm_free(&m);
}

Test(interview_odk_property, incremental_is_replayed_is_evaluated_anew)
{
    for (int which = 0; which < 3; which++)
        check_walks(which);
}

Test(interview_odk_property, random_interviews_end)
{
    for (int which = 0; which < 3; which++)
        check_random(which);
}

Test(interview_odk_property, memory_that_ends_changes_nothing)
{
    for (int which = 0; which < 3; which++)
        check_memory(which);
}
