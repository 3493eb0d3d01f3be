/* Finds what every path of an XPath expression can lead to: what it uses, where order must be mended, what can be looked up. */
#include "xpath_priv.h"

#include <string.h>

typedef struct checker { svyi_xcompiler *c; int failed; } checker;

/* What is wanted of nodes: that they are there (and all of them), one value, or the values of all. */
enum { PRESENCE = 0, VALUE = 1, AS_SET = 2, VALUES = 3 };

static void check(checker *k, svyi_xnode *n, const svyi_xset *in, int value, svyi_xset *out);

/* ---- Sets of items ---- */

static uint32_t child_item(const checker *k, uint32_t item, uint32_t name, uint32_t after)
{
    const svy_xpath_scope *s = k->c->scope;
    return s->child(s->user, item, name, after);
}

static int is_roster(const checker *k, uint32_t item)
{
    const svy_xpath_scope *s = k->c->scope;
    return item != 0 && s->is_roster(s->user, item);
}

static uint32_t parent_item(const checker *k, uint32_t item)
{
    const svy_xpath_scope *s = k->c->scope;
    return s->parent(s->user, item);
}

static uint32_t name_of(const checker *k, uint32_t item)
{
    const svy_xpath_scope *s = k->c->scope;
    return s->item_name(s->user, item);
}

static void add(checker *k, svyi_xset *set, uint32_t item, int own)
{
    for (uint32_t i = 0; i < set->n; i++)
        if (set->spots[i].item == item) {
            set->spots[i].own &= (uint8_t)own;
            return;
        }
    if (set->n == SVYI_X_SPOTS) {
        set->wide = 1;
        return;
    }
    if (set->n == set->capacity) {
        const uint32_t more = set->capacity > 0 ? 4 * set->capacity : 4;
        svyi_xspot *spots = svyi_arena_get(&k->c->base.arena, more * sizeof *spots);
        if (spots == NULL) {
            k->failed = 1;
            svyi_no_memory(&k->c->base);
            return;
        }
        if (set->n > 0)
            memcpy(spots, set->spots, set->n * sizeof *spots);
        set->spots = spots;
        set->capacity = more;
    }
    set->spots[set->n++] = (svyi_xspot){ item, (uint8_t)own };
}

static void merge(checker *k, svyi_xset *into, const svyi_xset *from)
{
    for (uint32_t i = 0; i < from->n; i++)
        add(k, into, from->spots[i].item, from->spots[i].own);
    into->document |= from->document;
    into->trees |= from->trees;
    into->wide |= from->wide;
}

/* An item outside all rosters has one node, which everybody shares. */
static int outside_rosters(const checker *k, uint32_t item)
{
    for (; item != 0; item = parent_item(k, item))
        if (is_roster(k, item))
            return 0;
    return 1;
}

static int passes(const svyi_xnode *step, uint32_t name)
{
    return step->test != SVYI_XN_NAME || step->name == SVY_NAME_ANY || step->name == name;
}

static void children(checker *k, const svyi_xspot *of, const svyi_xnode *step, svyi_xset *out)
{
    const uint32_t name = step->test == SVYI_XN_NAME ? step->name : SVY_NAME_ANY;
    if (name == SVY_NAME_ANY_ATTRIBUTE)
        return;
    for (uint32_t item = child_item(k, of->item, name, 0); item != 0 && !out->wide; item = child_item(k, of->item, name, item))
        add(k, out, item, of->own && !is_roster(k, item));
}

static void descendants(checker *k, const svyi_xspot *of, const svyi_xnode *step, svyi_xset *out, unsigned depth)
{
    if (depth > SVYI_X_HEIGHT) {
        out->wide = 1;
        return;
    }
    for (uint32_t item = child_item(k, of->item, SVY_NAME_ANY, 0); item != 0 && !out->wide; item = child_item(k, of->item, SVY_NAME_ANY, item)) {
        const svyi_xspot here = { item, (uint8_t)(of->own && !is_roster(k, item)) };
        if (passes(step, name_of(k, item)))
            add(k, out, item, here.own);
        descendants(k, &here, step, out, depth + 1);
    }
}

static void ancestors(checker *k, const svyi_xspot *of, const svyi_xnode *step, svyi_xset *out)
{
    uint32_t item = of->item;
    while (item != 0) {
        item = parent_item(k, item);
        if (passes(step, name_of(k, item)))
            add(k, out, item, of->own || outside_rosters(k, item));
    }
    if (step->test == SVYI_XN_NODE)
        out->document = 1;
}

