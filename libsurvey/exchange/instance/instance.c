/* A list in a file beside a form: finds the file by what the form calls it, and has it read by its kind. */
#include "exchange/instance/instance.h"
#include <string.h>

static svy_status empty_root(svyi_reader *r)
{
    const svy_status st = svy_builder_node(r->builder, "root", NULL, r->err);
    return st == SVY_OK ? svy_builder_node_end(r->builder, r->err) : st;
}

const char *svyi_named(const char *source)
{
    const char *slash = strncmp(source, "jr://", 5) == 0 ? strchr(source + 5, '/') : NULL;
    return slash != NULL ? slash + 1 : source;
}

/* "FORM-media/" beside the form, as ODK's clients have it. */
static char *media_folder(svyi_reader *r, const char *form)
{
    const char *slash = strrchr(form, '/'), *name = slash != NULL ? slash + 1 : form, *dot = strrchr(name, '.');
    const size_t stem = (size_t)((dot != NULL && dot != name ? dot : name + strlen(name)) - form);
    char *out = svyi_arena_get(&r->arena, stem + sizeof "-media/");
    if (out == NULL)
        return NULL;
    memcpy(out, form, stem);
    memcpy(out + stem, "-media/", sizeof "-media/");
    return out;
}

const char *svyi_place(svyi_reader *r, const char *form, size_t which)
{
    return which == 0 ? r->folder : which == 1 ? media_folder(r, form) : svyi_path_join(&r->arena, r->folder, "media/");
}

/* Reads the file from the first place that has it. `*bytes` stays NULL when none has. */
static svy_status find_file(svyi_reader *r, const svyi_instance_wish *wish, const char *name, const char **path, const char **bytes, size_t *len,
                            const char **why)
{
    *bytes = NULL;
    for (size_t i = 0; i < (wish->form != NULL ? SVYI_PLACES : 1); i++) {
        const char *folder = svyi_place(r, wish->form, i);
        *path = folder != NULL ? svyi_path_join(&r->arena, folder, name) : NULL;
        const svy_status st = *path == NULL ? SVY_E_NOMEM : svyi_file_read(&r->arena, *path, r->limits.bytes, 1, bytes, len, why);
        if (st == SVY_OK)
            return st;
        *bytes = NULL;
        if (st == SVY_E_NOMEM)
            return svyi_nomem(r->err);
        if (st == SVY_E_LIMIT)
            return svyi_fail_at(r->err, st, *path, 0, 0, 0, "the list is too large: at most %zu bytes are read", r->limits.bytes);
    }
    return SVY_OK;
}

static svy_status read_kind(svyi_reader *r, const char *source, const char *path, const char *bytes, size_t len)
{
    if (svyi_path_ends(path, ".geojson") || svyi_path_ends(path, ".json"))
        return svyi_instance_geojson(r, path, bytes, len);
    if (svyi_path_ends(path, ".xml") && strncmp(source, "jr://file-csv/", 14) != 0)
        return svyi_instance_xml(r, path, bytes, len);
    return svyi_instance_csv(r, path, bytes, len);
}

static svy_status open_tree(svyi_reader *r, const svyi_instance_wish *wish, const char *path)
{
    const svy_status st = svy_builder_tree(r->builder, wish->id, path, wish->line, r->err);
    return st == SVY_OK ? svy_builder_tree_file(r->builder, wish->source, r->err) : st;
}

/* An empty list in the place of one that is not there. */
static svy_status missing(svyi_reader *r, const svyi_instance_wish *wish, svy_severity severity, const char *why)
{
    const svyi_where where = { .source = r->source, .line = wish->line, .element = wish->id };
    svyi_report(r->diags, severity, SVY_E_IO, &where, severity == SVY_WARNING ? "put the file beside the form" : "",
                "the list '%.100s' is empty: %.120s: %s", wish->id, wish->source, why);
    const svy_status st = open_tree(r, wish, wish->source);
    return st == SVY_OK ? empty_root(r) : st;
}

svy_status svyi_instance_read(svyi_reader *r, const svyi_instance_wish *wish)
{
    const char *name = svyi_named(wish->source), *path = NULL, *bytes = NULL, *why = "there is no such file", *refused = svyi_path_refuse(name);
    size_t len = 0;
    if (strncmp(wish->source, "jr://instance/", 14) == 0)
        return missing(r, wish, SVY_NOTE, "answers of the interview before are not carried over");
    if (r->folder == NULL || refused != NULL)
        return missing(r, wish, SVY_WARNING, refused != NULL ? refused : "this form has no folder to look in");
    svy_status st = find_file(r, wish, name, &path, &bytes, &len, &why);
    if (st != SVY_OK)
        return st;
    if (bytes == NULL)
        return missing(r, wish, SVY_WARNING, why);
    if (r->watch != NULL)
        r->watch->seen(r->watch->user, path, bytes, len);
    st = open_tree(r, wish, path);
    return st == SVY_OK ? read_kind(r, wish->source, path, bytes, len) : st;
}

/* ---- XML ---- */

/* Recursion: as deep as the file may be. */
static svy_status put_xml(svyi_reader *r, const svyi_xml *x)
{
    int has_elements = 0;
    const char *name = x->name;
    if (x->prefix != NULL) {
        char *full = svyi_arena_get(&r->arena, strlen(x->prefix) + strlen(x->name) + 2);
        if (full == NULL)
            return svyi_nomem(r->err);
        strcat(strcat(strcpy(full, x->prefix), ":"), x->name);
        name = full;
    }
    svy_status st = svy_builder_node(r->builder, name, NULL, r->err);
    for (size_t i = 0; i < x->n && st == SVY_OK; i++)
        st = svy_builder_node(r->builder, x->attributes[i].name, x->attributes[i].value, r->err);
    for (const svyi_xml *c = x->first; c != NULL && !has_elements; c = c->next)
        has_elements = c->name != NULL;
    for (const svyi_xml *c = x->first; c != NULL && st == SVY_OK; c = c->next)
        st = c->name != NULL ? put_xml(r, c) : has_elements ? SVY_OK : svy_builder_node_text(r->builder, c->text, strlen(c->text), r->err);
    return st == SVY_OK ? svy_builder_node_end(r->builder, r->err) : st;
}

svy_status svyi_instance_xml(svyi_reader *r, const char *path, const char *bytes, size_t len)
{
    svyi_xml_file file;
    svy_status st = svyi_xml_parse(&file, &r->alloc, path, bytes, len, "", SVYI_XML_PLAIN, &r->limits, r->diags, r->err);
    if (st == SVY_OK)
        st = put_xml(r, file.root);
    svyi_xml_clear(&file);
    return st;
}
