/* Trees of an XForm into the builder: the record and instances, as they stand in the form. */
#include "exchange/xform/xform.h"
#include <string.h>

/* An element with its attributes and the namespaces that it declares. */
static void put_node(svyi_xform *f, const svyi_xml *x)
{
    svy_builder *b = f->r->builder;
    f->st = svy_builder_node(b, svyi_xform_written_name(f, x), NULL, f->r->err);
    for (size_t i = 0; i < x->n && f->st == SVY_OK; i++)
        f->st = svy_builder_node(b, x->attributes[i].name, x->attributes[i].value, f->r->err);
    for (size_t i = 0; i < x->n_spaces && f->st == SVY_OK; i++)
        f->st = svy_builder_node(b, x->spaces[i].name, x->spaces[i].value, f->r->err);
}

/* 1 when a name with this prefix stands in a tree. Recursion: as deep as the file may be. */
static int uses_prefix(const svyi_xml *x, const char *prefix)
{
    const size_t len = strlen(prefix);
    if (x->prefix != NULL && strcmp(x->prefix, prefix) == 0)
        return 1;
    for (size_t i = 0; i < x->n; i++)
        if (strncmp(x->attributes[i].name, prefix, len) == 0 && x->attributes[i].name[len] == ':')
            return 1;
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name != NULL && uses_prefix(c, prefix))
            return 1;
    return 0;
}

static int declares(const svyi_xml *from, const svyi_xml *to, const char *name)
{
    for (; from != to; from = from->parent)
        for (size_t i = 0; i < from->n_spaces; i++)
            if (strcmp(from->spaces[i].name, name) == 0)
                return 1;
    return 0;
}

/* The record leaves the form: what its prefixes mean goes with it. */
static void put_spaces_around(svyi_xform *f, const svyi_xml *root)
{
    for (const svyi_xml *x = root->parent; x != NULL; x = x->parent)
        for (size_t i = 0; i < x->n_spaces && f->st == SVY_OK; i++) {
            const char *name = x->spaces[i].name, *prefix = strchr(name, ':');
            if (prefix != NULL && !declares(root, x, name) && uses_prefix(root, prefix + 1))
                f->st = svy_builder_node(f->r->builder, name, x->spaces[i].value, f->r->err);
        }
}

static void put_below(svyi_xform *f, const svyi_xml *x)
{
    int has_elements = 0;
    for (const svyi_xml *c = x->first; c != NULL && !has_elements; c = c->next)
        has_elements = c->name != NULL;
    for (const svyi_xml *c = x->first; c != NULL && f->st == SVY_OK; c = c->next) {
        if (c->name == NULL) {
            if (!has_elements)
                f->st = svy_builder_node_text(f->r->builder, c->text, strlen(c->text), f->r->err);
            continue;
        }
        put_node(f, c);
        put_below(f, c);
        if (f->st == SVY_OK)
            f->st = svy_builder_node_end(f->r->builder, f->r->err);
    }
}

void svyi_xform_put_tree(svyi_xform *f, const svyi_xml *root, int record)
{
    put_node(f, root);
    if (record && f->st == SVY_OK)
        put_spaces_around(f, root);
    put_below(f, root);
    if (f->st == SVY_OK)
        f->st = svy_builder_node_end(f->r->builder, f->r->err);
}
