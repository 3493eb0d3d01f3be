/* Going through the interview place by place, and what is known of places and entries. */
#include <string.h>

#include "interview/odk_priv.h"

/* Where a place lies on the way: an open roster is shown behind its entries; {roster, entry of it} is the beginning of that entry. */
static int stop_at(const svy_interview *iv, svy_place place, svyi_stop *stop)
{
    if (place.item >= iv->plan.n_items || place.entry >= iv->s.n_entries)
        return 0;
    if (place.entry != 0 && iv->entries[place.entry].roster == place.item) {
        *stop = (svyi_stop){ { place.item + 1, place.entry }, 0 };
        return place.item + 1 < svyi_item(iv, place.item)->end;
    }
    *stop = (svyi_stop){ place, svyi_item(iv, place.item)->kind == SVY_EL_ROSTER };
    return svyi_place_ok(iv, place);
}

static int is_on(const svy_interview *iv, svy_place place)
{
    return (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) != 0;
}

/* A roster of an ODK form is relevant as its entries are; without one, as one would be. */
static int roster_relevant(const svy_interview *iv, svy_place roster)
{
    const svyi_kids *kids = svyi_kids_of(iv, roster.entry, roster.item);
    const uint32_t rule = svyi_item(iv, roster.item)->relevant;

    if (!is_on(iv, roster) || rule == 0)
        return is_on(iv, roster);
    for (uint32_t k = 0; kids != NULL && k < kids->active; k++)
        if (iv->entries[kids->ids[k]].on)
            return 1;
    return (kids == NULL || kids->active == 0) && svyi_xpath_true(iv, rule, roster, 0);
}

static int shown(const svy_interview *iv, svyi_stop stop)
{
    const svy_item *item = svyi_item(iv, stop.at.item);

    if (stop.at.item == 0 || !is_on(iv, stop.at))
        return 0;
    if (item->kind == SVY_EL_ROSTER && svyi_is_odk(iv) && !roster_relevant(iv, stop.at))
        return 0;
    if (item->kind == SVY_EL_ROSTER)
        return stop.after && svyi_is_open_roster(iv, stop.at.item);
    if (item->kind == SVY_EL_END)
        return stop.at.item == iv->s.end.item && stop.at.entry == iv->s.end.entry;
    return item->kind == SVY_EL_QUESTION || item->kind == SVY_EL_NOTE;
}

static svyi_stop next(const svy_interview *iv, svyi_stop from)
{
    return svyi_next_stop(iv, from, !from.after && !is_on(iv, from.at));
}

static int is_edge(svyi_stop stop)
{
    return stop.at.item == 0;
}

svy_place svy_interview_step(const svy_interview *iv, svy_place from, int direction)
{
    const svy_place none = { 0, 0 };
    const int into = from.entry != 0 && from.entry < iv->s.n_entries && iv->entries[from.entry].roster == from.item;
    svyi_stop stop;

    if (!stop_at(iv, from, &stop) || (direction < 0 && is_edge(stop)))
        return none;
    if (direction > 0 && into && shown(iv, stop))
        return stop.at;
    do
        stop = direction > 0 ? next(iv, stop) : svyi_previous_stop(iv, stop);
    while (!is_edge(stop) && !shown(iv, stop));
    return is_edge(stop) ? none : stop.at;
}

static int unanswered(const svy_interview *iv, svyi_stop stop)
{
    const svy_item *item = svyi_item(iv, stop.at.item);

    if (!shown(iv, stop))
        return 0;
    const svyi_cell *cell = svyi_cell_at(iv, stop.at.entry, stop.at.item);
    if (item->kind == SVY_EL_ROSTER)
        return (cell->flags & SVYI_CLOSED) == 0 && (item->max == 0 || cell->at.kids == NULL || cell->at.kids->active < item->max);
    return item->kind == SVY_EL_QUESTION && (cell->flags & SVYI_GIVEN) == 0 && !svy_interview_readonly(iv, stop.at);
}

svy_place svy_interview_next_unanswered(const svy_interview *iv, svy_place from)
{
    svyi_stop stop;

    if (!stop_at(iv, from, &stop))
        return (svy_place){ 0, 0 };
    while (!unanswered(iv, stop)) {
        stop = next(iv, stop);
        if (is_edge(stop))
            return (svy_place){ 0, 0 };
    }
    return stop.at;
}

