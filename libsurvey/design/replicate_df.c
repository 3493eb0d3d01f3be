/* Degrees of freedom of replicate weights: the rank of the weights of some rows, less one. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"
#include "design/replicate.h"
#include "num/matrix.h"

/* A column depends on those before it when less than this share of its squared length is left: R's qr() with a tolerance of 1e-5 on lengths. */
#define DEPENDENT 1e-10
/* Products spent on an exact answer. Beyond, rows are first added up at random into fewer: the rank of the sums is that of the rows but for an accident
   of probability zero, and their lengths are about the same. */
static const double EXACT_PRODUCTS = 1e9;
enum { MANY = 250 };
static const size_t CHUNK_BYTES = (size_t)1 << 28;

typedef struct ranks {
    const svy_design *d;
    const uint32_t *domain;      /* by row, UINT32_MAX: none; NULL: all are in domain 0 */
    size_t n_domains;
    size_t *items;               /* by domain: units or rows that have a weight */
    size_t *rows;                /* by domain: rows they are added up into */
    double **sums;               /* by domain: rows, then replicates */
    size_t *next;                /* by domain */
    uint32_t *last;              /* by domain: last unit seen, as number + 1 */
    double *factor;
    svyi_arena arena;
} ranks;

static inline uint32_t domain_of(const ranks *k, size_t row) { return k->domain == NULL ? 0 : k->domain[row]; }

/* ---- the rank is known ---- */

/* Replicates of stratum h span, on the rows of a domain that has m of its n units: the differences of n units, and 1 everywhere, when m = n; otherwise
   every unit by itself. A stratum without replicates only takes part in 1 everywhere. */
typedef struct jackknife { uint32_t *stratum, *units; double *spanned; unsigned char *ones; const uint32_t *replicates; } jackknife;

static void close_stratum(const jackknife *j, const svyi_stage *first, size_t domain)
{
    uint32_t h = j->stratum[domain] - 1, n = first->unit_start[h + 1] - first->unit_start[h], m = j->units[domain];
    if (j->replicates[h] == 0)
        j->ones[domain] = 1;
    else if (m < n || n == 1)
        j->spanned[domain] += m;
    else {
        j->spanned[domain] += n - 1;
        j->ones[domain] = 1;
    }
}

static void see_unit(ranks *k, const jackknife *j, uint32_t domain, uint32_t unit, uint32_t stratum)
{
    if (k->last[domain] == unit + 1)
        return;
    k->last[domain] = unit + 1;
    if (j->stratum[domain] != stratum + 1) {
        if (j->stratum[domain] > 0)
            close_stratum(j, &k->d->stages[0], domain);
        j->stratum[domain] = stratum + 1;
        j->units[domain] = 0;
    }
    j->units[domain]++;
}

static uint32_t *replicates_by_stratum(ranks *k)
{
    const svyi_stage *first = &k->d->stages[0];
    uint32_t *out = svyi_arena_get(&k->arena, (first->n_strata + 1) * sizeof *out), h = 0;
    if (out != NULL && k->d->replicates->left_out == NULL) {
        for (h = 0; h < first->n_strata; h++) {
            uint32_t n = first->unit_start[h + 1] - first->unit_start[h];
            out[h] = n > 1 && !(first->population != NULL && first->population[h] <= n);
        }
        return out;
    }
    for (size_t r = 0; out != NULL && r < k->d->replicates->count; r++) {
        while (first->unit_start[h + 1] <= k->d->replicates->left_out[r].unit)
            h++;
        out[h]++;
    }
    return out;
}

static svy_status rank_of_jackknife(ranks *k, double *df, svy_error *err)
{
    const svy_design *d = k->d;
    const svyi_stage *first = &d->stages[0];
    size_t n = k->n_domains + 1;
    jackknife j = { svyi_arena_get(&k->arena, n * sizeof *j.stratum), svyi_arena_get(&k->arena, n * sizeof *j.units),
                    svyi_arena_get(&k->arena, n * sizeof *j.spanned), svyi_arena_get(&k->arena, n), replicates_by_stratum(k) };
    uint32_t stratum = 0;
    if (j.stratum == NULL || j.units == NULL || j.spanned == NULL || j.ones == NULL || j.replicates == NULL)
        return svyi_nomem(err);
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            size_t row = d->order != NULL ? d->order[place] : place;
            uint32_t domain = d->weights[row] != 0 ? domain_of(k, row) : UINT32_MAX, unit = svyi_design_psu(d, g, place);
            while (first->unit_start[stratum + 1] <= unit)
                stratum++;
            if (domain != UINT32_MAX)
                see_unit(k, &j, domain, unit, stratum);
        }
    for (size_t i = 0; i < k->n_domains; i++) {
        if (j.stratum[i] > 0)
            close_stratum(&j, first, i);
        df[i] = fmin(j.spanned[i] + j.ones[i], (double)d->replicates->count) - 1;
    }
    return SVY_OK;
}

