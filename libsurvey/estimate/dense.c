/* Means, totals and ratios in many domains: two passes over the rows with an array by domain, where sums by PSU and domain would fill the memory. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/finish.h"
#include "estimate/influence.h"
#include "estimate/parallel.h"

enum { FEWEST_DOMAINS = 100, ROWS_PER_ITEM = 4 };

static const double EXHAUSTED = 1e-7;     /* as in variance.c */

/* A thread's place of work; arrays by domain. */
typedef struct worker {
    double *x;                   /* sums of (w, w u) of the PSU at hand, `m` a domain; all zero between PSUs */
    uint32_t *psu;               /* domains of the PSU at hand */
    uint32_t *stratum; size_t n_stratum;     /* of the stratum at hand */
    uint32_t *units;             /* PSUs of the stratum with rows in the domain; 0 when it is not among `stratum` */
    uint8_t *touched, *counted, *counts_stratum;   /* of the PSU; a row of positive weight in it, in the stratum */
    int any;                     /* a row of the stratum was summed */
    double *shift, *off, *square;            /* by output: the first PSU's influence, sums of differences to it, and of their squares */
} worker;

typedef struct dense {
    const svyi_sum_request *r;
    svyi_fit *fit;
    size_t m, outputs, domains, n_pieces;
    double *coefficient;
    double *totals;              /* first pass: by piece, domain, element of x */
    uint32_t *counts;            /* first pass: by piece and domain: rows, used, weighted, missing */
    uint32_t *first_stratum;     /* second pass: strata of piece p are first_stratum[p] .. first_stratum[p + 1] - 1 */
    size_t n_strata_pieces;
    double *variance, *df;       /* second pass: by piece, domain (and output) */
    uint32_t *lonely;            /* by piece: a lonely stratum + 1 */
    worker **workers;
} dense;

int svyi_dense_suits(const svyi_sum_request *r, svyi_form form, int deff, int covariance)
{
    const svy_design *d = r->design;
    size_t pieces = d->rows / SVYI_PIECE + 1;
    int numbers = form == SVYI_FORM_MEANS || form == SVYI_FORM_TOTALS || form == SVYI_FORM_RATIOS;
    return numbers && !deff && !covariance && svyi_design_plain(d) && d->n_stages == 1 && !d->elements && d->stages[0].spread == NULL &&
           d->lonely != SVY_LONELY_ADJUST && d->lonely != SVY_LONELY_AVERAGE && !d->lonely_domains && r->domains->count >= FEWEST_DOMAINS && r->width <= 2 &&
           r->domains->count * pieces <= d->rows / ROWS_PER_ITEM;
}

/* ---- one row ---- */

/* Adds (w, w u) of a row of a domain. */
static inline void add_row(const svyi_sum_request *r, size_t row, size_t domain, size_t width, double *x)
{
    const double *centre = r->centre + domain * width;
    double w = r->design->weights[row], u[2] = { 0, 0 };
    for (size_t k = 0; k < width; k++)
        u[k] = svyi_input_value(&r->inputs[k], row) - centre[k];
    if (r->slope != NULL)
        u[0] -= r->slope[domain] * u[1];
    x[0] += w;
    for (size_t k = 0; k < width; k++)
        x[k + 1] += w * u[k];
}

/* ---- first pass: totals ---- */

static void total_piece(void *user, unsigned index, size_t piece)
{
    const dense *z = user;
    const svyi_sum_request *r = z->r;
    size_t first = piece * SVYI_PIECE, end = r->design->rows - first < SVYI_PIECE ? r->design->rows : first + SVYI_PIECE;
    double *totals = z->totals + piece * z->domains * z->m;
    uint32_t *counts = z->counts + piece * z->domains * 4;
    (void)index;
    for (size_t row = first; row < end; row++) {
        uint32_t domain = svyi_domain_of(r->domains, row);
        if (domain == SVYI_NO_DOMAIN)
            continue;
        uint32_t *c = counts + (size_t)domain * 4;
        int weighted = r->design->weights[row] != 0;
        c[0]++;
        if (r->missing != NULL && r->missing[row]) {
            c[3] += (uint32_t)weighted;
            continue;
        }
        c[1]++;
        c[2] += (uint32_t)weighted;
        add_row(r, row, domain, r->width, totals + domain * z->m);
    }
}

/* Sums of the pieces in their order, compensated as those of groups are. */
static void join_totals(const dense *z, size_t domain)
{
    svyi_fit *fit = z->fit;
    double total[3] = { 0, 0, 0 }, rest[3] = { 0, 0, 0 };
    for (size_t p = 0; p < z->n_pieces; p++) {
        const double *x = z->totals + (p * z->domains + domain) * z->m;
        const uint32_t *c = z->counts + (p * z->domains + domain) * 4;
        for (size_t i = 0; i < z->m; i++) {
            double t = total[i] + x[i];
            rest[i] += fabs(total[i]) >= fabs(x[i]) ? total[i] - t + x[i] : x[i] - t + total[i];
            total[i] = t;
        }
        fit->rows[domain] += c[0];
        fit->used[domain] += c[1];
        fit->n[domain] += c[2];
        fit->missing[domain] += c[3];
    }
    for (size_t i = 0; i < z->m; i++)
        total[i] += rest[i];
    svyi_fit_numbers(z->r, fit, total, domain, z->coefficient);
}

