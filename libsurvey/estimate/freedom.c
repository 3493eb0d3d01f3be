/* Degrees of freedom of domains: PSUs and strata that have a row in them. */
#include <string.h>

#include "base/error.h"
#include "design/phase.h"
#include "design/replicate.h"
#include "estimate/influence.h"

/* Last PSU and stratum seen by domain, as number + 1. */
typedef struct seen { uint32_t *psu, *stratum; } seen;

static void count_row(const svy_design *d, const svyi_domains *domains, const seen *s, uint32_t psu, uint32_t stratum, size_t row, double *df)
{
    uint32_t domain = d->weights[row] > 0 ? svyi_domain_of(domains, row) : SVYI_NO_DOMAIN;
    if (domain == SVYI_NO_DOMAIN)
        return;
    df[domain] += s->psu[domain] != psu + 1;
    df[domain] -= s->stratum[domain] != stratum + 1;
    s->psu[domain] = psu + 1;
    s->stratum[domain] = stratum + 1;
}

static void count_units(const svy_design *d, const svyi_domains *domains, const seen *s, double *df)
{
    const svyi_stage *first = &d->stages[0];
    uint32_t stratum = 0;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            uint32_t psu = svyi_design_psu(d, g, place);
            while (first->unit_start[stratum + 1] <= psu)
                stratum++;
            count_row(d, domains, s, psu, stratum, d->order != NULL ? d->order[place] : place, df);
        }
}

/* PSUs and strata of the second phase. */
static void count_phase2(const svy_design *d, const svyi_domains *domains, const seen *s, double *df)
{
    const svyi_phase2 *two = d->phase2;
    for (uint32_t place = 0; place < two->rows; place++)
        count_row(d, domains, s, two->psu[place], two->stratum[place], two->order[place], df);
}

/* Rank of the replicate weights of each domain's rows. */
static svy_status count_replicates(svyi_arena *scratch, const svy_design *d, const svyi_domains *domains, double *df, svy_error *err)
{
    uint32_t *of = domains->keep != NULL || domains->map != NULL ? svyi_arena_get(scratch, (d->rows + 1) * sizeof *of) : NULL;
    if (of == NULL && (domains->keep != NULL || domains->map != NULL))
        return svyi_nomem(err);
    for (size_t i = 0; of != NULL && i < d->rows; i++)
        of[i] = svyi_domain_of(domains, i);
    return svyi_replicates_df(d, of, domains->count, df, err);
}

svy_status svyi_degrees_of_freedom(svyi_arena *arena, const svy_design *d, const svyi_domains *domains, double *df, svy_error *err)
{
    svyi_arena scratch;
    svy_status st = SVY_OK;
    svyi_arena_init(&scratch, &arena->alloc);
    seen s = { svyi_arena_get(&scratch, (domains->count + 1) * sizeof *s.psu), svyi_arena_get(&scratch, (domains->count + 1) * sizeof *s.stratum) };
    for (size_t k = 0; k < domains->count; k++)
        df[k] = d->given_df;
    if (d->given_df > 0)
        ;
    else if (d->replicates != NULL)
        st = count_replicates(&scratch, d, domains, df, err);
    else if (s.psu == NULL || s.stratum == NULL)
        st = svyi_nomem(err);
    else if (d->phase2 != NULL)
        count_phase2(d, domains, &s, df);
    else
        count_units(d, domains, &s, df);
    svyi_arena_clear(&scratch);
    return st;
}
