/* XML of the form: escapes, attributes, labels with outputs, actions, namespaces. */
#include "base/text.h"
#include "exchange/xlsform/priv.h"

#include <string.h>

static const char *const NAMESPACES[][2] = {
    { "h", "http://www.w3.org/1999/xhtml" }, { "ev", "http://www.w3.org/2001/xml-events" }, { "xsd", "http://www.w3.org/2001/XMLSchema" },
    { "jr", "http://openrosa.org/javarosa" }, { "orx", "http://openrosa.org/xforms" }, { "odk", "http://www.opendatakit.org/xforms" },
};
enum { STANDARD = sizeof NAMESPACES / sizeof NAMESPACES[0] };

/* Bytes that XML cannot hold: control characters, and what is not UTF-8 or no character. 0 when the character at `p` is fine. */
static size_t unwritable(const unsigned char *p)
{
    if (*p < 0x20)
        return *p == '\t' || *p == '\n' || *p == '\r' ? 0 : 1;
    if (*p == 0xef && p[1] == 0xbf && (p[2] == 0xbe || p[2] == 0xbf))
        return 3;
    return 0;
}

void svyi_xlsform_escape(svyi_buffer *out, const char *text, int attribute)
{
    const char *from = text;

    for (const char *p = text; *p != '\0'; p++) {
        const char *as = *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : attribute && *p == '"' ? "&quot;" : NULL;
        const size_t bad = as == NULL ? unwritable((const unsigned char *)p) : 0;
        if (as == NULL && bad == 0)
            continue;
        svyi_buffer_add(out, from, (size_t)(p - from));
        svyi_buffer_text(out, as != NULL ? as : "\xef\xbf\xbd");
        from = p + (as != NULL ? 1 : bad);
        p = from - 1;
    }
    svyi_buffer_text(out, from);
}

/* ---- namespaces: those of ODK, that of entities, and those of the setting: sv="urn:example" */

static const char *next_setting(const char *p, size_t *prefix, size_t *whole)
{
    p += strspn(p, " \t\r\n");
    *whole = strcspn(p, " \t\r\n");
    *prefix = strcspn(p, "= \t\r\n");
    return p;
}

/* One "=" and a prefix before it. */
static int is_declaration(const char *p, size_t prefix, size_t whole)
{
    return prefix > 0 && prefix < whole && memchr(p + prefix + 1, '=', whole - prefix - 1) == NULL;
}

static int is_standard(const char *p, size_t len)
{
    for (size_t i = 0; i < STANDARD; i++)
        if (strlen(NAMESPACES[i][0]) == len && strncmp(NAMESPACES[i][0], p, len) == 0)
            return 1;
    return 0;
}

/* The declaration of a prefix in the setting; NULL when there is none. */
static const char *declared(const xlsform *x, const char *name, size_t len)
{
    const char *p = svyi_xlsform_dict_text(x->settings, "namespaces");
    size_t prefix, whole;

    for (p = p != NULL ? next_setting(p, &prefix, &whole) : ""; *p != '\0'; p = next_setting(p + whole, &prefix, &whole))
        if (is_declaration(p, prefix, whole) && prefix == len && strncmp(p, name, len) == 0)
            return p;
    return NULL;
}

int svyi_xlsform_prefix_known(const xlsform *x, const char *name)
{
    const char *colon = strchr(name, ':');

    if (colon == NULL)
        return 1;
    const size_t len = (size_t)(colon - name);
    return is_standard(name, len) || (len == 3 && strncmp(name, "xml", 3) == 0) || (len == 5 && strncmp(name, "xmlns", 5) == 0) ||
           (x->entities_version != NULL && len == 8 && strncmp(name, "entities", 8) == 0) || declared(x, name, len) != NULL;
}

