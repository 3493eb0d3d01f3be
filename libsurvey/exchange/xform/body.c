/* The body of an XForm: which control asks for which node, in which order, and how groups without a node bundle them. */
#include "exchange/xform/xform.h"
#include <string.h>

/* Where a walk of the body is. */
typedef struct place { svyi_xform_node *context; svyi_xform_group *group; const svyi_xml *skip; } place;

static const char *const CONTROLS[] = { "input", "select1", "select", "rank", "upload", "trigger", "range", "secret", "textarea" };
static const char *const NEUTRAL[] = { "label", "hint", "setvalue", "setgeopoint", "recordaudio", "action", "item", "itemset", "value", "help", "alert", "output" };

static int is_one_of(const svyi_xml *x, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (svyi_xform_is(x, names[i]))
            return 1;
    return 0;
}

static void mention(svyi_xform *f, svyi_xform_node *n, const place *at)
{
    f->order++;
    for (svyi_xform_node *m = n; m != NULL && m->order == 0; m = m->parent)
        m->order = f->order;
    if (svyi_grow(&f->r->alloc, &f->mentions, &f->mentions_capacity, f->n_mentions + 1, sizeof *f->mentions) != 0) {
        svyi_xform_nomem(f);
        return;
    }
    f->mentions[f->n_mentions++] = (svyi_xform_mention){ n, at->group };
}

/* The node that an element of the body is for; tells when there is none. */
static svyi_xform_node *node_of(svyi_xform *f, const svyi_xml *x, const place *at)
{
    svyi_xform_node *n = svyi_xform_reference(f, at->context, x);
    const char *path = svyi_xform_value_of(x, "ref");
    path = path != NULL ? path : svyi_xform_value_of(x, "nodeset");
    path = path != NULL ? path : svyi_xform_value_of(x, "bind");
    if (n == NULL && f->st == SVY_OK)
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "correct its path, or remove it", "a %.40s of the body is for a node that the record does not have: %.200s",
                        x->name, path != NULL ? path : "it names none");
    return n;
}

static void take_control(svyi_xform *f, const svyi_xml *x, const place *at)
{
    svyi_xform_node *n = node_of(f, x, at);
    if (n == NULL)
        return;
    if (n->n_elements > 0) {
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "bind it to a node that has no others in it", "a %.40s of the body is for %.200s, which holds other nodes: it is left out",
                        x->name, svyi_xform_path(f, n));
        return;
    }
    if (n->control != NULL) {
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "ask for each node once", "%.200s is asked for twice: the first time counts", svyi_xform_path(f, n));
        return;
    }
    n->control = x;
    mention(f, n, at);
    svyi_xform_use_instance(f, svyi_xform_child(x, "itemset"));
}

static void walk(svyi_xform *f, const svyi_xml *x, const place *at);

static void take_repeat(svyi_xform *f, const svyi_xml *x, const svyi_xml *group, const place *at)
{
    svyi_xform_node *n = node_of(f, x, at);
    if (n == NULL)
        return;
    if (n == f->root || n->repeat != NULL) {
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "repeat each group once", "%.200s cannot be repeated%s: this repeat is left out", svyi_xform_path(f, n),
                        n->repeat != NULL ? " twice" : "");
    } else {
        n->repeat = x;
        n->group = group != NULL ? group : n->group;
        mention(f, n, at);
    }
    const place inside = { n, NULL, NULL };
    walk(f, x, &inside);
}

/* The repeat that is all there is in a group: the group's label is the repeat's then. */
static const svyi_xml *only_repeat(svyi_xform *f, const svyi_xml *x, const svyi_xform_node *n, const place *at)
{
    const svyi_xml *repeat = svyi_xform_child(x, "repeat");
    if (repeat == NULL)
        return NULL;
    if (n != NULL)
        return svyi_xform_reference(f, (svyi_xform_node *)at->context, repeat) == n ? repeat : NULL;
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name != NULL && c != repeat && !is_one_of(c, NEUTRAL, sizeof NEUTRAL / sizeof NEUTRAL[0]))
            return NULL;
    return repeat;
}

