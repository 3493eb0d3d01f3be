/* The list of adjustments of a design: solving each for the full sample and for every replicate, and replaying all of them. */
#include "design/adjust.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/replicate.h"

/* ---- summing up the equations of calibration ---- */

svy_status svyi_gram_get(svyi_arena *arena, const svyi_auxiliary *x, svyi_gram *g, svy_error *err)
{
    g->n = x->columns;
    g->diagonal = x->longest <= 1;
    if (!g->diagonal && g->n > SVYI_COLUMNS_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "there are %zu totals to calibrate to: the limit is %d; join small levels", g->n, SVYI_COLUMNS_MAX);
    g->a = svyi_arena_get(arena, (g->n + 1) * (g->diagonal ? 1 : g->n) * sizeof *g->a);
    g->columns = svyi_arena_get(arena, (x->longest + 1) * sizeof *g->columns);
    g->values = svyi_arena_get(arena, (x->longest + 1) * sizeof *g->values);
    return g->a == NULL || g->columns == NULL || g->values == NULL ? svyi_nomem(err) : SVY_OK;
}

void svyi_gram_clear(svyi_gram *g)
{
    memset(g->a, 0, g->n * (g->diagonal ? 1 : g->n) * sizeof *g->a);
}

void svyi_gram_add(svyi_gram *g, svyi_sparse e, double weight)
{
    if (g->diagonal) {
        if (e.n > 0)
            g->a[e.column[0]] += weight * e.value[0] * e.value[0];
        return;
    }
    for (size_t j = 0; j < e.n; j++) {
        double *row = g->a + e.column[j] * g->n, v = weight * e.value[j];
        for (size_t k = 0; k < e.n; k++)
            row[e.column[k]] += v * e.value[k];
    }
}

size_t svyi_gram_factor(svyi_gram *g)
{
    size_t rank = 0;
    if (!g->diagonal)
        return svyi_cholesky(g->a, g->n, 1e-13, NULL);
    for (size_t k = 0; k < g->n; k++)
        rank += g->a[k] > 0;
    return rank;
}

void svyi_gram_solve(const svyi_gram *g, double *b)
{
    if (!g->diagonal)
        svyi_cholesky_solve(g->a, g->n, b);
    for (size_t k = 0; g->diagonal && k < g->n; k++)
        b[k] = g->a[k] > 0 ? b[k] / g->a[k] : 0;
}

/* ---- the list ---- */

static void name_replicate(svy_error *err, size_t r)
{
    char message[sizeof err->message];
    if (err == NULL)
        return;
    memcpy(message, err->message, sizeof message);
    snprintf(err->message, sizeof err->message, "replicate %zu: %.340s", r + 1, message);
}

/* The numbers that each replicate keeps. */
static svy_status solve_replicates(svy_design *d, svyi_adjustment *a, svy_error *err)
{
    size_t count = d->replicates != NULL ? svyi_replicates_count(d->replicates) : 0, bytes = (d->rows + 1) * sizeof(double);
    svy_status st = SVY_OK;
    if (count == 0 || a->n_kept == 0)
        return SVY_OK;
    if (a->n_kept > SIZE_MAX / sizeof *a->kept / count)
        return svyi_nomem(err);
    a->kept = svyi_arena_get(&d->arena, count * a->n_kept * sizeof *a->kept);
    double *w = svyi_get(&d->arena.alloc, bytes);
    if (a->kept == NULL || w == NULL)
        st = svyi_nomem(err);
    for (size_t r = 0; r < count && st == SVY_OK; r++) {
        svyi_replicate_weights(d, r, w);
        if ((st = a->solve(a, d, w, a->kept + r * a->n_kept, NULL, err)) != SVY_OK)
            name_replicate(err, r);
    }
    svyi_release(&d->arena.alloc, w, bytes);
    return st;
}

svy_status svyi_adjustment_add(svy_design *d, svyi_adjustment *a, svy_error *err)
{
    double *after = svyi_arena_get(&d->arena, (d->rows + 1) * sizeof *after);
    a->full = svyi_arena_get(&d->arena, (a->n_kept + 1) * sizeof *a->full);
    a->before = d->weights;
    if (after == NULL || a->full == NULL)
        return svyi_nomem(err);
    memcpy(after, d->weights, d->rows * sizeof *after);
    svy_status st = a->solve != NULL ? a->solve(a, d, after, a->full, &a->iterations, err) : SVY_OK;
    if (st == SVY_OK)
        st = solve_replicates(d, a, err);
    if (st != SVY_OK)
        return st;
    a->apply(a, d->rows, a->full, after);
    a->after = after;
    svyi_adjustment **last = &d->adjustments;
    while (*last != NULL)
        last = &(*last)->next;
    *last = a;
    d->weights = after;
    d->weighted = 1;
    return SVY_OK;
}

void svyi_adjustments_replay(const svy_design *d, size_t r, double *w)
{
    for (const svyi_adjustment *a = d->adjustments; a != NULL; a = a->next)
        a->apply(a, d->rows, a->kept != NULL ? a->kept + r * a->n_kept : NULL, w);
}

void svy_design_replicate_weights(const svy_design *d, size_t r, double *out) { svyi_replicate_weights(d, r, out); }
