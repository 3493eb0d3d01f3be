/* From a formula and a frame to a model matrix: binding, missing rows, levels, R's rule of coding, names of columns. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/matrix_priv.h"

/* ---- binding ---- */

static svy_status bind_survival(svyi_matrix *m, const svyi_node *call, svy_error *err)
{
    const svyi_node *argument = call->first;
    double *values[3];
    size_t n = 0;
    for (; argument != NULL && n < 3; argument = argument->next, n++) {
        if ((values[n] = svyi_arena_get(&m->arena, (svy_frame_rows(m->f) + 1) * sizeof *values[n])) == NULL)
            return svyi_nomem(err);
        svy_status st = svyi_formula_evaluate(m->f, argument, values[n], err);
        if (st != SVY_OK)
            return st;
    }
    if (n < 2 || argument != NULL)
        return svyi_formula_fail(err, SVY_E_SYNTAX, call, "Surv() takes (time, status) or (start, stop, status)");
    m->response.kind = SVYI_RESPONSE_SURVIVAL;
    m->response.start = n == 3 ? values[0] : NULL;
    m->response.numbers = values[n - 2];
    m->response.status = values[n - 1];
    return SVY_OK;
}

static svy_status bind_response(svyi_matrix *m, svy_error *err)
{
    const svyi_node *n = m->formula.response;
    if (n == NULL)
        return SVY_OK;
    if ((m->response.name = svyi_formula_name(&m->arena, m->formula.text, n)) == NULL)
        return svyi_nomem(err);
    if (svyi_formula_calls(n, "Surv"))
        return bind_survival(m, n, err);
    svy_status st = svyi_regressor_bind(&m->arena, m->f, m->formula.text, n, &m->outcome, err);
    if (st == SVY_OK && m->outcome.kind == SVYI_REGRESSOR_BASIS)
        return svyi_formula_fail(err, SVY_E_TYPE, n, "a spline cannot be the response");
    m->response.kind = m->outcome.kind == SVYI_REGRESSOR_FACTOR ? SVYI_RESPONSE_FACTOR : SVYI_RESPONSE_NUMBER;
    m->response.numbers = m->outcome.numbers;
    return st;
}

static svy_status bind_offsets(svyi_matrix *m, svy_error *err)
{
    const size_t rows = svy_frame_rows(m->f);
    for (size_t k = 0; k < m->formula.n_offsets; k++) {
        double *values = svyi_arena_get(&m->arena, (rows + 1) * sizeof *values);
        svy_status st = values != NULL ? svyi_formula_evaluate(m->f, m->formula.offsets[k], values, err) : svyi_nomem(err);
        if (st != SVY_OK)
            return st;
        for (size_t i = 0; m->offset != NULL && i < rows; i++)
            m->offset[i] += values[i];
        if (m->offset == NULL)
            m->offset = values;
    }
    return SVY_OK;
}

static void drop_missing(svyi_matrix *m, const svyi_regressor *r)
{
    const size_t rows = svy_frame_rows(m->f);
    if (r->missing == NULL && (r->kind == SVYI_REGRESSOR_FACTOR || r->node->kind == SVYI_NODE_NAME))
        return;
    for (size_t i = 0; i < rows; i++)
        m->used[i] = (uint8_t)(m->used[i] & !svyi_regressor_missing(r, i));
}

static int counts(const svyi_matrix *m, size_t row)
{
    return m->used[row] && (m->weights == NULL || m->weights[row] != 0);
}

/* Rows that take no part may have what values they like: log(age) of an age of 0 outside the subpopulation. `values` may be NULL. */
static svy_status drop_infinite(svyi_matrix *m, const svyi_node *n, const double *values, svy_error *err)
{
    for (size_t i = 0; values != NULL && i < svy_frame_rows(m->f); i++) {
        if (isinf(values[i]) && counts(m, i))
            return svyi_formula_fail(err, SVY_E_VALUE, n, "a calculation has no finite value in row %zu", i + 1);
        m->used[i] = (uint8_t)(m->used[i] & !isinf(values[i]));
    }
    return SVY_OK;
}

