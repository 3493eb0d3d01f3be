/* Designs: what is refused and how it is said, what is counted, memory that runs out. */
#include <criterion/criterion.h>
#include <string.h>
#include <survey/design.h>

#include "../base/watched_alloc.h"

enum { ROWS = 12 };

/* Twelve rows: strata a, b, c of 4; clusters 1..6 of 2; units in them; fpc of both stages; things that are wrong. */
static const double CLUSTER[ROWS] = { 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6 };
static const double AGAIN[ROWS] = { 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2 };
static const double UNIT[ROWS] = { 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2 };
static const double N1[ROWS] = { 10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30 };
static const double N2[ROWS] = { 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9 };
static const double SHARE[ROWS] = { .2, .2, .2, .2, .1, .1, .1, .1, .5, .5, .5, .5 };
static const double SMALL[ROWS] = { 10, 10, 10, 10, 20, 20, 20, 20, 1, 1, 1, 1 };
static const double VARIES[ROWS] = { 10, 10, 10, 11, 20, 20, 20, 20, 30, 30, 30, 30 };
static const double WEIGHT[ROWS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
static const double NEGATIVE[ROWS] = { 1, 2, 3, 4, 5, 6, -7, 8, 9, 10, 11, 12 };
static const uint32_t STRATUM[ROWS] = { 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2 };

static void add(svy_frame *f, const char *name, const double *x, int missing_row)
{
    svy_error err = SVY_ERROR_INIT;
    double *numbers = svy_frame_get(f, ROWS, sizeof *numbers);
    uint8_t *missing = missing_row < 0 ? NULL : svy_frame_get(f, ROWS, 1);
    memcpy(numbers, x, ROWS * sizeof *x);
    if (missing != NULL)
        missing[missing_row] = SVY_NOT_STATED;
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, numbers, missing, &err), SVY_OK, "%s", err.message);
}

static svy_frame *frame(void)
{
    static const char *const LEVELS[] = { "a", "b", "c" };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, ROWS, &f, &err), SVY_OK);
    add(f, "cluster", CLUSTER, -1);
    add(f, "again", AGAIN, -1);
    add(f, "unit", UNIT, -1);
    add(f, "n1", N1, -1);
    add(f, "n2", N2, -1);
    add(f, "share", SHARE, -1);
    add(f, "small", SMALL, -1);
    add(f, "varies", VARIES, -1);
    add(f, "w", WEIGHT, -1);
    add(f, "negative", NEGATIVE, -1);
    add(f, "holes", WEIGHT, 4);
    uint32_t *codes = svy_frame_get(f, ROWS, sizeof *codes);
    memcpy(codes, STRATUM, sizeof STRATUM);
    cr_assert_eq(svy_frame_add_factor(f, "stratum", SVY_T_TEXT, codes, NULL, LEVELS, NULL, 3, &err), SVY_OK);
    return f;
}

typedef struct names { const char *n[3]; } names;
static size_t count(const names *n)
{
    size_t k = 0;
    while (k < 3 && n->n[k] != NULL)
        k++;
    return k;
}

static svy_status make(const svy_alloc *alloc, const svy_frame *f, const char *weights, names strata, names clusters, names fpc, int nest,
                       svy_design **d, svy_error *err)
{
    svy_design_spec spec = SVY_DESIGN_INIT;
    spec.weights = weights;
    spec.strata = strata.n;
    spec.n_strata = count(&strata);
    spec.clusters = clusters.n;
    spec.n_clusters = count(&clusters);
    spec.fpc = fpc.n;
    spec.n_fpc = count(&fpc);
    spec.nest = nest;
    return svy_design_new(alloc, f, &spec, d, err);
}

