/* Estimates as aligned text, CSV and JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <survey/report.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

enum { CELL_SIZE = 40, FIXED_COLUMNS = 3, NUMBERS = 9 };

/* One cell of a row: a text, or a number. */
typedef struct cell { const char *text; double number; int is_text; } cell;

static size_t column_count(const svy_estimates *e)
{
    return FIXED_COLUMNS + svy_estimates_by_count(e) + NUMBERS - (svy_estimates_has_deff(e) ? 0 : 1);
}

static const char *const NUMBER_NAMES[NUMBERS] = { "estimate", "se", "ci_lower", "ci_upper", "df", "cv", "deff", "n", "missing" };

/* Which number stands in a column behind the by-variables: deff may be left out. */
static size_t number_at(const svy_estimates *e, size_t column)
{
    size_t k = column - FIXED_COLUMNS - svy_estimates_by_count(e);
    return k >= 6 && !svy_estimates_has_deff(e) ? k + 1 : k;
}

static const char *column_name(const svy_estimates *e, size_t column)
{
    static const char *const TEXT_NAMES[FIXED_COLUMNS] = { "statistic", "variable", "level" };
    if (column < FIXED_COLUMNS)
        return TEXT_NAMES[column];
    if (column < FIXED_COLUMNS + svy_estimates_by_count(e))
        return svy_estimates_by_name(e, column - FIXED_COLUMNS);
    return NUMBER_NAMES[number_at(e, column)];
}

static cell text_cell(const char *text) { return (cell){ text, 0, 1 }; }

static cell cell_at(const svy_estimates *e, size_t index, size_t column)
{
    const svy_estimate_row *r = svy_estimates_row(e, index);
    if (column == 0)
        return text_cell(svy_statistic_name(svy_estimates_statistic(e)));
    if (column < FIXED_COLUMNS)
        return text_cell(column == 1 ? r->variable : r->level);
    if (column < FIXED_COLUMNS + svy_estimates_by_count(e))
        return text_cell(r->by[column - FIXED_COLUMNS]);
    const double numbers[NUMBERS] = { r->estimate, r->se, r->lower, r->upper, r->df, r->cv, r->deff, (double)r->n, (double)r->missing };
    return (cell){ NULL, numbers[number_at(e, column)], 0 };
}

/* ---- CSV ---- */

static void csv_text(svyi_buffer *b, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        svyi_buffer_text(b, text);
        return;
    }
    svyi_buffer_text(b, "\"");
    for (const char *c = text; *c != '\0'; c++)
        svyi_buffer_add(b, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    svyi_buffer_text(b, "\"");
}

static void exact_number(svyi_buffer *b, double x, const char *none)
{
    char text[CELL_SIZE];
    if (!isfinite(x)) {
        svyi_buffer_text(b, none);
        return;
    }
    svyi_number_format(x, text);
    svyi_buffer_text(b, text);
}

static void write_csv(svyi_buffer *b, const svy_estimates *e)
{
    size_t columns = column_count(e);
    for (size_t c = 0; c < columns; c++) {
        svyi_buffer_text(b, c > 0 ? "," : "");
        csv_text(b, column_name(e, c));
    }
    svyi_buffer_text(b, "\n");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        for (size_t c = 0; c < columns; c++) {
            cell v = cell_at(e, i, c);
            svyi_buffer_text(b, c > 0 ? "," : "");
            if (v.is_text) csv_text(b, v.text); else exact_number(b, v.number, "");
        }
        svyi_buffer_text(b, "\n");
    }
}

/* ---- JSON ---- */

static void write_json(svyi_buffer *b, const svy_estimates *e)
{
    size_t columns = column_count(e);
    svyi_buffer_text(b, "[");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        svyi_buffer_text(b, i > 0 ? ",\n {" : "\n {");
        for (size_t c = 0; c < columns; c++) {
            cell v = cell_at(e, i, c);
            const char *name = column_name(e, c);
            svyi_buffer_text(b, c > 0 ? ", " : "");
            svyi_buffer_json(b, name, strlen(name));
            svyi_buffer_text(b, ": ");
            if (v.is_text) svyi_buffer_json(b, v.text, strlen(v.text)); else exact_number(b, v.number, "null");
        }
        svyi_buffer_text(b, "}");
    }
    svyi_buffer_text(b, "\n]\n");
}

/* ---- a table for reading ---- */

/* Levels come from outside: a control character would command the terminal or break the line, so a question mark stands for it. */
static int is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

static int text_width(const char *text)
{
    int width = 0;
    for (size_t at = 0, len = strlen(text); at < len;) {
        const uint32_t c = svyi_utf8_next(text, len, &at);
        width += is_control(c) ? 1 : svyi_width(c);
    }
    return width;
}

static void put_plain(svyi_buffer *b, const char *text)
{
    for (size_t at = 0, len = strlen(text); at < len;) {
        const size_t from = at;
        if (is_control(svyi_utf8_next(text, len, &at)))
            svyi_buffer_text(b, "?");
        else
            svyi_buffer_add(b, text + from, at - from);
    }
}

/* Six digits, but never fewer than a whole number has. */
static const char *readable(const cell *v, char *out)
{
    if (v->is_text)
        return v->text;
    if (!isfinite(v->number))
        snprintf(out, CELL_SIZE, "-");
    else if (fabs(v->number) >= 1e5 && fabs(v->number) < 1e15)
        snprintf(out, CELL_SIZE, "%.0f", v->number);
    else
        snprintf(out, CELL_SIZE, "%.6g", v->number);
    return out;
}

