/* XLSForm: a workbook becomes the XForm that ODK's tools make of it. Internal. */
#ifndef SVY_EXCHANGE_XLSFORM_H
#define SVY_EXCHANGE_XLSFORM_H
#include "base/buffer.h"
#include "exchange/workbook/workbook.h"

/* The XForm of a workbook, as pyxform 4.5.0 gives it.
   @param source name of the workbook for messages; its last part without the extension is the form's id where the workbook names none
   @param diags problems with sheet (element) and row (line); warnings; notes on what means nothing. May be NULL
   @param xform_xml UTF-8 text of the XForm is added to it; nothing on failure
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_xlsform_to_xform(const svyi_workbook *w, const char *source, svy_diags *diags, svyi_buffer *xform_xml, svy_error *err);
#endif
