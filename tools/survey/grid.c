/* Small tables as results of a verb: aligned for reading, CSV, JSON. */
#include "grid.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void grid_init(grid *g, const char *const *names, size_t columns, unsigned numbers)
{
    *g = (grid){ .names = names, .columns = columns, .numbers = numbers };
}

void grid_add(grid *g, const char *text)
{
    size_t len = strlen(text) + 1;
    if (g->n == g->capacity) {
        size_t capacity = g->capacity > 0 ? 2 * g->capacity : 64;
        char **more = realloc(g->cells, capacity * sizeof *more);
        if (more == NULL) {
            g->failed = 1;
            return;
        }
        g->cells = more;
        g->capacity = capacity;
    }
    if ((g->cells[g->n] = malloc(len)) == NULL) {
        g->failed = 1;
        return;
    }
    memcpy(g->cells[g->n++], text, len);
}

void grid_format(grid *g, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    grid_add(g, text);
}

void grid_clear(grid *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->cells[i]);
    free(g->cells);
    grid_init(g, NULL, 0, 0);
}

/* Characters of a text: close enough to columns for what these tables hold. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void put_row(FILE *out, const grid *g, const char *const *cells, const size_t *widths)
{
    for (size_t c = 0; c < g->columns; c++) {
        size_t pad = widths[c] - width(cells[c]);
        int right = (g->numbers >> c & 1) != 0, last = c + 1 == g->columns;
        fprintf(out, "%s%*s", c > 0 ? "  " : "", right ? (int)pad : 0, "");
        tool_plain(out, cells[c]);
        fprintf(out, "%*s", right || last ? 0 : (int)pad, "");
    }
    fputc('\n', out);
}

static void put_table(FILE *out, const grid *g)
{
    size_t widths[GRID_COLUMNS];
    for (size_t c = 0; c < g->columns; c++) {
        widths[c] = width(g->names[c]);
        for (size_t i = c; i < g->n; i += g->columns)
            widths[c] = width(g->cells[i]) > widths[c] ? width(g->cells[i]) : widths[c];
    }
    put_row(out, g, g->names, widths);
    for (size_t i = 0; i + g->columns <= g->n; i += g->columns) {
        const char *cells[GRID_COLUMNS];
        memcpy(cells, g->cells + i, g->columns * sizeof *cells);
        put_row(out, g, cells, widths);
    }
}

static void put_csv(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\n\r") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}

static void put_json(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fprintf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    fputc('"', out);
}

static void put_csv_rows(FILE *out, const grid *g)
{
    for (size_t c = 0; c < g->columns; c++)
        fprintf(out, "%s%s", g->names[c], c + 1 < g->columns ? "," : "\n");
    for (size_t i = 0; i < g->n; i++) {
        put_csv(out, g->cells[i]);
        fputc((i + 1) % g->columns != 0 ? ',' : '\n', out);
    }
}

static void put_json_rows(FILE *out, const grid *g)
{
    fputs("[", out);
    for (size_t i = 0; i < g->n; i++) {
        size_t c = i % g->columns;
        fputs(c > 0 ? ", " : i > 0 ? ",\n {" : "\n {", out);
        put_json(out, g->names[c]);
        fputs(": ", out);
        if ((g->numbers >> c & 1) != 0)
            fputs(g->cells[i][0] != '\0' ? g->cells[i] : "null", out);
        else
            put_json(out, g->cells[i]);
        if (c + 1 == g->columns)
            fputc('}', out);
    }
    fputs("\n]\n", out);
}

int grid_write(const grid *g, const tool_output_options *o)
{
    tool_output out;
    if (g->failed) {
        tool_say("out of memory");
        return EXIT_SYSTEM;
    }
    int status = tool_output_begin(&out, o->path);
    if (status != EXIT_DONE)
        return status;
    if (o->format == FORMAT_TABLE)
        put_table(out.file, g);
    else if (o->format == FORMAT_CSV)
        put_csv_rows(out.file, g);
    else
        put_json_rows(out.file, g);
    return tool_output_end(&out, EXIT_DONE);
}
