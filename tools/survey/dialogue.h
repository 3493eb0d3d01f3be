/* The interview in the terminal: one question at a time, lines in and lines out. */
#ifndef SURVEY_DIALOGUE_H
#define SURVEY_DIALOGUE_H
#include "terminal.h"
#include <survey/interview.h>
#include <survey/store.h>

typedef struct dialogue {
    terminal *terminal;
    svy_session *session;
    svy_interview *interview;
    const svy_form *form;
    svy_place at;
    uint32_t shown_section;     /* whose title stands on the screen */
    int failed;                 /* exit status when something outside failed; 0 otherwise */
} dialogue;

/* What a line did to the dialogue. */
typedef enum dialogue_step { STAY, SHOW, MOVED, LEAVE } dialogue_step;

/* Goes through the interview until it is complete or suspended. @return an exit status. */
int dialogue_run(dialogue *d);

/* question.c: shows the place, and what may be answered there. */
void question_show(dialogue *d);
void question_help(dialogue *d);
/* Label of a choice in the current language. */
const char *question_choice_label(const dialogue *d, uint32_t list, uint32_t choice);
/* What an answer reads like: the label of a code, a date, "don't know", ... */
void question_answer_text(const dialogue *d, svy_place place, char *out, size_t size);
int question_is_long(const dialogue *d, svy_place place);

/* answering.c: takes a line as the answer to the place. */
dialogue_step answering_take(dialogue *d, char *line);
dialogue_step answering_missing(dialogue *d, svy_missing missing);
/* Prints what the engine said and whether the session can go on. */
dialogue_step answering_refused(dialogue *d, const svy_error *err);

/* review.c: what has been answered; jumping to one. */
dialogue_step review_run(dialogue *d, const char *argument);

svy_moment dialogue_now(void);

/* strings.c: the sentences of the dialogue in the languages of the interface. */
typedef enum string_id {
    S_ANSWER, S_ENTER_GOES_ON, S_YES_NO, S_ANOTHER_ENTRY, S_OF, S_REQUIRED, S_CURRENT, S_DONT_KNOW, S_REFUSED, S_NOT_STATED,
    S_SEARCH, S_MORE_MATCHES, S_NO_MATCH, S_SEVERAL_CODES, S_RANK_CODES, S_SOFT_PROMPT, S_BLANK, S_SUSPENDED, S_RESUME_WITH, S_RESUMED, S_NOT_FINISHED,
    S_MISSING_REQUIRED, S_FINISH, S_DONE, S_REVIEW_TITLE, S_REVIEW_PROMPT, S_REVIEW_EMPTY, S_REVIEW_UNKNOWN, S_LANGUAGES, S_REMARK_PROMPT, S_REMARKED,
    S_INTERVIEWER, S_FIRST, S_UNKNOWN_COMMAND, S_OVERRIDE_PROMPT, S_FORMAT_INTEGER, S_FORMAT_DECIMAL, S_FORMAT_DATE, S_FORMAT_MONTH, S_FORMAT_YEAR,
    S_FORMAT_TIME, S_FORMAT_DATETIME, S_FORMAT_BOOLEAN, S_FORMAT_GEOPOINT, S_FORMAT_FILE, S_HELP, S_COUNT
} string_id;
const char *string_of(const dialogue *d, string_id id);
int language_is_right_to_left(const char *tag);
#endif
