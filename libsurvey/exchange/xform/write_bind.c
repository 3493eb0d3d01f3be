/* The binds of an XForm: types, routing, constraints, what is computed; our own attributes beside them for what ODK does not know. */
#include "exchange/xform/write.h"
#include <string.h>

/* What the bind of a type says when it is not a string. */
static const struct { svy_type type; const char *name; } TYPES[] = {
    { SVY_T_INTEGER, "int" }, { SVY_T_YEAR, "int" }, { SVY_T_DECIMAL, "decimal" }, { SVY_T_DATE, "date" }, { SVY_T_MONTH, "date" }, { SVY_T_TIME, "time" },
    { SVY_T_DATETIME, "dateTime" }, { SVY_T_GEOPOINT, "geopoint" }, { SVY_T_PHOTO, "binary" }, { SVY_T_AUDIO, "binary" }, { SVY_T_FILE, "binary" },
    { SVY_T_SIGNATURE, "binary" }, { SVY_T_BARCODE, "barcode" }, { SVY_T_RANKING, "odk:rank" },
};

static const char *bind_type(uint32_t type)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (TYPES[i].type == (svy_type)type)
            return TYPES[i].name;
    return "string";
}

static void begin(svyi_xform_writer *w, const char *path, const char *suffix, const char *type)
{
    svyi_buffer_format(&w->out, "<bind nodeset=\"%s%s\"", path, suffix);
    if (type != NULL)
        svyi_buffer_format(&w->out, " type=\"%s\"", type);
}

static void attribute(svyi_xform_writer *w, const char *name, const svyi_buffer *value)
{
    if (value->failed)
        w->failed = 1;
    else if (value->len > 0)
        svyi_xfw_attribute(&w->out, name, value->data);
}

static void relevance(svyi_xform_writer *w, uint32_t item)
{
    svyi_xfw_cut(&w->part, 0);
    svyi_xfw_relevance(w, item, &w->part);
    attribute(w, "relevant", &w->part);
}

/* A choice that excludes the others is a constraint there. */
static void put_exclusive(svyi_xform_writer *w, const svy_item *i, svyi_buffer *out)
{
    for (uint32_t c = 0; i->type == SVY_T_MULTIPLE && c < svy_form_list(w->form, i->list).n_choices; c++) {
        const svy_choice choice = svy_form_choice(w->form, i->list, c);
        if ((choice.flags & SVY_CHOICE_EXCLUSIVE) == 0 && choice.missing == 0)
            continue;
        svyi_buffer_format(out, "%snot(selected(., '%s') and count-selected(.) > 1)", out->len > 0 ? " and " : "", choice.code);
    }
}

/* Hard checks all have to hold; ODK has one constraint and one sentence. */
static void constraint(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    unsigned checks = 0;
    svyi_xfw_cut(&w->part, 0);
    for (uint32_t c = i->first_check; c < i->first_check + i->n_checks; c++) {
        const size_t before = w->part.len;
        if (svyi_xfw_is_note_check(w, svy_form_check(w->form, c)))
            continue;
        svyi_buffer_text(&w->part, before > 0 ? " and (" : "(");
        if (svyi_xfw_rule(w, svy_form_check(w->form, c)->that, item, ".", &w->part)) {
            svyi_buffer_text(&w->part, ")");
            checks++;
        } else {
            svyi_xfw_cut(&w->part, before);
        }
    }
    if (checks > 1)
        svyi_xfw_report(w, SVY_NOTE, item, NULL, "%u hard checks share one sentence in ODK clients", checks);
    const int own = w->part.len > 0;
    put_exclusive(w, i, &w->part);
    attribute(w, "constraint", &w->part);
    if (w->part.len > 0)
        svyi_buffer_format(&w->out, " jr:constraintMsg=\"jr:itext('%s')\"", own ? svyi_xfw_join(w, w->names[item], ":constraint") : "answer:alone");
}

static void required(svyi_xform_writer *w, const svy_item *i, uint32_t item)
{
    svyi_xfw_cut(&w->part, 0);
    if ((i->flags & SVY_ITEM_REQUIRED) != 0)
        svyi_buffer_text(&w->part, "true()");
    else if (i->required != 0)
        svyi_xfw_rule(w, i->required, item, ".", &w->part);
    else
        w->unsaid++;
    attribute(w, "required", &w->part);
}

/* What ODK has no word for travels in attributes of our own, which its clients ignore. */
static void own_attributes(svyi_xform_writer *w, const svy_item *i, uint32_t item)
{
    const char *type = svy_type_name((svy_type)i->type), *unit = svy_form_unit(w->form, item);
    if (type[0] != '\0')
        svyi_xfw_attribute(&w->out, "sv:type", type);
    if (unit[0] != '\0')
        svyi_xfw_attribute(&w->out, "sv:unit", unit);
    if ((i->flags & SVY_ITEM_SENSITIVE) != 0) {
        svyi_xfw_attribute(&w->out, "sv:sensitive", "true");
        svyi_xfw_report(w, SVY_WARNING, item, "encrypt the form's submissions", "it is sensitive: ODK clients and servers keep it with the other answers");
    }
}

