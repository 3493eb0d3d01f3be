/* Bell and McCaffrey's standard errors and degrees of freedom of the coefficients of a generalised linear model.
   R. M. Bell & D. F. McCaffrey, Surv. Methodol. 28 (2002) 169-181; docs/methods/bell-mccaffrey.md. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/bell_mccaffrey.h"
#include "model/fit.h"
#include "model/glm.h"

/* One walk over the rows in the order of the design, PSU by PSU. Columns are scaled, not centred: each coefficient has its own degrees of freedom. */
typedef struct walk {
    const svyi_model_task *t;
    const svyi_glm *g;
    const double *gamma;
    size_t *index, p;                 /* columns that are not aliased */
    double *wide;                     /* a row of the matrix */
    double *x, *residual, *gram, *sum, *moment, *k, *shift;
    uint32_t *rows; size_t n, room;   /* of the PSU at hand */
    svyi_bell *bell;
    double *work, *score;             /* by row: working weight; adjusted score */
    double squares, products, pairs, used;
} walk;

static int add_row(walk *w, uint32_t row)
{
    if (w->n == w->room) {
        uint32_t *more = svyi_arena_get(w->t->arena, (2 * w->room + 64) * sizeof *more);
        if (more == NULL)
            return -1;
        if (w->n > 0)
            memcpy(more, w->rows, w->n * sizeof *more);
        w->rows = more;
        w->room = 2 * w->room + 64;
    }
    w->rows[w->n++] = row;
    return 0;
}

static void load_row(walk *w, uint32_t row)
{
    svyi_matrix_fill(w->t->matrix, &row, 1, w->wide);
    for (size_t k = 0; k < w->p; k++)
        w->x[k] = w->wide[w->index[k]] * w->g->factor[w->index[k]];
}

/* X_i'X_i of all rows, for the whole sample. */
static void whole_gram(walk *w, double *gram)
{
    for (size_t i = 0; i < w->t->n; i++) {
        load_row(w, w->t->rows[i]);
        for (size_t j = 0; j < w->p; j++)
            for (size_t k = 0; k < w->p; k++)
                gram[j * w->p + k] += w->x[j] * w->x[k];
    }
}

/* The rows of one PSU: its K, then its adjusted residuals. */
static int close_unit(walk *w)
{
    const size_t p = w->p;
    double total = 0;
    if (w->n == 0)
        return 0;
    memset(w->gram, 0, p * p * sizeof *w->gram);
    memset(w->sum, 0, p * sizeof *w->sum);
    memset(w->moment, 0, p * sizeof *w->moment);
    for (size_t i = 0; i < w->n; i++) {
        load_row(w, w->rows[i]);
        for (size_t j = 0; j < p; j++) {
            for (size_t k = 0; k < p; k++)
                w->gram[j * p + k] += w->x[j] * w->x[k];
            w->sum[j] += w->x[j];
            w->moment[j] += w->x[j] * w->residual[w->rows[i]];
        }
    }
    if (svyi_bell_unit(w->bell, w->gram, w->sum, w->k) != 0)
        return -1;
    for (size_t j = 0; j < p; j++) {
        w->shift[j] = 0;
        for (size_t k = 0; k < p; k++)
            w->shift[j] += w->k[j * p + k] * w->moment[k];
    }
    for (size_t i = 0; i < w->n; i++) {
        double r = w->residual[w->rows[i]];
        load_row(w, w->rows[i]);
        for (size_t j = 0; j < p; j++)
            r += w->x[j] * w->shift[j];
        w->score[w->rows[i]] = w->work[w->rows[i]] * r;
        w->squares += r * r;
        total += r;
    }
    w->products += total * total;
    w->pairs += (double)w->n * (double)w->n;
    w->used += (double)w->n;
    w->n = 0;
    return 0;
}

