/* One node of an XForm as one item: its type from control and bind, its attributes, checks and actions. */
#include "exchange/xform/xform.h"
#include <string.h>

void svyi_xform_put(svyi_xform *f, svyi_xform_attributes *a, const char *name, const char *value, const svyi_xml *at)
{
    if (value != NULL && f->st == SVY_OK && a->n < sizeof a->list / sizeof a->list[0])
        a->list[a->n++] = (svy_attribute){ name, value, svyi_xform_line(f, at), f->made || at == NULL ? 0 : at->column };
}

void svyi_xform_put_from(svyi_xform *f, svyi_xform_attributes *a, const char *name, const svyi_xml *x, const char *attribute)
{
    const svyi_xml_attribute *from = svyi_xform_attribute(x, attribute);
    if (from == NULL)
        return;
    svyi_xform_put(f, a, name, svyi_xform_trim(f, from->value), x);
    if (f->st == SVY_OK && a->n > 0 && !f->made) {
        a->list[a->n - 1].line = from->line;
        a->list[a->n - 1].column = from->column;
    }
}

uint32_t svyi_xform_add(svyi_xform *f, uint32_t parent, svy_element kind, const svyi_xform_attributes *a, const svyi_xml *at)
{
    uint32_t element = 0;
    if (f->st == SVY_OK)
        f->st = svy_builder_add(f->r->builder, parent, kind, a->list, a->n, NULL, svyi_xform_line(f, at), &element, f->r->err);
    return f->st == SVY_OK ? element : 0;
}

/* ---- types ---- */

static const struct { const char *bind, *type; } TYPES[] = {
    { "string", "text" }, { "int", "integer" }, { "integer", "integer" }, { "decimal", "decimal" }, { "date", "date" }, { "time", "time" },
    { "dateTime", "datetime" }, { "geopoint", "geopoint" }, { "geotrace", "geotrace" }, { "geoshape", "geoshape" }, { "barcode", "barcode" },
};
/* What a bind says when the type alone would not tell. */
static const struct { const char *type, *bind; } IMPLIED[] = {
    { "text", "string" }, { "integer", "int" }, { "decimal", "decimal" }, { "date", "date" }, { "time", "time" }, { "datetime", "dateTime" },
    { "geopoint", "geopoint" }, { "geotrace", "geotrace" }, { "geoshape", "geoshape" }, { "barcode", "barcode" }, { "single", "string" },
    { "multiple", "string" }, { "ranking", "odk:rank" }, { "photo", "binary" }, { "audio", "binary" }, { "video", "binary" }, { "file", "binary" },
    { "acknowledge", "string" },
};

/* The bind's type; of the schema's types without their prefix. */
static const char *bind_type(svyi_xform *f, const svyi_xform_node *n)
{
    const char *type = svyi_xform_trim(f, svyi_xform_value_of(n->bind, "type"));
    return type != NULL && (strncmp(type, "xsd:", 4) == 0 || strncmp(type, "xs:", 3) == 0) ? strchr(type, ':') + 1 : type;
}

static const char *leaf_type(const char *bind)
{
    for (size_t i = 0; bind != NULL && i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcmp(TYPES[i].bind, bind) == 0)
            return TYPES[i].type;
    return "text";
}

static const char *upload_type(const svyi_xml *control)
{
    const char *media = svyi_xform_value_of(control, "mediatype");
    if (media == NULL)
        return "file";
    return strncmp(media, "image/", 6) == 0 ? "photo" : strncmp(media, "audio/", 6) == 0 ? "audio" : strncmp(media, "video/", 6) == 0 ? "video" : "file";
}

static const char *type_of(const svyi_xml *control, const char *bind)
{
    static const struct { const char *control, *type; } FIXED[] = {
        { "select1", "single" }, { "select", "multiple" }, { "rank", "ranking" }, { "trigger", "acknowledge" },
    };
    for (size_t i = 0; i < sizeof FIXED / sizeof FIXED[0]; i++)
        if (svyi_xform_is(control, FIXED[i].control))
            return FIXED[i].type;
    return svyi_xform_is(control, "upload") ? upload_type(control) : leaf_type(bind);
}

static void put_type(svyi_xform *f, const svyi_xform_node *n, const char *type, svyi_xform_attributes *a)
{
    const char *bind = bind_type(f, n);
    svyi_xform_put(f, a, "type", type, n->bind != NULL ? n->bind : n->x);
    for (size_t i = 0; bind != NULL && i < sizeof IMPLIED / sizeof IMPLIED[0]; i++)
        if (strcmp(IMPLIED[i].type, type) == 0 && strcmp(IMPLIED[i].bind, bind) == 0)
            bind = NULL;
    svyi_xform_put(f, a, "bind-type", bind, n->bind);
}

/* ---- attributes ---- */

static const char *const KNOWN_OF_BIND[] = {
    "nodeset", "ref", "id", "type", "relevant", "required", "readonly", "constraint", "constraintMsg", "requiredMsg", "calculate", "preload",
    "preloadParams", "max-pixels", "quality",
};
static const char *const KNOWN_OF_CONTROL[] = {
    "ref", "nodeset", "bind", "appearance", "start", "end", "step", "rows", "mediatype", "accept", "autoplay", "accuracyThreshold", "query", "count",
    "noAddRemove",
};

