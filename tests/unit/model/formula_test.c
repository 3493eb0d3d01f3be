/* Formulas: what they multiply out to, R's coding of factors, messages with their place, and limits. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/watched_alloc.h"
#include "model/matrix_priv.h"

enum { ROWS = 24 };

/* Columns x, y (numbers), m (with missing values), f (a, b, c) and g (u, v). */
static svy_frame *make_frame(void)
{
    static const char *const F[] = { "a", "b", "c" }, *const G[] = { "u", "v" };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    cr_assert_eq(svy_frame_new(NULL, ROWS, &f, &err), SVY_OK);
    double *x = svy_frame_get(f, ROWS, sizeof *x), *y = svy_frame_get(f, ROWS, sizeof *y), *m = svy_frame_get(f, ROWS, sizeof *m);
    uint32_t *a = svy_frame_get(f, ROWS, sizeof *a), *b = svy_frame_get(f, ROWS, sizeof *b);
    uint8_t *missing = svy_frame_get(f, ROWS, 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        x[i] = 1 + 0.37 * i + (i % 5);
        y[i] = i % 7;
        m[i] = i * i;
        missing[i] = i % 6 == 5 ? SVY_REFUSED : SVY_PRESENT;
        a[i] = i % 3;
        b[i] = i / 3 % 2;
    }
    cr_assert_eq(svy_frame_add_numbers(f, "x", SVY_T_DECIMAL, x, NULL, &err), SVY_OK);
    cr_assert_eq(svy_frame_add_numbers(f, "y", SVY_T_DECIMAL, y, NULL, &err), SVY_OK);
    cr_assert_eq(svy_frame_add_numbers(f, "m", SVY_T_DECIMAL, m, missing, &err), SVY_OK);
    cr_assert_eq(svy_frame_add_factor(f, "f", SVY_T_TEXT, a, NULL, F, NULL, 3, &err), SVY_OK);
    cr_assert_eq(svy_frame_add_factor(f, "g h", SVY_T_TEXT, b, NULL, G, NULL, 2, &err), SVY_OK);
    return f;
}

/* Columns that R's model.matrix() has for these formulas, in its order. */
static const struct { const char *formula, *columns; } MATRICES[] = {
    { "y ~ x", "(Intercept)|x" },
    { "y ~ x - 1", "x" },
    { "y ~ 0 + f", "f: a|f: b|f: c" },
    { "y ~ f + 0 + 1", "(Intercept)|f: b|f: c" },
    { "y ~ f * `g h`", "(Intercept)|f: b|f: c|g h: v|f: b * g h: v|f: c * g h: v" },
    { "y ~ f : x", "(Intercept)|f: a * x|f: b * x|f: c * x" },
    { "y ~ x + x:f", "(Intercept)|x|x * f: b|x * f: c" },
    { "y ~ f:`g h`", "(Intercept)|f: a * g h: u|f: b * g h: u|f: c * g h: u|f: a * g h: v|f: b * g h: v|f: c * g h: v" },
    { "y ~ f / x", "(Intercept)|f: b|f: c|f: a * x|f: b * x|f: c * x" },
    { "y ~ (x + m + f)^2 - x:m", "(Intercept)|x|m|f: b|f: c|x * f: b|x * f: c|m * f: b|m * f: c" },
    { "y ~ x + (x + m)", "(Intercept)|x|m" },
    { "y ~ x - x", "(Intercept)" },
    { "y ~ I(x > 3 & f == 'a') + log( x )", "(Intercept)|I(x > 3 & f == 'a')|log( x )" },
    { "y ~ relevel(f, ref = \"c\")", "(Intercept)|relevel(f, ref = \"c\"): a|relevel(f, ref = \"c\"): b" },
    { "y ~ factor(m > 30)", "(Intercept)|factor(m > 30): 1" },
    { "y ~ ns(x, 2)", "(Intercept)|ns(x, 2): 1|ns(x, 2): 2" },
    { "y ~ offset(x) + m", "(Intercept)|m" },
    { "~ x %in% f", "(Intercept)|x * f: a|x * f: b|x * f: c" },
};

