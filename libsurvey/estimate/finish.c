/* The finish step: estimates from sums over all groups, and the influence of every group on them. */
#include "estimate/finish.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/influence.h"
#include "survey/estimate.h"

typedef struct finish {
    const svyi_sum_request *r;
    const svyi_sums *sums;
    svyi_fit *fit;
    double *total;        /* by cell: sums of x */
    double *squares;      /* by cell */
    size_t n_squares;
    double *coefficient;  /* by estimate: two, see output_parts */
} finish;

/* ---- totals ---- */

/* Neumaier's compensated sum. */
static void add_exactly(double *sum, double *rest, double x)
{
    double t = *sum + x;
    *rest += fabs(*sum) >= fabs(x) ? *sum - t + x : x - t + *sum;
    *sum = t;
}

static int sum_totals(finish *f, svyi_arena *arena)
{
    const svyi_sums *s = f->sums;
    size_t cells = f->fit->domains * f->r->n_levels, m = s->scatter_at;
    double *sum = svyi_arena_get(arena, (cells * m + 1) * sizeof *sum), *rest = svyi_arena_get(arena, (cells * m + 1) * sizeof *rest);
    f->total = svyi_arena_get(arena, (cells * s->dimension + 1) * sizeof *f->total);
    f->n_squares = s->scatter_at - s->squares_at;
    f->squares = svyi_arena_get(arena, (cells * f->n_squares + 1) * sizeof *f->squares);
    if (sum == NULL || rest == NULL || f->total == NULL || f->squares == NULL)
        return -1;
    for (size_t k = 0; k < s->count; k++) {
        size_t at = s->entries[k].cell * m;
        for (size_t i = 0; i < m; i++)
            add_exactly(&sum[at + i], &rest[at + i], s->values[k * s->stride + i]);
    }
    for (size_t c = 0; c < cells; c++) {
        for (size_t i = 0; i < s->dimension; i++)
            f->total[c * s->dimension + i] = sum[c * m + i] + rest[c * m + i];
        for (size_t i = 0; i < f->n_squares; i++)
            f->squares[c * f->n_squares + i] = sum[c * m + s->squares_at + i] + rest[c * m + s->squares_at + i];
    }
    return 0;
}

/* Counts by domain, and degrees of freedom: PSUs less strata that have a row of positive weight. */
static int count_domains(finish *f, svyi_arena *arena)
{
    const svy_design *d = f->r->design;
    svyi_fit *fit = f->fit;
    const svyi_stage *first = &d->stages[0];
    uint32_t *last_psu = svyi_arena_get(arena, (fit->domains + 1) * sizeof *last_psu);       /* number + 1 */
    uint32_t *last_stratum = svyi_arena_get(arena, (fit->domains + 1) * sizeof *last_stratum);
    uint32_t stratum = 0;
    int rows_are_psus = d->elements && d->n_stages == 1;
    if (last_psu == NULL || last_stratum == NULL)
        return -1;
    for (size_t k = 0; k < f->sums->count; k++) {
        const svyi_entry *e = &f->sums->entries[k];
        uint32_t domain = e->cell / f->r->n_levels, counted = e->weighted + e->missing;
        fit->n[domain] += e->weighted;
        fit->missing[domain] += e->missing;
        fit->rows[domain] += e->rows;
        fit->used[domain] += e->used;
        if (fit->cell_n != NULL)
            fit->cell_n[e->cell] += e->weighted;
        if (counted == 0)
            continue;
        uint32_t psu = d->group_psu != NULL ? d->group_psu[e->group] : e->group;
        if (rows_are_psus) {
            stratum = e->group;
            fit->df[domain] += counted;
        } else {
            while (first->unit_start[stratum + 1] <= psu)
                stratum++;
            fit->df[domain] += last_psu[domain] != psu + 1;
            last_psu[domain] = psu + 1;
        }
        fit->df[domain] -= last_stratum[domain] != stratum + 1;
        last_stratum[domain] = stratum + 1;
    }
    return 0;
}

/* ---- estimates ---- */

