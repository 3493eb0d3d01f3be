/* Arithmetic in formulas: I(x^2), log(x), comparisons; by blocks of rows over the columns of a frame. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "model/formula.h"

enum { BLOCK = 128 };
static const double MISSING = (double)NAN;

typedef struct evaluation { const svy_frame *f; size_t first, count; svy_error *err; const char *by; } evaluation;   /* by: what derivatives are taken by */

static svy_status evaluate(const evaluation *e, const svyi_node *n, double *out);

/* ---- leaves ---- */

static svy_status load_codes(const evaluation *e, const svyi_node *n, const svy_column *c, double *out)
{
    double value = 0;
    for (uint32_t l = 0; l < c->n_levels; l++)
        if (!svyi_number_parse(c->levels[l], strlen(c->levels[l]), &value))
            return svyi_formula_fail(e->err, SVY_E_TYPE, n, "'%s' is text, with levels such as '%s', where a number is needed", c->name, c->levels[l]);
    for (size_t i = 0; i < e->count; i++) {
        value = MISSING;
        if (c->missing == NULL || c->missing[e->first + i] == SVY_PRESENT)
            svyi_number_parse(c->levels[c->codes[e->first + i]], strlen(c->levels[c->codes[e->first + i]]), &value);
        out[i] = value;
    }
    return SVY_OK;
}

static svy_status load_name(const evaluation *e, const svyi_node *n, double *out)
{
    const svy_column *c = svy_frame_find(e->f, n->text);
    if (c == NULL && (strcmp(n->text, "TRUE") == 0 || strcmp(n->text, "FALSE") == 0)) {
        for (size_t i = 0; i < e->count; i++)
            out[i] = n->text[0] == 'T';
        return SVY_OK;
    }
    if (c == NULL)
        return svyi_formula_fail(e->err, SVY_E_NAME, n, "there is no column '%s': name a column of the data", n->text);
    if (c->numbers == NULL)
        return load_codes(e, n, c, out);
    for (size_t i = 0; i < e->count; i++)
        out[i] = c->missing == NULL || c->missing[e->first + i] == SVY_PRESENT ? c->numbers[e->first + i] : MISSING;
    return SVY_OK;
}

/* ---- operators ---- */

static double power(double a, double b) { return b == 2 ? a * a : pow(a, b); }
static double modulo(double a, double b) { return b != 0 ? a - floor(a / b) * b : MISSING; }
static double either(double a, double b) { return (a != 0 && !isnan(a)) || (b != 0 && !isnan(b)) ? 1 : isnan(a) || isnan(b) ? MISSING : 0; }
static double both(double a, double b) { return a == 0 || b == 0 ? 0 : isnan(a) || isnan(b) ? MISSING : 1; }

static double combine(svyi_operator op, double a, double b)
{
    if (op == SVYI_OP_AND || op == SVYI_OP_OR)
        return op == SVYI_OP_AND ? both(a, b) : either(a, b);
    if (isnan(a) || isnan(b))
        return MISSING;
    switch (op) {
    case SVYI_OP_EQ: return a == b;
    case SVYI_OP_NE: return a != b;
    case SVYI_OP_LE: return a <= b;
    case SVYI_OP_GE: return a >= b;
    case SVYI_OP_LT: return a < b;
    case SVYI_OP_GT: return a > b;
    case SVYI_OP_PLUS: return a + b;
    case SVYI_OP_MINUS: return a - b;
    case SVYI_OP_TIMES: return a * b;
    case SVYI_OP_DIVIDE: return a / b;
    case SVYI_OP_MODULO: return modulo(a, b);
    case SVYI_OP_WHOLE: return floor(a / b);
    case SVYI_OP_POWER: return power(a, b);
    case SVYI_OP_TILDE: case SVYI_OP_AND: case SVYI_OP_OR: case SVYI_OP_NOT: case SVYI_OP_IN: case SVYI_OP_COLON: default: return MISSING;
    }
}

