/* XLIFF 1.2: the translations of a questionnaire or a shared code list, as translators' tools write them. */
#include "base/map.h"
#include "exchange/reader.h"
#include <string.h>

static const char XLIFF[] = "urn:oasis:names:tc:xliff:document:1.2";

typedef struct walker {
    const svyi_xliff *x;
    svyi_arena arena;                    /* unit names and texts that outlive the buffer */
    svyi_map units;                      /* names seen, to find doubles */
    svyi_buffer text, unit;
    const char *lang;                    /* of the <file> at hand */
    svy_error *err;
} walker;

static int is(const svyi_xml *x, const char *name) { return x->name != NULL && !x->foreign && strcmp(x->name, name) == 0; }

static void tell(walker *w, svy_severity severity, const svyi_xml *at, const char *unit, const char *advice, const char *found)
{
    const svyi_where where = { w->x->source, at->line, at->column, unit };
    svyi_report(w->x->diags, severity, SVY_E_FORMAT, &where, advice, "%s", found);
    if (severity == SVY_PROBLEM)
        svyi_fail_at(w->err, SVY_E_INVALID, where.source, where.line, where.column, 1, "%s", found);
}

/* Text with its inline mark-up flattened: what <g>, <mrk>, <ph> ... hold is text; empty ones stand for what they say they are equivalent to. */
static void flatten(svyi_buffer *out, const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        const char *instead = c->name != NULL && c->first == NULL ? svyi_xml_get(c, "equiv-text") : NULL;
        if (c->name == NULL)
            svyi_buffer_text(out, c->text);
        else if (instead != NULL)
            svyi_buffer_text(out, instead);
        else
            flatten(out, c);
    }
}

static const char *text_of(walker *w, const svyi_xml *x)
{
    w->text.len = 0;
    svyi_buffer_text(&w->text, "");
    if (x != NULL)
        flatten(&w->text, x);
    if (w->text.failed)
        return NULL;
    const size_t n = svyi_xml_collapse(w->text.data, w->text.len);
    return svyi_arena_text(&w->arena, w->text.data, n);
}

static int untranslated(const svyi_xml *target)
{
    const char *state = target != NULL ? svyi_xml_get(target, "state") : NULL;
    return target == NULL || (state != NULL && (strcmp(state, "new") == 0 || strcmp(state, "needs-translation") == 0));
}

static svy_status give(walker *w, const char *unit, const char *source, const char *target, int line)
{
    return svy_builder_translate(w->x->builder, w->lang, unit, source, target, w->x->source, line, w->err);
}

/* The unit of a shared list's file is a code; in the questionnaire it is LIST/CODE, once per list that uses the file. */
static svy_status give_to_lists(walker *w, const char *code, const char *source, const char *target, int line)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < w->x->n_lists && st == SVY_OK; i++) {
        w->unit.len = 0;
        svyi_buffer_text(&w->unit, w->x->lists[i]);
        svyi_buffer_text(&w->unit, "/");
        svyi_buffer_text(&w->unit, code);
        st = w->unit.failed ? svyi_nomem(w->err) : give(w, w->unit.data, source, target, line);
    }
    return st;
}

static svy_status read_unit(walker *w, const svyi_xml *x)
{
    const char *id = svyi_xml_get(x, "id");
    const svyi_xml *target = svyi_xml_child(x, "target");
    uint32_t one = 1;
    if (id == NULL || id[0] == '\0') {
        tell(w, SVY_WARNING, x, "", "give it the id of the text that it translates", "a trans-unit has no id and is not used");
        return SVY_OK;
    }
    const int added = svyi_map_add(&w->units, id, strlen(id), &one);
    if (added < 0)
        return svyi_nomem(w->err);
    if (added > 0) {
        tell(w, SVY_WARNING, x, id, "remove one; the first is used", "a trans-unit stands twice in the file");
        return SVY_OK;
    }
    if (untranslated(target) || (w->x->lists != NULL && id[0] == '/'))
        return SVY_OK;
    const char *from = text_of(w, svyi_xml_child(x, "source")), *to = text_of(w, target);
    if (from == NULL || to == NULL)
        return svyi_nomem(w->err);
    if (to[0] == '\0')
        return SVY_OK;
    return w->x->lists != NULL ? give_to_lists(w, id, from, to, x->line) : give(w, id, from, to, x->line);
}

