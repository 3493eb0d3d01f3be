/* Texts of an XForm: labels that stand in the form or in itext, in every language, with their outputs as ${expression}. */
#include "exchange/xform/xform.h"
#include <stdlib.h>
#include <string.h>

static const struct { const char *form; svy_role role; } FORMS[] = {
    { "long", SVY_LABEL }, { "short", SVY_SHORT }, { "guidance", SVY_GUIDANCE }, { "image", SVY_IMAGE }, { "big-image", SVY_BIG_IMAGE },
    { "audio", SVY_AUDIO }, { "video", SVY_VIDEO },
};
/* Names of units: what translations are called in the questionnaire. */
static const struct { svy_role role; const char *name; } UNITS[] = {
    { SVY_TITLE, "title" }, { SVY_LABEL, "label" }, { SVY_HINT, "hint" }, { SVY_TEXT, "text" }, { SVY_REQUIRED_TEXT, "required" }, { SVY_GUIDANCE, "guidance" },
    { SVY_SHORT, "short" }, { SVY_IMAGE, "image" }, { SVY_BIG_IMAGE, "big-image" }, { SVY_AUDIO, "audio" }, { SVY_VIDEO, "video" },
};

static const char *unit_name(svy_role role)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++)
        if (UNITS[i].role == role)
            return UNITS[i].name;
    return "";
}

/* ---- itext ---- */

static svyi_xform_text *text_named(svyi_xform *f, const char *id, const svyi_xml *x)
{
    uint32_t number = (uint32_t)f->n_texts;
    const int found = svyi_map_add(&f->text_ids, id, strlen(id), &number);
    if (found > 0)
        return &f->texts[number];
    if (found < 0 || svyi_grow(&f->r->alloc, &f->texts, &f->texts_capacity, f->n_texts + 1, sizeof *f->texts) != 0) {
        svyi_xform_nomem(f);
        return NULL;
    }
    f->texts[f->n_texts] = (svyi_xform_text){ .id = id, .line = svyi_xform_line(f, x) };
    return &f->texts[f->n_texts++];
}

static void take_value(svyi_xform *f, svyi_xform_text *text, uint32_t lang, const svyi_xml *x)
{
    const char *form = svyi_xform_value_of(x, "form");
    svy_role role = form == NULL ? SVY_LABEL : (svy_role)0;
    for (size_t i = 0; role == 0 && i < sizeof FORMS / sizeof FORMS[0]; i++)
        if (strcmp(FORMS[i].form, form) == 0)
            role = FORMS[i].role;
    if (role == 0) {
        svyi_xform_tell(f, SVY_NOTE, x, NULL, "", "texts in the form '%.40s' are not known here and are left out", form);
        return;
    }
    svyi_xform_value **end = &text->values;
    for (; *end != NULL; end = &(*end)->next)
        if ((*end)->lang == lang && (*end)->role == role)
            return;                                     /* the first counts */
    if ((*end = svyi_xform_get(f, sizeof **end)) != NULL)
        **end = (svyi_xform_value){ .lang = lang, .role = role, .x = x };
}

static void take_translation(svyi_xform *f, uint32_t lang, const svyi_xml *x)
{
    for (const svyi_xml *t = svyi_xform_child(x, "text"); t != NULL && f->st == SVY_OK; t = svyi_xform_next(t, "text")) {
        const char *id = svyi_xform_value_of(t, "id");
        svyi_xform_text *text = id != NULL ? text_named(f, id, t) : NULL;
        for (const svyi_xml *v = svyi_xform_child(t, "value"); text != NULL && v != NULL && f->st == SVY_OK; v = svyi_xform_next(v, "value"))
            take_value(f, text, lang, v);
    }
}

static void add_language(svyi_xform *f, const svyi_xml *translation)
{
    const char *name = svyi_xform_value_of(translation, "lang");
    if (f->n_languages >= 100) {
        svyi_xform_tell(f, SVY_PROBLEM, translation, NULL, "split the form", "there are more than 100 translations");
        return;
    }
    if (svyi_grow(&f->r->alloc, &f->languages, &f->languages_capacity, f->n_languages + 1, sizeof *f->languages) != 0) {
        svyi_xform_nomem(f);
        return;
    }
    name = name != NULL ? name : "default";
    const char *tag = svyi_xform_tag(f, name);
    f->languages[f->n_languages++] = (svyi_xform_language){ name, tag != NULL ? tag : "und" };
}

