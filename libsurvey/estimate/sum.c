/* The sum step: rows in fixed pieces, each summed by one thread into its own entries, which are then joined in order. */
#include "estimate/sum.h"

#include <string.h>

#include "base/error.h"
#include "estimate/parallel.h"

#if defined(__GNUC__)
#define ALWAYS_INLINE __attribute__((always_inline))
#else
#define ALWAYS_INLINE
#endif

enum { BLOCK = 1024 };

/* A thread's place of work. */
typedef struct worker {
    uint32_t *slot;               /* by cell: where its entry of the group at hand may be; checked before use, so never reset */
    double *x, *u;                /* one row */
    uint32_t row[BLOCK], cell[BLOCK];
    uint8_t left_out[BLOCK];
} worker;

typedef struct job {
    const svyi_sum_request *r;
    svyi_sums *pieces;
    size_t n_pieces, cells;
    int *failed;                  /* by piece */
    worker **workers;
} job;

/* ---- entries ---- */

void svyi_sums_layout(svyi_sums *s, const svyi_sum_request *r)
{
    size_t m = r->width + 1;
    size_t squares = r->squares == SVYI_SQUARES_EACH ? r->width : r->squares == SVYI_SQUARES_PAIRS ? r->width / 2 * 3 : 0;
    *s = (svyi_sums){ .alloc = svyi_alloc_or_default(r->alloc), .dimension = m, .squares_at = m, .scatter_at = m + squares };
    s->stride = s->scatter_at + (r->design->elements ? 2 * m + m * (m + 1) / 2 : 0);
}

int svyi_sums_append(svyi_sums *s, uint32_t group, uint32_t cell)
{
    if (s->count == s->capacity && svyi_grow(&s->alloc, &s->entries, &s->capacity, s->count + 1, sizeof *s->entries) != 0)
        return -1;
    if (s->count == s->room && svyi_grow(&s->alloc, &s->values, &s->room, s->count + 1, s->stride * sizeof *s->values) != 0)
        return -1;
    s->entries[s->count] = (svyi_entry){ .group = group, .cell = cell };
    memset(s->values + s->count * s->stride, 0, s->stride * sizeof *s->values);
    s->count++;
    return 0;
}

void svyi_sums_clear(svyi_sums *s)
{
    svyi_release(&s->alloc, s->entries, s->capacity * sizeof *s->entries);
    svyi_release(&s->alloc, s->values, s->room * s->stride * sizeof *s->values);
    s->entries = NULL;
    s->values = NULL;
    s->count = s->capacity = s->room = 0;
}

/* Index of the entry, made when it is new; SIZE_MAX when out of memory. */
static inline size_t entry_of(svyi_sums *s, uint32_t *slot, uint32_t group, uint32_t cell)
{
    size_t at = slot[cell];
    if (at < s->count && s->entries[at].group == group && s->entries[at].cell == cell)
        return at;
    if (svyi_sums_append(s, group, cell) != 0)
        return SIZE_MAX;
    slot[cell] = (uint32_t)(s->count - 1);
    return s->count - 1;
}

/* ---- one row into one entry ---- */

/* Element i of x - shift; with `centre`, of w y rather than of w u. Equal weights and equal products w y both give exactly 0. */
static inline double difference(const double *x, const double *shift, const double *centre, size_t i)
{
    double off = x[i] - shift[i];
    return centre != NULL && i > 0 ? off + centre[i - 1] * (x[0] - shift[0]) : off;
}

static inline void add_scatter(double *shift, const double *x, const double *centre, size_t m, int first)
{
    double *sums = shift + m, *products = sums + m;
    if (first) {
        memcpy(shift, x, m * sizeof *x);
        return;
    }
    for (size_t i = 0; i < m; i++) {
        double off = difference(x, shift, centre, i);
        sums[i] += off;
        for (size_t j = i; j < m; j++)
            *products++ += off * difference(x, shift, centre, j);
    }
}

static inline void add_squares(double *squares, svyi_squares kind, const double *x, const double *u, size_t width)
{
    if (kind == SVYI_SQUARES_EACH)
        for (size_t k = 0; k < width; k++)
            squares[k] += x[k + 1] * u[k];
    else
        for (size_t k = 0; k + 1 < width; k += 2, squares += 3) {
            squares[0] += x[k + 1] * u[k];
            squares[1] += x[k + 1] * u[k + 1];
            squares[2] += x[k + 2] * u[k + 1];
        }
}

