/* Unknown eligibility and non-response: who does not count hands his weight to those who do, in cells or by the propensity to respond. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"

enum { ASIDE, GIVES, TAKES };          /* part of a row in the step */
enum { STEPS_MAX = 100, HALVINGS_MAX = 40, CLASSES_MAX = 1000 };

typedef struct sharing {
    svyi_auxiliary x;
    const uint8_t *part;               /* by row */
    unsigned classes;                  /* of propensity */
} sharing;

/* ---- who takes part ---- */

static svy_status take_parts(svy_design *d, const svy_frame *f, const svy_weighting_step *s, uint8_t **out, svy_error *err)
{
    uint8_t *part = *out = svyi_arena_get(&d->arena, d->rows + 1), *among = svyi_get(&d->arena.alloc, d->rows + 1);
    svy_status st = part == NULL || among == NULL ? svyi_nomem(err) : SVY_OK;
    if (st == SVY_OK && s->takes == NULL)
        st = svyi_fail(err, SVY_E_VALUE, "the step does not say which rows take the weight of the others: give an expression");
    if (st == SVY_OK)
        st = svy_frame_where(f, s->takes, part, err);
    if (st == SVY_OK && s->among != NULL)
        st = svy_frame_where(f, s->among, among, err);
    for (size_t i = 0; i < d->rows && st == SVY_OK; i++)
        part[i] = s->among != NULL && !among[i] ? ASIDE : part[i] ? TAKES : GIVES;
    svyi_release(&d->arena.alloc, among, d->rows + 1);
    return st;
}

/* 1 where a variable of the step must not be missing. */
static uint8_t *needed_rows(svy_design *d, const uint8_t *part)
{
    uint8_t *need = svyi_arena_get(&d->arena, d->rows + 1);
    for (size_t i = 0; i < d->rows && need != NULL; i++)
        need[i] = part[i] != ASIDE && d->weights[i] > 0;
    return need;
}

/* ---- cells ---- */

static svy_status solve_cells(const svyi_adjustment *a, const svy_design *d, const double *w, double *kept, unsigned *iterations, svy_error *err)
{
    const sharing *c = a->user;
    const svyi_margin_codes *cells = &c->x.margins[0];
    double *takes = svyi_get(&d->arena.alloc, ((size_t)cells->n_lines + 1) * sizeof *takes);
    uint32_t bad = SVYI_NO_UNIT;
    if (iterations != NULL)
        *iterations = 0;
    if (takes == NULL)
        return svyi_nomem(err);
    memset(takes, 0, ((size_t)cells->n_lines + 1) * sizeof *takes);
    memset(kept, 0, cells->n_lines * sizeof *kept);
    for (size_t i = 0; i < d->rows; i++)
        if (c->part[i] != ASIDE && cells->codes[i] != SVYI_NO_UNIT) {
            kept[cells->codes[i]] += w[i];
            takes[cells->codes[i]] += c->part[i] == TAKES ? w[i] : 0;
        }
    for (uint32_t k = 0; k < cells->n_lines; k++) {
        if (kept[k] > 0 && !(takes[k] > 0) && bad == SVYI_NO_UNIT)
            bad = k;
        kept[k] = takes[k] > 0 ? kept[k] / takes[k] : 1;
    }
    svyi_release(&d->arena.alloc, takes, ((size_t)cells->n_lines + 1) * sizeof *takes);
    return bad == SVYI_NO_UNIT ? SVY_OK : svyi_fail(err, SVY_E_VALUE, "in the cell %s = %s nobody takes the weight of the others: join it with another cell",
                                                    cells->name, cells->lines[bad]);
}

static void apply_cells(const svyi_adjustment *a, size_t rows, const double *kept, double *w)
{
    const sharing *c = a->user;
    const uint32_t *codes = c->x.margins[0].codes;
    for (size_t i = 0; i < rows; i++)
        if (c->part[i] != ASIDE)
            w[i] = c->part[i] == TAKES && codes[i] != SVYI_NO_UNIT ? w[i] * kept[codes[i]] : 0;
}