void svyi_xform_itext(svyi_xform *f)
{
    const svyi_xml *itext = svyi_xform_child(f->model, "itext"), *first = svyi_xform_child(itext, "translation"), *source = first;
    for (const svyi_xml *t = first; t != NULL; t = svyi_xform_next(t, "translation")) {
        const char *mark = svyi_xform_value_of(t, "default");
        if (mark != NULL && strncmp(mark, "true", 4) == 0) {
            source = t;
            break;
        }
    }
    if (source == NULL)
        return;
    add_language(f, source);
    take_translation(f, 0, source);
    for (const svyi_xml *t = first; t != NULL && f->st == SVY_OK; t = svyi_xform_next(t, "translation")) {
        if (t == source)
            continue;
        add_language(f, t);
        take_translation(f, f->n_languages - 1, t);
    }
}

const char *svyi_xform_itext_id(svyi_xform *f, const char *ref)
{
    const char *at = ref + strspn(ref, " \t\r\n");
    if (strncmp(at, "jr:itext", 8) != 0)
        return NULL;
    at += 8 + strspn(at + 8, " \t\r\n");
    if (*at != '(')
        return NULL;
    at += 1 + strspn(at + 1, " \t\r\n");
    const char quote = *at, *end = quote == '\'' || quote == '"' ? strchr(at + 1, quote) : NULL;
    if (end == NULL || end[1 + strspn(end + 1, " \t\r\n")] != ')')
        return NULL;
    return svyi_xform_copy(f, at + 1, (size_t)(end - at) - 1);
}

/* ---- what is in a text ---- */

static int is_name(const char *text)
{
    size_t n = 0;
    for (; text[n] != '\0'; n++) {
        const char c = text[n];
        const int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
        if (!letter && (n == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':')))
            return 0;
    }
    return n > 0;
}

static void add_output(svyi_xform *f, const svyi_xml *x)
{
    const char *value = svyi_xform_value_of(x, "value");
    value = svyi_xform_trim(f, value != NULL ? value : svyi_xform_value_of(x, "ref"));
    if (value == NULL)
        return;
    svyi_buffer_text(&f->text, is_name(value) ? "${./" : "${");
    svyi_buffer_text(&f->text, value);
    svyi_buffer_text(&f->text, "}");
}

/* What reads like the beginning of an expression is written as one that gives it. */
static void add_run(svyi_xform *f, const char *text)
{
    for (const char *at = strstr(text, "${"); at != NULL; at = strstr(text, "${")) {
        svyi_buffer_add(&f->text, text, (size_t)(at - text));
        svyi_buffer_text(&f->text, "${'$'}{");
        text = at + 2;
    }
    svyi_buffer_text(&f->text, text);
}

static void add_words(svyi_xform *f, const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL)
            add_run(f, c->text);
        else if (strcmp(c->name, "output") == 0)
            add_output(f, c);
        else
            add_words(f, c);
    }
}

/* White space as ours: blanks one by one; line ends, which mean something there, as line separators (U+2028), which stay. */
static void settle(svyi_buffer *out, const char *text)
{
    while (*text != '\0') {
        const size_t blanks = strspn(text, " \t\r\n"), plain = strcspn(text + blanks, " \t\r\n");
        size_t lines = 0;
        for (size_t i = 0; i < blanks; i++)
            lines += text[i] == '\n';
        if (blanks > 0 && out->len > 0 && plain > 0 && lines == 0)
            svyi_buffer_add(out, " ", 1);
        for (size_t i = 0; i < lines && i < 10 && out->len > 0 && plain > 0; i++)
            svyi_buffer_text(out, "\xE2\x80\xA8");
        svyi_buffer_add(out, text + blanks, plain);
        text += blanks + plain;
    }
}

static const char *settled(svyi_xform *f, const char *text)
{
    f->key.len = 0;
    svyi_buffer_text(&f->key, "");
    settle(&f->key, text);
    if (f->key.failed)
        svyi_xform_nomem(f);
    const char *out = f->st == SVY_OK ? svyi_xform_copy(f, f->key.data, f->key.len) : NULL;
    return out != NULL ? out : "";
}

static const char *words_of(svyi_xform *f, const svyi_xml *x)
{
    f->text.len = 0;
    svyi_buffer_text(&f->text, "");
    add_words(f, x);
    if (f->text.failed)
        svyi_xform_nomem(f);
    return f->st == SVY_OK ? settled(f, f->text.data) : "";
}

