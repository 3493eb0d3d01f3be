/* Values in ODK's lexical forms: what clients make of a text that is typed, stands in the form, or is calculated. */
#include <math.h>
#include <string.h>

#include "base/date.h"
#include "interview/odk_priv.h"

/* ---- Numbers as clients read them: blanks around, exponents, hexadecimal; no text is no number ---- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hexadecimal(const char *text, size_t len, double *value)
{
    *value = 0;
    for (size_t i = 2; i < len; i++) {
        const char c = text[i];
        const int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return 0;
        *value = *value * 16 + digit;
    }
    return len > 2;
}

/* ".5" and "5." are numbers there. */
static int loose(const char *text, size_t len, double *value)
{
    char copy[400];
    size_t n = 0, digits = 0;

    if (len + 3 > sizeof copy)
        return svyi_number_parse(text, len, value);
    for (size_t i = 0; i < len; i++) {
        digits += (size_t)is_digit(text[i]);
        if (text[i] == '.' && (n == 0 || !is_digit(copy[n - 1])))
            copy[n++] = '0';
        copy[n++] = text[i];
        if (text[i] == '.' && (i + 1 == len || !is_digit(text[i + 1])))
            copy[n++] = '0';
    }
    return digits > 0 && n < sizeof copy && svyi_number_parse(copy, n, value);
}

