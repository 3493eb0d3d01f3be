/* Runs the paths of an XPath program: axes, tests, predicates, document order. */
#include "xpath_priv.h"

#include <string.h>

/* ---- Nodes at work ---- */

static int is_document(svy_node node)
{
    return node.item == SVY_NODE_DOCUMENT;
}

static int same_node(svy_node a, svy_node b)
{
    return a.tree == b.tree && a.item == b.item && a.entry == b.entry;
}

static int grow(svyi_xrun *r)
{
    svy_scratch *s = r->base.scratch;
    if (r->n_nodes >= SVYI_X_NODES_MOST) {
        r->base.status = SVY_E_LIMIT;
        return 0;
    }
    if (svyi_grow(&s->alloc, &s->nodes, &s->nodes_capacity, (size_t)r->n_nodes + 64, sizeof *s->nodes) != 0) {
        r->base.status = SVY_E_NOMEM;
        return 0;
    }
    r->nodes = s->nodes;
    r->nodes_capacity = (uint32_t)s->nodes_capacity;
    return 1;
}

int svyi_xpush(svyi_xrun *r, svy_node node)
{
    if (r->n_nodes >= r->nodes_capacity && !grow(r))
        return 0;
    r->nodes[r->n_nodes++] = node;
    return 1;
}

static int step_done(svyi_xrun *r)
{
    if (++r->steps <= SVYI_MAX_STEPS)
        return 1;
    r->base.status = SVY_E_LIMIT;
    return 0;
}

/* ---- Document order ---- */

int svyi_xcompare_nodes(svyi_xrun *r, svy_node a, svy_node b)
{
    if (a.tree != b.tree)
        return a.tree < b.tree ? -1 : 1;
    if (same_node(a, b))
        return 0;
    if (is_document(a) || is_document(b))
        return is_document(a) ? -1 : 1;
    if (a.tree != 0)
        return a.item < b.item ? -1 : 1;               /* numbered in document order */
    return r->env->compare != NULL ? r->env->compare(r->env->user, a, b) : 0;
}

static void merge_runs(svyi_xrun *r, svy_node *nodes, svy_node *spare, uint32_t n, uint32_t width)
{
    for (uint32_t from = 0; from < n; from += 2 * width) {
        uint32_t a = from, b = from + width < n ? from + width : n, out = from;
        const uint32_t middle = b, end = from + 2 * width < n ? from + 2 * width : n;
        while (a < middle && b < end) {
            const int order = svyi_xcompare_nodes(r, nodes[a], nodes[b]);
            spare[out++] = order <= 0 ? nodes[a++] : nodes[b++];
        }
        while (a < middle)
            spare[out++] = nodes[a++];
        while (b < end)
            spare[out++] = nodes[b++];
    }
}

static int is_sorted(svyi_xrun *r, const svy_node *nodes, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (svyi_xcompare_nodes(r, nodes[i - 1], nodes[i]) >= 0)
            return 0;
    return 1;
}

void svyi_xsort(svyi_xrun *r, uint32_t from)
{
    const uint32_t n = r->n_nodes - from;
    if (n < 2 || is_sorted(r, r->nodes + from, n))
        return;
    for (uint32_t i = 0; i < n; i++)                   /* room to merge into, above */
        if (!svyi_xpush(r, r->nodes[from + i]))
            return;
    svy_node *nodes = r->nodes + from, *spare = nodes + n;
    for (uint32_t width = 1; width < n; width *= 2) {
        merge_runs(r, nodes, spare, n, width);
        svy_node *swap = nodes;
        nodes = spare;
        spare = swap;
        r->steps += n;
    }
    uint32_t kept = 0;
    svy_node *out = r->nodes + from;
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || !same_node(nodes[i], nodes[i - 1]))
            spare[kept++] = nodes[i];
    memmove(out, spare, kept * sizeof *out);
    r->n_nodes = from + kept;
}

/* ---- Axes ---- */

typedef struct step_info { const unsigned char *prefix; uint32_t prefix_len, name, key_name; uint8_t axis, test, flags; } step_info;

static int env_first(svyi_xrun *r, svy_node of, uint32_t name, svy_node *out)
{
    return r->env->first != NULL && r->env->first(r->env->user, of, name, out);
}

static int env_next(svyi_xrun *r, svy_node after, uint32_t name, svy_node *out)
{
    return step_done(r) && r->env->next != NULL && r->env->next(r->env->user, after, name, out);
}

static int env_parent(svyi_xrun *r, svy_node of, svy_node *out)
{
    return !is_document(of) && r->env->parent != NULL && r->env->parent(r->env->user, of, out);
}

