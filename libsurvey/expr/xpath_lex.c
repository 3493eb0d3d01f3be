/* Cuts an XPath expression into tokens. */
#include "xpath_priv.h"

#include <string.h>

#include "base/number.h"
#include "base/text.h"

int svyi_same(const char *a, size_t len, const char *b)
{
    return strlen(b) == len && (len == 0 || memcmp(a, b, len) == 0);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int starts_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static int in_name(char c)
{
    return starts_name(c) || is_digit(c) || c == '-' || c == '.';
}

static char char_at(const svyi_xcompiler *c, size_t at)
{
    return at < c->base.len ? c->base.text[at] : '\0';
}

static size_t skip_blanks(const svyi_xcompiler *c, size_t at)
{
    while (at < c->base.len && is_blank(c->base.text[at]))
        at++;
    return at;
}

static size_t skip_name(const svyi_xcompiler *c, size_t at)
{
    while (at < c->base.len && in_name(c->base.text[at]))
        at++;
    return at;
}

static svyi_xtoken wrong(svyi_xcompiler *c, size_t at, size_t len, const char *what)
{
    svyi_problem(&c->base, SVY_E_SYNTAX, at, len, NULL, "%s", what);
    return (svyi_xtoken){ .type = SVYI_XT_ERROR, .at = (uint32_t)at, .len = (uint32_t)len };
}

static svyi_xtoken token(svyi_xtoken_type type, size_t at, size_t end)
{
    return (svyi_xtoken){ .type = type, .op = SVYI_NO_OPERATOR, .at = (uint32_t)at, .len = (uint32_t)(end - at) };
}

static svyi_xtoken operator_token(svyi_operator op, size_t at, size_t len)
{
    return (svyi_xtoken){ .type = SVYI_XT_OPERATOR, .op = op, .at = (uint32_t)at, .len = (uint32_t)len };
}

static svyi_xtoken literal(svyi_xcompiler *c, size_t at)
{
    const char *text = c->base.text;
    const char *end = memchr(text + at + 1, text[at], c->base.len - at - 1);
    if (end == NULL)
        return wrong(c, at, c->base.len - at, "the quotation mark that ends this text is missing");
    svyi_xtoken t = token(SVYI_XT_TEXT, at, (size_t)(end - text) + 1);
    t.text = text + at + 1;
    t.text_len = t.len - 2;
    return t;
}

static svyi_xtoken number_literal(svyi_xcompiler *c, size_t at)
{
    size_t end = at;
    while (is_digit(char_at(c, end)))
        end++;
    if (char_at(c, end) == '.')
        end++;
    while (is_digit(char_at(c, end)))
        end++;
    svyi_xtoken t = token(SVYI_XT_NUMBER, at, end);
    size_t from = at;
    const size_t digits = end - (c->base.text[end - 1] == '.');
    char head[2] = "0";

    if (c->base.text[at] == '.') {                     /* .5 */
        char copy[64];
        if (end - at >= sizeof copy - 1)
            return wrong(c, at, end - at, "this number has too many digits");
        copy[0] = head[0];
        memcpy(copy + 1, c->base.text + from, end - at);
        if (svyi_number_parse(copy, end - at + 1, &t.number))
            return t;
    } else if (svyi_number_parse(c->base.text + from, digits - from, &t.number))
        return t;
    return wrong(c, at, end - at, "this number is too large");
}

/* ${id} */
static svyi_xtoken identifier(svyi_xcompiler *c, size_t at)
{
    size_t from = skip_blanks(c, at + 2), end = from;
    while (end < c->base.len && c->base.text[end] != '}' && c->base.text[end] != '{')
        end++;
    if (char_at(c, end) != '}')
        return wrong(c, at, 2, "'}' is missing after '${'");
    svyi_xtoken t = token(SVYI_XT_ID, at, end + 1);
    while (end > from && is_blank(c->base.text[end - 1]))
        end--;
    t.text = c->base.text + from;
    t.text_len = (uint32_t)(end - from);
    if (t.text_len == 0)
        return wrong(c, at, t.len, "a name is missing between '${' and '}'");
    return t;
}

static int is_node_type(const char *name, size_t len)
{
    return svyi_same(name, len, "node") || svyi_same(name, len, "text") || svyi_same(name, len, "comment") ||
           svyi_same(name, len, "processing-instruction");
}

/* A name where a value is expected: of an element, a function, an axis. */
static svyi_xtoken name_token(svyi_xcompiler *c, size_t at)
{
    size_t end = skip_name(c, at);
    int prefixed = 0;

    if (char_at(c, end) == ':' && char_at(c, end + 1) != ':') {
        if (char_at(c, end + 1) == '*')
            end += 2;
        else if (starts_name(char_at(c, end + 1)))
            end = skip_name(c, end + 1);
        else
            return wrong(c, at, end + 1 - at, "a name is missing after ':'");
        prefixed = 1;
    }
    svyi_xtoken t = token(SVYI_XT_NAME, at, end);
    t.text = c->base.text + at;
    t.text_len = t.len;
    const size_t after = skip_blanks(c, end);
    if (!prefixed && char_at(c, after) == ':' && char_at(c, after + 1) == ':')
        t.type = SVYI_XT_AXIS;
    else if (char_at(c, after) == '(')
        t.type = !prefixed && is_node_type(t.text, t.text_len) ? SVYI_XT_NODE_TYPE : SVYI_XT_FUNCTION;
    return t;
}

/* A name where an operator is expected. */
static svyi_xtoken word_operator(svyi_xcompiler *c, size_t at)
{
    static const struct { const char *word; svyi_operator op; } WORDS[] = {
        { "and", SVYI_AND }, { "or", SVYI_OR }, { "div", SVYI_DIV }, { "mod", SVYI_MOD },
    };
    size_t end = skip_name(c, at);
    for (size_t i = at + 2; i < end; i++)              /* "a div2": no name can stand here */
        if (is_digit(c->base.text[i])) {
            end = i;
            break;
        }
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (svyi_same(c->base.text + at, end - at, WORDS[i].word))
            return operator_token(WORDS[i].op, at, end - at);
    return token(SVYI_XT_NAME, at, end);               /* the parser says what it expected */
}

static svyi_xtoken sign(svyi_xcompiler *c, size_t at, int operand)
{
    const char ch = char_at(c, at), after = char_at(c, at + 1);
    switch (ch) {
    case '(': return token(SVYI_XT_OPEN, at, at + 1);
    case ')': return token(SVYI_XT_CLOSE, at, at + 1);
    case '[': return token(SVYI_XT_OPEN_BRACKET, at, at + 1);
    case ']': return token(SVYI_XT_CLOSE_BRACKET, at, at + 1);
    case ',': return token(SVYI_XT_COMMA, at, at + 1);
    case '@': return token(SVYI_XT_AT, at, at + 1);
    case '|': return token(SVYI_XT_UNION, at, at + 1);
    case '/': return after == '/' ? token(SVYI_XT_SLASHES, at, at + 2) : token(SVYI_XT_SLASH, at, at + 1);
    case '.': return after == '.' ? token(SVYI_XT_DOTS, at, at + 2) : token(SVYI_XT_DOT, at, at + 1);
    case '=': return operator_token(SVYI_EQ, at, 1);
    case '+': return operator_token(SVYI_ADD, at, 1);
    case '-': return operator_token(SVYI_SUB, at, 1);
    case '<': return after == '=' ? operator_token(SVYI_LE, at, 2) : operator_token(SVYI_LT, at, 1);
    case '>': return after == '=' ? operator_token(SVYI_GE, at, 2) : operator_token(SVYI_GT, at, 1);
    case '!':
        if (after == '=')
            return operator_token(SVYI_NE, at, 2);
        return wrong(c, at, 1, "'!' must be followed by '=': write not(...) for the opposite");
    case '*':
        if (!operand)
            return operator_token(SVYI_MUL, at, 1);
        svyi_xtoken t = token(SVYI_XT_NAME, at, at + 1);
        t.text = "*";
        t.text_len = 1;
        return t;
    default: break;
    }
    if (ch == '$')
        return wrong(c, at, 1, "there are no variables here: write ${name} for the value of a question, or a path");
    return wrong(c, at, 1, "this sign has no meaning here");
}

svyi_xtoken svyi_xtoken_next(svyi_xcompiler *c, size_t *at, int operand)
{
    svyi_xtoken t;
    const size_t from = skip_blanks(c, *at);
    const char ch = char_at(c, from);

    if (from >= c->base.len)
        t = token(SVYI_XT_END, c->base.len, c->base.len);
    else if (ch == '"' || ch == '\'')
        t = literal(c, from);
    else if (is_digit(ch) || (ch == '.' && is_digit(char_at(c, from + 1))))
        t = number_literal(c, from);
    else if (ch == '$' && char_at(c, from + 1) == '{')
        t = identifier(c, from);
    else if (starts_name(ch))
        t = operand ? name_token(c, from) : word_operator(c, from);
    else
        t = sign(c, from, operand);
    *at = (size_t)t.at + t.len;
    return t;
}
