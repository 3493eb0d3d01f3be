/* The choices sheet from the lists of an XForm; the settings and entities sheets. */
#include "exchange/xlsform/write_priv.h"
#include <string.h>

static const char *attribute(const svyi_xml *x, const char *name)
{
    const char *value = x != NULL ? svyi_xml_get(x, name) : NULL;
    return value != NULL ? value : "";
}

/* ---- choices ---- */

void svyi_xlw_list_refs(svyi_xlw *w, const char *list, const char *value, const char *label)
{
    uint32_t number = (uint32_t)w->n_refs;
    svyi_xlw_refs *refs = svyi_arena_get(&w->arena, sizeof *refs);
    if (refs == NULL || svyi_grow(&w->arena.alloc, &w->refs, &w->refs_capacity, w->n_refs + 1, sizeof *w->refs) != 0) {
        w->failed = 1;
        return;
    }
    *refs = (svyi_xlw_refs){ value, label };
    const int known = svyi_map_add(&w->list_refs, list, strlen(list), &number);
    w->failed |= known < 0;
    if (known == 0)
        w->refs[w->n_refs++] = refs;
}

/* "jr:itext(itextId)" names the child that holds the id of a text. */
static const char *text_child(svyi_xlw *w, const char *label)
{
    const char *open = strncmp(label, "jr:itext(", 9) == 0 ? label + 9 : NULL, *close = open != NULL ? strchr(open, ')') : NULL;
    const char *name = close != NULL ? svyi_arena_text(&w->arena, open, (size_t)(close - open)) : "itextId";
    w->failed |= name == NULL;
    return name != NULL ? name : "";
}

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* One item: its children are columns, but for the id of its text. */
static void put_item(svyi_xlw *w, const char *list, const svyi_xml *item, const svyi_xlw_refs *refs, const char *itext)
{
    svyi_xlw_row(w, SVYI_OUT_CHOICES);
    svyi_xlw_put(w, SVYI_OUT_CHOICES, "list_name", list);
    for (const svyi_xml *c = item->first; c != NULL; c = c->next) {
        if (c->name == NULL)
            continue;
        const char *text = svyi_xlw_content(c);
        const int code = is(c->name, refs->value);
        if (code)
            svyi_xlw_put(w, SVYI_OUT_CHOICES, "name", text);
        if (is(c->name, itext))                            /* perhaps the code, too */
            svyi_xlw_itext(w, SVYI_OUT_CHOICES, NULL, text, "label");
        else if (!code)
            svyi_xlw_put(w, SVYI_OUT_CHOICES, is(c->name, refs->label) ? "label" : c->name, text);
    }
}

static const svyi_xml *first_element(const svyi_xml *x)
{
    const svyi_xml *c = x->first;
    while (c != NULL && c->name == NULL)
        c = c->next;
    return c;
}

/* Items of one name in one element, each with a code. */
static int is_list(const svyi_xml *instance, const svyi_xlw_refs *refs)
{
    const svyi_xml *root = first_element(instance), *item = root != NULL ? first_element(root) : NULL;
    for (const svyi_xml *c = item; c != NULL; c = c->next)
        if (c->name != NULL && (!is(c->name, item->name) || svyi_xml_child(c, refs->value) == NULL))
            return 0;
    return root != NULL;
}

/* Two items of one code need a setting. */
static void allow_doubles(svyi_xlw *w, const svyi_xml *item, const char *value)
{
    svyi_map seen;
    int twice = 0;
    svyi_map_init(&seen, &w->arena.alloc);
    for (; item != NULL && !twice && !w->failed; item = item->next) {
        const char *code = item->name != NULL ? svyi_xlw_content(svyi_xml_child(item, value)) : "";
        uint32_t one = 1;
        const int known = *code != '\0' ? svyi_map_add(&seen, code, strlen(code), &one) : 0;
        w->failed |= known < 0;
        twice = known == 1;
    }
    svyi_map_clear(&seen);
    w->doubles |= twice;
}

