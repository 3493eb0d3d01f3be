/* Groups, repeats and loops of the survey sheet: what is open, the names in it, table lists, counts of repeats. */
#include "base/text.h"
#include "exchange/xlsform/priv.h"

#include <string.h>

enum { DEEPEST = 200 };   /* of groups in groups */

int svyi_xlsform_in_repeat(const xlsform_element *container)
{
    for (; container != NULL; container = container->parent)
        if (container->kind == XLSFORM_REPEAT)
            return 1;
    return 0;
}

/* ---- names */

static const char *lower_case(xlsform *x, const char *text)
{
    const size_t len = strlen(text);
    char *out = svyi_xlsform_get(x, 4 * len + 1);
    size_t at = 0, n = 0;

    while (out != NULL && at < len)
        n += svyi_utf8_put(svyi_lower(svyi_utf8_next(text, len, &at)), out + n);
    return out != NULL ? out : "";
}

int svyi_xlsform_once(xlsform *x, svyi_map *map, const char *key, uint32_t value)
{
    const int found = svyi_map_add(map, key, strlen(key), &value);

    if (found < 0)
        x->nomem = 1;
    return found == 0;
}

void svyi_xlsform_count_name(xlsform *x, const char *name)
{
    uint32_t once = 1;
    const int found = svyi_map_add(&x->names, name, strlen(name), &once);

    if (found < 0)
        x->nomem = 1;
    if (found == 1)
        svyi_xlsform_once(x, &x->names, svyi_xlsform_format(x, "%s\x1f", name), 1);   /* a name never holds that character: "more than once" */
}

int svyi_xlsform_check_name(xlsform_rows *r, const char *name, int row)
{
    xlsform *x = r->x;

    if (!svyi_xlsform_is_name(name)) {
        svyi_xlsform_problem(x, "survey", row, "begin with a letter or _ and go on with letters, digits, - . _", "'%s' cannot be a name", name);
        return 0;
    }
    svyi_xlsform_count_name(x, name);
    if (strcmp(name, "meta") == 0) {
        svyi_xlsform_problem(x, "survey", row, "choose another name", "the name 'meta' is kept for data about the form");
        return 0;
    }
    if (!svyi_xlsform_once(x, &r->open->names, name, 1)) {
        svyi_xlsform_problem(x, "survey", row, "choose another name", "the name '%s' is there already in the same group, repeat or form", name);
        return 0;
    }
    if (!svyi_xlsform_once(x, &r->open->lower, lower_case(x, name), 1))
        svyi_xlsform_warn(x, "survey", row, "choose another name", "the name '%s' differs from another only in capital letters, which confuses many programs", name);
    return 1;
}

/* ---- groups, repeats, loops */

int svyi_xlsform_open_group(xlsform_rows *r, xlsform_element *e)
{
    struct xlsform_open *open = svyi_xlsform_get(r->x, sizeof *open);
    int depth = 0;

    if (open == NULL)
        return 0;
    open->element = e;
    open->outer = r->open;
    svyi_map_init(&open->names, &r->x->arena.alloc);
    svyi_map_init(&open->lower, &r->x->arena.alloc);
    r->open = open;
    r->container = e;
    for (const struct xlsform_open *o = open; o != NULL; o = o->outer)
        depth++;
    if (depth > DEEPEST)
        r->x->limit = svyi_fail_at(r->x->err, SVY_E_LIMIT, r->x->source, e->row, 0, 0, "more than %d groups in groups", DEEPEST);
    return 1;
}

void svyi_xlsform_close_group(xlsform_rows *r)
{
    struct xlsform_open *open = r->open;

    svyi_map_clear(&open->names);
    svyi_map_clear(&open->lower);
    r->open = open->outer;
    r->container = r->open != NULL ? r->open->element : NULL;
}

/* A count that is more than one reference gets a node of its own. */
static void count_helper(xlsform *x, xlsform_element *container, const char *name, xlsform_dict *control)
{
    const char *count = svyi_xlsform_dict_text(control, "jr:count");

    if (count == NULL || svyi_xlsform_is_reference(count))
        return;
    const char *helper = svyi_xlsform_format(x, "%s_count", name);
    xlsform_element *e = svyi_xlsform_element(x, container, XLSFORM_QUESTION, "calculate", helper, 0);
    if (e == NULL)
        return;
    svyi_xlsform_dict_put(x, &e->bind, "readonly", "true()");
    svyi_xlsform_dict_put(x, &e->bind, "calculate", count);
    svyi_xlsform_apply_type(x, e);
    svyi_xlsform_dict_put(x, &control, "jr:count", svyi_xlsform_format(x, "${%s}", helper));
}

