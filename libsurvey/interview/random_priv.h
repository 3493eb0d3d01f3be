/* Answers at random: shared by the parts that make them. */
#ifndef SVY_INTERVIEW_RANDOM_PRIVATE_H
#define SVY_INTERVIEW_RANDOM_PRIVATE_H
#include <survey/simulate.h>

#include "interview/interview_priv.h"

enum { SVYI_CANDIDATE = 512 };        /* bytes of a text made at random */

/* A text that matches a regular expression, if it is a simple one. Returns its length, at most `size`. */
size_t svyi_pattern_make(svyi_random *r, const char *pattern, size_t len, char *out, size_t size);
/* An answer of the question's type that may be legal; the checks' own numbers and the answers they mention are tried often.
   `attempt` counts from 0. Returns its length; 0 when nothing can be chosen. */
size_t svyi_candidate(svy_interview *iv, svy_place place, svyi_random *r, int attempt, char *out);
/* The text in quotes behind `call` (such as "regex(") in a check of the question. 1 found. */
int svyi_check_literal(const svy_interview *iv, uint32_t question, const char *call, const char **text, size_t *len);

/* ---- distribution.c ---- */
/* Draws an answer: 1 with its text, or a missing one; 0 when no line applies. `out` has room for SVYI_CANDIDATE bytes. */
int svyi_distribution_draw(const svy_distributions *d, const svy_interview *iv, svy_place place, svyi_random *r, char *out, size_t *len, svy_missing *missing);
/* How many entries an open roster gets in this interview: 1 when a line says so. */
int svyi_distribution_entries(const svy_distributions *d, const svy_interview *iv, svy_place roster, uint64_t seed, uint32_t *n);

/* ---- coverage.c: `c` may be NULL ---- */
void svyi_coverage_failed(svy_coverage *c, uint32_t check);
void svyi_coverage_drawn(svy_coverage *c, uint32_t item, int drawn);
svy_status svyi_coverage_count(svy_coverage *c, const svy_interview *iv, uint64_t seed, svy_error *err);

#endif
