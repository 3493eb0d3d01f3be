/* The model of the form: submission, texts, the record, other instances, binds and actions. */
#include "exchange/xlsform/priv.h"

#include <string.h>

/* ---- the record: repeats once as template and once as first instance */

static void write_node(xlsform *x, svyi_buffer *out, xlsform_element *e, int in_instance);

static xlsform_dict *instance_attributes(xlsform *x, xlsform_element *e)
{
    xlsform_dict *d = svyi_xlsform_dict_copy(x, e->instance);

    for (xlsform_entry *a = d != NULL ? d->first : NULL; a != NULL; a = a->next)
        if (a->value.text != NULL)
            a->value.text = svyi_xlsform_resolve(x, a->value.text, e, 0, 0);
    return d;
}

static void root_attributes(xlsform *x, xlsform_dict **d)
{
    static const char *const SETTINGS[][2] = { { "instance_xmlns", "xmlns" }, { "version", "version" }, { "prefix", "odk:prefix" }, { "delimiter", "odk:delimiter" } };
    const xlsform_value *own = svyi_xlsform_dict_find(x->settings, "attribute");

    for (const xlsform_entry *a = own != NULL && own->dict != NULL ? own->dict->first : NULL; a != NULL; a = a->next)
        if (a->value.text != NULL)
            svyi_xlsform_dict_put(x, d, a->key, a->value.text);
    svyi_xlsform_dict_put(x, d, "id", x->id);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        const char *value = svyi_xlsform_dict_text(x->settings, SETTINGS[i][0]);
        if (value != NULL)
            svyi_xlsform_dict_put(x, d, SETTINGS[i][1], value);
    }
}

static void start(svyi_buffer *out, const char *name)
{
    svyi_buffer_text(out, "<");
    svyi_buffer_text(out, name);
}

static void finish(svyi_buffer *out, const char *name, size_t tag_end)
{
    if (out->len == tag_end && out->len > 0) {
        out->data[out->len - 1] = '/';
        svyi_buffer_text(out, ">");
        return;
    }
    svyi_buffer_text(out, "</");
    svyi_buffer_text(out, name);
    svyi_buffer_text(out, ">");
}

/* The template of a repeat. Repeats directly in it are templates too. */
static void write_template(xlsform *x, svyi_buffer *out, xlsform_element *repeat)
{
    start(out, repeat->name);
    svyi_buffer_text(out, " jr:template=\"\">");
    const size_t at = out->len;
    for (xlsform_element *c = repeat->first; c != NULL; c = c->next) {
        if (c->kind == XLSFORM_REPEAT)
            write_template(x, out, c);
        else if (c->kind != XLSFORM_EXTERNAL)
            write_node(x, out, c, 0);
    }
    finish(out, repeat->name, at);
}

/* Children of a section; `in_instance`: of the first instance of a repeat, where repeats have no template of their own. */
static void write_children(xlsform *x, svyi_buffer *out, xlsform_element *section, int in_instance)
{
    for (xlsform_element *c = section->first; c != NULL && !out->failed; c = c->next) {
        if (c->kind == XLSFORM_EXTERNAL || c->kind == XLSFORM_ATTRIBUTE)
            continue;
        if (c->flat) {
            write_children(x, out, c, 0);
            continue;
        }
        const int with_template = c->kind == XLSFORM_REPEAT && !in_instance;
        if (with_template)
            write_template(x, out, c);
        write_node(x, out, c, in_instance || with_template);
    }
}

static void write_node(xlsform *x, svyi_buffer *out, xlsform_element *e, int in_instance)
{
    xlsform_dict *attributes = instance_attributes(x, e);

    if (e->kind == XLSFORM_ROOT)
        root_attributes(x, &attributes);
    for (const xlsform_element *c = e->first; c != NULL; c = c->next)
        if (c->kind == XLSFORM_ATTRIBUTE)
            svyi_xlsform_dict_put(x, &attributes, c->name, c->value);
    start(out, e->name);
    svyi_xlsform_attributes(x, out, attributes);
    svyi_buffer_text(out, ">");
    const size_t at = out->len;
    if (e->kind == XLSFORM_QUESTION && e->default_value != NULL && !svyi_xlsform_is_dynamic(e->default_value, e->type))
        svyi_xlsform_escape(out, e->default_value, 0);
    write_children(x, out, e, in_instance);
    finish(out, e->name, at);
}

/* ---- binds */

