/* Cells of a cross-classification by domain: sums once, then totals or shares with their covariances. */
#include "estimate/cells.h"

#include <string.h>

#include "base/error.h"

svy_status svyi_cells_sum(const svy_alloc *alloc, const svy_design *d, const svyi_domains *domains, const svyi_factor *cells, const uint8_t *missing,
                          unsigned threads, svyi_cells *out, svy_error *err)
{
    out->request = (svyi_sum_request){ .alloc = alloc, .design = d, .domains = domains, .codes = cells->codes, .n_levels = cells->n_levels,
                                       .missing = missing, .threads = threads };
    return svyi_sum(&out->request, &out->sums, err);
}

svy_status svyi_cells_fit(svyi_arena *arena, const svyi_cells *c, svyi_form form, int deff, int covariance, svyi_fit *out, svy_error *err)
{
    return svyi_fit_make(arena, &c->request, &c->sums, form, deff, covariance, out, err);
}

void svyi_cells_clear(svyi_cells *c) { svyi_sums_clear(&c->sums); }

svy_status svyi_domains_slice(svyi_arena *arena, const svyi_domains *all, size_t first, size_t count, svyi_domains *out, svy_error *err)
{
    size_t combinations = 1;
    *out = *all;
    if (all->map == NULL)
        return SVY_OK;
    for (size_t k = 0; k < all->n_by; k++)
        combinations *= all->by[k].n_levels;
    if ((out->map = svyi_arena_get(arena, (combinations + 1) * sizeof *out->map)) == NULL)
        return svyi_nomem(err);
    for (size_t c = 0; c < combinations; c++) {
        uint32_t domain = all->map[c];
        out->map[c] = domain != SVYI_NO_DOMAIN && domain >= first && domain - first < count ? domain - (uint32_t)first : SVYI_NO_DOMAIN;
    }
    out->count = count;
    out->first_row = all->first_row + first;
    out->values = all->values + first * all->n_by;
    return SVY_OK;
}
