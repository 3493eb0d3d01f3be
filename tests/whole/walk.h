/* Going back and forth through an interview at random: answers, refusals, clearing, entries, languages, pauses; and what must hold on the way. */
#ifndef SVY_TEST_WHOLE_WALK_H
#define SVY_TEST_WHOLE_WALK_H
#include "load.h"

#include "interview/random_priv.h"

typedef struct walk { svy_interview *iv; svyi_random r; svy_moment now; svy_place at; } walk;

static inline svy_place walk_some_place(walk *w)
{
    const uint32_t steps = svyi_random_below(&w->r, 12);

    for (uint32_t i = 0; i < steps; i++)
        w->at = svy_interview_step(w->iv, w->at, svyi_random_below(&w->r, 3) == 0 ? -1 : 1);
    return w->at;
}

/* Forward as an interview goes, and now and then anywhere. */
static inline svy_place walk_next_place(walk *w)
{
    if (svyi_random_below(&w->r, 3) == 0)
        return walk_some_place(w);
    const svy_place open = svy_interview_next_unanswered(w->iv, (svy_place){ 0, 0 });
    return open.item != 0 ? w->at = open : walk_some_place(w);
}

static inline svy_status walk_answer(walk *w, svy_place place)
{
    char text[SVYI_CANDIDATE + 1];
    svy_status st = SVY_E_VALUE;

    if (svy_form_item(svy_interview_form(w->iv), place.item)->kind != SVY_EL_QUESTION)
        return SVY_E_ARG;
    for (int attempt = 0; attempt < 20 && (st == SVY_E_VALUE || st == SVY_E_INVALID); attempt++) {
        const size_t len = svyi_candidate(w->iv, place, &w->r, attempt, text);
        st = svy_interview_answer(w->iv, place, text, len, attempt > 5 ? "so it is" : "", w->now, NULL, NULL);
    }
    return st;
}

static inline svy_status walk_entries(walk *w, svy_place place)
{
    const svy_item *item = svy_form_item(svy_interview_form(w->iv), place.item);
    uint32_t made;

    if (place.entry != 0 && svyi_random_below(&w->r, 4) == 0)
        return svy_interview_remove_entry(w->iv, place.entry, w->now, NULL);
    if (item->kind != SVY_EL_ROSTER)
        return SVY_E_ARG;
    return svyi_random_below(&w->r, 3) == 0 ? svy_interview_close_roster(w->iv, place, w->now, NULL)
                                            : svy_interview_add_entry(w->iv, place, w->now, &made, NULL);
}

static inline svy_status walk_language(walk *w)
{
    const svy_form *form = svy_interview_form(w->iv);

    return svy_interview_language(w->iv, svy_form_language(form, svyi_random_below(&w->r, svy_form_languages(form))), w->now, NULL);
}

static inline svy_status walk_override(walk *w)
{
    svy_problem p;
    uint64_t cursor = 0;

    while (svy_interview_next_problem(w->iv, &cursor, &p))
        if (p.soft)
            return svy_interview_override(w->iv, p.check, p.entry, "it is so", w->now, NULL);
    return SVY_E_STATE;
}

static inline svy_status walk_step(walk *w)
{
    const svy_place place = walk_next_place(w);
    const svy_missing which[] = { SVY_DONT_KNOW, SVY_REFUSED, SVY_NOT_STATED };
    uint32_t choices[16];
    svy_status st;

    w->now.utc_ms += svyi_random_below(&w->r, 40) == 0 ? 50000000 : 1500;
    w->now.mono_ms += 1500;
    switch (svyi_random_below(&w->r, 24)) {
    case 0: return svy_interview_missing(w->iv, place, which[svyi_random_below(&w->r, 3)], w->now, NULL);
    case 1:
    case 2: return svy_interview_clear(w->iv, place, w->now, NULL);
    case 3: return svy_interview_remark(w->iv, place, "a remark", 8, w->now, NULL);
    case 4: return svy_interview_go(w->iv, place, w->now, NULL);
    case 5: return walk_language(w);
    case 6: return walk_override(w);
    case 7: svy_interview_choices(w->iv, place, choices, 16); return SVY_OK;
    case 8:
        st = svy_interview_suspend(w->iv, w->now, NULL);
        return st == SVY_OK ? svy_interview_resume(w->iv, w->now, NULL) : st;
    case 9:
    case 10:
    case 11: return walk_entries(w, place);
    default: return walk_answer(w, place);
    }
}

/* Settling everything anew must not change anything. */
static inline void expect_settled(svy_interview *iv, unsigned seed, int at)
{
    svy_error err = SVY_ERROR_INIT;
    state before = state_of(iv);

    cr_assert_eq(svyi_change_begin(iv, iv->s.moment, &err), SVY_OK);
    cr_assert_eq(svyi_settle_all(iv, &err), SVY_OK);
    state after = state_of(iv);
    cr_expect(state_same(&before, &after), "walk %u, step %d: evaluating everything anew gives another state", seed, at);
    svyi_change_back(iv);
    free(before.bytes);
    free(after.bytes);
}
#endif