static void siblings(checker *k, const svyi_xspot *of, const svyi_xnode *step, svyi_xset *out)
{
    if (of->item == 0)
        return;
    const uint32_t up = parent_item(k, of->item), name = step->test == SVYI_XN_NAME ? step->name : SVY_NAME_ANY;
    for (uint32_t item = child_item(k, up, name, 0); item != 0 && !out->wide; item = child_item(k, up, name, item))
        if (item != of->item || is_roster(k, item))
            add(k, out, item, of->own && !is_roster(k, item));
}

static void step_from(checker *k, const svyi_xspot *of, const svyi_xnode *step, svyi_xset *out)
{
    const int fits = passes(step, name_of(k, of->item));
    switch (step->detail) {
    case SVYI_XA_CHILD:
        if (step->test == SVYI_XN_TEXT)
            add(k, out, of->item, of->own);
        else
            children(k, of, step, out);
        break;
    case SVYI_XA_ATTRIBUTE: children(k, of, step, out); break;
    case SVYI_XA_SELF:
        if (fits)
            add(k, out, of->item, of->own);
        break;
    case SVYI_XA_PARENT:
        if (of->item == 0)
            out->document |= step->test == SVYI_XN_NODE;
        else if (passes(step, name_of(k, parent_item(k, of->item))))
            add(k, out, parent_item(k, of->item), of->own || outside_rosters(k, parent_item(k, of->item)));
        break;
    case SVYI_XA_ANCESTOR_OR_SELF: case SVYI_XA_DESCENDANT_OR_SELF:
        if (fits)
            add(k, out, of->item, of->own);
        if (step->detail == SVYI_XA_ANCESTOR_OR_SELF)
            ancestors(k, of, step, out);
        else
            descendants(k, of, step, out, 0);
        break;
    case SVYI_XA_ANCESTOR: ancestors(k, of, step, out); break;
    case SVYI_XA_DESCENDANT: descendants(k, of, step, out, 0); break;
    case SVYI_XA_FOLLOWING_SIBLING: case SVYI_XA_PRECEDING_SIBLING: siblings(k, of, step, out); break;
    case SVYI_XA_FOLLOWING: case SVYI_XA_PRECEDING: out->wide = 1; break;
    default: break;
    }
}

static void step_from_document(checker *k, const svyi_xnode *step, svyi_xset *out)
{
    static const svyi_xspot ROOT = { 0, 1 };
    const int fits = passes(step, name_of(k, 0));

    switch (step->detail) {
    case SVYI_XA_CHILD: case SVYI_XA_DESCENDANT: case SVYI_XA_DESCENDANT_OR_SELF:
        if (fits && step->test != SVYI_XN_TEXT)
            add(k, out, 0, 1);
        if (step->detail != SVYI_XA_CHILD)
            descendants(k, &ROOT, step, out, 0);
        if (step->detail == SVYI_XA_DESCENDANT_OR_SELF)
            out->document = step->test == SVYI_XN_NODE;
        break;
    case SVYI_XA_SELF: case SVYI_XA_ANCESTOR_OR_SELF: out->document = step->test == SVYI_XN_NODE; break;
    default: break;
    }
}

/* ---- Uses ---- */

static void use(checker *k, uint32_t item, int across, int inside)
{
    const svy_expr_use u = { .symbol = item, .across = (uint8_t)across, .guarded = (uint8_t)inside };
    svyi_buffer_add(&k->c->uses, &u, sizeof u);
    if (k->c->uses.failed && !k->failed) {
        k->failed = 1;
        svyi_no_memory(&k->c->base);
    }
}

/* `value`: the string values of the nodes are read, so what is inside a group counts, too. */
static void use_all(checker *k, const svyi_xset *set, int value)
{
    const int inside = value & VALUE;
    if (set->wide || (set->document && inside))
        use(k, 0, 1, 1);
    for (uint32_t i = 0; i < set->n; i++)
        use(k, set->spots[i].item, !set->spots[i].own, inside && child_item(k, set->spots[i].item, SVY_NAME_ANY, 0) != 0);
}

/* Rosters whose other entries a step goes into: how many there are matters. */
static void use_rosters(checker *k, const svyi_xset *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        if (!set->spots[i].own && is_roster(k, set->spots[i].item))
            use(k, set->spots[i].item, 1, 0);
}

/* ---- Paths ---- */

/* What is known about the nodes on the way: at most one; in document order with none inside another. */
typedef struct order { uint8_t one, flat; } order;

