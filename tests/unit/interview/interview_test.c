/* What an interview does: routing, checks, rosters, ends, languages, journal. One test for each behaviour that is promised. */
#include <criterion/criterion.h>

#include "make_form.h"
#include "recorder.h"

typedef struct desk { form_maker m; recorder *r; svy_interview *iv; svy_moment now; svy_error err; } desk;

static const svy_moment NOON = { .utc_ms = 1774958400000, .zone_minutes = 120, .mono_ms = 5 };   /* 2026-03-31T12:00Z */

static desk sit(form_maker m)
{
    recorder *r = calloc(1, sizeof *r);

    cr_assert_not_null(r);
    r->writes_left = -1;
    return (desk){ .m = m, .r = r, .now = NOON, .err = SVY_ERROR_INIT };
}

static void open_with(desk *d, const svy_interview_options *given)
{
    svy_interview_options o = given != NULL ? *given : (svy_interview_options)SVY_INTERVIEW_OPTIONS_INIT;

    o.journal = (svy_journal){ rec_write, d->r };
    if (o.seed == 0)
        o.seed = 7;
    cr_assert_eq(svy_interview_new(NULL, d->m.form, &o, d->now, &d->iv, &d->err), SVY_OK, "%s", d->err.message);
}

static desk everything(void)
{
    desk d = sit(fm_everything());

    open_with(&d, NULL);
    return d;
}

/* Every test ends by replaying its journal: the same state, byte for byte. */
static void leave(desk *d)
{
    svy_interview *again = rec_replay(d->r, d->r->n, d->m.form, &d->err);

    cr_assert_not_null(again, "%s", d->err.message);
    state live = state_of(d->iv), replayed = state_of(again);
    cr_expect(state_same(&live, &replayed), "the replay gives another state");
    free(live.bytes);
    free(replayed.bytes);
    svy_interview_free(again);
    svy_interview_free(d->iv);
    rec_free(d->r);
    free(d->r);
    fm_free(&d->m);
}

static svy_place at(const desk *d, const char *id, const char *path)
{
    svy_place p = { 0, 0 };

    cr_assert(svy_form_find(d->m.form, id, strlen(id), &p.item), "no item %s", id);
    cr_assert(svy_interview_find_entry(d->iv, path, &p.entry), "no entry %s", path);
    return p;
}

static svy_status give_in(desk *d, const char *id, const char *path, const char *text, const char *reason)
{
    d->now.utc_ms += 1000;
    d->err.message[0] = '\0';
    return svy_interview_answer(d->iv, at(d, id, path), text, strlen(text), reason, d->now, NULL, &d->err);
}

static svy_status give(desk *d, const char *id, const char *text)
{
    return give_in(d, id, "", text, "");
}

#define OK(call) cr_assert_eq((call), SVY_OK, "%s: %s", #call, d.err.message)

static const char *text_of(const desk *d, const char *id, const char *path)
{
    static char text[256];
    const svy_value v = svy_interview_get(d->iv, at(d, id, path));

    if (v.missing != SVY_PRESENT)
        return svy_missing_name((svy_missing)v.missing);
    svy_value_format(&v, text, sizeof text);
    return text;
}

#define IS(id, path, want) cr_expect_str_eq(text_of(&d, id, path), want)

Test(interview, a_question_is_asked_when_it_is_relevant)
{
    desk d = everything();

    IS("pay", "", "not-asked");
    IS("hours", "", "not-reached");
    cr_expect_eq(give(&d, "pay", "5"), SVY_E_STATE);
    OK(give(&d, "hours", "40"));
    IS("pay", "", "not-reached");
    OK(give(&d, "pay", "5.50"));
    IS("pay", "", "5.5");
    leave(&d);
}

Test(interview, answers_routed_away_come_back_with_the_route)
{
    desk d = everything();

    OK(give(&d, "hours", "40"));
    OK(give(&d, "pay", "5"));
    OK(give(&d, "week", "210"));
    IS("year", "", "10920");
    OK(give(&d, "hours", "0"));
    IS("pay", "", "not-asked");
    IS("week", "", "not-asked");
    cr_expect_str_neq(text_of(&d, "year", ""), "10920");
    OK(give(&d, "hours", "38"));
    IS("pay", "", "5");
    IS("week", "", "210");
    IS("year", "", "10920");
    leave(&d);
}

Test(interview, a_default_is_a_proposal_until_the_question_is_answered)
{
    desk d = everything();

    OK(give(&d, "hours", "40"));
    OK(give(&d, "pay", "5"));
    IS("week", "", "200");
    cr_expect(svy_interview_is_preset(d.iv, at(&d, "week", "")));
    OK(give(&d, "pay", "6"));
    IS("week", "", "240");
    IS("year", "", "12480");
    OK(give(&d, "week", "100"));
    cr_expect_not(svy_interview_is_preset(d.iv, at(&d, "week", "")));
    OK(give(&d, "pay", "7"));
    IS("week", "", "100");
    OK(svy_interview_clear(d.iv, at(&d, "week", ""), d.now, &d.err));
    IS("week", "", "not-reached");
    leave(&d);
}

