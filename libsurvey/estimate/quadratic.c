/* Variances that are quadratic forms in the influence of rows: groups of rows one after another, or all pairs of rows. */
#include "estimate/quadratic.h"

#include <string.h>

#include "base/error.h"
#include "design/pps.h"

enum { BLOCK = 1024, BLOCK_NUMBERS = 1 << 16 };

/* Sums of z and of c z over the rows of the group at hand, by domain; all zero between groups, `touched` says which are not. */
typedef struct work {
    const svyi_influence *f;
    double *sum, *scaled;
    uint32_t *touched; size_t n_touched;
    uint8_t *seen;
    uint32_t row[BLOCK], domain[BLOCK];
    double *z;
    size_t block;
    double *variance, *covariance;
} work;

static int get_work(svyi_arena *scratch, const svyi_influence *f, work **out)
{
    work *w = *out = svyi_arena_get(scratch, sizeof *w);
    if (w == NULL)
        return -1;
    w->f = f;
    w->block = f->width > BLOCK_NUMBERS / BLOCK ? BLOCK_NUMBERS / f->width + 1 : BLOCK;
    w->sum = svyi_arena_get(scratch, (f->domains * f->width + 1) * sizeof *w->sum);
    w->scaled = svyi_arena_get(scratch, (f->domains * f->width + 1) * sizeof *w->scaled);
    w->touched = svyi_arena_get(scratch, (f->domains + 1) * sizeof *w->touched);
    w->seen = svyi_arena_get(scratch, f->domains + 1);
    w->z = svyi_arena_get(scratch, (w->block * f->width + 1) * sizeof *w->z);
    return w->sum == NULL || w->scaled == NULL || w->touched == NULL || w->seen == NULL || w->z == NULL ? -1 : 0;
}

/* The form of one group, and an end of its sums. */
static void close_group(work *w)
{
    size_t r = w->f->width, n = w->f->domains * r;
    for (size_t t = 0; t < w->n_touched; t++)
        for (size_t k = 0; k < r; k++) {
            size_t a = w->touched[t] * r + k;
            w->variance[a] += w->scaled[a] * w->sum[a];
            for (size_t u = 0; w->covariance != NULL && u < w->n_touched; u++)
                for (size_t l = 0; l < r; l++) {
                    size_t b = w->touched[u] * r + l;
                    w->covariance[a * n + b] += (w->scaled[a] * w->sum[b] + w->sum[a] * w->scaled[b]) / 2;
                }
        }
    for (size_t t = 0; t < w->n_touched; t++) {
        uint32_t d = w->touched[t];
        w->seen[d] = 0;
        memset(w->sum + d * r, 0, r * sizeof *w->sum);
        memset(w->scaled + d * r, 0, r * sizeof *w->scaled);
    }
    w->n_touched = 0;
}

static void add_row(work *w, uint32_t domain, const double *z, double c, double scale)
{
    size_t r = w->f->width;
    if (domain == SVYI_NO_DOMAIN)
        return;
    if (!w->seen[domain]) {
        w->seen[domain] = 1;
        w->touched[w->n_touched++] = domain;
    }
    for (size_t k = 0; k < r; k++) {
        w->sum[domain * r + k] += scale * z[k];
        w->scaled[domain * r + k] += c * scale * z[k];
    }
}

static void add_form(work *w, const svyi_quadratic *q)
{
    uint32_t group = 0, rows = q->start[q->n_groups];
    int several = w->f->domains > 1;
    for (uint32_t place = 0; place < rows;) {
        size_t n = rows - place < w->block ? rows - place : w->block;
        for (size_t i = 0; i < n; i++)
            w->row[i] = q->order != NULL ? q->order[place + i] : (uint32_t)(place + i);
        w->f->fill(w->f->user, w->row, n, w->z, several ? w->domain : NULL);
        for (size_t i = 0; i < n; i++, place++) {
            while (q->start[group + 1] <= place) {
                close_group(w);
                group++;
            }
            add_row(w, several ? w->domain[i] : 0, w->z + i * w->f->width, q->coefficient[place], q->scale != NULL ? q->scale[place] : 1);
        }
    }
    close_group(w);
}