static uint32_t env_name(svyi_xrun *r, svy_node of)
{
    return is_document(of) || r->env->name == NULL ? SVY_NAME_NONE : r->env->name(r->env->user, of);
}

static int has_prefix(svyi_xrun *r, const step_info *s, svy_node node)
{
    const char *name = r->env->name_text != NULL ? r->env->name_text(r->env->user, env_name(r, node)) : NULL;
    return name != NULL && strncmp(name, (const char *)s->prefix, s->prefix_len) == 0;
}

/* Whether a node that is an element (or the document) is one that the step asks for. */
static int passes(svyi_xrun *r, const step_info *s, svy_node node)
{
    switch (s->test) {
    case SVYI_XN_NODE: return 1;
    case SVYI_XN_NAME:
        if (is_document(node))
            return 0;
        return s->name == SVY_NAME_ANY || env_name(r, node) == s->name;
    case SVYI_XN_PREFIX: return !is_document(node) && has_prefix(r, s, node);
    default: return 0;
    }
}

static void take(svyi_xrun *r, const step_info *s, svy_node node)
{
    if (passes(r, s, node))
        svyi_xpush(r, node);
}

/* text() below a leaf that has a text is the leaf itself: there are no nodes of text here. */
static void take_text(svyi_xrun *r, svy_node of)
{
    const char *text;
    uint32_t len = 0;
    if (!is_document(of) && r->env->text != NULL && r->env->text(r->env->user, of, &text, &len) && len > 0)
        svyi_xpush(r, of);
}

static uint32_t wanted_name(const step_info *s)
{
    return s->test == SVYI_XN_NAME ? s->name : SVY_NAME_ANY;
}

static void take_children(svyi_xrun *r, const step_info *s, svy_node of)
{
    const uint32_t name = wanted_name(s);
    svy_node node;
    if (s->test == SVYI_XN_TEXT || s->test == SVYI_XN_NODE)
        take_text(r, of);
    if (s->test == SVYI_XN_TEXT || s->test == SVYI_XN_NOTHING || name == SVY_NAME_NONE || !env_first(r, of, name, &node))
        return;
    do {
        if (s->test != SVYI_XN_PREFIX || has_prefix(r, s, node))
            svyi_xpush(r, node);
    } while (r->base.status == SVY_OK && !(s->flags & SVYI_XF_SINGLE) && env_next(r, node, name, &node));
}

static void take_attributes(svyi_xrun *r, const step_info *s, svy_node of)
{
    step_info attributes = *s;
    if (s->test == SVYI_XN_NODE || s->test == SVYI_XN_PREFIX) {
        attributes.name = SVY_NAME_ANY_ATTRIBUTE;
        if (s->test == SVYI_XN_NODE)
            attributes.test = SVYI_XN_NAME;
        else
            attributes.flags &= (uint8_t)~SVYI_XF_SINGLE;
    }
    svy_node node;
    if (s->test == SVYI_XN_TEXT || s->test == SVYI_XN_NOTHING || attributes.name == SVY_NAME_NONE || !env_first(r, of, attributes.name, &node))
        return;
    do {
        if (attributes.test != SVYI_XN_PREFIX || has_prefix(r, s, node))
            svyi_xpush(r, node);
    } while (r->base.status == SVY_OK && attributes.name == SVY_NAME_ANY_ATTRIBUTE && env_next(r, node, attributes.name, &node));
}

int svyi_xnext_inside(svyi_xrun *r, svy_node top, svy_node *node)
{
    svy_node at = *node;
    if (!step_done(r))
        return 0;
    if (env_first(r, at, SVY_NAME_ANY, node))
        return 1;
    while (!same_node(at, top)) {
        if (env_next(r, at, SVY_NAME_ANY, node))
            return 1;
        if (r->base.status != SVY_OK || !env_parent(r, at, &at))
            return 0;
    }
    return 0;
}

static void take_descendants(svyi_xrun *r, const step_info *s, svy_node of)
{
    svy_node node = of;
    while (r->base.status == SVY_OK && svyi_xnext_inside(r, of, &node))
        if (s->test == SVYI_XN_TEXT)
            take_text(r, node);
        else
            take(r, s, node);
}

static void take_ancestors(svyi_xrun *r, const step_info *s, svy_node of)
{
    while (r->base.status == SVY_OK && step_done(r) && env_parent(r, of, &of))
        take(r, s, of);
}

