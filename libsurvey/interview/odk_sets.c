/* Preloads and actions: values that are set when the interview begins, when an entry is made, when another value changes. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "base/text.h"
#include "interview/odk_priv.h"

/* ---- Preloads ---- */

/* A version 4 UUID of RFC 4122: the same for the same seed and place. */
void svyi_uuid(uint64_t seed, uint64_t place, char out[37])
{
    static const char HEX[] = "0123456789abcdef";
    svyi_random r;
    unsigned char bytes[16];
    char *at = out;

    svyi_random_seed(&r, seed ^ place * 0x9E3779B97F4A7C15u);
    for (int half = 0; half < 2; half++) {
        const uint64_t x = svyi_random_next(&r);
        for (int i = 0; i < 8; i++)
            bytes[8 * half + i] = (unsigned char)(x >> (8 * i) & 0xFF);
    }
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = HEX[bytes[i] >> 4];
        *at++ = HEX[bytes[i] & 15];
    }
    *at = '\0';
}

static const char *property(const svyi_odk *odk, const char *name)
{
    for (size_t i = 0; i < odk->n_properties; i++)
        if (strcmp(odk->properties[2 * i], name) == 0)
            return odk->properties[2 * i + 1];
    return "";
}

/* Puts a text in its canonical form. */
static svy_status put(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err)
{
    iv->value.len = 0;
    if (svyi_odk_canonical(iv->form, place.item, text, len, &iv->value) != 0) {
        iv->value.failed = 0;
        return svyi_nomem(err);
    }
    return svyi_odk_put(iv, place, iv->value.data, iv->value.len, SVYI_PRESET, err);
}

svy_status svyi_odk_preload(svy_interview *iv, svy_place place, svy_error *err)
{
    const char *what = svy_form_string(iv->form, iv->odk->items[place.item]->preload), *text = "";
    char made[64];

    if (strcmp(what, "uid") == 0) {
        memcpy(made, "uuid:", 5);
        svyi_uuid(iv->s.seed, (uint64_t)place.item << 32 | place.entry, made + 5);
        text = made;
    } else if (strcmp(what, "timestamp start") == 0 || strcmp(what, "date today") == 0) {
        svyi_odk_now(iv, made, sizeof made);
        made[what[0] == 'd' ? 10 : strlen(made)] = '\0';
        text = made;
    } else if (strncmp(what, "property ", 9) == 0)
        text = property(iv->odk, what + 9);
    return text[0] != '\0' ? put(iv, place, text, strlen(text), err) : SVY_OK;
}

static int counts(const svy_interview *iv, uint32_t entry)
{
    for (; entry != 0; entry = iv->entries[entry].parent)
        if (!iv->entries[entry].active)
            return 0;
    return 1;
}

svy_status svyi_odk_finish(svy_interview *iv, svy_error *err)
{
    char now[64];
    svy_status st = SVY_OK;
    int any = 0;

    svyi_odk_now(iv, now, sizeof now);
    for (uint32_t i = 0; i < iv->plan.n_items; i++) {
        const uint32_t preload = iv->odk->items[i]->preload;
        if (preload == 0 || !svyi_is_leaf(iv, i) || strcmp(svy_form_string(iv->form, preload), "timestamp end") != 0)
            continue;
        for (uint32_t e = 0; e < iv->s.n_entries && st == SVY_OK; e++)
            if (iv->entries[e].roster == svyi_item(iv, i)->roster && counts(iv, e)) {
                st = put(iv, (svy_place){ i, e }, now, strlen(now), err);
                any = 1;
            }
    }
    return st == SVY_OK && any ? svyi_settle(iv, err) : st;
}

/* ---- Properties of the device and the person ---- */

static int property_ok(const char *name, const char *value)
{
    return name != NULL && value != NULL && name[0] != '\0' && strlen(name) <= 100 && strpbrk(name, "=\n\r") == NULL && strlen(value) <= 1000 &&
           strpbrk(value, "\n\r") == NULL && svyi_utf8_valid(name, strlen(name)) && svyi_utf8_valid(value, strlen(value));
}

