/* Shares of the cells of a table: of the whole, or of each level of its first or last variable. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <survey/table.h>

#include "base/error.h"
#include "estimate/cells.h"
#include "estimate/estimates.h"
#include "estimate/interval.h"
#include "estimate/parallel.h"

/* Shares are those of `inner` (the cells of all variables but the given one) in the domains of the given one. */
typedef struct run {
    const svy_estimate_spec *spec;
    const svy_alloc *alloc;
    const svy_design *design;
    svy_share share;
    svy_estimates *e;
    svyi_variables plan;
    svyi_factor inner;
    size_t given_levels;              /* 1 when the whole is given */
    svyi_domains domains;             /* by-variables, then the given variable */
    svyi_domains asked;               /* by-variables only, for the rows of the result */
    const char *name;
    svy_error *err;
} run;

static const char *const NAMES[] = { "total-share", "row-share", "column-share" };

static svy_status set_name(run *r)
{
    size_t len = 0;
    for (size_t i = 0; i < r->plan.n_variables; i++)
        len += strlen(r->plan.variables[i].name) + 1;
    char *name = svyi_arena_get(&r->e->arena, len + 1);
    if (name == NULL)
        return svyi_nomem(r->err);
    for (size_t i = 0; i < r->plan.n_variables; i++) {
        strcat(name, i > 0 ? ":" : "");
        strcat(name, r->plan.variables[i].name);
    }
    r->name = name;
    return SVY_OK;
}

/* The number of the variable whose levels are given. */
static size_t given_variable(const run *r) { return r->share == SVY_SHARE_ROW ? 0 : r->plan.n_variables - 1; }

static svy_status cross_inner(run *r)
{
    svyi_factor *factors = svyi_arena_get(&r->e->arena, (r->plan.n_variables + 1) * sizeof *factors);
    size_t n = 0, skip = r->share == SVY_SHARE_TOTAL ? SIZE_MAX : given_variable(r);
    if (factors == NULL)
        return svyi_nomem(r->err);
    for (size_t i = 0; i < r->plan.n_variables; i++)
        if (i != skip)
            factors[n++] = r->plan.variables[i].factor;
    return svyi_factor_cross(&r->e->arena, factors, n, r->design->rows, &r->inner, r->err);
}

/* The by-variables and the given one as domains; a row of another by-value than any asked for cannot be. */
static svy_status make_domains(run *r, const svy_frame *f)
{
    const char *by[SVYI_BY_MAX];
    const svy_estimate_spec *s = r->spec;
    svy_status st = svyi_domains_make(&r->e->arena, f, r->design, s->by, s->n_by, s->where, &r->asked, r->err);
    if (st != SVY_OK || r->share == SVY_SHARE_TOTAL) {
        r->domains = r->asked;
        r->given_levels = 1;
        return st;
    }
    if (s->n_by + 1 > SVYI_BY_MAX)
        return svyi_fail(r->err, SVY_E_LIMIT, "there are %zu by-variables: the limit is %d", s->n_by, SVYI_BY_MAX - 1);
    size_t given = given_variable(r);
    for (size_t k = 0; k < s->n_by; k++)
        by[k] = s->by[k];
    by[s->n_by] = r->plan.columns[given]->name;
    r->given_levels = r->plan.variables[given].factor.n_levels;
    return svyi_domains_make(&r->e->arena, f, r->design, by, s->n_by + 1, s->where, &r->domains, r->err);
}

/* Where domain `asked` and level `given` are among the domains; SVYI_NO_DOMAIN when no row is. */
static uint32_t find_domain(const run *r, size_t asked, size_t given)
{
    if (r->share == SVY_SHARE_TOTAL)
        return (uint32_t)asked;
    size_t code = given, n_by = r->spec->n_by;
    for (size_t k = n_by; k-- > 0;)
        code = code * r->domains.by[k].n_levels + r->asked.by[k].codes[r->asked.first_row[asked]];
    return r->domains.map[code];
}

static void set_limits(const run *r, const svyi_fit *fit, size_t domain, svy_estimate_row *row)
{
    svy_interval kind = r->spec->interval;
    int design = r->spec->df == SVY_DF_DESIGN || (r->spec->df == SVY_DF_AUTO && kind != SVY_INTERVAL_DEFAULT);
    svyi_interval_input in = { row->estimate, row->se * row->se, design ? fit->df[domain] : HUGE_VAL, fit->df[domain], (double)fit->rows[domain],
                               (double)fit->n[domain], r->spec->level };
    svyi_interval(kind, &in, &row->lower, &row->upper);
}