/* ---- second pass: influence by PSU, its spread by stratum ---- */

static void pass_psu(const dense *z, worker *w, uint32_t group, size_t *n_psu)
{
    const svyi_sum_request *r = z->r;
    const svy_design *d = r->design;
    *n_psu = 0;
    for (size_t place = d->group_start[group]; place < d->group_start[group + 1]; place++) {
        size_t row = d->order != NULL ? d->order[place] : place;
        uint32_t domain = svyi_domain_of(r->domains, row);
        if (domain == SVYI_NO_DOMAIN)
            continue;
        if (!w->touched[domain]) {
            w->touched[domain] = 1;
            w->psu[(*n_psu)++] = domain;
        }
        w->counted[domain] |= d->weights[row] != 0;
        if (r->missing != NULL && r->missing[row])
            continue;
        w->any = 1;
        add_row(r, row, domain, r->width, w->x + domain * z->m);
    }
}

/* The influence of the PSU on the domain's estimates goes to its stratum. */
static void end_psu(const dense *z, worker *w, uint32_t domain, double *df)
{
    double *x = w->x + domain * z->m;
    size_t o = z->outputs;
    if (w->units[domain] == 0)
        w->stratum[w->n_stratum++] = domain;
    for (size_t k = 0; k < o; k++) {
        const double *c = z->coefficient + 2 * (domain * o + k);
        double influence = z->fit->form == SVYI_FORM_RATIOS ? c[0] * x[2 * k + 1] + c[1] * x[2 * k + 2] : c[0] * x[k + 1] + c[1] * x[0];
        size_t at = domain * o + k;
        if (w->units[domain] == 0) {
            w->shift[at] = influence;
            w->off[at] = w->square[at] = 0;
        }
        double off = influence - w->shift[at];
        w->off[at] += off;
        w->square[at] += off * off;
    }
    w->units[domain]++;
    df[domain] += w->counted[domain];
    w->counts_stratum[domain] |= w->counted[domain];
    w->touched[domain] = w->counted[domain] = 0;
    memset(x, 0, z->m * sizeof *x);
}

/* PSUs without rows in a domain have no influence on it. */
static void end_stratum(const dense *z, worker *w, double n, double scale, double *variance, double *df)
{
    for (size_t t = 0; t < w->n_stratum; t++) {
        uint32_t domain = w->stratum[t];
        double empty = n - w->units[domain];
        for (size_t k = 0; k < z->outputs; k++) {
            size_t at = domain * z->outputs + k;
            double off = w->off[at] - empty * w->shift[at], square = w->square[at] + empty * w->shift[at] * w->shift[at];
            double spread = square - off * off / n;
            variance[at] += scale > 0 && spread > 0 ? scale * spread : 0;
        }
        df[domain] -= w->counts_stratum[domain];
        w->units[domain] = 0;
        w->counts_stratum[domain] = 0;
    }
    w->n_stratum = 0;
    w->any = 0;
}

static void pass_strata(void *user, unsigned index, size_t piece)
{
    const dense *z = user;
    const svyi_stage *stage = &z->r->design->stages[0];
    worker *w = z->workers[index];
    double *variance = z->variance + piece * z->domains * z->outputs, *df = z->df + piece * z->domains;
    for (uint32_t h = z->first_stratum[piece]; h < z->first_stratum[piece + 1]; h++) {
        double n = stage->unit_start[h + 1] - stage->unit_start[h], left = 1;
        if (stage->population != NULL && !isinf(stage->population[h]))
            left = (stage->population[h] - n) / stage->population[h];
        for (uint32_t g = stage->unit_start[h]; g < stage->unit_start[h + 1]; g++) {
            size_t n_psu;
            pass_psu(z, w, g, &n_psu);
            for (size_t i = 0; i < n_psu; i++)
                end_psu(z, w, w->psu[i], df);
        }
        int lonely = n < 2 && left >= EXHAUSTED && w->any;
        if (lonely && z->r->design->lonely == SVY_LONELY_FAIL && z->lonely[piece] == 0)
            z->lonely[piece] = h + 1;
        end_stratum(z, w, n, n < 2 || left < EXHAUSTED ? 0 : left * n / (n - 1), variance, df);
    }
}

/* ---- all of it ---- */

