/* A CSV file in memory, as a source of rows with named cells. Row 0 is the header. */
#ifndef SURVEY_TOOL_CSV_FILE_H
#define SURVEY_TOOL_CSV_FILE_H
#include <stddef.h>
#include <survey/base.h>

typedef struct csv_file {
    char *text; size_t used, room;                 /* cells one after the other, NUL-terminated */
    size_t *cells; size_t n_cells, cells_room;     /* where each begins in `text` */
    int *lines; size_t n_rows, rows_room;
    size_t columns, row;                           /* row: the one that is looked at */
    size_t *by_name;                               /* columns in the order of their names */
} csv_file;
#define CSV_FILE_INIT { NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, 0, 0, NULL }

svy_status csv_file_read(csv_file *f, const char *path, svy_error *err);
void csv_file_clear(csv_file *f);
const char *csv_file_cell(const csv_file *f, size_t row, size_t column);

/* As svy_rows and svy_cells call them; `user` is the file. */
int csv_file_next(void *user, int *line, svy_error *err);
int csv_file_get(void *user, const char *name, const char **text, size_t *len);
const char *csv_file_name(void *user, size_t i);
#endif
