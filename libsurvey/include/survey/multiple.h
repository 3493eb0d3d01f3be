/** Multiple response: questions with several answers, as a share of the people and as a share of the answers. */
#ifndef SURVEY_MULTIPLE_H
#define SURVEY_MULTIPLE_H
#include <survey/estimate.h>
SVY_BEGIN_DECLS

/** Who counts as a case. */
typedef enum svy_multiple_base {
    SVY_MULTIPLE_ANSWERED = 0,   /**< who gave at least one answer */
    SVY_MULTIPLE_ALL = 1         /**< also who was asked and gave none */
} svy_multiple_base;

/** Answers to one question of several choices, in all domains.
 *
 *  Variables: one column of 0 and 1 (any number but 0 counts as 1) or boolean per answer; or a single text column that holds the codes of the answers
 *  given, parted by a character of `separators` (an answer per code that occurs, in the order in which they first occur among the levels; spaces around a
 *  code do not count, an empty text is no answer).
 *  Rows of the result, by answer and domain, under three names in `statistic`: "cases", the share of cases that gave the answer (they add up to more
 *  than 1); "answers", its share of all answers (they add up to 1); "count", the number of people who gave it. `variable` is that of the answer, or of the
 *  text, whose code then is `level`.
 *  Formulas: sum w a_k / sum w c and sum w a_k / sum w (a_1 + ... + a_K), ratios with the ratio's influence, and sum w a_k; c is 1 for a case.
 *  `n` counts cases. Missing: a row on which any of the columns is missing is left out (`missing`); a row without any answer is no case with ANSWERED.
 *  Limits: as for a ratio: normal unless `df` says otherwise, not kept within 0..1. @param without  receives the rows of positive weight in some domain
 *  that gave no answer; may be NULL.
 *  @return as svy_estimate; SVY_E_TYPE for texts among several variables; SVY_E_LIMIT for more than 1,000 answers; SVY_E_VALUE when there is no answer. */
SVY_API SVY_NODISCARD svy_status svy_multiple(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                                              svy_multiple_base base, const char *separators, svy_estimates **out, uint64_t *without, svy_error *err);
SVY_END_DECLS
#endif
