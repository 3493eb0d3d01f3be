/* Bell and McCaffrey's adjustment and degrees of freedom from sums by PSU. */
#include "estimate/bell_mccaffrey.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "num/matrix.h"

/* Let u = A_i X_i b with b a column of Q, v = X_i'u, a = u'u, h = 1'u, s = X_i'1. The covariances of what two PSUs i, j contribute are then

       (i = j) (s2 - c) a + (i = j) c h^2 + z_i' B z_j,    z = (v, h s),   B = | -(s2 - c) Q + c Q T Q    -c Q |
                                                                           |        -c Q               0   |,  T = sum of s s',

   for residuals of variance s2 and covariance c in a PSU. Sums of z z' with a few weights therefore give the trace of that matrix and of its square. */
struct svyi_bell {
    size_t p;
    double *q, *root;              /* Q, and L with L L' = Q */
    double *t;                     /* p x p */
    /* by coefficient: sums of a, a^2, h^2, a h^2, h^4 (5 numbers), and of z z', a z z', h^2 z z' (3 matrices of 2p x 2p) */
    double *sums, *matrices;
    double *work;                  /* 8 matrices of p x p, or 4 of 2p x 2p */
    svyi_arena scratch;
};
enum { A, AA, HH, AHH, HHHH, SUMS };

/* out = x y, n x n matrices; out is another one. */
static void multiply(const double *x, const double *y, size_t n, double *out)
{
    memset(out, 0, n * n * sizeof *out);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < n; j++)
                out[i * n + j] += x[i * n + k] * y[k * n + j];
}

static void transpose(const double *x, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            out[j * n + i] = x[i * n + j];
}

svy_status svyi_bell_new(svyi_arena *arena, const double *gram, size_t p, svyi_bell **out, svy_error *err)
{
    svyi_bell *b = *out = svyi_arena_get(arena, sizeof *b);
    if (b == NULL)
        return svyi_nomem(err);
    svyi_arena_init(&b->scratch, &arena->alloc);
    b->p = p;
    b->q = svyi_arena_get(arena, p * p * sizeof *b->q);
    b->root = svyi_arena_get(arena, p * p * sizeof *b->root);
    b->t = svyi_arena_get(arena, p * p * sizeof *b->t);
    b->sums = svyi_arena_get(arena, p * SUMS * sizeof *b->sums);
    b->matrices = svyi_arena_get(arena, p * 3 * 4 * p * p * sizeof *b->matrices);
    b->work = svyi_arena_get(arena, (16 * p * p + p) * sizeof *b->work);
    if (b->q == NULL || b->root == NULL || b->t == NULL || b->sums == NULL || b->matrices == NULL || b->work == NULL)
        return svyi_nomem(err);
    memcpy(b->work, gram, p * p * sizeof *gram);
    if (svyi_cholesky(b->work, p, 1e-14, NULL) < p)
        return svyi_fail(err, SVY_E_NUMERIC, "columns of the model depend on each other, so that Bell-McCaffrey standard errors cannot be computed");
    svyi_cholesky_invert(b->work, p, b->q);
    memcpy(b->root, b->q, p * p * sizeof *b->q);
    svyi_cholesky(b->root, p, 0, NULL);
    for (size_t i = 0; i < p; i++)
        for (size_t j = i + 1; j < p; j++)
            b->root[i * p + j] = 0;
    return SVY_OK;
}

/* From the eigenvalue l of X_i Q X_i': the factor d so that 1 + d l = (1 - l)^(-1/2), or 0 where nothing is left of the residuals. */
static double factor(double l)
{
    double root = sqrt(1 - l);
    return 1 - l < 1e-10 ? -1 / l : 1 / (root * (1 + root));
}

