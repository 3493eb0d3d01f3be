/* One cell of a CSV file: where it ends, what it says, and whether that is a number. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "dataio/csv_priv.h"

/* The line feed of a line end that begins at `at`, NULL when there is no line end. */
static char *line_end(char *at)
{
    if (*at == '\n')
        return at;
    return *at == '\r' && at[1] == '\n' ? at + 1 : NULL;
}

static char *quoted_cell(char *at, const char *end, char separator, svy_csv_cell *cell, const char **problem)
{
    char *to = at + 1, *from = at + 1;

    *cell = (svy_csv_cell){ .text = at + 1, .quoted = 1 };
    for (;;) {
        char *quote = from < end ? memchr(from, '"', (size_t)(end - from)) : NULL;
        if (quote == NULL) {
            *problem = "a cell begins with a quote that is never closed";
            return NULL;
        }
        if (to != from)
            memmove(to, from, (size_t)(quote - from));
        to += quote - from;
        from = quote + 1;
        if (from == end || *from != '"')
            break;
        *to++ = '"';
        from++;
    }
    cell->len = (size_t)(to - cell->text);
    memset(to, ' ', (size_t)(from - to) - 1);   /* no line feed stands twice: lines are counted later */
    char *after = *from == separator ? from : line_end(from);
    if (after == NULL)
        *problem = "a cell goes on after its closing quote: a quote inside a cell is written twice";
    return after;
}

char *svyi_csv_cell(char *at, const char *end, char separator, svy_csv_cell *cell, const char **problem)
{
    char *p = at;

    if (*at == '"')
        return quoted_cell(at, end, separator, cell, problem);
    while (*p != separator && *p != '\n' && *p != '\r' && *p != '"')
        p++;
    *cell = (svy_csv_cell){ .text = at, .len = (size_t)(p - at) };
    if (*p == separator)
        return p;
    if (*p == '"') {
        *problem = "a cell that does not begin with a quote has one inside: put the whole cell in quotes and write the quote twice";
        return NULL;
    }
    if ((p = line_end(p)) == NULL)
        *problem = "a cell holds a carriage return: lines end in LF or CRLF, other cells with line ends stand in quotes";
    return p;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static svy_csv_cell trimmed(const svy_csv_cell *cell)
{
    svy_csv_cell t = *cell;

    for (; t.len > 0 && is_blank(t.text[t.len - 1]); t.len--)
        ;
    for (; t.len > 0 && is_blank(*t.text); t.len--)
        t.text++;
    return t;
}

/* A run of digits says exactly what a double holds when the double, written out or in its shortest form, gives the same digits. */
static int whole_number_lost(const char *text, size_t len, double value)
{
    char shortest[32];
    size_t i = *text == '-' || *text == '+' ? 1 : 0;

    for (; i < len && text[i] == '0'; i++)
        ;
    if (len - i <= 15)
        return 0;
    for (size_t j = i; j < len; j++)
        if (text[j] < '0' || text[j] > '9')
            return 0;                 /* not a run of digits: rounding is meant */
    const double v = fabs(value);
    if (v < 0x1p63) {
        uint64_t digits = 0, whole = (uint64_t)v;
        for (size_t j = i; j < len; j++)
            digits = digits * 10 + (uint64_t)(text[j] - '0');
        if (digits == whole)
            return 0;
    }
    return svyi_number_format(v, shortest) != len - i || memcmp(shortest, text + i, len - i) != 0;
}

int svyi_csv_number(const svy_csv_cell *cell, char decimal, double *value)
{
    char point[128];
    svy_csv_cell t = trimmed(cell);

    *value = 0;
    if (decimal != '.') {
        if (t.len >= sizeof point || memchr(t.text, '.', t.len) != NULL)
            return 0;
        memcpy(point, t.text, t.len);
        char *comma = memchr(point, decimal, t.len);
        if (comma != NULL)
            *comma = '.';
        t.text = point;
    }
    if (!svyi_number_parse(t.text, t.len, value) || whole_number_lost(t.text, t.len, *value)) {
        *value = 0;
        return 0;
    }
    return 1;
}

int svyi_csv_blank(const svy_csv_cell *cell, const char *const *na, size_t n_na)
{
    if (cell->len == 0)
        return 1;
    if (cell->quoted)
        return 0;
    const svy_csv_cell t = trimmed(cell);
    if (t.len == 0)
        return 1;
    for (size_t i = 0; i < n_na; i++)
        if (strlen(na[i]) == t.len && memcmp(na[i], t.text, t.len) == 0)
            return 1;
    return 0;
}