/* ---- where a text goes ---- */

static void give(svyi_xform *f, const svyi_xml *at, const svyi_xform_words *to, svy_role role, const char *text)
{
    if (f->st == SVY_OK && text[0] != '\0')
        f->st = svy_builder_text(f->r->builder, to->element, role, text, svyi_xform_line(f, at), f->r->err);
}

/* The role that a value has where it is shown; 0 when it means nothing there. */
static svy_role shown_as(svy_role role, const svyi_xform_words *to)
{
    if (role == SVY_LABEL)
        return to->role;
    if (to->role == SVY_TEXT || to->role == SVY_REQUIRED_TEXT || (to->role == SVY_HINT && role != SVY_GUIDANCE))
        return (svy_role)0;
    return role;
}

static const char *unit_of(svyi_xform *f, const svyi_xform_words *to, svy_role role)
{
    if (!to->whole_unit)
        return svyi_xform_unit(f, to->unit, unit_name(role));
    return role == to->role ? to->unit : svyi_xform_unit(f, svyi_xform_unit(f, to->unit, "/"), unit_name(role));
}

static void keep(svyi_xform *f, const svyi_xform_target *t)
{
    if (svyi_grow(&f->r->alloc, &f->targets, &f->targets_capacity, f->n_targets + 1, sizeof *f->targets) == 0)
        f->targets[f->n_targets++] = *t;
    else
        svyi_xform_nomem(f);
}

/* One form of a text in all languages. The first value is the one that the others translate: in the source language where there is one. */
static void give_form(svyi_xform *f, const svyi_xform_value *first, const svyi_xform_words *to, svy_role role)
{
    const char *source = words_of(f, first->x);
    give(f, first->x, to, role, source);
    if (f->n_languages < 2 || source[0] == '\0' || f->st != SVY_OK)
        return;
    const char *unit = unit_of(f, to, role);
    for (const svyi_xform_value *v = first->next; v != NULL && f->st == SVY_OK; v = v->next) {
        const char *words = v->role == first->role ? words_of(f, v->x) : "";
        if (words[0] != '\0')
            keep(f, &(svyi_xform_target){ v->lang, unit, source, words, svyi_xform_line(f, v->x), f->n_targets });
    }
}

static int came_before(const svyi_xform_value *from, const svyi_xform_value *v)
{
    for (; from != v; from = from->next)
        if (from->role == v->role)
            return 1;
    return 0;
}

void svyi_xform_itext_at(svyi_xform *f, const svyi_xml *at, const char *id, const svyi_xform_words *to)
{
    uint32_t number;
    if (!svyi_map_find(&f->text_ids, id, strlen(id), &number)) {
        svyi_xform_tell(f, SVY_WARNING, at, NULL, "add it to the translations", "there is no text '%.200s' in itext", id);
        return;
    }
    const svyi_xform_text *text = &f->texts[number];
    for (const svyi_xform_value *v = text->values; v != NULL && f->st == SVY_OK; v = v->next) {
        const svy_role role = shown_as(v->role, to);
        if (came_before(text->values, v) || (v->lang > 0 && f->compat == SVY_COMPAT_WEB))
            continue;                                   /* ODK Web Forms shows nothing where the source language has no text */
        if (role != 0)
            give_form(f, v, to, role);
        else
            svyi_xform_tell(f, SVY_NOTE, v->x, NULL, "", "text '%.200s' has a form that is not shown where it is used (%s): left out", id, unit_name(v->role));
        if (v->lang > 0)
            svyi_xform_tell(f, SVY_NOTE, v->x, NULL, "", "text '%.200s' is not there in the language '%.60s': '%.60s' stands in its place", id,
                            f->languages[0].name, f->languages[v->lang].name);
    }
}

/* An expression where a text is expected: shown as its value. */
static void give_expression(svyi_xform *f, const svyi_xml *at, const char *expression, const svyi_xform_words *to)
{
    const char *trimmed = svyi_xform_trim(f, expression);
    f->texts_by_id |= strstr(expression, "jr:itext") != NULL;
    if (trimmed != NULL)
        give(f, at, to, to->role, svyi_xform_unit(f, svyi_xform_unit(f, is_name(trimmed) ? "${./" : "${", trimmed), "}"));
}

