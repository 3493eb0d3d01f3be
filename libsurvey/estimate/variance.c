/* The design variance of scores: sums of squares between units in every stratum, stage by stage from the last to the first. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/finish.h"

static const double EXHAUSTED = 1e-7;     /* a stratum of which less than this is left unsampled contributes nothing, as in R survey */

/* What one stage needs. Arrays by domain are all zero between uses; `touched` says which are not. */
typedef struct stage_work {
    const svy_design *d;
    const svyi_stage *stage;
    int number;                  /* of the stage, from 0 */
    int by_stratum;              /* scores are by stratum, with scatter: units are rows */
    double *spread;              /* by domain: coefficients of the units with rows, where units have one */
    size_t domains, r;           /* r: outputs */
    double *variance, *covariance;
    double *sum;                 /* by domain and output */
    uint32_t *items;             /* by domain: scores of the stratum at hand */
    uint32_t *touched; size_t n_touched;
    uint32_t *local;             /* by domain: place among the touched */
    double *strata, *lonely;     /* by domain: strata of the parent with rows, and the lonely ones among them */
    double *centre;              /* by domain and output: sums over the parent (ADJUST) */
    uint32_t *in_parent; size_t n_in_parent;
    double *sizes;               /* by domain: units of the parent's strata with rows (ADJUST) */
    uint8_t *few;                /* by domain: one unit of several of the stratum at hand has rows in it, and that is to count as lonely */
    double *dense; size_t dense_capacity;        /* rows of centred scores, for covariances */
    double *block; size_t block_capacity;
    svyi_arena *arena;
    svy_error *err;
} stage_work;

/* ---- accumulating ---- */

static void add_pair(const stage_work *w, size_t a, size_t b, double value)
{
    size_t n = w->domains * w->r;
    w->covariance[a * n + b] += value;
    if (a != b)
        w->covariance[b * n + a] += value;
}

/* Touches every domain with a score in [from, to) and adds up its scores. */
static void sum_domains(stage_work *w, const svyi_scores *s, size_t from, size_t to)
{
    w->n_touched = 0;
    for (size_t i = from; i < to; i++) {
        uint32_t d = s->domain[i];
        if (w->items[d]++ == 0) {
            w->local[d] = (uint32_t)w->n_touched;
            w->touched[w->n_touched++] = d;
        }
        for (size_t k = 0; k < w->r; k++)
            w->sum[d * w->r + k] += s->z[i * w->r + k];
    }
}

static void forget_domains(stage_work *w)
{
    for (size_t t = 0; t < w->n_touched; t++) {
        uint32_t d = w->touched[t];
        w->items[d] = 0;
        memset(w->sum + d * w->r, 0, w->r * sizeof *w->sum);
    }
    w->n_touched = 0;
}

/* Factor on a domain's scores by which the AVERAGE rule stands in for lonely strata; 1 otherwise. */
static double stand_in(const stage_work *w, uint32_t domain)
{
    if (w->d->lonely != SVY_LONELY_AVERAGE)
        return 1;
    return sqrt(w->strata[domain] / (w->strata[domain] - w->lonely[domain]));
}

/* Factor of a domain in the stratum at hand: 0 where others stand in. */
static double factor_of(const stage_work *w, uint32_t domain)
{
    return w->few[domain] && w->d->lonely == SVY_LONELY_AVERAGE ? 0 : stand_in(w, domain);
}

/* What scores of a domain in the stratum at hand are centred on: their mean, or that of the whole stage. */
static double centre_of(const stage_work *w, uint32_t domain, size_t k, double n)
{
    if (w->few[domain] && w->d->lonely == SVY_LONELY_ADJUST)
        return w->centre[domain * w->r + k] / w->sizes[domain];
    return w->sum[domain * w->r + k] / n;
}

