/* A small reader of JSON from outside: a tree in an arena. */
#include "exchange/json.h"
#include "base/text.h"
#include <string.h>

enum { DEPTH = 64, VALUES = 4000000 };

typedef struct parser {
    svyi_arena *arena;
    const char *at, *end;
    int line;
    unsigned depth;
    uint32_t values;
    const char *why;
    svy_status st;
} parser;

static void *fail(parser *p, svy_status st, const char *why)
{
    if (p->st == SVY_OK) {
        p->st = st;
        p->why = why;
    }
    return NULL;
}

static void skip_blanks(parser *p)
{
    for (; p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r' || *p->at == '\n'); p->at++)
        p->line += *p->at == '\n';
}

static int hex(const parser *p, const char *at, uint32_t *value)
{
    *value = 0;
    if (p->end - at < 4)
        return 0;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return 0;
        *value = *value * 16 + (uint32_t)digit;
    }
    return 1;
}

/* What stands behind a backslash; returns the bytes written to `out`, 0 when it is nothing known. */
static size_t take_escape(parser *p, char *out)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    const char c = p->at < p->end ? *p->at++ : '\0', *known = c != '\0' ? strchr(FROM, c) : NULL;
    uint32_t code, low;
    if (known != NULL) {
        *out = TO[known - FROM];
        return 1;
    }
    if (c != 'u' || !hex(p, p->at, &code) || code == 0)
        return 0;
    p->at += 4;
    if (code >= 0xD800 && code < 0xDC00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u' && hex(p, p->at + 2, &low) && low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        p->at += 6;
    }
    if (code >= 0xD800 && code < 0xE000)
        code = 0xFFFD;
    return svyi_utf8_put(code, out);
}

/* Behind the opening quote. A text is never longer than what stands for it. */
static const char *take_text(parser *p)
{
    const char *end = p->at;
    while (end < p->end && *end != '"')
        end += *end == '\\' && p->end - end > 1 ? 2 : 1;
    if (end >= p->end)
        return fail(p, SVY_E_SYNTAX, "a text is not closed with quotes");
    char *out = svyi_arena_get(p->arena, (size_t)(end - p->at) + 1);
    size_t n = 0;
    if (out == NULL)
        return fail(p, SVY_E_NOMEM, "");
    while (p->at < end) {
        const unsigned char c = (unsigned char)*p->at++;
        if (c < 0x20)
            return fail(p, SVY_E_SYNTAX, "a text has a control character or a line end in it");
        if (c != '\\') {
            out[n++] = (char)c;
            continue;
        }
        char bytes[4];
        const size_t m = take_escape(p, bytes);
        if (m == 0)
            return fail(p, SVY_E_SYNTAX, "a backslash is followed by nothing that is known");
        memcpy(out + n, bytes, m);
        n += m;
    }
    p->at = end + 1;
    return out;
}

static size_t digits(const parser *p, const char *at)
{
    size_t n = 0;
    while (at + n < p->end && at[n] >= '0' && at[n] <= '9')
        n++;
    return n;
}

static const char *take_number(parser *p)
{
    const char *at = p->at + (*p->at == '-');
    size_t n = digits(p, at);
    if (n == 0)
        return fail(p, SVY_E_SYNTAX, "a value is missing, or it is none that JSON knows");
    at += n;
    if (at < p->end && *at == '.') {
        n = digits(p, at + 1);
        at += 1 + n;
    }
    if (n > 0 && at < p->end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < p->end && (*at == '+' || *at == '-');
        n = digits(p, at);
        at += n;
    }
    if (n == 0)
        return fail(p, SVY_E_SYNTAX, "a number has no digits where it needs them");
    const char *text = svyi_arena_text(p->arena, p->at, (size_t)(at - p->at));
    p->at = at;
    return text != NULL ? text : fail(p, SVY_E_NOMEM, "");
}

static svyi_json *take_value(parser *p);

