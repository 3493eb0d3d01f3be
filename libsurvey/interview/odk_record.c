/* From the form's record to an interview: first values, first entries, and what a new entry is made from. */
#include <string.h>

#include "base/error.h"
#include "interview/odk_priv.h"

/* A node is the template of a roster when it has the attribute template of a name space of its own: "jr:template". */
static int is_template(const svy_interview *iv, uint32_t node)
{
    const svyi_tree *record = &iv->odk->trees[0];

    for (uint32_t at = node + 1; at < record->nodes[node].end && iv->odk->is_attribute[record->nodes[at].name]; at = record->nodes[at].end) {
        const char *name = svy_form_name(iv->form, record->nodes[at].name), *colon = strchr(name, ':');
        if (strcmp(colon != NULL ? colon + 1 : name + 1, "template") == 0)
            return 1;
    }
    return 0;
}

static uint32_t child(const svy_interview *iv, uint32_t node, uint32_t name)
{
    return node != UINT32_MAX && iv->odk->n_trees > 0 ? svyi_tree_child(iv->odk, 0, node, name) : UINT32_MAX;
}

/* Nodes of the item around, in the entry; each item stands once in the node of an entry, so that its first node of all may tell. */
uint32_t svyi_record_node(const svy_interview *iv, uint32_t item, uint32_t entry, uint32_t *spare)
{
    const svyi_odk *odk = iv->odk;
    const svyi_entry *e = &iv->entries[entry];
    const uint32_t own = odk->items[item]->record;
    uint32_t beside;

    *spare = UINT32_MAX;
    if (item == e->roster) {
        *spare = e->spare;
        return e->source;
    }
    if (own != UINT32_MAX && e->source != UINT32_MAX && own > e->source && own < odk->trees[0].nodes[e->source].end && e->spare == UINT32_MAX)
        return own;
    const uint32_t around = svyi_record_node(iv, odk->parent[item], entry, &beside);
    *spare = child(iv, beside, odk->items[item]->name);
    const uint32_t node = child(iv, around, odk->items[item]->name);
    if (node != UINT32_MAX)
        return node;
    const uint32_t other = *spare;
    *spare = UINT32_MAX;
    return other;
}

uint32_t svyi_record_at(const svy_interview *iv, uint32_t item, uint32_t entry)
{
    const svyi_entry *e = &iv->entries[entry];
    const uint32_t own = iv->odk->items[item]->record;
    uint32_t spare;

    if (item != e->roster && own != UINT32_MAX && e->source != UINT32_MAX && own > e->source && own < iv->odk->trees[0].nodes[e->source].end)
        return own;
    return svyi_record_node(iv, item, entry, &spare);
}

/* Calls for the nodes of a roster's entries in the element around it. `*template` the template there, `*nth` the entry at a place. */
static void find_nodes(const svy_interview *iv, uint32_t around, uint32_t name, uint32_t place, uint32_t *n, uint32_t *template, uint32_t *nth)
{
    svy_node at;

    *n = 0;
    *template = *nth = UINT32_MAX;
    if (around == UINT32_MAX)
        return;
    for (int more = svyi_tree_first(iv->odk, (svy_node){ 0, around, 0 }, name, &at); more; more = svyi_tree_next(iv->odk, at, name, &at)) {
        if (is_template(iv, at.item)) {
            *template = at.item;
        } else {
            if (*n == place)
                *nth = at.item;
            ++*n;
        }
    }
}

/* What the form says of the entries of a roster in an entry: how many there are at first, the template, the entry at `place`, the first. */
typedef struct making { uint32_t n, template, nth, first; } making;

static making look(const svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t place)
{
    const uint32_t name = iv->odk->items[roster]->name;
    uint32_t spare, n, other;
    making m;

    const uint32_t around = svyi_record_node(iv, iv->odk->parent[roster], parent, &spare);
    find_nodes(iv, around, name, place, &m.n, &m.template, &m.nth);
    find_nodes(iv, around, name, 0, &n, &other, &m.first);
    if (m.template == UINT32_MAX && spare != UINT32_MAX)
        find_nodes(iv, spare, name, 0, &n, &m.template, &other);
    const uint32_t own = iv->odk->items[roster]->record;
    if (m.template == UINT32_MAX && own != UINT32_MAX && own < iv->odk->trees[0].n && is_template(iv, own))
        m.template = own;
    if (m.first == UINT32_MAX)
        m.first = own;
    return m;
}