void svyi_xlsform_write_namespaces(xlsform *x, svyi_buffer *out)
{
    const char *p = svyi_xlsform_dict_text(x->settings, "namespaces");
    size_t prefix, whole;

    svyi_buffer_text(out, " xmlns=\"http://www.w3.org/2002/xforms\"");
    for (size_t i = 0; i < STANDARD; i++)
        svyi_buffer_format(out, " xmlns:%s=\"%s\"", NAMESPACES[i][0], NAMESPACES[i][1]);
    for (p = p != NULL ? next_setting(p, &prefix, &whole) : ""; *p != '\0'; p = next_setting(p + whole, &prefix, &whole)) {
        if (!is_declaration(p, prefix, whole) || is_standard(p, prefix) || declared(x, p, prefix) != p)
            continue;
        const char *name = svyi_xlsform_text(x, p, prefix);
        if (!svyi_xlsform_is_name(name) || strchr(name, ':') != NULL) {
            svyi_xlsform_problem(x, "settings", 2, "write prefix=\"address\"", "namespaces: '%s' cannot be a prefix", name);
            continue;
        }
        char *uri = svyi_xlsform_get(x, whole + 1);
        size_t n = 0;
        for (size_t i = prefix + 1; uri != NULL && i < whole; i++)
            if (p[i] != '"' && p[i] != '\'')
                uri[n++] = p[i];
        svyi_buffer_format(out, " xmlns:%s=\"", name);
        svyi_xlsform_escape(out, uri != NULL ? uri : "", 1);
        svyi_buffer_text(out, "\"");
    }
    if (x->entities_version != NULL && declared(x, "entities", 8) == NULL)
        svyi_buffer_text(out, " xmlns:entities=\"http://www.opendatakit.org/xforms/entities\"");
}

/* ---- attributes */

void svyi_xlsform_attribute(xlsform *x, svyi_buffer *out, const char *name, const char *value)
{
    if (!svyi_xlsform_is_name(name)) {
        svyi_xlsform_problem(x, "survey", 1, "write it with letters, digits, - . _", "'%s', the last part of a column, cannot be the name of an attribute", name);
        return;
    }
    if (!svyi_xlsform_prefix_known(x, name)) {
        svyi_xlsform_problem(x, "survey", 1, "declare it in the setting namespaces: prefix=\"address\"", "the attribute '%s' has a prefix that is not declared", name);
        return;
    }
    svyi_buffer_text(out, " ");
    svyi_buffer_text(out, name);
    svyi_buffer_text(out, "=\"");
    svyi_xlsform_escape(out, value, 1);
    svyi_buffer_text(out, "\"");
}

void svyi_xlsform_attributes(xlsform *x, svyi_buffer *out, const xlsform_dict *d)
{
    for (const xlsform_entry *e = d != NULL ? d->first : NULL; e != NULL; e = e->next)
        svyi_xlsform_attribute(x, out, e->key, e->value.text != NULL ? e->value.text : "");
}

/* ---- texts */

/* What stands between the tags of a label. Where outputs and text mix, there is a blank at the front of a text and at the end. */
void svyi_xlsform_write_content(xlsform *x, svyi_buffer *out, const char *text, xlsform_element *context)
{
    int changed, children = 0, texts = 0;
    const char *content = svyi_xlsform_content(x, text, context, &changed);

    if (!changed) {
        svyi_buffer_text(out, content);
        return;
    }
    for (const char *p = content; *p != '\0'; children++) {
        const char *mark = *p == '<' ? strchr(p, '>') : strchr(p, '<');
        texts += *p != '<';
        p = mark == NULL ? p + strlen(p) : *p == '<' ? mark + 1 : mark;
    }
    if (texts > 0 && children > 1 && content[0] != '<')
        svyi_buffer_text(out, " ");
    svyi_buffer_text(out, content);
    if (texts > 0 && children > 1)
        svyi_buffer_text(out, " ");
}

static const char *event_name(xlsform_event event)
{
    static const char *const NAMES[] = { "odk-instance-first-load", "odk-instance-load", "odk-new-repeat" };

    return NAMES[event];
}

void svyi_xlsform_write_action(xlsform *x, svyi_buffer *out, xlsform_element *e, const xlsform_action *a)
{
    const char *value = a->value;

    if (e->default_value != NULL && e->default_value[0] != '\0')
        value = e->dynamic_default || svyi_xlsform_is_dynamic(e->default_value, e->type) ? svyi_xlsform_resolve(x, e->default_value, e, 0, 0) : e->default_value;
    svyi_buffer_format(out, "<%s", a->name);
    svyi_xlsform_attribute(x, out, "ref", svyi_xlsform_path(x, e));
    svyi_xlsform_attribute(x, out, "event", event_name(a->event));
    if (strcmp(a->name, "setvalue") == 0 && value != NULL && value[0] != '\0')
        svyi_xlsform_attribute(x, out, "value", value);
    if (a->quality != NULL)
        svyi_xlsform_attribute(x, out, "odk:quality", a->quality);
    svyi_buffer_text(out, "/>");
}
