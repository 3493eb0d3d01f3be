/* The body of an XForm: what is shown, in the order of the questionnaire. */
#include "exchange/xform/write.h"
#include <string.h>

/* How a type is asked for when it is not an input. */
typedef struct control { svy_type type; const char *element, *appearance, *mediatype; } control;
static const control CONTROLS[] = {
    { SVY_T_SINGLE, "select1", NULL, NULL }, { SVY_T_BOOLEAN, "select1", NULL, NULL }, { SVY_T_MULTIPLE, "select", NULL, NULL }, { SVY_T_RANKING, "odk:rank", NULL, NULL },
    { SVY_T_PHOTO, "upload", NULL, "image/*" }, { SVY_T_SIGNATURE, "upload", "signature", "image/*" }, { SVY_T_AUDIO, "upload", NULL, "audio/*" },
    { SVY_T_FILE, "upload", NULL, "application/*" }, { SVY_T_MONTH, "input", "month-year", NULL },
};

static control control_of(const svy_item *item)
{
    for (size_t i = 0; i < sizeof CONTROLS / sizeof CONTROLS[0] && item->kind == SVY_EL_QUESTION; i++)
        if (CONTROLS[i].type == (svy_type)item->type)
            return CONTROLS[i];
    return (control){ SVY_T_NONE, "input", NULL, NULL };
}

static void texts(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const svy_role role = i->kind == SVY_EL_SECTION ? SVY_TITLE : SVY_LABEL;
    if (svy_form_text(w->form, item, role, 0)[0] != '\0')
        svyi_buffer_format(&w->out, "<label ref=\"jr:itext('%s:label')\"/>", w->names[item]);
    if (svy_form_text(w->form, item, SVY_HINT, 0)[0] != '\0' || svy_form_text(w->form, item, SVY_INSTRUCTION, 0)[0] != '\0' || svy_form_unit(w->form, item)[0] != '\0')
        svyi_buffer_format(&w->out, "<hint ref=\"jr:itext('%s:hint')\"/>", w->names[item]);
    svyi_buffer_text(&w->out, "\n");
}

/* The validity and the condition of single choices, and the filter of all, as one predicate. */
static void filter_choice(svyi_xform_writer *w, uint32_t item, uint32_t c)
{
    const svy_choice choice = svy_form_choice(w->form, svy_form_item(w->form, item)->list, c);
    const size_t before = w->part.len;
    if (choice.relevant != 0) {
        svyi_buffer_format(&w->part, "%s(name != '%s' or ", before > 0 ? " and " : "", choice.code);
        if (svyi_xfw_choice_rule(w, choice.relevant, item, &w->part))
            svyi_buffer_text(&w->part, ")");
        else
            svyi_xfw_cut(&w->part, before);
    }
    for (int end = 0; end < 2; end++) {
        const int32_t day = end ? choice.valid_to : choice.valid_from;
        char text[32];
        const svy_value date = { .kind = SVY_K_DATE, .number = day, .text = "" };
        if (day == (end ? INT32_MAX : INT32_MIN))
            continue;
        svy_value_format(&date, text, sizeof text);
        svyi_buffer_format(&w->part, "%s(name != '%s' or today() %s date('%s'))", w->part.len > 0 ? " and " : "", choice.code, end ? "<=" : ">=", text);
    }
}

static void itemset(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const char *list = i->list != 0 ? svy_form_list(w->form, i->list).id : "yes-no";
    const int random = i->list != 0 && svy_form_list(w->form, i->list).order != SVY_ORDER_FIXED;
    svyi_xfw_cut(&w->part, 0);
    if (i->filter != 0) {
        svyi_buffer_text(&w->part, "(");
        if (svyi_xfw_choice_rule(w, i->filter, item, &w->part))
            svyi_buffer_text(&w->part, ")");
        else
            svyi_xfw_cut(&w->part, 0);
    }
    for (uint32_t c = 0; i->list != 0 && c < svy_form_list(w->form, i->list).n_choices; c++)
        filter_choice(w, item, c);
    svyi_buffer_format(&w->out, "<itemset nodeset=\"%sinstance('%s')/root/item", random ? "randomize(" : "", list);
    if (w->part.len > 0) {
        svyi_buffer_text(&w->out, "[");
        svyi_xfw_escaped(&w->out, w->part.data, w->part.len);
        svyi_buffer_text(&w->out, "]");
    }
    svyi_buffer_format(&w->out, "%s\"><value ref=\"name\"/><label ref=\"jr:itext(itextId)\"/></itemset>\n", random ? ")" : "");
    if (random)
        svyi_xfw_report(w, SVY_NOTE, item, NULL, "ODK clients put exclusive and other choices anywhere when they show a list in random order");
}

