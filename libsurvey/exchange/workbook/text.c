/* Workbooks written as text: .csv, and tables of Markdown. The first column names the sheet, the row of that name or the next is its header. */
#include "base/buffer.h"
#include "exchange/workbook/cell.h"
#include "exchange/workbook/table.h"
#include <string.h>

/* ---- .csv ---- */

typedef struct csv {
    svyi_tables tables;
    const char *at, *end;
    svyi_buffer text;                                    /* the fields of a row, one behind the other */
    size_t *ends; size_t n, capacity;                    /* where each field ends */
} csv;

/* One field into `text`; returns the byte that ended it, 0 at the end. A quote only counts at the beginning of a field. */
static char read_field(csv *c)
{
    int quoted = c->at < c->end && *c->at == '"';
    c->at += quoted;
    for (; c->at < c->end; c->at++) {
        if (quoted && *c->at == '"') {
            quoted = c->at + 1 < c->end && c->at[1] == '"';
            c->at += quoted;
            if (!quoted)
                continue;
        } else if (!quoted && (*c->at == ',' || *c->at == '\n' || *c->at == '\r')) {
            return *c->at++;
        }
        svyi_buffer_add(&c->text, c->at, 1);
    }
    return '\0';
}

static svy_status read_fields(csv *c)
{
    char ended;
    c->text.len = c->n = 0;
    do {
        ended = read_field(c);
        if (c->text.failed || svyi_grow(&c->text.alloc, &c->ends, &c->capacity, c->n + 1, sizeof *c->ends) != 0)
            return svyi_nomem(c->tables.in->err);
        c->ends[c->n++] = c->text.len;
    } while (ended == ',');
    if (ended == '\r' && c->at < c->end && *c->at == '\n')
        c->at++;
    return SVY_OK;
}

static svy_status take_fields(csv *c)
{
    const char *text = c->text.data != NULL ? c->text.data : "";
    svy_status st = SVY_OK;
    if (c->ends[0] > 0)
        st = svyi_tables_sheet(&c->tables, text, c->ends[0], 0);
    if (st != SVY_OK || c->n < 2 || c->ends[c->n - 1] == c->ends[0])
        return st;
    for (size_t i = 1; i < c->n && st == SVY_OK; i++)
        st = svyi_tables_cell(&c->tables, (uint32_t)(i - 1), text + c->ends[i - 1], c->ends[i] - c->ends[i - 1]);
    svyi_tables_row(&c->tables);
    return st;
}

svy_status svyi_workbook_read_csv(svyi_workbook *w, const svyi_workbook_input *in)
{
    csv c = { .at = in->bytes, .end = in->bytes + in->len };
    svy_status st = SVY_OK;
    w->kind = SVYI_WORKBOOK_CSV;
    svyi_tables_init(&c.tables, w, in);
    svyi_buffer_init(&c.text, &w->arena.alloc);
    while (c.at < c.end && st == SVY_OK) {
        st = read_fields(&c);
        if (st == SVY_OK)
            st = take_fields(&c);
    }
    if (st == SVY_OK)
        st = svyi_tables_end(&c.tables);
    svyi_release(&c.text.alloc, c.ends, c.capacity * sizeof *c.ends);
    svyi_buffer_clear(&c.text);
    svyi_tables_clear(&c.tables);
    return st;
}

/* ---- .md ---- */

typedef struct markdown { svyi_tables tables; svyi_buffer cell; } markdown;

/* A comment behind the last pipe is left out. */
static void strip_comment(const char *line, size_t *len)
{
    size_t at = *len;
    while (at > 0 && line[at - 1] != '|' && line[at - 1] != '#')
        at--;
    if (at > 0 && line[at - 1] == '#' && at < *len)
        *len = at - 1;
}

/* "---|:--" or " --- | --- " between the outer pipes is the line under a header. */
static int is_rule(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != '|' && text[i] != '-' && text[i] != ':' && text[i] != ' ')
            return 0;
    return memchr(text, '-', len) != NULL;
}

/* End of the cell that begins at `at`: the next pipe without a backslash before it. */
static size_t cell_end(const char *text, size_t len, size_t at)
{
    while (at < len && !(text[at] == '|' && (at == 0 || text[at - 1] != '\\')))
        at++;
    return at;
}

/* The text of a cell: "\|" stands for a pipe. */
static const char *unescape(markdown *m, const char *text, size_t *len)
{
    const char *from = svyi_cell_trim(text, len);
    m->cell.len = 0;
    svyi_buffer_text(&m->cell, "");
    for (size_t i = 0; i < *len; i++)
        if (from[i] != '\\' || i + 1 >= *len || from[i + 1] != '|')
            svyi_buffer_add(&m->cell, from + i, 1);
    *len = m->cell.len;
    return m->cell.data;
}

static svy_status take_row(markdown *m, const char *text, size_t len)
{
    const size_t first = cell_end(text, len, 0);
    size_t n = first, filled = 0;
    const char *name = unescape(m, text, &n);
    svy_status st = SVY_OK;
    if (!m->cell.failed && n > 0)
        st = svyi_tables_sheet(&m->tables, name, n, 1);
    for (size_t at = first + 1; at <= len; at = cell_end(text, len, at) + 1) {
        size_t width = cell_end(text, len, at) - at;
        svyi_cell_trim(text + at, &width);
        filled += width;
    }
    if (filled == 0 || st != SVY_OK)
        return st;
    uint32_t place = 0;
    for (size_t at = first + 1; at <= len && st == SVY_OK && !m->cell.failed; place++) {
        const size_t end = cell_end(text, len, at);
        size_t width = end - at;
        const char *cell = unescape(m, text + at, &width);
        st = m->cell.failed ? SVY_OK : svyi_tables_cell(&m->tables, place, cell, width);
        at = end + 1;
    }
    svyi_tables_row(&m->tables);
    return st;
}

static svy_status take_line(markdown *m, const char *line, size_t len)
{
    line = svyi_cell_trim(line, &len);
    if (len == 0 || *line == '#')
        return SVY_OK;
    strip_comment(line, &len);
    line = svyi_cell_trim(line, &len);
    while (len > 0 && line[len - 1] != '|')
        len--;
    if (len < 2 || line[0] != '|' || is_rule(line + 1, len - 2))
        return SVY_OK;
    const svy_status st = take_row(m, line + 1, len - 2);
    return m->cell.failed ? svyi_nomem(m->tables.in->err) : st;
}

svy_status svyi_workbook_read_md(svyi_workbook *w, const svyi_workbook_input *in)
{
    markdown m = { .cell = { .data = NULL } };
    const char *at = in->bytes, *const end = in->bytes + in->len;
    svy_status st = SVY_OK;
    w->kind = SVYI_WORKBOOK_MD;
    svyi_tables_init(&m.tables, w, in);
    svyi_buffer_init(&m.cell, &w->arena.alloc);
    while (at < end && st == SVY_OK) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const size_t len = (size_t)((line_end != NULL ? line_end : end) - at);
        st = take_line(&m, at, len);
        at = line_end != NULL ? line_end + 1 : end;
    }
    if (st == SVY_OK)
        st = svyi_tables_end(&m.tables);
    svyi_buffer_clear(&m.cell);
    svyi_tables_clear(&m.tables);
    return st;
}
