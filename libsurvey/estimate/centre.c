/* Provisional centres from a sample of rows, so that the sums of the one pass lose no digits to a large common value. */
#include <string.h>

#include "base/error.h"
#include "estimate/sum.h"

enum { SAMPLE = 16384 };

typedef struct sample { double *sums, *weights; size_t width; } sample;    /* weighted, by domain; the last one is all rows */

static double value(const svyi_input *in, size_t row)
{
    return in->numbers != NULL ? in->numbers[row] : 0;       /* indicators need no centre */
}

static void take_row(const svyi_sum_request *r, sample *s, size_t row, size_t domain)
{
    if (r->missing != NULL && r->missing[row] != 0)
        return;
    size_t all = r->domains->count;
    double w = r->design->weights[row];
    for (size_t k = 0; k < s->width; k++) {
        double y = w * value(&r->inputs[k], row);
        s->sums[domain * s->width + k] += y;
        s->sums[all * s->width + k] += y;
    }
    s->weights[domain] += w;
    s->weights[all] += w;
}

static double quotient(double a, double b) { return b != 0 ? a / b : 0; }

static void finish(const svyi_sum_request *r, const sample *s, int slopes, double *out)
{
    size_t all = r->domains->count, step = slopes ? 2 : 1;
    for (size_t d = 0; d < r->domains->count; d++) {
        size_t from = s->weights[d] > 0 ? d : all;
        const double *sums = s->sums + from * s->width;
        for (size_t k = 0; k + step <= s->width; k += step)
            *out++ = slopes ? quotient(sums[k], sums[k + 1]) : quotient(sums[k], s->weights[from]);
    }
}

svy_status svyi_centre(const svyi_sum_request *r, int slopes, double *out, svy_error *err)
{
    svyi_arena arena;
    size_t rows = r->design->rows, step = rows / SAMPLE + 1, domains = r->domains->count + 1;
    sample s = { .width = r->width };
    svyi_arena_init(&arena, r->alloc);
    s.sums = svyi_arena_get(&arena, (domains * r->width + 1) * sizeof *s.sums);
    s.weights = svyi_arena_get(&arena, domains * sizeof *s.weights);
    if (s.sums == NULL || s.weights == NULL) {
        svyi_arena_clear(&arena);
        return svyi_nomem(err);
    }
    for (size_t i = 0; i < rows; i += step) {
        uint32_t d = svyi_domain_of(r->domains, i);
        if (d != SVYI_NO_DOMAIN)
            take_row(r, &s, i, d);
    }
    for (size_t d = 0; d < r->domains->count; d++)
        if (s.weights[d] <= 0)
            take_row(r, &s, r->domains->first_row[d], d);
    finish(r, &s, slopes, out);
    svyi_arena_clear(&arena);
    return SVY_OK;
}
