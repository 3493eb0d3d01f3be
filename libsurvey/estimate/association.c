/* Rao and Scott's tests and Wald's, from shares or totals of a table and their covariance. */
#include "estimate/association.h"

#include <math.h>

#include "num/distribution.h"
#include "num/matrix.h"
#include "num/mixture.h"

static const char NO_MEMORY[] = "";
static const char EMPTY_CELLS[] = "too many cells are empty: combine levels";
static const char SINGULAR[] = "the covariance of the residuals is singular: the design has too few PSUs, or cells are empty";
static const char NO_VARIANCE[] = "the shares have no variance: the design fixes them";
static const double RANK = 1e-11, NOTHING = 1e-22;      /* of a variance against a squared number of rows or people */

/* ---- independence ---- */

typedef struct margins { double *row, *column, all; } margins;

static int get_margins(svyi_arena *scratch, const svyi_table *t, const double *cells, margins *m)
{
    *m = (margins){ svyi_arena_get(scratch, (t->rows + 1) * sizeof *m->row), svyi_arena_get(scratch, (t->columns + 1) * sizeof *m->column), 0 };
    if (m->row == NULL || m->column == NULL)
        return -1;
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < t->rows; i++) {
            double x = cells[j * t->rows + i];
            m->row[i] += x;
            m->column[j] += x;
            m->all += x;
        }
    return 0;
}

static double chisq(const svyi_table *t, const margins *m)
{
    double sum = 0;
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < t->rows; i++) {
            double expected = m->row[i] * m->column[j] / m->all, off = t->shares[j * t->rows + i] - expected;
            sum += off * off / expected;
        }
    return sum / m->all * t->n;
}

/* Helmert's k-th contrast of n levels: orthonormal, and orthogonal to a constant. */
static double helmert(size_t k, size_t level)
{
    double n = (double)k + 1;
    return level <= k ? 1 / sqrt(n * (n + 1)) : level == k + 1 ? -n / sqrt(n * (n + 1)) : 0;
}

/* Interaction contrasts as columns, one row per cell: orthogonal to both main effects. */
static double *contrasts(svyi_arena *scratch, const svyi_table *t, size_t k)
{
    size_t cells = t->rows * t->columns, wide = t->columns - 1;
    double *c = svyi_arena_get(scratch, cells * k * sizeof *c);
    for (size_t cell = 0; c != NULL && cell < cells; cell++)
        for (size_t a = 0; a < t->rows - 1; a++)
            for (size_t b = 0; b < wide; b++)
                c[cell * k + a * wide + b] = helmert(a, cell % t->rows) * helmert(b, cell / t->rows);
    return c;
}

/* out = c' d c for a diagonal d. */
static void weighted_products(const double *c, const double *d, size_t cells, size_t k, double *out)
{
    for (size_t cell = 0; cell < cells; cell++)
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k && d[cell] != 0; j++)
                out[i * k + j] += c[cell * k + i] * d[cell] * c[cell * k + j];
}

/* The factor of a, inverse of a and b in the way of Delta = a^-1 b. */
typedef struct delta { double *factor, *b, *column; size_t k; } delta;

static int get_delta(svyi_arena *scratch, const svyi_table *t, size_t k, delta *out)
{
    size_t cells = t->rows * t->columns;
    double *c = contrasts(scratch, t, k), *inverse = svyi_arena_get(scratch, cells * sizeof *inverse);
    double *flat = svyi_arena_get(scratch, cells * k * sizeof *flat);
    *out = (delta){ svyi_arena_get(scratch, k * k * sizeof *c), svyi_arena_get(scratch, k * k * sizeof *c), svyi_arena_get(scratch, k * sizeof *c), k };
    if (c == NULL || inverse == NULL || flat == NULL || out->factor == NULL || out->b == NULL || out->column == NULL)
        return -1;
    for (size_t cell = 0; cell < cells; cell++)
        inverse[cell] = t->shares[cell] != 0 ? 1 / t->shares[cell] : 0;
    weighted_products(c, inverse, cells, k, out->factor);
    for (size_t cell = 0; cell < cells; cell++)      /* (D^-1 C)', which the sandwich takes */
        for (size_t i = 0; i < k; i++)
            flat[i * cells + cell] = inverse[cell] * c[cell * k + i];
    return svyi_sandwich(scratch, flat, k, t->shares_covariance, cells, out->b);
}

