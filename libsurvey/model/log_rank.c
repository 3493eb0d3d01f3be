/* The weighted log-rank test and its G-rho relatives: the score of a Cox model at no effect, with the design variance of its influences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "estimate/influence.h"
#include "model/group_test.h"
#include "num/distribution.h"

typedef struct subject { double time; uint32_t row, stratum, place; } subject;    /* place: in t->rows */

/* Latest first within a stratum: the risk set grows. */
static int by_risk(const void *a, const void *b)
{
    const subject *p = a, *q = b;
    if (p->stratum != q->stratum)
        return p->stratum < q->stratum ? -1 : 1;
    return p->time != q->time ? (p->time < q->time) - (p->time > q->time) : (p->row > q->row) - (p->row < q->row);
}

static int by_time(const void *a, const void *b)
{
    const subject *p = a, *q = b;
    return p->time != q->time ? (p->time > q->time) - (p->time < q->time) : (p->row > q->row) - (p->row < q->row);
}

typedef struct work {
    const svyi_group_test *t;
    const double *w, *status;
    double event;                /* the status of an event: 1, or 2 where others have 1 */
    subject *subjects;
    size_t width;                /* columns but the intercept */
    double *x;                   /* by place and column, about the weighted means */
    double *importance;          /* by place: S(t-)^rho (1 - S(t-))^gamma */
    double *score;               /* influences without weights, by place and column */
    double *at_risk, *dying, *mean, *drift;   /* by column */
} work;

/* ---- columns and weights ---- */

static svy_status take_columns(work *k)
{
    const svyi_group_test *t = k->t;
    size_t all = svyi_matrix_columns(t->matrix), skip = (size_t)svyi_matrix_intercept(t->matrix);
    double *wide = svyi_arena_get(t->scratch, t->n * all * sizeof *wide), total = 0;
    if (wide == NULL)
        return svyi_nomem(t->err);
    svyi_matrix_fill(t->matrix, t->rows, t->n, wide);
    for (size_t i = 0; i < t->n; i++) {
        memcpy(k->x + i * k->width, wide + i * all + skip, k->width * sizeof *k->x);
        for (size_t c = 0; c < k->width; c++)
            k->mean[c] += k->w[t->rows[i]] * k->x[i * k->width + c];
        total += k->w[t->rows[i]];
    }
    for (size_t i = 0; i < t->n; i++)
        for (size_t c = 0; c < k->width; c++)
            k->x[i * k->width + c] -= k->mean[c] / total;
    return SVY_OK;
}

/* Survival of all together just before each time, by Kaplan and Meier. */
static void weigh_times(work *k)
{
    const svyi_group_test *t = k->t;
    double at_risk = 0, survival = 1;
    qsort(k->subjects, t->n, sizeof *k->subjects, by_time);
    for (size_t i = 0; i < t->n; i++)
        at_risk += k->w[t->rows[i]];
    for (size_t first = 0, end; first < t->n; first = end) {
        double leaving = 0, dying = 0, importance = pow(survival, t->spec->rho) * pow(1 - survival, t->spec->gamma);
        for (end = first; end < t->n && k->subjects[end].time == k->subjects[first].time; end++) {
            uint32_t row = k->subjects[end].row;
            k->importance[k->subjects[end].place] = importance;
            leaving += k->w[row];
            dying += k->status[row] == k->event ? k->w[row] : 0;
        }
        survival = fmax(survival * (1 - dying / at_risk), 0);
        at_risk -= leaving;
    }
}

/* ---- influences ---- */

typedef struct deaths { double weight, tied; size_t count; } deaths;

/* Adds the subjects of one time to the risk set; `dying` are the sums over those who die. */
static deaths enter(work *k, size_t first, size_t end, double *risk)
{
    deaths d = { 0, 0, 0 };
    memset(k->dying, 0, k->width * sizeof *k->dying);
    for (size_t i = first; i < end; i++) {
        const subject *s = &k->subjects[i];
        const double *x = k->x + s->place * k->width, w = k->w[s->row];
        int dies = k->status[s->row] == k->event;
        *risk += w;
        d.tied += dies ? w : 0;
        d.count += (size_t)dies;
        for (size_t c = 0; c < k->width; c++) {
            k->at_risk[c] += w * x[c];
            k->dying[c] += dies ? w * x[c] : 0;
        }
    }
    d.weight = d.count > 0 ? d.tied / (double)d.count : 0;
    return d;
}

