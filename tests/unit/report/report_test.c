/* Reports of estimates: columns in order, quoting, numbers that read back, NaN. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <survey/report.h>

#include "../base/watched_alloc.h"

enum { ROWS = 4 };

static svy_frame *frame_of(const char *const levels[2])
{
    static const double W[ROWS] = { 1, 1, 1, 1 }, Y[ROWS] = { 1, 2, 4, 5 };
    static const uint32_t CODES[ROWS] = { 0, 0, 1, 1 }, NO_Y[ROWS] = { 0, 0, 0, 1 };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, ROWS, &f, &err), SVY_OK);
    for (int k = 0; k < 3; k++) {
        double *x = svy_frame_get(f, ROWS, sizeof *x);
        memcpy(x, k == 0 ? W : Y, sizeof W);
        uint8_t *missing = k == 2 ? svy_frame_get(f, ROWS, 1) : NULL;
        for (int i = 0; missing != NULL && i < ROWS; i++)
            missing[i] = NO_Y[i] ? SVY_REFUSED : SVY_PRESENT;
        cr_assert_eq(svy_frame_add_numbers(f, k == 0 ? "w" : k == 1 ? "y" : "z", SVY_T_DECIMAL, x, missing, &err), SVY_OK);
    }
    for (int k = 0; k < 2; k++) {
        uint32_t *codes = svy_frame_get(f, ROWS, sizeof *codes);
        memcpy(codes, k == 0 ? CODES : NO_Y, sizeof CODES);
        cr_assert_eq(svy_frame_add_factor(f, k == 0 ? "sex" : "last", SVY_T_TEXT, codes, NULL, levels, NULL, 2, &err), SVY_OK);
    }
    return f;
}

static svy_frame *frame(void)
{
    static const char *const LEVELS[] = { "a, \"b\"", "жена" };
    return frame_of(LEVELS);
}

static svy_estimates *estimates(const svy_frame *f, const char *variable, const char *by, svy_deff deff)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_estimate_spec q = SVY_ESTIMATE_INIT;
    svy_design *d;
    svy_estimates *e;
    spec.weights = "w";
    cr_assert_eq(svy_design_new(NULL, f, &spec, &d, &err), SVY_OK);
    q.variables = &variable;
    q.n_variables = 1;
    q.by = &by;
    q.n_by = by != NULL;
    q.deff = deff;
    q.covariance = 1;
    cr_assert_eq(svy_estimate(NULL, f, d, &q, &e, &err), SVY_OK, "%s", err.message);
    svy_design_free(d);
    return e;
}

static void expect(const svy_estimates *e, svy_report_format format, const char *want)
{
    svy_error err = SVY_ERROR_INIT;
    char *text;
    size_t len;
    cr_assert_eq(svy_report_estimates(NULL, e, format, &text, &len, &err), SVY_OK);
    cr_expect_str_eq(text, want);
    cr_expect_eq(len, strlen(want));
    svy_report_release(NULL, text, len);
}

/* The mean of 1 2 4 5 is 3, s2 = 10/3, se = sqrt(10/12). What is printed reads back to exactly the numbers of the estimate. */
Test(report, csv)
{
    svy_frame *f = frame();
    svy_estimates *e = estimates(f, "y", NULL, SVY_DEFF_REPLACE);
    const svy_estimate_row *r = svy_estimates_row(e, 0);
    svy_error err = SVY_ERROR_INIT;
    char *text, *at, rest[32];
    size_t len;
    cr_assert_eq(svy_report_estimates(NULL, e, SVY_REPORT_CSV, &text, &len, &err), SVY_OK);
    at = strchr(text, '\n') + 1;
    cr_expect_eq(strstr(text, "statistic,variable,level,estimate,se,ci_lower,ci_upper,df,cv,deff,n,missing\nmean,y,,3,"), text, "%s", text);
    double se = 0, lower = 0, upper = 0, df = 0, cv = 0, deff = 0;
    cr_assert_eq(sscanf(at, "mean,y,,3,%lf,%lf,%lf,%lf,%lf,%lf,%31s", &se, &lower, &upper, &df, &cv, &deff, rest), 7, "%s", at);
    cr_expect(se == r->se && lower == r->lower && upper == r->upper && cv == r->cv && deff == r->deff);
    cr_expect_float_eq(se, sqrt(10.0 / 12), 1e-15);
    cr_expect_float_eq(lower, 3 - 1.959963984540054 * sqrt(10.0 / 12), 1e-14);
    cr_expect_float_eq(deff, 1, 1e-14);
    cr_expect_eq(df, 3);
    cr_expect_str_eq(rest, "4,0");
    svy_report_release(NULL, text, len);
    svy_estimates_free(e);
    e = estimates(f, "z", "last", SVY_DEFF_NONE);    /* the second domain has no value */
    cr_assert_eq(svy_report_estimates(NULL, e, SVY_REPORT_CSV, &text, &len, &err), SVY_OK);
    cr_expect_not_null(strstr(text, "statistic,variable,level,last,estimate"));
    cr_expect_not_null(strstr(text, "mean,z,,\"a, \"\"b\"\"\",2.3333333333333335,"));
    cr_expect_not_null(strstr(text, "mean,z,,жена,,,,,0,,0,1\n"), "%s", text);
    svy_report_release(NULL, text, len);
    svy_estimates_free(e);
    svy_frame_free(f);
}