static void order_after(svyi_xnode *step, order *o)
{
    switch (step->detail) {
    case SVYI_XA_SELF: break;
    case SVYI_XA_CHILD: case SVYI_XA_ATTRIBUTE:
        if (!o->flat)
            step->flags |= SVYI_XF_SORT;
        o->one = o->one && (step->flags & SVYI_XF_SINGLE) != 0;
        break;
    case SVYI_XA_PARENT:
        if (!o->one) {
            step->flags |= SVYI_XF_SORT;
            o->flat = 0;
        }
        break;
    case SVYI_XA_DESCENDANT: case SVYI_XA_DESCENDANT_OR_SELF:
        if (!o->flat)
            step->flags |= SVYI_XF_SORT;
        o->one = o->flat = 0;
        break;
    case SVYI_XA_FOLLOWING_SIBLING:
        if (!o->one)
            step->flags |= SVYI_XF_SORT;
        o->flat = o->one;
        o->one = 0;
        break;
    default:
        step->flags |= SVYI_XF_SORT;
        o->one = o->flat = 0;
    }
}

static int is_single(const checker *k, const svyi_xset *in, const svyi_xnode *step)
{
    if (in->trees || in->wide || in->document || step->test != SVYI_XN_NAME || step->name >= SVY_NAME_ANY_ATTRIBUTE)
        return 0;
    if (step->detail != SVYI_XA_CHILD && step->detail != SVYI_XA_ATTRIBUTE)
        return 0;
    for (uint32_t i = 0; i < in->n; i++) {
        const uint32_t item = child_item(k, in->spots[i].item, step->name, 0);
        if (item != 0 && (is_roster(k, item) || child_item(k, in->spots[i].item, step->name, item) != 0))
            return 0;
    }
    return 1;
}

/* The child name that `n` is a path to; SVY_NAME_NONE when it is something else. */
static uint32_t child_path(const svyi_xnode *n)
{
    const svyi_xnode *step = n->first;
    if (n->type != SVYI_X_PATH || n->detail != SVYI_XS_CONTEXT || n->n != 1 || step->n != 0)
        return SVY_NAME_NONE;
    if (step->detail != SVYI_XA_CHILD || step->test != SVYI_XN_NAME || step->name >= SVY_NAME_ANY_ATTRIBUTE)
        return SVY_NAME_NONE;
    return step->name;
}

static int is_key_value(const svyi_xnode *n)
{
    return n->fixed && (n->gives == SVY_X_TEXT || n->gives == SVY_X_NODES || n->gives == 0);
}

/* item[child = value] or item[child = value and ...]: the value can be looked up. */
static void find_key(svyi_xnode *step, svyi_xnode *predicate)
{
    if (predicate->type != SVYI_X_CHAIN || (step->flags & SVYI_XF_INDEX))
        return;
    if (predicate->detail == 2) {
        for (svyi_xnode *part = predicate->first; part != NULL; part = part->next)
            find_key(step, part);
        return;
    }
    if (predicate->detail != 3 || predicate->n != 2 || predicate->last->op != SVYI_EQ)
        return;
    svyi_xnode *left = predicate->first, *right = predicate->last;
    if (child_path(left) == SVY_NAME_NONE) {
        svyi_xnode *swap = left;
        left = right;
        right = swap;
    }
    if (child_path(left) == SVY_NAME_NONE || !is_key_value(right))
        return;
    step->flags |= SVYI_XF_INDEX;
    step->key_name = child_path(left);
    step->key = right;
}

static void nowhere(checker *k, const svyi_xset *in, const svyi_xnode *step, const svyi_xset *out)
{
    if (in->trees || in->wide || (in->n == 0 && !in->document) || out->n > 0 || out->wide || out->document || step->test != SVYI_XN_NAME ||
        step->name == SVY_NAME_ANY_ATTRIBUTE)
        return;
    svyi_warn(&k->c->base, step->at, "look whether the name is right and the path begins at the right place",
              "the path leads nowhere: there is no '%.*s' there", svyi_shown(step->text, step->text_len), step->text);
}