static svy_status bind_strata(svyi_matrix *m, svy_error *err)
{
    const size_t n = m->formula.n_strata;
    svyi_factor *factors = svyi_arena_get(&m->arena, (n + 1) * sizeof *factors);
    if (factors == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < n; k++) {
        const svyi_node *node = m->formula.strata[k];
        svyi_node call = { .kind = SVYI_NODE_CALL, .text = "factor", .from = node->from, .to = node->to, .depth = node->depth + 1 }, argument = *node;
        svyi_regressor r;
        argument.next = NULL;
        call.first = &argument;
        svy_status st = node->kind == SVYI_NODE_CALL && !svyi_formula_function(node->text)
            ? svyi_regressor_bind(&m->arena, m->f, m->formula.text, &argument, &r, err)
            : svyi_regressor_bind(&m->arena, m->f, m->formula.text, &call, &r, err);
        if (st != SVY_OK)
            return st;
        if (r.kind != SVYI_REGRESSOR_FACTOR)
            return svyi_formula_fail(err, SVY_E_TYPE, node, "strata() needs factors");
        if (r.missing != NULL)
            drop_missing(m, &r);
        if ((st = drop_infinite(m, node, r.numbers, err)) != SVY_OK)
            return st;
        factors[k] = r.factor;
    }
    return n > 0 ? svyi_factor_cross(&m->arena, factors, n, svy_frame_rows(m->f), &m->strata, err) : SVY_OK;
}

static void drop_survival(svyi_matrix *m)
{
    const svyi_response *y = &m->response;
    for (size_t i = 0; i < svy_frame_rows(m->f); i++)
        m->used[i] = (uint8_t)(m->used[i] & !(isnan(y->numbers[i]) || isnan(y->status[i]) || (y->start != NULL && isnan(y->start[i]))));
}

static svy_status bind_all(svyi_matrix *m, const uint8_t *keep, svy_error *err)
{
    const size_t rows = svy_frame_rows(m->f);
    m->regressors = svyi_arena_get(&m->arena, (m->formula.n_variables + 1) * sizeof *m->regressors);
    m->used = svyi_arena_get(&m->arena, rows + 1);
    if (m->regressors == NULL || m->used == NULL)
        return svyi_nomem(err);
    if (keep != NULL)
        memcpy(m->used, keep, rows);
    else
        memset(m->used, 1, rows);
    svy_status st = bind_response(m, err);
    for (size_t k = 0; st == SVY_OK && k < m->formula.n_variables; k++)
        st = svyi_regressor_bind(&m->arena, m->f, m->formula.text, m->formula.variables[k], &m->regressors[k], err);
    if (st == SVY_OK)
        st = bind_offsets(m, err);
    if (st == SVY_OK)
        st = bind_strata(m, err);
    return st;
}

static void find_used(svyi_matrix *m)
{
    const svyi_node *y = m->formula.response;
    for (size_t k = 0; k < m->formula.n_variables; k++)
        drop_missing(m, &m->regressors[k]);
    if (m->response.kind == SVYI_RESPONSE_SURVIVAL)
        drop_survival(m);
    else if (y != NULL)
        drop_missing(m, &m->outcome);
    for (size_t i = 0; m->offset != NULL && i < svy_frame_rows(m->f); i++)
        m->used[i] = (uint8_t)(m->used[i] & !isnan(m->offset[i]));
}

static svy_status check_finite(svyi_matrix *m, svy_error *err)
{
    const svyi_node *y = m->formula.response;
    svy_status st = SVY_OK;
    for (size_t k = 0; st == SVY_OK && k < m->formula.n_variables; k++)
        if (m->formula.variables[k]->kind != SVYI_NODE_NAME)
            st = drop_infinite(m, m->formula.variables[k], m->regressors[k].numbers, err);
    if (st == SVY_OK && m->offset != NULL)
        st = drop_infinite(m, m->formula.offsets[0], m->offset, err);
    if (y == NULL || y->kind == SVYI_NODE_NAME)
        return st;
    const double *values[] = { m->outcome.numbers, m->response.numbers, m->response.start, m->response.status };
    for (size_t k = 0; st == SVY_OK && k < sizeof values / sizeof values[0]; k++)
        st = drop_infinite(m, y, values[k], err);
    return st;
}