/* K = L U D U'L' with U, l the eigenvectors and eigenvalues of L'X_i'X_i L. */
static int find_k(svyi_bell *b, const double *gram, double *k)
{
    size_t p = b->p;
    double *lt = b->work, *m = lt + p * p, *vectors = m + p * p, *values = vectors + p * p, *lu = values + p;
    transpose(b->root, p, lt);
    multiply(lt, gram, p, lu);
    multiply(lu, b->root, p, m);
    int failed = svyi_eigen(&b->scratch, m, p, values, vectors);
    svyi_arena_clear(&b->scratch);
    if (failed)
        return -1;
    transpose(vectors, p, m);              /* eigenvectors stand in rows */
    multiply(b->root, m, p, lu);
    memset(k, 0, p * p * sizeof *k);
    for (size_t e = 0; e < p; e++) {
        double d = factor(values[e] < 0 ? 0 : values[e] > 1 ? 1 : values[e]);
        for (size_t i = 0; i < p; i++)
            for (size_t j = 0; j < p; j++)
                k[i * p + j] += d * lu[i * p + e] * lu[j * p + e];
    }
    return 0;
}

/* One coefficient of one PSU: `c` = (I + K G) b. */
static void add_coefficient(svyi_bell *b, size_t at, const double *gram, const double *sum, const double *c)
{
    size_t p = b->p, n = 2 * p;
    double *z = b->work, *s = b->sums + at * SUMS, *m = b->matrices + at * 3 * n * n, a = 0, h = 0;
    for (size_t i = 0; i < p; i++) {
        z[i] = 0;
        for (size_t j = 0; j < p; j++)
            z[i] += gram[i * p + j] * c[j];
        a += c[i] * z[i];
        h += c[i] * sum[i];
    }
    for (size_t i = 0; i < p; i++)
        z[p + i] = h * sum[i];
    s[A] += a;
    s[AA] += a * a;
    s[HH] += h * h;
    s[AHH] += a * h * h;
    s[HHHH] += h * h * h * h;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double zz = z[i] * z[j];
            m[i * n + j] += zz;
            m[n * n + i * n + j] += a * zz;
            m[2 * n * n + i * n + j] += h * h * zz;
        }
}

int svyi_bell_unit(svyi_bell *b, const double *gram, const double *sum, double *k_out)
{
    size_t p = b->p;
    if (find_k(b, gram, k_out) != 0)
        return -1;
    double *kg = b->work + 4 * p * p, *c = kg + p * p, *column = c + p * p;      /* beyond what add_coefficient writes: 2p numbers */
    multiply(k_out, gram, p, kg);
    for (size_t i = 0; i < p; i++)
        kg[i * p + i] += 1;
    multiply(kg, b->q, p, c);
    for (size_t j = 0; j < p; j++) {
        for (size_t i = 0; i < p; i++)
            column[i] = c[i * p + j];
        add_coefficient(b, j, gram, sum, column);
    }
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            b->t[i * p + j] += sum[i] * sum[j];
    return 0;
}

/* The matrix B of the comment above. */
static void find_b(const svyi_bell *b, double s2, double c, double *out)
{
    size_t p = b->p, n = 2 * p;
    double *qt = b->work + 12 * p * p, *qtq = qt + p * p;
    multiply(b->q, b->t, p, qt);
    multiply(qt, b->q, p, qtq);
    memset(out, 0, n * n * sizeof *out);
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++) {
            out[i * n + j] = -(s2 - c) * b->q[i * p + j] + c * qtq[i * p + j];
            out[i * n + p + j] = out[(p + i) * n + j] = -c * b->q[i * p + j];
        }
}

static double trace_of_product(const double *x, const double *y, size_t n)
{
    double t = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            t += x[i * n + j] * y[j * n + i];
    return t;
}

void svyi_bell_df(const svyi_bell *b, double variance, double covariance, double *df)
{
    size_t p = b->p, n = 2 * p;
    double *m = b->work, *bz = m + n * n, rest = variance - covariance, c = covariance;
    find_b(b, variance, covariance, m);
    for (size_t j = 0; j < p; j++) {
        const double *s = b->sums + j * SUMS, *z = b->matrices + j * 3 * n * n;
        double trace = rest * s[A] + c * s[HH] + trace_of_product(m, z, n);
        double square = rest * rest * s[AA] + 2 * rest * c * s[AHH] + c * c * s[HHHH];
        square += 2 * (rest * trace_of_product(m, z + n * n, n) + c * trace_of_product(m, z + 2 * n * n, n));
        multiply(m, z, n, bz);
        square += trace_of_product(bz, bz, n);
        df[j] = square > 0 ? trace * trace / square : nan("");
    }
}
