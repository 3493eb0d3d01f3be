/* queXML, the paper and telephone questionnaires of the Australian tools, as a questionnaire of ours. Internal. */
#ifndef SVY_EXCHANGE_QUEXML_H
#define SVY_EXCHANGE_QUEXML_H
#include "exchange/lss/draft.h"

/* Reads sections, questions, responses, subquestions, skips and contingent questions. Skips become conditions on what is skipped.
   @param out native XML (queXML has one language); svyi_native_files_clear in every case
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_quexml_to_native(const svy_alloc *alloc, const char *bytes, size_t len, const char *source, const svy_xml_limits *limits, svy_diags *diags,
                                 svyi_native_files *out, svy_error *err);
#endif
