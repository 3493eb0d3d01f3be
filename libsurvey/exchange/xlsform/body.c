/* The body of the form: a control for every question that is shown, groups and repeats around them. */
#include "exchange/xlsform/priv.h"

#include <string.h>

static void write_controls(xlsform *x, svyi_buffer *out, xlsform_element *section);

/* ---- labels */

static void write_text(xlsform *x, svyi_buffer *out, const char *tag, xlsform_element *e, const xlsform_value *v, int itext)
{
    svyi_buffer_format(out, "<%s", tag);
    if (itext)
        svyi_xlsform_attribute(x, out, "ref", svyi_xlsform_format(x, "jr:itext('%s')", svyi_xlsform_text_id(x, e, tag)));
    if (itext || v->text == NULL || v->text[0] == '\0') {
        svyi_buffer_text(out, "/>");
        return;
    }
    svyi_buffer_text(out, ">");
    svyi_xlsform_write_content(x, out, v->text, e);
    svyi_buffer_format(out, "</%s>", tag);
}

static void write_label(xlsform *x, svyi_buffer *out, xlsform_element *e)
{
    write_text(x, out, "label", e, &e->label, svyi_xlsform_needs_itext(e));
}

static void write_label_and_hint(xlsform *x, svyi_buffer *out, xlsform_element *e)
{
    const int media = e->media != NULL && e->media->first != NULL, guidance = svyi_xlsform_is_there(&e->guidance);
    const int hint = svyi_xlsform_is_there(&e->hint), label = svyi_xlsform_is_there(&e->label) || media || e->bare_media;

    if (!label && !hint) {
        svyi_xlsform_problem(x, "survey", e->row, "fill in the label", "the question '%s' has neither label nor hint", e->name);
        return;
    }
    if (media && svyi_xlsform_dict_find(e->media, "image") == NULL && svyi_xlsform_dict_find(e->media, "big-image") != NULL)
        svyi_xlsform_problem(x, "survey", e->row, "add the image", "'%s' has a big-image and no image", e->name);
    write_label(x, out, e);
    if (hint || guidance)
        write_text(x, out, "hint", e, &e->hint, guidance || e->hint.dict != NULL);
}

/* ---- choices */

static const char *trimmed(xlsform *x, const char *text)
{
    size_t len = strlen(text);

    while (len > 0 && text[0] == ' ')
        text++, len--;
    while (len > 0 && text[len - 1] == ' ')
        len--;
    return svyi_xlsform_text(x, text, len);
}

/* `text` with "with" for every "what". */
static const char *exchanged(xlsform *x, const char *text, const char *what, const char *with)
{
    const char *out = "";

    if (what[0] == '\0')
        return text;
    for (const char *found; (found = strstr(text, what)) != NULL; text = found + strlen(what))
        out = svyi_xlsform_format(x, "%s%.*s%s", out, (int)(found - text), text, with);
    return svyi_xlsform_format(x, "%s%s", out, text);
}

typedef struct itemset { const char *nodeset, *value, *label, *filter; } itemset;

/* Choices that are answers of a repeat: its instances that have one. Places to show beside a question name the repeat itself. */
static itemset from_repeat(xlsform *x, xlsform_element *e)
{
    const char *path = trimmed(x, svyi_xlsform_resolve(x, e->itemset, e, 0, 1)), *slash = strrchr(path, '/');

    if (strncmp(e->type, "geo", 3) == 0)
        return (itemset){ path, "geometry", "geometry", "./geometry != ''" };
    const char *name = slash != NULL ? slash + 1 : path;

    return (itemset){ svyi_xlsform_text(x, path, slash != NULL ? (size_t)(slash - path) : 0), name, name, svyi_xlsform_format(x, "./%s != ''", name) };
}

