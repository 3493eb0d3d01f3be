/* Items: the elements that stand in the flow, numbered in document order, with their types, lists and ids. */
#include <stdio.h>
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

static const char TYPES[] = "write one of: single, multiple, ranking, integer, decimal, text, date, month, year, time, datetime, boolean, "
                            "geopoint, photo, audio, file, barcode, signature, key";

static const char ODK_TYPES[] = "write one of: single, multiple, ranking, integer, decimal, text, date, time, datetime, boolean, geopoint, geotrace, "
                                "geoshape, photo, audio, video, file, barcode, acknowledge";

int svyi_q_has_choices(uint32_t type)
{
    return type == SVY_T_SINGLE || type == SVY_T_MULTIPLE || type == SVY_T_RANKING;
}

int svyi_q_find_item(const svyi_q *q, const char *id, size_t len, uint32_t *item)
{
    return svyi_map_find(&q->ids, id, len, item);
}

int svyi_q_contains(const svyi_q *q, uint32_t outer, uint32_t item)
{
    return item >= outer && item < q->items[outer].i.end;
}

int svyi_q_roster_visible(const svyi_q *q, uint32_t roster, uint32_t from)
{
    while (from != roster && from != 0)
        from = q->items[from].i.roster;
    return from == roster;
}

/* ---- Ids ---- */

static const char *lower(svyi_q *q, const char *id, size_t len)
{
    char *text = svyi_arena_text(&q->arena, id, len);

    for (size_t i = 0; text != NULL && i < len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
    return text;
}

static void clash(svyi_q *q, uint32_t item, uint32_t with)
{
    const svyi_q_item *a = &q->items[item], *b = &q->items[with];
    const svy_attribute *at = svyi_q_attribute(q->b, a->element, "id");
    const int line = q->b->elements[b->element].line;

    if ((a->i.flags | b->i.flags) & SVY_ITEM_OTHER)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, a->element, at, "rename the question that has this id; the text of the other choice needs it",
                    "the id '%s' is the text of an other choice and stands twice, also in line %d", a->id, line);
    else if (strcmp(a->id, b->id) == 0)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, a->element, at, "give one of them another id", "the id '%s' stands twice, first in line %d", a->id, line);
    else
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, a->element, at, "give one of them another id; data tables do not tell capitals from small letters",
                    "the ids '%s' and '%s' (line %d) differ only in capitals", a->id, b->id, line);
}

static void register_id(svyi_q *q, uint32_t item)
{
    const char *id = q->items[item].id, *small;
    const size_t len = strlen(id);
    uint32_t exact = item, folded = item;

    if (len == 0)
        return;
    if ((small = lower(q, id, len)) == NULL || svyi_map_add(&q->ids, id, len, &exact) < 0 || svyi_map_add(&q->lowered, small, len, &folded) < 0)
        q->failed = 1;
    else if (folded != item)
        clash(q, item, folded);
}

/* ---- Types and lists ---- */

static uint32_t type_of(svyi_q *q, uint32_t element, svy_element kind)
{
    const svy_attribute *a = svyi_q_attribute(q->b, element, "type");

    if (a == NULL)
        return kind == SVY_EL_GRID ? SVY_T_SINGLE : SVY_T_NONE;
    svy_type type = svy_type_find(a->value, strlen(a->value));
    if (type > SVY_T_KEY && !q->odk)
        type = SVY_T_NONE;
    if (type == SVY_T_NONE)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_TYPE, element, a, q->odk ? ODK_TYPES : TYPES, "there is no type '%.*s'", svyi_q_shown(a->value), a->value);
    return type;
}

static uint32_t list_of(svyi_q *q, uint32_t element, svy_element kind, uint32_t type)
{
    const svy_attribute *a = svyi_q_attribute(q->b, element, "choices");
    const int labels = kind == SVY_EL_COMPUTE || kind == SVY_EL_PARAMETER;   /* choices only name values there */

    if (type == SVY_T_NONE)
        return 0;
    if (a == NULL) {
        if (svyi_q_has_choices(type) && !(q->odk && (labels || svyi_q_attribute(q->b, element, "itemset") != NULL)))
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, NULL, "add choices=\"...\" with the id of a list", "a %s of type %s has no choices",
                        svyi_q_element_name(kind), svy_type_name((svy_type)type));
        return 0;
    }
    if (!svyi_q_has_choices(type) && !labels) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_TYPE, element, a, "remove the choices, or make it single, multiple or ranking", "a %s of type %s cannot have choices",
                    svyi_q_element_name(kind), svy_type_name((svy_type)type));
        return 0;
    }
    return svyi_q_list_named(q, element);
}

/* ---- The walk ---- */

