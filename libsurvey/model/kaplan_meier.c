/* Survival curves: weighted sums at event times, their influences a few times at once, limits, and quantiles. */
#include <survey/survival.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/influence.h"
#include "model/curve_variance.h"
#include "model/likelihood.h"
#include "model/matrix_priv.h"
#include "model/risk.h"
#include "num/distribution.h"

enum { BATCH = 16 };

struct svy_survival {
    svyi_arena arena;
    svy_survival_row *rows; size_t count, room;
    uint64_t missing;
    size_t dropped;                      /* replicates that gave no number */
};

/* Sums by event time, under the weights of the design or of a replicate. left: Y - D of a product, else Y; drift: sum of D/(Y left) until then. */
typedef struct curve { double *deaths, *at_risk, *left, *survival, *drift; } curve;

typedef struct work {
    const svy_survival_spec *spec;
    const svy_design *design;
    svyi_arena scratch;
    svy_survival *out;
    svyi_matrix *matrix;
    const char *variable;
    uint8_t *used;                       /* by row: used and of positive weight */
    uint32_t *rows; size_t n;
    svyi_factor group;                   /* levels: NULL when there is one group */
    uint32_t *groups;                    /* by row of the data */
    size_t *group_rows;
    double *df;
    svyi_risk risk;
    curve curve;
    size_t batch;                        /* times in this batch */
    uint32_t *until;                     /* by group and time of the batch: the event after the last one that counts */
    svy_error *err;
} work;

/* ---- groups ---- */

static svy_status add_factor(work *w, const svyi_regressor *r, size_t *n, svyi_factor *factors)
{
    size_t rows = w->design->rows;
    uint8_t *missing = svyi_arena_get(&w->scratch, rows + 1);
    if (missing == NULL)
        return svyi_nomem(w->err);
    if (r->kind == SVYI_REGRESSOR_BASIS)
        return svyi_fail(w->err, SVY_E_TYPE, "'%s' has no groups: give a factor, or a number of few values", r->name);
    if (r->kind == SVYI_REGRESSOR_FACTOR) {
        factors[(*n)++] = r->factor;
        return SVY_OK;
    }
    for (size_t i = 0; i < rows; i++)
        missing[i] = w->used[i] ? SVY_PRESENT : SVY_REFUSED;
    svy_column c = { .name = r->name, .label = "", .type = SVY_T_DECIMAL, .numbers = r->numbers, .missing = missing };
    return svyi_factor_make(&w->scratch, &c, rows, &factors[(*n)++], w->err);
}

static svy_status find_groups(work *w)
{
    const svyi_formula *f = &w->matrix->formula;
    svyi_factor *factors = svyi_arena_get(&w->scratch, (f->n_variables + 2) * sizeof *factors);
    size_t n = 0, rows = w->design->rows;
    svy_status st = factors != NULL ? SVY_OK : svyi_nomem(w->err);
    for (size_t k = 0; st == SVY_OK && k < f->n_variables; k++)
        st = add_factor(w, &w->matrix->regressors[k], &n, factors);
    if (st == SVY_OK && w->matrix->strata.codes != NULL)
        factors[n++] = w->matrix->strata;
    if (st == SVY_OK && w->matrix->offset != NULL)
        st = svyi_fail(w->err, SVY_E_TYPE, "a survival curve takes no offset()");
    if (st == SVY_OK && n == 1)
        w->group = factors[0];
    if (st == SVY_OK && n > 1)
        st = svyi_factor_cross(&w->scratch, factors, n, rows, &w->group, w->err);
    if (st != SVY_OK)
        return st;
    if (n == 0)
        w->group.n_levels = 1;
    w->groups = svyi_arena_get(&w->scratch, (rows + 1) * sizeof *w->groups);
    w->group_rows = svyi_arena_get(&w->scratch, ((size_t)w->group.n_levels + 1) * sizeof *w->group_rows);
    if (w->groups == NULL || w->group_rows == NULL)
        return svyi_nomem(w->err);
    for (size_t i = 0; i < rows; i++)
        if (w->used[i]) {
            w->groups[i] = n > 0 ? w->group.codes[i] : 0;
            w->group_rows[w->groups[i]]++;
        }
    return SVY_OK;
}

