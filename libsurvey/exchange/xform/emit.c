/* An XForm that was understood, into the builder: the questionnaire, its lists and record, then its items in the order of the body. */
#include "exchange/xform/xform.h"
#include <stdlib.h>
#include <string.h>

/* ---- actions ---- */

static const struct { const char *event, *on; } EVENTS[] = {
    { "odk-instance-first-load", "first-load" }, { "xforms-ready", "first-load" }, { "odk-instance-load", "load" }, { "xforms-value-changed", "change" },
    { "odk-new-repeat", "new-entry" }, { "jr-insert", "new-entry" },
};

/* The events of an action in our words; NULL when it has none that happens here. */
static const char *events_of(svyi_xform *f, const svyi_xml *x)
{
    const char *events = svyi_xform_value_of(x, "event"), *out = NULL;
    if (events == NULL)
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "give it an event", "an action never happens: it has no event");
    for (const char *at = events; at != NULL && *at != '\0'; ) {
        at += strspn(at, " \t\r\n");
        const size_t len = strcspn(at, " \t\r\n");
        size_t i = 0;
        while (i < sizeof EVENTS / sizeof EVENTS[0] && (strlen(EVENTS[i].event) != len || memcmp(EVENTS[i].event, at, len) != 0))
            i++;
        if (len > 0 && i == sizeof EVENTS / sizeof EVENTS[0])
            svyi_xform_tell(f, SVY_WARNING, x, NULL, "use an event of the ODK specification", "the event '%.*s' does not happen here: what it would do is left out",
                            len < 80 ? (int)len : 80, at);
        else if (len > 0)
            out = out == NULL ? EVENTS[i].on : svyi_xform_unit(f, svyi_xform_unit(f, out, " "), EVENTS[i].on);
        at += len;
    }
    return out;
}

/* A literal text as an XPath string; one with both quotes is put together. */
static const char *quoted(svyi_xform *f, const char *text)
{
    const char *out = NULL;
    if (strchr(text, '\'') == NULL)
        return svyi_xform_unit(f, svyi_xform_unit(f, "'", text), "'");
    if (strchr(text, '"') == NULL)
        return svyi_xform_unit(f, svyi_xform_unit(f, "\"", text), "\"");
    while (*text != '\0' && f->st == SVY_OK) {
        const char quote = *text == '\'' ? '"' : '\'', mark[] = { quote, '\0' };
        const size_t len = strcspn(text, mark);
        const char *part = svyi_xform_copy(f, text, len);
        part = part != NULL ? svyi_xform_unit(f, svyi_xform_unit(f, mark, part), mark) : "";
        out = out == NULL ? svyi_xform_unit(f, "concat(", part) : svyi_xform_unit(f, svyi_xform_unit(f, out, ", "), part);
        text += len;
    }
    return svyi_xform_unit(f, out, ")");
}

static void put_set(svyi_xform *f, uint32_t parent, const svyi_xml *x, svyi_xform_node *from)
{
    svyi_xform_attributes a = { .n = 0 };
    const svyi_xform_node *target = svyi_xform_reference(f, from, x);
    const char *on = events_of(f, x), *text = svyi_xform_content(f, x);
    const char *path = svyi_xform_value_of(x, "ref");
    const int plain = svyi_xform_is(x, "setvalue");
    if (on == NULL || f->st != SVY_OK)
        return;
    if (f->compat == SVY_COMPAT_WEB && path != NULL && (path[0] != '/' || strpbrk(path, " \t\r\n") != NULL)) {
        svyi_xform_tell(f, SVY_NOTE, x, NULL, "write the whole path, without blanks", "ODK Web Forms does not carry out this action, so it is left out: '%.200s'", path);
        return;
    }
    if (target == NULL || target->id == NULL || target == f->root) {
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "correct its path", "an action is for a node that the record does not have: %.200s", path != NULL ? path : "it names none");
        return;
    }
    svyi_xform_put(f, &a, "node", svyi_xform_unit(f, svyi_xform_unit(f, "${", target->id), "}"), x);
    svyi_xform_put(f, &a, "on", on, x);
    if (!plain) {
        svyi_xform_put(f, &a, "action", svyi_xform_is(x, "recordaudio") ? "audio" : "geopoint", x);
        svyi_xform_tell(f, SVY_NOTE, x, target->id, "", "an action that %s does nothing here", svyi_xform_is(x, "recordaudio") ? "records sound" : "finds the place");
    } else if (svyi_xform_attribute(x, "value") != NULL) {
        svyi_xform_put_from(f, &a, "value", x, "value");
    } else if (text[0] != '\0' && svyi_xml_get(x, "value") == NULL) {
        svyi_xform_put(f, &a, "value", quoted(f, text), x);
    }
    svyi_xform_add(f, parent, SVY_EL_SET, &a, x);
}