Test(formula, has_the_columns_of_r)
{
    svy_frame *f = make_frame();
    for (size_t i = 0; i < sizeof MATRICES / sizeof MATRICES[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_matrix *m;
        char names[512] = "";
        cr_assert_eq(svyi_matrix_new(NULL, f, MATRICES[i].formula, NULL, NULL, &m, &err), SVY_OK, "%s: %s", MATRICES[i].formula, err.message);
        for (size_t k = 0; k < svyi_matrix_columns(m); k++) {
            strcat(names, k > 0 ? "|" : "");
            strcat(names, svyi_matrix_name(m, k));
        }
        cr_expect_str_eq(names, MATRICES[i].columns, "%s has %s", MATRICES[i].formula, names);
        svyi_matrix_free(m);
    }
    svy_frame_free(f);
}

/* Comparisons of texts, by row: 1 - equal, 0 - not; f is a text column. */
Test(formula, texts_are_compared_as_texts)
{
    static const struct { const char *formula, *same; } PAIRS[] = {
        { "~ I(f == 'a')", "~ I(f %in% c('a'))" }, { "~ I('a' == f)", "~ I(!(f != 'a'))" }, { "~ I(f == f)", "~ I(x == x)" }, { "~ I(f != f)", "~ I(x != x)" },
        { "~ I(f == `g h`)", "~ I(x == x + 1)" }, { "~ I(x == '3')", "~ I(x == 3)" }, { "~ I(x != '3')", "~ I(x != 3)" }, { "~ I(x == 'three')", "~ I(x != x)" },
        { "~ I(x %in% c('3', 'b'))", "~ I(x == 3)" }, { "~ I(as.character(f) == 'b')", "~ I(f == 'b')" } };
    svy_frame *f = make_frame();
    const size_t rows = svy_frame_rows(f);
    for (size_t k = 0; k < sizeof PAIRS / sizeof PAIRS[0]; k++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_matrix *a, *b;
        double x[2], y[2];
        cr_assert_eq(svyi_matrix_new(NULL, f, PAIRS[k].formula, NULL, NULL, &a, &err), SVY_OK, "%s: %s", PAIRS[k].formula, err.message);
        cr_assert_eq(svyi_matrix_new(NULL, f, PAIRS[k].same, NULL, NULL, &b, &err), SVY_OK, "%s: %s", PAIRS[k].same, err.message);
        for (uint32_t i = 0; i < rows; i++) {
            svyi_matrix_fill(a, &i, 1, x);
            svyi_matrix_fill(b, &i, 1, y);
            cr_expect(x[1] == y[1], "%s row %u: %g %g", PAIRS[k].formula, (unsigned)i, x[1], y[1]);
        }
        svyi_matrix_free(a);
        svyi_matrix_free(b);
    }
    svy_frame_free(f);
}

static const struct { const char *formula; svy_status status; int column; const char *part; } WRONG[] = {
    { "y", SVY_E_SYNTAX, 1, "has a ~" },
    { "", SVY_E_SYNTAX, 1, "variable was expected" },
    { "y ~", SVY_E_SYNTAX, 4, "ends where" },
    { "y ~ x +", SVY_E_SYNTAX, 8, "ends where" },
    { "y ~ (x", SVY_E_SYNTAX, 7, ") was expected" },
    { "y ~ x x", SVY_E_SYNTAX, 7, "operator was expected" },
    { "y ~ x $ 2", SVY_E_SYNTAX, 7, "no meaning" },
    { "y ~ 'x", SVY_E_SYNTAX, 5, "not closed" },
    { "y ~ x > 3", SVY_E_SYNTAX, 5, "I(...)" },
    { "y ~ x + 2", SVY_E_SYNTAX, 9, "0 or 1" },
    { "y ~ .", SVY_E_SYNTAX, 5, "name them" },
    { "y ~ x ~ m", SVY_E_SYNTAX, 1, "one ~" },
    { "y ~ x^1.5", SVY_E_SYNTAX, 7, "whole number" },
    { "y ~ nothing", SVY_E_NAME, 5, "'nothing'" },
    { "y ~ sine(x)", SVY_E_NAME, 5, "'sine'" },
    { "y ~ log(f)", SVY_E_TYPE, 9, "'f' is text" },
    { "y ~ log(y)", SVY_E_VALUE, 5, "row 1" },
    { "y ~ y + x", SVY_E_VALUE, 5, "response" },
    { "y ~ relevel(f, ref = 'z')", SVY_E_VALUE, 22, "no level" },
    { "y ~ relevel(x, ref = 1)", SVY_E_TYPE, 13, "factor(x)" },
    { "y ~ ns(x, 60)", SVY_E_VALUE, 11, "whole number" },
    { "y ~ ns(x, knots = c(2, 1))", SVY_E_VALUE, 24, "increase" },
    { "y ~ poly(y, 7)", SVY_E_VALUE, 5, "different values" },
    { "y ~ ns(I(x * 0), 2)", SVY_E_VALUE, 5, "more than one value" },
    { "y ~ x + offset(x):f", SVY_E_SYNTAX, 9, "only be added" },
    { "y ~ cluster(x)", SVY_E_SYNTAX, 5, "--clusters" },
    { "ns(y, 2) ~ x", SVY_E_TYPE, 1, "response" },
    { "Surv(y) ~ x", SVY_E_SYNTAX, 1, "Surv()" },
    { "y ~ factor(x, m)", SVY_E_SYNTAX, 5, "one variable" },
};

Test(formula, tells_what_is_wrong_and_where)
{
    svy_frame *f = make_frame();
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_matrix *m;
        cr_expect_eq(svyi_matrix_new(NULL, f, WRONG[i].formula, NULL, NULL, &m, &err), WRONG[i].status, "%s: %s", WRONG[i].formula, err.message);
        cr_expect_null(m);
        cr_expect_eq(err.column, WRONG[i].column, "%s: column %d: %s", WRONG[i].formula, err.column, err.message);
        cr_expect(strstr(err.message, WRONG[i].part) != NULL, "%s: %s", WRONG[i].formula, err.message);
    }
    svy_frame_free(f);
}

