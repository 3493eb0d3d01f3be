/* Replicates from pairs of PSUs and from Hadamard matrices: BRR, Fay's, the paired jackknife, successive differences. */
#include <math.h>

#include "base/error.h"
#include "design/hadamard.h"
#include "design/replicate_priv.h"

/* ---- pairs ---- */

typedef struct pairs { uint32_t *first; uint32_t *stratum; size_t count; } pairs;

/* Units 2k and 2k + 1 of a stratum are a pair. */
static svy_status find_pairs(svyi_replicates_build *b, const char *type, pairs *p)
{
    const svyi_stage *s = &b->d->stages[0];
    char name[160];
    p->first = svyi_arena_get(&b->d->arena, (s->n_units / 2 + 1) * sizeof *p->first);
    p->stratum = svyi_arena_get(&b->d->arena, (s->n_units / 2 + 1) * sizeof *p->stratum);
    if (p->first == NULL || p->stratum == NULL)
        return svyi_nomem(b->err);
    for (uint32_t h = 0; h < s->n_strata; h++) {
        uint32_t n = s->unit_start[h + 1] - s->unit_start[h];
        if (svyi_stratum_population(s, h) <= n || (n == 1 && b->d->lonely != SVY_LONELY_FAIL))
            continue;                    /* taken completely, or does not count */
        svyi_design_stratum_name(b->d, 0, h, name, sizeof name);
        if (n % 2 != 0)
            return svyi_fail(b->err, SVY_E_VALUE, "stratum %s has %u PSUs, and %s needs pairs: choose jkn, or make strata of two PSUs each", name,
                             (unsigned)n, type);
        for (uint32_t u = s->unit_start[h]; u < s->unit_start[h + 1]; u += 2) {
            p->first[p->count] = u;
            p->stratum[p->count++] = h;
        }
    }
    if (p->count == 0)
        return svyi_fail(b->err, SVY_E_VALUE, "no stratum has two PSUs that count: there is nothing to replicate");
    return SVY_OK;
}

svy_status svyi_replicates_balanced(svyi_replicates_build *b)
{
    pairs p = { NULL, NULL, 0 };
    svyi_hadamard h;
    double rho = b->spec->fay_rho, *factor;
    if (b->spec->type == SVY_REPLICATE_FAY && !(rho > 0 && rho < 1))
        return svyi_fail(b->err, SVY_E_VALUE, "Fay's replicates need a rho between 0 and 1: give --fay-rho, or choose brr");
    svy_status st = find_pairs(b, "BRR", &p);
    if (st != SVY_OK)
        return st;
    if ((b->r->count = svyi_hadamard_order(p.count + 1 < 4 ? 4 : p.count + 1)) == 0)
        return svyi_fail(b->err, SVY_E_LIMIT, "there are %zu pairs of PSUs: the limit of BRR is %d, choose jkn", p.count, SVYI_HADAMARD_MAX - 1);
    if ((st = svyi_replicates_rscales(b, 1)) != SVY_OK || (st = svyi_replicates_room(b, b->d->n_psus, &factor)) != SVY_OK)
        return st;
    if (svyi_hadamard_make(&b->d->arena, b->r->count, &h) != 0)
        return svyi_nomem(b->err);
    size_t n = b->r->count;
    for (size_t k = 0; k < n * b->d->n_psus; k++)
        factor[k] = 1;
    for (size_t k = 0; k < p.count; k++)         /* row 0 is all +1 and would always take the same half */
        for (size_t r = 0; r < n; r++) {
            int sign = svyi_hadamard_sign(&h, k + 1, r);
            factor[p.first[k] * n + r] = sign > 0 ? 2 - rho : rho;
            factor[(p.first[k] + 1) * n + r] = sign > 0 ? rho : 2 - rho;
        }
    b->r->scale = 1 / ((double)n * (1 - rho) * (1 - rho));
    return SVY_OK;
}

svy_status svyi_replicates_paired_jackknife(svyi_replicates_build *b)
{
    const svyi_stage *s = &b->d->stages[0];
    pairs p = { NULL, NULL, 0 };
    svy_status st = find_pairs(b, "the paired jackknife", &p);
    if (st != SVY_OK)
        return st;
    b->r->count = p.count;
    svyi_left_out *l = svyi_arena_get(&b->d->arena, (p.count + 1) * sizeof *l);
    if (l == NULL || svyi_replicates_rscales(b, 1) != SVY_OK)
        return svyi_nomem(b->err);
    for (size_t k = 0; k < p.count; k++) {
        double n = s->unit_start[p.stratum[k] + 1] - s->unit_start[p.stratum[k]];
        l[k] = (svyi_left_out){ p.first[k], p.first[k], p.first[k] + 2, 2, 1 };
        b->rscales[k] = 1 - n / svyi_stratum_population(s, p.stratum[k]);
    }
    b->r->left_out = l;
    b->r->units = s->n_units;
    b->r->mse = 1;               /* one unit of each pair is left out, so the mean of the replicates is not their centre */
    return SVY_OK;
}

