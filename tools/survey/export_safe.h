/* Texts that a spreadsheet would run as a formula, made harmless. */
#ifndef SURVEY_EXPORT_SAFE_H
#define SURVEY_EXPORT_SAFE_H
#include <survey/frame.h>

/* 1 when a spreadsheet would run the text. */
int export_is_formula(const char *text);
/* A copy of a frame in which texts that begin with = + - @, a tab or a carriage return have a ' before them. */
svy_status export_safe(const svy_frame *f, svy_frame **out, svy_error *err);
#endif
