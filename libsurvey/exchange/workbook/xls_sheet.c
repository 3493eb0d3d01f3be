/* The cells of one sheet of an .xls: first where they are, then in order of rows what they hold. */
#include "exchange/workbook/cell.h"
#include "exchange/workbook/xls.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where a cell stands in the stream: at its record, or at its six bytes in a run of numbers (MULRK, type SVYI_XLS_MULRK). */
typedef struct place { uint32_t row_column, at; uint16_t type; } place;
typedef struct reader { svyi_xls *x; svyi_grid grid; place *places; size_t n, capacity; int unordered; } reader;

/* ---- where cells are ---- */

static svy_status add_place(reader *r, uint32_t row, uint32_t column, size_t at, uint32_t type)
{
    const place one = { row << 16 | column, (uint32_t)at, (uint16_t)type };
    if (r->n >= r->x->in->limits->cells)
        return svyi_grid_fail(&r->grid, SVY_E_LIMIT, row, "sheet '%s' is too large: at most %zu cells are read", r->grid.shown, r->x->in->limits->cells);
    if (svyi_grow(&r->x->scratch.alloc, &r->places, &r->capacity, r->n + 1, sizeof *r->places) != 0)
        return svyi_nomem(r->x->in->err);
    r->unordered |= r->n > 0 && one.row_column < r->places[r->n - 1].row_column;
    r->places[r->n++] = one;
    return SVY_OK;
}

static svy_status add_run(reader *r, const svyi_xls_record *record)
{
    svy_status st = SVY_OK;
    const uint32_t row = svyi_xls_u16(record->data);
    uint32_t column = svyi_xls_u16(record->data + 2);
    for (size_t at = 4; at + 8 <= record->len && column < 0x10000 && st == SVY_OK; at += 6, column++)
        st = add_place(r, row, column, record->at + at, SVYI_XLS_MULRK);
    return st;
}

static int is_cell(uint32_t type)
{
    return type == SVYI_XLS_FORMULA || type == SVYI_XLS_NUMBER || type == SVYI_XLS_RK || type == SVYI_XLS_LABEL || type == SVYI_XLS_RSTRING ||
           type == SVYI_XLS_LABELSST || type == SVYI_XLS_BOOLERR;
}

/* A sheet may hold charts, each with a beginning and end of its own. */
static svy_status find_cells(reader *r, size_t at)
{
    svyi_xls_record record;
    svy_status st = SVY_OK;
    unsigned inner = 0;
    if (!svyi_xls_next(r->x, &at, &record) || record.type != SVYI_XLS_BOF)
        return svyi_xls_damaged(r->x, "a sheet is not where it should be");
    while (st == SVY_OK && svyi_xls_next(r->x, &at, &record)) {
        if (record.type == SVYI_XLS_BOF)
            inner++;
        else if (record.type == SVYI_XLS_EOF && inner-- == 0)
            break;
        else if (inner == 0 && record.len >= 6 && is_cell(record.type))
            st = add_place(r, svyi_xls_u16(record.data), svyi_xls_u16(record.data + 2), record.at - 4, record.type);
        else if (inner == 0 && record.len >= 6 && record.type == SVYI_XLS_MULRK)
            st = add_run(r, &record);
    }
    return st;
}

