/* The tree of the form as a whole: loops written out, groups made flat, paths, checks of names, who triggers whom. */
#include "exchange/xlsform/priv.h"

#include <string.h>

enum { MOST_ELEMENTS = 2000000 };   /* loops multiply */

xlsform_element *svyi_xlsform_next(const xlsform_element *e, const xlsform_element *top)
{
    if (e->first != NULL)
        return e->first;
    while (e != top && e->next == NULL)
        e = e->parent;
    return e != top ? e->next : NULL;
}

const char *svyi_xlsform_path(xlsform *x, xlsform_element *e)
{
    const char *outer = e->parent != NULL ? svyi_xlsform_path(x, e->parent) : "";

    if (e->path == NULL)
        e->path = e->flat && e->kind != XLSFORM_ROOT ? outer : svyi_xlsform_format(x, "%s/%s%s", outer, e->kind == XLSFORM_ATTRIBUTE ? "@" : "", e->name);
    return e->path;
}

/* ---- loops: the questions of a loop once for every choice of its list */

/* The text of a choice for "%(key)s" at `percent`; *end behind it. NULL when it is not of that form or the choice has none. */
static const char *choice_text(xlsform *x, const char *percent, const xlsform_dict *cells, const char *language, const char **end)
{
    const char *close = percent[1] == '(' ? strchr(percent, ')') : NULL;

    if (close == NULL || close[1] != 's')
        return NULL;
    const xlsform_value *v = svyi_xlsform_dict_find(cells, svyi_xlsform_text(x, percent + 2, (size_t)(close - percent - 2)));
    *end = close + 2;
    if (v == NULL || v->text != NULL)
        return v != NULL ? v->text : NULL;
    return svyi_xlsform_dict_text(v->dict, language != NULL ? language : x->default_language);
}

/* "%(label)s" in a text of a loop is the choice's; "%%" is "%". Any other "%" is an error. NULL when it was reported. */
static const char *substituted(xlsform *x, const xlsform_element *loop, const char *text, const xlsform_dict *cells, const char *language)
{
    svyi_buffer out;
    const char *p = text;

    if (text == NULL || strchr(text, '%') == NULL)
        return text;
    svyi_buffer_init(&out, &x->arena.alloc);
    for (const char *percent; (percent = strchr(p, '%')) != NULL;) {
        const char *end = percent + 2, *value = percent[1] == '%' ? "%" : choice_text(x, percent, cells, language, &end);
        if (value == NULL) {
            svyi_xlsform_problem(x, "survey", loop->row, "write %(name)s or %(label)s, and %% for the sign itself",
                                 "in the loop '%s' something is wrong behind a %% sign", loop->name);
            svyi_buffer_clear(&out);
            return NULL;
        }
        svyi_buffer_add(&out, p, (size_t)(percent - p));
        svyi_buffer_text(&out, value);
        p = end;
    }
    svyi_buffer_text(&out, p);
    const char *made = out.failed ? NULL : svyi_xlsform_text(x, out.data, out.len);
    x->nomem |= out.failed;
    svyi_buffer_clear(&out);
    return made;
}

static xlsform_value substituted_value(xlsform *x, const xlsform_element *loop, const xlsform_value *v, const xlsform_dict *cells)
{
    xlsform_value out = { .text = substituted(x, loop, v->text, cells, NULL), .dict = svyi_xlsform_dict_copy(x, v->dict) };

    for (xlsform_entry *e = out.dict != NULL ? out.dict->first : NULL; e != NULL; e = e->next)
        e->value.text = substituted(x, loop, e->value.text, cells, e->key);
    return out;
}

static xlsform_dict *substituted_dict(xlsform *x, const xlsform_element *loop, xlsform_dict *d, const xlsform_dict *cells)
{
    const xlsform_value v = { .dict = d };

    return substituted_value(x, loop, &v, cells).dict;
}

static xlsform_element *copy_of(xlsform *x, const xlsform_element *loop, const xlsform_element *e, xlsform_element *parent, const xlsform_dict *cells);