static itemset from_list(xlsform *x, const xlsform_element *e)
{
    const char *dot = strrchr(e->itemset, '.'), *value = svyi_xlsform_dict_text(e->parameters, "value"), *label = svyi_xlsform_dict_text(e->parameters, "label");
    const int geojson = dot != NULL && strcmp(dot, ".geojson") == 0;
    const xlsform_choices *list = svyi_xlsform_list(&x->choices, e->itemset, strlen(e->itemset));

    if (geojson || (dot != NULL && (strcmp(dot, ".csv") == 0 || strcmp(dot, ".xml") == 0)))
        return (itemset){ svyi_xlsform_format(x, "instance('%.*s')/root/item", (int)(dot - e->itemset), e->itemset),
                          value != NULL ? value : geojson ? "id" : "name", label != NULL ? label : geojson ? "title" : "label", NULL };
    return (itemset){ svyi_xlsform_format(x, "instance('%s')/root/item", e->itemset), "name",
                      list != NULL && list->translated ? "jr:itext(itextId)" : "label", NULL };
}

static const char *shuffled(xlsform *x, xlsform_element *e, const char *nodeset)
{
    const char *randomize = svyi_xlsform_dict_text(e->parameters, "randomize"), *seed = svyi_xlsform_dict_text(e->parameters, "seed");

    if (randomize == NULL || strcmp(randomize, "true") != 0)
        return nodeset;
    if (seed == NULL)
        return svyi_xlsform_format(x, "randomize(%s)", nodeset);
    return svyi_xlsform_format(x, "randomize(%s, %s)", nodeset, trimmed(x, svyi_xlsform_resolve(x, seed, e, 0, 0)));
}

static void write_itemset(xlsform *x, svyi_buffer *out, xlsform_element *e)
{
    const int repeat = svyi_xlsform_has_reference(e->itemset);
    itemset s = repeat ? from_repeat(x, e) : from_list(x, e);

    if (e->choice_filter != NULL && e->choice_filter[0] != '\0') {
        s.filter = svyi_xlsform_resolve(x, e->choice_filter, e, 1, repeat);
        if (repeat)
            s.filter = exchanged(x, exchanged(x, s.filter, svyi_xlsform_format(x, "current()/%s", s.nodeset), "."), s.nodeset, ".");
    }
    if (s.filter != NULL)
        s.nodeset = svyi_xlsform_format(x, "%s[%s]", s.nodeset, s.filter);
    svyi_buffer_text(out, "<itemset");
    svyi_xlsform_attribute(x, out, "nodeset", shuffled(x, e, s.nodeset));
    svyi_buffer_text(out, "><value");
    svyi_xlsform_attribute(x, out, "ref", s.value);
    svyi_buffer_text(out, "/><label");
    svyi_xlsform_attribute(x, out, "ref", s.label);
    svyi_buffer_text(out, "/></itemset>");
}

/* Choices of search(): in the body, one by one. */
static void write_items(xlsform *x, svyi_buffer *out, const xlsform_element *e)
{
    unsigned number = 0;

    for (const xlsform_choice *c = e->inline_choices->first; c != NULL; c = c->next, number++) {
        svyi_buffer_text(out, "<item><label");
        if (e->inline_choices->translated)
            svyi_xlsform_attribute(x, out, "ref", svyi_xlsform_format(x, "jr:itext('%s-%u')", e->inline_choices->name, number));
        if (e->inline_choices->translated || !svyi_xlsform_is_there(&e->label) || c->label.text == NULL) {
            svyi_buffer_text(out, "/>");
        } else {
            svyi_buffer_text(out, ">");
            svyi_xlsform_write_content(x, out, c->label.text, NULL);
            svyi_buffer_text(out, "</label>");
        }
        svyi_buffer_text(out, "<value>");
        svyi_xlsform_escape(out, c->name, 0);
        svyi_buffer_text(out, "</value></item>");
    }
}

static void write_tags(xlsform *x, svyi_buffer *out, const xlsform_choices *tags)
{
    for (const xlsform_choice *c = tags->first; c != NULL; c = c->next) {
        svyi_buffer_text(out, "<tag");
        svyi_xlsform_attribute(x, out, "key", c->name != NULL ? c->name : "");
        svyi_buffer_text(out, "><label");
        if (c->label.dict != NULL)
            svyi_xlsform_attribute(x, out, "ref", svyi_xlsform_format(x, "jr:itext('/%s:label')", c->name != NULL ? c->name : ""));
        svyi_buffer_text(out, ">");
        if (c->label.text != NULL)
            svyi_xlsform_write_content(x, out, c->label.text, NULL);
        svyi_buffer_text(out, "</label></tag>");
    }
}

