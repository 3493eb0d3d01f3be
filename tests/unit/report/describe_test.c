/* The overview of variables: what stands in it, and memory. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <survey/describe.h>

#include "../base/watched_alloc.h"
#include "../estimate/made_frame.h"

static const char *const VARIABLES[] = { "y", "set", "`x`", "factor(u)", "domain" };
enum { N_VARIABLES = sizeof VARIABLES / sizeof VARIABLES[0] };

static svy_status describe(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, char **text, size_t *len, svy_error *err)
{
    svy_sheet *sheet;
    *text = NULL;
    svy_status st = svy_describe(alloc, f, d, VARIABLES, N_VARIABLES, "x > 0", 1, &sheet, err);
    if (st == SVY_OK)
        st = svy_sheet_write(sheet, SVY_REPORT_CSV, text, len, err);
    svy_sheet_free(sheet);
    return st;
}

/* The cell of a row of the text: the first one that begins with `row`. */
static double number_of(const char *text, const char *row, int column)
{
    const char *at = text;
    while (strncmp(at, row, strlen(row)) != 0) {
        at = strchr(at, '\n');
        cr_assert_not_null(at, "no row %s", row);
        at++;
    }
    for (int k = 0; k < column; k++)
        at = strchr(at, ',') + 1;
    return strtod(at, NULL);
}

enum { N = 2, MISSING = 3, REFUSED = 7, WEIGHT = 9, SHARE = 10, MEAN = 11, LEAST = 14, MOST = 18 };

Test(describe, counts_and_shares)
{
    made m = made_new(300, 9);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    svy_error err = SVY_ERROR_INIT;
    char *text;
    size_t len;
    double n = 0, missing = 0, weight = 0, sum = 0, least = 1e9, most = -1e9, u = 0, all = 0;
    cr_assert_eq(describe(NULL, f, d, &text, &len, &err), SVY_OK, "%s", err.message);
    for (size_t i = 0; i < m.rows; i++) {
        if (!(m.x[i] > 0))
            continue;
        u += m.u[i] * m.w[i];
        all += m.w[i];
        if (m.y_missing[i]) {
            missing++;
            continue;
        }
        n++;
        weight += m.w[i];
        sum += m.w[i] * m.y[i];
        if (m.w[i] > 0) {
            least = m.y[i] < least ? m.y[i] : least;
            most = m.y[i] > most ? m.y[i] : most;
        }
    }
    cr_expect_eq(number_of(text, "y,", N), n);
    cr_expect_eq(number_of(text, "y,", MISSING), missing);
    cr_expect_eq(number_of(text, "y,", REFUSED), missing);
    cr_expect_eq(number_of(text, "y,", LEAST), least);
    cr_expect_eq(number_of(text, "y,", MOST), most);
    cr_expect(made_near(number_of(text, "y,", WEIGHT), weight, 1e-13));
    cr_expect(made_near(number_of(text, "y,", MEAN), sum / weight, 1e-11));
    cr_expect(made_near(number_of(text, "u,1,", SHARE), u / all, 1e-12));
    cr_expect(made_near(number_of(text, "u,0,", WEIGHT), all - u, 1e-12));
    cr_expect_not_null(strstr(text, "set,p q,"));
    svy_report_release(NULL, text, len);
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}

Test(describe, every_failing_allocation_is_an_error)
{
    made m = made_new(120, 10);
    svy_frame *f = made_frame(&m);
    svy_design *d = made_design(NULL, f, 1);
    for (long calls = 0;; calls++) {
        watched w;
        svy_error err = SVY_ERROR_INIT;
        svy_alloc alloc = watched_alloc(&w, calls);
        char *text;
        size_t len = 0;
        svy_status st = describe(&alloc, f, d, &text, &len, &err);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "%d after %ld: %s", (int)st, calls, err.message);
        svy_report_release(&alloc, text, len);
        watched_end(&w);
        if (st == SVY_OK)
            break;
    }
    svy_design_free(d);
    svy_frame_free(f);
    made_free(&m);
}
