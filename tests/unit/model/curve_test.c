/* Survival curves at all event times: sums that move on with time give what a pass of all rows for each time gives. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <survey/survival.h>

#include "../base/watched_alloc.h"
#include "../estimate/made_frame.h"

enum { ROWS = 1500, FEW = 120 };

/* Adds times with ties, entries, and events that the shape of the data decides. */
static svy_frame *frame_of(size_t rows)
{
    made m = made_new(rows, 29);
    svy_frame *f = made_frame(&m);
    double *start = made_get(rows, sizeof *start), *stop = made_get(rows, sizeof *stop), *event = made_get(rows, sizeof *event);
    double *id = made_get(rows, sizeof *id), *psus = made_get(rows, sizeof *psus), *inside = made_get(rows, sizeof *inside);
    for (size_t i = 0; i < rows; i++) {
        start[i] = floor(fabs(m.y[i]) / 200);
        stop[i] = start[i] + 1 + floor(fabs(m.x[i]) * 4) + (i % 3 == 0 ? 0.5 : 0);
        event[i] = m.level[i] != 1;
        id[i] = (double)i;
        psus[i] = 20;
        inside[i] = 5000;
    }
    const struct { const char *name; double *numbers; } columns[] = { { "start", start }, { "stop", stop }, { "event", event }, { "id", id },
                                                                      { "psus", psus }, { "rows", inside } };
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
        made_numbers(f, columns[k].name, columns[k].numbers, NULL);
        free(columns[k].numbers);
    }
    made_free(&m);
    return f;
}

/* PSUs, then rows in them. */
static svy_design *two_stages(const svy_frame *f)
{
    static const char *const STRATA[] = { "stratum" }, *const CLUSTERS[] = { "psu", "id" }, *const SIZES[] = { "psus", "rows" };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_design *d;
    spec.weights = "w";
    spec.strata = STRATA;
    spec.n_strata = 1;
    spec.clusters = CLUSTERS;
    spec.n_clusters = 2;
    spec.fpc = SIZES;
    spec.n_fpc = 2;
    cr_assert_eq(svy_design_new(NULL, f, &spec, &d, &err), SVY_OK, "%s", err.message);
    return d;
}

static svy_survival *curve_of(const svy_frame *f, const svy_design *d, const svy_survival_spec *spec)
{
    svy_error err = SVY_ERROR_INIT;
    svy_survival *s;
    cr_assert_eq(svy_survival_estimate(NULL, f, d, spec, &s, &err), SVY_OK, "%s", err.message);
    return s;
}

static void compare(const svy_frame *f, const svy_design *d, svy_survival_spec spec, const char *what)
{
    svy_survival *whole = curve_of(f, d, &spec);
    size_t n = svy_survival_count(whole), seen = 0;
    cr_assert(n > 30);
    for (size_t k = 0; k < n; k++) {
        const svy_survival_row *p = svy_survival_row_at(whole, k);
        spec.at = &p->time;
        spec.n_at = 1;
        svy_survival *one = curve_of(f, d, &spec);
        for (size_t i = 0; i < svy_survival_count(one); i++) {
            const svy_survival_row *q = svy_survival_row_at(one, i);
            if (strcmp(p->level, q->level) != 0)
                continue;
            seen++;
            cr_expect(p->estimate == q->estimate && made_near(p->se, q->se, 1e-12), "%s, %s at %g: %.17g, %.17g", what, p->level, p->time, p->se, q->se);
            cr_expect(p->estimate == 0 || p->se > 0, "%s, %s at %g: %g", what, p->level, p->time, p->se);
        }
        svy_survival_free(one);
    }
    cr_expect_eq(seen, n);
    svy_survival_free(whole);
}

Test(curve, moving_sums_are_those_of_rows)
{
    static const char *const FORMULAS[] = { "Surv(stop, event) ~ 1", "Surv(start, stop, event) ~ 1", "Surv(stop, event) ~ domain",
                                            "Surv(start, stop, event) ~ domain + u" };
    svy_frame *f = frame_of(ROWS);
    svy_design *designs[] = { made_design(NULL, f, 0), made_design(NULL, f, 1), two_stages(f) };
    for (size_t d = 0; d < sizeof designs / sizeof designs[0]; d++) {
        for (size_t k = 0; k < sizeof FORMULAS / sizeof FORMULAS[0]; k++) {
            svy_survival_spec spec = SVY_SURVIVAL_INIT;
            spec.formula = FORMULAS[k];
            spec.where = k % 2 == 0 ? NULL : "y > -1500";
            spec.estimator = d + k == 2 ? SVY_SURVIVAL_HAZARD : SVY_SURVIVAL_KAPLAN_MEIER;
            compare(f, designs[d], spec, FORMULAS[k]);
        }
        svy_design_free(designs[d]);
    }
    svy_frame_free(f);
}

Test(curve, every_failing_allocation_is_an_error)
{
    svy_frame *f = frame_of(FEW);
    svy_design *d = made_design(NULL, f, 0);
    svy_survival_spec spec = SVY_SURVIVAL_INIT;
    spec.formula = "Surv(start, stop, event) ~ v";
    for (long calls = 0;; calls++) {
        watched w;
        svy_error err = SVY_ERROR_INIT;
        svy_alloc alloc = watched_alloc(&w, calls);
        svy_survival *s;
        svy_status st = svy_survival_estimate(&alloc, f, d, &spec, &s, &err);
        svy_survival_free(s);
        watched_end(&w);
        if (st == SVY_OK)
            break;
        cr_assert_eq(st, SVY_E_NOMEM, "after %ld: %s", calls, err.message);
        cr_assert(calls < 3000);
    }
    svy_design_free(d);
    svy_frame_free(f);
}
