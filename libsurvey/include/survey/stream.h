/** Means, totals, ratios, proportions and tables of data that are larger than memory: rows come in pieces, each is summed and forgotten. */
#ifndef SURVEY_STREAM_H
#define SURVEY_STREAM_H
#include <survey/estimate.h>
SVY_BEGIN_DECLS

typedef struct svy_stream svy_stream;

/** SVY_OK when such estimates of such a design can be made piece by piece; otherwise SVY_E_STATE with a sentence that says what needs all rows at once:
 *  population sizes of later stages, unequal probabilities, two phases, replicate weights. Without these, weights, strata, clusters, the population
 *  sizes of the first stage, element designs, subpopulations, domains, design effects and lonely PSUs are all streamed. */
SVY_API SVY_NODISCARD svy_status svy_stream_possible(const svy_design_spec *design, const svy_estimate_spec *spec, svy_error *err);

/** Begins a stream. Both specifications are borrowed until it is released.
 *  @param alloc NULL for malloc; otherwise only one thread is used.
 *  @return SVY_OK; what svy_stream_possible says; SVY_E_ARG; SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_stream_new(const svy_alloc *alloc, const svy_design_spec *design, const svy_estimate_spec *spec, svy_stream **out,
                                                svy_error *err);
/** Adds the next rows. Every piece has the same columns of the same types; levels of factors are known by their text, so each piece has its own.
 *  After an error the stream can only be released.
 *
 *  Cost: O(rows * columns). Memory: about 60 bytes for every PSU (in an element design: stratum) and for every combination of it with a domain and
 *  level that has rows, and the arrays of one piece.
 *  @return errors of svy_design_new, svy_frame_where and svy_estimate, with rows counted over all pieces; SVY_E_TYPE when a variable is a number in one
 *          piece and a factor in another; SVY_E_STATE for covariances between several variables of which one is a factor. */
SVY_API SVY_NODISCARD svy_status svy_stream_add(svy_stream *s, const svy_frame *piece, svy_error *err);
/** Estimates of all rows: those of svy_estimate, to about 1e-13 relative (to the last bit when there was one piece). Pieces of the same rows give the
 *  same bits with any number of threads. Centres of the shifted sums are those of the piece in which a domain first comes.
 *  @param out new estimates, independent of the stream, to which nothing can be added any more. */
SVY_API SVY_NODISCARD svy_status svy_stream_finish(svy_stream *s, svy_estimates **out, svy_error *err);
/** Releases `s`. NULL is allowed. */
SVY_API void svy_stream_free(svy_stream *s);

SVY_END_DECLS
#endif
