/* A sampling design from its XML file: the same options as the command has, as attributes and elements. */
#include <string.h>

#include "exchange/file.h"
#include "exchange/xml/xml.h"

static const char NS[] = "urn:libsurvey:design:1";
enum { ITEMS_MAX = 1000 };

struct svy_design_file {
    svyi_arena arena;
    svy_design_item *items;
    size_t count;
};

typedef struct reader {
    svy_design_file *f;
    svyi_xml_file xml;
    svy_diags *diags;
    svy_error *err;
    unsigned problems;
    int failed;
} reader;

static void problem(reader *r, int line, int column, const char *found, const char *advice)
{
    const svyi_where where = { r->xml.source, line, column, "design" };
    svyi_report(r->diags, SVY_PROBLEM, SVY_E_INVALID, &where, advice, "%s", found);
    if (r->problems++ == 0)
        svyi_fail_at(r->err, SVY_E_INVALID, r->xml.source, line, column, 1, "%s: %s", found, advice);
}

/* A name of an option: small letters, digits and hyphens. */
static int is_option(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static void add_item(reader *r, const char *name, const char *value, int line, int column)
{
    svy_design_file *f = r->f;
    char *copy = svyi_arena_text(&f->arena, value, strlen(value));
    if (!is_option(name)) {
        problem(r, line, column, "this is no name of an option", "use the long names of the command's options, as in weights=\"w\"");
        return;
    }
    if (f->count == ITEMS_MAX) {
        problem(r, line, column, "the design has more than 1000 entries", "leave some out");
        return;
    }
    if (copy != NULL)
        copy[svyi_xml_collapse(copy, strlen(copy))] = '\0';
    svy_design_item *item = &f->items[f->count++];
    *item = (svy_design_item){ svyi_arena_text(&f->arena, name, strlen(name)), copy, line };
    r->failed |= item->name == NULL || copy == NULL;
}

static void add_attributes(reader *r, const svyi_xml *e)
{
    for (size_t i = 0; i < e->n; i++)
        add_item(r, e->attributes[i].name, e->attributes[i].value, e->attributes[i].name_line, e->attributes[i].name_column);
}

/* <weights>w</weights>, <nest/>, or a group of attributes such as <stage strata="h" clusters="psu"/>. */
static void read_child(reader *r, const svyi_xml *e)
{
    const svyi_xml *text = e->first;
    if (e->name == NULL) {
        problem(r, e->line, e->column, "there is text outside the elements", "write it as the value of an option");
    } else if (e->foreign) {
        return;                    /* somebody else's remarks */
    } else if (text != NULL && (text->name != NULL || text->next != NULL || e->n > 0)) {
        problem(r, e->line, e->column, "an element of a design has either a text or attributes", "write the options inside as elements of their own");
    } else if (e->n > 0) {
        add_attributes(r, e);
    } else {
        add_item(r, e->name, text != NULL ? text->text : "yes", e->line, e->column);
    }
}

static void read_root(reader *r)
{
    const svyi_xml *root = r->xml.root;
    if (strcmp(root->name, "design") != 0 || root->foreign) {
        problem(r, root->line, root->column, "the file is no sampling design", "begin with <design xmlns=\"urn:libsurvey:design:1\">");
        return;
    }
    add_attributes(r, root);
    for (const svyi_xml *e = root->first; e != NULL; e = e->next)
        read_child(r, e);
}

/* The parser's own problems become the error as well. */
typedef struct first { svy_diags *diags; svy_error *err; } first;
static void take_first(void *user, const svy_diag *d)
{
    first *f = user;
    if (f->err->code == SVY_OK)
        svyi_fail_at(f->err, SVY_E_INVALID, d->source, d->line, d->column, 1, "%s", d->found);
    if (f->diags != NULL && f->diags->report != NULL)
        f->diags->report(f->diags->user, d);
}

svy_status svy_design_file_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *source, const svy_xml_limits *limits,
                                       svy_diags *diags, svy_design_file **out, svy_error *err)
{
    svyi_arena arena;
    svy_error own = SVY_ERROR_INIT;
    svy_error *e = err != NULL ? err : &own;
    SVY_REQUIRE(out != NULL && (xml != NULL || len == 0), err);
    *out = NULL;
    e->code = SVY_OK;
    first gate = { diags, e };
    svy_diags through = { .report = take_first, .user = &gate };
    const svy_xml_limits within = svyi_xml_limits_or_default(limits);
    reader r = { .diags = &through, .err = e };
    svyi_arena_init(&arena, alloc);
    svyi_arena_init(&r.xml.arena, alloc);
    svy_design_file *f = r.f = svyi_arena_get(&arena, sizeof *f);
    svy_design_item *items = svyi_arena_get(&arena, ITEMS_MAX * sizeof *items);
    svy_status st = f == NULL || items == NULL ? svyi_nomem(e)
        : svyi_xml_parse(&r.xml, alloc, source != NULL ? source : "design", len > 0 ? xml : "", len, NS, 0, &within, &through, e);
    if (st == SVY_OK) {
        f->arena = arena;
        f->items = items;
        read_root(&r);
        arena = f->arena;
        st = r.failed ? svyi_nomem(e) : r.problems > 0 ? SVY_E_INVALID : SVY_OK;
    }
    svyi_xml_clear(&r.xml);
    if (st != SVY_OK) {
        svyi_arena_clear(&arena);
        return st;
    }
    *out = f;
    return SVY_OK;
}

svy_status svy_design_file_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags, svy_design_file **out,
                                svy_error *err)
{
    svyi_arena arena;
    const char *bytes;
    size_t len;
    SVY_REQUIRE(path != NULL && out != NULL, err);
    *out = NULL;
    svyi_arena_init(&arena, alloc);
    svy_status st = svyi_file_read_alone(&arena, path, "the sampling design", svyi_xml_limits_or_default(limits).bytes, &bytes, &len, err);
    if (st == SVY_OK)
        st = svy_design_file_read_memory(alloc, bytes, len, path, limits, diags, out, err);
    svyi_arena_clear(&arena);
    return st;
}

size_t svy_design_file_count(const svy_design_file *f) { return f->count; }
const svy_design_item *svy_design_file_item(const svy_design_file *f, size_t index) { return &f->items[index]; }

void svy_design_file_free(svy_design_file *f)
{
    if (f == NULL)
        return;
    svyi_arena arena = f->arena;
    svyi_arena_clear(&arena);
}
