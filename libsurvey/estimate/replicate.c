/* Variances from replicate weights: an estimator's values under each of them, and their spread. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/replicate.h"
#include "estimate/influence.h"
#include "estimate/parallel.h"

/* ---- the spread of replicates ---- */

enum { TILE = 16 };

/* Estimate k of the replicates: its centre; replicates that give no number are left out. NaN when fewer than two are there. */
static double centre_of(const svyi_replicates *reps, const double *theta, const double *thetas, size_t n, size_t k)
{
    double sum = 0;
    size_t used = 0, there = 0;
    for (size_t r = 0; r < reps->count; r++) {
        double x = thetas[r * n + k];
        there += (size_t)!isnan(x);
        if (isnan(x) || !(reps->rscales[r] > 0))
            continue;
        sum += x - theta[k];
        used++;
    }
    if (there < 2 || (used == 0 && !reps->mse))
        return nan("");
    return reps->mse ? theta[k] : theta[k] + sum / (double)used;
}

/* x becomes sqrt(rscale) (theta - centre), 0 where there is no number. */
static void deviations(const svyi_replicates *reps, const double *row, const double *centre, size_t r, size_t n, double *x)
{
    double root = sqrt(reps->rscales[r]);
    for (size_t k = 0; k < n; k++)
        x[k] = isnan(row[k]) ? 0 : root * (row[k] - centre[k]);
}

static void add_products(double *covariance, const double *x, size_t rows, size_t n)
{
    for (size_t a = 0; a < n; a++)
        for (size_t r = 0; r < rows; r++) {
            const double *v = x + r * n;
            double *target = covariance + a * n, va = v[a];
            for (size_t b = a; b < n; b++)
                target[b] += va * v[b];
        }
}

static void mirror(double *covariance, size_t n, double scale)
{
    for (size_t a = 0; a < n; a++)
        for (size_t b = a; b < n; b++)
            covariance[b * n + a] = covariance[a * n + b] *= scale;
}

/* Replicates that lack a number where the full sample has one. */
static size_t count_dropped(const svyi_replicates *reps, const double *theta, const double *thetas, size_t n)
{
    size_t dropped = 0;
    for (size_t r = 0; r < reps->count; r++) {
        int lacks = 0;
        for (size_t k = 0; k < n; k++)
            lacks |= isnan(thetas[r * n + k]) && !isnan(theta[k]);
        dropped += lacks != 0;
    }
    return dropped;
}

svy_status svyi_replicate_variance(const svy_design *d, const double *theta, const double *thetas, size_t n, double *variance,
                                   double *covariance, size_t *dropped, svy_error *err)
{
    const svyi_replicates *reps = d->replicates;
    svyi_arena scratch;
    svyi_arena_init(&scratch, &d->arena.alloc);
    double *centre = svyi_arena_get(&scratch, (n + 1) * sizeof *centre), *x = svyi_arena_get(&scratch, (TILE * n + 1) * sizeof *x);
    if (dropped != NULL)
        *dropped = 0;
    memset(variance, 0, n * sizeof *variance);
    if (covariance != NULL)
        memset(covariance, 0, n * n * sizeof *covariance);
    if (centre == NULL || x == NULL) {
        svyi_arena_clear(&scratch);
        return svyi_nomem(err);
    }
    for (size_t k = 0; k < n; k++)
        centre[k] = centre_of(reps, theta, thetas, n, k);
    for (size_t r = 0; r < reps->count; r += TILE) {
        size_t rows = reps->count - r < TILE ? reps->count - r : TILE;
        for (size_t i = 0; i < rows; i++) {
            deviations(reps, thetas + (r + i) * n, centre, r + i, n, x + i * n);
            for (size_t k = 0; k < n; k++)
                variance[k] += x[i * n + k] * x[i * n + k];
        }
        if (covariance != NULL)
            add_products(covariance, x, rows, n);
    }
    for (size_t k = 0; k < n; k++)
        variance[k] = isnan(centre[k]) ? nan("") : variance[k] * reps->scale;
    if (covariance != NULL)
        mirror(covariance, n, reps->scale);
    for (size_t k = 0; covariance != NULL && k < n; k++)
        for (size_t l = 0; isnan(centre[k]) && l < n; l++)
            covariance[k * n + l] = covariance[l * n + k] = nan("");
    if (dropped != NULL)
        *dropped = count_dropped(reps, theta, thetas, n);
    svyi_arena_clear(&scratch);
    return SVY_OK;
}

