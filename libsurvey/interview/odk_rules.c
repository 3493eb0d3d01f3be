/* Rules of ODK forms at work: relevance, calculations, counts, choices; and what follows when they have settled. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "interview/odk_priv.h"

static uint32_t short_hash(const char *text, size_t len)
{
    const uint64_t h = svyi_hash(text, len);

    return (uint32_t)(h ^ h >> 32);
}

/* A calculation writes its result when that is another than before: what was typed over it stays until then. */
static svy_status calculate(svy_interview *iv, svy_place place, svy_error *err)
{
    const uint32_t rule = svyi_item(iv, place.item)->value;
    const svyi_cell *cell = svyi_cell_at(iv, place.entry, place.item);
    svyi_view view = { .iv = iv };
    const char *text;
    uint32_t len;

    if ((cell->flags & SVYI_ON) == 0 || (iv->odk->settling_all && iv->plan.rules[rule].clock))
        return SVY_OK;
    svy_status st = svyi_xpath_text_of(&view, rule, place, &text, &len, err);
    if (st != SVY_OK)
        return st;
    svyi_saw(iv, rule, view.saw);
    const uint32_t hash = short_hash(text, len);
    if ((cell->flags & SVYI_RESULT) != 0 && cell->mark.result == hash)
        return SVY_OK;
    iv->value.len = 0;
    if (svyi_odk_canonical(iv->form, place.item, text, len, &iv->value) != 0) {
        iv->value.failed = 0;
        return svyi_nomem(err);
    }
    svyi_cell *change = svyi_cell_change(iv, place.entry, place.item);
    if (change == NULL)
        return svyi_nomem(err);
    change->flags |= SVYI_RESULT;
    change->mark.result = hash;
    if (change->missing == SVY_PRESENT && change->len == iv->value.len && memcmp(change->at.text, iv->value.data, change->len) == 0)
        return SVY_OK;
    return svyi_odk_put(iv, place, iv->value.data, iv->value.len, SVYI_PRESET, err);
}

enum { ROUNDS = 2000 };              /* doubling ends with infinity */

/* One that reads its own value, in once(), runs until that stays as it is; but by the specification once is enough. */
svy_status svyi_odk_calculate(svy_interview *iv, svy_place place, svy_error *err)
{
    const svyi_plan_rule *rule = &iv->plan.rules[svyi_item(iv, place.item)->value];

    for (int round = 0; round < ROUNDS; round++) {
        const svyi_cell *cell = svyi_cell_at(iv, place.entry, place.item);
        const uint32_t was = (cell->flags & SVYI_RESULT) != 0 ? cell->mark.result : 0;
        const svy_status st = calculate(iv, place, err);
        cell = svyi_cell_at(iv, place.entry, place.item);
        if (st != SVY_OK || (rule->saw & SVYI_SELF) == 0 || iv->odk->compat != SVY_COMPAT_WEB || iv->odk->settling_all ||
            ((cell->flags & SVYI_RESULT) != 0 && cell->mark.result == was))
            return st;
    }
    return svyi_fail(err, SVY_E_LIMIT, "the calculation of '%s' reads its own value and never comes to an end", svy_form_item_id(iv->form, place.item));
}

/* What a count makes of the entries there are: all clients add at the end; with fewer, Collect keeps them all, the web's engine removes them for
   good, and by the specification they wait to come back. */
