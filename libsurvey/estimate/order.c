/* Sorting rows by domain and value: radix sort of runs, then merges, both in pieces that threads share. The order is the stable one, so it is unique. */
#include "estimate/order.h"

#include <string.h>

#include "base/error.h"
#include "estimate/parallel.h"

enum { RUN = 1 << 17, SMALL = 2048, BLOCK = 16, MERGE = 1 << 16, DIGIT_BITS = 11, DIGITS = 6, BUCKETS = 1 << DIGIT_BITS };

/* Numbers as keys that compare like them. */
typedef struct items { uint64_t *key; uint32_t *row; } items;
typedef struct run { size_t first, middle, end; } run;    /* two sorted parts to merge, or one to sort */

typedef struct sorting {
    items a, b;                /* what is sorted now, and the other buffer */
    size_t count;
    run *runs; size_t n_runs;
    size_t *pieces;            /* by run: its first piece of a merge */
} sorting;

static uint64_t key_of(double x)
{
    uint64_t u;
    x += 0.0;                  /* -0 is 0 */
    memcpy(&u, &x, sizeof u);
    return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

/* ---- sorting a run ---- */

static void merge(const items *a, size_t i, size_t i_end, size_t j, size_t j_end, items *b, size_t k)
{
    while (i < i_end && j < j_end) {
        int left = a->key[i] <= a->key[j];
        size_t from = left ? i : j;
        b->key[k] = a->key[from];
        b->row[k++] = a->row[from];
        i += (size_t)left;
        j += (size_t)!left;
    }
    for (; i < i_end; i++, k++) {
        b->key[k] = a->key[i];
        b->row[k] = a->row[i];
    }
    for (; j < j_end; j++, k++) {
        b->key[k] = a->key[j];
        b->row[k] = a->row[j];
    }
}

static void insert_sort(items *a, size_t first, size_t end)
{
    for (size_t i = first + 1; i < end; i++) {
        uint64_t key = a->key[i];
        uint32_t row = a->row[i];
        size_t j = i;
        for (; j > first && a->key[j - 1] > key; j--) {
            a->key[j] = a->key[j - 1];
            a->row[j] = a->row[j - 1];
        }
        a->key[j] = key;
        a->row[j] = row;
    }
}

static void copy_items(const items *from, size_t first, size_t count, items *to)
{
    memcpy(to->key + first, from->key + first, count * sizeof *to->key);
    memcpy(to->row + first, from->row + first, count * sizeof *to->row);
}

static size_t least(size_t x, size_t y) { return x < y ? x : y; }

static void sort_small(items *a, items *b, size_t first, size_t end)
{
    items *from = a, *to = b;
    for (size_t i = first; i < end; i += BLOCK)
        insert_sort(a, i, least(i + BLOCK, end));
    for (size_t width = BLOCK; width < end - first; width *= 2) {
        for (size_t i = first; i < end; i += 2 * width)
            merge(from, i, least(i + width, end), least(i + width, end), least(i + 2 * width, end), to, i);
        items *other = from;
        from = to;
        to = other;
    }
    if (from != a)
        copy_items(from, first, end - first, a);
}

static unsigned digit(uint64_t key, unsigned pass) { return (unsigned)(key >> (pass * DIGIT_BITS)) & (BUCKETS - 1); }

static void sort_digits(items *a, items *b, size_t first, size_t end)
{
    uint32_t counts[DIGITS][BUCKETS];
    items *from = a, *to = b;
    memset(counts, 0, sizeof counts);
    for (size_t i = first; i < end; i++)
        for (unsigned p = 0; p < DIGITS; p++)
            counts[p][digit(a->key[i], p)]++;
    for (unsigned p = 0; p < DIGITS; p++) {
        uint32_t *place = counts[p], at = 0;
        if (place[digit(a->key[first], p)] == end - first)
            continue;                          /* all have this digit */
        for (unsigned k = 0; k < BUCKETS; k++) {
            uint32_t here = place[k];
            place[k] = at;
            at += here;
        }
        for (size_t i = first; i < end; i++) {
            size_t k = first + place[digit(from->key[i], p)]++;
            to->key[k] = from->key[i];
            to->row[k] = from->row[i];
        }
        items *other = from;
        from = to;
        to = other;
    }
    if (from != a)
        copy_items(from, first, end - first, a);
}

static void sort_run(void *user, unsigned worker, size_t piece)
{
    sorting *s = user;
    const run *r = &s->runs[piece];
    (void)worker;
    if (r->end - r->first <= SMALL)
        sort_small(&s->a, &s->b, r->first, r->end);
    else
        sort_digits(&s->a, &s->b, r->first, r->end);
}

/* ---- merging runs ---- */

/* How many of the first `k` items of the merged run come from its left part. */
static size_t left_part(const sorting *s, const run *r, size_t k)
{
    size_t n = r->middle - r->first, m = r->end - r->middle, low = k > m ? k - m : 0, high = least(k, n);
    while (low < high) {
        size_t i = low + (high - low) / 2;
        if (s->a.key[r->first + i] <= s->a.key[r->middle + (k - i - 1)]) low = i + 1; else high = i;
    }
    return low;
}

static void merge_piece(void *user, unsigned worker, size_t piece)
{
    sorting *s = user;
    size_t low = 0, high = s->n_runs;
    (void)worker;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->pieces[middle] <= piece) low = middle; else high = middle;
    }
    const run *r = &s->runs[low];
    size_t from = (piece - s->pieces[low]) * MERGE, to = least(from + MERGE, r->end - r->first);
    size_t i = left_part(s, r, from), i_end = left_part(s, r, to);
    merge(&s->a, r->first + i, r->first + i_end, r->middle + (from - i), r->middle + (to - i_end), &s->b, r->first + from);
}

