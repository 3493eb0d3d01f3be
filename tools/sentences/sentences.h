/* The sentences about answers that every front end says: the terminal and the form in the browser, in the languages of the interface. */
#ifndef SURVEY_SENTENCES_H
#define SURVEY_SENTENCES_H
#include <survey/interview.h>

typedef enum sentence_id {
    S_DONT_KNOW, S_REFUSED, S_NOT_STATED, S_YES, S_NO, S_OK, S_REQUIRED, S_MISSING_REQUIRED, S_NOT_OFFERED, S_NOT_POSSIBLE, S_NOT_SHOWN, S_ALONE, S_TWICE,
    S_TOO_MANY_LETTERS, S_NOT_NOW, S_TOO_FEW, S_TOO_LARGE, S_SEVERAL_CODES, S_RANK_CODES, S_FORMAT_INTEGER, S_FORMAT_DECIMAL, S_FORMAT_DATE, S_FORMAT_MONTH,
    S_FORMAT_YEAR, S_FORMAT_TIME, S_FORMAT_DATETIME, S_FORMAT_BOOLEAN, S_FORMAT_GEOPOINT, S_FORMAT_FILE, S_SHARED
} sentence_id;

/* The three texts of a sentence; an interface in another language speaks English. */
typedef struct sentence { const char *en, *bg, *ar; } sentence;
/* Inside a sentence written from right to left: what is read from left to right, apart from the words around it. */
#define SENTENCE_POP "\xE2\x81\xA9"
#define SENTENCE_LATIN(text) "\xE2\x81\xA6" text SENTENCE_POP

const char *sentence_in(const sentence *s, const char *tag);
const char *sentence_of(sentence_id id, const char *tag);
/* A text with its %s replaced by a value, which stands in its own direction in Arabic. @return the length; at most `size` - 1 are written */
size_t sentence_fill(const char *text, const char *tag, const char *value, char *out, size_t size);
int sentence_is_english(const char *tag);
int language_is_right_to_left(const char *tag);
/* The language by its own name ("български"), the tag when it is not known. */
const char *language_name(const char *tag);

/* ---- answers.c ---- */
/* What an answer reads like: labels of codes (`codes` 1: with the codes before them), a date, "don't know"; dots for a participant key; "" for none.
   @return the length it needs; at most `size` - 1 are written. */
size_t answer_text(const svy_interview *iv, svy_place place, int codes, char *out, size_t size);
/* What form an answer to the item must have, "" when there is nothing to say. */
const char *answer_format(const svy_item *item, const char *tag);
/* Why the engine did not take a text, in the language of the interview. */
const char *answer_refusal(svy_interview *iv, svy_place place, const char *text, size_t len, const svy_error *err, char *out, size_t size);
/* Reads y, да, نعم, 1 ...: 1 yes, 0 no, -1 neither. */
int answer_yes_or_no(const char *text);
#endif
