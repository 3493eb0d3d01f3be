/* The questionnaire as JSON, for programs that want its structure and not our file format. */
#include "base/error.h"
#include "exchange/show/show.h"
#include <string.h>

typedef struct writer { const svy_form *f; uint32_t lang; svyi_buffer out; int first; } writer;

static void key(writer *w, const char *name)
{
    svyi_buffer_text(&w->out, w->first ? "\"" : ", \"");
    svyi_buffer_text(&w->out, name);
    svyi_buffer_text(&w->out, "\": ");
    w->first = 0;
}

static void text(writer *w, const char *name, const char *value)
{
    key(w, name);
    svyi_buffer_json(&w->out, value, strlen(value));
}

/* Left out when there is nothing to say. */
static void maybe(writer *w, const char *name, const char *value)
{
    if (value[0] != '\0')
        text(w, name, value);
}

static void flag(writer *w, const char *name, int value)
{
    if (!value)
        return;
    key(w, name);
    svyi_buffer_text(&w->out, "true");
}

static void checks(writer *w, const svy_item *item)
{
    if (item->n_checks == 0)
        return;
    key(w, "checks");
    svyi_buffer_text(&w->out, "[");
    for (uint32_t i = 0; i < item->n_checks; i++) {
        const svy_check *c = svy_form_check(w->f, item->first_check + i);
        svyi_buffer_text(&w->out, i > 0 ? ", {" : "{");
        w->first = 1;
        text(w, "that", svyi_rule_text(w->f, c->that));
        text(w, "severity", c->soft ? "soft" : "hard");
        text(w, "text", svy_form_check_text(w->f, item->first_check + i, w->lang));
        svyi_buffer_text(&w->out, "}");
    }
    svyi_buffer_text(&w->out, "]");
    w->first = 0;
}

static const char *element_name(uint32_t kind)
{
    static const char *const NAMES[] = { "", "questionnaire", "parameter", "choices", "choice", "section", "question", "grid", "row",
                                         "roster", "note", "compute", "check", "end" };
    return kind < sizeof NAMES / sizeof NAMES[0] ? NAMES[kind] : "";
}

static void roster(writer *w, const svy_item *item)
{
    if (item->flags & SVY_ITEM_FOR)
        text(w, "for", svy_form_item_id(w->f, item->of));
    flag(w, "open", (item->flags & SVY_ITEM_OPEN) != 0);
    maybe(w, "count", svyi_rule_text(w->f, item->value));
}

/* What an item of an ODK form has besides. */
static void odk_item(writer *w, uint32_t i)
{
    const svy_odk_item *d = svy_form_odk_item(w->f, i);
    if (d == NULL)
        return;
    maybe(w, "node", d->name != SVY_NAME_NONE ? svy_form_name(w->f, d->name) : "");
    maybe(w, "readonly_when", svyi_rule_text(w->f, d->readonly));
    maybe(w, "itemset", svyi_rule_text(w->f, d->choices));
    maybe(w, "preload", svy_form_string(w->f, d->preload));
    maybe(w, "guidance", svy_form_text(w->f, i, SVY_GUIDANCE, w->lang));
    maybe(w, "required_text", svy_form_text(w->f, i, SVY_REQUIRED_TEXT, w->lang));
    for (uint32_t s = d->first_set; s < d->first_set + d->n_sets; s++) {
        const svy_set *set = svy_form_set(w->f, s);
        svyi_buffer_text(&w->out, s == d->first_set ? ", \"sets\": [{" : ", {");
        w->first = 1;
        text(w, "target", svy_form_item_id(w->f, set->target));
        flag(w, "first_load", (set->on & SVY_ON_FIRST_LOAD) != 0);
        flag(w, "load", (set->on & SVY_ON_LOAD) != 0);
        flag(w, "change", (set->on & SVY_ON_CHANGE) != 0);
        flag(w, "new_entry", (set->on & SVY_ON_NEW_ENTRY) != 0);
        maybe(w, "value", svyi_rule_text(w->f, set->rule));
        svyi_buffer_text(&w->out, s + 1 == d->first_set + d->n_sets ? "}]" : "}");
        w->first = 0;
    }
}