Test(interview, the_clock_of_the_event_is_today)
{
    desk d = everything();

    IS("day", "", "2026-03-31");
    d.now.utc_ms += 86400000;
    OK(give(&d, "hours", "1"));
    IS("day", "", "2026-04-01");
    d.now.utc_ms = NOON.utc_ms + 86400000 + 12 * 3600000;         /* midnight in UTC, two o'clock here */
    OK(give(&d, "hours", "2"));
    IS("day", "", "2026-04-02");
    leave(&d);
}

Test(interview, a_hard_check_refuses_and_changes_nothing)
{
    desk d = everything();
    svy_verdict verdict;

    OK(give(&d, "hours", "40"));
    state before = state_of(d.iv);
    const size_t events = d.r->n;
    cr_expect_eq(svy_interview_answer(d.iv, at(&d, "pay", ""), "-1", 2, "why not", d.now, &verdict, &d.err), SVY_E_INVALID);
    cr_expect_str_eq(d.err.message, "Pay is not negative.");
    cr_expect_eq(verdict.soft, 0);
    cr_expect_eq(svy_form_check(d.m.form, verdict.check)->item, at(&d, "pay", "").item);
    state after = state_of(d.iv);
    cr_expect(state_same(&before, &after));
    cr_expect_eq(d.r->n, events);
    free(before.bytes);
    free(after.bytes);
    leave(&d);
}

Test(interview, a_soft_check_is_overridden_with_a_reason)
{
    desk d = everything();
    svy_verdict verdict;

    OK(give(&d, "hours", "40"));
    cr_expect_eq(svy_interview_answer(d.iv, at(&d, "pay", ""), "70", 2, NULL, d.now, &verdict, &d.err), SVY_E_INVALID);
    cr_expect_str_eq(d.err.message, "Over 60: is 40 right?");
    cr_expect_eq(verdict.soft, 1);
    OK(give_in(&d, "pay", "", "70", "seen the payslip"));
    cr_expect_str_eq(svy_interview_get_reason(d.iv, at(&d, "pay", "")), "seen the payslip");
    cr_expect_str_eq(d.r->events[d.r->n - 1].reason, "seen the payslip");
    OK(give_in(&d, "pay", "", "50", "no reason needed"));
    cr_expect_str_eq(svy_interview_get_reason(d.iv, at(&d, "pay", "")), "");
    leave(&d);
}

static int has_problem(desk *d, uint32_t item, uint32_t check, svy_problem *out)
{
    uint64_t cursor = 0;
    svy_problem p;

    while (svy_interview_next_problem(d->iv, &cursor, &p))
        if (p.place.item == item && (check == 0 || p.check == check)) {
            *out = p;
            return 1;
        }
    return 0;
}

Test(interview, a_parameter_changes_a_check)
{
    desk d = sit(fm_everything());
    const char *const parameters[] = { "limit", "100" };
    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;

    o.parameters = parameters;
    o.n_parameters = 1;
    open_with(&d, &o);
    cr_expect_eq(d.r->n, 2);
    cr_expect_eq(d.r->events[1].e.action, SVY_DID_PARAMETER);
    OK(give(&d, "hours", "40"));
    OK(give(&d, "pay", "70"));
    leave(&d);
}

Test(interview, unknown_parameters_and_languages_are_refused)
{
    desk d = sit(fm_everything());
    const char *const unknown[] = { "speed", "100" }, *const bad[] = { "limit", "much" };
    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;

    o.parameters = unknown;
    o.n_parameters = 1;
    cr_expect_eq(svy_interview_new(NULL, d.m.form, &o, d.now, &d.iv, &d.err), SVY_E_NAME);
    cr_expect_null(d.iv);
    o.parameters = bad;
    cr_expect_eq(svy_interview_new(NULL, d.m.form, &o, d.now, &d.iv, &d.err), SVY_E_VALUE);
    o = (svy_interview_options)SVY_INTERVIEW_OPTIONS_INIT;
    o.language = "xx";
    cr_expect_eq(svy_interview_new(NULL, d.m.form, &o, d.now, &d.iv, &d.err), SVY_E_NAME);
    free(d.r);
    fm_free(&d.m);
}

Test(interview, an_override_lasts_until_an_answer_it_was_given_for_changes)
{
    desk d = everything();
    svy_problem p;

    OK(give(&d, "hours", "40"));
    OK(give_in(&d, "pay", "", "70", "overtime"));
    const uint32_t pay = at(&d, "pay", "").item;
    OK(give(&d, "size", "2"));
    OK(give_in(&d, "age", "person:1", "30", ""));
    uint32_t entry;
    OK(svy_interview_add_entry(d.iv, at(&d, "job", "person:1"), d.now, &entry, &d.err));
    OK(give_in(&d, "wage", "person:1/job:1", "10", ""));
    cr_assert(has_problem(&d, at(&d, "income", "").item, 0, &p) || has_problem(&d, pay, 0, &p), "income 10 < pay 70 is a problem");
    cr_expect(p.soft);
    OK(svy_interview_override(d.iv, p.check, p.entry, "other sources", d.now, &d.err));
    cr_expect_not(has_problem(&d, p.place.item, p.check, &p));
    OK(give_in(&d, "wage", "person:1/job:1", "11", ""));
    cr_expect(has_problem(&d, p.place.item, p.check, &p), "the sum is another: asked again");
    leave(&d);
}

