/* Estimates in many domains are made in two passes without sums by PSU and domain; asking for design effects takes the other way: both agree. */
#include <criterion/criterion.h>
#include <math.h>

#include <survey/estimate.h>

enum { ROWS = 20000, DOMAINS = 150 };

static uint64_t state = 5;
static double unit(void)          /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double *column(svy_frame *f, const char *name, int with_missing)
{
    svy_error err = SVY_ERROR_INIT;
    double *x = svy_frame_get(f, ROWS, sizeof *x);
    uint8_t *missing = with_missing ? svy_frame_get(f, ROWS, 1) : NULL;
    for (size_t i = 0; with_missing && i < ROWS; i++)
        missing[i] = unit() < 0.1 ? SVY_NOT_STATED : SVY_PRESENT;
    cr_assert(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, missing, &err) == SVY_OK);
    return x;
}

/* `lone`: a stratum with one PSU, whose rows are in 10 domains. */
static svy_frame *make_data(int lone)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert(svy_frame_new(NULL, ROWS, &f, &err) == SVY_OK);
    double *w = column(f, "w", 0), *y = column(f, "y", 1), *x = column(f, "x", 0), *s = column(f, "s", 0), *psu = column(f, "psu", 0);
    double *d = column(f, "d", 0), *n = column(f, "n", 0);
    for (size_t i = 0; i < ROWS; i++) {
        psu[i] = floor(unit() * 119);
        s[i] = floor(psu[i] / 7);
        d[i] = floor(unit() * DOMAINS);
        if (lone && i < 100) {
            psu[i] = s[i] = 1000;
            d[i] = (double)(i % 10);
        }
        w[i] = unit() < 0.1 ? 0 : 1 + 9 * unit();
        y[i] = 1e6 + psu[i] + 10 * unit();
        x[i] = 3 + unit();
        n[i] = 20 + s[i];
    }
    return f;
}

typedef struct question { svy_statistic statistic; const char *variable, *where; int fpc; svy_lonely_psu lonely; unsigned threads; } question;

static svy_status ask(const svy_frame *f, const question *q, svy_deff deff, svy_estimates **out, svy_error *err)
{
    static const char *const S = "s", *const PSU = "psu", *const N = "n", *const D = "d";
    svy_design_spec ds = SVY_DESIGN_INIT;
    svy_estimate_spec es = SVY_ESTIMATE_INIT;
    svy_design *d;
    ds.weights = "w";
    ds.strata = &S;
    ds.clusters = &PSU;
    ds.fpc = &N;
    ds.n_strata = ds.n_clusters = 1;
    ds.n_fpc = q->fpc ? 1 : 0;
    ds.lonely = q->lonely;
    es.statistic = q->statistic;
    es.variables = &q->variable;
    es.n_variables = 1;
    es.by = &D;
    es.n_by = 1;
    es.where = q->where;
    es.deff = deff;
    es.threads = q->threads;
    svy_status st = svy_design_new(NULL, f, &ds, &d, err);
    cr_assert(st == SVY_OK, "%s", err->message);
    st = svy_estimate(NULL, f, d, &es, out, err);
    svy_design_free(d);
    return st;
}

static void near(double a, double b, const char *what, size_t row)
{
    cr_expect((isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)), "%s of row %zu: %.17g, %.17g", what, row, a, b);
}

static void compare(const svy_frame *f, const question *q)
{
    svy_error err = SVY_ERROR_INIT;
    svy_estimates *a, *b;
    cr_assert(ask(f, q, SVY_DEFF_NONE, &a, &err) == SVY_OK, "%s", err.message);
    cr_assert(ask(f, q, SVY_DEFF_REPLACE, &b, &err) == SVY_OK, "%s", err.message);
    cr_assert_eq(svy_estimates_count(a), svy_estimates_count(b));
    for (size_t i = 0; i < svy_estimates_count(a); i++) {
        const svy_estimate_row *x = svy_estimates_row(a, i), *y = svy_estimates_row(b, i);
        near(x->estimate, y->estimate, "estimate", i);
        near(x->se, y->se, "standard error", i);
        near(x->df, y->df, "df", i);
        cr_expect_eq(x->n, y->n);
        cr_expect_eq(x->missing, y->missing);
    }
    svy_estimates_free(a);
    svy_estimates_free(b);
}

Test(dense, agrees_with_sums_by_psu)
{
    static const question QUESTIONS[] = {
        { SVY_STAT_MEAN, "y", NULL, 0, SVY_LONELY_FAIL, 1 },          { SVY_STAT_MEAN, "y", "x > 3.2", 1, SVY_LONELY_FAIL, 2 },
        { SVY_STAT_TOTAL, "y", NULL, 0, SVY_LONELY_FAIL, 8 },         { SVY_STAT_TOTAL, "x", NULL, 1, SVY_LONELY_FAIL, 1 },
        { SVY_STAT_RATIO, "y/x", NULL, 0, SVY_LONELY_FAIL, 1 },       { SVY_STAT_RATIO, "x/y", "y > 1000050", 1, SVY_LONELY_FAIL, 1 },
    };
    svy_frame *f = make_data(0);
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof QUESTIONS[0]; i++)
        compare(f, &QUESTIONS[i]);
    svy_frame_free(f);
}

Test(dense, lonely_psus)
{
    static const question QUESTIONS[] = { { SVY_STAT_MEAN, "y", NULL, 0, SVY_LONELY_REMOVE, 1 }, { SVY_STAT_TOTAL, "y", NULL, 0, SVY_LONELY_CERTAINTY, 1 } };
    static const question FAILS = { SVY_STAT_MEAN, "y", NULL, 0, SVY_LONELY_FAIL, 1 };
    svy_frame *f = make_data(1);
    svy_error one = SVY_ERROR_INIT, two = SVY_ERROR_INIT;
    svy_estimates *e;
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof QUESTIONS[0]; i++)
        compare(f, &QUESTIONS[i]);
    cr_expect(ask(f, &FAILS, SVY_DEFF_NONE, &e, &one) == SVY_E_NUMERIC);
    cr_expect(ask(f, &FAILS, SVY_DEFF_REPLACE, &e, &two) == SVY_E_NUMERIC);
    cr_expect_str_eq(one.message, two.message);
    svy_frame_free(f);
}
