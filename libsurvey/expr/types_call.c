/* Checks the arguments of function calls. */
#include "expr_priv.h"

#include <string.h>

static svyi_node *argument(const svyi_node *call, unsigned index)
{
    svyi_node *n = call->first;
    while (index-- > 0 && n != NULL)
        n = n->next;
    return n;
}

/* ---- Arguments by letter (the letters are explained in functions.c) ---- */

static int is_one_of(const svyi_node *n, const svy_kind *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (n->kind == kinds[i])
            return 1;
    return 0;
}

#define ONE_OF(n, ...) is_one_of((n), (const svy_kind[]){ __VA_ARGS__ }, sizeof((const svy_kind[]){ __VA_ARGS__ }) / sizeof(svy_kind))

/* A constant text that is judged when compiled: units, patterns. */
static int check_constant(svyi_compiler *c, const svyi_node *n, const char *(*problem)(const char *, size_t))
{
    if (!svyi_is_const_text(n))
        return svyi_type_error(c, n, "a text in quotes");
    const char *why = problem(n->value.text, n->value.len);
    if (why != NULL)
        svyi_problem(c, SVY_E_VALUE, n->at, n->len, NULL, "found '%.*s', %s", svyi_shown(n->value.text, n->value.len), n->value.text, why);
    return why == NULL;
}

static int check_pattern(svyi_compiler *c, const svyi_node *n)
{
    size_t at = 0;
    const char *why = "";
    const int good = n->type != SVYI_N_CONST ? 1 : svyi_regex_check(&c->arena.alloc, n->value.text, n->value.len, &at, &why);
    if (good < 0)
        svyi_no_memory(c);
    if (good != 0)
        return good > 0;
    size_t where = n->at + 1 + at < n->at + n->len ? n->at + 1 + at : n->at;   /* after the quote */
    svyi_problem(c, SVY_E_VALUE, where, 1, NULL, "the pattern is wrong here: %s", why);
    return 0;
}

/* Tries to make a constant text one of two kinds. */
static int made(svyi_compiler *c, svyi_node *n, svy_kind first, svy_kind second)
{
    return svyi_is_const_text(n) && n->value.len > 0 && (svyi_make_kind(c, n, first) || svyi_make_kind(c, n, second));
}

static int check_letter(svyi_compiler *c, svyi_node *n, char letter)
{
    switch (letter) {
    case 'b': return svyi_make_boolean(c, n);
    case 'n': return svyi_make_number(c, n);
    case 'a': return n->kind != SVY_K_ENTRIES || svyi_type_error(c, n, "a value");
    case 't': return ONE_OF(n, SVY_K_TEXT, SVY_K_CODE, SVY_K_CODES, SVY_K_PLACE) || svyi_type_error(c, n, "a text (string() makes one)");
    case 'r': return (ONE_OF(n, SVY_K_TEXT) && check_pattern(c, n)) || (c->status == SVY_OK && svyi_type_error(c, n, "a pattern"));
    case 'c': return ONE_OF(n, SVY_K_CODE, SVY_K_CODES, SVY_K_TEXT) || svyi_type_error(c, n, "an answer with codes");
    case 'N': return ONE_OF(n, SVY_K_NUMBER, SVY_K_TEXT, SVY_K_CODE, SVY_K_BOOLEAN, SVY_K_DATE, SVY_K_DATETIME, SVY_K_TIME) ||
                     svyi_type_error(c, n, "something a number can be made of");
    case 'D': return ONE_OF(n, SVY_K_TEXT, SVY_K_NUMBER, SVY_K_DATE, SVY_K_DATETIME) || svyi_type_error(c, n, "something a date can be made of");
    case 'm': return made(c, n, SVY_K_DATE, SVY_K_MONTH) || ONE_OF(n, SVY_K_DATE, SVY_K_DATETIME, SVY_K_MONTH) || svyi_type_error(c, n, "a date or a month");
    case 'd': return made(c, n, SVY_K_DATE, SVY_K_DATE) || ONE_OF(n, SVY_K_DATE, SVY_K_DATETIME) || svyi_type_error(c, n, "a date");
    case 'h': return made(c, n, SVY_K_TIME, SVY_K_DATETIME) || ONE_OF(n, SVY_K_TIME, SVY_K_DATETIME) || svyi_type_error(c, n, "a time");
    case 'M': return made(c, n, SVY_K_DATE, SVY_K_DATETIME) || ONE_OF(n, SVY_K_DATE, SVY_K_DATETIME, SVY_K_TIME, SVY_K_MONTH) || svyi_type_error(c, n, "a date or a time");
    case 'u': return check_constant(c, n, svyi_unit_problem);
    case 'f': return check_constant(c, n, svyi_date_pattern_problem);
    case 'q': return svyi_is_const_text(n) || svyi_type_error(c, n, "a text in quotes");
    default:  return 0;
    }
}

