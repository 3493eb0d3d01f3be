/* The interview engine as a browser calls it: one form, one interview, numbers in, JSON out. What the parts of the binding share. */
#ifndef SURVEY_FORM_ENGINE_H
#define SURVEY_FORM_ENGINE_H
#include <survey/package.h>

#include "base/buffer.h"
#include "sentences.h"

/* A function that JavaScript may call, under this name. */
#ifdef __wasm__
#define FORM_EXPORT(name) __attribute__((export_name(#name)))
#else
#define FORM_EXPORT(name)
#endif

typedef struct engine {
    svy_form *form;
    svy_interview *interview;
    svy_moment now;
    svyi_buffer result;       /* JSON of the last call */
    svyi_buffer outbox;       /* frames of a package that JavaScript has not stored yet */
    svyi_buffer text;         /* room for one text at a time */
    int comma;                /* the next thing in the result needs one before it */
} engine;
extern engine form_engine;

/* ---- engine.c ---- */
const char *engine_language(void);                    /* tag of the language at hand */
/* A text of a place in the language of the interview, fills isolated; borrowed until the next one. */
const char *engine_text(svy_place place, svy_role role);
/* The answer at a place as people read it; borrowed like engine_text(). */
const char *engine_answer(svy_place place);
/* 1 for types whose answer is the name of a file. */
int engine_is_file(uint32_t type);
svy_place engine_place(uint32_t item, uint32_t entry);
/* 1 when an interview is open; else the result says that none is. */
int engine_ready(void);

/* ---- json.c: the result, piece by piece. `key` NULL inside a list. ---- */
void json_begin(void);                                /* a new result: one object, open */
void json_finish(void);
void json_object(const char *key);
void json_list(const char *key);
void json_end(char bracket);
void json_text(const char *key, const char *text);
void json_bytes(const char *key, const char *text, size_t len);
void json_some(const char *key, const char *text);    /* nothing when the text is empty */
void json_number(const char *key, uint64_t number);
void json_flag(const char *key, int flag);
void json_null(const char *key);
void json_place(const char *key, svy_place place);    /* an object of its own; `key` NULL: its members here */
void json_hex(const char *key, uint64_t number);
/* The result of a call that changed something or could not. */
void json_status(svy_status st, const svy_error *err);
void json_say(const char *status, const char *message);

/* ---- options.c: JSON in ---- */
/* Positions in `text`, which moves as it grows. Paths are like "head.uuid", "now.0", "parameters.limit". */
typedef struct option { size_t path, value; } option;
typedef struct options { svyi_buffer text; option *list; size_t n, capacity; } options;
/* 1, or 0 when it is no JSON of the kind that is expected; options_free() in both cases. */
int options_read(options *o, const char *text, size_t len);
const char *options_get(const options *o, const char *path);    /* "" when it is not there */
int64_t options_number(const options *o, const char *path);
void options_free(options *o);

/* ---- view.c, choices.c, roster.c ---- */
enum { VIEW_PLAIN = 0, VIEW_CELLS = 1 /* of rosters too */, VIEW_NO_CHOICES = 2, VIEW_BRIEF = 4 /* a cell of a table: nothing that is empty or false, and no label */ };
void view_place(const char *key, svy_place place, unsigned how);
void view_choices(svy_place place);
/* What questions and choices show beside their texts. */
enum { VIEW_MEDIA = 4 };
typedef struct view_medium { const char *key; svy_role role; } view_medium;
extern const view_medium view_media[VIEW_MEDIA];
void view_grid(svy_place grid);
void view_roster(svy_place roster, unsigned how);
int view_is_answered(svy_place place);
void view_problem(const char *key, const svy_problem *problem);
const char *problem_text(const svy_problem *problem);           /* in the language of the interview; borrowed like engine_text() */

/* ---- page.c ---- */
/* The question, grid, section or roster whose places share the page of a place. */
svy_place page_unit(svy_place place, int whole);
#endif