static void question(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const control c = control_of(i);
    const int search = strcmp(svy_form_appearance(w->form, item), "search") == 0;
    const char *appearance = search ? "autocomplete" : c.appearance != NULL ? c.appearance : svy_form_appearance(w->form, item);
    svyi_buffer_format(&w->out, "<%s", c.element);
    svyi_xfw_attribute(&w->out, "ref", svyi_xfw_path(w, item));
    if (appearance[0] != '\0')
        svyi_xfw_attribute(&w->out, "appearance", appearance);
    if (c.mediatype != NULL)
        svyi_xfw_attribute(&w->out, "mediatype", c.mediatype);
    svyi_buffer_text(&w->out, ">");
    texts(w, item);
    if (c.element[0] == 's' || c.element[0] == 'o')
        itemset(w, item);
    svyi_buffer_format(&w->out, "</%s>\n", c.element);
}

static void note(svyi_xform_writer *w, const char *path, const char *text_id)
{
    svyi_buffer_format(&w->out, "<input ref=\"%s\"><label ref=\"jr:itext('%s:label')\"/></input>\n", path, text_id);
}

static void check_notes(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const char *parent = svyi_xfw_path(w, i->kind == SVY_EL_QUESTION ? i->parent : item);
    for (uint32_t c = i->first_check; c < i->first_check + i->n_checks; c++) {
        const char *name = svyi_xfw_check_name(w, c);
        if (svyi_xfw_is_note_check(w, svy_form_check(w->form, c)))
            note(w, svyi_xfw_join(w, svyi_xfw_join(w, parent, "/"), name), name);
    }
}

static void inside(svyi_xform_writer *w, uint32_t item);

static void group(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const char *path = svyi_xfw_path(w, item);
    const int one_screen = (i->flags & SVY_ITEM_PAGE_ALL) != 0 || i->kind == SVY_EL_GRID;
    svyi_buffer_format(&w->out, "<group ref=\"%s\"%s>", path, one_screen && i->kind != SVY_EL_ROSTER ? " appearance=\"field-list\"" : "");
    texts(w, item);
    if (i->kind != SVY_EL_ROSTER) {
        inside(w, item);
        svyi_buffer_text(&w->out, "</group>\n");
        return;
    }
    svyi_buffer_format(&w->out, "<repeat nodeset=\"%s\"", path);
    if (i->value != 0 || (i->flags & SVY_ITEM_FOR) != 0)
        svyi_buffer_format(&w->out, " jr:count=\"%s_count\"", path);
    svyi_buffer_text(&w->out, ">\n");
    if (one_screen)
        svyi_buffer_format(&w->out, "<group appearance=\"field-list\">\n");
    /* A proposal inside an entry is worked out when the entry is made. */
    for (uint32_t q = item + 1; q < i->end; q++) {
        const svy_item *inner = svy_form_item(w->form, q);
        if (inner->kind != SVY_EL_QUESTION || inner->roster != item || inner->preset == 0 || (inner->flags & SVY_ITEM_READONLY) != 0 || svyi_xfw_literal_default(w, q))
            continue;
        svyi_xfw_cut(&w->part, 0);
        if (!svyi_xfw_rule(w, inner->preset, q, ".", &w->part))
            continue;
        svyi_buffer_text(&w->out, "<setvalue event=\"odk-new-repeat\"");
        svyi_xfw_attribute(&w->out, "ref", svyi_xfw_path(w, q));
        svyi_xfw_attribute(&w->out, "value", w->part.data);
        svyi_buffer_text(&w->out, "/>\n");
    }
    inside(w, item);
    svyi_buffer_text(&w->out, one_screen ? "</group>\n</repeat>\n</group>\n" : "</repeat>\n</group>\n");
}

static void inside(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    for (uint32_t child = item + 1; child < i->end; child = svy_form_item(w->form, child)->end) {
        const svy_item *c = svy_form_item(w->form, child);
        if (c->kind == SVY_EL_SECTION || c->kind == SVY_EL_GRID || c->kind == SVY_EL_ROSTER) {
            group(w, child);
        } else if (c->kind == SVY_EL_QUESTION || c->kind == SVY_EL_NOTE) {
            question(w, child);
            check_notes(w, child);
        } else if (c->kind == SVY_EL_END) {
            note(w, svyi_xfw_join(w, svyi_xfw_path(w, child), "_text"), w->names[child]);
        }
    }
    check_notes(w, item);
}

void svyi_xfw_body(svyi_xform_writer *w)
{
    svyi_buffer_text(&w->out, "<h:body>\n");
    inside(w, 0);
    svyi_buffer_text(&w->out, "</h:body>\n");
}
