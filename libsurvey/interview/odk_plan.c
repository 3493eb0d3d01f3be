/* What is computed once from a form with ODK's expressions: its nodes in document order, children by name, actions by target. */
#include <stdlib.h>
#include <string.h>

#include "interview/odk_priv.h"

static void *room(svy_interview *iv, size_t n, size_t item)
{
    return svyi_arena_get(&iv->arena, (n > 0 ? n : 1) * item);
}

static uint32_t slot_of(const svyi_odk *odk, uint32_t parent, uint32_t name)
{
    uint32_t h = parent * 0x9E3779B1u ^ name * 0x85EBCA77u;

    h ^= h >> 15;
    return h & (odk->n_slots - 1);
}

uint32_t svyi_odk_child(const svyi_odk *odk, uint32_t parent, uint32_t name)
{
    for (uint32_t slot = slot_of(odk, parent, name); odk->slots[slot] != 0; slot = (slot + 1) & (odk->n_slots - 1)) {
        const uint32_t item = odk->slots[slot];
        if (odk->parent[item] == parent && odk->items[item]->name == name)
            return item;
    }
    return 0;
}

static int make_tables(svy_interview *iv, size_t n)
{
    svyi_odk *odk = iv->odk;

    for (odk->n_slots = 16; odk->n_slots < 2 * n; odk->n_slots *= 2)
        ;
    odk->items = room(iv, n, sizeof *odk->items);
    odk->parent = room(iv, n, sizeof *odk->parent);
    odk->first_child = room(iv, n, sizeof *odk->first_child);
    odk->next_child = room(iv, n, sizeof *odk->next_child);
    odk->previous_child = room(iv, n, sizeof *odk->previous_child);
    odk->next_same = room(iv, n, sizeof *odk->next_same);
    odk->order = room(iv, n, sizeof *odk->order);
    odk->by_order = room(iv, n, sizeof *odk->by_order);
    odk->order_end = room(iv, n, sizeof *odk->order_end);
    odk->first_set = room(iv, n, sizeof *odk->first_set);
    odk->has_change = room(iv, n, sizeof *odk->has_change);
    odk->is_code = room(iv, n, sizeof *odk->is_code);
    odk->in_label = room(iv, n, sizeof *odk->in_label);
    odk->slots = room(iv, odk->n_slots, sizeof *odk->slots);
    odk->next_set = room(iv, svy_form_sets(iv->form), sizeof *odk->next_set);
    odk->is_attribute = room(iv, odk->n_names, sizeof *odk->is_attribute);
    odk->trees = room(iv, odk->n_trees, sizeof *odk->trees);
    return odk->items != NULL && odk->parent != NULL && odk->first_child != NULL && odk->next_child != NULL && odk->previous_child != NULL &&
           odk->next_same != NULL && odk->order != NULL && odk->by_order != NULL && odk->order_end != NULL && odk->first_set != NULL &&
           odk->has_change != NULL && odk->is_code != NULL && odk->in_label != NULL && odk->slots != NULL && odk->next_set != NULL && odk->is_attribute != NULL && odk->trees != NULL ? 0 : -1;
}

typedef struct placed { uint32_t record, item; } placed;

