/* Functions on dates and times. */
#include "expr_priv.h"

#include <math.h>
#include <string.h>

#include "base/date.h"

enum { DAY = 86400 };

/* What a date, datetime, month or time consists of; month 0: unknown. */
typedef struct parts { int year, month, day, hour, minute, second; } parts;

static int split_days(double days, parts *p)
{
    int32_t whole;
    if (!svyi_whole(floor(days), 3652058, &whole))     /* about ten thousand years each way */
        return 0;
    svyi_civil_from_days(whole, &p->year, &p->month, &p->day);
    return 1;
}

static int split(const svy_value *v, parts *p)
{
    int32_t second = 0;
    double time = v->number;

    *p = (parts){ 0 };
    if (v->kind == SVY_K_MONTH) {
        int32_t months;
        if (!svyi_whole(floor(v->number), 12 * 10000, &months) || months < 0)
            return 0;
        p->year = months / 12;
        p->month = v->number > months ? 0 : months % 12 + 1;
        return 1;
    }
    if (v->kind == SVY_K_DATE)
        return split_days(v->number, p);
    if (v->kind == SVY_K_DATETIME) {
        if (!split_days(time / DAY, p))
            return 0;
        time -= floor(time / DAY) * DAY;
    }
    if (!svyi_whole(floor(time), DAY, &second) || second < 0)
        return 0;
    p->hour = second / 3600;
    p->minute = second / 60 % 60;
    p->second = second % 60;
    return 1;
}

static void set_part(svy_value *v, int known, int value)
{
    if (known)
        svyi_set_number(v, value);
    else
        svyi_set_missing(v, SVY_K_NUMBER, SVY_NOT_STATED);
}

void svyi_year(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    parts p;
    int known = split(v, &p);
    set_part(v, known, p.year);
}

void svyi_month(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    parts p;
    int known = split(v, &p);
    set_part(v, known && p.month > 0, p.month);
}

void svyi_day(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    parts p;
    int known = split(v, &p);
    set_part(v, known && p.day > 0, p.day);
}

void svyi_hour(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    parts p;
    int known = split(v, &p);
    set_part(v, known, p.hour);
}

void svyi_minute(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    parts p;
    int known = split(v, &p);
    set_part(v, known, p.minute);
}

static double days_of(const svy_value *v, unsigned n)
{
    double number = (double)NAN;
    int32_t year, month, day;

    if (n == 3)
        return svyi_whole(v[0].number, 9999, &year) && svyi_whole(v[1].number, 12, &month) && svyi_whole(v[2].number, 31, &day) &&
               svyi_date_valid(year, month, day) ? (double)svyi_days_from_civil(year, month, day) : (double)NAN;
    if (v->kind == SVY_K_DATE)
        return v->number;
    if (v->kind == SVY_K_DATETIME)
        return floor(v->number / DAY);
    if (v->kind == SVY_K_NUMBER)
        return floor(v->number);
    if (svyi_date_parse(v->text, v->len, &number))
        return number;
    return svyi_datetime_parse(v->text, v->len, &number) ? floor(number / DAY) : (double)NAN;
}

void svyi_date(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    parts p;
    double days = days_of(v, n);
    if (days - days == 0 && split_days(days, &p) && p.year >= 1 && p.year <= 9999)
        *v = (svy_value){ .kind = SVY_K_DATE, .number = days, .text = "" };
    else
        svyi_set_missing(v, SVY_K_DATE, SVY_NOT_STATED);
}

/* ---- Differences ---- */

enum { UNIT_DAYS, UNIT_WEEKS, UNIT_MONTHS, UNIT_YEARS, N_UNITS };
static const char *const UNITS[N_UNITS] = { "days", "weeks", "months", "years" };

static int unit_of(const char *text, size_t len)
{
    for (int i = 0; i < N_UNITS; i++)
        if (strlen(UNITS[i]) == len && memcmp(UNITS[i], text, len) == 0)
            return i;
    return -1;
}

const char *svyi_unit_problem(const char *text, size_t len)
{
    return unit_of(text, len) < 0 ? "'days', 'weeks', 'months' or 'years' was expected" : NULL;
}

static int in_order(const parts *a, const parts *b)
{
    return a->month != b->month ? a->month < b->month : a->day <= b->day;
}

