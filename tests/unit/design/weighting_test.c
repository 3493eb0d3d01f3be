/* Weighting: totals are hit, what must not matter does not, methods that are the same agree, replicates are replayed; what is refused and how it is said;
   memory that runs out. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>
#include <survey/weighting.h>

#include "../base/watched_alloc.h"
#include "base/number.h"

enum { ROWS = 600 };

static double *add(svy_frame *f, const char *name, int missing_row)
{
    svy_error err = SVY_ERROR_INIT;
    double *x = svy_frame_get(f, ROWS, sizeof *x);
    uint8_t *missing = missing_row < 0 ? NULL : svy_frame_get(f, ROWS, 1);
    cr_assert_not_null(x);
    if (missing != NULL)
        missing[missing_row] = SVY_NOT_STATED;
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, missing, &err), SVY_OK, "%s", err.message);
    return x;
}

/* Rows in order, or backwards; weights as they are, or times `scale`. */
static svy_frame *make_frame(int backwards, double scale)
{
    static const char *const LEVELS[] = { "east", "north", "west" };
    svyi_random r;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, ROWS, &f, &err), SVY_OK);
    double *b = add(f, "b", -1), *x = add(f, "x", -1), *w = add(f, "w", -1), *id = add(f, "id", -1), *hh = add(f, "hh", -1), *psu = add(f, "psu", -1);
    double *answered = add(f, "answered", -1), *holes = add(f, "holes", 3), *p = add(f, "p", -1), *zero = add(f, "zero", -1), *hw = add(f, "hw", -1);
    uint32_t *region = svy_frame_get(f, ROWS, sizeof *region);
    svyi_random_seed(&r, 3);
    for (size_t k = 0; k < ROWS; k++) {
        size_t i = backwards ? ROWS - 1 - k : k;
        id[i] = (double)k;
        hh[i] = (double)(k / 3);
        psu[i] = (double)(k / 20);
        region[i] = (uint32_t)svyi_random_below(&r, 3);
        b[i] = 1 + svyi_random_below(&r, 4);
        x[i] = 20 + 10 * svyi_random_unit(&r) + b[i];
        w[i] = scale * (1 + 2 * svyi_random_unit(&r));
        hw[i] = 1 + (double)(k / 3 % 7);
        answered[i] = svyi_random_below(&r, 3) > 0;
        holes[i] = b[i];
        p[i] = .1 + .5 * svyi_random_unit(&r);
        zero[i] = k % 10 == 0 ? 0 : w[i];
    }
    cr_assert_eq(svy_frame_add_factor(f, "region", SVY_T_TEXT, region, NULL, LEVELS, NULL, 3, &err), SVY_OK);
    return f;
}

static const char *const REGION[] = { "region" }, *const B[] = { "b" }, *const BOTH[] = { "region", "b" }, *const P[] = { "p" }, *const X[] = { "region", "x" };
static const char *const REGIONS[] = { "east", "north", "west" }, *const NUMBERS[] = { "1", "2", "3", "4" };
static const double BY_REGION[] = { 5000, 4000, 3000 }, BY_B[] = { 3500, 3000, 2900, 2600 };
static const svy_margin MARGINS[] = { { "region.csv", REGION, 1, REGIONS, BY_REGION, 3 }, { "b.csv", B, 1, NUMBERS, BY_B, 4 } };
static const svy_auxiliary_total TOTALS[] = { { "x", 330000 } };

static svy_weighting_step calibration(svy_calibration method, size_t margins, size_t totals)
{
    svy_weighting_step s = SVY_WEIGHTING_STEP_INIT;
    s.method = method;
    s.margins = MARGINS;
    s.n_margins = margins;
    s.totals = TOTALS;
    s.n_totals = totals;
    return s;
}

