/* A questionnaire while another program's file is read into it; written as native XML and one XLIFF file for each further language. */
#ifndef SVY_EXCHANGE_DRAFT_H
#define SVY_EXCHANGE_DRAFT_H
#include "base/buffer.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/error.h"
#include <survey/exchange.h>

/* One wording in all languages, by number of the language; NULL where there is none. */
typedef struct svyi_draft_text { const char **in; } svyi_draft_text;

typedef struct svyi_draft_choice { const char *code, *was; svyi_draft_text label; int exclusive, other; struct svyi_draft_choice *next; } svyi_draft_choice;
typedef struct svyi_draft_list { const char *id; svyi_draft_choice *first, *last; struct svyi_draft_list *next; } svyi_draft_list;
typedef struct svyi_draft_check { const char *that; svyi_draft_text message; int soft; struct svyi_draft_check *next; } svyi_draft_check;

typedef enum svyi_draft_kind { SVYI_DRAFT_SECTION, SVYI_DRAFT_QUESTION, SVYI_DRAFT_GRID, SVYI_DRAFT_ROW, SVYI_DRAFT_NOTE, SVYI_DRAFT_COMPUTE } svyi_draft_kind;

typedef struct svyi_draft_item {
    svyi_draft_kind kind;
    const char *id, *type;                 /* type: of a question, grid or compute */
    const svyi_draft_list *list;
    const char *relevant, *value;          /* expressions of ours; NULL when there is none */
    const char *was;                       /* the condition as it was written, for messages */
    int required, line;
    svyi_draft_text label, hint, instruction;
    svyi_draft_check *checks;
    struct svyi_draft_item *parent, *first, *last, *next;
} svyi_draft_item;

typedef struct svyi_draft {
    svyi_arena arena;
    svy_diags *diags;
    svy_error *err;
    const char *source;
    const char *id;                        /* of the questionnaire */
    const char *languages[64]; size_t n_languages;      /* the first is the source language */
    svyi_draft_text title, description;
    svyi_draft_list *lists, *last_list;
    svyi_draft_item *root;
    svyi_map ids;                          /* in small letters */
    svyi_map by_id; svyi_draft_item **items; size_t n_items, items_capacity;
    size_t made;                           /* bytes put together so far */
    int failed, over;                      /* nothing more is possible; over: because of a limit, not of memory */
} svyi_draft;

/* The result: native XML and a translation for every further language. */
typedef struct svyi_native_file { const char *lang; const char *text; size_t len; } svyi_native_file;
typedef struct svyi_native_files {
    svyi_arena arena;
    const char *xml; size_t len;
    svyi_native_file *translations; size_t n;
} svyi_native_files;
void svyi_native_files_clear(svyi_native_files *f);

void svyi_draft_init(svyi_draft *d, const svy_alloc *alloc, const char *source, svy_diags *diags, svy_error *err);
void svyi_draft_clear(svyi_draft *d);
/* Number of a language (its tag made ours: zh-Hans, "pt-BR"), new if there is room; 0 when there is none. */
size_t svyi_draft_language(svyi_draft *d, const char *name);
/* An id of ours from a name: other letters become _, a number is added where it is taken. */
const char *svyi_draft_id(svyi_draft *d, const char *name);
svyi_draft_item *svyi_draft_add(svyi_draft *d, svyi_draft_item *parent, svyi_draft_kind kind, const char *id, int line);
svyi_draft_list *svyi_draft_new_list(svyi_draft *d, const char *name);
/* The choice with this code as it was written, new where there is none yet. */
svyi_draft_choice *svyi_draft_choose(svyi_draft *d, svyi_draft_list *list, const char *code);
svyi_draft_check *svyi_draft_add_check(svyi_draft *d, svyi_draft_item *item, const char *that);
/* Sets a wording in a language: HTML becomes plain text. */
void svyi_draft_say(svyi_draft *d, svyi_draft_text *text, size_t language, const char *words);
void svyi_draft_tell(svyi_draft *d, svy_severity severity, int line, const char *element, const char *advice, const char *fmt, ...) SVY_PRINTF(6, 7);
/* a, b and c in one; NULL when out of memory, or when hostile input would make too much. */
char *svyi_draft_join(svyi_draft *d, const char *a, const char *b, const char *c);
/* The status of a draft that has `failed`. */
svy_status svyi_draft_failure(const svyi_draft *d);

/* Writes the draft, and has the checker read what was written: conditions that it refuses are taken out and reported.
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_draft_finish(svyi_draft *d, svyi_native_files *out);
/* The texts alone. */
svy_status svyi_draft_write(svyi_draft *d, svyi_buffer *xml);
svy_status svyi_draft_write_translation(svyi_draft *d, size_t language, svyi_buffer *xliff);
#endif
