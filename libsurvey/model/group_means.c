/* Means of scores by group, and the design covariance of their differences. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/influence.h"
#include "model/group_test.h"
#include "num/matrix.h"

/* The second pass takes the rounding of the first out. */
void svyi_group_means_of(const svyi_group_test *t, const double *score, const double *weights, svyi_group_means *m)
{
    double *mean = m->mean, *weight = m->weight, *off = weight + t->groups;
    memset(mean, 0, t->groups * sizeof *mean);
    memset(weight, 0, 2 * t->groups * sizeof *weight);
    for (size_t k = 0; k < t->n; k++) {
        uint32_t row = t->rows[k], g = t->group[row];
        weight[g] += weights[row];
        mean[g] += weights[row] * score[row];
    }
    for (uint32_t g = 0; g < t->groups; g++)
        mean[g] = weight[g] > 0 ? mean[g] / weight[g] : nan("");
    for (size_t k = 0; k < t->n; k++) {
        uint32_t row = t->rows[k], g = t->group[row];
        off[g] += weights[row] * (score[row] - mean[g]);
    }
    for (uint32_t g = 0; g < t->groups; g++)
        mean[g] += off[g] / weight[g];
}

typedef struct job { const svyi_group_test *t; const double *score; const svyi_group_means *m; size_t width; int fixed; } job;

/* Influence of a row on the differences, without its weight: one number per group but the first (one sample: one). */
static void row_influence(const job *j, uint32_t row, double *z)
{
    uint32_t g = j->t->group[row];
    memset(z, 0, j->width * sizeof *z);
    if (g == SVYI_NO_GROUP)
        return;
    double off = (j->score[row] - j->m->mean[g]) / j->m->weight[g];
    if (j->t->groups == 1)
        z[0] = off;
    else if (g > 0)
        z[g - 1] = off;
    else
        for (size_t k = 0; k < j->width; k++)
            z[k] = -off;
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const job *j = user;
    for (size_t i = 0; i < count; i++) {
        row_influence(j, rows[i], z + i * j->width);
        for (size_t k = 0; k < j->width; k++)
            z[i * j->width + k] *= j->t->design->weights[rows[i]];
        if (domain != NULL)
            domain[i] = 0;
    }
}

/* Scores taken as known: totals of the influences under other weights. */
static void fixed_values(const job *j, const double *weights, double *theta)
{
    double first = 0;
    memset(theta, 0, j->width * sizeof *theta);
    for (size_t k = 0; k < j->t->n; k++) {
        uint32_t row = j->t->rows[k], g = j->t->group[row];
        double off = weights[row] * (j->score[row] - j->m->mean[g]) / j->m->weight[g];
        if (g == 0) first += off; else theta[g - 1] += off;
    }
    for (size_t k = 0; k < j->width; k++)
        theta[k] -= first;
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const job *j = user;
    if (j->fixed) {
        fixed_values(j, weights, theta);
        return SVY_OK;
    }
    svyi_arena scratch;
    svyi_arena_init(&scratch, &j->t->scratch->alloc);
    svyi_group_means m = { svyi_arena_get(&scratch, (j->t->groups + 1) * sizeof *m.mean), svyi_arena_get(&scratch, (2 * j->t->groups + 1) * sizeof *m.weight) };
    svy_status st = m.mean != NULL && m.weight != NULL ? SVY_OK : svyi_nomem(err);
    if (st == SVY_OK) {
        svyi_group_means_of(j->t, j->score, weights, &m);
        if (j->t->groups == 1)
            theta[0] = m.mean[0];
        for (uint32_t g = 1; g < j->t->groups; g++)
            theta[g - 1] = m.mean[g] - m.mean[0];
    }
    svyi_arena_clear(&scratch);
    return st;
}

svy_status svyi_group_covariance(const svyi_group_test *t, const double *score, const svyi_group_means *m, int fixed, double *covariance)
{
    job j = { t, score, m, t->groups == 1 ? 1 : t->groups - 1, fixed };
    svyi_estimator e = { { j.width, 1, fill, &j }, values };
    double *theta = svyi_arena_get(t->scratch, (j.width + 1) * sizeof *theta), *variance = svyi_arena_get(t->scratch, (j.width + 1) * sizeof *variance);
    if (theta == NULL || variance == NULL)
        return svyi_nomem(t->err);
    svy_status st = values(&j, t->design->weights, theta, t->err);
    return st != SVY_OK ? st : svyi_group_variance(t, &e, theta, variance, covariance);
}

svy_status svyi_group_variance(const svyi_group_test *t, const svyi_estimator *e, const double *theta, double *variance, double *covariance)
{
    if (t->units != NULL)
        return svyi_few_rows_variance(t->scratch, t->design, t->units, &e->influence, t->rows, t->n, variance, covariance, t->err);
    return svyi_estimator_variance(t->scratch, t->design, e, theta, t->threads, variance, covariance, NULL, t->err);
}

double svyi_quadratic_form(svyi_arena *scratch, double *v, const double *b, size_t k)
{
    double *x = svyi_arena_get(scratch, (k + 1) * sizeof *x), form = 0;
    if (x == NULL)
        return nan("");
    memcpy(x, b, k * sizeof *x);
    if (svyi_cholesky(v, k, 1e-11, NULL) < k)
        return nan("");
    svyi_cholesky_solve(v, k, x);
    for (size_t i = 0; i < k; i++)
        form += b[i] * x[i];
    return form;
}
