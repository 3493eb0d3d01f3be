/* Sheets: rows of texts and numbers as aligned text, CSV and JSON. */
#include "report/sheet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

enum { CELL_SIZE = 40 };

/* One cell: a text, or a number when that is NULL. */
typedef struct cell { const char *text; double number; } cell;

struct svy_sheet {
    svyi_arena arena;             /* the sheet itself, names, texts */
    svy_sheet_column *columns;
    size_t n_columns;
    cell *cells;
    size_t count, capacity;
    int failed;
};

svy_status svy_sheet_new(const svy_alloc *alloc, const svy_sheet_column *columns, size_t n, svy_sheet **out, svy_error *err)
{
    svyi_arena arena;
    SVY_REQUIRE(out != NULL && columns != NULL && n > 0, err);
    svyi_arena_init(&arena, alloc);
    svy_sheet *s = *out = svyi_arena_get(&arena, sizeof *s);
    if (s == NULL)
        return svyi_nomem(err);
    s->arena = arena;
    s->n_columns = n;
    s->columns = svyi_arena_get(&s->arena, n * sizeof *s->columns);
    for (size_t k = 0; s->columns != NULL && k < n; k++) {
        s->columns[k] = (svy_sheet_column){ svyi_arena_text(&s->arena, columns[k].name, strlen(columns[k].name)), columns[k].kind };
        s->failed |= s->columns[k].name == NULL;
    }
    if (s->columns != NULL && !s->failed)
        return SVY_OK;
    svy_sheet_free(s);
    *out = NULL;
    return svyi_nomem(err);
}

void svy_sheet_free(svy_sheet *s)
{
    if (s == NULL)
        return;
    svyi_release(&s->arena.alloc, s->cells, s->capacity * sizeof *s->cells);
    svyi_arena arena = s->arena;      /* the sheet lives in it */
    svyi_arena_clear(&arena);
}

static void add_cell(svy_sheet *s, cell c)
{
    if (s->failed || (s->count == s->capacity && svyi_grow(&s->arena.alloc, &s->cells, &s->capacity, s->count + 1, sizeof *s->cells) != 0))
        s->failed = 1;
    else
        s->cells[s->count++] = c;
}

void svy_sheet_text(svy_sheet *s, const char *text)
{
    const char *copy = svyi_arena_text(&s->arena, text, strlen(text));
    s->failed |= copy == NULL;
    add_cell(s, (cell){ copy, 0 });
}

void svy_sheet_number(svy_sheet *s, double x) { add_cell(s, (cell){ NULL, x }); }

static size_t row_count(const svy_sheet *s) { return s->count / s->n_columns; }
static const cell *cell_at(const svy_sheet *s, size_t row, size_t column) { return &s->cells[row * s->n_columns + column]; }

/* ---- CSV ---- */

void svyi_sheet_csv_text(svyi_buffer *b, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        svyi_buffer_text(b, text);
        return;
    }
    svyi_buffer_text(b, "\"");
    for (const char *c = text; *c != '\0'; c++)
        svyi_buffer_add(b, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    svyi_buffer_text(b, "\"");
}

void svyi_sheet_csv_number(svyi_buffer *b, double x, const char *none)
{
    char text[CELL_SIZE];
    if (!isfinite(x)) {
        svyi_buffer_text(b, none);
        return;
    }
    svyi_number_format(x, text);
    svyi_buffer_text(b, text);
}

static void write_csv(svyi_buffer *b, const svy_sheet *s)
{
    for (size_t c = 0; c < s->n_columns; c++) {
        svyi_buffer_text(b, c > 0 ? "," : "");
        svyi_sheet_csv_text(b, s->columns[c].name);
    }
    svyi_buffer_text(b, "\n");
    for (size_t i = 0; i < row_count(s); i++) {
        for (size_t c = 0; c < s->n_columns; c++) {
            const cell *v = cell_at(s, i, c);
            svyi_buffer_text(b, c > 0 ? "," : "");
            if (v->text != NULL) svyi_sheet_csv_text(b, v->text); else svyi_sheet_csv_number(b, v->number, "");
        }
        svyi_buffer_text(b, "\n");
    }
}

/* ---- JSON ---- */

static void write_json(svyi_buffer *b, const svy_sheet *s)
{
    svyi_buffer_text(b, "[");
    for (size_t i = 0; i < row_count(s); i++) {
        svyi_buffer_text(b, i > 0 ? ",\n {" : "\n {");
        for (size_t c = 0; c < s->n_columns; c++) {
            const cell *v = cell_at(s, i, c);
            const char *name = s->columns[c].name;
            svyi_buffer_text(b, c > 0 ? ", " : "");
            svyi_buffer_json(b, name, strlen(name));
            svyi_buffer_text(b, ": ");
            if (v->text != NULL) svyi_buffer_json(b, v->text, strlen(v->text)); else svyi_sheet_csv_number(b, v->number, "null");
        }
        svyi_buffer_text(b, "}");
    }
    svyi_buffer_text(b, "\n]\n");
}

/* ---- a table for reading ---- */

