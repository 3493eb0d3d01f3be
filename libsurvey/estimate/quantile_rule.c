/* Rules of quantiles: step functions and interpolations on cumulative weights. */
#include "estimate/quantile_rule.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"

static double value_at(const svyi_sorted *s, size_t k) { return s->x[s->row[k]]; }

/* The last k at which `n` increasing numbers are at most `limit`, 0 when none is. */
static size_t last_below(const double *numbers, size_t n, double limit)
{
    size_t low = 0, high = n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (numbers[middle] <= limit) low = middle; else high = middle;
    }
    return low;
}

/* ---- steps ---- */

/* Where p falls: at or behind row `at`, a share `over` behind it and `under` before the next. */
typedef struct position { size_t at, next; double over, under; } position;

static position find(const svyi_sorted *s, double p)
{
    size_t at = last_below(s->cumulative, s->n, p * s->total), next = at + 1 < s->n ? at + 1 : at;
    return (position){ at, next, p - s->cumulative[at] / s->total, s->cumulative[next] / s->total - p };
}

static double step(const svyi_sorted *s, double p, int middle)
{
    position q = find(s, p);
    if (q.over > 0)
        return value_at(s, q.next);
    return middle ? (value_at(s, q.at) + value_at(s, q.next)) / 2 : value_at(s, q.at);
}

/* Behind the last row of the ties that row k belongs to. */
static size_t tie_end(const svyi_sorted *s, size_t k)
{
    double x = value_at(s, k);
    while (k < s->n && value_at(s, k) == x)
        k++;
    return k;
}

/* hf3 counts distinct values: an even number of them at or below p keeps the last one. */
static double step_even(const svyi_sorted *s, double p)
{
    double limit = p * s->total, over;
    size_t distinct = 1, end = tie_end(s, 0), next;
    for (; end < s->n && s->cumulative[(next = tie_end(s, end)) - 1] <= limit; end = next)
        distinct++;
    over = p - s->cumulative[end - 1] / s->total;
    return (over <= 0 && distinct % 2 == 0) || end == s->n ? value_at(s, end - 1) : value_at(s, end);
}

static double between_steps(const svyi_sorted *s, double p)
{
    position q = find(s, p);
    if (q.at == q.next)
        return value_at(s, q.at);
    double part = q.over / (q.under + q.over);
    return value_at(s, q.at) * (1 - part) + value_at(s, q.next) * part;
}

/* ---- interpolation between knots ---- */

static double knot(svy_quantile_rule rule, const svyi_sorted *s, size_t k)
{
    double before = k > 0 ? s->cumulative[k - 1] : 0, here = s->cumulative[k], all = s->cumulative[s->n - 1];
    double w = s->weight[s->row[k]], last = s->weight[s->row[s->n - 1]], n = (double)s->n;
    switch (rule) {
    case SVY_QUANTILE_HF5: return (here - w / 2) / all;
    case SVY_QUANTILE_HF6: return here / (all + last);
    case SVY_QUANTILE_HF7: return before / s->cumulative[s->n - 2];
    case SVY_QUANTILE_HF8: return (before / 3 + here * 2 / 3) / (all + last / 3);
    case SVY_QUANTILE_HF9: return (before * 3 / 8 + here * 5 / 8) / (all + last / 4);
    case SVY_QUANTILE_SHAHVAISH: return ((here - w / 2) * n / s->total + 0.5) / (n + 1);
    case SVY_QUANTILE_SHAHVAISH_R: return (here * n / s->total + 0.5 - w / 2) / (n + 1);
    case SVY_QUANTILE_MATH: case SVY_QUANTILE_SCHOOL: case SVY_QUANTILE_HF1: case SVY_QUANTILE_HF2: case SVY_QUANTILE_HF3: case SVY_QUANTILE_HF4:
        break;
    }
    return nan("");
}

static double on_knots(svy_quantile_rule rule, const svyi_sorted *s, double p)
{
    size_t low = 0, high = s->n - 1;
    double left = knot(rule, s, low), right = knot(rule, s, high);
    if (p <= left)
        return value_at(s, low);
    if (p >= right)
        return value_at(s, high);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        double here = knot(rule, s, middle);
        if (p < here) {
            high = middle;
            right = here;
        } else {
            low = middle;
            left = here;
        }
    }
    double x = value_at(s, low), y = value_at(s, high);
    return rule == SVY_QUANTILE_SHAHVAISH || p == left ? x : x + (y - x) * ((p - left) / (right - left));
}

/* ---- knots that do not increase ---- */

typedef struct pair { double knot, value; } pair;

static int by_knot(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    return (x->knot > y->knot) - (x->knot < y->knot);
}

/* R sorts the knots, and averages the values of equal ones. */
static double on_sorted_knots(const svyi_sorted *s, double p)
{
    pair *pairs = svyi_get(s->alloc, s->n * sizeof *pairs);
    double value = nan("");
    if (pairs == NULL)
        return value;
    for (size_t k = 0; k < s->n; k++)
        pairs[k] = (pair){ knot(SVY_QUANTILE_SHAHVAISH_R, s, k), value_at(s, k) };
    qsort(pairs, s->n, sizeof *pairs, by_knot);
    size_t k = 0, first = 0;
    while (k + 1 < s->n && pairs[k + 1].knot <= p)
        k++;
    for (first = k; first > 0 && pairs[first - 1].knot == pairs[k].knot; first--)
        ;
    while (k + 1 < s->n && pairs[k + 1].knot == pairs[k].knot)
        k++;
    value = 0;
    for (size_t i = first; i <= k; i++)
        value += pairs[i].value;
    svyi_release(s->alloc, pairs, s->n * sizeof *pairs);
    return value / (double)(k - first + 1);
}

double svyi_quantile_read(svy_quantile_rule rule, const svyi_sorted *s, double p)
{
    if (!(p >= 0 && p <= 1))
        return nan("");
    switch (rule) {
    case SVY_QUANTILE_MATH: case SVY_QUANTILE_HF1: return step(s, p, 0);
    case SVY_QUANTILE_SCHOOL: case SVY_QUANTILE_HF2: return step(s, p, 1);
    case SVY_QUANTILE_HF3: return step_even(s, p);
    case SVY_QUANTILE_HF4: return between_steps(s, p);
    case SVY_QUANTILE_SHAHVAISH_R: return s->n > 1 ? on_sorted_knots(s, p) : value_at(s, 0);
    case SVY_QUANTILE_SHAHVAISH: case SVY_QUANTILE_HF5: case SVY_QUANTILE_HF6: case SVY_QUANTILE_HF7: case SVY_QUANTILE_HF8: case SVY_QUANTILE_HF9:
        return s->n > 1 ? on_knots(rule, s, p) : value_at(s, 0);
    }
    return nan("");
}

double svyi_sorted_share(const svyi_sorted *s, double value, size_t *rows)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (value_at(s, middle) <= value) low = middle + 1; else high = middle;
    }
    *rows = low;
    return low > 0 ? s->cumulative[low - 1] / s->cumulative[s->n - 1] : 0;
}
