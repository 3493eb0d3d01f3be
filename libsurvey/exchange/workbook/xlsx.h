/* What the readers of the files in an .xlsx share. */
#ifndef SVY_EXCHANGE_WORKBOOK_XLSX_H
#define SVY_EXCHANGE_WORKBOOK_XLSX_H
#include "exchange/workbook/grid.h"
#include "exchange/workbook/zip.h"
#include "exchange/xml/stream.h"

enum { SVYI_XLSX_FORMAT_DATE = 1, SVYI_XLSX_FORMAT_DURATION = 2, SVYI_XLSX_FORMATS = 65536 };

typedef struct svyi_xlsx {
    svyi_zip zip;
    svyi_workbook *workbook;
    svyi_arena scratch;                          /* what is not needed once the sheets are read */
    const svyi_workbook_limits *limits;
    svy_xml_limits xml;
    const char *source;
    svy_error *err;
    svyi_shared strings;
    uint8_t *styles; size_t n_styles, styles_capacity;            /* SVYI_XLSX_FORMAT_ flags of every cell style */
    int from_1904, starved;                      /* starved: out of memory, to be reported */
    size_t texts;
} svyi_xlsx;

/* Reads one file of the zip through a handler. */
svy_status svyi_xlsx_part(svyi_xlsx *x, const char *name, const svyi_xml_handler *handler);
svy_status svyi_xlsx_read_strings(svyi_xlsx *x, const char *name);
svy_status svyi_xlsx_read_styles(svyi_xlsx *x, const char *name);
svy_status svyi_xlsx_read_sheet(svyi_xlsx *x, const char *name, svyi_sheet *sheet);
#endif