static void take_group(svyi_xform *f, const svyi_xml *x, const place *at)
{
    const int has_ref = svyi_xform_value_of(x, "ref") != NULL || svyi_xform_value_of(x, "nodeset") != NULL || svyi_xform_value_of(x, "bind") != NULL;
    svyi_xform_node *n = has_ref ? node_of(f, x, at) : NULL;
    const svyi_xml *repeat = f->st == SVY_OK ? only_repeat(f, x, n, at) : NULL;
    place inside = *at;
    if (repeat != NULL) {
        take_repeat(f, repeat, x, at);
        inside = (place){ n != NULL ? n : at->context, at->group, repeat };
        walk(f, x, &inside);
        return;
    }
    if (n == f->root)
        n = NULL;                            /* the whole record: the questionnaire itself */
    if (n != NULL && n->group == NULL && n->repeat == NULL) {
        n->group = x;
        mention(f, n, at);
        inside = (place){ n, NULL, NULL };
    } else if (n == NULL) {
        svyi_xform_group *g = svyi_xform_get(f, sizeof *g);
        if (g == NULL)
            return;
        *g = (svyi_xform_group){ .x = x, .outer = at->group };
        inside.group = g;
        inside.skip = NULL;
    } else {
        inside = (place){ n, NULL, NULL };
    }
    walk(f, x, &inside);
}

/* Recursion: as deep as the file may be. */
static void walk(svyi_xform *f, const svyi_xml *x, const place *at)
{
    for (const svyi_xml *c = x->first; c != NULL && f->st == SVY_OK; c = c->next) {
        if (c->name == NULL || c == at->skip)
            continue;
        if (is_one_of(c, CONTROLS, sizeof CONTROLS / sizeof CONTROLS[0]))
            take_control(f, c, at);
        else if (svyi_xform_is(c, "group"))
            take_group(f, c, at);
        else if (svyi_xform_is(c, "repeat"))
            take_repeat(f, c, NULL, at);
        else if (!is_one_of(c, NEUTRAL, sizeof NEUTRAL / sizeof NEUTRAL[0])) {
            svyi_xform_tell(f, SVY_WARNING, c, NULL, "use one of the controls of the ODK specification",
                            "'%.80s' is no control that is known here: only what stands in it is used", c->name);
            walk(f, c, at);
        }
    }
}

/* ---- groups without a node ---- */

static unsigned depth_of(const svyi_xform_node *n)
{
    unsigned depth = 0;
    for (; n->parent != NULL; n = n->parent)
        depth++;
    return depth;
}

/* The innermost node around both. */
static svyi_xform_node *common(svyi_xform_node *a, svyi_xform_node *b)
{
    unsigned d = depth_of(a), e = depth_of(b);
    for (; d > e; d--)
        a = a->parent;
    for (; e > d; e--)
        b = b->parent;
    while (a != b) {
        a = a->parent;
        b = b->parent;
    }
    return a;
}

static void place_groups(svyi_xform *f)
{
    for (size_t i = 0; i < f->n_mentions; i++) {
        svyi_xform_node *around = f->mentions[i].node->parent;
        for (svyi_xform_group *g = f->mentions[i].group; g != NULL && around != NULL; g = g->outer)
            g->under = g->under == NULL ? around : common(g->under, around);
    }
    for (size_t i = 0; i < f->n_mentions; i++)
        for (svyi_xform_group *g = f->mentions[i].group; g != NULL && g->under != NULL; g = g->outer) {
            svyi_xform_node *n = f->mentions[i].node;
            while (n->parent != NULL && n->parent != g->under)
                n = n->parent;
            if (n->parent == g->under && n->inside == NULL)
                n->inside = g;
        }
}

void svyi_xform_body(svyi_xform *f)
{
    const place all = { f->root, NULL, NULL };
    walk(f, f->body, &all);
    if (f->st == SVY_OK)
        place_groups(f);
}