static int check_letters(svyi_compiler *c, svyi_node *n)
{
    const char *letter = n->fn->args;
    for (svyi_node *a = n->first; a != NULL; a = a->next) {
        if (!check_letter(c, a, *letter))
            return 0;
        if (letter[1] != '\0')
            letter++;
    }
    if (n->fn->detail == 3 && n->n == 2) {             /* date(x) or date(year, month, day) */
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, NULL, "%s() takes one argument or three: year, month, day", n->fn->name);
        return 0;
    }
    return 1;
}

/* ---- Calls by form; the arguments have been checked as scalars unless the form does that itself ---- */

static int check_plain(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    if (!check_letters(c, n))
        return 0;
    if (n->kind == SVY_K_CODE)                          /* selected-at() */
        n->list = n->first->list;
    return 1;
}

static int unify_from(svyi_compiler *c, svyi_node *n, svyi_node *first)
{
    svyi_node *nodes[256];
    uint32_t count = 0;
    for (svyi_node *a = first; a != NULL && count < 256; a = a->next)
        nodes[count++] = a;
    return svyi_unify(c, n, nodes, count, n->fn->form == SVYI_FORM_IF ? "if()" : "coalesce()");
}

static int check_if(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    return svyi_make_boolean(c, n->first) && unify_from(c, n, n->first->next);
}

static int check_coalesce(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    return unify_from(c, n, n->first);
}

static int check_in(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    svyi_node *needle = n->first;
    for (svyi_node *a = needle->next; a != NULL; a = a->next) {
        uint8_t before = needle->convert;
        if (!svyi_check_compare(c, needle, a, SVYI_EQ, &a->detail))
            return 0;
        if (a != needle->next && needle->convert != before)
            return svyi_type_error(c, a, "a value of the same kind as the others");
    }
    return 1;
}

static int check_selected(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    svyi_node *code = n->first->next;
    if (!check_letter(c, n->first, 'c') || !svyi_check_code(c, code, n->first->list))
        return 0;
    if (code->kind == SVY_K_NUMBER)
        return svyi_make_kind(c, code, SVY_K_TEXT);
    return ONE_OF(code, SVY_K_TEXT, SVY_K_CODE) || svyi_type_error(c, code, "a code");
}

static int check_checklist(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    const int weighted = n->fn->form == SVYI_FORM_WEIGHTED;
    unsigned i = 0;
    for (svyi_node *a = n->first; a != NULL; a = a->next, i++)
        if (i < 2 || (weighted && i % 2 == 1) ? !svyi_make_number(c, a) : !svyi_make_boolean(c, a))
            return 0;
    if (weighted && n->n % 2 == 1) {
        svyi_problem(c, SVY_E_TYPE, n->last->at, n->last->len, NULL, "the last condition has no weight");
        return 0;
    }
    return 1;
}

static int find_list(svyi_compiler *c, svyi_node *n, const svyi_node *name)
{
    if (!svyi_is_const_text(name))
        return svyi_type_error(c, name, "the name of a code list in quotes");
    if (c->scope->find_list != NULL && c->scope->find_list(c->scope->user, name->value.text, name->value.len, &n->list) && n->list <= SVYI_MAX_OPERAND)
        return 1;
    svyi_problem(c, SVY_E_NAME, name->at, name->len, NULL, "unknown code list '%.*s'", svyi_shown(name->value.text, name->value.len), name->value.text);
    return 0;
}

