/* The builder's trees of XML: the record and the instances of a questionnaire with ODK's expressions, taken in as a walk of their nodes. */
#include <string.h>

#include "base/text.h"
#include "questionnaire/questionnaire_priv.h"

void svyi_q_trees_init(svy_builder *b)
{
    svyi_map_init(&b->node_name_numbers, &b->alloc);
    svyi_buffer_init(&b->node_text, &b->alloc);
    b->open_node = SVYI_Q_NO_NODE;
}

void svyi_q_trees_clear(svy_builder *b)
{
    svyi_map_clear(&b->node_name_numbers);
    svyi_buffer_clear(&b->node_text);
    svyi_release(&b->alloc, b->trees, b->trees_capacity * sizeof *b->trees);
    svyi_release(&b->alloc, b->nodes, b->nodes_capacity * sizeof *b->nodes);
    svyi_release(&b->alloc, b->node_names, b->node_names_capacity * sizeof *b->node_names);
}

static svyi_q_tree *current(svy_builder *b)
{
    return &b->trees[b->n_trees - 1];
}

static svy_status fail(const svy_builder *b, svy_error *err, svy_status code, const char *what)
{
    const svyi_q_tree *t = b->n_trees > 0 ? &b->trees[b->n_trees - 1] : NULL;

    return svyi_fail_at(err, code, t != NULL ? t->source : b->source, t != NULL ? t->line : 0, 0, 0, "%s", what);
}

/* The number of a name; that of an attribute gets its "@" here. */
static svy_status number_name(svy_builder *b, const char *name, int attribute, uint32_t *number, svy_error *err)
{
    char room[SVYI_Q_ODK_ID + 2] = "@";
    const size_t len = strlen(name);

    if (len == 0 || len > SVYI_Q_ODK_ID)
        return fail(b, err, SVY_E_LIMIT, len == 0 ? "a node has no name" : "the name of a node is longer than 255 bytes");
    if (!svyi_utf8_valid(name, len))
        return fail(b, err, SVY_E_VALUE, "the name of a node is not valid UTF-8");
    memcpy(room + 1, name, len + 1);
    const char *key = attribute ? room : room + 1;
    if (svyi_map_find(&b->node_name_numbers, key, len + (size_t)attribute, number))
        return SVY_OK;
    const char *own = svyi_arena_text(&b->arena, key, len + (size_t)attribute);
    if (own == NULL || svyi_grow(&b->alloc, &b->node_names, &b->node_names_capacity, b->n_node_names + 1, sizeof *b->node_names) != 0)
        return svyi_nomem(err);
    *number = (uint32_t)b->n_node_names;
    if (svyi_map_add(&b->node_name_numbers, own, len + (size_t)attribute, number) < 0)
        return svyi_nomem(err);
    b->node_names[b->n_node_names++] = own;
    return SVY_OK;
}

static svy_status keep_text(svy_builder *b, const char *text, size_t len, const char **out, svy_error *err)
{
    *out = "";
    if (len == 0)
        return SVY_OK;
    if (len > SVYI_Q_NODE_TEXT - b->node_text_size)
        return fail(b, err, SVY_E_LIMIT, "the instances of the questionnaire have more than 64 MiB of text");
    if (memchr(text, '\0', len) != NULL || !svyi_utf8_valid(text, len))
        return fail(b, err, SVY_E_VALUE, "a text of an instance is not valid UTF-8");
    b->node_text_size += len;
    *out = svyi_arena_text(&b->arena, text, len);
    return *out != NULL ? SVY_OK : svyi_nomem(err);
}

/* One tree for each id. */
static svy_status check_tree(const svy_builder *b, const char *id, int line, svy_error *err)
{
    if (strlen(id) > SVYI_Q_ODK_ID)
        return svyi_fail_at(err, SVY_E_LIMIT, b->source, line, 0, 0, "the id of an instance is longer than 255 bytes");
    if (!svyi_utf8_valid(id, strlen(id)))
        return svyi_fail_at(err, SVY_E_VALUE, b->source, line, 0, 0, "the id of an instance is not valid UTF-8");
    if (b->n_trees >= SVYI_Q_ELEMENTS)
        return svyi_fail_at(err, SVY_E_LIMIT, b->source, line, 0, 0, "the questionnaire has too many instances");
    if (b->open_node != SVYI_Q_NO_NODE)
        return svyi_fail(err, SVY_E_STATE, "the tree before is not complete");
    return SVY_OK;
}

