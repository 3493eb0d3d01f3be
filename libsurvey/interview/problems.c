/* Checks, overrides of soft ones, and what stands in the way of completing. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "interview/odk_priv.h"

int svyi_check_fails(const svy_interview *iv, uint32_t check, uint32_t entry, uint64_t *seen, svy_place *last)
{
    const svy_check *c = svy_form_check(iv->form, check);
    const int of_question = svyi_item(iv, c->item)->kind == SVY_EL_QUESTION;
    svyi_view view = { .iv = iv, .watch = 1 };
    svy_value value;

    if (svyi_is_odk(iv)) {
        if (last != NULL)
            *last = (svy_place){ 0, 0 };
        return svyi_odk_check_fails(iv, check, entry, seen, last);
    }
    if (of_question && svyi_value_at(iv, c->item, entry).missing != SVY_PRESENT)
        return 0;                                   /* nothing was said that could be wrong */
    if (svyi_run(&view, c->that, of_question ? c->item : 0, entry, &value, NULL) != SVY_OK)
        value = svy_value_missing(SVY_K_BOOLEAN, SVY_NOT_STATED);
    if (seen != NULL)
        *seen = view.seen;
    if (last != NULL)
        *last = view.last;
    return value.missing != SVY_PRESENT || value.number == 0;
}

int svyi_check_refuses(const svy_interview *iv, uint32_t check, svy_place place, const svy_value *answer)
{
    svyi_view view = { .iv = iv, .origin = place.entry, .watch = 1 };
    svy_env env = svyi_env(&view);
    svy_value value;

    env.self = place.item;
    env.self_value = answer;
    if (svy_code_run(svy_form_rule(iv->form, svy_form_check(iv->form, check)->that).code, &env, place.entry, iv->scratch, &value, NULL) != SVY_OK)
        return 0;                                   /* it will fail again when everything else is known */
    return view.seen == 0 && view.saw == 0 && (value.missing != SVY_PRESENT || value.number == 0);
}

int svyi_overridden(const svy_interview *iv, uint32_t check, uint32_t entry, uint64_t seen)
{
    for (size_t i = 0; i < iv->n_overrides; i++) {
        const svyi_override *o = &iv->overrides[i];
        if (o->check == check && o->entry == entry)
            return o->seen == seen;
    }
    return 0;
}

int svyi_override_add(svy_interview *iv, uint32_t check, uint32_t entry, uint64_t seen, const char *reason, size_t len)
{
    const size_t at = iv->n_overrides + iv->n_pending;

    if (svyi_grow(&iv->alloc, &iv->overrides, &iv->overrides_capacity, at + 1, sizeof *iv->overrides) != 0)
        return -1;
    char *copy = svyi_get(&iv->alloc, len + 1);
    if (copy == NULL)
        return -1;
    memcpy(copy, reason, len);
    copy[len] = '\0';
    iv->overrides[at] = (svyi_override){ .check = check, .entry = entry, .seen = seen, .reason = copy, .len = (uint32_t)len };
    iv->n_pending++;
    return 0;
}

int svyi_override_own(svy_interview *iv, svy_place place, const char *reason)
{
    const svy_item *item = svyi_item(iv, place.item);
    int n = 0;

    for (uint32_t c = item->first_check; c < item->first_check + item->n_checks; c++) {
        uint64_t seen;
        if (svy_form_check(iv->form, c)->soft == 0 || !svyi_check_fails(iv, c, place.entry, &seen, NULL))
            continue;
        if (svyi_override_add(iv, c, place.entry, seen, reason, strlen(reason)) != 0)
            return -1;
        n++;
    }
    return n;
}

/* 1 when a check can be evaluated in an entry: that of its element, or for a roster one of its own entries. */
int svyi_check_place_ok(const svy_interview *iv, uint32_t check, uint32_t entry)
{
    if (check >= svy_form_checks(iv->form) || entry >= iv->s.n_entries)
        return 0;
    const uint32_t item = svy_form_check(iv->form, check)->item, roster = iv->entries[entry].roster;
    return svyi_item(iv, item)->kind == SVY_EL_ROSTER ? roster == item : roster == svyi_item(iv, item)->roster;
}

