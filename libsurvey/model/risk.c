/* Sorting of times under observation, and checks of them. */
#include "model/risk.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct moment { double time; uint32_t stratum, row; } moment;

typedef struct sorting {
    const svyi_risk_input *in;
    svyi_arena scratch;
    svyi_risk *out;
    const double *stop, *start;          /* by row of the data */
    moment *moments;
    double event;                        /* the status of an event */
} sorting;

/* ---- checks ---- */

/* Status is 0 and 1, or 1 and 2 as in some old files, whatever the rows used. */
static double event_status(const svyi_risk_input *in)
{
    double most = 0;
    for (size_t i = 0; i < in->data_rows; i++)
        most = in->response->status[i] > most ? in->response->status[i] : most;
    return most == 2 ? 2 : 1;
}

static svy_status check_row(const sorting *s, uint32_t row, svy_error *err)
{
    const svyi_response *y = s->in->response;
    double stop = y->numbers[row], status = y->status[row];
    if (status != s->event && status != s->event - 1)
        return svyi_fail(err, SVY_E_VALUE, "row %zu has the status %g in %s: it must be 1 for an event and 0 for none%s", (size_t)row + 1, status, y->name,
                         s->event == 2 ? ", or throughout 2 for an event and 1 for none" : "");
    if (!isfinite(stop) || (y->start != NULL && !isfinite(y->start[row])))
        return svyi_fail(err, SVY_E_VALUE, "row %zu has an infinite time in %s", (size_t)row + 1, y->name);
    if (y->start != NULL && !(y->start[row] < stop))
        return svyi_fail(err, SVY_E_VALUE, "row %zu stops at %g, not after its start at %g, in %s", (size_t)row + 1, stop, y->start[row], y->name);
    if (y->start == NULL && stop < 0)
        return svyi_fail(err, SVY_E_VALUE, "row %zu has the negative time %g in %s", (size_t)row + 1, stop, y->name);
    return SVY_OK;
}

static svy_status check(const sorting *s, svy_error *err)
{
    size_t events = 0;
    svy_status st = SVY_OK;
    for (size_t i = 0; st == SVY_OK && i < s->in->n; i++) {
        st = check_row(s, s->in->rows[i], err);
        events += s->in->response->status[s->in->rows[i]] == s->event;
    }
    if (st == SVY_OK && events == 0)
        return svyi_fail(err, SVY_E_NUMERIC, "there are no events in %s among the %zu rows used", s->in->response->name, s->in->n);
    return st;
}

/* ---- times that differ by rounding ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Whole numbers of usual size cannot differ by rounding. */
static int all_whole(const sorting *s)
{
    for (size_t i = 0; i < s->in->n; i++) {
        double a = s->stop[s->in->rows[i]], b = s->start != NULL ? s->start[s->in->rows[i]] : 0;
        if (floor(a) != a || floor(b) != b || fabs(a) > 1e7 || fabs(b) > 1e7)
            return 0;
    }
    return 1;
}

static double *merged(sorting *s, const double *from, const double *times, size_t n)
{
    double *to = svyi_arena_get(&s->scratch, (s->in->data_rows + 1) * sizeof *to);
    for (size_t i = 0; to != NULL && i < s->in->n; i++) {
        size_t low = 0, high = n;                       /* the last time that is not above */
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (times[middle] <= from[s->in->rows[i]])
                low = middle;
            else
                high = middle;
        }
        to[s->in->rows[i]] = times[low];
    }
    return to;
}

static svy_status merge_times(sorting *s, svy_error *err)
{
    size_t n = 0, distinct = 0, kept = 0;
    double sum = 0;
    double *all = svyi_arena_get(&s->scratch, (2 * s->in->n + 1) * sizeof *all);
    if (all == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < s->in->n; i++) {
        all[n++] = s->stop[s->in->rows[i]];
        if (s->start != NULL)
            all[n++] = s->start[s->in->rows[i]];
    }
    qsort(all, n, sizeof *all, by_value);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || all[i] > all[distinct - 1])
            all[distinct++] = all[i];
    for (size_t i = 0; i < distinct; i++)
        sum += fabs(all[i]);
    double last = 0, tolerance = sqrt(DBL_EPSILON), relative = tolerance * (sum / (double)distinct);
    for (size_t i = 0; i < distinct; i++) {
        double gap = all[i] - last;
        last = all[i];
        if (i == 0 || !(gap <= tolerance || gap <= relative))
            all[kept++] = last;
    }
    if (kept == distinct)
        return SVY_OK;
    s->stop = merged(s, s->stop, all, kept);
    s->start = s->start != NULL ? merged(s, s->start, all, kept) : NULL;
    return s->stop != NULL && (s->in->response->start == NULL || s->start != NULL) ? SVY_OK : svyi_nomem(err);
}

/* ---- sorting ---- */