/* Units of a stratum, variances only: (z - mean)^2 over units with rows, and mean^2 for each without. */
static void spread_of_units(stage_work *w, const svyi_scores *s, size_t from, size_t to, double n, double scale)
{
    for (size_t i = from; i < to; i++) {
        uint32_t d = s->domain[i];
        double factor = factor_of(w, d) * factor_of(w, d) * scale;
        for (size_t k = 0; k < w->r; k++) {
            double off = s->z[i * w->r + k] - centre_of(w, d, k, n);
            w->variance[d * w->r + k] += factor * off * off;
        }
    }
    for (size_t t = 0; t < w->n_touched; t++) {
        uint32_t d = w->touched[t];
        double factor = factor_of(w, d) * factor_of(w, d) * scale * (n - w->items[d]);
        for (size_t k = 0; k < w->r; k++) {
            double mean = centre_of(w, d, k, n);
            w->variance[d * w->r + k] += factor * mean * mean;
        }
    }
}

/* The same where every unit has a coefficient of its own. */
static void spread_of_unequal(stage_work *w, const svyi_scores *s, size_t from, size_t to, uint32_t h, double n, double scale)
{
    double all = 0;
    for (uint32_t u = w->stage->unit_start[h]; u < w->stage->unit_start[h + 1]; u++)
        all += w->stage->spread[u];
    for (size_t i = from; i < to; i++) {
        uint32_t d = s->domain[i];
        double c = w->stage->spread[s->unit[i]], factor = c * scale * factor_of(w, d) * factor_of(w, d);
        w->spread[d] += c;
        for (size_t k = 0; k < w->r; k++) {
            double off = s->z[i * w->r + k] - centre_of(w, d, k, n);
            w->variance[d * w->r + k] += factor * off * off;
        }
    }
    for (size_t t = 0; t < w->n_touched; t++) {
        uint32_t d = w->touched[t];
        double factor = factor_of(w, d) * factor_of(w, d) * scale * (w->items[d] < n ? all - w->spread[d] : 0);
        w->spread[d] = 0;
        for (size_t k = 0; k < w->r; k++) {
            double mean = centre_of(w, d, k, n);
            w->variance[d * w->r + k] += factor * mean * mean;
        }
    }
}

static int room(stage_work *w, double **array, size_t *capacity, size_t need)
{
    if (need <= *capacity)
        return 0;
    *array = svyi_arena_get(w->arena, 2 * need * sizeof **array);    /* the smaller one before stays in the arena: at most as much again */
    *capacity = *array != NULL ? 2 * need : 0;
    return *array != NULL ? 0 : -1;
}

enum { TILE = 8 };

/* block += X'CX for `rows` rows of `width` numbers, upper triangle; C has the coefficients of the rows, NULL: 1. */
static void rank_update(double *block, const double *x, const double *c, size_t rows, size_t width)
{
    for (size_t first = 0; first < rows; first += TILE) {
        size_t end = rows - first < TILE ? rows : first + TILE;
        for (size_t a = 0; a < width; a++) {
            double *target = block + a * width;
            for (size_t row = first; row < end; row++) {
                const double *v = x + row * width;
                double va = c != NULL ? c[row] * v[a] : v[a];
                if (va != 0)
                    for (size_t b = a; b < width; b++)
                        target[b] += va * v[b];
            }
        }
    }
}

/* Adds a local block (touched domains) to the covariances. */
static void add_block(stage_work *w, const double *block, double scale)
{
    size_t width = w->n_touched * w->r;
    for (size_t t = 0; t < w->n_touched; t++)
        for (size_t u = 0; u < w->n_touched; u++) {
            uint32_t d = w->touched[t], e = w->touched[u];
            double factor = scale * factor_of(w, d) * factor_of(w, e);
            for (size_t k = 0; k < w->r; k++)
                for (size_t l = 0; l < w->r; l++) {
                    size_t a = t * w->r + k, b = u * w->r + l;
                    if (a <= b)
                        add_pair(w, d * w->r + k, e * w->r + l, factor * block[a * width + b]);
                }
        }
}

