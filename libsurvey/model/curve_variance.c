/* Variances of survival curves at all event times: sums by unit of the design change by what happens at each time, so no time needs a pass of the rows. */
#include "model/curve_variance.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "estimate/finish.h"

enum { TIMES = 16 };

/* Influences of the rows of a unit are w (H - h) while they are at risk, H the drift so far and h that before they came, and stay what they are when they
   leave. Extended precision, because rows are taken out of these sums again. */
typedef struct unit_sums {
    long double weight, constant;        /* H * weight + constant: the sum of influences */
    long double squares, cross, rest;    /* H * H * squares - 2 H * cross + rest: that of their squares */
    long double finished, finished_squares;
    uint32_t inside;                     /* rows at risk */
} unit_sums;

typedef struct walk {
    const svyi_curve *c;
    svyi_arena scratch;
    uint32_t *unit_of;                   /* by row */
    uint32_t *rows_in, *slot;            /* by unit: rows of the stratum in it, and its place among those that have some */
    uint32_t *units; size_t n_units;     /* increasing */
    unit_sums *sums;
    svyi_scores scores;
    size_t filled;                       /* times that wait in `scores`, which has room for TIMES */
    svy_error *err;
} walk;

/* ---- units ---- */

static void number_units(walk *w)
{
    const svy_design *d = w->c->design;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++)
            w->unit_of[d->order != NULL ? d->order[place] : place] = g;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Units with rows of the stratum. When there is one stratum all rows of the design count, as rows without influence do. */
static void find_units(walk *w, uint32_t stratum)
{
    const svyi_risk *r = w->c->risk;
    for (size_t k = 0; k < w->n_units; k++)
        w->rows_in[w->units[k]] = 0;
    w->n_units = 0;
    if (r->n_strata == 1) {
        const svy_design *d = w->c->design;
        for (uint32_t g = 0; g < d->n_groups; g++) {
            w->rows_in[g] = d->group_start[g + 1] - d->group_start[g];
            w->units[w->n_units++] = g;
        }
    }
    for (size_t k = r->row_start[stratum]; r->n_strata > 1 && k < r->row_start[stratum + 1]; k++) {
        uint32_t unit = w->unit_of[r->order[k]];
        if (w->rows_in[unit]++ == 0)
            w->units[w->n_units++] = unit;
    }
    if (r->n_strata > 1)
        qsort(w->units, w->n_units, sizeof *w->units, by_number);
    for (size_t k = 0; k < w->n_units; k++)
        w->slot[w->units[k]] = (uint32_t)k;
    memset(w->sums, 0, w->n_units * sizeof *w->sums);
}

static svy_status get_memory(walk *w)
{
    size_t units = (size_t)w->c->design->n_groups + 1, rows = w->c->design->rows + 1;
    w->unit_of = svyi_arena_get(&w->scratch, rows * sizeof *w->unit_of);
    w->rows_in = svyi_arena_get(&w->scratch, units * sizeof *w->rows_in);
    w->slot = svyi_arena_get(&w->scratch, units * sizeof *w->slot);
    w->units = svyi_arena_get(&w->scratch, units * sizeof *w->units);
    w->sums = svyi_arena_get(&w->scratch, units * sizeof *w->sums);
    w->scores.unit = svyi_arena_get(&w->scratch, units * sizeof *w->scores.unit);
    w->scores.domain = svyi_arena_get(&w->scratch, units * sizeof *w->scores.domain);
    w->scores.rows = svyi_arena_get(&w->scratch, units * sizeof *w->scores.rows);
    w->scores.z = svyi_arena_get(&w->scratch, units * TIMES * sizeof *w->scores.z);
    w->scores.scatter = w->c->design->elements ? svyi_arena_get(&w->scratch, units * TIMES * sizeof *w->scores.scatter) : NULL;
    int failed = w->unit_of == NULL || w->rows_in == NULL || w->slot == NULL || w->units == NULL || w->sums == NULL || w->scores.unit == NULL ||
                 w->scores.domain == NULL || w->scores.rows == NULL || w->scores.z == NULL || (w->c->design->elements && w->scores.scatter == NULL);
    return failed ? svyi_nomem(w->err) : SVY_OK;
}

/* ---- rows come and go ---- */

static unit_sums *sums_of(const walk *w, uint32_t row) { return &w->sums[w->slot[w->unit_of[row]]]; }

static long double drift_before(const svyi_curve *c, uint32_t row)
{
    uint32_t first = c->risk->first[row];
    return c->risk->opens[first] ? 0 : (long double)c->drift[first - 1];
}

static int at_risk(const svyi_risk *r, uint32_t row) { return r->end[row] > r->first[row]; }

static void come(const walk *w, uint32_t row)
{
    if (!at_risk(w->c->risk, row))
        return;
    unit_sums *s = sums_of(w, row);
    long double weight = (long double)w->c->design->weights[row], h = drift_before(w->c, row);
    s->inside++;
    s->weight += weight;
    s->constant -= weight * h;
    s->squares += weight * weight;
    s->cross += weight * weight * h;
    s->rest += weight * weight * h * h;
}

