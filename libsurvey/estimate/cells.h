/* Cells of a cross-classification by domain, with their covariances: what tests and shares of tables start from. Internal. */
#ifndef SVY_ESTIMATE_CELLS_H
#define SVY_ESTIMATE_CELLS_H
#include "estimate/finish.h"
#include "estimate/variables.h"

/* One pass over the rows for the cells of a factor. */
typedef struct svyi_cells {
    svyi_sum_request request;
    svyi_sums sums;
} svyi_cells;

/* Sums by cell and domain; to be cleared when SVY_OK. Everything is borrowed. */
svy_status svyi_cells_sum(const svy_alloc *alloc, const svy_design *d, const svyi_domains *domains, const svyi_factor *cells, const uint8_t *missing,
                          unsigned threads, svyi_cells *out, svy_error *err);
/* Totals (SVYI_FORM_COUNTS) or shares of them in each domain. */
svy_status svyi_cells_fit(svyi_arena *arena, const svyi_cells *c, svyi_form form, int deff, int covariance, svyi_fit *out, svy_error *err);
void svyi_cells_clear(svyi_cells *c);

/* Domains first .. first + count - 1 as domains of their own: covariances are made for a few at a time. Memory from the arena. */
svy_status svyi_domains_slice(svyi_arena *arena, const svyi_domains *all, size_t first, size_t count, svyi_domains *out, svy_error *err);
#endif