static int is_convertible(const char *key)
{
    static const char *const KEYS[] = { "readonly", "required", "relevant", "constraint", "calculate" };

    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (strcmp(key, KEYS[i]) == 0)
            return 1;
    return 0;
}

static const char *bind_value(xlsform *x, xlsform_element *e, const xlsform_entry *b)
{
    const char *text = b->value.text;
    const int message = strcmp(b->key, "jr:constraintMsg") == 0 || strcmp(b->key, "jr:requiredMsg") == 0;
    const int itext = (message && (text == NULL || svyi_xlsform_has_reference(text))) || (strcmp(b->key, "jr:noAppErrorString") == 0 && text == NULL);

    if (itext)
        return svyi_xlsform_format(x, "jr:itext('%s')", svyi_xlsform_text_id(x, e, b->key));
    if (text == NULL) {
        svyi_xlsform_problem(x, "survey", e->row, "leave out what follows the colons", "'%s' has several texts in '%s', which takes one", e->name, b->key);
        return "";
    }
    const int yes = is_convertible(b->key) && strchr(text, '(') == NULL ? svyi_xlsform_yes_no(text) : -1;
    if (yes >= 0)
        return yes ? "true()" : "false()";
    return svyi_xlsform_resolve(x, text, e, 0, 0);
}

static void write_bind(xlsform *x, svyi_buffer *out, xlsform_element *e)
{
    if (e->bind == NULL || e->flat)
        return;
    svyi_buffer_text(out, "<bind");
    svyi_xlsform_attribute(x, out, "nodeset", svyi_xlsform_path(x, e));
    for (const xlsform_entry *b = e->bind->first; b != NULL; b = b->next)
        if (strcmp(b->key, "nodeset") != 0 && !(e->triggers != NULL && strcmp(b->key, "calculate") == 0))
            svyi_xlsform_attribute(x, out, b->key, bind_value(x, e, b));
    svyi_buffer_text(out, "/>");
}

static void write_binds(xlsform *x, svyi_buffer *out)
{
    for (xlsform_element *e = x->root; e != NULL && !svyi_xlsform_failed(x) && !out->failed; e = svyi_xlsform_next(e, x->root)) {
        write_bind(x, out, e);
        for (const xlsform_action *a = e->actions; a != NULL; a = a->next)
            if (a->event != XLSFORM_NEW_REPEAT)
                svyi_xlsform_write_action(x, out, e, a);
    }
}

/* ---- the model */

static void write_submission(xlsform *x, svyi_buffer *out)
{
    static const char *const TEXTS[][2] = { { "submission_url", "action" }, { "public_key", "base64RsaPublicKey" } };
    static const char *const SWITCHES[][2] = { { "auto_send", "orx:auto-send" }, { "auto_delete", "orx:auto-delete" }, { "client_editable", "odk:client-editable" } };
    xlsform_dict *d = NULL;

    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        const char *value = svyi_xlsform_dict_text(x->settings, TEXTS[i][0]);
        if (value != NULL && value[0] != '\0')
            svyi_xlsform_dict_put(x, &d, TEXTS[i][1], value);
        if (i == 0 && d != NULL)
            svyi_xlsform_dict_put(x, &d, "method", "post");
    }
    for (size_t i = 0; i < sizeof SWITCHES / sizeof SWITCHES[0]; i++)
        if (svyi_xlsform_dict_find(x->settings, SWITCHES[i][0]) != NULL)
            svyi_xlsform_dict_put(x, &d, SWITCHES[i][1], "true");
    if (d == NULL)
        return;
    svyi_buffer_text(out, "<submission");
    svyi_xlsform_attributes(x, out, d);
    svyi_buffer_text(out, "/>");
}

void svyi_xlsform_write_model(xlsform *x, svyi_buffer *out)
{
    svyi_buffer_text(out, "<model odk:xforms-version=\"1.0.0\"");
    if (x->entities_version != NULL)
        svyi_buffer_format(out, " entities:entities-version=\"%s\"", x->entities_version);
    svyi_buffer_text(out, ">");
    write_submission(x, out);
    svyi_xlsform_write_texts(x, out);
    svyi_buffer_text(out, "<instance>");
    write_node(x, out, x->root, 0);
    svyi_buffer_text(out, "</instance>");
    svyi_xlsform_write_instances(x, out);
    write_binds(x, out);
    svyi_buffer_text(out, "</model>");
}