svy_status svyi_quadratic_variance(svyi_arena *scratch, const svyi_influence *f, const svyi_quadratic *forms, size_t n_forms, double *variance,
                                   double *covariance, svy_error *err)
{
    work *w;
    if (get_work(scratch, f, &w) != 0)
        return svyi_nomem(err);
    w->variance = variance;
    w->covariance = covariance;
    for (size_t i = 0; i < n_forms; i++)
        add_form(w, &forms[i]);
    return SVY_OK;
}

/* ---- all pairs of rows ---- */

typedef struct dense {
    const double *joint;
    size_t rows, r, n;             /* n: estimates */
    const double *z;
    const uint32_t *domain;
    int yates_grundy;
    double *variance, *covariance;
} dense;

static void add_products(dense *s, size_t i, size_t j, double c)
{
    const double *x = s->z + i * s->r, *y = s->z + j * s->r;
    for (size_t k = 0; k < s->r; k++) {
        size_t a = s->domain[i] * s->r + k;
        if (s->domain[i] == s->domain[j])
            s->variance[a] += c * x[k] * y[k];
        for (size_t l = 0; s->covariance != NULL && l < s->r; l++)
            s->covariance[a * s->n + s->domain[j] * s->r + l] += c * x[k] * y[l];
    }
}

/* Half of the squared difference of two rows, which a pair that is of one domain gives twice. */
static void add_differences(dense *s, size_t i, size_t j, double c)
{
    const double *x = s->z + i * s->r, *y = s->z + j * s->r;
    for (size_t k = 0; k < s->r; k++) {
        size_t a = s->domain[i] * s->r + k;
        s->variance[a] += c * (x[k] - y[k]) * (x[k] - y[k]) / 2;
        for (size_t l = 0; s->covariance != NULL && l < s->r; l++)
            s->covariance[a * s->n + s->domain[i] * s->r + l] += c * (x[k] - y[k]) * (x[l] - y[l]) / 2;
    }
}

/* Row i with all others. In the Yates-Grundy form a row outside the domain has influence 0, so the difference to it is the row's own influence. */
static void add_dense_row(dense *s, size_t i)
{
    for (size_t j = 0; j < s->rows; j++) {
        double c = s->joint[i * s->rows + j];
        if (c == 0 || (!s->yates_grundy && s->domain[j] == SVYI_NO_DOMAIN))
            continue;
        if (!s->yates_grundy) {
            add_products(s, i, j, c);
        } else if (s->domain[j] == s->domain[i]) {
            add_differences(s, i, j, -c);
        } else {
            add_products(s, i, i, -c);
            if (s->covariance != NULL && s->domain[j] != SVYI_NO_DOMAIN)
                add_products(s, i, j, c);
        }
    }
}

svy_status svyi_joint_variance(svyi_arena *scratch, const svy_design *d, const svyi_influence *f, double *variance, double *covariance,
                               svy_error *err)
{
    uint32_t *row = svyi_arena_get(scratch, (d->rows + 1) * sizeof *row), *domain = svyi_arena_get(scratch, (d->rows + 1) * sizeof *domain);
    double *z = svyi_arena_get(scratch, (d->rows * f->width + 1) * sizeof *z);
    if (row == NULL || domain == NULL || z == NULL)
        return svyi_nomem(err);
    dense s = { d->pps->joint, d->rows, f->width, f->width * f->domains, z, domain, d->pps->variance == SVY_PPS_YATES_GRUNDY, variance, covariance };
    for (size_t i = 0; i < d->rows; i++)
        row[i] = (uint32_t)i;
    f->fill(f->user, row, d->rows, z, f->domains > 1 ? domain : NULL);
    for (size_t i = 0; i < d->rows; i++)
        if (domain[i] != SVYI_NO_DOMAIN)
            add_dense_row(&s, i);
    return SVY_OK;
}