/* Every refusal names the column, and the row where there is one. */
static const struct { const char *what, *weights; names strata, clusters, fpc; svy_status st; const char *says[3]; } WRONG[] = {
    { "no such weights", "nothing", { { 0 } }, { { 0 } }, { { 0 } }, SVY_E_NAME, { "'nothing'", "weights", 0 } },
    { "no such stratum", "w", { { "nothing" } }, { { 0 } }, { { 0 } }, SVY_E_NAME, { "'nothing'", "strata", 0 } },
    { "weights are text", "stratum", { { 0 } }, { { 0 } }, { { 0 } }, SVY_E_TYPE, { "'stratum'", "weights", 0 } },
    { "fpc are text", "w", { { 0 } }, { { 0 } }, { { "stratum" } }, SVY_E_TYPE, { "'stratum'", "fpc", 0 } },
    { "negative weight", "negative", { { 0 } }, { { 0 } }, { { 0 } }, SVY_E_VALUE, { "'negative'", "-7", "row 7" } },
    { "missing weight", "holes", { { 0 } }, { { 0 } }, { { 0 } }, SVY_E_VALUE, { "'holes'", "weights", "row 5" } },
    { "missing stratum", "w", { { "holes" } }, { { 0 } }, { { 0 } }, SVY_E_VALUE, { "'holes'", "strata", "row 5" } },
    { "missing cluster", "w", { { 0 } }, { { "holes" } }, { { 0 } }, SVY_E_VALUE, { "'holes'", "clusters", "row 5" } },
    { "missing fpc", "w", { { 0 } }, { { 0 } }, { { "holes" } }, SVY_E_VALUE, { "'holes'", "fpc", "row 5" } },
    { "cluster in two strata", "w", { { "stratum" } }, { { "again" } }, { { 0 } }, SVY_E_VALUE, { "again = 1", "stratum = a", "--nest" } },
    { "sizes and fractions", "w", { { "stratum" } }, { { "cluster", "unit" } }, { { "n1", "share" } }, SVY_E_VALUE, { "n1", "share", "mixes" } },
    { "too few fpc", "w", { { 0 } }, { { "cluster", "unit" } }, { { "n1" } }, SVY_E_NAME, { "2 stages", "1 fpc", 0 } },
    { "too many fpc", "w", { { 0 } }, { { "cluster" } }, { { "n1", "n2" } }, SVY_E_NAME, { "1 stages", "2 fpc", 0 } },
    { "population too small", "w", { { "stratum" } }, { { "cluster" } }, { { "small" } }, SVY_E_VALUE, { "'small'", "stratum = c", "2 were" } },
    { "fpc varies", "w", { { "stratum" } }, { { "cluster" } }, { { "varies" } }, SVY_E_VALUE, { "'varies'", "row 4", "stratum = a" } },
    { "more strata than stages", "w", { { "stratum", "unit" } }, { { 0 } }, { { 0 } }, SVY_E_VALUE, { "2 strata", "1 stages", 0 } },
};

Test(design, refusals)
{
    svy_frame *f = frame();
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_design *d = (svy_design *)f;
        svy_status st = make(NULL, f, WRONG[i].weights, WRONG[i].strata, WRONG[i].clusters, WRONG[i].fpc, 0, &d, &err);
        cr_expect_eq(st, WRONG[i].st, "%s: %s", WRONG[i].what, err.message);
        cr_expect_null(d, "%s", WRONG[i].what);
        for (size_t k = 0; k < 3 && WRONG[i].says[k] != NULL; k++)
            cr_expect_not_null(strstr(err.message, WRONG[i].says[k]), "%s: '%s' is not in '%s'", WRONG[i].what, WRONG[i].says[k], err.message);
    }
    svy_frame_free(f);
}

/* Unequal probabilities and two phases. `k` is 1 in three rows, `halves` has values that are neither 0 nor 1. */
static const struct { const char *what; svy_pps pps; svy_pps_variance form; const char *fpc, *phase2, *strata2, *probs2, *sum; svy_status st; const char *says[3]; } PARTS[] = {
    { "no probabilities", SVY_PPS_BREWER, SVY_PPS_HORVITZ_THOMPSON, NULL, NULL, NULL, NULL, NULL, SVY_E_NAME, { "probabilities", "--pps", 0 } },
    { "above 1", SVY_PPS_OVERTON, SVY_PPS_HORVITZ_THOMPSON, "n1", NULL, NULL, NULL, NULL, SVY_E_VALUE, { "'n1'", "row 1", "at most 1" } },
    { "varies in a cluster", SVY_PPS_BREWER, SVY_PPS_HORVITZ_THOMPSON, "uneven", NULL, NULL, NULL, NULL, SVY_E_VALUE, { "'uneven'", "row 8", "cluster" } },
    { "no such form", SVY_PPS_POISSON, SVY_PPS_YATES_GRUNDY, "share", NULL, NULL, NULL, NULL, SVY_E_ARG, { "Yates-Grundy", 0, 0 } },
    { "no matrix", SVY_PPS_JOINT, SVY_PPS_HORVITZ_THOMPSON, "share", NULL, NULL, NULL, NULL, SVY_E_ARG, { "joint probabilities", "--joint", 0 } },
    { "sum that is text", SVY_PPS_HARTLEY_RAO, SVY_PPS_HORVITZ_THOMPSON, "share", NULL, NULL, NULL, "stratum", SVY_E_TYPE, { "'stratum'", "text", 0 } },
    { "sum above 1", SVY_PPS_HARTLEY_RAO, SVY_PPS_HORVITZ_THOMPSON, "share", NULL, NULL, NULL, "3", SVY_E_VALUE, { "'3'", "from 0 to 1", 0 } },
    { "no such phase", SVY_PPS_NONE, SVY_PPS_HORVITZ_THOMPSON, NULL, "nothing", NULL, NULL, NULL, SVY_E_NAME, { "'nothing'", "second phase", 0 } },
    { "phase that is no 0 or 1", SVY_PPS_NONE, SVY_PPS_HORVITZ_THOMPSON, NULL, "share", NULL, NULL, NULL, SVY_E_VALUE, { "'share'", "0.2", "row 1" } },
    { "phase that is missing", SVY_PPS_NONE, SVY_PPS_HORVITZ_THOMPSON, NULL, "holes", NULL, NULL, NULL, SVY_E_VALUE, { "'holes'", 0, 0 } },
    { "stratum without second phase", SVY_PPS_NONE, SVY_PPS_HORVITZ_THOMPSON, NULL, "second", "cluster", NULL, NULL, SVY_E_VALUE, { "cluster = ", "second phase", 0 } },
    { "probabilities of the phase", SVY_PPS_NONE, SVY_PPS_HORVITZ_THOMPSON, NULL, "second", NULL, "n1", NULL, SVY_E_VALUE, { "'n1'", "second phase", "at most 1" } },
    { "both", SVY_PPS_BREWER, SVY_PPS_HORVITZ_THOMPSON, "share", "second", NULL, NULL, NULL, SVY_E_ARG, { "--pps", "phases", 0 } },
};