static svy_status require_rows(const svyi_matrix *m, svy_error *err)
{
    for (size_t i = 0; i < svy_frame_rows(m->f); i++)
        if (counts(m, i))
            return SVY_OK;
    return svyi_fail(err, SVY_E_VALUE, "no row of positive weight has a value of every variable of the model");
}

/* ---- levels and knots ---- */

static svy_status find_levels(svyi_matrix *m, svyi_regressor *r, svy_error *err)
{
    const uint32_t n = r->factor.n_levels;
    uint32_t first = 0, at = 0;
    r->map = svyi_arena_get(&m->arena, ((size_t)n + 1) * sizeof *r->map);
    r->levels = svyi_arena_get(&m->arena, ((size_t)n + 1) * sizeof *r->levels);
    if (r->map == NULL || r->levels == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < svy_frame_rows(m->f); i++)
        if (counts(m, i))
            r->map[r->factor.codes[i]] = 1;
    for (uint32_t l = 0; l < n; l++)
        if (r->map[l] && r->reference == r->factor.levels[l]) {
            r->levels[at++] = r->factor.levels[l];
            first = l + 1;                           /* 0: no level was moved to the front */
        }
    for (uint32_t l = 0; l < n; l++) {
        if (r->map[l] && l + 1 != first)
            r->levels[r->map[l] = at++] = r->factor.levels[l];
        else
            r->map[l] = r->map[l] ? 0 : UINT32_MAX;
    }
    r->n_levels = at;
    return SVY_OK;
}

static svy_status find_basis(svyi_matrix *m, svyi_regressor *r, const uint8_t *keep, svy_error *err)
{
    const size_t rows = svy_frame_rows(m->f);
    size_t n = 0;
    int nomem;
    double *x = svyi_get(&m->arena.alloc, (rows + 1) * sizeof *x);
    if (x == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < rows; i++)
        if ((keep == NULL || keep[i]) && !svyi_regressor_missing(r, i) && !isinf(r->numbers[i]) && (m->weights == NULL || m->weights[i] != 0))
            x[n++] = r->numbers[i];
    const char *wrong = svyi_basis_make(&m->arena, r->basis, x, n, &nomem);
    svyi_release(&m->arena.alloc, x, (rows + 1) * sizeof *x);
    if (wrong != NULL)
        return svyi_formula_fail(err, SVY_E_VALUE, r->node, "%s: %s", r->name, wrong);
    return nomem ? svyi_nomem(err) : SVY_OK;
}

static svy_status find_response_levels(svyi_matrix *m, svy_error *err)
{
    if (m->formula.response == NULL || m->response.kind != SVYI_RESPONSE_FACTOR)
        return SVY_OK;
    svyi_regressor *r = &m->outcome;
    const size_t rows = svy_frame_rows(m->f);
    svy_status st = find_levels(m, r, err);
    uint32_t *codes = st == SVY_OK ? svyi_arena_get(&m->arena, (rows + 1) * sizeof *codes) : NULL;
    if (codes == NULL)
        return st != SVY_OK ? st : svyi_nomem(err);
    for (size_t i = 0; i < rows; i++)
        codes[i] = m->used[i] && r->map[r->factor.codes[i]] != UINT32_MAX ? r->map[r->factor.codes[i]] : 0;
    m->response.codes = codes;
    m->response.levels = r->levels;
    m->response.n_levels = r->n_levels;
    return SVY_OK;
}

static svy_status find_shapes(svyi_matrix *m, const uint8_t *keep, svy_error *err)
{
    svy_status st = find_response_levels(m, err);
    for (size_t k = 0; st == SVY_OK && k < m->formula.n_variables; k++) {
        svyi_regressor *r = &m->regressors[k];
        if (r->kind == SVYI_REGRESSOR_BASIS)
            st = find_basis(m, r, keep, err);
        if (r->kind != SVYI_REGRESSOR_FACTOR)
            continue;
        st = find_levels(m, r, err);
        if (st == SVY_OK && r->n_levels < 2)
            return svyi_formula_fail(err, SVY_E_VALUE, r->node, "'%s' has one level only, '%s', in the rows used: leave it out", r->name,
                                     r->n_levels > 0 ? r->levels[0] : "");
    }
    return st;
}

/* ---- terms ---- */

