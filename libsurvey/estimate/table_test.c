/* Tests of two-way tables and of fit, by domain: from rows to cells with their covariance, and to the tests asked for. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <survey/test.h>

#include "base/error.h"
#include "design/phase.h"
#include "estimate/association.h"
#include "estimate/cells.h"
#include "estimate/parallel.h"
#include "estimate/tests.h"

enum { CELLS_MAX = 1000, SLICE = 512 };     /* a slice: cells of all its domains, whose covariances are made at once */

typedef struct run {
    const svy_design *design;
    const svy_table_test_spec *spec;
    const svy_alloc *alloc;
    svy_tests *tests;
    svyi_variables plan;
    svyi_factor cells;
    svyi_domains domains;
    double *expected;            /* shares; NULL: independence */
    unsigned threads;
    int shares, totals;          /* which of them the tests need */
    const char *why;             /* the first reason why a test could not be made */
    svy_error *err;
} run;

const char *svy_table_test_name(svy_table_test_kind kind)
{
    static const char *const NAMES[SVY_TABLE_TESTS] = { "pearson-f", "pearson-chisq", "wald", "adj-wald", "lincom", "saddlepoint" };
    return (size_t)kind < SVY_TABLE_TESTS ? NAMES[kind] : "";
}

static int is_wald(svy_table_test_kind kind) { return kind == SVY_TABLE_WALD || kind == SVY_TABLE_ADJ_WALD; }
static int needs_eigenvalues(svy_table_test_kind kind) { return kind == SVY_TABLE_LINCOM || kind == SVY_TABLE_SADDLEPOINT; }

/* ---- what is asked for ---- */

static svy_status check_spec(const svy_frame *f, const svy_design *d, const svy_table_test_spec *spec, svy_error *err)
{
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL, err);
    SVY_REQUIRE(spec->size >= sizeof *spec, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    SVY_REQUIRE(spec->n_tests > 0, err);
    for (size_t i = 0; i < spec->n_tests; i++)
        SVY_REQUIRE((size_t)spec->tests[i] < SVY_TABLE_TESTS, err);
    if (spec->n_expected > 0 && spec->n_variables != 1)
        return svyi_fail(err, SVY_E_VALUE, "expected shares are those of one variable, and there are %zu: name one", spec->n_variables);
    if (spec->n_expected == 0 && spec->n_variables == 1)
        return svyi_fail(err, SVY_E_VALUE, "a test of one variable needs its expected shares: give them, or name a second variable");
    if (spec->n_variables == 0 || spec->n_variables > 2)
        return svyi_fail(err, SVY_E_VALUE, "a test needs two variables, and there are %zu: name the others as domains (--by)", spec->n_variables);
    return SVY_OK;
}

static svy_status set_expected(run *r)
{
    const svyi_variable *v = &r->plan.variables[0];
    size_t n = r->spec->n_expected;
    double sum = 0;
    if (n != v->factor.n_levels)
        return svyi_fail(r->err, SVY_E_VALUE, "'%s' has %u levels (%s, ...), and %zu expected shares were given: give one for each", v->name,
                         (unsigned)v->factor.n_levels, v->factor.levels[0], n);
    for (size_t i = 0; i < n; i++) {
        if (!(r->spec->expected[i] > 0) || !isfinite(r->spec->expected[i]))
            return svyi_fail(r->err, SVY_E_VALUE, "the expected share of '%s' = %s is %g: give a number above 0", v->name, v->factor.levels[i],
                             r->spec->expected[i]);
        sum += r->spec->expected[i];
    }
    if ((r->expected = svyi_arena_get(&r->tests->arena, n * sizeof *r->expected)) == NULL)
        return svyi_nomem(r->err);
    for (size_t i = 0; i < n; i++)
        r->expected[i] = r->spec->expected[i] / sum;
    return SVY_OK;
}

