/* The choices that stand in a select of an XForm itself: lists of their own, the same list for all selects that have the same items. */
#include "exchange/xform/xform.h"
#include <string.h>

static const char *value_of_item(svyi_xform *f, const svyi_xml *item)
{
    return svyi_xform_content(f, svyi_xform_child(item, "value"));
}

/* What the items are, as bytes that are the same for the same list; 0 when their texts depend on the question. */
static int list_key(svyi_xform *f, const svyi_xml *control, svyi_buffer *key)
{
    for (const svyi_xml *item = svyi_xform_child(control, "item"); item != NULL; item = svyi_xform_next(item, "item")) {
        const char *code = value_of_item(f, item);
        svyi_buffer_add(key, code, strlen(code) + 1);
        if (!svyi_xform_label_key(f, svyi_xform_child(item, "label"), key))
            return 0;
        svyi_buffer_add(key, "\1", 1);
    }
    if (key->failed)
        svyi_xform_nomem(f);
    return f->st == SVY_OK;
}

static const char *new_list_id(svyi_xform *f, const svyi_xform_node *n)
{
    const char *id = svyi_xform_unit(f, n->id, "_choices");
    uint32_t one = 1;
    for (int found = svyi_map_add(&f->list_ids, id, strlen(id), &one); found != 0 && f->st == SVY_OK; found = svyi_map_add(&f->list_ids, id, strlen(id), &one)) {
        if (found < 0)
            svyi_xform_nomem(f);
        id = svyi_xform_unit(f, id, "_");
    }
    return id;
}

static void put_list(svyi_xform *f, const svyi_xform_node *n, const char *id)
{
    svyi_xform_attributes a = { .n = 0 };
    svyi_map codes;
    svyi_map_init(&codes, &f->r->alloc);
    svyi_xform_put(f, &a, "id", id, n->control);
    const uint32_t list = svyi_xform_add(f, f->questionnaire, SVY_EL_CHOICES, &a, n->control);
    for (const svyi_xml *item = svyi_xform_child(n->control, "item"); item != NULL && f->st == SVY_OK; item = svyi_xform_next(item, "item")) {
        const char *code = value_of_item(f, item);
        a.n = 0;
        svyi_xform_put(f, &a, "code", code, item);
        const uint32_t choice = svyi_xform_add(f, list, SVY_EL_CHOICE, &a, item);
        const svyi_xform_words to = { choice, svyi_xform_choice_unit(f, &codes, id, code), SVY_LABEL, 1 };
        if (choice != 0)
            svyi_xform_label(f, svyi_xform_child(item, "label"), &to);
    }
    svyi_map_clear(&codes);
}

/* The list of a select's items: one that is there already, or a new one. */
static void make_list(svyi_xform *f, svyi_xform_node *n)
{
    svyi_buffer key;
    uint32_t number = (uint32_t)f->n_inline;
    svyi_buffer_init(&key, &f->r->alloc);
    if (list_key(f, n->control, &key) && key.len > 0) {
        const char *kept = svyi_xform_copy(f, key.data, key.len);
        const int found = kept != NULL ? svyi_map_add(&f->inline_lists, kept, key.len, &number) : -1;
        if (found < 0)
            svyi_xform_nomem(f);
        if (found > 0)
            n->list = f->inline_ids[number];
    }
    svyi_buffer_clear(&key);
    if (n->list != NULL || f->st != SVY_OK)
        return;
    n->list = new_list_id(f, n);
    if (svyi_grow(&f->r->alloc, &f->inline_ids, &f->inline_capacity, f->n_inline + 1, sizeof *f->inline_ids) != 0) {
        svyi_xform_nomem(f);
        return;
    }
    f->inline_ids[f->n_inline++] = n->list;
    put_list(f, n, n->list);
}

void svyi_xform_inline_lists(svyi_xform *f)
{
    for (size_t i = 0; i < f->n_nodes && f->st == SVY_OK; i++) {
        const svyi_xml *c = f->nodes[i]->control;
        if ((svyi_xform_is(c, "select1") || svyi_xform_is(c, "select") || svyi_xform_is(c, "rank")) && svyi_xform_child(c, "itemset") == NULL)
            make_list(f, f->nodes[i]);
    }
}