/* The words of an appearance without table-list, behind field-list. 0 when it has no table-list. */
static int is_table_list(xlsform *x, xlsform_element *e, const char *appearance)
{
    const char *words = "field-list";
    int found = 0;

    for (const char *p = appearance; p != NULL && *p != '\0';) {
        const size_t blank = strspn(p, " \t\r\n"), len = strcspn(p + blank, " \t\r\n");
        p += blank;
        if (len == 10 && strncmp(p, "table-list", 10) == 0)
            found = 1;
        else if (len > 0)
            words = svyi_xlsform_format(x, "%s %.*s", words, (int)len, p);
        p += len;
    }
    if (found)
        svyi_xlsform_dict_put(x, &e->control, "appearance", words);
    return found;
}

/* A table of selects: label and hint of the group become a note in it. */
static void begin_table(xlsform_rows *r, xlsform_element *e)
{
    xlsform *x = r->x;

    r->table_list = 1;
    if (e->label.text == NULL && e->label.dict == NULL && e->hint.text == NULL && e->hint.dict == NULL)
        return;
    const char *name = svyi_xlsform_format(x, "generated_table_list_label_%d", e->row);
    xlsform_element *note = svyi_xlsform_element(x, e, XLSFORM_QUESTION, "note", name, e->row);
    if (note == NULL)
        return;
    note->label = e->label;
    note->hint = e->hint;
    e->label = e->hint = (xlsform_value){ .text = NULL };
    svyi_xlsform_apply_type(x, note);
}

static void check_begin(xlsform_rows *r, xlsform_kind kind, const char *name, const xlsform_dict *cells, int row)
{
    xlsform *x = r->x;
    const xlsform_value *bind = svyi_xlsform_dict_find(cells, "bind");
    const char *required = bind != NULL ? svyi_xlsform_dict_text(bind->dict, "required") : NULL;

    if (kind == XLSFORM_REPEAT && strcmp(name, x->name) == 0)
        svyi_xlsform_problem(x, "survey", row, "choose another name", "the repeat '%s' has the name of the form", name);
    else if (kind == XLSFORM_REPEAT && !svyi_xlsform_once(x, &r->repeats, name, 1))
        svyi_xlsform_problem(x, "survey", row, "choose another name", "there is another repeat with the name '%s'", name);
    if (kind == XLSFORM_REPEAT && svyi_xlsform_dict_find(cells, "label") == NULL && svyi_xlsform_dict_find(cells, "media") == NULL)
        svyi_xlsform_warn(x, "survey", row, "fill in the label", "the repeat '%s' has no label", name);
    if (required != NULL && required[0] != '\0' && svyi_xlsform_yes_no(required) != 0)
        svyi_xlsform_warn(x, "survey", row, "require the questions in it instead", "the %s '%s' is marked as required, which is meant for questions", svyi_xlsform_kind_name(kind), name);
}

void svyi_xlsform_begin_group(xlsform_rows *r, xlsform_kind kind, const char *list, const char *name, xlsform_dict *cells, int row)
{
    xlsform *x = r->x;

    check_begin(r, kind, name, cells, row);
    if (kind == XLSFORM_LOOP && list == NULL)
        svyi_xlsform_problem(x, "survey", row, "write: begin loop over LIST", "the loop '%s' has no list of choices", name);
    else if (kind == XLSFORM_LOOP && svyi_xlsform_list(&x->choices, list, strlen(list)) == NULL)
        svyi_xlsform_problem(x, "survey", row, "check the name of the list", "the sheet choices has no list '%s' for the loop '%s'", list, name);
    const xlsform_value *control = svyi_xlsform_dict_find(cells, "control");
    if (control != NULL && control->dict != NULL)
        count_helper(x, r->container, name, control->dict);
    xlsform_element *e = svyi_xlsform_element(x, r->container, kind, svyi_xlsform_kind_name(kind), name, row);
    if (e == NULL)
        return;
    svyi_xlsform_fill(x, e, cells);
    e->loop_list = list;
    const char *appearance = svyi_xlsform_dict_text(e->control, "appearance"), *intent = svyi_xlsform_dict_text(cells, "intent");
    if (is_table_list(x, e, appearance))
        begin_table(r, e);
    if (intent != NULL)
        svyi_xlsform_dict_put(x, &e->control, "intent", intent);
    appearance = svyi_xlsform_dict_text(e->control, "appearance");
    if (appearance != NULL && strcmp(appearance, "label") == 0 && !svyi_xlsform_is_there(&e->label))
        e->label = (xlsform_value){ .text = " " };
    svyi_xlsform_open_group(r, e);
}

void svyi_xlsform_end_group(xlsform_rows *r, xlsform_kind kind, int row)
{
    if (r->open->outer == NULL || r->container->kind != kind) {
        svyi_xlsform_problem(r->x, "survey", row, "give every begin its end, the inner ones first", "this ends a %s, but %s is open",
                             svyi_xlsform_kind_name(kind), r->open->outer == NULL ? "none" : r->container->name);
        if (r->open->outer == NULL)
            return;
    }
    svyi_xlsform_close_group(r);
    r->table_list = 0;
}