/* u of a row, and x = (w, w u). */
static inline ALWAYS_INLINE void row_values(const svyi_sum_request *r, size_t row, size_t domain, size_t width, double w, double *x, double *u)
{
    const double *centre = r->centre + domain * width;
    for (size_t k = 0; k < width; k++)
        u[k] = svyi_input_value(&r->inputs[k], row) - centre[k];
    if (r->slope != NULL)
        for (size_t k = 0; k + 1 < width; k += 2)
            u[k] -= r->slope[domain * (width / 2) + k / 2] * u[k + 1];
    x[0] = w;
    for (size_t k = 0; k < width; k++)
        x[k + 1] = w * u[k];
}

/* The centres of a domain that the scatter takes back; NULL: none. */
static inline const double *restored_centre(const svyi_sum_request *r, size_t domain)
{
    return r->restore ? r->centre + domain * r->width : NULL;
}

/* `width`, `scatter` and `squares` are constants where this is called, so that each kind of request has its own loop. */
static inline ALWAYS_INLINE int add_rows(const svyi_sum_request *r, svyi_sums *s, worker *w, uint32_t group, size_t from, size_t to,
                                         size_t width, int scatter, svyi_squares squares)
{
    const double *weights = r->design->weights;
    for (size_t i = from; i < to; i++) {
        uint32_t cell = w->cell[i];
        if (cell == SVYI_NO_DOMAIN)
            continue;
        size_t row = w->row[i], at = entry_of(s, w->slot, group, cell);
        if (at == SIZE_MAX)
            return -1;
        svyi_entry *e = &s->entries[at];
        double weight = weights[row];
        e->rows++;
        if (w->left_out[i]) {
            e->missing += weight != 0;
            continue;
        }
        double *v = s->values + at * s->stride;
        row_values(r, row, cell / r->n_levels, width, weight, w->x, w->u);
        for (size_t k = 0; k <= width; k++)
            v[k] += w->x[k];
        if (squares != SVYI_SQUARES_NONE)
            add_squares(v + s->squares_at, squares, w->x, w->u, width);
        if (scatter)
            add_scatter(v + s->scatter_at, w->x, restored_centre(r, cell / r->n_levels), width + 1, e->used == 0);
        e->used++;
        e->weighted += weight != 0;
    }
    return 0;
}

/* One column, one domain, nothing missing: the sums stay in registers. */
static int add_plain(const svyi_sum_request *r, svyi_sums *s, worker *w, uint32_t group, size_t from, size_t to)
{
    size_t at = entry_of(s, w->slot, group, 0);
    if (at == SIZE_MAX)
        return -1;
    const uint32_t *order = r->design->order;
    const double *weights = r->design->weights, *y = r->inputs[0].numbers;
    double centre = r->centre[0], sum_w[2] = { 0, 0 }, sum_y[2] = { 0, 0 };
    uint32_t weighted = 0;
    for (size_t i = from; i < to; i++) {
        size_t row = order != NULL ? order[i] : i;
        double weight = weights[row];
        sum_w[i & 1] += weight;
        sum_y[i & 1] += weight * (y[row] - centre);
        weighted += weight != 0;
    }
    double *v = s->values + at * s->stride;
    v[0] += sum_w[0] + sum_w[1];
    v[1] += sum_y[0] + sum_y[1];
    svyi_entry *e = &s->entries[at];
    e->rows += (uint32_t)(to - from);
    e->used += (uint32_t)(to - from);
    e->weighted += weighted;
    return 0;
}

/* The same where units are rows: also the scatter of (w, w u) about the first row's. */
static int add_plain_elements(const svyi_sum_request *r, svyi_sums *s, worker *w, uint32_t group, size_t from, size_t to)
{
    size_t at = entry_of(s, w->slot, group, 0);
    if (at == SIZE_MAX)
        return -1;
    const uint32_t *order = r->design->order;
    const double *weights = r->design->weights, *y = r->inputs[0].numbers;
    double *v = s->values + at * s->stride, *shift = v + s->scatter_at, centre = r->centre[0], restored = r->restore ? centre : 0;
    svyi_entry *e = &s->entries[at];
    size_t first = order != NULL ? order[from] : from;
    if (e->used == 0) {
        shift[0] = weights[first];
        shift[1] = weights[first] * (y[first] - centre);
    }
    double shift_w = shift[0], shift_y = shift[1], sum_w = 0, sum_y = 0, off_w = 0, off_y = 0, ww = 0, wy = 0, yy = 0;
    uint32_t weighted = 0;
    for (size_t i = from; i < to; i++) {
        size_t row = order != NULL ? order[i] : i;
        double weight = weights[row], x = weight * (y[row] - centre), a = weight - shift_w, b = x - shift_y + restored * a;
        sum_w += weight;
        sum_y += x;
        off_w += a;
        off_y += b;
        ww += a * a;
        wy += a * b;
        yy += b * b;
        weighted += weight != 0;
    }
    const double added[] = { off_w, off_y, ww, wy, yy };
    v[0] += sum_w;
    v[1] += sum_y;
    for (size_t k = 0; k < sizeof added / sizeof added[0]; k++)
        shift[2 + k] += added[k];
    e->rows += (uint32_t)(to - from);
    e->used += (uint32_t)(to - from);
    e->weighted += weighted;
    return 0;
}