static svy_design *make_design(const svy_alloc *alloc, const svy_frame *f, const char *weights, int replicates)
{
    static const char *const PSU[] = { "psu" };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d = NULL;
    spec.weights = weights;
    spec.clusters = PSU;
    spec.n_clusters = 1;
    if (replicates)
        spec.replicates.type = SVY_REPLICATE_JK1;
    if (svy_design_new(alloc, f, &spec, &d, &err) != SVY_OK)
        cr_assert_eq(err.code, SVY_E_NOMEM, "%s", err.message);
    return d;
}

/* Weights after one step, by row. */
static void weigh(const svy_frame *f, const char *weights, const svy_weighting_step *s, double *out)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_weighting_plan plan = { s, 1 };
    svy_design *d = make_design(NULL, f, weights, 0);
    cr_assert_eq(svy_design_weight(d, f, &plan, NULL, &err), SVY_OK, "%s", err.message);
    memcpy(out, svy_design_weights(d), ROWS * sizeof *out);
    svy_design_free(d);
}

static double total(const svy_frame *f, const double *w, const char *name, double level)
{
    const svy_column *c = svy_frame_find(f, name);
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum += level < 0 ? w[i] * c->numbers[i] : w[i] * ((c->codes != NULL ? (double)c->codes[i] : c->numbers[i]) == level);
    return sum;
}

/* ---- totals and bounds ---- */

Test(weighting, every_method_hits_the_totals_to_rounding_and_keeps_its_bounds)
{
    static const svy_calibration METHODS[] = { SVY_CALIBRATE_LINEAR, SVY_CALIBRATE_RAKING, SVY_CALIBRATE_LOGIT, SVY_CALIBRATE_SINH };
    svy_frame *f = make_frame(0, 10);
    for (size_t m = 0; m < 4; m++)
        for (int bounded = METHODS[m] == SVY_CALIBRATE_LOGIT; bounded < 2; bounded++)
            for (size_t numbers = 0; numbers < 2; numbers++) {
                double w[ROWS];
                const double *start = svy_frame_find(f, "w")->numbers;
                svy_weighting_step s = calibration(METHODS[m], 2, numbers);
                s.bounded = bounded;
                s.lower = .6;
                s.upper = 1.7;
                weigh(f, "w", &s, w);
                for (size_t k = 0; k < 3; k++)
                    cr_expect_float_eq(total(f, w, "region", (double)k), BY_REGION[k], 1e-10 * BY_REGION[k]);
                for (size_t k = 0; k < 4; k++)
                    cr_expect_float_eq(total(f, w, "b", (double)k + 1), BY_B[k], 1e-10 * BY_B[k]);
                if (numbers)
                    cr_expect_float_eq(total(f, w, "x", -1), TOTALS[0].total, 1e-10 * TOTALS[0].total);
                for (size_t i = 0; i < ROWS && bounded; i++)
                    cr_expect(w[i] / start[i] >= .6 - 1e-12 && w[i] / start[i] <= 1.7 + 1e-12, "method %zu row %zu: %g", m, i, w[i] / start[i]);
            }
    svy_frame_free(f);
}

Test(weighting, one_margin_is_the_same_by_every_unbounded_method)
{
    svy_frame *f = make_frame(0, 10);
    double post[ROWS], other[ROWS];
    svy_weighting_step s = calibration(SVY_CALIBRATE_POSTSTRATIFY, 1, 0);
    weigh(f, "w", &s, post);
    for (int method = SVY_CALIBRATE_LINEAR; method <= SVY_CALIBRATE_SINH; method++) {
        if (method == SVY_CALIBRATE_LOGIT)
            continue;
        s = calibration((svy_calibration)method, 1, 0);
        weigh(f, "w", &s, other);
        for (size_t i = 0; i < ROWS; i++)
            cr_expect_float_eq(other[i], post[i], 1e-12 * post[i], "method %d row %zu", method, i);
    }
    svy_frame_free(f);
}

