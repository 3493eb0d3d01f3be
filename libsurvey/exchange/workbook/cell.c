/* The text of one cell: numbers, dates and durations as XLSForm tools write them, and what counts as blank. */
#include "exchange/workbook/cell.h"
#include "base/date.h"
#include "base/number.h"
#include "base/text.h"
#include "exchange/workbook/workbook.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double DAY_SECONDS = 86400.0;

static int is_blank(uint32_t c) { return svyi_is_space(c) || (c >= 0x1C && c <= 0x1F); }

const char *svyi_cell_trim(const char *text, size_t *len)
{
    size_t at = 0, from = *len, end = 0;
    while (at < *len) {
        const size_t before = at;
        if (is_blank(svyi_utf8_next(text, *len, &at)))
            continue;
        if (from == *len)
            from = before;
        end = at;
    }
    *len = end > from ? end - from : 0;
    return text + from;
}

size_t svyi_cell_plain_blanks(char *text, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        if (i + 1 < len && text[i] == '\xC2' && text[i + 1] == '\xA0') {
            text[out++] = ' ';
            i++;
        } else {
            text[out++] = text[i];
        }
    }
    text[out] = '\0';
    return out;
}

size_t svyi_cell_single_blanks(char *text, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' || out == 0 || text[out - 1] != ' ')
            text[out++] = text[i];
    text[out] = '\0';
    return out;
}

/* ---- numbers ---- */

/* Below 0.0001: 1.5e-05 where svyi_number_format writes 0.000015, 1.5e-07 where it writes 1.5e-7. */
static size_t small_number(const char *plain, char *out)
{
    const char *e = strchr(plain, 'e');
    if (e != NULL)
        return (size_t)snprintf(out, 64, "%.*s-%s%s", (int)(e + 1 - plain), plain, e[3] == '\0' ? "0" : "", e + 2);
    const char *sign = *plain == '-' ? "-" : "", *digits = plain + strlen(sign) + strlen("0.0000");
    return (size_t)snprintf(out, 64, "%s%c%s%se-05", sign, digits[0], digits[1] != '\0' ? "." : "", digits + 1);
}

size_t svyi_cell_number(double value, char out[SVYI_CELL_TEXT_SIZE])
{
    if (isfinite(value) && value == floor(value))
        return (size_t)snprintf(out, SVYI_CELL_TEXT_SIZE, "%.0f", value == 0 ? 0.0 : value);
    if (fabs(value) < 1e-4) {
        char plain[40];
        svyi_number_format(value, plain);
        return small_number(plain, out);
    }
    return svyi_number_format(value, out);
}

/* ---- number formats ---- */

static int in(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

/* "[Red]", "[$-409]" say nothing of dates; "[h]", "[mm]", "[s]" do. */
static int is_clock_bracket(const char *at)
{
    const char c = (char)(at[1] | 0x20);
    const size_t n = c == at[2] || (char)(at[2] | 0x20) == c ? 2 : 1;
    return in(c, "hms") && at[1 + n] == ']';
}

int svyi_cell_format_is_date(const char *format)
{
    for (const char *at = format; *at != '\0' && *at != ';'; at++) {
        const char *close = *at == '"' ? strchr(at + 1, '"') : *at == '[' && !is_clock_bracket(at) ? strchr(at, ']') : NULL;
        const char *section = close != NULL ? memchr(at, ';', (size_t)(close - at)) : NULL;
        if (close != NULL && section == NULL) {
            at = close;
            continue;
        }
        if (in(*at, "dmhysDMHYS") && (at == format || !in(at[-1], "_\\")))
            return 1;
    }
    return 0;
}

int svyi_cell_format_is_duration(const char *format)
{
    for (const char *at = format; *at != '\0' && *at != ';'; at++)
        if (*at == '[' && is_clock_bracket(at))
            return 1;
    return 0;
}

/* Dates have letters of y m d h s and fewer places for digits than such letters; texts in quotes, escaped letters and brackets do not count. */
int svyi_cell_format_is_old_date(const char *format)
{
    static const char *const NUMBERS[] = { "0.00E+00", "##0.0E+0", "General", "GENERAL", "general", "@" };
    char left[512];
    size_t n = 0;
    for (const char *at = format; *at != '\0' && n < sizeof left - 1; at++) {
        if (*at == '"') {
            const char *close = strchr(at + 1, '"');
            if (close == NULL)
                break;
            at = close;
        } else if (in(*at, "\\_*")) {
            if (at[1] == '\0')
                break;
            at++;
        } else if (*at == '[' && strchr(at, ']') != NULL) {
            at = strchr(at, ']');
        } else if (!in(*at, "$-+/(): ")) {
            left[n++] = *at;
        }
    }
    left[n] = '\0';
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++)
        if (strcmp(left, NUMBERS[i]) == 0)
            return 0;
    int dates = 0, numbers = 0;
    for (size_t i = 0; i < n; i++) {
        dates += in(left[i], "ymdhsYMDHS");
        numbers += in(left[i], "0#?");
    }
    return dates > numbers;
}

