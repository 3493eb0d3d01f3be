/* Values of XPath: conversions between types, comparison. */
#include "xpath_priv.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

static const double NONE = (double)NAN;

void svyi_xset_number(svyi_xvalue *v, double x)
{
    *v = (svyi_xvalue){ .type = SVY_X_NUMBER, .number = x, .text = "" };
}

void svyi_xset_boolean(svyi_xvalue *v, int truth)
{
    *v = (svyi_xvalue){ .type = SVY_X_BOOLEAN, .number = truth != 0, .text = "" };
}

void svyi_xset_text(svyi_xvalue *v, const char *text, size_t len)
{
    *v = (svyi_xvalue){ .type = SVY_X_TEXT, .text = len > 0 ? text : "", .len = (uint32_t)len };
}

void svyi_xset_copy(svyi_xrun *r, svyi_xvalue *v, const char *text, size_t len)
{
    char *copy = len > 0 ? svyi_make(&r->base, len) : NULL;
    if (copy != NULL)
        memcpy(copy, text, len);
    svyi_xset_text(v, copy, copy != NULL ? len : 0);
}

void svyi_xdrop(svyi_xrun *r, const svyi_xvalue *value)
{
    if (value->type == SVY_X_NODES)
        r->n_nodes = value->from;
}

/* ---- Numbers as text ---- */

/* The digits of a finite number: its shortest text as digits without zeros at the ends, and the place of the point before the first. */
typedef struct decimal { char digits[32]; int n, point, negative; } decimal;

static decimal decimal_of(double x)
{
    char text[40];
    decimal d = { .negative = x < 0 };
    const size_t len = svyi_number_format(fabs(x), text);
    int point = -1, exponent = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.')
            point = d.n;
        else if (text[i] == 'e') {
            const int negative = text[i + 1] == '-';
            for (i += 1 + (size_t)(text[i + 1] == '-' || text[i + 1] == '+'); i < len; i++)
                exponent = exponent * 10 + (text[i] - '0');
            exponent = negative ? -exponent : exponent;
        } else if (d.n < 31)
            d.digits[d.n++] = text[i];
    }
    d.point = (point < 0 ? d.n : point) + exponent;
    int zeros = 0;
    while (zeros < d.n && d.digits[zeros] == '0')
        zeros++;
    memmove(d.digits, d.digits + zeros, (size_t)(d.n - zeros));
    d.n -= zeros;
    d.point -= zeros;
    while (d.n > 0 && d.digits[d.n - 1] == '0')
        d.n--;
    return d;
}

static size_t plain(const decimal *d, char *out)
{
    size_t n = 0;
    if (d->negative)
        out[n++] = '-';
    if (d->point <= 0)
        out[n++] = '0';
    for (int i = 0; i < d->point; i++)
        out[n++] = i < d->n ? d->digits[i] : '0';
    if (d->n > d->point) {
        out[n++] = '.';
        for (int i = d->point; i < d->n; i++)
            out[n++] = i < 0 ? '0' : d->digits[i];
    }
    return n;
}

/* d.ddd, a mark, the exponent; Java always writes a decimal. */
static size_t scientific(const decimal *d, const char *mark, int plus, int decimal_always, char *out)
{
    size_t n = 0;
    int exponent = d->point - 1;
    if (d->negative)
        out[n++] = '-';
    out[n++] = d->digits[0];
    if (d->n > 1 || decimal_always)
        out[n++] = '.';
    for (int i = 1; i < d->n; i++)
        out[n++] = d->digits[i];
    if (d->n == 1 && decimal_always)
        out[n++] = '0';
    memcpy(out + n, mark, 1);
    n++;
    if (exponent < 0)
        out[n++] = '-';
    else if (plus)
        out[n++] = '+';
    exponent = exponent < 0 ? -exponent : exponent;
    if (exponent >= 100)
        out[n++] = (char)('0' + exponent / 100);
    if (exponent >= 10)
        out[n++] = (char)('0' + exponent / 10 % 10);
    out[n++] = (char)('0' + exponent % 10);
    return n;
}