Test(weighting, neither_the_order_of_rows_nor_the_scale_of_weights_matters)
{
    svy_frame *f = make_frame(0, 1), *back = make_frame(1, 1), *scaled = make_frame(0, 1000);
    for (int method = SVY_CALIBRATE_LINEAR; method <= SVY_CALIBRATE_RAKING; method++)
        for (size_t numbers = 0; numbers < 2; numbers++) {
            double a[ROWS], b[ROWS], c[ROWS];
            svy_weighting_step s = calibration((svy_calibration)method, 2, numbers);
            weigh(f, "w", &s, a);
            weigh(back, "w", &s, b);
            weigh(scaled, "w", &s, c);
            for (size_t i = 0; i < ROWS; i++) {
                cr_expect_float_eq(b[ROWS - 1 - i], a[i], 1e-11 * a[i], "backwards: method %d row %zu", method, i);
                cr_expect_float_eq(c[i], a[i], 1e-11 * a[i], "scaled: method %d row %zu", method, i);
            }
        }
    svy_frame_free(f);
    svy_frame_free(back);
    svy_frame_free(scaled);
}

Test(weighting, raking_is_what_proportional_fitting_converges_to)
{
    svy_frame *f = make_frame(0, 10);
    double w[ROWS], fitted[ROWS];
    const double *start = svy_frame_find(f, "w")->numbers, *b = svy_frame_find(f, "b")->numbers;
    const uint32_t *region = svy_frame_find(f, "region")->codes;
    svy_weighting_step s = calibration(SVY_CALIBRATE_RAKING, 2, 0);
    weigh(f, "w", &s, w);
    memcpy(fitted, start, sizeof fitted);
    for (int sweep = 0; sweep < 200; sweep++) {
        double sums[3] = { 0 }, others[4] = { 0 };
        for (size_t i = 0; i < ROWS; i++)
            sums[region[i]] += fitted[i];
        for (size_t i = 0; i < ROWS; i++)
            fitted[i] *= BY_REGION[region[i]] / sums[region[i]];
        for (size_t i = 0; i < ROWS; i++)
            others[(int)b[i] - 1] += fitted[i];
        for (size_t i = 0; i < ROWS; i++)
            fitted[i] *= BY_B[(int)b[i] - 1] / others[(int)b[i] - 1];
    }
    for (size_t i = 0; i < ROWS; i++)
        cr_expect_float_eq(w[i], fitted[i], 1e-11 * fitted[i], "row %zu: %.17g, %.17g", i, w[i], fitted[i]);
    svy_frame_free(f);
}

Test(weighting, a_household_has_one_weight_and_rows_of_weight_0_keep_it)
{
    svy_frame *f = make_frame(0, 10);
    double w[ROWS];
    svy_weighting_step s = calibration(SVY_CALIBRATE_RAKING, 2, 1);
    s.cluster = "hh";
    weigh(f, "hw", &s, w);
    for (size_t i = 1; i < ROWS; i++)
        if (i % 3 != 0)
            cr_expect_float_eq(w[i], w[i - 1], 1e-12 * w[i]);
    cr_expect_float_eq(total(f, w, "region", 2), BY_REGION[2], 1e-9 * BY_REGION[2]);
    cr_expect_float_eq(total(f, w, "x", -1), TOTALS[0].total, 1e-9 * TOTALS[0].total);
    s.cluster = NULL;
    weigh(f, "zero", &s, w);
    for (size_t i = 0; i < ROWS; i++)
        cr_expect_eq(w[i] == 0, i % 10 == 0, "row %zu: %g", i, w[i]);
    svy_frame_free(f);
}

/* ---- other steps ---- */

