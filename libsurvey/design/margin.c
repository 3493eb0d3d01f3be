/* Margins against the data: which line of population totals each row belongs to, and the combinations of variables that the data have. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "base/number.h"
#include "design/auxiliary.h"
#include "design/intern.h"

enum { COMBINATIONS_MAX = 1 << 24, NAMED = 5, LABEL = 200, TABLE_MAX = 1 << 16 };

/* One variable of a margin: its distinct values there, and the one of each row. */
typedef struct digits {
    const svy_column *c;
    uint32_t n;
    double *values;               /* of a numeric column, sorted */
    uint32_t *of_level;           /* of a factor: by level of the column, SVYI_NO_UNIT: not in the margin */
    uint32_t *of_line;
    size_t stride;
    uint32_t *whole; double low;  /* of a column of whole numbers: by value - low; NULL: too far apart */
    size_t range;
} digits;

static int is_missing(const svy_column *c, size_t row)
{
    return c->missing != NULL && c->missing[row] != SVY_PRESENT;
}

/* ---- names ---- */

static char *join(svyi_arena *arena, const char *const *texts, size_t n)
{
    size_t len = 0, at = 0;
    for (size_t k = 0; k < n; k++)
        len += strlen(texts[k]) + 1;
    char *out = svyi_arena_get(arena, len + 1);
    for (size_t k = 0; k < n && out != NULL; k++) {
        size_t l = strlen(texts[k]);
        if (k > 0)
            out[at++] = ':';
        memcpy(out + at, texts[k], l);
        at += l;
    }
    return out;
}

/* Texts of up to five lines, for a message. */
typedef struct listing { char text[LABEL]; size_t used, count; } listing;

static void listing_add(listing *l, const char *text)
{
    if (l->count++ >= NAMED || l->used >= sizeof l->text)
        return;
    int n = snprintf(l->text + l->used, sizeof l->text - l->used, "%s'%s'", l->used > 0 ? ", " : "", text);
    l->used += n > 0 ? (size_t)n : 0;
}

static const char *listing_end(const listing *l)
{
    return l->count > NAMED ? " and others" : "";
}

static void value_text(const svy_column *c, size_t row, char *out, size_t size)
{
    char number[32];
    if (c->codes == NULL)
        svyi_number_format(c->numbers[row], number);
    snprintf(out, size, "%s", c->codes != NULL ? c->levels[c->codes[row]] : number);
}

static void row_text(const digits *d, size_t n, size_t row, char *out, size_t size)
{
    size_t used = 0;
    for (size_t k = 0; k < n && used + 2 < size; k++) {
        if (k > 0)
            out[used++] = ':';
        value_text(d[k].c, row, out + used, size - used);
        used += strlen(out + used);
    }
}

/* ---- the values of the lines ---- */

static int by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint32_t find_number(const digits *d, double x)
{
    uint32_t low = 0, high = d->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (d->values[middle] < x) low = middle + 1;
        else high = middle;
    }
    return low < d->n && d->values[low] == x ? low : SVYI_NO_UNIT;
}

/* Whole numbers close together are looked up, not searched. */
static svy_status make_table(svyi_arena *arena, digits *d, svy_error *err)
{
    if (d->n == 0 || d->values[d->n - 1] - d->values[0] >= TABLE_MAX)
        return SVY_OK;
    for (uint32_t k = 0; k < d->n; k++)
        if (d->values[k] != floor(d->values[k]))
            return SVY_OK;
    d->low = d->values[0];
    d->range = (size_t)(d->values[d->n - 1] - d->low) + 1;
    if ((d->whole = svyi_arena_get(arena, d->range * sizeof *d->whole)) == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < d->range; k++)
        d->whole[k] = SVYI_NO_UNIT;
    for (uint32_t k = 0; k < d->n; k++)
        d->whole[(size_t)(d->values[k] - d->low)] = k;
    return SVY_OK;
}

static inline uint32_t digit_of(const digits *d, double x)
{
    double at = x - d->low;
    if (d->whole == NULL)
        return find_number(d, x);
    return at >= 0 && at < (double)d->range && at == (double)(size_t)at ? d->whole[(size_t)at] : SVYI_NO_UNIT;
}

static int level_number(const svy_column *c, const char *text, double *out)
{
    if (svy_type_kind(c->type) == SVY_K_BOOLEAN && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        *out = text[0] == 't';
        return 1;
    }
    return svyi_number_parse(text, strlen(text), out);
}