/* Output k is coefficient[0] * x[first] + coefficient[1] * x[second] of a group's sums. */
typedef struct parts { size_t first, second; } parts;
static parts output_parts(svyi_form form, size_t k)
{
    return form == SVYI_FORM_RATIOS ? (parts){ 2 * k + 1, 2 * k + 2 } : (parts){ k + 1, 0 };
}

/* NaN where nothing can be computed. */
static double divide(double a, double b) { return b != 0 ? a / b : nan(""); }

void svyi_fit_numbers(const svyi_sum_request *r, svyi_fit *fit, const double *total, size_t domain, double *coefficient)
{
    size_t outputs = fit->outputs;
    const double *centre = r->centre + domain * r->width;
    double w = total[0];
    fit->weight[domain] = w;
    for (size_t k = 0; k < outputs; k++) {
        double *estimate = &fit->estimate[domain * outputs + k], *c = &coefficient[2 * (domain * outputs + k)];
        if (fit->form == SVYI_FORM_MEANS) {
            double off = divide(total[k + 1], w);
            *estimate = centre[k] + off;
            c[0] = divide(1, w);
            c[1] = -off * c[0];
        } else if (fit->form == SVYI_FORM_TOTALS) {
            *estimate = total[k + 1] + centre[k] * w;
            c[0] = 1;
            c[1] = centre[k];
        } else {
            double off = divide(total[2 * k + 1], total[2 * k + 2]);
            *estimate = r->slope[domain * outputs + k] + off;
            c[0] = divide(1, total[2 * k + 2]);
            c[1] = -off * c[0];
        }
    }
}

static void estimate_levels(finish *f, size_t domain)
{
    svyi_fit *fit = f->fit;
    double w = 0;
    for (size_t l = 0; l < fit->outputs; l++)
        w += f->total[domain * fit->outputs + l];
    fit->weight[domain] = w;
    for (size_t l = 0; l < fit->outputs; l++) {
        double t = f->total[domain * fit->outputs + l];
        fit->estimate[domain * fit->outputs + l] = fit->form == SVYI_FORM_SHARES ? divide(t, w) : t;
    }
}

/* ---- design effects ---- */

/* Rows of a simple random sample as large; with replicates those of weight 0 count too, as in R. */
static double sample_size(const finish *f, size_t domain)
{
    return (double)(f->r->design->replicates != NULL ? f->fit->used[domain] : f->fit->n[domain]);
}

/* Weighted variance of what the estimate is a mean of, with n/(n-1). */
static double unit_variance(const finish *f, size_t domain, size_t k)
{
    const svyi_fit *fit = f->fit;
    double n = sample_size(f, domain), w = fit->weight[domain], s2;
    size_t at = domain * fit->outputs + k;
    if (fit->form == SVYI_FORM_SHARES || fit->form == SVYI_FORM_COUNTS) {
        double p = fit->form == SVYI_FORM_SHARES ? fit->estimate[at] : divide(fit->estimate[at], w);
        s2 = p * (1 - p);
    } else if (fit->form == SVYI_FORM_RATIOS) {
        const double *q = f->squares + domain * f->n_squares + 3 * k, *c = &f->coefficient[2 * at];
        s2 = (c[0] * c[0] * q[0] + 2 * c[0] * c[1] * q[1] + c[1] * c[1] * q[2]) / w;
    } else {
        double off = divide(f->total[domain * f->sums->dimension + k + 1], w);
        s2 = divide(f->squares[domain * f->n_squares + k], w) - off * off;
    }
    return s2 * n / (n - 1);
}

static void design_effects(finish *f, int kind)
{
    svyi_fit *fit = f->fit;
    for (size_t d = 0; d < fit->domains; d++)
        for (size_t k = 0; k < fit->outputs; k++) {
            size_t at = d * fit->outputs + k;
            double n = sample_size(f, d), w = fit->weight[d];
            int is_mean = fit->form == SVYI_FORM_MEANS || fit->form == SVYI_FORM_SHARES;
            double simple = unit_variance(f, d, k) / n;
            if (kind == SVY_DEFF_WITHOUT)
                simple *= is_mean && w < n ? nan("") : (w - n) / w;
            if (!is_mean)
                simple *= w * w;
            double c = f->coefficient[2 * at], variance = fit->residual != NULL ? c * c * fit->residual[at] : fit->variance[at];
            fit->deff[at] = variance / simple;
        }
}

