/* Design-based rank tests of two and more groups: weighted mid-ranks, scores of them, and the comparison of mean scores. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "model/group_test.h"
#include "num/distribution.h"

/* Sums here are long doubles from left to right, as R's cumsum(), sum() and mean() are: a rank of exactly one half falls on the same side. */
typedef struct item { double y; uint32_t row; } item;

static int compare_items(const void *a, const void *b)
{
    const item *p = a, *q = b;
    return p->y != q->y ? (p->y > q->y) - (p->y < q->y) : (p->row > q->row) - (p->row < q->row);
}

/* The mean of n mid-ranks, by R's two passes. */
static double mean_rank(const double *ranks, size_t n)
{
    long double sum = 0, off = 0;
    for (size_t i = 0; i < n; i++)
        sum += (long double)ranks[i];
    long double mean = sum / (long double)n;
    for (size_t i = 0; i < n; i++)
        off += (long double)ranks[i] - mean;
    return (double)(mean + off / (long double)n);
}

static double score_of(svy_test_kind kind, double rank, double total)
{
    if (kind == SVY_TEST_VAN_DER_WAERDEN)
        return svyi_normal_quantile(rank / total);
    return kind == SVY_TEST_MEDIAN ? rank > total / 2 : rank / total;
}

/* The scores by row of the data; NULL when out of memory. */
static double *make_scores(const svyi_group_test *t)
{
    const double *y = svyi_matrix_response(t->matrix)->numbers, *w = t->design->weights;
    double *score = svyi_arena_get(t->scratch, (t->design->rows + 1) * sizeof *score), *rank = svyi_arena_get(t->scratch, (t->n + 1) * sizeof *rank);
    item *items = svyi_arena_get(t->scratch, (t->n + 1) * sizeof *items);
    long double total = 0, below = 0;
    if (score == NULL || rank == NULL || items == NULL)
        return NULL;
    for (size_t k = 0; k < t->n; k++) {
        items[k] = (item){ y[t->rows[k]], t->rows[k] };
        total += (long double)w[t->rows[k]];
    }
    qsort(items, t->n, sizeof *items, compare_items);
    for (size_t first = 0, end; first < t->n; first = end) {
        double before = (double)below;
        for (end = first; end < t->n && items[end].y == items[first].y; end++) {
            below += (long double)w[items[end].row];
            rank[end] = (double)below - w[items[end].row] / 2;
        }
        double shared = t->spec->ties == SVY_TIES_MIDDLE ? (before + (double)below) / 2 : mean_rank(rank + first, end - first);
        for (size_t k = first; k < end; k++)
            score[items[k].row] = score_of(t->spec->kind, shared, (double)total);
    }
    return score;
}

/* Two groups: the difference of mean scores on t. */
static void two_groups(const svyi_group_test *t, double difference, double variance, svy_test_row *row)
{
    row->estimate = difference;
    row->se = sqrt(variance);
    row->ddf = t->df - 1;
    row->statistic = row->estimate / row->se;
    row->p_value = svyi_t_two_sided(row->statistic, row->ddf);
    double half = svyi_t_quantile(0.5 + t->spec->level / 2, row->ddf) * row->se;
    row->lower = row->estimate - half;
    row->upper = row->estimate + half;
}

svy_status svyi_rank_test(const svyi_group_test *t, svy_test_row *row, const char **why)
{
    size_t k = t->groups - 1;
    svyi_group_means m = { svyi_arena_get(t->scratch, t->groups * sizeof *m.mean), svyi_arena_get(t->scratch, 2 * t->groups * sizeof *m.weight) };
    double *v = svyi_arena_get(t->scratch, k * k * sizeof *v), *b = svyi_arena_get(t->scratch, k * sizeof *b), *score = make_scores(t);
    if (m.mean == NULL || m.weight == NULL || v == NULL || b == NULL || score == NULL)
        return svyi_nomem(t->err);
    svyi_group_means_of(t, score, t->design->weights, &m);
    svy_status st = svyi_group_covariance(t, score, &m, 1, v);
    if (st != SVY_OK)
        return st;
    for (size_t g = 0; g < k; g++)
        b[g] = m.mean[g + 1] - m.mean[0];
    if (t->groups == 2) {
        if (v[0] > 1e-26)
            two_groups(t, b[0], v[0], row);
        else
            *why = "the scores do not vary between the sampling units";
    } else {
        row->ndf = (double)k;
        row->ddf = t->df - (double)k;
        row->statistic = svyi_quadratic_form(t->scratch, v, b, k) / row->ndf;
        row->p_value = svyi_f_upper(row->statistic, row->ndf, row->ddf);
        if (isnan(row->statistic))
            *why = "the covariance of the mean scores is singular: a group has too few sampling units, or its scores do not vary";
    }
    if (*why == NULL && !(row->ddf > 0))
        *why = "the design has too few degrees of freedom";
    return SVY_OK;
}
