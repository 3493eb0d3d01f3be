/* Newton's method (Fisher's scoring) for generalised linear models, until the score is zero to the last digits. */
#include "model/glm.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "num/matrix.h"

enum { STEPS_MAX = 500, HALVINGS_MAX = 40, WATCH_FROM = 16, SAMPLE_FROM = 200000, SAMPLE_ROWS = 32768 };

typedef struct newton {
    const svyi_glm *g;
    const double *weights;
    unsigned threads;
    int rough;                       /* 1: a start for another fit, so a tenth of a standard error will do */
    double *score, *step, *factor, *trial;
    double deviance, length, before; /* of the step, in standard errors: now and in the step before */
    double shortest;
    int stalled;                     /* steps since there was a shorter one */
} newton;

static int sums_at(newton *w, const double *gamma, double *information, double *deviance, int *possible)
{
    svyi_glm_sums sums = { information, w->score, 0, 0 };
    const int status = svyi_glm_pass(w->g, gamma, w->weights, w->threads, &sums);
    *deviance = sums.deviance;
    *possible = sums.possible;
    return status;
}

/* The step that solves information * step = score, and its length. */
static void find_step(newton *w, const double *information)
{
    const size_t p = w->g->p;
    double squared = 0;
    memcpy(w->factor, information, p * p * sizeof *w->factor);
    svyi_cholesky(w->factor, p, 1e-13, NULL);
    memcpy(w->step, w->score, p * sizeof *w->step);
    svyi_cholesky_solve(w->factor, p, w->step);
    for (size_t k = 0; k < p; k++)
        squared += w->step[k] * w->score[k];
    const svy_family f = w->g->family.family;
    const double dispersion = f == SVY_FAMILY_GAUSSIAN || f == SVY_FAMILY_GAMMA ? w->deviance / (double)w->g->n : 1;
    w->before = w->length;
    w->length = sqrt(fabs(squared) / (dispersion > 0 ? dispersion : DBL_MIN));
}

/* Coefficients that are always possible: the weighted mean of the response for everybody. */
static void flat_start(const newton *w, double *gamma)
{
    const svyi_glm *g = w->g;
    double total = 0, sum = 0;
    memset(gamma, 0, g->p * sizeof *gamma);
    for (size_t i = 0; i < g->n; i++) {
        total += w->weights[g->rows[i]];
        sum += w->weights[g->rows[i]] * g->y[g->rows[i]];
    }
    if (g->intercept && total > 0)
        gamma[0] = svyi_link_eta(g->family.link, sum / total) / (g->turn != NULL ? g->turn[0] : 1);
}

/* The first step, from linear predictors that lie near the responses. */
static svy_status first_step(newton *w, svyi_glm_fit *fit, int *possible, svy_error *err)
{
    double ignored;
    if (sums_at(w, NULL, fit->information, &ignored, possible) != 0)
        return svyi_nomem(err);
    find_step(w, fit->information);
    memcpy(fit->gamma, w->step, w->g->p * sizeof *w->step);
    if (sums_at(w, fit->gamma, fit->information, &w->deviance, possible) != 0)
        return svyi_nomem(err);
    if (*possible)
        return SVY_OK;
    flat_start(w, fit->gamma);
    return sums_at(w, fit->gamma, fit->information, &w->deviance, possible) == 0 ? SVY_OK : svyi_nomem(err);
}

/* Takes the step, or a half, a quarter of it while that is not possible or fits worse. */
static svy_status take_step(newton *w, svyi_glm_fit *fit, svy_error *err)
{
    const size_t p = w->g->p;
    double share = 1, deviance = 0;
    int possible = 0;
    for (int halvings = 0; halvings < HALVINGS_MAX; halvings++, share /= 2) {
        for (size_t k = 0; k < p; k++)
            w->trial[k] = fit->gamma[k] + share * w->step[k];
        if (sums_at(w, w->trial, fit->information, &deviance, &possible) != 0)
            return svyi_nomem(err);
        if (possible && (w->length < 1e-3 || deviance <= w->deviance + 1e-8 * (fabs(w->deviance) + 0.1)))
            break;
    }
    if (!possible)
        return svyi_fail(err, SVY_E_NUMERIC, "the %s link leads to impossible means of the response: choose another link", svyi_link_name(w->g->family.link));
    memcpy(fit->gamma, w->trial, p * sizeof *w->trial);
    w->deviance = deviance;
    return SVY_OK;
}

/* A linear model is fitted by one step, and the next ones mend rounding. Where it fits every row, standard errors are rounding, too,
   and no step is short beside them. */
enum { LINEAR_STEPS = 30 };

/* Rounding leaves a step of about 1e-14 standard errors; it is reached when steps no longer become shorter. */
static int done(newton *w, int steps)
{
    if (steps > LINEAR_STEPS && w->g->family.family == SVY_FAMILY_GAUSSIAN && w->g->family.link == SVY_LINK_IDENTITY)
        return 1;
    if (w->rough)
        return w->length < 0.1;
    if (w->length < 0.9 * w->shortest) {
        w->shortest = w->length;
        w->stalled = 0;
    } else if (w->length < 1e-8) {
        w->stalled++;
    }
    return w->length < 5e-14 || w->stalled >= 3 || !(w->deviance > 0);
}

/* Steps that do not become smaller move some rows' predictors without end. */
static svy_status watch(const newton *w, int steps, svy_error *err)
{
    if (steps < WATCH_FROM || steps % 4 != 0 || w->length > w->before || w->g->family.family == SVY_FAMILY_GAUSSIAN)
        return SVY_OK;
    if (w->length < 1e-12 || w->length < 0.2 * w->before || svyi_glm_reach(w->g, w->step) < 0.05)
        return SVY_OK;
    return svyi_glm_separated(w->g, w->step, err);
}

