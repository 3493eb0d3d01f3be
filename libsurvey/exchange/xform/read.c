/* An ODK XForm to the builder: finds the parts of the file and has each of them read in its turn. */
#include "exchange/xform/xform.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- small things ---- */

void svyi_xform_nomem(svyi_xform *f)
{
    if (f->st == SVY_OK)
        f->st = svyi_nomem(f->r->err);
}

void *svyi_xform_get(svyi_xform *f, size_t size)
{
    void *p = svyi_arena_get(&f->r->arena, size);
    if (p == NULL)
        svyi_xform_nomem(f);
    return p;
}

char *svyi_xform_copy(svyi_xform *f, const char *text, size_t len)
{
    char *p = svyi_arena_text(&f->r->arena, text, len);
    if (p == NULL)
        svyi_xform_nomem(f);
    return p;
}

int svyi_xform_line(const svyi_xform *f, const svyi_xml *x) { return f->made || x == NULL ? 0 : x->line; }

/* A sentence is one line of whole characters, whatever names from outside stand in it. */
static void make_plain(char *text)
{
    const size_t len = strlen(text);
    for (size_t at = 0; at < len; ) {
        const size_t before = at;
        const uint32_t c = svyi_utf8_next(text, len, &at);
        if (c < 0x20 || c == 0x7F || (c == 0xFFFD && at - before == 1))
            text[before] = c < 0x20 ? ' ' : '?';
    }
}

void svyi_xform_tell(svyi_xform *f, svy_severity severity, const svyi_xml *at, const char *element, const char *advice, const char *fmt, ...)
{
    char found[512];
    const svyi_where where = { f->r->source, svyi_xform_line(f, at), f->made || at == NULL ? 0 : at->column, element != NULL ? element : "" };
    va_list args;
    va_start(args, fmt);
    vsnprintf(found, sizeof found, fmt, args);
    va_end(args);
    make_plain(found);
    svyi_report(f->r->diags, severity, SVY_E_INVALID, &where, advice, "%s", found);
    if (severity == SVY_PROBLEM && f->st == SVY_OK)
        f->st = svyi_fail_at(f->r->err, SVY_E_INVALID, where.source, where.line, where.column, 1, "%s", found);
}

static const char *local_part(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

const svyi_xml_attribute *svyi_xform_attribute(const svyi_xml *x, const char *name)
{
    for (size_t i = 0; x != NULL && i < x->n; i++)
        if (strcmp(local_part(x->attributes[i].name), name) == 0 && x->attributes[i].value[strspn(x->attributes[i].value, " \t\r\n")] != '\0')
            return &x->attributes[i];
    return NULL;
}

const char *svyi_xform_value_of(const svyi_xml *x, const char *name)
{
    const svyi_xml_attribute *a = svyi_xform_attribute(x, name);
    return a != NULL ? a->value : NULL;
}

int svyi_xform_is(const svyi_xml *x, const char *name) { return x != NULL && x->name != NULL && strcmp(x->name, name) == 0; }

const svyi_xml *svyi_xform_child(const svyi_xml *x, const char *name)
{
    const svyi_xml *c = x != NULL ? x->first : NULL;
    while (c != NULL && !svyi_xform_is(c, name))
        c = c->next;
    return c;
}

const svyi_xml *svyi_xform_next(const svyi_xml *x, const char *name)
{
    do
        x = x->next;
    while (x != NULL && !svyi_xform_is(x, name));
    return x;
}

static void add_content(svyi_buffer *out, const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL)
            svyi_buffer_text(out, c->text);
        else
            add_content(out, c);
    }
}

const char *svyi_xform_content(svyi_xform *f, const svyi_xml *x)
{
    if (x == NULL || x->first == NULL)
        return "";
    if (x->first == x->last && x->first->name == NULL)
        return x->first->text;
    f->text.len = 0;
    svyi_buffer_text(&f->text, "");
    add_content(&f->text, x);
    if (f->text.failed)
        svyi_xform_nomem(f);
    const char *text = f->st == SVY_OK ? svyi_xform_copy(f, f->text.data, f->text.len) : NULL;
    return text != NULL ? text : "";
}

const char *svyi_xform_trim(svyi_xform *f, const char *text)
{
    size_t n;
    if (text == NULL)
        return NULL;
    text += strspn(text, " \t\r\n");
    for (n = strlen(text); n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL; n--)
        ;
    return text[n] == '\0' ? text : svyi_xform_copy(f, text, n);
}

const char *svyi_xform_unit(svyi_xform *f, const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    char *out = svyi_xform_get(f, n + m + 1);
    if (out == NULL)
        return "";
    memcpy(out, a, n);
    memcpy(out + n, b, m + 1);
    return out;
}

const char *svyi_xform_written_name(svyi_xform *f, const svyi_xml *x)
{
    return x->prefix == NULL ? x->name : svyi_xform_unit(f, svyi_xform_unit(f, x->prefix, ":"), x->name);
}

