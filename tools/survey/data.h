/* Loading data: the same for every verb that analyses. */
#ifndef SURVEY_DATA_H
#define SURVEY_DATA_H
#include <survey/frame.h>

#include "tool.h"

/* Names of columns a verb needs. Texts are borrowed. */
typedef struct name_list { const char **items; size_t count, capacity; int failed; } name_list;
void names_add(name_list *l, const char *name);
void names_add_all(name_list *l, const tool_list *names);
void names_clear(name_list *l);

/* Reads the columns of `names` and those that `where` (may be NULL) mentions. @return an exit status; errors are printed. */
int tool_load_data(const char *source, const name_list *names, const char *where, svy_frame **out);
/* The names of the columns of a CSV file that can be read twice, handed over one by one; otherwise (a study, a pipe) none, and the frame has all columns
   when it is loaded with no `names`. Problems of the file are left to who reads it. */
void tool_data_header(const char *source, void (*take)(void *user, const char *name, size_t len), void *user);
/* 1 when the source is a study file. */
int tool_is_study(const char *source);
/* 1 when an expression (the user) mentions a column: the `also` of svy_csv_read_options. */
int tool_mentions(const void *where, const char *name, size_t len);
/* A text that a study file carries ("design", "weighting"), to be freed; NULL when `source` is no study, or carries none. @return an exit status; nothing is printed. */
int tool_study_text(const char *source, const char *name, char **text, size_t *len);
/* Like tool_fail, for an error about the data: says which when the error does not. */
int tool_fail_data(svy_error *err, const char *source);
#endif
