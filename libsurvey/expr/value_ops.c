/* Values inside the interpreter: made, compared, converted, summed up. */
#include "expr_priv.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

void svyi_set_missing(svy_value *v, svy_kind kind, svy_missing why)
{
    *v = svy_value_missing(kind, why);
}

void svyi_set_number(svy_value *v, double x)
{
    if (x - x == 0)
        *v = (svy_value){ .kind = SVY_K_NUMBER, .number = x, .text = "" };
    else
        svyi_set_missing(v, SVY_K_NUMBER, SVY_NOT_STATED);
}

void svyi_set_boolean(svy_value *v, int truth)
{
    *v = (svy_value){ .kind = SVY_K_BOOLEAN, .number = truth != 0, .text = "" };
}

void svyi_set_text(svy_value *v, svy_kind kind, const char *text, size_t len)
{
    *v = (svy_value){ .kind = (uint8_t)kind, .len = (uint32_t)len, .text = text };
}

int svyi_is_true(const svy_value *v)
{
    return v->missing == SVY_PRESENT && v->number != 0;
}

int svyi_whole(double x, int32_t limit, int32_t *whole)
{
    if (!(x >= -(double)limit && x <= (double)limit) || floor(x) != x)
        return 0;
    *whole = (int32_t)x;
    return 1;
}

/* ---- Comparing ---- */

static int related(int order, unsigned relation)
{
    switch (relation + SVYI_EQ) {
    case SVYI_EQ: return order == 0;
    case SVYI_NE: return order != 0;
    case SVYI_LT: return order < 0;
    case SVYI_LE: return order <= 0;
    case SVYI_GT: return order > 0;
    default:      return order >= 0;
    }
}

static int order_of(double a, double b)
{
    return (a > b) - (a < b);
}

/* Months; when one is unknown, years are compared. */
static int order_of_months(double a, double b)
{
    if (floor(a) != a || floor(b) != b)
        return order_of(floor(a / 12), floor(b / 12));
    return order_of(a, b);
}

static int order_of_texts(const svy_value *a, const svy_value *b)
{
    uint32_t n = a->len < b->len ? a->len : b->len;
    int order = n > 0 ? memcmp(a->text, b->text, n) : 0;
    return order != 0 ? order : order_of(a->len, b->len);
}

int svyi_compare(const svy_value *a, const svy_value *b, unsigned detail)
{
    if (a->missing != SVY_PRESENT || b->missing != SVY_PRESENT)
        return 0;
    switch (detail >> 4) {
    case SVYI_AS_TEXT:
        if ((detail & 15) <= SVYI_NE - SVYI_EQ && a->len != b->len)
            return (detail & 15) != 0;
        return related(order_of_texts(a, b), detail & 15);
    case SVYI_AS_MONTH: return related(order_of_months(a->number, b->number), detail & 15);
    default:            return related(order_of(a->number, b->number), detail & 15);
    }
}

/* ---- Converting ---- */

void svyi_text_of(svyi_run *r, svy_value *v)
{
    char text[40];
    const svy_kind kind = (svy_kind)v->kind;

    if (v->missing != SVY_PRESENT || kind == SVY_K_TEXT || kind == SVY_K_CODE || kind == SVY_K_CODES || kind == SVY_K_PLACE) {
        v->kind = SVY_K_TEXT;
        v->number = 0;
        return;
    }
    size_t len = svy_value_format(v, text, sizeof text);
    char *out = svyi_make(r, len);
    if (out != NULL)
        memcpy(out, text, len);
    svyi_set_text(v, SVY_K_TEXT, out != NULL ? out : "", out != NULL ? len : 0);
}

static void parse_number(svy_value *v)
{
    double x;
    svyi_set_number(v, svyi_number_parse(v->text, v->len, &x) ? x : (double)NAN);
}

static void to_code(svyi_run *r, svy_value *v)
{
    double x = v->number;
    const int number = v->kind == SVY_K_NUMBER;
    svyi_text_of(r, v);
    if (!number && (!svyi_number_parse(v->text, v->len, &x) || !(x - x == 0)))
        x = 0;
    v->kind = SVY_K_CODE;
    v->number = x;
}

static void to_month(svy_value *v)
{
    /* year() and month() know the calendar; their texts are not needed. */
    svy_value month = *v;
    svyi_year(NULL, v, 1);
    svyi_month(NULL, &month, 1);
    svyi_set_number(v, v->missing == SVY_PRESENT && month.missing == SVY_PRESENT ? v->number * 12 + month.number - 1 : (double)NAN);
}