/* Degrees of freedom of each group, all in one pass. */
static svy_status find_df(work *w)
{
    uint32_t levels = w->group.n_levels, *map = svyi_arena_get(&w->scratch, ((size_t)levels + 1) * sizeof *map);
    svyi_domains domains = { .count = levels, .n_by = 1, .by = { { w->groups, NULL, levels } }, .map = map, .keep = w->used };
    domains.first_row = svyi_arena_get(&w->scratch, ((size_t)levels + 1) * sizeof *domains.first_row);
    w->df = svyi_arena_get(&w->scratch, ((size_t)levels + 1) * sizeof *w->df);
    if (map == NULL || domains.first_row == NULL || w->df == NULL)
        return svyi_nomem(w->err);
    for (uint32_t k = 0; k < levels; k++)
        map[k] = k;
    for (size_t i = w->n; i-- > 0;)
        domains.first_row[w->groups[w->rows[i]]] = w->rows[i];
    return svyi_degrees_of_freedom(&w->scratch, w->design, &domains, w->df, w->err);
}

/* ---- curves ---- */

static svy_status get_curve(svyi_arena *arena, const svyi_risk *risk, curve *c, svy_error *err)
{
    double **arrays[] = { &c->deaths, &c->at_risk, &c->left, &c->survival, &c->drift };
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        if ((*arrays[k] = svyi_arena_get(arena, ((size_t)risk->events + 1) * sizeof(double))) == NULL)
            return svyi_nomem(err);
    return SVY_OK;
}

/* The weight under observation at each event time of a group: sums from the last time on. */
static void sum_group(const svyi_risk *r, const double *weights, uint32_t group, curve *c)
{
    size_t here = r->row_start[group + 1], out = here, begin = r->row_start[group];
    long double at_risk = 0;
    for (uint32_t event = r->event_start[group + 1]; event-- > r->event_start[group];) {
        long double deaths = 0;
        for (; here > begin && r->end[r->order[here - 1]] > event; here--) {
            uint32_t row = r->order[here - 1];
            at_risk += r->end[row] > r->first[row] ? (long double)weights[row] : 0;
            deaths += r->dead[row] && r->end[row] == event + 1 ? (long double)weights[row] : 0;
        }
        for (; r->entries != NULL && out > begin && r->first[r->entries[out - 1]] > event; out--)
            at_risk -= r->end[r->entries[out - 1]] > r->first[r->entries[out - 1]] ? (long double)weights[r->entries[out - 1]] : 0;
        c->deaths[event] = (double)deaths;
        c->at_risk[event] = (double)at_risk;
    }
}

static void make_curve(const work *w, const double *weights, curve *c)
{
    const svyi_risk *r = &w->risk;
    int product = w->spec->estimator == SVY_SURVIVAL_KAPLAN_MEIER;
    for (uint32_t g = 0; g < r->n_strata; g++) {
        double survival = 1, hazard = 0, drift = 0;
        sum_group(r, weights, g, c);
        for (uint32_t e = r->event_start[g]; e < r->event_start[g + 1]; e++) {
            double d = c->deaths[e], y = c->at_risk[e], part = d != 0 ? d / y : 0;
            survival *= 1 - part > 1e-14 ? 1 - part : 0;
            hazard += part;
            c->left[e] = product ? y - d : y;
            drift += d != 0 ? part / c->left[e] : 0;
            c->survival[e] = product ? survival : exp(-hazard);
            c->drift[e] = drift;
        }
    }
}

/* ---- the estimator: the curve at the times of the batch, by group ---- */