Test(interview, required_questions_take_no_refusal)
{
    desk d = everything();
    svy_problem p;

    cr_expect(svy_interview_required(d.iv, at(&d, "consent", "")));
    cr_expect_eq(svy_interview_missing(d.iv, at(&d, "consent", ""), SVY_REFUSED, d.now, &d.err), SVY_E_STATE);
    cr_expect_not(svy_interview_required(d.iv, at(&d, "end_text", "")));
    OK(svy_interview_missing(d.iv, at(&d, "end_text", ""), SVY_REFUSED, d.now, &d.err));
    IS("end_text", "", "refused");
    cr_expect_not(has_problem(&d, at(&d, "end_text", "").item, UINT32_MAX, &p));
    OK(give(&d, "hours", "51"));
    cr_expect(svy_interview_required(d.iv, at(&d, "end_text", "")));
    cr_expect(has_problem(&d, at(&d, "end_text", "").item, SVY_PROBLEM_REQUIRED, &p));
    OK(svy_interview_missing(d.iv, at(&d, "hours", ""), SVY_DONT_KNOW, d.now, &d.err));
    IS("hours", "", "dont-know");
    IS("pay", "", "not-asked");
    leave(&d);
}

Test(interview, codes_are_put_in_list_order_and_exclusive_ones_stand_alone)
{
    desk d = everything();

    OK(give(&d, "eats", " 3,1, 1"));
    IS("eats", "", "1 3");
    cr_expect_eq(give(&d, "eats", "1 9"), SVY_E_VALUE);
    cr_expect(strstr(d.err.message, "'9'") != NULL, "%s", d.err.message);
    OK(give(&d, "eats", "9"));
    cr_expect_eq(give(&d, "eats", "8"), SVY_E_VALUE);
    cr_expect_eq(give(&d, "eats", ""), SVY_E_VALUE);
    cr_expect_eq(give(&d, "consent", "1 2"), SVY_E_VALUE);
    OK(give(&d, "rank", "m3 m1"));
    IS("rank", "", "m3 m1");
    cr_expect_eq(give(&d, "rank", "m3 m3"), SVY_E_VALUE);
    leave(&d);
}

Test(interview, an_other_choice_opens_its_text)
{
    desk d = everything();
    char longer[100];

    IS("eats_other", "", "not-asked");
    OK(give(&d, "eats", "2 7"));
    IS("eats_other", "", "not-reached");
    OK(give(&d, "eats_other", "каша"));
    memset(longer, 'x', sizeof longer);
    cr_expect_eq(svy_interview_answer(d.iv, at(&d, "eats_other", ""), longer, 81, "", d.now, NULL, &d.err), SVY_E_VALUE);
    OK(give(&d, "eats", "2"));
    IS("eats_other", "", "not-asked");
    OK(give(&d, "eats", "7"));
    IS("eats_other", "", "каша");
    leave(&d);
}

Test(interview, filters_decide_what_is_offered)
{
    desk d = everything();
    uint32_t choices[8];
    svy_problem p;

    OK(give(&d, "half", "1"));
    cr_expect_eq(svy_interview_choices(d.iv, at(&d, "where", ""), choices, 8), 2);
    cr_expect_eq(give(&d, "where", "b1"), SVY_E_VALUE);
    OK(give(&d, "where", "a2"));
    cr_expect_not(has_problem(&d, at(&d, "where", "").item, SVY_PROBLEM_NOT_OFFERED, &p));
    OK(give(&d, "half", "2"));
    cr_expect_eq(svy_interview_choices(d.iv, at(&d, "where", ""), choices, 8), 1);
    cr_expect(has_problem(&d, at(&d, "where", "").item, SVY_PROBLEM_NOT_OFFERED, &p));
    leave(&d);
}

Test(interview, random_order_comes_from_the_seed_and_is_recorded_once)
{
    desk d = everything();
    uint32_t first[16], again[16], seen = 0;
    const svy_place rank = at(&d, "rank", "");
    const size_t events = d.r->n;

    const uint32_t n = svy_interview_choices(d.iv, rank, first, 16);
    cr_assert_eq(n, 9);
    cr_expect_eq(d.r->n, events + 1);
    cr_expect_eq(d.r->events[events].e.action, SVY_DID_ORDER);
    for (uint32_t i = 0; i < n; i++)
        seen |= 1u << first[i];
    cr_expect_eq(seen, 0x1FF, "every choice once");
    svy_interview_choices(d.iv, rank, again, 16);
    cr_expect_arr_eq(first, again, n * sizeof *first);
    cr_expect_eq(d.r->n, events + 1);
    leave(&d);

    int differs = 0;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;
        desk e = sit(fm_everything());
        o.seed = seed;
        open_with(&e, &o);
        svy_interview_choices(e.iv, rank, again, 16);
        differs += memcmp(first, again, n * sizeof *first) != 0;
        leave(&e);
    }
    cr_expect_geq(differs, 4);
}

