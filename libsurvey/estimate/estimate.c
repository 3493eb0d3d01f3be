/* Estimates: the variables of a request one after another (or together, for their covariances) through the sum and the finish step. */
#include <survey/estimate.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/estimates.h"
#include "estimate/finish.h"
#include "estimate/interval.h"
#include "estimate/parallel.h"
#include "estimate/pass.h"
#include "estimate/variables.h"

typedef struct run {
    svy_estimates *e;
    const svy_estimate_spec *spec;
    const svy_alloc *alloc;
    const svy_design *design;
    svyi_domains domains;
    svyi_variables plan;
    unsigned threads;
    const svyi_pass *passes;      /* sums made elsewhere, in the order of passes; NULL: they are made here */
    svy_error *err;
} run;

/* ---- one pass ---- */

svyi_form svyi_form_of(svy_statistic s, int factor)
{
    if (s == SVY_STAT_RATIO)
        return SVYI_FORM_RATIOS;
    int total = s == SVY_STAT_TOTAL || s == SVY_STAT_TABLE;
    return factor ? (total ? SVYI_FORM_COUNTS : SVYI_FORM_SHARES) : (total ? SVYI_FORM_TOTALS : SVYI_FORM_MEANS);
}

void svyi_pass_request(const svy_estimate_spec *spec, svyi_form form, double *centre, double *slope, svyi_sum_request *q)
{
    int deff = spec->deff != SVY_DEFF_NONE, ratios = form == SVYI_FORM_RATIOS;
    q->centre = centre;
    q->slope = ratios ? slope : NULL;
    q->restore = form == SVYI_FORM_TOTALS;
    q->squares = !deff || q->width == 0 ? SVYI_SQUARES_NONE : ratios ? SVYI_SQUARES_PAIRS : SVYI_SQUARES_EACH;
}

/* Sums and finishes one request; the fit lives in the estimates' arena. */
static svy_status fit_request(run *r, svyi_sum_request *q, svyi_form form, svyi_fit *fit)
{
    svyi_sums sums;
    svyi_arena scratch;
    int deff = r->spec->deff != SVY_DEFF_NONE, ratios = form == SVYI_FORM_RATIOS;
    q->alloc = r->alloc;
    q->design = r->design;
    q->domains = &r->domains;
    q->missing = r->plan.missing;
    q->threads = r->threads;
    if (r->passes != NULL) {
        const svyi_pass *pass = r->passes++;
        svyi_pass_request(r->spec, form, pass->centre, pass->slope, q);
        return svyi_fit_make(&r->e->arena, q, &pass->sums, form, (int)r->spec->deff, r->spec->covariance, fit, r->err);
    }
    svyi_arena_init(&scratch, r->alloc);
    double *centre = svyi_arena_get(&scratch, (r->domains.count * q->width + 1) * sizeof *centre);
    double *slope = svyi_arena_get(&scratch, (r->domains.count * q->width + 1) * sizeof *slope);
    svy_status st = centre != NULL && slope != NULL ? SVY_OK : svyi_nomem(r->err);
    svyi_pass_request(r->spec, form, centre, slope, q);
    if (st == SVY_OK && q->width > 0)
        st = svyi_centre(q, ratios, ratios ? slope : centre, r->err);
    if (st == SVY_OK && svyi_dense_suits(q, form, deff, r->spec->covariance)) {
        st = svyi_dense_fit(&r->e->arena, q, form, fit, r->err);
    } else if (st == SVY_OK && (st = svyi_sum(q, &sums, r->err)) == SVY_OK) {
        st = svyi_fit_make(&r->e->arena, q, &sums, form, (int)r->spec->deff, r->spec->covariance, fit, r->err);
        svyi_sums_clear(&sums);
    }
    if (st == SVY_OK && fit->dropped > r->e->dropped)
        r->e->dropped = fit->dropped;
    if (st == SVY_OK && r->spec->bell_mccaffrey != 0)
        st = svyi_fit_bell(&r->e->arena, q, fit, r->spec->bell_mccaffrey == 2, r->err);
    svyi_arena_clear(&scratch);
    return st;
}

/* ---- rows of the result ---- */

