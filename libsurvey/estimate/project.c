/* What calibration makes of the influence of rows: the residuals of its regression on the auxiliary variables. */
#include "estimate/project.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"

enum { BLOCK = 256, SWEEPS = 10 };

/* One step: the influence before it, and what is taken away from each row: s x'B. */
typedef struct projected {
    const svyi_influence *in;
    const svyi_adjustment *a;
    const svyi_auxiliary *x;
    size_t outputs;               /* domains * width */
    const double *spread;         /* by unit: mean weight before the step, where units are clusters; NULL otherwise */
    const double *b;              /* columns * outputs */
    const double *fitted;         /* x'B by unit, where units are few; NULL otherwise */
} projected;

/* What s is in row i: z_i becomes z_i - s_i x_i'B. */
static double scale_of(const projected *p, size_t row)
{
    const svyi_adjustment *a = p->a;
    if (a->projection == SVYI_PROJECT_SHARED)
        return a->after[row] - a->before[row];
    if (p->spread != NULL)
        return a->before[row] != 0 ? a->after[row] / a->before[row] * p->spread[p->x->unit[row]] : 0;
    return a->after[row];
}

static void take_away(const projected *p, size_t row, double *z)
{
    const svyi_auxiliary *x = p->x;
    size_t unit = svyi_auxiliary_unit(x, row), outputs = p->outputs;
    double s = unit == SVYI_NO_UNIT ? 0 : scale_of(p, row);
    if (s == 0)
        return;
    if (p->fitted != NULL) {
        const double *fitted = p->fitted + unit * outputs;
        for (size_t k = 0; k < outputs; k++)
            z[k] -= s * fitted[k];
        return;
    }
    if (x->start != NULL) {
        svyi_sparse e = svyi_auxiliary_row(x, unit, NULL, NULL);
        for (size_t j = 0; j < e.n; j++)
            for (size_t k = 0; k < outputs; k++)
                z[k] -= s * e.value[j] * p->b[e.column[j] * outputs + k];
        return;
    }
    for (size_t m = 0; m < x->n_margins; m++)
        for (size_t k = 0; k < outputs; k++)
            z[k] -= s * p->b[(x->first[m] + x->margins[m].codes[unit]) * outputs + k];
    for (size_t j = 0; j < x->n_numbers; j++)
        for (size_t k = 0; k < outputs; k++)
            z[k] -= s * x->numbers[j][unit] * p->b[(x->columns - x->n_numbers + j) * outputs + k];
}

/* The influence of a row, in one domain, over all estimates. `narrow` may lie within `row`, or before it. */
static void widen(const projected *p, const double *narrow, uint32_t domain, double *row)
{
    size_t width = p->in->width, at = domain * width;
    if (domain == SVYI_NO_DOMAIN) {
        memset(row, 0, p->outputs * sizeof *row);
        return;
    }
    memmove(row + at, narrow, width * sizeof *row);
    memset(row, 0, at * sizeof *row);
    memset(row + at + width, 0, (p->outputs - at - width) * sizeof *row);
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const projected *p = user;
    const svyi_influence *in = p->in;
    uint32_t of[BLOCK];
    for (size_t at = 0; at < count; at += BLOCK) {
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        double *out = z + at * p->outputs;
        in->fill(in->user, rows + at, n, out, in->domains > 1 ? of : NULL);
        for (size_t i = n; i-- > 0;) {             /* from the end: they stand packed at the front */
            if (in->domains > 1)
                widen(p, out + i * in->width, of[i], out + i * p->outputs);
            take_away(p, rows[at + i], out + i * p->outputs);
        }
        for (size_t i = 0; i < n && domain != NULL; i++)
            domain[at + i] = 0;
    }
}

/* ---- the regression ---- */