/* Delta by columns into the place of b (which is symmetric: a column is a row). */
static void solve_delta(delta *d)
{
    for (size_t i = 0; i < d->k; i++)
        svyi_cholesky_solve(d->factor, d->k, d->b + i * d->k);
}

static double *eigenvalues_of(svyi_arena *scratch, const delta *d, double n)
{
    double *inverse = svyi_arena_get(scratch, d->k * d->k * sizeof *inverse), *lambda = svyi_arena_get(scratch, d->k * sizeof *lambda);
    if (inverse == NULL || lambda == NULL)
        return NULL;
    svyi_cholesky_invert(d->factor, d->k, inverse);
    if (svyi_eigen_product(scratch, inverse, d->b, d->k, lambda) != 0)
        return NULL;
    for (size_t i = 0; i < d->k; i++)
        lambda[i] *= n;
    return lambda;
}

const char *svyi_association_pearson(svyi_arena *scratch, const svyi_table *t, int eigenvalues, svyi_pearson *out)
{
    margins m;
    delta d;
    size_t k = (t->rows - 1) * (t->columns - 1);
    *out = (svyi_pearson){ .k = k };
    if (get_margins(scratch, t, t->shares, &m) != 0 || get_delta(scratch, t, k, &d) != 0)
        return NO_MEMORY;
    out->statistic = chisq(t, &m);
    if (svyi_cholesky(d.factor, k, RANK, NULL) < k)
        return EMPTY_CELLS;
    if (eigenvalues && (out->lambda = eigenvalues_of(scratch, &d, t->n)) == NULL)
        return NO_MEMORY;
    solve_delta(&d);
    for (size_t i = 0; i < k; i++) {
        out->trace += t->n * d.b[i * k + i];
        for (size_t j = 0; j < k; j++)
            out->squares += t->n * d.b[i * k + j] * t->n * d.b[j * k + i];
    }
    return out->trace > NOTHING * t->n ? NULL : NO_VARIANCE;
}

/* Derivatives of the residual of a cell, t - row total * column total / total, by every cell. */
static void residual_gradient(const svyi_table *t, const margins *m, size_t cell, double *out)
{
    size_t i = cell % t->rows, j = cell / t->rows;
    for (size_t l = 0; l < t->columns; l++)
        for (size_t k = 0; k < t->rows; k++) {
            double *g = &out[l * t->rows + k];
            *g = m->row[i] / m->all * (m->column[j] / m->all);
            if (k == i) *g -= m->column[j] / m->all;
            if (l == j) *g -= m->row[i] / m->all;
            if (k == i && l == j) *g += 1;
        }
}

/* y' v^-1 y; destroys v and y. */
static const char *quadratic(double *v, double *y, size_t k, double *keep, double *form)
{
    for (size_t i = 0; i < k; i++)
        keep[i] = y[i];
    if (svyi_cholesky(v, k, RANK, NULL) < k)
        return SINGULAR;
    svyi_cholesky_solve(v, k, y);
    *form = 0;
    for (size_t i = 0; i < k; i++)
        *form += keep[i] * y[i];
    return NULL;
}

const char *svyi_association_wald(svyi_arena *scratch, const svyi_table *t, double *form, size_t *k)
{
    margins m;
    size_t cells = t->rows * t->columns, at = 0, n = *k = (t->rows - 1) * (t->columns - 1);
    double *gradient = svyi_arena_get(scratch, n * cells * sizeof *gradient), *y = svyi_arena_get(scratch, n * sizeof *y);
    double *v = svyi_arena_get(scratch, n * n * sizeof *v), *keep = svyi_arena_get(scratch, n * sizeof *keep);
    if (gradient == NULL || y == NULL || v == NULL || keep == NULL || get_margins(scratch, t, t->totals, &m) != 0)
        return NO_MEMORY;
    for (size_t j = 1; j < t->columns; j++)
        for (size_t i = 1; i < t->rows; i++) {
            size_t cell = j * t->rows + i;
            y[at] = t->totals[cell] - m.row[i] / m.all * m.column[j];
            residual_gradient(t, &m, cell, gradient + at++ * cells);
        }
    if (svyi_sandwich(scratch, gradient, n, t->totals_covariance, cells, v) != 0)
        return NO_MEMORY;
    return quadratic(v, y, n, keep, form);
}

