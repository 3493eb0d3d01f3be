/* Builds the tree of an expression from its tokens. */
#include "expr_priv.h"

#include <string.h>

typedef struct parser { svyi_compiler *c; svyi_token token; size_t at; unsigned nested; } parser;

/* How tightly operators bind; operators of one level form one chain. */
static const uint8_t LEVELS[] = {
    [SVYI_OR] = 1, [SVYI_AND] = 2, [SVYI_EQ] = 3, [SVYI_NE] = 3, [SVYI_LT] = 4, [SVYI_LE] = 4, [SVYI_GT] = 4, [SVYI_GE] = 4,
    [SVYI_ADD] = 5, [SVYI_SUB] = 5, [SVYI_MUL] = 6, [SVYI_DIV] = 6, [SVYI_MOD] = 6,
};

static svyi_node *expression(parser *p, unsigned level);

static void advance(parser *p, int operand)
{
    p->token = svyi_token_next(p->c, &p->at, operand);
}

static svyi_node *node(parser *p, svyi_node_type type, size_t at, size_t len)
{
    if (++p->c->n_nodes > SVYI_MAX_NODES) {
        svyi_problem(p->c, SVY_E_LIMIT, at, len, NULL, "the expression has more than %d parts", SVYI_MAX_NODES);
        return NULL;
    }
    svyi_node *n = svyi_arena_get(&p->c->arena, sizeof *n);
    if (n == NULL) {
        svyi_no_memory(p->c);
        return NULL;
    }
    n->type = (uint8_t)type;
    n->op = SVYI_NO_OPERATOR;
    n->height = 1;
    n->at = (uint32_t)at;
    n->len = (uint32_t)len;
    n->value.text = "";
    return n;
}

static void too_deep(parser *p, size_t at, size_t len)
{
    svyi_problem(p->c, SVY_E_LIMIT, at, len, "give a part of it a name of its own in a compute", "the expression is nested more than %d deep", SVYI_MAX_NESTING);
}

/* Adds a child; the tree may not become higher than what the passes over it can recurse. */
static svyi_node *adopt(parser *p, svyi_node *n, svyi_node *child)
{
    if (child == NULL)
        return NULL;
    if (child->height >= SVYI_MAX_HEIGHT) {
        too_deep(p, child->at, child->len);
        return NULL;
    }
    if (n->height <= child->height)
        n->height = (uint16_t)(child->height + 1);
    if (n->last == NULL)
        n->first = child;
    else
        n->last->next = child;
    n->last = child;
    n->n++;
    if (child->at + child->len > n->at + n->len)
        n->len = child->at + child->len - n->at;
    return n;
}

static svyi_node *fail(parser *p, const char *expected)
{
    const svyi_token *t = &p->token;
    if (t->type == SVYI_T_ERROR)                       /* reported already */
        return NULL;
    if (t->type == SVYI_T_END)
        svyi_problem(p->c, SVY_E_SYNTAX, t->at, 1, NULL, "the expression ends where %s was expected", expected);
    else
        svyi_problem(p->c, SVY_E_SYNTAX, t->at, t->len, NULL, "found '%.*s', %s was expected",
                     svyi_shown(p->c->text + t->at, t->len), p->c->text + t->at, expected);
    return NULL;
}

static svyi_node *constant(parser *p, svy_kind kind)
{
    svyi_node *n = node(p, SVYI_N_CONST, p->token.at, p->token.len);
    if (n == NULL)
        return NULL;
    n->value.kind = (uint8_t)kind;
    n->value.number = p->token.number;
    if (kind == SVY_K_TEXT) {
        n->value.text = p->token.text;
        n->value.len = p->token.text_len;
    }
    advance(p, 0);
    return n;
}

static svyi_node *call(parser *p)
{
    svyi_node *n = node(p, SVYI_N_CALL, p->token.at, p->token.len);
    if (n == NULL)
        return NULL;
    n->fn = svyi_function_find(p->token.text, p->token.text_len);
    if (n->fn == NULL) {
        svyi_problem(p->c, SVY_E_NAME, p->token.at, p->token.len, NULL, "unknown function '%.*s'",
                     svyi_shown(p->token.text, p->token.len), p->token.text);
        return NULL;
    }
    advance(p, 0);                                     /* the name, then ( */
    advance(p, 1);
    while (p->token.type != SVYI_T_CLOSE) {
        if (adopt(p, n, expression(p, 1)) == NULL)
            return NULL;
        if (p->token.type == SVYI_T_COMMA)
            advance(p, 1);
        else if (p->token.type != SVYI_T_CLOSE)
            return fail(p, "a comma or ')'");
        else
            break;
        if (p->token.type == SVYI_T_CLOSE)
            return fail(p, "another argument");
    }
    n->len = p->token.at + 1 - n->at;
    advance(p, 0);
    return n;
}

