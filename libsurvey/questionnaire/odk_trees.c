/* With ODK's expressions: the record and the instances as they go into the form, and where each item has its node in the record. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

/* A tree that is made here. */
typedef struct maker { svyi_q *q; svyi_q_node *nodes; uint32_t n, open; } maker;

static void begin_node(maker *m, uint32_t name, const char *text)
{
    m->nodes[m->n] = (svyi_q_node){ .name = name, .parent = m->open, .end = m->n + 1, .text = text };
    m->open = m->n++;
}

static void end_node(maker *m)
{
    svyi_q_node *node = &m->nodes[m->open];

    node->end = m->n;
    m->open = node->parent;
}

static void leaf(maker *m, uint32_t name, const char *text)
{
    begin_node(m, name, text);
    end_node(m);
}

/* ---- Trees of the builder ---- */

/* A tree is known by its id. */
static void register_tree(svyi_q *q, uint32_t number, const char *source, int line)
{
    uint32_t found = number;
    const char *id = q->groves[number].id;
    const svyi_where where = { .source = source, .line = line, .element = id };

    if (id[0] == '\0')
        return;
    const int added = svyi_map_add(&q->grove_ids, id, strlen(id), &found);
    if (added < 0)
        q->failed = 1;
    if (added == 1)
        svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_NAME, &where, "give one of them another id; a list of choices is an instance, too",
                    "there are two instances '%.60s'", id);
}

static void copy_tree(svyi_q *q, const svyi_q_tree *from, const uint32_t *names, svyi_q_grove *to)
{
    const svyi_q_node *nodes = &q->b->nodes[from->first];

    to->id = from->id;
    to->file = from->file;
    to->nodes = svyi_arena_get(&q->arena, ((size_t)from->n + 1) * sizeof *to->nodes);
    if (to->nodes == NULL) {
        q->failed = 1;
        return;
    }
    to->n = from->n;
    for (uint32_t i = 0; i < from->n; i++) {
        to->nodes[i] = nodes[i];
        to->nodes[i].name = names[nodes[i].name];
    }
}

/* ---- Trees of lists ---- */

static uint32_t count_properties(const svyi_q *q, uint32_t element)
{
    uint32_t n = 0;

    for (uint32_t e = q->b->elements[element].first; e != 0; e = q->b->elements[e].next)
        n += q->b->elements[e].kind == SVY_EL_PROPERTY;
    return n;
}

static void add_choice(maker *m, uint32_t element, uint32_t item_name, uint32_t code_name, uint32_t label_name)
{
    svyi_q *q = m->q;
    const svyi_q_words *label = svyi_q_text(q->b, element, SVY_LABEL);

    begin_node(m, item_name, "");
    leaf(m, code_name, svyi_q_value(q->b, element, "code"));
    if (label != NULL)
        leaf(m, label_name, label->text);
    for (uint32_t e = q->b->elements[element].first; e != 0; e = q->b->elements[e].next) {
        if (q->b->elements[e].kind != SVY_EL_PROPERTY)
            continue;
        const char *name = svyi_q_value(q->b, e, "name");
        const svyi_q_words *text = svyi_q_text(q->b, e, SVY_TEXT);
        leaf(m, svyi_q_name_number(q, name, strlen(name)), text != NULL ? text->text : "");
    }
    end_node(m);
}

