/* A weighting plan applied to a design: step after step, with a report of each. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"

struct svy_weighting_report {
    svyi_arena arena;
    svy_weighting_report_step *steps;
    size_t n;
};

size_t svy_weighting_report_steps(const svy_weighting_report *r) { return r->n; }
const svy_weighting_report_step *svy_weighting_report_get(const svy_weighting_report *r, size_t step) { return step < r->n ? &r->steps[step] : NULL; }

void svy_weighting_report_free(svy_weighting_report *r)
{
    if (r == NULL)
        return;
    svyi_arena arena = r->arena;
    svyi_arena_clear(&arena);
}

/* ---- what a step did ---- */

static svy_weights_summary summarize(const double *w, size_t rows)
{
    svy_weights_summary s = { 0, 0, 0, 0, 0, 0 };
    double squares = 0;
    for (size_t i = 0; i < rows; i++) {
        if (w[i] == 0)
            continue;
        s.min = s.n == 0 || w[i] < s.min ? w[i] : s.min;
        s.max = s.n == 0 || w[i] > s.max ? w[i] : s.max;
        s.sum += w[i];
        s.n++;
    }
    double mean = s.n > 0 ? s.sum / (double)s.n : 0;
    for (size_t i = 0; i < rows; i++)
        squares += w[i] == 0 ? 0 : (w[i] - mean) * (w[i] - mean);
    s.cv = mean != 0 ? sqrt(squares / (double)s.n) / fabs(mean) : 0;
    s.deff = 1 + s.cv * s.cv;
    return s;
}

static void compare(const svyi_adjustment *a, size_t rows, svy_weighting_report_step *r)
{
    int first = 1;
    for (size_t i = 0; i < rows; i++) {
        r->changed += a->after[i] < a->before[i] || a->after[i] > a->before[i];
        if (a->before[i] == 0 || a->after[i] == 0)
            continue;
        double g = a->after[i] / a->before[i];
        r->g_min = first || g < r->g_min ? g : r->g_min;
        r->g_max = first || g > r->g_max ? g : r->g_max;
        first = 0;
    }
}

/* The totals of every margin and number with the weights before and after. */
static void add_hits(const svyi_adjustment *a, svy_margin_hit *hits)
{
    const svyi_auxiliary *x = a->x;
    for (size_t m = 0; m < x->n_margins; m++)
        for (size_t i = 0; i < x->rows; i++) {
            uint32_t code = x->margins[m].codes[i];
            if (code != SVYI_NO_UNIT) {
                hits[x->first[m] + code].before += a->before[i];
                hits[x->first[m] + code].after += a->after[i];
            }
        }
    for (size_t k = 0; k < x->n_numbers; k++) {
        svy_margin_hit *h = &hits[x->columns - x->n_numbers + k];
        for (size_t i = 0; i < x->rows; i++)
            if (a->before[i] != 0) {
                h->before += a->before[i] * x->numbers[k][i];
                h->after += a->after[i] * x->numbers[k][i];
            }
    }
}

static svy_status keep_hits(svyi_arena *arena, const svyi_adjustment *a, const svyi_step_hits *hits, svy_weighting_report_step *r, svy_error *err)
{
    svy_margin_hit *own = svyi_arena_get(arena, (hits->n + 1) * sizeof *own);
    if (own == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < hits->n; k++) {
        own[k] = hits->hits[k];
        own[k].margin = svyi_arena_text(arena, own[k].margin, strlen(own[k].margin));
        own[k].level = svyi_arena_text(arena, own[k].level, strlen(own[k].level));
        if (own[k].margin == NULL || own[k].level == NULL)
            return svyi_nomem(err);
    }
    add_hits(a, own);
    r->hits = own;
    r->n_hits = hits->n;
    return SVY_OK;
}

static svy_status describe(svyi_arena *arena, const svyi_adjustment *a, size_t rows, const svyi_step_hits *hits, svy_weighting_report_step *r,
                           svy_error *err)
{
    *r = (svy_weighting_report_step){ .name = svyi_arena_text(arena, a->name, strlen(a->name)), .iterations = a->iterations, .converged = 1 };
    if (r->name == NULL)
        return svyi_nomem(err);
    r->before = summarize(a->before, rows);
    r->after = summarize(a->after, rows);
    compare(a, rows, r);
    return hits->n > 0 ? keep_hits(arena, a, hits, r, err) : SVY_OK;
}

/* ---- the plan ---- */

