/* Tests of groups, domain by domain: from a formula to rows, groups and the test asked for. */
#include "model/group_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "estimate/influence.h"
#include "estimate/parallel.h"

enum { GROUPS_MAX = 1000, BLOCK = 4096, FEW_DOMAINS = 4 };

typedef struct run {
    const svy_alloc *alloc;
    const svy_frame *frame;
    const svy_design *design;
    const svy_test_spec *spec;
    svy_tests *tests;
    svyi_domains domains;
    uint64_t missing;
    svyi_units units, *many;     /* many: NULL, or the units, when there are so many domains that each has few rows */
    uint32_t *rows, *start;      /* rows of positive weight by domain, in the order of the data, and where those of each begin */
    unsigned threads;
    svy_error *err;
} run;

const char *svy_test_name(svy_test_kind kind)
{
    static const char *const NAMES[SVY_TEST_KINDS] = { "t", "wilcoxon", "vanderwaerden", "median", "kruskal", "logrank" };
    return (size_t)kind < SVY_TEST_KINDS ? NAMES[kind] : "";
}

/* ---- groups ---- */

/* Distinct values of a numeric group variable, increasing. */
typedef struct distinct { double value[GROUPS_MAX]; size_t n; } distinct;

/* Where a value is, or would be. */
static size_t place_of(const distinct *d, double v)
{
    size_t low = 0, high = d->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (d->value[middle] < v) low = middle + 1; else high = middle;
    }
    return low;
}

/* @return -1 when there are too many. */
static int add_values(distinct *d, const double *x, size_t count, size_t columns, size_t column)
{
    for (size_t i = 0; i < count; i++) {
        double v = x[i * columns + column];
        size_t at = place_of(d, v);
        if (at < d->n && d->value[at] == v)
            continue;
        if (d->n == GROUPS_MAX)
            return -1;
        memmove(d->value + at + 1, d->value + at, (d->n - at) * sizeof *d->value);
        d->value[at] = v;
        d->n++;
    }
    return 0;
}

/* The indicator that is 1 (none is: the first level), or the place of a number. */
static uint32_t group_of(const distinct *d, const double *x, size_t columns, size_t first)
{
    uint32_t g = 0;
    if (columns == first + 1)
        return (uint32_t)place_of(d, x[first]);
    for (size_t c = first; c < columns; c++)
        g = x[c] != 0 ? (uint32_t)(c - first + 1) : g;
    return g;
}

/* Groups of the rows: of a factor by its indicators, of a number by its values. */
static svy_status set_groups(svyi_group_test *t)
{
    size_t columns = svyi_matrix_columns(t->matrix), first = columns > 0 && svyi_matrix_intercept(t->matrix) ? 1 : 0;
    double *x = svyi_arena_get(t->scratch, (BLOCK * columns + 1) * sizeof *x);
    distinct *d = svyi_arena_get(t->scratch, sizeof *d);
    t->group = svyi_arena_get(t->scratch, (t->design->rows + 1) * sizeof *t->group);
    if (x == NULL || d == NULL || t->group == NULL)
        return svyi_nomem(t->err);
    memset(t->group, 0xff, t->design->rows * sizeof *t->group);      /* SVYI_NO_GROUP */
    for (size_t from = 0; columns == first + 1 && from < t->n; from += BLOCK) {
        size_t count = t->n - from < BLOCK ? t->n - from : BLOCK;
        svyi_matrix_fill(t->matrix, t->rows + from, count, x);
        if (add_values(d, x, count, columns, first) != 0)
            return svyi_fail(t->err, SVY_E_LIMIT, "'%s' has more than %d values: give a variable of few groups", t->variable, GROUPS_MAX);
    }
    t->groups = (uint32_t)(columns == first + 1 ? d->n : columns - first + 1);
    for (size_t from = 0; from < t->n; from += BLOCK) {
        size_t count = t->n - from < BLOCK ? t->n - from : BLOCK;
        svyi_matrix_fill(t->matrix, t->rows + from, count, x);
        for (size_t i = 0; i < count; i++)
            t->group[t->rows[from + i]] = group_of(d, x + i * columns, columns, first);
    }
    return SVY_OK;
}

/* ---- what a formula must be ---- */

