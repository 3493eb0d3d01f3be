/* A whole interview at random, with legal answers only, drawn from distributions where there are any: for simulation and tests. */
#include <string.h>

#include "base/error.h"
#include "interview/random_priv.h"

enum { ATTEMPTS = 400, DRAWS = 50 /* from a distribution */, ENTRIES = 3 /* of an open roster, beyond its minimum */, ROUNDS = 200 };

typedef struct play {
    svy_interview *iv;
    svyi_random r;
    const svy_play *how;
    svy_moment now;
    svy_error *err;
} play;

static const char REASON[] = "at random";

static int refused(svy_status st)
{
    return st == SVY_E_VALUE || st == SVY_E_INVALID || st == SVY_E_LIMIT;
}

/* Gives an answer; a failing soft check is overridden now and then. */
static svy_status offer(play *p, svy_place place, const char *text, size_t len, int attempt, svy_verdict *verdict)
{
    const int insist = svyi_random_below(&p->r, 4) == 0 || attempt > ATTEMPTS / 4;
    const svy_status st = svy_interview_answer(p->iv, place, text, len, insist ? REASON : "", p->now, verdict, NULL);

    if (st == SVY_E_INVALID)
        svyi_coverage_failed(p->how->coverage, verdict->check);
    return st;
}

/* A text with a check character: its last one is tried out. */
static svy_status offer_checked(play *p, svy_place place, char *text, size_t len, const char *alphabet, size_t n, int attempt, svy_verdict *verdict)
{
    svy_status st = SVY_E_VALUE;

    for (size_t i = 0; i < n && len > 0 && refused(st); i++) {
        text[len - 1] = alphabet[i];
        st = offer(p, place, text, len, attempt, verdict);
    }
    return st;
}

static svy_status try_missing(play *p, svy_place place)
{
    const svy_missing which = svyi_random_below(&p->r, 2) == 0 ? SVY_DONT_KNOW : SVY_REFUSED;

    return svy_interview_missing(p->iv, place, which, p->now, NULL);
}

/* An answer that is known beforehand. SVY_E_NAME: there is none. */
static svy_status play_known(play *p, svy_place place)
{
    const svy_cells *known = p->how->known;
    const char *text;
    size_t len;
    svy_missing missing;
    svy_error why = SVY_ERROR_INIT;

    if (known == NULL || place.entry != 0 || !known->get(known->user, svy_form_item_id(p->iv->form, place.item), &text, &len) || len == 0)
        return SVY_E_NAME;
    const svy_status st = svy_missing_find(text, len, &missing) ? svy_interview_missing(p->iv, place, missing, p->now, &why)
                                                                : svy_interview_answer(p->iv, place, text, len, REASON, p->now, NULL, &why);
    if (st == SVY_OK || st == SVY_E_NOMEM)
        return st;
    return svyi_fail(p->err, SVY_E_VALUE, "'%s' cannot be '%.*s', as was given: %s", svy_form_item_id(p->iv->form, place.item), (int)(len < 64 ? len : 64),
                     text, why.message);
}

/* An answer from the distributions. SVY_E_VALUE: there is none, or the checks refuse what is drawn. */
static svy_status play_drawn(play *p, svy_place place)
{
    char text[SVYI_CANDIDATE + 1];
    size_t len;
    svy_missing missing;
    svy_verdict verdict;
    svy_status st = SVY_E_VALUE;
    int attempt = 0;

    while (attempt < DRAWS && refused(st) && svyi_distribution_draw(p->how->distributions, p->iv, place, &p->r, text, &len, &missing)) {
        if (missing != SVY_PRESENT)
            st = svy_interview_missing(p->iv, place, missing, p->now, NULL);
        else if (len > 0)
            st = offer(p, place, text, len, attempt, &verdict);
        if (st == SVY_E_STATE)
            st = SVY_E_VALUE;                          /* it must be answered */
        attempt++;
    }
    if (attempt > 0)
        svyi_coverage_drawn(p->how->coverage, place.item, st == SVY_OK);
    return st;
}

static svy_status dead_end(play *p, svy_place place)
{
    return svyi_fail(p->err, SVY_E_STATE, "'%s' takes none of %d random answers: a dead end", svy_form_item_id(p->iv->form, place.item), ATTEMPTS);
}