/* What a row's z counts for in the sums x z; 0: not at all. */
static double share_of(const svyi_adjustment *a, size_t row, size_t unit)
{
    double sigma2 = a->x->sigma2 != NULL ? a->x->sigma2[unit] : 1;
    switch (a->projection) {
    case SVYI_PROJECT_STARTING: return a->after[row] != 0 ? a->before[row] / (a->after[row] * sigma2) : 0;
    case SVYI_PROJECT_FINAL: return 1 / sigma2;
    case SVYI_PROJECT_SWEEPS: return a->after[row] != 0 ? 1 / a->after[row] : 0;
    case SVYI_PROJECT_SHARED: return 1;
    case SVYI_PROJECT_NOT: break;
    }
    return 0;
}

static double weight_of(const svyi_adjustment *a, size_t row, size_t unit)
{
    double sigma2 = a->x->sigma2 != NULL ? a->x->sigma2[unit] : 1;
    switch (a->projection) {
    case SVYI_PROJECT_STARTING: return a->before[row] / sigma2;
    case SVYI_PROJECT_FINAL: return a->after[row] / sigma2;
    case SVYI_PROJECT_SWEEPS: return a->after[row] != 0;
    case SVYI_PROJECT_SHARED: return a->after[row];
    case SVYI_PROJECT_NOT: break;
    }
    return 0;
}

/* Being fitted: the matrix of the equations, sums x z of a piece of rows and of all. */
typedef struct regression {
    const svy_design *d;
    projected *p;
    svyi_gram gram;
    double *z, *piece, *sum, *b, *one;
    double *unit_weight;
} regression;

static void add_row(regression *r, size_t row, const double *z, uint32_t domain, size_t width)
{
    const svyi_auxiliary *x = r->p->x;
    size_t unit = svyi_auxiliary_unit(x, row), outputs = r->p->outputs;
    double share = unit == SVYI_NO_UNIT ? 0 : share_of(r->p->a, row, unit);
    if (share == 0 || domain == SVYI_NO_DOMAIN)
        return;
    svyi_sparse e = svyi_auxiliary_row(x, unit, r->gram.columns, r->gram.values);
    for (size_t j = 0; j < e.n; j++) {
        double *sum = r->piece + e.column[j] * outputs + domain * width, v = share * e.value[j];
        for (size_t k = 0; k < width; k++)
            sum[k] += v * z[k];
    }
}

/* Sums x z over all rows, in pieces, of an influence of so many numbers a row. */
static void add_influence(regression *r, const svyi_influence *f)
{
    enum { PIECE = 65536 };
    uint32_t rows[BLOCK], of[BLOCK];
    size_t n = r->d->rows, cells = r->p->x->columns * r->p->outputs;
    memset(r->sum, 0, cells * sizeof *r->sum);
    for (size_t from = 0; from < n; from += PIECE) {
        memset(r->piece, 0, cells * sizeof *r->piece);
        for (size_t at = from; at < n && at < from + PIECE; at += BLOCK) {
            size_t count = n - at < BLOCK ? n - at : BLOCK;
            for (size_t i = 0; i < count; i++)
                rows[i] = (uint32_t)(at + i);
            f->fill(f->user, rows, count, r->z, f->domains > 1 ? of : NULL);
            for (size_t i = 0; i < count; i++)
                add_row(r, at + i, r->z + i * f->width, f->domains > 1 ? of[i] : 0, f->width);
        }
        for (size_t k = 0; k < cells; k++)
            r->sum[k] += r->piece[k];
    }
}

/* The matrix of the equations, unit by unit. */
static void add_matrix(regression *r)
{
    const svyi_auxiliary *x = r->p->x;
    svyi_gram_clear(&r->gram);
    for (size_t i = 0; i < r->d->rows; i++) {
        size_t unit = svyi_auxiliary_unit(x, i);
        if (unit == SVYI_NO_UNIT)
            continue;
        double w = weight_of(r->p->a, i, unit);
        if (r->unit_weight != NULL)
            r->unit_weight[unit] += w;
        else if (w != 0)
            svyi_gram_add(&r->gram, svyi_auxiliary_row(x, unit, r->gram.columns, r->gram.values), w);
    }
    for (size_t u = 0; r->unit_weight != NULL && u < x->n_units; u++)
        if (r->unit_weight[u] != 0)
            svyi_gram_add(&r->gram, svyi_auxiliary_row(x, u, r->gram.columns, r->gram.values), r->unit_weight[u]);
}