/* The derivative of ln S by the row's weight, until the event `until`. */
static double log_influence(const work *w, uint32_t row, uint32_t until)
{
    const svyi_risk *r = &w->risk;
    uint32_t first = r->first[row], end = r->end[row] < until ? r->end[row] : until;
    if (end <= first)
        return 0;
    double sum = w->curve.drift[end - 1] - (r->opens[first] ? 0 : w->curve.drift[first - 1]);
    return r->dead[row] && end == r->end[row] ? sum - 1 / w->curve.left[end - 1] : sum;
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const work *w = user;
    for (size_t i = 0; i < count; i++, z += w->batch) {
        uint32_t row = rows[i], g = w->used[row] ? w->groups[row] : SVYI_NO_DOMAIN;
        memset(z, 0, w->batch * sizeof *z);
        if (domain != NULL)
            domain[i] = g;
        for (size_t k = 0; g != SVYI_NO_DOMAIN && k < w->batch; k++) {
            uint32_t until = w->until[g * w->batch + k];
            double s = until > w->risk.event_start[g] ? w->curve.survival[until - 1] : 0;      /* before the first event it is 1, without influences */
            z[k] = s > 0 ? s * w->design->weights[row] * log_influence(w, row, until) : 0;
        }
    }
}

static void read_curve(const work *w, const curve *c, double *theta)
{
    for (uint32_t g = 0; g < w->risk.n_strata; g++)
        for (size_t k = 0; k < w->batch; k++) {
            uint32_t until = w->until[g * w->batch + k], first = w->risk.event_start[g];
            theta[g * w->batch + k] = until > first ? c->survival[until - 1] : 1;
        }
}

/* A replicate without a row of a group has no curve of it. */
static void drop_empty_groups(const work *w, const double *weights, double *theta)
{
    const svyi_risk *r = &w->risk;
    for (uint32_t g = 0; g < r->n_strata; g++) {
        int any = 0;
        for (size_t i = r->row_start[g]; i < r->row_start[g + 1] && !any; i++)
            any = weights[r->order[i]] != 0;
        for (size_t k = 0; k < w->batch && !any; k++)
            theta[g * w->batch + k] = nan("");
    }
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const work *w = user;
    svyi_arena scratch;
    curve c;
    svyi_arena_init(&scratch, &w->scratch.alloc);
    svy_status st = get_curve(&scratch, &w->risk, &c, err);
    if (st == SVY_OK) {
        make_curve(w, weights, &c);
        read_curve(w, &c, theta);
        drop_empty_groups(w, weights, theta);
    }
    svyi_arena_clear(&scratch);
    return st;
}

/* Survival and its variance at the times of `until`, which has width columns; the results by group and time. */
static svy_status batch_variance(work *w, double *survival, double *variance)
{
    svyi_estimator e = { { w->batch, w->risk.n_strata, fill, w }, values };
    svyi_arena scratch;
    unsigned threads = w->spec->threads;
    svyi_model_task task = { .threads = threads };
    size_t dropped = 0;
    svyi_arena_init(&scratch, &w->scratch.alloc);
    read_curve(w, &w->curve, survival);
    svy_status st = svyi_estimator_variance(&scratch, w->design, &e, survival, svyi_model_threads(&task), variance, NULL, &dropped, w->err);
    w->out->dropped = dropped > w->out->dropped ? dropped : w->out->dropped;
    svyi_arena_clear(&scratch);
    return st;
}

/* Variances at all event times of all groups, batch after batch: a pass of the rows for each, or as many estimates of every replicate. */
static svy_status variances_by_batch(work *w, double *variance)
{
    const svyi_risk *r = &w->risk;
    double *s = NULL, *v = NULL;
    size_t groups = r->n_strata, most = 0;
    for (uint32_t g = 0; g < r->n_strata; g++)
        most = r->event_start[g + 1] - r->event_start[g] > most ? r->event_start[g + 1] - r->event_start[g] : most;
    s = svyi_arena_get(&w->scratch, groups * BATCH * sizeof *s);
    v = svyi_arena_get(&w->scratch, groups * BATCH * sizeof *v);
    w->until = svyi_arena_get(&w->scratch, groups * BATCH * sizeof *w->until);
    svy_status st = s != NULL && v != NULL && w->until != NULL ? SVY_OK : svyi_nomem(w->err);
    for (size_t at = 0; st == SVY_OK && at < most; at += BATCH) {
        w->batch = most - at < BATCH ? most - at : BATCH;
        for (uint32_t g = 0; g < groups; g++)
            for (size_t k = 0; k < w->batch; k++) {
                size_t e = r->event_start[g] + at + k + 1;
                w->until[g * w->batch + k] = e < r->event_start[g + 1] ? (uint32_t)e : r->event_start[g + 1];
            }
        st = batch_variance(w, s, v);
        for (uint32_t g = 0; st == SVY_OK && g < groups; g++)
            for (size_t k = 0; k < w->batch && r->event_start[g] + at + k < r->event_start[g + 1]; k++)
                variance[r->event_start[g] + at + k] = v[g * w->batch + k];
    }
    return st;
}

