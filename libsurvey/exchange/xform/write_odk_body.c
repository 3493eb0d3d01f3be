/* The body of an XForm that is written again. */
#include "exchange/xform/write_odk.h"
#include <string.h>

static const struct { svy_type type; const char *element, *mediatype; } CONTROLS[] = {
    { SVY_T_SINGLE, "select1", NULL }, { SVY_T_MULTIPLE, "select", NULL }, { SVY_T_RANKING, "odk:rank", NULL }, { SVY_T_ACKNOWLEDGE, "trigger", NULL },
    { SVY_T_PHOTO, "upload", "image/*" }, { SVY_T_AUDIO, "upload", "audio/*" }, { SVY_T_VIDEO, "upload", "video/*" }, { SVY_T_FILE, "upload", "application/*" },
};

static const char *text_id(svyi_xform_writer *w, uint32_t item)
{
    const char *path = svyi_xo_path(w, item);
    return path != NULL ? path : svy_form_item_id(w->form, item);
}

static void texts(svyi_xform_writer *w, uint32_t item, svy_role label)
{
    static const svy_role MEDIA[] = { SVY_SHORT, SVY_IMAGE, SVY_BIG_IMAGE, SVY_AUDIO, SVY_VIDEO };
    int any = svyi_xo_has_text(w, item, label);
    for (size_t i = 0; i < sizeof MEDIA / sizeof MEDIA[0]; i++)
        any |= svyi_xo_has_text(w, item, MEDIA[i]);
    if (any)
        svyi_buffer_format(&w->out, "<label ref=\"jr:itext('%s:label')\"/>", text_id(w, item));
    if (svyi_xo_has_text(w, item, SVY_HINT) || svyi_xo_has_text(w, item, SVY_GUIDANCE))
        svyi_buffer_format(&w->out, "<hint ref=\"jr:itext('%s:hint')\"/>", text_id(w, item));
    svyi_buffer_text(&w->out, "\n");
}

/* ---- choices ---- */

static void itemset(svyi_xform_writer *w, const svy_odk_item *o)
{
    const uint32_t n = svy_form_names(w->form);
    svyi_buffer_text(&w->out, "<itemset");
    svyi_xo_rule(w, "nodeset", o->choices);
    svyi_buffer_text(&w->out, "><value");
    svyi_xfw_attribute(&w->out, "ref", o->code_name < n ? svy_form_name(w->form, o->code_name) : ".");
    svyi_buffer_text(&w->out, "/>");
    if (o->label_name < n && (o->flags & SVY_ODK_LABEL_TEXT) != 0)
        svyi_buffer_format(&w->out, "<label ref=\"jr:itext(%s)\"/>", svy_form_name(w->form, o->label_name));
    else if (o->label_name < n)
        svyi_buffer_format(&w->out, "<label ref=\"%s\"/>", svy_form_name(w->form, o->label_name));
    svyi_buffer_text(&w->out, "</itemset>\n");
}

static void items(svyi_xform_writer *w, uint32_t list)
{
    const svy_list l = svy_form_list(w->form, list);
    for (uint32_t c = 0; c < l.n_choices; c++) {
        svyi_buffer_format(&w->out, "<item><label ref=\"jr:itext('%s-%u')\"/><value>", l.id, c);
        const char *code = svy_form_choice(w->form, list, c).code;
        svyi_xfw_escaped(&w->out, code, strlen(code));
        svyi_buffer_text(&w->out, "</value></item>\n");
    }
}

/* ---- controls ---- */

