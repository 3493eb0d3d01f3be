/* The overview of variables: counts, reasons for missing values, weights, means and quartiles, shares of levels. */
#include <survey/describe.h>

#include <math.h>
#include <string.h>
#include <survey/moments.h>
#include <survey/quantile.h>

#include "base/arena.h"
#include "base/error.h"

enum { REASONS = SVY_NOT_STATED };

typedef struct description {
    const svy_alloc *alloc;
    const svy_frame *f;
    const svy_design *d;
    const char *where;
    uint8_t *keep;                 /* by row; NULL: all */
    unsigned threads;
    svy_sheet *sheet;
    svy_error *err;
} description;

/* Counts of the rows of a variable, or of a level of it. */
typedef struct counts { double n, missing[REASONS + 1], weight, least, most; } counts;

static const svy_sheet_column COLUMNS[] = {
    { "variable", SVY_SHEET_TEXT }, { "level", SVY_SHEET_TEXT | SVY_SHEET_OPTIONAL }, { "n", SVY_SHEET_NUMBER },
    { "missing", SVY_SHEET_NUMBER }, { "not_reached", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "not_asked", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
    { "dont_know", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "refused", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
    { "not_stated", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "weight", SVY_SHEET_NUMBER }, { "share", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
    { "mean", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "se", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "sd", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
    { "min", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "q25", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "median", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
    { "q75", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "max", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }
};

static counts count_variable(const description *p, const svy_column *c)
{
    const double *weights = svy_design_weights(p->d);
    counts k = { .least = (double)INFINITY, .most = -(double)INFINITY };
    for (size_t i = 0; i < svy_frame_rows(p->f); i++) {
        uint8_t reason = c->missing != NULL ? c->missing[i] : SVY_PRESENT;
        if (p->keep != NULL && !p->keep[i])
            continue;
        if (reason != SVY_PRESENT) {
            k.missing[0]++;
            k.missing[reason <= REASONS ? reason : REASONS]++;
            continue;
        }
        k.n++;
        k.weight += weights[i];
        if (c->numbers == NULL || weights[i] == 0)
            continue;
        k.least = c->numbers[i] < k.least ? c->numbers[i] : k.least;
        k.most = c->numbers[i] > k.most ? c->numbers[i] : k.most;
    }
    return k;
}

/* The numbers of a row behind its counts: share, mean, se, sd, min, q25, median, q75, max. */
enum { SHARE, MEAN, ERROR, DEVIATION, LEAST, FIRST_QUARTILE, MEDIAN, THIRD_QUARTILE, MOST, NUMBERS };

static void add_row(const description *p, const char *variable, const char *level, const counts *k, const double *numbers)
{
    svy_sheet_text(p->sheet, variable);
    svy_sheet_text(p->sheet, level);
    svy_sheet_number(p->sheet, k->n);
    for (size_t i = 0; i <= REASONS; i++)
        svy_sheet_number(p->sheet, k->missing[i]);
    svy_sheet_number(p->sheet, k->weight);
    for (size_t i = 0; i < NUMBERS; i++)
        svy_sheet_number(p->sheet, numbers[i]);
}

static svy_estimate_spec spec_of(const description *p, const char *const *variable)
{
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    spec.variables = variable;
    spec.n_variables = 1;
    spec.where = p->where;
    spec.threads = p->threads;
    return spec;
}

static svy_status take_moments(const description *p, const svy_estimate_spec *spec, double *numbers)
{
    svy_estimates *e = NULL;
    svy_status st = svy_estimate(p->alloc, p->f, p->d, spec, &e, p->err);
    if (st == SVY_OK) {
        numbers[MEAN] = svy_estimates_row(e, 0)->estimate;
        numbers[ERROR] = svy_estimates_row(e, 0)->se;
    }
    svy_estimates_free(e);
    if (st != SVY_OK || (st = svy_variance(p->alloc, p->f, p->d, spec, 1, &e, p->err)) != SVY_OK)
        return st;
    numbers[DEVIATION] = svy_estimates_row(e, 0)->estimate;
    svy_estimates_free(e);
    return SVY_OK;
}

static svy_status take_quartiles(const description *p, const svy_estimate_spec *spec, double *numbers)
{
    static const double PROBS[] = { 0.25, 0.5, 0.75 };
    svy_quantile_spec q = SVY_QUANTILE_INIT;
    svy_estimates *e;
    q.estimate = *spec;
    q.probs = PROBS;
    q.n_probs = sizeof PROBS / sizeof PROBS[0];
    svy_status st = svy_quantile(p->alloc, p->f, p->d, &q, &e, p->err);
    for (size_t i = 0; st == SVY_OK && i < q.n_probs; i++)
        numbers[FIRST_QUARTILE + i] = svy_estimates_row(e, i)->estimate;
    svy_estimates_free(e);
    return st;
}

static void clear_numbers(double *numbers)
{
    for (size_t i = 0; i < NUMBERS; i++)
        numbers[i] = nan("");
}

static svy_status describe_number(const description *p, const char *const *variable, const svy_column *c)
{
    double numbers[NUMBERS];
    counts k = count_variable(p, c);
    svy_estimate_spec spec = spec_of(p, variable);
    clear_numbers(numbers);
    numbers[LEAST] = k.least;
    numbers[MOST] = k.most;
    svy_status st = take_moments(p, &spec, numbers);
    if (st == SVY_OK)
        st = take_quartiles(p, &spec, numbers);
    if (st == SVY_OK)
        add_row(p, c->name, "", &k, numbers);
    return st;
}

/* The rows of each level, through a table of counts; weights of levels are its totals. */
static svy_status describe_factor(const description *p, const char *const *variable, const svy_column *c)
{
    double numbers[NUMBERS];
    counts k = count_variable(p, c), none = { 0 };
    svy_estimate_spec spec = spec_of(p, variable);
    svy_estimates *shares = NULL, *table = NULL;
    spec.statistic = SVY_STAT_PROPORTION;
    svy_error problem = SVY_ERROR_INIT;
    svy_status st = svy_estimate(p->alloc, p->f, p->d, &spec, &shares, &problem);
    clear_numbers(numbers);
    if (st == SVY_E_LIMIT) {          /* names, numbers of cases: too many levels to be a factor */
        add_row(p, c->name, "", &k, numbers);
        return SVY_OK;
    }
    if (st != SVY_OK && p->err != NULL)
        *p->err = problem;
    spec.statistic = SVY_STAT_TABLE;
    if (st == SVY_OK)
        st = svy_estimate(p->alloc, p->f, p->d, &spec, &table, p->err);
    if (st == SVY_OK)
        add_row(p, c->name, "", &k, numbers);
    for (size_t i = 0; st == SVY_OK && i < svy_estimates_count(table); i++) {
        const svy_estimate_row *share = svy_estimates_row(shares, i), *count = svy_estimates_row(table, i);
        none.n = (double)count->n;
        none.weight = count->estimate;
        numbers[SHARE] = share->estimate;
        numbers[ERROR] = share->se;
        if (count->n > 0)
            add_row(p, c->name, share->level, &none, numbers);
    }
    svy_estimates_free(shares);
    svy_estimates_free(table);
    return st;
}

/* The column that a text names. */
static svy_status find_variable(const description *p, const char *text, const svy_column **column, int *factor)
{
    const char *names[2];
    size_t room = strlen(text) + 1;
    char *copy = svyi_get(p->alloc, room);
    if (copy == NULL)
        return svyi_nomem(p->err);
    svy_status st = svy_variable_parse(SVY_STAT_MEAN, text, copy, names, factor, p->err);
    if (st == SVY_OK && (*column = svy_frame_find(p->f, names[0])) == NULL)
        st = svyi_fail(p->err, SVY_E_NAME, "there is no column '%s': name a column of the data", names[0]);
    svyi_release(p->alloc, copy, room);
    return st;
}

static svy_status describe_variable(const description *p, const char *const *variable)
{
    const svy_column *c;
    double numbers[NUMBERS];
    int factor;
    svy_status st = find_variable(p, *variable, &c, &factor);
    if (st != SVY_OK)
        return st;
    if (c->numbers != NULL && !factor)
        return describe_number(p, variable, c);
    counts k = count_variable(p, c);
    if (k.n > 0)
        return describe_factor(p, variable, c);
    clear_numbers(numbers);
    add_row(p, c->name, "", &k, numbers);
    return SVY_OK;
}

/* With a number among the variables a smallest value of 0 is not nothing: its columns are shown. */
static svy_status make_sheet(description *p, const char *const *variables, size_t n)
{
    enum { COLUMN_COUNT = sizeof COLUMNS / sizeof COLUMNS[0], FIRST_OF_NUMBERS = COLUMN_COUNT - NUMBERS + MEAN };
    svy_sheet_column columns[COLUMN_COUNT];
    int number = 0, factor;
    for (size_t i = 0; i < n && !number; i++) {
        const svy_column *c;
        svy_status st = find_variable(p, variables[i], &c, &factor);
        if (st != SVY_OK)
            return st;
        number = c->numbers != NULL && !factor;
    }
    memcpy(columns, COLUMNS, sizeof columns);
    for (size_t k = FIRST_OF_NUMBERS; k < COLUMN_COUNT && number; k++)
        columns[k].kind = SVY_SHEET_NUMBER;
    return svy_sheet_new(p->alloc, columns, COLUMN_COUNT, &p->sheet, p->err);
}

svy_status svy_describe(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const char *const *variables, size_t n, const char *where,
                        unsigned threads, svy_sheet **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(f != NULL && d != NULL && variables != NULL && n > 0, err);
    SVY_REQUIRE(svy_frame_rows(f) == svy_design_rows(d), err);
    description p = { .alloc = alloc, .f = f, .d = d, .where = where, .threads = threads, .err = err };
    size_t rows = svy_frame_rows(f) + 1;
    svy_status st = make_sheet(&p, variables, n);
    if (st == SVY_OK && where != NULL) {
        p.keep = svyi_get(alloc, rows);
        st = p.keep != NULL ? svy_frame_where(f, where, p.keep, err) : svyi_nomem(err);
    }
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = describe_variable(&p, &variables[i]);
    svyi_release(alloc, p.keep, rows);
    if (st != SVY_OK) {
        svy_sheet_free(p.sheet);
        return st;
    }
    *out = p.sheet;
    return SVY_OK;
}