/* The text column that a node is, also as as.character(x). */
static const svy_column *factor_of(const evaluation *e, const svyi_node *n)
{
    if (svyi_formula_calls(n, "as.character") && n->first != NULL && n->first->next == NULL)
        n = n->first;
    const svy_column *c = n->kind == SVYI_NODE_NAME ? svy_frame_find(e->f, n->text) : NULL;
    return c != NULL && c->codes != NULL ? c : NULL;
}

/* A factor against one text, or any of c("a", "b"). */
static svy_status compare_texts(const evaluation *e, const svyi_node *texts, const svy_column *c, int equal, double *out)
{
    const svyi_node *first = svyi_formula_calls(texts, "c") ? texts->first : texts;
    for (const svyi_node *t = first; t != NULL; t = t != texts ? t->next : NULL)
        if (t->kind != SVYI_NODE_TEXT)
            return svyi_formula_fail(e->err, SVY_E_TYPE, t, "'%s' has texts as levels: compare it with a text in quotes", c->name);
    for (size_t i = 0; i < e->count; i++) {
        if (c->missing != NULL && c->missing[e->first + i] != SVY_PRESENT) {
            out[i] = MISSING;
            continue;
        }
        int found = 0;
        for (const svyi_node *t = first; t != NULL && !found; t = t != texts ? t->next : NULL)
            found = strcmp(c->levels[c->codes[e->first + i]], t->text) == 0;
        out[i] = found == equal;
    }
    return SVY_OK;
}

/* Two texts of the same row. */
static void compare_columns(const evaluation *e, const svy_column *a, const svy_column *b, int equal, double *out)
{
    for (size_t i = 0; i < e->count; i++) {
        const size_t row = e->first + i;
        const int known = (a->missing == NULL || a->missing[row] == SVY_PRESENT) && (b->missing == NULL || b->missing[row] == SVY_PRESENT);
        out[i] = known ? (strcmp(a->levels[a->codes[row]], b->levels[b->codes[row]]) == 0) == equal : MISSING;
    }
}

/* A text among numbers is the number it spells, or none of them. */
static svy_status evaluate_beside(const evaluation *e, const svyi_node *n, double *out)
{
    double value;
    if (n->kind != SVYI_NODE_TEXT)
        return evaluate(e, n, out);
    const int spelt = svyi_number_parse(n->text, strlen(n->text), &value);
    for (size_t i = 0; i < e->count; i++)
        out[i] = spelt ? value : HUGE_VAL;
    return SVY_OK;
}

static svy_status one_of(const evaluation *e, const svyi_node *n, double *out)
{
    const svyi_node *list = n->first->next;
    double left[BLOCK], right[BLOCK];
    svy_status st = evaluate(e, n->first, left);
    memset(out, 0, e->count * sizeof *out);
    for (const svyi_node *v = svyi_formula_calls(list, "c") ? list->first : list; st == SVY_OK && v != NULL; v = v != list ? v->next : NULL) {
        if ((st = evaluate_beside(e, v, right)) != SVY_OK)
            break;
        for (size_t i = 0; i < e->count; i++)
            out[i] = out[i] != 0 || left[i] == right[i];
    }
    for (size_t i = 0; i < e->count; i++)
        out[i] = isnan(left[i]) ? MISSING : out[i];
    return st;
}

/* == and != where a side is text. @return 1 when that was so, with the outcome in *st */
static int compare_sides(const evaluation *e, const svyi_node *n, double *out, svy_status *st)
{
    const svyi_node *left = n->first, *right = left->next;
    const svy_column *a = factor_of(e, left), *b = factor_of(e, right);
    const int equal = n->op == SVYI_OP_EQ;
    if (a != NULL && b != NULL) {
        compare_columns(e, a, b, equal, out);
        *st = SVY_OK;
    } else if ((a != NULL && right->kind == SVYI_NODE_TEXT) || (b != NULL && left->kind == SVYI_NODE_TEXT)) {
        const svyi_node *text = a != NULL ? right : left, alone = { .kind = text->kind, .text = text->text, .from = text->from, .to = text->to };
        *st = compare_texts(e, &alone, a != NULL ? a : b, equal, out);
    } else if ((left->kind == SVYI_NODE_TEXT) != (right->kind == SVYI_NODE_TEXT)) {
        double other[BLOCK];
        *st = evaluate_beside(e, left, out);
        if (*st == SVY_OK)
            *st = evaluate_beside(e, right, other);
        for (size_t i = 0; *st == SVY_OK && i < e->count; i++)
            out[i] = combine(n->op, out[i], other[i]);
    } else {
        return 0;
    }
    return 1;
}

