/* LimeSurvey's expressions (its ExpressionScript) as expressions of ours, where both can say the same. */
#include "exchange/lss/priv.h"
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 60 };
enum { OP_NONE, OP_OR, OP_AND, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_ADD, OP_SUB, OP_MUL, OP_DIV };

/* A part that was translated. */
typedef struct value {
    const char *text;                    /* NULL: it cannot be said here */
    const svyi_lss_variable *variable;   /* when it is a variable and nothing else */
    int is_self, is_text, is_number;     /* a constant: `text` is in quotes, or a number */
} value;

typedef struct parser { svyi_lss *s; const char *at; const svyi_draft_item *self; unsigned depth; } parser;

static const value NOTHING = { NULL, NULL, 0, 0, 0 };

static value either(parser *p);

static value made(const char *text) { return (value){ text, NULL, 0, 0, 0 }; }

static const char *join(parser *p, const char *a, const char *b, const char *c)
{
    return a != NULL && b != NULL && c != NULL ? svyi_draft_join(&p->s->draft, a, b, c) : NULL;
}

static void skip_blanks(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
}

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; }

/* ---- operators ---- */

static int operator_at(const char *at, size_t *len)
{
    static const struct { const char *sign; int op; } SIGNS[] = {
        { "||", OP_OR }, { "&&", OP_AND }, { "==", OP_EQ }, { "!=", OP_NE }, { "<=", OP_LE }, { ">=", OP_GE }, { "=", OP_EQ }, { "<", OP_LT }, { ">", OP_GT },
        { "+", OP_ADD }, { "-", OP_SUB }, { "*", OP_MUL }, { "/", OP_DIV }
    }, WORDS[] = { { "or", OP_OR }, { "and", OP_AND }, { "eq", OP_EQ }, { "ne", OP_NE }, { "lt", OP_LT }, { "le", OP_LE }, { "gt", OP_GT }, { "ge", OP_GE } };
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++) {
        *len = strlen(SIGNS[i].sign);
        if (strncmp(at, SIGNS[i].sign, *len) == 0)
            return SIGNS[i].op;
    }
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        *len = strlen(WORDS[i].sign);
        if (strncmp(at, WORDS[i].sign, *len) == 0 && !is_letter(at[*len]))
            return WORDS[i].op;
    }
    return OP_NONE;
}

static int is_blank_text(value v) { return v.is_text && strlen(v.text) == 2; }

/* The text inside quotes. */
static const char *bare(parser *p, value v)
{
    const size_t n = strlen(v.text);
    const char *out = svyi_arena_text(&p->s->draft.arena, v.text + 1, n - 2);
    p->s->draft.failed |= out == NULL;
    return out;
}

static int is_numeric(const svyi_draft_item *item) { return item != NULL && (strcmp(item->type, "integer") == 0 || strcmp(item->type, "decimal") == 0); }

/* A variable that tells whether a choice was made, compared with "Y" or "". */
static value chosen(parser *p, value v, value with, int equal)
{
    if (!with.is_text)
        return NOTHING;
    const int yes = strcmp(with.text, "'Y'") == 0;
    if (!yes && !is_blank_text(with))
        return NOTHING;
    return made(yes == equal ? v.text : join(p, "not(", v.text, ")"));
}

/* Comparisons for equality: a blank text means "not answered"; a != b is true where nothing was answered, too. */
static value equality(parser *p, value a, value b, int equal)
{
    const int second = a.variable == NULL && !a.is_self && (b.variable != NULL || b.is_self);
    const value *variable = second ? &b : &a, *other = second ? &a : &b;
    const svyi_draft_item *item = variable->variable != NULL ? variable->variable->item : variable->is_self ? p->self : NULL;
    if (variable->variable != NULL && variable->variable->code != NULL)
        return chosen(p, *variable, *other, equal);
    if (is_blank_text(*other) && item != NULL) {
        const char *answered = join(p, "answered(", variable->text, ")");
        return made(equal ? join(p, "not(", answered, ")") : answered);
    }
    const char *left = variable->text, *right = other->text;
    if (item != NULL && other->is_text && is_numeric(item))
        right = bare(p, *other);
    else if (item != NULL && other->is_number && !is_numeric(item) && item->list != NULL)
        right = join(p, "'", other->text, "'");
    const char *same = join(p, join(p, left, " = ", right), "", "");
    return made(equal ? same : join(p, "not(", same, ")"));
}

