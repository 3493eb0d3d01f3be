/* Contrasts: values and gradients of expressions of estimates, their variance by the delta method, and a joint test. */
#include "estimate/contrast.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/estimates.h"
#include "estimate/influence.h"
#include "estimate/interval.h"
#include "num/distribution.h"
#include "num/matrix.h"

enum { CONTRASTS_MAX = 1000 };
static const double RANK_TOLERANCE = 1e-12;

/* ---- functions and their derivatives ---- */

static double logit(double x) { return log(x / (1 - x)); }
static double expit(double x) { return 1 / (1 + exp(-x)); }
static double log_slope(double x) { return 1 / x; }
static double sqrt_slope(double x) { return 0.5 / sqrt(x); }
static double logit_slope(double x) { return 1 / (x * (1 - x)); }
static double expit_slope(double x) { return expit(x) * expit(-x); }
static double asin_slope(double x) { return 1 / sqrt((1 - x) * (1 + x)); }
static double cos_slope(double x) { return -sin(x); }
static double tan_slope(double x) { return 1 + tan(x) * tan(x); }

static const struct function { const char *name; double (*value)(double), (*slope)(double); } FUNCTIONS[] = {
    { "log", log, log_slope }, { "exp", exp, exp }, { "sqrt", sqrt, sqrt_slope }, { "logit", logit, logit_slope }, { "expit", expit, expit_slope },
    { "asin", asin, asin_slope }, { "sin", sin, cos }, { "cos", cos, cos_slope }, { "tan", tan, tan_slope }
};

int svyi_contrast_function(const char *name)
{
    for (size_t k = 0; k < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; k++)
        if (strcmp(FUNCTIONS[k].name, name) == 0)
            return (int)k;
    return -1;
}

/* ---- evaluation ---- */

/* A number and its gradient. */
typedef struct dual { double value, *gradient; } dual;

/* a = f(a, b) whose partial derivatives are da and db. */
static void combine(dual *a, const dual *b, size_t n, double value, double da, double db)
{
    a->value = value;
    for (size_t k = 0; k < n; k++)
        a->gradient[k] = (a->gradient[k] != 0 ? da * a->gradient[k] : 0) + (b != NULL && b->gradient[k] != 0 ? db * b->gradient[k] : 0);
}

/* The slope in the exponent only counts where the exponent is not constant: `combine` leaves zero gradients alone. */
static void raise(dual *a, const dual *b, size_t n)
{
    double x = a->value, y = b->value, value = pow(x, y);
    combine(a, b, n, value, y * pow(x, y - 1), value * log(x));
}

static void apply(const svyi_contrast_step *s, dual *top, size_t n)
{
    dual *a = top - 1;
    switch (s->op) {
    case SVYI_CONTRAST_ADD: combine(a, top, n, a->value + top->value, 1, 1); return;
    case SVYI_CONTRAST_SUBTRACT: combine(a, top, n, a->value - top->value, 1, -1); return;
    case SVYI_CONTRAST_MULTIPLY: combine(a, top, n, a->value * top->value, top->value, a->value); return;
    case SVYI_CONTRAST_DIVIDE: combine(a, top, n, a->value / top->value, 1 / top->value, -a->value / (top->value * top->value)); return;
    case SVYI_CONTRAST_POWER: raise(a, top, n); return;
    case SVYI_CONTRAST_NEGATE: combine(top, NULL, n, -top->value, -1, 0); return;
    case SVYI_CONTRAST_FUNCTION:
        combine(top, NULL, n, FUNCTIONS[s->index].value(top->value), FUNCTIONS[s->index].slope(top->value), 0);
        return;
    case SVYI_CONTRAST_NUMBER: case SVYI_CONTRAST_NAME: return;
    }
}

static int takes_two(svyi_contrast_op op) { return op != SVYI_CONTRAST_NEGATE && op != SVYI_CONTRAST_FUNCTION; }

/* Value and gradient (n_names numbers). @return SVY_OK or SVY_E_NOMEM */
static svy_status run_program(svyi_arena *scratch, const svyi_contrast_program *p, const svy_estimates *e, double *value, double *gradient,
                              svy_error *err)
{
    size_t n = p->n_names, top = 0;
    dual *stack = svyi_arena_get(scratch, (p->depth + 1) * sizeof *stack);
    double *gradients = svyi_arena_get(scratch, (p->depth * n + 1) * sizeof *gradients);
    if (stack == NULL || gradients == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < p->depth; k++)
        stack[k].gradient = gradients + k * n;
    for (size_t i = 0; i < p->n_steps; i++) {
        const svyi_contrast_step *s = &p->steps[i];
        if (s->op == SVYI_CONTRAST_NUMBER || s->op == SVYI_CONTRAST_NAME) {
            dual *d = &stack[top++];
            memset(d->gradient, 0, n * sizeof *d->gradient);
            d->value = s->op == SVYI_CONTRAST_NUMBER ? s->number : svy_estimates_row(e, p->names[s->index])->estimate;
            if (s->op == SVYI_CONTRAST_NAME)
                d->gradient[s->index] = 1;
        } else {
            apply(s, &stack[top - 1], n);
            top -= (size_t)takes_two(s->op);
        }
    }
    *value = isfinite(stack[0].value) ? stack[0].value : nan("");
    memcpy(gradient, stack[0].gradient, n * sizeof *gradient);
    return SVY_OK;
}

