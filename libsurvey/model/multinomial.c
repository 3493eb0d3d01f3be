/* Multinomial regression: logits of each level against the first, as a likelihood for Newton's method. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/categories.h"
#include "model/family.h"
#include "num/matrix.h"

/* ln P(y = l) / P(y = first) = x theta_l; parameters level by level. */
typedef struct multinomial {
    svyi_regressors x;
    svyi_categories y;
    size_t levels, parameters;           /* levels: without the first */
    const double *theta, *inverse;       /* the fit, for influences */
    svyi_likelihood likelihood;
} multinomial;

/* ---- sums ---- */

/* From linear predictors to probabilities, in place (eta[l * count + i]); loglik: of each row's level, without its weight. */
static void probabilities(const multinomial *m, const uint32_t *rows, size_t count, double *eta, double *loglik)
{
    double largest[SVYI_BLOCK], total[SVYI_BLOCK];
    memset(largest, 0, sizeof largest);
    for (size_t l = 0; l < m->levels; l++)
        for (size_t i = 0; i < count; i++)
            largest[i] = eta[l * count + i] > largest[i] ? eta[l * count + i] : largest[i];
    for (size_t i = 0; i < count; i++) {
        uint32_t level = svyi_categories_place(&m->y, rows[i]);
        loglik[i] = (level > 0 ? eta[(level - 1) * count + i] : 0) - largest[i];
        total[i] = -largest[i];
    }
    svyi_exp_block(total, count);
    for (size_t l = 0; l < m->levels; l++) {
        for (size_t i = 0; i < count; i++)
            eta[l * count + i] -= largest[i];
        svyi_exp_block(eta + l * count, count);
        for (size_t i = 0; i < count; i++)
            total[i] += eta[l * count + i];
    }
    for (size_t l = 0; l < m->levels; l++)
        for (size_t i = 0; i < count; i++)
            eta[l * count + i] /= total[i];
    svyi_ln_block(total, count);
    for (size_t i = 0; i < count; i++)
        loglik[i] -= total[i];
}

/* Cells: log likelihood, score, information by pair of levels (l, j <= l), each packed. */
static void add_rows(const void *user, const double *theta, size_t first, size_t count, double *x, double *cells)
{
    const multinomial *m = user;
    size_t p = m->x.p, packed = p * (p + 1) / 2;
    const uint32_t *rows = m->x.rows + first;
    double *share = x + count * (m->x.all + 1), *w = share + m->levels * count, *v = w + count, *room = v + count, *loglik = room + count;
    double *score = cells + 1, *information = score + m->parameters;
    svyi_regressors_fill(&m->x, rows, count, x);
    memset(share, 0, m->levels * count * sizeof *share);
    for (size_t l = 0; l < m->levels; l++)
        svyi_combine_block(x, theta + l * p, p, count, share + l * count);
    probabilities(m, rows, count, share, loglik);
    for (size_t i = 0; i < count; i++) {
        w[i] = m->x.weights[rows[i]] * m->x.scale;
        cells[0] += w[i] != 0 ? w[i] * loglik[i] : 0;
    }
    for (size_t l = 0; l < m->levels; l++) {
        const double *a = share + l * count;
        for (size_t i = 0; i < count; i++)
            v[i] = w[i] * ((svyi_categories_place(&m->y, rows[i]) == l + 1) - a[i]);
        svyi_dot_block(x, v, p, count, score + l * p);
        for (size_t j = 0; j <= l; j++, information += packed) {
            const double *b = share + j * count;
            for (size_t i = 0; i < count; i++)
                v[i] = w[i] * a[i] * ((l == j) - b[i]);
            svyi_gram_block(x, v, p, count, room, information);
        }
    }
}

