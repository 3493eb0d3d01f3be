/* Makes patterns of a RELAX NG file. */
#include "exchange/schema/priv.h"
#include "base/number.h"
#include <string.h>

extern const unsigned char svyi_questionnaire_rng[];
extern const size_t svyi_questionnaire_rng_size;

static const char RELAXNG[] = "http://relaxng.org/ns/structure/1.0";

static const struct { const char *name; pattern_kind kind; } KINDS[] = {
    { "empty", P_EMPTY }, { "text", P_TEXT }, { "element", P_ELEMENT }, { "attribute", P_ATTRIBUTE }, { "group", P_GROUP },
    { "choice", P_CHOICE }, { "optional", P_OPTIONAL }, { "zeroOrMore", P_MANY }, { "oneOrMore", P_SOME }, { "value", P_VALUE },
    { "data", P_DATA }, { "list", P_LIST }, { "ref", P_REF },
};
enum { N_KINDS = sizeof KINDS / sizeof KINDS[0] };

typedef struct loader { svyi_schema *s; svy_error *err; } loader;

static svy_status foreign(loader *l, const svyi_xml *x, const char *what)
{
    return svyi_fail_at(l->err, SVY_E_FORMAT, l->s->file.source, x->line, x->column, 1, "%s '%s' is not read in a schema", what, x->name);
}

static pattern *new_pattern(loader *l, pattern_kind kind, const char *name)
{
    pattern *p = svyi_arena_get(&l->s->arena, sizeof *p);
    if (p == NULL || svyi_grow(&l->s->arena.alloc, &l->s->patterns, &l->s->capacity, l->s->n_patterns + 1, sizeof p) != 0) {
        svyi_nomem(l->err);
        return NULL;
    }
    p->kind = kind;
    p->name = name;
    p->max = SIZE_MAX;
    l->s->patterns[l->s->n_patterns++] = p;
    return p;
}

static const char *text_of(const svyi_xml *x)
{
    return x->first != NULL && x->first->name == NULL ? x->first->text : "";
}

static svy_status add_param(loader *l, pattern *p, const svyi_xml *x)
{
    const char *name = svyi_xml_get(x, "name"), *text = text_of(x);
    double number = 0;
    if (name != NULL && strcmp(name, "pattern") == 0) {
        p->form = text;
        return SVY_OK;
    }
    if (name == NULL || !svyi_number_parse(text, strlen(text), &number) || number < 0 || number > 1e6)
        return foreign(l, x, "the parameter");
    if (strcmp(name, "minLength") == 0)
        p->min = (size_t)number;
    else if (strcmp(name, "maxLength") == 0)
        p->max = (size_t)number;
    else
        return foreign(l, x, "the parameter");
    return SVY_OK;
}

/* An element or attribute without a name of its own: any. What the schema says further about it is not looked at. */
static int is_any(const svyi_xml *x, pattern_kind kind)
{
    return (kind == P_ELEMENT || kind == P_ATTRIBUTE) && svyi_xml_get(x, "name") == NULL && svyi_xml_child(x, "anyName") != NULL;
}

/* Content of a schema element becomes the content of `p`; `element` is the innermost element pattern around it. */
static svy_status add_children(loader *l, pattern *p, const svyi_xml *x, pattern *element)
{
    pattern **tail = &p->first;
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        svy_status st = SVY_OK;
        if (c->name == NULL)
            continue;
        if (c->foreign) {
            if (strcmp(c->name, "documentation") == 0)
                p->about = text_of(c);
        } else if (strcmp(c->name, "param") == 0) {
            st = add_param(l, p, c);
        } else {
            size_t i = 0;
            while (i < N_KINDS && strcmp(c->name, KINDS[i].name) != 0)
                i++;
            if (i == N_KINDS)
                return foreign(l, c, "the element");
            const char *name = KINDS[i].kind == P_VALUE ? text_of(c) : svyi_xml_get(c, KINDS[i].kind == P_DATA ? "type" : "name");
            const int any = is_any(c, KINDS[i].kind);
            pattern *made = new_pattern(l, !any ? KINDS[i].kind : KINDS[i].kind == P_ELEMENT ? P_ANY : P_ANY_ATTRIBUTE, name != NULL ? name : "");
            if (made == NULL)
                return SVY_E_NOMEM;
            *tail = made;
            tail = &made->next;
            if (any)
                continue;
            if (made->kind == P_ELEMENT) {
                made->next_element = l->s->elements;
                l->s->elements = made;
                made->parent_element = element;
            }
            st = add_children(l, made, c, made->kind == P_ELEMENT ? made : element);
        }
        if (st != SVY_OK)
            return st;
    }
    return SVY_OK;
}

