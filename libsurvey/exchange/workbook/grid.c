/* Makes a sheet from cells that come row by row: which columns and rows count, where the sheet ends. */
#include "exchange/workbook/grid.h"
#include "base/map.h"
#include "base/text.h"
#include "exchange/workbook/cell.h"
#include <string.h>

void svyi_grid_begin(svyi_grid *g, svyi_arena *arena, const svyi_workbook_limits *limits, const char *source, const char *sheet, size_t *texts, svy_error *err)
{
    *g = (svyi_grid){ .arena = arena, .limits = limits, .source = source, .sheet = sheet, .texts = texts, .err = err };
    svyi_grid_show(sheet, g->shown, sizeof g->shown);
}

const char *svyi_grid_show(const char *text, char *out, size_t size)
{
    const size_t len = strlen(text);
    size_t at = 0, n = 0;
    while (at < len) {
        const size_t from = at;
        const uint32_t c = svyi_utf8_next(text, len, &at);
        if (n + (at - from) >= size)
            break;
        if (c < 0x20 || c == 0x7F || c == 0xFFFD || svyi_is_space(c)) {
            out[n++] = ' ';
            continue;
        }
        memcpy(out + n, text + from, at - from);
        n += at - from;
    }
    out[n] = '\0';
    return out;
}

static svy_status count(svyi_grid *g, size_t len)
{
    if (len > g->limits->texts || *g->texts > g->limits->texts - len)
        return svyi_grid_fail(g, SVY_E_LIMIT, g->row, "sheet '%s' makes too much text: at most %zu bytes are read; shorten the texts, or put long lists into a CSV file of their own", g->shown,
                              g->limits->texts);
    *g->texts += len;
    return SVY_OK;
}

/* A copy in the arena, counted. NULL after an error, which is in err. */
static char *copy(svyi_grid *g, const char *text, size_t len, svy_status *st)
{
    *st = count(g, len);
    if (*st != SVY_OK)
        return NULL;
    char *out = svyi_arena_text(g->arena, text, len);
    if (out == NULL)
        *st = svyi_nomem(g->err);
    return out;
}

/* ---- the header row ---- */

static svy_status header(svyi_grid *g, uint32_t column, const char *text, size_t len, svyi_cell_kind kind)
{
    svy_status st;
    if (column >= SVYI_GRID_COLUMNS)
        return SVY_OK;
    if (svyi_grow(&g->arena->alloc, &g->headers, &g->header_capacity, (size_t)column + 1, sizeof *g->headers) != 0)
        return svyi_nomem(g->err);
    for (; g->n_headers <= column; g->n_headers++)
        g->headers[g->n_headers] = (svyi_grid_header){ .column = (uint32_t)g->n_headers };
    const char *own = copy(g, text, len, &st);
    g->headers[column].text = own;
    g->headers[column].kind = (uint8_t)kind;
    return st;
}

/* One header twice is an error. Two that differ only in blanks are one column, where the cells further right win. */
static svy_status take_header(svyi_grid *g, svyi_map *names, uint32_t column)
{
    svyi_grid_header *h = &g->headers[column];
    uint32_t first = column;
    char shown[100];
    const size_t raw = strlen(h->text);
    if (svyi_map_find(names, h->text, raw, &first))
        return svyi_grid_fail(g, SVY_E_INVALID, 0, "sheet '%s' has two columns '%s': rename or delete one of them", g->shown, svyi_grid_show(h->text, shown, sizeof shown));
    size_t len = raw;
    char *clean = svyi_arena_text(g->arena, svyi_cell_trim(h->text, &len), len);
    if (clean == NULL)
        return svyi_nomem(g->err);
    len = svyi_cell_single_blanks(clean, len);
    h->text = clean;
    first = column;
    const int known = svyi_map_add(names, clean, len, &first);
    if (known < 0)
        return svyi_nomem(g->err);
    h->column = first;
    if (known)
        h->text = NULL;
    return SVY_OK;
}

static int is_blank(const char *text)
{
    if (text == NULL)
        return 1;
    size_t len = strlen(text);
    svyi_cell_trim(text, &len);
    return len == 0;
}

