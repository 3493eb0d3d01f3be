/* A small printf: see format.c. */
#ifndef SURVEY_FORM_FORMAT_H
#define SURVEY_FORM_FORMAT_H
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Like vsnprintf. */
int form_format(char *out, size_t size, const char *fmt, va_list ap);
#endif
