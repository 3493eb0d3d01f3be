/* Variables of a formula as data: columns, calculated numbers, factors, splines. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "model/matrix_priv.h"

typedef struct binding { svyi_arena *arena; const svy_frame *f; const char *text; svy_error *err; } binding;

static svy_status find_column(const binding *b, const svyi_node *n, const svy_column **out)
{
    *out = svy_frame_find(b->f, n->text);
    return *out != NULL ? SVY_OK : svyi_formula_fail(b->err, SVY_E_NAME, n, "there is no column '%s': name a column of the data", n->text);
}

static svy_status bind_numbers(const binding *b, const svyi_node *n, svyi_regressor *r)
{
    double *values = svyi_arena_get(b->arena, (svy_frame_rows(b->f) + 1) * sizeof *values);
    if (values == NULL)
        return svyi_nomem(b->err);
    r->kind = SVYI_REGRESSOR_NUMBER;
    r->numbers = values;
    return svyi_formula_evaluate(b->f, n, values, b->err);
}

static svy_status bind_name(const binding *b, const svyi_node *n, svyi_regressor *r)
{
    const svy_column *c;
    svy_status st = find_column(b, n, &c);
    if (st != SVY_OK)
        return st;
    r->kind = c->codes != NULL ? SVYI_REGRESSOR_FACTOR : SVYI_REGRESSOR_NUMBER;
    r->numbers = c->numbers;
    r->missing = c->missing;
    if (c->codes != NULL)
        r->factor = (svyi_factor){ c->codes, c->levels, c->n_levels };
    return SVY_OK;
}

/* ---- factors ---- */

/* Calculated numbers as a factor. They stay in r->numbers, where an infinite one, which has no level, is found if its row is used. */
static svy_status numbers_as_factor(const binding *b, const svyi_node *n, svyi_regressor *r)
{
    const size_t rows = svy_frame_rows(b->f);
    double *values = svyi_arena_get(b->arena, (rows + 1) * sizeof *values), *finite = svyi_arena_get(b->arena, (rows + 1) * sizeof *finite);
    uint8_t *missing = svyi_arena_get(b->arena, rows + 1);
    if (values == NULL || finite == NULL || missing == NULL)
        return svyi_nomem(b->err);
    svy_status st = svyi_formula_evaluate(b->f, n, values, b->err);
    for (size_t i = 0; st == SVY_OK && i < rows; i++) {
        missing[i] = isnan(values[i]) ? SVY_NOT_STATED : SVY_PRESENT;
        finite[i] = isfinite(values[i]) ? values[i] : 0;
    }
    const svy_column c = { .name = r->name, .label = "", .type = SVY_T_DECIMAL, .numbers = finite, .missing = missing };
    r->missing = missing;
    r->numbers = values;
    return st == SVY_OK ? svyi_factor_make(b->arena, &c, rows, &r->factor, b->err) : st;
}

static svy_status bind_factor(const binding *b, const svyi_node *call, svyi_regressor *r)
{
    const svyi_node *n = call->first;
    const svy_column *c;
    if (n == NULL || n->next != NULL || n->label != NULL)
        return svyi_formula_fail(b->err, SVY_E_SYNTAX, call, "%s() takes one variable", call->text);
    r->kind = SVYI_REGRESSOR_FACTOR;
    if (n->kind != SVYI_NODE_NAME)
        return numbers_as_factor(b, n, r);
    svy_status st = find_column(b, n, &c);
    r->missing = st == SVY_OK ? c->missing : NULL;
    return st == SVY_OK ? svyi_factor_make(b->arena, c, svy_frame_rows(b->f), &r->factor, b->err) : st;
}

