/** Design-based tests: of association and fit in tables, of means, of ranks and of survival between groups. */
#ifndef SURVEY_TEST_H
#define SURVEY_TEST_H
#include <survey/design.h>
#include <survey/estimate.h>
#include <survey/frame.h>
SVY_BEGIN_DECLS

/** One test. Texts are borrowed from the tests. A number that does not exist (a t has no `ndf`, a chi-squared no `ddf`) is NaN. */
typedef struct svy_test_row {
    const char *test;                 /**< as it is asked for: "pearson-f", "t", "wilcoxon", ... */
    const char *const *by;            /**< value of each by-variable */
    double statistic, ndf, ddf, p_value;
    double estimate, se, lower, upper; /**< what is tested, where it is one number: a mean, a difference */
} svy_test_row;

typedef struct svy_tests svy_tests;
/** Rows in order: by domain, then by test as asked for. */
SVY_API size_t svy_tests_count(const svy_tests *t);
SVY_API const svy_test_row *svy_tests_row(const svy_tests *t, size_t index);
SVY_API size_t svy_tests_by_count(const svy_tests *t);
SVY_API const char *svy_tests_by_name(const svy_tests *t, size_t k);
/** What a reader has to know: rows left out, levels without rows, why a number is missing. Sentences without a full stop. */
SVY_API size_t svy_tests_notes(const svy_tests *t);
SVY_API const char *svy_tests_note(const svy_tests *t, size_t k);
/** Releases `t`. NULL is allowed. */
SVY_API void svy_tests_free(svy_tests *t);

/** Tests of a two-way table (null: rows and columns are independent in the population), or of one variable (null: its shares are the expected ones). */
typedef enum svy_table_test_kind {
    SVY_TABLE_PEARSON_F = 0,      /**< X^2 / tr D on F(d0, d0 v): Rao and Scott's second order, with Thomas and Rao's denominator */
    SVY_TABLE_PEARSON_CHISQ = 1,  /**< X^2; p from X^2 / mean(lambda) on a chi-squared (first order); of one variable from two moments (second order) */
    SVY_TABLE_WALD = 2,           /**< Y' V^-1 Y / k on F(k, v) of the residuals Y from independence (or from the expected shares) */
    SVY_TABLE_ADJ_WALD = 3,       /**< that times (v - k + 1)/v, on F(k, v - k + 1) */
    SVY_TABLE_LINCOM = 4,         /**< X^2 on its exact asymptotic distribution, sum of lambda chi^2_1 over (chi^2_ddf / ddf) */
    SVY_TABLE_SADDLEPOINT = 5     /**< the same by R survey's saddlepoint approximation */
} svy_table_test_kind;
enum { SVY_TABLE_TESTS = 6 };
/** "pearson-f", "pearson-chisq", "wald", "adj-wald", "lincom", "saddlepoint"; "" for another number. */
SVY_API const char *svy_table_test_name(svy_table_test_kind kind);

/** Start from SVY_TABLE_TEST_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_table_test_spec {
    unsigned size;                    /**< sizeof(svy_table_test_spec) as the caller compiled it */
    const char *const *variables; size_t n_variables;   /**< two: independence; one, with `expected`: fit. All are taken as factors */
    const double *expected; size_t n_expected;          /**< a positive number per level, in proportion to the expected shares */
    const svy_table_test_kind *tests; size_t n_tests;
    const char *const *by; size_t n_by;
    const char *where;                /**< a subpopulation, an expression; NULL: everybody */
    int fail_missing;                 /**< 1: a missing value in a row of positive weight of a domain is an error, not left out */
    unsigned threads;                 /**< 0: one per processor, at most 8; results do not depend on it, to the last bit */
} svy_table_test_spec;
#define SVY_TABLE_TEST_INIT { sizeof(svy_table_test_spec), NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 1 }

/** Tests of a table.
 *
 *  With p the estimated shares of the cells, V their design covariance, D = diag(p) (0 for an empty cell inverts to 0), C a basis of the interaction
 *  contrasts, n the rows of the domain, and v the design's degrees of freedom in it:
 *      X^2 = n sum (p_ij - p_i. p_.j)^2 / (p_i. p_.j),   Delta = n (C' D^-1 C)^-1 C' D^-1 V D^-1 C,   lambda its eigenvalues,
 *      d0 = (sum lambda)^2 / sum lambda^2.
 *  With one variable X^2 is that of the estimated totals t against N expected/sum(expected), N = sum t, and lambda are the eigenvalues of the covariance of
 *  (t - e) / sqrt(e), e's own error included: R's svygofchisq.
 *  Variances are those of the design: linearised, calibrated or by replicates. As in R, lincom and saddlepoint of replicates use no denominator.
 *  Missing: rows on which a variable is missing are left out; they count in n and v. Rows and columns of a table without a row of positive weight are
 *  left out (a note says so). Levels of one variable stay, with 0 rows.
 *  Cost: one pass over the rows; (cells)^2 numbers by domain.
 *  Source: Rao & Scott, Ann. Stat. 12 (1984) 46-60, doi:10.1214/aos/1176346391; Thomas & Rao, JASA 82 (1987) 630-636, doi:10.1080/01621459.1987.10478476;
 *  Koch, Freeman & Freeman, Int. Stat. Rev. 43 (1975) 59-78, doi:10.2307/1402660. docs/methods/table-tests.md, goodness-of-fit.md.
 *  Tests: tests/reference/tests_tables.csv holds figures from R survey.
 *
 *  @param out   receives new tests (svy_tests_free), NULL on failure.
 *  @return SVY_OK; SVY_E_NAME; SVY_E_VALUE (fewer than two rows or columns, an expected share that is not positive, a missing value with `fail_missing`,
 *          nobody satisfies `where`); SVY_E_LIMIT (1,000 cells); SVY_E_NUMERIC (a lonely PSU; too many empty cells); SVY_E_NOMEM. With by-variables
 *          a domain whose table allows no test gives NaN and a note. */
