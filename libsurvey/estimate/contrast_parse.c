/* Parsing expressions of estimates into a program for a stack. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "estimate/contrast.h"

enum { DEPTH_MAX = 200, PARTS_MAX = 40 };

typedef struct parser {
    const svy_alloc *alloc;
    const char *text, *at;
    const svy_estimates *e;
    svyi_contrast_program *out;
    char *word, *parts;              /* as long as the text: a name, and what stands in its brackets */
    size_t stack;
    int nesting;
    svy_error *err;
} parser;

static svy_status wrong(parser *p, const char *expected)
{
    if (*p->at == '\0')
        return svyi_fail(p->err, SVY_E_SYNTAX, "'%s' ends where %s should come", p->text, expected);
    return svyi_fail(p->err, SVY_E_SYNTAX, "'%s' has '%.*s' at position %d where %s should come", p->text, 12, p->at, (int)(p->at - p->text) + 1, expected);
}

static void skip_spaces(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
}

static int take(parser *p, char c)
{
    skip_spaces(p);
    if (*p->at != c)
        return 0;
    p->at++;
    return 1;
}

/* What a step takes from the stack and puts there is counted. */
static svy_status emit(parser *p, svyi_contrast_step step)
{
    svyi_contrast_program *o = p->out;
    if (svyi_grow(p->alloc, &o->steps, &o->steps_room, o->n_steps + 1, sizeof *o->steps) != 0)
        return svyi_nomem(p->err);
    o->steps[o->n_steps++] = step;
    if (step.op == SVYI_CONTRAST_NUMBER || step.op == SVYI_CONTRAST_NAME)
        p->stack++;
    else if (step.op != SVYI_CONTRAST_NEGATE && step.op != SVYI_CONTRAST_FUNCTION)
        p->stack--;
    o->depth = p->stack > o->depth ? p->stack : o->depth;
    return SVY_OK;
}

static svy_status parse_sum(parser *p);

/* ---- names ---- */

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80; }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* A text in backquotes, written without them. @return 1, or 0 when it has no end or is empty */
static int take_quoted(parser *p, char *out)
{
    const char *c = p->at + 1;
    size_t n = 0;
    int closed = 0;
    for (; *c != '\0' && !closed; c++) {
        closed = *c == '`' && c[1] != '`';
        if (!closed)
            out[n++] = *c;
        c += !closed && *c == '`';
    }
    if (n == 0 || !closed)
        return 0;
    out[n] = '\0';
    p->at = c;
    return 1;
}

/* One item of brackets: in backquotes, or everything up to a comma or the end. */
static svy_status take_part(parser *p, char *out)
{
    skip_spaces(p);
    if (*p->at == '`')
        return take_quoted(p, out) ? SVY_OK : wrong(p, "a name in backquotes");
    size_t n = strcspn(p->at, ",]");
    memcpy(out, p->at, n);
    p->at += n;
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return SVY_OK;
}

static svy_status take_parts(parser *p, const char **parts, size_t *n)
{
    char *out = p->parts;
    svy_status st = SVY_OK;
    do {
        if (*n == PARTS_MAX)
            return svyi_fail(p->err, SVY_E_LIMIT, "'%s' names an estimate by more than %d values", p->text, PARTS_MAX);
        parts[(*n)++] = out;
        st = take_part(p, out);
        out += strlen(out) + 1;
    } while (st == SVY_OK && take(p, ','));
    return st != SVY_OK || take(p, ']') ? st : wrong(p, "]");
}

static svy_status add_name(parser *p, uint32_t index)
{
    svyi_contrast_program *o = p->out;
    uint32_t slot = 0;
    while (slot < o->n_names && o->names[slot] != index)
        slot++;
    if (slot == o->n_names) {
        if (svyi_grow(p->alloc, &o->names, &o->names_room, o->n_names + 1, sizeof *o->names) != 0)
            return svyi_nomem(p->err);
        o->names[o->n_names++] = index;
    }
    return emit(p, (svyi_contrast_step){ SVYI_CONTRAST_NAME, slot, 0 });
}

static svy_status parse_estimate(parser *p)
{
    const char *parts[PARTS_MAX];
    size_t n = 0;
    uint32_t index;
    int full = take(p, '[');
    svy_status st = full ? take_parts(p, parts, &n) : SVY_OK;
    if (st == SVY_OK)
        st = svyi_contrast_bind(p->e, p->word, full ? parts : NULL, n, &index, p->err);
    return st == SVY_OK ? add_name(p, index) : st;
}

static svy_status parse_brackets(parser *p)
{
    svy_status st = ++p->nesting > DEPTH_MAX ? svyi_fail(p->err, SVY_E_LIMIT, "'%.60s...' has more than %d levels of brackets", p->text, DEPTH_MAX)
                                             : parse_sum(p);
    p->nesting--;
    return st != SVY_OK || take(p, ')') ? st : wrong(p, ")");
}

