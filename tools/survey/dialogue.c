/* The interview in the terminal: from place to place, and the commands that may be typed instead of an answer. */
#define _DEFAULT_SOURCE
#include "dialogue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

svy_moment dialogue_now(void)
{
    struct timespec wall, mono;
    struct tm local;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    localtime_r(&wall.tv_sec, &local);
    return (svy_moment){ (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000, (int32_t)(local.tm_gmtoff / 60),
                         (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000 };
}

static dialogue_step change_language(dialogue *d, const char *tag)
{
    svy_error err = SVY_ERROR_INIT;
    if (tag[0] == '\0') {
        char line[1024];
        size_t used = 0;
        for (uint32_t i = 0; i < svy_form_languages(d->form) && used < sizeof line - 1; i++) {
            int n = snprintf(line + used, sizeof line - used, " %s", svy_form_language(d->form, i));
            used += n > 0 ? (size_t)n : 0;
        }
        terminal_paragraph(d->terminal, PLAIN, 2, string_of(d, S_LANGUAGES), used > 0 ? line : "");
        return STAY;
    }
    if (svy_interview_language(d->interview, tag, dialogue_now(), &err) != SVY_OK)
        return answering_refused(d, &err);
    return SHOW;
}

static dialogue_step remark(dialogue *d, const char *text)
{
    svy_error err = SVY_ERROR_INIT;
    int too_long = 0;
    if (text[0] == '\0' && (text = terminal_ask(d->terminal, string_of(d, S_REMARK_PROMPT), &too_long)) == NULL)
        return too_long ? STAY : LEAVE;
    if (svy_interview_remark(d->interview, d->at, text, strlen(text), dialogue_now(), &err) != SVY_OK)
        return answering_refused(d, &err);
    terminal_paragraph(d->terminal, QUIET, 2, "  ", string_of(d, S_REMARKED));
    return STAY;
}

static dialogue_step clear(dialogue *d, const char *argument)
{
    svy_error err = SVY_ERROR_INIT;
    (void)argument;
    if (svy_interview_clear(d->interview, d->at, dialogue_now(), &err) != SVY_OK)
        return answering_refused(d, &err);
    return SHOW;
}

static dialogue_step dont_know(dialogue *d, const char *argument) { (void)argument; return answering_missing(d, SVY_DONT_KNOW); }
static dialogue_step refused(dialogue *d, const char *argument) { (void)argument; return answering_missing(d, SVY_REFUSED); }
static dialogue_step skip(dialogue *d, const char *argument) { (void)argument; return answering_missing(d, SVY_NOT_STATED); }
static dialogue_step quit(dialogue *d, const char *argument) { (void)d; (void)argument; return LEAVE; }

static dialogue_step help(dialogue *d, const char *argument)
{
    (void)argument;
    question_help(d);
    return STAY;
}

static dialogue_step back(dialogue *d, const char *argument)
{
    (void)argument;
    svy_place before = svy_interview_step(d->interview, d->at, -1);
    if (before.item == 0) {
        terminal_paragraph(d->terminal, QUIET, 2, "  ", string_of(d, S_FIRST));
        return STAY;
    }
    d->at = before;
    return SHOW;
}

static const struct { const char *name; dialogue_step (*run)(dialogue *d, const char *argument); } COMMANDS[] = {
    { "?", help }, { "<", back }, { ":help", help }, { ":back", back }, { ":dk", dont_know }, { ":ref", refused }, { ":skip", skip }, { ":clear", clear },
    { ":note", remark }, { ":lang", change_language }, { ":review", review_run }, { ":quit", quit },
};

/* Runs the command that the line is. @return 1 when it was one. */
static int command(dialogue *d, const char *line, dialogue_step *step)
{
    size_t word = strcspn(line, " \t");
    if (line[0] != ':' && !(word == 1 && (line[0] == '?' || line[0] == '<')))
        return 0;
    const char *argument = line + word + strspn(line + word, " \t");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (strlen(COMMANDS[i].name) == word && memcmp(COMMANDS[i].name, line, word) == 0) {
            *step = COMMANDS[i].run(d, argument);
            return 1;
        }
    char text[512];
    const char *sentence = string_of(d, S_UNKNOWN_COMMAND), *mark = strstr(sentence, "%s");
    snprintf(text, sizeof text, "%.*s%.*s%s", (int)(mark - sentence), sentence, (int)(word < 80 ? word : 80), line, mark + 2);
    terminal_paragraph(d->terminal, ALERT, 2, "! ", text);
    *step = STAY;
    return 1;
}

/* Enter: keeps what is there, passes a note; an open question wants an answer. */
static dialogue_step enter(dialogue *d)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    if (item->kind == SVY_EL_NOTE || item->kind == SVY_EL_END)
        return MOVED;
    if (item->kind != SVY_EL_QUESTION)
        return STAY;
    svy_value value = svy_interview_get(d->interview, d->at);
    if (value.missing == SVY_PRESENT || value.missing == SVY_DONT_KNOW || value.missing == SVY_REFUSED || value.missing == SVY_NOT_STATED)
        return MOVED;
    /* A remark or another text may well have nothing to say. */
    if (item->type == SVY_T_TEXT && !svy_interview_required(d->interview, d->at))
        return answering_missing(d, SVY_NOT_STATED);
    terminal_paragraph(d->terminal, ALERT, 2, "! ", string_of(d, S_BLANK));
    return STAY;
}

static const char *prompt_of(const dialogue *d)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    if (item->kind == SVY_EL_ROSTER)
        return string_of(d, S_YES_NO);
    return item->kind == SVY_EL_QUESTION ? string_of(d, S_ANSWER) : string_of(d, S_ENTER_GOES_ON);
}

