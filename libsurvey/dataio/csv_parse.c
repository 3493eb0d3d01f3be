/* The rows of a piece of a CSV file, cell by cell into their columns. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "base/error.h"
#include "dataio/csv_columns.h"
#include "dataio/csv_fast.h"

/* A row on its way. */
typedef struct cursor {
    svyi_csv_reading *r;
    svyi_csv_worker *w;
    const svyi_csv_chunk *chunk;
    char *at;                     /* the cell to take next */
    const char *end;              /* of the chunk; there is a line feed */
    char separator, decimal;
    const char *problem;          /* of the cell at hand; NULL with a failure: out of memory */
} cursor;

static int mark_missing(cursor *c, size_t column, size_t row)
{
    uint8_t **known = &c->w->missing[column], **shared = &c->r->columns[column].missing;

    if (*known == NULL) {
        pthread_mutex_lock(&c->r->lock);
        if (*shared == NULL && (*shared = svyi_get(&c->r->csv.arena.alloc, c->r->rows)) != NULL)
            memset(*shared, SVY_PRESENT, c->r->rows);
        *known = *shared;
        pthread_mutex_unlock(&c->r->lock);
    }
    if (*known == NULL)
        return -1;
    (*known)[row] = SVY_NOT_STATED;
    return 0;
}

/* Takes a cell that is not a number in its usual form. Returns where it ends, or NULL. */
static char *take_odd_number(cursor *c, size_t column, size_t row)
{
    const svyi_csv_reading *r = c->r;
    const svyi_csv_column *to = &r->columns[column];
    svy_csv_cell cell;
    double value = 0;
    char *end = svyi_csv_cell(c->at, c->end, c->separator, &cell, &c->problem);

    if (end == NULL)
        return NULL;
    if (svyi_csv_blank(&cell, r->options.na, r->options.n_na)) {
        if (mark_missing(c, column, row) != 0)
            return NULL;
    } else if (!svyi_csv_number(&cell, c->decimal, &value)) {
        c->w->actions[column] = SVYI_CSV_SKIP;
        c->w->contradicted[column] = 1;
    }
    to->numbers[row] = value;
    return end;
}

static char *take_text(cursor *c, size_t column, size_t row)
{
    const svyi_csv_reading *r = c->r;
    const svyi_csv_column *to = &r->columns[column];
    svy_csv_cell cell;
    uint32_t code = 0;
    char *end = svyi_csv_cell(c->at, c->end, c->separator, &cell, &c->problem);

    if (end == NULL)
        return NULL;
    const int failed = svyi_csv_blank(&cell, r->options.na, r->options.n_na)
        ? mark_missing(c, column, row)
        : svyi_dict_add(&c->w->dicts[to->dict], cell.text, cell.len, &code);
    to->codes[row] = code;
    return failed ? NULL : end;
}

/* Takes a cell for a number. */
static char *take_number(cursor *c, size_t column, size_t row)
{
    const svyi_csv_reading *r = c->r;
    double *value = &r->columns[column].numbers[row];
    const char *after = svyi_csv_fast_number(c->at, c->separator, c->decimal, value);

    for (size_t i = 0; after != NULL && i < r->n_na; i++)
        if (r->na[i] == *value)
            after = NULL;         /* perhaps it stands for no value: its text tells */
    return after != NULL ? c->at + (after - c->at) : take_odd_number(c, column, row);
}

static svy_status fail(const cursor *c, svy_error *err, size_t column)
{
    if (c->problem == NULL)
        return svyi_nomem(err);
    return svyi_csv_fail(&c->r->csv, c->chunk, c->w->piece.text, c->at, err, "column '%s': %s", c->r->csv.names[column].text, c->problem);
}

static svy_status fail_length(const cursor *c, const char *row, size_t cells, const char *how, svy_error *err)
{
    return svyi_csv_fail(&c->r->csv, c->chunk, c->w->piece.text, row, err, "the row has %s%zu cells, the first row has %zu", how, cells,
                         c->r->csv.n_columns);
}

static svy_status parse_row(cursor *c, size_t row, svy_error *err)
{
    const size_t n = c->r->csv.n_columns;
    const uint8_t *actions = c->w->actions;
    const char *first = c->at;
    svy_csv_cell skipped;

    for (size_t i = 0; i < n; i++) {
        char *end = NULL;
        if (actions[i] == SVYI_CSV_NUMBER)
            end = take_number(c, i, row);
        else if (actions[i] == SVYI_CSV_TEXT)
            end = take_text(c, i, row);
        else
            end = svyi_csv_cell(c->at, c->end, c->separator, &skipped, &c->problem);
        if (c->w->piece.bad != NULL && c->w->piece.bad < (end != NULL ? end : c->at))
            return svyi_csv_fail_bad(&c->r->csv, c->chunk, &c->w->piece, err);
        if (end == NULL)
            return fail(c, err, i);
        if (*end == '\n' && i + 1 < n)
            return fail_length(c, first, i + 1, "", err);
        if (*end != '\n' && i + 1 == n)
            return fail_length(c, first, n, "more than ", err);
        c->at = end + 1;
    }
    return SVY_OK;
}

svy_status svyi_csv_parse_chunk(svyi_csv_reading *r, svyi_csv_worker *w, const svyi_csv_chunk *chunk, uint64_t limit, svy_error *err)
{
    cursor c = { .r = r, .w = w, .chunk = chunk, .at = w->piece.text, .end = w->piece.text + chunk->len, .separator = r->csv.separator,
                 .decimal = r->options.decimal };
    const uint64_t rows = chunk->rows < limit ? chunk->rows : limit;
    svy_status st = SVY_OK;
    uint64_t i = 0;

    for (; st == SVY_OK && i < rows && c.at < c.end; i++)
        st = parse_row(&c, (size_t)(chunk->row + i), err);
    if (st == SVY_OK && chunk->cut)
        return svyi_csv_fail_long(&r->csv, chunk, err);
    if (st == SVY_OK && (i < rows || (rows == chunk->rows && c.at < c.end)))
        return svyi_fail_at(err, SVY_E_IO, r->csv.source.name, 0, 0, 0, "the file changed while it was read");
    return st;
}
