/* Makes a sheet from cells that come row by row: which columns and rows count, where the sheet ends. */
#ifndef SVY_EXCHANGE_WORKBOOK_GRID_H
#define SVY_EXCHANGE_WORKBOOK_GRID_H
#include "exchange/workbook/workbook.h"

enum { SVYI_GRID_COLUMNS = 16384, SVYI_GRID_BLANK_COLUMNS = 20, SVYI_GRID_BLANK_ROWS = 60 };

typedef struct svyi_grid_header { const char *text; uint32_t column; uint8_t kind; } svyi_grid_header;

typedef struct svyi_grid {
    svyi_arena *arena;                     /* of the workbook */
    const svyi_workbook_limits *limits;
    const char *source, *sheet;
    char shown[64];                        /* the name of the sheet for messages */
    size_t *texts;                         /* bytes of text so far, of the whole workbook */
    svy_error *err;
    svyi_grid_header *headers; size_t n_headers;   /* by column; text NULL: none. column: where its cells go */
    size_t header_capacity;
    uint32_t n_columns, row, last, next;   /* the row that is being read, the last that was not blank, the first that may come */
    int begun, skip, ended;                /* the header row is complete; this row does not count; nothing that follows counts */
    const char **cells; size_t cell_capacity;
    uint8_t *kinds; size_t kind_capacity;
    uint32_t n_rows;
} svyi_grid;

void svyi_grid_begin(svyi_grid *g, svyi_arena *arena, const svyi_workbook_limits *limits, const char *source, const char *sheet, size_t *texts, svy_error *err);
/* Cells of row `row` (0 is the header) follow. Rows that come again or out of order do not count. Then look at `ended`.
   @return SVY_OK, SVY_E_INVALID (a header twice), SVY_E_NOMEM */
svy_status svyi_grid_row(svyi_grid *g, uint32_t row);
/* 1 when a cell of this column is kept if it is not blank. */
int svyi_grid_wants(const svyi_grid *g, uint32_t column);
/* A cell of the row that was announced: any text, copied. */
svy_status svyi_grid_cell(svyi_grid *g, uint32_t column, const char *text, size_t len, svyi_cell_kind kind);
/* The same with a text that is trimmed, has plain blanks, is not blank and lives in the arena; not in row 0. */
svy_status svyi_grid_kept(svyi_grid *g, uint32_t column, const char *text, svyi_cell_kind kind);
/* Texts that cells name by number: each is copied into the workbook once, when a cell first names it. */
typedef struct svyi_shared {
    svyi_arena raw;                        /* the texts as they are in the file */
    const char **texts; size_t n, capacity;
    const char **cleaned; size_t cleaned_capacity;     /* as cells have them; NULL until a cell names it */
} svyi_shared;
void svyi_shared_init(svyi_shared *s, const svy_alloc *alloc);
int svyi_shared_add(svyi_shared *s, const char *text, size_t len);     /* 0, or -1 when out of memory */
void svyi_shared_clear(svyi_shared *s);
/* A cell whose text is number `index` of `s`, which exists. */
svy_status svyi_grid_shared(svyi_grid *g, uint32_t column, svyi_shared *s, size_t index);

/* Fills `sheet`. */
svy_status svyi_grid_end(svyi_grid *g, svyi_sheet *sheet);
void svyi_grid_clear(svyi_grid *g);

/* A text for a message: short, without line ends. `out` has `size` bytes. */
const char *svyi_grid_show(const char *text, char *out, size_t size);
/* An error in a row (0: the header) of a sheet. */
#define svyi_grid_fail(g, code, row, ...) svyi_fail_at((g)->err, (code), (g)->source, (int)(row) + 1, 0, 0, __VA_ARGS__)
#endif
