/* Cox regression: weighted partial likelihood with ties by Efron or Breslow, and the influence of each row on its coefficients. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/family.h"
#include "model/likelihood.h"
#include "model/risk.h"
#include "num/matrix.h"

/* With r = w exp(eta) and, at an event time, S0 and S1 the sums of r and r x over rows at risk, E0 and E1 those over the d deaths and D the weight of
   these, Efron's likelihood lets the deaths leave one after another: the k-th meets the mean (S1 - k/d E1) / (S0 - k/d E0) and gives the hazard
   D/d / (S0 - k/d E0). Breslow's is the same as if there were one death of weight D. The information is that of squares at risk, a weighted Gram matrix
   of all rows, minus the squares of these means. */
typedef struct cox {
    svyi_regressors x;
    svyi_risk risk;
    int breslow;
    size_t p;
    const double *theta, *inverse;       /* the fit */
    /* By event time. hazard and moved add up over earlier event times of the stratum; what the deaths themselves do not see of it is in `spared`. */
    double *hazard, *spared;
    double *moved, *own, *kept;          /* p numbers each: sum of hazard * mean; mean of the means; of spared hazard * mean, by tied event time */
    uint32_t *tied;                      /* number among tied event times, UINT32_MAX: a single death */
    svyi_likelihood likelihood;
} cox;

/* ---- rows at risk, from the last to the first ---- */

typedef struct stream {
    const cox *c;
    const uint32_t *rows;
    size_t first, count;                 /* the block in memory */
    double *x, *r;                       /* regressors; exp(eta) */
    double *eta;
    const double *theta;
} stream;

/* Makes sure that place `at` is in memory; @return its place in the block. */
static size_t reach(stream *s, size_t at)
{
    if (s->count > 0 && at >= s->first && at < s->first + s->count)
        return at - s->first;
    s->first = at + 1 > SVYI_BLOCK ? at + 1 - SVYI_BLOCK : 0;
    s->count = at + 1 - s->first;
    svyi_regressors_fill(&s->c->x, s->rows + s->first, s->count, s->x);
    for (size_t i = 0; i < s->count; i++)
        s->eta[i] = s->c->x.offset != NULL ? s->c->x.offset[s->rows[s->first + i]] : 0;
    svyi_combine_block(s->x, s->theta, s->c->p, s->count, s->eta);
    memcpy(s->r, s->eta, s->count * sizeof *s->r);
    svyi_exp_block(s->r, s->count);
    return at - s->first;
}

static double weight_of(const cox *c, uint32_t row) { return c->x.weights[row] * c->x.scale; }

/* ---- one event time ---- */

typedef struct risk_set {
    double s0, e0, weight;               /* weight: of the deaths */
    double *s1, *e1, *mean;
    stream stop, start;
    double *cells, *information;
    double *means, *shares, *room, *squares; size_t filled;   /* means wait in a block for their squares to be summed: columns, as in model/family.h */
    int keep;                            /* 1: for influences */
} risk_set;

/* Sums the squares of the means that wait. What is left of the block counts with a share of 0. */
static void sum_squares(const cox *c, risk_set *r)
{
    memset(r->shares + r->filled, 0, (SVYI_BLOCK - r->filled) * sizeof *r->shares);
    svyi_gram_block(r->means, r->shares, c->p, SVYI_BLOCK, r->room, r->squares);
    r->filled = 0;
}

/* One death's share: its mean, in r->mean. @return its hazard */
static double hazard_of(const cox *c, risk_set *r, double part, double share)
{
    double left = r->s0 - part * r->e0;
    for (size_t k = 0; k < c->p; k++)
        r->mean[k] = (r->s1[k] - part * r->e1[k]) / left;
    r->cells[0] -= share * log(left);
    for (size_t k = 0; k < c->p; k++)
        r->cells[1 + k] -= share * r->mean[k];
    return share / left;
}

