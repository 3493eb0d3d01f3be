/* What a journal from outside could hold that replaying takes: each is told, and a journal that the engine wrote itself never is. */
#include <criterion/criterion.h>

#include "interview/interview_priv.h"
#include "make_form.h"
#include "package_maker.h"
#include "recorder.h"

typedef struct step { svy_action action; const char *item, *entry, *value; svy_missing missing; const char *reason; } step;
static const svy_moment NOON = { .utc_ms = 1774958400000, .zone_minutes = 120 };

/* With what an event log from elsewhere may hold: a computed value cannot be answered at all, so those are refused by replaying itself. */
static form_maker make(void)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "Audit", "id", "audit", "version", "1", "xml:lang", "en", NULL);

    fm_list(&m, root, "yn", 2);
    const uint32_t old = fm_add(&m, root, SVY_EL_CHOICES, NULL, "id", "old", NULL);
    fm_add(&m, old, SVY_EL_CHOICE, "Closed", "code", "1", "valid-to", "2020-12-31", NULL);
    fm_add(&m, old, SVY_EL_CHOICE, "Open", "code", "2", NULL);
    fm_add(&m, old, SVY_EL_CHOICE, "Another", "code", "3", "other", "true", NULL);
    const uint32_t mixed = fm_add(&m, root, SVY_EL_CHOICES, NULL, "id", "mixed", "order", "random", NULL);
    for (int i = 1; i <= 6; i++)
        fm_add(&m, mixed, SVY_EL_CHOICE, "c", "code", (char[]){ (char)('0' + i), 0 }, NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Agree?", "id", "agree", "type", "single", "choices", "yn", "required", "true", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Where?", "id", "place", "type", "single", "choices", "old", "filter", "choice-code() != '2' or ${agree} = 1", NULL);
    const uint32_t age = fm_add(&m, root, SVY_EL_QUESTION, "Age?", "id", "age", "type", "integer", NULL);
    fm_add(&m, age, SVY_EL_CHECK, "At most 120.", "that", ". <= 120", NULL);
    fm_add(&m, age, SVY_EL_CHECK, "Over 100?", "that", ". <= 100", "severity", "soft", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Order", "id", "shown", "type", "single", "choices", "mixed", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Fixed", "id", "fixed", "type", "integer", "default", "5", "readonly", "true", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Only then", "id", "then", "type", "text", "relevant", "${agree} = 2", NULL);
    fm_end(&m);
    return m;
}

#define START { SVY_DID_START, "", "", "seed=7 lang=en", SVY_PRESENT, "" }
#define ANSWER(item, value) { SVY_DID_ANSWER, item, "", value, SVY_PRESENT, "" }
#define COMPLETE { SVY_DID_COMPLETE, "", "", "", SVY_PRESENT, "" }
enum { REPLAYS = 0, REFUSED = 1 };   /* REFUSED: replaying itself does not take it */

static const struct { const char *what, *told; int refused; step steps[8]; } CASES[] = {
    { "all is well", NULL, REPLAYS, { START, ANSWER("agree", "1"), ANSWER("place", "2"), ANSWER("age", "30"), COMPLETE } },
    { "a code that the filter takes away", "none that was possible", REPLAYS, { START, ANSWER("agree", "2"), ANSWER("place", "2") } },
    { "a code that is no longer valid", "none that was possible", REPLAYS, { START, ANSWER("agree", "1"), ANSWER("place", "1") } },
    { "don't know where an answer is needed", "must be answered", REPLAYS, { START, { SVY_DID_ANSWER, "agree", "", "", SVY_DONT_KNOW, "" } } },
    { "completed without a required answer", "answer is missing", REPLAYS, { START, ANSWER("age", "3"), COMPLETE } },
    { "completed though a hard check fails", "a check fails", REPLAYS, { START, ANSWER("agree", "1"), ANSWER("age", "130"), COMPLETE } },
    { "completed though a soft check was not overridden", "not overridden", REPLAYS, { START, ANSWER("agree", "1"), ANSWER("age", "110"), COMPLETE } },
    { "a soft check overridden", NULL, REPLAYS, { START, ANSWER("agree", "1"), { SVY_DID_ANSWER, "age", "", "110", SVY_PRESENT, "seen" }, COMPLETE } },
    { "another order of choices", "another order", REPLAYS, { START, { SVY_DID_ORDER, "shown", "", "1 2 3 4 5 6", SVY_PRESENT, "" } } },
    { "a number in other clothes", "is not written as a package", REPLAYS, { START, ANSWER("age", "030") } },
    { "an other-specify text that is too long", "none that was possible", REPLAYS, { START, ANSWER("agree", "1"), ANSWER("place", "3"), ANSWER("place_other",
      "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 1") } },
    { "an answer to what is read only", NULL, REFUSED, { START, ANSWER("fixed", "6") } },
    { "an answer to what is not asked", NULL, REFUSED, { START, ANSWER("agree", "1"), ANSWER("then", "x") } },
    { "a text where a number belongs", NULL, REFUSED, { START, ANSWER("age", "old") } },
    { "an unknown code", NULL, REFUSED, { START, ANSWER("agree", "7") } },
    { "a reason where nothing fails", NULL, REFUSED, { START, { SVY_DID_ANSWER, "age", "", "30", SVY_PRESENT, "because" } } },
    { "a seed that is no number", NULL, REFUSED, { { SVY_DID_START, "", "", "seed=x lang=en", SVY_PRESENT, "" } } },
    { "a seed too large for its type", NULL, REFUSED, { { SVY_DID_START, "", "", "seed=99999999999999999999 lang=en", SVY_PRESENT, "" } } },
    { "something after the end", NULL, REFUSED, { START, ANSWER("agree", "1"), COMPLETE, ANSWER("agree", "2") } },
    { "an outcome that is not the form's", NULL, REFUSED, { START, ANSWER("agree", "1"), { SVY_DID_COMPLETE, "", "", "99", SVY_PRESENT, "" } } },
};

