/* Reads .xlsx (and .xlsm): finds the parts of the package by their relationships, then reads the sheets. */
#include "exchange/workbook/xlsx.h"
#include "exchange/workbook/priv.h"
#include <string.h>

enum { MOST_SHEETS = 1000, MOST_RELATIONS = 5000, XML_NODES = 6000000, XML_DEPTH = 64, XML_ATTRIBUTE = 1 << 20 };

typedef struct relation { const char *id, *target, *type; } relation;
typedef struct relations { svyi_xlsx *x; relation *list; size_t n, capacity; } relations;
typedef struct contents { svyi_xlsx *x; const relations *from; svyi_sheet *sheets; const char **parts; size_t n; int is_workbook; } contents;

static svy_status damaged(const svyi_xlsx *x, const char *what)
{
    return svyi_fail_at(x->err, SVY_E_FORMAT, x->source, 0, 0, 0, "%s: save it anew as .xlsx", what);
}

svy_status svyi_xlsx_part(svyi_xlsx *x, const char *name, const svyi_xml_handler *handler)
{
    char *bytes, shown[100];
    size_t len, room;
    svy_status st = svyi_zip_read(&x->zip, name, &bytes, &len, &room);
    if (st != SVY_OK)
        return st;
    st = svyi_xml_stream_read(&x->zip.alloc, x->source, svyi_grid_show(name, shown, sizeof shown), bytes, len, &x->xml, handler, x->err);
    svyi_release(&x->zip.alloc, bytes, room);
    return st;
}

static svy_status no_end(void *user, unsigned depth, const char *name)
{
    (void)user;
    (void)depth;
    (void)name;
    return SVY_OK;
}

/* ---- relationships ---- */

/* NULL when it is not there, or out of memory: then `starved` is set. */
static const char *attribute(svyi_xlsx *x, const svyi_xml_stream *at, const char *name, int foreign)
{
    const char *value;
    size_t len;
    if (!svyi_xml_stream_attribute(at, name, foreign, &value, &len))
        return NULL;
    value = svyi_arena_text(&x->scratch, value, len);
    x->starved |= value == NULL;
    return value;
}

static svy_status on_relation(void *user, const svyi_xml_stream *at, unsigned depth, const char *name)
{
    relations *r = user;
    if (depth != 1 || strcmp(name, "Relationship") != 0)
        return SVY_OK;
    const relation one = { attribute(r->x, at, "Id", 0), attribute(r->x, at, "Target", 0), attribute(r->x, at, "Type", 0) };
    const char *mode = attribute(r->x, at, "TargetMode", 0);
    if (r->x->starved)
        return svyi_nomem(r->x->err);
    if (one.id == NULL || one.target == NULL || one.type == NULL || (mode != NULL && strcmp(mode, "External") == 0))
        return SVY_OK;
    if (r->n >= MOST_RELATIONS)
        return damaged(r->x, "the workbook has too many parts");
    if (svyi_grow(&r->x->scratch.alloc, &r->list, &r->capacity, r->n + 1, sizeof *r->list) != 0)
        return svyi_nomem(r->x->err);
    r->list[r->n++] = one;
    return SVY_OK;
}

static svy_status read_relations(relations *r, const char *name)
{
    const svyi_xml_handler handler = { .user = r, .start = on_relation, .end = no_end };
    return svyi_xlsx_part(r->x, name, &handler);
}

static void clear_relations(relations *r)
{
    svyi_release(&r->x->scratch.alloc, r->list, r->capacity * sizeof *r->list);
}

/* The last part of the type decides: the two editions of the standard differ in what stands before it. */
static int is_type(const relation *r, const char *type)
{
    const char *slash = strrchr(r->type, '/');
    return slash != NULL && strcmp(slash + 1, type) == 0;
}

static const relation *find_type(const relations *r, const char *type)
{
    for (size_t i = 0; i < r->n; i++)
        if (is_type(&r->list[i], type))
            return &r->list[i];
    return NULL;
}