static svy_status number_digits(svyi_arena *arena, const svy_margin *m, size_t k, digits *d, svy_error *err)
{
    double *own = svyi_arena_get(arena, (m->n_lines + 1) * sizeof *own);
    d->values = svyi_arena_get(arena, (m->n_lines + 1) * sizeof *d->values);
    if (own == NULL || d->values == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < m->n_lines; i++) {
        const char *text = m->levels[i * m->n_variables + k];
        if (!level_number(d->c, text, &own[i]))
            return svyi_fail(err, SVY_E_VALUE, "%s: '%s' is a column of numbers, and its level '%s' is none: write the number", m->source, d->c->name, text);
        d->values[i] = own[i];
    }
    qsort(d->values, m->n_lines, sizeof *d->values, by_number);
    for (size_t i = 0; i < m->n_lines; i++)
        if (i == 0 || d->values[i] != d->values[d->n - 1])
            d->values[d->n++] = d->values[i];
    for (size_t i = 0; i < m->n_lines; i++)
        d->of_line[i] = find_number(d, own[i]);
    return make_table(arena, d, err);
}

static svy_status level_digits(svyi_arena *arena, const svy_margin *m, size_t k, digits *d, svy_error *err)
{
    svyi_map map;
    svy_status st = SVY_OK;
    d->of_level = svyi_arena_get(arena, ((size_t)d->c->n_levels + 1) * sizeof *d->of_level);
    if (d->of_level == NULL)
        return svyi_nomem(err);
    svyi_map_init(&map, &arena->alloc);
    for (size_t i = 0; i < m->n_lines && st == SVY_OK; i++) {
        const char *text = m->levels[i * m->n_variables + k];
        uint32_t number = d->n;
        int known = svyi_map_add(&map, text, strlen(text), &number);
        if (known < 0)
            st = svyi_nomem(err);
        d->n += known == 0;
        d->of_line[i] = number;
    }
    for (uint32_t l = 0; l < d->c->n_levels && st == SVY_OK; l++)
        if (!svyi_map_find(&map, d->c->levels[l], strlen(d->c->levels[l]), &d->of_level[l]))
            d->of_level[l] = SVYI_NO_UNIT;
    svyi_map_clear(&map);
    return st;
}

static svy_status make_digits(svyi_arena *arena, const svy_frame *f, const svy_margin *m, digits *d, size_t *cells, svy_error *err)
{
    *cells = 1;
    for (size_t k = 0; k < m->n_variables; k++) {
        d[k] = (digits){ .c = svy_frame_find(f, m->variables[k]), .stride = *cells };
        if (d[k].c == NULL)
            return svyi_fail(err, SVY_E_NAME, "%s: there is no column '%s' in the data: the columns of a margin are variables, the last one is the "
                             "population count", m->source, m->variables[k]);
        if ((d[k].of_line = svyi_arena_get(arena, (m->n_lines + 1) * sizeof *d[k].of_line)) == NULL)
            return svyi_nomem(err);
        svy_status st = d[k].c->codes != NULL ? level_digits(arena, m, k, &d[k], err) : number_digits(arena, m, k, &d[k], err);
        if (st != SVY_OK)
            return st;
        if (*cells > COMBINATIONS_MAX / (d[k].n > 0 ? d[k].n : 1))
            return svyi_fail(err, SVY_E_LIMIT, "%s: the variables have more than %d combinations", m->source, COMBINATIONS_MAX);
        *cells *= d[k].n;
    }
    return SVY_OK;
}

/* line[cell]: the line of a combination. */
static svy_status make_lines(svyi_arena *arena, const svy_margin *m, const digits *d, uint32_t *line, size_t cells, const char **texts, svy_error *err)
{
    for (size_t c = 0; c < cells; c++)
        line[c] = SVYI_NO_UNIT;
    for (size_t i = 0; i < m->n_lines; i++) {
        size_t cell = 0;
        for (size_t k = 0; k < m->n_variables; k++)
            cell += d[k].of_line[i] * d[k].stride;
        if ((texts[i] = join(arena, m->levels + i * m->n_variables, m->n_variables)) == NULL)
            return svyi_nomem(err);
        if (line[cell] != SVYI_NO_UNIT)
            return svyi_fail(err, SVY_E_VALUE, "%s: '%s' stands there twice: give every level one total", m->source, texts[i]);
        if (!(m->totals[i] >= 0 && m->totals[i] <= 1e300))
            return svyi_fail(err, SVY_E_VALUE, "%s: the total of '%s' is %g: a population count is 0 or more, and at most 1e300", m->source, texts[i], m->totals[i]);
        line[cell] = (uint32_t)i;
    }
    return SVY_OK;
}

