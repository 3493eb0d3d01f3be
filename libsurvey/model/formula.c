/* From the text of a formula to a tree: operators and their precedence as in R. */
#include "model/formula.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

typedef enum token_kind { END, NUMBER, TEXT, NAME, OPERATOR, OPEN, CLOSE, COMMA, EQUALS } token_kind;
typedef struct token { token_kind kind; svyi_operator op; double number; const char *text; size_t from, to; } token;

typedef struct parser {
    svyi_arena *arena;
    const char *text;
    size_t len, at, nodes;
    token now;
    unsigned nesting;
    svy_error *err;
} parser;

static svy_status fail_bytes(svy_error *err, svy_status code, size_t from, size_t to, const char *message)
{
    return svyi_fail_at(err, code, "formula", 1, (int)from + 1, to > from ? (int)(to - from) : 1, "%s", message);
}

svy_status svyi_formula_fail(svy_error *err, svy_status code, const svyi_node *n, const char *fmt, ...)
{
    char message[384];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    return fail_bytes(err, code, n->from, n->to, message);
}

/* ---- tokens ---- */

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80; }
static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static svy_status take_number(parser *p)
{
    const char *t = p->text;
    size_t at = p->at;
    while (is_digit(t[at]) || t[at] == '.')
        at++;
    if (t[at] == 'e' || t[at] == 'E') {
        size_t sign = at + 1 + (t[at + 1] == '-' || t[at + 1] == '+');
        if (is_digit(t[sign]))
            for (at = sign; is_digit(t[at]);)
                at++;
    }
    p->now.kind = NUMBER;
    p->now.to = at;
    const size_t from = p->at + (t[p->at] == '.'), whole = at - p->at;
    char copy[64];
    if (whole + 2 > sizeof copy)
        return fail_bytes(p->err, SVY_E_SYNTAX, p->at, at, "a number is too long");
    copy[0] = '0';
    memcpy(copy + 1, t + p->at, whole);
    size_t len = whole + 1;
    if (from == p->at && t[p->at] != '0')        /* no zero in front of digits */
        memmove(copy, copy + 1, --len);
    if (copy[len - 1] == '.')
        len--;
    if (!svyi_number_parse(copy, len, &p->now.number))
        return fail_bytes(p->err, SVY_E_SYNTAX, p->at, at, "this is not a number");
    p->at = at;
    return SVY_OK;
}

/* "text", 'text' or `name`. A backslash takes the next byte as it is. */
static svy_status take_quoted(parser *p)
{
    const char quote = p->text[p->at];
    size_t at = p->at + 1, n = 0;
    char *copy = svyi_arena_get(p->arena, p->len - p->at + 1);
    if (copy == NULL)
        return svyi_nomem(p->err);
    while (at < p->len && p->text[at] != quote) {
        at += p->text[at] == '\\' && at + 1 < p->len;
        copy[n++] = p->text[at++];
    }
    if (at >= p->len)
        return fail_bytes(p->err, SVY_E_SYNTAX, p->at, p->at + 1, "a quote is not closed");
    if (quote == '`' && n == 0)
        return fail_bytes(p->err, SVY_E_SYNTAX, p->at, at + 1, "a name is empty");
    p->now.kind = quote == '`' ? NAME : TEXT;
    p->now.text = copy;
    p->at = p->now.to = at + 1;
    return SVY_OK;
}

static svy_status take_operator(parser *p)
{
    static const struct { const char *text; svyi_operator op; } TABLE[] = {
        { "%in%", SVYI_OP_IN }, { "%/%", SVYI_OP_WHOLE }, { "%%", SVYI_OP_MODULO }, { "**", SVYI_OP_POWER }, { "==", SVYI_OP_EQ }, { "!=", SVYI_OP_NE },
        { "<=", SVYI_OP_LE }, { ">=", SVYI_OP_GE }, { "&&", SVYI_OP_AND }, { "||", SVYI_OP_OR }, { "<", SVYI_OP_LT }, { ">", SVYI_OP_GT },
        { "&", SVYI_OP_AND }, { "|", SVYI_OP_OR }, { "!", SVYI_OP_NOT }, { "~", SVYI_OP_TILDE }, { "+", SVYI_OP_PLUS }, { "-", SVYI_OP_MINUS },
        { "*", SVYI_OP_TIMES }, { "/", SVYI_OP_DIVIDE }, { ":", SVYI_OP_COLON }, { "^", SVYI_OP_POWER }
    };
    static const struct { char text; token_kind kind; } SIGNS[] = { { '(', OPEN }, { ')', CLOSE }, { ',', COMMA }, { '=', EQUALS } };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
        if (strncmp(p->text + p->at, TABLE[i].text, strlen(TABLE[i].text)) == 0) {
            p->now.kind = OPERATOR;
            p->now.op = TABLE[i].op;
            p->now.to = p->at += strlen(TABLE[i].text);
            return SVY_OK;
        }
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++)
        if (p->text[p->at] == SIGNS[i].text) {
            p->now.kind = SIGNS[i].kind;
            p->now.to = ++p->at;
            return SVY_OK;
        }
    return fail_bytes(p->err, SVY_E_SYNTAX, p->at, p->at + 1, "this sign has no meaning in a formula");
}