/* ---- all others: sums of rows, and their products ---- */

static uint64_t scatter_bits(uint64_t x)
{
    x = (x + 1) * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* Where item `i` of a domain goes, and with which sign. */
static inline size_t target_of(const ranks *k, uint32_t domain, size_t i, double *sign)
{
    size_t rows = k->rows[domain];
    *sign = 1;
    if (rows == k->items[domain])
        return i;
    uint64_t bits = scatter_bits(i);
    *sign = (bits & 1) != 0 ? 1 : -1;
    return (size_t)((bits >> 32) * rows >> 32);
}

/* Units with a row of positive weight, domain by domain. With `sums`, their factors are added up for domains from .. to-1. */
static void pass_units(ranks *k, int sums, size_t from, size_t to)
{
    const svy_design *d = k->d;
    size_t count = d->replicates->count;
    const double *base = svyi_weights_before(d);
    memset(k->last, 0, k->n_domains * sizeof *k->last);
    memset(k->next, 0, k->n_domains * sizeof *k->next);
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            size_t row = d->order != NULL ? d->order[place] : place;
            uint32_t domain = base[row] != 0 ? domain_of(k, row) : UINT32_MAX, unit = svyi_replicate_unit(d, g, place);
            double sign;
            if (domain == UINT32_MAX || domain < from || domain >= to || k->last[domain] == unit + 1)
                continue;
            k->last[domain] = unit + 1;
            size_t i = k->next[domain]++;
            if (!sums)
                continue;
            size_t at = target_of(k, domain, i, &sign);
            svyi_replicate_factors(d->replicates, unit, 0, count, k->factor);
            for (size_t r = 0; r < count; r++)
                k->sums[domain][r * k->rows[domain] + at] += sign * k->factor[r];
        }
}

static void pass_rows(ranks *k, double *weights, size_t from, size_t to)
{
    for (size_t r = 0; r < k->d->replicates->count; r++) {
        svyi_replicate_weights(k->d, r, weights);
        memset(k->next, 0, k->n_domains * sizeof *k->next);
        for (size_t row = 0; row < k->d->rows; row++) {
            uint32_t domain = domain_of(k, row);
            double sign;
            if (domain == UINT32_MAX || domain < from || domain >= to)
                continue;
            size_t at = target_of(k, domain, k->next[domain]++, &sign);
            k->sums[domain][r * k->rows[domain] + at] += sign * weights[row];
        }
    }
}

static double product(const double *x, const double *y, size_t n)
{
    double s[4] = { 0, 0, 0, 0 };
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += x[i + k] * y[i + k];
    for (; i < n; i++)
        s[0] += x[i] * y[i];
    return s[0] + s[1] + (s[2] + s[3]);
}

/* Products of rows when there are fewer of them than columns. */
static double rank_of_rows(const double *columns, size_t rows, size_t count, double *gram)
{
    memset(gram, 0, rows * rows * sizeof *gram);
    for (size_t r = 0; r < count; r++) {
        const double *x = columns + r * rows;
        for (size_t a = 0; a < rows; a++)
            for (size_t b = 0; x[a] != 0 && b <= a; b++)
                gram[a * rows + b] += x[a] * x[b];
    }
    return (double)svyi_cholesky(gram, rows, DEPENDENT, NULL);
}

static double rank_of(const double *columns, size_t rows, size_t count, double *gram)
{
    if (rows < count)
        return rank_of_rows(columns, rows, count, gram);
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b <= a; b++)
            gram[a * count + b] = gram[b * count + a] = product(columns + a * rows, columns + b * rows, rows);
    return (double)svyi_cholesky(gram, count, DEPENDENT, NULL);
}

