/* Reading a CSV file of any size in pieces of whole rows: one is parsed while the next comes from the disk. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "base/error.h"
#include "dataio/csv_columns.h"
#include "dataio/inflow.h"

enum { DEFAULT_PIECE = 1 << 24, SMALLEST = 16, LARGEST = 1 << 26 };

/* Bytes of the file: those at the front are rows to be parsed. */
typedef struct window {
    char *text;
    size_t capacity, len;
    int last;                     /* nothing comes after them */
} window;

typedef struct pieces {
    const svy_alloc *user_alloc;
    svy_alloc alloc;
    const char *path;
    svy_csv_read_options options;
    size_t piece;
    svy_csv_piece_fn *take;
    void *user;
    svy_diags *diags;
    svyi_inflow in;
    window now, next;
    uint64_t given;               /* bytes of the contents so far */
    svyi_csv csv;
    int opened;
    uint8_t *types, *found, *forced;   /* by column */
    size_t n_types;
    uint64_t rows, line;          /* before the window; line of its first row */
} pieces;

/* ---- bytes ---- */

typedef struct filling { pieces *p; window *w; svy_status st; svy_error err; } filling;

static void *fill(void *argument)
{
    filling *f = argument;
    size_t room = f->w->capacity - f->w->len, got = 0;

    f->st = svyi_inflow_read(&f->p->in, f->w->text + f->w->len, room, &got, &f->err);
    f->w->len += got;
    f->w->last = got < room;
    f->p->given += got;
    return NULL;
}

static svy_status filled(const pieces *p, const filling *f, svy_error *err)
{
    if (f->st != SVY_OK)
        return svyi_fail_at(err, f->st, f->err.source, f->err.line, f->err.column, f->err.length, "%s", f->err.message);
    if (p->options.max_bytes > 0 && p->given > p->options.max_bytes)
        return svyi_fail_at(err, SVY_E_LIMIT, p->in.name, 0, 0, 0, "the file holds more than %llu bytes", (unsigned long long)p->options.max_bytes);
    return SVY_OK;
}

/* Fills the rest of a window here and now, after making room for `capacity` bytes. */
static svy_status fill_now(pieces *p, window *w, size_t capacity, svy_error *err)
{
    filling f = { .p = p, .w = w, .err = SVY_ERROR_INIT };

    if (svyi_grow(&p->alloc, &w->text, &w->capacity, capacity, 1) != 0)
        return svyi_nomem(err);
    (void)fill(&f);
    return filled(p, &f, err);
}

/* ---- rows ---- */

/* Bytes up to and with the last line feed that ends a row; 0 when there is none. Blank lines behind it may be followed by more: they stay. */
static size_t whole_rows(const char *text, size_t len)
{
    size_t whole = len;
    int inside = 0;

    while (whole > 0 && text[whole - 1] != '\n')
        whole--;
    if (memchr(text, '"', len) != NULL) {
        whole = 0;
        for (size_t i = 0; i < len; i++) {
            inside ^= text[i] == '"';
            if (text[i] == '\n' && !inside)
                whole = i + 1;
        }
    }
    const size_t end = whole;
    while (whole > 0 && (text[whole - 1] == '\n' || text[whole - 1] == '\r'))
        whole--;
    if (whole == 0)
        return 0;
    whole += text[whole] == '\r' && whole + 1 < end;
    return whole + 1;
}

static svy_status open_rows(pieces *p, size_t len, svy_error *err)
{
    svy_status st = SVY_OK;

    if (p->opened) {
        p->csv.source.bytes = p->now.text;
        p->csv.source.size = len;
        p->csv.n_chunks = 0;
        p->csv.rows = 0;
        return svyi_csv_find_rows(&p->csv, 0, p->line, err);
    }
    const svyi_csv_input first = { .path = p->path, .bytes = p->now.text, .len = len };
    st = svyi_csv_open_first(p->user_alloc, &first, &p->options, &p->csv, err);
    p->opened = st == SVY_OK;
    if (p->opened && p->csv.rows == 0 && !p->now.last) {      /* the types of columns come from rows: some more are needed */
        svyi_csv_close(&p->csv);
        p->opened = 0;
    }
    return st;
}

/* Finds the rows of the window that are whole, `*used` bytes of it; makes the window larger as long as there are none. */
static svy_status find_rows(pieces *p, size_t *used, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t want = 4 * p->now.capacity; st == SVY_OK; want *= 4) {
        const int all = p->now.last || p->now.len > SVYI_CSV_ROW;      /* a row that is too long is looked at as far as it goes */
        *used = all ? p->now.len : whole_rows(p->now.text, p->now.len);
        if (*used > 0 || all)
            st = open_rows(p, *used, err);
        if (st != SVY_OK || all || (*used > 0 && p->opened))
            break;
        st = fill_now(p, &p->now, want < SVYI_CSV_ROW ? want : SVYI_CSV_ROW + (size_t)1, err);
    }
    return st;
}

static svy_status get_types(pieces *p, svy_error *err)
{
    if (p->types != NULL)
        return SVY_OK;
    p->n_types = p->csv.n_columns;
    p->types = svyi_get(&p->alloc, 3 * p->n_types);
    if (p->types == NULL)
        return svyi_nomem(err);
    memset(p->types, 0, 3 * p->n_types);
    p->found = p->types + p->n_types;
    p->forced = p->found + p->n_types;
    return SVY_OK;
}

