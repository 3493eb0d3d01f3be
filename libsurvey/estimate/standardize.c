/* Direct standardisation: cell means of every domain, put together with the shares of a standard population. */
#include <survey/standardize.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "estimate/interval.h"
#include "estimate/request.h"

enum { NUMBERS_MAX = 1 << 26 };

typedef struct rates {
    svyi_request *request;
    size_t n_outcomes, width, n_cells;     /* variables, outputs, cells of the standard */
    uint32_t *cell;                        /* by row, SVYI_NO_DOMAIN where unknown */
    double *share;                         /* by cell, they add up to 1 */
    double *weight, *mean;                 /* domains * cells, domains * cells * width */
    double *present;                       /* by domain: sum of the shares of cells that have rows */
    double *theta;
} rates;

/* ---- what is asked for ---- */

/* "factor(`name`)", or the text itself when it is one already. */
static char *as_factor(svyi_arena *arena, const char *text, int quote)
{
    size_t len = strlen(text), n = 0;
    char *out = svyi_arena_get(arena, 2 * len + 16);
    if (out == NULL)
        return NULL;
    if (!quote && strncmp(text, "factor(", 7) == 0) {
        memcpy(out, text, len + 1);
        return out;
    }
    n = (size_t)snprintf(out, 2 * len + 16, "factor(%s", quote ? "`" : "");
    for (const char *c = text; *c != '\0'; c++) {
        out[n++] = *c;
        if (quote && *c == '`')
            out[n++] = '`';
    }
    memcpy(out + n, quote ? "`)" : ")", quote ? 3 : 2);
    return out;
}

/* The variables of the request, and behind them those of the standard as factors: rows need all of them. */
static svy_status all_variables(svyi_arena *arena, const svy_estimate_spec *spec, const svy_standard *s, const char ***out, svy_error *err)
{
    const char **texts = svyi_arena_get(arena, (spec->n_variables + s->n_variables + 1) * sizeof *texts);
    *out = texts;
    for (size_t i = 0; texts != NULL && i < spec->n_variables; i++)
        if ((texts[i] = spec->statistic == SVY_STAT_PROPORTION ? as_factor(arena, spec->variables[i], 0) : spec->variables[i]) == NULL)
            return svyi_nomem(err);
    for (size_t i = 0; texts != NULL && i < s->n_variables; i++)
        if ((texts[spec->n_variables + i] = as_factor(arena, s->variables[i], 1)) == NULL)
            return svyi_nomem(err);
    return texts != NULL ? SVY_OK : svyi_nomem(err);
}

/* ---- cells ---- */

static uint32_t level_of(const svyi_factor *f, const char *text)
{
    for (uint32_t l = 0; l < f->n_levels; l++)
        if (strcmp(f->levels[l], text) == 0)
            return l;
    return SVYI_NO_DOMAIN;
}

static void cell_name(const svy_standard *s, size_t cell, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t k = 0; k < s->n_variables && used < size; k++)
        used += (size_t)snprintf(out + used, size - used, "%s%s = %s", k > 0 ? ", " : "", s->variables[k], s->levels[cell * s->n_variables + k]);
}

/* map[combination of levels] becomes 1 + cell. */
static svy_status map_cells(rates *r, const svy_standard *s, const svyi_variable *v, uint32_t *map)
{
    char name[160];
    double sum = 0;
    for (size_t c = 0; c < s->n_cells; c++) {
        size_t code = 0;
        int known = 1;
        for (size_t k = s->n_variables; k-- > 0;) {
            uint32_t l = level_of(&v[k].factor, s->levels[c * s->n_variables + k]);
            known &= l != SVYI_NO_DOMAIN;
            code = code * v[k].factor.n_levels + (known ? l : 0);
        }
        cell_name(s, c, name, sizeof name);
        if (!(s->counts[c] >= 0 && isfinite(s->counts[c])))
            return svyi_fail(r->request->err, SVY_E_VALUE, "the standard population has %g at %s: give counts or shares of at least 0", s->counts[c], name);
        if (known && map[code] != 0)
            return svyi_fail(r->request->err, SVY_E_VALUE, "the standard population has %s twice: give every cell once", name);
        if (known)
            map[code] = (uint32_t)c + 1;
        r->share[c] = s->counts[c];
        sum += s->counts[c];
    }
    if (!(sum > 0))
        return svyi_fail(r->request->err, SVY_E_VALUE, "the counts of the standard population add up to 0: give shares or counts");
    for (size_t c = 0; c < s->n_cells; c++)
        r->share[c] /= sum;
    return SVY_OK;
}

static svy_status no_cell(const rates *r, const svyi_variable *v, size_t n, size_t row)
{
    char name[160] = "";
    size_t used = 0;
    for (size_t k = 0; k < n && used < sizeof name; k++)
        used += (size_t)snprintf(name + used, sizeof name - used, "%s%s = %s", k > 0 ? ", " : "", v[k].name, v[k].factor.levels[v[k].factor.codes[row]]);
    return svyi_fail(r->request->err, SVY_E_VALUE, "row %zu has %s, which the standard population does not have: add it, with 0 if need be", row + 1, name);
}

