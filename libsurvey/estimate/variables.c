/* From the names a user gives to columns, factors and one mask of missing values. */
#include "estimate/variables.h"

#include <string.h>

#include "base/error.h"

typedef struct planning {
    svyi_arena *arena;
    const svy_frame *f;
    const svy_estimate_spec *spec;
    size_t rows;
    uint8_t *own;                 /* mask made here */
    svyi_variables *out;
    svy_error *err;
} planning;

/* One mask is borrowed; a second one makes a joint mask. */
static svy_status join_missing(planning *p, const svy_column *c)
{
    if (c->missing == NULL || c->missing == p->out->missing)
        return SVY_OK;
    if (p->spec->fail_missing)
        for (size_t i = 0; i < p->rows; i++)
            if (c->missing[i] != SVY_PRESENT)
                return svyi_fail(p->err, SVY_E_VALUE, "'%s' is missing in row %zu: use --missing omit to leave such rows out", c->name, i + 1);
    if (p->out->missing == NULL) {
        p->out->missing = c->missing;
        return SVY_OK;
    }
    if (p->own == NULL) {
        if ((p->own = svyi_arena_get(p->arena, p->rows + 1)) == NULL)
            return svyi_nomem(p->err);
        memcpy(p->own, p->out->missing, p->rows);
        p->out->missing = p->own;
    }
    for (size_t i = 0; i < p->rows; i++)
        p->own[i] |= c->missing[i];
    return SVY_OK;
}

static svy_status find_column(planning *p, const char *name, size_t len, const svy_column **out)
{
    char *copy = svyi_arena_text(p->arena, name, len);
    if (copy == NULL)
        return svyi_nomem(p->err);
    if ((*out = svy_frame_find(p->f, copy)) == NULL)
        return svyi_fail(p->err, SVY_E_NAME, "there is no column '%s': name a column of the data", copy);
    return join_missing(p, *out);
}

static svy_status add_ratio(planning *p, const char *text, svyi_variable *v)
{
    const char *slash = strchr(text, '/');
    const svy_column *y, *x;
    svy_status st;
    if (slash == NULL || slash == text || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
        return svyi_fail(p->err, SVY_E_ARG, "'%s' is not a ratio: give numerator/denominator", text);
    if ((st = find_column(p, text, (size_t)(slash - text), &y)) != SVY_OK || (st = find_column(p, slash + 1, strlen(slash + 1), &x)) != SVY_OK)
        return st;
    const svy_column *bad = y->numbers == NULL ? y : x->numbers == NULL ? x : NULL;
    if (bad != NULL)
        return svyi_fail(p->err, SVY_E_TYPE, "'%s' is text: a ratio needs numbers", bad->name);
    v->numbers = y->numbers;
    v->denominator = x->numbers;
    return SVY_OK;
}

/* "x", or "factor(x)". */
static svy_status add_variable(planning *p, const char *text, svyi_variable *v)
{
    const svy_column *c;
    size_t len = strlen(text), open = strlen("factor(");
    int factor = p->spec->statistic == SVY_STAT_PROPORTION || p->spec->statistic == SVY_STAT_TABLE;
    if (len > open + 1 && strncmp(text, "factor(", open) == 0 && text[len - 1] == ')') {
        factor = 1;
        text += open;
        len -= open + 1;
        if ((v->name = svyi_arena_text(p->arena, text, len)) == NULL)
            return svyi_nomem(p->err);
    }
    svy_status st = find_column(p, text, len, &c);
    if (st != SVY_OK)
        return st;
    if (c->numbers != NULL && !factor) {
        v->numbers = c->numbers;
        return SVY_OK;
    }
    st = svyi_factor_make(p->arena, c, p->rows, &v->factor, p->err);
    if (st == SVY_OK && v->factor.n_levels == 0)
        return svyi_fail(p->err, SVY_E_VALUE, "'%s' has no value in any row", c->name);
    return st;
}

/* All variables become the cells of one factor. */
static svy_status cross_variables(planning *p)
{
    svyi_variable *v = p->out->variables;
    size_t n = p->out->n_variables, len = 0;
    svyi_factor *factors = svyi_arena_get(p->arena, n * sizeof *factors);
    for (size_t i = 0; i < n; i++)
        len += strlen(v[i].name) + 1;
    char *name = svyi_arena_get(p->arena, len + 1);
    if (factors == NULL || name == NULL)
        return svyi_nomem(p->err);
    for (size_t i = 0; i < n; i++) {
        factors[i] = v[i].factor;
        if (i > 0)
            strcat(name, ":");
        strcat(name, v[i].name);
    }
    v[0].name = name;
    p->out->n_variables = 1;
    return svyi_factor_cross(p->arena, factors, n, p->rows, &v[0].factor, p->err);
}

svy_status svyi_variables_find(svyi_arena *arena, const svy_frame *f, const svy_estimate_spec *spec, svyi_variables *out, svy_error *err)
{
    planning p = { .arena = arena, .f = f, .spec = spec, .rows = svy_frame_rows(f), .out = out, .err = err };
    svy_status st = SVY_OK;
    *out = (svyi_variables){ 0 };
    out->variables = svyi_arena_get(arena, (spec->n_variables + 1) * sizeof *out->variables);
    if (out->variables == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < spec->n_variables && st == SVY_OK; i++, out->n_variables++) {
        svyi_variable *v = &out->variables[i];
        if ((v->name = svyi_arena_text(arena, spec->variables[i], strlen(spec->variables[i]))) == NULL)
            return svyi_nomem(err);
        st = spec->statistic == SVY_STAT_RATIO ? add_ratio(&p, v->name, v) : add_variable(&p, v->name, v);
    }
    if (st == SVY_OK && spec->statistic == SVY_STAT_TABLE)
        st = cross_variables(&p);
    return st;
}