/* Settles the columns once the header row is complete. */
static svy_status begin(svyi_grid *g)
{
    svy_status st = SVY_OK;
    svyi_map names;
    uint32_t blanks = 0;
    g->begun = 1;
    svyi_map_init(&names, &g->arena->alloc);
    for (uint32_t c = 0; c < g->n_headers && st == SVY_OK && blanks <= SVYI_GRID_BLANK_COLUMNS; c++) {
        if (is_blank(g->headers[c].text)) {
            g->headers[c].text = NULL;
            g->headers[c].column = SVYI_GRID_COLUMNS;
            blanks++;
        } else {
            blanks = 0;
            g->n_columns = c + 1;
            st = take_header(g, &names, c);
        }
    }
    svyi_map_clear(&names);
    return st;
}

/* ---- the other rows ---- */

svy_status svyi_grid_row(svyi_grid *g, uint32_t row)
{
    if (row > 0 && !g->begun) {
        const svy_status st = begin(g);
        if (st != SVY_OK)
            return st;
    }
    g->skip = row < g->next;
    if (g->skip)
        return SVY_OK;
    g->row = row;
    g->next = row + 1;
    g->ended |= row > 0 && (g->n_columns == 0 || row - g->last > SVYI_GRID_BLANK_ROWS + 1);
    return SVY_OK;
}

int svyi_grid_wants(const svyi_grid *g, uint32_t column)
{
    if (!g->begun)
        return !g->skip && column < SVYI_GRID_COLUMNS;
    return !g->skip && !g->ended && column < g->n_columns && g->headers[column].column < SVYI_GRID_COLUMNS;
}

/* Room up to the present row, filled with blank cells. */
static svy_status extend(svyi_grid *g)
{
    const size_t have = (size_t)g->n_rows * g->n_columns, need = ((size_t)g->row + 1) * g->n_columns;
    if (need > g->limits->cells)
        return svyi_grid_fail(g, SVY_E_LIMIT, g->row, "sheet '%s' is too large: at most %zu cells are read", g->shown, g->limits->cells);
    if (svyi_grow(&g->arena->alloc, &g->cells, &g->cell_capacity, need, sizeof *g->cells) != 0 ||
        svyi_grow(&g->arena->alloc, &g->kinds, &g->kind_capacity, need, 1) != 0)
        return svyi_nomem(g->err);
    for (size_t i = have; i < need; i++)
        g->cells[i] = "";
    memset(g->kinds + have, SVYI_CELL_BLANK, need - have);
    g->n_rows = g->row + 1;
    return SVY_OK;
}

svy_status svyi_grid_kept(svyi_grid *g, uint32_t column, const char *text, svyi_cell_kind kind)
{
    if (!svyi_grid_wants(g, column))
        return SVY_OK;
    if (g->row >= g->n_rows) {
        const svy_status st = extend(g);
        if (st != SVY_OK)
            return st;
    }
    const size_t at = (size_t)g->row * g->n_columns + g->headers[column].column;
    g->cells[at] = text;
    g->kinds[at] = (uint8_t)kind;
    g->last = g->row;
    return SVY_OK;
}

svy_status svyi_grid_cell(svyi_grid *g, uint32_t column, const char *text, size_t len, svyi_cell_kind kind)
{
    svy_status st;
    if (!svyi_grid_wants(g, column))
        return SVY_OK;
    if (!svyi_utf8_valid(text, len))
        return svyi_grid_fail(g, SVY_E_FORMAT, g->row, "a cell of sheet '%s' holds bytes that are no text: save the workbook anew", g->shown);
    if (!g->begun)
        return header(g, column, text, len, kind);
    const char *from = svyi_cell_trim(text, &len);
    if (len == 0)
        return SVY_OK;
    char *own = copy(g, from, len, &st);
    if (own == NULL)
        return st;
    svyi_cell_plain_blanks(own, len);
    return svyi_grid_kept(g, column, own, kind);
}

/* ---- shared texts ---- */