/* ---- controls */

static void write_triggered(xlsform *x, svyi_buffer *out, xlsform_element *trigger, const xlsform_triggered *t, const char *action)
{
    int several;

    for (; t != NULL; t = t->next) {
        if (svyi_xlsform_find(x, t->element->name, strlen(t->element->name), &several) == NULL)
            svyi_xlsform_problem(x, "survey", t->element->row, "give each its own name", "'%s' has a trigger, and there are several of that name", t->element->name);
        svyi_buffer_format(out, "<%s", action);
        svyi_xlsform_attribute(x, out, "ref", svyi_xlsform_path(x, t->element));
        svyi_xlsform_attribute(x, out, "event", "xforms-value-changed");
        if (strcmp(action, "setvalue") == 0 && t->value[0] != '\0')
            svyi_xlsform_attribute(x, out, "value", svyi_xlsform_resolve(x, t->value, trigger, 0, 0));
        svyi_buffer_text(out, "/>");
    }
}

/* Attributes of a control: its own after ref, references in them resolved. */
static xlsform_dict *control_attributes(xlsform *x, xlsform_element *e)
{
    xlsform_dict *d = NULL;

    svyi_xlsform_dict_put(x, &d, "ref", svyi_xlsform_path(x, e));
    for (const xlsform_entry *c = e->control != NULL ? e->control->first : NULL; c != NULL; c = c->next)
        if (c->value.text != NULL && strcmp(c->key, "tag") != 0)
            svyi_xlsform_dict_put(x, &d, c->key, svyi_xlsform_resolve(x, c->value.text, e, 0, 0));
    if (e->query != NULL && strcmp(svyi_xlsform_type(e->type)->tag, "input") == 0) {
        const char *filter = e->choice_filter != NULL && e->choice_filter[0] != '\0' ? svyi_xlsform_resolve(x, e->choice_filter, e, 1, 0) : NULL;
        svyi_xlsform_dict_put(x, &d, "query", filter != NULL ? svyi_xlsform_format(x, "instance('%s')/root/item[%s]", e->query, filter)
                                                             : svyi_xlsform_format(x, "instance('%s')/root/item", e->query));
    }
    return d;
}

/* 1: the question is not shown. */
static int is_silent(const xlsform_element *e)
{
    const int computed = svyi_xlsform_dict_find(e->bind, "calculate") != NULL || e->triggers != NULL;

    return strcmp(e->type, "calculate") == 0 || (computed && !svyi_xlsform_is_there(&e->label) && !svyi_xlsform_is_there(&e->hint));
}

static void check_select(xlsform *x, const xlsform_element *e)
{
    const char *type = svyi_xlsform_dict_text(e->bind, "type");

    if (type == NULL || (strcmp(type, "string") != 0 && strcmp(type, "odk:rank") != 0))
        svyi_xlsform_problem(x, "survey", e->row, "leave out bind::type", "the select '%s' has the type '%s'; it is text", e->name, type != NULL ? type : "");
}

static void write_question(xlsform *x, svyi_buffer *out, xlsform_element *e)
{
    const xlsform_type *t = svyi_xlsform_type(e->type);

    if (is_silent(e)) {
        if (e->sets != NULL)
            svyi_xlsform_problem(x, "survey", e->row, "choose a question that is shown", "'%s' is not shown, so it cannot trigger '%s'", e->name, e->sets->element->name);
        return;
    }
    if (t == NULL || t->tag == NULL)
        return;
    const int select = strncmp(t->tag, "select", 6) == 0 || strcmp(t->tag, "odk:rank") == 0;
    if (select)
        check_select(x, e);
    svyi_buffer_format(out, "<%s", t->tag);
    svyi_xlsform_attributes(x, out, control_attributes(x, e));
    svyi_buffer_text(out, ">");
    write_label_and_hint(x, out, e);
    if (e->itemset != NULL && e->itemset[0] != '\0' && strcmp(e->type, "select one external") != 0)
        write_itemset(x, out, e);
    else if (select && e->inline_choices != NULL && e->inline_choices->searched)
        write_items(x, out, e);
    if (e->tags != NULL)
        write_tags(x, out, e->tags);
    write_triggered(x, out, e, e->sets, "setvalue");
    write_triggered(x, out, e, e->locates, "odk:setgeopoint");
    svyi_buffer_format(out, "</%s>", t->tag);
}