static svy_status parse_word(parser *p)
{
    size_t n = 0;
    while (is_letter(p->at[n]) || is_digit(p->at[n]) || p->at[n] == '.')
        n++;
    memcpy(p->word, p->at, n);
    p->word[n] = '\0';
    p->at += n;
    int function = svyi_contrast_function(p->word);
    if (!take(p, '('))
        return parse_estimate(p);
    if (function < 0)
        return svyi_fail(p->err, SVY_E_NAME, "there is no function '%s' for contrasts: use log exp sqrt logit expit asin sin cos tan", p->word);
    svy_status st = parse_brackets(p);
    return st == SVY_OK ? emit(p, (svyi_contrast_step){ SVYI_CONTRAST_FUNCTION, (uint32_t)function, 0 }) : st;
}

static svy_status parse_number(parser *p)
{
    size_t n = 0;
    double value;
    while (is_digit(p->at[n]) || p->at[n] == '.')
        n++;
    if ((p->at[n] == 'e' || p->at[n] == 'E') && is_digit(p->at[n + 1 + (p->at[n + 1] == '-' || p->at[n + 1] == '+')]))
        for (n += 2; is_digit(p->at[n]); n++)
            ;
    if (!svyi_number_parse(p->at, n, &value))
        return wrong(p, "a number");
    p->at += n;
    return emit(p, (svyi_contrast_step){ SVYI_CONTRAST_NUMBER, 0, value });
}

static svy_status parse_primary(parser *p)
{
    skip_spaces(p);
    if (take(p, '('))
        return parse_brackets(p);
    if (*p->at == '`')
        return take_quoted(p, p->word) ? parse_estimate(p) : wrong(p, "a name in backquotes");
    if (is_digit(*p->at) || (*p->at == '.' && is_digit(p->at[1])))
        return parse_number(p);
    return is_letter(*p->at) ? parse_word(p) : wrong(p, "a name, a number or a bracket");
}

/* ---- operators ---- */

static svy_status parse_signed(parser *p)
{
    if (++p->nesting > DEPTH_MAX)
        return svyi_fail(p->err, SVY_E_LIMIT, "'%.60s...' has more than %d levels of brackets and signs", p->text, DEPTH_MAX);
    svy_status st;
    if (take(p, '-')) {
        if ((st = parse_signed(p)) == SVY_OK)
            st = emit(p, (svyi_contrast_step){ SVYI_CONTRAST_NEGATE, 0, 0 });
    } else if (take(p, '+')) {
        st = parse_signed(p);
    } else if ((st = parse_primary(p)) == SVY_OK && take(p, '^') && (st = parse_signed(p)) == SVY_OK) {
        st = emit(p, (svyi_contrast_step){ SVYI_CONTRAST_POWER, 0, 0 });
    }
    p->nesting--;
    return st;
}

static svy_status parse_product(parser *p)
{
    svy_status st = parse_signed(p);
    while (st == SVY_OK) {
        svyi_contrast_op op = take(p, '*') ? SVYI_CONTRAST_MULTIPLY : SVYI_CONTRAST_DIVIDE;
        if (op == SVYI_CONTRAST_DIVIDE && !take(p, '/'))
            break;
        if ((st = parse_signed(p)) == SVY_OK)
            st = emit(p, (svyi_contrast_step){ op, 0, 0 });
    }
    return st;
}

static svy_status parse_sum(parser *p)
{
    svy_status st = parse_product(p);
    while (st == SVY_OK) {
        svyi_contrast_op op = take(p, '+') ? SVYI_CONTRAST_ADD : SVYI_CONTRAST_SUBTRACT;
        if (op == SVYI_CONTRAST_SUBTRACT && !take(p, '-'))
            break;
        if ((st = parse_product(p)) == SVY_OK)
            st = emit(p, (svyi_contrast_step){ op, 0, 0 });
    }
    return st;
}

svy_status svyi_contrast_parse(const svy_alloc *alloc, const char *text, const svy_estimates *e, svyi_contrast_program *out, svy_error *err)
{
    size_t room = 2 * strlen(text) + 2;
    parser p = { .alloc = alloc, .text = text, .at = text, .e = e, .out = out, .err = err };
    *out = (svyi_contrast_program){ 0 };
    char *buffer = svyi_get(alloc, 2 * room);
    if (buffer == NULL)
        return svyi_nomem(err);
    p.word = buffer;
    p.parts = buffer + room;
    svy_status st = parse_sum(&p);
    skip_spaces(&p);
    if (st == SVY_OK && *p.at != '\0')
        st = wrong(&p, "an operator");
    svyi_release(alloc, buffer, 2 * room);
    return st;
}

void svyi_contrast_clear(const svy_alloc *alloc, svyi_contrast_program *p)
{
    svyi_release(alloc, p->steps, p->steps_room * sizeof *p->steps);
    svyi_release(alloc, p->names, p->names_room * sizeof *p->names);
    *p = (svyi_contrast_program){ 0 };
}