/* Joins runs two by two within their domain (that of a run: by where it begins). Returns 0 when there was nothing to join. */
static int pair_runs(sorting *s, const size_t *start, size_t domains)
{
    size_t out = 0, d = 0, piece = 0, joined = 0;
    for (size_t i = 0; i < s->n_runs; i++) {
        run r = s->runs[i];
        while (d + 1 < domains && start[d + 1] <= r.first)
            d++;
        r.middle = r.end;
        if (i + 1 < s->n_runs && s->runs[i + 1].first < start[d + 1]) {
            r.end = s->runs[++i].end;
            joined++;
        }
        s->pieces[out] = piece;
        piece += (r.end - r.first + MERGE - 1) / MERGE;
        s->runs[out++] = r;
    }
    s->n_runs = out;
    s->pieces[out] = piece;
    return joined > 0;
}

static void sort_all(sorting *s, const size_t *start, size_t domains, unsigned threads)
{
    svyi_pieces_run(s->n_runs, threads, sort_run, s);
    while (pair_runs(s, start, domains)) {
        svyi_pieces_run(s->pieces[s->n_runs], threads, merge_piece, s);
        items other = s->a;
        s->a = s->b;
        s->b = other;
    }
}

static void set_runs(sorting *s, const size_t *start, size_t domains)
{
    for (size_t d = 0; d < domains; d++)
        for (size_t i = start[d]; i < start[d + 1]; i += RUN)
            s->runs[s->n_runs++] = (run){ i, i, least(i + RUN, start[d + 1]) };
}

/* ---- the order ---- */

/* Counts rows by domain, and sums their weights in the order of the data. */
static svy_status count_domains(svyi_order *o, const svyi_request *r)
{
    size_t domains = r->domains.count;
    svyi_arena scratch;
    svyi_arena_init(&scratch, r->alloc);
    long double *total = svyi_arena_get(&scratch, (domains + 1) * sizeof *total);
    if (total != NULL) {
        for (size_t i = 0; i < r->design->rows; i++) {
            uint32_t d = r->design->weights[i] != 0 ? svyi_request_domain(r, i) : SVYI_NO_DOMAIN;
            if (d == SVYI_NO_DOMAIN)
                continue;
            o->start[d + 1]++;
            total[d] += (long double)r->design->weights[i];
        }
        for (size_t d = 0; d < domains; d++) {
            o->start[d + 1] += o->start[d];
            o->total[d] = (double)total[d];
        }
        o->count = o->start[domains];
    }
    svyi_arena_clear(&scratch);
    return total != NULL ? SVY_OK : svyi_nomem(r->err);
}