/* root / item / name, label and the properties of a choice. */
static void list_tree(svyi_q *q, uint32_t list, svyi_q_grove *to)
{
    const svyi_q_list *l = &q->lists[list];
    const char *code = svyi_q_value(q->b, l->element, "code-name");
    maker m = { .q = q, .open = SVYI_Q_NO_NODE };
    size_t most = 1;

    for (uint32_t c = l->first; c < l->first + l->n; c++)
        most += 3 + count_properties(q, q->choices[c].element);
    m.nodes = svyi_arena_get(&q->arena, most * sizeof *m.nodes);
    if (m.nodes == NULL) {
        q->failed = 1;
        return;
    }
    const uint32_t item_name = svyi_q_name_number(q, "item", 4), label_name = svyi_q_name_number(q, "label", 5);
    const uint32_t code_name = code[0] != '\0' ? svyi_q_name_number(q, code, strlen(code)) : svyi_q_name_number(q, "name", 4);
    begin_node(&m, svyi_q_name_number(q, "root", 4), "");
    for (uint32_t c = l->first; c < l->first + l->n; c++)
        add_choice(&m, q->choices[c].element, item_name, code_name, label_name);
    end_node(&m);
    *to = (svyi_q_grove){ .id = l->id, .file = "", .list = list, .nodes = m.nodes, .n = m.n };
}

/* ---- A record for a questionnaire that has none ---- */

/* An element for each item that has a node, a roster as a template. */
static void made_record(svyi_q *q, svyi_q_grove *to)
{
    maker m = { .q = q, .open = SVYI_Q_NO_NODE };
    uint32_t open = 0;                    /* innermost item that is open */
    const uint32_t template = svyi_q_name_number(q, "@jr:template", 12), id = svyi_q_name_number(q, "@id", 3),
                   version = svyi_q_name_number(q, "@version", 8);

    m.nodes = svyi_arena_get(&q->arena, ((size_t)q->n_items * 2 + 3) * sizeof *m.nodes);
    if (m.nodes == NULL) {
        q->failed = 1;
        return;
    }
    begin_node(&m, q->nodes[0].i.name, "");
    leaf(&m, id, svyi_q_value(q->b, q->b->root, "id"));
    leaf(&m, version, svyi_q_value(q->b, q->b->root, "version"));
    for (uint32_t i = 1; i < q->n_items; i++) {
        if (q->nodes[i].i.name == SVY_NAME_NONE || (q->nodes[i].i.flags & SVY_ODK_ATTRIBUTE))
            continue;
        while (open != q->nodes[i].around) {
            end_node(&m);
            open = q->nodes[open].around;
        }
        begin_node(&m, q->nodes[i].i.name, "");
        open = i;
        if (q->items[i].i.kind == SVY_EL_ROSTER)
            leaf(&m, template, "");
    }
    while (m.open != SVYI_Q_NO_NODE)
        end_node(&m);
    *to = (svyi_q_grove){ .id = "", .file = "", .nodes = m.nodes, .n = m.n };
}

/* ---- Items in the record ---- */

typedef struct place_key { uint32_t parent, name; } place_key;

static int is_template(const svyi_q *q, const svyi_q_node *n)
{
    const char *name = q->names[n->name], *colon = strchr(name, ':');

    return name[0] == '@' && colon != NULL && strcmp(colon, ":template") == 0;
}

enum { TEMPLATE = 1, HAS_TEMPLATE = 2 /* kept at the first node of that name in its element */ };

/* The first node of each name in each element: a real one before a template. `templates`: by node. */
static void find_places(svyi_q *q, const svyi_q_grove *record, svyi_map *places, uint8_t *templates, uint32_t *first)
{
    place_key *keys = svyi_arena_get(&q->arena, ((size_t)record->n + 1) * sizeof *keys);

    if (keys == NULL) {
        q->failed = 1;
        return;
    }
    for (uint32_t i = 1; i < record->n; i++)
        if (is_template(q, &record->nodes[i]))
            templates[record->nodes[i].parent] |= TEMPLATE;
    for (uint32_t i = 0; i < record->n && !q->failed; i++) {
        uint32_t at = i;
        keys[i] = (place_key){ record->nodes[i].parent, record->nodes[i].name };
        const int added = svyi_map_add(places, (const char *)&keys[i], sizeof keys[i], &at);
        q->failed |= added < 0;
        if (added == 0)
            first[i] = i;
        else if ((templates[first[at]] & TEMPLATE) && !(templates[i] & TEMPLATE))
            first[at] = i;
        if (templates[i] & TEMPLATE)
            templates[at] |= HAS_TEMPLATE;
    }
}