void svyi_xform_sets(svyi_xform *f, uint32_t parent, const svyi_xml *in, svyi_xform_node *from)
{
    for (const svyi_xml *c = in != NULL ? in->first : NULL; c != NULL && f->st == SVY_OK; c = c->next)
        if (svyi_xform_is(c, "setvalue") || svyi_xform_is(c, "setgeopoint") || svyi_xform_is(c, "recordaudio"))
            put_set(f, parent, c, from);
}

/* ---- items ---- */

static int by_order(const void *a, const void *b)
{
    const svyi_xform_node *x = *(svyi_xform_node *const *)a, *y = *(svyi_xform_node *const *)b;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The children in the order of the body; those that it does not mention behind the one that they follow in the record. NULL when there are none. */
static svyi_xform_node **in_order(svyi_xform *f, const svyi_xform_node *n, size_t *count)
{
    size_t total = 0, mentioned = 0, out = 0;
    for (const svyi_xform_node *c = n->first; c != NULL; c = c->next)
        total++;
    *count = total;
    svyi_xform_node **sorted = total > 0 ? svyi_xform_get(f, total * sizeof *sorted) : NULL, **list = total > 0 ? svyi_xform_get(f, total * sizeof *list) : NULL;
    if (sorted == NULL || list == NULL)
        return NULL;
    for (svyi_xform_node *c = n->first; c != NULL; c = c->next)
        if (c->order > 0)
            sorted[mentioned++] = c;
    qsort(sorted, mentioned, sizeof *sorted, by_order);
    for (svyi_xform_node *c = n->first; c != NULL && c->order == 0; c = c->next)
        list[out++] = c;
    for (size_t i = 0; i < mentioned; i++) {
        list[out++] = sorted[i];
        for (svyi_xform_node *c = sorted[i]->next; c != NULL && c->order == 0; c = c->next)
            list[out++] = c;
    }
    return list;
}

static void put_node_item(svyi_xform *f, svyi_xform_node *n, uint32_t parent);

static void group_texts(svyi_xform *f, const svyi_xml *x, uint32_t element, const char *id, svy_role role)
{
    const svyi_xform_words to = { element, svyi_xform_unit(f, id, "/"), role, 0 };
    svyi_xform_label(f, svyi_xform_child(x, "label"), &to);
    if (x != NULL && svyi_xform_child(x, "hint") != NULL)
        svyi_xform_tell(f, SVY_NOTE, x, id, "", "the hint of a group is not shown and is left out");
}

/* Opens the section of a group without a node. */
static uint32_t open_group(svyi_xform *f, svyi_xform_group *g, uint32_t parent)
{
    svyi_xform_attributes a = { .n = 0 };
    const char *id = svyi_xform_unique(f, "group", NULL);
    svyi_xform_put(f, &a, "id", id, g->x);
    svyi_xform_put(f, &a, "node", "", g->x);
    svyi_xform_put_from(f, &a, "appearance", g->x, "appearance");
    g->element = svyi_xform_add(f, parent, SVY_EL_SECTION, &a, g->x);
    if (g->element != 0)
        group_texts(f, g->x, g->element, id, SVY_TITLE);
    return g->element;
}

static int is_around(const svyi_xform_group *outer, const svyi_xform_group *g)
{
    while (g != NULL && g != outer)
        g = g->outer;
    return g != NULL;
}

/* The section that a child stands in: opens the groups it needs from the outermost on. Recursion: as deep as groups nest in the body. */
static uint32_t enter(svyi_xform *f, svyi_xform_group *g, const svyi_xform_node *n, uint32_t parent)
{
    while (g != NULL && (g->under != n || g->closed))
        g = g->outer;
    if (g == NULL)
        return parent;
    const uint32_t outer = enter(f, g->outer, n, parent);
    return g->element != 0 || f->st != SVY_OK ? g->element : open_group(f, g, outer);
}

static void put_children(svyi_xform *f, svyi_xform_node *n, uint32_t element)
{
    size_t count;
    svyi_xform_node **list = in_order(f, n, &count);
    svyi_xform_group *last = NULL;
    for (size_t i = 0; list != NULL && i < count && f->st == SVY_OK; i++) {
        svyi_xform_node *c = list[i];
        if (c->order > 0) {
            for (svyi_xform_group *g = last; g != NULL && g->under == n && !is_around(g, c->inside); g = g->outer)
                g->closed = 1;
            for (svyi_xform_group *g = c->inside; g != NULL; g = g->outer)
                if (g->closed && g->under == n)
                    svyi_xform_tell(f, SVY_NOTE, g->x, c->id, "", "'%.100s' stands outside of its group, which bundles nodes that are not neighbours", c->id);
            last = c->inside;
        }
        put_node_item(f, c, enter(f, last, n, element));
    }
}

/* The path stands in the expression as one, alone or followed by steps. */
static int mentions(const char *expression, const char *path)
{
    const size_t n = strlen(path);
    for (const char *at = strstr(expression, path); at != NULL; at = strstr(at + 1, path))
        if (strchr("/ )],=<>+-*|[", at[n]) != NULL)
            return 1;
    return 0;
}

/* A number of entries that is worked out from the entries: each new one changes it again. */
static void check_count(svyi_xform *f, svyi_xform_node *n)
{
    const char *count = svyi_xform_value_of(n->repeat, "count");
    if (count == NULL)
        return;
    const char *own = svyi_xform_path(f, n);
    svyi_xform_node *counter = strpbrk(count, "(['\"") == NULL ? svyi_xform_resolve(f, n, count, 0) : NULL;
    const char *calculation = counter != NULL && counter->bind != NULL ? svyi_xform_value_of(counter->bind, "calculate") : NULL;
    if (mentions(count, own) || (calculation != NULL && mentions(calculation, own)))
        svyi_xform_tell(f, SVY_WARNING, n->repeat, n->id, "let the number come from a question outside of the repeat",
                        "how many entries there are is worked out from the entries themselves (%.100s): it may grow until the limit of entries stops it", own);
}

static void put_roster(svyi_xform *f, svyi_xform_node *n, uint32_t parent)
{
    svyi_xform_attributes a = { .n = 0 };
    const char *fixed = svyi_xform_value_of(n->repeat, "noAddRemove");
    svyi_xform_common(f, n, &a);
    svyi_xform_put_from(f, &a, "count", n->repeat, "count");
    check_count(f, n);
    if (fixed != NULL && strstr(fixed, "true") != NULL)
        svyi_xform_put(f, &a, "fixed", "true", n->repeat);
    svyi_xform_put_from(f, &a, "appearance", svyi_xform_attribute(n->repeat, "appearance") != NULL ? n->repeat : n->group, "appearance");
    n->element = svyi_xform_add(f, parent, SVY_EL_ROSTER, &a, n->repeat);
    if (n->element == 0)
        return;
    group_texts(f, n->group != NULL ? n->group : n->repeat, n->element, n->id, SVY_LABEL);
    svyi_xform_sets(f, n->element, n->repeat, n);
    if (n->group != NULL)
        svyi_xform_sets(f, n->element, n->group, n);
    put_children(f, n, n->element);
}

static void put_section(svyi_xform *f, svyi_xform_node *n, uint32_t parent)
{
    svyi_xform_attributes a = { .n = 0 };
    svyi_xform_common(f, n, &a);
    svyi_xform_put_from(f, &a, "appearance", n->group, "appearance");
    n->element = svyi_xform_add(f, parent, SVY_EL_SECTION, &a, n->group != NULL ? n->group : n->x);
    if (n->element == 0)
        return;
    group_texts(f, n->group, n->element, n->id, SVY_TITLE);
    svyi_xform_sets(f, n->element, n->group, n);
    put_children(f, n, n->element);
}

static void put_node_item(svyi_xform *f, svyi_xform_node *n, uint32_t parent)
{
    const int has_attributes = n->first != NULL && n->n_elements == 0;
    if (has_attributes && (n->control != NULL || n->bind != NULL))
        svyi_xform_tell(f, SVY_PROBLEM, n->bind != NULL ? n->bind : n->control, n->id, "give the attribute's value a node of its own",
                        "'%.100s' has a value of its own and an attribute that is worked out, which is not supported", n->id);
    else if (n->repeat != NULL)
        put_roster(f, n, parent);
    else if (n->first != NULL || (n->group != NULL && n->control == NULL))
        put_section(f, n, parent);
    else if (n->control != NULL)
        svyi_xform_question(f, n, parent);
    else
        svyi_xform_compute(f, n, parent);
}

/* ---- the questionnaire ---- */

/* "en English (en); fr Français (fr)" */
static const char *language_names(svyi_xform *f)
{
    const char *out = NULL;
    for (uint32_t i = 0; i < f->n_languages && f->st == SVY_OK; i++) {
        const char *one = svyi_xform_unit(f, svyi_xform_unit(f, f->languages[i].tag, " "), f->languages[i].name);
        out = out == NULL ? one : svyi_xform_unit(f, svyi_xform_unit(f, out, "; "), one);
    }
    return out;
}

static void put_submission(svyi_xform *f, svyi_xform_attributes *a)
{
    static const struct { const char *from, *to; } NAMES[] = {
        { "action", "submission-url" }, { "method", "method" }, { "base64RsaPublicKey", "public-key" }, { "auto-send", "auto-send" }, { "auto-delete", "auto-delete" },
        { "client-editable", "odk-client-editable" },
    };
    const svyi_xml *x = svyi_xform_child(f->model, "submission");
    for (size_t i = 0; x != NULL && i < sizeof NAMES / sizeof NAMES[0]; i++)
        svyi_xform_put_from(f, a, NAMES[i].to, x, NAMES[i].from);
}

static void put_questionnaire(svyi_xform *f)
{
    static const char *const COMPATS[] = { [SVY_COMPAT_STRICT] = "strict", [SVY_COMPAT_COLLECT] = "collect", [SVY_COMPAT_WEB] = "web" };
    svyi_xform_attributes a = { .n = 0 };
    const svyi_xml *title = svyi_xform_child(f->head, "title");
    const char *id = svyi_xform_value_of(f->primary, "id"), *version = svyi_xform_value_of(f->primary, "version"), *own;
    id = id != NULL ? id : f->primary->name;
    own = svyi_xform_plain_id(f, id);
    svyi_xform_put(f, &a, "id", own, f->primary);
    svyi_xform_put(f, &a, "version", version != NULL ? version : "", f->primary);
    svyi_xform_put(f, &a, "xml:lang", f->n_languages > 0 ? f->languages[0].tag : "und", f->primary);
    svyi_xform_put(f, &a, "expressions", "odk", f->primary);
    svyi_xform_put(f, &a, "compat", COMPATS[f->compat], f->model);
    svyi_xform_put_from(f, &a, "style", f->body, "class");
    svyi_xform_put(f, &a, "language-names", language_names(f), f->model);
    if (strcmp(own, id) != 0)
        svyi_xform_put(f, &a, "form-id", id, f->primary);
    put_submission(f, &a);
    f->questionnaire = svyi_xform_add(f, 0, SVY_EL_QUESTIONNAIRE, &a, f->primary);
    const svyi_xform_words to = { f->questionnaire, "/title", SVY_TITLE, 1 };
    if (f->questionnaire != 0 && title != NULL)
        svyi_xform_label(f, title, &to);
}

void svyi_xform_emit(svyi_xform *f)
{
    put_questionnaire(f);
    if (f->st == SVY_OK)
        svyi_xform_lists(f);
    if (f->st == SVY_OK)
        f->st = svy_builder_tree(f->r->builder, "", NULL, svyi_xform_line(f, f->primary), f->r->err);
    if (f->st == SVY_OK)
        svyi_xform_put_tree(f, f->primary, 1);
    if (f->st == SVY_OK)
        svyi_xform_sets(f, f->questionnaire, f->model, f->root);
    if (f->st == SVY_OK)
        put_children(f, f->root, f->questionnaire);
    if (f->st == SVY_OK)
        svyi_xform_itext_all(f);
    if (f->st == SVY_OK)
        svyi_xform_translate(f);
}
