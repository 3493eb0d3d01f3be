/* Who is asked what: relevance through sections, rosters and entries, and the early end that holds. */
#include "interview/odk_priv.h"

/* Items of an entry that come after this one are routed away by the early end; UINT32_MAX when none is. */
static uint32_t cut_of(const svy_interview *iv, uint32_t entry)
{
    svy_place at = iv->s.end;

    while (at.item != 0) {
        if (at.entry == entry)
            return at.item;
        if (at.entry == 0)
            break;
        at = (svy_place){ iv->entries[at.entry].roster, iv->entries[at.entry].parent };
    }
    return UINT32_MAX;
}

/* An early end routes away what is asked or shown. Computes are not asked: they stay, with what is left to compute from. */
static int is_routed(uint32_t kind)
{
    return kind != SVY_EL_COMPUTE && kind != SVY_EL_SECTION && kind != SVY_EL_GRID;
}

/* 1 when the whole entry comes after the early end: the end lies in an entry of the same roster before it. */
static int beyond(const svy_interview *iv, uint32_t entry)
{
    const svyi_entry *e = &iv->entries[entry];
    uint32_t at = iv->s.end.item != 0 ? iv->s.end.entry : 0;

    while (at != 0) {
        const svyi_entry *holder = &iv->entries[at];
        if (holder->roster == e->roster && holder->parent == e->parent)
            return holder->ordinal < e->ordinal;
        at = holder->parent;
    }
    return 0;
}

static int flip(svy_interview *iv, uint32_t item, uint32_t entry, int on, int silent)
{
    svyi_cell *cell = svyi_cell_at(iv, entry, item);

    if (((cell->flags & SVYI_ON) != 0) == on)
        return 0;
    cell->flags ^= SVYI_ON;
    iv->flipped = 1;
    if (!silent) {
        if (svyi_item(iv, item)->kind == SVY_EL_END)
            iv->ends_dirty = 1;
        if (svyi_is_odk(iv) && on)
            svyi_odk_came_back(iv, item, entry);
        svyi_touched(iv, item, entry);
    }
    return 1;
}

enum { DEEP = 1, SILENT = 2 };   /* go on where nothing changes; queue nothing */

static int refresh_entry(svy_interview *iv, uint32_t entry, int how);   /* 1 when it is asked now and was not, or the other way round */

/* Sets what is asked among the items first..end-1 of an entry. Recurses once for each roster inside another. */
static void refresh(svy_interview *iv, uint32_t entry, uint32_t first, uint32_t end, int how)
{
    const uint32_t cut = cut_of(iv, entry), roster = iv->entries[entry].roster;

    for (uint32_t i = first; i < end; i++) {
        const svy_item *item = svyi_item(iv, i);
        const int around = i == 0 || (item->parent == roster && roster != 0) ? iv->entries[entry].on
                                                                             : (svyi_cell_at(iv, entry, item->parent)->flags & SVYI_ON) != 0;
        const int own = (svyi_cell_at(iv, entry, i)->flags & SVYI_OWN) != 0;
        const int changed = flip(iv, i, entry, around && own && (i <= cut || !is_routed(item->kind)), how & SILENT);

        if ((changed || (how & DEEP)) && item->kind == SVY_EL_ROSTER) {
            const svyi_kids *kids = svyi_kids_of(iv, entry, i);
            int flipped = 0;
            for (uint32_t k = 0; kids != NULL && k < kids->n; k++)
                flipped |= refresh_entry(iv, kids->ids[k], how);
            if (flipped && !changed && (how & SILENT) == 0)
                svyi_touched(iv, i, entry);              /* an early end has cut off some of its entries, or gives them back */
        }
        if (item->kind == SVY_EL_ROSTER || (!changed && !(how & DEEP)))
            i = item->end - 1;
    }
}

static int refresh_entry(svy_interview *iv, uint32_t entry, int how)
{
    svyi_entry *e = &iv->entries[entry];
    const int own = !svyi_is_odk(iv) || (svyi_cell_at(iv, entry, e->roster)->flags & SVYI_OWN) != 0;
    const int on = own && e->active && (svyi_cell_at(iv, e->parent, e->roster)->flags & SVYI_ON) != 0 && !beyond(iv, entry);

    const int changed = e->on != on;

    if (!changed && !(how & DEEP))
        return 0;
    iv->flipped = 1;
    e->on = (uint8_t)on;
    refresh(iv, entry, e->roster + 1, svyi_item(iv, e->roster)->end, how);
    return changed;
}