/* ---- the parts of the file ---- */

static const svyi_xml *primary_root(const svyi_xml *instance)
{
    const svyi_xml *c = instance != NULL ? instance->first : NULL;
    while (c != NULL && c->name == NULL)
        c = c->next;
    return c;
}

static void find_parts(svyi_xform *f)
{
    const svyi_xml *root = f->r->file.root;
    f->head = svyi_xform_child(root, "head");
    f->body = svyi_xform_child(root, "body");
    f->model = svyi_xform_child(f->head != NULL ? f->head : root, "model");
    f->primary = primary_root(svyi_xform_child(f->model, "instance"));
    if (f->model == NULL)
        svyi_xform_tell(f, SVY_PROBLEM, root, NULL, "check that the file is a whole XForm", "the form has no model");
    else if (f->primary == NULL)
        svyi_xform_tell(f, SVY_PROBLEM, f->model, NULL, "check that the file is a whole XForm", "the model has no primary instance: nothing says what is recorded");
    else if (f->body == NULL)
        svyi_xform_tell(f, SVY_PROBLEM, root, NULL, "check that the file is a whole XForm", "the form has no body");
}

static const char *const MODEL_PARTS[] = { "itext", "instance", "bind", "submission", "setvalue", "setgeopoint", "recordaudio", "action" };

static void check_model(svyi_xform *f)
{
    for (const svyi_xml *c = f->model->first; c != NULL; c = c->next) {
        size_t i = 0;
        while (c->name != NULL && i < sizeof MODEL_PARTS / sizeof MODEL_PARTS[0] && strcmp(c->name, MODEL_PARTS[i]) != 0)
            i++;
        if (c->name != NULL && i == sizeof MODEL_PARTS / sizeof MODEL_PARTS[0])
            svyi_xform_tell(f, SVY_NOTE, c, NULL, "", "the element '%.80s' of the model has no meaning here and is left out", c->name);
    }
}

/* What the caller asks for, else what the form says itself. */
static void find_compat(svyi_xform *f)
{
    static const struct { const char *name; svy_compat compat; } NAMES[] = { { "strict", SVY_COMPAT_STRICT }, { "collect", SVY_COMPAT_COLLECT }, { "web", SVY_COMPAT_WEB } };
    const char *compat = svyi_xform_value_of(f->model, "compat");
    f->compat = f->r->compat;
    if (f->compat != SVY_COMPAT_STRICT || compat == NULL)
        return;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(compat, NAMES[i].name) == 0) {
            f->compat = NAMES[i].compat;
            return;
        }
    svyi_xform_tell(f, SVY_PROBLEM, f->model, NULL, "write strict, collect or web", "compat is '%.40s'", compat);
}

static void init(svyi_xform *f, svyi_reader *r, int made)
{
    memset(f, 0, sizeof *f);
    f->r = r;
    f->made = made;
    svyi_map *const maps[] = { &f->children, &f->bind_ids, &f->ids, &f->text_ids, &f->instance_ids, &f->list_ids, &f->inline_lists };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        svyi_map_init(maps[i], &r->alloc);
    svyi_buffer_init(&f->text, &r->alloc);
    svyi_buffer_init(&f->key, &r->alloc);
}

static void clear(svyi_xform *f)
{
    const svy_alloc *a = &f->r->alloc;
    svyi_map *const maps[] = { &f->children, &f->bind_ids, &f->ids, &f->text_ids, &f->instance_ids, &f->list_ids, &f->inline_lists };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        svyi_map_clear(maps[i]);
    svyi_buffer_clear(&f->text);
    svyi_buffer_clear(&f->key);
    svyi_release(a, f->nodes, f->nodes_capacity * sizeof *f->nodes);
    svyi_release(a, f->mentions, f->mentions_capacity * sizeof *f->mentions);
    svyi_release(a, f->languages, f->languages_capacity * sizeof *f->languages);
    svyi_release(a, f->texts, f->texts_capacity * sizeof *f->texts);
    svyi_release(a, f->targets, f->targets_capacity * sizeof *f->targets);
    svyi_release(a, f->instances, f->instances_capacity * sizeof *f->instances);
    svyi_release(a, f->inline_ids, f->inline_capacity * sizeof *f->inline_ids);
}

svy_status svyi_xform_load(svyi_reader *r, int made)
{
    static void (*const STEPS[])(svyi_xform *) = {
        find_parts, check_model, find_compat, svyi_xform_nodes, svyi_xform_itext, svyi_xform_instances, svyi_xform_binds, svyi_xform_body, svyi_xform_ids, svyi_xform_emit,
    };
    svyi_xform f;
    init(&f, r, made);
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0] && f.st == SVY_OK; i++)
        STEPS[i](&f);
    clear(&f);
    return f.st;
}