static const char *local_name(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

/* What else stands there has no meaning for the engine; it is kept for who writes an XForm again, and told. */
static void keep_others(svyi_xform *f, const svyi_xform_node *n, const svyi_xml *x, const char *const *known, size_t n_known, svyi_xform_attributes *a)
{
    for (size_t i = 0; x != NULL && i < x->n && f->st == SVY_OK; i++) {
        const char *name = local_name(x->attributes[i].name);
        size_t k = 0;
        while (k < n_known && strcmp(known[k], name) != 0)
            k++;
        if (k < n_known)
            continue;
        const char *kept = svyi_xform_unit(f, "odk-", name);
        size_t there = 0;
        while (there < a->n && strcmp(a->list[there].name, kept) != 0)
            there++;
        if (there == a->n)
            svyi_xform_put(f, a, kept, x->attributes[i].value, x);
        svyi_xform_tell(f, SVY_NOTE, x, n->id, "", "the attribute '%.80s' has no meaning here: it is only kept for export", x->attributes[i].name);
    }
}

static void put_preload(svyi_xform *f, const svyi_xform_node *n, svyi_xform_attributes *a)
{
    const char *kind = svyi_xform_trim(f, svyi_xform_value_of(n->bind, "preload")), *of = svyi_xform_trim(f, svyi_xform_value_of(n->bind, "preloadParams"));
    if (kind == NULL)
        return;
    if (of != NULL && strcmp(kind, "uid") != 0)
        kind = svyi_xform_unit(f, svyi_xform_unit(f, kind, " "), of);
    svyi_xform_put(f, a, "preload", kind, n->bind);
}

void svyi_xform_common(svyi_xform *f, const svyi_xform_node *n, svyi_xform_attributes *a)
{
    svyi_xform_put(f, a, "id", n->id, n->x);
    if (strcmp(n->id, n->name) != 0)
        svyi_xform_put(f, a, "node", n->name, n->x);
    svyi_xform_put_from(f, a, "relevant", n->bind, "relevant");
    svyi_xform_put_from(f, a, "required", n->bind, "required");
    svyi_xform_put_from(f, a, "readonly", n->bind, "readonly");
    keep_others(f, n, n->bind, KNOWN_OF_BIND, sizeof KNOWN_OF_BIND / sizeof KNOWN_OF_BIND[0], a);
    const svyi_xml *parts[] = { n->control, n->group, n->repeat };
    for (size_t i = 0; i < 3; i++)
        keep_others(f, n, parts[i], KNOWN_OF_CONTROL, sizeof KNOWN_OF_CONTROL / sizeof KNOWN_OF_CONTROL[0], a);
}

static void put_leaf(svyi_xform *f, const svyi_xform_node *n, svyi_xform_attributes *a)
{
    svyi_xform_put_from(f, a, "value", n->bind, "calculate");
    svyi_xform_put_from(f, a, "max-pixels", n->bind, "max-pixels");
    svyi_xform_put_from(f, a, "quality", n->bind, "quality");
    put_preload(f, n, a);
}

static void put_control(svyi_xform *f, const svyi_xform_node *n, svyi_xform_attributes *a)
{
    static const struct { const char *from, *to; } NAMES[] = {
        { "appearance", "appearance" }, { "start", "start" }, { "end", "end" }, { "step", "step" }, { "rows", "rows" }, { "mediatype", "mediatype" },
        { "accept", "accept" }, { "autoplay", "autoplay" }, { "accuracyThreshold", "accuracy-threshold" }, { "query", "odk-query" },
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        svyi_xform_put_from(f, a, NAMES[i].to, n->control, NAMES[i].from);
}

/* A reference to a child of a choice: "./name" is "name". */
static const char *child_name(svyi_xform *f, const svyi_xml *itemset, const char *what)
{
    const char *ref = svyi_xform_trim(f, svyi_xform_value_of(svyi_xform_child(itemset, what), "ref"));
    return ref != NULL && strncmp(ref, "./", 2) == 0 ? ref + 2 : ref;
}

static void put_itemset(svyi_xform *f, const svyi_xform_node *n, const svyi_xml *itemset, svyi_xform_attributes *a)
{
    const char *nodeset = svyi_xform_value_of(itemset, "nodeset"), *code = child_name(f, itemset, "value"), *label = child_name(f, itemset, "label");
    const svyi_xform_instance *i = nodeset != NULL ? svyi_xform_instance_of(f, nodeset) : NULL;
    if (nodeset == NULL) {
        svyi_xform_tell(f, SVY_WARNING, itemset, n->id, "give it a nodeset", "the choices of '%.100s' come from nowhere: an itemset has no nodeset", n->id);
        return;
    }
    if (code != NULL && strpbrk(code, "/()[]") != NULL)
        svyi_xform_tell(f, SVY_PROBLEM, itemset, n->id, "take the value from a child of the choices' nodes", "the value of a choice cannot be '%.100s' here", code);
    if (i != NULL && i->is_list)
        svyi_xform_put(f, a, "choices", i->id, itemset);
    svyi_xform_put(f, a, "itemset", svyi_xform_trim(f, nodeset), itemset);
    if (code == NULL || strcmp(code, "name") != 0)
        svyi_xform_put(f, a, "code", code != NULL ? code : ".", itemset);
    if (label == NULL || strcmp(label, "label") != 0)
        svyi_xform_put(f, a, "label-from", label != NULL ? label : "", itemset);
}

static void put_choices(svyi_xform *f, const svyi_xform_node *n, svyi_xform_attributes *a)
{
    const svyi_xml *itemset = svyi_xform_child(n->control, "itemset"), *item = svyi_xform_child(n->control, "item");
    if (itemset != NULL && item != NULL)
        svyi_xform_tell(f, SVY_WARNING, item, n->id, "use one of them", "'%.100s' has choices of its own and an itemset: the itemset counts", n->id);
    if (itemset != NULL)
        put_itemset(f, n, itemset, a);
    else
        svyi_xform_put(f, a, "choices", n->list, n->control);
}

static int is_select(const char *type) { return strcmp(type, "single") == 0 || strcmp(type, "multiple") == 0 || strcmp(type, "ranking") == 0; }

static void tell_of_appearance(svyi_xform *f, const svyi_xform_node *n)
{
    const char *appearance = svyi_xform_value_of(n->control, "appearance");
    if (appearance != NULL && strstr(appearance, "search(") != NULL)
        svyi_xform_tell(f, SVY_WARNING, n->control, n->id, "take the choices from the file with select_one_from_file",
                        "the appearance search() is not carried out: the choices of '%.100s' are those that stand in the form", n->id);
    if (svyi_xform_value_of(n->control, "query") != NULL)
        svyi_xform_tell(f, SVY_WARNING, n->control, n->id, "take the choices from the file with select_one_from_file",
                        "choices from itemsets.csv are not offered: '%.100s' takes any text", n->id);
}

/* ---- questions, computes ---- */

void svyi_xform_checks(svyi_xform *f, const svyi_xform_node *n)
{
    svyi_xform_attributes a = { .n = 0 };
    const char *message = svyi_xform_value_of(n->bind, "constraintMsg");
    if (svyi_xform_attribute(n->bind, "constraint") == NULL)
        return;
    svyi_xform_put_from(f, &a, "that", n->bind, "constraint");
    const uint32_t check = svyi_xform_add(f, n->element, SVY_EL_CHECK, &a, n->bind);
    const svyi_xform_words to = { check, svyi_xform_unit(f, n->id, "/check/1"), SVY_TEXT, 1 };
    if (check != 0 && message != NULL)
        svyi_xform_message(f, n->bind, message, &to);
}

static void put_texts(svyi_xform *f, const svyi_xform_node *n)
{
    const char *unit = svyi_xform_unit(f, n->id, "/"), *message = svyi_xform_value_of(n->bind, "requiredMsg");
    const svyi_xform_words label = { n->element, unit, SVY_LABEL, 0 }, hint = { n->element, unit, SVY_HINT, 0 }, needed = { n->element, unit, SVY_REQUIRED_TEXT, 0 };
    svyi_xform_label(f, svyi_xform_child(n->control, "label"), &label);
    svyi_xform_label(f, svyi_xform_child(n->control, "hint"), &hint);
    if (message != NULL)
        svyi_xform_message(f, n->bind, message, &needed);
}

void svyi_xform_question(svyi_xform *f, svyi_xform_node *n, uint32_t parent)
{
    svyi_xform_attributes a = { .n = 0 };
    const char *type = type_of(n->control, bind_type(f, n));
    svyi_xform_common(f, n, &a);
    put_type(f, n, type, &a);
    if (is_select(type))
        put_choices(f, n, &a);
    put_leaf(f, n, &a);
    put_control(f, n, &a);
    tell_of_appearance(f, n);
    n->element = svyi_xform_add(f, parent, SVY_EL_QUESTION, &a, n->control);
    if (n->element == 0)
        return;
    put_texts(f, n);
    svyi_xform_checks(f, n);
    svyi_xform_sets(f, n->element, n->control, n);
}

void svyi_xform_compute(svyi_xform *f, svyi_xform_node *n, uint32_t parent)
{
    svyi_xform_attributes a = { .n = 0 };
    const char *message = svyi_xform_value_of(n->bind, "requiredMsg");
    svyi_xform_common(f, n, &a);
    put_type(f, n, leaf_type(bind_type(f, n)), &a);
    put_leaf(f, n, &a);
    n->element = svyi_xform_add(f, parent, SVY_EL_COMPUTE, &a, n->bind != NULL ? n->bind : n->x);
    if (n->element == 0)
        return;
    const svyi_xform_words needed = { n->element, svyi_xform_unit(f, n->id, "/"), SVY_REQUIRED_TEXT, 0 };
    if (message != NULL)
        svyi_xform_message(f, n->bind, message, &needed);
    svyi_xform_checks(f, n);
}
