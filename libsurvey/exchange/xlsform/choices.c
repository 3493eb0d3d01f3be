/* The sheets choices, external_choices and osm: lists of choices by name. */
#include "exchange/xlsform/priv.h"

#include <string.h>

xlsform_choices *svyi_xlsform_list(const xlsform_lists *lists, const char *name, size_t len)
{
    uint32_t i;

    return lists->n > 0 && svyi_map_find(&lists->names, name, len, &i) == 1 ? lists->lists[i] : NULL;
}

static xlsform_choices *list_made(xlsform *x, xlsform_lists *lists, const char *name)
{
    uint32_t i = lists->n;
    const int found = svyi_map_add(&lists->names, name, strlen(name), &i);

    if (found == 1)
        return lists->lists[i];
    xlsform_choices *list = found == 0 ? svyi_xlsform_get(x, sizeof *list) : NULL;
    if (list == NULL || svyi_grow(&x->arena.alloc, &lists->lists, &lists->capacity, (size_t)lists->n + 1, sizeof *lists->lists) != 0) {
        x->nomem = 1;
        return NULL;
    }
    list->name = name;
    lists->lists[lists->n++] = list;
    return list;
}

static void append(xlsform_choices *list, xlsform_choice *c)
{
    if (list->last != NULL)
        list->last->next = c;
    else
        list->first = c;
    list->last = c;
    list->n++;
}

static int is_own_key(const char *key)
{
    static const char *const KEYS[] = { "name", "label", "media", "sms_option", "list name" };

    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (strcmp(key, KEYS[i]) == 0)
            return 1;
    return 0;
}

/* Cells of a row as a choice. Columns whose header cannot be the name of an element were reported and are left out. */
static xlsform_choice *choice_of(xlsform *x, xlsform_dict *cells, int row)
{
    xlsform_choice *c = svyi_xlsform_get(x, sizeof *c);

    if (c == NULL)
        return NULL;
    c->row = row;
    c->cells = cells;
    c->name = svyi_xlsform_dict_text(cells, "name");
    c->sms_option = svyi_xlsform_dict_text(cells, "sms_option");
    const xlsform_value *label = svyi_xlsform_dict_find(cells, "label"), *media = svyi_xlsform_dict_find(cells, "media");
    if (label != NULL)
        c->label = *label;
    if (media != NULL)
        c->media = media->dict;
    for (const xlsform_entry *e = cells->first; e != NULL; e = e->next)
        if (!is_own_key(e->key) && svyi_xlsform_is_name(e->key) && e->value.text != NULL)
            svyi_xlsform_dict_put(x, &c->extra, e->key, e->value.text);
    return c;
}

static void read_rows(xlsform *x, const xlsform_sheet *s, xlsform_lists *lists, const char *language)
{
    for (uint32_t r = 0; r < s->rows && !svyi_xlsform_failed(x); r++) {
        xlsform_dict *cells = svyi_xlsform_row(x, s, r, language, 0);
        if (cells == NULL)
            continue;
        const char *name = svyi_xlsform_dict_text(cells, "list name");
        if (name == NULL) {
            svyi_xlsform_warn(x, s->name, (int)r + 2, "fill in list_name", "a choice without list_name is left out");
            continue;
        }
        xlsform_choices *list = list_made(x, lists, name);
        xlsform_choice *c = list != NULL ? choice_of(x, cells, (int)r + 2) : NULL;
        if (c != NULL)
            append(list, c);
    }
}

/* Names are there and, unless allowed, once. */
static void check_list(xlsform *x, xlsform_choices *list, int duplicates)
{
    svyi_map seen;

    svyi_map_init(&seen, &x->arena.alloc);
    for (xlsform_choice *c = list->first; c != NULL; c = c->next) {
        uint32_t row = (uint32_t)c->row;
        if (c->name == NULL) {
            svyi_xlsform_problem(x, "choices", c->row, "fill in the name", "a choice of the list '%s' has no name", list->name);
            c->name = "";
            continue;
        }
        if (!svyi_xlsform_is_there(&c->label))
            svyi_xlsform_warn(x, "choices", c->row, "fill in the label", "the choice '%s' of the list '%s' has no label", c->name, list->name);
        const int found = duplicates ? 0 : svyi_map_add(&seen, c->name, strlen(c->name), &row);
        if (found < 0)
            x->nomem = 1;
        if (found == 1)
            svyi_xlsform_problem(x, "choices", c->row, "give it another name, or set allow_choice_duplicates to yes in the settings",
                                 "the list '%s' has the choice '%s' in row %u already", list->name, c->name, (unsigned)row);
    }
    svyi_map_clear(&seen);
}