static const char *step_name(const svy_weighting_step *s)
{
    static const char *const METHODS[] = { "linear calibration", "raking", "logit calibration", "sinh calibration", "post-stratification" };
    if (s->name != NULL)
        return s->name;
    switch (s->kind) {
    case SVY_WEIGHTING_BASE: return "base weights";
    case SVY_WEIGHTING_CELLS: return "cells";
    case SVY_WEIGHTING_PROPENSITY: return "response propensity";
    case SVY_WEIGHTING_CALIBRATE: return METHODS[s->method];
    case SVY_WEIGHTING_TRIM: return "trimming";
    case SVY_WEIGHTING_SCALE: return "scaling";
    case SVY_WEIGHTING_STANDARDIZE: return "standardisation";
    }
    return "";
}

static svy_status apply_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svyi_step_hits *hits, svy_error *err)
{
    switch (s->kind) {
    case SVY_WEIGHTING_BASE: return svyi_base_step(d, f, s, a, err);
    case SVY_WEIGHTING_CELLS: return svyi_cells_step(d, f, s, a, err);
    case SVY_WEIGHTING_PROPENSITY: return svyi_propensity_step(d, f, s, a, err);
    case SVY_WEIGHTING_CALIBRATE: return svyi_calibrate_step(d, f, s, a, hits, err);
    case SVY_WEIGHTING_TRIM: return svyi_trim_step(d, s, a, err);
    case SVY_WEIGHTING_SCALE: return svyi_scale_step(d, f, s, a, err);
    case SVY_WEIGHTING_STANDARDIZE: return svyi_standardize_step(d, f, s, a, hits, err);
    }
    return svyi_fail(err, SVY_E_ARG, "there is no weighting step of kind %d", (int)s->kind);
}

/* Which step it was, when there are several. */
static void name_step(svy_error *err, size_t step, const char *name)
{
    char message[sizeof err->message];
    if (err == NULL || err->code == SVY_E_NOMEM)
        return;
    memcpy(message, err->message, sizeof message);
    snprintf(err->message, sizeof err->message, "step %zu (%.60s): %.300s", step + 1, name, message);
}

static svy_status add_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_arena *arena, svy_weighting_report_step *r, svy_error *err)
{
    svyi_adjustment *a = svyi_arena_get(&d->arena, sizeof *a);
    const char *name = step_name(s);
    svyi_step_hits hits = { NULL, 0 };
    SVY_REQUIRE(s->size >= sizeof *s && (int)s->method <= SVY_CALIBRATE_POSTSTRATIFY && (int)s->variance <= SVY_CALIBRATED_FIXED, err);
    if (a == NULL || (a->name = svyi_arena_text(&d->arena, name, strlen(name))) == NULL)
        return svyi_nomem(err);
    a->first_first = s->first_projected_first;
    svy_status st = apply_step(d, f, s, a, &hits, err);
    for (size_t i = 0; i < d->rows && st == SVY_OK; i++)
        if (!isfinite(d->weights[i]))
            st = svyi_fail(err, SVY_E_NUMERIC, "the weight of row %zu is not finite after the step '%s': check its totals and bounds", i + 1, name);
    return st == SVY_OK && r != NULL ? describe(arena, a, d->rows, &hits, r, err) : st;
}

svy_status svy_design_weight(svy_design *d, const svy_frame *frame, const svy_weighting_plan *plan, svy_weighting_report **report, svy_error *err)
{
    svyi_arena arena;
    svy_weighting_report *r = NULL;
    svy_status st = SVY_OK;
    if (report != NULL)
        *report = NULL;
    SVY_REQUIRE(d != NULL && frame != NULL && plan != NULL && svy_frame_rows(frame) == d->rows, err);
    svyi_arena_init(&arena, &d->arena.alloc);
    if (report != NULL) {
        r = svyi_arena_get(&arena, sizeof *r);
        if (r == NULL || (r->steps = svyi_arena_get(&arena, (plan->n_steps + 1) * sizeof *r->steps)) == NULL)
            st = svyi_nomem(err);
    }
    for (size_t k = 0; k < plan->n_steps && st == SVY_OK; k++) {
        st = add_step(d, frame, &plan->steps[k], &arena, r != NULL ? &r->steps[r->n++] : NULL, err);
        if (st != SVY_OK && plan->n_steps > 1)
            name_step(err, k, step_name(&plan->steps[k]));
    }
    if (st != SVY_OK || r == NULL) {
        svyi_arena_clear(&arena);
        return st;
    }
    r->arena = arena;
    *report = r;
    return SVY_OK;
}
