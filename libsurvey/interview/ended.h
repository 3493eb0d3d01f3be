/* An interview of which only is left what its early end kept: which end it was, has to be said, because the answer it follows from may be gone. */
#ifndef SVY_INTERVIEW_ENDED_H
#define SVY_INTERVIEW_ENDED_H
#include <survey/interview.h>

/* From now on the early end `end` (an item) holds, whatever the answers say. During a replay, before the interview is completed. */
svy_status svyi_end_given(svy_interview *iv, uint32_t end, svy_moment now, svy_error *err);
#endif
