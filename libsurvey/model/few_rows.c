/* Domains of few rows: what they add to sums by unit, so that a domain costs its rows and the units of the design, not all rows. */
#include "model/few_rows.h"

#include <string.h>

#include "base/error.h"
#include "estimate/finish.h"

enum { BLOCK = 256 };

svy_status svyi_units_make(svyi_arena *arena, const svy_design *d, svyi_units *out, svy_error *err)
{
    const svyi_stage *first = &d->stages[0];
    size_t rows = d->rows + 1;
    uint32_t stratum = 0;
    *out = (svyi_units){ .group = svyi_arena_get(arena, rows * sizeof *out->group), .psu = svyi_arena_get(arena, rows * sizeof *out->psu),
                         .stratum = svyi_arena_get(arena, rows * sizeof *out->stratum),
                         .psu_seen = svyi_arena_get(arena, ((size_t)first->n_units + 1) * sizeof *out->psu_seen),
                         .stratum_seen = svyi_arena_get(arena, ((size_t)first->n_strata + 1) * sizeof *out->stratum_seen) };
    if (out->group == NULL || out->psu == NULL || out->stratum == NULL || out->psu_seen == NULL || out->stratum_seen == NULL)
        return svyi_nomem(err);
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            uint32_t row = d->order != NULL ? d->order[place] : (uint32_t)place, psu = svyi_design_psu(d, g, place);
            while (first->unit_start[stratum + 1] <= psu)
                stratum++;
            out->group[row] = g;
            out->psu[row] = psu;
            out->stratum[row] = stratum;
        }
    return SVY_OK;
}

double svyi_few_rows_df(svyi_units *units, const uint32_t *rows, size_t n)
{
    double df = 0;
    units->seen++;
    for (size_t k = 0; k < n; k++) {
        uint32_t psu = units->psu[rows[k]], stratum = units->stratum[rows[k]];
        df += units->psu_seen[psu] != units->seen;
        df -= units->stratum_seen[stratum] != units->seen;
        units->psu_seen[psu] = units->stratum_seen[stratum] = units->seen;
    }
    return df;
}

/* Sums by unit, and of products where rows are the units. Extended precision, as products are not taken about a mean. */
static void add_rows(const svyi_units *units, const svyi_influence *f, const uint32_t *rows, size_t n, double *z, long double *sum, long double *products,
                     size_t packed)
{
    size_t r = f->width;
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t count = n - first < BLOCK ? n - first : BLOCK;
        f->fill(f->user, rows + first, count, z, NULL);
        for (size_t i = 0; i < count; i++) {
            uint32_t g = units->group[rows[first + i]];
            const double *x = z + i * r;
            long double *p = products + g * packed;
            for (size_t k = 0; k < r; k++) {
                sum[g * r + k] += (long double)x[k];
                for (size_t l = k; packed > 0 && l < (packed > r ? r : k + 1); l++)
                    *p++ += (long double)x[k] * (long double)x[l];
            }
        }
    }
}

/* All units have a score, as rows without influence count. */
static void set_scores(const svy_design *d, const long double *sum, const long double *products, size_t packed, svyi_scores *s)
{
    size_t r = s->outputs;
    for (uint32_t g = 0; g < d->n_groups; g++) {
        s->unit[g] = g;
        s->domain[g] = 0;
        s->rows[g] = d->group_start[g + 1] - d->group_start[g];
        for (size_t k = 0; k < r; k++) {
            s->z[g * r + k] = (double)sum[g * r + k];
            for (size_t l = k, at = g * packed + (packed > r ? k * r - k * (k + 1) / 2 + k : k); packed > 0 && l < (packed > r ? r : k + 1); l++, at++) {
                double value = (double)(products[at] - sum[g * r + k] * sum[g * r + l] / (long double)s->rows[g]);
                s->scatter[at] = k == l && value < 0 ? 0 : value;
            }
        }
    }
    s->count = d->n_groups;
}

svy_status svyi_few_rows_variance(svyi_arena *arena, const svy_design *d, const svyi_units *units, const svyi_influence *f, const uint32_t *rows, size_t n,
                                  double *variance, double *covariance, svy_error *err)
{
    size_t r = f->width, groups = (size_t)d->n_groups + 1, packed = !d->elements ? 0 : covariance != NULL ? r * (r + 1) / 2 : r;
    svyi_arena scratch;
    svyi_arena_init(&scratch, &arena->alloc);
    svyi_scores s = { .outputs = r };
    long double *sum = svyi_arena_get(&scratch, groups * r * sizeof *sum), *products = svyi_arena_get(&scratch, (groups * packed + 1) * sizeof *products);
    double *z = svyi_arena_get(&scratch, BLOCK * r * sizeof *z);
    s.unit = svyi_arena_get(&scratch, groups * sizeof *s.unit);
    s.domain = svyi_arena_get(&scratch, groups * sizeof *s.domain);
    s.rows = svyi_arena_get(&scratch, groups * sizeof *s.rows);
    s.z = svyi_arena_get(&scratch, groups * r * sizeof *s.z);
    s.scatter = packed > 0 ? svyi_arena_get(&scratch, groups * packed * sizeof *s.scatter) : NULL;
    svy_status st = sum == NULL || products == NULL || z == NULL || s.unit == NULL || s.domain == NULL || s.rows == NULL || s.z == NULL ||
                    (packed > 0 && s.scatter == NULL) ? svyi_nomem(err) : SVY_OK;
    memset(variance, 0, r * sizeof *variance);
    if (covariance != NULL)
        memset(covariance, 0, r * r * sizeof *covariance);
    if (st == SVY_OK) {
        add_rows(units, f, rows, n, z, sum, products, packed);
        set_scores(d, sum, products, packed, &s);
        st = svyi_variance(&scratch, d, &s, 1, variance, covariance, err);
    }
    svyi_arena_clear(&scratch);
    return st;
}