static void place_rows(const svyi_request *r, const double *x, items *a, size_t *next)
{
    for (size_t i = 0; i < r->design->rows; i++) {
        uint32_t d = r->design->weights[i] != 0 ? svyi_request_domain(r, i) : SVYI_NO_DOMAIN;
        if (d == SVYI_NO_DOMAIN)
            continue;
        size_t at = next[d]++;
        a->key[at] = key_of(x[i]);
        a->row[at] = (uint32_t)i;
    }
}

static void cumulate(svyi_order *o, const double *weights, size_t domains)
{
    for (size_t d = 0; d < domains; d++) {
        long double sum = 0;
        for (size_t k = o->start[d]; k < o->start[d + 1]; k++)
            o->cumulative[k] = (double)(sum += (long double)weights[o->row[k]]);
    }
}

static svy_status sort_rows(svyi_order *o, const svyi_request *r, const double *x)
{
    size_t domains = r->domains.count, keys = (o->count + 1) * sizeof(uint64_t), numbers = (o->count + 1) * sizeof(uint32_t);
    size_t runs = domains + o->count / RUN + 2;
    svyi_arena scratch;
    svyi_arena_init(&scratch, r->alloc);
    sorting s = { .count = o->count };
    uint64_t *key = svyi_get(r->alloc, keys), *spare = svyi_get(r->alloc, keys);
    uint32_t *row = svyi_get(r->alloc, numbers), *spare_row = svyi_get(r->alloc, numbers);
    size_t *next = svyi_arena_get(&scratch, (domains + 1) * sizeof *next);
    s.runs = svyi_arena_get(&scratch, runs * sizeof *s.runs);
    s.pieces = svyi_arena_get(&scratch, (runs + 1) * sizeof *s.pieces);
    int failed = key == NULL || spare == NULL || row == NULL || spare_row == NULL || next == NULL || s.runs == NULL || s.pieces == NULL;
    if (!failed) {
        s.a = (items){ key, row };
        s.b = (items){ spare, spare_row };
        memcpy(next, o->start, domains * sizeof *next);
        place_rows(r, x, &s.a, next);
        set_runs(&s, o->start, domains);
        sort_all(&s, o->start, domains, r->threads);
        o->row = s.a.row;
        *(s.a.row == row ? &row : &spare_row) = NULL;
    }
    svyi_release(r->alloc, key, keys);
    svyi_release(r->alloc, spare, keys);
    svyi_release(r->alloc, row, numbers);
    svyi_release(r->alloc, spare_row, numbers);
    svyi_arena_clear(&scratch);
    return failed ? svyi_nomem(r->err) : SVY_OK;
}

svy_status svyi_order_make(svyi_order *o, const svyi_request *r, const double *x)
{
    size_t domains = r->domains.count;
    *o = (svyi_order){ 0 };
    svyi_arena_init(&o->arena, r->alloc);
    o->start = svyi_arena_get(&o->arena, (domains + 2) * sizeof *o->start);
    o->total = svyi_arena_get(&o->arena, (domains + 1) * sizeof *o->total);
    svy_status st = o->start != NULL && o->total != NULL ? count_domains(o, r) : svyi_nomem(r->err);
    if (st == SVY_OK)
        st = sort_rows(o, r, x);
    if (st == SVY_OK && (o->cumulative = svyi_get(r->alloc, (o->count + 1) * sizeof *o->cumulative)) == NULL)
        st = svyi_nomem(r->err);
    if (st == SVY_OK)
        cumulate(o, r->design->weights, domains);
    return st;
}

void svyi_order_clear(svyi_order *o)
{
    svyi_release(&o->arena.alloc, o->row, (o->count + 1) * sizeof *o->row);
    svyi_release(&o->arena.alloc, o->cumulative, (o->count + 1) * sizeof *o->cumulative);
    svyi_arena_clear(&o->arena);
}