/* The mean of x at risk and the hazard at one time of deaths, by Efron's steps. */
static double hazard_of(work *k, const deaths *d, double risk)
{
    double hazard = 0;
    memset(k->mean, 0, k->width * sizeof *k->mean);
    for (size_t step = 0; step < d->count; step++) {
        double part = (double)step / (double)d->count, left = risk - part * d->tied;
        hazard += d->weight / left;
        for (size_t c = 0; c < k->width; c++)
            k->mean[c] += (k->at_risk[c] - part * k->dying[c]) / left / (double)d->count;
    }
    return hazard;
}

/* One time of a stratum: what it adds to the compensator, and the jumps of those who die. Kept in `hazards` and `means` until the way back. */
static void one_stratum(work *k, size_t first, size_t end, double *hazards, double *means)
{
    double risk = 0, rate = 0;
    memset(k->at_risk, 0, k->width * sizeof *k->at_risk);
    memset(k->drift, 0, k->width * sizeof *k->drift);
    for (size_t at = first, next; at < end; at = next) {
        for (next = at; next < end && k->subjects[next].time == k->subjects[at].time; next++)
            ;
        deaths d = enter(k, at, next, &risk);
        hazards[at] = hazard_of(k, &d, risk);
        memcpy(means + at * k->width, k->mean, k->width * sizeof *means);
    }
    for (size_t next = end, at; next > first; next = at) {      /* earliest first */
        for (at = next - 1; at > first && k->subjects[at - 1].time == k->subjects[next - 1].time; at--)
            ;
        double importance = k->importance[k->subjects[at].place], step = importance * hazards[at];
        const double *mean = means + at * k->width;
        rate += step;
        for (size_t c = 0; c < k->width; c++)
            k->drift[c] += step * mean[c];
        for (size_t i = at; i < next; i++) {
            const subject *s = &k->subjects[i];
            for (size_t c = 0; c < k->width; c++) {
                double x = k->x[s->place * k->width + c], jump = k->status[s->row] == k->event ? importance * (x - mean[c]) : 0;
                k->score[s->place * k->width + c] = jump - (x * rate - k->drift[c]);
            }
        }
    }
}

static svy_status make_scores(work *k)
{
    const svyi_group_test *t = k->t;
    double *hazards = svyi_arena_get(t->scratch, (t->n + 1) * sizeof *hazards);
    double *means = svyi_arena_get(t->scratch, (t->n * k->width + 1) * sizeof *means);
    svy_status st = hazards != NULL && means != NULL ? take_columns(k) : svyi_nomem(t->err);
    if (st != SVY_OK)
        return st;
    weigh_times(k);
    qsort(k->subjects, t->n, sizeof *k->subjects, by_risk);
    for (size_t first = 0, end; first < t->n; first = end) {
        for (end = first; end < t->n && k->subjects[end].stratum == k->subjects[first].stratum; end++)
            ;
        one_stratum(k, first, end, hazards, means);
    }
    return SVY_OK;
}

/* ---- the test ---- */

typedef struct job { const work *k; const uint32_t *place; } job;      /* place: by row of the data, + 1 */

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const job *j = user;
    size_t width = j->k->width;
    for (size_t i = 0; i < count; i++) {
        uint32_t place = j->place[rows[i]];
        for (size_t c = 0; c < width; c++)
            z[i * width + c] = place > 0 ? j->k->w[rows[i]] * j->k->score[(place - 1) * width + c] : 0;
        if (domain != NULL)
            domain[i] = 0;
    }
}

/* The influences are taken as known. */
static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const job *j = user;
    size_t width = j->k->width;
    (void)err;
    memset(theta, 0, width * sizeof *theta);
    for (size_t i = 0; i < j->k->t->n; i++)
        for (size_t c = 0; c < width; c++)
            theta[c] += weights[j->k->t->rows[i]] * j->k->score[i * width + c];
    return SVY_OK;
}

/* Status is 0 and 1, or 1 and 2 as in some old files, whatever the rows used: as in Cox models and survival curves. */
static void find_event(work *k)
{
    double most = 0;
    for (size_t i = 0; i < k->t->design->rows; i++)
        most = k->status[i] > most ? k->status[i] : most;
    k->event = most == 2 ? 2 : 1;
}