static void keep_means(const cox *c, risk_set *r, uint32_t event, double deaths, double part, double hazard)
{
    size_t p = c->p;
    for (size_t k = 0; k < p; k++) {
        c->own[event * p + k] += r->mean[k] / deaths;
        c->moved[event * p + k] += hazard * r->mean[k];
        if (part > 0)
            c->kept[c->tied[event] * p + k] += part * hazard * r->mean[k];
    }
}

static void add_event(const cox *c, risk_set *r, uint32_t event)
{
    uint32_t deaths = c->breslow ? 1 : c->risk.deaths[event];
    c->hazard[event] = c->spared[event] = 0;
    if (r->weight == 0)
        return;
    double share = r->weight / deaths;
    for (uint32_t k = 0; k < deaths; k++) {
        double part = (double)k / deaths, hazard = hazard_of(c, r, part, share);
        c->hazard[event] += hazard;
        c->spared[event] += part * hazard;
        for (size_t a = 0; a < c->p; a++)
            r->means[a * SVYI_BLOCK + r->filled] = r->mean[a];
        r->shares[r->filled++] = share;
        if (r->filled == SVYI_BLOCK)
            sum_squares(c, r);
        if (r->keep)
            keep_means(c, r, event, deaths, part, hazard);
    }
}

/* ---- the risk sets of a stratum ---- */

static void join(const cox *c, risk_set *r, size_t place, uint32_t event)
{
    size_t i = reach(&r->stop, place), n = r->stop.count;
    uint32_t row = c->risk.order[place];
    double w = weight_of(c, row), e = w * r->stop.r[i];
    int dies = c->risk.dead[row] && c->risk.end[row] == event + 1;
    r->s0 += e;
    for (size_t k = 0; k < c->p; k++)
        r->s1[k] += e * r->stop.x[k * n + i];
    if (!dies || w == 0)
        return;
    r->e0 += e;
    r->weight += w;
    r->cells[0] += w * r->stop.eta[i];
    for (size_t k = 0; k < c->p; k++) {
        r->e1[k] += e * r->stop.x[k * n + i];
        r->cells[1 + k] += w * r->stop.x[k * n + i];
    }
}

static void leave(const cox *c, risk_set *r, size_t place)
{
    size_t i = reach(&r->start, place), n = r->start.count;
    double e = weight_of(c, c->risk.entries[place]) * r->start.r[i];
    r->s0 -= e;
    for (size_t k = 0; k < c->p; k++)
        r->s1[k] -= e * r->start.x[k * n + i];
}

static void clear_sums(const cox *c, risk_set *r)
{
    r->s0 = 0;
    memset(r->s1, 0, c->p * sizeof *r->s1);
}

static int at_risk(const svyi_risk *risk, uint32_t row) { return risk->end[row] > risk->first[row]; }

static void pass_stratum(const cox *c, risk_set *r, uint32_t stratum)
{
    const svyi_risk *risk = &c->risk;
    size_t here = risk->row_start[stratum + 1], out = here, begin = risk->row_start[stratum], inside = 0;
    clear_sums(c, r);
    for (uint32_t event = risk->event_start[stratum + 1]; event-- > risk->event_start[stratum];) {
        r->e0 = r->weight = 0;
        memset(r->e1, 0, c->p * sizeof *r->e1);
        for (; here > begin && risk->end[risk->order[here - 1]] > event; here--)
            if (at_risk(risk, risk->order[here - 1])) {
                join(c, r, here - 1, event);
                inside++;
            }
        for (; risk->entries != NULL && out > begin && risk->first[risk->entries[out - 1]] > event; out--)
            if (at_risk(risk, risk->entries[out - 1])) {
                leave(c, r, out - 1);
                inside--;
            }
        add_event(c, r, event);
        if (inside == 0)
            clear_sums(c, r);
    }
}

/* From hazards at event times to sums of them since the beginning of the stratum. */
static void accumulate(const cox *c, int keep)
{
    for (uint32_t s = 0; s < c->risk.n_strata; s++)
        for (uint32_t event = c->risk.event_start[s] + 1; event < c->risk.event_start[s + 1]; event++) {
            c->hazard[event] += c->hazard[event - 1];
            for (size_t k = 0; keep && k < c->p; k++)
                c->moved[event * c->p + k] += c->moved[(event - 1) * c->p + k];
        }
}

