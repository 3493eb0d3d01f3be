/* Texts of an XForm as cells: one column for each language and medium, ${name} for the paths of nodes. */
#include "exchange/xlsform/write_priv.h"
#include "base/text.h"
#include <string.h>

static const char LAST_SAVED[] = "instance('__last-saved')";

/* ---- expressions ---- */

static int is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':' || (unsigned char)c >= 0x80;
}

/* End of the path that begins at `at`: names, dots and slashes. */
static size_t path_end(const char *text, size_t at)
{
    static const char CURRENT[] = "current()/";
    if (strncmp(text + at, LAST_SAVED, sizeof LAST_SAVED - 1) == 0)
        at += sizeof LAST_SAVED - 1;
    else if (strncmp(text + at, CURRENT, sizeof CURRENT - 1) == 0)
        at += sizeof CURRENT - 1;
    while (is_name(text[at]) || text[at] == '/')
        at++;
    return at;
}

static int in_same_repeat(const svyi_xlw_node *from, const svyi_xlw_node *to)
{
    for (const svyi_xlw_node *around = to; around != NULL; around = around->parent)
        for (const svyi_xlw_node *mine = from; around->repeat != NULL && mine != NULL; mine = mine->parent)
            if (mine == around)
                return 1;
    return 0;
}

/* The node that the path text[at..end) names, if ${name} would come back as the same path. */
static const svyi_xlw_node *referred(svyi_xlw *w, const svyi_xlw_node *from, const char *text, size_t at, size_t end, int *last_saved)
{
    *last_saved = strncmp(text + at, LAST_SAVED, sizeof LAST_SAVED - 1) == 0;
    const size_t path = at + (*last_saved ? sizeof LAST_SAVED - 1 : 0);
    if (end <= path || memchr(text + path, '/', end - path) == NULL || text[end - 1] == '/')
        return NULL;
    const svyi_xlw_node *n = svyi_xlw_resolve(w, from, text + path, end - path);
    if (n == NULL || n->in_meta || n->shared_name || n == w->root || n->parent == NULL)
        return NULL;
    if (w->spaced)
        return at > 0 && text[at - 1] == ' ' && text[end] == ' ' ? n : NULL;
    /* an absolute path within a repeat may mean all its instances; ${name} never does */
    return text[path] == '/' && !*last_saved && in_same_repeat(from, n) ? NULL : n;
}

static int may_begin(const char *text, size_t at)
{
    const char c = text[at];
    if (c != '/' && c != '.' && strncmp(text + at, "current()/", 10) != 0 && strncmp(text + at, LAST_SAVED, sizeof LAST_SAVED - 1) != 0)
        return 0;
    return at == 0 || (!is_name(text[at - 1]) && text[at - 1] != ')' && text[at - 1] != ']' && text[at - 1] != '/' && text[at - 1] != '}');
}

static void add_expression(svyi_xlw *w, svyi_buffer *out, const svyi_xlw_node *from, const char *text)
{
    char quote = 0;
    for (size_t at = 0; text[at] != '\0';) {
        const char c = text[at];
        if (!w->spaced && (c == '\'' || c == '"') && (quote == 0 || quote == c))
            quote = quote == 0 ? c : 0;
        int last_saved = 0;
        const size_t end = quote == 0 && may_begin(text, at) ? path_end(text, at) : at;
        const svyi_xlw_node *n = end > at ? referred(w, from, text, at, end, &last_saved) : NULL;
        if (n == NULL) {
            const size_t next = end > at ? end : at + 1;
            svyi_buffer_add(out, text + at, next - at);
            at = next;
            continue;
        }
        if (w->spaced && out->len > 0 && out->data[out->len - 1] == ' ')
            out->data[--out->len] = '\0';
        svyi_buffer_text(out, last_saved ? "${last-saved#" : "${");
        svyi_buffer_text(out, n->name);
        svyi_buffer_text(out, "}");
        at = end + (w->spaced != 0);
    }
}

static const char *trimmed(svyi_xlw *w, svyi_buffer *b)
{
    const char *text = b->data != NULL ? b->data : "";
    size_t len = b->len;
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    while (len > 0 && strchr(" \t\r\n", *text) != NULL) {
        text++;
        len--;
    }
    char *own = b->failed ? NULL : svyi_arena_text(&w->arena, text, len);
    w->failed |= own == NULL;
    svyi_buffer_clear(b);
    return own != NULL ? own : "";
}

const char *svyi_xlw_expression(svyi_xlw *w, const svyi_xlw_node *from, const char *text)
{
    svyi_buffer b;
    svyi_buffer_init(&b, &w->arena.alloc);
    add_expression(w, &b, from, text);
    return trimmed(w, &b);
}

/* ---- words ---- */

static int is_reference(const char *text)
{
    const char *close = strchr(text, '}');
    return strncmp(text, "${", 2) == 0 && close != NULL && close[1] == '\0';
}

/* What a text shows. A path alone is one answer, so that even an absolute one within a repeat, which elsewhere may mean all entries, is ${name}. */
static const char *shown_in_text(svyi_xlw *w, const svyi_xlw_node *from, const char *value)
{
    const char *shown = svyi_xlw_expression(w, from, value);
    const svyi_xlw_node *n = *shown == '/' ? svyi_xlw_resolve(w, from, shown, strlen(shown)) : NULL;
    if (n == NULL || n->in_meta || n->shared_name || n == w->root || n->parent == NULL)
        return shown;
    const char *reference = svyi_xlw_join(w, "${", n->name, "}");
    return reference != NULL ? reference : shown;
}

