/* Which kinds of value may stand where another is expected, and how two kinds are compared or united. */
#include "expr_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"

const char *svyi_kind_text(svy_kind kind)
{
    static const char *const TEXTS[] = {
        [SVY_K_NONE] = "nothing", [SVY_K_BOOLEAN] = "true or false", [SVY_K_NUMBER] = "a number", [SVY_K_TEXT] = "a text",
        [SVY_K_CODE] = "a code", [SVY_K_CODES] = "several codes", [SVY_K_DATE] = "a date", [SVY_K_MONTH] = "a month",
        [SVY_K_TIME] = "a time", [SVY_K_DATETIME] = "a date and time", [SVY_K_PLACE] = "a place", [SVY_K_ENTRIES] = "a roster",
    };
    return TEXTS[kind];
}

int svyi_type_error(svyi_compiler *c, const svyi_node *n, const char *expected)
{
    if (svyi_is_const_text(n) && n->value.missing == SVY_PRESENT)
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, NULL, "found the text '%.*s', %s was expected",
                     svyi_shown(n->value.text, n->value.len), n->value.text, expected);
    else
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, NULL, "found %s%s, %s was expected", svyi_kind_text((svy_kind)n->kind),
                     n->kind == SVY_K_CODE && !n->numeric ? " that need not be a number" : "", expected);
    return 0;
}

int svyi_is_const_text(const svyi_node *n)
{
    return n->type == SVYI_N_CONST && n->kind == SVY_K_TEXT;
}

static int is_nothing(const svyi_node *n)
{
    return svyi_is_const_text(n) && (n->value.missing != SVY_PRESENT || n->value.len == 0);
}

static int convert_node(svyi_compiler *c, svyi_node *n, svyi_convert how, svy_kind kind)
{
    n->convert = (uint8_t)how;
    n->kind = (uint8_t)kind;
    return n->type != SVYI_N_CONST || svyi_fold_constant(c, n);
}

/* Reads a constant text as a date, month, time or datetime. */
static int read_constant(svyi_node *n, svy_kind kind)
{
    static const struct { svy_kind kind; int (*parse)(const char *, size_t, double *); } FORMS[] = {
        { SVY_K_DATE, svyi_date_parse }, { SVY_K_MONTH, svyi_month_parse }, { SVY_K_TIME, svyi_time_parse }, { SVY_K_DATETIME, svyi_datetime_parse },
    };
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        double number;
        if (FORMS[i].kind != kind || !FORMS[i].parse(n->value.text, n->value.len, &number))
            continue;
        n->value = (svy_value){ .kind = (uint8_t)kind, .number = number, .text = "" };
        n->kind = (uint8_t)kind;
        return 1;
    }
    return 0;
}

/* A constant text that says a date may also stand for its month or its midnight. */
static int constant_as(svyi_compiler *c, svyi_node *n, svy_kind kind)
{
    if (read_constant(n, kind))
        return 1;
    if ((kind != SVY_K_MONTH && kind != SVY_K_DATETIME) || !read_constant(n, SVY_K_DATE))
        return 0;
    return convert_node(c, n, kind == SVY_K_MONTH ? SVYI_CV_MONTH : SVYI_CV_DATETIME, kind);
}

static svyi_convert way(const svyi_node *n, svy_kind to)
{
    const svy_kind from = (svy_kind)n->kind;
    const int texts = from == SVY_K_TEXT || from == SVY_K_CODE || from == SVY_K_NUMBER;

    switch (to) {
    case SVY_K_NUMBER:   return from != SVY_K_CODE || !n->numeric ? SVYI_CV_NONE : n->numeric == 1 ? SVYI_CV_NUMBER : SVYI_CV_PARSE;
    case SVY_K_TEXT:     return from != SVY_K_ENTRIES ? SVYI_CV_TEXT : SVYI_CV_NONE;
    case SVY_K_CODE:     return texts ? SVYI_CV_CODE : SVYI_CV_NONE;
    case SVY_K_CODES:    return texts ? SVYI_CV_CODES : SVYI_CV_NONE;
    case SVY_K_PLACE:    return from == SVY_K_TEXT ? SVYI_CV_PLACE : SVYI_CV_NONE;
    case SVY_K_DATE:     return from == SVY_K_DATETIME ? SVYI_CV_DATE : SVYI_CV_NONE;
    case SVY_K_MONTH:    return from == SVY_K_DATE || from == SVY_K_DATETIME ? SVYI_CV_MONTH : SVYI_CV_NONE;
    case SVY_K_DATETIME: return from == SVY_K_DATE ? SVYI_CV_DATETIME : SVYI_CV_NONE;
    case SVY_K_NONE: case SVY_K_BOOLEAN: case SVY_K_TIME: case SVY_K_ENTRIES: break;
    }
    return SVYI_CV_NONE;
}

