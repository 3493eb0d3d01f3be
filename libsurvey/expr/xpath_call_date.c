/* Functions about dates and times. A date is a text that knows its number of days; clients read and write the same texts, see compat where not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "xpath_priv.h"

#define DAY 86400.0

/* No date; written like one, but there is no such day or time; a date. */
typedef enum found { NO_DATE = 0, WRONG_DATE = -1, DATE = 1 } found;

/* ---- reading -------------------------------------------------------------------------------------------------------------------- */

typedef struct reader { const char *at, *end; } reader;

/* `n` digits; -1 when they are not there. */
static int digits(reader *in, int n)
{
    int value = 0;

    if (in->end - in->at < n)
        return -1;
    for (int i = 0; i < n; i++) {
        if (in->at[i] < '0' || in->at[i] > '9')
            return -1;
        value = value * 10 + (in->at[i] - '0');
    }
    in->at += n;
    return value;
}

static int skip(reader *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return 0;
    in->at++;
    return 1;
}

/* +HH:MM, -HH:MM up to 14 hours, or Z; at the end of the text: local time. 0: something else. */
static int read_offset(reader *in, int32_t local, int32_t *minutes)
{
    *minutes = local;
    if (in->at == in->end)
        return 1;
    if (skip(in, 'Z')) {
        *minutes = 0;
        return in->at == in->end;
    }
    const int minus = skip(in, '-');
    if (!minus && !skip(in, '+'))
        return 0;
    const int hour = digits(in, 2), colon = skip(in, ':'), minute = digits(in, 2);
    *minutes = (minus ? -1 : 1) * (hour * 60 + minute);
    return hour >= 0 && colon && minute >= 0 && minute < 60 && hour <= 14 && in->at == in->end;
}

/* HH, HH:MM, HH:MM:SS, HH:MM:SS.fff; milliseconds count. */
static found read_time(reader *in, double *seconds)
{
    const int hour = digits(in, 2);
    int minute = 0, second = 0;
    double fraction = 0, unit = 1;

    if (hour < 0)
        return NO_DATE;
    if (skip(in, ':')) {
        minute = digits(in, 2);
        if (minute >= 0 && skip(in, ':'))
            second = digits(in, 2);
        if (minute < 0 || second < 0)
            return NO_DATE;
        if (skip(in, '.')) {
            if (in->at == in->end || *in->at < '0' || *in->at > '9')
                return NO_DATE;
            for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++)
                if (unit < 1000)
                    fraction = fraction * 10 + (*in->at - '0'), unit *= 10;
        }
    }
    if (hour > 23 || minute > 59 || second > 60)
        return WRONG_DATE;
    *seconds = hour * 3600 + minute * 60 + (second == 60 ? 59 : second) + fraction / unit;
    return DATE;
}

int svyi_xdate_number(const svyi_xrun *r, const char *text, uint32_t len, double *days)
{
    reader in = { text, text + len };
    const int year = digits(&in, 4);
    double seconds = 0;
    int32_t offset = r->env->zone_minutes;

    *days = (double)NAN;
    if (year < 0 || !skip(&in, '-'))
        return NO_DATE;
    const int month = digits(&in, 2);
    if (month < 0 || !skip(&in, '-'))
        return NO_DATE;
    const int day = digits(&in, 2);
    const int with_time = skip(&in, 'T');
    if (day < 0 || (!with_time && in.at != in.end))
        return NO_DATE;
    const found time = with_time ? read_time(&in, &seconds) : DATE;
    if (time == NO_DATE || (with_time && !read_offset(&in, offset, &offset)))
        return NO_DATE;
    if (time == WRONG_DATE || !svyi_date_valid(year, month, day))
        return WRONG_DATE;
    *days = svyi_days_from_civil(year, month, day);
    if (with_time || r->compat == SVY_COMPAT_WEB)
        *days = (*days * DAY + seconds - offset * 60.0) / DAY;
    return DATE;
}

/* "2026-1-2" with its zeros; 0 when it is not written like that. */
static int pad_date(const char *text, uint32_t len, char out[64])
{
    reader in = { text, text + len };
    int parts[3];

    parts[0] = digits(&in, 4);
    for (int i = 1; i < 3; i++) {
        if (!skip(&in, '-'))
            return 0;
        const reader one = in;
        parts[i] = digits(&in, 2);
        if (parts[i] < 0) {
            in = one;
            parts[i] = digits(&in, 1);
            if (parts[i] < 1)
                return 0;
        }
    }
    if (parts[0] < 0 || (in.at < in.end && *in.at != 'T') || in.end - in.at > 40)
        return 0;
    snprintf(out, 64, "%04d-%02d-%02d%.*s", parts[0] % 10000, parts[1] % 100, parts[2] % 100, (int)(in.end - in.at), in.at);
    return 1;
}

/* What an argument says. */
typedef struct moment { double days; int is_number, is_dated, is_boolean, is_blank; } moment;