/* The row leaves at the event, or after it and before the next. */
static void go(const walk *w, uint32_t row, uint32_t event)
{
    const svyi_curve *c = w->c;
    if (!at_risk(c->risk, row))
        return;
    unit_sums *s = sums_of(w, row);
    long double weight = (long double)c->design->weights[row], h = drift_before(c, row);
    long double influence = weight * ((long double)c->drift[event] - h - (c->risk->dead[row] ? 1 / (long double)c->left[event] : 0));
    s->finished += influence;
    s->finished_squares += influence * influence;
    s->inside--;
    s->weight -= weight;
    s->constant += weight * h;
    s->squares -= weight * weight;
    s->cross -= weight * weight * h;
    s->rest -= weight * weight * h * h;
    if (s->inside == 0)
        s->weight = s->constant = s->squares = s->cross = s->rest = 0;
}

/* ---- variances ---- */

/* Sums of influences on the curve at an event, and in designs of elements their squares about the mean. */
static void add_time(walk *w, uint32_t event)
{
    long double h = (long double)w->c->drift[event], scale = (long double)w->c->survival[event];
    for (size_t k = 0; k < w->n_units; k++) {
        const unit_sums *s = &w->sums[k];
        long double sum = h * s->weight + s->constant + s->finished;
        w->scores.z[k * TIMES + w->filled] = (double)(scale * sum);
        if (w->scores.scatter == NULL)
            continue;
        long double squares = h * (h * s->squares - 2 * s->cross) + s->rest + s->finished_squares;
        long double scatter = squares - sum * sum / (long double)w->rows_in[w->units[k]];
        w->scores.scatter[k * TIMES + w->filled] = scatter > 0 ? (double)(scale * scale * scatter) : 0;
    }
    w->filled++;
}

/* Variances of the times that wait. The stages above overwrite scores, so units are set each time. */
static svy_status finish_times(walk *w, double *variance)
{
    svyi_arena scratch;
    double v[TIMES] = { 0 };
    size_t n = w->filled;
    if (n == 0)
        return SVY_OK;
    for (size_t k = 0; k < w->n_units; k++)
        for (size_t t = n; t < TIMES; t++) {
            w->scores.z[k * TIMES + t] = 0;
            if (w->scores.scatter != NULL)
                w->scores.scatter[k * TIMES + t] = 0;
        }
    for (size_t k = 0; k < w->n_units; k++) {
        w->scores.unit[k] = w->units[k];
        w->scores.domain[k] = 0;
        w->scores.rows[k] = w->rows_in[w->units[k]];
    }
    w->scores.count = w->n_units;
    w->scores.outputs = TIMES;
    svyi_arena_init(&scratch, &w->scratch.alloc);
    svy_status st = svyi_variance(&scratch, w->c->design, &w->scores, 1, v, NULL, w->err);
    svyi_arena_clear(&scratch);
    memcpy(variance, v, n * sizeof *v);
    w->filled = 0;
    return st;
}

static svy_status walk_stratum(walk *w, uint32_t stratum, double *variance)
{
    const svyi_risk *r = w->c->risk;
    size_t in = r->row_start[stratum], out = in, end = r->row_start[stratum + 1];
    uint32_t first = r->event_start[stratum], last = r->event_start[stratum + 1];
    svy_status st = SVY_OK;
    memset(variance + first, 0, (last - first) * sizeof *variance);
    find_units(w, stratum);
    const uint32_t *coming = r->entries != NULL ? r->entries : r->order;
    for (uint32_t event = first; st == SVY_OK && event < last && w->c->survival[event] > 0; event++) {
        for (; in < end && r->first[coming[in]] <= event; in++)
            come(w, coming[in]);
        for (; out < end && r->end[r->order[out]] <= event + 1; out++)
            go(w, r->order[out], event);
        add_time(w, event);
        if (w->filled == TIMES)
            st = finish_times(w, variance + event + 1 - TIMES);
        else if (event + 1 == last || !(w->c->survival[event + 1] > 0))
            st = finish_times(w, variance + event + 1 - w->filled);
    }
    return st;
}

svy_status svyi_curve_variance(const svy_alloc *alloc, const svyi_curve *c, double *variance, svy_error *err)
{
    walk w = { .c = c, .err = err };
    svyi_arena_init(&w.scratch, alloc);
    svy_status st = get_memory(&w);
    if (st == SVY_OK)
        number_units(&w);
    for (uint32_t s = 0; st == SVY_OK && s < c->risk->n_strata; s++)
        if (c->risk->event_start[s] < c->risk->event_start[s + 1])
            st = walk_stratum(&w, s, variance);
    svyi_arena_clear(&w.scratch);
    return st;
}
