/* Two rounds of Cholesky's factor that make the columns of a model orthogonal to the last digit. */
#include "model/turn.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* The factor L of a = L L' with pivots kept above `least` times the diagonal; @return the smallest pivot in units of the diagonal. */
static double bounded_factor(double *a, size_t n, double least, const unsigned char *skip)
{
    double smallest = 1;
    for (size_t k = 0; k < n; k++) {
        const double own = a[k * n + k];
        for (size_t j = 0; j < k; j++) {
            double sum = a[k * n + j];
            for (size_t i = 0; i < j; i++)
                sum -= a[k * n + i] * a[j * n + i];
            a[k * n + j] = skip[j] || skip[k] ? 0 : sum / a[j * n + j];
        }
        double pivot = own;
        for (size_t i = 0; i < k; i++)
            pivot -= a[k * n + i] * a[k * n + i];
        if (!skip[k] && pivot < smallest * own)
            smallest = pivot / own;
        a[k * n + k] = skip[k] ? 1 : sqrt(pivot > least * own ? pivot : least * own);
        for (size_t j = k + 1; j < n; j++)
            a[k * n + j] = 0;
    }
    return smallest;
}

/* out = l^-1 (times `before`, when it is not NULL), lower triangles. */
static void invert_factor(const double *l, size_t n, const double *before, double *out)
{
    memset(out, 0, n * n * sizeof *out);
    for (size_t c = 0; c < n; c++)
        for (size_t r = c; r < n; r++) {
            double sum = before != NULL ? before[r * n + c] : r == c;
            for (size_t i = c; i < r; i++)
                sum -= l[r * n + i] * out[i * n + c];
            out[r * n + c] = sum / l[r * n + r];
        }
}

/* The second round: what is left of a column behind those before it was made 1 by the first, unless it hardly differs from them. Such columns
   become aliased. @return how many. */
static size_t second_factor(double *a, size_t n, unsigned char *aliased)
{
    size_t found = 0;
    for (size_t k = 0; k < n; k++) {
        double pivot = a[k * n + k];
        for (size_t j = 0; j < k; j++) {
            double sum = a[k * n + j];
            for (size_t i = 0; i < j; i++)
                sum -= a[k * n + i] * a[j * n + i];
            a[k * n + j] = aliased[j] || aliased[k] ? 0 : sum / a[j * n + j];
            pivot -= a[k * n + j] * a[k * n + j];
        }
        const int gone = !aliased[k] && !(pivot > 1e-7);
        found += (size_t)gone;
        aliased[k] = (unsigned char)(aliased[k] | gone);
        a[k * n + k] = aliased[k] ? 1 : sqrt(pivot);
        for (size_t j = 0; aliased[k] && j < k; j++)
            a[k * n + j] = 0;
    }
    return found;
}

/* When columns turn out to be aliased, it starts again without them. */
svy_status svyi_turn_columns(svyi_arena *arena, size_t n, unsigned char *aliased, svyi_gram_maker gram, void *user, double **turn, svy_error *err)
{
    enum { WELL = 10000 };      /* condition of the matrix up to which nothing needs to be done */
    double *a = svyi_arena_get(arena, (n * n + 1) * sizeof *a), *first = NULL, *second = NULL;
    *turn = NULL;
    while (a != NULL) {
        if (gram(user, NULL, a) != 0)
            break;
        if (bounded_factor(a, n, 1e-12, aliased) > 1.0 / WELL)
            return SVY_OK;
        if (first == NULL && ((first = svyi_arena_get(arena, n * n * sizeof *first)) == NULL ||
                              (second = svyi_arena_get(arena, n * n * sizeof *second)) == NULL))
            break;
        invert_factor(a, n, NULL, first);
        if (gram(user, first, a) != 0)
            break;
        if (second_factor(a, n, aliased) > 0)
            continue;
        invert_factor(a, n, first, second);
        *turn = second;
        return SVY_OK;
    }
    return svyi_nomem(err);
}
