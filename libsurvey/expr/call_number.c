/* Functions on numbers. What cannot be computed is missing (not stated). */
#include "expr_priv.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

void svyi_to_number(svyi_run *r, svy_value *v, unsigned n)
{
    (void)n;
    switch ((svy_kind)v->kind) {
    case SVY_K_TEXT: case SVY_K_CODE: case SVY_K_CODES: case SVY_K_PLACE:
        svyi_trim(r, v, 1);
        svyi_convert_value(r, SVYI_CV_PARSE, v);
        return;
    case SVY_K_DATETIME: case SVY_K_TIME:
        svyi_set_number(v, v->number / 86400);
        return;
    case SVY_K_NONE: case SVY_K_BOOLEAN: case SVY_K_NUMBER: case SVY_K_DATE: case SVY_K_MONTH: case SVY_K_ENTRIES:
        break;
    }
    svyi_set_number(v, v->number);
}

void svyi_int(svyi_run *r, svy_value *v, unsigned n)
{
    svyi_to_number(r, v, n);
    if (v->missing == SVY_PRESENT)
        svyi_set_number(v, v->number < 0 ? ceil(v->number) : floor(v->number));
}

/* Rounds the decimal digits that a person sees (the shortest text of the number), half away from zero: 1.005 to 2 places is 1.01. */
static double round_decimal(double x, int places)
{
    char text[40], digits[64];
    size_t len = svyi_number_format(fabs(x), text), n = 0;
    long exponent = 0;         /* of ten, of the last digit */
    size_t i = 0;

    for (int fraction = 0; i < len && text[i] != 'e'; i++)
        if (text[i] == '.')
            fraction = 1;
        else {
            digits[n++] = text[i];
            exponent -= fraction;
        }
    if (i < len) {
        int sign = text[i + 1] == '-' ? -1 : 1;
        long e = 0;
        for (i++; i < len; i++)
            if (text[i] >= '0' && text[i] <= '9')
                e = e * 10 + (text[i] - '0');
        exponent += sign * e;
    }
    long drop = -places - exponent;                    /* digits to take off at the right */
    if (drop <= 0)
        return x;
    int up = drop <= (long)n && digits[n - (size_t)drop] >= '5';
    n = drop < (long)n ? n - (size_t)drop : 0;
    for (size_t k = n; up && k > 0; k--) {
        up = digits[k - 1] == '9';
        digits[k - 1] = up ? '0' : (char)(digits[k - 1] + 1);
    }
    if (up) {
        memmove(digits + 1, digits, n);
        digits[0] = '1';
        n++;
    }
    if (n == 0)
        return 0;
    digits[n++] = 'e';
    digits[n++] = places > 0 ? '-' : '+';
    n += svyi_number_format(fabs((double)places), digits + n);
    double y;
    if (!svyi_number_parse(digits, n, &y))
        return x;
    return x < 0 && y != 0 ? -y : y;
}

/* The same for numbers of ordinary size that are not near a half, by multiplication: no digit can be in doubt then. */
static int round_easily(double x, int places, double *y)
{
    static const double POWERS[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
    if (places < -9 || places > 9)
        return 0;
    const double scale = POWERS[places < 0 ? -places : places], scaled = places < 0 ? fabs(x) / scale : fabs(x) * scale;
    double whole = floor(scaled);
    if (!(scaled < 1e12) || fabs(scaled - whole - 0.5) < 1e-3)
        return 0;
    whole += scaled - whole > 0.5;
    *y = places < 0 ? whole * scale : whole / scale;
    *y = x < 0 && *y != 0 ? -*y : *y;
    return 1;
}

void svyi_round(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    int32_t places = 0;
    if (n > 1 && !svyi_whole(v[1].number, 300, &places)) {
        svyi_set_missing(v, SVY_K_NUMBER, SVY_NOT_STATED);
        return;
    }
    double y;
    svyi_set_number(v, round_easily(v->number, places, &y) ? y : round_decimal(v->number, places));
}

void svyi_floor(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, floor(v->number));
}

void svyi_ceiling(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, ceil(v->number));
}

void svyi_abs(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, fabs(v->number));
}

void svyi_power(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, svyi_pow(v[0].number, v[1].number));
}

void svyi_sqrt(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, v->number < 0 ? (double)NAN : sqrt(v->number));
}

void svyi_exponential(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, svyi_exp(v->number));
}

void svyi_logarithm(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, svyi_ln(v->number));
}

void svyi_log10(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    const double ln10 = 2.302585092994045684, x = v->number;
    double y = svyi_ln(x) / ln10, nearest = floor(y + 0.5);
    double power = 1;
    for (int i = 0; i < 22 && i < nearest; i++)
        power *= 10;                                   /* exact up to 1e22 */
    if (nearest >= 0 && power == x)
        y = nearest;
    svyi_set_number(v, y);
}