static svy_status all_variances(work *w, double *variance)
{
    svyi_curve c = { w->design, &w->risk, w->curve.survival, w->curve.drift, w->curve.left };
    return svyi_design_plain(w->design) ? svyi_curve_variance(&w->scratch.alloc, &c, variance, w->err) : variances_by_batch(w, variance);
}

/* ---- limits ---- */

static double quantile_of(const work *w, uint32_t group)
{
    double p = (1 + w->spec->level) / 2;
    if (!w->spec->design_df)
        return svyi_normal_quantile(p);
    return w->df[group] > 0 ? svyi_t_quantile(p, w->df[group]) : nan("");
}

static void limits(svy_survival_interval kind, double s, double se, double q, double *lower, double *upper)
{
    double relative = se / s, ln = log(s);
    if (s >= 1 && se == 0) {
        *lower = *upper = s;
        return;
    }
    switch (kind) {
    case SVY_SURVIVAL_PLAIN:
        *lower = fmax(s - q * se, 0);
        *upper = fmin(s + q * se, 1);
        return;
    case SVY_SURVIVAL_LOG_LOG:
        *lower = exp(ln * exp(q * relative / -ln));
        *upper = exp(ln * exp(-q * relative / -ln));
        return;
    case SVY_SURVIVAL_LOG: default:
        *lower = exp(ln - q * relative);
        *upper = relative > 0 || !isnan(relative) ? fmin(exp(ln + q * relative), 1) : nan("");
    }
}

/* ---- rows of the result ---- */

static svy_survival_row *add_row(work *w, uint32_t group, const char *statistic)
{
    svy_survival *o = w->out;
    if (o->count == o->room && svyi_grow(&o->arena.alloc, &o->rows, &o->room, o->count + 1, sizeof *o->rows) < 0)
        return NULL;
    svy_survival_row *r = &o->rows[o->count++];
    *r = (svy_survival_row){ .statistic = statistic, .variable = w->variable, .level = w->group.levels != NULL ? w->group.levels[group] : "",
                             .prob = nan(""), .time = nan(""), .se = nan(""), .df = w->df[group], .n = w->group_rows[group] };
    return r;
}

/* A curve that has fallen to 0 as a product has no standard error. */
static svy_status add_point(work *w, uint32_t group, double time, double survival, double variance)
{
    svy_survival_row *r = add_row(w, group, "survival");
    if (r == NULL)
        return svyi_nomem(w->err);
    r->time = time;
    r->estimate = survival;
    r->se = survival > 0 ? sqrt(variance) : nan("");
    limits(w->spec->interval, survival, r->se, quantile_of(w, group), &r->lower, &r->upper);
    return SVY_OK;
}

static svy_status add_quantile(work *w, uint32_t group, double prob, const double *variance)
{
    const svyi_risk *k = &w->risk;
    svy_survival_row *r = add_row(w, group, "quantile");
    if (r == NULL)
        return svyi_nomem(w->err);
    r->prob = prob;
    r->estimate = r->lower = r->upper = nan("");
    for (uint32_t e = k->event_start[group + 1]; e-- > k->event_start[group];) {      /* the first time counts */
        double lower, upper, s = w->curve.survival[e], se = s > 0 ? sqrt(variance[e]) : nan(""), enough = prob * (1 + 1e-12);
        limits(w->spec->interval, s, se, quantile_of(w, group), &lower, &upper);
        r->estimate = s <= enough ? k->time[e] : r->estimate;
        r->lower = lower <= enough ? k->time[e] : r->lower;
        r->upper = upper <= enough ? k->time[e] : r->upper;
    }
    return SVY_OK;
}

