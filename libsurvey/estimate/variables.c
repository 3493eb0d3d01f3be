/* From the names a user gives to columns, factors and one mask of missing values. */
#include "estimate/variables.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

typedef struct planning {
    svyi_arena *arena;
    const svy_frame *f;
    const svy_estimate_spec *spec;
    size_t rows;
    uint8_t *own;                 /* mask made here */
    int some;                     /* these are some rows of many */
    svyi_variables *out;
    svy_error *err;
} planning;

/* One mask is borrowed; a second one makes a joint mask. */
static svy_status join_missing(planning *p, const svy_column *c)
{
    if (c->missing == NULL || c->missing == p->out->missing)
        return SVY_OK;
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

/* ---- names ---- */

/* A name in backquotes at `text`, written to `out` without them: the bytes it takes, 0 when there is none. */
static size_t quoted_name(const char *text, char *out)
{
    if (text[0] != '`')
        return 0;
    for (size_t i = 1; text[i] != '\0'; i++) {
        if (text[i] == '`' && text[++i] != '`') {
            *out = '\0';
            return i > 2 ? i : 0;
        }
        *out++ = text[i];
    }
    return 0;
}

/* A name that ends at `end`; out has room for it. */
static void take_name(const char *text, const char *end, char *out)
{
    size_t len = (size_t)(end - text), quoted = quoted_name(text, out);
    if (quoted == len && quoted > 0)
        return;
    memcpy(out, text, len);
    out[len] = '\0';
}

static svy_status parse_ratio(const char *text, char *copy, const char *names[2], svy_error *err)
{
    size_t quoted = quoted_name(text, copy);
    const char *slash = quoted > 0 && text[quoted] == '/' ? text + quoted : strchr(text, '/');
    const char *rest = slash != NULL ? slash + 1 : "", *end = rest + strlen(rest);
    if (slash == NULL || slash == text || rest == end)
        return svyi_fail(err, SVY_E_ARG, "'%s' is not a ratio: give numerator/denominator", text);
    char *second = copy + (slash - text) + 1;
    if (strchr(rest, '/') != NULL && quoted_name(rest, second) != (size_t)(end - rest))
        return svyi_fail(err, SVY_E_ARG, "'%s' has more than one /: give numerator/denominator, and names with a / in backquotes", text);
    take_name(text, slash, copy);
    take_name(rest, end, second);
    names[0] = copy;
    names[1] = second;
    return SVY_OK;
}

svy_status svy_variable_parse(svy_statistic statistic, const char *text, char *copy, const char *names[2], int *factor, svy_error *err)
{
    static const char FACTOR[] = "factor(";
    size_t open = sizeof FACTOR - 1, len = strlen(text);
    int named = len > open + 1 && strncmp(text, FACTOR, open) == 0 && text[len - 1] == ')';
    names[0] = names[1] = NULL;
    if (factor != NULL)
        *factor = named && statistic != SVY_STAT_RATIO;
    if (statistic == SVY_STAT_RATIO)
        return parse_ratio(text, copy, names, err);
    take_name(named ? text + open : text, text + len - named, copy);
    names[0] = copy;
    return SVY_OK;
}

static svy_status find_column(planning *p, const char *name, const svy_column **out)
{
    if ((*out = svy_frame_find(p->f, name)) == NULL)
        return svyi_fail(p->err, SVY_E_NAME, "there is no column '%s': name a column of the data", name);
    p->out->columns[p->out->n_columns++] = *out;
    return join_missing(p, *out);
}

static svy_status add_ratio(planning *p, const char *const names[2], svyi_variable *v)
{
    const svy_column *y, *x;
    svy_status st;
    size_t room = strlen(names[0]) + strlen(names[1]) + 2;
    char *name = svyi_arena_get(p->arena, room);
    if (name == NULL)
        return svyi_nomem(p->err);
    snprintf(name, room, "%s/%s", names[0], names[1]);
    v->name = name;
    if ((st = find_column(p, names[0], &y)) != SVY_OK || (st = find_column(p, names[1], &x)) != SVY_OK)
        return st;
    const svy_column *bad = y->numbers == NULL ? y : x->numbers == NULL ? x : NULL;
    if (bad != NULL)
        return svyi_fail(p->err, SVY_E_TYPE, "'%s' is text: a ratio needs numbers", bad->name);
    v->numbers = y->numbers;
    v->denominator = x->numbers;
    return SVY_OK;
}

static svy_status add_column(planning *p, const char *name, int factor, svyi_variable *v)
{
    const svy_column *c;
    svy_status st = find_column(p, name, &c);
    v->name = name;
    if (st != SVY_OK)
        return st;
    if (c->numbers != NULL && !factor) {
        if (p->spec->interval != SVY_INTERVAL_DEFAULT)
            return svyi_fail(p->err, SVY_E_TYPE, "'%s' is a number, and intervals of shares were asked for: use factor(%s)", name, name);
        v->numbers = c->numbers;
        return SVY_OK;
    }
    st = svyi_factor_make(p->arena, c, p->rows, &v->factor, p->err);
    if (st == SVY_OK && v->factor.n_levels == 0 && p->some) {
        v->factor.levels = SVYI_NO_LEVELS;
        v->factor.n_levels = 1;
    }
    if (st == SVY_OK && v->factor.n_levels == 0)
        return svyi_fail(p->err, SVY_E_VALUE, "'%s' has no value in any row", c->name);
    return st;
}

static svy_status add_variable(planning *p, const char *text, svyi_variable *v)
{
    svy_statistic statistic = p->spec->statistic;
    const char *names[2];
    int factor;
    char *copy = svyi_arena_get(p->arena, strlen(text) + 1);
    if (copy == NULL)
        return svyi_nomem(p->err);
    svy_status st = svy_variable_parse(statistic, text, copy, names, &factor, p->err);
    if (st != SVY_OK)
        return st;
    if (statistic == SVY_STAT_RATIO)
        return add_ratio(p, names, v);
    return add_column(p, names[0], factor || statistic == SVY_STAT_PROPORTION || statistic == SVY_STAT_TABLE, v);
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
    p->out->crossed = factors;
    p->out->n_crossed = n;
    return svyi_factor_cross(p->arena, factors, n, p->rows, &v[0].factor, p->err);
}

static svy_status find(svyi_arena *arena, const svy_frame *f, const svy_estimate_spec *spec, int some, svyi_variables *out, svy_error *err)
{
    planning p = { .arena = arena, .f = f, .spec = spec, .rows = svy_frame_rows(f), .some = some, .out = out, .err = err };
    svy_status st = SVY_OK;
    *out = (svyi_variables){ 0 };
    out->variables = svyi_arena_get(arena, (spec->n_variables + 1) * sizeof *out->variables);
    out->columns = svyi_arena_get(arena, (2 * spec->n_variables + 1) * sizeof *out->columns);
    if (out->variables == NULL || out->columns == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < spec->n_variables && st == SVY_OK; i++, out->n_variables++)
        st = add_variable(&p, spec->variables[i], &out->variables[i]);
    if (st == SVY_OK && spec->statistic == SVY_STAT_TABLE)
        st = cross_variables(&p);
    return st;
}

const char *const SVYI_NO_LEVELS[1] = { "" };

svy_status svyi_variables_find(svyi_arena *arena, const svy_frame *f, const svy_estimate_spec *spec, svyi_variables *out, svy_error *err)
{
    return find(arena, f, spec, 0, out, err);
}

svy_status svyi_variables_find_some(svyi_arena *arena, const svy_frame *f, const svy_estimate_spec *spec, svyi_variables *out, svy_error *err)
{
    return find(arena, f, spec, 1, out, err);
}

svy_status svyi_variables_complete(const svyi_variables *v, const svyi_domains *domains, const double *weights, size_t rows, svy_error *err)
{
    for (size_t i = 0; v->missing != NULL && i < rows; i++) {
        if (v->missing[i] == 0 || weights[i] == 0 || svyi_domain_of(domains, i) == SVYI_NO_DOMAIN)
            continue;
        for (size_t k = 0; k < v->n_columns; k++)
            if (v->columns[k]->missing != NULL && v->columns[k]->missing[i] != SVY_PRESENT)
                return svyi_fail(err, SVY_E_VALUE, "'%s' is missing in row %zu: use --missing omit to leave such rows out", v->columns[k]->name,
                                 i + 1);
    }
    return SVY_OK;
}