static value combine(parser *p, value a, int op, value b)
{
    static const char *const NAMES[] = { "", " or ", " and ", "", "", " < ", " <= ", " > ", " >= ", " + ", " - ", " * ", " div " };
    if (a.text == NULL || b.text == NULL)
        return NOTHING;
    if (op == OP_EQ || op == OP_NE)
        return equality(p, a, b, op == OP_EQ);
    if (op > OP_NE && op < OP_ADD && (a.is_text || b.is_text)) {
        value *text = a.is_text ? &a : &b;
        text->text = bare(p, *text);
    }
    return made(join(p, a.text, NAMES[op], b.text));
}

/* ---- functions ---- */

typedef struct arguments { value list[16]; size_t n; int ok; } arguments;

static arguments read_arguments(parser *p)
{
    arguments a = { .ok = 1 };
    skip_blanks(p);
    while (*p->at != ')' && *p->at != '\0' && a.n < 16) {
        a.list[a.n] = either(p);
        a.ok &= a.list[a.n++].text != NULL;
        skip_blanks(p);
        if (*p->at != ',')
            break;
        p->at++;
    }
    a.ok &= *p->at == ')';
    p->at += *p->at == ')';
    return a;
}

static value is_empty(parser *p, value v)
{
    if (v.variable != NULL && v.variable->code != NULL)
        return made(join(p, "not(", v.text, ")"));
    return v.variable != NULL || v.is_self ? made(join(p, join(p, "not(answered(", v.text, "))"), "", "")) : NOTHING;
}

static value sum(parser *p, const arguments *a)
{
    const char *text = a->n > 0 ? a->list[0].text : "0";
    for (size_t i = 1; i < a->n; i++)
        text = join(p, text, " + ", a->list[i].text);
    return made(join(p, "(", text, ")"));
}

static value function(parser *p, const char *name)
{
    static const char *const SAME[][2] = {
        { "round", "round" }, { "floor", "floor" }, { "ceil", "ceiling" }, { "abs", "abs" }, { "min", "min" }, { "max", "max" }, { "pow", "pow" }, { "sqrt", "sqrt" },
        { "exp", "exp" }, { "if", "if" }, { "strlen", "string-length" }, { "join", "concat" }
    };
    const arguments a = read_arguments(p);
    if (!a.ok)
        return NOTHING;
    if (strcmp(name, "is_empty") == 0)
        return a.n == 1 ? is_empty(p, a.list[0]) : NOTHING;
    if (strcmp(name, "sum") == 0)
        return sum(p, &a);
    if (strcmp(name, "regexMatch") == 0 && a.n == 2 && a.list[0].is_text) {
        const char *pattern = bare(p, a.list[0]), *end = pattern != NULL ? strrchr(pattern, '/') : NULL;
        if (end == NULL || *pattern != '/' || end == pattern)
            return NOTHING;
        const char *inner = svyi_arena_text(&p->s->draft.arena, pattern + 1, (size_t)(end - pattern - 1));
        return made(join(p, join(p, "regex(", a.list[1].text, ", '"), inner, "')"));
    }
    for (size_t i = 0; i < sizeof SAME / sizeof SAME[0]; i++) {
        if (strcmp(name, SAME[i][0]) != 0)
            continue;
        const char *text = join(p, SAME[i][1], "(", "");
        for (size_t k = 0; k < a.n; k++)
            text = join(p, text, k > 0 ? ", " : "", a.list[k].text);
        return made(join(p, text, ")", ""));
    }
    return NOTHING;
}

/* ---- values ---- */

static value variable(parser *p, char *name)
{
    static const char *const ENDS[] = { ".NAOK", ".code", ".value", ".shown", ".valueNAOK" };
    uint32_t number;
    for (size_t i = 0; i < sizeof ENDS / sizeof ENDS[0]; i++) {
        const size_t n = strlen(name), m = strlen(ENDS[i]);
        if (n > m && strcmp(name + n - m, ENDS[i]) == 0) {
            if (strcmp(ENDS[i], ".shown") == 0)
                return NOTHING;
            name[n - m] = '\0';
        }
    }
    if (p->self != NULL && (strcmp(name, "this") == 0 || strcmp(name, "self") == 0))
        return (value){ ".", NULL, 1, 0, 0 };
    if (!svyi_map_find(&p->s->variables, name, strlen(name), &number))
        return NOTHING;
    const svyi_lss_variable *v = &p->s->variable[number];
    if (v->item == p->self && v->code == NULL)
        return (value){ ".", NULL, 1, 0, 0 };
    const char *ref = join(p, "${", v->item->id, "}");
    if (v->code != NULL)
        ref = join(p, join(p, "selected(", ref, ", '"), v->code, "')");
    return (value){ ref, v, 0, 0, 0 };
}