/* The same with all covariances: the centred scores of every unit as a row, a few units at a time. */
static int spread_of_pairs(stage_work *w, const svyi_scores *s, size_t from, size_t to, uint32_t h, double n, double scale)
{
    enum { ROWS = 64 };
    size_t width = w->n_touched * w->r, rows = 0;
    double coefficient[ROWS], absent = n;
    const double *spread = w->stage->spread;
    if (room(w, &w->dense, &w->dense_capacity, ROWS * width) != 0 || room(w, &w->block, &w->block_capacity, width * width) != 0)
        return -1;
    memset(w->block, 0, width * width * sizeof *w->block);
    for (uint32_t u = w->stage->unit_start[h]; spread != NULL && u < w->stage->unit_start[h + 1]; u++)
        absent += spread[u] - 1;
    for (size_t i = from; i < to; rows++) {
        if (rows == ROWS) {
            rank_update(w->block, w->dense, coefficient, rows, width);
            rows = 0;
        }
        double *x = w->dense + rows * width;
        for (size_t t = 0; t < w->n_touched; t++)
            for (size_t k = 0; k < w->r; k++)
                x[t * w->r + k] = -centre_of(w, w->touched[t], k, n);
        uint32_t unit = s->unit[i];
        coefficient[rows] = spread != NULL ? spread[unit] : 1;
        absent -= coefficient[rows];
        for (; i < to && s->unit[i] == unit; i++)
            for (size_t k = 0; k < w->r; k++)
                x[w->local[s->domain[i]] * w->r + k] += s->z[i * w->r + k];
    }
    rank_update(w->block, w->dense, coefficient, rows, width);
    for (size_t t = 0; t < w->n_touched; t++)
        for (size_t k = 0; k < w->r; k++)
            w->dense[t * w->r + k] = centre_of(w, w->touched[t], k, n);
    rank_update(w->block, w->dense, &absent, 1, width);
    add_block(w, w->block, scale);
    return 0;
}

/* Sum over the rows of a stratum of the product of two centred scores; `products` is that of the scores themselves. With the mean as centre it is the
   scatter and what the mean differs from 0, which keeps its digits. */
static double centred_product(const stage_work *w, const svyi_scores *s, size_t i, size_t k, size_t j, size_t l, double n, double scatter)
{
    uint32_t d = s->domain[i], e = s->domain[j];
    double x = s->z[i * w->r + k], y = s->z[j * w->r + l];
    if (!w->few[d] && !w->few[e])
        return i == j ? scatter + (1.0 / s->rows[i] - 1.0 / n) * x * y : -x * y / n;
    double a = centre_of(w, d, k, n), b = centre_of(w, e, l, n);
    return (i == j ? scatter + x * y / s->rows[i] : 0) - a * y - b * x + n * a * b;
}

/* A stratum whose units are rows: within a domain the scatter about the domain's mean, and that mean against 0 for the other rows. */
static void spread_of_rows(stage_work *w, const svyi_scores *s, size_t from, size_t to, double n, double scale)
{
    size_t packed = w->covariance != NULL ? w->r * (w->r + 1) / 2 : w->r;
    for (size_t i = from; i < to; i++) {
        uint32_t d = s->domain[i];
        const double *scatter = s->scatter + i * packed;
        double factor = factor_of(w, d) * factor_of(w, d) * scale;
        for (size_t k = 0; k < w->r; k++) {
            w->variance[d * w->r + k] += factor * centred_product(w, s, i, k, i, k, n, *scatter);
            for (size_t l = k; w->covariance != NULL && l < w->r; l++)
                add_pair(w, d * w->r + k, d * w->r + l, factor * centred_product(w, s, i, k, i, l, n, scatter[l - k]));
            scatter += w->covariance != NULL ? w->r - k : 1;
        }
    }
    for (size_t i = from; w->covariance != NULL && i < to; i++)
        for (size_t j = i + 1; j < to; j++) {
            double factor = scale * factor_of(w, s->domain[i]) * factor_of(w, s->domain[j]);
            for (size_t k = 0; k < w->r; k++)
                for (size_t l = 0; l < w->r; l++)
                    add_pair(w, s->domain[i] * w->r + k, s->domain[j] * w->r + l, factor * centred_product(w, s, i, k, j, l, n, 0));
        }
}

