/* Selects of the survey sheet: their list, or_other, table lists, choices from files and from a repeat. */
#include "exchange/xlsform/priv.h"

#include <string.h>

/* From the last point of the file's name on; points at its front are no extension. "" when there is none. */
static const char *extension_of(const char *list)
{
    const char *slash = strrchr(list, '/'), *base = slash != NULL ? slash + 1 : list;
    const char *dot = strrchr(base + strspn(base, "."), '.');

    return dot != NULL ? dot : "";
}

static int is_file(const char *extension)
{
    return strcmp(extension, ".csv") == 0 || strcmp(extension, ".xml") == 0 || strcmp(extension, ".geojson") == 0;
}

static int check_external(xlsform_rows *r, const xlsform_select *select, const char *list, const xlsform_dict *cells, int row)
{
    xlsform *x = r->x;

    if (svyi_xlsform_dict_find(cells, "choice_filter") == NULL) {
        svyi_xlsform_problem(x, "survey", row, "add a choice_filter, or use select_one", "select_one_external needs a choice_filter");
        return 0;
    }
    if (x->external.n == 0) {
        const char *similar = svyi_xlsform_similar_sheet(x, "external_choices");
        svyi_xlsform_problem(x, "survey", row, similar != NULL ? similar : "add the sheet, with the columns list_name and name", "the workbook has no sheet external_choices for '%s'", select->command);
        return 0;
    }
    if (svyi_xlsform_list(&x->external, list, strlen(list)) != NULL)
        return 1;
    svyi_xlsform_problem(x, "survey", row, "check the name of the list", "the sheet external_choices has no list '%s'", list);
    return 0;
}

static int check_internal(xlsform_rows *r, const char *type, const char *list, int row)
{
    xlsform *x = r->x;
    const xlsform_choices *choices = svyi_xlsform_list(&x->choices, list, strlen(list));

    if (x->choices.n == 0) {
        const char *similar = svyi_xlsform_similar_sheet(x, "choices");
        svyi_xlsform_problem(x, "survey", row, similar != NULL ? similar : "add the sheet, with the columns list_name, name and label", "the workbook has no sheet choices with the list '%s'", list);
        return 0;
    }
    if (choices == NULL) {
        svyi_xlsform_problem(x, "survey", row, "check the name of the list", "the sheet choices has no list '%s'", list);
        return 0;
    }
    for (const xlsform_choice *c = choices->first; strcmp(type, "select all that apply") == 0 && c != NULL; c = c->next)
        if (strchr(c->name, ' ') != NULL) {
            svyi_xlsform_problem(x, "choices", c->row, "leave out the blanks", "the choice '%s' of '%s' has a blank in its name, which separates the answers of a select_multiple", c->name, list);
            return 0;
        }
    return 1;
}

