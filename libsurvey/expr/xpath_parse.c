/* Builds the tree of an XPath expression from its tokens. */
#include "xpath_priv.h"

#include <string.h>

typedef struct parser { svyi_xcompiler *c; svyi_xtoken token; size_t at; unsigned nested; } parser;

/* How tightly operators bind; operators of one level form one chain. */
static const uint8_t LEVELS[] = {
    [SVYI_OR] = 1, [SVYI_AND] = 2, [SVYI_EQ] = 3, [SVYI_NE] = 3, [SVYI_LT] = 4, [SVYI_LE] = 4, [SVYI_GT] = 4, [SVYI_GE] = 4,
    [SVYI_ADD] = 5, [SVYI_SUB] = 5, [SVYI_MUL] = 6, [SVYI_DIV] = 6, [SVYI_MOD] = 6,
};

static svyi_xnode *expression(parser *p, unsigned level);

static void advance(parser *p, int operand)
{
    p->token = svyi_xtoken_next(p->c, &p->at, operand);
}

svyi_xnode *svyi_xnode_new(svyi_xcompiler *c, svyi_xop type, size_t at, size_t len)
{
    if (++c->base.n_nodes > SVYI_MAX_NODES) {
        svyi_problem(&c->base, SVY_E_LIMIT, at, len, NULL, "the expression has more than %d parts", SVYI_MAX_NODES);
        return NULL;
    }
    svyi_xnode *n = svyi_arena_get(&c->base.arena, sizeof *n);
    if (n == NULL) {
        svyi_no_memory(&c->base);
        return NULL;
    }
    n->type = (uint8_t)type;
    n->op = SVYI_NO_OPERATOR;
    n->height = 1;
    n->at = (uint32_t)at;
    n->len = (uint32_t)len;
    n->text = "";
    return n;
}

static void too_deep(svyi_xcompiler *c, size_t at, size_t len)
{
    svyi_problem(&c->base, SVY_E_LIMIT, at, len, "work out a part of it in a calculated question", "the expression is nested more than %d deep", SVYI_MAX_NESTING);
}