/* Name in the zip of a target seen from the file `from`: "/xl/a.xml", "a.xml", "../a.xml", "./a.xml". */
static char *resolve(svyi_xlsx *x, const char *from, const char *target)
{
    const char *slash = strrchr(from, '/');
    const size_t base = *target == '/' || slash == NULL ? 0 : (size_t)(slash - from) + 1, n = strlen(target);
    char *out = svyi_arena_get(&x->scratch, base + n + 1);
    if (out == NULL)
        return NULL;
    size_t len = base;
    memcpy(out, from, base);
    for (const char *at = target; *at != '\0';) {
        const size_t part = strcspn(at, "/");
        if (part == 2 && memcmp(at, "..", 2) == 0) {
            for (len -= len > 0; len > 0 && out[len - 1] != '/'; len--) { }
        } else if (part > 0 && !(part == 1 && *at == '.')) {
            memcpy(out + len, at, part);
            len += part;
            if (at[part] == '/')
                out[len++] = '/';
        }
        at += part + (at[part] == '/');
    }
    out[len] = '\0';
    return out;
}

/* "xl/_rels/workbook.xml.rels" for "xl/workbook.xml". */
static char *relations_of(svyi_xlsx *x, const char *part)
{
    static const char FOLDER[] = "_rels/", END[] = ".rels";
    const char *slash = strrchr(part, '/');
    const size_t base = slash != NULL ? (size_t)(slash - part) + 1 : 0, n = strlen(part) - base;
    char *out = svyi_arena_get(&x->scratch, strlen(part) + sizeof FOLDER + sizeof END);
    if (out == NULL)
        return NULL;
    memcpy(out, part, base);
    memcpy(out + base, FOLDER, sizeof FOLDER - 1);
    memcpy(out + base + sizeof FOLDER - 1, part + base, n);
    memcpy(out + base + sizeof FOLDER - 1 + n, END, sizeof END);
    return out;
}

/* ---- xl/workbook.xml ---- */

static svy_status add_sheet(contents *c, const svyi_xml_stream *at)
{
    svyi_xlsx *x = c->x;
    const char *name = attribute(x, at, "name", 0), *id = attribute(x, at, "id", 1);
    if (x->starved)
        return svyi_nomem(x->err);
    if (name == NULL || id == NULL)
        return damaged(x, "a sheet of the workbook has no name or no place");
    if (c->n >= MOST_SHEETS)
        return svyi_fail_at(x->err, SVY_E_LIMIT, x->source, 0, 0, 0, "the workbook has too many sheets: at most %d are read", MOST_SHEETS);
    c->sheets[c->n] = (svyi_sheet){ .name = svyi_arena_text(&x->workbook->arena, name, strlen(name)) };
    c->parts[c->n] = NULL;
    if (c->sheets[c->n].name == NULL)
        return svyi_nomem(x->err);
    for (size_t i = 0; i < c->from->n; i++)
        if (strcmp(c->from->list[i].id, id) == 0 && is_type(&c->from->list[i], "worksheet"))
            c->parts[c->n] = c->from->list[i].target;
    c->n++;
    return SVY_OK;
}

static svy_status on_workbook(void *user, const svyi_xml_stream *at, unsigned depth, const char *name)
{
    contents *c = user;
    if (depth == 0) {
        c->is_workbook = strcmp(name, "workbook") == 0;
    } else if (depth == 1 && strcmp(name, "workbookPr") == 0) {
        const char *old = attribute(c->x, at, "date1904", 0);
        if (c->x->starved)
            return svyi_nomem(c->x->err);
        c->x->from_1904 = old != NULL && (strcmp(old, "1") == 0 || strcmp(old, "true") == 0);
    } else if (depth == 2 && strcmp(name, "sheet") == 0) {
        return add_sheet(c, at);
    }
    return SVY_OK;
}

