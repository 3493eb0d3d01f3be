/* Dates, months and times of day between ISO 8601 text and numbers, in the proleptic Gregorian calendar. */
#include "base/date.h"


enum { DAY = 86400, ERA_DAYS = 146097 /* 400 years */, EPOCH = 719468 /* 0000-03-01 to 1970-01-01 */ };

/* Years are counted from March, so that the leap day is the last day of a year and month lengths follow one line:
   day of year of the 1st of month m (0 = March) is (153 m + 2) / 5. */
int32_t svyi_days_from_civil(int year, int month, int day)
{
    const int64_t y = (int64_t)year - (month <= 2), m = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;
    const int64_t era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
    const int64_t day_of_year = (153 * m + 2) / 5 + day - 1;
    const int64_t days = era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + day_of_year - EPOCH;

    return days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : (int32_t)days;
}

void svyi_civil_from_days(int32_t days, int *year, int *month, int *day)
{
    const int64_t z = (int64_t)days + EPOCH, era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
    const int32_t in_era = (int32_t)(z - era * ERA_DAYS);
    const int32_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;   /* take off the leap days */
    const int32_t day_of_year = in_era - (365 * y + y / 4 - y / 100), m = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = (int)(era * 400 + y + (m >= 10));
}

int svyi_date_valid(int year, int month, int day)
{
    static const int LENGTH[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return 0;
    const int leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= LENGTH[month - 1] + leap;
}

/* A text being read from the left; `bad` sticks. */
typedef struct reader { const char *at, *end; int bad; } reader;

static reader read_text(const char *text, size_t len)
{
    return len > 0 ? (reader){ .at = text, .end = text + len } : (reader){ .at = "", .end = "", .bad = 1 };
}

/* Steps over one of the characters of `set`; returns it, or 0 without moving. */
static char take_any(reader *r, const char *set)
{
    for (; *set != '\0'; set++)
        if (r->at < r->end && *r->at == *set)
            return *r->at++;
    return '\0';
}

static void take(reader *r, const char *set)
{
    if (take_any(r, set) == '\0')
        r->bad = 1;
}

static int take_digits(reader *r, int count)
{
    int value = 0;

    for (; count > 0; count--, r->at++) {
        if (r->at == r->end || *r->at < '0' || *r->at > '9') {
            r->bad = 1;
            return 0;
        }
        value = value * 10 + (*r->at - '0');
    }
    return value;
}

static double take_date(reader *r)
{
    const int year = take_digits(r, 4);
    take(r, "-");
    const int month = take_digits(r, 2);
    take(r, "-");
    const int day = take_digits(r, 2);

    if (r->bad || !svyi_date_valid(year, month, day)) {
        r->bad = 1;
        return 0;
    }
    return svyi_days_from_civil(year, month, day);
}

static double take_time(reader *r)
{
    const int hour = take_digits(r, 2);
    take(r, ":");
    const int minute = take_digits(r, 2);
    const int second = take_any(r, ":") ? take_digits(r, 2) : 0;

    if (hour > 23 || minute > 59 || second > 59)
        r->bad = 1;
    return hour * 3600 + minute * 60 + second;
}

/* Seconds that local time is ahead of UTC; 0 when the text says nothing. */
static double take_zone(reader *r)
{
    if (take_any(r, "Z"))
        return 0;
    const char sign = take_any(r, "+-");
    if (sign == '\0')
        return 0;
    const int hour = take_digits(r, 2);
    take(r, ":");
    const int minute = take_digits(r, 2);
    if (hour > 14 || minute > 59)
        r->bad = 1;
    return (sign == '-' ? -60 : 60) * (hour * 60 + minute);
}

/* Stores the value if the whole text was read. */
static int finish(const reader *r, double value, double *out)
{
    const int good = !r->bad && r->at == r->end;

    *out = good ? value : 0;
    return good;
}

int svyi_date_parse(const char *text, size_t len, double *days)
{
    reader r = read_text(text, len);
    const double value = take_date(&r);

    return finish(&r, value, days);
}

int svyi_month_parse(const char *text, size_t len, double *month)
{
    reader r = read_text(text, len);
    const int year = take_digits(&r, 4), known = take_any(&r, "-") != '\0';
    const int number = known ? take_digits(&r, 2) : 1;

    if (year < 1 || number < 1 || number > 12)
        r.bad = 1;
    return finish(&r, year * 12 + (number - 1) + (known ? 0 : 0.5), month);
}

int svyi_time_parse(const char *text, size_t len, double *seconds)
{
    reader r = read_text(text, len);
    const double value = take_time(&r);

    return finish(&r, value, seconds);
}

int svyi_datetime_parse(const char *text, size_t len, double *seconds)
{
    reader r = read_text(text, len);
    const double days = take_date(&r);
    take(&r, "T ");
    const double time = take_time(&r);
    const double ahead = take_zone(&r);

    return finish(&r, days * DAY + time - ahead, seconds);
}

/* Whether a day number lies in the years 1..9999, so that it fits an int32_t and four digits. */
static int day_in_range(double days)
{
    return days >= svyi_days_from_civil(1, 1, 1) && days < svyi_days_from_civil(10000, 1, 1);
}

/* The digits of a number, from the left with zeros. Not by printf: thousands of dates are written for each upload. */
static char *digits(char *at, unsigned number, unsigned n)
{
    for (unsigned i = n; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + n;
}

/* Two digits behind a sign. */
static char *next_two(char *at, char sign, unsigned number)
{
    *at = sign;
    return digits(at + 1, number, 2);
}

static size_t written(char *out, const char *end)
{
    out[end - out] = '\0';
    return (size_t)(end - out);
}

/* The largest whole number not above `x`, which is known to be within the range of years. */
static int64_t whole(double x)
{
    const int64_t n = (int64_t)x;

    return (double)n > x ? n - 1 : n;
}

size_t svyi_date_format(double days, char *out)
{
    int year, month, day;

    if (!day_in_range(days))
        return written(out, out);
    svyi_civil_from_days((int32_t)whole(days), &year, &month, &day);
    return written(out, next_two(next_two(digits(out, (unsigned)year, 4), '-', (unsigned)month), '-', (unsigned)day));
}

size_t svyi_month_format(double month, char *out)
{
    if (!(month >= 12 && month < 120000))
        return written(out, out);
    const unsigned number = (unsigned)whole(month);
    char *at = digits(out, number / 12, 4);
    return written(out, month > number ? at : next_two(at, '-', number % 12 + 1));
}

size_t svyi_time_format(double seconds, char *out)
{
    if (!(seconds >= 0 && seconds < DAY))
        return written(out, out);
    const unsigned s = (unsigned)seconds;
    return written(out, next_two(next_two(digits(out, s / 3600, 2), ':', s / 60 % 60), ':', s % 60));
}

size_t svyi_datetime_format(double seconds, char *out)
{
    if (!(seconds >= -1e12 && seconds <= 1e12))
        return written(out, out);
    const int64_t total = whole(seconds), days = whole((double)total / DAY);
    const size_t length = svyi_date_format((double)days, out);
    if (length == 0)
        return 0;
    out[length] = 'T';
    return length + 1 + svyi_time_format((double)(total - days * DAY), out + length + 1);
}
