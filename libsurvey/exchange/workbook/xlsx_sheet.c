/* The cells of one sheet of an .xlsx. */
#include "base/buffer.h"
#include "base/number.h"
#include "exchange/workbook/cell.h"
#include "exchange/workbook/xlsx.h"
#include <string.h>

enum { IN_NOTHING = 0, IN_VALUE, IN_INLINE, IN_RUN, LAST_ROW = 1048576, LONGEST_CELL = 1 << 20 };

typedef struct reader {
    svyi_xlsx *x;
    svyi_grid grid;
    uint32_t row, column;            /* of the next row and cell, if they do not say */
    char type[12];
    uint32_t style;
    int wanted, in_data, in, has_value, stop;
    svyi_buffer text;
} reader;

/* ---- what a cell holds ---- */

static svy_status bad_cell(reader *r, const char *what)
{
    return svyi_grid_fail(&r->grid, SVY_E_FORMAT, r->grid.row, "column %u of sheet '%s' %s: save the workbook anew", r->column + 1, r->grid.shown, what);
}

static int whole_number(const char *text, size_t len, uint32_t *out)
{
    if (len == 0 || len > 9)
        return 0;
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        *out = *out * 10 + (uint32_t)(text[i] - '0');
    }
    return 1;
}

static svy_status shared(reader *r, const char *text, size_t len)
{
    uint32_t index;
    if (!whole_number(text, len, &index) || index >= r->x->strings.n)
        return bad_cell(r, "names a shared text that is not in the workbook");
    return svyi_grid_shared(&r->grid, r->column, &r->x->strings, index);
}

/* Whole numbers keep all their digits, however many. */
static int digits_only(const char *text, size_t len, const char **from, size_t *n)
{
    size_t at = len > 0 && (text[0] == '-' || text[0] == '+');
    const size_t sign = at;
    for (; at < len; at++)
        if (text[at] < '0' || text[at] > '9')
            return 0;
    if (len == sign)
        return 0;
    for (at = sign; at + 1 < len && text[at] == '0'; at++) { }
    *from = text + at;
    *n = len - at;
    return 1;
}

static svy_status number(reader *r, const char *text, size_t len)
{
    char out[SVYI_CELL_TEXT_SIZE];
    uint8_t kind = SVYI_CELL_NUMBER;
    double value;
    const char *digits;
    size_t n;
    const uint8_t format = r->style < r->x->n_styles ? r->x->styles[r->style] : 0;
    if (!svyi_number_parse(text, len, &value))
        return bad_cell(r, "holds a number that is none");
    if (format & SVYI_XLSX_FORMAT_DATE) {
        n = svyi_cell_date(value, r->x->from_1904, (format & SVYI_XLSX_FORMAT_DURATION) != 0, out, &kind);
        return n > 0 ? svyi_grid_cell(&r->grid, r->column, out, n, kind) : svyi_grid_cell(&r->grid, r->column, "#VALUE!", 7, SVYI_CELL_ERROR);
    }
    if (digits_only(text, len, &digits, &n) && text[0] != '-')
        return svyi_grid_cell(&r->grid, r->column, digits, n, SVYI_CELL_NUMBER);
    if (digits_only(text, len, &digits, &n) && !(n == 1 && *digits == '0') && digits == text + 1)
        return svyi_grid_cell(&r->grid, r->column, text, len, SVYI_CELL_NUMBER);
    n = svyi_cell_number(value, out);
    return svyi_grid_cell(&r->grid, r->column, out, n, SVYI_CELL_NUMBER);
}

static svy_status boolean(reader *r, const char *text, size_t len)
{
    const int yes = (len == 4 && memcmp(text, "true", 4) == 0) || (len == 1 && *text == '1'), no = (len == 5 && memcmp(text, "false", 5) == 0) || (len == 1 && *text == '0');
    if (!yes && !no)
        return bad_cell(r, "is neither true nor false");
    return svyi_grid_cell(&r->grid, r->column, yes ? "TRUE" : "FALSE", yes ? 4 : 5, SVYI_CELL_BOOLEAN);
}

static svy_status iso_date(reader *r, const char *text, size_t len)
{
    char out[SVYI_CELL_TEXT_SIZE];
    uint8_t kind;
    const size_t n = svyi_cell_iso_date(text, len, out, &kind);
    return n > 0 ? svyi_grid_cell(&r->grid, r->column, out, n, kind) : bad_cell(r, "holds a date that is none");
}

static svy_status take_cell(reader *r)
{
    const char *text = r->text.data;
    size_t len = r->text.len;
    if (!r->wanted || !r->has_value || len == 0)
        return SVY_OK;
    if (strcmp(r->type, "str") == 0 || strcmp(r->type, "inlineStr") == 0)
        return svyi_grid_cell(&r->grid, r->column, text, len, SVYI_CELL_TEXT);
    if (strcmp(r->type, "e") == 0)
        return svyi_grid_cell(&r->grid, r->column, text, len, SVYI_CELL_ERROR);
    text = svyi_cell_trim(text, &len);
    if (strcmp(r->type, "s") == 0)
        return shared(r, text, len);
    if (strcmp(r->type, "b") == 0)
        return boolean(r, text, len);
    if (strcmp(r->type, "d") == 0)
        return iso_date(r, text, len);
    return strcmp(r->type, "n") == 0 ? number(r, text, len) : svyi_grid_cell(&r->grid, r->column, text, len, SVYI_CELL_TEXT);
}

/* ---- the tags ---- */