/* Blanks alone are 0. */
static int read_number(const char *text, size_t len, double *value)
{
    const int something = len > 0;

    while (len > 0 && is_blank(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    if (something && len == 0) {
        *value = 0;
        return 1;
    }
    if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return hexadecimal(text, len, value) && isfinite(*value);
    return len > 0 && loose(text, len, value) && isfinite(*value);
}

/* A number without exponent. */
static void put_plain(svyi_buffer *out, double x)
{
    char text[40];
    size_t len = svyi_number_format(fabs(x), text);
    const char *e = memchr(text, 'e', len);

    if (signbit(x))
        svyi_buffer_text(out, "-");
    if (e == NULL) {
        svyi_buffer_add(out, text, len);
        return;
    }
    double power = 0;
    (void)svyi_number_parse(e + 1, len - (size_t)(e + 1 - text), &power);
    const size_t mantissa = (size_t)(e - text);
    if (power < 0) {
        svyi_buffer_text(out, "0.");
        for (double i = power + 1; i < 0; i++)
            svyi_buffer_text(out, "0");
    }
    double after = power;
    for (size_t i = 0; i < mantissa; i++)
        if (text[i] != '.') {
            svyi_buffer_add(out, &text[i], 1);
            after -= i > 0;
        }
    for (; power > 0 && after > 0; after--)
        svyi_buffer_text(out, "0");
}

static void put_decimal(svyi_buffer *out, double x)
{
    const size_t start = out->len;

    put_plain(out, x);
    if (!out->failed && memchr(out->data + start, '.', out->len - start) == NULL)
        svyi_buffer_text(out, ".0");
}

static void whole(const char *text, size_t len, svyi_buffer *out)
{
    double x;

    if (!read_number(text, len, &x))
        return;
    x = x < 0 ? ceil(x) : floor(x);
    if (x < -2147483648.0 || x > 2147483647.0)
        return;
    put_plain(out, x == 0 ? 0 : x);
}

static void decimal(const char *text, size_t len, svyi_buffer *out)
{
    double x;

    if (read_number(text, len, &x))
        put_decimal(out, x);
}

/* ---- Dates and times: kept as they are typed, when they are ---- */

static int digits(const char *text, size_t n)
{
    int value = 0;

    for (size_t i = 0; i < n; i++) {
        if (!is_digit(text[i]))
            return -1;
        value = value * 10 + text[i] - '0';
    }
    return value;
}

/* HH:MM:SS and a fraction; returns the length, 0 when there is none. */
static size_t time_length(const char *text, size_t len, int *real)
{
    size_t at = 8;

    if (len < 8 || digits(text, 2) < 0 || text[2] != ':' || digits(text + 3, 2) < 0 || text[5] != ':' || digits(text + 6, 2) < 0)
        return 0;
    *real = digits(text, 2) <= 23 && digits(text + 3, 2) <= 59 && digits(text + 6, 2) <= 60;
    if (at < len && text[at] == '.') {
        size_t end = at + 1;
        while (end < len && is_digit(text[end]))
            end++;
        if (end == at + 1 || end - at > 10)
            return 0;
        at = end;
    }
    return at;
}

/* Z or +HH:MM, at most 14 hours. */
static int offset_ok(const char *text, size_t len)
{
    if (len == 0 || (len == 1 && text[0] == 'Z'))
        return 1;
    if (len != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
        return 0;
    const int hours = digits(text + 1, 2), minutes = digits(text + 4, 2);
    return hours >= 0 && minutes >= 0 && minutes <= 59 && (hours < 14 || (hours == 14 && minutes == 0));
}

static int date_ok(const char *text)
{
    const int y = digits(text, 4), m = digits(text + 5, 2), d = digits(text + 8, 2);

    return y >= 1 && m >= 1 && d >= 1 && text[4] == '-' && text[7] == '-' && svyi_date_valid(y, m, d);
}

static void date(const char *text, size_t len, svyi_buffer *out)
{
    int real;

    if (len < 10 || !date_ok(text))
        return;
    if (len == 10 || (text[10] == 'T' && time_length(text + 11, len - 11, &real) == len - 11))
        svyi_buffer_add(out, text, 10);
}

static void time_of_day(const char *text, size_t len, svyi_buffer *out)
{
    int real = 0;
    const size_t n = time_length(text, len, &real);

    if (n > 0 && real && offset_ok(text + n, len - n))
        svyi_buffer_add(out, text, len);
}

static void date_and_time(const char *text, size_t len, svyi_buffer *out)
{
    int real = 0;
    size_t n;

    if (len < 19 || !date_ok(text) || text[10] != 'T' || (n = time_length(text + 11, len - 11, &real)) == 0 || !real)
        return;
    if (offset_ok(text + 11 + n, len - 11 - n))
        svyi_buffer_add(out, text, len);
}

/* ---- Places ---- */

enum { PARTS = 4 };

/* A point: 2 to 4 numbers. 1 and its numbers when it is one. */
static int read_point(const char *text, size_t len, double *parts, int *n)
{
    *n = 0;
    for (size_t at = 0; at < len; ) {
        size_t start;
        while (at < len && is_blank(text[at]))
            at++;
        for (start = at; at < len && !is_blank(text[at]); )
            at++;
        if (at == start)
            break;
        if (*n < PARTS && !read_number(text + start, at - start, &parts[*n]))
            return 0;
        *n += *n < PARTS;
    }
    return *n >= 2 && fabs(parts[0]) <= 90 && fabs(parts[1]) <= 180 && (parts[0] != 0 || parts[1] != 0);
}

static void put_point(svyi_buffer *out, const double *parts, int n)
{
    for (int i = 0; i < n; i++) {
        svyi_buffer_text(out, i > 0 ? " " : "");
        put_decimal(out, parts[i]);
    }
}

static void point(const char *text, size_t len, svyi_buffer *out)
{
    double parts[PARTS];
    int n;

    if (read_point(text, len, parts, &n))
        put_point(out, parts, n);
}

static int is_empty(const char *text, size_t len)
{
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    return len == 0;
}

/* Points with semicolons between: a shape of three or more ends where it begins, a trace does not. */
static void points(const char *text, size_t len, int closed, svyi_buffer *out)
{
    const size_t start = out->len;
    double first[PARTS] = { 0 }, parts[PARTS] = { 0 };
    size_t count = 0;
    int n, ok = 1;

    for (size_t at = 0; ok && at < len; count++) {
        const char *stop = memchr(text + at, ';', len - at);
        const size_t end = stop != NULL ? (size_t)(stop - text) : len;
        if (is_empty(text + at, end - at) && is_empty(text + end, stop != NULL && end + 1 == len ? 0 : len - end))
            break;
        ok = read_point(text + at, end - at, parts, &n);
        if (ok) {
            svyi_buffer_text(out, count > 0 ? ";" : "");
            put_point(out, parts, n);
        }
        if (count == 0)
            memcpy(first, parts, sizeof first);
        at = end + 1;
    }
    const int meets = first[0] == parts[0] && first[1] == parts[1];
    if (!ok || (closed ? count < 3 || !meets : count < 2 || meets))
        out->len = start;
}

/* ---- Choices and the rest ---- */

static void words(const char *text, size_t len, svyi_buffer *out)
{
    const size_t start = out->len;

    for (size_t at = 0; at < len; ) {
        size_t end;
        while (at < len && is_blank(text[at]))
            at++;
        for (end = at; end < len && !is_blank(text[end]); )
            end++;
        if (end > at) {
            svyi_buffer_text(out, out->len > start ? " " : "");
            svyi_buffer_add(out, text + at, end - at);
        }
        at = end;
    }
}

static void confirmed(const char *text, size_t len, svyi_buffer *out)
{
    if (len == 2 && (text[0] == 'O' || text[0] == 'o') && (text[1] == 'K' || text[1] == 'k'))
        svyi_buffer_text(out, "OK");
}

/* A range holds numbers from its start to its end. */
static void within(const svy_form *form, uint32_t item, svyi_buffer *out, size_t start)
{
    const char *low = svy_form_attribute(form, item, "start"), *high = svy_form_attribute(form, item, "end");
    double a, b, x;

    if (out->failed || out->len == start || !read_number(low, strlen(low), &a) || !read_number(high, strlen(high), &b) ||
        !read_number(out->data + start, out->len - start, &x))
        return;
    if (x < a || x > b)
        out->len = start;
}

int svyi_odk_canonical(const svy_form *form, uint32_t item, const char *text, size_t len, svyi_buffer *out)
{
    const size_t start = out->len;

    svyi_buffer_text(out, "");
    switch ((svy_type)svy_form_item(form, item)->type) {
    case SVY_T_INTEGER: whole(text, len, out); within(form, item, out, start); break;
    case SVY_T_DECIMAL: decimal(text, len, out); within(form, item, out, start); break;
    case SVY_T_DATE: date(text, len, out); break;
    case SVY_T_TIME: time_of_day(text, len, out); break;
    case SVY_T_DATETIME: date_and_time(text, len, out); break;
    case SVY_T_GEOPOINT: point(text, len, out); break;
    case SVY_T_GEOTRACE: points(text, len, 0, out); break;
    case SVY_T_GEOSHAPE: points(text, len, 1, out); break;
    case SVY_T_MULTIPLE: case SVY_T_RANKING: words(text, len, out); break;
    case SVY_T_ACKNOWLEDGE: confirmed(text, len, out); break;
    case SVY_T_NONE: case SVY_T_SINGLE: case SVY_T_TEXT: case SVY_T_MONTH: case SVY_T_YEAR: case SVY_T_BOOLEAN: case SVY_T_PHOTO: case SVY_T_AUDIO:
    case SVY_T_FILE: case SVY_T_BARCODE: case SVY_T_SIGNATURE: case SVY_T_KEY: case SVY_T_VIDEO: svyi_buffer_add(out, text, len); break;
    }
    if (!out->failed)
        out->data[out->len] = '\0';
    return out->failed ? -1 : 0;
}

const char *svyi_odk_expected(svy_type type)
{
    switch (type) {
    case SVY_T_INTEGER: return "a whole number from -2147483648 to 2147483647, within the range of the question";
    case SVY_T_DECIMAL: return "a number, within the range of the question";
    case SVY_T_DATE: return "a date, YYYY-MM-DD";
    case SVY_T_TIME: return "a time of day, HH:MM:SS";
    case SVY_T_DATETIME: return "a date and time, YYYY-MM-DDTHH:MM:SS";
    case SVY_T_GEOPOINT: return "a place: latitude and longitude in degrees, altitude and accuracy in metres";
    case SVY_T_GEOTRACE: return "two or more places with semicolons between, the last another than the first";
    case SVY_T_GEOSHAPE: return "places with semicolons between, the last the same as the first, three or more in all";
    case SVY_T_ACKNOWLEDGE: return "OK";
    case SVY_T_NONE: case SVY_T_SINGLE: case SVY_T_MULTIPLE: case SVY_T_RANKING: case SVY_T_TEXT: case SVY_T_MONTH: case SVY_T_YEAR: case SVY_T_BOOLEAN:
    case SVY_T_PHOTO: case SVY_T_AUDIO: case SVY_T_FILE: case SVY_T_BARCODE: case SVY_T_SIGNATURE: case SVY_T_KEY: case SVY_T_VIDEO: break;
    }
    return "another answer";
}
