/* Before a fit: columns are centred, scaled and, where they nearly depend on each other, made orthogonal, so that Newton's equations keep their digits;
   columns that depend on those before them are found and left out. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/glm.h"
#include "model/turn.h"
#include "num/matrix.h"

enum { SAMPLE = 1 << 16 };

typedef struct preparation { svyi_glm *g; const double *weights; unsigned threads; } preparation;

/* Weighted means and standard deviations of the columns: of every so many blocks when there are many, as they need not be exact. */
static void moments(svyi_glm *g, const double *weights, double *x, double *mean, double *spread)
{
    double total = 0;
    for (size_t at = 0; at < g->n; at += SVYI_BLOCK * (g->n / SAMPLE + 1)) {
        const size_t n = g->n - at < SVYI_BLOCK ? g->n - at : SVYI_BLOCK;
        double block = 0;
        svyi_matrix_fill_columns(g->matrix, g->rows + at, n, x);
        for (size_t i = 0; i < n; i++)
            block += weights[g->rows[at + i]];
        total += block;
        for (size_t k = 0; block > 0 && k < g->p; k++) {       /* the block's moments, joined to those before */
            double sum = 0, squares = 0;
            for (size_t i = 0; i < n; i++)
                sum += weights[g->rows[at + i]] * x[k * n + i];
            sum /= block;
            for (size_t i = 0; i < n; i++)
                squares += weights[g->rows[at + i]] * (x[k * n + i] - sum) * (x[k * n + i] - sum);
            const double off = sum - mean[k];
            mean[k] += off * block / total;
            spread[k] += squares + off * off * block * (1 - block / total);
        }
    }
    for (size_t k = 0; k < g->p; k++)
        spread[k] = total > 0 ? sqrt(spread[k] / total) : 0;
}

static void standardise(svyi_glm *g, const double *mean, const double *spread)
{
    for (size_t k = 0; k < g->p; k++) {
        const double size = g->intercept ? spread[k] : hypot(spread[k], mean[k]);
        const int constant = !(size > 1e-12 * fabs(mean[k])) || !isfinite(1 / size);
        g->shift[k] = g->intercept && k > 0 && !constant ? mean[k] : 0;
        g->factor[k] = (g->intercept && k == 0) || constant ? 1 : 1 / size;
        if (constant && !(g->intercept && k == 0) && g->n <= SAMPLE)
            g->aliased[k] = 1;
    }
}

/* X'wX of the columns as they are, divided by the sum of w; of columns that are not aliased. */
static int gram(const svyi_glm *g, const double *weights, unsigned threads, double *out)
{
    svyi_glm plain = *g;
    double *zero = svyi_get(svyi_matrix_alloc(g->matrix), g->p * sizeof *zero);
    svyi_glm_sums sums = { .information = out };
    if (zero == NULL)
        return -1;
    memset(zero, 0, g->p * sizeof *zero);
    plain.family = (svyi_glm_family){ SVY_FAMILY_GAUSSIAN, SVY_LINK_IDENTITY, 1 };
    plain.offset = NULL;
    int status = svyi_glm_pass(&plain, zero, weights, threads, &sums);
    for (size_t i = 0; i < g->p * g->p; i++)
        out[i] /= (double)g->n;
    svyi_release(svyi_matrix_alloc(g->matrix), zero, g->p * sizeof *zero);
    return status;
}

static int turned_gram(void *user, const double *turn, double *a)
{
    const preparation *p = user;
    p->g->turn = turn;
    return gram(p->g, p->weights, p->threads, a);
}

/* Column k of the map: what gamma_k is in terms of beta. */
static void make_map(svyi_glm *g)
{
    const size_t n = g->p;
    memset(g->map, 0, n * n * sizeof *g->map);
    for (size_t k = 0; k < n; k++) {
        for (size_t j = 0; j <= k && !g->aliased[k]; j++) {
            const double part = g->turn != NULL ? g->turn[k * n + j] : j == k;
            g->map[j * n + k] += part * g->factor[j];
            if (g->intercept && j > 0)
                g->map[k] -= part * g->factor[j] * g->shift[j];
        }
    }
}

svy_status svyi_glm_prepare(svyi_arena *arena, svyi_glm *g, const double *weights, const unsigned char *left_out, unsigned threads, svy_error *err)
{
    const size_t n = g->p;
    const svy_alloc *alloc = svyi_matrix_alloc(g->matrix);
    const size_t room = (n * SVYI_BLOCK + 2 * n) * sizeof(double);
    g->shift = svyi_arena_get(arena, (n + 1) * sizeof *g->shift);
    g->factor = svyi_arena_get(arena, (n + 1) * sizeof *g->factor);
    g->aliased = svyi_arena_get(arena, n + 1);
    g->map = svyi_arena_get(arena, (n * n + 1) * sizeof *g->map);
    g->turn = NULL;
    if (g->shift == NULL || g->factor == NULL || g->aliased == NULL || g->map == NULL)
        return svyi_nomem(err);
    double *scratch = svyi_get(alloc, room);
    if (scratch == NULL)
        return svyi_nomem(err);
    memset(scratch, 0, room);
    double *mean = scratch + n * SVYI_BLOCK, *spread = mean + n;
    if (left_out != NULL)
        memcpy(g->aliased, left_out, n);
    moments(g, weights, scratch, mean, spread);
    standardise(g, mean, spread);
    svyi_release(alloc, scratch, room);
    preparation p = { g, weights, threads };
    double *turn = NULL;
    svy_status st = svyi_turn_columns(arena, n, g->aliased, turned_gram, &p, &turn, err);
    g->turn = turn;
    if (st == SVY_OK)
        make_map(g);
    return st;
}

void svyi_glm_beta(const svyi_glm *g, const double *gamma, double *beta)
{
    for (size_t k = 0; k < g->p; k++) {
        double sum = 0;
        for (size_t j = 0; j < g->p; j++)
            sum += g->map[k * g->p + j] * gamma[j];
        beta[k] = g->aliased[k] ? (double)NAN : sum;
    }
}
