/* What every verb of the command shares: option tables, error reports, output files, progress. */
#ifndef SURVEY_TOOL_H
#define SURVEY_TOOL_H
#include <stddef.h>
#include <stdio.h>
#include <survey/base.h>

/* How to add a verb: write tools/survey/verb_NAME.c that defines `const verb verb_NAME` and add one line to the table in main.c.
   The verb's option tables are constant data; parsing, --help, `survey help`, the man page and shell completion are made from them.
   Parsed values go into one struct of the verb ("settings"), zeroed first, then filled with the defaults of the tables. A table that several
   verbs share (the sampling design, the output) describes a struct of its own, which each verb embeds in its settings.

       struct settings { tool_output_options output; const char *lang; double level; };
       static const tool_option OPTIONS[] = {
           TOOL_TEXT_OPTION(struct settings, lang, "lang", 'l', "CODE", "language of the questionnaire", NULL),
           TOOL_NUMBER_OPTION(struct settings, level, "level", 0, "P", "confidence level", "0.95", 0.5, 0.9999),
           TOOL_END
       };
       const verb verb_check = { .name = "check", .group = FOR_RESEARCHERS, .arguments = "FILE", .min_arguments = 1, .max_arguments = 1,
           .summary = "find every problem of a questionnaire", .example = "survey check questionnaire.xml", .settings_size = sizeof(struct settings),
           .tables = { { OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct settings, output) } }, .run = run };

   `run` returns an exit status. Results go to standard output (tool_output), messages and progress to standard error. */

enum { EXIT_DONE = 0, EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3 };

typedef enum tool_kind {
    TOOL_FLAG,     /* int: 1 when given */
    TOOL_TEXT,     /* const char * */
    TOOL_LIST,     /* tool_list: every use adds one item */
    TOOL_NAMES,    /* tool_list: items separated by commas, in backquotes if need be; may be repeated */
    TOOL_COUNT,    /* long between min and max */
    TOOL_NUMBER,   /* double between min and max */
    TOOL_OPTIONS,  /* const char *: a file with options of the same table; those on the command line win */
    TOOL_CHOICE,   /* int: position in `value`, which lists the choices: "table|csv|json" */
    TOOL_HEADING   /* no option: `help` is the heading of those below; a table that begins with one is explained after those that do not */
} tool_kind;

enum { TOOL_LIST_MAX = 64 };
typedef struct tool_list { const char *items[TOOL_LIST_MAX]; size_t count; } tool_list;

typedef struct tool_option {
    const char *name;      /* without the dashes; NULL ends a table */
    char letter;           /* 0: none */
    tool_kind kind;
    const char *value;     /* what --help calls the value */
    const char *help;      /* one sentence, no capital, no full stop */
    const char *preset;    /* default as it would be typed, NULL for none */
    size_t offset;         /* in the struct that the table describes */
    double min, max;
} tool_option;

#define TOOL_FLAG_OPTION(type, field, name, letter, help) { name, letter, TOOL_FLAG, NULL, help, NULL, offsetof(type, field), 0, 0 }
#define TOOL_TEXT_OPTION(type, field, name, letter, value, help, preset) { name, letter, TOOL_TEXT, value, help, preset, offsetof(type, field), 0, 0 }
#define TOOL_LIST_OPTION(type, field, name, letter, value, help) { name, letter, TOOL_LIST, value, help, NULL, offsetof(type, field), 0, 0 }
#define TOOL_NAMES_OPTION(type, field, name, letter, value, help) { name, letter, TOOL_NAMES, value, help, NULL, offsetof(type, field), 0, 0 }
#define TOOL_COUNT_OPTION(type, field, name, letter, value, help, preset, min, max) { name, letter, TOOL_COUNT, value, help, preset, offsetof(type, field), min, max }
#define TOOL_NUMBER_OPTION(type, field, name, letter, value, help, preset, min, max) { name, letter, TOOL_NUMBER, value, help, preset, offsetof(type, field), min, max }
#define TOOL_CHOICE_OPTION(type, field, name, letter, choices, help, preset) { name, letter, TOOL_CHOICE, choices, help, preset, offsetof(type, field), 0, 0 }
#define TOOL_OPTIONS_OPTION(type, field, name, letter, value, help) { name, letter, TOOL_OPTIONS, value, help, NULL, offsetof(type, field), 0, 0 }
#define TOOL_HEADING_ROW(text) { "", 0, TOOL_HEADING, NULL, text, NULL, 0, 0, 0 }
#define TOOL_END { NULL, 0, TOOL_FLAG, NULL, NULL, NULL, 0, 0, 0 }