static svy_status play_question(play *p, svy_place place)
{
    char text[SVYI_CANDIDATE + 1];
    const char *alphabet;
    size_t n = 0;
    const int checked = svyi_check_literal(p->iv, place.item, "check-character(", &alphabet, &n);
    const int required = svy_interview_required(p->iv, place);
    svy_verdict verdict;
    svy_status st = play_known(p, place);

    if (st != SVY_E_NAME)
        return st;
    st = play_drawn(p, place);
    if (!refused(st))
        return st == SVY_OK ? st : svyi_fail(p->err, st, "'%s' could not be answered", svy_form_item_id(p->iv->form, place.item));
    if (!required && svyi_random_unit(&p->r) < p->how->missing_share)
        return try_missing(p, place);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const size_t len = svyi_candidate(p->iv, place, &p->r, attempt, text);
        if (len == 0 && svy_type_kind((svy_type)svyi_item(p->iv, place.item)->type) != SVY_K_TEXT)
            break;
        st = checked ? offer_checked(p, place, text, len, alphabet, n, attempt, &verdict) : offer(p, place, text, len, attempt, &verdict);
        if (!refused(st))
            return st == SVY_OK ? st : svyi_fail(p->err, st, "'%s' could not be answered", svy_form_item_id(p->iv->form, place.item));
    }
    return required ? dead_end(p, place) : try_missing(p, place);
}

static svy_status play_roster(play *p, svy_place roster, svy_place *at)
{
    const svy_item *item = svyi_item(p->iv, roster.item);
    const uint32_t n = svy_interview_entry_count(p->iv, roster.item, roster.entry);
    uint32_t entry;
    svy_status st;

    uint32_t wanted;
    const int stop = svyi_distribution_entries(p->how->distributions, p->iv, roster, p->how->seed, &wanted) ? n >= wanted
                     : n >= item->min + ENTRIES || svyi_random_below(&p->r, 2) == 0;
    if ((item->max > 0 && n >= item->max) || (n >= item->min && stop))
        return svy_interview_close_roster(p->iv, roster, p->now, p->err);
    if ((st = svy_interview_add_entry(p->iv, roster, p->now, &entry, p->err)) != SVY_OK)
        return st;
    /* On at the first place of the new entry: the step that follows begins in front of it. */
    const svy_place first = svy_interview_step(p->iv, (svy_place){ roster.item, entry }, 1);
    const svy_place before = svy_interview_step(p->iv, first, -1);
    *at = before;
    return SVY_OK;
}

/* Once through all places that are shown. */
static svy_status play_through(play *p)
{
    svy_place at = { 0, 0 };
    svy_status st = SVY_OK;

    while (st == SVY_OK && (at = svy_interview_step(p->iv, at, 1)).item != 0) {
        const svy_item *item = svyi_item(p->iv, at.item);
        const svyi_cell *cell = svyi_cell_at(p->iv, at.entry, at.item);
        if (item->kind == SVY_EL_ROSTER && (cell->flags & SVYI_CLOSED) == 0)
            st = play_roster(p, at, &at);
        else if (item->kind == SVY_EL_QUESTION && !svy_interview_readonly(p->iv, at) && (cell->flags & SVYI_GIVEN) == 0)
            st = play_question(p, at);
    }
    return st;
}

/* Overrides what can be, answers the place anew otherwise. */
static svy_status mend(play *p, const svy_problem *problem)
{
    if (problem->soft)
        return svy_interview_override(p->iv, problem->check, problem->entry, REASON, p->now, p->err);
    if (svyi_item(p->iv, problem->place.item)->kind != SVY_EL_QUESTION)
        return svyi_fail(p->err, SVY_E_STATE, "'%s' cannot be mended by an answer", svy_form_item_id(p->iv->form, problem->place.item));
    const svy_status st = svy_interview_clear(p->iv, problem->place, p->now, p->err);
    return st == SVY_OK ? play_question(p, problem->place) : st;
}

svy_status svy_interview_play(svy_interview *iv, const svy_play *how, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && how != NULL && how->size == sizeof *how, err);
    play p = { .iv = iv, .how = how, .now = now, .err = err };
    svy_problem problem;
    svy_status st = SVY_OK;

    svyi_random_seed(&p.r, how->seed);
    for (int round = 0; round < ROUNDS && st == SVY_OK; round++) {
        uint64_t cursor = 0;
        if ((st = play_through(&p)) != SVY_OK)
            break;
        if (!svy_interview_next_problem(iv, &cursor, &problem)) {
            st = svy_interview_complete(iv, now, err);
            return st == SVY_OK ? svyi_coverage_count(how->coverage, iv, how->seed, err) : st;
        }
        if (problem.check < SVY_PROBLEM_NOT_OFFERED)
            svyi_coverage_failed(how->coverage, problem.check);
        st = mend(&p, &problem);
    }
    return st == SVY_OK ? dead_end(&p, problem.place) : st;
}

svy_status svy_interview_randomize(svy_interview *iv, uint64_t seed, double missing_share, svy_moment now, svy_error *err)
{
    const svy_play how = { .size = sizeof how, .seed = seed, .missing_share = missing_share };

    return svy_interview_play(iv, &how, now, err);
}