/* R's rule: a factor has contrasts in a term when the term without it is empty, or part of a term before it; otherwise a column for each level. */
static int full_coding(const svyi_formula *f, size_t term, size_t variable)
{
    svyi_bits rest = f->terms[term];
    uint64_t any = 0;
    rest.word[variable / 64] &= ~((uint64_t)1 << (variable % 64));
    for (size_t i = 0; i < SVYI_FORMULA_VARIABLES / 64; i++)
        any |= rest.word[i];
    if (any == 0)
        return 0;
    for (size_t t = 0; t < term; t++) {
        uint64_t absent = 0;
        for (size_t i = 0; i < SVYI_FORMULA_VARIABLES / 64; i++)
            absent |= rest.word[i] & ~f->terms[t].word[i];
        if (absent == 0)
            return 0;
    }
    return 1;
}

static size_t part_columns(const svyi_part *p)
{
    switch (p->of->kind) {
    case SVYI_REGRESSOR_FACTOR: return p->of->n_levels - !p->full;
    case SVYI_REGRESSOR_BASIS: return p->of->basis->width;
    case SVYI_REGRESSOR_NUMBER: default: return 1;
    }
}

/* The parts of a term; the first varies fastest. `free_factor`: 1 while no factor has taken the place of a missing intercept. */
static svy_status make_product(svyi_matrix *m, size_t term, int *free_factor, svy_error *err)
{
    svyi_product *p = &m->products[term];
    const svyi_formula *f = &m->formula;
    p->first = m->columns;
    p->count = 1;
    if ((p->parts = svyi_arena_get(&m->arena, (f->n_variables + 1) * sizeof *p->parts)) == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < f->n_variables; k++) {
        if (!svyi_bit(&f->terms[term], k))
            continue;
        svyi_part *part = &p->parts[p->n_parts++];
        *part = (svyi_part){ .of = &m->regressors[k], .stride = p->count };
        if (part->of->kind == SVYI_REGRESSOR_FACTOR) {
            part->full = full_coding(f, term, k) || *free_factor;
            *free_factor = 0;
        }
        part->count = part_columns(part);
        p->n_bases += part->of->kind == SVYI_REGRESSOR_BASIS;
        p->count *= part->count;
        if (p->count + m->columns > SVYI_MATRIX_COLUMNS)
            return svyi_fail(err, SVY_E_LIMIT, "the model has more than %d coefficients: use fewer terms or levels", SVYI_MATRIX_COLUMNS);
    }
    m->columns += p->count;
    return SVY_OK;
}

/* "cit: EU", "ns(age, 3): 2", "age": one part of the name of a column. Returns the bytes it needs. */
static size_t part_name(const svyi_part *p, size_t k, char *out, size_t size)
{
    int n = 0;
    switch (p->of->kind) {
    case SVYI_REGRESSOR_FACTOR: n = snprintf(out, size, "%s: %s", p->of->name, p->of->levels[k + !p->full]); break;
    case SVYI_REGRESSOR_BASIS: n = snprintf(out, size, "%s: %zu", p->of->name, k + 1); break;
    case SVYI_REGRESSOR_NUMBER: default: n = snprintf(out, size, "%s", p->of->name); break;
    }
    return (size_t)n;
}

static const char *column_name(svyi_matrix *m, const svyi_product *p, size_t column)
{
    size_t len = 1, at = 0;
    for (size_t i = 0; i < p->n_parts; i++)
        len += part_name(&p->parts[i], column / p->parts[i].stride % p->parts[i].count, NULL, 0) + 3;
    char *name = svyi_arena_get(&m->arena, len);
    for (size_t i = 0; name != NULL && i < p->n_parts; i++) {
        at += (size_t)snprintf(name + at, len - at, "%s", i > 0 ? " * " : "");
        at += part_name(&p->parts[i], column / p->parts[i].stride % p->parts[i].count, name + at, len - at);
    }
    return name;
}

static const char *term_name(svyi_matrix *m, const svyi_product *p)
{
    size_t len = 1;
    for (size_t i = 0; i < p->n_parts; i++)
        len += strlen(p->parts[i].of->name) + 1;
    char *name = svyi_arena_get(&m->arena, len);
    for (size_t i = 0; name != NULL && i < p->n_parts; i++) {
        if (i > 0)
            strcat(name, ":");
        strcat(name, p->parts[i].of->name);
    }
    return name;
}

