/* Walking through all places in document order, with the entries of rosters in turn. */
#include "interview/interview_priv.h"

uint32_t svyi_sibling(const svy_interview *iv, uint32_t parent, uint32_t roster, uint32_t entry, int direction)
{
    const svyi_kids *kids = svyi_kids_of(iv, parent, roster);
    int64_t at;

    if (kids == NULL)
        return 0;
    if (entry != 0)
        at = (int64_t)iv->entries[entry].ordinal + direction;
    else
        at = direction > 0 ? 0 : (int64_t)kids->active - 1;
    for (; at >= 0 && at < kids->active; at += direction)
        if (iv->entries[kids->ids[at]].on)
            return kids->ids[at];
    return 0;
}

/* The roster that is one step from `outer` (a roster, or 0) on the way in to `roster`. */
static uint32_t step_to(const svy_interview *iv, uint32_t roster, uint32_t outer)
{
    while (svyi_item(iv, roster)->roster != outer)
        roster = svyi_item(iv, roster)->roster;
    return roster;
}

/* The first entry of `roster` inside `entry`. Recurses once for each roster in between. */
static uint32_t first_inside(const svy_interview *iv, uint32_t roster, uint32_t entry)
{
    const uint32_t step = step_to(iv, roster, iv->entries[entry].roster);

    for (uint32_t kid = svyi_sibling(iv, entry, step, 0, 1); kid != 0; kid = svyi_sibling(iv, entry, step, kid, 1)) {
        const uint32_t found = step == roster ? kid : first_inside(iv, roster, kid);
        if (found != 0)
            return found;
    }
    return 0;
}

uint32_t svyi_holder(const svy_interview *iv, uint32_t roster, uint32_t entry)
{
    for (; entry != 0; entry = iv->entries[entry].parent)
        for (uint32_t outer = svyi_item(iv, roster)->roster; outer != 0; outer = svyi_item(iv, outer)->roster)
            if (outer == iv->entries[entry].roster)
                return entry;
    return 0;
}

uint32_t svyi_next_inside(const svy_interview *iv, uint32_t roster, uint32_t entry, uint32_t after)
{
    entry = svyi_holder(iv, roster, entry);
    if (after == 0)
        return first_inside(iv, roster, entry);
    for (uint32_t at = after; at != entry && at != 0; at = iv->entries[at].parent) {
        const svyi_entry *e = &iv->entries[at];
        uint32_t kid = at;
        while ((kid = svyi_sibling(iv, e->parent, e->roster, kid, 1)) != 0) {
            const uint32_t found = e->roster == roster ? kid : first_inside(iv, roster, kid);
            if (found != 0)
                return found;
        }
    }
    return 0;
}

uint32_t svy_interview_next_entry(const svy_interview *iv, uint32_t roster, uint32_t entry, uint32_t after)
{
    if (roster == 0 || roster >= iv->plan.n_items || svyi_item(iv, roster)->kind != SVY_EL_ROSTER ||
        entry >= iv->s.n_entries || after >= iv->s.n_entries || (after != 0 && iv->entries[after].roster != roster))
        return 0;
    return svyi_next_inside(iv, roster, entry, after);
}

/* The stop behind item `last` of an entry when its subtree is done: its next item, the next entry, or the roster again. */
static svyi_stop behind(const svy_interview *iv, uint32_t next, uint32_t entry)
{
    if (entry == 0)
        return (svyi_stop){ { next < iv->plan.n_items ? next : 0, 0 }, 0 };
    const svyi_entry *e = &iv->entries[entry];
    if (next < svyi_item(iv, e->roster)->end)
        return (svyi_stop){ { next, entry }, 0 };
    const uint32_t sibling = svyi_sibling(iv, e->parent, e->roster, entry, 1);
    if (sibling != 0)
        return (svyi_stop){ { e->roster + 1, sibling }, 0 };
    return (svyi_stop){ { e->roster, e->parent }, 1 };
}

svyi_stop svyi_next_stop(const svy_interview *iv, svyi_stop from, int skip)
{
    const svy_place at = from.at;
    const svy_item *item = svyi_item(iv, at.item);

    if (from.after)
        return behind(iv, item->end, at.entry);
    if (item->kind != SVY_EL_ROSTER)
        return behind(iv, skip ? item->end : at.item + 1, at.entry);
    const uint32_t kid = skip ? 0 : svyi_sibling(iv, at.entry, at.item, 0, 1);
    if (kid != 0 && at.item + 1 < item->end)
        return (svyi_stop){ { at.item + 1, kid }, 0 };
    return (svyi_stop){ at, 1 };
}

/* The last stop at or inside item `item` or the roster of this level that it lies in. */
static svyi_stop last_stop(const svy_interview *iv, uint32_t item, uint32_t entry)
{
    const uint32_t level = iv->entries[entry].roster;

    while (svyi_item(iv, item)->roster != level)
        item = svyi_item(iv, item)->roster;
    return (svyi_stop){ { item, entry }, svyi_item(iv, item)->kind == SVY_EL_ROSTER };
}

svyi_stop svyi_previous_stop(const svy_interview *iv, svyi_stop from)
{
    const svy_place at = from.at;

    if (from.after) {
        const uint32_t end = svyi_item(iv, at.item)->end, kid = svyi_sibling(iv, at.entry, at.item, 0, -1);
        return kid != 0 && at.item + 1 < end ? last_stop(iv, end - 1, kid) : (svyi_stop){ at, 0 };
    }
    if (at.item == 0)
        return from;
    const svyi_entry *e = &iv->entries[at.entry];
    if (at.entry == 0 || at.item > e->roster + 1)
        return last_stop(iv, at.item - 1, at.entry);
    const uint32_t sibling = svyi_sibling(iv, e->parent, e->roster, at.entry, -1);
    if (sibling != 0)
        return last_stop(iv, svyi_item(iv, e->roster)->end - 1, sibling);
    return (svyi_stop){ { e->roster, e->parent }, 0 };
}