svy_status svyi_cells_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err)
{
    sharing *c = svyi_arena_get(&d->arena, sizeof *c);
    svyi_margin_codes *cells = svyi_arena_get(&d->arena, sizeof *cells);
    uint8_t *part, *need;
    svy_status st = c == NULL || cells == NULL ? svyi_nomem(err) : take_parts(d, f, s, &part, err);
    if (st != SVY_OK)
        return st;
    if ((need = needed_rows(d, part)) == NULL)
        return svyi_nomem(err);
    if ((st = svyi_margin_cells(&d->arena, f, s->variables, s->n_variables, d->weights, need, cells, err)) != SVY_OK)
        return st;
    uint32_t *codes = svyi_arena_get(&d->arena, (d->rows + 1) * sizeof *codes);
    if (codes == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < d->rows; i++)
        codes[i] = part[i] == ASIDE ? SVYI_NO_UNIT : cells->codes[i];
    cells->codes = codes;
    *c = (sharing){ .x = { .margins = cells, .n_margins = 1 }, .part = part };
    if ((st = svyi_auxiliary_make(&d->arena, d->rows, NULL, NULL, 0, &c->x, err)) != SVY_OK)
        return st;
    a->user = c;
    a->n_kept = cells->n_lines;
    a->solve = solve_cells;
    a->apply = apply_cells;
    a->x = &c->x;
    a->projection = SVYI_PROJECT_SHARED;
    return svyi_adjustment_add(d, a, err);
}

/* ---- the propensity to respond ---- */

/* A weighted logistic regression being fitted: sums of weights by unit, of all and of those who respond. */
typedef struct propensity {
    const sharing *c;
    double *all, *takes, *beta, *trial, *score;
    svyi_gram gram;
} propensity;

static double unit_linear(propensity *p, size_t unit, const double *beta, svyi_sparse *e)
{
    double u = 0;
    *e = svyi_auxiliary_row(&p->c->x, unit, p->gram.columns, p->gram.values);
    for (size_t k = 0; k < e->n; k++)
        u += e->value[k] * beta[e->column[k]];
    return u;
}

static double expit(double u) { return u < 0 ? exp(u) / (1 + exp(u)) : 1 / (1 + exp(-u)); }

/* Log-likelihood; fills the score and, when asked for, the matrix of the slopes. */
static double likelihood(propensity *p, const double *beta, int matrix)
{
    double sum = 0;
    memset(p->score, 0, p->c->x.columns * sizeof *p->score);
    if (matrix)
        svyi_gram_clear(&p->gram);
    for (size_t u = 0; u < p->c->x.n_units; u++) {
        svyi_sparse e;
        if (p->all[u] == 0)
            continue;
        double eta = unit_linear(p, u, beta, &e), mu = expit(eta), off = p->takes[u] - p->all[u] * mu;
        sum += p->takes[u] * eta - p->all[u] * (eta > 0 ? eta + log1p(exp(-eta)) : log1p(exp(eta)));
        for (size_t k = 0; k < e.n; k++)
            p->score[e.column[k]] += off * e.value[k];
        if (matrix)
            svyi_gram_add(&p->gram, e, p->all[u] * mu * (1 - mu));
    }
    return sum;
}

