/* XPath functions of numbers. */
#include "xpath_priv.h"

#include <math.h>

#include "base/number.h"
#include "base/trig.h"

static const double NONE = (double)NAN;

/* As measured: in Web Forms the text of a moment's number is without its part of the day. */
static void number_of(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const char *text;
    uint32_t len;
    double days;
    svyi_xvalue v;

    svyi_xarg(call, &v);
    svyi_xset_number(out, svyi_xnumber(r, &v));
    if (r->compat == SVY_COMPAT_WEB && (v.type == SVY_X_TEXT || v.type == SVY_X_NODES) && !v.dated) {
        svyi_xtext(r, &v, &text, &len);
        const int date = len >= 10 ? svyi_xdate_number(r, text, len, &days) : 0;
        if (date < 0)
            svyi_xfail(r, "there is no such date: '%.*s'", svyi_shown(text, len), text);
        if (date > 0 && days != floor(days)) {
            char made[352];
            svyi_xset_copy(r, out, made, svyi_xnumber_format(r->compat, floor(days), made));
            out->dated = 1;
            out->number = days;
        }
    }
    svyi_xdrop(r, &v);
}

void svyi_xf_number(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;
    if (call->n > 0) {
        number_of(call, out);
        return;
    }
    svyi_xarg_or_context(call, &text, &len);
    svyi_xset_number(out, svyi_xtext_number(call->run, text, len));
}

void svyi_xf_int(svyi_xcall *call, svyi_xvalue *out)
{
    const double x = svyi_xarg_number(call);
    svyi_xset_number(out, x > 0 ? floor(x) : ceil(x));
}

void svyi_xf_floor(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xset_number(out, floor(svyi_xarg_number(call)));
}

void svyi_xf_ceiling(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xset_number(out, ceil(svyi_xarg_number(call)));
}

/* Halves go up. */
static double rounded(double x)
{
    const double down = floor(x);
    return x - down >= 0.5 ? down + 1 : down;
}

/* 10 to a whole power that is no larger than a double holds. */
static double ten_to(double n)
{
    return svyi_pow(10, n);
}

/* Rounds the number as it is written, halves away from zero when `away`, else up. */
static double round_decimal(double x, double places, int away)
{
    char text[40];
    const size_t len = svyi_number_format(fabs(x), text);
    double scaled;
    /* x * 10^places, from its text: the exponent is moved, so nothing is lost */
    size_t end = 0, n;
    int exponent = 0;
    char moved[64];
    while (end < len && text[end] != 'e')
        end++;
    if (end < len) {
        const int negative = text[end + 1] == '-';
        for (size_t i = end + 1 + (size_t)(text[end + 1] == '-' || text[end + 1] == '+'); i < len; i++)
            exponent = exponent * 10 + (text[i] - '0');
        exponent = negative ? -exponent : exponent;
    }
    exponent += (int)places;
    for (n = 0; n < end; n++)
        moved[n] = text[n];
    moved[n++] = 'e';
    if (exponent < 0)
        moved[n++] = '-';
    exponent = exponent < 0 ? -exponent : exponent;
    for (int divisor = 1000; divisor >= 1; divisor /= 10)
        moved[n++] = (char)('0' + exponent / divisor % 10);
    if (!svyi_number_parse(moved, n, &scaled))
        return x;
    const double half = x < 0 && !away ? -rounded(-scaled) : (x < 0 ? -rounded(scaled) : rounded(scaled));
    return places >= 0 ? half / ten_to(places) : half * ten_to(-places);
}

void svyi_xf_round(svyi_xcall *call, svyi_xvalue *out)
{
    enum { MOST = 400 };
    const svy_compat compat = call->run->compat;
    const double x = svyi_xarg_number(call);
    double places = call->n > 1 ? svyi_xarg_number(call) : 0;

    if (isnan(x) || isinf(x) || isnan(places)) {
        svyi_xset_number(out, isnan(places) ? NONE : x);
        return;
    }
    if (compat == SVY_COMPAT_WEB) {                    /* halves away from zero, in binary arithmetic */
        const double by = ten_to(places), size = rounded(fabs(x) * by) / by;
        svyi_xset_number(out, x < 0 ? -size : size);
        return;
    }
    places = places < 0 ? -floor(-places) : floor(places);
    if (places == 0)
        svyi_xset_number(out, rounded(x));
    else if (places > MOST || places < -MOST)
        svyi_xset_number(out, places > 0 ? x : 0);
    else
        svyi_xset_number(out, round_decimal(x, places, 1));
}

