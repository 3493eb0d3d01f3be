/* The whole state as canonical bytes: everything that was given and everything that follows from it. */
#include <string.h>

#include "interview/odk_priv.h"

enum { STATE_VERSION = 1 };

static void put_text(svyi_out *o, const char *text, uint32_t len)
{
    svyi_out_u32(o, len);
    svyi_out_bytes(o, text, len);
}

static void put_number(svyi_out *o, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    svyi_out_u64(o, bits);
}

/* Entries that do not count keep what was given; what follows from it is worked out when they come back. */
static uint32_t lasting(const svyi_entry *e, const svyi_cell *cell)
{
    const uint32_t given = SVYI_GIVEN | SVYI_TOUCHED | SVYI_CLOSED | SVYI_ORDERED;

    return cell->flags & (e->active ? given | SVYI_OWN | SVYI_ON | SVYI_PRESET : given);
}

/* Of a leaf in a form with ODK's expressions: what it calculated, what its actions saw, what is shown of chosen codes. */
static void put_marks(svyi_out *o, const svyi_cell *cell)
{
    svyi_out_u32(o, (cell->flags & SVYI_RESULT) != 0 ? cell->mark.result : 0);
    svyi_out_u32(o, (cell->flags & SVYI_SEEN) != 0 ? cell->mark.seen : 0);
    svyi_out_u32(o, cell->shown != NULL);
    put_text(o, cell->shown != NULL ? cell->shown : "", cell->shown != NULL ? (uint32_t)strlen(cell->shown) : 0);
}

static void put_cell(svyi_out *o, const svy_interview *iv, uint32_t entry, uint32_t item)
{
    const svyi_entry *e = &iv->entries[entry];
    const svyi_cell *cell = svyi_cell_at(iv, entry, item);
    const svyi_note *note = cell->note;
    const int is_roster = svyi_item(iv, item)->kind == SVY_EL_ROSTER;
    const int holds = e->active || (cell->flags & SVYI_GIVEN) != 0;

    svyi_out_u32(o, lasting(e, cell));
    svyi_out_u32(o, holds ? cell->missing : 0);
    if (svyi_is_odk(iv) && !is_roster)
        put_marks(o, cell);
    else
        put_number(o, holds ? cell->number : 0);
    if (!is_roster)
        put_text(o, cell->at.text, holds ? cell->len : 0);
    put_text(o, note != NULL ? note->text : "", note != NULL ? note->remark_len : 0);
    put_text(o, note != NULL ? note->text + note->remark_len + 1 : "", note != NULL ? note->reason_len : 0);
}

static int counts(const svy_interview *iv, uint32_t entry)
{
    for (; entry != 0; entry = iv->entries[entry].parent)
        if (!iv->entries[entry].active)
            return 0;
    return 1;
}

static void put_entry(svyi_out *o, const svy_interview *iv, uint32_t entry)
{
    const svyi_entry *e = &iv->entries[entry];
    const char *key = svy_interview_entry_key(iv, entry);
    const int around = counts(iv, e->parent);

    svyi_out_u32(o, e->roster);
    svyi_out_u32(o, e->parent);
    put_text(o, key, (uint32_t)strlen(key));
    svyi_out_u32(o, around ? e->ordinal : 0);
    svyi_out_u32(o, around ? e->active : 0);
    svyi_out_u32(o, around ? e->on : 0);
    for (uint32_t i = entry == 0 ? 0 : e->roster + 1; i < svyi_item(iv, e->roster)->end; i++)
        if (svyi_item(iv, i)->roster == e->roster)
            put_cell(o, iv, entry, i);
}

static void put_frame(svyi_out *o, const svy_interview *iv)
{
    const svyi_state *s = &iv->s;

    svyi_out_bytes(o, "svyi", 4);
    svyi_out_u32(o, STATE_VERSION);
    svyi_out_u64(o, svy_form_checksum(iv->form));
    svyi_out_u64(o, s->sequence);
    svyi_out_u64(o, s->seed);
    svyi_out_u64(o, (uint64_t)s->moment.utc_ms);
    svyi_out_u32(o, (uint32_t)s->moment.zone_minutes);
    svyi_out_u32(o, s->language);
    svyi_out_u32(o, (uint32_t)s->phase);
    svyi_out_u32(o, s->current.item);
    svyi_out_u32(o, s->current.entry);
    svyi_out_u32(o, s->end.item);
    svyi_out_u32(o, s->end.entry);
    svyi_out_u32(o, s->n_entries);
}

size_t svy_interview_state(const svy_interview *iv, void *out, size_t size)
{
    svyi_out o = { out, size, 0 };

    put_frame(&o, iv);
    for (uint32_t e = 0; e < iv->s.n_entries; e++)
        put_entry(&o, iv, e);
    svyi_out_u64(&o, iv->n_overrides);
    for (size_t i = 0; i < iv->n_overrides; i++) {
        const svyi_override *v = &iv->overrides[i];
        svyi_out_u32(&o, v->check);
        svyi_out_u32(&o, v->entry);
        svyi_out_u64(&o, v->seen);
        put_text(&o, v->reason, v->len);
    }
    return o.len;
}
