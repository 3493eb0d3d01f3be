/* Bell-McCaffrey standard errors and degrees of freedom of means and shares: those of a regression on a constant, domain by domain. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/bell_mccaffrey.h"
#include "estimate/finish.h"
#include "estimate/influence.h"

enum { CELLS_MAX = 1 << 26 };

/* Cells are PSU * domains + domain; where rows are PSUs there are none, every row's residual stands alone. */
typedef struct bell {
    const svyi_sum_request *r;
    const svyi_fit *fit;
    int alone;
    uint32_t *psu;                 /* by row */
    double *rows;                  /* by cell */
    double *sum;                   /* by cell and output: of residuals; then what is added to them */
    double *n;                     /* by domain: rows */
    double *squares;               /* by domain and output: sums of squared residuals */
} bell;

static uint32_t domain_of(const bell *b, size_t row)
{
    const svyi_sum_request *r = b->r;
    if (r->design->weights[row] == 0 || (r->missing != NULL && r->missing[row]))
        return SVYI_NO_DOMAIN;
    return svyi_domain_of(r->domains, row);
}

static double residual(const bell *b, size_t row, uint32_t domain, size_t k)
{
    const svyi_sum_request *r = b->r;
    double mean = b->fit->estimate[domain * b->fit->outputs + k];
    if (b->fit->form == SVYI_FORM_SHARES)
        return (r->codes[row] == k) - mean;
    return (r->inputs[k].numbers != NULL ? r->inputs[k].numbers[row] : r->inputs[k].codes[row] == r->inputs[k].level) - mean;
}

static void find_psus(bell *b)
{
    const svy_design *d = b->r->design;
    for (uint32_t g = 0; g < d->n_groups; g++)
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++)
            b->psu[d->order != NULL ? d->order[place] : place] = svyi_design_psu(d, g, place);
}

static void sum_residuals(bell *b)
{
    size_t outputs = b->fit->outputs;
    for (size_t row = 0; row < b->r->design->rows; row++) {
        uint32_t domain = domain_of(b, row);
        if (domain == SVYI_NO_DOMAIN)
            continue;
        size_t cell = b->alone ? 0 : b->psu[row] * b->fit->domains + domain;
        b->n[domain]++;
        if (!b->alone)
            b->rows[cell]++;
        for (size_t k = 0; k < outputs; k++) {
            double x = residual(b, row, domain, k);
            b->squares[domain * outputs + k] += x * x;
            if (!b->alone)
                b->sum[cell * outputs + k] += x;
        }
    }
}

/* One domain: the PSUs' adjustments, and the degrees of freedom of each output. */
static svy_status adjust_domain(bell *b, svyi_arena *scratch, size_t domain, int exchangeable, double *df, svy_error *err)
{
    size_t outputs = b->fit->outputs, domains = b->fit->domains;
    svyi_bell *units;
    double pairs = 0, one = 1, *together = svyi_arena_get(scratch, (outputs + 1) * sizeof *together);
    svy_status st = together != NULL ? svyi_bell_new(scratch, &b->n[domain], 1, &units, err) : svyi_nomem(err);
    for (uint32_t u = 0; st == SVY_OK && u < b->r->design->n_psus; u++) {
        double m = b->rows[u * domains + domain], k_unit, *sum = b->sum + (u * domains + domain) * outputs;
        if (m == 0)
            continue;
        if (svyi_bell_unit(units, &m, &m, &k_unit) != 0)
            return svyi_nomem(err);
        pairs += m * m;
        for (size_t k = 0; k < outputs; k++) {
            double all = sum[k];
            sum[k] = k_unit * all;
            b->squares[domain * outputs + k] += 2 * k_unit * all * all + m * sum[k] * sum[k];
            together[k] += (all + m * sum[k]) * (all + m * sum[k]);
        }
    }
    for (size_t k = 0; st == SVY_OK && k < outputs; k++) {
        double s2 = b->squares[domain * outputs + k];
        double c = exchangeable && pairs > b->n[domain] ? (together[k] - s2) / (pairs - b->n[domain]) : 0;
        svyi_bell_df(units, exchangeable && s2 > 0 ? s2 / b->n[domain] : one, c, &df[domain * outputs + k]);
    }
    return st;
}

static void fill(const void *user, const uint32_t *row, size_t count, double *z, uint32_t *domain)
{
    const bell *b = user;
    size_t outputs = b->fit->outputs;
    for (size_t i = 0; i < count; i++, z += outputs) {
        uint32_t d = domain_of(b, row[i]);
        if (domain != NULL)
            domain[i] = d;
        if (d == SVYI_NO_DOMAIN) {
            memset(z, 0, outputs * sizeof *z);
            continue;
        }
        double share = b->r->design->weights[row[i]] / b->fit->weight[d];
        for (size_t k = 0; k < outputs; k++) {
            double x = residual(b, row[i], d, k);
            z[k] = share * (b->alone ? x / sqrt(1 - 1 / b->n[d]) : x + b->sum[(b->psu[row[i]] * b->fit->domains + d) * outputs + k]);
        }
    }
}

static svy_status prepare(bell *b, svyi_arena *scratch, svy_error *err)
{
    const svy_design *d = b->r->design;
    size_t domains = b->fit->domains, outputs = b->fit->outputs, cells = b->alone ? 0 : d->n_psus * domains;
    if (cells * outputs > CELLS_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "there are %zu combinations of PSU, domain and estimate: the limit with Bell-McCaffrey standard errors is %d",
                         cells * outputs, CELLS_MAX);
    b->psu = svyi_arena_get(scratch, (b->alone ? 1 : d->rows) * sizeof *b->psu);
    b->rows = svyi_arena_get(scratch, (cells + 1) * sizeof *b->rows);
    b->sum = svyi_arena_get(scratch, (cells * outputs + 1) * sizeof *b->sum);
    b->n = svyi_arena_get(scratch, (domains + 1) * sizeof *b->n);
    b->squares = svyi_arena_get(scratch, (domains * outputs + 1) * sizeof *b->squares);
    if (b->psu == NULL || b->rows == NULL || b->sum == NULL || b->n == NULL || b->squares == NULL)
        return svyi_nomem(err);
    if (!b->alone)
        find_psus(b);
    sum_residuals(b);
    return SVY_OK;
}

svy_status svyi_fit_bell(svyi_arena *arena, const svyi_sum_request *r, svyi_fit *fit, int exchangeable, svy_error *err)
{
    bell b = { .r = r, .fit = fit, .alone = r->design->elements && r->design->n_stages == 1 };
    svyi_influence f = { .width = fit->outputs, .domains = fit->domains, .fill = fill, .user = &b };
    svyi_arena scratch;
    svyi_arena_init(&scratch, &arena->alloc);
    double *df = fit->own_df = svyi_arena_get(arena, (fit->domains * fit->outputs + 1) * sizeof *df);
    svy_status st = df != NULL ? prepare(&b, &scratch, err) : svyi_nomem(err);
    for (size_t d = 0; st == SVY_OK && d < fit->domains; d++) {
        for (size_t k = 0; k < fit->outputs; k++)
            df[d * fit->outputs + k] = b.n[d] - 1;
        if (!b.alone && b.n[d] > 0)
            st = adjust_domain(&b, &scratch, d, exchangeable, df, err);
    }
    if (st == SVY_OK)
        st = svyi_influence_variance(&scratch, r->design, &f, r->threads, fit->variance, fit->covariance, err);
    svyi_arena_clear(&scratch);
    return st;
}
