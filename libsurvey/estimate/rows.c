/* Variances of means, totals, ratios, shares and counts in designs that are more than stages: by the influence of rows. */
#include <string.h>

#include "base/error.h"
#include "estimate/finish.h"
#include "estimate/influence.h"

typedef struct rows {
    const svyi_sum_request *r;
    const double *coefficient;
    const svyi_fit *fit;
} rows;

/* c0 w u + c1 (w or w u of the denominator), u = y - centre, or y - centre - slope x for a ratio: as finish.c scores sums. */
static void numbers_of(const rows *q, size_t row, size_t domain, double *z)
{
    const svyi_sum_request *r = q->r;
    const double *centre = r->centre + domain * r->width;
    double w = r->design->weights[row];
    size_t outputs = q->fit->outputs;
    for (size_t k = 0; k < outputs; k++) {
        const double *c = q->coefficient + 2 * (domain * outputs + k);
        if (q->fit->form == SVYI_FORM_RATIOS) {
            double x = svyi_input_value(&r->inputs[2 * k + 1], row) - centre[2 * k + 1];
            double y = svyi_input_value(&r->inputs[2 * k], row) - centre[2 * k];
            z[k] = w * (c[0] * (y - r->slope[domain * outputs + k] * x) + c[1] * x);
        } else if (q->fit->form == SVYI_FORM_TOTALS) {
            z[k] = w * svyi_input_value(&r->inputs[k], row);
        } else {
            z[k] = w * (c[0] * (svyi_input_value(&r->inputs[k], row) - centre[k]) + c[1]);
        }
    }
}

static void levels_of(const rows *q, size_t row, size_t domain, double *z)
{
    const svyi_fit *fit = q->fit;
    double w = q->r->design->weights[row];
    uint32_t level = q->r->codes[row];
    const double *p = fit->estimate + domain * fit->outputs;
    for (size_t k = 0; k < fit->outputs; k++)
        z[k] = fit->form == SVYI_FORM_COUNTS ? w * (level == k) : w * ((level == k) - p[k]) / fit->weight[domain];
}

static void fill(const void *user, const uint32_t *row, size_t count, double *z, uint32_t *domain)
{
    const rows *q = user;
    int levels = q->fit->form == SVYI_FORM_SHARES || q->fit->form == SVYI_FORM_COUNTS;
    for (size_t i = 0; i < count; i++, z += q->fit->outputs) {
        uint32_t d = q->r->missing != NULL && q->r->missing[row[i]] ? SVYI_NO_DOMAIN : svyi_domain_of(q->r->domains, row[i]);
        if (q->r->design->weights[row[i]] == 0)
            d = SVYI_NO_DOMAIN;
        if (domain != NULL)
            domain[i] = d;
        if (d == SVYI_NO_DOMAIN)
            memset(z, 0, q->fit->outputs * sizeof *z);
        else if (levels)
            levels_of(q, row[i], d, z);
        else
            numbers_of(q, row[i], d, z);
    }
}

svy_status svyi_fit_by_rows(svyi_arena *scratch, const svyi_sum_request *r, const double *coefficient, svyi_fit *fit, svy_error *err)
{
    rows q = { r, coefficient, fit };
    svyi_influence f = { .width = fit->outputs, .domains = fit->domains, .fill = fill, .user = &q };
    return svyi_influence_variance(scratch, r->design, &f, r->threads, fit->variance, fit->covariance, err);
}
