/* A model matrix with one variable changed: every row at one level of a factor, or derivatives by a number. */
#include <string.h>

#include "base/error.h"
#include "model/matrix_priv.h"

typedef struct search { const char *name; int found; } search;

static void compare_name(void *user, const char *name)
{
    search *s = user;
    s->found |= strcmp(s->name, name) == 0;
}

/* 1: the regressor is made of this column. */
static int is_made_of(const svyi_regressor *r, const char *variable)
{
    search s = { variable, 0 };
    svyi_formula_columns(r->node, compare_name, &s);
    return s.found;
}

const svyi_regressor *svyi_matrix_factor(const svyi_matrix *m, const char *variable)
{
    for (size_t k = 0; k < m->formula.n_variables; k++)
        if (m->regressors[k].kind == SVYI_REGRESSOR_FACTOR && is_made_of(&m->regressors[k], variable))
            return &m->regressors[k];
    return NULL;
}

/* A copy with regressors and terms of its own. */
static svyi_matrix *copy_matrix(svyi_matrix *m)
{
    const size_t n = m->formula.n_variables;
    svyi_matrix *c = svyi_arena_get(&m->arena, sizeof *c);
    svyi_regressor *regressors = svyi_arena_get(&m->arena, (n + 1) * sizeof *regressors);
    svyi_product *products = svyi_arena_get(&m->arena, (m->n_terms + 1) * sizeof *products);
    if (c == NULL || regressors == NULL || products == NULL)
        return NULL;
    memcpy(regressors, m->regressors, n * sizeof *regressors);
    for (size_t t = 0; t < m->n_terms; t++) {
        products[t] = m->products[t];
        if ((products[t].parts = svyi_arena_get(&m->arena, (products[t].n_parts + 1) * sizeof *products[t].parts)) == NULL)
            return NULL;
        for (size_t k = 0; k < products[t].n_parts; k++) {
            products[t].parts[k] = m->products[t].parts[k];
            products[t].parts[k].of = regressors + (m->products[t].parts[k].of - m->regressors);
        }
    }
    *c = *m;
    c->regressors = regressors;
    c->products = products;
    return c;
}

static svy_status unknown(const svyi_matrix *m, const char *variable, svy_error *err)
{
    (void)m;
    return svyi_fail(err, SVY_E_NAME, "'%s' is no variable of the model's terms", variable);
}

svy_status svyi_matrix_fix(svyi_matrix *m, const char *variable, uint32_t level, svyi_matrix **out, svy_error *err)
{
    const svyi_regressor *first = svyi_matrix_factor(m, variable);
    *out = NULL;
    if (first == NULL)
        return unknown(m, variable, err);
    svyi_matrix *c = copy_matrix(m);
    if (c == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < m->formula.n_variables; k++) {
        svyi_regressor *r = &c->regressors[k];
        if (!is_made_of(r, variable))
            continue;
        if (r->kind != SVYI_REGRESSOR_FACTOR)
            return svyi_fail(err, SVY_E_TYPE, "'%s' stands in '%s' too, where its levels cannot be exchanged: use it as a factor only", variable, r->name);
        for (uint32_t l = 0; l < r->n_levels; l++)
            if (strcmp(r->levels[l], first->levels[level]) == 0)
                r->fixed = l + 1;
    }
    *out = c;
    return SVY_OK;
}

/* The derivative of one regressor by a column. */
static svy_status differentiate(svyi_matrix *m, svyi_regressor *r, const char *variable, svy_error *err)
{
    const size_t rows = svy_frame_rows(m->f);
    const int basis = r->kind == SVYI_REGRESSOR_BASIS;
    double *values = svyi_arena_get(&m->arena, (rows + 1) * sizeof *values);
    if (values == NULL)
        return svyi_nomem(err);
    svy_status st = svyi_formula_derivative(m->f, basis ? r->node->first : r->node, variable, values, err);
    for (size_t i = 0; st == SVY_OK && i < rows; i++)
        if (values[i] != values[i])
            values[i] = 0;                  /* a row that is not used */
    r->slope = basis;
    r->inner = basis ? values : NULL;
    r->numbers = basis ? r->numbers : values;
    return st;
}

svy_status svyi_matrix_slopes(svyi_matrix *m, const char *variable, svyi_matrix ***out, size_t *count, svy_error *err)
{
    *count = 0;
    if ((*out = svyi_arena_get(&m->arena, (m->formula.n_variables + 1) * sizeof **out)) == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < m->formula.n_variables; k++) {
        if (!is_made_of(&m->regressors[k], variable))
            continue;
        svyi_matrix *c = copy_matrix(m);
        if (c == NULL)
            return svyi_nomem(err);
        svy_status st = differentiate(m, &c->regressors[k], variable, err);
        if (st != SVY_OK)
            return st;
        c->derivative = 1;
        for (size_t t = 0; t < c->n_terms; t++)
            c->products[t].zero = !svyi_bit(&c->formula.terms[t], k);
        (*out)[(*count)++] = c;
    }
    return *count > 0 ? SVY_OK : unknown(m, variable, err);
}
