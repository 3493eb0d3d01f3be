/* How far fieldwork is, by form and interviewer: as a plain page without scripts, and for the screens of the form. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "server/core.h"

static void add_html(svyi_buffer *b, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        const char *name = *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : *c == '&' ? "&amp;" : *c == '"' ? "&quot;" : NULL;
        if (name != NULL)
            svyi_buffer_text(b, name);
        else
            svyi_buffer_add(b, c, 1);
    }
}

static void add_cell(svyi_buffer *b, const char *text)
{
    svyi_buffer_text(b, "<td>");
    add_html(b, text);
    svyi_buffer_text(b, "</td>");
}

/* Interviews of one form and interviewer, counted; those that ended early by how. Forms, names and outcomes live in the request's arena. */
typedef struct outcome { struct outcome *next; const char *name; unsigned long n; } outcome;
typedef struct tally { struct tally *next; const char *form, *interviewer, *organisation; outcome *outcomes; unsigned long complete, early, open; int64_t last; } tally;
typedef struct counting { svyi_arena *arena; tally *first; size_t n; } counting;
enum { MOST_ROWS = 5000 };

static tally *find(counting *c, const svy_interview_line *line)
{
    for (tally *t = c->first; t != NULL; t = t->next)
        if (strcmp(t->form, line->form) == 0 && strcmp(t->interviewer, line->interviewer) == 0 && strcmp(t->organisation, line->organisation) == 0)
            return t;
    tally *t = c->n < MOST_ROWS ? svyi_arena_get(c->arena, sizeof *t) : NULL;
    if (t == NULL)
        return NULL;
    t->outcomes = NULL;
    t->form = svyi_arena_text(c->arena, line->form, strlen(line->form));
    t->interviewer = svyi_arena_text(c->arena, line->interviewer, strlen(line->interviewer));
    t->organisation = svyi_arena_text(c->arena, line->organisation, strlen(line->organisation));
    if (t->form == NULL || t->interviewer == NULL || t->organisation == NULL)
        return NULL;
    t->next = c->first;
    c->first = t;
    c->n++;
    return t;
}

/* A questionnaire has few ways to end early. */
static int count_outcome(svyi_arena *arena, tally *t, const char *name)
{
    outcome **at = &t->outcomes;

    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    if (*at == NULL) {
        outcome *o = svyi_arena_get(arena, sizeof *o);
        const char *own = svyi_arena_text(arena, name, strlen(name));
        if (o == NULL || own == NULL)
            return 0;
        *o = (outcome){ .name = own };
        *at = o;
    }
    (*at)->n++;
    return 1;
}

static svy_status count(void *user, const svy_interview_line *line)
{
    counting *c = user;
    tally *t = find(c, line);
    const int64_t when = line->ended_utc_ms > 0 ? line->ended_utc_ms : line->started_utc_ms;

    if (t == NULL || (line->phase == SVY_COMPLETE && line->outcome[0] != '\0' && !count_outcome(c->arena, t, line->outcome)))
        return SVY_E_NOMEM;
    *(line->phase != SVY_COMPLETE ? &t->open : line->outcome[0] != '\0' ? &t->early : &t->complete) += 1;
    if (when > t->last)
        t->last = when;
    return SVY_OK;
}

/* Counts what the person may see; else the request is answered. */
static int counted(svyi_request *rq, svy_study *study, counting *c)
{
    svy_error err = SVY_ERROR_INIT;

    if (svy_study_interviews(study, rq->who, NULL, count, c, &err) == SVY_OK)
        return 1;
    svyi_answer_failed(rq, &err);
    return 0;
}

static void add_when(svyi_buffer *b, int64_t utc_ms)
{
    const svy_value date = { .kind = SVY_K_DATE, .missing = SVY_PRESENT, .number = (double)(utc_ms / 86400000) };
    char text[40];

    svy_value_format(&date, text, sizeof text);
    svyi_buffer_format(b, "<td>%s %02d:%02d</td>", text, (int)(utc_ms / 3600000 % 24), (int)(utc_ms / 60000 % 60));
}

