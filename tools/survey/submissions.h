/* Submissions of ODK's clients as rows of an import: each file is an interview. */
#ifndef SURVEY_TOOL_SUBMISSIONS_H
#define SURVEY_TOOL_SUBMISSIONS_H
#include <survey/exchange.h>
#include <survey/store.h>

typedef struct submission_file { char *path, *xml, *id; size_t len; } submission_file;
typedef struct submissions {
    submission_file *files; size_t n, room;
    size_t row;                        /* from 1: the one that is looked at */
    char *key; size_t key_len;         /* the private key of encrypted ones; NULL when none was given */
    svy_moment now;
    svy_diags *diags;
} submissions;

/* 1 when a path is a submission, or a folder of them. */
int submissions_are(const char *path);
/* Reads the files named, and those of folders (NAME.xml, NAME/submission.xml); opens the encrypted ones with the key in `key_path` (NULL: none).
   Photos and other files of encrypted ones are written to `media` (NULL: nowhere). @return an exit status; errors are printed */
int submissions_read(submissions *s, char *const *paths, int n, const char *key_path, const char *media);
void submissions_clear(submissions *s);
/* As svy_rows, svy_cells and svy_import_options call them; `user` is the submissions. */
int submissions_next(void *user, int *line, svy_error *err);
int submissions_get(void *user, const char *name, const char **text, size_t *len);
const char *submissions_name(void *user, size_t i);
svy_status submissions_conduct(void *user, svy_interview *iv, int line, svy_error *err);
/* submission_files.c: gives the interviews the files that their answers name and that lie beside their submission, or in `media`. Also of those imported before, so
   that a photo which comes later is taken. @return an exit status; what is missing is said */
int submissions_attach(const submissions *s, svy_study *study, const char *form, const char *media, int quiet);
#endif