/* As JavaRosa prints: whole numbers of 32 bits plainly, others as Java does. */
static size_t java_text(double x, char *out)
{
    if (fabs(x) < 1e-12) {
        out[0] = '0';
        return 1;
    }
    if (fabs(x) < 2147483648.0 && fabs(x - (double)(int32_t)x) < 1e-12) {
        const decimal whole = decimal_of((double)(int32_t)x);
        return plain(&whole, out);
    }
    const decimal d = decimal_of(x);
    if (d.point < -2 || d.point > 7)
        return scientific(&d, "E", 0, 1, out);
    size_t n = plain(&d, out);
    if (d.n <= d.point) {
        memcpy(out + n, ".0", 2);
        n += 2;
    }
    return n;
}

size_t svyi_xnumber_format(svy_compat compat, double x, char out[352])
{
    if (isnan(x)) {
        memcpy(out, "NaN", 3);
        return compat == SVY_COMPAT_WEB ? 0 : 3;
    }
    if (isinf(x)) {
        memcpy(out, x < 0 ? "-Infinity" : "Infinity", x < 0 ? 9 : 8);
        return x < 0 ? 9 : 8;
    }
    if (x == 0) {
        out[0] = '0';
        return 1;
    }
    if (compat == SVY_COMPAT_COLLECT)
        return java_text(x, out);
    const decimal d = decimal_of(x);
    if (compat == SVY_COMPAT_WEB && (d.point > 21 || d.point < -5))
        return scientific(&d, "e", 1, 0, out);
    return plain(&d, out);
}

/* ---- Texts as numbers ---- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* -?(digits(.digits?)?|.digits); a comma for the point in Collect. */
static int decimal_parse(const svyi_xrun *r, const char *text, size_t len, double *value)
{
    char buffer[400];
    size_t n = 0, digits = 0;
    int points = 0;

    if (len == 0 || len > sizeof buffer - 2)
        return 0;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        const int is_point = c == '.' || (c == ',' && r->compat == SVY_COMPAT_COLLECT);
        if (c == '-' && i == 0) {
            buffer[n++] = c;
            continue;
        }
        if (!is_point && (c < '0' || c > '9'))
            return 0;
        if (is_point && points++ > 0)
            return 0;
        if (is_point && digits == 0)
            buffer[n++] = '0';
        buffer[n++] = is_point ? '.' : c;
        digits += !is_point;
    }
    if (digits == 0)
        return 0;
    if (buffer[n - 1] == '.')
        n--;
    if (!svyi_number_parse(buffer, n, value))
        *value = buffer[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    return 1;
}

/* What JavaScript takes for numbers besides, and so Web Forms: a plus, exponents, 0x1F 0b11 0o7, Infinity. */
static int script_parse(const char *text, uint32_t len, double *value)
{
    const char *const infinity = "Infinity";
    const uint32_t sign = len > 0 && (text[0] == '-' || text[0] == '+');
    const int base = len < 3 || text[0] != '0' ? 0 : text[1] == 'x' || text[1] == 'X' ? 16 : text[1] == 'b' || text[1] == 'B' ? 2 :
                     text[1] == 'o' || text[1] == 'O' ? 8 : 0;

    if (len - sign == 8 && memcmp(text + sign, infinity, 8) == 0) {
        *value = text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return 1;
    }
    if (base == 0)
        return svyi_number_parse(text, len, value);
    *value = 0;
    for (uint32_t i = 2; i < len; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
        if (digit >= base)
            return 0;
        *value = *value * base + digit;
    }
    return 1;
}

