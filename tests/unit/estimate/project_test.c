/* What calibration makes of influences, against derivatives of the weighted total found by changing one weight at a time. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <survey/weighting.h>

#include "base/number.h"
#include "estimate/project.h"

enum { ROWS = 60 };

static double *add(svy_frame *f, const char *name)
{
    svy_error err = SVY_ERROR_INIT;
    double *x = svy_frame_get(f, ROWS, sizeof *x);
    cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, NULL, &err), SVY_OK, "%s", err.message);
    return x;
}

/* `changed` gets its weight multiplied by `factor`. */
static svy_frame *make_frame(size_t changed, double factor)
{
    svyi_random r;
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert_eq(svy_frame_new(NULL, ROWS, &f, &err), SVY_OK);
    double *a = add(f, "a"), *b = add(f, "b"), *x = add(f, "x"), *w = add(f, "w"), *y = add(f, "y"), *took = add(f, "took"), *h = add(f, "h");
    svyi_random_seed(&r, 12);
    for (size_t i = 0; i < ROWS; i++) {
        a[i] = (double)(i % 3);
        b[i] = svyi_random_below(&r, 2);
        x[i] = 10 + 5 * svyi_random_unit(&r);
        w[i] = (5 + 3 * svyi_random_unit(&r)) * (i == changed ? factor : 1);
        y[i] = x[i] * (1 + a[i]) + 8 * svyi_random_unit(&r);
        took[i] = svyi_random_below(&r, 4) > 0;
        h[i] = floor((double)i / 2);
    }
    return f;
}

static const char *const A[] = { "a" }, *const B[] = { "b" };
static const char *const LEVELS_A[] = { "0", "1", "2" }, *const LEVELS_B[] = { "0", "1" };
static const double TOTALS_A[] = { 150, 120, 130 }, TOTALS_B[] = { 190, 210 };
static const svy_margin MARGINS[] = { { "a", A, 1, LEVELS_A, TOTALS_A, 3 }, { "b", B, 1, LEVELS_B, TOTALS_B, 2 } };
static const svy_auxiliary_total NUMBERS[] = { { "x", 5100 } };

static svy_weighting_step calibration(svy_calibration method, svy_calibration_variance variance, size_t margins, size_t numbers)
{
    svy_weighting_step s = SVY_WEIGHTING_STEP_INIT;
    s.method = method;
    s.variance = variance;
    s.margins = MARGINS;
    s.n_margins = margins;
    s.totals = NUMBERS;
    s.n_totals = numbers;
    return s;
}

static svy_weighting_step cells(void)
{
    svy_weighting_step s = SVY_WEIGHTING_STEP_INIT;
    s.kind = SVY_WEIGHTING_CELLS;
    s.variables = B;
    s.n_variables = 1;
    s.takes = "took = 1";
    return s;
}

static svy_weighting_step scale(void)
{
    svy_weighting_step s = SVY_WEIGHTING_STEP_INIT;
    s.kind = SVY_WEIGHTING_SCALE;
    s.to_total = 1000;
    return s;
}

/* The plans whose influence is a derivative: with the starting weights for a linear step, with the calibrated ones for the others. */
enum { PLANS = 8 };
static size_t make_plan(size_t which, svy_weighting_step *steps)
{
    switch (which) {
    case 0: steps[0] = calibration(SVY_CALIBRATE_LINEAR, SVY_CALIBRATED_GREG, 2, 0); return 1;
    case 1: steps[0] = calibration(SVY_CALIBRATE_LINEAR, SVY_CALIBRATED_GREG, 2, 1); return 1;
    case 2: steps[0] = calibration(SVY_CALIBRATE_RAKING, SVY_CALIBRATED_STATA, 2, 0); return 1;
    case 3: steps[0] = calibration(SVY_CALIBRATE_POSTSTRATIFY, SVY_CALIBRATED_GREG, 1, 0); return 1;
    case 4: steps[0] = cells(); return 1;
    case 5: steps[0] = scale(); return 1;
    case 6: steps[0] = cells(); steps[1] = calibration(SVY_CALIBRATE_LINEAR, SVY_CALIBRATED_GREG, 2, 1); return 2;
    default:
        steps[0] = calibration(SVY_CALIBRATE_POSTSTRATIFY, SVY_CALIBRATED_GREG, 1, 0);
        steps[1] = calibration(SVY_CALIBRATE_LINEAR, SVY_CALIBRATED_GREG, 2, 1);
        steps[2] = calibration(SVY_CALIBRATE_RAKING, SVY_CALIBRATED_STATA, 2, 0);
        return 3;
    }
}