svy_status svyi_odk_count(svy_interview *iv, svy_place roster, svy_error *err)
{
    const uint32_t rule = svyi_item(iv, roster.item)->value;
    const svyi_kids *kids = svyi_kids_of(iv, roster.entry, roster.item);
    const uint32_t active = kids != NULL ? kids->active : 0;
    const svy_compat compat = iv->odk->compat;
    svyi_view view = { .iv = iv };
    double n;

    svy_status st = svyi_xpath_number_of(&view, rule, roster, &n, err);
    if (st != SVY_OK)
        return st;
    svyi_saw(iv, rule, view.saw);
    if (isnan(n) && compat == SVY_COMPAT_WEB)
        return SVY_OK;
    n = n >= 1 ? floor(n) : 0;
    if (n > SVYI_MAX_ROSTER)
        return svyi_fail(err, SVY_E_LIMIT, "roster '%s' would have more than %d entries", svy_form_item_id(iv->form, roster.item), SVYI_MAX_ROSTER);
    if (compat == SVY_COMPAT_COLLECT && n < active)
        return SVY_OK;
    return svyi_roster_resize(iv, roster.item, roster.entry, (uint32_t)n, compat == SVY_COMPAT_WEB, err);
}

svy_status svyi_odk_job(svy_interview *iv, const svyi_job *job, svy_error *err)
{
    const svy_item *item = svyi_item(iv, job->item);
    const svy_place place = { job->item, job->entry };
    svyi_view view = { .iv = iv };
    int truth;

    if (job->bit == SVYI_JOB_CHOICES)
        return svyi_odk_show(iv, place, err);
    if (job->bit == SVYI_JOB_RELEVANT) {
        const svy_status st = svyi_xpath_boolean_of(&view, item->relevant, place, 0, &truth, err);
        if (st == SVY_OK) {
            svyi_saw(iv, item->relevant, view.saw);
            svyi_set_own(iv, job->item, job->entry, truth);
        }
        return st;
    }
    if ((svyi_cell_at(iv, job->entry, job->item)->flags & SVYI_LIVE) == 0)
        return SVY_OK;                                 /* its turn comes in the load */
    return item->kind == SVY_EL_ROSTER ? svyi_odk_count(iv, place, err) : svyi_odk_calculate(iv, place, err);
}

/* 1 when a constraint fails whatever else is true: it reads nothing but its own node. */
int svyi_odk_refuses(const svy_interview *iv, uint32_t check, svy_place place)
{
    svyi_view view = { .iv = iv };
    int truth;

    return (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) != 0 &&
           svyi_xpath_boolean_of(&view, svy_form_check(iv->form, check)->that, place, 1, &truth, NULL) == SVY_OK &&
           !truth && (view.saw & ~(unsigned)SVYI_SELF) == 0;
}

int svyi_odk_check_fails(const svy_interview *iv, uint32_t check, uint32_t entry, uint64_t *seen, svy_place *last)
{
    const svy_check *c = svy_form_check(iv->form, check);
    svyi_view view = { .iv = iv, .watch = 1 };
    int truth;
    uint32_t len;

    if (svyi_is_leaf(iv, c->item)) {
        (void)svyi_odk_visible(iv, (svy_place){ c->item, entry }, &len);
        if (len == 0)
            return 0;                                  /* nothing was said that could be wrong */
    }
    if (svyi_xpath_boolean_of(&view, c->that, (svy_place){ c->item, entry }, 1, &truth, NULL) != SVY_OK)
        truth = 0;
    if (seen != NULL)
        *seen = view.seen;
    if (last != NULL)
        *last = view.last;
    return !truth;
}

/* ---- What follows ---- */

static int set_live(svy_interview *iv, svy_place place)
{
    if ((svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_LIVE) != 0)
        return 0;
    svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);
    if (cell == NULL)
        return -1;
    cell->flags |= SVYI_LIVE;
    return 0;
}

static svy_status walk_entry(svy_interview *iv, uint32_t entry, uint32_t on, svy_error *err);