/* "AB12": column 27. 0 when it is no place. */
static int column_of(const char *text, size_t len, uint32_t *column)
{
    uint32_t c = 0;
    size_t at = 0;
    for (; at < len && at < 4; at++) {
        const char letter = (char)(text[at] & ~0x20);
        if (letter < 'A' || letter > 'Z')
            break;
        c = c * 26 + (uint32_t)(letter - 'A') + 1;
    }
    if (at == 0 || at > 3 || c > SVYI_GRID_COLUMNS)
        return 0;
    *column = c - 1;
    return 1;
}

static svy_status start_row(reader *r, const svyi_xml_stream *at)
{
    const char *text;
    size_t len;
    uint32_t number;
    if (svyi_xml_stream_attribute(at, "r", 0, &text, &len)) {
        if (!whole_number(text, len, &number) || number == 0 || number > LAST_ROW)
            return svyi_grid_fail(&r->grid, SVY_E_FORMAT, r->row, "a row of sheet '%s' has a number that no row has: save the workbook anew", r->grid.shown);
        r->row = number - 1;
    }
    const svy_status st = svyi_grid_row(&r->grid, r->row);
    r->row++;
    r->column = (uint32_t)-1;
    r->stop = r->grid.ended;
    return st;
}

static svy_status start_cell(reader *r, const svyi_xml_stream *at)
{
    const char *text;
    size_t len;
    r->column++;
    if (svyi_xml_stream_attribute(at, "r", 0, &text, &len) && !column_of(text, len, &r->column))
        return svyi_grid_fail(&r->grid, SVY_E_FORMAT, r->grid.row, "a cell of sheet '%s' has a place that no cell has: save the workbook anew", r->grid.shown);
    r->wanted = svyi_grid_wants(&r->grid, r->column);
    if (!r->wanted)
        return SVY_OK;
    r->text.len = 0;
    r->has_value = 0;
    r->style = 0;
    memcpy(r->type, "n", 2);
    if (svyi_xml_stream_attribute(at, "t", 0, &text, &len) && len < sizeof r->type) {
        memcpy(r->type, text, len);
        r->type[len] = '\0';
    }
    if (svyi_xml_stream_attribute(at, "s", 0, &text, &len) && !whole_number(text, len, &r->style))
        r->style = 0;
    return SVY_OK;
}

static svy_status on_start(void *user, const svyi_xml_stream *at, unsigned depth, const char *name)
{
    reader *r = user;
    const int is_inline = strcmp(r->type, "inlineStr") == 0;
    if (depth == 0 && strcmp(name, "worksheet") != 0)
        return svyi_fail_at(r->x->err, SVY_E_FORMAT, r->x->source, 0, 0, 0, "sheet '%s' holds no cells but something else: save the workbook anew", r->grid.shown);
    if (depth == 1)
        r->in_data = strcmp(name, "sheetData") == 0;
    if (!r->in_data)
        return SVY_OK;
    if (depth == 2 && strcmp(name, "row") == 0)
        return start_row(r, at);
    if (depth == 3 && strcmp(name, "c") == 0)
        return start_cell(r, at);
    if (depth == 4)
        r->in = strcmp(name, "v") == 0 && !is_inline ? IN_VALUE : strcmp(name, "is") == 0 && is_inline ? IN_INLINE : IN_NOTHING;
    else if (depth == 5 && r->in == IN_INLINE)
        r->in = strcmp(name, "t") == 0 ? IN_VALUE : strcmp(name, "r") == 0 ? IN_RUN : IN_NOTHING;
    else if (depth == 6 && r->in == IN_RUN)
        r->in = strcmp(name, "t") == 0 ? IN_VALUE : IN_RUN;
    r->has_value |= r->in == IN_VALUE;
    return SVY_OK;
}

static svy_status on_end(void *user, unsigned depth, const char *name)
{
    reader *r = user;
    if (!r->in_data)
        return SVY_OK;
    if (depth == 1)
        r->stop = 1;
    else if (depth == 3 && strcmp(name, "c") == 0)
        return take_cell(r);
    else if (depth == 4)
        r->in = IN_NOTHING;
    else if (depth == 5 && strcmp(r->type, "inlineStr") == 0)
        r->in = IN_INLINE;
    else if (depth == 6 && r->in == IN_VALUE)
        r->in = IN_RUN;
    return SVY_OK;
}

static svy_status on_text(void *user, unsigned depth, const char *text, size_t len)
{
    reader *r = user;
    if (r->in != IN_VALUE || depth < 4 || depth > 6 || !r->wanted)
        return SVY_OK;
    if (r->text.len + len > LONGEST_CELL)
        return svyi_grid_fail(&r->grid, SVY_E_LIMIT, r->grid.row, "a cell of sheet '%s' is too long: at most %d bytes are read", r->grid.shown, LONGEST_CELL);
    svyi_buffer_add(&r->text, text, len);
    return r->text.failed ? svyi_nomem(r->x->err) : SVY_OK;
}

svy_status svyi_xlsx_read_sheet(svyi_xlsx *x, const char *name, svyi_sheet *sheet)
{
    reader r = { .x = x };
    const svyi_xml_handler handler = { .user = &r, .start = on_start, .end = on_end, .text = on_text, .stop = &r.stop };
    svyi_grid_begin(&r.grid, &x->workbook->arena, x->limits, x->source, sheet->name, &x->texts, x->err);
    svyi_buffer_init(&r.text, &x->scratch.alloc);
    svy_status st = svyi_xlsx_part(x, name, &handler);
    if (st == SVY_OK)
        st = svyi_grid_end(&r.grid, sheet);
    svyi_grid_clear(&r.grid);
    svyi_buffer_clear(&r.text);
    return st;
}
