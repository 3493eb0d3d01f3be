/* The type of a question, and the parameters, list and filter that stand in columns of their own. */
#include "exchange/xlsform/write_priv.h"
#include <stdio.h>
#include <string.h>

static const char *attribute(const svyi_xml *x, const char *name)
{
    const char *value = x != NULL ? svyi_xml_get(x, name) : NULL;
    return value != NULL ? value : "";
}

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* " name=value" behind the parameters so far. */
static void add_parameter(svyi_xlw *w, const char **list, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    const char *one = svyi_xlw_join(w, name, "=", value);
    *list = one == NULL ? NULL : *list == NULL ? one : svyi_xlw_join(w, *list, " ", one);
}

/* ---- selects ---- */

typedef struct itemset { const char *list, *filter, *randomize, *seed, *path; } itemset;

static const char *part(svyi_xlw *w, const char *from, const char *end)
{
    while (end > from && end[-1] == ' ')
        end--;
    while (from < end && *from == ' ')
        from++;
    const char *out = svyi_arena_text(&w->arena, from, (size_t)(end - from));
    w->failed |= out == NULL;
    return out != NULL ? out : "";
}

/* The comma before a seed: outside brackets and quotes. */
static const char *last_comma(const char *from, const char *end)
{
    const char *comma = NULL;
    int depth = 0;
    char quote = 0;
    for (; from < end; from++) {
        if (quote != 0)
            quote = *from == quote ? 0 : quote;
        else if (*from == '\'' || *from == '"')
            quote = *from;
        else if (*from == '(' || *from == '[')
            depth++;
        else if (*from == ')' || *from == ']')
            depth--;
        else if (*from == ',' && depth == 0)
            comma = from;
    }
    return comma;
}

/* randomize(instance('L')/root/item[FILTER], SEED), or a path to a repeat in place of the instance. */
static void take_apart(svyi_xlw *w, const char *text, itemset *out)
{
    static const char RANDOMIZE[] = "randomize(", INSTANCE[] = "instance(";
    const char *end = text + strlen(text);
    *out = (itemset){ NULL, NULL, NULL, NULL, NULL };
    if (strncmp(text, RANDOMIZE, sizeof RANDOMIZE - 1) == 0 && end[-1] == ')') {
        const char *comma = last_comma(text += sizeof RANDOMIZE - 1, --end);
        out->randomize = "true";
        out->seed = comma != NULL ? part(w, comma + 1, end) : NULL;
        end = comma != NULL ? comma : end;
    }
    const char *bracket = end > text ? memchr(text, '[', (size_t)(end - text)) : NULL, *close = end;
    while (close > text && *close != ']')
        close--;
    if (bracket != NULL && close > bracket) {            /* with its blanks: they may belong to a reference */
        out->filter = svyi_arena_text(&w->arena, bracket + 1, (size_t)(close - bracket) - 1);
        w->failed |= out->filter == NULL;
    }
    while (*text == ' ')
        text++;
    const char quote = strncmp(text, INSTANCE, sizeof INSTANCE - 1) == 0 ? text[sizeof INSTANCE - 1] : 0;
    const char *id_end = quote == '\'' || quote == '"' ? strchr(text + sizeof INSTANCE, quote) : NULL;
    if (id_end != NULL)
        out->list = part(w, text + sizeof INSTANCE, id_end);
    else
        out->path = part(w, text, bracket != NULL ? bracket : end);
}

/* The file behind a list, without its scheme; NULL when the list stands in the form. */
static const char *list_file(svyi_xlw *w, const char *list)
{
    uint32_t number;
    const char *src = svyi_map_find(&w->by_instance, list, strlen(list), &number) ? svyi_xml_get(w->instances[number], "src") : NULL;
    const char *slash = src != NULL ? strrchr(src, '/') : NULL;
    return slash != NULL ? slash + 1 : src;
}