static double power_of_ten(double x)
{
    return svyi_pow(10, x);
}

static double log10_of(double x)
{
    const double approximate = svyi_ln(x) / 2.302585092994046, nearest = floor(approximate + 0.5);
    if (x > 0 && fabs(approximate - nearest) < 1e-9 && fabs(nearest) < 300 && ten_to(nearest) == x)
        return nearest;                                /* powers of ten are exact */
    return approximate;
}

void svyi_xf_math(svyi_xcall *call, svyi_xvalue *out)
{
    const double x = svyi_xarg_number(call), y = call->n > 1 ? svyi_xarg_number(call) : 0;
    double result = NONE;
    if (isnan(x) || isnan(y)) {
        svyi_xset_number(out, NONE);
        return;
    }
    switch (svyi_xfunction_of(call)->detail) {
    case SVYI_XM_ABS: result = fabs(x); break;
    case SVYI_XM_SQRT: result = sqrt(x); break;
    case SVYI_XM_EXP: result = svyi_exp(x); break;
    case SVYI_XM_EXP10: result = power_of_ten(x); break;
    case SVYI_XM_LOG: result = svyi_ln(x); break;
    case SVYI_XM_LOG10: result = log10_of(x); break;
    case SVYI_XM_SIN: result = svyi_sin(x); break;
    case SVYI_XM_COS: result = svyi_cos(x); break;
    case SVYI_XM_TAN: result = svyi_tan(x); break;
    case SVYI_XM_ASIN: result = svyi_asin(x); break;
    case SVYI_XM_ACOS: result = svyi_acos(x); break;
    case SVYI_XM_ATAN: result = svyi_atan(x); break;
    case SVYI_XM_ATAN2: result = svyi_atan2(x, y); break;
    case SVYI_XM_POW: result = (x == 1 || x == -1) && isinf(y) ? NONE : svyi_pow(x, y); break;     /* as ECMAScript has it */
    default: break;
    }
    svyi_xset_number(out, result);
}

void svyi_xf_pi(svyi_xcall *call, svyi_xvalue *out)
{
    (void)call;
    svyi_xset_number(out, 3.141592653589793);
}

/* ---- Over many values ---- */

typedef enum total { SUM, MOST, LEAST } total;

static void take(total which, double x, uint32_t count, double *result)
{
    if (which == SUM)
        *result += x;
    else if (isnan(x) || isnan(*result))
        *result = NONE;
    else if (count == 0 || (which == MOST ? x > *result : x < *result))
        *result = x;
}

/* Collect leaves out what is no number; elsewhere it makes the result none. Of nothing there is no sum in Web Forms. */
static void over_all(svyi_xcall *call, total which, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    double result = 0;
    uint32_t count = 0;
    svyi_xvalue v;

    while (svyi_xarg(call, &v)) {
        const uint32_t n = v.type == SVY_X_NODES ? v.n : 1;
        for (uint32_t i = 0; i < n && r->base.status == SVY_OK; i++) {
            const svyi_xvalue one = { .type = SVY_X_NODES, .from = v.from + i, .n = 1 };
            const double x = svyi_xnumber(r, v.type == SVY_X_NODES ? &one : &v);
            if (isnan(x) && r->compat == SVY_COMPAT_COLLECT)
                continue;
            take(which, x, count++, &result);
        }
        svyi_xdrop(r, &v);
    }
    if (count == 0)
        result = which == SUM && r->compat != SVY_COMPAT_WEB ? 0 : NONE;
    svyi_xset_number(out, result);
}

void svyi_xf_sum(svyi_xcall *call, svyi_xvalue *out)
{
    over_all(call, SUM, out);
}

void svyi_xf_max(svyi_xcall *call, svyi_xvalue *out)
{
    over_all(call, MOST, out);
}

void svyi_xf_min(svyi_xcall *call, svyi_xvalue *out)
{
    over_all(call, LEAST, out);
}
