/* Values to and from their canonical text. */
#include <survey/codebook.h>

#include <math.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

/* 2^53 - 1: a double beyond this may have been rounded from another whole number. */
static const double LARGEST_INTEGER = 9007199254740991.0;

svy_value svy_value_missing(svy_kind kind, svy_missing missing)
{
    return (svy_value){ .kind = (uint8_t)kind, .missing = (uint8_t)missing, .text = "" };
}

static size_t put(const char *text, size_t len, char *out, size_t size)
{
    if (size > 0) {
        size_t n = len < size ? len : size - 1;
        if (n > 0)
            memcpy(out, text, n);
        out[n] = '\0';
    }
    return len;
}

size_t svy_value_format(const svy_value *value, char *out, size_t size)
{
    char text[32];
    size_t len = 0;

    if (value->missing != SVY_PRESENT)
        return put("", 0, out, size);
    switch ((svy_kind)value->kind) {
    case SVY_K_TEXT:
    case SVY_K_CODE:
    case SVY_K_CODES:
    case SVY_K_PLACE:    return put(value->text, value->len, out, size);
    case SVY_K_BOOLEAN:  return value->number != 0 ? put("true", 4, out, size) : put("false", 5, out, size);
    case SVY_K_NUMBER:   len = svyi_number_format(value->number, text); break;
    case SVY_K_DATE:     len = svyi_date_format(value->number, text); break;
    case SVY_K_MONTH:    len = svyi_month_format(value->number, text); break;
    case SVY_K_TIME:     len = svyi_time_format(value->number, text); break;
    case SVY_K_DATETIME: len = svyi_datetime_format(value->number, text); break;
    case SVY_K_NONE:
    case SVY_K_ENTRIES:  break;
    }
    return put(text, len, out, size);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_blank((*text)[*len - 1]))
        (*len)--;
}

static int parse_whole(const char *text, size_t len, double *number)
{
    return svyi_number_parse(text, len, number) && floor(*number) == *number && fabs(*number) <= LARGEST_INTEGER;
}

static int parse_decimal(const char *text, size_t len, double *number)
{
    return svyi_number_parse(text, len, number) && isfinite(*number);
}

static int parse_year(const char *text, size_t len, double *number)
{
    return parse_whole(text, len, number) && *number >= 1 && *number <= 9999;
}

static int parse_boolean(const char *text, size_t len, double *number)
{
    *number = len == 4;
    return (len == 4 && memcmp(text, "true", 4) == 0) || (len == 5 && memcmp(text, "false", 5) == 0);
}

static int parse_text(const char *text, size_t len, double *number)
{
    *number = 0;
    return len == 0 || svyi_utf8_valid(text, len);
}

static int parse_code(const char *text, size_t len, double *number)
{
    for (size_t i = 0; i < len; i++)
        if (is_blank(text[i]))
            return 0;
    if (len == 0 || !svyi_utf8_valid(text, len))
        return 0;
    if (!parse_decimal(text, len, number))
        *number = 0;
    return 1;
}

static int parse_codes(const char *text, size_t len, double *number)
{
    *number = 0;
    for (size_t i = 0; i < len; i++)
        if (is_blank(text[i]) && (text[i] != ' ' || is_blank(text[i + 1])))
            return 0;                       /* text is trimmed, so i + 1 is inside */
    return len == 0 || svyi_utf8_valid(text, len);
}

static int parse_place(const char *text, size_t len, double *number)
{
    static const double LOW[] = { -90, -180, -12000, 0 }, HIGH[] = { 90, 180, 1e6, 1e9 };
    size_t at = 0, part = 0;
    double x;

    *number = 0;
    for (; at < len; part++) {
        size_t end = at;
        while (end < len && text[end] != ' ')
            end++;
        if (part == 4 || !svyi_number_parse(text + at, end - at, &x) || !(x >= LOW[part] && x <= HIGH[part]))
            return 0;
        at = end < len ? end + 1 : end;
    }
    return part >= 2;
}