/* ---- sums ---- */

/* The hazard a row went through; the deaths of Efron see less of their own. */
static double exposure(const cox *c, uint32_t row)
{
    uint32_t first = c->risk.first[row], end = c->risk.end[row];
    if (end <= first)
        return 0;
    double sum = c->hazard[end - 1] - (c->risk.dead[row] ? c->spared[end - 1] : 0);
    return c->risk.entries != NULL && !c->risk.opens[first] ? sum - c->hazard[first - 1] : sum;
}

static void add_squares(const void *user, const double *theta, size_t first, size_t count, double *x, double *cells)
{
    const cox *c = user;
    double *a = x + count * (c->x.all + 1), *eta = a + count;
    const uint32_t *rows = c->x.rows + first;
    svyi_regressors_fill(&c->x, rows, count, x);
    for (size_t i = 0; i < count; i++)
        eta[i] = c->x.offset != NULL ? c->x.offset[rows[i]] : 0;
    svyi_combine_block(x, theta, c->p, count, eta);
    svyi_exp_block(eta, count);
    for (size_t i = 0; i < count; i++)
        a[i] = weight_of(c, rows[i]) * eta[i] * exposure(c, rows[i]);
    svyi_gram_block(x, a, c->p, count, eta, cells + 1 + c->p);
}

static size_t scratch_numbers(const cox *c)
{
    return 2 * SVYI_BLOCK * (c->x.all + 4) + 4 * (c->p + 1) + 2 * c->likelihood.cells + SVYI_BLOCK * (c->p + 2);
}

static stream stream_of(const cox *c, const uint32_t *rows, const double *theta, double *memory)
{
    double *eta = memory + SVYI_BLOCK * (c->x.all + 1);
    return (stream){ c, rows, 0, 0, memory, eta + SVYI_BLOCK, eta, theta };
}

static int pass_all(const cox *c, const double *theta, unsigned threads, int keep, double *cells)
{
    size_t room = scratch_numbers(c) * sizeof(double), p = c->p;
    double *memory = svyi_get(c->likelihood.alloc, room);
    if (memory == NULL)
        return -1;
    double *small = memory + 2 * SVYI_BLOCK * (c->x.all + 4), *serial = small + 4 * (p + 1);
    risk_set r = { .s1 = small, .e1 = small + p, .mean = small + 2 * p, .cells = serial, .information = serial + 1 + p, .keep = keep,
                   .stop = stream_of(c, c->risk.order, theta, memory),
                   .start = stream_of(c, c->risk.entries, theta, memory + SVYI_BLOCK * (c->x.all + 4)) };
    r.squares = serial + c->likelihood.cells;
    r.shares = r.squares + c->likelihood.cells;
    r.room = r.shares + SVYI_BLOCK;
    r.means = r.room + SVYI_BLOCK;
    memset(serial, 0, (2 * c->likelihood.cells + SVYI_BLOCK * (p + 2)) * sizeof *serial);
    if (keep) {
        memset(c->own, 0, c->risk.events * p * sizeof *c->own);
        memset(c->moved, 0, c->risk.events * p * sizeof *c->moved);
    }
    for (uint32_t s = 0; s < c->risk.n_strata; s++)
        pass_stratum(c, &r, s);
    sum_squares(c, &r);
    for (size_t k = 0; k < p * (p + 1) / 2; k++)
        r.information[k] -= r.squares[k];
    accumulate(c, keep);
    int status = svyi_likelihood_pass(&c->likelihood, theta, threads, cells);
    for (size_t k = 0; k < c->likelihood.cells; k++)
        cells[k] += serial[k];
    svyi_release(c->likelihood.alloc, memory, room);
    return status;
}

static int pass(const svyi_likelihood *l, const double *theta, unsigned threads, double *cells)
{
    return pass_all(l->user, theta, threads, 0, cells);
}

