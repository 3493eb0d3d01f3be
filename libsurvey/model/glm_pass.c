/* One pass over the rows of a generalised linear model: sums for Newton's step, in pieces that threads share and that are joined in order. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/parallel.h"
#include "model/glm.h"

enum { PIECES_MAX = 64, PIECE_LEAST = 4096, PIECE_BYTES = 1 << 28 };

void svyi_glm_columns(const svyi_glm *g, const uint32_t *rows, size_t count, double *x)
{
    svyi_matrix_fill_columns(g->matrix, rows, count, x);
    for (size_t k = 0; k < g->p; k++) {
        const double shift = g->shift[k], factor = g->factor[k];
        double *xk = x + k * count;
        if (g->aliased[k] && g->turn == NULL)
            memset(xk, 0, count * sizeof *xk);
        else if (shift != 0 || factor != 1)
            for (size_t i = 0; i < count; i++)
                xk[i] = (xk[i] - shift) * factor;
    }
    for (size_t k = g->turn != NULL ? g->p : 0; k-- > 0;) {
        double *xk = x + k * count;
        const double *row = g->turn + k * g->p;
        for (size_t i = 0; i < count; i++)
            xk[i] *= row[k];
        for (size_t j = 0; j < k; j++)
            for (size_t i = 0; row[j] != 0 && i < count; i++)
                xk[i] += row[j] * x[j * count + i];
    }
}

void svyi_glm_eta(const svyi_glm *g, const double *gamma, const uint32_t *rows, size_t count, const double *x, double *eta)
{
    for (size_t i = 0; i < count; i++)
        eta[i] = g->offset != NULL ? g->offset[rows[i]] : 0;
    svyi_combine_block(x, gamma, g->p, count, eta);
}

typedef struct pass {
    const svyi_glm *g;
    const double *gamma, *weights;
    int information, score;
    size_t piece_rows, stride;      /* numbers kept by piece: information, score, deviance, whether impossible */
    double *sums, *scratch;         /* by piece; by worker */
    size_t scratch_size;
} pass;

/* In the first step, score becomes that of the working response. */
static int block_terms(const pass *p, const uint32_t *rows, size_t n, const double *x, double *work, double *score, double *deviance)
{
    const svyi_glm *g = p->g;
    double eta[SVYI_BLOCK], mu[SVYI_BLOCK], slope[SVYI_BLOCK], y[SVYI_BLOCK], w[SVYI_BLOCK];
    for (size_t i = 0; i < n; i++) {
        y[i] = g->y[rows[i]];
        w[i] = p->weights[rows[i]] * g->scale;
    }
    if (p->gamma != NULL)
        svyi_glm_eta(g, p->gamma, rows, n, x, eta);
    else
        for (size_t i = 0; i < n; i++)
            eta[i] = svyi_family_start(&g->family, y[i]);
    svyi_link_block(g->family.link, eta, n, mu, slope);
    const int good = svyi_family_block(&g->family, y, mu, slope, n, work, score);
    for (size_t i = 0; i < n; i++) {
        if (p->gamma == NULL)
            score[i] += work[i] * (eta[i] - (g->offset != NULL ? g->offset[rows[i]] : 0));
        score[i] *= w[i];
        work[i] *= w[i];
    }
    *deviance += svyi_family_deviance(&g->family, y, mu, w, n);
    return good;
}

static void run_piece(void *user, unsigned worker, size_t piece)
{
    const pass *p = user;
    const svyi_glm *g = p->g;
    double work[SVYI_BLOCK], score[SVYI_BLOCK], *x = p->scratch + worker * p->scratch_size, *wx = x + g->p * SVYI_BLOCK;
    double *sums = p->sums + piece * p->stride, *scores = sums + (p->information ? g->p * (g->p + 1) / 2 : 0), *tail = sums + p->stride - 2;
    const size_t first = piece * p->piece_rows, end = first + p->piece_rows < g->n ? first + p->piece_rows : g->n;
    for (size_t at = first; at < end; at += SVYI_BLOCK) {
        const size_t n = end - at < SVYI_BLOCK ? end - at : SVYI_BLOCK;
        svyi_glm_columns(g, g->rows + at, n, x);
        if (!block_terms(p, g->rows + at, n, x, work, score, &tail[0]))
            tail[1] = 1;
        if (p->information)
            svyi_gram_block(x, work, g->p, n, wx, sums);
        if (p->score)
            svyi_dot_block(x, score, g->p, n, scores);
    }
}

static void join_pieces(const pass *p, size_t pieces, svyi_glm_sums *out)
{
    const size_t n = p->g->p;
    for (size_t k = 1; k < pieces; k++)
        for (size_t i = 0; i < p->stride; i++)
            p->sums[i] += p->sums[k * p->stride + i];
    const double *at = p->sums;
    for (size_t i = 0; p->information && i < n; i++)
        for (size_t j = 0; j <= i; j++, at++) {
            const int kept = !p->g->aliased[i] && !p->g->aliased[j];
            out->information[i * n + j] = out->information[j * n + i] = kept ? *at : 0;
        }
    for (size_t i = 0; p->score && i < n; i++, at++)
        out->score[i] = p->g->aliased[i] ? 0 : *at;
    out->deviance = at[0];
    out->possible = at[1] == 0 && isfinite(at[0]);
}

int svyi_glm_pass(const svyi_glm *g, const double *gamma, const double *weights, unsigned threads, svyi_glm_sums *out)
{
    pass p = { .g = g, .gamma = gamma, .weights = weights, .information = out->information != NULL, .score = out->score != NULL };
    p.stride = (p.information ? g->p * (g->p + 1) / 2 : 0) + (p.score ? g->p : 0) + 2;
    size_t most = PIECE_BYTES / (p.stride * sizeof *p.sums);
    most = most < 1 ? 1 : most > PIECES_MAX ? PIECES_MAX : most;
    p.piece_rows = (g->n / most / SVYI_BLOCK + 1) * SVYI_BLOCK;
    p.piece_rows = p.piece_rows < PIECE_LEAST ? PIECE_LEAST : p.piece_rows;
    const size_t pieces = (g->n + p.piece_rows - 1) / p.piece_rows;
    threads = threads < 1 ? 1 : (size_t)threads > pieces ? (unsigned)pieces : threads;
    threads = threads > SVYI_THREADS_MAX ? SVYI_THREADS_MAX : threads;
    p.scratch_size = (g->p + 1) * SVYI_BLOCK;
    const svy_alloc *alloc = svyi_matrix_alloc(g->matrix);
    const size_t bytes = pieces * p.stride * sizeof *p.sums, room = threads * p.scratch_size * sizeof *p.scratch;
    p.sums = svyi_get(alloc, bytes);
    p.scratch = svyi_get(alloc, room);
    int status = -1;
    if (p.sums != NULL && p.scratch != NULL) {
        memset(p.sums, 0, bytes);
        svyi_pieces_run(pieces, threads, run_piece, &p);
        join_pieces(&p, pieces, out);
        status = 0;
    }
    svyi_release(alloc, p.sums, bytes);
    svyi_release(alloc, p.scratch, room);
    return status;
}
