/* With ODK's expressions: the names of nodes, and the items as the tree of nodes that paths walk. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

/* ---- Names ---- */

uint32_t svyi_q_find_name(const svyi_q *q, const char *name, size_t len)
{
    uint32_t number;

    return svyi_map_find(&q->name_numbers, name, len, &number) ? number : SVY_NAME_NONE;
}

uint32_t svyi_q_name_number(svyi_q *q, const char *name, size_t len)
{
    uint32_t number = q->n_names;

    if (svyi_map_find(&q->name_numbers, name, len, &number))
        return number;
    number = q->n_names;
    const char *own = svyi_arena_text(&q->arena, name, len);
    if (own == NULL || svyi_grow(&q->alloc, &q->names, &q->names_capacity, (size_t)q->n_names + 1, sizeof *q->names) != 0 ||
        svyi_map_add(&q->name_numbers, own, len, &number) < 0) {
        q->failed = 1;
        return SVY_NAME_NONE;
    }
    q->names[q->n_names++] = own;
    return number;
}

/* The name of an item's node: as written, else its id. A group of the body without a node has an empty one. */
static const char *node_name(const svyi_q *q, uint32_t item)
{
    const svy_attribute *a = svyi_q_attribute(q->b, q->items[item].element, "node");

    if (a != NULL)
        return a->value;
    if (item == 0 && q->b->n_trees > 0)
        for (size_t i = 0; i < q->b->n_trees; i++)
            if (q->b->trees[i].id[0] == '\0' && q->b->trees[i].n > 0)
                return q->b->node_names[q->b->nodes[q->b->trees[i].first].name];
    return item == 0 ? svyi_q_value(q->b, q->b->root, "id") : q->items[item].id;
}

/* ---- The tree of items with a node ---- */

typedef struct child_key { uint32_t item, name; } child_key;

uint32_t svyi_q_child_named(const svyi_q *q, uint32_t item, uint32_t name)
{
    const child_key key = { item, name };
    uint32_t child;

    return svyi_map_find(&q->children, (const char *)&key, sizeof key, &child) ? child : 0;
}

uint32_t svyi_q_node_item(const svyi_q *q, uint32_t item)
{
    return item == 0 || q->nodes[item].i.name != SVY_NAME_NONE ? item : q->nodes[item].around;
}

/* Below the nearest item around it that has a node, last. `tails`: by item, the last one of its twins so far. */
static void hang(svyi_q *q, uint32_t item, child_key *key, uint32_t *tails)
{
    svyi_q_odk *n = &q->nodes[item], *around = &q->nodes[n->around];
    uint32_t first = item;

    if (around->first == 0)
        around->first = item;
    else
        q->nodes[around->last].next = item;
    around->last = item;
    *key = (child_key){ n->around, n->i.name };
    const int added = svyi_map_add(&q->children, (const char *)key, sizeof *key, &first);
    if (added < 0)
        q->failed = 1;
    if (added == 1)
        q->nodes[tails[first]].twin = item;
    tails[first] = item;
}

static void name_item(svyi_q *q, uint32_t item)
{
    const char *name = node_name(q, item);
    const svyi_q_item *d = &q->items[item];
    svyi_q_odk *n = &q->nodes[item];
    const size_t len = strlen(name);

    n->around = item == 0 ? 0 : svyi_q_node_item(q, d->i.parent);
    n->i = (svy_odk_item){ .name = SVY_NAME_NONE, .code_name = SVY_NAME_NONE, .label_name = SVY_NAME_NONE, .record = SVYI_Q_NO_NODE };
    if (len > SVYI_Q_ODK_ID)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_LIMIT, d->element, svyi_q_attribute(q->b, d->element, "node"), "shorten it",
                    "the name of a node has more than %d bytes", (int)SVYI_Q_ODK_ID);
    else if (len > 0)
        n->i.name = svyi_q_name_number(q, name, len);
    else if (d->i.kind != SVY_EL_SECTION && d->id[0] != '\0')
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, d->element, svyi_q_attribute(q->b, d->element, "node"), "name it; only a section can be without one",
                    "this %s has no node", svyi_q_element_name((svy_element)d->i.kind));
    if (name[0] == '@')
        n->i.flags |= SVY_ODK_ATTRIBUTE;
    if (d->i.kind == SVY_EL_ROSTER && svyi_q_truth(q, d->element, "fixed"))
        n->i.flags |= SVY_ODK_FIXED;
}

void svyi_q_make_nodes(svyi_q *q)
{
    q->nodes = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *q->nodes);
    child_key *keys = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *keys);
    uint32_t *tails = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *tails);
    if (q->nodes == NULL || keys == NULL || tails == NULL) {
        q->failed = 1;
        return;
    }
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++) {
        name_item(q, i);
        if (i > 0 && q->nodes[i].i.name != SVY_NAME_NONE && !q->failed)
            hang(q, i, &keys[i], tails);
    }
    if (!q->failed)
        svyi_q_make_trees(q);
}
