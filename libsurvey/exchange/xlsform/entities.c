/* The sheet entities: what each row declares, which questions belong to it, and the group or repeat its declaration goes to. */
#include "exchange/xlsform/priv.h"

#include <string.h>

enum { MOST_ENTITIES = 1000 };

/* Where an entity is spoken of: a save_to in a container, or a question in it that the entity's row refers to. */
typedef struct mention { xlsform_element *container; int row; const char *property, *question; struct mention *next; } mention;

typedef struct xlsform_entity {
    int row;
    const char *dataset, *id, *create_if, *update_if, *label;
    svyi_map variables, properties;
    mention *first, *last;
    xlsform_element *scope, *wanted;      /* the repeat or root it is about; the container it would like */
    int done;
} xlsform_entity;

struct xlsform_entities { xlsform_entity *list; uint32_t n; };

/* ---- the sheet */

static void collect_variables(xlsform *x, xlsform_entity *e, const char *text)
{
    xlsform_reference r;
    size_t at = 0;

    while (text != NULL && svyi_xlsform_next_reference(text, &at, &r) == 1)
        (void)svyi_xlsform_once(x, &e->variables, svyi_xlsform_text(x, text + r.name, r.name_len), 1);
}

static void check_dataset(xlsform *x, const xlsform_entity *e)
{
    const char *name = e->dataset;

    if (name == NULL || name[0] == '\0')
        svyi_xlsform_problem(x, "entities", e->row, "fill in list_name", "an entity has no list_name");
    else if (strncmp(name, "__", 2) == 0)
        svyi_xlsform_problem(x, "entities", e->row, "begin with a letter", "the list_name '%s' begins with two underscores", name);
    else if (strchr(name, '.') != NULL)
        svyi_xlsform_problem(x, "entities", e->row, "leave out the point", "the list_name '%s' has a point", name);
    else if (!svyi_xlsform_is_name(name))
        svyi_xlsform_problem(x, "entities", e->row, "begin with a letter or _ and go on with letters, digits, - _", "'%s' cannot be a list_name", name);
}

static void check_columns(xlsform *x, const xlsform_dict *cells, int row)
{
    static const char *const KNOWN[] = { "dataset", "entity_id", "create_if", "update_if", "label", "repeat" };

    for (const xlsform_entry *c = cells->first; c != NULL; c = c->next) {
        size_t i = 0;
        while (i < sizeof KNOWN / sizeof KNOWN[0] && strcmp(KNOWN[i], c->key) != 0)
            i++;
        if (i == sizeof KNOWN / sizeof KNOWN[0] || c->value.text == NULL)
            svyi_xlsform_problem(x, "entities", row, "check its spelling, or leave it out", "the column '%s' is none of the sheet entities", c->key);
        else if (strcmp(c->key, "repeat") == 0)
            svyi_xlsform_note(x, "entities", row, NULL, "the column 'repeat' is left out: the questions that save to an entity tell where it belongs");
    }
}

static void check_mode(xlsform *x, const xlsform_entity *e)
{
    if (e->id == NULL && e->update_if != NULL)
        svyi_xlsform_problem(x, "entities", e->row, "fill in entity_id", "'%s' has update_if and no entity_id, so there is nothing to update", e->dataset);
    else if (e->id != NULL && e->create_if != NULL && e->update_if == NULL)
        svyi_xlsform_problem(x, "entities", e->row, "fill in update_if", "'%s' has entity_id and create_if; update_if must say when it is updated", e->dataset);
    else if (e->id == NULL && e->label == NULL)
        svyi_xlsform_problem(x, "entities", e->row, "fill in the label", "'%s' is created and has no label", e->dataset);
}

