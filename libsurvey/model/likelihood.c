/* Newton's method for weighted likelihoods: columns made fit for it, sums over rows on threads, steps that never go down, and what follows from a fit. */
#include "model/likelihood.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/parallel.h"
#include "model/family.h"
#include "model/turn.h"
#include "num/matrix.h"

enum { PIECE = 64 * SVYI_BLOCK, ITERATIONS_MAX = 60, HALVINGS_MAX = 40, INFLUENCE_NUMBERS = 4096 };

/* ---- sums over rows ---- */

typedef struct pieces {
    const svyi_likelihood *likelihood;
    const double *theta;
    size_t first;                        /* piece of this round */
    double *cells, *scratch;             /* by piece of the round, by worker */
} pieces;

static void add_piece(void *user, unsigned worker, size_t piece)
{
    const pieces *p = user;
    const svyi_likelihood *l = p->likelihood;
    double *cells = p->cells + piece * l->cells;
    size_t from = (p->first + piece) * PIECE, to = l->rows - from < PIECE ? l->rows : from + PIECE;
    memset(cells, 0, l->cells * sizeof *cells);
    for (size_t at = from; at < to; at += SVYI_BLOCK)
        l->add(l->user, p->theta, at, to - at < SVYI_BLOCK ? to - at : SVYI_BLOCK, p->scratch + worker * l->scratch, cells);
}

int svyi_likelihood_pass(const svyi_likelihood *l, const double *theta, unsigned threads, double *cells)
{
    size_t count = (l->rows + PIECE - 1) / PIECE, lanes = count < 2 * (size_t)threads ? count : 2 * (size_t)threads;
    size_t room = (lanes * l->cells + threads * l->scratch + 1) * sizeof(double);
    double *memory = svyi_get(l->alloc, room);
    memset(cells, 0, l->cells * sizeof *cells);
    if (memory == NULL)
        return -1;
    for (size_t first = 0; first < count; first += lanes) {
        pieces p = { l, theta, first, memory, memory + lanes * l->cells };
        size_t n = count - first < lanes ? count - first : lanes;
        svyi_pieces_run(n, threads, add_piece, &p);
        for (size_t k = 0; k < n * l->cells; k++)
            cells[k % l->cells] += memory[k];
    }
    svyi_release(l->alloc, memory, room);
    return 0;
}

/* ---- Newton's method ---- */

typedef struct newton {
    const svyi_likelihood *l;
    svyi_likelihood_passer pass;
    unsigned threads;
    svyi_maximum *m;
    double *cells, *next, *step, *theta;
    int ridged;
} newton;

/* Factors the information; where it is not positive, with something added to its diagonal until it is. */
static int factor_information(newton *w)
{
    size_t n = w->l->parameters;
    w->ridged = 0;
    for (double ridge = 0; ridge < 1e6; ridge = ridge > 0 ? ridge * 10 : 1e-3) {
        w->l->expand(w->l->user, w->cells, w->m->factor);
        for (size_t k = 0; k < n; k++)
            w->m->factor[k * n + k] += ridge * (fabs(w->m->factor[k * n + k]) + 1e-8);
        if (svyi_cholesky(w->m->factor, n, 1e-13, NULL) == n)
            return 1;
        w->ridged = 1;
    }
    return 0;
}

/* Goes along the step, or the part of it that does not make the likelihood smaller. @return 1 done, 0 there is no such part, -1 out of memory. */
static int advance(newton *w, double size)
{
    size_t n = w->l->parameters;
    double part = 1, least = w->cells[0] - 1e-9 * (fabs(w->cells[0]) + 1);
    for (int halving = 0; halving < HALVINGS_MAX; halving++, part /= 2) {
        for (size_t k = 0; k < n; k++)
            w->theta[k] = w->m->theta[k] + part * w->step[k];
        if (w->l->possible != NULL && !w->l->possible(w->l->user, w->theta))
            continue;
        if (w->pass(w->l, w->theta, w->threads, w->next) < 0)
            return -1;
        if (w->next[0] >= least || (isfinite(w->next[0]) && size < 1e-6)) {
            double *swap = w->cells;
            w->cells = w->next;
            w->next = swap;
            memcpy(w->m->theta, w->theta, n * sizeof *w->theta);
            return 1;
        }
    }
    return 0;
}

