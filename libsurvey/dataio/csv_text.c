/* Reading a CSV file row by row as texts: for imports that decide about each cell themselves. */
#include <string.h>

#include "base/error.h"
#include "dataio/csv_priv.h"

/* A reading under way. */
typedef struct rows {
    svyi_csv csv;
    svy_csv_cell *cells;          /* one a column */
    svyi_csv_piece piece;
    svy_csv_row_fn *row;
    void *user;
} rows;

/* Splits the row at `*at`, and moves behind it. */
static svy_status split_row(rows *r, const svyi_csv_chunk *chunk, char **at, svy_error *err)
{
    const char *text = r->piece.text, *end = text + chunk->len, *first = *at;
    const size_t n = r->csv.n_columns;
    const char *problem = NULL;

    for (size_t i = 0; i < n; i++) {
        char *after = svyi_csv_cell(*at, end, r->csv.separator, &r->cells[i], &problem);
        if (r->piece.bad != NULL && r->piece.bad < (after != NULL ? after : *at))
            return svyi_csv_fail_bad(&r->csv, chunk, &r->piece, err);
        if (after == NULL)
            return svyi_csv_fail(&r->csv, chunk, text, *at, err, "column '%s': %s", r->csv.names[i].text, problem);
        if ((*after == '\n') != (i + 1 == n))
            return svyi_csv_fail(&r->csv, chunk, text, first, err, "the row has %s%zu cells, the first row has %zu",
                                 i + 1 < n ? "" : "more than ", i + 1, n);
        *at = after + 1;
    }
    return SVY_OK;
}

static svy_status read_chunk(rows *r, const svyi_csv_chunk *chunk, svy_error *err)
{
    svy_status st = svyi_csv_load(&r->csv, chunk, &r->piece, err);
    char *at = r->piece.text;
    size_t line = (size_t)chunk->line;

    for (uint64_t i = 0; st == SVY_OK && i < chunk->rows; i++) {
        const char *first = at;
        if (at > r->piece.text + chunk->len)
            return svyi_fail_at(err, SVY_E_IO, r->csv.source.name, 0, 0, 0, "the file changed while it was read");
        st = split_row(r, chunk, &at, err);
        if (st == SVY_OK && chunk->cut)
            return svyi_csv_fail_long(&r->csv, chunk, err);
        if (st == SVY_OK)
            st = r->row(r->user, line, r->cells, r->csv.n_columns, err);
        for (; first < at; first++)
            line += *first == '\n';
    }
    return st;
}

static svy_status read_rows(const svyi_csv_input *input, const svy_alloc *alloc, const svy_csv_read_options *given, svy_csv_row_fn *row,
                            void *user, svy_error *err)
{
    svy_csv_read_options options;
    rows r = { .row = row, .user = user };

    SVY_REQUIRE(row != NULL, err);
    svy_status st = svyi_csv_take_options(given, &options, err);
    options.threads = 1;
    if (st == SVY_OK)
        st = svyi_csv_open(alloc, input, &options, &r.csv, err);
    if (st != SVY_OK)
        return st;
    if ((r.cells = svyi_arena_get(&r.csv.arena, r.csv.n_columns * sizeof *r.cells)) == NULL)
        st = svyi_nomem(err);
    if (st == SVY_OK)
        st = row(user, r.csv.header_line, r.csv.names, r.csv.n_columns, err);
    for (size_t i = 0; st == SVY_OK && i < r.csv.n_chunks; i++)
        st = read_chunk(&r, &r.csv.chunks[i], err);
    svyi_release(&r.csv.arena.alloc, r.piece.text, r.piece.capacity);
    svyi_csv_close(&r.csv);
    return st;
}

svy_status svy_csv_read_text(const svy_alloc *alloc, const char *path, const svy_csv_read_options *options, svy_csv_row_fn *row, void *user,
                             svy_error *err)
{
    const svyi_csv_input input = { .path = path };

    SVY_REQUIRE(path != NULL, err);
    return read_rows(&input, alloc, options, row, user, err);
}

svy_status svy_csv_read_text_bytes(const svy_alloc *alloc, const void *bytes, size_t len, const svy_csv_read_options *options,
                                   svy_csv_row_fn *row, void *user, svy_error *err)
{
    const svyi_csv_input input = { .bytes = bytes, .len = len };

    SVY_REQUIRE(bytes != NULL || len == 0, err);
    return read_rows(&input, alloc, options, row, user, err);
}