static uint32_t events_until(const svyi_risk *r, uint32_t group, double time)
{
    uint32_t low = r->event_start[group], high = r->event_start[group + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->time[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Points at given times, of all groups, before the rows are put in order. */
static svy_status points_at(work *w, double *survival, double *variance)
{
    size_t groups = w->risk.n_strata, n = w->spec->n_at;
    double *s = svyi_arena_get(&w->scratch, groups * BATCH * sizeof *s), *v = svyi_arena_get(&w->scratch, groups * BATCH * sizeof *v);
    w->until = svyi_arena_get(&w->scratch, groups * BATCH * sizeof *w->until);
    svy_status st = s != NULL && v != NULL && w->until != NULL ? SVY_OK : svyi_nomem(w->err);
    for (size_t at = 0; st == SVY_OK && at < n; at += BATCH) {
        w->batch = n - at < BATCH ? n - at : BATCH;
        for (uint32_t g = 0; g < groups; g++)
            for (size_t k = 0; k < w->batch; k++)
                w->until[g * w->batch + k] = events_until(&w->risk, g, w->spec->at[at + k]);
        st = batch_variance(w, s, v);
        for (uint32_t g = 0; st == SVY_OK && g < groups; g++) {
            memcpy(survival + g * n + at, s + g * w->batch, w->batch * sizeof *s);
            memcpy(variance + g * n + at, v + g * w->batch, w->batch * sizeof *v);
        }
    }
    return st;
}

static svy_status add_group(work *w, uint32_t g, const double *survival, const double *variance, const double *whole)
{
    svy_status st = SVY_OK;
    size_t n = w->spec->n_at;
    for (size_t k = 0; st == SVY_OK && k < n; k++)
        st = add_point(w, g, w->spec->at[k], survival[g * n + k], variance[g * n + k]);
    for (uint32_t e = w->risk.event_start[g]; n == 0 && w->spec->n_quantiles == 0 && st == SVY_OK && e < w->risk.event_start[g + 1]; e++)
        st = add_point(w, g, w->risk.time[e], w->curve.survival[e], whole[e]);
    for (size_t k = 0; st == SVY_OK && k < w->spec->n_quantiles; k++)
        st = add_quantile(w, g, w->spec->quantiles[k], whole);
    return st;
}

static svy_status add_rows(work *w)
{
    size_t groups = w->risk.n_strata, n = w->spec->n_at;
    double *survival = svyi_arena_get(&w->scratch, (groups * n + 1) * sizeof *survival);
    double *variance = svyi_arena_get(&w->scratch, (groups * n + 1) * sizeof *variance);
    double *whole = svyi_arena_get(&w->scratch, ((size_t)w->risk.events + 1) * sizeof *whole);
    svy_status st = survival != NULL && variance != NULL && whole != NULL ? SVY_OK : svyi_nomem(w->err);
    if (st == SVY_OK && n > 0)
        st = points_at(w, survival, variance);
    if (st == SVY_OK && (n == 0 || w->spec->n_quantiles > 0))
        st = all_variances(w, whole);
    for (uint32_t g = 0; st == SVY_OK && g < groups; g++)
        if (w->group_rows[g] > 0)
            st = add_group(w, g, survival, variance, whole);
    return st;
}

/* ---- the call ---- */

static svy_status choose_rows(work *w, const uint8_t *keep)
{
    const uint8_t *used = svyi_matrix_used(w->matrix);
    size_t rows = w->design->rows;
    w->rows = svyi_arena_get(&w->scratch, (rows + 1) * sizeof *w->rows);
    w->used = svyi_arena_get(&w->scratch, rows + 1);
    if (w->rows == NULL || w->used == NULL)
        return svyi_nomem(w->err);
    for (size_t i = 0; i < rows; i++) {
        if (!(w->design->weights[i] > 0) || (keep != NULL && !keep[i]))
            continue;
        w->used[i] = used[i] != 0;
        w->out->missing += !used[i];
        if (used[i])
            w->rows[w->n++] = (uint32_t)i;
    }
    return SVY_OK;
}

static svy_status estimate(work *w, const svy_frame *f)
{
    uint8_t *keep = NULL;
    svy_status st = SVY_OK;
    if (w->spec->where != NULL) {
        keep = svyi_arena_get(&w->scratch, w->design->rows + 1);
        st = keep != NULL ? svy_frame_where(f, w->spec->where, keep, w->err) : svyi_nomem(w->err);
    }
    if (st == SVY_OK)
        st = svyi_matrix_new(&w->scratch.alloc, f, w->spec->formula, w->design->weights, keep, &w->matrix, w->err);
    if (st == SVY_OK)
        st = choose_rows(w, keep);
    if (st == SVY_OK)
        st = find_groups(w);
    if (st != SVY_OK)
        return st;
    svyi_risk_input in = { svyi_matrix_response(w->matrix), w->design->rows, w->rows, w->n, w->groups, w->group.n_levels, 0 };
    st = svyi_risk_make(&w->scratch, &in, &w->risk, w->err);
    if (st == SVY_OK)
        st = find_df(w);
    if (st == SVY_OK)
        st = get_curve(&w->scratch, &w->risk, &w->curve, w->err);
    if (st == SVY_OK && (w->variable = svyi_arena_text(&w->out->arena, in.response->name, strlen(in.response->name))) == NULL)
        st = svyi_nomem(w->err);
    if (st == SVY_OK) {
        make_curve(w, w->design->weights, &w->curve);
        st = add_rows(w);
    }
    return st;
}

static svy_status keep_texts(work *w)
{
    for (size_t i = 0; i < w->out->count; i++) {
        svy_survival_row *r = &w->out->rows[i];
        r->level = i > 0 && strcmp(r->level, w->out->rows[i - 1].level) == 0 ? w->out->rows[i - 1].level
                                                                              : svyi_arena_text(&w->out->arena, r->level, strlen(r->level));
        if (r->level == NULL)
            return svyi_nomem(w->err);
    }
    return SVY_OK;
}

static svy_status check_spec(const svy_survival_spec *spec, svy_error *err)
{
    SVY_REQUIRE(spec->level > 0 && spec->level < 1, err);
    for (size_t k = 0; k < spec->n_quantiles; k++)
        if (!(spec->quantiles[k] > 0 && spec->quantiles[k] < 1))
            return svyi_fail(err, SVY_E_VALUE, "%g is not a share of survivors: a quantile needs one between 0 and 1", spec->quantiles[k]);
    for (size_t k = 0; k < spec->n_at; k++)
        if (!isfinite(spec->at[k]))
            return svyi_fail(err, SVY_E_VALUE, "%g is not a time at which survival can be estimated", spec->at[k]);
    return SVY_OK;
}

svy_status svy_survival_estimate(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_survival_spec *spec, svy_survival **out,
                                 svy_error *err)
{
    svyi_arena arena;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL && spec->size >= sizeof *spec && spec->formula != NULL, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    svy_status st = check_spec(spec, err);
    if (st != SVY_OK)
        return st;
    svyi_arena_init(&arena, alloc);
    svy_survival *s = svyi_arena_get(&arena, sizeof *s);
    if (s == NULL)
        return svyi_nomem(err);
    *s = (svy_survival){ .arena = arena };
    work w = { .spec = spec, .design = d, .out = s, .err = err };
    svyi_arena_init(&w.scratch, alloc);
    st = estimate(&w, f);
    if (st == SVY_OK)
        st = keep_texts(&w);
    svyi_matrix_free(w.matrix);
    svyi_arena_clear(&w.scratch);
    if (st == SVY_OK)
        *out = s;
    else
        svy_survival_free(s);
    return st;
}

void svy_survival_free(svy_survival *s)
{
    if (s == NULL)
        return;
    svyi_release(&s->arena.alloc, s->rows, s->room * sizeof *s->rows);
    svyi_arena arena = s->arena;
    svyi_arena_clear(&arena);
}

size_t svy_survival_count(const svy_survival *s) { return s->count; }
const svy_survival_row *svy_survival_row_at(const svy_survival *s, size_t index) { return index < s->count ? &s->rows[index] : NULL; }
size_t svy_survival_dropped(const svy_survival *s) { return s->dropped; }
uint64_t svy_survival_missing(const svy_survival *s) { return s->missing; }
