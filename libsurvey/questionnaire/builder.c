/* The builder: the elements of a questionnaire as a tree, with their attributes, texts and translations, before anything is understood. */
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "questionnaire/questionnaire_priv.h"

svy_status svy_builder_new(const svy_alloc *alloc, const char *source, svy_builder **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    const svy_alloc a = svyi_alloc_or_default(alloc);
    svy_builder *b = svyi_get(&a, sizeof *b);
    if (b == NULL)
        return svyi_nomem(err);
    memset(b, 0, sizeof *b);
    b->alloc = a;
    svyi_arena_init(&b->arena, &a);
    svyi_q_trees_init(b);
    b->source = source != NULL ? svyi_arena_text(&b->arena, source, strlen(source)) : "";
    if (b->source == NULL || svyi_grow(&a, &b->elements, &b->capacity, 1, sizeof *b->elements) != 0) {
        svy_builder_free(b);
        return svyi_nomem(err);
    }
    memset(&b->elements[0], 0, sizeof b->elements[0]);
    b->n = 1;
    *out = b;
    return SVY_OK;
}

void svy_builder_free(svy_builder *b)
{
    if (b == NULL)
        return;
    const svy_alloc a = b->alloc;
    svyi_release(&a, b->elements, b->capacity * sizeof *b->elements);
    svyi_release(&a, b->targets, b->targets_capacity * sizeof *b->targets);
    svyi_q_trees_clear(b);
    svyi_arena_clear(&b->arena);
    svyi_release(&a, b, sizeof *b);
}

/* A copy of a text from outside. */
static svy_status copy(svy_builder *b, const char *text, int line, const char *what, const char **out, svy_error *err)
{
    const size_t len = text != NULL ? strlen(text) : 0;

    *out = "";
    if (len > SVYI_Q_TEXT)
        return svyi_fail_at(err, SVY_E_LIMIT, b->source, line, 0, 0, "%s is longer than %d bytes", what, (int)SVYI_Q_TEXT);
    if (len > 0 && !svyi_utf8_valid(text, len))
        return svyi_fail_at(err, SVY_E_VALUE, b->source, line, 0, 0, "%s is not valid UTF-8", what);
    if (len > 0 && (*out = svyi_arena_text(&b->arena, text, len)) == NULL) {
        *out = "";
        return svyi_nomem(err);
    }
    return SVY_OK;
}

static svy_status copy_attributes(svy_builder *b, const svy_attribute *from, size_t n, svyi_q_element *e, svy_error *err)
{
    svy_attribute *to = svyi_arena_get(&b->arena, n * sizeof *to);
    svy_status st = SVY_OK;

    if (to == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < n && st == SVY_OK; i++) {
        to[i] = (svy_attribute){ .line = from[i].line > 0 ? from[i].line : e->line, .column = from[i].column };
        st = copy(b, from[i].name, e->line, "the name of an attribute", &to[i].name, err);
        if (st == SVY_OK)
            st = copy(b, from[i].value, e->line, "an attribute", &to[i].value, err);
    }
    e->attributes = to;
    e->n_attributes = (uint32_t)n;
    return st;
}

/* An element often comes from the same file as the one before it: their names share memory. */
static svy_status name_source(svy_builder *b, const char *source, const char **out, svy_error *err)
{
    const char *before = b->elements[b->n - 1].source;

    *out = b->source;
    if (source == NULL || strcmp(source, b->source) == 0)
        return SVY_OK;
    if (before != NULL && strcmp(source, before) == 0) {
        *out = before;
        return SVY_OK;
    }
    return copy(b, source, 0, "the name of a file", out, err);
}

static svy_status check_place(const svy_builder *b, uint32_t parent, svy_element kind, int line, svy_error *err)
{
    if (b->n > SVYI_Q_ELEMENTS)
        return svyi_fail_at(err, SVY_E_LIMIT, b->source, line, 0, 0, "the questionnaire has more than %d elements", (int)SVYI_Q_ELEMENTS);
    if (parent != 0 && b->elements[parent].depth >= SVYI_Q_DEPTH)
        return svyi_fail_at(err, SVY_E_LIMIT, b->source, line, 0, 0, "elements are nested more than %d deep", (int)SVYI_Q_DEPTH);
    if (kind < SVY_EL_QUESTIONNAIRE || kind > SVY_EL_ITEXT)
        return svyi_fail(err, SVY_E_ARG, "there is no element of kind %d", (int)kind);
    if ((kind == SVY_EL_QUESTIONNAIRE) != (parent == 0))
        return svyi_fail(err, SVY_E_ARG, "the first element is the questionnaire, and there is one");
    return SVY_OK;
}

/* Puts an element that is complete into the tree, last among its parent's. */
static svy_status append(svy_builder *b, const svyi_q_element *e, uint32_t *element, svy_error *err)
{
    if (svyi_grow(&b->alloc, &b->elements, &b->capacity, b->n + 1, sizeof *b->elements) != 0)
        return svyi_nomem(err);
    const uint32_t number = (uint32_t)b->n++;
    svyi_q_element *parent = &b->elements[e->parent];
    b->elements[number] = *e;
    if (e->parent == 0)
        b->root = number;
    else if (parent->last == 0)
        parent->first = number;
    else
        b->elements[parent->last].next = number;
    if (e->parent != 0)
        parent->last = number;
    *element = number;
    return SVY_OK;
}

