/* Choices of an XForm: secondary instances, of which those that are plain lists become code lists, and items that stand in a select itself. */
#include "exchange/instance/instance.h"
#include "exchange/xform/xform.h"
#include <string.h>

enum { LIST_ELEMENTS = 20000 };      /* a list that would need more elements stays an instance, which is read much faster */

/* ---- what the form has ---- */

static void add_instance(svyi_xform *f, const char *id, const char *src, const svyi_xml *x)
{
    uint32_t number = (uint32_t)f->n_instances;
    const int found = svyi_map_add(&f->instance_ids, id, strlen(id), &number);
    if (found > 0) {
        svyi_xform_tell(f, SVY_WARNING, x, id, "give each instance its own id", "there are two instances with the id '%.100s': the first counts", id);
        return;
    }
    if (found < 0 || svyi_grow(&f->r->alloc, &f->instances, &f->instances_capacity, f->n_instances + 1, sizeof *f->instances) != 0) {
        svyi_xform_nomem(f);
        return;
    }
    f->instances[f->n_instances++] = (svyi_xform_instance){ .id = id, .src = src, .x = x, .line = svyi_xform_line(f, x) };
    uint32_t one = 1;
    if (svyi_map_add(&f->list_ids, id, strlen(id), &one) < 0)
        svyi_xform_nomem(f);
}

/* Tables that pulldata() reads without an instance that says so are files beside the form. */
static void find_pulldata(svyi_xform *f, const svyi_xml *x)
{
    for (size_t i = 0; i < x->n && f->st == SVY_OK; i++)
        for (const char *at = strstr(x->attributes[i].value, "pulldata"); at != NULL; at = strstr(at, "pulldata")) {
            at += 8;
            const char *open = at + strspn(at, " \t\r\n"), *quote = *open == '(' ? open + 1 + strspn(open + 1, " \t\r\n") : open;
            const char *end = *quote == '\'' || *quote == '"' ? strchr(quote + 1, *quote) : NULL;
            uint32_t number;
            if (end == NULL || svyi_map_find(&f->instance_ids, quote + 1, (size_t)(end - quote) - 1, &number))
                continue;
            const char *id = svyi_xform_copy(f, quote + 1, (size_t)(end - quote) - 1);
            if (id != NULL)
                add_instance(f, id, svyi_xform_unit(f, svyi_xform_unit(f, "jr://file-csv/", id), ".csv"), x);
        }
}

static int asks_for_texts(const char *expression)
{
    for (const char *at = strstr(expression, "jr:itext"); at != NULL; at = strstr(at + 8, "jr:itext"))
        if (at[8 + strspn(at + 8, " \t\r\n")] == '(')
            return 1;
    return 0;
}

/* What the expressions of the model need. */
static void look_at_binds(svyi_xform *f)
{
    static const char *const NAMES[] = { "calculate", "relevant", "constraint", "required", "readonly", "value" };
    for (const svyi_xml *c = f->model->first; c != NULL && f->st == SVY_OK; c = c->next) {
        if (c->name == NULL || c->n == 0)
            continue;
        find_pulldata(f, c);
        for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
            const char *expression = svyi_xform_value_of(c, NAMES[i]);
            f->texts_by_id |= expression != NULL && asks_for_texts(expression);
        }
    }
}

void svyi_xform_instances(svyi_xform *f)
{
    const svyi_xml *first = svyi_xform_child(f->model, "instance");
    for (const svyi_xml *c = svyi_xform_next(first, "instance"); c != NULL && f->st == SVY_OK; c = svyi_xform_next(c, "instance")) {
        const char *id = svyi_xform_value_of(c, "id");
        if (id == NULL)
            svyi_xform_tell(f, SVY_NOTE, c, NULL, "", "an instance without an id cannot be used and is left out");
        else
            add_instance(f, id, svyi_xform_value_of(c, "src"), c);
    }
    look_at_binds(f);
}

/* ---- how selects use them ---- */

svyi_xform_instance *svyi_xform_instance_of(svyi_xform *f, const char *nodeset)
{
    const char *at = nodeset + strspn(nodeset, " \t\r\n");
    uint32_t number;
    if (strncmp(at, "randomize", 9) == 0) {
        at += 9 + strspn(at + 9, " \t\r\n");
        at += *at == '(';
        at += strspn(at, " \t\r\n");
    }
    if (strncmp(at, "instance", 8) != 0)
        return NULL;
    at += 8 + strspn(at + 8, " \t\r\n");
    at += *at == '(';
    at += strspn(at, " \t\r\n");
    const char *end = *at == '\'' || *at == '"' ? strchr(at + 1, *at) : NULL;
    if (end == NULL || !svyi_map_find(&f->instance_ids, at + 1, (size_t)(end - at) - 1, &number))
        return NULL;
    end += 1 + strspn(end + 1, " \t\r\n");
    end += *end == ')';
    if (strncmp(end, "/root/item", 10) != 0)
        return NULL;
    const char behind = end[10 + strspn(end + 10, " \t\r\n")];
    return behind == '\0' || behind == '[' || behind == ',' || behind == ')' ? &f->instances[number] : NULL;
}