static void calculate(svyi_xform_writer *w, uint32_t item, const svy_item *i)
{
    svyi_xfw_cut(&w->part, 0);
    if (i->kind == SVY_EL_COMPUTE && i->value != 0)
        svyi_xfw_rule(w, i->value, item, ".", &w->part);
    else if (i->preset != 0 && (i->flags & SVY_ITEM_READONLY) != 0 && !svyi_xfw_literal_default(w, item))
        svyi_xfw_rule(w, i->preset, item, ".", &w->part);
    attribute(w, "calculate", &w->part);
}

/* The label of an answer that a text mentions. */
static void bind_label(svyi_xform_writer *w, uint32_t item, const char *path)
{
    begin(w, path, "_label", "string");
    svyi_buffer_format(&w->out, " calculate=\"jr:choice-name(../%s, '%s')\" readonly=\"true()\"/>\n", w->names[item], path);
}

static void bind_question(svyi_xform_writer *w, uint32_t item, const char *path)
{
    const svy_item *i = svy_form_item(w->form, item);
    begin(w, path, "", i->kind == SVY_EL_NOTE ? "string" : bind_type(i->type));
    relevance(w, item);
    if (i->kind == SVY_EL_QUESTION) {
        required(w, i, item);
        constraint(w, item);
    }
    calculate(w, item, i);
    if ((i->flags & SVY_ITEM_READONLY) != 0 || i->kind == SVY_EL_NOTE)
        svyi_buffer_text(&w->out, " readonly=\"true()\"");
    own_attributes(w, i, item);
    svyi_buffer_text(&w->out, "/>\n");
    if (w->labelled[item])
        bind_label(w, item, path);
}

/* An early end: its outcome once its condition holds, and the closing text. */
static void bind_end(svyi_xform_writer *w, uint32_t item, const char *path)
{
    const svy_item *i = svy_form_item(w->form, item);
    begin(w, path, "", "string");
    svyi_xfw_cut(&w->part, 0);
    svyi_buffer_text(&w->part, "if(");
    if (svyi_xfw_rule(w, i->value, item, ".", &w->part))
        svyi_buffer_format(&w->part, ", '%s', '')", svy_form_outcome(w->form, item));
    else
        svyi_xfw_cut(&w->part, 0);
    attribute(w, "calculate", &w->part);
    relevance(w, item);
    svyi_xfw_attribute(&w->out, "sv:outcome", svy_form_outcome(w->form, item));
    svyi_buffer_text(&w->out, "/>\n");
    begin(w, path, "_text", "string");
    svyi_buffer_format(&w->out, " readonly=\"true()\" relevant=\"../%s != ''\"/>\n", w->names[item]);
    if (i->n_keep > 0)
        svyi_xfw_report(w, SVY_WARNING, item, "erase them when the submissions are imported", "ODK clients keep every answer given before an early end");
}

static void bind_roster(svyi_xform_writer *w, uint32_t item, const char *path)
{
    const svy_item *i = svy_form_item(w->form, item);
    const svyi_xpath_form paths = svyi_xfw_paths(w, item, ".");
    begin(w, path, "", NULL);
    relevance(w, item);
    svyi_buffer_text(&w->out, "/>\n");
    if (i->value == 0 && (i->flags & SVY_ITEM_FOR) == 0) {
        if (i->min > 0 || i->max > 0)
            svyi_xfw_report(w, SVY_WARNING, item, NULL, "ODK clients do not hold a repeat to at least %u and at most %u entries", i->min, i->max);
        return;
    }
    svyi_xfw_cut(&w->part, 0);
    if ((i->flags & SVY_ITEM_FOR) != 0) {
        svyi_buffer_text(&w->part, "count-selected(");
        svyi_xpath_path(&paths, i->of, i->roster, &w->part);
        svyi_buffer_text(&w->part, ")");
    } else {
        svyi_xfw_rule(w, i->value, item, ".", &w->part);
    }
    begin(w, path, "_count", "string");
    attribute(w, "calculate", &w->part);
    svyi_buffer_text(&w->out, " readonly=\"true()\"/>\n");
    if ((i->flags & SVY_ITEM_FOR) == 0)
        return;
    begin(w, path, svyi_xfw_join(w, svyi_xfw_join(w, "/", w->names[item]), "_code"), "string");
    svyi_xfw_cut(&w->part, 0);
    svyi_xpath_form code = svyi_xfw_paths(w, item, ".");
    svyi_buffer_text(&w->part, "selected-at(");
    svyi_xpath_path(&code, i->of, 0, &w->part);
    svyi_buffer_text(&w->part, ", position(..) - 1)");
    attribute(w, "calculate", &w->part);
    svyi_buffer_text(&w->out, " readonly=\"true()\"/>\n");
    svyi_xfw_report(w, SVY_WARNING, item, "ask the entries when the choice is final",
                   "ODK clients count the entries: when an earlier choice is taken back, the answers of the later ones move up");
}