static svy_status fit(propensity *p, svy_error *err, unsigned *iterations)
{
    size_t n = p->c->x.columns;
    double now = likelihood(p, p->beta, 1), move = HUGE_VAL;
    for (*iterations = 0; *iterations < STEPS_MAX; ++*iterations) {
        double length = 1, next = -HUGE_VAL, last = move;
        svyi_gram_factor(&p->gram);
        double *step = p->score;
        svyi_gram_solve(&p->gram, step);
        move = 0;
        for (size_t k = 0; k < n; k++)
            move = fmax(move, fabs(step[k]) / (1 + fabs(p->beta[k])));
        if (move <= 1e-15 || (move < 1e-9 && move >= last / 2))
            return SVY_OK;
        for (size_t k = 0; k < n; k++)
            p->trial[k] = step[k];
        for (int half = 0; half < HALVINGS_MAX && !(next >= now - 1e-12 * fabs(now)); half++, length /= 2) {
            for (size_t k = 0; k < n; k++)
                p->trial[n + k] = p->beta[k] + length * p->trial[k];
            next = likelihood(p, p->trial + n, 1);
        }
        memcpy(p->beta, p->trial + n, n * sizeof *p->beta);
        now = next;
        for (size_t k = 0; k < n; k++)
            if (!(fabs(p->beta[k]) < 1e12))
                return svyi_fail(err, SVY_E_NUMERIC, "the response propensity has no finite fit: scale its variables");
    }
    return svyi_fail(err, SVY_E_NUMERIC, "the response propensity cannot be fitted: in some cell of its variables everybody or nobody responds; join levels");
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static unsigned class_of(const double *cuts, unsigned classes, double x)
{
    unsigned k = 0;
    while (k + 1 < classes && x > cuts[k])
        k++;
    return k;
}

/* Cuts that make classes of equal numbers of rows, and the factor of each class. `linear` has eta of every row. */
static svy_status make_classes(const sharing *c, const svy_alloc *alloc, const double *w, const double *linear, double *cuts, double *factors, svy_error *err)
{
    size_t n = 0, bytes = (c->x.rows + 1) * sizeof(double);
    double *sorted = svyi_get(alloc, bytes), takes[CLASSES_MAX] = { 0 };
    if (sorted == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < c->x.rows; i++)
        if (c->part[i] != ASIDE && w[i] != 0)
            sorted[n++] = linear[i];
    qsort(sorted, n, sizeof *sorted, by_size);
    for (unsigned k = 0; k + 1 < c->classes; k++)
        cuts[k] = n > 0 ? sorted[(n * (k + 1) + c->classes - 1) / c->classes - 1] : 0;
    svyi_release(alloc, sorted, bytes);
    memset(factors, 0, c->classes * sizeof *factors);
    for (size_t i = 0; i < c->x.rows; i++)
        if (c->part[i] != ASIDE) {
            unsigned k = class_of(cuts, c->classes, linear[i]);
            factors[k] += w[i];
            takes[k] += c->part[i] == TAKES ? w[i] : 0;
        }
    for (unsigned k = 0; k < c->classes; k++) {
        if (factors[k] > 0 && !(takes[k] > 0))
            return svyi_fail(err, SVY_E_VALUE, "nobody responds in propensity class %u of %u: take fewer classes", k + 1, c->classes);
        factors[k] = takes[k] > 0 ? factors[k] / takes[k] : 1;
    }
    return SVY_OK;
}

/* x'beta of a row; the variables are factors, each a margin, and numbers. */
static double row_linear(const svyi_auxiliary *x, size_t row, const double *beta)
{
    double u = 0;
    for (size_t m = 0; m < x->n_margins; m++) {
        uint32_t code = x->margins[m].codes[row];
        u += code == SVYI_NO_UNIT ? 0 : beta[x->first[m] + code];
    }
    for (size_t k = 0; k < x->n_numbers; k++)
        u += x->numbers[k][row] * beta[x->columns - x->n_numbers + k];
    return u;
}

static svy_status get_propensity(svyi_arena *arena, const sharing *c, const double *w, double *beta, propensity *p, svy_error *err)
{
    size_t n = c->x.columns;
    *p = (propensity){ .c = c, .beta = beta };
    p->all = svyi_arena_get(arena, (c->x.n_units + 1) * sizeof *p->all);
    p->takes = svyi_arena_get(arena, (c->x.n_units + 1) * sizeof *p->takes);
    p->trial = svyi_arena_get(arena, 2 * (n + 1) * sizeof *p->trial);
    p->score = svyi_arena_get(arena, (n + 1) * sizeof *p->score);
    if (p->all == NULL || p->takes == NULL || p->trial == NULL || p->score == NULL)
        return svyi_nomem(err);
    memset(beta, 0, n * sizeof *beta);
    for (size_t i = 0; i < c->x.rows; i++) {
        size_t u = svyi_auxiliary_unit(&c->x, i);
        if (c->part[i] == ASIDE || u == SVYI_NO_UNIT)
            continue;
        p->all[u] += w[i];
        p->takes[u] += c->part[i] == TAKES ? w[i] : 0;
    }
    return svyi_gram_get(arena, &c->x, &p->gram, err);
}

static svy_status solve_propensity(const svyi_adjustment *a, const svy_design *d, const double *w, double *kept, unsigned *iterations, svy_error *err)
{
    const sharing *c = a->user;
    svyi_arena scratch;
    propensity p;
    unsigned steps = 0;
    svyi_arena_init(&scratch, &d->arena.alloc);
    svy_status st = get_propensity(&scratch, c, w, kept, &p, err);
    if (st == SVY_OK)
        st = fit(&p, err, &steps);
    if (st == SVY_OK && c->classes > 0) {
        double *linear = svyi_arena_get(&scratch, (d->rows + 1) * sizeof *linear);
        for (size_t i = 0; i < d->rows && linear != NULL; i++)
            linear[i] = row_linear(&c->x, i, kept);
        double *cuts = kept + c->x.columns;
        st = linear != NULL ? make_classes(c, &d->arena.alloc, w, linear, cuts, cuts + c->classes, err) : svyi_nomem(err);
    }
    if (iterations != NULL)
        *iterations = steps;
    svyi_arena_clear(&scratch);
    return st;
}

static void apply_propensity(const svyi_adjustment *a, size_t rows, const double *kept, double *w)
{
    const sharing *c = a->user;
    const double *cuts = kept + c->x.columns;
    for (size_t i = 0; i < rows; i++) {
        if (c->part[i] == ASIDE)
            continue;
        if (c->part[i] == GIVES || w[i] == 0) {
            w[i] = 0;
            continue;
        }
        double u = row_linear(&c->x, i, kept);
        w[i] *= c->classes > 0 ? cuts[c->classes + class_of(cuts, c->classes, u)] : 1 + exp(-u);
    }
}

static svy_status take_variables(svy_design *d, const svy_frame *f, const svy_weighting_step *s, const uint8_t *need, svyi_auxiliary *x, svy_error *err)
{
    svyi_margin_codes *margins = svyi_arena_get(&d->arena, (s->n_variables + 1) * sizeof *margins);
    const double **numbers = svyi_arena_get(&d->arena, (s->n_variables + 1) * sizeof *numbers);
    if (margins == NULL || numbers == NULL)
        return svyi_nomem(err);
    svy_status st = svyi_margin_cells(&d->arena, f, NULL, 0, d->weights, need, &margins[x->n_margins++], err);
    for (size_t k = 0; k < s->n_variables && st == SVY_OK; k++) {
        const svy_column *c = svy_frame_find(f, s->variables[k]);
        if (c == NULL)
            return svyi_fail(err, SVY_E_NAME, "there is no column '%s': name columns of the data", s->variables[k]);
        if (c->codes != NULL) {
            st = svyi_margin_cells(&d->arena, f, &s->variables[k], 1, d->weights, need, &margins[x->n_margins++], err);
            continue;
        }
        for (size_t i = 0; c->missing != NULL && i < d->rows; i++)
            if (c->missing[i] != SVY_PRESENT && need[i])
                return svyi_fail(err, SVY_E_VALUE, "'%s' is missing in row %zu, and the response propensity needs it: fill it in", c->name, i + 1);
        numbers[x->n_numbers++] = c->numbers;
    }
    x->margins = margins;
    x->numbers = numbers;
    return st;
}

svy_status svyi_propensity_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svy_error *err)
{
    sharing *c = svyi_arena_get(&d->arena, sizeof *c);
    uint8_t *part, *need;
    svy_status st = c == NULL ? svyi_nomem(err) : take_parts(d, f, s, &part, err);
    if (st == SVY_OK && s->classes > CLASSES_MAX)
        st = svyi_fail(err, SVY_E_VALUE, "there are %u classes of propensity: the limit is %d", s->classes, CLASSES_MAX);
    if (st != SVY_OK)
        return st;
    if ((need = needed_rows(d, part)) == NULL)
        return svyi_nomem(err);
    *c = (sharing){ .part = part, .classes = s->classes };
    if ((st = take_variables(d, f, s, need, &c->x, err)) != SVY_OK || (st = svyi_auxiliary_make(&d->arena, d->rows, NULL, NULL, 0, &c->x, err)) != SVY_OK)
        return st;
    a->user = c;
    a->n_kept = c->x.columns + 2 * (size_t)s->classes;
    a->solve = solve_propensity;
    a->apply = apply_propensity;
    a->projection = SVYI_PROJECT_NOT;
    return svyi_adjustment_add(d, a, err);
}
