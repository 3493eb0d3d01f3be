/* How submissions name the form that they are of. */
#ifndef SVY_EXCHANGE_SUBMISSION_H
#define SVY_EXCHANGE_SUBMISSION_H
#include <survey/questionnaire.h>
/* "@id" or "@version" of the record's root, which submissions repeat: it need not be the id of the form. */
const char *svyi_record_attribute(const svy_form *form, const char *attribute);
#endif