double svyi_xtext_number(const svyi_xrun *r, const char *text, uint32_t len)
{
    double value;
    while (len > 0 && is_blank(*text))
        text++, len--;
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    if (decimal_parse(r, text, len, &value))
        return value;
    if (len >= 10 && text[0] >= '0' && text[0] <= '9' && svyi_xdate_number(r, text, len, &value) > 0)
        return value;
    if (r->compat == SVY_COMPAT_WEB && script_parse(text, len, &value))
        return value;
    return NONE;
}

/* ---- Nodes as texts ---- */

static int inner_text(svyi_xrun *r, svy_node node, const char **text, uint32_t *len)
{
    *text = "";
    *len = 0;
    return node.item != SVY_NODE_DOCUMENT && r->env->text != NULL && r->env->text(r->env->user, node, text, len);
}

/* The texts of everything in a node, one after the other. */
static void collected_text(svyi_xrun *r, svy_node node, const char **text, uint32_t *len)
{
    svyi_buffer *all = &r->base.scratch->text;
    svy_node at = node;
    const char *part;
    uint32_t part_len;

    if (all->alloc.fn == NULL)
        svyi_buffer_init(all, &r->base.scratch->alloc);
    all->len = 0;
    while (svyi_xnext_inside(r, node, &at))
        if (inner_text(r, at, &part, &part_len)) {
            if (all->len + part_len > SVYI_MAX_MADE) {
                r->base.status = SVY_E_LIMIT;
                return;
            }
            svyi_buffer_add(all, part, part_len);
        }
    if (all->failed)
        r->base.status = SVY_E_NOMEM;
    char *copy = all->len > 0 && r->base.status == SVY_OK ? svyi_make(&r->base, all->len) : NULL;
    if (copy != NULL) {
        memcpy(copy, all->data, all->len);
        *text = copy;
        *len = (uint32_t)all->len;
    }
}

void svyi_xnode_text(svyi_xrun *r, svy_node node, const char **text, uint32_t *len)
{
    if (!inner_text(r, node, text, len)) {
        *text = "";
        *len = 0;
        if (r->base.status == SVY_OK && node.item != SVY_NODE_DOCUMENT)      /* the document itself has none, as clients agree */
            collected_text(r, node, text, len);
    }
}

/* ---- Conversions ---- */

void svyi_xtext(svyi_xrun *r, const svyi_xvalue *v, const char **text, uint32_t *len)
{
    char number[352];
    *text = "";
    *len = 0;
    switch (v->type) {
    case SVY_X_TEXT:
        *text = v->text;
        *len = v->len;
        break;
    case SVY_X_BOOLEAN:
        *text = v->number != 0 ? "true" : "false";
        *len = v->number != 0 ? 4 : 5;
        break;
    case SVY_X_NODES:
        if (v->n > 0)
            svyi_xnode_text(r, r->nodes[v->from], text, len);
        break;
    case SVY_X_NUMBER: {
        const size_t n = svyi_xnumber_format(r->compat, v->number, number);
        char *copy = n > 0 ? svyi_make(&r->base, n) : NULL;
        if (copy != NULL) {
            memcpy(copy, number, n);
            *text = copy;
            *len = (uint32_t)n;
        }
        break;
    }
    }
}

static int is_all_blank(const char *text, uint32_t len)
{
    uint32_t i = 0;
    while (i < len && is_blank(text[i]))
        i++;
    return len > 0 && i == len;
}

double svyi_xnumber(svyi_xrun *r, const svyi_xvalue *v)
{
    const char *text;
    uint32_t len;
    if (v->type == SVY_X_NUMBER || v->type == SVY_X_BOOLEAN || v->dated)
        return v->number;
    svyi_xtext(r, v, &text, &len);
    if (r->compat == SVY_COMPAT_WEB && v->type == SVY_X_TEXT && is_all_blank(text, len))
        return 0;                                      /* JavaScript's number of a text of blanks */
    return svyi_xtext_number(r, text, len);
}