/* A text in quotes: ours has no backslashes, and doubles the quote. */
static value text_constant(parser *p)
{
    const char quote = *p->at++, *from = p->at;
    while (*p->at != '\0' && *p->at != quote)
        p->at++;
    const char *inner = svyi_arena_text(&p->s->draft.arena, from, (size_t)(p->at - from));
    if (*p->at == '\0' || inner == NULL || strchr(inner, '\'') != NULL || strchr(inner, '\\') != NULL)
        return NOTHING;
    p->at++;
    return (value){ join(p, "'", inner, "'"), NULL, 0, 1, 0 };
}

static value primary(parser *p)
{
    char name[128];
    size_t n = 0;
    skip_blanks(p);
    if (*p->at == '"' || *p->at == '\'')
        return text_constant(p);
    if (*p->at == '(') {
        p->at++;
        const value v = either(p);
        skip_blanks(p);
        if (*p->at != ')' || v.text == NULL)
            return NOTHING;
        p->at++;
        return v.variable != NULL || v.is_self || v.is_text || v.is_number ? v : made(join(p, "(", v.text, ")"));
    }
    while (is_letter(p->at[n]) && n < sizeof name - 1) {
        name[n] = p->at[n];
        n++;
    }
    name[n] = '\0';
    p->at += n;
    if (n == 0)
        return NOTHING;
    if (strspn(name, "0123456789.") == n)
        return (value){ join(p, name, "", ""), NULL, 0, 0, 1 };
    if (*p->at == '(') {
        p->at++;
        return function(p, name);
    }
    return variable(p, name);
}

static value prefixed(parser *p)
{
    skip_blanks(p);
    const char c = *p->at;
    if (++p->depth > DEEPEST)
        return NOTHING;
    value v;
    if (c == '!' && p->at[1] != '=') {
        p->at++;
        v = prefixed(p);
        v = v.text != NULL ? made(join(p, "not(", v.text, ")")) : NOTHING;
    } else if (c == '-') {
        p->at++;
        v = prefixed(p);
        v = v.text != NULL ? (value){ join(p, "-", v.text, ""), NULL, 0, 0, v.is_number } : NOTHING;
    } else {
        v = primary(p);
    }
    p->depth--;
    return v;
}

/* Operators from weak to strong: or, and, comparisons, sums, products. */
static value level(parser *p, int from)
{
    static const struct { int first, last; } LEVELS[] = { { OP_OR, OP_OR }, { OP_AND, OP_AND }, { OP_EQ, OP_GE }, { OP_ADD, OP_SUB }, { OP_MUL, OP_DIV } };
    if (from == sizeof LEVELS / sizeof LEVELS[0])
        return prefixed(p);
    value left = level(p, from + 1);
    for (;;) {
        size_t len;
        skip_blanks(p);
        const int op = operator_at(p->at, &len);
        if (op < LEVELS[from].first || op > LEVELS[from].last || left.text == NULL)
            return left;
        p->at += len;
        left = combine(p, left, op, level(p, from + 1));
    }
}

static value either(parser *p)
{
    if (++p->depth > DEEPEST)
        return NOTHING;
    const value v = level(p, 0);
    p->depth--;
    return v;
}

const char *svyi_lss_expression(svyi_lss *s, const char *text, const svyi_draft_item *self, int *always)
{
    parser p = { .s = s, .at = text, .self = self };
    skip_blanks(&p);
    if (*p.at == '{')                              /* {if(...)} */
        p.at++;
    *always = *p.at == '\0' || strcmp(p.at, "1") == 0;
    if (*always)
        return NULL;
    const value v = either(&p);
    skip_blanks(&p);
    if (*p.at == '}')
        p.at++;
    skip_blanks(&p);
    return *p.at == '\0' ? v.text : NULL;
}
