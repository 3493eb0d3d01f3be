/* Tests as a sheet. */
#include <string.h>

#include "base/error.h"
#include "report/sheet.h"

enum { COLUMNS_MAX = 64 };

svy_status svy_tests_sheet(const svy_alloc *alloc, const svy_tests *t, int estimates, svy_sheet **out, svy_error *err)
{
    static const char *const NUMBERS[] = { "statistic", "ndf", "ddf", "p_value", "estimate", "se", "ci_lower", "ci_upper" };
    svy_sheet_column columns[COLUMNS_MAX] = { { "test", SVY_SHEET_TEXT } };
    size_t n = 1, numbers = estimates ? 8 : 4;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(t != NULL, err);
    SVY_REQUIRE(svy_tests_by_count(t) + 9 <= COLUMNS_MAX, err);
    for (size_t k = 0; k < svy_tests_by_count(t); k++)
        columns[n++] = (svy_sheet_column){ svy_tests_by_name(t, k), SVY_SHEET_TEXT };
    for (size_t k = 0; k < numbers; k++)
        columns[n++] = (svy_sheet_column){ NUMBERS[k], SVY_SHEET_NUMBER | (k > 3 ? SVY_SHEET_OPTIONAL : 0) };
    svy_status st = svy_sheet_new(alloc, columns, n, out, err);
    for (size_t i = 0; st == SVY_OK && i < svy_tests_count(t); i++) {
        const svy_test_row *r = svy_tests_row(t, i);
        const double values[] = { r->statistic, r->ndf, r->ddf, r->p_value, r->estimate, r->se, r->lower, r->upper };
        svy_sheet_text(*out, r->test);
        for (size_t k = 0; k < svy_tests_by_count(t); k++)
            svy_sheet_text(*out, r->by[k]);
        for (size_t k = 0; k < numbers; k++)
            svy_sheet_number(*out, values[k]);
    }
    return st;
}