/* "Specify other." behind a select that can be answered "other": what or_other makes. */
static int has_other(svyi_xlw *w, svyi_xlw_node *n)
{
    svyi_xlw_node *o = n->next;
    const size_t len = strlen(n->name);
    if (o == NULL || o->control == NULL || strncmp(o->name, n->name, len) != 0 || strcmp(o->name + len, "_other") != 0)
        return 0;
    const char *head = svyi_xlw_join(w, "selected(../", n->name, ", 'other')");
    const svyi_xml *label = svyi_xml_child(o->control, "label");
    const int made = head != NULL && is(attribute(o->bind, "relevant"), head) && label != NULL && is(svyi_xlw_content(label), "Specify other.") && o->bind->n == 3;
    o->or_other = made;
    return made;
}

/* A seed is a number or ${name}; its path stands without blanks. */
static const char *seed_of(svyi_xlw *w, const svyi_xlw_node *n, const char *seed)
{
    const svyi_xlw_node *from = svyi_xlw_resolve(w, n, seed, strlen(seed));
    return from != NULL && !from->shared_name ? svyi_xlw_join(w, "${", from->name, "}") : svyi_xlw_expression(w, n, seed);
}

static const char *select_type(svyi_xlw *w, svyi_xlw_node *n, const char *type)
{
    const svyi_xml *items = svyi_xml_child(n->control, "itemset");
    itemset s;
    if (items == NULL) {
        const char *list = svyi_xlw_inline_list(w, n);
        return list != NULL ? svyi_xlw_join(w, type, " ", list) : type;
    }
    const char *value = attribute(svyi_xml_child(items, "value"), "ref"), *label = attribute(svyi_xml_child(items, "label"), "ref"), *parameters = NULL;
    take_apart(w, attribute(items, "nodeset"), &s);
    add_parameter(w, &parameters, "randomize", s.randomize);
    add_parameter(w, &parameters, "seed", s.seed != NULL ? seed_of(w, n, s.seed) : NULL);
    const char *file = s.list != NULL ? list_file(w, s.list) : NULL;
    if (s.list != NULL && file == NULL)
        svyi_xlw_list_refs(w, s.list, value, label);
    if (file != NULL) {
        const int geo = strlen(file) > 8 && is(file + strlen(file) - 8, ".geojson");
        add_parameter(w, &parameters, "value", is(value, geo ? "id" : "name") ? NULL : value);
        add_parameter(w, &parameters, "label", is(label, geo ? "title" : "label") ? NULL : label);
        type = svyi_xlw_join(w, type, is(type, "rank") ? "" : "_from_file", "");
    }
    if (s.list == NULL) {
        const char *own = svyi_xlw_join(w, "./", value, " != ''");
        if (own != NULL && s.filter != NULL && is(s.filter, own))
            s.filter = NULL;
    }
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "parameters", parameters);
    const svyi_xlw_node *entries = s.list == NULL ? svyi_xlw_resolve(w, n, s.path, strlen(s.path)) : NULL;
    if (s.filter != NULL && entries != NULL)               /* ./x is in the entries that are chosen from */
        s.filter = svyi_xlw_expression(w, entries, s.filter);
    if (s.filter != NULL)
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "choice_filter", svyi_xlw_expression(w, n, s.filter));
    const char *list = file != NULL ? file : s.list != NULL ? s.list : svyi_xlw_join(w, "${", value, "}");
    type = type != NULL && list != NULL ? svyi_xlw_join(w, type, " ", list) : NULL;
    return type != NULL && has_other(w, n) ? svyi_xlw_join(w, type, " or_other", "") : type;
}

/* An input with a query into a list that lies beside the form, in itemsets.csv. */
static const char *external_type(svyi_xlw *w, svyi_xlw_node *n, const char *query)
{
    itemset s;
    take_apart(w, query, &s);
    if (s.filter != NULL)
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "choice_filter", svyi_xlw_expression(w, n, s.filter));
    if (w->sheets[SVYI_OUT_EXTERNAL].n_headers == 0) {
        svyi_xlw_row(w, SVYI_OUT_EXTERNAL);
        svyi_xlw_put(w, SVYI_OUT_EXTERNAL, "list_name", s.list);
        svyi_xlw_put(w, SVYI_OUT_EXTERNAL, "name", "name");
        svyi_xlw_note(w, SVY_WARNING, n->control, n->name, "copy the rows of itemsets.csv into the sheet external_choices", "the choices of select_one_external are not in the form");
    }
    return s.list != NULL ? svyi_xlw_join(w, "select_one_external ", s.list, "") : "text";
}

