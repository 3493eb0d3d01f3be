/* From a formula to the columns that it needs. */
#include "formula.h"

#include <stdlib.h>
#include <string.h>
#include <survey/model.h>

/* Names of columns as formulas hand them over, which last no longer than these; copied into room for twice the formulas. */
typedef struct formula_names { name_list *names; char *next; } formula_names;

static void add_name(void *user, const char *name)
{
    formula_names *n = user;
    names_add(n->names, strcpy(n->next, name));
    n->next += strlen(name) + 1;
}

int tool_fail_formula(svy_error *err, const analysis_options *o)
{
    if (err->column > 0 && strcmp(err->source, "formula") != 0 && strncmp(err->source, "--", 2) != 0)
        snprintf(err->source, sizeof err->source, "--where");
    return tool_fail_data(err, o->data);
}

/* The first of the columns that is missing in a row; NULL when none is. */
static const svy_column *missing_in(const svy_frame *f, const char *const *names, size_t count, size_t row)
{
    for (size_t k = 0; k < count; k++) {
        const svy_column *c = svy_frame_find(f, names[k]);
        if (c != NULL && c->missing != NULL && c->missing[row] != SVY_PRESENT)
            return c;
    }
    return NULL;
}

static int check_complete(const analysis_options *o, const char *const *names, size_t count, const svy_frame *f, const svy_design *d)
{
    svy_error err = SVY_ERROR_INIT;
    const size_t rows = svy_frame_rows(f);
    const double *weights = svy_design_weights(d);
    int status = EXIT_DONE;
    uint8_t *keep = malloc(rows + 1);
    if (keep == NULL) {
        tool_say("out of memory");
        return EXIT_SYSTEM;
    }
    memset(keep, 1, rows);
    if (o->where != NULL && svy_frame_where(f, o->where, keep, &err) != SVY_OK)
        status = tool_fail_formula(&err, o);
    for (size_t i = 0; i < rows && status == EXIT_DONE; i++) {
        const svy_column *c = keep[i] && weights[i] != 0 && missing_in(f, o->by.items, o->by.count, i) == NULL ? missing_in(f, names, count, i) : NULL;
        if (c != NULL) {
            tool_say("%s: '%s' is missing in row %zu: use --missing omit to leave such rows out", o->data, c->name, i + 1);
            status = EXIT_WRONG;
        }
    }
    free(keep);
    return status;
}

/* The columns of one formula. */
static int add_formula(const char *formula, const char *option, formula_names *names)
{
    svy_error err = SVY_ERROR_INIT;
    if (svy_model_variables(NULL, formula, add_name, names, &err) == SVY_OK)
        return EXIT_DONE;
    if (option != NULL && err.column > 0)
        snprintf(err.source, sizeof err.source, "%s", option);
    return tool_fail(&err);
}

int tool_load_formula(const analysis_options *o, const char *formula, const char *other, const char *option, int complete, svy_frame **f, svy_design **d)
{
    name_list names = { NULL, 0, 0, 0 };
    int status = EXIT_DONE;
    char *room = malloc(2 * (strlen(formula) + 1 + (other != NULL ? strlen(other) + 1 : 0)));
    formula_names list = { &names, room };
    names.failed |= room == NULL;
    if (room != NULL)
        status = add_formula(formula, NULL, &list);
    if (room != NULL && other != NULL && status == EXIT_DONE)
        status = add_formula(other, option, &list);
    const size_t own = names.count;              /* the columns of the design come behind */
    if (status == EXIT_DONE)
        status = tool_load_design(o, &names, f, d);
    if (status == EXIT_DONE && complete)
        status = check_complete(o, names.items, own, *f, *d);
    names_clear(&names);
    free(room);
    return status;
}
