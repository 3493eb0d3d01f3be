/* The survey sheet becomes a tree: row by row, with the groups, repeats and loops that are open. */
#include "exchange/xlsform/priv.h"

#include <string.h>

xlsform_element *svyi_xlsform_element(xlsform *x, xlsform_element *parent, xlsform_kind kind, const char *type, const char *name, int row)
{
    xlsform_element *e = svyi_xlsform_get(x, sizeof *e);

    if (e == NULL)
        return NULL;
    *e = (xlsform_element){ .kind = kind, .type = type, .name = name, .row = row, .parent = parent };
    if (parent != NULL) {
        if (parent->last != NULL)
            parent->last->next = e;
        else
            parent->first = e;
        parent->last = e;
    }
    return e;
}

xlsform_element *svyi_xlsform_meta(xlsform *x, xlsform_element *parent)
{
    xlsform_element *meta = svyi_xlsform_element(x, parent, XLSFORM_GROUP, "group", "meta", 0);

    if (meta != NULL)
        meta->bodyless = 1;
    return meta;
}

static xlsform_dict *dict_of(xlsform *x, const xlsform_dict *cells, const char *key)
{
    const xlsform_value *v = svyi_xlsform_dict_find(cells, key);

    return v != NULL ? svyi_xlsform_dict_copy(x, v->dict) : NULL;
}

static xlsform_value value_of(const xlsform_dict *cells, const char *key)
{
    const xlsform_value *v = svyi_xlsform_dict_find(cells, key);

    return v != NULL ? *v : (xlsform_value){ .text = NULL };
}

void svyi_xlsform_fill(xlsform *x, xlsform_element *e, const xlsform_dict *cells)
{
    e->label = value_of(cells, "label");
    e->hint = value_of(cells, "hint");
    e->guidance = value_of(cells, "guidance_hint");
    e->bind = dict_of(x, cells, "bind");
    e->control = dict_of(x, cells, "control");
    e->media = dict_of(x, cells, "media");
    e->bare_media = svyi_xlsform_dict_text(cells, "media") != NULL;
    if (e->bare_media)
        svyi_xlsform_note(x, "survey", e->row, "name the column media::image, media::audio or media::video", "the column 'media' of '%s' says no kind and is left out", e->name);
    e->instance = dict_of(x, cells, "instance");
    e->default_value = svyi_xlsform_dict_text(cells, "default");
    e->choice_filter = svyi_xlsform_dict_text(cells, "choice_filter");
    e->query = svyi_xlsform_dict_text(cells, "query");
}

void svyi_xlsform_add_action(xlsform *x, xlsform_element *e, const char *name, xlsform_event event, const char *value)
{
    xlsform_action *a = svyi_xlsform_get(x, sizeof *a), **last = &e->actions;

    if (a == NULL)
        return;
    *a = (xlsform_action){ .name = name, .value = value, .event = event };
    while (*last != NULL)
        last = &(*last)->next;
    *last = a;
}

/* ---- other rows */

/* "${a}, ${b}": the questions whose change triggers this one. */
static int read_trigger(xlsform_rows *r, xlsform_element *e, const char *text)
{
    xlsform *x = r->x;
    xlsform_reference found;
    xlsform_name **last = &e->triggers;

    if (text == NULL)
        return 1;
    if (strlen(text) < 3 || strstr(text, "${") == NULL) {
        svyi_xlsform_problem(x, "survey", e->row, "write ${name}, or several with commas", "the trigger '%s' is not a reference to a question", text);
        return 0;
    }
    for (const char *p = text; *p != '\0';) {
        const size_t len = strcspn(p, ",");
        const char *part = svyi_xlsform_text(x, p, len);
        size_t at = 0;
        int kind, n = 0;
        while ((kind = svyi_xlsform_next_reference(part, &at, &found)) == 1 && n++ == 0) {
            if ((*last = svyi_xlsform_get(x, sizeof **last)) == NULL)
                return 0;
            (*last)->text = svyi_xlsform_text(x, part + found.name, found.name_len);
            last = &(*last)->next;
        }
        if (kind != 0) {
            svyi_xlsform_problem(x, "survey", e->row, "write ${name}, or several with commas", "the trigger '%s' is not a list of references to questions", text);
            return 0;
        }
        p += len + (p[len] == ',');
    }
    if (e->triggers != NULL) {
        if (svyi_grow(&x->arena.alloc, &r->triggered, &r->triggered_capacity, (size_t)r->n_triggered + 1, sizeof *r->triggered) != 0)
            x->nomem = 1;
        else
            r->triggered[r->n_triggered++] = e;
    }
    return 1;
}

