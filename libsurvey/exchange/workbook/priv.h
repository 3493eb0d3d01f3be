/* The readers of the kinds of workbooks, and what they share. */
#ifndef SVY_EXCHANGE_WORKBOOK_PRIV_H
#define SVY_EXCHANGE_WORKBOOK_PRIV_H
#include "exchange/workbook/workbook.h"

typedef struct svyi_workbook_input {
    const char *bytes; size_t len;
    const char *source;
    const svyi_workbook_limits *limits;
    svy_error *err;
} svyi_workbook_input;

/* Each fills the sheets of `w`. */
svy_status svyi_workbook_read_xlsx(svyi_workbook *w, const svyi_workbook_input *in);
svy_status svyi_workbook_read_xls(svyi_workbook *w, const svyi_workbook_input *in);
svy_status svyi_workbook_read_csv(svyi_workbook *w, const svyi_workbook_input *in);
svy_status svyi_workbook_read_md(svyi_workbook *w, const svyi_workbook_input *in);

/* 1 when the cells of a sheet are read: XLSForm knows its name, or it is the only one. */
int svyi_workbook_wants(const char *sheet, size_t n_sheets);

/* The stream `name` of an OLE2 file, or the other name if that is not there: *bytes lies in the arena.
   @return SVY_OK, SVY_E_FORMAT, SVY_E_NOMEM */
svy_status svyi_ole_stream(svyi_arena *arena, const svyi_workbook_input *in, const char *name, const char *other, const unsigned char **bytes, size_t *len);
#endif
