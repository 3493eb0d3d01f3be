/* Roster entries: made, counted in, set aside, put in order. Entries are never destroyed, so answers come back when the entry does. */
#include <string.h>

#include "base/error.h"
#include "interview/odk_priv.h"

uint32_t svyi_enclosing(const svy_interview *iv, uint32_t roster, uint32_t entry)
{
    while (entry != 0 && iv->entries[entry].roster != roster)
        entry = iv->entries[entry].parent;
    return entry;
}

const svyi_kids *svyi_kids_of(const svy_interview *iv, uint32_t entry, uint32_t roster)
{
    return svyi_cell_at(iv, entry, roster)->at.kids;
}

static svyi_cell *make_cells(svy_interview *iv, uint32_t roster)
{
    const uint32_t n = iv->plan.n_cells[roster] + iv->plan.own_cell, end = svyi_item(iv, roster)->end;
    svyi_cell *cells = svyi_get(&iv->alloc, n * sizeof *cells);

    if (cells == NULL)
        return NULL;
    memset(cells, 0, n * sizeof *cells);
    for (uint32_t i = roster; i < end; i++) {
        const svy_item *item = svyi_item(iv, i);
        if (item->roster != roster || (i == roster && roster != 0))
            continue;
        svyi_cell *cell = &cells[iv->plan.cell[i]];
        cell->missing = SVY_NOT_REACHED;
        if ((item->relevant == 0 || (svyi_is_odk(iv) && item->kind == SVY_EL_ROSTER)) && (item->flags & SVY_ITEM_OTHER) == 0)
            cell->flags = SVYI_OWN;
    }
    if (iv->plan.own_cell != 0 && svyi_item(iv, roster)->relevant == 0)
        cells[n - 1].flags = SVYI_OWN;
    return cells;
}

svy_status svyi_entry_new(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t *entry, svy_error *err)
{
    const uint32_t n = iv->s.n_entries;
    const size_t n_cells = iv->plan.n_cells[roster] + iv->plan.own_cell;

    *entry = 0;
    if (n >= SVYI_MAX_ENTRIES || n_cells > SVYI_MAX_CELLS - iv->n_cells)
        return svyi_fail(err, SVY_E_LIMIT, "'%s': an interview holds at most %d roster entries and %d answers",
                         svy_form_item_id(iv->form, roster), SVYI_MAX_ENTRIES, SVYI_MAX_CELLS);
    if (svyi_grow(&iv->alloc, &iv->entries, &iv->entries_capacity, (size_t)n + 1, sizeof *iv->entries) != 0)
        return svyi_nomem(err);
    svyi_entry *e = &iv->entries[n];
    *e = (svyi_entry){ .roster = roster, .parent = parent, .source = UINT32_MAX, .spare = UINT32_MAX };
    e->cells = make_cells(iv, roster);
    if (e->cells == NULL)
        return svyi_nomem(err);
    iv->n_cells += n_cells;
    *entry = n;
    iv->s.n_entries = n + 1;
    return SVY_OK;
}

void svyi_entries_drop(svy_interview *iv, uint32_t first)
{
    for (uint32_t i = first; i < iv->s.n_entries; i++) {
        svyi_entry *e = &iv->entries[i];
        const uint32_t n = iv->plan.n_cells[e->roster] + iv->plan.own_cell, end = svyi_item(iv, e->roster)->end;
        for (uint32_t item = e->roster; item < end; item++) {
            if (svyi_item(iv, item)->roster != e->roster || (item == e->roster && item != 0))
                continue;
            svyi_cell *cell = &e->cells[iv->plan.cell[item]];
            if (svyi_item(iv, item)->kind == SVY_EL_ROSTER)
                svyi_kids_release(iv, cell->at.kids);
            else
                svyi_text_release(iv, cell->at.text, cell->len);
            svyi_note_release(iv, cell->note);
            svyi_shown_release(iv, cell->shown);
        }
        svyi_release(&iv->alloc, e->cells, n * sizeof *e->cells);
        iv->n_cells -= n;
    }
    if (first < iv->s.n_entries)
        iv->s.n_entries = first;
}