static svy_status check_rows(const work *k)
{
    const svyi_response *y = svyi_matrix_response(k->t->matrix);
    for (size_t i = 0; i < k->t->n; i++) {
        const uint32_t row = k->t->rows[i];
        if (k->status[row] != k->event && k->status[row] != k->event - 1)
            return svyi_fail(k->t->err, SVY_E_VALUE, "row %zu has the status %g: give 1 for an event and 0 for a censored time%s", (size_t)row + 1, k->status[row],
                             k->event == 2 ? ", or throughout 2 and 1" : "");
        if (y->numbers[row] < 0)
            return svyi_fail(k->t->err, SVY_E_VALUE, "row %zu has the negative time %g: correct it, or leave the row out by --where", (size_t)row + 1, y->numbers[row]);
    }
    return SVY_OK;
}

static int get_work(work *k, uint32_t **place)
{
    const svyi_group_test *t = k->t;
    uint32_t n_strata;
    const uint32_t *strata = svyi_matrix_strata(t->matrix, &n_strata);
    size_t p = k->width;
    k->subjects = svyi_arena_get(t->scratch, (t->n + 1) * sizeof *k->subjects);
    k->x = svyi_arena_get(t->scratch, t->n * p * sizeof *k->x);
    k->score = svyi_arena_get(t->scratch, t->n * p * sizeof *k->score);
    k->importance = svyi_arena_get(t->scratch, (t->n + 1) * sizeof *k->importance);
    k->at_risk = svyi_arena_get(t->scratch, 4 * p * sizeof *k->at_risk);
    *place = svyi_arena_get(t->scratch, (t->design->rows + 1) * sizeof **place);
    if (k->subjects == NULL || k->x == NULL || k->score == NULL || k->importance == NULL || k->at_risk == NULL || *place == NULL)
        return -1;
    k->dying = k->at_risk + p;
    k->mean = k->dying + p;
    k->drift = k->mean + p;
    for (size_t i = 0; i < t->n; i++) {
        uint32_t row = t->rows[i];
        k->subjects[i] = (subject){ svyi_matrix_response(t->matrix)->numbers[row], row, strata != NULL ? strata[row] : 0, (uint32_t)i };
        (*place)[row] = (uint32_t)i + 1;
    }
    return 0;
}

static void set_numbers(const work *k, double *v, const double *theta, svy_test_row *row, const char **why)
{
    if (k->width == 1) {
        row->estimate = theta[0];
        row->se = sqrt(v[0]);
    }
    row->ndf = (double)k->width;
    row->statistic = svyi_quadratic_form(k->t->scratch, v, theta, k->width);
    row->p_value = svyi_chi2_upper(row->statistic, row->ndf);
    if (isnan(row->p_value))
        *why = "the covariance of the scores is singular: a group has no events, or too few sampling units";
}

svy_status svyi_log_rank_test(const svyi_group_test *t, svy_test_row *row, const char **why)
{
    const svyi_response *y = svyi_matrix_response(t->matrix);
    work k = { .t = t, .w = t->design->weights, .status = y->status, .width = svyi_matrix_columns(t->matrix) - (size_t)svyi_matrix_intercept(t->matrix) };
    uint32_t *place;
    size_t events = 0;
    find_event(&k);
    svy_status st = check_rows(&k);
    if (st != SVY_OK)
        return st;
    for (size_t i = 0; i < t->n; i++)
        events += y->status[t->rows[i]] == k.event;
    if (events == 0) {
        *why = "there are no events";
        return SVY_OK;
    }
    double *theta = svyi_arena_get(t->scratch, (k.width + 1) * sizeof *theta), *variance = svyi_arena_get(t->scratch, (k.width + 1) * sizeof *variance);
    double *v = svyi_arena_get(t->scratch, (k.width * k.width + 1) * sizeof *v);
    if (theta == NULL || variance == NULL || v == NULL || get_work(&k, &place) != 0)
        return svyi_nomem(t->err);
    job j = { &k, place };
    svyi_estimator e = { { k.width, 1, fill, &j }, values };
    if ((st = make_scores(&k)) == SVY_OK && (st = values(&j, t->design->weights, theta, t->err)) == SVY_OK &&
        (st = svyi_group_variance(t, &e, theta, variance, v)) == SVY_OK)
        set_numbers(&k, v, theta, row, why);
    return st;
}
