/* Means, totals, ratios, shares and counts under all replicates at once: from sums by unit where they are enough, otherwise block by block of rows. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"
#include "design/replicate.h"
#include "estimate/finish.h"
#include "estimate/influence.h"
#include "estimate/parallel.h"

enum { BY_UNIT = 64, BY_ROW = 8, BLOCK = 1024 };     /* replicates of a piece, and rows looked at together */

typedef struct worker {
    double *total;               /* by cell and element of x, then replicate of the piece */
    double *factor;              /* replicates of the piece */
    double *adjusted[BY_ROW];    /* weights by row, when the design is adjusted */
    double *x;                   /* BLOCK rows of u */
    double *turned;              /* one cell: columns of BLOCK, the first 1 for rows that count, then u; all 0 for other rows */
    double *w;                   /* BLOCK weights of each replicate */
    uint32_t row[BLOCK], cell[BLOCK];
} worker;

typedef struct job {
    const svyi_sum_request *r;
    const svyi_sums *sums;
    const svyi_fit *fit;
    const svyi_replicates *reps;
    size_t cells, dimension;
    size_t per_piece;
    double *thetas;
    double *all, *by_stratum;    /* jackknives of rows: sums of x by cell, and by stratum and cell */
    double *residuals;           /* RATIOS: totals of y - R x, as thetas */
    worker **workers;
} job;

/* ---- estimates from totals ---- */

static double divide(double a, double b) { return b != 0 ? a / b : nan(""); }

/* t[i * stride] is element i of the totals of the domain's only cell. */
static double value_of(const job *j, size_t domain, size_t k, const double *t, size_t stride)
{
    size_t at = domain * j->fit->outputs + k;
    switch (j->fit->form) {
    case SVYI_FORM_MEANS:
        return j->r->centre[at] + divide(t[(k + 1) * stride], t[0]);
    case SVYI_FORM_TOTALS:
        return t[(k + 1) * stride] + j->r->centre[at] * t[0];
    case SVYI_FORM_RATIOS:
        return j->r->slope[at] + divide(t[(2 * k + 1) * stride], t[(2 * k + 2) * stride]);
    case SVYI_FORM_SHARES: case SVYI_FORM_COUNTS:
        break;
    }
    return t[k * stride];
}

/* Totals of the replicates first .. first+count-1 become their estimates. */
static void finish_piece(const job *j, const worker *w, size_t first, size_t count)
{
    const svyi_fit *fit = j->fit;
    size_t n = fit->domains * fit->outputs, levels = j->r->n_levels, stride = j->per_piece;
    for (size_t i = 0; i < count; i++)
        for (size_t d = 0; d < fit->domains; d++) {
            const double *t = w->total + d * levels * j->dimension * stride + i;
            double *theta = j->thetas + (first + i) * n + d * fit->outputs, all = 0;
            for (size_t k = 0; k < fit->outputs; k++) {
                theta[k] = value_of(j, d, k, t, stride);
                all += theta[k];
            }
            for (size_t k = 0; fit->form == SVYI_FORM_SHARES && k < fit->outputs; k++)
                theta[k] = divide(theta[k], all);
            for (size_t k = 0; j->residuals != NULL && k < fit->outputs; k++) {
                size_t at = d * fit->outputs + k;
                double off = fit->estimate[at] - j->r->slope[at];
                j->residuals[(first + i) * n + at] = t[(2 * k + 1) * stride] - off * t[(2 * k + 2) * stride];
            }
        }
}

/* ---- from sums by unit ---- */

static void piece_by_unit(void *user, unsigned index, size_t piece)
{
    const job *j = user;
    worker *w = j->workers[index];
    size_t first = piece * BY_UNIT, count = j->reps->count - first < BY_UNIT ? j->reps->count - first : BY_UNIT, m = j->dimension;
    uint32_t unit = UINT32_MAX;
    memset(w->total, 0, j->cells * m * BY_UNIT * sizeof *w->total);
    for (size_t e = 0; e < j->sums->count; e++) {
        const svyi_entry *entry = &j->sums->entries[e];
        const double *x = j->sums->values + e * j->sums->stride;
        double *t = w->total + entry->cell * m * BY_UNIT;
        uint32_t u = svyi_replicate_unit(j->r->design, entry->group, 0);
        if (u != unit)
            svyi_replicate_factors(j->reps, u, first, count, w->factor);
        unit = u;
        for (size_t i = 0; i < m; i++)
            for (size_t k = 0; k < count; k++)
                t[i * BY_UNIT + k] += x[i] * w->factor[k];
    }
    finish_piece(j, w, first, count);
}