/* Levels come from outside: a control character would command the terminal or break the line, so a question mark stands for it. */
static int is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

static int text_width(const char *text)
{
    int width = 0;
    for (size_t at = 0, len = strlen(text); at < len;) {
        const uint32_t c = svyi_utf8_next(text, len, &at);
        width += is_control(c) ? 1 : svyi_width(c);
    }
    return width;
}

static void put_plain(svyi_buffer *b, const char *text)
{
    for (size_t at = 0, len = strlen(text); at < len;) {
        const size_t from = at;
        if (is_control(svyi_utf8_next(text, len, &at)))
            svyi_buffer_text(b, "?");
        else
            svyi_buffer_add(b, text + from, at - from);
    }
}

/* Six digits, but never fewer than a whole number has. */
static const char *readable(const cell *v, char *out)
{
    if (v->text != NULL)
        return v->text;
    if (!isfinite(v->number))
        snprintf(out, CELL_SIZE, "-");
    else if (fabs(v->number) >= 1e5 && fabs(v->number) < 1e15)
        snprintf(out, CELL_SIZE, "%.0f", v->number);
    else
        snprintf(out, CELL_SIZE, "%.6g", v->number);
    return out;
}

/* An optional column is shown when it says something. */
static int is_shown(const svy_sheet *s, size_t column)
{
    for (size_t i = 0; (s->columns[column].kind & SVY_SHEET_OPTIONAL) && i < row_count(s); i++) {
        const cell *v = cell_at(s, i, column);
        if (v->text != NULL ? v->text[0] != '\0' : isfinite(v->number) && v->number != 0)
            return 1;
    }
    return !(s->columns[column].kind & SVY_SHEET_OPTIONAL);
}

static int column_width(const svy_sheet *s, size_t column)
{
    char number[CELL_SIZE];
    int width = text_width(s->columns[column].name);
    for (size_t i = 0; i < row_count(s); i++) {
        int w = text_width(readable(cell_at(s, i, column), number));
        width = w > width ? w : width;
    }
    return width;
}

static void put_cell(svyi_buffer *b, const char *text, int width, int right, int first)
{
    int pad = width - text_width(text);
    svyi_buffer_text(b, first ? "" : "  ");
    if (right)
        for (int i = 0; i < pad; i++)
            svyi_buffer_text(b, " ");
    put_plain(b, text);
    if (!right)
        for (int i = 0; i < pad; i++)
            svyi_buffer_text(b, " ");
}

static void write_table(svyi_buffer *b, const svy_sheet *s, int *widths)
{
    char number[CELL_SIZE];
    for (size_t c = 0; c < s->n_columns; c++)
        widths[c] = is_shown(s, c) ? column_width(s, c) : 0;
    for (size_t row = 0; row <= row_count(s); row++) {
        int first = 1;
        for (size_t c = 0; c < s->n_columns; c++)
            if (widths[c] > 0) {
                put_cell(b, row == 0 ? s->columns[c].name : readable(cell_at(s, row - 1, c), number), widths[c],
                         (s->columns[c].kind & SVY_SHEET_NUMBER) != 0, first);
                first = 0;
            }
        svyi_buffer_text(b, "\n");
    }
}

/* ---- the call ---- */

/* Hands the buffer's bytes over in a piece of memory of exactly their length, so that they can be released without the buffer. */
svy_status svyi_report_hand_over(const svy_alloc *alloc, svyi_buffer *b, char **text, size_t *len, svy_error *err)
{
    svy_alloc a = svyi_alloc_or_default(alloc);
    *text = b->failed ? NULL : svyi_get(&a, b->len + 1);
    *len = 0;
    if (*text != NULL) {
        memcpy(*text, b->data != NULL ? b->data : "", b->len);
        (*text)[b->len] = '\0';
        *len = b->len;
    }
    svyi_buffer_clear(b);
    return *text != NULL ? SVY_OK : svyi_nomem(err);
}

svy_status svy_sheet_write(const svy_sheet *s, svy_report_format format, char **text, size_t *len, svy_error *err)
{
    svyi_buffer b;
    SVY_REQUIRE(s != NULL && text != NULL && len != NULL, err);
    const svy_alloc *alloc = &s->arena.alloc;
    size_t bytes = s->n_columns * sizeof(int);
    int *widths = s->failed ? NULL : svyi_get(alloc, bytes);
    *text = NULL;
    *len = 0;
    if (widths == NULL)
        return svyi_nomem(err);
    svyi_buffer_init(&b, alloc);
    if (format == SVY_REPORT_CSV)
        write_csv(&b, s);
    else if (format == SVY_REPORT_JSON)
        write_json(&b, s);
    else
        write_table(&b, s, widths);
    svyi_release(alloc, widths, bytes);
    return svyi_report_hand_over(alloc, &b, text, len, err);
}

void svy_report_release(const svy_alloc *alloc, char *text, size_t len)
{
    svy_alloc a = svyi_alloc_or_default(alloc);
    svyi_release(&a, text, text != NULL ? len + 1 : 0);
}
