/* A questionnaire with ODK's expressions as an XForm: the frame, the binds and the actions. */
#include "exchange/xform/write_odk.h"
#include <string.h>

/* ---- paths and expressions ---- */

static const svy_odk_item *odk(const svyi_xform_writer *w, uint32_t item)
{
    return svy_form_odk_item(w->form, item);
}

static const char *make_path(svyi_xform_writer *w, uint32_t item)
{
    const char *own = svy_form_name(w->form, odk(w, item)->name);
    if (item == 0)
        return svyi_xfw_join(w, "/", own);
    uint32_t parent = svy_form_item(w->form, item)->parent;
    while (parent != 0 && odk(w, parent)->name == SVY_NAME_NONE)
        parent = svy_form_item(w->form, parent)->parent;
    return svyi_xfw_join(w, svyi_xfw_join(w, svyi_xo_path(w, parent), "/"), own);
}

/* Recursion: once for each group around. */
const char *svyi_xo_path(svyi_xform_writer *w, uint32_t item)
{
    if (odk(w, item)->name == SVY_NAME_NONE)
        return NULL;
    if (w->names[item] == NULL)
        w->names[item] = make_path(w, item);
    return w->names[item];
}

/* ${id} becomes the item's path; quotes are left alone. */
static void put_expression(svyi_xform_writer *w, const char *text, svyi_buffer *out)
{
    char quote = '\0';
    for (const char *at = text; *at != '\0'; at++) {
        const char *close = quote == '\0' && at[0] == '$' && at[1] == '{' ? strchr(at, '}') : NULL;
        uint32_t item;
        if (quote != '\0' ? *at == quote : *at == '\'' || *at == '"')
            quote = quote != '\0' ? '\0' : *at;
        if (close != NULL && svy_form_find(w->form, at + 2, (size_t)(close - at) - 2, &item) && svyi_xo_path(w, item) != NULL) {
            svyi_buffer_text(out, svyi_xo_path(w, item));
            at = close;
        } else {
            svyi_buffer_add(out, at, 1);
        }
    }
}

void svyi_xo_rule(svyi_xform_writer *w, const char *name, uint32_t rule)
{
    if (rule == 0)
        return;
    svyi_xfw_cut(&w->part, 0);
    put_expression(w, svy_form_rule(w->form, rule).text, &w->part);
    if (w->part.failed)
        w->failed = 1;
    else
        svyi_xfw_attribute(&w->out, name, w->part.data);
}

void svyi_xo_kept(svyi_xform_writer *w, uint32_t item, const char *name, const char *kept)
{
    const char *value = svy_form_attribute(w->form, item, kept);
    if (value[0] != '\0')
        svyi_xfw_attribute(&w->out, name, value);
}

int svyi_xo_has_text(const svyi_xform_writer *w, uint32_t item, svy_role role)
{
    for (uint32_t lang = 0; lang < svy_form_languages(w->form); lang++)
        if (svy_form_text(w->form, item, role, lang)[0] != '\0')
            return 1;
    return 0;
}

const char *svyi_xo_label_ids(const svyi_xform_writer *w, uint32_t list)
{
    for (uint32_t i = 1; i < svy_form_items(w->form); i++) {
        const svy_odk_item *o = odk(w, i);
        if (svy_form_item(w->form, i)->list == list && (o->flags & SVY_ODK_LABEL_TEXT) != 0 && o->label_name < svy_form_names(w->form))
            return svy_form_name(w->form, o->label_name);
    }
    return NULL;
}

/* ---- actions ---- */

static const struct { uint32_t on; const char *word, *event; } EVENTS[] = {
    { SVY_ON_FIRST_LOAD, "first-load", "odk-instance-first-load" }, { SVY_ON_LOAD, "load", "odk-instance-load" },
    { SVY_ON_CHANGE, "change", "xforms-value-changed" }, { SVY_ON_NEW_ENTRY, "new-entry", "odk-new-repeat" },
};

