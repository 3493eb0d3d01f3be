/* From the options of calibration, and from a weighting plan, to steps; and the steps to a design. */
#include "weighting.h"

#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

/* ---- steps with margins of files in their place ---- */

static int out_of_memory(void)
{
    svy_error err = SVY_ERROR_INIT;
    err.code = SVY_E_NOMEM;
    snprintf(err.message, sizeof err.message, "out of memory");
    return tool_fail(&err);
}

/* Adds what a file has, its margin or its numeric totals, to step k. */
static int add_file(tool_weighting *w, size_t k, const char *path)
{
    svy_weighting_step *s = &w->steps[k];
    margin_file *grown = realloc(w->files, (w->n_files + 1) * sizeof *grown);
    if (grown == NULL)
        return out_of_memory();
    w->files = grown;
    margin_file *m = &w->files[w->n_files++];
    int status = margins_read(path, m);
    if (status != EXIT_DONE)
        return status;
    size_t more = m->numeric ? m->n_lines : 0;
    svy_margin *margins = realloc(w->margins[k], (s->n_margins + 1) * sizeof *margins);
    svy_auxiliary_total *totals = margins != NULL ? realloc(w->totals[k], (s->n_totals + more + 1) * sizeof *totals) : NULL;
    w->margins[k] = margins != NULL ? margins : w->margins[k];
    w->totals[k] = totals != NULL ? totals : w->totals[k];
    if (totals == NULL)
        return out_of_memory();
    for (size_t i = 0; i < more; i++)
        totals[s->n_totals++] = m->numbers[i];
    if (!m->numeric)
        margins[s->n_margins++] = margins_view(m);
    s->margins = margins;
    s->totals = totals;
    return EXIT_DONE;
}

static int get_steps(tool_weighting *w, size_t n)
{
    w->steps = calloc(n + 1, sizeof *w->steps);
    w->margins = calloc(n + 1, sizeof *w->margins);
    w->totals = calloc(n + 1, sizeof *w->totals);
    return w->steps == NULL || w->margins == NULL || w->totals == NULL ? out_of_memory() : EXIT_DONE;
}

/* ---- the options --calibrate... ---- */

static int set_bounds(const char *text, svy_weighting_step *s)
{
    char *end;
    if (text == NULL)
        return EXIT_DONE;
    s->bounded = 1;
    s->lower = strtod(text, &end);
    if (end == text || *end != ',')
        return tool_usage(NULL, "--calibrate-bounds %s: give a lower and an upper bound of the factors, e.g. 0.5,2", text);
    const char *second = end + 1;
    s->upper = strtod(second, &end);
    if (end == second || *end != '\0')
        return tool_usage(NULL, "--calibrate-bounds %s: give a lower and an upper bound of the factors, e.g. 0.5,2", text);
    return EXIT_DONE;
}

static int add_calibration(const analysis_options *o, tool_weighting *w)
{
    svy_weighting_step *s = &w->steps[w->n_steps];
    *s = (svy_weighting_step)SVY_WEIGHTING_STEP_INIT;
    s->method = (svy_calibration)o->calibrate_method;        /* the choices stand in the order of the enumerations */
    s->variance = (svy_calibration_variance)o->calibrate_variance;
    s->cluster = o->calibrate_cluster;
    s->sigma2 = o->calibrate_sigma2;
    s->scale_margins = o->calibrate_scale;
    int status = set_bounds(o->calibrate_bounds, s);
    for (size_t i = 0; i < o->calibrate.count && status == EXIT_DONE; i++)
        status = add_file(w, w->n_steps, o->calibrate.items[i]);
    w->n_steps++;
    return status;
}

/* ---- a plan ---- */

/* A step of the plan with what its files have. */
static int add_planned(tool_weighting *w, const svy_weighting_step *from)
{
    size_t k = w->n_steps++;
    svy_weighting_step *s = &w->steps[k];
    *s = *from;
    s->n_margins = s->n_totals = 0;
    w->margins[k] = malloc((from->n_margins + 1) * sizeof **w->margins);
    w->totals[k] = malloc((from->n_totals + 1) * sizeof **w->totals);
    if (w->margins[k] == NULL || w->totals[k] == NULL)
        return out_of_memory();
    s->margins = w->margins[k];
    s->totals = w->totals[k];
    for (size_t i = 0; i < from->n_totals; i++)
        w->totals[k][s->n_totals++] = from->totals[i];
    for (size_t i = 0; i < from->n_margins; i++) {
        if (from->margins[i].n_lines > 0) {
            svy_margin *grown = realloc(w->margins[k], (from->n_margins + 1) * sizeof *grown);
            if (grown == NULL)
                return out_of_memory();
            s->margins = w->margins[k] = grown;
            grown[s->n_margins++] = from->margins[i];
            continue;
        }
        int status = add_file(w, k, from->margins[i].source);
        if (status != EXIT_DONE)
            return status;
        if (s->kind == SVY_WEIGHTING_STANDARDIZE && s->n_margins != 1) {
            tool_say("%s: a standard distribution is a margin, not numeric totals", from->margins[i].source);
            return EXIT_WRONG;
        }
    }
    return EXIT_DONE;
}