/* The direction uphill; @return the length of its largest part, which is `worst`. */
static double find_step(newton *w, double *largest_theta)
{
    double size = 0;
    size_t n = w->l->parameters;
    memcpy(w->step, w->cells + 1, n * sizeof *w->step);
    svyi_cholesky_solve(w->m->factor, n, w->step);
    *largest_theta = 0;
    for (size_t k = 0; k < n; k++) {
        double s = fabs(w->step[k]);
        if (!(s <= size)) {
            size = s;
            w->m->worst = k;
        }
        *largest_theta = fmax(*largest_theta, fabs(w->m->theta[k]));
    }
    return size;
}

static svy_status iterate(newton *w)
{
    double largest, size;
    if (w->pass(w->l, w->m->theta, w->threads, w->cells) < 0)
        return SVY_E_NOMEM;
    w->m->start_loglik = w->cells[0];
    for (w->m->iterations = 0; w->m->iterations < ITERATIONS_MAX; w->m->iterations++) {
        if (!isfinite(w->cells[0]) || !factor_information(w))
            return SVY_E_NUMERIC;
        size = find_step(w, &largest);
        if (!isfinite(size))
            return SVY_E_NUMERIC;
        int moved = advance(w, size);
        if (moved <= 0)
            return moved < 0 ? SVY_E_NOMEM : SVY_E_NUMERIC;
        if (!w->ridged && size <= 1e-8 * (1 + largest)) {       /* its square is below rounding: this was the last step */
            w->m->loglik = w->cells[0];
            return factor_information(w) && !w->ridged ? SVY_OK : SVY_E_NUMERIC;
        }
    }
    return SVY_E_NUMERIC;
}

svy_status svyi_likelihood_maximise(const svyi_likelihood *l, svyi_likelihood_passer pass, unsigned threads, svyi_maximum *m)
{
    size_t n = l->parameters, room = 2 * (l->cells + n + 1) * sizeof(double);
    double *memory = svyi_get(l->alloc, room);
    if (memory == NULL)
        return SVY_E_NOMEM;
    newton w = { l, pass, threads, m, memory, memory + l->cells, memory + 2 * l->cells, memory + 2 * l->cells + n, 0 };
    svy_status st = iterate(&w);
    svyi_release(l->alloc, memory, room);
    return st;
}

/* ---- columns ---- */

void svyi_regressors_fill(const svyi_regressors *r, const uint32_t *rows, size_t count, double *x)
{
    svyi_matrix_fill_columns(r->matrix, rows, count, x);
    for (size_t k = 0; k < r->p; k++) {                         /* of[k] >= k, so nothing is overwritten before it is read */
        const double *from = x + r->of[k] * count, shift = r->shift[k], factor = r->factor[k];
        double *to = x + k * count;
        for (size_t i = 0; i < count; i++)
            to[i] = (from[i] - shift) * factor;
    }
    for (size_t k = r->turn != NULL ? r->p : 0; k-- > 0;) {     /* of those before and itself, so the last one first */
        double *to = x + k * count, own = r->turn[k * r->p + k];
        for (size_t i = 0; i < count; i++)
            to[i] *= own;
        svyi_combine_block(x, r->turn + k * r->p, k, count, to);
    }
}

double svyi_regressors_part(const svyi_regressors *r, size_t k, size_t j)
{
    return r->factor[j] * (r->turn != NULL ? r->turn[k * r->p + j] : k == j);
}

double svyi_regressors_constant(const svyi_regressors *r, size_t k)
{
    double sum = 0;
    for (size_t j = 0; j <= k; j++)
        sum -= svyi_regressors_part(r, k, j) * r->shift[j];
    return sum;
}

double svyi_regressors_eta(const svyi_regressors *r, const double *theta, uint32_t row, size_t stride, const double *x)
{
    double eta = r->offset != NULL ? r->offset[row] : 0;
    for (size_t k = 0; k < r->p; k++)
        eta += theta[k] * x[k * stride];
    return eta;
}

void svyi_regressors_influence(const svyi_regressors *r, const uint32_t *rows, size_t count, size_t width, svyi_influence_filler fill, const void *user,
                               double *z)
{
    double x[INFLUENCE_NUMBERS];
    size_t most = INFLUENCE_NUMBERS / (r->all + 1);
    const uint8_t *used = svyi_matrix_used(r->matrix);
    memset(z, 0, count * width * sizeof *z);
    for (size_t first = 0; first < count; first += most) {
        size_t n = count - first < most ? count - first : most;
        svyi_regressors_fill(r, rows + first, n, x);
        for (size_t i = 0; i < n; i++)
            if (used[rows[first + i]] && r->weights[rows[first + i]] > 0)
                fill(user, rows[first + i], n, x + i, z + (first + i) * width);
    }
}