Test(interview, a_choice_can_stand_for_a_missing_answer)
{
    desk d = everything();

    OK(give(&d, "rank", "dk"));
    IS("rank", "", "dont-know");
    cr_expect_eq(d.r->events[d.r->n - 1].e.missing, SVY_DONT_KNOW);
    cr_expect_eq(give(&d, "rank", "m1 dk"), SVY_E_VALUE);
    leave(&d);
}

Test(interview, a_lowered_count_keeps_entries_aside)
{
    desk d = everything();
    const uint32_t person = at(&d, "person", "").item;

    OK(give(&d, "size", "4"));
    cr_expect_eq(svy_interview_entry_count(d.iv, person, 0), 3);
    OK(give_in(&d, "age", "person:1", "40", ""));
    OK(give_in(&d, "age", "person:2", "8", ""));
    OK(give_in(&d, "age", "person:3", "9", ""));
    IS("children", "", "2");
    IS("school", "person:2", "not-reached");
    IS("school", "person:1", "not-asked");
    OK(give(&d, "size", "2"));
    cr_expect_eq(svy_interview_entry_count(d.iv, person, 0), 1);
    IS("children", "", "0");
    cr_expect_eq(give_in(&d, "age", "person:3", "9", ""), SVY_E_STATE);
    OK(give(&d, "size", "4"));
    IS("age", "person:3", "9");
    IS("children", "", "2");
    OK(give(&d, "size", "1"));
    cr_expect_eq(svy_interview_entry_count(d.iv, person, 0), 0);
    OK(give(&d, "size", "3"));
    IS("children", "", "1");
    cr_expect_eq(give(&d, "size", "21"), SVY_E_INVALID);
    IS("size", "", "3");
    leave(&d);
}

Test(interview, a_roster_of_too_many_entries_is_refused)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "T", "id", "t", "version", "1", "xml:lang", "en", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "How many?", "id", "n", "type", "integer", NULL);
    const uint32_t roster = fm_add(&m, root, SVY_EL_ROSTER, "R", "id", "r", "count", "${n}", NULL);
    fm_add(&m, roster, SVY_EL_QUESTION, "Q", "id", "q", "type", "integer", NULL);
    fm_end(&m);
    desk d = sit(m);

    open_with(&d, NULL);
    OK(give(&d, "n", "10000"));
    OK(give_in(&d, "q", "r:10000", "4", ""));
    const svy_place q = svy_interview_step(d.iv, at(&d, "n", ""), 1);
    cr_expect_eq(q.item, at(&d, "q", "r:1").item);
    cr_expect_eq(svy_interview_step(d.iv, q, -1).item, at(&d, "n", "").item);
    cr_expect_eq(svy_interview_step(d.iv, at(&d, "q", "r:10000"), -1).entry, at(&d, "q", "r:9999").entry);
    cr_expect_eq(give(&d, "n", "10001"), SVY_E_LIMIT);
    cr_expect(strstr(d.err.message, "'r'") != NULL, "%s", d.err.message);
    IS("n", "", "10000");
    OK(give(&d, "n", "-5"));
    cr_expect_eq(svy_interview_entry_count(d.iv, at(&d, "r", "").item, 0), 0);
    leave(&d);
}

/* Typed tables hold whole numbers up to 2^53 - 1 and years up to 9999: what a compute makes beyond that is no answer, not another number. */
Test(interview, a_compute_out_of_its_type_is_not_stated)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "T", "id", "t", "version", "1", "xml:lang", "en", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "How much?", "id", "n", "type", "decimal", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, NULL, "id", "whole", "type", "integer", "value", "${n} * 2", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, NULL, "id", "year", "type", "year", "value", "${n}", NULL);
    fm_end(&m);
    desk d = sit(m);

    open_with(&d, NULL);
    OK(give(&d, "n", "2026"));
    IS("whole", "", "4052");
    IS("year", "", "2026");
    OK(give(&d, "n", "0.5"));
    IS("whole", "", "1");
    IS("year", "", "not-stated");
    OK(give(&d, "n", "1e300"));
    IS("whole", "", "not-stated");
    OK(give(&d, "n", "-4503599627370496"));
    IS("whole", "", "not-stated");
    OK(give(&d, "n", "-4503599627370495"));
    IS("whole", "", "-9007199254740990");
    IS("year", "", "not-stated");
    OK(give(&d, "n", "10000"));
    IS("year", "", "not-stated");
    leave(&d);
}