int svyi_xboolean(svyi_xrun *r, const svyi_xvalue *v)
{
    const char *text;
    uint32_t len;
    switch (v->type) {
    case SVY_X_NODES:
        if (r->compat != SVY_COMPAT_COLLECT)
            return v->n > 0;
        svyi_xtext(r, v, &text, &len);                 /* JavaRosa takes the value of the node */
        return len > 0;
    case SVY_X_TEXT: return v->dated ? v->number != 0 && !isnan(v->number) : v->len > 0;
    default: return v->number != 0 && !isnan(v->number);
    }
}

/* ---- Comparison ---- */

static int numbers_compare(double a, double b, svyi_operator op)
{
    switch ((int)op) {
    case SVYI_EQ: return a == b;
    case SVYI_NE: return a != b;
    case SVYI_LT: return a < b;
    case SVYI_LE: return a <= b;
    case SVYI_GT: return a > b;
    default: return a >= b;
    }
}

static int single_compare(svyi_xrun *r, const svyi_xvalue *a, const svyi_xvalue *b, svyi_operator op)
{
    const char *left, *right;
    uint32_t left_len, right_len;

    if (op != SVYI_EQ && op != SVYI_NE)
        return numbers_compare(svyi_xnumber(r, a), svyi_xnumber(r, b), op);
    if (a->type == SVY_X_BOOLEAN || b->type == SVY_X_BOOLEAN)
        return (svyi_xboolean(r, a) == svyi_xboolean(r, b)) == (op == SVYI_EQ);
    if (a->type == SVY_X_NUMBER || b->type == SVY_X_NUMBER || a->dated || b->dated)
        return numbers_compare(svyi_xnumber(r, a), svyi_xnumber(r, b), op);
    svyi_xtext(r, a, &left, &left_len);
    svyi_xtext(r, b, &right, &right_len);
    return (left_len == right_len && (left_len == 0 || memcmp(left, right, left_len) == 0)) == (op == SVYI_EQ);
}

static svyi_xvalue node_value(const svyi_xvalue *nodes, uint32_t i)
{
    return (svyi_xvalue){ .type = SVY_X_NODES, .from = nodes->from + i, .n = 1, .text = "" };
}

/* A question that is not relevant now counts as blank, though there is no node; in Collect anything that is not there. */
static int is_blank_node(const svyi_xrun *r, const svyi_xvalue *v)
{
    return v->type == SVY_X_NODES && v->n == 0 && (r->compat == SVY_COMPAT_COLLECT || (r->compat == SVY_COMPAT_STRICT && v->one));
}

int svyi_xcompare(svyi_xrun *r, const svyi_xvalue *a, const svyi_xvalue *b, svyi_operator op)
{
    static const svyi_xvalue BLANK = { .type = SVY_X_TEXT, .text = "" };

    if (is_blank_node(r, a))
        a = &BLANK;
    if (is_blank_node(r, b))
        b = &BLANK;
    const int boolean = (a->type == SVY_X_BOOLEAN || b->type == SVY_X_BOOLEAN) && (op == SVYI_EQ || op == SVYI_NE);
    if (boolean || (a->type != SVY_X_NODES && b->type != SVY_X_NODES))
        return single_compare(r, a, b, op);
    const uint32_t n = a->type == SVY_X_NODES ? a->n : 1, m = b->type == SVY_X_NODES ? b->n : 1;
    for (uint32_t i = 0; i < n; i++) {
        const svyi_xvalue left = a->type == SVY_X_NODES ? node_value(a, i) : *a;
        for (uint32_t j = 0; j < m; j++) {
            const svyi_xvalue right = b->type == SVY_X_NODES ? node_value(b, j) : *b;
            if (single_compare(r, &left, &right, op))
                return 1;
            if (++r->steps > SVYI_MAX_STEPS) {
                r->base.status = SVY_E_LIMIT;
                return 0;
            }
        }
    }
    return 0;
}