static int get_workers(dense *z, svyi_arena *scratch, unsigned threads)
{
    size_t d = z->domains + 1, o = d * z->outputs;
    z->workers = svyi_arena_get(scratch, threads * sizeof(worker *));
    for (unsigned t = 0; z->workers != NULL && t < threads; t++) {
        worker *w = z->workers[t] = svyi_arena_get(scratch, sizeof *w);
        if (w == NULL)
            return -1;
        w->x = svyi_arena_get(scratch, d * z->m * sizeof *w->x);
        w->psu = svyi_arena_get(scratch, d * sizeof *w->psu);
        w->stratum = svyi_arena_get(scratch, d * sizeof *w->stratum);
        w->units = svyi_arena_get(scratch, d * sizeof *w->units);
        w->touched = svyi_arena_get(scratch, 3 * d);
        w->shift = svyi_arena_get(scratch, 3 * o * sizeof *w->shift);
        if (w->x == NULL || w->psu == NULL || w->stratum == NULL || w->units == NULL || w->touched == NULL || w->shift == NULL)
            return -1;
        w->counted = w->touched + d;
        w->counts_stratum = w->counted + d;
        w->off = w->shift + o;
        w->square = w->off + o;
    }
    return z->workers != NULL ? 0 : -1;
}

/* Strata in pieces of about SVYI_PIECE rows. */
static int cut_strata(dense *z, svyi_arena *scratch)
{
    const svy_design *d = z->r->design;
    const svyi_stage *stage = &d->stages[0];
    size_t start = 0;
    z->first_stratum = svyi_arena_get(scratch, (z->n_pieces + 2) * sizeof *z->first_stratum);
    for (uint32_t h = 0; z->first_stratum != NULL && h < stage->n_strata; h++) {
        size_t end = d->group_start[stage->unit_start[h + 1]];
        if (end - start < SVYI_PIECE && h + 1 < stage->n_strata)
            continue;
        z->first_stratum[++z->n_strata_pieces] = h + 1;
        start = end;
    }
    return z->first_stratum != NULL ? 0 : -1;
}

static int get_memory(dense *z, svyi_arena *arena, svyi_arena *scratch, unsigned threads)
{
    size_t items = z->n_pieces * z->domains;
    if (svyi_fit_get(arena, z->fit, 0) != 0 || cut_strata(z, scratch) != 0 || get_workers(z, scratch, threads) != 0)
        return -1;
    z->coefficient = svyi_arena_get(scratch, (2 * z->domains * z->outputs + 1) * sizeof *z->coefficient);
    z->totals = svyi_arena_get(scratch, items * z->m * sizeof *z->totals);
    z->counts = svyi_arena_get(scratch, items * 4 * sizeof *z->counts);
    z->variance = svyi_arena_get(scratch, z->n_strata_pieces * z->domains * z->outputs * sizeof *z->variance);
    z->df = svyi_arena_get(scratch, z->n_strata_pieces * z->domains * sizeof *z->df);
    z->lonely = svyi_arena_get(scratch, (z->n_strata_pieces + 1) * sizeof *z->lonely);
    return z->coefficient == NULL || z->totals == NULL || z->counts == NULL || z->variance == NULL || z->df == NULL || z->lonely == NULL ? -1 : 0;
}

static svy_status join_strata(const dense *z, svyi_arena *scratch, svy_error *err)
{
    svyi_fit *fit = z->fit;
    for (size_t p = 0; p < z->n_strata_pieces; p++) {
        if (z->lonely[p] > 0)
            return svyi_lonely_error(z->r->design, 0, z->lonely[p] - 1, err);
        for (size_t k = 0; k < z->domains * z->outputs; k++)
            fit->variance[k] += z->variance[p * z->domains * z->outputs + k];
        for (size_t d = 0; d < z->domains; d++)
            fit->df[d] += z->df[p * z->domains + d];
    }
    return svyi_df_by_units(z->r->design) ? SVY_OK : svyi_degrees_of_freedom(scratch, z->r->design, z->r->domains, fit->df, err);
}

svy_status svyi_dense_fit(svyi_arena *arena, const svyi_sum_request *r, svyi_form form, svyi_fit *out, svy_error *err)
{
    svyi_arena scratch;
    size_t outputs = form == SVYI_FORM_RATIOS ? r->width / 2 : r->width;
    *out = (svyi_fit){ .form = form, .domains = r->domains->count, .outputs = outputs };
    dense z = { .r = r, .fit = out, .m = r->width + 1, .outputs = outputs, .domains = r->domains->count,
                .n_pieces = (r->design->rows + SVYI_PIECE - 1) / SVYI_PIECE };
    unsigned threads = r->threads < 1 ? 1 : r->threads > SVYI_THREADS_MAX ? SVYI_THREADS_MAX : r->threads;
    svy_status st = SVY_OK;
    svyi_arena_init(&scratch, &arena->alloc);
    if (threads > z.n_pieces)
        threads = (unsigned)z.n_pieces;
    if (get_memory(&z, arena, &scratch, threads) != 0)
        st = svyi_nomem(err);
    if (st == SVY_OK) {
        svyi_pieces_run(z.n_pieces, threads, total_piece, &z);
        for (size_t d = 0; d < z.domains; d++)
            join_totals(&z, d);
        svyi_pieces_run(z.n_strata_pieces, threads, pass_strata, &z);
        st = join_strata(&z, &scratch, err);
    }
    svyi_arena_clear(&scratch);
    return st;
}
