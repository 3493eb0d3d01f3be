/* Takes the text of an expression apart into tokens. */
#include "expr_priv.h"

#include <float.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

enum { MAX_NAME = 256 };

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static int is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '.';
}

static svyi_token error_token(void)
{
    return (svyi_token){ .type = SVYI_T_ERROR };
}

static svyi_token token(svyi_token_type type, size_t at, size_t len)
{
    return (svyi_token){ .type = type, .op = SVYI_NO_OPERATOR, .at = (uint32_t)at, .len = (uint32_t)len };
}

static svyi_token number_token(svyi_compiler *c, size_t at)
{
    size_t end = at;
    while (end < c->len && (is_word(c->text[end]) ||
           ((c->text[end] == '+' || c->text[end] == '-') && (c->text[end - 1] == 'e' || c->text[end - 1] == 'E') && is_digit(c->text[at]))))
        end++;
    svyi_token t = token(SVYI_T_NUMBER, at, end - at);
    char with_zero[64] = "0";                          /* .5 is 0.5 */
    const int short_form = c->text[at] == '.' && end - at < sizeof with_zero - 1;
    if (short_form)
        memcpy(with_zero + 1, c->text + at, end - at);
    if (!svyi_number_parse(short_form ? with_zero : c->text + at, end - at + (size_t)short_form, &t.number) || t.number > DBL_MAX) {
        svyi_problem(c, SVY_E_SYNTAX, at, end - at, NULL, "found '%.*s', which is not a number", svyi_shown(c->text + at, end - at), c->text + at);
        return error_token();
    }
    return t;
}

/* A text in quotes; a quote inside it is written twice. */
static svyi_token text_token(svyi_compiler *c, size_t at)
{
    const char quote = c->text[at];
    size_t end = at + 1, len = 0;
    char *out = NULL;

    for (;; end++) {
        const char *stop = end < c->len ? memchr(c->text + end, quote, c->len - end) : NULL;
        if (stop == NULL) {
            svyi_problem(c, SVY_E_SYNTAX, at, 1, NULL, "found no %s that ends the text beginning here", quote == '"' ? "double quote" : "single quote");
            return error_token();
        }
        end = (size_t)(stop - c->text) + 1;
        if (end >= c->len || c->text[end] != quote)
            break;
    }
    out = svyi_arena_text(&c->arena, c->text + at + 1, end - at - 2);
    if (out == NULL) {
        svyi_no_memory(c);
        return error_token();
    }
    for (size_t i = at + 1; i + 1 < end; i++) {
        out[len++] = c->text[i];
        i += c->text[i] == quote;
    }
    out[len] = '\0';
    svyi_token t = token(SVYI_T_TEXT, at, end - at);
    t.text = out;
    t.text_len = (uint32_t)len;
    return t;
}

/* ${name} or `name`: `begin` bytes before the name, then `close`. */
static svyi_token quoted_name(svyi_compiler *c, size_t at, size_t begin, char close)
{
    size_t from = at + begin, end = from;

    while (end < c->len && c->text[end] != close && c->text[end] != '\n' && end - from <= MAX_NAME)
        end++;
    if (end >= c->len || c->text[end] != close) {
        svyi_problem(c, SVY_E_SYNTAX, at, begin, NULL, "found no '%c' that ends the name beginning here", close);
        return error_token();
    }
    svyi_token t = token(SVYI_T_NAME, at, end + 1 - at);
    while (from < end && is_blank(c->text[from]))
        from++;
    while (end > from && is_blank(c->text[end - 1]))
        end--;
    if (from == end) {
        svyi_problem(c, SVY_E_SYNTAX, at, t.len, NULL, "found no name between '%.*s' and '%c'", (int)begin, c->text + at, close);
        return error_token();
    }
    t.text = c->text + from;
    t.text_len = (uint32_t)(end - from);
    return t;
}

static int opens(const svyi_compiler *c, size_t at)
{
    while (at < c->len && is_blank(c->text[at]))
        at++;
    return at < c->len && c->text[at] == '(';
}

/* The end of the function name that begins with the word at..end: it may go on with -words, as long as it is one. */
static size_t function_end(const svyi_compiler *c, size_t at, size_t end)
{
    size_t longest = opens(c, end) ? end : at, next = end;

    while (next + 1 < c->len && c->text[next] == '-' && is_letter(c->text[next + 1])) {
        next++;
        while (next < c->len && is_word(c->text[next]))
            next++;
        if (next - at > MAX_NAME)
            break;
        if (opens(c, next) && (svyi_function_find(c->text + at, next - at) != NULL || !c->place->bare_names))
            longest = next;
    }
    return longest;
}

static svyi_token word_token(svyi_compiler *c, size_t at, int operand)
{
    static const struct { const char *name; svyi_operator op; } WORDS[] = {
        { "and", SVYI_AND }, { "or", SVYI_OR }, { "div", SVYI_DIV }, { "mod", SVYI_MOD },
    };
    size_t end = at;
    while (end < c->len && is_word(c->text[end]))
        end++;
    svyi_token t = token(SVYI_T_WORD, at, end - at);
    for (size_t i = 0; !operand && i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strlen(WORDS[i].name) == end - at && memcmp(WORDS[i].name, c->text + at, end - at) == 0) {
            t.type = SVYI_T_OPERATOR;
            t.op = WORDS[i].op;
            return t;
        }
    size_t call = operand ? function_end(c, at, end) : at;
    if (call > at) {
        t.type = SVYI_T_FUNCTION;
        t.len = (uint32_t)(call - at);
    }
    t.text = c->text + at;
    t.text_len = t.len;
    return t;
}