Test(formula, a_factor_of_one_level_is_refused)
{
    svy_frame *f = make_frame();
    svy_error err = SVY_ERROR_INIT;
    svyi_matrix *m;
    uint8_t keep[ROWS] = { 0 };
    for (size_t i = 0; i < ROWS; i += 3)
        keep[i] = 1;
    cr_expect_eq(svyi_matrix_new(NULL, f, "y ~ f", NULL, keep, &m, &err), SVY_E_VALUE);
    cr_expect(strstr(err.message, "'a'") != NULL, "%s", err.message);
    memset(keep, 0, sizeof keep);
    cr_expect_eq(svyi_matrix_new(NULL, f, "y ~ x", NULL, keep, &m, &err), SVY_E_VALUE);
    cr_expect(strstr(err.message, "no row") != NULL, "%s", err.message);
    svy_frame_free(f);
}

Test(formula, depth_and_length_are_limited)
{
    static char text[70000];
    svy_frame *f = make_frame();
    static const struct { const char *part; size_t times; svy_status status; } CASES[] = {
        { "(", 5000, SVY_E_LIMIT }, { "-", 5000, SVY_E_LIMIT }, { "x+", 5000, SVY_E_LIMIT }, { "x^", 500, SVY_E_LIMIT }, { "log(", 300, SVY_E_LIMIT },
        { "x +                                                                  ", 1000, SVY_E_LIMIT } };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_matrix *m;
        size_t at = (size_t)snprintf(text, sizeof text, "y ~ ");
        for (size_t k = 0; k < CASES[i].times && at + 80 < sizeof text; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s", CASES[i].part);
        snprintf(text + at, sizeof text - at, "x");
        cr_expect_eq(svyi_matrix_new(NULL, f, text, NULL, NULL, &m, &err), CASES[i].status, "%zu: %s", i, err.message);
    }
    svy_frame_free(f);
}

