/* Ordinal regression: cumulative link models with cut points, as a likelihood for Newton's method. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/categories.h"
#include "model/family.h"
#include "num/distribution.h"
#include "num/matrix.h"

/* P(y <= j) = F(zeta_j - eta). Parameters: coefficients, then cut points. */
typedef struct ordinal {
    svyi_regressors x;
    svyi_categories y;
    svy_link link;
    size_t cuts, parameters;
    const double *theta, *inverse;       /* the fit, for influences: parameters, and their inverse information */
    svyi_likelihood likelihood;
} ordinal;

/* ---- distribution functions ---- */

typedef struct point { double lower, upper, density, slope; } point;     /* F, 1 - F, f, f' */

static point at_logit(double x)
{
    double e = exp(-fabs(x)), small = e / (1 + e), large = 1 / (1 + e), f = small * large;
    return (point){ x > 0 ? large : small, x > 0 ? small : large, f, x > 0 ? f * (small - large) : f * (large - small) };
}

static point at_probit(double x)
{
    double f = exp(-x * x / 2) * 0.3989422804014326779;
    return (point){ svyi_normal_upper(-x), svyi_normal_upper(x), f, -x * f };
}

/* exp(-exp(-x)): the distribution of a largest value, which R's svyolr calls cloglog. */
static point at_largest(double x)
{
    double e = exp(-x), lower = exp(-e), f = e < 1e300 ? e * lower : 0;
    return (point){ lower, -expm1(-e), f, e < 1e300 ? f * (e - 1) : 0 };
}

static point at_cauchit(double x)
{
    double f = 0.3183098861837906715 / (1 + x * x), tail = 0.3183098861837906715 * atan2(1, fabs(x));
    return (point){ x > 0 ? 1 - tail : tail, x > 0 ? tail : 1 - tail, f, -2 * x * f / (1 + x * x) };
}

static point at(svy_link link, double x)
{
    return link == SVY_LINK_PROBIT ? at_probit(x) : link == SVY_LINK_CLOGLOG ? at_largest(x) : link == SVY_LINK_CAUCHIT ? at_cauchit(x) : at_logit(x);
}

static double inverse_of(svy_link link, double p)
{
    switch ((int)link) {
    case SVY_LINK_PROBIT: return svyi_normal_quantile(p);
    case SVY_LINK_CLOGLOG: return -log(-log(p));
    case SVY_LINK_CAUCHIT: return tan(3.141592653589793238 * (p - 0.5));
    default: return log(p / (1 - p));
    }
}

/* ---- one row ---- */

/* ln of the probability of a row's level and its derivatives by the bounds a (its cut point minus eta) and b (that below). */
typedef struct row_terms { double loglik, a, b, aa, bb, ab; } row_terms;

static row_terms terms_of(const ordinal *o, const double *zeta, uint32_t level, double eta)
{
    const point none = { 0, 0, 0, 0 };
    int first = level == 0, last = level == o->cuts;
    point a = last ? none : at(o->link, zeta[level] - eta), b = first ? none : at(o->link, zeta[level - 1] - eta);
    double p = first ? a.lower : last ? b.upper : b.lower > 0.5 ? b.upper - a.upper : a.lower - b.lower;
    double ua = a.density / p, ub = b.density / p;
    return (row_terms){ log(p), ua, -ub, a.slope / p - ua * ua, -b.slope / p - ub * ub, ua * ub };
}

static void linear_predictors(const ordinal *o, const double *theta, const uint32_t *rows, size_t count, const double *x, double *eta)
{
    for (size_t i = 0; i < count; i++)
        eta[i] = o->x.offset != NULL ? o->x.offset[rows[i]] : 0;
    svyi_combine_block(x, theta, o->x.p, count, eta);
}

/* ---- sums ---- */

/* Cells: log likelihood, score, information of the coefficients (packed), then by cut point: its information with each coefficient, with itself, and
   with the cut point before it. */