int svyi_refresh_entry(svy_interview *iv, uint32_t entry, int deep)
{
    return refresh_entry(iv, entry, deep ? DEEP : 0);
}

void svyi_refresh_all(svy_interview *iv, int silent)
{
    iv->entries[0].on = 1;
    iv->work += iv->n_cells;
    refresh(iv, 0, 0, iv->plan.n_items, DEEP | (silent ? SILENT : 0));
}

int svyi_set_own(svy_interview *iv, uint32_t item, uint32_t entry, int own)
{
    svyi_cell *cell = svyi_cell_at(iv, entry, item);

    if (((cell->flags & SVYI_OWN) != 0) == own)
        return 0;
    cell = svyi_cell_change(iv, entry, item);
    if (cell == NULL)
        return -1;
    cell->flags ^= SVYI_OWN;
    if (entry != 0 && item == iv->entries[entry].roster) {     /* an entry by itself */
        if (refresh_entry(iv, entry, 0))
            svyi_touched(iv, item, iv->entries[entry].parent);
        return 0;
    }
    refresh(iv, entry, item, svyi_item(iv, item)->end, 0);
    return 0;
}

/* 1 when an early end is asked, whatever other ends say. */
static int reached(const svy_interview *iv, uint32_t item, uint32_t entry)
{
    for (;;) {
        if ((svyi_cell_at(iv, entry, item)->flags & SVYI_OWN) == 0)
            return 0;
        if (item == 0)
            return 1;
        item = svyi_item(iv, item)->parent;
        if (item != 0 && item == iv->entries[entry].roster) {
            if (!iv->entries[entry].active)
                return 0;
            entry = iv->entries[entry].parent;
        }
    }
}

/* The first entry inside `entry`, in order, in which the end holds. Recurses once for each roster around the end. */
static int holds_inside(const svy_interview *iv, uint32_t item, uint32_t entry, svy_place *place)
{
    const uint32_t roster = svyi_item(iv, item)->roster;
    uint32_t step = roster;

    if (iv->entries[entry].roster == roster) {
        *place = (svy_place){ item, entry };
        return svyi_cell_at(iv, entry, item)->number != 0 && reached(iv, item, entry);
    }
    while (svyi_item(iv, step)->roster != iv->entries[entry].roster)
        step = svyi_item(iv, step)->roster;
    const svyi_kids *kids = svyi_kids_of(iv, entry, step);
    for (uint32_t k = 0; kids != NULL && k < kids->active; k++)
        if (holds_inside(iv, item, kids->ids[k], place))
            return 1;
    return 0;
}

/* 1 when place a comes before b, both of them ends, in the order in which an interview goes. */
static int earlier(const svy_interview *iv, svy_place a, svy_place b)
{
    svy_place x = a, y = b;

    /* Climb to the entry that both are in; the last step of each tells how they are ordered there. */
    while (x.entry != y.entry) {
        svy_place *deeper = x.entry > y.entry ? &x : &y;         /* an entry is made after those around it */
        const svyi_entry *e = &iv->entries[deeper->entry];
        const svyi_entry *other = &iv->entries[deeper == &x ? y.entry : x.entry];
        if (e->roster == other->roster && e->parent == other->parent)
            return iv->entries[x.entry].ordinal < iv->entries[y.entry].ordinal;
        *deeper = (svy_place){ e->roster, e->parent };
    }
    return x.item < y.item;
}

int svyi_find_end(svy_interview *iv)
{
    const svy_place was = iv->s.end;
    svy_place found = { 0, 0 }, place;

    if (iv->end_given)
        return 0;
    for (uint32_t i = 0; i < iv->plan.n_ends; i++)
        if (holds_inside(iv, iv->plan.ends[i], 0, &place) && (found.item == 0 || earlier(iv, place, found)))
            found = place;
    iv->s.end = found;
    return found.item != was.item || found.entry != was.entry;
}
