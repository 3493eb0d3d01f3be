/* Writing what the compiled form of a questionnaire with ODK's expressions has besides: nodes, trees, actions, and texts by their ids. */
#include <stdlib.h>
#include <string.h>

#include "questionnaire/seal_priv.h"

/* Attributes that others look at: kept as they are. */
static const char KEPT[] = " start end step rows max-pixels quality accuracy-threshold mediatype accept autoplay style form-id submission-url method "
                           "public-key auto-send auto-delete language-names ";

static int is_kept(const char *name)
{
    const size_t len = strlen(name);

    if (strncmp(name, "odk-", 4) == 0)
        return 1;
    for (const char *at = strstr(KEPT, name); at != NULL && len > 0; at = strstr(at + 1, name))
        if (at > KEPT && at[-1] == ' ' && at[len] == ' ')
            return 1;
    return 0;
}

static void put_attributes(svyi_b_writer *w, uint32_t item)
{
    const svyi_q_element *e = &w->q->b->elements[w->q->items[item].element];

    for (uint32_t i = 0; i < e->n_attributes; i++) {
        if (!is_kept(e->attributes[i].name) || svyi_q_attribute(w->q->b, w->q->items[item].element, e->attributes[i].name) != &e->attributes[i])
            continue;
        const svyi_b_attribute a = { .item = item, .name = svyi_b_text(w, e->attributes[i].name), .value = svyi_b_text(w, e->attributes[i].value) };
        svyi_b_put(w, SVYI_B_ATTRIBUTES, &a, sizeof a);
    }
}

/* Actions that are not carried out are kept as attributes: "geopoint ID EVENTS". */
static void put_actions(svyi_b_writer *w, uint32_t item)
{
    svyi_q *q = w->q;
    svyi_buffer text;

    svyi_buffer_init(&text, &q->alloc);
    for (uint32_t e = q->b->elements[q->items[item].element].first; e != 0; e = q->b->elements[e].next) {
        const char *action = svyi_q_value(q->b, e, "action"), *node = svyi_q_value(q->b, e, "node");
        uint32_t target;
        if (q->b->elements[e].kind != SVY_EL_SET || action[0] == '\0' || !svyi_q_find_target(q, node, item, &target))
            continue;
        text.len = 0;
        svyi_buffer_format(&text, "%s %s %s", action, q->items[target].id, svyi_q_value(q->b, e, "on"));
        if (text.failed)
            break;
        const char *own = svyi_arena_text(&q->arena, text.data, text.len);
        const svyi_b_attribute a = { .item = item, .name = svyi_b_text(w, "action"), .value = own != NULL ? svyi_b_text(w, own) : 0 };
        svyi_b_put(w, SVYI_B_ATTRIBUTES, &a, sizeof a);
        w->failed |= own == NULL;
    }
    w->failed |= text.failed;
    svyi_buffer_clear(&text);
}

static void put_nodes(svyi_b_writer *w)
{
    const svyi_q *q = w->q;

    for (uint32_t i = 0; i < q->n_items; i++) {
        svy_odk_item node = q->nodes[i].i;
        node.preload = svyi_b_text(w, svyi_q_value(q->b, q->items[i].element, "preload"));
        node.bind_type = svyi_b_text(w, svyi_q_value(q->b, q->items[i].element, "bind-type"));
        svyi_b_put(w, SVYI_B_NODES, &node, sizeof node);
        put_attributes(w, i);
        put_actions(w, i);
    }
    for (uint32_t i = 0; i < q->n_names; i++)
        svyi_b_put_number(w, SVYI_B_NODE_NAMES, svyi_b_text(w, q->names[i]));
    svyi_b_put(w, SVYI_B_SETS, q->sets, q->n_sets * sizeof *q->sets);
}

static void put_trees(svyi_b_writer *w)
{
    const svyi_q *q = w->q;
    uint32_t first = 0;

    for (uint32_t i = 0; i < q->n_groves; i++) {
        const svyi_q_grove *g = &q->groves[i];
        const svyi_b_tree tree = { .id = svyi_b_text(w, g->id), .file = svyi_b_text(w, g->file), .list = g->list, .first = first, .n = g->n };
        svyi_b_put(w, SVYI_B_TREES, &tree, sizeof tree);
        for (uint32_t k = 0; k < g->n; k++) {
            const svy_tree_node node = { .name = g->nodes[k].name, .parent = g->nodes[k].parent, .end = g->nodes[k].end,
                                         .text = svyi_b_text(w, g->nodes[k].text) };
            svyi_b_put(w, SVYI_B_TREE_NODES, &node, sizeof node);
        }
        first += g->n;
    }
}

/* ---- Tables in order ---- */

typedef struct output { uint32_t item, rule; const char *text; } output;

static int by_item(const void *a, const void *b)
{
    const output *x = a, *y = b;

    return x->item != y->item ? (x->item < y->item ? -1 : 1) : strcmp(x->text, y->text);
}

static void put_outputs(svyi_b_writer *w)
{
    svyi_q *q = w->q;
    output *list = svyi_arena_get(&q->arena, ((size_t)q->n_outputs + 1) * sizeof *list);

    if (list == NULL) {
        w->failed = 1;
        return;
    }
    for (uint32_t i = 0; i < q->n_outputs; i++) {
        const svyi_q_rule *r = &q->rules[q->first_output + i];
        list[i] = (output){ r->owner, q->first_output + i, r->text };
    }
    if (q->n_outputs > 1)
        qsort(list, q->n_outputs, sizeof *list, by_item);
    for (uint32_t i = 0; i < q->n_outputs; i++)
        svyi_b_put_number(w, SVYI_B_OUTPUTS, list[i].rule);
}

static int by_role(const void *a, const void *b)
{
    const svyi_q_media *x = a, *y = b;

    return x->choice != y->choice ? (x->choice < y->choice ? -1 : 1) : x->role < y->role ? -1 : x->role > y->role;
}

static int by_id(const void *a, const void *b)
{
    const svyi_q_itext *x = a, *y = b;

    return strcmp(x->id, y->id);
}

static void put_texts(svyi_b_writer *w)
{
    svyi_q *q = w->q;

    if (q->n_media > 1)
        qsort(q->media, q->n_media, sizeof *q->media, by_role);
    for (uint32_t i = 0; i < q->n_media; i++) {
        const svyi_b_media m = { .choice = q->media[i].choice, .role = q->media[i].role, .unit = q->media[i].unit };
        svyi_b_put(w, SVYI_B_MEDIA, &m, sizeof m);
    }
    if (q->n_itexts > 1)
        qsort(q->itexts, q->n_itexts, sizeof *q->itexts, by_id);
    for (uint32_t i = 0; i < q->n_itexts; i++) {
        const svyi_b_itext t = { .id = svyi_b_text(w, q->itexts[i].id), .first_unit = q->itexts[i].first_unit, .roles = q->itexts[i].roles };
        svyi_b_put(w, SVYI_B_ITEXTS, &t, sizeof t);
    }
}

void svyi_b_put_odk(svyi_b_writer *w)
{
    put_nodes(w);
    put_trees(w);
    put_outputs(w);
    put_texts(w);
}
