/* Second moments: variances, covariances, standard deviations and correlations as estimators for any design. */
#include <survey/moments.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "estimate/interval.h"
#include "estimate/request.h"

enum { VARIABLES_MAX = 64 };

typedef enum moment_kind { MOMENTS, DEVIATIONS, CORRELATIONS } moment_kind;

/* An output is of a pair of variables; that of a variance has the same one twice. */
typedef struct pair { size_t a, b; } pair;

typedef struct moments {
    svyi_request *request;
    moment_kind kind;
    size_t n_variables, width, products;     /* products: of pairs a <= b */
    pair *pairs;
    double *weight, *mean, *product;         /* by domain; products are sums of w (a - mean)(b - mean) / W, packed */
    double *theta;
} moments;

static size_t packed(const moments *m, size_t a, size_t b)
{
    return a <= b ? a * m->n_variables - a * (a + 1) / 2 + b : packed(m, b, a);
}

static double number(const moments *m, size_t variable, size_t row) { return m->request->plan.variables[variable].numbers[row]; }

/* n/(n-1), with the n of the sample whatever the weights. */
static double correction(const moments *m, size_t domain)
{
    double n = (double)m->request->n[domain];
    return n > 1 ? n / (n - 1) : nan("");
}

/* ---- moments under given weights ---- */

static void add_means(const moments *m, const double *weights, double *weight, double *mean)
{
    const svyi_request *r = m->request;
    size_t v = m->n_variables;
    memset(weight, 0, r->domains.count * sizeof *weight);
    memset(mean, 0, r->domains.count * v * sizeof *mean);
    for (size_t i = 0; i < r->design->rows; i++) {
        uint32_t d = weights[i] != 0 ? svyi_request_domain(r, i) : SVYI_NO_DOMAIN;
        if (d == SVYI_NO_DOMAIN)
            continue;
        /* about a row of the domain, so that a large common value costs no digits */
        for (size_t k = 0; k < v; k++)
            mean[d * v + k] += weights[i] * (number(m, k, i) - number(m, k, r->domains.first_row[d]));
        weight[d] += weights[i];
    }
    for (size_t d = 0; d < r->domains.count; d++)
        for (size_t k = 0; k < v; k++)
            mean[d * v + k] = mean[d * v + k] / weight[d] + number(m, k, r->domains.first_row[d]);
}

static void add_products(const moments *m, const double *weights, const double *weight, const double *mean, double *product)
{
    const svyi_request *r = m->request;
    size_t v = m->n_variables;
    double off[VARIABLES_MAX];
    memset(product, 0, r->domains.count * m->products * sizeof *product);
    for (size_t i = 0; i < r->design->rows; i++) {
        uint32_t d = weights[i] != 0 ? svyi_request_domain(r, i) : SVYI_NO_DOMAIN;
        if (d == SVYI_NO_DOMAIN)
            continue;
        double *p = product + d * m->products;
        for (size_t k = 0; k < v; k++)
            off[k] = number(m, k, i) - mean[d * v + k];
        for (size_t a = 0; a < v; a++)
            for (size_t b = a; b < v; b++)
                *p++ += weights[i] * off[a] * off[b];
    }
    for (size_t k = 0; k < r->domains.count * m->products; k++)
        product[k] /= weight[k / m->products];
}

static double moment(const moments *m, const double *product, size_t domain, pair p)
{
    const double *q = product + domain * m->products;
    double s = q[packed(m, p.a, p.b)], c = correction(m, domain);
    if (m->kind == CORRELATIONS)
        return s / sqrt(q[packed(m, p.a, p.a)] * q[packed(m, p.b, p.b)]);
    return m->kind == DEVIATIONS ? sqrt(c * s) : c * s;
}

static void set_theta(const moments *m, const double *product, double *theta)
{
    for (size_t d = 0; d < m->request->domains.count; d++)
        for (size_t k = 0; k < m->width; k++)
            theta[d * m->width + k] = moment(m, product, d, m->pairs[k]);
}

/* ---- the estimator ---- */

static double influence(const moments *m, const double *off, size_t domain, size_t k)
{
    const double *q = m->product + domain * m->products;
    double theta = m->theta[domain * m->width + k], c = correction(m, domain);
    pair p = m->pairs[k];
    if (m->kind == MOMENTS)
        return c * off[p.a] * off[p.b] - theta;
    if (m->kind == DEVIATIONS)
        return theta > 0 ? (c * off[p.a] * off[p.a] - theta * theta) / (2 * theta) : 0;
    double u = off[p.a] / sqrt(q[packed(m, p.a, p.a)]), v = off[p.b] / sqrt(q[packed(m, p.b, p.b)]);
    return u * v - theta * (u * u + v * v) / 2;
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const moments *m = user;
    const svyi_request *r = m->request;
    double off[VARIABLES_MAX];
    for (size_t i = 0; i < count; i++, z += m->width) {
        size_t row = rows[i];
        uint32_t d = r->design->weights[row] != 0 ? svyi_request_domain(r, row) : SVYI_NO_DOMAIN;
        if (domain != NULL)
            domain[i] = d;
        memset(z, 0, m->width * sizeof *z);
        if (d == SVYI_NO_DOMAIN)
            continue;
        for (size_t k = 0; k < m->n_variables; k++)
            off[k] = number(m, k, row) - m->mean[d * m->n_variables + k];
        for (size_t k = 0; k < m->width; k++)
            z[k] = r->design->weights[row] / m->weight[d] * influence(m, off, d, k);
    }
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const moments *m = user;
    size_t domains = m->request->domains.count;
    svyi_arena scratch;
    svyi_arena_init(&scratch, m->request->alloc);
    double *weight = svyi_arena_get(&scratch, (domains + 1) * sizeof *weight);
    double *mean = svyi_arena_get(&scratch, (domains * m->n_variables + 1) * sizeof *mean);
    double *product = svyi_arena_get(&scratch, (domains * m->products + 1) * sizeof *product);
    svy_status st = weight != NULL && mean != NULL && product != NULL ? SVY_OK : svyi_nomem(err);
    if (st == SVY_OK) {
        add_means(m, weights, weight, mean);
        add_products(m, weights, weight, mean, product);
        set_theta(m, product, theta);
    }
    svyi_arena_clear(&scratch);
    return st;
}