void svyi_xform_use_instance(svyi_xform *f, const svyi_xml *itemset)
{
    const char *nodeset = svyi_xform_value_of(itemset, "nodeset");
    svyi_xform_instance *i = nodeset != NULL ? svyi_xform_instance_of(f, nodeset) : NULL;
    const char *label = svyi_xform_value_of(svyi_xform_child(itemset, "label"), "ref");
    f->texts_by_id |= label != NULL && i == NULL && strstr(label, "jr:itext") != NULL;
    if (i == NULL || i->code != NULL)
        return;
    i->code = svyi_xform_trim(f, svyi_xform_value_of(svyi_xform_child(itemset, "value"), "ref"));
    i->label = svyi_xform_trim(f, label);
}

/* ---- is it a plain list ---- */

/* The name of the child that holds the labels' text ids: "itextId" of jr:itext(itextId). */
static const char *text_id_child(svyi_xform *f, const char *label)
{
    const char *open = label != NULL && strncmp(label, "jr:itext", 8) == 0 ? strchr(label, '(') : NULL, *close = open != NULL ? strchr(open, ')') : NULL;
    return close == NULL ? NULL : svyi_xform_trim(f, svyi_xform_copy(f, open + 1, (size_t)(close - open) - 1));
}

static int plain_child(const svyi_xml *x)
{
    return x->n == 0 && x->n_spaces == 0 && x->prefix == NULL && (x->first == NULL || (x->first == x->last && x->first->name == NULL));
}

/* An item of a plain list: leaves that occur once, the code among them. */
static int plain_item(const svyi_xml *item, const char *code, const char *texts, size_t *n)
{
    int has_code = 0;
    if (!svyi_xform_is(item, "item") || item->n > 0 || item->n_spaces > 0 || item->prefix != NULL)
        return 0;
    for (const svyi_xml *c = item->first; c != NULL; c = c->next) {
        if (c->name == NULL || !plain_child(c) || ++*n > LIST_ELEMENTS)
            return 0;
        for (const svyi_xml *d = item->first; d != c; d = d->next)
            if (strcmp(d->name, c->name) == 0)
                return 0;
        has_code |= strcmp(c->name, code) == 0 && c->first != NULL && strlen(c->first->text) <= 1024;
        if (strcmp(c->name, "label") == 0 && (texts != NULL || (c->first != NULL && strstr(c->first->text, "${") != NULL)))
            return 0;
    }
    return has_code;
}

const svyi_xml *svyi_xform_root_of(const svyi_xml *instance)
{
    const svyi_xml *c = instance->first;
    while (c != NULL && c->name == NULL)
        c = c->next;
    return c;
}

static int plain_id(const char *id)
{
    static const char SIGNS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-0123456789";
    return id[0] != '\0' && strlen(id) <= 64 && strlen(id) == strspn(id, SIGNS) && strchr("-0123456789", id[0]) == NULL;
}

static int plain_list(svyi_xform *f, const svyi_xform_instance *i)
{
    const svyi_xml *root = i->src == NULL ? svyi_xform_root_of(i->x) : NULL;
    const char *texts = text_id_child(f, i->label);
    size_t n = 0;
    if (root == NULL || i->code == NULL || i->label == NULL || strcmp(root->name, "root") != 0 || root->prefix != NULL || root->n > 0 || root->first == NULL ||
        !plain_id(i->id) || !plain_id(i->code) || (texts == NULL && strcmp(i->label, "label") != 0))
        return 0;
    for (const svyi_xml *c = root->first; c != NULL; c = c->next) {
        if (++n > LIST_ELEMENTS || !plain_item(c, i->code, texts, &n))
            return 0;
    }
    return 1;
}

/* ---- into the builder ---- */

static void put_property(svyi_xform *f, uint32_t choice, const svyi_xml *x)
{
    svyi_xform_attributes a = { .n = 0 };
    svyi_xform_put(f, &a, "name", x->name, x);
    const uint32_t element = svyi_xform_add(f, choice, SVY_EL_PROPERTY, &a, x);
    if (element != 0 && x->first != NULL)
        f->st = svy_builder_text(f->r->builder, element, SVY_TEXT, x->first->text, svyi_xform_line(f, x), f->r->err);
}

