/* A terminal as a stream of lines: no cursor movement, so that pipes, slow lines and screen readers work alike. */
#ifndef SURVEY_TERMINAL_H
#define SURVEY_TERMINAL_H
#include <stddef.h>

typedef enum terminal_style { PLAIN, STRONG, QUIET, ALERT } terminal_style;

/* What was read. */
typedef enum terminal_reading {
    LINE_READ,        /* a line of text */
    LINE_END,         /* the input ended, or somebody pressed Ctrl-C */
    LINE_TOO_LONG,    /* over 64 KiB: read to its end and dropped */
    LINE_NOT_TEXT     /* not UTF-8, or with control characters (an arrow key leaves some): dropped */
} terminal_reading;

enum { TERMINAL_BLOCK = 4096 };

typedef struct terminal {
    int interactive;      /* a person types: the line typed is on the screen already */
    int colour;
    int width;            /* columns to wrap at */
    int right_to_left;    /* texts with letters that are written so get marks that keep each line together in that direction */
    char *line;           /* last line read */
    size_t capacity;
    char block[TERMINAL_BLOCK];
    size_t at, end;       /* what of the block has not been used yet */
    int over;             /* the input has ended */
} terminal;

void terminal_init(terminal *t);
/* Gives everything back; when a signal had asked the program to end, it ends by it now. */
void terminal_close(terminal *t);
int terminal_columns(const char *text);
/* Writes a paragraph, wrapped at words, every line indented by `indent` columns, the first one after `lead` (which counts as indent). */
void terminal_paragraph(const terminal *t, terminal_style style, int indent, const char *lead, const char *text);
/* Writes one line, however long it is. */
void terminal_line(const terminal *t, terminal_style style, const char *lead, const char *text);
/* Bytes of `text` that fit into `columns`. */
size_t terminal_fit(const char *text, int columns);
/* Prompts and reads a line without its newline into t->line. */
terminal_reading terminal_ask(terminal *t, const char *prompt);
#endif