static void check_headers(xlsform *x, const xlsform_sheet *s)
{
    for (uint32_t i = 0; i < s->sheet->n_columns; i++) {
        const xlsform_column *c = &s->columns[i];
        if (c->n == 0 || is_own_key(c->tokens[0]))
            continue;
        if (!svyi_xlsform_is_name(c->tokens[0]) || strchr(c->tokens[0], ':') != NULL)
            svyi_xlsform_warn(x, s->name, 1, "use letters, digits, - . _ and no blanks, where choice_filter is to see it",
                              "the column '%s' cannot be the name of an XML element; it is left out", c->header);
        else if (c->n > 1)
            svyi_xlsform_problem(x, s->name, 1, "leave out what follows the colons", "the column '%s' has several parts, but only labels and media have languages", c->header);
    }
}

static void read_choices(xlsform *x)
{
    xlsform_sheet *s = &x->choices_sheet;
    const int duplicates = svyi_xlsform_dict_find(x->settings, "allow_choice_duplicates") != NULL;

    svyi_xlsform_sheet_headers(x, s);
    if (svyi_xlsform_failed(x) || s->rows == 0)
        return;
    if (!svyi_xlsform_sheet_has(s, "name")) {
        svyi_xlsform_problem(x, "choices", 1, "add the column name", "the sheet choices has no column 'name'");
        return;
    }
    check_headers(x, s);
    read_rows(x, s, &x->choices, x->default_language);
    for (uint32_t i = 0; i < x->choices.n && !svyi_xlsform_failed(x); i++)
        check_list(x, x->choices.lists[i], duplicates);
}

void svyi_xlsform_read_lists(xlsform *x)
{
    svyi_xlsform_sheet_open(x, &x->choices_sheet, "choices");
    svyi_xlsform_sheet_open(x, &x->external_sheet, "external_choices");
    svyi_xlsform_sheet_open(x, &x->osm_sheet, "osm");
    read_choices(x);
    if (x->external_sheet.rows > 0) {
        svyi_xlsform_sheet_headers(x, &x->external_sheet);
        if (!svyi_xlsform_failed(x))
            read_rows(x, &x->external_sheet, &x->external, x->default_language);
    }
    if (x->osm_sheet.rows > 0 && !svyi_xlsform_failed(x)) {
        svyi_xlsform_sheet_headers(x, &x->osm_sheet);
        if (!svyi_xlsform_failed(x))
            read_rows(x, &x->osm_sheet, &x->osm, "default");
    }
}

/* The choice that or_other adds, in every language the list has. */
int svyi_xlsform_add_other(xlsform *x, xlsform_choices *list)
{
    xlsform_dict *cells = NULL, *labels = NULL;

    if (list->other)
        return 1;
    list->other = 1;
    for (const xlsform_choice *c = list->first; c != NULL; c = c->next) {
        if (strcmp(c->name, "other") == 0)
            return 1;
        for (const xlsform_entry *e = c->label.dict != NULL ? c->label.dict->first : NULL; e != NULL; e = e->next)
            svyi_xlsform_dict_put(x, &labels, e->key, "Other");
    }
    svyi_xlsform_dict_put(x, &cells, "name", "other");
    svyi_xlsform_dict_set(x, &cells, "label", labels != NULL ? (xlsform_value){ .dict = labels } : (xlsform_value){ .text = "Other" });
    xlsform_choice *other = cells != NULL ? choice_of(x, cells, 0) : NULL;
    if (other != NULL)
        append(list, other);
    return other != NULL;
}

void svyi_xlsform_finish_lists(xlsform *x)
{
    for (uint32_t i = 0; i < x->choices.n; i++)
        for (const xlsform_choice *c = x->choices.lists[i]->first; c != NULL; c = c->next)
            if ((c->media != NULL && c->media->first != NULL) || c->label.dict != NULL ||
                (c->label.text != NULL && svyi_xlsform_has_reference(c->label.text))) {
                x->choices.lists[i]->translated = 1;
                break;
            }
}
