/* Gathering the influence of rows: fixed pieces of the design's order, each summed by one thread into its own entries, which are then joined in order. */
#include "estimate/scores.h"

#include <string.h>

#include "base/error.h"
#include "estimate/parallel.h"

enum { BLOCK = 1024, BLOCK_NUMBERS = 1 << 16 };

/* Sums by group and domain. Values of an entry: sums of z; with scatter the first z, the sums of differences to it, and the products of these. */
typedef struct part {
    svy_alloc alloc;
    size_t count, stride;
    uint32_t *group, *domain, *rows;
    size_t group_room, domain_room, rows_room;
    double *values; size_t values_room;
    int failed;
} part;

typedef struct worker {
    uint32_t *slot;               /* by domain: where its entry of the group at hand may be; checked before use, so never reset */
    uint32_t row[BLOCK], of[BLOCK], domain[BLOCK];
    double *z;
} worker;

typedef struct job {
    const svy_design *d;
    const svyi_influence *f;
    int by_unit, pairs, scatter;
    size_t stride, packed, block;
    part *parts;
    worker **workers;
} job;

/* ---- entries ---- */

static int add_entry(part *p, uint32_t group, uint32_t domain)
{
    size_t n = p->count + 1;
    if (svyi_grow(&p->alloc, &p->group, &p->group_room, n, sizeof *p->group) != 0 ||
        svyi_grow(&p->alloc, &p->domain, &p->domain_room, n, sizeof *p->domain) != 0 ||
        svyi_grow(&p->alloc, &p->rows, &p->rows_room, n, sizeof *p->rows) != 0 ||
        svyi_grow(&p->alloc, &p->values, &p->values_room, n, p->stride * sizeof *p->values) != 0)
        return -1;
    p->group[p->count] = group;
    p->domain[p->count] = domain;
    p->rows[p->count] = 0;
    memset(p->values + p->count * p->stride, 0, p->stride * sizeof *p->values);
    p->count++;
    return 0;
}

static void release(part *p)
{
    svyi_release(&p->alloc, p->group, p->group_room * sizeof *p->group);
    svyi_release(&p->alloc, p->domain, p->domain_room * sizeof *p->domain);
    svyi_release(&p->alloc, p->rows, p->rows_room * sizeof *p->rows);
    svyi_release(&p->alloc, p->values, p->values_room * p->stride * sizeof *p->values);
    *p = (part){ .alloc = p->alloc, .stride = p->stride };
}

/* Index of the entry, made when it is new; SIZE_MAX when out of memory. */
static inline size_t entry_of(part *p, uint32_t *slot, uint32_t group, uint32_t domain)
{
    size_t at = slot[domain];
    if (at < p->count && p->group[at] == group && p->domain[at] == domain)
        return at;
    if (add_entry(p, group, domain) != 0)
        return SIZE_MAX;
    slot[domain] = (uint32_t)(p->count - 1);
    return p->count - 1;
}

static inline void add_scatter(double *v, const double *z, size_t r, int pairs, int first)
{
    if (first) {
        memcpy(v, z, r * sizeof *v);
        return;
    }
    double *products = v + 2 * r;
    for (size_t k = 0; k < r; k++) {
        double off = z[k] - v[k];
        v[r + k] += off;
        for (size_t l = k; l < (pairs ? r : k + 1); l++)
            *products++ += off * (z[l] - v[l]);
    }
}

static int add_block(const job *j, part *p, worker *w, size_t n)
{
    size_t r = j->f->width;
    /* rules for lonely units that look at other strata count those with a row of the domain, also of a single one */
    int several = j->f->domains > 1 || j->d->lonely == SVY_LONELY_AVERAGE || j->d->lonely == SVY_LONELY_ADJUST;
    memset(w->domain, 0, n * sizeof *w->domain);     /* who has one domain need not say so */
    j->f->fill(j->f->user, w->row, n, w->z, several ? w->domain : NULL);
    for (size_t i = 0; i < n; i++) {
        uint32_t domain = several ? w->domain[i] : 0;
        if (domain == SVYI_NO_DOMAIN)
            continue;
        size_t at = entry_of(p, w->slot, w->of[i], domain);
        if (at == SIZE_MAX)
            return -1;
        const double *z = w->z + i * r;
        double *v = p->values + at * p->stride;
        if (j->scatter)
            add_scatter(v, z, r, j->pairs, p->rows[at] == 0);
        else
            for (size_t k = 0; k < r; k++)
                v[k] += z[k];
        p->rows[at]++;
    }
    return 0;
}

/* ---- pieces ---- */

static void gather_piece(void *user, unsigned index, size_t piece)
{
    const job *j = user;
    const svy_design *d = j->d;
    worker *w = j->workers[index];
    part *p = &j->parts[piece];
    size_t place = piece * SVYI_PIECE, end = d->rows - place < SVYI_PIECE ? d->rows : place + SVYI_PIECE;
    uint32_t group = j->by_unit ? 0 : svyi_group_at(d, place);
    while (place < end && !p->failed) {
        size_t n = end - place < j->block ? end - place : j->block;
        for (size_t i = 0; i < n; i++, place++) {
            while (!j->by_unit && d->group_start[group + 1] <= place)
                group++;
            w->row[i] = d->order != NULL ? d->order[place] : (uint32_t)place;
            w->of[i] = j->by_unit ? (uint32_t)place : group;
        }
        p->failed = add_block(j, p, w, n) != 0;
    }
}

