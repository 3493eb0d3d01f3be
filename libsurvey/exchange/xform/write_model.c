/* The record, the texts and the choices of an XForm. */
#include "exchange/xform/write.h"
#include <string.h>

/* ---- the record ---- */

/* The value that the study gave a parameter, or the questionnaire's own. */
static const char *parameter_value(const svyi_xform_writer *w, uint32_t item)
{
    for (size_t i = 0; i < w->n_parameters; i++)
        if (strcmp(w->parameters[2 * i], svy_form_item_id(w->form, item)) == 0)
            return w->parameters[2 * i + 1];
    return svy_form_parameter(w->form, item);
}

static const char *first_value(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    if (i->kind == SVY_EL_PARAMETER)
        return parameter_value(w, item);
    return i->preset != 0 && svyi_xfw_literal_default(w, item) ? svy_form_rule(w->form, i->preset).text : "";
}

static void leaf(svyi_xform_writer *w, const char *name, const char *value)
{
    svyi_buffer_format(&w->out, "<%s", name);
    if (value[0] == '\0') {
        svyi_buffer_text(&w->out, "/>\n");
        return;
    }
    svyi_buffer_text(&w->out, ">");
    svyi_xfw_escaped(&w->out, value, strlen(value));
    svyi_buffer_format(&w->out, "</%s>\n", name);
}

static void inside(svyi_xform_writer *w, uint32_t item);

static void element(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    if (i->kind == SVY_EL_ROSTER) {
        if (i->value != 0 || (i->flags & SVY_ITEM_FOR) != 0)
            leaf(w, svyi_xfw_join(w, w->names[item], "_count"), "");
        svyi_buffer_format(&w->out, "<%s jr:template=\"\">\n", w->names[item]);
    } else if (i->kind == SVY_EL_SECTION || i->kind == SVY_EL_GRID) {
        svyi_buffer_format(&w->out, "<%s>\n", w->names[item]);
    } else {
        leaf(w, w->names[item], first_value(w, item));
        if (w->labelled[item])
            leaf(w, svyi_xfw_join(w, w->names[item], "_label"), "");
        if (i->kind == SVY_EL_END)
            leaf(w, svyi_xfw_join(w, w->names[item], "_text"), "");
        for (uint32_t c = i->first_check; c < i->first_check + i->n_checks; c++)
            if (svyi_xfw_is_note_check(w, svy_form_check(w->form, c)))
                leaf(w, svyi_xfw_check_name(w, c), "");
        return;
    }
    inside(w, item);
    svyi_buffer_format(&w->out, "</%s>\n", w->names[item]);
}

/* The elements in an item, then the notes of its own checks. Recursion: as deep as the questionnaire. */
static void inside(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    if (i->kind == SVY_EL_ROSTER && (i->flags & SVY_ITEM_FOR) != 0)
        leaf(w, svyi_xfw_join(w, w->names[item], "_code"), "");
    for (uint32_t child = item + 1; child < i->end; child = svy_form_item(w->form, child)->end)
        element(w, child);
    for (uint32_t c = i->first_check; c < i->first_check + i->n_checks; c++)
        leaf(w, svyi_xfw_check_name(w, c), "");
}

void svyi_xfw_record(svyi_xform_writer *w)
{
    svyi_buffer_text(&w->out, "<instance>\n<data");
    svyi_xfw_attribute(&w->out, "id", svy_form_id(w->form));
    svyi_xfw_attribute(&w->out, "version", svy_form_version(w->form));
    svyi_buffer_text(&w->out, ">\n");
    inside(w, 0);
    svyi_buffer_text(&w->out, "<meta><instanceID/></meta>\n</data>\n</instance>\n");
}

/* ---- texts ---- */

static void open_text(svyi_xform_writer *w, const char *id, const char *part)
{
    svyi_buffer_format(&w->out, "<text id=\"%s:%s\">", id, part);
}

static void value(svyi_xform_writer *w, uint32_t item, const char *text, const char *form)
{
    svyi_buffer_text(&w->out, "<value");
    if (form != NULL)
        svyi_xfw_attribute(&w->out, "form", form);
    svyi_buffer_text(&w->out, ">");
    svyi_xfw_content(w, item, text);
    svyi_buffer_text(&w->out, "</value>");
}

static void label_and_hint(svyi_xform_writer *w, uint32_t item, uint32_t lang)
{
    const svy_item *i = svy_form_item(w->form, item);
    const svy_role role = i->kind == SVY_EL_SECTION ? SVY_TITLE : i->kind == SVY_EL_END ? SVY_TEXT : SVY_LABEL;
    const char *label = svy_form_text(w->form, item, role, lang), *hint = svy_form_text(w->form, item, SVY_HINT, lang);
    const char *instruction = svy_form_text(w->form, item, SVY_INSTRUCTION, lang), *unit = svy_form_unit(w->form, item);
    if (label[0] != '\0') {
        open_text(w, w->names[item], "label");
        value(w, item, label, NULL);
        svyi_buffer_text(&w->out, "</text>\n");
    }
    if (hint[0] == '\0' && instruction[0] == '\0' && unit[0] == '\0')
        return;
    open_text(w, w->names[item], "hint");
    svyi_buffer_text(&w->out, "<value>");
    svyi_xfw_content(w, item, hint);
    if (unit[0] != '\0') {
        svyi_buffer_text(&w->out, hint[0] != '\0' ? " (" : "(");
        svyi_xfw_escaped(&w->out, unit, strlen(unit));
        svyi_buffer_text(&w->out, ")");
    }
    svyi_buffer_text(&w->out, "</value>");
    if (instruction[0] != '\0')
        value(w, item, instruction, "guidance");
    svyi_buffer_text(&w->out, "</text>\n");
}

