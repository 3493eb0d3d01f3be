/* The design variance of any estimator that can tell the influence of a row: which kind of design it is decides what is done with it. */
#include "estimate/influence.h"

#include <string.h>

#include "base/error.h"
#include "design/phase.h"
#include "design/pps.h"
#include "estimate/project.h"
#include "estimate/quadratic.h"
#include "estimate/scores.h"

/* Sums by unit, then the recursion over stages. */
static svy_status stages_variance(svyi_arena *scratch, const svy_design *d, const svyi_influence *f, unsigned threads, double *variance,
                                  double *covariance, svy_error *err)
{
    svyi_scores scores;
    svy_status st = svyi_scores_gather(scratch, d, f, svyi_design_by_unit(d), covariance != NULL, threads, &scores, err);
    return st != SVY_OK ? st : svyi_variance(scratch, d, &scores, f->domains, variance, covariance, err);
}

static svy_status any_variance(svyi_arena *scratch, const svy_design *d, const svyi_influence *f, unsigned threads, double *variance,
                               double *covariance, svy_error *err)
{
    if (d->phase2 != NULL)
        return svyi_quadratic_variance(scratch, f, d->phase2->forms, d->phase2->n_forms, variance, covariance, err);
    if (d->pps != NULL && d->pps->joint != NULL)
        return svyi_joint_variance(scratch, d, f, variance, covariance, err);
    if (d->pps != NULL && d->pps->n_forms > 0)
        return svyi_quadratic_variance(scratch, f, d->pps->forms, d->pps->n_forms, variance, covariance, err);
    return stages_variance(scratch, d, f, threads, variance, covariance, err);
}

svy_status svyi_influence_variance(svyi_arena *arena, const svy_design *d, const svyi_influence *f, unsigned threads, double *variance,
                                   double *covariance, svy_error *err)
{
    size_t n = f->width * f->domains;
    svyi_arena scratch;
    svyi_influence projected = *f;
    svy_status st = SVY_OK;
    memset(variance, 0, n * sizeof *variance);
    if (covariance != NULL)
        memset(covariance, 0, n * n * sizeof *covariance);
    if (n == 0)
        return SVY_OK;
    svyi_arena_init(&scratch, &arena->alloc);
    if (d->adjustments != NULL)
        st = svyi_influence_project(&scratch, d, f, &projected, err);
    if (st == SVY_OK)
        st = any_variance(&scratch, d, &projected, threads, variance, covariance, err);
    svyi_arena_clear(&scratch);
    return st;
}
