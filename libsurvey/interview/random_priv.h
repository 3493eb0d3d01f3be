/* Answers at random: shared by the parts that make them. */
#ifndef SVY_INTERVIEW_RANDOM_PRIVATE_H
#define SVY_INTERVIEW_RANDOM_PRIVATE_H
#include "interview/interview_priv.h"

enum { SVYI_CANDIDATE = 512 };        /* bytes of a text made at random */

/* A text that matches a regular expression, if it is a simple one. Returns its length, at most `size`. */
size_t svyi_pattern_make(svyi_random *r, const char *pattern, size_t len, char *out, size_t size);
/* An answer of the question's type that may be legal; the checks' own numbers and the answers they mention are tried often.
   `attempt` counts from 0. Returns its length; 0 when nothing can be chosen. */
size_t svyi_candidate(svy_interview *iv, svy_place place, svyi_random *r, int attempt, char *out);
/* The text in quotes behind `call` (such as "regex(") in a check of the question. 1 found. */
int svyi_check_literal(const svy_interview *iv, uint32_t question, const char *call, const char **text, size_t *len);

#endif
