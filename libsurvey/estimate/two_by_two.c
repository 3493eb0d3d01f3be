/* Odds ratios, risk ratios and risk differences of two-by-two tables, from the covariance of their shares. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <survey/table.h>

#include "base/error.h"
#include "estimate/cells.h"
#include "estimate/estimates.h"
#include "estimate/parallel.h"
#include "num/distribution.h"

enum { CELLS = 4, SLICE = 128 };

typedef struct run {
    const svy_estimate_spec *spec;
    const svy_alloc *alloc;
    const svy_design *design;
    const svy_measure *measures; size_t n_measures;
    svy_estimates *e;
    svyi_variables plan;
    svyi_factor cells;
    uint32_t level[2][2];          /* the two levels of each variable that have rows */
    svyi_domains domains;
    const char *name;
    svy_error *err;
} run;

const char *svy_measure_name(svy_measure m)
{
    static const char *const NAMES[SVY_MEASURES] = { "odds-ratio", "risk-ratio", "risk-difference" };
    return (size_t)m < SVY_MEASURES ? NAMES[m] : "";
}

/* ---- measures ---- */

/* Shares of a table in the order 11, 21, 12, 22, and their covariance. */
typedef struct shares { double p[CELLS], v[CELLS * CELLS]; } shares;

/* The value (a ratio: its logarithm) for column j and its derivative by each share. */
static double value_of(svy_measure m, const double *p, size_t j, double *gradient)
{
    if (m == SVY_MEASURE_ODDS_RATIO) {
        for (size_t c = 0; c < CELLS; c++)
            gradient[c] = (c == 0 || c == 3 ? 1 : -1) / p[c];
        return log(p[0] / p[1]) + log(p[3] / p[2]);
    }
    double risk[2];
    for (size_t i = 0; i < 2; i++) {
        double all = p[i] + p[2 + i], one = p[2 * j + i];
        risk[i] = one / all;
        double inside = m == SVY_MEASURE_RISK_RATIO ? 1 / one : 1 / all, sign = i == 0 ? 1 : -1;
        double both = m == SVY_MEASURE_RISK_RATIO ? 1 / all : risk[i] / all;
        gradient[2 * j + i] = sign * (inside - both);
        gradient[2 * (1 - j) + i] = -sign * both;
    }
    return m == SVY_MEASURE_RISK_RATIO ? log(risk[0] / risk[1]) : risk[0] - risk[1];
}

static void set_numbers(const run *r, svy_measure m, size_t column, const shares *s, svy_estimate_row *row)
{
    double gradient[CELLS], variance = 0, value = value_of(m, s->p, column, gradient);
    for (size_t a = 0; a < CELLS; a++)
        for (size_t b = 0; b < CELLS; b++)
            variance += gradient[a] * s->v[a * CELLS + b] * gradient[b];
    double se = sqrt(fmax(variance, 0)), df = r->spec->df == SVY_DF_NORMAL ? HUGE_VAL : row->df;
    double half = -svyi_t_quantile((1 - r->spec->level) / 2, df) * se;
    if (!isfinite(value) || !isfinite(se))
        return;                        /* a cell is empty */
    row->estimate = m == SVY_MEASURE_RISK_DIFFERENCE ? value : exp(value);
    row->se = m == SVY_MEASURE_RISK_DIFFERENCE ? se : row->estimate * se;
    row->lower = m == SVY_MEASURE_RISK_DIFFERENCE ? value - half : exp(value - half);
    row->upper = m == SVY_MEASURE_RISK_DIFFERENCE ? value + half : exp(value + half);
    row->cv = row->se / row->estimate;
}

/* ---- domains ---- */

static size_t rows_of(svy_measure m) { return m == SVY_MEASURE_ODDS_RATIO ? 1 : 2; }

static void set_domain(run *r, const svyi_fit *fit, size_t local, size_t domain)
{
    size_t rows = r->plan.variables[0].factor.n_levels, wide = fit->domains * fit->outputs, at = 0;
    size_t cell[CELLS], first = local * fit->outputs;
    shares s;
    for (size_t c = 0; c < CELLS; c++)
        cell[c] = first + r->level[1][c / 2] * rows + r->level[0][c % 2];
    for (size_t a = 0; a < CELLS; a++) {
        s.p[a] = fit->estimate[cell[a]];
        for (size_t b = 0; b < CELLS; b++)
            s.v[a * CELLS + b] = fit->covariance[cell[a] * wide + cell[b]];
    }
    for (size_t k = 0; k < r->n_measures; k++)
        for (size_t j = 0; j < rows_of(r->measures[k]); j++) {
            svy_estimate_row *row = &r->e->rows[at++ * r->domains.count + domain];
            *row = (svy_estimate_row){ .statistic = svy_measure_name(r->measures[k]), .variable = r->name, .prob = nan("") };
            row->level = rows_of(r->measures[k]) == 1 ? "" : r->plan.variables[1].factor.levels[r->level[1][j]];
            row->by = r->domains.values != NULL ? r->domains.values + domain * r->domains.n_by : NULL;
            row->estimate = row->se = row->cv = row->lower = row->upper = row->deff = nan("");
            row->df = fit->df[local];
            row->n = fit->n[local];
            row->missing = fit->missing[local];
            set_numbers(r, r->measures[k], j, &s, row);
        }
}