/* Adds the solution for the sums at hand to B. */
static void solve_sums(regression *r)
{
    size_t q = r->p->x->columns, outputs = r->p->outputs;
    for (size_t k = 0; k < outputs; k++) {
        for (size_t c = 0; c < q; c++)
            r->one[c] = r->sum[c * outputs + k];
        svyi_gram_solve(&r->gram, r->one);
        for (size_t c = 0; c < q; c++)
            r->b[c * outputs + k] += r->one[c];
    }
}

/* Ten sweeps over the margins: the mean of what is left of z / w in every cell of a margin goes. The matrix has the numbers of rows. */
static void sweep_sums(regression *r)
{
    const svyi_auxiliary *x = r->p->x;
    size_t q = x->columns, outputs = r->p->outputs;
    const double *n = r->gram.a;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t c = 0; c < q; c++) {
            double rows = r->gram.diagonal ? n[c] : n[c * q + c];
            for (size_t k = 0; k < outputs && rows > 0; k++) {
                double left = r->sum[c * outputs + k];
                for (size_t j = r->gram.diagonal ? c : 0; j < (r->gram.diagonal ? c + 1 : q); j++)
                    left -= (r->gram.diagonal ? n[c] : n[c * q + j]) * r->b[j * outputs + k];
                r->b[c * outputs + k] += left / rows;
            }
        }
}

/* x'B of every unit where units are few, so that a row is one subtraction. */
static void make_fitted(regression *r, double *fitted)
{
    const svyi_auxiliary *x = r->p->x;
    size_t outputs = r->p->outputs;
    for (size_t u = 0; u < x->n_units; u++) {
        svyi_sparse e = svyi_auxiliary_row(x, u, r->gram.columns, r->gram.values);
        for (size_t j = 0; j < e.n; j++)
            for (size_t k = 0; k < outputs; k++)
                fitted[u * outputs + k] += e.value[j] * r->b[e.column[j] * outputs + k];
    }
    r->p->fitted = fitted;
}

/* ---- a step ---- */

static svy_status get_regression(svyi_arena *arena, svyi_arena *scratch, regression *r, svy_error *err)
{
    const svyi_auxiliary *x = r->p->x;
    size_t q = x->columns, outputs = r->p->outputs;
    if (q > SIZE_MAX / sizeof(double) / (outputs + 1))
        return svyi_nomem(err);
    svy_status st = svyi_gram_get(scratch, x, &r->gram, err);
    if (st != SVY_OK)
        return st;
    r->z = svyi_arena_get(scratch, BLOCK * outputs * sizeof *r->z);
    r->piece = svyi_arena_get(scratch, (q * outputs + 1) * sizeof *r->piece);
    r->sum = svyi_arena_get(scratch, (q * outputs + 1) * sizeof *r->sum);
    r->one = svyi_arena_get(scratch, (q + 1) * sizeof *r->one);
    r->b = svyi_arena_get(arena, (q * outputs + 1) * sizeof *r->b);
    if (x->unit != NULL && (r->unit_weight = svyi_arena_get(scratch, (x->n_units + 1) * sizeof *r->unit_weight)) == NULL)
        return svyi_nomem(err);
    r->p->b = r->b;
    return r->z == NULL || r->piece == NULL || r->sum == NULL || r->one == NULL || r->b == NULL ? svyi_nomem(err) : SVY_OK;
}