static int walk_units(walk *w)
{
    const svy_design *d = w->t->design;
    const uint8_t *used = svyi_matrix_used(w->t->matrix);
    uint32_t now = UINT32_MAX;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            const uint32_t row = d->order != NULL ? d->order[place] : (uint32_t)place, unit = svyi_design_psu(d, g, place);
            if (unit != now && close_unit(w) != 0)
                return -1;
            now = unit;
            if (used[row] && d->weights[row] != 0 && add_row(w, row) != 0)
                return -1;
        }
    return close_unit(w);
}

/* Working residuals and working weights (times the weights) by row. */
static int working_rows(walk *w)
{
    const double *weights = svy_design_weights(w->t->design);
    double x[SVYI_MATRIX_COLUMNS], eta, mu, slope, work, score;
    for (size_t i = 0; i < w->t->n; i++) {
        const uint32_t row = w->t->rows[i];
        svyi_glm_columns(w->g, &row, 1, x);
        svyi_glm_eta(w->g, w->gamma, &row, 1, x, &eta);
        svyi_link_block(w->g->family.link, &eta, 1, &mu, &slope);
        svyi_family_block(&w->g->family, &w->g->y[row], &mu, &slope, 1, &work, &score);
        w->work[row] = weights[row] * w->g->scale * work;
        w->residual[row] = work > 0 ? score / work : 0;
    }
    return 0;
}

static int get_memory(walk *w)
{
    const size_t all = w->g->p, rows = svy_design_rows(w->t->design);
    svyi_arena *a = w->t->arena;
    double **numbers[] = { &w->x, &w->sum, &w->moment, &w->shift, &w->wide }, **squares[] = { &w->gram, &w->k }, **columns[] = { &w->residual, &w->work };
    int good = (w->index = svyi_arena_get(a, (all + 1) * sizeof *w->index)) != NULL;
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        good &= (*numbers[k] = svyi_arena_get(a, (all + 1) * sizeof(double))) != NULL;
    for (size_t k = 0; k < sizeof squares / sizeof squares[0]; k++)
        good &= (*squares[k] = svyi_arena_get(a, (all * all + 1) * sizeof(double))) != NULL;
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
        good &= (*columns[k] = svyi_arena_get(a, (rows + 1) * sizeof(double))) != NULL;
    for (size_t k = 0; good && k < all; k++)
        if (!w->g->aliased[k])
            w->index[w->p++] = k;
    return good ? 0 : -1;
}

svy_status svyi_glm_bell(const svyi_model_task *t, const svyi_glm *g, const svyi_glm_fit *fit, double *score, double **df, svy_error *err)
{
    walk w = { .t = t, .g = g, .gamma = fit->gamma, .score = score };
    *df = NULL;
    if (t->design->replicates != NULL)
        return svyi_fail(err, SVY_E_VALUE, "Bell-McCaffrey standard errors are linearised: leave out the replicates or use --se linearized");
    double *own = svyi_arena_get(t->arena, (g->p + 1) * sizeof *own), *gram = svyi_arena_get(t->arena, (g->p * g->p + 1) * sizeof *gram);
    if (own == NULL || gram == NULL || get_memory(&w) != 0 || working_rows(&w) != 0)
        return svyi_nomem(err);
    whole_gram(&w, gram);
    svy_status st = svyi_bell_new(t->arena, gram, w.p, &w.bell, err);
    if (st == SVY_OK && walk_units(&w) != 0)
        st = svyi_nomem(err);
    if (st != SVY_OK)
        return st;
    const int exchangeable = t->spec->se == SVY_SE_BELL_MCCAFFREY_2;
    const double variance = w.squares / w.used, covariance = w.pairs > w.used ? (w.products - w.squares) / (w.pairs - w.used) : 0;
    double *some = w.shift;
    svyi_bell_df(w.bell, exchangeable ? variance : 1, exchangeable ? covariance : 0, some);
    for (size_t k = 0; k < g->p; k++)
        own[k] = (double)NAN;
    for (size_t k = 0; k < w.p; k++)
        own[w.index[k]] = some[k];
    *df = own;
    return SVY_OK;
}
