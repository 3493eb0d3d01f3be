/* survey interview: carries out one interview in the terminal, or with answers from a pipe. */
#define _DEFAULT_SOURCE
#include "dialogue.h"
#include "record.h"
#include "tool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/account.h>
#include <sys/random.h>

struct settings { const char *form, *case_id, *lang, *interviewer, *seed; };

static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_TEXT_OPTION(struct settings, case_id, "case", 'c', "ID", "the case it is for; a suspended interview of it is resumed", NULL),
    TOOL_TEXT_OPTION(struct settings, lang, "lang", 'l', "TAG", "language, e.g. bg; the source language unless given", NULL),
    TOOL_TEXT_OPTION(struct settings, interviewer, "interviewer", 'i', "NAME", "who interviews; kept with every answer", ""),
    TOOL_TEXT_OPTION(struct settings, seed, "seed", 0, "NUMBER", "seed of random orders, to carry out the same interview again", NULL),
    TOOL_END
};

/* A case that was returned: its interview, and what is to be done. */
typedef struct returned { int is; char interview[40], comment[1001]; } returned;

static svy_status take_returned(void *user, const svy_case_line *line)
{
    returned *r = user;
    r->is = line->state == SVY_CASE_RETURNED && line->interview[0] != '\0';
    snprintf(r->interview, sizeof r->interview, "%s", line->interview);
    snprintf(r->comment, sizeof r->comment, "%s", line->comment);
    return SVY_OK;
}

/* The interview of the case, a new one, or the correction of one that was returned. */
static svy_status open_session(svy_study *study, const struct settings *s, uint64_t seed, svy_session **session, int *resumed, returned *back, svy_error *err)
{
    const svy_form *form;
    svy_status st;
    if (s->case_id != NULL && (st = svy_study_form(study, s->form, &form, err)) != SVY_OK)
        return st;
    if (s->case_id != NULL && (st = svy_study_case(study, NULL, svy_form_id(form), s->case_id, take_returned, back, err)) != SVY_OK)
        return st;
    return back->is ? svy_session_correct(study, back->interview, s->interviewer, back->comment, record_now(), session, err)
                    : svy_session_open(study, s->form, s->case_id, s->interviewer, s->lang, seed, record_now(), session, resumed, err);
}

static int run(void *settings, int argc, char **argv)
{
    struct settings *s = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_session *session = NULL;
    terminal t;
    uint64_t seed = 0;
    int resumed = 0, status;
    returned back = { .is = 0 };
    (void)argc;
    if (s->seed != NULL) {
        char *end;
        errno = 0;
        seed = strtoull(s->seed, &end, 10);
        if (*end != '\0' || s->seed[0] < '0' || s->seed[0] > '9' || errno != 0)
            return tool_usage("interview", "--seed needs a whole number, not '%s'", s->seed);
    } else if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        tool_say("the system gives no random numbers: give --seed");
        return EXIT_SYSTEM;
    }
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        return tool_fail(&err);
    if (open_session(study, s, seed, &session, &resumed, &back, &err) != SVY_OK) {
        svy_study_close(study);
        return tool_fail(&err);
    }
    terminal_init(&t);
    dialogue d = { .terminal = &t, .session = session, .interview = svy_session_interview(session), .correcting = back.is };
    d.form = svy_interview_form(d.interview);
    dialogue_direction(&d);
    if (back.is)
        terminal_paragraph(&t, STRONG, 0, "", back.comment);
    if (resumed)
        terminal_paragraph(&t, STRONG, 0, "", string_of(&d, S_RESUMED));
    status = dialogue_run(&d);
    svy_session_close(session);
    svy_study_close(study);
    terminal_close(&t);
    return status;
}

const verb verb_interview = { .name = "interview", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "carry out an interview in the terminal",
    .detail = "One question at a time. ? shows what can be typed. Every answer is on disk before the next question shows; an interview that was "
              "suspended, or killed, goes on where it stopped with the same command. A complete case that was returned is opened for correction. Answers may also come from a pipe, one a line.",
    .example = "survey interview tcn.study --form a-main-tcn --lang bg --interviewer maria\n"
               "survey interview tcn.study --case C017 < answers.txt",
    .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } }, .run = run };