static void add_rows(const void *user, const double *theta, size_t first, size_t count, double *x, double *cells)
{
    const ordinal *o = user;
    size_t p = o->x.p, packed = p * (p + 1) / 2;
    const uint32_t *rows = o->x.rows + first;
    const double *zeta = theta + p;
    double *eta = x + count * (o->x.all + 1), *u = eta + count, *h = u + count, *ha = h + count, *hb = ha + count, *room = hb + count;
    double *score = cells + 1, *information = score + o->parameters, *cross = information + packed, *own = cross + o->cuts * p, *before = own + o->cuts;
    svyi_regressors_fill(&o->x, rows, count, x);
    linear_predictors(o, theta, rows, count, x, eta);
    for (size_t i = 0; i < count; i++) {
        double w = o->x.weights[rows[i]] * o->x.scale;
        uint32_t level = svyi_categories_place(&o->y, rows[i]);
        row_terms t = { 0, 0, 0, 0, 0, 0 };
        if (w != 0)
            t = terms_of(o, zeta, level, eta[i]);
        cells[0] += w * t.loglik;
        u[i] = -w * (t.a + t.b);
        h[i] = -w * (t.aa + t.bb + 2 * t.ab);
        ha[i] = w * (t.aa + t.ab);
        hb[i] = w * (t.bb + t.ab);
        if (level < o->cuts) {
            score[p + level] += w * t.a;
            own[level] -= w * t.aa;
        }
        if (level > 0) {
            score[p + level - 1] += w * t.b;
            own[level - 1] -= w * t.bb;
        }
        if (level > 0 && level < o->cuts)
            before[level] -= w * t.ab;
    }
    svyi_dot_block(x, u, p, count, score);
    svyi_gram_block(x, h, p, count, room, information);
    for (size_t i = 0; i < count; i++) {
        uint32_t level = svyi_categories_place(&o->y, rows[i]);
        for (size_t k = 0; k < p && level < o->cuts; k++)
            cross[level * p + k] += ha[i] * x[k * count + i];
        for (size_t k = 0; k < p && level > 0; k++)
            cross[(level - 1) * p + k] += hb[i] * x[k * count + i];
    }
}

static void expand(const void *user, const double *cells, double *information)
{
    const ordinal *o = user;
    size_t p = o->x.p, n = o->parameters;
    const double *packed = cells + 1 + n, *cross = packed + p * (p + 1) / 2, *own = cross + o->cuts * p, *before = own + o->cuts;
    memset(information, 0, n * n * sizeof *information);
    for (size_t k = 0; k < p; k++)
        for (size_t j = 0; j <= k; j++)
            information[k * n + j] = information[j * n + k] = *packed++;
    for (size_t c = 0; c < o->cuts; c++) {
        for (size_t k = 0; k < p; k++)
            information[(p + c) * n + k] = information[k * n + p + c] = cross[c * p + k];
        information[(p + c) * n + p + c] = own[c];
        if (c > 0)
            information[(p + c) * n + p + c - 1] = information[(p + c - 1) * n + p + c] = before[c];
    }
}

static int ordered(const void *user, const double *theta)
{
    const ordinal *o = user;
    for (size_t c = 1; c < o->cuts; c++)
        if (!(theta[o->x.p + c] > theta[o->x.p + c - 1]))
            return 0;
    return 1;
}

/* ---- the estimator ---- */

static void fill_row(const void *user, uint32_t row, size_t stride, const double *x, double *z)
{
    const ordinal *o = user;
    size_t p = o->x.p, n = o->parameters;
    double w = o->x.weights[row] * o->x.scale;
    uint32_t level = svyi_categories_place(&o->y, row);
    row_terms t = terms_of(o, o->theta + p, level, svyi_regressors_eta(&o->x, o->theta, row, stride, x));
    for (size_t k = 0; k < p; k++) {
        double u = -w * (t.a + t.b) * x[k * stride];
        for (size_t j = 0; j < n; j++)
            z[j] += u * o->inverse[k * n + j];
    }
    for (size_t j = 0; j < n; j++)
        z[j] += w * ((level < o->cuts ? t.a * o->inverse[(p + level) * n + j] : 0) + (level > 0 ? t.b * o->inverse[(p + level - 1) * n + j] : 0));
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const ordinal *o = user;
    (void)domain;
    svyi_regressors_influence(&o->x, rows, count, o->parameters, fill_row, o, z);
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    ordinal o = *(const ordinal *)user;
    size_t room = (o.parameters * o.parameters + 1) * sizeof(double);
    svyi_maximum m = { .theta = theta, .factor = svyi_get(o.likelihood.alloc, room) };
    if (m.factor == NULL)
        return svyi_nomem(err);
    o.x.weights = weights;
    o.likelihood.user = &o;
    memcpy(theta, o.theta, o.parameters * sizeof *theta);
    svy_status st = svyi_likelihood_maximise(&o.likelihood, svyi_likelihood_pass, 1, &m);
    for (size_t k = 0; st == SVY_E_NUMERIC && k < o.parameters; k++)
        theta[k] = nan("");
    svyi_release(o.likelihood.alloc, m.factor, room);
    return st == SVY_E_NOMEM ? svyi_nomem(err) : SVY_OK;
}

/* ---- the fit ---- */

static void start(const ordinal *o, double *theta)
{
    double below = 0;
    for (size_t c = 0; c < o->cuts; c++) {
        below += o->y.share[c];
        theta[o->x.p + c] = inverse_of(o->link, below);
    }
}

static svy_status no_maximum(const ordinal *o, const svyi_maximum *m, svy_error *err)
{
    if (m->worst < o->x.p)
        return svyi_fail(err, SVY_E_NUMERIC, "the ordinal model has no finite maximum: '%s' separates levels of '%s' completely; leave it out or join levels",
                         svyi_matrix_name(o->x.matrix, o->x.of[m->worst]), svyi_matrix_response(o->x.matrix)->name);
    size_t cut = m->worst - o->x.p;
    return svyi_fail(err, SVY_E_NUMERIC, "the ordinal model has no finite maximum: the regressors separate '%s' from '%s' completely; join levels or use fewer regressors",
                     o->y.levels[o->y.code[cut]], o->y.levels[o->y.code[cut + 1]]);
}