static void check_step(checker *k, svyi_xnode *step, const svyi_xset *in, svyi_xset *out, order *o)
{
    svyi_xset none = { 0 };
    if (in->wide)
        out->wide = 1;
    for (uint32_t i = 0; i < in->n; i++)
        step_from(k, &in->spots[i], step, out);
    if (in->document)
        step_from_document(k, step, out);
    if (in->trees && !(step->test == SVYI_XN_NAME && step->name == SVY_NAME_NONE))
        out->trees = 1;
    nowhere(k, in, step, out);
    use_rosters(k, out);
    if (is_single(k, in, step))
        step->flags |= SVYI_XF_SINGLE;
    order_after(step, o);
    for (svyi_xnode *p = step->first; p != NULL && !k->failed; p = p->next) {
        none = (svyi_xset){ 0 };
        check(k, p, out, VALUE, &none);
        if (p->gives == SVY_X_NUMBER || p->gives == 0)
            k->c->uses_position = 1;
        if (p == step->first && in->trees && step->detail == SVYI_XA_CHILD && step->test == SVYI_XN_NAME && step->name < SVY_NAME_ANY_ATTRIBUTE)
            find_key(step, p);
    }
}

/* /data/...: the root element is always there. */
static void begin_at_root(const checker *k, svyi_xnode *path)
{
    const svyi_xnode *step = path->first;
    if (path->detail != SVYI_XS_RECORD || step == NULL || step->detail != SVYI_XA_CHILD || step->test != SVYI_XN_NAME || step->n > 0 ||
        step->name != name_of(k, 0))
        return;
    path->detail = SVYI_XS_ROOT;
    path->first = step->next;
    path->n--;
    if (path->n == 0)
        path->last = NULL;
}

static void check_path(checker *k, svyi_xnode *n, const svyi_xset *in, int value, svyi_xset *out)
{
    svyi_xset at = { 0 }, next;
    order o = { 1, 1 };

    begin_at_root(k, n);
    svyi_xown_entry(k->c, n, (value & AS_SET) != 0);
    svyi_xnode *step = n->first;

    n->gives = SVY_X_NODES;
    n->fixed = n->detail != SVYI_XS_CONTEXT;
    switch (n->detail) {
    case SVYI_XS_CONTEXT: merge(k, &at, in); break;
    case SVYI_XS_CURRENT: add(k, &at, k->c->place->item, 1); break;
    case SVYI_XS_RECORD: at.document = 1; break;
    case SVYI_XS_ROOT: add(k, &at, 0, 1); break;
    case SVYI_XS_TREE: at.trees = 1; break;
    case SVYI_XS_EXPRESSION:
        check(k, step, in, AS_SET, &at);
        if (step->gives != SVY_X_NODES && step->gives != 0 && !k->failed) {
            svyi_problem(&k->c->base, SVY_E_TYPE, step->at, step->len, NULL, "only nodes can have predicates or a path after them");
            k->failed = 1;
        }
        n->fixed = step->fixed;
        o = (order){ 0, 0 };
        step = step->next;
        break;
    default: break;
    }
    for (; step != NULL && !k->failed; step = step->next) {
        next = (svyi_xset){ 0 };
        check_step(k, step, &at, &next, &o);
        at = next;
    }
    if (n->detail != SVYI_XS_TREE)
        n->name = o.one && n->detail != SVYI_XS_NOTHING && !at.trees && !at.wide && at.n > 0;
    use_all(k, &at, value);
    merge(k, out, &at);
}

/* ---- Everything else ---- */

static void check_children(checker *k, svyi_xnode *n, const svyi_xset *in, int value, svyi_xset *out)
{
    n->fixed = 1;
    n->constant = 1;
    for (svyi_xnode *child = n->first; child != NULL && !k->failed; child = child->next) {
        check(k, child, in, value, out);
        n->fixed &= child->fixed;
        n->constant &= child->constant;
    }
}

/* The type of if() and the like: that of all branches, when they have one. */
static uint8_t common_type(const svyi_xnode *first)
{
    for (const svyi_xnode *n = first; n != NULL; n = n->next)
        if (n->gives != first->gives)
            return 0;
    return first != NULL ? first->gives : 0;
}

/* indexed-repeat(): which items its paths lead to decides what path it is. */
static void check_indexed(checker *k, svyi_xnode *n, const svyi_xset *in, int value, svyi_xset *out)
{
    enum { MOST = 16 };
    uint32_t items[MOST] = { 0 }, i = 0;

    for (svyi_xnode *a = n->first; a != NULL && !k->failed; a = a->next, i++) {
        svyi_xset led = { 0 };
        check(k, a, in, i > 0 && i % 2 == 0 ? VALUE : AS_SET, &led);
        if (k->failed || (i > 0 && i % 2 == 0))
            continue;
        if (led.n == 0 || led.wide || a->gives != SVY_X_NODES) {
            svyi_problem(&k->c->base, SVY_E_TYPE, a->at, a->len, NULL, "indexed-repeat() takes a path to one question and to the repeats around it");
            k->failed = 1;
            return;
        }
        items[i < MOST ? i : 0] = led.spots[0].item;
    }
    if (!k->failed && i % 2 == 0) {
        svyi_problem(&k->c->base, SVY_E_TYPE, n->at, n->len, NULL, "indexed-repeat() takes a number after each repeat");
        k->failed = 1;
    }
    if (!k->failed && !svyi_xindexed(k->c, n, items))
        k->failed = 1;
    if (!k->failed)
        check(k, n, in, value, out);
}

