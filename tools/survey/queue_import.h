/* A queue that a browser saved as a file, taken into a study. */
#ifndef SVY_TOOL_QUEUE_IMPORT_H
#define SVY_TOOL_QUEUE_IMPORT_H
#include <survey/store.h>

/* 1 when the file begins as a saved queue does. */
int queue_is(const char *path);
/* Takes it in and tells what became of it. @return what the program returns. */
int queue_import(svy_study *study, const char *path, int quiet);
#endif