static int is_plain(const svyi_sum_request *r)
{
    return r->width == 1 && r->inputs[0].numbers != NULL && r->domains->map == NULL && r->domains->keep == NULL && r->missing == NULL &&
           r->slope == NULL && r->squares == SVYI_SQUARES_NONE;
}

static int add_run(const svyi_sum_request *r, svyi_sums *s, worker *w, uint32_t group, size_t from, size_t to)
{
    int scatter = r->design->elements;
    if (r->width == 1 && r->squares == SVYI_SQUARES_NONE)
        return scatter ? add_rows(r, s, w, group, from, to, 1, 1, SVYI_SQUARES_NONE) : add_rows(r, s, w, group, from, to, 1, 0, SVYI_SQUARES_NONE);
    if (r->width == 0)
        return scatter ? add_rows(r, s, w, group, from, to, 0, 1, SVYI_SQUARES_NONE) : add_rows(r, s, w, group, from, to, 0, 0, SVYI_SQUARES_NONE);
    return add_rows(r, s, w, group, from, to, r->width, scatter, r->squares);
}

/* ---- blocks and pieces ---- */

/* Cells of the rows first .. first+count-1 of the order. */
static void find_cells(const svyi_sum_request *r, worker *w, size_t first, size_t count)
{
    const uint32_t *order = r->design->order;
    const svyi_domains *d = r->domains;
    for (size_t i = 0; i < count; i++)
        w->row[i] = order != NULL ? order[first + i] : (uint32_t)(first + i);
    if (d->n_by == 1 && d->keep == NULL && d->missing[0] == NULL)
        for (size_t i = 0; i < count; i++)
            w->cell[i] = d->map[d->by[0].codes[w->row[i]]];
    else
        for (size_t i = 0; i < count; i++)
            w->cell[i] = svyi_domain_of(d, w->row[i]);
    if (r->missing != NULL)
        for (size_t i = 0; i < count; i++)
            w->left_out[i] = r->missing[w->row[i]] != 0;
    if (r->n_levels > 1)
        for (size_t i = 0; i < count; i++)
            if (w->cell[i] != SVYI_NO_DOMAIN)
                w->cell[i] = w->cell[i] * r->n_levels + (w->left_out[i] ? 0 : r->codes[w->row[i]]);
}

static int sum_plain(const svyi_sum_request *r, svyi_sums *s, worker *w, size_t first, size_t end)
{
    uint32_t group = svyi_group_at(r->design, first);
    for (size_t at = first; at < end; group++) {
        size_t stop = r->design->group_start[group + 1] < end ? r->design->group_start[group + 1] : end;
        if ((r->design->elements ? add_plain_elements(r, s, w, group, at, stop) : add_plain(r, s, w, group, at, stop)) != 0)
            return -1;
        at = stop;
    }
    return 0;
}

static int sum_general(const svyi_sum_request *r, svyi_sums *s, worker *w, size_t first, size_t end)
{
    uint32_t group = svyi_group_at(r->design, first);
    for (size_t block = first; block < end; block += BLOCK) {
        size_t count = end - block < BLOCK ? end - block : BLOCK, at = 0;
        find_cells(r, w, block, count);
        while (at < count) {
            while (r->design->group_start[group + 1] <= block + at)
                group++;
            size_t stop = r->design->group_start[group + 1] - block;
            if (stop > count)
                stop = count;
            if (add_run(r, s, w, group, at, stop) != 0)
                return -1;
            at = stop;
        }
    }
    return 0;
}

static void sum_piece(void *user, unsigned index, size_t piece)
{
    job *j = user;
    size_t first = piece * SVYI_PIECE, rows = j->r->design->rows, end = rows - first < SVYI_PIECE ? rows : first + SVYI_PIECE;
    worker *w = j->workers[index];
    j->failed[piece] = is_plain(j->r) ? sum_plain(j->r, &j->pieces[piece], w, first, end)
                                      : sum_general(j->r, &j->pieces[piece], w, first, end);
}

/* ---- joining pieces ---- */

/* Scatter b, about another shift, into scatter a: moves b to a's shift exactly as sums of differences allow. */
static void join_scatter(double *a, uint32_t a_used, const double *b, uint32_t b_used, const double *centre, size_t m)
{
    size_t products = 2 * m, n = m * (m + 1) / 2;
    if (a_used == 0) {
        memcpy(a, b, (products + n) * sizeof *a);
        return;
    }
    for (size_t i = 0, p = products; i < m; i++)
        for (size_t j = i; j < m; j++, p++) {
            double shift_i = difference(b, a, centre, i), shift_j = difference(b, a, centre, j);
            a[p] += b[p] + shift_i * b[m + j] + shift_j * b[m + i] + b_used * shift_i * shift_j;
        }
    for (size_t i = 0; i < m; i++)
        a[m + i] += b[m + i] + b_used * difference(b, a, centre, i);
}