/* ---- the rows ---- */

static inline uint32_t row_line(const digits *d, size_t n, const uint32_t *line, size_t row)
{
    size_t cell = 0;
    for (size_t k = 0; k < n; k++) {
        const svy_column *c = d[k].c;
        if (is_missing(c, row))
            return SVYI_NO_UNIT;
        uint32_t digit = d[k].of_level != NULL ? d[k].of_level[c->codes[row]] : digit_of(&d[k], c->numbers[row]);
        if (digit == SVYI_NO_UNIT)
            return SVYI_NO_UNIT;
        cell += digit * d[k].stride;
    }
    return line[cell];
}

/* Why rows of positive weight are in no line. */
static svy_status rows_fail(const svy_margin *m, const digits *d, const uint32_t *codes, const double *weights, size_t rows, svy_error *err)
{
    char seen[NAMED + 1][LABEL];
    listing levels = { "", 0, 0 };
    for (size_t i = 0; i < rows && levels.count <= NAMED; i++) {
        if (codes[i] != SVYI_NO_UNIT || !(weights[i] > 0))
            continue;
        for (size_t k = 0; k < m->n_variables; k++)
            if (is_missing(d[k].c, i))
                return svyi_fail(err, SVY_E_VALUE, "'%s' is missing in row %zu, and %s needs it: fill it in, or give missing values a level of their own",
                                 d[k].c->name, i + 1, m->source);
        char *text = seen[levels.count];
        size_t same = 0;
        row_text(d, m->n_variables, i, text, LABEL);
        while (strcmp(seen[same], text) != 0)
            same++;
        if (same == levels.count)
            listing_add(&levels, text);
    }
    return svyi_fail(err, SVY_E_VALUE, "%s has no line for %s%s, which the sample has: add the population count, or recode the data", m->source,
                     levels.text, listing_end(&levels));
}

/* A line of positive total needs a row of positive weight, and a row a positive total. */
static svy_status check_lines(svyi_arena *arena, const svyi_margin_codes *m, const double *weights, size_t rows, svy_error *err)
{
    double *sum = svyi_arena_get(arena, ((size_t)m->n_lines + 1) * sizeof *sum);
    listing nobody = { "", 0, 0 }, nothing = { "", 0, 0 };
    if (sum == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < rows; i++)
        if (m->codes[i] != SVYI_NO_UNIT)
            sum[m->codes[i]] += weights[i];
    for (uint32_t l = 0; l < m->n_lines; l++) {
        if (m->totals[l] > 0 && !(sum[l] > 0))
            listing_add(&nobody, m->lines[l]);
        if (m->totals[l] <= 0 && sum[l] > 0)
            listing_add(&nothing, m->lines[l]);
    }
    if (nobody.count > 0)
        return svyi_fail(err, SVY_E_VALUE, "%s: nobody in the sample is in %s%s, whose population count is positive: join it with another level", m->source,
                         nobody.text, listing_end(&nobody));
    if (nothing.count > 0)
        return svyi_fail(err, SVY_E_VALUE, "%s: the population count of %s%s is 0, but the sample has such rows: correct the count or the data", m->source,
                         nothing.text, listing_end(&nothing));
    return SVY_OK;
}

/* The lines of all rows. @return how many of positive weight have none. */
static size_t find_lines(const digits *d, size_t n, const uint32_t *line, const double *weights, size_t rows, uint32_t *codes)
{
    size_t outside = 0;
    const svy_column *c = d[0].c;
    if (n == 1 && c->missing == NULL && c->codes != NULL) {          /* the usual case */
        for (size_t i = 0; i < rows; i++) {
            uint32_t digit = d[0].of_level[c->codes[i]];
            codes[i] = digit == SVYI_NO_UNIT ? digit : line[digit];
        }
    } else {
        for (size_t i = 0; i < rows; i++)
            codes[i] = row_line(d, n, line, i);
    }
    for (size_t i = 0; i < rows; i++)
        outside += codes[i] == SVYI_NO_UNIT && weights[i] > 0;
    return outside;
}