static int is_reference_name(const char *value)
{
    if (!((value[0] >= 'a' && value[0] <= 'z') || (value[0] >= 'A' && value[0] <= 'Z') || value[0] == '_'))
        return 0;
    for (const char *p = value; *p != '\0'; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-_.", *p) != NULL))
            return 0;
    return 1;
}

static int check_file(xlsform *x, const xlsform_select *select, const char *list, const xlsform_dict *parameters, int row)
{
    static const char *const ACCEPTED[] = { "label", "randomize", "seed", "value", NULL };
    static const char *const NAMES[] = { "value", "label" };
    const char *slash = strrchr(list, '/'), *base = slash != NULL ? slash + 1 : list;

    if (!is_file(extension_of(list)) || strchr(base, '.') != strrchr(base, '.')) {
        svyi_xlsform_problem(x, "survey", row, "name a file that ends in .csv, .xml or .geojson", "'%s' takes a file, and '%s' is none it can read", select->command, list);
        return 0;
    }
    if (!svyi_xlsform_accepts(x, parameters, ACCEPTED, row))
        return 0;
    for (int i = 0; i < 2; i++) {
        const char *value = svyi_xlsform_dict_text(parameters, NAMES[i]);
        if (value == NULL || is_reference_name(value))
            continue;
        svyi_xlsform_problem(x, "survey", row, "begin with a letter or _ and go on with letters, digits, - . _", "%s=%s cannot be the name of a column", NAMES[i], value);
        return 0;
    }
    return 1;
}

static int check_order(xlsform *x, const xlsform_dict *parameters, int row)
{
    const char *randomize = svyi_xlsform_dict_text(parameters, "randomize"), *seed = svyi_xlsform_dict_text(parameters, "seed");

    if (randomize != NULL && strcmp(randomize, "true") != 0 && strcmp(randomize, "false") != 0) {
        svyi_xlsform_problem(x, "survey", row, "write true or false", "randomize=%s is not possible", randomize);
        return 0;
    }
    if (seed != NULL && randomize == NULL) {
        svyi_xlsform_problem(x, "survey", row, "add randomize=true", "a seed is of no use without randomize=true");
        return 0;
    }
    if (seed != NULL && !svyi_xlsform_is_reference(seed) && !svyi_xlsform_is_number(seed)) {
        svyi_xlsform_problem(x, "survey", row, "write a number or ${name}", "seed=%s is not possible", seed);
        return 0;
    }
    return 1;
}

/* The question that asks for the text of "other". */
static void specify_other(xlsform_rows *r, const char *name, int row)
{
    xlsform *x = r->x;
    xlsform_element *e = svyi_xlsform_element(x, r->container, XLSFORM_QUESTION, "text", svyi_xlsform_format(x, "%s_other", name), row);

    if (e == NULL)
        return;
    e->label = (xlsform_value){ .text = "Specify other." };
    svyi_xlsform_dict_put(x, &e->bind, "relevant", svyi_xlsform_format(x, "selected(../%s, 'other')", name));
    svyi_xlsform_apply_type(x, e);
}

static int prepare_other(xlsform_rows *r, const char *list, const xlsform_dict *cells, int row)
{
    xlsform *x = r->x;
    xlsform_choices *choices = svyi_xlsform_list(&x->choices, list, strlen(list));
    const char *filter = svyi_xlsform_dict_text(cells, "choice_filter");

    x->or_other = 1;
    if (filter != NULL && filter[0] != '\0') {
        svyi_xlsform_problem(x, "survey", row, "add the choice and its question yourself", "or_other and choice_filter do not go together");
        return 0;
    }
    if (choices == NULL) {
        svyi_xlsform_problem(x, "survey", row, "name a list of the sheet choices", "or_other needs a list of choices, and '%s' is none", list);
        return 0;
    }
    return svyi_xlsform_add_other(x, choices);
}

/* The first select of a table: the heads of its columns stand before it. */
static int table_row(xlsform_rows *r, const char *type, const char *list, const xlsform_dict *cells, int row)
{
    xlsform *x = r->x;

    if (r->table_list == 1) {
        r->table_list = 2;
        r->table = list;
        if (svyi_xlsform_dict_find(cells, "choice_filter") != NULL) {
            svyi_xlsform_problem(x, "survey", row, "leave out the choice_filter, or table-list", "a table-list cannot have a choice_filter");
            return 0;
        }
        xlsform_choices *choices = svyi_xlsform_list(&x->choices, list, strlen(list));
        if (choices == NULL) {
            svyi_xlsform_problem(x, "survey", row, "name a list of the sheet choices", "a table-list needs a list of choices, and '%s' is none", list);
            return 0;
        }
        xlsform_element *head = svyi_xlsform_element(x, r->container, XLSFORM_QUESTION, type,
                                                     svyi_xlsform_format(x, "reserved_name_for_field_list_labels_%d", row), row);
        if (head == NULL)
            return 0;
        svyi_xlsform_dict_put(x, &head->control, "appearance", "label");
        head->itemset = list;
        head->inline_choices = choices;
        svyi_xlsform_apply_type(x, head);
    }
    if (r->table_list == 2 && strcmp(r->table, list) != 0) {
        svyi_xlsform_problem(x, "survey", row, "use one list in the whole table", "a table-list of '%s' has a select of '%s'", r->table, list);
        return 0;
    }
    return 1;
}

/* add_none_option: "none" excludes the other choices. The list has it once, and only the first select is constrained. */
static int none_option(xlsform *x, xlsform_element *e)
{
    static const char NONE[] = "(.='none' or not(selected(., 'none')))";

    if (svyi_xlsform_dict_find(x->settings, "add_none_option") == NULL || strcmp(e->type, "select all that apply") != 0)
        return 1;
    if (e->inline_choices == NULL) {
        svyi_xlsform_problem(x, "survey", e->row, "leave out add_none_option", "add_none_option needs choices of the workbook, and '%s' has none", e->name);
        return 0;
    }
    if (e->inline_choices->none)
        return 1;
    e->inline_choices->none = 1;
    const char *constraint = svyi_xlsform_dict_text(e->bind, "constraint");
    svyi_xlsform_dict_put(x, &e->bind, "constraint", constraint != NULL ? svyi_xlsform_format(x, "%s and %s", constraint, NONE) : NONE);
    return 1;
}

/* Which list the question names, and how the body will show it. */
static void set_list(xlsform_rows *r, xlsform_element *e, const xlsform_select *select, const char *list)
{
    const char *randomize = svyi_xlsform_dict_text(e->parameters, "randomize");
    xlsform_choices *choices = svyi_xlsform_list(&r->x->choices, list, strlen(list));

    e->itemset = list;
    if (e->choice_filter != NULL && e->choice_filter[0] != '\0') {
        if (select->external)
            e->query = list;
        else if (choices == NULL)
            return;
    } else if ((randomize != NULL && strcmp(randomize, "true") == 0) || is_file(extension_of(list)) || svyi_xlsform_has_reference(list)) {
        return;
    }
    e->list_name = list;
    e->inline_choices = choices;
}

static int checked(xlsform_rows *r, const xlsform_select *select, const char *list, const xlsform_dict *cells, const xlsform_dict *parameters, int row)
{
    static const char *const ACCEPTED[] = { "randomize", "seed", NULL };
    xlsform *x = r->x;
    const char *extension = extension_of(list);
    const char *instance = svyi_xlsform_text(x, list, (size_t)(extension[0] != '\0' ? extension - list : (long)strlen(list)));

    if (select->external && !check_external(r, select, list, cells, row))
        return 0;
    /* A list named like a file is one, whatever the type says. */
    const int file = is_file(extension) && svyi_xlsform_list(&x->choices, list, strlen(list)) == NULL;
    if (!select->external && !select->from_file && !file && !svyi_xlsform_has_reference(list)) {
        if (!check_internal(r, select->type, list, row))
            return 0;
        (void)svyi_xlsform_once(x, &r->secondary, instance, 0);
    }
    if (select->other && !prepare_other(r, list, cells, row))
        return 0;
    if (select->from_file ? !check_file(x, select, list, parameters, row) : !svyi_xlsform_accepts(x, parameters, ACCEPTED, row))
        return 0;
    if (!check_order(x, parameters, row))
        return 0;
    if (select->from_file || file)
        (void)svyi_xlsform_once(x, &r->secondary, instance, strcmp(extension, ".csv") == 0 ? 1 : 2);
    return 1;
}

int svyi_xlsform_select_row(xlsform_rows *r, const xlsform_select *select, xlsform_dict *cells, xlsform_dict *parameters, int row)
{
    xlsform *x = r->x;
    const char *list = svyi_xlsform_text(x, select->list, select->list_len);
    const char *name = svyi_xlsform_dict_text(cells, "name");

    if (!checked(r, select, list, cells, parameters, row))
        return 0;
    if (r->table_list != 0 && !table_row(r, select->type, list, cells, row))
        return 0;
    xlsform_element *e = svyi_xlsform_element(x, r->container, XLSFORM_QUESTION, select->type, name, row);
    if (e == NULL)
        return 0;
    svyi_xlsform_fill(x, e, cells);
    e->parameters = parameters;
    set_list(r, e, select, list);
    if (r->table_list != 0)
        svyi_xlsform_dict_put(x, &e->control, "appearance", "list-nolabel");
    if (!svyi_xlsform_common(r, e, cells) || !none_option(x, e))
        return 0;
    svyi_xlsform_apply_type(x, e);
    if (select->other)
        specify_other(r, name, row);
    return 1;
}
