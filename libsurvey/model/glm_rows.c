/* What a fit looks for in single rows: separation, and theta of the negative binomial. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/glm.h"

typedef struct walk { const svyi_glm *g; double *x; size_t bytes; } walk;

static int begin(walk *w, const svyi_glm *g)
{
    w->g = g;
    w->bytes = (g->p + 1) * SVYI_BLOCK * sizeof *w->x;
    return (w->x = svyi_get(svyi_matrix_alloc(g->matrix), w->bytes)) != NULL;
}

static void end(walk *w)
{
    svyi_release(svyi_matrix_alloc(w->g->matrix), w->x, w->bytes);
}

/* The change of the linear predictors of a block by a step. */
static size_t block_change(walk *w, size_t at, const double *delta, double *change)
{
    const size_t n = w->g->n - at < SVYI_BLOCK ? w->g->n - at : SVYI_BLOCK;
    svyi_glm_columns(w->g, w->g->rows + at, n, w->x);
    memset(change, 0, n * sizeof *change);
    svyi_combine_block(w->x, delta, w->g->p, n, change);
    return n;
}

double svyi_glm_reach(const svyi_glm *g, const double *delta)
{
    walk w;
    double change[SVYI_BLOCK], most = 0;
    if (!begin(&w, g))
        return 0;
    for (size_t at = 0; at < g->n; at += SVYI_BLOCK) {
        const size_t n = block_change(&w, at, delta, change);
        for (size_t i = 0; i < n; i++)
            most = fabs(change[i]) > most ? fabs(change[i]) : most;
    }
    end(&w);
    return most;
}

/* A column that is 0 except in rows that run away names a level; otherwise the column that moves most. */
svy_status svyi_glm_separated(const svyi_glm *g, const double *delta, svy_error *err)
{
    walk w;
    double change[SVYI_BLOCK];
    size_t best = SIZE_MAX, most = g->intercept && g->p > 1 ? 1 : 0;
    const svy_alloc *alloc = svyi_matrix_alloc(g->matrix);
    const size_t room = 2 * (g->p + 1) * sizeof(double);
    double *plain = begin(&w, g) ? svyi_get(alloc, w.bytes) : NULL, *move = svyi_get(alloc, room);
    if (w.x == NULL || plain == NULL || move == NULL)
        goto done;
    double *inside = move + g->p + 1;
    memset(move, 0, room);
    for (size_t at = 0; at < g->n; at += SVYI_BLOCK) {
        const size_t n = block_change(&w, at, delta, change);
        svyi_matrix_fill_columns(g->matrix, g->rows + at, n, plain);
        for (size_t k = 0; k < g->p; k++)
            for (size_t i = 0; i < n; i++)
                inside[k] += plain[k * n + i] == 0 ? 0 : fabs(change[i]) > 0.05 ? 1 : -1e9;
    }
    for (size_t k = g->intercept ? 1 : 0; k < g->p; k++) {
        for (size_t j = 0; j < g->p; j++)
            move[k] += g->map[k * g->p + j] * delta[j] / (g->factor[k] != 0 ? g->factor[k] : 1);
        if (!g->aliased[k] && fabs(move[k]) > fabs(move[most]))
            most = k;
        if (inside[k] > 0 && (best == SIZE_MAX || inside[k] > inside[best]))
            best = k;
    }
done:
    svyi_release(alloc, plain, w.bytes);
    svyi_release(alloc, move, room);
    if (w.x != NULL)
        end(&w);
    if (best != SIZE_MAX)
        return svyi_fail(err, SVY_E_NUMERIC, "there is no finite estimate for '%s': the response is the same in all its rows (separation), so join levels or leave the term out",
                         svyi_matrix_name(g->matrix, best));
    return svyi_fail(err, SVY_E_NUMERIC, "there is no finite estimate for '%s': the terms predict the response of some rows perfectly (separation), so "
                     "join levels or leave the term out", svyi_matrix_name(g->matrix, most));
}

/* ---- theta of the negative binomial ---- */

/* Derivatives of ln Gamma(x + y) - ln Gamma(x) by x: the first and second, by recurrence up to where the asymptotic series hold. */
static void gamma_slopes(double x, double *first, double *second)
{
    double a = 0, b = 0;
    for (; x < 12; x++) {
        a -= 1 / x;
        b += 1 / (x * x);
    }
    const double z = 1 / (x * x);
    a += log(x) - 0.5 / x - z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
    b += 1 / x + z / 2 + z / x * (1.0 / 6 - z * (1.0 / 30 - z * (1.0 / 42 - z * (1.0 / 30 - z * (5.0 / 66 - z * (691.0 / 2730 - z * 7 / 6))))));
    *first = a;
    *second = b;
}

typedef struct theta_sums { double score, information; } theta_sums;

static void theta_row(double theta, double y, double mu, double w, theta_sums *s)
{
    double a, b, a0, b0;
    gamma_slopes(y + theta, &a, &b);
    gamma_slopes(theta, &a0, &b0);
    s->score += w * (a - a0 + log(theta / (theta + mu)) + 1 - (y + theta) / (mu + theta));
    s->information += w * (b0 - b - 1 / theta + 2 / (mu + theta) - (y + theta) / ((mu + theta) * (mu + theta)));
}

double svyi_glm_theta(const svyi_glm *g, const double *gamma, const double *weights, double theta)
{
    walk w;
    double eta[SVYI_BLOCK], mu[SVYI_BLOCK], slope[SVYI_BLOCK], last = HUGE_VAL;
    if (!begin(&w, g))
        return theta;
    for (int step = 0; step < 100 && theta < 1e9; step++) {
        theta_sums s = { 0, 0 };
        for (size_t at = 0; at < g->n; at += SVYI_BLOCK) {
            const size_t n = g->n - at < SVYI_BLOCK ? g->n - at : SVYI_BLOCK;
            svyi_glm_columns(g, g->rows + at, n, w.x);
            svyi_glm_eta(g, gamma, g->rows + at, n, w.x, eta);
            svyi_link_block(g->family.link, eta, n, mu, slope);
            for (size_t i = 0; i < n; i++)
                theta_row(theta, g->y[g->rows[at + i]], mu[i], weights[g->rows[at + i]] * g->scale, &s);
        }
        double change = s.information > 0 ? s.score / s.information : s.score > 0 ? theta : -theta / 2;
        change = change < -0.7 * theta ? -0.7 * theta : change > 4 * theta ? 4 * theta : change;
        theta += change;
        if (fabs(change) < 1e-15 * theta || (fabs(change) < 1e-9 * theta && fabs(change) > last / 4))
            break;
        last = fabs(change);
    }
    end(&w);
    return theta;
}