const char *svyi_xform_choice_unit(svyi_xform *f, svyi_map *codes, const char *list, const char *code)
{
    const char *unit = svyi_xform_unit(f, svyi_xform_unit(f, list, "/"), code);
    uint32_t n = 1;
    if (f->n_languages < 2)
        return unit;
    for (int found = svyi_map_add(codes, unit, strlen(unit), &n); found != 0 && f->st == SVY_OK; found = svyi_map_add(codes, unit, strlen(unit), &n)) {
        char number[16];
        size_t at = sizeof number - 1;
        if (found < 0) {
            svyi_xform_nomem(f);
            break;
        }
        number[at] = '\0';
        for (uint32_t m = ++n; m > 0 || number[at] == '\0'; m /= 10)
            number[--at] = (char)('0' + m % 10);
        number[--at] = '#';
        unit = svyi_xform_unit(f, svyi_xform_unit(f, svyi_xform_unit(f, list, "/"), code), number + at);
    }
    return unit;
}

static void put_item(svyi_xform *f, uint32_t list, const svyi_xform_instance *i, const char *texts, const svyi_xml *item, svyi_map *codes)
{
    svyi_xform_attributes a = { .n = 0 };
    const svyi_xml *code = svyi_xform_child(item, i->code), *label = texts == NULL ? svyi_xform_child(item, "label") : NULL;
    svyi_xform_put(f, &a, "code", code->first->text, code);
    const uint32_t choice = svyi_xform_add(f, list, SVY_EL_CHOICE, &a, item);
    if (choice == 0)
        return;
    const svyi_xform_words to = { choice, svyi_xform_choice_unit(f, codes, i->id, code->first->text), SVY_LABEL, 1 };
    const svyi_xml *id = texts != NULL ? svyi_xform_child(item, texts) : NULL;
    if (label != NULL)
        svyi_xform_label(f, label, &to);
    else if (id != NULL && id->first != NULL)
        svyi_xform_itext_at(f, id, svyi_xform_trim(f, id->first->text), &to);
    for (const svyi_xml *c = item->first; c != NULL && f->st == SVY_OK; c = c->next)
        if (c != code && c != label)
            put_property(f, choice, c);
}

static void put_list(svyi_xform *f, const svyi_xform_instance *i)
{
    svyi_xform_attributes a = { .n = 0 };
    const char *texts = text_id_child(f, i->label);
    svyi_map codes;
    svyi_map_init(&codes, &f->r->alloc);
    svyi_xform_put(f, &a, "id", i->id, i->x);
    if (strcmp(i->code, "name") != 0)
        svyi_xform_put(f, &a, "code-name", i->code, i->x);
    const uint32_t list = svyi_xform_add(f, f->questionnaire, SVY_EL_CHOICES, &a, i->x);
    for (const svyi_xml *c = svyi_xform_root_of(i->x)->first; c != NULL && f->st == SVY_OK; c = c->next)
        put_item(f, list, i, texts, c, &codes);
    svyi_map_clear(&codes);
}

static void put_instance(svyi_xform *f, const svyi_xform_instance *i)
{
    const svyi_xml *root = svyi_xform_root_of(i->x);
    if (i->src != NULL) {
        const svyi_instance_wish wish = { i->id, i->src, i->line, f->r->source };
        f->st = svyi_instance_read(f->r, &wish);
        return;
    }
    f->st = svy_builder_tree(f->r->builder, i->id, NULL, i->line, f->r->err);
    if (f->st == SVY_OK && root != NULL)
        svyi_xform_put_tree(f, root, 0);
    else if (f->st == SVY_OK && (f->st = svy_builder_node(f->r->builder, "root", NULL, f->r->err)) == SVY_OK)
        f->st = svy_builder_node_end(f->r->builder, f->r->err);
}

void svyi_xform_lists(svyi_xform *f)
{
    for (size_t i = 0; i < f->n_instances && f->st == SVY_OK; i++) {
        f->instances[i].is_list = plain_list(f, &f->instances[i]);
        f->texts_by_id |= !f->instances[i].is_list && f->instances[i].label != NULL && strstr(f->instances[i].label, "jr:itext") != NULL;
    }
    for (size_t i = 0; i < f->n_instances && f->st == SVY_OK; i++) {
        if (f->instances[i].is_list)
            put_list(f, &f->instances[i]);
        else
            put_instance(f, &f->instances[i]);
    }
    svyi_xform_inline_lists(f);
}
