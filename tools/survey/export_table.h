/* A CSV file of an export that is written cell by cell. */
#ifndef SURVEY_EXPORT_TABLE_H
#define SURVEY_EXPORT_TABLE_H
#include <survey/dataio.h>

typedef struct export_file { svy_file_out *out; int safe; /* texts that a spreadsheet would run get a ' before them */ } export_file;

/* `user` is an export_file. What fails is said when the file is ended. */
svy_status export_put(void *user, const char *bytes, size_t len);
/* A cell and what follows it, a comma or the end of the line; in quotes where it needs them. */
svy_status export_cell(export_file *f, const char *text, size_t len, char end);
#endif