static svy_design *make_design(svy_frame *f, size_t which)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d = NULL;
    svy_weighting_step steps[3];
    const svy_weighting_plan plan = { steps, make_plan(which, steps) };
    spec.weights = "w";
    cr_assert_eq(svy_design_new(NULL, f, &spec, &d, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_design_weight(d, f, &plan, NULL, &err), SVY_OK, "plan %zu: %s", which, err.message);
    return d;
}

/* The total of y, in two domains by the value of b. */
typedef struct total { const double *w, *y, *b; } total;

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const total *t = user;
    for (size_t i = 0; i < count; i++) {
        z[i] = t->w[rows[i]] * t->y[rows[i]];
        domain[i] = t->b[rows[i]] > 0 ? 1 : 0;
    }
}

static void add_totals(size_t which, size_t changed, double factor, double *out)
{
    svy_frame *f = make_frame(changed, factor);
    svy_design *d = make_design(f, which);
    const double *y = svy_frame_find(f, "y")->numbers, *b = svy_frame_find(f, "b")->numbers;
    out[0] = out[1] = 0;
    for (size_t i = 0; i < ROWS; i++)
        out[b[i] > 0] += svy_design_weights(d)[i] * y[i];
    svy_design_free(d);
    svy_frame_free(f);
}

Test(project, is_the_derivative_of_the_weighted_total)
{
    for (size_t which = 0; which < PLANS; which++) {
        svy_error err = SVY_ERROR_INIT;
        svyi_arena arena;
        svyi_influence projected;
        double z[2 * ROWS];
        uint32_t rows[ROWS];
        svy_frame *f = make_frame(ROWS, 1);
        svy_design *d = make_design(f, which);
        const total t = { svy_design_weights(d), svy_frame_find(f, "y")->numbers, svy_frame_find(f, "b")->numbers };
        const svyi_influence in = { .width = 1, .domains = 2, .fill = fill, .user = &t };
        svyi_arena_init(&arena, NULL);
        for (uint32_t i = 0; i < ROWS; i++)
            rows[i] = i;
        cr_assert_eq(svyi_influence_project(&arena, d, &in, &projected, &err), SVY_OK);
        cr_assert_eq(projected.domains, 1);
        cr_assert_eq(projected.width, 2);
        projected.fill(projected.user, rows, ROWS, z, NULL);
        for (size_t i = 0; i < ROWS; i++) {
            const double step = 1e-4;
            double up[2], down[2];
            add_totals(which, i, 1 + step, up);
            add_totals(which, i, 1 - step, down);
            for (int k = 0; k < 2; k++)
                cr_expect_float_eq(z[2 * i + (size_t)k], (up[k] - down[k]) / (2 * step), 2e-4 * (1 + fabs(z[2 * i + (size_t)k])), "plan %zu row %zu: %g, derivative %g",
                                   which, i, z[2 * i + (size_t)k], (up[k] - down[k]) / (2 * step));
        }
        svyi_arena_clear(&arena);
        svy_design_free(d);
        svy_frame_free(f);
    }
}

/* A calibrated total of what was calibrated to has no variance, so no influence. */
Test(project, totals_that_are_known_have_no_influence)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = make_frame(ROWS, 1);
    svy_design *d = make_design(f, 1);
    const total t = { svy_design_weights(d), svy_frame_find(f, "x")->numbers, svy_frame_find(f, "took")->numbers };
    const svyi_influence in = { .width = 1, .domains = 2, .fill = fill, .user = &t };
    svyi_influence projected;
    svyi_arena arena;
    svyi_arena_init(&arena, NULL);
    cr_assert_eq(svyi_influence_project(&arena, d, &in, &projected, &err), SVY_OK);
    for (uint32_t i = 0; i < ROWS; i++) {
        double z[2];
        projected.fill(projected.user, &i, 1, z, NULL);
        cr_expect_float_eq(z[0] + z[1], 0, 1e-9, "row %u: %g", (unsigned)i, z[0] + z[1]);
    }
    svyi_arena_clear(&arena);
    svy_design_free(d);
    svy_frame_free(f);
}
