/* Cholesky's factor, Jacobi's rotations and what is made of them, for small symmetric matrices. */
#include "num/matrix.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- Cholesky ---- */

/* Row k of the factor from the rows above it. */
static void factor_row(double *a, size_t n, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        double sum = a[k * n + j];
        for (size_t i = 0; i < j; i++)
            sum -= a[k * n + i] * a[j * n + i];
        a[k * n + j] = a[j * n + j] > 0 ? sum / a[j * n + j] : 0;
    }
}

size_t svyi_cholesky(double *a, size_t n, double tolerance, unsigned char *aliased)
{
    size_t rank = 0;
    for (size_t k = 0; k < n; k++) {
        double own = a[k * n + k], pivot = own;
        factor_row(a, n, k);
        for (size_t i = 0; i < k; i++)
            pivot -= a[k * n + i] * a[k * n + i];
        int kept = pivot > tolerance * own && pivot > 0;
        if (aliased != NULL)
            aliased[k] = !kept;
        if (!kept)
            memset(a + k * n, 0, k * sizeof *a);
        a[k * n + k] = kept ? sqrt(pivot) : 0;
        for (size_t j = k + 1; j < n; j++)
            a[k * n + j] = 0;
        rank += (size_t)kept;
    }
    return rank;
}

void svyi_cholesky_solve(const double *l, size_t n, double *b)
{
    for (size_t k = 0; k < n; k++) {
        double sum = b[k];
        for (size_t i = 0; i < k; i++)
            sum -= l[k * n + i] * b[i];
        b[k] = l[k * n + k] > 0 ? sum / l[k * n + k] : 0;
    }
    for (size_t k = n; k-- > 0;) {
        double sum = b[k];
        for (size_t i = k + 1; i < n; i++)
            sum -= l[i * n + k] * b[i];
        b[k] = l[k * n + k] > 0 ? sum / l[k * n + k] : 0;
    }
}

void svyi_cholesky_invert(const double *l, size_t n, double *out)
{
    memset(out, 0, n * n * sizeof *out);
    for (size_t k = 0; k < n; k++) {
        if (!(l[k * n + k] > 0))
            continue;
        out[k * n + k] = 1;
        svyi_cholesky_solve(l, n, out + k * n);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            out[i * n + j] = out[j * n + i] = (out[i * n + j] + out[j * n + i]) / 2;
}

/* ---- eigenvalues ---- */

enum { SWEEPS_MAX = 60 };

/* One rotation that makes m[p][q] zero. */
static void rotate(double *m, double *vectors, size_t n, size_t p, size_t q)
{
    double theta = (m[q * n + q] - m[p * n + p]) / (2 * m[p * n + q]);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + hypot(theta, 1)), c = 1 / hypot(t, 1), s = t * c;
    for (size_t k = 0; k < n; k++) {
        double a = m[k * n + p], b = m[k * n + q];
        m[k * n + p] = c * a - s * b;
        m[k * n + q] = s * a + c * b;
    }
    for (size_t k = 0; k < n; k++) {
        double a = m[p * n + k], b = m[q * n + k];
        m[p * n + k] = c * a - s * b;
        m[q * n + k] = s * a + c * b;
    }
    for (size_t k = 0; k < n; k++) {
        double a = vectors[p * n + k], b = vectors[q * n + k];
        vectors[p * n + k] = c * a - s * b;
        vectors[q * n + k] = s * a + c * b;
    }
    m[p * n + q] = m[q * n + p] = 0;
}

/* One pass over all pairs. @return how many were not zero yet. */
static size_t sweep(double *m, double *vectors, size_t n)
{
    size_t rotations = 0;
    for (size_t p = 0; p < n; p++)
        for (size_t q = p + 1; q < n; q++) {
            double off = fabs(m[p * n + q]), size = sqrt(fabs(m[p * n + p])) * sqrt(fabs(m[q * n + q]));
            if (!(off > 0) || off <= DBL_EPSILON * 0.25 * size || off < DBL_MIN)
                continue;
            rotate(m, vectors, n, p, q);
            rotations++;
        }
    return rotations;
}

