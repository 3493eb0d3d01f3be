/* Sheets made from rows of a text: cells are collected with the column that their header names, and laid out at the end. */
#include "exchange/workbook/table.h"
#include "exchange/workbook/cell.h"
#include <string.h>

enum { MOST_SHEETS = 1000, MOST_COLUMNS = 16384 };

void svyi_tables_init(svyi_tables *t, svyi_workbook *w, const svyi_workbook_input *in)
{
    *t = (svyi_tables){ .workbook = w, .in = in };
    svyi_map_init(&t->names, &w->arena.alloc);
}

static svy_status too_large(const svyi_tables *t, const char *what, size_t limit)
{
    return svyi_fail_at(t->in->err, SVY_E_LIMIT, t->in->source, 0, 0, 0, "%s: at most %zu are read", what, limit);
}

static svyi_table *new_table(svyi_tables *t, const char *name)
{
    const svy_alloc *a = &t->workbook->arena.alloc;
    svyi_table *one = svyi_arena_get(&t->workbook->arena, sizeof *one);
    if (one == NULL || svyi_grow(a, &t->list, &t->capacity, t->n + 1, sizeof(svyi_table *)) != 0)
        return NULL;
    one->name = name;
    svyi_map_init(&one->columns, a);
    t->list[t->n++] = one;
    return one;
}

svy_status svyi_tables_sheet(svyi_tables *t, const char *name, size_t len, int again)
{
    uint32_t index = (uint32_t)t->n;
    const char *own = svyi_arena_text(&t->workbook->arena, name, len);
    if (own == NULL)
        return svyi_nomem(t->in->err);
    if (t->n >= MOST_SHEETS)
        return too_large(t, "there are too many sheets", MOST_SHEETS);
    const int known = svyi_map_add(&t->names, own, len, &index);
    t->now = known == 1 ? t->list[index] : known == 0 ? new_table(t, own) : NULL;
    if (t->now == NULL)
        return svyi_nomem(t->in->err);
    t->now->has_header = 0;
    t->now->n_places = 0;
    if (known == 1 && again)
        t->now->n_cells = t->now->n_rows = 0;
    return SVY_OK;
}

/* A place of a header row: its column, new if no earlier header has that text. */
static svy_status header(svyi_tables *t, uint32_t place, const char *text, size_t len)
{
    svyi_table *now = t->now;
    const svy_alloc *a = &t->workbook->arena.alloc;
    uint32_t column = (uint32_t)now->n_headers;
    if (place >= MOST_COLUMNS || now->n_headers >= MOST_COLUMNS)
        return too_large(t, "a row has too many cells", MOST_COLUMNS);
    if (svyi_grow(a, &now->places, &now->places_capacity, (size_t)place + 1, sizeof *now->places) != 0)
        return svyi_nomem(t->in->err);
    while (now->n_places <= place)
        now->places[now->n_places++] = UINT32_MAX;
    if (len == 0)
        return SVY_OK;
    char *own = svyi_arena_text(&t->workbook->arena, text, len);
    if (own == NULL)
        return svyi_nomem(t->in->err);
    len = svyi_cell_single_blanks(own, len);
    const int known = svyi_map_add(&now->columns, own, len, &column);
    if (known < 0 || (known == 0 && svyi_grow(a, &now->headers, &now->headers_capacity, now->n_headers + 1, sizeof *now->headers) != 0))
        return svyi_nomem(t->in->err);
    if (known == 0)
        now->headers[now->n_headers++] = own;
    now->places[place] = column;
    return SVY_OK;
}

svy_status svyi_tables_cell(svyi_tables *t, uint32_t place, const char *text, size_t len)
{
    svyi_table *now = t->now;
    const char *from = svyi_cell_trim(text, &len);
    if (now == NULL)
        return SVY_OK;
    if (!now->has_header)
        return header(t, place, from, len);
    if (len == 0 || place >= now->n_places || now->places[place] == UINT32_MAX)
        return SVY_OK;
    const char *own = svyi_arena_text(&t->workbook->arena, from, len);
    if (own == NULL || svyi_grow(&t->workbook->arena.alloc, &now->cells, &now->cells_capacity, now->n_cells + 1, sizeof *now->cells) != 0)
        return svyi_nomem(t->in->err);
    now->cells[now->n_cells++] = (svyi_table_cell){ own, now->n_rows, now->places[place] };
    return SVY_OK;
}

void svyi_tables_row(svyi_tables *t)
{
    if (t->now == NULL)
        return;
    if (t->now->has_header || t->now->n_rows == 0)
        t->now->n_rows++;
    t->now->has_header = 1;
}

static svy_status lay_out(svyi_tables *t, const svyi_table *from, svyi_sheet *sheet)
{
    const size_t n = (size_t)from->n_rows * from->n_headers;
    *sheet = (svyi_sheet){ .name = from->name };
    if (n == 0)
        return SVY_OK;
    if (n > t->in->limits->cells)
        return too_large(t, "a sheet has too many cells", t->in->limits->cells);
    const char **cells = svyi_arena_get(&t->workbook->arena, n * sizeof *cells);
    uint8_t *kinds = svyi_arena_get(&t->workbook->arena, n);
    if (cells == NULL || kinds == NULL)
        return svyi_nomem(t->in->err);
    for (size_t i = 0; i < n; i++)
        cells[i] = "";
    for (size_t i = 0; i < from->n_headers; i++) {
        cells[i] = from->headers[i];
        kinds[i] = SVYI_CELL_TEXT;
    }
    for (size_t i = 0; i < from->n_cells; i++) {
        const size_t at = from->cells[i].row * from->n_headers + from->cells[i].column;
        cells[at] = from->cells[i].text;
        kinds[at] = SVYI_CELL_TEXT;
    }
    *sheet = (svyi_sheet){ from->name, from->n_rows, (uint32_t)from->n_headers, cells, kinds };
    return SVY_OK;
}

svy_status svyi_tables_end(svyi_tables *t)
{
    svyi_workbook *w = t->workbook;
    if (t->n == 0)
        return svyi_fail_at(t->in->err, SVY_E_FORMAT, t->in->source, 0, 0, 0,
                            "there is no sheet in this text: write the name of a sheet in the first column, and its header and rows behind and below");
    w->sheets = svyi_arena_get(&w->arena, t->n * sizeof *w->sheets);
    if (w->sheets == NULL)
        return svyi_nomem(t->in->err);
    svy_status st = SVY_OK;
    for (size_t i = 0; i < t->n && st == SVY_OK; i++) {
        st = lay_out(t, t->list[i], &w->sheets[i]);
        w->n_sheets++;
    }
    return st;
}

void svyi_tables_clear(svyi_tables *t)
{
    const svy_alloc a = t->workbook->arena.alloc;
    for (size_t i = 0; i < t->n; i++) {
        svyi_table *one = t->list[i];
        svyi_map_clear(&one->columns);
        svyi_release(&a, one->headers, one->headers_capacity * sizeof *one->headers);
        svyi_release(&a, one->cells, one->cells_capacity * sizeof *one->cells);
        svyi_release(&a, one->places, one->places_capacity * sizeof *one->places);
    }
    svyi_release(&a, t->list, t->capacity * sizeof *t->list);
    svyi_map_clear(&t->names);
}
