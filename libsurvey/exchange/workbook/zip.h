/* The files in a zip, one at a time, with every limit counted while they are unpacked: what the zip says of their sizes is not believed. */
#ifndef SVY_EXCHANGE_WORKBOOK_ZIP_H
#define SVY_EXCHANGE_WORKBOOK_ZIP_H
#include "exchange/workbook/workbook.h"

typedef struct svyi_zip {
    void *archive;                 /* libzip's */
    const svyi_workbook_limits *limits;
    svy_alloc alloc;
    const char *source;
    size_t total;                  /* unpacked so far */
    svy_error *err;
} svyi_zip;

/* Opens a zip in memory, which must outlive it. Close it in every case. */
svy_status svyi_zip_open(svyi_zip *z, const svy_alloc *alloc, const void *bytes, size_t len, const char *source, const svyi_workbook_limits *limits, svy_error *err);
void svyi_zip_close(svyi_zip *z);
/* 1 when there is a file of exactly this name. */
int svyi_zip_has(const svyi_zip *z, const char *name);
/* Unpacks a file; svyi_release(&z->alloc, *bytes, *room).
   @return SVY_OK, SVY_E_FORMAT (not there, damaged, encrypted), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_zip_read(svyi_zip *z, const char *name, char **bytes, size_t *len, size_t *room);
#endif
