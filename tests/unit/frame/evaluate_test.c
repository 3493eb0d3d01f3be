/* Conditions and derived numbers over the columns of a frame. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdlib.h>
#include <string.h>

#include <survey/frame.h>

#include "../base/watched_alloc.h"

enum { ROWS = 6 };

/* age 33 17 - 40 - 0; cit BG UA - UA BG SY; status (codes that are numbers) 1 3 - 1 2 2; why "1 3", "2", -, "1", "", "3"; day a date. */
static svy_frame *example(const svy_alloc *alloc)
{
    static const double AGE[ROWS] = { 33, 17, 0, 40, 0, 0 }, DAY[ROWS] = { 20000, 20001, 20002, 0, 20004, 20005 };
    static const uint8_t AGE_M[ROWS] = { 0, 0, SVY_REFUSED, 0, SVY_DONT_KNOW, 0 }, THIRD[ROWS] = { 0, 0, SVY_NOT_STATED, 0, 0, 0 },
                         DAY_M[ROWS] = { 0, 0, 0, SVY_NOT_ASKED, 0, 0 };
    static const uint32_t CIT[ROWS] = { 0, 2, 0, 2, 0, 1 }, STATUS[ROWS] = { 0, 2, 0, 0, 1, 1 }, WHY[ROWS] = { 1, 2, 0, 0, 3, 4 };
    static const char *const CITS[] = { "BG", "SY", "UA" }, *const STATUSES[] = { "1", "2", "3" }, *const WHYS[] = { "1", "1 3", "2", "3 1 2", "3" };
    static const struct { const char *name; svy_type type; const double *x; const uint32_t *codes; const uint8_t *m; const char *const *levels;
                          uint32_t n; } COLUMNS[] = {
        { "age", SVY_T_INTEGER, AGE, NULL, AGE_M, NULL, 0 },
        { "cit", SVY_T_TEXT, NULL, CIT, THIRD, CITS, 3 },
        { "status", SVY_T_SINGLE, NULL, STATUS, THIRD, STATUSES, 3 },
        { "why", SVY_T_MULTIPLE, NULL, WHY, THIRD, WHYS, 5 },
        { "day", SVY_T_DATE, DAY, NULL, DAY_M, NULL, 0 },
    };
    svy_frame *f = NULL;

    if (svy_frame_new(alloc, ROWS, &f, NULL) != SVY_OK)
        return NULL;
    for (size_t i = 0; i < sizeof COLUMNS / sizeof COLUMNS[0]; i++) {
        double *x = COLUMNS[i].x != NULL ? svy_frame_get(f, ROWS, sizeof *x) : NULL;
        uint32_t *codes = x == NULL ? svy_frame_get(f, ROWS, sizeof *codes) : NULL;
        uint8_t *m = svy_frame_get(f, ROWS, 1);
        cr_assert(m != NULL && (x != NULL || codes != NULL));
        memcpy(m, COLUMNS[i].m, ROWS);
        if (x != NULL) {
            memcpy(x, COLUMNS[i].x, ROWS * sizeof *x);
            cr_assert_eq(svy_frame_add_numbers(f, COLUMNS[i].name, COLUMNS[i].type, x, m, NULL), SVY_OK);
        } else {
            memcpy(codes, COLUMNS[i].codes, ROWS * sizeof *codes);
            cr_assert_eq(svy_frame_add_factor(f, COLUMNS[i].name, COLUMNS[i].type, codes, m, COLUMNS[i].levels, NULL, COLUMNS[i].n, NULL), SVY_OK);
        }
    }
    return f;
}

/* Which rows are kept, worked out by hand: a comparison with a missing value is false. */
static const struct { const char *text, *keep; } WHERE[] = {
    { "age >= 18", "100100" },
    { "age < 18", "010001" },
    { "${age} = 0", "000001" },
    { "cit = 'UA'", "010100" },
    { "cit != 'UA'", "100011" },
    { "cit = 'UA' and age > 18", "000100" },
    { "cit = 'UA' or age > 18", "110100" },
    { "cit = 'DE'", "000000" },
    { "status = 1", "100100" },
    { "status = '1'", "100100" },
    { "status > 1", "010011" },
    { "refused(age)", "001000" },
    { "dont-know(age)", "000010" },
    { "answered(age)", "110101" },
    { "selected(why, '3')", "100011" },
    { "selected(why, '1')", "100110" },
    { "day > date('2024-10-05')", "001011" },
    { "not(age >= 18)", "011011" },
};
enum { N_WHERE = sizeof WHERE / sizeof WHERE[0] };

ParameterizedTestParameters(evaluate, where)
{
    static size_t index[N_WHERE];
    for (size_t i = 0; i < N_WHERE; i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, N_WHERE);
}

ParameterizedTest(size_t *i, evaluate, where)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = example(NULL);
    uint8_t keep[ROWS];
    char found[ROWS + 1] = "";

    const svy_status st = svy_frame_where(f, WHERE[*i].text, keep, &err);
    cr_assert_eq(st, SVY_OK, "%s: %d: %s", WHERE[*i].text, err.column, err.message);
    for (size_t k = 0; k < ROWS; k++)
        found[k] = (char)('0' + keep[k]);
    cr_expect_str_eq(found, WHERE[*i].keep, "%s: %s", WHERE[*i].text, found);
    svy_frame_free(f);
}

