/* Checks that the parts of an expression fit together: names, operators, brackets. */
#include "expr_priv.h"

#include <string.h>


static uint32_t parent_of(const svyi_compiler *c, uint32_t roster)
{
    return roster != 0 && c->scope->roster_parent != NULL ? c->scope->roster_parent(c->scope->user, roster) : 0;
}

/* 1 when an entry of `from` is, or is inside, an entry of `roster`. */
static int visible(const svyi_compiler *c, uint32_t roster, uint32_t from)
{
    if (roster == 0)
        return 1;
    for (int i = 0; from != 0 && i < SVYI_MAX_ROSTERS; i++) {
        if (from == roster)
            return 1;
        from = parent_of(c, from);
    }
    return 0;
}

/* The innermost roster around `roster` whose entry is known from an entry of `from`; 0 when there is none. */
static uint32_t common_roster(const svyi_compiler *c, uint32_t roster, uint32_t from)
{
    for (int i = 0; i < SVYI_MAX_ROSTERS && (roster = parent_of(c, roster)) != 0; i++)
        if (visible(c, roster, from))
            return roster;
    return 0;
}

/* Makes of a name all the answers to it: those of the entries under the entry around them. */
void svyi_make_all(const svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    uint8_t up = 0;
    n->set = 1;
    n->up = 0;
    n->roster = n->symbol.kind == SVY_K_ENTRIES ? n->symbol.id : n->symbol.roster;
    n->parent = 0;
    for (; in != NULL && n->parent == 0; in = in->up, up++)
        if ((n->parent = common_roster(c, n->roster, in->roster)) != 0)
            n->up = up;
}

static void take_symbol(svyi_node *n)
{
    n->kind = n->symbol.kind;
    n->list = n->symbol.list;
    n->numeric = n->symbol.numeric;
}

static int check_name(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    uint8_t up = 0;
    if (!c->scope->find(c->scope->user, n->value.text, n->value.len, &n->symbol)) {
        svyi_problem(c, SVY_E_NAME, n->at, n->len, NULL, "unknown name '%.*s'", svyi_shown(n->value.text, n->value.len), n->value.text);
        return 0;
    }
    if (n->symbol.id > SVYI_MAX_OPERAND || n->symbol.list > SVYI_MAX_OPERAND) {
        svyi_problem(c, SVY_E_LIMIT, n->at, n->len, NULL, "there are more than %d names or lists", SVYI_MAX_OPERAND);
        return 0;
    }
    if (n->symbol.kind == SVY_K_NONE) {
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, NULL, "'%.*s' holds no answer", svyi_shown(n->value.text, n->value.len), n->value.text);
        return 0;
    }
    take_symbol(n);
    for (const svyi_context *at = in; at != NULL && n->symbol.kind != SVY_K_ENTRIES; at = at->up, up++)
        if (visible(c, n->symbol.roster, at->roster)) {
            n->up = up;
            return 1;
        }
    svyi_make_all(c, n, in);
    return 1;
}

static int check_self(svyi_compiler *c, svyi_node *n)
{
    if (c->place->self == NULL) {
        svyi_problem(c, SVY_E_NAME, n->at, n->len, "name the question: ${...}", "there is no answer here that '.' could be");
        return 0;
    }
    n->symbol = *c->place->self;
    take_symbol(n);
    return 1;
}

/* What kind a part has by its look, before it is checked: tells a filter from an index. Walks down one branch only. */
static svy_kind look_of(const svyi_compiler *c, const svyi_node *n)
{
    while (n != NULL) {
        svy_symbol symbol = { 0 };
        switch ((svyi_node_type)n->type) {
        case SVYI_N_CONST:    return (svy_kind)n->value.kind;
        case SVYI_N_NEGATE:   return SVY_K_NUMBER;
        case SVYI_N_CHAIN:    return n->first->next->op <= SVYI_GE ? SVY_K_BOOLEAN : SVY_K_NUMBER;
        case SVYI_N_SELF:     return c->place->self != NULL ? (svy_kind)c->place->self->kind : SVY_K_NONE;
        case SVYI_N_BRACKETS: n = n->first; break;
        case SVYI_N_SYMBOL:
            return c->scope->find(c->scope->user, n->value.text, n->value.len, &symbol) ? (svy_kind)symbol.kind : SVY_K_NONE;
        case SVYI_N_CALL:
            if (n->fn->kind != SVY_K_NONE)
                return (svy_kind)n->fn->kind;
            n = n->fn->form == SVYI_FORM_IF && n->first != NULL ? n->first->next : n->first;
            break;
        }
    }
    return SVY_K_NONE;
}