/* The plan that is named, or the one that the study carries when nothing else is asked for. */
static int read_plan(const analysis_options *o, tool_weighting *w)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_status st = SVY_OK;
    char *text = NULL;
    size_t len = 0;
    if (o->weighting != NULL)
        st = svy_weighting_file_read(NULL, o->weighting, NULL, &diags, &w->plan, &err);
    else if (o->calibrate.count == 0 && tool_study_text(o->data, "weighting", &text, &len) == EXIT_DONE && text != NULL)
        st = svy_weighting_file_read_memory(NULL, text, len, NULL, NULL, &diags, &w->plan, &err);
    free(text);
    if (st == SVY_E_INVALID)
        return EXIT_WRONG;                 /* reported */
    return st == SVY_OK ? EXIT_DONE : tool_fail(&err);
}

static int add_plan(tool_weighting *w)
{
    const svy_weighting_plan *plan = svy_weighting_file_plan(w->plan);
    int status = EXIT_DONE;
    for (size_t k = 0; k < plan->n_steps && status == EXIT_DONE; k++)
        status = add_planned(w, &plan->steps[k]);
    return status;
}

/* ---- names of columns ---- */

static void add_names(name_list *names, const svy_weighting_step *s)
{
    const char *const single[] = { s->cluster, s->sigma2 };
    for (size_t k = 0; k < s->n_variables; k++)
        names_add(names, s->variables[k]);
    for (size_t k = 0; k < s->n_over; k++)
        names_add(names, s->over[k]);
    for (size_t m = 0; m < s->n_margins; m++)
        for (size_t k = 0; k < s->margins[m].n_variables; k++)
            names_add(names, s->margins[m].variables[k]);
    for (size_t k = 0; k < s->n_totals; k++)
        names_add(names, s->totals[k].variable);
    for (size_t k = 0; k < sizeof single / sizeof single[0]; k++)
        if (single[k] != NULL)
            names_add(names, single[k]);
}

/* All expressions one after the other: only what they mention matters. */
static int join_expressions(const analysis_options *o, tool_weighting *w)
{
    size_t room = o->where != NULL ? strlen(o->where) + 2 : 2, used = 0;
    for (size_t k = 0; k < w->n_steps; k++)
        room += (w->steps[k].takes != NULL ? strlen(w->steps[k].takes) + 1 : 0) + (w->steps[k].among != NULL ? strlen(w->steps[k].among) + 1 : 0);
    w->where = malloc(room);
    if (w->where == NULL)
        return out_of_memory();
    w->where[0] = '\0';
    for (size_t k = 0; k <= 2 * w->n_steps; k++) {
        const char *text = k == 0 ? o->where : k % 2 == 1 ? w->steps[(k - 1) / 2].takes : w->steps[(k - 1) / 2].among;
        if (text != NULL)
            used += (size_t)snprintf(w->where + used, room - used, "%s%s", used > 0 ? " " : "", text);
    }
    if (used == 0) {
        free(w->where);
        w->where = NULL;
    }
    return EXIT_DONE;
}

int tool_weighting_begin(const analysis_options *o, name_list *names, tool_weighting *w)
{
    *w = (tool_weighting){ 0 };
    int status = read_plan(o, w);
    if (status == EXIT_DONE)
        status = get_steps(w, 1 + (w->plan != NULL ? svy_weighting_file_plan(w->plan)->n_steps : 0));
    if (status == EXIT_DONE && w->plan != NULL)
        status = add_plan(w);
    if (status == EXIT_DONE && o->calibrate.count > 0)
        status = add_calibration(o, w);
    else if (status == EXIT_DONE && (o->calibrate_bounds != NULL || o->calibrate_cluster != NULL || o->calibrate_sigma2 != NULL || o->calibrate_scale ||
                                     o->calibrate_method != SVY_CALIBRATE_LINEAR || o->calibrate_variance != SVY_CALIBRATED_GREG))
        status = tool_usage(NULL, "there is nothing to calibrate to: give the population counts by --calibrate MARGINS.csv");
    for (size_t k = 0; k < w->n_steps && status == EXIT_DONE; k++)
        add_names(names, &w->steps[k]);
    return status == EXIT_DONE ? join_expressions(o, w) : status;
}

int tool_weighting_apply(const tool_weighting *w, const analysis_options *o, const svy_frame *f, svy_design *d, svy_weighting_report **report)
{
    svy_error err = SVY_ERROR_INIT;
    svy_weighting_plan plan = { w->steps, w->n_steps };
    if (report != NULL)
        *report = NULL;
    if (w->n_steps == 0 && report == NULL)
        return EXIT_DONE;
    return svy_design_weight(d, f, &plan, report, &err) == SVY_OK ? EXIT_DONE : tool_fail_data(&err, o->data);
}

void tool_weighting_end(tool_weighting *w)
{
    for (size_t k = 0; k < w->n_steps; k++) {
        free(w->margins[k]);
        free(w->totals[k]);
    }
    svy_weighting_file_free(w->plan);
    for (size_t i = 0; i < w->n_files; i++)
        margins_clear(&w->files[i]);
    free(w->files);
    free(w->margins);
    free(w->totals);
    free(w->steps);
    free(w->where);
    *w = (tool_weighting){ 0 };
}