/* The id of an element. The journal names early ends by their ids, so one without gets "end.N", which no element can be given. */
static const char *id_of(svyi_q *q, uint32_t element, svy_element kind)
{
    const char *id = svyi_q_value(q->b, element, "id");

    if (kind != SVY_EL_END || id[0] != '\0')
        return id;
    enum { SIZE = 16 };
    char *made = svyi_arena_get(&q->arena, SIZE);
    if (made == NULL) {
        q->failed = 1;
        return "";
    }
    (void)snprintf(made, SIZE, "end.%u", q->n_ends + 1);
    return made;
}

static uint32_t add(svyi_q *q, uint32_t element, svy_element kind, uint32_t parent, uint32_t roster)
{
    const uint32_t number = q->n_items;

    if (svyi_grow(&q->alloc, &q->items, &q->items_capacity, (size_t)q->n_items + 1, sizeof *q->items) != 0) {
        q->failed = 1;
        return 0;
    }
    q->items[q->n_items++] = (svyi_q_item){
        .i = { .kind = kind, .parent = parent, .end = number + 1, .roster = roster, .line = (uint32_t)q->b->elements[element].line },
        .element = element, .ends_before = q->n_ends, .value = "",
        .id = number == 0 ? "" : id_of(q, element, kind), .unit = svyi_q_value(q->b, element, "unit"),
        .appearance = svyi_q_value(q->b, element, "appearance"),
    };
    q->n_ends += kind == SVY_EL_END;
    q->item_of[element] = number;
    return number;
}

/* The text that an other-specify choice opens: a question of its own, directly after. */
static void add_other(svyi_q *q, uint32_t question)
{
    const svyi_q_item of = q->items[question];
    const svyi_q_list *l = &q->lists[of.i.list];
    uint32_t choice = l->first;

    while (choice < l->first + l->n && (q->choices[choice].c.flags & SVY_CHOICE_OTHER) == 0)
        choice++;
    if (of.i.list == 0 || choice == l->first + l->n)
        return;
    const size_t len = strlen(of.id);
    char *id = svyi_arena_get(&q->arena, len + sizeof "_other");
    if (id == NULL) {
        q->failed = 1;
        return;
    }
    memcpy(id, of.id, len);
    memcpy(id + len, "_other", sizeof "_other");
    const uint32_t text = add(q, of.element, SVY_EL_QUESTION, of.i.parent, of.i.roster);
    if (q->failed)
        return;
    q->item_of[of.element] = question;
    q->items[question].i.of = text;
    q->items[question].other = choice + 1;
    svyi_q_item *t = &q->items[text];
    t->id = len > 0 ? id : "";
    t->unit = t->appearance = "";
    t->i.type = SVY_T_TEXT;
    t->i.of = question;
    t->i.flags = SVY_ITEM_OTHER | (of.i.flags & SVY_ITEM_SENSITIVE);
    register_id(q, text);
}

static void add_question(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];

    if (!q->odk && svyi_q_truth(q, d->element, "readonly"))
        d->i.flags |= SVY_ITEM_READONLY;
    d->i.type = type_of(q, d->element, SVY_EL_QUESTION);
    d->i.list = list_of(q, d->element, SVY_EL_QUESTION, d->i.type);
    if (d->i.list != 0 && !q->odk)
        add_other(q, item);
}

/* The rows of a grid have its type and its list. */
static void add_rows(svyi_q *q, uint32_t grid)
{
    const uint32_t element = q->items[grid].element, type = type_of(q, element, SVY_EL_GRID), list = list_of(q, element, SVY_EL_GRID, type);
    uint32_t n = 0;

    for (uint32_t e = q->b->elements[element].first; e != 0 && !q->failed; e = q->b->elements[e].next) {
        if (q->b->elements[e].kind != SVY_EL_ROW)
            continue;
        const uint32_t row = add(q, e, SVY_EL_QUESTION, grid, q->items[grid].i.roster);
        if (q->failed)
            return;
        q->items[row].i.type = type;
        q->items[row].i.list = list;
        q->items[row].i.flags = SVY_ITEM_ROW | (q->items[grid].i.flags & SVY_ITEM_SENSITIVE);
        q->items[row].appearance = q->items[grid].appearance;
        register_id(q, row);
        if (list != 0)
            add_other(q, row);
        n++;
    }
    if (n == 0)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, NULL, "add a <row> for each question", "the grid has no rows");
    q->items[grid].i.end = q->n_items;
}