static void control(svyi_xform_writer *w, uint32_t item)
{
    static const struct { const char *name, *kept; } ATTRIBUTES[] = {
        { "start", "start" }, { "end", "end" }, { "step", "step" }, { "rows", "rows" }, { "accept", "accept" }, { "autoplay", "autoplay" },
        { "accuracyThreshold", "accuracy-threshold" }, { "query", "odk-query" }, { "intent", "odk-intent" }, { "odk:tick-interval", "odk-tick-interval" },
        { "odk:tick-labelset", "odk-tick-labelset" }, { "odk:placeholder", "odk-placeholder" }, { "unacceptableAccuracyThreshold", "odk-unacceptableAccuracyThreshold" },
        { "odk:allow-mock-accuracy", "odk-allow-mock-accuracy" },
    };
    const svy_item *i = svy_form_item(w->form, item);
    const svy_odk_item *o = svy_form_odk_item(w->form, item);
    const char *element = "input", *mediatype = NULL;
    for (size_t c = 0; c < sizeof CONTROLS / sizeof CONTROLS[0]; c++)
        if (CONTROLS[c].type == (svy_type)i->type) {
            element = CONTROLS[c].element;
            mediatype = CONTROLS[c].mediatype;
        }
    if (svy_form_attribute(w->form, item, "start")[0] != '\0' && (i->type == SVY_T_INTEGER || i->type == SVY_T_DECIMAL))
        element = "range";
    svyi_buffer_format(&w->out, "<%s", element);
    svyi_xfw_attribute(&w->out, "ref", svyi_xo_path(w, item));
    if (svy_form_appearance(w->form, item)[0] != '\0')
        svyi_xfw_attribute(&w->out, "appearance", svy_form_appearance(w->form, item));
    if (mediatype != NULL)
        svyi_xfw_attribute(&w->out, "mediatype", svy_form_attribute(w->form, item, "mediatype")[0] != '\0' ? svy_form_attribute(w->form, item, "mediatype") : mediatype);
    for (size_t a = 0; a < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; a++)
        svyi_xo_kept(w, item, ATTRIBUTES[a].name, ATTRIBUTES[a].kept);
    svyi_buffer_text(&w->out, ">");
    texts(w, item, SVY_LABEL);
    svyi_xo_sets(w, item);
    if (o->choices != 0)
        itemset(w, o);
    else if (i->list != 0)
        items(w, i->list);
    svyi_buffer_format(&w->out, "</%s>\n", element);
}

/* ---- groups ---- */

static int has_questions(const svyi_xform_writer *w, uint32_t item)
{
    for (uint32_t i = item; i < svy_form_item(w->form, item)->end; i++)
        if (svy_form_item(w->form, i)->kind == SVY_EL_QUESTION || svy_form_item(w->form, i)->kind == SVY_EL_ROSTER)
            return 1;
    return 0;
}

static void inside(svyi_xform_writer *w, uint32_t item);

static void roster(svyi_xform_writer *w, uint32_t item)
{
    const char *path = svyi_xo_path(w, item);
    const svy_odk_item *o = svy_form_odk_item(w->form, item);
    svyi_buffer_text(&w->out, "<group");
    svyi_xfw_attribute(&w->out, "ref", path);
    svyi_buffer_text(&w->out, ">");
    texts(w, item, SVY_LABEL);
    svyi_buffer_text(&w->out, "<repeat");
    svyi_xfw_attribute(&w->out, "nodeset", path);
    if (svy_form_appearance(w->form, item)[0] != '\0')
        svyi_xfw_attribute(&w->out, "appearance", svy_form_appearance(w->form, item));
    svyi_xo_rule(w, "jr:count", svy_form_item(w->form, item)->value);
    if ((o->flags & SVY_ODK_FIXED) != 0)
        svyi_buffer_text(&w->out, " jr:noAddRemove=\"true()\"");
    svyi_buffer_text(&w->out, ">\n");
    svyi_xo_sets(w, item);
    inside(w, item);
    svyi_buffer_text(&w->out, "</repeat>\n</group>\n");
}

static void group(svyi_xform_writer *w, uint32_t item)
{
    const char *path = svyi_xo_path(w, item);
    svyi_buffer_text(&w->out, "<group");
    if (path != NULL)
        svyi_xfw_attribute(&w->out, "ref", path);
    if (svy_form_appearance(w->form, item)[0] != '\0')
        svyi_xfw_attribute(&w->out, "appearance", svy_form_appearance(w->form, item));
    svyi_buffer_text(&w->out, ">");
    texts(w, item, SVY_TITLE);
    svyi_xo_sets(w, item);
    inside(w, item);
    svyi_buffer_text(&w->out, "</group>\n");
}

/* Recursion: as deep as the questionnaire. */
static void inside(svyi_xform_writer *w, uint32_t item)
{
    for (uint32_t child = item + 1; child < svy_form_item(w->form, item)->end; child = svy_form_item(w->form, child)->end) {
        const uint32_t kind = svy_form_item(w->form, child)->kind;
        if (kind == SVY_EL_QUESTION)
            control(w, child);
        else if (kind == SVY_EL_ROSTER)
            roster(w, child);
        else if (kind == SVY_EL_SECTION && has_questions(w, child))
            group(w, child);
    }
}

void svyi_xo_body(svyi_xform_writer *w)
{
    const char *style = svy_form_attribute(w->form, 0, "style");
    svyi_buffer_text(&w->out, "<h:body");
    if (style[0] != '\0')
        svyi_xfw_attribute(&w->out, "class", style);
    svyi_buffer_text(&w->out, ">\n");
    inside(w, 0);
    svyi_buffer_text(&w->out, "</h:body>\n");
}