static void item(writer *w, uint32_t i)
{
    const svy_item *it = svy_form_item(w->f, i);
    svyi_buffer_text(&w->out, i > 1 ? ",\n    {" : "\n    {");
    w->first = 1;
    text(w, "id", svy_form_item_id(w->f, i));
    text(w, "element", it->flags & SVY_ITEM_ROW ? "row" : element_name(it->kind));
    maybe(w, "parent", it->parent != 0 ? svy_form_item_id(w->f, it->parent) : "");
    maybe(w, "type", svy_type_name((svy_type)it->type));
    maybe(w, "label", svyi_item_label(w->f, i, w->lang));
    maybe(w, "hint", svy_form_text(w->f, i, SVY_HINT, w->lang));
    maybe(w, "instruction", svy_form_text(w->f, i, SVY_INSTRUCTION, w->lang));
    maybe(w, "choices", it->list != 0 ? svy_form_list(w->f, it->list).id : "");
    maybe(w, "filter", svyi_rule_text(w->f, it->filter));
    maybe(w, "relevant", svyi_rule_text(w->f, it->relevant));
    flag(w, "required", (it->flags & SVY_ITEM_REQUIRED) != 0);
    maybe(w, "required_when", svyi_rule_text(w->f, it->required));
    flag(w, "sensitive", (it->flags & SVY_ITEM_SENSITIVE) != 0);
    flag(w, "readonly", (it->flags & SVY_ITEM_READONLY) != 0);
    maybe(w, "other_of", it->flags & SVY_ITEM_OTHER ? svy_form_item_id(w->f, it->of) : "");
    maybe(w, "default", svyi_rule_text(w->f, it->preset));
    if (it->kind == SVY_EL_ROSTER)
        roster(w, it);
    else if (it->kind == SVY_EL_PARAMETER)
        text(w, "value", svy_form_parameter(w->f, i));
    else
        maybe(w, it->kind == SVY_EL_END ? "when" : "value", svyi_rule_text(w->f, it->value));
    odk_item(w, i);
    checks(w, it);
    svyi_buffer_text(&w->out, "}");
}

static void list(writer *w, uint32_t number)
{
    const svy_list l = svy_form_list(w->f, number);
    svyi_buffer_text(&w->out, number > 1 ? ",\n    {" : "\n    {");
    w->first = 1;
    text(w, "id", l.id);
    key(w, "choices");
    for (uint32_t i = 0; i < l.n_choices; i++) {
        const svy_choice c = svy_form_choice(w->f, number, i);
        svyi_buffer_text(&w->out, i > 0 ? ", {" : "[{");
        w->first = 1;
        text(w, "code", c.code);
        text(w, "label", svy_form_choice_label(w->f, number, i, w->lang));
        maybe(w, "parent", c.parent);
        maybe(w, "missing", svy_missing_name((svy_missing)c.missing));
        maybe(w, "relevant", svyi_rule_text(w->f, c.relevant));
        flag(w, "exclusive", (c.flags & SVY_CHOICE_EXCLUSIVE) != 0);
        flag(w, "other", (c.flags & SVY_CHOICE_OTHER) != 0);
        svyi_buffer_text(&w->out, "}");
    }
    svyi_buffer_text(&w->out, l.n_choices > 0 ? "]}" : "[]}");
}

static void front(writer *w)
{
    svyi_buffer_text(&w->out, "{");
    w->first = 1;
    text(w, "id", svy_form_id(w->f));
    text(w, "version", svy_form_version(w->f));
    key(w, "languages");
    for (uint32_t l = 0; l < svy_form_languages(w->f); l++) {
        const char *tag = svy_form_language(w->f, l);
        svyi_buffer_text(&w->out, l > 0 ? ", " : "[");
        svyi_buffer_json(&w->out, tag, strlen(tag));
    }
    svyi_buffer_text(&w->out, "]");
    text(w, "title", svy_form_text(w->f, 0, SVY_TITLE, w->lang));
    maybe(w, "description", svy_form_text(w->f, 0, SVY_DESCRIPTION, w->lang));
    checks(w, svy_form_item(w->f, 0));
    svyi_buffer_text(&w->out, ",\n  \"items\": [");
}

svy_status svy_form_outline_json(const svy_form *f, uint32_t lang, const svy_sink *sink, svy_error *err)
{
    SVY_REQUIRE(f != NULL && sink != NULL && sink->write != NULL, err);
    SVY_REQUIRE(lang < svy_form_languages(f), err);
    writer w = { .f = f, .lang = lang };
    svyi_buffer_init(&w.out, NULL);
    front(&w);
    svy_status st = svyi_hand_over(&w.out, sink, err);
    for (uint32_t i = 1; i < svy_form_items(f) && st == SVY_OK; i++) {
        item(&w, i);
        st = svyi_hand_over(&w.out, sink, err);
    }
    svyi_buffer_text(&w.out, "],\n  \"lists\": [");
    for (uint32_t i = 1; i <= svy_form_lists(f) && st == SVY_OK; i++) {
        list(&w, i);
        st = svyi_hand_over(&w.out, sink, err);
    }
    svyi_buffer_text(&w.out, "]}\n");
    if (st == SVY_OK)
        st = svyi_hand_over(&w.out, sink, err);
    svyi_buffer_clear(&w.out);
    return st;
}
