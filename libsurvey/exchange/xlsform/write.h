/* XLSForm from an XForm: a workbook that a colleague can go on with. Internal. */
#ifndef SVY_EXCHANGE_XLSFORM_WRITE_H
#define SVY_EXCHANGE_XLSFORM_WRITE_H
#include <survey/exchange.h>

/* Writes the workbook (.xlsx) of an XForm: sheets survey, choices, settings and, where there is need, entities, external_choices, osm.
   What has no place in an XLSForm is reported as SVY_NOTE, what comes back changed as SVY_WARNING. Written beside `out_path` and renamed.
   @param source name of the XForm for messages
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_IO, SVY_E_NOMEM */
svy_status svyi_xlsform_write(const svy_alloc *alloc, const char *xform, size_t len, const char *source, const char *out_path, svy_diags *diags, svy_error *err);
#endif