/* "geopoint ID first-load change": an action of a device, which clients carry out. */
static void device_action(svyi_xform_writer *w, const char *action)
{
    const char *id = strchr(action, ' '), *events = id != NULL ? strchr(id + 1, ' ') : NULL, *between = "";
    uint32_t target;
    if (events == NULL || !svy_form_find(w->form, id + 1, (size_t)(events - id) - 1, &target) || svyi_xo_path(w, target) == NULL)
        return;
    svyi_buffer_text(&w->out, strncmp(action, "audio", 5) == 0 ? "<odk:recordaudio event=\"" : "<odk:setgeopoint event=\"");
    for (const char *at = events + 1; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
        for (size_t e = 0; e < sizeof EVENTS / sizeof EVENTS[0]; e++)
            if (strncmp(at, EVENTS[e].word, strcspn(at, " ")) == 0 && strlen(EVENTS[e].word) == strcspn(at, " ")) {
                svyi_buffer_format(&w->out, "%s%s", between, EVENTS[e].event);
                between = " ";
            }
    svyi_buffer_text(&w->out, "\"");
    svyi_xfw_attribute(&w->out, "ref", svyi_xo_path(w, target));
    svyi_buffer_text(&w->out, "/>\n");
}

void svyi_xo_sets(svyi_xform_writer *w, uint32_t item)
{
    const char *value;
    for (uint32_t a = 0; a < svy_form_attributes(w->form, item); a++)
        if (strcmp(svy_form_attribute_at(w->form, item, a, &value), "action") == 0)
            device_action(w, value);
    for (uint32_t i = 0; i < svy_form_sets(w->form); i++) {
        const svy_set *s = svy_form_set(w->form, i);
        const char *between = "", *path = svyi_xo_path(w, s->target);
        if (s->item != item || path == NULL)
            continue;
        svyi_buffer_text(&w->out, "<setvalue event=\"");
        for (size_t e = 0; e < sizeof EVENTS / sizeof EVENTS[0]; e++)
            if ((s->on & EVENTS[e].on) != 0) {
                svyi_buffer_format(&w->out, "%s%s", between, EVENTS[e].event);
                between = " ";
            }
        svyi_buffer_text(&w->out, "\"");
        svyi_xfw_attribute(&w->out, "ref", path);
        svyi_xo_rule(w, "value", s->rule);
        svyi_buffer_text(&w->out, "/>\n");
    }
}

/* ---- binds ---- */

/* What the bind of a type says when the questionnaire does not say another. */
static const struct { svy_type type; const char *bind; } TYPES[] = {
    { SVY_T_INTEGER, "int" }, { SVY_T_DECIMAL, "decimal" }, { SVY_T_DATE, "date" }, { SVY_T_TIME, "time" }, { SVY_T_DATETIME, "dateTime" },
    { SVY_T_GEOPOINT, "geopoint" }, { SVY_T_GEOTRACE, "geotrace" }, { SVY_T_GEOSHAPE, "geoshape" }, { SVY_T_BARCODE, "barcode" }, { SVY_T_RANKING, "odk:rank" },
    { SVY_T_PHOTO, "binary" }, { SVY_T_AUDIO, "binary" }, { SVY_T_VIDEO, "binary" }, { SVY_T_FILE, "binary" },
};

static const char *bind_type(const svyi_xform_writer *w, uint32_t item)
{
    const uint32_t said = odk(w, item)->bind_type, type = svy_form_item(w->form, item)->type;
    if (said != 0)
        return svy_form_string(w->form, said);
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (TYPES[i].type == (svy_type)type)
            return TYPES[i].bind;
    return type == SVY_T_NONE ? NULL : "string";
}

static void preload(svyi_xform_writer *w, uint32_t item)
{
    const uint32_t said = odk(w, item)->preload;
    const char *text = said != 0 ? svy_form_string(w->form, said) : "", *blank = strchr(text, ' ');
    if (text[0] == '\0')
        return;
    svyi_buffer_text(&w->out, " jr:preload=\"");
    svyi_xfw_escaped(&w->out, text, blank != NULL ? (size_t)(blank - text) : strlen(text));
    svyi_buffer_text(&w->out, "\"");
    if (blank != NULL)
        svyi_xfw_attribute(&w->out, "jr:preloadParams", blank + 1);
}

/* Every hard check has to hold; the message is that of the first. */
static void constraint(svyi_xform_writer *w, uint32_t item, const char *path)
{
    const svy_item *i = svy_form_item(w->form, item);
    unsigned hard = 0;
    svyi_xfw_cut(&w->part, 0);
    for (uint32_t c = i->first_check; c < i->first_check + i->n_checks; c++)
        hard += !svy_form_check(w->form, c)->soft;
    for (uint32_t c = i->first_check, n = 0; c < i->first_check + i->n_checks; c++) {
        if (svy_form_check(w->form, c)->soft) {
            svyi_xfw_report(w, SVY_WARNING, item, NULL, "ODK clients will not make the soft check '%.80s'", svy_form_rule(w->form, svy_form_check(w->form, c)->that).text);
            continue;
        }
        svyi_buffer_text(&w->part, n++ > 0 ? " and " : "");
        svyi_buffer_text(&w->part, hard > 1 ? "(" : "");
        put_expression(w, svy_form_rule(w->form, svy_form_check(w->form, c)->that).text, &w->part);
        svyi_buffer_text(&w->part, hard > 1 ? ")" : "");
    }
    if (hard == 0)
        return;
    if (hard > 1)
        svyi_xfw_report(w, SVY_NOTE, item, NULL, "%u hard checks share the sentence of the first one in ODK clients", hard);
    w->failed |= w->part.failed;
    if (!w->part.failed)
        svyi_xfw_attribute(&w->out, "constraint", w->part.data);
    if (svy_form_check_text(w->form, i->first_check, 0)[0] != '\0')
        svyi_buffer_format(&w->out, " jr:constraintMsg=\"jr:itext('%s:jr:constraintMsg')\"", path);
}

/* Attributes that are kept for export only, under the names they have there. */
static void kept_attributes(svyi_xform_writer *w, uint32_t item)
{
    static const struct { const char *name, *kept; } KEPT[] = {
        { "orx:max-pixels", "max-pixels" }, { "odk:quality", "quality" }, { "entities:saveto", "odk-saveto" }, { "odk:location-priority", "odk-location-priority" },
        { "odk:location-min-interval", "odk-location-min-interval" }, { "odk:location-max-age", "odk-location-max-age" },
        { "odk:track-changes", "odk-track-changes" }, { "odk:track-changes-reasons", "odk-track-changes-reasons" }, { "odk:identify-user", "odk-identify-user" },
        { "saveIncomplete", "odk-saveIncomplete" }, { "jr:noAppErrorString", "odk-noAppErrorString" },
    };
    for (size_t i = 0; i < sizeof KEPT / sizeof KEPT[0]; i++)
        svyi_xo_kept(w, item, KEPT[i].name, KEPT[i].kept);
}

static void bind(svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const char *path = svyi_xo_path(w, item), *type = bind_type(w, item);
    const size_t before = w->out.len;
    if (path == NULL)
        return;
    svyi_buffer_text(&w->out, "<bind");
    svyi_xfw_attribute(&w->out, "nodeset", path);
    const size_t empty = w->out.len;
    if (type != NULL && type[0] != '\0')
        svyi_xfw_attribute(&w->out, "type", type);
    svyi_xo_rule(w, "relevant", i->relevant);
    if ((i->flags & SVY_ITEM_REQUIRED) != 0)
        svyi_buffer_text(&w->out, " required=\"true()\"");
    svyi_xo_rule(w, "required", i->required);
    if (svyi_xo_has_text(w, item, SVY_REQUIRED_TEXT))
        svyi_buffer_format(&w->out, " jr:requiredMsg=\"jr:itext('%s:jr:requiredMsg')\"", path);
    if ((i->flags & SVY_ITEM_READONLY) != 0)
        svyi_buffer_text(&w->out, " readonly=\"true()\"");
    svyi_xo_rule(w, "readonly", odk(w, item)->readonly);
    if (i->kind == SVY_EL_QUESTION || i->kind == SVY_EL_COMPUTE) {
        svyi_xo_rule(w, "calculate", i->value);
        constraint(w, item, path);
    }
    preload(w, item);
    kept_attributes(w, item);
    if (w->out.len == empty)
        svyi_xfw_cut(&w->out, before);                      /* it would say nothing */
    else
        svyi_buffer_text(&w->out, "/>\n");
}

/* ---- the frame ---- */

static void submission(svyi_xform_writer *w)
{
    static const struct { const char *name, *kept; } ATTRIBUTES[] = {
        { "action", "submission-url" }, { "method", "method" }, { "base64RsaPublicKey", "public-key" }, { "orx:auto-send", "auto-send" }, { "orx:auto-delete", "auto-delete" },
    };
    int any = 0;
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; i++)
        any |= svy_form_attribute(w->form, 0, ATTRIBUTES[i].kept)[0] != '\0';
    if (!any)
        return;
    svyi_buffer_text(&w->out, "<submission");
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; i++)
        svyi_xo_kept(w, 0, ATTRIBUTES[i].name, ATTRIBUTES[i].kept);
    svyi_buffer_text(&w->out, "/>\n");
}

