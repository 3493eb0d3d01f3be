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
    csv_file_clear(&f);
    if (status != EXIT_DONE) {
        svy_distributions_free(*out);
        *out = NULL;
    }
    return status;
}