static void choose_rows(ranks *k, size_t enough)
{
    double count = (double)k->d->replicates->count;
    for (size_t i = 0; i < k->n_domains; i++)
        k->rows[i] = k->items[i] <= enough || (double)k->items[i] * count * count <= EXACT_PRODUCTS / (double)k->n_domains ? k->items[i] : enough;
}

/* Domains from .. *to-1 whose sums fit into memory together, at least one. */
static int get_sums(ranks *k, svyi_arena *chunk, size_t from, size_t *to)
{
    size_t bytes = 0, count = k->d->replicates->count;
    for (*to = from; *to < k->n_domains && (*to == from || bytes < CHUNK_BYTES); ++*to) {
        if ((k->sums[*to] = svyi_arena_get(chunk, (k->rows[*to] * count + 1) * sizeof(double))) == NULL)
            return -1;
        bytes += k->rows[*to] * count * sizeof(double);
    }
    return 0;
}

static svy_status rank_of_sums(ranks *k, double *df, svy_error *err)
{
    size_t count = k->d->replicates->count, to;
    int units = svyi_replicates_by_unit(k->d);
    double *gram = svyi_arena_get(&k->arena, (count * count + 1) * sizeof *gram);
    double *weights = units ? NULL : svyi_arena_get(&k->arena, (k->d->rows + 1) * sizeof *weights);
    if (gram == NULL || (!units && weights == NULL))
        return svyi_nomem(err);
    if (units)
        pass_units(k, 0, 0, k->n_domains);
    for (size_t row = 0; !units && row < k->d->rows; row++)
        if (domain_of(k, row) != UINT32_MAX)
            k->next[domain_of(k, row)]++;
    memcpy(k->items, k->next, k->n_domains * sizeof *k->items);
    choose_rows(k, units ? count + 64 : 4 * count + 64);
    for (size_t from = 0; from < k->n_domains; from = to) {
        svyi_arena chunk;
        svyi_arena_init(&chunk, &k->arena.alloc);
        int failed = get_sums(k, &chunk, from, &to) != 0;
        if (!failed && units)
            pass_units(k, 1, from, to);
        else if (!failed)
            pass_rows(k, weights, from, to);
        for (size_t i = from; !failed && i < to; i++)
            df[i] = rank_of(k->sums[i], k->rows[i], count, gram) - 1;
        svyi_arena_clear(&chunk);
        if (failed)
            return svyi_nomem(err);
    }
    return SVY_OK;
}

/* Many random replicates span as much as a jackknife does, or are independent. */
static int known_rank(const svy_design *d)
{
    const svyi_replicates *r = d->replicates;
    if (d->adjustments != NULL || r->columns != NULL)
        return 0;
    if (r->type == SVY_REPLICATE_JK1 || r->type == SVY_REPLICATE_JKN)
        return 1;
    return r->count > MANY && !r->by_leaf &&
           (r->type == SVY_REPLICATE_BOOTSTRAP || r->type == SVY_REPLICATE_RAO_WU || r->type == SVY_REPLICATE_GENERALIZED);
}

svy_status svyi_replicates_df(const svy_design *d, const uint32_t *domain, size_t n_domains, double *df, svy_error *err)
{
    ranks k = { .d = d, .domain = domain, .n_domains = n_domains };
    svy_status st;
    svyi_arena_init(&k.arena, &d->arena.alloc);
    k.items = svyi_arena_get(&k.arena, (n_domains + 1) * sizeof *k.items);
    k.rows = svyi_arena_get(&k.arena, (n_domains + 1) * sizeof *k.rows);
    k.sums = svyi_arena_get(&k.arena, (n_domains + 1) * sizeof *k.sums);
    k.next = svyi_arena_get(&k.arena, (n_domains + 1) * sizeof *k.next);
    k.last = svyi_arena_get(&k.arena, (n_domains + 1) * sizeof *k.last);
    k.factor = svyi_arena_get(&k.arena, (d->replicates->count + 1) * sizeof *k.factor);
    if (k.items == NULL || k.rows == NULL || k.sums == NULL || k.next == NULL || k.last == NULL || k.factor == NULL)
        st = svyi_nomem(err);
    else
        st = known_rank(d) ? rank_of_jackknife(&k, df, err) : rank_of_sums(&k, df, err);
    svyi_arena_clear(&k.arena);
    return st;
}