static svy_status bind_relevel(const binding *b, const svyi_node *call, svyi_regressor *r)
{
    const svyi_node *n = call->first, *reference = n != NULL ? n->next : NULL;
    if (reference == NULL || reference->next != NULL || (reference->label != NULL && strcmp(reference->label, "ref") != 0) ||
        (reference->kind != SVYI_NODE_TEXT && reference->kind != SVYI_NODE_NUMBER))
        return svyi_formula_fail(b->err, SVY_E_SYNTAX, call, "relevel() takes a factor and its reference, as in relevel(x, ref = \"b\")");
    const char *name = r->name;
    svy_status st = svyi_regressor_bind(b->arena, b->f, b->text, n, r, b->err);
    if (st != SVY_OK)
        return st;
    r->name = name;
    r->node = call;
    if (r->kind != SVYI_REGRESSOR_FACTOR)
        return svyi_formula_fail(b->err, SVY_E_TYPE, n, "relevel() needs a factor: for a number write relevel(factor(x), ref = 1)");
    char number[40];
    const char *text = reference->text;
    if (reference->kind == SVYI_NODE_NUMBER) {
        svyi_number_format(reference->number, number);
        text = number;
    }
    for (uint32_t l = 0; l < r->factor.n_levels; l++)
        if (strcmp(r->factor.levels[l], text) == 0) {
            r->reference = r->factor.levels[l];
            return SVY_OK;
        }
    return svyi_formula_fail(b->err, SVY_E_VALUE, reference, "'%s' is no level of this factor", text);
}

/* ---- splines ---- */

static svy_status number_of(const binding *b, const svyi_node *n, double *out)
{
    const int minus = n->kind == SVYI_NODE_OPERATOR && n->op == SVYI_OP_MINUS && n->first->next == NULL;
    const svyi_node *value = minus ? n->first : n;
    *out = minus ? -value->number : value->number;
    return value->kind == SVYI_NODE_NUMBER ? SVY_OK : svyi_formula_fail(b->err, SVY_E_SYNTAX, n, "a number was expected here");
}

static svy_status take_values(const binding *b, const svyi_node *n, double *out, size_t *count)
{
    const int list = svyi_formula_calls(n, "c");
    *count = 0;
    for (const svyi_node *v = list ? n->first : n; v != NULL; v = list ? v->next : NULL) {
        if (*count == SVYI_BASIS_MAX - SVYI_BASIS_DEGREE - 2)
            return svyi_formula_fail(b->err, SVY_E_LIMIT, n, "a spline has too many knots: the limit is %d", SVYI_BASIS_MAX - SVYI_BASIS_DEGREE - 2);
        svy_status st = number_of(b, v, &out[*count]);
        if (st != SVY_OK)
            return st;
        if (*count > 0 && !(out[*count] > out[*count - 1]))
            return svyi_formula_fail(b->err, SVY_E_VALUE, v, "knots must increase");
        ++*count;
    }
    return SVY_OK;
}

static svy_status take_whole(const binding *b, const svyi_node *n, int least, int most, int *out)
{
    double value;
    svy_status st = number_of(b, n, &value);
    if (st == SVY_OK && !(value >= least && value <= most && value == floor(value)))
        return svyi_formula_fail(b->err, SVY_E_VALUE, n, "a whole number from %d to %d was expected here", least, most);
    *out = st == SVY_OK ? (int)value : 0;
    return st;
}

static int is_true(const svyi_node *n)
{
    return n->kind == SVYI_NODE_NAME && (strcmp(n->text, "TRUE") == 0 || strcmp(n->text, "T") == 0);
}