void svyi_shared_init(svyi_shared *s, const svy_alloc *alloc)
{
    *s = (svyi_shared){ .n = 0 };
    svyi_arena_init(&s->raw, alloc);
}

int svyi_shared_add(svyi_shared *s, const char *text, size_t len)
{
    const char *own = len > 0 ? svyi_arena_text(&s->raw, text, len) : "";
    if (own == NULL || svyi_grow(&s->raw.alloc, &s->texts, &s->capacity, s->n + 1, sizeof *s->texts) != 0 ||
        svyi_grow(&s->raw.alloc, &s->cleaned, &s->cleaned_capacity, s->n + 1, sizeof *s->cleaned) != 0)
        return -1;
    s->cleaned[s->n] = NULL;
    s->texts[s->n++] = own;
    return 0;
}

void svyi_shared_clear(svyi_shared *s)
{
    svyi_release(&s->raw.alloc, s->texts, s->capacity * sizeof *s->texts);
    svyi_release(&s->raw.alloc, s->cleaned, s->cleaned_capacity * sizeof *s->cleaned);
    svyi_arena_clear(&s->raw);
    s->texts = s->cleaned = NULL;
    s->n = 0;
}

svy_status svyi_grid_shared(svyi_grid *g, uint32_t column, svyi_shared *s, size_t index)
{
    svy_status st;
    const char *raw = s->texts[index];
    if (!g->begun || !svyi_grid_wants(g, column))
        return svyi_grid_cell(g, column, raw, strlen(raw), SVYI_CELL_TEXT);
    if (s->cleaned[index] == NULL) {
        size_t len = strlen(raw);
        const char *from = svyi_cell_trim(raw, &len);
        if (!svyi_utf8_valid(from, len))
            return svyi_grid_cell(g, column, from, len, SVYI_CELL_TEXT);
        char *own = copy(g, from, len, &st);
        if (own == NULL)
            return st;
        svyi_cell_plain_blanks(own, len);
        s->cleaned[index] = own;
    } else if ((st = count(g, strlen(s->cleaned[index]))) != SVY_OK) {
        return st;                 /* one text in the workbook is as many in the form as there are cells that share it */
    }
    return s->cleaned[index][0] != '\0' ? svyi_grid_kept(g, column, s->cleaned[index], SVYI_CELL_TEXT) : SVY_OK;
}

/* ---- the sheet ---- */

svy_status svyi_grid_end(svyi_grid *g, svyi_sheet *sheet)
{
    svy_status st = g->begun ? SVY_OK : begin(g);
    sheet->n_rows = sheet->n_columns = 0;
    if (st != SVY_OK || g->n_columns == 0)
        return st;
    if (g->n_rows == 0) {
        g->row = 0;
        st = extend(g);
        if (st != SVY_OK)
            return st;
    }
    const size_t n = (size_t)g->n_rows * g->n_columns;
    const char **cells = svyi_arena_get(g->arena, n * sizeof *cells);
    uint8_t *kinds = svyi_arena_get(g->arena, n);
    if (cells == NULL || kinds == NULL)
        return svyi_nomem(g->err);
    memcpy(cells, g->cells, n * sizeof *cells);
    memcpy(kinds, g->kinds, n);
    for (uint32_t c = 0; c < g->n_columns; c++) {
        cells[c] = g->headers[c].text != NULL ? g->headers[c].text : "";
        kinds[c] = g->headers[c].text != NULL ? g->headers[c].kind : SVYI_CELL_BLANK;
    }
    *sheet = (svyi_sheet){ .name = g->sheet, .n_rows = g->n_rows, .n_columns = g->n_columns, .cells = cells, .kinds = kinds };
    return SVY_OK;
}

void svyi_grid_clear(svyi_grid *g)
{
    const svy_alloc *a = &g->arena->alloc;
    svyi_release(a, g->headers, g->header_capacity * sizeof *g->headers);
    svyi_release(a, g->cells, g->cell_capacity * sizeof *g->cells);
    svyi_release(a, g->kinds, g->kind_capacity);
    g->headers = NULL;
    g->cells = NULL;
    g->kinds = NULL;
}