/* ---- other controls ---- */

static const char *upload_type(svyi_xlw *w, const svyi_xlw_node *n)
{
    static const struct { const char *media, *type; } TYPES[] = {
        { "image/*", "image" }, { "audio/*", "audio" }, { "video/*", "video" }, { "application/*", "file" }, { "osm/*", "osm" }
    };
    const char *media = attribute(n->control, "mediatype"), *parameters = NULL, *type = NULL;
    add_parameter(w, &parameters, "max-pixels", attribute(n->bind, "orx:max-pixels"));
    add_parameter(w, &parameters, "quality", attribute(n->bind, "odk:quality"));
    add_parameter(w, &parameters, "app", attribute(n->control, "intent"));
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "parameters", parameters);
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0] && type == NULL; i++)
        type = is(media, TYPES[i].media) ? TYPES[i].type : NULL;
    if (type == NULL) {
        type = "file";
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "body::mediatype", media);
    }
    const svyi_xml *tag = svyi_xml_child(n->control, "tag");
    if (!is(type, "osm") || tag == NULL)
        return type;
    const char *list = svyi_xlw_join(w, n->name, "_tags", "");
    for (; tag != NULL && list != NULL; tag = tag->next) {
        if (tag->name == NULL || !is(tag->name, "tag"))
            continue;
        svyi_xlw_row(w, SVYI_OUT_OSM);
        svyi_xlw_put(w, SVYI_OUT_OSM, "list_name", list);
        svyi_xlw_put(w, SVYI_OUT_OSM, "name", attribute(tag, "key"));
        svyi_xlw_text(w, SVYI_OUT_OSM, n, svyi_xml_child(tag, "label"), "label");
    }
    return list != NULL ? svyi_xlw_join(w, "osm ", list, "") : type;
}

static const char *range_type(svyi_xlw *w, const svyi_xlw_node *n)
{
    static const struct { const char *attribute, *parameter; } PARTS[] = {
        { "start", "start" }, { "end", "end" }, { "step", "step" }, { "odk:tick-interval", "tick_interval" }, { "odk:placeholder", "placeholder" }
    };
    const char *parameters = NULL;
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++)
        add_parameter(w, &parameters, PARTS[i].parameter, attribute(n->control, PARTS[i].attribute));
    const svyi_xml *ticks = svyi_xml_child(n->control, "itemset");
    itemset s = { NULL, NULL, NULL, NULL, NULL };
    if (ticks != NULL)
        take_apart(w, attribute(ticks, "nodeset"), &s);
    add_parameter(w, &parameters, "tick_labelset", s.list);
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "parameters", parameters);
    return "range";
}

static void geo_parameters(svyi_xlw *w, const svyi_xlw_node *n)
{
    const char *parameters = NULL, *incremental = attribute(n->control, "odk:incremental");
    add_parameter(w, &parameters, "capture-accuracy", attribute(n->control, "accuracyThreshold"));
    add_parameter(w, &parameters, "warning-accuracy", attribute(n->control, "unacceptableAccuracyThreshold"));
    add_parameter(w, &parameters, "allow-mock-accuracy", attribute(n->bind, "odk:allow-mock-accuracy"));
    add_parameter(w, &parameters, "incremental", *incremental != '\0' ? incremental : attribute(n->control, "incremental"));
    svyi_xlw_put(w, SVYI_OUT_SURVEY, "parameters", parameters);
}

static const char *input_type(svyi_xlw *w, svyi_xlw_node *n)
{
    static const struct { const char *bind, *type; } TYPES[] = {
        { "int", "integer" }, { "integer", "integer" }, { "decimal", "decimal" }, { "date", "date" }, { "time", "time" }, { "dateTime", "dateTime" },
        { "geopoint", "geopoint" }, { "geotrace", "geotrace" }, { "geoshape", "geoshape" }, { "barcode", "barcode" }
    };
    const char *bind = attribute(n->bind, "type"), *query = attribute(n->control, "query");
    if (*query != '\0')
        return external_type(w, n, query);
    if (is(bind, "geopoint") || is(bind, "geotrace") || is(bind, "geoshape"))
        geo_parameters(w, n);
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (is(bind, TYPES[i].bind))
            return TYPES[i].type;
    if (*bind != '\0' && !is(bind, "string"))
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "bind::type", bind);
    return is(attribute(n->bind, "readonly"), "true()") && *attribute(n->bind, "calculate") == '\0' ? "note" : "text";
}

