/* Changes as transactions: begun at a moment, settled, journalled, and kept or taken back. */
#include "base/error.h"
#include "interview/odk_priv.h"

svy_status svyi_change_begin(svy_interview *iv, svy_moment now, svy_error *err)
{
    if (!svyi_moment_ok(now))
        return svyi_fail(err, SVY_E_ARG, "the moment of a change is not within the years 1 to 9999");
    const double local = svyi_local(now), day = 86400;
    const int64_t was = (int64_t)(iv->s.now / day - (iv->s.now < 0)), is = (int64_t)(local / day - (local < 0));

    iv->before = iv->s;
    iv->changing = 1;
    iv->failed = 0;
    if (svyi_is_odk(iv))
        svyi_odk_drop(iv);
    iv->s.moment = now;
    iv->s.now = local;
    if (iv->s.sequence > 0 && iv->plan.n_clock > 0 && iv->before.now != local) {
        svyi_queue_clock(iv, was != is);
        const svy_status st = svyi_settle(iv, err);
        if (st != SVY_OK)
            return svyi_change_fail(iv, st);
    }
    return SVY_OK;
}

static void put_back(svy_interview *iv, const svyi_undo *u)
{
    if ((u->drops & SVYI_IS_RULE) != 0) {
        iv->plan.rules[u->entry].saw = (uint8_t)u->cell.len;
        iv->plan.n_position = (uint32_t)u->cell.number;
        return;
    }
    if ((u->drops & SVYI_IS_ENTRY) != 0) {
        iv->entries[u->entry].ordinal = u->cell.len;
        iv->entries[u->entry].active = u->cell.missing;
        iv->entries[u->entry].choice = (uint32_t)u->cell.number;
        iv->entries[u->entry].fresh = (uint8_t)u->cell.flags;
        return;
    }
    svyi_cell *cell = svyi_cell_at(iv, u->entry, u->item);
    if ((u->drops & SVYI_DROPS_TEXT) != 0)
        svyi_text_release(iv, cell->at.text, cell->len);
    if ((u->drops & SVYI_DROPS_KIDS) != 0)
        svyi_kids_release(iv, cell->at.kids);
    if ((u->drops & SVYI_DROPS_NOTE) != 0)
        svyi_note_release(iv, cell->note);
    if ((u->drops & SVYI_DROPS_SHOWN) != 0)
        svyi_shown_release(iv, cell->shown);
    *cell = u->cell;
    cell->flags &= (uint16_t)~SVYI_JOBS;
}

static void drop_pending(svy_interview *iv)
{
    for (size_t i = 0; i < iv->n_pending; i++) {
        svyi_override *o = &iv->overrides[iv->n_overrides + i];
        svyi_text_release(iv, o->reason, o->len);
    }
    iv->n_pending = 0;
}

void svyi_change_back(svy_interview *iv)
{
    svyi_queue_drop(iv);
    if (svyi_is_odk(iv))
        svyi_odk_drop(iv);
    iv->work += 1 + 4 * iv->n_undo;
    while (iv->n_undo > 0)
        put_back(iv, &iv->undo[--iv->n_undo]);
    drop_pending(iv);
    svyi_entries_drop(iv, iv->before.n_entries);
    iv->s = iv->before;
    if (iv->flipped)
        svyi_refresh_all(iv, 1);
    iv->changing = iv->failed = iv->flipped = iv->ends_dirty = 0;
}

static int same_override(const svyi_override *a, const svyi_override *b)
{
    return a->check == b->check && a->entry == b->entry;
}

/* Pending overrides take the place of older ones for the same check. */
static void keep_overrides(svy_interview *iv)
{
    const size_t end = iv->n_overrides + iv->n_pending;

    for (size_t p = iv->n_overrides; p < end; p++) {
        const svyi_override fresh = iv->overrides[p];
        size_t at = 0;
        while (at < iv->n_overrides && !same_override(&iv->overrides[at], &fresh))
            at++;
        if (at < iv->n_overrides)
            svyi_text_release(iv, iv->overrides[at].reason, iv->overrides[at].len);
        else
            iv->n_overrides++;
        iv->overrides[at] = fresh;
    }
    iv->n_pending = 0;
}

void svyi_change_keep(svy_interview *iv)
{
    for (size_t i = 0; i < iv->n_undo; i++) {
        svyi_undo *u = &iv->undo[i];
        if ((u->drops & SVYI_DROPS_TEXT) != 0)
            svyi_text_release(iv, u->cell.at.text, u->cell.len);
        if ((u->drops & SVYI_DROPS_KIDS) != 0)
            svyi_kids_release(iv, u->cell.at.kids);
        if ((u->drops & SVYI_DROPS_NOTE) != 0)
            svyi_note_release(iv, u->cell.note);
        if ((u->drops & SVYI_DROPS_SHOWN) != 0)
            svyi_shown_release(iv, u->cell.shown);
    }
    iv->work += 1 + 4 * iv->n_undo;
    iv->n_undo = 0;
    keep_overrides(iv);
    iv->changing = iv->failed = iv->flipped = iv->ends_dirty = 0;
}

svy_status svyi_change_fail(svy_interview *iv, svy_status st)
{
    svyi_change_back(iv);
    return st;
}

static svy_status write_event(svy_interview *iv, const svy_event *event, svy_error *err)
{
    if (iv->journal.write == NULL)
        return SVY_OK;
    return iv->journal.write(iv->journal.user, event, err);
}

static svy_status finish(svy_interview *iv, svy_event *event, svy_place place, svy_error *err)
{
    const size_t need = svy_interview_entry_path(iv, place.entry, NULL, 0);

    if (iv->failed || svyi_grow(&iv->alloc, &iv->path.data, &iv->path.capacity, need + 1, 1) != 0)
        return svyi_change_fail(iv, svyi_nomem(err));
    svy_interview_entry_path(iv, place.entry, iv->path.data, need + 1);
    event->sequence = iv->s.sequence + 1;
    event->moment = iv->s.moment;
    event->item = place.item > 0 ? svy_form_item_id(iv->form, place.item) : "";
    event->entry = iv->path.data;
    const svy_status st = write_event(iv, event, err);
    if (st != SVY_OK)
        return svyi_change_fail(iv, st);
    iv->s.sequence++;
    svyi_change_keep(iv);
    return SVY_OK;
}

svy_status svyi_change_end_text(svy_interview *iv, svy_action action, svy_place place, const char *text, size_t len, const char *reason, svy_error *err)
{
    svy_event event = { .action = action, .value = text, .value_len = (uint32_t)len, .reason = reason };

    return finish(iv, &event, place, err);
}

svy_status svyi_change_end(svy_interview *iv, svy_action action, svy_place place, const svy_value *value, const char *reason, svy_error *err)
{
    svy_event event = { .action = action, .value = "", .reason = reason };

    if (value != NULL && value->missing == SVY_PRESENT) {
        const size_t need = svy_value_format(value, NULL, 0);
        if (svyi_grow(&iv->alloc, &iv->value.data, &iv->value.capacity, need + 1, 1) != 0)
            return svyi_change_fail(iv, svyi_nomem(err));
        svy_value_format(value, iv->value.data, need + 1);
        event.value = iv->value.data;
        event.value_len = (uint32_t)need;
    } else if (value != NULL)
        event.missing = (svy_missing)value->missing;
    return finish(iv, &event, place, err);
}
