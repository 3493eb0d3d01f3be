/* Completing: after an early end that keeps only some sections, the answers of all others are erased. */
#include <string.h>

#include "base/error.h"
#include "interview/odk_priv.h"

static int kept(const svy_interview *iv, uint32_t item)
{
    uint32_t n = 0;
    const uint32_t *keep = iv->s.end.item != 0 ? svy_form_keep(iv->form, iv->s.end.item, &n) : NULL;

    if (n == 0 || svyi_item(iv, item)->kind == SVY_EL_PARAMETER)
        return 1;
    for (uint32_t i = 0; i < n; i++)
        if (item >= keep[i] && item < svyi_item(iv, keep[i])->end)
            return 1;
    return 0;
}

static int erase_cell(svy_interview *iv, uint32_t item, uint32_t entry)
{
    const svy_value none = svy_value_missing(SVY_K_NONE, SVY_NOT_STATED);
    svyi_cell *cell = svyi_cell_change(iv, entry, item);

    if (cell == NULL || svyi_cell_set(iv, item, cell, &none) != 0 || svyi_cell_note(iv, cell, "", 0, "", 0) != 0)
        return -1;
    cell->flags &= (uint16_t)~(SVYI_GIVEN | SVYI_PRESET | SVYI_TOUCHED | SVYI_ORDERED);
    return 0;
}

/* Its entries no longer count, and the codes that named them are gone. */
static int erase_roster(svy_interview *iv, uint32_t roster, uint32_t parent)
{
    const svyi_kids *kids = svyi_kids_of(iv, parent, roster);
    svyi_cell *cell = svyi_cell_change(iv, parent, roster);

    if (cell == NULL)
        return -1;
    cell->number = 0;
    for (uint32_t i = 0; kids != NULL && i < kids->n; i++) {
        svyi_entry *e = &iv->entries[kids->ids[i]];
        if (svyi_entry_log(iv, kids->ids[i]) != 0)
            return -1;
        e->active = e->on = 0;
        e->choice = UINT32_MAX;
    }
    iv->flipped = 1;
    return 0;
}

static int erase(svy_interview *iv)
{
    for (uint32_t entry = 0; entry < iv->s.n_entries; entry++) {
        const uint32_t roster = iv->entries[entry].roster;
        for (uint32_t i = roster + 1; i < svyi_item(iv, roster)->end; i++) {
            const svy_item *item = svyi_item(iv, i);
            if (item->roster != roster || kept(iv, i))
                continue;
            if (item->kind == SVY_EL_ROSTER ? erase_roster(iv, i, entry) != 0
                                            : item->type != SVY_T_NONE && erase_cell(iv, i, entry) != 0)
                return -1;
        }
    }
    return 0;
}

svy_status svyi_do_complete(svy_interview *iv, svy_error *err)
{
    uint32_t n = 0;

    if (svyi_is_odk(iv)) {
        const svy_status st = svyi_odk_finish(iv, err);
        if (st != SVY_OK)
            return st;
    }
    iv->s.phase = SVY_COMPLETE;
    if (iv->s.end.item != 0)
        svy_form_keep(iv->form, iv->s.end.item, &n);
    if (n > 0 && erase(iv) != 0)
        return svyi_nomem(err);
    return SVY_OK;
}

void svyi_forget_overrides(svy_interview *iv)
{
    size_t left = 0;

    for (size_t i = 0; i < iv->n_overrides; i++) {
        svyi_override *o = &iv->overrides[i];
        if (kept(iv, svy_form_check(iv->form, o->check)->item))
            iv->overrides[left++] = *o;
        else
            svyi_text_release(iv, o->reason, o->len);
    }
    iv->n_overrides = left;
}