static int by_stratum_and_time(const void *a, const void *b)
{
    const moment *x = a, *y = b;
    if (x->stratum != y->stratum)
        return x->stratum < y->stratum ? -1 : 1;
    if (x->time < y->time || x->time > y->time)
        return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void sort_by(sorting *s, const double *time)
{
    for (size_t i = 0; i < s->in->n; i++) {
        uint32_t row = s->in->rows[i];
        s->moments[i] = (moment){ time[row], s->in->strata != NULL ? s->in->strata[row] : 0, row };
    }
    qsort(s->moments, s->in->n, sizeof *s->moments, by_stratum_and_time);
}

/* Numbers the event times and says which is the last at or before each row's end. */
static void number_events(sorting *s)
{
    svyi_risk *r = s->out;
    uint32_t stratum = 0;
    r->row_start[0] = r->event_start[0] = 0;
    for (size_t i = 0; i < r->n;) {
        const moment *m = s->moments;
        size_t same = i;
        uint32_t deaths = 0;
        for (; stratum < m[i].stratum; stratum++) {
            r->row_start[stratum + 1] = (uint32_t)i;
            r->event_start[stratum + 1] = r->events;
        }
        for (; same < r->n && m[same].stratum == m[i].stratum && !(m[same].time > m[i].time); same++)
            deaths += r->dead[m[same].row];
        if (deaths > 0) {
            r->time[r->events] = m[i].time;
            r->opens[r->events] = r->events == r->event_start[stratum];
            r->deaths[r->events++] = deaths;
        }
        for (; i < same; i++) {
            r->order[i] = s->moments[i].row;
            r->end[s->moments[i].row] = r->events;
            r->first[s->moments[i].row] = r->event_start[stratum];
        }
    }
    for (; stratum < r->n_strata; stratum++) {
        r->row_start[stratum + 1] = (uint32_t)r->n;
        r->event_start[stratum + 1] = r->events;
    }
}

/* The first event time after each row's start. */
static void number_entries(sorting *s)
{
    svyi_risk *r = s->out;
    uint32_t stratum = 0, event = 0;
    for (size_t i = 0; i < r->n; i++) {
        const moment *m = &s->moments[i];
        if (m->stratum != stratum || i == 0)
            event = r->event_start[stratum = m->stratum];
        while (event < r->event_start[stratum + 1] && !(r->time[event] > m->time))
            event++;
        r->entries[i] = m->row;
        r->first[m->row] = event;
    }
}

static svy_status get_memory(sorting *s, svyi_arena *arena, svy_error *err)
{
    svyi_risk *r = s->out;
    size_t n = s->in->n + 1, rows = s->in->data_rows + 1, strata = (size_t)r->n_strata + 2;
    s->moments = svyi_arena_get(&s->scratch, n * sizeof *s->moments);
    r->order = svyi_arena_get(arena, n * sizeof *r->order);
    r->time = svyi_arena_get(arena, n * sizeof *r->time);
    r->deaths = svyi_arena_get(arena, n * sizeof *r->deaths);
    r->opens = svyi_arena_get(arena, n);
    r->first = svyi_arena_get(arena, rows * sizeof *r->first);
    r->end = svyi_arena_get(arena, rows * sizeof *r->end);
    r->dead = svyi_arena_get(arena, rows);
    r->row_start = svyi_arena_get(arena, strata * sizeof *r->row_start);
    r->event_start = svyi_arena_get(arena, strata * sizeof *r->event_start);
    r->entries = s->start != NULL ? svyi_arena_get(arena, n * sizeof *r->entries) : NULL;
    int failed = s->moments == NULL || r->order == NULL || r->time == NULL || r->deaths == NULL || r->first == NULL || r->end == NULL ||
                 r->dead == NULL || r->opens == NULL || r->row_start == NULL || r->event_start == NULL || (s->start != NULL && r->entries == NULL);
    return failed ? svyi_nomem(err) : SVY_OK;
}

svy_status svyi_risk_make(svyi_arena *arena, const svyi_risk_input *in, svyi_risk *out, svy_error *err)
{
    *out = (svyi_risk){ .n = in->n, .n_strata = in->strata != NULL ? in->n_strata : 1 };
    if (in->response == NULL || in->response->kind != SVYI_RESPONSE_SURVIVAL)
        return svyi_fail(err, SVY_E_TYPE, "the response is no survival time: write Surv(time, status) left of ~");
    sorting s = { .in = in, .out = out, .stop = in->response->numbers, .start = in->response->start, .event = event_status(in) };
    svyi_arena_init(&s.scratch, &arena->alloc);
    svy_status st = check(&s, err);
    if (st == SVY_OK)
        st = get_memory(&s, arena, err);
    if (st == SVY_OK && in->merge && !all_whole(&s))
        st = merge_times(&s, err);
    if (st == SVY_OK) {
        for (size_t i = 0; i < in->n; i++)
            out->dead[in->rows[i]] = in->response->status[in->rows[i]] == s.event;
        sort_by(&s, s.stop);
        number_events(&s);
    }
    if (st == SVY_OK && s.start != NULL) {
        sort_by(&s, s.start);
        number_entries(&s);
    }
    svyi_arena_clear(&s.scratch);
    return st;
}
