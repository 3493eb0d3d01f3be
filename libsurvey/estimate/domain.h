/* Domains, subpopulations and factors: which cell of the sums a row belongs to. Internal. */
#ifndef SVY_ESTIMATE_DOMAIN_H
#define SVY_ESTIMATE_DOMAIN_H
#include <survey/design.h>

#include "base/arena.h"

enum { SVYI_LEVELS_MAX = 10000, SVYI_COMBINATIONS_MAX = 1 << 24, SVYI_BY_MAX = 32 };
#define SVYI_NO_DOMAIN UINT32_MAX

/* A variable as levels. codes of missing rows are meaningless. */
typedef struct svyi_factor {
    const uint32_t *codes;
    const char *const *levels;
    uint32_t n_levels;
} svyi_factor;

typedef struct svyi_domains {
    size_t count;
    size_t n_by;
    const char *names[SVYI_BY_MAX];
    svyi_factor by[SVYI_BY_MAX];
    const uint8_t *missing[SVYI_BY_MAX];
    uint32_t *map;             /* combination -> domain or SVYI_NO_DOMAIN; NULL when there is one domain */
    uint8_t *keep;             /* by row: in the subpopulation; NULL: all are */
    uint32_t *first_row;       /* by domain: its first row of positive weight */
    const char **values;       /* by domain and by-variable */
    uint64_t left_out;
} svyi_domains;

/* Takes a column as a factor: its codes, or its distinct numbers in increasing order. Memory from the arena. */
svy_status svyi_factor_make(svyi_arena *arena, const svy_column *c, size_t rows, svyi_factor *out, svy_error *err);
/* The cross-classification of several factors as one, the first varying fastest; names of levels joined by ":". */
svy_status svyi_factor_cross(svyi_arena *arena, const svyi_factor *factors, size_t n, size_t rows, svyi_factor *out, svy_error *err);
svy_status svyi_domains_make(svyi_arena *arena, const svy_frame *f, const svy_design *d, const char *const *by, size_t n_by,
                             const char *where, svyi_domains *out, svy_error *err);
/* The same for some rows of many: there may be no domain; `weightless`: rows without weight make domains too. And the error when there is none at all. */
svy_status svyi_domains_find(svyi_arena *arena, const svy_frame *f, const svy_design *d, const char *const *by, size_t n_by, const char *where,
                             int weightless, svyi_domains *out, svy_error *err);
svy_status svyi_domains_none(const char *where, size_t n_by, svy_error *err);

static inline uint32_t svyi_domain_of(const svyi_domains *d, size_t row)
{
    if (d->keep != NULL && !d->keep[row])
        return SVYI_NO_DOMAIN;
    if (d->map == NULL)
        return 0;
    size_t code = 0;
    for (size_t k = d->n_by; k-- > 0;) {
        if (d->missing[k] != NULL && d->missing[k][row] != SVY_PRESENT)
            return SVYI_NO_DOMAIN;
        code = code * d->by[k].n_levels + d->by[k].codes[row];
    }
    return d->map[code];
}
#endif
