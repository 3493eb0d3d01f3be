/* The calendar day by day, and ISO 8601 texts in and out. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/date.h"

/* As doubles: the macros of math.h are floats. */
#define INF ((double)INFINITY)
#define NONE ((double)NAN)

/* Walks the calendar by its definition, one day at a time, beside the formulas. */
Test(date, every_day_of_1600_to_2400)
{
    static const int LENGTH[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int32_t days = -135140;       /* 1600-01-01: 370 years with 90 leap days before 1970 */
    int y, m, d;

    for (int year = 1600; year <= 2400; year++)
        for (int month = 1; month <= 12; month++) {
            const int leap = month == 2 && (year % 400 == 0 || (year % 4 == 0 && year % 100 != 0));
            const int last = LENGTH[month - 1] + leap;
            cr_assert(!svyi_date_valid(year, month, 0) && !svyi_date_valid(year, month, last + 1));
            for (int day = 1; day <= last; day++, days++) {
                cr_assert(svyi_date_valid(year, month, day));
                cr_assert_eq(svyi_days_from_civil(year, month, day), days, "%d-%d-%d", year, month, day);
                svyi_civil_from_days(days, &y, &m, &d);
                cr_assert(y == year && m == month && d == day, "%d: %d-%d-%d", days, y, m, d);
            }
        }
    cr_expect_eq(svyi_days_from_civil(1970, 1, 1), 0);
}

Test(date, far_days_convert_back)
{
    for (int64_t n = INT32_MIN; n <= INT32_MAX; n += 65521) {
        int y, m, d;
        svyi_civil_from_days((int32_t)n, &y, &m, &d);
        cr_assert(m >= 1 && m <= 12 && d >= 1 && d <= 31);
        cr_assert_eq(svyi_days_from_civil(y, m, d), n);
    }
    cr_expect_eq(svyi_days_from_civil(INT32_MAX, 12, 31), INT32_MAX);
    cr_expect_eq(svyi_days_from_civil(INT32_MIN, 1, 1), INT32_MIN);
}

typedef int parse_fn(const char *text, size_t len, double *value);
typedef size_t format_fn(double value, char *out);

/* A text of each kind: NONE means refused; `back` is how it is written again. */
static const struct { parse_fn *parse; format_fn *format; const char *text; double value; const char *back; } CASES[] = {
    { svyi_date_parse, svyi_date_format, "1970-01-01", 0, "1970-01-01" },
    { svyi_date_parse, svyi_date_format, "2024-02-29", 19782, "2024-02-29" },
    { svyi_date_parse, svyi_date_format, "1969-12-31", -1, "1969-12-31" },
    { svyi_date_parse, svyi_date_format, "0001-01-01", -719162, "0001-01-01" },
    { svyi_date_parse, svyi_date_format, "9999-12-31", 2932896, "9999-12-31" },
    { svyi_date_parse, NULL, "2023-02-29", NONE, NULL },
    { svyi_date_parse, NULL, "0000-01-01", NONE, NULL },
    { svyi_date_parse, NULL, "2024-13-01", NONE, NULL },
    { svyi_date_parse, NULL, "2024-1-01", NONE, NULL },
    { svyi_date_parse, NULL, "2024-01-01 ", NONE, NULL },
    { svyi_date_parse, NULL, "2024-01-0", NONE, NULL },
    { svyi_date_parse, NULL, "20240101", NONE, NULL },
    { svyi_date_parse, NULL, "-024-01-01", NONE, NULL },
    { svyi_date_parse, NULL, "", NONE, NULL },
    { svyi_month_parse, svyi_month_format, "2024-01", 24288, "2024-01" },
    { svyi_month_parse, svyi_month_format, "2024-12", 24299, "2024-12" },
    { svyi_month_parse, svyi_month_format, "2024", 24288.5, "2024" },
    { svyi_month_parse, svyi_month_format, "0001-01", 12, "0001-01" },
    { svyi_month_parse, svyi_month_format, "9999-12", 119999, "9999-12" },
    { svyi_month_parse, NULL, "2024-00", NONE, NULL },
    { svyi_month_parse, NULL, "2024-13", NONE, NULL },
    { svyi_month_parse, NULL, "2024-", NONE, NULL },
    { svyi_month_parse, NULL, "0000", NONE, NULL },
    { svyi_month_parse, NULL, "", NONE, NULL },
    { svyi_time_parse, svyi_time_format, "00:00", 0, "00:00:00" },
    { svyi_time_parse, svyi_time_format, "23:59:59", 86399, "23:59:59" },
    { svyi_time_parse, svyi_time_format, "09:05", 32700, "09:05:00" },
    { svyi_time_parse, NULL, "24:00", NONE, NULL },
    { svyi_time_parse, NULL, "12:60", NONE, NULL },
    { svyi_time_parse, NULL, "12:00:60", NONE, NULL },
    { svyi_time_parse, NULL, "9:05", NONE, NULL },
    { svyi_time_parse, NULL, "09:05:", NONE, NULL },
    { svyi_datetime_parse, svyi_datetime_format, "1970-01-01T00:00", 0, "1970-01-01T00:00:00" },
    { svyi_datetime_parse, svyi_datetime_format, "2001-09-09 01:46:40", 1e9, "2001-09-09T01:46:40" },
    { svyi_datetime_parse, svyi_datetime_format, "2001-09-09T01:46:40Z", 1e9, "2001-09-09T01:46:40" },
    { svyi_datetime_parse, svyi_datetime_format, "2001-09-09T04:46:40+03:00", 1e9, "2001-09-09T01:46:40" },
    { svyi_datetime_parse, svyi_datetime_format, "2001-09-08T22:16:40-03:30", 1e9, "2001-09-09T01:46:40" },
    { svyi_datetime_parse, svyi_datetime_format, "1969-12-31T23:59:59", -1, "1969-12-31T23:59:59" },
    { svyi_datetime_parse, NULL, "2001-09-09", NONE, NULL },
    { svyi_datetime_parse, NULL, "2001-09-09T", NONE, NULL },
    { svyi_datetime_parse, NULL, "2001-09-09T01:46+0300", NONE, NULL },
    { svyi_datetime_parse, NULL, "2001-09-09T01:46+15:00", NONE, NULL },
    { svyi_datetime_parse, NULL, "2001-09-09T01:46Zx", NONE, NULL },
};

Test(date, texts)
{
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        double value = 77;
        char back[32];
        const int good = CASES[i].parse(CASES[i].text, strlen(CASES[i].text), &value);
        cr_expect_eq(good, !isnan(CASES[i].value), "%s", CASES[i].text);
        cr_expect_eq(value, good ? CASES[i].value : 0, "%s: %g", CASES[i].text, value);
        if (!good)
            continue;
        cr_expect_eq(CASES[i].format(value, back), strlen(CASES[i].back), "%s", CASES[i].text);
        cr_expect_str_eq(back, CASES[i].back);
    }
}