/* ---- influence ---- */

static void score_numbers(const finish *f, const svyi_entry *e, const double *x, double *z)
{
    const svyi_fit *fit = f->fit;
    for (size_t k = 0; k < fit->outputs; k++) {
        const double *c = &f->coefficient[2 * (e->cell * fit->outputs + k)];
        parts p = output_parts(fit->form, k);
        z[k] = c[0] * x[p.first] + c[1] * x[p.second];
    }
}

static double product(const double *s, size_t m, size_t i, size_t j)
{
    return s[i <= j ? svyi_packed(m, i, j) : svyi_packed(m, j, i)];
}

/* Scatter of the outputs from the scatter of x. */
static void scatter_numbers(const finish *f, const svyi_entry *e, const double *s, int full, double *out)
{
    const svyi_fit *fit = f->fit;
    size_t m = f->sums->dimension;
    for (size_t k = 0; k < fit->outputs; k++)
        for (size_t l = k; l < (full ? fit->outputs : k + 1); l++) {
            const double *a = &f->coefficient[2 * (e->cell * fit->outputs + k)], *b = &f->coefficient[2 * (e->cell * fit->outputs + l)];
            parts p = output_parts(fit->form, k), q = output_parts(fit->form, l);
            double value = product(s, m, p.first, q.first);
            if (!f->r->restore)
                value = a[0] * b[0] * value + a[0] * b[1] * product(s, m, p.first, q.second)
                      + a[1] * b[0] * product(s, m, p.second, q.first) + a[1] * b[1] * product(s, m, p.second, q.second);
            *out++ = k == l && value < 0 ? 0 : value;       /* below 0 is no more than rounding */
        }
}

static int scores_of_numbers(finish *f, svyi_arena *scratch, int full, svyi_scores *out)
{
    size_t m = f->sums->dimension, r = f->fit->outputs, packed = full ? r * (r + 1) / 2 : r;
    double *centred = svyi_arena_get(scratch, m * (m + 1) / 2 * sizeof *centred);
    if (centred == NULL)
        return -1;
    for (size_t k = 0; k < f->sums->count; k++) {
        const svyi_entry *e = &f->sums->entries[k];
        if (e->used == 0)
            continue;
        size_t at = out->count++;
        out->unit[at] = e->group;
        out->domain[at] = e->cell;
        out->rows[at] = e->used;
        score_numbers(f, e, f->sums->values + k * f->sums->stride, out->z + at * r);
        if (out->scatter != NULL) {
            svyi_scatter_centred(f->sums, k, centred);
            scatter_numbers(f, e, centred, full, out->scatter + at * packed);
        }
    }
    return 0;
}

/* Influence of a level's row of unit weight on output k. */
static double level_influence(const svyi_fit *fit, size_t domain, uint32_t level, size_t k)
{
    if (fit->form == SVYI_FORM_COUNTS)
        return level == k;
    return ((level == k) - fit->estimate[domain * fit->outputs + k]) / fit->weight[domain];
}

/* Adds the deviations of one cell's rows from the mean of the item they are in. */
static void scatter_level(const finish *f, size_t entry, size_t at, const svyi_scores *s, int full, double *out)
{
    const svyi_fit *fit = f->fit;
    const svyi_entry *e = &f->sums->entries[entry];
    uint32_t domain = e->cell / f->r->n_levels, level = e->cell % f->r->n_levels;
    double within, mean_w = f->sums->values[entry * f->sums->stride] / e->used;
    svyi_scatter_centred(f->sums, entry, &within);
    for (size_t k = 0; k < fit->outputs; k++)
        for (size_t l = k; l < (full ? fit->outputs : k + 1); l++) {
            double a = level_influence(fit, domain, level, k), b = level_influence(fit, domain, level, l);
            double off_a = mean_w * a - s->z[at * fit->outputs + k] / s->rows[at];
            double off_b = mean_w * b - s->z[at * fit->outputs + l] / s->rows[at];
            *out++ += within * a * b + e->used * off_a * off_b;
        }
}