static void check_parameter(svyi_q *q, const svyi_q_item *d, const svy_attribute *a)
{
    svy_error err = SVY_ERROR_INIT;
    svy_value value;
    const size_t len = strlen(a->value);
    uint32_t choice;

    if (svy_value_parse((svy_type)d->i.type, a->value, len, &value, &err) != SVY_OK) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, d->element, a, err.message, "the value '%.*s' is not of type %s", svyi_q_shown(a->value), a->value,
                    svy_type_name((svy_type)d->i.type));
        return;
    }
    for (size_t at = 0; d->i.list != 0 && at < value.len; at++) {
        const size_t from = at;
        while (at < value.len && (value.kind != SVY_K_CODES || value.text[at] != ' '))
            at++;
        if (at > from && !svyi_map_find(&q->lists[d->i.list].codes, value.text + from, at - from, &choice))
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, d->element, a, "use a code of the list", "'%.*s' is not a code of list '%s'", (int)(at - from),
                        value.text + from, q->lists[d->i.list].id);
    }
}

static void add_valued(svyi_q *q, uint32_t item, svy_element kind)
{
    svyi_q_item *d = &q->items[item];
    const svy_attribute *value = svyi_q_attribute(q->b, d->element, "value");

    d->i.type = type_of(q, d->element, kind);
    d->i.list = list_of(q, d->element, kind, d->i.type);
    if (kind == SVY_EL_COMPUTE || value == NULL)
        return;
    d->value = value->value;
    if (d->i.type != SVY_T_NONE && value->value[0] != '\0')
        check_parameter(q, d, value);
}

static void walk(svyi_q *q, uint32_t element, uint32_t parent, uint32_t roster);

static void add_by_kind(svyi_q *q, uint32_t element, svy_element kind, uint32_t parent, uint32_t roster)
{
    const uint32_t item = add(q, element, kind, parent, roster);

    if (q->failed)
        return;
    if (svyi_q_truth(q, element, "sensitive"))
        q->items[item].i.flags |= SVY_ITEM_SENSITIVE;
    if (strcmp(svyi_q_value(q->b, element, "page"), "all") == 0)
        q->items[item].i.flags |= SVY_ITEM_PAGE_ALL;
    register_id(q, item);
    if (kind == SVY_EL_QUESTION)
        add_question(q, item);
    else if (kind == SVY_EL_GRID)
        add_rows(q, item);
    else if (kind == SVY_EL_COMPUTE || kind == SVY_EL_PARAMETER)
        add_valued(q, item, kind);
    else if (kind == SVY_EL_SECTION || kind == SVY_EL_ROSTER)
        walk(q, element, item, kind == SVY_EL_ROSTER ? item : roster);
    else if (kind == SVY_EL_END)
        q->items[item].value = svyi_q_value(q->b, element, "outcome");
}

static int is_item(svy_element kind)
{
    return kind == SVY_EL_SECTION || kind == SVY_EL_QUESTION || kind == SVY_EL_GRID || kind == SVY_EL_ROSTER || kind == SVY_EL_NOTE ||
           kind == SVY_EL_COMPUTE || kind == SVY_EL_END;
}

/* Recursion: as deep as the tree, which the builder limits. */
static void walk(svyi_q *q, uint32_t element, uint32_t parent, uint32_t roster)
{
    for (uint32_t e = q->b->elements[element].first; e != 0 && !q->failed; e = q->b->elements[e].next)
        if (is_item(q->b->elements[e].kind))
            add_by_kind(q, e, q->b->elements[e].kind, parent, roster);
    if (!q->failed)
        q->items[parent].i.end = q->n_items;
}

static void add_checks(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];

    d->i.first_check = q->n_checks;
    if (d->i.flags & SVY_ITEM_OTHER)
        return;
    for (uint32_t e = q->b->elements[d->element].first; e != 0 && !q->failed; e = q->b->elements[e].next) {
        if (q->b->elements[e].kind != SVY_EL_CHECK)
            continue;
        if (svyi_grow(&q->alloc, &q->checks, &q->checks_capacity, (size_t)q->n_checks + 1, sizeof *q->checks) != 0) {
            q->failed = 1;
            return;
        }
        q->checks[q->n_checks++] = (svyi_q_check){ .c = { .item = item, .soft = strcmp(svyi_q_value(q->b, e, "severity"), "soft") == 0,
                                                          .line = (uint32_t)q->b->elements[e].line }, .element = e };
        d->i.n_checks++;
    }
}

void svyi_q_make_items(svyi_q *q)
{
    const svy_builder *b = q->b;

    svyi_map_init(&q->ids, &q->alloc);
    svyi_map_init(&q->lowered, &q->alloc);
    q->item_of = svyi_arena_get(&q->arena, b->n * sizeof *q->item_of);
    if (q->item_of == NULL)
        q->failed = 1;
    if (!q->failed)
        add(q, b->root, SVY_EL_QUESTIONNAIRE, 0, 0);
    for (uint32_t e = b->elements[b->root].first; e != 0 && !q->failed; e = b->elements[e].next)
        if (b->elements[e].kind == SVY_EL_PARAMETER)
            add_by_kind(q, e, SVY_EL_PARAMETER, 0, 0);
    if (!q->failed)
        walk(q, b->root, 0, 0);
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++)
        add_checks(q, i);
}