/* Every entry's expression is within its limit of steps, but together they would take hours: the answer that asks for it is refused. */
Test(interview, what_an_answer_leads_to_is_bounded)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "T", "id", "t", "version", "1", "xml:lang", "en", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "How many?", "id", "n", "type", "integer", NULL);
    const uint32_t roster = fm_add(&m, root, SVY_EL_ROSTER, "R", "id", "r", "count", "${n}", NULL);
    fm_add(&m, roster, SVY_EL_QUESTION, "Q", "id", "q", "type", "integer", NULL);
    fm_add(&m, roster, SVY_EL_COMPUTE, NULL, "id", "c", "type", "integer", "value", "count(${r}[count(${r}[${q} = 1]) > 1])", NULL);
    fm_end(&m);
    desk d = sit(m);

    open_with(&d, NULL);
    OK(give(&d, "n", "30"));
    cr_expect_eq(give(&d, "n", "1000"), SVY_E_LIMIT);
    cr_expect(strstr(d.err.message, "steps") != NULL, "%s", d.err.message);
    IS("n", "", "30");
    cr_expect_eq(svy_interview_entry_count(d.iv, at(&d, "r", "").item, 0), 30);
    OK(give(&d, "n", "31"));
    leave(&d);
}

Test(interview, rules_across_entries_follow_every_entry)
{
    desk d = everything();

    OK(give(&d, "size", "4"));
    OK(give_in(&d, "age", "person:1", "40", ""));
    IS("care", "person:1", "not-asked");
    OK(give_in(&d, "age", "person:3", "17", ""));
    IS("care", "person:1", "not-reached");
    IS("care", "person:2", "not-reached");
    OK(give_in(&d, "age", "person:1", "4", ""));
    IS("care", "person:2", "not-asked");
    leave(&d);
}

Test(interview, a_for_roster_has_an_entry_for_each_choice)
{
    desk d = everything();
    const uint32_t dish = at(&d, "dish", "").item;

    OK(give(&d, "eats", "2 4"));
    cr_expect_eq(svy_interview_entry_count(d.iv, dish, 0), 2);
    OK(give_in(&d, "often", "dish:4", "5", ""));
    IS("nth", "dish:4", "2");
    OK(give(&d, "eats", "1 4 5"));
    IS("nth", "dish:4", "2");
    IS("often", "dish:4", "5");
    const uint32_t first = svy_interview_next_entry(d.iv, dish, 0, 0);
    cr_expect_str_eq(svy_interview_entry_key(d.iv, first), "1");
    OK(give(&d, "eats", "4"));
    IS("nth", "dish:4", "1");
    OK(give(&d, "eats", "9"));
    cr_expect_eq(svy_interview_entry_count(d.iv, dish, 0), 1);
    OK(give(&d, "eats", "3 4"));
    IS("often", "dish:4", "5");
    leave(&d);
}

Test(interview, entries_of_a_ranking_come_in_its_order)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "T", "id", "t", "version", "1", "xml:lang", "en", NULL);
    fm_list(&m, root, "food", 5);
    fm_add(&m, root, SVY_EL_QUESTION, "Best?", "id", "best", "type", "ranking", "choices", "food", NULL);
    const uint32_t dish = fm_add(&m, root, SVY_EL_ROSTER, "R", "id", "dish", "for", "${best}", NULL);
    fm_add(&m, dish, SVY_EL_QUESTION, "Q", "id", "why", "type", "text", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "All", "id", "all", "type", "text", "value", "join(',', ${why})", NULL);
    fm_end(&m);
    desk d = sit(m);

    open_with(&d, NULL);
    OK(give(&d, "best", "4 1"));
    OK(give_in(&d, "why", "dish:4", "hot", ""));
    OK(give_in(&d, "why", "dish:1", "old", ""));
    IS("all", "", "hot,old");
    OK(give(&d, "best", "1 4"));
    IS("all", "", "old,hot");
    OK(give(&d, "best", "2 4 1"));
    cr_expect_eq(svy_interview_entry_position(d.iv, at(&d, "why", "dish:4").entry), 2);
    leave(&d);
}