static svy_status make_cells(run *r, size_t rows)
{
    const svyi_variable *v = r->plan.variables;
    svyi_factor both[2];
    size_t cells = 1;
    for (size_t i = 0; i < r->plan.n_variables; i++) {
        both[i] = v[i].factor;
        cells *= v[i].factor.n_levels;
    }
    if (cells > CELLS_MAX)
        return svyi_fail(r->err, SVY_E_LIMIT, "the table has %zu cells: the limit of tests is %d", cells, CELLS_MAX);
    if (r->plan.n_variables == 1) {
        r->cells = v[0].factor;
        return set_expected(r);
    }
    return svyi_factor_cross(&r->tests->arena, both, 2, rows, &r->cells, r->err);
}

static void set_needs(run *r)
{
    for (size_t i = 0; i < r->spec->n_tests; i++) {
        int wald = is_wald(r->spec->tests[i]), fit = r->expected != NULL;
        r->totals |= wald != fit;
        r->shares |= wald == fit;
    }
}

/* ---- one domain ---- */

/* Cells of levels that have a row of positive weight. */
typedef struct occupied { size_t *cell, rows, columns; } occupied;

static int find_occupied(const run *r, svyi_arena *scratch, const svyi_fit *fit, size_t domain, occupied *o)
{
    size_t rows = r->plan.variables[0].factor.n_levels, all = r->cells.n_levels, columns = all / rows, at = 0;
    const uint64_t *n = fit->cell_n + domain * all;
    unsigned char *row = svyi_arena_get(scratch, rows + 1), *column = svyi_arena_get(scratch, columns + 1);
    *o = (occupied){ svyi_arena_get(scratch, (all + 1) * sizeof *o->cell), 0, 0 };
    if (row == NULL || column == NULL || o->cell == NULL)
        return -1;
    for (size_t c = 0; c < all; c++) {
        row[c % rows] |= r->expected != NULL || n[c] > 0;
        column[c / rows] |= r->expected != NULL || n[c] > 0;
    }
    for (size_t c = 0; c < all; c++)
        if (row[c % rows] && column[c / rows])
            o->cell[at++] = c;
    for (size_t i = 0; i < rows; i++) o->rows += row[i];
    for (size_t j = 0; j < columns; j++) o->columns += column[j];
    return 0;
}

/* The estimates of the occupied cells of a domain and their covariance. */
static int take_cells(const run *r, svyi_arena *scratch, const svyi_fit *fit, size_t domain, const occupied *o, const double **values,
                      const double **covariance)
{
    size_t n = o->rows * o->columns, all = r->cells.n_levels, wide = fit->domains * all, first = domain * all;
    double *x = svyi_arena_get(scratch, (n + 1) * sizeof *x), *v = svyi_arena_get(scratch, (n * n + 1) * sizeof *v);
    if (x == NULL || v == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        x[i] = fit->estimate[first + o->cell[i]];
        for (size_t j = 0; j < n; j++)
            v[i * n + j] = fit->covariance[(first + o->cell[i]) * wide + first + o->cell[j]];
    }
    *values = x;
    *covariance = v;
    return 0;
}

/* A test that cannot be is a note; when no test can be, test_all makes the first reason the error. */
static svy_status no_test(run *r, size_t domain, const char *test, const char *why)
{
    char where[256];
    svyi_tests_domain_name(&r->domains, domain, where, sizeof where);
    if (why[0] == '\0')
        return svyi_nomem(r->err);
    if (r->why == NULL)
        r->why = why;
    svyi_tests_say(r->tests, "no p-value of the %s test%s: %s", test, where, why);
    return SVY_OK;
}