void svy_interview_progress(const svy_interview *iv, svy_place at, uint32_t *position, uint32_t *total)
{
    svyi_stop stop = { { 0, 0 }, 0 };
    uint32_t n = 0;

    *position = 0;
    for (stop = next(iv, stop); !is_edge(stop); stop = next(iv, stop)) {
        if (!shown(iv, stop))
            continue;
        n++;
        if (stop.at.item == at.item && stop.at.entry == at.entry)
            *position = n;
    }
    *total = n;
}

/* ---- What is known of the interview ---- */

const svy_form *svy_interview_form(const svy_interview *iv) { return iv->form; }
svy_phase svy_interview_phase(const svy_interview *iv) { return iv->s.phase; }
uint32_t svy_interview_end(const svy_interview *iv) { return iv->s.end.item; }
uint32_t svy_interview_current_language(const svy_interview *iv) { return iv->s.language; }
uint64_t svy_interview_sequence(const svy_interview *iv) { return iv->s.sequence; }
svy_place svy_interview_current(const svy_interview *iv) { return iv->s.current; }
uint64_t svy_interview_seed(const svy_interview *iv) { return iv->s.seed; }

const char *svy_interview_outcome(const svy_interview *iv)
{
    return iv->s.end.item != 0 ? svy_form_outcome(iv->form, iv->s.end.item) : "";
}

svy_value svy_interview_get(const svy_interview *iv, svy_place place)
{
    if (!svyi_place_ok(iv, place))
        return svy_value_missing(SVY_K_NONE, SVY_NOT_ASKED);
    return svyi_cell_value(iv, place.item, svyi_cell_at(iv, place.entry, place.item));
}

int svy_interview_relevant(const svy_interview *iv, svy_place place)
{
    if (svyi_is_odk(iv) && place.entry != 0 && place.entry < iv->s.n_entries && place.item == iv->entries[place.entry].roster)
        return iv->entries[place.entry].on;
    if (!svyi_place_ok(iv, place))
        return 0;
    return svyi_is_odk(iv) && svyi_item(iv, place.item)->kind == SVY_EL_ROSTER ? roster_relevant(iv, place) : is_on(iv, place);
}

int svy_interview_required(const svy_interview *iv, svy_place place)
{
    if (!svyi_place_ok(iv, place))
        return 0;
    const svy_item *item = svyi_item(iv, place.item);
    if ((item->flags & SVY_ITEM_REQUIRED) != 0 || item->required == 0)
        return (item->flags & SVY_ITEM_REQUIRED) != 0;
    return svyi_is_odk(iv) ? svyi_xpath_true(iv, item->required, place, 0) : svyi_true(iv, item->required, 0, place.entry);
}

/* Read only by itself, or because what is around it is. */
int svy_interview_readonly(const svy_interview *iv, svy_place place)
{
    if (!svyi_place_ok(iv, place))
        return 0;
    if (!svyi_is_odk(iv))
        return (svyi_item(iv, place.item)->flags & SVY_ITEM_READONLY) != 0;
    for (;;) {
        const uint32_t rule = iv->odk->items[place.item]->readonly, roster = iv->entries[place.entry].roster;
        if ((svyi_item(iv, place.item)->flags & SVY_ITEM_READONLY) != 0 || (rule != 0 && svyi_xpath_true(iv, rule, place, 0)))
            return 1;
        if (place.item == 0)
            return 0;
        if (place.item == roster)                       /* out of the entry */
            place.entry = iv->entries[place.entry].parent;
        place.item = svyi_item(iv, place.item)->parent;
    }
}

int svy_interview_is_preset(const svy_interview *iv, svy_place place)
{
    return svyi_place_ok(iv, place) && (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_PRESET) != 0;
}

int svy_interview_roster_closed(const svy_interview *iv, svy_place roster)
{
    return svyi_place_ok(iv, roster) && (svyi_cell_at(iv, roster.entry, roster.item)->flags & SVYI_CLOSED) != 0;
}

static const svyi_note *note_at(const svy_interview *iv, svy_place place)
{
    return svyi_place_ok(iv, place) ? svyi_cell_at(iv, place.entry, place.item)->note : NULL;
}

const char *svy_interview_get_remark(const svy_interview *iv, svy_place place)
{
    const svyi_note *note = note_at(iv, place);

    return note != NULL ? note->text : "";
}

const char *svy_interview_get_reason(const svy_interview *iv, svy_place place)
{
    const svyi_note *note = note_at(iv, place);

    return note != NULL ? note->text + note->remark_len + 1 : "";
}