static void copy_children(xlsform *x, const xlsform_element *loop, const xlsform_element *from, xlsform_element *to, const xlsform_dict *cells)
{
    for (const xlsform_element *c = from->first; c != NULL && !svyi_xlsform_failed(x); c = c->next)
        (void)copy_of(x, loop, c, to, cells);
}

/* A copy with the choice's words; those deeper in the copy keep their own words (cells NULL). As deep as groups may be. */
static xlsform_element *copy_of(xlsform *x, const xlsform_element *loop, const xlsform_element *e, xlsform_element *parent, const xlsform_dict *cells)
{
    xlsform_element *c = svyi_xlsform_element(x, parent, e->kind, e->type, e->name, e->row);

    if (++x->copies > MOST_ELEMENTS && x->limit == SVY_OK)
        x->limit = svyi_fail_at(x->err, SVY_E_LIMIT, x->source, loop->row, 0, 0, "the loop '%s' makes more than %d questions", loop->name, MOST_ELEMENTS);
    if (c == NULL || svyi_xlsform_failed(x))
        return NULL;
    xlsform_element *before = c->next;
    *c = *e;
    c->parent = parent;
    c->next = before;
    c->first = c->last = NULL;
    c->path = NULL;
    c->bind = svyi_xlsform_dict_copy(x, e->bind);
    c->control = svyi_xlsform_dict_copy(x, e->control);
    if (cells != NULL) {
        c->name = substituted(x, loop, e->name, cells, NULL);
        c->label = substituted_value(x, loop, &e->label, cells);
        c->hint = substituted_value(x, loop, &e->hint, cells);
        c->guidance = substituted_value(x, loop, &e->guidance, cells);
        c->bind = substituted_dict(x, loop, e->bind, cells);
        c->control = substituted_dict(x, loop, e->control, cells);
        c->media = substituted_dict(x, loop, e->media, cells);
        c->instance = substituted_dict(x, loop, e->instance, cells);
        c->default_value = substituted(x, loop, e->default_value, cells, NULL);
        c->choice_filter = substituted(x, loop, e->choice_filter, cells, NULL);
    }
    if (c->name == NULL)
        c->name = e->name;
    copy_children(x, loop, e, c, NULL);
    return c;
}

static void expand(xlsform *x, xlsform_element *loop)
{
    const xlsform_choices *list = svyi_xlsform_list(&x->choices, loop->loop_list, strlen(loop->loop_list));
    const xlsform_element inner = *loop;

    loop->kind = XLSFORM_GROUP;
    loop->first = loop->last = NULL;
    for (const xlsform_choice *c = list->first; c != NULL && !svyi_xlsform_failed(x); c = c->next) {
        if (strcmp(c->name, "none") == 0)
            continue;
        if (c->label.text == NULL && c->label.dict == NULL) {
            svyi_xlsform_problem(x, "choices", c->row, "fill in the label", "the loop '%s' needs a label of the choice '%s'", loop->name, c->name);
            continue;
        }
        xlsform_element *group = svyi_xlsform_element(x, loop, XLSFORM_GROUP, "group", c->name, loop->row);
        if (group == NULL)
            return;
        group->label = c->label;
        group->media = c->media;
        copy_children(x, loop, &inner, group, c->cells);
    }
}

void svyi_xlsform_expand_loops(xlsform *x, xlsform_element *section)
{
    for (xlsform_element *e = section; e != NULL && !svyi_xlsform_failed(x); e = svyi_xlsform_next(e, section))
        if (e->kind == XLSFORM_LOOP)
            expand(x, e);
}

/* ---- the setting flat: no groups in the record; what makes a group relevant goes to its questions */

void svyi_xlsform_flatten(xlsform *x, xlsform_element *section, const char *relevant)
{
    for (xlsform_element *e = section->first; e != NULL; e = e->next) {
        const char *own = svyi_xlsform_dict_text(e->bind, "relevant"), *both = own != NULL ? own : "";
        if (relevant[0] != '\0')
            both = both[0] != '\0' ? svyi_xlsform_format(x, "%s and (%s)", relevant, both) : relevant;
        if (e->first != NULL) {
            e->flat = 1;
            svyi_xlsform_flatten(x, e, both);
        } else if (both[0] != '\0') {
            svyi_xlsform_dict_put(x, &e->bind, "relevant", both);
        }
    }
}