int svyi_make_kind(svyi_compiler *c, svyi_node *n, svy_kind kind)
{
    if (n->kind == kind)
        return 1;
    if (is_nothing(n) && kind != SVY_K_CODES) {
        n->value = svy_value_missing(kind, SVY_NOT_ASKED);
        n->kind = (uint8_t)kind;
        return 1;
    }
    if (svyi_is_const_text(n) && (kind == SVY_K_DATE || kind == SVY_K_MONTH || kind == SVY_K_TIME || kind == SVY_K_DATETIME))
        return constant_as(c, n, kind);
    svyi_convert how = way(n, kind);
    return how != SVYI_CV_NONE && convert_node(c, n, how, kind);
}

int svyi_make_number(svyi_compiler *c, svyi_node *n)
{
    if (n->kind == SVY_K_NUMBER)
        return 1;
    svyi_convert how = way(n, SVY_K_NUMBER);
    if (how == SVYI_CV_NONE)
        return svyi_type_error(c, n, "a number");
    return convert_node(c, n, how, SVY_K_NUMBER);
}

int svyi_make_boolean(svyi_compiler *c, const svyi_node *n)
{
    return n->kind == SVY_K_BOOLEAN || svyi_type_error(c, n, "a condition (true or false)");
}

int svyi_check_want(svyi_compiler *c, svyi_node *n, svy_kind want)
{
    if (want == SVY_K_NONE || svyi_make_kind(c, n, want))
        return 1;
    return want == SVY_K_BOOLEAN ? svyi_make_boolean(c, n) : svyi_type_error(c, n, svyi_kind_text(want));
}

/* ---- Comparing ---- */

static int in_list(const svyi_compiler *c, uint32_t list, const char *code, size_t len)
{
    return c->scope->has_code(c->scope->user, list, code, len);
}

/* A number names a code with leading zeros too: 7 is 07. */
static int number_in_list(const svyi_compiler *c, uint32_t list, const char *digits, size_t len)
{
    char padded[8] = "000000";
    if (in_list(c, list, digits, len))
        return 1;
    for (size_t width = len + 1; digits[0] != '-' && width <= 6; width++) {
        memset(padded, '0', width);
        memcpy(padded + width - len, digits, len);
        if (in_list(c, list, padded, width))
            return 1;
    }
    return 0;
}

int svyi_check_code(svyi_compiler *c, const svyi_node *code, uint32_t list)
{
    char digits[40];
    const char *text = code->value.text;
    size_t len = code->value.len;

    if (code->type != SVYI_N_CONST || list == 0 || c->scope->has_code == NULL || code->value.missing != SVY_PRESENT)
        return 1;
    if (code->kind == SVY_K_NUMBER) {
        len = svy_value_format(&code->value, digits, sizeof digits);
        text = digits;
        if (number_in_list(c, list, text, len))
            return 1;
    } else if (in_list(c, list, text, len)) {
        return 1;
    }
    svyi_problem(c, SVY_E_TYPE, code->at, code->len, len == 0 ? "whether there is an answer is asked with answered()" : NULL,
                 "'%.*s' is not a code of this list", svyi_shown(text, len), text);
    return 0;
}

/* The list whose code a part is, or is the number of. */
static uint32_t list_of(const svyi_node *n)
{
    return n->kind == SVY_K_CODE || n->convert == SVYI_CV_NUMBER || n->convert == SVYI_CV_PARSE ? n->list : 0;
}

static int both(const svyi_node *a, const svyi_node *b, svy_kind kind)
{
    return a->kind == kind && b->kind == kind;
}

static int is_text(const svyi_node *n)
{
    return n->kind == SVY_K_TEXT || n->kind == SVY_K_CODE;
}

static int is_number(const svyi_node *n)
{
    return n->kind == SVY_K_NUMBER || (n->kind == SVY_K_CODE && n->numeric);
}

static int cannot_compare(svyi_compiler *c, const svyi_node *a, const svyi_node *b, const char *advice)
{
    const char *trouble = a->kind == SVY_K_CODE && b->kind == SVY_K_NUMBER ? ", as not every code of its list is a number" : "";
    svyi_problem(c, SVY_E_TYPE, b->at, b->len, advice, "%s cannot be compared with %s%s",
                 svyi_kind_text((svy_kind)a->kind), svyi_kind_text((svy_kind)b->kind), trouble);
    return 0;
}

/* Times and dates, months among them. */
static int compare_moments(svyi_compiler *c, svyi_node *a, svyi_node *b, uint8_t *detail)
{
    static const svy_kind COARSEST_FIRST[] = { SVY_K_MONTH, SVY_K_DATE, SVY_K_DATETIME };
    svyi_node *other = svyi_is_const_text(a) ? a : b;
    const svyi_node *moment = other == a ? b : a;

    if (svyi_is_const_text(other)) {
        static const char *const SUCH[] = { "a date such as 2026-03-31", "a month such as 2026-03", "a time such as 08:30", "a date and time such as 2026-03-31T08:30" };
        if (other->value.len == 0 || !svyi_make_kind(c, other, (svy_kind)moment->kind))
            return svyi_type_error(c, other, SUCH[moment->kind - SVY_K_DATE]);
    }
    for (size_t i = 0; i < sizeof COARSEST_FIRST / sizeof COARSEST_FIRST[0]; i++) {
        svy_kind kind = COARSEST_FIRST[i];
        if (a->kind != kind && b->kind != kind)
            continue;
        if (!svyi_make_kind(c, a, kind) || !svyi_make_kind(c, b, kind))
            return cannot_compare(c, a, b, NULL);
        if (kind == SVY_K_MONTH)
            *detail |= SVYI_AS_MONTH << 4;
        return 1;
    }
    return both(a, b, SVY_K_TIME) || cannot_compare(c, a, b, NULL);
}

