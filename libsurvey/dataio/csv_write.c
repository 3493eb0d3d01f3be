/* Writing a frame as CSV that reads back the same. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#include <survey/dataio.h>

enum { FLUSH = 1 << 16, NUMBER_SIZE = 64 };

static const char SUFFIX[] = "_missing";

/* A column on its way out. */
typedef struct output {
    const svy_column *column;
    const char *const *texts;     /* of a factor: levels or labels */
    svy_kind kind;
    int companion;                /* 1: a column of reasons follows */
} output;

typedef struct writer {
    const svy_frame *f;
    svy_csv_write_options options;
    output *columns;
    size_t n;
    svyi_buffer buffer;
    svy_write_fn *sink;
    void *user;
} writer;

/* Quotes where the cell would otherwise end early or read as missing, or lose blanks. */
static int needs_quotes(const writer *w, const char *text, size_t len)
{
    if (len == 0)
        return 1;
    if (text[0] == ' ' || text[0] == '\t' || text[len - 1] == ' ' || text[len - 1] == '\t' || strcmp(text, "NA") == 0)
        return 1;
    return strchr(text, w->options.separator) != NULL || strpbrk(text, "\"\r\n") != NULL;
}

static void put_text(writer *w, const char *text, int quoted)
{
    const size_t len = strlen(text);

    if (!quoted && !needs_quotes(w, text, len)) {
        svyi_buffer_add(&w->buffer, text, len);
        return;
    }
    svyi_buffer_add(&w->buffer, "\"", 1);
    for (const char *at = text;;) {
        const char *quote = strchr(at, '"');
        if (quote == NULL) {
            svyi_buffer_text(&w->buffer, at);
            break;
        }
        svyi_buffer_add(&w->buffer, at, (size_t)(quote - at) + 1);
        svyi_buffer_add(&w->buffer, "\"", 1);
        at = quote + 1;
    }
    svyi_buffer_add(&w->buffer, "\"", 1);
}

static svy_status put_number(writer *w, const output *o, size_t row, svy_error *err)
{
    const svy_value value = { .kind = (uint8_t)o->kind, .number = o->column->numbers[row], .text = "" };
    char text[NUMBER_SIZE];

    if (!isfinite(value.number))
        return svyi_fail(err, SVY_E_VALUE, "column '%s', row %zu: the number is not finite, expected it to be marked as missing", o->column->name,
                         row + 1);
    const size_t len = svy_value_format(&value, text, sizeof text);
    svyi_buffer_add(&w->buffer, text, len < sizeof text ? len : sizeof text - 1);
    return SVY_OK;
}

static svy_status put_cell(writer *w, const output *o, size_t row, svy_error *err)
{
    const svy_column *c = o->column;
    const svy_missing missing = c->missing != NULL ? (svy_missing)c->missing[row] : SVY_PRESENT;
    svy_status st = SVY_OK;

    if (missing == SVY_PRESENT && c->codes != NULL)
        put_text(w, o->texts[c->codes[row]], 0);
    else if (missing == SVY_PRESENT)
        st = put_number(w, o, row, err);
    else if (w->n == 1 && !o->companion)
        svyi_buffer_add(&w->buffer, "\"\"", 2);   /* a line with nothing on it could be the end of the file */
    if (o->companion) {
        svyi_buffer_add(&w->buffer, &w->options.separator, 1);
        if (missing != SVY_PRESENT)
            svyi_buffer_text(&w->buffer, svy_missing_name(missing));
    }
    return st;
}

static svy_status flush(writer *w, svy_error *err)
{
    if (w->buffer.failed)
        return svyi_nomem(err);
    const svy_status st = w->sink(w->user, w->buffer.data != NULL ? w->buffer.data : "", w->buffer.len, err);
    w->buffer.len = 0;
    return st;
}

/* What could be taken for the separator, or for a byte order mark, is quoted whichever the separator is. */
static void put_name(writer *w, const char *name)
{
    put_text(w, name, strpbrk(name, ",;\t") != NULL || strncmp(name, "\xEF\xBB\xBF", 3) == 0);
}

static svy_status put_header(writer *w, svy_error *err)
{
    svyi_buffer name;

    svyi_buffer_init(&name, &w->buffer.alloc);
    for (size_t i = 0; i < w->n; i++) {
        if (i > 0)
            svyi_buffer_add(&w->buffer, &w->options.separator, 1);
        put_name(w, w->columns[i].column->name);
        if (w->columns[i].companion) {
            name.len = 0;
            svyi_buffer_text(&name, w->columns[i].column->name);
            svyi_buffer_text(&name, SUFFIX);
            svyi_buffer_add(&w->buffer, &w->options.separator, 1);
            put_name(w, name.data != NULL ? name.data : "");
        }
    }
    svyi_buffer_add(&w->buffer, "\n", 1);
    w->buffer.failed |= name.failed;
    svyi_buffer_clear(&name);
    return flush(w, err);
}

