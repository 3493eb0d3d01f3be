/* A record and instances in memory, read from a little XML, for tests of XPath: the scope to compile in and the environment to run in. */
#ifndef XPATH_TREE_H
#define XPATH_TREE_H
#include <stdio.h>
#include <string.h>
#include <survey/xpath.h>

enum { XT_NODES = 3000, XT_NAMES = 200, XT_ITEMS = 300, XT_TEXT = 60000 };

typedef struct xt_node { svy_node at; int parent, leaf, absent; uint32_t name; const char *text; } xt_node;
typedef struct xt_item { uint32_t parent, name; int roster; } xt_item;
typedef struct xt_trees {
    xt_node nodes[XT_NODES]; int n_nodes;
    xt_item items[XT_ITEMS]; uint32_t n_items;
    const char *names[XT_NAMES]; uint32_t n_names;
    const char *ids[8]; uint32_t n_trees;
    char text[XT_TEXT]; size_t used;
    uint32_t entries;
    unsigned finds;                                    /* how often an index was asked */
} xt_trees;

static const char *xt_copy(xt_trees *t, const char *text, size_t len)
{
    char *to = t->text + t->used;
    if (t->used + len + 1 > XT_TEXT)
        return "";
    memcpy(to, text, len);
    to[len] = '\0';
    t->used += len + 1;
    return to;
}

static uint32_t xt_name(void *user, const char *name, size_t len)
{
    const xt_trees *t = user;
    for (uint32_t i = 0; i < t->n_names; i++)
        if (strlen(t->names[i]) == len && (len == 0 || memcmp(t->names[i], name, len) == 0))
            return i;
    return SVY_NAME_NONE;
}

static uint32_t xt_name_made(xt_trees *t, const char *name, size_t len)
{
    const uint32_t is = xt_name(t, name, len);
    if (is != SVY_NAME_NONE || t->n_names == XT_NAMES)
        return is;
    t->names[t->n_names] = xt_copy(t, name, len);
    return t->n_names++;
}

/* ---- Reading ---- */

static int xt_is_attribute(const xt_trees *t, uint32_t name)
{
    return t->names[name][0] == '@';
}

/* The item of a node below another; one that comes twice in one parent is a roster. */
static uint32_t xt_item_for(xt_trees *t, int parent, uint32_t name)
{
    const uint32_t around = parent >= 0 ? t->nodes[parent].at.item : 0;
    uint32_t item = 0;
    if (parent < 0)
        return 0;
    for (uint32_t i = 1; i < t->n_items; i++)
        if (t->items[i].parent == around && t->items[i].name == name)
            item = i;
    if (item == 0 && t->n_items < XT_ITEMS)
        t->items[item = t->n_items++] = (xt_item){ around, name, 0 };
    for (int i = 0; i < t->n_nodes; i++)
        if (t->nodes[i].parent == parent && t->nodes[i].name == name)
            t->items[item].roster = 1;
    return item;
}

static int xt_add(xt_trees *t, uint32_t tree, int parent, const char *name, size_t len)
{
    if (t->n_nodes == XT_NODES)
        return parent;
    const uint32_t number = xt_name_made(t, name, len);
    xt_node *n = &t->nodes[t->n_nodes];
    *n = (xt_node){ .parent = parent, .leaf = 1, .name = number, .text = "", .at.tree = tree };
    if (tree == 0)
        n->at.item = xt_item_for(t, parent, number);
    else
        for (int i = 0; i < t->n_nodes; i++)
            n->at.item += t->nodes[i].at.tree == tree;
    if (parent >= 0 && len > 0 && name[0] != '@')
        t->nodes[parent].leaf = 0;
    return t->n_nodes++;
}