static svy_status find_cells(rates *r, const svy_standard *s, svyi_arena *arena)
{
    svyi_request *q = r->request;
    const svyi_variable *v = q->plan.variables + r->n_outcomes;
    size_t combinations = 1;
    for (size_t k = 0; k < s->n_variables; k++)
        if ((combinations *= v[k].factor.n_levels) > SVYI_COMBINATIONS_MAX)
            return svyi_fail(q->err, SVY_E_LIMIT, "the variables to standardise by have more than %d combinations", SVYI_COMBINATIONS_MAX);
    uint32_t *map = svyi_arena_get(arena, (combinations + 1) * sizeof *map);
    r->cell = svyi_arena_get(arena, (q->design->rows + 1) * sizeof *r->cell);
    r->share = svyi_arena_get(arena, (s->n_cells + 1) * sizeof *r->share);
    if (map == NULL || r->cell == NULL || r->share == NULL)
        return svyi_nomem(q->err);
    svy_status st = map_cells(r, s, v, map);
    for (size_t i = 0; i < q->design->rows && st == SVY_OK; i++) {
        size_t code = 0;
        r->cell[i] = SVYI_NO_DOMAIN;
        if (q->design->weights[i] == 0 || svyi_request_domain(q, i) == SVYI_NO_DOMAIN)
            continue;
        for (size_t k = s->n_variables; k-- > 0;)
            code = code * v[k].factor.n_levels + v[k].factor.codes[i];
        if (map[code] == 0)
            return no_cell(r, v, s->n_variables, i);
        r->cell[i] = map[code] - 1;
    }
    return st;
}

/* ---- the estimator ---- */

static size_t outputs_of(const svyi_variable *v) { return v->factor.n_levels > 0 ? v->factor.n_levels : 1; }

/* The row's value of every output: a number, or 1 at its level. */
static void outcomes(const rates *r, size_t row, double *y)
{
    memset(y, 0, r->width * sizeof *y);
    for (size_t i = 0; i < r->n_outcomes; i++) {
        const svyi_variable *v = &r->request->plan.variables[i];
        if (v->factor.n_levels > 0)
            y[v->factor.codes[row]] = 1;
        else
            y[0] = v->numbers[row];
        y += outputs_of(v);
    }
}

static void estimate(const rates *r, const double *weights, double *weight, double *mean, double *present, double *theta, double *y)
{
    const svyi_request *q = r->request;
    size_t domains = q->domains.count, cells = domains * r->n_cells, width = r->width;
    memset(weight, 0, cells * sizeof *weight);
    memset(mean, 0, cells * width * sizeof *mean);
    memset(present, 0, domains * sizeof *present);
    memset(theta, 0, domains * width * sizeof *theta);
    for (size_t i = 0; i < q->design->rows; i++) {
        if (r->cell[i] == SVYI_NO_DOMAIN || weights[i] == 0)
            continue;
        size_t at = svyi_request_domain(q, i) * r->n_cells + r->cell[i];
        outcomes(r, i, y);
        weight[at] += weights[i];
        for (size_t k = 0; k < width; k++)
            mean[at * width + k] += weights[i] * y[k];
    }
    for (size_t at = 0; at < cells; at++) {
        if (weight[at] == 0)
            continue;
        present[at / r->n_cells] += r->share[at % r->n_cells];
        for (size_t k = 0; k < width; k++) {
            mean[at * width + k] /= weight[at];
            theta[at / r->n_cells * width + k] += r->share[at % r->n_cells] * mean[at * width + k];
        }
    }
    for (size_t k = 0; k < domains * width; k++)
        theta[k] = present[k / width] > 0 ? theta[k] / present[k / width] : nan("");
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const rates *r = user;
    const svyi_request *q = r->request;
    for (size_t i = 0; i < count; i++, z += r->width) {
        size_t row = rows[i];
        uint32_t d = r->cell[row] != SVYI_NO_DOMAIN ? svyi_request_domain(q, row) : SVYI_NO_DOMAIN;
        if (domain != NULL)
            domain[i] = d;
        memset(z, 0, r->width * sizeof *z);
        if (d == SVYI_NO_DOMAIN)
            continue;
        size_t at = d * r->n_cells + r->cell[row];
        double factor = r->present[d] > 0 ? r->share[r->cell[row]] / r->present[d] * q->design->weights[row] / r->weight[at] : 0;
        outcomes(r, row, z);
        for (size_t k = 0; k < r->width; k++)
            z[k] = factor * (z[k] - r->mean[at * r->width + k]);
    }
}