static svy_status fail_types(const pieces *p, svy_error *err)
{
    size_t i = 0;

    while (i < p->n_types && !p->forced[i])
        i++;
    return svyi_fail_at(err, SVY_E_TYPE, p->in.name, 0, 0, 0, "column '%s' holds numbers in the first %llu rows and then text: a pipe cannot be read a "
                        "second time, so save it as a file", i < p->n_types ? p->csv.names[i].text : "", (unsigned long long)p->rows);
}

/* Columns of numbers that are none after all become factors, which somebody should know. */
static void force_types(pieces *p)
{
    for (size_t i = 0; i < p->n_types; i++) {
        const svyi_where where = { .source = p->in.name, .line = (int)p->csv.header_line, .element = p->csv.names[i].text };
        if (p->found[i] != SVYI_CSV_TEXT || p->types[i] != SVYI_CSV_NUMBER)
            continue;
        p->forced[i] = 1;
        if (p->diags != NULL && p->in.regular)
            svyi_report(p->diags, SVY_WARNING, SVY_E_TYPE, &where, "correct its values if they should be numbers",
                        "column '%s' is a factor, because text comes after %llu rows of numbers", p->csv.names[i].text, (unsigned long long)p->rows);
    }
}

/* Parses the window's rows and hands them over. *again: the types of columns have changed, and reading begins again. */
static svy_status take_rows(pieces *p, int *again, svy_error *err)
{
    const int first = p->rows == 0;
    svy_frame *frame = NULL;
    svy_status st = get_types(p, err);

    if (st != SVY_OK)
        return st;
    svyi_csv_reading r = { .csv = p->csv, .options = p->options, .types = first ? NULL : p->types, .found = first ? p->types : p->found,
                           .forced = p->forced, .in_pieces = 1 };
    st = svyi_csv_read_rows(&r, p->user_alloc, first ? p->diags : NULL, &frame, err);
    if (st == SVY_OK && r.changed) {
        *again = 1;
        force_types(p);
        return p->in.regular ? SVY_OK : fail_types(p, err);
    }
    const svy_csv_position at = { .first_row = p->rows, .done = p->in.taken, .total = p->in.size };
    if (st == SVY_OK)
        st = p->take(p->user, frame, &at, err);
    svy_frame_free(frame);
    return st;
}

/* The window's rows, while the next window fills. */
static svy_status work_on(pieces *p, size_t used, int *again, svy_error *err)
{
    filling f = { .p = p, .w = &p->next, .err = SVY_ERROR_INIT };
    const size_t rest = p->now.len - used, need = p->piece > 2 * rest ? p->piece : 2 * rest;
    pthread_t reader;

    p->next.len = 0;
    p->next.last = 0;
    if (svyi_grow(&p->alloc, &p->next.text, &p->next.capacity, need, 1) != 0)
        return svyi_nomem(err);
    memcpy(p->next.text, p->now.text + used, rest);
    p->next.len = rest;
    const int beside = !p->now.last && pthread_create(&reader, NULL, fill, &f) == 0;
    svy_status st = p->csv.rows > 0 || p->rows == 0 ? take_rows(p, again, err) : SVY_OK;
    if (beside)
        (void)pthread_join(reader, NULL);
    else if (st == SVY_OK && !p->now.last)
        (void)fill(&f);
    return st == SVY_OK ? filled(p, &f, err) : st;
}

static svy_status read_once(pieces *p, int *again, svy_error *err)
{
    size_t used = 0;
    svy_status st = svyi_inflow_open(p->user_alloc, p->path, p->options.source != NULL ? p->options.source : p->path, &p->in, err);

    *again = 0;
    p->rows = p->line = p->given = 0;
    p->now.len = 0;
    p->now.last = 0;
    if (st == SVY_OK)
        st = fill_now(p, &p->now, p->piece, err);
    while (st == SVY_OK && !*again) {
        if ((st = find_rows(p, &used, err)) != SVY_OK || (st = work_on(p, used, again, err)) != SVY_OK || p->now.last)
            break;
        p->rows += p->csv.rows;
        p->line = p->csv.chunks[p->csv.n_chunks].line + 1;
        const window free_one = p->now;
        p->now = p->next;
        p->next = free_one;
    }
    if (p->opened)
        svyi_csv_close(&p->csv);
    p->opened = 0;
    svyi_inflow_close(&p->in);
    return st;
}

svy_status svy_csv_read_pieces(const svy_alloc *alloc, const char *path, const svy_csv_read_options *options, size_t piece, svy_csv_piece_fn *take,
                               void *user, svy_diags *diags, svy_error *err)
{
    pieces p = { .user_alloc = alloc, .alloc = svyi_alloc_or_default(alloc), .path = path, .take = take, .user = user, .diags = diags };
    int again = 1;

    SVY_REQUIRE(path != NULL && take != NULL, err);
    p.piece = piece == 0 ? DEFAULT_PIECE : piece < SMALLEST ? SMALLEST : piece > LARGEST ? LARGEST : piece;
    svy_status st = svyi_csv_take_options(options, &p.options, err);
    while (st == SVY_OK && again)
        st = read_once(&p, &again, err);
    svyi_release(&p.alloc, p.now.text, p.now.capacity);
    svyi_release(&p.alloc, p.next.text, p.next.capacity);
    svyi_release(&p.alloc, p.types, 3 * p.n_types);
    return st;
}