static svy_status add_tests(run *r, svyi_arena *scratch, const svyi_table *t, size_t domain)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < r->spec->n_tests && st == SVY_OK; i++) {
        svy_table_test_kind kind = r->spec->tests[i];
        const char *name = svy_table_test_name(kind), *why;
        svy_test_row *row = svyi_tests_add(r->tests, name, &r->domains, domain);
        svyi_pearson p;
        double form;
        size_t k;
        if (is_wald(kind)) {
            why = t->expected != NULL ? svyi_fit_wald(scratch, t, &form, &k) : svyi_association_wald(scratch, t, &form, &k);
            if (why == NULL)
                svyi_wald_row(form, k, t->df, kind == SVY_TABLE_ADJ_WALD, row);
        } else {
            int eigenvalues = needs_eigenvalues(kind);
            why = t->expected != NULL ? svyi_fit_pearson(scratch, t, eigenvalues, &p) : svyi_association_pearson(scratch, t, eigenvalues, &p);
            if (why == NULL)
                svyi_pearson_row(scratch, &p, kind, t, row);
        }
        if (why == NULL && isnan(row->p_value))
            why = row->ddf > 0 ? "the cells have no variance" : "the design has too few degrees of freedom: use pearson-f, or combine levels";   /* Wald's */
        if (why != NULL)
            st = no_test(r, domain, name, why);
    }
    return st;
}

/* Levels that are left out, said once for the whole; 1 when too few are there. */
static const char *check_levels(run *r, const occupied *o)
{
    size_t rows = r->plan.variables[0].factor.n_levels, columns = r->cells.n_levels / rows;
    if (r->expected != NULL)
        return o->rows < 2 ? r->plan.variables[0].name : NULL;
    if (r->domains.values == NULL && o->rows < rows)
        svyi_tests_say(r->tests, "%zu of %zu levels of '%s' have no row of positive weight and were left out", rows - o->rows, rows,
                       r->plan.variables[0].name);
    if (r->domains.values == NULL && o->columns < columns)
        svyi_tests_say(r->tests, "%zu of %zu levels of '%s' have no row of positive weight and were left out", columns - o->columns, columns,
                       r->plan.variables[1].name);
    return o->rows < 2 ? r->plan.variables[0].name : o->columns < 2 ? r->plan.variables[1].name : NULL;
}

static svy_status few_levels(run *r, size_t domain, const char *name)
{
    char where[256];
    svyi_tests_domain_name(&r->domains, domain, where, sizeof where);
    if (r->domains.values == NULL)
        return svyi_fail(r->err, SVY_E_VALUE, "'%s' has fewer than two levels with rows of positive weight: there is nothing to test", name);
    for (size_t i = 0; i < r->spec->n_tests; i++)
        svyi_tests_add(r->tests, svy_table_test_name(r->spec->tests[i]), &r->domains, domain);
    svyi_tests_say(r->tests, "no test%s: '%s' has fewer than two levels there", where, name);
    return SVY_OK;
}

/* `local` is the number of the domain in its slice. */
static svy_status test_domain(run *r, const svyi_fit *shares, const svyi_fit *totals, size_t local, size_t domain)
{
    svyi_arena scratch;
    occupied o;
    const svyi_fit *any = shares != NULL ? shares : totals;
    svyi_table t = { .expected = r->expected, .n = (double)any->rows[local], .df = any->df[local], .replicates = r->design->replicates != NULL };
    svy_status st;
    svyi_arena_init(&scratch, r->alloc);
    if (find_occupied(r, &scratch, any, local, &o) != 0)
        st = svyi_nomem(r->err);
    else {
        const char *few = check_levels(r, &o);
        t.rows = o.rows;
        t.columns = o.columns;
        if (few != NULL)
            st = few_levels(r, domain, few);
        else if ((shares != NULL && take_cells(r, &scratch, shares, local, &o, &t.shares, &t.shares_covariance) != 0) ||
                 (totals != NULL && take_cells(r, &scratch, totals, local, &o, &t.totals, &t.totals_covariance) != 0))
            st = svyi_nomem(r->err);
        else
            st = add_tests(r, &scratch, &t, domain);
    }
    svyi_arena_clear(&scratch);
    return st;
}

/* ---- all domains ---- */

/* n of two phases counts the rows of the second: nothing is known of the others. */
static void count_second_phase(const svy_design *d, const svyi_domains *slice, svyi_fit *fit)
{
    if (d->phase2 == NULL)
        return;
    memset(fit->rows, 0, fit->domains * sizeof *fit->rows);
    for (uint32_t place = 0; place < d->phase2->rows; place++) {
        uint32_t domain = svyi_domain_of(slice, d->phase2->order[place]);
        fit->rows[domain == SVYI_NO_DOMAIN ? 0 : domain] += domain != SVYI_NO_DOMAIN;
    }
}