/* ---- lonely PSUs ---- */

svy_status svyi_lonely_error(const svy_design *d, int stage, uint32_t stratum, svy_error *err)
{
    char name[160];
    if (stage == 0 && d->stratum_columns[0] == NULL)
        return svyi_fail(err, SVY_E_NUMERIC, "the sample has only one PSU, so its variance cannot be estimated: name other clusters, or choose "
                         "--lonely-psu remove or certainty");
    svyi_design_stratum_name(d, stage, stratum, name, sizeof name);
    return svyi_fail(err, SVY_E_NUMERIC, "stratum %s has only one PSU at stage %d, so its variance cannot be estimated: join it with another "
                     "stratum, or choose --lonely-psu remove, adjust, average or certainty", name, stage + 1);
}

/* ADJUST: (z - m)(z - m)' where m is the mean of the stage's PSUs. */
static void adjust_lonely(stage_work *w, double scale)
{
    for (size_t t = 0; t < w->n_touched; t++)
        for (size_t k = 0; k < w->r; k++) {
            size_t d = w->touched[t], a = d * w->r + k;
            double off = w->sum[a] - w->centre[a] / w->sizes[d];
            w->variance[a] += scale * off * off;
            for (size_t u = 0; w->covariance != NULL && u < w->n_touched; u++)
                for (size_t l = 0; l < w->r; l++) {
                    size_t e = w->touched[u], b = e * w->r + l;
                    if (t * w->r + k <= u * w->r + l)
                        add_pair(w, a, b, scale * off * (w->sum[b] - w->centre[b] / w->sizes[e]));
                }
        }
}

static double stratum_size(const stage_work *w, uint32_t h) { return w->stage->unit_start[h + 1] - w->stage->unit_start[h]; }

/* 1 - n/N; with unequal probabilities the largest 1 - p. */
static double unsampled(const stage_work *w, uint32_t h)
{
    double left = 0;
    for (uint32_t u = w->stage->unit_start[h]; w->stage->probability != NULL && u < w->stage->unit_start[h + 1]; u++)
        left = fmax(left, 1 - w->stage->probability[u]);
    if (w->stage->probability != NULL)
        return left;
    if (w->stage->population == NULL || isinf(w->stage->population[h]))
        return 1;
    return (w->stage->population[h] - stratum_size(w, h)) / w->stage->population[h];
}

/* Which domains have rows in one unit of several, when the design asks for it. */
static void mark_few(stage_work *w, const svyi_scores *s, size_t from, size_t to, uint32_t h)
{
    int look = w->d->lonely_domains && stratum_size(w, h) > 1 && unsampled(w, h) >= EXHAUSTED;
    for (size_t i = from; i < to && w->d->lonely_domains; i++)
        w->few[s->domain[i]] = look && (w->by_stratum ? s->rows[i] == 1 : w->items[s->domain[i]] == 1);
}

static svy_status add_stratum(stage_work *w, const svyi_scores *s, size_t from, size_t to, uint32_t h, double multiplier)
{
    double n = stratum_size(w, h), left = unsampled(w, h), scale = w->stage->spread != NULL ? multiplier : multiplier * left * n / (n - 1);
    svy_status st = SVY_OK;
    if (left < EXHAUSTED || from == to)
        return SVY_OK;
    if (n < 2 && w->d->lonely == SVY_LONELY_FAIL)
        return svyi_lonely_error(w->d, w->number, h, w->err);
    if (n < 2 && w->d->lonely != SVY_LONELY_ADJUST)
        return SVY_OK;
    sum_domains(w, s, from, to);
    mark_few(w, s, from, to, h);
    if (n < 2) {
        adjust_lonely(w, multiplier * left);
    } else if (w->by_stratum) {
        spread_of_rows(w, s, from, to, n, scale);
    } else {
        if (w->stage->spread != NULL)
            spread_of_unequal(w, s, from, to, h, n, scale);
        else
            spread_of_units(w, s, from, to, n, scale);
        if (w->covariance != NULL && spread_of_pairs(w, s, from, to, h, n, scale) != 0)
            st = svyi_nomem(w->err);
    }
    forget_domains(w);
    return st;
}