static void place_item(svyi_q *q, uint32_t item, const svyi_map *places, const uint8_t *templates, const uint32_t *first)
{
    svyi_q_odk *n = &q->nodes[item];
    const uint32_t around = item == 0 ? SVYI_Q_NO_NODE : q->nodes[n->around].i.record;
    const place_key key = { around, n->i.name };
    uint32_t at;

    if (n->i.name == SVY_NAME_NONE || (item > 0 && around == SVYI_Q_NO_NODE))
        return;                           /* reported where it begins */
    if (!svyi_map_find(places, (const char *)&key, sizeof key, &at)) {
        const svyi_q_item *d = &q->items[item];
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, d->element, NULL, "add it to the record where this element stands, or name the node",
                    "the record has no element '%.*s' for '%.60s'", svyi_q_shown(q->names[n->i.name]), q->names[n->i.name], d->id);
        return;
    }
    n->i.record = first[at];
    if (q->items[item].i.kind == SVY_EL_ROSTER && (templates[at] & HAS_TEMPLATE))
        n->i.flags |= SVY_ODK_TEMPLATE;
}

static void place_items(svyi_q *q)
{
    const svyi_q_grove *record = &q->groves[0];
    uint8_t *templates = svyi_arena_get(&q->arena, (size_t)record->n + 1);
    uint32_t *first = svyi_arena_get(&q->arena, ((size_t)record->n + 1) * sizeof *first);
    svyi_map places;

    if (templates == NULL || first == NULL) {
        q->failed = 1;
        return;
    }
    svyi_map_init(&places, &q->alloc);
    find_places(q, record, &places, templates, first);
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++)
        place_item(q, i, &places, templates, first);
    svyi_map_clear(&places);
}

/* ---- The whole ---- */

/* Names of the builder's nodes, numbered anew: the root element's is 0. */
static uint32_t *number_names(svyi_q *q)
{
    const svy_builder *b = q->b;
    uint32_t *names = svyi_arena_get(&q->arena, (b->n_node_names + 1) * sizeof *names);

    if (names == NULL)
        q->failed = 1;
    for (size_t i = 0; i < b->n_node_names && !q->failed; i++)
        names[i] = svyi_q_name_number(q, b->node_names[i], strlen(b->node_names[i]));
    return names;
}

static void add_builder_trees(svyi_q *q, const uint32_t *names)
{
    const svy_builder *b = q->b;
    int records = 0;

    for (size_t i = 0; i < b->n_trees && !q->failed; i++) {
        const svyi_q_tree *t = &b->trees[i];
        const svyi_where where = { .source = t->source, .line = t->line, .element = t->id };
        const int is_record = t->id[0] == '\0';
        if (t->n == 0)
            svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_VALUE, &where, "add its root element, or remove it", "an instance is empty");
        else if (is_record && records++ > 0)
            svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_VALUE, &where, "remove one of them", "there are two records");
        else {
            const uint32_t number = is_record ? 0 : q->n_groves++;
            copy_tree(q, t, names, &q->groves[number]);
            if (!q->failed)
                register_tree(q, number, t->source, t->line);
        }
    }
    if (records == 0 && !q->failed)
        made_record(q, &q->groves[0]);
}

void svyi_q_make_trees(svyi_q *q)
{
    const uint32_t *names = number_names(q);

    q->groves = svyi_arena_get(&q->arena, (q->b->n_trees + q->n_lists + 2) * sizeof *q->groves);
    if (q->groves == NULL)
        q->failed = 1;
    if (q->failed)
        return;
    q->n_groves = 1;
    add_builder_trees(q, names);
    for (uint32_t l = 1; l <= q->n_lists && !q->failed; l++) {
        list_tree(q, l, &q->groves[q->n_groves++]);
        if (!q->failed)
            register_tree(q, q->n_groves - 1, q->b->elements[q->lists[l].element].source, q->b->elements[q->lists[l].element].line);
    }
    if (!q->failed)
        place_items(q);
}