/* One argument of ns(), bs() or poly() behind the first. */
static svy_status take_argument(const binding *b, const svyi_node *call, const svyi_node *a, size_t position, svyi_basis *s)
{
    static const char *const PLACES[] = { "", "df", "knots" };
    const int polynomial = strcmp(call->text, "poly") == 0;
    const char *label = a->label != NULL ? a->label : polynomial ? (position == 1 ? "degree" : "") : position < 3 ? PLACES[position] : "";
    size_t n;
    int whole;
    svy_status st;
    if (strcmp(label, "df") == 0 && !polynomial) {
        st = take_whole(b, a, 1, SVYI_BASIS_MAX - SVYI_BASIS_DEGREE - 2, &whole);
        s->df = (size_t)whole;
        return st;
    }
    if (strcmp(label, "knots") == 0 && !polynomial)
        return take_values(b, a, s->knots, &s->n_knots);
    if (strcmp(label, "Boundary.knots") == 0 && !polynomial) {
        double values[SVYI_BASIS_MAX];
        st = take_values(b, a, values, &n);
        if (st == SVY_OK && n != 2)
            return svyi_formula_fail(b->err, SVY_E_VALUE, a, "there are two boundary knots, as in Boundary.knots = c(0, 1)");
        memcpy(s->boundary, values, st == SVY_OK ? sizeof s->boundary : 0);
        s->boundary_given = 1;
        return st;
    }
    if (strcmp(label, "degree") == 0 && strcmp(call->text, "ns") != 0)
        return take_whole(b, a, 1, polynomial ? 20 : SVYI_BASIS_DEGREE, &s->degree);
    if (strcmp(label, "intercept") == 0 && !polynomial) {
        s->intercept = is_true(a);
        return SVY_OK;
    }
    if (strcmp(label, "raw") == 0 && polynomial) {
        s->kind = is_true(a) ? SVYI_BASIS_POWERS : SVYI_BASIS_POLYNOMIAL;
        return SVY_OK;
    }
    return svyi_formula_fail(b->err, SVY_E_SYNTAX, a, "%s() has no such argument here", call->text);
}

static svy_status bind_basis(const binding *b, const svyi_node *call, svyi_regressor *r)
{
    const svyi_node *n = call->first;
    size_t position = 1;
    const int spline = strcmp(call->text, "poly") != 0, natural = strcmp(call->text, "ns") == 0;
    if (n == NULL || n->label != NULL)
        return svyi_formula_fail(b->err, SVY_E_SYNTAX, call, "%s() needs a variable first", call->text);
    if ((r->basis = svyi_arena_get(b->arena, sizeof *r->basis)) == NULL)
        return svyi_nomem(b->err);
    *r->basis = (svyi_basis){ .kind = natural ? SVYI_BASIS_NATURAL : spline ? SVYI_BASIS_SPLINE : SVYI_BASIS_POLYNOMIAL, .degree = spline ? 3 : 1 };
    for (const svyi_node *a = n->next; a != NULL; a = a->next, position++) {
        svy_status st = take_argument(b, call, a, position, r->basis);
        if (st != SVY_OK)
            return st;
    }
    if (spline && r->basis->df > 0 && r->basis->n_knots > 0)
        r->basis->df = 0;                 /* knots rule, as in R */
    else if (spline && r->basis->df == 0 && r->basis->n_knots == 0)
        r->basis->df = natural ? 1 + (size_t)r->basis->intercept : (size_t)(r->basis->degree + r->basis->intercept);
    svyi_regressor values = { .name = r->name };
    svy_status st = svyi_regressor_bind(b->arena, b->f, b->text, n, &values, b->err);
    if (st == SVY_OK && values.kind != SVYI_REGRESSOR_NUMBER)
        return svyi_formula_fail(b->err, SVY_E_TYPE, n, "%s() needs a number", call->text);
    r->kind = SVYI_REGRESSOR_BASIS;
    r->numbers = values.numbers;
    r->missing = values.missing;
    return st;
}

svy_status svyi_regressor_bind(svyi_arena *arena, const svy_frame *f, const char *text, const svyi_node *n, svyi_regressor *out, svy_error *err)
{
    const binding b = { arena, f, text, err };
    *out = (svyi_regressor){ .node = n, .name = svyi_formula_name(arena, text, n) };
    if (out->name == NULL)
        return svyi_nomem(err);
    if (n->kind == SVYI_NODE_NAME)
        return bind_name(&b, n, out);
    if (svyi_formula_calls(n, "factor") || svyi_formula_calls(n, "as.factor"))
        return bind_factor(&b, n, out);
    if (svyi_formula_calls(n, "relevel"))
        return bind_relevel(&b, n, out);
    if (svyi_formula_calls(n, "ns") || svyi_formula_calls(n, "bs") || svyi_formula_calls(n, "poly"))
        return bind_basis(&b, n, out);
    return bind_numbers(&b, n, out);
}
