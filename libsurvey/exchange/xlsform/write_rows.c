/* The survey sheet: one row for each node of the record, with what its bind, its control and the actions on it say. */
#include "exchange/xlsform/write_priv.h"
#include <string.h>

/* ---- attributes ---- */

typedef struct place { const char *attribute, *column; int kind; } place;
enum { TEXT = 0, EXPRESSION = 1, YES_NO = 2, MESSAGE = 3, SKIP = 4 };

static const place BIND[] = {
    { "nodeset", NULL, SKIP }, { "type", NULL, SKIP }, { "readonly", "read_only", YES_NO }, { "required", "required", YES_NO },
    { "relevant", "relevant", EXPRESSION }, { "constraint", "constraint", EXPRESSION }, { "calculate", "calculation", EXPRESSION },
    { "jr:constraintMsg", "constraint_message", MESSAGE }, { "jr:requiredMsg", "required_message", MESSAGE }, { "jr:preload", NULL, SKIP },
    { "jr:preloadParams", NULL, SKIP }, { "entities:saveto", "save_to", TEXT }, { "orx:max-pixels", NULL, SKIP }, { "odk:quality", NULL, SKIP },
    { "odk:allow-mock-accuracy", NULL, SKIP }
};
static const place CONTROL[] = {
    { "ref", NULL, SKIP }, { "nodeset", NULL, SKIP }, { "mediatype", NULL, SKIP }, { "query", NULL, SKIP }, { "appearance", "appearance", TEXT },
    { "rows", "rows", TEXT }, { "autoplay", "autoplay", TEXT }, { "intent", "intent", TEXT }, { "start", NULL, SKIP }, { "end", NULL, SKIP }, { "step", NULL, SKIP },
    { "odk:tick-interval", NULL, SKIP }, { "odk:placeholder", NULL, SKIP }, { "odk:tick-labelset", NULL, SKIP }, { "accuracyThreshold", NULL, SKIP },
    { "unacceptableAccuracyThreshold", NULL, SKIP }, { "odk:incremental", NULL, SKIP }, { "incremental", NULL, SKIP }, { "jr:count", NULL, SKIP }, { "jr:noAddRemove", NULL, SKIP }
};

static const place *find_place(const place *list, size_t n, const char *attribute)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].attribute, attribute) == 0)
            return &list[i];
    return NULL;
}

static const char *yes_no(const char *text)
{
    return strcmp(text, "true()") == 0 ? "yes" : strcmp(text, "false()") == 0 ? "no" : text;
}

static void put_attributes(svyi_xlw *w, const svyi_xlw_node *n, const svyi_xml *x, const place *list, size_t count, const char *prefix, const char *without)
{
    for (size_t i = 0; x != NULL && i < x->n; i++) {
        const svyi_xml_attribute *a = &x->attributes[i];
        const place *p = find_place(list, count, a->name);
        const char *own = p == NULL ? svyi_xlw_join(w, prefix, a->name, "") : p->column;
        if (own == NULL || (p != NULL && p->kind == SKIP) || strcmp(a->name, without) == 0)
            continue;
        if (p != NULL && p->kind == MESSAGE)
            svyi_xlw_message(w, n, a->value, own);
        else
            svyi_xlw_put(w, SVYI_OUT_SURVEY, own, p != NULL && p->kind == YES_NO ? yes_no(svyi_xlw_expression(w, n, a->value)) : svyi_xlw_expression(w, n, a->value));
    }
}

/* Attributes of the node in the record: they come with every submission. */
static void put_instance_attributes(svyi_xlw *w, const svyi_xlw_node *n)
{
    const svyi_xml *x = n->x;
    if (svyi_xml_get(x, "jr:template") != NULL)              /* a template has none: the first entry tells them */
        for (const svyi_xml *c = x->next; c != NULL && x == n->x; c = c->next)
            x = c->name != NULL && strcmp(c->name, n->x->name) == 0 ? c : x;
    for (size_t i = 0; i < x->n; i++) {
        const svyi_xml_attribute *a = &x->attributes[i];
        if (strcmp(a->name, "jr:template") != 0)
            svyi_xlw_put(w, SVYI_OUT_SURVEY, svyi_xlw_join(w, "instance::", a->name, ""), svyi_xlw_expression(w, n, a->value));
    }
}

/* ---- actions ---- */

static int has_event(const svyi_xml *x, const char *event)
{
    const char *events = svyi_xml_get(x, "event"), *found = events != NULL ? strstr(events, event) : NULL;
    return found != NULL && (found == events || found[-1] == ' ') && (found[strlen(event)] == '\0' || found[strlen(event)] == ' ');
}

static const char *action_value(svyi_xlw *w, const svyi_xlw_node *n, const svyi_xml *x)
{
    const char *value = svyi_xml_get(x, "value");
    return value != NULL ? svyi_xlw_expression(w, n, value) : svyi_xlw_content(x);
}

