/* What the readers of the records of an .xls share. */
#ifndef SVY_EXCHANGE_WORKBOOK_XLS_H
#define SVY_EXCHANGE_WORKBOOK_XLS_H
#include "base/buffer.h"
#include "exchange/workbook/grid.h"
#include "exchange/workbook/priv.h"

/* Types of records (MS-XLS). */
enum {
    SVYI_XLS_FORMULA = 0x06, SVYI_XLS_EOF = 0x0A, SVYI_XLS_DATEMODE = 0x22, SVYI_XLS_FILEPASS = 0x2F, SVYI_XLS_CONTINUE = 0x3C, SVYI_XLS_BOUNDSHEET = 0x85,
    SVYI_XLS_MULRK = 0xBD, SVYI_XLS_RSTRING = 0xD6, SVYI_XLS_XF = 0xE0, SVYI_XLS_SST = 0xFC, SVYI_XLS_LABELSST = 0xFD, SVYI_XLS_NUMBER = 0x203,
    SVYI_XLS_LABEL = 0x204, SVYI_XLS_BOOLERR = 0x205, SVYI_XLS_STRING = 0x207, SVYI_XLS_RK = 0x27E, SVYI_XLS_FORMAT = 0x41E, SVYI_XLS_BOF = 0x809
};

typedef struct svyi_xls_record { uint32_t type, len; size_t at; const unsigned char *data; } svyi_xls_record;

typedef struct svyi_xls {
    svyi_workbook *workbook;
    const svyi_workbook_input *in;
    svyi_arena scratch;
    const unsigned char *bytes; size_t len;          /* the stream of records */
    svyi_buffer text;                                /* the text that was read last */
    svyi_shared shared;
    uint8_t *formats;                                /* of every number format: 1 when it shows a date */
    uint16_t *styles; size_t n_styles, styles_capacity;      /* number format of every cell style */
    uint32_t *starts, n_sheets;                      /* where the records of each sheet begin; UINT32_MAX: it has no cells */
    int from_1904;
    size_t texts;
} svyi_xls;

uint32_t svyi_xls_u16(const unsigned char *at);
uint32_t svyi_xls_u32(const unsigned char *at);
/* The record at *at, which moves behind it; a record that is cut off ends with the file. 0 at the end. */
int svyi_xls_next(const svyi_xls *x, size_t *at, svyi_xls_record *r);
/* Puts the text at `at` of a record (length in two bytes, flags, characters) into x->text. */
svy_status svyi_xls_text(svyi_xls *x, const svyi_xls_record *r, size_t at);
svy_status svyi_xls_damaged(const svyi_xls *x, const char *what);
svy_status svyi_xls_read_sheet(svyi_xls *x, size_t start, svyi_sheet *sheet);
#endif