/* A roster on the way: its count, then its entries. */
static svy_status walk_roster(svy_interview *iv, svy_place roster, uint32_t on, svy_error *err)
{
    svy_status st = SVY_OK;

    if (svyi_item(iv, roster.item)->value != 0) {
        if (set_live(iv, roster) != 0)
            return svyi_nomem(err);
        if ((st = svyi_odk_count(iv, roster, err)) != SVY_OK || (st = svyi_settle_rules(iv, err)) != SVY_OK)
            return st;
        if (iv->odk->starting && iv->odk->compat != SVY_COMPAT_WEB)
            on |= SVY_ON_NEW_ENTRY;                    /* of those that a count makes: the form's own first entries come with values */
    }
    const svyi_kids *kids = svyi_kids_of(iv, roster.entry, roster.item);
    for (uint32_t k = 0, n = kids != NULL ? kids->active : 0; k < n && st == SVY_OK; k++) {
        kids = svyi_kids_of(iv, roster.entry, roster.item);
        if (k < kids->active && iv->entries[kids->ids[k]].fresh)
            st = walk_entry(iv, kids->ids[k], on, err);
    }
    return st;
}

/* In the web's engine a target watches its source from its own turn on: what changes the source later in the load counts as a change. */
static int watch_sources(svy_interview *iv, svy_place target)
{
    const svyi_odk *odk = iv->odk;

    for (uint32_t s = odk->compat == SVY_COMPAT_WEB ? odk->first_set[target.item] : 0; s != 0; s = odk->next_set[s - 1]) {
        const svy_set *set = svy_form_set(iv->form, s - 1);
        const uint32_t roster = svyi_item(iv, set->item)->roster, entry = svyi_enclosing(iv, roster, target.entry);
        if ((set->on & SVY_ON_CHANGE) == 0 || !svyi_is_leaf(iv, set->item) || (roster != 0 && entry == 0))
            continue;
        if ((svyi_cell_at(iv, entry, set->item)->flags & SVYI_SEEN) == 0 && svyi_odk_remember(iv, (svy_place){ set->item, entry }) != 0)
            return -1;
    }
    return 0;
}

static svy_status walk_leaf(svy_interview *iv, svy_place place, uint32_t on, svy_error *err)
{
    svy_status st = SVY_OK;

    if (iv->odk->starting && iv->odk->items[place.item]->preload != 0)
        st = svyi_odk_preload(iv, place, err);
    if (st == SVY_OK && svyi_item(iv, place.item)->value != 0) {
        if (set_live(iv, place) != 0)
            return svyi_nomem(err);
        st = svyi_odk_calculate(iv, place, err);
    }
    if (st == SVY_OK && iv->odk->first_set[place.item] != 0)
        st = svyi_odk_act(iv, place, on, err);
    if (st == SVY_OK && watch_sources(iv, place) != 0)
        return svyi_nomem(err);
    return st == SVY_OK ? svyi_settle_rules(iv, err) : st;
}

/* Actions at the items of an entry compare with what they have now. */
static int remember_all(svy_interview *iv, uint32_t entry)
{
    const uint32_t roster = iv->entries[entry].roster;

    for (uint32_t i = roster; i < svyi_item(iv, roster)->end; i++)
        if (iv->odk->has_change[i] && svyi_item(iv, i)->roster == roster && svyi_is_leaf(iv, i) &&
            (svyi_cell_at(iv, entry, i)->flags & SVYI_SEEN) == 0 && svyi_odk_remember(iv, (svy_place){ i, entry }) != 0)
            return -1;
    return 0;
}

/* Each item of an entry in document order: first its calculation, then the actions on it. What comes later has its first value only. */
static svy_status walk_entry(svy_interview *iv, uint32_t entry, uint32_t on, svy_error *err)
{
    const svyi_odk *odk = iv->odk;
    const uint32_t roster = iv->entries[entry].roster, end = odk->order_end[roster];
    svy_status st = SVY_OK;

    if (svyi_entry_log(iv, entry) != 0)
        return svyi_nomem(err);
    iv->entries[entry].fresh = 0;
    for (uint32_t k = odk->order[roster] + 1; k < end && st == SVY_OK; k++) {
        const uint32_t item = odk->by_order[k];
        if (svyi_item(iv, item)->roster != roster)
            continue;
        if (svyi_item(iv, item)->kind == SVY_EL_ROSTER) {
            st = walk_roster(iv, (svy_place){ item, entry }, on, err);
            k = odk->order_end[item] - 1;
        } else if (svyi_is_leaf(iv, item))
            st = walk_leaf(iv, (svy_place){ item, entry }, on, err);
    }
    if (st == SVY_OK && !odk->starting && remember_all(iv, entry) != 0)
        return svyi_nomem(err);
    return st;
}