/* ---- an estimator under every replicate ---- */

static const double WEIGHTS_MAX = 2e11;      /* rows times replicates: a quarter of an hour or more */

typedef struct job {
    const svy_design *d;
    const svyi_estimator *e;
    size_t n;
    double *thetas;             /* count * n */
    double **weights;           /* by worker */
    svy_status *status;         /* by replicate */
    svy_error *errors;          /* by worker: its first one */
    size_t *failed;             /* by worker: the replicate it belongs to */
} job;

static void one_replicate(void *user, unsigned index, size_t r)
{
    job *j = user;
    svy_error err = SVY_ERROR_INIT;
    svyi_replicate_weights(j->d, r, j->weights[index]);
    j->status[r] = j->e->values(j->e->influence.user, j->weights[index], j->thetas + r * j->n, &err);
    if (j->status[r] != SVY_OK && r < j->failed[index]) {
        j->failed[index] = r;
        j->errors[index] = err;
    }
}

/* The failure of the first replicate that failed, whichever thread came to it. */
static svy_status first_failure(const job *j, unsigned threads, svy_error *err)
{
    unsigned which = 0;
    for (unsigned t = 1; t < threads; t++)
        if (j->failed[t] < j->failed[which])
            which = t;
    size_t r = j->failed[which];
    if (r == SIZE_MAX)
        return SVY_OK;
    if (err != NULL)
        *err = j->errors[which];
    return j->status[r];
}

static int get_job(job *j, svyi_arena *scratch, unsigned threads)
{
    size_t count = j->d->replicates->count;
    if (j->n > SIZE_MAX / sizeof(double) / (count + 1))
        return -1;
    j->thetas = svyi_arena_get(scratch, (count * j->n + 1) * sizeof *j->thetas);
    j->status = svyi_arena_get(scratch, count * sizeof *j->status);
    j->weights = svyi_arena_get(scratch, threads * sizeof(double *));
    j->errors = svyi_arena_get(scratch, threads * sizeof *j->errors);
    j->failed = svyi_arena_get(scratch, threads * sizeof *j->failed);
    if (j->thetas == NULL || j->status == NULL || j->weights == NULL || j->errors == NULL || j->failed == NULL)
        return -1;
    for (unsigned t = 0; t < threads; t++) {
        j->failed[t] = SIZE_MAX;
        if ((j->weights[t] = svyi_arena_get(scratch, (j->d->rows + 1) * sizeof(double))) == NULL)
            return -1;
    }
    return 0;
}

svy_status svyi_estimator_variance(svyi_arena *arena, const svy_design *d, const svyi_estimator *e, const double *theta, unsigned threads,
                                   double *variance, double *covariance, size_t *dropped, svy_error *err)
{
    if (dropped != NULL)
        *dropped = 0;
    if (d->replicates == NULL)
        return svyi_influence_variance(arena, d, &e->influence, threads, variance, covariance, err);
    if ((double)d->rows * (double)d->replicates->count > WEIGHTS_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "%zu replicates of %zu rows would take very long for this estimate: name the clusters, or make fewer replicates "
                         "(--replicates rao-wu)", d->replicates->count, d->rows);
    svyi_arena scratch;
    job j = { .d = d, .e = e, .n = e->influence.width * e->influence.domains };
    svy_status st;
    threads = threads < 1 ? 1 : threads > SVYI_THREADS_MAX ? SVYI_THREADS_MAX : threads;
    if (threads > d->replicates->count)
        threads = (unsigned)d->replicates->count;
    svyi_arena_init(&scratch, &arena->alloc);
    if (get_job(&j, &scratch, threads) != 0) {
        st = svyi_nomem(err);
    } else {
        svyi_pieces_run(d->replicates->count, threads, one_replicate, &j);
        st = first_failure(&j, threads, err);
    }
    if (st == SVY_OK)
        st = svyi_replicate_variance(d, theta, j.thetas, j.n, variance, covariance, dropped, err);
    svyi_arena_clear(&scratch);
    return st;
}