static void add_moments(const void *user, const double *theta, size_t first, size_t count, double *x, double *cells)
{
    const svyi_regressors *r = user;
    (void)theta;
    svyi_regressors_fill(r, r->rows + first, count, x);
    for (size_t k = 0; k < r->p; k++)
        for (size_t i = 0; i < count; i++) {
            double w = r->weights[r->rows[first + i]] * r->scale, a = x[k * count + i];
            cells[k] += w * a;
            cells[r->p + k] += w * a * a;
        }
}

static void add_gram(const void *user, const double *theta, size_t first, size_t count, double *x, double *cells)
{
    const svyi_regressors *r = user;
    double *w = x + count * (r->all + 1);
    (void)theta;
    svyi_regressors_fill(r, r->rows + first, count, x);
    for (size_t i = 0; i < count; i++)
        w[i] = r->weights[r->rows[first + i]] * r->scale;
    svyi_gram_block(x, w, r->p, count, w + count, cells);
}

/* Shifts and factors from moments about the first row. `flat`: columns of one value only. */
static void standardise(svyi_regressors *r, const double *moments, unsigned char *flat)
{
    int centred = r->absorbed || svyi_matrix_intercept(r->matrix);
    double n = (double)r->n;
    for (size_t k = 0; k < r->p; k++) {
        double mean = moments[k] / n, square = moments[r->p + k] / n, variance = square - mean * mean, about = r->shift[k];
        int constant = !(variance > 1e-24 * (about * about)) || !(variance > 0);
        int intercept = !r->absorbed && centred && r->of[k] == 0;
        flat[k] = !intercept && constant && centred;
        double size = sqrt(centred ? variance : variance + (mean + about) * (mean + about));
        r->shift[k] = centred && !intercept ? about + mean : 0;
        r->factor[k] = intercept || !isfinite(1 / size) ? 1 : 1 / size;
    }
}

/* The columns that are not dropped move together, in what `turn` says of them, too. */
static void keep_columns(svyi_regressors *r, double *turn, const unsigned char *dropped)
{
    size_t kept = 0, p = r->p, numbers = 0;
    for (size_t k = 0; k < p; k++)
        for (size_t j = 0; turn != NULL && !dropped[k] && j < p; j++)
            if (!dropped[j])
                turn[numbers++] = turn[k * p + j];
    for (size_t k = 0; k < p; k++)
        if (!dropped[k]) {
            r->of[kept] = r->of[k];
            r->shift[kept] = r->shift[k];
            r->factor[kept++] = r->factor[k];
        }
    r->p = kept;
    r->turn = turn;
}

typedef struct turning { svyi_regressors *r; unsigned threads; double *packed; const svy_alloc *alloc; } turning;

static int turned_gram(void *user, const double *turn, double *a)
{
    const turning *t = user;
    svyi_regressors columns = *t->r;
    size_t p = columns.p;
    const double *from = t->packed;
    svyi_likelihood l = { .rows = columns.n, .cells = p * (p + 1) / 2, .scratch = SVYI_BLOCK * (columns.all + 3), .add = add_gram, .user = &columns,
                          .alloc = t->alloc };
    columns.turn = turn;
    int status = svyi_likelihood_pass(&l, NULL, t->threads, t->packed);
    for (size_t k = 0; k < p; k++)
        for (size_t j = 0; j <= k; j++)
            a[k * p + j] = a[j * p + k] = *from++ / (double)columns.n;
    return status;
}

static svy_status find_columns(svyi_arena *arena, svyi_arena *scratch, svyi_regressors *r, unsigned threads, svy_error *err)
{
    size_t p = r->p, packed = p * (p + 1) / 2;
    double *sums = svyi_arena_get(scratch, (packed + 2 * p + 1) * sizeof *sums), *x = svyi_arena_get(scratch, (r->all + 1) * sizeof *x);
    unsigned char *dropped = svyi_arena_get(scratch, p + 1);
    svyi_likelihood l = { .rows = r->n, .cells = 2 * p, .scratch = SVYI_BLOCK * (r->all + 3), .add = add_moments, .user = r, .alloc = &scratch->alloc };
    if (sums == NULL || dropped == NULL || x == NULL)
        return svyi_nomem(err);
    svyi_regressors_fill(r, r->rows, 1, x);
    memcpy(r->shift, x, p * sizeof *x);
    if (svyi_likelihood_pass(&l, NULL, threads, sums) < 0)
        return svyi_nomem(err);
    standardise(r, sums, dropped);
    turning t = { r, threads, sums, &scratch->alloc };
    double *turn;
    svy_status st = svyi_turn_columns(arena, p, dropped, turned_gram, &t, &turn, err);
    if (st == SVY_OK)
        keep_columns(r, turn, dropped);
    return st;
}