static void expand(const void *user, const double *cells, double *information)
{
    const multinomial *m = user;
    size_t p = m->x.p, n = m->parameters;
    const double *packed = cells + 1 + n;
    for (size_t l = 0; l < m->levels; l++)
        for (size_t j = 0; j <= l; j++)
            for (size_t a = 0; a < p; a++)
                for (size_t b = 0; b <= a; b++, packed++) {
                    size_t la = l * p + a, lb = l * p + b, ja = j * p + a, jb = j * p + b;
                    information[la * n + jb] = information[lb * n + ja] = information[ja * n + lb] = information[jb * n + la] = *packed;
                }
}

/* ---- the estimator ---- */

static void fill_row(const void *user, uint32_t row, size_t stride, const double *x, double *z)
{
    const multinomial *m = user;
    size_t p = m->x.p, n = m->parameters;
    double w = m->x.weights[row] * m->x.scale, loglik, share[SVYI_CATEGORIES_MAX];
    uint32_t level = svyi_categories_place(&m->y, row);
    for (size_t l = 0; l < m->levels; l++) {
        share[l] = 0;
        for (size_t k = 0; k < p; k++)
            share[l] += m->theta[l * p + k] * x[k * stride];
    }
    probabilities(m, &row, 1, share, &loglik);
    for (size_t l = 0; l < m->levels; l++)
        for (size_t k = 0; k < p; k++) {
            double u = w * ((level == l + 1) - share[l]) * x[k * stride];
            const double *inverse = m->inverse + (l * p + k) * n;
            for (size_t j = 0; j < n; j++)
                z[j] += u * inverse[j];
        }
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const multinomial *m = user;
    (void)domain;
    svyi_regressors_influence(&m->x, rows, count, m->parameters, fill_row, m, z);
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    multinomial m = *(const multinomial *)user;
    size_t room = (m.parameters * m.parameters + 1) * sizeof(double);
    svyi_maximum max = { .theta = theta, .factor = svyi_get(m.likelihood.alloc, room) };
    if (max.factor == NULL)
        return svyi_nomem(err);
    m.x.weights = weights;
    m.likelihood.user = &m;
    memcpy(theta, m.theta, m.parameters * sizeof *theta);
    svy_status st = svyi_likelihood_maximise(&m.likelihood, svyi_likelihood_pass, 1, &max);
    for (size_t k = 0; st == SVY_E_NUMERIC && k < m.parameters; k++)
        theta[k] = nan("");
    svyi_release(m.likelihood.alloc, max.factor, room);
    return st == SVY_E_NOMEM ? svyi_nomem(err) : SVY_OK;
}

/* ---- the fit ---- */

static svy_status no_maximum(const multinomial *m, const svyi_maximum *max, svy_error *err)
{
    size_t p = m->x.p > 0 ? m->x.p : 1;
    const char *level = m->y.levels[m->y.code[max->worst / p + 1]], *first = m->y.levels[m->y.code[0]];
    return svyi_fail(err, SVY_E_NUMERIC, "the multinomial model has no finite maximum: '%s' separates '%s' from '%s' completely; leave it out or join levels",
                     svyi_matrix_name(m->x.matrix, m->x.of[max->worst % p]), level, first);
}

static svy_status set_names(const multinomial *m, const svyi_model_task *t, svyi_model_result *out, svy_error *err)
{
    out->count = m->levels * m->x.all;
    out->names = svyi_arena_get(t->arena, (out->count + 1) * sizeof *out->names);
    for (size_t k = 0; out->names != NULL && k < out->count; k++) {
        const char *level = m->y.levels[m->y.code[k / m->x.all + 1]], *term = svyi_matrix_name(t->matrix, k % m->x.all);
        size_t room = strlen(level) + strlen(term) + 3;
        char *name = svyi_arena_get(t->arena, room);
        if (name == NULL)
            return svyi_nomem(err);
        snprintf(name, room, "%s: %s", level, term);
        out->names[k] = name;
    }
    return out->names != NULL ? SVY_OK : svyi_nomem(err);
}

