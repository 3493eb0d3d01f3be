/* What a journal from outside holds that replaying takes and answering would not have: an answer that was not offered, a value put where nobody may
   answer, an interview completed with problems. Replaying itself stays generous: what was taken elsewhere, by other rules, must be readable. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "interview/odk_priv.h"

void svyi_judge_odd(svy_interview *iv, uint64_t event, uint32_t item, const char *what)
{
    if (iv->odd != NULL)
        return;
    iv->odd = what;
    iv->odd_event = event;
    iv->odd_item = item;
}

/* The value is an answer in the form the engine writes it: the choices were offered then, a number is a number. What is wrong with it, NULL: nothing. */
static const char *fault_of(svy_interview *iv, svy_place place, const svy_event *e, svy_value *value)
{
    char text[40];

    if (svyi_answer_read(iv, place, e->value, e->value_len, value, NULL) != SVY_OK || value->missing != SVY_PRESENT)
        return "the answer is none that was possible then";
    const size_t len = value->len > 0 ? value->len : svy_value_format(value, text, sizeof text);
    if (len == e->value_len && (value->len > 0 || len < sizeof text) && memcmp(value->len > 0 ? value->text : text, e->value, len) == 0)
        return NULL;
    return "the answer is not written as a package writes it (08:30:00, 12.5, codes in the order of their list)";
}

static int may_be_missing(const svy_interview *iv, svy_place place, svy_missing missing)
{
    return missing == SVY_NOT_STATED || !svy_interview_required(iv, place) || svyi_offers_missing(iv, svyi_item(iv, place.item)->list, missing);
}

/* A missing answer is given by a choice that says so, or where it is possible. */
int svyi_judge_answer(svy_interview *iv, svy_place place, const svy_event *e, svy_value *value)
{
    const svy_item *item = svyi_item(iv, place.item);
    const char *fault = "";

    if (item->kind != SVY_EL_QUESTION || (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) == 0)
        svyi_judge_odd(iv, e->sequence, place.item, "a value is put where nothing is asked");
    else if (svy_interview_readonly(iv, place))
        svyi_judge_odd(iv, e->sequence, place.item, "a question that is read only is answered");
    else if (e->missing == SVY_PRESENT && (fault = fault_of(iv, place, e, value)) != NULL)
        svyi_judge_odd(iv, e->sequence, place.item, fault);
    else if (e->missing != SVY_PRESENT && !may_be_missing(iv, place, e->missing))
        svyi_judge_odd(iv, e->sequence, place.item, "a question that must be answered is not");
    return fault == NULL && !svyi_is_odk(iv);
}

void svyi_judge_clear(svy_interview *iv, svy_place place, const svy_event *e)
{
    if (svyi_item(iv, place.item)->kind != SVY_EL_QUESTION || (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) == 0)
        svyi_judge_odd(iv, e->sequence, place.item, "a value is cleared where nothing is asked");
    else if (svy_interview_readonly(iv, place))
        svyi_judge_odd(iv, e->sequence, place.item, "a question that is read only is cleared");
}

void svyi_judge_order(svy_interview *iv, svy_place place, const svy_event *e)
{
    if ((svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ORDERED) != 0)
        svyi_judge_odd(iv, e->sequence, place.item, "the order of its choices is told twice");
    else if (!svyi_is_odk(iv) && !svyi_order_is(iv, place, e->value, e->value_len))
        svyi_judge_odd(iv, e->sequence, place.item, "its choices were shown in another order");
}

void svyi_judge_complete(svy_interview *iv, const svy_event *e)
{
    uint64_t cursor = 0;
    svy_problem problem;

    if (!svy_interview_next_problem(iv, &cursor, &problem))
        return;
    svyi_judge_odd(iv, e->sequence, problem.place.item,
                   problem.check == SVY_PROBLEM_REQUIRED ? "the interview is completed though an answer is missing"
                   : problem.check == SVY_PROBLEM_NOT_OFFERED ? "the interview is completed with an answer that is not offered"
                   : problem.soft ? "the interview is completed though a check fails and was not overridden" : "the interview is completed though a check fails");
}

void svy_interview_audit_begin(svy_interview *iv)
{
    iv->audited = 1;
}

svy_status svy_interview_audit(const svy_interview *iv, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && iv->audited, err);
    if (iv->odd == NULL)
        return SVY_OK;
    return svyi_fail(err, SVY_E_INVALID, "event %llu, '%.64s': %s", (unsigned long long)iv->odd_event,
                     iv->odd_item != 0 ? svy_form_item_id(iv->form, iv->odd_item) : svy_form_id(iv->form), iv->odd);
}