Test(evaluate, refusals)
{
    static const struct { const char *text; svy_status st; int column; } BAD[] = {
        { "age >", SVY_E_SYNTAX, 6 }, { "age > wage", SVY_E_NAME, 7 }, { "cit", SVY_E_TYPE, 1 }, { "cit + 1 > 2", SVY_E_TYPE, 1 },
    };
    svy_frame *f = example(NULL);
    uint8_t keep[ROWS];

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        memset(keep, 1, sizeof keep);
        cr_expect_eq(svy_frame_where(f, BAD[i].text, keep, &err), BAD[i].st, "%s: %s", BAD[i].text, err.message);
        cr_expect_eq(err.line, 1, "%s", BAD[i].text);
        cr_expect_eq(err.column, BAD[i].column, "%s: column %d: %s", BAD[i].text, err.column, err.message);
        cr_expect_eq(keep[0], 0, "outputs are set on failure too");
    }
    svy_frame_free(f);
}

Test(evaluate, derive)
{
    static const struct { const char *text; double values[ROWS]; uint8_t missing[ROWS]; } CASES[] = {
        { "age * 2 + 1", { 67, 35, 0, 81, 0, 1 }, { 0, 0, 1, 0, 1, 0 } },
        { "status", { 1, 3, 0, 1, 2, 2 }, { 0, 0, 1, 0, 0, 0 } },
        { "age > 18", { 1, 0, 0, 1, 0, 0 }, { 0 } },
        { "if(cit = 'UA', 1, 0)", { 0, 1, 0, 1, 0, 0 }, { 0 } },
        { "coalesce(age, -1)", { 33, 17, -1, 40, -1, 0 }, { 0 } },
    };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = example(NULL);
    double values[ROWS];
    uint8_t missing[ROWS];

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        cr_assert_eq(svy_frame_derive(f, CASES[i].text, values, missing, &err), SVY_OK, "%s: %s", CASES[i].text, err.message);
        for (size_t k = 0; k < ROWS; k++) {
            cr_expect_eq(values[k], CASES[i].values[k], "%s, row %zu: %g", CASES[i].text, k, values[k]);
            cr_expect_eq(missing[k] != 0, CASES[i].missing[k], "%s, row %zu: %d", CASES[i].text, k, (int)missing[k]);
        }
    }
    cr_expect_eq(svy_frame_derive(f, "cit", values, missing, &err), SVY_E_TYPE);
    cr_expect_eq(missing[0], SVY_NOT_STATED);
    svy_frame_free(f);
}

Test(evaluate, more_rows_than_a_chunk)
{
    enum { MANY = 600000 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;
    uint8_t *keep = malloc(MANY), *missing = malloc(MANY);
    double *values = malloc(MANY * sizeof *values);

    cr_assert_eq(svy_frame_new(NULL, MANY, &f, NULL), SVY_OK);
    double *x = svy_frame_get(f, MANY, sizeof *x);
    for (size_t i = 0; i < MANY; i++)
        x[i] = (double)i;
    cr_assert_eq(svy_frame_add_numbers(f, "x", SVY_T_DECIMAL, x, NULL, NULL), SVY_OK);
    cr_assert_eq(svy_frame_where(f, "x >= 5 and x < 500000", keep, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_frame_derive(f, "x - 1", values, missing, &err), SVY_OK, "%s", err.message);
    for (size_t i = 0; i < MANY; i++) {
        cr_assert_eq(keep[i], i >= 5 && i < 500000);
        cr_assert_eq(values[i], (double)i - 1);
        cr_assert_eq(missing[i], 0);
    }
    svy_frame_free(f);
    free(keep);
    free(missing);
    free(values);
}

Test(evaluate, no_rows)
{
    svy_frame *f = NULL;

    cr_assert_eq(svy_frame_new(NULL, 0, &f, NULL), SVY_OK);
    cr_assert_eq(svy_frame_add_numbers(f, "x", SVY_T_DECIMAL, svy_frame_get(f, 0, sizeof(double)), NULL, NULL), SVY_OK);
    cr_expect_eq(svy_frame_where(f, "x > 1", NULL, NULL), SVY_OK);
    cr_expect_eq(svy_frame_derive(f, "x + 1", NULL, NULL, NULL), SVY_OK);
    cr_expect_eq(svy_frame_where(f, "y > 1", NULL, NULL), SVY_E_NAME);
    svy_frame_free(f);
}

Test(evaluate, every_allocation_can_fail)
{
    svy_status st = SVY_E_NOMEM;

    for (long calls = 0; st != SVY_OK; calls++) {
        watched w;
        svy_alloc alloc = watched_alloc(&w, -1);
        svy_frame *f = example(&alloc);
        uint8_t keep[ROWS];
        w.calls_left = calls;
        st = svy_frame_where(f, "cit = 'UA' and age > 18 or selected(why, '3')", keep, NULL);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "status %d", (int)st);
        svy_frame_free(f);
        watched_end(&w);
        cr_assert_lt(calls, 1000);
    }
}
