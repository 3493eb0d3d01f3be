/* The beginning of a CSV file: encoding, separator, names of the columns. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "dataio/csv_priv.h"

enum { FIRST_PIECE = 1 << 14, DEFAULT_THREADS = 4 };

static const uint64_t DEFAULT_BYTES = (uint64_t)8 << 30;

static svy_status check_encoding(const svyi_csv *csv, uint64_t *from, svy_error *err)
{
    char mark[3] = { 0, 0, 0 };
    const size_t len = csv->source.size < sizeof mark ? (size_t)csv->source.size : sizeof mark;
    const svy_status st = svyi_source_read(&csv->source, 0, len, mark, err);

    *from = 0;
    if (st != SVY_OK)
        return st;
    if (memcmp(mark, "\xFF\xFE", 2) == 0 || memcmp(mark, "\xFE\xFF", 2) == 0)
        return svyi_fail_at(err, SVY_E_FORMAT, csv->source.name, 1, 0, 0, "the text is UTF-16: save the file as UTF-8");
    if (memcmp(mark, "\xEF\xBB\xBF", 3) == 0)
        *from = 3;
    return SVY_OK;
}

/* Bytes of the row that `text` begins with, its line feed included; 0 when it does not end in `text`. */
static size_t row_length(const char *text, size_t len)
{
    int inside = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            inside ^= 1;
        else if (text[i] == '\n' && !inside)
            return i + 1;
    }
    return 0;
}

/* Reads the row at `from` in pieces of growing size; *row is of *capacity bytes, one of them behind its `*len`. */
static svy_status first_row(const svyi_csv *csv, uint64_t from, char **row, size_t *capacity, size_t *len, svy_error *err)
{
    const uint64_t left = csv->source.size - from;

    for (size_t want = FIRST_PIECE;; want *= 4) {
        const size_t piece = left < want ? (size_t)left : want;
        if (svyi_grow(&csv->arena.alloc, row, capacity, piece + 1, 1) != 0)
            return svyi_nomem(err);
        const svy_status st = svyi_source_read(&csv->source, from, piece, *row, err);
        if (st != SVY_OK)
            return st;
        *len = row_length(*row, piece);
        if (*len == 0 && piece == left)
            *len = piece;
        if (*len > 0 || piece == left)
            return SVY_OK;
        if (piece >= SVYI_CSV_ROW)
            return svyi_fail_at(err, SVY_E_LIMIT, csv->source.name, 1, 0, 0, "the first row is longer than %d bytes", SVYI_CSV_ROW);
    }
}

static char detect_separator(const char *row, size_t len)
{
    static const char CANDIDATES[] = { ',', ';', '\t' };
    size_t best = 0, count[sizeof CANDIDATES] = { 0 };
    int inside = 0;

    for (size_t i = 0; i < len; i++) {
        inside ^= row[i] == '"';
        for (size_t c = 0; c < sizeof CANDIDATES; c++)
            count[c] += !inside && row[i] == CANDIDATES[c];
    }
    for (size_t c = 1; c < sizeof CANDIDATES; c++)
        if (count[c] > count[best])
            best = c;
    return CANDIDATES[best];
}

static svy_status add_name(svyi_csv *csv, svyi_map *seen, const svyi_csv_chunk *header, const char *row, const svy_csv_cell *cell, svy_error *err)
{
    uint32_t index = (uint32_t)csv->n_columns;

    if (csv->n_columns >= SVYI_CSV_COLUMNS)
        return svyi_fail_at(err, SVY_E_LIMIT, csv->source.name, (int)csv->header_line, 0, 0, "there are more than %d columns", SVYI_CSV_COLUMNS);
    const char *name = svyi_arena_text(&csv->arena, cell->text, cell->len);
    if (name == NULL || svyi_grow(&csv->arena.alloc, &csv->names, &csv->names_capacity, csv->n_columns + 1, sizeof *csv->names) != 0)
        return svyi_nomem(err);
    svy_status st = SVY_OK;
    if (svyi_csv_blank(cell, NULL, 0)) {
        st = svyi_csv_fail(csv, header, row, row, err, "column %u has no name: the first row must have the names (R: row.names = FALSE)", index + 1);
    } else {
        const int added = svyi_map_add(seen, name, cell->len, &index);
        if (added < 0)
            return svyi_nomem(err);
        if (added > 0)
            st = svyi_csv_fail(csv, header, row, row, err, "columns %u and %u are both named '%s'", index + 1, (unsigned)csv->n_columns + 1, name);
    }
    if (st != SVY_OK) {
        if (err != NULL)
            err->code = SVY_E_NAME;
        return SVY_E_NAME;
    }
    csv->names[csv->n_columns++] = (svy_csv_cell){ name, cell->len, cell->quoted };
    return SVY_OK;
}