/* lookup(list, property, key), pulldata(list, property, 'code', key) */
static int check_lookup(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    svyi_node *key = n->last, *by = argument(n, 2);
    if (!find_list(c, n, n->first) || !check_letter(c, n->first->next, 't'))
        return 0;
    if (by != key && !(svyi_is_const_text(by) && by->value.len == 4 && (memcmp(by->value.text, "code", 4) == 0 || memcmp(by->value.text, "name", 4) == 0)))
        return svyi_type_error(c, by, "'code', as lists are searched by code");
    if (key->kind == SVY_K_NUMBER)
        return svyi_make_kind(c, key, SVY_K_TEXT);
    return ONE_OF(key, SVY_K_TEXT, SVY_K_CODE) || svyi_type_error(c, key, "a code");
}

static int check_label(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    n->list = n->first->list;
    if (n->n == 2 && !find_list(c, n, n->last))
        return 0;
    if (n->n == 2 && n->first->kind == SVY_K_NUMBER)
        return svyi_make_kind(c, n->first, SVY_K_TEXT);
    if (!check_letter(c, n->first, 'c'))
        return 0;
    return n->list != 0 || svyi_type_error(c, n->first, "an answer that has a code list (or its name as second argument)");
}

static int check_choice(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    if (c->place->choices == 0) {
        svyi_problem(c, SVY_E_NAME, n->at, n->len, NULL, "%s() is known only where choices are filtered", n->fn->name);
        return 0;
    }
    n->numeric = 2;
    n->list = n->fn->detail == 0 ? c->place->choices : 0;
    return 1;
}

static int check_position(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    if (in->roster != 0)
        return 1;
    svyi_problem(c, SVY_E_NAME, n->at, n->len, NULL, "position() is known only inside a roster");
    return 0;
}

static int check_once(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    const svy_symbol *self = c->place->self;
    if (self == NULL) {
        svyi_problem(c, SVY_E_NAME, n->at, n->len, NULL, "once() keeps the answer of its own question, and there is none here");
        return 0;
    }
    n->symbol = *self;
    n->kind = self->kind;
    n->list = self->list;
    n->numeric = self->numeric;
    return svyi_make_kind(c, n->first, (svy_kind)self->kind) || svyi_type_error(c, n->first, svyi_kind_text((svy_kind)self->kind));
}

static int check_nothing_more(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    (void)in;
    return check_letters(c, n);
}

/* ---- Aggregates: arguments may be one value or the values of all entries ---- */

static int aggregate_kind(svyi_compiler *c, svyi_node *n, svyi_node *a)
{
    switch (n->fn->detail) {
    case SVYI_SUM: case SVYI_MEAN:
        return svyi_make_number(c, a);
    case SVYI_MIN: case SVYI_MAX:
        if (a == n->first && ONE_OF(a, SVY_K_DATE, SVY_K_TIME, SVY_K_DATETIME))
            n->kind = a->kind;
        else if (a == n->first)
            n->kind = SVY_K_NUMBER;
        if (n->kind == SVY_K_NUMBER)
            return svyi_make_number(c, a);
        return svyi_make_kind(c, a, (svy_kind)n->kind) || svyi_type_error(c, a, svyi_kind_text((svy_kind)n->kind));
    case SVYI_JOIN: case SVYI_CONCAT:
        return a->kind == SVY_K_ENTRIES ? svyi_type_error(c, a, "a value") : svyi_make_kind(c, a, SVY_K_TEXT);
    default:
        return 1;
    }
}

static int check_aggregate(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    const uint8_t which = n->fn->detail;
    const int sole = n->n == (which == SVYI_JOIN ? 2u : 1u);

    for (svyi_node *a = n->first; a != NULL; a = a->next) {
        const int entries = (a->type == SVYI_N_SYMBOL || a->type == SVYI_N_BRACKETS) && !(which == SVYI_JOIN && a == n->first);
        if (!(entries ? svyi_check(c, a, in) : svyi_check_scalar(c, a, in)))
            return 0;
        if (sole && a == n->last && a->type == SVYI_N_SYMBOL && a->symbol.roster != 0 && which != SVYI_CONCAT)
            svyi_make_all(c, a, in);
        if (which == SVYI_COUNT && !a->set)
            return svyi_type_error(c, a, "a roster or a question in one");
        if (a->kind == SVY_K_ENTRIES && which != SVYI_COUNT)
            return svyi_type_error(c, a, "a question of the roster");
        if (!aggregate_kind(c, n, a))
            return 0;
    }
    return 1;
}