svy_status svyi_regressors_make(svyi_arena *arena, const svyi_model_task *t, int absorbed, svyi_regressors *out, svy_error *err)
{
    size_t all = svyi_matrix_columns(t->matrix), first = absorbed && svyi_matrix_intercept(t->matrix) ? 1 : 0;
    long double total = 0;
    svyi_arena scratch;
    *out = (svyi_regressors){ .matrix = t->matrix, .rows = t->rows, .n = t->n, .weights = t->design->weights, .offset = svyi_matrix_offset(t->matrix),
                              .all = all, .absorbed = absorbed, .scale = 1 };
    if (t->n == 0)
        return svyi_fail(err, SVY_E_NUMERIC, "there are no rows of positive weight without missing values: a model needs some");
    for (size_t i = 0; i < t->n; i++)
        total += (long double)t->design->weights[t->rows[i]];
    out->scale = (double)((long double)t->n / total);
    out->of = svyi_arena_get(arena, (all + 1) * sizeof *out->of);
    out->shift = svyi_arena_get(arena, (all + 1) * sizeof *out->shift);
    out->factor = svyi_arena_get(arena, (all + 1) * sizeof *out->factor);
    if (out->of == NULL || out->shift == NULL || out->factor == NULL)
        return svyi_nomem(err);
    for (size_t k = first; k < all; k++, out->p++) {
        out->of[out->p] = k;
        out->factor[out->p] = 1;
    }
    if (out->p == 0)
        return SVY_OK;
    svyi_arena_init(&scratch, &arena->alloc);
    svy_status st = find_columns(arena, &scratch, out, svyi_model_threads(t), err);
    svyi_arena_clear(&scratch);
    return st;
}

/* ---- results ---- */

unsigned svyi_model_threads(const svyi_model_task *t)
{
    return t->threads > 0 ? t->threads : svyi_threads_default();
}

static void set_coefficients(const svyi_maximum *m, size_t n, const double *map, svyi_model_result *out)
{
    for (size_t i = 0; i < out->count; i++) {
        double sum = 0;
        int any = 0;
        for (size_t k = 0; k < n; k++) {
            sum += map[i * n + k] * m->theta[k];
            any |= map[i * n + k] != 0;
        }
        out->beta[i] = any ? sum : nan("");
    }
}

svy_status svyi_likelihood_result(const svyi_model_task *t, const svyi_estimator *e, const svyi_maximum *m, size_t parameters, const double *map,
                                  svyi_model_result *out, svy_error *err)
{
    size_t n = parameters, count = out->count;
    svyi_arena scratch;
    svyi_arena_init(&scratch, &t->arena->alloc);
    out->beta = svyi_arena_get(t->arena, (count + 1) * sizeof *out->beta);
    out->covariance = svyi_arena_get(t->arena, (count * count + 1) * sizeof *out->covariance);
    out->naive = svyi_arena_get(t->arena, (count * count + 1) * sizeof *out->naive);
    double *v = svyi_arena_get(&scratch, (n * n + 1) * sizeof *v), *variance = svyi_arena_get(&scratch, (n + 1) * sizeof *variance);
    svy_status st = v != NULL && variance != NULL && out->beta != NULL && out->covariance != NULL && out->naive != NULL ? SVY_OK : svyi_nomem(err);
    if (st == SVY_OK && n > 0) {
        set_coefficients(m, n, map, out);
        svyi_cholesky_invert(m->factor, n, v);
        if (svyi_sandwich(&scratch, map, count, v, n, out->naive) < 0)
            st = svyi_nomem(err);
    }
    if (st == SVY_OK && n > 0)
        st = svyi_estimator_variance(&scratch, t->design, e, m->theta, svyi_model_threads(t), variance, v, &out->dropped, err);
    if (st == SVY_OK && n > 0 && svyi_sandwich(&scratch, map, count, v, n, out->covariance) < 0)
        st = svyi_nomem(err);
    out->parameters = n;
    out->loglik = m->loglik;
    out->deviance = -2 * m->loglik;
    out->dispersion = nan("");
    out->iterations = m->iterations;
    svyi_arena_clear(&scratch);
    return st;
}