static svyi_kids *make_kids(svy_interview *iv, size_t n)
{
    svyi_kids *kids = svyi_get(&iv->alloc, sizeof *kids + n * sizeof *kids->ids);

    if (kids == NULL) {
        iv->failed = 1;
        return NULL;
    }
    kids->n = (uint32_t)n;
    kids->active = 0;
    return kids;
}

/* A new entry with the next number. */
static svy_status make_kid(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t number, uint32_t *id, svy_error *err)
{
    const svy_status st = svyi_entry_new(iv, roster, parent, id, err);

    if (st != SVY_OK)
        return st;
    svyi_entry *e = &iv->entries[*id];
    e->number = number;
    e->ordinal = UINT32_MAX;                       /* not in its place yet: being put there counts as a change */
    e->digits[svyi_number_format(number, e->digits)] = '\0';
    return svyi_is_odk(iv) ? svyi_odk_new_entry(iv, *id, err) : SVY_OK;
}

int svyi_entry_log(svy_interview *iv, uint32_t entry)
{
    const svyi_entry *e = &iv->entries[entry];

    if (svyi_grow(&iv->alloc, &iv->undo, &iv->undo_capacity, iv->n_undo + 1, sizeof *iv->undo) != 0) {
        iv->failed = 1;
        return -1;
    }
    iv->undo[iv->n_undo++] = (svyi_undo){ .entry = entry, .drops = SVYI_IS_ENTRY,
                                          .cell = { .number = e->choice, .len = e->ordinal, .missing = e->active, .flags = e->fresh } };
    return 0;
}

/* Gives an entry its place and whether it counts. */
static int place_kid(svy_interview *iv, uint32_t id, uint32_t ordinal, int active)
{
    svyi_entry *e = &iv->entries[id];
    const int joins = active && !e->active, moves = active && e->ordinal != ordinal, leaves = !active && e->active;

    if (!joins && !moves && !leaves && e->ordinal == ordinal)
        return 0;
    if (svyi_entry_log(iv, id) != 0)
        return -1;
    e->ordinal = ordinal;
    e->active = (uint8_t)active;
    if (svyi_is_odk(iv) && joins && e->fresh && svyi_odk_wait(iv, id) != 0)
        return -1;
    if (joins)
        svyi_queue_all(iv, id);
    else if (moves)
        svyi_queue_positions(iv, id);
    return joins || moves || leaves;
}

/* 1 when entries that counted before come in another order now. */
static int reordered(const svy_interview *iv, const svyi_kids *kids)
{
    uint32_t last = 0;

    for (uint32_t i = 0; i < kids->active; i++) {
        const svyi_entry *e = &iv->entries[kids->ids[i]];
        if (!e->active)
            continue;
        if (e->ordinal < last)
            return 1;
        last = e->ordinal;
    }
    return 0;
}

/* Puts new entries in the place of the old ones and lets everything know that depends on them. Takes `kids`. */
static svy_status put_kids(svy_interview *iv, uint32_t roster, uint32_t parent, svyi_kids *kids, svy_error *err)
{
    svyi_cell *cell = svyi_cell_change(iv, parent, roster);
    const int shuffled = reordered(iv, kids);
    int changed = 0;

    if (cell == NULL) {
        svyi_kids_release(iv, kids);
        return svyi_nomem(err);
    }
    svyi_cell_kids(iv, cell, kids);
    for (uint32_t i = 0; i < kids->n && !iv->failed; i++)
        if (place_kid(iv, kids->ids[i], i, i < kids->active) != 0)
            changed = 1;
    for (uint32_t i = 0; i < kids->n && !iv->failed; i++)
        svyi_refresh_entry(iv, kids->ids[i], 0);
    for (uint32_t i = 0; shuffled && i < kids->active && !iv->failed; i++)
        svyi_touch_inside(iv, kids->ids[i]);
    if (changed) {
        iv->ends_dirty = 1;
        svyi_touched(iv, roster, parent);
    }
    return iv->failed ? svyi_nomem(err) : SVY_OK;
}