static void put_list(svyi_xlw *w, const svyi_xml *x, const char *id)
{
    static const svyi_xlw_refs USUAL = { "name", "label" };
    uint32_t number;
    const svyi_xlw_refs *refs = svyi_map_find(&w->list_refs, id, strlen(id), &number) ? w->refs[number] : &USUAL;
    const svyi_xml *root = first_element(x);
    if (root == NULL || !is_list(x, refs)) {
        svyi_xlw_note(w, SVY_WARNING, x, id, "keep it as a file beside the form, and name it with xml-external", "the instance '%.100s' is no list of choices: it has no place in an XLSForm", id);
        return;
    }
    const svyi_xml *item = first_element(root);
    if (!is(refs->value, "name") || !is(root->name, "root") || (item != NULL && !is(item->name, "item")))
        svyi_xlw_note(w, SVY_WARNING, x, id, "correct the expressions that name them", "the parts of the list '%.100s' become root, item, name and label", id);
    const char *itext = text_child(w, refs->label);
    allow_doubles(w, item, refs->value);
    for (const svyi_xml *c = root->first; c != NULL && !w->failed; c = c->next)
        if (c->name != NULL)
            put_item(w, id, c, refs, itext);
}

static int mentioned(const char *text, const char *id)
{
    const char *at = strstr(text, id);
    return at != NULL && strstr(text, "pulldata(") != NULL;
}

/* An instance that an expression brings along by itself: pulldata('id', ...). */
static int is_pulled(const svyi_xlw *w, const char *id)
{
    for (size_t i = 0; i < w->n_nodes; i++)
        for (size_t k = 0; w->nodes[i]->bind != NULL && k < w->nodes[i]->bind->n; k++)
            if (mentioned(w->nodes[i]->bind->attributes[k].value, id))
                return 1;
    return 0;
}

static int is_select_from(const svyi_xlw *w, const char *id)
{
    for (size_t i = 0; i < w->n_nodes; i++) {
        const svyi_xml *items = w->nodes[i]->control != NULL ? svyi_xml_child(w->nodes[i]->control, "itemset") : NULL;
        const char *set = attribute(items, "nodeset"), *at = strstr(set, "instance('");
        if (at != NULL && strncmp(at + 10, id, strlen(id)) == 0 && at[10 + strlen(id)] == '\'')
            return 1;
    }
    return 0;
}

static void external_instance(svyi_xlw *w, const svyi_xml *x)
{
    const char *id = attribute(x, "id"), *src = attribute(x, "src"), *dot = strrchr(src, '.');
    if (strcmp(id, "__last-saved") == 0 || is_select_from(w, id) || is_pulled(w, id))
        return;
    const int csv = dot != NULL && strcmp(dot, ".csv") == 0;
    if (!csv && (dot == NULL || strcmp(dot, ".xml") != 0)) {
        svyi_xlw_note(w, SVY_WARNING, x, id, "add the file by hand", "the instance from '%.100s' has no place in an XLSForm", src);
        return;
    }
    svyi_xlw_row(w, SVYI_OUT_SURVEY);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "type", csv ? "csv-external" : "xml-external");
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "name", id);
}

void svyi_xlw_choices(svyi_xlw *w)
{
    for (size_t i = 0; i < w->n_instances && !w->failed; i++) {
        const svyi_xml *x = w->instances[i];
        const char *id = attribute(x, "id");
        if (svyi_xml_get(x, "src") != NULL)
            external_instance(w, x);
        else
            put_list(w, x, id);
    }
}

/* "L-3" is the fourth item of the list L; other texts say nothing of a list. */
static const char *list_of_text(svyi_xlw *w, const char *ref)
{
    const char *from = strchr(ref, '\''), *end = from != NULL ? strrchr(from + 1, '-') : NULL;
    if (strncmp(ref, "jr:itext('", 10) != 0 || end == NULL || strchr(from + 1, '/') != NULL || strspn(end + 1, "0123456789") + 2 != strlen(end + 1) + (end[1] != '\0' ? 0 : 2))
        return NULL;
    const char *list = svyi_arena_text(&w->arena, from + 1, (size_t)(end - from - 1));
    w->failed |= list == NULL;
    return list;
}