/* ---- fit ---- */

static double total_of(const svyi_table *t)
{
    double all = 0;
    for (size_t i = 0; i < t->rows; i++)
        all += t->totals[i];
    return all;
}

const char *svyi_fit_pearson(svyi_arena *scratch, const svyi_table *t, int eigenvalues, svyi_pearson *out)
{
    size_t k = t->rows;
    double all = total_of(t), *gradient = svyi_arena_get(scratch, k * k * sizeof *gradient), *v = svyi_arena_get(scratch, k * k * sizeof *v);
    double *lambda = svyi_arena_get(scratch, k * sizeof *lambda);
    *out = (svyi_pearson){ .k = k - 1, .lambda = lambda };
    if (gradient == NULL || v == NULL || lambda == NULL)
        return NO_MEMORY;
    for (size_t i = 0; i < k; i++) {
        double e = t->expected[i] * all, off = t->totals[i] - e;
        out->statistic += off * off / e;
        for (size_t j = 0; j < k; j++)       /* of (t - e) / sqrt(e), where e moves with the sum of all t */
            gradient[i * k + j] = (i == j) / sqrt(e) - t->expected[i] * (1 + off / (2 * e)) / sqrt(e);
    }
    if (svyi_sandwich(scratch, gradient, k, t->totals_covariance, k, v) != 0)
        return NO_MEMORY;
    for (size_t i = 0; i < k; i++) {
        out->trace += v[i * k + i];
        for (size_t j = 0; j < k; j++)
            out->squares += v[i * k + j] * v[i * k + j];
    }
    if (!(out->trace > NOTHING * all))
        return NO_VARIANCE;
    return eigenvalues && svyi_eigen(scratch, v, k, lambda, NULL) != 0 ? NO_MEMORY : NULL;
}

const char *svyi_fit_wald(svyi_arena *scratch, const svyi_table *t, double *form, size_t *k)
{
    size_t cells = t->rows, n = *k = cells - 1;
    double *y = svyi_arena_get(scratch, n * sizeof *y), *v = svyi_arena_get(scratch, n * n * sizeof *v), *keep = svyi_arena_get(scratch, n * sizeof *keep);
    if (y == NULL || v == NULL || keep == NULL)
        return NO_MEMORY;
    for (size_t i = 0; i < n; i++) {        /* all levels but the first */
        y[i] = t->shares[i + 1] - t->expected[i + 1];
        for (size_t j = 0; j < n; j++)
            v[i * n + j] = t->shares_covariance[(i + 1) * cells + j + 1];
    }
    return quadratic(v, y, n, keep, form);
}

/* ---- rows ---- */

void svyi_pearson_row(svyi_arena *scratch, const svyi_pearson *p, svy_table_test_kind kind, const svyi_table *t, svy_test_row *row)
{
    int fit = t->expected != NULL;
    size_t terms = fit ? p->k + 1 : p->k;
    double d0 = p->trace * p->trace / p->squares, mixture_df = t->replicates ? HUGE_VAL : d0 * t->df;
    row->statistic = p->statistic;
    if (kind == SVY_TABLE_PEARSON_F) {
        row->statistic = p->statistic / p->trace;
        row->ndf = d0;
        row->ddf = d0 * t->df;
        row->p_value = svyi_f_upper(row->statistic, row->ndf, row->ddf);
    } else if (kind == SVY_TABLE_PEARSON_CHISQ) {
        row->ndf = fit ? d0 : (double)p->k;
        row->p_value = svyi_chi2_upper(p->statistic * row->ndf / p->trace, row->ndf);
    } else {
        row->ndf = (double)p->k;
        row->ddf = t->replicates ? nan("") : mixture_df;
        row->p_value = kind == SVY_TABLE_LINCOM ? svyi_mixture_upper(scratch, p->lambda, terms, mixture_df, p->statistic)
                                                : svyi_mixture_saddlepoint(p->lambda, terms, mixture_df, p->statistic);
    }
}

void svyi_wald_row(double form, size_t k, double df, int adjusted, svy_test_row *row)
{
    double n = (double)k;
    row->ndf = n;
    row->ddf = adjusted ? df - n + 1 : df;
    row->statistic = adjusted ? form / n * row->ddf / df : form / n;
    row->p_value = svyi_f_upper(row->statistic, row->ndf, row->ddf);
}