/* First value and what a changed answer sets. Several of a kind with different values have no place. */
static void put_actions(svyi_xlw *w, const svyi_xlw_node *n)
{
    const char *first = NULL, *set = NULL;
    svyi_buffer triggers;
    svyi_buffer_init(&triggers, &w->arena.alloc);
    for (const svyi_xlw_action *a = n->actions; a != NULL && !w->failed; a = a->next) {
        const int load = has_event(a->x, "odk-instance-first-load") || has_event(a->x, "odk-new-repeat") || has_event(a->x, "xforms-ready");
        if (strcmp(a->x->name, "setvalue") != 0 && !has_event(a->x, "xforms-value-changed"))
            continue;                              /* start-geopoint, background-audio: the type says it */
        const char *value = strcmp(a->x->name, "setvalue") == 0 ? action_value(w, n, a->x) : "", **slot = load ? &first : &set;
        if (*slot != NULL && strcmp(*slot, value) != 0)
            svyi_xlw_note(w, SVY_WARNING, a->x, n->name, "bring both into one expression", "the node is set to different values by several actions: an XLSForm has place for one");
        else
            *slot = value;
        if (!load && a->in != NULL && !a->in->shared_name) {
            svyi_buffer_text(&triggers, triggers.len > 0 ? ", ${" : "${");
            svyi_buffer_text(&triggers, a->in->name);
            svyi_buffer_text(&triggers, "}");
        }
    }
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "default", first != NULL ? first : n->first == NULL ? svyi_xlw_content(n->x) : "");
    if (triggers.len > 0 && !triggers.failed)
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "trigger", svyi_xlw_join(w, triggers.data, "", ""));
    w->failed |= triggers.failed;
    svyi_buffer_clear(&triggers);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "calculation", set);
}

/* ---- rows ---- */

static void put_bind(svyi_xlw *w, const svyi_xlw_node *n, const char *without)
{
    put_attributes(w, n, n->bind, BIND, sizeof BIND / sizeof BIND[0], "bind::", without);
}

static void put_control(svyi_xlw *w, const svyi_xlw_node *n, const svyi_xml *x)
{
    const char *without = strcmp(x->name, "upload") == 0 ? "intent" : "";       /* the parameter app of an image */
    put_attributes(w, n, x, CONTROL, sizeof CONTROL / sizeof CONTROL[0], "body::", without);
}

static void put_labels(svyi_xlw *w, const svyi_xlw_node *n, const svyi_xml *x)
{
    svyi_xlw_text(w, SVYI_OUT_SURVEY, n, svyi_xml_child(x, "label"), "label");
    svyi_xlw_text(w, SVYI_OUT_SURVEY, n, svyi_xml_child(x, "hint"), "hint");
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name != NULL && (strcmp(c->name, "help") == 0 || strcmp(c->name, "alert") == 0))
            svyi_xlw_note(w, SVY_NOTE, c, n->name, NULL, "the element '%s' has no place in an XLSForm", c->name);
}

static void put_count(svyi_xlw *w, const svyi_xlw_node *n)
{
    const char *count = svyi_xml_get(n->repeat, "jr:count"), *fixed = svyi_xml_get(n->repeat, "jr:noAddRemove");
    const svyi_xlw_node *counter = count != NULL ? svyi_xlw_resolve(w, n, count, strlen(count)) : NULL;
    if (counter != NULL && !counter->shared_name)          /* always ${name}: for anything else pyxform makes a node that counts */
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "repeat_count", svyi_xlw_join(w, "${", counter->name, "}"));
    else if (count != NULL)
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "repeat_count", svyi_xlw_expression(w, n, count));
    else if (fixed != NULL)
        svyi_xlw_note(w, SVY_WARNING, n->repeat, n->name, "give the repeat a repeat_count", "that entries can neither be added nor removed has no place in an XLSForm");
}

static void section(svyi_xlw *w, svyi_xlw_node *n)
{
    const char *type = n->repeat != NULL ? "repeat" : "group";
    svyi_xlw_row(w, SVYI_OUT_SURVEY);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "type", svyi_xlw_join(w, "begin ", type, ""));
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "name", n->name);
    if (n->group != NULL) {
        put_labels(w, n, n->group);
        put_control(w, n, n->group);
    }
    if (n->repeat != NULL) {
        put_control(w, n, n->repeat);
        put_count(w, n);
    }
    if (n->bind != NULL && svyi_xml_get(n->bind, "required") != NULL)
        svyi_xlw_note(w, SVY_WARNING, n->bind, n->name, "require the questions in it", "a group that is required has no place in an XLSForm: that is left out");
    if (strcmp(n->name, "meta") == 0)
        svyi_xlw_note(w, SVY_WARNING, n->x, n->path, "rename it", "tools for XLSForm keep the name 'meta' for data about the form, and refuse a group of that name");
    put_bind(w, n, "required");
    put_instance_attributes(w, n);
    svyi_xlw_rows(w, n);
    svyi_xlw_row(w, SVYI_OUT_SURVEY);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "type", svyi_xlw_join(w, "end ", type, ""));
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "name", n->name);
}

static void question(svyi_xlw *w, svyi_xlw_node *n)
{
    if (n->or_other)
        return;
    svyi_xlw_row(w, SVYI_OUT_SURVEY);
    const char *type = svyi_xlw_type(w, n);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "type", type);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "name", n->name);
    if (n->control != NULL) {
        put_labels(w, n, n->control);
        if (svyi_xml_child(n->control, "label") == NULL && svyi_xml_child(n->control, "hint") == NULL) {
            svyi_xlw_put(w, SVYI_OUT_SURVEY, "label", n->name);
            svyi_xlw_note(w, SVY_WARNING, n->control, n->name, "write a label", "a question without a label has its name as label, because tools for XLSForm want one");
        }
        put_control(w, n, n->control);
    }
    put_bind(w, n, type != NULL && strcmp(type, "note") == 0 ? "readonly" : "");       /* the type says it */
    put_actions(w, n);
    put_instance_attributes(w, n);
}

void svyi_xlw_rows(svyi_xlw *w, const svyi_xlw_node *parent)
{
    for (svyi_xlw_node *n = parent->first; n != NULL && !w->failed; n = n->next) {
        if (n->in_meta)
            continue;
        if (n->first != NULL || n->repeat != NULL || (n->group != NULL && n->control == NULL))
            section(w, n);
        else
            question(w, n);
    }
}