static svy_status evaluate_single(const evaluation *e, const svyi_node *n, double *out)
{
    svy_status st = evaluate(e, n->first, out);
    for (size_t i = 0; st == SVY_OK && i < e->count; i++)
        out[i] = n->op == SVYI_OP_MINUS ? -out[i] : n->op == SVYI_OP_NOT ? (isnan(out[i]) ? MISSING : out[i] == 0) : out[i];
    return st;
}

static svy_status evaluate_operator(const evaluation *e, const svyi_node *n, double *out)
{
    const svyi_node *left = n->first, *right = left->next;
    const svy_column *c = factor_of(e, left);
    double other[BLOCK];
    svy_status st;
    if (right == NULL)
        return evaluate_single(e, n, out);
    if (n->op == SVYI_OP_IN)
        return c != NULL ? compare_texts(e, right, c, 1, out) : one_of(e, n, out);
    if ((n->op == SVYI_OP_EQ || n->op == SVYI_OP_NE) && compare_sides(e, n, out, &st))
        return st;
    if (n->op == SVYI_OP_COLON || n->op == SVYI_OP_TILDE)
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "this operator does not stand in a calculation");
    st = evaluate(e, left, out);
    if (st == SVY_OK)
        st = evaluate(e, right, other);
    for (size_t i = 0; st == SVY_OK && i < e->count; i++)
        out[i] = combine(n->op, out[i], other[i]);
    return st;
}

/* ---- functions ---- */

static double identity(double x) { return x; }
static double is_missing(double x) { return isnan(x) ? 1 : 0; }
static double logarithm(double x, double base) { return log(x) / log(base); }
static double smaller(double a, double b) { return isnan(a) || isnan(b) ? MISSING : a < b ? a : b; }
static double larger(double a, double b) { return isnan(a) || isnan(b) ? MISSING : a > b ? a : b; }

static const struct { const char *name; double (*of)(double); } ONE[] = {
    { "I", identity }, { "as.numeric", identity }, { "as.integer", trunc }, { "log", log }, { "log2", log2 }, { "log10", log10 }, { "log1p", log1p },
    { "exp", exp }, { "expm1", expm1 }, { "sqrt", sqrt }, { "abs", fabs }, { "sin", sin }, { "cos", cos }, { "tan", tan }, { "floor", floor },
    { "ceiling", ceil }, { "round", nearbyint }, { "trunc", trunc }, { "is.na", is_missing } };
static const struct { const char *name; double (*of)(double, double); } TWO[] = { { "log", logarithm }, { "pmin", smaller }, { "pmax", larger } };

int svyi_formula_function(const char *name)
{
    int found = strcmp(name, "ifelse") == 0;
    for (size_t i = 0; i < sizeof ONE / sizeof ONE[0]; i++)
        found |= strcmp(name, ONE[i].name) == 0;
    for (size_t i = 0; i < sizeof TWO / sizeof TWO[0]; i++)
        found |= strcmp(name, TWO[i].name) == 0;
    return found;
}

static svy_status evaluate_choice(const evaluation *e, const svyi_node *n, double *out)
{
    double yes[BLOCK], no[BLOCK];
    const svyi_node *a = n->first, *b = a != NULL ? a->next : NULL, *c = b != NULL ? b->next : NULL;
    if (c == NULL || c->next != NULL)
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "ifelse() takes a condition and two values");
    svy_status st = evaluate(e, a, out);
    if (st == SVY_OK)
        st = evaluate(e, b, yes);
    if (st == SVY_OK)
        st = evaluate(e, c, no);
    for (size_t i = 0; st == SVY_OK && i < e->count; i++)
        out[i] = isnan(out[i]) ? MISSING : out[i] != 0 ? yes[i] : no[i];
    return st;
}