static int is_moment(const svyi_node *n)
{
    return n->kind == SVY_K_DATE || n->kind == SVY_K_MONTH || n->kind == SVY_K_TIME || n->kind == SVY_K_DATETIME;
}

int svyi_check_compare(svyi_compiler *c, svyi_node *a, svyi_node *b, svyi_operator op, uint8_t *detail)
{
    const int ordered = op >= SVYI_LT;

    *detail = (uint8_t)(op - SVYI_EQ);
    if (!ordered && (!svyi_check_code(c, a, list_of(b)) || !svyi_check_code(c, b, list_of(a))))
        return 0;
    if (is_number(a) && is_number(b) && (ordered || !both(a, b, SVY_K_CODE)))
        return svyi_make_number(c, a) && svyi_make_number(c, b);
    if ((is_moment(a) && (is_moment(b) || svyi_is_const_text(b))) || (is_moment(b) && svyi_is_const_text(a)))
        return compare_moments(c, a, b, detail);
    if (is_text(a) && is_text(b)) {
        if (ordered)
            return cannot_compare(c, a, b, "texts have no order: number() makes numbers of them");
        if (op == SVYI_EQ && (is_nothing(a) || is_nothing(b)) && a->type != b->type)
            svyi_warn(c, a->at, "answered() tells whether there is an answer", "a question without an answer does not equal ''");
        *detail |= SVYI_AS_TEXT << 4;
        return 1;
    }
    if (both(a, b, SVY_K_BOOLEAN))
        return !ordered || cannot_compare(c, a, b, "true and false have no order");
    if (a->kind == SVY_K_CODES || b->kind == SVY_K_CODES)
        return cannot_compare(c, a, b, "selected() tells whether a code was chosen, count-selected() how many");
    if (is_nothing(a) || is_nothing(b))
        return cannot_compare(c, a, b, "whether there is an answer is asked with answered()");
    return cannot_compare(c, a, b, NULL);
}

/* ---- Uniting the branches of if() and coalesce() ---- */

static int pair_is(svy_kind a, svy_kind b, svy_kind one, svy_kind two)
{
    return (a == one && b == two) || (a == two && b == one);
}

static svy_kind unite(svy_kind a, svy_kind b, int numeric)
{
    if (a == b || a == SVY_K_NONE)
        return b;
    if (pair_is(a, b, SVY_K_NUMBER, SVY_K_CODE))
        return numeric ? SVY_K_NUMBER : SVY_K_NONE;
    if (pair_is(a, b, SVY_K_TEXT, SVY_K_CODE))
        return SVY_K_TEXT;
    if (pair_is(a, b, SVY_K_TEXT, SVY_K_CODES) || pair_is(a, b, SVY_K_CODE, SVY_K_CODES))
        return SVY_K_CODES;
    if (pair_is(a, b, SVY_K_MONTH, SVY_K_DATE))
        return SVY_K_MONTH;
    return SVY_K_NONE;
}

int svyi_unify(svyi_compiler *c, svyi_node *result, svyi_node **nodes, uint32_t count, const char *what)
{
    svy_kind kind = SVY_K_NONE;
    uint8_t numeric = 1;
    uint32_t list = 0;

    for (uint32_t i = 0; i < count; i++)
        numeric &= nodes[i]->kind != SVY_K_CODE || nodes[i]->numeric == 1;
    for (uint32_t i = 0; i < count; i++) {
        svy_kind united;
        if (is_nothing(nodes[i]))
            continue;
        /* A text that says a date is one beside dates. */
        if (kind != SVY_K_NONE && svyi_is_const_text(nodes[i]) && kind >= SVY_K_DATE && kind <= SVY_K_DATETIME && svyi_make_kind(c, nodes[i], kind))
            continue;
        if ((united = unite(kind, (svy_kind)nodes[i]->kind, numeric)) == SVY_K_NONE) {
            svyi_problem(c, SVY_E_TYPE, nodes[i]->at, nodes[i]->len, NULL, "%s gives %s or %s: they must be of one kind",
                         what, svyi_kind_text(kind), svyi_kind_text((svy_kind)nodes[i]->kind));
            return 0;
        }
        list = kind == SVY_K_NONE || list == nodes[i]->list ? nodes[i]->list : 0;
        kind = united;
    }
    if (kind == SVY_K_NONE)
        kind = SVY_K_TEXT;
    for (uint32_t i = 0; i < count; i++)
        if (nodes[i]->kind != kind && !svyi_make_kind(c, nodes[i], kind))
            return svyi_type_error(c, nodes[i], svyi_kind_text(kind));
    result->kind = (uint8_t)kind;
    result->list = kind == SVY_K_CODE || kind == SVY_K_CODES ? list : 0;
    result->numeric = kind == SVY_K_CODE && numeric;
    return 1;
}
