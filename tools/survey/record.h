/* What a study records with every change: when it was made, and by whom. */
#ifndef SURVEY_RECORD_H
#define SURVEY_RECORD_H
#include <survey/interview.h>

/* Now, as this machine knows it. */
svy_moment record_now(void);
/* Who does it: the name that was given, otherwise USER of the environment, otherwise the system's name of the user, otherwise "uid N". */
const char *record_actor(const char *given);
/* A moment as this machine's clock shows it, "2026-03-31T11:00:00"; "" for 0. */
void record_time(int64_t utc_ms, char *out, size_t size);
#endif