/* The next argument as a moment; `loose`: days and months may lack a zero. 1 when there is one; NaN days: it is no date. */
static int take(svyi_xcall *call, int loose, moment *m)
{
    svyi_xrun *r = call->run;
    svyi_xvalue value;
    const char *text;
    char padded[64];
    uint32_t len;

    *m = (moment){ .days = (double)NAN };
    if (!svyi_xarg(call, &value))
        return 0;
    m->is_boolean = value.type == SVY_X_BOOLEAN;
    m->is_dated = value.type == SVY_X_TEXT && value.dated;
    m->is_number = value.type == SVY_X_NUMBER || m->is_dated;
    if (m->is_number) {
        m->days = floor(value.number * DAY * 1000 + 0.5) / (DAY * 1000);
        return 1;
    }
    svyi_xtext(r, &value, &text, &len);
    m->is_blank = len == 0;
    if (!m->is_boolean) {
        int known = svyi_xdate_number(r, text, len, &m->days);
        if (known == NO_DATE && loose && pad_date(text, len, padded))
            known = svyi_xdate_number(r, padded, (uint32_t)strlen(padded), &m->days);
        if (known == WRONG_DATE)
            svyi_xfail(r, "There is no date \"%.*s\".", len > 40 ? 40 : (int)len, text);
    }
    if (value.type == SVY_X_NODES)
        svyi_xdrop(r, &value);
    return 1;
}

/* ---- writing -------------------------------------------------------------------------------------------------------------------- */

/* A moment in local time. */
typedef struct wall { int year, month, day, hour, minute, second, millisecond, weekday /* from 0, Sunday */; int32_t days; } wall;

static int local(const svyi_xrun *r, double days, int date_only, wall *c)
{
    /* In strict and Collect a date is a whole number and has no time zone. */
    const double shift = date_only && r->compat != SVY_COMPAT_WEB ? 0 : r->env->zone_minutes * 60000.0;
    const double ms = floor(days * DAY * 1000 + 0.5) + shift, day = floor(ms / (DAY * 1000));

    if (!(day >= -719162 && day <= 2932896))
        return 0;
    const int32_t rest = (int32_t)(ms - day * DAY * 1000);
    c->days = (int32_t)day;
    svyi_civil_from_days(c->days, &c->year, &c->month, &c->day);
    c->hour = rest / 3600000;
    c->minute = rest / 60000 % 60;
    c->second = rest / 1000 % 60;
    c->millisecond = rest % 1000;
    c->weekday = ((int)(c->days % 7) + 11) % 7;    /* 1970-01-01 was a Thursday */
    return 1;
}

static int is_midnight(const wall *c) { return c->hour == 0 && c->minute == 0 && c->second == 0 && c->millisecond == 0; }

/* A date-time, or a date when `day_only`. */
static void give(svyi_xrun *r, svyi_xvalue *out, double days, int day_only)
{
    const int32_t zone = r->env->zone_minutes, away = zone < 0 ? -zone : zone;
    char text[64];
    wall c;

    if (!local(r, days, day_only, &c)) {
        svyi_xset_text(out, r->compat == SVY_COMPAT_WEB ? "Invalid Date" : "", r->compat == SVY_COMPAT_WEB ? 12 : 0);
        days = (double)NAN;
    } else {
        int n = snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);
        if (!day_only && !(r->compat == SVY_COMPAT_WEB && is_midnight(&c)))
            n += snprintf(text + n, sizeof text - (size_t)n, "T%02d:%02d:%02d.%03d%c%02d:%02d", c.hour, c.minute, c.second, c.millisecond, zone < 0 ? '-' : '+',
                          (int)(away / 60 % 100), (int)(away % 60));
        svyi_xset_copy(r, out, text, (size_t)n);
    }
    out->dated = 1;
    out->number = days;
}

void svyi_xf_now(svyi_xcall *call, svyi_xvalue *out)
{
    const svy_xpath_env *env = call->run->env;

    give(call->run, out, (env->now - env->zone_minutes * 60.0) / DAY, 0);
}

void svyi_xf_today(svyi_xcall *call, svyi_xvalue *out)
{
    const svy_xpath_env *env = call->run->env;
    const double day = floor(env->now / DAY);

    give(call->run, out, call->run->compat == SVY_COMPAT_WEB ? (day * DAY - env->zone_minutes * 60.0) / DAY : day, call->run->compat != SVY_COMPAT_WEB);
}

/* date(), date-time() */
void svyi_xf_date(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const int day_only = svyi_xfunction_of(call)->detail == 0;
    moment m;

    if (!take(call, 1, &m) || m.is_blank || m.is_boolean) {
        svyi_xset_text(out, "", 0);
        return;
    }
    if (isnan(m.days) && r->compat == SVY_COMPAT_COLLECT)
        svyi_xfail(r, "date() needs a date as 2026-11-22, or a number of days.");
    if (day_only && r->compat != SVY_COMPAT_WEB)
        m.days = floor(m.days);
    give(r, out, m.days, day_only && r->compat != SVY_COMPAT_WEB);
}