/* Room for `n` entries: those there are, then new ones with the next numbers. */
static svy_status extend(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t n, svyi_kids **out, svy_error *err)
{
    const svyi_kids *old = svyi_kids_of(iv, parent, roster);
    const uint32_t had = old != NULL ? old->n : 0;
    svyi_kids *kids = make_kids(iv, n > had ? n : had);

    *out = NULL;
    if (kids == NULL)
        return svyi_nomem(err);
    if (had > 0)
        memcpy(kids->ids, old->ids, had * sizeof *kids->ids);
    for (uint32_t i = had; i < n; i++) {
        const svy_status st = make_kid(iv, roster, parent, i + 1, &kids->ids[i], err);
        if (st != SVY_OK) {
            svyi_kids_release(iv, kids);
            return st;
        }
    }
    *out = kids;
    return SVY_OK;
}

svy_status svyi_roster_count(svy_interview *iv, uint32_t roster, uint32_t parent, svy_error *err)
{
    const svyi_cell *cell = svyi_cell_at(iv, parent, roster);

    return svyi_roster_resize(iv, roster, parent, cell->number >= 1 ? (uint32_t)cell->number : 0, 0, err);
}

svy_status svyi_roster_resize(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t want, int anew, svy_error *err)
{
    const svyi_kids *old = svyi_kids_of(iv, parent, roster);
    const uint32_t had = old != NULL ? old->n : 0, active = old != NULL ? old->active : 0;
    const uint32_t joining = want > active ? want - active : 0;
    svyi_kids *kids;

    if (want == active)
        return SVY_OK;
    const svy_status st = extend(iv, roster, parent, anew ? had + joining : want, &kids, err);
    if (st != SVY_OK)
        return st;
    for (uint32_t i = 0; anew && i < joining && had > active; i++) {      /* the new ones in front of those that stopped to count */
        const uint32_t fresh = kids->ids[had + i];
        memmove(&kids->ids[active + i + 1], &kids->ids[active + i], (had - active) * sizeof *kids->ids);
        kids->ids[active + i] = fresh;
    }
    kids->active = want;
    return put_kids(iv, roster, parent, kids, err);
}

/* Position in a text of codes with single blanks between. */
typedef struct codes { const char *at, *end; } codes;

static int next_choice(const svy_interview *iv, uint32_t list, codes *c, uint32_t *choice)
{
    while (list != 0 && c->at < c->end) {
        const char *stop = memchr(c->at, ' ', (size_t)(c->end - c->at));
        const char *code = c->at;
        if (stop == NULL)
            stop = c->end;
        c->at = stop < c->end ? stop + 1 : stop;
        if (svy_form_find_choice(iv->form, list, code, (size_t)(stop - code), choice))
            return 1;
    }
    return 0;
}

static uint32_t count_choices(const svy_interview *iv, uint32_t list, const svy_value *v)
{
    codes c = { v->text, v->text + v->len };
    uint32_t n = 0, choice;

    while (next_choice(iv, list, &c, &choice))
        n++;
    return n;
}

static const uint32_t TAKEN = UINT32_MAX;

/* mark[choice] = 1 + index of its entry among the old ones. */
static void mark_old(svy_interview *iv, const svyi_kids *old)
{
    for (uint32_t i = 0; old != NULL && i < old->n; i++)
        iv->plan.mark[iv->entries[old->ids[i]].choice] = i + 1;
}

static void unmark(svy_interview *iv, const svyi_kids *kids, uint32_t n)
{
    for (uint32_t i = 0; kids != NULL && i < n; i++)
        iv->plan.mark[iv->entries[kids->ids[i]].choice] = 0;
}