static svy_status advance(parser *p)
{
    while (is_blank(p->text[p->at]))
        p->at++;
    const char c = p->text[p->at];
    p->now = (token){ .kind = END, .from = p->at, .to = p->at };
    if (p->at >= p->len)
        return SVY_OK;
    if (is_digit(c) || (c == '.' && is_digit(p->text[p->at + 1])))
        return take_number(p);
    if (c == '"' || c == '\'' || c == '`')
        return take_quoted(p);
    if (!is_letter(c) && c != '.')
        return take_operator(p);
    size_t at = p->at;
    while (is_letter(p->text[at]) || is_digit(p->text[at]) || p->text[at] == '.')
        at++;
    p->now.kind = NAME;
    p->now.text = svyi_arena_text(p->arena, p->text + p->at, at - p->at);
    p->at = p->now.to = at;
    return p->now.text != NULL ? SVY_OK : svyi_nomem(p->err);
}

/* ---- trees ---- */

static svy_status new_node(parser *p, svyi_node_kind kind, svyi_node **out)
{
    if (++p->nodes > SVYI_FORMULA_NODES)
        return svyi_fail(p->err, SVY_E_LIMIT, "the formula has more than %d parts", SVYI_FORMULA_NODES);
    if ((*out = svyi_arena_get(p->arena, sizeof **out)) == NULL)
        return svyi_nomem(p->err);
    (*out)->kind = kind;
    (*out)->from = p->now.from;
    (*out)->to = p->now.to;
    (*out)->depth = 1;
    return SVY_OK;
}

static svy_status set_depth(parser *p, svyi_node *n)
{
    for (const svyi_node *c = n->first; c != NULL; c = c->next)
        n->depth = c->depth + 1 > n->depth ? c->depth + 1 : n->depth;
    return n->depth <= SVYI_FORMULA_DEPTH ? SVY_OK : svyi_fail(p->err, SVY_E_LIMIT, "the formula has more than %d parts in one another", SVYI_FORMULA_DEPTH);
}

static svy_status parse_expression(parser *p, int least, svyi_node **out);

/* One argument, `name = value` or a value. */
static svy_status parse_argument(parser *p, svyi_node **out)
{
    const char *label = NULL;
    const parser before = *p;
    if (p->now.kind == NAME) {
        const char *name = p->now.text;
        svy_status st = advance(p);
        if (st != SVY_OK)
            return st;
        if (p->now.kind == EQUALS) {
            label = name;
            if ((st = advance(p)) != SVY_OK)
                return st;
        } else {
            const size_t nodes = p->nodes;
            *p = before;
            p->nodes = nodes;
        }
    }
    svy_status st = parse_expression(p, 0, out);
    if (st == SVY_OK)
        (*out)->label = label;
    return st;
}

static svy_status parse_call(parser *p, svyi_node *call)
{
    svyi_node **last = &call->first;
    svy_status st = advance(p);
    while (st == SVY_OK && p->now.kind != CLOSE) {
        if (call->first != NULL) {
            if (p->now.kind != COMMA)
                return fail_bytes(p->err, SVY_E_SYNTAX, p->now.from, p->now.to, "a comma or ) was expected here");
            if ((st = advance(p)) != SVY_OK)
                return st;
        }
        if ((st = parse_argument(p, last)) == SVY_OK)
            last = &(*last)->next;
    }
    if (st != SVY_OK)
        return st;
    call->to = p->now.to;
    st = advance(p);
    return st == SVY_OK ? set_depth(p, call) : st;
}

static svy_status parse_name(parser *p, svyi_node **out)
{
    svy_status st = new_node(p, SVYI_NODE_NAME, out);
    if (st != SVY_OK)
        return st;
    (*out)->text = p->now.text;
    const int quoted = p->text[p->now.from] == '`';
    if ((st = advance(p)) != SVY_OK || p->now.kind != OPEN || quoted)
        return st;
    (*out)->kind = SVYI_NODE_CALL;
    return parse_call(p, *out);
}

enum { NOT_BINDS = 5, UNARY_BINDS = 11 };

static svy_status parse_prefix(parser *p, svyi_node **out)
{
    const svyi_operator op = p->now.op;
    svy_status st = new_node(p, SVYI_NODE_OPERATOR, out);
    if (st != SVY_OK)
        return st;
    (*out)->op = op;
    if ((st = advance(p)) != SVY_OK || (st = parse_expression(p, op == SVYI_OP_NOT ? NOT_BINDS : op == SVYI_OP_TILDE ? 1 : UNARY_BINDS, &(*out)->first)) != SVY_OK)
        return st;
    (*out)->to = (*out)->first->to;
    return set_depth(p, *out);
}