svy_status svyi_margin_codes_make(svyi_arena *arena, const svy_frame *f, const svy_margin *m, const double *weights, svyi_margin_codes *out,
                                  svy_error *err)
{
    size_t rows = svy_frame_rows(f), cells, outside;
    *out = (svyi_margin_codes){ .source = m->source, .n_lines = (uint32_t)m->n_lines, .totals = m->totals };
    if (m->n_variables == 0 || m->n_lines == 0 || m->n_lines >= COMBINATIONS_MAX)
        return svyi_fail(err, SVY_E_VALUE, "%s: a margin has variables and their levels with population counts, and fewer than %d lines", m->source,
                         COMBINATIONS_MAX);
    digits *d = svyi_arena_get(arena, m->n_variables * sizeof *d);
    const char **texts = svyi_arena_get(arena, m->n_lines * sizeof *texts);
    uint32_t *codes = svyi_arena_get(arena, (rows + 1) * sizeof *codes);
    if (d == NULL || texts == NULL || codes == NULL || (out->name = join(arena, m->variables, m->n_variables)) == NULL)
        return svyi_nomem(err);
    svy_status st = make_digits(arena, f, m, d, &cells, err);
    if (st != SVY_OK)
        return st;
    uint32_t *line = svyi_arena_get(arena, (cells + 1) * sizeof *line);
    if (line == NULL)
        return svyi_nomem(err);
    if ((st = make_lines(arena, m, d, line, cells, texts, err)) != SVY_OK)
        return st;
    outside = find_lines(d, m->n_variables, line, weights, rows, codes);
    out->codes = codes;
    out->lines = texts;
    return outside > 0 ? rows_fail(m, d, codes, weights, rows, err) : check_lines(arena, out, weights, rows, err);
}

/* ---- cells of the data ---- */

static svy_status cell_texts(svyi_arena *arena, const digits *d, size_t n, size_t rows, svyi_margin_codes *out, svy_error *err)
{
    char text[LABEL];
    const char **texts = svyi_arena_get(arena, ((size_t)out->n_lines + 1) * sizeof *texts);
    if (texts == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < rows; i++)
        if (out->codes[i] != SVYI_NO_UNIT && texts[out->codes[i]] == NULL) {
            row_text(d, n, i, text, sizeof text);
            if ((texts[out->codes[i]] = svyi_arena_text(arena, n > 0 ? text : "all", n > 0 ? strlen(text) : 3)) == NULL)
                return svyi_nomem(err);
        }
    out->lines = texts;
    return SVY_OK;
}

/* Numbers the combinations; rows that need none and miss a value get none at the end. */
static svy_status number_cells(const svyi_arena *arena, const digits *d, size_t n, size_t rows, uint32_t *codes, uint32_t *more, uint32_t *count,
                               svy_error *err)
{
    svy_status st = SVY_OK;
    *count = 1;
    for (size_t k = 0; k < n && st == SVY_OK; k++) {
        uint32_t levels;
        st = svyi_intern_column(&arena->alloc, d[k].c, rows, more, &levels, err);
        if (st == SVY_OK)
            st = svyi_intern_pairs(&arena->alloc, rows, codes, *count, more, levels, codes, count, err);
    }
    return st;
}

svy_status svyi_margin_cells(svyi_arena *arena, const svy_frame *f, const char *const *variables, size_t n, const double *weights, const uint8_t *keep,
                             svyi_margin_codes *out, svy_error *err)
{
    size_t rows = svy_frame_rows(f);
    digits *d = svyi_arena_get(arena, (n + 1) * sizeof *d);
    uint32_t *codes = svyi_arena_get(arena, (rows + 1) * sizeof *codes), *more = svyi_get(&arena->alloc, (rows + 1) * sizeof *more);
    svy_status st = d == NULL || codes == NULL || more == NULL ? svyi_nomem(err) : SVY_OK;
    *out = (svyi_margin_codes){ .source = "the cells", .codes = codes, .name = n > 0 ? join(arena, variables, n) : "all" };
    for (size_t k = 0; k < n && st == SVY_OK; k++)
        if ((d[k].c = svy_frame_find(f, variables[k])) == NULL)
            st = svyi_fail(err, SVY_E_NAME, "there is no column '%s': name columns of the data", variables[k]);
    if (st == SVY_OK)
        st = number_cells(arena, d, n, rows, codes, more, &out->n_lines, err);
    for (size_t i = 0; i < rows && st == SVY_OK; i++)
        for (size_t k = 0; k < n && st == SVY_OK; k++)
            if (is_missing(d[k].c, i)) {
                codes[i] = SVYI_NO_UNIT;
                if (keep != NULL ? keep[i] : weights[i] > 0)
                    st = svyi_fail(err, SVY_E_VALUE, "'%s' is missing in row %zu, and the weighting needs it: fill it in, or give missing values a level "
                                   "of their own", d[k].c->name, i + 1);
            }
    svyi_release(&arena->alloc, more, (rows + 1) * sizeof *more);
    return st == SVY_OK ? cell_texts(arena, d, n, rows, out, err) : st;
}
