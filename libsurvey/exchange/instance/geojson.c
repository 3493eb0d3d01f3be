/* A list in a GeoJSON file: every feature an <item> with its geometry as ODK writes places, its id and its properties. */
#include "base/text.h"
#include "exchange/instance/instance.h"
#include "exchange/json.h"
#include <string.h>

typedef struct geo { svyi_reader *r; const char *path; svyi_buffer text; } geo;

static svy_status wrong(geo *g, int line, const char *found)
{
    const svyi_where where = { .source = g->path, .line = line };
    svyi_report(g->r->diags, SVY_PROBLEM, SVY_E_FORMAT, &where, "write a FeatureCollection of points, lines and polygons with one ring", "%s", found);
    return svyi_fail_at(g->r->err, SVY_E_INVALID, g->path, line, 0, 0, "%s", found);
}

static svy_status put(geo *g, const char *name, const char *text, size_t len)
{
    svy_builder *b = g->r->builder;
    svy_status st = svy_builder_node(b, name, NULL, g->r->err);
    if (st == SVY_OK && len > 0)
        st = svy_builder_node_text(b, text, len, g->r->err);
    return st == SVY_OK ? svy_builder_node_end(b, g->r->err) : st;
}

/* "latitude longitude 0 0" from [longitude, latitude]; 0 when it is no such pair. */
static int add_point(geo *g, const svyi_json *p)
{
    const svyi_json *longitude = p->kind == SVYI_JSON_ARRAY ? p->first : NULL, *latitude = longitude != NULL ? longitude->next : NULL;
    if (latitude == NULL || longitude->kind != SVYI_JSON_NUMBER || latitude->kind != SVYI_JSON_NUMBER)
        return 0;
    if (g->text.len > 0)
        svyi_buffer_text(&g->text, "; ");
    svyi_buffer_text(&g->text, latitude->text);
    svyi_buffer_text(&g->text, " ");
    svyi_buffer_text(&g->text, longitude->text);
    svyi_buffer_text(&g->text, " 0 0");
    return 1;
}

static svy_status put_geometry(geo *g, const svyi_json *feature)
{
    const svyi_json *geometry = svyi_json_find(feature, "geometry"), *type = svyi_json_find(geometry, "type"), *c = svyi_json_find(geometry, "coordinates");
    int right = type != NULL && type->kind == SVYI_JSON_TEXT && c != NULL && c->kind == SVYI_JSON_ARRAY;
    g->text.len = 0;
    svyi_buffer_text(&g->text, "");
    if (right && strcmp(type->text, "Point") == 0) {
        right = add_point(g, c);
    } else if (right && (strcmp(type->text, "LineString") == 0 || strcmp(type->text, "Polygon") == 0)) {
        if (type->text[0] == 'P')
            c = c->first != NULL && c->first->next == NULL && c->first->kind == SVYI_JSON_ARRAY ? c->first : NULL;
        right = c != NULL;
        for (const svyi_json *p = right ? c->first : NULL; p != NULL && right; p = p->next)
            right = add_point(g, p);
    } else {
        right = 0;
    }
    if (g->text.failed)
        return svyi_nomem(g->r->err);
    return right ? put(g, "geometry", g->text.data, g->text.len) : wrong(g, feature->line, "a feature has a geometry that is not known here");
}

/* A name that an element can have: what cannot stand in one becomes _. */
static void element_name(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; text[i] != '\0' && n + 2 < size; i++) {
        const char b = text[i];
        const int digit = (b >= '0' && b <= '9') || b == '-' || b == '.';
        if (i == 0 && digit)
            out[n++] = '_';
        out[n++] = digit || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '_' || b == ':' || (unsigned char)b >= 0x80 ? b : '_';
    }
    while (n > 0 && text[n] != '\0' && ((unsigned char)out[n - 1] & 0xC0) == 0x80)
        n--;
    out[n] = '\0';
}

static svy_status put_property(geo *g, const svyi_json *value)
{
    static const char *const WORDS[] = { [SVYI_JSON_NULL] = "null", [SVYI_JSON_FALSE] = "false", [SVYI_JSON_TRUE] = "true" };
    char name[256];
    element_name(value->key, name, sizeof name);
    if (name[0] == '\0' || strcmp(value->key, "id") == 0)
        return SVY_OK;
    if (value->kind == SVYI_JSON_NUMBER || value->kind == SVYI_JSON_TEXT)
        return put(g, name, value->text, strlen(value->text));
    if (value->kind == SVYI_JSON_ARRAY || value->kind == SVYI_JSON_OBJECT)
        return SVY_OK;                  /* no text */
    return put(g, name, WORDS[value->kind], strlen(WORDS[value->kind]));
}

static svy_status put_feature(geo *g, const svyi_json *feature)
{
    const svyi_json *properties = svyi_json_find(feature, "properties"), *id = svyi_json_find(feature, "id");
    svy_status st = feature->kind != SVYI_JSON_OBJECT ? wrong(g, feature->line, "there is something else than a feature in the collection")
                                                      : svy_builder_node(g->r->builder, "item", NULL, g->r->err);
    if (st == SVY_OK)
        st = put_geometry(g, feature);
    if (id == NULL)
        id = svyi_json_find(properties, "id");
    if (st == SVY_OK && id != NULL && (id->kind == SVYI_JSON_NUMBER || id->kind == SVYI_JSON_TEXT))
        st = put(g, "id", id->text, strlen(id->text));
    for (const svyi_json *p = properties != NULL && properties->kind == SVYI_JSON_OBJECT ? properties->first : NULL; p != NULL && st == SVY_OK; p = p->next)
        st = put_property(g, p);
    return st == SVY_OK ? svy_builder_node_end(g->r->builder, g->r->err) : st;
}

static svy_status put_collection(geo *g, const svyi_json *root)
{
    const svyi_json *type = svyi_json_find(root, "type"), *features = svyi_json_find(root, "features");
    if (type == NULL || type->kind != SVYI_JSON_TEXT || strcmp(type->text, "FeatureCollection") != 0 || features == NULL || features->kind != SVYI_JSON_ARRAY)
        return wrong(g, root->line, "this is no FeatureCollection");
    svy_status st = svy_builder_node(g->r->builder, "root", NULL, g->r->err);
    for (const svyi_json *f = features->first; f != NULL && st == SVY_OK; f = f->next)
        st = put_feature(g, f);
    return st == SVY_OK ? svy_builder_node_end(g->r->builder, g->r->err) : st;
}

svy_status svyi_instance_geojson(svyi_reader *r, const char *path, const char *bytes, size_t len)
{
    geo g = { .r = r, .path = path };
    const svyi_json *root = NULL;
    const char *why = NULL;
    int line = 0;
    svyi_arena arena;
    svyi_arena_init(&arena, &r->alloc);
    svyi_buffer_init(&g.text, &r->alloc);
    svy_status st = svyi_json_parse(&arena, bytes, len, &root, &line, &why);
    if (st == SVY_E_NOMEM)
        st = svyi_nomem(r->err);
    else if (st != SVY_OK)
        st = wrong(&g, line, why);
    else
        st = put_collection(&g, root);
    svyi_buffer_clear(&g.text);
    svyi_arena_clear(&arena);
    return st;
}
