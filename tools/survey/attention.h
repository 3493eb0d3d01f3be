/* What in a study asks for somebody's attention, as sentences. */
#ifndef SVY_TOOL_ATTENTION_H
#define SVY_TOOL_ATTENTION_H
#include <survey/store.h>

/* Prints a line for each; nothing when all is well. */
svy_status attention_print(svy_study *study, const char *path, svy_error *err);
#endif