static svy_status add_define(loader *l, const svyi_xml *x)
{
    const int start = strcmp(x->name, "start") == 0;
    const char *name = start ? "start" : svyi_xml_get(x, "name");
    if (name == NULL || (!start && strcmp(x->name, "define") != 0))
        return foreign(l, x, "the element");
    uint32_t at = (uint32_t)l->s->n_patterns;
    pattern *p = new_pattern(l, P_GROUP, name);
    if (p == NULL)
        return SVY_E_NOMEM;
    if (start)
        l->s->start = p;
    const int added = svyi_map_add(&l->s->defines, name, strlen(name), &at);
    if (added < 0)
        return svyi_nomem(l->err);
    if (added > 0)
        return foreign(l, x, "a second");
    return add_children(l, p, x, NULL);
}

static svy_status resolve(loader *l)
{
    for (size_t i = 0; i < l->s->n_patterns; i++) {
        pattern *p = l->s->patterns[i];
        uint32_t at;
        if (p->kind != P_REF)
            continue;
        if (!svyi_map_find(&l->s->defines, p->name, strlen(p->name), &at))
            return svyi_fail(l->err, SVY_E_FORMAT, "the schema refers to '%s', which it does not define", p->name);
        p->target = l->s->patterns[at];
    }
    return l->s->start != NULL ? SVY_OK : svyi_fail(l->err, SVY_E_FORMAT, "the schema has no start");
}

/* For "it stands in ...": an element made in a define stands in the first element that refers to the define. */
static void find_parents(const pattern *p, pattern *around, int depth)
{
    for (pattern *c = p->first; c != NULL; c = c->next) {
        const pattern *t = c->kind == P_REF ? c->target : c;
        if (c->kind == P_ELEMENT && c->parent_element == NULL)
            c->parent_element = around;
        else if (c->kind != P_ELEMENT && depth > 0)
            find_parents(t, around, depth - 1);
    }
}

/* Elements that can stand under the root with a bit. Each is looked at once; the depth is that of the schema. */
static void mark_roots(const pattern *p, unsigned bit)
{
    for (pattern *c = p->first; c != NULL; c = c->next) {
        if (c->kind == P_ELEMENT && (c->roots & bit) != 0)
            continue;
        if (c->kind == P_ELEMENT)
            c->roots |= bit;
        mark_roots(c->kind == P_REF ? c->target : c, bit);
    }
}

/* The root elements, in the order of the schema. */
static void find_roots(const pattern *p, unsigned *bit)
{
    for (pattern *c = p->first; c != NULL; c = c->next) {
        if (c->kind == P_ELEMENT) {
            c->roots |= *bit;
            mark_roots(c, *bit);
            *bit <<= 1;
        } else {
            find_roots(c->kind == P_REF ? c->target : c, bit);
        }
    }
}

static svy_status load(loader *l, const char *rng, size_t len)
{
    svy_status st = svyi_xml_parse(&l->s->file, &l->s->arena.alloc, "schema", rng, len, RELAXNG, 0, NULL, NULL, l->err);
    if (st == SVY_E_INVALID)
        st = SVY_E_FORMAT;
    if (st == SVY_OK && strcmp(l->s->file.root->name, "grammar") != 0)
        st = foreign(l, l->s->file.root, "the root");
    for (const svyi_xml *x = st == SVY_OK ? l->s->file.root->first : NULL; x != NULL && st == SVY_OK; x = x->next)
        if (x->name != NULL && !x->foreign)
            st = add_define(l, x);
    if (st == SVY_OK)
        st = resolve(l);
    unsigned bit = 1;
    if (st == SVY_OK)
        find_roots(l->s->start, &bit);
    for (pattern *e = st == SVY_OK ? l->s->elements : NULL; e != NULL; e = e->next_element)
        find_parents(e, e, 16);
    return st;
}

svy_status svyi_schema_read(const svy_alloc *alloc, const char *rng, size_t len, svyi_schema **out, svy_error *err)
{
    const svy_alloc own = svyi_alloc_or_default(alloc);
    loader l = { svyi_get(&own, sizeof *l.s), err };
    *out = NULL;
    if (l.s == NULL)
        return svyi_nomem(err);
    memset(l.s, 0, sizeof *l.s);
    svyi_arena_init(&l.s->arena, alloc);
    svyi_map_init(&l.s->defines, alloc);
    const svy_status st = load(&l, rng, len);
    if (st != SVY_OK) {
        svyi_schema_free(l.s);
        return st;
    }
    *out = l.s;
    return SVY_OK;
}

svy_status svyi_schema_new(const svy_alloc *alloc, svyi_schema **out, svy_error *err)
{
    return svyi_schema_read(alloc, (const char *)svyi_questionnaire_rng, svyi_questionnaire_rng_size, out, err);
}

void svyi_schema_free(svyi_schema *s)
{
    if (s == NULL)
        return;
    const svy_alloc alloc = s->arena.alloc;
    svyi_release(&alloc, s->patterns, s->capacity * sizeof *s->patterns);
    svyi_map_clear(&s->defines);
    svyi_xml_clear(&s->file);
    svyi_arena_clear(&s->arena);
    svyi_release(&alloc, s, sizeof *s);
}