/* ---- from rows ---- */

/* Cells and u of `count` rows from a place of the order. */
static void look_at_rows(const job *j, worker *w, size_t place, size_t count)
{
    const svyi_sum_request *r = j->r;
    size_t width = r->width;
    for (size_t i = 0; i < count; i++) {
        size_t row = r->design->order != NULL ? r->design->order[place + i] : place + i;
        uint32_t domain = r->missing != NULL && r->missing[row] ? SVYI_NO_DOMAIN : svyi_domain_of(r->domains, row);
        w->row[i] = (uint32_t)row;
        w->cell[i] = SVYI_NO_DOMAIN;
        if (domain == SVYI_NO_DOMAIN)
            continue;
        w->cell[i] = r->codes != NULL ? domain * r->n_levels + r->codes[row] : domain;
        double *u = w->x + i * width;
        for (size_t k = 0; k < width; k++)
            u[k] = svyi_input_value(&r->inputs[k], row) - r->centre[domain * width + k];
        for (size_t k = 0; r->slope != NULL && k + 1 < width; k += 2)
            u[k] -= r->slope[domain * (width / 2) + k / 2] * u[k + 1];
    }
}

/* The same by columns, for one cell. */
static void turn_rows(const job *j, worker *w, size_t count)
{
    size_t width = j->r->width;
    for (size_t i = 0; i < count; i++)
        w->turned[i] = w->cell[i] == 0;
    for (size_t c = 0; c < width; c++)
        for (size_t i = 0; i < count; i++)
            w->turned[(c + 1) * BLOCK + i] = w->cell[i] == 0 ? w->x[i * width + c] : 0;
}

/* Weights of these rows in the replicates of the piece. */
static void look_up_weights(const job *j, worker *w, size_t place, size_t first, size_t replicates, size_t count)
{
    const svyi_replicates *reps = j->reps;
    const double *base = svyi_weights_before(j->r->design);
    for (size_t i = 0; reps->columns == NULL && j->r->design->adjustments == NULL && i < count; i++) {
        svyi_replicate_factors(reps, (uint32_t)(place + i), first, replicates, w->factor);
        for (size_t k = 0; k < replicates; k++)
            w->w[k * BLOCK + i] = w->factor[k] * base[w->row[i]];
    }
    if (reps->columns == NULL && j->r->design->adjustments == NULL)
        return;
    for (size_t k = 0; k < replicates; k++) {
        const double *column = j->r->design->adjustments != NULL ? w->adjusted[k] : reps->columns[first + k];
        int factors = j->r->design->adjustments == NULL && reps->uncombined;
        for (size_t i = 0; i < count; i++)
            w->w[k * BLOCK + i] = column[w->row[i]] * (factors ? base[w->row[i]] : 1);
    }
}