/* A check that ODK cannot enforce is a note that is shown while it fails. */
static void bind_check(svyi_xform_writer *w, uint32_t check, const char *parent_path)
{
    const svy_check *c = svy_form_check(w->form, check);
    const svy_item *i = svy_form_item(w->form, c->item);
    const int of_question = i->kind == SVY_EL_QUESTION;
    const char *self = of_question ? svyi_xfw_join(w, "../", w->names[c->item]) : ".";
    begin(w, svyi_xfw_join(w, svyi_xfw_join(w, parent_path, "/"), svyi_xfw_check_name(w, check)), "", "string");
    svyi_xfw_cut(&w->part, 0);
    if (of_question)
        svyi_buffer_format(&w->part, "%s != '' and ", self);
    svyi_buffer_text(&w->part, "not(");
    /* The note stands beside a question, or directly in a section or roster: as deep as a child of either. */
    uint32_t context = of_question ? c->item : c->item + 1 < i->end ? c->item + 1 : c->item;
    if (svyi_xfw_rule(w, c->that, context, self, &w->part))
        svyi_buffer_text(&w->part, ")");
    else
        svyi_xfw_cut(&w->part, 0);
    attribute(w, "relevant", &w->part);
    svyi_buffer_text(&w->out, " readonly=\"true()\"");
    svyi_xfw_attribute(&w->out, "sv:check", c->soft ? "soft" : "hard");
    svyi_xfw_attribute(&w->out, "sv:that", svy_form_rule(w->form, c->that).text);
    svyi_buffer_text(&w->out, "/>\n");
    svyi_xfw_report(w, SVY_WARNING, c->item, NULL, c->soft ? "ODK clients show the sentence of the soft check '%.80s' and ask for no reason"
                   : "ODK clients show the sentence of the check across questions '%.80s' and go on", svy_form_rule(w->form, c->that).text);
}

static void bind_item(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const char *path = svyi_xfw_path(w, item);
    if (i->kind == SVY_EL_SECTION || i->kind == SVY_EL_GRID) {
        begin(w, path, "", NULL);
        relevance(w, item);
        svyi_buffer_text(&w->out, "/>\n");
    } else if (i->kind == SVY_EL_ROSTER) {
        bind_roster(w, item, path);
    } else if (i->kind == SVY_EL_END) {
        bind_end(w, item, path);
    } else {
        bind_question(w, item, path);
    }
}

void svyi_xfw_binds(svyi_xform_writer *w)
{
    for (uint32_t item = 1; item < svy_form_items(w->form); item++)
        if (svyi_xfw_has_node(w, item))
            bind_item(w, item);
    for (uint32_t c = 0; c < svy_form_checks(w->form); c++) {
        const svy_check *check = svy_form_check(w->form, c);
        const svy_item *i = svy_form_item(w->form, check->item);
        if (svyi_xfw_is_note_check(w, check))
            bind_check(w, c, svyi_xfw_path(w, i->kind == SVY_EL_QUESTION ? i->parent : check->item));
    }
    svyi_buffer_text(&w->out, "<bind nodeset=\"/data/meta/instanceID\" type=\"string\" readonly=\"true()\" jr:preload=\"uid\"/>\n");
}

/* A proposal that has to be worked out is set once: when the form is opened, or the entry is made. */
void svyi_xfw_defaults(svyi_xform_writer *w)
{
    for (uint32_t item = 1; item < svy_form_items(w->form); item++) {
        const svy_item *i = svy_form_item(w->form, item);
        if (i->kind != SVY_EL_QUESTION || i->preset == 0 || (i->flags & SVY_ITEM_READONLY) != 0 || i->roster != 0 || svyi_xfw_literal_default(w, item))
            continue;
        svyi_xfw_cut(&w->part, 0);
        if (!svyi_xfw_rule(w, i->preset, item, ".", &w->part))
            continue;
        svyi_buffer_text(&w->out, "<setvalue event=\"odk-instance-first-load\"");
        svyi_xfw_attribute(&w->out, "ref", svyi_xfw_path(w, item));
        attribute(w, "value", &w->part);
        svyi_buffer_text(&w->out, "/>\n");
        svyi_xfw_report(w, SVY_WARNING, item, NULL, "ODK clients work out the proposal '%.80s' once, when the form is opened", svy_form_rule(w->form, i->preset).text);
    }
}
