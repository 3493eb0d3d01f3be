/* A terminal as a stream of lines: no cursor movement, so that pipes, slow lines and screen readers work alike. */
#ifndef SURVEY_TERMINAL_H
#define SURVEY_TERMINAL_H
#include <stddef.h>

typedef enum terminal_style { PLAIN, STRONG, QUIET, ALERT } terminal_style;

typedef struct terminal {
    int interactive;      /* a person types: the line typed is on the screen already */
    int colour;
    int width;            /* columns to wrap at */
    char *line;           /* last line read */
    size_t capacity;
} terminal;

void terminal_init(terminal *t);
void terminal_clear(terminal *t);
/* Writes a paragraph, wrapped at words, every line indented by `indent` columns, the first one after `lead` (which counts as indent). */
void terminal_paragraph(const terminal *t, terminal_style style, int indent, const char *lead, const char *text);
/* Writes as it is. */
void terminal_write(const terminal *t, terminal_style style, const char *text);
/* Prompts and reads a line without its newline. NULL at the end of the input, or when a line is longer than 64 KiB (then *too_long is 1). */
char *terminal_ask(terminal *t, const char *prompt, int *too_long);
#endif