static svy_status check_formula(const run *r, const svyi_matrix *m)
{
    const svyi_response *y = svyi_matrix_response(m);
    int survival = y != NULL && y->kind == SVYI_RESPONSE_SURVIVAL, log_rank = r->spec->kind == SVY_TEST_LOG_RANK;
    size_t terms = svyi_matrix_terms(m);
    uint32_t n_strata;
    const char *name = svy_test_name(r->spec->kind);
    if (y == NULL)
        return svyi_fail(r->err, SVY_E_SYNTAX, "the formula has no response: write y ~ g");
    if (log_rank != survival)
        return log_rank ? svyi_fail(r->err, SVY_E_TYPE, "a logrank test needs Surv(time, status) ~ group, not '%s'", y->name)
                        : svyi_fail(r->err, SVY_E_TYPE, "'%s' is for --kind logrank, and the kind is %s", y->name, name);
    if (y->start != NULL)
        return svyi_fail(r->err, SVY_E_TYPE, "a logrank test takes Surv(time, status), not times of entry");
    if (y->kind == SVYI_RESPONSE_FACTOR)
        return svyi_fail(r->err, SVY_E_TYPE, "'%s' is text: a %s test needs numbers", y->name, name);
    if (svyi_matrix_offset(m) != NULL || (!survival && svyi_matrix_strata(m, &n_strata) != NULL))
        return svyi_fail(r->err, SVY_E_TYPE, "a %s test takes no offset() and no strata()", name);
    if (survival)
        return terms > 0 ? SVY_OK : svyi_fail(r->err, SVY_E_VALUE, "the formula has no groups: write Surv(time, status) ~ group");
    if (terms == 0 && r->spec->kind != SVY_TEST_T)
        return svyi_fail(r->err, SVY_E_VALUE, "a %s test compares groups: write %s ~ group", name, y->name);
    if (terms > 1 || (terms == 1 && !svyi_matrix_intercept(m)))
        return svyi_fail(r->err, SVY_E_VALUE, "a %s test takes one group variable: write %s ~ group", name, y->name);
    return SVY_OK;
}

/* ---- one domain ---- */

static svy_status set_rows(run *r, svyi_group_test *t, size_t domain)
{
    const uint8_t *used = svyi_matrix_used(t->matrix);
    if ((t->rows = svyi_arena_get(t->scratch, ((size_t)(r->start[domain + 1] - r->start[domain]) + 1) * sizeof *t->rows)) == NULL)
        return svyi_nomem(r->err);
    for (size_t k = r->start[domain]; k < r->start[domain + 1]; k++) {
        if (used[r->rows[k]]) t->rows[t->n++] = r->rows[k]; else r->missing++;
    }
    return SVY_OK;
}

/* Degrees of freedom of the rows of the subpopulation (one sample) or of those that are used. */
static svy_status set_df(const run *r, svyi_group_test *t, uint8_t *keep)
{
    uint32_t first = t->rows[0];
    if (t->units != NULL && svyi_matrix_terms(t->matrix) > 0) {
        t->df = svyi_few_rows_df(t->units, t->rows, t->n);
        return SVY_OK;
    }
    svyi_domains domain = { .count = 1, .keep = keep, .first_row = &first };
    uint8_t *used = svyi_arena_get(t->scratch, r->design->rows + 1);
    if (used == NULL)
        return svyi_nomem(r->err);
    for (size_t k = 0; k < t->n; k++)
        used[t->rows[k]] = 1;
    if (svyi_matrix_terms(t->matrix) > 0)
        domain.keep = used;
    return svyi_degrees_of_freedom(t->scratch, r->design, &domain, &t->df, r->err);
}

static svy_status dispatch(svyi_group_test *t, svy_test_row *row, const char **why, char *text, size_t size)
{
    svy_test_kind kind = t->spec->kind;
    if (kind == SVY_TEST_LOG_RANK)
        return svyi_log_rank_test(t, row, why);
    svy_status st = SVY_OK;
    if (svyi_matrix_terms(t->matrix) > 0) {
        t->variable = svyi_matrix_term(t->matrix, 0)->name;
        st = set_groups(t);
    } else {
        t->groups = 1;
        if ((t->group = svyi_arena_get(t->scratch, (t->design->rows + 1) * sizeof *t->group)) == NULL)
            return svyi_nomem(t->err);
        memset(t->group, 0xff, t->design->rows * sizeof *t->group);
        for (size_t k = 0; k < t->n; k++)
            t->group[t->rows[k]] = 0;
    }
    if (st != SVY_OK)
        return st;
    if (t->variable != NULL && (t->groups < 2 || (t->groups > 2 && kind == SVY_TEST_T))) {
        snprintf(text, size, "'%.80s' has %u group%s, and %s", t->variable, (unsigned)t->groups, t->groups == 1 ? "" : "s",
                 kind == SVY_TEST_T ? "a t test needs two: combine levels, use --where, or --kind kruskal" : "a rank test needs two or more");
        *why = text;
        return SVY_OK;
    }
    return kind == SVY_TEST_T ? svyi_t_test(t, row, why) : svyi_rank_test(t, row, why);
}

/* No test here: an error, or a note where there are domains, or at least a statistic. */
static svy_status no_test(run *r, size_t domain, const char *why)
{
    char where[256];
    svyi_tests_domain_name(&r->domains, domain, where, sizeof where);
    int statistic = r->tests->count > 0 && !isnan(r->tests->rows[r->tests->count - 1].statistic);
    if (statistic) {
        svyi_tests_say(r->tests, "no p-value of the %s test%s: %s", svy_test_name(r->spec->kind), where, why);
        return SVY_OK;
    }
    if (r->domains.values == NULL)
        return svyi_fail(r->err, SVY_E_VALUE, "no %s test: %s", svy_test_name(r->spec->kind), why);
    svyi_tests_say(r->tests, "no %s test%s: %s", svy_test_name(r->spec->kind), where, why);
    return SVY_OK;
}