static svy_status test_slice(run *r, size_t first, size_t count, uint64_t *missing)
{
    svyi_arena scratch;
    svyi_domains slice;
    svyi_cells cells;
    svyi_fit shares, totals;
    svyi_arena_init(&scratch, r->alloc);
    svy_status st = svyi_domains_slice(&scratch, &r->domains, first, count, &slice, r->err);
    if (st == SVY_OK)
        st = svyi_cells_sum(r->alloc, r->design, &slice, &r->cells, r->plan.missing, r->threads, &cells, r->err);
    if (st != SVY_OK) {
        svyi_arena_clear(&scratch);
        return st;
    }
    if (r->shares)
        st = svyi_cells_fit(&scratch, &cells, SVYI_FORM_SHARES, 0, 1, &shares, r->err);
    if (st == SVY_OK && r->totals)
        st = svyi_cells_fit(&scratch, &cells, SVYI_FORM_COUNTS, 0, 1, &totals, r->err);
    for (size_t d = 0; d < count && st == SVY_OK; d++) {
        *missing += r->shares ? shares.missing[d] : totals.missing[d];
        if (d == 0)
            count_second_phase(r->design, &slice, r->shares ? &shares : &totals);
        st = test_domain(r, r->shares ? &shares : NULL, r->totals ? &totals : NULL, d, first + d);
    }
    svyi_cells_clear(&cells);
    svyi_arena_clear(&scratch);
    return st;
}

static svy_status test_all(run *r)
{
    size_t step = SLICE / r->cells.n_levels + 1, count = r->domains.count;
    uint64_t missing = 0;
    svy_status st = SVY_OK;
    set_needs(r);
    for (size_t first = 0; first < count && st == SVY_OK; first += step)
        st = test_slice(r, first, count - first < step ? count - first : step, &missing);
    svyi_tests_say_missing(r->tests, missing);
    int any = r->domains.values != NULL;
    for (size_t i = 0; i < r->tests->count; i++)
        any |= !isnan(r->tests->rows[i].statistic);
    if (st == SVY_OK && r->tests->failed)
        return svyi_nomem(r->err);
    return st == SVY_OK && !any ? svyi_fail(r->err, SVY_E_NUMERIC, "no %s test: %s", r->tests->rows[0].test, r->why) : st;
}

svy_status svy_table_tests(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_table_test_spec *spec, svy_tests **out,
                           svy_error *err)
{
    svy_tests *t;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = check_spec(f, d, spec, err);
    if (st != SVY_OK || (st = svyi_tests_new(alloc, &t, err)) != SVY_OK)
        return st;
    svy_estimate_spec plan = SVY_ESTIMATE_INIT;
    plan.statistic = SVY_STAT_PROPORTION;
    plan.variables = spec->variables;
    plan.n_variables = spec->n_variables;
    run r = { .design = d, .spec = spec, .alloc = alloc, .tests = t, .err = err };
    r.threads = alloc != NULL ? 1 : spec->threads != 0 ? spec->threads : svyi_threads_default();
    if ((st = svyi_variables_find(&t->arena, f, &plan, &r.plan, err)) == SVY_OK &&
        (st = svyi_domains_make(&t->arena, f, d, spec->by, spec->n_by, spec->where, &r.domains, err)) == SVY_OK &&
        (st = spec->fail_missing ? svyi_variables_complete(&r.plan, &r.domains, d->weights, d->rows, err) : SVY_OK) == SVY_OK &&
        (st = svyi_tests_keep_by(t, &r.domains, err)) == SVY_OK && (st = make_cells(&r, svy_frame_rows(f))) == SVY_OK)
        st = test_all(&r);
    if (st != SVY_OK) {
        svy_tests_free(t);
        return st;
    }
    *out = t;
    return SVY_OK;
}