static package_maker as_package(const svy_form *form, const step *steps, svy_phase phase)
{
    package_maker p = { .bytes = NULL };

    pm_head(&p, form);
    pm_sitting(&p, SVY_MODE_WEB);
    for (size_t i = 0; i < 8 && steps[i].action != 0; i++) {
        const svy_event e = { .sequence = i + 1, .moment = NOON, .action = steps[i].action, .item = steps[i].item, .entry = steps[i].entry, .value = steps[i].value,
                              .value_len = (uint32_t)strlen(steps[i].value), .missing = steps[i].missing, .reason = steps[i].reason };
        pm_event(&p, &e, NULL);
    }
    pm_end(&p, phase);
    return p;
}

Test(audit, tells_what_answering_would_have_refused)
{
    form_maker m = make();

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_interview *iv = NULL;
        int complete = 0;
        for (size_t k = 0; k < 8; k++)
            complete |= CASES[i].steps[k].action == SVY_DID_COMPLETE;
        package_maker p = as_package(m.form, CASES[i].steps, complete ? SVY_COMPLETE : SVY_OPEN);
        svy_status st = svy_package_replay(NULL, m.form, p.bytes, p.n, 0, NULL, &iv, &err);
        cr_expect_eq(st == SVY_OK, CASES[i].refused == REPLAYS, "%s: %s", CASES[i].what, err.message);
        if (st == SVY_OK) {
            st = svy_interview_audit(iv, &err);
            cr_expect_eq(st, CASES[i].told != NULL ? SVY_E_INVALID : SVY_OK, "%s: %s", CASES[i].what, err.message);
            cr_expect(CASES[i].told == NULL || strstr(err.message, CASES[i].told) != NULL, "%s: %s", CASES[i].what, err.message);
        }
        svy_interview_free(iv);
        pm_free(&p);
    }
    fm_free(&m);
}

Test(audit, bounds_the_work_of_all_events_together)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "Costly", "id", "costly", "version", "1", "xml:lang", "en", NULL);
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;

    fm_add(&m, root, SVY_EL_QUESTION, "How many?", "id", "n", "type", "integer", NULL);
    const uint32_t roster = fm_add(&m, root, SVY_EL_ROSTER, "One", "id", "one", "count", "${n}", NULL);
    fm_add(&m, roster, SVY_EL_QUESTION, "Value?", "id", "v", "type", "integer", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "Sum", "id", "sum", "type", "integer", "value", "sum(${v}) + count(${one}[${v} > 3])", NULL);
    fm_end(&m);
    cr_assert_eq(svy_interview_replay_begin(NULL, m.form, NULL, &iv, &err), SVY_OK);
    svy_interview_audit_begin(iv);
    cr_assert_eq(svy_interview_replay(iv, &(svy_event){ .sequence = 1, .moment = NOON, .action = SVY_DID_START, .item = "", .entry = "", .value = "seed=1 lang=en",
                                      .value_len = 14, .reason = "" }, &err), SVY_OK);
    iv->work = SVYI_MAX_REPLAY - 1000000;                  /* as after some seconds */
    svy_status st = SVY_OK;
    uint64_t i = 2;
    for (; i < 1000 && st == SVY_OK; i++)
        st = svy_interview_replay(iv, &(svy_event){ .sequence = i, .moment = NOON, .action = SVY_DID_ANSWER, .item = "n", .entry = "", .value = i % 2 == 0 ? "9999" : "0",
                                  .value_len = i % 2 == 0 ? 4 : 1, .reason = "" }, &err);
    cr_expect_eq(st, SVY_E_LIMIT, "%s", err.message);
    cr_expect_gt(i, 4, "what one answer costs is not too much");
    svy_interview_free(iv);
    fm_free(&m);
}
