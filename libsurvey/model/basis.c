/* Natural cubic splines, B-splines and orthogonal polynomials, parametrised as R's ns(), bs() and poly().
   B-splines by de Boor's recursion: C. de Boor, "A Practical Guide to Splines", Springer 2001; polynomials by Stieltjes' three-term recurrence. */
#include "model/basis.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* ---- B-splines ---- */

/* Piece of the knots around x: all[piece] <= x < all[piece + 1], the last piece for its right end, an end piece outside. */
static size_t find_piece(const svyi_basis *b, double x)
{
    const size_t order = (size_t)b->degree + 1;
    size_t low = order - 1, high = b->n_all - order;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (x >= b->all_knots[middle])
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The order values that are not zero, of B-splines of `order` at x in a piece. */
static void values_in_piece(const svyi_basis *b, size_t piece, double x, size_t order, double *out)
{
    const double *t = b->all_knots;
    out[0] = 1;
    for (size_t k = 1; k < order; k++) {
        double carry = 0;
        for (size_t r = 0; r < k; r++) {
            const double right = t[piece + r + 1], left = t[piece + r + 1 - k], share = right > left ? out[r] / (right - left) : 0;
            out[r] = carry + (right - x) * share;
            carry = (x - left) * share;
        }
        out[k] = carry;
    }
}

/* All B-splines at x, or their derivatives: those of order k are differences of those of order k - 1. */
static void spline_at(const svyi_basis *b, double x, int derivative, double *out)
{
    const size_t order = (size_t)b->degree + 1, piece = find_piece(b, x), n = b->n_all - order;
    double v[SVYI_BASIS_DEGREE + 2] = { 0 };
    const size_t low = order - (size_t)derivative;
    values_in_piece(b, piece, x, low, v);
    for (size_t k = low + 1; k <= order; k++) {       /* from order k - 1 to k, once differentiated */
        double w[SVYI_BASIS_DEGREE + 2] = { 0 };
        for (size_t r = 0; r < k; r++) {              /* B-spline number piece - (k - 1) + r */
            const size_t i = piece + 1 + r - k;
            const double *t = b->all_knots;
            const double left = r > 0 && t[i + k - 1] > t[i] ? v[r - 1] / (t[i + k - 1] - t[i]) : 0;
            const double right = r < k - 1 && t[i + k] > t[i + 1] ? v[r] / (t[i + k] - t[i + 1]) : 0;
            w[r] = (double)(k - 1) * (left - right);
        }
        memcpy(v, w, sizeof v);
    }
    memset(out, 0, n * sizeof *out);
    memcpy(out + piece + 1 - order, v, order * sizeof *v);
}

static void set_knots(svyi_basis *b)
{
    const size_t order = (size_t)b->degree + 1;
    b->n_all = 0;
    for (size_t i = 0; i < order; i++)
        b->all_knots[b->n_all++] = b->boundary[0];
    for (size_t i = 0; i < b->n_knots; i++)
        b->all_knots[b->n_all++] = b->knots[i];
    for (size_t i = 0; i < order; i++)
        b->all_knots[b->n_all++] = b->boundary[1];
}

/* Quantile of sorted values, R's type 7. */
static double quantile(const double *x, size_t n, double p)
{
    const double index = (double)(n - 1) * p, low = floor(index + 4 * DBL_EPSILON);
    const size_t k = (size_t)low;
    const double h = index - low;
    if (!(h > 0) || k + 1 >= n || x[k] == x[k + 1])
        return x[k];
    return (1 - h) * x[k] + h * x[k + 1];
}

/* Inner knots at equal shares of the values between the boundary knots. */
static const char *find_knots(svyi_basis *b, double *x, size_t n)
{
    const int natural = b->kind == SVYI_BASIS_NATURAL;
    qsort(x, n, sizeof *x, compare);
    if (!b->boundary_given) {
        b->boundary[0] = x[0];
        b->boundary[1] = x[n - 1];
    }
    if (!(b->boundary[1] > b->boundary[0]))
        return "a spline needs a variable with more than one value";
    const size_t taken = natural ? 1 + (size_t)b->intercept : (size_t)b->degree + (size_t)b->intercept;
    if (b->df > 0) {
        if (b->df < taken)
            return natural ? "a natural spline needs at least 1 degree of freedom, 2 with its intercept" : "a spline needs at least as many degrees of freedom as its degree";
        size_t from = 0, to = n;
        while (from < to && x[from] < b->boundary[0])
            from++;
        while (to > from && x[to - 1] > b->boundary[1])
            to--;
        b->n_knots = b->df - taken;
        for (size_t i = 0; i < b->n_knots; i++)
            b->knots[i] = quantile(x + from, to - from, (double)(i + 1) / (double)(b->n_knots + 1));
    }
    for (size_t i = 0; i < b->n_knots; i++)
        if (!(b->knots[i] > b->boundary[0] && b->knots[i] < b->boundary[1]))
            return "a knot of a spline lies on its boundary or outside: give knots inside, or fewer degrees of freedom";
    b->width = b->n_knots + taken;
    return NULL;
}

/* ---- natural splines ---- */

/* One Householder reflection that makes the entries of u behind `from` zero, as LINPACK does it: u' is kept in place, scaled. */
static void reflector(double *u, size_t from, size_t n)
{
    double norm = 0;
    for (size_t i = from; i < n; i++)
        norm = hypot(norm, u[i]);
    if (u[from] < 0)
        norm = -norm;
    for (size_t i = from; i < n; i++)
        u[i] /= norm;
    u[from] += 1;
}

static void reflect(const double *u, size_t from, size_t n, double *y)
{
    double t = 0;
    for (size_t i = from; i < n; i++)
        t -= u[i] * y[i];
    t /= u[from];
    for (size_t i = from; i < n; i++)
        y[i] += t * u[i];
}

/* The columns that have no second derivative at both boundary knots: Q' of the QR decomposition of those two conditions, without its first two rows. */
static const char *make_natural(svyi_arena *arena, svyi_basis *b, int *nomem)
{
    double whole[2][SVYI_BASIS_MAX + 8], unit[SVYI_BASIS_MAX + 8];
    const size_t skip = b->intercept ? 0 : 1, n = b->n_all - 4, m = n - skip;
    spline_at(b, b->boundary[0], 2, whole[0]);
    spline_at(b, b->boundary[1], 2, whole[1]);
    double *u = whole[0] + skip, *v = whole[1] + skip;
    if ((b->transform = svyi_arena_get(arena, n * b->width * sizeof *b->transform)) == NULL) {
        *nomem = 1;
        return NULL;
    }
    reflector(u, 0, m);
    reflect(u, 0, m, v);
    reflector(v, 1, m);
    for (size_t i = skip; i < n; i++) {
        memset(unit, 0, sizeof unit);
        unit[i - skip] = 1;
        reflect(u, 0, m, unit);
        reflect(v, 1, m, unit);
        memcpy(b->transform + i * b->width, unit + 2, b->width * sizeof *unit);
    }
    return NULL;
}

static void natural_at(const svyi_basis *b, double x, int derivative, double *out)
{
    double v[SVYI_BASIS_MAX + 8], slope[SVYI_BASIS_MAX + 8];
    const double at = x < b->boundary[0] ? b->boundary[0] : x > b->boundary[1] ? b->boundary[1] : x;
    const size_t n = b->n_all - 4, piece = find_piece(b, at);
    size_t from = piece - 3, to = piece + 1;
    spline_at(b, at, derivative, v);
    if (at != x && !derivative) {                       /* a straight line outside */
        spline_at(b, at, 1, slope);
        for (size_t i = 0; i < n; i++)
            v[i] += (x - at) * slope[i];
    }
    memset(out, 0, b->width * sizeof *out);
    for (size_t i = from; i < to && i < n; i++)
        for (size_t k = 0; k < b->width; k++)
            out[k] += v[i] * b->transform[i * b->width + k];
}

/* ---- polynomials ---- */

/* Coefficients of the recurrence p_(k+1) = (x - alpha_k) p_k - norm_k / norm_(k-1) p_(k-1) that makes the p_k orthogonal over the values. */
static const char *make_polynomial(svyi_basis *b, const double *x, size_t n)
{
    const size_t degree = (size_t)b->degree;
    double centre = 0;
    for (size_t i = 0; i < n; i++)
        centre += (x[i] - centre) / (double)(i + 1);
    for (size_t k = 0; k <= degree; k++) {
        double norm = 0, moment = 0;
        for (size_t i = 0; i < n; i++) {
            double p = 1, before = 0;
            for (size_t j = 0; j < k; j++) {
                const double next = (x[i] - b->alpha[j]) * p - (j > 0 ? b->norm[j] / b->norm[j - 1] : 0) * before;
                before = p;
                p = next;
            }
            norm += p * p;
            moment += (x[i] - centre) * p * p;
        }
        if (!(norm > 0) || (k > 0 && norm < 1e-14 * b->norm[k - 1]))
            return "a polynomial needs a variable with more different values than its degree";
        b->norm[k] = norm;
        if (k < SVYI_BASIS_MAX)
            b->alpha[k] = moment / norm + centre;
    }
    b->width = degree;
    return NULL;
}

static void polynomial_at(const svyi_basis *b, double x, double *out)
{
    double p = 1, before = 0;
    for (size_t j = 0; j < b->width; j++) {
        const double next = (x - b->alpha[j]) * p - (j > 0 ? b->norm[j] / b->norm[j - 1] : 0) * before;
        before = p;
        p = next;
        out[j] = p / sqrt(b->norm[j + 1]);
    }
}

static void powers_at(const svyi_basis *b, double x, double *out)
{
    double p = 1;
    for (size_t j = 0; j < b->width; j++)
        out[j] = p *= x;
}

/* ---- all ---- */

const char *svyi_basis_make(svyi_arena *arena, svyi_basis *b, double *x, size_t n, int *nomem)
{
    *nomem = 0;
    if (b->kind == SVYI_BASIS_POWERS) {
        b->width = (size_t)b->degree;
        return NULL;
    }
    if (b->kind == SVYI_BASIS_POLYNOMIAL)
        return make_polynomial(b, x, n);
    const char *wrong = n > 0 ? find_knots(b, x, n) : "a spline needs rows";
    if (wrong != NULL)
        return wrong;
    set_knots(b);
    return b->kind == SVYI_BASIS_NATURAL ? make_natural(arena, b, nomem) : NULL;
}

void svyi_basis_at(const svyi_basis *b, double x, double *out)
{
    double v[SVYI_BASIS_MAX + 8 + SVYI_BASIS_DEGREE];
    switch (b->kind) {
    case SVYI_BASIS_NATURAL:
        natural_at(b, x, 0, out);
        return;
    case SVYI_BASIS_SPLINE:
        spline_at(b, x, 0, v);
        memcpy(out, v + !b->intercept, b->width * sizeof *v);
        return;
    case SVYI_BASIS_POLYNOMIAL:
        polynomial_at(b, x, out);
        return;
    case SVYI_BASIS_POWERS: default:
        powers_at(b, x, out);
        return;
    }
}

void svyi_basis_slope(const svyi_basis *b, double x, double *out)
{
    double v[SVYI_BASIS_MAX + 8 + SVYI_BASIS_DEGREE], p = 1, before = 0, slope = 0, slope_before = 0;
    if (b->kind == SVYI_BASIS_NATURAL) {
        natural_at(b, x, 1, out);
    } else if (b->kind == SVYI_BASIS_SPLINE) {
        spline_at(b, x, 1, v);
        memcpy(out, v + !b->intercept, b->width * sizeof *v);
    } else if (b->kind == SVYI_BASIS_POWERS) {
        for (size_t j = 0; j < b->width; j++, p *= x)
            out[j] = (double)(j + 1) * p;
    } else {
        for (size_t j = 0; j < b->width; j++) {
            const double by = j > 0 ? b->norm[j] / b->norm[j - 1] : 0, next = (x - b->alpha[j]) * p - by * before;
            const double next_slope = p + (x - b->alpha[j]) * slope - by * slope_before;
            before = p;
            p = next;
            slope_before = slope;
            slope = next_slope;
            out[j] = slope / sqrt(b->norm[j + 1]);
        }
    }
}