static const char *words(svyi_xlw *w, const svyi_xlw_node *from, const svyi_xml *x)
{
    svyi_buffer b;
    svyi_buffer_init(&b, &w->arena.alloc);
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL) {
            svyi_buffer_text(&b, c->text);
            continue;
        }
        const char *value = strcmp(c->name, "output") == 0 ? svyi_xml_get(c, "value") != NULL ? svyi_xml_get(c, "value") : svyi_xml_get(c, "ref") : NULL;
        const char *shown = value != NULL ? shown_in_text(w, from, value) : "";
        if (is_reference(shown) || strncmp(shown, "instance(", 9) == 0)
            svyi_buffer_text(&b, shown);
        else
            svyi_xlw_note(w, SVY_WARNING, c, from != NULL ? from->name : "", "put the expression into a calculate question and show that",
                         "a text shows '%.100s', but in an XLSForm a text can only show answers: it is left out there", value != NULL ? value : c->name);
    }
    return trimmed(w, &b);
}

static const char *column(svyi_xlw *w, const char *base, const char *language)
{
    return strcmp(language, "default") == 0 ? base : svyi_xlw_join(w, base, "::", language);
}

/* Column of a form of a text; NULL when there is none. */
static const char *form_column(const char *form, const char *base)
{
    static const struct { const char *form, *column; } FORMS[] = {
        { "image", "media::image" }, { "big-image", "media::big-image" }, { "audio", "media::audio" }, { "video", "media::video" }, { "guidance", "guidance_hint" }
    };
    if (form == NULL || *form == '\0' || strcmp(form, "long") == 0)
        return base;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++)
        if (strcmp(form, FORMS[i].form) == 0)
            return FORMS[i].column;
    return NULL;
}

/* "jr://images/a.jpg" is written as "a.jpg". */
static const char *file_name(const char *text)
{
    static const char SCHEME[] = "jr://";
    const char *slash = strncmp(text, SCHEME, sizeof SCHEME - 1) == 0 ? strchr(text + sizeof SCHEME - 1, '/') : NULL;
    return slash != NULL ? slash + 1 : text;
}

/* In which languages a form of a text says something other than "-", which stands for a translation that is missing:
   1 in the default one, 2 in another, 3 in both. */
static int is_said(svyi_xlw *w, const char *id, const char *form)
{
    int said = 0;
    for (size_t i = 0; i < w->n_languages; i++) {
        uint32_t number;
        if (!svyi_map_find(&w->languages[i].texts, id, strlen(id), &number))
            continue;
        for (const svyi_xml *v = w->texts[number]->first; v != NULL; v = v->next) {
            const char *own = v->name != NULL ? svyi_xml_get(v, "form") : NULL;
            if (v->name != NULL && (own == form || (own != NULL && form != NULL && strcmp(own, form) == 0)) &&
                (v->first == NULL || v->first->next != NULL || strcmp(svyi_xlw_content(v), "-") != 0))
                said |= strcmp(w->languages[i].name, "default") == 0 ? 1 : 2;
        }
    }
    return said;
}

static void put_value(svyi_xlw *w, int sheet, const svyi_xlw_node *from, const char *id, const svyi_xml *v, const char *base, const char *language)
{
    const char *form = svyi_xml_get(v, "form"), *to = form_column(form, base);
    if (to == NULL) {
        svyi_xlw_note(w, SVY_NOTE, v, from != NULL ? from->name : id, NULL, "the form '%.60s' of a text has no place in an XLSForm", form);
        return;
    }
    const char *text = words(w, from, v), *header = column(w, to, language);
    if (strcmp(text, "-") == 0 && (is_said(w, id, form) & 2) != 0)       /* a blank cell becomes "-" where another has a translation */
        return;
    if (header != NULL)
        svyi_xlw_put(w, sheet, header, strncmp(to, "media::", 7) == 0 ? file_name(text) : text);
}

void svyi_xlw_itext(svyi_xlw *w, int sheet, const svyi_xlw_node *from, const char *id, const char *base)
{
    uint32_t number;
    for (size_t i = 0; i < w->n_languages && !w->failed; i++)
        if (svyi_map_find(&w->languages[i].texts, id, strlen(id), &number))
            for (const svyi_xml *v = w->texts[number]->first; v != NULL; v = v->next)
                if (v->name != NULL)
                    put_value(w, sheet, from, id, v, base, w->languages[i].name);
}

/* The id in "jr:itext('id')"; NULL when it is something else. */
static const char *itext_id(svyi_xlw *w, const char *ref)
{
    static const char CALL[] = "jr:itext(";
    while (*ref == ' ')
        ref++;
    if (strncmp(ref, CALL, sizeof CALL - 1) != 0)
        return NULL;
    ref += sizeof CALL - 1;
    const char quote = *ref, *end = quote == '\'' || quote == '"' ? strrchr(ref + 1, quote) : NULL;
    if (end == NULL)
        return NULL;
    const char *id = svyi_arena_text(&w->arena, ref + 1, (size_t)(end - ref - 1));
    w->failed |= id == NULL;
    return id;
}

void svyi_xlw_text(svyi_xlw *w, int sheet, const svyi_xlw_node *from, const svyi_xml *x, const char *base)
{
    const char *ref = x != NULL ? svyi_xml_get(x, "ref") : NULL, *id = ref != NULL ? itext_id(w, ref) : NULL;
    if (id != NULL)
        svyi_xlw_itext(w, sheet, from, id, base);
    else if (x != NULL)
        svyi_xlw_put(w, sheet, base, words(w, from, x));
}

void svyi_xlw_message(svyi_xlw *w, const svyi_xlw_node *from, const char *value, const char *base)
{
    const char *id = itext_id(w, value);
    if (id != NULL)
        svyi_xlw_itext(w, SVYI_OUT_SURVEY, from, id, base);
    else
        svyi_xlw_put(w, SVYI_OUT_SURVEY, base, svyi_xlw_expression(w, from, value));
}