/* In the web's engine counts look at the first values before anything is calculated; those of entries inside entries, too, as they are made. */
static svy_status count_first_values(svy_interview *iv, svy_error *err)
{
    const svyi_odk *odk = iv->odk;
    svy_status st = SVY_OK;

    for (uint32_t e = 0; odk->compat == SVY_COMPAT_WEB && e < iv->s.n_entries && st == SVY_OK; e++) {
        const uint32_t roster = iv->entries[e].roster, end = svyi_item(iv, roster)->end;
        for (uint32_t i = roster + 1; i < end && st == SVY_OK; i++)
            if (svyi_item(iv, i)->kind == SVY_EL_ROSTER && svyi_item(iv, i)->roster == roster && svyi_item(iv, i)->value != 0)
                st = svyi_odk_count(iv, (svy_place){ i, e }, err);
    }
    return st == SVY_OK ? svyi_settle_rules(iv, err) : st;
}

/* The load: what is asked, given the first values; then item by item; then actions wait for changes. */
static svy_status load(svy_interview *iv, svy_error *err)
{
    svy_status st = count_first_values(iv, err);

    if (st != SVY_OK || (st = walk_entry(iv, 0, SVY_ON_FIRST_LOAD | SVY_ON_LOAD, err)) != SVY_OK)
        return st;
    iv->odk->starting = 0;
    for (uint32_t e = 0; e < iv->s.n_entries; e++) {
        for (uint32_t i = iv->entries[e].roster; i < svyi_item(iv, iv->entries[e].roster)->end; i++)
            if (svyi_item(iv, i)->roster == iv->entries[e].roster && svyi_is_leaf(iv, i) && svyi_cell_at(iv, e, i)->len > 0 &&
                (st = svyi_odk_show(iv, (svy_place){ i, e }, err)) != SVY_OK)
                return st;
    }
    if ((st = svyi_settle_rules(iv, err)) != SVY_OK)
        return st;
    iv->odk->n_fresh = 0;
    for (uint32_t e = 0; e < iv->s.n_entries; e++)
        if (remember_all(iv, e) != 0)
            return svyi_nomem(err);
    return SVY_OK;
}

svy_status svyi_odk_follow(svy_interview *iv, int *more, svy_error *err)
{
    svyi_odk *odk = iv->odk;
    svy_status st = SVY_OK;

    *more = 0;
    if (odk->starting) {
        st = load(iv, err);
        *more = odk->n_changed > 0;
        return st;
    }
    for (size_t i = 0; i < odk->n_fresh && st == SVY_OK; i++) {
        const uint32_t entry = odk->fresh[i];
        if (iv->entries[entry].fresh && iv->entries[entry].active) {
            *more = 1;
            st = walk_entry(iv, entry, SVY_ON_NEW_ENTRY, err);
        }
    }
    odk->n_fresh = 0;
    for (size_t i = 0; i < odk->n_changed && st == SVY_OK; i++) {
        *more = 1;
        if ((st = svyi_odk_changed(iv, odk->changed[i], err)) == SVY_OK)
            st = svyi_settle_rules(iv, err);
    }
    if (st == SVY_OK)
        odk->n_changed = 0;
    return st;
}

void svyi_odk_drop(svy_interview *iv)
{
    iv->odk->n_fresh = iv->odk->n_changed = 0;
    iv->odk->starting = 0;
    iv->odk->actions_left = SVYI_MAX_ACTIONS;
}

void svyi_odk_settle_all(svy_interview *iv, int begin)
{
    iv->odk->settling_all = (uint8_t)begin;
}