Test(interview, open_rosters_grow_and_shrink_by_hand)
{
    desk d = everything();
    uint32_t one, two, three;

    OK(give(&d, "size", "3"));
    OK(give_in(&d, "age", "person:1", "30", ""));
    OK(give_in(&d, "age", "person:2", "31", ""));
    const svy_place jobs = at(&d, "job", "person:1");
    OK(svy_interview_add_entry(d.iv, jobs, d.now, &one, &d.err));
    OK(svy_interview_add_entry(d.iv, jobs, d.now, &two, &d.err));
    OK(give_in(&d, "wage", "person:1/job:1", "100", ""));
    OK(give_in(&d, "wage", "person:1/job:2", "50", ""));
    IS("wages", "person:1", "150");
    IS("income", "", "150");
    OK(svy_interview_remove_entry(d.iv, one, d.now, &d.err));
    IS("wages", "person:1", "50");
    cr_expect_eq(svy_interview_entry_position(d.iv, two), 1);
    cr_expect_eq(svy_interview_remove_entry(d.iv, one, d.now, &d.err), SVY_E_STATE);
    OK(svy_interview_add_entry(d.iv, jobs, d.now, &three, &d.err));
    cr_expect_str_eq(svy_interview_entry_key(d.iv, three), "3");
    OK(svy_interview_add_entry(d.iv, jobs, d.now, &three, &d.err));
    cr_expect_eq(svy_interview_add_entry(d.iv, jobs, d.now, &three, &d.err), SVY_E_STATE);
    cr_expect_eq(three, 0);
    cr_expect_eq(svy_interview_add_entry(d.iv, at(&d, "person", ""), d.now, &three, &d.err), SVY_E_STATE);
    OK(svy_interview_close_roster(d.iv, jobs, d.now, &d.err));
    cr_expect(svy_interview_roster_closed(d.iv, jobs));
    OK(give_in(&d, "age", "person:1", "10", ""));
    IS("income", "", "0");
    OK(give_in(&d, "age", "person:1", "20", ""));
    IS("income", "", "50");
    leave(&d);
}

Test(interview, an_early_end_cuts_off_what_follows_and_gives_way)
{
    desk d = everything();

    OK(give(&d, "consent", "1"));
    OK(give(&d, "hours", "10"));
    OK(give(&d, "consent", "2"));
    cr_expect_eq(svy_interview_end(d.iv), at(&d, "refusal", "").item);
    cr_expect_str_eq(svy_interview_outcome(d.iv), "21");
    IS("hours", "", "not-asked");
    svy_place p = svy_interview_step(d.iv, at(&d, "consent", ""), 1);
    cr_expect_eq(p.item, at(&d, "refusal", "").item);
    cr_expect_eq(svy_interview_step(d.iv, p, 1).item, 0);
    OK(give(&d, "consent", "1"));
    cr_expect_eq(svy_interview_end(d.iv), 0);
    IS("hours", "", "10");
    leave(&d);
}

Test(interview, an_end_inside_a_roster_cuts_off_later_entries)
{
    desk d = everything();
    uint32_t job, later;

    OK(give(&d, "size", "3"));
    OK(give_in(&d, "age", "person:1", "30", ""));
    OK(give_in(&d, "age", "person:2", "30", ""));
    OK(svy_interview_add_entry(d.iv, at(&d, "job", "person:1"), d.now, &job, &d.err));
    OK(svy_interview_add_entry(d.iv, at(&d, "job", "person:1"), d.now, &later, &d.err));
    OK(give_in(&d, "wage", "person:1/job:1", "2000000", ""));
    cr_expect_str_eq(svy_interview_outcome(d.iv), "31");
    IS("wage", "person:1/job:2", "not-asked");
    IS("age", "person:2", "not-asked");
    IS("age", "person:1", "30");
    IS("wages", "person:1", "2000000");
    IS("day", "", "not-asked");
    OK(give_in(&d, "wage", "person:1/job:1", "20", ""));
    IS("age", "person:2", "30");
    IS("income", "", "20");
    leave(&d);
}

static int holds(const state *s, const char *text)
{
    const size_t len = strlen(text);

    for (size_t i = 0; i + len <= s->len; i++)
        if (memcmp(s->bytes + i, text, len) == 0)
            return 1;
    return 0;
}

Test(interview, completing_after_a_refusal_keeps_only_what_the_end_keeps)
{
    desk d = everything();

    OK(give(&d, "consent", "1"));
    OK(give(&d, "hours", "10"));
    OK(give_in(&d, "pay", "", "61", "PRIVATE reason"));
    OK(give(&d, "eats", "2 7"));
    OK(give(&d, "eats_other", "PRIVATE text"));
    uint32_t entry;
    OK(svy_interview_remark(d.iv, at(&d, "rank", ""), "PRIVATE remark", 14, d.now, &d.err));
    OK(svy_interview_remark(d.iv, at(&d, "consent", ""), "kept remark", 11, d.now, &d.err));
    OK(give(&d, "consent", "2"));
    state s = state_of(d.iv);
    cr_expect(holds(&s, "PRIVATE text") && holds(&s, "PRIVATE reason") && holds(&s, "PRIVATE remark"));
    free(s.bytes);
    d.r->writes_left = 0;
    cr_expect_eq(svy_interview_complete(d.iv, d.now, &d.err), SVY_E_IO);
    d.r->writes_left = -1;
    s = state_of(d.iv);
    cr_expect(holds(&s, "PRIVATE text"), "nothing is erased before it is in the journal");
    free(s.bytes);
    cr_expect(svy_interview_find_entry(d.iv, "dish:2", &entry));
    OK(svy_interview_complete(d.iv, d.now, &d.err));
    cr_expect_eq(svy_interview_phase(d.iv), SVY_COMPLETE);
    IS("consent", "", "2");
    cr_expect_str_eq(svy_interview_get_remark(d.iv, at(&d, "consent", "")), "kept remark");
    cr_expect_str_eq(d.r->events[d.r->n - 1].value, "21");
    s = state_of(d.iv);
    cr_expect_not(holds(&s, "PRIVATE"));
    free(s.bytes);
    cr_expect_eq(svy_interview_entry_count(d.iv, at(&d, "dish", "").item, 0), 0);
    cr_expect_not(svy_interview_find_entry(d.iv, "dish:2", &entry), "the codes chosen are erased too");
    cr_expect_eq(give(&d, "consent", "1"), SVY_E_STATE);
    leave(&d);
}