static svy_status estimate_slice(run *r, size_t first, size_t count)
{
    svyi_arena scratch;
    svyi_domains slice;
    svyi_cells cells;
    svyi_fit fit;
    unsigned threads = r->alloc != NULL ? 1 : r->spec->threads != 0 ? r->spec->threads : svyi_threads_default();
    svyi_arena_init(&scratch, r->alloc);
    svy_status st = svyi_domains_slice(&scratch, &r->domains, first, count, &slice, r->err);
    if (st == SVY_OK && (st = svyi_cells_sum(r->alloc, r->design, &slice, &r->cells, r->plan.missing, threads, &cells, r->err)) == SVY_OK) {
        st = svyi_cells_fit(&scratch, &cells, SVYI_FORM_SHARES, 0, 1, &fit, r->err);
        for (size_t d = 0; d < count && st == SVY_OK; d++)
            set_domain(r, &fit, d, first + d);
        svyi_cells_clear(&cells);
    }
    svyi_arena_clear(&scratch);
    return st;
}

static svy_status estimate(run *r)
{
    size_t outputs = 0, step = SLICE / r->cells.n_levels + 1, count = r->domains.count;
    svy_status st = SVY_OK;
    for (size_t k = 0; k < r->n_measures; k++)
        outputs += rows_of(r->measures[k]);
    r->e->count = outputs * count;
    r->e->outputs = outputs;
    if ((r->e->rows = svyi_arena_get(&r->e->arena, (r->e->count + 1) * sizeof *r->e->rows)) == NULL)
        return svyi_nomem(r->err);
    for (size_t first = 0; first < count && st == SVY_OK; first += step)
        st = estimate_slice(r, first, count - first < step ? count - first : step);
    return st;
}

/* ---- what is asked for ---- */

/* The levels of variable k that have a row of positive weight in some domain: there must be two. */
static svy_status find_levels(run *r, size_t k)
{
    const svyi_variable *v = &r->plan.variables[k];
    uint64_t *n = svyi_arena_get(&r->e->arena, (v->factor.n_levels + 1) * sizeof *n);
    size_t found = 0;
    if (n == NULL)
        return svyi_nomem(r->err);
    for (size_t i = 0; i < r->design->rows; i++)
        if (r->design->weights[i] > 0 && (r->plan.missing == NULL || !r->plan.missing[i]) && svyi_domain_of(&r->domains, i) != SVYI_NO_DOMAIN)
            n[v->factor.codes[i]]++;
    for (uint32_t l = 0; l < v->factor.n_levels; l++) {
        if (n[l] > 0 && found < 2)
            r->level[k][found] = l;
        found += n[l] > 0;
    }
    return found == 2 ? SVY_OK
                      : svyi_fail(r->err, SVY_E_VALUE, "'%s' has %zu levels with rows of positive weight, and a two-by-two table needs 2: combine levels, or use --where",
                                  v->name, found);
}

static svy_status plan_table(run *r, const svy_frame *f)
{
    svy_estimate_spec plan = *r->spec;
    svyi_factor both[2];
    plan.statistic = SVY_STAT_PROPORTION;
    if (r->spec->n_variables != 2)
        return svyi_fail(r->err, SVY_E_VALUE, "measures of association need two variables, and there are %zu: name the others as domains (--by)",
                         r->spec->n_variables);
    svy_status st = svyi_variables_find(&r->e->arena, f, &plan, &r->plan, r->err);
    if (st != SVY_OK)
        return st;
    both[0] = r->plan.variables[0].factor;
    both[1] = r->plan.variables[1].factor;
    size_t room = strlen(r->plan.variables[0].name) + strlen(r->plan.variables[1].name) + 2;
    char *name = svyi_arena_get(&r->e->arena, room);
    if (name == NULL)
        return svyi_nomem(r->err);
    snprintf(name, room, "%s:%s", r->plan.variables[0].name, r->plan.variables[1].name);
    r->name = name;
    return svyi_factor_cross(&r->e->arena, both, 2, r->design->rows, &r->cells, r->err);
}

svy_status svy_table_measures(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                              const svy_measure *measures, size_t n_measures, svy_estimates **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL && n_measures > 0, err);
    SVY_REQUIRE(spec->size >= sizeof *spec && spec->level > 0 && spec->level < 1, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    for (size_t k = 0; k < n_measures; k++)
        SVY_REQUIRE((size_t)measures[k] < SVY_MEASURES, err);
    run r = { .spec = spec, .alloc = alloc, .design = d, .measures = measures, .n_measures = n_measures, .err = err };
    svy_status st = svyi_estimates_new(alloc, SVY_STAT_RATIO, &r.e, err);
    if (st != SVY_OK)
        return st;
    if ((st = plan_table(&r, f)) == SVY_OK &&
        (st = svyi_domains_make(&r.e->arena, f, d, spec->by, spec->n_by, spec->where, &r.domains, err)) == SVY_OK &&
        (st = spec->fail_missing ? svyi_variables_complete(&r.plan, &r.domains, d->weights, d->rows, err) : SVY_OK) == SVY_OK &&
        (st = svyi_estimates_keep_by(r.e, d, &r.domains, err)) == SVY_OK && (st = find_levels(&r, 0)) == SVY_OK && (st = find_levels(&r, 1)) == SVY_OK)
        st = estimate(&r);
    if (st != SVY_OK) {
        svy_estimates_free(r.e);
        return st;
    }
    *out = r.e;
    return SVY_OK;
}
