/* The instances of a form as trees of nodes, with a hash index for looking items up by the text of a child. */
#include <string.h>

#include "base/map.h"
#include "interview/odk_priv.h"

static int fits(const svyi_odk *odk, uint32_t is, uint32_t wanted)
{
    if (wanted == SVY_NAME_ANY || wanted == SVY_NAME_ANY_ATTRIBUTE)
        return odk->is_attribute[is] == (wanted == SVY_NAME_ANY_ATTRIBUTE);
    return is == wanted;
}

/* The first of the siblings from `node` on that has the name; `end`: behind their parent. */
static int from(const svyi_odk *odk, uint32_t tree, uint32_t node, uint32_t end, uint32_t name, svy_node *out)
{
    const svy_tree_node *nodes = odk->trees[tree].nodes;

    for (; node < end; node = nodes[node].end)
        if (fits(odk, nodes[node].name, name)) {
            *out = (svy_node){ tree, node, 0 };
            return 1;
        }
    return 0;
}

int svyi_tree_first(const svyi_odk *odk, svy_node of, uint32_t name, svy_node *out)
{
    const svyi_tree *tree = &odk->trees[of.tree];

    if (of.item == SVY_NODE_DOCUMENT)
        return from(odk, of.tree, 0, tree->n, name, out);
    return from(odk, of.tree, of.item + 1, tree->nodes[of.item].end, name, out);
}

static uint32_t end_of_siblings(const svyi_tree *tree, uint32_t node)
{
    const uint32_t parent = tree->nodes[node].parent;

    return parent == UINT32_MAX ? tree->n : tree->nodes[parent].end;
}

int svyi_tree_next(const svyi_odk *odk, svy_node after, uint32_t name, svy_node *out)
{
    const svyi_tree *tree = &odk->trees[after.tree];

    if (after.item == SVY_NODE_DOCUMENT)
        return 0;
    return from(odk, after.tree, tree->nodes[after.item].end, end_of_siblings(tree, after.item), name, out);
}

int svyi_tree_previous(const svyi_odk *odk, svy_node before, uint32_t name, svy_node *out)
{
    const svyi_tree *tree = &odk->trees[before.tree];
    int found = 0;

    if (before.item == SVY_NODE_DOCUMENT)
        return 0;
    const uint32_t parent = tree->nodes[before.item].parent;
    for (uint32_t node = parent == UINT32_MAX ? 0 : parent + 1; node < before.item; node = tree->nodes[node].end)
        if (fits(odk, tree->nodes[node].name, name)) {
            *out = (svy_node){ before.tree, node, 0 };
            found = 1;
        }
    return found;
}

int svyi_tree_parent(const svyi_odk *odk, svy_node of, svy_node *out)
{
    if (of.item == SVY_NODE_DOCUMENT)
        return 0;
    const uint32_t parent = odk->trees[of.tree].nodes[of.item].parent;
    *out = (svy_node){ of.tree, parent == UINT32_MAX ? SVY_NODE_DOCUMENT : parent, 0 };
    return 1;
}

/* 1 and the text when there is no element in it. */
int svyi_tree_text(const svy_interview *iv, svy_node of, const char **text, uint32_t *len)
{
    svy_node child;

    *text = "";
    *len = 0;
    if (of.item == SVY_NODE_DOCUMENT || svyi_tree_first(iv->odk, of, SVY_NAME_ANY, &child))
        return 0;
    *text = svy_form_string(iv->form, iv->odk->trees[of.tree].nodes[of.item].text);
    *len = (uint32_t)strlen(*text);
    return 1;
}

uint32_t svyi_tree_child(const svyi_odk *odk, uint32_t tree, uint32_t node, uint32_t name)
{
    svy_node child;

    return svyi_tree_first(odk, (svy_node){ tree, node, 0 }, name, &child) ? child.item : UINT32_MAX;
}

/* ---- The index ---- */

static int add_link(const svy_interview *iv, svyi_index *x, uint32_t item, const char *text)
{
    const size_t len = strlen(text);

    if (iv->odk->n_indexed + x->n_links >= SVYI_MAX_INDEXED ||
        svyi_grow(&iv->alloc, &x->links, &x->capacity, (size_t)x->n_links + 1, sizeof *x->links) != 0)
        return -1;
    const uint64_t h = svyi_hash(text, len);
    x->links[x->n_links++] = (svyi_link){ .item = item, .hash = (uint32_t)(h ^ h >> 32), .text = text, .len = (uint32_t)len };
    return 0;
}