/* ---- outputs ---- */

static size_t set_pairs(moments *m)
{
    size_t n = 0;
    for (size_t a = 0; a < m->n_variables && m->kind != CORRELATIONS; a++)
        m->pairs[n++] = (pair){ a, a };
    for (size_t a = 0; a < m->n_variables && m->kind != DEVIATIONS; a++)
        for (size_t b = a + 1; b < m->n_variables; b++)
            m->pairs[n++] = (pair){ a, b };
    return n;
}

static const char **output_names(const moments *m)
{
    svyi_arena *arena = &m->request->e->arena;
    const svyi_variable *v = m->request->plan.variables;
    const char **names = svyi_arena_get(arena, (m->width + 1) * sizeof *names);
    for (size_t k = 0; names != NULL && k < m->width; k++) {
        const char *a = v[m->pairs[k].a].name, *b = v[m->pairs[k].b].name;
        size_t room = strlen(a) + strlen(b) + 2;
        names[k] = a;
        if (m->pairs[k].a == m->pairs[k].b)
            continue;
        char *name = svyi_arena_get(arena, room);
        if (name == NULL)
            return NULL;
        snprintf(name, room, "%s:%s", a, b);
        names[k] = name;
    }
    return names;
}

static svy_status prepare(moments *m, svyi_request *r, moment_kind kind)
{
    size_t domains = r->domains.count, v = r->plan.n_variables;
    *m = (moments){ .request = r, .kind = kind, .n_variables = v, .products = v * (v + 1) / 2 };
    if (v > VARIABLES_MAX)
        return svyi_fail(r->err, SVY_E_LIMIT, "there are %zu variables: the limit for variances and correlations is %d", v, VARIABLES_MAX);
    if (kind == CORRELATIONS && v < 2)
        return svyi_fail(r->err, SVY_E_ARG, "a correlation needs two variables: name at least two");
    m->pairs = svyi_arena_get(&r->scratch, (m->products + 1) * sizeof *m->pairs);
    m->weight = svyi_arena_get(&r->scratch, (domains + 1) * sizeof *m->weight);
    m->mean = svyi_arena_get(&r->scratch, (domains * v + 1) * sizeof *m->mean);
    m->product = svyi_arena_get(&r->scratch, (domains * m->products + 1) * sizeof *m->product);
    m->theta = svyi_arena_get(&r->scratch, (domains * m->products + 1) * sizeof *m->theta);
    if (m->pairs == NULL || m->weight == NULL || m->mean == NULL || m->product == NULL || m->theta == NULL)
        return svyi_nomem(r->err);
    m->width = set_pairs(m);
    add_means(m, r->design->weights, m->weight, m->mean);
    add_products(m, r->design->weights, m->weight, m->mean, m->product);
    set_theta(m, m->product, m->theta);
    return SVY_OK;
}

static svy_status estimate(moments *m)
{
    const char **names = output_names(m);
    svyi_estimator e = { { m->width, m->request->domains.count, fill, m }, values };
    return names != NULL ? svyi_request_fit(m->request, &e, m->theta, names, NULL) : svyi_nomem(m->request->err);
}

svy_status svy_variance(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, int sd,
                        svy_estimates **out, svy_error *err)
{
    svyi_request r;
    moments m;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = svyi_request_begin(&r, alloc, f, d, spec, sd ? SVY_STAT_SD : SVY_STAT_VARIANCE, 0, "a variance", err);
    if (st == SVY_OK && (st = prepare(&m, &r, sd ? DEVIATIONS : MOMENTS)) == SVY_OK)
        st = estimate(&m);
    return svyi_request_end(&r, st, out);
}

/* ---- correlations ---- */

static void fisher_limits(const svyi_request *r, svy_estimate_row *row, size_t domain)
{
    double rho = row->estimate, se = row->se / (1 - rho * rho);
    svyi_interval_input in = { atanh(rho), se * se, svyi_request_limit_df(r, domain, 0), r->df[domain], (double)r->rows[domain],
                               (double)r->n[domain], r->spec->level };
    svyi_interval(SVY_INTERVAL_DEFAULT, &in, &row->lower, &row->upper);
    row->lower = tanh(row->lower);
    row->upper = tanh(row->upper);
}

svy_status svy_correlation(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec,
                           svy_correlation_interval interval, svy_estimates **out, svy_error *err)
{
    svyi_request r;
    moments m;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = svyi_request_begin(&r, alloc, f, d, spec, SVY_STAT_CORRELATION, 0, "a correlation", err);
    if (st == SVY_OK && (st = prepare(&m, &r, CORRELATIONS)) == SVY_OK)
        st = estimate(&m);
    for (size_t i = 0; st == SVY_OK && interval == SVY_CORRELATION_FISHER && i < r.e->count; i++)
        fisher_limits(&r, &r.e->rows[i], i % r.domains.count);
    return svyi_request_end(&r, st, out);
}