Test(weighting, cells_and_propensity_pass_weight_on)
{
    svy_frame *f = make_frame(0, 10);
    double w[ROWS];
    const double *start = svy_frame_find(f, "w")->numbers, *answered = svy_frame_find(f, "answered")->numbers;
    svy_weighting_step s = SVY_WEIGHTING_STEP_INIT;
    s.kind = SVY_WEIGHTING_CELLS;
    s.variables = BOTH;
    s.n_variables = 2;
    s.takes = "answered = 1";
    weigh(f, "w", &s, w);
    for (size_t k = 0; k < 3; k++)
        cr_expect_float_eq(total(f, w, "region", (double)k), total(f, start, "region", (double)k), 1e-9);
    for (size_t i = 0; i < ROWS; i++)
        cr_expect(answered[i] > 0 ? w[i] > start[i] : w[i] == 0);
    s.kind = SVY_WEIGHTING_PROPENSITY;
    s.variables = X;
    weigh(f, "w", &s, w);                      /* the score equations: respondents' 1/p weigh the variables back only when p is constant; p < 1 always */
    for (size_t i = 0; i < ROWS; i++)
        cr_expect(answered[i] > 0 ? w[i] > start[i] : w[i] == 0);
    s.classes = 5;
    weigh(f, "w", &s, w);
    double before = 0, after = 0;
    for (size_t i = 0; i < ROWS; i++) {
        before += start[i];
        after += w[i];
    }
    cr_expect_float_eq(after, before, 1e-9 * before);
    svy_frame_free(f);
}

Test(weighting, trimming_keeps_the_total_and_the_limits)
{
    svy_frame *f = make_frame(0, 10);
    double w[ROWS], sum = 0, most = 0, before = 0;
    svy_weighting_step s = SVY_WEIGHTING_STEP_INIT;
    s.kind = SVY_WEIGHTING_TRIM;
    s.lower = 12;
    s.upper = 24;
    s.strict = 1;
    weigh(f, "w", &s, w);
    for (size_t i = 0; i < ROWS; i++) {
        cr_expect(w[i] >= 12 && w[i] <= 24);
        sum += w[i];
        before += svy_frame_find(f, "w")->numbers[i];
    }
    cr_expect_float_eq(sum, before, 1e-9 * before);
    s = (svy_weighting_step)SVY_WEIGHTING_STEP_INIT;
    s.kind = SVY_WEIGHTING_TRIM;
    s.cap = 1.2;
    weigh(f, "w", &s, w);
    sum = 0;
    for (size_t i = 0; i < ROWS; i++) {
        most = fmax(most, w[i]);
        sum += w[i];
    }
    cr_expect_float_eq(sum, before, 1e-9 * before);
    cr_expect_float_eq(most, 1.2 * before / ROWS, 1e-9 * most);
    s.cap = 0;
    s.kind = SVY_WEIGHTING_SCALE;
    s.to_mean = 1;
    weigh(f, "w", &s, w);
    sum = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum += w[i];
    cr_expect_float_eq(sum, ROWS, 1e-9);
    svy_frame_free(f);
}

/* ---- replicates and the report ---- */

Test(weighting, every_replicate_hits_the_totals)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = make_frame(0, 10);
    svy_design *d = make_design(NULL, f, "w", 1);
    svy_weighting_step steps[3] = { SVY_WEIGHTING_STEP_INIT, calibration(SVY_CALIBRATE_RAKING, 2, 0), calibration(SVY_CALIBRATE_LINEAR, 2, 1) };
    steps[0].kind = SVY_WEIGHTING_CELLS;
    steps[0].takes = "answered = 1";
    const svy_weighting_plan plan = { steps, 3 };
    double w[ROWS];
    cr_assert_eq(svy_design_weight(d, f, &plan, NULL, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_design_replicates(d), ROWS / 20);
    for (size_t r = 0; r < svy_design_replicates(d); r++) {
        svy_design_replicate_weights(d, r, w);
        cr_expect_float_eq(total(f, w, "x", -1), TOTALS[0].total, 1e-9 * TOTALS[0].total);
        for (size_t k = 0; k < 4; k++)
            cr_expect_float_eq(total(f, w, "b", (double)k + 1), BY_B[k], 1e-9 * BY_B[k], "replicate %zu", r);
        for (size_t i = 0; i < ROWS; i++)
            cr_expect(svy_frame_find(f, "answered")->numbers[i] > 0 || w[i] == 0);
    }
    svy_design_free(d);
    svy_frame_free(f);
}