svy_status svyi_odk_properties(svy_interview *iv, const char *const *pairs, size_t n, svy_error *err)
{
    svyi_odk *odk = iv->odk;

    if (n > 100)
        return svyi_fail(err, SVY_E_VALUE, "there are %zu properties; at most 100", n);
    odk->properties = svyi_arena_get(&iv->arena, (2 * n + 1) * sizeof *odk->properties);
    if (odk->properties == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (!property_ok(pairs[2 * i], pairs[2 * i + 1]))
            return svyi_fail(err, SVY_E_VALUE, "property '%.40s' needs a name and a value of one line each, in UTF-8, of at most 1000 bytes",
                             pairs[2 * i] != NULL ? pairs[2 * i] : "");
        for (size_t k = 2 * i; k < 2 * i + 2; k++)
            if ((odk->properties[k] = svyi_arena_text(&iv->arena, pairs[k], strlen(pairs[k]))) == NULL)
                return svyi_nomem(err);
    }
    odk->n_properties = n;
    return SVY_OK;
}

/* ---- Actions ---- */

static svy_status act(svy_interview *iv, const svy_set *set, svy_place target, svy_error *err)
{
    svyi_view view = { .iv = iv };
    const char *text = "";
    uint32_t len = 0;
    svy_status st = SVY_OK;

    if (iv->odk->actions_left-- == 0)
        return svyi_fail(err, SVY_E_LIMIT, "the actions that set '%s' and others follow from one another without end", svy_form_item_id(iv->form, target.item));
    if (set->rule != 0)
        st = svyi_xpath_text_of(&view, set->rule, target, &text, &len, err);
    return st == SVY_OK ? put(iv, target, text, len, err) : st;
}

svy_status svyi_odk_act(svy_interview *iv, svy_place target, uint32_t on, svy_error *err)
{
    svy_status st = SVY_OK;

    if ((svyi_cell_at(iv, target.entry, target.item)->flags & SVYI_ON) == 0)
        return SVY_OK;
    for (uint32_t s = iv->odk->first_set[target.item]; s != 0 && st == SVY_OK; s = iv->odk->next_set[s - 1]) {
        const svy_set *set = svy_form_set(iv->form, s - 1);
        if ((set->on & on) != 0)
            st = act(iv, set, target, err);
    }
    return st;
}

static uint32_t seen_hash(const svy_interview *iv, svy_place place)
{
    uint32_t len;
    const char *text = svyi_odk_visible(iv, place, &len);
    const uint64_t h = svyi_hash(text, len);

    return (uint32_t)(h ^ h >> 32);
}

int svyi_odk_remember(svy_interview *iv, svy_place source)
{
    const svyi_cell *cell = svyi_cell_at(iv, source.entry, source.item);
    const uint32_t now = seen_hash(iv, source);

    if ((cell->flags & SVYI_SEEN) != 0 && cell->mark.seen == now)
        return 0;
    svyi_cell *change = svyi_cell_change(iv, source.entry, source.item);
    if (change == NULL)
        return -1;
    change->flags |= SVYI_SEEN;
    change->mark.seen = now;
    return 0;
}

static int is_inside(const svy_interview *iv, uint32_t entry, uint32_t holder)
{
    while (entry != 0 && entry != holder)
        entry = iv->entries[entry].parent;
    return entry == holder;
}

/* The target around the source, or all there are inside what both are in, relevant or not. */
static svy_status act_on_targets(svy_interview *iv, const svy_set *set, svy_place source, svy_error *err)
{
    const uint32_t roster = svyi_item(iv, set->target)->roster, around = svyi_enclosing(iv, roster, source.entry);
    svy_status st = SVY_OK;

    if (!svyi_is_leaf(iv, set->target))
        return SVY_OK;
    if (roster == 0 || around != 0)
        return act(iv, set, (svy_place){ set->target, around }, err);
    const uint32_t holder = svyi_holder(iv, roster, source.entry);
    for (uint32_t e = 1; e < iv->s.n_entries && st == SVY_OK; e++)
        if (iv->entries[e].roster == roster && counts(iv, e) && is_inside(iv, e, holder))
            st = act(iv, set, (svy_place){ set->target, e }, err);
    return st;
}

svy_status svyi_odk_changed(svy_interview *iv, svy_place source, svy_error *err)
{
    svy_status st = SVY_OK;

    if (svyi_cell_at(iv, source.entry, source.item)->mark.seen == seen_hash(iv, source) || !counts(iv, source.entry))
        return SVY_OK;
    if (svyi_odk_remember(iv, source) != 0)
        return svyi_nomem(err);
    for (uint32_t s = 0; s < svy_form_sets(iv->form) && st == SVY_OK; s++) {
        const svy_set *set = svy_form_set(iv->form, s);
        if (set->item == source.item && (set->on & SVY_ON_CHANGE) != 0)
            st = act_on_targets(iv, set, source, err);
    }
    return st;
}
