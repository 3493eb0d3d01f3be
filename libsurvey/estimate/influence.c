/* The design variance of any estimator that can tell the influence of a row. */
#include "estimate/influence.h"

#include <string.h>

#include "base/error.h"
#include "estimate/finish.h"

enum { BLOCK = 1024 };

/* Sums of influence by group of the design and domain while rows are passed in design order. */
typedef struct gather {
    const svy_design *d;
    const svyi_influence *f;
    svy_alloc alloc;
    size_t packed;                /* products kept by entry in an element design: all pairs, or squares only */
    int pairs;
    size_t count, capacity;
    uint32_t *group, *domain, *rows;
    size_t group_room, domain_room, rows_room;
    double *values; size_t values_room;       /* by entry: sums of z; in an element design the first z, sums of differences to it, products of these */
    size_t stride;
    uint32_t *slot;               /* by domain: where its entry of the group at hand may be */
    uint32_t row[BLOCK], of[BLOCK], at_domain[BLOCK];
    double *z;                    /* BLOCK * width */
} gather;

static int add_entry(gather *g, uint32_t group, uint32_t domain)
{
    size_t n = g->count + 1;
    if (svyi_grow(&g->alloc, &g->group, &g->group_room, n, sizeof *g->group) != 0 ||
        svyi_grow(&g->alloc, &g->domain, &g->domain_room, n, sizeof *g->domain) != 0 ||
        svyi_grow(&g->alloc, &g->rows, &g->rows_room, n, sizeof *g->rows) != 0 ||
        svyi_grow(&g->alloc, &g->values, &g->values_room, n, g->stride * sizeof *g->values) != 0)
        return -1;
    g->group[g->count] = group;
    g->domain[g->count] = domain;
    g->rows[g->count] = 0;
    memset(g->values + g->count * g->stride, 0, g->stride * sizeof *g->values);
    g->slot[domain] = (uint32_t)g->count++;
    return 0;
}

static void add_row(gather *g, size_t entry, const double *z)
{
    size_t r = g->f->width;
    double *v = g->values + entry * g->stride;
    if (!g->d->elements) {
        for (size_t k = 0; k < r; k++)
            v[k] += z[k];
    } else if (g->rows[entry] == 0) {
        memcpy(v, z, r * sizeof *v);
    } else {
        double *products = v + 2 * r;
        for (size_t k = 0; k < r; k++) {
            double off = z[k] - v[k];
            v[r + k] += off;
            for (size_t l = k; l < (g->pairs ? r : k + 1); l++)
                *products++ += off * (z[l] - v[l]);
        }
    }
    g->rows[entry]++;
}

static int add_block(gather *g, size_t n)
{
    g->f->fill(g->f->user, g->row, n, g->z, g->f->domains > 1 ? g->at_domain : NULL);
    for (size_t i = 0; i < n; i++) {
        uint32_t domain = g->f->domains > 1 ? g->at_domain[i] : 0;
        if (domain == SVYI_NO_DOMAIN)
            continue;
        size_t at = g->slot[domain];
        if (!(at < g->count && g->group[at] == g->of[i] && g->domain[at] == domain)) {
            if (add_entry(g, g->of[i], domain) != 0)
                return -1;
            at = g->count - 1;
        }
        add_row(g, at, g->z + i * g->f->width);
    }
    return 0;
}

static int pass(gather *g)
{
    const svy_design *d = g->d;
    size_t n = 0;
    for (uint32_t group = 0; group < d->n_groups; group++)
        for (size_t place = d->group_start[group]; place < d->group_start[group + 1]; place++) {
            g->row[n] = d->order != NULL ? d->order[place] : (uint32_t)place;
            g->of[n++] = group;
            if (n == BLOCK) {
                if (add_block(g, n) != 0)
                    return -1;
                n = 0;
            }
        }
    return n > 0 ? add_block(g, n) : 0;
}

/* Entries as scores: sums, and scatter about the mean of the rows of the entry. */
static int make_scores(const gather *g, svyi_arena *scratch, svyi_scores *s)
{
    size_t r = g->f->width;
    *s = (svyi_scores){ .count = g->count, .outputs = r, .unit = g->group, .domain = g->domain, .rows = g->rows };
    s->z = svyi_arena_get(scratch, (g->count + 1) * r * sizeof *s->z);
    if (g->d->elements)
        s->scatter = svyi_arena_get(scratch, (g->count + 1) * g->packed * sizeof *s->scatter);
    if (s->z == NULL || (g->d->elements && s->scatter == NULL))
        return -1;
    for (size_t i = 0; i < g->count; i++) {
        const double *v = g->values + i * g->stride, *products = v + 2 * r;
        double n = g->rows[i], *scatter = s->scatter != NULL ? s->scatter + i * g->packed : NULL;
        for (size_t k = 0; k < r; k++) {
            s->z[i * r + k] = g->d->elements ? n * v[k] + v[r + k] : v[k];
            for (size_t l = k; scatter != NULL && l < (g->pairs ? r : k + 1); l++, scatter++) {
                double value = *products++ - v[r + k] * v[r + l] / n;
                *scatter = k == l && value < 0 ? 0 : value;
            }
        }
    }
    return 0;
}

static void release(gather *g)
{
    svyi_release(&g->alloc, g->group, g->group_room * sizeof *g->group);
    svyi_release(&g->alloc, g->domain, g->domain_room * sizeof *g->domain);
    svyi_release(&g->alloc, g->rows, g->rows_room * sizeof *g->rows);
    svyi_release(&g->alloc, g->values, g->values_room * g->stride * sizeof *g->values);
}

/* Stages only: sums by group, then the recursion. */
static svy_status stages_variance(svyi_arena *arena, const svy_design *d, const svyi_influence *f, double *variance, double *covariance,
                                  svy_error *err)
{
    svyi_arena scratch;
    svyi_scores scores;
    svyi_arena_init(&scratch, &arena->alloc);
    gather *g = svyi_arena_get(&scratch, sizeof *g);
    svy_status st = g != NULL ? SVY_OK : svyi_nomem(err);
    if (st == SVY_OK) {
        *g = (gather){ .d = d, .f = f, .alloc = arena->alloc, .pairs = covariance != NULL };
        g->packed = g->pairs ? f->width * (f->width + 1) / 2 : f->width;
        g->stride = d->elements ? 2 * f->width + g->packed : f->width;
        g->slot = svyi_arena_get(&scratch, (f->domains + 1) * sizeof *g->slot);
        g->z = svyi_arena_get(&scratch, BLOCK * f->width * sizeof *g->z);
        if (g->slot == NULL || g->z == NULL || pass(g) != 0 || make_scores(g, &scratch, &scores) != 0)
            st = svyi_nomem(err);
        else
            st = svyi_variance(&scratch, d, &scores, f->domains, variance, covariance, err);
        release(g);
    }
    svyi_arena_clear(&scratch);
    return st;
}

svy_status svyi_influence_variance(svyi_arena *arena, const svy_design *d, const svyi_influence *f, unsigned threads, double *variance,
                                   double *covariance, svy_error *err)
{
    (void)threads;
    return stages_variance(arena, d, f, variance, covariance, err);
}