/* Scatter b, about another first value, into scatter a. */
static void join_scatter(double *a, uint32_t a_rows, const double *b, uint32_t b_rows, size_t r, int pairs, size_t stride)
{
    if (a_rows == 0) {
        memcpy(a, b, stride * sizeof *a);
        return;
    }
    double *products = a + 2 * r;
    const double *more = b + 2 * r;
    for (size_t k = 0; k < r; k++)
        for (size_t l = k; l < (pairs ? r : k + 1); l++) {
            double shift_k = b[k] - a[k], shift_l = b[l] - a[l];
            *products++ += *more++ + shift_k * b[r + l] + shift_l * b[r + k] + b_rows * shift_k * shift_l;
        }
    for (size_t k = 0; k < r; k++)
        a[r + k] += b[r + k] + b_rows * (b[k] - a[k]);
}

static int join_part(const job *j, part *out, const part *p, uint32_t *slot)
{
    for (size_t i = 0; i < p->count; i++) {
        size_t at = entry_of(out, slot, p->group[i], p->domain[i]);
        if (at == SIZE_MAX)
            return -1;
        double *a = out->values + at * out->stride;
        const double *b = p->values + i * p->stride;
        if (j->scatter)
            join_scatter(a, out->rows[at], b, p->rows[i], j->f->width, j->pairs, j->stride);
        else
            for (size_t k = 0; k < j->stride; k++)
                a[k] += b[k];
        out->rows[at] += p->rows[i];
    }
    return 0;
}

static int join_parts(job *j, size_t pieces, part *out)
{
    int failed = 0;
    for (size_t p = 0; p < pieces; p++) {
        failed |= j->parts[p].failed;
        if (!failed && pieces == 1) {
            *out = j->parts[0];
            j->parts[0] = (part){ .alloc = out->alloc, .stride = out->stride };
        } else if (!failed) {
            failed = join_part(j, out, &j->parts[p], j->workers[0]->slot) != 0;
        }
        release(&j->parts[p]);
    }
    return failed;
}

/* ---- scores ---- */

/* Entries as scores: sums, and scatter about the mean of the rows of the entry. */
static int make_scores(const job *j, const part *p, svyi_arena *arena, svyi_scores *s)
{
    size_t r = j->f->width, n = p->count + 1;
    *s = (svyi_scores){ .count = p->count, .outputs = r };
    s->unit = svyi_arena_get(arena, n * sizeof *s->unit);
    s->domain = svyi_arena_get(arena, n * sizeof *s->domain);
    s->rows = svyi_arena_get(arena, n * sizeof *s->rows);
    s->z = svyi_arena_get(arena, n * r * sizeof *s->z);
    if (j->scatter)
        s->scatter = svyi_arena_get(arena, n * j->packed * sizeof *s->scatter);
    if (s->unit == NULL || s->domain == NULL || s->rows == NULL || s->z == NULL || (j->scatter && s->scatter == NULL))
        return -1;
    for (size_t i = 0; i < p->count; i++) {
        const double *v = p->values + i * p->stride, *products = v + 2 * r;
        double rows = p->rows[i], *scatter = j->scatter ? s->scatter + i * j->packed : NULL;
        s->unit[i] = p->group[i];
        s->domain[i] = p->domain[i];
        s->rows[i] = p->rows[i];
        for (size_t k = 0; k < r; k++) {
            s->z[i * r + k] = j->scatter ? rows * v[k] + v[r + k] : v[k];
            for (size_t l = k; scatter != NULL && l < (j->pairs ? r : k + 1); l++, scatter++) {
                double value = *products++ - v[r + k] * v[r + l] / rows;
                *scatter = k == l && value < 0 ? 0 : value;
            }
        }
    }
    return 0;
}

static int make_workers(job *j, svyi_arena *scratch, unsigned threads)
{
    j->workers = svyi_arena_get(scratch, threads * sizeof(worker *));
    for (unsigned t = 0; j->workers != NULL && t < threads; t++) {
        worker *w = j->workers[t] = svyi_arena_get(scratch, sizeof *w);
        if (w == NULL || (w->slot = svyi_arena_get(scratch, (j->f->domains + 1) * sizeof *w->slot)) == NULL ||
            (w->z = svyi_arena_get(scratch, (j->block * j->f->width + 1) * sizeof *w->z)) == NULL)
            return -1;
    }
    return j->workers != NULL ? 0 : -1;
}

svy_status svyi_scores_gather(svyi_arena *arena, const svy_design *d, const svyi_influence *f, int by_unit, int pairs, unsigned threads,
                              svyi_scores *out, svy_error *err)
{
    svyi_arena scratch;
    size_t r = f->width, pieces = (d->rows + SVYI_PIECE - 1) / SVYI_PIECE;
    job j = { .d = d, .f = f, .by_unit = by_unit, .pairs = pairs, .scatter = d->elements && !by_unit };
    int failed = 1;
    j.packed = pairs ? r * (r + 1) / 2 : r;
    j.stride = j.scatter ? 2 * r + j.packed : r;
    j.block = r > BLOCK_NUMBERS / BLOCK ? BLOCK_NUMBERS / r + 1 : BLOCK;
    threads = threads < 1 ? 1 : threads > SVYI_THREADS_MAX ? SVYI_THREADS_MAX : threads;
    if (threads > pieces)
        threads = (unsigned)pieces;
    svyi_arena_init(&scratch, &arena->alloc);
    j.parts = svyi_arena_get(&scratch, pieces * sizeof *j.parts);
    if (j.parts != NULL && make_workers(&j, &scratch, threads) == 0) {
        part all = { .alloc = arena->alloc, .stride = j.stride };
        for (size_t p = 0; p < pieces; p++)
            j.parts[p] = all;
        svyi_pieces_run(pieces, threads, gather_piece, &j);
        failed = join_parts(&j, pieces, &all) != 0 || make_scores(&j, &all, arena, out) != 0;
        release(&all);
    }
    svyi_arena_clear(&scratch);
    return failed ? svyi_nomem(err) : SVY_OK;
}