static void set_map(const multinomial *m, double *map)
{
    size_t p = m->x.p, n = m->parameters;
    for (size_t l = 0; l < m->levels; l++)
        for (size_t k = 0; k < p; k++) {
            for (size_t j = 0; j <= k; j++)
                map[(l * m->x.all + m->x.of[j]) * n + l * p + k] += svyi_regressors_part(&m->x, k, j);
            if (svyi_matrix_intercept(m->x.matrix))
                map[l * m->x.all * n + l * p + k] += svyi_regressors_constant(&m->x, k);
        }
}

static svy_status prepare(multinomial *m, const svyi_model_task *t, svy_error *err)
{
    if (t->spec->link != SVY_LINK_DEFAULT && t->spec->link != SVY_LINK_LOGIT)
        return svyi_fail(err, SVY_E_ARG, "the multinomial family has the link logit only");
    svy_status st = svyi_categories_make(t->arena, t, "multinomial", &m->y, err);
    if (st == SVY_OK)
        st = svyi_regressors_make(t->arena, t, 0, &m->x, err);
    if (st != SVY_OK)
        return st;
    if (m->x.offset != NULL)
        return svyi_fail(err, SVY_E_VALUE, "the multinomial family has no offset: it would have to differ by level");
    if (m->x.p == 0)
        return svyi_fail(err, SVY_E_VALUE, "the formula has neither an intercept nor a regressor: there is nothing to estimate");
    m->levels = m->y.count - 1;
    m->parameters = m->levels * m->x.p;
    size_t p = m->x.p, pairs = m->levels * (m->levels + 1) / 2;
    if (m->parameters > SVYI_MATRIX_COLUMNS)
        return svyi_fail(err, SVY_E_LIMIT, "the model has %zu coefficients: the limit is %d", m->parameters, (int)SVYI_MATRIX_COLUMNS);
    m->likelihood = (svyi_likelihood){ t->n, m->parameters, 1 + m->parameters + pairs * (p * (p + 1) / 2),
                                       SVYI_BLOCK * (m->x.all + m->levels + 6), add_rows, expand, NULL, m, &t->arena->alloc };
    return SVY_OK;
}

/* From the shares of the levels: intercepts, when there is one. */
static void start(const multinomial *m, double *theta)
{
    for (size_t l = 0; l < m->levels && m->x.of[0] == 0 && svyi_matrix_intercept(m->x.matrix); l++)
        theta[l * m->x.p] = log(m->y.share[l + 1] / m->y.share[0]);
}

svy_status svyi_multinomial_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err)
{
    multinomial m = { .levels = 0 };
    *out = (svyi_model_result){ .theta = nan(""), .df_lost = nan("") };
    svy_status st = prepare(&m, t, err);
    if (st == SVY_OK)
        st = set_names(&m, t, out, err);
    if (st != SVY_OK)
        return st;
    size_t n = m.parameters;
    double *inverse = svyi_arena_get(t->arena, n * n * sizeof *inverse), *map = svyi_arena_get(t->arena, out->count * n * sizeof *map);
    svyi_maximum max = { .theta = svyi_arena_get(t->arena, n * sizeof(double)), .factor = svyi_arena_get(t->arena, n * n * sizeof(double)) };
    if (inverse == NULL || map == NULL || max.theta == NULL || max.factor == NULL)
        return svyi_nomem(err);
    start(&m, max.theta);
    st = svyi_likelihood_maximise(&m.likelihood, svyi_likelihood_pass, svyi_model_threads(t), &max);
    if (st != SVY_OK)
        return st == SVY_E_NOMEM ? svyi_nomem(err) : no_maximum(&m, &max, err);
    svyi_cholesky_invert(max.factor, n, inverse);
    m.theta = max.theta;
    m.inverse = inverse;
    set_map(&m, map);
    out->df_lost = (double)(m.x.p - 1);
    out->null_deviance = svyi_categories_null_deviance(&m.y, (double)t->n);
    svyi_estimator e = { { n, 1, fill, &m }, values };
    return svyi_likelihood_result(t, &e, &max, n, map, out, err);
}
