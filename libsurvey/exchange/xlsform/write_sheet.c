/* The sheets of an XLSForm while they are made, and the .xlsx they become (by libxlsxwriter). */
#define _POSIX_C_SOURCE 200809L
#include "exchange/xlsform/write_priv.h"
#include "base/text.h"
#include "exchange/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { LONGEST_CELL = 32767, WIDEST = 60, MOST_COLUMNS = 1000, MOST_ROWS = 1048575 };

/* Columns stand in this order; the languages of one follow each other; others come behind in the order in which they were met. */
static const char *const ORDER[] = { "list_name", "type", "name", "label", "hint", "guidance_hint", "required", "required_message", "relevant", "constraint",
    "constraint_message", "calculation", "trigger", "default", "appearance", "choice_filter", "parameters", "repeat_count", "read_only", "media::image",
    "media::big-image", "media::audio", "media::video", "form_title", "form_id", "version", "default_language" };

void svyi_xlw_row(svyi_xlw *w, int sheet) { w->sheets[sheet].n_rows++; }

void svyi_xlw_put(svyi_xlw *w, int sheet, const char *header, const char *text)
{
    svyi_xlw_sheet *s = &w->sheets[sheet];
    const svy_alloc *a = &w->arena.alloc;
    uint32_t column = (uint32_t)s->n_headers;
    if (text == NULL || *text == '\0' || w->failed)
        return;
    if (svyi_utf8_length(text, strlen(text)) > LONGEST_CELL) {
        svyi_xlw_note(w, SVY_WARNING, NULL, header, "shorten it", "a text is longer than the %d characters of a cell: it is left out", LONGEST_CELL);
        return;
    }
    if (svyi_map_find(&s->columns, header, strlen(header), &column) == 0) {
        if (s->n_headers == MOST_COLUMNS) {
            svyi_xlw_note(w, SVY_WARNING, NULL, header, NULL, "a sheet would have more than %d columns: this one is left out", MOST_COLUMNS);
            return;
        }
        char *own = svyi_arena_text(&w->arena, header, strlen(header));
        column = (uint32_t)s->n_headers;
        w->failed |= own == NULL || svyi_grow(a, &s->headers, &s->headers_capacity, s->n_headers + 1, sizeof *s->headers) != 0 ||
                     svyi_map_add(&s->columns, own, strlen(own), &column) < 0;
        if (w->failed)
            return;
        s->headers[s->n_headers++] = own;
    }
    w->failed |= svyi_grow(a, &s->cells, &s->cells_capacity, s->n_cells + 1, sizeof *s->cells) != 0;
    if (!w->failed)
        s->cells[s->n_cells++] = (svyi_xlw_cell){ s->n_rows, column, text };
}

void svyi_xlw_clear_sheets(svyi_xlw *w)
{
    for (int i = 0; i < SVYI_OUT_SHEETS; i++) {
        svyi_xlw_sheet *s = &w->sheets[i];
        svyi_map_clear(&s->columns);
        svyi_release(&w->arena.alloc, s->headers, s->headers_capacity * sizeof *s->headers);
        svyi_release(&w->arena.alloc, s->cells, s->cells_capacity * sizeof *s->cells);
    }
}

/* ---- order of columns ---- */

static size_t rank(const char *header)
{
    const size_t n = sizeof ORDER / sizeof ORDER[0];
    for (size_t i = 0; i < n; i++) {
        const size_t len = strlen(ORDER[i]);
        if (strncmp(header, ORDER[i], len) == 0 && (header[len] == '\0' || strncmp(header + len, "::", 2) == 0))
            return i;
    }
    return n;
}

/* place[column]: where the column goes. */
static uint32_t *place_columns(svyi_xlw *w, const svyi_xlw_sheet *s)
{
    uint32_t *place = svyi_arena_get(&w->arena, (s->n_headers + 1) * sizeof *place), next = 0;
    for (size_t r = 0; place != NULL && r <= sizeof ORDER / sizeof ORDER[0]; r++)
        for (size_t c = 0; c < s->n_headers; c++)
            if (rank(s->headers[c]) == r)
                place[c] = next++;
    return place;
}