static svy_status parse_group(parser *p, svyi_node **out)
{
    svy_status st = advance(p);
    if (st == SVY_OK)
        st = parse_expression(p, 0, out);
    if (st == SVY_OK && p->now.kind != CLOSE)
        return fail_bytes(p->err, SVY_E_SYNTAX, p->now.from, p->now.to, "a ) was expected here");
    return st == SVY_OK ? advance(p) : st;
}

static svy_status parse_operand(parser *p, svyi_node **out)
{
    svy_status st;
    switch (p->now.kind) {
    case NUMBER: case TEXT:
        if ((st = new_node(p, p->now.kind == NUMBER ? SVYI_NODE_NUMBER : SVYI_NODE_TEXT, out)) != SVY_OK)
            return st;
        (*out)->number = p->now.number;
        (*out)->text = p->now.text;
        return advance(p);
    case NAME:
        return parse_name(p, out);
    case OPEN:
        return parse_group(p, out);
    case OPERATOR:
        if (p->now.op == SVYI_OP_PLUS || p->now.op == SVYI_OP_MINUS || p->now.op == SVYI_OP_NOT || p->now.op == SVYI_OP_TILDE)
            return parse_prefix(p, out);
        break;
    case END: case CLOSE: case COMMA: case EQUALS: default:
        break;
    }
    return fail_bytes(p->err, SVY_E_SYNTAX, p->now.from, p->now.to, p->now.kind == END ? "the formula ends where a variable was expected"
                                                                                       : "a variable was expected here");
}

/* How strongly an operator between operands binds, as in R. */
static int binds(svyi_operator op)
{
    static const int POWER[] = { [SVYI_OP_TILDE] = 1, [SVYI_OP_OR] = 2, [SVYI_OP_AND] = 3, [SVYI_OP_NOT] = 0, [SVYI_OP_EQ] = 6, [SVYI_OP_NE] = 6,
        [SVYI_OP_LE] = 6, [SVYI_OP_GE] = 6, [SVYI_OP_LT] = 6, [SVYI_OP_GT] = 6, [SVYI_OP_PLUS] = 7, [SVYI_OP_MINUS] = 7, [SVYI_OP_TIMES] = 8,
        [SVYI_OP_DIVIDE] = 8, [SVYI_OP_IN] = 9, [SVYI_OP_MODULO] = 9, [SVYI_OP_WHOLE] = 9, [SVYI_OP_COLON] = 10, [SVYI_OP_POWER] = 12 };
    return POWER[op];
}

/* left op right, for all operators that bind more than `least`. */
static svy_status parse_operators(parser *p, int least, svyi_node **out)
{
    while (p->now.kind == OPERATOR && binds(p->now.op) > least) {
        const svyi_operator op = p->now.op;
        svyi_node *n;
        svy_status st = new_node(p, SVYI_NODE_OPERATOR, &n);
        if (st != SVY_OK)
            return st;
        n->op = op;
        n->first = *out;
        if ((st = advance(p)) != SVY_OK || (st = parse_expression(p, op == SVYI_OP_POWER ? UNARY_BINDS - 1 : binds(op), &n->first->next)) != SVY_OK)
            return st;
        n->from = n->first->from;
        n->to = n->first->next->to;
        if ((st = set_depth(p, n)) != SVY_OK)
            return st;
        *out = n;
    }
    return SVY_OK;
}

static svy_status parse_expression(parser *p, int least, svyi_node **out)
{
    if (++p->nesting > SVYI_FORMULA_NESTING)
        return svyi_fail_at(p->err, SVY_E_LIMIT, "formula", 1, (int)p->now.from + 1, 1, "more than %d parts stand in one another", SVYI_FORMULA_NESTING);
    svy_status st = parse_operand(p, out);
    if (st == SVY_OK)
        st = parse_operators(p, least, out);
    p->nesting--;
    return st;
}

svy_status svyi_formula_tree(svyi_arena *arena, const char *text, svyi_node **out, svy_error *err)
{
    parser p = { .arena = arena, .text = text, .len = strlen(text), .err = err };
    *out = NULL;
    if (p.len > SVYI_FORMULA_BYTES)
        return svyi_fail(err, SVY_E_LIMIT, "the formula has %zu bytes: the limit is %d", p.len, SVYI_FORMULA_BYTES);
    svy_status st = advance(&p);
    if (st == SVY_OK)
        st = parse_expression(&p, 0, out);
    if (st == SVY_OK && p.now.kind != END)
        st = fail_bytes(err, SVY_E_SYNTAX, p.now.from, p.now.to, "an operator was expected here");
    return st;
}