Test(report, json)
{
    svy_frame *f = frame();
    svy_estimates *e = estimates(f, "z", "last", SVY_DEFF_NONE);
    char *text;
    size_t len;
    svy_error err = SVY_ERROR_INIT;
    cr_assert_eq(svy_report_estimates(NULL, e, SVY_REPORT_JSON, &text, &len, &err), SVY_OK);
    cr_expect(strncmp(text, "[\n {\"statistic\": \"mean\", \"variable\": \"z\", \"level\": \"\", \"last\": \"a, \\\"b\\\"\", \"estimate\": 2.3333333333333335, ", 60) == 0);
    cr_expect_not_null(strstr(text, "\"last\": \"жена\", \"estimate\": null, \"se\": null, \"ci_lower\": null, \"ci_upper\": null, \"df\": 0, \"cv\": null, "
                                    "\"n\": 0, \"missing\": 1}\n]\n"), "%s", text);
    svy_report_release(NULL, text, len);
    svy_estimates_free(e);
    svy_frame_free(f);
}

/* Columns line up in characters, not bytes; empty ones are left out. By hand: se = sqrt(4/3 * (0.25^2 + 0.25^2)) in both domains. */
Test(report, table)
{
    svy_frame *f = frame();
    svy_estimates *e = estimates(f, "y", "sex", SVY_DEFF_NONE);
    expect(e, SVY_REPORT_TABLE, "statistic  variable  sex     estimate        se  ci_lower  ci_upper  df         cv  n\n"
                                "mean       y         a, \"b\"       1.5  0.408248  0.699848   2.30015   1   0.272166  2\n"
                                "mean       y         жена         4.5  0.408248   3.69985   5.30015   1  0.0907218  2\n");
    svy_estimates_free(e);
    svy_frame_free(f);
}

/* A level can hold what commands a terminal (ESC, the two-byte CSI) or breaks the line; a table for reading must not pass that on. */
Test(report, table_without_control_characters)
{
    static const char *const LEVELS[] = { "a\x1b[2J\n", "b\xC2\x9B\x7F" };
    svy_frame *f = frame_of(LEVELS);
    svy_estimates *e = estimates(f, "y", "sex", SVY_DEFF_NONE);
    expect(e, SVY_REPORT_TABLE, "statistic  variable  sex     estimate        se  ci_lower  ci_upper  df         cv  n\n"
                                "mean       y         a?[2J?       1.5  0.408248  0.699848   2.30015   1   0.272166  2\n"
                                "mean       y         b??          4.5  0.408248   3.69985   5.30015   1  0.0907218  2\n");
    svy_estimates_free(e);
    svy_frame_free(f);
}

Test(report, covariance)
{
    svy_frame *f = frame();
    svy_estimates *e = estimates(f, "sex", NULL, SVY_DEFF_NONE);
    char *text;
    size_t len;
    svy_error err = SVY_ERROR_INIT;
    cr_assert_eq(svy_report_covariance(NULL, e, &text, &len, &err), SVY_OK);
    cr_expect(strncmp(text, "estimate,\"sex a, \"\"b\"\"\",sex жена\n\"sex a, \"\"b\"\"\",", 48) == 0, "%s", text);
    cr_expect_float_eq(svy_estimates_covariance(e, 0, 1), -1.0 / 12, 1e-15);
    cr_expect_float_eq(svy_estimates_covariance(e, 0, 0), 1.0 / 12, 1e-15);
    svy_report_release(NULL, text, len);
    svy_estimates_free(e);
    svy_frame_free(f);
}

Test(report, every_allocation_fails_cleanly)
{
    svy_frame *f = frame();
    svy_estimates *e = estimates(f, "y", "sex", SVY_DEFF_NONE);
    for (int format = 0; format < 4; format++) {
        svy_status st = SVY_E_NOMEM;
        for (long n = 0; st != SVY_OK; n++) {
            watched w;
            svy_alloc alloc = watched_alloc(&w, n);
            svy_error err = SVY_ERROR_INIT;
            char *text;
            size_t len;
            cr_assert_lt(n, 100);
            st = format < 3 ? svy_report_estimates(&alloc, e, (svy_report_format)format, &text, &len, &err)
                            : svy_report_covariance(&alloc, e, &text, &len, &err);
            cr_assert(st == SVY_OK || (st == SVY_E_NOMEM && text == NULL));
            svy_report_release(&alloc, text, len);
            watched_end(&w);
        }
    }
    svy_estimates_free(e);
    svy_frame_free(f);
}
