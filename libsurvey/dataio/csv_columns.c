/* From parsed columns to a frame: reasons for missing values, warnings, arrays handed over. */
#define _POSIX_C_SOURCE 200809L
#include "dataio/csv_columns.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"

enum { NEARLY = 10 };            /* a warning when fewer than one value in this many is no number */

/* The missing code of each level; NULL when a level is no such name or out of memory. `codes` has room for the levels. */
static int all_reasons(const svyi_csv_column *c, uint8_t *codes)
{
    for (uint32_t i = 0; i < c->n_levels; i++) {
        svy_missing code;
        if (!svy_missing_find(c->levels[i], strlen(c->levels[i]), &code) || code == SVY_PRESENT)
            return 0;
        codes[i] = (uint8_t)code;
    }
    return 1;
}

static int is_missing(const svyi_csv_column *c, size_t row)
{
    return c->missing != NULL && c->missing[row] != SVY_PRESENT;
}

static int all_missing(const svyi_csv_column *c, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        if (!is_missing(c, i))
            return 0;
    return 1;
}

static svy_status apply(svyi_csv_reading *r, size_t companion, const uint8_t *codes, svy_error *err)
{
    const svyi_csv_column *c = &r->columns[companion], *base = &r->columns[c->base];

    for (size_t i = 0; i < r->rows; i++) {
        if (is_missing(c, i))
            continue;
        if (!is_missing(base, i))
            return svyi_fail_at(err, SVY_E_VALUE, r->csv.source.name, 0, 0, 0, "row %zu: '%s' has a value, but '%s' says '%s'", i + 1,
                                r->csv.names[c->base].text, r->csv.names[companion].text, c->levels[c->codes[i]]);
        base->missing[i] = codes[c->codes[i]];
    }
    return SVY_OK;
}

svy_status svyi_csv_apply_companions(svyi_csv_reading *r, svy_error *err)
{
    enum { REASONS = 16 };       /* more levels than there are names: no companion */
    uint8_t codes[REASONS];
    svy_status st = SVY_OK;

    for (size_t i = 0; st == SVY_OK && i < r->csv.n_columns; i++) {
        svyi_csv_column *c = &r->columns[i];
        if (c->base >= r->csv.n_columns || r->columns[c->base].companion)
            continue;
        if (c->codes != NULL) {
            c->companion = c->n_levels <= REASONS && all_reasons(c, codes);
            if (c->companion)
                st = apply(r, i, codes, err);
        } else {
            c->companion = r->rows > 0 && all_missing(c, r->rows);
        }
    }
    return st;
}

/* Warns of a column that a few values keep from being a number: they are likely mistakes, or stand for no value. */
static void warn_nearly_number(const svyi_csv_reading *r, size_t column, svy_diags *diags)
{
    const svyi_csv_column *c = &r->columns[column];
    const svyi_where where = { .source = r->csv.source.name, .line = (int)r->csv.header_line, .element = r->csv.names[column].text };
    size_t values = 0, others = 0;
    uint32_t example = 0;
    double number;

    if (diags == NULL || c->text_only || c->n_levels == 0)
        return;
    /* Levels are few or the column is no number at all, so looking at the level of each row in turn would cost more. */
    for (uint32_t i = 0; i < c->n_levels; i++)
        if (!svyi_number_parse(c->levels[i], strlen(c->levels[i]), &number)) {
            example = i;
            if (++others > c->n_levels / NEARLY + 1)
                return;
        }
    if (others == 0)
        return;
    others = 0;
    for (size_t i = 0; i < r->rows; i++)
        if (!is_missing(c, i)) {
            values++;
            others += !svyi_number_parse(c->levels[c->codes[i]], strlen(c->levels[c->codes[i]]), &number);
        }
    if (others <= values / NEARLY)
        svyi_report(diags, SVY_WARNING, SVY_E_TYPE, &where, "correct them, or say that they stand for no value",
                    "column '%s' is a factor, because %zu of its %zu values are not numbers, such as '%s'", r->csv.names[column].text, others,
                    values, c->levels[example]);
}

svy_status svyi_csv_make_frame(svyi_csv_reading *r, const svy_alloc *alloc, svy_diags *diags, svy_frame **out, svy_error *err)
{
    svy_frame *f = NULL;
    svy_status st = svy_frame_new(alloc, r->rows, &f, err);

    for (size_t i = 0; st == SVY_OK && i < r->csv.n_columns; i++) {
        svyi_csv_column *c = &r->columns[i];
        if (!c->wanted || c->companion)
            continue;
        const char *name = r->csv.names[i].text;
        if (c->codes != NULL)
            warn_nearly_number(r, i, diags);
        uint8_t *missing = c->missing;
        double *numbers = c->numbers;
        uint32_t *codes = c->codes;
        c->numbers = NULL;
        c->codes = NULL;
        c->missing = NULL;
        st = numbers != NULL ? svy_frame_add_numbers(f, name, SVY_T_DECIMAL, numbers, missing, err)
                             : svy_frame_add_factor(f, name, SVY_T_TEXT, codes, missing, c->levels, NULL, c->n_levels, err);
    }
    if (st != SVY_OK) {
        svy_frame_free(f);
        f = NULL;
    }
    *out = f;
    return st;
}