/* ---- strata of one parent ---- */

/* Scores of stratum h are items *from .. *to-1. */
static void next_scores(const stage_work *w, const svyi_scores *s, uint32_t h, size_t *from, size_t *to)
{
    uint32_t end = w->by_stratum ? h + 1 : w->stage->unit_start[h + 1];
    *from = *to;
    while (*to < s->count && s->unit[*to] < end)
        ++*to;
}

/* AVERAGE and ADJUST look at all strata of the parent first. */
static void survey_parent(stage_work *w, const svyi_scores *s, uint32_t parent, size_t at)
{
    size_t from, to = at;
    for (uint32_t h = w->stage->stratum_start[parent]; h < w->stage->stratum_start[parent + 1]; h++) {
        next_scores(w, s, h, &from, &to);
        sum_domains(w, s, from, to);
        mark_few(w, s, from, to, h);
        for (size_t t = 0; t < w->n_touched; t++) {
            uint32_t d = w->touched[t];
            if (w->strata[d]++ == 0)
                w->in_parent[w->n_in_parent++] = d;
            w->lonely[d] += w->few[d] || (stratum_size(w, h) < 2 && unsampled(w, h) >= EXHAUSTED);
            w->sizes[d] += stratum_size(w, h);
            for (size_t k = 0; k < w->r; k++)
                w->centre[d * w->r + k] += w->sum[d * w->r + k];
        }
        forget_domains(w);
    }
}

static void forget_parent(stage_work *w)
{
    for (size_t i = 0; i < w->n_in_parent; i++) {
        uint32_t d = w->in_parent[i];
        if (w->d->lonely == SVY_LONELY_AVERAGE && w->strata[d] == w->lonely[d])
            for (size_t k = 0; k < w->r; k++) {           /* nothing to take an average of */
                w->variance[d * w->r + k] = nan("");
                if (w->covariance != NULL)
                    add_pair(w, d * w->r + k, d * w->r + k, nan(""));
            }
        w->strata[d] = w->lonely[d] = w->sizes[d] = 0;
        memset(w->centre + d * w->r, 0, w->r * sizeof *w->centre);
    }
    w->n_in_parent = 0;
}

/* Scores of the parents: sums over what is inside. Overwrites `s` from the front; there are never more of them. */
static void move_up(stage_work *w, svyi_scores *s, uint32_t n_parents)
{
    size_t from, to = 0, kept = 0;
    for (uint32_t p = 0; p < n_parents; p++) {
        uint32_t end = w->stage->stratum_start[p + 1];
        if (!w->by_stratum)
            end = w->stage->unit_start[end];
        for (from = to; to < s->count && s->unit[to] < end; to++)
            ;
        sum_domains(w, s, from, to);
        for (size_t t = 0; t < w->n_touched; t++, kept++) {
            s->unit[kept] = p;
            s->domain[kept] = w->touched[t];
            memcpy(s->z + kept * w->r, w->sum + w->touched[t] * w->r, w->r * sizeof *s->z);
        }
        forget_domains(w);
    }
    s->count = kept;
}