/* Room for the sums: weights of cells, means, shares present, a row's outcomes. */
static double *get_sums(const rates *r, svyi_arena *arena, double **mean, double **present, double **y)
{
    size_t domains = r->request->domains.count, cells = domains * r->n_cells;
    double *weight = svyi_arena_get(arena, (cells * (1 + r->width) + domains + r->width + 1) * sizeof *weight);
    if (weight != NULL) {
        *mean = weight + cells;
        *present = *mean + cells * r->width;
        *y = *present + domains;
    }
    return weight;
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const rates *r = user;
    double *mean, *present, *y;
    svyi_arena scratch;
    svyi_arena_init(&scratch, r->request->alloc);
    double *weight = get_sums(r, &scratch, &mean, &present, &y);
    if (weight != NULL)
        estimate(r, weights, weight, mean, present, theta, y);
    svyi_arena_clear(&scratch);
    return weight != NULL ? SVY_OK : svyi_nomem(err);
}

/* ---- the result ---- */

static svy_status name_outputs(const rates *r, const char **names, const char **levels)
{
    size_t at = 0;
    if (names == NULL || levels == NULL)
        return svyi_nomem(r->request->err);
    for (size_t i = 0; i < r->n_outcomes; i++) {
        const svyi_variable *v = &r->request->plan.variables[i];
        for (size_t l = 0; l < outputs_of(v); l++, at++) {
            names[at] = v->name;
            levels[at] = v->factor.n_levels > 0 ? v->factor.levels[l] : "";
        }
    }
    return SVY_OK;
}

static void set_limits(const rates *r)
{
    const svyi_request *q = r->request;
    svy_interval kind = q->spec->interval;
    for (size_t i = 0; kind != SVY_INTERVAL_DEFAULT && i < q->e->count; i++) {
        svy_estimate_row *row = &q->e->rows[i];
        size_t d = i % q->e->domains;
        svyi_interval_input in = { row->estimate, row->se * row->se, svyi_request_limit_df(q, d, 1), q->df[d], (double)q->rows[d], (double)q->n[d],
                                   q->spec->level };
        if (row->level[0] != '\0')
            svyi_interval(kind, &in, &row->lower, &row->upper);
    }
}

static svy_status run(rates *r, const svy_standard *s)
{
    svyi_request *q = r->request;
    double *y = NULL;
    for (size_t i = 0; i < r->n_outcomes; i++)
        r->width += outputs_of(&q->plan.variables[i]);
    r->n_cells = s->n_cells;
    if (q->domains.count > NUMBERS_MAX / (r->n_cells * (r->width + 1)))
        return svyi_fail(q->err, SVY_E_LIMIT, "%zu domains with %zu cells are too many to standardise", q->domains.count, r->n_cells);
    svy_status st = find_cells(r, s, &q->scratch);
    if (st != SVY_OK)
        return st;
    const char **names = svyi_arena_get(&q->e->arena, r->width * sizeof *names), **levels = svyi_arena_get(&q->e->arena, r->width * sizeof *levels);
    r->weight = get_sums(r, &q->scratch, &r->mean, &r->present, &y);
    r->theta = svyi_arena_get(&q->scratch, (q->domains.count * r->width + 1) * sizeof *r->theta);
    if (r->weight == NULL || r->theta == NULL)
        return svyi_nomem(q->err);
    estimate(r, q->design->weights, r->weight, r->mean, r->present, r->theta, y);
    svyi_estimator e = { { r->width, q->domains.count, fill, r }, values };
    if ((st = name_outputs(r, names, levels)) == SVY_OK && (st = svyi_request_fit(q, &e, r->theta, names, levels)) == SVY_OK)
        set_limits(r);
    return st;
}

static size_t count_empty(const rates *r)
{
    size_t n = 0;
    for (size_t at = 0; at < r->request->domains.count * r->n_cells; at++)
        n += r->weight[at] == 0 && r->share[at % r->n_cells] > 0;
    return n;
}

svy_status svy_standardize(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, const svy_standard *standard,
                           svy_estimates **out, size_t *empty, svy_error *err)
{
    svyi_request q;
    svyi_arena texts;
    SVY_REQUIRE(out != NULL && spec != NULL && standard != NULL, err);
    *out = NULL;
    if (empty != NULL)
        *empty = 0;
    SVY_REQUIRE(spec->statistic == SVY_STAT_MEAN || spec->statistic == SVY_STAT_PROPORTION, err);
    SVY_REQUIRE(spec->n_variables > 0 && standard->n_variables > 0 && standard->n_cells > 0, err);
    svyi_arena_init(&texts, alloc);
    svy_estimate_spec all = *spec;
    const char **variables;
    svy_status st = all_variables(&texts, spec, standard, &variables, err);
    if (st == SVY_OK) {
        all.variables = variables;
        all.n_variables = spec->n_variables + standard->n_variables;
        st = svyi_request_begin(&q, alloc, f, d, &all, spec->statistic, 0, NULL, err);
        rates r = { .request = &q, .n_outcomes = spec->n_variables };
        if (st == SVY_OK && (st = run(&r, standard)) == SVY_OK && empty != NULL)
            *empty = count_empty(&r);
        st = svyi_request_end(&q, st, out);
    }
    svyi_arena_clear(&texts);
    return st;
}