static svy_status evaluate_call(const evaluation *e, const svyi_node *n, double *out)
{
    double second[BLOCK];
    const svyi_node *a = n->first, *b = a != NULL ? a->next : NULL;
    svy_status st = SVY_OK;
    if (strcmp(n->text, "ifelse") == 0)
        return evaluate_choice(e, n, out);
    for (size_t i = 0; a != NULL && b == NULL && i < sizeof ONE / sizeof ONE[0]; i++) {
        if (strcmp(n->text, ONE[i].name) != 0)
            continue;
        st = evaluate(e, a, out);
        for (size_t k = 0; st == SVY_OK && k < e->count; k++)
            out[k] = ONE[i].of(out[k]);
        return st;
    }
    for (size_t i = 0; b != NULL && b->next == NULL && i < sizeof TWO / sizeof TWO[0]; i++) {
        if (strcmp(n->text, TWO[i].name) != 0)
            continue;
        if ((st = evaluate(e, a, out)) == SVY_OK)
            st = evaluate(e, b, second);
        for (size_t k = 0; st == SVY_OK && k < e->count; k++)
            out[k] = TWO[i].of(out[k], second[k]);
        return st;
    }
    if (svyi_formula_function(n->text))
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "%s() does not take that many arguments", n->text);
    return svyi_formula_fail(e->err, SVY_E_NAME, n, "there is no function '%s': use log, sqrt, exp, abs, I, ns, bs, poly, factor, relevel, offset, "
                             "or make a column of it first", n->text);
}

static svy_status evaluate(const evaluation *e, const svyi_node *n, double *out)
{
    switch (n->kind) {
    case SVYI_NODE_NUMBER:
        for (size_t i = 0; i < e->count; i++)
            out[i] = n->number;
        return SVY_OK;
    case SVYI_NODE_TEXT:
        return svyi_formula_fail(e->err, SVY_E_TYPE, n, "a text stands where a number is needed");
    case SVYI_NODE_NAME:
        return load_name(e, n, out);
    case SVYI_NODE_CALL:
        return evaluate_call(e, n, out);
    case SVYI_NODE_OPERATOR: default:
        return evaluate_operator(e, n, out);
    }
}

/* ---- derivatives ---- */

static double one_slope(const char *name, double x)
{
    static const double LN2 = 0x1.62e42fefa39efp-1, LN10 = 0x1.26bb1bbb55516p1;
    if (strcmp(name, "I") == 0 || strcmp(name, "as.numeric") == 0)
        return 1;
    if (strncmp(name, "log", 3) == 0)
        return name[3] == '\0' ? 1 / x : strcmp(name, "log2") == 0 ? 1 / (x * LN2) : strcmp(name, "log10") == 0 ? 1 / (x * LN10) : 1 / (1 + x);
    if (strncmp(name, "exp", 3) == 0)
        return exp(x);
    if (strcmp(name, "sqrt") == 0)
        return 0.5 / sqrt(x);
    if (strcmp(name, "abs") == 0)
        return x < 0 ? -1 : 1;
    if (strcmp(name, "sin") == 0 || strcmp(name, "cos") == 0)
        return name[0] == 's' ? cos(x) : -sin(x);
    return strcmp(name, "tan") == 0 ? 1 + tan(x) * tan(x) : 0;      /* steps are flat */
}

static svy_status differentiate(const evaluation *e, const svyi_node *n, double *out);