/* ---- checks, names, triggers */

static void check_section(xlsform *x, const xlsform_element *section)
{
    svyi_map names;

    svyi_map_init(&names, &x->arena.alloc);
    for (const xlsform_element *e = section->first; e != NULL; e = e->next) {
        if (!svyi_xlsform_is_name(e->name))
            svyi_xlsform_problem(x, "survey", e->row, "begin with a letter or _ and go on with letters, digits, - . _", "'%s' cannot be a name", e->name);
        if (!svyi_xlsform_once(x, &names, e->name, 1))
            svyi_xlsform_problem(x, "survey", e->row, "choose another name", "the name '%s' is there twice in '%s', once made by us for a list, a count or 'other'", e->name, section->name);
    }
    svyi_map_clear(&names);
}

static void index_name(xlsform *x, xlsform_element *e)
{
    uint32_t i = x->n_by_name + 1;

    if (e->kind == XLSFORM_ATTRIBUTE || e->kind == XLSFORM_ENTITY_LABEL || e->kind == XLSFORM_EXTERNAL)
        return;
    const int found = svyi_map_add(&x->elements, e->name, strlen(e->name), &i);
    if (found == 1) {
        x->by_name[i - 1] = NULL;
        return;
    }
    if (found < 0 || svyi_grow(&x->arena.alloc, &x->by_name, &x->by_name_capacity, (size_t)x->n_by_name + 1, sizeof *x->by_name) != 0)
        x->nomem = 1;
    else
        x->by_name[x->n_by_name++] = e;
}

xlsform_element *svyi_xlsform_find(const xlsform *x, const char *name, size_t len, int *several)
{
    uint32_t i;
    const int found = svyi_map_find(&x->elements, name, len, &i) == 1;

    *several = found && x->by_name[i - 1] == NULL;
    return found ? x->by_name[i - 1] : NULL;
}

static void link_triggers(xlsform *x, xlsform_element *e)
{
    const int locates = strcmp(e->type, "background-geopoint") == 0;
    const char *calculate = svyi_xlsform_dict_text(e->bind, "calculate");
    int several;

    for (const xlsform_name *n = e->triggers; n != NULL; n = n->next) {
        xlsform_element *trigger = svyi_xlsform_find(x, n->text, strlen(n->text), &several);
        xlsform_triggered *t = svyi_xlsform_get(x, sizeof *t);
        if (t == NULL || trigger == NULL)
            continue;
        *t = (xlsform_triggered){ .element = e, .value = calculate != NULL ? calculate : "" };
        xlsform_triggered **last = locates ? &trigger->locates_last : &trigger->sets_last;
        if (*last != NULL)
            (*last)->next = t;
        else if (locates)
            trigger->locates = t;
        else
            trigger->sets = t;
        *last = t;
    }
}

void svyi_xlsform_check_tree(xlsform *x)
{
    svyi_map repeats;

    svyi_map_init(&repeats, &x->arena.alloc);
    for (xlsform_element *e = x->root; e != NULL && !svyi_xlsform_failed(x); e = svyi_xlsform_next(e, x->root)) {
        check_section(x, e);
        index_name(x, e);
        if (e->kind == XLSFORM_REPEAT && !svyi_xlsform_once(x, &repeats, e->name, 1))
            svyi_xlsform_problem(x, "survey", e->row, "choose another name", "there is another repeat with the name '%s'", e->name);
    }
    svyi_map_clear(&repeats);
    for (xlsform_element *e = x->root; e != NULL && x->problems == 0 && !svyi_xlsform_failed(x); e = svyi_xlsform_next(e, x->root))
        if (e->triggers != NULL)
            link_triggers(x, e);
}
