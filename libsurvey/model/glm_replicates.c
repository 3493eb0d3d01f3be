/* The coefficients of a generalised linear model under replicate weights, many replicates in one pass over the rows.
   The first pass takes score and information of each replicate at the coefficients of the sample; further passes only the scores at each replicate's own
   coefficients, with that information, until the steps vanish. What does not converge so is refitted on its own by the caller. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/replicate.h"
#include "estimate/parallel.h"
#include "model/glm_replicates.h"
#include "num/matrix.h"

enum { TILE = 128, ROWS = 16, PASSES_MAX = 15 };

typedef struct batch {
    const svyi_glm *g;
    const svy_design *d;
    const double *gamma;
    double dispersion;
    const uint32_t *unit;             /* by row, of made replicates; NULL: columns */
    size_t tile, wanted;
    double *thetas;
    double *memory; size_t memory_size;    /* by worker */
} batch;

/* One tile's working memory. The replicate varies fastest. */
typedef struct tile {
    const batch *b;
    size_t first, count, wide;        /* wide: count, rounded up for the vectors */
    double *x, *products;             /* columns of a block of rows; products of two of them */
    double *w, *eta, *mu, *slope, *work, *residual, *y;     /* by row of the block and replicate */
    double *gamma, *score, *sums, *matrix, *step;
    unsigned char state[TILE];        /* 0: on its way, 1: there, 2: to be refitted */
} tile;

static size_t tile_memory(size_t p)
{
    return (p + p * (p + 1) / 2) * ROWS + 7 * ROWS * TILE + 2 * p * TILE + p * (p + 1) / 2 * TILE + p * p * TILE + p;
}

static void divide_memory(tile *t, double *memory, size_t p)
{
    double **blocks[] = { &t->w, &t->eta, &t->mu, &t->slope, &t->work, &t->residual, &t->y };
    t->x = memory;
    t->products = t->x + p * ROWS;
    memory = t->products + p * (p + 1) / 2 * ROWS;
    for (size_t k = 0; k < sizeof blocks / sizeof blocks[0]; k++, memory += ROWS * TILE)
        *blocks[k] = memory;
    t->gamma = memory;
    t->score = t->gamma + p * TILE;
    t->sums = t->score + p * TILE;
    t->matrix = t->sums + p * (p + 1) / 2 * TILE;
    t->step = t->matrix + p * p * TILE;
}

static void load_weights(tile *t, const uint32_t *rows, size_t n)
{
    const svyi_replicates *r = t->b->d->replicates;
    const double *weights = svy_design_weights(t->b->d), scale = t->b->g->scale;
    for (size_t i = 0; i < n; i++) {
        double *w = t->w + i * t->wide;
        const double own = weights[rows[i]] * scale;
        if (t->b->unit != NULL && i > 0 && t->b->unit[rows[i]] == t->b->unit[rows[i - 1]] && weights[rows[i]] == weights[rows[i - 1]]) {
            memcpy(w, w - t->wide, t->wide * sizeof *w);
            continue;
        }
        if (t->b->unit != NULL)
            svyi_replicate_factors(r, t->b->unit[rows[i]], t->first, t->count, w);
        for (size_t k = 0; k < t->count; k++)
            w[k] = t->b->unit != NULL ? w[k] * own : r->columns[t->first + k][rows[i]] * (r->uncombined ? own : scale);
        for (size_t k = t->count; k < t->wide; k++)
            w[k] = 0;
    }
}