static svyi_node *name(parser *p)
{
    svyi_node *n = node(p, SVYI_N_SYMBOL, p->token.at, p->token.len);
    if (n == NULL)
        return NULL;
    if (p->token.type == SVYI_T_WORD && !p->c->place->bare_names) {
        svyi_problem(p->c, SVY_E_SYNTAX, n->at, n->len, "a name is written ${name}, a text in quotes",
                     "found the bare word '%.*s'", svyi_shown(p->token.text, n->len), p->token.text);
        return NULL;
    }
    n->value.text = p->token.text;
    n->value.len = p->token.text_len;
    advance(p, 0);
    return n;
}

static svyi_node *brackets(parser *p, svyi_node *inner)
{
    if (inner == NULL || p->token.type != SVYI_T_OPEN_BRACKET)
        return inner;
    svyi_node *n = node(p, SVYI_N_BRACKETS, inner->at, inner->len);
    if (n == NULL || adopt(p, n, inner) == NULL)
        return NULL;
    while (p->token.type == SVYI_T_OPEN_BRACKET) {
        advance(p, 1);
        if (adopt(p, n, expression(p, 1)) == NULL)
            return NULL;
        if (p->token.type != SVYI_T_CLOSE_BRACKET)
            return fail(p, "']'");
        n->len = p->token.at + 1 - n->at;
        advance(p, 0);
    }
    return n;
}

static svyi_node *primary(parser *p)
{
    svyi_node *n;
    switch (p->token.type) {
    case SVYI_T_NUMBER:   return constant(p, SVY_K_NUMBER);
    case SVYI_T_TEXT:     return constant(p, SVY_K_TEXT);
    case SVYI_T_NAME:
    case SVYI_T_WORD:     return brackets(p, name(p));
    case SVYI_T_FUNCTION: return call(p);
    case SVYI_T_SELF:
        n = node(p, SVYI_N_SELF, p->token.at, p->token.len);
        advance(p, 0);
        return n;
    case SVYI_T_OPEN:
        advance(p, 1);
        n = expression(p, 1);
        if (n == NULL)
            return NULL;
        if (p->token.type != SVYI_T_CLOSE)
            return fail(p, "')'");
        advance(p, 0);
        return n;
    case SVYI_T_END: case SVYI_T_OPERATOR: case SVYI_T_CLOSE: case SVYI_T_OPEN_BRACKET: case SVYI_T_CLOSE_BRACKET:
    case SVYI_T_COMMA: case SVYI_T_ERROR:
        break;
    }
    return fail(p, "a value");
}

static svyi_node *operand(parser *p)
{
    size_t at = p->token.at;
    int minus = 0, any = 0;

    while (p->token.type == SVYI_T_OPERATOR && p->token.op == SVYI_SUB) {
        minus = !minus;
        any = 1;
        advance(p, 1);
    }
    svyi_node *n = primary(p);
    if (n == NULL || !any)
        return n;
    if (!minus) {                                      /* --x is a number, too: checked as one */
        svyi_node *inner = node(p, SVYI_N_NEGATE, at, 1);
        n = inner != NULL ? adopt(p, inner, n) : NULL;
        if (n == NULL)
            return NULL;
    }
    svyi_node *outer = node(p, SVYI_N_NEGATE, at, 1);
    return outer != NULL ? adopt(p, outer, n) : NULL;
}

/* Operators that bind at `level` or tighter. Recurses at most once per level before it meets a bracket, which begins level 1 again. */
static svyi_node *expression(parser *p, unsigned level)
{
    if (level == 1 && ++p->nested > SVYI_MAX_NESTING) {
        too_deep(p, p->token.at, p->token.len);
        return NULL;
    }
    svyi_node *left = operand(p);
    unsigned open = 0;                                 /* level of the chain that `left` is */

    while (left != NULL && p->token.type == SVYI_T_OPERATOR && LEVELS[p->token.op] >= level) {
        svyi_operator op = p->token.op;
        if (open != LEVELS[op]) {
            svyi_node *chain = node(p, SVYI_N_CHAIN, left->at, left->len);
            left = chain != NULL ? adopt(p, chain, left) : NULL;
            if (left == NULL)
                return NULL;
            open = LEVELS[op];
        }
        advance(p, 1);
        svyi_node *right = expression(p, LEVELS[op] + 1u);
        if (right != NULL)
            right->op = (uint8_t)op;
        left = adopt(p, left, right);
    }
    p->nested -= level == 1;
    return left;
}

svyi_node *svyi_parse(svyi_compiler *c)
{
    parser p = { .c = c };
    advance(&p, 1);
    svyi_node *root = expression(&p, 1);
    if (root != NULL && p.token.type != SVYI_T_END)
        return fail(&p, "an operator or the end");
    return root;
}