static svy_status spread_weights(svyi_arena *arena, projected *p, svy_error *err)
{
    const svyi_auxiliary *x = p->x;
    if (x->size == NULL || p->a->projection == SVYI_PROJECT_SHARED)
        return SVY_OK;
    double *spread = svyi_arena_get(arena, (x->n_units + 1) * sizeof *spread);
    if (spread == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < x->rows; i++)
        if (x->unit[i] != SVYI_NO_UNIT)
            spread[x->unit[i]] += p->a->before[i] / x->size[x->unit[i]];
    p->spread = spread;
    return SVY_OK;
}

static svy_status fit(svyi_arena *arena, svyi_arena *scratch, regression *r, const svyi_influence *out, svy_error *err)
{
    enum { TABLE_MAX = 1 << 21 };
    projected *p = r->p;
    const svyi_auxiliary *x = p->x;
    svy_status st = get_regression(arena, scratch, r, err);
    if (st == SVY_OK)
        st = spread_weights(arena, p, err);
    if (st != SVY_OK)
        return st;
    add_matrix(r);
    add_influence(r, p->in);
    if (p->a->projection == SVYI_PROJECT_SWEEPS) {
        sweep_sums(r);
    } else {
        svyi_gram_factor(&r->gram);
        solve_sums(r);
        if (x->n_numbers > 0 && p->a->projection != SVYI_PROJECT_SHARED) {
            add_influence(r, out);                    /* once more, with what is left: numbers may be nearly collinear */
            solve_sums(r);
        }
    }
    if (x->start != NULL && x->size == NULL && x->n_units * p->outputs <= TABLE_MAX) {
        double *fitted = svyi_arena_get(arena, (x->n_units * p->outputs + 1) * sizeof *fitted);
        if (fitted == NULL)
            return svyi_nomem(err);
        make_fitted(r, fitted);
    }
    return SVY_OK;
}

static svy_status project_step(svyi_arena *arena, const svy_design *d, const svyi_adjustment *a, const svyi_influence *in, svyi_influence *out,
                               svy_error *err)
{
    svyi_arena scratch;
    projected *p = svyi_arena_get(arena, sizeof *p);
    svyi_influence *own = svyi_arena_get(arena, sizeof *own);
    if (p == NULL || own == NULL)
        return svyi_nomem(err);
    *own = *in;
    *p = (projected){ .in = own, .a = a, .x = a->x, .outputs = in->domains * in->width };
    *out = (svyi_influence){ .width = p->outputs, .domains = 1, .fill = fill, .user = p };
    regression r = { .d = d, .p = p };
    svyi_arena_init(&scratch, &arena->alloc);
    svy_status st = fit(arena, &scratch, &r, out, err);
    svyi_arena_clear(&scratch);
    return st;
}

/* The step that comes next after `done` (NULL: none yet) in the order of projections; NULL at the end. */
static const svyi_adjustment *next_step(const svy_design *d, const svyi_adjustment *done, int first_first)
{
    const svyi_adjustment *next = NULL;
    if (first_first)
        return done == NULL ? d->adjustments : done->next;
    for (const svyi_adjustment *a = d->adjustments; a != done && a != NULL; a = a->next)
        next = a;
    return next;
}

/* The last step first: its influence is in terms of the weights before it. */
svy_status svyi_influence_project(svyi_arena *arena, const svy_design *d, const svyi_influence *in, svyi_influence *out, svy_error *err)
{
    svy_status st = SVY_OK;
    int first_first = 0;
    *out = *in;
    for (const svyi_adjustment *a = d->adjustments; a != NULL; a = a->next)
        first_first |= a->first_first;
    for (const svyi_adjustment *a = next_step(d, NULL, first_first); a != NULL && st == SVY_OK; a = next_step(d, a, first_first)) {
        svyi_influence before = *out;
        if (a->projection != SVYI_PROJECT_NOT)
            st = project_step(arena, d, a, &before, out, err);
    }
    return st;
}