void svyi_sums_join(const svyi_sum_request *r, svyi_sums *out, size_t at, const svyi_sums *piece, size_t k)
{
    const svyi_entry *from = &piece->entries[k];
    svyi_entry *to = &out->entries[at];
    double *a = out->values + at * out->stride;
    const double *b = piece->values + k * piece->stride;
    for (size_t i = 0; i < out->scatter_at; i++)
        a[i] += b[i];
    if (r->design->elements && from->used > 0)
        join_scatter(a + out->scatter_at, to->used, b + out->scatter_at, from->used, restored_centre(r, from->cell / r->n_levels), out->dimension);
    to->rows += from->rows;
    to->used += from->used;
    to->weighted += from->weighted;
    to->missing += from->missing;
}

static int join_piece(const svyi_sum_request *r, svyi_sums *out, const svyi_sums *piece, uint32_t *slot)
{
    for (size_t k = 0; k < piece->count; k++) {
        size_t at = entry_of(out, slot, piece->entries[k].group, piece->entries[k].cell);
        if (at == SIZE_MAX)
            return -1;
        svyi_sums_join(r, out, at, piece, k);
    }
    return 0;
}

static int join_pieces(job *j, svyi_sums *out)
{
    for (size_t p = 0; p < j->n_pieces; p++) {
        if (j->failed[p])
            return -1;
        if (p == 0 && j->n_pieces == 1) {
            *out = j->pieces[0];
            j->pieces[0] = (svyi_sums){ .alloc = out->alloc };
            return 0;
        }
        if (join_piece(j->r, out, &j->pieces[p], j->workers[0]->slot) != 0)
            return -1;
        svyi_sums_clear(&j->pieces[p]);
    }
    return 0;
}

static int make_workers(job *j, svyi_arena *arena, unsigned threads)
{
    size_t doubles = 2 * j->r->width + 2;
    for (unsigned t = 0; t < threads; t++) {
        worker *w = svyi_arena_get(arena, sizeof *w);
        if (w == NULL || (w->slot = svyi_arena_get(arena, (j->cells + 1) * sizeof *w->slot)) == NULL ||
            (w->x = svyi_arena_get(arena, doubles * sizeof *w->x)) == NULL)
            return -1;
        w->u = w->x + j->r->width + 1;
        j->workers[t] = w;
    }
    return 0;
}

svy_status svyi_sum(const svyi_sum_request *r, svyi_sums *out, svy_error *err)
{
    svyi_arena arena;
    job j = { .r = r, .n_pieces = (r->design->rows + SVYI_PIECE - 1) / SVYI_PIECE, .cells = r->domains->count * r->n_levels };
    unsigned threads = r->threads < 1 ? 1 : r->threads > SVYI_THREADS_MAX ? SVYI_THREADS_MAX : r->threads;
    if (threads > j.n_pieces)
        threads = (unsigned)j.n_pieces;
    int failed = 1;
    svyi_sums_layout(out, r);
    svyi_arena_init(&arena, r->alloc);
    j.pieces = svyi_arena_get(&arena, j.n_pieces * sizeof *j.pieces);
    j.failed = svyi_arena_get(&arena, j.n_pieces * sizeof *j.failed);
    j.workers = svyi_arena_get(&arena, threads * sizeof(worker *));
    if (j.pieces != NULL && j.failed != NULL && j.workers != NULL && make_workers(&j, &arena, threads) == 0) {
        for (size_t p = 0; p < j.n_pieces; p++)
            svyi_sums_layout(&j.pieces[p], r);
        svyi_pieces_run(j.n_pieces, threads, sum_piece, &j);
        failed = join_pieces(&j, out) != 0;
        for (size_t p = 0; p < j.n_pieces; p++)
            svyi_sums_clear(&j.pieces[p]);
    }
    svyi_arena_clear(&arena);
    if (!failed)
        return SVY_OK;
    svyi_sums_clear(out);
    return svyi_nomem(err);
}

void svyi_scatter_centred(const svyi_sums *s, size_t entry, double *out)
{
    size_t m = s->dimension;
    const double *sums = s->values + entry * s->stride + s->scatter_at + m, *products = sums + m;
    double n = s->entries[entry].used;
    for (size_t i = 0; i < m; i++)
        for (size_t j = i; j < m; j++, out++) {
            *out = *products++ - sums[i] * sums[j] / n;
            if (i == j && *out < 0)
                *out = 0;                /* no more than rounding */
        }
}
