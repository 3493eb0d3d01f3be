/** What a sample looks like stratum by stratum: how many PSUs, which strata have only one, and how much of a variance each carries. */
#ifndef SURVEY_STRATA_H
#define SURVEY_STRATA_H
#include <survey/design.h>
#include <survey/frame.h>
SVY_BEGIN_DECLS

typedef enum svy_stratum_state {
    SVY_STRATUM_SEVERAL = 0,     /**< two PSUs or more */
    SVY_STRATUM_LONELY = 1,      /**< one PSU although the stratum has more: its variance cannot be estimated */
    SVY_STRATUM_CENSUS = 2,      /**< every PSU was sampled: it contributes no variance of the first stage */
    SVY_STRATUM_LONELY_HERE = 3, /**< several PSUs, but only one with rows of the subpopulation: estimated, by one PSU against zeros */
    SVY_STRATUM_ABSENT = 4       /**< no row of the subpopulation */
} svy_stratum_state;

/** A stratum of the first stage. Texts are borrowed from the report. */
typedef struct svy_stratum {
    const char *name;            /**< "stype = E" */
    svy_stratum_state state;
    size_t psus, psus_here;      /**< sampled, and those with a row of positive weight in the subpopulation */
    size_t rows, rows_here;
    double weight;               /**< sum of weights in the subpopulation */
    double fraction;             /**< sampled PSUs over all of them; NaN: not known */
    const double *share;         /**< by variable: its part of the variance of the mean, lonely strata counted as certain; NaN when the variance is 0 */
    const char *join;            /**< of a lonely stratum: the neighbour to join it with; NULL otherwise */
} svy_stratum;

typedef struct svy_strata svy_strata;

/** Describes the strata of a design.
 *
 *  Shares: the variance of a (linearised) mean is a sum over strata of the first stage, each with all that is inside; a stratum's share is its term. With
 *  calibration the terms are those of the residuals. Replicate weights have no strata: shares are then NaN.
 *  A lonely stratum is best joined with the one most like it: with variables the stratum (not lonely, if there is one) whose mean of the first variable is
 *  nearest, without them the next in the order of the data, or the one before.
 *  Missing: a row on which any variable is missing is left out of the shares. Cost: one pass per call and strata * variables numbers.
 *  Source: K. Rust & G. Kalton, J. Off. Statist. 3 (1987) 69-81 (collapsing strata); docs/methods/design.md.
 *
 *  @param variables  columns of numbers; may be none.
 *  @param where      a subpopulation, an expression; NULL: everybody.
 *  @param threads    0: one per processor, at most 8.
 *  @return SVY_OK; SVY_E_NAME, SVY_E_TYPE (a variable that is no number); SVY_E_VALUE (nobody satisfies `where`); what svy_frame_where returns; SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_strata_new(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const char *const *variables,
                                                size_t n_variables, const char *where, unsigned threads, svy_strata **out, svy_error *err);
/** Releases `s`. NULL is allowed. */
SVY_API void svy_strata_free(svy_strata *s);
SVY_API size_t svy_strata_count(const svy_strata *s);
SVY_API const svy_stratum *svy_strata_row(const svy_strata *s, size_t index);
/** Degrees of freedom of the whole design, and of the subpopulation. */
SVY_API double svy_strata_df(const svy_strata *s);
SVY_API double svy_strata_df_here(const svy_strata *s);
/** Strata with one unit at a stage (0: the first) although more were there to be sampled. */
SVY_API size_t svy_strata_lonely(const svy_strata *s, int stage);
SVY_API int svy_design_stages(const svy_design *d);              /**< stages that contribute to variances */

SVY_END_DECLS
#endif