/* The first value of a leaf of a new entry. Nothing has read it yet. */
static svy_status put_first(svy_interview *iv, uint32_t item, uint32_t entry, svy_error *err)
{
    const uint32_t node = svyi_record_at(iv, item, entry);
    const int blank = iv->entries[entry].blank && (iv->odk->items[item]->flags & SVY_ODK_ATTRIBUTE) == 0;
    const char *text = node != UINT32_MAX && !blank ? svy_form_string(iv->form, iv->odk->trees[0].nodes[node].text) : "";

    if (text[0] == '\0')
        return SVY_OK;
    iv->value.len = 0;
    if (svyi_odk_canonical(iv->form, item, text, strlen(text), &iv->value) != 0) {
        iv->value.failed = 0;
        return svyi_nomem(err);
    }
    if (iv->value.len == 0 || iv->value.len > SVYI_MAX_ANSWER)
        return SVY_OK;
    const svy_value value = { .kind = SVY_K_TEXT, .text = iv->value.data, .len = (uint32_t)iv->value.len };
    svyi_cell *cell = svyi_cell_change(iv, entry, item);
    if (cell == NULL || svyi_cell_set(iv, item, cell, &value) != 0)
        return svyi_nomem(err);
    if (svyi_item(iv, item)->kind == SVY_EL_QUESTION)
        cell->flags |= SVYI_PRESET;
    return SVY_OK;
}

/* Rosters with a count get their entries when it is known. One without that entries cannot be added to has at least one. */
static svy_status put_first_entries(svy_interview *iv, uint32_t roster, uint32_t parent, svy_error *err)
{
    const making m = look(iv, roster, parent, 0);
    const int fixed = (iv->odk->items[roster]->flags & SVY_ODK_FIXED) != 0;
    const uint32_t n = fixed && m.n == 0 ? 1 : m.n;

    if (n > SVYI_MAX_ROSTER)
        return svyi_fail(err, SVY_E_LIMIT, "roster '%s' would have more than %d entries", svy_form_item_id(iv->form, roster), SVYI_MAX_ROSTER);
    return n > 0 ? svyi_roster_resize(iv, roster, parent, n, 0, err) : SVY_OK;
}

svy_status svyi_odk_load(svy_interview *iv, uint32_t entry, svy_error *err)
{
    const svyi_odk *odk = iv->odk;
    const uint32_t roster = iv->entries[entry].roster, end = odk->order_end[roster];
    svy_status st = SVY_OK;

    for (uint32_t k = odk->order[roster] + 1; k < end && st == SVY_OK; k++) {
        const uint32_t item = odk->by_order[k];
        if (svyi_item(iv, item)->roster != roster)
            continue;
        if (svyi_is_leaf(iv, item))
            st = put_first(iv, item, entry, err);
        else if (svyi_item(iv, item)->kind == SVY_EL_ROSTER) {
            if (svyi_item(iv, item)->value == 0)
                st = put_first_entries(iv, item, entry, err);
            k = odk->order_end[item] - 1;
        }
    }
    return st;
}

/* Which node an entry is made from: the form's own entry at its place while the form's entries are made, else the template. Where there is no
   template, the web's engine takes the first entry without its values, the others with them. */
svy_status svyi_odk_new_entry(svy_interview *iv, uint32_t entry, svy_error *err)
{
    svyi_odk *odk = iv->odk;
    svyi_entry *e = &iv->entries[entry];
    const svyi_kids *kids = svyi_kids_of(iv, e->parent, e->roster);
    const uint32_t place = e->number - 1 - (kids != NULL ? kids->n - kids->active : 0);
    const making m = look(iv, e->roster, e->parent, place);
    const int own = odk->loading || svyi_item(iv, e->roster)->value != 0;

    e->fresh = 1;
    if (own && m.nth != UINT32_MAX) {
        e->source = m.nth;
        e->spare = m.template;
        e->blank = iv->entries[e->parent].blank;
    } else if (m.template != UINT32_MAX) {
        e->source = m.template;
    } else {
        e->source = m.first;
        e->blank = odk->compat == SVY_COMPAT_WEB;
    }
    const uint8_t was = odk->loading;
    odk->loading = 1;
    const svy_status st = svyi_odk_load(iv, entry, err);
    odk->loading = was;
    return st;
}

int svyi_odk_wait(svy_interview *iv, uint32_t entry)
{
    svyi_odk *odk = iv->odk;

    if (svyi_grow(&iv->alloc, &odk->fresh, &odk->fresh_capacity, odk->n_fresh + 1, sizeof *odk->fresh) != 0) {
        iv->failed = 1;
        return -1;
    }
    odk->fresh[odk->n_fresh++] = entry;
    return 0;
}

svy_status svyi_odk_start(svy_interview *iv, svy_error *err)
{
    svyi_odk *odk = iv->odk;

    odk->starting = odk->loading = 1;
    if (odk->n_trees > 0 && odk->trees[0].n > 0)
        iv->entries[0].source = 0;
    const svy_status st = svyi_odk_load(iv, 0, err);
    odk->loading = 0;
    return st;
}
