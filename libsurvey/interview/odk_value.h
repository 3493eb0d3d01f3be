/* Values of ODK forms as texts: what is left of a text as a value of a type. */
#ifndef SVY_INTERVIEW_ODK_VALUE_H
#define SVY_INTERVIEW_ODK_VALUE_H
#include "base/buffer.h"
#include <survey/questionnaire.h>

/* The canonical text of a value of a type, in `out`; nothing when it is none. -1 out of memory. */
int svyi_odk_canonical(const svy_form *form, uint32_t item, const char *text, size_t len, svyi_buffer *out);
const char *svyi_odk_expected(svy_type type);              /* "a date (YYYY-MM-DD)" */
#endif