static svy_status name_columns(svyi_matrix *m, svy_error *err)
{
    if ((m->names = svyi_arena_get(&m->arena, (m->columns + 1) * sizeof *m->names)) == NULL)
        return svyi_nomem(err);
    if (m->formula.intercept)
        m->names[0] = "(Intercept)";
    for (size_t t = 0; t < m->n_terms; t++) {
        const svyi_product *p = &m->products[t];
        m->terms[t] = (svyi_term){ term_name(m, p), p->first, p->count };
        if (m->terms[t].name == NULL)
            return svyi_nomem(err);
        for (size_t k = 0; k < p->count; k++)
            if ((m->names[p->first + k] = column_name(m, p, k)) == NULL)
                return svyi_nomem(err);
    }
    return SVY_OK;
}

static svy_status make_terms(svyi_matrix *m, svy_error *err)
{
    int free_factor = !m->formula.intercept;
    m->n_terms = m->formula.n_terms;
    m->products = svyi_arena_get(&m->arena, (m->n_terms + 1) * sizeof *m->products);
    m->terms = svyi_arena_get(&m->arena, (m->n_terms + 1) * sizeof *m->terms);
    if (m->products == NULL || m->terms == NULL)
        return svyi_nomem(err);
    m->columns = (size_t)m->formula.intercept;
    svy_status st = SVY_OK;
    for (size_t t = 0; st == SVY_OK && t < m->n_terms; t++)
        st = make_product(m, t, &free_factor, err);
    return st == SVY_OK ? name_columns(m, err) : st;
}

/* ---- life ---- */

static svy_status make(svyi_matrix *m, const char *text, const uint8_t *keep, svy_error *err)
{
    const char *own = svyi_arena_text(&m->arena, text, strlen(text));
    svy_status st = own != NULL ? svyi_formula_parse(&m->arena, own, &m->formula, err) : svyi_nomem(err);
    if (st == SVY_OK)
        st = bind_all(m, keep, err);
    if (st != SVY_OK)
        return st;
    find_used(m);
    st = check_finite(m, err);
    if (st == SVY_OK && (st = require_rows(m, err)) == SVY_OK)
        st = find_shapes(m, keep, err);
    return st == SVY_OK ? make_terms(m, err) : st;
}

svy_status svyi_matrix_new(const svy_alloc *alloc, const svy_frame *f, const char *text, const double *weights, const uint8_t *keep,
                           svyi_matrix **out, svy_error *err)
{
    svyi_arena arena;
    *out = NULL;
    svyi_arena_init(&arena, alloc);
    svyi_matrix *m = svyi_arena_get(&arena, sizeof *m);
    if (m == NULL)
        return svyi_nomem(err);
    *m = (svyi_matrix){ .arena = arena, .f = f, .weights = weights };
    const svy_status st = make(m, text, keep, err);
    if (st != SVY_OK) {
        svyi_matrix_free(m);
        return st;
    }
    *out = m;
    return SVY_OK;
}

void svyi_matrix_free(svyi_matrix *m)
{
    if (m == NULL)
        return;
    svyi_arena arena = m->arena;
    svyi_arena_clear(&arena);
}

const svy_alloc *svyi_matrix_alloc(const svyi_matrix *m) { return &m->arena.alloc; }
const svyi_response *svyi_matrix_response(const svyi_matrix *m) { return m->formula.response != NULL ? &m->response : NULL; }
size_t svyi_matrix_columns(const svyi_matrix *m) { return m->columns; }
const char *svyi_matrix_name(const svyi_matrix *m, size_t column) { return m->names[column]; }
size_t svyi_matrix_terms(const svyi_matrix *m) { return m->n_terms; }
const svyi_term *svyi_matrix_term(const svyi_matrix *m, size_t k) { return &m->terms[k]; }
int svyi_matrix_intercept(const svyi_matrix *m) { return m->formula.intercept; }
const double *svyi_matrix_offset(const svyi_matrix *m) { return m->offset; }
const uint8_t *svyi_matrix_used(const svyi_matrix *m) { return m->used; }

const uint32_t *svyi_matrix_strata(const svyi_matrix *m, uint32_t *count)
{
    *count = m->strata.n_levels;
    return m->strata.codes;
}