/* <a b='c'>text</a><d/>; no entities, comments, blanks between elements. Returns where it ended. */
static const char *xt_element(xt_trees *t, uint32_t tree, int parent, const char *at)
{
    size_t len = strcspn(at + 1, " />");
    const int node = xt_add(t, tree, parent, at + 1, len);
    for (at += 1 + len; *at == ' ';) {
        char name[80];
        at++;
        len = strcspn(at, "=");
        snprintf(name, sizeof name, "@%.*s", (int)len, at);
        const int attribute = xt_add(t, tree, node, name, strlen(name));
        at += len + 2;
        len = strcspn(at, "'");
        t->nodes[attribute].text = xt_copy(t, at, len);
        at += len + 1;
    }
    if (*at == '/')
        return at + 2;
    for (at++; at[0] == '<' && at[1] != '/';)
        at = xt_element(t, tree, node, at);
    len = strcspn(at, "<");
    if (len > 0)
        t->nodes[node].text = xt_copy(t, at, len);
    at += len;
    return at + strcspn(at, ">") + 1;
}

/* Numbers the entries: every node of a roster is one, and what is in it stands in it. */
static void xt_number(xt_trees *t)
{
    t->entries = 0;
    for (int i = 0; i < t->n_nodes; i++) {
        xt_node *n = &t->nodes[i];
        if (n->at.tree != 0)
            continue;
        n->at.entry = n->parent >= 0 ? t->nodes[n->parent].at.entry : 0;
        if (t->items[n->at.item].roster)
            n->at.entry = ++t->entries;
    }
}

static void xt_read(xt_trees *t, const char *record)
{
    memset(t, 0, sizeof *t);
    t->n_items = 1;
    xt_element(t, 0, -1, record);
    t->items[0].name = t->nodes[0].name;
    xt_number(t);
}

static void xt_instance(xt_trees *t, const char *id, const char *content)
{
    t->ids[t->n_trees++] = id;
    xt_element(t, t->n_trees, -1, content);
}

/* ---- The form for the compiler ---- */

static uint32_t xt_child(void *user, uint32_t item, uint32_t name, uint32_t after)
{
    const xt_trees *t = user;
    for (uint32_t i = after + 1; i < t->n_items; i++)
        if (t->items[i].parent == item && (name == SVY_NAME_ANY ? !xt_is_attribute(t, t->items[i].name) : t->items[i].name == name))
            return i;
    return 0;
}

static uint32_t xt_item_parent(void *user, uint32_t item)
{
    return ((const xt_trees *)user)->items[item].parent;
}

static uint32_t xt_item_name(void *user, uint32_t item)
{
    return ((const xt_trees *)user)->items[item].name;
}

static int xt_find_item(void *user, const char *id, size_t len, uint32_t *item)
{
    const xt_trees *t = user;
    for (*item = 1; *item < t->n_items; ++*item)
        if (strlen(t->names[t->items[*item].name]) == len && memcmp(t->names[t->items[*item].name], id, len) == 0)
            return 1;
    return 0;
}

static int xt_is_roster(void *user, uint32_t item)
{
    return ((const xt_trees *)user)->items[item].roster;
}

static int xt_tree(void *user, const char *id, size_t len, uint32_t *tree)
{
    const xt_trees *t = user;
    for (uint32_t i = 0; i < t->n_trees; i++)
        if (strlen(t->ids[i]) == len && memcmp(t->ids[i], id, len) == 0) {
            *tree = i + 1;
            return 1;
        }
    return 0;
}

static svy_xpath_scope xt_scope(xt_trees *t)
{
    return (svy_xpath_scope){ t, xt_name, xt_child, xt_item_parent, xt_item_name, xt_find_item, xt_is_roster, xt_tree };
}

/* ---- The nodes for the run ---- */

static int xt_index(const xt_trees *t, svy_node node)
{
    for (int i = 0; i < t->n_nodes; i++)
        if (memcmp(&t->nodes[i].at, &node, sizeof node) == 0)
            return i;
    return -1;
}

static int xt_seek(const xt_trees *t, int from, int by, int parent, uint32_t tree, uint32_t name, svy_node *out)
{
    for (int i = from; i >= 0 && i < t->n_nodes; i += by) {
        const xt_node *n = &t->nodes[i];
        const int attribute = xt_is_attribute(t, n->name);
        if (n->parent == parent && n->at.tree == tree && !n->absent &&
            (name == SVY_NAME_ANY ? !attribute : name == SVY_NAME_ANY_ATTRIBUTE ? attribute : n->name == name)) {
            *out = n->at;
            return 1;
        }
    }
    return 0;
}