svy_status svy_builder_add(svy_builder *b, uint32_t parent, svy_element kind, const svy_attribute *attributes, size_t n,
                           const char *source, int line, uint32_t *element, svy_error *err)
{
    SVY_REQUIRE(element != NULL, err);
    *element = 0;
    SVY_REQUIRE(b != NULL && parent < b->n, err);
    SVY_REQUIRE(attributes != NULL || n == 0, err);
    if (parent == 0)
        parent = b->root;
    svy_status st = check_place(b, parent, kind, line, err);
    svyi_q_element e = { .parent = parent, .kind = kind, .line = line, .depth = b->elements[parent].depth + 1 };
    if (st == SVY_OK && n > SVYI_Q_ATTRIBUTES)
        st = svyi_fail_at(err, SVY_E_LIMIT, b->source, line, 0, 0, "an element has more than %d attributes", (int)SVYI_Q_ATTRIBUTES);
    if (st == SVY_OK)
        st = name_source(b, source, &e.source, err);
    if (st == SVY_OK)
        st = copy_attributes(b, attributes, n, &e, err);
    return st == SVY_OK ? append(b, &e, element, err) : st;
}

svy_status svy_builder_text(svy_builder *b, uint32_t element, svy_role role, const char *text, int line, svy_error *err)
{
    SVY_REQUIRE(b != NULL && element > 0 && element < b->n, err);
    SVY_REQUIRE(role >= SVY_TITLE && role <= SVY_VIDEO && text != NULL, err);
    svyi_q_words **at = &b->elements[element].texts;
    while (*at != NULL && (*at)->role != (uint32_t)role)
        at = &(*at)->next;
    const char *own;
    const svy_status st = copy(b, text, line, "a text", &own, err);
    if (st != SVY_OK)
        return st;
    if (*at == NULL) {
        svyi_q_words *words = svyi_arena_get(&b->arena, sizeof *words);
        if (words == NULL)
            return svyi_nomem(err);
        *at = words;
    }
    (*at)->role = (uint32_t)role;
    (*at)->line = line;
    (*at)->text = own;
    return SVY_OK;
}

/* Translations come file by file: their language and file are kept once. `field` is the one of the translation before. */
static svy_status share(svy_builder *b, const char *text, size_t field, const char **out, svy_error *err)
{
    if (b->n_targets > 0)
        memcpy(out, (const char *)&b->targets[b->n_targets - 1] + field, sizeof *out);
    if (b->n_targets > 0 && strcmp(*out, text) == 0)
        return SVY_OK;
    return copy(b, text, 0, "the name of a language or a file", out, err);
}

svy_status svy_builder_translate(svy_builder *b, const char *lang, const char *unit, const char *source_text, const char *target,
                                 const char *source, int line, svy_error *err)
{
    svyi_q_target t = { .line = line };

    SVY_REQUIRE(b != NULL && lang != NULL && unit != NULL && target != NULL, err);
    if (lang[0] == '\0' || strlen(lang) > SVYI_Q_ID)
        return svyi_fail_at(err, SVY_E_VALUE, source, line, 0, 0, "'%.64s' is not a language", lang);
    svy_status st = share(b, lang, offsetof(svyi_q_target, lang), &t.lang, err);
    if (st == SVY_OK)
        st = share(b, source != NULL ? source : b->source, offsetof(svyi_q_target, source), &t.source, err);
    if (st == SVY_OK)
        st = copy(b, unit, line, "the name of a text", &t.unit, err);
    if (st == SVY_OK)
        st = copy(b, source_text, line, "a text", &t.from, err);
    if (st == SVY_OK)
        st = copy(b, target, line, "a translation", &t.to, err);
    if (st == SVY_OK && svyi_grow(&b->alloc, &b->targets, &b->targets_capacity, b->n_targets + 1, sizeof *b->targets) != 0)
        st = svyi_nomem(err);
    if (st == SVY_OK)
        b->targets[b->n_targets++] = t;
    return st;
}

const svy_attribute *svyi_q_attribute(const svy_builder *b, uint32_t element, const char *name)
{
    const svyi_q_element *e = &b->elements[element];

    for (uint32_t i = 0; i < e->n_attributes; i++)
        if (strcmp(e->attributes[i].name, name) == 0)
            return &e->attributes[i];
    return NULL;
}

const char *svyi_q_value(const svy_builder *b, uint32_t element, const char *name)
{
    const svy_attribute *a = svyi_q_attribute(b, element, name);

    return a != NULL ? a->value : "";
}

const svyi_q_words *svyi_q_text(const svy_builder *b, uint32_t element, svy_role role)
{
    const svyi_q_words *w = b->elements[element].texts;

    while (w != NULL && w->role != (uint32_t)role)
        w = w->next;
    return w;
}

const char *svyi_q_element_name(svy_element kind)
{
    static const char *const NAMES[] = { "", "questionnaire", "parameter", "choices", "choice", "section", "question",
                                         "grid", "row", "roster", "note", "compute", "check", "end",
                                         "property", "set", "text" };

    return (size_t)kind < sizeof NAMES / sizeof NAMES[0] ? NAMES[kind] : "";
}