/* Score and information of all replicates at the coefficients of the sample. */
static void common_rows(tile *t, const uint32_t *rows, size_t n)
{
    const svyi_glm *g = t->b->g;
    double eta[ROWS], mu[ROWS], slope[ROWS], work[ROWS], score[ROWS], y[ROWS], *product = t->products;
    svyi_glm_eta(g, t->b->gamma, rows, n, t->x, eta);
    for (size_t i = 0; i < n; i++)
        y[i] = g->y[rows[i]];
    svyi_link_block(g->family.link, eta, n, mu, slope);
    svyi_family_block(&g->family, y, mu, slope, n, work, score);
    for (size_t j = 0; j < g->p; j++)
        for (size_t k = 0; k <= j; k++, product += n)
            for (size_t i = 0; i < n; i++)
                product[i] = work[i] * t->x[j * n + i] * t->x[k * n + i];
    svyi_collect_block(t->products, t->w, g->p * (g->p + 1) / 2, n, t->wide, t->sums);
    for (size_t j = 0; j < g->p; j++)
        for (size_t i = 0; i < n; i++)
            t->x[j * n + i] *= score[i];
    svyi_collect_block(t->x, t->w, g->p, n, t->wide, t->score);
}

/* Scores at each replicate's own coefficients. */
static void own_rows(tile *t, const uint32_t *rows, size_t n)
{
    const svyi_glm *g = t->b->g;
    for (size_t i = 0; i < n; i++) {
        const double start = g->offset != NULL ? g->offset[rows[i]] : 0, y = g->y[rows[i]];
        for (size_t k = 0; k < t->wide; k++) {
            t->eta[i * t->wide + k] = start;
            t->y[i * t->wide + k] = y;
        }
    }
    svyi_expand_block(t->x, t->gamma, g->p, n, t->wide, t->eta);
    svyi_link_block(g->family.link, t->eta, n * t->wide, t->mu, t->slope);
    svyi_family_block(&g->family, t->y, t->mu, t->slope, n * t->wide, t->work, t->residual);
    for (size_t i = 0; i < n * t->wide; i++)
        t->residual[i] *= t->w[i];
    svyi_collect_block(t->x, t->residual, g->p, n, t->wide, t->score);
}

static void pass_rows(tile *t, void (*rows_of)(tile *t, const uint32_t *rows, size_t n))
{
    const svyi_glm *g = t->b->g;
    memset(t->score, 0, g->p * t->wide * sizeof *t->score);
    for (size_t at = 0; at < g->n; at += ROWS) {
        const size_t n = g->n - at < ROWS ? g->n - at : ROWS;
        svyi_glm_columns(g, g->rows + at, n, t->x);
        load_weights(t, g->rows + at, n);
        rows_of(t, g->rows + at, n);
    }
}

/* Each replicate's information becomes its factor. */
static void factor_all(tile *t)
{
    const size_t p = t->b->g->p;
    for (size_t r = 0; r < t->count; r++) {
        double *a = t->matrix + r * p * p;
        const double *sums = t->sums;
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k <= j; k++, sums += t->wide)
                a[j * p + k] = a[k * p + j] = t->b->g->aliased[j] || t->b->g->aliased[k] ? 0 : sums[r];
        t->state[r] = svyi_cholesky(a, p, 1e-13, NULL) == t->b->wanted ? 0 : 2;
    }
}

/* Steps of all replicates that are on their way. @return how many still are. */
static size_t step_all(tile *t, double *before)
{
    const size_t p = t->b->g->p;
    size_t left = 0;
    for (size_t r = 0; r < t->count; r++) {
        double squared = 0;
        if (t->state[r] != 0)
            continue;
        for (size_t k = 0; k < p; k++)
            t->step[k] = t->b->g->aliased[k] ? 0 : t->score[k * t->wide + r];
        svyi_cholesky_solve(t->matrix + r * p * p, p, t->step);
        for (size_t k = 0; k < p; k++) {
            squared += t->step[k] * t->score[k * t->wide + r];
            t->gamma[k * t->wide + r] += t->step[k];
        }
        const double length = sqrt(fabs(squared) / t->b->dispersion);
        t->state[r] = !isfinite(length) || (length > before[r] && length > 1e-9) ? 2 : length < 2e-11 ? 1 : 0;
        before[r] = length;
        left += t->state[r] == 0;
    }
    return left;
}

