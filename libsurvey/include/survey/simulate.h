/** Rehearsing a study before the field: random valid interviews through the engine, answers drawn from given distributions, and what they covered.
 *
 *  svy_interview_play answers what has no answer yet: from a distribution when there is one for the question, otherwise from candidates that its
 *  type, choices and checks suggest. The same form, seed and distributions give the same interview. */
#ifndef SURVEY_SIMULATE_H
#define SURVEY_SIMULATE_H
#include <survey/interview.h>
SVY_BEGIN_DECLS

/* ---- distributions -------------------------------------------------------------------------------------------------------- */

/** Marginal or conditional distributions of answers. Immutable once interviews are played, so threads may share it. */
typedef struct svy_distributions svy_distributions;

/** A condition of a line: the answer to `variable` is `value` (a code, a number, a date, or a range "18..29"). */
typedef struct svy_given { const char *variable, *value; } svy_given;

/** @param form borrowed; must outlive the result. */
SVY_API SVY_NODISCARD svy_status svy_distributions_new(const svy_alloc *alloc, const svy_form *form, svy_distributions **out, svy_error *err);
SVY_API void svy_distributions_free(svy_distributions *d);
/** Adds a line: `variable` has `value` with a share.
 *  Estimand: of all lines of a question whose conditions hold, one is drawn with probability share / sum of shares, so shares may be counts. For a question with
 *  several answers the share is the probability that this code is chosen, between 0 and 1; codes that exclude the others, and missing
 *  answers, are drawn first. `value`: a code, a value of the question's type, a range "18..29" (both ends included; uniform: whole numbers,
 *  days, months, seconds; decimals to two places), or "dont-know", "refused". A roster that is open: its number of entries.
 *  An answer that a check refuses is drawn again; after 50 draws a candidate that passes is taken, and counted by svy_coverage as not drawn.
 *  @return SVY_OK, SVY_E_NAME (no such question), SVY_E_VALUE (no such value; a share below 0, not finite, or above 1 of a multiple question), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_distributions_add(svy_distributions *d, const char *variable, const char *value, double share,
                                                       const svy_given *given, size_t n_given, svy_error *err);

/* ---- coverage ------------------------------------------------------------------------------------------------------------- */

/** What interviews reached. */
typedef struct svy_coverage svy_coverage;
/** Of a question, note, roster, section, compute or early end. Counted in interviews, whatever the number of roster entries. */
typedef struct svy_reached {
    uint64_t asked;        /**< it was asked (an early end: it ended the interview) in at least one entry */
    uint64_t skipped;      /**< it was routed away in at least one entry, or its roster had none */
    uint64_t answered;     /**< with a value */
    uint64_t missing;      /**< asked and without one: don't know, refused, left blank */
    uint64_t drawn;        /**< answers drawn from a distribution */
    uint64_t not_drawn;    /**< answers for which no draw passed the checks */
} svy_reached;
/** Of a check: interviews in which it had something to look at, and how often an answer tried failed it. */
typedef struct svy_tried { uint64_t looked, failed; } svy_tried;
typedef struct svy_lengths {
    uint64_t interviews, complete, ended;   /**< complete: to the ordinary end; ended: by an early end */
    uint64_t paths;                         /**< different sets of questions asked */
    uint32_t shortest, median, longest;     /**< questions asked in an interview, those in roster entries each */
    uint64_t longest_seed;                  /**< svy_play.seed of the longest */
} svy_lengths;

SVY_API SVY_NODISCARD svy_status svy_coverage_new(const svy_alloc *alloc, const svy_form *form, svy_coverage **out, svy_error *err);
SVY_API void svy_coverage_free(svy_coverage *c);
SVY_API svy_reached svy_coverage_item(const svy_coverage *c, uint32_t item);
SVY_API svy_tried svy_coverage_check(const svy_coverage *c, uint32_t check);
SVY_API svy_lengths svy_coverage_lengths(const svy_coverage *c);

/* ---- playing -------------------------------------------------------------------------------------------------------------- */

typedef struct svy_play {
    unsigned size;
    uint64_t seed;
    double missing_share;                   /**< of questions that may be left without an answer: don't know or refused */
    const svy_distributions *distributions; /**< NULL: none */
    svy_coverage *coverage;                 /**< counts this interview when it was completed; NULL: not counted */
    const svy_cells *known;                 /**< answers known beforehand (the row of a sample), for questions outside rosters; NULL: none. One that the
                                                 questionnaire refuses ends the interview with SVY_E_VALUE */
} svy_play;
#define SVY_PLAY_INIT { sizeof(svy_play), 0, 0.05, NULL, NULL, NULL }

/** Answers everything that has no answer yet and completes the interview.
 *  @return SVY_OK when the interview was completed, SVY_E_STATE with a sentence naming the question when it met a dead end, SVY_E_NOMEM, the journal's. */
SVY_API SVY_NODISCARD svy_status svy_interview_play(svy_interview *iv, const svy_play *play, svy_moment now, svy_error *err);

SVY_END_DECLS
#endif