svy_status svy_interview_override(svy_interview *iv, uint32_t check, uint32_t entry, const char *reason, svy_moment now, svy_error *err)
{
    char number[32];
    uint64_t seen;

    SVY_REQUIRE(iv != NULL && reason != NULL, err);
    if (!svyi_check_place_ok(iv, check, entry))
        return svyi_fail(err, SVY_E_ARG, "there is no check %u in entry %u", check, entry);
    const size_t len = strlen(reason);
    if (iv->s.phase != SVY_OPEN)
        return svyi_fail(err, SVY_E_STATE, "the interview is not open");
    if (svy_form_check(iv->form, check)->soft == 0)
        return svyi_fail(err, SVY_E_STATE, "the check cannot be overridden: change an answer instead");
    if (len == 0 || len > SVYI_MAX_ANSWER || !svyi_utf8_valid(reason, len))
        return svyi_fail(err, SVY_E_VALUE, "an override needs a reason in UTF-8 of at most %d bytes", SVYI_MAX_ANSWER);
    svy_status st = svyi_change_begin(iv, now, err);
    if (st != SVY_OK)
        return st;
    if (!svyi_check_fails(iv, check, entry, &seen, NULL))
        return svyi_change_fail(iv, svyi_fail(err, SVY_E_STATE, "the check does not fail: there is nothing to override"));
    if (svyi_override_add(iv, check, entry, seen, reason, len) != 0)
        return svyi_change_fail(iv, svyi_nomem(err));
    number[svyi_number_format(check, number)] = '\0';
    return svyi_change_end_text(iv, SVY_DID_OVERRIDE, (svy_place){ svy_form_check(iv->form, check)->item, entry }, number, strlen(number), reason, err);
}

int svy_interview_constraint_holds(const svy_interview *iv, svy_place place)
{
    const svy_item *item;

    if (!svyi_place_ok(iv, place) || (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) == 0)
        return 1;
    item = svyi_item(iv, place.item);
    for (uint32_t c = item->first_check; item->kind != SVY_EL_ROSTER && c < item->first_check + item->n_checks; c++)
        if (svy_form_check(iv->form, c)->soft == 0 && svyi_check_fails(iv, c, place.entry, NULL, NULL))
            return 0;
    return 1;
}

/* ---- What stands in the way ---- */

static int blank(const svy_interview *iv, svy_place place)
{
    uint32_t len;

    if (svyi_is_odk(iv)) {
        (void)svyi_odk_visible(iv, place, &len);
        return len == 0;
    }
    const svyi_cell *cell = svyi_cell_at(iv, place.entry, place.item);
    const uint32_t list = svyi_item(iv, place.item)->list;

    if ((cell->flags & (SVYI_GIVEN | SVYI_PRESET)) == 0 || cell->missing == SVY_NOT_STATED)
        return 1;
    return cell->missing != SVY_PRESENT && !svyi_offers_missing(iv, list, (svy_missing)cell->missing);
}

/* 1 when a chosen code is not offered any more, because another answer changed. */
static int not_offered(const svy_interview *iv, svy_place place)
{
    const svy_item *item = svyi_item(iv, place.item);
    const svy_value v = svyi_cell_value(iv, place.item, svyi_cell_at(iv, place.entry, place.item));
    const char *at = v.text, *end = v.text + v.len;

    if (item->list == 0 || svyi_is_odk(iv))
        return 0;
    while (at < end) {
        const char *stop = memchr(at, ' ', (size_t)(end - at));
        uint32_t choice;
        if (stop == NULL)
            stop = end;
        if (svy_form_find_choice(iv->form, item->list, at, (size_t)(stop - at), &choice) && !svyi_admitted(iv, place, choice))
            return 1;
        at = stop < end ? stop + 1 : stop;
    }
    return 0;
}

/* What is wrong with a place whatever its checks say. */
static int own_problem(const svy_interview *iv, svy_place place, svy_problem *p)
{
    const svy_item *item = svyi_item(iv, place.item);

    *p = (svy_problem){ .place = place, .check = UINT32_MAX, .entry = place.entry };
    if (svyi_is_open_roster(iv, place.item) && item->min > 0) {
        const svyi_kids *kids = svyi_kids_of(iv, place.entry, place.item);
        return kids == NULL || kids->active < item->min;
    }
    if (item->kind != SVY_EL_QUESTION)
        return 0;
    if (blank(iv, place) && svy_interview_required(iv, place) && !svy_interview_readonly(iv, place))
        return 1;
    p->check = SVY_PROBLEM_NOT_OFFERED;
    return not_offered(iv, place);
}

/* After an early end, edits across questions of which some were not asked any more say nothing. */
static int cut_short(const svy_interview *iv, uint32_t item)
{
    const uint32_t end = iv->s.end.item;

    return end != 0 && svyi_item(iv, item)->kind != SVY_EL_QUESTION && end < svyi_item(iv, item)->end;
}