/* ---- contrasts ---- */

typedef struct contrasts {
    const svy_estimates *from;
    const svy_contrast_spec *spec;
    svyi_arena *scratch;
    svyi_contrast_program *programs;
    double **gradients, *values, *covariance;
    size_t n;
    svy_error *err;
} contrasts;

static svy_status evaluate_all(contrasts *c, const svy_alloc *alloc)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < c->n && st == SVY_OK; i++) {
        if ((st = svyi_contrast_parse(alloc, c->spec->expressions[i], c->from, &c->programs[i], c->err)) != SVY_OK)
            return st;
        if ((c->gradients[i] = svyi_arena_get(c->scratch, (c->programs[i].n_names + 1) * sizeof **c->gradients)) == NULL)
            return svyi_nomem(c->err);
        st = run_program(c->scratch, &c->programs[i], c->from, &c->values[i], c->gradients[i], c->err);
    }
    return st;
}

static double covariance_of(const contrasts *c, size_t i, size_t j)
{
    const svyi_contrast_program *a = &c->programs[i], *b = &c->programs[j];
    double sum = 0;
    for (size_t k = 0; k < a->n_names; k++)
        for (size_t l = 0; l < b->n_names; l++)
            if (c->gradients[i][k] != 0 && c->gradients[j][l] != 0)
                sum += c->gradients[i][k] * c->gradients[j][l] * svy_estimates_covariance(c->from, a->names[k], b->names[l]);
    return i == j && sum < 0 ? 0 : sum;
}

/* Rows of the domains an expression names, each domain once. */
static void count_rows(const contrasts *c, const svyi_contrast_program *p, svy_estimate_row *row)
{
    for (size_t k = 0; k < p->n_names; k++) {
        size_t domain = p->names[k] % c->from->domains;
        int seen = 0;
        for (size_t l = 0; l < k && !seen; l++)
            seen = p->names[l] % c->from->domains == domain;
        row->n += seen ? 0 : svy_estimates_row(c->from, p->names[k])->n;
        row->missing += seen ? 0 : svy_estimates_row(c->from, p->names[k])->missing;
    }
}

static double largest_df(const svy_estimates *e)
{
    double df = 0;
    for (size_t i = 0; i < svy_estimates_count(e); i++)
        df = svy_estimates_row(e, i)->df > df ? svy_estimates_row(e, i)->df : df;
    return df;
}

static svy_status set_rows(contrasts *c, svy_estimates *out)
{
    double df = c->spec->design_df > 0 ? c->spec->design_df : largest_df(c->from);
    out->rows = svyi_arena_get(&out->arena, (c->n + 1) * sizeof *out->rows);
    out->covariance = c->covariance;
    out->domains = 1;
    out->outputs = out->count = c->n;
    for (size_t i = 0; out->rows != NULL && i < c->n; i++) {
        svy_estimate_row *row = &out->rows[i];
        double variance = isnan(c->values[i]) ? nan("") : c->covariance[i * c->n + i];
        char *name = svyi_arena_text(&out->arena, c->spec->expressions[i], strlen(c->spec->expressions[i]));
        if (name == NULL)
            return svyi_nomem(c->err);
        *row = (svy_estimate_row){ .statistic = svy_statistic_name(SVY_STAT_CONTRAST), .variable = name, .level = "", .prob = nan(""),
                                   .estimate = c->values[i], .se = sqrt(variance), .df = df, .deff = nan("") };
        row->cv = row->se / row->estimate;
        count_rows(c, &c->programs[i], row);
        svyi_interval_input in = { row->estimate, variance, c->spec->df == SVY_DF_DESIGN ? df : (double)INFINITY, df, (double)row->n, (double)row->n,
                                   c->spec->level };
        svyi_interval(SVY_INTERVAL_DEFAULT, &in, &row->lower, &row->upper);
    }
    return out->rows != NULL ? SVY_OK : svyi_nomem(c->err);
}

/* 1 over the standard error, so that contrasts of any size count alike in the rank; 0 for one that does not vary. */
static double scale_of(const contrasts *c, size_t i)
{
    double variance = c->covariance[i * c->n + i];
    return variance > 0 ? 1 / sqrt(variance) : 0;
}