const char *svyi_xlw_inline_list(svyi_xlw *w, svyi_xlw_node *n)
{
    const svyi_xml *item = svyi_xml_child(n->control, "item"), *label = item != NULL ? svyi_xml_child(item, "label") : NULL;
    const char *list = label != NULL ? list_of_text(w, attribute(label, "ref")) : NULL;
    uint32_t known;
    if (list == NULL)
        list = svyi_xlw_join(w, n->shared_name && n->parent != NULL ? n->parent->name : "", n->name, "_choices");
    if (list == NULL || svyi_map_find(&w->by_instance, list, strlen(list), &known))
        return list;
    known = UINT32_MAX;
    if (svyi_map_add(&w->by_instance, list, strlen(list), &known) < 0)
        w->failed = 1;
    if (item == NULL)
        svyi_xlw_note(w, SVY_WARNING, n->control, n->name, "add its choices to the sheet choices", "the select has no choices: tools for XLSForm refuse the list '%.100s' without any", list);
    allow_doubles(w, item, "value");
    for (; item != NULL && !w->failed; item = item->next) {
        if (item->name == NULL || strcmp(item->name, "item") != 0)
            continue;
        svyi_xlw_row(w, SVYI_OUT_CHOICES);
        svyi_xlw_put(w, SVYI_OUT_CHOICES, "list_name", list);
        svyi_xlw_put(w, SVYI_OUT_CHOICES, "name", svyi_xlw_content(svyi_xml_child(item, "value")));
        svyi_xlw_text(w, SVYI_OUT_CHOICES, n, svyi_xml_child(item, "label"), "label");
    }
    return list;
}

/* ---- meta and entities ---- */

static const svyi_xml *bind_of(const svyi_xlw *w, const char *path)
{
    for (const svyi_xml *x = w->model->first; x != NULL; x = x->next)
        if (x->name != NULL && strcmp(x->name, "bind") == 0 && strcmp(attribute(x, "nodeset"), path) == 0)
            return x;
    return NULL;
}

static const char *calculated(svyi_xlw *w, const svyi_xlw_node *n, const char *below)
{
    const char *path = svyi_xlw_join(w, n->path, below, "");
    const svyi_xml *bind = path != NULL ? bind_of(w, path) : NULL;
    const svyi_xlw_node *from = n->first != NULL ? n->first : n;       /* one level below, as an attribute is */
    return bind != NULL ? svyi_xlw_expression(w, from, attribute(bind, "calculate")) : "";
}

static void entity(svyi_xlw *w, const svyi_xlw_node *n)
{
    svyi_xlw_row(w, SVYI_OUT_ENTITIES);
    svyi_xlw_put(w, SVYI_OUT_ENTITIES, "list_name", attribute(n->x, "dataset"));
    svyi_xlw_put(w, SVYI_OUT_ENTITIES, "label", calculated(w, n, "/label"));
    svyi_xlw_put(w, SVYI_OUT_ENTITIES, "entity_id", calculated(w, n, "/@id"));
    svyi_xlw_put(w, SVYI_OUT_ENTITIES, "create_if", calculated(w, n, "/@create"));
    svyi_xlw_put(w, SVYI_OUT_ENTITIES, "update_if", calculated(w, n, "/@update"));
}

static void audit(svyi_xlw *w, const svyi_xlw_node *n)
{
    const char *parameters = NULL;
    for (size_t i = 0; n->bind != NULL && i < n->bind->n; i++) {
        const svyi_xml_attribute *a = &n->bind->attributes[i];
        if (strncmp(a->name, "odk:", 4) != 0)
            continue;
        const char *one = svyi_xlw_join(w, a->name + 4, "=", a->value);
        parameters = parameters == NULL || one == NULL ? one : svyi_xlw_join(w, parameters, " ", one);
    }
    svyi_xlw_row(w, SVYI_OUT_SURVEY);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "type", "audit");
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "name", "audit");
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "parameters", parameters);
}

static void meta(svyi_xlw *w, const svyi_xlw_node *n)
{
    const char *name = strchr(n->name, ':') != NULL ? strchr(n->name, ':') + 1 : n->name;
    if (strcmp(name, "instanceName") == 0)
        svyi_xlw_put(w, SVYI_OUT_SETTINGS, "instance_name", n->bind != NULL ? svyi_xlw_expression(w, n, attribute(n->bind, "calculate")) : "");
    else if (strcmp(name, "audit") == 0)
        audit(w, n);
    else if (strcmp(name, "entity") == 0)
        entity(w, n);
    else if (strcmp(name, "instanceID") != 0)
        svyi_xlw_note(w, SVY_NOTE, n->x, n->name, NULL, "'%.60s' of the meta data has no place in an XLSForm", n->name);
}

/* ---- settings ---- */