int svyi_eigen(svyi_arena *scratch, const double *a, size_t n, double *values, double *vectors)
{
    double *m = svyi_arena_get(scratch, (n * n + 1) * sizeof *m), *v = svyi_arena_get(scratch, (n * n + 1) * sizeof *v);
    if (m == NULL || v == NULL)
        return -1;
    memcpy(m, a, n * n * sizeof *m);
    memset(v, 0, n * n * sizeof *v);
    for (size_t k = 0; k < n; k++)
        v[k * n + k] = 1;
    for (int pass = 0; pass < SWEEPS_MAX && sweep(m, v, n) > 0; pass++)
        ;
    for (size_t k = 0; k < n; k++) {      /* the largest of what is left comes next */
        size_t best = k;
        for (size_t j = k + 1; j < n; j++)
            if (m[j * n + j] > m[best * n + best])
                best = j;
        values[k] = m[best * n + best];
        m[best * n + best] = m[k * n + k];
        for (size_t j = 0; j < n; j++) {
            double swap = v[k * n + j];
            v[k * n + j] = v[best * n + j];
            v[best * n + j] = swap;
        }
    }
    if (vectors != NULL)
        memcpy(vectors, v, n * n * sizeof *v);
    return 0;
}

size_t svyi_pseudo_inverse(svyi_arena *scratch, const double *a, size_t n, double tolerance, double *out)
{
    double *values = svyi_arena_get(scratch, (n + 1) * sizeof *values), *v = svyi_arena_get(scratch, (n * n + 1) * sizeof *v), largest = 0;
    size_t rank = 0;
    if (values == NULL || v == NULL || svyi_eigen(scratch, a, n, values, v) != 0)
        return SIZE_MAX;
    memset(out, 0, n * n * sizeof *out);
    for (size_t k = 0; k < n; k++)
        largest = fabs(values[k]) > largest ? fabs(values[k]) : largest;
    for (size_t k = 0; k < n; k++) {
        if (!(fabs(values[k]) > tolerance * largest))
            continue;
        rank++;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                out[i * n + j] += v[k * n + i] * v[k * n + j] / values[k];
    }
    return rank;
}

int svyi_sandwich(svyi_arena *scratch, const double *x, size_t rows, const double *m, size_t n, double *out)
{
    double *half = svyi_arena_get(scratch, (n + 1) * sizeof *half);
    if (half == NULL)
        return -1;
    for (size_t i = 0; i < rows; i++) {
        memset(half, 0, n * sizeof *half);
        for (size_t k = 0; k < n; k++)
            for (size_t l = 0; l < n && x[i * n + k] != 0; l++)
                half[l] += x[i * n + k] * m[k * n + l];
        for (size_t j = i; j < rows; j++) {
            double sum = 0;
            for (size_t l = 0; l < n; l++)
                sum += half[l] * x[j * n + l];
            out[i * rows + j] = out[j * rows + i] = sum;
        }
    }
    return 0;
}

int svyi_eigen_product(svyi_arena *scratch, const double *a, const double *b, size_t n, double *values)
{
    double *root = svyi_arena_get(scratch, (n * n + 1) * sizeof *root), *m = svyi_arena_get(scratch, (n * n + 1) * sizeof *m);
    if (root == NULL || m == NULL || svyi_eigen(scratch, a, n, values, root) != 0)
        return -1;
    for (size_t k = 0; k < n; k++) {      /* rows of root: sqrt(value) * vector, so root' root = a, and root b root' has the same eigenvalues */
        double s = values[k] > 0 ? sqrt(values[k]) : 0;
        for (size_t j = 0; j < n; j++)
            root[k * n + j] *= s;
    }
    return svyi_sandwich(scratch, root, n, b, n, m) != 0 ? -1 : svyi_eigen(scratch, m, n, values, NULL);
}
