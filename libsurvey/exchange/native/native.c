/* Native XML to builder: every element with its attributes and texts, shared code lists in their place. */
#include "exchange/native/tree.h"
#include <string.h>

enum { ATTRIBUTES = 64 };

static const struct { const char *name; svy_element kind; } ELEMENTS[] = {
    { "parameter", SVY_EL_PARAMETER }, { "choices", SVY_EL_CHOICES }, { "choice", SVY_EL_CHOICE }, { "section", SVY_EL_SECTION },
    { "question", SVY_EL_QUESTION }, { "grid", SVY_EL_GRID }, { "row", SVY_EL_ROW }, { "roster", SVY_EL_ROSTER }, { "note", SVY_EL_NOTE },
    { "compute", SVY_EL_COMPUTE }, { "check", SVY_EL_CHECK }, { "end", SVY_EL_END }, { "property", SVY_EL_PROPERTY }, { "set", SVY_EL_SET },
    { "text", SVY_EL_ITEXT },
};
static const struct { const char *name; svy_role role; } TEXTS[] = {
    { "title", SVY_TITLE }, { "description", SVY_DESCRIPTION }, { "label", SVY_LABEL }, { "hint", SVY_HINT }, { "instruction", SVY_INSTRUCTION },
    { "required", SVY_REQUIRED_TEXT }, { "guidance", SVY_GUIDANCE }, { "short", SVY_SHORT }, { "image", SVY_IMAGE }, { "big-image", SVY_BIG_IMAGE },
    { "audio", SVY_AUDIO }, { "video", SVY_VIDEO },
};

/* Where an element is in the builder. An element at a wrong place (which was reported) still goes where it can be, so that what refers
   to it is not reported too. */
typedef struct place { uint32_t element, container, root; int odk; } place;

static svy_element element_kind(const char *name)
{
    for (size_t i = 0; i < sizeof ELEMENTS / sizeof ELEMENTS[0]; i++)
        if (strcmp(ELEMENTS[i].name, name) == 0)
            return ELEMENTS[i].kind;
    return (svy_element)0;
}

static svy_role text_role(const char *name)
{
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        if (strcmp(TEXTS[i].name, name) == 0)
            return TEXTS[i].role;
    return (svy_role)0;
}

/* Role of the text that stands directly in an element; 0 when none does. */
static svy_role own_role(svy_element kind)
{
    switch (kind) {
    case SVY_EL_CHOICE: case SVY_EL_ROW: case SVY_EL_NOTE: case SVY_EL_ITEXT: return SVY_LABEL;
    case SVY_EL_CHECK: case SVY_EL_END: case SVY_EL_PROPERTY: return SVY_TEXT;
    case SVY_EL_QUESTIONNAIRE: case SVY_EL_PARAMETER: case SVY_EL_CHOICES: case SVY_EL_SECTION: case SVY_EL_QUESTION: case SVY_EL_GRID:
    case SVY_EL_ROSTER: case SVY_EL_COMPUTE: case SVY_EL_SET: break;
    }
    return (svy_role)0;
}

static uint32_t parent_of(svy_element kind, const place *in)
{
    switch (kind) {
    case SVY_EL_PARAMETER: case SVY_EL_CHOICES: case SVY_EL_ITEXT: return in->root;
    case SVY_EL_CHOICE: case SVY_EL_ROW: case SVY_EL_CHECK: case SVY_EL_PROPERTY: case SVY_EL_SET: return in->element;
    case SVY_EL_QUESTIONNAIRE: case SVY_EL_SECTION: case SVY_EL_QUESTION: case SVY_EL_GRID: case SVY_EL_ROSTER: case SVY_EL_NOTE:
    case SVY_EL_COMPUTE: case SVY_EL_END: break;
    }
    return in->container;
}

static int holds_items(svy_element kind)
{
    return kind == SVY_EL_QUESTIONNAIRE || kind == SVY_EL_SECTION || kind == SVY_EL_ROSTER;
}

/* What an ODK list says of a choice is a value: its blanks count. */
static const char *value_of(svyi_buffer *out, const svyi_xml *element)
{
    out->len = 0;
    svyi_buffer_text(out, "");
    for (const svyi_xml *c = element->first; c != NULL; c = c->next)
        if (c->name == NULL)
            svyi_buffer_text(out, c->text);
    return out->failed ? NULL : out->data;
}

/* The text of an element without that of elements in it, white space collapsed; lives until the next call. NULL when out of memory. */
static const char *text_of(svyi_buffer *out, const svyi_xml *element)
{
    if (value_of(out, element) == NULL)
        return NULL;
    out->len = svyi_xml_collapse(out->data, out->len);
    return out->data;
}

static svy_status add_text(svyi_reader *r, uint32_t element, svy_role role, const svyi_xml *x)
{
    const char *text = role == SVY_TEXT && strcmp(x->name, "property") == 0 ? value_of(&r->text, x) : text_of(&r->text, x);
    if (text == NULL)
        return svyi_nomem(r->err);
    const svyi_xml *first = x->first;
    while (first != NULL && first->name != NULL)
        first = first->next;
    return first == NULL || text[0] == '\0' ? SVY_OK : svy_builder_text(r->builder, element, role, text, first->line, r->err);
}