Test(design, refusals_of_parts)
{
    static const double SECOND[ROWS] = { 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1 }, UNEVEN[ROWS] = { .2, .2, .2, .2, .1, .1, .1, .4, .5, .5, .5, .5 };
    svy_frame *f = frame();
    add(f, "second", SECOND, -1);
    add(f, "uneven", UNEVEN, -1);
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_design_spec spec = SVY_DESIGN_INIT;
        svy_design *d = (svy_design *)f;
        const char *cluster[] = { "cluster" };
        spec.clusters = cluster;
        spec.n_clusters = 1;
        spec.fpc = &PARTS[i].fpc;
        spec.n_fpc = PARTS[i].fpc != NULL;
        spec.pps = PARTS[i].pps;
        spec.pps_variance = PARTS[i].form;
        spec.pps_sum = PARTS[i].sum;
        spec.phase2 = (svy_phase_spec){ PARTS[i].phase2, PARTS[i].strata2, NULL, NULL, PARTS[i].probs2, 0 };
        cr_expect_eq(svy_design_new(NULL, f, &spec, &d, &err), PARTS[i].st, "%s: %s", PARTS[i].what, err.message);
        cr_expect_null(d, "%s", PARTS[i].what);
        for (size_t k = 0; k < 3 && PARTS[i].says[k] != NULL; k++)
            cr_expect_not_null(strstr(err.message, PARTS[i].says[k]), "%s: '%s' is not in '%s'", PARTS[i].what, PARTS[i].says[k], err.message);
    }
    svy_frame_free(f);
}

Test(design, counts)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = frame();
    svy_design *d;
    cr_assert_eq(make(NULL, f, "w", (names){ { "stratum" } }, (names){ { "cluster" } }, (names){ { 0 } }, 0, &d, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_design_psus(d), 6);
    cr_expect_eq(svy_design_strata(d), 3);
    cr_expect_eq(svy_design_weights(d)[4], 5);
    svy_design_free(d);
    cr_assert_eq(make(NULL, f, NULL, (names){ { "stratum" } }, (names){ { "again" } }, (names){ { 0 } }, 1, &d, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_design_psus(d), 6, "the same numbers in other strata are other clusters");
    cr_expect_not(svy_design_weighted(d));
    svy_design_free(d);
    cr_assert_eq(make(NULL, f, "w", (names){ { 0 } }, (names){ { 0 } }, (names){ { 0 } }, 0, &d, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_design_psus(d), ROWS);
    cr_expect_eq(svy_design_strata(d), 1);
    svy_design_free(d);
    svy_frame_free(f);
}

/* Without weights they are the product of N/n over the stages. */
Test(design, weights_from_fpc)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = frame();
    svy_design *d;
    cr_assert_eq(make(NULL, f, NULL, (names){ { "stratum" } }, (names){ { "cluster", "unit" } }, (names){ { "n1", "n2" } }, 0, &d, &err), SVY_OK,
                 "%s", err.message);
    for (size_t i = 0; i < ROWS; i++)
        cr_expect_float_eq(svy_design_weights(d)[i], N1[i] / 2 * N2[i] / 2, 1e-12);
    svy_design_free(d);
    cr_assert_eq(make(NULL, f, NULL, (names){ { "stratum" } }, (names){ { "cluster" } }, (names){ { "share" } }, 0, &d, &err), SVY_OK, "%s", err.message);
    for (size_t i = 0; i < ROWS; i++)
        cr_expect_float_eq(svy_design_weights(d)[i], 1 / SHARE[i], 1e-12);
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- memory that runs out ---- */

Test(design, every_allocation_fails_cleanly)
{
    svy_frame *f = frame();
    long n = 0;
    for (svy_status st = SVY_E_NOMEM; st != SVY_OK; n++) {
        watched w;
        svy_alloc alloc = watched_alloc(&w, n);
        svy_error err = SVY_ERROR_INIT;
        svy_design *d;
        cr_assert_lt(n, 1000);
        st = make(&alloc, f, NULL, (names){ { "stratum" } }, (names){ { "again", "unit" } }, (names){ { "n1", "n2" } }, 1, &d, &err);
        cr_assert(st == SVY_OK || (st == SVY_E_NOMEM && d == NULL), "after %ld allocations: %s", n, err.message);
        svy_design_free(d);
        watched_end(&w);
    }
    cr_assert_gt(n, 3);
    svy_frame_free(f);
}