/* Eight sums side by side: that is as fast as memory, and rounds less than one long sum. */
static double dot(const double *a, const double *b, size_t n)
{
    double s[8] = { 0, 0, 0, 0, 0, 0, 0, 0 };
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[i % 8] += a[i] * b[i];
    return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

/* `weights`: of the block in replicate k. */
static void add_one_cell(const job *j, worker *w, const double *weights, size_t k, size_t count)
{
    for (size_t c = 0; c <= j->r->width; c++)
        w->total[c * j->per_piece + k] += dot(weights, w->turned + c * BLOCK, count);
}

/* Given weights of rows that stand in their order need not be copied; NULL otherwise. */
static const double *weights_in_place(const job *j, size_t replicate, size_t place)
{
    const svy_design *d = j->r->design;
    if (d->order != NULL || d->adjustments != NULL || j->reps->columns == NULL || j->reps->uncombined)
        return NULL;
    return j->reps->columns[replicate] + place;
}

static void add_cells(const job *j, worker *w, size_t replicates, size_t count)
{
    size_t width = j->r->width, m = j->dimension, stride = j->per_piece;
    for (size_t i = 0; i < count; i++) {
        if (w->cell[i] == SVYI_NO_DOMAIN)
            continue;
        double *t = w->total + w->cell[i] * m * stride;
        const double *u = w->x + i * width;
        for (size_t k = 0; k < replicates; k++) {
            double weight = w->w[k * BLOCK + i];
            t[k] += weight;
            for (size_t c = 0; c < width; c++)
                t[(c + 1) * stride + k] += weight * u[c];
        }
    }
}

static void piece_by_row(void *user, unsigned index, size_t piece)
{
    const job *j = user;
    worker *w = j->workers[index];
    const svy_design *d = j->r->design;
    size_t first = piece * BY_ROW, replicates = j->reps->count - first < BY_ROW ? j->reps->count - first : BY_ROW;
    memset(w->total, 0, j->cells * j->dimension * BY_ROW * sizeof *w->total);
    for (size_t k = 0; d->adjustments != NULL && k < replicates; k++)
        svyi_replicate_weights(d, first + k, w->adjusted[k]);
    for (size_t place = 0; place < d->rows; place += BLOCK) {
        size_t count = d->rows - place < BLOCK ? d->rows - place : BLOCK;
        int in_place = j->cells == 1 && weights_in_place(j, first, place) != NULL;
        look_at_rows(j, w, place, count);
        if (!in_place)
            look_up_weights(j, w, place, first, replicates, count);
        if (j->cells == 1)
            turn_rows(j, w, count);
        for (size_t k = 0; j->cells == 1 && k < replicates; k++)
            add_one_cell(j, w, in_place ? weights_in_place(j, first + k, place) : w->w + k * BLOCK, k, count);
        if (j->cells > 1)
            add_cells(j, w, replicates, count);
    }
    finish_piece(j, w, first, replicates);
}

/* ---- jackknives whose units are rows: what a replicate leaves out is taken off the sums ---- */

enum { BY_STRATUM_MAX = 1 << 24 };

static int is_row_jackknife(const svy_design *d, size_t cells, size_t dimension)
{
    const svyi_replicates *r = d->replicates;
    return r->left_out != NULL && r->type != SVY_REPLICATE_JK2 && d->adjustments == NULL && svyi_replicate_unit_is_row(d) &&
           cells * dimension <= BY_STRATUM_MAX / d->n_groups;
}

static int get_strata(job *j, svyi_arena *scratch)
{
    size_t m = j->dimension, n = j->cells * m;
    j->all = svyi_arena_get(scratch, (n + 1) * sizeof *j->all);
    j->by_stratum = svyi_arena_get(scratch, (j->r->design->n_groups * n + 1) * sizeof *j->by_stratum);
    if (j->all == NULL || j->by_stratum == NULL)
        return -1;
    for (size_t e = 0; e < j->sums->count; e++)
        for (size_t i = 0; i < m; i++) {
            const svyi_entry *entry = &j->sums->entries[e];
            double x = j->sums->values[e * j->sums->stride + i];
            j->all[entry->cell * m + i] += x;
            j->by_stratum[entry->group * n + entry->cell * m + i] += x;
        }
    return 0;
}

static uint32_t stratum_at(const svyi_stage *s, uint32_t unit)
{
    uint32_t low = 0, high = s->n_strata;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (s->unit_start[middle] <= unit) low = middle; else high = middle;
    }
    return low;
}

static void piece_by_left_out(void *user, unsigned index, size_t piece)
{
    const job *j = user;
    worker *w = j->workers[index];
    const svy_design *d = j->r->design;
    size_t first = piece * BY_ROW, replicates = j->reps->count - first < BY_ROW ? j->reps->count - first : BY_ROW, m = j->dimension, n = j->cells * m;
    for (size_t k = 0; k < replicates; k++) {
        const svyi_left_out *l = &j->reps->left_out[first + k];
        const double *stratum = j->by_stratum + stratum_at(&d->stages[0], l->unit) * n;
        for (size_t i = 0; i < n; i++)
            w->total[i * BY_ROW + k] = l->outside * (j->all[i] - stratum[i]) + l->inside * stratum[i];
        look_at_rows(j, w, l->unit, 1);
        if (w->cell[0] == SVYI_NO_DOMAIN)
            continue;
        double weight = l->inside * d->weights[w->row[0]], *t = w->total + w->cell[0] * m * BY_ROW + k;
        t[0] -= weight;
        for (size_t c = 0; c < j->r->width; c++)
            t[(c + 1) * BY_ROW] -= weight * w->x[c];
    }
    finish_piece(j, w, first, replicates);
}

/* ---- all of it ---- */