/* Item of the cell's group and domain, new when it is `*count`. `place` remembers the last item of each domain. */
static size_t item_of(const finish *f, const svyi_entry *e, const uint32_t *last_group, const size_t *place, size_t count)
{
    uint32_t domain = e->cell / f->r->n_levels;
    return last_group[domain] == e->group + 1 ? place[domain] : count;
}

/* Cells of the same group and domain become one item: item[entry]. Returns the number of items. */
static size_t find_items(const finish *f, uint32_t *last_group, size_t *place, size_t *item)
{
    size_t count = 0;
    for (size_t k = 0; k < f->sums->count; k++) {
        const svyi_entry *e = &f->sums->entries[k];
        if (e->used == 0)
            continue;
        item[k] = item_of(f, e, last_group, place, count);
        count += item[k] == count;
        last_group[e->cell / f->r->n_levels] = e->group + 1;
        place[e->cell / f->r->n_levels] = item[k];
    }
    return count;
}

static void scores_of_levels(const finish *f, const size_t *item, int full, svyi_scores *out)
{
    const svyi_fit *fit = f->fit;
    size_t r = fit->outputs, packed = full ? r * (r + 1) / 2 : r;
    for (size_t k = 0; k < f->sums->count; k++) {
        const svyi_entry *e = &f->sums->entries[k];
        if (e->used == 0)
            continue;
        out->unit[item[k]] = e->group;
        out->domain[item[k]] = e->cell / f->r->n_levels;
        out->rows[item[k]] += e->used;
        out->z[item[k] * r + e->cell % f->r->n_levels] += f->sums->values[k * f->sums->stride];
    }
    for (size_t i = 0; fit->form == SVYI_FORM_SHARES && i < out->count; i++) {
        double all = 0, *z = out->z + i * r;
        const double *p = fit->estimate + out->domain[i] * r;
        for (size_t l = 0; l < r; l++)
            all += z[l];
        for (size_t l = 0; l < r; l++)
            z[l] = (z[l] - p[l] * all) / fit->weight[out->domain[i]];
    }
    for (size_t k = 0; out->scatter != NULL && k < f->sums->count; k++)
        if (f->sums->entries[k].used > 0)
            scatter_level(f, k, item[k], out, full, out->scatter + item[k] * packed);
}

static int get_scores(const finish *f, svyi_arena *scratch, int full, size_t count, svyi_scores *out)
{
    size_t r = f->fit->outputs, packed = full ? r * (r + 1) / 2 : r;
    *out = (svyi_scores){ .outputs = r };
    out->unit = svyi_arena_get(scratch, (count + 1) * sizeof *out->unit);
    out->domain = svyi_arena_get(scratch, (count + 1) * sizeof *out->domain);
    out->rows = svyi_arena_get(scratch, (count + 1) * sizeof *out->rows);
    out->z = svyi_arena_get(scratch, (count + 1) * r * sizeof *out->z);
    if (f->r->design->elements)
        out->scatter = svyi_arena_get(scratch, (count + 1) * packed * sizeof *out->scatter);
    return out->unit == NULL || out->domain == NULL || out->rows == NULL || out->z == NULL ||
           (f->r->design->elements && out->scatter == NULL) ? -1 : 0;
}

static int make_scores(finish *f, svyi_arena *scratch, int full, svyi_scores *out)
{
    if (f->fit->form != SVYI_FORM_SHARES && f->fit->form != SVYI_FORM_COUNTS)
        return get_scores(f, scratch, full, f->sums->count, out) == 0 ? scores_of_numbers(f, scratch, full, out) : -1;
    size_t *item = svyi_arena_get(scratch, (f->sums->count + 1) * sizeof *item);
    size_t *place = svyi_arena_get(scratch, (f->fit->domains + 1) * sizeof *place);
    uint32_t *last_group = svyi_arena_get(scratch, (f->fit->domains + 1) * sizeof *last_group);
    if (item == NULL || place == NULL || last_group == NULL)
        return -1;
    size_t count = find_items(f, last_group, place, item);
    if (get_scores(f, scratch, full, count, out) != 0)
        return -1;
    out->count = count;
    scores_of_levels(f, item, full, out);
    return 0;
}