static const char *filled(const xlsform_dict *cells, const char *key)
{
    const char *text = svyi_xlsform_dict_text(cells, key);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

static void read_entity(xlsform *x, const xlsform_dict *cells, int row)
{
    xlsform_entity *e = &x->entities->list[x->entities->n];

    *e = (xlsform_entity){ .row = row, .dataset = filled(cells, "dataset"), .id = filled(cells, "entity_id"), .create_if = filled(cells, "create_if"),
                           .update_if = filled(cells, "update_if"), .label = filled(cells, "label") };
    svyi_map_init(&e->variables, &x->arena.alloc);
    svyi_map_init(&e->properties, &x->arena.alloc);
    x->entities->n++;
    check_columns(x, cells, row);
    check_dataset(x, e);
    if (e->dataset == NULL)
        e->dataset = "";
    check_mode(x, e);
    for (uint32_t i = 0; i + 1 < x->entities->n; i++)
        if (strcmp(x->entities->list[i].dataset, e->dataset) == 0)
            svyi_xlsform_problem(x, "entities", row, "declare it once", "the list_name '%s' is declared twice", e->dataset);
    collect_variables(x, e, e->id);
    collect_variables(x, e, e->create_if);
    collect_variables(x, e, e->update_if);
    collect_variables(x, e, e->label);
}

void svyi_xlsform_read_entities(xlsform *x)
{
    xlsform_sheet *s = &x->entities_sheet;

    svyi_xlsform_sheet_open(x, s, "entities");
    x->entities = svyi_xlsform_get(x, sizeof *x->entities);
    if (s->rows == 0 || x->entities == NULL)
        return;
    if (s->rows > MOST_ENTITIES) {
        x->limit = svyi_fail_at(x->err, SVY_E_LIMIT, x->source, 0, 0, 0, "the sheet entities has %u rows; at most %d", (unsigned)s->rows, MOST_ENTITIES);
        return;
    }
    svyi_xlsform_sheet_headers(x, s);
    x->entities->list = svyi_xlsform_get(x, s->rows * sizeof *x->entities->list);
    if (x->entities->list == NULL || s->columns == NULL)
        return;
    for (uint32_t i = 0; i < s->rows && !svyi_xlsform_failed(x); i++) {
        const xlsform_dict *cells = svyi_xlsform_row(x, s, i, "default", 0);
        if (cells != NULL)
            read_entity(x, cells, (int)i + 2);
    }
}

void svyi_xlsform_clear_entities(xlsform *x)
{
    for (uint32_t i = 0; x->entities != NULL && i < x->entities->n; i++) {
        svyi_map_clear(&x->entities->list[i].variables);
        svyi_map_clear(&x->entities->list[i].properties);
    }
}

/* ---- rows of the survey sheet that speak of an entity */

static void add_mention(xlsform *x, xlsform_entity *e, xlsform_element *container, int row, const char *property, const char *question)
{
    mention *m = svyi_xlsform_get(x, sizeof *m);

    if (m == NULL)
        return;
    *m = (mention){ container, row, property, question, NULL };
    if (e->last != NULL)
        e->last->next = m;
    else
        e->first = m;
    e->last = m;
}

static xlsform_entity *entity_named(xlsform *x, const char *dataset)
{
    for (uint32_t i = 0; i < x->entities->n; i++)
        if (strcmp(x->entities->list[i].dataset, dataset) == 0)
            return &x->entities->list[i];
    return NULL;
}

int svyi_xlsform_is_entity(xlsform *x, const char *dataset)
{
    return entity_named(x, dataset) != NULL;
}

/* The entity of a save_to, "property" or "list_name#property"; *property what is behind the #. NULL when it was reported. */
static xlsform_entity *entity_of(xlsform *x, const char *save_to, int row, const char **property)
{
    const char *hash = strchr(save_to, '#');

    *property = hash != NULL ? hash + 1 : save_to;
    if (x->entities->n == 0)
        svyi_xlsform_problem(x, "survey", row, "add the sheet entities and declare one", "save_to '%s' has no entity to save to", save_to);
    else if (hash != NULL && strchr(hash + 1, '#') != NULL)
        svyi_xlsform_problem(x, "survey", row, "write list_name#property", "save_to '%s' has more than one #", save_to);
    else if (hash == NULL && x->entities->n > 1)
        svyi_xlsform_problem(x, "survey", row, "write list_name#property", "save_to '%s' does not say which of the %u entities", save_to, (unsigned)x->entities->n);
    else if (hash == NULL)
        return &x->entities->list[0];
    else {
        const char *dataset = svyi_xlsform_text(x, save_to, (size_t)(hash - save_to));
        xlsform_entity *e = entity_named(x, dataset);
        if (e == NULL)
            svyi_xlsform_problem(x, "survey", row, "check the name", "the sheet entities has no list_name '%s'", dataset);
        return e;
    }
    return NULL;
}

static int same_word(const char *a, const char *lower)
{
    for (; *a != '\0' && *lower != '\0'; a++, lower++)
        if ((*a >= 'A' && *a <= 'Z' ? *a - 'A' + 'a' : *a) != *lower)
            return 0;
    return *a == *lower;
}

static int check_property(xlsform *x, xlsform_entity *e, const char *property, int row, int is_container)
{
    uint32_t other = (uint32_t)row;
    const char *name_advice = "begin with a letter or _ and go on with letters, digits, - . _";

    if (property[0] == '\0')
        svyi_xlsform_problem(x, "survey", row, name_advice, "save_to has no name of a property");
    else if (is_container)
        svyi_xlsform_problem(x, "survey", row, "move it to a question", "a group or repeat cannot be saved to an entity");
    else if (same_word(property, "name") || same_word(property, "label"))
        svyi_xlsform_problem(x, "survey", row, "choose another name", "save_to '%s': entities keep the names name and label for themselves", property);
    else if (strncmp(property, "__", 2) == 0)
        svyi_xlsform_problem(x, "survey", row, "begin with a letter", "save_to '%s' begins with two underscores", property);
    else if (!svyi_xlsform_is_name(property))
        svyi_xlsform_problem(x, "survey", row, name_advice, "save_to '%s' cannot be the name of a property", property);
    else if (svyi_map_add(&e->properties, property, strlen(property), &other) == 1)
        svyi_xlsform_problem(x, "survey", row, "save it once", "save_to '%s' is there already in row %u", property, (unsigned)other);
    else
        return 1;
    return 0;
}

int svyi_xlsform_entity_row(xlsform *x, xlsform_element *container, xlsform_dict *bind, const char *name, int row, int is_container)
{
    const char *save_to = svyi_xlsform_dict_text(bind, "entities:saveto"), *property;

    if (x->entities == NULL)
        return 0;
    if (save_to != NULL && save_to[0] != '\0') {
        xlsform_entity *e = entity_of(x, save_to, row, &property);
        if (e == NULL || !check_property(x, e, property, row, is_container))
            return 0;
        svyi_xlsform_dict_put(x, &bind, "entities:saveto", property);
        add_mention(x, e, container, row, property, NULL);
    }
    for (uint32_t i = 0; name != NULL && i < x->entities->n; i++) {
        uint32_t there;
        if (svyi_map_find(&x->entities->list[i].variables, name, strlen(name), &there) == 1)
            add_mention(x, &x->entities->list[i], container, row, NULL, name);
    }
    return 1;
}

void svyi_xlsform_entity_updates(xlsform *x, const svyi_map *instances)
{
    for (uint32_t i = 0; i < x->entities->n; i++) {
        const xlsform_entity *e = &x->entities->list[i];
        uint32_t file = 0;
        if (e->id != NULL && (svyi_map_find(instances, e->dataset, strlen(e->dataset), &file) != 1 || file == 0))
            svyi_xlsform_warn(x, "entities", e->row, "add a question of type csv-external or select_one_from_file with that name",
                              "'%s' is updated, but the form has no attached list of that name, in which its version is looked up", e->dataset);
    }
}

/* ---- containers */

static unsigned depth(const xlsform_element *c)
{
    unsigned n = 1;

    for (; c->parent != NULL; c = c->parent)
        n++;
    return n;
}

static xlsform_element *at_depth(xlsform_element *c, unsigned n)
{
    for (unsigned d = depth(c); d > n; d--)
        c = c->parent;
    return c;
}

/* The nearest repeat around, itself included, or the root. */
static xlsform_element *scope_of(xlsform_element *c)
{
    while (c->kind != XLSFORM_REPEAT && c->parent != NULL)
        c = c->parent;
    return c;
}

static unsigned repeats_of(const xlsform_element *c)
{
    unsigned n = 0;

    for (; c != NULL; c = c->parent)
        n += c->kind == XLSFORM_REPEAT;
    return n;
}

static unsigned groups_below_scope(xlsform_element *c)
{
    return depth(c) - depth(scope_of(c));
}

/* The deepest scope among the mentions, and in it the deepest container: of save_tos if there are any. */
static const mention *deepest(xlsform_entity *e, const mention **save_to)
{
    const mention *container = NULL;

    *save_to = NULL;
    e->scope = NULL;
    for (const mention *m = e->first; m != NULL; m = m->next) {
        xlsform_element *scope = scope_of(m->container);
        if (e->scope == NULL || repeats_of(scope) > repeats_of(e->scope)) {
            e->scope = scope;
            container = m;
            if (m->property != NULL)
                *save_to = m;
        }
        const unsigned below = groups_below_scope(m->container);
        if (scope == e->scope && below > groups_below_scope(container->container))
            container = m;
        if (m->property != NULL && (*save_to == NULL || (scope == e->scope && below > groups_below_scope((*save_to)->container))))
            *save_to = m;
    }
    return container;
}

static int same_node(xlsform_element *a, xlsform_element *b, unsigned at)
{
    const xlsform_element *p = at_depth(a, at), *q = at_depth(b, at);

    return p == q || (p->kind == q->kind && strcmp(p->name, q->name) == 0);
}

/* What the containers of all save_tos have in common, as the tools reckon it; NULL when there are none. */
static xlsform_element *common_container(const xlsform_entity *e, int *several)
{
    xlsform_element *any = NULL;
    unsigned least = 0;

    *several = 0;
    for (const mention *m = e->first; m != NULL; m = m->next) {
        if (m->property == NULL)
            continue;
        if (any != NULL && m->container != any)
            *several = 1;
        if (any == NULL || depth(m->container) < least)
            least = depth(m->container);
        if (any == NULL)
            any = m->container;
    }
    if (any == NULL)
        return NULL;
    xlsform_element *common = at_depth(any, least);
    for (unsigned at = 1; *several && at <= least; at++)
        for (const mention *m = e->first; m != NULL; m = m->next)
            if (m->property != NULL && !same_node(any, m->container, at)) {
                common = at_depth(any, at - 1);
                break;
            }
    return common;
}

static int is_above(const xlsform_element *upper, const xlsform_element *c)
{
    while (c != NULL && c != upper)
        c = c->parent;
    return c != NULL;
}

/* All mentions must agree on one repeat. */
static void check_scopes(xlsform *x, const xlsform_entity *e)
{
    for (const mention *m = e->first; m != NULL; m = m->next) {
        xlsform_element *scope = scope_of(m->container);
        if (!is_above(scope, e->scope) || (m->property != NULL && scope_of(e->wanted) != scope)) {
            svyi_xlsform_problem(x, m->property != NULL ? "survey" : "entities", m->property != NULL ? m->row : e->row,
                                 "take a calculate in the other place to bring the value there",
                                 "the entity '%s' belongs to '%s', but %s '%s' is in '%s'", e->dataset, e->scope->name,
                                 m->property != NULL ? "the save_to" : "the question", m->property != NULL ? m->property : m->question, scope->name);
            return;
        }
    }
}

static void choose_container(xlsform *x, xlsform_entity *e)
{
    const mention *save_to;
    int several;

    if (e->first == NULL) {
        e->scope = e->wanted = x->root;
        return;
    }
    const mention *container = deepest(e, &save_to);
    e->wanted = save_to != NULL ? save_to->container : container->container;
    xlsform_element *common = common_container(e, &several);
    if (common != NULL && !several)
        e->wanted = common;
    if (common != NULL && several) {
        xlsform_element *scope = scope_of(save_to->container);
        const unsigned a = repeats_of(scope), b = repeats_of(common);
        e->wanted = b > a || (b == a && groups_below_scope(common) > groups_below_scope(scope)) ? common : scope;
    }
    check_scopes(x, e);
}

/* Gives the entity the deepest container that is free, up to its scope. */
static void allocate(xlsform *x, xlsform_entity *e)
{
    xlsform_entity *conflict = NULL;
    const unsigned top = depth(e->scope);
    const mention *save_to = e->first;

    while (save_to != NULL && save_to->property == NULL)
        save_to = save_to->next;
    for (unsigned d = depth(e->wanted); d >= top; d--) {
        xlsform_element *c = at_depth(e->wanted, d);
        conflict = c->entity != NULL ? c->entity : c->reserved;
        if (conflict == NULL) {
            c->entity = c->reserved = e;
            for (const mention *m = e->first; m != NULL; m = m->next)
                for (xlsform_element *p = m->container; m->property != NULL && p != NULL && depth(p) >= d; p = p->parent)
                    p->reserved = e;
            return;
        }
        if (save_to != NULL && save_to->container->reserved != NULL) {
            conflict = save_to->container->reserved;
            break;
        }
    }
    if (conflict != NULL)
        svyi_xlsform_problem(x, "entities", e->row, "put the questions of each entity into a group of their own",
                             "there is no group left for the entity '%s': that of row %d is there", e->dataset, conflict->row);
}

/* ---- declarations in the tree */

static xlsform_element *attribute(xlsform *x, xlsform_element *entity, const char *name, const char *value, const char *calculate, int bound)
{
    xlsform_element *a = svyi_xlsform_element(x, entity, XLSFORM_ATTRIBUTE, "attribute", name, 0);

    if (a == NULL)
        return NULL;
    a->value = value;
    if (!bound)
        return a;
    if (calculate != NULL)
        svyi_xlsform_dict_put(x, &a->bind, "calculate", calculate);
    svyi_xlsform_dict_put(x, &a->bind, "readonly", "true()");
    svyi_xlsform_dict_put(x, &a->bind, "type", "string");
    return a;
}

static void declare_update(xlsform *x, const xlsform_entity *e, xlsform_element *entity)
{
    static const char *const VERSIONS[][2] = { { "baseVersion", "__version" }, { "trunkVersion", "__trunkVersion" }, { "branchId", "__branchId" } };

    attribute(x, entity, "update", "1", e->update_if, e->update_if != NULL);
    for (size_t i = 0; i < sizeof VERSIONS / sizeof VERSIONS[0]; i++)
        attribute(x, entity, VERSIONS[i][0], "", svyi_xlsform_format(x, "instance('%s')/root/item[name=%s]/%s", e->dataset, e->id, VERSIONS[i][1]), 1);
}

static void declare(xlsform *x, const xlsform_entity *e, xlsform_element *container, int in_repeat)
{
    xlsform_element *meta = svyi_xlsform_meta(x, container);
    xlsform_element *entity = meta != NULL ? svyi_xlsform_element(x, meta, XLSFORM_ENTITY, "entity", "entity", 0) : NULL;

    if (entity == NULL)
        return;
    attribute(x, entity, "dataset", e->dataset, NULL, 0);
    if (e->id == NULL || e->create_if != NULL)
        attribute(x, entity, "create", "1", e->create_if, e->create_if != NULL);
    if (e->id != NULL)
        declare_update(x, e, entity);
    xlsform_element *id = attribute(x, entity, "id", "", e->id, 1);
    if (id != NULL && e->id == NULL) {
        svyi_xlsform_add_action(x, id, "setvalue", XLSFORM_FIRST_LOAD, "uuid()");
        if (in_repeat)
            svyi_xlsform_add_action(x, id, "setvalue", XLSFORM_NEW_REPEAT, "uuid()");
    }
    xlsform_element *label = e->label != NULL ? svyi_xlsform_element(x, entity, XLSFORM_ENTITY_LABEL, "label", "label", 0) : NULL;
    if (label == NULL)
        return;
    svyi_xlsform_dict_put(x, &label->bind, "calculate", e->label);
    svyi_xlsform_dict_put(x, &label->bind, "readonly", "true()");
    svyi_xlsform_dict_put(x, &label->bind, "type", "string");
}

/* Groups behind a repeat count as in it, too: that is how the tools do it, and only an event more. As deep as groups may be. */
static void inject(xlsform *x, xlsform_element *container, int in_repeat)
{
    if (container->entity != NULL && !container->entity->done) {
        container->entity->done = 1;
        declare(x, container->entity, container, in_repeat);
    }
    for (xlsform_element *c = container->first; c != NULL; c = c->next) {
        if (c->kind != XLSFORM_GROUP && c->kind != XLSFORM_REPEAT)
            continue;
        in_repeat |= c->kind == XLSFORM_REPEAT;
        inject(x, c, in_repeat);
    }
}

void svyi_xlsform_place_entities(xlsform *x)
{
    struct xlsform_entities *all = x->entities;
    int in_repeat = 0;

    if (all->n == 0)
        return;
    for (uint32_t i = 0; i < all->n; i++)
        choose_container(x, &all->list[i]);
    if (x->problems > 0)
        return;
    if (all->n == 1 && all->list[0].scope == x->root)
        all->list[0].wanted = x->root;
    for (uint32_t i = 0; i < all->n; i++) {
        allocate(x, &all->list[i]);
        in_repeat |= repeats_of(all->list[i].scope) > 0;
    }
    x->entities_version = all->n > 1 || in_repeat ? "2025.1.0" : "2024.1.0";
    inject(x, x->root, 0);
}