/* ODK has one sentence for the constraint: those of all hard checks, one after the other. */
static void constraint_text(svyi_xform_writer *w, uint32_t item, uint32_t lang)
{
    const svy_item *i = svy_form_item(w->form, item);
    int n = 0;
    for (uint32_t c = i->first_check; c < i->first_check + i->n_checks; c++) {
        if (svyi_xfw_is_note_check(w, svy_form_check(w->form, c)))
            continue;
        if (n++ == 0) {
            open_text(w, w->names[item], "constraint");
            svyi_buffer_text(&w->out, "<value>");
        } else {
            svyi_buffer_text(&w->out, " ");
        }
        svyi_xfw_content(w, item, svy_form_check_text(w->form, c, lang));
    }
    if (n > 0)
        svyi_buffer_text(&w->out, "</value></text>\n");
}

static void note_texts(svyi_xform_writer *w, uint32_t item, uint32_t lang)
{
    const svy_item *i = svy_form_item(w->form, item);
    for (uint32_t c = i->first_check; c < i->first_check + i->n_checks; c++) {
        if (!svyi_xfw_is_note_check(w, svy_form_check(w->form, c)))
            continue;
        open_text(w, svyi_xfw_check_name(w, c), "label");
        value(w, item, svy_form_check_text(w->form, c, lang), NULL);
        svyi_buffer_text(&w->out, "</text>\n");
    }
}

static void choice_texts(svyi_xform_writer *w, uint32_t lang)
{
    for (uint32_t l = 1; l <= svy_form_lists(w->form); l++) {
        const svy_list list = svy_form_list(w->form, l);
        for (uint32_t c = 0; c < list.n_choices; c++) {
            svyi_buffer_format(&w->out, "<text id=\"%s-%u\">", list.id, c);
            value(w, 0, svy_form_choice_label(w->form, l, c, lang), NULL);
            svyi_buffer_text(&w->out, "</text>\n");
        }
    }
}

static void own_texts(svyi_xform_writer *w, const char *lang)
{
    static const struct { const char *id; svyi_xfw_sentence which; } OWN[] = {
        { "answer:yes", SVYI_XFW_YES }, { "answer:no", SVYI_XFW_NO }, { "answer:alone", SVYI_XFW_ALONE },
    };
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++)
        svyi_buffer_format(&w->out, "<text id=\"%s\"><value>%s</value></text>\n", OWN[i].id, svyi_xfw_sentence_in(OWN[i].which, lang));
}

void svyi_xfw_itext(svyi_xform_writer *w)
{
    svyi_buffer_text(&w->out, "<itext>\n");
    for (uint32_t lang = 0; lang < svy_form_languages(w->form); lang++) {
        const char *tag = svy_form_language(w->form, lang);
        svyi_buffer_format(&w->out, "<translation lang=\"%s\"%s>\n", tag, lang == 0 ? " default=\"true()\"" : "");
        for (uint32_t item = 1; item < svy_form_items(w->form); item++) {
            label_and_hint(w, item, lang);
            if (svy_form_item(w->form, item)->kind == SVY_EL_QUESTION)
                constraint_text(w, item, lang);
            note_texts(w, item, lang);
        }
        note_texts(w, 0, lang);
        choice_texts(w, lang);
        own_texts(w, tag);
        svyi_buffer_text(&w->out, "</translation>\n");
    }
    svyi_buffer_text(&w->out, "</itext>\n");
}

/* ---- choices ---- */

void svyi_xfw_instances(svyi_xform_writer *w)
{
    for (uint32_t l = 1; l <= svy_form_lists(w->form); l++) {
        const svy_list list = svy_form_list(w->form, l);
        svyi_buffer_format(&w->out, "<instance id=\"%s\"><root>\n", list.id);
        for (uint32_t c = 0; c < list.n_choices; c++) {
            const svy_choice choice = svy_form_choice(w->form, l, c);
            svyi_buffer_text(&w->out, "<item><name>");
            svyi_xfw_escaped(&w->out, choice.code, strlen(choice.code));
            svyi_buffer_format(&w->out, "</name><itextId>%s-%u</itextId>", list.id, c);
            svyi_buffer_text(&w->out, "<parent>");
            svyi_xfw_escaped(&w->out, choice.parent, strlen(choice.parent));
            svyi_buffer_text(&w->out, "</parent></item>\n");
        }
        svyi_buffer_text(&w->out, "</root></instance>\n");
    }
    svyi_buffer_text(&w->out, "<instance id=\"yes-no\"><root><item><name>true</name><itextId>answer:yes</itextId></item>"
                              "<item><name>false</name><itextId>answer:no</itextId></item></root></instance>\n");
}
