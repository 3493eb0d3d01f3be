/* The commands of the terminal interview: what may be typed instead of an answer. */
#include "dialogue.h"
#include "record.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHOICES_LISTED = 200, NAME_SIZE = 80 };

static dialogue_step show_languages(dialogue *d)
{
    char line[1024];
    size_t used = (size_t)snprintf(line, sizeof line, "%s", string_of(d, S_LANGUAGES));
    for (uint32_t i = 0; i < svy_form_languages(d->form) && used < sizeof line - 1; i++) {
        int n = snprintf(line + used, sizeof line - used, " %s", svy_form_language(d->form, i));
        used += n > 0 ? (size_t)n : 0;
    }
    terminal_paragraph(d->terminal, PLAIN, 2, "  ", line);
    return STAY;
}

static dialogue_step change_language(dialogue *d, const char *tag)
{
    svy_error err = SVY_ERROR_INIT;
    if (tag[0] != '\0' && svy_form_find_language(d->form, tag) < 0)
        string_say(d, ALERT, S_NO_LANGUAGE, tag);
    if (tag[0] == '\0' || svy_form_find_language(d->form, tag) < 0)
        return show_languages(d);
    if (svy_interview_language(d->interview, tag, record_now(), &err) != SVY_OK)
        return answering_refused(d, &err);
    dialogue_direction(d);
    d->shown_section = d->shown_entry = d->shown_grid = UINT32_MAX;
    return SHOW;
}

static dialogue_step remark(dialogue *d, const char *text)
{
    svy_error err = SVY_ERROR_INIT;
    if (text[0] == '\0' && svy_interview_get_remark(d->interview, d->at)[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 4, string_of(d, S_REMARK_IS), svy_interview_get_remark(d->interview, d->at));
    if (text[0] == '\0' && (text = dialogue_ask(d, string_of(d, S_REMARK_PROMPT))) == NULL)
        return LEAVE;
    if (text[0] == '\0')
        return STAY;
    if (svy_interview_remark(d->interview, d->at, text, strlen(text), record_now(), &err) != SVY_OK)
        return answering_refused(d, &err);
    string_say(d, QUIET, S_REMARKED, "");
    return STAY;
}

static dialogue_step clear(dialogue *d, const char *argument)
{
    svy_error err = SVY_ERROR_INIT;
    (void)argument;
    if (svy_interview_clear(d->interview, d->at, record_now(), &err) != SVY_OK)
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

static dialogue_step list(dialogue *d, const char *argument)
{
    (void)argument;
    if (svy_form_item(d->form, d->at.item)->list == 0)
        string_say(d, QUIET, S_NO_LIST, "");
    else
        question_list(d, CHOICES_LISTED);
    return STAY;
}

static dialogue_step back(dialogue *d, const char *argument)
{
    svy_place before = { 0, 0 };
    (void)argument;
    if (d->at.item != 0)
        before = svy_interview_step(d->interview, d->at, -1);
    else                                               /* after the end: the last place there is */
        for (svy_place p = svy_interview_step(d->interview, before, 1); p.item != 0; p = svy_interview_step(d->interview, p, 1))
            before = p;
    while (before.item != 0 && dialogue_passes(d, before))
        before = svy_interview_step(d->interview, before, -1);
    if (before.item == 0) {
        string_say(d, QUIET, S_FIRST, "");
        return STAY;
    }
    d->at = before;
    return SHOW;
}

static const struct { const char *name; dialogue_step (*run)(dialogue *d, const char *argument); int needs_question; } COMMANDS[] = {
    { "?", help, 0 }, { "<", back, 0 }, { ":help", help, 0 }, { ":back", back, 0 }, { ":dk", dont_know, 1 }, { ":ref", refused, 1 }, { ":skip", skip, 1 },
    { ":clear", clear, 1 }, { ":list", list, 1 }, { ":note", remark, 1 }, { ":lang", change_language, 0 }, { ":review", review_run, 0 }, { ":quit", quit, 0 },
};
enum { N_COMMANDS = sizeof COMMANDS / sizeof COMMANDS[0] };

static void unknown(const dialogue *d, const char *word)
{
    const char *names[N_COMMANDS], *near;
    size_t n = 0;
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (COMMANDS[i].name[0] == ':')
            names[n++] = COMMANDS[i].name;
    string_say(d, ALERT, S_UNKNOWN_COMMAND, word);
    near = tool_nearest(word, names, n);
    if (near != NULL)
        string_say(d, PLAIN, S_NEAR_COMMAND, near);
}

int command_run(dialogue *d, const char *line, dialogue_step *step)
{
    size_t word = strcspn(line, " \t");
    char name[NAME_SIZE];
    if (line[0] != ':' && !(word == 1 && (line[0] == '?' || line[0] == '<')))
        return 0;
    const char *argument = line + word + strspn(line + word, " \t");
    snprintf(name, sizeof name, "%.*s", (int)(word < NAME_SIZE ? word : NAME_SIZE), line);
    *step = STAY;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(COMMANDS[i].name, name) != 0)
            continue;
        if (COMMANDS[i].needs_question && d->at.item == 0)
            string_say(d, ALERT, S_NO_QUESTION, "");
        else
            *step = COMMANDS[i].run(d, argument);
        return 1;
    }
    unknown(d, name);
    return 1;
}