static void set_limits(const run *r, const svyi_fit *fit, size_t domain, int share, svy_estimate_row *row)
{
    svy_interval kind = share ? r->spec->interval : SVY_INTERVAL_DEFAULT;
    int design = r->spec->df == SVY_DF_DESIGN || (r->spec->df == SVY_DF_AUTO && (kind != SVY_INTERVAL_DEFAULT || fit->own_df != NULL));
    svyi_interval_input in = { row->estimate, row->se * row->se, design ? row->df : (double)INFINITY, row->df,
                               (double)fit->rows[domain], (double)fit->n[domain], r->spec->level };
    svyi_interval(kind, &in, &row->lower, &row->upper);
}

static void set_row(const run *r, const svyi_fit *fit, size_t domain, size_t output, int share, svy_estimate_row *row)
{
    size_t at = domain * fit->outputs + output;
    row->statistic = svy_statistic_name(r->spec->statistic);
    row->prob = nan("");
    row->by = r->domains.values != NULL ? r->domains.values + domain * r->domains.n_by : NULL;
    row->estimate = fit->estimate[at];
    row->se = sqrt(fit->variance[at]);
    row->df = fit->own_df != NULL ? fit->own_df[at] : fit->df[domain];
    row->cv = row->se / row->estimate;
    row->deff = r->spec->deff != SVY_DEFF_NONE ? fit->deff[at] : nan("");
    row->n = r->spec->statistic == SVY_STAT_TABLE ? fit->cell_n[at] : fit->n[domain];
    row->missing = fit->missing[domain];
    if (!(fit->n[domain] > 0))
        row->estimate = row->se = row->cv = nan("");
    set_limits(r, fit, domain, share, row);
}

static size_t variable_outputs(const svyi_variable *v) { return v->factor.n_levels > 0 ? v->factor.n_levels : 1; }

/* Rows of a variable whose outputs start at `first` of the fit. */
static void set_rows(run *r, const svyi_fit *fit, const svyi_variable *v, size_t first, svy_estimate_row **next)
{
    int share = v->factor.n_levels > 0 && (r->spec->statistic == SVY_STAT_MEAN || r->spec->statistic == SVY_STAT_PROPORTION);
    for (size_t k = 0; k < variable_outputs(v); k++)
        for (size_t d = 0; d < r->domains.count; d++) {
            svy_estimate_row *row = (*next)++;
            row->variable = v->name;
            row->level = v->factor.n_levels > 0 ? v->factor.levels[k] : "";
            set_row(r, fit, d, first + k, share, row);
        }
}

static svy_status estimate_one(run *r, const svyi_variable *v, svy_estimate_row **next)
{
    svyi_input inputs[2] = { { v->numbers, NULL, 0 }, { v->denominator, NULL, 0 } };
    int factor = v->factor.n_levels > 0;
    svyi_sum_request q = { .inputs = inputs, .width = factor ? 0 : v->denominator != NULL ? 2 : 1, .n_levels = 1 };
    svyi_fit fit;
    if (factor) {
        q.codes = v->factor.codes;
        q.n_levels = v->factor.n_levels;
    }
    svy_status st = fit_request(r, &q, svyi_form_of(r->spec->statistic, factor), &fit);
    if (st != SVY_OK)
        return st;
    if (r->e->covariance == NULL && fit.covariance != NULL) {
        r->e->covariance = fit.covariance;
        r->e->outputs = fit.outputs;
    }
    set_rows(r, &fit, v, 0, next);
    return SVY_OK;
}

/* With covariances all variables go through one pass: levels become columns of 0 and 1. */
static svy_status estimate_together(run *r, size_t outputs, svy_estimate_row **next)
{
    int ratios = r->spec->statistic == SVY_STAT_RATIO;
    size_t width = ratios ? 2 * outputs : outputs, at = 0;
    svyi_input *inputs = svyi_arena_get(&r->e->arena, (width + 1) * sizeof *inputs);
    svyi_sum_request q = { .inputs = inputs, .width = width, .n_levels = 1 };
    svyi_fit fit;
    if (inputs == NULL)
        return svyi_nomem(r->err);
    for (size_t i = 0; i < r->plan.n_variables; i++) {
        const svyi_variable *v = &r->plan.variables[i];
        for (uint32_t l = 0; l < variable_outputs(v); l++)
            inputs[at++] = v->factor.n_levels > 0 ? (svyi_input){ NULL, v->factor.codes, l } : (svyi_input){ v->numbers, NULL, 0 };
        if (ratios)
            inputs[at++] = (svyi_input){ v->denominator, NULL, 0 };
    }
    svy_status st = fit_request(r, &q, svyi_form_of(r->spec->statistic, 0), &fit);
    if (st != SVY_OK)
        return st;
    r->e->covariance = fit.covariance;
    r->e->outputs = outputs;
    at = 0;
    for (size_t i = 0; i < r->plan.n_variables; i++) {
        set_rows(r, &fit, &r->plan.variables[i], at, next);
        at += variable_outputs(&r->plan.variables[i]);
    }
    return SVY_OK;
}

