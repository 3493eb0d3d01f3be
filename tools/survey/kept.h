/* Submissions of ODK's clients that the study keeps aside: tried again, encrypted ones with their key. */
#ifndef SURVEY_TOOL_KEPT_H
#define SURVEY_TOOL_KEPT_H
#include <survey/store.h>
/* @param key_path private key of encrypted ones, NULL: they stay. @return an exit status; what was done is printed unless `quiet` */
int kept_import(svy_study *study, const char *key_path, int quiet);
#endif
