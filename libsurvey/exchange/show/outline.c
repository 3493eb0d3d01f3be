/* The questionnaire as indented text, for reading and discussing. */
#include "base/error.h"
#include "exchange/show/show.h"
#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, STEP = 2, FEW = 12, SOME = 5 };

typedef struct outline { const svy_form *f; uint32_t lang; svyi_buffer out; } outline;

static void wrapped(outline *o, const char *text, unsigned column, unsigned indent)
{
    const svyi_wrap how = { .width = WIDTH, .indent = indent, .line_end = "\n" };
    svyi_wrap_add(&o->out, text, column, &how);
}

/* "    asked when EXPR", wrapped under itself */
static void line(outline *o, unsigned indent, const char *word, const char *text)
{
    svyi_indent(&o->out, indent);
    svyi_buffer_text(&o->out, word);
    wrapped(o, text, indent + svyi_columns(word), indent + 4);
    svyi_buffer_text(&o->out, "\n");
}

static void rule(outline *o, unsigned indent, const char *word, uint32_t number)
{
    if (number != 0)
        line(o, indent, word, svyi_rule_text(o->f, number));
}

static void choice(outline *o, unsigned indent, uint32_t list, uint32_t i)
{
    const svy_choice c = svy_form_choice(o->f, list, i);
    svyi_buffer extra;
    svyi_indent(&o->out, indent);
    svyi_buffer_text(&o->out, c.code);
    svyi_buffer_text(&o->out, "  ");
    svyi_buffer_init(&extra, &o->out.alloc);
    svyi_buffer_text(&extra, svy_form_choice_label(o->f, list, i, o->lang));
    if (c.flags & SVY_CHOICE_EXCLUSIVE)
        svyi_buffer_text(&extra, " (alone)");
    if (c.flags & SVY_CHOICE_OTHER)
        svyi_buffer_text(&extra, " (and which, as text)");
    if (c.missing != 0) {
        svyi_buffer_text(&extra, " (recorded as ");
        svyi_buffer_text(&extra, svy_missing_name((svy_missing)c.missing));
        svyi_buffer_text(&extra, ")");
    }
    if (c.relevant != 0) {
        svyi_buffer_text(&extra, " (offered when ");
        svyi_buffer_text(&extra, svyi_rule_text(o->f, c.relevant));
        svyi_buffer_text(&extra, ")");
    }
    const unsigned column = indent + svyi_columns(c.code) + 2;
    if (extra.failed)
        o->out.failed = 1;
    else
        wrapped(o, extra.data, column, column);
    svyi_buffer_text(&o->out, "\n");
    svyi_buffer_clear(&extra);
}

static void choices(outline *o, unsigned indent, uint32_t list)
{
    static const char *const ORDERS[] = { "", ", in random order", ", each time beginning with another" };
    const svy_list l = svy_form_list(o->f, list);
    const uint32_t shown = l.n_choices > FEW ? SOME : l.n_choices;
    svyi_indent(&o->out, indent);
    svyi_buffer_format(&o->out, "list %s%s\n", l.id, l.order < 3 ? ORDERS[l.order] : "");
    for (uint32_t i = 0; i < shown; i++)
        choice(o, indent + STEP, list, i);
    if (shown < l.n_choices) {
        svyi_indent(&o->out, indent + STEP);
        svyi_buffer_format(&o->out, "... %u more\n", l.n_choices - shown);
    }
}

static void check(outline *o, unsigned indent, uint32_t number)
{
    const svy_check *c = svy_form_check(o->f, number);
    line(o, indent, c->soft ? "should hold: " : "must hold: ", svyi_rule_text(o->f, c->that));
    line(o, indent + STEP, "else: ", svy_form_check_text(o->f, number, o->lang));
}

static void repetition(outline *o, unsigned indent, const svy_item *item)
{
    if (item->flags & SVY_ITEM_FOR) {
        line(o, indent, "one entry for each item chosen in ", svy_form_item_id(o->f, item->of));
    } else if (item->flags & SVY_ITEM_OPEN) {
        svyi_indent(&o->out, indent);
        svyi_buffer_text(&o->out, "open ended");
        if (item->min > 0)
            svyi_buffer_format(&o->out, ", at least %u", item->min);
        if (item->max > 0)
            svyi_buffer_format(&o->out, ", at most %u", item->max);
        svyi_buffer_text(&o->out, "\n");
    } else if (item->value == 0) {
        line(o, indent, "", "as many entries as the record has");
    } else {
        rule(o, indent, "number of entries: ", item->value);
    }
}