static svy_status estimate_all(run *r)
{
    size_t outputs = 0;
    svy_status st = SVY_OK;
    for (size_t i = 0; i < r->plan.n_variables; i++)
        outputs += variable_outputs(&r->plan.variables[i]);
    size_t count = outputs * r->domains.count;
    if (r->spec->covariance && count > SVYI_COVARIANCES_MAX)
        return svyi_fail(r->err, SVY_E_LIMIT, "there are %zu estimates: the limit with covariances is %d", count, SVYI_COVARIANCES_MAX);
    svy_estimate_row *next = r->e->rows = svyi_arena_get(&r->e->arena, (count + 1) * sizeof *next);
    if (next == NULL)
        return svyi_nomem(r->err);
    r->e->count = count;
    if (r->spec->covariance && r->plan.n_variables > 1)
        return estimate_together(r, outputs, &next);
    for (size_t i = 0; i < r->plan.n_variables && st == SVY_OK; i++)
        st = estimate_one(r, &r->plan.variables[i], &next);
    return st;
}

svy_status svyi_estimates_of_passes(svy_estimates *e, const svy_estimate_spec *spec, const svy_design *d, const svyi_domains *domains,
                                    const svyi_variables *variables, const svyi_pass *passes, svy_error *err)
{
    run r = { .e = e, .spec = spec, .alloc = &e->arena.alloc, .design = d, .domains = *domains, .plan = *variables, .threads = 1, .passes = passes,
              .err = err };
    svy_status st = svyi_estimates_keep_by(e, NULL, domains, err);
    e->has_deff = spec->deff != SVY_DEFF_NONE;
    return st == SVY_OK ? estimate_all(&r) : st;
}

/* ---- the call ---- */

static svy_status check_spec(const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_error *err)
{
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL, err);
    SVY_REQUIRE(spec->size >= sizeof *spec, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    SVY_REQUIRE(spec->n_variables > 0, err);
    SVY_REQUIRE(spec->level > 0 && spec->level < 1, err);
    SVY_REQUIRE(spec->statistic <= SVY_STAT_TABLE, err);
    if (spec->bell_mccaffrey != 0 && spec->statistic != SVY_STAT_MEAN && spec->statistic != SVY_STAT_PROPORTION)
        return svyi_fail(err, SVY_E_ARG, "Bell-McCaffrey standard errors are those of means and shares: leave them out for a %s", svy_statistic_name(spec->statistic));
    if (spec->bell_mccaffrey != 0 && svy_design_replicates(d) > 0)
        return svyi_fail(err, SVY_E_ARG, "Bell-McCaffrey standard errors are linearised ones: leave them out, or the replicate weights");
    return SVY_OK;
}

svy_status svy_estimate(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                        svy_estimates **out, svy_error *err)
{
    svy_estimates *e;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = check_spec(f, d, spec, err);
    if (st != SVY_OK || (st = svyi_estimates_new(alloc, spec->statistic, &e, err)) != SVY_OK)
        return st;
    e->has_deff = spec->deff != SVY_DEFF_NONE;
    run r = { .e = e, .spec = spec, .alloc = alloc, .design = d, .err = err };
    r.threads = alloc != NULL ? 1 : spec->threads != 0 ? spec->threads : svyi_threads_default();
    if ((st = svyi_variables_find(&e->arena, f, spec, &r.plan, err)) == SVY_OK &&
        (st = svyi_domains_make(&e->arena, f, d, spec->by, spec->n_by, spec->where, &r.domains, err)) == SVY_OK &&
        (st = spec->fail_missing ? svyi_variables_complete(&r.plan, &r.domains, d->weights, d->rows, err) : SVY_OK) == SVY_OK &&
        (st = svyi_estimates_keep_by(e, d, &r.domains, err)) == SVY_OK)
        st = estimate_all(&r);
    if (st != SVY_OK) {
        svy_estimates_free(e);
        return st;
    }
    *out = e;
    return SVY_OK;
}