static void computed_default(xlsform_rows *r, xlsform_element *e)
{
    if (e->default_value == NULL || e->default_value[0] == '\0' || !svyi_xlsform_is_dynamic(e->default_value, e->type))
        return;
    e->dynamic_default = 1;
    svyi_xlsform_add_action(r->x, e, "setvalue", XLSFORM_FIRST_LOAD, NULL);
    if (svyi_xlsform_in_repeat(r->container))
        svyi_xlsform_add_action(r->x, e, "setvalue", XLSFORM_NEW_REPEAT, NULL);
}

static void audit(xlsform_rows *r, xlsform_dict *cells, const xlsform_dict *parameters, int row)
{
    xlsform *x = r->x;
    const char *name = svyi_xlsform_dict_text(cells, "name");

    if (name != NULL && name[0] != '\0' && strcmp(name, "audit") != 0) {
        svyi_xlsform_problem(x, "survey", row, "leave the name blank", "an audit is always named 'audit', not '%s'", name);
        return;
    }
    xlsform_element *e = svyi_xlsform_element(x, r->meta, XLSFORM_QUESTION, "audit", "audit", row);
    if (e == NULL)
        return;
    svyi_xlsform_fill(x, e, cells);
    computed_default(r, e);
    if (read_trigger(r, e, svyi_xlsform_dict_text(cells, "trigger")) && svyi_xlsform_audit(x, e, parameters))
        svyi_xlsform_apply_type(x, e);
}

static void external(xlsform_rows *r, const char *type, const char *name, int row)
{
    if (svyi_xlsform_in_repeat(r->container))
        svyi_xlsform_problem(r->x, "survey", row, "move it out of the repeat", "the external file '%s' stands in a repeat", name);
    svyi_xlsform_once(r->x, &r->secondary, name, 1);
    svyi_xlsform_element(r->x, r->container, XLSFORM_EXTERNAL, type, name, row);
}

static void osm_tags(xlsform *x, xlsform_element *e, const char *list)
{
    e->tags = svyi_xlsform_list(&x->osm, list, strcspn(list, " "));
    if (e->tags == NULL && x->osm.n > 0)
        svyi_xlsform_problem(x, "survey", e->row, "check the name of the list", "the sheet osm has no list '%s'", list);
}

static void question(xlsform_rows *r, const char *type, const char *name, xlsform_dict *cells, xlsform_dict *parameters, int row)
{
    xlsform *x = r->x;
    xlsform_select select;
    const char *osm = strstr(type, "osm ");

    svyi_xlsform_once(x, &r->questions, name, 1);
    if (strcmp(type, "xml-external") == 0 || strcmp(type, "csv-external") == 0) {
        external(r, type, name, row);
        return;
    }
    if (svyi_xlsform_select(type, &select)) {
        svyi_xlsform_select_row(r, &select, cells, parameters, row);
        return;
    }
    if (osm != NULL && osm[4] != '\0')
        type = "osm";
    xlsform_element *e = svyi_xlsform_element(x, r->container, XLSFORM_QUESTION, type, name, row);
    if (e == NULL)
        return;
    svyi_xlsform_fill(x, e, cells);
    if (osm != NULL && osm[4] != '\0')
        osm_tags(x, e, osm + 4);
    computed_default(r, e);
    if (read_trigger(r, e, svyi_xlsform_dict_text(cells, "trigger")) && svyi_xlsform_question(r, e, parameters))
        svyi_xlsform_apply_type(x, e);
}

/* Selects take trigger and default as other questions do. */
int svyi_xlsform_common(xlsform_rows *r, xlsform_element *e, const xlsform_dict *cells)
{
    computed_default(r, e);
    return read_trigger(r, e, svyi_xlsform_dict_text(cells, "trigger"));
}

static const char *row_name(xlsform_rows *r, xlsform_dict *cells, const char *type, int row)
{
    const char *name = svyi_xlsform_dict_text(cells, "name");

    if (name != NULL)
        return name;
    if (strcmp(type, "note") == 0)
        return svyi_xlsform_format(r->x, "generated_note_name_%d", row);
    svyi_xlsform_problem(r->x, "survey", row, "fill in the name", "a row of type '%s' has no name", type);
    return NULL;
}

/* A row whose type is the name of a setting. */
static int is_setting(xlsform *x, const char *type, const xlsform_dict *cells)
{
    const char *name = svyi_xlsform_dict_text(cells, "name");

    if (strcmp(type, "form_title") == 0 || strcmp(type, "set_form_title") == 0)
        x->title = name != NULL ? name : "None";
    else if (strcmp(type, "form_id") == 0 || strcmp(type, "set_form_id") == 0)
        x->id = name != NULL ? name : "None";
    else if (strcmp(type, "prefix") == 0)
        svyi_xlsform_dict_put(x, &x->settings, "prefix", name != NULL ? name : "None");
    else
        return 0;
    return 1;
}