/* indexed-repeat(${x}, ${roster}, n, ${roster inside it}, n, ...) */
static int check_indexed(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    svyi_node *x = n->first;
    uint32_t inside = 0;
    int ok = x->type == SVYI_N_SYMBOL || svyi_type_error(c, x, "the name of a question in a roster");

    if (!ok || !svyi_check(c, x, in))
        return 0;
    for (svyi_node *r = x->next; r != NULL; r = r->next->next) {
        if (r->next == NULL) {
            svyi_problem(c, SVY_E_TYPE, r->at, r->len, NULL, "indexed-repeat() needs a position after each roster");
            return 0;
        }
        if (!svyi_check(c, r, in) || !svyi_check_scalar(c, r->next, in) || !svyi_make_number(c, r->next))
            return 0;
        if (r->type != SVYI_N_SYMBOL || r->kind != SVY_K_ENTRIES)
            return svyi_type_error(c, r, "the name of a roster");
        if (r != x->next && r->symbol.roster != inside) {
            svyi_problem(c, SVY_E_TYPE, r->at, r->len, NULL, "this roster does not stand inside the one before it");
            return 0;
        }
        inside = r->symbol.id;
    }
    if (x->symbol.roster != inside || x->kind == SVY_K_ENTRIES) {
        svyi_problem(c, SVY_E_TYPE, x->at, x->len, NULL, "this is not a question of the last roster named");
        return 0;
    }
    n->symbol = x->symbol;
    n->kind = x->kind;
    n->list = x->list;
    n->numeric = x->numeric;
    return 1;
}

static int (*const FORMS[SVYI_N_FORMS])(svyi_compiler *c, svyi_node *n, const svyi_context *in) = {
    [SVYI_FORM_CALL] = check_plain, [SVYI_FORM_CONSTANT] = check_nothing_more, [SVYI_FORM_NOT] = check_nothing_more,
    [SVYI_FORM_IF] = check_if, [SVYI_FORM_COALESCE] = check_coalesce, [SVYI_FORM_IN] = check_in, [SVYI_FORM_STATE] = check_nothing_more,
    [SVYI_FORM_AGGREGATE] = check_aggregate, [SVYI_FORM_CHECKLIST] = check_checklist, [SVYI_FORM_WEIGHTED] = check_checklist,
    [SVYI_FORM_SELECTED] = check_selected, [SVYI_FORM_LOOKUP] = check_lookup, [SVYI_FORM_INDEXED] = check_indexed,
    [SVYI_FORM_LABEL] = check_label, [SVYI_FORM_CHOICE] = check_choice, [SVYI_FORM_POSITION] = check_position,
    [SVYI_FORM_RANDOM] = check_nothing_more, [SVYI_FORM_CLOCK] = check_nothing_more, [SVYI_FORM_ONCE] = check_once,
};

static int check_count(svyi_compiler *c, const svyi_node *n)
{
    const svyi_function *fn = n->fn;
    const int unified = fn->form == SVYI_FORM_IF || fn->form == SVYI_FORM_COALESCE;   /* their arguments are taken together */
    const unsigned most = fn->max == 255 && !unified ? SVYI_MAX_NODES : fn->max;

    if (n->n >= fn->min && n->n <= most)
        return 1;
    const char *plural = fn->min == 1 ? "" : "s";
    if (fn->min == fn->max)
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, NULL, "%s() takes %d argument%s, found %d", fn->name, fn->min, plural, (int)n->n);
    else if (n->n < fn->min)
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, NULL, "%s() takes at least %d argument%s, found %d", fn->name, fn->min, plural, (int)n->n);
    else
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, NULL, "%s() takes at most %d arguments, found %d", fn->name, fn->max, (int)n->n);
    return 0;
}

int svyi_check_call(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    const uint8_t form = n->fn->form;
    int ok = check_count(c, n);

    for (svyi_node *a = n->first; a != NULL && form != SVYI_FORM_AGGREGATE && form != SVYI_FORM_INDEXED; a = a->next)
        ok &= svyi_check_scalar(c, a, in);
    n->kind = n->fn->kind;
    return ok && FORMS[form](c, n, in);
}
