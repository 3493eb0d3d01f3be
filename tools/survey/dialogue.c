/* The interview in the terminal: from place to place, until it is complete or suspended. */
#include "dialogue.h"
#include "record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *dialogue_ask(dialogue *d, const char *prompt)
{
    for (;;) {
        switch (terminal_ask(d->terminal, prompt)) {
        case LINE_READ: return d->terminal->line;
        case LINE_END: return NULL;
        case LINE_TOO_LONG: string_say(d, ALERT, S_TOO_LONG, ""); break;
        case LINE_NOT_TEXT: string_say(d, ALERT, S_NOT_TEXT, ""); break;
        }
    }
}

/* ---- what was shown: notes and proposed answers need no line, so nothing else says that they were read ---- */

static int same(svy_place a, svy_place b) { return a.item == b.item && a.entry == b.entry; }

/* Whether a place was seen in this run, or before it. */
static int has_seen(const dialogue *d, svy_place place)
{
    for (size_t i = 0; i < d->n_seen; i++)
        if (same(d->seen[i], place))
            return 1;
    return 0;
}

static int needs_no_line(const dialogue *d, svy_place place)
{
    return svy_form_item(d->form, place.item)->kind == SVY_EL_NOTE || svy_interview_is_preset(d->interview, place);
}

/* Without memory it is only shown again. */
static void saw(dialogue *d, svy_place place)
{
    if (!needs_no_line(d, place) || has_seen(d, place))
        return;
    if (d->n_seen == d->seen_size) {
        size_t size = d->seen_size != 0 ? 2 * d->seen_size : 64;
        svy_place *seen = realloc(d->seen, size * sizeof *seen);
        if (seen == NULL)
            return;
        d->seen = seen;
        d->seen_size = size;
    }
    d->seen[d->n_seen++] = place;
}

/* Something to do or to read there. */
static int is_open(const dialogue *d, svy_place place)
{
    const svy_item *item = svy_form_item(d->form, place.item);
    if (item->kind == SVY_EL_ROSTER)
        return !svy_interview_roster_closed(d->interview, place) &&
               (item->max == 0 || svy_interview_entry_count(d->interview, place.item, place.entry) < item->max);
    if (item->kind == SVY_EL_END)
        return 1;
    if (needs_no_line(d, place))
        return !has_seen(d, place);
    svy_missing missing = svy_interview_get(d->interview, place).missing;
    return missing == SVY_NOT_REACHED || missing == SVY_NOT_ASKED;
}

static svy_place next_open(const dialogue *d, svy_place from)
{
    svy_place place = svy_interview_step(d->interview, from, 1);
    while (place.item != 0 && !is_open(d, place))
        place = svy_interview_step(d->interview, place, 1);
    return place;
}

/* ---- one place ---- */

/* Enter: keeps what is there, passes a note; an open question wants an answer. */
static dialogue_step enter(dialogue *d)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    int required = svy_interview_required(d->interview, d->at);
    if (item->kind == SVY_EL_ROSTER && !is_open(d, d->at))
        return MOVED;
    if (item->kind == SVY_EL_ROSTER) {
        string_say(d, ALERT, S_YES_OR_NO, "");
        return STAY;
    }
    if (item->kind != SVY_EL_QUESTION || svy_interview_readonly(d->interview, d->at))
        return MOVED;
    svy_value value = svy_interview_get(d->interview, d->at);
    if (value.missing == SVY_PRESENT || value.missing == SVY_DONT_KNOW || value.missing == SVY_REFUSED || (value.missing == SVY_NOT_STATED && !required))
        return MOVED;
    /* A remark or another text may well have nothing to say. */
    if (item->type == SVY_T_TEXT && !required)
        return answering_missing(d, SVY_NOT_STATED);
    string_say(d, ALERT, required ? S_NEEDED : S_BLANK, "");
    return STAY;
}

static const char *prompt_of(const dialogue *d, char *out, size_t size)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    const char *unit = svy_form_unit(d->form, d->at.item);
    if (item->kind == SVY_EL_ROSTER)
        return string_of(d, S_YES_NO);
    if (item->kind != SVY_EL_QUESTION || svy_interview_readonly(d->interview, d->at))
        return string_of(d, S_ENTER_GOES_ON);
    return unit[0] != '\0' ? string_fill(d, S_ANSWER_UNIT, unit, out, size) : string_of(d, S_ANSWER);
}

/* 1 when the place is an open roster that has fewer entries than it must have: there is nothing to ask. */
static int must_have_more(const dialogue *d)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    return item->kind == SVY_EL_ROSTER && svy_interview_entry_count(d->interview, d->at.item, d->at.entry) < item->min;
}

/* A text to read needs nobody to press Enter when nobody is there: lines of a pipe are answers. */
int dialogue_passes(const dialogue *d, svy_place place)
{
    const svy_item *item = svy_form_item(d->form, place.item);
    return !d->terminal->interactive && item->kind != SVY_EL_ROSTER && (item->kind != SVY_EL_QUESTION || svy_interview_readonly(d->interview, place));
}