static void add_row(svyi_buffer *b, const tally *t)
{
    svyi_buffer_text(b, "<tr>");
    add_cell(b, t->form);
    add_cell(b, t->interviewer);
    add_cell(b, t->organisation);
    svyi_buffer_format(b, "<td>%lu</td><td>%lu</td><td>%lu</td>", t->complete, t->early, t->open);
    add_when(b, t->last);
    svyi_buffer_text(b, "</tr>\n");
}

static void add_attention(svyi_buffer *b, svy_study *study)
{
    svy_attention a;

    if (svy_study_attention(study, &a, NULL) != SVY_OK)
        return;
    svyi_buffer_format(b, "<h2>To look at</h2><table><tr><th>Kept aside</th><td>%llu</td></tr><tr><th>Wait for the key</th><td>%llu</td></tr><tr><th>Two versions of one interview</th>"
                       "<td>%llu</td></tr><tr><th>Cases with more than one interview</th><td>%llu</td></tr><tr><th>Uploads that are not whole</th><td>%llu</td></tr></table>\n",
                       (unsigned long long)a.kept_aside, (unsigned long long)a.sealed, (unsigned long long)a.conflicts, (unsigned long long)a.cases, (unsigned long long)a.uploads);
}

void svyi_status_page(svyi_request *rq, svy_study *study)
{
    counting c = { .arena = &rq->arena };
    svyi_buffer b;

    if (!counted(rq, study, &c))
        return;
    svyi_buffer_init(&b, NULL);
    svyi_buffer_text(&b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Fieldwork</title></head><body>\n"
                         "<h1>Fieldwork</h1><table><tr><th>Form</th><th>Interviewer</th><th>Organisation</th><th>Complete</th><th>Ended early</th><th>Open</th><th>Last (UTC)</th></tr>\n");
    for (const tally *t = c.first; t != NULL; t = t->next)
        add_row(&b, t);
    svyi_buffer_text(&b, "</table>\n");
    if (rq->who->organisation[0] == '\0')
        add_attention(&b, study);
    svyi_buffer_text(&b, "</body></html>\n");
    svyi_answer_buffer(rq, 200, "text/html; charset=utf-8", &b);
}

static void add_member(svyi_buffer *b, const char *name, const char *text)
{
    svyi_buffer_format(b, "\"%s\":", name);
    svyi_buffer_json(b, text, strlen(text));
    svyi_buffer_text(b, ",");
}

static void add_outcomes(svyi_buffer *b, const tally *t)
{
    svyi_buffer_text(b, "\"outcomes\":{");
    for (const outcome *o = t->outcomes; o != NULL; o = o->next) {
        svyi_buffer_json(b, o->name, strlen(o->name));
        svyi_buffer_format(b, ":%lu%s", o->n, o->next != NULL ? "," : "");
    }
    svyi_buffer_text(b, "},");
}

void svyi_fieldwork(svyi_request *rq, svy_study *study)
{
    counting c = { .arena = &rq->arena };
    svyi_buffer b;

    if (!counted(rq, study, &c))
        return;
    svyi_buffer_init(&b, NULL);
    svyi_buffer_text(&b, "[");
    for (const tally *t = c.first; t != NULL; t = t->next) {
        svyi_buffer_text(&b, t == c.first ? "{" : ",\n{");
        add_member(&b, "form", t->form);
        add_member(&b, "interviewer", t->interviewer);
        add_member(&b, "organisation", t->organisation);
        add_outcomes(&b, t);
        svyi_buffer_format(&b, "\"complete\":%lu,\"endedEarly\":%lu,\"open\":%lu,\"last\":%lld}", t->complete, t->early, t->open, (long long)t->last);
    }
    svyi_buffer_text(&b, "]\n");
    svyi_answer_json(rq, 200, &b);
}