static void take_siblings(svyi_xrun *r, const step_info *s, svy_node of, int back)
{
    const uint32_t name = wanted_name(s);
    int (*go)(void *, svy_node, uint32_t, svy_node *) = back ? r->env->previous : r->env->next;
    if (s->test == SVYI_XN_TEXT || s->test == SVYI_XN_NOTHING || name == SVY_NAME_NONE || is_document(of) || go == NULL)
        return;
    while (r->base.status == SVY_OK && step_done(r) && go(r->env->user, of, name, &of))
        if (s->test != SVYI_XN_PREFIX || has_prefix(r, s, of))
            svyi_xpush(r, of);
}

/* following:: and preceding::, nearest first. */
static void take_beyond(svyi_xrun *r, const step_info *s, svy_node of, int back)
{
    int (*go)(void *, svy_node, uint32_t, svy_node *) = back ? r->env->previous : r->env->next;
    if (go == NULL)
        return;
    for (svy_node at = of; r->base.status == SVY_OK && !is_document(at);) {
        for (svy_node side = at; r->base.status == SVY_OK && step_done(r) && go(r->env->user, side, SVY_NAME_ANY, &side);) {
            const uint32_t from = r->n_nodes;
            take(r, s, side);
            take_descendants(r, s, side);
            for (uint32_t a = from, b = r->n_nodes; back && a + 1 < b; a++) {
                svy_node swap = r->nodes[a];
                r->nodes[a] = r->nodes[--b];
                r->nodes[b] = swap;
            }
        }
        if (!env_parent(r, at, &at))
            break;
    }
}

static void take_axis(svyi_xrun *r, const step_info *s, svy_node of)
{
    svy_node node;
    switch ((svyi_xaxis)s->axis) {
    case SVYI_XA_CHILD: take_children(r, s, of); break;
    case SVYI_XA_ATTRIBUTE: take_attributes(r, s, of); break;
    case SVYI_XA_SELF: take(r, s, of); break;
    case SVYI_XA_PARENT:
        if (env_parent(r, of, &node))
            take(r, s, node);
        break;
    case SVYI_XA_DESCENDANT_OR_SELF:
        take(r, s, of);
        take_descendants(r, s, of);
        break;
    case SVYI_XA_DESCENDANT: take_descendants(r, s, of); break;
    case SVYI_XA_ANCESTOR_OR_SELF:
        take(r, s, of);
        take_ancestors(r, s, of);
        break;
    case SVYI_XA_ANCESTOR: take_ancestors(r, s, of); break;
    case SVYI_XA_FOLLOWING_SIBLING: take_siblings(r, s, of, 0); break;
    case SVYI_XA_PRECEDING_SIBLING: take_siblings(r, s, of, 1); break;
    case SVYI_XA_FOLLOWING: take_beyond(r, s, of, 0); break;
    case SVYI_XA_PRECEDING: take_beyond(r, s, of, 1); break;
    case SVYI_N_XAXES: break;
    }
}

/* ---- Predicates ---- */

/* Keeps those of nodes[from..] that a predicate is true for. */
static void filter(svyi_xrun *r, const unsigned char *predicate, uint32_t from)
{
    const uint32_t size = r->n_nodes - from;
    uint32_t kept = from;

    for (uint32_t i = 0; i < size && r->base.status == SVY_OK; i++) {
        const svyi_xcontext here = { r->nodes[from + i], i + 1, size };
        const uint32_t top = r->n_nodes;
        svyi_xvalue value;
        svyi_xeval(r, predicate, &here, &value);
        const int truth = value.type == SVY_X_NUMBER ? value.number == i + 1 : svyi_xboolean(r, &value);
        r->n_nodes = top;
        if (truth)
            r->nodes[kept++] = here.node;
    }
    r->n_nodes = kept;
}

/* [2] */
static void pick(svyi_xrun *r, double index, uint32_t from)
{
    const uint32_t size = r->n_nodes - from;
    const int there = index >= 1 && index <= size && (double)(uint32_t)index == index;
    if (there)
        r->nodes[from] = r->nodes[from + (uint32_t)index - 1];
    r->n_nodes = from + (uint32_t)there;
}

static void predicates(svyi_xrun *r, const unsigned char *record, uint32_t count, uint32_t from)
{
    for (; count > 0 && r->n_nodes > from && r->base.status == SVY_OK; count--) {
        if ((svyi_word(record, 0) & 0xff) == SVYI_X_CONST_NUMBER)
            pick(r, svyi_xconst_number(record), from);
        else
            filter(r, record, from);
        record += 4 * (size_t)svyi_word(record, 1);
    }
}

/* ---- Steps ---- */

