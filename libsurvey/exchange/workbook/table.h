/* Sheets made from rows of a text: .csv and .md. Rows name their columns by the header that stands above them. */
#ifndef SVY_EXCHANGE_WORKBOOK_TABLE_H
#define SVY_EXCHANGE_WORKBOOK_TABLE_H
#include "base/map.h"
#include "exchange/workbook/priv.h"

typedef struct svyi_table_cell { const char *text; uint32_t row, column; } svyi_table_cell;

typedef struct svyi_table {
    const char *name;
    const char **headers; size_t n_headers, headers_capacity;
    svyi_map columns;                             /* header -> column */
    svyi_table_cell *cells; size_t n_cells, cells_capacity;
    uint32_t *places; size_t n_places, places_capacity;       /* column of every place of the header in force; UINT32_MAX: none */
    uint32_t n_rows;                              /* with the header */
    int has_header;                               /* the next row is not a header */
} svyi_table;

typedef struct svyi_tables {
    svyi_workbook *workbook;
    const svyi_workbook_input *in;
    svyi_map names;
    svyi_table **list; size_t n, capacity;
    svyi_table *now;                              /* the sheet whose rows come; NULL before the first */
} svyi_tables;

void svyi_tables_init(svyi_tables *t, svyi_workbook *w, const svyi_workbook_input *in);
/* The rows that follow belong to this sheet, and the first is a header. With `again`, a sheet that was there before begins anew. */
svy_status svyi_tables_sheet(svyi_tables *t, const char *name, size_t len, int again);
/* A cell of the next row, at its place in the row. */
svy_status svyi_tables_cell(svyi_tables *t, uint32_t place, const char *text, size_t len);
/* The row is complete; it counts even when it is blank. */
void svyi_tables_row(svyi_tables *t);
/* Makes the sheets of the workbook. */
svy_status svyi_tables_end(svyi_tables *t);
void svyi_tables_clear(svyi_tables *t);
#endif
