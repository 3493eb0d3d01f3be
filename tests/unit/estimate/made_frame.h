/* Data for tests of estimators: a frame of strata, clusters, weights, a number with ties and missing values, indicators, factors. */
#ifndef SVY_TEST_MADE_FRAME_H
#define SVY_TEST_MADE_FRAME_H
#include <criterion/criterion.h>
#include <string.h>
#include <survey/estimate.h>

#include "base/number.h"

enum { MADE_DOMAINS = 4, MADE_LEVELS = 3 };
typedef struct made { size_t rows; double *w, *y, *x, *u, *v, *stratum, *psu; uint32_t *domain, *level; uint8_t *y_missing; } made;

static inline void *made_get(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    cr_assert_not_null(p);
    return p;
}

static inline made made_new(size_t rows, uint64_t seed)
{
    svyi_random r;
    made m = { .rows = rows };
    double **columns[] = { &m.w, &m.y, &m.x, &m.u, &m.v, &m.stratum, &m.psu };
    svyi_random_seed(&r, seed);
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
        *columns[k] = made_get(rows, sizeof(double));
    m.domain = made_get(rows, sizeof *m.domain);
    m.level = made_get(rows, sizeof *m.level);
    m.y_missing = made_get(rows, 1);
    for (size_t i = 0; i < rows; i++) {
        m.stratum[i] = svyi_random_below(&r, 3);
        m.psu[i] = 10 * m.stratum[i] + svyi_random_below(&r, 6);
        m.w[i] = svyi_random_below(&r, 12) == 0 ? 0 : 1 + svyi_random_below(&r, 8) / 4.0;
        m.y[i] = (double)svyi_random_below(&r, 4000) - 2000 + m.stratum[i] * 100;
        m.x[i] = svyi_random_unit(&r) * 10 + m.y[i] / 500;
        m.u[i] = svyi_random_below(&r, 3) == 0;
        m.v[i] = svyi_random_below(&r, 2) == 0;
        m.domain[i] = svyi_random_below(&r, MADE_DOMAINS);
        m.level[i] = svyi_random_below(&r, MADE_LEVELS);
        m.y_missing[i] = svyi_random_below(&r, 15) == 0 ? SVY_REFUSED : SVY_PRESENT;
    }
    return m;
}

static inline void made_free(made *m)
{
    void *all[] = { m->w, m->y, m->x, m->u, m->v, m->stratum, m->psu, m->domain, m->level, m->y_missing };
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        free(all[k]);
}

static inline void made_numbers(svy_frame *f, const char *name, const double *x, const uint8_t *missing)
{
    svy_error err = SVY_ERROR_INIT;
    size_t rows = svy_frame_rows(f);
    double *copy = svy_frame_get(f, rows, sizeof *copy);
    uint8_t *mask = missing != NULL ? svy_frame_get(f, rows, 1) : NULL;
    memcpy(copy, x, rows * sizeof *x);
    if (mask != NULL)
        memcpy(mask, missing, rows);
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, copy, mask, &err), SVY_OK, "%s", err.message);
}

static inline void made_factor(svy_frame *f, const char *name, const uint32_t *codes, const char *const *levels, uint32_t n)
{
    svy_error err = SVY_ERROR_INIT;
    uint32_t *copy = svy_frame_get(f, svy_frame_rows(f), sizeof *copy);
    memcpy(copy, codes, svy_frame_rows(f) * sizeof *codes);
    cr_assert_eq(svy_frame_add_factor(f, name, SVY_T_TEXT, copy, NULL, levels, NULL, n, &err), SVY_OK, "%s", err.message);
}

static inline svy_frame *made_frame(const made *m)
{
    static const char *const DOMAINS[] = { "a", "b", "c", "d" }, *const LEVELS[] = { "p q", "q", "r p" };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, m->rows, &f, &err), SVY_OK);
    made_numbers(f, "w", m->w, NULL);
    made_numbers(f, "y", m->y, m->y_missing);
    made_numbers(f, "x", m->x, NULL);
    made_numbers(f, "u", m->u, NULL);
    made_numbers(f, "v", m->v, NULL);
    made_numbers(f, "stratum", m->stratum, NULL);
    made_numbers(f, "psu", m->psu, NULL);
    made_factor(f, "domain", m->domain, DOMAINS, MADE_DOMAINS);
    made_factor(f, "set", m->level, LEVELS, MADE_LEVELS);
    return f;
}

/* Stratified clusters, or stratified rows. */
static inline svy_design *made_design(const svy_alloc *alloc, const svy_frame *f, int clusters)
{
    static const char *const STRATA[] = { "stratum" }, *const CLUSTERS[] = { "psu" };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d;
    spec.weights = "w";
    spec.strata = STRATA;
    spec.n_strata = 1;
    spec.clusters = CLUSTERS;
    spec.n_clusters = clusters ? 1 : 0;
    svy_status st = svy_design_new(alloc, f, &spec, &d, &err);
    cr_assert(st == SVY_OK || alloc != NULL, "%s", err.message);
    return d;
}

static inline int made_near(double a, double b, double tolerance)
{
    return a == b || fabs(a - b) <= tolerance * (fabs(a) + fabs(b)) / 2 || (a != a && b != b);
}

static inline void made_same(const svy_estimates *a, const svy_estimates *b, double tolerance, const char *what)
{
    cr_assert_eq(svy_estimates_count(a), svy_estimates_count(b));
    for (size_t i = 0; i < svy_estimates_count(a); i++) {
        const svy_estimate_row *p = svy_estimates_row(a, i), *q = svy_estimates_row(b, i);
        cr_expect(made_near(p->estimate, q->estimate, tolerance), "%s: estimate %zu: %.17g, %.17g", what, i, p->estimate, q->estimate);
        cr_expect(made_near(p->se, q->se, tolerance), "%s: se %zu: %.17g, %.17g", what, i, p->se, q->se);
        cr_expect(made_near(p->lower, q->lower, tolerance) && made_near(p->upper, q->upper, tolerance), "%s: limits of %zu", what, i);
        cr_expect(p->df == q->df && p->n == q->n && p->missing == q->missing, "%s: counts of %zu", what, i);
    }
}
#endif