SVY_API SVY_NODISCARD svy_status svy_table_tests(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_table_test_spec *spec,
                                                 svy_tests **out, svy_error *err);

/** Tests of means, ranks and survival. */
typedef enum svy_test_kind {
    SVY_TEST_T = 0,              /**< of a mean or of the difference of two */
    SVY_TEST_WILCOXON = 1,       /**< scores r/N: the difference of mean ranks is 0 */
    SVY_TEST_VAN_DER_WAERDEN = 2,/**< normal scores, Phi^-1(r/N) */
    SVY_TEST_MEDIAN = 3,         /**< scores 1 above the median, 0 below */
    SVY_TEST_KRUSKAL = 4,        /**< the scores of wilcoxon, as Kruskal and Wallis named it for several groups */
    SVY_TEST_LOG_RANK = 5        /**< G-rho family of survival curves: weights S(t-)^rho (1 - S(t-))^gamma */
} svy_test_kind;
enum { SVY_TEST_KINDS = 6 };
/** "t", "wilcoxon", "vanderwaerden", "median", "kruskal", "logrank"; "" for another number. */
SVY_API const char *svy_test_name(svy_test_kind kind);

/** How rows of the same value share ranks. */
typedef enum svy_rank_ties {
    SVY_TIES_ORDER = 0,          /**< the mean of the ranks they would have in the order of the data: R survey's, depends on that order when their weights differ */
    SVY_TIES_MIDDLE = 1          /**< the middle of the weight they span */
} svy_rank_ties;

/** Start from SVY_TEST_INIT. Everything is borrowed for the duration of the call. */
typedef struct svy_test_spec {
    unsigned size;               /**< sizeof(svy_test_spec) as the caller compiled it */
    svy_test_kind kind;
    const char *formula;         /**< "y ~ g": groups; "y ~ 1" or "y ~ 0": one sample, "I(a - b) ~ 0": pairs; "Surv(time, status) ~ g": survival */
    double mu;                   /**< one sample: the mean under the null; two groups: the difference */
    double level;                /**< of confidence limits, 0 < level < 1 */
    double rho, gamma;           /**< of the log-rank test */
    svy_rank_ties ties;
    const char *const *by; size_t n_by;
    const char *where;           /**< a subpopulation, an expression; NULL: everybody */
    unsigned threads;            /**< 0: one per processor, at most 8; results do not depend on it, to the last bit */
} svy_test_spec;
#define SVY_TEST_INIT { sizeof(svy_test_spec), SVY_TEST_T, NULL, 0, 0.95, 0, 0, SVY_TIES_ORDER, NULL, 0, NULL, 1 }

/** One test in every domain.
 *
 *  t        null: mean = mu, on t(v - 1), v the degrees of freedom of the (sub)population (by convention one less than a mean has: R's svyttest); or mean of
 *           the second group - mean of the first = mu, on t(v - 1), v those of the rows that are used. Variance: that of the influence
 *           w (y - mean)/W, or of replicates.
 *  ranks    with N the sum of weights and r the weighted mid-rank, the score s is a function of r/N. Null: all groups have the same mean score. Two groups:
 *           t(v - 1); k groups: F(k - 1, v - k + 1) of the Wald statistic divided by k - 1. The variance takes the scores as known, also under replicates.
 *  logrank  sum over events of weight (x - mean of x at risk), Efron's ties, x the columns of the right side; null: the hazards are equal. Chi-squared with
 *           as many degrees of freedom as columns.
 *  Missing: rows on which a variable of the formula is missing are left out. Rows of weight 0 take no part.
 *  Sources: Lumley & Scott, Biometrika 100 (2013) 831-842, doi:10.1093/biomet/ast039 (ranks); Rader, thesis, Harvard 2014 (log-rank); Fleming & Harrington,
 *  Counting Processes and Survival Analysis (1991). docs/methods/t-test.md, rank-tests.md, log-rank.md. Tests: tests/reference/tests_groups.csv.
 *
 *  @return SVY_OK; SVY_E_SYNTAX, SVY_E_NAME, SVY_E_TYPE (the formula; a response that is no number); SVY_E_VALUE (a group variable with one level, or for t
 *          with more than two; no events; no rows); SVY_E_NUMERIC (no variation; a lonely PSU); SVY_E_NOMEM. With by-variables a domain that allows no test
 *          gives NaN and a note. */
SVY_API SVY_NODISCARD svy_status svy_test(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_test_spec *spec, svy_tests **out,
                                          svy_error *err);

SVY_END_DECLS
#endif