static const char *take_key(parser *p)
{
    skip_blanks(p);
    if (p->at >= p->end || *p->at != '"')
        return fail(p, SVY_E_SYNTAX, "a name in quotes is missing in an object");
    p->at++;
    const char *key = take_text(p);
    skip_blanks(p);
    if (key != NULL && (p->at >= p->end || *p->at++ != ':'))
        return fail(p, SVY_E_SYNTAX, "a colon is missing behind a name");
    return key;
}

/* What is in an object or array, to its closing bracket. */
static void take_members(parser *p, svyi_json *in, char close)
{
    svyi_json **end = &in->first;
    if (++p->depth > DEPTH)
        fail(p, SVY_E_LIMIT, "values stand more than 64 deep in each other");
    skip_blanks(p);
    if (p->st == SVY_OK && p->at < p->end && *p->at == close) {
        p->at++;
        p->depth--;
        return;
    }
    while (p->st == SVY_OK) {
        const char *key = close == '}' ? take_key(p) : NULL;
        svyi_json *member = p->st == SVY_OK ? take_value(p) : NULL;
        if (member == NULL)
            return;
        member->key = key;
        *end = member;
        end = &member->next;
        skip_blanks(p);
        const char c = p->at < p->end ? *p->at++ : '\0';
        if (c == close)
            break;
        if (c != ',')
            fail(p, SVY_E_SYNTAX, c == '\0' ? "the file ends too early: it seems to be cut off" : "a comma or closing bracket is missing");
    }
    p->depth--;
}

static int take_word(parser *p, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0)
        return 0;
    p->at += n;
    return 1;
}

/* Recursion: bounded by DEPTH. */
static svyi_json *take_value(parser *p)
{
    svyi_json *v = svyi_arena_get(p->arena, sizeof *v);
    if (v == NULL)
        return fail(p, SVY_E_NOMEM, "");
    if (++p->values > VALUES)
        return fail(p, SVY_E_LIMIT, "there are more than 4,000,000 values");
    skip_blanks(p);
    v->line = p->line;
    const char c = p->at < p->end ? *p->at : '\0';
    if (c == '{' || c == '[') {
        v->kind = c == '{' ? SVYI_JSON_OBJECT : SVYI_JSON_ARRAY;
        p->at++;
        take_members(p, v, c == '{' ? '}' : ']');
    } else if (c == '"') {
        v->kind = SVYI_JSON_TEXT;
        p->at++;
        v->text = take_text(p);
    } else if (take_word(p, "true")) {
        v->kind = SVYI_JSON_TRUE;
    } else if (take_word(p, "false")) {
        v->kind = SVYI_JSON_FALSE;
    } else if (take_word(p, "null")) {
        v->kind = SVYI_JSON_NULL;
    } else if (c == '\0') {
        return fail(p, SVY_E_SYNTAX, "the file ends too early: it seems to be cut off");
    } else {
        v->kind = SVYI_JSON_NUMBER;
        v->text = take_number(p);
    }
    return p->st == SVY_OK ? v : NULL;
}

svy_status svyi_json_parse(svyi_arena *arena, const char *bytes, size_t len, const svyi_json **out, int *line, const char **why)
{
    parser p = { .arena = arena, .at = bytes, .end = bytes + len, .line = 1 };
    *out = NULL;
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        p.at += 3;
    if (!svyi_utf8_valid(p.at, (size_t)(p.end - p.at)))
        fail(&p, SVY_E_SYNTAX, "there is a byte that is not UTF-8");
    svyi_json *root = p.st == SVY_OK ? take_value(&p) : NULL;
    skip_blanks(&p);
    if (root != NULL && p.at < p.end)
        fail(&p, SVY_E_SYNTAX, "something follows behind the end of the value");
    *out = p.st == SVY_OK ? root : NULL;
    *line = p.line;
    *why = p.why;
    return p.st;
}

const svyi_json *svyi_json_find(const svyi_json *object, const char *key)
{
    const svyi_json *m = object != NULL && object->kind == SVYI_JSON_OBJECT ? object->first : NULL;
    while (m != NULL && strcmp(m->key, key) != 0)
        m = m->next;
    return m;
}