static svy_status differentiate_operator(const evaluation *e, const svyi_node *n, double *out)
{
    const svyi_node *left = n->first, *right = left->next;
    double a[BLOCK], b[BLOCK], db[BLOCK];
    memset(out, 0, e->count * sizeof *out);
    if (n->op != SVYI_OP_PLUS && n->op != SVYI_OP_MINUS && n->op != SVYI_OP_TIMES && n->op != SVYI_OP_DIVIDE && n->op != SVYI_OP_POWER)
        return SVY_OK;
    svy_status st = differentiate(e, left, out);
    if (st == SVY_OK && right != NULL && (st = differentiate(e, right, db)) == SVY_OK && (st = evaluate(e, left, a)) == SVY_OK)
        st = evaluate(e, right, b);
    for (size_t i = 0; st == SVY_OK && i < e->count; i++) {
        if (right == NULL)
            out[i] = n->op == SVYI_OP_MINUS ? -out[i] : out[i];
        else if (n->op == SVYI_OP_PLUS || n->op == SVYI_OP_MINUS)
            out[i] += n->op == SVYI_OP_PLUS ? db[i] : -db[i];
        else if (n->op == SVYI_OP_TIMES)
            out[i] = out[i] * b[i] + a[i] * db[i];
        else if (n->op == SVYI_OP_DIVIDE)
            out[i] = (out[i] - a[i] / b[i] * db[i]) / b[i];
        else
            out[i] = (out[i] != 0 ? b[i] * power(a[i], b[i] - 1) * out[i] : 0) + (db[i] != 0 ? power(a[i], b[i]) * log(a[i]) * db[i] : 0);
    }
    return st;
}

static svy_status differentiate_call(const evaluation *e, const svyi_node *n, double *out)
{
    const svyi_node *a = n->first, *b = a != NULL ? a->next : NULL, *c = b != NULL ? b->next : NULL;
    double x[BLOCK], y[BLOCK], other[BLOCK];
    svy_status st = a != NULL ? evaluate(e, a, x) : SVY_OK;
    memset(out, 0, e->count * sizeof *out);
    if (st == SVY_OK && b != NULL)
        st = evaluate(e, b, y);
    if (st == SVY_OK && a != NULL)
        st = differentiate(e, c != NULL ? b : a, out);
    if (st == SVY_OK && b != NULL)
        st = differentiate(e, c != NULL ? c : b, other);
    for (size_t i = 0; st == SVY_OK && i < e->count; i++) {
        if (c != NULL)                                       /* ifelse(): x is the condition */
            out[i] = x[i] != 0 ? out[i] : other[i];
        else if (b == NULL)
            out[i] = out[i] != 0 ? out[i] * one_slope(n->text, x[i]) : 0;
        else if (strcmp(n->text, "log") == 0)
            out[i] = out[i] / (x[i] * log(y[i])) - log(x[i]) * other[i] / (y[i] * log(y[i]) * log(y[i]));
        else
            out[i] = (x[i] < y[i]) == (strcmp(n->text, "pmin") == 0) ? out[i] : other[i];
    }
    return st;
}

static svy_status differentiate(const evaluation *e, const svyi_node *n, double *out)
{
    if (n->kind == SVYI_NODE_OPERATOR)
        return differentiate_operator(e, n, out);
    if (n->kind == SVYI_NODE_CALL)
        return differentiate_call(e, n, out);
    for (size_t i = 0; i < e->count; i++)
        out[i] = n->kind == SVYI_NODE_NAME && strcmp(n->text, e->by) == 0;
    return SVY_OK;
}

/* ---- all rows ---- */

static svy_status by_blocks(const svy_frame *f, const svyi_node *n, const char *by, double *values, svy_error *err)
{
    const size_t rows = svy_frame_rows(f);
    if (n->depth > SVYI_FORMULA_NESTING)
        return svyi_formula_fail(err, SVY_E_LIMIT, n, "a calculation has more than %d parts in one another", SVYI_FORMULA_NESTING);
    double block[BLOCK];
    for (size_t first = 0; first < rows || first == 0; first += BLOCK) {
        const evaluation e = { f, first, rows - first < BLOCK ? rows - first : BLOCK, err, by };
        svy_status st = by != NULL ? differentiate(&e, n, block) : evaluate(&e, n, block);
        if (st != SVY_OK)
            return st;
        memcpy(values + first, block, e.count * sizeof *block);
    }
    return SVY_OK;
}

svy_status svyi_formula_evaluate(const svy_frame *f, const svyi_node *n, double *values, svy_error *err)
{
    return by_blocks(f, n, NULL, values, err);
}

svy_status svyi_formula_derivative(const svy_frame *f, const svyi_node *n, const char *by, double *values, svy_error *err)
{
    return by_blocks(f, n, by, values, err);
}
