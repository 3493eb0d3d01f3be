/* Jackknife replicates made from a design: every replicate leaves one PSU out and lets the others of its stratum stand for it. */
#include <math.h>

#include "base/error.h"
#include "design/replicate_priv.h"

/* 1 - n/N; 0 in a stratum taken completely. */
static double unsampled(const svyi_stage *s, uint32_t h)
{
    double n = s->unit_start[h + 1] - s->unit_start[h], population = svyi_stratum_population(s, h);
    return isinf(population) ? 1 : (population - n) / population;
}

static svy_status lonely_error(const svyi_replicates_build *b, uint32_t h)
{
    char name[160];
    svyi_design_stratum_name(b->d, 0, h, name, sizeof name);
    return svyi_fail(b->err, SVY_E_NUMERIC, "stratum %s has only one PSU, which a jackknife cannot leave out: join it with another stratum, or choose "
                     "--lonely-psu remove, adjust, average or certainty", name);
}

/* Replicates of a stratum: one per unit, but none when it was taken completely or its only unit does not count. */
static uint32_t replicates_of(const svyi_replicates_build *b, uint32_t h)
{
    const svyi_stage *s = &b->d->stages[0];
    uint32_t n = s->unit_start[h + 1] - s->unit_start[h];
    if (unsampled(s, h) == 0 || (n == 1 && b->d->lonely != SVY_LONELY_ADJUST))
        return 0;
    return n;
}

static void leave_out(svyi_replicates_build *b, uint32_t h, svyi_left_out *l, double *rscale)
{
    const svyi_stage *s = &b->d->stages[0];
    uint32_t first = s->unit_start[h], end = s->unit_start[h + 1];
    double n = end - first, strata = s->n_strata;
    for (uint32_t u = first; u < end; u++, l++, rscale++) {
        if (n == 1) {         /* adjusted: the other strata stand for it */
            *l = (svyi_left_out){ u, first, end, 0, strata / (strata - 1) };
            *rscale = (strata - 1) / strata;
        } else {
            *l = (svyi_left_out){ u, first, end, n / (n - 1), 1 };
            *rscale = unsampled(s, h) * (n - 1) / n;
        }
    }
}

svy_status svyi_replicates_jackknife(svyi_replicates_build *b)
{
    const svyi_stage *s = &b->d->stages[0];
    if (b->spec->type == SVY_REPLICATE_JK1 && s->n_strata > 1)
        return svyi_fail(b->err, SVY_E_VALUE, "jk1 is the jackknife of a sample without strata: choose jkn");
    for (uint32_t h = 0; h < s->n_strata; h++) {
        uint32_t n = s->unit_start[h + 1] - s->unit_start[h];
        if (n == 1 && unsampled(s, h) > 0 && (b->d->lonely == SVY_LONELY_FAIL || s->n_strata == 1))
            return lonely_error(b, h);
        b->r->count += replicates_of(b, h);
    }
    if (b->r->count == 0)
        return svyi_fail(b->err, SVY_E_VALUE, "every stratum was taken completely or has a single PSU: there is nothing to replicate");
    svyi_left_out *l = svyi_arena_get(&b->d->arena, (b->r->count + 1) * sizeof *l);
    svy_status st = svyi_replicates_rscales(b, 1);
    if (st != SVY_OK || l == NULL)
        return svyi_nomem(b->err);
    b->r->left_out = l;
    b->r->units = s->n_units;
    double *rscale = b->rscales;
    for (uint32_t h = 0; h < s->n_strata; h++) {
        uint32_t n = replicates_of(b, h);
        if (n > 0)
            leave_out(b, h, l, rscale);
        l += n;
        rscale += n;
    }
    if (b->d->lonely == SVY_LONELY_AVERAGE)
        b->r->scale = (double)s->n_units / (double)b->r->count;
    return SVY_OK;
}