static svy_status add_stage(stage_work *w, const svyi_scores *s, uint32_t n_parents, const double *multiplier)
{
    size_t from, to = 0;
    int look = w->d->lonely == SVY_LONELY_AVERAGE || w->d->lonely == SVY_LONELY_ADJUST;
    svy_status st = SVY_OK;
    for (uint32_t p = 0; p < n_parents && st == SVY_OK; p++) {
        if (look)
            survey_parent(w, s, p, to);
        for (uint32_t h = w->stage->stratum_start[p]; h < w->stage->stratum_start[p + 1] && st == SVY_OK; h++) {
            next_scores(w, s, h, &from, &to);
            st = add_stratum(w, s, from, to, h, multiplier[p]);
        }
        forget_parent(w);
    }
    return st;
}

/* Product of n/N over the stages above, by unit of the stage before. */
static int multipliers(svyi_arena *arena, const svy_design *d, double *out[SVYI_STAGES])
{
    for (int s = 0; s < d->n_stages; s++) {
        uint32_t n = s > 0 ? d->stages[s - 1].n_units : 1;
        if ((out[s] = svyi_arena_get(arena, ((size_t)n + 1) * sizeof *out[s])) == NULL)
            return -1;
        if (s == 0) {
            out[s][0] = 1;
            continue;
        }
        const svyi_stage *above = &d->stages[s - 1];
        uint32_t parents = s > 1 ? d->stages[s - 2].n_units : 1;
        for (uint32_t p = 0; p < parents; p++)
            for (uint32_t h = above->stratum_start[p]; h < above->stratum_start[p + 1]; h++)
                for (uint32_t u = above->unit_start[h]; u < above->unit_start[h + 1]; u++)
                    out[s][u] = out[s - 1][p] * (above->probability != NULL ? above->probability[u]
                                                 : (above->unit_start[h + 1] - above->unit_start[h]) / above->population[h]);
    }
    return 0;
}

static int get_work(stage_work *w)
{
    size_t d = w->domains + 1;
    w->sum = svyi_arena_get(w->arena, d * w->r * sizeof *w->sum);
    w->centre = svyi_arena_get(w->arena, d * w->r * sizeof *w->centre);
    w->items = svyi_arena_get(w->arena, d * sizeof *w->items);
    w->touched = svyi_arena_get(w->arena, d * sizeof *w->touched);
    w->local = svyi_arena_get(w->arena, d * sizeof *w->local);
    w->in_parent = svyi_arena_get(w->arena, d * sizeof *w->in_parent);
    w->strata = svyi_arena_get(w->arena, d * sizeof *w->strata);
    w->lonely = svyi_arena_get(w->arena, d * sizeof *w->lonely);
    w->sizes = svyi_arena_get(w->arena, d * sizeof *w->sizes);
    w->spread = svyi_arena_get(w->arena, d * sizeof *w->spread);
    w->few = svyi_arena_get(w->arena, d);
    return w->sum == NULL || w->centre == NULL || w->items == NULL || w->touched == NULL || w->local == NULL || w->in_parent == NULL ||
           w->strata == NULL || w->lonely == NULL || w->sizes == NULL || w->spread == NULL || w->few == NULL ? -1 : 0;
}

svy_status svyi_variance(svyi_arena *arena, const svy_design *d, const svyi_scores *scores, size_t domains, double *variance,
                         double *covariance, svy_error *err)
{
    double *multiplier[SVYI_STAGES];
    svyi_scores s = *scores;
    stage_work w = { .d = d, .domains = domains, .r = scores->outputs, .variance = variance, .covariance = covariance, .arena = arena, .err = err };
    if (get_work(&w) != 0 || multipliers(arena, d, multiplier) != 0)
        return svyi_nomem(err);
    svy_status st = SVY_OK;
    for (int stage = d->n_stages - 1; stage >= 0 && st == SVY_OK; stage--) {
        uint32_t n_parents = stage > 0 ? d->stages[stage - 1].n_units : 1;
        w.stage = &d->stages[stage];
        w.number = stage;
        w.by_stratum = scores->scatter != NULL && stage == d->n_stages - 1;
        st = add_stage(&w, &s, n_parents, multiplier[stage]);
        if (stage > 0)
            move_up(&w, &s, n_parents);
    }
    return st;
}