svy_status svy_builder_tree(svy_builder *b, const char *id, const char *source, int line, svy_error *err)
{
    SVY_REQUIRE(b != NULL && id != NULL, err);
    const svy_status st = check_tree(b, id, line, err);
    if (st != SVY_OK)
        return st;
    const char *own = svyi_arena_text(&b->arena, id, strlen(id)), *file = b->source;
    if (source != NULL && strcmp(source, b->source) != 0)
        file = svyi_arena_text(&b->arena, source, strlen(source));
    if (own == NULL || file == NULL || svyi_grow(&b->alloc, &b->trees, &b->trees_capacity, b->n_trees + 1, sizeof *b->trees) != 0)
        return svyi_nomem(err);
    b->trees[b->n_trees++] = (svyi_q_tree){ .id = own, .source = file, .file = "", .line = line, .first = (uint32_t)b->n_nodes };
    return SVY_OK;
}

svy_status svy_builder_tree_file(svy_builder *b, const char *name, svy_error *err)
{
    SVY_REQUIRE(b != NULL && name != NULL, err);
    if (b->n_trees == 0)
        return svyi_fail(err, SVY_E_STATE, "a file needs a tree");
    if (strlen(name) > SVYI_Q_TEXT || !svyi_utf8_valid(name, strlen(name)))
        return fail(b, err, SVY_E_VALUE, "the name of an instance's file is too long, or not valid UTF-8");
    const char *own = svyi_arena_text(&b->arena, name, strlen(name));
    if (own == NULL)
        return svyi_nomem(err);
    current(b)->file = own;
    return SVY_OK;
}

static svy_status check_node(const svy_builder *b, int attribute, svy_error *err)
{
    if (b->n_trees == 0)
        return svyi_fail(err, SVY_E_STATE, "a node needs a tree");
    if (attribute && (b->open_node == SVYI_Q_NO_NODE || b->open_has_elements))
        return svyi_fail(err, SVY_E_STATE, "an attribute belongs to an element, before the elements in it");
    if (!attribute && b->open_node == SVYI_Q_NO_NODE && b->trees[b->n_trees - 1].n > 0)
        return svyi_fail(err, SVY_E_STATE, "a tree has one root element");
    if (b->n_nodes >= SVYI_Q_NODES)
        return fail(b, err, SVY_E_LIMIT, "the instances of the questionnaire have more than 4,000,000 nodes");
    if (!attribute && b->open_depth >= SVYI_Q_DEPTH)
        return fail(b, err, SVY_E_LIMIT, "an instance is nested more than 64 deep");
    return SVY_OK;
}

svy_status svy_builder_node(svy_builder *b, const char *name, const char *value, svy_error *err)
{
    uint32_t number = 0;
    const char *text = "";

    SVY_REQUIRE(b != NULL && name != NULL, err);
    svy_status st = check_node(b, value != NULL, err);
    if (st == SVY_OK)
        st = number_name(b, name, value != NULL, &number, err);
    if (st == SVY_OK && value != NULL)
        st = keep_text(b, value, strlen(value), &text, err);
    if (st == SVY_OK && svyi_grow(&b->alloc, &b->nodes, &b->nodes_capacity, b->n_nodes + 1, sizeof *b->nodes) != 0)
        st = svyi_nomem(err);
    if (st != SVY_OK)
        return st;
    svyi_q_tree *t = current(b);
    const uint32_t at = t->n++;
    b->nodes[b->n_nodes++] = (svyi_q_node){ .name = number, .parent = b->open_node, .end = at + 1, .text = text };
    if (value != NULL)
        return SVY_OK;
    b->open_node = at;
    b->open_depth++;
    b->open_has_elements = 0;
    b->node_text.len = 0;
    return SVY_OK;
}

svy_status svy_builder_node_text(svy_builder *b, const char *text, size_t len, svy_error *err)
{
    SVY_REQUIRE(b != NULL && (text != NULL || len == 0), err);
    if (b->open_node == SVYI_Q_NO_NODE)
        return svyi_fail(err, SVY_E_STATE, "a text belongs to an element");
    if (b->open_has_elements || len == 0)
        return SVY_OK;                   /* text between elements is no value */
    if (len > SVYI_Q_NODE_TEXT - b->node_text.len)
        return fail(b, err, SVY_E_LIMIT, "the instances of the questionnaire have more than 64 MiB of text");
    svyi_buffer_add(&b->node_text, text, len);
    return b->node_text.failed ? svyi_nomem(err) : SVY_OK;
}

svy_status svy_builder_node_end(svy_builder *b, svy_error *err)
{
    SVY_REQUIRE(b != NULL, err);
    if (b->open_node == SVYI_Q_NO_NODE)
        return svyi_fail(err, SVY_E_STATE, "no element is open");
    svyi_q_tree *t = current(b);
    svyi_q_node *node = &b->nodes[t->first + b->open_node];
    if (!b->open_has_elements) {
        const svy_status st = keep_text(b, b->node_text.data, b->node_text.len, &node->text, err);
        if (st != SVY_OK)
            return st;
    }
    node->end = t->n;
    b->open_node = node->parent;
    b->open_depth--;
    b->open_has_elements = 1;
    b->node_text.len = 0;
    return SVY_OK;
}