static void run_tile(void *user, unsigned worker, size_t index)
{
    batch *b = user;
    const size_t p = b->g->p;
    tile t = { .b = b, .first = index * b->tile };
    double before[TILE], one[SVYI_MATRIX_COLUMNS];
    t.count = b->d->replicates->count - t.first < b->tile ? b->d->replicates->count - t.first : b->tile;
    t.wide = (t.count + 15) / 16 * 16;
    divide_memory(&t, b->memory + worker * b->memory_size, p);
    memset(t.sums, 0, p * (p + 1) / 2 * TILE * sizeof *t.sums);
    for (size_t r = 0; r < t.wide; r++) {
        before[r] = HUGE_VAL;
        for (size_t k = 0; k < p; k++)
            t.gamma[k * t.wide + r] = b->gamma[k];
    }
    pass_rows(&t, common_rows);
    factor_all(&t);
    for (int pass = 0; step_all(&t, before) > 0 && pass < PASSES_MAX; pass++)
        pass_rows(&t, own_rows);
    for (size_t r = 0; r < t.count; r++) {
        double *theta = b->thetas + (t.first + r) * p;
        for (size_t k = 0; k < p; k++)
            one[k] = t.gamma[k * t.wide + r];
        svyi_glm_beta(b->g, one, theta);
        for (size_t k = 0; k < p; k++)
            theta[k] = t.state[r] != 1 ? (double)NAN : b->g->aliased[k] ? 0 : theta[k];
    }
}

/* The unit of made replicates that each row belongs to. */
static uint32_t *find_units(svyi_arena *scratch, const svy_design *d)
{
    uint32_t *unit = svyi_arena_get(scratch, (d->rows + 1) * sizeof *unit);
    for (uint32_t g = 0; unit != NULL && g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++)
            unit[d->order != NULL ? d->order[place] : place] = svyi_replicate_unit(d, g, place);
    return unit;
}

int svyi_glm_batches(const svyi_glm *g, const svy_design *d)
{
    return d->adjustments == NULL && d->phase2 == NULL && g->family.family != SVY_FAMILY_NEGATIVE_BINOMIAL && g->p <= 200;
}

svy_status svyi_glm_replicates(svyi_arena *arena, const svyi_glm *g, const svy_design *d, const svyi_glm_fit *fit, unsigned threads, double *thetas, svy_error *err)
{
    svyi_arena scratch;
    const svyi_replicates *r = d->replicates;
    const svy_family f = g->family.family;
    batch b = { .g = g, .d = d, .gamma = fit->gamma, .thetas = thetas, .dispersion = 1 };
    svyi_arena_init(&scratch, &arena->alloc);
    if (f == SVY_FAMILY_GAUSSIAN || f == SVY_FAMILY_GAMMA)
        b.dispersion = fit->deviance > 0 ? fit->deviance / (double)g->n : 1e-300;
    const size_t pairs = (r->count + 2 * TILE - 1) / (2 * TILE);          /* an even number of tiles, alike in size */
    b.tile = ((r->count + 2 * pairs - 1) / (2 * pairs) + 15) / 16 * 16;
    for (size_t k = 0; k < g->p; k++)
        b.wanted += !g->aliased[k];
    const size_t tiles = (r->count + b.tile - 1) / b.tile;
    threads = threads < 1 ? 1 : (size_t)threads > tiles ? (unsigned)tiles : threads;
    threads = threads > SVYI_THREADS_MAX ? SVYI_THREADS_MAX : threads;
    b.memory_size = tile_memory(g->p);
    b.memory = svyi_arena_get(&scratch, threads * b.memory_size * sizeof *b.memory);
    b.unit = r->columns == NULL ? find_units(&scratch, d) : NULL;
    svy_status st = b.memory != NULL && (b.unit != NULL || r->columns != NULL) ? SVY_OK : svyi_nomem(err);
    if (st == SVY_OK)
        svyi_pieces_run(tiles, threads, run_tile, &b);
    svyi_arena_clear(&scratch);
    return st;
}