/* Whole months from a to b, a not after b. Years count by month and day; with unknown months by the year alone. */
static double months_between(const parts *a, const parts *b, int unit)
{
    int known = a->month > 0 && b->month > 0;
    int months = (b->year - a->year) * 12 + b->month - a->month;
    if (unit == UNIT_YEARS)
        return b->year - a->year - (known && !in_order(a, b));
    return known ? (double)months - (a->day > b->day && a->day > 0 && b->day > 0) : (double)NAN;
}

static double later(const svy_value *v, const parts *p)
{
    return v->kind == SVY_K_MONTH ? p->year * 12.0 * 31 + (p->month > 0 ? p->month - 1 : 0) * 31.0 + p->day
                                  : p->year * 12.0 * 31 + (p->month - 1) * 31.0 + p->day;
}

void svyi_date_diff(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    parts a, b;
    double result = (double)NAN;
    int unit = n > 2 ? unit_of(v[2].text, v[2].len) : UNIT_DAYS;

    if (split(&v[0], &a) && split(&v[1], &b)) {
        if (v[0].kind == SVY_K_MONTH || v[1].kind == SVY_K_MONTH)
            a.day = b.day = 0;
        if (unit == UNIT_DAYS || unit == UNIT_WEEKS) {
            if (a.day > 0 && b.day > 0) {
                double days = svyi_days_from_civil(b.year, b.month, b.day) - svyi_days_from_civil(a.year, a.month, a.day);
                double whole = unit == UNIT_DAYS ? days : floor(fabs(days) / 7);
                result = unit == UNIT_WEEKS && days < 0 ? -whole : whole;
            }
        } else if (unit >= 0) {
            result = later(&v[0], &a) <= later(&v[1], &b) ? months_between(&a, &b, unit) : -months_between(&b, &a, unit);
        }
    }
    svyi_set_number(v, result == 0 ? 0 : result);
}

/* ---- Patterns ---- */

static const char TOKENS[] = "YymndeHhMSab%3";

const char *svyi_date_pattern_problem(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '%' && (++i == len || strchr(TOKENS, text[i]) == NULL))
            return "after % one of Y y m n b d e a H h M S 3 was expected";
    return NULL;
}

/* Writes what a token stands for; returns the length, 0 when that part is unknown. At most 8 bytes. */
static size_t put_number(char *out, int value, int width)
{
    char digits[8];
    size_t n = 0, len = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || (int)n < width);
    while (n > 0)
        out[len++] = digits[--n];
    return len;
}

static size_t put_name(char *out, const char *names, int index)
{
    memcpy(out, names + 3 * index, 3);
    return 3;
}

static size_t put_token(char token, const parts *p, char *out)
{
    switch (token) {
    case 'Y': return put_number(out, p->year, 4);
    case 'y': return put_number(out, p->year % 100, 2);
    case 'm': return p->month ? put_number(out, p->month, 2) : 0;
    case 'n': return p->month ? put_number(out, p->month, 1) : 0;
    case 'b': return p->month ? put_name(out, "JanFebMarAprMayJunJulAugSepOctNovDec", p->month - 1) : 0;
    case 'd': return p->day ? put_number(out, p->day, 2) : 0;
    case 'e': return p->day ? put_number(out, p->day, 1) : 0;
    case 'a': return p->day ? put_name(out, "SunMonTueWedThuFriSat", (int)(((svyi_days_from_civil(p->year, p->month, p->day) % 7) + 11) % 7)) : 0;
    case 'H': return put_number(out, p->hour, 2);
    case 'h': return put_number(out, p->hour, 1);
    case 'M': return put_number(out, p->minute, 2);
    case 'S': return put_number(out, p->second, 2);
    case '3': return put_number(out, 0, 3);            /* our times have no fractions of a second */
    default:  out[0] = '%'; return 1;
    }
}

void svyi_format_date(svyi_run *r, svy_value *v, unsigned n)
{
    (void)n;
    parts p;
    const svy_value pattern = v[1];
    char *out = svyi_make(r, (size_t)pattern.len * 4 + 8);
    size_t len = 0;

    if (out == NULL || !split(v, &p) || p.year < 0 || p.year > 9999) {
        svyi_set_missing(v, SVY_K_TEXT, SVY_NOT_STATED);
        return;
    }
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.text[i] == '%' && i + 1 < pattern.len)
            len += put_token(pattern.text[++i], &p, out + len);
        else
            out[len++] = pattern.text[i];
    svyi_set_text(v, SVY_K_TEXT, out, len);
}
