/* A questionnaire that was built, written as native XML that people can read. */
#include "exchange/native/write.h"
#include "base/error.h"
#include "questionnaire/built.h"
#include <string.h>

static const struct { svy_role role; const char *name; } TEXTS[] = {
    { SVY_TITLE, "title" }, { SVY_DESCRIPTION, "description" }, { SVY_LABEL, "label" }, { SVY_HINT, "hint" }, { SVY_INSTRUCTION, "instruction" },
    { SVY_GUIDANCE, "guidance" }, { SVY_SHORT, "short" }, { SVY_REQUIRED_TEXT, "required" }, { SVY_IMAGE, "image" }, { SVY_BIG_IMAGE, "big-image" },
    { SVY_AUDIO, "audio" }, { SVY_VIDEO, "video" },
};

static void indent(svyi_buffer *out, unsigned depth)
{
    for (; depth > 0; depth--)
        svyi_buffer_add(out, "  ", 2);
}

/* A text as content or as the value of an attribute. Line separators, which nobody sees, are written as what they are. */
static void escape(svyi_buffer *out, const char *text, int attribute)
{
    const char *from = text;
    for (const char *at = text; *at != '\0'; at++) {
        const char *instead = *at == '&' ? "&amp;" : *at == '<' ? "&lt;" : *at == '\r' ? "&#13;" : NULL;
        size_t len = 1;
        if (attribute && instead == NULL)
            instead = *at == '"' ? "&quot;" : *at == '\n' ? "&#10;" : *at == '\t' ? "&#9;" : NULL;
        if (*at == '>' && at - text >= 2 && at[-1] == ']' && at[-2] == ']')
            instead = "&gt;";
        if (strncmp(at, "\xE2\x80\xA8", 3) == 0) {
            instead = "&#x2028;";
            len = 3;
        }
        if (instead == NULL)
            continue;
        svyi_buffer_add(out, from, (size_t)(at - from));
        svyi_buffer_text(out, instead);
        at += len - 1;
        from = at + 1;
    }
    svyi_buffer_text(out, from);
}

static void put_attribute(svyi_buffer *out, const char *name, const char *value)
{
    svyi_buffer_format(out, " %s=\"", name);
    escape(out, value, 1);
    svyi_buffer_add(out, "\"", 1);
}

static void put_leaf(svyi_buffer *out, unsigned depth, const char *name, const char *text)
{
    indent(out, depth);
    svyi_buffer_format(out, "<%s>", name);
    escape(out, text, 0);
    svyi_buffer_format(out, "</%s>\n", name);
}

/* ---- trees ---- */

static int is_attribute(const svy_builder *b, uint32_t node) { return b->node_names[b->nodes[node].name][0] == '@'; }

/* Recursion: the builder bounds the depth. */
static void put_node(const svy_builder *b, svyi_buffer *out, unsigned depth, uint32_t node, uint32_t base)
{
    const svyi_q_node *n = &b->nodes[node];
    const char *name = b->node_names[n->name];
    const uint32_t end = base + n->end;
    uint32_t at = node + 1;
    indent(out, depth);
    svyi_buffer_format(out, "<%s", name);
    for (; at < end && is_attribute(b, at); at = base + b->nodes[at].end)
        put_attribute(out, b->node_names[b->nodes[at].name] + 1, b->nodes[at].text != NULL ? b->nodes[at].text : "");
    if (at == end) {
        if (n->text == NULL || n->text[0] == '\0') {
            svyi_buffer_text(out, "/>\n");
            return;
        }
        svyi_buffer_add(out, ">", 1);
        escape(out, n->text, 0);
        svyi_buffer_format(out, "</%s>\n", name);
        return;
    }
    svyi_buffer_text(out, ">\n");
    for (; at < end; at = base + b->nodes[at].end)
        put_node(b, out, depth + 1, at, base);
    indent(out, depth);
    svyi_buffer_format(out, "</%s>\n", name);
}