typedef struct tool_table { const tool_option *options; size_t base; } tool_table;   /* base: offset of the described struct in the settings */

typedef enum verb_group { FOR_RESEARCHERS, FOR_FIELDWORK, FOR_ANALYSTS, FOR_EVERYONE, VERB_GROUPS } verb_group;

enum { VERB_TABLES = 8 };
typedef struct verb {
    const char *name;            /* one word, or two for a verb with actions: "study create" */
    verb_group group;
    const char *arguments;       /* "FILE [VARIABLE...]"; "" when there are none */
    int min_arguments, max_arguments;   /* max -1: any number */
    const char *summary;         /* one line, no capital, no full stop */
    const char *detail;          /* a paragraph or more; NULL when the summary says it all */
    const char *example;         /* one command per line, as it is typed */
    size_t settings_size;
    tool_table tables[VERB_TABLES];
    int (*run)(void *settings, int argc, char **argv);   /* argv: the arguments that are not options */
} verb;

/* ---- options every tabular verb has ---- */
typedef enum tool_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON } tool_format;
typedef struct tool_output_options { const char *path; int format; int quiet; } tool_output_options;
extern const tool_option TOOL_OUTPUT[];     /* --format table|csv|json, -o FILE, --quiet */

/* ---- parsing (main.c calls these) ---- */
/* Fills the settings of `v`. Moves the arguments that are not options to the front of argv and returns their number, or -1 - exit status. */
int tool_parse(const verb *v, void *settings, int argc, char **argv);
/* options_file.c: the options in a file, or in the design that the study `data` carries when `path` is NULL; none when both are. They live until the
   program ends. `where` is the file's name for messages. @return an exit status; errors are printed. */
typedef struct tool_item { const char *name; char *value; int line; } tool_item;
int tool_options_file(const char *path, const char *data, const tool_item **items, size_t *count, const char **where);
/* Whether two paths lead to one file, which need not be there yet. */
int tool_is_same_file(const char *a, const char *b);
/* The name of `count` names nearest to `text`, NULL when none is near. */
const char *tool_nearest(const char *text, const char *const *names, size_t count);

/* ---- messages: `survey: FILE:LINE: what is wrong: what to do` on standard error ---- */
/* Prints `err` and returns the exit status that belongs to its code. */
int tool_fail(const svy_error *err);
/* Wrong usage of `v` (may be NULL): prints the sentence and a pointer to --help; returns EXIT_USAGE. */
int tool_usage(const char *verb_name, const char *fmt, ...) SVY_PRINTF(2, 3);
/* A text from outside (a name, a cell) on one line: its control characters, which would command the terminal, become question marks. */
void tool_plain(FILE *out, const char *text);
/* The ending of a noun that is counted: "1 row", "2 rows". */
const char *tool_plural(unsigned long long n);
/* A sentence on standard error: "survey: ...". */
void tool_say(const char *fmt, ...) SVY_PRINTF(1, 2);
/* Diagnostics printed as they are found; for svy_diags.report with user = NULL. */
void tool_report(void *user, const svy_diag *d);

/* ---- output: a file is written beside and renamed when it is complete ---- */
typedef struct tool_output { FILE *file; char *path, *temporary; } tool_output;
/* NULL or "-" is standard output. @return EXIT_DONE, or EXIT_SYSTEM after printing why. */
int tool_output_begin(tool_output *o, const char *path);
/* Puts the file in place when `status` is EXIT_DONE, removes it otherwise. @return the worse of `status` and what happened here. */
int tool_output_end(tool_output *o, int status);

/* A text as a whole output. @return an exit status */
int tool_write(const char *path, const char *text, size_t len);

/* ---- progress bar on standard error; nothing when that is not a terminal or `quiet` ---- */
void tool_progress(const char *what, size_t done, size_t total, int quiet);

/* ---- help.c ---- */
void help_all(FILE *out, const verb *const *verbs, size_t count);
void help_verb(FILE *out, const verb *v);
void help_man(FILE *out, const verb *const *verbs, size_t count, const verb *v);   /* v NULL: the page of the command */
void help_completion(FILE *out, const verb *const *verbs, size_t count);           /* bash */
#endif
