/* The log of ODK Collect (audit.csv): what was shown when, by whom. It gives the events of a submission their times. */
#ifndef SVY_EXCHANGE_SUBMISSION_AUDIT_H
#define SVY_EXCHANGE_SUBMISSION_AUDIT_H
#include "exchange/submission/record.h"

/* A row that shows a question, or begins a stretch of work. Times are milliseconds since 1970 UTC. */
typedef struct svyi_visit { const char *node, *user; int64_t start, end; int begins; } svyi_visit;

typedef struct svyi_visits {
    svyi_arena arena;
    svyi_visit *visits; size_t n, room;
    int64_t first, last;           /* of all rows */
} svyi_visits;

/* Reads what it can: rows that are none are passed over, a file that is no such log has no visits.
   @return SVY_OK, SVY_E_NOMEM */
svy_status svyi_visits_read(svyi_visits *a, const svy_alloc *alloc, const char *text, size_t len, svy_error *err);
void svyi_visits_clear(svyi_visits *a);

/* Records in an interview that was just read what was shown. Visits of nodes that the form does not have are taken out; those that are left stand in
   the order of the events "shown" that were made. */
svy_status svyi_visits_show(svyi_visits *a, svy_interview *iv, int32_t zone, svy_error *err);

/* The answers of an interview, to compare. */
void svyi_submission_answers(svy_interview *iv, svyi_buffer *out);

/* The package with the times of the log: in the order in which it happened; where the engine does not come to the same answers that way (somebody went back and
   changed what led there), in the order of the form.
   @return SVY_OK, SVY_E_STATE (the log says nothing), SVY_E_NOMEM */
svy_status svyi_submission_timed(const svy_alloc *alloc, const svy_form *form, svyi_record *record, const svyi_visits *audit, const svy_submission_options *o,
                                 const svyi_buffer *answers, svyi_buffer *package, svy_error *err);
#endif