/* 1: goes on with the row; 0: the row is a comment, or disabled, or was reported. */
static int worth_reading(xlsform *x, xlsform_dict *cells, int row)
{
    const char *disabled = svyi_xlsform_dict_text(cells, "disabled");

    if (disabled != NULL) {
        svyi_xlsform_warn(x, "survey", row, "use relevant instead", "the column 'disabled' is not part of XLSForm any more");
        svyi_xlsform_dict_remove(cells, "disabled");
        if (svyi_xlsform_yes_no(disabled) == 1)
            return 0;
    }
    if (cells->first == NULL)
        return 0;
    if (svyi_xlsform_dict_text(cells, "type") != NULL)
        return 1;
    if (svyi_xlsform_dict_find(cells, "name") == NULL && svyi_xlsform_dict_find(cells, "label") == NULL)
        svyi_xlsform_warn(x, "survey", row, "delete the row, or fill in its type and name", "a row without type, name and label is left out");
    else
        svyi_xlsform_problem(x, "survey", row, "fill in the type", "a row has no type");
    return 0;
}

static void named_row(xlsform_rows *r, const char *type, xlsform_dict *cells, xlsform_dict *parameters, int row)
{
    xlsform *x = r->x;
    xlsform_kind kind;
    const char *list = NULL, *name = NULL;
    const int begins = svyi_xlsform_begin(type, &kind, &list), ends = !begins && svyi_xlsform_end(type, &kind);
    xlsform_value *bind = svyi_xlsform_dict_find(cells, "bind");

    if (!ends) {
        name = row_name(r, cells, type, row);
        if (name == NULL || !svyi_xlsform_check_name(r, name, row)) {
            if (!begins)
                return;
            name = name != NULL ? name : "";
        }
    }
    if (!svyi_xlsform_entity_row(x, r->container, bind != NULL ? bind->dict : NULL, name, row, begins || ends) && !begins && !ends)
        return;
    if (ends)
        svyi_xlsform_end_group(r, kind, row);
    else if (begins)
        svyi_xlsform_begin_group(r, kind, list, name, cells, row);
    else
        question(r, type, name, cells, parameters, row);
}

static void read_row(xlsform_rows *r, xlsform_dict *cells, int row)
{
    xlsform *x = r->x;
    int ok = 1;

    if (!worth_reading(x, cells, row))
        return;
    const char *type = svyi_xlsform_type_alias(svyi_xlsform_dict_text(cells, "type"));
    xlsform_dict *parameters = svyi_xlsform_parameters(x, svyi_xlsform_dict_text(cells, "parameters"), row, &ok);
    if (strcmp(type, "audit") == 0) {
        if (ok)
            audit(r, cells, parameters, row);
        return;
    }
    if (strcmp(type, "calculate") == 0) {
        const xlsform_value *bind = svyi_xlsform_dict_find(cells, "bind");
        const char *formula = bind != NULL ? svyi_xlsform_dict_text(bind->dict, "calculate") : NULL;
        if ((formula == NULL || formula[0] == '\0') && !svyi_xlsform_is_dynamic(svyi_xlsform_dict_text(cells, "default"), type))
            svyi_xlsform_problem(x, "survey", row, "fill in the calculation", "a row of type calculate has no calculation");
    }
    if (strcmp(type, "subscriberid") == 0 || strcmp(type, "simserial") == 0)
        svyi_xlsform_warn(x, "survey", row, "leave it out", "'%s' is not to be had on devices of today", type);
    if (is_setting(x, type, cells))
        return;
    named_row(r, type, cells, ok ? parameters : NULL, row);
}

/* ---- the sheet */

static void check_open(xlsform_rows *r)
{
    if (r->open->outer != NULL && r->x->problems == 0)
        svyi_xlsform_problem(r->x, "survey", r->container->row, "give every begin its end", "the %s '%s' is not ended",
                             svyi_xlsform_kind_name(r->container->kind), r->container->name);
}

/* Every trigger is a question; it learns what it sets. */
static void check_triggers(xlsform_rows *r)
{
    for (uint32_t i = 0; i < r->n_triggered; i++)
        for (const xlsform_name *n = r->triggered[i]->triggers; n != NULL; n = n->next) {
            uint32_t there;
            if (svyi_map_find(&r->questions, n->text, strlen(n->text), &there) != 1)
                svyi_xlsform_problem(r->x, "survey", r->triggered[i]->row, "check the name", "the trigger ${%s} is not a question", n->text);
        }
}