/* ---- the file ---- */

static lxw_error write_sheet(svyi_xlw *w, lxw_workbook *book, lxw_format *bold, const svyi_xlw_sheet *s)
{
    lxw_worksheet *sheet = workbook_add_worksheet(book, s->name);
    const uint32_t *place = place_columns(w, s);
    if (sheet == NULL || place == NULL)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    lxw_error error = LXW_NO_ERROR;
    for (size_t c = 0; c < s->n_headers && error == LXW_NO_ERROR; c++) {
        const size_t n = svyi_utf8_length(s->headers[c], strlen(s->headers[c]));
        error = worksheet_write_string(sheet, 0, (lxw_col_t)place[c], s->headers[c], bold);
        worksheet_set_column(sheet, (lxw_col_t)place[c], (lxw_col_t)place[c], rank(s->headers[c]) < 4 ? 24 : n < WIDEST ? (double)n + 4 : WIDEST, NULL);
    }
    for (size_t i = 0; i < s->n_cells && error == LXW_NO_ERROR; i++)
        error = worksheet_write_string(sheet, s->cells[i].row, (lxw_col_t)place[s->cells[i].column], s->cells[i].text, NULL);
    worksheet_freeze_panes(sheet, 1, 0);
    return error;
}

static lxw_error write_book(svyi_xlw *w, const char *path)
{
    lxw_workbook *book = workbook_new(path);
    lxw_format *bold = book != NULL ? workbook_add_format(book) : NULL;
    lxw_error error = bold != NULL ? LXW_NO_ERROR : LXW_ERROR_MEMORY_MALLOC_FAILED;
    if (bold != NULL)
        format_set_bold(bold);
    for (int i = 0; i < SVYI_OUT_SHEETS && error == LXW_NO_ERROR; i++)
        if (i <= SVYI_OUT_SETTINGS || w->sheets[i].n_headers > 0)
            error = write_sheet(w, book, bold, &w->sheets[i]);
    if (book != NULL && error != LXW_NO_ERROR)
        lxw_workbook_free(book);
    return book != NULL && error == LXW_NO_ERROR ? workbook_close(book) : error;
}

/* libxlsxwriter would write to stderr where it cannot create the file: so it is created before. */
static svy_status reserve(svyi_xlw *w, char *path)
{
    const int fd = mkstemp(path);
    if (fd < 0)
        return svyi_fail_at(w->err, SVY_E_IO, path, 0, 0, 0, "the workbook cannot be created: %s", errno == ENOENT ? "there is no such folder" : "the folder does not allow it");
    fchmod(fd, 0644);
    close(fd);
    return SVY_OK;
}

svy_status svyi_xlw_save(svyi_xlw *w, const char *path)
{
    for (int i = 0; i < SVYI_OUT_SHEETS; i++)
        if (w->sheets[i].n_rows > MOST_ROWS)
            return svyi_fail_at(w->err, SVY_E_LIMIT, w->source, 0, 0, 0, "the sheet '%s' would have %u rows: a workbook has place for %d", w->sheets[i].name, w->sheets[i].n_rows, MOST_ROWS);
    if (svyi_output_special(path))
        return svyi_fail_at(w->err, SVY_E_IO, path, 0, 0, 0, "a workbook cannot be written to a device or a pipe: name a file");
    char *beside = svyi_xlw_join(w, path, ".XXXXXX", "");
    if (beside == NULL)
        return svyi_nomem(w->err);
    const svy_status st = reserve(w, beside);
    if (st != SVY_OK)
        return st;
    const lxw_error error = write_book(w, beside);
    if (error == LXW_NO_ERROR && rename(beside, path) == 0)
        return SVY_OK;
    unlink(beside);
    if (error == LXW_ERROR_MEMORY_MALLOC_FAILED)
        return svyi_nomem(w->err);
    return svyi_fail_at(w->err, SVY_E_IO, path, 0, 0, 0, "the workbook cannot be written: the disk may be full, or the folder does not allow it");
}