static int by_place(const void *a, const void *b)
{
    const place *p = a, *q = b;
    if (p->row_column != q->row_column)
        return p->row_column < q->row_column ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

/* ---- what they hold ---- */

static double ieee(const unsigned char *at)
{
    const uint64_t bits = svyi_xls_u32(at) | (uint64_t)svyi_xls_u32(at + 4) << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A number in 30 bits: whole or the upper part of a double, perhaps in hundredths. */
static double packed(uint32_t rk)
{
    double value;
    if (rk & 2) {
        const int64_t whole = rk & 0x80000000u ? (int64_t)(rk >> 2) - 0x40000000 : (int64_t)(rk >> 2);
        value = (double)whole;
    } else {
        const uint64_t bits = (uint64_t)(rk & 0xFFFFFFFCu) << 32;
        memcpy(&value, &bits, sizeof value);
    }
    return rk & 1 ? value / 100 : value;
}

static svy_status put_number(reader *r, uint32_t column, uint32_t style, double value)
{
    char out[SVYI_CELL_TEXT_SIZE];
    uint8_t kind = SVYI_CELL_NUMBER;
    size_t n;
    char shown[100];
    if (!svyi_grid_wants(&r->grid, column))
        return SVY_OK;
    if (!isfinite(value))
        return svyi_grid_fail(&r->grid, SVY_E_FORMAT, r->grid.row, "column %u of sheet '%s' holds a number that is none: save the workbook anew", column + 1, r->grid.shown);
    if (style < r->x->n_styles && r->x->formats[r->x->styles[style]] && r->grid.begun) {
        n = svyi_cell_old_date(value, r->x->from_1904, out, &kind);
        if (n == 0)
            return svyi_grid_fail(&r->grid, SVY_E_INVALID, r->grid.row, "column '%s' of sheet '%s' holds a date that cannot be told: write it as text",
                                  svyi_grid_show(r->grid.headers[column].text != NULL ? r->grid.headers[column].text : "", shown, sizeof shown), r->grid.shown);
    } else {
        n = svyi_cell_number(value, out);
    }
    return svyi_grid_cell(&r->grid, column, out, n, (svyi_cell_kind)kind);
}

static svy_status put_code(reader *r, uint32_t column, int is_error, unsigned char code)
{
    char text[8];
    const size_t n = svyi_cell_number(code, (char[SVYI_CELL_TEXT_SIZE]){ 0 });
    if (!is_error)
        return svyi_grid_cell(&r->grid, column, code ? "TRUE" : "FALSE", code ? 4 : 5, SVYI_CELL_BOOLEAN);
    for (size_t i = n; i-- > 0; code /= 10)
        text[i] = (char)('0' + code % 10);
    return svyi_grid_cell(&r->grid, column, text, n, SVYI_CELL_ERROR);
}

static svy_status put_text(reader *r, uint32_t column, const svyi_xls_record *record, size_t at)
{
    if (!svyi_grid_wants(&r->grid, column))
        return SVY_OK;
    const svy_status st = svyi_xls_text(r->x, record, at);
    return st == SVY_OK ? svyi_grid_cell(&r->grid, column, r->x->text.data, r->x->text.len, SVYI_CELL_TEXT) : st;
}

/* What a formula gave when the workbook was saved: a number, or a mark for something else; a text follows in a record of its own. */
static svy_status put_formula(reader *r, uint32_t column, uint32_t style, const svyi_xls_record *record, size_t next)
{
    const unsigned char *result = record->data + 6;
    svyi_xls_record follows;
    if (record->len < 14)
        return SVY_OK;
    if (svyi_xls_u16(result + 6) != 0xFFFF)
        return put_number(r, column, style, ieee(result));
    if (result[0] == 1 || result[0] == 2)
        return put_code(r, column, result[0] == 2, result[2]);
    while (result[0] == 0 && svyi_xls_next(r->x, &next, &follows) && !is_cell(follows.type) && follows.type != SVYI_XLS_EOF)
        if (follows.type == SVYI_XLS_STRING)
            return put_text(r, column, &follows, 0);
    return SVY_OK;
}

static svy_status put_record(reader *r, const place *p)
{
    svyi_xls_record record;
    size_t next = p->at;
    const uint32_t column = p->row_column & 0xFFFF;
    svyi_xls_next(r->x, &next, &record);
    const uint32_t style = svyi_xls_u16(record.data + 4);
    switch (p->type) {
    case SVYI_XLS_NUMBER: return record.len >= 14 ? put_number(r, column, style, ieee(record.data + 6)) : SVY_OK;
    case SVYI_XLS_RK: return record.len >= 10 ? put_number(r, column, style, packed(svyi_xls_u32(record.data + 6))) : SVY_OK;
    case SVYI_XLS_BOOLERR: return record.len >= 8 ? put_code(r, column, record.data[7], record.data[6]) : SVY_OK;
    case SVYI_XLS_LABEL: case SVYI_XLS_RSTRING: return put_text(r, column, &record, 6);
    case SVYI_XLS_FORMULA: return put_formula(r, column, style, &record, next);
    case SVYI_XLS_LABELSST:
        if (record.len < 10 || svyi_xls_u32(record.data + 6) >= r->x->shared.n)
            return svyi_grid_fail(&r->grid, SVY_E_FORMAT, r->grid.row, "column %u of sheet '%s' names a text that is not in the workbook: save it anew as .xlsx",
                                  column + 1, r->grid.shown);
        return svyi_grid_shared(&r->grid, column, &r->x->shared, svyi_xls_u32(record.data + 6));
    default: return SVY_OK;
    }
}

static svy_status put_cells(reader *r)
{
    svy_status st = svyi_grid_row(&r->grid, 0);
    uint32_t row = 0;
    for (size_t i = 0; i < r->n && st == SVY_OK && !r->grid.ended; i++) {
        const place *p = &r->places[i];
        if (p->row_column >> 16 != row) {
            row = p->row_column >> 16;
            st = svyi_grid_row(&r->grid, row);
        }
        if (st != SVY_OK || r->grid.ended)
            break;
        const unsigned char *run = r->x->bytes + p->at;
        st = p->type == SVYI_XLS_MULRK ? put_number(r, p->row_column & 0xFFFF, svyi_xls_u16(run), packed(svyi_xls_u32(run + 2))) : put_record(r, p);
    }
    return st;
}

svy_status svyi_xls_read_sheet(svyi_xls *x, size_t start, svyi_sheet *sheet)
{
    reader r = { .x = x };
    svyi_grid_begin(&r.grid, &x->workbook->arena, x->in->limits, x->in->source, sheet->name, &x->texts, x->in->err);
    svy_status st = find_cells(&r, start);
    if (st == SVY_OK && r.unordered)
        qsort(r.places, r.n, sizeof *r.places, by_place);
    if (st == SVY_OK)
        st = put_cells(&r);
    if (st == SVY_OK)
        st = svyi_grid_end(&r.grid, sheet);
    svyi_release(&x->scratch.alloc, r.places, r.capacity * sizeof *r.places);
    svyi_grid_clear(&r.grid);
    return st;
}