static void root_settings(svyi_xlw *w)
{
    static const struct { const char *attribute, *setting; } NAMES[] = {
        { "id", "form_id" }, { "version", "version" }, { "orx:version", "version" }, { "odk:prefix", "prefix" }, { "odk:delimiter", "delimiter" }
    };
    const svyi_xml *x = w->root->x;
    for (size_t i = 0; i < x->n; i++) {
        const char *to = NULL;
        for (size_t k = 0; k < sizeof NAMES / sizeof NAMES[0] && to == NULL; k++)
            to = strcmp(x->attributes[i].name, NAMES[k].attribute) == 0 ? NAMES[k].setting : NULL;
        svyi_xlw_put(w, SVYI_OUT_SETTINGS, to != NULL ? to : svyi_xlw_join(w, "attribute::", x->attributes[i].name, ""), x->attributes[i].value);
    }
    if (strcmp(w->root->name, "data") != 0)
        svyi_xlw_put(w, SVYI_OUT_SETTINGS, "name", w->root->name);
    for (size_t i = 0; i < x->n_spaces; i++)
        if (strcmp(x->spaces[i].name, "xmlns") == 0)
            svyi_xlw_put(w, SVYI_OUT_SETTINGS, "instance_xmlns", x->spaces[i].value);
}

static void submission_settings(svyi_xlw *w)
{
    static const struct { const char *attribute, *setting; } NAMES[] = {
        { "action", "submission_url" }, { "base64RsaPublicKey", "public_key" }, { "orx:auto-send", "auto_send" }, { "orx:auto-delete", "auto_delete" },
        { "odk:client-editable", "client_editable" }
    };
    const svyi_xml *x = svyi_xml_child(w->model, "submission");
    for (size_t i = 0; x != NULL && i < sizeof NAMES / sizeof NAMES[0]; i++)
        svyi_xlw_put(w, SVYI_OUT_SETTINGS, NAMES[i].setting, attribute(x, NAMES[i].attribute));
}

/* Prefixes that the form declares beyond those that every XForm has: prefix="uri" prefix="uri". */
static void namespace_settings(svyi_xlw *w)
{
    static const char *const USUAL[] = { "xmlns", "xmlns:h", "xmlns:ev", "xmlns:xsd", "xmlns:jr", "xmlns:orx", "xmlns:odk", "xmlns:entities" };
    const svyi_xml *x = w->file.root;
    const char *all = "";
    for (size_t i = 0; i < x->n_spaces && all != NULL; i++) {
        int usual = 0;
        for (size_t k = 0; k < sizeof USUAL / sizeof USUAL[0]; k++)
            usual |= strcmp(x->spaces[i].name, USUAL[k]) == 0;
        if (usual)
            continue;
        const char *one = svyi_xlw_join(w, x->spaces[i].name + 6, "=\"", x->spaces[i].value);
        one = one != NULL ? svyi_xlw_join(w, one, "\"", "") : NULL;
        all = one != NULL ? svyi_xlw_join(w, all, *all != '\0' ? " " : "", one) : NULL;
    }
    svyi_xlw_put(w, SVYI_OUT_SETTINGS, "namespaces", all);
}

void svyi_xlw_settings(svyi_xlw *w)
{
    svyi_xlw_row(w, SVYI_OUT_SETTINGS);
    const svyi_xml *head = w->model->parent;
    for (const svyi_xml *c = head->first; c != NULL; c = c->next)
        if (c->name != NULL && strcmp(c->name, "title") == 0)
            svyi_xlw_put(w, SVYI_OUT_SETTINGS, "form_title", svyi_xlw_content(c));
    root_settings(w);
    for (const svyi_xml *t = w->itext != NULL ? w->itext->first : NULL; t != NULL; t = t->next)
        if (t->name != NULL && svyi_xml_get(t, "default") != NULL && strcmp(attribute(t, "lang"), "default") != 0)
            svyi_xlw_put(w, SVYI_OUT_SETTINGS, "default_language", attribute(t, "lang"));
    submission_settings(w);
    namespace_settings(w);
    svyi_xlw_put(w, SVYI_OUT_SETTINGS, "style", attribute(w->body, "class"));
    int has_id = 0;
    for (size_t i = 0; i < w->n_nodes && !w->failed; i++) {
        const svyi_xlw_node *n = w->nodes[i];
        if (n->in_meta && n->parent != NULL && n->parent->in_meta && !n->parent->parent->in_meta)
            meta(w, n);
        has_id |= n->in_meta && strstr(n->name, "instanceID") != NULL;
    }
    if (w->doubles)
        svyi_xlw_put(w, SVYI_OUT_SETTINGS, "allow_choice_duplicates", "yes");
    if (!has_id)
        svyi_xlw_put(w, SVYI_OUT_SETTINGS, "omit_instanceID", "yes");
}