static void set_row(const run *r, const svyi_fit *fit, uint32_t domain, size_t output, svy_estimate_row *row)
{
    size_t at = (size_t)domain * fit->outputs + output;
    row->estimate = row->se = row->cv = row->lower = row->upper = row->deff = nan("");
    if (domain == SVYI_NO_DOMAIN)
        return;
    row->df = fit->df[domain];
    row->n = fit->n[domain];
    row->missing = fit->missing[domain];
    if (row->n == 0)
        return;
    row->estimate = fit->estimate[at];
    row->se = sqrt(fit->variance[at]);
    row->cv = row->se / row->estimate;
    if (r->spec->deff != SVY_DEFF_NONE)
        row->deff = fit->deff[at];
    set_limits(r, fit, domain, row);
}

/* "inner" levels have all variables but the given one: its level goes in front, or behind. */
static const char *level_name(run *r, size_t output, size_t given)
{
    const char *inner = r->inner.levels[output];
    if (r->share == SVY_SHARE_TOTAL)
        return inner;
    const char *own = r->plan.variables[given_variable(r)].factor.levels[given];
    size_t room = strlen(inner) + strlen(own) + 2;
    char *name = svyi_arena_get(&r->e->arena, room);
    if (name != NULL)
        snprintf(name, room, "%s%s%s", r->share == SVY_SHARE_ROW ? own : inner, inner[0] != '\0' ? ":" : "", r->share == SVY_SHARE_ROW ? inner : own);
    return name;
}

static svy_status set_rows(run *r, const svyi_fit *fit)
{
    size_t outputs = fit->outputs * r->given_levels;
    svy_estimates *e = r->e;
    e->count = outputs * r->asked.count;
    e->outputs = outputs;
    svy_estimate_row *row = e->rows = svyi_arena_get(&e->arena, (e->count + 1) * sizeof *row);
    if (row == NULL)
        return svyi_nomem(r->err);
    for (size_t o = 0; o < outputs; o++) {        /* the first variable varies fastest */
        int row_given = r->share == SVY_SHARE_ROW;
        size_t given = row_given ? o % r->given_levels : o / fit->outputs, inner = row_given ? o / r->given_levels : o % fit->outputs;
        const char *level = level_name(r, inner, given);
        if (level == NULL)
            return svyi_nomem(r->err);
        for (size_t d = 0; d < r->asked.count; d++, row++) {
            *row = (svy_estimate_row){ .statistic = NAMES[r->share], .variable = r->name, .level = level, .prob = nan("") };
            row->by = r->asked.values != NULL ? r->asked.values + d * r->asked.n_by : NULL;
            set_row(r, fit, find_domain(r, d, given), inner, row);
        }
    }
    return SVY_OK;
}

static svy_status estimate(run *r)
{
    svyi_cells cells;
    svyi_fit fit;
    unsigned threads = r->alloc != NULL ? 1 : r->spec->threads != 0 ? r->spec->threads : svyi_threads_default();
    svy_status st = svyi_cells_sum(r->alloc, r->design, &r->domains, &r->inner, r->plan.missing, threads, &cells, r->err);
    if (st != SVY_OK)
        return st;
    st = svyi_cells_fit(&r->e->arena, &cells, SVYI_FORM_SHARES, (int)r->spec->deff, 0, &fit, r->err);
    svyi_cells_clear(&cells);
    return st == SVY_OK ? set_rows(r, &fit) : st;
}

static svy_status plan_shares(run *r, const svy_frame *f)
{
    svy_estimate_spec plan = *r->spec;
    plan.statistic = SVY_STAT_PROPORTION;
    svy_status st = svyi_variables_find(&r->e->arena, f, &plan, &r->plan, r->err);
    if (st == SVY_OK && r->share != SVY_SHARE_TOTAL && r->plan.n_variables < 2)
        return svyi_fail(r->err, SVY_E_VALUE, "%s shares need two variables: name another, or take total shares", r->share == SVY_SHARE_ROW ? "row" : "column");
    if (st == SVY_OK)
        st = set_name(r);
    return st == SVY_OK ? cross_inner(r) : st;
}

svy_status svy_table_shares(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_share share,
                            svy_estimates **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL, err);
    SVY_REQUIRE(spec->size >= sizeof *spec && spec->n_variables > 0 && (size_t)share <= SVY_SHARE_COLUMN, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    run r = { .spec = spec, .alloc = alloc, .design = d, .share = share, .err = err };
    svy_status st = svyi_estimates_new(alloc, SVY_STAT_PROPORTION, &r.e, err);
    if (st != SVY_OK)
        return st;
    r.e->has_deff = spec->deff != SVY_DEFF_NONE;
    if ((st = plan_shares(&r, f)) == SVY_OK && (st = make_domains(&r, f)) == SVY_OK &&
        (st = spec->fail_missing ? svyi_variables_complete(&r.plan, &r.asked, d->weights, d->rows, err) : SVY_OK) == SVY_OK &&
        (st = svyi_estimates_keep_by(r.e, d, &r.asked, err)) == SVY_OK)
        st = estimate(&r);
    if (st != SVY_OK) {
        svy_estimates_free(r.e);
        return st;
    }
    *out = r.e;
    return SVY_OK;
}