svyi_xnode *svyi_xadopt(svyi_xcompiler *c, svyi_xnode *n, svyi_xnode *child)
{
    if (n == NULL || child == NULL)
        return NULL;
    if (child->height >= SVYI_X_HEIGHT || n->n >= SVYI_X_CHILDREN_MOST) {
        too_deep(c, child->at, child->len);
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
    if (child->at < n->at) {
        n->len += n->at - child->at;
        n->at = child->at;
    }
    if (child->at + child->len > n->at + n->len)
        n->len = child->at + child->len - n->at;
    return n;
}

static svyi_xnode *make(parser *p, svyi_xop type)
{
    return svyi_xnode_new(p->c, type, p->token.at, p->token.len);
}

static void *fail(parser *p, const char *expected)
{
    const svyi_xtoken *t = &p->token;
    svyi_compiler *c = &p->c->base;
    if (t->type == SVYI_XT_ERROR || c->status != SVY_OK)             /* reported already */
        return NULL;
    if (t->type == SVYI_XT_END)
        svyi_problem(c, SVY_E_SYNTAX, t->at, 1, NULL, "the expression ends where %s was expected", expected);
    else
        svyi_problem(c, SVY_E_SYNTAX, t->at, t->len, NULL, "found '%.*s', %s was expected", svyi_shown(c->text + t->at, t->len), c->text + t->at, expected);
    return NULL;
}

static int enter(parser *p)
{
    if (++p->nested <= SVYI_MAX_NESTING)
        return 1;
    too_deep(p->c, p->token.at, p->token.len);
    return 0;
}

/* ---- Steps ---- */

static int axis_of(parser *p, svyi_xnode *step)
{
    static const char *const AXES[] = {
        [SVYI_XA_CHILD] = "child", [SVYI_XA_ATTRIBUTE] = "attribute", [SVYI_XA_SELF] = "self", [SVYI_XA_PARENT] = "parent",
        [SVYI_XA_DESCENDANT] = "descendant", [SVYI_XA_DESCENDANT_OR_SELF] = "descendant-or-self", [SVYI_XA_ANCESTOR] = "ancestor",
        [SVYI_XA_ANCESTOR_OR_SELF] = "ancestor-or-self", [SVYI_XA_FOLLOWING_SIBLING] = "following-sibling",
        [SVYI_XA_PRECEDING_SIBLING] = "preceding-sibling", [SVYI_XA_FOLLOWING] = "following", [SVYI_XA_PRECEDING] = "preceding",
    };
    for (unsigned i = 0; i < SVYI_N_XAXES; i++)
        if (svyi_same(p->token.text, p->token.text_len, AXES[i])) {
            step->detail = (uint8_t)i;
            return 1;
        }
    if (svyi_same(p->token.text, p->token.text_len, "namespace")) {
        step->detail = SVYI_XA_SELF;                   /* there are no nodes of namespaces */
        step->test = SVYI_XN_NOTHING;
        return 1;
    }
    svyi_problem(&p->c->base, SVY_E_NAME, p->token.at, p->token.len, NULL, "there is no axis '%.*s'",
                 svyi_shown(p->token.text, p->token.text_len), p->token.text);
    return 0;
}

/* node(), text(), comment(), processing-instruction('x') */
static int node_type(parser *p, svyi_xnode *step)
{
    step->test = svyi_same(p->token.text, p->token.text_len, "node") ? SVYI_XN_NODE :
                 svyi_same(p->token.text, p->token.text_len, "text") ? SVYI_XN_TEXT : SVYI_XN_NOTHING;
    const int takes_name = svyi_same(p->token.text, p->token.text_len, "processing-instruction");
    advance(p, 1);
    advance(p, 1);                                     /* the bracket, which is there */
    if (takes_name && p->token.type == SVYI_XT_TEXT)
        advance(p, 1);
    if (p->token.type != SVYI_XT_CLOSE)
        return fail(p, "')'") != NULL;
    advance(p, 0);
    return 1;
}

/* Number of the name of a step, once its axis is known. Attributes have an @ before their name. */
static int name_test(parser *p, svyi_xnode *step)
{
    svyi_xcompiler *c = p->c;
    const char *text = p->token.text;
    uint32_t len = p->token.text_len;

    if (p->token.type == SVYI_XT_NODE_TYPE)
        return node_type(p, step);
    if (p->token.type != SVYI_XT_NAME && p->token.type != SVYI_XT_AXIS && p->token.type != SVYI_XT_FUNCTION)
        return fail(p, "a name") != NULL;
    step->test = SVYI_XN_NAME;
    step->len = p->token.at + p->token.len - step->at;
    if (step->detail == SVYI_XA_ATTRIBUTE) {
        char *with = svyi_arena_get(&c->base.arena, (size_t)len + 2);
        if (with == NULL)
            return svyi_no_memory(&c->base) == SVY_OK;
        with[0] = '@';
        memcpy(with + 1, text, len);
        text = with;
        len++;
    }
    step->text = text;
    step->text_len = len;
    if (len >= 2 && text[len - 1] == '*' && text[len - 2] == ':') {
        step->test = SVYI_XN_PREFIX;
        step->name = SVY_NAME_ANY;
        step->text_len = len - 1;
    } else if (svyi_same(text, len, "*"))
        step->name = SVY_NAME_ANY;
    else if (svyi_same(text, len, "@*"))
        step->name = SVY_NAME_ANY_ATTRIBUTE;
    else
        step->name = c->scope->name(c->scope->user, text, len);
    advance(p, 0);
    return 1;
}

static svyi_xnode *predicates(parser *p, svyi_xnode *step)
{
    while (step != NULL && p->token.type == SVYI_XT_OPEN_BRACKET) {
        advance(p, 1);
        step = svyi_xadopt(p->c, step, expression(p, 1));
        if (step == NULL)
            return NULL;
        if (p->token.type != SVYI_XT_CLOSE_BRACKET)
            return fail(p, "']'");
        step->len = p->token.at + 1 - step->at;
        advance(p, 0);
    }
    return step;
}

static svyi_xnode *any_node_step(parser *p, svyi_xaxis axis)
{
    svyi_xnode *step = make(p, SVYI_X_STEP);
    if (step != NULL) {
        step->detail = (uint8_t)axis;
        step->test = SVYI_XN_NODE;
    }
    return step;
}

static svyi_xnode *step(parser *p)
{
    svyi_xnode *s;
    if (p->token.type == SVYI_XT_DOT || p->token.type == SVYI_XT_DOTS) {
        s = any_node_step(p, p->token.type == SVYI_XT_DOT ? SVYI_XA_SELF : SVYI_XA_PARENT);
        advance(p, 0);
        return predicates(p, s);                       /* ".[...]" is no XPath, but forms have it */
    }
    if ((s = make(p, SVYI_X_STEP)) == NULL)
        return NULL;
    if (p->token.type == SVYI_XT_AT) {
        s->detail = SVYI_XA_ATTRIBUTE;
        advance(p, 1);
    } else if (p->token.type == SVYI_XT_AXIS) {
        if (!axis_of(p, s))
            return NULL;
        while (p->c->base.text[p->at] != ':')          /* the two colons, which are there */
            p->at++;
        p->at += 2;
        advance(p, 1);
    }
    const uint8_t nothing = s->test;
    if (!name_test(p, s))
        return NULL;
    if (nothing == SVYI_XN_NOTHING)                    /* namespace:: */
        s->test = SVYI_XN_NOTHING;
    return predicates(p, s);
}

static int starts_step(const parser *p)
{
    switch ((int)p->token.type) {
    case SVYI_XT_NAME: case SVYI_XT_NODE_TYPE: case SVYI_XT_AXIS: case SVYI_XT_AT: case SVYI_XT_DOT: case SVYI_XT_DOTS: return 1;
    default: return 0;
    }
}

/* The steps after a '/' or '//' that is the token, as often as they come. */
static svyi_xnode *more_steps(parser *p, svyi_xnode *path)
{
    while (path != NULL && (p->token.type == SVYI_XT_SLASH || p->token.type == SVYI_XT_SLASHES)) {
        if (p->token.type == SVYI_XT_SLASHES)
            path = svyi_xadopt(p->c, path, any_node_step(p, SVYI_XA_DESCENDANT_OR_SELF));
        advance(p, 1);
        if (path == NULL)
            return NULL;
        if (p->token.type == SVYI_XT_FUNCTION)
            return fail(p, "a name of a node");
        path = starts_step(p) ? svyi_xadopt(p->c, path, step(p)) : fail(p, "a name after '/'");
    }
    return path;
}

static svyi_xnode *path_from(parser *p, svyi_xstart start)
{
    svyi_xnode *path = make(p, SVYI_X_PATH);
    if (path != NULL)
        path->detail = (uint8_t)start;
    return path;
}

static svyi_xnode *absolute(parser *p)
{
    svyi_xnode *path = path_from(p, SVYI_XS_RECORD);
    const int all = p->token.type == SVYI_XT_SLASHES;
    if (path == NULL || all)
        return more_steps(p, path);
    size_t ahead = p->at;
    const svyi_xtoken after = svyi_xtoken_next(p->c, &ahead, 1);
    parser look = { .token = after };
    if (after.type == SVYI_XT_ERROR)
        return NULL;
    if (starts_step(&look))
        return more_steps(p, path);
    advance(p, 0);                                     /* "/" alone */
    return path;
}

static svyi_xnode *relative(parser *p)
{
    svyi_xnode *path = path_from(p, SVYI_XS_CONTEXT);
    if (path == NULL)
        return NULL;
    path = svyi_xadopt(p->c, path, step(p));
    return more_steps(p, path);
}

/* ---- What paths and operators are made of ---- */

static svyi_xnode *bracketed(parser *p)
{
    const uint32_t at = p->token.at;
    advance(p, 1);
    svyi_xnode *n = enter(p) ? expression(p, 1) : NULL;
    p->nested--;
    if (n == NULL)
        return NULL;
    if (p->token.type != SVYI_XT_CLOSE)
        return fail(p, "')'");
    n->bracketed = 1;
    n->len = p->token.at + 1 - at;
    n->at = at;
    advance(p, 0);
    return n;
}

static const svyi_xfunction *function_of(parser *p)
{
    const svyi_xtoken *t = &p->token;
    const svyi_xfunction *fn = svyi_xfunction_find(t->text, t->text_len);
    if (fn == NULL)
        svyi_problem(&p->c->base, SVY_E_NAME, t->at, t->len, svyi_xfunction_advice(t->text, t->text_len), "there is no function '%.*s'",
                     svyi_shown(t->text, t->text_len), t->text);
    return fn;
}

static int arguments(parser *p, svyi_xnode *call)
{
    advance(p, 0);                                     /* the bracket, which is there */
    advance(p, 1);
    if (p->token.type != SVYI_XT_CLOSE)
        for (;;) {
            svyi_xnode *argument = enter(p) ? expression(p, 1) : NULL;
            p->nested--;
            if (svyi_xadopt(p->c, call, argument) == NULL)
                return 0;
            if (p->token.type == SVYI_XT_CLOSE)
                break;
            if (p->token.type != SVYI_XT_COMMA)
                return fail(p, "',' or ')'") != NULL;
            advance(p, 1);
        }
    call->len = p->token.at + 1 - call->at;
    advance(p, 0);
    return 1;
}

/* A counted noun: "1 argument". */
static void wrong_count(parser *p, const svyi_xnode *call)
{
    const svyi_xfunction *fn = call->fn;
    const unsigned bound = call->n < fn->min ? fn->min : fn->max;
    svyi_problem(&p->c->base, SVY_E_TYPE, call->at, call->len, NULL, "%s() takes %s %u argument%s, found %u", fn->name,
                 fn->min == fn->max ? "exactly" : call->n < fn->min ? "at least" : "at most", bound, bound == 1 ? "" : "s", (unsigned)call->n);
}

static svyi_xnode *call(parser *p)
{
    svyi_xnode *n = make(p, SVYI_X_CALL);
    if (n == NULL || (n->fn = function_of(p)) == NULL || !arguments(p, n))
        return NULL;
    if (n->n < n->fn->min || (n->fn->max != 255 && n->n > n->fn->max)) {
        wrong_count(p, n);
        return NULL;
    }
    return svyi_xrewrite(p->c, n);
}

static svyi_xnode *identifier(parser *p)
{
    svyi_xcompiler *c = p->c;
    const svyi_xtoken t = p->token;
    uint32_t item;

    advance(p, 0);
    if (c->scope->find == NULL || !c->scope->find(c->scope->user, t.text, t.text_len, &item)) {
        svyi_problem(&c->base, SVY_E_NAME, t.at, t.len, NULL, "there is no question '%.*s'", svyi_shown(t.text, t.text_len), t.text);
        return NULL;
    }
    return svyi_xpath_to(c, item, t.at, t.len);
}

static svyi_xnode *constant(parser *p)
{
    const svyi_xop type = p->token.type == SVYI_XT_NUMBER ? SVYI_X_CONST_NUMBER : SVYI_X_CONST_TEXT;
    svyi_xnode *n = make(p, type);
    if (n == NULL)
        return NULL;
    n->number = p->token.number;
    if (type == SVYI_X_CONST_TEXT) {
        n->text = p->token.text;
        n->text_len = p->token.text_len;
    }
    advance(p, 0);
    return n;
}

static svyi_xnode *primary(parser *p)
{
    switch ((int)p->token.type) {
    case SVYI_XT_OPEN: return bracketed(p);
    case SVYI_XT_NUMBER: case SVYI_XT_TEXT: return constant(p);
    case SVYI_XT_FUNCTION: return call(p);
    default: return fail(p, "a value");
    }
}

/* An expression that gives nodes, with predicates or steps after it. */
static svyi_xnode *filtered(parser *p, svyi_xnode *inner)
{
    svyi_xnode *path = inner;
    if (inner->type != SVYI_X_PATH) {
        path = svyi_xadopt(p->c, path_from(p, SVYI_XS_EXPRESSION), inner);
        if (path == NULL)
            return NULL;
        path->at = inner->at;
        path->len = inner->len;
    }
    if (path != NULL && p->token.type == SVYI_XT_OPEN_BRACKET) {
        /* (nodes)[2]: a step of itself for each predicate would look at one node at a time, so all are one step's */
        svyi_xnode *all = any_node_step(p, SVYI_XA_SELF);
        if (all != NULL)
            all->flags = SVYI_XF_TOGETHER;
        all = predicates(p, all);
        path = svyi_xadopt(p->c, path, all);
    }
    return more_steps(p, path);
}

static svyi_xnode *path(parser *p)
{
    svyi_xnode *n;
    if (p->token.type == SVYI_XT_SLASH || p->token.type == SVYI_XT_SLASHES)
        return absolute(p);
    if (starts_step(p))
        return relative(p);
    if (p->token.type == SVYI_XT_ID) {
        n = identifier(p);
        if (n == NULL || n->last == NULL)
            return more_steps(p, n);
        return predicates(p, n->last) != NULL ? more_steps(p, n) : NULL;
    }
    n = primary(p);
    if (n == NULL || (p->token.type != SVYI_XT_OPEN_BRACKET && p->token.type != SVYI_XT_SLASH && p->token.type != SVYI_XT_SLASHES))
        return n;
    return filtered(p, n);
}

static svyi_xnode *joined(parser *p)
{
    svyi_xnode *first = path(p);
    if (first == NULL || p->token.type != SVYI_XT_UNION)
        return first;
    svyi_xnode *all = svyi_xadopt(p->c, svyi_xnode_new(p->c, SVYI_X_UNION, first->at, first->len), first);
    while (all != NULL && p->token.type == SVYI_XT_UNION) {
        advance(p, 1);
        all = svyi_xadopt(p->c, all, path(p));
    }
    return all;
}

static svyi_xnode *unary(parser *p)
{
    const uint32_t at = p->token.at;
    unsigned minuses = 0;
    for (; p->token.type == SVYI_XT_OPERATOR && p->token.op == SVYI_SUB; minuses++)
        advance(p, 1);
    svyi_xnode *n = joined(p);
    if (n == NULL || minuses == 0)
        return n;
    svyi_xnode *negated = svyi_xadopt(p->c, svyi_xnode_new(p->c, SVYI_X_NEGATE, at, 1), n);
    if (negated != NULL)
        negated->detail = minuses % 2;                 /* an even number still makes a number of it */
    return negated;
}

static svyi_xnode *expression(parser *p, unsigned level)
{
    svyi_xnode *left = unary(p);
    while (left != NULL && p->token.type == SVYI_XT_OPERATOR && LEVELS[p->token.op] >= level) {
        const svyi_operator op = p->token.op;
        const uint8_t binds = LEVELS[op];
        if (left->type != SVYI_X_CHAIN || left->bracketed || left->detail != binds) {
            svyi_xnode *chain = svyi_xnode_new(p->c, SVYI_X_CHAIN, left->at, left->len);
            if (chain != NULL)
                chain->detail = binds;
            left = svyi_xadopt(p->c, chain, left);
        }
        advance(p, 1);
        svyi_xnode *right = left != NULL ? expression(p, binds + 1u) : NULL;
        if (right != NULL)
            right->op = (uint8_t)op;
        left = svyi_xadopt(p->c, left, right);
    }
    return left;
}

svyi_xnode *svyi_xparse_part(svyi_xcompiler *c, size_t from, size_t to)
{
    parser p = { .c = c, .at = from };
    const size_t len = c->base.len;
    c->base.len = to;
    advance(&p, 1);
    svyi_xnode *root = path(&p);
    if (root != NULL && p.token.type != SVYI_XT_END)
        root = fail(&p, "the end of the path");
    c->base.len = len;
    return root;
}

svyi_xnode *svyi_xparse(svyi_xcompiler *c)
{
    parser p = { .c = c };
    advance(&p, 1);
    if (p.token.type == SVYI_XT_END) {
        svyi_problem(&c->base, SVY_E_SYNTAX, 0, 1, NULL, "the expression is empty");
        return NULL;
    }
    svyi_xnode *root = expression(&p, 1);
    if (root != NULL && p.token.type != SVYI_XT_END)
        return fail(&p, "an operator or the end");
    return root;
}
