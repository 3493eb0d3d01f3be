/* Workbooks (.xlsx, old .xls, and the .csv and .md texts that stand for one) as sheets of texts: what XLSForm is written in. */
#ifndef SVY_EXCHANGE_WORKBOOK_H
#define SVY_EXCHANGE_WORKBOOK_H
#include "base/arena.h"
#include "base/error.h"

/* What a cell was in the workbook. */
typedef enum svyi_cell_kind {
    SVYI_CELL_BLANK = 0,
    SVYI_CELL_TEXT = 1,
    SVYI_CELL_NUMBER = 2,      /* "12", "1.5" */
    SVYI_CELL_BOOLEAN = 3,     /* "TRUE", "FALSE" */
    SVYI_CELL_DATE = 4,        /* "2026-11-22 00:00:00" or "2026-11-22" */
    SVYI_CELL_TIME = 5,        /* "10:30:00", a duration "1 day, 2:00:00" */
    SVYI_CELL_ERROR = 6        /* "#N/A" (.xlsx), its code "42" (.xls) */
} svyi_cell_kind;

/* Row 0 is the header; row r is row r + 1 of the workbook, so blank rows between others are kept. Headers have no blanks at their ends and one blank for
   a run of them; other cells no blanks at their ends and a plain blank for each no-break space. A column without header has only blank cells; columns end
   before more than 20 blank headers, rows before more than 60 blank rows; neither ends with blanks. Cells are row-major, UTF-8 without NUL, never NULL. */
typedef struct svyi_sheet {
    const char *name;
    uint32_t n_rows, n_columns;
    const char *const *cells;
    const uint8_t *kinds;      /* svyi_cell_kind */
} svyi_sheet;

typedef enum svyi_workbook_kind { SVYI_WORKBOOK_XLSX = 1, SVYI_WORKBOOK_XLS = 2, SVYI_WORKBOOK_CSV = 3, SVYI_WORKBOOK_MD = 4 } svyi_workbook_kind;

/* Sheets in the order of the workbook, hidden ones too. Only those that an XLSForm knows (by their names without regard to case: survey, choices, settings,
   entities, external_choices, osm), or the only one, have cells; of the others there is the name. */
typedef struct svyi_workbook {
    svyi_workbook_kind kind;
    svyi_sheet *sheets;
    uint32_t n_sheets;
    svyi_arena arena;          /* holds everything, this too */
} svyi_workbook;

/* Limits, checked by us before and while a library sees the bytes. */
typedef struct svyi_workbook_limits {
    size_t file;               /* 64 MiB: the workbook itself */
    size_t entry;              /* 64 MiB: one file of the zip, unpacked */
    size_t total;              /* 256 MiB: all that are read, unpacked */
    size_t ratio;              /* 200 times: unpacked to packed, from 1 MiB on */
    unsigned entries;          /* 1,000 files in the zip */
    size_t cells;              /* 16,000,000 in a sheet */
    size_t texts;              /* 64 MiB: texts of all cells, a text that cells share as often as it is used */
} svyi_workbook_limits;
#define SVYI_WORKBOOK_LIMITS_INIT { 64u << 20, 64u << 20, 256u << 20, 200, 1000, 16000000, 64u << 20 }

/* Reads a workbook from memory. Its kind is told by the content: a zip, an OLE2 file, a text with pipes (.md) or with commas (.csv).
   @param source name for messages
   @param limits NULL for the defaults
   @param out NULL on failure; svyi_workbook_free
   @return SVY_OK, SVY_E_FORMAT (not a workbook, or damaged, or encrypted), SVY_E_INVALID (what an XLSForm cannot have: a header twice, an impossible date),
           SVY_E_LIMIT, SVY_E_NOMEM; all of them in err, with the row as its line where there is one. */
SVY_NODISCARD svy_status svyi_workbook_read_memory(const svy_alloc *alloc, const void *bytes, size_t len, const char *source,
                                                   const svyi_workbook_limits *limits, svyi_workbook **out, svy_error *err);
/* The same from a file; also SVY_E_IO. */
SVY_NODISCARD svy_status svyi_workbook_read(const svy_alloc *alloc, const char *path, const svyi_workbook_limits *limits, svyi_workbook **out, svy_error *err);
void svyi_workbook_free(svyi_workbook *w);   /* NULL allowed */
#endif