void svyi_xf_decimal_date_time(svyi_xcall *call, svyi_xvalue *out)
{
    moment m;

    (void)take(call, call->run->compat != SVY_COMPAT_WEB, &m);
    if (m.is_boolean && call->run->compat == SVY_COMPAT_WEB)
        svyi_xfail(call->run, "decimal-date-time() needs a date, not true or false.");
    svyi_xset_number(out, m.days);
}

/* A time as part of the local day. */
void svyi_xf_decimal_time(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const char *text;
    double seconds = 0;
    uint32_t len;
    int32_t offset = r->env->zone_minutes;

    svyi_xarg_text(call, &text, &len);
    reader in = { text, text + len };
    const int plain = len >= 5 && !(r->compat == SVY_COMPAT_WEB && text[len - 1] == 'Z');
    if (!plain || read_time(&in, &seconds) != DATE || !read_offset(&in, offset, &offset)) {
        svyi_xset_number(out, (double)NAN);
        return;
    }
    const double at = seconds + (r->env->zone_minutes - offset) * 60.0;
    svyi_xset_number(out, (at - floor(at / DAY) * DAY) / DAY);
}

/* ---- format-date(), format-date-time() -------------------------------------------------------------------------------------------- */

/* Week of the year as ISO 8601 counts it. */
static int week(const wall *c)
{
    const int32_t thursday = c->days - (c->weekday + 6) % 7 + 3;
    int year, month, day;

    svyi_civil_from_days(thursday, &year, &month, &day);
    return (int)(thursday - svyi_days_from_civil(year, 1, 1)) / 7 + 1;
}

/* One %x; 0 when it is none. */
static int format_part(const svyi_xrun *r, char letter, const wall *c, char out[16])
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec", days[] = "SunMonTueWedThuFriSat";

    switch (letter) {
    case 'Y': snprintf(out, 16, "%04d", c->year); return 1;
    case 'y': snprintf(out, 16, "%02d", c->year % 100); return 1;
    case 'm': snprintf(out, 16, "%02d", c->month); return 1;
    case 'n': snprintf(out, 16, "%d", c->month); return 1;
    case 'b': snprintf(out, 16, "%.3s", months + (c->month - 1) * 3); return 1;
    case 'd': snprintf(out, 16, "%02d", c->day); return 1;
    case 'e': snprintf(out, 16, "%d", c->day); return 1;
    case 'H': snprintf(out, 16, "%02d", c->hour); return 1;
    case 'h': snprintf(out, 16, "%d", c->hour); return 1;
    case 'M': snprintf(out, 16, "%02d", c->minute); return 1;
    case 'S': snprintf(out, 16, "%02d", c->second); return 1;
    case '3': snprintf(out, 16, "%03d", c->millisecond); return 1;
    case 'a':    /* ODK Web Forms writes nothing for Sundays */
        snprintf(out, 16, "%.3s", r->compat == SVY_COMPAT_WEB && c->weekday == 0 ? "" : days + c->weekday * 3);
        return 1;
    case 'W':
        snprintf(out, 16, "%d", week(c));
        return r->compat == SVY_COMPAT_COLLECT;
    case '%':
        snprintf(out, 16, "%%");
        return r->compat != SVY_COMPAT_WEB;
    default:
        return 0;
    }
}

static void format(svyi_xrun *r, svyi_xvalue *out, const wall *c, const char *pattern, uint32_t len)
{
    char text[1024], part[16];
    size_t n = 0;

    for (uint32_t i = 0; i < len; i++) {
        if (n + sizeof part >= sizeof text) {
            svyi_xfail(r, "A date's format is longer than 1,000 characters.");
            break;
        }
        if (pattern[i] != '%') {
            text[n++] = pattern[i];
        } else if (i + 1 < len && format_part(r, pattern[i + 1], c, part)) {
            memcpy(text + n, part, strlen(part));
            n += strlen(part);
            i++;
        } else if (r->compat == SVY_COMPAT_WEB) {
            text[n++] = '%';
        } else {
            svyi_xfail(r, "A date's format has no %%%.*s; there are %%Y %%y %%m %%n %%b %%d %%e %%a %%H %%h %%M %%S %%3.", i + 1 < len, pattern + i + 1);
            break;
        }
    }
    svyi_xset_copy(r, out, text, n);
}

void svyi_xf_format_date(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const char *pattern;
    uint32_t len;
    wall c;
    moment m;

    (void)take(call, r->compat != SVY_COMPAT_WEB, &m);
    svyi_xarg_text(call, &pattern, &len);
    if (isnan(m.days) || (m.is_number && !m.is_dated && r->compat == SVY_COMPAT_WEB) || !local(r, m.days, m.days == floor(m.days), &c))
        svyi_xset_text(out, "", 0);
    else
        format(r, out, &c, pattern, len);
}