/* ---- no control ---- */

static const char *preload_type(const svyi_xlw_node *n)
{
    static const struct { const char *preload, *parameter, *type; } TYPES[] = {
        { "timestamp", "start", "start" }, { "timestamp", "end", "end" }, { "date", "today", "today" }, { "property", "deviceid", "deviceid" },
        { "property", "username", "username" }, { "property", "email", "email" }, { "property", "phonenumber", "phonenumber" },
        { "property", "subscriberid", "subscriberid" }, { "property", "simserial", "simserial" }, { "property", "uri:deviceid", "uri:deviceid" },
        { "property", "uri:subscriberid", "uri:subscriberid" }, { "property", "uri:simserial", "uri:simserial" },
        { "property", "uri:phonenumber", "uri:phonenumber" }, { "property", "uri:username", "uri:username" }, { "property", "uri:email", "uri:email" }
    };
    const char *preload = attribute(n->bind, "jr:preload"), *parameter = attribute(n->bind, "jr:preloadParams");
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (is(preload, TYPES[i].preload) && is(parameter, TYPES[i].parameter))
            return TYPES[i].type;
    return NULL;
}

static const char *hidden_type(svyi_xlw *w, const svyi_xlw_node *n)
{
    const char *preload = preload_type(n), *bind = attribute(n->bind, "type"), *parameters = NULL;
    if (preload != NULL)
        return preload;
    for (const svyi_xlw_action *a = n->actions; a != NULL; a = a->next) {
        if (is(a->x->name, "setgeopoint") && strstr(attribute(a->x, "event"), "xforms-value-changed") != NULL)
            return "background-geopoint";
        if (is(a->x->name, "setgeopoint") && a->in == NULL)
            return "start-geopoint";
        if (is(a->x->name, "setgeopoint"))
            svyi_xlw_note(w, SVY_WARNING, a->x, n->name, "use start-geopoint or background-geopoint", "a place that is taken for every new entry has no counterpart in an XLSForm: it is left out");
        if (is(a->x->name, "recordaudio")) {
            add_parameter(w, &parameters, "quality", attribute(a->x, "odk:quality"));
            svyi_xlw_put(w, SVYI_OUT_SURVEY, "parameters", parameters);
            return "background-audio";
        }
    }
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "jr:preload" : "jr:preloadParams", *value = attribute(n->bind, name);
        svyi_xlw_put(w, SVYI_OUT_SURVEY, svyi_xlw_join(w, "bind::", name, ""), value);
    }
    if (*bind != '\0' && !is(bind, "string"))
        svyi_xlw_put(w, SVYI_OUT_SURVEY, "bind::type", bind);
    int set = 0;                                         /* triggered, with a calculation */
    for (const svyi_xlw_action *a = n->actions; a != NULL; a = a->next)
        set |= *attribute(a->x, "value") != '\0' && strstr(attribute(a->x, "event"), "xforms-value-changed") != NULL;
    return set || *attribute(n->bind, "calculate") != '\0' ? "calculate" : "hidden";
}

const char *svyi_xlw_type(svyi_xlw *w, svyi_xlw_node *n)
{
    if (n->control == NULL)
        return hidden_type(w, n);
    const char *name = n->control->name;
    if (is(name, "select1"))
        return select_type(w, n, "select_one");
    if (is(name, "select"))
        return select_type(w, n, "select_multiple");
    if (is(name, "rank"))
        return select_type(w, n, "rank");
    if (is(name, "upload"))
        return upload_type(w, n);
    if (is(name, "range"))
        return range_type(w, n);
    if (is(name, "trigger"))
        return n->bind != NULL && *attribute(n->bind, "type") != '\0' ? "acknowledge" : "trigger";
    return input_type(w, n);
}
