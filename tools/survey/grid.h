/* Small tables as results of a verb: aligned for reading, CSV, JSON. */
#ifndef SURVEY_GRID_H
#define SURVEY_GRID_H
#include "tool.h"

enum { GRID_COLUMNS = 16 };
typedef struct grid { const char *const *names; size_t columns; unsigned numbers; /* bit i: column i is a number */ char **cells; size_t n, capacity; int failed; } grid;

void grid_init(grid *g, const char *const *names, size_t columns, unsigned numbers);
/* Adds one cell, row after row; copied. */
void grid_add(grid *g, const char *text);
void grid_format(grid *g, const char *fmt, ...) SVY_PRINTF(2, 3);
/* Writes the table where `o` says. @return the exit status. */
int grid_write(const grid *g, const tool_output_options *o);
void grid_clear(grid *g);
#endif