/* Shows the place and reads lines until one of them leads on. */
static dialogue_step at_place(dialogue *d)
{
    svy_error err = SVY_ERROR_INIT;
    dialogue_step step = STAY;
    char prompt[256];
    if (must_have_more(d))
        return answering_add_entry(d);
    if (svy_interview_go(d->interview, d->at, record_now(), &err) != SVY_OK && answering_refused(d, &err) == LEAVE)
        return LEAVE;
    question_show(d);
    saw(d, d->at);
    if (dialogue_passes(d, d->at))
        return MOVED;
    while (step == STAY) {
        char *line = dialogue_ask(d, prompt_of(d, prompt, sizeof prompt));
        if (line == NULL)
            return LEAVE;
        if (line[0] == '\0')
            step = enter(d);
        else if (!command_run(d, line, &step))
            step = answering_take(d, line);
    }
    return step;
}

/* ---- after the last place ---- */

/* Says what stands in the way of completing, and goes there. */
static void tell(dialogue *d, const svy_problem *problem)
{
    char text[TEXT_SIZE];
    terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, S_NOT_FINISHED));
    d->at = problem->place;
    if (problem->check == SVY_PROBLEM_REQUIRED) {
        string_say(d, ALERT, S_MISSING_REQUIRED, "");
    } else if (problem->check == SVY_PROBLEM_NOT_OFFERED) {
        string_say(d, ALERT, S_NOT_OFFERED, "");
    } else {
        svy_interview_check_text(d->interview, problem->check, problem->entry, text, sizeof text);
        terminal_paragraph(d->terminal, ALERT, 2, problem->soft ? "? " : "! ", text);
    }
}

/* Goes to the first problem; soft ones may be overridden here. @return STAY when there is none left. */
static dialogue_step mend(dialogue *d)
{
    for (;;) {
        uint64_t cursor = 0;
        svy_problem problem;
        svy_error err = SVY_ERROR_INIT;
        dialogue_step step;
        if (!svy_interview_next_problem(d->interview, &cursor, &problem))
            return STAY;
        tell(d, &problem);
        if (!problem.soft)
            return SHOW;
        string_say(d, PLAIN, S_OVERRIDE_PROMPT, "");
        const char *reason = dialogue_ask(d, string_of(d, S_REASON));
        if (reason == NULL)
            return LEAVE;
        if (reason[0] == '\0')
            return SHOW;
        if (command_run(d, reason, &step))
            return step == LEAVE ? LEAVE : SHOW;
        if (svy_interview_override(d->interview, problem.check, problem.entry, reason, record_now(), &err) != SVY_OK)
            return answering_refused(d, &err) == LEAVE ? LEAVE : SHOW;
    }
}

/* After the last question: mends, asks, completes. */
static dialogue_step finish(dialogue *d)
{
    svy_error err = SVY_ERROR_INIT;
    dialogue_step step = mend(d);
    if (step != STAY)
        return step;
    d->at = (svy_place){ 0, 0 };
    while ((d->terminal->interactive || d->correcting) && svy_interview_end(d->interview) == 0) {
        const char *line = dialogue_ask(d, string_of(d, S_FINISH));
        if (line == NULL)
            return LEAVE;
        if (line[0] == '\0')
            break;
        if (!command_run(d, line, &step))
            string_say(d, ALERT, S_NO_QUESTION, "");
        else if (step != STAY)
            return step;
    }
    if (svy_session_complete(d->session, record_now(), &err) != SVY_OK)
        return answering_refused(d, &err) == LEAVE ? LEAVE : SHOW;
    putchar('\n');
    terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, S_DONE));
    return LEAVE;
}

/* ---- the whole ---- */

static int has_answer(const dialogue *d)
{
    return svy_form_item(d->form, d->at.item)->kind == SVY_EL_QUESTION && !is_open(d, d->at);
}

/* The place where it stopped; when that was answered, what comes after it. */
static void begin(dialogue *d)
{
    svy_place none = { 0, 0 }, last = svy_interview_current(d->interview);
    d->shown_section = d->shown_entry = d->shown_grid = UINT32_MAX;
    d->at = last;
    if (last.item == 0 || !svy_interview_relevant(d->interview, last)) {
        d->at = svy_interview_step(d->interview, none, 1);
        return;
    }
    for (svy_place p = svy_interview_step(d->interview, none, 1); p.item != 0 && !same(p, last); p = svy_interview_step(d->interview, p, 1))
        saw(d, p);
    if (has_answer(d))
        d->at = next_open(d, d->at);
}

static int suspend(dialogue *d)
{
    svy_error err = SVY_ERROR_INIT;
    if (svy_interview_suspend(d->interview, record_now(), &err) != SVY_OK) {
        answering_refused(d, &err);
        return d->failed;
    }
    putchar('\n');
    terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, S_SUSPENDED));
    terminal_paragraph(d->terminal, PLAIN, 0, "", string_of(d, S_RESUME_WITH));
    return 0;
}

int dialogue_run(dialogue *d)
{
    dialogue_step step = SHOW;
    begin(d);
    while (step != LEAVE) {
        if (d->at.item == 0) {
            step = finish(d);
            continue;
        }
        svy_place here = d->at;
        int answered = has_answer(d);
        step = at_place(d);
        if (step != MOVED)
            continue;
        if (svy_form_item(d->form, here.item)->kind == SVY_EL_END)
            d->at = (svy_place){ 0, 0 };
        else     /* a correction goes on to what is still open */
            d->at = answered ? next_open(d, here) : svy_interview_step(d->interview, here, 1);
    }
    free(d->seen);
    d->seen = NULL;
    if (svy_interview_phase(d->interview) == SVY_COMPLETE || d->failed != 0)
        return d->failed;
    return suspend(d);
}