/* ---- successive differences ---- */

/* PSUs in the order of their first rows, and their strata. */
static svy_status order_units(const svyi_replicates_build *b, svyi_arena *scratch, uint32_t *unit, uint32_t *stratum)
{
    const svy_design *d = b->d;
    uint32_t *of_row = svyi_arena_get(scratch, (d->rows + 1) * sizeof *of_row), n = 0, h = 0;
    unsigned char *seen = svyi_arena_get(scratch, (size_t)d->n_psus + 1);
    if (of_row == NULL || seen == NULL)
        return svyi_nomem(b->err);
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++)
            of_row[d->order != NULL ? d->order[place] : place] = svyi_design_psu(d, g, place);
    for (size_t i = 0; i < d->rows; i++) {
        if (!seen[of_row[i]])
            unit[n++] = of_row[i];
        seen[of_row[i]] = 1;
    }
    for (uint32_t u = 0; u < d->n_psus; u++) {
        while (d->stages[0].unit_start[h + 1] <= u)
            h++;
        stratum[u] = h;
    }
    return SVY_OK;
}

static size_t common_divisor(size_t a, size_t b)
{
    while (b != 0) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The next longer step that comes to all of m rows. */
static size_t next_step(size_t step, size_t m)
{
    do
        step = step % m + 1;
    while (common_divisor(step, m) != 1);
    return step;
}

svy_status svyi_replicates_successive(svyi_replicates_build *b)
{
    const svyi_stage *s = &b->d->stages[0];
    size_t units = b->d->n_psus, n;
    svyi_arena scratch;
    svyi_hadamard h;
    double *factor;
    if (units < 2)
        return svyi_fail(b->err, SVY_E_VALUE, "the sample has only one PSU, so there are no successive differences: name other clusters");
    n = b->r->count = svyi_hadamard_order(b->spec->count == 0 ? 80 : b->spec->count < 4 ? 4 : b->spec->count);
    if (n == 0)
        return svyi_fail(b->err, SVY_E_LIMIT, "the limit of successive difference replicates is %d", SVYI_HADAMARD_MAX);
    svy_status st = svyi_replicates_rscales(b, 1);
    if (st != SVY_OK || (st = svyi_replicates_room(b, units, &factor)) != SVY_OK)
        return st;
    svyi_arena_init(&scratch, &b->d->arena.alloc);
    uint32_t *unit = svyi_arena_get(&scratch, (units + 1) * sizeof *unit), *stratum = svyi_arena_get(&scratch, (units + 1) * sizeof *stratum);
    if (unit == NULL || stratum == NULL || svyi_hadamard_make(&scratch, n, &h) != 0)
        st = svyi_nomem(b->err);
    if (st == SVY_OK)
        st = order_units(b, &scratch, unit, stratum);
    /* Units that follow each other share a row of the matrix (but row 0); the last of a loop of units shares one with the loop's first. In the next loop
       the steps from row to row are longer, so that the same two rows meet again as late as can be. */
    size_t loop = units < n - 1 ? units : n - 1, step = 1;
    for (size_t k = 0; st == SVY_OK && k < units; k++) {
        uint32_t u = unit[k], of = stratum[u];
        double size = s->unit_start[of + 1] - s->unit_start[of], root = sqrt(fmax(0, 1 - size / svyi_stratum_population(s, of)) / 8);
        step = k > 0 && k % loop == 0 ? next_step(step, loop) : step;
        size_t a = 1 + k % loop * step % loop, c = 1 + (k % loop + 1) * step % loop;
        for (size_t r = 0; r < n; r++)
            factor[u * n + r] = 1 + root * (svyi_hadamard_sign(&h, a, r) - svyi_hadamard_sign(&h, c, r));
    }
    svyi_arena_clear(&scratch);
    b->r->scale = 4 / (double)n;
    b->r->mse |= b->spec->type == SVY_REPLICATE_ACS;
    return st;
}