static int check_filter(svyi_compiler *c, svyi_node *filter, uint32_t roster, const svyi_context *in)
{
    const svyi_context candidate = { roster, in };
    int depth = 0;
    for (const svyi_context *at = in; at->up != NULL; at = at->up)
        depth++;
    if (depth >= SVYI_MAX_LOOPS) {
        svyi_problem(c, SVY_E_LIMIT, filter->at, filter->len, NULL, "filters are nested more than %d deep", SVYI_MAX_LOOPS);
        return 0;
    }
    return svyi_check_scalar(c, filter, &candidate) && svyi_make_boolean(c, filter);
}

static int check_brackets(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    svyi_node *base = n->first;
    if (!svyi_check(c, base, in))
        return 0;
    if (base->symbol.kind != SVY_K_ENTRIES && base->symbol.roster == 0) {
        svyi_problem(c, SVY_E_TYPE, base->at, base->len, NULL, "'%.*s' has one answer, only a roster and its questions take [ ]",
                     svyi_shown(base->value.text, base->value.len), base->value.text);
        return 0;
    }
    svyi_make_all(c, base, in);
    for (svyi_node *b = base->next; b != NULL; b = b->next) {
        if (look_of(c, b) == SVY_K_BOOLEAN) {
            if (!check_filter(c, b, base->roster, in))
                return 0;
        } else if (b->next != NULL) {
            return svyi_type_error(c, b, "a condition before the last [ ]");
        } else {
            n->index = 1;
            if (!svyi_check_scalar(c, b, in) || !svyi_make_number(c, b))
                return 0;
        }
    }
    n->symbol = base->symbol;
    take_symbol(n);
    n->set = !n->index;
    n->roster = base->roster;
    n->parent = base->parent;
    n->up = base->up;
    if (n->index && n->kind == SVY_K_ENTRIES) {
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, "name a question of the roster, such as ${m_age}[1]", "an entry of a roster is not a value");
        return 0;
    }
    return 1;
}

/* ---- Operators ---- */

static int is_moment(const svyi_node *n)
{
    return n->kind == SVY_K_DATE || n->kind == SVY_K_DATETIME;
}

/* A constant text beside a date is a date. */
static int text_beside(svyi_compiler *c, svyi_node *a, svyi_node *b)
{
    if (is_moment(a) && svyi_is_const_text(b) && !svyi_make_kind(c, b, (svy_kind)a->kind))
        return svyi_type_error(c, b, "a date such as 2026-03-31");
    if (is_moment(b) && svyi_is_const_text(a) && !svyi_make_kind(c, a, (svy_kind)b->kind))
        return svyi_type_error(c, a, "a date such as 2026-03-31");
    return 1;
}

static int join_with(svyi_node *b, svyi_op code, unsigned detail)
{
    b->code = (uint8_t)code;
    b->detail = (uint8_t)detail;
    return 1;
}

static int check_add(svyi_compiler *c, svyi_node *a, svyi_node *b, svy_kind *result)
{
    svyi_node *moment = is_moment(a) ? a : b, *number = is_moment(a) ? b : a;
    if (!is_moment(moment)) {
        *result = SVY_K_NUMBER;
        return svyi_make_number(c, a) && svyi_make_number(c, b) && join_with(b, SVYI_OP_ADD, 0);
    }
    *result = (svy_kind)moment->kind;
    return svyi_make_number(c, number) &&
           join_with(b, moment->kind == SVY_K_DATE ? SVYI_OP_DATE_ADD : SVYI_OP_TIME_ADD, number == a);
}

