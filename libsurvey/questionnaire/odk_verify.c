/* Verifying what a questionnaire with ODK's expressions has besides: names, nodes, trees, actions and texts by their ids. */
#include <string.h>

#include "questionnaire/block_priv.h"

#define TRY SVYI_B_TRY
#define PASS SVYI_B_PASS

enum { DEPTH = 66, FLAGS = SVY_ODK_FIXED | SVY_ODK_ATTRIBUTE | SVY_ODK_TEMPLATE | SVY_ODK_LABEL_TEXT,
       EVENTS = SVY_ON_FIRST_LOAD | SVY_ON_LOAD | SVY_ON_CHANGE | SVY_ON_NEW_ENTRY };

static const char *text(const svy_form *f, uint32_t at)
{
    return f->texts + at;
}

static int is_attribute(const svy_form *f, uint32_t name)
{
    return text(f, f->node_names[name])[0] == '@';
}

static svy_status check_counts(const svy_form *f, svy_error *err)
{
    const uint32_t *n = f->n;

    for (uint32_t i = SVYI_B_PARTS_1; i < SVYI_B_PARTS && f->meta->odk == 0; i++)
        TRY(n[i] == 0, "it has parts of an ODK form and is none", i);
    if (!svyi_b_is_odk(f))
        return SVY_OK;
    TRY(n[SVYI_B_NODES] == n[SVYI_B_ITEMS], "tables of nodes differ in length", n[SVYI_B_NODES]);
    TRY(n[SVYI_B_NODE_NAMES] >= 1 && n[SVYI_B_NODE_NAMES] < SVY_NAME_NONE, "nodes have no names", n[SVYI_B_NODE_NAMES]);
    TRY(n[SVYI_B_TREES] >= 1, "it has no record", n[SVYI_B_TREES]);
    for (uint32_t i = 0; i < n[SVYI_B_NODE_NAMES]; i++)
        TRY(svyi_b_is_text(f, f->node_names[i]), "the name of a node is no text", i);
    return SVY_OK;
}

/* ---- Trees ---- */

/* Nodes in document order, each in the element that it says, attributes before elements. */
static svy_status check_nodes(const svy_form *f, const svy_tree_node *nodes, uint32_t n, svy_error *err)
{
    uint32_t open[DEPTH] = { 0 }, depth = 0;
    int after_element = 0;                 /* an element came in the one that is open */

    for (uint32_t i = 0; i < n; i++) {
        const svy_tree_node *d = &nodes[i];
        while (depth > 0 && i >= nodes[open[depth - 1]].end) {
            depth--;
            after_element = 1;
        }
        TRY(depth > 0 ? d->parent == open[depth - 1] : i == 0 && d->parent == UINT32_MAX && d->end == n, "a node does not stand where it says", i);
        TRY(d->end > i && d->end <= (depth > 0 ? nodes[d->parent].end : n), "a node ends outside of what it stands in", i);
        TRY(d->name < f->n[SVYI_B_NODE_NAMES] && svyi_b_is_text(f, d->text), "a node has no name or no text", i);
        if (is_attribute(f, d->name)) {
            TRY(i > 0 && d->end == i + 1 && !after_element, "an attribute is not where attributes are", i);
            continue;
        }
        after_element = d->end == i + 1;
        if (d->end > i + 1) {
            TRY(depth < DEPTH, "nodes are nested too deep", i);
            open[depth++] = i;
        }
    }
    return SVY_OK;
}

/* The items of a list's tree are its choices. */
static svy_status check_list_tree(const svy_form *f, const svyi_b_tree *t, uint32_t tree, svy_error *err)
{
    const svy_tree_node *nodes = &f->tree_nodes[t->first];
    uint32_t items = 0;

    TRY(t->list <= f->n[SVYI_B_LISTS], "a tree is of no list", tree);
    if (t->list == 0)
        return SVY_OK;
    for (uint32_t i = 1; i < t->n; i = nodes[i].end)
        items++;
    TRY(items == f->lists[t->list - 1].n, "the tree of a list has other choices", tree);
    return SVY_OK;
}

static svy_status check_trees(const svy_form *f, svy_error *err)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < f->n[SVYI_B_TREES]; i++) {
        const svyi_b_tree *t = &f->trees[i];
        TRY(svyi_b_is_text(f, t->id) && svyi_b_is_text(f, t->file) && t->first == next && t->n >= 1 && t->n <= f->n[SVYI_B_TREE_NODES] - next, "a tree has nodes that are not there", i);
        PASS(check_nodes(f, &f->tree_nodes[t->first], t->n, err));
        PASS(check_list_tree(f, t, i, err));
        next += t->n;
    }
    TRY(next == f->n[SVYI_B_TREE_NODES], "a node is in no tree", next);
    TRY(f->trees[0].list == 0, "the record is a list", 0);
    return SVY_OK;
}

/* ---- Items ---- */

static int is_rule_of(const svy_form *f, uint32_t rule, uint32_t purpose, uint32_t owner)
{
    return rule == 0 || (rule <= f->n[SVYI_B_RULES] && f->rules[rule - 1].purpose == purpose && f->rules[rule - 1].owner == owner);
}

static int is_name(const svy_form *f, uint32_t name)
{
    return name < f->n[SVYI_B_NODE_NAMES] || name == SVY_NAME_NONE;
}