/* A file's name without its folder; what is no file stays as it is. */
static const char *file_name(const char *source)
{
    const char *slash = strncmp(source, "jr://instance/", 14) == 0 ? NULL : strrchr(source, '/');
    return slash != NULL ? slash + 1 : source;
}

static void put_tree(const svy_builder *b, svyi_buffer *out, const svyi_q_tree *t)
{
    indent(out, 1);
    svyi_buffer_text(out, t->id[0] == '\0' ? "<record" : "<instance");
    if (t->id[0] != '\0')
        put_attribute(out, "id", t->id);
    if (strcmp(t->source, b->source) != 0) {
        put_attribute(out, "source", file_name(t->source));
        svyi_buffer_text(out, "/>\n");
        return;
    }
    svyi_buffer_text(out, ">\n");
    if (t->n > 0)
        put_node(b, out, 2, t->first, t->first);
    indent(out, 1);
    svyi_buffer_text(out, t->id[0] == '\0' ? "</record>\n" : "</instance>\n");
}

/* ---- elements ---- */

/* The role whose text stands directly in the element; 0 when none does. A label among other things has an element of its own. */
static svy_role own_role(const svyi_q_element *e)
{
    const svyi_q_words *w = e->texts;
    if (e->kind == SVY_EL_CHECK || e->kind == SVY_EL_END || e->kind == SVY_EL_PROPERTY)
        return SVY_TEXT;
    if (e->kind != SVY_EL_CHOICE && e->kind != SVY_EL_ROW && e->kind != SVY_EL_NOTE && e->kind != SVY_EL_ITEXT)
        return (svy_role)0;
    return e->first == 0 && w != NULL && w->next == NULL && w->role == SVY_LABEL ? SVY_LABEL : (svy_role)0;
}

static const char *element_name(svy_element kind)
{
    return kind == SVY_EL_PROPERTY ? "property" : kind == SVY_EL_SET ? "set" : kind == SVY_EL_ITEXT ? "text" : svyi_q_element_name(kind);
}

static int has_others(const svyi_q_element *e, svy_role own)
{
    for (const svyi_q_words *w = e->texts; w != NULL; w = w->next)
        if ((svy_role)w->role != own)
            return 1;
    return e->first != 0;
}

static void put_texts(const svy_builder *b, svyi_buffer *out, unsigned depth, uint32_t element, svy_role own)
{
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        const svyi_q_words *w = TEXTS[i].role == own ? NULL : svyi_q_text(b, element, TEXTS[i].role);
        if (w != NULL)
            put_leaf(out, depth, TEXTS[i].name, w->text);
    }
}

static void put_element(const svy_builder *b, svyi_buffer *out, unsigned depth, uint32_t element);

/* What stands in the questionnaire: lists and parameters, then the trees, then all else. */
static void put_parts(const svy_builder *b, svyi_buffer *out, uint32_t first)
{
    for (uint32_t c = first; c != 0; c = b->elements[c].next)
        if (b->elements[c].kind == SVY_EL_CHOICES || b->elements[c].kind == SVY_EL_PARAMETER)
            put_element(b, out, 1, c);
    for (size_t i = 0; i < b->n_trees; i++)
        if (b->trees[i].id[0] != '\0')
            put_tree(b, out, &b->trees[i]);
    for (size_t i = 0; i < b->n_trees; i++)
        if (b->trees[i].id[0] == '\0')
            put_tree(b, out, &b->trees[i]);
    for (uint32_t c = first; c != 0; c = b->elements[c].next)
        if (b->elements[c].kind != SVY_EL_CHOICES && b->elements[c].kind != SVY_EL_PARAMETER)
            put_element(b, out, 1, c);
}

static void put_attributes(const svyi_q_element *e, svyi_buffer *out)
{
    if (e->kind == SVY_EL_QUESTIONNAIRE)
        put_attribute(out, "xmlns", "urn:libsurvey:questionnaire:1");
    for (uint32_t i = 0; i < e->n_attributes; i++)
        put_attribute(out, e->attributes[i].name, e->attributes[i].value);
}