static int by_record(const void *a, const void *b)
{
    const placed *x = a, *y = b;

    if (x->record != y->record)
        return x->record < y->record ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* Numbers of the record's nodes are document order. */
static int put_in_order(svy_interview *iv, uint32_t n)
{
    svyi_odk *odk = iv->odk;
    placed *all = svyi_get(&iv->alloc, n * sizeof *all);

    if (all == NULL)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        if (odk->items[i]->name != SVY_NAME_NONE)
            all[odk->n_order++] = (placed){ i == 0 ? 0 : odk->items[i]->record, i };
    qsort(all, odk->n_order, sizeof *all, by_record);
    for (uint32_t k = 0; k < odk->n_order; k++) {
        odk->by_order[k] = all[k].item;
        odk->order[all[k].item] = k;
        odk->order_end[all[k].item] = k + 1;
    }
    svyi_release(&iv->alloc, all, n * sizeof *all);
    return 0;
}

static uint32_t node_around(const svy_interview *iv, uint32_t item)
{
    do
        item = svy_form_item(iv->form, item)->parent;
    while (item != 0 && iv->odk->items[item]->name == SVY_NAME_NONE);
    return item;
}

static void add_child(svyi_odk *odk, uint32_t item)
{
    const uint32_t parent = odk->parent[item], name = odk->items[item]->name;
    const uint32_t same = svyi_odk_child(odk, parent, name);

    if (same == 0) {
        uint32_t slot = slot_of(odk, parent, name);
        while (odk->slots[slot] != 0)
            slot = (slot + 1) & (odk->n_slots - 1);
        odk->slots[slot] = item;
    } else {
        uint32_t last = same;
        while (odk->next_same[last] != 0)
            last = odk->next_same[last];
        odk->next_same[last] = item;
    }
}

/* Children in document order; what lies inside an item ends with its last child. */
static void link_children(svy_interview *iv)
{
    svyi_odk *odk = iv->odk;

    for (uint32_t k = 1; k < odk->n_order; k++) {
        const uint32_t item = odk->by_order[k];
        odk->parent[item] = node_around(iv, item);
        add_child(odk, item);
    }
    for (uint32_t k = odk->n_order; k-- > 1; ) {
        const uint32_t item = odk->by_order[k], parent = odk->parent[item];
        if (odk->order_end[item] > odk->order_end[parent])
            odk->order_end[parent] = odk->order_end[item];
        if ((odk->items[item]->flags & SVY_ODK_ATTRIBUTE) != 0)
            continue;
        odk->next_child[item] = odk->first_child[parent];
        if (odk->first_child[parent] != 0)
            odk->previous_child[odk->first_child[parent]] = item;
        odk->first_child[parent] = item;
    }
}

static void link_sets(svy_interview *iv)
{
    svyi_odk *odk = iv->odk;

    for (uint32_t s = svy_form_sets(iv->form); s-- > 0; ) {
        const svy_set *set = svy_form_set(iv->form, s);
        odk->next_set[s] = odk->first_set[set->target];
        odk->first_set[set->target] = s + 1;
        if ((set->on & SVY_ON_CHANGE) != 0)
            odk->has_change[set->item] = 1;
    }
}

/* Codes of choices are read beside their expression. */
static void mark_codes(svy_interview *iv, uint32_t n)
{
    svyi_odk *odk = iv->odk;

    for (uint32_t s = 0; s < n; s++)
        for (uint32_t i = 1; odk->items[s]->choices != 0 && svy_form_item(iv->form, s)->list == 0 && i < n; i++)
            if (odk->items[i]->name == odk->items[s]->code_name && svy_form_item(iv->form, odk->parent[i])->kind == SVY_EL_ROSTER)
                odk->is_code[i] = 1;
}

int svyi_odk_make(svy_interview *iv)
{
    svyi_odk *odk = iv->odk = room(iv, 1, sizeof *odk);
    const uint32_t n = svy_form_items(iv->form);

    if (odk == NULL)
        return -1;
    svyi_buffer_init(&odk->text, &iv->alloc);
    svyi_buffer_init(&odk->text_beside, &iv->alloc);
    svyi_arena_init(&odk->labels, &iv->alloc);
    odk->compat = svy_form_compat(iv->form);
    odk->n_names = svy_form_names(iv->form);
    odk->n_trees = svy_form_trees(iv->form);
    iv->plan.own_cell = 1;
    for (int i = 0; i < SVYI_INNER; i++)
        if (svy_scratch_new(&iv->alloc, &odk->inner[i], NULL) != SVY_OK)
            return -1;
    if (make_tables(iv, n) != 0)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        odk->items[i] = svy_form_odk_item(iv->form, i);
    for (uint32_t name = 0; name < odk->n_names; name++)
        odk->is_attribute[name] = svy_form_name(iv->form, name)[0] == '@';
    for (uint32_t t = 0; t < odk->n_trees; t++) {
        odk->trees[t].nodes = svy_form_tree(iv->form, t, &odk->trees[t].n);
        odk->trees[t].list = svy_form_tree_list(iv->form, t);
    }
    if (put_in_order(iv, n) != 0)
        return -1;
    link_children(iv);
    link_sets(iv);
    mark_codes(iv, n);
    return 0;
}

void svyi_odk_free(svy_interview *iv)
{
    svyi_odk *odk = iv->odk;

    if (odk == NULL)
        return;
    for (size_t i = 0; i < odk->n_indexes; i++) {
        svyi_release(&iv->alloc, odk->indexes[i].slots, odk->indexes[i].n_slots * sizeof *odk->indexes[i].slots);
        svyi_release(&iv->alloc, odk->indexes[i].links, odk->indexes[i].capacity * sizeof *odk->indexes[i].links);
    }
    svyi_release(&iv->alloc, odk->indexes, odk->indexes_capacity * sizeof *odk->indexes);
    svyi_release(&iv->alloc, odk->fresh, odk->fresh_capacity * sizeof *odk->fresh);
    svyi_release(&iv->alloc, odk->changed, odk->changed_capacity * sizeof *odk->changed);
    svyi_buffer_clear(&odk->text);
    svyi_buffer_clear(&odk->text_beside);
    svyi_arena_clear(&odk->labels);
    for (uint32_t t = 0; odk->trees != NULL && t < odk->n_trees; t++)
        svyi_release(&iv->alloc, odk->trees[t].choices, odk->trees[t].n_choices * sizeof *odk->trees[t].choices);
    for (int i = 0; i < SVYI_INNER; i++)
        svy_scratch_free(odk->inner[i]);
}

/* 1 when the text calls a function of that name: it may stand in a literal, too, which costs nothing but a test less. */
static int calls(const char *text, const char *name)
{
    return strstr(text, name) != NULL;
}

/* Relevance of a roster is that of each of its entries. The clock and chance are read when something else makes a rule run, as clients do. */
void svyi_odk_rule(svy_interview *iv, uint32_t rule, const svy_rule *is)
{
    svyi_plan_rule *r = &iv->plan.rules[rule];

    if (r->which == SVYI_RULE_RELEVANT && svyi_item(iv, r->owner)->kind == SVY_EL_ROSTER)
        r->roster = r->owner;
    iv->plan.n_clock = 0;
    r->clock = is->uses_clock != 0 || calls(is->text, "random") || calls(is->text, "uuid");
    if (is->uses_position != 0)
        svyi_saw(iv, rule, SVYI_POSITION);
    if (is->uses_labels != 0 && iv->odk->compat != SVY_COMPAT_WEB)
        svyi_saw(iv, rule, SVYI_LABEL);
}

int svyi_is_open_roster(const svy_interview *iv, uint32_t item)
{
    const svy_item *it = svyi_item(iv, item);

    if (it->kind != SVY_EL_ROSTER || (it->flags & SVY_ITEM_OPEN) == 0)
        return 0;
    return iv->odk == NULL || (it->value == 0 && (iv->odk->items[item]->flags & SVY_ODK_FIXED) == 0);
}