/* `row` holds `len` bytes and has room for one more. */
static svy_status read_names(svyi_csv *csv, char *row, size_t len, svy_error *err)
{
    const svyi_csv_chunk header = { .line = csv->header_line };
    svyi_map seen;
    svy_status st = SVY_OK;

    svyi_map_init(&seen, &csv->arena.alloc);
    while (len > 0 && (row[len - 1] == '\n' || row[len - 1] == '\r'))
        len--;
    row[len] = '\n';
    for (char *at = row; st == SVY_OK && at <= row + len;) {   /* behind the line end when the last name has been taken */
        svy_csv_cell cell;
        const char *problem = NULL;
        char *end = svyi_csv_cell(at, row + len, csv->separator, &cell, &problem);
        if (end == NULL) {
            st = svyi_csv_fail(csv, &header, row, at, err, "%s", problem);
        } else {
            st = add_name(csv, &seen, &header, row, &cell, err);
            at = end + 1;
        }
    }
    svyi_map_clear(&seen);
    return st;
}

static svy_status read_header(svyi_csv *csv, uint64_t from, uint64_t *rows_from, uint64_t *rows_line, svy_error *err)
{
    char *row = NULL;
    size_t capacity = 0, len = 0, lines = 0;
    svy_status st = first_row(csv, from, &row, &capacity, &len, err);

    csv->header_line = 1;
    for (size_t i = 0; st == SVY_OK && i < len; i++)
        lines += row[i] == '\n';
    *rows_from = from + len;
    *rows_line = 1 + lines;
    if (st == SVY_OK && len == 0)
        st = svyi_fail_at(err, SVY_E_FORMAT, csv->source.name, 1, 0, 0, "the file is empty: expected a row with the names of the columns");
    if (st == SVY_OK && memchr(row, '\0', len) != NULL)
        st = svyi_fail_at(err, SVY_E_FORMAT, csv->source.name, 1, 0, 0, "there is a NUL byte: this is not a text file, or not in UTF-8");
    if (st == SVY_OK && !svyi_utf8_valid(row, len))
        st = svyi_fail_at(err, SVY_E_FORMAT, csv->source.name, 1, 0, 0, "the text is not UTF-8: save the file as UTF-8");
    if (st == SVY_OK && csv->separator == 0)
        csv->separator = detect_separator(row, len);
    if (st == SVY_OK)
        st = read_names(csv, row, len, err);
    svyi_release(&csv->arena.alloc, row, capacity);
    return st;
}

static unsigned choose_threads(const svy_alloc *alloc, unsigned wanted)
{
    if (wanted == 0 && alloc == NULL) {
        const long online = sysconf(_SC_NPROCESSORS_ONLN);
        wanted = online < 1 ? 1 : online < DEFAULT_THREADS ? (unsigned)online : DEFAULT_THREADS;
    }
    return wanted == 0 ? 1 : wanted < SVYI_THREADS ? wanted : SVYI_THREADS;
}

static svyi_csv unopened(const svy_alloc *alloc, const svyi_csv_input *input, const svy_csv_read_options *options)
{
    svyi_csv csv = { .separator = options->separator, .threads = choose_threads(alloc, options->threads),
                     .block = input->block > 0 ? input->block : SVYI_CSV_BLOCK };
    svyi_arena_init(&csv.arena, alloc);
    return csv;
}

static const char *input_name(const svyi_csv_input *input, const svy_csv_read_options *options)
{
    return options->source != NULL ? options->source : input->path != NULL ? input->path : "data";
}

/* The header and the rows of a source that is open. */
static svy_status open_text(svyi_csv *csv, svy_error *err)
{
    uint64_t from = 0, line = 0;
    svy_status st = check_encoding(csv, &from, err);

    if (st == SVY_OK)
        st = read_header(csv, from, &from, &line, err);
    return st == SVY_OK ? svyi_csv_find_rows(csv, from, line, err) : st;
}

svy_status svyi_csv_open(const svy_alloc *alloc, const svyi_csv_input *input, const svy_csv_read_options *options, svyi_csv *out, svy_error *err)
{
    const uint64_t max_bytes = options->max_bytes > 0 ? options->max_bytes : DEFAULT_BYTES;
    const char *name = input_name(input, options);

    *out = unopened(alloc, input, options);
    svy_status st = input->path != NULL
        ? svyi_source_open(alloc, input->path, name, max_bytes, &out->source, err)
        : svyi_source_memory(alloc, input->bytes, input->len, name, max_bytes, &out->source, err);
    if (st == SVY_OK)
        st = open_text(out, err);
    if (st != SVY_OK)
        svyi_csv_close(out);
    return st;
}

svy_status svyi_csv_open_first(const svy_alloc *alloc, const svyi_csv_input *input, const svy_csv_read_options *options, svyi_csv *out,
                               svy_error *err)
{
    *out = unopened(alloc, input, options);
    out->source = (svyi_source){ .alloc = out->arena.alloc, .name = input_name(input, options), .fd = -1, .bytes = input->bytes, .size = input->len };
    const svy_status st = open_text(out, err);
    if (st != SVY_OK)
        svyi_csv_close(out);
    return st;
}

void svyi_csv_close(svyi_csv *csv)
{
    const svy_alloc alloc = csv->arena.alloc;

    svyi_release(&alloc, csv->chunks, csv->chunks_capacity * sizeof *csv->chunks);
    svyi_release(&alloc, csv->names, csv->names_capacity * sizeof *csv->names);
    svyi_arena_clear(&csv->arena);
    svyi_source_close(&csv->source);
    csv->chunks = NULL;
    csv->names = NULL;
}