/* An item that has the child twice with one text is found once. */
static int gather(const svy_interview *iv, svyi_index *x)
{
    const svyi_odk *odk = iv->odk;
    svy_node item, child, text;
    int more;

    for (more = svyi_tree_first(odk, (svy_node){ x->tree, 0, 0 }, x->name, &item); more; more = svyi_tree_next(odk, item, x->name, &item)) {
        int again = svyi_tree_first(odk, item, x->key, &child);
        for (; again; again = svyi_tree_next(odk, child, x->key, &child)) {
            if (svyi_tree_first(odk, child, SVY_NAME_ANY, &text))
                return -1;                             /* its text is made of several */
            if (add_link(iv, x, item.item, svy_form_string(iv->form, odk->trees[x->tree].nodes[child.item].text)) != 0)
                return -1;
        }
    }
    return 0;
}

static int make(const svy_interview *iv, svyi_index *x)
{
    if (gather(iv, x) != 0)
        return -1;
    for (x->n_slots = 16; x->n_slots < 2 * (uint64_t)x->n_links; x->n_slots *= 2)
        ;
    x->slots = svyi_get(&iv->alloc, x->n_slots * sizeof *x->slots);
    if (x->slots == NULL)
        return -1;
    memset(x->slots, 0, x->n_slots * sizeof *x->slots);
    for (uint32_t i = x->n_links; i-- > 0; ) {
        uint32_t *slot = &x->slots[x->links[i].hash & (x->n_slots - 1)];
        x->links[i].next = *slot;
        *slot = i + 1;
    }
    return 0;
}

static void forget(const svy_interview *iv, svyi_index *x)
{
    svyi_release(&iv->alloc, x->links, x->capacity * sizeof *x->links);
    svyi_release(&iv->alloc, x->slots, x->n_slots * sizeof *x->slots);
    *x = (svyi_index){ .tree = x->tree, .name = x->name, .key = x->key };
}

/* One that cannot be made is remembered as such: without slots. */
static svyi_index *index_for(const svy_interview *iv, uint32_t tree, uint32_t name, uint32_t key)
{
    svyi_odk *odk = iv->odk;

    for (size_t i = 0; i < odk->n_indexes; i++)
        if (odk->indexes[i].tree == tree && odk->indexes[i].name == name && odk->indexes[i].key == key)
            return odk->indexes[i].slots != NULL ? &odk->indexes[i] : NULL;
    if (odk->n_indexes >= SVYI_MAX_INDEXES ||
        svyi_grow(&iv->alloc, &odk->indexes, &odk->indexes_capacity, odk->n_indexes + 1, sizeof *odk->indexes) != 0)
        return NULL;
    svyi_index *x = &odk->indexes[odk->n_indexes++];
    *x = (svyi_index){ .tree = tree, .name = name, .key = key };
    if (make(iv, x) != 0) {
        forget(iv, x);
        return NULL;
    }
    odk->n_indexed += x->n_links;
    return x;
}

static int same(const svyi_link *l, uint32_t hash, const char *text, size_t len)
{
    return l->hash == hash && l->len == len && memcmp(l->text, text, len) == 0;
}

int svyi_tree_find(const svy_interview *iv, svy_node parent, uint32_t name, uint32_t key, const char *text, size_t len, const svy_node *after, svy_node *out)
{
    if (parent.tree == 0 || parent.item != 0 || name == SVY_NAME_ANY || key == SVY_NAME_ANY)
        return -1;
    svyi_index *x = index_for(iv, parent.tree, name, key);
    if (x == NULL)
        return -1;
    const uint64_t h = svyi_hash(text, len);
    const uint32_t hash = (uint32_t)(h ^ h >> 32);
    uint32_t at = x->slots[hash & (x->n_slots - 1)];
    if (after != NULL && x->last < x->n_links && x->links[x->last].item == after->item && same(&x->links[x->last], hash, text, len))
        at = x->links[x->last].next;
    for (; at != 0; at = x->links[at - 1].next) {
        const svyi_link *l = &x->links[at - 1];
        if ((after == NULL || l->item > after->item) && same(l, hash, text, len)) {
            x->last = at - 1;
            *out = (svy_node){ parent.tree, l->item, 0 };
            return 1;
        }
    }
    return 0;
}