static svy_status put_rows(writer *w, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t row = 0; st == SVY_OK && row < svy_frame_rows(w->f); row++) {
        for (size_t i = 0; st == SVY_OK && i < w->n; i++) {
            if (i > 0)
                svyi_buffer_add(&w->buffer, &w->options.separator, 1);
            st = put_cell(w, &w->columns[i], row, err);
        }
        svyi_buffer_add(&w->buffer, "\n", 1);
        if (st == SVY_OK && w->buffer.len >= FLUSH)
            st = flush(w, err);
    }
    return st == SVY_OK ? flush(w, err) : st;
}

static int has_reasons(const svy_column *c, size_t rows)
{
    for (size_t i = 0; c->missing != NULL && i < rows; i++)
        if (c->missing[i] != SVY_PRESENT && c->missing[i] != SVY_NOT_STATED)
            return 1;
    return 0;
}

static svy_status check_companion(const writer *w, const char *column, svy_error *err)
{
    svyi_buffer name;
    svy_status st = SVY_OK;

    svyi_buffer_init(&name, &w->buffer.alloc);
    svyi_buffer_text(&name, column);
    svyi_buffer_text(&name, SUFFIX);
    if (name.failed)
        st = svyi_nomem(err);
    else if (svy_frame_find(w->f, name.data) != NULL)
        st = svyi_fail(err, SVY_E_NAME, "the missing codes of '%s' go to a column '%s', but there is one already", column, name.data);
    svyi_buffer_clear(&name);
    return st;
}

/* What the numbers of a column mean. Codes kept as numbers, and the like, are plain numbers. */
static svy_kind number_kind(const svy_column *c)
{
    const svy_kind kind = svy_type_kind(c->type);
    const int has_own_form = kind == SVY_K_BOOLEAN || kind == SVY_K_DATE || kind == SVY_K_MONTH || kind == SVY_K_TIME || kind == SVY_K_DATETIME;

    return has_own_form ? kind : SVY_K_NUMBER;
}

static svy_status plan(writer *w, svy_error *err)
{
    const size_t rows = svy_frame_rows(w->f);
    svy_status st = SVY_OK;

    for (size_t i = 0; st == SVY_OK && i < w->n; i++) {
        const svy_column *c = svy_frame_column(w->f, i);
        w->columns[i] = (output){ .column = c, .texts = w->options.labels ? c->labels : c->levels, .kind = number_kind(c) };
        w->columns[i].companion = w->options.companions == SVY_CSV_COMPANIONS_ALL ||
            (w->options.companions == SVY_CSV_COMPANIONS_NEEDED && has_reasons(c, rows));
        if (w->columns[i].companion)
            st = check_companion(w, c->name, err);
    }
    return st;
}

svy_status svy_csv_write(const svy_frame *f, const svy_csv_write_options *options, svy_write_fn *sink, void *user, svy_error *err)
{
    SVY_REQUIRE(f != NULL && sink != NULL && svy_frame_columns(f) > 0, err);
    writer w = { .f = f, .options = SVY_CSV_WRITE_INIT, .n = svy_frame_columns(f), .sink = sink, .user = user };
    if (options != NULL) {
        SVY_REQUIRE(options->size >= sizeof options->size, err);
        memcpy(&w.options, options, options->size < sizeof w.options ? options->size : sizeof w.options);
    }
    if (w.options.separator == 0)
        w.options.separator = ',';
    if (strchr("0123456789.+-eE\"\r\n", w.options.separator) != NULL)
        return svyi_fail(err, SVY_E_ARG, "the separator '%c' is part of numbers or of the format: expected one such as comma, semicolon or tab",
                         w.options.separator);
    svyi_buffer_init(&w.buffer, NULL);
    w.columns = svyi_get(NULL, w.n * sizeof *w.columns);
    svy_status st = w.columns != NULL ? plan(&w, err) : svyi_nomem(err);
    if (st == SVY_OK)
        st = put_header(&w, err);
    if (st == SVY_OK)
        st = put_rows(&w, err);
    svyi_buffer_clear(&w.buffer);
    svyi_release(NULL, w.columns, w.n * sizeof *w.columns);
    return st;
}

svy_status svy_csv_write_file(const svy_frame *f, const char *path, const svy_csv_write_options *options, svy_error *err)
{
    svy_file_out *out = NULL;
    svy_status st = svy_file_begin(NULL, path, &out, err);

    if (st != SVY_OK)
        return st;
    st = svy_csv_write(f, options, svy_file_write, out, err);
    if (st != SVY_OK) {
        svy_file_cancel(out);
        return st;
    }
    return svy_file_end(out, options != NULL && options->size >= sizeof *options && options->durable, err);
}