static void check_geometry(xlsform_rows *r)
{
    xlsform *x = r->x;

    for (uint32_t i = 0; i < r->n_geometry; i++) {
        const char *target = r->geometry[i].target;
        xlsform_reference ref;
        size_t at = 0;
        uint32_t value = 0;
        const int repeat = svyi_xlsform_is_reference(target) && svyi_xlsform_next_reference(target, &at, &ref) == 1 &&
                           svyi_map_find(&r->repeats, target + ref.name, ref.name_len, &value) == 1;
        const int file = svyi_map_find(&r->secondary, target, strlen(target), &value) == 1 && value != 0;
        if (!repeat && !file && !svyi_xlsform_is_entity(x, target) && svyi_xlsform_list(&x->choices, target, strlen(target)) == NULL)
            svyi_xlsform_problem(x, "survey", r->geometry[i].row, "name a list of choices, an attached file, or ${repeat}",
                                 "reference-geometry=%s is nothing in this form", target);
    }
}

static void add_meta(xlsform_rows *r)
{
    xlsform *x = r->x;
    const char *preload = svyi_xlsform_dict_text(x->settings, "instance_id"), *name = svyi_xlsform_dict_text(x->settings, "instance_name");

    if (svyi_xlsform_dict_find(x->settings, "omit_instanceID") == NULL) {
        xlsform_element *e = svyi_xlsform_element(x, r->meta, XLSFORM_QUESTION, "calculate", "instanceID", 0);
        if (e != NULL) {
            svyi_xlsform_dict_put(x, &e->bind, "readonly", "true()");
            svyi_xlsform_dict_put(x, &e->bind, "jr:preload", preload != NULL ? preload : "uid");
            svyi_xlsform_apply_type(x, e);
        }
        svyi_xlsform_count_name(x, "instanceID");
    }
    if (name != NULL) {
        xlsform_element *e = svyi_xlsform_element(x, r->meta, XLSFORM_QUESTION, "calculate", "instanceName", 0);
        if (e != NULL) {
            svyi_xlsform_dict_put(x, &e->bind, "calculate", name);
            svyi_xlsform_apply_type(x, e);
        }
    }
}

/* The children of `meta` go to the group of that name which entities made in the root, or the group itself to the end. */
static void attach_meta(xlsform *x, xlsform_element *meta)
{
    xlsform_element *there = x->root->first;

    if (meta->first == NULL)
        return;
    while (there != NULL && !(there->kind == XLSFORM_GROUP && strcmp(there->name, "meta") == 0))
        there = there->next;
    if (there == NULL)
        there = svyi_xlsform_meta(x, x->root);
    if (there == NULL)
        return;
    for (xlsform_element *e = meta->first; e != NULL; e = e->next)
        e->parent = there;
    if (there->last != NULL)
        there->last->next = meta->first;
    else
        there->first = meta->first;
    there->last = meta->last;
}

static void finish(xlsform_rows *r)
{
    xlsform *x = r->x;

    check_open(r);
    if (x->problems == 0) {
        check_triggers(r);
        check_geometry(r);
        svyi_xlsform_entity_updates(x, &r->secondary);
    }
    if (x->problems > 0 || svyi_xlsform_failed(x))
        return;
    if (svyi_xlsform_dict_find(x->settings, "flat") != NULL)
        svyi_xlsform_flatten(x, x->root, "");
    add_meta(r);
    svyi_xlsform_place_entities(x);
    attach_meta(x, r->meta);
}

void svyi_xlsform_read_survey(xlsform *x)
{
    xlsform_rows r = { .x = x };
    xlsform_sheet *s = &x->survey;

    x->root = svyi_xlsform_element(x, NULL, XLSFORM_ROOT, "survey", x->name, 0);
    r.meta = svyi_xlsform_meta(x, NULL);
    if (x->root == NULL || r.meta == NULL)
        return;
    svyi_map_init(&r.questions, &x->arena.alloc);
    svyi_map_init(&r.repeats, &x->arena.alloc);
    svyi_map_init(&r.secondary, &x->arena.alloc);
    svyi_xlsform_open_group(&r, x->root);
    for (uint32_t i = 0; i < s->rows && !svyi_xlsform_failed(x); i++) {
        xlsform_dict *cells = svyi_xlsform_row(x, s, i, x->default_language, x->strip);
        if (cells != NULL)
            read_row(&r, cells, (int)i + 2);
    }
    if (!svyi_xlsform_failed(x))
        finish(&r);
    while (r.open != NULL)
        svyi_xlsform_close_group(&r);
    svyi_map_clear(&r.questions);
    svyi_map_clear(&r.repeats);
    svyi_map_clear(&r.secondary);
    svyi_release(&x->arena.alloc, r.triggered, r.triggered_capacity * sizeof *r.triggered);
    svyi_release(&x->arena.alloc, r.geometry, r.geometry_capacity * sizeof *r.geometry);
}
