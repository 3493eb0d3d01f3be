/* Bootstraps made from a design: Canty and Davison's, Rao and Wu's, Preston's for several stages, and the generalized one. Replicate r of a seed is the
   same whatever else is made. */
#include <math.h>

#include "base/error.h"
#include "base/number.h"
#include "design/replicate_priv.h"

enum { RANDOM_REPLICATES = 200 };

/* Seeds of neighbouring replicates must not be neighbours: they go through the finisher of splitmix64 twice. */
static uint64_t mixed(uint64_t z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void start_replicate(svyi_random *random, uint64_t seed, size_t r)
{
    svyi_random_seed(random, mixed(mixed(seed + 0x9E3779B97F4A7C15u) + (uint64_t)r));
}

/* 1 - n/N. */
static double unsampled(const svyi_stage *s, uint32_t h)
{
    double n = s->unit_start[h + 1] - s->unit_start[h], population = svyi_stratum_population(s, h);
    return isinf(population) ? 1 : fmax(0, (population - n) / population);
}

static svy_status check_lonely(const svyi_replicates_build *b)
{
    char name[160];
    for (int stage = 0; b->d->lonely == SVY_LONELY_FAIL && stage < b->d->n_stages; stage++) {
        const svyi_stage *s = &b->d->stages[stage];
        for (uint32_t h = 0; h < s->n_strata; h++) {
            if (s->unit_start[h + 1] - s->unit_start[h] > 1 || unsampled(s, h) == 0)
                continue;
            if (stage > 0 && b->spec->type != SVY_REPLICATE_PRESTON && b->spec->type != SVY_REPLICATE_GENERALIZED)
                continue;
            svyi_design_stratum_name(b->d, stage, h, name, sizeof name);
            return svyi_fail(b->err, SVY_E_NUMERIC, "stratum %s has only one PSU at stage %d, which a bootstrap cannot draw again: join it with another "
                             "stratum, or choose --lonely-psu remove or certainty", name, stage + 1);
        }
    }
    return SVY_OK;
}

static svy_status begin(svyi_replicates_build *b, size_t units, double **factor)
{
    b->r->count = b->spec->count != 0 ? b->spec->count : RANDOM_REPLICATES;
    if (b->r->count < 2)
        return svyi_fail(b->err, SVY_E_VALUE, "one replicate has no variance: make at least two");
    svy_status st = check_lonely(b);
    if (st == SVY_OK)
        st = svyi_replicates_rscales(b, 1);
    return st == SVY_OK ? svyi_replicates_room(b, units, factor) : st;
}

/* ---- one stage, drawn with replacement ---- */

/* Counts of n units in n draws from N copies of them, without replacement: unit j has as many copies as numbers below N leave the rest j. */
typedef struct urn { svyi_random *random; double population; uint64_t *taken; size_t room; uint32_t stamp; uint32_t *stamps; } urn;

static uint64_t draw_below(svyi_random *random, uint64_t n)
{
    return n <= UINT32_MAX ? svyi_random_below(random, (uint32_t)n) : (uint64_t)(svyi_random_unit(random) * (double)n);
}

/* 1 when the copy had not been taken before in this round. */
static int take(urn *u, uint64_t copy)
{
    size_t at = (size_t)mixed(copy + 0x9E3779B97F4A7C15u) & (u->room - 1);
    while (u->stamps[at] == u->stamp) {
        if (u->taken[at] == copy)
            return 0;
        at = (at + 1) & (u->room - 1);
    }
    u->stamps[at] = u->stamp;
    u->taken[at] = copy;
    return 1;
}

/* Adds 1 to factor[j * stride] for every draw of unit j. `shift` gives the copies that N is not a multiple of n to units at random. */
static void draw(urn *u, uint32_t n, uint32_t draws, double *factor, size_t stride)
{
    uint64_t copies = isinf(u->population) || u->population > 1e15 ? 0 : (uint64_t)(u->population + 0.5);
    uint32_t shift = copies > 0 ? svyi_random_below(u->random, n) : 0;
    u->stamp++;
    for (uint32_t k = 0; k < draws; k++) {
        uint64_t copy;
        if (copies == 0) {
            factor[svyi_random_below(u->random, n) * stride] += 1;
            continue;
        }
        do
            copy = draw_below(u->random, copies);
        while (!take(u, copy));
        factor[(copy + shift) % n * stride] += 1;
    }
}

static int get_urn(urn *u, svyi_arena *scratch, const svyi_stage *s)
{
    uint32_t largest = 1;
    for (uint32_t h = 0; h < s->n_strata; h++)
        if (s->unit_start[h + 1] - s->unit_start[h] > largest)
            largest = s->unit_start[h + 1] - s->unit_start[h];
    for (u->room = 8; u->room < 2 * (size_t)largest; u->room *= 2)
        ;
    u->taken = svyi_arena_get(scratch, u->room * sizeof *u->taken);
    u->stamps = svyi_arena_get(scratch, u->room * sizeof *u->stamps);
    return u->taken != NULL && u->stamps != NULL ? 0 : -1;
}

/* The factors of one stratum, which hold the counts of its draws, as the type makes them. */
static void scale_counts(const svyi_replicates_build *b, const svyi_stage *s, uint32_t h, double *factor, size_t stride)
{
    uint32_t n = s->unit_start[h + 1] - s->unit_start[h];
    double root = sqrt(unsampled(s, h));
    for (uint32_t j = 0; b->spec->type == SVY_REPLICATE_RAO_WU && j < n; j++)
        factor[j * stride] = 1 + root * (factor[j * stride] * n / (n - 1.0) - 1);
}

/* Mean of 1/n over strata, which tells how much smaller the spread of n draws is. */
static double harmonic_size(const svyi_stage *s)
{
    double sum = 0;
    for (uint32_t h = 0; h < s->n_strata; h++)
        sum += 1.0 / (s->unit_start[h + 1] - s->unit_start[h]);
    return s->n_strata / sum;
}

svy_status svyi_replicates_redrawn(svyi_replicates_build *b)
{
    const svyi_stage *s = &b->d->stages[0];
    int canty = b->spec->type == SVY_REPLICATE_BOOTSTRAP;
    svyi_arena scratch;
    svyi_random random;
    urn u = { .random = &random };
    double *factor, size = harmonic_size(s);
    svy_status st = begin(b, b->d->n_psus, &factor);
    if (st != SVY_OK)
        return st;
    svyi_arena_init(&scratch, &b->d->arena.alloc);
    if (get_urn(&u, &scratch, s) != 0)
        st = svyi_nomem(b->err);
    for (size_t r = 0; st == SVY_OK && r < b->r->count; r++) {
        start_replicate(&random, b->spec->seed, r);
        for (uint32_t h = 0; h < s->n_strata; h++) {
            uint32_t n = s->unit_start[h + 1] - s->unit_start[h];
            double *first = factor + s->unit_start[h] * b->r->count + r;
            u.population = canty ? svyi_stratum_population(s, h) : (double)INFINITY;
            if (n == 1) {
                *first = 1;
                continue;
            }
            draw(&u, n, canty ? n : n - 1, first, b->r->count);
            scale_counts(b, s, h, first, b->r->count);
        }
    }
    svyi_arena_clear(&scratch);
    b->r->scale = canty && size > 1 ? size / ((size - 1) * ((double)b->r->count - 1)) : 1 / ((double)b->r->count - 1);
    return st;
}

/* ---- several stages ---- */

/* One replicate in the making: by unit of the stage at hand and of the one before. */
typedef struct walk {
    const svy_design *d;
    svyi_random random;
    double *sum[2], *multiplier[2], *sampled[2];    /* factor less 1; what later stages are multiplied with; product of n/N */
    double *normal;
    uint32_t *pick;
    double spare; int has_spare;
} walk;

/* Marsaglia's polar method, with a logarithm that is the same everywhere. */
static double normal(walk *w)
{
    double x, y, q;
    if (w->has_spare) {
        w->has_spare = 0;
        return w->spare;
    }
    do {
        x = 2 * svyi_random_unit(&w->random) - 1;
        y = 2 * svyi_random_unit(&w->random) - 1;
        q = x * x + y * y;
    } while (!(q < 1) || q == 0);
    q = sqrt(-2 * svyi_ln(q) / q);
    w->spare = y * q;
    w->has_spare = 1;
    return x * q;
}

/* Preston: half of the units are kept. */
static void halve(walk *w, const svyi_stage *s, uint32_t h, uint32_t parent, int now)
{
    uint32_t first = s->unit_start[h], n = s->unit_start[h + 1] - first, half = n / 2;
    double left = unsampled(s, h), above = w->sampled[!now][parent];
    double lambda = n > 1 ? sqrt(above * half * left / (n - half)) : 0;
    for (uint32_t j = 0; j < n; j++)
        w->pick[j] = j;
    for (uint32_t j = 0; n > 1 && j < half; j++) {
        uint32_t k = j + svyi_random_below(&w->random, n - j), other = w->pick[k];
        w->pick[k] = w->pick[j];
        w->pick[j] = other;
    }
    for (uint32_t j = 0; j < n; j++) {
        uint32_t u = first + w->pick[j];
        int kept = n == 1 || j < half;
        w->sum[now][u] = w->sum[!now][parent] + w->multiplier[!now][parent] * lambda * (kept ? (double)n / half - 1 : -1);
        if (n == 1)
            w->sum[now][u] = w->sum[!now][parent];
        w->multiplier[now][u] = !kept || (n == 1 && left > 0) ? 0 : w->multiplier[!now][parent] * (n > 1 ? sqrt((double)n / half) : 1);
        w->sampled[now][u] = above * (1 - left);
    }
}

/* Normal numbers about their mean: their covariance is the variance's form. */
static void perturb(walk *w, const svyi_stage *s, uint32_t h, uint32_t parent, int now)
{
    uint32_t first = s->unit_start[h], n = s->unit_start[h + 1] - first;
    double left = unsampled(s, h), above = w->sampled[!now][parent], mean = 0;
    double root = n > 1 ? sqrt(above * left * n / (n - 1.0)) : 0;
    for (uint32_t j = 0; j < n; j++)
        mean += w->normal[j] = normal(w);
    mean /= n;
    for (uint32_t j = 0; j < n; j++) {
        w->sum[now][first + j] = w->sum[!now][parent] + root * (w->normal[j] - mean);
        w->sampled[now][first + j] = above * (1 - left);
    }
}

static void walk_down(walk *w, int halves)
{
    int now = 0;
    w->sum[1][0] = 0;
    w->multiplier[1][0] = w->sampled[1][0] = 1;
    w->has_spare = 0;
    for (int stage = 0; stage < w->d->n_stages; stage++, now = !now) {
        const svyi_stage *s = &w->d->stages[stage];
        uint32_t parents = stage > 0 ? w->d->stages[stage - 1].n_units : 1;
        for (uint32_t p = 0; p < parents; p++)
            for (uint32_t h = s->stratum_start[p]; h < s->stratum_start[p + 1]; h++) {
                if (halves)
                    halve(w, s, h, p, now);
                else
                    perturb(w, s, h, p, now);
            }
    }
}

static int get_walk(walk *w, svyi_arena *scratch, size_t units)
{
    for (int k = 0; k < 2; k++) {
        w->sum[k] = svyi_arena_get(scratch, (units + 1) * sizeof(double));
        w->multiplier[k] = svyi_arena_get(scratch, (units + 1) * sizeof(double));
        w->sampled[k] = svyi_arena_get(scratch, (units + 1) * sizeof(double));
        if (w->sum[k] == NULL || w->multiplier[k] == NULL || w->sampled[k] == NULL)
            return -1;
    }
    w->normal = svyi_arena_get(scratch, (units + 1) * sizeof *w->normal);
    w->pick = svyi_arena_get(scratch, (units + 1) * sizeof *w->pick);
    return w->normal != NULL && w->pick != NULL ? 0 : -1;
}

svy_status svyi_replicates_walked(svyi_replicates_build *b)
{
    const svy_design *d = b->d;
    int last = d->n_stages - 1, halves = b->spec->type == SVY_REPLICATE_PRESTON;
    size_t units = d->stages[last].n_units;
    walk w = { .d = d };
    svyi_arena scratch;
    double *factor;
    svy_status st = begin(b, units, &factor);
    if (st != SVY_OK)
        return st;
    b->r->by_leaf = d->n_stages > 1;
    svyi_arena_init(&scratch, &b->d->arena.alloc);
    if (get_walk(&w, &scratch, units) != 0)
        st = svyi_nomem(b->err);
    for (size_t r = 0; st == SVY_OK && r < b->r->count; r++) {
        start_replicate(&w.random, b->spec->seed, r);
        walk_down(&w, halves);
        for (size_t u = 0; u < units; u++)
            factor[u * b->r->count + r] = 1 + w.sum[last & 1][u];
    }
    svyi_arena_clear(&scratch);
    b->r->scale = !halves && b->spec->mse ? 1 / (double)b->r->count : 1 / ((double)b->r->count - 1);
    return st;
}