static svy_status add_element(svyi_reader *r, uint32_t parent, svy_element kind, const svyi_xml *x, const char *leave_out, const char *source,
                              uint32_t *element)
{
    svy_attribute attributes[ATTRIBUTES];
    size_t n = 0;
    for (size_t i = 0; i < x->n && n < ATTRIBUTES; i++)
        if (leave_out == NULL || strcmp(x->attributes[i].name, leave_out) != 0)
            attributes[n++] = (svy_attribute){ x->attributes[i].name, x->attributes[i].value, x->attributes[i].line, x->attributes[i].column };
    return svy_builder_add(r->builder, parent, kind, attributes, n, source, x->line, element, r->err);
}

/* ---- shared lists ---- */

/* 1 when the list itself says what this shared choice is (its name, its validity): its own word counts. */
static int says_itself(const svyi_xml *choices, const svyi_xml *shared)
{
    const char *code = svyi_xml_get(shared, "code");
    for (const svyi_xml *c = choices->first; c != NULL && code != NULL; c = c->next) {
        const char *own = c->name != NULL && strcmp(c->name, "choice") == 0 ? svyi_xml_get(c, "code") : NULL;
        if (own != NULL && strcmp(own, code) == 0)
            return 1;
    }
    return 0;
}

static svy_status use_shared(svyi_reader *r, svyi_shared *shared, const svyi_xml *choices, uint32_t list)
{
    const char *id = svyi_xml_get(choices, "id");
    svy_status st = SVY_OK;
    if (id != NULL) {
        if (svyi_grow(&r->alloc, &shared->lists, &shared->capacity, shared->n_lists + 1, sizeof *shared->lists) != 0)
            return svyi_nomem(r->err);
        shared->lists[shared->n_lists++] = id;
    }
    for (const svyi_xml *c = shared->file.root->first; c != NULL && st == SVY_OK; c = c->next) {
        uint32_t choice;
        if (c->name == NULL || strcmp(c->name, "choice") != 0 || says_itself(choices, c))
            continue;
        st = add_element(r, list, SVY_EL_CHOICE, c, NULL, shared->file.source, &choice);
        if (st == SVY_OK)
            st = add_text(r, choice, SVY_LABEL, c);
    }
    return st;
}

static svy_status add_choices(svyi_reader *r, uint32_t parent, const svyi_xml *x, uint32_t *element)
{
    svyi_shared *shared = NULL;
    svy_status st = SVY_OK;
    const int from_file = svyi_xml_get(x, "source") != NULL;
    if (from_file)
        st = svyi_shared_open(r, x, &shared);
    if (st != SVY_OK)
        return st;
    svyi_xml both = *x;
    svyi_xml_attribute attributes[ATTRIBUTES];
    const svyi_xml_attribute *order = shared != NULL ? svyi_xml_attribute_find(shared->file.root, "order") : NULL;
    if (order != NULL && svyi_xml_get(x, "order") == NULL && x->n < ATTRIBUTES) {    /* the list's own order unless the questionnaire says another */
        for (size_t i = 0; i < x->n; i++)
            attributes[i] = x->attributes[i];
        attributes[both.n++] = *order;
        both.attributes = attributes;
    }
    st = add_element(r, parent, SVY_EL_CHOICES, &both, "source", NULL, element);
    if (st == SVY_OK && shared != NULL)
        st = use_shared(r, shared, x, *element);
    return st;
}

/* ---- the tree ---- */

static svy_status load_below(svyi_reader *r, const svyi_xml *x, const place *in);

static svy_status load_element(svyi_reader *r, const svyi_xml *x, svy_element kind, const place *in)
{
    place at = *in;
    svy_status st = kind == SVY_EL_CHOICES ? add_choices(r, parent_of(kind, in), x, &at.element)
                                           : add_element(r, parent_of(kind, in), kind, x, NULL, NULL, &at.element);
    if (kind == SVY_EL_QUESTIONNAIRE)
        at.root = at.element;
    if (holds_items(kind))
        at.container = at.element;
    if (st == SVY_OK && own_role(kind) != 0)
        st = add_text(r, at.element, own_role(kind), x);
    return st == SVY_OK ? load_below(r, x, &at) : st;
}

/* Recursion: as deep as the file, which the limits bound. */
static svy_status load_below(svyi_reader *r, const svyi_xml *x, const place *in)
{
    svy_status st = SVY_OK;
    for (const svyi_xml *c = x->first; c != NULL && st == SVY_OK; c = c->next) {
        if (c->name == NULL || c->foreign)
            continue;
        if (in->odk && svyi_native_is_tree(c)) {
            st = svyi_native_tree(r, c);
            continue;
        }
        const svy_element kind = element_kind(c->name);
        if (kind != 0)
            st = load_element(r, c, kind, in);
        else if (text_role(c->name) != 0)
            st = add_text(r, in->element, text_role(c->name), c);
        else
            st = load_below(r, c, in);       /* unknown, reported: what stands in it counts all the same */
    }
    return st;
}

svy_status svyi_native_load(svyi_reader *r)
{
    const char *expressions = svyi_xml_get(r->file.root, "expressions");
    const place outside = { .odk = expressions != NULL && strcmp(expressions, "odk") == 0 };
    return load_element(r, r->file.root, SVY_EL_QUESTIONNAIRE, &outside);
}