/* body and group, to any depth the limits allow */
static svy_status read_units(walker *w, const svyi_xml *x)
{
    svy_status st = SVY_OK;
    for (const svyi_xml *c = x->first; c != NULL && st == SVY_OK; c = c->next) {
        if (is(c, "trans-unit"))
            st = read_unit(w, c);
        else if (is(c, "group") || is(c, "body"))
            st = read_units(w, c);
    }
    return st;
}

static int letters_differ(char a, char b)
{
    a = a >= 'A' && a <= 'Z' ? (char)(a - 'A' + 'a') : a == '_' ? '-' : a;
    b = b >= 'A' && b <= 'Z' ? (char)(b - 'A' + 'a') : b == '_' ? '-' : b;
    return a != b;
}

static int same_language(const char *a, const char *b)
{
    for (; *a != '\0' && !letters_differ(*a, *b); a++, b++)
        ;
    return *a == '\0' && *b == '\0';
}

static svy_status read_file(walker *w, const svyi_xml *x)
{
    const char *to = svyi_xml_get(x, "target-language"), *from = svyi_xml_get(x, "source-language");
    w->lang = w->x->lang != NULL ? w->x->lang : to;
    if (w->lang == NULL || w->lang[0] == '\0') {
        tell(w, SVY_PROBLEM, x, "", "add target-language=\"...\" to <file>", "the file does not say which language it is in");
        return SVY_E_INVALID;
    }
    if (!svyi_is_tag(w->lang, strlen(w->lang))) {
        tell(w, SVY_PROBLEM, x, "", "write a language tag such as bg or sr-Latn", "the target-language of the file is not a language");
        return SVY_E_INVALID;
    }
    if (to != NULL && !same_language(to, w->lang))
        tell(w, SVY_WARNING, x, "", "correct the target-language or the name of the file; the name counts",
             "the target-language is not the language in the name of the file");
    if (from != NULL && w->x->from != NULL && !same_language(from, w->x->from))
        tell(w, SVY_WARNING, x, "", "correct the source-language, or translate from the original",
             "the source-language is not the language of the original");
    return read_units(w, x);
}

static svy_status read_root(walker *w, const svyi_xml_file *file)
{
    svy_status st = SVY_OK;
    int files = 0;
    if (file->root->foreign || strcmp(file->root->name, "xliff") != 0) {
        tell(w, SVY_PROBLEM, file->root, "", "export it from the translators' tool as XLIFF 1.2", "this is not an XLIFF 1.2 file");
        return SVY_E_INVALID;
    }
    for (const svyi_xml *c = file->root->first; c != NULL && st == SVY_OK; c = c->next)
        if (is(c, "file")) {
            st = read_file(w, c);
            files++;
        }
    if (files == 0)
        tell(w, SVY_WARNING, file->root, "", "add one with the translations", "there is no <file> in it");
    else if (st == SVY_OK && w->units.count == 0)
        tell(w, SVY_WARNING, file->root, "", "have it written anew: survey convert QUESTIONNAIRE LANGUAGE.xlf", "there is no <trans-unit> in it");
    return st;
}

svy_status svyi_xliff_read(const svyi_xliff *x, const char *xml, size_t len, svy_error *err)
{
    walker w = { .x = x, .err = err };
    svyi_xml_file file;
    svy_status st = svyi_xml_parse(&file, x->alloc, x->source, xml, len, XLIFF, 1, x->limits, x->diags, err);
    svyi_arena_init(&w.arena, x->alloc);
    svyi_map_init(&w.units, x->alloc);
    svyi_buffer_init(&w.text, x->alloc);
    svyi_buffer_init(&w.unit, x->alloc);
    if (st == SVY_OK)
        st = read_root(&w, &file);
    svyi_buffer_clear(&w.unit);
    svyi_buffer_clear(&w.text);
    svyi_map_clear(&w.units);
    svyi_arena_clear(&w.arena);
    svyi_xml_clear(&file);
    return st;
}

svy_status svy_xliff_read_memory(svy_builder *b, const char *xml, size_t len, const char *source, const svy_xml_limits *limits,
                                 svy_diags *diags, svy_error *err)
{
    SVY_REQUIRE(b != NULL, err);
    SVY_REQUIRE(xml != NULL || len == 0, err);
    const svyi_xliff x = { .builder = b, .source = source != NULL ? source : "", .limits = limits, .diags = diags };
    return svyi_xliff_read(&x, xml != NULL ? xml : "", len, err);
}