void svyi_xform_label(svyi_xform *f, const svyi_xml *x, const svyi_xform_words *to)
{
    const char *ref = x != NULL ? svyi_xform_value_of(x, "ref") : NULL;
    const char *id = ref != NULL ? svyi_xform_itext_id(f, ref) : NULL;
    if (x == NULL || f->st != SVY_OK)
        return;
    if (id != NULL)
        svyi_xform_itext_at(f, x, id, to);
    else if (ref != NULL)
        give_expression(f, x, ref, to);
    else
        give(f, x, to, to->role, words_of(f, x));
}

/* The same words in the same languages give the same bytes. */
static int add_words_key(svyi_xform *f, const svyi_xml *x, svyi_buffer *key)
{
    const char *words = words_of(f, x);
    svyi_buffer_add(key, words, strlen(words) + 1);
    return strstr(words, "${") == NULL;
}

int svyi_xform_label_key(svyi_xform *f, const svyi_xml *label, svyi_buffer *key)
{
    const char *ref = label != NULL ? svyi_xform_value_of(label, "ref") : NULL;
    const char *id = ref != NULL ? svyi_xform_itext_id(f, ref) : NULL;
    uint32_t number;
    if (label == NULL)
        return 1;
    if (ref == NULL)
        return add_words_key(f, label, key);
    if (id == NULL || !svyi_map_find(&f->text_ids, id, strlen(id), &number))
        return 0;
    for (const svyi_xform_value *v = f->texts[number].values; v != NULL; v = v->next) {
        svyi_buffer_u32(key, v->lang);
        svyi_buffer_u32(key, v->role);
        if (!add_words_key(f, v->x, key))
            return 0;
    }
    return 1;
}

void svyi_xform_message(svyi_xform *f, const svyi_xml *at, const char *message, const svyi_xform_words *to)
{
    const char *id = svyi_xform_itext_id(f, message);
    if (f->st != SVY_OK)
        return;
    if (id != NULL) {
        svyi_xform_itext_at(f, at, id, to);
        return;
    }
    f->text.len = 0;
    svyi_buffer_text(&f->text, "");
    add_run(f, message);
    if (f->text.failed)
        svyi_xform_nomem(f);
    if (f->st == SVY_OK)
        give(f, at, to, to->role, settled(f, f->text.data));
}

static int by_language(const void *a, const void *b)
{
    const svyi_xform_target *x = a, *y = b;
    if (x->lang != y->lang)
        return x->lang < y->lang ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* As files of translations come: the languages by their tags, each with its texts in order. */
void svyi_xform_translate(svyi_xform *f)
{
    if (f->n_targets > 0)
        qsort(f->targets, f->n_targets, sizeof *f->targets, by_language);
    for (uint32_t done = 0, last = 0; done + 1 < f->n_languages && f->st == SVY_OK; done++) {
        uint32_t lang = 0;
        size_t i = 0;
        for (uint32_t l = 1; l < f->n_languages; l++)
            if ((last == 0 || strcmp(f->languages[l].tag, f->languages[last].tag) > 0) &&
                (lang == 0 || strcmp(f->languages[l].tag, f->languages[lang].tag) < 0))
                lang = l;
        while (i < f->n_targets && f->targets[i].lang != lang)
            i++;
        for (; i < f->n_targets && f->targets[i].lang == lang && f->st == SVY_OK; i++) {
            const svyi_xform_target *t = &f->targets[i];
            f->st = svy_builder_translate(f->r->builder, f->languages[lang].tag, t->unit, t->from, t->to, f->r->source, t->line, f->r->err);
        }
        last = lang;
    }
}

void svyi_xform_itext_all(svyi_xform *f)
{
    for (size_t i = 0; i < f->n_texts && f->st == SVY_OK && f->texts_by_id; i++) {
        const svyi_xform_text *text = &f->texts[i];
        svyi_xform_attributes a = { .n = 0 };
        const svyi_xml *at = text->values != NULL ? text->values->x : NULL;
        if (at == NULL)
            continue;
        svyi_xform_put(f, &a, "id", text->id, at);
        const uint32_t element = svyi_xform_add(f, f->questionnaire, SVY_EL_ITEXT, &a, at);
        const svyi_xform_words to = { element, svyi_xform_unit(f, "text/", text->id), SVY_LABEL, 1 };
        if (element != 0)
            svyi_xform_itext_at(f, at, text->id, &to);
    }
}