static svy_status set_names(const ordinal *o, const svyi_model_task *t, svyi_model_result *out, svy_error *err)
{
    size_t first = svyi_matrix_intercept(t->matrix) ? 1 : 0, slopes = o->x.all - first;
    out->count = slopes + o->cuts;
    out->names = svyi_arena_get(t->arena, (out->count + 1) * sizeof *out->names);
    if (out->names == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < slopes; k++)
        out->names[k] = svyi_matrix_name(t->matrix, first + k);
    for (size_t c = 0; c < o->cuts; c++) {
        const char *a = o->y.levels[o->y.code[c]], *b = o->y.levels[o->y.code[c + 1]];
        size_t room = strlen(a) + strlen(b) + 2;
        char *name = svyi_arena_get(t->arena, room);
        if (name == NULL)
            return svyi_nomem(err);
        snprintf(name, room, "%s|%s", a, b);
        out->names[slopes + c] = name;
    }
    return SVY_OK;
}

/* Coefficients of the columns as they are from those of centred and scaled ones. */
static void set_map(const ordinal *o, double *map)
{
    size_t first = svyi_matrix_intercept(o->x.matrix) ? 1 : 0, slopes = o->x.all - first, n = o->parameters;
    for (size_t k = 0; k < o->x.p; k++) {
        for (size_t j = 0; j <= k; j++)
            map[(o->x.of[j] - first) * n + k] = svyi_regressors_part(&o->x, k, j);
        for (size_t c = 0; c < o->cuts; c++)
            map[(slopes + c) * n + k] = -svyi_regressors_constant(&o->x, k);
    }
    for (size_t c = 0; c < o->cuts; c++)
        map[(slopes + c) * n + o->x.p + c] = 1;
}

static svy_status prepare(ordinal *o, const svyi_model_task *t, svy_error *err)
{
    o->link = t->spec->link == SVY_LINK_DEFAULT ? SVY_LINK_LOGIT : t->spec->link;
    if (o->link != SVY_LINK_LOGIT && o->link != SVY_LINK_PROBIT && o->link != SVY_LINK_CLOGLOG && o->link != SVY_LINK_CAUCHIT)
        return svyi_fail(err, SVY_E_ARG, "the ordinal family has the links logit, probit, cloglog and cauchit");
    svy_status st = svyi_categories_make(t->arena, t, "ordinal", &o->y, err);
    if (st == SVY_OK)
        st = svyi_regressors_make(t->arena, t, 1, &o->x, err);
    if (st != SVY_OK)
        return st;
    size_t p = o->x.p;
    o->cuts = o->y.count - 1;
    o->parameters = p + o->cuts;
    o->likelihood = (svyi_likelihood){ t->n, o->parameters, 1 + o->parameters + p * (p + 1) / 2 + o->cuts * (p + 2), SVYI_BLOCK * (o->x.all + 7),
                                       add_rows, expand, ordered, o, &t->arena->alloc };
    return SVY_OK;
}

svy_status svyi_ordinal_fit(const svyi_model_task *t, svyi_model_result *out, svy_error *err)
{
    ordinal o = { .cuts = 0 };
    *out = (svyi_model_result){ .theta = nan(""), .df_lost = nan("") };
    svy_status st = prepare(&o, t, err);
    if (st == SVY_OK)
        st = set_names(&o, t, out, err);
    if (st != SVY_OK)
        return st;
    size_t n = o.parameters;
    double *inverse = svyi_arena_get(t->arena, n * n * sizeof *inverse), *map = svyi_arena_get(t->arena, out->count * n * sizeof *map);
    svyi_maximum m = { .theta = svyi_arena_get(t->arena, n * sizeof(double)), .factor = svyi_arena_get(t->arena, n * n * sizeof(double)) };
    if (inverse == NULL || map == NULL || m.theta == NULL || m.factor == NULL)
        return svyi_nomem(err);
    start(&o, m.theta);
    st = svyi_likelihood_maximise(&o.likelihood, svyi_likelihood_pass, svyi_model_threads(t), &m);
    if (st != SVY_OK)
        return st == SVY_E_NOMEM ? svyi_nomem(err) : no_maximum(&o, &m, err);
    svyi_cholesky_invert(m.factor, n, inverse);
    o.theta = m.theta;
    o.inverse = inverse;
    set_map(&o, map);
    out->df_lost = (double)o.x.p;
    out->null_deviance = svyi_categories_null_deviance(&o.y, (double)t->n);
    svyi_estimator e = { { n, 1, fill, &o }, values };
    return svyi_likelihood_result(t, &e, &m, n, map, out, err);
}
