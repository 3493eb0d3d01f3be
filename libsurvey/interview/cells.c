/* Cells: one question, compute, section or roster in one entry; their values, and logging them before they change. */
#include <string.h>

#include "base/error.h"
#include "interview/interview_priv.h"

int svyi_place_ok(const svy_interview *iv, svy_place place)
{
    return place.item < iv->plan.n_items && place.entry < iv->s.n_entries &&
           svyi_item(iv, place.item)->roster == iv->entries[place.entry].roster;
}

svy_value svyi_cell_stored(const svy_interview *iv, uint32_t item, const svyi_cell *cell)
{
    if (svyi_is_odk(iv)) {
        const char *text = cell->shown != NULL ? cell->shown : cell->len > 0 ? cell->at.text : "";
        return (svy_value){ .kind = iv->plan.kind[item], .missing = cell->missing, .len = (uint32_t)strlen(text), .text = text };
    }
    return (svy_value){ .kind = iv->plan.kind[item], .missing = cell->missing, .number = cell->number,
                        .len = cell->len, .text = cell->len > 0 ? cell->at.text : "" };
}

svy_value svyi_cell_value(const svy_interview *iv, uint32_t item, const svyi_cell *cell)
{
    const svy_kind kind = (svy_kind)iv->plan.kind[item];

    if (kind == SVY_K_NONE || (cell->flags & SVYI_ON) == 0)
        return svy_value_missing(kind, SVY_NOT_ASKED);
    if ((svyi_item(iv, item)->kind == SVY_EL_QUESTION && !svyi_is_odk(iv) && (cell->flags & (SVYI_GIVEN | SVYI_PRESET)) == 0) || cell->missing == SVY_NOT_REACHED)
        return svy_value_missing(kind, iv->s.phase == SVY_COMPLETE ? SVY_NOT_STATED : SVY_NOT_REACHED);
    if (cell->missing != SVY_PRESENT)
        return svy_value_missing(kind, (svy_missing)cell->missing);
    if (cell->shown != NULL && cell->shown[0] == '\0')
        return svy_value_missing(kind, iv->s.phase == SVY_COMPLETE ? SVY_NOT_STATED : SVY_NOT_REACHED);
    return svyi_cell_stored(iv, item, cell);
}

svyi_cell *svyi_cell_change(svy_interview *iv, uint32_t entry, uint32_t item)
{
    svyi_cell *cell = svyi_cell_at(iv, entry, item);

    if (svyi_grow(&iv->alloc, &iv->undo, &iv->undo_capacity, iv->n_undo + 1, sizeof *iv->undo) != 0) {
        iv->failed = 1;
        return NULL;
    }
    iv->undo[iv->n_undo++] = (svyi_undo){ .entry = entry, .item = item, .cell = *cell };
    return cell;
}

/* What the cell held stays in the log, which releases it. */
static void drops(svy_interview *iv, uint32_t what)
{
    iv->undo[iv->n_undo - 1].drops |= what;
}

static int has_text(svy_kind kind)
{
    return kind == SVY_K_TEXT || kind == SVY_K_CODE || kind == SVY_K_CODES || kind == SVY_K_PLACE;
}

int svyi_cell_set(svy_interview *iv, uint32_t item, svyi_cell *cell, const svy_value *value)
{
    const svy_kind kind = (svy_kind)iv->plan.kind[item];
    char *own = NULL;

    if (value->missing == SVY_PRESENT && has_text(kind) && value->len > 0) {
        own = svyi_get(&iv->alloc, (size_t)value->len + 1);
        if (own == NULL) {
            iv->failed = 1;
            return -1;
        }
        memcpy(own, value->text, value->len);
        own[value->len] = '\0';
    }
    drops(iv, SVYI_DROPS_TEXT);
    cell->at.text = own;
    cell->missing = value->missing;
    cell->len = own != NULL ? value->len : 0;
    if (!svyi_is_odk(iv))
        cell->number = value->missing == SVY_PRESENT ? value->number : 0;
    return 0;
}

int svyi_cell_shown(svy_interview *iv, svyi_cell *cell, const char *text, size_t len)
{
    char *own = NULL;

    if (text != NULL) {
        own = svyi_get(&iv->alloc, len + 1);
        if (own == NULL) {
            iv->failed = 1;
            return -1;
        }
        memcpy(own, text, len);
        own[len] = '\0';
    }
    drops(iv, SVYI_DROPS_SHOWN);
    cell->shown = own;
    return 0;
}

void svyi_shown_release(svy_interview *iv, char *shown)
{
    if (shown != NULL)
        svyi_release(&iv->alloc, shown, strlen(shown) + 1);
}

int svyi_cell_note(svy_interview *iv, svyi_cell *cell, const char *remark, size_t remark_len, const char *reason, size_t reason_len)
{
    svyi_note *note = NULL;

    if (remark_len + reason_len > 0) {
        note = svyi_get(&iv->alloc, sizeof *note + remark_len + reason_len + 2);
        if (note == NULL) {
            iv->failed = 1;
            return -1;
        }
        *note = (svyi_note){ .remark_len = (uint32_t)remark_len, .reason_len = (uint32_t)reason_len };
        if (remark_len > 0)
            memcpy(note->text, remark, remark_len);
        note->text[remark_len] = '\0';
        if (reason_len > 0)
            memcpy(note->text + remark_len + 1, reason, reason_len);
        note->text[remark_len + 1 + reason_len] = '\0';
    }
    drops(iv, SVYI_DROPS_NOTE);
    cell->note = note;
    return 0;
}

void svyi_cell_kids(svy_interview *iv, svyi_cell *cell, svyi_kids *kids)
{
    drops(iv, SVYI_DROPS_KIDS);
    cell->at.kids = kids;
}

void svyi_note_release(svy_interview *iv, svyi_note *note)
{
    if (note != NULL)
        svyi_release(&iv->alloc, note, sizeof *note + note->remark_len + note->reason_len + 2);
}

void svyi_kids_release(svy_interview *iv, svyi_kids *kids)
{
    if (kids != NULL)
        svyi_release(&iv->alloc, kids, sizeof *kids + kids->n * sizeof *kids->ids);
}

void svyi_text_release(svy_interview *iv, char *text, uint32_t len)
{
    svyi_release(&iv->alloc, text, (size_t)len + 1);
}