static void expand(const void *user, const double *cells, double *information)
{
    const cox *c = user;
    const double *packed = cells + 1 + c->p;
    for (size_t k = 0; k < c->p; k++)
        for (size_t j = 0; j <= k; j++)
            information[k * c->p + j] = information[j * c->p + k] = *packed++;
}

/* ---- the estimator ---- */

static void fill_row(const void *user, uint32_t row, size_t stride, const double *x, double *z)
{
    const cox *c = user;
    size_t p = c->p;
    uint32_t first = c->risk.first[row], end = c->risk.end[row];
    if (end <= first)
        return;
    int dead = c->risk.dead[row], later = c->risk.entries != NULL && !c->risk.opens[first];
    double w = weight_of(c, row), e = exp(svyi_regressors_eta(&c->x, c->theta, row, stride, x)), sum = exposure(c, row);
    uint32_t tied = dead && !c->breslow ? c->tied[end - 1] : UINT32_MAX;
    for (size_t k = 0; k < p; k++) {
        double moved = c->moved[(end - 1) * p + k] - (later ? c->moved[(first - 1) * p + k] : 0) - (tied != UINT32_MAX ? c->kept[tied * p + k] : 0);
        double u = w * ((dead ? x[k * stride] - c->own[(end - 1) * p + k] : 0) - e * (x[k * stride] * sum - moved));
        for (size_t j = 0; j < p; j++)
            z[j] += u * c->inverse[k * p + j];
    }
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const cox *c = user;
    (void)domain;
    svyi_regressors_influence(&c->x, rows, count, c->p, fill_row, c, z);
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    cox c = *(const cox *)user;
    svyi_arena scratch;
    svyi_arena_init(&scratch, c.likelihood.alloc);
    svyi_maximum m = { .theta = theta, .factor = svyi_arena_get(&scratch, (c.p * c.p + 1) * sizeof(double)) };
    svy_status st = SVY_E_NOMEM;
    memcpy(theta, c.theta, c.p * sizeof *theta);
    c.x.weights = weights;
    c.likelihood.user = &c;
    c.hazard = svyi_arena_get(&scratch, (c.risk.events + 1) * sizeof *c.hazard);
    c.spared = svyi_arena_get(&scratch, (c.risk.events + 1) * sizeof *c.spared);
    if (m.factor != NULL && c.hazard != NULL && c.spared != NULL)
        st = svyi_likelihood_maximise(&c.likelihood, pass, 1, &m);
    for (size_t k = 0; st == SVY_E_NUMERIC && k < c.p; k++)
        theta[k] = nan("");
    svyi_arena_clear(&scratch);
    return st == SVY_E_NOMEM ? svyi_nomem(err) : SVY_OK;
}

/* ---- the fit ---- */

static svy_status number_ties(cox *c, const svyi_model_task *t, svy_error *err)
{
    uint32_t ties = 0;
    size_t events = c->risk.events, p = c->p;
    c->tied = svyi_arena_get(t->arena, (events + 1) * sizeof *c->tied);
    for (size_t j = 0; c->tied != NULL && j < events; j++)
        c->tied[j] = !c->breslow && c->risk.deaths[j] > 1 ? ties++ : UINT32_MAX;
    c->own = svyi_arena_get(t->arena, (events * p + 1) * sizeof *c->own);
    c->moved = svyi_arena_get(t->arena, (events * p + 1) * sizeof *c->moved);
    c->kept = svyi_arena_get(t->arena, (ties * p + 1) * sizeof *c->kept);
    return c->tied != NULL && c->own != NULL && c->moved != NULL && c->kept != NULL ? SVY_OK : svyi_nomem(err);
}

