/* A CSV file in memory: its cells by row and by the name of their column. */
#include "csv_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/dataio.h>

static int grow(void **array, size_t *room, size_t need, size_t item)
{
    if (need <= *room)
        return 1;
    size_t more = *room * 2 > need ? *room * 2 : need + 1024;
    void *bigger = realloc(*array, more * item);
    if (bigger == NULL)
        return 0;
    *array = bigger;
    *room = more;
    return 1;
}

static svy_status no_memory(svy_error *err)
{
    err->code = SVY_E_NOMEM;
    snprintf(err->message, sizeof err->message, "out of memory");
    return SVY_E_NOMEM;
}

static svy_status take_row(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    csv_file *f = user;
    void *text = f->text, *starts = f->cells, *lines = f->lines;
    size_t need = f->used;
    for (size_t i = 0; i < n; i++)
        need += cells[i].len + 1;
    int ok = grow(&text, &f->room, need, 1) && (f->text = text, 1) && grow(&starts, &f->cells_room, f->n_cells + n, sizeof *f->cells) &&
             (f->cells = starts, 1) && grow(&lines, &f->rows_room, f->n_rows + 1, sizeof *f->lines) && (f->lines = lines, 1);
    if (!ok)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        f->cells[f->n_cells++] = f->used;
        if (cells[i].len > 0)
            memcpy(f->text + f->used, cells[i].text, cells[i].len);
        f->text[f->used + cells[i].len] = '\0';
        f->used += cells[i].len + 1;
    }
    f->columns = n;
    f->lines[f->n_rows++] = (int)line;
    return SVY_OK;
}

const char *csv_file_cell(const csv_file *f, size_t row, size_t column)
{
    return f->text + f->cells[row * f->columns + column];
}

int csv_file_next(void *user, int *line, svy_error *err)
{
    csv_file *f = user;
    (void)err;
    if (f->row + 1 >= f->n_rows)
        return 0;
    *line = f->lines[++f->row];
    return 1;
}

const char *csv_file_name(void *user, size_t i)
{
    const csv_file *f = user;
    return i < f->columns ? csv_file_cell(f, 0, i) : NULL;
}

static const char *sort_text;                      /* qsort takes no user data: what the two arrays below point into */
static const size_t *sort_cells;

static int by_name(const void *a, const void *b)
{
    return strcmp(sort_text + sort_cells[*(const size_t *)a], sort_text + sort_cells[*(const size_t *)b]);
}

static svy_status sort_columns(csv_file *f, svy_error *err)
{
    f->by_name = malloc((f->columns + 1) * sizeof *f->by_name);
    if (f->by_name == NULL)
        return no_memory(err);
    for (size_t i = 0; i < f->columns; i++)
        f->by_name[i] = i;
    sort_text = f->text;
    sort_cells = f->cells;
    qsort(f->by_name, f->columns, sizeof *f->by_name, by_name);
    return SVY_OK;
}

int csv_file_get(void *user, const char *name, const char **text, size_t *len)
{
    const csv_file *f = user;
    size_t from = 0, to = f->columns;
    while (from < to) {
        size_t middle = from + (to - from) / 2, column = f->by_name[middle];
        int order = strcmp(name, csv_file_cell(f, 0, column));
        if (order == 0) {
            *text = csv_file_cell(f, f->row, column);
            *len = strlen(*text);
            return 1;
        }
        if (order < 0) to = middle; else from = middle + 1;
    }
    return 0;
}

svy_status csv_file_read(csv_file *f, const char *path, svy_error *err)
{
    svy_csv_read_options csv = SVY_CSV_READ_INIT;
    svy_status st = svy_csv_read_text(NULL, path, &csv, take_row, f, err);
    return st == SVY_OK ? sort_columns(f, err) : st;
}

void csv_file_clear(csv_file *f)
{
    free(f->text);
    free(f->cells);
    free(f->lines);
    free(f->by_name);
    *f = (csv_file)CSV_FILE_INIT;
}