static void write(svyi_xform_writer *w)
{
    static const char *const COMPAT[] = { "strict", "collect", "web" };
    const char *title = svy_form_text(w->form, 0, SVY_TITLE, 0);
    svyi_buffer_text(&w->out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\" "
        "xmlns:odk=\"http://www.opendatakit.org/xforms\" xmlns:orx=\"http://openrosa.org/xforms\" xmlns:ev=\"http://www.w3.org/2001/xml-events\" "
        "xmlns:entities=\"http://www.opendatakit.org/xforms/entities\" xmlns:sv=\"urn:libsurvey:questionnaire:1\" "
        "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\n<h:head>\n<h:title>");
    svyi_xfw_escaped(&w->out, title, strlen(title));
    svyi_buffer_text(&w->out, "</h:title>\n<model odk:xforms-version=\"1.0.0\"");
    if (svy_form_compat(w->form) != SVY_COMPAT_STRICT)
        svyi_xfw_attribute(&w->out, "sv:compat", COMPAT[svy_form_compat(w->form)]);
    svyi_buffer_text(&w->out, ">\n");
    svyi_xo_itext(w);
    svyi_xo_trees(w);
    submission(w);
    for (uint32_t item = 0; item < svy_form_items(w->form); item++)
        bind(w, item);
    svyi_xo_sets(w, 0);
    svyi_buffer_text(&w->out, "</model>\n</h:head>\n");
    svyi_xo_body(w);
    svyi_buffer_text(&w->out, "</h:html>\n");
}

svy_status svyi_xform_write_odk(const svy_alloc *alloc, const svy_form *form, const char *source, svy_diags *diags, svyi_buffer *out, svy_error *err)
{
    svyi_xform_writer w = { .alloc = svyi_alloc_or_default(alloc), .form = form, .source = source, .diags = diags, .err = err };
    svyi_arena_init(&w.arena, alloc);
    svyi_buffer_init(&w.part, alloc);
    w.out = *out;
    w.names = svyi_arena_get(&w.arena, svy_form_items(form) * sizeof *w.names);
    if (w.names != NULL)
        write(&w);
    *out = w.out;
    const int failed = w.names == NULL || w.failed || w.out.failed || w.part.failed;
    svyi_buffer_clear(&w.part);
    svyi_arena_clear(&w.arena);
    return failed ? svyi_nomem(err) : SVY_OK;
}