static svy_status read_contents(svyi_xlsx *x, contents *c, const char *part)
{
    const svyi_xml_handler handler = { .user = c, .start = on_workbook, .end = no_end };
    c->sheets = svyi_arena_get(&x->workbook->arena, MOST_SHEETS * sizeof *c->sheets);
    c->parts = svyi_arena_get(&x->scratch, MOST_SHEETS * sizeof *c->parts);
    if (c->sheets == NULL || c->parts == NULL)
        return svyi_nomem(x->err);
    const svy_status st = svyi_xlsx_part(x, part, &handler);
    if (st != SVY_OK)
        return st;
    x->workbook->sheets = c->sheets;
    x->workbook->n_sheets = (uint32_t)c->n;
    if (!c->is_workbook)
        return damaged(x, "this is an Office file, but not a workbook");
    return c->n > 0 ? SVY_OK : damaged(x, "the workbook has no sheet");
}

/* ---- the whole ---- */

/* Strings, styles, then every sheet that is wanted. */
static svy_status read_sheets(svyi_xlsx *x, const contents *c, const char *from)
{
    const relation *strings = find_type(c->from, "sharedStrings"), *styles = find_type(c->from, "styles");
    const char *name;
    svy_status st = SVY_OK;
    if (strings != NULL) {
        name = resolve(x, from, strings->target);
        st = name != NULL ? svyi_xlsx_read_strings(x, name) : svyi_nomem(x->err);
    }
    if (styles != NULL && st == SVY_OK) {
        name = resolve(x, from, styles->target);
        st = name != NULL ? svyi_xlsx_read_styles(x, name) : svyi_nomem(x->err);
    }
    for (size_t i = 0; i < c->n && st == SVY_OK; i++) {
        if (c->parts[i] == NULL || !svyi_workbook_wants(c->sheets[i].name, c->n))
            continue;
        name = resolve(x, from, c->parts[i]);
        st = name != NULL ? svyi_xlsx_read_sheet(x, name, &c->sheets[i]) : svyi_nomem(x->err);
    }
    return st;
}

static svy_status read_package(svyi_xlsx *x)
{
    relations top = { .x = x }, own = { .x = x };
    contents c = { .x = x, .from = &own };
    const char *part = NULL, *beside = NULL;
    svy_status st = read_relations(&top, "_rels/.rels");
    if (st == SVY_OK) {
        const relation *document = find_type(&top, "officeDocument");
        part = document != NULL ? resolve(x, "", document->target) : NULL;
        beside = part != NULL ? relations_of(x, part) : NULL;
        st = document == NULL ? damaged(x, "the workbook does not say where its sheets are") : beside == NULL ? svyi_nomem(x->err) : SVY_OK;
    }
    if (st == SVY_OK && strlen(part) > 4 && strcmp(part + strlen(part) - 4, ".bin") == 0)
        st = damaged(x, "this is a binary workbook (.xlsb)");
    if (st == SVY_OK && svyi_zip_has(&x->zip, beside))
        st = read_relations(&own, beside);
    if (st == SVY_OK)
        st = read_contents(x, &c, part);
    if (st == SVY_OK)
        st = read_sheets(x, &c, part);
    clear_relations(&top);
    clear_relations(&own);
    return st;
}

svy_status svyi_workbook_read_xlsx(svyi_workbook *w, const svyi_workbook_input *in)
{
    const svy_alloc alloc = w->arena.alloc;
    svyi_xlsx x = { .workbook = w, .limits = in->limits, .source = in->source, .err = in->err };
    x.xml = (svy_xml_limits){ sizeof x.xml, in->limits->entry, XML_DEPTH, XML_NODES, XML_ATTRIBUTE };
    svyi_arena_init(&x.scratch, &alloc);
    svyi_shared_init(&x.strings, &alloc);
    w->kind = SVYI_WORKBOOK_XLSX;
    svy_status st = svyi_zip_open(&x.zip, &alloc, in->bytes, in->len, in->source, in->limits, in->err);
    if (st == SVY_OK && !svyi_zip_has(&x.zip, "_rels/.rels"))
        st = damaged(&x, svyi_zip_has(&x.zip, "content.xml") ? "this is an OpenDocument file" : "this is a zip, but not a workbook");
    if (st == SVY_OK)
        st = read_package(&x);
    svyi_zip_close(&x.zip);
    svyi_shared_clear(&x.strings);
    svyi_release(&alloc, x.styles, x.styles_capacity);
    svyi_arena_clear(&x.scratch);
    return st;
}