Test(date, length_counts_not_the_nul)
{
    double days;

    cr_expect(svyi_date_parse("2024-02-29T10:00", 10, &days));
    cr_expect_eq(days, 19782);
    cr_expect(!svyi_date_parse("2024-02-29", 9, &days));
    cr_expect(!svyi_date_parse(NULL, 0, &days));
}

Test(date, values_without_a_text)
{
    static const double OUT[] = { -719163, 2932897, 1e18, -1e300, INF, -INF, NONE };
    char text[32];

    for (size_t i = 0; i < sizeof OUT / sizeof OUT[0]; i++) {
        cr_expect_eq(svyi_date_format(OUT[i], text), 0);
        cr_expect_str_eq(text, "");
        cr_expect_eq(svyi_datetime_format(OUT[i] * 86400, text), 0);
        cr_expect_str_eq(text, "");
        cr_expect_eq(svyi_month_format(OUT[i], text), 0);
        cr_expect_eq(svyi_time_format(OUT[i], text), 0);
    }
    cr_expect_eq(svyi_time_format(86400, text), 0);
    cr_expect_eq(svyi_month_format(11.5, text), 0);
    svyi_date_format(-0.5, text);
    cr_expect_str_eq(text, "1969-12-31", "a day lasts until the next begins");
    svyi_datetime_format(-0.5, text);
    cr_expect_str_eq(text, "1969-12-31T23:59:59");
}