static int check_problem(const svy_interview *iv, uint32_t check, uint32_t entry, svy_problem *p)
{
    const svy_check *c = svy_form_check(iv->form, check);
    svy_place last = { 0, 0 };
    uint64_t seen;

    if (cut_short(iv, c->item) || !svyi_check_fails(iv, check, entry, &seen, &last) ||
        (c->soft != 0 && svyi_overridden(iv, check, entry, seen)))
        return 0;
    *p = (svy_problem){ .place = { c->item, entry }, .check = check, .soft = c->soft };
    if (svyi_item(iv, c->item)->kind != SVY_EL_QUESTION && last.item != 0)
        p->place = last;
    p->entry = entry;
    return 1;
}

/* The k-th thing that can be wrong with an item that is asked and no roster: the place itself, then its checks. 1 wrong, 0 not, -1 there is
   no k-th; `*k` becomes what is left of it. */
static int problem_of_item(const svy_interview *iv, svy_place place, uint32_t *k, svy_problem *p)
{
    const svy_item *item = svyi_item(iv, place.item);

    if (*k == 0)
        return own_problem(iv, place, p);
    --*k;
    if (*k < item->n_checks)
        return check_problem(iv, item->first_check + *k, place.entry, p);
    *k -= item->n_checks;
    return -1;
}

/* The k-th thing that can be wrong at a stop: with the item, then, at the first item of an entry, asked or not, the checks of the roster.
   A roster itself is looked at behind its entries, where it is shown. */
static int problem_at(const svy_interview *iv, svyi_stop stop, uint32_t k, svy_problem *p)
{
    const svyi_entry *entry = &iv->entries[stop.at.entry];
    const uint32_t roster = entry->roster;
    const int on = (svyi_cell_at(iv, stop.at.entry, stop.at.item)->flags & SVYI_ON) != 0;
    int wrong;

    if (stop.after)
        return on && k == 0 ? own_problem(iv, stop.at, p) : -1;
    if (on && svyi_item(iv, stop.at.item)->kind != SVY_EL_ROSTER && (wrong = problem_of_item(iv, stop.at, &k, p)) >= 0)
        return wrong;
    if (roster != 0 && stop.at.item == roster + 1 && entry->on && k < svyi_item(iv, roster)->n_checks)
        return check_problem(iv, svyi_item(iv, roster)->first_check + k, stop.at.entry, p);
    return -1;
}

/* A cursor is 18 bits of item + 1, 17 of entry, 1 of `after`, 28 of k: where to go on. Item 0, whose checks stand at top level, comes last. */
static uint64_t pack(svyi_stop stop, uint32_t k)
{
    return (uint64_t)(stop.at.item + 1) << 46 | (uint64_t)stop.at.entry << 29 | (uint64_t)(stop.after != 0) << 28 | (k & 0xFFFFFFF);
}

int svy_interview_next_problem(svy_interview *iv, uint64_t *cursor, svy_problem *problem)
{
    svyi_stop stop = { { 0, 0 }, 0 };
    uint32_t k = 0;
    int wrong;

    if (*cursor == 0) {
        stop = svyi_next_stop(iv, stop, 0);
    } else {
        stop = (svyi_stop){ { (uint32_t)(*cursor >> 46) - 1, (uint32_t)(*cursor >> 29 & 0x1FFFF) }, (int)(*cursor >> 28 & 1) };
        k = (uint32_t)(*cursor & 0xFFFFFFF);
        if (!svyi_place_ok(iv, stop.at))
            return 0;
    }
    for (;; k++) {
        while ((wrong = problem_at(iv, stop, k, problem)) < 0) {
            if (stop.at.item == 0)
                return 0;
            stop = svyi_next_stop(iv, stop, !stop.after && (svyi_cell_at(iv, stop.at.entry, stop.at.item)->flags & SVYI_ON) == 0);
            k = 0;
        }
        if (wrong) {
            *cursor = pack(stop, k + 1);
            return 1;
        }
    }
}

int svy_interview_place_problem(svy_interview *iv, svy_place place, uint32_t *k, svy_problem *problem)
{
    if (place.item == 0 || !svyi_place_ok(iv, place) || (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) == 0)
        return 0;
    const uint32_t checks = svyi_item(iv, place.item)->kind != SVY_EL_ROSTER ? svyi_item(iv, place.item)->n_checks : 0;
    while (*k <= checks) {
        uint32_t at = (*k)++;
        if (problem_of_item(iv, place, &at, problem) > 0)
            return 1;
    }
    return 0;
}