static int check_sub(svyi_compiler *c, svyi_node *a, svyi_node *b, svy_kind *result)
{
    if (!text_beside(c, a, b))
        return 0;
    *result = SVY_K_NUMBER;
    if (!is_moment(a))
        return svyi_make_number(c, a) && svyi_make_number(c, b) && join_with(b, SVYI_OP_SUB, 0);
    if (!is_moment(b)) {
        *result = (svy_kind)a->kind;
        return svyi_make_number(c, b) && join_with(b, a->kind == SVY_K_DATE ? SVYI_OP_DATE_SUB : SVYI_OP_TIME_SUB, 0);
    }
    if (a->kind == SVY_K_DATETIME && b->kind == SVY_K_DATETIME)
        return join_with(b, SVYI_OP_TIME_DIFF, 0);
    return svyi_make_kind(c, a, SVY_K_DATE) && svyi_make_kind(c, b, SVY_K_DATE) && join_with(b, SVYI_OP_DATE_DIFF, 0);
}

/* Checks a operator b; the operation goes to b, the kind of the result to *result. */
static int check_pair(svyi_compiler *c, svyi_node *a, svyi_node *b, svy_kind *result)
{
    static const uint8_t ARITHMETIC[] = { [SVYI_MUL] = SVYI_OP_MUL, [SVYI_DIV] = SVYI_OP_DIV, [SVYI_MOD] = SVYI_OP_MOD };
    uint8_t detail = 0;

    switch ((svyi_operator)b->op) {
    case SVYI_OR: case SVYI_AND:
        *result = SVY_K_BOOLEAN;
        return svyi_make_boolean(c, a) && svyi_make_boolean(c, b) && join_with(b, b->op == SVYI_OR ? SVYI_OP_OR : SVYI_OP_AND, 0);
    case SVYI_EQ: case SVYI_NE: case SVYI_LT: case SVYI_LE: case SVYI_GT: case SVYI_GE:
        *result = SVY_K_BOOLEAN;
        return svyi_check_compare(c, a, b, (svyi_operator)b->op, &detail) && join_with(b, SVYI_OP_COMPARE, detail);
    case SVYI_ADD: return check_add(c, a, b, result);
    case SVYI_SUB: return check_sub(c, a, b, result);
    case SVYI_MUL: case SVYI_DIV: case SVYI_MOD:
        *result = SVY_K_NUMBER;
        return svyi_make_number(c, a) && svyi_make_number(c, b) && join_with(b, (svyi_op)ARITHMETIC[b->op], 0);
    case SVYI_NO_OPERATOR: break;
    }
    return 0;
}

static int check_chain(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    svyi_node so_far = { 0 }, *left = n->first;
    svy_kind kind = SVY_K_NONE;
    int ok = 1;

    for (svyi_node *child = n->first; child != NULL; child = child->next)
        ok &= svyi_check_scalar(c, child, in);
    if (!ok)
        return 0;
    for (svyi_node *child = n->first->next; child != NULL; child = child->next) {
        if (!check_pair(c, left, child, &kind))
            return 0;
        so_far = (svyi_node){ .type = SVYI_N_CHAIN, .kind = (uint8_t)kind, .at = n->at, .len = child->at + child->len - n->at };
        left = &so_far;                      /* never a code or a constant, so nothing is converted in it */
    }
    n->kind = (uint8_t)kind;
    return 1;
}

int svyi_check(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    int ok = 0;
    switch ((svyi_node_type)n->type) {
    case SVYI_N_CONST:
        n->kind = n->value.kind;
        return 1;
    case SVYI_N_SYMBOL:   return check_name(c, n, in);
    case SVYI_N_SELF:     return check_self(c, n);
    case SVYI_N_BRACKETS: return check_brackets(c, n, in);
    case SVYI_N_CHAIN:    ok = check_chain(c, n, in); break;
    case SVYI_N_CALL:     ok = svyi_check_call(c, n, in); break;
    case SVYI_N_NEGATE:
        ok = svyi_check_scalar(c, n->first, in) && svyi_make_number(c, n->first);
        n->kind = SVY_K_NUMBER;
        break;
    }
    return ok && svyi_fold_constant(c, n);
}

int svyi_check_scalar(svyi_compiler *c, svyi_node *n, const svyi_context *in)
{
    if (!svyi_check(c, n, in))
        return 0;
    if (!n->set)
        return 1;
    if (n->kind == SVY_K_ENTRIES)
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, "count() counts the entries of a roster", "found a roster, a value was expected");
    else
        svyi_problem(c, SVY_E_TYPE, n->at, n->len, "take sum(), min(), max(), mean(), count(), join(), or one entry with [1]",
                     "found the answers of every entry of a roster, one value was expected");
    return 0;
}