/* The low byte of `how` is a svyi_convert; with SVYI_CV_NONE the next byte is the kind to call the value. */
void svyi_convert_value(svyi_run *r, uint32_t how, svy_value *v)
{
    static const uint8_t KINDS[SVYI_N_CONVERTS] = {
        [SVYI_CV_NUMBER] = SVY_K_NUMBER, [SVYI_CV_PARSE] = SVY_K_NUMBER, [SVYI_CV_TEXT] = SVY_K_TEXT, [SVYI_CV_CODE] = SVY_K_CODE,
        [SVYI_CV_CODES] = SVY_K_CODES, [SVYI_CV_PLACE] = SVY_K_PLACE, [SVYI_CV_DATE] = SVY_K_DATE, [SVYI_CV_MONTH] = SVY_K_MONTH,
        [SVYI_CV_DATETIME] = SVY_K_DATETIME,
    };
    const svyi_convert way = (svyi_convert)(how & 0xff);
    uint8_t kind = way == SVYI_CV_NONE ? (uint8_t)(how >> 8) : KINDS[way];

    if (v->missing != SVY_PRESENT) {
        v->kind = kind;
        return;
    }
    switch (way) {
    case SVYI_CV_NUMBER:   svyi_set_number(v, v->number); break;
    case SVYI_CV_PARSE:    parse_number(v); break;
    case SVYI_CV_TEXT: case SVYI_CV_CODES: case SVYI_CV_PLACE: svyi_text_of(r, v); break;
    case SVYI_CV_CODE:     to_code(r, v); break;
    case SVYI_CV_DATE:     svyi_set_number(v, floor(v->number / 86400)); break;
    case SVYI_CV_DATETIME: svyi_set_number(v, v->number * 86400); break;
    case SVYI_CV_MONTH:    to_month(v); break;
    case SVYI_CV_NONE: case SVYI_N_CONVERTS: break;
    }
    v->kind = kind;
}

/* ---- Aggregates ---- */

void svyi_sum_start(svyi_sum *s, unsigned which, const svy_value *first)
{
    s->sum = s->carry = 0;
    s->count = 0;
    s->extra = which == SVYI_NTH && first->missing == SVY_PRESENT ? first->number : 0;
    s->best = which == SVYI_JOIN ? *first : svy_value_missing(SVY_K_NUMBER, SVY_NOT_ASKED);
    s->text.len = 0;
}

static void add_number(svyi_sum *s, double x)
{
    double t = s->sum + x;                             /* Neumaier's compensated sum */
    s->carry += fabs(s->sum) >= fabs(x) ? (s->sum - t) + x : (x - t) + s->sum;
    s->sum = t;
}

static void add_text(svyi_run *r, svyi_sum *s, unsigned which, svy_value v)
{
    svyi_text_of(r, &v);
    if (which == SVYI_JOIN && s->count > 0)
        svyi_buffer_add(&s->text, s->best.text, s->best.len);
    svyi_buffer_add(&s->text, v.text, v.len);
    if (s->text.failed)
        r->status = SVY_E_NOMEM;
    else if (s->text.len > SVYI_MAX_MADE)
        r->status = SVY_E_LIMIT;
}

void svyi_sum_add(svyi_run *r, svyi_sum *s, unsigned which, const svy_value *v)
{
    if (which == SVYI_NTH) {
        if (++s->count == s->extra)
            s->best = *v;
        return;
    }
    if (v->missing != SVY_PRESENT)
        return;
    switch (which) {
    case SVYI_SUM: case SVYI_MEAN: add_number(s, v->number); break;
    case SVYI_COUNT_NON_EMPTY:
        if (v->len == 0 && (v->kind == SVY_K_TEXT || v->kind == SVY_K_CODE || v->kind == SVY_K_CODES))
            return;
        break;
    case SVYI_MIN:
        if (s->count == 0 || v->number < s->best.number)
            s->best = *v;
        break;
    case SVYI_MAX:
        if (s->count == 0 || v->number > s->best.number)
            s->best = *v;
        break;
    case SVYI_JOIN: case SVYI_CONCAT: add_text(r, s, which, *v); break;
    case SVYI_TRUTHS:
        if (v->number == 0)
            return;
        break;
    default: break;
    }
    s->count++;
}

void svyi_sum_finish(svyi_run *r, svyi_sum *s, unsigned which, svy_value *out)
{
    char *text;
    switch (which) {
    case SVYI_SUM:  svyi_set_number(out, s->sum + s->carry); break;
    case SVYI_MEAN:
        if (s->count == 0)
            svyi_set_missing(out, SVY_K_NUMBER, SVY_NOT_ASKED);
        else
            svyi_set_number(out, (s->sum + s->carry) / s->count);
        break;
    case SVYI_MIN: case SVYI_MAX: case SVYI_NTH: *out = s->best; break;
    case SVYI_JOIN: case SVYI_CONCAT:
        text = svyi_make(r, s->text.len);
        if (text != NULL && s->text.len > 0)
            memcpy(text, s->text.data, s->text.len);
        svyi_set_text(out, SVY_K_TEXT, text != NULL ? text : "", text != NULL ? s->text.len : 0);
        break;
    default: svyi_set_number(out, s->count); break;
    }
}