Test(weighting, the_report_says_what_was_done)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = make_frame(0, 10);
    svy_design *d = make_design(NULL, f, "w", 0);
    svy_weighting_report *r = NULL;
    const svy_weighting_step s = calibration(SVY_CALIBRATE_RAKING, 2, 1);
    const svy_weighting_plan plan = { &s, 1 };
    cr_assert_eq(svy_design_weight(d, f, &plan, &r, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_weighting_report_steps(r), 1);
    const svy_weighting_report_step *step = svy_weighting_report_get(r, 0);
    cr_assert_eq(step->n_hits, 8);
    cr_expect_eq(step->after.n, ROWS);
    cr_expect_float_eq(step->after.sum, 12000, 1e-8);
    cr_expect_float_eq(step->after.deff, 1 + step->after.cv * step->after.cv, 1e-15);
    cr_expect(step->g_min > 0 && step->g_min < step->g_max);
    cr_expect_str_eq(step->hits[1].level, "north");
    cr_expect_float_eq(step->hits[1].after, 4000, 1e-8);
    cr_expect_str_eq(step->hits[7].margin, "x");
    cr_expect_null(svy_weighting_report_get(r, 1));
    svy_weighting_report_free(r);
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- what is refused ---- */

enum wrong { NOBODY, NO_LINE, ZERO, TWICE, OTHER_SUM, MISSING, NO_COLUMN, TEXT_TOTAL, WORD_LEVEL, FAR, NO_BOUNDS, BAD_BOUNDS, NEGATIVE_COUNT, NOT_ONE, EMPTY_CELL,
             BAD_P, HIGH_LIMIT, SEPARATED, EMPTY_STEP, TWO_SCALES, BAD_EXPRESSION, WRONGS };
static const struct { svy_status st; const char *says[3]; } REFUSED[WRONGS] = {
    [NOBODY] = { SVY_E_VALUE, { "region.csv", "'south'", "nobody" } },
    [NO_LINE] = { SVY_E_VALUE, { "region.csv", "'west'", "no line" } },
    [ZERO] = { SVY_E_VALUE, { "'north'", "is 0", "sample" } },
    [TWICE] = { SVY_E_VALUE, { "'east'", "twice", "region.csv" } },
    [OTHER_SUM] = { SVY_E_VALUE, { "b.csv", "13000", "12000" } },
    [MISSING] = { SVY_E_VALUE, { "'holes'", "row 4", "missing" } },
    [NO_COLUMN] = { SVY_E_NAME, { "'country'", "no column", "" } },
    [TEXT_TOTAL] = { SVY_E_TYPE, { "'region'", "text", "" } },
    [WORD_LEVEL] = { SVY_E_VALUE, { "'b'", "'four'", "number" } },
    [FAR] = { SVY_E_NUMERIC, { "within the bounds", "instead of", "widen" } },
    [NO_BOUNDS] = { SVY_E_VALUE, { "logit", "bounds", "" } },
    [BAD_BOUNDS] = { SVY_E_VALUE, { "1.1", "around 1", "" } },
    [NEGATIVE_COUNT] = { SVY_E_VALUE, { "'east'", "-5", "" } },
    [NOT_ONE] = { SVY_E_VALUE, { "post-stratification", "one margin", "" } },
    [EMPTY_CELL] = { SVY_E_VALUE, { "region = east", "nobody", "join" } },
    [BAD_P] = { SVY_E_VALUE, { "'b'", "probability", "at most 1" } },
    [HIGH_LIMIT] = { SVY_E_NUMERIC, { "mean of the weights", "limits", "" } },
    [SEPARATED] = { SVY_E_NUMERIC, { "propensity", "everybody or nobody", "" } },
    [EMPTY_STEP] = { SVY_E_VALUE, { "no totals", "margin", "" } },
    [TWO_SCALES] = { SVY_E_VALUE, { "mean", "total", "" } },
    [BAD_EXPRESSION] = { SVY_E_SYNTAX, { "", "", "" } },
};

static svy_weighting_step wrong_step(enum wrong k, svy_margin *m, svy_auxiliary_total *t)
{
    static const char *const SOUTH[] = { "east", "north", "west", "south" }, *const DOUBLE[] = { "east", "north", "east" }, *const FOUR[] = { "1", "2", "3", "four" };
    static const double FOURTH[] = { 5000, 4000, 2000, 1000 }, NONE[] = { 5000, 0, 7000 }, LESS[] = { -5, 4000, 3000 }, MORE[] = { 3500, 3000, 2900, 3600 };
    static const char *const HOLES[] = { "holes" }, *const COUNTRY[] = { "country" };
    svy_weighting_step s = calibration(SVY_CALIBRATE_LINEAR, 2, 0);
    memcpy(m, MARGINS, sizeof MARGINS);
    s.margins = m;
    s.totals = t;
    switch (k) {
    case NOBODY: m[0].levels = SOUTH; m[0].totals = FOURTH; m[0].n_lines = 4; break;
    case NO_LINE: m[0].n_lines = 2; s.n_margins = 1; break;
    case ZERO: m[0].totals = NONE; break;
    case TWICE: m[0].levels = DOUBLE; break;
    case OTHER_SUM: m[1].totals = MORE; break;
    case MISSING: m[1].variables = HOLES; break;
    case NO_COLUMN: m[1].variables = COUNTRY; break;
    case TEXT_TOTAL: t[0] = (svy_auxiliary_total){ "region", 5 }; s.n_totals = 1; break;
    case WORD_LEVEL: m[1].levels = FOUR; break;
    case FAR: s.bounded = 1; s.lower = .99; s.upper = 1.01; break;
    case NO_BOUNDS: s.method = SVY_CALIBRATE_LOGIT; break;
    case BAD_BOUNDS: s.bounded = 1; s.lower = 1.1; s.upper = 2; break;
    case NEGATIVE_COUNT: m[0].totals = LESS; s.n_margins = 1; break;
    case NOT_ONE: s.method = SVY_CALIBRATE_POSTSTRATIFY; break;
    case EMPTY_CELL: s.kind = SVY_WEIGHTING_CELLS; s.variables = REGION; s.n_variables = 1; s.takes = "region != 'east'"; break;
    case BAD_P: s.kind = SVY_WEIGHTING_BASE; s.variables = B; s.n_variables = 1; break;
    case HIGH_LIMIT: s.kind = SVY_WEIGHTING_TRIM; s.lower = 25; s.upper = 30; s.strict = 1; break;
    case SEPARATED: s.kind = SVY_WEIGHTING_PROPENSITY; s.variables = REGION; s.n_variables = 1; s.takes = "region != 'east'"; break;
    case EMPTY_STEP: s.n_margins = 0; break;
    case TWO_SCALES: s.kind = SVY_WEIGHTING_SCALE; break;
    case BAD_EXPRESSION: s.kind = SVY_WEIGHTING_CELLS; s.takes = "answered = = 1"; break;
    case WRONGS: break;
    }
    return s;
}

ParameterizedTestParameters(weighting, refused)
{
    static size_t index[WRONGS];
    for (size_t i = 0; i < WRONGS; i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, WRONGS);
}

ParameterizedTest(size_t *k, weighting, refused)
{
    svy_error err = SVY_ERROR_INIT;
    svy_margin margins[2];
    svy_auxiliary_total total_of[1];
    svy_frame *f = make_frame(0, 10);
    svy_design *d = make_design(NULL, f, "w", 0);
    svy_weighting_report *r = NULL;
    const svy_weighting_step s = wrong_step((enum wrong)*k, margins, total_of);
    const svy_weighting_plan plan = { &s, 1 };
    svy_status st = svy_design_weight(d, f, &plan, &r, &err);
    cr_expect_eq(st, REFUSED[*k].st, "case %zu: status %d, %s", *k, st, err.message);
    cr_expect_null(r);
    for (size_t i = 0; i < 3; i++)
        cr_expect(strstr(err.message, REFUSED[*k].says[i]) != NULL, "case %zu: no '%s' in: %s", *k, REFUSED[*k].says[i], err.message);
    svy_design_free(d);
    svy_frame_free(f);
}

Test(weighting, margins_that_differ_can_be_scaled)
{
    static const double MORE[] = { 7000, 6000, 5800, 5200 };
    svy_margin margins[2] = { MARGINS[0], { "b.csv", B, 1, NUMBERS, MORE, 4 } };
    svy_frame *f = make_frame(0, 10);
    double w[ROWS];
    svy_weighting_step s = calibration(SVY_CALIBRATE_RAKING, 2, 0);
    s.margins = margins;
    s.scale_margins = 1;
    weigh(f, "w", &s, w);
    cr_expect_float_eq(total(f, w, "b", 1), 3500, 1e-8);
    svy_frame_free(f);
}

/* ---- memory ---- */

static svy_status weigh_all(const svy_alloc *alloc, const svy_frame *f)
{
    svy_error err = SVY_ERROR_INIT;
    svy_weighting_step steps[8] = { SVY_WEIGHTING_STEP_INIT, SVY_WEIGHTING_STEP_INIT, SVY_WEIGHTING_STEP_INIT, calibration(SVY_CALIBRATE_RAKING, 2, 0),
                                    calibration(SVY_CALIBRATE_LINEAR, 2, 1), calibration(SVY_CALIBRATE_RAKING, 2, 0), SVY_WEIGHTING_STEP_INIT,
                                    SVY_WEIGHTING_STEP_INIT };
    svy_weighting_report *r = NULL;
    steps[0].kind = SVY_WEIGHTING_BASE;
    steps[0].variables = P;
    steps[0].n_variables = 1;
    steps[1].kind = SVY_WEIGHTING_CELLS;
    steps[1].variables = BOTH;
    steps[1].n_variables = 2;
    steps[1].takes = "id != 3";
    steps[2].kind = SVY_WEIGHTING_PROPENSITY;
    steps[2].variables = X;
    steps[2].n_variables = 2;
    steps[2].classes = 3;
    steps[2].takes = "answered = 1";
    steps[5].cluster = "hh";
    steps[6].kind = SVY_WEIGHTING_TRIM;
    steps[6].cap = 3;
    steps[7].kind = SVY_WEIGHTING_STANDARDIZE;
    steps[7].margins = MARGINS;
    steps[7].n_margins = 1;
    steps[7].over = B;
    steps[7].n_over = 1;
    const svy_weighting_plan plan = { steps, 8 };
    svy_design *d = make_design(alloc, f, "w", 1);
    svy_status st = d == NULL ? SVY_E_NOMEM : svy_design_weight(d, f, &plan, &r, &err);
    cr_assert((st == SVY_OK) == (r != NULL), "%s", err.message);
    cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "%s", err.message);
    svy_weighting_report_free(r);
    svy_design_free(d);
    return st;
}

Test(weighting, memory_that_runs_out_is_a_clean_error)
{
    svy_frame *f = make_frame(0, 10);
    watched w;
    svy_alloc a = watched_alloc(&w, -1);
    cr_assert_eq(weigh_all(&a, f), SVY_OK);
    const unsigned calls = w.calls;
    cr_assert_eq(w.bytes, 0);
    for (unsigned left = 0; left < calls; left += 1 + left / 20) {
        a = watched_alloc(&w, (long)left);
        cr_expect_eq(weigh_all(&a, f), SVY_E_NOMEM, "with %u of %u allocations", left, calls);
        cr_expect_eq(w.bytes, 0, "with %u of %u allocations: %zu bytes lost", left, calls, w.bytes);
        cr_expect_eq(w.wrong_sizes, 0);
    }
    svy_frame_free(f);
}