/* ---- dates ---- */

static size_t clock_text(long long seconds, int micros, char *out)
{
    const int n = snprintf(out, 64, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    return (size_t)n + (micros > 0 ? (size_t)snprintf(out + n, 16, ".%06d", micros) : 0);
}

static size_t moment_text(double days, long long seconds, int micros, char *out)
{
    const size_t n = svyi_date_format(days, out);
    if (n == 0)
        return 0;
    out[n] = ' ';
    return n + 1 + clock_text(seconds, micros, out + n + 1);
}

static size_t duration_text(double serial, char *out)
{
    if (!(fabs(serial) < 999999999))
        return 0;
    double total = rint(serial * DAY_SECONDS * 1e6), seconds = floor(total / 1e6);
    double micros = rint((total - seconds * 1e6) / 1000) * 1000;
    if (micros >= 1e6) {
        seconds += 1;
        micros = 0;
    }
    const long long days = (long long)floor(seconds / DAY_SECONDS), rest = (long long)seconds - days * 86400;
    size_t n = 0;
    if (days != 0)
        n = (size_t)snprintf(out, 64, "%lld day%s, ", days, days == 1 || days == -1 ? "" : "s");
    const size_t m = clock_text(rest, (int)micros, out + n);
    if (out[n] == '0') {                     /* durations have no leading zero */
        memmove(out + n, out + n + 1, m);
        return n + m - 1;
    }
    return n + m;
}

size_t svyi_cell_date(double serial, int from_1904, int duration, char out[SVYI_CELL_TEXT_SIZE], uint8_t *kind)
{
    const double epoch = svyi_days_from_civil(from_1904 ? 1904 : 1899, from_1904 ? 1 : 12, from_1904 ? 1 : 30);
    *kind = SVYI_CELL_TIME;
    if (duration)
        return duration_text(serial, out);
    *kind = SVYI_CELL_DATE;
    if (!(fabs(serial) < 4e6))
        return 0;
    double day = floor(serial);
    long long millis = (long long)rint((serial - day) * DAY_SECONDS * 1000);
    if (serial >= 0 && serial < 1 && millis < 86400000) {
        *kind = SVYI_CELL_TIME;
        return clock_text(millis / 1000, (int)(millis % 1000) * 1000, out);
    }
    if (serial > 0 && serial < 60 && !from_1904)
        day += 1;                            /* Excel has a 29th of February 1900 */
    if (millis >= 86400000) {
        day += 1;
        millis -= 86400000;
    }
    return moment_text(epoch + day, millis / 1000, (int)(millis % 1000) * 1000, out);
}

size_t svyi_cell_old_date(double serial, int from_1904, char out[SVYI_CELL_TEXT_SIZE], uint8_t *kind)
{
    *kind = SVYI_CELL_DATE;
    if (!(serial >= 0 && serial < 4e6))
        return 0;
    double day = floor(serial);
    long long seconds = (long long)rint((serial - day) * DAY_SECONDS);
    if (seconds == 86400) {
        day += 1;
        seconds = 0;
    }
    if (day >= 2958466 - (from_1904 ? 1462 : 0) || (day > 0 && day < 61 && !from_1904))
        return 0;
    if (day == 0) {
        *kind = SVYI_CELL_TIME;
        return clock_text(seconds, 0, out);
    }
    const double epoch = svyi_days_from_civil(from_1904 ? 1904 : 1899, from_1904 ? 1 : 12, from_1904 ? 1 : 30);
    return moment_text(epoch + day, seconds, 0, out);
}

size_t svyi_cell_iso_date(const char *text, size_t len, char out[SVYI_CELL_TEXT_SIZE], uint8_t *kind)
{
    double days, seconds;
    const size_t clean = len > 0 && text[len - 1] == 'Z' ? len - 1 : len;
    const char *point = memchr(text, '.', clean);
    const size_t whole = point != NULL ? (size_t)(point - text) : clean;
    double fraction = 0, unit = 0.1;
    for (size_t i = whole + 1; i < clean; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9' || i > whole + 6)
            return 0;
        fraction += (text[i] - '0') * unit;
    }
    *kind = SVYI_CELL_DATE;
    if (len == 10 && svyi_date_parse(text, len, &days))
        return svyi_date_format(days, out);
    if (whole > 11 && text[10] == 'T' && svyi_date_parse(text, 10, &days) && svyi_time_parse(text + 11, whole - 11, &seconds))
        return moment_text(days, (long long)seconds, (int)rint(fraction * 1e6), out);
    *kind = SVYI_CELL_TIME;
    return svyi_time_parse(text, whole, &seconds) ? clock_text((long long)seconds, (int)rint(fraction * 1e6), out) : 0;
}