static svy_status test_domain(run *r, size_t number, uint8_t *keep, svyi_arena *scratch)
{
    svyi_group_test t = { .scratch = scratch, .design = r->design, .spec = r->spec, .threads = r->threads, .units = r->many, .err = r->err };
    svyi_matrix *m = NULL;
    const char *why = NULL;
    char text[256];
    svy_test_row *row = svyi_tests_add(r->tests, svy_test_name(r->spec->kind), &r->domains, number);
    svy_status st = svyi_matrix_new(r->alloc, r->frame, r->spec->formula, r->design->weights, keep, &m, r->err);
    t.matrix = m;
    if (st == SVY_E_VALUE && r->domains.values != NULL)
        return no_test(r, number, r->err != NULL ? r->err->message : "no row can be used");
    if (st != SVY_OK)
        return st;
    if ((st = check_formula(r, m)) == SVY_OK && (st = set_rows(r, &t, number)) == SVY_OK) {
        if (t.n == 0)
            why = "no row of positive weight has all variables";
        else if ((st = set_df(r, &t, keep)) == SVY_OK)
            st = dispatch(&t, row, &why, text, sizeof text);
    }
    svyi_matrix_free(m);
    return st == SVY_OK && why != NULL ? no_test(r, number, why) : st;
}

/* ---- all domains ---- */

static svy_status sort_rows(run *r)
{
    size_t rows = r->design->rows, domains = r->domains.count;
    uint32_t *next = svyi_arena_get(&r->tests->arena, (domains + 1) * sizeof *next);
    r->rows = svyi_arena_get(&r->tests->arena, (rows + 1) * sizeof *r->rows);
    r->start = svyi_arena_get(&r->tests->arena, (domains + 2) * sizeof *r->start);
    if (next == NULL || r->rows == NULL || r->start == NULL)
        return svyi_nomem(r->err);
    for (int place = 0; place < 2; place++) {
        for (size_t i = 0; i < rows; i++) {
            uint32_t d = r->design->weights[i] > 0 ? svyi_domain_of(&r->domains, i) : SVYI_NO_DOMAIN;
            if (d != SVYI_NO_DOMAIN && place)
                r->rows[next[d]++] = (uint32_t)i;
            else if (d != SVYI_NO_DOMAIN)
                r->start[d + 1]++;
        }
        for (size_t d = 0; d < domains && !place; d++)
            r->start[d + 1] += next[d] = r->start[d];
    }
    if (domains <= FEW_DOMAINS || !svyi_units_suit(r->design))
        return SVY_OK;
    r->many = &r->units;
    return svyi_units_make(&r->tests->arena, r->design, &r->units, r->err);
}

static svy_status test_all(run *r)
{
    uint8_t *keep = svyi_arena_get(&r->tests->arena, r->design->rows + 1);
    svy_status st = keep != NULL ? sort_rows(r) : svyi_nomem(r->err);
    for (size_t d = 0; d < r->domains.count && st == SVY_OK; d++) {
        svyi_arena scratch;
        svyi_arena_init(&scratch, r->alloc);
        for (size_t k = r->start[d]; k < r->start[d + 1]; k++)
            keep[r->rows[k]] = 1;
        st = test_domain(r, d, keep, &scratch);
        for (size_t k = r->start[d]; k < r->start[d + 1]; k++)
            keep[r->rows[k]] = 0;
        svyi_arena_clear(&scratch);
    }
    svyi_tests_say_missing(r->tests, r->missing);
    return st == SVY_OK && r->tests->failed ? svyi_nomem(r->err) : st;
}

svy_status svy_test(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_test_spec *spec, svy_tests **out, svy_error *err)
{
    svy_tests *t;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL && spec->formula != NULL, err);
    SVY_REQUIRE(spec->size >= sizeof *spec && (size_t)spec->kind < SVY_TEST_KINDS && spec->level > 0 && spec->level < 1, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    svy_status st = svyi_tests_new(alloc, &t, err);
    if (st != SVY_OK)
        return st;
    run r = { .alloc = alloc, .frame = f, .design = d, .spec = spec, .tests = t, .err = err };
    r.threads = alloc != NULL ? 1 : spec->threads != 0 ? spec->threads : svyi_threads_default();
    if ((st = svyi_domains_make(&t->arena, f, d, spec->by, spec->n_by, spec->where, &r.domains, err)) == SVY_OK &&
        (st = svyi_tests_keep_by(t, &r.domains, err)) == SVY_OK)
        st = test_all(&r);
    if (st != SVY_OK) {
        svy_tests_free(t);
        return st;
    }
    *out = t;
    return SVY_OK;
}