/* The children that have the text looked up: 1, or 0 when it must be done one by one. */
static int look_up(svyi_xrun *r, const step_info *s, svy_node of, const svyi_xvalue *key)
{
    const char *text;
    uint32_t len;
    svy_node found, after;

    if (of.tree == 0 || is_document(of) || r->env->find == NULL || (key->type == SVY_X_NODES && key->n != 1) ||
        (key->type != SVY_X_TEXT && key->type != SVY_X_NODES) || key->dated)
        return 0;
    svyi_xtext(r, key, &text, &len);
    if (len == 0 || r->base.status != SVY_OK)          /* what has no such child may count as blank, too */
        return 0;
    int result = r->env->find(r->env->user, of, s->name, s->key_name, text, len, NULL, &found);
    if (result < 0)
        return 0;
    while (result > 0 && svyi_xpush(r, found) && step_done(r)) {
        after = found;
        result = r->env->find(r->env->user, of, s->name, s->key_name, text, len, &after, &found);
    }
    return 1;
}

static step_info open_step(const svyi_xrun *r, const unsigned char *record)
{
    const uint32_t how = svyi_word(record, 3);
    return (step_info){ .prefix = r->texts + svyi_word(record, 5), .prefix_len = svyi_word(record, 6), .name = svyi_word(record, 2),
                        .key_name = svyi_word(record, 4), .axis = (uint8_t)(svyi_word(record, 0) >> 8), .test = (uint8_t)how, .flags = (uint8_t)(how >> 8) };
}

/* The nodes of base.. are replaced by what the step gives for each of them. */
static void step(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, uint32_t base)
{
    const step_info s = open_step(r, record);
    const unsigned char *first = record + 4 * (size_t)7, *key_record = first;
    uint32_t count = svyi_word(record, 0) >> 16;
    const uint32_t from = r->n_nodes;
    svyi_xvalue key = { .type = SVY_X_BOOLEAN };
    double index = 0;

    if (s.flags & (SVYI_XF_INDEX | SVYI_XF_PICK)) {
        count--;
        for (uint32_t i = 0; i < count; i++)
            key_record += 4 * (size_t)svyi_word(key_record, 1);
        svyi_xeval(r, key_record, in, &key);
        if (s.flags & SVYI_XF_PICK)
            index = svyi_xnumber(r, &key);
    }
    const uint32_t start = r->n_nodes;                 /* above the key's nodes */
    const int together = (s.flags & SVYI_XF_TOGETHER) || r->compat == SVY_COMPAT_WEB;      /* Web Forms: as measured */
    for (uint32_t i = base; i < from && r->base.status == SVY_OK; i++) {
        const uint32_t begin = r->n_nodes;
        if (!(s.flags & SVYI_XF_INDEX) || !look_up(r, &s, r->nodes[i], &key))
            take_axis(r, &s, r->nodes[i]);
        if (s.flags & SVYI_XF_PICK)
            pick(r, index, begin);
        if (!together)
            predicates(r, first, count, begin);
    }
    memmove(r->nodes + base, r->nodes + start, (r->n_nodes - start) * sizeof *r->nodes);
    r->n_nodes = base + (r->n_nodes - start);
    if (s.flags & SVYI_XF_SORT)
        svyi_xsort(r, base);
    if (together)
        predicates(r, first, count, base);
}

void svyi_xpath_eval(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t head = svyi_word(record, 0), base = r->n_nodes;
    uint32_t count = head >> 16;
    const unsigned char *at = record + 4 * (size_t)3;
    svyi_xvalue value;

    switch (head >> 8 & 0xff) {
    case SVYI_XS_CONTEXT: svyi_xpush(r, in->node); break;
    case SVYI_XS_CURRENT: svyi_xpush(r, r->current); break;
    case SVYI_XS_RECORD: svyi_xpush(r, (svy_node){ 0, SVY_NODE_DOCUMENT, 0 }); break;
    case SVYI_XS_ROOT: svyi_xpush(r, (svy_node){ 0, 0, 0 }); break;
    case SVYI_XS_TREE: svyi_xpush(r, (svy_node){ svyi_word(record, 2), SVY_NODE_DOCUMENT, 0 }); break;
    case SVYI_XS_EXPRESSION:
        svyi_xeval(r, at, in, &value);
        if (r->base.status == SVY_OK && value.type != SVY_X_NODES)
            svyi_xfail(r, "only nodes can have predicates or a path after them");
        at += 4 * (size_t)svyi_word(at, 1);
        count--;
        break;
    default: break;
    }
    for (; count > 0 && r->base.status == SVY_OK && r->n_nodes > base; count--) {
        step(r, at, in, base);
        at += 4 * (size_t)svyi_word(at, 1);
    }
    *out = (svyi_xvalue){ .type = SVY_X_NODES, .from = base, .n = r->n_nodes - base, .text = "" };
    out->one = (head >> 8 & 0xff) != SVYI_XS_TREE && svyi_word(record, 2) != 0;
}