static void write_group(xlsform *x, svyi_buffer *out, xlsform_element *e)
{
    xlsform_dict *d = NULL;

    if (e->bodyless || e->kind == XLSFORM_ENTITY)
        return;
    for (const xlsform_entry *c = e->control != NULL ? e->control->first : NULL; c != NULL; c = c->next)
        if (c->value.text != NULL)
            svyi_xlsform_dict_put(x, &d, c->key, strcmp(c->key, "appearance") == 0 ? c->value.text : svyi_xlsform_resolve(x, c->value.text, e, 0, 0));
    if (!e->flat)
        svyi_xlsform_dict_put(x, &d, "ref", svyi_xlsform_path(x, e));
    svyi_buffer_text(out, "<group");
    svyi_xlsform_attributes(x, out, d);
    svyi_buffer_text(out, ">");
    if (svyi_xlsform_is_there(&e->label))
        write_label(x, out, e);
    write_controls(x, out, e);
    svyi_buffer_text(out, "</group>");
}

/* What happens to the questions of a new instance of the repeat; those of repeats in it are theirs. */
static void write_new_repeat(xlsform *x, svyi_buffer *out, xlsform_element *section)
{
    for (xlsform_element *e = section->first; e != NULL; e = e->next) {
        for (const xlsform_action *a = e->actions; a != NULL; a = a->next)
            if (a->event == XLSFORM_NEW_REPEAT)
                svyi_xlsform_write_action(x, out, e, a);
        if (e->kind != XLSFORM_REPEAT && e->first != NULL)
            write_new_repeat(x, out, e);
    }
}

static void write_repeat(xlsform *x, svyi_buffer *out, xlsform_element *e)
{
    xlsform_dict *d = NULL;

    svyi_buffer_text(out, "<group");
    svyi_xlsform_attribute(x, out, "ref", svyi_xlsform_path(x, e));
    svyi_buffer_text(out, ">");
    write_label(x, out, e);
    svyi_xlsform_dict_put(x, &d, "nodeset", svyi_xlsform_path(x, e));
    for (const xlsform_entry *c = e->control != NULL ? e->control->first : NULL; c != NULL; c = c->next)
        if (c->value.text != NULL)
            svyi_xlsform_dict_put(x, &d, c->key, svyi_xlsform_resolve(x, c->value.text, e, 0, 0));
    svyi_buffer_text(out, "<repeat");
    svyi_xlsform_attributes(x, out, d);
    svyi_buffer_text(out, ">");
    write_controls(x, out, e);
    write_new_repeat(x, out, e);
    svyi_buffer_text(out, "</repeat></group>");
}

static void write_controls(xlsform *x, svyi_buffer *out, xlsform_element *section)
{
    for (xlsform_element *e = section->first; e != NULL && !svyi_xlsform_failed(x) && !out->failed; e = e->next) {
        if (e->kind == XLSFORM_QUESTION)
            write_question(x, out, e);
        else if (e->kind == XLSFORM_REPEAT)
            write_repeat(x, out, e);
        else if (e->kind == XLSFORM_GROUP)
            write_group(x, out, e);
    }
}

void svyi_xlsform_write_body(xlsform *x, svyi_buffer *out)
{
    const char *style = svyi_xlsform_dict_text(x->settings, "style");

    svyi_buffer_text(out, "<h:body");
    if (style != NULL && style[0] != '\0')
        svyi_xlsform_attribute(x, out, "class", style);
    svyi_buffer_text(out, ">");
    write_controls(x, out, x->root);
    svyi_buffer_text(out, "</h:body>");
}