/* Recursion: the builder bounds the depth. */
static void put_element(const svy_builder *b, svyi_buffer *out, unsigned depth, uint32_t element)
{
    const svyi_q_element *e = &b->elements[element];
    const svy_role own = own_role(e);
    const svyi_q_words *w = own != 0 ? svyi_q_text(b, element, own) : NULL;
    const char *name = element_name(e->kind);
    const int others = has_others(e, own) || (e->kind == SVY_EL_QUESTIONNAIRE && b->n_trees > 0);
    indent(out, depth);
    svyi_buffer_format(out, "<%s", name);
    put_attributes(e, out);
    if (w == NULL && !others) {
        svyi_buffer_text(out, "/>\n");
        return;
    }
    svyi_buffer_add(out, ">", 1);
    if (w != NULL)
        escape(out, w->text, 0);
    if (others) {
        svyi_buffer_add(out, "\n", 1);
        put_texts(b, out, depth + 1, element, own);
        if (e->kind == SVY_EL_QUESTIONNAIRE)
            put_parts(b, out, e->first);
        for (uint32_t c = e->kind != SVY_EL_QUESTIONNAIRE ? e->first : 0; c != 0; c = b->elements[c].next)
            put_element(b, out, depth + 1, c);
        indent(out, depth);
    }
    svyi_buffer_format(out, "</%s>\n", name);
}

svy_status svyi_native_write(const svy_builder *b, svyi_buffer *out, svy_error *err)
{
    svyi_buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put_element(b, out, 0, b->root);
    return out->failed ? svyi_nomem(err) : SVY_OK;
}

/* ---- translations ---- */

const char *svyi_native_language(const svy_builder *b, const char *tag)
{
    const char *next = NULL, *seen = NULL;
    for (size_t i = 0; i < b->n_targets; i++) {
        const char *lang = b->targets[i].lang;
        if (lang != seen && strcmp(lang, tag) > 0 && (next == NULL || strcmp(lang, next) < 0))
            next = lang;
        seen = lang;
    }
    return next;
}

void svyi_native_begin_units(const svy_builder *b, const char *lang, const char *original, svyi_buffer *out)
{
    svyi_buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xliff version=\"1.2\" xmlns=\"urn:oasis:names:tc:xliff:document:1.2\">\n  <file");
    put_attribute(out, "original", original);
    put_attribute(out, "source-language", svyi_q_value(b, b->root, "xml:lang"));
    put_attribute(out, "target-language", lang);
    svyi_buffer_text(out, " datatype=\"xml\">\n    <body>\n");
}

void svyi_native_put_unit(svyi_buffer *out, const char *unit, const char *text, const char *to, int changed)
{
    svyi_buffer_text(out, "      <trans-unit");
    put_attribute(out, "id", unit);
    svyi_buffer_text(out, ">\n");
    put_leaf(out, 4, "source", text);
    if (to[0] != '\0' && !changed)
        put_leaf(out, 4, "target", to);
    else {
        svyi_buffer_text(out, changed ? "        <target state=\"needs-translation\">" : "        <target state=\"new\">");
        escape(out, to, 0);
        svyi_buffer_text(out, "</target>\n");
    }
    svyi_buffer_text(out, "      </trans-unit>\n");
}

svy_status svyi_native_end_units(svyi_buffer *out, svy_error *err)
{
    svyi_buffer_text(out, "    </body>\n  </file>\n</xliff>\n");
    return out->failed ? svyi_nomem(err) : SVY_OK;
}

svy_status svyi_native_write_xliff(const svy_builder *b, const char *lang, const char *original, svyi_buffer *out, svy_error *err)
{
    svyi_native_begin_units(b, lang, original, out);
    for (size_t i = 0; i < b->n_targets; i++)
        if (strcmp(b->targets[i].lang, lang) == 0)
            svyi_native_put_unit(out, b->targets[i].unit, b->targets[i].from, b->targets[i].to, 0);
    return svyi_native_end_units(out, err);
}