static void check_call(checker *k, svyi_xnode *n, const svyi_xset *in, int value, svyi_xset *out)
{
    svyi_xset nodes = { 0 };
    const svyi_xfunction *fn = n->fn;

    k->c->uses_clock |= (fn->flags & SVYI_XFN_CLOCK) != 0;
    k->c->uses_position |= (fn->flags & SVYI_XFN_POSITION) != 0;
    k->c->uses_labels |= (fn->flags & SVYI_XFN_LABELS) != 0;
    if (fn->flags & SVYI_XFN_REWRITTEN) {
        check_indexed(k, n, in, value, out);
        return;
    }
    check_children(k, n, in, ((fn->flags & SVYI_XFN_NO_VALUE) ? PRESENCE : VALUE) | ((fn->flags & SVYI_XFN_SETS) ? AS_SET : 0), &nodes);
    if (k->failed)
        return;
    n->gives = fn->gives != 0 ? fn->gives : common_type(fn->flags & SVYI_XFN_BRANCHES ? n->first->next : n->first);
    if (fn->flags & SVYI_XFN_DRAWS)
        n->fixed = n->constant = 0;
    if ((fn->flags & SVYI_XFN_CONTEXT) && n->n == 0) {
        n->fixed = n->constant = 0;
        use_all(k, in, (fn->flags & SVYI_XFN_NO_VALUE) ? PRESENCE : VALUE);
    }
    if (fn->flags & (SVYI_XFN_CLOCK | SVYI_XFN_LABELS | SVYI_XFN_OUTSIDE))
        n->constant = 0;
    if ((fn->flags & SVYI_XFN_NODES) && n->n > 0 && n->first->gives != SVY_X_NODES && n->first->gives != 0) {
        svyi_problem(&k->c->base, SVY_E_TYPE, n->first->at, n->first->len, NULL, "%s() takes nodes: write a path here", fn->name);
        k->failed = 1;
    }
    if (n->gives == SVY_X_NODES || n->gives == 0)
        merge(k, out, &nodes);
    svyi_xnote_call(k->c, n);
}

static void check(checker *k, svyi_xnode *n, const svyi_xset *in, int value, svyi_xset *out)
{
    svyi_xset ignored = { 0 };
    switch (n->type) {
    case SVYI_X_CONST_NUMBER: case SVYI_X_CONST_TEXT:
        n->gives = n->type == SVYI_X_CONST_NUMBER ? SVY_X_NUMBER : SVY_X_TEXT;
        n->fixed = n->constant = 1;
        break;
    case SVYI_X_CHAIN:
        check_children(k, n, in, VALUE, n->detail <= 2 ? out : &ignored);
        n->gives = n->detail > 4 ? SVY_X_NUMBER : SVY_X_BOOLEAN;
        if (n->detail <= 2 && k->c->place->compat == SVY_COMPAT_WEB)         /* gives one of its operands there */
            n->gives = common_type(n->first);
        break;
    case SVYI_X_NEGATE:
        check_children(k, n, in, VALUE, &ignored);
        n->gives = SVY_X_NUMBER;
        break;
    case SVYI_X_UNION:
        check_children(k, n, in, value | AS_SET, out);
        n->gives = SVY_X_NODES;
        for (const svyi_xnode *part = n->first; part != NULL && !k->failed; part = part->next)
            if (part->gives != SVY_X_NODES && part->gives != 0) {
                svyi_problem(&k->c->base, SVY_E_TYPE, part->at, part->len, NULL, "only nodes can be joined with '|'");
                k->failed = 1;
            }
        break;
    case SVYI_X_CALL: check_call(k, n, in, value, out); break;
    case SVYI_X_PATH: check_path(k, n, in, value, out); break;
    default: break;
    }
}

int svyi_xcheck(svyi_xcompiler *c, svyi_xnode *root)
{
    checker k = { .c = c };
    svyi_xset in = { 0 }, out = { 0 };
    add(&k, &in, c->place->item, 1);
    if (!k.failed)
        check(&k, root, &in, VALUE, &out);
    return !k.failed && c->base.status == SVY_OK;
}