/* ---- all of it ---- */

int svyi_fit_get(svyi_arena *arena, svyi_fit *fit, int covariance)
{
    size_t d = fit->domains + 1, n = fit->domains * fit->outputs, levels = fit->form == SVYI_FORM_SHARES || fit->form == SVYI_FORM_COUNTS;
    fit->estimate = svyi_arena_get(arena, (n + 1) * sizeof *fit->estimate);
    fit->deff = svyi_arena_get(arena, (n + 1) * sizeof *fit->deff);
    fit->variance = svyi_arena_get(arena, (n + 1) * sizeof *fit->variance);
    fit->weight = svyi_arena_get(arena, d * sizeof *fit->weight);
    fit->df = svyi_arena_get(arena, d * sizeof *fit->df);
    fit->n = svyi_arena_get(arena, d * sizeof *fit->n);
    fit->missing = svyi_arena_get(arena, d * sizeof *fit->missing);
    fit->rows = svyi_arena_get(arena, d * sizeof *fit->rows);
    fit->used = svyi_arena_get(arena, d * sizeof *fit->used);
    if (levels)
        fit->cell_n = svyi_arena_get(arena, (n + 1) * sizeof *fit->cell_n);
    if (covariance)
        fit->covariance = svyi_arena_get(arena, (n * n + 1) * sizeof *fit->covariance);
    return fit->estimate == NULL || fit->deff == NULL || fit->variance == NULL || fit->weight == NULL || fit->df == NULL || fit->n == NULL ||
           fit->missing == NULL || fit->rows == NULL || fit->used == NULL || (levels && fit->cell_n == NULL) || (covariance && fit->covariance == NULL) ? -1 : 0;
}

svy_status svyi_fit_make(svyi_arena *arena, const svyi_sum_request *r, const svyi_sums *sums, svyi_form form, int deff, int covariance,
                         svyi_fit *out, svy_error *err)
{
    svyi_arena scratch;
    svyi_scores scores;
    int levels = form == SVYI_FORM_SHARES || form == SVYI_FORM_COUNTS;
    svy_status st = SVY_E_NOMEM;
    *out = (svyi_fit){ .form = form, .domains = r->domains->count,
                       .outputs = levels ? r->n_levels : form == SVYI_FORM_RATIOS ? r->width / 2 : r->width };
    finish f = { .r = r, .sums = sums, .fit = out };
    svyi_arena_init(&scratch, &arena->alloc);
    f.coefficient = svyi_arena_get(&scratch, (2 * out->domains * out->outputs + 1) * sizeof *f.coefficient);
    if (f.coefficient == NULL || svyi_fit_get(arena, out, covariance) != 0 || sum_totals(&f, &scratch) != 0 || count_domains(&f, &scratch) != 0) {
        svyi_nomem(err);
        goto done;
    }
    if (!svyi_df_by_units(r->design) && (st = svyi_degrees_of_freedom(&scratch, r->design, r->domains, out->df, err)) != SVY_OK)
        goto done;
    st = SVY_E_NOMEM;
    for (size_t d = 0; d < out->domains; d++) {
        if (levels) estimate_levels(&f, d); else svyi_fit_numbers(r, out, f.total + d * (r->width + 1), d, f.coefficient);
    }
    if (svyi_design_plain(r->design) && make_scores(&f, &scratch, covariance, &scores) != 0) {
        svyi_nomem(err);
        goto done;
    }
    if (svyi_design_plain(r->design))
        st = svyi_variance(&scratch, r->design, &scores, out->domains, out->variance, out->covariance, err);
    else if (r->design->replicates != NULL)
        st = svyi_fit_by_replicates(&scratch, r, sums, out, err);
    else
        st = svyi_fit_by_rows(&scratch, r, f.coefficient, out, err);
    if (st == SVY_OK && deff != SVY_DEFF_NONE)
        design_effects(&f, deff);
done:
    svyi_arena_clear(&scratch);
    return st;
}