/* Shows the place and reads lines until one of them leads on. */
static dialogue_step at_place(dialogue *d)
{
    svy_error err = SVY_ERROR_INIT;
    if (svy_interview_go(d->interview, d->at, dialogue_now(), &err) != SVY_OK && answering_refused(d, &err) == LEAVE)
        return LEAVE;
    question_show(d);
    for (;;) {
        int too_long;
        dialogue_step step;
        char *line = terminal_ask(d->terminal, prompt_of(d), &too_long);
        if (line == NULL && !too_long)
            return LEAVE;
        if (line == NULL)
            step = STAY;
        else if (line[0] == '\0')
            step = enter(d);
        else if (!command(d, line, &step))
            step = answering_take(d, line);
        if (step != STAY)
            return step;
    }
}

/* Says what stands in the way of completing and goes there. @return STAY when nothing does. */
static dialogue_step mend(dialogue *d)
{
    uint64_t cursor = 0;
    svy_problem problem;
    char text[4096];
    int too_long;
    if (!svy_interview_next_problem(d->interview, &cursor, &problem))
        return STAY;
    terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, S_NOT_FINISHED));
    d->at = problem.place;
    if (problem.check == UINT32_MAX) {
        terminal_paragraph(d->terminal, ALERT, 2, "! ", string_of(d, S_MISSING_REQUIRED));
        return SHOW;
    }
    svy_interview_check_text(d->interview, problem.check, problem.place.entry, text, sizeof text);
    terminal_paragraph(d->terminal, ALERT, 2, problem.soft ? "? " : "! ", text);
    if (!problem.soft)
        return SHOW;
    svy_error err = SVY_ERROR_INIT;
    char *reason = terminal_ask(d->terminal, string_of(d, S_OVERRIDE_PROMPT), &too_long);
    if (reason == NULL && !too_long)
        return LEAVE;
    if (reason == NULL || reason[0] == '\0')
        return SHOW;
    if (svy_interview_override(d->interview, problem.check, problem.place.entry, reason, dialogue_now(), &err) != SVY_OK)
        return answering_refused(d, &err) == LEAVE ? LEAVE : SHOW;
    return mend(d);      /* as deep as there are soft checks, each overridden once */
}

/* After the last question: mends, asks, completes. */
static dialogue_step finish(dialogue *d)
{
    svy_error err = SVY_ERROR_INIT;
    int too_long;
    dialogue_step step = mend(d);
    if (step != STAY)
        return step;
    if (svy_interview_end(d->interview) == 0) {
        char *line = terminal_ask(d->terminal, string_of(d, S_FINISH), &too_long);
        if (line == NULL && !too_long)
            return LEAVE;
        if (line != NULL && line[0] != '\0' && command(d, line, &step))
            return step == STAY ? MOVED : step;
    }
    if (svy_session_complete(d->session, dialogue_now(), &err) != SVY_OK)
        return answering_refused(d, &err) == LEAVE ? LEAVE : SHOW;
    terminal_paragraph(d->terminal, STRONG, 0, "\n", string_of(d, S_DONE));
    return LEAVE;
}

/* Where an answer leads: on to the next place; after a correction, to what is still open. */
static svy_place after(const dialogue *d, svy_place from, int was_answered)
{
    if (!was_answered)
        return svy_interview_step(d->interview, from, 1);
    svy_place open = svy_interview_next_unanswered(d->interview, from), end = { svy_interview_end(d->interview), 0 };
    return open.item != 0 ? open : end;
}

static int has_answer(const dialogue *d)
{
    svy_value value = svy_interview_get(d->interview, d->at);
    return svy_form_item(d->form, d->at.item)->kind == SVY_EL_QUESTION && value.missing != SVY_NOT_REACHED && value.missing != SVY_NOT_ASKED;
}

int dialogue_run(dialogue *d)
{
    dialogue_step step = SHOW;
    svy_place none = { 0, 0 };
    d->at = svy_interview_current(d->interview);
    if (d->at.item == 0 || !svy_interview_relevant(d->interview, d->at))
        d->at = svy_interview_step(d->interview, none, 1);
    while (step != LEAVE) {
        if (d->at.item == 0) {
            step = finish(d);
            continue;
        }
        svy_place here = d->at;
        int answered = has_answer(d);
        step = at_place(d);
        if (step == MOVED)
            d->at = svy_form_item(d->form, here.item)->kind == SVY_EL_END ? none : after(d, here, answered);
    }
    if (svy_interview_phase(d->interview) != SVY_COMPLETE && d->failed == 0) {
        svy_error err = SVY_ERROR_INIT;
        if (svy_interview_suspend(d->interview, dialogue_now(), &err) != SVY_OK)
            return answering_refused(d, &err) == LEAVE ? d->failed : d->failed;
        terminal_paragraph(d->terminal, STRONG, 0, "\n", string_of(d, S_SUSPENDED));
        terminal_paragraph(d->terminal, PLAIN, 0, "", string_of(d, S_RESUME_WITH));
    }
    return d->failed;
}