Test(interview, completing_needs_required_answers)
{
    desk d = everything();

    cr_expect_eq(svy_interview_complete(d.iv, d.now, &d.err), SVY_E_INVALID);
    cr_expect(strstr(d.err.message, "consent") != NULL);
    OK(give(&d, "consent", "1"));
    OK(svy_interview_complete(d.iv, d.now, &d.err));
    IS("hours", "", "not-stated");
    IS("pay", "", "not-asked");
    leave(&d);
}

Test(interview, suspended_interviews_are_resumed_first)
{
    desk d = everything();

    OK(svy_interview_go(d.iv, at(&d, "hours", ""), d.now, &d.err));
    OK(svy_interview_suspend(d.iv, d.now, &d.err));
    cr_expect_eq(give(&d, "hours", "3"), SVY_E_STATE);
    cr_expect_eq(svy_interview_suspend(d.iv, d.now, &d.err), SVY_E_STATE);
    OK(svy_interview_resume(d.iv, d.now, &d.err));
    OK(give(&d, "hours", "3"));
    cr_expect_eq(svy_interview_current(d.iv).item, at(&d, "hours", "").item);
    leave(&d);
}

Test(interview, remarks_stay_with_their_question)
{
    desk d = everything();

    OK(svy_interview_remark(d.iv, at(&d, "hours", ""), "asked twice", 11, d.now, &d.err));
    OK(give(&d, "hours", "3"));
    cr_expect_str_eq(svy_interview_get_remark(d.iv, at(&d, "hours", "")), "asked twice");
    OK(svy_interview_remark(d.iv, at(&d, "hours", ""), "", 0, d.now, &d.err));
    cr_expect_str_eq(svy_interview_get_remark(d.iv, at(&d, "hours", "")), "");
    leave(&d);
}

Test(interview, steps_lead_through_what_is_asked)
{
    desk d = everything();
    uint32_t position, total, entry;

    svy_place p = svy_interview_step(d.iv, (svy_place){ 0, 0 }, 1);
    cr_expect_eq(p.item, at(&d, "welcome", "").item);
    cr_expect_eq(svy_interview_step(d.iv, p, -1).item, 0);
    OK(give(&d, "size", "2"));
    OK(give_in(&d, "age", "person:1", "30", ""));
    const svy_place jobs = at(&d, "job", "person:1");
    p = svy_interview_step(d.iv, at(&d, "age", "person:1"), 1);
    cr_expect_eq(p.item, jobs.item);
    cr_expect_eq(p.entry, jobs.entry);
    OK(svy_interview_add_entry(d.iv, jobs, d.now, &entry, &d.err));
    p = svy_interview_step(d.iv, (svy_place){ jobs.item, entry }, 1);
    cr_expect_eq(p.item, at(&d, "wage", "person:1/job:1").item);
    cr_expect_eq(p.entry, entry);
    p = svy_interview_step(d.iv, p, 1);
    cr_expect_eq(p.item, jobs.item, "the roster comes again behind its entries");
    cr_expect_eq(svy_interview_step(d.iv, p, -1).entry, entry);

    svy_interview_progress(d.iv, p, &position, &total);
    uint32_t n = 0;
    for (svy_place q = { 0, 0 }; (q = svy_interview_step(d.iv, q, 1)).item != 0; n++)
        if (q.item == p.item && q.entry == p.entry)
            cr_expect_eq(position, n + 1);
    cr_expect_eq(total, n);
    svy_place back[64], q = { 0, 0 };
    uint32_t k = 0;
    while ((q = svy_interview_step(d.iv, q, 1)).item != 0 && k < 64)
        back[k++] = q;
    for (q = back[--k]; k > 0; k--) {
        q = svy_interview_step(d.iv, q, -1);
        cr_expect_eq(q.item, back[k - 1].item);
        cr_expect_eq(q.entry, back[k - 1].entry);
    }
    cr_expect_eq(svy_interview_next_unanswered(d.iv, (svy_place){ 0, 0 }).item, at(&d, "consent", "").item);
    leave(&d);
}

Test(interview, texts_are_filled_in)
{
    desk d = everything();
    char text[200];
    uint32_t check = svy_form_item(d.m.form, at(&d, "pay", "").item)->first_check + 1;

    OK(give(&d, "hours", "40"));
    svy_interview_check_text(d.iv, check, 0, text, sizeof text);
    cr_expect_str_eq(text, "Over 60: is 40 right?");
    cr_expect_eq(svy_interview_text(d.iv, at(&d, "hours", ""), SVY_LABEL, 1, text, sizeof text), 6);
    cr_expect_str_eq(text, "Hours?");
    leave(&d);
}