static svy_status prepare(cox *c, const svyi_model_task *t, svy_error *err)
{
    svyi_risk_input in = { .response = svyi_matrix_response(t->matrix), .data_rows = t->design->rows, .rows = t->rows, .n = t->n, .merge = 1 };
    if (t->spec->link != SVY_LINK_DEFAULT)
        return svyi_fail(err, SVY_E_ARG, "the cox family has no other link than the logarithm of the hazard: leave the link out");
    svy_status st = svyi_regressors_make(t->arena, t, 1, &c->x, err);
    if (st == SVY_OK && c->x.p == 0)
        st = svyi_fail(err, SVY_E_VALUE, "the formula has no regressor that varies: a Cox model needs one, a survival curve does not");
    in.strata = svyi_matrix_strata(t->matrix, &in.n_strata);
    if (st == SVY_OK)
        st = svyi_risk_make(t->arena, &in, &c->risk, err);
    if (st != SVY_OK)
        return st;
    size_t p = c->p = c->x.p;
    c->hazard = svyi_arena_get(t->arena, ((size_t)c->risk.events + 1) * sizeof *c->hazard);
    c->spared = svyi_arena_get(t->arena, ((size_t)c->risk.events + 1) * sizeof *c->spared);
    c->likelihood = (svyi_likelihood){ t->n, p, 1 + p + p * (p + 1) / 2, SVYI_BLOCK * (c->x.all + 3), add_squares, expand, NULL, c, &t->arena->alloc };
    return c->hazard != NULL && c->spared != NULL ? number_ties(c, t, err) : svyi_nomem(err);
}

static svy_status set_output(const cox *c, const svyi_model_task *t, svyi_model_result *out, double **map, svy_error *err)
{
    size_t first = svyi_matrix_intercept(t->matrix) ? 1 : 0;
    out->count = c->x.all - first;
    out->names = svyi_arena_get(t->arena, (out->count + 1) * sizeof *out->names);
    *map = svyi_arena_get(t->arena, (out->count * c->p + 1) * sizeof **map);
    if (out->names == NULL || *map == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < out->count; k++)
        out->names[k] = svyi_matrix_name(t->matrix, first + k);
    for (size_t k = 0; k < c->p; k++)
        for (size_t j = 0; j <= k; j++)
            (*map)[(c->x.of[j] - first) * c->p + k] = svyi_regressors_part(&c->x, k, j);
    return SVY_OK;
}

static svy_status no_maximum(const cox *c, const svyi_maximum *m, svy_error *err)
{
    return svyi_fail(err, SVY_E_NUMERIC, "the Cox model has no finite maximum: the hazard ratio of '%s' goes to zero or infinity, as when a level has no events; leave it out or join levels",
                     svyi_matrix_name(c->x.matrix, c->x.of[m->worst]));
}

svy_status svyi_cox_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err)
{
    cox c = { .breslow = t->spec->ties == SVY_TIES_BRESLOW };
    double *map = NULL;
    *out = (svyi_model_result){ .theta = nan(""), .df_lost = nan("") };
    svy_status st = prepare(&c, t, err);
    if (st == SVY_OK)
        st = set_output(&c, t, out, &map, err);
    if (st != SVY_OK)
        return st;
    size_t p = c.p;
    double *inverse = svyi_arena_get(t->arena, p * p * sizeof *inverse), *cells = svyi_arena_get(t->arena, c.likelihood.cells * sizeof *cells);
    svyi_maximum m = { .theta = svyi_arena_get(t->arena, p * sizeof(double)), .factor = svyi_arena_get(t->arena, p * p * sizeof(double)) };
    if (inverse == NULL || cells == NULL || m.theta == NULL || m.factor == NULL)
        return svyi_nomem(err);
    st = svyi_likelihood_maximise(&c.likelihood, pass, svyi_model_threads(t), &m);
    if (st != SVY_OK)
        return st == SVY_E_NOMEM ? svyi_nomem(err) : no_maximum(&c, &m, err);
    if (pass_all(&c, m.theta, svyi_model_threads(t), 1, cells) < 0)
        return svyi_nomem(err);
    out->null_deviance = -2 * m.start_loglik;                 /* Newton's method starts at 0 */
    svyi_cholesky_invert(m.factor, p, inverse);
    c.theta = m.theta;
    c.inverse = inverse;
    svyi_estimator e = { { p, 1, fill, &c }, values };
    return svyi_likelihood_result(t, &e, &m, p, map, out, err);
}