/* ---- Entries ---- */

static int is_entry(const svy_interview *iv, uint32_t entry)
{
    return entry > 0 && entry < iv->s.n_entries;
}

uint32_t svy_interview_entry_position(const svy_interview *iv, uint32_t entry)
{
    return is_entry(iv, entry) ? iv->entries[entry].ordinal + 1 : 0;
}

uint32_t svy_interview_entry_count(const svy_interview *iv, uint32_t roster, uint32_t entry)
{
    uint32_t n = 0;

    for (uint32_t e = svy_interview_next_entry(iv, roster, entry, 0); e != 0; e = svyi_next_inside(iv, roster, entry, e))
        n++;
    return n;
}

uint32_t svy_interview_entry_roster(const svy_interview *iv, uint32_t entry)
{
    return is_entry(iv, entry) ? iv->entries[entry].roster : 0;
}

uint32_t svy_interview_entry_parent(const svy_interview *iv, uint32_t entry)
{
    return is_entry(iv, entry) ? iv->entries[entry].parent : 0;
}

const char *svy_interview_entry_key(const svy_interview *iv, uint32_t entry)
{
    if (!is_entry(iv, entry))
        return "";
    const svyi_entry *e = &iv->entries[entry];
    const svy_item *roster = svyi_item(iv, e->roster);
    if ((roster->flags & SVY_ITEM_FOR) == 0)
        return e->digits;
    return e->choice != UINT32_MAX ? svy_form_choice(iv->form, svyi_item(iv, roster->of)->list, e->choice).code : "";
}

size_t svy_interview_entry_path(const svy_interview *iv, uint32_t entry, char *out, size_t size)
{
    uint32_t chain[SVYI_MAX_DEPTH + 1], n = 0;
    svyi_out o = { out, size, 0 };

    for (uint32_t e = entry; is_entry(iv, e) && n <= SVYI_MAX_DEPTH; e = iv->entries[e].parent)
        chain[n++] = e;
    while (n > 0) {
        const uint32_t e = chain[--n];
        svyi_out_text(&o, o.len > 0 ? "/" : "");
        svyi_out_text(&o, svy_form_item_id(iv->form, iv->entries[e].roster));
        svyi_out_text(&o, ":");
        svyi_out_text(&o, svy_interview_entry_key(iv, e));
    }
    return svyi_out_end(&o);
}

static int has_key(const svy_interview *iv, uint32_t entry, const char *key, size_t len)
{
    const char *is = svy_interview_entry_key(iv, entry);

    return strlen(is) == len && memcmp(is, key, len) == 0;
}

/* The entry of a roster with a key, also one that does not count now; 0 when none. */
static uint32_t find_kid(const svy_interview *iv, uint32_t roster, uint32_t parent, const char *key, size_t len)
{
    const svyi_kids *kids = svyi_kids_of(iv, parent, roster);
    double number;

    if (kids == NULL)
        return 0;
    if (svyi_number_parse(key, len, &number) && number >= 1 && number <= kids->n && has_key(iv, kids->ids[(uint32_t)number - 1], key, len))
        return kids->ids[(uint32_t)number - 1];
    for (uint32_t i = 0; i < kids->n; i++)
        if (has_key(iv, kids->ids[i], key, len))
            return kids->ids[i];
    return 0;
}

int svyi_find_path(const svy_interview *iv, const char *path, size_t len, uint32_t *entry)
{
    const char *at = path, *end = path + len;

    *entry = 0;
    while (at < end) {
        const char *stop = memchr(at, '/', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        const char *colon = memchr(at, ':', (size_t)(stop - at));
        uint32_t roster;
        if (colon == NULL || !svy_form_find(iv->form, at, (size_t)(colon - at), &roster) || svyi_item(iv, roster)->kind != SVY_EL_ROSTER ||
            svyi_item(iv, roster)->roster != iv->entries[*entry].roster)
            break;
        *entry = find_kid(iv, roster, *entry, colon + 1, (size_t)(stop - colon - 1));
        if (*entry == 0)
            break;
        if (stop == end)
            return 1;
        at = stop + 1;
    }
    *entry = 0;
    return len == 0;
}

int svy_interview_find_entry(const svy_interview *iv, const char *path, uint32_t *entry)
{
    return svyi_find_path(iv, path, strlen(path), entry);
}