Test(interview, sensitive_answers_are_kept_apart)
{
    desk d = everything();
    char json[4096];

    OK(give(&d, "hours", "4"));
    OK(give(&d, "end_text", "say \"no\"\n"));
    cr_assert_lt(svy_interview_json(d.iv, 0, json, sizeof json), sizeof json);
    cr_expect_null(strstr(json, "end_text"));
    cr_expect_not_null(strstr(json, "\"hours\":{\"value\":\"4\"}"));
    cr_expect_not_null(strstr(json, "\"school\"") == NULL ? json : NULL);
    cr_assert_lt(svy_interview_json(d.iv, 1, json, sizeof json), sizeof json);
    cr_expect_not_null(strstr(json, "\"end_text\":{\"value\":\"say \\\"no\\\"\\n\"}"), "%s", json);
    cr_expect_null(strstr(json, "\"hours\""));
    cr_expect_eq(svy_interview_json(d.iv, 1, NULL, 0), strlen(json));
    leave(&d);
}

Test(interview, places_that_are_not_there_are_refused)
{
    desk d = everything();
    const svy_place wrong[] = { { 100000, 0 }, { 1, 77 }, { at(&d, "age", "").item, 0 } };

    for (size_t i = 0; i < 3; i++) {
        cr_expect_neq(svy_interview_answer(d.iv, wrong[i], "1", 1, "", d.now, NULL, &d.err), SVY_OK);
        cr_expect_neq(svy_interview_missing(d.iv, wrong[i], SVY_DONT_KNOW, d.now, &d.err), SVY_OK);
        cr_expect_neq(svy_interview_clear(d.iv, wrong[i], d.now, &d.err), SVY_OK);
        cr_expect_neq(svy_interview_remark(d.iv, wrong[i], "x", 1, d.now, &d.err), SVY_OK);
        cr_expect_neq(svy_interview_add_entry(d.iv, wrong[i], d.now, &(uint32_t){ 0 }, &d.err), SVY_OK);
        cr_expect_eq(svy_interview_get(d.iv, wrong[i]).missing, SVY_NOT_ASKED);
        cr_expect_not(svy_interview_relevant(d.iv, wrong[i]));
        cr_expect_eq(svy_interview_choices(d.iv, wrong[i], NULL, 0), 0);
        cr_expect_eq(svy_interview_step(d.iv, wrong[i], 1).item, 0);
        cr_expect_eq(svy_interview_text(d.iv, (svy_place){ wrong[i].item, 100 }, SVY_LABEL, 0, NULL, 0), 0);
    }
    cr_expect_neq(svy_interview_remove_entry(d.iv, 9, d.now, &d.err), SVY_OK);
    cr_expect_neq(svy_interview_override(d.iv, 900, 0, "x", d.now, &d.err), SVY_OK);
    cr_expect_eq(svy_interview_entry_position(d.iv, 900), 0);
    cr_expect_str_eq(svy_interview_entry_key(d.iv, 900), "");
    cr_expect_eq(d.r->n, 1);
    leave(&d);
}

Test(interview, the_language_changes_at_any_moment)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "T", "id", "t", "version", "1", "xml:lang", "en", NULL);
    const uint32_t list = fm_add(&m, root, SVY_EL_CHOICES, NULL, "id", "yn", NULL);
    fm_add(&m, list, SVY_EL_CHOICE, "Yes", "code", "1", NULL);
    fm_add(&m, list, SVY_EL_CHOICE, "No", "code", "2", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Sure?", "id", "sure", "type", "single", "choices", "yn", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "Said", "id", "said", "type", "text", "value", "choice-label(${sure})", NULL);
    fm_add(&m, root, SVY_EL_NOTE, "You said ${sure}", "id", "note", NULL);
    fm_translate(&m, "bg", "yn/1", "Yes", "Да");
    fm_translate(&m, "bg", "note/label", "You said ${sure}", "Казахте ${sure}");
    fm_end(&m);
    desk d = sit(m);
    char text[100];

    open_with(&d, NULL);
    svy_interview_text(d.iv, at(&d, "note", ""), SVY_LABEL, 1, text, sizeof text);
    cr_expect_str_eq(text, "You said \xE2\x80\xA6");
    OK(give(&d, "sure", "1"));
    IS("said", "", "Yes");
    OK(svy_interview_language(d.iv, "bg-BG", d.now, &d.err));
    IS("said", "", "Да");
    svy_interview_text(d.iv, at(&d, "note", ""), SVY_LABEL, 1, text, sizeof text);
    cr_expect_str_eq(text, "Казахте \xE2\x81\xA8Да\xE2\x81\xA9");
    cr_expect_eq(svy_interview_language(d.iv, "fr", d.now, &d.err), SVY_E_NAME);
    leave(&d);
}
