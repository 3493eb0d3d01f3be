/* LimeSurvey's survey structure (.lss) as a questionnaire of ours. Internal. */
#ifndef SVY_EXCHANGE_LSS_H
#define SVY_EXCHANGE_LSS_H
#include "exchange/lss/draft.h"

/* Reads groups, questions, subquestions, answers, attributes and texts in all languages. What has no place here, and conditions that cannot be
   expressed, are reported.
   @param out native XML and translations; svyi_native_files_clear in every case
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_lss_to_native(const svy_alloc *alloc, const char *bytes, size_t len, const char *source, const svy_xml_limits *limits, svy_diags *diags,
                              svyi_native_files *out, svy_error *err);
#endif