Test(formula, more_terms_than_fit_are_refused)
{
    svy_frame *f = make_frame();
    svy_error err = SVY_ERROR_INIT;
    svyi_matrix *m;
    cr_expect_eq(svyi_matrix_new(NULL, f, "y ~ (x+m+I(x+1)+I(x+2)+I(x+3)+I(x+4)+I(x+5)+I(x+6)+I(x+7)+I(x+8)+I(x+9)+I(x+10)+I(x+11))^20", NULL, NULL, &m, &err),
                 SVY_E_LIMIT);
    cr_expect_eq(svyi_matrix_new(NULL, f, "y ~ factor(x):factor(I(x+1)):factor(I(x+2))", NULL, NULL, &m, &err), SVY_E_LIMIT);
    cr_expect(strstr(err.message, "2000") != NULL, "%s", err.message);
    svy_frame_free(f);
}

/* Slopes of columns against differences of the columns themselves. */
Test(formula, derivatives_agree_with_differences)
{
    static const char *const FORMULAS[] = { "y ~ x", "y ~ I(x^2) * f + log(x)", "y ~ ns(x, 3):f + bs(x, 5)", "y ~ poly(x, 3) + poly(x, 2, raw = TRUE):f",
        "y ~ exp(x / 10) + sqrt(x + 1) + I(1 / x) + I(2^(x / 9)) + abs(x - 4.2) + sin(x) + log(x, 3) + ns(log(x), 2)", "y ~ ifelse(x > 5, x, 2 * x) + pmin(x, 7.01) + x:x" };
    const double h = 1e-5;
    for (size_t c = 0; c < sizeof FORMULAS / sizeof FORMULAS[0]; c++) {
        svy_frame *f = make_frame();
        svy_error err = SVY_ERROR_INIT;
        svyi_matrix *m, **slopes;
        size_t n;
        uint32_t row = 10;
        cr_assert_eq(svyi_matrix_new(NULL, f, FORMULAS[c], NULL, NULL, &m, &err), SVY_OK, "%s", err.message);
        cr_assert_eq(svyi_matrix_slopes(m, "x", &slopes, &n, &err), SVY_OK);
        const size_t p = svyi_matrix_columns(m);
        double sum[64] = { 0 }, part[64], low[64], high[64], *x = NULL;
        for (size_t s = 0; s < n; s++) {
            svyi_matrix_fill(slopes[s], &row, 1, part);
            for (size_t k = 0; k < p; k++)
                sum[k] += part[k];
        }
        memcpy(&x, &svy_frame_find(f, "x")->numbers, sizeof x);
        for (int side = -1; side <= 1; side += 2) {     /* bound again, with the knots of the first */
            x[row] += side * h;
            svyi_regressor *r = m->regressors;
            for (size_t k = 0; k < m->formula.n_variables; k++) {
                svyi_regressor again;
                cr_assert_eq(svyi_regressor_bind(&m->arena, f, FORMULAS[c], r[k].node, &again, &err), SVY_OK);
                r[k].numbers = again.numbers;
            }
            svyi_matrix_fill(m, &row, 1, side < 0 ? low : high);
            x[row] -= side * h;
        }
        for (size_t k = 0; k < p; k++)
            cr_expect_float_eq((high[k] - low[k]) / (2 * h), sum[k], 1e-6 * (1 + fabs(sum[k])), "%s: %s: %g", FORMULAS[c], svyi_matrix_name(m, k), sum[k]);
        svyi_matrix_free(m);
        svy_frame_free(f);
    }
}

Test(formula, running_out_of_memory_is_reported)
{
    svy_frame *f = make_frame();
    const char *text = "log(y + 1) ~ f * ns(x, 3) + relevel(f, ref = 'b'):m + factor(y) + offset(x) + strata(`g h`) + poly(x, 2)";
    for (long calls = 0;; calls++) {
        watched w = { .calls_left = calls };
        svy_alloc alloc = { watched_fn, &w };
        svy_error err = SVY_ERROR_INIT;
        svyi_matrix *m;
        const svy_status st = svyi_matrix_new(&alloc, f, text, NULL, NULL, &m, &err);
        if (st == SVY_OK) {
            svyi_matrix_free(m);
            cr_expect_eq(w.bytes, 0);
            cr_expect_gt(calls, 3);
            break;
        }
        cr_assert_eq(st, SVY_E_NOMEM, "%ld: %s", calls, err.message);
        cr_expect_eq(w.bytes, 0, "%ld", calls);
    }
    svy_frame_free(f);
}