static svy_status test(contrasts *c, svy_wald *wald)
{
    size_t n = c->n;
    double df = c->spec->design_df > 0 ? c->spec->design_df : largest_df(c->from), sum = 0;
    double *inverse = svyi_arena_get(c->scratch, (n * n + 1) * sizeof *inverse), *scaled = svyi_arena_get(c->scratch, (n * n + 1) * sizeof *scaled);
    *wald = (svy_wald){ nan(""), nan(""), nan(""), nan("") };
    if (inverse == NULL || scaled == NULL)
        return svyi_nomem(c->err);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(c->values[i]) || !isfinite(c->covariance[i * n + i]))
            return SVY_OK;
    for (size_t i = 0; i < n * n; i++)
        scaled[i] = c->covariance[i] * scale_of(c, i / n) * scale_of(c, i % n);
    size_t rank = svyi_pseudo_inverse(c->scratch, scaled, n, RANK_TOLERANCE, inverse);
    if (rank == SIZE_MAX)
        return svyi_nomem(c->err);
    if (rank == 0)
        return SVY_OK;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            sum += c->values[i] * scale_of(c, i) * inverse[i * n + j] * scale_of(c, j) * c->values[j];
    double ddf = c->spec->df == SVY_DF_NORMAL ? (double)INFINITY : df;
    *wald = (svy_wald){ sum / (double)rank, (double)rank, ddf, svyi_f_upper(sum / (double)rank, (double)rank, ddf) };
    return SVY_OK;
}

static svy_status check(const svy_estimates *e, const svy_contrast_spec *spec, svy_error *err)
{
    SVY_REQUIRE(e != NULL && spec != NULL, err);
    SVY_REQUIRE(spec->size >= sizeof *spec, err);
    SVY_REQUIRE(spec->n_expressions > 0, err);
    SVY_REQUIRE(spec->level > 0 && spec->level < 1, err);
    if (spec->n_expressions > CONTRASTS_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "there are %zu contrasts: the limit is %d", spec->n_expressions, CONTRASTS_MAX);
    if (e->covariance == NULL)
        return svyi_fail(err, SVY_E_STATE, "the estimates have no covariances: ask for them when estimating");
    return SVY_OK;
}

svy_status svy_contrast(const svy_alloc *alloc, const svy_estimates *e, const svy_contrast_spec *spec, svy_estimates **out, svy_wald *wald, svy_error *err)
{
    svyi_arena scratch;
    svy_estimates *made;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = check(e, spec, err);
    if (st != SVY_OK || (st = svyi_estimates_new(alloc, SVY_STAT_CONTRAST, &made, err)) != SVY_OK)
        return st;
    svyi_arena_init(&scratch, alloc);
    contrasts c = { .from = e, .spec = spec, .scratch = &scratch, .n = spec->n_expressions, .err = err };
    c.programs = svyi_arena_get(&scratch, c.n * sizeof *c.programs);
    c.gradients = svyi_arena_get(&scratch, c.n * sizeof *c.gradients);
    c.values = svyi_arena_get(&scratch, c.n * sizeof *c.values);
    c.covariance = svyi_arena_get(&made->arena, c.n * c.n * sizeof *c.covariance);
    if (c.programs == NULL || c.gradients == NULL || c.values == NULL || c.covariance == NULL)
        st = svyi_nomem(err);
    if (st == SVY_OK && (st = evaluate_all(&c, alloc)) == SVY_OK) {
        for (size_t i = 0; i < c.n * c.n; i++)
            c.covariance[i] = covariance_of(&c, i / c.n, i % c.n);
        st = set_rows(&c, made);
    }
    if (st == SVY_OK && wald != NULL)
        st = test(&c, wald);
    for (size_t i = 0; c.programs != NULL && i < c.n; i++)
        svyi_contrast_clear(alloc, &c.programs[i]);
    svyi_arena_clear(&scratch);
    if (st != SVY_OK) {
        svy_estimates_free(made);
        return st;
    }
    *out = made;
    return SVY_OK;
}

svy_status svy_degrees_of_freedom(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const char *where, double *df, svy_error *err)
{
    svyi_arena scratch;
    svyi_domains domains;
    SVY_REQUIRE(f != NULL && d != NULL && df != NULL, err);
    *df = nan("");
    svyi_arena_init(&scratch, alloc);
    svy_status st = svyi_domains_make(&scratch, f, d, NULL, 0, where, &domains, err);
    if (st == SVY_OK)
        st = svyi_degrees_of_freedom(&scratch, d, &domains, df, err);
    svyi_arena_clear(&scratch);
    return st;
}
