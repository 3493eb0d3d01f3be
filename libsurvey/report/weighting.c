/* What a weighting plan did, as a sheet. */
#include <math.h>
#include <survey/report.h>

static const svy_sheet_column COLUMNS[] = {
    { "step", SVY_SHEET_NUMBER }, { "name", SVY_SHEET_TEXT }, { "margin", SVY_SHEET_TEXT | SVY_SHEET_OPTIONAL }, { "level", SVY_SHEET_TEXT | SVY_SHEET_OPTIONAL },
    { "target", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "before", SVY_SHEET_NUMBER }, { "after", SVY_SHEET_NUMBER }, { "n", SVY_SHEET_NUMBER },
    { "min", SVY_SHEET_NUMBER }, { "max", SVY_SHEET_NUMBER }, { "cv", SVY_SHEET_NUMBER }, { "deff", SVY_SHEET_NUMBER },
    { "g_min", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "g_max", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
    { "changed", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "iterations", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
};
enum { N_COLUMNS = sizeof COLUMNS / sizeof COLUMNS[0], FIRST_OF_WEIGHTS = 7 };

static void add_heading(svy_sheet *s, size_t step, const char *name, const char *margin, const char *level, double target, double before, double after)
{
    svy_sheet_number(s, (double)step);
    svy_sheet_text(s, name);
    svy_sheet_text(s, margin);
    svy_sheet_text(s, level);
    svy_sheet_number(s, target);
    svy_sheet_number(s, before);
    svy_sheet_number(s, after);
}

static void add_weights(svy_sheet *s, const svy_weights_summary *w)
{
    svy_sheet_number(s, (double)w->n);
    svy_sheet_number(s, w->min);
    svy_sheet_number(s, w->max);
    svy_sheet_number(s, w->cv);
    svy_sheet_number(s, w->deff);
}

static void add_start(svy_sheet *s, const svy_weights_summary *w)
{
    add_heading(s, 0, "start", "", "", nan(""), nan(""), w->sum);
    add_weights(s, w);
    for (int k = 0; k < 4; k++)
        svy_sheet_number(s, nan(""));
}

static void add_step(svy_sheet *s, size_t step, const svy_weighting_report_step *r)
{
    add_heading(s, step, r->name, "", "", nan(""), r->before.sum, r->after.sum);
    add_weights(s, &r->after);
    svy_sheet_number(s, r->g_min);
    svy_sheet_number(s, r->g_max);
    svy_sheet_number(s, (double)r->changed);
    svy_sheet_number(s, r->iterations);
    for (size_t k = 0; k < r->n_hits; k++) {
        const svy_margin_hit *h = &r->hits[k];
        add_heading(s, step, r->name, h->margin, h->level, h->target, h->before, h->after);
        for (int c = FIRST_OF_WEIGHTS; c < N_COLUMNS; c++)
            svy_sheet_number(s, nan(""));
    }
}

svy_status svy_weighting_sheet(const svy_alloc *alloc, const svy_weighting_report *r, svy_sheet **out, svy_error *err)
{
    svy_status st = svy_sheet_new(alloc, COLUMNS, N_COLUMNS, out, err);
    for (size_t k = 0; st == SVY_OK && k < svy_weighting_report_steps(r); k++) {
        const svy_weighting_report_step *step = svy_weighting_report_get(r, k);
        if (k == 0)
            add_start(*out, &step->before);
        add_step(*out, k + 1, step);
    }
    return st;
}