static const struct { const char *text; svyi_token_type type; svyi_operator op; } SIGNS[] = {
    { "!=", SVYI_T_OPERATOR, SVYI_NE }, { "<=", SVYI_T_OPERATOR, SVYI_LE }, { ">=", SVYI_T_OPERATOR, SVYI_GE },
    { "=", SVYI_T_OPERATOR, SVYI_EQ }, { "<", SVYI_T_OPERATOR, SVYI_LT }, { ">", SVYI_T_OPERATOR, SVYI_GT },
    { "+", SVYI_T_OPERATOR, SVYI_ADD }, { "-", SVYI_T_OPERATOR, SVYI_SUB }, { "*", SVYI_T_OPERATOR, SVYI_MUL },
    { "(", SVYI_T_OPEN, SVYI_NO_OPERATOR }, { ")", SVYI_T_CLOSE, SVYI_NO_OPERATOR },
    { "[", SVYI_T_OPEN_BRACKET, SVYI_NO_OPERATOR }, { "]", SVYI_T_CLOSE_BRACKET, SVYI_NO_OPERATOR },
    { ",", SVYI_T_COMMA, SVYI_NO_OPERATOR }, { ".", SVYI_T_SELF, SVYI_NO_OPERATOR },
};

/* Signs of other languages, looked at before SIGNS, and how they are written here. */
static const struct { const char *text, *here; } FOREIGN[] = {
    { "==", "=" }, { "&&", "and" }, { "||", "or" }, { "<>", "!=" }, { "=<", "<=" }, { "=>", ">=" }, { "**", "pow(a, b)" },
    { "\xe2\x89\xa0", "!=" }, { "\xe2\x89\xa4", "<=" }, { "\xe2\x89\xa5", ">=" }, { "\xe2\x88\x92", "-" },
    { "\xe2\x80\x9c", "straight quotes" }, { "\xe2\x80\x9d", "straight quotes" }, { "\xe2\x80\x9e", "straight quotes" },
    { "\xe2\x80\x98", "straight quotes" }, { "\xe2\x80\x99", "straight quotes" },
};
static const struct { const char *text, *here; } FOREIGN_LAST[] = {
    { "&", "and" }, { "|", "or" }, { "!", "not(...)" }, { "/", "div" }, { "%", "mod" }, { "^", "pow(a, b)" }, { "?", "if(c, a, b)" },
};

static int stands_at(const svyi_compiler *c, size_t at, const char *text)
{
    size_t len = strlen(text);
    return c->len - at >= len && memcmp(c->text + at, text, len) == 0;
}

static svyi_token foreign(svyi_compiler *c, size_t at, const char *found, const char *here)
{
    svyi_problem(c, SVY_E_SYNTAX, at, strlen(found), NULL, "found '%s', which is written %s here", found, here);
    return error_token();
}

static svyi_token sign_token(svyi_compiler *c, size_t at)
{
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++)
        if (stands_at(c, at, SIGNS[i].text)) {
            svyi_token t = token(SIGNS[i].type, at, strlen(SIGNS[i].text));
            t.op = SIGNS[i].op;
            return t;
        }
    for (size_t i = 0; i < sizeof FOREIGN_LAST / sizeof FOREIGN_LAST[0]; i++)
        if (stands_at(c, at, FOREIGN_LAST[i].text))
            return foreign(c, at, FOREIGN_LAST[i].text, FOREIGN_LAST[i].here);
    unsigned char byte = (unsigned char)c->text[at];
    if (byte > ' ' && byte < 0x7f)
        svyi_problem(c, SVY_E_SYNTAX, at, 1, NULL, "found '%c', which means nothing in an expression", byte);
    else
        svyi_problem(c, SVY_E_SYNTAX, at, 1, NULL, "found the byte 0x%02x, which means nothing in an expression", (unsigned)byte);
    return error_token();
}

svyi_token svyi_token_next(svyi_compiler *c, size_t *at, int operand)
{
    while (*at < c->len && is_blank(c->text[*at]))
        (*at)++;
    size_t i = *at;
    svyi_token t;
    if (i >= c->len)
        return token(SVYI_T_END, c->len, 0);
    char ch = c->text[i];
    for (size_t k = 0; k < sizeof FOREIGN / sizeof FOREIGN[0]; k++)
        if (stands_at(c, i, FOREIGN[k].text))
            return foreign(c, i, FOREIGN[k].text, FOREIGN[k].here);
    if (is_digit(ch) || (ch == '.' && i + 1 < c->len && is_digit(c->text[i + 1])))
        t = number_token(c, i);
    else if (ch == '\'' || ch == '"')
        t = text_token(c, i);
    else if (ch == '$' && i + 1 < c->len && c->text[i + 1] == '{')
        t = quoted_name(c, i, 2, '}');
    else if (ch == '`')
        t = quoted_name(c, i, 1, '`');
    else if (is_letter(ch))
        t = word_token(c, i, operand);
    else
        t = sign_token(c, i);
    if (t.type != SVYI_T_ERROR)
        *at = i + t.len;
    return t;
}