static int xt_first(void *user, svy_node of, uint32_t name, svy_node *out)
{
    const xt_trees *t = user;
    const int parent = of.item == SVY_NODE_DOCUMENT ? -1 : xt_index(t, of);
    return (parent >= 0 || of.item == SVY_NODE_DOCUMENT) && xt_seek(t, parent + 1, 1, parent, of.tree, name, out);
}

static int xt_next(void *user, svy_node after, uint32_t name, svy_node *out)
{
    const xt_trees *t = user;
    const int i = xt_index(t, after);
    return i >= 0 && xt_seek(t, i + 1, 1, t->nodes[i].parent, after.tree, name, out);
}

static int xt_previous(void *user, svy_node before, uint32_t name, svy_node *out)
{
    const xt_trees *t = user;
    const int i = xt_index(t, before);
    return i >= 0 && xt_seek(t, i - 1, -1, t->nodes[i].parent, before.tree, name, out);
}

static int xt_parent(void *user, svy_node of, svy_node *out)
{
    const xt_trees *t = user;
    const int i = xt_index(t, of);
    if (i < 0)
        return 0;
    *out = t->nodes[i].parent >= 0 ? t->nodes[t->nodes[i].parent].at : (svy_node){ of.tree, SVY_NODE_DOCUMENT, 0 };
    return 1;
}

static uint32_t xt_node_name(void *user, svy_node of)
{
    const xt_trees *t = user;
    const int i = xt_index(t, of);
    return i >= 0 ? t->nodes[i].name : SVY_NAME_NONE;
}

static const char *xt_name_text(void *user, uint32_t name)
{
    const xt_trees *t = user;
    return name < t->n_names ? t->names[name] : "";
}

static int xt_text(void *user, svy_node of, const char **text, uint32_t *len)
{
    const xt_trees *t = user;
    const int i = xt_index(t, of);
    if (i < 0 || !t->nodes[i].leaf)
        return 0;
    *text = t->nodes[i].text;
    *len = (uint32_t)strlen(*text);
    return 1;
}

static int xt_compare(void *user, svy_node a, svy_node b)
{
    return xt_index(user, a) - xt_index(user, b);
}

static int xt_find(void *user, svy_node parent, uint32_t name, uint32_t key, const char *text, size_t len, const svy_node *after, svy_node *out)
{
    xt_trees *t = user;
    svy_node child, inner;
    const char *has;
    uint32_t has_len;
    int more = after == NULL ? xt_first(user, parent, name, &child) : xt_next(user, *after, name, &child);
    t->finds++;
    for (; more; more = xt_next(user, child, name, &child))
        for (int deeper = xt_first(user, child, key, &inner); deeper; deeper = xt_next(user, inner, key, &inner))
            if (xt_text(user, inner, &has, &has_len) && has_len == len && memcmp(has, text, len) == 0) {
                *out = child;
                return 1;
            }
    return 0;
}

static int xt_label(void *user, svy_node question, const char *value, size_t len, const char **text, uint32_t *text_len)
{
    (void)user;
    (void)question;
    *text = len == 1 && value[0] == 'a' ? "Label of a" : "";
    *text_len = (uint32_t)strlen(*text);
    return *text_len > 0;
}

static int xt_known(void *user, const char *id, size_t len, const char **text, uint32_t *text_len)
{
    (void)user;
    *text = len == 5 && memcmp(id, "known", 5) == 0 ? "known text" : "";
    *text_len = (uint32_t)strlen(*text);
    return *text_len > 0;
}

static svy_xpath_env xt_env(xt_trees *t)
{
    return (svy_xpath_env){ .user = t, .first = xt_first, .next = xt_next, .previous = xt_previous, .parent = xt_parent, .name = xt_node_name,
                            .name_text = xt_name_text, .text = xt_text, .compare = xt_compare, .find = xt_find, .choice_label = xt_label, .itext = xt_known,
                            .property = xt_known, .version = "v7", .now = 1795342272.345 /* 2026-11-22T10:11:12.345 */, .zone_minutes = 120,
                            .seed = 11, .draw = 3 };
}
#endif