static svy_status iterate(newton *w, svyi_glm_fit *fit, int warm, svy_error *err)
{
    int possible = 1;
    svy_status st = SVY_OK;
    if (!warm)
        st = first_step(w, fit, &possible, err);
    else if (sums_at(w, fit->gamma, fit->information, &w->deviance, &possible) != 0)
        st = svyi_nomem(err);
    if (st == SVY_OK && !possible)
        return svyi_fail(err, SVY_E_NUMERIC,
                         "there are no coefficients to start from: add an intercept, choose another link, or scale the response if its numbers are very large");
    w->length = w->shortest = HUGE_VAL;
    for (fit->iterations = 1; st == SVY_OK; fit->iterations++) {
        find_step(w, fit->information);
        if (done(w, fit->iterations))
            break;
        if (fit->iterations >= STEPS_MAX)
            return svyi_fail(err, SVY_E_NUMERIC, "the fit does not converge in %d steps: choose another link or fewer terms", STEPS_MAX);
        if ((st = watch(w, fit->iterations, err)) == SVY_OK)
            st = take_step(w, fit, err);
    }
    fit->deviance = w->deviance;
    return st;
}

/* A fit to every so many rows is a good start for all of them. Whatever goes wrong with it is left to the fit itself. */
static int start_from_sample(svyi_arena *arena, const svyi_glm *g, const double *weights, unsigned threads, svyi_glm_fit *fit)
{
    const size_t every = g->n / SAMPLE_ROWS;
    svyi_glm few = *g;
    uint32_t *rows = svyi_arena_get(arena, (SAMPLE_ROWS + 1) * sizeof *rows);
    if (rows == NULL || few.p > 500)
        return 0;
    for (few.n = 0; few.n < SAMPLE_ROWS; few.n++)
        rows[few.n] = g->rows[few.n * every + few.n % every];
    few.rows = rows;
    newton w = { .g = &few, .weights = weights, .threads = threads, .rough = 1 };
    w.score = svyi_arena_get(arena, few.p * sizeof *w.score);
    w.step = svyi_arena_get(arena, few.p * sizeof *w.step);
    w.trial = svyi_arena_get(arena, few.p * sizeof *w.trial);
    w.factor = svyi_arena_get(arena, few.p * few.p * sizeof *w.factor);
    if (w.score == NULL || w.step == NULL || w.trial == NULL || w.factor == NULL)
        return 0;
    return iterate(&w, fit, 0, NULL) == SVY_OK;
}

static svy_status fit_once(svyi_arena *arena, const svyi_glm *g, const double *weights, int warm, unsigned threads, svyi_glm_fit *fit, svy_error *err)
{
    newton w = { .g = g, .weights = weights, .threads = threads };
    w.score = svyi_arena_get(arena, (g->p + 1) * sizeof *w.score);
    w.step = svyi_arena_get(arena, (g->p + 1) * sizeof *w.step);
    w.trial = svyi_arena_get(arena, (g->p + 1) * sizeof *w.trial);
    w.factor = svyi_arena_get(arena, (g->p * g->p + 1) * sizeof *w.factor);
    if (w.score == NULL || w.step == NULL || w.trial == NULL || w.factor == NULL)
        return svyi_nomem(err);
    if (!warm && g->n >= SAMPLE_FROM && g->family.family != SVY_FAMILY_GAUSSIAN)
        warm = start_from_sample(arena, g, weights, threads, fit);
    return iterate(&w, fit, warm, err);
}

/* The coefficients and theta of a negative binomial in turn; their estimates hardly depend on each other. */
static svy_status fit_theta(svyi_arena *arena, const svyi_glm *g, const double *weights, int warm, unsigned threads, svyi_glm_fit *fit, svy_error *err)
{
    svyi_glm own = *g;
    double before = HUGE_VAL;
    if (!warm) {
        own.family = (svyi_glm_family){ SVY_FAMILY_POISSON, g->family.link, 1 };
        svy_status st = fit_once(arena, &own, weights, 0, threads, fit, err);
        if (st != SVY_OK)
            return st;
        fit->theta = 1;
    }
    own.family = g->family;
    for (int round = 0; round < 200; round++) {
        own.family.theta = svyi_glm_theta(&own, fit->gamma, weights, fit->theta);
        if (!(own.family.theta < 1e8))
            return svyi_fail(err, SVY_E_NUMERIC, "the counts vary no more than a Poisson distribution's, so theta is infinite: use --family poisson");
        const double change = fabs(own.family.theta / fit->theta - 1);
        fit->theta = own.family.theta;
        svy_status st = fit_once(arena, &own, weights, 1, threads, fit, err);
        if (st != SVY_OK || change < 1e-14 || (change < 1e-9 && change > before / 4))
            return st;
        before = change;
    }
    return svyi_fail(err, SVY_E_NUMERIC, "theta of the negative binomial does not converge: use --family poisson");
}

svy_status svyi_glm_solve(svyi_arena *arena, const svyi_glm *g, const double *weights, int warm, unsigned threads, svyi_glm_fit *fit, svy_error *err)
{
    if (g->family.family == SVY_FAMILY_NEGATIVE_BINOMIAL && !g->fixed_theta)
        return fit_theta(arena, g, weights, warm, threads, fit, err);
    return fit_once(arena, g, weights, warm, threads, fit, err);
}