static int get_worker(const job *j, svyi_arena *scratch, int by_unit, worker **out)
{
    worker *w = *out = svyi_arena_get(scratch, sizeof *w);
    if (w == NULL || (w->total = svyi_arena_get(scratch, (j->cells * j->dimension * j->per_piece + 1) * sizeof *w->total)) == NULL ||
        (w->factor = svyi_arena_get(scratch, j->per_piece * sizeof *w->factor)) == NULL)
        return -1;
    if (by_unit)
        return 0;
    w->x = svyi_arena_get(scratch, (BLOCK * j->r->width + 1) * sizeof *w->x);
    w->turned = svyi_arena_get(scratch, (j->r->width + 1) * BLOCK * sizeof *w->turned);
    w->w = svyi_arena_get(scratch, BLOCK * BY_ROW * sizeof *w->w);
    for (size_t k = 0; j->r->design->adjustments != NULL && k < BY_ROW; k++)
        if ((w->adjusted[k] = svyi_arena_get(scratch, (j->r->design->rows + 1) * sizeof(double))) == NULL)
            return -1;
    return w->x == NULL || w->turned == NULL || w->w == NULL ? -1 : 0;
}

static int get_job(job *j, svyi_arena *scratch, int by_unit, unsigned threads)
{
    size_t n = j->fit->domains * j->fit->outputs;
    if (j->reps->count > SIZE_MAX / sizeof(double) / (n + 1))
        return -1;
    j->thetas = svyi_arena_get(scratch, (j->reps->count * n + 1) * sizeof *j->thetas);
    j->workers = svyi_arena_get(scratch, threads * sizeof(worker *));
    if (j->fit->form == SVYI_FORM_RATIOS && (j->residuals = svyi_arena_get(scratch, (j->reps->count * n + 1) * sizeof *j->residuals)) == NULL)
        return -1;
    if (j->thetas == NULL || j->workers == NULL)
        return -1;
    for (unsigned t = 0; t < threads; t++)
        if (get_worker(j, scratch, by_unit, &j->workers[t]) != 0)
            return -1;
    return 0;
}

/* The totals of residuals are 0 in the full sample. */
static svy_status residual_variance(svyi_arena *arena, const job *j, svyi_fit *fit, svy_error *err)
{
    size_t n = fit->domains * fit->outputs;
    double *zero = svyi_arena_get(arena, (n + 1) * sizeof *zero);
    fit->residual = svyi_arena_get(arena, (n + 1) * sizeof *fit->residual);
    if (zero == NULL || fit->residual == NULL)
        return svyi_nomem(err);
    return svyi_replicate_variance(j->r->design, zero, j->residuals, n, fit->residual, NULL, NULL, err);
}

svy_status svyi_fit_by_replicates(svyi_arena *arena, const svyi_sum_request *r, const svyi_sums *sums, svyi_fit *fit, svy_error *err)
{
    svyi_arena scratch;
    int by_unit = svyi_replicates_by_unit(r->design) && !svyi_replicate_unit_is_row(r->design);
    job j = { .r = r, .sums = sums, .fit = fit, .reps = r->design->replicates, .cells = fit->domains * r->n_levels, .dimension = sums->dimension,
              .per_piece = by_unit ? BY_UNIT : BY_ROW };
    size_t pieces = (j.reps->count + j.per_piece - 1) / j.per_piece;
    int rows = is_row_jackknife(r->design, j.cells, j.dimension);
    unsigned threads = r->threads < 1 ? 1 : r->threads > SVYI_THREADS_MAX ? SVYI_THREADS_MAX : r->threads;
    svy_status st = SVY_OK;
    if (threads > pieces)
        threads = (unsigned)pieces;
    svyi_arena_init(&scratch, &arena->alloc);
    if (get_job(&j, &scratch, by_unit, threads) != 0 || (rows && get_strata(&j, &scratch) != 0))
        st = svyi_nomem(err);
    if (st == SVY_OK) {
        svyi_pieces_run(pieces, threads, by_unit ? piece_by_unit : rows ? piece_by_left_out : piece_by_row, &j);
        st = svyi_replicate_variance(r->design, fit->estimate, j.thetas, fit->domains * fit->outputs, fit->variance, fit->covariance, &fit->dropped, err);
    }
    if (st == SVY_OK && j.residuals != NULL)
        st = residual_variance(arena, &j, fit, err);
    svyi_arena_clear(&scratch);
    return st;
}