/* First the entries of the chosen codes, in their order, then those set aside. */
static svy_status fill_for(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t list, const svy_value *v,
                           const svyi_kids *old, svyi_kids *kids, svy_error *err)
{
    uint32_t *mark = iv->plan.mark, choice, at = 0;
    codes c = { v->text, v->text + v->len };

    while (next_choice(iv, list, &c, &choice)) {
        uint32_t id;
        if (mark[choice] == TAKEN)
            continue;
        if (mark[choice] > 0) {
            id = old->ids[mark[choice] - 1];
        } else {
            const svy_status st = make_kid(iv, roster, parent, at + 1, &id, err);
            if (st != SVY_OK)
                return st;
            iv->entries[id].choice = choice;
        }
        mark[choice] = TAKEN;
        kids->ids[at++] = id;
        kids->active = at;                         /* so that a failure knows what is marked */
    }
    for (uint32_t i = 0; old != NULL && i < old->n; i++)
        if (mark[iv->entries[old->ids[i]].choice] != TAKEN)
            kids->ids[at++] = old->ids[i];
    kids->n = at;
    return SVY_OK;
}

static int same_kids(const svyi_kids *a, const svyi_kids *b)
{
    return a != NULL && a->n == b->n && a->active == b->active && memcmp(a->ids, b->ids, a->n * sizeof *a->ids) == 0;
}

svy_status svyi_roster_for(svy_interview *iv, uint32_t roster, uint32_t parent, svy_error *err)
{
    const uint32_t source = svyi_item(iv, roster)->of, list = svyi_item(iv, source)->list;
    const svy_value v = svyi_value_at(iv, source, parent);
    const svyi_kids *old = svyi_kids_of(iv, parent, roster);
    const uint32_t had = old != NULL ? old->n : 0, n = count_choices(iv, list, &v);
    svy_status st = SVY_OK;

    if (had == 0 && n == 0)
        return SVY_OK;
    if (n > SVYI_MAX_ROSTER)
        return svyi_fail(err, SVY_E_LIMIT, "roster '%s' would have %u entries; at most %d", svy_form_item_id(iv->form, roster), n, SVYI_MAX_ROSTER);
    svyi_kids *kids = make_kids(iv, (size_t)had + n);
    if (kids == NULL)
        return svyi_nomem(err);
    mark_old(iv, old);
    st = fill_for(iv, roster, parent, list, &v, old, kids, err);
    unmark(iv, old, had);
    unmark(iv, kids, kids->active);
    if (st == SVY_OK && !same_kids(old, kids)) {
        svyi_kids *fit = make_kids(iv, kids->n);
        if (fit != NULL) {
            fit->active = kids->active;
            memcpy(fit->ids, kids->ids, kids->n * sizeof *fit->ids);
            st = put_kids(iv, roster, parent, fit, err);
        } else
            st = svyi_nomem(err);
    }
    kids->n = had + n;                             /* what was allocated */
    svyi_kids_release(iv, kids);
    return st;
}

svy_status svyi_roster_add(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t *entry, svy_error *err)
{
    const svyi_kids *old = svyi_kids_of(iv, parent, roster);
    const uint32_t had = old != NULL ? old->n : 0, active = old != NULL ? old->active : 0;
    svyi_kids *kids;

    *entry = 0;
    const svy_status st = extend(iv, roster, parent, had + 1, &kids, err);
    if (st != SVY_OK)
        return st;
    *entry = kids->ids[had];
    memmove(&kids->ids[active + 1], &kids->ids[active], (had - active) * sizeof *kids->ids);
    kids->ids[active] = *entry;
    kids->active = active + 1;
    return put_kids(iv, roster, parent, kids, err);
}

svy_status svyi_roster_remove(svy_interview *iv, uint32_t entry, svy_error *err)
{
    const svyi_entry *e = &iv->entries[entry];
    const uint32_t roster = e->roster, parent = e->parent, at = e->ordinal, active = svyi_kids_of(iv, parent, roster)->active;
    svyi_kids *kids;
    const svy_status st = extend(iv, roster, parent, 0, &kids, err);

    if (st != SVY_OK)
        return st;
    memmove(&kids->ids[at], &kids->ids[at + 1], (active - 1 - at) * sizeof *kids->ids);
    kids->ids[active - 1] = entry;
    kids->active = active - 1;
    return put_kids(iv, roster, parent, kids, err);
}