/* What each type reads, and how its form is told to a person. */
static const struct {
    int (*parse)(const char *text, size_t len, double *number);
    const char *expected;
} FORMS[] = {
    [SVY_T_SINGLE] = { parse_code, "one code" },
    [SVY_T_MULTIPLE] = { parse_codes, "codes with single blanks between them" },
    [SVY_T_RANKING] = { parse_codes, "codes with single blanks between them" },
    [SVY_T_INTEGER] = { parse_whole, "a whole number" },
    [SVY_T_DECIMAL] = { parse_decimal, "a number with a point before its decimals" },
    [SVY_T_TEXT] = { parse_text, "text in UTF-8" },
    [SVY_T_DATE] = { svyi_date_parse, "a date such as 2026-03-31" },
    [SVY_T_MONTH] = { svyi_month_parse, "a month such as 2026-03, or a year when the month is unknown" },
    [SVY_T_YEAR] = { parse_year, "a year from 1 to 9999" },
    [SVY_T_TIME] = { svyi_time_parse, "a time such as 08:30" },
    [SVY_T_DATETIME] = { svyi_datetime_parse, "a date and time such as 2026-03-31T08:30" },
    [SVY_T_BOOLEAN] = { parse_boolean, "true or false" },
    [SVY_T_GEOPOINT] = { parse_place, "latitude and longitude in degrees, then altitude and accuracy in metres if known" },
    [SVY_T_PHOTO] = { parse_text, "a file name in UTF-8" },
    [SVY_T_AUDIO] = { parse_text, "a file name in UTF-8" },
    [SVY_T_FILE] = { parse_text, "a file name in UTF-8" },
    [SVY_T_BARCODE] = { parse_text, "text in UTF-8" },
    [SVY_T_SIGNATURE] = { parse_text, "a file name in UTF-8" },
    [SVY_T_KEY] = { parse_text, "text in UTF-8" },
    [SVY_T_GEOTRACE] = { parse_text, "text in UTF-8" },
    [SVY_T_GEOSHAPE] = { parse_text, "text in UTF-8" },
    [SVY_T_VIDEO] = { parse_text, "a file name in UTF-8" },
    [SVY_T_ACKNOWLEDGE] = { parse_text, "text in UTF-8" },
};

static svy_status bad_value(svy_error *err, const char *text, size_t len, const char *expected)
{
    enum { SHOWN = 60 };
    if (len == 0)
        return svyi_fail(err, SVY_E_VALUE, "found nothing, expected %s", expected);
    if (!svyi_utf8_valid(text, len))
        return svyi_fail(err, SVY_E_VALUE, "found bytes that are not UTF-8, expected %s", expected);
    size_t shown = svyi_utf8_offset(text, len, SHOWN);
    for (size_t i = 0; i < shown; i++)
        if ((unsigned char)text[i] < ' ')              /* a message is one line */
            shown = i;
    return svyi_fail(err, SVY_E_VALUE, "found '%.*s%s', expected %s", (int)shown, text, shown < len ? "..." : "", expected);
}

svy_status svy_value_parse(svy_type type, const char *text, size_t len, svy_value *value, svy_error *err)
{
    SVY_REQUIRE(value != NULL, err);
    svy_kind kind = svy_type_kind(type);
    *value = svy_value_missing(kind, SVY_NOT_STATED);
    SVY_REQUIRE(kind != SVY_K_NONE, err);
    SVY_REQUIRE(text != NULL || len == 0, err);
    if (len == 0)
        text = "";
    if (len > UINT32_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "an answer is longer than 4 GiB");
    if (type != SVY_T_TEXT)
        trim(&text, &len);

    double number;
    if (!FORMS[type].parse(text, len, &number))
        return bad_value(err, text, len, FORMS[type].expected);
    value->missing = SVY_PRESENT;
    value->number = number == 0 ? 0 : number;          /* no negative zero */
    if (kind == SVY_K_TEXT || kind == SVY_K_CODE || kind == SVY_K_CODES || kind == SVY_K_PLACE) {
        value->text = text;
        value->len = (uint32_t)len;
    }
    return SVY_OK;
}