/* A column is shown unless it says nothing: levels when no row has one, missing when none is. */
static int is_shown(const svy_estimates *e, size_t column)
{
    int level = column == 2, missing = column == column_count(e) - 1;
    for (size_t i = 0; (level || missing) && i < svy_estimates_count(e); i++) {
        cell v = cell_at(e, i, column);
        if (level ? v.text[0] != '\0' : v.number > 0)
            return 1;
    }
    return !level && !missing;
}

static int column_width(const svy_estimates *e, size_t column)
{
    char number[CELL_SIZE];
    int width = text_width(column_name(e, column));
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        cell v = cell_at(e, i, column);
        int w = text_width(readable(&v, number));
        width = w > width ? w : width;
    }
    return width;
}

static void put_cell(svyi_buffer *b, const char *text, int width, int right, int first)
{
    int pad = width - text_width(text);
    svyi_buffer_text(b, first ? "" : "  ");
    if (right)
        for (int i = 0; i < pad; i++)
            svyi_buffer_text(b, " ");
    put_plain(b, text);
    if (!right)
        for (int i = 0; i < pad; i++)
            svyi_buffer_text(b, " ");
}

static void write_table(svyi_buffer *b, const svy_estimates *e, int *widths)
{
    size_t columns = column_count(e), numbers_from = columns - NUMBERS + (svy_estimates_has_deff(e) ? 0 : 1);
    char number[CELL_SIZE];
    for (size_t c = 0; c < columns; c++)
        widths[c] = is_shown(e, c) ? column_width(e, c) : 0;
    for (size_t c = 0; c < columns; c++)
        if (widths[c] > 0)
            put_cell(b, column_name(e, c), widths[c], c >= numbers_from, c == 0);
    svyi_buffer_text(b, "\n");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        for (size_t c = 0; c < columns; c++)
            if (widths[c] > 0) {
                cell v = cell_at(e, i, c);
                put_cell(b, readable(&v, number), widths[c], c >= numbers_from, c == 0);
            }
        svyi_buffer_text(b, "\n");
    }
}

/* ---- the calls ---- */

/* Hands the buffer's bytes over in a piece of memory of exactly their length, so that they can be released without the buffer. */
static svy_status hand_over(const svy_alloc *alloc, svyi_buffer *b, char **text, size_t *len, svy_error *err)
{
    svy_alloc a = svyi_alloc_or_default(alloc);
    *text = b->failed ? NULL : svyi_get(&a, b->len + 1);
    *len = 0;
    if (*text != NULL) {
        memcpy(*text, b->data != NULL ? b->data : "", b->len);
        (*text)[b->len] = '\0';
        *len = b->len;
    }
    svyi_buffer_clear(b);
    return *text != NULL ? SVY_OK : svyi_nomem(err);
}

svy_status svy_report_estimates(const svy_alloc *alloc, const svy_estimates *e, svy_report_format format, char **text, size_t *len,
                                svy_error *err)
{
    svyi_buffer b;
    svy_alloc a = svyi_alloc_or_default(alloc);
    SVY_REQUIRE(e != NULL && text != NULL && len != NULL, err);
    *text = NULL;
    *len = 0;
    size_t bytes = column_count(e) * sizeof(int);
    int *widths = svyi_get(&a, bytes);
    if (widths == NULL)
        return svyi_nomem(err);
    svyi_buffer_init(&b, alloc);
    if (format == SVY_REPORT_CSV)
        write_csv(&b, e);
    else if (format == SVY_REPORT_JSON)
        write_json(&b, e);
    else
        write_table(&b, e, widths);
    svyi_release(&a, widths, bytes);
    return hand_over(alloc, &b, text, len, err);
}

static void estimate_name(svyi_buffer *out, const svy_estimates *e, size_t index, svyi_buffer *name)
{
    const svy_estimate_row *r = svy_estimates_row(e, index);
    name->len = 0;
    svyi_buffer_text(name, r->variable);
    if (r->level[0] != '\0')
        svyi_buffer_format(name, " %s", r->level);
    for (size_t k = 0; k < svy_estimates_by_count(e); k++)
        svyi_buffer_format(name, " %s", r->by[k]);
    csv_text(out, name->data != NULL ? name->data : "");
}

svy_status svy_report_covariance(const svy_alloc *alloc, const svy_estimates *e, char **text, size_t *len, svy_error *err)
{
    svyi_buffer b, name;
    SVY_REQUIRE(e != NULL && text != NULL && len != NULL, err);
    svyi_buffer_init(&b, alloc);
    svyi_buffer_init(&name, alloc);
    svyi_buffer_text(&b, "estimate");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        svyi_buffer_text(&b, ",");
        estimate_name(&b, e, i, &name);
    }
    svyi_buffer_text(&b, "\n");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        estimate_name(&b, e, i, &name);
        for (size_t j = 0; j < svy_estimates_count(e); j++) {
            svyi_buffer_text(&b, ",");
            exact_number(&b, svy_estimates_covariance(e, i, j), "");
        }
        svyi_buffer_text(&b, "\n");
    }
    b.failed |= name.failed;
    svyi_buffer_clear(&name);
    return hand_over(alloc, &b, text, len, err);
}

void svy_report_release(const svy_alloc *alloc, char *text, size_t len)
{
    svy_alloc a = svyi_alloc_or_default(alloc);
    svyi_release(&a, text, text != NULL ? len + 1 : 0);
}