/* The word for an item between its id and its text. */
static const char *word_for(const svy_item *item)
{
    switch ((svy_element)item->kind) {
    case SVY_EL_SECTION: return "section";
    case SVY_EL_GRID: return "grid";
    case SVY_EL_ROSTER: return "roster";
    case SVY_EL_NOTE: return "note";
    case SVY_EL_END: return "end";
    case SVY_EL_COMPUTE: case SVY_EL_PARAMETER: case SVY_EL_QUESTION: case SVY_EL_QUESTIONNAIRE: case SVY_EL_CHOICES: case SVY_EL_CHOICE:
    case SVY_EL_ROW: case SVY_EL_CHECK: case SVY_EL_PROPERTY: case SVY_EL_SET: case SVY_EL_ITEXT: break;
    }
    return svy_type_name((svy_type)item->type);
}

static void heading(outline *o, unsigned indent, uint32_t i, const svy_item *item)
{
    const char *id = svy_form_item_id(o->f, i), *word = word_for(item);
    const char *mark = item->kind == SVY_EL_COMPUTE ? (item->value != 0 ? " computed" : " not asked") : item->kind == SVY_EL_PARAMETER ? " parameter" :
                       item->flags & SVY_ITEM_OTHER ? " (other)" : item->flags & SVY_ITEM_REQUIRED ? " *" : "";
    svyi_indent(&o->out, indent);
    svyi_buffer_format(&o->out, "%s%s%s%s", id, id[0] != '\0' ? "  " : "", word, mark);
    unsigned column = indent + svyi_columns(id) + (id[0] != '\0' ? 2 : 0) + svyi_columns(word) + svyi_columns(mark);
    if (item->kind == SVY_EL_PARAMETER) {
        svyi_buffer_text(&o->out, " = ");
        column += 3;
        wrapped(o, svy_form_parameter(o->f, i), column, indent + 8);
        column += svyi_columns(svy_form_parameter(o->f, i));
    }
    const char *label = svyi_item_label(o->f, i, o->lang);
    if (label[0] != '\0') {
        svyi_buffer_text(&o->out, "  ");
        wrapped(o, label, column + 2, indent + 8);
    }
    svyi_buffer_text(&o->out, "\n");
}

static void text(outline *o, unsigned indent, const char *word, uint32_t i, svy_role role)
{
    const char *words = svy_form_text(o->f, i, role, o->lang);
    if (words[0] != '\0')
        line(o, indent, word, words);
}

/* What an item of an ODK form has besides. */
static void odk_details(outline *o, unsigned indent, uint32_t i)
{
    static const struct { uint32_t bit; const char *when; } EVENTS[] = {
        { SVY_ON_FIRST_LOAD, "at the first beginning" }, { SVY_ON_LOAD, "at each beginning" }, { SVY_ON_CHANGE, "when it changes" },
        { SVY_ON_NEW_ENTRY, "in a new entry" },
    };
    const svy_odk_item *d = svy_form_odk_item(o->f, i);
    if (d == NULL)
        return;
    text(o, indent, "more help: ", i, SVY_GUIDANCE);
    text(o, indent, "said when it is missing: ", i, SVY_REQUIRED_TEXT);
    rule(o, indent, "shown only when ", d->readonly);
    rule(o, indent, "choices: ", d->choices);
    if (d->preload != 0)
        line(o, indent, "filled in: ", svy_form_string(o->f, d->preload));
    for (uint32_t s = d->first_set; s < d->first_set + d->n_sets; s++) {
        const svy_set *set = svy_form_set(o->f, s);
        for (size_t e = 0; e < sizeof EVENTS / sizeof EVENTS[0]; e++)
            if (set->on & EVENTS[e].bit) {
                svyi_indent(&o->out, indent);
                svyi_buffer_format(&o->out, "%s, %s ", EVENTS[e].when, svy_form_item_id(o->f, set->target));
                svyi_buffer_text(&o->out, set->rule != 0 ? "becomes " : "is cleared");
                svyi_buffer_text(&o->out, svyi_rule_text(o->f, set->rule));
                svyi_buffer_text(&o->out, "\n");
            }
    }
}

