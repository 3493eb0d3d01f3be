/* The interview in the terminal: one question at a time, lines in and lines out. */
#ifndef SURVEY_DIALOGUE_H
#define SURVEY_DIALOGUE_H
#include "sentences.h"
#include "terminal.h"
#include <survey/interview.h>
#include <survey/store.h>

enum { TEXT_SIZE = 8192 };

typedef struct dialogue {
    terminal *terminal;
    svy_session *session;
    svy_interview *interview;
    const svy_form *form;
    svy_place at;               /* item 0 after the last question */
    uint32_t shown_section, shown_entry, shown_grid;   /* whose headings stand on the screen */
    svy_place *seen;            /* notes and proposed answers that were shown */
    size_t n_seen, seen_size;
    int correcting;             /* a complete interview was opened again: waits to be told what to change */
    int failed;                 /* exit status when something outside failed; 0 otherwise */
} dialogue;

/* What a line did to the dialogue. */
typedef enum dialogue_step { STAY, SHOW, MOVED, LEAVE } dialogue_step;

/* Tells the terminal in which direction the language at hand is read. */
void dialogue_direction(dialogue *d);
/* Goes through the interview until it is complete or suspended. @return an exit status. */
int dialogue_run(dialogue *d);
/* Prompts until a line of text comes. NULL at the end of the input; borrowed until the next call. */
char *dialogue_ask(dialogue *d, const char *prompt);
/* 1 for a text to read when nobody is there to press Enter. */
int dialogue_passes(const dialogue *d, svy_place place);

/* commands.c: what may be typed instead of an answer. @return 1 when the line was a command, and `step` what it did. */
int command_run(dialogue *d, const char *line, dialogue_step *step);

/* question.c: shows the place, and what may be answered there. */
void question_show(dialogue *d);
void question_help(dialogue *d);
/* Lists the choices that are offered, up to `limit`. */
void question_list(const dialogue *d, uint32_t limit);
/* One choice on a line; `width` columns for the code; behind the label what it is part of, when `parents`. */
void question_choice(const dialogue *d, uint32_t list, uint32_t choice, int width, int parents);
int question_code_width(const dialogue *d, uint32_t list, const uint32_t *choices, uint32_t n);
/* What an answer reads like: the label of a code, a date, "don't know", ...; dots for a participant key. */
void question_answer_text(const dialogue *d, svy_place place, char *out, size_t size);
/* A text of the place in the language of the interview, "" when there is none; `out` has TEXT_SIZE bytes. */
const char *question_text(const dialogue *d, svy_place place, svy_role role, char *out);

/* answering.c: takes a line as the answer to the place. */
dialogue_step answering_take(dialogue *d, char *line);
dialogue_step answering_missing(dialogue *d, svy_missing missing);
/* Adds an entry to the open roster at hand and goes to its first question. */
dialogue_step answering_add_entry(dialogue *d);
/* Prints what the engine said and whether the session can go on. */
dialogue_step answering_refused(dialogue *d, const svy_error *err);

/* review.c: what has been answered; jumping to one. */
dialogue_step review_run(dialogue *d, const char *argument);

/* strings.c: the sentences of the dialogue in the languages of the interface, after those that every front end says. */
typedef int string_id;
enum {
    S_ANSWER = S_SHARED, S_ANSWER_UNIT, S_ENTER_GOES_ON, S_YES_NO, S_ANOTHER_ENTRY, S_FIRST_ENTRY, S_YES_OR_NO, S_OF, S_ENTRY, S_CURRENT, S_PROPOSED,
    S_SEARCH, S_MORE_MATCHES, S_MORE_CHOICES, S_NO_MATCH, S_NO_CODE, S_SEVERAL_MATCH, S_NO_LIST, S_SOFT_PROMPT, S_REASON, S_BLANK, S_NEEDED,
    S_NEEDED_LATER, S_NOTHING_TO_TYPE, S_NO_QUESTION, S_SUSPENDED, S_RESUME_WITH, S_RESUMED, S_NOT_FINISHED, S_FINISH, S_DONE, S_REVIEW_TITLE,
    S_REVIEW_PROMPT, S_REVIEW_EMPTY, S_REVIEW_UNKNOWN, S_LANGUAGES, S_NO_LANGUAGE, S_REMARK_PROMPT, S_REMARK_IS, S_REMARKED, S_INTERVIEWER, S_FIRST,
    S_UNKNOWN_COMMAND, S_NEAR_COMMAND, S_OVERRIDE_PROMPT, S_TOO_LONG, S_NOT_TEXT, S_QUESTION_IS, S_HELP, S_COUNT
};
const char *string_of(const dialogue *d, string_id id);
/* A sentence with its %s replaced. */
const char *string_fill(const dialogue *d, string_id id, const char *value, char *out, size_t size);
/* A remark of the program to the interviewer, after two blanks or "! ". */
void string_say(const dialogue *d, terminal_style style, string_id id, const char *value);
int string_is_english(const dialogue *d);
#endif
