/* The sum step: one pass over the rows gives weighted sums by group of the design and cell. Internal. */
#ifndef SVY_ESTIMATE_SUM_H
#define SVY_ESTIMATE_SUM_H
#include "design/tree.h"
#include "estimate/domain.h"

/* A number by row: a column, or 1 where a factor has a level. */
typedef struct svyi_input { const double *numbers; const uint32_t *codes; uint32_t level; } svyi_input;
static inline double svyi_input_value(const svyi_input *in, size_t row)
{
    return in->numbers != NULL ? in->numbers[row] : in->codes[row] == in->level;
}

typedef enum svyi_squares { SVYI_SQUARES_NONE, SVYI_SQUARES_EACH, SVYI_SQUARES_PAIRS } svyi_squares;

/* Per row the vector x = (w, w u_1, ..., w u_width) is summed, where u_k = y_k - centre_k, and before that y_k - slope * y_{k+1} for the first of
   each pair when there are slopes. A cell is domain * n_levels + level. */
typedef struct svyi_sum_request {
    const svy_alloc *alloc;
    const svy_design *design;
    const svyi_domains *domains;
    const svyi_input *inputs; size_t width;
    const uint32_t *codes; uint32_t n_levels;   /* a factor; otherwise NULL and 1, and width is 0 with a factor */
    const uint8_t *missing;                     /* by row: left out of the sums; NULL: none is */
    const double *centre;                       /* by domain and input */
    const double *slope;                        /* by domain and pair; NULL: none */
    int restore;                                /* 1: the scatter is that of (w, w y), for totals: without cancellation when w y hardly varies */
    svyi_squares squares;                       /* also sums of w u_k^2 (EACH), or of w u_k^2, w u_k u_{k+1}, w u_{k+1}^2 (PAIRS) */
    unsigned threads;
} svyi_sum_request;

/* Rows of one cell in one group. */
typedef struct svyi_entry {
    uint32_t group, cell;
    uint32_t rows;        /* all */
    uint32_t used;        /* summed */
    uint32_t weighted;    /* summed, of positive weight */
    uint32_t missing;     /* left out, of positive weight */
} svyi_entry;

/* Entries in the order of groups; within a group in the order in which cells first appear. Values of entry i start at values[i * stride]:
   sums of x, then squares, then, in an element design, the scatter of x about its first value: that value, the sums of the differences, and
   the sums of their products (packed, row by row, from the diagonal); with `restore` differences of w y in place of w u. */
typedef struct svyi_sums {
    svy_alloc alloc;
    size_t count, capacity, room;    /* room: for values, in entries */
    svyi_entry *entries;
    double *values;
    size_t dimension;           /* width + 1 */
    size_t stride, squares_at, scatter_at;
} svyi_sums;

enum { SVYI_PIECE = 65536 };

svy_status svyi_sum(const svyi_sum_request *r, svyi_sums *out, svy_error *err);
void svyi_sums_clear(svyi_sums *s);
/* For sums that are joined from several: empty sums of a request; an entry more, of zeros (0, or -1 when out of memory); entry k of `piece`, whose
   request is `r`, added to entry `at`. */
void svyi_sums_layout(svyi_sums *s, const svyi_sum_request *r);
int svyi_sums_append(svyi_sums *s, uint32_t group, uint32_t cell);
void svyi_sums_join(const svyi_sum_request *r, svyi_sums *out, size_t at, const svyi_sums *piece, size_t k);
/* Provisional centres (weighted means of a sample of rows) or slopes (ratios in it) by domain: close to the estimates, so that shifted sums keep
   their digits. `out` has domains * width items, or domains * width / 2 for slopes. */
svy_status svyi_centre(const svyi_sum_request *r, int slopes, double *out, svy_error *err);
/* Mean of the scatter of an entry: products of deviations from the mean, packed like the scatter. */
void svyi_scatter_centred(const svyi_sums *s, size_t entry, double *out);
static inline size_t svyi_packed(size_t n, size_t i, size_t j)      /* i <= j < n */
{
    return i * n - i * (i + 1) / 2 + j;
}
#endif