static void details(outline *o, unsigned indent, uint32_t i, const svy_item *item)
{
    text(o, indent, "hint: ", i, SVY_HINT);
    text(o, indent, "for the interviewer: ", i, SVY_INSTRUCTION);
    if (item->flags & SVY_ITEM_SENSITIVE)
        line(o, indent, "", "sensitive: kept apart");
    if (item->flags & SVY_ITEM_READONLY)
        line(o, indent, "", "shown only, not asked");
    rule(o, indent, item->flags & SVY_ITEM_ROW ? "row shown when " : "asked when ", item->relevant);
    rule(o, indent, "required when ", item->required);
    rule(o, indent, "preset: ", item->preset);
    if (item->kind == SVY_EL_ROSTER)
        repetition(o, indent, item);
    else
        rule(o, indent, item->kind == SVY_EL_END ? "when " : "= ", item->value);
    if (item->kind == SVY_EL_END && item->n_keep > 0) {
        uint32_t n;
        const uint32_t *keep = svy_form_keep(o->f, i, &n);
        svyi_indent(&o->out, indent);
        svyi_buffer_text(&o->out, "only these sections are kept:");
        for (uint32_t k = 0; k < n; k++)
            svyi_buffer_format(&o->out, " %s", svy_form_item_id(o->f, keep[k]));
        svyi_buffer_text(&o->out, "\n");
    }
    rule(o, indent, "choices offered when ", item->filter);
    odk_details(o, indent, i);
    if (item->list != 0 && !(item->flags & SVY_ITEM_ROW))
        choices(o, indent, item->list);
    for (uint32_t c = 0; c < item->n_checks; c++)
        check(o, indent, item->first_check + c);
}

/* Sections, rosters and grids stand off by an empty line. */
static int stands_off(const svy_item *item)
{
    return item->kind == SVY_EL_SECTION || item->kind == SVY_EL_ROSTER || item->kind == SVY_EL_GRID;
}

static void front(outline *o)
{
    const char *text = svy_form_text(o->f, 0, SVY_TITLE, o->lang);
    wrapped(o, text, 0, 0);
    svyi_buffer_text(&o->out, "\n");
    svyi_buffer_format(&o->out, svy_form_version(o->f)[0] != '\0' ? "%s, version %s, in" : "%s, in", svy_form_id(o->f), svy_form_version(o->f));
    for (uint32_t l = 0; l < svy_form_languages(o->f); l++)
        svyi_buffer_format(&o->out, " %s", svy_form_language(o->f, l));
    svyi_buffer_text(&o->out, "\n");
    text = svy_form_text(o->f, 0, SVY_DESCRIPTION, o->lang);
    if (text[0] != '\0') {
        svyi_buffer_text(&o->out, "\n");
        wrapped(o, text, 0, 0);
        svyi_buffer_text(&o->out, "\n");
    }
    svyi_buffer_text(&o->out, "\n* required; ${name} is the answer to name\n\n");
}

svy_status svy_form_outline(const svy_form *f, uint32_t lang, const svy_sink *sink, svy_error *err)
{
    SVY_REQUIRE(f != NULL && sink != NULL && sink->write != NULL, err);
    SVY_REQUIRE(lang < svy_form_languages(f), err);
    outline o = { .f = f, .lang = lang };
    svy_status st;
    svyi_buffer_init(&o.out, NULL);
    front(&o);
    st = svyi_hand_over(&o.out, sink, err);
    for (uint32_t i = 1; i < svy_form_items(f) && st == SVY_OK; i++) {
        const svy_item *item = svy_form_item(f, i);
        const unsigned indent = svyi_item_depth(f, item) * STEP;
        if (stands_off(item))
            svyi_buffer_text(&o.out, "\n");
        heading(&o, indent, i, item);
        details(&o, indent + 4, i, item);
        st = svyi_hand_over(&o.out, sink, err);
    }
    odk_details(&o, 4, 0);
    const svy_item *root = svy_form_item(f, 0);
    if (root->n_checks > 0)
        svyi_buffer_text(&o.out, "\nOver the whole questionnaire\n");
    for (uint32_t c = 0; c < root->n_checks; c++)
        check(&o, 4, root->first_check + c);
    if (st == SVY_OK)
        st = svyi_hand_over(&o.out, sink, err);
    svyi_buffer_clear(&o.out);
    return st;
}
