/* Reading a file of answer distributions. */
#include "distributions.h"
#include "csv_file.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GIVEN_MAX = 64 };

static int wrong(const char *path, int line, const char *what)
{
    fprintf(stderr, "survey: %s:%d: %s\n", path, line, what);
    return EXIT_WRONG;
}

/* Where the columns are that every line has. */
typedef struct columns { size_t variable, value, share; } columns;

static int find_columns(const csv_file *f, const char *path, columns *c)
{
    size_t found = 0;
    if (f->n_rows == 0)
        return wrong(path, 1, "the file is empty: begin with the columns variable,value,share");
    for (size_t i = 0; i < f->columns; i++) {
        const char *name = csv_file_cell(f, 0, i);
        size_t *at = strcmp(name, "variable") == 0 ? &c->variable : strcmp(name, "value") == 0 ? &c->value : strcmp(name, "share") == 0 ? &c->share : NULL;
        if (at != NULL) {
            *at = i;
            found++;
        }
    }
    if (found != 3)
        return wrong(path, 1, "the columns variable, value and share are needed: name each once in the first row");
    return f->columns - 3 <= GIVEN_MAX ? EXIT_DONE : wrong(path, 1, "a line depends on at most 64 variables: leave out columns");
}

static int add_line(svy_distributions *d, const csv_file *f, const char *path, const columns *c, size_t row)
{
    svy_given given[GIVEN_MAX];
    svy_error err = SVY_ERROR_INIT;
    size_t n = 0;
    char *end;
    const char *text = csv_file_cell(f, row, c->share);
    const double share = strtod(text, &end);
    if (end == text || *end != '\0')
        return wrong(path, f->lines[row], "the share is not a number: write 0.25, or a count");
    for (size_t i = 0; i < f->columns; i++)
        if (i != c->variable && i != c->value && i != c->share && csv_file_cell(f, row, i)[0] != '\0')
            given[n++] = (svy_given){ csv_file_cell(f, 0, i), csv_file_cell(f, row, i) };
    if (svy_distributions_add(d, csv_file_cell(f, row, c->variable), csv_file_cell(f, row, c->value), share, given, n, &err) == SVY_OK)
        return EXIT_DONE;
    return err.code == SVY_E_NOMEM ? tool_fail(&err) : wrong(path, f->lines[row], err.message);
}

/* ---- shares that add to nothing, of which no answer can be drawn ---- */

typedef struct entry { const csv_file *f; const columns *c; size_t row; double share; } entry;

/* Lines of one variable under the same conditions stand together. */
static int by_group(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = strcmp(csv_file_cell(x->f, x->row, x->c->variable), csv_file_cell(y->f, y->row, y->c->variable));
    for (size_t i = 0; i < x->f->columns && order == 0; i++)
        if (i != x->c->variable && i != x->c->value && i != x->c->share)
            order = strcmp(csv_file_cell(x->f, x->row, i), csv_file_cell(y->f, y->row, i));
    return order;
}

static int by_group_and_row(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = by_group(a, b);
    return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

static int several(const svy_form *form, const char *variable)
{
    uint32_t item;
    if (!svy_form_find(form, variable, strlen(variable), &item))
        return 0;
    const svy_type type = (svy_type)svy_form_item(form, item)->type;
    return type == SVY_T_MULTIPLE || type == SVY_T_RANKING;      /* each code has a share of its own, and nobody may have any */
}

static int check_sums(const entry *all, size_t n, const svy_form *form, const char *path)
{
    for (size_t i = 0, end; i < n; i = end) {
        double sum = 0;
        for (end = i; end < n && by_group(&all[i], &all[end]) == 0; end++)
            sum += all[end].share;
        const char *variable = csv_file_cell(all[i].f, all[i].row, all[i].c->variable);
        if (!(sum > 0) && !several(form, variable)) {
            fprintf(stderr, "survey: %s:%d: the shares of '%.64s' add to nothing%s: give at least one value a share above 0, or leave out its lines\n", path,
                    all[i].f->lines[all[i].row], variable, all[i].f->columns > 3 ? " under these conditions" : "");
            return EXIT_WRONG;
        }
    }
    return EXIT_DONE;
}

static int find_empty(const csv_file *f, const columns *c, const svy_form *form, const char *path)
{
    const size_t n = f->n_rows > 0 ? f->n_rows - 1 : 0;
    entry *all = calloc(n + 1, sizeof *all);
    if (all == NULL) {
        svy_error err = SVY_ERROR_INIT;
        err.code = SVY_E_NOMEM;
        snprintf(err.message, sizeof err.message, "there is not enough memory");
        return tool_fail(&err);
    }
    for (size_t i = 0; i < n; i++)
        all[i] = (entry){ f, c, i + 1, strtod(csv_file_cell(f, i + 1, c->share), NULL) };
    qsort(all, n, sizeof *all, by_group_and_row);
    const int status = check_sums(all, n, form, path);
    free(all);
    return status;
}

int tool_distributions_read(const char *path, const svy_form *form, svy_distributions **out)
{
    csv_file f = CSV_FILE_INIT;
    svy_error err = SVY_ERROR_INIT;
    columns c = { 0, 0, 0 };
    int status = EXIT_DONE;
    *out = NULL;
    if (path == NULL)
        return EXIT_DONE;
    if (csv_file_read(&f, path, &err) != SVY_OK || svy_distributions_new(NULL, form, out, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = find_columns(&f, path, &c);
    for (size_t row = 1; row < f.n_rows && status == EXIT_DONE; row++)
        status = add_line(*out, &f, path, &c, row);
    if (status == EXIT_DONE)
        status = find_empty(&f, &c, form, path);
    csv_file_clear(&f);
    if (status != EXIT_DONE) {
        svy_distributions_free(*out);
        *out = NULL;
    }
    return status;
}