static svy_status check_item(const svy_form *f, uint32_t i, uint32_t *next_set, svy_error *err)
{
    const svy_odk_item *d = &f->nodes[i];
    const svyi_b_tree *record = &f->trees[0];

    TRY(is_name(f, d->name) && is_name(f, d->code_name) && is_name(f, d->label_name), "a node has no name", i);
    TRY(i > 0 || (d->name == 0 && d->record == 0), "the root element is not the first", i);
    TRY(d->name != SVY_NAME_NONE || f->items[i].kind == SVY_EL_SECTION, "an item has no node", i);
    TRY(d->flags <= FLAGS, "a node has unknown flags", i);
    TRY(((d->flags & SVY_ODK_ATTRIBUTE) != 0) == (d->name != SVY_NAME_NONE && is_attribute(f, d->name)), "an attribute is none", i);
    TRY(is_rule_of(f, d->readonly, SVY_FOR_READONLY, i) && is_rule_of(f, d->choices, SVY_FOR_CHOICES, i), "a node has the rule of another", i);
    TRY(svyi_b_is_text(f, d->preload) && svyi_b_is_text(f, d->bind_type), "a node has a text that is none", i);
    TRY(d->name == SVY_NAME_NONE ? d->record == UINT32_MAX : d->record < record->n && f->tree_nodes[d->record].name == d->name,
        "an item has no place in the record", i);
    TRY(d->first_set == *next_set && d->n_sets <= f->n[SVYI_B_SETS] - *next_set, "an item has actions that are not there", i);
    *next_set += d->n_sets;
    return SVY_OK;
}

static svy_status check_items(const svy_form *f, svy_error *err)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < f->n[SVYI_B_ITEMS]; i++)
        PASS(check_item(f, i, &next, err));
    TRY(next == f->n[SVYI_B_SETS], "an action stands in no item", next);
    for (uint32_t i = 0; i < f->n[SVYI_B_SETS]; i++) {
        const svy_set *s = &f->sets[i];
        TRY(s->item < f->n[SVYI_B_ITEMS] && i - f->nodes[s->item].first_set < f->nodes[s->item].n_sets, "an action stands in no item", i);
        TRY(s->target < f->n[SVYI_B_ITEMS] && f->nodes[s->target].name != SVY_NAME_NONE && s->on <= EVENTS, "an action sets what is not there", i);
        TRY(is_rule_of(f, s->rule, SVY_FOR_SET, i), "an action has the rule of another", i);
    }
    return SVY_OK;
}

/* ---- Texts ---- */

static int has_units(const svy_form *f, uint32_t first, uint32_t roles)
{
    uint32_t n = 0;

    for (uint32_t bits = roles; bits != 0; bits &= bits - 1)
        n++;
    return roles < 1u << SVY_VIDEO && first <= f->meta->n_units && f->meta->n_units - first >= n;
}

static int output_order(const svyi_b_rule *a, const svyi_b_rule *b, const svy_form *f)
{
    return a->owner != b->owner ? (a->owner < b->owner ? -1 : 1) : strcmp(text(f, a->text), text(f, b->text));
}

static svy_status check_texts(const svy_form *f, svy_error *err)
{
    for (uint32_t i = 0; i < f->n[SVYI_B_OUTPUTS]; i++) {
        const uint32_t rule = f->outputs[i];
        TRY(rule >= 1 && rule <= f->n[SVYI_B_RULES] && f->rules[rule - 1].purpose == SVY_FOR_OUTPUT && svyi_b_is_text(f, f->rules[rule - 1].text),
            "a text shows what is not there", i);
        TRY(i == 0 || output_order(&f->rules[f->outputs[i - 1] - 1], &f->rules[rule - 1], f) < 0, "the table of shown values is not sorted", i);
    }
    for (uint32_t i = 0; i < f->n[SVYI_B_MEDIA]; i++) {
        const svyi_b_media *m = &f->media[i], *before = &f->media[i > 0 ? i - 1 : 0];
        TRY(m->choice < f->n[SVYI_B_CHOICES] && m->role >= SVY_TITLE && m->role <= SVY_VIDEO && m->unit < f->meta->n_units, "a file belongs to nothing", i);
        TRY(i == 0 || before->choice < m->choice || (before->choice == m->choice && before->role < m->role), "the table of files is not sorted", i);
    }
    for (uint32_t i = 0; i < f->n[SVYI_B_ITEXTS]; i++) {
        const svyi_b_itext *t = &f->itexts[i];
        TRY(svyi_b_is_text(f, t->id) && has_units(f, t->first_unit, t->roles), "a text by its id is not there", i);
        TRY(i == 0 || strcmp(text(f, f->itexts[i - 1].id), text(f, t->id)) < 0, "the table of texts by id is not sorted", i);
    }
    for (uint32_t i = 0; i < f->n[SVYI_B_ATTRIBUTES]; i++) {
        const svyi_b_attribute *a = &f->attributes[i];
        TRY(a->item < f->n[SVYI_B_ITEMS] && svyi_b_is_text(f, a->name) && svyi_b_is_text(f, a->value), "an attribute belongs to nothing", i);
        TRY(i == 0 || f->attributes[i - 1].item <= a->item, "the table of attributes is not sorted", i);
    }
    return SVY_OK;
}

svy_status svyi_b_verify_odk(const svy_form *f, svy_error *err)
{
    PASS(check_counts(f, err));
    if (f->meta->odk == 0)
        return SVY_OK;
    PASS(check_trees(f, err));
    PASS(check_items(f, err));
    return check_texts(f, err);
}
