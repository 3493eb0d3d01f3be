/* The record and the instances of a questionnaire file into the builder: whatever XML stands in them, as it stands there. */
#include "exchange/instance/instance.h"
#include "exchange/native/tree.h"
#include <string.h>

static const char *written_name(svyi_reader *r, const svyi_xml *x)
{
    if (x->prefix == NULL)
        return x->name;
    const size_t prefix = strlen(x->prefix), len = strlen(x->name);
    char *out = svyi_arena_get(&r->arena, prefix + len + 2);
    if (out == NULL)
        return NULL;
    memcpy(out, x->prefix, prefix);
    out[prefix] = ':';
    memcpy(out + prefix + 1, x->name, len + 1);
    return out;
}

/* An element with its attributes and the namespaces that it declares. */
static svy_status put_element(svyi_reader *r, const svyi_xml *x)
{
    const char *name = written_name(r, x);
    svy_status st = name == NULL ? svyi_nomem(r->err) : svy_builder_node(r->builder, name, NULL, r->err);
    for (size_t i = 0; i < x->n && st == SVY_OK; i++)
        st = svy_builder_node(r->builder, x->attributes[i].name, x->attributes[i].value, r->err);
    for (size_t i = 0; i < x->n_spaces && st == SVY_OK; i++)
        st = svy_builder_node(r->builder, x->spaces[i].name, x->spaces[i].value, r->err);
    return st;
}

/* Recursion: as deep as the file, which the limits bound. */
static svy_status put_tree(svyi_reader *r, const svyi_xml *x)
{
    svy_status st = put_element(r, x);
    for (const svyi_xml *c = x->first; c != NULL && st == SVY_OK; c = c->next)
        st = c->name != NULL ? put_tree(r, c) : svy_builder_node_text(r->builder, c->text, strlen(c->text), r->err);
    return st == SVY_OK ? svy_builder_node_end(r->builder, r->err) : st;
}

static const svyi_xml *content(const svyi_xml *x)
{
    const svyi_xml *c = x->first;
    while (c != NULL && c->name == NULL)
        c = c->next;
    return c;
}

/* An instance without its own content lies in a file; one with neither was reported. */
static svy_status add_instance(svyi_reader *r, const svyi_xml *x)
{
    const char *id = svyi_xml_get(x, "id"), *source = svyi_xml_get(x, "source");
    const svyi_xml *root = content(x);
    if (id == NULL || id[0] == '\0')
        return SVY_OK;
    if (root != NULL) {
        const svy_status st = svy_builder_tree(r->builder, id, NULL, x->line, r->err);
        return st == SVY_OK ? put_tree(r, root) : st;
    }
    if (source == NULL)
        return SVY_OK;
    const svyi_instance_wish wish = { .id = id, .source = source, .line = x->line, .form = r->source };
    const svy_status st = svyi_instance_read(r, &wish);
    return st == SVY_E_INVALID ? SVY_OK : st;     /* reported */
}

int svyi_native_is_tree(const svyi_xml *x)
{
    return strcmp(x->name, "record") == 0 || strcmp(x->name, "instance") == 0;
}

svy_status svyi_native_tree(svyi_reader *r, const svyi_xml *x)
{
    if (strcmp(x->name, "instance") == 0)
        return add_instance(r, x);
    const svyi_xml *root = content(x);
    if (root == NULL)
        return SVY_OK;                            /* reported */
    const svy_status st = svy_builder_tree(r->builder, "", NULL, x->line, r->err);
    return st == SVY_OK ? put_tree(r, root) : st;
}
